//! Appending: one write and one sync for a batch, then its durable mark.

use super::indexer::Indexer;
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
use std::time::{Duration, Instant};

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

/// When what is appended is synced.
#[derive(Clone, Copy, Debug)]
enum Syncs {
    /// Before the append is answered.
    EachBatch,
    /// Behind the appends, now and then: the log is a copy, and what of it gets lost is fetched again.
    Behind { synced: (u64, Position), at: Instant },
}

/// How long a copy is not synced while batches come.
const SYNC_BEHIND: Duration = Duration::from_millis(250);

/// The writer of an embedded log.
pub(crate) struct EmbeddedWriter {
    shared: Arc<Shared>,
    preallocator: Preallocator,
    /// Held for its thread.
    _indexer: Indexer,
    maintenance: Maintenance,
    state: AppendState,
    syncs: Syncs,
    /// The next segment, taken for a batch that is not written yet.
    next_segment: Option<Segment>,
    /// The active segment is a new one, and the one before is not told to be sealed yet.
    has_rolled: bool,
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
        let indexer = Indexer::start(&shared, factory.options.background)?;
        let preallocator = Preallocator::new(factory, ready)?;
        Ok(EmbeddedWriter {
            shared,
            preallocator,
            _indexer: indexer,
            maintenance,
            state,
            syncs: Syncs::EachBatch,
            next_segment: None,
            has_rolled: false,
            poisoned: None,
            _lock: lock,
        })
    }

    /// From now on it is a copy of a log that is durable elsewhere.
    pub fn sync_behind(&mut self) {
        // What was there was synced when it was opened.
        self.syncs = Syncs::Behind { synced: (self.state.batches, self.state.next), at: Instant::now() };
    }

    /// How many batches it has.
    pub fn batches(&self) -> u64 {
        self.state.batches
    }

    /// The CRC of the last batch's payload.
    pub fn previous_crc(&self) -> u32 {
        self.state.previous_crc
    }

    /// Makes room for a batch before anything is done with it.
    ///
    /// # Errors
    /// Those of [`EmbeddedWriter::append`]; the batch was not written.
    pub fn reserve(&mut self, batch: &Batch) -> Result<(), AppendError> {
        if let Some(source) = &self.poisoned {
            return Err(AppendError::Unknown { source: Arc::clone(source) });
        }
        self.prepare_room(stored_len(batch)).map(|_| ())
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
        let stored_len = stored_len(batch);
        self.make_room(stored_len)?;
        // Beyond the preallocated bytes a sync would have to move metadata, and the mark of this batch might not fit.
        assert!(space_end(self.state.at, stored_len) <= self.state.active.size, "the segment has room for it");
        debug_assert!(DATA_START <= self.state.at, "batches stand after the segment's header");
        let header = batch.write_header(HeaderFields {
            segment_id: self.state.active.id,
            offset: self.state.at,
            number: self.state.batches,
            durable: self.durable(),
            previous_crc: self.state.previous_crc,
        });
        let file = &*self.state.active.file;
        let is_synced = matches!(self.syncs, Syncs::EachBatch);
        let written = write_full(file, batch.bytes_mut(), self.state.at);
        let written = written.and_then(|()| if is_synced { sync(file) } else { Ok(()) });
        written.map_err(|error| self.poison(error))?;
        let location = Location { segment: self.state.active.number, offset: self.state.at as u32 };
        self.state.at += header.stored_len();
        self.state.batches += 1;
        self.state.next = header.next_position();
        self.state.previous_crc = header.payload_crc;
        debug_assert_eq!(self.state.next, batch.next_position(), "positions are gapless");
        // The batch is durable either way; but a disk that cannot take the mark gets nothing more.
        if let Err(error) = self.sync_now_and_then().and_then(|()| self.write_mark(false)) {
            self.poison(error);
        }
        let stored = StoredBatch::owned(header, location, take_or_clone(batch.bytes_mut()));
        let appended = Appended { range: stored.range(), bytes: header.stored_len() };
        let free = self.shared.publish(stored);
        if batch.bytes_mut().capacity() == 0 {
            *batch.bytes_mut() = free.unwrap_or_default();
        }
        batch.reuse(self.state.next);
        if std::mem::take(&mut self.has_rolled) {
            self.maintenance.segment_sealed(&self.shared);
        }
        if self.state.active.size / PREALLOCATE_AT_ONE_IN <= self.state.at {
            self.preallocator.request(self.state.active.number + 1);
        }
        self.shared.want_index_if_it_lags();
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
        let closed =
            self.sync_all().and_then(|()| self.write_mark(true)).and_then(|()| self.state.active.file.sync_data());
        closed.map_err(|error| self.poison(error))
    }

    /// What a mark or a header may say is durable here.
    fn durable(&self) -> (u64, Position) {
        match self.syncs {
            Syncs::EachBatch => (self.state.batches, self.state.next),
            Syncs::Behind { synced, .. } => synced,
        }
    }

    /// Syncs a copy that was not for long, and the first batch of a segment: a sidecar of the one before is proof of it.
    fn sync_now_and_then(&mut self) -> io::Result<()> {
        match self.syncs {
            Syncs::Behind { at, .. } if self.has_rolled || SYNC_BEHIND <= at.elapsed() => self.sync_all(),
            Syncs::Behind { .. } | Syncs::EachBatch => Ok(()),
        }
    }

    /// Syncs what a copy has not yet.
    fn sync_all(&mut self) -> io::Result<()> {
        if let Syncs::Behind { .. } = self.syncs {
            sync(&*self.state.active.file)?;
            self.sync_behind();
        }
        Ok(())
    }

    /// Has the next segment at hand when `stored_len` bytes and a mark do not fit in the active one; answers whether they do not.
    fn prepare_room(&mut self, stored_len: u64) -> Result<bool, AppendError> {
        if space_end(self.state.at, stored_len) <= self.state.active.size {
            return Ok(false);
        }
        let size = space_end(DATA_START, stored_len).next_multiple_of(DATA_START);
        if self.next_segment.as_ref().is_none_or(|next| next.size < size) {
            let taken = self.preallocator.take(self.state.active.number + 1, size);
            let taken = taken.map_err(|error| match is_storage_full(&error) {
                true => AppendError::StorageFull { source: Arc::new(error) },
                false => AppendError::Unavailable { source: Arc::new(error) },
            });
            self.next_segment = Some(taken?);
        }
        Ok(true)
    }

    /// Moves on to the next segment when `stored_len` bytes and a mark do not fit in the active one.
    fn make_room(&mut self, stored_len: u64) -> Result<(), AppendError> {
        if !self.prepare_room(stored_len)? {
            return Ok(());
        }
        // What is sealed is durable.
        self.sync_all().map_err(|error| self.poison(error))?;
        let next = self.next_segment.take().expect("it was prepared");
        assert_eq!(next.number, self.state.active.number + 1, "segments follow each other without a gap");
        self.state.active = next;
        self.state.at = DATA_START;
        self.has_rolled = true;
        Ok(())
    }

    /// Writes down that everything so far is durable. Zeros up to the mark wipe what an older mark left there.
    fn write_mark(&mut self, clean: bool) -> io::Result<()> {
        let offset = mark_offset(self.state.at);
        let (durable_batches, durable_upto) = self.durable();
        let mark = Mark {
            clean,
            segment_id: self.state.active.id,
            offset,
            durable_batches,
            durable_upto,
            data_end: self.state.at,
        };
        let (bytes, len) = mark.encode_behind_gap();
        write_full(&*self.state.active.file, &bytes[..len], self.state.at)
    }

    /// The first failure stays the reason.
    pub fn poison(&mut self, error: io::Error) -> AppendError {
        let source = Arc::new(error);
        self.poisoned = Some(Arc::clone(&source));
        AppendError::Unknown { source }
    }
}

/// What a batch takes on the disk, in bytes.
fn stored_len(batch: &Batch) -> u64 {
    (padded(batch.len_bytes() - BATCH_HEADER_LEN) + BATCH_HEADER_LEN) as u64
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
