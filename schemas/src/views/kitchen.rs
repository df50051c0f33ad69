//! Kitchen tickets.

use super::form::shown::{
    Channel, DiningMode, LineId, OrderId, QtyMilli, StationId, TableId, Text, TicketId, Timestamp,
};
use super::form::{choice, view};
use super::order::{LineModifierView, LineView, VariationName};

choice! {
    /// How far a ticket has come.
    pub enum TicketState {
        /// Nobody has begun.
        New,
        /// Somebody has.
        Started,
        /// It has left the board.
        Bumped,
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
        /// The table, when it was fired.
        pub table: Option<TableId>,
        /// Where the order came from.
        pub channel: Channel,
        /// How the guest eats.
        pub dining_mode: DiningMode,
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
        /// The seat it is for.
        pub seat: Option<u16>,
        /// The course it belongs to.
        pub course: Option<u16>,
        /// Still to be prepared.
        pub open: QtyMilli,
        /// Prepared.
        pub ready: QtyMilli,
        /// Voided before it was.
        pub cancelled: QtyMilli,
    }
}

impl TicketLineView {
    /// So many units of an order's line, all still to be prepared.
    pub fn new(line: &LineView, open: QtyMilli) -> TicketLineView {
        TicketLineView {
            line_id: line.line_id,
            name: line.name.clone(),
            variation: line.variation.clone(),
            modifiers: line.modifiers.clone(),
            note: line.note.clone(),
            seat: line.seat,
            course: line.course,
            open,
            ready: QtyMilli::default(),
            cancelled: QtyMilli::default(),
        }
    }
}
