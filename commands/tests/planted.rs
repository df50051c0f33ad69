//! Bugs planted in the engine, each of which the fault programme finds.

#![cfg(feature = "planted-bugs")]
#![allow(dead_code, unused_imports, reason = "what other tests use is here, too")]

#[path = "engine/history.rs"]
mod history;
#[path = "../../eventlog/tests/common/planting.rs"]
mod planting;
#[path = "../../eventlog/tests/common/programme.rs"]
mod programme;
#[path = "engine/support.rs"]
mod support;
#[path = "engine/witness.rs"]
mod witness;

use domain::event::{CancelReason, Event, OrderEvent};
use support::*;

fn main() {
    let bugs = [
        "answer before the sync",
        "release a refusal early",
        "forget ids at restart",
        "forget deadlines at restart",
        "apply a commit without its stock event",
    ];
    planting::find_all(
        &bugs,
        &[
            ("row 6: a deadline over a restart", 1, &|_| a_deadline_is_kept()),
            ("row 6: histories", 20, &|seed| history::history(seed, &mut programme::Counts::default())),
        ],
    );
}

/// An order that is not paid in time is cancelled, although the engine was killed in between.
fn a_deadline_is_kept() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 2);
    house.must(burgers_first("o1", 2));
    drop(house.stop());
    let house = House::start(disk.reborn().open());
    house.set_clock(2 * TIMEOUT_S);
    (0..3).for_each(|_| _ = house.must(receive(1)));
    let is_timed_out = |event: &Event| {
        matches!(event, Event::Order(_, OrderEvent::OrderCancelled { reason: CancelReason::PaymentTimeout }))
    };
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 1, "the deadline passed");
    drop(house.stop());
}
