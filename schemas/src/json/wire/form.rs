//! What a domain value's form is made of, and [`Wire`] around the value.

use domain::money::QtyMilli;
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
pub(in crate::json) fn text_schema(description: &str, pattern: &str, example: &str) -> Object {
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
        (self.0)(text).map_err(|problem| D::custom(problem))
    }
}

/// Reads a text through a parser whose problems read on after the name of the field. They do not repeat the text: it may be what somebody
/// typed into the wrong field.
pub(in crate::json) fn read_text<'de, D, T, E>(
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

/// Thousandths as a float: the nearest one to a decimal of so few digits is written as that decimal again.
#[expect(clippy::float_arithmetic, reason = "a correctly rounded division is the nearest float")]
pub(crate) fn units(thousandths: i64) -> f64 {
    thousandths as f64 / QtyMilli::ONE.0 as f64
}
