//! Sealed segments are compared with their checksum: the newest before the log opens, the others in the background.

use super::scan::{Expected, Scanned, damage};
use super::{Options, Preparation};
use crate::OpenError;
use crate::disk::{Disk, DiskFile, read_full};
use crate::files::{REMEDY, segment_name};
use crate::format::DATA_START;
use crate::hash::Keys;
use crate::index::sidecar::Sidecar;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long opening a log compares sealed segments with their checksums; the rest is done in the background.
const CHECK_BEFORE_OPEN: Duration = Duration::from_millis(500);
/// What is read at once while a segment is compared with its checksum, in bytes.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// How much opening does. Tests take other measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Care {
    /// How long sealed segments are compared with their checksums; `None` for all of them, however long it takes.
    pub budget: Option<Duration>,
    /// Which hash the index is kept under.
    pub keys: fn(u128) -> Keys,
}

impl Care {
    pub fn of(options: &Options) -> Care {
        let budget = match options.preparation {
            Preparation::Ahead => Some(CHECK_BEFORE_OPEN),
            Preparation::Inline => None,
        };
        Care { budget, keys: Keys::new }
    }

    pub fn keys(&self, log_id: u128) -> Keys {
        (self.keys)(log_id)
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
            Some(_) => return find_damage(disk, dir, sidecar).map(|()| true),
            None => {}
        }
    }
    Ok(false)
}

/// Looks for the damaged batch of a segment that differs from its checksum.
pub(super) fn find_damage(disk: &dyn Disk, dir: &Path, sidecar: &Sidecar) -> Result<(), OpenError> {
    let summary = sidecar.summary();
    let mut expected = Expected { batch: summary.first_batch, next: summary.first, previous_crc: summary.previous_crc };
    let mut scanned = Scanned::read(disk, dir, summary.number, Some(sidecar.identity().log_id), Vec::new())?;
    while expected.batch < summary.next_batch() {
        match scanned.take(&expected) {
            Ok(batch) => expected = Expected::after(batch),
            Err(broken) => return Err(damage(dir, scanned.place(), expected.next, broken.why(), REMEDY)),
        }
    }
    // Every batch holds its own checksums and those of the chain, so the bytes were read right this time.
    tracing::warn!(segment = summary.number, "a segment differed from its checksum, but all its batches are whole");
    Ok(())
}
