//! Commands to a store's stock.

use crate::calendar::Timestamp;
use crate::event::StockPolicy;
use crate::ids::{Sku, Text};
use crate::money::QtyMilli;

/// A command to a store's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockCommand {
    /// Says how a stock item is kept.
    SetPolicy { sku: Sku, policy: StockPolicy },
    Receive {
        sku: Sku,
        /// How much, more than nothing.
        qty: QtyMilli,
        /// The delivery note or the like.
        reference: Option<Text>,
    },
    Count {
        sku: Sku,
        /// What is on the shelf, reserved units included.
        counted: QtyMilli,
    },
    Adjust {
        sku: Sku,
        /// By how much, either way.
        delta: QtyMilli,
        reason: Text,
    },
    Waste {
        sku: Sku,
        /// How much, more than nothing.
        qty: QtyMilli,
        reason: Text,
    },
    /// Marks a stock item sold out.
    Mark86 {
        sku: Sku,
        /// When the mark ends by itself.
        until: Option<Timestamp>,
    },
    /// Sells it again; refused where it was marked by itself and still nothing is available.
    Unmark86(Sku),
    /// Sells it again because the mark's time has come (issued by the engine).
    EndMark86 {
        sku: Sku,
        /// When the mark was to end.
        until: Timestamp,
    },
}
