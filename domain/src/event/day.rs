//! Events of a store's business days.

use crate::calendar::Date;
use crate::ids::{DrawerId, OrderId, PaymentId, TenderId, TerminalId, TerminalSeq};
use crate::money::{Money, Ppm};
use std::sync::Arc;

/// What happened to a store's days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayEvent {
    /// A day was opened: what is booked from here on counts for it, until it is closed.
    DayOpened {
        date: Date,
        /// What was booked before the first day and counts for it; nothing for every other day.
        carried: Option<Arc<DayTotals>>,
    },
    /// A day was closed: the Z report, which never changes.
    DayClosed(Box<DayClosing>),
}

/// A Z report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayClosing {
    /// The business date; everything booked since the closing before belongs to it.
    pub date: Date,
    /// Its number, from 1, without a gap.
    pub z_number: u32,
    pub totals: DayTotals,
    /// The sales of all closed days together, this one included.
    pub cumulative_total: Money,
    /// What stays open over the closing.
    pub pending: Pending,
    /// Where the chain of the store's history stood when the closing was asked for: the report commits to all of it.
    pub chain: Option<ChainHead>,
}

/// The last link of a chain of hashes over a store's history that somebody knew (rule A1). How it is computed is the
/// business of those who keep the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The event's place in the log.
    pub position: u64,
    /// SHA-256 over it and everything before it.
    pub hash: [u8; 32],
}

/// Commands of a terminal's queue that had not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalGap {
    pub terminal: TerminalId,
    pub first: TerminalSeq,
    pub last: TerminalSeq,
}

/// What a closing leaves as it is: it goes on, and is booked on a later day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// How many placed orders are not paid. They stay open and keep their business date.
    pub orders_count: u32,
    /// What is still to be paid for them.
    pub due: Money,
    /// Which they are, the first [`Pending::LISTED_MAX`] by id.
    pub orders: Vec<OrderId>,
    /// How many payments have no outcome yet.
    pub payments_count: u32,
    /// Which they are, the first [`Pending::LISTED_MAX`] by id.
    pub payments: Vec<PaymentId>,
    /// Drawers whose shift is open, in a store that does not ask for shifts.
    pub shifts: Vec<DrawerId>,
    /// How many gaps the queues of terminals have (rule F1).
    pub gaps_count: u32,
    /// Which they are, the first [`Pending::LISTED_MAX`] by terminal and place.
    pub gaps: Vec<TerminalGap>,
}

impl Pending {
    /// The most orders, payments and gaps that are named.
    pub const LISTED_MAX: usize = 1_000;
}

/// What was booked on a day. Imported orders are not in it: they were booked elsewhere.
///
/// `gross - discounts + charges + tax = sales` always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayTotals {
    /// How many orders were placed, less those cancelled.
    pub orders: i64,
    /// Lines at list price.
    pub gross: Money,
    pub discounts: Money,
    pub charges: Money,
    /// Tax on top of prices and charges.
    pub tax: Money,
    /// Tax inside prices and charges, for information.
    pub tax_inclusive: Money,
    /// What orders came to when they were placed, and what changed since.
    pub sales: Money,
    /// What was paid towards orders in cash.
    pub cash: Money,
    /// What was paid towards orders otherwise.
    pub other: Money,
    pub tips: Money,
    /// Captured money orders could not take.
    pub unapplied: Money,
    pub refunds: i64,
    /// What was given back, tips and all.
    pub refunded: Money,
    /// What of it was given back in cash.
    pub refunded_cash: Money,
    /// Bills and receipts that were printed for the first time.
    pub bills: i64,
    pub receipts: i64,
    /// Prints of either behind the first.
    pub reprints: i64,
    /// What terminals that were away did beyond the store's bounds: somebody has to decide about it.
    pub beyond_bounds: i64,
    /// Tax by its rate, by ascending rate; none in which nothing is left.
    pub taxes: Vec<DayTax>,
    /// Money by how it was paid, by ascending tender; none in which nothing is left.
    pub tenders: Vec<DayTender>,
}

impl DayTotals {
    /// The most rates, and the most tenders, that are told apart: what has others is summed up behind them, under none.
    pub const ROWS_MAX: usize = 256;
}

/// What was booked on a day at one rate of tax, sold and, apart, given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayTax {
    /// The rate; `None` for all there was no room for.
    pub rate: Option<Ppm>,
    /// Whether it is inside prices or comes on top of them.
    pub inclusive: bool,
    /// What was sold at it, without the tax inside.
    pub taxable: Money,
    pub amount: Money,
    /// What was given back, without the tax inside.
    pub refunded_taxable: Money,
    pub refunded: Money,
}

/// What was booked on a day in one tender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayTender {
    /// The tender; `None` for all there was no room for.
    pub tender: Option<TenderId>,
    /// How many payments towards orders.
    pub payments: i64,
    /// What was paid towards orders.
    pub paid: Money,
    pub tips: Money,
    /// Captured money orders could not take.
    pub unapplied: Money,
    pub refunds: i64,
    /// What was given back of each.
    pub refunded: Money,
    pub refunded_tips: Money,
    pub refunded_unapplied: Money,
}
