//! Why a command was rejected, state does not load, or the engine does not start or go on.

use crate::snapshot::SnapshotError;
use domain::ids::Text;
use domain::refused::Refused;
use eventlog::{Position, ReadError};
use schemas::stored::DecodeError;

/// Why a command has no commit to show, by what the client does next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules say no; nothing was written.
    #[error("refused: {0:?}")]
    Refused(Refused),
    /// Another command was accepted under this id; use a new one.
    #[error("another command was accepted under this id")]
    KeyReused,
    /// `occurred_at` lies further ahead than clocks differ; correct the clock or the file.
    #[error("occurred_at lies in the future")]
    OccurredInFuture,
    /// Too much to do; nothing was written, try again.
    #[error("the queue is full; nothing was written")]
    Overloaded,
    /// No space left; nothing was written, try again once there is.
    #[error("the disk is full; nothing was written")]
    StorageFull,
    /// The process has as many files open as it may, so that the log cannot make the next one; nothing was written, try again.
    #[error("too many files are open; nothing was written")]
    OutOfFiles,
    /// The log cannot be written at the moment, or does not answer; nothing was written, try again.
    #[error("the log does not take anything at the moment; nothing was written")]
    LogUnavailable,
    /// The engine is stopping or has stopped; nothing was written.
    #[error("the engine has stopped; nothing was written")]
    Stopped,
    /// The outcome is unknown: the command may have taken effect. Repeat it under the same id.
    #[error("the outcome is not known; repeat the command under the same id")]
    Unknown,
}

/// Why the engine did not start; nothing was written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say all")]
pub enum StartError {
    #[error("the log does not read")]
    Read(#[from] ReadError),
    #[error("the log does not fold into a state")]
    Fold(#[from] FoldError),
    #[error("the snapshot does not read; delete it to fold the whole log")]
    Snapshot(#[source] SnapshotError),
    #[error("the operating system gives no thread")]
    Thread(#[from] std::io::Error),
}

/// Why an engine ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The log failed for good: stop the process and start it again.
    #[error("the log failed for good; start the process again")]
    Log,
    /// Another writer took the log over: this engine takes no more commands, and reads go on.
    #[error("another writer took the log over; send commands there")]
    Fenced,
}

/// Why the log does not fold into a state.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say all")]
pub enum FoldError {
    #[error(
        "the event at position {position} in {stream} does not read; it was written by a newer program or is damaged"
    )]
    Event { position: Position, stream: String, source: DecodeError },
    #[error("the stream {stream} at position {position} is not one this program writes")]
    Stream { position: Position, stream: String },
    /// The time zone database of this program does not have it.
    #[error("the time zone {zone} of a store is not known; update the program")]
    Zone { zone: Text },
}

/// Why state was not loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the log does not read")]
    Read(#[from] ReadError),
    #[error("what the log holds does not fold")]
    Fold(#[from] FoldError),
    #[error("the snapshot does not read")]
    Snapshot(#[from] SnapshotError),
    #[error("the log has no commit at position {position} any more")]
    Missing { position: Position },
}

impl From<LoadError> for StartError {
    fn from(error: LoadError) -> StartError {
        match error {
            LoadError::Read(error) => StartError::Read(error),
            LoadError::Fold(error) => StartError::Fold(error),
            LoadError::Snapshot(error) => StartError::Snapshot(error),
            LoadError::Missing { position } => unreachable!("the log lost what stood at {position} while it was read"),
        }
    }
}
