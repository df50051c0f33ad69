//! Streams: the history of one entity, named with its tenant, so that two tenants' `s1` never meet.

use crate::event::{Entity, Event};
use crate::ids::{BadId, DrawerId, Id, OrderId, PaymentId, StoreId, TenantId, TerminalId, TicketId};
use std::fmt;

/// A stream, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// `menu-<tenant>`
    Menu(TenantId),
    /// `access-<tenant>`
    Access(TenantId),
    /// `security-<tenant>`
    Security(TenantId),
    /// `store-<tenant>.<store>`
    Store(TenantId, StoreId),
    /// `storemenu-<tenant>.<store>`
    StoreMenu(TenantId, StoreId),
    /// `order-<tenant>.<store>.<order>`
    Order(TenantId, StoreId, OrderId),
    /// `payment-<tenant>.<store>.<payment>`
    Payment(TenantId, StoreId, PaymentId),
    /// `stock-<tenant>.<store>`
    Stock(TenantId, StoreId),
    /// `drawer-<tenant>.<store>.<drawer>`
    Drawer(TenantId, StoreId, DrawerId),
    /// `day-<tenant>.<store>`
    Day(TenantId, StoreId),
    /// `ticket-<tenant>.<store>.<ticket>`
    Ticket(TenantId, StoreId, TicketId),
    /// `terminal-<tenant>.<store>.<terminal>`
    Terminal(TenantId, StoreId, TerminalId),
}

/// Why a text is not the name of a stream of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadStream {
    /// No such category, or another number of parts than the category has.
    Shape,
    /// A part is not an id.
    Part(BadId),
}

impl fmt::Display for BadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadStream::Shape => f.write_str("is not a stream; one looks like order-<tenant>.<store>.<order>"),
            BadStream::Part(bad) => write!(f, "is not a stream: a part of it {bad}"),
        }
    }
}

impl std::error::Error for BadStream {}

impl From<BadId> for BadStream {
    fn from(bad: BadId) -> BadStream {
        BadStream::Part(bad)
    }
}

impl Stream {
    /// The longest name, in bytes: a category, three ids and what stands between them.
    pub const NAME_LEN_MAX: usize = "storemenu-".len() + 3 * crate::ids::Id::LEN_MAX + 2;

    /// The stream an event belongs to. `store` is the store whose writer decided; events of a tenant do not ask for it.
    ///
    /// # Panics
    /// If an event of a store comes without a store.
    pub fn of(tenant: TenantId, store: Option<StoreId>, event: &Event) -> Stream {
        let store = || store.expect("an event of a store names its store");
        match event {
            Event::Menu(_) => Stream::Menu(tenant),
            Event::Access(_) => Stream::Access(tenant),
            Event::Security(_) => Stream::Security(tenant),
            Event::Store(_) => Stream::Store(tenant, store()),
            Event::StoreMenu(_) => Stream::StoreMenu(tenant, store()),
            Event::Order(order, _) => Stream::Order(tenant, store(), *order),
            Event::Payment(payment, _) => Stream::Payment(tenant, store(), *payment),
            Event::Stock(_) => Stream::Stock(tenant, store()),
            Event::Day(_) => Stream::Day(tenant, store()),
            Event::Drawer(drawer, _) => Stream::Drawer(tenant, store(), *drawer),
            Event::Ticket(ticket, _) => Stream::Ticket(tenant, store(), *ticket),
            Event::Terminal(terminal, _) => Stream::Terminal(tenant, store(), *terminal),
        }
    }

    /// Its category, tenant, store and id.
    fn parts(&self) -> (&'static str, &TenantId, Option<&StoreId>, Option<&Id>) {
        match self {
            Stream::Menu(tenant) => ("menu", tenant, None, None),
            Stream::Access(tenant) => ("access", tenant, None, None),
            Stream::Security(tenant) => ("security", tenant, None, None),
            Stream::Store(tenant, store) => ("store", tenant, Some(store), None),
            Stream::StoreMenu(tenant, store) => ("storemenu", tenant, Some(store), None),
            Stream::Stock(tenant, store) => ("stock", tenant, Some(store), None),
            Stream::Day(tenant, store) => ("day", tenant, Some(store), None),
            Stream::Order(tenant, store, order) => ("order", tenant, Some(store), Some(&order.0)),
            Stream::Payment(tenant, store, payment) => ("payment", tenant, Some(store), Some(&payment.0)),
            Stream::Drawer(tenant, store, drawer) => ("drawer", tenant, Some(store), Some(&drawer.0)),
            Stream::Ticket(tenant, store, ticket) => ("ticket", tenant, Some(store), Some(&ticket.0)),
            Stream::Terminal(tenant, store, terminal) => ("terminal", tenant, Some(store), Some(&terminal.0)),
        }
    }

