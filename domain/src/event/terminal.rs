//! Events of a terminal: how far its queue has come, and what of it a person has to look at.

use super::access::SentBy;
use crate::calendar::Timestamp;
use crate::ids::{ActorId, CommandId, OrderId, PaymentId, TerminalSeq, Text};
use crate::money::Money;
use std::sync::Arc;

/// What a person is told of a command that was not taken as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Its place in the terminal's queue, where it said so.
    pub seq: Option<TerminalSeq>,
    /// The command's id, where it had one.
    pub command: Option<CommandId>,
    /// What it asked for, where that could be read.
    pub kind: Option<Text>,
    pub order: Option<OrderId>,
    pub payment: Option<PaymentId>,
    /// The code of the rule that stood against it.
    pub code: Text,
    pub detail: Text,
}

/// A command as a terminal sent it, which was kept to be decided again. Decisions know nothing of its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request(Arc<str>);

impl Request {
    /// The longest that is kept. A longer one is told and has to be sent again by whoever looks into it.
    pub const BYTES_MAX: usize = 65_536;
    /// The longest in its sealed form.
    const SEALED_BYTES_MAX: usize = 88_000;

    /// The request, where it is not too long to be kept.
    pub fn new(text: &str) -> Option<Request> {
        let max = if text.starts_with(Text::SEALED) { Request::SEALED_BYTES_MAX } else { Request::BYTES_MAX };
        (text.len() <= max).then(|| Request(text.into()))
    }

    /// The ciphertext, where it is sealed.
    pub fn ciphertext(&self) -> Option<&str> {
        self.0.strip_prefix(Text::SEALED)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is needed to decide a command again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub request: Request,
    pub actor: ActorId,
    pub approver: Option<ActorId>,
    /// The credential it came with; not known of what was recorded before that was kept.
    pub sent_by: Option<SentBy>,
}

/// What happened to a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalEvent {
    /// The terminal sent its first command that it had kept.
    TerminalRegistered,
    /// The next command of the queue came.
    SequenceAdvanced { seq: TerminalSeq },
    /// Commands of the queue are missing; the one behind them came.
    SequenceGapFound {
        first: TerminalSeq,
        /// The last that is missing; the next one came.
        last: TerminalSeq,
    },
    /// A command came that was missing.
    SequenceGapFilled { seq: TerminalSeq },
    /// The terminal's clock is ahead of the engine's: the engine's time was taken instead.
    ClockAheadFound { seq: TerminalSeq, command: CommandId, occurred_at: Timestamp },
    /// The terminal's clock lies further back than it may have been away: the engine's time was taken instead.
    ClockBehindFound { seq: TerminalSeq, command: CommandId, occurred_at: Timestamp },
    /// What happened was recorded although a rule would have refused it at the time.
    RuleWaived(Noted),
    /// What happened goes beyond what the store's terminals do without a second person while they are away: it was recorded, and
    /// somebody has to decide about it.
    BoundExceeded(Noted),
    /// The state has no place for the command: where something of it is kept, it is decided again once others have come;
    /// otherwise a person has to say what becomes of it.
    LateCommandRecorded {
        noted: Noted,
        /// Tells its body from any other.
        digest: u128,
        amount: Option<Money>,
        /// When it happened by the terminal's clock.
        occurred_at: Timestamp,
        /// What it is decided from again.
        kept: Option<Kept>,
    },
    /// A command that had no place when it came has taken effect: what it waited for has come.
    LateCommandTaken(Noted),
    /// The command was malformed or came from somebody who may not send it: nothing of it took effect.
    CommandRejected {
        noted: Noted,
        /// Tells its bytes from any other.
        digest: u128,
    },
    /// A person has dealt with an exception, of this terminal's queue or of none.
    ExceptionResolved {
        /// The event that is the exception, by its place in the log.
        position: u64,
        note: Text,
        /// The command it speaks of: it waits no more.
        command: Option<CommandId>,
    },
}
