//! What happened to kitchen tickets, and what tickets and orders say of units.

use super::{Part, object};
use crate::json::wire::Wire;
use domain::event::{FiredLine, LineUnits, TicketEvent};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub(super) fn ticket<S: Serializer>(event: &TicketEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        TicketEvent::TicketCreated { order, fire, station, lines } => object!(to;
            "order_id": order.as_str(),
            "fire": fire,
            "station": station.as_str(),
            "lines": Part(lines.as_slice())
        ),
        TicketEvent::TicketStarted => to.serialize_map(Some(0))?.end(),
        TicketEvent::TicketLineReady { line, qty } => object!(to; "line_id": line.as_str(), "qty": Wire(*qty)),
        TicketEvent::TicketMoved { order, lines } => {
            object!(to; "order_id": order.as_str(), "renamed": Part(lines.as_slice()))
        }
        TicketEvent::TicketBumped { lines }
        | TicketEvent::TicketRecalled { lines }
        | TicketEvent::TicketLinesCancelled { lines } => object!(to; "lines": Part(lines.as_slice())),
    }
}

impl Serialize for Part<'_, LineUnits> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "line_id": self.0.line.as_str(), "qty": Wire(self.0.qty))
    }
}

impl Serialize for Part<'_, FiredLine> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "line_id": self.0.line.as_str(), "qty": Wire(self.0.qty), "taken": Wire(self.0.taken))
    }
}
