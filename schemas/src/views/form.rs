//! Structs that are bodies and rows.

use crate::json::wire::Wire;
use domain::calendar::{Date, LocalDateTime};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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
        let local = Date::from_days(days).and_then(|date| crate::codec::local(date, second));
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

impl<T> Absent for Wire<T> {}
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
