//! The thread of one projection: takes the batches that are durable, folds them, commits rows and checkpoint in one
//! transaction, and publishes the position. `CHECKPOINTS.md` says what holds whatever stops it.
//!
//! A commit is visible at once and durable a little later (redb's `Durability::None`, then `Immediate`): a crash loses a
//! tail of state and position together, which is read from the log again. The durable commit leaves the allocator's
//! state in the file (quick repair), so that opening after a kill does not walk all of it.

use crate::error::FoldError;
use crate::free_space::FreeSpace;
use crate::options::Options;
use crate::projector::{Projector, Recorded};
use crate::read_model::{Parked, ReadModel};
use crate::rows::Committed;
use domain::calendar::Timestamp;
use domain::ids::CommandId;
use eventlog::{BatchId, LogReader, Position, ReadError, StoredBatch, StoredCommit, StoredEvent, Tail};
use redb::Durability;
use schemas::stored::{self, CommitMeta};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A transaction takes batches until it has this many events.
const EVENTS_MAX: u32 = 8_192;
/// The longest a worker sleeps before it looks whether it is to stop.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// The shortest, where every commit is to be durable.
const SLEEP_MIN: Duration = Duration::from_millis(1);
/// A checkpoint that moved without a change to a row is made durable this many times more rarely: what it saves is reading
/// events again that are passed over.
const CLEAN_INTERVALS: u32 = 40;

pub(crate) struct Worker<M> {
    model: Arc<ReadModel>,
    projector: M,
    reader: LogReader,
    decoder: stored::Decoder,
    stop: Arc<AtomicBool>,
    sync_interval: Duration,
    free_space: FreeSpace,
    /// The last event folded, and the batch that holds it.
    folded: Position,
    batch: BatchId,
    /// The checkpoint in the last durable commit, at most `folded`.
    checkpoint: Position,
    synced_at: Instant,
    has_unsynced_changes: bool,
}

/// Why a worker gives up, and where.
struct Stopped {
    position: Position,
    error: Box<dyn Error + Send + Sync>,
}

impl<M: Projector> Worker<M> {
    pub fn new(
        model: Arc<ReadModel>,
        projector: M,
        reader: LogReader,
        stop: Arc<AtomicBool>,
        options: &Options,
    ) -> Worker<M> {
        let folded = model.applied();
        Worker {
            // Nothing is written before something is folded.
            batch: model.log,
            model,
            projector,
            reader,
            decoder: stored::Decoder::new(),
            stop,
            sync_interval: options.sync_interval,
            free_space: options.free_space.clone(),
            folded,
            checkpoint: folded,
            synced_at: Instant::now(),
            has_unsynced_changes: false,
        }
    }

