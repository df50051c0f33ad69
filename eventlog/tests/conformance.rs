//! One suite for every backend: what a log promises whatever it is kept in.

use eventlog::disk::RealDisk;
use eventlog::{
    Background, Batch, CommitHeader, CommitRange, Direction, GENESIS_STREAM, LogReader, LogWriter, OpenError, Options,
    Owner, Position, Revision, SimRemote, Storage, StoredBatch, open_embedded, open_memory,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Segments of 16 KiB and little memory, so that rolling and reading from disk happen in every test.
const SMALL: Options =
    Options { segment_bytes: 16 << 10, recent_bytes: 4 << 10, open_files: 4, background: Background::Threads };
/// Long enough for a slow machine; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);
const NOW: Duration = Duration::ZERO;
/// The longest commit that the remote takes, in bytes.
const LONGEST: usize = 4 << 20;
/// Where what a test appends begins: behind the first record, and that of the owner.
const START: u64 = 2;

/// Runs a test against every backend.
fn every_backend(test: impl Fn(LogWriter, LogReader)) {
    let dir = || tempfile::tempdir().expect("a directory");
    let (threads, inline, mirror) = (dir(), dir(), dir());
    let embedded = |dir: &TempDir, background| Storage::Embedded {
        dir: dir.path().to_owned(),
        options: Options { background, ..SMALL },
    };
    let local = [Storage::Memory, embedded(&threads, Background::Threads), embedded(&inline, Background::Inline)];
    let remote = SimRemote::new(1, 2 * LONGEST);
    let replicated = eventlog::open_simulated(&remote, Arc::new(RealDisk), mirror.path(), SMALL);
    for opened in local.iter().map(eventlog::open).chain([replicated]) {
        let (follower, recovered) = opened.expect("opens");
        assert!(recovered.created && recovered.clean && recovered.next == Position(1), "{recovered:?}");
        let reader = follower.reader();
        assert_eq!(reader.durable(), Position(1), "what follows reads");
        let mut writer = follower.take_over(&Owner::alone()).expect("nobody else writes");
        if writer.is_local() {
            // Nobody else ever owns it, and it has no record that says so.
            append(&mut writer, &[(1, &[("$owner", 0)])]);
        }
        assert_eq!(writer.next_position(), Position(START));
        test(writer, reader);
    }
}

fn open(dir: &Path) -> (LogWriter, LogReader) {
    let (writer, reader, _) = open_embedded(dir, SMALL).expect("opens");
    (writer, reader)
}

/// Adds a commit of `streams`, each an event with its stream's name and revision as body.
fn commit(batch: &mut Batch, command_id: u128, streams: &[(&str, u64)]) -> CommitRange {
    let meta = command_id.to_string();
    let header = CommitHeader {
        tenant: "m1",
        command_id,
        payload_hash: command_id * 3,
        recorded_at: 1_700_000_000_000_000 + command_id as i64,
        meta: meta.as_bytes(),
    };
    let mut writer = batch.commit(&header);
    for (stream, revision) in streams {
        writer.event(stream, Revision(*revision), |body| body.extend_from_slice(&body_of(stream, *revision)));
    }
    writer.finish()
}

fn body_of(stream: &str, revision: u64) -> Vec<u8> {
    format!("{stream}@{revision}").into_bytes()
}

fn append(writer: &mut LogWriter, commits: &[(u128, &[(&str, u64)])]) -> Vec<CommitRange> {
    let mut batch = Batch::new(writer.next_position());
    let places = commits.iter().map(|(id, streams)| commit(&mut batch, *id, streams)).collect();
    writer.append(&mut batch).expect("appends");
    places
}

/// Appends `count` batches of two commits over three streams; answers the next position.
fn fill(writer: &mut LogWriter, count: u64) -> Position {
    for n in 0..count {
        let id = 1000 + u128::from(n) * 2;
        append(writer, &[(id, &[("order-a", n * 2), ("stock-a", n)]), (id + 1, &[("order-a", n * 2 + 1)])]);
    }
    writer.next_position()
}

fn positions(batch: &StoredBatch) -> Vec<u64> {
    batch.commits().flat_map(|commit| commit.events().map(|event| event.position.0).collect::<Vec<_>>()).collect()
}

/// Every event of the log from `from` on by `read`, as position, stream and revision.
fn read_all(reader: &LogReader, from: Position, max_bytes: usize) -> Vec<(u64, String, u64)> {
    let (mut events, mut at) = (Vec::new(), from);
    while at < reader.durable() {
        let batches = reader.read(at, max_bytes).expect("reads");
        assert!(!batches.is_empty(), "durable positions can be read");
        for batch in &batches {
            assert!(at <= batch.next_position());
            for commit in batch.commits() {
                for event in commit.events() {
                    if !event.is_system() {
                        assert_eq!(event.body, &*body_of(event.stream, event.revision.0));
                    }
                    events.push((event.position.0, event.stream.to_owned(), event.revision.0));
                }
            }
            at = batch.next_position();
        }
    }
    events.retain(|event| from.0 <= event.0);
    events
}

#[test]
fn a_new_log_has_its_genesis_record() {
    every_backend(|_, reader| {
        let events = reader.read_stream(GENESIS_STREAM, Revision(0), Direction::Forward, 10).expect("reads");
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].position, events[0].revision, events[0].body.len()), (Position(0), Revision(0), 20));
    });
}

