//! Business days: what was booked since the last closing, and the Z reports.

use super::tables::{CURRENCIES, DAYS, Z_REPORTS};
use crate::error::{FoldError, QueryError};
use crate::key::Key;
use crate::page::{PageRequest, page_descending};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::Recorded;
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::calendar::Date;
use domain::day;
use domain::event::{DayClosing, DayEvent, DayTax, DayTender, DayTotals, OrderEvent, Pending};
use domain::ids::{StoreId, TenantId};
use domain::money::{Currency, Money};
use domain::order::{Sale, Sold};
use domain::pricing::{TaxRate, TaxTotal};
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::json::{PositionToken, hex};
use schemas::stored::CommitMeta;
use schemas::views::{
    DayTaxView, DayTenderView, DayTotalsView, DaysRow, DaysView, OrderCell, SaleRow, SoldTax, StoreCurrencyRow,
    TerminalGapView, XReport, ZReport,
};

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
        committed: &Committed<'_>,
        (tenant, store): (TenantId, StoreId),
        sale: &SaleRow,
        event: &OrderEvent,
    ) -> Result<Date, FoldError> {
        let effect = event.effect();
        // An imported order was booked elsewhere. What takes place after it was settled is booked: its lines are gone by then.
        let is_foreign = sale.imported && !sale.lines.is_empty();
        if is_foreign || !effect.is_booked(sale.sold.is_some()) {
            return Ok(sale.date.0);
        }
        let row = self.days.edit_or_default(committed, Key::of_store(tenant, store).as_slice())?;
        let mut totals = totals_of(&row.totals);
        let sold =
            sale.sold.as_ref().map(|sold| (sale_of(&sold.order), sold.taxes.iter().map(tax_of).collect::<Vec<_>>()));
        totals.book(effect, sold.as_ref().map(|(sale, taxes)| Sold { sale: *sale, taxes }));
        debug_assert_eq!(
            totals.gross.0 - totals.discounts.0 + totals.charges.0 + totals.tax.0,
            totals.sales.0,
            "a day adds up"
        );
        row.totals = totals_view(&totals);
        // Where a store keeps days, one is open before something is booked.
        Ok(row.open.map_or(sale.date.0, |open| open.0))
    }

    /// Counts what a terminal did beyond the store's bounds.
    pub fn count_beyond(
        &mut self,
        committed: &Committed<'_>,
        (tenant, store): (TenantId, StoreId),
    ) -> Result<(), FoldError> {
        let row = self.days.edit_or_default(committed, Key::of_store(tenant, store).as_slice())?;
        let count = row.totals.beyond_bounds.get_or_insert(0);
        *count += 1;
        Ok(())
    }

    pub fn evolve(
        &mut self,
        committed: &Committed<'_>,
        (tenant, store): (TenantId, StoreId),
        event: &DayEvent,
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let key = Key::of_store(tenant, store);
        let row = self.days.edit_or_default(committed, key.as_slice())?;
        if row.events != recorded.revision {
            return Err(FoldError::Revision { held: row.events.checked_sub(1), revision: recorded.revision });
        }
        let mut days = days_of(row);
        days.evolve(event);
        *row = row_of(&days);
        match event {
            DayEvent::DayOpened { .. } => Ok(()),
            DayEvent::DayClosed(closing) => {
                let report = report(store, closing, recorded)?;
                self.reports.put(committed, key.date(closing.date).as_slice(), Some(report))
            }
        }
    }

    pub fn is_dirty(&self) -> bool {
        self.days.is_dirty()
    }

    pub fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.days.flush(transaction)?;
        self.reports.flush(transaction)
    }
}

/// The days as the domain folds them, so that the read side books what the writer books.
fn days_of(row: &DaysRow) -> day::Days {
    day::Days {
        events: row.events,
        open: row.open.map(|date| date.0),
        totals: totals_of(&row.totals),
        closed: row.last_closed.map(|date| date.0),
        z_number: row.z_number,
        cumulative_total: Money(row.cumulative_total),
    }
}

