//! Reading a body, and saying where it is wrong.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use std::fmt;

/// A field that is not right: where it is and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", if pointer.is_empty() { "the body" } else { pointer })]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) such as `/lines/0/item_id`; empty for the whole body.
    pub pointer: String,
    /// What is wrong and what would be right, in words.
    pub problem: String,
}

impl FieldError {
    /// A problem at a place.
    pub fn new(pointer: impl Into<String>, problem: impl Into<String>) -> FieldError {
        FieldError { pointer: pointer.into(), problem: problem.into() }
    }

    /// The same problem, seen from the body that holds this one at `parent`.
    #[must_use]
    pub fn under(mut self, parent: &str) -> FieldError {
        self.pointer.insert_str(0, parent);
        self
    }
}

/// Why a body cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is not JSON at all: correct how it is written.
    #[error("the body is not JSON: {problem} at line {line}, column {column}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// It is JSON, and a field of it is not right: correct the field.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Reads a body. No bytes at all are read as an object without fields, so that a command without arguments needs no body.
///
/// # Errors
/// [`BodyError`] says where the body is wrong and what would be right.
pub fn parse_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    // A list would be read as the fields in the order they stand in the source, which is nobody's business.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(BodyError::Field(FieldError::new("", "is a list; expected an object")));
    }
    match serde_json::from_slice(bytes) {
        Ok(body) => Ok(body),
        // Where it is wrong is found out by reading it again: following the path costs time that good bodies need not pay.
        Err(error) => Err(locate::<T>(bytes, error)),
    }
}

/// Reads the parameters of a query.
///
/// # Errors
/// [`FieldError`] whose pointer is the name of the parameter at fault.
pub fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, FieldError> {
    let parameters = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let why = error.inner().to_string();
        let name = match (error.path().iter().next(), Message::of(&why)) {
            (Some(Segment::Map { key }), _) => key,
            (_, Message::Missing(name) | Message::Unknown { name, .. } | Message::Duplicate(name)) => name,
            (_, Message::Other(_)) => "of the query",
        };
        let problem = in_words_of_json(&why);
        // What our own types say reads on after the parameter's name.
        match ["is ", "holds ", "must "].iter().any(|verb| problem.starts_with(verb)) {
            true => FieldError::new(name, problem),
            false => FieldError::new(name, format!("does not read: {problem}")),
        }
    })
}

/// The error of reading `bytes`, with its place.
fn locate<T: DeserializeOwned>(bytes: &[u8], first: serde_json::Error) -> BodyError {
    if !first.is_data() {
        return syntax(&first);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => syntax(&first),
        Err(error) => BodyError::Field(field(error.path(), &message(error.inner()))),
    }
}

fn syntax(error: &serde_json::Error) -> BodyError {
    BodyError::Syntax { line: error.line(), column: error.column(), problem: message(error) }
}

/// The message without the line and column serde_json appends: a pointer says more.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&suffix).unwrap_or(&text).to_owned()
}

/// Turns serde's message at a place into a problem in the words of JSON instead of Rust's.
fn field(path: &Path, message: &str) -> FieldError {
    let mut pointer = pointer(path);
    let problem = match Message::of(message) {
        Message::Missing(name) => {
            push_key(&mut pointer, name);
            "is required".to_owned()
        }
        Message::Unknown { name, rest } => {
            end_in(&mut pointer, name);
            format!("is not a field here; {rest}")
        }
        Message::Duplicate(name) => {
            end_in(&mut pointer, name);
            "is there twice".to_owned()
        }
        Message::Other(text) => in_words_of_json(text),
    };
    FieldError { pointer, problem }
}

/// What serde says about fields, by the words it always uses.
enum Message<'a> {
    Missing(&'a str),
    Unknown { name: &'a str, rest: &'a str },
    Duplicate(&'a str),
    Other(&'a str),
}

impl Message<'_> {
    fn of(text: &str) -> Message<'_> {
        let quoted = |prefix| text.strip_prefix(prefix)?.split_once('`');
        if let Some((name, _)) = quoted("missing field `") {
            return Message::Missing(name);
        }
        if let Some((name, rest)) = quoted("unknown field `") {
            return Message::Unknown { name, rest: rest.trim_start_matches(", ") };
        }
        match quoted("duplicate field `") {
            Some((name, _)) => Message::Duplicate(name),
            None => Message::Other(text),
        }
    }
}

/// Names of Rust's types in serde's messages, and what a client's author calls them.
const IN_JSON: [(&str, &str); 9] = [
    ("expected u16", "expected a whole number from 0 to 65535"),
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected u64", "expected a whole number, 0 or more"),
    ("expected a boolean", "expected true or false"),
    ("expected a sequence", "expected a list"),
    (": floating point,", ": number,"),
    (": integer,", ": number,"),
    ("invalid type: map,", "invalid type: object,"),
    ("invalid type: sequence,", "invalid type: list,"),
];

/// A message of serde's without the value that it repeats: it may be what somebody typed into the wrong field.
fn without_value(text: &str) -> String {
    let is_of_a_value = text.starts_with("invalid type: ") || text.starts_with("invalid value: ");
    match text.rsplit_once(", expected ").filter(|_| is_of_a_value) {
        Some((found, expected)) => {
            let kind = found.split(['`', '"']).next().unwrap_or_default();
            format!("{}, expected {expected}", kind.trim_end())
        }
        None => text.to_owned(),
    }
}

fn in_words_of_json(text: &str) -> String {
    if let Some((_, expected)) = text.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "))
    {
        return format!("is not {expected}");
    }
    let text = without_value(text);
    if let Some((found, _)) = text.split_once(", expected struct ") {
        return format!("{}, expected an object", in_words_of_json(found));
    }
    let text = IN_JSON.iter().fold(text, |text, (rust, json)| text.replace(rust, json));
    match text.split_once(": ") {
        Some(("invalid type", rest)) => format!("is of the wrong type: {rest}"),
        Some(("invalid value", rest)) => format!("is out of range: {rest}"),
        _ => text,
    }
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => push_key(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_key(&mut pointer, key),
            // Enums are read from texts, so their variants are not places.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&Escaped(key).to_string());
}

/// Appends the key unless the pointer ends in it already: readers differ in whether a bad key is part of the path.
fn end_in(pointer: &mut String, key: &str) {
    if !pointer.ends_with(&format!("/{}", Escaped(key))) {
        push_key(pointer, key);
    }
}

/// A key as it stands in a pointer.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('~', "~0").replace('/', "~1"))
    }
}
