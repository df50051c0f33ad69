//! Events of a terminal: how far its queue has come, and what of it a person has to look at.

use crate::calendar::Timestamp;
use crate::ids::{CommandId, OrderId, PaymentId, TerminalSeq, Text};
use crate::money::Money;

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
    /// What happened was recorded although a rule would have refused it at the time.
    RuleWaived(Noted),
    /// The state could no longer take the command: a person has to say what becomes of it.
    LateCommandRecorded {
        noted: Noted,
        /// Tells its body from any other.
        digest: u128,
        amount: Option<Money>,
        /// When it happened by the terminal's clock.
        occurred_at: Timestamp,
    },
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
    },
}
