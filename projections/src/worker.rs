//! The thread of one projection: takes the batches that are durable, folds them, commits rows and checkpoint in one
//! transaction, and publishes the position. `CHECKPOINTS.md` says what holds whatever stops it.
//!
//! A commit is visible at once and durable a little later (redb's `Durability::None`, then `Immediate`): a crash loses a
//! tail of state and position together, which is read from the log again. The durable commit leaves the allocator's
//! state in the file (quick repair), so that opening after a kill does not walk all of it.

use crate::error::{FoldError, with_causes};
use crate::options::Options;
use crate::projector::{Projector, Recorded};
use crate::read_model::{Parked, ReadModel, Trouble};
use crate::rows::Committed;
use derived::Derived;
use domain::calendar::Timestamp;
use domain::ids::CommandId;
use eventlog::{BatchId, LogReader, Position, ReadError, StoredBatch, StoredCommit, StoredEvent, Tail};
use redb::Durability;
use schemas::stored::{self, CommitMeta};
use std::error::Error;
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

/// How long a worker rests before it tries again what failed, at the least and at the most.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// How long a model that was folded anew is left as it is, whatever queries meet in it: at first, and at the most. Should a query of ours
/// be at fault, it does not have the log folded over and over.
const TRUST_MIN: Duration = Duration::from_secs(5);
const TRUST_MAX: Duration = Duration::from_secs(600);

/// Keeps one model up to date until it is told to stop, whatever becomes of its database.
pub(crate) struct Worker<M> {
    model: Arc<ReadModel>,
    /// Makes a projector with nothing in memory.
    projector: Box<dyn Fn() -> M + Send>,
    reader: LogReader,
    stop: Arc<AtomicBool>,
    options: Options,
    /// Where the last attempt failed: what fails there again with a model that was folded anew is the event's fault.
    failed_at: Option<Position>,
    /// How long the worker rests after the next failure.
    pause: Duration,
    /// Since when, and for how long, the model is left as it is whatever queries meet.
    trusted: Option<(Instant, Duration)>,
}

impl<M: Projector> Worker<M> {
    pub fn new(
        model: Arc<ReadModel>,
        projector: Box<dyn Fn() -> M + Send>,
        reader: LogReader,
        stop: Arc<AtomicBool>,
        options: &Options,
    ) -> Worker<M> {
        let options = options.clone();
        Worker { model, projector, reader, stop, options, failed_at: None, pause: RETRY_MIN, trusted: None }
    }

    /// Runs until told to stop. What fails is tried again; nothing else waits for it.
    pub fn run(mut self) {
        self.model.progress.set_worker(std::thread::current());
        // It falls behind rather than make tills wait.
        eventlog::lower_thread_priority();
        while !self.stop.load(Ordering::Acquire) {
            let Err(stopped) = self.attempt() else { return };
            self.recover(stopped);
        }
    }

    /// Opens the model where it is not, and follows the log until told to stop.
    fn attempt(&self) -> Result<(), Stopped> {
        let database = match self.model.database() {
            Some(database) => Ok(database),
            None => self.model.open(&self.reader),
        };
        let database =
            database.map_err(|error| Stopped::because(Cause::Database, after(self.model.applied()), &error))?;
        let mut fold = Fold::new(self, database);
        let outcome = derived::guard(|| fold.follow());
        let at = after(fold.folded);
        let dropped = derived::guard(|| drop(fold));
        match (outcome, dropped) {
            (Ok(Err(stopped)), _) => Err(stopped),
            (Err(panicked), _) | (Ok(Ok(())), Err(panicked)) => Err(Stopped::because(Cause::Rows, at, &panicked)),
            (Ok(Ok(())), Ok(())) => Ok(()),
        }
    }

    fn is_trusted(&self) -> bool {
        self.trusted.is_some_and(|(since, trust)| since.elapsed() < trust)
    }

    /// Sees to it that the next attempt may come further, and rests until then.
    fn recover(&mut self, Stopped { position, cause, error }: Stopped) {
        let is_again = self.failed_at.replace(position) == Some(position);
        if !is_again {
            self.pause = RETRY_MIN;
        }
        let is_damaged = match cause {
            Cause::Event | Cause::Log | Cause::Database => false,
            Cause::Damage => true,
            Cause::Rows => !is_again,
        };
        if is_damaged {
            let lately = self.trusted.filter(|(since, _)| since.elapsed() < TRUST_MAX);
            let trust = lately.map_or(TRUST_MIN, |(_, trust)| (trust * 2).min(TRUST_MAX));
            self.trusted = Some((Instant::now(), trust));
            match self.model.discard(&self.reader, &error) {
                // At once, the first time.
                Ok(()) if !is_again => return,
                Ok(()) => {}
                Err(error) => self.model.park(Parked { position, error: with_causes(&error) }),
            }
        } else {
            self.model.park(Parked { position, error });
            if cause == Cause::Database {
                // One that met an error answers nothing before it is opened again.
                self.model.close();
            } else {
                self.model.settle();
            }
        }
        self.rest();
    }

