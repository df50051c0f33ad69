//! Logs to damage, and what may become of them.

#![allow(dead_code, reason = "each test binary uses a part")]

use super::{Model, dir, open, segments};
use eventlog::OpenError;
use eventlog::sim::{Random, SimDisk};
use std::path::{Path, PathBuf};

pub const SECTOR: usize = 512;
pub const DATA_START: usize = 4096;

/// A log of several segments whose writer was killed after its last answer: the durable mark stands behind the last batch.
pub fn killed_log(seed: u64, batches: u64) -> (SimDisk, Model) {
    let (disk, mut model, mut random) = (SimDisk::new(seed), Model::default(), Random::new(seed));
    let (mut writer, _, _) = open(&disk).expect("opens");
    for _ in 0..batches {
        model.append(&mut writer, &mut random).expect("appends");
    }
    drop(writer);
    disk.kill();
    (disk, model)
}

/// Where the batches of a segment end, found by walking their headers.
pub fn data_end(segment: &[u8]) -> usize {
    let mut at = DATA_START;
    while segment[at..].starts_with(b"CMDBATCH") {
        let payload = u32::from_le_bytes(segment[at + 88..at + 92].try_into().expect("four bytes")) as usize;
        at += 104 + payload.next_multiple_of(8);
    }
    at
}

/// The log opens to exactly what was promised, or is refused with the place of the damage.
#[track_caller]
pub fn whole_or_refused(disk: &SimDisk, model: &Model, what: &str) -> bool {
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

pub fn with(disk: &SimDisk, path: &Path, contents: Vec<u8>) -> SimDisk {
    let copy = disk.copy(1);
    copy.put(path, contents);
    copy
}

/// A log as [`killed_log`] leaves it, and another that goes on with one more batch in the same segment: the first one's last
/// segment as both have it, and that batch's end.
pub fn forked_log() -> (SimDisk, Model, SimDisk, Model, PathBuf) {
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

/// A batch of an earlier life of the file stands exactly where the next one would: it has another segment's id.
pub fn leftovers() {
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
    assert!(recovered.truncated_bytes != 0 && !recovered.clean);
}