#[test]
fn a_writer_that_steps_down_takes_over_again() {
    every_backend(|mut writer, reader| {
        let next = fill(&mut writer, 40);
        let mut tail = reader.tail(Position(0));
        let follower = writer.step_down();
        assert_eq!(follower.reader().durable(), next);
        assert_eq!(read_all(&follower.reader(), Position(START), 3000).len() as u64, next.0 - START);
        let mut writer = follower.take_over(&Owner::alone()).expect("nobody else writes");
        // A log that somebody else may own says that it was taken over.
        assert_eq!(writer.next_position().0, next.0 + u64::from(!writer.is_local()));
        fill_other(&mut writer, 40);
        let mut seen = 0;
        while let Some(batch) = tail.next(NOW).expect("reads") {
            assert_eq!(batch.first(), Position(seen), "no gap where the writer changed");
            seen = batch.next_position().0;
        }
        assert_eq!(Position(seen), writer.next_position());
        assert_eq!(reader.stream_head("other").expect("reads"), Some(Revision(39)));
        writer.step_down().take_over(&Owner::alone()).expect("nobody else writes").close().expect("closes");
    });
}

#[test]
fn a_commit_of_the_longest_length_is_taken() {
    every_backend(|mut writer, reader| {
        let limits = writer.limits();
        assert!(0 < limits.batch_bytes && 0 < limits.commit_bytes);
        let mut batch = Batch::new(writer.next_position());
        let header = CommitHeader { tenant: "m1", command_id: 1, payload_hash: 0, recorded_at: 0, meta: b"" };
        let mut commit = batch.commit(&header);
        commit.event("big", Revision(0), |_| {});
        let left = limits.commit_bytes - commit.len_bytes();
        drop(commit);
        let mut commit = batch.commit(&header);
        commit.event("big", Revision(0), |body| body.resize(body.len() + left, 7));
        assert_eq!(commit.len_bytes(), limits.commit_bytes);
        commit.finish();
        assert!(batch.is_full(&limits) && limits.batch_bytes <= batch.len_bytes());
        writer.append(&mut batch).expect("appends");
        let events = reader.read_stream("big", Revision(0), Direction::Forward, 1).expect("reads");
        assert_eq!(events[0].body.len(), left);
    });
}

#[test]
fn positions_follow_without_a_gap() {
    every_backend(|mut writer, reader| {
        let places = append(&mut writer, &[(1, &[("order-a", 0), ("stock-a", 0)]), (2, &[]), (3, &[("order-b", 0)])]);
        let expected = [(2, 2), (4, 0), (4, 1)];
        assert_eq!(places.iter().map(|place| (place.first.0, place.events)).collect::<Vec<_>>(), expected);
        assert_eq!(writer.next_position(), Position(5));
        let batches = reader.read(Position(START), 1 << 20).expect("reads");
        assert_eq!(positions(&batches[0]), [2, 3, 4]);
        let commits: Vec<_> = batches[0].commits().collect();
        assert_eq!(commits.iter().map(|commit| commit.command_id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((commits[0].tenant, commits[0].payload_hash, commits[0].meta), ("m1", 3, &b"1"[..]));
        assert_eq!(commits[0].recorded_at, 1_700_000_000_000_001);
    });
}

#[test]
fn reads_start_anywhere_and_in_any_size() {
    every_backend(|mut writer, reader| {
        let next = fill(&mut writer, 300);
        for (from, max_bytes) in [(1, 1), (1, 1 << 20), (77, 900), (450, 5000), (next.0 - 1, 1), (next.0, 1)] {
            let events = read_all(&reader, Position(from), max_bytes);
            assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), (from..next.0).collect::<Vec<_>>());
        }
        assert!(reader.read(next, 1 << 20).expect("reads").is_empty());
        assert!(reader.read(Position(u64::MAX), 1 << 20).expect("reads").is_empty());
    });
}

