//! What only bodies of requests know: the domain has a form for each that says more, or one that was parsed already.

use domain::ids::Text;

/// A text of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(pub Text);

/// When a service charge is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargePhase {
    /// Before tax, on the sum of the lines.
    Subtotal,
    /// After tax, untaxed.
    Total,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeKind {
    /// Money moved.
    Captured,
    /// No money moved.
    Failed,
}

/// What became of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefundOutcomeKind {
    /// The money was given back.
    Succeeded,
    /// It was not.
    Failed,
}

/// How a stock item is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// Not counted: never refused, never reserved.
    Untracked,
    /// Counted.
    Counted,
}
