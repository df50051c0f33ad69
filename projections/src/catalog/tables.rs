//! The tables of what stores sell.

pub(super) const STORES: &str = "stores";
pub(super) const STORE_MENUS: &str = "store_menus";
pub(super) const PRICES: &str = "prices";
pub(super) const UNAVAILABLE: &str = "unavailable";
pub(super) const DRAFTS: &str = "drafts";
pub(super) const MENUS: &str = "menus";
pub(super) const STOCK: &str = "stock";
pub(super) const STOCK_HEADS: &str = "stock_heads";