fn row_of(days: &day::Days) -> DaysRow {
    DaysRow {
        open: days.open.map(Wire),
        totals: totals_view(&days.totals),
        z_number: days.z_number,
        cumulative_total: days.cumulative_total.0,
        last_closed: days.closed.map(Wire),
        events: days.events,
    }
}

fn sale_of(cell: &OrderCell) -> Sale {
    Sale {
        orders: cell.orders,
        gross: Money(cell.gross),
        discounts: Money(cell.discount + cell.comp),
        charges: Money(cell.charges),
        tax: Money(cell.tax_exclusive + cell.charge_tax),
        tax_inclusive: Money(cell.tax_inclusive + cell.charge_tax_inclusive),
        total: Money(cell.total),
    }
}

fn tax_of(sold: &SoldTax) -> TaxTotal {
    // What it was taken on is counted with it; days are by rate and kind.
    let tax = TaxRate { tax: sold.tax.0, rate: sold.rate.0, inclusive: sold.inclusive, compound: false };
    TaxTotal { tax, taxable: Money(sold.cell.taxable), amount: Money(sold.cell.amount) }
}

fn totals_of(view: &DayTotalsView) -> DayTotals {
    DayTotals {
        orders: view.orders,
        gross: Money(view.gross),
        discounts: Money(view.discounts),
        charges: Money(view.charges),
        tax: Money(view.tax),
        tax_inclusive: Money(view.tax_inclusive),
        sales: Money(view.sales),
        cash: Money(view.cash),
        other: Money(view.other),
        tips: Money(view.tips),
        unapplied: Money(view.unapplied),
        refunds: view.refunds,
        refunded: Money(view.refunded),
        refunded_cash: Money(view.refunded_cash),
        bills: view.bills.unwrap_or(0),
        receipts: view.receipts.unwrap_or(0),
        reprints: view.reprints.unwrap_or(0),
        beyond_bounds: view.beyond_bounds.unwrap_or(0),
        taxes: view.taxes.iter().map(day_tax).collect(),
        tenders: view.tenders.iter().map(day_tender).collect(),
    }
}

/// A count that is left out where nothing was counted, as in the event.
fn counted(count: i64) -> Option<i64> {
    (count != 0).then_some(count)
}

fn day_tax(view: &DayTaxView) -> DayTax {
    DayTax {
        rate: view.percent_ppm.map(|rate| rate.0),
        inclusive: view.inclusive,
        taxable: Money(view.taxable),
        amount: Money(view.tax),
        refunded_taxable: Money(view.refunded_taxable),
        refunded: Money(view.refunded_tax),
    }
}

fn day_tax_view(tax: &DayTax) -> DayTaxView {
    DayTaxView {
        percent_ppm: tax.rate.map(Wire),
        inclusive: tax.inclusive,
        taxable: tax.taxable.0,
        tax: tax.amount.0,
        refunded_taxable: tax.refunded_taxable.0,
        refunded_tax: tax.refunded.0,
    }
}

fn day_tender(view: &DayTenderView) -> DayTender {
    DayTender {
        tender: view.tender.map(|tender| tender.0),
        payments: view.payments,
        paid: Money(view.paid),
        tips: Money(view.tips),
        unapplied: Money(view.unapplied),
        refunds: view.refunds,
        refunded: Money(view.refunded),
        refunded_tips: Money(view.refunded_tips),
        refunded_unapplied: Money(view.refunded_unapplied),
    }
}

fn day_tender_view(tender: &DayTender) -> DayTenderView {
    DayTenderView {
        tender: tender.tender.map(Wire),
        payments: tender.payments,
        paid: tender.paid.0,
        tips: tender.tips.0,
        unapplied: tender.unapplied.0,
        refunds: tender.refunds,
        refunded: tender.refunded.0,
        refunded_tips: tender.refunded_tips.0,
        refunded_unapplied: tender.refunded_unapplied.0,
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
        bills: counted(totals.bills),
        receipts: counted(totals.receipts),
        reprints: counted(totals.reprints),
        beyond_bounds: counted(totals.beyond_bounds),
        taxes: totals.taxes.iter().map(day_tax_view).collect(),
        tenders: totals.tenders.iter().map(day_tender_view).collect(),
    }
}