    /// The tenant it belongs to.
    pub fn tenant(&self) -> TenantId {
        *self.parts().1
    }

    /// The store it belongs to.
    pub fn store(&self) -> Option<StoreId> {
        self.parts().2.copied()
    }

    /// What stands before the first `-`.
    pub fn category(&self) -> &'static str {
        self.parts().0
    }

    /// The entity it is the history of; `None` where it is of a store or a tenant.
    pub fn entity(&self) -> Option<Entity> {
        match self {
            Stream::Order(_, _, order) => Some(Entity::Order(*order)),
            Stream::Payment(_, _, payment) => Some(Entity::Payment(*payment)),
            Stream::Ticket(_, _, ticket) => Some(Entity::Ticket(*ticket)),
            _ => None,
        }
    }

    /// Appends the name, without going through a formatter: this runs once per event.
    pub fn write_name(&self, name: &mut String) {
        let (category, tenant, store, id) = self.parts();
        name.push_str(category);
        name.push('-');
        name.push_str(tenant.as_str());
        if let Some(store) = store {
            name.push('.');
            name.push_str(store.as_str());
        }
        if let Some(id) = id {
            name.push('.');
            name.push_str(id.as_str());
        }
    }

    /// Parses a name.
    ///
    /// # Errors
    /// [`BadStream`] says what is wrong.
    pub fn parse(name: &str) -> Result<Stream, BadStream> {
        let (category, Some(rest)) = cut(name, b'-') else { return Err(BadStream::Shape) };
        match category {
            "menu" => Ok(Stream::Menu(TenantId(last(rest)?))),
            "access" => Ok(Stream::Access(TenantId(last(rest)?))),
            "security" => Ok(Stream::Security(TenantId(last(rest)?))),
            "store" | "storemenu" | "order" | "payment" | "stock" | "drawer" | "day" | "ticket" | "terminal" => {
                let (tenant, rest) = first(rest)?;
                Stream::parse_of_store(category, TenantId(tenant), rest.ok_or(BadStream::Shape)?)
            }
            _ => first(rest).and(Err(BadStream::Shape)),
        }
    }

    fn parse_of_store(category: &str, tenant: TenantId, rest: &str) -> Result<Stream, BadStream> {
        let of_store: fn(TenantId, StoreId) -> Stream = match category {
            "store" => Stream::Store,
            "storemenu" => Stream::StoreMenu,
            "stock" => Stream::Stock,
            "day" => Stream::Day,
            _ => {
                let (store, rest) = first(rest)?;
                let (store, id) = (StoreId(store), last(rest.ok_or(BadStream::Shape)?)?);
                return Ok(match category {
                    "order" => Stream::Order(tenant, store, OrderId(id)),
                    "drawer" => Stream::Drawer(tenant, store, DrawerId(id)),
                    "ticket" => Stream::Ticket(tenant, store, TicketId(id)),
                    "terminal" => Stream::Terminal(tenant, store, TerminalId(id)),
                    _ => Stream::Payment(tenant, store, PaymentId(id)),
                });
            }
        };
        Ok(of_store(tenant, StoreId(last(rest)?)))
    }
}

/// What stands before the first `mark`, and what behind it where there is one. Names are short: looking at byte after byte
/// finds it before anything cleverer has begun.
#[inline]
fn cut(text: &str, mark: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == mark) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// The first of several parts.
#[inline]
fn first(parts: &str) -> Result<(Id, Option<&str>), BadStream> {
    let (part, rest) = cut(parts, b'.');
    Ok((Id::leading(parts.as_bytes(), part.len())?, rest))
}

