//! Stored events of `stock-<tenant>.<store>`, tags 0x07xx.

use super::codes::{Code, code};
use super::envelope::{Envelope, write};
use super::parts::{Seq, Stored, named, named_opt, text_opt, timestamp_opt, us_opt};
use super::{BadValue, DecodeError, tag};
use domain::event::{ReservedLine, StockEvent, StockPolicy};
use domain::money::QtyMilli;
use serde::{Deserialize, Serialize};

/// `StockPolicySet`, version 1.
#[derive(Serialize, Deserialize)]
struct StockPolicySetV1<'a> {
    sku: &'a str,
    /// See [`policy_code`].
    policy: u8,
}

/// `StockReceived`, version 1.
#[derive(Serialize, Deserialize)]
struct StockReceivedV1<'a> {
    sku: &'a str,
    qty: i64,
    reference: Option<&'a str>,
}

/// `StockCounted`, version 1.
#[derive(Serialize, Deserialize)]
struct StockCountedV1<'a> {
    sku: &'a str,
    counted: i64,
    delta: i64,
}

/// `StockAdjusted`, version 1.
#[derive(Serialize, Deserialize)]
struct StockAdjustedV1<'a> {
    sku: &'a str,
    delta: i64,
    reason: &'a str,
}

/// `StockWasted`, version 1.
#[derive(Serialize, Deserialize)]
struct StockWastedV1<'a> {
    sku: &'a str,
    qty: i64,
    reason: &'a str,
}

/// `ItemMarked86`, version 1.
#[derive(Serialize, Deserialize)]
struct ItemMarked86V1<'a> {
    sku: &'a str,
    until_us: Option<i64>,
    auto: bool,
}

/// `ItemUnmarked86`, version 1.
#[derive(Serialize, Deserialize)]
struct ItemUnmarked86V1<'a> {
    sku: &'a str,
}

/// `StockReserved` and `StockCommitted`, version 1.
#[derive(Serialize, Deserialize)]
struct StockReservedV1<'a> {
    order: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, ReservedLineV1<'a>, ReservedLine>,
}

/// `StockReleased`, version 1.
#[derive(Serialize, Deserialize)]
struct StockReleasedV1<'a> {
    order: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, ReservedLineV1<'a>, ReservedLine>,
    why: u8,
}

/// `StockRestocked`, version 1.
#[derive(Serialize, Deserialize)]
struct StockRestockedV1<'a> {
    order: &'a str,
    refund: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, ReservedLineV1<'a>, ReservedLine>,
}

/// `ReservationMoved`, version 1.
#[derive(Serialize, Deserialize)]
struct ReservationMovedV1<'a> {
    order: &'a str,
    to: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, ReservedLineV1<'a>, ReservedLine>,
}

/// `StockVoided`, version 1.
#[derive(Serialize, Deserialize)]
struct StockVoidedV1<'a> {
    order: &'a str,
    #[serde(borrow)]
    line: ReservedLineV1<'a>,
    wasted: bool,
}

/// `OversellRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct OversellRecordedV1<'a> {
    order: Option<&'a str>,
    sku: &'a str,
    qty: i64,
}

/// A line in [`StockReservedV1`] and [`StockReleasedV1`].
#[derive(Serialize, Deserialize)]
struct ReservedLineV1<'a> {
    line: &'a str,
    sku: &'a str,
    qty: i64,
}

impl<'a> Stored<'a, ReservedLine> for ReservedLineV1<'a> {
    fn of(line: &'a ReservedLine) -> ReservedLineV1<'a> {
        ReservedLineV1 { line: line.line.as_str(), sku: line.sku.as_str(), qty: line.qty.0 }
    }

    fn back(self) -> Result<ReservedLine, BadValue> {
        Ok(ReservedLine { line: named(self.line)?, sku: named(self.sku)?, qty: QtyMilli(self.qty) })
    }
}

/// 1 untracked, 2 counted, 3 counted and marked sold out by itself.
pub(super) fn policy_code(policy: StockPolicy) -> u8 {
    match policy {
        StockPolicy::Untracked => 1,
        StockPolicy::Counted { auto86: false } => 2,
        StockPolicy::Counted { auto86: true } => 3,
    }
}

