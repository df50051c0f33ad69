//! Stored events of `payment-<tenant>.<store>.<payment>`, tags 0x06xx.

use super::codes::{Code, code};
use super::envelope::{Envelope, write};
use super::parts::{CurrencyV1, Seq, Stored, external, minor_opt, money_opt, named, tender, timestamp_opt, us_opt};
use super::refund::{MoneyPartsV1, RefundedLineV1};
use super::{BadValue, DecodeError, floor, provider, tag};
use domain::check::CheckId;
use domain::event::{Flag, PaymentEvent, RefundedLine};
use domain::ids::Revision;
use domain::money::Money;
use serde::{Deserialize, Serialize};

/// `PaymentInitiated`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentInitiatedV1<'a> {
    order: &'a str,
    /// Nothing: cash.
    tender: Option<&'a str>,
    amount: i64,
    tip: i64,
    #[serde(borrow)]
    currency: CurrencyV1<'a>,
    deadline_us: Option<i64>,
}

/// `PaymentInitiated`, version 2: with the check. Written for others than check 1; those are of version 1.
#[derive(Serialize, Deserialize)]
struct PaymentInitiatedV2<'a> {
    #[serde(borrow)]
    v1: PaymentInitiatedV1<'a>,
    check: u8,
}

/// `PaymentCaptured`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentCapturedV1 {
    amount: i64,
    tip: i64,
    tendered: Option<i64>,
    change: Option<i64>,
}

/// `PaymentFailed`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentFailedV1<'a> {
    code: &'a str,
}

/// `PaymentExpired`, version 1: nothing but the fact.
#[derive(Serialize, Deserialize)]
struct PaymentExpiredV1 {}

/// `PaymentFlagged`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentFlaggedV1 {
    /// 1 late capture, 2 not applicable, 3 the amount differs, 4 a refund in doubt, 5 the currency, 6 the reference differs.
    why: u8,
    /// What was asked for and what moved, with 3 only.
    amounts: Option<(i64, i64)>,
}

/// `PaymentReviewed`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentReviewedV1<'a> {
    /// The revision of the event that flagged the payment.
    flag: u64,
    decision: u8,
    reason: &'a str,
}

/// `PaymentOutcomeIgnored`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentOutcomeIgnoredV1 {
    outcome: u8,
}

/// `RefundRequested`, version 1.
#[derive(Serialize, Deserialize)]
struct RefundRequestedV1<'a> {
    refund: &'a str,
    parts: MoneyPartsV1,
    #[serde(borrow)]
    lines: Seq<'a, RefundedLineV1<'a>, RefundedLine>,
    restock: bool,
    reason: &'a str,
}

/// `RefundSucceeded`, version 1.
#[derive(Serialize, Deserialize)]
struct RefundSucceededV1<'a> {
    refund: &'a str,
}

/// `RefundFailed`, version 1.
#[derive(Serialize, Deserialize)]
struct RefundFailedV1<'a> {
    refund: &'a str,
    code: &'a str,
}

/// `RefundOutcomeIgnored`, version 1.
#[derive(Serialize, Deserialize)]
struct RefundOutcomeIgnoredV1<'a> {
    refund: &'a str,
    outcome: u8,
}

impl Stored<'_, Flag> for PaymentFlaggedV1 {
    fn of(flag: &Flag) -> PaymentFlaggedV1 {
        match flag {
            Flag::LateCapture => PaymentFlaggedV1 { why: 1, amounts: None },
            Flag::NotApplicable => PaymentFlaggedV1 { why: 2, amounts: None },
            Flag::AmountDiffers { requested, captured } => {
                PaymentFlaggedV1 { why: 3, amounts: Some((requested.0, captured.0)) }
            }
            Flag::RefundInDoubt => PaymentFlaggedV1 { why: 4, amounts: None },
            Flag::CurrencyDiffers => PaymentFlaggedV1 { why: 5, amounts: None },
            Flag::ReferenceDiffers => PaymentFlaggedV1 { why: 6, amounts: None },
        }
    }

    fn back(self) -> Result<Flag, BadValue> {
        match (self.why, self.amounts) {
            (1, None) => Ok(Flag::LateCapture),
            (2, None) => Ok(Flag::NotApplicable),
            (3, Some((requested, captured))) => {
                Ok(Flag::AmountDiffers { requested: Money(requested), captured: Money(captured) })
            }
            (4, None) => Ok(Flag::RefundInDoubt),
            (5, None) => Ok(Flag::CurrencyDiffers),
            (6, None) => Ok(Flag::ReferenceDiffers),
            (1..=6, _) => Err(BadValue::Range { kind: "flag" }),
            (code, _) => Err(BadValue::Code { kind: "Flag", code }),
        }
    }
}

