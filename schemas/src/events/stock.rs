//! Events of `stock-<tenant>.<store>`, tags 0x07xx.

use crate::codec::{BadValue, Code, Codec, Dice, Field, Get, Reader, Writer};
use crate::json::write::{Json, JsonWriter, Members};
use domain::event::{ReleaseReason, ReservedLine, StockEvent, StockPolicy};

events! { StockEvent {
    0x0701 StockPolicySet { sku: "sku", policy: - };
    0x0702 StockReceived { sku: "sku", qty: "qty", reference?: "reference" clear };
    0x0703 StockCounted { sku: "sku", counted: "counted", delta: "delta" };
    0x0704 StockAdjusted { sku: "sku", delta: "delta", reason: "reason" clear };
    0x0705 StockWasted { sku: "sku", qty: "qty", reason: "reason" clear };
    0x0706 ItemMarked86 { sku: "sku", until?: "until", auto: "auto" };
    0x0707 ItemUnmarked86 { sku: "sku" };
    0x0708 StockReserved { order: "order_id", lines: "lines" };
    0x0709 StockCommitted { order: "order_id", lines: "lines" };
    0x070a StockReleased { order: "order_id", lines: "lines", why: "why" };
    0x070b StockVoided { order: "order_id", line: "line", wasted: "wasted" };
    0x0720 StockRestocked { order: "order_id", refund: "refund_id", lines: "lines" };
    0x0730 OversellRecorded { order?: "order_id", sku: "sku", qty: "qty" };
    0x0750 ReservationMoved { order: "order_id", to: "target_order_id", lines: "lines" };
} }

record! {
    ReservedLine { line: "line_id", sku: "sku", qty: "qty" }
}

codes! {
    ReleaseReason {
        OrderCancelled = 1 "order_cancelled", PaymentTimeout = 2 "payment_timeout", LineChanged = 3 "line_changed",
    }
}

/// 1 untracked, 2 counted, 3 counted and marked sold out by itself.
impl Code for StockPolicy {
    fn code(&self) -> u8 {
        match self {
            StockPolicy::Untracked => 1,
            StockPolicy::Counted { auto86: false } => 2,
            StockPolicy::Counted { auto86: true } => 3,
        }
    }
}

impl Codec for StockPolicy {
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(self.code());
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<StockPolicy> {
        Ok(match from.byte()? {
            1 => StockPolicy::Untracked,
            2 => StockPolicy::Counted { auto86: false },
            3 => StockPolicy::Counted { auto86: true },
            code => from.refuse(BadValue::Code { kind: "StockPolicy", code }, StockPolicy::Untracked),
        })
    }

    fn any(dice: &mut Dice<'_>) -> StockPolicy {
        Option::any(dice).map_or(StockPolicy::Untracked, |auto86| StockPolicy::Counted { auto86 })
    }
}

impl Members for StockPolicy {
    fn members(&self, to: &mut JsonWriter<'_>) {
        match self {
            StockPolicy::Untracked => to.member("policy", &"untracked"),
            StockPolicy::Counted { auto86 } => {
                to.member("policy", &"counted");
                to.member("auto86", auto86);
            }
        }
    }

    fn fields() -> Vec<Field> {
        vec![Field::words("policy", &["untracked", "counted"]), Field::optional("auto86", bool::shape())]
    }
}
