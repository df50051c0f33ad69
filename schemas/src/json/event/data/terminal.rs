//! Facts of a terminal.

use super::object;
use crate::json::token::{CommandIdJson, PositionToken};
use crate::json::wire::Wire;
use domain::event::{Noted, TerminalEvent};
use domain::ids::Text;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The digest of a command's body, as 32 hexadecimal digits.
struct Digest(u128);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:032x}", self.0))
    }
}

pub(super) fn terminal<S: Serializer>(event: &TerminalEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        TerminalEvent::TerminalRegistered => to.serialize_map(Some(0))?.end(),
        TerminalEvent::SequenceAdvanced { seq } | TerminalEvent::SequenceGapFilled { seq } => {
            object!(to; "terminal_seq": seq.0)
        }
        TerminalEvent::SequenceGapFound { first, last } => object!(to; "first": first.0, "last": last.0),
        TerminalEvent::ClockAheadFound { seq, command, occurred_at } => object!(to;
            "terminal_seq": seq.0,
            "command_id": CommandIdJson(*command),
            "occurred_at": Wire(*occurred_at)
        ),
        TerminalEvent::RuleWaived(noted) => {
            let Noted { seq, command, kind, order, payment, code, detail } = noted;
            object!(to;
                "terminal_seq" ?: seq.map(|seq| seq.0),
                "command_id" ?: command.map(CommandIdJson),
                "command" ?: kind.as_ref().map(Text::as_str),
                "order_id" ?: order.map(Wire),
                "payment_id" ?: payment.map(Wire),
                "code": code.as_str(),
                "detail": detail.as_str()
            )
        }
        TerminalEvent::LateCommandRecorded { noted, digest, amount, occurred_at } => {
            let Noted { seq, command, kind, order, payment, code, detail } = noted;
            object!(to;
                "terminal_seq" ?: seq.map(|seq| seq.0),
                "command_id" ?: command.map(CommandIdJson),
                "command" ?: kind.as_ref().map(Text::as_str),
                "order_id" ?: order.map(Wire),
                "payment_id" ?: payment.map(Wire),
                "code": code.as_str(),
                "detail": detail.as_str(),
                "digest": Digest(*digest),
                "amount" ?: amount.map(|amount| amount.0),
                "occurred_at": Wire(*occurred_at)
            )
        }
        TerminalEvent::ExceptionResolved { position, note } => object!(to;
            "exception": PositionToken::new(*position),
            "note": note.as_str()
        ),
        TerminalEvent::CommandRejected { noted, digest } => {
            let Noted { seq, command, kind, order, payment, code, detail } = noted;
            object!(to;
                "terminal_seq" ?: seq.map(|seq| seq.0),
                "command_id" ?: command.map(CommandIdJson),
                "command" ?: kind.as_ref().map(Text::as_str),
                "order_id" ?: order.map(Wire),
                "payment_id" ?: payment.map(Wire),
                "code": code.as_str(),
                "detail": detail.as_str(),
                "digest": Digest(*digest)
            )
        }
    }
}
