//! The fact itself: `data` of an event.

mod floor;
mod kitchen;
mod order;
mod setup;
mod terminal;

use crate::json::wire::{Wire, name_of};
use crate::json::{PositionToken, hex};
use domain::event::{
    DayClosing, DayEvent, DayTotals, DrawerEvent, Event, Flag, IgnoredMessage, IgnoredOutcome, IgnoredRefund,
    MoneyParts, PaymentEvent, Pending, ProviderMessage, ProviderSaid, RefundedLine, ReleaseReason, ReservedLine,
    StockEvent, StockPolicy, TerminalGap, VoidReason,
};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A fact in JSON, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct EventData<'a>(pub &'a Event);

/// A part of a fact in JSON, borrowed: `domain` types cannot have a JSON form of their own.
pub(super) struct Part<'a, T: ?Sized>(pub(super) &'a T);

impl<T> Serialize for Part<'_, [T]>
where
    for<'b> Part<'b, T>: Serialize,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(Part))
    }
}

/// Writes an object; a field with `?` is left out where there is nothing in it.
macro_rules! object {
    ($to:expr; $($fields:tt)*) => {{
        let mut map = $to.serialize_map(None)?;
        object!(@ map; $($fields)*);
        map.end()
    }};
    (@name $name:literal) => {
        $crate::json::write::Name { plain: $name, ready: concat!(",\"", $name, "\":") }
    };
    (@ $map:ident;) => {};
    (@ $map:ident; $name:literal: $value:expr $(, $($rest:tt)*)?) => {
        $map.serialize_entry(&object!(@name $name), &$value)?;
        object!(@ $map; $($($rest)*)?);
    };
    (@ $map:ident; $name:literal ?: $value:expr $(, $($rest:tt)*)?) => {
        if let Some(value) = $value {
            $map.serialize_entry(&object!(@name $name), &value)?;
        }
        object!(@ $map; $($($rest)*)?);
    };
}
use object;

impl Serialize for EventData<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        crate::events::show(self.0, &mut map)?;
        map.end()
    }
}

/// As before.
#[derive(Clone, Copy, Debug)]
pub struct OldData<'a>(pub &'a Event);

impl Serialize for OldData<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Event::Menu(event) => setup::menu(event, to),
            Event::Access(event) => setup::access(event, to),
            Event::Store(event) => setup::store(event, to),
            Event::StoreMenu(event) => setup::store_menu(event, to),
            Event::Order(_, event) => order::order(event, to),
            Event::Payment(_, event) => payment(event, to),
            Event::Stock(event) => stock(event, to),
            Event::Drawer(_, event) => drawer(event, to),
            Event::Day(DayEvent::DayOpened { date }) => object!(to; "business_date": Wire(*date)),
            Event::Day(DayEvent::DayClosed(closing)) => day_closed(closing, to),
            Event::Ticket(_, event) => kitchen::ticket(event, to),
            Event::Terminal(_, event) => terminal::terminal(event, to),
        }
    }
}

