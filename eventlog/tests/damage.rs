//! Damage to what was acknowledged is found when the log is opened or read, and never read as data. Only bytes nobody was
//! promised may be cut.

mod common;

use common::damage::{DATA_START, SECTOR, data_end, forked_log, killed_log, leftovers, whole_or_refused, with};
use common::programme::{Sizes, run};
use common::{Model, open, read_all, remembered, segments};
use eventlog::sim::{Random, SimDisk};
use eventlog::{Direction, LogReader, OpenError, OwnedEvent, Position, ReadError, Revision};
use std::time::Duration;

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

/// A batch that was never acknowledged reached the disk in part, and then the file was cut: it opens wherever what is left shows
/// that the batch was not whole, and is refused where it may have been.
#[test]
fn a_cut_inside_an_unfinished_write_is_told_from_a_cut_inside_a_batch() {
    let (disk, model, longer, more, path) = forked_log();
    let opened = disk.copy(1);
    drop(open(&opened).expect("opens"));
    let (before, after) = (opened.contents(&path), longer.contents(&path));
    let (start, end) = (data_end(&before), data_end(&after));
    let (mut refused, mut cut_and_opened) = (0, 0);
    for torn_at in (start..end).step_by(97) {
        let mut torn = after[..torn_at].to_vec();
        torn.extend_from_slice(&before[torn_at..]);
        for len in (start..(end + 2 * SECTOR).min(torn.len())).step_by(31) {
            let disk = with(&opened, &path, torn[..len].to_vec());
            match open(&disk) {
                Ok((writer, reader, recovered)) => {
                    model.clone().check(&writer, &reader);
                    cut_and_opened += u64::from(recovered.truncated_bytes != 0);
                }
                Err(OpenError::Corrupt(corrupt)) => {
                    // Nothing is left that contradicts a whole batch: no part that can be checked is there to its end.
                    let checked =
                        parts(&after, start).into_iter().take_while(|end| *end <= len).last().unwrap_or(start);
                    assert!(
                        torn[start..checked] == after[start..checked],
                        "torn at {torn_at}, cut to {len}: {corrupt}"
                    );
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(20 < refused && 20 < cut_and_opened, "{refused} refused, {cut_and_opened} opened");
    // Cut inside the acknowledged batch it is refused wherever the cut is.
    for len in start..=end {
        let disk = with(&longer, &path, after[..len].to_vec());
        assert!(!whole_or_refused(&disk, &more, "cut"), "cut to {len}");
    }
}

/// Where the parts of the batch at `start` end that can be checked one by one: the known front of its header, its header, its
/// commits.
fn parts(segment: &[u8], start: usize) -> Vec<usize> {
    let u32_at = |at: usize| u32::from_le_bytes(segment[at..at + 4].try_into().expect("four bytes")) as usize;
    let (mut ends, end) = (vec![start + 40, start + 104], start + 104 + u32_at(start + 88));
    let mut at = start + 104;
    while at < end {
        at += 8 + u32_at(at);
        ends.push(at);
    }
    ends
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
        assert!(recovered.truncated_bytes <= (end - start + 2 * SECTOR) as u64);
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

#[test]
fn leftovers_of_an_earlier_life_do_not_come_back() {
    leftovers();
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
    assert_eq!(read_all(&open(&disk).expect("opens").1).expect("reads").len(), model.promised.len() + 1);
}

/// Whatever stands in the files, opening answers.
#[test]
fn arbitrary_files_open_or_are_refused() {
    let (disk, _) = killed_log(4, 24);
    let paths = segments(&disk);
    run(13, "recovery of arbitrary files", Sizes { small: 3_000, change: 50_000, gate: 200_000 }, |seed, counts| {
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
            counts.add("openings", 1);
        }
        counts.add("directories", 1);
    });
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