#[test]
fn streams_read_both_ways() {
    every_backend(|mut writer, reader| {
        fill(&mut writer, 200);
        let read = |stream, from, direction, limit| {
            let events = reader.read_stream(stream, Revision(from), direction, limit).expect("reads");
            for event in &events {
                assert_eq!(&*event.body, &*body_of(stream, event.revision.0));
                assert_eq!(&*event.tenant, "m1");
                assert_eq!(event.meta, event.command_id.to_string().into_bytes().into());
            }
            events.iter().map(|event| event.revision.0).collect::<Vec<_>>()
        };
        use Direction::{Backward, Forward};
        assert_eq!(read("order-a", 0, Forward, 500), (0..400).collect::<Vec<_>>());
        assert_eq!(read("order-a", 395, Forward, 500), (395..400).collect::<Vec<_>>());
        assert_eq!(read("stock-a", 17, Forward, 3), [17, 18, 19]);
        assert_eq!(read("stock-a", 17, Backward, 3), [17, 16, 15]);
        assert_eq!(read("stock-a", 1, Backward, 9), [1, 0]);
        assert_eq!(read("stock-a", u64::MAX, Backward, 2), [199, 198]);
        assert_eq!(read("stock-a", 200, Forward, 2), [0; 0]);
        assert_eq!(read("stock-a", 0, Forward, 0), [0; 0]);
        assert_eq!(read("stock-b", 0, Forward, 9), [0; 0]);
        assert_eq!(reader.stream_head("order-a").expect("reads"), Some(Revision(399)));
        assert_eq!(reader.stream_head("order-b").expect("reads"), None);
    });
}

/// The log leaves revisions to its caller; what the caller wrote is what is read.
#[test]
fn streams_with_gaps_read_as_written() {
    every_backend(|mut writer, reader| {
        append(&mut writer, &[(1, &[("raw", 5), ("raw", 9)]), (2, &[("raw", 12)])]);
        let read = |from, direction, limit| {
            let events = reader.read_stream("raw", Revision(from), direction, limit).expect("reads");
            events.iter().map(|event| event.revision.0).collect::<Vec<_>>()
        };
        assert_eq!(read(6, Direction::Forward, 9), [9, 12]);
        assert_eq!(read(11, Direction::Backward, 1), [9]);
        assert_eq!(reader.stream_head("raw").expect("reads"), Some(Revision(12)));
    });
}

#[test]
fn a_tail_brings_each_batch_once() {
    every_backend(|mut writer, reader| {
        fill(&mut writer, 50);
        append(&mut writer, &[(1, &[])]);
        append(&mut writer, &[(2, &[])]);
        let mut tail = reader.tail(Position(0));
        let mut numbers = Vec::new();
        while let Some(batch) = tail.next(NOW).expect("reads") {
            numbers.push(batch.batch_number());
        }
        assert_eq!(numbers, (0..54).collect::<Vec<_>>());
        // Batches without events do not move the position, and are delivered all the same.
        append(&mut writer, &[(3, &[])]);
        append(&mut writer, &[(4, &[("order-b", 0)])]);
        assert_eq!(tail.next(NOW).expect("reads").map(|batch| batch.batch_number()), Some(54));
        assert_eq!(tail.next(NOW).expect("reads").map(|batch| batch.batch_number()), Some(55));
        assert!(tail.next(NOW).expect("reads").is_none());
        // A tail may start in the middle of a batch, at empty ones, and ahead of the log.
        let first = |from| reader.tail(Position(from)).next(NOW).expect("reads").map(|batch| batch.batch_number());
        assert_eq!(first(6), Some(3));
        assert_eq!(first(152), Some(52));
        assert_eq!(first(153), None);
    });
}

