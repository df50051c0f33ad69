//! The events there are: one table for each kind of stream, from which their stored bytes and their JSON follow.

mod access;
mod day;
mod drawer;
pub(crate) mod envelope;
mod menu;
mod order;
mod payment;
mod security;
mod shared;
mod stock;
mod store;
mod store_menu;
mod terminal;
mod ticket;

pub use payment::said_name;

pub use crate::codec::{Dice, EventDoc, EventType, Field, Personal, Shape};

use crate::codec::{BadBody, Interner};
use crate::json::write::JsonWriter;
use domain::event::Event;
use domain::stream::Stream;
use std::collections::BTreeMap;
use utoipa::openapi::{RefOr, Schema};

/// The type tags, by the names of the types.
pub mod tag {
    pub use super::{
        access::tag::*, day::tag::*, drawer::tag::*, menu::tag::*, order::tag::*, payment::tag::*, security::tag::*,
        stock::tag::*, store::tag::*, store_menu::tag::*, terminal::tag::*, ticket::tag::*,
    };
}

/// Every event type, by ascending tag.
pub const EVENT_TYPES: &[EventType] = {
    const TABLES: [&[EventType]; 12] = [
        menu::TYPES,
        access::TYPES,
        store::TYPES,
        store_menu::TYPES,
        order::TYPES,
        payment::TYPES,
        stock::TYPES,
        ticket::TYPES,
        drawer::TYPES,
        day::TYPES,
        terminal::TYPES,
        security::TYPES,
    ];
    const COUNT: usize = {
        let (mut count, mut table) = (0, 0);
        while table < TABLES.len() {
            count += TABLES[table].len();
            table += 1;
        }
        count
    };
    &{
        let mut types = [TABLES[0][0]; COUNT];
        let (mut at, mut table) = (0, 0);
        while table < TABLES.len() {
            let mut row = 0;
            while row < TABLES[table].len() {
                types[at] = TABLES[table][row];
                at += 1;
                row += 1;
            }
            table += 1;
        }
        types
    }
};

/// The domain's name of the type with this tag; `None` if there is no such type.
pub const fn type_name(tag: u16) -> Option<&'static str> {
    match tag >> 8 {
        0x01 => menu::name_of(tag),
        0x02 => access::name_of(tag),
        0x03 => store::name_of(tag),
        0x04 => store_menu::name_of(tag),
        0x05 => order::name_of(tag),
        0x06 => payment::name_of(tag),
        0x07 => stock::name_of(tag),
        0x08 => ticket::name_of(tag),
        0x09 => drawer::name_of(tag),
        0x0a => day::name_of(tag),
        0x0b => terminal::name_of(tag),
        0x0c => security::name_of(tag),
        _ => None,
    }
}

/// The category of the streams that hold events of this type, from the tag's high byte.
pub const fn category(tag: u16) -> Option<&'static str> {
    match tag >> 8 {
        0x01 => Some("menu"),
        0x02 => Some("access"),
        0x03 => Some("store"),
        0x04 => Some("storemenu"),
        0x05 => Some("order"),
        0x06 => Some("payment"),
        0x07 => Some("stock"),
        0x08 => Some("ticket"),
        0x09 => Some("drawer"),
        0x0a => Some("day"),
        0x0b => Some("terminal"),
        0x0c => Some("security"),
        _ => None,
    }
}

/// The tag of the event's type.
pub const fn event_tag(event: &Event) -> u16 {
    match event {
        Event::Menu(event) => menu::tag_of(event),
        Event::Access(event) => access::tag_of(event),
        Event::Security(event) => security::tag_of(event),
        Event::Store(event) => store::tag_of(event),
        Event::StoreMenu(event) => store_menu::tag_of(event),
        Event::Order(_, event) => order::tag_of(event),
        Event::Payment(_, event) => payment::tag_of(event),
        Event::Stock(event) => stock::tag_of(event),
        Event::Drawer(_, event) => drawer::tag_of(event),
        Event::Day(event) => day::tag_of(event),
        Event::Ticket(_, event) => ticket::tag_of(event),
        Event::Terminal(_, event) => terminal::tag_of(event),
    }
}

/// The domain's name of the event's type.
pub const fn type_name_of(event: &Event) -> &'static str {
    type_name(event_tag(event)).expect("every tag that is given out is in a table")
}

/// Appends the envelope of one event. The order or payment it is about is left to the name of its stream.
///
/// # Panics
/// If an event is out of the domain's bounds: a body of 4 GiB, a line with an index beyond 65,535.
#[inline]
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Menu(event) => menu::put(event, out),
        Event::Access(event) => access::put(event, out),
        Event::Security(event) => security::put(event, out),
        Event::Store(event) => store::put(event, out),
        Event::StoreMenu(event) => store_menu::put(event, out),
        Event::Order(_, event) => order::put(event, out),
        Event::Payment(_, event) => payment::put(event, out),
        Event::Stock(event) => stock::put(event, out),
        Event::Drawer(_, event) => drawer::put(event, out),
        Event::Day(event) => day::put(event, out),
        Event::Ticket(_, event) => ticket::put(event, out),
        Event::Terminal(_, event) => terminal::put(event, out),
    }
}

