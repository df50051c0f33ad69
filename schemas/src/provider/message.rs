//! What providers are asked and what they say, whichever adapter carries it; and how adapters read its parts.

use domain::event::{Capture, ProviderMessage, ProviderSaid};
use domain::ids::{PaymentId, RefundId, StoreId, TenantId, Text};
use domain::money::{Currency, Money};
use sha2::{Digest, Sha256};
use std::fmt;

/// What a provider knows a payment of ours by: `<tenant>.<store>.<payment>`.
///
/// Payment ids are a store's own; stores, and tenants, that share a merchant account never meet by this one. It has at most 98
/// characters, letters, digits, `_` and `.`, so it goes as it is into addresses and metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentRef {
    /// The tenant.
    pub tenant: TenantId,
    /// The store.
    pub store: StoreId,
    /// The payment.
    pub payment: PaymentId,
}

impl PaymentRef {
    /// Reads a reference; `None` if the text is none that was made here.
    pub fn parse(text: &str) -> Option<PaymentRef> {
        let mut parts = text.split('.');
        let tenant = TenantId::parse(parts.next()?).ok()?;
        let store = StoreId::parse(parts.next()?).ok()?;
        let payment = PaymentId::parse(parts.next()?).ok()?;
        parts.next().is_none().then_some(PaymentRef { tenant, store, payment })
    }
}

impl fmt::Display for PaymentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PaymentRef { tenant, store, payment } = self;
        write!(f, "{tenant}.{store}.{payment}")
    }
}

/// Which payment a provider's message names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// None: the provider's own id has to tell.
    Nothing,
    /// One that some store of ours asked for.
    Payment(PaymentRef),
    /// Something that nobody here has called a payment.
    Other,
}

/// What a provider says, and the payment of ours it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Our payment, where the provider names it.
    pub named: Named,
    /// What it says.
    pub message: ProviderMessage,
}

/// What a provider is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To authorise a payment.
    Authorise {
        /// Our payment.
        of: PaymentRef,
        /// How much, with the tip.
        amount: Money,
        /// Of which currency.
        currency: Currency,
        /// When to take it.
        capture: Capture,
    },
    /// To take what it authorised.
    Capture {
        /// Its id of the payment.
        reference: Text,
        /// How much, with the tip.
        amount: Money,
        /// Of which currency.
        currency: Currency,
    },
    /// To let go of what it authorised.
    Void {
        /// Its id of the payment.
        reference: Text,
    },
    /// To give money back.
    Refund {
        /// Its id of the payment.
        reference: Text,
        /// Our payment.
        of: PaymentRef,
        /// Our refund.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// Of which currency.
        currency: Currency,
    },
    /// What became of a payment.
    Payment {
        /// Its id of the payment.
        reference: Text,
    },
    /// Whether it knows our payment, and what became of it.
    Find {
        /// Our payment.
        of: PaymentRef,
    },
    /// What became of a payment's refunds.
    Refunds {
        /// Its id of the payment.
        reference: Text,
    },
}

/// A question as an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// The path behind the account's base URL.
    pub path: String,
    /// The media type of the body; nothing where there is none.
    pub media_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

/// Why bytes are not a provider's message. The provider, or who pretends to be one, has to send others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// They are not the JSON that the adapter reads.
    #[error("is not what the provider's adapter reads: {problem}")]
    Json {
        /// What is wrong.
        problem: String,
    },
    /// A field holds what nobody can work with.
    #[error("{field} {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

pub(super) fn bad(field: &'static str, problem: impl ToString) -> BadMessage {
    BadMessage::Field { field, problem: problem.to_string() }
}

pub(super) fn json<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, BadMessage> {
    serde_json::from_slice(body).map_err(|error| BadMessage::Json { problem: error.to_string() })
}

/// A provider's id of a payment: it becomes a part of addresses, so it has only what those take as it is.
pub(super) fn reference(text: Option<String>) -> Result<Option<Text>, BadMessage> {
    let Some(text) = text else { return Ok(None) };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.~".contains(&byte));
    match Text::parse(&text) {
        Ok(parsed) if is_plain => Ok(Some(parsed)),
        Ok(_) => Err(bad("the provider's id of the payment", "holds more than letters, digits, _, -, . and ~")),
        Err(problem) => Err(bad("the provider's id of the payment", problem)),
    }
}

pub(super) fn text(field: &'static str, text: &str) -> Result<Text, BadMessage> {
    Text::parse(text).map_err(|problem| bad(field, problem))
}

/// A code for people: what is not there, or no text, is `unknown`.
pub(super) fn code(code: Option<String>) -> Text {
    let code = code.and_then(|code| Text::parse(&code).ok());
    code.unwrap_or_else(|| Text::parse("unknown").expect("it is a text"))
}

pub(super) fn money(minor: Option<i64>) -> Result<Option<Money>, BadMessage> {
    match minor.map(Money::parse) {
        None => Ok(None),
        Some(Some(amount)) if Money::ZERO <= amount => Ok(Some(amount)),
        Some(_) => Err(bad("the amount", "is below zero, or more than a sum of money can hold")),
    }
}

/// A currency that is not in our table still differs from those that are.
pub(super) fn currency(code: Option<String>) -> Result<Option<Currency>, BadMessage> {
    let Some(code) = code else { return Ok(None) };
    let code = code.to_ascii_uppercase();
    let known = crate::json::wire::parse_currency(&code).ok().or_else(|| Currency::new(&code, 2));
    known.map(Some).ok_or_else(|| bad("the currency", "is not three letters"))
}

pub(super) fn named(reference: Option<String>) -> Named {
    match reference.as_deref().map(PaymentRef::parse) {
        None => Named::Nothing,
        Some(Some(of)) => Named::Payment(of),
        Some(None) => Named::Other,
    }
}

pub(super) fn sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// What an answer says gets an id of its own: the same news, asked for twice, count once (rule P4).
pub(super) fn answer_id(reference: &str, what: &str, amount: Option<i64>) -> Result<Text, BadMessage> {
    let amount = amount.map_or_else(String::new, |amount| amount.to_string());
    text("the provider's id of the payment", &format!("answer:{reference}:{what}:{amount}"))
}

/// What is said of a refund, if it is ours and there is news.
pub(super) fn refund_said(refund: Option<&str>, is_over: Option<bool>, failure: Option<String>) -> ProviderSaid {
    let refund = refund.and_then(|refund| RefundId::parse(refund).ok());
    match (refund, is_over) {
        (Some(refund), Some(true)) => ProviderSaid::RefundSucceeded { refund },
        (Some(refund), Some(false)) => ProviderSaid::RefundFailed { refund, code: code(failure) },
        (_, _) => ProviderSaid::Other,
    }
}