#[test]
fn a_tail_ahead_of_the_log_waits_for_its_position() {
    every_backend(|mut writer, reader| {
        let mut tail = reader.tail(Position(4));
        append(&mut writer, &[(1, &[("order-a", 0)])]);
        append(&mut writer, &[(2, &[])]);
        assert!(tail.next(NOW).expect("reads").is_none());
        append(&mut writer, &[(3, &[("order-a", 1), ("order-a", 2)])]);
        assert_eq!(tail.next(NOW).expect("reads").map(|batch| batch.first()), Some(Position(3)));
    });
}

#[test]
fn commits_are_found_by_their_first_position() {
    every_backend(|mut writer, reader| {
        fill(&mut writer, 40);
        let at = writer.next_position();
        append(&mut writer, &[(1, &[]), (2, &[])]);
        append(&mut writer, &[(3, &[])]);
        append(&mut writer, &[(4, &[]), (5, &[("order-b", 0)]), (6, &[])]);
        fill_other(&mut writer, 60);
        let find = |first: Position, id, tenant: &str| {
            let found = reader.find_commit(first, id, tenant).expect("reads");
            found.map(|found| (found.commit().first, found.commit().command_id, found.commit().events))
        };
        for (id, events) in [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1)] {
            assert_eq!(find(at, id, "m1"), Some((at, id, events)));
        }
        let behind = Position(at.0 + 1);
        assert_eq!(find(behind, 6, "m1"), Some((behind, 6, 0)));
        assert_eq!(find(Position(START), 1000, "m1"), Some((Position(START), 1000, 2)));
        assert_eq!(find(at, 6, "m1"), None);
        assert_eq!(find(at, 1, "m2"), None);
        assert_eq!(find(Position(START + 1), 1000, "m1"), None);
        assert_eq!(find(Position(u64::MAX), 1, "m1"), None);
    });
}

#[test]
fn commits_are_found_by_their_command() {
    every_backend(|mut writer, reader| {
        fill(&mut writer, 60);
        let at = writer.next_position();
        // Two without events and one with share the position; an id of another tenant is another command.
        append(&mut writer, &[(1, &[]), (2, &[]), (3, &[("order-b", 0), ("order-b", 1)])]);
        fill_other(&mut writer, 90);
        let recorded = |id: u128| 1_700_000_000_000_000 + id as i64;
        let find = |tenant, id, not_before| {
            let found = reader.find_command(tenant, id, not_before).expect("reads");
            assert!(found.is_none() || reader.may_have_command(tenant, id, not_before), "a certain no was wrong");
            found
        };
        for id in [1, 2, 3] {
            assert_eq!(find("m1", id, i64::MIN), Some(at));
            assert_eq!(find("m1", id, recorded(id)), Some(at));
            assert_eq!(find("m1", id, recorded(id) + 1), None, "recorded before");
            assert_eq!(find("m2", id, i64::MIN), None);
        }
        for n in 0..60 {
            assert_eq!(find("m1", 1000 + n * 2, 0), Some(Position(START + n as u64 * 3)));
            assert_eq!(find("m1", 1001 + n * 2, 0), Some(Position(START + 2 + n as u64 * 3)));
        }
        let unknown = (0..1000).filter(|n| reader.may_have_command("m1", 70_000 + n, i64::MIN)).count();
        assert!(unknown < 100, "{unknown} of 1000 unknown commands look known");
        assert_eq!(find("m1", 70_000, i64::MIN), None);
    });
}

/// Whoever asks what may be there indexes nothing, and is told how far the index goes.
#[test]
fn a_command_is_known_as_soon_as_it_is_indexed() {
    every_backend(|mut writer, reader| {
        let mut looked_known = 0;
        for n in 0..200 {
            looked_known += u32::from(reader.may_have_stream(&format!("order-{n}"), i64::MIN));
            let place = append(&mut writer, &[(n, &[(&format!("order-{n}"), 0)])])[0];
            reader.want_index();
            while reader.indexed_batches() < reader.durable_batches() {
                std::thread::yield_now();
            }
            assert_eq!(reader.indexed(), reader.durable());
            assert!(reader.may_have_command("m1", n, i64::MIN));
            assert!(reader.may_have_stream(&format!("order-{n}"), i64::MIN));
            assert_eq!(reader.find_command("m1", n, i64::MIN).expect("reads"), Some(place.first));
        }
        assert!(looked_known < 40, "{looked_known} of 200 unknown streams look known");
    });
}

