//! Business days: what was booked since the last closing, and the Z reports.

use crate::Answer;
use crate::fault::{Fault, QueryError};
use crate::key::Key;
use crate::model::Recorded;
use crate::rows::{Before, Rows, View};
use domain::calendar::Date;
use domain::event::{DayClosing, DayEvent, DayTotals, OrderEvent, Tender};
use domain::ids::{StoreId, TenantId};
use redb::WriteTransaction;
use schemas::stored::CommitMeta;
use schemas::views::{DayTotalsView, DaysRow, SaleRow, Shown, XReport, ZReport};

/// (tenant, store) to where its days stand.
pub(super) const DAYS: &str = "days";
/// (tenant, store, business date) to its Z report.
pub(super) const Z_REPORTS: &str = "z_reports";

/// The days of all stores.
pub(super) struct Days {
    days: Rows<DaysRow>,
    reports: Rows<ZReport>,
}

impl Days {
    pub fn new() -> Days {
        Days { days: Rows::new(DAYS, 4_096), reports: Rows::new(Z_REPORTS, 64) }
    }

    /// Books a fact about an order, as the order was before it.
    pub fn book(
        &mut self,
        before: &Before<'_>,
        (tenant, store): (TenantId, StoreId),
        sale: &SaleRow,
        event: &OrderEvent,
    ) -> Result<(), Fault> {
        // What takes place after an order was settled is booked whatever it was; its lines are gone by then.
        if sale.imported && !sale.lines.is_empty() {
            return Ok(());
        }
        let placed_total = sale.sold.as_ref().map(|sold| sold.order.total);
        let mut more = DayTotalsView::default();
        match event {
            OrderEvent::OrderPlaced { totals, .. } => (more.orders, more.sales) = (1, totals.total.0),
            OrderEvent::OrderRepriced { totals } => more.sales = totals.total.0 - placed_total.unwrap_or(0),
            OrderEvent::OrderCancelled { .. } => match placed_total {
                Some(total) => (more.orders, more.sales) = (-1, -total),
                None => return Ok(()),
            },
            OrderEvent::PaymentApplied { tender, amount, tip, .. } => {
                match tender {
                    Tender::Cash => more.cash = amount.0,
                    Tender::External(_) => more.other = amount.0,
                }
                more.tips = tip.0;
            }
            OrderEvent::PaymentNotApplicable { unapplied, .. } => more.unapplied = unapplied.0,
            OrderEvent::RefundRecorded { parts, .. } => (more.refunds, more.refunded) = (1, parts.sum().0),
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::OrderCompleted { .. } => return Ok(()),
        }
        let key = Key::of_store(tenant, store);
        add(&mut self.days.edit_or_default(before, key.as_slice())?.totals, &more);
        Ok(())
    }

    pub fn close(
        &mut self,
        before: &Before<'_>,
        (tenant, store): (TenantId, StoreId),
        DayEvent::DayClosed(closing): &DayEvent,
        recorded: &Recorded<'_>,
    ) -> Result<(), Fault> {
        let key = Key::of_store(tenant, store);
        let row = self.days.edit_or_default(before, key.as_slice())?;
        if row.events != recorded.revision {
            return Err(Fault::Revision { held: row.events.checked_sub(1), revision: recorded.revision });
        }
        *row = DaysRow {
            totals: DayTotalsView::default(),
            z_number: closing.z_number,
            cumulative_total: closing.cumulative_total.0,
            last_closed: Some(Shown(closing.date)),
            events: row.events + 1,
        };
        let report = report(store, closing, recorded)?;
        self.reports.put(before, key.date(closing.date).as_slice(), Some(report))
    }

    pub fn is_touched(&self) -> bool {
        self.days.is_touched()
    }

    pub fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        self.days.flush(transaction)?;
        self.reports.flush(transaction)
    }
}

fn add(to: &mut DayTotalsView, more: &DayTotalsView) {
    to.orders += more.orders;
    to.sales = to.sales.saturating_add(more.sales);
    to.cash = to.cash.saturating_add(more.cash);
    to.other = to.other.saturating_add(more.other);
    to.tips = to.tips.saturating_add(more.tips);
    to.unapplied = to.unapplied.saturating_add(more.unapplied);
    to.refunds += more.refunds;
    to.refunded = to.refunded.saturating_add(more.refunded);
}

fn totals_view(totals: &DayTotals) -> DayTotalsView {
    DayTotalsView {
        orders: totals.orders,
        sales: totals.sales.0,
        cash: totals.cash.0,
        other: totals.other.0,
        tips: totals.tips.0,
        unapplied: totals.unapplied.0,
        refunds: totals.refunds,
        refunded: totals.refunded.0,
    }
}

fn report(store: StoreId, closing: &DayClosing, recorded: &Recorded<'_>) -> Result<ZReport, Fault> {
    Ok(ZReport {
        store: Shown(store),
        business_date: Shown(closing.date),
        z_number: closing.z_number,
        totals: totals_view(&closing.totals),
        cumulative_total: closing.cumulative_total.0,
        open_orders: closing.open_orders.iter().copied().map(Shown).collect(),
        payments_in_flight: closing.payments_in_flight.iter().copied().map(Shown).collect(),
        closed_at: Shown(recorded.recorded_at),
        closed_by: Shown(CommitMeta::decode(recorded.meta)?.actor),
    })
}

/// What was booked since the last closing; `None` for a date that lies before it.
pub(crate) fn x_report(
    view: &View,
    tenant: TenantId,
    store: StoreId,
    date: Date,
) -> Result<Answer<Option<XReport>>, QueryError> {
    let row = view.get::<DaysRow>(DAYS, &Key::of_store(tenant, store))?.unwrap_or_default();
    let is_open = row.last_closed.is_none_or(|closed| closed.0 < date);
    let value = is_open.then(|| XReport {
        store: Shown(store),
        business_date: Shown(date),
        totals: row.totals,
        next_z_number: row.z_number + 1,
        cumulative_total: row.cumulative_total,
        last_closed: row.last_closed,
    });
    Ok(Answer { value, position: view.position })
}

/// The Z report of a date; `None` where none was closed.
pub(crate) fn z_report(
    view: &View,
    tenant: TenantId,
    store: StoreId,
    date: Date,
) -> Result<Answer<Option<ZReport>>, QueryError> {
    let value = view.get::<ZReport>(Z_REPORTS, &Key::of_store(tenant, store).date(date))?;
    Ok(Answer { value, position: view.position })
}
