//! Events of `payment-<tenant>.<store>.<payment>`, tags 0x06xx.

use crate::codec::{BadValue, Codec, Dice, Field, Get, Reader, Writer};
use crate::json::write::{Json, JsonWriter, Members};
use domain::check::CheckId;
use domain::event::{
    Flag, IgnoredMessage, IgnoredOutcome, IgnoredRefund, PaymentEvent, ProviderMessage, ProviderSaid, VoidReason,
};
use domain::ids::{RefundId, Text};
use domain::money::Money;

events! { PaymentEvent {
    0x0601 PaymentInitiated {
        order: "order_id", tender: "tender" last, amount: "amount" last, tip: "tip" last, currency: "currency" last,
        deadline?: "deadline" last,
        check: "check_id" since 2 or CheckId::FIRST,
    };
    0x0602 PaymentCaptured { amount: "amount", tip: "tip", tendered?: "tendered", change?: "change" };
    0x0603 PaymentFailed { code: "code" clear };
    0x0604 PaymentExpired;
    0x0605 PaymentFlagged { why: - };
    0x0606 PaymentOutcomeIgnored { outcome: "outcome" };
    0x0607 RefundRequested { refund: "refund_id", parts: -, lines: "lines", restock: "restock", reason: "reason" sealed };
    0x0608 RefundSucceeded { refund: "refund_id" };
    0x0609 RefundFailed { refund: "refund_id", code: "code" clear };
    0x060a RefundOutcomeIgnored { refund: "refund_id", outcome: "outcome" };
    0x0610 AuthorisationRequested { account: "provider_account", capture: "capture", step?: "amount_step" since 2 };
    0x0611 ProviderEventReceived(Box<ProviderMessage>);
    0x0612 PaymentAuthorised { amount: "amount" };
    0x0613 CaptureRequested { amount: "amount", tip: "tip" };
    0x0614 VoidRequested { why: "why" };
    0x0615 PaymentVoided;
    0x0616 PaymentDisputed;
    0x0617 TipAdjusted { tip: "tip" };
    0x0618 ProviderEventIgnored { why: "why" };
    0x0628 PaymentReviewed { flag: "flag", decision: "decision", reason: "reason" sealed };
    0x0680 PaymentReferenceRecorded { reference: "reference" clear };
} }

record! {
    ProviderMessage {
        event_id: "provider_event_id" clear, reference?: "provider_ref" clear, said: -, amount?: "amount", currency?: "currency",
        body_sha256: "body_sha256",
    }
}

codes! {
    IgnoredOutcome { Failed = 1 "failed", Captured = 2 "captured" }
    IgnoredRefund { Failed = 1 "failed", Succeeded = 2 "succeeded" }
    VoidReason {
        Requested = 1 "requested", OrderClosed = 2 "order_closed", LateAuthorisation = 3 "late_authorisation",
        Expired = 4 "expired",
    }
    IgnoredMessage {
        Known = 1 "known", Outranked = 2 "outranked", UnderReview = 3 "under_review", UnknownRefund = 4 "unknown_refund",
        NotUnderstood = 5 "not_understood",
    }
}

// What no row can say: sums of cases.

/// The names in JSON, by the number less one.
const FLAGS: [&str; 6] =
    ["late_capture", "not_applicable", "amount_differs", "refund_in_doubt", "currency_differs", "reference_differs"];

/// The number of a flag in the log.
const fn flag_code(flag: &Flag) -> u8 {
    match flag {
        Flag::LateCapture => 1,
        Flag::NotApplicable => 2,
        Flag::AmountDiffers { .. } => 3,
        Flag::RefundInDoubt => 4,
        Flag::CurrencyDiffers => 5,
        Flag::ReferenceDiffers => 6,
    }
}

/// The number, and with 3 what was asked for and what moved.
impl Codec for Flag {
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(flag_code(self));
        let amounts = match self {
            Flag::AmountDiffers { requested, captured } => Some((*requested, *captured)),
            _ => None,
        };
        amounts.put(to);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<Flag> {
        Ok(match (from.byte()?, Option::<(Money, Money)>::get(from)?) {
            (1, None) => Flag::LateCapture,
            (2, None) => Flag::NotApplicable,
            (3, Some((requested, captured))) => Flag::AmountDiffers { requested, captured },
            (4, None) => Flag::RefundInDoubt,
            (5, None) => Flag::CurrencyDiffers,
            (6, None) => Flag::ReferenceDiffers,
            (1..=6, _) => from.refuse(BadValue::Range { kind: "flag" }, Flag::NotApplicable),
            (code, _) => from.refuse(BadValue::Code { kind: "Flag", code }, Flag::NotApplicable),
        })
    }

