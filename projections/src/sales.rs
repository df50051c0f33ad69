//! Sales: a sale counts from the moment its order is placed, changes with it, and is taken back when it is cancelled.
//!
//! The cubes hold the same sales from different sides: whole orders by hour and channel, lines by item, taxes and tenders
//! by date. A tender has no item, because one payment pays for many.
//!
//! They count by business date, when it was sold. Where something is booked on another date, a second set of cubes takes
//! it off the one and puts it on the other: both sets together are the sales by posting date, and come to the same in
//! all.

mod cells;
mod days;
mod query;
mod tables;

pub use query::{SalesBy, SalesDate, SalesQuery};

use crate::error::FoldError;
use crate::key::Key;
use crate::projector::{Projector, Recorded, follows, starts};
use crate::rows::{Committed, Rows};
use domain::calendar::Date;
use domain::event::{
    Channel, Closed, Event, Opening, OrderEffect, OrderEvent, ReceivedDiscount, Tender, TerminalEvent,
};
use domain::ids::{DiscountId, OrderId, StoreId, TenantId};
use domain::pricing::{TaxRate, Totals};
use domain::stream::Stream;
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::stored::{tag, type_name};
use schemas::views::{
    DaysRow, ItemCell, OrderCell, Row, SaleRow, SoldDiscount, SoldRow, StoreCurrencyRow, TaxCell, TenderCell, ZReport,
};
use std::time::Duration;
use tables::{CURRENCIES, DAYS, MOVED, SALES, SOLD, Tables, Z_REPORTS};

/// Folds `order-` and `day-` streams.
pub(crate) struct SalesProjector {
    sales: Rows<SaleRow>,
    currencies: Rows<StoreCurrencyRow>,
    books: Books,
    days: days::Days,
}

/// What is counted, by both dates.
struct Books {
    sold: Cubes,
    moved: Cubes,
}

struct Cubes {
    by_order: Rows<OrderCell>,
    by_item: Rows<ItemCell>,
    by_tax: Rows<TaxCell>,
    by_tender: Rows<TenderCell>,
}

impl SalesProjector {
    pub fn new() -> SalesProjector {
        SalesProjector {
            sales: Rows::new(SALES, 16_384),
            currencies: Rows::new(CURRENCIES, 4_096),
            days: days::Days::new(),
            books: Books { sold: Cubes::new(&SOLD, 16_384), moved: Cubes::new(&MOVED, 1_024) },
        }
    }

    fn open(
        &mut self,
        committed: &Committed<'_>,
        (tenant, store, order): (TenantId, StoreId, OrderId),
        opening: &Opening,
    ) -> Result<(), FoldError> {
        let of_store = Key::of_store(tenant, store);
        if self.currencies.get(committed, of_store.as_slice())?.is_none() {
            let row = StoreCurrencyRow { currency: Wire(opening.currency) };
            self.currencies.put(committed, of_store.as_slice(), Some(row))?;
        }
        let row = SaleRow {
            date: Wire(opening.business_date),
            // An hour is below 24.
            hour: opening.opened_local.hour() as u8,
            channel: Wire(opening.channel),
            imported: opening.imported,
            revision: 0,
            lines: vec![],
            discounts: vec![],
            sold: None,
        };
        self.sales.put_new(of_store.text(order.as_str()).into_boxed(), row);
        Ok(())
    }
}

impl Books {
    /// Adds what an order counts for, or takes it back, at its business date and where it is posted.
    fn add(
        &mut self,
        committed: &Committed<'_>,
        at: &Dimensions,
        posted: Date,
        sold: &SoldRow,
        sign: i64,
    ) -> Result<(), FoldError> {
        self.sold.add(committed, at, sold, sign)?;
        if posted != at.date {
            self.moved.add(committed, at, sold, -sign)?;
            self.moved.add(committed, &Dimensions { date: posted, ..*at }, sold, sign)?;
        }
        Ok(())
    }

    /// Adds what a payment counts for.
    fn pay(
        &mut self,
        committed: &Committed<'_>,
        at: &Dimensions,
        posted: Date,
        tender: &Tender,
        cell: &TenderCell,
    ) -> Result<(), FoldError> {
        self.sold.tender(committed, at, tender)?.add(cell, 1);
        if posted != at.date {
            self.moved.tender(committed, at, tender)?.add(cell, -1);
            self.moved.tender(committed, &Dimensions { date: posted, ..*at }, tender)?.add(cell, 1);
        }
        Ok(())
    }

