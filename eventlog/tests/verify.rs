//! Checking a log offline names everything that is wrong with it, and changes nothing.

mod common;

use common::damage::{DATA_START, data_end, forked_log, with};
use common::shop::{shop, sidecars};
use common::{dir, open, segments};
use eventlog::disk::Disk;
use eventlog::sim::SimDisk;
use eventlog::{Batch, CommitHeader, OpenError, Problem, Revision, Verified, verify_on};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Checks a log that nobody has open, and that it stays as it is.
#[track_caller]
fn verify(disk: &SimDisk) -> (Verified, Vec<Problem>) {
    let contents = |disk: &SimDisk| -> Vec<(PathBuf, Vec<u8>)> {
        disk.names().into_iter().map(|path| (path.clone(), disk.contents(&path))).collect()
    };
    let (before, operations) = (contents(disk), disk.operations());
    let mut problems = vec![];
    let verified = verify_on(Arc::new(disk.clone()), dir(), |problem| problems.push(problem)).expect("is checked");
    assert_eq!(verified.problems, problems.len() as u64);
    assert!(operations == disk.operations() && before == contents(disk), "checking changed something");
    (verified, problems)
}

#[test]
fn a_whole_log_has_no_problems_and_is_counted() {
    let disk = shop(1, 100, false);
    let (killed, problems) = verify(&disk);
    assert_eq!(problems, []);
    let (writer, reader, recovered) = open(&disk).expect("opens");
    assert_eq!((killed.batches, killed.events), (recovered.batches, recovered.events));
    assert_eq!((killed.segments, killed.sidecars), (segments(&disk).len() as u64, segments(&disk).len() as u64 - 1));
    assert!(!killed.is_closed && killed.unfinished_bytes == 0 && 10 < killed.streams);
    assert!(reader.durable().0 == killed.events);
    disk.put(&dir().join("lock"), vec![]);
    let in_use = verify_on(Arc::new(disk.clone()), dir(), |_| {});
    assert!(matches!(in_use, Err(OpenError::Locked { .. })), "{in_use:?}");
    writer.close().expect("closes");
    let (closed, problems) = verify(&disk);
    assert_eq!(problems, []);
    assert_eq!(closed, Verified { is_closed: true, ..killed });
}

/// One changed byte in each batch: all of them are named, and what lies between is still counted.
#[test]
fn every_damaged_batch_is_named() {
    let disk = shop(2, 60, false);
    let (whole, _) = verify(&disk);
    for path in segments(&disk) {
        let contents = disk.contents(&path);
        let (mut at, end) = (DATA_START, data_end(&contents));
        while at < end {
            let payload = u32::from_le_bytes(contents[at + 88..at + 92].try_into().expect("four bytes")) as usize;
            let next = at + 104 + payload.next_multiple_of(8);
            for byte in [at, at + 40, at + 104, next - 8] {
                let mut damaged = contents.clone();
                damaged[byte] ^= 4;
                let (verified, problems) = verify(&with(&disk, &path, damaged));
                assert_eq!(problems.len(), 1, "{problems:?}");
                let Problem { file, offset, .. } = &problems[0];
                // The last batch of a segment is known to be missing when the next one turns up, or by its mark.
                assert_eq!((file, *offset), (&path, at as u64), "{problems:?}");
                assert_eq!(verified.batches, whole.batches - 1, "the others are whole");
                assert!(problems[0].to_string().contains("restore the log from a copy"), "{}", problems[0]);
            }
            at = next;
        }
    }
}

#[test]
fn damage_in_several_places_is_named_in_each() {
    let disk = shop(3, 80, false);
    let paths = segments(&disk);
    for path in [&paths[1], &paths[4]] {
        let mut contents = disk.contents(path);
        contents[DATA_START + 130] ^= 1;
        disk.put(path, contents);
    }
    disk.remove(&paths[6]).expect("removes");
    let sidecar = &sidecars(&disk)[2];
    let mut contents = disk.contents(sidecar);
    let last = contents.len() - 200;
    contents[last] ^= 1;
    disk.put(sidecar, contents);
    let (_, problems) = verify(&disk);
    let files: Vec<&Path> = problems.iter().map(|problem| &*problem.file).collect();
    assert_eq!(files, [&*paths[1], sidecar, &paths[4], &paths[6]], "{problems:?}");
    assert!(problems[1].remedy.contains("remove it"), "{}", problems[1]);
}

