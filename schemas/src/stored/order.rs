//! Stored events of `order-<tenant>.<store>.<order>`, tags 0x05xx.

use super::codes::{Code, code};
use super::envelope::{Envelope, write};
use super::floor::DiscountV2;
use super::parts::{
    CurrencyV1, RulesV1, Seq, Stored, TaxRateV1, date, external, local, named, named_opt, second_of_day, tender,
    text_opt, timestamp_opt, us_opt,
};
use super::refund::{MoneyPartsV1, RefundedLineV1};
use super::totals::TotalsV1;
use super::{BadValue, DecodeError, floor, kitchen, tag};
use domain::event::{
    CancelReason, ChargePhase, Discount, DiscountScope, Line, LineModifier, Opening, OrderEvent, Rate, RefundedLine,
    ServiceCharge,
};
use domain::ids::LineId;
use domain::kitchen::Kitchen;
use domain::money::{Money, Ppm, QtyMilli};
use domain::pricing::TaxRate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `OrderOpened`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderOpenedV1<'a> {
    channel: u8,
    dining_mode: u8,
    pay_mode: u8,
    table: Option<&'a str>,
    guests: u16,
    customer_ref: Option<&'a str>,
    #[serde(borrow)]
    currency: CurrencyV1<'a>,
    display_number: &'a str,
    business_days: i32,
    opened_days: i32,
    opened_second: u32,
    time_zone: &'a str,
    rules: RulesV1,
    imported: bool,
}

/// `LineAdded`, version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct LineAddedV1<'a> {
    line: &'a str,
    item: &'a str,
    name: &'a str,
    category: Option<&'a str>,
    /// Its id and its name.
    variation: Option<(&'a str, &'a str)>,
    qty: i64,
    unit_base: i64,
    #[serde(borrow)]
    modifiers: Seq<'a, LineModifierV1<'a>, LineModifier>,
    unit: i64,
    taxes: Seq<'a, TaxRateV1<'a>, TaxRate>,
    sku: Option<&'a str>,
    menu_version: u32,
    seat: Option<u16>,
    course: Option<u16>,
    note: Option<&'a str>,
}

/// `OrderOpened`, version 2: with whether it is prepared on tickets. Written where it is; others are of version 1.
#[derive(Serialize, Deserialize)]
struct OrderOpenedV2<'a> {
    #[serde(borrow)]
    v1: OrderOpenedV1<'a>,
    kitchen: u8,
}

/// `OrderOpened`, version 3: for practice. Written where it is; others are of version 1 or 2.
#[derive(Serialize, Deserialize)]
struct OrderOpenedV3<'a> {
    #[serde(borrow)]
    v2: OrderOpenedV2<'a>,
}

/// `LineAdded`, version 2: with who prepares it. Written where somebody does; others are of version 1.
#[derive(Serialize, Deserialize)]
struct LineAddedV2<'a> {
    #[serde(borrow)]
    v1: LineAddedV1<'a>,
    station: &'a str,
}

/// A modifier in [`LineAddedV1`].
#[derive(Serialize, Deserialize)]
struct LineModifierV1<'a> {
    group: &'a str,
    modifier: &'a str,
    name: &'a str,
    unit_price: i64,
    qty: u16,
}

/// `LineQtyChanged`, version 1.
#[derive(Serialize, Deserialize)]
struct LineQtyChangedV1<'a> {
    line: &'a str,
    qty: i64,
}

/// `LineRemoved`, version 1.
#[derive(Serialize, Deserialize)]
struct LineRemovedV1<'a> {
    line: &'a str,
}

/// `DiscountApplied`, version 1.
#[derive(Serialize, Deserialize)]
struct DiscountAppliedV1<'a> {
    discount: &'a str,
    /// 1 the order, 2 lines.
    scope: u8,
    /// With scope 2 only.
    #[serde(borrow)]
    lines: Seq<'a, &'a str, LineId>,
    rate: RateV1,
    reason: &'a str,
}

/// How much a discount or a charge is.
#[derive(Serialize, Deserialize)]
pub(super) struct RateV1 {
    /// 1 a share, 2 an amount.
    kind: u8,
    /// Millionths or minor units.
    value: i64,
}

