//! Values that no row has to say anything of: ids, texts, numbers, amounts, times, and lists and options of others.

use super::catalogue::{Field, Shape};
use super::dice::Dice;
use super::form::{Codec, Get, Personal, later};
use super::reader::{BadValue, Reader};
use super::writer::Writer;
use crate::json::chain::hex;
use crate::json::token::CommandIdJson;
use crate::json::wire::{Form, WALL_LEN, Wire, WireForm, wall_text};
use crate::json::write::{Json, JsonWriter, Members};
use domain::calendar::{CutOff, Date, LocalDateTime, TimeOfDay, Timestamp};
use domain::check::CheckId;
use domain::event::Tender;
use domain::ids::*;
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::staff::{Right, Rights};
use domain::stream::Stream;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::openapi::schema::Type;

/// An enum without payload, with the numbers it is stored as.
pub(crate) trait Code {
    fn code(&self) -> u8;
}

/// What has a form in requests has the same in events.
impl<T: WireForm> Json for T {
    #[inline]
    fn json(&self, to: &mut JsonWriter<'_>) {
        self.form(|form| match form {
            Form::Text(text) => to.text(text),
            Form::Number(number) => to.signed(number),
            Form::Thousandths(number) => to.thousandths(number),
            Form::None(what) => to.refuse(what),
        });
    }

    fn shape() -> Shape {
        Shape::named::<Wire<T>>()
    }
}

/// `impl Codec` for each kind of id.
macro_rules! ids {
    ($($kind:ident)*) => { $(
        impl Codec for $kind {
            #[inline]
            fn put(&self, to: &mut Writer<'_>) {
                to.piece(self.as_str().as_bytes());
            }

            #[inline]
            fn get(from: &mut Reader<'_, '_>) -> Get<$kind> {
                from.id(stringify!($kind)).map($kind)
            }

            fn any(dice: &mut Dice<'_>) -> $kind {
                $kind(any_id(dice))
            }
        }
    )* };
}

ids! {
    AccountId ActorId ChargeId CustomerRef DaypartId DeviceId DiscountId DrawerId GroupId ItemId LineId ModifierId OrderId PaymentId RefundId Sku
    StationId StoreId TableId TaxId TenantId TenderId TerminalId TicketId TokenId VariationId
}

fn any_id(dice: &mut Dice<'_>) -> Id {
    const CHARACTERS: &[u8; 37] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let len = 1 + dice.below(Id::LEN_MAX);
    let text: String = (0..len).map(|_| char::from(dice.one_of(CHARACTERS))).collect();
    Id::parse(&text).expect("an id")
}

/// `impl Codec` for numbers and what is one: how it is put, got (`None` where the domain refuses it) and made up, and what
/// is taken in its place.
macro_rules! numbers {
    ($($kind:ty, $what:literal, |$v:ident, $to:ident| $put:expr, |$from:ident| $get:expr, |$n:ident| $of:expr, $instead:expr, |$dice:ident| $any:expr;)*) => { $(
        impl Codec for $kind {
            #[inline]
            fn put(&self, $to: &mut Writer<'_>) {
                let $v = *self;
                $put
            }

            #[inline]
            fn get($from: &mut Reader<'_, '_>) -> Get<$kind> {
                let $n = $get;
                let value: Option<$kind> = $of;
                match value {
                    Some(value) => Ok(value),
                    None => Ok($from.refuse(BadValue::Range { kind: $what }, $instead)),
                }
            }

            fn any($dice: &mut Dice<'_>) -> $kind {
                $any
            }
        }
    )* };
}

