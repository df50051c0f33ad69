//! Stored events of an order on its way through the kitchen and the dining room: tags 0x050f to 0x0515 of `order-` streams.

use super::envelope::{Envelope, write};
use super::parts::{BadValue, LineUnitsV1, Seq, Stored, named, named_opt, text_opt};
use super::{DecodeError, tag};
use domain::event::{FiredLine, LineUnits, OrderEvent};
use domain::ids::{ActorId, DiscountId, LineId, TableId, Text};
use domain::money::QtyMilli;
use serde::{Deserialize, Serialize};

/// `LinesHeld` and `LinesServed`, version 1.
#[derive(Serialize, Deserialize)]
struct LinesV1<'a> {
    #[serde(borrow)]
    lines: Seq<'a, LineUnitsV1<'a>, LineUnits>,
}

/// `LinesFired`, version 1.
#[derive(Serialize, Deserialize)]
struct LinesFiredV1<'a> {
    fire: u32,
    #[serde(borrow)]
    lines: Seq<'a, FiredLineV1<'a>, FiredLine>,
}

/// A line in [`LinesFiredV1`].
#[derive(Serialize, Deserialize)]
struct FiredLineV1<'a> {
    line: &'a str,
    qty: i64,
    taken: i64,
}

/// `LineVoided`, version 1.
#[derive(Serialize, Deserialize)]
struct LineVoidedV1<'a> {
    line: &'a str,
    qty: i64,
    fired: i64,
    reason: &'a str,
    wasted: bool,
}

/// `LinesComped`, version 1.
#[derive(Serialize, Deserialize)]
struct LinesCompedV1<'a> {
    discount: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, &'a str, LineId>,
    reason: &'a str,
}

/// `OrderMovedToTable`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderMovedToTableV1<'a> {
    from: Option<&'a str>,
    to: &'a str,
}

/// `ServerAssigned`, version 1.
#[derive(Serialize, Deserialize)]
struct ServerAssignedV1<'a> {
    staff: &'a str,
}

impl<'a> Stored<'a, FiredLine> for FiredLineV1<'a> {
    fn of(fired: &'a FiredLine) -> FiredLineV1<'a> {
        FiredLineV1 { line: fired.line.as_str(), qty: fired.qty.0, taken: fired.taken.0 }
    }

    fn back(self) -> Result<FiredLine, BadValue> {
        Ok(FiredLine { line: named(self.line)?, qty: QtyMilli(self.qty), taken: QtyMilli(self.taken) })
    }
}

pub(super) fn write_lines(tag: u16, lines: &[LineUnits], out: &mut Vec<u8>) {
    write(tag, 1, &LinesV1 { lines: Seq::of(lines) }, out);
}

pub(super) fn write_fired(fire: u32, lines: &[FiredLine], out: &mut Vec<u8>) {
    write(tag::LINES_FIRED, 1, &LinesFiredV1 { fire, lines: Seq::of(lines) }, out);
}

pub(super) fn write_voided(
    (line, qty, fired): (&LineId, QtyMilli, QtyMilli),
    (reason, wasted): (&Text, bool),
    out: &mut Vec<u8>,
) {
    let body = LineVoidedV1 { line: line.as_str(), qty: qty.0, fired: fired.0, reason: reason.as_str(), wasted };
    write(tag::LINE_VOIDED, 1, &body, out);
}

pub(super) fn write_comped((discount, lines): (&DiscountId, &[LineId]), reason: &Text, out: &mut Vec<u8>) {
    let (discount, reason) = (discount.as_str(), reason.as_str());
    let body = LinesCompedV1 { discount, lines: Seq::of(lines), reason };
    write(tag::LINES_COMPED, 1, &body, out);
}

pub(super) fn write_moved(from: &Option<TableId>, to: &TableId, out: &mut Vec<u8>) {
    write(tag::ORDER_MOVED_TO_TABLE, 1, &OrderMovedToTableV1 { from: text_opt(from), to: to.as_str() }, out);
}

pub(super) fn write_assigned(staff: &ActorId, out: &mut Vec<u8>) {
    write(tag::SERVER_ASSIGNED, 1, &ServerAssignedV1 { staff: staff.as_str() }, out);
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<OrderEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::LINES_HELD, 1) => {
            envelope.read(|body: LinesV1<'_>| Ok(OrderEvent::LinesHeld { lines: body.lines.back()? }))
        }
        (tag::LINES_FIRED, 1) => envelope
            .read(|body: LinesFiredV1<'_>| Ok(OrderEvent::LinesFired { fire: body.fire, lines: body.lines.back()? })),
        (tag::LINES_SERVED, 1) => {
            envelope.read(|body: LinesV1<'_>| Ok(OrderEvent::LinesServed { lines: body.lines.back()? }))
        }
        (tag::LINE_VOIDED, 1) => envelope.read(|body: LineVoidedV1<'_>| {
            Ok(OrderEvent::LineVoided {
                line: named(body.line)?,
                qty: QtyMilli(body.qty),
                fired: QtyMilli(body.fired),
                reason: named(body.reason)?,
                wasted: body.wasted,
            })
        }),
        (tag::LINES_COMPED, 1) => envelope.read(|body: LinesCompedV1<'_>| {
            Ok(OrderEvent::LinesComped {
                discount: named(body.discount)?,
                lines: body.lines.back()?,
                reason: named(body.reason)?,
            })
        }),
        (tag::ORDER_MOVED_TO_TABLE, 1) => envelope.read(|body: OrderMovedToTableV1<'_>| {
            Ok(OrderEvent::OrderMovedToTable { from: named_opt(body.from)?, to: named(body.to)? })
        }),
        (tag::SERVER_ASSIGNED, 1) => {
            envelope.read(|body: ServerAssignedV1<'_>| Ok(OrderEvent::ServerAssigned { staff: named(body.staff)? }))
        }
        _ => Err(envelope.unknown_version()),
    }
}