pub(super) fn policy(code: u8) -> Result<StockPolicy, BadValue> {
    match code {
        1 => Ok(StockPolicy::Untracked),
        2 => Ok(StockPolicy::Counted { auto86: false }),
        3 => Ok(StockPolicy::Counted { auto86: true }),
        _ => Err(BadValue::Code { kind: "StockPolicy", code }),
    }
}

pub(super) fn encode(event: &StockEvent, out: &mut Vec<u8>) {
    match event {
        StockEvent::StockPolicySet { sku, policy } => {
            let body = StockPolicySetV1 { sku: sku.as_str(), policy: policy_code(*policy) };
            write(tag::STOCK_POLICY_SET, 1, &body, out);
        }
        StockEvent::StockReceived { sku, qty, reference } => {
            let body = StockReceivedV1 { sku: sku.as_str(), qty: qty.0, reference: text_opt(reference) };
            write(tag::STOCK_RECEIVED, 1, &body, out);
        }
        StockEvent::StockCounted { sku, counted, delta } => {
            let body = StockCountedV1 { sku: sku.as_str(), counted: counted.0, delta: delta.0 };
            write(tag::STOCK_COUNTED, 1, &body, out);
        }
        StockEvent::StockAdjusted { sku, delta, reason } => {
            let body = StockAdjustedV1 { sku: sku.as_str(), delta: delta.0, reason: reason.as_str() };
            write(tag::STOCK_ADJUSTED, 1, &body, out);
        }
        StockEvent::StockWasted { sku, qty, reason } => {
            let body = StockWastedV1 { sku: sku.as_str(), qty: qty.0, reason: reason.as_str() };
            write(tag::STOCK_WASTED, 1, &body, out);
        }
        StockEvent::ItemMarked86 { sku, until, auto } => {
            let body = ItemMarked86V1 { sku: sku.as_str(), until_us: us_opt(until), auto: *auto };
            write(tag::ITEM_MARKED_86, 1, &body, out);
        }
        StockEvent::ItemUnmarked86 { sku } => {
            write(tag::ITEM_UNMARKED_86, 1, &ItemUnmarked86V1 { sku: sku.as_str() }, out);
        }
        StockEvent::StockReserved { order, lines } => {
            let body = StockReservedV1 { order: order.as_str(), lines: Seq::of(lines) };
            write(tag::STOCK_RESERVED, 1, &body, out);
        }
        StockEvent::StockCommitted { order, lines } => {
            let body = StockReservedV1 { order: order.as_str(), lines: Seq::of(lines) };
            write(tag::STOCK_COMMITTED, 1, &body, out);
        }
        StockEvent::StockReleased { order, lines, why } => {
            let body = StockReleasedV1 { order: order.as_str(), lines: Seq::of(lines), why: why.code() };
            write(tag::STOCK_RELEASED, 1, &body, out);
        }
        StockEvent::OversellRecorded { order, sku, qty } => {
            let body = OversellRecordedV1 { order: text_opt(order), sku: sku.as_str(), qty: qty.0 };
            write(tag::OVERSELL_RECORDED, 1, &body, out);
        }
        StockEvent::StockRestocked { order, refund, lines } => {
            let body = StockRestockedV1 { order: order.as_str(), refund: refund.as_str(), lines: Seq::of(lines) };
            write(tag::STOCK_RESTOCKED, 1, &body, out);
        }
        StockEvent::ReservationMoved { order, to, lines } => {
            let body = ReservationMovedV1 { order: order.as_str(), to: to.as_str(), lines: Seq::of(lines) };
            write(tag::RESERVATION_MOVED, 1, &body, out);
        }
        StockEvent::StockVoided { order, line, wasted } => {
            let body = StockVoidedV1 { order: order.as_str(), line: ReservedLineV1::of(line), wasted: *wasted };
            write(tag::STOCK_VOIDED, 1, &body, out);
        }
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<StockEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::STOCK_POLICY_SET, 1) => envelope.read(|body: StockPolicySetV1<'_>| {
            Ok(StockEvent::StockPolicySet { sku: named(body.sku)?, policy: policy(body.policy)? })
        }),
        (tag::STOCK_RECEIVED, 1) => envelope.read(|body: StockReceivedV1<'_>| {
            Ok(StockEvent::StockReceived {
                sku: named(body.sku)?,
                qty: QtyMilli(body.qty),
                reference: named_opt(body.reference)?,
            })
        }),
        (tag::STOCK_COUNTED, 1) => envelope.read(|body: StockCountedV1<'_>| {
            Ok(StockEvent::StockCounted {
                sku: named(body.sku)?,
                counted: QtyMilli(body.counted),
                delta: QtyMilli(body.delta),
            })
        }),
        (tag::STOCK_ADJUSTED, 1) => envelope.read(|body: StockAdjustedV1<'_>| {
            Ok(StockEvent::StockAdjusted {
                sku: named(body.sku)?,
                delta: QtyMilli(body.delta),
                reason: named(body.reason)?,
            })
        }),
        (tag::STOCK_WASTED, 1) => envelope.read(|body: StockWastedV1<'_>| {
            Ok(StockEvent::StockWasted { sku: named(body.sku)?, qty: QtyMilli(body.qty), reason: named(body.reason)? })
        }),
        (tag::ITEM_MARKED_86 | tag::ITEM_UNMARKED_86, _) => decode_86(envelope),
        (tag::STOCK_RESERVED | tag::STOCK_COMMITTED | tag::STOCK_RELEASED | tag::STOCK_VOIDED, _) => {
            decode_reservation(envelope)
        }
        (tag::RESERVATION_MOVED, 1) => envelope.read(|body: ReservationMovedV1<'_>| {
            Ok(StockEvent::ReservationMoved {
                order: named(body.order)?,
                to: named(body.to)?,
                lines: body.lines.back()?,
            })
        }),
        (tag::OVERSELL_RECORDED, 1) => envelope.read(|body: OversellRecordedV1<'_>| {
            Ok(StockEvent::OversellRecorded {
                order: named_opt(body.order)?,
                sku: named(body.sku)?,
                qty: QtyMilli(body.qty),
            })
        }),
        (tag::STOCK_RESTOCKED, 1) => envelope.read(|body: StockRestockedV1<'_>| {
            Ok(StockEvent::StockRestocked {
                order: named(body.order)?,
                refund: named(body.refund)?,
                lines: body.lines.back()?,
            })
        }),
        _ => Err(envelope.unknown_version()),
    }
}

