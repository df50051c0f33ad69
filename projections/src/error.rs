//! What can go wrong, by what to do next.

use domain::ids::{StoreId, TenantId};
use eventlog::{Position, ReadError};
use schemas::views::BadRow;
use std::path::PathBuf;

/// Why the read models were not opened, or one of them not.
#[allow(missing_docs, reason = "the variant says what its fields are of")]
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory of the read models cannot be made, or a model in it not renamed. Nothing but that model waits for it.
    #[error("cannot {what} {}", path.display())]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    /// A read model cannot be opened or made for now. Nothing else waits for it.
    #[error("the read model {} cannot be used", path.display())]
    Unusable { path: PathBuf, source: derived::Failure },
    /// The operating system starts no more threads.
    #[error("no thread to fold who is let in")]
    Thread(#[source] std::io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// What the log says of who is let in does not read: it was written by a newer program, or is damaged.
    #[error("what the log says of who is let in does not read")]
    Access(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a query has no answer.
#[allow(missing_docs, reason = "the variant says what its fields are of")]
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The read model is being rebuilt from the log. Ask again a little later.
    #[error("the read model is being rebuilt: {applied} of {target}")]
    Rebuilding { applied: Position, target: Position },
    /// The page cursor is none that a list of this kind gave out.
    #[error("the cursor is not one of this list")]
    BadCursor,
    /// The dates end before they begin, or span more than the most that one report covers.
    #[error("a report covers 1 to {days_max} days")]
    BadRange { days_max: i32 },
    /// Amounts of several currencies do not add up: ask for fewer stores, or by store.
    #[error("store {store} sells in another currency than the others")]
    MixedCurrencies { store: StoreId },
    /// The read model does not open, or is damaged and about to be rebuilt. Ask again a little later.
    #[error("the read model is not there at the moment")]
    Unavailable,
    /// The read model is damaged or the disk failed; nobody outside sees it.
    #[error("the read model does not read")]
    Storage(#[source] Box<redb::Error>),
    /// A row is not one of ours; nobody outside sees it.
    #[error("a row of {table} does not read")]
    Row { table: &'static str, source: BadRow },
}

/// An error with its causes, for the alarm.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A read model had not applied a position in time. Ask again, or without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the message says what they are")]
#[error("the read model stands at {applied}, not yet at {wanted}")]
pub struct Stale {
    pub wanted: Position,
    pub applied: Position,
}

/// What stops a projection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FoldError {
    #[error("the database of the read model failed")]
    Storage(#[source] Box<redb::Error>),
    #[error("a row of {table} does not read")]
    Row { table: &'static str, source: BadRow },
    #[error("the event does not decode")]
    Decode(#[from] schemas::stored::DecodeError),
    #[error("the stream's name does not read")]
    Stream(#[from] domain::stream::BadStream),
    #[error("the commit's data does not read")]
    Meta(#[from] schemas::stored::BadMeta),
    #[error("the event belongs to {tenant}, its commit to somebody else")]
    Tenant { tenant: TenantId },
    /// The event cannot follow from what the log said before.
    #[error("{0}")]
    Impossible(&'static str),
    #[error("the stream is at revision {held:?} and the event has revision {revision}")]
    Revision { held: Option<u64>, revision: u64 },
}

/// Every error of the database is one to both sides of the crate.
macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for FoldError {
            fn from(error: redb::$error) -> FoldError {
                FoldError::Storage(Box::new(error.into()))
            }
        }

        impl From<redb::$error> for QueryError {
            fn from(error: redb::$error) -> QueryError {
                QueryError::Storage(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(StorageError, TableError, TransactionError, CommitError, SetDurabilityError);
