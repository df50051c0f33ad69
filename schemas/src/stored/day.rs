//! Stored events of `day-<tenant>.<store>`, tags 0x0axx.

use super::envelope::{Envelope, write};
use super::parts::{Seq, Stored, date};
use super::{BadValue, DecodeError, tag};
use domain::event::{DayClosing, DayEvent, DayTotals};
use domain::ids::{OrderId, PaymentId};
use domain::money::Money;
use serde::{Deserialize, Serialize};

/// `DayClosed`, version 1.
#[derive(Serialize, Deserialize)]
struct DayClosedV1<'a> {
    days: i32,
    z_number: u32,
    totals: DayTotalsV1,
    cumulative_total: i64,
    #[serde(borrow)]
    open_orders: Seq<'a, &'a str, OrderId>,
    #[serde(borrow)]
    payments_in_flight: Seq<'a, &'a str, PaymentId>,
}

/// The sums in [`DayClosedV1`].
#[derive(Serialize, Deserialize)]
struct DayTotalsV1 {
    orders: i64,
    sales: i64,
    cash: i64,
    other: i64,
    tips: i64,
    unapplied: i64,
    refunds: i64,
    refunded: i64,
}

impl Stored<'_, DayTotals> for DayTotalsV1 {
    fn of(totals: &DayTotals) -> DayTotalsV1 {
        DayTotalsV1 {
            orders: totals.orders,
            sales: totals.sales.0,
            cash: totals.cash.0,
            other: totals.other.0,
            tips: totals.tips.0,
            unapplied: totals.unapplied.0,
            refunds: totals.refunds,
            refunded: totals.refunded.0,
        }
    }

    fn back(self) -> Result<DayTotals, BadValue> {
        Ok(DayTotals {
            orders: self.orders,
            sales: Money(self.sales),
            cash: Money(self.cash),
            other: Money(self.other),
            tips: Money(self.tips),
            unapplied: Money(self.unapplied),
            refunds: self.refunds,
            refunded: Money(self.refunded),
        })
    }
}

impl<'a> Stored<'a, DayClosing> for DayClosedV1<'a> {
    fn of(closing: &'a DayClosing) -> DayClosedV1<'a> {
        DayClosedV1 {
            days: closing.date.days(),
            z_number: closing.z_number,
            totals: DayTotalsV1::of(&closing.totals),
            cumulative_total: closing.cumulative_total.0,
            open_orders: Seq::of(&closing.open_orders),
            payments_in_flight: Seq::of(&closing.payments_in_flight),
        }
    }

    fn back(self) -> Result<DayClosing, BadValue> {
        Ok(DayClosing {
            date: date(self.days)?,
            z_number: self.z_number,
            totals: self.totals.back()?,
            cumulative_total: Money(self.cumulative_total),
            open_orders: self.open_orders.back()?,
            payments_in_flight: self.payments_in_flight.back()?,
        })
    }
}

pub(super) fn encode(event: &DayEvent, out: &mut Vec<u8>) {
    let DayEvent::DayClosed(closing) = event;
    write(tag::DAY_CLOSED, 1, &DayClosedV1::of(closing), out);
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<DayEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::DAY_CLOSED, 1) => envelope.read(|body: DayClosedV1<'_>| body.back().map(DayEvent::DayClosed)),
        _ => Err(envelope.unknown_version()),
    }
}
