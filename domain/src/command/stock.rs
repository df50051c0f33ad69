//! Commands to a store's stock.

use crate::calendar::Timestamp;
use crate::event::StockPolicy;
use crate::ids::{Sku, Text};
use crate::money::QtyMilli;

/// A command to a store's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockCommand {
    /// Says how a stock item is kept.
    SetPolicy {
        /// The stock item.
        sku: Sku,
        /// How.
        policy: StockPolicy,
    },
    /// Books units that came in.
    Receive {
        /// The stock item.
        sku: Sku,
        /// How much, more than nothing.
        qty: QtyMilli,
        /// The delivery note or the like.
        reference: Option<Text>,
    },
    /// Books what somebody counted.
    Count {
        /// The stock item.
        sku: Sku,
        /// What is on the shelf, reserved units included.
        counted: QtyMilli,
    },
    /// Corrects the books.
    Adjust {
        /// The stock item.
        sku: Sku,
        /// By how much, either way.
        delta: QtyMilli,
        /// Why.
        reason: Text,
    },
    /// Books units thrown away.
    Waste {
        /// The stock item.
        sku: Sku,
        /// How much, more than nothing.
        qty: QtyMilli,
        /// Why.
        reason: Text,
    },
    /// Marks a stock item sold out.
    Mark86 {
        /// The stock item.
        sku: Sku,
        /// When the mark ends by itself.
        until: Option<Timestamp>,
    },
    /// Sells it again; refused where it was marked by itself and still nothing is available.
    Unmark86(Sku),
    /// Sells it again because the mark's time has come (issued by the engine).
    EndMark86 {
        /// The stock item.
        sku: Sku,
        /// When the mark was to end.
        until: Timestamp,
    },
}
