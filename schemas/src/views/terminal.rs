//! Terminals that were away, and what of a store a person has to look at.

use super::form::{choice, view};
use crate::json::wire::{ActorId, OrderId, PaymentId, Qty, Sku, StoreId, TerminalId, Text, Timestamp};
use crate::json::{CommandIdJson, PositionToken};

rows! { LateRow = 1, TerminalView = 1, ExceptionView = 3, ResolutionView = 1 }

view! {
    /// Commands of a terminal's queue that are missing.
    pub struct GapView {
        /// The first.
        pub first: u64,
        /// The last.
        pub last: u64,
    }
}

view! {
    /// A terminal that sent what it had kept while it was away.
    pub struct TerminalView {
        /// Its id.
        pub terminal_id: TerminalId,
        /// The store it belongs to.
        pub store: StoreId,
        /// The highest place of its queue that came.
        pub last_seq: Option<u64>,
        /// What is missing below it; of more than 64 gaps the oldest are forgotten.
        pub gaps: Vec<GapView>,
        /// How many exceptions its commands led to.
        pub exceptions: u64,
        /// When its first command came.
        pub registered_at: Timestamp,
        /// When its last command came.
        pub last_sent_at: Timestamp,
        /// The revision of its stream.
        pub revision: u64,
    }
}

choice! {
    /// What kind of exception it is.
    pub enum ExceptionKind {
        /// More was sold, or counted away, than the books say was there.
        Oversell = "oversell",
        /// The guest was shown another total than the order's.
        TotalMismatch = "total_mismatch",
        /// Commands of a terminal's queue are missing.
        SequenceGap = "sequence_gap",
        /// A missing command came.
        SequenceGapFilled = "sequence_gap_filled",
        /// A terminal's clock was ahead.
        ClockAhead = "clock_ahead",
        /// A terminal's clock was further behind than it may have been away.
        ClockBehind = "clock_behind",
        /// What happened was recorded although a rule would have refused it.
        RuleWaived = "rule_waived",
        /// The state had no place for a command: it waits for others, or somebody has to say what becomes of it.
        LateCommand = "late_command",
        /// A command that had waited has taken effect.
        LateCommandTaken = "late_command_taken",
        /// A command was malformed, or came from somebody who may not send it.
        RejectedCommand = "rejected_command",
        /// What happened goes beyond what the store's tills do without a second person while they are away.
        BeyondBounds = "beyond_bounds",
    }
}

view! {
    /// Something that was recorded and that a person has to look at.
    pub struct ExceptionView {
        /// Its place in the log.
        pub position: PositionToken,
        /// What kind it is.
        pub kind: ExceptionKind,
        /// When it was recorded.
        pub recorded_at: Timestamp,
        /// When it happened, by the terminal's clock.
        pub occurred_at: Option<Timestamp>,
        /// Who acted.
        pub actor: ActorId,
        /// The terminal.
        pub terminal: Option<TerminalId>,
        /// The command's place in its queue; of a gap, its first.
        pub terminal_seq: Option<u64>,
        /// The last of a gap.
        pub gap_last: Option<u64>,
        /// The command.
        pub command_id: Option<CommandIdJson>,
        /// What the command was to do.
        pub command: Option<Text>,
        /// The order.
        pub order_id: Option<OrderId>,
        /// The payment.
        pub payment_id: Option<PaymentId>,
        /// The stock item.
        pub sku: Option<Sku>,
        /// How much of it is short.
        pub qty: Option<Qty>,
        /// What the guest was shown.
        pub expected: Option<i64>,
        /// What it is.
        pub actual: Option<i64>,
        /// The money the command speaks of.
        pub amount: Option<i64>,
        /// The code of the rule that stood against it.
        pub code: Option<Text>,
        /// What the rule said.
        pub detail: Option<Text>,
        /// Tells the command's body from any other, in hexadecimal digits.
        pub digest: Option<String>,
        /// Whether the command waits for others: it takes effect by itself once they have come, unless the exception is resolved
        /// before.
        pub waits: Option<bool>,
        /// What a person did about it; without it, nobody has yet.
        pub resolved: Option<ResolutionView>,
    }
}

view! {
    /// Where a command that waits was recorded.
    pub struct LateRow {
        /// The exception, by its place in the log.
        pub position: u64,
    }
}

view! {
    /// What a person did about an exception; the engine, where what a command waited for has come.
    pub struct ResolutionView {
        /// What.
        pub note: Text,
        /// Who.
        pub by: ActorId,
        /// When.
        pub at: Timestamp,
    }
}

choice! {
    /// Which exceptions: those that nobody has dealt with, the others, or all.
    pub enum ExceptionState {
        /// Nobody has dealt with them.
        Open = "open",
        /// Somebody has.
        Resolved = "resolved",
        /// Both.
        All = "all",
    }
}
