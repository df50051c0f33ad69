//! The log in files on this machine: one write and one `fdatasync` for all commits of a batch.
//!
//! `FORMAT.md` says what the files hold. The writer owns the active segment; the next one is prepared ahead by a helper
//! thread (all zeros written and synced, so that syncing an append moves no metadata), and opening a log that was not closed copies
//! its last segment, because what a failed sync left in the page cache proves nothing.

mod check;
mod create;
mod keeper;
mod prepare;
mod recovery;
mod scan;
#[cfg(test)]
mod tests;
mod verify;

use crate::batch::{Batch, Sealing};
use crate::disk::{Disk, DiskFile, Lock, RealDisk, write_full};
use crate::format::{BATCH_HEADER_LEN, DATA_START, MARK_LEN, Mark, mark_offset, padded};
use crate::lookup::find_batch;
use crate::planted::is_planted;
use crate::shared::Shared;
use crate::stored::Place;
use crate::{
    AppendError, Appended, BatchId, BatchPlace, Embedded, LogReader, LogWriter, OpenError, Position, ReadError,
    Recovered, StoredBatch,
};
pub use verify::{Problem, Verified, verify_embedded, verify_embedded_with, verify_on};

use check::Care;
use keeper::Keeper;
use prepare::{Preparer, Segment};
use std::{io, path::Path, sync::Arc};

/// Readers get a batch's own buffer unless that is more than this many times longer than the batch; then they get a copy.
const SPARE_FACTOR: usize = 2;
/// The next segment is prepared once the active one is this part full: early enough to be there in time under full load,
/// late enough that a small installation takes the disk space of one segment only.
const PREPARE_AT_ONE_IN: u64 = 8;

/// How an embedded log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Length of a segment file, in bytes, from 8 KiB to [`Options::SEGMENT_BYTES_MAX`]. A batch that does not fit gets a longer segment of its own.
    pub segment_bytes: u64,
    /// How much of the last durable batches stays in memory for readers, in bytes.
    pub recent_bytes: usize,
    /// Who prepares the next segment.
    pub preparation: Preparation,
}

/// Who prepares the next segment, and who looks after the sealed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// Threads of the log: the next segment is made before it is needed, the index kept near the head, the index of a sealed
    /// segment written beside it, and what opening had no time to check is checked.
    Ahead,
    /// The opening and appending thread, when it is needed: slower, but operations on the disk come in the same order every
    /// time. Opening checks everything.
    Inline,
}

impl Options {
    /// Longest segment, in bytes.
    pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
    /// Shortest segment, in bytes.
    pub const SEGMENT_BYTES_MIN: u64 = 2 * DATA_START;
    /// What the binary uses: segments of 64 MiB, 64 MiB of recent batches in memory.
    pub const STANDARD: Options =
        Options { segment_bytes: 64 << 20, recent_bytes: 64 << 20, preparation: Preparation::Ahead };
}

/// Opens the log in `dir`, creating it when there is none, recovering it when its last writer was killed.
///
/// Everything acknowledged is there; what was written but never acknowledged is there whole or not at all.
///
/// # Errors
/// [`OpenError`], by what to do next. Nothing acknowledged is ever dropped to make opening succeed.
///
/// # Panics
/// If `options.segment_bytes` is out of its range.
pub fn open_embedded(dir: &Path, options: Options) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    open_on(Arc::new(RealDisk), dir, options)
}

/// [`open_embedded`] on another file system.
#[doc(hidden)]
pub fn open_on(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    assert!((Options::SEGMENT_BYTES_MIN..=Options::SEGMENT_BYTES_MAX).contains(&options.segment_bytes));
    open_with(disk, dir, options, Care::of(&options))
}

/// [`open_on`] with another care.
fn open_with(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    care: Care,
) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    let (log, recovered) = recovery::open(disk, dir, options, care)?;
    let reader = LogReader::new(Arc::clone(&log.shared));
    Ok((LogWriter::Embedded(Embedded(Box::new(log))), reader, recovered))
}

/// The writer of an embedded log.
pub(crate) struct EmbeddedLog {
    shared: Arc<Shared>,
    preparer: Preparer,
    keeper: Keeper,
    active: Segment,
    /// Where the next batch goes in the active segment.
    at: u64,
    batches: u64,
    next: Position,
    previous_crc: u32,
    /// The first failure of a write or sync. What it left behind is known after the log is opened again.
    poisoned: Option<Arc<io::Error>>,
    /// Behind the helpers' ends in order: nobody else may open the log while one of them still writes.
    _lock: Box<dyn Lock>,
}

impl EmbeddedLog {
    pub fn next_position(&self) -> Position {
        self.next
    }

