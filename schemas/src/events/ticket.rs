//! Events of `ticket-<tenant>.<store>.<ticket>`, tags 0x08xx.

use domain::event::{RenamedLine, TicketEvent};

events! { TicketEvent {
    0x0801 TicketCreated { order: "order_id", fire: "fire", station: "station", lines: "lines" };
    0x0802 TicketStarted;
    0x0803 TicketLineReady { line: "line_id", qty: "qty" };
    0x0804 TicketBumped { lines: "lines" };
    0x0805 TicketRecalled { lines: "lines" };
    0x0806 TicketLinesCancelled { lines: "lines" };
    0x0850 TicketMoved { order: "order_id", lines: "renamed" };
} }

record! {
    RenamedLine { from: "from", to: "to" }
}
