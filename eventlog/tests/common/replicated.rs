//! Random histories of engines that share a remote which loses, delays and forgets: each takes over when it likes, tells nobody,
//! is killed, loses its power, and is told to stop in the middle.

use super::OPTIONS;
use super::programme::Counts;
use eventlog::sim::{Random, SimDisk};
use eventlog::{
    AppendError, Batch, BatchId, CommitHeader, Direction, FollowError, Follower, LogWriter, NotTakenOver, OpenError,
    Owner, Position, Revision, SimRemote, TakeOverError, Trouble, open_simulated,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const ENGINES: u64 = 3;
const STEPS: u64 = 80;

enum Engine {
    Down,
    Follows(Follower),
    /// The epoch it took office in.
    Owns(LogWriter, u64),
}

/// What was promised, and what nobody may ever find.
#[derive(Default)]
struct Model {
    acknowledged: Vec<(u64, BatchId)>,
    unwritten: BTreeSet<BatchId>,
    /// In which epoch each batch was sent.
    sent: BTreeMap<BatchId, u64>,
    commands: u128,
}

pub fn dir() -> &'static Path {
    Path::new("/mirror")
}

fn owner(engine: u64) -> Owner {
    Owner { engine: format!("e{engine}"), address: String::new(), at: 0 }
}

pub fn open(remote: &SimRemote, disk: &SimDisk) -> Result<Follower, OpenError> {
    open_simulated(remote, Arc::new(disk.clone()), dir(), OPTIONS).map(|(follower, _)| follower)
}

/// A remote that forgot what it had acknowledged is found out.
pub fn lost_end() {
    let (remote, disk) = (SimRemote::new(1, 1 << 20), SimDisk::new(1));
    open(&remote, &disk).expect("opens").take_over(&owner(0)).expect("it answers").close().expect("closes");
    remote.forget(1);
    assert!(
        matches!(open(&remote, &disk), Err(OpenError::RemoteLost { .. })),
        "the remote lost its end, and nobody says so"
    );
}

/// One history; see the module.
pub fn history(seed: u64, counts: &mut Counts) {
    let mut random = Random::new(seed);
    let remote = SimRemote::new(seed ^ 0xfeed, 1 << 20);
    let disks: Vec<SimDisk> = (0..ENGINES).map(|engine| SimDisk::new(seed * ENGINES + engine)).collect();
    let mut engines: Vec<Engine> = (0..ENGINES).map(|_| Engine::Down).collect();
    let mut model = Model::default();
    // Never, or once in some.
    let mut one_in = |times: u64| Some(random.below(times)).filter(|often| 1 < *often).unwrap_or_default();
    remote.trouble(Trouble {
        requests_lost: one_in(12),
        requests_late: one_in(12),
        answers_lost: one_in(12),
        leaderless: one_in(24),
        reads_behind: one_in(6),
    });
    for _ in 0..STEPS {
        let index = random.below(ENGINES);
        let engine = std::mem::replace(&mut engines[index as usize], Engine::Down);
        engines[index as usize] = step(engine, index, &remote, &disks[index as usize], &mut model, &mut random, counts);
    }
    drop(engines);
    remote.trouble(Trouble::default());
    check(&remote, &disks, &model);
    let happened = remote.counts();
    for (what, count) in [
        ("batches stored", happened.stored),
        ("requests lost", happened.lost),
        ("requests late", happened.late),
        ("stored late", happened.late_stored),
        ("answers lost", happened.answers_lost),
        ("requests without a leader", happened.not_sent),
        ("conflicts", happened.conflicts),
        ("reads behind", happened.behind),
        ("batches acknowledged", model.acknowledged.len() as u64),
        ("batches refused for good", model.unwritten.len() as u64),
    ] {
        counts.add(what, count);
    }
}

