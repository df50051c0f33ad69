//! Cash drawers and their shifts.

use super::form::{choice, view};
use crate::json::wire::{ActorId, Date, DrawerId, StoreId, Timestamp};

rows! { DrawerView = 2, ShiftView = 1 }

choice! {
    /// How far a shift has come.
    pub enum ShiftState {
        /// Cash goes in and out.
        Open = "open",
        /// It was counted.
        Closed = "closed",
    }
}

view! {
    /// A shift of a drawer: `expected = float + sales - refunds + paid_in - paid_out`.
    pub struct ShiftView {
        /// The drawer.
        pub drawer_id: DrawerId,
        /// Its number, from 1.
        pub shift: u32,
        /// How far it has come.
        pub state: ShiftState,
        /// The business date it counts for.
        pub business_date: Date,
        /// What was in the drawer when it began.
        pub float: i64,
        /// Cash taken in by payments, with tips, without change.
        pub sales: i64,
        /// How many payments.
        pub sales_count: u32,
        /// Cash given back by refunds.
        pub refunds: i64,
        /// How many refunds.
        pub refunds_count: u32,
        /// Cash put in otherwise.
        pub paid_in: i64,
        /// Cash taken out otherwise.
        pub paid_out: i64,
        /// How often the drawer was opened without a sale.
        pub no_sales: u32,
        /// What should be in the drawer.
        pub expected: i64,
        /// What was in it at the end.
        pub counted: Option<i64>,
        /// Counted minus expected.
        pub over_short: Option<i64>,
        /// When it began.
        pub opened_at: Timestamp,
        /// Who began it.
        pub opened_by: ActorId,
        /// When it ended.
        pub closed_at: Option<Timestamp>,
        /// Who ended it.
        pub closed_by: Option<ActorId>,
    }
}

view! {
    /// A drawer with its latest shift.
    pub struct DrawerView {
        /// Its id.
        pub drawer_id: DrawerId,
        /// The store it belongs to.
        pub store: StoreId,
        /// The shift that is open, or the last one.
        pub shift: ShiftView,
        /// When it was taken out; such a drawer is in no list.
        pub removed_at: Option<Timestamp>,
        /// The revision of its stream, for `If-Match`.
        pub revision: u64,
    }
}
