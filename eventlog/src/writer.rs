//! The one writer of a log, whatever its backend.

use crate::batch::Batch;
use crate::embedded::EmbeddedLog;
use crate::memory::MemoryLog;
use crate::{AppendError, Appended, BatchId, BatchPlace, Position, ReadError, lookup};
use std::fmt;

/// Appends to a log. There is one per log; it may be moved to another thread but not shared.
pub enum LogWriter {
    /// Files on this machine.
    Embedded(Embedded),
    /// Nothing durable, for tests and demonstrations.
    Memory(Memory),
}

/// See [`open_embedded`](crate::open_embedded).
pub struct Embedded(pub(crate) Box<EmbeddedLog>);

/// See [`open_memory`](crate::open_memory).
pub struct Memory(pub(crate) MemoryLog);

impl LogWriter {
    /// The position the next appended event gets; what a new [`Batch`] starts at.
    pub fn next_position(&self) -> Position {
        match self {
            LogWriter::Embedded(Embedded(log)) => log.next_position(),
            LogWriter::Memory(Memory(log)) => log.next_position(),
        }
    }

    /// Appends `batch` behind everything appended before. Blocks for one sync.
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
        match self {
            LogWriter::Embedded(Embedded(log)) => log.append(batch),
            LogWriter::Memory(Memory(log)) => Ok(log.append(batch)),
        }
    }

    /// Where the batch called `id` is, or `None` when it is not in the log. Recent batches are answered from memory; for others each
    /// segment's index is asked.
    ///
    /// # Errors
    /// [`ReadError::Unresolved`] when this writer failed and the batch is not among those known to be durable;
    /// [`ReadError::Corrupt`] and [`ReadError::Io`] as for every read.
    pub fn find_batch(&self, id: BatchId) -> Result<Option<BatchPlace>, ReadError> {
        match self {
            LogWriter::Embedded(Embedded(log)) => log.find_batch(id),
            LogWriter::Memory(Memory(log)) => lookup::find_batch(&log.shared, id),
        }
    }

    /// Stops cleanly, so that the next opening has nothing to recover. Dropping the writer instead loses nothing either.
    ///
    /// # Errors
    /// Any of [`AppendError`]: everything acknowledged is still there, and the next opening recovers.
    pub fn close(self) -> Result<(), AppendError> {
        match self {
            LogWriter::Embedded(Embedded(log)) => log.close(),
            LogWriter::Memory(_) => Ok(()),
        }
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter").field("next_position", &self.next_position()).finish_non_exhaustive()
    }
}