    pub fn append(&mut self, batch: &mut Batch) -> Result<Appended, AppendError> {
        if let Some(source) = &self.poisoned {
            return Err(AppendError::Unknown { source: Arc::clone(source) });
        }
        let stored_len = padded(batch.len_bytes() - BATCH_HEADER_LEN) + BATCH_HEADER_LEN;
        let rolled = self.make_room(stored_len as u64)?;
        let header = batch.seal(Sealing {
            segment_id: self.active.id,
            offset: self.at,
            number: self.batches,
            durable_upto: self.next,
            previous_crc: self.previous_crc,
        });
        let file = &*self.active.file;
        let written = write_full(file, batch.bytes_mut(), self.at).and_then(|()| sync(file));
        written.map_err(|error| self.poison(error))?;
        let place = Place { segment: self.active.number, offset: self.at as u32 };
        self.at += header.stored_len();
        self.batches += 1;
        self.next = header.next_position();
        self.previous_crc = header.payload_crc;
        // The batch is durable either way; but a disk that cannot take the mark gets nothing more.
        if let Err(error) = self.write_mark(false) {
            self.poison(error);
        }
        let stored = StoredBatch::owned(header, place, keep(batch.bytes_mut()));
        let appended = Appended { place: stored.batch_place(), bytes: header.stored_len() };
        let free = self.shared.publish(stored);
        if batch.bytes_mut().capacity() == 0 {
            *batch.bytes_mut() = free.unwrap_or_default();
        }
        batch.reuse(self.next);
        if rolled {
            self.keeper.sealed(&self.shared);
        }
        if self.active.size / PREPARE_AT_ONE_IN <= self.at {
            self.preparer.ahead(self.active.number + 1, &self.shared);
        }
        Ok(appended)
    }

    pub fn find_batch(&self, id: BatchId) -> Result<Option<BatchPlace>, ReadError> {
        match find_batch(&self.shared, id)? {
            None if self.poisoned.is_some() => Err(ReadError::Unresolved),
            place => Ok(place),
        }
    }

    pub fn close(mut self) -> Result<(), AppendError> {
        if let Some(source) = &self.poisoned {
            return Err(AppendError::Unknown { source: Arc::clone(source) });
        }
        let closed = self.write_mark(true).and_then(|()| self.active.file.sync_data());
        closed.map_err(|error| self.poison(error))
    }

    /// Moves on to the next segment when `stored_len` bytes and a mark do not fit in the active one; answers whether it did.
    fn make_room(&mut self, stored_len: u64) -> Result<bool, AppendError> {
        if space_end(self.at, stored_len) <= self.active.size {
            return Ok(false);
        }
        let size = space_end(DATA_START, stored_len).next_multiple_of(DATA_START);
        let next = self.preparer.take(self.active.number + 1, size).map_err(|error| match is_full(&error) {
            true => AppendError::StorageFull { source: Arc::new(error) },
            false => AppendError::Unavailable { source: Arc::new(error) },
        })?;
        self.active = next;
        self.at = DATA_START;
        Ok(true)
    }

    /// Writes down that everything so far is durable. Zeros up to the mark wipe what an older mark left there.
    fn write_mark(&mut self, clean: bool) -> io::Result<()> {
        let offset = mark_offset(self.at);
        let mark = Mark {
            clean,
            segment_id: self.active.id,
            offset,
            durable_batches: self.batches,
            durable_upto: self.next,
            data_end: self.at,
        };
        let (bytes, len) = mark_bytes(&mark);
        write_full(&*self.active.file, &bytes[..len], self.at)
    }

    fn poison(&mut self, error: io::Error) -> AppendError {
        let source = Arc::new(error);
        self.poisoned = Some(Arc::clone(&source));
        AppendError::Unknown { source }
    }
}

fn sync(file: &dyn DiskFile) -> io::Result<()> {
    if is_planted("skip the sync") {
        return Ok(());
    }
    match file.sync_data() {
        Err(_) if is_planted("try a failed sync again") => file.sync_data(),
        synced => synced,
    }
}

/// Where a batch of `stored_len` bytes at `at` and its mark end.
fn space_end(at: u64, stored_len: u64) -> u64 {
    mark_offset(at + stored_len) + MARK_LEN as u64
}

/// What to write from a batch's end on so that `mark` stands where it belongs: zeros, then the mark.
fn mark_bytes(mark: &Mark) -> ([u8; 512 + MARK_LEN], usize) {
    let mut bytes = [0; 512 + MARK_LEN];
    let gap = (mark.offset - mark.data_end) as usize;
    bytes[gap..gap + MARK_LEN].copy_from_slice(&mark.encode());
    (bytes, gap + MARK_LEN)
}

/// From a batch's end on: zeros, then a mark that says everything was synced.
fn clean_mark(segment_id: u64, data_end: u64, durable_batches: u64, durable_upto: Position) -> Vec<u8> {
    let offset = mark_offset(data_end);
    let mark = Mark { clean: true, segment_id, offset, durable_batches, durable_upto, data_end };
    let (bytes, len) = mark_bytes(&mark);
    bytes[..len].to_vec()
}

/// The bytes that stay in memory for readers: the buffer itself when it is well used, else a copy of the right length.
fn keep(buffer: &mut Vec<u8>) -> Vec<u8> {
    match buffer.capacity() <= SPARE_FACTOR * buffer.len() {
        true => std::mem::take(buffer),
        false => buffer.clone(),
    }
}

/// Space may come free again; other failures may not go away.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
