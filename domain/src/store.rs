//! A store: everything one writer decides for.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::{Date, Timestamp};
use crate::command::{Context, OrderCommand, Source, StoreCommand};
use crate::day::Days;
use crate::drawer::Drawer;
use crate::event::{
    Event, Opening, OrderEvent, PaymentEffect, PaymentEvent, RenamedLine, StoreEvent, StoreMenuEvent, TerminalEvent,
    TicketEvent,
};
use crate::hash::IdMap;
use crate::ids::{DrawerId, ItemId, OrderId, PaymentId, Revision, TerminalId, Text, TicketId, VariationId};
use crate::menu::ItemPrice;
use crate::money::Money;
use crate::order::OrderSlot;
use crate::payment::{Payment, PaymentState};
use crate::refused::Refused;
use crate::stock::Stock;
use crate::stream::Stream;
use crate::tenant::Tenant;
use crate::terminal::{Terminal, Waiting, WaitingId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

mod approvals;
mod as_sold;
mod checks;
mod days;
mod drawers;
mod kitchen;
mod lines;
mod merge;
mod offline;
mod order_refunds;
mod orders;
mod parts;
mod payments;
mod prints;
mod provider;
mod refunds;
mod review;
mod values;

pub use crate::event::{Due, Entity};
pub use crate::settings::{CashShifts, OfflineBounds, Settings};
pub use values::{Ingested, StoreParts};

/// A kitchen ticket in the store's memory; what is on it is with its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TicketSlot {
    order: OrderId,
    /// How many events its stream has.
    events: u64,
}

/// A store that exists.
#[derive(Clone, Debug)]
pub struct Store {
    settings: Settings,
    menu_version: u32,
    prices: BTreeMap<(ItemId, Option<VariationId>), Money>,
    unavailable: BTreeSet<ItemId>,
    orders: IdMap<OrderId, OrderSlot>,
    payments: IdMap<PaymentId, Payment>,
    stock: Stock,
    drawers: BTreeMap<DrawerId, Drawer>,
    days: Days,
    /// The tickets of the orders in memory.
    tickets: IdMap<TicketId, TicketSlot>,
    /// How many tickets there were, ever: they are numbered.
    tickets_made: u64,
    terminals: BTreeMap<TerminalId, Terminal>,
    /// What terminals sent and the state had no place for yet.
    waiting: BTreeMap<WaitingId, Waiting>,
    numbers: BTreeMap<Date, BTreeMap<String, u32>>,
    store_events: u64,
    storemenu_events: u64,
    /// Whether an order was ever opened here: an archived one counts too.
    has_sold: bool,
    /// Whether a training order was ever in this memory: where none was, nobody asks which order is one.
    has_training: bool,
}

impl Store {
    /// How many business dates back the store still counts display numbers for: online dates only go forward, and a
    /// terminal that was away for longer has its orders called by their ids.
    const NUMBER_DATES_MAX: usize = 8;
    /// The most prices of its own a store may set.
    const PRICES_MAX: usize = 20_000;

    /// Decides a command to a store that may not exist yet.
    ///
    /// # Errors
    /// [`Refused`] says why; nothing changes.
    pub fn decide(
        store: Option<&Store>,
        tenant: &Tenant,
        command: &StoreCommand,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let store = match (store, command) {
            (Some(store), _) => store,
            (None, StoreCommand::Put(settings)) => {
                let mut events = vec![Event::Store(StoreEvent::StoreOpened(settings.clone()))];
                if 0 < tenant.menu_version() {
                    events.push(Event::StoreMenu(StoreMenuEvent::MenuAdopted { version: tenant.menu_version() }));
                }
                return Ok(events);
            }
            (None, _) => return Err(Refused::UnknownStore),
        };
        if context.source == Source::Imported {
            store.check_imported(command)?;
        }
        let mut events = match command {
            StoreCommand::Put(settings) => store.put(settings),
            StoreCommand::AdoptMenu { version } => store.adopt(tenant, *version),
            StoreCommand::SetPrice { item, variation, price } => store.set_price(tenant, *item, *variation, *price),
            StoreCommand::SetAvailability { item, available } => store.set_availability(tenant, *item, *available),
            StoreCommand::Order(order, command) => store.decide_order(tenant, *order, command, context),
            StoreCommand::Payment(payment, command) => store.decide_payment(tenant, *payment, command, context),
            StoreCommand::Stock(command) => store.stock.decide(command, context),
            StoreCommand::OpenDay { date } => store.open_day(*date, context),
            StoreCommand::CloseDay { date, chain } => store.close_day(*date, *chain, context),
            StoreCommand::Drawer(drawer, command) => store.decide_drawer(tenant, *drawer, command, context),
            StoreCommand::Ticket(ticket, command) => store.decide_ticket(*ticket, *command),
            StoreCommand::Terminal(terminal, command) => store.decide_terminal(*terminal, command),
        }?;
        store.open_by_itself(&mut events, context);
        Ok(events)
    }