    /// Counts an order for what it comes to now, instead of what it counted for before.
    fn count(
        &mut self,
        committed: &Committed<'_>,
        at: &Dimensions,
        posted: Date,
        row: &mut SaleRow,
        (totals, void): (&Totals, bool),
    ) -> Result<(), FoldError> {
        if totals.lines.len() != row.lines.len() || totals.discounts.len() != row.discounts.len() {
            return Err(FoldError::Impossible("totals of other lines or discounts than the order has"));
        }
        let sold = match void {
            true => cells::void(),
            false => cells::sold(&row.lines, &row.discounts, totals),
        };
        if let Some(counted) = row.sold.take() {
            self.add(committed, at, posted, &counted, -1)?;
        }
        self.add(committed, at, posted, &sold, 1)?;
        row.sold = Some(sold);
        Ok(())
    }
}

impl Cubes {
    /// Cubes of these tables; so many cells of each stay in memory after a commit, of items four times as many.
    fn new(tables: &Tables, cells: usize) -> Cubes {
        Cubes {
            by_order: Rows::new(tables.by_order, cells),
            by_item: Rows::new(tables.by_item, 4 * cells),
            by_tax: Rows::new(tables.by_tax, cells),
            by_tender: Rows::new(tables.by_tender, cells),
        }
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.by_order.flush_unless(transaction, OrderCell::is_zero)?;
        self.by_item.flush_unless(transaction, ItemCell::is_zero)?;
        self.by_tax.flush_unless(transaction, TaxCell::is_zero)?;
        self.by_tender.flush_unless(transaction, TenderCell::is_zero)
    }

    /// Adds what an order counts for, or takes it back.
    fn add(&mut self, committed: &Committed<'_>, at: &Dimensions, sold: &SoldRow, sign: i64) -> Result<(), FoldError> {
        self.by_order.edit_or_default(committed, at.hour_key().as_slice())?.add(&sold.order, sign);
        for (line, cell) in &sold.items {
            let key = cells::item_key(at.hour_key(), line);
            self.by_item.edit_or_default(committed, key.as_slice())?.add(cell, sign);
        }
        for tax in &sold.taxes {
            let rate = TaxRate { tax: tax.tax.0, rate: tax.rate.0, inclusive: tax.inclusive, compound: false };
            self.tax(committed, at, &rate)?.add(&tax.cell, sign);
        }
        Ok(())
    }

    fn tax(&mut self, committed: &Committed<'_>, at: &Dimensions, tax: &TaxRate) -> Result<&mut TaxCell, FoldError> {
        let key = at.date_key().text(tax.tax.as_str()).u32(tax.rate.0).byte(tax.inclusive.into());
        self.by_tax.edit_or_default(committed, key.as_slice())
    }

    fn tender(
        &mut self,
        committed: &Committed<'_>,
        at: &Dimensions,
        tender: &Tender,
    ) -> Result<&mut TenderCell, FoldError> {
        self.by_tender.edit_or_default(committed, at.date_key().text(tender.as_str()).as_slice())
    }
}

/// Where an order counts.
struct Dimensions {
    tenant: TenantId,
    store: StoreId,
    date: Date,
    hour: u8,
    channel: Channel,
}

impl Dimensions {
    fn date_key(&self) -> Key {
        Key::of_store(self.tenant, self.store).date(self.date)
    }

    fn hour_key(&self) -> Key {
        self.date_key().byte(self.hour).text(schemas::json::wire::name_of(self.channel))
    }
}