    /// Runs until told to stop. An error parks this projection and no other.
    pub fn run(mut self) {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.follow()));
        let parked = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(Stopped { position, error })) => Parked { position, error: causes(error.as_ref()) },
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                Parked { position: Position(self.folded.0 + 1), error: said.to_owned() }
            }
        };
        self.model.park(parked);
    }

    fn follow(&mut self) -> Result<(), Stopped> {
        self.model.progress.set_worker(std::thread::current());
        // It falls behind rather than make tills wait.
        eventlog::lower_thread_priority();
        let mut tail = self.reader.tail(Position(self.folded.0 + 1));
        while !self.stop.load(Ordering::Acquire) {
            if !self.has_space() {
                std::thread::park_timeout(SLEEP_MAX);
                continue;
            }
            let batches = self.next_batches(&mut tail)?;
            if !batches.is_empty() {
                self.fold(&batches)?;
                self.linger();
            }
            self.sync_if_due()?;
        }
        match self.has_space() {
            true => self.sync(),
            // What is not durable is folded again from the log.
            false => Ok(()),
        }
    }

    /// Whether the disk takes another transaction. The database never meets a disk that does not.
    fn has_space(&self) -> bool {
        let is_left = self.free_space.is_left(&self.model.dir);
        self.model.set_free_space(is_left);
        is_left
    }

    /// Lets batches gather, unless somebody waits for them or there is a backlog to work off.
    fn linger(&self) {
        let is_behind = self.folded.0 + u64::from(EVENTS_MAX) < self.reader.durable().0;
        if !is_behind && !self.model.progress.has_waiters() {
            std::thread::park_timeout(M::LINGER);
        }
    }

    /// The batches that are ready, after waiting for one.
    fn next_batches(&self, tail: &mut Tail) -> Result<Vec<Arc<StoredBatch>>, Stopped> {
        let mut batches = vec![];
        let mut events = 0;
        let mut wait = self.sync_interval.clamp(SLEEP_MIN, SLEEP_MAX);
        while events < EVENTS_MAX {
            match tail.next(wait) {
                Ok(Some(batch)) => {
                    events += batch.events();
                    batches.push(batch);
                    wait = Duration::ZERO;
                }
                Ok(None) => break,
                // What was read is good; the next call meets the error again if it is there to stay.
                Err(ReadError::Io { .. }) if !batches.is_empty() => break,
                Err(error) => return Err(self.stopped(Position(self.folded.0 + 1), error)),
            }
        }
        Ok(batches)
    }

    fn fold(&mut self, batches: &[Arc<StoredBatch>]) -> Result<(), Stopped> {
        let model = Arc::clone(&self.model);
        let committed = Committed::new(&model.database);
        let mut poison = None;
        'batches: for batch in batches {
            for commit in batch.commits() {
                for event in commit.events() {
                    if event.position <= self.folded {
                        continue; // Read again after a crash: already in the state.
                    }
                    debug_assert_eq!(event.position.0, self.folded.0 + 1, "positions have no gap");
                    if let Err(error) = apply(&mut self.projector, &mut self.decoder, &committed, &commit, &event) {
                        poison = Some(self.stopped(event.position, error));
                        break 'batches;
                    }
                    (self.folded, self.batch) = (event.position, batch.id());
                }
            }
        }
        drop(committed);
        // What came before the poison is good.
        self.commit().map_err(|error| self.stopped(self.folded, error))?;
        match poison {
            Some(stopped) => {
                self.sync()?;
                Err(stopped)
            }
            None => Ok(()),
        }
    }

    /// Commits state and position in one transaction, and only then says so.
    fn commit(&mut self) -> Result<(), FoldError> {
        if self.projector.is_dirty() {
            let is_due = self.sync_interval <= self.synced_at.elapsed();
            self.write(is_due)?;
        }
        self.projector.on_commit(self.folded);
        self.model.progress.publish(self.folded);
        Ok(())
    }

    fn write(&mut self, is_durable: bool) -> Result<(), FoldError> {
        let mut transaction = self.model.database.begin_write()?;
        match is_durable {
            true => transaction.set_quick_repair(true),
            false => transaction.set_durability(Durability::None)?,
        }
        assert!(self.checkpoint <= self.folded, "the checkpoint goes back from {}", self.checkpoint);
        self.projector.flush(&transaction)?;
        self.model.write_checkpoint(&transaction, self.folded, self.batch)?;
        transaction.commit()?;
        self.has_unsynced_changes = !is_durable;
        if is_durable {
            self.checkpoint = self.folded;
            self.synced_at = Instant::now();
        }
        Ok(())
    }

    fn sync_if_due(&mut self) -> Result<(), Stopped> {
        let interval = match self.has_unsynced_changes {
            true => self.sync_interval,
            false => self.sync_interval * CLEAN_INTERVALS,
        };
        match self.checkpoint < self.folded && interval <= self.synced_at.elapsed() {
            true => self.sync(),
            false => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), Stopped> {
        match self.checkpoint < self.folded {
            true => self.write(true).map_err(|error| self.stopped(self.folded, error)),
            false => Ok(()),
        }
    }

    fn stopped(&self, position: Position, error: impl Error + Send + Sync + 'static) -> Stopped {
        Stopped { position, error: Box::new(error) }
    }
}

fn apply<M: Projector>(
    projector: &mut M,
    decoder: &mut stored::Decoder,
    committed: &Committed<'_>,
    commit: &StoredCommit<'_>,
    event: &StoredEvent<'_>,
) -> Result<(), FoldError> {
    if M::FOLDS_BYTES {
        return projector.apply_bytes(committed, commit, event);
    }
    let category = event.stream.split_once('-').map_or("", |(category, _)| category);
    if !M::wants(category) || !stored::peek_tag(event.body).is_none_or(M::wants_type) {
        return Ok(());
    }
    let stream = decoder.stream(event.stream)?;
    if stream.tenant().as_str() != commit.tenant {
        return Err(FoldError::Tenant { tenant: stream.tenant() });
    }
    let recorded = Recorded {
        stream,
        position: event.position,
        command_id: CommandId(commit.command_id),
        revision: event.revision.0,
        recorded_at: Timestamp(commit.recorded_at),
        meta: commit.meta,
        training: CommitMeta::peek_training(commit.meta),
        event: decoder.decode(&stream, event.body)?,
    };
    projector.apply(committed, &recorded)
}

/// An error with its causes, for the alarm.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
