//! A scripted history in which every single operation on the disk goes wrong in every way, and in which the power goes at every
//! operation of the recovery after that.

mod common;

use common::damage::data_end;
use common::programme::{Extent, Sizes, extent, run};
use common::script::{goes_on, power_goes_while_recovering, script};
use common::{Model, OPTIONS, dir, open, segments};
use eventlog::sim::{Fault, Random, SimDisk};
use eventlog::{
    AppendError, Background, Batch, CommitHeader, Direction, LogWriter, Options, Revision, open_embedded, open_on,
};
use std::sync::Arc;

/// How many scripts there are; each has so many seeds, more than operations.
const WORKLOADS: u64 = 4;
const WORKLOAD_SEEDS: u64 = 600;
/// Up to so many ways for the power to go are all tried; of more, the extreme ones.
const LOSSES_MAX: usize = 64;

/// How many operations a script has when nothing goes wrong.
fn operations(workload: u64) -> u64 {
    let disk = SimDisk::new(1);
    script(&disk, &mut Model::default(), workload);
    let operations = disk.operations();
    assert!((300..WORKLOAD_SEEDS).contains(&operations), "{operations} operations");
    operations
}

#[test]
fn every_operation_goes_wrong_in_every_way() {
    let operations = operations(0);
    let every = Sizes { small: operations, change: operations, gate: operations };
    run(4, "operation k fails once, and from k on", every, |operation, counts| {
        for fault in [Fault::Failure, Fault::Full, Fault::Interrupted, Fault::Short] {
            for is_lasting in [false, true] {
                // A signal that interrupts everything for ever would keep any program from going on.
                if is_lasting && fault == Fault::Interrupted {
                    continue;
                }
                for is_power_lost in [false, true] {
                    let (disk, mut model) = (SimDisk::new(operation), Model::default());
                    match is_lasting {
                        true => disk.arm_from(operation, fault),
                        false => disk.arm(operation, fault),
                    }
                    script(&disk, &mut model, 0);
                    match is_power_lost {
                        true => disk.crash(),
                        false => disk.kill(),
                    }
                    goes_on(&disk, &mut model);
                    counts.add("histories", 1);
                    counts.add("faults", disk.faults());
                }
            }
        }
        counts.add("operations", 1);
    });
}

#[test]
fn the_power_goes_at_every_operation_with_every_loss_and_again_at_every_operation_of_the_recovery() {
    let sizes = Sizes { small: WORKLOAD_SEEDS, change: WORKLOAD_SEEDS, gate: 40 };
    // A part of them, when a part will do.
    let stride = if extent() == Extent::Small { 16 } else { 1 };
    let workloads: Vec<u64> = (0..WORKLOADS).map(operations).collect();
    run(2, "power loss at every operation, sector subset, recovery operation", sizes, |seed, counts| {
        let (workload, operation) = (seed / WORKLOAD_SEEDS % WORKLOADS, seed % WORKLOAD_SEEDS);
        if workloads[workload as usize] <= operation {
            return;
        }
        let (disk, mut model) = (SimDisk::new(seed), Model::default());
        disk.arm(operation, Fault::PowerOff);
        script(&disk, &mut model, workload);
        assert!(!disk.has_power());
        for loss in disk.losses(LOSSES_MAX).iter().skip(operation as usize % stride).step_by(stride) {
            let (disk, mut model) = (disk.copy(seed), model.clone());
            disk.crash_by(loss);
            power_goes_while_recovering(&disk, &model, counts);
            goes_on(&disk, &mut model);
            counts.add("losses", 1);
        }
        // Within a sector, too.
        let (disk, mut model) = (SimDisk::new(seed), Model::default());
        disk.arm(operation, Fault::PowerLoss);
        script(&disk, &mut model, workload);
        disk.crash();
        power_goes_while_recovering(&disk, &model, counts);
        goes_on(&disk, &mut model);
        counts.add("operations", 1);
    });
}

#[test]
fn a_full_disk_stops_writes_and_not_reads_until_there_is_space() {
    let (disk, mut model, mut random) = (SimDisk::new(3), Model::default(), Random::new(3));
    let (mut writer, reader, _) = open(&disk).expect("opens");
    disk.set_capacity(OPTIONS.segment_bytes + 1000);
    while model.append(&mut writer, &mut random).is_ok() {}
    let held = model.promised.len();
    assert!(1 < held);
    for _ in 0..3 {
        let refused = append_large(&mut writer).expect_err("there is no space");
        assert!(matches!(refused, AppendError::StorageFull { .. }), "{refused}");
    }
    model.check(&writer, &reader);
    assert!(disk.names().iter().all(|path| path.extension().is_none_or(|end| end != "tmp")), "leftovers take space");
    disk.set_capacity(u64::MAX);
    append_large(&mut writer).expect("there is space again");
    let events = reader.read_stream("large", Revision(0), Direction::Forward, 9).expect("reads");
    assert_eq!(events.len(), 1);

    // Without the space for a copy of the last segment it is read all the same, and written once there is space.
    drop(writer);
    disk.kill();
    disk.set_capacity(1);
    let (mut writer, reader, recovered) = open(&disk).expect("opens");
    assert_eq!((recovered.batches as usize, recovered.clean), (held + 2, false));
    assert_eq!(reader.read_stream("large", Revision(0), Direction::Forward, 9).expect("reads").len(), 1);
    let refused = (0..99).find_map(|_| model.append(&mut writer, &mut random).err()).expect("there is no space");
    assert!(matches!(refused, AppendError::StorageFull { .. }), "{refused}");
    let events = reader.durable();
    drop(writer);
    disk.crash();
    let (writer, reader, _) = open(&disk).expect("opens after a loss of power, too");
    assert_eq!(reader.durable(), events);
    drop(writer);
    disk.set_capacity(u64::MAX);
    let (mut writer, _, _) = open(&disk).expect("opens");
    model.append(&mut writer, &mut random).expect("there is space again");
}

