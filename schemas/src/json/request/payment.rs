//! Payments.

use super::fields::not_negative;
use crate::json::body::FieldError;
use crate::json::wire::{self, Wire};
use domain::command::{self, Method, NewPay, PaidBy, PaymentCommand, ProviderCommand};
use domain::event::Capture;
use domain::ids::{DrawerId, OrderId, PaymentId, TenderId};
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::json::wire::choices::OutcomeKind;

/// `POST /v1/stores/{store}/orders/{order}/payments`: starts an attempt to pay; cash is captured at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payment_id": "p1", "tender": "cash", "tendered": 2500, "expected_total": 2300}))]
pub struct InitiatePayment {
    /// Its id, made by the client.
    pub payment_id: wire::PaymentId,
    /// The order; may be left out where the path names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<wire::OrderId>,
    /// The check it pays; where it is left out, the only one, or the first on which something is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_id: Option<wire::CheckId>,
    /// `cash`, or the name of another tender, whose outcome comes later.
    pub tender: wire::TenderId,
    /// What is to count towards the check; all that is due where it is left out. Of a payment that was made while the terminal
    /// was away it is what was taken; left out, that is `expected_total`, where nothing else has been paid towards the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// The tip on top.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub tip: wire::Money,
    /// The cash handed over; the exact sum where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tendered: Option<wire::Money>,
    /// The check's total the guest was shown, which is the order's where it was not split; refused where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<wire::Money>,
    /// The drawer cash goes into; where it is left out and the store works in shifts, the only one whose shift is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_id: Option<wire::DrawerId>,
    /// The account at a payment provider that takes it, as the server's settings name it; not for cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_account: Option<wire::AccountId>,
    /// When the provider takes the money; only with `provider_account`, `automatic` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<wire::Capture>,
}

fn nothing() -> wire::Money {
    Wire(Money::ZERO)
}

fn is_nothing(amount: &wire::Money) -> bool {
    amount.0 == Money::ZERO
}

/// The name of the tender that is cash.
const CASH: &str = "cash";

impl InitiatePayment {
    /// The payment's id and the command. `path` is the order the path or the batch names.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, path: Option<OrderId>) -> Result<(PaymentId, PaymentCommand), FieldError> {
        let order = match (path, self.order_id) {
            (Some(path), Some(Wire(body))) if path != body => {
                return Err(FieldError::new("/order_id", format!("is {body}, but the request is about {path}")));
            }
            (Some(order), _) | (None, Some(Wire(order))) => order,
            (None, None) => return Err(FieldError::new("/order_id", "is required")),
        };
        let amount = above_nothing(self.amount)?;
        let tendered = self.tendered.map(|tendered| not_negative(tendered.0, "/tendered")).transpose()?;
        let drawer = self.drawer_id.map(|drawer| drawer.0);
        let command = PaymentCommand::Initiate {
            order,
            check: self.check_id.map(|check| check.0),
            amount,
            tip: not_negative(self.tip.0, "/tip")?,
            method: match (self.provider_account, self.capture) {
                (Some(Wire(account)), capture) => {
                    let capture = capture.map_or(Capture::AtOnce, |capture| capture.0);
                    provided(
                        self.tender.0,
                        tendered,
                        drawer,
                        Method::Provider { tender: self.tender.0, account, capture, step: None },
                    )?
                }
                (None, Some(_)) => {
                    return Err(FieldError::new(
                        "/capture",
                        "is for what a provider takes; name it in provider_account",
                    ));
                }
                (None, None) => method(self.tender.0, tendered, drawer)?,
            },
            expected_total: self.expected_total.map(|total| total.0),
        };
        Ok((self.payment_id.0, command))
    }
}

fn method(tender: TenderId, tendered: Option<Money>, drawer: Option<DrawerId>) -> Result<Method, FieldError> {
    match (tendered, drawer) {
        (tendered, drawer) if tender.as_str() == CASH => Ok(Method::Cash { tendered, drawer }),
        (None, None) => Ok(Method::External(tender)),
        (Some(_), _) => Err(FieldError::new("/tendered", "is for cash only")),
        (None, Some(_)) => Err(FieldError::new("/drawer_id", "is for cash only")),
    }
}

fn provided(
    tender: TenderId,
    tendered: Option<Money>,
    drawer: Option<DrawerId>,
    by: Method,
) -> Result<Method, FieldError> {
    match (tendered, drawer) {
        _ if tender.as_str() == CASH => Err(FieldError::new("/provider_account", "is not for cash")),
        (None, None) => Ok(by),
        (Some(_), _) => Err(FieldError::new("/tendered", "is for cash only")),
        (None, Some(_)) => Err(FieldError::new("/drawer_id", "is for cash only")),
    }
}

