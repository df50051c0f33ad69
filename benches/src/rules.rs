//! Deciding, encoding, decoding: what one order costs before anything is written.

use crate::fixture::{self, Guests};
use crate::plan::{BenchError, Size};
use crate::report::Measure;
use domain::command::{Command, StoreCommand};
use domain::event::{Event, OrderEvent};
use domain::store::Store;
use domain::stream::Stream;
use domain::tenant::Tenant;
use schemas::stored;
use std::time::Instant;

/// How often one run folds: a fold takes a tenth of a second.
const FOLDS: usize = 3;

/// Decides placed orders of three lines with stock, and folds what follows.
pub fn decide(size: Size) -> Measure {
    let orders = fixture::orders(size.pick(200, 100_000));
    let runs: Vec<(f64, u64)> = (0..size.runs()).map(|_| decide_run(&orders)).collect();
    Measure::new("decide", "orders", &runs).note("decide and fold, 3 lines, stock reserved, one core")
}

fn decide_run(orders: &[StoreCommand]) -> (f64, u64) {
    let (tenant, mut store) = fixture::opened();
    let mut checksum = 0;
    let start = Instant::now();
    for order in orders {
        let events = place(&tenant, &mut store, order);
        checksum = fold_checksum(checksum, &events);
    }
    let rate = orders.len() as f64 / start.elapsed().as_secs_f64();
    assert_eq!(store.orders_count(), orders.len(), "every order is in the state");
    (rate, checksum)
}

fn place(tenant: &Tenant, store: &mut Store, order: &StoreCommand) -> Vec<Event> {
    let decided = Store::decide(Some(store), tenant, order, &fixture::context());
    let events = decided.expect("a fixture's orders are accepted");
    for event in &events {
        store.evolve(event);
    }
    events
}

/// Depends on the kinds of events, their order and what each order comes to.
fn fold_checksum(checksum: u64, events: &[Event]) -> u64 {
    events.iter().fold(checksum, |checksum, event| {
        let value = match event {
            Event::Order(_, OrderEvent::OrderPlaced { totals, .. }) => totals.net.0 as u64,
            event => u64::from(stored::event_tag(event)),
        };
        checksum.rotate_left(5).wrapping_mul(0x0000_0100_0000_01b3) ^ value
    })
}

/// What a few orders leave in the log.
fn events(orders: u64) -> Vec<(Stream, Event)> {
    let (tenant, mut store) = fixture::opened();
    let decided = fixture::orders(orders).into_iter().flat_map(|order| place(&tenant, &mut store, &order));
    let (tenant, store) = (fixture::tenant_id(), Some(fixture::store_id(0)));
    decided.map(|event| (Stream::of(tenant, store, &event), event)).collect()
}

/// What guests who order and pay leave in the log, once the store is open.
pub fn guest_events(guests: u64) -> Vec<(Stream, Event)> {
    let (tenant, mut store) = fixture::opened();
    let (commands, ..) = Guests::new().take(guests);
    let (tenant_id, store_id) = (fixture::tenant_id(), Some(fixture::store_id(0)));
    let decided = commands.into_iter().flat_map(|envelope| match envelope.command {
        Command::Store(_, command) => place(&tenant, &mut store, &command),
        Command::Menu(_) | Command::Access(_) => vec![],
    });
    decided.map(|event| (Stream::of(tenant_id, store_id, &event), event)).collect()
}

/// Folds what guests left, event by event, into an open store.
pub fn fold(size: Size) -> Measure {
    let events = guest_events(size.pick(20, 20_000));
    let runs: Vec<(f64, u64)> = (0..FOLDS * size.runs())
        .map(|_| {
            let (_, mut store) = fixture::opened();
            let start = Instant::now();
            for (_, event) in &events {
                store.evolve(event);
            }
            (events.len() as f64 / start.elapsed().as_secs_f64(), store.orders_count() as u64)
        })
        .collect();
    Measure::new("fold", "events", &runs).note("orders that are paid in cash, one store, one core")
}

/// Encodes the events of placed orders, one envelope after the other.
pub fn encode(size: Size) -> Measure {
    let events = events(size.pick(50, 2_000));
    let passes = size.pick(1, 50);
    let mut bytes = vec![];
    let runs: Vec<(f64, u64)> = (0..size.runs())
        .map(|_| {
            let mut checksum = 0;
            let start = Instant::now();
            for _ in 0..passes {
                bytes.clear();
                for (_, event) in &events {
                    stored::encode(event, &mut bytes);
                }
                checksum ^= u64::from(bytes[bytes.len() / 2]) + bytes.len() as u64;
            }
            let rate = (passes * events.len()) as f64 / start.elapsed().as_secs_f64();
            (rate, checksum << 32 | u64::from(crc32c::crc32c(&bytes)))
        })
        .collect();
    let each = bytes.len() / events.len();
    Measure::new("encode", "events", &runs).note(format!("{each} bytes each, one core"))
}

/// Decodes them again.
///
/// # Errors
/// What was encoded does not decode.
pub fn decode(size: Size) -> Result<Measure, BenchError> {
    let encoded: Vec<(Stream, Vec<u8>)> = events(size.pick(50, 2_000))
        .into_iter()
        .map(|(stream, event)| {
            let mut bytes = vec![];
            stored::encode(&event, &mut bytes);
            (stream, bytes)
        })
        .collect();
    let passes = size.pick(1, 50);
    let mut runs = vec![];
    for _ in 0..size.runs() {
        let mut checksum = 0;
        let start = Instant::now();
        for _ in 0..passes {
            for (stream, bytes) in &encoded {
                let event = stored::decode(stream, bytes)?;
                checksum = fold_checksum(checksum, &[event]);
            }
        }
        runs.push(((passes * encoded.len()) as f64 / start.elapsed().as_secs_f64(), checksum));
    }
    Ok(Measure::new("decode", "events", &runs).note("one core"))
}
