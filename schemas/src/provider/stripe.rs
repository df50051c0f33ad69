//! Stripe: payment intents and refunds, asked in forms and answered in JSON. Our references stand in the metadata.
//!
//! How it counts currencies is in <https://docs.stripe.com/currencies>, under "Supported presentment currencies", "Zero-decimal
//! currencies", "Three-decimal currencies" and "Special cases". What it says there of payouts alone (forint and Taiwan dollar without
//! decimals) concerns no payment: they are charged with two.

use super::message::{
    Ask, BadMessage, Request, Told, answer_id, bad, code, json, named, reference, refund_said, sha256, text,
};
use super::unit::{AmountUnit, Uncountable, number, paid};
use domain::event::{Capture, ProviderMessage, ProviderSaid};
use domain::money::Currency;
use serde::Deserialize;

/// How Stripe counts currencies.
const UNITS: [(AmountUnit, &[&str]); 4] = [
    (
        AmountUnit { decimals: 2, multiple_of: 1 },
        &[
            "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD",
            "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CVE", "CZK",
            "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP", "GMD", "GTQ", "GYD", "HKD",
            "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "JMD", "KES", "KGS", "KHR", "KYD", "KZT", "LAK", "LBP", "LKR",
            "LRD", "LSL", "MAD", "MDL", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD",
            "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB",
            "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SZL", "THB", "TJS", "TOP", "TRY", "TTD",
            "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW",
        ],
    ),
    (
        AmountUnit { decimals: 0, multiple_of: 1 },
        &["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"],
    ),
    // Card networks know no more than two of the three.
    (AmountUnit { decimals: 3, multiple_of: 10 }, &["BHD", "JOD", "KWD", "OMR", "TND"]),
    // They had decimals once, and are written as if they still had.
    (AmountUnit { decimals: 2, multiple_of: 100 }, &["ISK", "UGX"]),
];

/// How Stripe counts a currency; `None` where it is not one of its own.
pub(super) fn unit(currency: Currency) -> Option<AmountUnit> {
    UNITS.iter().find(|(_, codes)| codes.contains(&currency.code())).map(|(unit, _)| *unit)
}

#[derive(Deserialize)]
struct Webhook {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

/// A payment intent, a refund or a dispute, with what is read of any of them.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    id: String,
    #[serde(default)]
    object: String,
    amount: Option<i64>,
    amount_capturable: Option<i64>,
    amount_received: Option<i64>,
    currency: Option<String>,
    status: Option<String>,
    /// Of a refund or a dispute.
    payment_intent: Option<String>,
    metadata: Option<Metadata>,
    last_payment_error: Option<Failure>,
    failure_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    payment_id: Option<String>,
    refund_id: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    code: Option<String>,
    decline_code: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Failure,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    // Tried first: only a list has data.
    Many { data: Vec<Object> },
    One(Box<Object>),
}

pub(super) fn webhook(body: &[u8]) -> Result<Told, BadMessage> {
    let Webhook { id, kind, data: Data { object } } = json(body)?;
    let mut told = match kind.as_str() {
        "payment_intent.amount_capturable_updated"
        | "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.canceled"
        | "payment_intent.created"
        | "payment_intent.processing" => of_intent(object, Some(intent_said(&kind)), body)?,
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => of_refund(object, body)?,
        "charge.dispute.created" => {
            let its = reference(object.payment_intent)?;
            of(
                its,
                object.metadata.unwrap_or_default().payment_id,
                ProviderSaid::Disputed,
                object.amount,
                object.currency,
                body,
            )?
        }
        _ => of(None, None, ProviderSaid::Other, None, None, body)?,
    };
    told.message.event_id = text("id", &id)?;
    Ok(told)
}

/// What a type of event says, whatever the intent has become since.
fn intent_said(kind: &str) -> Status {
    match kind {
        "payment_intent.amount_capturable_updated" => Status::Authorised,
        "payment_intent.succeeded" => Status::Captured,
        "payment_intent.payment_failed" => Status::Failed,
        "payment_intent.canceled" => Status::Voided,
        _ => Status::Pending,
    }
}

#[derive(Clone, Copy)]
enum Status {
    Pending,
    Authorised,
    Captured,
    Failed,
    Voided,
}

fn of_intent(intent: Object, said: Option<Status>, body: &[u8]) -> Result<Told, BadMessage> {
    let status = match (said, intent.status.as_deref()) {
        (Some(status), _) => status,
        (None, Some("requires_capture")) => Status::Authorised,
        (None, Some("succeeded")) => Status::Captured,
        (None, Some("canceled")) => Status::Voided,
        (None, Some("requires_payment_method")) if intent.last_payment_error.is_some() => Status::Failed,
        (None, Some("requires_payment_method" | "requires_confirmation" | "requires_action" | "processing")) => {
            Status::Pending
        }
        (None, _) => return Err(bad("status", "is not one that the adapter knows")),
    };
    let (said, amount) = match status {
        Status::Pending => (ProviderSaid::Accepted, intent.amount),
        Status::Authorised => (ProviderSaid::Authorised, intent.amount_capturable.or(intent.amount)),
        Status::Captured => (ProviderSaid::Captured, intent.amount_received.or(intent.amount)),
        Status::Voided => (ProviderSaid::Voided, intent.amount),
        Status::Failed => {
            let failure = intent.last_payment_error;
            let failure = failure.and_then(|failure| failure.decline_code.or(failure.code));
            (ProviderSaid::Failed { code: code(failure) }, intent.amount)
        }
    };
    let its = reference(Some(intent.id))?;
    of(its, intent.metadata.unwrap_or_default().payment_id, said, amount, intent.currency, body)
}