impl Projector for SalesProjector {
    const LAYOUT: u32 = 6;
    const ROWS: &'static [u8] = &[
        SaleRow::VERSION,
        StoreCurrencyRow::VERSION,
        OrderCell::VERSION,
        ItemCell::VERSION,
        TaxCell::VERSION,
        TenderCell::VERSION,
        DaysRow::VERSION,
        ZReport::VERSION,
    ];
    /// Every order of an hour changes the same few cells, and nobody reads a report to the millisecond.
    const LINGER: Duration = Duration::from_millis(50);
    const TABLES: &'static [&'static str] = &[
        SALES,
        CURRENCIES,
        SOLD.by_order,
        SOLD.by_item,
        SOLD.by_tax,
        SOLD.by_tender,
        MOVED.by_order,
        MOVED.by_item,
        MOVED.by_tax,
        MOVED.by_tender,
        DAYS,
        Z_REPORTS,
    ];

    fn wants(category: &str) -> bool {
        matches!(category, "order" | "day" | "terminal")
    }

    fn wants_type(tag: u16) -> bool {
        // Of terminals one, whatever else; a type nobody knows is the decoder's to report.
        tag >> 8 != tag::TerminalRegistered >> 8 || tag == tag::BoundExceeded || type_name(tag).is_none()
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        if let (Stream::Day(tenant, store), Event::Day(event)) = (recorded.stream, &recorded.event) {
            return self.days.evolve(committed, (tenant, store), event, recorded);
        }
        if let (Stream::Terminal(tenant, store, _), Event::Terminal(_, TerminalEvent::BoundExceeded(_))) =
            (recorded.stream, &recorded.event)
        {
            return self.days.count_beyond(committed, (tenant, store));
        }
        let (Stream::Order(tenant, store, order), Event::Order(_, event)) = (recorded.stream, &recorded.event) else {
            return Ok(());
        };
        // Rule A3.
        if recorded.training {
            return Ok(());
        }
        if let OrderEvent::OrderOpened(opening) = event {
            starts(recorded.revision)?;
            return self.open(committed, (tenant, store, order), opening);
        }
        let key = Key::of_store(tenant, store).text(order.as_str());
        let row = self.sales.edit(committed, key.as_slice())?;
        let row = row.ok_or(FoldError::Impossible("an event of an order that was not opened"))?;
        follows(row.revision, recorded.revision)?;
        let posted = self.days.book(committed, (tenant, store), row, event)?;
        let at = Dimensions { tenant, store, date: row.date.0, hour: row.hour, channel: row.channel.0 };
        match event {
            OrderEvent::LineAdded(line) => row.lines.push(cells::sold_line(line)),
            OrderEvent::LineQtyChanged { line, qty } => {
                let held = row.lines.iter_mut().find(|held| held.line.0 == *line);
                held.ok_or(FoldError::Impossible("a quantity of a line that is not there"))?.qty = Wire(*qty);
            }
            OrderEvent::LineVoided { line, qty, .. } => {
                let held = row.lines.iter_mut().find(|held| held.line.0 == *line);
                held.ok_or(FoldError::Impossible("a void of a line that is not there"))?.qty.0.0 -= qty.0;
            }
            OrderEvent::DiscountApplied(discount) => row.discounts.push(sold_discount(discount.discount, false)),
            OrderEvent::LinesComped { discount, .. } => row.discounts.push(sold_discount(*discount, true)),
            OrderEvent::DiscountRemoved { discount } => row.discounts.retain(|held| held.discount.0 != *discount),
            OrderEvent::LineRemoved { line } => row.lines.retain(|held| held.line.0 != *line),
            // The amounts follow with what the order comes to from now on.
            OrderEvent::LinesReceivedByMerge(received) => {
                row.lines.extend(received.lines.iter().map(|received| cells::sold_line(&received.line)));
                let discount = |held: &ReceivedDiscount| sold_discount(held.discount.discount, held.comp);
                row.discounts = received.discounts.iter().map(discount).collect();
            }
            // What changes neither lines nor discounts counts by what it means beyond its order.
            _ => {}
        }
        match event.effect() {
            OrderEffect::Placed(totals) => self.books.count(committed, &at, posted, row, (totals, false))?,
            OrderEffect::Repriced { totals, void } => {
                self.books.count(committed, &at, posted, row, (totals, void))?;
            }
            OrderEffect::Closed(closed) => {
                (row.lines, row.discounts) = (vec![], vec![]);
                let sold = row.sold.take();
                // A merged order's sale is the other one's from now on.
                if let (Closed::Cancelled | Closed::Merged, Some(sold)) = (closed, sold) {
                    self.books.add(committed, &at, posted, &sold, -1)?;
                }
            }
            OrderEffect::Paid { tender, amount, tip, .. } => {
                let cell = TenderCell { payments: 1, amount: amount.0, tips: tip.0, ..TenderCell::default() };
                self.books.pay(committed, &at, posted, &tender, &cell)?;
            }
            OrderEffect::Unapplied { tender, amount, .. } => {
                let cell = TenderCell { unapplied: amount.0, ..TenderCell::default() };
                self.books.pay(committed, &at, posted, &tender, &cell)?;
            }
            OrderEffect::Refunded { tender, parts, posting_date, taxes, .. } => {
                // A refund is booked when it takes place, in both; the sale stays where it was sold.
                let cell = TenderCell {
                    refunds: 1,
                    refunded: parts.applied.0,
                    refunded_tips: parts.tip.0,
                    refunded_unapplied: parts.unapplied.0,
                    ..TenderCell::default()
                };
                let at = Dimensions { date: posting_date, ..at };
                self.books.pay(committed, &at, posting_date, &tender, &cell)?;
                for total in taxes {
                    let cell =
                        TaxCell { refunded_taxable: total.taxable.0, refunded: total.amount.0, ..TaxCell::default() };
                    self.books.sold.tax(committed, &at, &total.tax)?.add(&cell, 1);
                }
            }
            OrderEffect::Printed { .. } | OrderEffect::Advanced | OrderEffect::None => {}
        }
        row.revision = recorded.revision;
        Ok(())
    }

    fn is_dirty(&self) -> bool {
        self.sales.is_dirty() || self.days.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.sales.flush(transaction)?;
        self.currencies.flush(transaction)?;
        self.days.flush(transaction)?;
        self.books.sold.flush(transaction)?;
        self.books.moved.flush(transaction)
    }
}

fn sold_discount(discount: DiscountId, comp: bool) -> SoldDiscount {
    SoldDiscount { discount: Wire(discount), comp }
}
