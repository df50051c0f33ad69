//! A scripted history, the same until the disk does something else.

#![allow(dead_code, reason = "each test binary uses a part")]

use super::programme::Counts;
use super::{Model, open};
use eventlog::sim::{Fault, Random, SimDisk};
use eventlog::{AppendError, LogReader, LogWriter, OpenError};

/// Opens, appends, closes, opens, appends over several segments, is killed, opens. Stops where the power went.
pub fn script(disk: &SimDisk, model: &mut Model, workload: u64) {
    let mut random = Random::new(77 + workload);
    // Each workload writes longer batches than the one before, and so makes segments more often.
    model.body_max = 150 << (2 * workload);
    for session in 0..4 {
        let Some((mut writer, reader)) = open_or_stop(disk) else { return };
        model.check(&writer, &reader);
        for _ in 0..20 {
            match model.append(&mut writer, &mut random) {
                Ok(()) => {}
                // What was refused with nothing written may be tried again at once.
                Err(AppendError::StorageFull { .. } | AppendError::Unavailable { .. }) => {
                    let _ = model.append(&mut writer, &mut random);
                }
                Err(AppendError::Unknown { .. }) => return,
                Err(AppendError::Fenced) => panic!("nobody else writes"),
            }
        }
        match session {
            0 => drop(writer.close()),
            _ => drop(writer),
        }
    }
}

fn open_or_stop(disk: &SimDisk) -> Option<(LogWriter, LogReader)> {
    match open(disk) {
        Ok((writer, reader, _)) => Some((writer, reader)),
        Err(OpenError::Io { .. } | OpenError::StorageFull { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// The log opens, holds what it must, takes more, and holds that too.
pub fn goes_on(disk: &SimDisk, model: &mut Model) {
    let (mut writer, reader, _) = open(disk).unwrap_or_else(|error| panic!("{error}"));
    model.check(&writer, &reader);
    for _ in 0..3 {
        model.append(&mut writer, &mut Random::new(5)).expect("appends");
    }
    drop(writer);
    disk.crash();
    let (writer, reader, _) = open(disk).unwrap_or_else(|error| panic!("{error}"));
    model.check(&writer, &reader);
}

/// Loses the power at every operation of the recovery, and goes on.
pub fn power_goes_while_recovering(disk: &SimDisk, model: &Model, counts: &mut Counts) {
    let undisturbed = disk.copy(1);
    drop(open(&undisturbed).unwrap_or_else(|error| panic!("{error}")));
    for operation in 0..undisturbed.operations() {
        let (disk, mut model) = (disk.copy(operation), model.clone());
        disk.arm(operation, Fault::PowerLoss);
        // Opening may have got as far as the sidecars, which it can do without.
        drop(open_or_stop(&disk));
        assert!(!disk.has_power(), "the power was out");
        disk.crash();
        goes_on(&disk, &mut model);
        counts.add("recoveries cut short", 1);
    }
}