/// The index is the business of whoever is asked to bring it up to date: a question takes what there is.
#[test]
fn a_question_of_what_may_be_there_indexes_nothing() {
    let (mut writer, reader) = open_memory();
    for n in 0..100 {
        append(&mut writer, &[(n, &[("order-a", n as u64)])]);
        assert!(!reader.may_have_stream("order-a", i64::MIN) && !reader.may_have_command("m1", n, i64::MIN));
    }
    assert_eq!((reader.indexed(), reader.indexed_batches()), (Position(0), 0));
    reader.want_index();
    assert_eq!((reader.indexed(), reader.indexed_batches()), (reader.durable(), reader.durable_batches()));
    assert!(reader.may_have_stream("order-a", i64::MIN) && reader.may_have_command("m1", 99, i64::MIN));
}

#[test]
fn the_commit_around_a_position_is_whole() {
    every_backend(|mut writer, reader| {
        let next = fill(&mut writer, 100);
        append(&mut writer, &[(1, &[]), (2, &[("order-b", 0), ("order-b", 1)]), (3, &[])]);
        let holding = |position| {
            let found = reader.commit_holding(Position(position)).expect("reads");
            found.map(|found| (found.commit().command_id, found.commit().first.0, found.commit().events))
        };
        assert_eq!(holding(0), Some((0, 0, 1)));
        for n in 0..100 {
            let first = START + n * 3;
            assert_eq!(holding(first), Some((1000 + u128::from(n) * 2, first, 2)));
            assert_eq!(holding(first + 1), holding(first));
            assert_eq!(holding(first + 2), Some((1001 + u128::from(n) * 2, first + 2, 1)));
        }
        assert_eq!(holding(next.0), Some((2, next.0, 2)));
        assert_eq!(holding(next.0 + 1), Some((2, next.0, 2)));
        assert_eq!(holding(next.0 + 2), None);
        assert_eq!(holding(u64::MAX), None);
    });
}

fn fill_other(writer: &mut LogWriter, count: u64) {
    for n in 0..count {
        append(writer, &[(u128::from(n) + 5000, &[("other", n)])]);
    }
}

#[test]
fn batches_are_found_by_id() {
    every_backend(|mut writer, _| {
        let mut ids = Vec::new();
        let mut batch = Batch::new(writer.next_position());
        for n in 0..200 {
            commit(&mut batch, u128::from(n as u32), &[("order-a", n)]);
            ids.push((batch.id(), batch.first()));
            let appended = writer.append(&mut batch).expect("appends");
            assert_eq!(appended.range.number, START + n);
        }
        for (number, (id, first)) in (START..).zip(&ids) {
            let place = writer.find_batch(*id).expect("reads").expect("is there");
            assert_eq!(
                (place.number, place.first, place.next, place.commits),
                (number, *first, Position(first.0 + 1), 1)
            );
        }
        assert_eq!(writer.find_batch(Batch::new(Position(0)).id()).expect("reads"), None);
    });
}

#[test]
fn an_unfinished_commit_leaves_nothing() {
    every_backend(|mut writer, reader| {
        let mut batch = Batch::new(writer.next_position());
        commit(&mut batch, 1, &[("order-a", 0)]);
        let before = batch.len_bytes();
        let header = CommitHeader { tenant: "m1", command_id: 2, payload_hash: 0, recorded_at: 0, meta: b"" };
        let mut refused = batch.commit(&header);
        assert_eq!(refused.event("order-b", Revision(0), |body| body.push(1)), Position(START + 1));
        drop(refused);
        assert_eq!((batch.len_bytes(), batch.events(), batch.commits()), (before, 1, 1));
        commit(&mut batch, 3, &[("order-a", 1)]);
        writer.append(&mut batch).expect("appends");
        assert!(batch.is_empty() && batch.first() == Position(START + 2) && batch.first() == writer.next_position());
        let revisions = reader.read_stream("order-a", Revision(0), Direction::Forward, 9).expect("reads").len();
        assert_eq!(revisions, 2);
        assert_eq!(reader.stream_head("order-b").expect("reads"), None);
    });
}