/// Reads a body of the type and version as an event of `stream`. `bad` is told why it does not read; nothing where such
/// streams know no such type or version.
#[inline]
pub(crate) fn read<E>(
    form: (u16, u8),
    body: &[u8],
    stream: &Stream,
    texts: &mut Interner,
    bad: impl FnOnce(Option<BadBody>) -> E,
) -> Result<Event, E> {
    match *stream {
        Stream::Menu(_) => menu::get(form, body, texts, Event::Menu, bad),
        Stream::Access(_) => access::get(form, body, texts, Event::Access, bad),
        Stream::Security(_) => security::get(form, body, texts, Event::Security, bad),
        Stream::Store(..) => store::get(form, body, texts, Event::Store, bad),
        Stream::StoreMenu(..) => store_menu::get(form, body, texts, Event::StoreMenu, bad),
        Stream::Order(_, _, order) => order::get(form, body, texts, |event| Event::Order(order, event), bad),
        Stream::Payment(_, _, payment) => payment::get(form, body, texts, |event| Event::Payment(payment, event), bad),
        Stream::Stock(..) => stock::get(form, body, texts, Event::Stock, bad),
        Stream::Day(..) => day::get(form, body, texts, Event::Day, bad),
        Stream::Drawer(_, _, drawer) => drawer::get(form, body, texts, |event| Event::Drawer(drawer, event), bad),
        Stream::Ticket(_, _, ticket) => ticket::get(form, body, texts, |event| Event::Ticket(ticket, event), bad),
        Stream::Terminal(_, _, terminal) => {
            terminal::get(form, body, texts, |event| Event::Terminal(terminal, event), bad)
        }
    }
}

/// Hands over each text of an event that a store may seal, as the tables say.
pub fn texts(event: &mut Event, each: &mut dyn FnMut(Personal<'_>)) {
    match event {
        Event::Menu(event) => menu::texts(event, each),
        Event::Access(event) => access::texts(event, each),
        Event::Security(event) => security::texts(event, each),
        Event::Store(event) => store::texts(event, each),
        Event::StoreMenu(event) => store_menu::texts(event, each),
        Event::Order(_, event) => order::texts(event, each),
        Event::Payment(_, event) => payment::texts(event, each),
        Event::Stock(event) => stock::texts(event, each),
        Event::Drawer(_, event) => drawer::texts(event, each),
        Event::Day(event) => day::texts(event, each),
        Event::Ticket(_, event) => ticket::texts(event, each),
        Event::Terminal(_, event) => terminal::texts(event, each),
    }
}

/// Writes the members of an event's JSON.
pub(crate) fn show(event: &Event, to: &mut JsonWriter<'_>) {
    match event {
        Event::Menu(event) => menu::show(event, to),
        Event::Access(event) => access::show(event, to),
        Event::Security(event) => security::show(event, to),
        Event::Store(event) => store::show(event, to),
        Event::StoreMenu(event) => store_menu::show(event, to),
        Event::Order(_, event) => order::show(event, to),
        Event::Payment(_, event) => payment::show(event, to),
        Event::Stock(event) => stock::show(event, to),
        Event::Drawer(_, event) => drawer::show(event, to),
        Event::Day(event) => day::show(event, to),
        Event::Ticket(_, event) => ticket::show(event, to),
        Event::Terminal(_, event) => terminal::show(event, to),
    }
}

/// Any event, for tests.
pub fn any_event(dice: &mut Dice<'_>) -> Event {
    use crate::codec::Codec;
    match dice.below(12) {
        0 => Event::Menu(menu::any(dice)),
        1 => Event::Access(access::any(dice)),
        2 => Event::Store(store::any(dice)),
        3 => Event::StoreMenu(store_menu::any(dice)),
        4 => Event::Order(Codec::any(dice), order::any(dice)),
        5 => Event::Payment(Codec::any(dice), payment::any(dice)),
        6 => Event::Stock(stock::any(dice)),
        7 => Event::Day(day::any(dice)),
        8 => Event::Drawer(Codec::any(dice), drawer::any(dice)),
        9 => Event::Ticket(Codec::any(dice), ticket::any(dice)),
        10 => Event::Security(security::any(dice)),
        _ => Event::Terminal(Codec::any(dice), terminal::any(dice)),
    }
}

/// What there is to know of every type, by ascending tag.
pub fn event_docs() -> Vec<EventDoc> {
    let tables = [
        menu::docs(),
        access::docs(),
        store::docs(),
        store_menu::docs(),
        order::docs(),
        payment::docs(),
        stock::docs(),
        ticket::docs(),
        drawer::docs(),
        day::docs(),
        terminal::docs(),
        security::docs(),
    ];
    tables.into_iter().flatten().collect()
}

/// The JSON Schemas of all events by the names of their types, and of the values in them by theirs.
pub fn event_schemas() -> BTreeMap<String, RefOr<Schema>> {
    fn collect(shape: &Shape, named: &mut BTreeMap<String, RefOr<Schema>>) {
        match shape {
            Shape::Value(None, _) => {}
            Shape::Value(Some(name), object) => {
                _ = named.insert(name.clone(), utoipa::openapi::Object::clone(object).into())
            }
            Shape::OrNull(value) | Shape::List(value) => collect(value, named),
            Shape::Record(fields) => fields.iter().for_each(|field| collect(&field.shape, named)),
        }
    }
    let mut named = BTreeMap::new();
    for doc in event_docs() {
        doc.fields.iter().for_each(|field| collect(&field.shape, &mut named));
        named.insert(doc.event_type.name.to_owned(), doc.schema());
    }
    named
}