    /// An import records the past: it changes orders that an import opened, and no others. One that is closed is in no state for
    /// an import to change.
    fn check_imported(&self, command: &StoreCommand) -> Result<(), Refused> {
        let (order, payment) = command.names();
        let paid = payment.and_then(|payment| self.payments.get(&payment)).map(|payment| payment.order);
        for order in order.into_iter().chain(paid) {
            match self.orders.get(&order) {
                Some(OrderSlot::Live(live)) if !live.is_imported => return Err(Refused::NotImported { order }),
                Some(OrderSlot::Live(_) | OrderSlot::Closed(_)) | None => {}
            }
        }
        Ok(())
    }

    fn put(&self, settings: &Settings) -> Result<Vec<Event>, Refused> {
        if settings == &self.settings {
            return Ok(vec![]);
        }
        if settings.currency != self.settings.currency && (self.has_sold || !self.drawers.is_empty()) {
            return Err(Refused::CurrencyFixed { currency: self.settings.currency });
        }
        Ok(vec![Event::Store(StoreEvent::StoreSettingsChanged(settings.clone()))])
    }

    fn adopt(&self, tenant: &Tenant, version: u32) -> Result<Vec<Event>, Refused> {
        match tenant.menu(version) {
            None => Err(Refused::UnknownMenuVersion { version }),
            Some(_) if version <= self.menu_version => Ok(vec![]),
            Some(_) => Ok(vec![Event::StoreMenu(StoreMenuEvent::MenuAdopted { version })]),
        }
    }

    fn set_price(
        &self,
        tenant: &Tenant,
        item: ItemId,
        variation: Option<VariationId>,
        price: Option<Money>,
    ) -> Result<Vec<Event>, Refused> {
        let menu = tenant.menu(self.menu_version).ok_or(Refused::NoMenu)?;
        let held = menu.items.get(&item).ok_or(Refused::UnknownItem { item })?;
        match variation {
            Some(variation) if held.variations.iter().all(|known| known.id != variation) => {
                return Err(Refused::UnknownVariation { item, variation });
            }
            None if !held.variations.is_empty() => return Err(Refused::VariationRequired { item }),
            None if held.price == ItemPrice::Open => return Err(Refused::NoListPrice { item }),
            Some(_) | None => {}
        }
        if self.prices.get(&(item, variation)).copied() == price {
            return Ok(vec![]);
        }
        let is_new = !self.prices.contains_key(&(item, variation));
        if price.is_some() && is_new && Store::PRICES_MAX <= self.prices.len() {
            return Err(Refused::TooMany { what: "store prices", max: Store::PRICES_MAX });
        }
        Ok(vec![Event::StoreMenu(StoreMenuEvent::StorePriceSet { item, variation, price })])
    }

    fn set_availability(&self, tenant: &Tenant, item: ItemId, available: bool) -> Result<Vec<Event>, Refused> {
        let menu = tenant.menu(self.menu_version).ok_or(Refused::NoMenu)?;
        if !menu.items.contains_key(&item) {
            return Err(Refused::UnknownItem { item });
        }
        match self.unavailable.contains(&item) != available {
            true => Ok(vec![]),
            false => Ok(vec![Event::StoreMenu(StoreMenuEvent::StoreAvailabilitySet { item, available })]),
        }
    }