/// `DiscountRemoved`, version 1.
#[derive(Serialize, Deserialize)]
struct DiscountRemovedV1<'a> {
    discount: &'a str,
}

/// `ServiceChargeApplied`, version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct ServiceChargeAppliedV1<'a> {
    charge: &'a str,
    name: &'a str,
    rate: RateV1,
    /// 1 on the subtotal after discounts, 2 on the one before, 3 on the total.
    phase: u8,
    /// Not with phase 3.
    #[serde(borrow)]
    taxes: Seq<'a, TaxRateV1<'a>, TaxRate>,
}

/// `ServiceChargeRemoved`, version 1.
#[derive(Serialize, Deserialize)]
struct ServiceChargeRemovedV1<'a> {
    charge: &'a str,
}

/// `OrderPlaced`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderPlacedV1<'a> {
    #[serde(borrow)]
    totals: TotalsV1<'a>,
    deadline_us: Option<i64>,
}

/// `OrderRepriced`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderRepricedV1<'a> {
    #[serde(borrow)]
    totals: TotalsV1<'a>,
}

/// `PaymentNotApplicable`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentNotApplicableV1<'a> {
    payment: &'a str,
    /// Nothing: cash.
    tender: Option<&'a str>,
    unapplied: i64,
    why: u8,
}

/// `RefundRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct RefundRecordedV1<'a> {
    refund: &'a str,
    payment: &'a str,
    /// Nothing: cash.
    tender: Option<&'a str>,
    parts: MoneyPartsV1,
    #[serde(borrow)]
    lines: Seq<'a, RefundedLineV1<'a>, RefundedLine>,
    posting_days: i32,
}

/// `TotalMismatchRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct TotalMismatchRecordedV1 {
    expected: i64,
    actual: i64,
}

/// `OrderCancelled`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderCancelledV1<'a> {
    /// 1 nobody paid in time, 2 somebody said so.
    reason: u8,
    /// With reason 2 only.
    words: Option<&'a str>,
}

/// `OrderCompleted`, version 1.
#[derive(Serialize, Deserialize)]
struct OrderCompletedV1 {
    total: i64,
}

impl<'a> Stored<'a, Opening> for OrderOpenedV1<'a> {
    fn of(opening: &'a Opening) -> OrderOpenedV1<'a> {
        OrderOpenedV1 {
            channel: opening.channel.code(),
            dining_mode: opening.dining_mode.code(),
            pay_mode: opening.pay_mode.code(),
            table: text_opt(&opening.table),
            guests: opening.guests,
            customer_ref: text_opt(&opening.customer_ref),
            currency: CurrencyV1::of(&opening.currency),
            display_number: opening.display_number.as_str(),
            business_days: opening.business_date.days(),
            opened_days: opening.opened_local.date().days(),
            opened_second: second_of_day(opening.opened_local),
            time_zone: opening.time_zone.as_str(),
            rules: RulesV1::of(&opening.rules),
            imported: opening.imported,
        }
    }

    fn back(self) -> Result<Opening, BadValue> {
        Ok(Opening {
            channel: code(self.channel)?,
            dining_mode: code(self.dining_mode)?,
            pay_mode: code(self.pay_mode)?,
            table: named_opt(self.table)?,
            guests: self.guests,
            customer_ref: named_opt(self.customer_ref)?,
            currency: self.currency.back()?,
            display_number: named(self.display_number)?,
            business_date: date(self.business_days)?,
            opened_local: local(self.opened_days, self.opened_second)?,
            time_zone: named(self.time_zone)?,
            rules: self.rules.back()?,
            imported: self.imported,
            // Version 1 knew of no kitchens, and of no practice.
            kitchen: Kitchen::Off,
            training: false,
        })
    }
}

impl<'a> Stored<'a, Opening> for OrderOpenedV2<'a> {
    fn of(opening: &'a Opening) -> OrderOpenedV2<'a> {
        OrderOpenedV2 { v1: OrderOpenedV1::of(opening), kitchen: opening.kitchen.code() }
    }

    fn back(self) -> Result<Opening, BadValue> {
        let kitchen = code(self.kitchen)?;
        Ok(Opening { kitchen, ..self.v1.back()? })
    }
}

