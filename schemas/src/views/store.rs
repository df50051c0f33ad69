//! Stores.

use super::form::view;
use crate::json::wire::{CashShifts, Currency, CutOff, Kitchen, Ppm, Right, Rounding, StoreId, TaxRounding, Text};

rows! { StoreView = 7, StoreMenuRow = 1 }

view! {
    /// A store and its settings.
    pub struct StoreView {
        /// Its id.
        pub store: StoreId,
        /// What people call it.
        pub name: Text,
        /// The currency of everything in it.
        pub currency: Currency,
        /// The IANA name of its time zone.
        pub time_zone: Text,
        /// When its business day begins, by its clock.
        pub cut_off: CutOff,
        /// How its amounts are rounded.
        pub rounding: Rounding,
        /// Where its tax is rounded.
        pub tax_rounding: TaxRounding,
        /// How long an order that is paid first may stay unpaid, in seconds.
        pub payment_timeout_s: u32,
        /// What takes a second person.
        pub approvals: ApprovalsView,
        /// Whether cash takes an open shift.
        pub cash_shifts: CashShifts,
        /// Whether its orders are prepared on tickets.
        pub kitchen: Kitchen,
        /// How long ago what a till sends from its queue may have happened for its clock to be believed, in seconds.
        pub offline_age_s: u32,
        /// What its tills do without a second person while they are away.
        pub offline: OfflineView,
        /// Whether what people write of guests is sealed.
        pub seals_texts: bool,
        /// The menu version it sells from.
        pub menu_version: Option<u32>,
        /// The revision of its stream, for `If-Match`.
        pub revision: u64,
    }
}

view! {
    /// What a store's tills do without a second person while they are away.
    pub struct OfflineView {
        /// Up to which share discounts, comps and other prices go.
        pub discount_limit_ppm: Ppm,
        /// What an order may come to; absent where it may come to anything.
        pub amount_limit: Option<i64>,
        /// How many commands come in one upload.
        pub facts_limit: u32,
    }
}

view! {
    /// What a store asks a second person for.
    pub struct ApprovalsView {
        /// What takes the approval of somebody who has the right.
        pub needed: Vec<Right>,
        /// Up to which share a discount takes none.
        pub discount_limit_ppm: Ppm,
    }
}

view! {
    /// What a store sells from.
    #[derive(Default)]
    pub struct StoreMenuRow {
        /// The menu version it has adopted; 0 before the first.
        pub version: u32,
        /// The revision of its menu stream.
        pub revision: u64,
    }
}
