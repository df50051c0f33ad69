//! What needs a look inside: colliding hashes, and damage found while the log is open.

use super::options::{Background, Options};
use super::scrub::Tuning;
use crate::batch::Batch;
use crate::disk::Disk;
use crate::hash::HashKey;
use crate::open::open_with;
use crate::reader::LogReader;
use crate::sim::{Random, SimDisk};
use crate::types::{CommitHeader, Direction, Position, Revision};
use crate::writer::LogWriter;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const INLINE: Options =
    Options { segment_bytes: 8 << 10, recent_bytes: 1 << 10, open_files: 4, background: Background::Inline };
const DIR: &str = "/log";

fn open(disk: &SimDisk, options: Options, tuning: Tuning) -> (LogWriter, LogReader) {
    let opened = open_with(Arc::new(disk.clone()), Path::new(DIR), options, tuning);
    let (writer, reader, _) = opened.unwrap_or_else(|error| panic!("{error}"));
    (writer, reader)
}

/// Eight hashes for all names and ids: nearly all of them are shared.
fn weak(options: &Options) -> Tuning {
    Tuning { hash_key: |log_id| HashKey::weak(log_id, 0x8000_0000_0000_0003), ..Tuning::of(options) }
}

/// Appends a commit with an event in each stream, at that stream's next revision.
fn append(writer: &mut LogWriter, id: u128, revisions: &mut BTreeMap<String, u64>, streams: &[String]) {
    let mut batch = Batch::new(writer.next_position());
    let header = CommitHeader { tenant: "t1", command_id: id, payload_hash: 1, recorded_at: id as i64, meta: &[0; 90] };
    let mut commit = batch.commit(&header);
    for stream in streams {
        let revision = revisions.entry(stream.clone()).or_default();
        commit.event(stream, Revision(*revision), |body| {
            body.extend_from_slice(format!("{stream}@{revision}").as_bytes())
        });
        *revision += 1;
    }
    commit.finish();
    writer.append(&mut batch).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn names_and_ids_that_share_a_hash_are_kept_apart() {
    for seed in 0..6 {
        let (disk, mut random, mut revisions) = (SimDisk::new(seed), Random::new(seed), BTreeMap::new());
        let tuning = weak(&INLINE);
        for session in 0..3 {
            let (mut writer, reader) = open(&disk, INLINE, tuning);
            for n in 0..60 {
                // Streams that come and go: one segment has one name of a hash, the next another.
                let streams: Vec<String> = (0..random.below(3))
                    .map(|_| format!("order-{}", (session * 60 + n) / 9 + random.below(2)))
                    .collect();
                append(&mut writer, u128::from(session * 60 + n), &mut revisions, &streams);
            }
            for (stream, count) in &revisions {
                for from in 0..=*count {
                    let forward = reader.read_stream(stream, Revision(from), Direction::Forward, 3);
                    let expected: Vec<u64> = (from..*count).take(3).collect();
                    check(stream, &forward.unwrap_or_else(|error| panic!("{error}")), &expected);
                    let backward = reader.read_stream(stream, Revision(from), Direction::Backward, 3);
                    let expected: Vec<u64> = (0..=from.min(count - 1)).rev().take(3).collect();
                    check(stream, &backward.unwrap_or_else(|error| panic!("{error}")), &expected);
                }
            }
            for id in 0..u128::from(session * 60 + 60) {
                let found = reader.find_command("t1", id, i64::MIN).unwrap_or_else(|error| panic!("{error}"));
                let first = found.unwrap_or_else(|| panic!("command {id} is lost"));
                let found = reader.find_commit(first, id, "t1").unwrap_or_else(|error| panic!("{error}"));
                assert!(found.is_some(), "another command's commit");
                assert!(matches!(reader.find_command("t2", id, i64::MIN), Ok(None)));
            }
            assert!(
                matches!(reader.read_stream("never", Revision(0), Direction::Forward, 9), Ok(events) if events.is_empty())
            );
            drop(writer);
            disk.kill();
        }
    }
}

#[track_caller]
fn check(stream: &str, events: &[crate::OwnedEvent], expected: &[u64]) {
    assert!(
        events.iter().map(|event| event.revision.0).eq(expected.iter().copied()),
        "{stream}: {events:?}, not {expected:?}"
    );
    assert!(events.iter().all(|event| *event.body == *format!("{stream}@{}", event.revision).as_bytes()));
}

/// A log of several segments, and one byte of an old batch changed.
fn damaged() -> (SimDisk, u64, Position) {
    let (disk, mut revisions) = (SimDisk::new(5), BTreeMap::new());
    let (mut writer, _) = open(&disk, INLINE, Tuning::of(&INLINE));
    for n in 0..100 {
        append(&mut writer, n, &mut revisions, &["stock".to_owned()]);
    }
    drop(writer);
    disk.kill();
    let path = Path::new(DIR).join("00000001.seg");
    let mut contents = disk.contents(&path);
    let position = u64::from_le_bytes(*contents[4096 + 56..].first_chunk().unwrap_or(&[0; 8]));
    contents[4096 + 200] ^= 1;
    disk.put(&path, contents);
    (disk, 4096, Position(position))
}

#[tokio::test]
async fn damage_that_opening_had_no_time_for_is_found_in_the_background() {
    let (disk, offset, position) = damaged();
    let ahead = Options { background: Background::Threads, ..INLINE };
    let (_writer, reader) = open(&disk, ahead, Tuning { scrub_budget: Some(Duration::ZERO), ..Tuning::of(&ahead) });
    let mut damage = reader.corruption();
    let found = tokio::time::timeout(Duration::from_secs(60), damage.wait_for(Option::is_some)).await;
    let found = found.unwrap_or_else(|_| panic!("not found")).unwrap_or_else(|_| panic!("gone")).clone();
    let corrupt = found.unwrap_or_else(|| panic!("nothing"));
    assert_eq!((corrupt.offset, corrupt.position), (offset, position));
    assert!(corrupt.file.ends_with("00000001.seg") && corrupt.why.contains("checksum"), "{corrupt}");
}

#[test]
fn damage_within_the_time_of_opening_is_refused() {
    let (disk, offset, position) = damaged();
    for options in [INLINE, Options { background: Background::Threads, ..INLINE }] {
        let opened = open_with(Arc::new(disk.clone()), Path::new(DIR), options, Tuning::of(&options));
        match opened {
            Err(crate::OpenError::Corrupt(corrupt)) => {
                assert_eq!((corrupt.offset, corrupt.position), (offset, position));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Damage that is there when a segment is sealed must not become what its checksum expects.
#[test]
fn a_damaged_segment_gets_no_checksum() {
    for is_indexed in [false, true] {
        let (disk, mut revisions) = (SimDisk::new(6), BTreeMap::new());
        let (mut writer, reader) = open(&disk, INLINE, Tuning::of(&INLINE));
        let path = Path::new(DIR).join("00000000.seg");
        for n in 0..6 {
            append(&mut writer, n, &mut revisions, &["stock".to_owned()]);
        }
        assert!(!is_indexed || matches!(reader.stream_head("stock"), Ok(Some(Revision(5)))));
        let mut contents = disk.contents(&path);
        contents[4096 + 500] ^= 1;
        disk.put(&path, contents);
        for n in 6..60 {
            append(&mut writer, n, &mut revisions, &["stock".to_owned()]);
        }
        let found = reader.corruption().borrow().clone();
        assert!(found.is_some_and(|corrupt| corrupt.file == path));
        let names = disk.list(Path::new(DIR)).unwrap_or_default();
        assert!(!names.contains(&"00000000.idx".to_owned()), "{names:?}");
        assert_eq!(names.contains(&"00000001.idx".to_owned()), is_indexed, "{names:?}");
    }
}