numbers! {
    u8, "", |v, to| to.byte(v), |from| from.byte()?, |n| Some(n), 0, |dice| dice.number() as u8;
    u16, "", |v, to| to.number(v.into()), |from| from.number::<16>()?, |n| Some(n as u16), 0, |dice| dice.number() as u16;
    u32, "", |v, to| to.number(v.into()), |from| from.number::<32>()?, |n| Some(n as u32), 0, |dice| dice.number() as u32;
    u64, "", |v, to| to.number(v), |from| from.number::<64>()?, |n| Some(n), 0, |dice| dice.number();
    u128, "", |v, to| to.wide(v), |from| from.wide()?, |n| Some(n), 0, |dice| u128::from(dice.number()) << 64 | u128::from(dice.number());
    i64, "", |v, to| to.signed(v), |from| from.signed::<64>()?, |n| Some(n), 0, |dice| any_i64(dice);
    // The index of a line or a discount, of which an order has a few hundred.
    usize, "", |v, to| to.number(u16::try_from(v).expect("an order's lines and discounts are a few hundred").into()), |from| from.number::<16>()?, |n| Some(n as usize), 0, |dice| dice.below(400);
    Money, "", |v, to| to.signed(v.0), |from| from.signed::<64>()?, |n| Some(Money(n)), Money::ZERO, |dice| Money(any_i64(dice));
    QtyMilli, "", |v, to| to.signed(v.0), |from| from.signed::<64>()?, |n| Some(QtyMilli(n)), QtyMilli::ZERO, |dice| QtyMilli(any_i64(dice));
    Ppm, "", |v, to| to.number(v.0.into()), |from| from.number::<32>()?, |n| Some(Ppm(n as u32)), Ppm(0), |dice| Ppm(dice.number() as u32);
    Revision, "", |v, to| to.number(v.0), |from| from.number::<64>()?, |n| Some(Revision(n)), Revision(0), |dice| Revision(dice.number());
    CommandId, "", |v, to| to.wide(v.0), |from| from.wide()?, |n| Some(CommandId(n)), CommandId(0), |dice| CommandId(Codec::any(dice));
    Timestamp, "", |v, to| to.signed(v.0), |from| from.signed::<64>()?, |n| Some(Timestamp(n)), Timestamp(0), |dice| Timestamp(any_i64(dice));
    TerminalSeq, "place in a terminal's queue", |v, to| to.number(v.0), |from| from.number::<64>()?, |n| TerminalSeq::parse(n), TerminalSeq(1),
        |dice| TerminalSeq(1 + dice.number() % TerminalSeq::MAX.0);
    CheckId, "check", |v, to| to.byte(v.number()), |from| from.byte()?, |n| CheckId::new(n.into()), CheckId::FIRST,
        |dice| CheckId::new(1 + dice.number() % u64::from(CheckId::MAX)).expect("a check");
    Date, "date", |v, to| to.signed(v.days().into()), |from| from.signed::<32>()?, |n| Date::from_days(n as i32), Date::MIN,
        |dice| Date::from_days(Date::MIN.days() + dice.below((Date::MAX.days() - Date::MIN.days()) as usize + 1) as i32).expect("a date");
    CutOff, "cut-off", |v, to| to.number(v.minute().into()), |from| from.number::<16>()?, |n| CutOff::from_minute(n as u16), CutOff::MIDNIGHT,
        |dice| CutOff::from_minute(dice.below(usize::from(CutOff::MINUTE_MAX) + 1) as u16).expect("a cut-off");
    TimeOfDay, "time of day", |v, to| to.number(v.minute().into()), |from| from.number::<16>()?, |n| TimeOfDay::from_minute(n as u16), TimeOfDay::default(),
        |dice| TimeOfDay::from_minute(dice.below(usize::from(TimeOfDay::MINUTE_MAX) + 1) as u16).expect("a time of day");
    Rights, "set of rights", |v, to| to.number(rights_bits(v).into()), |from| from.number::<32>()?, |n| rights(n as u32), Rights::default(),
        |dice| Rights::of(Right::ALL.into_iter().filter(|_| dice.once_in(2)));
    LocalDateTime, "wall time", |v, to| { v.date().put(to); second_of_day(v).put(to) }, |from| (Date::get(from)?, u32::get(from)?), |n| local(n.0, n.1),
        local(Date::MIN, 0).expect("midnight"), |dice| local(Codec::any(dice), dice.below(86_400) as u32).expect("a wall time");
}

impl Codec for bool {
    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        to.byte((*self).into());
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<bool> {
        from.flag()
    }

    /// The version says it all.
    fn put_bare(&self, _: &mut Writer<'_>) {
        assert!(*self, "it is what brings the version about");
    }

    fn get_bare(_: &mut Reader<'_, '_>) -> Get<bool> {
        Ok(true)
    }

    fn any(dice: &mut Dice<'_>) -> bool {
        dice.once_in(2)
    }
}

fn any_i64(dice: &mut Dice<'_>) -> i64 {
    match dice.once_in(4) {
        true => dice.number() as i64,
        false => dice.below(1_010_000) as i64 - 10_000,
    }
}

