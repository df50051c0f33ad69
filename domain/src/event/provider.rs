//! What payment providers say, and what they are asked.

use crate::ids::{RefundId, Text};
use crate::money::{Currency, Money};

/// When a provider takes the money that it authorised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capture {
    /// At once, without being asked again.
    AtOnce,
    Later,
}

/// A message of a payment provider about one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMessage {
    /// The provider's id of the message: it counts once (rule P4).
    pub event_id: Text,
    /// The provider's id of the payment.
    pub reference: Option<Text>,
    pub said: ProviderSaid,
    /// The amount it is about, with the tip.
    pub amount: Option<Money>,
    pub currency: Option<Currency>,
    /// SHA-256 of the message as it came.
    pub body_sha256: [u8; 32],
}

/// What a provider says happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderSaid {
    /// It knows of the payment; nothing has happened yet.
    Accepted,
    Authorised,
    Captured,
    Failed {
        code: Text,
    },
    /// What was set aside was let go.
    Voided,
    /// The guest's bank wants the money back.
    Disputed,
    /// The money of a refund was given back.
    RefundSucceeded {
        refund: RefundId,
    },
    RefundFailed {
        refund: RefundId,
        code: Text,
    },
    /// Something that has no meaning here.
    Other,
}

/// Why a provider's message changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredMessage {
    /// It says what was known.
    Known,
    /// The payment has got further than it says (rule P5).
    Outranked,
    /// A person has to look at the payment first.
    UnderReview,
    /// The payment has no such refund.
    UnknownRefund,
    /// It has no meaning here.
    NotUnderstood,
}

/// Why a provider is asked to let go of what it set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidReason {
    Requested,
    /// The order takes no money any more.
    OrderClosed,
    /// The money was set aside after the attempt had ended.
    LateAuthorisation,
    Expired,
}
