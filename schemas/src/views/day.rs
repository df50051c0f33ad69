//! Business days.

use super::form::shown::{Date, OrderId, PaymentId, StoreId, Timestamp, Who};
use super::form::view;
use serde::{Deserialize, Serialize};

view! {
    /// What was booked on a day. Imported orders are not in it: they were booked elsewhere.
    #[derive(Default)]
    pub struct DayTotalsView {
        /// How many orders were placed, less those cancelled.
        pub orders: i64,
        /// What orders came to when they were placed, and what changed since.
        pub sales: i64,
        /// What was paid towards orders in cash.
        pub cash: i64,
        /// What was paid towards orders otherwise.
        pub other: i64,
        /// Tips.
        pub tips: i64,
        /// Captured money orders could not take.
        pub unapplied: i64,
        /// How many refunds.
        pub refunds: i64,
        /// What was given back, tips and all.
        pub refunded: i64,
    }
}

view! {
    /// An X report: what was booked since the last closing, so far.
    pub struct XReport {
        /// The store.
        pub store: StoreId,
        /// The business date asked for; it is not closed.
        pub business_date: Date,
        /// What was booked.
        pub totals: DayTotalsView,
        /// The number the Z report will have.
        pub next_z_number: u32,
        /// The sales of all closed days.
        pub cumulative_total: i64,
        /// The last day that was closed.
        pub last_closed: Option<Date>,
    }
}

view! {
    /// A Z report: it never changes.
    pub struct ZReport {
        /// The store.
        pub store: StoreId,
        /// The business date.
        pub business_date: Date,
        /// Its number, from 1, without a gap.
        pub z_number: u32,
        /// What was booked.
        pub totals: DayTotalsView,
        /// The sales of all closed days, this one included.
        pub cumulative_total: i64,
        /// Placed orders that were not paid: they stayed open.
        pub open_orders: Vec<OrderId>,
        /// Payments without an outcome.
        pub payments_in_flight: Vec<PaymentId>,
        /// When it was closed.
        pub closed_at: Timestamp,
        /// Who closed it.
        pub closed_by: Who,
    }
}

/// Where a store's days stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaysRow {
    /// What was booked since the last closing.
    pub totals: DayTotalsView,
    /// How many days were closed.
    pub z_number: u32,
    /// Their sales.
    pub cumulative_total: i64,
    /// The last one.
    pub last_closed: Option<Date>,
    /// How many events the stream has.
    pub events: u64,
}