/// The part behind which there is nothing.
#[inline]
fn last(parts: &str) -> Result<Id, BadStream> {
    Id::parse(parts).map_err(|_| first(parts).err().unwrap_or(BadStream::Shape))
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = String::with_capacity(Stream::NAME_LEN_MAX);
        self.write_name(&mut name);
        f.write_str(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_is_bounded() {
        let id = "a".repeat(crate::ids::Id::LEN_MAX);
        let (tenant, store) = (TenantId::parse(&id).unwrap(), StoreId::parse(&id).unwrap());
        let longest = Stream::Terminal(tenant, store, TerminalId::parse(&id).unwrap());
        // Three ids never stand behind the longest category.
        let spare = "storemenu".len() - longest.category().len();
        assert_eq!(longest.to_string().len() + spare, Stream::NAME_LEN_MAX);
    }

    #[test]
    fn names_read_back() {
        for name in [
            "menu-demo",
            "access-demo",
            "security-demo",
            "store-demo.s1",
            "storemenu-demo.s1",
            "order-demo.s1.0190abcd",
            "payment-demo.s1.p_1",
            "stock-demo.s1",
            "drawer-demo.s1.d1",
            "day-demo.s1",
            "ticket-demo.s1.t17",
            "terminal-demo.s1.till_1",
        ] {
            assert_eq!(Stream::parse(name).unwrap().to_string(), name);
        }
        for (name, bad) in [
            ("order", BadStream::Shape),
            ("order-demo.s1", BadStream::Shape),
            ("menu-demo.s1", BadStream::Shape),
            ("table-demo.s1", BadStream::Shape),
            ("order-demo.s1.A", BadStream::Part(BadId::BadCharacter)),
            ("stock-demo.", BadStream::Part(BadId::Empty)),
        ] {
            assert_eq!(Stream::parse(name), Err(bad), "{name}");
        }
    }

    /// Parses as it is written down: a category, a dash, and as many ids between dots as the category has.
    fn by_the_book(name: &str) -> Result<Stream, BadStream> {
        let (category, rest) = name.split_once('-').ok_or(BadStream::Shape)?;
        let mut parts = rest.split('.');
        let mut id = || -> Result<Id, BadStream> { Ok(Id::parse(parts.next().ok_or(BadStream::Shape)?)?) };
        let tenant = TenantId(id()?);
        let stream = match category {
            "menu" => Stream::Menu(tenant),
            "access" => Stream::Access(tenant),
            "security" => Stream::Security(tenant),
            "store" => Stream::Store(tenant, StoreId(id()?)),
            "storemenu" => Stream::StoreMenu(tenant, StoreId(id()?)),
            "stock" => Stream::Stock(tenant, StoreId(id()?)),
            "day" => Stream::Day(tenant, StoreId(id()?)),
            "order" => Stream::Order(tenant, StoreId(id()?), OrderId(id()?)),
            "payment" => Stream::Payment(tenant, StoreId(id()?), PaymentId(id()?)),
            "drawer" => Stream::Drawer(tenant, StoreId(id()?), DrawerId(id()?)),
            "ticket" => Stream::Ticket(tenant, StoreId(id()?), TicketId(id()?)),
            "terminal" => Stream::Terminal(tenant, StoreId(id()?), TerminalId(id()?)),
            _ => return Err(BadStream::Shape),
        };
        match parts.next() {
            Some(_) => Err(BadStream::Shape),
            None => Ok(stream),
        }
    }

    #[test]
    fn names_are_parsed_as_they_are_written_down() {
        let categories = [
            "menu",
            "access",
            "security",
            "store",
            "storemenu",
            "order",
            "payment",
            "stock",
            "drawer",
            "day",
            "ticket",
            "terminal",
            "table",
            "",
            "Order",
        ];
        let (longest, longer) = ("a".repeat(Id::LEN_MAX), "a".repeat(Id::LEN_MAX + 1));
        let parts = ["", "s1", "A", "é", "a-b", &longest, &longer];
        let mut names: Vec<String> = categories.map(str::to_owned).to_vec();
        let mut level: Vec<String> = categories.map(|category| format!("{category}-")).to_vec();
        for count in 0..4 {
            let dot = if count == 0 { "" } else { "." };
            level = level.iter().flat_map(|start| parts.map(|part| format!("{start}{dot}{part}"))).collect();
            names.extend_from_slice(&level);
        }
        for name in names {
            assert_eq!(Stream::parse(&name), by_the_book(&name), "{name}");
        }
    }
}
