//! Damage to what was acknowledged is found when the log is opened or read, and never read as data. Only bytes nobody was
//! promised may be cut.

mod common;

use common::{Model, dir, open, read_all, remembered, rounds, segments};
use eventlog::sim::{Random, SimDisk};
use eventlog::{Direction, LogReader, OpenError, OwnedEvent, Position, ReadError, Revision};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SECTOR: usize = 512;
const DATA_START: usize = 4096;

/// A log of several segments whose writer was killed after its last answer: the durable mark stands behind the last batch.
fn killed_log(seed: u64, batches: u64) -> (SimDisk, Model) {
    let (disk, mut model, mut random) = (SimDisk::new(seed), Model::default(), Random::new(seed));
    let (mut writer, _, _) = open(&disk).expect("opens");
    for _ in 0..batches {
        model.append(&mut writer, &mut random).expect("appends");
    }
    drop(writer);
    disk.kill();
    (disk, model)
}

/// A log as [`killed_log`] leaves it, and another that goes on with one more batch in the same segment: the first one's last
/// segment as both have it, and that batch's end.
fn forked_log() -> (SimDisk, Model, SimDisk, Model, PathBuf) {
    let mut logs = (0..).map(|seed| {
        let (disk, model) = killed_log(seed, 10);
        let (fork, mut longer) = (disk.copy(1), model.clone());
        let path = segments(&disk).pop().expect("a segment");
        let (mut writer, _, _) = open(&fork).expect("opens");
        longer.append(&mut writer, &mut Random::new(seed + 1000)).expect("appends");
        drop(writer);
        fork.kill();
        (disk, model, fork, longer, path)
    });
    let same_segment = |disk: &SimDisk, fork: &SimDisk, path: &Path| {
        data_end(&disk.contents(path)) + 300 < data_end(&fork.contents(path)) && segments(disk) == segments(fork)
    };
    logs.find(|(disk, _, fork, _, path)| same_segment(disk, fork, path)).expect("most seeds do")
}

/// Where the batches of a segment end, found by walking their headers.
fn data_end(segment: &[u8]) -> usize {
    let mut at = DATA_START;
    while segment[at..].starts_with(b"CMDBATCH") {
        let payload = u32::from_le_bytes(segment[at + 88..at + 92].try_into().expect("four bytes")) as usize;
        at += 104 + payload.next_multiple_of(8);
    }
    at
}

/// The log opens to exactly what was promised, or is refused with the place of the damage.
#[track_caller]
fn whole_or_refused(disk: &SimDisk, model: &Model, what: &str) -> bool {
    match open(disk) {
        Ok((writer, reader, _)) => {
            model.clone().check(&writer, &reader);
            true
        }
        Err(OpenError::Corrupt(corrupt)) => {
            assert!(corrupt.file.starts_with(dir()) && !corrupt.why.is_empty() && !corrupt.remedy.is_empty());
            false
        }
        Err(OpenError::NotALog { .. } | OpenError::Version { .. }) => false,
        Err(error) => panic!("{what}: {error}"),
    }
}

fn with(disk: &SimDisk, path: &Path, contents: Vec<u8>) -> SimDisk {
    let copy = disk.copy(1);
    copy.put(path, contents);
    copy
}

#[test]
fn every_flipped_bit_of_acknowledged_batches_is_refused() {
    let (disk, model) = killed_log(4, rounds(24).min(300));
    assert!(1 < segments(&disk).len());
    for path in segments(&disk) {
        let contents = disk.contents(&path);
        let end = data_end(&contents);
        for bit in (0..64 * 8).chain(DATA_START * 8..end * 8) {
            let mut damaged = contents.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let opened = whole_or_refused(&with(&disk, &path, damaged), &model, "flip");
            assert!(!opened, "bit {bit} of {} was not missed", path.display());
        }
        // Behind the batches stand the mark and zeros: nobody's data, so their damage must not hide any.
        for bit in (end * 8..(end + 2 * SECTOR).min(contents.len()) * 8).step_by(3) {
            let mut damaged = contents.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(whole_or_refused(&with(&disk, &path, damaged), &model, "flip behind the end"));
        }
    }
}

