//! A copy of a log, while it is being written too.

mod common;

use common::shop::shop;
use common::{dir, segments};
use eventlog::sim::SimDisk;
use eventlog::{
    Batch, CommitHeader, OpenError, Options, Position, Revision, copy_embedded, copy_on, open_embedded, open_on,
    verify_embedded, verify_on,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn copied() -> &'static Path {
    Path::new("/copy")
}

fn copy(disk: &SimDisk) -> Result<eventlog::Copied, OpenError> {
    copy_on(Arc::new(disk.clone()), dir(), copied())
}

#[test]
fn a_copy_holds_the_same_batches_at_the_same_positions() {
    let disk = shop(3, 80, false);
    let made = copy(&disk).expect("copies");
    let verified = verify_on(Arc::new(disk.clone()), copied(), |problem| panic!("{problem}")).expect("is checked");
    let original = verify_on(Arc::new(disk.clone()), dir(), |problem| panic!("{problem}")).expect("is checked");
    assert_eq!(
        (verified.batches, verified.events, verified.bytes),
        (original.batches, original.events, original.bytes)
    );
    assert_eq!(
        (u64::from(made.segments), made.batches, made.next),
        (verified.segments, verified.batches, Position(verified.events))
    );
    let read = |place: &Path| {
        let (_, reader, _) = open_on(Arc::new(disk.clone()), place, common::OPTIONS).expect("opens");
        let mut tail = reader.tail(Position(0));
        let mut all = vec![];
        while let Some(batch) = tail.next(Duration::ZERO).expect("reads") {
            let commits: Vec<_> =
                batch.commits().map(|commit| (commit.command_id, commit.first, commit.events)).collect();
            all.push((batch.id(), batch.first(), commits));
        }
        all
    };
    assert_eq!(read(copied()), read(dir()));
    assert!(matches!(copy(&disk), Err(OpenError::Occupied { .. })), "a log is never copied over another one");
}

#[test]
fn a_log_that_lacks_something_is_not_copied() {
    let whole = shop(3, 80, false);
    let count = segments(&whole).len();
    for (index, path) in segments(&whole).into_iter().enumerate() {
        if index + 1 == count {
            break;
        }
        let disk = shop(3, 80, false);
        eventlog::disk::Disk::remove(&disk, &path).expect("goes");
        let refused = copy(&disk);
        assert!(matches!(refused, Err(OpenError::Corrupt(_) | OpenError::Io { .. })), "{index}: {refused:?}");
        let disk = shop(3, 80, false);
        let mut bytes = disk.contents(&path);
        bytes[4096 + 120] ^= 1;
        disk.put(&path, bytes);
        let refused = copy(&disk);
        assert!(matches!(refused, Err(OpenError::Corrupt(_))), "{index}: {refused:?}");
    }
}

/// Copies are made one after the other while batches are appended and segments sealed as fast as they go: each holds every
/// batch that was acknowledged before it began, and opens.
#[test]
fn a_log_is_copied_while_it_is_written() {
    let place = tempfile::tempdir().expect("a directory");
    let options = Options { segment_bytes: 64 << 10, ..Options::STANDARD };
    let from = place.path().join("log");
    let (mut writer, _, _) = open_embedded(&from, options).expect("opens");
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(1)));
    let (stopped, known) = (Arc::clone(&stop), Arc::clone(&acknowledged));
    let appending = std::thread::spawn(move || {
        let mut revision = 0;
        while !stopped.load(Ordering::Relaxed) {
            let mut batch = Batch::new(writer.next_position());
            let header =
                CommitHeader { tenant: "t1", command_id: revision.into(), payload_hash: 1, recorded_at: 9, meta: b"" };
            let mut commit = batch.commit(&header);
            commit.event("order-t1.s1.o1", Revision(revision), |body| body.resize(500 + revision as usize % 3_000, 7));
            commit.finish();
            writer.append(&mut batch).expect("appends");
            known.store(writer.next_position().0, Ordering::Release);
            revision += 1;
        }
    });
    let mut segments = 0;
    for copy in 0..30 {
        let before = acknowledged.load(Ordering::Acquire);
        let to = place.path().join(copy.to_string());
        let made = copy_embedded(&from, &to).expect("copies");
        assert!(before <= made.next.0, "{before} were acknowledged and {} copied", made.next);
        let verified = verify_embedded(&to, |problem| panic!("copy {copy}: {problem}")).expect("is checked");
        assert_eq!((verified.events, verified.unfinished_bytes), (made.next.0, 0));
        let (_, reader, _) = open_embedded(&to, options).expect("the copy opens");
        assert_eq!(reader.durable(), made.next);
        segments = made.segments;
        std::fs::remove_dir_all(&to).expect("goes");
    }
    stop.store(true, Ordering::Relaxed);
    appending.join().expect("appends");
    assert!(1 < segments, "segments were sealed meanwhile");
}
