//! The snapshot thread: writes the rows that the engine thread hands over, once they are durable in the log.

use crate::options::Options;
use crate::snapshot::{Row, Snapshot, SnapshotError, StoreImage};
use domain::calendar::Timestamp;
use domain::ids::{StoreId, TenantId};
use eventlog::{LogReader, Position};
use schemas::stored::Checkpoint;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How many rows are written together.
pub(crate) const ROWS_MAX: usize = 256;
/// How many bytes of rows are written together, and one row more.
const BYTES_MAX: usize = 8 << 20;
/// How long the snapshot thread waits for the log before it looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(100);

/// What the engine thread hands to the snapshot thread.
#[derive(Debug)]
pub(crate) enum SnapshotPart {
    Store(Box<StoreImage>),
    /// All stores were handed over: from now on the snapshot stands here.
    Checkpoint(Checkpoint),
}

/// What became of rows that were handed over.
#[derive(Debug)]
pub(crate) struct WriteReport {
    /// The stores, each with the position its row stands at.
    pub rows: Vec<(TenantId, StoreId, Position)>,
    /// Whether these were the last of a snapshot.
    pub is_last: bool,
    pub outcome: WriteOutcome,
}

#[derive(Debug)]
pub(crate) enum WriteOutcome {
    Written,
    Failed(SnapshotError),
    /// Rows of the same snapshot before them were not written, so neither were these.
    Skipped,
}

/// The engine thread's end of the snapshot thread.
#[derive(Debug)]
pub(crate) struct Snapshots {
    pub parts: mpsc::Sender<SnapshotPart>,
    pub reports: mpsc::Receiver<WriteReport>,
    is_over: Arc<AtomicBool>,
    pub snapshot: Arc<Snapshot>,
    /// After how many events a snapshot is taken.
    pub events: u64,
    pub stores_max: usize,
    pub under_way: Option<UnderWay>,
    /// The file was lost, and every store is being loaded.
    pub is_warming_up: bool,
    /// The position the last snapshot was begun at.
    pub began: Position,
    pub began_at: Timestamp,
}

/// A snapshot that is being taken.
#[derive(Debug)]
pub(crate) struct UnderWay {
    pub checkpoint: Option<Checkpoint>,
    /// Those still to be handed over.
    pub stores: VecDeque<(TenantId, StoreId)>,
    pub rows_in_flight: usize,
    pub has_failed: bool,
}

impl Snapshots {
    pub(crate) fn new(snapshot: Arc<Snapshot>, reader: LogReader, options: &Options) -> (Snapshots, SnapshotWriter) {
        let (to_write, parts) = mpsc::channel();
        let (to_report, reports) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let snapshots = Snapshots {
            parts: to_write,
            reports,
            is_over: Arc::clone(&is_over),
            snapshot: Arc::clone(&snapshot),
            events: options.snapshot_events,
            stores_max: options.stores_max,
            under_way: None,
            is_warming_up: false,
            began: snapshot.position,
            began_at: Timestamp::default(),
        };
        (snapshots, SnapshotWriter { snapshot, reader, parts, reports: to_report, is_over })
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

/// The snapshot thread's end.
#[derive(Debug)]
pub(crate) struct SnapshotWriter {
    snapshot: Arc<Snapshot>,
    reader: LogReader,
    parts: mpsc::Receiver<SnapshotPart>,
    reports: mpsc::Sender<WriteReport>,
    /// The engine thread has ended: nothing more becomes durable.
    is_over: Arc<AtomicBool>,
}

impl SnapshotWriter {
    /// Writes until the engine thread has gone; `wake` lets it look at the reports.
    pub(crate) fn run(&self, wake: impl Fn()) {
        eventlog::lower_thread_priority();
        let (mut rows, mut bytes, mut has_failed) = (vec![], 0, false);
        while let Ok(part) = self.parts.recv() {
            let checkpoint = match part {
                SnapshotPart::Store(image) => {
                    let row = image.encode();
                    bytes += row.note.len() + row.row.as_ref().map_or(0, Vec::len);
                    rows.push(row);
                    if rows.len() < ROWS_MAX && bytes < BYTES_MAX {
                        continue;
                    }
                    None
                }
                SnapshotPart::Checkpoint(checkpoint) => Some(checkpoint),
            };
            let group = std::mem::take(&mut rows);
            bytes = 0;
            let outcome = match has_failed {
                true => WriteOutcome::Skipped,
                false => match self.await_durable(&group, checkpoint.as_ref()) {
                    None => return,
                    Some(next) => match self.write(&group, checkpoint.as_ref(), next) {
                        Ok(()) => WriteOutcome::Written,
                        Err(error) => WriteOutcome::Failed(error),
                    },
                },
            };
            let is_last = checkpoint.is_some();
            has_failed = !is_last && !matches!(outcome, WriteOutcome::Written);
            let rows = group.iter().map(|row| (row.tenant, row.store, row.position)).collect();
            if self.reports.send(WriteReport { rows, is_last, outcome }).is_err() {
                return;
            }
            wake();
        }
    }

    /// Writes what goes up to `next`, with the batch that tells this history from any other.
    fn write(&self, rows: &[Row], checkpoint: Option<&Checkpoint>, next: Position) -> Result<(), SnapshotError> {
        let newest = Position(next.0.saturating_sub(1));
        let batch = self.reader.batch_at(newest)?.expect("what is durable is in a batch");
        self.snapshot.write(rows, checkpoint, (newest, batch))
    }

    /// Waits until all that is to be written is durable in the log, and returns the position behind it; `None` where it never will be.
    /// A row ahead of the log would hold events that a crash takes back.
    fn await_durable(&self, rows: &[Row], checkpoint: Option<&Checkpoint>) -> Option<Position> {
        let last = rows.iter().map(|row| row.position).max().unwrap_or_default();
        let needed = last.max(Position(checkpoint.map_or(0, |checkpoint| checkpoint.position)));
        loop {
            let durable = self.reader.durable();
            if needed <= durable {
                return Some(needed);
            }
            if self.is_over.load(Ordering::Acquire) {
                return None;
            }
            self.reader.wait_beyond(durable, PATIENCE);
        }
    }
}