    /// Longer each time.
    fn rest(&mut self) {
        let until = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_MAX);
        while !self.stop.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            // A query that met damage in a model that has stopped does not wait for the end of the pause.
            if left.is_zero() || self.damage_to_mend().is_some() {
                return;
            }
            std::thread::park_timeout(left.min(SLEEP_MAX));
        }
    }

    /// What a query met that the worker has to do something about now.
    fn damage_to_mend(&self) -> Option<Trouble> {
        self.model.trouble_met().filter(|trouble| !trouble.is_damage || !self.is_trusted())
    }
}

/// What an attempt failed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// An event that no model could fold.
    Event,
    /// The log does not read at the moment.
    Log,
    /// The database cannot be used at the moment: no space, no right to the file, somebody else has it open.
    Database,
    /// The file is not to be trusted.
    Damage,
    /// The event does not follow from the rows: one of both is wrong.
    Rows,
}

/// Why an attempt ended, and where.
struct Stopped {
    position: Position,
    cause: Cause,
    error: String,
}

impl Stopped {
    fn because(cause: Cause, position: Position, error: &dyn Error) -> Stopped {
        Stopped { position, cause, error: with_causes(error) }
    }

    fn folding(position: Position, error: &FoldError) -> Stopped {
        let cause = match error {
            FoldError::Storage(error) if derived::may_pass(error) => Cause::Database,
            FoldError::Storage(_) | FoldError::Row { .. } => Cause::Damage,
            FoldError::Decode(_) | FoldError::Stream(_) | FoldError::Meta(_) | FoldError::Tenant { .. } => Cause::Event,
            FoldError::Impossible(_) | FoldError::Revision { .. } => Cause::Rows,
        };
        Stopped::because(cause, position, error)
    }
}

/// One attempt: the projector with its rows in memory, and how far it is.
struct Fold<'a, M> {
    worker: &'a Worker<M>,
    model: &'a ReadModel,
    database: Arc<Derived>,
    projector: M,
    reader: &'a LogReader,
    decoder: stored::Decoder,
    sync_interval: Duration,
    /// The last event folded, and the batch that holds it.
    folded: Position,
    batch: BatchId,
    /// The checkpoint in the last durable commit, at most `folded`.
    checkpoint: Position,
    synced_at: Instant,
    has_unsynced_changes: bool,
}

impl<'a, M: Projector> Fold<'a, M> {
    fn new(worker: &'a Worker<M>, database: Arc<Derived>) -> Fold<'a, M> {
        let folded = worker.model.applied();
        Fold {
            worker,
            model: &worker.model,
            database,
            projector: (worker.projector)(),
            reader: &worker.reader,
            decoder: stored::Decoder::new(),
            sync_interval: worker.options.sync_interval,
            folded,
            // Nothing is written before something is folded.
            batch: worker.model.log,
            checkpoint: folded,
            synced_at: Instant::now(),
            has_unsynced_changes: false,
        }
    }

    fn follow(&mut self) -> Result<(), Stopped> {
        let mut tail = self.reader.tail(after(self.folded));
        while !self.worker.stop.load(Ordering::Acquire) {
            if let Some(Trouble { why, is_damage }) = self.worker.damage_to_mend() {
                let cause = if is_damage { Cause::Damage } else { Cause::Database };
                return Err(Stopped { position: after(self.folded), cause, error: why });
            }
            if !self.has_space() {
                std::thread::park_timeout(SLEEP_MAX);
                continue;
            }
            let batches = self.next_batches(&mut tail)?;
            if batches.is_empty() {
                self.model.unpark();
            } else {
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
        let is_left = self.worker.options.free_space.is_left(&self.model.dir);
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
                Err(error) => return Err(Stopped::because(Cause::Log, after(self.folded), &error)),
            }
        }
        Ok(batches)
    }

    fn fold(&mut self, batches: &[Arc<StoredBatch>]) -> Result<(), Stopped> {
        let database = Arc::clone(&self.database);
        let committed = Committed::new(&database);
        let mut poison = None;
        'batches: for batch in batches {
            for commit in batch.commits() {
                for event in commit.events() {
                    if event.position <= self.folded {
                        continue; // Read again after a crash: already in the state.
                    }
                    debug_assert_eq!(event.position.0, self.folded.0 + 1, "positions have no gap");
                    if let Err(error) = apply(&mut self.projector, &mut self.decoder, &committed, &commit, &event) {
                        poison = Some(Stopped::folding(event.position, &error));
                        break 'batches;
                    }
                    (self.folded, self.batch) = (event.position, batch.id());
                }
            }
        }
        drop(committed);
        // What came before the poison is good.
        self.commit().map_err(|error| Stopped::folding(self.folded, &error))?;
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
        let mut transaction = self.database.begin_write()?;
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
            true => self.write(true).map_err(|error| Stopped::folding(self.folded, &error)),
            false => Ok(()),
        }
    }
}

/// The position after another.
fn after(position: Position) -> Position {
    Position(position.0 + 1)
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
