//! Kitchen tickets.

use super::form::{choice, view};
use super::order::{LineModifierView, LineView, OrderView, VariationName};
use crate::json::wire::{Channel, DiningMode, LineId, OrderId, Qty, StationId, TableId, Text, TicketId, Timestamp};
use serde::{Deserialize, Serialize};

rows! { TicketRow = 2 }

choice! {
    /// How far a ticket has come.
    pub enum TicketState {
        /// Nobody has begun.
        New = "new",
        /// Somebody has.
        Started = "started",
        /// It has left the board.
        Bumped = "bumped",
    }
}

view! {
    /// A kitchen ticket: what one fire of an order sent to one station.
    pub struct TicketView {
        /// Its id.
        pub ticket_id: TicketId,
        /// The station.
        pub station: StationId,
        /// How far it has come.
        pub state: TicketState,
        /// The order.
        pub order_id: OrderId,
        /// Which fire of the order: 1, 2, 3, ...
        pub fire: u32,
        /// What is called out.
        pub display_number: Text,
        /// The table.
        pub table: Option<TableId>,
        /// Where the order came from.
        pub channel: Channel,
        /// How the guest eats.
        pub dining_mode: DiningMode,
        /// When the order is to be ready, as the guest was told.
        pub promised_at: Option<Timestamp>,
        /// When it was fired.
        pub created_at: Timestamp,
        /// Its lines.
        pub lines: Vec<TicketLineView>,
        /// The revision of its stream, for `If-Match`.
        pub revision: u64,
    }
}

view! {
    /// A line of a ticket: `open + ready + cancelled` is what was fired.
    pub struct TicketLineView {
        /// The line of the order.
        pub line_id: LineId,
        /// What to prepare.
        pub name: Text,
        /// The variation.
        pub variation: Option<VariationName>,
        /// The modifiers.
        pub modifiers: Vec<LineModifierView>,
        /// A wish of the guest.
        pub note: Option<Text>,
        /// What the guest must not be served.
        pub allergens: Option<Text>,
        /// The seat it is for.
        pub seat: Option<u16>,
        /// The course it belongs to.
        pub course: Option<u16>,
        /// Still to be prepared.
        pub open: Qty,
        /// Prepared.
        pub ready: Qty,
        /// Voided before it was.
        pub cancelled: Qty,
    }
}

impl TicketView {
    /// A ticket with what its order says of the lines, but for those that were voided and removed.
    pub fn new(ticket: &TicketRow, order: &OrderView) -> TicketView {
        let lines = ticket.lines.iter().filter_map(|units| {
            let line = order.lines.iter().find(|line| line.line_id == units.line)?;
            Some(TicketLineView::new(units, line))
        });
        TicketView {
            ticket_id: ticket.ticket,
            station: ticket.station,
            state: ticket.state,
            order_id: ticket.order,
            fire: ticket.fire,
            display_number: order.display_number.clone(),
            table: order.table,
            channel: order.channel,
            dining_mode: order.dining_mode,
            promised_at: order.promised_at,
            created_at: ticket.created_at,
            lines: lines.collect(),
            revision: ticket.revision,
        }
    }
}

impl TicketLineView {
    fn new(units: &TicketLineRow, line: &LineView) -> TicketLineView {
        TicketLineView {
            line_id: line.line_id,
            name: line.name.clone(),
            variation: line.variation.clone(),
            modifiers: line.modifiers.clone(),
            note: line.note.clone(),
            allergens: line.allergens.clone(),
            seat: line.seat,
            course: line.course,
            open: units.open,
            ready: units.ready,
            cancelled: units.cancelled,
        }
    }
}

/// What is kept of a ticket: what its own stream says. The rest is its order's.
#[allow(missing_docs, reason = "fields without a line are called as in the view")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRow {
    pub ticket: TicketId,
    pub station: StationId,
    pub state: TicketState,
    pub order: OrderId,
    /// Whether it came with another order that went into this one.
    pub is_moved: bool,
    /// Which fire of the order: 1, 2, 3, ...
    pub fire: u32,
    pub created_at: Timestamp,
    pub lines: Vec<TicketLineRow>,
    pub revision: u64,
}

/// A line of a ticket.
#[allow(missing_docs, reason = "fields without a line are called as in the view")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketLineRow {
    /// The line of the order.
    pub line: LineId,
    pub open: Qty,
    pub ready: Qty,
    /// Voided before it was.
    pub cancelled: Qty,
}
