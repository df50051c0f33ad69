//! Amounts, quantities, times and texts.

use super::choices::Note;
use super::form::{Form, Wire, WireForm, read_text, text_schema};
use domain::calendar::{CutOff, Date, LocalDateTime, TimeOfDay, Timestamp};
use domain::check::CheckId;
use domain::ids::Text;
use domain::money::{Currency, Money, Ppm, QtyMilli};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type};

/// A quantity in JSON: a number of units, exact to thousandths (`2`, `0.25`).
pub type Qty = Wire<QtyMilli>;

/// Says the form in a row of what is shorter there, in an `impl WireForm`: the number's type, and the way to it and back.
macro_rules! kept_as {
    ($number:ty, |$value:ident| $keep:expr, $take:expr) => {
        fn keep<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let $value = self;
            <$number as Serialize>::serialize(&$keep, to)
        }

        fn take<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let value: Option<Self> = $take(<$number as Deserialize>::deserialize(from)?);
            value.ok_or_else(|| de::Error::custom("a number out of its range"))
        }
    };
}

impl WireForm for Text {
    const NAME: &'static str = "Text";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a text of 1 to 200 characters", Text::parse)
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Text(self.as_str()))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some(
                "A text a person wrote, without control characters (a note may have line breaks) and with something to be seen; \
                 white space around it is dropped.",
            ))
            .min_length(Some(1))
            .max_length(Some(Text::CHARS_MAX))
            .build()
    }

    fn take<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a text that was taken once", Text::parse_stored)
    }
}

impl WireForm for Note {
    const NAME: &'static str = "Note";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a text of 1 to 200 characters", Text::parse_note).map(Note)
    }

    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Text(self.0.as_str()))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some(
                "A text a person wrote, of one or more lines, without other control characters; white space around it is dropped.",
            ))
            .min_length(Some(1))
            .max_length(Some(Text::CHARS_MAX))
            .build()
    }
}

/// Reads a number that has to be whole.
struct WholeVisitor {
    expected: &'static str,
}

impl Visitor<'_> for WholeVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }
}

impl WireForm for Money {
    const NAME: &'static str = "Money";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let minor = from.deserialize_i64(WholeVisitor {
            expected: "an amount in whole minor units of the currency (11.50 USD is 1150)",
        })?;
        Money::parse(minor).ok_or_else(|| {
            de::Error::custom(format_args!("{minor} is too large; an amount is at most {} minor units", Money::MAX_ABS))
        })
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Number(self.0))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .description(Some("An amount in minor units of the currency: 11.50 USD is 1150."))
            .minimum(Some(-Money::MAX_ABS))
            .maximum(Some(Money::MAX_ABS))
            .examples([1150])
            .build()
    }
}

impl WireForm for Ppm {
    const NAME: &'static str = "Ppm";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a rate in whole millionths (7.25 % is 72500)";
        let ppm = from.deserialize_i64(WholeVisitor { expected })?;
        let rate = u32::try_from(ppm).ok().and_then(Ppm::parse_tax);
        rate.ok_or_else(|| {
            de::Error::custom(format_args!("{ppm} is out of range; a rate is 0 to {} millionths", Ppm::TAX_MAX.0))
        })
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Number(self.0.into()))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .description(Some("A rate in millionths: 7.25 % is 72500. At most 1000000 (100 %), a tax 10000000."))
            .minimum(Some(0))
            .maximum(Some(Ppm::TAX_MAX.0))
            .examples([72_500])
            .build()
    }

    kept_as!(u32, |rate| rate.0, |ppm| Some(Ppm(ppm)));
}

impl WireForm for CheckId {
    const NAME: &'static str = "CheckId";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = from.deserialize_i64(WholeVisitor { expected: "the number of a check, 1 to 64" })?;
        u64::try_from(number)
            .ok()
            .and_then(CheckId::new)
            .ok_or_else(|| de::Error::custom(format_args!("{number} is no check; the number of one is 1 to 64")))
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Number(self.number().into()))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .description(Some("A check of an order, by its number. Every order has check 1."))
            .minimum(Some(1))
            .maximum(Some(CheckId::MAX))
            .examples([1])
            .build()
    }
}

