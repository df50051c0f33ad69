//! Events: immutable facts in the past tense, each in exactly one stream.
//!
//! An event carries what a reader needs to understand it alone: names, prices and taxes as they were, not references.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::ids::{DrawerId, OrderId, PaymentId, TerminalId, TicketId};

mod access;
mod day;
mod drawer;
mod effect;
mod menu;
mod order;
mod payment;
mod provider;
mod refund;
mod security;
mod stock;
mod store;
mod terminal;
mod ticket;

pub use access::{AccessEvent, Role, SentBy, Terms};
pub use day::{ChainHead, DayClosing, DayEvent, DayTax, DayTender, DayTotals, Pending, TerminalGap};
pub use drawer::DrawerEvent;
pub use effect::{Due, Entity};
pub use menu::MenuEvent;
pub use order::{
    CancelReason, Channel, ChargePhase, Closed, DiningMode, Discount, DiscountScope, Document, FixedPart, Line,
    LineModifier, LineTaxes, NotApplicable, Opening, OrderEffect, OrderEvent, PayMode, Rate, Received,
    ReceivedDiscount, ReceivedLine, ServiceCharge,
};
pub use payment::{Decision, Flag, IgnoredOutcome, IgnoredRefund, PaymentEffect, PaymentEvent, Tender};
pub use provider::{Capture, IgnoredMessage, ProviderMessage, ProviderSaid, VoidReason};
pub use refund::{MoneyParts, RefundedLine};
pub use security::{Act, Activity, SecurityEvent};
pub use stock::{ReleaseReason, ReservedLine, StockEvent, StockPolicy};
pub use store::{StoreEvent, StoreMenuEvent};
pub use terminal::{Kept, Noted, Request, TerminalEvent};
pub use ticket::{FiredLine, LineUnits, RenamedLine, TicketEvent};

/// A fact, with the entity it is about where its stream holds one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// In `menu-<tenant>`.
    Menu(MenuEvent),
    /// In `access-<tenant>`.
    Access(AccessEvent),
    /// In `security-<tenant>`.
    Security(SecurityEvent),
    /// In `store-<tenant>.<store>`.
    Store(StoreEvent),
    /// In `storemenu-<tenant>.<store>`.
    StoreMenu(StoreMenuEvent),
    /// In `order-<tenant>.<store>.<order>`.
    Order(OrderId, OrderEvent),
    /// In `payment-<tenant>.<store>.<payment>`.
    Payment(PaymentId, PaymentEvent),
    /// In `stock-<tenant>.<store>`.
    Stock(StockEvent),
    /// In `drawer-<tenant>.<store>.<drawer>`.
    Drawer(DrawerId, DrawerEvent),
    /// In `day-<tenant>.<store>`.
    Day(DayEvent),
    /// In `ticket-<tenant>.<store>.<ticket>`.
    Ticket(TicketId, TicketEvent),
    /// In `terminal-<tenant>.<store>.<terminal>`.
    Terminal(TerminalId, TerminalEvent),
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
            | Event::Security(_)
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
