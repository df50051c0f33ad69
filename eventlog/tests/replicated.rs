//! A log on other machines, by a simulated remote: whatever happens between an engine and the remote, what was acknowledged stands
//! where it was acknowledged, once, and nothing of an earlier owner behind the record of a later one.

mod common;

use common::programme::{Counts, Sizes, run};
use common::replicated::{history, open};
use eventlog::sim::SimDisk;
use eventlog::{AppendError, Batch, CommitHeader, LogWriter, OpenError, Owner, Position, Revision, SimRemote, Trouble};
use std::sync::atomic::Ordering;

/// Histories of 80 steps of three engines.
const SIZES: Sizes = Sizes { small: 200, change: 3_000, gate: 20_000 };

#[test]
fn what_was_acknowledged_stands_and_no_owner_writes_behind_a_newer_one() {
    let counts = run(10, "random histories on a simulated remote", SIZES, history);
    let seen = [
        "takeovers",
        "fenced",
        "kills",
        "power losses",
        "outcomes unknown",
        "stored late",
        "answers lost",
        "requests without a leader",
        "conflicts",
        "reads behind",
        "batches acknowledged",
        "batches refused for good",
    ];
    let is_enough = |what: &&str| counts.of("takeovers") < 500 || 20 < counts.of(what);
    assert!(seen.iter().all(is_enough), "histories that see too little: {counts:?}");
}

fn batch(writer: &LogWriter, revision: u64) -> Batch {
    let mut batch = Batch::new(writer.next_position());
    let header = CommitHeader { tenant: "m1", command_id: 1, payload_hash: 0, recorded_at: 0, meta: b"" };
    let mut commit = batch.commit(&header);
    commit.event("order", Revision(revision), |body| body.push(1));
    commit.finish();
    batch
}

fn owned(remote: &SimRemote, disk: &SimDisk) -> LogWriter {
    open(remote, disk).expect("opens").take_over(&Owner::alone()).expect("the remote answers")
}

#[test]
fn a_follower_sees_what_the_owner_was_promised_in_order() {
    let remote = SimRemote::new(3, 1 << 20);
    let mut owner = owned(&remote, &SimDisk::new(1));
    let mut follower = open(&remote, &SimDisk::new(2)).expect("opens");
    for revision in 0..50 {
        owner.append(&mut batch(&owner, revision)).expect("appends");
        while follower.follow().expect("follows").is_some() {}
        assert_eq!(follower.reader().durable(), owner.next_position());
        assert_eq!(follower.reader().stream_head("order").expect("reads"), Some(Revision(revision)));
    }
}

#[test]
fn a_fenced_writer_writes_nothing_and_follows() {
    let remote = SimRemote::new(3, 1 << 20);
    let mut first = owned(&remote, &SimDisk::new(1));
    first.append(&mut batch(&first, 0)).expect("appends");
    let mut second = owned(&remote, &SimDisk::new(2));
    let (mut lost, before) = (batch(&first, 1), first.next_position());
    for _ in 0..2 {
        assert!(matches!(first.append(&mut lost), Err(AppendError::Fenced)));
    }
    assert_eq!((lost.commits(), first.next_position()), (1, before), "it is unchanged");
    second.append(&mut batch(&second, 1)).expect("appends");
    let mut follower = first.step_down();
    while follower.follow().expect("follows").is_some() {}
    assert_eq!(follower.reader().durable(), second.next_position());
    assert_eq!(second.find_batch(lost.id()).expect("reads"), None);
}

#[test]
fn a_remote_that_lost_what_it_acknowledged_is_not_followed() {
    let (remote, disk) = (SimRemote::new(3, 1 << 20), SimDisk::new(1));
    let mut writer = owned(&remote, &disk);
    for revision in 0..9 {
        writer.append(&mut batch(&writer, revision)).expect("appends");
    }
    let (lost, head) = (Position(writer.next_position().0 - 3), writer.next_position());
    writer.close().expect("closes");
    remote.forget(3);
    let lost_it = |disk: &SimDisk| match open(&remote, disk) {
        Err(OpenError::RemoteLost { from, to }) => (from, to),
        other => panic!("what is lost is told: {other:?}"),
    };
    assert_eq!(lost_it(&disk), (lost, head));
    // Nothing was changed, and what others wrote there since makes it no better.
    let mut other = owned(&remote, &SimDisk::new(2));
    for revision in 6..12 {
        other.append(&mut batch(&other, revision)).expect("appends");
    }
    assert_eq!(lost_it(&disk), (lost, head));
}

