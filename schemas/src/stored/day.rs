//! Stored events of `day-<tenant>.<store>`, tags 0x0axx.

use super::envelope::{Envelope, write};
use super::parts::{Seq, Stored, date, named};
use super::terminal::seq;
use super::{BadValue, DecodeError, tag};
use domain::event::{ChainHead, DayClosing, DayEvent, DayTotals, Pending, TerminalGap};
use domain::ids::{DrawerId, OrderId, PaymentId};
use domain::money::Money;
use serde::{Deserialize, Serialize};

/// `DayOpened`, version 1.
#[derive(Serialize, Deserialize)]
struct DayOpenedV1 {
    days: i32,
}

/// `DayClosed`, version 1.
#[derive(Serialize, Deserialize)]
struct DayClosedV1<'a> {
    days: i32,
    z_number: u32,
    totals: DayTotalsV1,
    cumulative_total: i64,
    orders_count: u32,
    due: i64,
    #[serde(borrow)]
    orders: Seq<'a, &'a str, OrderId>,
    payments_count: u32,
    #[serde(borrow)]
    payments: Seq<'a, &'a str, PaymentId>,
    #[serde(borrow)]
    shifts: Seq<'a, &'a str, DrawerId>,
}

/// `DayClosed`, version 2: with the gaps of terminals and the head of the store's chain. Written where there is one of
/// them; others are of version 1.
#[derive(Serialize, Deserialize)]
struct DayClosedV2<'a> {
    #[serde(borrow)]
    v1: DayClosedV1<'a>,
    gaps_count: u32,
    #[serde(borrow)]
    gaps: Seq<'a, TerminalGapV1<'a>, TerminalGap>,
    /// Its position and its hash.
    chain: Option<(u64, [u8; 32])>,
}

/// A gap in [`DayClosedV2`].
#[derive(Serialize, Deserialize)]
struct TerminalGapV1<'a> {
    terminal: &'a str,
    first: u64,
    last: u64,
}

/// The sums in [`DayClosedV1`], and in a snapshot.
#[derive(Serialize, Deserialize)]
pub(super) struct DayTotalsV1 {
    orders: i64,
    gross: i64,
    discounts: i64,
    charges: i64,
    tax: i64,
    tax_inclusive: i64,
    sales: i64,
    cash: i64,
    other: i64,
    tips: i64,
    unapplied: i64,
    refunds: i64,
    refunded: i64,
    refunded_cash: i64,
}

impl Stored<'_, DayTotals> for DayTotalsV1 {
    fn of(totals: &DayTotals) -> DayTotalsV1 {
        DayTotalsV1 {
            orders: totals.orders,
            gross: totals.gross.0,
            discounts: totals.discounts.0,
            charges: totals.charges.0,
            tax: totals.tax.0,
            tax_inclusive: totals.tax_inclusive.0,
            sales: totals.sales.0,
            cash: totals.cash.0,
            other: totals.other.0,
            tips: totals.tips.0,
            unapplied: totals.unapplied.0,
            refunds: totals.refunds,
            refunded: totals.refunded.0,
            refunded_cash: totals.refunded_cash.0,
        }
    }

    fn back(self) -> Result<DayTotals, BadValue> {
        Ok(DayTotals {
            orders: self.orders,
            gross: Money(self.gross),
            discounts: Money(self.discounts),
            charges: Money(self.charges),
            tax: Money(self.tax),
            tax_inclusive: Money(self.tax_inclusive),
            sales: Money(self.sales),
            cash: Money(self.cash),
            other: Money(self.other),
            tips: Money(self.tips),
            unapplied: Money(self.unapplied),
            refunds: self.refunds,
            refunded: Money(self.refunded),
            refunded_cash: Money(self.refunded_cash),
        })
    }
}

impl<'a> Stored<'a, DayClosing> for DayClosedV1<'a> {
    fn of(closing: &'a DayClosing) -> DayClosedV1<'a> {
        // Gaps are of version 2.
        let Pending { orders_count, due, orders, payments_count, payments, shifts, gaps_count: _, gaps: _ } =
            &closing.pending;
        DayClosedV1 {
            days: closing.date.days(),
            z_number: closing.z_number,
            totals: DayTotalsV1::of(&closing.totals),
            cumulative_total: closing.cumulative_total.0,
            orders_count: *orders_count,
            due: due.0,
            orders: Seq::of(orders),
            payments_count: *payments_count,
            payments: Seq::of(payments),
            shifts: Seq::of(shifts),
        }
    }

    fn back(self) -> Result<DayClosing, BadValue> {
        Ok(DayClosing {
            date: date(self.days)?,
            z_number: self.z_number,
            totals: self.totals.back()?,
            cumulative_total: Money(self.cumulative_total),
            pending: Pending {
                orders_count: self.orders_count,
                due: Money(self.due),
                orders: self.orders.back()?,
                payments_count: self.payments_count,
                payments: self.payments.back()?,
                shifts: self.shifts.back()?,
                // Version 1 knew of neither.
                gaps_count: 0,
                gaps: vec![],
            },
            chain: None,
        })
    }
}

impl<'a> Stored<'a, DayClosing> for DayClosedV2<'a> {
    fn of(closing: &'a DayClosing) -> DayClosedV2<'a> {
        DayClosedV2 {
            v1: DayClosedV1::of(closing),
            gaps_count: closing.pending.gaps_count,
            gaps: Seq::of(&closing.pending.gaps),
            chain: closing.chain.map(|head| (head.position, head.hash)),
        }
    }

    fn back(self) -> Result<DayClosing, BadValue> {
        let mut closing = self.v1.back()?;
        (closing.pending.gaps_count, closing.pending.gaps) = (self.gaps_count, self.gaps.back()?);
        closing.chain = self.chain.map(|(position, hash)| ChainHead { position, hash });
        Ok(closing)
    }
}

impl<'a> Stored<'a, TerminalGap> for TerminalGapV1<'a> {
    fn of(gap: &'a TerminalGap) -> TerminalGapV1<'a> {
        TerminalGapV1 { terminal: gap.terminal.as_str(), first: gap.first.0, last: gap.last.0 }
    }

    fn back(self) -> Result<TerminalGap, BadValue> {
        Ok(TerminalGap { terminal: named(self.terminal)?, first: seq(self.first)?, last: seq(self.last)? })
    }
}

pub(super) fn encode(event: &DayEvent, out: &mut Vec<u8>) {
    match event {
        DayEvent::DayOpened { date } => write(tag::DAY_OPENED, 1, &DayOpenedV1 { days: date.days() }, out),
        DayEvent::DayClosed(closing) if closing.pending.gaps_count == 0 && closing.chain.is_none() => {
            write(tag::DAY_CLOSED, 1, &DayClosedV1::of(closing), out);
        }
        DayEvent::DayClosed(closing) => write(tag::DAY_CLOSED, 2, &DayClosedV2::of(closing), out),
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<DayEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::DAY_OPENED, 1) => {
            envelope.read(|body: DayOpenedV1| date(body.days).map(|date| DayEvent::DayOpened { date }))
        }
        (tag::DAY_CLOSED, 1) => {
            envelope.read(|body: DayClosedV1<'_>| body.back().map(|closing| DayEvent::DayClosed(Box::new(closing))))
        }
        (tag::DAY_CLOSED, 2) => {
            envelope.read(|body: DayClosedV2<'_>| body.back().map(|closing| DayEvent::DayClosed(Box::new(closing))))
        }
        _ => Err(envelope.unknown_version()),
    }
}