#[test]
fn the_refusal_names_file_offset_and_position() {
    let second = DATA_START + 104 + (56 + 13 + 8 + 20_usize).next_multiple_of(8);
    let in_first = |disk: &SimDisk| second < data_end(&disk.contents(&segments(disk)[0]));
    let mut logs = (0..).map(|seed| killed_log(seed, 12));
    let (disk, model) = logs.find(|(disk, _)| in_first(disk)).expect("most seeds do");
    let path = &segments(&disk)[0];
    let mut contents = disk.contents(path);
    contents[second + 150] ^= 1;
    let before = with(&disk, path, contents);
    let Err(OpenError::Corrupt(corrupt)) = open(&before) else { panic!("not refused") };
    assert_eq!((&corrupt.file, corrupt.offset, corrupt.position), (path, second as u64, Position(1)));
    assert_eq!(
        corrupt.to_string(),
        "the log is damaged: /log/00000000.seg at byte 4304 (position 1): the checksum of a batch does not hold; \
         restore the log from a copy; nothing was changed"
    );
    // Refusing changed nothing: with the bit put right everything is there.
    let mut contents = before.contents(path);
    contents[second + 150] ^= 1;
    before.put(path, contents);
    before.kill();
    assert!(whole_or_refused(&before, &model, "repaired"));
}

#[test]
fn every_truncation_is_refused_unless_nothing_acknowledged_is_missing() {
    let (disk, model) = killed_log(4, 24);
    for path in segments(&disk) {
        let contents = disk.contents(&path);
        let mark_end = data_end(&contents).next_multiple_of(SECTOR) + 64;
        let last = segments(&disk).last() == Some(&path);
        for len in 0..contents.len() {
            let opened = whole_or_refused(&with(&disk, &path, contents[..len].to_vec()), &model, "cut");
            assert!(opened || len < mark_end || !last, "cut to {len}: nothing acknowledged is missing");
        }
    }
}

#[test]
fn unfinished_writes_are_cut_wherever_they_end() {
    // One more batch reaches the disk in part: its writer was never answered.
    let (disk, model, longer, more, path) = forked_log();
    // As the fork's opening left it, with its new segment id, before the batch.
    let opened = disk.copy(1);
    drop(open(&opened).expect("opens"));
    let (before, after) = (opened.contents(&path), longer.contents(&path));
    let promised = more.promised.last().expect("it was appended");
    let (start, end) = (data_end(&before), data_end(&after));
    for cut in start..=end {
        let mut torn = after[..cut].to_vec();
        // Behind the part that was written stands what was there before.
        torn.extend_from_slice(&before[cut..]);
        let disk = with(&opened, &path, torn);
        let (writer, reader, recovered) = open(&disk).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        let mut model = model.clone();
        model.unknown = Some(promised.clone());
        model.check(&writer, &reader);
        assert!(recovered.cut_bytes <= (end - start + 2 * SECTOR) as u64);
    }
}

#[test]
fn sectors_zeroed_swapped_or_stale_are_refused() {
    let (disk, model) = killed_log(11, 24);
    for path in segments(&disk) {
        let contents = disk.contents(&path);
        let end = data_end(&contents);
        let sectors: Vec<usize> = (DATA_START..end).step_by(SECTOR).collect();
        for &sector in &sectors {
            let mut damaged = contents.clone();
            damaged[sector..sector + SECTOR].fill(0);
            assert!(!whole_or_refused(&with(&disk, &path, damaged), &model, "zeroed"), "sector at {sector}");
            let others = sectors.iter().copied().chain([0, end.next_multiple_of(SECTOR)]);
            for other in others.filter(|other| *other < contents.len()) {
                let mut damaged = contents.clone();
                damaged[sector..sector + SECTOR].copy_from_slice(&contents[other..other + SECTOR]);
                damaged[other..other + SECTOR].copy_from_slice(&contents[sector..sector + SECTOR]);
                let same = damaged == contents;
                let opened = whole_or_refused(&with(&disk, &path, damaged), &model, "swapped");
                assert!(opened == same, "sectors at {sector} and {other}");
            }
        }
    }
    stale(&model, 11);
}

