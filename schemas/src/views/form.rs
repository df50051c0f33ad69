//! Values that are shown in JSON and kept in rows, and structs of them.

use crate::json::wire::{Wire, WireForm};
use domain::calendar::{CutOff, Date, LocalDateTime, Timestamp};
use domain::event::{Channel, Decision, DiningMode, PayMode, Role};
use domain::ids;
use domain::kitchen::Kitchen;
use domain::money::{Currency, Ppm, QtyMilli, Rounding};
use domain::pricing::TaxRounding;
use domain::staff::Right;
use domain::store::CashShifts;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A domain value that is shown in its JSON form and kept in a row's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown<T>(pub T);

impl<T> From<T> for Shown<T> {
    fn from(value: T) -> Shown<T> {
        Shown(value)
    }
}

/// The shown forms under the names of the values: a schema that is derived does not see through parameters.
pub mod shown {
    use super::Shown;
    use domain::{calendar, event, ids, kitchen, money, pricing, staff, store};

    /// Shows and keeps [`ids::ActorId`].
    pub type ActorId = Shown<ids::ActorId>;
    /// Shows and keeps [`ids::StoreId`].
    pub type StoreId = Shown<ids::StoreId>;
    /// Shows and keeps [`ids::OrderId`].
    pub type OrderId = Shown<ids::OrderId>;
    /// Shows and keeps [`ids::LineId`].
    pub type LineId = Shown<ids::LineId>;
    /// Shows and keeps [`ids::ItemId`].
    pub type ItemId = Shown<ids::ItemId>;
    /// Shows and keeps [`ids::VariationId`].
    pub type VariationId = Shown<ids::VariationId>;
    /// Shows and keeps [`ids::GroupId`].
    pub type GroupId = Shown<ids::GroupId>;
    /// Shows and keeps [`ids::ModifierId`].
    pub type ModifierId = Shown<ids::ModifierId>;
    /// Shows and keeps [`ids::TaxId`].
    pub type TaxId = Shown<ids::TaxId>;
    /// Shows and keeps [`ids::DiscountId`].
    pub type DiscountId = Shown<ids::DiscountId>;
    /// Shows and keeps [`ids::ChargeId`].
    pub type ChargeId = Shown<ids::ChargeId>;
    /// Shows and keeps [`ids::PaymentId`].
    pub type PaymentId = Shown<ids::PaymentId>;
    /// Shows and keeps [`ids::AccountId`].
    pub type AccountId = Shown<ids::AccountId>;
    /// Shows and keeps [`ids::DrawerId`].
    pub type DrawerId = Shown<ids::DrawerId>;
    /// Shows and keeps [`ids::TerminalId`].
    pub type TerminalId = Shown<ids::TerminalId>;
    /// Shows and keeps [`ids::ActorId`] of who acted.
    pub type Who = Shown<ids::ActorId>;
    /// Shows and keeps [`store::CashShifts`].
    pub type CashShifts = Shown<store::CashShifts>;
    /// Shows and keeps [`ids::RefundId`].
    pub type RefundId = Shown<ids::RefundId>;
    /// Shows and keeps [`ids::Sku`].
    pub type Sku = Shown<ids::Sku>;
    /// Shows and keeps [`ids::StationId`].
    pub type StationId = Shown<ids::StationId>;
    /// Shows and keeps [`ids::TicketId`].
    pub type TicketId = Shown<ids::TicketId>;
    /// Shows and keeps [`ids::TableId`].
    pub type TableId = Shown<ids::TableId>;
    /// Shows and keeps [`ids::TokenId`].
    pub type TokenId = Shown<ids::TokenId>;
    /// Shows and keeps [`ids::CustomerRef`].
    pub type CustomerRef = Shown<ids::CustomerRef>;
    /// Shows and keeps [`ids::TenderId`].
    pub type TenderId = Shown<ids::TenderId>;
    /// Shows and keeps [`ids::Text`].
    pub type Text = Shown<ids::Text>;
    /// Shows and keeps [`money::Currency`].
    pub type Currency = Shown<money::Currency>;
    /// Shows and keeps [`money::Ppm`].
    pub type Ppm = Shown<money::Ppm>;
    /// Shows and keeps [`money::QtyMilli`].
    pub type QtyMilli = Shown<money::QtyMilli>;
    /// Shows and keeps [`money::Rounding`].
    pub type Rounding = Shown<money::Rounding>;
    /// Shows and keeps [`calendar::CutOff`].
    pub type CutOff = Shown<calendar::CutOff>;
    /// Shows and keeps [`calendar::Date`].
    pub type Date = Shown<calendar::Date>;
    /// Shows and keeps [`calendar::Timestamp`].
    pub type Timestamp = Shown<calendar::Timestamp>;
    /// Shows and keeps [`event::Channel`].
    pub type Channel = Shown<event::Channel>;
    /// Shows and keeps [`event::DiningMode`].
    pub type DiningMode = Shown<event::DiningMode>;
    /// Shows and keeps [`event::PayMode`].
    pub type PayMode = Shown<event::PayMode>;
    /// Shows and keeps [`event::Role`].
    pub type Role = Shown<event::Role>;
    /// Shows and keeps [`event::Decision`].
    pub type Decision = Shown<event::Decision>;
    /// Shows and keeps [`kitchen::Kitchen`].
    pub type Kitchen = Shown<kitchen::Kitchen>;
    /// Shows and keeps [`staff::Right`].
    pub type Right = Shown<staff::Right>;
    /// Shows and keeps [`pricing::TaxRounding`].
    pub type TaxRounding = Shown<pricing::TaxRounding>;
}

