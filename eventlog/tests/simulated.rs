//! Random histories on a disk that forgets and lies: append, roll, fail, lose power, be killed, recover, lose power while
//! recovering; in some a bit rots or a write goes astray.

mod common;

use common::history::history;
use common::programme::{Counts, Sizes, run};

/// Histories of what every change goes through: 200,000 recoveries.
const SIZES: Sizes = Sizes { small: 1_200, change: 17_500, gate: 10_000 };

#[test]
fn a_seed_replays_bit_by_bit() {
    for seed in 0..50 {
        let [once, again] = [0, 1].map(|_| {
            let mut counts = Counts::default();
            history(seed, &mut counts);
            counts
        });
        assert_eq!(once, again, "seed {seed}");
    }
}

#[test]
fn acknowledged_batches_survive_whatever_happens() {
    let counts = run(1, "random histories on a simulated disk", SIZES, history);
    let seen = [
        "batches acknowledged",
        "outcomes unknown",
        "full disks",
        "segments not made",
        "openings that failed",
        "tails cut",
        "kills",
        "power losses",
        "histories ended by damage found",
    ];
    let is_enough = |what: &&str| counts.of("recoveries") < 10_000 || 50 < counts.of(what);
    assert!(seen.iter().all(is_enough), "histories that see too little: {counts:?}");
}
