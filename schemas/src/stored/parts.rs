//! What stored structs are made of: ids, texts, lists and small values, and what to say when the domain refuses one.

use domain::calendar::{CutOff, Date, LocalDateTime, Timestamp};
use domain::event::{LineUnits, Tender};
use domain::ids::{
    AccountId, ActorId, ChargeId, CustomerRef, DiscountId, DrawerId, GroupId, ItemId, LineId,
    ModifierId, OrderId, PaymentId, RefundId, Sku, StationId, StoreId, TableId, TaxId, TenantId, TenderId, TerminalId,
    Text, TicketId, TokenId, VariationId,
};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::{PriceRules, TaxRate};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

use super::codes::{Code, code};

pub(super) use crate::codec::BadValue;

/// A value that is stored as a string: an id or a text.
pub(super) trait Named: Sized {
    /// The string.
    fn text(&self) -> &str;
    /// The value of a string.
    fn named(text: &str) -> Result<Self, BadValue>;
}

/// The same four lines for each of the domain's kinds of id.
macro_rules! named {
    ($($kind:ident)*) => {$(
        impl Named for $kind {
            #[inline]
            fn text(&self) -> &str {
                self.as_str()
            }

            #[inline]
            fn named(text: &str) -> Result<$kind, BadValue> {
                $kind::parse(text).map_err(|source| BadValue::Id { kind: stringify!($kind), source })
            }
        }
    )*};
}

named! {
    AccountId ActorId ChargeId CustomerRef DiscountId DrawerId GroupId ItemId LineId ModifierId OrderId PaymentId RefundId Sku
    StationId StoreId TableId TaxId TenantId TenderId TerminalId TicketId TokenId VariationId
}

impl Named for Text {
    fn text(&self) -> &str {
        self.as_str()
    }

    fn named(text: &str) -> Result<Text, BadValue> {
        let parsed = Text::parse(text).map_err(|source| BadValue::Text { source })?;
        match parsed.as_str().len() == text.len() {
            true => Ok(parsed),
            false => Err(BadValue::TextPadded),
        }
    }
}

/// Reads an id or a text.
pub(super) fn named<T: Named>(text: &str) -> Result<T, BadValue> {
    T::named(text)
}

/// Reads an id or a text that may be absent.
pub(super) fn named_opt<T: Named>(text: Option<&str>) -> Result<Option<T>, BadValue> {
    text.map(T::named).transpose()
}

/// The string of an id or a text that may be absent.
pub(super) fn text_opt<T: Named>(value: &Option<T>) -> Option<&str> {
    value.as_ref().map(T::text)
}

/// Reads an amount that may be absent. Facts are not measured against the door's bounds: they happened.
pub(super) fn money_opt(minor: Option<i64>) -> Option<Money> {
    minor.map(Money)
}

/// An amount that may be absent, in minor units.
pub(super) fn minor_opt(money: &Option<Money>) -> Option<i64> {
    money.map(|money| money.0)
}

/// Reads an instant that may be absent.
pub(super) fn timestamp_opt(us: Option<i64>) -> Option<Timestamp> {
    us.map(Timestamp)
}

/// An instant that may be absent, in microseconds.
pub(super) fn us_opt(timestamp: &Option<Timestamp>) -> Option<i64> {
    timestamp.map(|timestamp| timestamp.0)
}

/// Reads a date from days since 1970-01-01.
pub(super) fn date(days: i32) -> Result<Date, BadValue> {
    Date::from_days(days).ok_or(BadValue::Range { kind: "date" })
}

/// Reads a wall time from a day and a second of it.
pub(super) fn local(days: i32, second: u32) -> Result<LocalDateTime, BadValue> {
    LocalDateTime::new(date(days)?, second / 3_600, second / 60 % 60, second % 60)
        .ok_or(BadValue::Range { kind: "wall time" })
}

/// The second of the day of a wall time.
pub(super) fn second_of_day(local: LocalDateTime) -> u32 {
    local.hour() * 3_600 + local.minute() * 60 + local.second()
}

/// Reads a cut-off.
pub(super) fn cut_off(minute: u16) -> Result<CutOff, BadValue> {
    CutOff::from_minute(minute).ok_or(BadValue::Range { kind: "cut-off" })
}

/// Reads a tender: nothing is the cash drawer, because an external tender may be called `cash` too.
pub(super) fn tender(external: Option<&str>) -> Result<Tender, BadValue> {
    match external {
        None => Ok(Tender::Cash),
        Some(name) => named::<TenderId>(name).map(Tender::External),
    }
}

/// The stored name of a tender; see [`tender`].
pub(super) fn external(tender: &Tender) -> Option<&str> {
    match tender {
        Tender::Cash => None,
        Tender::External(name) => Some(name.as_str()),
    }
}

/// A value with a stored form.
pub(super) trait Stored<'a, D>: Sized {
    /// The stored form, borrowing from the domain's.
    fn of(value: &'a D) -> Self;
    /// The domain's form.
    fn back(self) -> Result<D, BadValue>;
}

impl<'a, T: Named> Stored<'a, T> for &'a str {
    fn of(value: &'a T) -> &'a str {
        value.text()
    }

    fn back(self) -> Result<T, BadValue> {
        T::named(self)
    }
}