fn step(
    engine: Engine,
    index: u64,
    remote: &SimRemote,
    disk: &SimDisk,
    model: &mut Model,
    random: &mut Random,
    counts: &mut Counts,
) -> Engine {
    match engine {
        Engine::Down => match open(remote, disk) {
            Ok(follower) => Engine::Follows(follower),
            Err(OpenError::Remote { .. }) => Engine::Down,
            Err(error) => panic!("a copy that nobody damaged opens: {error}"),
        },
        Engine::Follows(mut follower) if random.one_in(2) => {
            for _ in 0..random.below(8) {
                // Away, or nothing to be seen, is no reason to stop.
                let _ = follower.follow();
            }
            Engine::Follows(follower)
        }
        Engine::Follows(follower) => {
            let reader = follower.reader();
            match follower.take_over(&owner(index)) {
                Ok(writer) => {
                    counts.add("takeovers", 1);
                    let record = reader.read_stream("$owner", Revision(u64::MAX), Direction::Backward, 1);
                    let record = record.expect("it reads").pop().expect("a record says who owns it");
                    assert_eq!(record.position.0 + 1, writer.next_position().0, "it is the barrier");
                    Engine::Owns(writer, record.revision.0 + 1)
                }
                Err(NotTakenOver { why: TakeOverError::Append(AppendError::Unknown { .. }), .. }) => Engine::Down,
                Err(NotTakenOver { follower, why: TakeOverError::Follow(FollowError::Away { .. }) }) => {
                    Engine::Follows(follower)
                }
                Err(error) => panic!("it is taken over or the remote is away: {error:?}"),
            }
        }
        Engine::Owns(writer, _) if random.one_in(8) => match random.below(3) {
            0 => Engine::Follows(writer.step_down()),
            1 => {
                counts.add("kills", 1);
                drop(writer);
                disk.kill();
                Engine::Down
            }
            _ => {
                counts.add("power losses", 1);
                drop(writer);
                disk.crash();
                Engine::Down
            }
        },
        Engine::Owns(writer, epoch) => send(writer, epoch, model, random, counts),
    }
}

fn send(mut writer: LogWriter, epoch: u64, model: &mut Model, random: &mut Random, counts: &mut Counts) -> Engine {
    let mut batch = Batch::new(writer.next_position());
    for _ in 0..=random.below(3) {
        model.commands += 1;
        let header = CommitHeader {
            tenant: "m1",
            command_id: model.commands,
            payload_hash: 0,
            recorded_at: model.commands as i64,
            meta: b"",
        };
        let mut commit = batch.commit(&header);
        commit.event("order", Revision(model.commands as u64), |body| {
            body.resize(body.len() + random.below(3_000) as usize, 7);
        });
        commit.finish();
    }
    let id = batch.id();
    model.sent.insert(id, epoch);
    let stop = writer.stop().expect("a replicated log can be told to stop");
    stop.store(random.one_in(12), Ordering::Relaxed);
    let appended = writer.append(&mut batch);
    stop.store(false, Ordering::Relaxed);
    match appended {
        Ok(appended) => {
            model.acknowledged.push((appended.range.number, id));
            Engine::Owns(writer, epoch)
        }
        Err(AppendError::Fenced) => {
            counts.add("fenced", 1);
            model.unwritten.insert(id);
            Engine::Follows(writer.step_down())
        }
        Err(AppendError::Unavailable { .. } | AppendError::StorageFull { .. }) => {
            model.unwritten.insert(id);
            Engine::Owns(writer, epoch)
        }
        Err(AppendError::Unknown { .. }) => {
            counts.add("outcomes unknown", 1);
            Engine::Down
        }
    }
}

fn check(remote: &SimRemote, disks: &[SimDisk], model: &Model) {
    // A last owner: what is still on its way comes before its record, or never.
    let last = open(remote, &SimDisk::new(1)).expect("a new copy");
    let last = last.take_over(&owner(9)).expect("the remote answers");
    let batches = remote.batches();
    for (number, id) in &model.acknowledged {
        assert_eq!(batches[*number as usize].0, *id, "batch {number} was acknowledged");
    }
    let ids: BTreeSet<BatchId> = batches.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), batches.len(), "a batch is there twice");
    let mut epoch = 0;
    for (number, (id, is_owner)) in batches.iter().enumerate() {
        epoch += u64::from(*is_owner);
        assert!(!model.unwritten.contains(id), "batch {number} was said not to be written");
        if let Some(sent) = model.sent.get(id) {
            assert_eq!(*sent, epoch, "batch {number} stands behind the record of a newer owner");
        } else {
            assert!(*is_owner || number == 0, "batch {number} is nobody's");
        }
    }
    for disk in disks {
        let mut follower = open(remote, disk).expect("a copy opens");
        while follower.follow().expect("it follows").is_some() {}
        let mut tail = follower.reader().tail(Position(0));
        let mut copied = vec![];
        while let Some(batch) = tail.next(Duration::ZERO).expect("it reads") {
            copied.push(batch.id());
        }
        let expected: Vec<BatchId> = batches.iter().map(|(id, _)| *id).collect();
        assert_eq!(copied, expected, "a copy is what the remote has");
    }
    drop(last);
}
