//! Events of `terminal-<tenant>.<store>.<terminal>`, tags 0x0bxx.

use crate::json::token::PositionToken;
use domain::event::{Noted, TerminalEvent};

events! { TerminalEvent {
    0x0b01 TerminalRegistered;
    0x0b02 SequenceAdvanced { seq: "terminal_seq" };
    0x0b03 SequenceGapFound { first: "first", last: "last" };
    0x0b04 SequenceGapFilled { seq: "terminal_seq" };
    0x0b05 ClockAheadFound { seq: "terminal_seq", command: "command_id", occurred_at: "occurred_at" };
    0x0b06 RuleWaived(Noted);
    0x0b07 LateCommandRecorded { noted: -, digest: "digest", amount?: "amount", occurred_at: "occurred_at" };
    0x0b08 CommandRejected { noted: -, digest: "digest" };
    0x0b10 ExceptionResolved { position: "exception" as PositionToken, note: "note" };
} }

record! {
    Noted {
        seq?: "terminal_seq", command?: "command_id", kind?: "command", order?: "order_id", payment?: "payment_id",
        code: "code", detail: "detail",
    }
}
