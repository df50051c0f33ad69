//! Events of a payment.

use super::provider::{Capture, IgnoredMessage, ProviderMessage, VoidReason};
use super::refund::{MoneyParts, RefundedLine};
use crate::calendar::Timestamp;
use crate::check::CheckId;
use crate::ids::{AccountId, OrderId, RefundId, Revision, TenderId, Text};
use crate::money::{Currency, Money};

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tender {
    /// Cash in the drawer: captured at once.
    Cash,
    /// Anything else, by its name: a terminal, a voucher, an import.
    External(TenderId),
}

impl Tender {
    /// The tender's name: `cash`, or the external one's.
    pub fn as_str(&self) -> &str {
        match self {
            Tender::Cash => "cash",
            Tender::External(tender) => tender.as_str(),
        }
    }

    /// The same as an id.
    pub fn id(&self) -> TenderId {
        const CASH: TenderId = match TenderId::parse("cash") {
            Ok(cash) => cash,
            Err(_) => unreachable!(),
        };
        match self {
            Tender::Cash => CASH,
            Tender::External(tender) => *tender,
        }
    }
}

/// What happened to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    PaymentInitiated {
        order: OrderId,
        tender: Tender,
        /// What is to count towards the order.
        amount: Money,
        tip: Money,
        currency: Currency,
        deadline: Option<Timestamp>,
        check: CheckId,
    },
    PaymentCaptured {
        amount: Money,
        tip: Money,
        tendered: Option<Money>,
        change: Option<Money>,
    },
    /// What the card terminal calls it, as whoever recorded its outcome said.
    PaymentReferenceRecorded {
        reference: Text,
    },
    PaymentFailed {
        code: Text,
    },
    PaymentExpired,
    /// A person has to look at it.
    PaymentFlagged {
        why: Flag,
    },
    /// A message that came too late to change anything was kept.
    PaymentOutcomeIgnored {
        outcome: IgnoredOutcome,
    },
    /// Captured money is to be given back.
    RefundRequested {
        refund: RefundId,
        parts: MoneyParts,
        /// The units it is for, where it is for some.
        lines: Vec<RefundedLine>,
        /// Whether those units go back on the shelf.
        restock: bool,
        reason: Text,
    },
    RefundSucceeded {
        refund: RefundId,
    },
    /// The money was not given back.
    RefundFailed {
        refund: RefundId,
        code: Text,
    },
    /// A message about a refund that came too late to change anything was kept.
    RefundOutcomeIgnored {
        refund: RefundId,
        outcome: IgnoredRefund,
    },
    /// A provider is to authorise the payment.
    AuthorisationRequested {
        /// The account it is asked under.
        account: AccountId,
        capture: Capture,
        /// The smallest sum whose multiples the provider moves, where that is more than the minor unit.
        step: Option<Money>,
    },
    /// A provider said something; what follows from it comes next.
    ProviderEventReceived(Box<ProviderMessage>),
    /// The provider has set the money aside.
    PaymentAuthorised {
        /// How much, with the tip.
        amount: Money,
    },
    /// The provider is to take what it set aside.
    CaptureRequested {
        amount: Money,
        tip: Money,
    },
    /// The provider is to let go of what it set aside.
    VoidRequested {
        why: VoidReason,
    },
    /// The provider has let go of it.
    PaymentVoided,
    /// The guest's bank wants the money back.
    PaymentDisputed,
    /// The tip was changed before the money was asked for.
    TipAdjusted {
        tip: Money,
    },
    /// What the provider said changed nothing.
    ProviderEventIgnored {
        why: IgnoredMessage,
    },
    /// A person decided about a flag; what follows from it comes next.
    PaymentReviewed {
        /// The event that flagged the payment.
        flag: Revision,
        decision: Decision,
        reason: Text,
    },
}

/// What a person decides about a flagged payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    Accept,
    Refund,
    /// Nothing is to follow from it here: nothing moved, or a person has settled it elsewhere.
    Dismiss,
}

/// Why a payment needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Money moved after the attempt had failed, expired or been voided.
    LateCapture,
    /// Money moved for an order that could not take all of it.
    NotApplicable,
    /// Another amount moved than was asked for; it does not count as paid.
    AmountDiffers {
        /// What was asked for, with the tip.
        requested: Money,
        captured: Money,
    },
    /// More money may have been given back than was to be.
    RefundInDoubt,
    /// The provider speaks of another currency; it does not count as paid.
    CurrencyDiffers,
    /// The provider speaks of another payment of its own; it does not count as paid.
    ReferenceDiffers,
}

impl Flag {
    /// Whether the attempt stands still until a person has decided.
    pub fn stops(self) -> bool {
        match self {
            Flag::AmountDiffers { .. } | Flag::CurrencyDiffers | Flag::ReferenceDiffers => true,
            Flag::LateCapture | Flag::NotApplicable | Flag::RefundInDoubt => false,
        }
    }
}

/// A message about a refund that changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredRefund {
    /// A failure after the money was given back.
    Failed,
    /// Money given back after a failure, when what it would take had been given back already.
    Succeeded,
}

/// A message about a payment that changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredOutcome {
    /// A failure after the capture.
    Failed,
    /// A capture after the capture.
    Captured,
}

/// What an event of a payment means beyond the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentEffect<'a> {
    /// The attempt is under way: its order's deadline ends it.
    Started,
    /// The attempt has an outcome, or waits for a person.
    Ended,
    Authorise,
    /// A provider is to capture what it authorised.
    Capture,
    /// A provider is to void what it authorised.
    Void,
    /// Money is to go back; units count as given back from here on.
    Refund {
        refund: RefundId,
        lines: &'a [RefundedLine],
    },
    /// A refund has an outcome: its units count as given back, or no more.
    RefundEnded {
        /// Unique in the payment.
        refund: RefundId,
        /// Whether the money reached the guest.
        succeeded: bool,
    },
    None,
}

impl PaymentEvent {
    /// What it means beyond the payment.
    pub fn effect(&self) -> PaymentEffect<'_> {
        match self {
            PaymentEvent::PaymentInitiated { .. } => PaymentEffect::Started,
            PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentExpired
            | PaymentEvent::PaymentFlagged { .. }
            | PaymentEvent::PaymentVoided
            | PaymentEvent::PaymentOutcomeIgnored { .. } => PaymentEffect::Ended,
            PaymentEvent::AuthorisationRequested { .. } => PaymentEffect::Authorise,
            PaymentEvent::CaptureRequested { .. } => PaymentEffect::Capture,
            PaymentEvent::VoidRequested { .. } => PaymentEffect::Void,
            PaymentEvent::RefundRequested { refund, lines, .. } => PaymentEffect::Refund { refund: *refund, lines },
            PaymentEvent::RefundSucceeded { refund } => PaymentEffect::RefundEnded { refund: *refund, succeeded: true },
            PaymentEvent::RefundFailed { refund, .. } => {
                PaymentEffect::RefundEnded { refund: *refund, succeeded: false }
            }
            PaymentEvent::ProviderEventReceived(_)
            | PaymentEvent::PaymentAuthorised { .. }
            | PaymentEvent::PaymentDisputed
            | PaymentEvent::TipAdjusted { .. }
            | PaymentEvent::ProviderEventIgnored { .. }
            | PaymentEvent::PaymentReviewed { .. }
            | PaymentEvent::PaymentReferenceRecorded { .. }
            | PaymentEvent::RefundOutcomeIgnored { .. } => PaymentEffect::None,
        }
    }
}
