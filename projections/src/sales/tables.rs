//! The tables of sales and business days.

/// (tenant, store, order) to what is remembered of it.
pub(super) const SALES: &str = "sales";
/// (tenant, store) to its currency.
pub(super) const CURRENCIES: &str = "currencies";
/// The tables of one set of cubes, with their keys.
pub(super) struct Tables {
    /// (tenant, store, date, hour, channel)
    pub by_order: &'static str,
    /// (tenant, store, date, hour, channel, item, variation, category, name)
    pub by_item: &'static str,
    /// (tenant, store, date, tax, rate, inclusive)
    pub by_tax: &'static str,
    /// (tenant, store, date, tender)
    pub by_tender: &'static str,
}

/// By business date.
pub(super) const SOLD: Tables =
    Tables { by_order: "by_order", by_item: "by_item", by_tax: "by_tax", by_tender: "by_tender" };
/// What is booked on another date: less on the business date, more on the posting date.
pub(super) const MOVED: Tables = Tables {
    by_order: "moved_by_order",
    by_item: "moved_by_item",
    by_tax: "moved_by_tax",
    by_tender: "moved_by_tender",
};
/// (tenant, store) to its business days.
pub(super) const DAYS: &str = "days";
/// (tenant, store, business date) to its Z report.
pub(super) const Z_REPORTS: &str = "z_reports";