impl PaymentInitiatedV1<'_> {
    fn back(self, check: CheckId) -> Result<PaymentEvent, BadValue> {
        Ok(PaymentEvent::PaymentInitiated {
            order: named(self.order)?,
            tender: tender(self.tender)?,
            amount: Money(self.amount),
            tip: Money(self.tip),
            currency: self.currency.back()?,
            deadline: timestamp_opt(self.deadline_us),
            check,
        })
    }
}

pub(super) fn encode(event: &PaymentEvent, out: &mut Vec<u8>) {
    match event {
        PaymentEvent::PaymentInitiated { order, tender, amount, tip, currency, deadline, check } => {
            let v1 = PaymentInitiatedV1 {
                order: order.as_str(),
                tender: external(tender),
                amount: amount.0,
                tip: tip.0,
                currency: CurrencyV1::of(currency),
                deadline_us: us_opt(deadline),
            };
            match *check {
                CheckId::FIRST => write(tag::PAYMENT_INITIATED, 1, &v1, out),
                check => write(tag::PAYMENT_INITIATED, 2, &PaymentInitiatedV2 { v1, check: check.number() }, out),
            }
        }
        PaymentEvent::PaymentCaptured { amount, tip, tendered, change } => {
            let body = PaymentCapturedV1 {
                amount: amount.0,
                tip: tip.0,
                tendered: minor_opt(tendered),
                change: minor_opt(change),
            };
            write(tag::PAYMENT_CAPTURED, 1, &body, out);
        }
        PaymentEvent::PaymentFailed { code } => {
            write(tag::PAYMENT_FAILED, 1, &PaymentFailedV1 { code: code.as_str() }, out);
        }
        PaymentEvent::PaymentExpired => write(tag::PAYMENT_EXPIRED, 1, &PaymentExpiredV1 {}, out),
        PaymentEvent::PaymentFlagged { why } => write(tag::PAYMENT_FLAGGED, 1, &PaymentFlaggedV1::of(why), out),
        PaymentEvent::PaymentOutcomeIgnored { outcome } => {
            write(tag::PAYMENT_OUTCOME_IGNORED, 1, &PaymentOutcomeIgnoredV1 { outcome: outcome.code() }, out);
        }
        PaymentEvent::RefundRequested { refund, parts, lines, restock, reason } => {
            let body = RefundRequestedV1 {
                refund: refund.as_str(),
                parts: MoneyPartsV1::of(parts),
                lines: Seq::of(lines),
                restock: *restock,
                reason: reason.as_str(),
            };
            write(tag::REFUND_REQUESTED, 1, &body, out);
        }
        PaymentEvent::RefundSucceeded { refund } => {
            write(tag::REFUND_SUCCEEDED, 1, &RefundSucceededV1 { refund: refund.as_str() }, out);
        }
        PaymentEvent::RefundFailed { refund, code } => {
            write(tag::REFUND_FAILED, 1, &RefundFailedV1 { refund: refund.as_str(), code: code.as_str() }, out);
        }
        PaymentEvent::RefundOutcomeIgnored { refund, outcome } => {
            let body = RefundOutcomeIgnoredV1 { refund: refund.as_str(), outcome: outcome.code() };
            write(tag::REFUND_OUTCOME_IGNORED, 1, &body, out);
        }
        PaymentEvent::AuthorisationRequested { .. }
        | PaymentEvent::ProviderEventReceived(_)
        | PaymentEvent::PaymentAuthorised { .. }
        | PaymentEvent::CaptureRequested { .. }
        | PaymentEvent::VoidRequested { .. }
        | PaymentEvent::PaymentVoided
        | PaymentEvent::PaymentDisputed
        | PaymentEvent::TipAdjusted { .. }
        | PaymentEvent::ProviderEventIgnored { .. } => provider::encode(event, out),
        PaymentEvent::PaymentReviewed { flag, decision, reason } => {
            let body = PaymentReviewedV1 { flag: flag.0, decision: decision.code(), reason: reason.as_str() };
            write(tag::PAYMENT_REVIEWED, 1, &body, out);
        }
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<PaymentEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::PAYMENT_INITIATED, 1) => envelope.read(|body: PaymentInitiatedV1<'_>| body.back(CheckId::FIRST)),
        (tag::PAYMENT_INITIATED, 2) => {
            envelope.read(|body: PaymentInitiatedV2<'_>| body.v1.back(floor::check(body.check)?))
        }
        (tag::PAYMENT_CAPTURED, 1) => envelope.read(|body: PaymentCapturedV1| {
            Ok(PaymentEvent::PaymentCaptured {
                amount: Money(body.amount),
                tip: Money(body.tip),
                tendered: money_opt(body.tendered),
                change: money_opt(body.change),
            })
        }),
        (tag::PAYMENT_FAILED, 1) => {
            envelope.read(|body: PaymentFailedV1<'_>| Ok(PaymentEvent::PaymentFailed { code: named(body.code)? }))
        }
        (tag::PAYMENT_EXPIRED, 1) => envelope.read(|PaymentExpiredV1 {}| Ok(PaymentEvent::PaymentExpired)),
        (tag::PAYMENT_FLAGGED, 1) => {
            envelope.read(|body: PaymentFlaggedV1| Ok(PaymentEvent::PaymentFlagged { why: body.back()? }))
        }
        (tag::PAYMENT_OUTCOME_IGNORED, 1) => envelope.read(|body: PaymentOutcomeIgnoredV1| {
            Ok(PaymentEvent::PaymentOutcomeIgnored { outcome: code(body.outcome)? })
        }),
        (tag::PAYMENT_REVIEWED, 1) => envelope.read(|body: PaymentReviewedV1<'_>| {
            let (flag, decision) = (Revision(body.flag), code(body.decision)?);
            Ok(PaymentEvent::PaymentReviewed { flag, decision, reason: named(body.reason)? })
        }),
        (tag::REFUND_REQUESTED | tag::REFUND_SUCCEEDED | tag::REFUND_FAILED | tag::REFUND_OUTCOME_IGNORED, _) => {
            decode_refund(envelope)
        }
        _ => provider::decode(envelope),
    }
}

fn decode_refund(envelope: &Envelope<'_>) -> Result<PaymentEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::REFUND_REQUESTED, 1) => envelope.read(|body: RefundRequestedV1<'_>| {
            Ok(PaymentEvent::RefundRequested {
                refund: named(body.refund)?,
                parts: body.parts.back()?,
                lines: body.lines.back()?,
                restock: body.restock,
                reason: named(body.reason)?,
            })
        }),
        (tag::REFUND_SUCCEEDED, 1) => envelope
            .read(|body: RefundSucceededV1<'_>| Ok(PaymentEvent::RefundSucceeded { refund: named(body.refund)? })),
        (tag::REFUND_FAILED, 1) => envelope.read(|body: RefundFailedV1<'_>| {
            Ok(PaymentEvent::RefundFailed { refund: named(body.refund)?, code: named(body.code)? })
        }),
        (tag::REFUND_OUTCOME_IGNORED, 1) => envelope.read(|body: RefundOutcomeIgnoredV1<'_>| {
            Ok(PaymentEvent::RefundOutcomeIgnored { refund: named(body.refund)?, outcome: code(body.outcome)? })
        }),
        _ => Err(envelope.unknown_version()),
    }
}
