//! Stored events of payments that a provider takes, tags 0x0610 and on.

use super::codes::{Code, code};
use super::envelope::{Envelope, write};
use super::parts::{CurrencyV1, Stored, minor_opt, money_opt, named, named_opt, text_opt};
use super::{BadValue, DecodeError, tag};
use domain::event::{PaymentEvent, ProviderMessage, ProviderSaid};
use domain::money::Money;
use serde::{Deserialize, Serialize};

/// `AuthorisationRequested`, version 1.
#[derive(Serialize, Deserialize)]
struct AuthorisationRequestedV1<'a> {
    account: &'a str,
    capture: u8,
}

/// `ProviderEventReceived`, version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct ProviderEventReceivedV1<'a> {
    event_id: &'a str,
    reference: Option<&'a str>,
    /// 1 accepted, 2 authorised, 3 captured, 4 failed, 5 voided, 6 disputed, 7 refunded, 8 not refunded, 9 anything else.
    said: u8,
    /// With 4 and 8.
    code: Option<&'a str>,
    /// With 7 and 8.
    refund: Option<&'a str>,
    amount: Option<i64>,
    #[serde(borrow)]
    currency: Option<CurrencyV1<'a>>,
    body_sha256: [u8; 32],
}

/// `PaymentAuthorised`, version 1.
#[derive(Serialize, Deserialize)]
struct PaymentAuthorisedV1 {
    amount: i64,
}

/// `CaptureRequested`, version 1.
#[derive(Serialize, Deserialize)]
struct CaptureRequestedV1 {
    amount: i64,
    tip: i64,
}

/// `VoidRequested`, version 1.
#[derive(Serialize, Deserialize)]
struct VoidRequestedV1 {
    why: u8,
}

/// `PaymentVoided` and `PaymentDisputed`, version 1 of both: nothing but the fact.
#[derive(Serialize, Deserialize)]
struct NothingV1 {}

/// `TipAdjusted`, version 1.
#[derive(Serialize, Deserialize)]
struct TipAdjustedV1 {
    tip: i64,
}

/// `ProviderEventIgnored`, version 1.
#[derive(Serialize, Deserialize)]
struct ProviderEventIgnoredV1 {
    why: u8,
}

impl<'a> Stored<'a, ProviderMessage> for ProviderEventReceivedV1<'a> {
    fn of(message: &'a ProviderMessage) -> ProviderEventReceivedV1<'a> {
        let ProviderMessage { event_id, reference, said, amount, currency, body_sha256 } = message;
        let (said, code, refund) = match said {
            ProviderSaid::Accepted => (1, None, None),
            ProviderSaid::Authorised => (2, None, None),
            ProviderSaid::Captured => (3, None, None),
            ProviderSaid::Failed { code } => (4, Some(code.as_str()), None),
            ProviderSaid::Voided => (5, None, None),
            ProviderSaid::Disputed => (6, None, None),
            ProviderSaid::RefundSucceeded { refund } => (7, None, Some(refund.as_str())),
            ProviderSaid::RefundFailed { refund, code } => (8, Some(code.as_str()), Some(refund.as_str())),
            ProviderSaid::Other => (9, None, None),
        };
        ProviderEventReceivedV1 {
            event_id: event_id.as_str(),
            reference: text_opt(reference),
            said,
            code,
            refund,
            amount: minor_opt(amount),
            currency: currency.as_ref().map(CurrencyV1::of),
            body_sha256: *body_sha256,
        }
    }

    fn back(self) -> Result<ProviderMessage, BadValue> {
        let said = match (self.said, self.code, self.refund) {
            (1, None, None) => ProviderSaid::Accepted,
            (2, None, None) => ProviderSaid::Authorised,
            (3, None, None) => ProviderSaid::Captured,
            (4, Some(code), None) => ProviderSaid::Failed { code: named(code)? },
            (5, None, None) => ProviderSaid::Voided,
            (6, None, None) => ProviderSaid::Disputed,
            (7, None, Some(refund)) => ProviderSaid::RefundSucceeded { refund: named(refund)? },
            (8, Some(code), Some(refund)) => ProviderSaid::RefundFailed { refund: named(refund)?, code: named(code)? },
            (9, None, None) => ProviderSaid::Other,
            (1..=9, _, _) => return Err(BadValue::Range { kind: "provider's message" }),
            (code, _, _) => return Err(BadValue::Code { kind: "ProviderSaid", code }),
        };
        Ok(ProviderMessage {
            event_id: named(self.event_id)?,
            reference: named_opt(self.reference)?,
            said,
            amount: money_opt(self.amount),
            currency: self.currency.map(CurrencyV1::back).transpose()?,
            body_sha256: self.body_sha256,
        })
    }
}

