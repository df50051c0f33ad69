//! Stored events of `drawer-<tenant>.<store>.<drawer>`, tags 0x09xx.

use super::envelope::{Envelope, write};
use super::parts::{date, named};
use super::{DecodeError, tag};
use domain::event::DrawerEvent;
use domain::money::Money;
use serde::{Deserialize, Serialize};

/// `ShiftOpened`, version 1.
#[derive(Serialize, Deserialize)]
struct ShiftOpenedV1 {
    shift: u32,
    float: i64,
    business_days: i32,
}

/// `CashPaidIn` and `CashPaidOut`, version 1.
#[derive(Serialize, Deserialize)]
struct CashPaidV1<'a> {
    shift: u32,
    amount: i64,
    reason: &'a str,
}

/// `NoSaleRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct NoSaleRecordedV1<'a> {
    shift: u32,
    reason: &'a str,
}

/// `CashSaleRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct CashSaleRecordedV1<'a> {
    shift: u32,
    payment: &'a str,
    amount: i64,
}

/// `CashRefundRecorded`, version 1.
#[derive(Serialize, Deserialize)]
struct CashRefundRecordedV1<'a> {
    shift: u32,
    payment: &'a str,
    refund: &'a str,
    amount: i64,
}

/// `ShiftClosed`, version 1.
#[derive(Serialize, Deserialize)]
struct ShiftClosedV1 {
    shift: u32,
    expected: i64,
    counted: i64,
    over_short: i64,
}

pub(super) fn encode(event: &DrawerEvent, out: &mut Vec<u8>) {
    use DrawerEvent as E;
    match event {
        E::ShiftOpened { shift, float, business_date } => {
            let body = ShiftOpenedV1 { shift: *shift, float: float.0, business_days: business_date.days() };
            write(tag::SHIFT_OPENED, 1, &body, out);
        }
        E::CashPaidIn { shift, amount, reason } => {
            let body = CashPaidV1 { shift: *shift, amount: amount.0, reason: reason.as_str() };
            write(tag::CASH_PAID_IN, 1, &body, out);
        }
        E::CashPaidOut { shift, amount, reason } => {
            let body = CashPaidV1 { shift: *shift, amount: amount.0, reason: reason.as_str() };
            write(tag::CASH_PAID_OUT, 1, &body, out);
        }
        E::NoSaleRecorded { shift, reason } => {
            write(tag::NO_SALE_RECORDED, 1, &NoSaleRecordedV1 { shift: *shift, reason: reason.as_str() }, out);
        }
        E::CashSaleRecorded { shift, payment, amount } => {
            let body = CashSaleRecordedV1 { shift: *shift, payment: payment.as_str(), amount: amount.0 };
            write(tag::CASH_SALE_RECORDED, 1, &body, out);
        }
        E::CashRefundRecorded { shift, payment, refund, amount } => {
            let (payment, refund) = (payment.as_str(), refund.as_str());
            let body = CashRefundRecordedV1 { shift: *shift, payment, refund, amount: amount.0 };
            write(tag::CASH_REFUND_RECORDED, 1, &body, out);
        }
        E::ShiftClosed { shift, expected, counted, over_short } => {
            let (expected, counted, over_short) = (expected.0, counted.0, over_short.0);
            write(tag::SHIFT_CLOSED, 1, &ShiftClosedV1 { shift: *shift, expected, counted, over_short }, out);
        }
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<DrawerEvent, DecodeError> {
    use DrawerEvent as E;
    match (envelope.tag, envelope.version) {
        (tag::SHIFT_OPENED, 1) => envelope.read(|body: ShiftOpenedV1| {
            let business_date = date(body.business_days)?;
            Ok(E::ShiftOpened { shift: body.shift, float: Money(body.float), business_date })
        }),
        (tag::CASH_PAID_IN, 1) => envelope.read(|body: CashPaidV1<'_>| {
            Ok(E::CashPaidIn { shift: body.shift, amount: Money(body.amount), reason: named(body.reason)? })
        }),
        (tag::CASH_PAID_OUT, 1) => envelope.read(|body: CashPaidV1<'_>| {
            Ok(E::CashPaidOut { shift: body.shift, amount: Money(body.amount), reason: named(body.reason)? })
        }),
        (tag::NO_SALE_RECORDED, 1) => envelope.read(|body: NoSaleRecordedV1<'_>| {
            Ok(E::NoSaleRecorded { shift: body.shift, reason: named(body.reason)? })
        }),
        (tag::CASH_SALE_RECORDED, 1) => envelope.read(|body: CashSaleRecordedV1<'_>| {
            Ok(E::CashSaleRecorded { shift: body.shift, payment: named(body.payment)?, amount: Money(body.amount) })
        }),
        (tag::CASH_REFUND_RECORDED, 1) => envelope.read(|body: CashRefundRecordedV1<'_>| {
            let (payment, refund) = (named(body.payment)?, named(body.refund)?);
            Ok(E::CashRefundRecorded { shift: body.shift, payment, refund, amount: Money(body.amount) })
        }),
        (tag::SHIFT_CLOSED, 1) => envelope.read(|body: ShiftClosedV1| {
            Ok(E::ShiftClosed {
                shift: body.shift,
                expected: Money(body.expected),
                counted: Money(body.counted),
                over_short: Money(body.over_short),
            })
        }),
        _ => Err(envelope.unknown_version()),
    }
}
