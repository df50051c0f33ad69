//! Errors, one variant per reaction of the caller.

use crate::types::{BatchId, Position};
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

/// Why a log does not follow its remote any further.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub enum FollowError {
    /// The remote cannot be asked now; the same call may be repeated.
    #[error("the remote log cannot be read now: {why}")]
    Away { why: &'static str },
    /// What stands in the remote is not what follows here. Nothing was taken and nothing is skipped: stop, and compare both.
    #[error("batch {batch} of the remote log does not follow position {position} of its copy here: {why}")]
    Diverged { batch: u64, position: Position, why: &'static str },
    /// The copy here cannot be written.
    #[error("the copy of the remote log cannot be written")]
    Mirror(#[source] AppendError),
}

/// Why a log was not taken over; it is followed as before.
#[derive(Debug, thiserror::Error)]
pub enum TakeOverError {
    /// What stands before could not be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The record of the new owner was not written, or nobody knows.
    #[error("the record of the new owner was not written")]
    Append(#[source] AppendError),
    /// Told to stop.
    #[error("told to stop before the log was taken over")]
    Stopped,
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
    /// The remote log cannot be asked now; nothing was changed. Open again.
    #[error("the remote log cannot be asked: {why}")]
    Remote { why: &'static str },
    /// There is no log on the remote; make one first.
    #[error("there is no log on the remote; create it first")]
    RemoteEmpty,
    /// The copy here is of another log than the remote's; use another directory.
    #[error("the copy here is of log {mirror}, the remote has log {remote}; use another directory")]
    OtherLog { mirror: BatchId, remote: BatchId },
    /// The remote does not have, or has replaced, what it acknowledged. Nothing was changed: restore it from the copy that has most.
    #[error(
        "the remote log has lost or replaced what it had acknowledged, from position {from} up to {to}; nothing was changed"
    )]
    RemoteLost { from: Position, to: Position },
    /// The copy here, or what it was asked, does not read.
    #[error(transparent)]
    Read(#[from] ReadError),
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

/// Whether a failure says that there is no space: it may come free again; other failures may not go away.
pub fn is_storage_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether a failure says that the process, or the system, has as many files open as it may: that passes, and takes no space.
pub fn lacks_descriptors(error: &io::Error) -> bool {
    let is = |errno: rustix::io::Errno| error.raw_os_error() == Some(errno.raw_os_error());
    is(rustix::io::Errno::MFILE) || is(rustix::io::Errno::NFILE)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failure_lacks_is_space_descriptors_or_neither() {
        use rustix::io::Errno;
        for (errno, no_space, no_descriptor) in [
            (Errno::NOSPC, true, false),
            (Errno::DQUOT, true, false),
            (Errno::MFILE, false, true),
            (Errno::NFILE, false, true),
            (Errno::IO, false, false),
            (Errno::ACCESS, false, false),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!((is_storage_full(&error), lacks_descriptors(&error)), (no_space, no_descriptor), "{error}");
        }
        assert!(!lacks_descriptors(&io::Error::other("of no system call")));
    }
}
