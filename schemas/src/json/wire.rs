//! Domain values as they stand in JSON and in rows: [`Wire`] around each of them reads, writes and describes itself.
//!
//! `domain` knows no JSON, so the forms are here, one for each kind of value and the same in every body. The aliases
//! have the names of the domain's types; read `wire::OrderId` as "an order's id as it stands in a body".

pub mod choices;

mod names;
mod values;

pub use names::{Named, name_of};
pub use values::{Qty, parse_currency, parse_time};

pub(crate) use names::names;
pub(crate) use values::{WALL_LEN, units, wall_text};

use domain::ids;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A domain value in its JSON form, and in a row in the row's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wire<T>(pub T);

/// What stands in JSON for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// A number of thousandths, as a decimal.
    Thousandths(i64),
    /// Nothing can: what the value is.
    None(&'static str),
}

impl Serialize for Form<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match *self {
            Form::Text(text) => to.serialize_str(text),
            Form::Number(number) => to.serialize_i64(number),
            Form::Thousandths(number) if number % 1_000 == 0 => to.serialize_i64(number / 1_000),
            Form::Thousandths(number) => to.serialize_f64(units(number)),
            Form::None(what) => Err(serde::ser::Error::custom(what)),
        }
    }
}

/// A value that has one JSON form.
pub trait WireForm: Sized {
    /// What the form is called in the OpenAPI description.
    const NAME: &'static str;

    /// Reads the form; what is wrong is said in words for the client's author.
    ///
    /// # Errors
    /// The deserializer's, with what would be right.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;

    /// Says the form to whoever writes it.
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R;

    /// Describes the form.
    fn describe() -> Object;

    /// Writes the form in a row: that of JSON, unless numbers are shorter.
    ///
    /// # Errors
    /// The serializer's.
    fn keep<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.form(|form| form.serialize(to))
    }

    /// Reads the form in a row.
    ///
    /// # Errors
    /// The deserializer's.
    fn take<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(from)
    }
}

impl<'de, T: WireForm> Deserialize<'de> for Wire<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match from.is_human_readable() {
            true => T::read(from).map(Wire),
            false => T::take(from).map(Wire),
        }
    }
}

impl<T: WireForm> Serialize for Wire<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => self.0.form(|form| form.serialize(to)),
            false => self.0.keep(to),
        }
    }
}

impl<T: WireForm> PartialSchema for Wire<T> {
    fn schema() -> RefOr<Schema> {
        RefOr::T(Schema::Object(T::describe()))
    }
}

impl<T: WireForm> ToSchema for Wire<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }
}

impl<T> From<T> for Wire<T> {
    fn from(value: T) -> Wire<T> {
        Wire(value)
    }
}

/// The description of a text with a pattern.
pub(super) fn text_schema(description: &str, pattern: &str, example: &str) -> Object {
    let builder = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).description(Some(description));
    let builder = if pattern.is_empty() { builder } else { builder.pattern(Some(pattern)) };
    builder.examples([example]).build()
}

/// A text or an owned copy of it: JSON with escapes cannot be borrowed.
struct TextVisitor<F>(F, &'static str);

impl<T, E: std::fmt::Display, F: FnOnce(&str) -> Result<T, E>> serde::de::Visitor<'_> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.1)
    }

    fn visit_str<D: serde::de::Error>(self, text: &str) -> Result<T, D> {
        (self.0)(text).map_err(|problem| D::custom(format_args!("{text:?} {problem}")))
    }
}

/// Reads a text through a parser whose problems read on after the text itself.
pub(super) fn read_text<'de, D, T, E>(
    from: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: std::fmt::Display,
{
    from.deserialize_str(TextVisitor(parse, expected))
}

/// Parses an id as a client may write it: as it is, or as a UUID in any of the usual forms.
///
/// # Errors
/// [`ids::BadId`] says what is wrong with the id, taken as it is.
pub fn parse_id(text: &str) -> Result<ids::Id, ids::BadId> {
    match ids::Id::parse(text) {
        Ok(id) => Ok(id),
        // Only what cannot be an id is read as a UUID, so that no text means two things.
        Err(bad) => match uuid::Uuid::try_parse(text) {
            Ok(uuid) => Ok(ids::Id::from_u128(uuid.as_u128())),
            Err(_) => Err(bad),
        },
    }
}

