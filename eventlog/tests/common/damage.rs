//! Logs to damage, and what may become of them.

#![allow(dead_code, reason = "each test binary uses a part")]

use super::{Model, dir, open};
use eventlog::OpenError;
use eventlog::sim::{Random, SimDisk};
use std::path::Path;

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