    /// Starts a store from its first fact.
    ///
    /// # Panics
    /// If the fact does not open a store: the log is not one that this engine wrote.
    pub fn open(event: &Event) -> Store {
        let Event::Store(StoreEvent::StoreOpened(settings)) = event else {
            panic!("{event:?} for a store that was not opened");
        };
        Store {
            settings: settings.clone(),
            menu_version: 0,
            prices: BTreeMap::new(),
            unavailable: BTreeSet::new(),
            orders: IdMap::default(),
            payments: IdMap::default(),
            stock: Stock::default(),
            drawers: BTreeMap::new(),
            days: Days::default(),
            tickets: IdMap::default(),
            tickets_made: 0,
            terminals: BTreeMap::new(),
            waiting: BTreeMap::new(),
            numbers: BTreeMap::new(),
            store_events: 1,
            storemenu_events: 0,
            has_sold: false,
            has_training: false,
        }
    }

    /// Folds a fact.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub fn evolve(&mut self, event: &Event) {
        match event {
            Event::Store(StoreEvent::StoreSettingsChanged(settings)) => {
                self.store_events += 1;
                self.settings = settings.clone();
            }
            Event::StoreMenu(event) => self.evolve_menu(event),
            Event::Order(order, event) => self.evolve_order(*order, event),
            Event::Payment(payment, event) => self.evolve_payment(*payment, event),
            Event::Stock(event) => self.stock.evolve(event),
            Event::Day(event) => self.days.evolve(event),
            Event::Drawer(drawer, event) => self.drawers.entry(*drawer).or_default().evolve(event),
            Event::Ticket(ticket, event) => self.evolve_ticket(*ticket, event),
            Event::Terminal(terminal, event) => {
                if let TerminalEvent::BoundExceeded(_) = event {
                    self.days.totals.beyond_bounds += 1;
                }
                self.evolve_terminal(*terminal, event);
            }
            Event::Menu(_) | Event::Access(_) | Event::Security(_) | Event::Store(StoreEvent::StoreOpened(_)) => {
                panic!("{event:?} for a store that is open")
            }
        }
    }

    fn evolve_menu(&mut self, event: &StoreMenuEvent) {
        self.storemenu_events += 1;
        match event {
            StoreMenuEvent::MenuAdopted { version } => self.menu_version = *version,
            StoreMenuEvent::StorePriceSet { item, variation, price: Some(price) } => {
                self.prices.insert((*item, *variation), *price);
            }
            StoreMenuEvent::StorePriceSet { item, variation, price: None } => {
                self.prices.remove(&(*item, *variation));
            }
            StoreMenuEvent::StoreAvailabilitySet { item, available: true } => {
                self.unavailable.remove(item);
            }
            StoreMenuEvent::StoreAvailabilitySet { item, available: false } => {
                self.unavailable.insert(*item);
            }
        }
    }

    fn evolve_ticket(&mut self, ticket: TicketId, event: &TicketEvent) {
        if let TicketEvent::TicketCreated { order, .. } = event {
            self.tickets_made += 1;
            self.tickets.insert(ticket, TicketSlot { order: *order, events: 0 });
        }
        if let TicketEvent::TicketMoved { order, lines } = event {
            return self.move_ticket(ticket, *order, lines, event);
        }
        let order = self.tickets.get_mut(&ticket).and_then(|held| {
            held.events += 1;
            self.orders.get_mut(&held.order)
        });
        match order {
            Some(OrderSlot::Live(order)) => order.evolve_ticket(ticket, event),
            Some(OrderSlot::Closed(_)) | None => panic!("{event:?} for a ticket of no open order"),
        }
    }

    fn move_ticket(&mut self, ticket: TicketId, to: OrderId, lines: &[RenamedLine], event: &TicketEvent) {
        let Some(slot) = self.tickets.get_mut(&ticket) else { panic!("{event:?} for a ticket of no open order") };
        slot.events += 1;
        let from = std::mem::replace(&mut slot.order, to);
        let moved = match self.orders.get_mut(&from) {
            Some(OrderSlot::Live(order)) => order.remove_ticket(ticket),
            Some(OrderSlot::Closed(_)) | None => None,
        };
        match (moved, self.orders.get_mut(&to)) {
            (Some(moved), Some(OrderSlot::Live(order))) => order.insert_ticket(moved, lines),
            (_, _) => panic!("{event:?} for a ticket of no open order"),
        }
    }

    fn evolve_order(&mut self, order: OrderId, event: &OrderEvent) {
        if let OrderEvent::OrderOpened(opening) = event {
            self.has_sold = true;
            self.has_training |= opening.training;
            self.count_number(opening);
        }
        match self.orders.entry(order) {
            Entry::Vacant(vacant) => {
                vacant.insert(OrderSlot::open(event));
            }
            Entry::Occupied(mut occupied) => {
                self.days.book(occupied.get(), event);
                occupied.get_mut().evolve(event);
            }
        }
    }

    /// Remembers the highest number given out, per business date and terminal prefix.
    fn count_number(&mut self, opening: &Opening) {
        if opening.imported {
            return;
        }
        let (prefix, number) = split_number(opening.display_number.as_str());
        let counted = self.numbers.entry(opening.business_date).or_default();
        let highest = counted.entry(prefix.to_owned()).or_default();
        *highest = number.max(*highest);
        while Store::NUMBER_DATES_MAX < self.numbers.len() {
            self.numbers.pop_first();
        }
    }

    fn evolve_payment(&mut self, id: PaymentId, event: &PaymentEvent) {
        let payment = match self.payments.entry(id) {
            Entry::Vacant(vacant) => vacant.insert(Payment::initiate(event)),
            Entry::Occupied(occupied) => {
                let payment = occupied.into_mut();
                track_refunded_units(&mut self.orders, payment, event);
                payment.evolve(event);
                payment
            }
        };
        // An order knows which attempts are under way, so that its deadline can end them.
        if let Some(OrderSlot::Live(order)) = self.orders.get_mut(&payment.order) {
            match event.effect() {
                PaymentEffect::Started => order.attempts.push(id),
                PaymentEffect::Ended => order.attempts.retain(|attempt| *attempt != id),
                _ => {}
            }
            let is_under_way = matches!(payment.state, PaymentState::Initiated | PaymentState::Authorised);
            debug_assert!(is_under_way || !order.attempts.contains(&id), "{event:?}: the order waits for what is over");
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The menu version it sells from; 0 before the first.
    pub fn menu_version(&self) -> u32 {
        self.menu_version
    }

    /// The store's own price of an item.
    pub fn price_of(&self, item: ItemId, variation: Option<VariationId>) -> Option<Money> {
        self.prices.get(&(item, variation)).copied()
    }

    /// Whether the store sells the item at the moment.
    pub fn sells(&self, item: ItemId) -> bool {
        !self.unavailable.contains(&item)
    }

    pub fn order(&self, order: OrderId) -> Option<&OrderSlot> {
        self.orders.get(&order)
    }

    /// Whether an order in memory is a training order.
    fn is_training(&self, order: OrderId) -> bool {
        self.has_training && self.orders.get(&order).is_some_and(OrderSlot::is_training)
    }

    /// Whether a command is about a training order, as the state stands before it.
    pub fn is_training_command(&self, command: &StoreCommand) -> bool {
        match command {
            StoreCommand::Order(_, OrderCommand::Open(new)) => new.training,
            command => match command.names() {
                (Some(order), _) => self.is_training(order),
                (None, Some(payment)) => {
                    self.has_training
                        && self.payments.get(&payment).is_some_and(|payment| self.is_training(payment.order))
                }
                (None, None) => false,
            },
        }
    }

    pub fn payment(&self, payment: PaymentId) -> Option<&Payment> {
        self.payments.get(&payment)
    }

    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    pub fn days(&self) -> &Days {
        &self.days
    }

    pub fn drawer(&self, drawer: DrawerId) -> Option<&Drawer> {
        self.drawers.get(&drawer)
    }

    /// A terminal that sent what it had kept.
    pub fn terminal(&self, terminal: TerminalId) -> Option<&Terminal> {
        self.terminals.get(&terminal)
    }

    /// How many orders are in memory, closed ones included.
    pub fn orders_count(&self) -> usize {
        self.orders.len()
    }

    /// The next display number for a terminal on a business date: `t1-17`, or `17` without a terminal.
    pub fn next_number(&self, date: Date, prefix: &str) -> Text {
        let highest = self.numbers.get(&date).and_then(|counted| counted.get(prefix)).copied().unwrap_or(0);
        let number = match prefix {
            "" => format!("{}", highest + 1),
            prefix => format!("{prefix}-{}", highest + 1),
        };
        Text::parse(&number).expect("a terminal's id and a number make a text")
    }

    /// Whether display numbers are still counted for a business date.
    pub(crate) fn counts(&self, date: Date) -> bool {
        self.numbers.len() < Store::NUMBER_DATES_MAX || self.numbers.keys().next().is_none_or(|first| *first <= date)
    }

    /// Whether a number that a terminal gave out by itself is one of its own and comes after all that are counted.
    pub(crate) fn is_next(&self, date: Date, prefix: &str, number: &Text) -> bool {
        let (own, count) = split_number(number.as_str());
        let highest = self.numbers.get(&date).and_then(|counted| counted.get(prefix)).copied().unwrap_or(0);
        own == prefix && highest < count && number.as_str() == format!("{prefix}-{count}")
    }

    /// The revision of one of the store's streams; `None` before its first event.
    pub fn revision(&self, stream: &Stream) -> Option<Revision> {
        match stream {
            Stream::Store(..) => self.store_events.checked_sub(1).map(Revision),
            Stream::StoreMenu(..) => self.storemenu_events.checked_sub(1).map(Revision),
            Stream::Order(_, _, order) => self.orders.get(order).map(OrderSlot::revision),
            Stream::Payment(_, _, payment) => self.payments.get(payment).map(Payment::revision),
            Stream::Stock(..) => self.stock.revision(),
            Stream::Day(..) => self.days.revision(),
            Stream::Drawer(_, _, drawer) => self.drawers.get(drawer).and_then(Drawer::revision),
            Stream::Ticket(_, _, ticket) => self.tickets.get(ticket).map(|held| Revision(held.events - 1)),
            Stream::Terminal(_, _, terminal) => self.terminals.get(terminal).and_then(Terminal::revision),
            Stream::Menu(_) | Stream::Access(_) | Stream::Security(_) => None,
        }
    }

    /// When the engine has to come back to an entity, as the state stands; `None` if it need not.
    pub fn due_at(&self, due: Due) -> Option<Timestamp> {
        match due {
            Due::Order(order) => match self.orders.get(&order)? {
                OrderSlot::Live(order) => order.times_out(),
                OrderSlot::Closed(_) => None,
            },
            Due::Payment(payment) => self.payments.get(&payment)?.expires(),
            Due::Mark86(sku) => self.stock.item(sku)?.mark?.until,
        }
    }
}

/// Keeps an order's count of refunded units in step with a fact about one of its payments, which is folded after.
fn track_refunded_units(orders: &mut IdMap<OrderId, OrderSlot>, payment: &Payment, event: &PaymentEvent) {
    let (refund, succeeded) = match event.effect() {
        PaymentEffect::Refund { lines, .. } if !lines.is_empty() => {
            return orders.get_mut(&payment.order).expect("a refund has an order").returns_mut().add_lines(lines);
        }
        PaymentEffect::RefundEnded { refund, succeeded } => (refund, succeeded),
        _ => return,
    };
    let Some(refund) = payment.refund(refund).filter(|refund| !refund.lines.is_empty()) else { return };
    let returns = orders.get_mut(&payment.order).expect("a refund has an order").returns_mut();
    match (refund.counts(), succeeded) {
        (true, false) => returns.remove_lines(&refund.lines),
        (false, true) => returns.add_lines(&refund.lines),
        (true, true) | (false, false) => {}
    }
}

/// `t1-17` is 17 of `t1`; `17` is 17 of nobody.
fn split_number(number: &str) -> (&str, u32) {
    let (prefix, digits) = number.rsplit_once('-').unwrap_or(("", number));
    (prefix, digits.parse().unwrap_or(0))
}
