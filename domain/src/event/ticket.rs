//! Events of a kitchen ticket.

use crate::ids::{LineId, OrderId, StationId};
use crate::money::QtyMilli;

/// So many units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineUnits {
    pub line: LineId,
    pub qty: QtyMilli,
}

/// So many units of a line on their way to the kitchen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiredLine {
    pub line: LineId,
    pub qty: QtyMilli,
    /// How much of that left the shelf.
    pub taken: QtyMilli,
}

/// A line that has another id from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenamedLine {
    pub from: LineId,
    pub to: LineId,
}

/// What happened to a kitchen ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketEvent {
    /// A fire sent units to a station.
    TicketCreated {
        order: OrderId,
        /// Which fire of the order: 1, 2, 3, ...
        fire: u32,
        station: StationId,
        lines: Vec<LineUnits>,
    },
    TicketStarted,
    /// What was left of a line is ready.
    TicketLineReady {
        line: LineId,
        qty: QtyMilli,
    },
    /// It left the board; what was left of it is ready.
    TicketBumped {
        lines: Vec<LineUnits>,
    },
    /// It came back to the board; what was not served yet is to be prepared again.
    TicketRecalled {
        /// What is not ready any more.
        lines: Vec<LineUnits>,
    },
    /// Its order went into another one: what is on it is prepared for that.
    TicketMoved {
        order: OrderId,
        /// The lines on it that have another id there.
        lines: Vec<RenamedLine>,
    },
    TicketLinesCancelled {
        /// What is not to be prepared any more.
        lines: Vec<LineUnits>,
    },
}

impl TicketEvent {
    /// Which units of its lines are ready now; fewer than none where they are to be prepared again.
    pub fn readied(&self) -> Vec<LineUnits> {
        match self {
            TicketEvent::TicketLineReady { line, qty } => vec![LineUnits { line: *line, qty: *qty }],
            TicketEvent::TicketBumped { lines } => lines.clone(),
            TicketEvent::TicketRecalled { lines } => {
                let back = |units: &LineUnits| LineUnits { line: units.line, qty: QtyMilli(-units.qty.0) };
                lines.iter().map(back).collect()
            }
            TicketEvent::TicketCreated { .. }
            | TicketEvent::TicketStarted
            | TicketEvent::TicketMoved { .. }
            | TicketEvent::TicketLinesCancelled { .. } => vec![],
        }
    }

    /// Which units of its lines are not to be prepared any more.
    pub fn cancelled(&self) -> &[LineUnits] {
        match self {
            TicketEvent::TicketLinesCancelled { lines } => lines,
            TicketEvent::TicketCreated { .. }
            | TicketEvent::TicketStarted
            | TicketEvent::TicketLineReady { .. }
            | TicketEvent::TicketBumped { .. }
            | TicketEvent::TicketRecalled { .. }
            | TicketEvent::TicketMoved { .. } => &[],
        }
    }
}