fn of_refund(refund: Object, body: &[u8]) -> Result<Told, BadMessage> {
    let is_over = match refund.status.as_deref() {
        Some("succeeded") => Some(true),
        Some("failed" | "canceled") => Some(false),
        _ => None,
    };
    let metadata = refund.metadata.unwrap_or_default();
    let said = refund_said(metadata.refund_id.as_deref(), is_over, refund.failure_reason);
    let its = reference(refund.payment_intent)?;
    of(its, metadata.payment_id, said, refund.amount, refund.currency, body)
}

fn of(
    reference: Option<domain::ids::Text>,
    of: Option<String>,
    said: ProviderSaid,
    amount: Option<i64>,
    of_currency: Option<String>,
    body: &[u8],
) -> Result<Told, BadMessage> {
    let name = crate::json::event::said_name(&said);
    let its = reference.as_ref().map_or("none", |reference| reference.as_str());
    let event_id = answer_id(its, name, amount)?;
    let (amount, currency) = paid(unit, amount, of_currency)?;
    let message = ProviderMessage { event_id, reference, said, amount, currency, body_sha256: sha256(body) };
    Ok(Told { named: named(of), message })
}

pub(super) fn answer(body: &[u8]) -> Result<Vec<Told>, BadMessage> {
    let objects = match json(body)? {
        Answer::One(object) => vec![*object],
        Answer::Many { data } => data,
    };
    let told = objects.into_iter().map(|object| match object.object.as_str() {
        "refund" => {
            let refund = object.id.clone();
            let mut told = of_refund(object, body)?;
            told.message.event_id = answer_id(&refund, crate::json::event::said_name(&told.message.said), None)?;
            Ok(told)
        }
        _ => of_intent(object, None, body),
    });
    let told: Vec<Told> = told.collect::<Result<_, BadMessage>>()?;
    // A refund that has no outcome yet is no news.
    Ok(told.into_iter().filter(|told| told.message.said != ProviderSaid::Other).collect())
}

pub(super) fn refusal(body: &[u8]) -> Option<String> {
    json::<Refusal>(body).ok().and_then(|refusal| refusal.error.decline_code.or(refusal.error.code))
}

pub(super) fn request(ask: &Ask) -> Result<Request, Uncountable> {
    Ok(match ask {
        Ask::Authorise { of, amount, currency, capture } => {
            let capture = match capture {
                Capture::AtOnce => "automatic",
                Capture::Later => "manual",
            };
            let (amount, currency) = (number(unit, *amount, *currency)?, currency.code().to_ascii_lowercase());
            let body =
                format!("amount={amount}&currency={currency}&capture_method={capture}&metadata[payment_id]={of}");
            post("/v1/payment_intents".to_owned(), body)
        }
        Ask::Capture { reference, amount, currency } => {
            let amount = number(unit, *amount, *currency)?;
            post(format!("/v1/payment_intents/{reference}/capture"), format!("amount_to_capture={amount}"))
        }
        Ask::Void { reference } => post(format!("/v1/payment_intents/{reference}/cancel"), String::new()),
        Ask::Refund { reference, of, refund, amount, currency } => {
            let amount = number(unit, *amount, *currency)?;
            let ids = format!("metadata[payment_id]={of}&metadata[refund_id]={refund}");
            post("/v1/refunds".to_owned(), format!("payment_intent={reference}&amount={amount}&{ids}"))
        }
        Ask::Find { of } => {
            let query = format!("metadata%5B%22payment_id%22%5D%3A%22{of}%22");
            get(format!("/v1/payment_intents/search?query={query}"))
        }
        Ask::Payment { reference } => get(format!("/v1/payment_intents/{reference}")),
        Ask::Refunds { reference } => get(format!("/v1/refunds?payment_intent={reference}&limit=100")),
    })
}

fn post(path: String, body: String) -> Request {
    Request { method: "POST", path, media_type: Some("application/x-www-form-urlencoded"), body }
}

fn get(path: String) -> Request {
    Request { method: "GET", path, media_type: None, body: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::wire::parse_currency;
    use domain::money::Money;

    #[test]
    fn every_row_is_of_a_currency_and_counts_it_both_ways() {
        let mut codes: Vec<&str> = UNITS.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count, "a currency is counted in one way");
        for code in codes {
            // One that has gone is in no table of ours.
            let Ok(currency) = parse_currency(code) else { continue };
            let unit = unit(currency).expect("it is in the table");
            let step = unit.step(currency);
            for steps in [0, 1, 7, 1_000_000] {
                let amount = Money(step * steps);
                let number = unit.number(amount, currency).expect("a multiple of the step");
                assert_eq!(unit.amount(number, currency), Some(amount.0), "{code} {amount}");
            }
            assert_eq!(unit.number(Money(step + 1), currency).is_some(), step == 1, "{code}");
        }
    }
}
