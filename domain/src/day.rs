//! Business days: which one is open, and what was booked on it.

use crate::calendar::Date;
use crate::event::{DayClosing, DayEvent, DayTotals, OrderEvent, Tender};
use crate::ids::Revision;
use crate::money::Money;
use crate::order::{OrderSlot, Sale};

/// The days of a store. A store keeps days from the first one that is opened or closed on; then a day opens by itself with
/// the first thing that is booked after a closing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// How many events the stream has.
    pub events: u64,
    /// The day that is open.
    pub open: Option<Date>,
    /// What was booked since the last closing, or since the first opening.
    pub totals: DayTotals,
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

    /// Books a fact about an order, as the order was before it.
    pub(crate) fn book(&mut self, before: &OrderSlot, event: &OrderEvent) {
        let (sale, is_placed) = match before {
            slot if slot.is_training() => return,
            OrderSlot::Live(order) if order.is_imported => return,
            OrderSlot::Live(order) => (order.sale(), order.is_placed),
            OrderSlot::Closed(_) => (Sale::default(), false),
        };
        let totals = &mut self.totals;
        match event {
            OrderEvent::OrderPlaced { totals: placed, .. } => {
                totals.orders += 1;
                totals.sell(&Sale::of(placed), 1);
            }
            OrderEvent::OrderRepriced { totals: now } => {
                totals.sell(&sale, -1);
                totals.sell(&Sale::of(now), 1);
            }
            OrderEvent::OrderCancelled { .. } if is_placed => {
                totals.orders -= 1;
                totals.sell(&sale, -1);
            }
            // The other order is repriced in the same commit.
            OrderEvent::OrderMergedInto { .. } if is_placed => {
                totals.orders -= 1;
                totals.sell(&sale, -1);
            }
            OrderEvent::PaymentApplied { tender, amount, tip, .. } => {
                match tender {
                    Tender::Cash => add(&mut totals.cash, amount.0),
                    Tender::External(_) => add(&mut totals.other, amount.0),
                }
                add(&mut totals.tips, tip.0);
            }
            OrderEvent::PaymentNotApplicable { unapplied, .. } => add(&mut totals.unapplied, unapplied.0),
            OrderEvent::RefundRecorded { tender, parts, .. } => {
                totals.refunds += 1;
                add(&mut totals.refunded, parts.sum().0);
                if *tender == Tender::Cash {
                    add(&mut totals.refunded_cash, parts.sum().0);
                }
            }
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::LinesHeld { .. }
            | OrderEvent::LinesFired { .. }
            | OrderEvent::LinesServed { .. }
            | OrderEvent::LineVoided { .. }
            | OrderEvent::LinesComped { .. }
            | OrderEvent::OrderMovedToTable { .. }
            | OrderEvent::ServerAssigned { .. }
            | OrderEvent::CheckSplit { .. }
            | OrderEvent::CheckPaid { .. }
            | OrderEvent::LinesReceivedByMerge(_)
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::OrderCancelled { .. }
            | OrderEvent::OrderMergedInto { .. }
            | OrderEvent::TotalMismatchRecorded { .. }
            | OrderEvent::OrderCompleted { .. } => {}
        }
    }
}

impl DayTotals {
    fn sell(&mut self, sale: &Sale, sign: i64) {
        add(&mut self.gross, sign * sale.gross.0);
        add(&mut self.discounts, sign * sale.discounts.0);
        add(&mut self.charges, sign * sale.charges.0);
        add(&mut self.tax, sign * sale.tax.0);
        add(&mut self.tax_inclusive, sign * sale.tax_inclusive.0);
        add(&mut self.sales, sign * sale.total.0);
    }
}

/// Whether a fact is booked on a day: then one has to be open. `before` is the order as it was, if it was there.
pub(crate) fn is_booked(before: Option<&OrderSlot>, event: &OrderEvent) -> bool {
    match event {
        // An order that was not placed is no sale, so nothing ends with it.
        OrderEvent::OrderCancelled { .. } | OrderEvent::OrderMergedInto { .. } => {
            matches!(before, Some(OrderSlot::Live(order)) if order.is_placed)
        }
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderRepriced { .. }
        | OrderEvent::PaymentApplied { .. }
        | OrderEvent::PaymentNotApplicable { .. }
        | OrderEvent::RefundRecorded { .. } => true,
        OrderEvent::OrderOpened(_)
        | OrderEvent::LineAdded(_)
        | OrderEvent::LineQtyChanged { .. }
        | OrderEvent::LineRemoved { .. }
        | OrderEvent::LinesHeld { .. }
        | OrderEvent::LinesFired { .. }
        | OrderEvent::LinesServed { .. }
        | OrderEvent::LineVoided { .. }
        | OrderEvent::LinesComped { .. }
        | OrderEvent::OrderMovedToTable { .. }
        | OrderEvent::ServerAssigned { .. }
        | OrderEvent::CheckSplit { .. }
        | OrderEvent::CheckPaid { .. }
        | OrderEvent::LinesReceivedByMerge(_)
        | OrderEvent::DiscountApplied(_)
        | OrderEvent::DiscountRemoved { .. }
        | OrderEvent::ServiceChargeApplied(_)
        | OrderEvent::ServiceChargeRemoved { .. }
        | OrderEvent::TotalMismatchRecorded { .. }
        | OrderEvent::OrderCompleted { .. } => false,
    }
}

/// A sum over a day is for people: one that does not fit stays at the most there is.
fn add(sum: &mut Money, amount: i64) {
    sum.0 = sum.0.saturating_add(amount);
}