impl<'a> Stored<'a, Line> for LineAddedV1<'a> {
    fn of(line: &'a Line) -> LineAddedV1<'a> {
        LineAddedV1 {
            line: line.line.as_str(),
            item: line.item.as_str(),
            name: line.name.as_str(),
            category: text_opt(&line.category),
            variation: line.variation.as_deref().map(|(id, name)| (id.as_str(), name.as_str())),
            qty: line.qty.0,
            unit_base: line.unit_base.0,
            modifiers: Seq::of(&line.modifiers),
            unit: line.unit.0,
            taxes: Seq::of(&line.taxes),
            sku: text_opt(&line.sku),
            menu_version: line.menu_version,
            seat: line.seat,
            course: line.course,
            note: text_opt(&line.note),
        }
    }

    fn back(self) -> Result<Line, BadValue> {
        let variation = match self.variation {
            Some((id, name)) => Some(Box::new((named(id)?, named(name)?))),
            None => None,
        };
        Ok(Line {
            line: named(self.line)?,
            item: named(self.item)?,
            name: named(self.name)?,
            category: named_opt(self.category)?,
            variation,
            qty: QtyMilli(self.qty),
            unit_base: Money(self.unit_base),
            modifiers: self.modifiers.back()?,
            unit: Money(self.unit),
            taxes: self.taxes.back()?,
            sku: named_opt(self.sku)?,
            menu_version: self.menu_version,
            seat: self.seat,
            course: self.course,
            note: named_opt(self.note)?,
            station: None,
        })
    }
}

impl<'a> Stored<'a, LineModifier> for LineModifierV1<'a> {
    fn of(modifier: &'a LineModifier) -> LineModifierV1<'a> {
        LineModifierV1 {
            group: modifier.group.as_str(),
            modifier: modifier.modifier.as_str(),
            name: modifier.name.as_str(),
            unit_price: modifier.unit_price.0,
            qty: modifier.qty,
        }
    }

    fn back(self) -> Result<LineModifier, BadValue> {
        Ok(LineModifier {
            group: named(self.group)?,
            modifier: named(self.modifier)?,
            name: named(self.name)?,
            unit_price: Money(self.unit_price),
            qty: self.qty,
        })
    }
}

impl Stored<'_, Rate> for RateV1 {
    fn of(rate: &Rate) -> RateV1 {
        match rate {
            Rate::Percent(ppm) => RateV1 { kind: 1, value: ppm.0.into() },
            Rate::Amount(amount) => RateV1 { kind: 2, value: amount.0 },
        }
    }

    fn back(self) -> Result<Rate, BadValue> {
        match self.kind {
            1 => match u32::try_from(self.value) {
                Ok(ppm) => Ok(Rate::Percent(Ppm(ppm))),
                Err(_) => Err(BadValue::Range { kind: "share" }),
            },
            2 => Ok(Rate::Amount(Money(self.value))),
            code => Err(BadValue::Code { kind: "Rate", code }),
        }
    }
}

impl<'a> Stored<'a, Discount> for DiscountAppliedV1<'a> {
    fn of(discount: &'a Discount) -> DiscountAppliedV1<'a> {
        let (scope, lines) = match &discount.scope {
            DiscountScope::Order => (1, &[][..]),
            DiscountScope::Lines(lines) => (2, lines.as_slice()),
            DiscountScope::Fixed(_) => unreachable!("it is of version 2"),
        };
        DiscountAppliedV1 {
            discount: discount.discount.as_str(),
            scope,
            lines: Seq::of(lines),
            rate: RateV1::of(&discount.rate),
            reason: discount.reason.as_str(),
        }
    }

    fn back(self) -> Result<Discount, BadValue> {
        let lines = self.lines.back()?;
        Ok(Discount {
            discount: named(self.discount)?,
            scope: match self.scope {
                1 if lines.is_empty() => DiscountScope::Order,
                1 => return Err(BadValue::Range { kind: "discount's scope" }),
                2 => DiscountScope::Lines(lines),
                code => return Err(BadValue::Code { kind: "DiscountScope", code }),
            },
            rate: self.rate.back()?,
            reason: named(self.reason)?,
        })
    }
}

