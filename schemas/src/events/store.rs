//! Events of `store-<tenant>.<store>`, tags 0x03xx.

use domain::event::StoreEvent;
use domain::kitchen::Kitchen;
use domain::staff::Approvals;
use domain::store::{CashShifts, OfflineBounds, Settings};

events! { StoreEvent {
    0x0301 StoreOpened(Settings);
    0x0302 StoreSettingsChanged(Settings);
} }

record! {
    Settings from 2 {
        name: "name" clear, currency: "currency", time_zone: "time_zone" clear, cut_off: "cut_off", rules: -,
        payment_timeout_s: "payment_timeout_s",
        approvals: "approvals" since 2, cash_shifts: "cash_shifts" since 2 or CashShifts::Off,
        kitchen: "kitchen" since 3 or Kitchen::Off,
        offline_age_s?: "offline_age_s" since 4,
        offline?: "offline" since 5,
        seals_texts?: "seals_texts" since 6,
    }
    OfflineBounds { discount?: "discount_limit_ppm", amount?: "amount_limit", facts?: "facts_limit" }
    Approvals { needed: "needed", discount_limit: "discount_limit_ppm", self_approval: "self_approval" }
}