/// Writes what [`super::payment`] leaves to this module.
///
/// # Panics
/// If the event is of another kind.
pub(super) fn encode(event: &PaymentEvent, out: &mut Vec<u8>) {
    match event {
        PaymentEvent::AuthorisationRequested { account, capture } => {
            let body = AuthorisationRequestedV1 { account: account.as_str(), capture: capture.code() };
            write(tag::AUTHORISATION_REQUESTED, 1, &body, out);
        }
        PaymentEvent::ProviderEventReceived(message) => {
            write(tag::PROVIDER_EVENT_RECEIVED, 1, &ProviderEventReceivedV1::of(message), out);
        }
        PaymentEvent::PaymentAuthorised { amount } => {
            write(tag::PAYMENT_AUTHORISED, 1, &PaymentAuthorisedV1 { amount: amount.0 }, out);
        }
        PaymentEvent::CaptureRequested { amount, tip } => {
            write(tag::CAPTURE_REQUESTED, 1, &CaptureRequestedV1 { amount: amount.0, tip: tip.0 }, out);
        }
        PaymentEvent::VoidRequested { why } => {
            write(tag::VOID_REQUESTED, 1, &VoidRequestedV1 { why: why.code() }, out);
        }
        PaymentEvent::PaymentVoided => write(tag::PAYMENT_VOIDED, 1, &NothingV1 {}, out),
        PaymentEvent::PaymentDisputed => write(tag::PAYMENT_DISPUTED, 1, &NothingV1 {}, out),
        PaymentEvent::TipAdjusted { tip } => write(tag::TIP_ADJUSTED, 1, &TipAdjustedV1 { tip: tip.0 }, out),
        PaymentEvent::ProviderEventIgnored { why } => {
            write(tag::PROVIDER_EVENT_IGNORED, 1, &ProviderEventIgnoredV1 { why: why.code() }, out);
        }
        PaymentEvent::PaymentInitiated { .. }
        | PaymentEvent::PaymentCaptured { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentExpired
        | PaymentEvent::PaymentFlagged { .. }
        | PaymentEvent::PaymentOutcomeIgnored { .. }
        | PaymentEvent::RefundRequested { .. }
        | PaymentEvent::RefundSucceeded { .. }
        | PaymentEvent::RefundFailed { .. }
        | PaymentEvent::PaymentReviewed { .. }
        | PaymentEvent::RefundOutcomeIgnored { .. } => unreachable!("{event:?} is written elsewhere"),
    }
}

/// Reads what [`super::payment`] leaves to this module.
pub(super) fn decode(envelope: &Envelope<'_>) -> Result<PaymentEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::AUTHORISATION_REQUESTED, 1) => envelope.read(|body: AuthorisationRequestedV1<'_>| {
            Ok(PaymentEvent::AuthorisationRequested { account: named(body.account)?, capture: code(body.capture)? })
        }),
        (tag::PROVIDER_EVENT_RECEIVED, 1) => envelope
            .read(|body: ProviderEventReceivedV1<'_>| Ok(PaymentEvent::ProviderEventReceived(Box::new(body.back()?)))),
        (tag::PAYMENT_AUTHORISED, 1) => envelope
            .read(|body: PaymentAuthorisedV1| Ok(PaymentEvent::PaymentAuthorised { amount: Money(body.amount) })),
        (tag::CAPTURE_REQUESTED, 1) => envelope.read(|body: CaptureRequestedV1| {
            Ok(PaymentEvent::CaptureRequested { amount: Money(body.amount), tip: Money(body.tip) })
        }),
        (tag::VOID_REQUESTED, 1) => {
            envelope.read(|body: VoidRequestedV1| Ok(PaymentEvent::VoidRequested { why: code(body.why)? }))
        }
        (tag::PAYMENT_VOIDED, 1) => envelope.read(|NothingV1 {}| Ok(PaymentEvent::PaymentVoided)),
        (tag::PAYMENT_DISPUTED, 1) => envelope.read(|NothingV1 {}| Ok(PaymentEvent::PaymentDisputed)),
        (tag::TIP_ADJUSTED, 1) => {
            envelope.read(|body: TipAdjustedV1| Ok(PaymentEvent::TipAdjusted { tip: Money(body.tip) }))
        }
        (tag::PROVIDER_EVENT_IGNORED, 1) => envelope
            .read(|body: ProviderEventIgnoredV1| Ok(PaymentEvent::ProviderEventIgnored { why: code(body.why)? })),
        _ => Err(envelope.unknown_version()),
    }
}
