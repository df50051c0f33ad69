//! A store's settings, prices and availability, and tokens.

use super::fields::{not_negative, same};
use super::staff::Approvals;
use crate::json::body::FieldError;
use crate::json::wire::{self, Wire};
use domain::command::StoreCommand;
use domain::ids::{ItemId, StoreId, Text};
use domain::money::Ppm;
use domain::pricing::PriceRules;
use domain::store::{OfflineBounds, Settings};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// `PUT /v1/stores/{store}`: creates the store or changes its settings, all of them at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Old Town", "currency": "EUR", "time_zone": "Europe/Madrid", "cut_off": "04:00",
    "rounding": "half_even", "tax_rounding": "line", "payment_timeout_s": 900
}))]
pub struct PutStore {
    /// What people call it.
    pub name: wire::Text,
    /// The currency of everything in it.
    pub currency: wire::Currency,
    /// The IANA name of its time zone.
    #[schema(example = "Europe/Madrid")]
    pub time_zone: String,
    /// When its business day begins; at midnight where nobody says.
    #[serde(default)]
    pub cut_off: wire::CutOff,
    /// How its amounts are rounded; `half_even` where nobody says.
    #[serde(default)]
    pub rounding: wire::Rounding,
    /// Where its tax is rounded; `line` where nobody says.
    #[serde(default)]
    pub tax_rounding: wire::TaxRounding,
    /// How long an order that is paid first may stay unpaid, in seconds; 900 where nobody says.
    #[serde(default = "payment_timeout_s")]
    #[schema(default = 900, minimum = 1, maximum = 86_400)]
    pub payment_timeout_s: u32,
    /// What takes a second person; nothing where nobody says.
    #[serde(default)]
    pub approvals: Approvals,
    /// Whether cash is taken, and given back, within an open shift only; `off` where nobody says.
    #[serde(default)]
    pub cash_shifts: wire::CashShifts,
    /// Whether orders that are opened from now on are prepared on tickets; `off` where nobody says.
    #[serde(default)]
    pub kitchen: wire::Kitchen,
    /// How long ago what a till sends from its queue may have happened for its clock to be believed, in seconds; 72 hours
    /// where nobody says. What is older is recorded as of now, with an exception that tells the till's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = 259_200, minimum = 3_600, maximum = 31_536_000)]
    pub offline_age_s: Option<u32>,
    /// What its tills do without a second person while they are away. What goes beyond is recorded all the same, and stands as an
    /// exception `beyond_bounds` that somebody has to decide; days count them.
    #[serde(default)]
    pub offline: Offline,
    /// Whether what people write of guests (notes, allergens, reasons, customer references) is sealed from now on, so that it can be erased:
    /// `POST /v1/erasures`.
    #[serde(default)]
    pub seals_texts: bool,
    /// The store, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<wire::StoreId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: menus are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu_version: Option<u32>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// What a store's tills do without a second person while they are away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    /// Up to which share of what it is taken off discounts, comps and other prices go; 20 % where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = 200_000, minimum = 0, maximum = 1_000_000)]
    pub discount_limit_ppm: Option<wire::Ppm>,
    /// What an order may come to; anything where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_limit: Option<wire::Money>,
    /// How many commands come in one upload; 500 where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = 500, minimum = 1, maximum = 1_000)]
    pub facts_limit: Option<u32>,
}

impl Offline {
    fn parse(self) -> Result<OfflineBounds, FieldError> {
        let most = OfflineBounds::FACTS_MAX;
        if self.facts_limit.is_some_and(|facts| !(1..=most).contains(&facts)) {
            return Err(FieldError::new("/facts_limit", format!("must be 1 to {most}")));
        }
        let share = |Wire(share): wire::Ppm| match share <= Ppm::ONE {
            true => Ok(share),
            false => Err(FieldError::new("/discount_limit_ppm", format!("must be 0 to {}", Ppm::ONE.0))),
        };
        let discount = self.discount_limit_ppm.map(share).transpose()?;
        let amount = self.amount_limit.map(|Wire(amount)| not_negative(amount, "/amount_limit")).transpose()?;
        Ok(OfflineBounds {
            discount: discount.filter(|share| *share != OfflineBounds::DISCOUNT_DEFAULT),
            amount,
            facts: self.facts_limit.filter(|facts| *facts != OfflineBounds::FACTS_DEFAULT),
        })
    }
}

