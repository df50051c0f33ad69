//! Plain JSON, signed as Standard Webhooks: `webhook-id` is the message's id, `type` says what happened.

use super::message::{
    Ask, BadMessage, Request, Told, answer_id, bad, code, json, named, reference, refund_said, sha256, text,
};
use super::unit::{AmountUnit, Uncountable, number, paid};
use domain::event::{Capture, ProviderMessage, ProviderSaid};
use domain::money::Currency;
use serde::{Deserialize, Serialize};

/// Amounts are in the currency's minor unit, by ISO 4217, whichever it is: the protocol says so.
pub(super) fn unit(currency: Currency) -> Option<AmountUnit> {
    Some(AmountUnit { decimals: u32::from(currency.exponent()), multiple_of: 1 })
}

#[derive(Deserialize)]
struct Webhook {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    payment_id: Option<String>,
    reference: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    code: Option<String>,
    refund_reference: Option<String>,
}

#[derive(Deserialize)]
struct Payment {
    id: String,
    reference: Option<String>,
    status: String,
    amount: Option<i64>,
    currency: Option<String>,
    code: Option<String>,
    #[serde(default)]
    refunds: Vec<Refund>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    One(Box<Payment>),
    Many { data: Vec<Payment> },
}

#[derive(Deserialize)]
struct Refund {
    reference: Option<String>,
    status: String,
    amount: Option<i64>,
    code: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
}

#[derive(Serialize)]
struct Authorise<'a> {
    reference: &'a str,
    amount: i64,
    currency: &'a str,
    capture: &'static str,
}

#[derive(Serialize)]
struct Amount {
    amount: i64,
}

#[derive(Serialize)]
struct GiveBack<'a> {
    reference: &'a str,
    amount: i64,
}

pub(super) fn webhook(event_id: &str, body: &[u8]) -> Result<Told, BadMessage> {
    let Webhook { kind, data } = json(body)?;
    let refund = data.refund_reference.as_deref();
    let said = match kind.as_str() {
        "payment.accepted" => ProviderSaid::Accepted,
        "payment.authorised" | "payment.authorized" => ProviderSaid::Authorised,
        "payment.captured" => ProviderSaid::Captured,
        "payment.failed" => ProviderSaid::Failed { code: code(data.code) },
        "payment.voided" => ProviderSaid::Voided,
        "payment.disputed" => ProviderSaid::Disputed,
        "refund.succeeded" => refund_said(refund, Some(true), None),
        "refund.failed" => refund_said(refund, Some(false), data.code),
        _ => ProviderSaid::Other,
    };
    let (amount, currency) = paid(unit, data.amount, data.currency)?;
    let message = ProviderMessage {
        event_id: text("webhook-id", event_id)?,
        reference: reference(data.payment_id)?,
        said,
        amount,
        currency,
        body_sha256: sha256(body),
    };
    Ok(Told { named: named(data.reference), message })
}

pub(super) fn answer(body: &[u8]) -> Result<Vec<Told>, BadMessage> {
    match json(body)? {
        Answer::One(held) => held_told(*held, body),
        Answer::Many { data } => {
            let told: Vec<Vec<Told>> = data.into_iter().map(|held| held_told(held, body)).collect::<Result<_, _>>()?;
            Ok(told.concat())
        }
    }
}

fn held_told(held: Payment, body: &[u8]) -> Result<Vec<Told>, BadMessage> {
    let said = match held.status.as_str() {
        "pending" => ProviderSaid::Accepted,
        "authorised" | "authorized" => ProviderSaid::Authorised,
        "captured" => ProviderSaid::Captured,
        "failed" => ProviderSaid::Failed { code: code(held.code) },
        "voided" => ProviderSaid::Voided,
        _ => return Err(bad("status", "is not one that the adapter knows")),
    };
    let (of, its) = (named(held.reference), reference(Some(held.id.clone()))?);
    let told = |event_id, said, amount: Option<i64>| {
        let (amount, currency) = paid(unit, amount, held.currency.clone())?;
        let message =
            ProviderMessage { event_id, reference: its.clone(), said, amount, currency, body_sha256: sha256(body) };
        Ok(Told { named: of, message })
    };
    let mut all = vec![told(answer_id(&held.id, &held.status, held.amount)?, said, held.amount)?];
    for refund in held.refunds {
        let is_over = match refund.status.as_str() {
            "succeeded" => true,
            "failed" => false,
            _ => continue,
        };
        let its = refund.reference.as_deref();
        let what = format!("{}:{}", its.unwrap_or_default(), refund.status);
        let event_id = answer_id(&held.id, &what, refund.amount)?;
        all.push(told(event_id, refund_said(its, Some(is_over), refund.code.clone()), refund.amount)?);
    }
    Ok(all)
}

pub(super) fn refusal(body: &[u8]) -> Option<String> {
    json::<Refusal>(body).ok().map(|refusal| refusal.code)
}

pub(super) fn request(ask: &Ask) -> Result<Request, Uncountable> {
    Ok(match ask {
        Ask::Authorise { of, amount, currency, capture } => {
            let capture = match capture {
                Capture::AtOnce => "automatic",
                Capture::Later => "manual",
            };
            let (reference, amount) = (of.to_string(), number(unit, *amount, *currency)?);
            let body = Authorise { reference: &reference, amount, currency: currency.code(), capture };
            post("/v1/payments".to_owned(), &body)
        }
        Ask::Capture { reference, amount, currency } => {
            let amount = number(unit, *amount, *currency)?;
            post(format!("/v1/payments/{reference}/capture"), &Amount { amount })
        }
        Ask::Void { reference } => {
            let path = format!("/v1/payments/{reference}/void");
            Request { method: "POST", path, media_type: None, body: String::new() }
        }
        Ask::Refund { reference, refund, amount, currency, .. } => {
            let body = GiveBack { reference: refund.as_str(), amount: number(unit, *amount, *currency)? };
            post(format!("/v1/payments/{reference}/refunds"), &body)
        }
        Ask::Find { of } => {
            let path = format!("/v1/payments?reference={of}");
            Request { method: "GET", path, media_type: None, body: String::new() }
        }
        Ask::Payment { reference } | Ask::Refunds { reference } => {
            let path = format!("/v1/payments/{reference}");
            Request { method: "GET", path, media_type: None, body: String::new() }
        }
    })
}

fn post(path: String, body: &impl Serialize) -> Request {
    let body = serde_json::to_string(body).expect("texts and numbers can be written as JSON");
    Request { method: "POST", path, media_type: Some("application/json"), body }
}
