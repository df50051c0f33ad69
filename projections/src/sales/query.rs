//! The sales report.

use super::tables::{CURRENCIES, MOVED, SOLD, Tables};
use crate::error::QueryError;
use crate::key::{Key, KeyReader};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::view::{Answer, View};
use domain::calendar::Date;
use domain::event::Channel;
use domain::ids::{ItemId, StoreId, TaxId, TenantId, TenderId, Text};
use domain::money::{Currency, Ppm, QtyMilli};
use schemas::json::Wire;
use schemas::json::wire::name_of;
use schemas::views::{
    ItemCell, OrderCell, Row, SalesReport, SalesRow, SalesTotals, StoreCurrencyRow, TaxCell, TenderCell,
};
use std::collections::BTreeMap;

/// What the rows of a report are by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SalesBy {
    /// The hour on the store's wall when the order was opened, 0 to 23.
    Hour,
    /// The business date.
    Day,
    /// The item.
    Item,
    /// The category.
    Category,
    /// How it was paid.
    Tender,
    /// The tax and its rate.
    Tax,
    /// Where the order came from.
    Channel,
    /// The store.
    Store,
}

impl SalesBy {
    /// Everything there is.
    pub const ALL: [SalesBy; 8] = [
        SalesBy::Hour,
        SalesBy::Day,
        SalesBy::Item,
        SalesBy::Category,
        SalesBy::Tender,
        SalesBy::Tax,
        SalesBy::Channel,
        SalesBy::Store,
    ];

    /// The name in a query.
    pub const fn as_str(self) -> &'static str {
        match self {
            SalesBy::Hour => "hour",
            SalesBy::Day => "day",
            SalesBy::Item => "item",
            SalesBy::Category => "category",
            SalesBy::Tender => "tender",
            SalesBy::Tax => "tax",
            SalesBy::Channel => "channel",
            SalesBy::Store => "store",
        }
    }

    /// What a query names.
    pub fn parse(name: &str) -> Option<SalesBy> {
        SalesBy::ALL.into_iter().find(|by| by.as_str() == name)
    }
}

/// Which date sales are by (rule T3). Over all dates the sums are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SalesDate {
    /// When it was sold.
    #[default]
    Business,
    /// When it was booked: what comes after a day was closed counts on the day that is open then.
    Posting,
}

impl SalesDate {
    /// What a query names.
    pub fn parse(name: &str) -> Option<SalesDate> {
        match name {
            "business_date" => Some(SalesDate::Business),
            "posting_date" => Some(SalesDate::Posting),
            _ => None,
        }
    }

    /// The name in a query.
    pub const fn as_str(self) -> &'static str {
        match self {
            SalesDate::Business => "business_date",
            SalesDate::Posting => "posting_date",
        }
    }

    /// The tables whose cells are added up.
    fn tables(self) -> &'static [Tables] {
        match self {
            SalesDate::Business => &[SOLD],
            SalesDate::Posting => &[SOLD, MOVED],
        }
    }
}

/// Which sales, and how they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesQuery {
    /// These stores; `None` for all of the tenant's.
    pub stores: Option<Vec<StoreId>>,
    /// Which date `from` and `to` are, and days are by.
    pub date: SalesDate,
    /// The first date.
    pub from: Date,
    /// The last date.
    pub to: Date,
    /// What the rows are by.
    pub by: SalesBy,
}

impl SalesQuery {
    /// The most business dates of one report: all there are, for rows exist only where something was sold.
    pub const DAYS_MAX: i32 = Date::MAX.days() - Date::MIN.days() + 1;
}

/// What a row is by, in the order of the report.
type RowKey = (String, i64);

/// What rows are made of: a row of the report, and where its name was taken from.
#[derive(Default)]
struct Sum {
    row: SalesRow,
    order: Option<OrderCell>,
    item: Option<ItemCell>,
    tax: Option<TaxCell>,
    tender: Option<TenderCell>,
    named: Option<(Date, u8, Text, Option<Text>)>,
}