impl<'a> Stored<'a, ServiceCharge> for ServiceChargeAppliedV1<'a> {
    fn of(charge: &'a ServiceCharge) -> ServiceChargeAppliedV1<'a> {
        let (phase, taxes) = match &charge.phase {
            ChargePhase::Subtotal { pre_discount: false, taxes } => (1, taxes.as_slice()),
            ChargePhase::Subtotal { pre_discount: true, taxes } => (2, taxes.as_slice()),
            ChargePhase::Total => (3, &[][..]),
        };
        ServiceChargeAppliedV1 {
            charge: charge.charge.as_str(),
            name: charge.name.as_str(),
            rate: RateV1::of(&charge.rate),
            phase,
            taxes: Seq::of(taxes),
        }
    }

    fn back(self) -> Result<ServiceCharge, BadValue> {
        let taxes = self.taxes.back()?;
        Ok(ServiceCharge {
            charge: named(self.charge)?,
            name: named(self.name)?,
            rate: self.rate.back()?,
            phase: match self.phase {
                1 => ChargePhase::Subtotal { pre_discount: false, taxes },
                2 => ChargePhase::Subtotal { pre_discount: true, taxes },
                3 if taxes.is_empty() => ChargePhase::Total,
                3 => return Err(BadValue::Range { kind: "service charge's phase" }),
                code => return Err(BadValue::Code { kind: "ChargePhase", code }),
            },
        })
    }
}

impl<'a> Stored<'a, CancelReason> for OrderCancelledV1<'a> {
    fn of(reason: &'a CancelReason) -> OrderCancelledV1<'a> {
        match reason {
            CancelReason::PaymentTimeout => OrderCancelledV1 { reason: 1, words: None },
            CancelReason::Requested(words) => OrderCancelledV1 { reason: 2, words: Some(words.as_str()) },
        }
    }

    fn back(self) -> Result<CancelReason, BadValue> {
        match (self.reason, self.words) {
            (1, None) => Ok(CancelReason::PaymentTimeout),
            (2, Some(words)) => Ok(CancelReason::Requested(named(words)?)),
            (1 | 2, _) => Err(BadValue::Range { kind: "reason" }),
            (code, _) => Err(BadValue::Code { kind: "CancelReason", code }),
        }
    }
}

