//! Business days: what was booked since the last closing.

use crate::calendar::Date;
use crate::event::{DayClosing, DayEvent, DayTotals, OrderEvent, Tender};
use crate::ids::Revision;
use crate::money::Money;
use crate::order::OrderSlot;

/// The days of a store. A day opens by itself with the first thing booked after the last closing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    events: u64,
    /// What was booked since the last closing.
    pub open: DayTotals,
    /// The last day that was closed.
    pub closed: Option<Date>,
    /// How many were closed.
    pub z_number: u32,
    /// The sales of all closed days.
    pub cumulative_total: Money,
}

impl Days {
    /// The revision of the stream, `None` before its first event.
    pub fn revision(&self) -> Option<Revision> {
        self.events.checked_sub(1).map(Revision)
    }

    /// Where something of this business date is booked (rule T2): on it if it is open, else on the day after the last
    /// that was closed.
    pub fn posting_date(&self, date: Date) -> Date {
        match self.closed {
            Some(closed) if date <= closed => Date::from_days(closed.days() + 1).unwrap_or(date),
            Some(_) | None => date,
        }
    }

    /// Folds a fact.
    pub fn evolve(&mut self, event: &DayEvent) {
        let DayEvent::DayClosed(DayClosing { date, z_number, cumulative_total, .. }) = event;
        self.events += 1;
        self.open = DayTotals::default();
        self.closed = Some(*date);
        self.z_number = *z_number;
        self.cumulative_total = *cumulative_total;
    }

    /// Books a fact about an order, as the order was before it.
    pub(crate) fn book(&mut self, before: &OrderSlot, event: &OrderEvent) {
        let (placed_total, is_placed) = match before {
            OrderSlot::Live(order) if order.is_imported => return,
            OrderSlot::Live(order) => (order.total, order.is_placed),
            OrderSlot::Closed(_) => (Money::ZERO, false),
        };
        let open = &mut self.open;
        match event {
            OrderEvent::OrderPlaced { totals, .. } => {
                open.orders += 1;
                add(&mut open.sales, totals.total.0);
            }
            OrderEvent::OrderRepriced { totals } => add(&mut open.sales, totals.total.0 - placed_total.0),
            OrderEvent::OrderCancelled { .. } if is_placed => {
                open.orders -= 1;
                add(&mut open.sales, -placed_total.0);
            }
            OrderEvent::PaymentApplied { tender, amount, tip, .. } => {
                match tender {
                    Tender::Cash => add(&mut open.cash, amount.0),
                    Tender::External(_) => add(&mut open.other, amount.0),
                }
                add(&mut open.tips, tip.0);
            }
            OrderEvent::PaymentNotApplicable { unapplied, .. } => add(&mut open.unapplied, unapplied.0),
            OrderEvent::RefundRecorded { parts, .. } => {
                open.refunds += 1;
                add(&mut open.refunded, parts.sum().0);
            }
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::OrderCancelled { .. }
            | OrderEvent::OrderCompleted { .. } => {}
        }
    }
}

/// A sum over a day is for people: one that does not fit stays at the most there is.
fn add(sum: &mut Money, amount: i64) {
    sum.0 = sum.0.saturating_add(amount);
}
