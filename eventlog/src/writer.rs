//! The one writer of a log, whatever its backend.

use crate::batch::Batch;
use crate::embedded::EmbeddedWriter;
use crate::error::{AppendError, ReadError};
use crate::lookup;
use crate::memory::MemoryWriter;
use crate::types::{Appended, BatchId, BatchRange, COMMIT_BYTES_MAX, Position};
use std::fmt;

/// Appends to a log. There is one per log; it may be moved to another thread but not shared.
pub struct LogWriter(Backend);

/// What the log is kept in.
enum Backend {
    /// Files on this machine.
    Embedded(Box<EmbeddedWriter>),
    /// Nothing durable, for tests and demonstrations.
    Memory(MemoryWriter),
}

impl LogWriter {
    pub(crate) fn embedded(writer: EmbeddedWriter) -> LogWriter {
        LogWriter(Backend::Embedded(Box::new(writer)))
    }

    pub(crate) fn memory(writer: MemoryWriter) -> LogWriter {
        LogWriter(Backend::Memory(writer))
    }

    /// The position the next appended event gets; what a new [`Batch`] starts at.
    pub fn next_position(&self) -> Position {
        match &self.0 {
            Backend::Embedded(log) => log.next_position(),
            Backend::Memory(log) => log.next_position(),
        }
    }

    /// Appends `batch` after everything appended before. Blocks for one sync.
    ///
    /// On `Ok` every event is durable as the backend understands it (embedded: `fdatasync` returned) and visible to readers,
    /// positions follow the last ones without a gap, and each commit is there whole. `batch` is then empty, under a new id, and
    /// starts at the next position. On an error it is unchanged.
    ///
    /// # Errors
    /// - [`AppendError::Fenced`]: another writer took over; nothing was written. Stop, do not retry.
    /// - [`AppendError::Unavailable`], [`AppendError::StorageFull`]: nothing was written. The same call may be repeated.
    /// - [`AppendError::Unknown`]: nobody knows. Open the log again and ask [`LogWriter::find_batch`] with the batch's
    ///   id; answer waiters only then. This writer refuses everything from now on.
    ///
    /// # Panics
    /// If `batch` is empty or does not start at [`LogWriter::next_position`].
    pub fn append(&mut self, batch: &mut Batch) -> Result<Appended, AppendError> {
        assert!(!batch.is_empty(), "an empty batch has nothing to promise");
        assert_eq!(batch.first(), self.next_position(), "a batch starts where the log ends");
        debug_assert!(batch.len_bytes() <= Batch::BYTES_MAX + COMMIT_BYTES_MAX, "a full batch takes no more commits");
        match &mut self.0 {
            Backend::Embedded(log) => log.append(batch),
            Backend::Memory(log) => Ok(log.append(batch)),
        }
    }

    /// Where the batch called `id` is, or `None` when it is not in the log. Recent batches are found in memory; for others the
    /// index of each segment is queried.
    ///
    /// # Errors
    /// [`ReadError::Unresolved`] when this writer failed and the batch is not among those known to be durable;
    /// [`ReadError::Corrupt`] and [`ReadError::Io`] as for every read.
    pub fn find_batch(&self, id: BatchId) -> Result<Option<BatchRange>, ReadError> {
        match &self.0 {
            Backend::Embedded(log) => log.find_batch(id),
            Backend::Memory(log) => lookup::find_batch(&log.shared, id),
        }
    }

    /// Stops cleanly, so that the next opening has nothing to recover. Dropping the writer instead loses nothing either.
    ///
    /// # Errors
    /// Any of [`AppendError`]: everything acknowledged is still there, and the next opening recovers.
    pub fn close(self) -> Result<(), AppendError> {
        match self.0 {
            Backend::Embedded(log) => log.close(),
            Backend::Memory(_) => Ok(()),
        }
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter").field("next_position", &self.next_position()).finish_non_exhaustive()
    }
}