/// How a value is kept in a row: as it is shown, unless numbers are shorter.
pub trait RowForm: WireForm {
    /// Writes the row's form.
    ///
    /// # Errors
    /// The serializer's.
    fn keep<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.write(to)
    }

    /// Reads the row's form.
    ///
    /// # Errors
    /// The deserializer's.
    fn take<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(from)
    }
}

macro_rules! kept_as_shown {
    ($($kind:ty),* $(,)?) => {$(
        impl RowForm for $kind {}
    )*};
}

kept_as_shown! {
    ids::ActorId, ids::StationId, ids::TicketId, Kitchen, ids::StoreId, ids::OrderId, ids::LineId, ids::ItemId, ids::VariationId, ids::GroupId, ids::ModifierId, ids::TaxId, ids::DiscountId, ids::ChargeId, ids::PaymentId, ids::Sku, ids::TableId, ids::TokenId, ids::CustomerRef, ids::TenderId, ids::Text, Currency, CutOff, Channel, DiningMode, PayMode, Right, Role, Decision, Rounding, TaxRounding, ids::RefundId,
ids::DrawerId, ids::AccountId, ids::TerminalId, CashShifts,
}

macro_rules! kept_as_number {
    ($($kind:ty = $number:ty, $keep:expr, $take:expr;)*) => {$(
        impl RowForm for $kind {
            fn keep<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let number: $number = $keep(self);
                number.serialize(to)
            }

            fn take<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let value: Option<$kind> = $take(<$number>::deserialize(from)?);
                value.ok_or_else(|| D::Error::custom("a number out of its range"))
            }
        }
    )*};
}

kept_as_number! {
    Ppm = u32, |ppm: &Ppm| ppm.0, |ppm| Some(Ppm(ppm));
    QtyMilli = i64, |qty: &QtyMilli| qty.0, |milli| Some(QtyMilli(milli));
    Timestamp = i64, |time: &Timestamp| time.0, |us| Some(Timestamp(us));
    Date = i32, |date: &Date| date.days(), Date::from_days;
}

impl<T: RowForm> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => self.0.write(to),
            false => self.0.keep(to),
        }
    }
}

impl<'de, T: RowForm> Deserialize<'de> for Shown<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match from.is_human_readable() {
            true => T::read(from).map(Shown),
            false => T::take(from).map(Shown),
        }
    }
}

impl<T: WireForm> PartialSchema for Shown<T> {
    fn schema() -> RefOr<Schema> {
        Wire::<T>::schema()
    }
}

impl<T: WireForm> ToSchema for Shown<T> {
    fn name() -> Cow<'static, str> {
        Wire::<T>::name()
    }
}

/// What a clock on a store's wall showed: `YYYY-MM-DDTHH:MM:SS`, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(pub LocalDateTime);

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => to.collect_str(&self.0),
            false => {
                let second = self.0.minute_of_day() * 60 + self.0.second();
                (self.0.date().days(), second).serialize(to)
            }
        }
    }
}

impl<'de> Deserialize<'de> for WallTime {
    /// Reads the row's form only: nobody sends a wall time.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (days, second) = <(i32, u32)>::deserialize(from)?;
        let date = Date::from_days(days);
        let local = date.and_then(|date| LocalDateTime::new(date, second / 3_600, second / 60 % 60, second % 60));
        local.map(WallTime).ok_or_else(|| D::Error::custom("a wall time out of its range"))
    }
}

impl PartialSchema for WallTime {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some("What the clock on the store's wall showed."))
            .examples(["2026-11-22T12:00:00"])
            .into()
    }
}

impl ToSchema for WallTime {}

impl Absent for WallTime {}

/// Whether a field is left out of a JSON body.
pub(super) trait Absent {
    /// Nothing is left out but what is not there.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Shown<T> {}
impl<T> Absent for Vec<T> {}
impl<K, V> Absent for BTreeMap<K, V> {}

macro_rules! always_there {
    ($($kind:ty),*) => {$(
        impl Absent for $kind {}
    )*};
}

always_there!(bool, u8, u16, u32, u64, i64, crate::json::PositionToken);

/// A struct that is a JSON body and a row: JSON leaves absent fields out, which postcard, knowing no names, cannot.
macro_rules! view {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
        }

        impl $crate::views::form::Absent for $name {}

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                use $crate::views::form::Absent;
                let is_shown = to.is_human_readable();
                let count = 0 $(+ usize::from(!(is_shown && self.$field.is_absent())))*;
                let mut fields = to.serialize_struct(stringify!($name), count)?;
                $(
                    match is_shown && self.$field.is_absent() {
                        true => fields.skip_field(stringify!($field))?,
                        false => fields.serialize_field(stringify!($field), &self.$field)?,
                    }
                )*
                fields.end()
            }
        }
    };
}

/// A closed set of values with their names in JSON.
///
/// `choice! { pub enum State { Open = "open", Paid = "paid", } }` is the enum, `State::ALL`, and `as_str` and `parse` between a
/// value and its name. A row holds the index, so a new value goes last or the row's version is raised.
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $enum:ident { $($(#[$value_meta:meta])* $value:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        // The schema's derive does not see names that a macro hands it; the tests hold both against each other.
        #[serde(rename_all = "snake_case")]
        pub enum $enum {
            $($(#[$value_meta])* $value,)*
        }

        impl $enum {
            /// Every value, in the order of the index in rows.
            pub const ALL: &'static [$enum] = &[$($enum::$value),*];

            /// The name in JSON and in a query.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($enum::$value => $name,)*
                }
            }

            /// The value of that name.
            pub fn parse(name: &str) -> Option<$enum> {
                $enum::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl $crate::views::form::Absent for $enum {}
    };
}

pub(super) use {choice, view};
