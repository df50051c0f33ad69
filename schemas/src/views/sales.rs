//! Sales: the cells of the cubes, what the projection remembers of an order, and the report.

use super::form::view;
use crate::json::wire::{
    Channel, Currency, Date, DiscountId, ItemId, LineId, Ppm, Qty, StoreId, TaxId, TenderId, Text, VariationId,
};
use serde::{Deserialize, Serialize};

rows! { SaleRow = 4, OrderCell = 2, ItemCell = 2, TaxCell = 2, TenderCell = 2, StoreCurrencyRow = 1 }

/// Sums that are stored: `cells! { pub struct TaxCell { taxable, amount } }` is a struct of `i64` fields, each stored, added and
/// compared. Amounts are in minor units.
macro_rules! cells {
    ($($(#[$meta:meta])* pub struct $cell:ident { $($field:ident),* $(,)? })*) => {$(
        $(#[$meta])*
        #[allow(missing_docs, reason = "sums are called as in the report")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $cell {
            $(pub $field: i64,)*
        }

        impl $cell {
            /// Adds another cell `sign` times: -1 takes it back.
            pub fn add(&mut self, cell: &$cell, sign: i64) {
                $(self.$field += sign * cell.$field;)*
            }

            /// Whether every sum is zero: such a cell is not stored.
            pub fn is_zero(&self) -> bool {
                *self == $cell::default()
            }
        }
    )*};
}

cells! {
    /// Whole orders of one hour and channel; `discount` is without `comp`, what was given away.
    pub struct OrderCell {
        orders, lines, units_milli, gross, discount, comp, net, tax_exclusive, tax_inclusive, charges, charge_tax,
        charge_tax_inclusive, total,
    }

    /// One item of one hour and channel; `discount` is without `comp`, what was given away.
    pub struct ItemCell { lines, units_milli, gross, discount, comp, net, tax_exclusive, tax_inclusive }

    /// One tax of one date: `taxable` is what it is a percentage of; refunds by the date they are booked on.
    pub struct TaxCell { taxable, amount, refunded_taxable, refunded }

    /// One tender of one date; refunds by the date they are booked on.
    pub struct TenderCell {
        payments, amount, tips, unapplied, refunds, refunded, refunded_tips, refunded_unapplied,
    }
}

/// The currency of a store's sales.
#[allow(missing_docs, reason = "names and types say all")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCurrencyRow {
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
#[allow(missing_docs, reason = "names and types say all")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldDiscount {
    pub discount: DiscountId,
    pub comp: bool,
}

/// A line of an order that may still change.
#[allow(missing_docs, reason = "names and types say all")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldLine {
    pub line: LineId,
    pub item: ItemId,
    pub variation: Option<VariationId>,
    pub name: Text,
    pub category: Option<Text>,
    pub qty: Qty,
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
#[allow(missing_docs, reason = "names and types say all")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldTax {
    pub tax: TaxId,
    pub rate: Ppm,
    pub inclusive: bool,
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
        pub units: Qty,
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
        pub units: Option<Qty>,
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
        /// By tax: what was given back of `taxable`, by the date it is booked on.
        pub refunded_taxable: Option<i64>,
        /// By tax: the tax that was given back, by the date it is booked on.
        pub refunded_tax: Option<i64>,
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
