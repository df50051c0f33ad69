//! Sales: the cells of the cubes, what the projection remembers of an order, and the report.

use super::form::shown::{
    Channel, Currency, Date, DiscountId, ItemId, LineId, Ppm, QtyMilli, StoreId, TaxId, TenderId, Text, VariationId,
};
use super::form::view;
use serde::{Deserialize, Serialize};

/// Whole orders of one hour and channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCell {
    /// How many orders.
    pub orders: i64,
    /// How many lines.
    pub lines: i64,
    /// How many units, in thousandths.
    pub units_milli: i64,
    /// Lines before discounts.
    pub gross: i64,
    /// Discounts, without comps.
    pub discount: i64,
    /// What was given away.
    pub comp: i64,
    /// Lines after discounts.
    pub net: i64,
    /// Tax on top of lines.
    pub tax_exclusive: i64,
    /// Tax inside lines.
    pub tax_inclusive: i64,
    /// Service charges.
    pub charges: i64,
    /// Tax on top of service charges.
    pub charge_tax: i64,
    /// Tax inside service charges.
    pub charge_tax_inclusive: i64,
    /// What guests were to pay.
    pub total: i64,
}

/// One item of one hour and channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCell {
    /// How many lines.
    pub lines: i64,
    /// How many units, in thousandths.
    pub units_milli: i64,
    /// Before discounts.
    pub gross: i64,
    /// Discounts, without comps.
    pub discount: i64,
    /// What was given away.
    pub comp: i64,
    /// After discounts.
    pub net: i64,
    /// Tax on top.
    pub tax_exclusive: i64,
    /// Tax inside.
    pub tax_inclusive: i64,
}

/// One tax of one date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxCell {
    /// What it is a percentage of.
    pub taxable: i64,
    /// The tax.
    pub amount: i64,
}

/// One tender of one date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenderCell {
    /// How many payments counted towards an order.
    pub payments: i64,
    /// What counted towards orders.
    pub amount: i64,
    /// Tips.
    pub tips: i64,
    /// Captured money orders could not take.
    pub unapplied: i64,
    /// How many refunds, by the date they are booked on as everything below.
    pub refunds: i64,
    /// What was given back of what was paid towards orders.
    pub refunded: i64,
    /// What was given back of tips.
    pub refunded_tips: i64,
    /// What was given back of what orders could not take.
    pub refunded_unapplied: i64,
}

/// The currency of a store's sales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCurrencyRow {
    /// The currency.
    pub currency: Currency,
}

/// What the cubes must remember of an order: where it counts, and while it may change, what it counts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRow {
    /// The business date it counts for.
    pub date: Date,
    /// The hour on the store's wall when it was opened.
    pub hour: u8,
    /// Where it came from.
    pub channel: Channel,
    /// Whether it was recorded after the fact from a file.
    pub imported: bool,
    /// The revision of its stream.
    pub revision: u64,
    /// Its lines, in the order of its totals; none once it takes no more changes.
    pub lines: Vec<SoldLine>,
    /// Its discounts, in the order of its totals; none once it takes no more changes.
    pub discounts: Vec<SoldDiscount>,
    /// What the cubes hold of it; `None` before it is placed and once it takes no more changes.
    pub sold: Option<SoldRow>,
}

/// A discount on an order that may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldDiscount {
    /// The discount.
    pub discount: DiscountId,
    /// Whether it gives lines away.
    pub comp: bool,
}

/// A line of an order that may still change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldLine {
    /// The line.
    pub line: LineId,
    /// The item.
    pub item: ItemId,
    /// Its variation.
    pub variation: Option<VariationId>,
    /// Its name.
    pub name: Text,
    /// Its category.
    pub category: Option<Text>,
    /// How much.
    pub qty: QtyMilli,
}

/// What an order counts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldRow {
    /// As a whole.
    pub order: OrderCell,
    /// Line by line.
    pub items: Vec<(SoldLine, ItemCell)>,
    /// Tax by tax.
    pub taxes: Vec<SoldTax>,
}

/// What one tax of an order came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldTax {
    /// The tax.
    pub tax: TaxId,
    /// Its rate.
    pub rate: Ppm,
    /// Whether prices contain it.
    pub inclusive: bool,
    /// What it came to.
    pub cell: TaxCell,
}

