//! Stored events of checks and merges: tags 0x0550 to 0x0553 of `order-` streams, and what of others names a check.

use super::envelope::{Envelope, write};
use super::order::{LineAddedV1, RateV1, ServiceChargeAppliedV1};
use super::parts::{BadValue, Seq, Stored, external, named, named_opt, tender, text_opt};
use super::{DecodeError, tag};
use domain::check::{CheckId, LineShares, Share};
use domain::event::{
    Discount, DiscountScope, FixedPart, Line, OrderEvent, Received, ReceivedDiscount, ReceivedLine, ServiceCharge,
    Tender,
};
use domain::ids::{LineId, OrderId, PaymentId};
use domain::kitchen::LinePrep;
use domain::money::{Money, QtyMilli};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `PaymentApplied`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentAppliedV1<'a> {
    payment: &'a str,
    /// Nothing: cash.
    tender: Option<&'a str>,
    amount: i64,
    tip: i64,
}

/// `PaymentApplied`, version 2: with the check. Written for others than check 1; those are of version 1.
#[derive(Serialize, Deserialize)]
struct PaymentAppliedV2<'a> {
    #[serde(borrow)]
    v1: PaymentAppliedV1<'a>,
    check: u8,
}

/// `CheckSplit`, version 1.
#[derive(Serialize, Deserialize)]
struct CheckSplitV1<'a> {
    #[serde(borrow)]
    lines: Seq<'a, LineSharesV1<'a>, LineShares>,
}

/// A line in [`CheckSplitV1`].
#[derive(Serialize, Deserialize)]
struct LineSharesV1<'a> {
    line: &'a str,
    #[serde(borrow)]
    shares: Seq<'a, ShareV1, Share>,
}

/// The parts of a line on a check.
#[derive(Serialize, Deserialize)]
struct ShareV1 {
    check: u8,
    parts: u32,
}

/// `CheckPaid`, version 1.
#[derive(Serialize, Deserialize)]
struct CheckPaidV1 {
    check: u8,
    total: i64,
}

/// `LinesReceivedByMerge`, version 1.
#[derive(Serialize, Deserialize)]
struct LinesReceivedByMergeV1<'a> {
    source: &'a str,
    #[serde(borrow)]
    lines: Seq<'a, ReceivedLineV1<'a>, ReceivedLine>,
    discounts: Seq<'a, ReceivedDiscountV1<'a>, ReceivedDiscount>,
    charges: Seq<'a, ServiceChargeAppliedV1<'a>, ServiceCharge>,
    fires: u32,
}

/// A line in [`LinesReceivedByMergeV1`].
#[derive(Serialize, Deserialize)]
struct ReceivedLineV1<'a> {
    from: &'a str,
    #[serde(borrow)]
    line: LineAddedV1<'a>,
    station: Option<&'a str>,
    part: u16,
    prep: Option<LinePrepV1>,
}

/// A discount in [`LinesReceivedByMergeV1`].
#[derive(Serialize, Deserialize)]
struct ReceivedDiscountV1<'a> {
    #[serde(borrow)]
    discount: DiscountV2<'a>,
    comp: bool,
}

/// Where the units of a line are.
#[derive(Serialize, Deserialize)]
struct LinePrepV1 {
    held: i64,
    fired: i64,
    ready: i64,
    served: i64,
    taken: i64,
}

/// A discount of any scope: `DiscountApplied`, version 2, written where its amounts are fixed; others are of version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct DiscountV2<'a> {
    discount: &'a str,
    /// 1 the order, 2 lines, 3 lines with an amount for each.
    scope: u8,
    /// With scope 2 only.
    #[serde(borrow)]
    lines: Seq<'a, &'a str, LineId>,
    /// With scope 3 only.
    parts: Seq<'a, FixedPartV1<'a>, FixedPart>,
    rate: RateV1,
    reason: &'a str,
}

/// What a discount takes off a line, in [`DiscountV2`].
#[derive(Serialize, Deserialize)]
struct FixedPartV1<'a> {
    line: &'a str,
    amount: i64,
}

