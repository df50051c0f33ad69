//! Random histories of many clients on few orders, and a small model that knows nothing of the engine's rules but what the
//! log has to look like.

use crate::support::*;
use commands::{CommandError, Engine, Receipt};
use domain::command::{Command, Method, StockCommand};
use domain::event::{Event, NotApplicable, OrderEvent, PaymentEvent, StockEvent};
use domain::ids::TenderId;
use domain::money::QtyMilli;
use eventlog::sim::Random;
use std::collections::{BTreeMap, BTreeSet};

const CLIENTS: u64 = 32;
const COMMANDS: u64 = 60;
const ORDERS: u64 = 400;

/// What one client saw.
#[derive(Default)]
struct Seen {
    accepted: Vec<(u128, Receipt)>,
    refused: Vec<u128>,
}

fn some_command(random: &mut Random) -> Command {
    let order = format!("o{}", random.below(ORDERS));
    let attempt = format!("p{}", random.below(4 * ORDERS));
    let qty = 1 + random.below(3) as u32;
    match random.below(12) {
        0..=3 => burgers(&order, qty),
        4 => burgers_first(&order, qty),
        5 => cancel(&order),
        6 | 7 => cash(&attempt, &order),
        8 => pay(&attempt, &order, Method::External(TenderId::parse("card").expect("an id"))),
        9 => receive(qty),
        10 => to_stock(StockCommand::Count { sku: sku("burger"), counted: QtyMilli::pieces(qty) }),
        _ => to_stock(StockCommand::Waste { sku: sku("burger"), qty: QtyMilli::pieces(qty), reason: text("burnt") }),
    }
}

/// One client: sends, and often sends again what it has sent, or something else under the same key.
async fn client(engine: Engine, seed: u64) -> Seen {
    let mut random = Random::new(seed);
    let mut seen = Seen::default();
    let mut sent: Vec<(u128, Command)> = vec![];
    for _ in 0..COMMANDS {
        let (id, command) = match !sent.is_empty() && random.one_in(4) {
            true => sent[random.below(sent.len() as u64) as usize].clone(),
            false => (fresh(), some_command(&mut random)),
        };
        sent.push((id, command.clone()));
        // A client that loses patience does not hear the answer, and asks again.
        if random.one_in(8) {
            drop(engine.enqueue(envelope(id, command.clone())).expect("room"));
        }
        match engine.submit(envelope(id, command)).await {
            Ok(answer) => {
                if let Some((_, first)) = seen.accepted.iter().find(|(known, _)| *known == id) {
                    assert!(answer.repeated && *first == answer.receipt, "{id:x} had another answer before");
                } else {
                    seen.accepted.push((id, answer.receipt));
                    let other = engine.submit(envelope(id, receive(999))).await;
                    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
                }
            }
            Err(CommandError::Refused(_)) => seen.refused.push(id),
            Err(other) => panic!("{other:?}"),
        }
    }
    seen
}

/// What the model keeps: sums over the log, in the log's order.
#[derive(Default)]
struct Model {
    next: u64,
    revisions: BTreeMap<String, u64>,
    ids: BTreeSet<(String, u128)>,
    on_hand: i64,
    reserved: BTreeMap<String, i64>,
    /// Order -> what it comes to, and what was paid towards it.
    orders: BTreeMap<String, (i64, i64)>,
    completed: BTreeSet<String>,
    captured: i64,
    applied: i64,
    unapplied: i64,
}

impl Model {
    fn commit(&mut self, commit: &Logged) {
        assert!(self.ids.insert((commit.tenant.clone(), commit.command_id)), "{:x} is there twice", commit.command_id);
        assert_eq!(commit.first, self.next, "positions have no gap");
        for event in &commit.events {
            assert_eq!(event.position, self.next, "positions have no gap");
            self.next += 1;
            let revision = self.revisions.entry(event.stream.clone()).or_default();
            assert_eq!(event.revision, *revision, "revisions of {} have no gap", event.stream);
            *revision += 1;
            self.event(&event.event);
        }
        let reserved: i64 = self.reserved.values().sum();
        assert!(self.reserved.values().all(|held| 0 <= *held), "more was given up than was reserved");
        assert!(reserved <= self.on_hand, "{reserved} promised of {}", self.on_hand);
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Stock(event) => self.stock(event),
            Event::Order(order, event) => self.order(order.as_str(), event),
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

    fn order(&mut self, id: &str, event: &OrderEvent) {
        let (total, paid) = self.orders.entry(id.to_owned()).or_default();
        match event {
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
            OrderEvent::OrderCompleted { total: settled } => {
                assert_eq!((*paid, settled.0), (*total, *total), "{id} is settled with what was paid");
                assert!(self.completed.insert(id.to_owned()), "{id} is settled twice");
            }
            _ => {}
        }
    }
}

fn check(seed: u64) {
    say_seed(seed);
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 40);
    let furnished = commits(house.engine.reader()).len();
    let tasks: Vec<_> =
        (0..CLIENTS).map(|number| runtime().spawn(client(house.engine.clone(), seed * 1_000 + number))).collect();
    let seen: Vec<Seen> = tasks.into_iter().map(|task| wait(task).expect("no panic")).collect();
    drop(house.stop());

    let log = commits(&disk.reborn().open().1);
    let mut model = Model { next: 1, ..Model::default() };
    log.iter().for_each(|commit| model.commit(commit));
    assert_eq!(model.captured, model.applied + model.unapplied, "money is conserved");
    assert!(!model.completed.is_empty() && 100 < log.len(), "the history is worth looking at");

    let own: BTreeMap<u128, &Logged> = log[furnished..]
        .iter()
        .filter(|commit| !is_engines(commit))
        .map(|commit| (commit.command_id, commit))
        .collect();
    let accepted: BTreeMap<u128, &Receipt> =
        seen.iter().flat_map(|seen| &seen.accepted).map(|(id, receipt)| (*id, receipt)).collect();
    let of_log: Vec<u128> = own.keys().copied().collect();
    let of_clients: Vec<u128> = accepted.keys().copied().collect();
    assert_eq!(of_log, of_clients, "what was acknowledged is in the log, and nothing else");
    for (id, receipt) in &accepted {
        let said = receipt.events.iter().map(|event| (event.position.0, event.revision.0, &event.event));
        let logged = own[id].events.iter().map(|event| (event.position, event.revision, &event.event));
        assert!(said.eq(logged), "{id:x} was answered with something else than its commit");
    }
    let never: BTreeSet<u128> =
        seen.iter().flat_map(|seen| &seen.refused).copied().filter(|id| !accepted.contains_key(id)).collect();
    assert!(never.iter().all(|id| !own.contains_key(id)), "a refusal writes nothing");
}

/// Ids of the engine's own making are UUIDs of version 8.
fn is_engines(commit: &Logged) -> bool {
    commit.command_id >> 76 & 0xf == 8
}

#[test]
fn random_histories_hold_together() {
    for seed in 1..=6 {
        check(seed);
    }
}
