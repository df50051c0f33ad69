//! A small model that knows nothing of the engine's rules but what the log has to look like: sums over it, in its order.

use crate::support::*;
use domain::command::{Command, OrderCommand, PaymentCommand, StoreCommand};
use domain::event::{Event, NotApplicable, OrderEvent, PaymentEvent, StockEvent};
use domain::refused::Refused;
use std::collections::{BTreeMap, BTreeSet};

/// What the model keeps.
#[derive(Default)]
pub struct Witness {
    /// The position the next event has.
    pub next: u64,
    revisions: BTreeMap<String, u64>,
    ids: BTreeSet<(String, u128)>,
    on_hand: i64,
    reserved: BTreeMap<String, i64>,
    /// Order -> what it comes to, and what was paid towards it.
    orders: BTreeMap<String, (i64, i64)>,
    pub completed: BTreeSet<String>,
    captured: i64,
    applied: i64,
    unapplied: i64,
    /// What was available behind each commit, by the position after it.
    available: Vec<(u64, i64)>,
    /// The position after the commit that opened an order, and after the one that ended it.
    opened: BTreeMap<String, u64>,
    ended: BTreeMap<String, u64>,
}

/// What a client was refused, and what was durable when it asked and when it was answered.
pub struct Refusal {
    pub command: Command,
    pub refused: Refused,
    pub from: u64,
    pub to: u64,
}

impl Witness {
    pub fn new() -> Witness {
        Witness { next: 1, ..Witness::default() }
    }

    pub fn commit(&mut self, commit: &Logged) {
        assert!(self.ids.insert((commit.tenant.clone(), commit.command_id)), "{:x} is there twice", commit.command_id);
        assert_eq!(commit.first, self.next, "positions have no gap");
        for event in &commit.events {
            assert_eq!(event.position, self.next, "positions have no gap");
            self.next += 1;
            let revision = self.revisions.entry(event.stream.clone()).or_default();
            assert_eq!(event.revision, *revision, "revisions of {} have no gap", event.stream);
            *revision += 1;
            self.event(&event.event, commit.first + commit.events.len() as u64);
        }
        let reserved: i64 = self.reserved.values().sum();
        assert!(self.reserved.values().all(|held| 0 <= *held), "more was given up than was reserved");
        assert!(reserved <= self.on_hand, "{reserved} promised of {}", self.on_hand);
        self.available.push((self.next, self.on_hand - reserved));
    }

    fn event(&mut self, event: &Event, end: u64) {
        match event {
            Event::Stock(event) => self.stock(event),
            Event::Order(order, event) => self.order(order.as_str(), event, end),
            Event::Payment(_, PaymentEvent::PaymentCaptured { amount, tip, tendered, change }) => {
                self.captured += amount.0 + tip.0;
                if let (Some(tendered), Some(change)) = (tendered, change) {
                    assert_eq!(tendered.0 - change.0, amount.0 + tip.0, "cash in is cash kept");
                }
            }
            _ => {}
        }
    }

    fn stock(&mut self, event: &StockEvent) {
        let sum = |lines: &[domain::event::ReservedLine]| lines.iter().map(|line| line.qty.0).sum::<i64>();
        match event {
            StockEvent::StockReceived { qty, .. } => self.on_hand += qty.0,
            StockEvent::StockCounted { counted, .. } => self.on_hand = counted.0,
            StockEvent::StockWasted { qty, .. } => self.on_hand -= qty.0,
            StockEvent::StockReserved { order, lines } => {
                *self.reserved.entry(order.as_str().to_owned()).or_default() += sum(lines);
            }
            StockEvent::StockReleased { order, lines, .. } => {
                *self.reserved.entry(order.as_str().to_owned()).or_default() -= sum(lines);
            }
            StockEvent::StockCommitted { order, lines } => {
                *self.reserved.entry(order.as_str().to_owned()).or_default() -= sum(lines);
                self.on_hand -= sum(lines);
            }
            _ => {}
        }
    }

    fn order(&mut self, id: &str, event: &OrderEvent, end: u64) {
        let (total, paid) = self.orders.entry(id.to_owned()).or_default();
        match event {
            OrderEvent::OrderOpened { .. } => _ = self.opened.insert(id.to_owned(), end),
            OrderEvent::OrderPlaced { totals, .. } => *total = totals.total.0,
            OrderEvent::PaymentApplied { amount, tip, .. } => {
                *paid += amount.0;
                self.applied += amount.0 + tip.0;
                assert!(*paid <= *total, "more was paid for {id} than it comes to");
            }
            OrderEvent::PaymentNotApplicable { unapplied, why, .. } => {
                assert!(matches!(why, NotApplicable::OrderCancelled | NotApplicable::NothingDue));
                self.unapplied += unapplied.0;
            }
            OrderEvent::OrderCancelled { .. } => _ = self.ended.insert(id.to_owned(), end),
            OrderEvent::OrderCompleted { total: settled } => {
                assert_eq!((*paid, settled.0), (*total, *total), "{id} is settled with what was paid");
                assert!(self.completed.insert(id.to_owned()), "{id} is settled twice");
                self.ended.insert(id.to_owned(), end);
            }
            _ => {}
        }
    }

    /// Money is conserved.
    pub fn settle(&self) {
        assert_eq!(self.captured, self.applied + self.unapplied, "money is conserved");
    }

    /// Whether a refusal is right at some moment between question and answer; `None` where the model cannot tell.
    pub fn judge(&self, refusal: &Refusal) -> Option<bool> {
        let Refusal { command: _, refused, from, to } = refusal;
        let was_by = |at: Option<&u64>, position: u64| at.is_some_and(|at| *at <= position);
        match refused {
            Refused::OutOfStock { shortages } => {
                let before = self.available.partition_point(|(end, _)| end <= from).saturating_sub(1);
                let mut seen = self.available[before..].iter().take_while(|(end, _)| end <= to);
                Some(shortages.len() == 1 && seen.any(|(_, available)| *available == shortages[0].available.0))
            }
            Refused::OrderExists { order } => Some(was_by(self.opened.get(order.as_str()), *to)),
            Refused::UnknownOrder { order } => Some(!was_by(self.opened.get(order.as_str()), *from)),
            Refused::OrderClosed { .. } => {
                let order = order_of(&refusal.command)?;
                Some(was_by(self.ended.get(&order), *to))
            }
            _ => None,
        }
    }
}

/// The order a command is for.
fn order_of(command: &Command) -> Option<String> {
    match command {
        Command::Store(_, StoreCommand::Order(order, OrderCommand::Open(_) | OrderCommand::Cancel { .. })) => {
            Some(order.as_str().to_owned())
        }
        Command::Store(_, StoreCommand::Payment(_, PaymentCommand::Initiate { order, .. })) => {
            Some(order.as_str().to_owned())
        }
        _ => None,
    }
}