macro_rules! id_forms {
    ($($name:ident = $example:literal, $what:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "` as it stands in a body.")]
            pub type $name = Wire<ids::$name>;

            impl WireForm for ids::$name {
                const NAME: &'static str = stringify!($name);

                fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    read_text(from, "an id: a text of 1 to 32 characters of a-z, 0-9 and _", parse_id).map(ids::$name)
                }

                #[inline]
                fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
                    say(Form::Text(self.as_str()))
                }

                fn describe() -> Object {
                    text_schema($what, "^[a-z0-9_]{1,32}$", $example)
                }
            }
        )*
    };
}

id_forms! {
    TenantId = "demo", "A merchant.";
    StoreId = "s1", "A store.";
    TerminalId = "till_1", "A point-of-sale device.";
    ActorId = "ana", "Who acted, by reference.";
    OrderId = "0190d5a4c1b87c3e9d2a6f4e8b1c7d90", "An order, named by the client; a UUID is read in any form.";
    LineId = "l1", "A line, unique in its order.";
    ItemId = "margherita", "Something on the menu.";
    VariationId = "large", "A variation of an item.";
    GroupId = "toppings", "A modifier group.";
    ModifierId = "olives", "A modifier, unique in its group.";
    TaxId = "vat", "A tax.";
    DiscountId = "happy_hour", "A discount, unique in its order.";
    ChargeId = "service", "A service charge, unique in its order.";
    PaymentId = "p1", "One attempt to pay, named by the client; a UUID is read in any form.";
    RefundId = "r1", "A refund, unique in its payment.";
    DrawerId = "d1", "A cash drawer of a store.";
    AccountId = "acme_card", "An account at a payment provider, as the server's settings name it.";
    Sku = "dough_ball", "A stock item of a store.";
    TableId = "t4", "A table.";
    StationId = "grill", "A station of a kitchen.";
    TicketId = "t17", "A kitchen ticket, numbered by the engine.";
    TenderId = "card", "How it is paid: `cash`, or the name of another tender.";
    TokenId = "tok_1", "An access token.";
    CustomerRef = "cust_81", "A customer, by reference and never by name.";
}

/// A text a person wrote, as it stands in a body.
pub type Text = Wire<ids::Text>;
/// The number of a check, as it stands in a body.
pub type CheckId = Wire<domain::check::CheckId>;
/// An amount in minor units, as it stands in a body.
pub type Money = Wire<domain::money::Money>;
/// A share or a tax rate in millionths, as it stands in a body.
pub type Ppm = Wire<domain::money::Ppm>;
/// A currency's ISO code, as it stands in a body.
pub type Currency = Wire<domain::money::Currency>;
/// An instant, as it stands in a body.
pub type Timestamp = Wire<domain::calendar::Timestamp>;
/// A date, as it stands in a body.
pub type Date = Wire<domain::calendar::Date>;
/// The wall time a business day begins, as it stands in a body.
pub type CutOff = Wire<domain::calendar::CutOff>;
/// Where an order comes from, as it stands in a body.
pub type Channel = Wire<domain::event::Channel>;
/// How the guest eats, as it stands in a body.
pub type DiningMode = Wire<domain::event::DiningMode>;
/// When the guest pays, as it stands in a body.
pub type PayMode = Wire<domain::event::PayMode>;
/// What a token may do, as it stands in a body.
pub type Role = Wire<domain::event::Role>;
/// Whether orders are prepared on tickets, as it stands in a body.
pub type Kitchen = Wire<domain::kitchen::Kitchen>;
/// Something a person may be asked to approve, as it stands in a body.
pub type Right = Wire<domain::staff::Right>;
/// How amounts are rounded, as it stands in a body.
pub type Rounding = Wire<domain::money::Rounding>;
/// Where tax is rounded, as it stands in a body.
pub type TaxRounding = Wire<domain::pricing::TaxRounding>;
/// Whether cash takes an open shift, as it stands in a body.
pub type CashShifts = Wire<domain::store::CashShifts>;
/// When a service charge is computed, as it stands in a body.
pub type ChargePhase = Wire<choices::ChargePhase>;
/// When a provider takes the money, as it stands in a body.
pub type Capture = Wire<domain::event::Capture>;
/// What became of an attempt to pay, as it stands in a body.
pub type Decision = Wire<domain::event::Decision>;
/// See [`Wire`].
pub type OutcomeKind = Wire<choices::OutcomeKind>;
/// What became of a refund, as it stands in a body.
pub type RefundOutcomeKind = Wire<choices::RefundOutcomeKind>;
/// How a stock item is kept, as it stands in a body.
pub type PolicyKind = Wire<choices::PolicyKind>;
/// How a command reached the engine, as it stands in a body.
pub type Source = Wire<domain::command::Source>;