pub(super) fn encode(event: &OrderEvent, out: &mut Vec<u8>) {
    use OrderEvent as E;
    match event {
        E::OrderOpened(opening) => match opening.kitchen {
            _ if opening.training => {
                write(tag::ORDER_OPENED, 3, &OrderOpenedV3 { v2: OrderOpenedV2::of(opening) }, out);
            }
            Kitchen::Off => write(tag::ORDER_OPENED, 1, &OrderOpenedV1::of(opening), out),
            Kitchen::On => {
                write(tag::ORDER_OPENED, 2, &OrderOpenedV2::of(opening), out);
            }
        },
        E::LineAdded(line) => match &line.station {
            None => write(tag::LINE_ADDED, 1, &LineAddedV1::of(line), out),
            Some(station) => {
                let body = LineAddedV2 { v1: LineAddedV1::of(line), station: station.as_str() };
                write(tag::LINE_ADDED, 2, &body, out);
            }
        },
        E::LinesHeld { lines } => kitchen::write_lines(tag::LINES_HELD, lines, out),
        E::LinesFired { fire, lines } => kitchen::write_fired(*fire, lines, out),
        E::LinesServed { lines } => kitchen::write_lines(tag::LINES_SERVED, lines, out),
        E::LineVoided { line, qty, fired, reason, wasted } => {
            kitchen::write_voided((line, *qty, *fired), (reason, *wasted), out);
        }
        E::LinesComped { discount, lines, reason } => {
            kitchen::write_comped((discount, lines), reason, out);
        }
        E::OrderMovedToTable { from, to } => kitchen::write_moved(from, to, out),
        E::ServerAssigned { staff } => kitchen::write_assigned(staff, out),
        E::LineQtyChanged { line, qty } => {
            write(tag::LINE_QTY_CHANGED, 1, &LineQtyChangedV1 { line: line.as_str(), qty: qty.0 }, out);
        }
        E::LineRemoved { line } => write(tag::LINE_REMOVED, 1, &LineRemovedV1 { line: line.as_str() }, out),
        E::DiscountApplied(discount) => match discount.scope {
            DiscountScope::Order | DiscountScope::Lines(_) => {
                write(tag::DISCOUNT_APPLIED, 1, &DiscountAppliedV1::of(discount), out);
            }
            DiscountScope::Fixed(_) => write(tag::DISCOUNT_APPLIED, 2, &DiscountV2::of(discount), out),
        },
        E::CheckSplit { lines } => floor::write_split(lines, out),
        E::CheckPaid { check, total } => floor::write_paid(*check, *total, out),
        E::LinesReceivedByMerge(received) => floor::write_received(received, out),
        E::OrderMergedInto { target } => floor::write_merged(target, out),
        E::DiscountRemoved { discount } => {
            write(tag::DISCOUNT_REMOVED, 1, &DiscountRemovedV1 { discount: discount.as_str() }, out);
        }
        E::ServiceChargeApplied(charge) => {
            write(tag::SERVICE_CHARGE_APPLIED, 1, &ServiceChargeAppliedV1::of(charge), out);
        }
        E::ServiceChargeRemoved { charge } => {
            write(tag::SERVICE_CHARGE_REMOVED, 1, &ServiceChargeRemovedV1 { charge: charge.as_str() }, out);
        }
        E::OrderPlaced { totals, deadline } => {
            let body = OrderPlacedV1 { totals: TotalsV1::of(totals), deadline_us: us_opt(deadline) };
            write(tag::ORDER_PLACED, 1, &body, out);
        }
        E::OrderRepriced { totals } => {
            write(tag::ORDER_REPRICED, 1, &OrderRepricedV1 { totals: TotalsV1::of(totals) }, out);
        }
        E::PaymentApplied { payment, tender, amount, tip, check } => {
            floor::write_applied((payment, tender), (*amount, *tip), *check, out);
        }
        E::PaymentNotApplicable { payment, tender, unapplied, why } => {
            let body = PaymentNotApplicableV1 {
                payment: payment.as_str(),
                tender: external(tender),
                unapplied: unapplied.0,
                why: why.code(),
            };
            write(tag::PAYMENT_NOT_APPLICABLE, 1, &body, out);
        }
        E::RefundRecorded { refund, payment, tender, parts, lines, posting_date } => {
            let body = RefundRecordedV1 {
                refund: refund.as_str(),
                payment: payment.as_str(),
                tender: external(tender),
                parts: MoneyPartsV1::of(parts),
                lines: Seq::of(lines),
                posting_days: posting_date.days(),
            };
            write(tag::REFUND_RECORDED, 1, &body, out);
        }
        E::TotalMismatchRecorded { expected, actual } => {
            let body = TotalMismatchRecordedV1 { expected: expected.0, actual: actual.0 };
            write(tag::TOTAL_MISMATCH_RECORDED, 1, &body, out);
        }
        E::OrderCancelled { reason } => write(tag::ORDER_CANCELLED, 1, &OrderCancelledV1::of(reason), out),
        E::OrderCompleted { total } => write(tag::ORDER_COMPLETED, 1, &OrderCompletedV1 { total: total.0 }, out),
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<OrderEvent, DecodeError> {
    use OrderEvent as E;
    match (envelope.tag, envelope.version) {
        (tag::ORDER_OPENED, 1) => envelope.read(|body: OrderOpenedV1<'_>| body.back().map(E::OrderOpened)),
        (tag::LINE_ADDED, 1) => {
            envelope.read(|body: LineAddedV1<'_>| body.back().map(|line| E::LineAdded(Arc::new(line))))
        }
        (tag::ORDER_OPENED, 2) => envelope.read(|body: OrderOpenedV2<'_>| body.back().map(E::OrderOpened)),
        (tag::ORDER_OPENED, 3) => {
            envelope.read(|body: OrderOpenedV3<'_>| Ok(E::OrderOpened(Opening { training: true, ..body.v2.back()? })))
        }
        (tag::LINE_ADDED, 2) => envelope.read(|body: LineAddedV2<'_>| {
            let station = Some(named(body.station)?);
            Ok(E::LineAdded(Arc::new(Line { station, ..body.v1.back()? })))
        }),
        (tag::LINES_HELD..=tag::SERVER_ASSIGNED, _) => kitchen::decode(envelope),
        (tag::LINE_QTY_CHANGED, 1) => envelope.read(|body: LineQtyChangedV1<'_>| {
            Ok(E::LineQtyChanged { line: named(body.line)?, qty: QtyMilli(body.qty) })
        }),
        (tag::LINE_REMOVED, 1) => {
            envelope.read(|body: LineRemovedV1<'_>| Ok(E::LineRemoved { line: named(body.line)? }))
        }
        (tag::DISCOUNT_APPLIED, 1) => envelope.read(|body: DiscountAppliedV1<'_>| body.back().map(E::DiscountApplied)),
        (tag::DISCOUNT_APPLIED, 2) => envelope.read(|body: DiscountV2<'_>| body.back().map(E::DiscountApplied)),
        (tag::PAYMENT_APPLIED | tag::CHECK_SPLIT | tag::CHECK_PAID, _)
        | (tag::LINES_RECEIVED_BY_MERGE | tag::ORDER_MERGED_INTO, _) => floor::decode(envelope),
        (tag::DISCOUNT_REMOVED, 1) => {
            envelope.read(|body: DiscountRemovedV1<'_>| Ok(E::DiscountRemoved { discount: named(body.discount)? }))
        }
        (tag::SERVICE_CHARGE_APPLIED, 1) => {
            envelope.read(|body: ServiceChargeAppliedV1<'_>| body.back().map(E::ServiceChargeApplied))
        }
        (tag::SERVICE_CHARGE_REMOVED, 1) => envelope
            .read(|body: ServiceChargeRemovedV1<'_>| Ok(E::ServiceChargeRemoved { charge: named(body.charge)? })),
        (tag::ORDER_PLACED, 1) => envelope.read(|body: OrderPlacedV1<'_>| {
            Ok(E::OrderPlaced { totals: body.totals.back()?, deadline: timestamp_opt(body.deadline_us) })
        }),
        (tag::ORDER_REPRICED, 1) => {
            envelope.read(|body: OrderRepricedV1<'_>| Ok(E::OrderRepriced { totals: body.totals.back()? }))
        }
        (tag::PAYMENT_NOT_APPLICABLE, 1) => envelope.read(|body: PaymentNotApplicableV1<'_>| {
            Ok(E::PaymentNotApplicable {
                payment: named(body.payment)?,
                tender: tender(body.tender)?,
                unapplied: Money(body.unapplied),
                why: code(body.why)?,
            })
        }),
        (tag::REFUND_RECORDED, 1) => envelope.read(|body: RefundRecordedV1<'_>| {
            Ok(E::RefundRecorded {
                refund: named(body.refund)?,
                payment: named(body.payment)?,
                tender: tender(body.tender)?,
                parts: body.parts.back()?,
                lines: body.lines.back()?,
                posting_date: date(body.posting_days)?,
            })
        }),
        (tag::TOTAL_MISMATCH_RECORDED, 1) => envelope.read(|body: TotalMismatchRecordedV1| {
            Ok(E::TotalMismatchRecorded { expected: Money(body.expected), actual: Money(body.actual) })
        }),
        (tag::ORDER_CANCELLED, 1) => {
            envelope.read(|body: OrderCancelledV1<'_>| Ok(E::OrderCancelled { reason: body.back()? }))
        }
        (tag::ORDER_COMPLETED, 1) => {
            envelope.read(|body: OrderCompletedV1| Ok(E::OrderCompleted { total: Money(body.total) }))
        }
        _ => Err(envelope.unknown_version()),
    }
}
