//! A store taken apart: what a snapshot keeps of it, and which of its orders need not stay in memory.
//!
//! Orders and what belongs to them are not part of a snapshot: each is folded again from its own stream. A snapshot only
//! names those that have to be in memory for the store to decide: an order that takes no more changes is looked up by its
//! id when somebody asks for it.

use super::Store;
use super::values::StoreParts;
use crate::event::{Entity, Event};
use crate::ids::OrderId;
use crate::order::OrderSlot;
use crate::stock::Stock;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

impl Store {
    /// What the store is made of: copied, but nothing is sorted or written here, for the store waits meanwhile.
    pub fn parts(&self) -> StoreParts {
        let Store {
            settings,
            menu_version,
            prices,
            unavailable,
            orders,
            payments,
            stock,
            drawers,
            days,
            tickets,
            tickets_made,
            terminals,
            waiting,
            numbers,
            store_events,
            storemenu_events,
            has_sold,
            // It follows from the orders that are put in.
            has_training: _,
        } = self;
        let is_live = |order: &OrderId| matches!(orders.get(order), Some(OrderSlot::Live(_)));
        let live_orders = orders.iter().filter(|(_, slot)| matches!(slot, OrderSlot::Live(_)));
        let live_orders = live_orders.map(|(order, _)| Entity::Order(*order));
        let live_payments = payments.iter().filter(|(_, payment)| is_live(&payment.order));
        let live_payments = live_payments.map(|(payment, _)| Entity::Payment(*payment));
        let live_tickets = tickets.iter().filter(|(_, ticket)| is_live(&ticket.order));
        let live_tickets = live_tickets.map(|(ticket, _)| Entity::Ticket(*ticket));
        let live = live_orders.chain(live_payments).chain(live_tickets).collect();
        StoreParts {
            settings: settings.clone(),
            menu_version: *menu_version,
            prices: prices.clone(),
            unavailable: unavailable.iter().copied().collect(),
            stock: stock.parts(),
            drawers: drawers.clone(),
            days: days.clone(),
            terminals: terminals.clone(),
            waiting: waiting.clone(),
            numbers: numbers.clone(),
            store_events: *store_events,
            storemenu_events: *storemenu_events,
            has_sold: *has_sold,
            tickets_made: *tickets_made,
            live,
        }
    }

    /// The store that has these parts, before what [`StoreParts::live`] names is put in: see [`Store::admit`].
    pub fn from_parts(parts: StoreParts) -> Store {
        let StoreParts {
            settings,
            menu_version,
            prices,
            unavailable,
            stock,
            drawers,
            days,
            terminals,
            waiting,
            numbers,
            store_events,
            storemenu_events,
            has_sold,
            tickets_made,
            live: _,
        } = parts;
        Store {
            settings,
            menu_version,
            prices,
            unavailable: unavailable.into_iter().collect(),
            orders: HashMap::default(),
            payments: HashMap::default(),
            stock: Stock::from_parts(stock),
            drawers,
            days,
            tickets: HashMap::default(),
            tickets_made,
            terminals,
            waiting,
            numbers,
            store_events,
            storemenu_events,
            has_sold,
            has_training: false,
        }
    }

    /// Takes in the orders, and what belongs to them, of a store in which nothing but their own events was folded.
    /// What is there already stays as it is. Answers which orders were taken in.
    pub fn admit(&mut self, folded: Store) -> Vec<OrderId> {
        let Store {
            orders,
            payments,
            tickets,
            has_training,
            // Not of orders: the store has its own.
            settings: _,
            menu_version: _,
            prices: _,
            unavailable: _,
            stock: _,
            drawers: _,
            days: _,
            terminals: _,
            waiting: _,
            numbers: _,
            store_events: _,
            storemenu_events: _,
            has_sold: _,
            tickets_made: _,
        } = folded;
        self.has_training |= has_training;
        for (id, payment) in payments {
            self.payments.entry(id).or_insert(payment);
        }
        for (id, ticket) in tickets {
            self.tickets.entry(id).or_insert(ticket);
        }
        let mut admitted = vec![];
        for (order, slot) in orders {
            if let Entry::Vacant(vacant) = self.orders.entry(order) {
                vacant.insert(slot);
                admitted.push(order);
            }
        }
        admitted
    }

    /// Forgets these orders and what belongs to them.
    pub fn archive(&mut self, gone: &HashSet<OrderId>) {
        self.orders.retain(|order, _| !gone.contains(order));
        self.payments.retain(|_, payment| !gone.contains(&payment.order));
        self.tickets.retain(|_, ticket| !gone.contains(&ticket.order));
    }

    /// Whether something is in memory.
    pub fn holds(&self, entity: Entity) -> bool {
        match entity {
            Entity::Order(order) => self.orders.contains_key(&order),
            Entity::Payment(payment) => self.payments.contains_key(&payment),
            Entity::Ticket(ticket) => self.tickets.contains_key(&ticket),
        }
    }

    /// The order an event belongs to; `None` where it belongs to the store, or to a payment or a ticket that is not in
    /// memory.
    pub fn order_of(&self, event: &Event) -> Option<OrderId> {
        match event.entity()? {
            Entity::Order(order) => Some(order),
            Entity::Payment(payment) => self.payments.get(&payment).map(|payment| payment.order),
            Entity::Ticket(ticket) => self.tickets.get(&ticket).map(|ticket| ticket.order),
        }
    }
}