/// The second of the day of a wall time.
fn second_of_day(local: LocalDateTime) -> u32 {
    local.hour() * 3_600 + local.minute() * 60 + local.second()
}

/// The wall time at a second of a day.
pub(crate) fn local(date: Date, second: u32) -> Option<LocalDateTime> {
    LocalDateTime::new(date, second / 3_600, second / 60 % 60, second % 60)
}

/// A set of rights as bits: the bit of a right is its code.
pub(crate) fn rights_bits(rights: Rights) -> u32 {
    rights.iter().fold(0, |bits, right| bits | 1 << right.code())
}

fn rights(bits: u32) -> Option<Rights> {
    let rights = Rights::of(Right::ALL.into_iter().filter(|right| bits & 1 << right.code() != 0));
    (rights_bits(rights) == bits).then_some(rights)
}

impl Codec for Text {
    const IS_TEXT: bool = true;

    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        to.piece(self.as_str().as_bytes());
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<Text> {
        from.text()
    }

    #[inline]
    fn get_own(from: &mut Reader<'_, '_>) -> Get<Text> {
        from.own_text()
    }

    fn any(dice: &mut Dice<'_>) -> Text {
        const PLAIN: &[char] = &['a', 'e', 'n', 'r', 's', 't', 'Z', '0', '7', '.', '-'];
        const ODD: &[char] = &['"', '\\', '/', 'é', 'ß', '–', '飯', '🌶', '\u{2028}', '\u{feff}'];
        let len = if dice.once_in(8) { 1 + dice.below(Text::CHARS_MAX) } else { 1 + dice.below(30) };
        let character = |dice: &mut Dice<'_>| if dice.once_in(9) { dice.one_of(ODD) } else { dice.one_of(PLAIN) };
        let text: String = (0..len).map(|_| character(dice)).collect();
        Text::parse(&text).unwrap_or_else(|_| Text::parse("-").expect("a text"))
    }
}

impl Codec for String {
    fn put(&self, to: &mut Writer<'_>) {
        to.piece(self.as_bytes());
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<String> {
        from.str().map(str::to_owned)
    }
}

impl Codec for Stream {
    fn put(&self, to: &mut Writer<'_>) {
        let mut name = String::with_capacity(Stream::NAME_LEN_MAX);
        self.write_name(&mut name);
        to.piece(name.as_bytes());
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<Stream> {
        const INSTEAD: Stream = Stream::Menu(match TenantId::parse("_") {
            Ok(tenant) => tenant,
            Err(_) => unreachable!(),
        });
        let name = from.str()?;
        Ok(Stream::parse(name).unwrap_or_else(|source| from.refuse(BadValue::Stream { source }, INSTEAD)))
    }

    fn any(dice: &mut Dice<'_>) -> Stream {
        let (tenant, store) = <(TenantId, StoreId)>::any(dice);
        match dice.below(12) {
            0 => Stream::Menu(tenant),
            1 => Stream::Access(tenant),
            2 => Stream::Store(tenant, store),
            3 => Stream::StoreMenu(tenant, store),
            4 => Stream::Order(tenant, store, Codec::any(dice)),
            5 => Stream::Payment(tenant, store, Codec::any(dice)),
            6 => Stream::Drawer(tenant, store, Codec::any(dice)),
            7 => Stream::Ticket(tenant, store, Codec::any(dice)),
            8 => Stream::Terminal(tenant, store, Codec::any(dice)),
            9 => Stream::Day(tenant, store),
            10 => Stream::Security(tenant),
            _ => Stream::Stock(tenant, store),
        }
    }
}

impl Codec for Currency {
    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        to.piece(self.code().as_bytes());
        to.byte(self.exponent());
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<Currency> {
        let (code, exponent) = (from.str()?, from.byte()?);
        match Currency::new(code, exponent) {
            Some(currency) => Ok(currency),
            None => {
                let instead = Currency::new("XXX", 0).expect("a currency");
                Ok(from.refuse(BadValue::Range { kind: "currency" }, instead))
            }
        }
    }

