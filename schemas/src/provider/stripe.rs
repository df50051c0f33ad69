//! Stripe: payment intents and refunds, asked in forms and answered in JSON. Our references stand in the metadata.

use super::message::{
    Ask, BadMessage, Request, Told, answer_id, bad, code, currency, json, money, named, reference, refund_said, sha256,
    text,
};
use domain::event::{Capture, ProviderMessage, ProviderSaid};
use serde::Deserialize;

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
    let message = ProviderMessage {
        event_id: answer_id(its, name, amount)?,
        reference,
        said,
        amount: money(amount)?,
        currency: currency(of_currency)?,
        body_sha256: sha256(body),
    };
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

pub(super) fn request(ask: &Ask) -> Request {
    match ask {
        Ask::Authorise { of, amount, currency, capture } => {
            let capture = match capture {
                Capture::AtOnce => "automatic",
                Capture::Later => "manual",
            };
            let (amount, currency) = (amount.0, currency.code().to_ascii_lowercase());
            let body =
                format!("amount={amount}&currency={currency}&capture_method={capture}&metadata[payment_id]={of}");
            post("/v1/payment_intents".to_owned(), body)
        }
        Ask::Capture { reference, amount } => {
            post(format!("/v1/payment_intents/{reference}/capture"), format!("amount_to_capture={}", amount.0))
        }
        Ask::Void { reference } => post(format!("/v1/payment_intents/{reference}/cancel"), String::new()),
        Ask::Refund { reference, of, refund, amount } => {
            let ids = format!("metadata[payment_id]={of}&metadata[refund_id]={refund}");
            post("/v1/refunds".to_owned(), format!("payment_intent={reference}&amount={}&{ids}", amount.0))
        }
        Ask::Find { of } => {
            let query = format!("metadata%5B%22payment_id%22%5D%3A%22{of}%22");
            get(format!("/v1/payment_intents/search?query={query}"))
        }
        Ask::Payment { reference } => get(format!("/v1/payment_intents/{reference}")),
        Ask::Refunds { reference } => get(format!("/v1/refunds?payment_intent={reference}&limit=100")),
    }
}

fn post(path: String, body: String) -> Request {
    Request { method: "POST", path, media_type: Some("application/x-www-form-urlencoded"), body }
}

fn get(path: String) -> Request {
    Request { method: "GET", path, media_type: None, body: String::new() }
}
