//! What an event means beyond the entity it is about: which sums, deadlines, payments and refunds follow from it.
//!
//! Everybody who needs to know asks here, so a new event says it once and the compiler asks for it once.

use super::{Event, MoneyParts, OrderEvent, PaymentEvent, RefundedLine, StockEvent, Tender, TicketEvent};
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

impl Event {
    /// The entity it is a fact of; `None` where it belongs to the store or the tenant.
    pub fn entity(&self) -> Option<Entity> {
        match self {
            Event::Order(order, _) => Some(Entity::Order(*order)),
            Event::Payment(payment, _) => Some(Entity::Payment(*payment)),
            Event::Ticket(ticket, _) => Some(Entity::Ticket(*ticket)),
            Event::Drawer(..)
            | Event::Day(_)
            | Event::Terminal(..)
            | Event::Stock(_)
            | Event::Menu(_)
            | Event::Access(_)
            | Event::Store(_)
            | Event::StoreMenu(_) => None,
        }
    }

    /// What it means beyond its order, where it is of one.
    pub fn order_effect(&self) -> Option<(OrderId, OrderEffect<'_>)> {
        match self {
            Event::Order(order, event) => Some((*order, event.effect())),
            _ => None,
        }
    }

    /// The order that takes no more changes from here on.
    pub fn closes(&self) -> Option<OrderId> {
        let (order, effect) = self.order_effect()?;
        matches!(effect, OrderEffect::Closed(_)).then_some(order)
    }

    /// The entity it names that has to be in memory to fold its own: a payment and a ticket know their order, and an order
    /// what became of the payments it took or could not take. An order does not know its tickets: those of a live one are
    /// named by the store's snapshot, and of a closed one they say nothing that is still asked for.
    pub fn companion(&self) -> Option<Entity> {
        match self {
            Event::Order(_, event) => event.effect().payment().map(Entity::Payment),
            Event::Payment(_, PaymentEvent::PaymentInitiated { order, .. })
            | Event::Ticket(_, TicketEvent::TicketCreated { order, .. } | TicketEvent::TicketMoved { order, .. }) => {
                Some(Entity::Order(*order))
            }
            _ => None,
        }
    }

    /// The deadline it may move. Looking a deadline up costs more than most events, so few are named.
    pub fn due(&self) -> Option<Due> {
        match self {
            Event::Order(order, event) => event.effect().moves_deadline().then_some(Due::Order(*order)),
            Event::Payment(payment, _) => Some(Due::Payment(*payment)),
            Event::Stock(StockEvent::ItemMarked86 { sku, .. } | StockEvent::ItemUnmarked86 { sku }) => {
                Some(Due::Mark86(*sku))
            }
            _ => None,
        }
    }
}
