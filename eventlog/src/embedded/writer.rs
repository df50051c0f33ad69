//! Appending: one write and one sync for a batch, then its durable mark.

use super::maintenance::Maintenance;
use super::preallocate::{Preallocator, Segment, SegmentFactory};
use crate::batch::{Batch, HeaderFields};
use crate::disk::{DiskFile, Lock, write_full};
use crate::error::{AppendError, ReadError, is_storage_full};
use crate::format::{BATCH_HEADER_LEN, DATA_START, MARK_LEN, Mark, mark_offset, padded};
use crate::location::Location;
use crate::lookup::find_batch;
use crate::planted::is_planted;
use crate::shared::Shared;
use crate::stored::StoredBatch;
use crate::types::{Appended, BatchId, BatchRange, Position};
use std::io;
use std::sync::Arc;

/// Readers get a batch's own buffer unless that is more than this many times longer than the batch; then they get a copy.
const SPARE_FACTOR: usize = 2;
/// The next segment is preallocated once the active one is this part full: early enough to be there in time under full load, late
/// enough that a small installation takes the disk space of one segment only.
const PREALLOCATE_AT_ONE_IN: u64 = 8;

/// Where the next batch goes and what its header must say: what creating or recovering a log leaves for its writer.
pub(super) struct AppendState {
    pub active: Segment,
    /// The offset of the next batch in the active segment.
    pub at: u64,
    pub batches: u64,
    pub next: Position,
    pub previous_crc: u32,
}

/// The writer of an embedded log.
pub(crate) struct EmbeddedWriter {
    shared: Arc<Shared>,
    preallocator: Preallocator,
    maintenance: Maintenance,
    state: AppendState,
    /// The first failure of a write or sync. What reached the disk is known after the log is opened again.
    poisoned: Option<Arc<io::Error>>,
    /// Dropped after the workers were joined: nobody else may open the log while one of them still writes.
    _lock: Box<dyn Lock>,
}

impl EmbeddedWriter {
    /// Starts the background work: `ready` is a preallocated segment left from before, `unscrubbed` are the numbers of sealed
    /// segments to compare with their checksums, in this order.
    pub(super) fn start(
        shared: Arc<Shared>,
        factory: SegmentFactory,
        ready: Option<Segment>,
        unscrubbed: Vec<u32>,
        state: AppendState,
        lock: Box<dyn Lock>,
    ) -> io::Result<EmbeddedWriter> {
        let maintenance = Maintenance::start(&factory, Arc::clone(&shared), unscrubbed)?;
        let preallocator = Preallocator::new(factory, ready, &shared)?;
        Ok(EmbeddedWriter { shared, preallocator, maintenance, state, poisoned: None, _lock: lock })
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub fn next_position(&self) -> Position {
        self.state.next
    }

    pub fn append(&mut self, batch: &mut Batch) -> Result<Appended, AppendError> {
        if let Some(source) = &self.poisoned {
            return Err(AppendError::Unknown { source: Arc::clone(source) });
        }
        let stored_len = padded(batch.len_bytes() - BATCH_HEADER_LEN) + BATCH_HEADER_LEN;
        let rolled = self.make_room(stored_len as u64)?;
        // Beyond the preallocated bytes a sync would have to move metadata, and the mark of this batch might not fit.
        assert!(space_end(self.state.at, stored_len as u64) <= self.state.active.size, "the segment has room for it");
        debug_assert!(DATA_START <= self.state.at, "batches stand after the segment's header");
        let header = batch.write_header(HeaderFields {
            segment_id: self.state.active.id,
            offset: self.state.at,
            number: self.state.batches,
            durable_upto: self.state.next,
            previous_crc: self.state.previous_crc,
        });
        let file = &*self.state.active.file;
        let written = write_full(file, batch.bytes_mut(), self.state.at).and_then(|()| sync(file));
        written.map_err(|error| self.poison(error))?;
        let location = Location { segment: self.state.active.number, offset: self.state.at as u32 };
        self.state.at += header.stored_len();
        self.state.batches += 1;
        self.state.next = header.next_position();
        self.state.previous_crc = header.payload_crc;
        debug_assert_eq!(self.state.next, batch.next_position(), "positions are gapless");
        // The batch is durable either way; but a disk that cannot take the mark gets nothing more.
        if let Err(error) = self.write_mark(false) {
            self.poison(error);
        }
        let stored = StoredBatch::owned(header, location, take_or_clone(batch.bytes_mut()));
        let appended = Appended { range: stored.range(), bytes: header.stored_len() };
        let free = self.shared.publish(stored);
        if batch.bytes_mut().capacity() == 0 {
            *batch.bytes_mut() = free.unwrap_or_default();
        }
        batch.reuse(self.state.next);
        if rolled {
            self.maintenance.segment_sealed(&self.shared);
        }
        if self.state.active.size / PREALLOCATE_AT_ONE_IN <= self.state.at {
            self.preallocator.request(self.state.active.number + 1, &self.shared);
        }
        Ok(appended)
    }

    pub fn find_batch(&self, id: BatchId) -> Result<Option<BatchRange>, ReadError> {
        match find_batch(&self.shared, id)? {
            None if self.poisoned.is_some() => Err(ReadError::Unresolved),
            location => Ok(location),
        }
    }

    pub fn close(mut self) -> Result<(), AppendError> {
        if let Some(source) = &self.poisoned {
            return Err(AppendError::Unknown { source: Arc::clone(source) });
        }
        let closed = self.write_mark(true).and_then(|()| self.state.active.file.sync_data());
        closed.map_err(|error| self.poison(error))
    }

    /// Moves on to the next segment when `stored_len` bytes and a mark do not fit in the active one; answers whether it did.
    fn make_room(&mut self, stored_len: u64) -> Result<bool, AppendError> {
        if space_end(self.state.at, stored_len) <= self.state.active.size {
            return Ok(false);
        }
        let size = space_end(DATA_START, stored_len).next_multiple_of(DATA_START);
        let next =
            self.preallocator.take(self.state.active.number + 1, size).map_err(|error| {
                match is_storage_full(&error) {
                    true => AppendError::StorageFull { source: Arc::new(error) },
                    false => AppendError::Unavailable { source: Arc::new(error) },
                }
            })?;
        assert_eq!(next.number, self.state.active.number + 1, "segments follow each other without a gap");
        assert!(size <= next.size, "a segment is as long as was asked for");
        self.state.active = next;
        self.state.at = DATA_START;
        Ok(true)
    }

    /// Writes down that everything so far is durable. Zeros up to the mark wipe what an older mark left there.
    fn write_mark(&mut self, clean: bool) -> io::Result<()> {
        let offset = mark_offset(self.state.at);
        let mark = Mark {
            clean,
            segment_id: self.state.active.id,
            offset,
            durable_batches: self.state.batches,
            durable_upto: self.state.next,
            data_end: self.state.at,
        };
        let (bytes, len) = mark.encode_behind_gap();
        write_full(&*self.state.active.file, &bytes[..len], self.state.at)
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

/// The bytes that stay in memory for readers: the buffer itself when most of it is used, else a copy of the right length.
fn take_or_clone(buffer: &mut Vec<u8>) -> Vec<u8> {
    match buffer.capacity() <= SPARE_FACTOR * buffer.len() {
        true => std::mem::take(buffer),
        false => buffer.clone(),
    }
}
