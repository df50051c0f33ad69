//! Measures how fast all projections together fold a log: `cargo run --release --example measure -p comanda-projections`.

#![allow(clippy::print_stdout, reason = "a measurement is printed")]

#[path = "../tests/it/world.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod world;

use projections::{Options, Projection, Projections};
use std::time::{Duration, Instant};
use world::{World, block_on, cash, line, new_order, open, pay};

fn main() {
    let orders: u32 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let mut world = World::furnished();
    // Nothing runs out.
    let plenty = domain::money::QtyMilli(1_000_000_000 - 2_000_000);
    for name in ["dough", "water"] {
        let receive = domain::command::StockCommand::Receive { sku: world::sku(name), qty: plenty, reference: None };
        world.must(world::stock(receive));
    }
    for number in 0..orders {
        let lines = vec![line(0, "pizza", 1_000), line(1, "beer", 2_000), line(2, "salad", 1_000)];
        world.must(open(number, new_order(lines, true)));
        world.must(pay(number, number, None, 50, cash()));
    }
    let events = world.reader.durable().0;
    println!("{orders} orders, {events} events");
    for round in 0..3 {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let started = Instant::now();
        let projections =
            Projections::open(dir.path(), world.reader.clone(), &Options::default()).expect("a fresh directory");
        for projection in [Projection::Access, Projection::Catalog, Projection::Sales, Projection::Orders] {
            block_on(projections.wait_for(projection, world.last(), Duration::from_secs(600))).expect("it comes");
            let seconds = started.elapsed();
            let rate = u128::from(events) * 1_000 / seconds.as_millis().max(1);
            println!("round {round} {}: {} ms, {rate} events/s", projection.as_str(), seconds.as_millis());
        }
    }
}