#[test]
fn an_append_says_that_the_remote_lost_what_it_acknowledged() {
    let (remote, disk) = (SimRemote::new(3, 1 << 20), SimDisk::new(1));
    let mut writer = owned(&remote, &disk);
    for revision in 0..9 {
        writer.append(&mut batch(&writer, revision)).expect("appends");
    }
    let before = remote.batches().len() - 1;
    remote.forget(1);
    let mut behind = batch(&writer, 9);
    let error = writer.append(&mut behind).expect_err("what it stands behind is gone");
    assert!(matches!(&error, AppendError::Unknown { source, .. } if source.to_string().contains("lost")), "{error:?}");
    assert_eq!(remote.batches().len(), before, "nothing is put where something else was acknowledged");
    assert!(matches!(writer.append(&mut behind), Err(AppendError::Unknown { .. })), "this writer says nothing more");
}

#[test]
fn a_batch_that_takes_one_more_commit_is_still_one_message() {
    const MESSAGE_MAX: usize = 64 << 10;
    let mut writer = owned(&SimRemote::new(3, MESSAGE_MAX), &SimDisk::new(1));
    let limits = writer.limits();
    let header = CommitHeader { tenant: "m1", command_id: 1, payload_hash: 0, recorded_at: 0, meta: b"" };
    let mut full = Batch::new(writer.next_position());
    // Until the batch lacks one byte of being full, and then once more as long as a commit may be.
    let mut add = |left: fn(&Batch, &eventlog::Limits, usize) -> usize| {
        let mut probe = full.commit(&header);
        probe.event("big", Revision(0), |_| {});
        let empty = probe.len_bytes();
        drop(probe);
        let len = left(&full, &limits, empty);
        let mut commit = full.commit(&header);
        commit.event("big", Revision(0), |body| body.resize(body.len() + len, 7));
        commit.finish();
    };
    add(|batch, limits, empty| limits.batch_bytes - 1 - batch.len_bytes() - empty);
    add(|_, limits, empty| limits.commit_bytes - empty);
    assert!(full.is_full(&limits) && full.len_bytes() <= MESSAGE_MAX, "{} bytes", full.len_bytes());
    writer.append(&mut full).expect("appends");
}

#[test]
fn a_copy_of_another_log_is_refused() {
    let (one, other, disk) = (SimRemote::new(3, 1 << 20), SimRemote::new(4, 1 << 20), SimDisk::new(1));
    owned(&one, &disk).close().expect("closes");
    assert!(matches!(open(&other, &disk), Err(OpenError::OtherLog { .. })));
    owned(&one, &disk).close().expect("closes");
}

#[test]
fn an_append_that_is_told_to_stop_says_what_it_knows() {
    let (remote, disk) = (SimRemote::new(3, 1 << 20), SimDisk::new(1));
    let mut writer = owned(&remote, &disk);
    let stop = writer.stop().expect("it can be told to stop");
    stop.store(true, Ordering::Relaxed);
    // Nobody leads: nothing was written by any try, and the same batch may be sent again.
    remote.trouble(Trouble { leaderless: 1, ..Trouble::default() });
    let mut waiting = batch(&writer, 0);
    assert!(matches!(writer.append(&mut waiting), Err(AppendError::Unavailable { .. })));
    remote.trouble(Trouble::default());
    stop.store(false, Ordering::Relaxed);
    writer.append(&mut waiting).expect("appends");
    stop.store(true, Ordering::Relaxed);
    // The answer got lost: nobody knows, and this writer says nothing any more.
    remote.trouble(Trouble { answers_lost: 1, ..Trouble::default() });
    let mut unknown = batch(&writer, 1);
    let id = unknown.id();
    assert!(matches!(writer.append(&mut unknown), Err(AppendError::Unknown { .. })));
    assert!(matches!(writer.append(&mut unknown), Err(AppendError::Unknown { .. })));
    assert!(writer.find_batch(id).is_err());
    drop(writer);
    remote.trouble(Trouble::default());
    assert!(owned(&remote, &disk).find_batch(id).expect("reads").is_some(), "it was stored");
}

#[test]
fn a_full_disk_is_told_before_the_remote_is_asked() {
    let (remote, disk) = (SimRemote::new(3, 1 << 20), SimDisk::new(1));
    let mut writer = owned(&remote, &disk);
    let before = remote.batches().len();
    disk.set_capacity(0);
    let mut sent = 0;
    let full = loop {
        match writer.append(&mut batch(&writer, sent)) {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, AppendError::StorageFull { .. }), "{full}");
    assert_eq!(remote.batches().len() as u64, before as u64 + sent, "what has no room here is not sent");
    disk.set_capacity(u64::MAX);
    writer.append(&mut batch(&writer, sent)).expect("there is space again");
}

#[test]
fn a_history_replays_from_its_seed() {
    for seed in 0..20 {
        let [once, again] = [0, 1].map(|_| {
            let mut counts = Counts::default();
            history(seed, &mut counts);
            counts
        });
        assert_eq!(once, again, "seed {seed}");
    }
}
