//! Stored events of `ticket-<tenant>.<store>.<ticket>`, tags 0x08xx.

use super::envelope::{Envelope, write};
use super::parts::{LineUnitsV1, Seq, Stored, named};
use super::{BadValue, DecodeError, tag};
use domain::event::{LineUnits, RenamedLine, TicketEvent};
use domain::money::QtyMilli;
use serde::{Deserialize, Serialize};

/// `TicketCreated`, version 1.
#[derive(Serialize, Deserialize)]
struct TicketCreatedV1<'a> {
    order: &'a str,
    fire: u32,
    station: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, LineUnitsV1<'a>, LineUnits>,
}

/// `TicketStarted`, version 1.
#[derive(Serialize, Deserialize)]
struct TicketStartedV1 {}

/// `TicketLineReady`, version 1.
#[derive(Serialize, Deserialize)]
struct TicketLineReadyV1<'a> {
    line: &'a str,
    qty: i64,
}

/// `TicketBumped`, `TicketRecalled` and `TicketLinesCancelled`, version 1.
#[derive(Serialize, Deserialize)]
struct TicketLinesV1<'a> {
    #[serde(borrow)]
    lines: Seq<'a, LineUnitsV1<'a>, LineUnits>,
}

/// `TicketMoved`, version 1.
#[derive(Serialize, Deserialize)]
struct TicketMovedV1<'a> {
    order: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, RenamedLineV1<'a>, RenamedLine>,
}

/// A line in [`TicketMovedV1`].
#[derive(Serialize, Deserialize)]
struct RenamedLineV1<'a> {
    from: &'a str,
    to: &'a str,
}

impl<'a> Stored<'a, RenamedLine> for RenamedLineV1<'a> {
    fn of(renamed: &'a RenamedLine) -> RenamedLineV1<'a> {
        RenamedLineV1 { from: renamed.from.as_str(), to: renamed.to.as_str() }
    }

    fn back(self) -> Result<RenamedLine, BadValue> {
        Ok(RenamedLine { from: named(self.from)?, to: named(self.to)? })
    }
}

pub(super) fn encode(event: &TicketEvent, out: &mut Vec<u8>) {
    match event {
        TicketEvent::TicketCreated { order, fire, station, lines } => {
            let (order, station) = (order.as_str(), station.as_str());
            let body = TicketCreatedV1 { order, fire: *fire, station, lines: Seq::of(lines) };
            write(tag::TICKET_CREATED, 1, &body, out);
        }
        TicketEvent::TicketStarted => write(tag::TICKET_STARTED, 1, &TicketStartedV1 {}, out),
        TicketEvent::TicketLineReady { line, qty } => {
            write(tag::TICKET_LINE_READY, 1, &TicketLineReadyV1 { line: line.as_str(), qty: qty.0 }, out);
        }
        TicketEvent::TicketMoved { order, lines } => {
            write(tag::TICKET_MOVED, 1, &TicketMovedV1 { order: order.as_str(), lines: Seq::of(lines) }, out);
        }
        TicketEvent::TicketBumped { lines } => write_lines(tag::TICKET_BUMPED, lines, out),
        TicketEvent::TicketRecalled { lines } => write_lines(tag::TICKET_RECALLED, lines, out),
        TicketEvent::TicketLinesCancelled { lines } => write_lines(tag::TICKET_LINES_CANCELLED, lines, out),
    }
}

fn write_lines(tag: u16, lines: &[LineUnits], out: &mut Vec<u8>) {
    write(tag, 1, &TicketLinesV1 { lines: Seq::of(lines) }, out);
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<TicketEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::TICKET_CREATED, 1) => envelope.read(|body: TicketCreatedV1<'_>| {
            Ok(TicketEvent::TicketCreated {
                order: named(body.order)?,
                fire: body.fire,
                station: named(body.station)?,
                lines: body.lines.back()?,
            })
        }),
        (tag::TICKET_STARTED, 1) => envelope.read(|TicketStartedV1 {}| Ok(TicketEvent::TicketStarted)),
        (tag::TICKET_LINE_READY, 1) => envelope.read(|body: TicketLineReadyV1<'_>| {
            Ok(TicketEvent::TicketLineReady { line: named(body.line)?, qty: QtyMilli(body.qty) })
        }),
        (tag::TICKET_MOVED, 1) => envelope.read(|body: TicketMovedV1<'_>| {
            Ok(TicketEvent::TicketMoved { order: named(body.order)?, lines: body.lines.back()? })
        }),
        (tag::TICKET_BUMPED, 1) => {
            envelope.read(|body: TicketLinesV1<'_>| Ok(TicketEvent::TicketBumped { lines: body.lines.back()? }))
        }
        (tag::TICKET_RECALLED, 1) => {
            envelope.read(|body: TicketLinesV1<'_>| Ok(TicketEvent::TicketRecalled { lines: body.lines.back()? }))
        }
        (tag::TICKET_LINES_CANCELLED, 1) => {
            envelope.read(|body: TicketLinesV1<'_>| Ok(TicketEvent::TicketLinesCancelled { lines: body.lines.back()? }))
        }
        _ => Err(envelope.unknown_version()),
    }
}
