//! Business days: which one is open, and what was booked on it.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Date;
use crate::event::{Closed, DayClosing, DayEvent, DayTotals, OrderEffect, OrderEvent, Tender};
use crate::ids::Revision;
use crate::money::Money;
use crate::order::{OrderSlot, Sale};

/// The days of a store. A store keeps days from the first one that is opened or closed on; then a day opens by itself with
/// the first thing that is booked after a closing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// How many events the stream has.
    pub events: u64,
    pub open: Option<Date>,
    /// What was booked since the last closing, or since the first opening.
    pub totals: DayTotals,
    /// The last day that was closed.
    pub closed: Option<Date>,
    pub z_number: u32,
    /// The sales of all closed days.
    pub cumulative_total: Money,
}

impl Days {
    /// The revision of the stream, `None` before its first event.
    pub fn revision(&self) -> Option<Revision> {
        self.events.checked_sub(1).map(Revision)
    }

    /// Whether a day has to be opened before something is booked.
    pub(crate) fn wants_opening(&self) -> bool {
        0 < self.events && self.open.is_none()
    }

    /// Where something of this business date is booked (rule T2): on the open day; where none is open, on its own date,
    /// or the first one after the last that was closed.
    pub fn posting_date(&self, date: Date) -> Date {
        match (self.open, self.closed) {
            (Some(open), _) => open,
            (None, Some(closed)) if date <= closed => Date::from_days(closed.days() + 1).unwrap_or(date),
            (None, _) => date,
        }
    }

    /// Folds a fact.
    pub fn evolve(&mut self, event: &DayEvent) {
        match event {
            DayEvent::DayOpened { date } => {
                // What a store sold before it kept days belongs to none.
                if self.events == 0 {
                    self.totals = DayTotals::default();
                }
                self.open = Some(*date);
            }
            DayEvent::DayClosed(closing) => {
                let DayClosing { date, z_number, cumulative_total, .. } = &**closing;
                self.open = None;
                self.totals = DayTotals::default();
                self.closed = Some(*date);
                self.z_number = *z_number;
                self.cumulative_total = *cumulative_total;
            }
        }
        self.events += 1;
    }

    /// Books an event of an order, as the order was before it.
    pub(crate) fn book(&mut self, before: &OrderSlot, event: &OrderEvent) {
        match before {
            // Rule A3, and what a file says was booked elsewhere.
            slot if slot.is_training() => {}
            OrderSlot::Live(order) if order.is_imported => {}
            OrderSlot::Live(order) => self.totals.book(event.effect(), order.is_placed.then(|| order.sale())),
            OrderSlot::Closed(_) => self.totals.book(event.effect(), None),
        }
    }
}

impl DayTotals {
    /// Books what an event of an order means. `sold` is what the order came to before, if it was placed and not closed.
    pub fn book(&mut self, effect: OrderEffect<'_>, sold: Option<Sale>) {
        match (effect, sold) {
            (OrderEffect::Placed(totals), _) => {
                self.orders += 1;
                self.sell(&Sale::of(totals), 1);
            }
            (OrderEffect::Repriced(totals), sold) => {
                self.sell(&sold.unwrap_or_default(), -1);
                self.sell(&Sale::of(totals), 1);
            }
            // The order a merged one went into is repriced in the same commit.
            (OrderEffect::Closed(Closed::Cancelled | Closed::Merged), Some(sold)) => {
                self.orders -= 1;
                self.sell(&sold, -1);
            }
            (OrderEffect::Paid { tender, amount, tip, .. }, _) => {
                match tender {
                    Tender::Cash => add(&mut self.cash, amount.0),
                    Tender::External(_) => add(&mut self.other, amount.0),
                }
                add(&mut self.tips, tip.0);
            }
            (OrderEffect::Unapplied { amount, .. }, _) => add(&mut self.unapplied, amount.0),
            (OrderEffect::Refunded { tender, parts, .. }, _) => {
                self.refunds += 1;
                add(&mut self.refunded, parts.sum().0);
                if tender == Tender::Cash {
                    add(&mut self.refunded_cash, parts.sum().0);
                }
            }
            (OrderEffect::Closed(_) | OrderEffect::Advanced | OrderEffect::None, _) => {}
        }
        debug_assert!(self.adds_up(), "the day's sales are not their parts: {self:?}");
    }

    /// Whether the parts are the sales: they are not any more once one of them is at its bound.
    fn adds_up(&self) -> bool {
        let parts = [self.gross, self.discounts, self.charges, self.tax, self.sales].map(|part| i128::from(part.0));
        let is_bounded = parts.iter().any(|part| *part <= i128::from(i64::MIN) || i128::from(i64::MAX) <= *part);
        let [gross, discounts, charges, tax, sales] = parts;
        is_bounded || gross - discounts + charges + tax == sales
    }

    fn sell(&mut self, sale: &Sale, sign: i64) {
        add(&mut self.gross, sign * sale.gross.0);
        add(&mut self.discounts, sign * sale.discounts.0);
        add(&mut self.charges, sign * sale.charges.0);
        add(&mut self.tax, sign * sale.tax.0);
        add(&mut self.tax_inclusive, sign * sale.tax_inclusive.0);
        add(&mut self.sales, sign * sale.total.0);
    }
}

/// A sum over a day is for people: one that does not fit stays at the most there is.
fn add(sum: &mut Money, amount: i64) {
    sum.0 = sum.0.saturating_add(amount);
}