impl Projections {
    /// Sales over some dates.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadRange`] and [`QueryError::MixedCurrencies`].
    pub fn sales(&self, tenant: TenantId, query: &SalesQuery) -> Result<Answer<SalesReport>, QueryError> {
        self.read(Projection::Sales, |view| {
            let days_max = SalesQuery::DAYS_MAX;
            let days = query.to.days() - query.from.days() + 1;
            if !(1..=days_max).contains(&days) {
                return Err(QueryError::BadRange { days_max });
            }
            let (stores, currency) = stores(view, tenant, query)?;
            let mut orders = OrderCell::default();
            let mut tenders = TenderCell::default();
            let mut sums: BTreeMap<RowKey, Sum> = BTreeMap::new();
            let range = Range { view, tenant, query };
            for (store, tables) in
                stores.into_iter().flat_map(|store| query.date.tables().iter().map(move |set| (store, set)))
            {
                range.scan::<OrderCell>(tables.by_order, store, |key, cell| {
                    orders.add(cell, 1);
                    by_order(&mut sums, query, store, key, cell)
                })?;
                range.scan::<TenderCell>(tables.by_tender, store, |key, cell| {
                    tenders.add(cell, 1);
                    by_tender(&mut sums, query.by, key, cell)
                })?;
                match query.by {
                    SalesBy::Item | SalesBy::Category => {
                        range.scan::<ItemCell>(tables.by_item, store, |key, cell| {
                            by_item(&mut sums, query.by, key, cell)
                        })?;
                    }
                    SalesBy::Tax => {
                        range.scan::<TaxCell>(tables.by_tax, store, |key, cell| by_tax(&mut sums, key, cell))?
                    }
                    SalesBy::Hour | SalesBy::Day | SalesBy::Tender | SalesBy::Channel | SalesBy::Store => {}
                }
            }
            // What was sold on one date and booked on another leaves nothing behind.
            sums.retain(|_, sum| !sum.is_nothing());
            let value = SalesReport {
                by: Wire(Text::parse(query.by.as_str()).expect("it is a text")),
                date: Wire(Text::parse(query.date.as_str()).expect("it is a text")),
                from: Wire(query.from),
                to: Wire(query.to),
                currency: currency.map(Wire),
                rows: sums.into_values().map(Sum::into_row).collect(),
                totals: totals(&orders, &tenders),
            };
            Ok(view.answer(value))
        })
    }
}

/// The stores asked for that have sold something, and the one currency they sell in; by store they may differ.
fn stores(view: &View, tenant: TenantId, query: &SalesQuery) -> Result<(Vec<StoreId>, Option<Currency>), QueryError> {
    let mut stores = vec![];
    let mut currency = None;
    for (key, row) in view.all::<StoreCurrencyRow>(CURRENCIES, &Key::of(tenant))? {
        let Some(store) = KeyReader(&key).text().and_then(|store| StoreId::parse(store).ok()) else { continue };
        if query.stores.as_ref().is_some_and(|asked| !asked.contains(&store)) {
            continue;
        }
        if *currency.get_or_insert(row.currency.0) != row.currency.0 {
            return Err(QueryError::MixedCurrencies { store });
        }
        stores.push(store);
    }
    Ok((stores, currency))
}

struct Range<'a> {
    view: &'a View,
    tenant: TenantId,
    query: &'a SalesQuery,
}

impl Range<'_> {
    /// The cells of a store in the dates asked for. A key that is not ours is passed over: nothing writes one.
    fn scan<R: Row>(
        &self,
        table: &'static str,
        store: StoreId,
        mut visit: impl FnMut(KeyReader<'_>, &R) -> Option<()>,
    ) -> Result<(), QueryError> {
        let prefix = Key::of_store(self.tenant, store);
        let from = prefix.clone().date(self.query.from);
        let to = prefix.clone().date(self.query.to).end();
        let table = self.view.table(table)?;
        table.scan::<R>(from.as_slice(), to.as_slice(), |key, cell| {
            let is_read = visit(KeyReader(&key[prefix.as_slice().len()..]), &cell);
            debug_assert!(is_read.is_some(), "the key of a cell reads");
            true
        })
    }
}

fn by_order(
    sums: &mut BTreeMap<RowKey, Sum>,
    query: &SalesQuery,
    store: StoreId,
    mut key: KeyReader<'_>,
    cell: &OrderCell,
) -> Option<()> {
    let date = key.date()?;
    let hour = key.byte()?;
    let channel = channel(key.text()?)?;
    let (row_key, row) = match query.by {
        SalesBy::Hour => ((String::new(), i64::from(hour)), SalesRow { hour: Some(hour), ..SalesRow::default() }),
        SalesBy::Day => (
            (String::new(), i64::from(date.days())),
            match query.date {
                SalesDate::Business => SalesRow { business_date: Some(Wire(date)), ..SalesRow::default() },
                SalesDate::Posting => SalesRow { posting_date: Some(Wire(date)), ..SalesRow::default() },
            },
        ),
        SalesBy::Channel => {
            ((name_of(channel).to_owned(), 0), SalesRow { channel: Some(Wire(channel)), ..SalesRow::default() })
        }
        SalesBy::Store => {
            ((store.as_str().to_owned(), 0), SalesRow { store: Some(Wire(store)), ..SalesRow::default() })
        }
        SalesBy::Item | SalesBy::Category | SalesBy::Tender | SalesBy::Tax => return Some(()),
    };
    let sum = sums.entry(row_key).or_insert_with(|| Sum { row, ..Sum::default() });
    sum.order.get_or_insert_default().add(cell, 1);
    Some(())
}

fn by_item(sums: &mut BTreeMap<RowKey, Sum>, by: SalesBy, mut key: KeyReader<'_>, cell: &ItemCell) -> Option<()> {
    let date = key.date()?;
    let hour = key.byte()?;
    key.text()?;
    let item = ItemId::parse(key.text()?).ok()?;
    key.text()?;
    let category = match key.text()? {
        "" => None,
        category => Some(Text::parse_stored(category).ok()?),
    };
    let sum = if by == SalesBy::Item {
        let name = Text::parse_stored(key.text()?).ok()?;
        let sum = sums.entry((item.as_str().to_owned(), 0)).or_default();
        sum.row.item_id = Some(Wire(item));
        // The name it was last sold under; the greater one where two are as late, whatever came first.
        sum.named = sum.named.take().max(Some((date, hour, name, category)));
        sum
    } else {
        let name = category.as_ref().map_or("", Text::as_str).to_owned();
        let sum = sums.entry((name, 0)).or_default();
        sum.row.category = category.map(Wire);
        sum
    };
    sum.item.get_or_insert_default().add(cell, 1);
    Some(())
}

