//! The index beside a sealed segment is derived data: whatever happens to it, the log answers the same, and makes it again.

mod common;

use common::programme::{Extent, extent};
use common::shop::{Shop, shop, sidecars};
use common::{Model, OPTIONS, dir, open, read_all, segments};
use eventlog::disk::Disk;
use eventlog::sim::{Fault, Random, SimDisk};
use eventlog::{
    AppendError, Background, Batch, CommitHeader, Direction, LogReader, OpenError, OwnedEvent, Position, Revision,
    StoredBatch, open_on,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How many times to do something: `usual` of them, more on every change, many more at the gate.
fn rounds(usual: u64) -> u64 {
    match extent() {
        Extent::Small => usual,
        Extent::Change => usual * 10,
        Extent::Gate => usual * 100,
    }
}

/// What a log must answer, found by going through it from the beginning.
#[derive(Default)]
struct Naive {
    streams: BTreeMap<String, Vec<(u64, Position, Vec<u8>)>>,
    /// Recorded at and first position of the newest commit of each command.
    commands: HashMap<(String, u128), (i64, Position)>,
    /// The command of the commit that holds each position.
    commits: Vec<u128>,
}

impl Naive {
    fn of(reader: &LogReader) -> Naive {
        let mut naive = Naive::default();
        for batch in read_all(reader).expect("reads") {
            for commit in batch.commits() {
                let key = (commit.tenant.to_owned(), commit.command_id);
                naive.commands.insert(key, (commit.recorded_at, commit.first));
                for event in commit.events() {
                    let stream = naive.streams.entry(event.stream.to_owned()).or_default();
                    stream.push((event.revision.0, event.position, event.body.to_vec()));
                    naive.commits.push(commit.command_id);
                }
            }
        }
        naive
    }

    /// All streams as a whole; then, at random, parts of streams, commands and commits.
    #[track_caller]
    fn check(&self, reader: &LogReader, random: &mut Random, questions: u64) {
        use Direction::{Backward, Forward};
        for stream in self.streams.keys() {
            self.check_stream(reader, stream, 0, Forward, usize::MAX);
        }
        let names: Vec<&String> = self.streams.keys().collect();
        for _ in 0..questions {
            let stream = names[random.below(names.len() as u64) as usize];
            let newest = self.streams[stream].last().map_or(0, |event| event.0);
            let from = random.below(newest + 3);
            let direction = if random.one_in(2) { Forward } else { Backward };
            self.check_stream(reader, stream, from, direction, random.below(7) as usize);
            self.check_stream(reader, stream, u64::MAX, Backward, 1);
            let position = random.below(self.commits.len() as u64 + 2);
            let found = reader.commit_holding(Position(position)).expect("reads");
            let expected = self.commits.get(position as usize).copied();
            assert_eq!(found.map(|found| found.commit().command_id), expected, "position {position}");
        }
        reader.want_index();
        while reader.indexed_batches() < reader.durable_batches() {
            std::thread::yield_now();
        }
        for ((tenant, id), (recorded_at, first)) in &self.commands {
            for not_before in [i64::MIN, *recorded_at] {
                assert!(reader.may_have_command(tenant, *id, not_before), "a certain no was wrong");
                assert_eq!(reader.find_command(tenant, *id, not_before).expect("reads"), Some(*first));
            }
            assert_eq!(reader.find_command(tenant, *id, recorded_at + 1).expect("reads"), None);
            assert_eq!(reader.find_command("t2", *id, i64::MIN).expect("reads"), None);
        }
        assert!(self.streams.keys().all(|stream| reader.may_have_stream(stream, i64::MIN)), "a certain no was wrong");
        for n in 0..20 {
            let (stream, id) = (format!("never-{n}"), u128::MAX - n);
            assert_eq!(reader.read_stream(&stream, Revision(0), Forward, 9).expect("reads"), []);
            assert_eq!(reader.find_command("t1", id, i64::MIN).expect("reads"), None);
        }
    }

    #[track_caller]
    fn check_stream(&self, reader: &LogReader, stream: &str, from: u64, direction: Direction, limit: usize) {
        let all = &self.streams[stream];
        let expected: Vec<_> = match direction {
            Direction::Forward => all.iter().filter(|event| from <= event.0).take(limit).collect(),
            Direction::Backward => all.iter().rev().filter(|event| event.0 <= from).take(limit).collect(),
        };
        let read = reader.read_stream(stream, Revision(from), direction, limit).expect("reads");
        let same = |(read, expected): (&OwnedEvent, &&(u64, Position, Vec<u8>))| {
            (read.revision.0, read.position, &*read.body) == (expected.0, expected.1, &*expected.2)
        };
        assert!(
            read.len() == expected.len() && read.iter().zip(&expected).all(same),
            "{stream} from {from}, {direction:?}, at most {limit}: {:?}, not {:?}",
            read.iter().map(|event| event.revision.0).collect::<Vec<_>>(),
            expected.iter().map(|event| event.0).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn answers_are_those_of_a_naive_index() {
    for seed in 0..rounds(12) {
        let (disk, mut shop, mut random) = (SimDisk::new(seed), Shop::new(), Random::new(seed));
        for round in 0..3 {
            let (mut writer, reader, recovered) = open(&disk).expect("opens");
            assert_eq!(recovered.indexed, 0, "every sealed segment has its sidecar");
            Naive::of(&reader).check(&reader, &mut random, 50);
            for _ in 0..60 {
                shop.append(&mut writer, &mut random).expect("appends");
            }
            Naive::of(&reader).check(&reader, &mut random, 200);
            assert_eq!(sidecars(&disk).len() + 1, segments(&disk).len(), "only the last one is not sealed");
            match round {
                0 => writer.close().expect("closes"),
                _ => drop(writer),
            }
            disk.kill();
        }
        assert!(5 < segments(&disk).len());
    }
}

#[test]
fn missing_and_foreign_sidecars_are_made_again() {
    let (disk, other) = (shop(1, 150, true), shop(2, 150, true));
    let paths = sidecars(&disk);
    assert!(3 < paths.len());
    let contents: Vec<Vec<u8>> = paths.iter().map(|path| disk.contents(path)).collect();
    for (nth, path) in paths.iter().enumerate() {
        let foreign =
            [other.contents(&sidecars(&other)[0]), contents[(nth + 1) % contents.len()].clone(), vec![0; 512], vec![]];
        for replacement in foreign.into_iter().map(Some).chain([None]) {
            let disk = disk.copy(3);
            match replacement {
                Some(bytes) => disk.put(path, bytes),
                None => disk.remove(path).expect("removes"),
            }
            let (writer, reader, recovered) = open(&disk).expect("opens");
            assert_eq!(recovered.indexed, 1);
            Naive::of(&reader).check(&reader, &mut Random::new(4), 20);
            drop(writer);
            assert!(disk.contents(path) == contents[nth], "the same segment has the same sidecar");
        }
    }
    let bare = disk.copy(5);
    for path in &paths {
        bare.remove(path).expect("removes");
    }
    let (writer, reader, recovered) = open(&bare).expect("opens");
    assert_eq!(recovered.indexed as usize, paths.len());
    Naive::of(&reader).check(&reader, &mut Random::new(4), 20);
    drop(writer);
    bare.kill();
    assert_eq!(open(&bare).expect("opens").2.indexed, 0);
}

/// Each bit, while the log is closed and while it is open.
#[test]
fn every_flipped_bit_of_a_sidecar_is_seen_or_does_not_matter() {
    let disk = shop(6, 40, true);
    let path = sidecars(&disk)[0].clone();
    let contents = disk.contents(&path);
    let naive = {
        let copy = disk.copy(1);
        let (_writer, reader, _) = open(&copy).expect("opens");
        Naive::of(&reader)
    };
    let step = if rounds(1) == 1 { 11 } else { 1 };
    let mut made_again = 0;
    for bit in (0..contents.len() * 8).step_by(step) {
        // Runs of zeros are padding, mostly: every so often is enough.
        if contents[bit / 8] == 0 && bit % (step * 37) != 0 {
            continue;
        }
        let mut damaged = contents.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let copy = disk.copy(bit as u64);
        copy.put(&path, damaged);
        let (_writer, reader, recovered) = open(&copy).unwrap_or_else(|error| panic!("bit {bit}: {error}"));
        made_again += recovered.indexed;
        naive.check(&reader, &mut Random::new(bit as u64), 3);
    }
    assert!(10 < made_again, "the front of the file is checked when the log is opened");
    // Under an open log, all of it at once.
    let (_writer, reader, _) = open(&disk).expect("opens");
    for fill in [0xff, 0x00, 0x5a] {
        disk.put(&path, vec![fill; contents.len()]);
        naive.check(&reader, &mut Random::new(1), 20);
    }
    disk.remove(&path).expect("removes");
    naive.check(&reader, &mut Random::new(2), 20);
}

#[test]
fn a_sidecar_of_an_earlier_life_of_the_segment_is_not_used() {
    let disk = shop(8, 80, true);
    let last = segments(&disk).pop().expect("a segment");
    // The last segment has none. One that claims to be its own, from before it was copied under a new id, is stale.
    let copy = disk.copy(1);
    drop(open(&copy).expect("opens"));
    assert!(copy.contents(&last)[32..40] != disk.contents(&last)[32..40], "a new id");
    let stale = sidecars(&disk).pop().expect("a sidecar");
    copy.put(&last.with_extension("idx"), disk.contents(&stale));
    copy.kill();
    let (_writer, reader, _) = open(&copy).expect("opens");
    Naive::of(&reader).check(&reader, &mut Random::new(4), 50);
    assert!(!sidecars(&copy).contains(&last.with_extension("idx")), "it is gone");
}

/// A sidecar is written once the segment behind its own holds a batch: it proves that such a batch was acknowledged.
#[test]
fn a_sidecar_tells_of_a_missing_segment_behind_its_own() {
    let disk = shop(9, 80, true);
    let (paths, sidecars) = (segments(&disk), sidecars(&disk));
    let last = paths.last().expect("a segment");
    disk.remove(last).expect("removes");
    let Err(OpenError::Corrupt(corrupt)) = open(&disk) else { panic!("not refused") };
    assert_eq!((&corrupt.file, corrupt.offset), (last, 4096));
    assert!(corrupt.remedy.contains("older copy"), "{corrupt}");
    disk.remove(sidecars.last().expect("a sidecar")).expect("removes");
    assert!(open(&disk).is_ok(), "without the proof it cannot be told from an older log");
}

/// Whatever goes wrong while a sidecar is written, appends go on and answers stay right.
#[test]
fn appends_go_on_when_a_sidecar_cannot_be_written() {
    let operations = |disk: &SimDisk, append: &mut dyn FnMut() -> Result<(), AppendError>| {
        let before = segments(disk).len();
        while segments(disk).len() == before {
            append().expect("appends");
        }
    };
    for nth in 0..7 {
        for fault in [Fault::Failure, Fault::Full, Fault::Interrupted, Fault::Short] {
            let (disk, mut shop, mut random) = (SimDisk::new(nth), Shop::new(), Random::new(nth));
            let (mut writer, reader, _) = open(&disk).expect("opens");
            operations(&disk, &mut || shop.append(&mut writer, &mut random));
            // The next roll makes a segment (create, write, sync, rename, sync), appends (write, sync, mark), and then writes the
            // sidecar of the one before.
            let mut probe = || {
                let (copy, before) = (segments(&disk).len(), disk.operations());
                shop.append(&mut writer, &mut random).expect("appends");
                (segments(&disk).len() != copy).then(|| disk.operations() - before)
            };
            let rolled = (0..999).find_map(|_| probe()).expect("it rolls");
            assert!(8 + 5 <= rolled, "{rolled} operations to roll");
            disk.arm(disk.operations() + 3 + 8 + nth, fault);
            for _ in 0..40 {
                match shop.append(&mut writer, &mut random) {
                    Ok(()) => {}
                    // The fault met an append instead.
                    Err(_) => break,
                }
            }
            disk.disarm();
            Naive::of(&reader).check(&reader, &mut random, 20);
            drop(writer);
            disk.kill();
            let (_writer, reader, _) = open(&disk).expect("opens");
            Naive::of(&reader).check(&reader, &mut random, 20);
        }
    }
}

#[test]
fn a_full_disk_leaves_the_index_in_memory_until_there_is_space() {
    let (disk, mut shop, mut random) = (SimDisk::new(3), Shop::new(), Random::new(3));
    let (mut writer, reader, _) = open(&disk).expect("opens");
    // Room for six segments and not for a sidecar beside them.
    let mut sealed = 0;
    for round in 1..6 {
        disk.set_capacity(disk.names().iter().map(|path| disk.contents(path).len() as u64).sum::<u64>());
        while segments(&disk).len() == round {
            if let Err(AppendError::StorageFull { .. }) = shop.append(&mut writer, &mut random) {
                disk.set_capacity(
                    disk.names().iter().map(|path| disk.contents(path).len() as u64).sum::<u64>()
                        + OPTIONS.segment_bytes,
                );
            }
        }
        sealed += 1;
        assert_eq!(sidecars(&disk), [] as [PathBuf; 0], "no space for it");
        assert!(
            disk.names().iter().all(|path| path.extension().is_none_or(|end| end != "tmp")),
            "leftovers take space"
        );
    }
    Naive::of(&reader).check(&reader, &mut random, 100);
    disk.set_capacity(u64::MAX);
    while segments(&disk).len() < 8 {
        shop.append(&mut writer, &mut random).expect("appends");
    }
    assert!(sealed < sidecars(&disk).len(), "all are written once there is space");
    Naive::of(&reader).check(&reader, &mut random, 100);
}

/// The thread that writes sidecars and the readers that use them, while the writer goes on.
#[test]
fn readers_read_while_segments_are_sealed() {
    let disk = SimDisk::new(11);
    let options = eventlog::Options { background: Background::Threads, ..OPTIONS };
    let (mut writer, reader, _) = open_on(Arc::new(disk.clone()), dir(), options).expect("opens");
    std::thread::scope(|scope| {
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for n in 0..2 {
            let (reader, done) = (reader.clone(), Arc::clone(&done));
            scope.spawn(move || {
                let mut random = Random::new(n);
                while !done.load(std::sync::atomic::Ordering::Acquire) {
                    let head = reader.stream_head("stock").expect("reads").map_or(0, |head| head.0);
                    let from = random.below(head + 1);
                    let events = reader.read_stream("stock", Revision(from), Direction::Forward, 5).expect("reads");
                    let revisions: Vec<u64> = events.iter().map(|event| event.revision.0).collect();
                    assert!(revisions.iter().copied().eq(from..from + revisions.len() as u64), "{from}: {revisions:?}");
                    if let Some(first) = events.first() {
                        let found = reader.commit_holding(first.position).expect("reads").expect("is there");
                        let (tenant, id) = (found.commit().tenant.to_owned(), found.commit().command_id);
                        assert!(reader.may_have_command(&tenant, id, i64::MIN));
                        let at = reader.find_command(&tenant, id, i64::MIN).expect("reads");
                        assert_eq!(at, Some(found.commit().first));
                    }
                }
            });
        }
        let (mut shop, mut random) = (Shop::new(), Random::new(11));
        for _ in 0..rounds(400) {
            shop.append(&mut writer, &mut random).expect("appends");
        }
        done.store(true, std::sync::atomic::Ordering::Release);
    });
    Naive::of(&reader).check(&reader, &mut Random::new(1), 100);
    assert_eq!(*reader.corruption().borrow(), None);
    drop(writer);
    disk.kill();
    let (_writer, reader, _) = open(&disk).expect("opens");
    Naive::of(&reader).check(&reader, &mut Random::new(2), 100);
}

/// Old batches are found by their index, also behind sidecars.
#[test]
fn old_batches_are_found_in_any_segment() {
    let (disk, mut model, mut random) = (SimDisk::new(12), Model::default(), Random::new(12));
    let (mut writer, _, _) = open(&disk).expect("opens");
    for _ in 0..80 {
        model.append(&mut writer, &mut random).expect("appends");
    }
    drop(writer);
    disk.kill();
    let (writer, _, _) = open(&disk).expect("opens");
    assert!(8 < segments(&disk).len());
    for (number, promised) in (1..).zip(&model.promised) {
        let place = writer.find_batch(promised.id).expect("reads").expect("is there");
        assert_eq!((place.number, place.next), (number, promised.next));
    }
    assert_eq!(writer.find_batch(eventlog::BatchId(7)).expect("reads"), None);
}

/// Batches without events stand at the position of the next event, and are read with it, also where a segment ends between them.
#[test]
fn a_tail_begins_with_what_is_empty_at_its_position() {
    let (disk, mut random) = (SimDisk::new(13), Random::new(13));
    let (mut writer, _, _) = open(&disk).expect("opens");
    let meta = [5; 900];
    for number in 0..120 {
        let mut batch = Batch::new(writer.next_position());
        let header = CommitHeader { tenant: "t1", command_id: number, payload_hash: 0, recorded_at: 0, meta: &meta };
        let mut commit = batch.commit(&header);
        if random.one_in(3) {
            commit.event("order", Revision(number as u64), |body| body.resize(body.len() + 700, 7));
        }
        commit.finish();
        writer.append(&mut batch).expect("appends");
    }
    drop(writer);
    disk.kill();
    let (_writer, reader, _) = open(&disk).expect("opens");
    let all: Vec<(Position, Position)> =
        read_all(&reader).expect("reads").iter().map(|batch| (batch.first(), batch.next_position())).collect();
    for position in 0..reader.durable().0 {
        let position = Position(position);
        let first = reader.tail(position).next(std::time::Duration::ZERO).expect("reads").expect("it is durable");
        let is_before = |(first, next): &&(Position, Position)| *first < position && *next <= position;
        let expected = all.iter().find(|batch| !is_before(batch)).copied();
        assert_eq!(Some((first.first(), first.next_position())), expected, "at {position}");
    }
}

#[test]
fn what_was_appended_last_is_read_without_the_disk() {
    let disk = SimDisk::new(14);
    let (mut writer, reader, _) = open(&disk).expect("opens");
    for number in 0..200 {
        let mut batch = Batch::new(writer.next_position());
        let header = CommitHeader { tenant: "t1", command_id: number, payload_hash: 0, recorded_at: 0, meta: b"" };
        let mut commit = batch.commit(&header);
        commit.event("order", Revision(number as u64), |body| body.push(7));
        commit.finish();
        writer.append(&mut batch).expect("appends");
    }
    // Without power nothing is read from the disk.
    disk.arm(disk.operations(), Fault::PowerOff);
    Shop::new().append(&mut writer, &mut Random::new(14)).expect_err("the power is out");
    assert!(!disk.has_power());
    let head = reader.durable().0;
    let last = reader.read(Position(head - 3), usize::MAX).expect("the last are in memory");
    assert_eq!(last.iter().map(|batch| batch.first().0).collect::<Vec<_>>(), [head - 3, head - 2, head - 1]);
    assert!(reader.read(Position(1), usize::MAX).is_err(), "memory does not hold all of them");
}

#[test]
fn nothing_but_the_log_s_own_names_are_sidecars() {
    let disk = shop(13, 60, true);
    for name in ["0000000g.idx", "holiday.idx", "00000000.IDX"] {
        disk.put(&Path::new("/log").join(name), vec![1; 10]);
    }
    assert_eq!(open(&disk).expect("opens").2.indexed, 0);
    assert!(disk.names().contains(&Path::new("/log/holiday.idx").to_owned()), "it is not ours to remove");
}

/// Whoever wants a few kinds of events gets all of them, and no segment that has none.
#[test]
fn segments_without_the_wanted_kinds_are_left_out() {
    let disk = shop(23, 60, false);
    // From sidecars, and from indexes in memory whose sidecars are yet to be made.
    for is_indexed in [true, false] {
        if !is_indexed {
            sidecars(&disk).iter().for_each(|path| disk.put(path, vec![]));
        }
        let (_, reader, _) = open(&disk).expect("opens");
        let all: Vec<(Position, u16)> = events_of(&read_all(&reader).expect("reads"));
        let kinds: BTreeSet<u16> = all.iter().map(|(_, kind)| *kind).collect();
        assert!(1 < kinds.len(), "{kinds:?}");
        for from in [Position(0), Position(all.len() as u64 / 2)] {
            for kind in &kinds {
                let found = events_of(&tail_of(&reader, from, *kind));
                let found = found.iter().filter(|(position, one)| from <= *position && one == kind);
                assert!(
                    found.eq(all.iter().filter(|(position, one)| from <= *position && one == kind)),
                    "{kind} from {from}"
                );
            }
            let absent = (0..).find(|kind| !kinds.contains(kind)).expect("there are few");
            let read = tail_of(&reader, from, absent);
            let batches = read_all(&reader).expect("reads");
            let newest = batches.last().map(|batch| batch.next_position());
            assert_eq!(read.last().map(|batch| batch.next_position()), newest, "the last segment is read");
            assert!(read.len() < batches.len() / 2, "and hardly any before it: {} of {}", read.len(), batches.len());
        }
    }
}

fn events_of(batches: &[Arc<StoredBatch>]) -> Vec<(Position, u16)> {
    let mut events = vec![];
    for commit in batches.iter().flat_map(|batch| batch.commits()) {
        events.extend(commit.events().map(|event| (event.position, event.kind())));
    }
    events
}

fn tail_of(reader: &LogReader, from: Position, kind: u16) -> Vec<Arc<StoredBatch>> {
    let mut tail = reader.tail(from).of_kinds([kind]);
    std::iter::from_fn(|| tail.next(Duration::ZERO).expect("reads")).collect()
}