/// What is paid as an order is opened and placed: cash, or money that was taken outside before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payment_id": "p1", "tender": "cash", "tendered": 2500}))]
pub struct Pay {
    /// The payment's id, made by the client.
    pub payment_id: wire::PaymentId,
    /// `cash`, or the name of another tender whose money was captured already.
    pub tender: wire::TenderId,
    /// What is to count towards the order; all that is due where it is left out. Of an order that was sold while the terminal was
    /// away it is what was taken; left out, that is `expected_total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// The tip on top.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub tip: wire::Money,
    /// The cash handed over; the exact sum where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tendered: Option<wire::Money>,
    /// The drawer cash goes into; where it is left out and the store works in shifts, the only one whose shift is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_id: Option<wire::DrawerId>,
    /// What the card terminal calls it (an authorisation code, a receipt's number), to find it again; not for cash. No card's
    /// number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<wire::Text>,
}

impl Pay {
    /// The payment.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<NewPay, FieldError> {
        let tendered = self.tendered.map(|tendered| not_negative(tendered.0, "/tendered")).transpose()?;
        let amount = above_nothing(self.amount)?;
        let by = match (method(self.tender.0, tendered, self.drawer_id.map(|drawer| drawer.0))?, self.reference) {
            (Method::Cash { .. }, Some(_)) => return Err(FieldError::new("/reference", "is not for cash")),
            (Method::Cash { tendered, drawer }, None) => PaidBy::Cash { tendered, drawer },
            (Method::External(tender) | Method::Provider { tender, .. }, reference) => {
                PaidBy::External { tender, reference: reference.map(|reference| reference.0) }
            }
        };
        Ok(NewPay { payment: self.payment_id.0, amount, tip: not_negative(self.tip.0, "/tip")?, by })
    }
}

fn above_nothing(amount: Option<wire::Money>) -> Result<Option<Money>, FieldError> {
    match amount {
        Some(Wire(amount)) if amount.0 <= 0 => {
            Err(FieldError::new("/amount", "must be more than 0; leave it out to pay all that is due"))
        }
        amount => Ok(amount.map(|amount| amount.0)),
    }
}

/// `POST /v1/stores/{store}/payments/{payment}/void`: lets go of what a provider has set aside; of captured money it gives
/// all back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Guest left"}))]
pub struct VoidPayment {
    /// Why.
    pub reason: wire::Note,
}

impl VoidPayment {
    /// The command.
    pub fn parse(self) -> PaymentCommand {
        PaymentCommand::Provider(ProviderCommand::Void { reason: self.reason.0.0 })
    }
}

/// `POST /v1/stores/{store}/payments/{payment}/tip`: changes the tip before the provider is asked for the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tip": 300}))]
pub struct AdjustTip {
    /// The tip.
    pub tip: wire::Money,
}

impl AdjustTip {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<PaymentCommand, FieldError> {
        let tip = not_negative(self.tip.0, "/tip")?;
        Ok(PaymentCommand::Provider(ProviderCommand::AdjustTip { tip }))
    }
}

/// `POST /v1/stores/{store}/payments/{payment}/outcome`: what became of an attempt outside the drawer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "captured", "amount": 2300}))]
pub struct Outcome {
    /// Whether money moved.
    pub outcome: wire::OutcomeKind,
    /// How much moved with the tip, where the message says so; only with `captured`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// The terminal's or provider's code; required with `failed`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<wire::Text>,
    /// What the card terminal calls it (an authorisation code, a receipt's number), to find it again; only with `captured`. No
    /// card's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<wire::Text>,
}

impl Outcome {
    /// The outcome.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<command::Outcome, FieldError> {
        if let (OutcomeKind::Failed, Some(_)) = (self.outcome.0, &self.reference) {
            return Err(FieldError::new("/reference", "is for captured attempts only"));
        }
        match (self.outcome.0, self.amount, self.code) {
            (OutcomeKind::Captured, amount, None) => {
                let amount = amount.map(|amount| not_negative(amount.0, "/amount")).transpose()?;
                let reference = self.reference.map(|reference| reference.0);
                Ok(command::Outcome::Captured { amount, reference })
            }
            (OutcomeKind::Captured, _, Some(_)) => Err(FieldError::new("/code", "is for failed attempts only")),
            (OutcomeKind::Failed, Some(_), _) => Err(FieldError::new("/amount", "is for captured attempts only")),
            (OutcomeKind::Failed, None, Some(code)) => Ok(command::Outcome::Failed { code: code.0 }),
            (OutcomeKind::Failed, None, None) => {
                Err(FieldError::new("/code", "is required where the attempt failed: the terminal's or provider's code"))
            }
        }
    }
}
