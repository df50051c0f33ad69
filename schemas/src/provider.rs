//! What payment providers say and are asked, as bytes: two adapters, each a pair of pure functions.
//!
//! [`Adapter::Standard`] is the form of providers that sign as Standard Webhooks asks and speak plain JSON;
//! [`Adapter::Stripe`] is Stripe's. Bodies are read leniently: a provider adds fields when it likes. What has no meaning
//! here is [`ProviderSaid::Other`](domain::event::ProviderSaid::Other), so that it can be kept and answered.

mod message;
mod standard;
mod stripe;
mod unit;

pub use message::{Ask, BadMessage, Named, PaymentRef, Request, Told};
pub use unit::{AmountUnit, Uncountable};

use domain::ids::Text;
use domain::money::Currency;

/// How a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Adapter {
    /// Plain JSON, signed as Standard Webhooks.
    Standard,
    /// Stripe.
    Stripe,
}

impl Adapter {
    /// Every adapter.
    pub const ALL: [Adapter; 2] = [Adapter::Standard, Adapter::Stripe];

    /// Its name in addresses and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Adapter::Standard => "standard",
            Adapter::Stripe => "stripe",
        }
    }

    /// The adapter of that name.
    pub fn parse(name: &str) -> Option<Adapter> {
        Adapter::ALL.into_iter().find(|adapter| adapter.as_str() == name)
    }

    /// Reads a webhook's body. `event_id` is what its headers call it, where the adapter's do.
    ///
    /// # Errors
    /// [`BadMessage`] says what is wrong.
    pub fn webhook(self, event_id: Option<&str>, body: &[u8]) -> Result<Told, BadMessage> {
        match self {
            Adapter::Standard => standard::webhook(event_id.unwrap_or_default(), body),
            Adapter::Stripe => stripe::webhook(body),
        }
    }

    /// How the provider counts a currency; `None` where the adapter does not know, and does not guess.
    pub fn unit(self, currency: Currency) -> Option<AmountUnit> {
        match self {
            Adapter::Standard => standard::unit(currency),
            Adapter::Stripe => stripe::unit(currency),
        }
    }

    /// A question as a request.
    ///
    /// # Errors
    /// [`Uncountable`]: the provider cannot be asked for this amount.
    pub fn request(self, ask: &Ask) -> Result<Request, Uncountable> {
        match self {
            Adapter::Standard => standard::request(ask),
            Adapter::Stripe => stripe::request(ask),
        }
    }

    /// Reads the good answer to a question: what it says of the payment and of its refunds.
    ///
    /// # Errors
    /// [`BadMessage`] says what is wrong.
    pub fn answer(self, body: &[u8]) -> Result<Vec<Told>, BadMessage> {
        match self {
            Adapter::Standard => standard::answer(body),
            Adapter::Stripe => stripe::answer(body),
        }
    }

    /// The provider's code in an answer that says no.
    pub fn refusal(self, status: u16, body: &[u8]) -> Text {
        let code = match self {
            Adapter::Standard => standard::refusal(body),
            Adapter::Stripe => stripe::refusal(body),
        };
        code.and_then(|code| Text::parse(&code).ok())
            .unwrap_or_else(|| Text::parse(&format!("http_{status}")).expect("it is a text"))
    }
}
