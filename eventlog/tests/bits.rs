//! Every bit, every length and every sector of a log, damaged one at a time: what was acknowledged is never read as something
//! else, and never silently missing.

mod common;

use common::damage::{DATA_START, SECTOR, data_end, whole_or_refused, with};
use common::programme::{Counts, Extent, Sizes, extent, run};
use common::{Model, dir, segments};
use eventlog::sim::{Random, SimDisk};
use eventlog::{Background, Options, open_on};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The work is dealt out in so many parts, by sectors or lengths.
const PARTS: u64 = 64;
/// All parts on every change; at the gate, where the log is longer, a few in each slice.
const SIZES: Sizes = Sizes { small: 2, change: PARTS, gate: 8 };

/// A log of 64 KiB of batches, or of 1 MiB at the gate, whose writer was killed after its last answer: the durable mark stands behind
/// the last batch.
struct Log {
    disk: SimDisk,
    model: Model,
    /// The files as they were after each append, where `new` is told to keep them.
    history: Vec<Vec<(PathBuf, Vec<u8>)>>,
}

impl Log {
    fn new(seed: u64, is_history_kept: bool) -> Log {
        let (len, segment_bytes) = match extent() {
            Extent::Small | Extent::Change => (64 << 10, 32 << 10),
            Extent::Gate => (1 << 20, 256 << 10),
        };
        let options = Options { segment_bytes, recent_bytes: 2 << 10, open_files: 4, background: Background::Inline };
        let (disk, mut model, mut random) = (SimDisk::new(seed), Model::default(), Random::new(seed));
        let (mut writer, _, _) = open_on(Arc::new(disk.clone()), dir(), options).expect("opens");
        let mut history = vec![];
        let committed = || files(&disk).iter().map(|(_, bytes)| data_end(bytes) - DATA_START).sum::<usize>();
        while committed() < len {
            model.append(&mut writer, &mut random).expect("appends");
            if is_history_kept {
                history.push(files(&disk));
            }
        }
        drop(writer);
        disk.kill();
        Log { disk, model, history }
    }

    /// Damages a copy of the file at `path`; answers whether it was refused, for else all that was promised is there.
    fn is_refused(&self, path: &Path, damaged: Vec<u8>, what: &str) -> bool {
        !whole_or_refused(&with(&self.disk, path, damaged), &self.model, what)
    }
}

fn files(disk: &SimDisk) -> Vec<(PathBuf, Vec<u8>)> {
    segments(disk).into_iter().map(|path| (path.clone(), disk.contents(&path))).collect()
}

/// Whether something stands in this byte of a segment that was promised to somebody, or that says what the file is.
fn is_acknowledged(byte: usize, end: usize) -> bool {
    byte < 64 || (DATA_START..end).contains(&byte)
}

#[test]
fn every_flipped_bit() {
    let log = Log::new(4, false);
    let counts = run(3, "every bit flipped", SIZES, |part, counts| {
        // One disk for all: refusing changes nothing, so a bit is flipped back.
        let disk = log.disk.copy(1);
        for (path, contents) in files(&log.disk) {
            let end = data_end(&contents);
            for byte in (0..contents.len()).filter(|byte| belongs(byte / SECTOR, part)) {
                // Zeros and marks are nobody's data, so their damage must not hide any: one bit of each byte shows it.
                if !is_acknowledged(byte, end) {
                    let copy = log.disk.copy(1);
                    copy.flip(&path, 8 * byte + byte % 8);
                    assert!(whole_or_refused(&copy, &log.model, "flip"), "byte {byte} of {}", path.display());
                    counts.add("bits behind the data", 1);
                    continue;
                }
                for bit in 8 * byte..8 * byte + 8 {
                    disk.flip(&path, bit);
                    let opened = whole_or_refused(&disk, &log.model, "flip");
                    assert!(!opened, "bit {bit} of {} was not missed", path.display());
                    disk.flip(&path, bit);
                    counts.add("bits refused", 1);
                }
            }
        }
    });
    assert!(counts.of("bits refused") != 0);
}

#[test]
fn double_flips_and_bursts() {
    let log = Log::new(4, false);
    let files = files(&log.disk);
    let sizes = Sizes { small: 20, change: 400, gate: 4_000 };
    run(3, "two bits flipped, and bursts of up to 32 bits", sizes, |seed, counts| {
        let (disk, mut random) = (log.disk.copy(1), Random::new(seed));
        for _ in 0..100 {
            let (path, contents) = &files[random.below(files.len() as u64) as usize];
            let (start, end) = (8 * DATA_START as u64, 8 * data_end(contents) as u64);
            let first = start + random.below(end - start);
            let bits: Vec<u64> = match random.one_in(2) {
                true => vec![first, start + random.below(end - start)],
                false => {
                    let burst = random.bits() | 1;
                    (0..32)
                        .filter(|bit| burst >> bit & 1 == 1)
                        .map(|bit| first + bit)
                        .filter(|bit| *bit < end)
                        .collect()
                }
            };
            let is_none = bits.len() == 2 && bits[0] == bits[1];
            let flip = || bits.iter().for_each(|bit| disk.flip(path, *bit as usize));
            flip();
            assert!(is_none || !whole_or_refused(&disk, &log.model, "flips"), "bits {bits:?} of {}", path.display());
            flip();
            counts.add("errors refused", u64::from(!is_none));
        }
    });
}