/// Each sector of the log as it was after each earlier append, put into the log as it is at the end.
fn stale(model: &Model, seed: u64) {
    let (disk, mut early, mut random) = (SimDisk::new(seed), Model::default(), Random::new(seed));
    let (mut writer, _, _) = open(&disk).expect("opens");
    let mut history: Vec<Vec<(PathBuf, Vec<u8>)>> = Vec::new();
    let snapshot =
        |disk: &SimDisk| segments(disk).into_iter().map(|path| (path.clone(), disk.contents(&path))).collect();
    for _ in 0..model.promised.len() {
        early.append(&mut writer, &mut random).expect("appends");
        history.push(snapshot(&disk));
    }
    drop(writer);
    disk.kill();
    for (path, old) in history.iter().flatten() {
        let contents = disk.contents(path);
        for sector in (0..contents.len()).step_by(SECTOR) {
            let mut damaged = contents.clone();
            damaged[sector..sector + SECTOR].copy_from_slice(&old[sector..sector + SECTOR]);
            if damaged != contents {
                let opened = whole_or_refused(&with(&disk, path, damaged), &early, "stale");
                assert!(!opened || data_end(&contents) <= sector, "sector at {sector} of {}", path.display());
            }
        }
    }
}

#[test]
fn damage_under_a_running_reader_is_an_error_and_never_data() {
    let (disk, model) = killed_log(4, 24);
    let (_writer, reader, _) = open(&disk).expect("opens");
    let path = &segments(&disk)[0];
    let contents = disk.contents(path);
    let whole = streams(&reader);
    assert!(whole.iter().all(|stream| stream.is_ok()));
    for byte in DATA_START..data_end(&contents) {
        let mut damaged = contents.clone();
        damaged[byte] ^= 1 << (byte % 8);
        disk.put(path, damaged);
        assert!(!reads_all(&reader, &model), "byte {byte}");
        streams_are_right_or_refused(&reader, &whole);
    }
    disk.put(path, contents);
    assert!(reads_all(&reader, &model));
}

/// Everything reads as it was promised; or is refused.
fn reads_all(reader: &LogReader, model: &Model) -> bool {
    let (mut tail, mut expected) = (reader.tail(Position(1)), model.promised.iter());
    loop {
        match tail.next(Duration::ZERO) {
            Ok(Some(batch)) => assert_eq!(Some(&remembered(&batch)), expected.next()),
            Ok(None) => return expected.next().is_none(),
            Err(ReadError::Corrupt(_)) => return false,
            Err(error) => panic!("{error}"),
        }
    }
}

fn streams(reader: &LogReader) -> Vec<Result<Vec<OwnedEvent>, ReadError>> {
    (0..5).map(|n| reader.read_stream(&format!("s{n}"), Revision(0), Direction::Forward, 99)).collect()
}