fn report(store: StoreId, closing: &DayClosing, recorded: &Recorded<'_>) -> Result<ZReport, FoldError> {
    let Pending { orders_count, due, orders, payments_count, payments, shifts, gaps_count, gaps } = &closing.pending;
    Ok(ZReport {
        store: Wire(store),
        business_date: Wire(closing.date),
        z_number: closing.z_number,
        totals: totals_view(&closing.totals),
        cumulative_total: closing.cumulative_total.0,
        open_orders_count: *orders_count,
        open_orders_due: due.0,
        open_orders: orders.iter().copied().map(Wire).collect(),
        payments_in_flight_count: *payments_count,
        payments_in_flight: payments.iter().copied().map(Wire).collect(),
        open_shifts: shifts.iter().copied().map(Wire).collect(),
        gaps_count: *gaps_count,
        gaps: gaps
            .iter()
            .map(|gap| TerminalGapView { terminal_id: Wire(gap.terminal), first: gap.first.0, last: gap.last.0 })
            .collect(),
        last_hash_position: closing.chain.map(|head| PositionToken::new(head.position)),
        last_hash: closing.chain.map(|head| hex(&head.hash)),
        closed_at: Wire(recorded.recorded_at),
        closed_by: Wire(CommitMeta::decode(recorded.meta)?.actor),
    })
}

impl Projections {
    /// What was booked in a store on the open day; `None` for another date, and for one that is closed.
    pub fn x_report(
        &self,
        tenant: TenantId,
        store: StoreId,
        date: Date,
    ) -> Result<Answer<Option<XReport>>, QueryError> {
        self.read(Projection::Sales, |view| {
            let row = view.get::<DaysRow>(DAYS, &Key::of_store(tenant, store))?.unwrap_or_default();
            let is_open = match row.open {
                Some(open) => open.0 == date,
                None => row.last_closed.is_none_or(|closed| closed.0 < date),
            };
            let value = is_open.then(|| XReport {
                store: Wire(store),
                business_date: Wire(date),
                opened: row.open.is_some(),
                totals: row.totals,
                next_z_number: row.z_number + 1,
                cumulative_total: row.cumulative_total,
                last_closed: row.last_closed,
            });
            Ok(view.answer(value))
        })
    }

    /// The currency a store sells in; `None` before it has sold anything.
    pub fn store_currency(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<Currency>>, QueryError> {
        self.read(Projection::Sales, |view| {
            let row = view.get::<StoreCurrencyRow>(CURRENCIES, &Key::of_store(tenant, store))?;
            Ok(view.answer(row.map(|row| row.currency.0)))
        })
    }

    /// The Z report of a business date; `None` where it was not closed.
    pub fn z_report(
        &self,
        tenant: TenantId,
        store: StoreId,
        date: Date,
    ) -> Result<Answer<Option<ZReport>>, QueryError> {
        self.read(Projection::Sales, |view| {
            let value = view.get::<ZReport>(Z_REPORTS, &Key::of_store(tenant, store).date(date))?;
            Ok(view.answer(value))
        })
    }

    /// A store's business days: where they stand, and its Z reports, the latest first.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn days(&self, tenant: TenantId, store: StoreId, page: &PageRequest) -> Result<Answer<DaysView>, QueryError> {
        self.read(Projection::Sales, |view| {
            let list = Key::of_store(tenant, store);
            let row = view.get::<DaysRow>(DAYS, &list)?.unwrap_or_default();
            let closed = page_descending::<ZReport, ZReport>(&view.table(Z_REPORTS)?, &list, &list, page, |_, row| {
                Ok(Some(row))
            })?;
            let value = DaysView {
                store: Wire(store),
                open: row.open,
                last_closed: row.last_closed,
                cumulative_total: row.cumulative_total,
                closed: closed.entries,
                cursor: closed.next,
            };
            Ok(view.answer(value))
        })
    }
}
