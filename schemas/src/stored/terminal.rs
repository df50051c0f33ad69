//! Stored events of `terminal-<tenant>.<store>.<terminal>`, tags 0x0bxx.

use super::envelope::{Envelope, write};
use super::parts::{minor_opt, money_opt, named, named_opt, text_opt};
use super::{BadValue, DecodeError, tag};
use domain::calendar::Timestamp;
use domain::event::{Noted, TerminalEvent};
use domain::ids::{CommandId, TerminalSeq};
use serde::{Deserialize, Serialize};

/// `TerminalRegistered`, version 1: nothing but the fact.
#[derive(Serialize, Deserialize)]
struct TerminalRegisteredV1 {}

/// `SequenceAdvanced` and `SequenceGapFilled`, version 1.
#[derive(Serialize, Deserialize)]
struct SequenceV1 {
    seq: u64,
}

/// `SequenceGapFound`, version 1.
#[derive(Serialize, Deserialize)]
struct SequenceGapFoundV1 {
    first: u64,
    last: u64,
}

/// `ClockAheadFound`, version 1.
#[derive(Serialize, Deserialize)]
struct ClockAheadFoundV1 {
    seq: u64,
    command: u128,
    occurred_at_us: i64,
}

/// `RuleWaived`, version 1, and a part of the two below.
#[derive(Serialize, Deserialize)]
struct NotedV1<'a> {
    seq: Option<u64>,
    command: Option<u128>,
    kind: Option<&'a str>,
    order: Option<&'a str>,
    payment: Option<&'a str>,
    code: &'a str,
    detail: &'a str,
}

/// `LateCommandRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct LateCommandRecordedV1<'a> {
    #[serde(borrow)]
    noted: NotedV1<'a>,
    digest: u128,
    amount: Option<i64>,
    occurred_at_us: i64,
}

/// `CommandRejected`, version 1.
#[derive(Serialize, Deserialize)]
struct CommandRejectedV1<'a> {
    #[serde(borrow)]
    noted: NotedV1<'a>,
    digest: u128,
}

/// `ExceptionResolved`, version 1.
#[derive(Serialize, Deserialize)]
struct ExceptionResolvedV1<'a> {
    position: u64,
    note: &'a str,
}

/// Reads a place in a terminal's queue.
pub(super) fn seq(number: u64) -> Result<TerminalSeq, BadValue> {
    TerminalSeq::parse(number).ok_or(BadValue::Range { kind: "place in a terminal's queue" })
}

impl<'a> NotedV1<'a> {
    fn of(noted: &'a Noted) -> NotedV1<'a> {
        NotedV1 {
            seq: noted.seq.map(|seq| seq.0),
            command: noted.command.map(|command| command.0),
            kind: text_opt(&noted.kind),
            order: text_opt(&noted.order),
            payment: text_opt(&noted.payment),
            code: noted.code.as_str(),
            detail: noted.detail.as_str(),
        }
    }

    fn back(self) -> Result<Noted, BadValue> {
        Ok(Noted {
            seq: self.seq.map(seq).transpose()?,
            command: self.command.map(CommandId),
            kind: named_opt(self.kind)?,
            order: named_opt(self.order)?,
            payment: named_opt(self.payment)?,
            code: named(self.code)?,
            detail: named(self.detail)?,
        })
    }
}

pub(super) fn encode(event: &TerminalEvent, out: &mut Vec<u8>) {
    use TerminalEvent as E;
    match event {
        E::TerminalRegistered => write(tag::TERMINAL_REGISTERED, 1, &TerminalRegisteredV1 {}, out),
        E::SequenceAdvanced { seq } => write(tag::SEQUENCE_ADVANCED, 1, &SequenceV1 { seq: seq.0 }, out),
        E::SequenceGapFound { first, last } => {
            write(tag::SEQUENCE_GAP_FOUND, 1, &SequenceGapFoundV1 { first: first.0, last: last.0 }, out);
        }
        E::SequenceGapFilled { seq } => write(tag::SEQUENCE_GAP_FILLED, 1, &SequenceV1 { seq: seq.0 }, out),
        E::ClockAheadFound { seq, command, occurred_at } => {
            let body = ClockAheadFoundV1 { seq: seq.0, command: command.0, occurred_at_us: occurred_at.0 };
            write(tag::CLOCK_AHEAD_FOUND, 1, &body, out);
        }
        E::RuleWaived(noted) => write(tag::RULE_WAIVED, 1, &NotedV1::of(noted), out),
        E::LateCommandRecorded { noted, digest, amount, occurred_at } => {
            let body = LateCommandRecordedV1 {
                noted: NotedV1::of(noted),
                digest: *digest,
                amount: minor_opt(amount),
                occurred_at_us: occurred_at.0,
            };
            write(tag::LATE_COMMAND_RECORDED, 1, &body, out);
        }
        E::CommandRejected { noted, digest } => {
            write(tag::COMMAND_REJECTED, 1, &CommandRejectedV1 { noted: NotedV1::of(noted), digest: *digest }, out);
        }
        E::ExceptionResolved { position, note } => {
            let body = ExceptionResolvedV1 { position: *position, note: note.as_str() };
            write(tag::EXCEPTION_RESOLVED, 1, &body, out);
        }
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<TerminalEvent, DecodeError> {
    use TerminalEvent as E;
    match (envelope.tag, envelope.version) {
        (tag::TERMINAL_REGISTERED, 1) => envelope.read(|TerminalRegisteredV1 {}| Ok(E::TerminalRegistered)),
        (tag::SEQUENCE_ADVANCED, 1) => {
            envelope.read(|body: SequenceV1| Ok(E::SequenceAdvanced { seq: seq(body.seq)? }))
        }
        (tag::SEQUENCE_GAP_FOUND, 1) => envelope.read(|body: SequenceGapFoundV1| {
            Ok(E::SequenceGapFound { first: seq(body.first)?, last: seq(body.last)? })
        }),
        (tag::SEQUENCE_GAP_FILLED, 1) => {
            envelope.read(|body: SequenceV1| Ok(E::SequenceGapFilled { seq: seq(body.seq)? }))
        }
        (tag::CLOCK_AHEAD_FOUND, 1) => envelope.read(|body: ClockAheadFoundV1| {
            let (command, occurred_at) = (CommandId(body.command), Timestamp(body.occurred_at_us));
            Ok(E::ClockAheadFound { seq: seq(body.seq)?, command, occurred_at })
        }),
        (tag::RULE_WAIVED, 1) => envelope.read(|body: NotedV1<'_>| Ok(E::RuleWaived(body.back()?))),
        (tag::LATE_COMMAND_RECORDED, 1) => envelope.read(|body: LateCommandRecordedV1<'_>| {
            Ok(E::LateCommandRecorded {
                noted: body.noted.back()?,
                digest: body.digest,
                amount: money_opt(body.amount),
                occurred_at: Timestamp(body.occurred_at_us),
            })
        }),
        (tag::COMMAND_REJECTED, 1) => envelope.read(|body: CommandRejectedV1<'_>| {
            Ok(E::CommandRejected { noted: body.noted.back()?, digest: body.digest })
        }),
        (tag::EXCEPTION_RESOLVED, 1) => envelope.read(|body: ExceptionResolvedV1<'_>| {
            Ok(E::ExceptionResolved { position: body.position, note: named(body.note)? })
        }),
        _ => Err(envelope.unknown_version()),
    }
}
