//! JSON: what clients send and what they get.
//!
//! One form for each kind of value, the same in every body ([`wire`]): amounts are integers in minor units, quantities
//! numbers of units exact to thousandths (`qty`), rates millionths (`percent_ppm`), times RFC 3339 in UTC with
//! microseconds, enums names, positions opaque tokens. Absent fields are left out, never `null`, unless `null` says
//! something. Unknown fields are errors with the place of the field as a JSON pointer (RFC 6901).

pub mod batch;
pub mod event;
pub mod problem;
pub mod request;
pub mod wire;

pub(crate) mod body;
pub(crate) mod chain;
pub(crate) mod token;
mod webhook;
pub(crate) mod write;

pub use body::{BodyError, FieldError, parse_body, parse_query};
pub use chain::{ChainLine, hex};
pub use event::{EventJson, Receipt, ReceiptEvent};
pub use problem::{
    Problem, WAYS_OUT, noted_text, refusal_code, refusal_detail, refusal_facts, refusal_status, refusal_words,
};
pub use token::{BadCommandId, BadPosition, CommandIdJson, PositionToken, parse_command_id};
pub use webhook::{WebhookAnswer, WebhookStatus};
pub use wire::{Wire, parse_id};
pub use write::WriteError;
