//! Who may write a log, whatever its backend: a follower that takes it over, until it steps down.

use crate::batch::Batch;
use crate::embedded::EmbeddedWriter;
use crate::error::{AppendError, FollowError, ReadError, TakeOverError};
use crate::lookup;
use crate::memory::MemoryWriter;
use crate::reader::LogReader;
use crate::replicated::Replicated;
use crate::replicated::owner::Owner;
use crate::shared::Shared;
use crate::types::{Appended, BatchId, BatchRange, COMMIT_BYTES_MAX, Limits, Position};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// An open log that this process reads and may take over to write.
///
/// An embedded log is locked while it is open, and a log in memory has one owner: nobody else writes either, so taking over is at once.
/// A replicated one may have another owner, who is followed.
pub struct Follower(Backend);

/// A log that was not taken over.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub struct NotTakenOver {
    /// It follows as before.
    pub follower: Follower,
    pub why: TakeOverError,
}

/// Appends to a log. There is one per log; it may be moved to another thread but not shared.
pub struct LogWriter(Backend);

/// What the log is kept in.
enum Backend {
    /// Files on this machine.
    Embedded(Box<EmbeddedWriter>),
    /// Nothing durable, for tests and demonstrations.
    Memory(MemoryWriter),
    /// Other machines, with a copy here.
    Replicated(Box<Replicated>),
}

impl Backend {
    fn shared(&self) -> &Arc<Shared> {
        match self {
            Backend::Embedded(log) => log.shared(),
            Backend::Memory(log) => log.shared(),
            Backend::Replicated(log) => log.shared(),
        }
    }
}

impl Follower {
    pub(crate) fn embedded(log: EmbeddedWriter) -> Follower {
        Follower(Backend::Embedded(Box::new(log)))
    }

    pub(crate) fn memory(log: MemoryWriter) -> Follower {
        Follower(Backend::Memory(log))
    }

    pub(crate) fn replicated(log: Replicated) -> Follower {
        Follower(Backend::Replicated(Box::new(log)))
    }

    /// Takes the next batch that another owner wrote into the copy here; `None` when there is none to be seen now. Of a log that nobody
    /// else writes there never is one.
    ///
    /// # Errors
    /// [`FollowError`]: only [`FollowError::Away`] may be tried again.
    pub fn follow(&mut self) -> Result<Option<BatchRange>, FollowError> {
        match &mut self.0 {
            Backend::Embedded(_) | Backend::Memory(_) => Ok(None),
            Backend::Replicated(log) => log.follow(),
        }
    }

    /// Reads what is durable; it goes on reading when the log is taken over, given back and closed.
    pub fn reader(&self) -> LogReader {
        LogReader::new(Arc::clone(self.0.shared()))
    }

    /// Becomes the one writer of the log. Of a replicated one that takes a record in the log: everything before it is followed first, and
    /// nothing an earlier owner sends comes behind it.
    ///
    /// # Errors
    /// [`NotTakenOver`], with the follower. Never for a log that nobody else writes.
    #[allow(clippy::result_large_err, reason = "a take-over is rare")]
    pub fn take_over(mut self, owner: &Owner) -> Result<LogWriter, NotTakenOver> {
        let taken = match &mut self.0 {
            Backend::Embedded(_) | Backend::Memory(_) => Ok(()),
            Backend::Replicated(log) => log.take_over(owner),
        };
        match taken {
            Ok(()) => Ok(LogWriter(self.0)),
            Err(why) => Err(NotTakenOver { follower: self, why }),
        }
    }

    /// Of a log that nobody else writes.
    pub(crate) fn take_over_alone(self) -> LogWriter {
        debug_assert!(!matches!(self.0, Backend::Replicated(_)), "a replicated log is taken over by a record");
        LogWriter(self.0)
    }
}

impl LogWriter {
    /// Writes no more; the log stays open, so that it can be taken over again. A writer that failed stays failed: an unknown outcome is
    /// known after the log is opened again.
    pub fn step_down(self) -> Follower {
        Follower(self.0)
    }

    /// Set, it ends an append that goes on trying: a remote that does not answer is asked until it does.
    pub fn stop(&self) -> Option<Arc<AtomicBool>> {
        match &self.0 {
            Backend::Embedded(_) | Backend::Memory(_) => None,
            Backend::Replicated(log) => Some(Arc::clone(log.stop())),
        }
    }

    /// How much one append takes.
    pub fn limits(&self) -> Limits {
        match &self.0 {
            Backend::Embedded(_) | Backend::Memory(_) => {
                Limits { batch_bytes: Batch::BYTES_MAX, commit_bytes: COMMIT_BYTES_MAX }
            }
            Backend::Replicated(log) => log.limits(),
        }
    }

    /// Whether an append waits for nothing but this machine, so that a caller may append on the thread that decides.
    pub fn is_local(&self) -> bool {
        match &self.0 {
            Backend::Embedded(_) | Backend::Memory(_) => true,
            Backend::Replicated(_) => false,
        }
    }

    /// The position the next appended event gets; what a new [`Batch`] starts at.
    pub fn next_position(&self) -> Position {
        match &self.0 {
            Backend::Embedded(log) => log.next_position(),
            Backend::Memory(log) => log.next_position(),
            Backend::Replicated(log) => log.next_position(),
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
        let Limits { batch_bytes, commit_bytes } = self.limits();
        debug_assert!(batch.len_bytes() <= batch_bytes + commit_bytes, "a full batch takes no more commits");
        match &mut self.0 {
            Backend::Embedded(log) => log.append(batch),
            Backend::Memory(log) => Ok(log.append(batch)),
            Backend::Replicated(log) => log.append(batch),
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
            Backend::Memory(log) => lookup::find_batch(log.shared(), id),
            Backend::Replicated(log) => log.find_batch(id),
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
            Backend::Replicated(log) => log.close(),
        }
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("durable", &self.0.shared().head()).finish_non_exhaustive()
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter").field("next_position", &self.next_position()).finish_non_exhaustive()
    }
}