fn by_tax(sums: &mut BTreeMap<RowKey, Sum>, mut key: KeyReader<'_>, cell: &TaxCell) -> Option<()> {
    key.date()?;
    let tax = TaxId::parse(key.text()?).ok()?;
    let rate = Ppm(key.u32()?);
    let inclusive = key.byte()? != 0;
    let sum = sums.entry((tax.as_str().to_owned(), i64::from(rate.0) * 2 + i64::from(inclusive))).or_default();
    sum.row.tax_id = Some(Wire(tax));
    sum.row.percent_ppm = Some(Wire(rate));
    sum.row.inclusive = Some(inclusive);
    sum.tax.get_or_insert_default().add(cell, 1);
    Some(())
}

fn by_tender(sums: &mut BTreeMap<RowKey, Sum>, by: SalesBy, mut key: KeyReader<'_>, cell: &TenderCell) -> Option<()> {
    if by != SalesBy::Tender {
        return Some(());
    }
    key.date()?;
    let tender = TenderId::parse(key.text()?).ok()?;
    let sum = sums.entry((tender.as_str().to_owned(), 0)).or_default();
    sum.row.tender = Some(Wire(tender));
    sum.tender.get_or_insert_default().add(cell, 1);
    Some(())
}

fn channel(name: &str) -> Option<Channel> {
    let all = [Channel::Pos, Channel::Kiosk, Channel::Online, Channel::Delivery, Channel::Phone];
    all.into_iter().find(|channel| name_of(*channel) == name)
}

impl Sum {
    fn is_nothing(&self) -> bool {
        self.order.is_none_or(|cell| cell.is_zero())
            && self.item.is_none_or(|cell| cell.is_zero())
            && self.tax.is_none_or(|cell| cell.is_zero())
            && self.tender.is_none_or(|cell| cell.is_zero())
    }

    fn into_row(self) -> SalesRow {
        let mut row = self.row;
        if let Some(cell) = self.order {
            row.orders = Some(cell.orders);
            row.charges = Some(cell.charges);
            row.charge_tax = Some(cell.charge_tax);
            row.total = Some(cell.total);
            (row.lines, row.units) = (Some(cell.lines), Some(Wire(QtyMilli(cell.units_milli))));
            (row.gross, row.discounts, row.comps) = (Some(cell.gross), Some(cell.discount), Some(cell.comp));
            row.net = Some(cell.net);
            (row.tax_exclusive, row.tax_inclusive) = (Some(cell.tax_exclusive), Some(cell.tax_inclusive));
        }
        if let Some(cell) = self.item {
            (row.lines, row.units) = (Some(cell.lines), Some(Wire(QtyMilli(cell.units_milli))));
            (row.gross, row.discounts, row.comps) = (Some(cell.gross), Some(cell.discount), Some(cell.comp));
            row.net = Some(cell.net);
            (row.tax_exclusive, row.tax_inclusive) = (Some(cell.tax_exclusive), Some(cell.tax_inclusive));
        }
        if let Some(cell) = self.tax {
            (row.taxable, row.tax) = (Some(cell.taxable), Some(cell.amount));
            (row.refunded_taxable, row.refunded_tax) = (Some(cell.refunded_taxable), Some(cell.refunded));
        }
        if let Some(cell) = self.tender {
            (row.payments, row.paid) = (Some(cell.payments), Some(cell.amount));
            (row.tips, row.unapplied) = (Some(cell.tips), Some(cell.unapplied));
            (row.refunds, row.refunded) = (Some(cell.refunds), Some(cell.refunded));
            row.refunded_tips = Some(cell.refunded_tips);
            row.refunded_unapplied = Some(cell.refunded_unapplied);
        }
        if let Some((_, _, name, category)) = self.named {
            row.name = Some(Wire(name));
            row.category = category.map(Wire);
        }
        row
    }
}

fn totals(orders: &OrderCell, tenders: &TenderCell) -> SalesTotals {
    SalesTotals {
        orders: orders.orders,
        lines: orders.lines,
        units: Wire(QtyMilli(orders.units_milli)),
        gross: orders.gross,
        discounts: orders.discount,
        comps: orders.comp,
        net: orders.net,
        tax_exclusive: orders.tax_exclusive,
        tax_inclusive: orders.tax_inclusive,
        charges: orders.charges,
        charge_tax: orders.charge_tax,
        total: orders.total,
        paid: tenders.amount,
        tips: tenders.tips,
        unapplied: tenders.unapplied,
        refunds: tenders.refunds,
        refunded: tenders.refunded,
        refunded_tips: tenders.refunded_tips,
        refunded_unapplied: tenders.refunded_unapplied,
    }
}