struct QtyVisitor;

impl Visitor<'_> for QtyVisitor {
    type Value = QtyMilli;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of units with at most three decimals, such as 2 or 0.25")
    }

    fn visit_i64<E: de::Error>(self, units: i64) -> Result<QtyMilli, E> {
        let milli = units.checked_mul(QtyMilli::ONE.0).filter(|milli| milli.abs() <= QtyMilli::MAX.0);
        milli.map(QtyMilli).ok_or_else(|| E::custom(format_args!("{units} {QTY_TOO_LARGE}")))
    }

    fn visit_u64<E: de::Error>(self, units: u64) -> Result<QtyMilli, E> {
        self.visit_i64(i64::try_from(units).unwrap_or(i64::MAX))
    }

    /// The shortest decimal that is this float is what the client wrote, unless it wrote more digits than fit.
    fn visit_f64<E: de::Error>(self, units: f64) -> Result<QtyMilli, E> {
        let text = units.to_string();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.as_str()),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        if 3 < decimals.len() {
            return Err(E::custom(format_args!(
                "{text} has more than three decimals; a quantity is exact to thousandths"
            )));
        }
        let milli = format!("{whole}{decimals:0<3}").parse::<i64>().ok().filter(|milli| *milli <= QtyMilli::MAX.0);
        milli.map(|milli| QtyMilli(sign * milli)).ok_or_else(|| E::custom(format_args!("{text} {QTY_TOO_LARGE}")))
    }
}

const QTY_TOO_LARGE: &str = "is too large; a quantity is at most 1000000 units";

impl WireForm for QtyMilli {
    const NAME: &'static str = "Qty";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(QtyVisitor)
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Thousandths(self.0))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Number))
            .description(Some("A number of units, exact to thousandths."))
            .minimum(Some(-1_000_000))
            .maximum(Some(1_000_000))
            .examples([2])
            .build()
    }

    kept_as!(i64, |qty| qty.0, |milli| Some(QtyMilli(milli)));
}

impl WireForm for Currency {
    const NAME: &'static str = "Currency";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a currency's ISO 4217 code such as EUR", parse_currency)
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Text(self.code()))
    }

    fn describe() -> Object {
        text_schema("A currency's ISO 4217 code.", "^[A-Z]{3}$", "EUR")
    }
}

/// Reads a currency's code and looks up how many decimal places it has.
///
/// # Errors
/// What is wrong with the code, reading on after it.
pub fn parse_currency(code: &str) -> Result<Currency, &'static str> {
    let known = iso_currency::Currency::from_code(code);
    let known = known.ok_or("is not an ISO 4217 currency code; one is three capital letters such as EUR")?;
    // Gold, test codes and the like have no minor unit, so no price can be in them.
    let exponent = known.exponent().and_then(|exponent| u8::try_from(exponent).ok());
    let exponent = exponent.ok_or("is not a currency prices can be in: it has no minor unit")?;
    Currency::new(code, exponent).ok_or("is not a currency prices can be in")
}

impl WireForm for Timestamp {
    const NAME: &'static str = "Timestamp";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a time such as 2026-11-22T12:00:00Z", parse_time)
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        let mut buffer = [0; TIME_LEN];
        say(write_time(*self, &mut buffer).map_or(Form::None("a time outside the years 1 to 9999"), Form::Text))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A time with its offset (RFC 3339); written in UTC with microseconds."))
            .examples(["2026-11-22T12:00:00.000000Z"])
            .build()
    }

    kept_as!(i64, |time| time.0, |us| Some(Timestamp(us)));
}

