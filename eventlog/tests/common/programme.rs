//! The fault programme: how much of it runs, from which seed on, and what it counted.
//!
//! Usually a test runs a small part. `COMANDA_FAULTS=1` runs what every change goes through, `COMANDA_GATE=1` one slice of the
//! release gate. `COMANDA_SEED` says at which seed to start and `COMANDA_SEEDS` how many to run, so a failure is run again with the
//! seed it printed and `COMANDA_SEEDS=1`. What was counted is printed as a row of a table, and appended to the file that
//! `COMANDA_COUNTS` names.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::env::{var, var_os};
use std::io::Write;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many seeds there are by how much of the programme runs.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Usually: a second or two.
    pub small: u64,
    /// On every change.
    pub change: u64,
    /// In one slice of the release gate.
    pub gate: u64,
}

/// How much of the programme runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Small,
    Change,
    Gate,
}

pub fn extent() -> Extent {
    match (var_os("COMANDA_GATE"), var_os("COMANDA_FAULTS")) {
        (Some(_), _) => Extent::Gate,
        (None, Some(_)) => Extent::Change,
        (None, None) => Extent::Small,
    }
}

impl Sizes {
    /// The seeds to run.
    pub fn seeds(self) -> Range<u64> {
        let usual = match extent() {
            Extent::Small => self.small,
            Extent::Change => self.change,
            Extent::Gate => self.gate,
        };
        let first = number("COMANDA_SEED").unwrap_or(0);
        first..first + number("COMANDA_SEEDS").unwrap_or(usual)
    }
}

fn number(name: &str) -> Option<u64> {
    var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// What was seen, and how often; a fault that never happens tests nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    pub fn add(&mut self, what: &'static str, count: u64) {
        *self.0.entry(what).or_default() += count;
    }

    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    fn take_in(&mut self, other: &Counts) {
        other.0.iter().for_each(|(what, count)| self.add(what, *count));
    }
}

/// Runs a row of the programme: `body` for every seed, on all processors. Says what was counted.
#[track_caller]
pub fn run(row: u8, what: &str, sizes: Sizes, body: impl Fn(u64, &mut Counts) + Sync) -> Counts {
    let seeds = sizes.seeds();
    let (next, failed) = (AtomicU64::new(seeds.start), Mutex::new(None));
    let work = || {
        let mut counts = Counts::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seeds.end <= seed || failed.lock().expect("nobody panics holding it").is_some() {
                return counts;
            }
            if catch_unwind(AssertUnwindSafe(|| body(seed, &mut counts))).is_err() {
                failed.lock().expect("nobody panics holding it").get_or_insert(seed);
            }
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| counts.take_in(&worker.join().expect("it caught what there was")));
    });
    let failed = *failed.lock().expect("nobody panics holding it");
    report(row, what, &seeds, u64::from(failed.is_some()), &counts);
    if let Some(seed) = failed {
        panic!("row {row}, {what}: run again with COMANDA_SEED={seed} COMANDA_SEEDS=1");
    }
    counts
}

/// Says what a part of the programme counted.
pub fn report(row: u8, what: &str, seeds: &Range<u64>, failures: u64, counts: &Counts) {
    let counted: Vec<String> = counts.0.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let line = format!("| {row} | {what} | {} | {failures} | {}..{} |\n", counted.join(", "), seeds.start, seeds.end);
    // Past the capture of the test runner: the counts are the result.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = var_os("COMANDA_COUNTS") {
        let file = std::fs::File::options().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the counts are kept");
    }
}
