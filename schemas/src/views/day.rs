//! Business days.

use super::form::view;
use crate::json::PositionToken;
use crate::json::wire::{ActorId, Date, DrawerId, OrderId, PaymentId, Ppm, StoreId, TenderId, TerminalId, Timestamp};
use serde::{Deserialize, Serialize};

rows! { DaysRow = 3, ZReport = 4 }

view! {
    /// What was booked on a day: `gross - discounts + charges + tax = sales`. Imported orders are not in it: they were
    /// booked elsewhere.
    #[derive(Default)]
    pub struct DayTotalsView {
        /// How many orders were placed, less those cancelled.
        pub orders: i64,
        /// Lines at list price.
        pub gross: i64,
        /// What was taken off.
        pub discounts: i64,
        /// Service charges.
        pub charges: i64,
        /// Tax on top of prices and charges.
        pub tax: i64,
        /// Tax inside prices and charges, for information.
        pub tax_inclusive: i64,
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
        /// What of it was given back in cash.
        pub refunded_cash: i64,
        /// Bills that were printed, each counted once; absent where none were.
        pub bills: Option<i64>,
        /// Receipts that were printed, each counted once; absent where none were.
        pub receipts: Option<i64>,
        /// Prints of bills and receipts behind the first; absent where there were none.
        pub reprints: Option<i64>,
        /// What tills that were away did beyond the store's bounds, and somebody has to decide about
        /// (`GET .../exceptions?kind=beyond_bounds`); absent where there was nothing.
        pub beyond_bounds: Option<i64>,
        /// Tax by its rate: what was sold and, apart, what was given back. Reports of days that were closed before rates were
        /// told apart have none.
        pub taxes: Vec<DayTaxView>,
        /// Money by tender: what was paid and, apart, what was given back. Reports of days that were closed before tenders
        /// were told apart have none.
        pub tenders: Vec<DayTenderView>,
    }
}

view! {
    /// What was booked on a day at one rate of tax.
    pub struct DayTaxView {
        /// The rate, in millionths; absent in the row of all rates behind the first 256.
        pub percent_ppm: Option<Ppm>,
        /// Whether prices contain it.
        pub inclusive: bool,
        /// What was sold at it: what the tax is a percentage of.
        pub taxable: i64,
        /// The tax on it.
        pub tax: i64,
        /// What was given back of what was sold at it. A refund of lines gives their tax back, a refund by amount its share of
        /// what is left at each rate; neither does before the order is settled, for the sale stands until then.
        pub refunded_taxable: i64,
        /// The tax that was given back.
        pub refunded_tax: i64,
    }
}

view! {
    /// What was booked on a day in one tender.
    pub struct DayTenderView {
        /// The tender; absent in the row of all tenders behind the first 256.
        pub tender: Option<TenderId>,
        /// How many payments.
        pub payments: i64,
        /// What was paid towards orders.
        pub paid: i64,
        /// Tips.
        pub tips: i64,
        /// Captured money orders could not take.
        pub unapplied: i64,
        /// How many refunds.
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
    /// An X report: what was booked on the open day, so far.
    pub struct XReport {
        /// The store.
        pub store: StoreId,
        /// The business date asked for; it is not closed.
        pub business_date: Date,
        /// Whether the day was opened; a store that keeps no days yet has everything it sold so far in this report.
        pub opened: bool,
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
    /// Commands of a terminal's queue that had not come.
    pub struct TerminalGapView {
        /// The terminal.
        pub terminal_id: TerminalId,
        /// The first.
        pub first: u64,
        /// The last.
        pub last: u64,
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
        /// How many placed orders were not paid: they stayed open.
        pub open_orders_count: u32,
        /// What was still to be paid for them.
        pub open_orders_due: i64,
        /// Which they were, the first 1,000 by id.
        pub open_orders: Vec<OrderId>,
        /// How many payments had no outcome.
        pub payments_in_flight_count: u32,
        /// Which they were, the first 1,000 by id.
        pub payments_in_flight: Vec<PaymentId>,
        /// Drawers whose shift was open, in a store that does not ask for shifts.
        pub open_shifts: Vec<DrawerId>,
        /// How many gaps the queues of terminals that were away had: commands that had not come.
        pub gaps_count: u32,
        /// Which they were, the first 1,000 by terminal and place.
        pub gaps: Vec<TerminalGapView>,
        /// Where the chain of the store's history stood when the closing was asked for.
        pub last_hash_position: Option<PositionToken>,
        /// Its hash there, in hexadecimal: the report commits to everything before.
        pub last_hash: Option<String>,
        /// When it was closed.
        pub closed_at: Timestamp,
        /// Who closed it.
        pub closed_by: ActorId,
    }
}

view! {
    /// A store's business days: where they stand, and the Z reports by page.
    pub struct DaysView {
        /// The store.
        pub store: StoreId,
        /// The day that is open; nothing before the first, and between a closing and what is booked next.
        pub open: Option<Date>,
        /// The last day that was closed.
        pub last_closed: Option<Date>,
        /// The sales of all closed days.
        pub cumulative_total: i64,
        /// Z reports, the latest first.
        pub closed: Vec<ZReport>,
        /// Where the next page starts.
        pub cursor: Option<String>,
    }
}

/// Where a store's days stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaysRow {
    /// The day that is open.
    pub open: Option<Date>,
    /// What was booked since the last closing, or since the first opening.
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