/// Without the space for a copy the last segment is written again where it stands: what a torn write left there is gone.
#[test]
fn what_is_written_again_in_place_has_nothing_behind_its_end() {
    let (disk, mut model, mut random) = (SimDisk::new(5), Model::default(), Random::new(5));
    model.body_max = 100;
    let (mut writer, _, _) = open(&disk).expect("opens");
    for _ in 0..3 {
        model.append(&mut writer, &mut random).expect("appends");
    }
    drop(writer);
    disk.kill();
    let [segment] = &segments(&disk)[..] else { panic!("all of it is in one segment") };
    let mut torn = disk.contents(segment);
    let end = data_end(&torn);
    torn[end + 1_000..end + 2_000].fill(7);
    disk.put(segment, torn);
    disk.set_capacity(1);
    let (writer, reader, _) = open(&disk).expect("opens");
    model.check(&writer, &reader);
    let written = disk.contents(segment);
    assert!(data_end(&written) == end && written[end..].iter().all(|byte| *byte == 0), "it would be found again");
}

fn append_large(writer: &mut LogWriter) -> Result<(), AppendError> {
    let mut batch = Batch::new(writer.next_position());
    let header = CommitHeader { tenant: "t1", command_id: 1, payload_hash: 1, recorded_at: 0, meta: b"" };
    let mut commit = batch.commit(&header);
    commit.event("large", Revision(0), |body| body.extend_from_slice(&[1; 3000]));
    commit.finish();
    let (id, len) = (batch.id(), batch.len_bytes());
    let result = writer.append(&mut batch).map(drop);
    if result.is_err() {
        assert_eq!((batch.id(), batch.len_bytes()), (id, len), "a refused batch is unchanged");
    }
    result
}

/// The helper that prepares segments ahead meets the full disk first; the writer hears of it only when it needs the segment.
#[test]
fn a_full_disk_is_survived_when_segments_are_prepared_ahead() {
    let disk = SimDisk::new(3);
    let ahead = Options { background: Background::Threads, ..OPTIONS };
    let (mut writer, reader, _) = open_on(Arc::new(disk.clone()), dir(), ahead).expect("opens");
    for round in 1..=3 {
        disk.set_capacity(round * OPTIONS.segment_bytes + 1000);
        let refused = (0..99).find_map(|_| append_large(&mut writer).err()).expect("space runs out");
        assert!(matches!(refused, AppendError::StorageFull { .. }), "{refused}");
        assert!(reader.read_stream("large", Revision(0), Direction::Forward, 99).is_ok());
        disk.set_capacity(u64::MAX);
        append_large(&mut writer).expect("there is space again");
    }
    let held = reader.durable();
    drop(writer);
    disk.crash();
    assert_eq!(open(&disk).expect("opens").2.next, held);
}

/// After a failure nothing is tried again, not even closing; only what was promised is answered for.
#[test]
fn a_failed_sync_is_final() {
    let (disk, mut model, mut random) = (SimDisk::new(9), Model::default(), Random::new(9));
    let (mut writer, reader, _) = open(&disk).expect("opens");
    model.append(&mut writer, &mut random).expect("appends");
    let promised = model.promised[0].clone();
    disk.arm(disk.operations() + 1, Fault::Failure);
    assert!(matches!(model.append(&mut writer, &mut random), Err(AppendError::Unknown { .. })));
    disk.disarm();
    let before = disk.operations();
    assert!(matches!(model.append(&mut writer, &mut random), Err(AppendError::Unknown { .. })));
    let unknown = model.unknown.clone().expect("the outcome is open");
    assert!(matches!(writer.find_batch(unknown.id), Err(eventlog::ReadError::Unresolved)));
    assert_eq!(writer.find_batch(promised.id).expect("reads").map(|place| place.number), Some(1));
    assert_eq!(reader.durable(), promised.next, "nothing unsynced is seen");
    assert!(matches!(writer.close(), Err(AppendError::Unknown { .. })));
    assert_eq!(disk.operations(), before, "nothing touches the disk after the failure");
}

/// The real file system runs out of space: a segment that cannot be made.
#[test]
fn an_unwritable_directory_is_an_error_that_names_it() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = open_embedded(&file.path().join("log"), OPTIONS).expect_err("a file is no directory");
    assert!(error.to_string().contains(&*file.path().to_string_lossy()), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}
