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
mod stock;
mod store;
mod terminal;
mod ticket;

pub use access::{AccessEvent, Role};
pub use day::{ChainHead, DayClosing, DayEvent, DayTotals, Pending, TerminalGap};
pub use drawer::DrawerEvent;
pub use effect::{Closed, Due, Entity, OrderEffect, PaymentEffect};
pub use menu::MenuEvent;
pub use order::{
    CancelReason, Channel, ChargePhase, DiningMode, Discount, DiscountScope, FixedPart, Line, LineModifier,
    NotApplicable, Opening, OrderEvent, PayMode, Rate, Received, ReceivedDiscount, ReceivedLine, ServiceCharge,
};
pub use payment::{Decision, Flag, IgnoredOutcome, IgnoredRefund, PaymentEvent, Tender};
pub use provider::{Capture, IgnoredMessage, ProviderMessage, ProviderSaid, VoidReason};
pub use refund::{MoneyParts, RefundedLine};
pub use stock::{ReleaseReason, ReservedLine, StockEvent, StockPolicy};
pub use store::{StoreEvent, StoreMenuEvent};
pub use terminal::{Noted, TerminalEvent};
pub use ticket::{FiredLine, LineUnits, RenamedLine, TicketEvent};

/// A fact, with the entity it is about where its stream holds one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// In `menu-<tenant>`.
    Menu(MenuEvent),
    /// In `access-<tenant>`.
    Access(AccessEvent),
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
