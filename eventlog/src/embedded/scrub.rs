//! Scrubbing: sealed segments are compared with their checksum, the newest before the log opens, the others in the background.

use super::options::{Background, Options};
use super::scan::{Expected, ScannedSegment, corrupt_at};
use crate::disk::{Disk, DiskFile, read_full};
use crate::error::OpenError;
use crate::files::{REMEDY, segment_name};
use crate::format::DATA_START;
use crate::hash::HashKey;
use crate::index::sidecar::Sidecar;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long opening a log scrubs sealed segments; the rest is done in the background.
const SCRUB_BEFORE_OPEN: Duration = Duration::from_millis(500);
/// What is read at once while a segment is compared with its checksum, in bytes.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// What tests set otherwise: how long opening scrubs, and how the index hashes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    /// How long opening scrubs sealed segments; `None` for all of them, however long it takes.
    pub scrub_budget: Option<Duration>,
    /// Which hash the index is kept under.
    pub hash_key: fn(u128) -> HashKey,
}

impl Tuning {
    pub fn of(options: &Options) -> Tuning {
        let scrub_budget = match options.background {
            Background::Threads => Some(SCRUB_BEFORE_OPEN),
            Background::Inline => None,
        };
        Tuning { scrub_budget, hash_key: HashKey::new }
    }

    pub fn hash_key(&self, log_id: u128) -> HashKey {
        (self.hash_key)(log_id)
    }
}

/// The checksum of a segment's batches, taken piece by piece.
pub(super) struct Checksum {
    at: u64,
    end: u64,
    crc: u32,
}

impl Checksum {
    /// Of batches that end at `data_end`.
    pub fn new(data_end: u32) -> Checksum {
        Checksum { at: DATA_START, end: u64::from(data_end), crc: 0 }
    }

    /// Reads the next piece into `buffer`. Answers the checksum when that was the last one; a file that is too short has another.
    pub fn step(&mut self, file: &dyn DiskFile, buffer: &mut Vec<u8>) -> io::Result<Option<u32>> {
        let len = CHUNK_BYTES.min((self.end - self.at) as usize);
        buffer.clear();
        let read = read_full(file, buffer, len, self.at)?;
        self.crc = crc32c::crc32c_append(self.crc, buffer);
        self.at += read as u64;
        debug_assert!(self.at <= self.end, "a checksum ends with the batches");
        Ok((read < len || self.at == self.end).then_some(self.crc))
    }
}

/// Compares a sealed segment with its checksum; answers whether there was time for all of it.
///
/// # Errors
/// [`OpenError::Corrupt`] names the first batch that is damaged.
pub(super) fn segment(
    disk: &dyn Disk,
    dir: &Path,
    sidecar: &Sidecar,
    has_time: impl Fn() -> bool,
) -> Result<bool, OpenError> {
    let summary = sidecar.summary();
    let path = dir.join(segment_name(summary.number));
    let failed = |source| OpenError::Io { what: "read", path: path.clone(), source };
    let file = disk.open_to_read(&path).map_err(failed)?;
    let (mut checksum, mut buffer) = (Checksum::new(summary.data_end), Vec::new());
    while has_time() {
        match checksum.step(&*file, &mut buffer).map_err(failed)? {
            Some(crc) if crc == sidecar.identity().segment_crc => return Ok(true),
            Some(_) => return find_corruption(disk, dir, sidecar).map(|()| true),
            None => {}
        }
    }
    Ok(false)
}

/// Finds the corrupt batch of a segment that differs from its checksum.
pub(super) fn find_corruption(disk: &dyn Disk, dir: &Path, sidecar: &Sidecar) -> Result<(), OpenError> {
    let summary = sidecar.summary();
    let mut expected = Expected { batch: summary.first_batch, next: summary.first, previous_crc: summary.previous_crc };
    let mut scanned = ScannedSegment::read(disk, dir, summary.number, Some(sidecar.identity().log_id), Vec::new())?;
    while expected.batch < summary.next_batch() {
        match scanned.take(&expected) {
            Ok(batch) => expected = Expected::after(batch),
            Err(broken) => return Err(corrupt_at(dir, scanned.location(), expected.next, broken.why(), REMEDY)),
        }
    }
    // Every batch holds its own checksums and those of the chain, so the bytes were read right this time.
    tracing::warn!(segment = summary.number, "a segment differed from its checksum, but all its batches are whole");
    Ok(())
}