impl Stored<'_, Money> for i64 {
    fn of(value: &Money) -> i64 {
        value.0
    }

    fn back(self) -> Result<Money, BadValue> {
        Ok(Money(self))
    }
}

/// A list: written from the domain's values one by one, and read into them, so that neither way builds a second list.
pub(super) enum Seq<'a, S, D> {
    /// To be written.
    Write(&'a [D], PhantomData<S>),
    /// As it was read; the first value that the domain refuses stands for the list.
    Read(Result<Vec<D>, BadValue>),
}

impl<'a, S: Stored<'a, D>, D> Seq<'a, S, D> {
    /// The stored form of a list.
    pub(super) fn of(values: &'a [D]) -> Seq<'a, S, D> {
        Seq::Write(values, PhantomData)
    }

    /// The domain's form of a list that was read.
    ///
    /// # Panics
    /// If it is one to be written.
    pub(super) fn back(self) -> Result<Vec<D>, BadValue> {
        match self {
            Seq::Read(values) => values,
            Seq::Write(..) => unreachable!("a list to be written is never read back"),
        }
    }
}

impl<'a, S: Stored<'a, D> + Serialize, D> Serialize for Seq<'a, S, D> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        match self {
            Seq::Write(values, _) => serializer.collect_seq(values.iter().map(S::of)),
            Seq::Read(_) => unreachable!("a list that was read is never written"),
        }
    }
}

impl<'de: 'a, 'a, S: Stored<'a, D> + Deserialize<'de>, D> Deserialize<'de> for Seq<'a, S, D> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Seq<'a, S, D>, T::Error> {
        deserializer.deserialize_seq(SeqVisitor::<S, D>(PhantomData)).map(Seq::Read)
    }
}

struct SeqVisitor<'a, S, D>(PhantomData<(&'a (), S, D)>);

/// The most values room is made for on the word of a length alone.
pub(super) const RESERVED_MAX: usize = 64;

impl<'de: 'a, 'a, S: Stored<'a, D> + Deserialize<'de>, D> Visitor<'de> for SeqVisitor<'a, S, D> {
    type Value = Result<Vec<D>, BadValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(RESERVED_MAX));
        let mut bad = None;
        while let Some(stored) = seq.next_element::<S>()? {
            match stored.back() {
                Ok(value) if bad.is_none() => values.push(value),
                Ok(_) => {}
                // The rest is still read, so that the reader stands behind the list.
                Err(value) => bad = bad.or(Some(value)),
            }
        }
        Ok(bad.map_or(Ok(values), Err))
    }
}

/// A currency. Fields: code, exponent.
#[derive(Serialize, Deserialize)]
pub(super) struct CurrencyV1<'a> {
    code: &'a str,
    exponent: u8,
}

impl<'a> Stored<'a, Currency> for CurrencyV1<'a> {
    fn of(currency: &'a Currency) -> CurrencyV1<'a> {
        CurrencyV1 { code: currency.code(), exponent: currency.exponent() }
    }

    fn back(self) -> Result<Currency, BadValue> {
        Currency::new(self.code, self.exponent).ok_or(BadValue::Range { kind: "currency" })
    }
}

/// How amounts are rounded. Fields: `Rounding`, `TaxRounding`, as codes.
#[derive(Serialize, Deserialize)]
pub(super) struct RulesV1 {
    rounding: u8,
    tax_rounding: u8,
}

impl Stored<'_, PriceRules> for RulesV1 {
    fn of(rules: &PriceRules) -> RulesV1 {
        RulesV1 { rounding: rules.rounding.code(), tax_rounding: rules.tax_rounding.code() }
    }

    fn back(self) -> Result<PriceRules, BadValue> {
        Ok(PriceRules { rounding: code(self.rounding)?, tax_rounding: code(self.tax_rounding)? })
    }
}

/// A tax as it was. Fields: id, rate in millionths, whether it is inside the price.
#[derive(Serialize, Deserialize)]
pub(super) struct TaxRateV1<'a> {
    tax: &'a str,
    rate_ppm: u32,
    inclusive: bool,
}

impl<'a> Stored<'a, TaxRate> for TaxRateV1<'a> {
    fn of(tax: &'a TaxRate) -> TaxRateV1<'a> {
        TaxRateV1 { tax: tax.tax.as_str(), rate_ppm: tax.rate.0, inclusive: tax.inclusive }
    }

    fn back(self) -> Result<TaxRate, BadValue> {
        Ok(TaxRate { tax: named(self.tax)?, rate: Ppm(self.rate_ppm), inclusive: self.inclusive })
    }
}

/// So many units of a line. Fields: id, thousandths.
#[derive(Serialize, Deserialize)]
pub(super) struct LineUnitsV1<'a> {
    line: &'a str,
    qty: i64,
}

impl<'a> Stored<'a, LineUnits> for LineUnitsV1<'a> {
    fn of(units: &'a LineUnits) -> LineUnitsV1<'a> {
        LineUnitsV1 { line: units.line.as_str(), qty: units.qty.0 }
    }

    fn back(self) -> Result<LineUnits, BadValue> {
        Ok(LineUnits { line: named(self.line)?, qty: QtyMilli(self.qty) })
    }
}