/// A reader that runs beside the writer sees whole batches in order, and waiting for news wakes it.
#[test]
fn readers_follow_while_the_writer_writes() {
    every_backend(|mut writer, reader| {
        std::thread::scope(|scope| {
            let follower = scope.spawn({
                let reader = reader.clone();
                move || {
                    let (mut tail, mut next) = (reader.tail(Position(START)), START);
                    while next < START + 900 {
                        let batch = tail.next(PATIENCE).expect("reads").expect("more comes");
                        assert!(batch.next_position() <= reader.durable());
                        let seen = positions(&batch);
                        assert_eq!(seen, (next..batch.next_position().0).collect::<Vec<_>>());
                        next = batch.next_position().0;
                    }
                }
            });
            let waiter = scope.spawn({
                let reader = reader.clone();
                move || {
                    let mut head = Position(START);
                    while head < Position(START + 900) {
                        let now = reader.wait_beyond(head, PATIENCE);
                        assert!(head < now);
                        // What the head says is there can be read at once, also by stream.
                        let newest = reader.stream_head("order-a").expect("reads").expect("is there");
                        assert!((now.0 - START) / 3 * 2 - 1 <= newest.0);
                        head = now;
                    }
                }
            });
            fill(&mut writer, 300);
            follower.join().expect("follows");
            waiter.join().expect("waits");
        });
        assert_eq!(*reader.watch().borrow(), Position(START + 900));
    });
}

#[test]
fn a_batch_longer_than_a_segment_gets_its_own() {
    every_backend(|mut writer, reader| {
        fill(&mut writer, 5);
        let mut batch = Batch::new(writer.next_position());
        let header = CommitHeader { tenant: "m1", command_id: 1, payload_hash: 0, recorded_at: 0, meta: b"" };
        let mut commit = batch.commit(&header);
        commit.event("big", Revision(0), |body| body.extend_from_slice(&[7; 100_000]));
        commit.finish();
        writer.append(&mut batch).expect("appends");
        fill_other(&mut writer, 100);
        let events = reader.read_stream("big", Revision(0), Direction::Forward, 1).expect("reads");
        assert!(*events[0].body == [7; 100_000]);
        assert_eq!(reader.stream_head("other").expect("reads"), Some(Revision(99)));
    });
}

#[test]
#[should_panic(expected = "a batch starts where the log ends")]
fn a_batch_at_a_wrong_position_is_a_bug() {
    let (mut writer, _) = open_memory();
    let mut batch = Batch::new(Position(7));
    commit(&mut batch, 1, &[("order-a", 0)]);
    let _ = writer.append(&mut batch);
}

#[test]
fn a_second_opening_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let (writer, reader) = open(dir.path());
    let refused = open_embedded(dir.path(), SMALL).expect_err("the directory is taken");
    assert!(matches!(&refused, OpenError::Locked { dir: taken } if taken == dir.path()), "{refused:?}");
    assert!(refused.to_string().contains("in use by another process"), "{refused}");
    drop(writer);
    // A reader that is still about does not keep the log locked.
    let (writer, _, recovered) = open_embedded(dir.path(), SMALL).expect("opens");
    assert_eq!((recovered.next, recovered.created), (Position(1), false));
    drop((writer, reader));
}

#[test]
fn what_was_appended_is_there_after_reopening() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("made/on/demand");
    let mut expected = Position(1);
    for round in 0..6 {
        let (mut writer, reader, recovered) = open_embedded(&log, SMALL).expect("opens");
        assert_eq!((recovered.next, recovered.events, recovered.truncated_bytes), (expected, expected.0, 0));
        assert_eq!((recovered.created, recovered.clean), (round == 0, round % 2 == 0), "round {round}");
        assert_eq!(writer.next_position(), expected);
        let events = read_all(&reader, Position(1), 3000);
        assert_eq!(events.len() as u64, expected.0 - 1);
        for n in 0..100 {
            append(&mut writer, &[(round, &[("order-a", round as u64 * 100 + n), ("stock-a", n)])]);
        }
        expected = writer.next_position();
        assert_eq!(reader.stream_head("order-a").expect("reads"), Some(Revision(round as u64 * 100 + 99)));
        // Every second time the process is killed rather than stopped.
        match round % 2 {
            0 => drop(writer),
            _ => writer.close().expect("closes"),
        }
    }
}

#[test]
fn files_that_are_no_log_are_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("00000000.seg"), b"somebody else's holiday pictures".repeat(300)).expect("writes");
    let refused = open_embedded(dir.path(), SMALL).expect_err("not ours");
    assert!(matches!(refused, OpenError::NotALog { .. }), "{refused:?}");
}
