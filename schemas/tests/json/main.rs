//! JSON through its public door, as tables.

#[allow(dead_code, reason = "the other tests use the rest of it")]
#[path = "../stored/arbitrary.rs"]
mod arbitrary;
mod batch;
mod body;
mod commands;
mod events;
mod floor;
mod openapi;
mod orders;
mod problems;
mod providers;
mod roundtrip;
mod setup;
mod terminals;
mod wire;

use schemas::json::{BodyError, FieldError, parse_body};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Reads and parses a body as a door does. What can be read is written and read again, and must not change.
#[track_caller]
fn read<T, U>(body: &str, parse: impl Fn(T) -> Result<U, FieldError>) -> Result<U, FieldError>
where
    T: DeserializeOwned + Serialize + Clone + PartialEq + Debug,
{
    let read: T = match parse_body(body.as_bytes()) {
        Ok(read) => read,
        Err(BodyError::Field(error)) => return Err(error),
        Err(error @ BodyError::Syntax { .. }) => panic!("{body}: {error}"),
    };
    let written = serde_json::to_vec(&read).expect("a body can be written");
    let again: T = parse_body(&written).expect("what was written can be read");
    assert_eq!(again, read, "{body}");
    parse(read)
}

/// A table of bodies with one mistake each: the body, the pointer, the problem.
#[track_caller]
fn refuses<T, U: Debug>(parse: impl Fn(T) -> Result<U, FieldError>, table: &[(&str, &str, &str)])
where
    T: DeserializeOwned + Serialize + Clone + PartialEq + Debug,
{
    for (body, pointer, problem) in table {
        match read(body, &parse) {
            Ok(parsed) => panic!("{body} was taken as {parsed:?}"),
            Err(error) => assert_eq!((error.pointer.as_str(), error.problem.as_str()), (*pointer, *problem), "{body}"),
        }
    }
}
