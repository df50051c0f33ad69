//! Business days: what was booked since the last closing, and the Z reports.

use super::cells;
use crate::Answer;
use crate::fault::{Fault, QueryError};
use crate::key::Key;
use crate::model::Recorded;
use crate::page::{PageRequest, page_back};
use crate::rows::{Before, Rows, View};
use domain::calendar::Date;
use domain::event::{DayClosing, DayEvent, DayTotals, OrderEvent, Pending, Tender};
use domain::ids::{StoreId, TenantId};
use redb::WriteTransaction;
use schemas::json::{PositionToken, hex};
use schemas::stored::CommitMeta;
use schemas::views::{DayTotalsView, DaysRow, DaysView, OrderCell, SaleRow, Shown, TerminalGapView, XReport, ZReport};

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

    /// Books a fact about an order, as the order was before it. Answers where: on the open day, or where none is open on
    /// the order's own date.
    pub fn book(
        &mut self,
        before: &Before<'_>,
        (tenant, store): (TenantId, StoreId),
        sale: &SaleRow,
        event: &OrderEvent,
    ) -> Result<Date, Fault> {
        // What takes place after an order was settled is booked whatever it was; its lines are gone by then.
        if sale.imported && !sale.lines.is_empty() {
            return Ok(sale.date.0);
        }
        let sold = sale.sold.as_ref().map(|sold| &sold.order);
        let mut more = DayTotalsView::default();
        match event {
            OrderEvent::OrderPlaced { totals, .. } => {
                more.orders = 1;
                sell(&mut more, &cells::order_cell(&[], totals, 0), 1);
            }
            OrderEvent::OrderRepriced { totals } => {
                sold.iter().for_each(|sold| sell(&mut more, sold, -1));
                sell(&mut more, &cells::order_cell(&[], totals, 0), 1);
            }
            // The order a merged one went into is repriced in the same commit.
            OrderEvent::OrderCancelled { .. } | OrderEvent::OrderMergedInto { .. } => {
                let Some(sold) = sold else { return Ok(sale.date.0) };
                more.orders = -1;
                sell(&mut more, sold, -1);
            }
            OrderEvent::PaymentApplied { tender, amount, tip, .. } => {
                match tender {
                    Tender::Cash => more.cash = amount.0,
                    Tender::External(_) => more.other = amount.0,
                }
                more.tips = tip.0;
            }
            OrderEvent::PaymentNotApplicable { unapplied, .. } => more.unapplied = unapplied.0,
            OrderEvent::RefundRecorded { tender, parts, .. } => {
                (more.refunds, more.refunded) = (1, parts.sum().0);
                if *tender == Tender::Cash {
                    more.refunded_cash = parts.sum().0;
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
            | OrderEvent::TotalMismatchRecorded { .. }
            | OrderEvent::OrderCompleted { .. } => return Ok(sale.date.0),
        }
        let key = Key::of_store(tenant, store);
        let row = self.days.edit_or_default(before, key.as_slice())?;
        add(&mut row.totals, &more);
        Ok(row.open.map_or(sale.date.0, |open| open.0))
    }

    pub fn evolve(
        &mut self,
        before: &Before<'_>,
        (tenant, store): (TenantId, StoreId),
        event: &DayEvent,
        recorded: &Recorded<'_>,
    ) -> Result<(), Fault> {
        let key = Key::of_store(tenant, store);
        let row = self.days.edit_or_default(before, key.as_slice())?;
        if row.events != recorded.revision {
            return Err(Fault::Revision { held: row.events.checked_sub(1), revision: recorded.revision });
        }
        let events = row.events + 1;
        match event {
            DayEvent::DayOpened { date } => {
                // What a store sold before it kept days belongs to none.
                if recorded.revision == 0 {
                    row.totals = DayTotalsView::default();
                }
                (row.open, row.events) = (Some(Shown(*date)), events);
                Ok(())
            }
            DayEvent::DayClosed(closing) => {
                *row = DaysRow {
                    open: None,
                    totals: DayTotalsView::default(),
                    z_number: closing.z_number,
                    cumulative_total: closing.cumulative_total.0,
                    last_closed: Some(Shown(closing.date)),
                    events,
                };
                let report = report(store, closing, recorded)?;
                self.reports.put(before, key.date(closing.date).as_slice(), Some(report))
            }
        }
    }

    pub fn is_touched(&self) -> bool {
        self.days.is_touched()
    }

    pub fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        self.days.flush(transaction)?;
        self.reports.flush(transaction)
    }
}

