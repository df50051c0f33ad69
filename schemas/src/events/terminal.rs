//! Events of `terminal-<tenant>.<store>.<terminal>`, tags 0x0bxx.

use crate::codec::{BadValue, Codec, Dice, Get, Reader, Shape, Writer};
use crate::json::token::PositionToken;
use crate::json::write::{Json, JsonWriter};
use domain::event::{Noted, TerminalEvent};
use domain::terminal::{Kept, Request};
use utoipa::openapi::Type;

events! { TerminalEvent {
    0x0b01 TerminalRegistered;
    0x0b02 SequenceAdvanced { seq: "terminal_seq" };
    0x0b03 SequenceGapFound { first: "first", last: "last" };
    0x0b04 SequenceGapFilled { seq: "terminal_seq" };
    0x0b05 ClockAheadFound { seq: "terminal_seq", command: "command_id", occurred_at: "occurred_at" };
    0x0b06 RuleWaived(Noted);
    0x0b07 LateCommandRecorded {
        noted: -, digest: "digest", amount?: "amount", occurred_at: "occurred_at",
        kept?: "kept" since 2,
    };
    0x0b08 CommandRejected { noted: -, digest: "digest" };
    0x0b09 ClockBehindFound { seq: "terminal_seq", command: "command_id", occurred_at: "occurred_at" };
    0x0b0a LateCommandTaken(Noted);
    0x0b0b BoundExceeded(Noted);
    0x0b10 ExceptionResolved { position: "exception" as PositionToken, note: "note" clear, command?: "command_id" since 2 };
} }

record! {
    Noted {
        seq?: "terminal_seq", command?: "command_id", kind?: "command" clear, order?: "order_id", payment?: "payment_id",
        code: "code" clear, detail: "detail" clear,
    }
    Kept { request: "request" sealed, actor: "actor", approver?: "approver", sent_by?: "sent_by" since 3 }
}

/// The request as it came, JSON in a text.
impl Codec for Request {
    fn put(&self, to: &mut Writer<'_>) {
        to.piece(self.as_str().as_bytes());
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<Request> {
        let text = from.str()?;
        Ok(Request::new(text).unwrap_or_else(|| from.refuse(BadValue::Range { kind: "request" }, nothing())))
    }

    fn any(dice: &mut Dice<'_>) -> Request {
        Request::new(&format!("{{\"command_id\":\"{:032x}\"}}", u128::any(dice))).expect("it is short")
    }
}

impl Json for Request {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.text(self.as_str());
    }

    fn shape() -> Shape {
        Shape::plain(Type::String, "A request as it came: JSON in a text.")
    }
}

fn nothing() -> Request {
    Request::new("").expect("it is short")
}
