//! Errors, one variant per reaction of the caller.

use crate::Position;
use std::{io, path::PathBuf, sync::Arc};

/// Why a batch was not appended, by what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// Another writer took over and nothing was written. Stop, do not retry.
    #[error("another writer took over this log; nothing was written")]
    Fenced,
    /// Nothing was written. The same batch may be appended again later.
    #[error("the log cannot be written now; nothing was written")]
    Unavailable {
        /// What stood in the way.
        source: Arc<io::Error>,
    },
    /// No space for the next segment and nothing was written. The same batch may be appended again once space is freed;
    /// reads go on meanwhile.
    #[error("no space left for the next segment of the log; nothing was written")]
    StorageFull {
        /// What the file system answered.
        source: Arc<io::Error>,
    },
    /// Nobody knows whether the batch is in the log, and this writer refuses everything from now on. Open the log again
    /// and ask [`LogWriter::find_batch`](crate::LogWriter::find_batch) for the batch's id; answer waiters only then.
    #[error("a write or sync failed; whether the batch is in the log is known after the log is opened again")]
    Unknown {
        /// The first failure.
        source: Arc<io::Error>,
    },
}

/// Why a log was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes this log. Stop that one first, or use another directory.
    #[error("the log in {} is in use by another process; stop it first or use another directory", dir.display())]
    Locked {
        /// The directory of the log.
        dir: PathBuf,
    },
    /// The directory holds files of the log's names that are not a log.
    #[error("{} is not a segment of a comanda log; use another directory", file.display())]
    NotALog {
        /// The file that is not ours.
        file: PathBuf,
    },
    /// The log was written by a newer or older format. Use the program that wrote it.
    #[error("{} has format version {found}, this program reads version {expected}", file.display())]
    Version {
        /// The file with the other version.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// Data that was acknowledged is damaged. Nothing was changed; restore the log from a copy.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// No space to recover into; nothing was lost. Free space and open again.
    #[error("no space left in {} to open the log; free some and start again", dir.display())]
    StorageFull {
        /// The directory of the log.
        dir: PathBuf,
        /// What the file system answered.
        source: io::Error,
    },
    /// The file system failed while doing `what`. Opening again is safe.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the file system answered.
        source: io::Error,
    },
}

/// Damage in acknowledged data: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is damaged: {} at byte {offset} (position {position}): {why}; {remedy}", file.display())]
pub struct Corrupt {
    /// The segment file.
    pub file: PathBuf,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// The first position that cannot be read.
    pub position: Position,
    /// What is wrong.
    pub why: &'static str,
    /// What the operator can do.
    pub remedy: &'static str,
}

/// Why the log could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// Durable data is damaged; the rest of the log still reads.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The file system failed; the same call may be repeated.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system answered.
        source: Arc<io::Error>,
    },
    /// The writer failed in the middle of an append, so the answer is not known before the log is opened again.
    #[error("the outcome of the last append is not known before the log is opened again")]
    Unresolved,
}
