//! What an event means beyond the entity it is about: which sums, deadlines, payments and refunds follow from it.
//!
//! Everybody who needs to know asks here, so a new event says it once and the compiler asks for it once.

use super::order::OrderEvent;
use super::payment::{PaymentEvent, Tender};
use super::refund::{MoneyParts, RefundedLine};
use crate::ids::{OrderId, PaymentId, RefundId, Sku, TicketId};
use crate::money::Money;
use crate::pricing::Totals;

/// What an order that takes no more changes has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    Completed,
    Cancelled,
    Merged,
}

/// What an event of an order means beyond the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEffect<'a> {
    /// The sale is recognised: its totals are booked, and its deadline begins.
    Placed(&'a Totals),
    /// A recognised sale comes to something else.
    Repriced(&'a Totals),
    /// Units went to the kitchen, or came from another order: the deadline may end, no money moves.
    Advanced,
    /// Captured money counts towards the order.
    Paid {
        payment: PaymentId,
        tender: Tender,
        amount: Money,
        tip: Money,
    },
    Unapplied {
        payment: PaymentId,
        tender: Tender,
        amount: Money,
    },
    Refunded {
        payment: PaymentId,
        tender: Tender,
        parts: MoneyParts,
    },
    /// No event but of refunds and late payments follows.
    Closed(Closed),
    None,
}

impl OrderEvent {
    /// What it means beyond the order.
    pub fn effect(&self) -> OrderEffect<'_> {
        match self {
            OrderEvent::OrderPlaced { totals, .. } => OrderEffect::Placed(totals),
            OrderEvent::OrderRepriced { totals } => OrderEffect::Repriced(totals),
            OrderEvent::LinesFired { .. } | OrderEvent::LinesReceivedByMerge(_) => OrderEffect::Advanced,
            OrderEvent::PaymentApplied { payment, tender, amount, tip, .. } => {
                OrderEffect::Paid { payment: *payment, tender: *tender, amount: *amount, tip: *tip }
            }
            OrderEvent::PaymentNotApplicable { payment, tender, unapplied, .. } => {
                OrderEffect::Unapplied { payment: *payment, tender: *tender, amount: *unapplied }
            }
            OrderEvent::RefundRecorded { payment, tender, parts, .. } => {
                OrderEffect::Refunded { payment: *payment, tender: *tender, parts: *parts }
            }
            OrderEvent::OrderCompleted { .. } => OrderEffect::Closed(Closed::Completed),
            OrderEvent::OrderCancelled { .. } => OrderEffect::Closed(Closed::Cancelled),
            OrderEvent::OrderMergedInto { .. } => OrderEffect::Closed(Closed::Merged),
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::LinesHeld { .. }
            | OrderEvent::LinesServed { .. }
            | OrderEvent::LineVoided { .. }
            | OrderEvent::LinesComped { .. }
            | OrderEvent::OrderMovedToTable { .. }
            | OrderEvent::ServerAssigned { .. }
            | OrderEvent::CheckSplit { .. }
            | OrderEvent::CheckPaid { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::TotalMismatchRecorded { .. } => OrderEffect::None,
        }
    }
}

impl OrderEffect<'_> {
    /// Whether it is booked on a business day. An order that was not placed is no sale, so nothing ends with it.
    pub fn is_booked(self, was_placed: bool) -> bool {
        match self {
            OrderEffect::Closed(Closed::Cancelled | Closed::Merged) => was_placed,
            OrderEffect::Closed(Closed::Completed) | OrderEffect::Advanced | OrderEffect::None => false,
            OrderEffect::Placed(_)
            | OrderEffect::Repriced(_)
            | OrderEffect::Paid { .. }
            | OrderEffect::Unapplied { .. }
            | OrderEffect::Refunded { .. } => true,
        }
    }

    /// Whether the order's deadline may begin or end with it.
    pub fn moves_deadline(self) -> bool {
        match self {
            OrderEffect::Placed(_) | OrderEffect::Advanced | OrderEffect::Paid { .. } | OrderEffect::Closed(_) => true,
            OrderEffect::Repriced(_)
            | OrderEffect::Unapplied { .. }
            | OrderEffect::Refunded { .. }
            | OrderEffect::None => false,
        }
    }

    /// The payment whose money it is about.
    pub fn payment(self) -> Option<PaymentId> {
        match self {
            OrderEffect::Paid { payment, .. }
            | OrderEffect::Unapplied { payment, .. }
            | OrderEffect::Refunded { payment, .. } => Some(payment),
            OrderEffect::Placed(_)
            | OrderEffect::Repriced(_)
            | OrderEffect::Advanced
            | OrderEffect::Closed(_)
            | OrderEffect::None => None,
        }
    }
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
            | PaymentEvent::RefundOutcomeIgnored { .. } => PaymentEffect::None,
        }
    }
}

/// What a store holds any number of, and can leave out of memory: each has a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    Order(OrderId),
    Payment(PaymentId),
    Ticket(TicketId),
}

/// A deadline: when the engine has to come back to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Order(OrderId),
    Payment(PaymentId),
    Mark86(Sku),
}