    fn any(dice: &mut Dice<'_>) -> Currency {
        let code: String = (0..3).map(|_| char::from(b'A' + dice.below(26) as u8)).collect();
        Currency::new(&code, dice.below(usize::from(Currency::EXPONENT_MAX) + 1) as u8).expect("a currency")
    }
}

/// Nothing is the cash drawer, because an external tender may be called `cash` too.
impl Codec for Tender {
    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        match self {
            Tender::Cash => to.byte(0),
            Tender::External(tender) => {
                to.byte(1);
                tender.put(to);
            }
        }
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<Tender> {
        match from.is_some()? {
            false => Ok(Tender::Cash),
            true => TenderId::get(from).map(Tender::External),
        }
    }

    fn any(dice: &mut Dice<'_>) -> Tender {
        match dice.below(3) {
            0 => Tender::Cash,
            1 => Tender::External(TenderId::parse("cash").expect("an id")),
            _ => Tender::External(Codec::any(dice)),
        }
    }
}

impl Json for Tender {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.text(self.as_str());
    }

    fn shape() -> Shape {
        TenderId::shape()
    }
}

/// Where and whether a value stands; what it is, it says itself.
impl<T: Codec> Codec for Option<T> {
    const IS_TEXT: bool = T::IS_TEXT;
    const NEWEST: u8 = T::NEWEST;

    #[inline]
    fn version(&self) -> u8 {
        self.as_ref().map_or(1, T::version)
    }

    fn texts(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        if let Some(value) = self {
            value.texts(each);
        }
    }

    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        to.byte(self.is_some().into());
        self.put_bare(to);
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<Option<T>> {
        match from.is_some()? {
            false => Ok(None),
            true => Option::get_bare(from),
        }
    }

    #[inline]
    fn put_bare(&self, to: &mut Writer<'_>) {
        if let Some(value) = self {
            value.put(to);
        }
    }

    #[inline]
    fn get_bare(from: &mut Reader<'_, '_>) -> Get<Option<T>> {
        T::get(from).map(Some)
    }

    #[inline]
    fn get_own(from: &mut Reader<'_, '_>) -> Get<Option<T>> {
        match from.is_some()? {
            false => Ok(None),
            true => T::get_own(from).map(Some),
        }
    }

    fn any(dice: &mut Dice<'_>) -> Option<T> {
        dice.once_in(2).then(|| T::any(dice))
    }
}

impl<T: Json> Json for Option<T> {
    #[inline]
    fn json(&self, to: &mut JsonWriter<'_>) {
        match self {
            Some(value) => value.json(to),
            None => to.null(),
        }
    }

    #[inline]
    fn is_nothing(&self) -> bool {
        self.is_none()
    }

    fn shape() -> Shape {
        Shape::OrNull(Box::new(T::shape()))
    }
}

impl<T: Codec> Codec for Vec<T> {
    const IS_TEXT: bool = T::IS_TEXT;
    const NEWEST: u8 = T::NEWEST;

    #[inline]
    fn version(&self) -> u8 {
        match T::NEWEST {
            1 => 1,
            _ => self.iter().map(T::version).max().unwrap_or(1),
        }
    }

    fn texts(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        self.iter_mut().for_each(|value| value.texts(each));
    }

    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.len() as u64);
        self.iter().for_each(|value| value.put(to));
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<Vec<T>> {
        from.list(T::get)
    }

    fn any(dice: &mut Dice<'_>) -> Vec<T> {
        (0..dice.below(5)).map(|_| T::any(dice)).collect()
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.list(self);
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }

    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }
}

impl<K: Codec + Ord, V: Codec> Codec for BTreeMap<K, V> {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.len() as u64);
        for (key, value) in self {
            key.put(to);
            value.put(to);
        }
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<BTreeMap<K, V>> {
        Vec::<(K, V)>::get(from).map(BTreeMap::from_iter)
    }
}

impl<A: Codec, B: Codec> Codec for (A, B) {
    const IS_TEXT: bool = A::IS_TEXT || B::IS_TEXT;
    const NEWEST: u8 = later(A::NEWEST, B::NEWEST);

    #[inline]
    fn version(&self) -> u8 {
        later(self.0.version(), self.1.version())
    }

    fn texts(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        self.0.texts(each);
        self.1.texts(each);
    }