fn streams_are_right_or_refused(reader: &LogReader, whole: &[Result<Vec<OwnedEvent>, ReadError>]) {
    for (read, whole) in streams(reader).into_iter().zip(whole) {
        match (read, whole) {
            (Ok(read), Ok(whole)) => assert!(read == *whole),
            (Err(ReadError::Corrupt(_)), _) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}

/// A batch of an earlier life of the file stands exactly where the next one would: it has another segment's id.
#[test]
fn leftovers_of_an_earlier_life_do_not_come_back() {
    // Opening after a kill copies the segment under a new id; a fork with other random numbers gets another one.
    let (disk, model, fork, _, path) = forked_log();
    let disk = disk.copy(2);
    drop(open(&disk).expect("opens"));
    disk.kill();
    let (ours, theirs) = (disk.contents(&path), fork.contents(&path));
    let end = data_end(&ours);
    assert!(theirs[end..].starts_with(b"CMDBATCH"), "the fork's batch stands behind our end");
    let mixed = [&ours[..end], &theirs[end..]].concat();
    let mixed = with(&disk, &path, mixed);
    let (writer, reader, recovered) = open(&mixed).expect("opens");
    model.clone().check(&writer, &reader);
    assert!(recovered.cut_bytes != 0 && !recovered.clean);
}

#[test]
fn a_missing_or_foreign_segment_is_refused() {
    let (disk, model) = killed_log(4, 24);
    let paths = segments(&disk);
    assert!(2 < paths.len());
    let missing = disk.copy(1);
    eventlog::disk::Disk::remove(&missing, &paths[1]).expect("removes");
    assert!(!whole_or_refused(&missing, &model, "missing"));
    let (other, _) = killed_log(5, 24);
    for path in &paths {
        assert!(!whole_or_refused(&with(&disk, path, other.contents(path)), &model, "foreign"));
    }
    let swapped = with(&disk, &paths[0], disk.contents(&paths[1]));
    swapped.put(&paths[1], disk.contents(&paths[0]));
    assert!(!whole_or_refused(&swapped, &model, "swapped"));
    assert_eq!(read_all(&open(&disk).expect("opens").1).len(), model.promised.len() + 1);
}

/// Whatever stands in the files, opening answers.
#[test]
fn arbitrary_files_open_or_are_refused() {
    let (disk, _) = killed_log(4, 24);
    let paths = segments(&disk);
    for seed in 0..rounds(3000) {
        let (disk, mut random) = (disk.copy(seed), Random::new(seed));
        for _ in 0..=random.below(3) {
            let path = &paths[random.below(paths.len() as u64) as usize];
            let mut contents = disk.contents(path);
            let donor = disk.contents(&paths[random.below(paths.len() as u64) as usize]);
            let len = 1 + random.below(3000) as usize;
            let (from, to) = (random.below(donor.len() as u64) as usize, random.below(contents.len() as u64) as usize);
            let len = len.min(donor.len() - from).min(contents.len() - to);
            match random.below(4) {
                0 => contents[to..to + len].copy_from_slice(&donor[from..from + len]),
                1 => contents.truncate(to),
                2 => contents[to..to + len].fill(random.bits() as u8),
                _ => reforge(&mut contents, &mut random),
            }
            if contents.is_empty() {
                contents.push(0);
            }
            disk.put(path, contents);
        }
        if let Ok((writer, reader, _)) = open(&disk) {
            let _ = reader.read(Position(0), 1 << 20);
            let _ = streams(&reader);
            drop(writer);
        }
    }
}

/// Changes a field of some batch and makes every checksum right again, as an attacker would.
fn reforge(segment: &mut [u8], random: &mut Random) {
    let starts: Vec<usize> = (0..segment.len().saturating_sub(200))
        .step_by(8)
        .filter(|at| segment[*at..].starts_with(b"CMDBATCH"))
        .collect();
    if starts.is_empty() {
        return;
    }
    let at = starts[random.below(starts.len() as u64) as usize];
    segment[at + 8 + random.below(190) as usize] ^= 1 << random.below(8);
    let payload = u32::from_le_bytes(segment[at + 88..at + 92].try_into().expect("four bytes")) as usize;
    let payload = at + 104..(at + 104).saturating_add(payload.next_multiple_of(8)).min(segment.len());
    let crc = crc32c::crc32c(&segment[payload]);
    segment[at + 92..at + 96].copy_from_slice(&crc.to_le_bytes());
    let crc = crc32c::crc32c(&segment[at..at + 100]);
    segment[at + 100..at + 104].copy_from_slice(&crc.to_le_bytes());
}