fn decode_86(envelope: &Envelope<'_>) -> Result<StockEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::ITEM_MARKED_86, 1) => envelope.read(|body: ItemMarked86V1<'_>| {
            Ok(StockEvent::ItemMarked86 { sku: named(body.sku)?, until: timestamp_opt(body.until_us), auto: body.auto })
        }),
        (tag::ITEM_UNMARKED_86, 1) => {
            envelope.read(|body: ItemUnmarked86V1<'_>| Ok(StockEvent::ItemUnmarked86 { sku: named(body.sku)? }))
        }
        _ => Err(envelope.unknown_version()),
    }
}

fn decode_reservation(envelope: &Envelope<'_>) -> Result<StockEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::STOCK_RESERVED, 1) => envelope.read(|body: StockReservedV1<'_>| {
            Ok(StockEvent::StockReserved { order: named(body.order)?, lines: body.lines.back()? })
        }),
        (tag::STOCK_COMMITTED, 1) => envelope.read(|body: StockReservedV1<'_>| {
            Ok(StockEvent::StockCommitted { order: named(body.order)?, lines: body.lines.back()? })
        }),
        (tag::STOCK_VOIDED, 1) => envelope.read(|body: StockVoidedV1<'_>| {
            Ok(StockEvent::StockVoided { order: named(body.order)?, line: body.line.back()?, wasted: body.wasted })
        }),
        (tag::STOCK_RELEASED, 1) => envelope.read(|body: StockReleasedV1<'_>| {
            Ok(StockEvent::StockReleased { order: named(body.order)?, lines: body.lines.back()?, why: code(body.why)? })
        }),
        _ => Err(envelope.unknown_version()),
    }
}
