//! What a client gets when it does not get what it asked for (RFC 9457).

mod refusal;

pub use refusal::{WAYS_OUT, refusal_code, refusal_detail, refusal_facts, refusal_status};

use super::body::BodyError;
use domain::ids::Text;
use domain::refused::Refused;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::ToSchema;

/// The code of a request that says something impossible.
pub const MALFORMED: &str = "malformed";

/// `application/problem+json`: why a request was not done. Clients decide by `code`, people read `detail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/out_of_stock", "title": "Out of stock", "status": 422, "code": "out_of_stock",
    "detail": "Not enough in stock: dough_ball (2 wanted, 1 available). Nothing was reserved.",
    "shortages": [{"sku": "dough_ball", "wanted": 2, "available": 1, "marked_86": false}]
}))]
pub struct Problem {
    /// The kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words; the same for every problem of a code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem for programs; stable.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// What a program needs to go on: the current revision, what is short, what is due.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
}

impl Problem {
    /// A problem without facts.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Problem {
        let code = code.into();
        Problem {
            kind: format!("/problems/{code}"),
            title: title(&code),
            status,
            code,
            detail: detail.into(),
            facts: Map::new(),
        }
    }

    /// A command the rules refused.
    pub fn refused(refused: &Refused) -> Problem {
        let problem = Problem::new(refusal_status(refused), refusal_code(refused), refusal_detail(refused));
        Problem { facts: refusal_facts(refused), ..problem }
    }

    /// A body that says something impossible; `pointer` is the field.
    pub fn malformed(status: u16, error: &BodyError) -> Problem {
        let problem = Problem::new(status, MALFORMED, error.to_string());
        match error {
            BodyError::Syntax { line, column, .. } => problem.with("line", *line).with("column", *column),
            BodyError::Field(field) => problem.with("pointer", field.pointer.clone()),
        }
    }

    /// The problem with one more fact.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Problem {
        self.facts.insert(key.to_owned(), value.into());
        self
    }
}

/// A refusal in the words that are kept of it: its code and its sentence.
pub fn refusal_words(refused: &Refused) -> (Text, Text) {
    (noted_text(refusal_code(refused)), noted_text(&refusal_detail(refused)))
}

/// A sentence as it is kept: cut where it is longer than a text may be, without control characters.
pub fn noted_text(sentence: &str) -> Text {
    let plain = sentence.trim().chars().map(|char| if char.is_control() { ' ' } else { char });
    let cut: String = plain.take(Text::CHARS_MAX).collect();
    Text::parse(&cut).unwrap_or_else(|_| Text::parse("-").expect("it is a text"))
}

/// The words of a code: `out_of_stock` is "Out of stock".
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => words,
    }
}
