//! Stock.

use super::form::{choice, view};
use crate::json::wire::{Qty, Sku, Timestamp};

rows! { StockView = 1, StockHeadRow = 1 }

choice! {
    /// How a stock item is kept.
    pub enum StockPolicyView {
        /// Never refused, never reserved.
        Untracked = "untracked",
        /// Counted.
        Counted = "counted",
    }
}

view! {
    /// A stock item as it is now.
    pub struct StockView {
        /// The stock item.
        pub sku: Sku,
        /// How it is kept.
        pub policy: StockPolicyView,
        /// Whether it is marked sold out by itself when nothing is available.
        pub auto86: bool,
        /// What is on the shelf, reserved units included.
        pub on_hand: Qty,
        /// What is set aside for orders.
        pub reserved: Qty,
        /// What can still be sold.
        pub available: Qty,
        /// The mark "sold out".
        pub marked_86: Option<Mark86View>,
        /// The revision of the store's stock stream, for `If-Match`.
        pub revision: u64,
    }
}

view! {
    /// The mark "sold out".
    pub struct Mark86View {
        /// When it ends by itself.
        pub until: Option<Timestamp>,
        /// Whether it was set because nothing was available.
        pub auto: bool,
    }
}

view! {
    /// How far a store's stock stream has come.
    pub struct StockHeadRow {
        /// Its revision.
        pub revision: u64,
    }
}