    fn any(dice: &mut Dice<'_>) -> Flag {
        let (requested, captured) = Codec::any(dice);
        dice.one_of(&[
            Flag::LateCapture,
            Flag::NotApplicable,
            Flag::AmountDiffers { requested, captured },
            Flag::RefundInDoubt,
            Flag::CurrencyDiffers,
            Flag::ReferenceDiffers,
        ])
    }
}

impl Members for Flag {
    fn members(&self, to: &mut JsonWriter<'_>) {
        to.member("why", &FLAGS[usize::from(flag_code(self)) - 1]);
        if let Flag::AmountDiffers { requested, captured } = self {
            to.member("requested", requested);
            to.member("captured", captured);
        }
    }

    fn fields() -> Vec<Field> {
        let amounts = ["requested", "captured"].map(|name| Field::optional(name, Money::shape()));
        [Field::words("why", &FLAGS)].into_iter().chain(amounts).collect()
    }
}

/// The names in JSON, by the number less one.
const SAID: [&str; 9] = [
    "accepted",
    "authorised",
    "captured",
    "failed",
    "voided",
    "disputed",
    "refund_succeeded",
    "refund_failed",
    "other",
];

/// The number in the log of what a provider said.
const fn said_code(said: &ProviderSaid) -> u8 {
    match said {
        ProviderSaid::Accepted => 1,
        ProviderSaid::Authorised => 2,
        ProviderSaid::Captured => 3,
        ProviderSaid::Failed { .. } => 4,
        ProviderSaid::Voided => 5,
        ProviderSaid::Disputed => 6,
        ProviderSaid::RefundSucceeded { .. } => 7,
        ProviderSaid::RefundFailed { .. } => 8,
        ProviderSaid::Other => 9,
    }
}

/// What a provider said, in one word.
pub const fn said_name(said: &ProviderSaid) -> &'static str {
    SAID[said_code(said) as usize - 1]
}

/// The code with 4 and 8, the refund with 7 and 8.
const fn said_parts(said: &ProviderSaid) -> (Option<&Text>, Option<&RefundId>) {
    match said {
        ProviderSaid::Failed { code } => (Some(code), None),
        ProviderSaid::RefundSucceeded { refund } => (None, Some(refund)),
        ProviderSaid::RefundFailed { refund, code } => (Some(code), Some(refund)),
        ProviderSaid::Accepted
        | ProviderSaid::Authorised
        | ProviderSaid::Captured
        | ProviderSaid::Voided
        | ProviderSaid::Disputed
        | ProviderSaid::Other => (None, None),
    }
}

/// The number, the code and the refund.
impl Codec for ProviderSaid {
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(said_code(self));
        let (code, refund) = said_parts(self);
        code.cloned().put(to);
        refund.copied().put(to);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<ProviderSaid> {
        let said = (from.byte()?, Option::get(from)?, Option::get(from)?);
        Ok(match said {
            (1, None, None) => ProviderSaid::Accepted,
            (2, None, None) => ProviderSaid::Authorised,
            (3, None, None) => ProviderSaid::Captured,
            (4, Some(code), None) => ProviderSaid::Failed { code },
            (5, None, None) => ProviderSaid::Voided,
            (6, None, None) => ProviderSaid::Disputed,
            (7, None, Some(refund)) => ProviderSaid::RefundSucceeded { refund },
            (8, Some(code), Some(refund)) => ProviderSaid::RefundFailed { refund, code },
            (9, None, None) => ProviderSaid::Other,
            (1..=9, ..) => from.refuse(BadValue::Range { kind: "provider's message" }, ProviderSaid::Other),
            (code, ..) => from.refuse(BadValue::Code { kind: "ProviderSaid", code }, ProviderSaid::Other),
        })
    }

    fn any(dice: &mut Dice<'_>) -> ProviderSaid {
        let (refund, code) = <(RefundId, Text)>::any(dice);
        dice.one_of(&[
            ProviderSaid::Accepted,
            ProviderSaid::Authorised,
            ProviderSaid::Captured,
            ProviderSaid::Failed { code: code.clone() },
            ProviderSaid::Voided,
            ProviderSaid::Disputed,
            ProviderSaid::RefundSucceeded { refund },
            ProviderSaid::RefundFailed { refund, code },
            ProviderSaid::Other,
        ])
    }
}

impl Members for ProviderSaid {
    fn members(&self, to: &mut JsonWriter<'_>) {
        to.member("kind", &said_name(self));
        let (code, refund) = said_parts(self);
        if let Some(code) = code {
            to.member("code", code);
        }
        if let Some(refund) = refund {
            to.member("refund_id", refund);
        }
    }

    fn fields() -> Vec<Field> {
        vec![
            Field::words("kind", &SAID),
            Field::optional("code", Text::shape()),
            Field::optional("refund_id", RefundId::shape()),
        ]
    }
}