    #[inline]
    fn put(&self, to: &mut Writer<'_>) {
        self.0.put(to);
        self.1.put(to);
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<(A, B)> {
        Ok((A::get(from)?, B::get(from)?))
    }

    fn any(dice: &mut Dice<'_>) -> (A, B) {
        (A::any(dice), B::any(dice))
    }
}

impl<T: Codec> Codec for Arc<[T]> {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(self.len() as u64);
        self.iter().for_each(|value| value.put(to));
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<Arc<[T]>> {
        Vec::get(from).map(Arc::from)
    }
}

/// A hash.
impl Codec for [u8; 32] {
    fn put(&self, to: &mut Writer<'_>) {
        to.bytes(self);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<[u8; 32]> {
        from.take(32).map(|bytes| bytes.try_into().expect("it is 32 bytes long"))
    }

    fn any(dice: &mut Dice<'_>) -> [u8; 32] {
        std::array::from_fn(|_| dice.number() as u8)
    }
}

/// Pointers say what they point to.
macro_rules! pointers {
    ($($pointer:ident: |$pointed:ident| $own:expr;)*) => { $(
        impl<T: Codec + Clone> Codec for $pointer<T> {
            const NEWEST: u8 = T::NEWEST;
            const IS_TEXT: bool = T::IS_TEXT;

            fn texts(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
                let $pointed = self;
                T::texts($own, each);
            }

            #[inline]
            fn version(&self) -> u8 {
                (**self).version()
            }

            #[inline]
            fn put(&self, to: &mut Writer<'_>) {
                (**self).put(to);
            }

            #[inline]
            fn get(from: &mut Reader<'_, '_>) -> Get<$pointer<T>> {
                T::get(from).map($pointer::new)
            }

            fn any(dice: &mut Dice<'_>) -> $pointer<T> {
                $pointer::new(T::any(dice))
            }
        }

        impl<T: Members> Members for $pointer<T> {
            fn members(&self, to: &mut JsonWriter<'_>) {
                (**self).members(to);
            }

            fn fields() -> Vec<Field> {
                T::fields()
            }
        }
    )* };
}

pointers! {
    Arc: |shared| Arc::make_mut(shared);
    Box: |own| own;
}

impl<T: Json> Json for Arc<T> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        (**self).json(to);
    }

    fn shape() -> Shape {
        T::shape()
    }
}

/// What stands in a body, among what does not.
impl<T: WireForm> Json for Wire<T> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        self.0.json(to);
    }
}

/// A word of a case.
impl Json for &'static str {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.text(self);
    }
}

/// `impl Json` for what JSON has itself, and for what has a form in events only.
macro_rules! shown {
    ($($kind:ty, |$v:ident, $to:ident| $json:expr, $schema:expr;)*) => { $(
        impl Json for $kind {
            #[inline]
            fn json(&self, $to: &mut JsonWriter<'_>) {
                let $v = self;
                $json;
            }

            fn shape() -> Shape {
                $schema
            }
        }
    )* };
}

shown! {
    bool, |v, to| to.flag(*v), Shape::plain(Type::Boolean, "");
    u16, |v, to| to.number((*v).into()), Shape::plain(Type::Integer, "");
    u32, |v, to| to.number((*v).into()), Shape::plain(Type::Integer, "");
    i64, |v, to| to.signed(*v), Shape::plain(Type::Integer, "");
    usize, |v, to| to.number(*v as u64), Shape::plain(Type::Integer, "A place in a list, from 0.");
    Revision, |v, to| to.number(v.0), Shape::plain(Type::Integer, "The place of an event in its stream, from 0.");
    TerminalSeq, |v, to| to.number(v.0), Shape::plain(Type::Integer, "The place of a command in its terminal's queue, from 1.");
    // A number of 64 bits does not survive JavaScript, so it is a text.
    u64, |v, to| to.text(&format!("{v:016x}")), Shape::plain(Type::String, "64 bits as 16 hexadecimal digits.");
    u128, |v, to| to.text(&format!("{v:032x}")), Shape::plain(Type::String, "128 bits as 32 hexadecimal digits.");
    [u8; 32], |v, to| to.text(&hex(v)), Shape::plain(Type::String, "A SHA-256 as 64 hexadecimal digits.");
    LocalDateTime, |v, to| to.text(wall_text(*v, &mut [0; WALL_LEN])), Shape::plain(Type::String, "A wall time of the store, to the second.");
    CommandId, |v, to| CommandIdJson(*v).json(to), Shape::named::<CommandIdJson>();
    Rights, |v, to| to.list(&Vec::from_iter(v.iter())), Vec::<Right>::shape();
}
