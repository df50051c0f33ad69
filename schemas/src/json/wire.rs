//! Domain values as they stand in JSON and in rows: [`Wire`] around each of them reads, writes and describes itself.
//!
//! `domain` knows no JSON, so the forms are here, one for each kind of value and the same in every body. The aliases
//! have the names of the domain's types; read `wire::OrderId` as "an order's id as it stands in a body".

pub mod choices;

mod form;
pub(crate) mod names;
mod values;

pub use form::{Form, Wire, WireForm};
pub use names::{Named, name_of};
pub use values::{Qty, parse_currency, parse_time};

pub(crate) use form::units;
pub(in crate::json) use form::{read_text, text_schema};
pub(crate) use names::names;
pub(crate) use values::{WALL_LEN, wall_text};

use domain::ids;
use serde::Deserializer;
use utoipa::openapi::schema::Object;

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
    DaypartId = "breakfast", "A part of the day.";
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
    DeviceId = "k7qf93xm", "A till or a screen that speaks for itself, named by the server.";
    CustomerRef = "cust_81", "A customer, by reference and never by name.";
}

/// A text of one or more lines that a person wrote, as it stands in a body.
pub type Note = Wire<choices::Note>;
/// A time of day by the store's clock, as it stands in a body.
pub type TimeOfDay = Wire<domain::calendar::TimeOfDay>;
/// A day of the week, as it stands in a body.
pub type Weekday = Wire<domain::calendar::Weekday>;
/// By which rules tax is computed, as it stands in a body.
pub type TaxRules = Wire<domain::pricing::TaxRules>;
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
/// See [`domain::event::Document`].
pub type Document = Wire<domain::event::Document>;
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
/// What becomes of service charges on lines that are given back, as it stands in a body.
pub type Charges = Wire<domain::command::Charges>;
/// How a stock item is kept, as it stands in a body.
pub type PolicyKind = Wire<choices::PolicyKind>;
/// How a command reached the engine, as it stands in a body.
pub type Source = Wire<domain::command::Source>;