fn payment<S: Serializer>(event: &PaymentEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        PaymentEvent::PaymentInitiated { order, tender, amount, tip, currency, deadline, check } => object!(to;
            "order_id": order.as_str(),
            "check_id": Wire(*check),
            "tender": tender.as_str(),
            "amount": amount.0,
            "tip": tip.0,
            "currency": currency.code(),
            "deadline" ?: deadline.map(Wire)
        ),
        PaymentEvent::PaymentCaptured { amount, tip, tendered, change } => object!(to;
            "amount": amount.0,
            "tip": tip.0,
            "tendered" ?: tendered.map(Wire),
            "change" ?: change.map(Wire)
        ),
        PaymentEvent::PaymentFailed { code } => object!(to; "code": code.as_str()),
        PaymentEvent::PaymentExpired => to.serialize_map(Some(0))?.end(),
        PaymentEvent::PaymentFlagged { why } => match why {
            Flag::LateCapture => object!(to; "why": "late_capture"),
            Flag::NotApplicable => object!(to; "why": "not_applicable"),
            Flag::AmountDiffers { requested, captured } => {
                object!(to; "why": "amount_differs", "requested": requested.0, "captured": captured.0)
            }
            Flag::RefundInDoubt => object!(to; "why": "refund_in_doubt"),
            Flag::CurrencyDiffers => object!(to; "why": "currency_differs"),
            Flag::ReferenceDiffers => object!(to; "why": "reference_differs"),
        },
        PaymentEvent::PaymentOutcomeIgnored { outcome } => match outcome {
            IgnoredOutcome::Failed => object!(to; "outcome": "failed"),
            IgnoredOutcome::Captured => object!(to; "outcome": "captured"),
        },
        PaymentEvent::RefundRequested { refund, parts, lines, restock, reason } => {
            let MoneyParts { applied, tip, unapplied } = parts;
            object!(to;
                "refund_id": refund.as_str(),
                "applied": applied.0,
                "tip": tip.0,
                "unapplied": unapplied.0,
                "lines": Part(lines.as_slice()),
                "restock": restock,
                "reason": reason.as_str()
            )
        }
        PaymentEvent::RefundSucceeded { refund } => object!(to; "refund_id": refund.as_str()),
        PaymentEvent::RefundFailed { refund, code } => {
            object!(to; "refund_id": refund.as_str(), "code": code.as_str())
        }
        PaymentEvent::RefundOutcomeIgnored { refund, outcome } => {
            let outcome = match outcome {
                IgnoredRefund::Failed => "failed",
                IgnoredRefund::Succeeded => "succeeded",
            };
            object!(to; "refund_id": refund.as_str(), "outcome": outcome)
        }
        PaymentEvent::AuthorisationRequested { account, capture } => {
            object!(to; "provider_account": account.as_str(), "capture": name_of(*capture))
        }
        PaymentEvent::ProviderEventReceived(message) => message_data(message, to),
        PaymentEvent::PaymentAuthorised { amount } => object!(to; "amount": amount.0),
        PaymentEvent::CaptureRequested { amount, tip } => object!(to; "amount": amount.0, "tip": tip.0),
        PaymentEvent::VoidRequested { why } => {
            let why = match why {
                VoidReason::Requested => "requested",
                VoidReason::OrderClosed => "order_closed",
                VoidReason::LateAuthorisation => "late_authorisation",
                VoidReason::Expired => "expired",
            };
            object!(to; "why": why)
        }
        PaymentEvent::PaymentVoided | PaymentEvent::PaymentDisputed => to.serialize_map(Some(0))?.end(),
        PaymentEvent::TipAdjusted { tip } => object!(to; "tip": tip.0),
        PaymentEvent::ProviderEventIgnored { why } => {
            let why = match why {
                IgnoredMessage::Known => "known",
                IgnoredMessage::Outranked => "outranked",
                IgnoredMessage::UnderReview => "under_review",
                IgnoredMessage::UnknownRefund => "unknown_refund",
                IgnoredMessage::NotUnderstood => "not_understood",
            };
            object!(to; "why": why)
        }
        PaymentEvent::PaymentReviewed { flag, decision, reason } => {
            object!(to; "flag": flag.0, "decision": name_of(*decision), "reason": reason.as_str())
        }
    }
}

fn message_data<S: Serializer>(message: &ProviderMessage, to: S) -> Result<S::Ok, S::Error> {
    let ProviderMessage { event_id, reference, said, amount, currency, body_sha256 } = message;
    let (code, refund) = match said {
        ProviderSaid::Failed { code } => (Some(code), None),
        ProviderSaid::RefundSucceeded { refund } => (None, Some(refund)),
        ProviderSaid::RefundFailed { refund, code } => (Some(code), Some(refund)),
        ProviderSaid::Accepted
        | ProviderSaid::Authorised
        | ProviderSaid::Captured
        | ProviderSaid::Voided
        | ProviderSaid::Disputed
        | ProviderSaid::Other => (None, None),
    };
    let digest: String = body_sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    object!(to;
        "provider_event_id": event_id.as_str(),
        "provider_ref" ?: reference.as_ref().map(|reference| reference.as_str()),
        "kind": said_name(said),
        "code" ?: code.map(|code| code.as_str()),
        "refund_id" ?: refund.map(|refund| refund.as_str()),
        "amount" ?: amount.map(Wire),
        "currency" ?: currency.map(|currency| currency.code().to_owned()),
        "body_sha256": digest
    )
}