/// The first part has the first sector with batches in it.
fn belongs(index: usize, part: u64) -> bool {
    (index + PARTS as usize - DATA_START / SECTOR) as u64 % PARTS == part % PARTS
}

/// A log whose batches end between two sectors, as most do, and one whose last mark stands right behind them.
fn logs_to_cut() -> [Log; 2] {
    let ends_at_a_sector = |log: &Log| {
        let (_, last) = files(&log.disk).pop().expect("a segment");
        data_end(&last).is_multiple_of(SECTOR)
    };
    let find = |wanted: bool| (4..).map(|seed| Log::new(seed, false)).find(|log| ends_at_a_sector(log) == wanted);
    [false, true].map(|wanted| find(wanted).expect("one in 64 seeds ends at a sector"))
}

#[test]
fn every_truncation() {
    let logs = logs_to_cut();
    run(3, "every truncation", SIZES, |part, counts| {
        for log in &logs {
            let last = segments(&log.disk).pop().expect("a segment");
            for (path, contents) in files(&log.disk) {
                let end = data_end(&contents);
                // Later segments go on from all but the last. Of the last, one more byte shows that no further batch stood there;
                // but the first three of a mark are also those of a batch.
                let told = match (path == last, end.is_multiple_of(SECTOR)) {
                    (false, _) => end,
                    (true, false) => end + 1,
                    (true, true) => end + 4,
                };
                for len in (0..contents.len()).filter(|len| belongs(*len, part)) {
                    let is_refused = log.is_refused(&path, contents[..len].to_vec(), "cut");
                    assert_eq!(is_refused, len < told, "{} cut to {len}, its data ends at {end}", path.display());
                    count(counts, is_refused);
                }
            }
        }
    });
}

fn count(counts: &mut Counts, is_refused: bool) {
    counts.add(if is_refused { "refused" } else { "harmless" }, 1);
}

/// The sectors of the log that hold something acknowledged, and the zeros and marks right behind them.
fn sectors(log: &Log) -> Vec<(PathBuf, usize, bool)> {
    let mut sectors = vec![];
    for (path, contents) in files(&log.disk) {
        let end = data_end(&contents);
        let starts = std::iter::once(0).chain((DATA_START..(end + 2 * SECTOR).min(contents.len())).step_by(SECTOR));
        sectors.extend(starts.map(|start| (path.clone(), start, is_acknowledged(start, end))));
    }
    sectors
}

#[test]
fn every_sector_zeroed() {
    let log = Log::new(11, false);
    run(3, "every sector zeroed", SIZES, |part, counts| {
        for (path, start, is_acknowledged) in sectors(&log).into_iter().skip(part as usize).step_by(PARTS as usize) {
            let mut contents = log.disk.contents(&path);
            contents[start..start + SECTOR].fill(0);
            let is_refused = log.is_refused(&path, contents, "zeroed");
            assert!(is_refused || !is_acknowledged, "sector at {start} of {}", path.display());
            count(counts, is_refused);
        }
    });
}

#[test]
fn every_two_sectors_swapped() {
    let log = Log::new(11, false);
    let all = sectors(&log);
    run(3, "every two sectors swapped", SIZES, |part, counts| {
        let content = |path: &Path, start: usize| log.disk.contents(path)[start..start + SECTOR].to_vec();
        for (index, (path, start, is_ours)) in all.iter().enumerate().filter(|(index, _)| belongs(*index, part)) {
            let ours = content(path, *start);
            for (other_path, other_start, is_theirs) in &all[..index] {
                let theirs = content(other_path, *other_start);
                if ours == theirs {
                    continue;
                }
                let disk = log.disk.copy(1);
                for (path, start, bytes) in [(path, *start, &theirs), (other_path, *other_start, &ours)] {
                    let mut contents = disk.contents(path);
                    contents[start..start + SECTOR].copy_from_slice(bytes);
                    disk.put(path, contents);
                }
                let is_refused = !whole_or_refused(&disk, &log.model, "swapped");
                assert!(is_refused || !is_ours && !is_theirs, "sectors at {start} and {other_start}");
                count(counts, is_refused);
            }
        }
    });
}

/// Each sector as it was after each earlier append, put into the log as it is at the end.
#[test]
fn every_stale_sector() {
    let log = Log::new(12, true);
    run(3, "every stale sector", SIZES, |part, counts| {
        for (path, contents) in files(&log.disk) {
            let end = data_end(&contents);
            for start in (0..contents.len()).step_by(SECTOR).filter(|start| belongs(start / SECTOR, part)) {
                let now = &contents[start..start + SECTOR];
                let earlier = log.history.iter().flatten().filter(|(old, _)| *old == path);
                let mut stale: Vec<&[u8]> = earlier.map(|(_, old)| &old[start..start + SECTOR]).collect();
                stale.dedup();
                for old in stale.into_iter().filter(|old| *old != now) {
                    let mut damaged = contents.clone();
                    damaged[start..start + SECTOR].copy_from_slice(old);
                    let is_refused = log.is_refused(&path, damaged, "stale");
                    assert!(is_refused || end <= start, "sector at {start} of {}", path.display());
                    count(counts, is_refused);
                }
            }
        }
    });
}
