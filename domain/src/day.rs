//! Business days: which one is open, and what was booked on it.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Date;
use crate::event::{
    Closed, DayClosing, DayEvent, DayTax, DayTender, DayTotals, Document, OrderEffect, OrderEvent, Tender,
};
use crate::ids::{Revision, TenderId};
use crate::money::{Money, Ppm};
use crate::order::{OrderSlot, Sale, Sold};
use crate::pricing::TaxTotal;

/// The days of a store. A store keeps days from the first one that is opened or closed on; then a day opens by itself with
/// the first thing that is booked after a closing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// How many events the stream has.
    pub events: u64,
    pub open: Option<Date>,
    /// What was booked since the last closing.
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
            DayEvent::DayOpened { date, carried } => {
                // What a store sold before it kept days counts for the first; where the fact does not say so, for none.
                if self.events == 0 {
                    self.totals = carried.as_deref().cloned().unwrap_or_default();
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
            OrderSlot::Live(order) => self.totals.book(event.effect(), order.is_placed.then(|| order.sold())),
            OrderSlot::Closed(_) => self.totals.book(event.effect(), None),
        }
    }
}

impl DayTotals {
    /// Books what an event of an order means. `sold` is what the order came to before, if it was placed and not closed.
    pub fn book(&mut self, effect: OrderEffect<'_>, sold: Option<Sold<'_>>) {
        match (effect, sold) {
            (OrderEffect::Placed(totals), _) => self.sell(Sold::of(totals), 1),
            (OrderEffect::Repriced { totals, void }, Some(sold)) => {
                self.sell(sold, -1);
                let sale = Sale { orders: i64::from(!void), ..Sale::of(totals) };
                self.sell(Sold { sale, taxes: &totals.taxes }, 1);
            }
            // The order a merged one went into is repriced in the same commit.
            (OrderEffect::Closed(Closed::Cancelled | Closed::Merged), Some(sold)) => self.sell(sold, -1),
            (OrderEffect::Paid { tender, amount, tip, .. }, _) => {
                match tender {
                    Tender::Cash => add(&mut self.cash, amount.0),
                    Tender::External(_) => add(&mut self.other, amount.0),
                }
                add(&mut self.tips, tip.0);
                self.pay(tender, |row| {
                    row.payments += 1;
                    add(&mut row.paid, amount.0);
                    add(&mut row.tips, tip.0);
                });
            }
            (OrderEffect::Unapplied { tender, amount, .. }, _) => {
                add(&mut self.unapplied, amount.0);
                self.pay(tender, |row| add(&mut row.unapplied, amount.0));
            }
            (OrderEffect::Refunded { tender, parts, taxes, .. }, _) => {
                self.refunds += 1;
                add(&mut self.refunded, parts.sum().0);
                if tender == Tender::Cash {
                    add(&mut self.refunded_cash, parts.sum().0);
                }
                self.pay(tender, |row| {
                    row.refunds += 1;
                    add(&mut row.refunded, parts.applied.0);
                    add(&mut row.refunded_tips, parts.tip.0);
                    add(&mut row.refunded_unapplied, parts.unapplied.0);
                });
                for total in taxes {
                    self.tax(total, |row| {
                        add(&mut row.refunded_taxable, total.taxable.0);
                        add(&mut row.refunded, total.amount.0);
                    });
                }
            }
            (OrderEffect::Printed { document, copy }, _) => match (document, copy) {
                (Document::Bill, 1) => self.bills += 1,
                (Document::Receipt, 1) => self.receipts += 1,
                (Document::Bill | Document::Receipt, _) => self.reprints += 1,
            },
            (OrderEffect::Repriced { .. } | OrderEffect::Closed(_) | OrderEffect::Advanced | OrderEffect::None, _) => {}
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

    fn sell(&mut self, Sold { sale, taxes }: Sold<'_>, sign: i64) {
        for total in taxes {
            self.tax(total, |row| {
                add(&mut row.taxable, sign * total.taxable.0);
                add(&mut row.amount, sign * total.amount.0);
            });
        }
        self.orders += sign * sale.orders;
        add(&mut self.gross, sign * sale.gross.0);
        add(&mut self.discounts, sign * sale.discounts.0);
        add(&mut self.charges, sign * sale.charges.0);
        add(&mut self.tax, sign * sale.tax.0);
        add(&mut self.tax_inclusive, sign * sale.tax_inclusive.0);
        add(&mut self.sales, sign * sale.total.0);
    }

    /// Changes what is booked at the rate of a tax: a rate counts once, whatever its taxes are called.
    fn tax(&mut self, total: &TaxTotal, change: impl FnOnce(&mut DayTax)) {
        let of = |rate: Option<Ppm>| DayTax { rate, inclusive: total.tax.inclusive, ..DayTax::default() };
        // What there is no room for stands behind all that has a rate.
        let key = |row: &DayTax| (row.rate.is_none(), row.rate, row.inclusive);
        edit(&mut self.taxes, of(Some(total.tax.rate)), of(None), key, change);
    }

    /// Changes what is booked in a tender.
    fn pay(&mut self, tender: Tender, change: impl FnOnce(&mut DayTender)) {
        let of = |tender: Option<TenderId>| DayTender { tender, ..DayTender::default() };
        let key = |row: &DayTender| (row.tender.is_none(), row.tender);
        edit(&mut self.tenders, of(Some(tender.id())), of(None), key, change);
    }
}

/// Changes the row that has the key of `empty`, or where there is no room for one more, that of `rest`. A row in which
/// nothing is left goes.
fn edit<R: Copy + PartialEq, K: Ord>(
    rows: &mut Vec<R>,
    empty: R,
    rest: R,
    key: impl Fn(&R) -> K,
    change: impl FnOnce(&mut R),
) {
    let find = |rows: &[R], row: &R| rows.binary_search_by_key(&key(row), &key);
    let (found, empty) = match find(rows, &empty) {
        Err(_) if DayTotals::ROWS_MAX <= rows.len() => (find(rows, &rest), rest),
        found => (found, empty),
    };
    let index = found.unwrap_or_else(|index| {
        rows.insert(index, empty);
        index
    });
    change(&mut rows[index]);
    if rows[index] == empty {
        rows.remove(index);
    }
}

/// A sum over a day is for people: one that does not fit stays at the most there is.
fn add(sum: &mut Money, amount: i64) {
    sum.0 = sum.0.saturating_add(amount);
}
