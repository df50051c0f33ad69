//! The rules of DOMAIN.md section 6 as properties of generated days, each named as it is there.
//!
//! A day is a sequence of commands to one store. The rules are checked on the facts the commands lead to and against
//! [`model`], which adds up facts and knows nothing of the code under test. Each rule says in how many of its days it
//! was put to the test, and fails if those become too few: a generator that rots proves nothing.
//!
//! 256 days a rule; `COMANDA_CASES` asks for another number. A day that breaks a rule is shrunk, printed, kept in
//! `tests/failures/rules.txt` and run first the next time.

mod corrections;
mod days;
mod drawers;
mod floor;
mod general;
mod generate;
mod kitchen;
mod life;
mod lines;
mod model;
mod offline;
mod orders;
mod parts;
mod payments;
mod provider;
mod refunds;
mod spell;
mod staff;
mod stock;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "two test binaries share it and neither uses all of it")]
mod support;
mod training;

use generate::{
    BUSY, Day, Mix, PAYING, a_day, a_day_at_the_provider, a_day_in_shifts, a_day_of_reviews, a_refunding_day,
    days_to_close,
};
use life::{Life, Step};
use model::Model;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use std::cell::Cell;
use support::World;

const CASES: u32 = 256;
/// How many ops a day has after its first orders.
const OPS: usize = 30;

/// Runs `rule` on many inputs. It returns whether the input put it to the test; at least `floor` percent have to.
#[track_caller]
fn prove<T: std::fmt::Debug + Clone>(
    name: &str,
    floor: u32,
    inputs: impl Strategy<Value = T>,
    rule: impl Fn(&T) -> bool,
) {
    let cases = std::env::var("COMANDA_CASES").ok().map_or(CASES, |cases| cases.parse().expect("COMANDA_CASES"));
    let failure_persistence = FileFailurePersistence::Direct("tests/failures/rules.txt");
    let config = Config { cases, failure_persistence: Some(Box::new(failure_persistence)), ..Config::default() };
    let (tested, seen) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome = TestRunner::new(config).run(&inputs, |input| {
        seen.set(seen.get() + 1);
        tested.set(tested.get() + u32::from(rule(&input)));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name} is broken: {error}");
    }
    let share = u64::from(tested.get()) * 100 / u64::from(seen.get().max(1));
    write(&format!("{name}: {} days, {} put it to the test ({share} %)\n", seen.get(), tested.get()));
    assert!(u64::from(floor) <= share, "{name} is put to the test by {share} % of the days, which is below {floor} %");
}

/// A rule of days.
#[track_caller]
fn holds(name: &str, floor: u32, rule: impl Fn(&Day) -> bool) {
    prove(name, floor, a_day(OPS, BUSY), rule);
}

/// A rule that looks at every step of a day: the model before it, the step, and the world after it.
#[track_caller]
fn holds_at_each_step(name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    holds_at_each_step_of(BUSY, name, floor, rule);
}

/// The same for days of much paying.
#[track_caller]
fn holds_when_paying(name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    holds_at_each_step_of(PAYING, name, floor, rule);
}

/// The same for days on which much goes back.
#[track_caller]
fn holds_when_refunding(name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    prove_at_each_step(a_refunding_day(OPS), name, floor, rule);
}

/// The same for days of a store that takes cash in shifts.
#[track_caller]
fn holds_in_shifts(name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    prove_at_each_step(a_day_in_shifts(OPS), name, floor, rule);
}

/// The same for days on which a provider takes what is not paid in cash.
#[track_caller]
fn holds_at_the_provider(name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    prove_at_each_step(a_day_at_the_provider(OPS), name, floor, rule);
}

#[track_caller]
fn holds_under_review(name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    prove_at_each_step(a_day_of_reviews(OPS), name, floor, rule);
}

#[track_caller]
fn holds_at_each_step_of(mix: Mix, name: &str, floor: u32, rule: impl Fn(&Model, &Step, &World) -> bool) {
    prove_at_each_step(a_day(OPS, mix), name, floor, rule);
}

#[track_caller]
fn prove_at_each_step(
    days: impl Strategy<Value = Day>,
    name: &str,
    floor: u32,
    rule: impl Fn(&Model, &Step, &World) -> bool,
) {
    prove(name, floor, days, |day| {
        let mut was_tested = false;
        Life::new(day).live(day, |before, step, after| was_tested |= rule(before, step, after));
        was_tested
    });
}

/// Shares are for people, so they go to the standard output as the test harness shows it.
#[expect(clippy::print_stdout, reason = "`cargo test -- --nocapture` shows the shares")]
fn write(line: &str) {
    print!("{line}");
}