fn sell(to: &mut DayTotalsView, cell: &OrderCell, sign: i64) {
    to.gross += sign * cell.gross;
    to.discounts += sign * (cell.discount + cell.comp);
    to.charges += sign * cell.charges;
    to.tax += sign * (cell.tax_exclusive + cell.charge_tax);
    to.tax_inclusive += sign * (cell.tax_inclusive + cell.charge_tax_inclusive);
    to.sales += sign * cell.total;
}

fn add(to: &mut DayTotalsView, more: &DayTotalsView) {
    to.orders += more.orders;
    to.refunds += more.refunds;
    let sums = [
        (&mut to.gross, more.gross),
        (&mut to.discounts, more.discounts),
        (&mut to.charges, more.charges),
        (&mut to.tax, more.tax),
        (&mut to.tax_inclusive, more.tax_inclusive),
        (&mut to.sales, more.sales),
        (&mut to.cash, more.cash),
        (&mut to.other, more.other),
        (&mut to.tips, more.tips),
        (&mut to.unapplied, more.unapplied),
        (&mut to.refunded, more.refunded),
        (&mut to.refunded_cash, more.refunded_cash),
    ];
    for (sum, amount) in sums {
        *sum = sum.saturating_add(amount);
    }
}

fn totals_view(totals: &DayTotals) -> DayTotalsView {
    DayTotalsView {
        orders: totals.orders,
        gross: totals.gross.0,
        discounts: totals.discounts.0,
        charges: totals.charges.0,
        tax: totals.tax.0,
        tax_inclusive: totals.tax_inclusive.0,
        sales: totals.sales.0,
        cash: totals.cash.0,
        other: totals.other.0,
        tips: totals.tips.0,
        unapplied: totals.unapplied.0,
        refunds: totals.refunds,
        refunded: totals.refunded.0,
        refunded_cash: totals.refunded_cash.0,
    }
}

fn report(store: StoreId, closing: &DayClosing, recorded: &Recorded<'_>) -> Result<ZReport, Fault> {
    let Pending { orders_count, due, orders, payments_count, payments, shifts, gaps_count, gaps } = &closing.pending;
    Ok(ZReport {
        store: Shown(store),
        business_date: Shown(closing.date),
        z_number: closing.z_number,
        totals: totals_view(&closing.totals),
        cumulative_total: closing.cumulative_total.0,
        open_orders_count: *orders_count,
        open_orders_due: due.0,
        open_orders: orders.iter().copied().map(Shown).collect(),
        payments_in_flight_count: *payments_count,
        payments_in_flight: payments.iter().copied().map(Shown).collect(),
        open_shifts: shifts.iter().copied().map(Shown).collect(),
        gaps_count: *gaps_count,
        gaps: gaps
            .iter()
            .map(|gap| TerminalGapView { terminal_id: Shown(gap.terminal), first: gap.first.0, last: gap.last.0 })
            .collect(),
        last_hash_position: closing.chain.map(|head| PositionToken::new(head.position)),
        last_hash: closing.chain.map(|head| hex(&head.hash)),
        closed_at: Shown(recorded.recorded_at),
        closed_by: Shown(CommitMeta::decode(recorded.meta)?.actor),
    })
}

/// What was booked on the open day; `None` for another date, and for one that is closed.
pub(crate) fn x_report(
    view: &View,
    tenant: TenantId,
    store: StoreId,
    date: Date,
) -> Result<Answer<Option<XReport>>, QueryError> {
    let row = view.get::<DaysRow>(DAYS, &Key::of_store(tenant, store))?.unwrap_or_default();
    let is_open = match row.open {
        Some(open) => open.0 == date,
        None => row.last_closed.is_none_or(|closed| closed.0 < date),
    };
    let value = is_open.then(|| XReport {
        store: Shown(store),
        business_date: Shown(date),
        opened: row.open.is_some(),
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

/// Where a store's days stand, and its Z reports, the latest first.
pub(crate) fn days(
    view: &View,
    tenant: TenantId,
    store: StoreId,
    page: &PageRequest,
) -> Result<Answer<DaysView>, QueryError> {
    let list = Key::of_store(tenant, store);
    let row = view.get::<DaysRow>(DAYS, &list)?.unwrap_or_default();
    let closed = page_back::<ZReport, ZReport>(&view.table(Z_REPORTS)?, &list, &list, page, |_, row| Ok(Some(row)))?;
    let value = DaysView {
        store: Shown(store),
        open: row.open,
        last_closed: row.last_closed,
        cumulative_total: row.cumulative_total,
        closed: closed.entries,
        cursor: closed.next,
    };
    Ok(Answer { value, position: view.position })
}