/// `OrderMergedInto`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderMergedIntoV1<'a> {
    target: &'a str,
}

/// Reads the number of a check.
pub(super) fn check(number: u8) -> Result<CheckId, BadValue> {
    CheckId::new(number.into()).ok_or(BadValue::Range { kind: "check" })
}

impl<'a> Stored<'a, LineShares> for LineSharesV1<'a> {
    fn of(line: &'a LineShares) -> LineSharesV1<'a> {
        LineSharesV1 { line: line.line.as_str(), shares: Seq::of(&line.shares) }
    }

    fn back(self) -> Result<LineShares, BadValue> {
        Ok(LineShares { line: named(self.line)?, shares: self.shares.back()? })
    }
}

impl Stored<'_, Share> for ShareV1 {
    fn of(share: &Share) -> ShareV1 {
        ShareV1 { check: share.check.number(), parts: share.parts }
    }

    fn back(self) -> Result<Share, BadValue> {
        Ok(Share { check: check(self.check)?, parts: self.parts })
    }
}

impl<'a> Stored<'a, ReceivedLine> for ReceivedLineV1<'a> {
    fn of(received: &'a ReceivedLine) -> ReceivedLineV1<'a> {
        ReceivedLineV1 {
            from: received.from.as_str(),
            line: LineAddedV1::of(&received.line),
            station: text_opt(&received.line.station),
            part: received.part,
            prep: received.prep.as_ref().map(|prep| LinePrepV1 {
                held: prep.held.0,
                fired: prep.fired.0,
                ready: prep.ready.0,
                served: prep.served.0,
                taken: prep.taken.0,
            }),
        }
    }

    fn back(self) -> Result<ReceivedLine, BadValue> {
        let line = Line { station: named_opt(self.station)?, ..self.line.back()? };
        let prep = self.prep.map(|prep| LinePrep {
            line: line.line,
            station: line.station,
            course: line.course,
            held: QtyMilli(prep.held),
            fired: QtyMilli(prep.fired),
            ready: QtyMilli(prep.ready),
            served: QtyMilli(prep.served),
            taken: QtyMilli(prep.taken),
        });
        Ok(ReceivedLine { from: named(self.from)?, line: Arc::new(line), part: self.part, prep })
    }
}

impl<'a> Stored<'a, ReceivedDiscount> for ReceivedDiscountV1<'a> {
    fn of(received: &'a ReceivedDiscount) -> ReceivedDiscountV1<'a> {
        ReceivedDiscountV1 { discount: DiscountV2::of(&received.discount), comp: received.comp }
    }

    fn back(self) -> Result<ReceivedDiscount, BadValue> {
        Ok(ReceivedDiscount { discount: self.discount.back()?, comp: self.comp })
    }
}

impl<'a> Stored<'a, Discount> for DiscountV2<'a> {
    fn of(discount: &'a Discount) -> DiscountV2<'a> {
        let (scope, lines, parts) = match &discount.scope {
            DiscountScope::Order => (1, &[][..], &[][..]),
            DiscountScope::Lines(lines) => (2, lines.as_slice(), &[][..]),
            DiscountScope::Fixed(parts) => (3, &[][..], parts.as_slice()),
        };
        DiscountV2 {
            discount: discount.discount.as_str(),
            scope,
            lines: Seq::of(lines),
            parts: Seq::of(parts),
            rate: RateV1::of(&discount.rate),
            reason: discount.reason.as_str(),
        }
    }

    fn back(self) -> Result<Discount, BadValue> {
        let (lines, parts) = (self.lines.back()?, self.parts.back()?);
        Ok(Discount {
            discount: named(self.discount)?,
            scope: match self.scope {
                1 if lines.is_empty() && parts.is_empty() => DiscountScope::Order,
                2 if parts.is_empty() => DiscountScope::Lines(lines),
                3 if lines.is_empty() => DiscountScope::Fixed(parts),
                1..=3 => return Err(BadValue::Range { kind: "discount's scope" }),
                code => return Err(BadValue::Code { kind: "DiscountScope", code }),
            },
            rate: self.rate.back()?,
            reason: named(self.reason)?,
        })
    }
}

