//! Errors, one variant per reaction of the caller.

use crate::types::Position;
use std::path::{Path, PathBuf};
use std::{io, sync::Arc};

/// Why a batch was not appended, by what to do next.
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub enum AppendError {
    /// Another writer took over and nothing was written. Stop, do not retry.
    #[error("another writer took over this log; nothing was written")]
    Fenced,
    /// Nothing was written. The same batch may be appended again later.
    #[error("the log cannot be written now; nothing was written")]
    Unavailable { source: Arc<io::Error> },
    /// No space for the next segment and nothing was written. The same batch may be appended again once space is freed;
    /// reads go on meanwhile.
    #[error("no space left for the next segment of the log; nothing was written")]
    StorageFull { source: Arc<io::Error> },
    /// Nobody knows whether the batch is in the log, and this writer refuses everything from now on. Open the log again
    /// and ask [`LogWriter::find_batch`](crate::LogWriter::find_batch) for the batch's id; answer waiters only then.
    #[error("a write or sync failed; whether the batch is in the log is known after the log is opened again")]
    Unknown {
        /// The failure that poisoned the writer.
        source: Arc<io::Error>,
    },
}

/// Why a log was not opened.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub enum OpenError {
    /// Another process writes this log. Stop that one first, or use another directory.
    #[error("the log in {} is in use by another process; stop it first or use another directory", dir.display())]
    Locked { dir: PathBuf },
    /// The directory holds files of the log's names that are not a log.
    #[error("{} is not a segment of a comanda log; use another directory", file.display())]
    NotALog { file: PathBuf },
    /// There is a log already where one was to be copied to. Use an empty directory.
    #[error("there is a log in {} already; use an empty directory", dir.display())]
    Occupied { dir: PathBuf },
    /// The log was written by a newer or older format. Use the program that wrote it.
    #[error("{} has format version {found}, this program reads version {expected}", file.display())]
    Version { file: PathBuf, found: u32, expected: u32 },
    /// Data that was acknowledged is damaged. Nothing was changed; restore the log from a copy.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// No space to recover into; nothing was lost. Free space and open again.
    #[error("no space left in {} to open the log; free some and start again", dir.display())]
    StorageFull { dir: PathBuf, source: io::Error },
    /// The file system failed while doing `what`. Opening again is safe.
    #[error("cannot {what} {}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
}

impl OpenError {
    /// The file system failed while doing `what` to the log in `dir`.
    pub(crate) fn io(what: &'static str, dir: &Path, source: io::Error) -> OpenError {
        match is_storage_full(&source) {
            true => OpenError::StorageFull { dir: dir.to_owned(), source },
            false => OpenError::Io { what, path: dir.to_owned(), source },
        }
    }
}

/// Space may come free again; other failures may not go away.
pub(crate) fn is_storage_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Corruption of acknowledged data: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
#[error("the log is damaged: {} at byte {offset} (position {position}): {why}; {remedy}", file.display())]
pub struct Corrupt {
    pub file: PathBuf,
    /// In bytes.
    pub offset: u64,
    /// The first position that cannot be read.
    pub position: Position,
    pub why: &'static str,
    /// What the operator can do.
    pub remedy: &'static str,
}

/// Why the log could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub enum ReadError {
    /// Durable data is damaged; the rest of the log still reads.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The file system failed; the same call may be repeated.
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: Arc<io::Error> },
    /// The writer failed in the middle of an append, so the answer is not known before the log is opened again.
    #[error("the outcome of the last append is not known before the log is opened again")]
    Unresolved,
}
