//! Random histories on a disk that forgets: append, roll, fail, lose power, be killed, recover, lose power while recovering.

mod common;

use common::{Model, OPTIONS, open, rounds, segments};
use eventlog::sim::{Fault, Random, SimDisk};
use eventlog::{AppendError, LogWriter, OpenError};

/// What the histories saw; a fault that never happens tests nothing.
#[derive(Default, Debug)]
struct Seen {
    recoveries: u64,
    acknowledged: u64,
    unknown: u64,
    full: u64,
    unavailable: u64,
    failed_openings: u64,
    cut: u64,
}

/// Runs one history; its seed is all there is to it.
fn history(seed: u64, seen: &mut Seen) {
    let mut random = Random::new(seed);
    let disk = SimDisk::new(random.bits());
    let mut model = Model::default();
    for _ in 0..12 {
        let mut writer = open_despite(&disk, &mut random, &mut model, seen);
        arm(&disk, &mut random, 40);
        if random.one_in(6) {
            let used = segments(&disk).len() as u64 * OPTIONS.segment_bytes;
            disk.set_capacity(used + random.below(2 * OPTIONS.segment_bytes));
        }
        for _ in 0..random.below(14) {
            match model.append(&mut writer, &mut random) {
                Ok(()) => seen.acknowledged += 1,
                Err(AppendError::StorageFull { .. }) => {
                    seen.full += 1;
                    disk.set_capacity(u64::MAX);
                }
                Err(AppendError::Unavailable { .. }) => seen.unavailable += 1,
                Err(AppendError::Unknown { .. }) => seen.unknown += 1,
                Err(AppendError::Fenced) => panic!("nobody else writes"),
            }
        }
        disk.set_capacity(u64::MAX);
        match random.below(4) {
            0 => drop(writer.close()),
            1 => drop(writer),
            _ => {}
        }
        lose(&disk, &mut random);
    }
}

/// Opens the log, with faults at first, and checks what it holds.
fn open_despite(disk: &SimDisk, random: &mut Random, model: &mut Model, seen: &mut Seen) -> LogWriter {
    for _ in 0..random.below(3) {
        arm(disk, random, 12);
        match open(disk) {
            Err(OpenError::Io { .. } | OpenError::StorageFull { .. }) => seen.failed_openings += 1,
            Err(error) => panic!("{error}"),
            // Power may be lost again right after opening. Nothing was seen, so nothing more was promised.
            Ok(opened) => drop(opened),
        }
        lose(disk, random);
    }
    disk.disarm();
    let (writer, reader, recovered) = open(disk).unwrap_or_else(|error| panic!("{error}"));
    seen.recoveries += 1;
    seen.cut += u64::from(recovered.cut_bytes != 0);
    model.check(&writer, &reader);
    writer
}

fn arm(disk: &SimDisk, random: &mut Random, soon: u64) {
    let at = disk.operations() + random.below(soon);
    match random.below(8) {
        0 | 1 => disk.arm(at, Fault::PowerLoss),
        2 => disk.arm(at, Fault::Failure),
        3 => disk.arm(at, Fault::FailureFromHereOn),
        4 => disk.arm(at, Fault::Full),
        5 => disk.arm(at, Fault::Interrupted),
        6 => disk.arm(at, Fault::Short),
        _ => disk.disarm(),
    }
}

fn lose(disk: &SimDisk, random: &mut Random) {
    // A kill cannot follow a power loss.
    match random.one_in(3) && disk.has_power() {
        true => disk.kill(),
        false => disk.crash(),
    }
}

#[test]
fn acknowledged_batches_survive_whatever_happens() {
    let first: u64 = std::env::var("COMANDA_SEED").ok().map_or(1, |seed| seed.parse().expect("a seed is a number"));
    let mut seen = Seen::default();
    for seed in first..first + rounds(1200) {
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| history(seed, &mut seen)));
        if run.is_err() {
            panic!("run again with COMANDA_SEED={seed}");
        }
    }
    let Seen { recoveries, acknowledged, unknown, full, unavailable, failed_openings, cut } = seen;
    let each = [recoveries, acknowledged, unknown, full, unavailable, failed_openings, cut];
    assert!(each.iter().all(|count| 100 < *count), "a history that sees too little: {seen:?}");
}