/// Reads an RFC 3339 time.
///
/// # Errors
/// What is wrong with it, reading on after it.
pub fn parse_time(text: &str) -> Result<Timestamp, &'static str> {
    let time = text.parse::<jiff::Timestamp>();
    let time = time.map_err(|_| "is not an RFC 3339 time with an offset, such as 2026-11-22T12:00:00Z")?;
    let time = Timestamp(time.as_microsecond());
    // What can be read can be written again.
    time.at_offset(0).map(|_| time).ok_or("is outside the years 1 to 9999")
}

/// The bytes of a time as it is written.
const TIME_LEN: usize = "2026-11-22T12:00:00.000000Z".len();

/// Writes an instant as RFC 3339 in UTC with microseconds, without a formatter: this runs for every event that leaves.
/// `None` outside the years 1 to 9999.
fn write_time(time: Timestamp, buffer: &mut [u8; TIME_LEN]) -> Option<&str> {
    let local = time.at_offset(0)?;
    *buffer = *b"0000-00-00T00:00:00.000000Z";
    put_local(buffer, local);
    // The rest of a division by a million fits.
    put_digits(&mut buffer[20..26], time.0.rem_euclid(Timestamp::SECOND_US) as u32);
    Some(ascii(buffer))
}

/// Writes a date and a time of day over the zeros of a buffer that has the marks between them.
fn put_local(buffer: &mut [u8], local: LocalDateTime) {
    put_date(buffer, local.date());
    put_digits(&mut buffer[11..13], local.hour());
    put_digits(&mut buffer[14..16], local.minute());
    put_digits(&mut buffer[17..19], local.second());
}

fn put_date(buffer: &mut [u8], date: Date) {
    put_digits(&mut buffer[0..4], date.year().unsigned_abs());
    put_digits(&mut buffer[5..7], date.month());
    put_digits(&mut buffer[8..10], date.day());
}

/// A text made of ASCII by construction.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("digits and marks are ASCII")
}

/// Writes `number` with leading zeros.
fn put_digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl WireForm for Date {
    const NAME: &'static str = "Date";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let parse = |text: &str| Date::parse(text).ok_or("is not a date such as 2026-11-22");
        read_text(from, "a date such as 2026-11-22", parse)
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        let mut buffer = *b"0000-00-00";
        put_date(&mut buffer, *self);
        say(Form::Text(ascii(&buffer)))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .examples(["2026-11-22"])
            .build()
    }

    kept_as!(i32, |date| date.days(), Date::from_days);
}

/// The bytes of a wall time as it is written.
pub(crate) const WALL_LEN: usize = "2026-11-22T12:00:00".len();

/// Writes a store's wall time, which is told and never asked for.
pub(crate) fn wall_text(local: LocalDateTime, buffer: &mut [u8; WALL_LEN]) -> &str {
    *buffer = *b"0000-00-00T00:00:00";
    put_local(buffer, local);
    ascii(buffer)
}

impl WireForm for CutOff {
    const NAME: &'static str = "CutOff";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let parse =
            |text: &str| CutOff::parse(text).ok_or("is not a cut-off: HH:MM from 00:00 to 12:00, such as 04:00");
        read_text(from, "a time of day such as 04:00", parse)
    }

    #[inline]
    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Text(&self.to_string()))
    }

    fn describe() -> Object {
        text_schema(
            "When the business day begins, by the store's clock; at most 12:00.",
            "^[0-9]{2}:[0-9]{2}$",
            "04:00",
        )
    }
}

impl WireForm for TimeOfDay {
    const NAME: &'static str = "TimeOfDay";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let parse = |text: &str| TimeOfDay::parse(text).ok_or("is not a time of day: HH:MM, such as 06:30");
        read_text(from, "a time of day such as 06:30", parse)
    }

    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Text(&self.to_string()))
    }

    fn describe() -> Object {
        text_schema("A time of day, by the store's clock.", "^[0-9]{2}:[0-9]{2}$", "06:30")
    }
}