fn payment_timeout_s() -> u32 {
    Settings::PAYMENT_TIMEOUT_S_DEFAULT
}

impl PutStore {
    /// The settings.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<Settings, FieldError> {
        if !(1..=Settings::PAYMENT_TIMEOUT_S_MAX).contains(&self.payment_timeout_s) {
            let problem = format!("must be 1 to {} seconds", Settings::PAYMENT_TIMEOUT_S_MAX);
            return Err(FieldError::new("/payment_timeout_s", problem));
        }
        let ages = Settings::OFFLINE_AGE_S_MIN..=Settings::OFFLINE_AGE_S_MAX;
        if self.offline_age_s.is_some_and(|age| !ages.contains(&age)) {
            let problem = format!("must be {} to {} seconds", ages.start(), ages.end());
            return Err(FieldError::new("/offline_age_s", problem));
        }
        Ok(Settings {
            name: self.name.0,
            currency: self.currency.0,
            time_zone: parse_time_zone(&self.time_zone).map_err(|problem| FieldError::new("/time_zone", problem))?,
            cut_off: self.cut_off.0,
            rules: PriceRules { rounding: self.rounding.0, tax_rounding: self.tax_rounding.0 },
            payment_timeout_s: self.payment_timeout_s,
            kitchen: self.kitchen.0,
            approvals: self.approvals.parse().map_err(|error| error.under("/approvals"))?,
            cash_shifts: self.cash_shifts.0,
            offline_age_s: self.offline_age_s.filter(|age| *age != Settings::OFFLINE_AGE_S_DEFAULT),
            offline: self.offline.parse().map_err(|error| error.under("/offline"))?,
            seals_texts: self.seals_texts,
        })
    }
}

impl PutStore {
    /// The settings of a store.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn of(self, store: StoreId) -> Result<Settings, FieldError> {
        same(self.store, store, "/store")?;
        self.parse()
    }
}

/// Looks a time zone up in the IANA database; the answer is its name as the database writes it.
///
/// # Errors
/// What is wrong.
pub fn parse_time_zone(name: &str) -> Result<Text, String> {
    let unknown = || "is not a time zone of the IANA database, such as Europe/Madrid".to_owned();
    let zone = jiff::tz::TimeZone::get(name).map_err(|_| unknown())?;
    let name = zone.iana_name().filter(|name| *name != "Etc/Unknown").ok_or_else(unknown)?;
    Text::parse(name).map_err(|_| unknown())
}

/// `PUT /v1/stores/{store}/prices/{item}`: sets the store's own price, or goes back to the list price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"price": 1250, "variation_id": "large"}))]
pub struct SetPrice {
    /// The price of one unit; `null` goes back to the list price.
    #[serde(deserialize_with = "present")]
    #[schema(required = true)]
    pub price: Option<wire::Money>,
    /// The variation, where the item has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation_id: Option<wire::VariationId>,
    /// The item, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<wire::ItemId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// A field that may be `null` but not missing: a forgotten price must not end one.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<wire::Money>, D::Error> {
    Option::deserialize(from)
}

impl SetPrice {
    /// The command for an item.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, item: ItemId) -> Result<StoreCommand, FieldError> {
        same(self.item_id, item, "/item_id")?;
        let price = self.price.map(|Wire(price)| not_negative(price, "/price")).transpose()?;
        Ok(StoreCommand::SetPrice { item, variation: self.variation_id.map(|variation| variation.0), price })
    }
}

/// `PUT /v1/stores/{store}/availability/{item}`: starts or stops selling an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"available": false}))]
pub struct SetAvailability {
    /// Whether it is sold.
    pub available: bool,
    /// The item, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<wire::ItemId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

impl SetAvailability {
    /// The command for an item.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, item: ItemId) -> Result<StoreCommand, FieldError> {
        same(self.item_id, item, "/item_id")?;
        Ok(StoreCommand::SetAvailability { item, available: self.available })
    }
}