/// What a provider said, in one word.
pub const fn said_name(said: &ProviderSaid) -> &'static str {
    match said {
        ProviderSaid::Accepted => "accepted",
        ProviderSaid::Authorised => "authorised",
        ProviderSaid::Captured => "captured",
        ProviderSaid::Failed { .. } => "failed",
        ProviderSaid::Voided => "voided",
        ProviderSaid::Disputed => "disputed",
        ProviderSaid::RefundSucceeded { .. } => "refund_succeeded",
        ProviderSaid::RefundFailed { .. } => "refund_failed",
        ProviderSaid::Other => "other",
    }
}

impl Serialize for Part<'_, RefundedLine> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let RefundedLine { line, qty, discount, net, tax_exclusive, tax_inclusive } = self.0;
        object!(to;
            "line_id": line.as_str(),
            "qty": Wire(*qty),
            "discount": discount.0,
            "net": net.0,
            "tax_exclusive": tax_exclusive.0,
            "tax_inclusive": tax_inclusive.0
        )
    }
}

impl Serialize for Part<'_, ReservedLine> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let ReservedLine { line, sku, qty } = self.0;
        object!(to; "line_id": line.as_str(), "sku": sku.as_str(), "qty": Wire(*qty))
    }
}

fn stock<S: Serializer>(event: &StockEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        StockEvent::StockPolicySet { sku, policy: StockPolicy::Untracked } => {
            object!(to; "sku": sku.as_str(), "policy": "untracked")
        }
        StockEvent::StockPolicySet { sku, policy: StockPolicy::Counted { auto86 } } => {
            object!(to; "sku": sku.as_str(), "policy": "counted", "auto86": auto86)
        }
        StockEvent::StockReceived { sku, qty, reference } => object!(to;
            "sku": sku.as_str(),
            "qty": Wire(*qty),
            "reference" ?: reference.as_ref().map(|reference| reference.as_str())
        ),
        StockEvent::StockCounted { sku, counted, delta } => {
            object!(to; "sku": sku.as_str(), "counted": Wire(*counted), "delta": Wire(*delta))
        }
        StockEvent::StockAdjusted { sku, delta, reason } => {
            object!(to; "sku": sku.as_str(), "delta": Wire(*delta), "reason": reason.as_str())
        }
        StockEvent::StockWasted { sku, qty, reason } => {
            object!(to; "sku": sku.as_str(), "qty": Wire(*qty), "reason": reason.as_str())
        }
        StockEvent::ItemMarked86 { sku, until, auto } => {
            object!(to; "sku": sku.as_str(), "until" ?: until.map(Wire), "auto": auto)
        }
        StockEvent::ItemUnmarked86 { sku } => object!(to; "sku": sku.as_str()),
        StockEvent::StockReserved { order, lines } | StockEvent::StockCommitted { order, lines } => {
            object!(to; "order_id": order.as_str(), "lines": Part(lines.as_slice()))
        }
        StockEvent::ReservationMoved { order, to: target, lines } => object!(to;
            "order_id": order.as_str(),
            "target_order_id": target.as_str(),
            "lines": Part(lines.as_slice())
        ),
        StockEvent::StockVoided { order, line, wasted } => {
            object!(to; "order_id": order.as_str(), "line": Part(line), "wasted": wasted)
        }
        StockEvent::StockReleased { order, lines, why } => {
            let why = match why {
                ReleaseReason::OrderCancelled => "order_cancelled",
                ReleaseReason::PaymentTimeout => "payment_timeout",
                ReleaseReason::LineChanged => "line_changed",
            };
            object!(to; "order_id": order.as_str(), "lines": Part(lines.as_slice()), "why": why)
        }
        StockEvent::OversellRecorded { order, sku, qty } => object!(to;
            "order_id" ?: order.as_ref().map(|order| order.as_str()),
            "sku": sku.as_str(),
            "qty": Wire(*qty)
        ),
        StockEvent::StockRestocked { order, refund, lines } => {
            object!(to; "order_id": order.as_str(), "refund_id": refund.as_str(), "lines": Part(lines.as_slice()))
        }
    }
}

