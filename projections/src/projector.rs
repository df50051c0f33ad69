//! What a worker asks of a projection.

use crate::error::FoldError;
use crate::rows::Committed;
use domain::calendar::Timestamp;
use domain::event::Event;
use domain::ids::{CommandId, TenantId};
use domain::stream::Stream;
use eventlog::{Position, StoredCommit, StoredEvent};
use redb::WriteTransaction;
use std::time::Duration;

/// An event of the log, decoded.
pub(crate) struct Recorded<'a> {
    pub stream: Stream,
    pub position: Position,
    pub command_id: CommandId,
    pub revision: u64,
    pub recorded_at: Timestamp,
    /// What its commit says besides; decoded only by who needs it.
    pub meta: &'a [u8],
    /// Whether its commit is for practice: then it counts in no report.
    pub training: bool,
    pub event: Event,
}

impl Recorded<'_> {
    pub fn tenant(&self) -> TenantId {
        self.stream.tenant()
    }
}

/// A fold of the log into the tables of a read model.
pub(crate) trait Projector: Send + 'static {
    /// The version of its tables and keys. Whoever changes them, or what is folded into them, raises it.
    const LAYOUT: u32;
    /// The versions of its rows, each of which says itself when it changes.
    const ROWS: &'static [u8];
    /// What a file has to be of, or it is rebuilt from the log: none of the versions in it ever goes down.
    const VERSION: u32 = version(Self::LAYOUT, Self::ROWS);
    /// How long its worker lingers between two commits while nobody waits: under load many batches then share one commit,
    /// which costs more than folding them, and the processors are left to those who decide and write.
    const LINGER: Duration = Duration::from_millis(50);
    /// Every table, so that queries find it before the first event.
    const TABLES: &'static [&'static str];

    /// Whether it folds events of this category.
    fn wants(category: &str) -> bool;

    /// Whether it folds events of this type, of the categories it wants. What it does not is not even decoded.
    fn wants_type(tag: u16) -> bool {
        let _ = tag;
        true
    }

    /// Whether it folds the bytes of events, of every category, and none of them is decoded.
    const FOLDS_BYTES: bool = false;

    /// Folds an event's bytes into memory, where it [folds bytes](Projector::FOLDS_BYTES).
    fn apply_bytes(
        &mut self,
        committed: &Committed<'_>,
        commit: &StoredCommit<'_>,
        event: &StoredEvent<'_>,
    ) -> Result<(), FoldError> {
        let _ = (committed, commit, event);
        Ok(())
    }

    /// Folds an event into memory. On an error nothing has changed.
    fn apply(&mut self, committed: &Committed<'_>, event: &Recorded<'_>) -> Result<(), FoldError>;

    /// Whether there is something to write.
    fn is_dirty(&self) -> bool;

    /// Writes what changed.
    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError>;

    /// What was written is visible to queries from now on, as of `position`; nobody was told yet.
    fn on_commit(&mut self, position: Position) {
        let _ = position;
    }
}

/// The revisions of a stream follow each other; anything else means the log and the model do not belong together.
pub(crate) fn follows(held: u64, revision: u64) -> Result<(), FoldError> {
    match held.checked_add(1) == Some(revision) {
        true => Ok(()),
        false => Err(FoldError::Revision { held: Some(held), revision }),
    }
}

/// The first event of a stream.
pub(crate) fn starts(revision: u64) -> Result<(), FoldError> {
    match revision {
        0 => Ok(()),
        _ => Err(FoldError::Revision { held: None, revision }),
    }
}

/// The form of all files: since 1 each row is closed for its key.
const FORM: u32 = 1;

const fn version(layout: u32, rows: &[u8]) -> u32 {
    let (mut sum, mut at) = ((layout << 16) + (FORM << 12), 0);
    while at < rows.len() {
        sum += rows[at] as u32;
        at += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::version;

    /// A file says which version it has, so the number of one that was released never changes and no other has it.
    #[test]
    fn a_version_is_of_one_layout_and_one_set_of_rows() {
        assert_eq!(version(2, &[1, 3]), 0x2_1004);
        assert_ne!(version(3, &[1, 3]), version(2, &[1, 3]));
        assert_ne!(version(2, &[1, 4]), version(2, &[1, 3]));
    }
}