#[test]
fn every_changed_byte_of_a_sidecar_is_named() {
    let disk = shop(4, 30, false);
    let path = sidecars(&disk)[0].clone();
    let contents = disk.contents(&path);
    for byte in 0..contents.len() {
        let mut damaged = contents.clone();
        damaged[byte] ^= 1 << (byte % 8);
        let (_, problems) = verify(&with(&disk, &path, damaged));
        assert!(problems.len() == 1 && problems[0].file == path, "byte {byte}: {problems:?}");
    }
    for len in [0, 100, 512, contents.len() - 1] {
        let (_, problems) = verify(&with(&disk, &path, contents[..len].to_vec()));
        assert!(problems.len() == 1 && problems[0].file == path, "cut to {len}: {problems:?}");
    }
    disk.remove(&path).expect("removes");
    assert_eq!(verify(&disk).1, [], "the next start makes it again");
}

#[test]
fn an_unfinished_write_is_no_problem_and_a_missing_segment_is() {
    let (disk, _, longer, _, path) = forked_log();
    let opened = disk.copy(1);
    drop(open(&opened).expect("opens"));
    opened.kill();
    let (before, after) = (opened.contents(&path), longer.contents(&path));
    // The model leaves gaps in its streams; they are all there is to complain of.
    let gaps = verify(&opened).1.len();
    let cut = (data_end(&before) + data_end(&after)) / 2;
    let torn = [&after[..cut], &before[cut..]].concat();
    let (verified, problems) = verify(&with(&opened, &path, torn));
    assert_eq!(problems.len(), gaps, "{problems:?}");
    assert!(0 < verified.unfinished_bytes && !verified.is_closed);

    let disk = shop(5, 60, false);
    let last = segments(&disk).pop().expect("a segment");
    disk.remove(&last).expect("removes");
    let (_, problems) = verify(&disk);
    assert_eq!(problems.iter().map(|problem| (&problem.file, problem.offset)).collect::<Vec<_>>(), [(&last, 4096)]);
}

#[test]
fn a_short_file_is_a_problem_where_opening_refuses_it() {
    let disk = shop(6, 30, false);
    for path in segments(&disk) {
        let contents = disk.contents(&path);
        let end = data_end(&contents);
        for len in (4000..contents.len()).step_by(37).chain(end - 3..end + 3) {
            let cut = with(&disk, &path, contents[..len].to_vec());
            let problems = verify(&cut).1;
            assert_eq!(problems.is_empty(), open(&cut).is_ok(), "cut to {len}, its data ends at {end}: {problems:?}");
        }
    }
}

#[test]
fn a_gap_in_a_stream_is_named() {
    let disk = shop(7, 20, false);
    let (mut writer, _, _) = open(&disk).expect("opens");
    let mut batch = Batch::new(writer.next_position());
    let header = CommitHeader { tenant: "t1", command_id: 1, payload_hash: 1, recorded_at: 1, meta: b"" };
    let mut commit = batch.commit(&header);
    let position = commit.event("order-new", Revision(0), |_| {});
    commit.event("order-new", Revision(2), |_| {});
    commit.event("order-later", Revision(1), |_| {});
    commit.finish();
    writer.append(&mut batch).expect("appends");
    drop(writer);
    disk.kill();
    let (_, problems) = verify(&disk);
    let told: Vec<String> = problems.iter().map(|problem| problem.what.clone()).collect();
    assert_eq!(told[0], "stream order-new goes on at revision 2, not 1");
    assert_eq!((problems[0].position.0, told.len()), (position.0 + 1, 2), "{told:?}");
    assert_eq!(told[1], "stream order-later goes on at revision 1, not 0");
}

#[test]
fn what_is_no_log_is_said_so() {
    let disk = SimDisk::new(8);
    disk.put(&dir().join("00000000.seg"), b"somebody else's holiday pictures".repeat(300));
    let refused = verify_on(Arc::new(disk.clone()), dir(), |_| {});
    assert!(matches!(refused, Err(OpenError::NotALog { .. })), "{refused:?}");
    let empty = verify_on(Arc::new(SimDisk::new(9)), dir(), |_| {}).expect("is checked");
    assert_eq!(empty, Verified::default());
}
