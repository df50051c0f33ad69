//! Events of a store's stock.

use crate::calendar::Timestamp;
use crate::ids::{LineId, OrderId, RefundId, Sku, Text};
use crate::money::QtyMilli;

/// How a stock item is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockPolicy {
    /// Not counted: never refused, never reserved.
    Untracked,
    Counted {
        /// Whether it is marked sold out by itself when nothing is available.
        auto86: bool,
    },
}

/// Units reserved for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservedLine {
    pub line: LineId,
    pub sku: Sku,
    pub qty: QtyMilli,
}

/// Why a reservation was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseReason {
    OrderCancelled,
    /// The order was not paid in time.
    PaymentTimeout,
    /// The line was removed or reduced.
    LineChanged,
}

/// What happened to a store's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockEvent {
    /// How a stock item is kept.
    StockPolicySet {
        sku: Sku,
        policy: StockPolicy,
    },
    StockReceived {
        sku: Sku,
        qty: QtyMilli,
        /// The delivery note or the like.
        reference: Option<Text>,
    },
    StockCounted {
        sku: Sku,
        counted: QtyMilli,
        /// Counted minus what the books said.
        delta: QtyMilli,
    },
    StockAdjusted {
        sku: Sku,
        /// By how much, either way.
        delta: QtyMilli,
        reason: Text,
    },
    StockWasted {
        sku: Sku,
        qty: QtyMilli,
        reason: Text,
    },
    /// The stock item is sold out ("86").
    ItemMarked86 {
        sku: Sku,
        /// When the mark ends by itself.
        until: Option<Timestamp>,
        /// Whether it was marked because nothing was available.
        auto: bool,
    },
    /// The stock item is sold again.
    ItemUnmarked86 {
        sku: Sku,
    },
    /// Units were set aside for an order.
    StockReserved {
        order: OrderId,
        lines: Vec<ReservedLine>,
    },
    /// Everything reserved for an order left the shelf.
    StockCommitted {
        order: OrderId,
        lines: Vec<ReservedLine>,
    },
    /// Units that had left the shelf for a line were voided.
    StockVoided {
        order: OrderId,
        line: ReservedLine,
        /// Whether they were thrown away: what is on hand stays as it is. They are back on the shelf otherwise.
        wasted: bool,
    },
    /// All that is reserved for an order is reserved for another one.
    ReservationMoved {
        order: OrderId,
        to: OrderId,
        /// What, by the lines of the other one.
        lines: Vec<ReservedLine>,
    },
    /// Units reserved for an order are available again.
    StockReleased {
        order: OrderId,
        lines: Vec<ReservedLine>,
        why: ReleaseReason,
    },
    /// More left, or was promised, than the books say is there: a terminal sold it, or somebody counted it, while it was away.
    OversellRecorded {
        /// The order, where one took it.
        order: Option<OrderId>,
        sku: Sku,
        /// How much is short because of it.
        qty: QtyMilli,
    },
    /// Sold units that were refunded are on the shelf again.
    StockRestocked {
        order: OrderId,
        /// The refund, unique in its payment.
        refund: RefundId,
        lines: Vec<ReservedLine>,
    },
}

impl StockEvent {
    /// The stock items it is about, each once.
    pub fn skus(&self) -> Vec<Sku> {
        match self {
            StockEvent::StockPolicySet { sku, .. }
            | StockEvent::StockReceived { sku, .. }
            | StockEvent::StockCounted { sku, .. }
            | StockEvent::StockAdjusted { sku, .. }
            | StockEvent::StockWasted { sku, .. }
            | StockEvent::ItemMarked86 { sku, .. }
            | StockEvent::ItemUnmarked86 { sku }
            | StockEvent::OversellRecorded { sku, .. } => vec![*sku],
            StockEvent::StockVoided { line, .. } => vec![line.sku],
            StockEvent::StockReserved { lines, .. }
            | StockEvent::StockCommitted { lines, .. }
            | StockEvent::StockReleased { lines, .. }
            | StockEvent::ReservationMoved { lines, .. }
            | StockEvent::StockRestocked { lines, .. } => {
                let mut skus: Vec<Sku> = lines.iter().map(|line| line.sku).collect();
                skus.sort_unstable();
                skus.dedup();
                skus
            }
        }
    }
}