fn drawer<S: Serializer>(event: &DrawerEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        DrawerEvent::ShiftOpened { shift, float, business_date } => {
            object!(to; "shift": shift, "float": float.0, "business_date": Wire(*business_date))
        }
        DrawerEvent::CashPaidIn { shift, amount, reason } | DrawerEvent::CashPaidOut { shift, amount, reason } => {
            object!(to; "shift": shift, "amount": amount.0, "reason": reason.as_str())
        }
        DrawerEvent::NoSaleRecorded { shift, reason } => object!(to; "shift": shift, "reason": reason.as_str()),
        DrawerEvent::CashSaleRecorded { shift, payment, amount } => {
            object!(to; "shift": shift, "payment_id": payment.as_str(), "amount": amount.0)
        }
        DrawerEvent::CashRefundRecorded { shift, payment, refund, amount } => object!(to;
            "shift": shift,
            "payment_id": payment.as_str(),
            "refund_id": refund.as_str(),
            "amount": amount.0
        ),
        DrawerEvent::ShiftClosed { shift, expected, counted, over_short } => object!(to;
            "shift": shift,
            "expected": expected.0,
            "counted": counted.0,
            "over_short": over_short.0
        ),
    }
}

fn day_closed<S: Serializer>(closing: &DayClosing, to: S) -> Result<S::Ok, S::Error> {
    let Pending { orders_count, due, orders, payments_count, payments, shifts, gaps_count, gaps } = &closing.pending;
    object!(to;
        "business_date": Wire(closing.date),
        "z_number": closing.z_number,
        "totals": Part(&closing.totals),
        "cumulative_total": closing.cumulative_total.0,
        "open_orders_count": orders_count,
        "open_orders_due": due.0,
        "open_orders": orders.iter().copied().map(Wire).collect::<Vec<_>>(),
        "payments_in_flight_count": payments_count,
        "payments_in_flight": payments.iter().copied().map(Wire).collect::<Vec<_>>(),
        "open_shifts": shifts.iter().copied().map(Wire).collect::<Vec<_>>(),
        "gaps_count": gaps_count,
        "gaps": Part(gaps.as_slice()),
        "last_hash_position" ?: closing.chain.map(|head| PositionToken::new(head.position)),
        "last_hash" ?: closing.chain.map(|head| hex(&head.hash))
    )
}

impl Serialize for Part<'_, TerminalGap> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let TerminalGap { terminal, first, last } = self.0;
        object!(to; "terminal_id": terminal.as_str(), "first": first.0, "last": last.0)
    }
}

impl Serialize for Part<'_, DayTotals> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let totals = self.0;
        object!(to;
            "orders": totals.orders,
            "gross": totals.gross.0,
            "discounts": totals.discounts.0,
            "charges": totals.charges.0,
            "tax": totals.tax.0,
            "tax_inclusive": totals.tax_inclusive.0,
            "sales": totals.sales.0,
            "cash": totals.cash.0,
            "other": totals.other.0,
            "tips": totals.tips.0,
            "unapplied": totals.unapplied.0,
            "refunds": totals.refunds,
            "refunded": totals.refunded.0,
            "refunded_cash": totals.refunded_cash.0
        )
    }
}
