//! The snapshot thread: writes what the engine thread gives it, once it is durable in the log.

use crate::snapshot::{Image, Row, Snapshot, SnapshotError};
use domain::ids::{StoreId, TenantId};
use eventlog::{LogReader, Position};
use schemas::stored::Checkpoint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How many rows are written together.
pub(crate) const ROWS_MAX: usize = 256;
/// How many bytes of rows are written together, and one row more.
const BYTES_MAX: usize = 8 << 20;
/// How long the snapshot thread waits for the log before it looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(100);

/// What the engine thread gives the snapshot thread.
#[derive(Debug)]
pub(crate) enum Keep {
    /// A store.
    Store(Box<Image>),
    /// All stores were given: from now on the snapshot goes so far.
    End(Checkpoint),
}

/// What the snapshot thread has done with what it was given.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The stores, each as it was before a position.
    pub rows: Vec<(TenantId, StoreId, Position)>,
    /// Whether this was the end of a snapshot.
    pub is_end: bool,
    pub outcome: Outcome,
}

/// What has become of rows.
#[derive(Debug)]
pub(crate) enum Outcome {
    Written,
    Failed(SnapshotError),
    /// Rows before them were not written, so neither were these.
    GivenUp,
}

/// The snapshot thread's end.
#[derive(Debug)]
pub(crate) struct KeepThread {
    pub snapshot: Arc<Snapshot>,
    pub reader: LogReader,
    pub given: mpsc::Receiver<Keep>,
    pub kept: mpsc::Sender<Kept>,
    /// The engine thread has ended: nothing more becomes durable.
    pub is_over: Arc<AtomicBool>,
}

impl KeepThread {
    /// Writes until the engine thread has gone; `wake` lets it look at what was done.
    pub(crate) fn run(&self, wake: impl Fn()) {
        eventlog::lower_thread_priority();
        let (mut rows, mut bytes, mut has_failed) = (vec![], 0, false);
        while let Ok(keep) = self.given.recv() {
            let checkpoint = match keep {
                Keep::Store(image) => {
                    let row = image.encode();
                    bytes += row.note.len() + row.row.as_ref().map_or(0, Vec::len);
                    rows.push(row);
                    if rows.len() < ROWS_MAX && bytes < BYTES_MAX {
                        continue;
                    }
                    None
                }
                Keep::End(checkpoint) => Some(checkpoint),
            };
            let given = std::mem::take(&mut rows);
            bytes = 0;
            let outcome = match has_failed {
                true => Outcome::GivenUp,
                false if !self.await_durable(&given, checkpoint.as_ref()) => return,
                false => match self.snapshot.write(&given, checkpoint.as_ref()) {
                    Ok(()) => Outcome::Written,
                    Err(error) => Outcome::Failed(error),
                },
            };
            let is_end = checkpoint.is_some();
            has_failed = !is_end && !matches!(outcome, Outcome::Written);
            let rows = given.iter().map(|row| (row.tenant, row.store, row.position)).collect();
            if self.kept.send(Kept { rows, is_end, outcome }).is_err() {
                return;
            }
            wake();
        }
    }

    /// Waits until all that is to be written is durable in the log; answers whether it ever was.
    fn await_durable(&self, rows: &[Row], checkpoint: Option<&Checkpoint>) -> bool {
        let last = rows.iter().map(|row| row.position).max().unwrap_or_default();
        let needed = last.max(Position(checkpoint.map_or(0, |checkpoint| checkpoint.position)));
        loop {
            let durable = self.reader.durable();
            if needed <= durable {
                return true;
            }
            if self.is_over.load(Ordering::Acquire) {
                return false;
            }
            self.reader.wait_beyond(durable, PATIENCE);
        }
    }
}