view! {
    /// Sales over some business dates.
    pub struct SalesReport {
        /// What the rows are by.
        pub by: Text,
        /// Which date counts: `business_date` or `posting_date`.
        pub date: Text,
        /// The first date.
        pub from: Date,
        /// The last date.
        pub to: Date,
        /// The currency of all amounts; absent where nothing was sold.
        pub currency: Option<Currency>,
        /// The rows, sorted by their key.
        pub rows: Vec<SalesRow>,
        /// The sums over everything asked for, the same whatever the rows are by.
        pub totals: SalesTotals,
    }
}

view! {
    /// The sums of a report: `gross - discounts - comps = net` and `net + tax_exclusive + charges + charge_tax = total`.
    pub struct SalesTotals {
        /// How many orders.
        pub orders: i64,
        /// How many lines.
        pub lines: i64,
        /// How many units.
        pub units: QtyMilli,
        /// Lines before discounts.
        pub gross: i64,
        /// Discounts, without comps.
        pub discounts: i64,
        /// What was given away.
        pub comps: i64,
        /// Lines after discounts.
        pub net: i64,
        /// Tax on top of lines.
        pub tax_exclusive: i64,
        /// Tax inside lines.
        pub tax_inclusive: i64,
        /// Service charges.
        pub charges: i64,
        /// Tax on top of service charges.
        pub charge_tax: i64,
        /// What guests were to pay.
        pub total: i64,
        /// What was paid towards orders.
        pub paid: i64,
        /// Tips.
        pub tips: i64,
        /// Captured money orders could not take.
        pub unapplied: i64,
        /// How many refunds, by the date they are booked on as the three sums below: sales stay as they were sold.
        pub refunds: i64,
        /// What was given back of what was paid towards orders.
        pub refunded: i64,
        /// What was given back of tips.
        pub refunded_tips: i64,
        /// What was given back of what orders could not take.
        pub refunded_unapplied: i64,
    }
}

view! {
    /// One row: the parts of its key that it is by, and what they are asked for.
    #[derive(Default)]
    pub struct SalesRow {
        /// By store: the store.
        pub store: Option<StoreId>,
        /// By day: the business date.
        pub business_date: Option<Date>,
        /// The date it was booked on, where the report is by that.
        pub posting_date: Option<Date>,
        /// By hour: the hour on the store's wall, 0 to 23.
        pub hour: Option<u8>,
        /// By item: the item.
        pub item_id: Option<ItemId>,
        /// By item: the name it was last sold under.
        pub name: Option<Text>,
        /// By category: the category, absent where an item had none; by item: the one it was last sold under.
        pub category: Option<Text>,
        /// By channel: where the orders came from.
        pub channel: Option<Channel>,
        /// By tender: how it was paid.
        pub tender: Option<TenderId>,
        /// By tax: the tax.
        pub tax_id: Option<TaxId>,
        /// By tax: the rate.
        pub percent_ppm: Option<Ppm>,
        /// By tax: whether prices contain it.
        pub inclusive: Option<bool>,
        /// How many orders.
        pub orders: Option<i64>,
        /// How many lines.
        pub lines: Option<i64>,
        /// How many units.
        pub units: Option<QtyMilli>,
        /// Lines before discounts.
        pub gross: Option<i64>,
        /// Discounts, without comps.
        pub discounts: Option<i64>,
        /// What was given away.
        pub comps: Option<i64>,
        /// Lines after discounts.
        pub net: Option<i64>,
        /// Tax on top of lines.
        pub tax_exclusive: Option<i64>,
        /// Tax inside lines.
        pub tax_inclusive: Option<i64>,
        /// Service charges.
        pub charges: Option<i64>,
        /// Tax on top of service charges.
        pub charge_tax: Option<i64>,
        /// What guests were to pay.
        pub total: Option<i64>,
        /// By tax: what the tax is a percentage of.
        pub taxable: Option<i64>,
        /// By tax: the tax.
        pub tax: Option<i64>,
        /// By tender: how many payments.
        pub payments: Option<i64>,
        /// By tender: what was paid towards orders.
        pub paid: Option<i64>,
        /// By tender: tips.
        pub tips: Option<i64>,
        /// By tender: captured money orders could not take.
        pub unapplied: Option<i64>,
        /// By tender: how many refunds, by the date they are booked on as the three sums below.
        pub refunds: Option<i64>,
        /// By tender: what was given back of what was paid towards orders.
        pub refunded: Option<i64>,
        /// By tender: what was given back of tips.
        pub refunded_tips: Option<i64>,
        /// By tender: what was given back of what orders could not take.
        pub refunded_unapplied: Option<i64>,
    }
}
