//! Events of a store's business days.

use crate::calendar::Date;
use crate::ids::{OrderId, PaymentId};
use crate::money::Money;

/// What happened to a store's days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayEvent {
    /// A day was closed: the Z report, which never changes.
    DayClosed(DayClosing),
}

/// A Z report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayClosing {
    /// The business date; everything booked since the closing before belongs to it.
    pub date: Date,
    /// Its number, from 1, without a gap.
    pub z_number: u32,
    /// What was booked on it.
    pub totals: DayTotals,
    /// The sales of all closed days together, this one included.
    pub cumulative_total: Money,
    /// Placed orders that are not paid: they stay open and keep their business date.
    pub open_orders: Vec<OrderId>,
    /// Payments without an outcome.
    pub payments_in_flight: Vec<PaymentId>,
}

/// What was booked on a day. Imported orders are not in it: they were booked elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayTotals {
    /// How many orders were placed, less those cancelled.
    pub orders: i64,
    /// What orders came to when they were placed, and what changed since.
    pub sales: Money,
    /// What was paid towards orders in cash.
    pub cash: Money,
    /// What was paid towards orders otherwise.
    pub other: Money,
    /// Tips.
    pub tips: Money,
    /// Captured money orders could not take.
    pub unapplied: Money,
    /// How many refunds.
    pub refunds: i64,
    /// What was given back, tips and all.
    pub refunded: Money,
}