impl<'a> Stored<'a, FixedPart> for FixedPartV1<'a> {
    fn of(part: &'a FixedPart) -> FixedPartV1<'a> {
        FixedPartV1 { line: part.line.as_str(), amount: part.amount.0 }
    }

    fn back(self) -> Result<FixedPart, BadValue> {
        Ok(FixedPart { line: named(self.line)?, amount: Money(self.amount) })
    }
}

impl PaymentAppliedV1<'_> {
    fn back(self, check: CheckId) -> Result<OrderEvent, BadValue> {
        Ok(OrderEvent::PaymentApplied {
            payment: named(self.payment)?,
            tender: tender(self.tender)?,
            amount: Money(self.amount),
            tip: Money(self.tip),
            check,
        })
    }
}

pub(super) fn write_applied(
    (payment, tender): (&PaymentId, &Tender),
    (amount, tip): (Money, Money),
    check: CheckId,
    out: &mut Vec<u8>,
) {
    let (payment, tender) = (payment.as_str(), external(tender));
    let v1 = PaymentAppliedV1 { payment, tender, amount: amount.0, tip: tip.0 };
    match check {
        CheckId::FIRST => write(tag::PAYMENT_APPLIED, 1, &v1, out),
        check => write(tag::PAYMENT_APPLIED, 2, &PaymentAppliedV2 { v1, check: check.number() }, out),
    }
}

pub(super) fn write_split(lines: &[LineShares], out: &mut Vec<u8>) {
    write(tag::CHECK_SPLIT, 1, &CheckSplitV1 { lines: Seq::of(lines) }, out);
}

pub(super) fn write_paid(check: CheckId, total: Money, out: &mut Vec<u8>) {
    write(tag::CHECK_PAID, 1, &CheckPaidV1 { check: check.number(), total: total.0 }, out);
}

pub(super) fn write_received(received: &Received, out: &mut Vec<u8>) {
    let Received { source, lines, discounts, charges, fires } = received;
    let body = LinesReceivedByMergeV1 {
        source: source.as_str(),
        lines: Seq::of(lines),
        discounts: Seq::of(discounts),
        charges: Seq::of(charges),
        fires: *fires,
    };
    write(tag::LINES_RECEIVED_BY_MERGE, 1, &body, out);
}

pub(super) fn write_merged(target: &OrderId, out: &mut Vec<u8>) {
    write(tag::ORDER_MERGED_INTO, 1, &OrderMergedIntoV1 { target: target.as_str() }, out);
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<OrderEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::PAYMENT_APPLIED, 1) => envelope.read(|body: PaymentAppliedV1<'_>| body.back(CheckId::FIRST)),
        (tag::PAYMENT_APPLIED, 2) => envelope.read(|body: PaymentAppliedV2<'_>| body.v1.back(check(body.check)?)),
        (tag::CHECK_SPLIT, 1) => {
            envelope.read(|body: CheckSplitV1<'_>| Ok(OrderEvent::CheckSplit { lines: body.lines.back()? }))
        }
        (tag::CHECK_PAID, 1) => envelope.read(|body: CheckPaidV1| {
            Ok(OrderEvent::CheckPaid { check: check(body.check)?, total: Money(body.total) })
        }),
        (tag::LINES_RECEIVED_BY_MERGE, 1) => envelope.read(|body: LinesReceivedByMergeV1<'_>| {
            Ok(OrderEvent::LinesReceivedByMerge(Received {
                source: named(body.source)?,
                lines: body.lines.back()?,
                discounts: body.discounts.back()?,
                charges: body.charges.back()?,
                fires: body.fires,
            }))
        }),
        (tag::ORDER_MERGED_INTO, 1) => {
            envelope.read(|body: OrderMergedIntoV1<'_>| Ok(OrderEvent::OrderMergedInto { target: named(body.target)? }))
        }
        _ => Err(envelope.unknown_version()),
    }
}
