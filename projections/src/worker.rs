//! The thread of one projection: takes what is durable and ready, folds it, commits it with its position, publishes it.
//!
//! A commit is visible at once and durable a little later (redb's `Durability::None`, then `Immediate`): a crash loses a
//! tail of state and position together, which is read from the log again. The durable commit leaves the allocator's
//! state in the file (quick repair), so that opening after a kill does not walk all of it.

use crate::Options;
use crate::fault::Fault;
use crate::lane::{Lane, Parked};
use crate::model::{Model, Recorded};
use crate::rows::Before;
use crate::space::Space;
use domain::calendar::Timestamp;
use domain::ids::CommandId;
use eventlog::{LogReader, Position, ReadError, StoredBatch, StoredCommit, StoredEvent, Tail};
use redb::Durability;
use schemas::stored::{self, CommitMeta};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A transaction takes batches until it has this many events.
const EVENTS_MAX: u32 = 8_192;
/// How long a worker sleeps at most before it looks whether it is to stop.
const IDLE: Duration = Duration::from_millis(100);
/// How long it sleeps at least where everything is to be durable at once.
const BUSY: Duration = Duration::from_millis(1);
/// Positions that changed nothing here are made durable this many times more rarely than changes.
const UNCHANGED_FACTOR: u32 = 40;

pub(crate) struct Worker<M> {
    lane: Arc<Lane>,
    model: M,
    reader: LogReader,
    decoder: stored::Decoder,
    stop: Arc<AtomicBool>,
    sync_interval: Duration,
    space: Space,
    /// The last event folded.
    at: Position,
    /// The position in the last durable commit.
    durable: Position,
    synced: Instant,
    has_unsynced_changes: bool,
}

/// Why a worker gives up, and where.
struct Stopped {
    position: Position,
    fault: Box<dyn Error + Send + Sync>,
}

impl<M: Model> Worker<M> {
    pub fn new(lane: Arc<Lane>, model: M, reader: LogReader, stop: Arc<AtomicBool>, options: &Options) -> Worker<M> {
        let at = lane.applied();
        Worker {
            lane,
            model,
            reader,
            decoder: stored::Decoder::new(),
            stop,
            sync_interval: options.sync_interval,
            space: options.space.clone(),
            at,
            durable: at,
            synced: Instant::now(),
            has_unsynced_changes: false,
        }
    }

    /// Runs until told to stop. A fault parks this projection and no other.
    pub fn run(mut self) {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.follow()));
        let parked = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(Stopped { position, fault })) => Parked { position, error: causes(fault.as_ref()) },
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                Parked { position: Position(self.at.0 + 1), error: said.to_owned() }
            }
        };
        self.lane.park(parked);
    }

    fn follow(&mut self) -> Result<(), Stopped> {
        self.lane.employ(std::thread::current());
        // It falls behind rather than make tills wait.
        eventlog::lower_thread_priority();
        let mut tail = self.reader.tail(Position(self.at.0 + 1));
        while !self.stop.load(Ordering::Acquire) {
            if !self.has_space() {
                std::thread::park_timeout(IDLE);
                continue;
            }
            let batches = self.take(&mut tail)?;
            if !batches.is_empty() {
                self.fold(&batches)?;
                self.rest();
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
        let is_left = self.space.is_left(&self.lane.dir);
        self.lane.note_space(is_left);
        is_left
    }

    /// Lets batches gather, unless somebody waits for them or there is a backlog to work off.
    fn rest(&self) {
        let is_behind = self.at.0 + u64::from(EVENTS_MAX) < self.reader.durable().0;
        if !is_behind && !self.lane.is_awaited() {
            std::thread::park_timeout(M::REST);
        }
    }

    /// The batches that are ready, after waiting for one.
    fn take(&self, tail: &mut Tail) -> Result<Vec<Arc<StoredBatch>>, Stopped> {
        let mut batches = vec![];
        let mut events = 0;
        let mut wait = self.sync_interval.clamp(BUSY, IDLE);
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
                Err(error) => return Err(self.stopped(Position(self.at.0 + 1), error)),
            }
        }
        Ok(batches)
    }

    fn fold(&mut self, batches: &[Arc<StoredBatch>]) -> Result<(), Stopped> {
        let lane = Arc::clone(&self.lane);
        let before = Before::new(&lane.database);
        let mut poison = None;
        'batches: for batch in batches {
            for commit in batch.commits() {
                for event in commit.events() {
                    if event.position <= self.at {
                        continue; // Read again after a crash: already in the state.
                    }
                    if let Err(fault) = apply(&mut self.model, &mut self.decoder, &before, &commit, &event) {
                        poison = Some(self.stopped(event.position, fault));
                        break 'batches;
                    }
                    self.at = event.position;
                }
            }
        }
        drop(before);
        // What came before the poison is good.
        self.commit().map_err(|fault| self.stopped(self.at, fault))?;
        match poison {
            Some(stopped) => {
                self.sync()?;
                Err(stopped)
            }
            None => Ok(()),
        }
    }

    /// Commits state and position in one transaction, and only then says so.
    fn commit(&mut self) -> Result<(), Fault> {
        if self.model.is_touched() {
            let is_due = self.sync_interval <= self.synced.elapsed();
            self.write(is_due)?;
        }
        self.model.committed(self.at);
        self.lane.publish(self.at);
        Ok(())
    }

    fn write(&mut self, is_durable: bool) -> Result<(), Fault> {
        let mut transaction = self.lane.database.begin_write()?;
        match is_durable {
            true => transaction.set_quick_repair(true),
            false => transaction.set_durability(Durability::None)?,
        }
        self.model.flush(&transaction)?;
        self.lane.write_checkpoint(&transaction, self.at)?;
        transaction.commit()?;
        self.has_unsynced_changes = !is_durable;
        if is_durable {
            self.durable = self.at;
            self.synced = Instant::now();
        }
        Ok(())
    }

    fn sync_if_due(&mut self) -> Result<(), Stopped> {
        let interval = match self.has_unsynced_changes {
            true => self.sync_interval,
            false => self.sync_interval * UNCHANGED_FACTOR,
        };
        match self.durable < self.at && interval <= self.synced.elapsed() {
            true => self.sync(),
            false => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), Stopped> {
        match self.durable < self.at {
            true => self.write(true).map_err(|fault| self.stopped(self.at, fault)),
            false => Ok(()),
        }
    }

    fn stopped(&self, position: Position, fault: impl Error + Send + Sync + 'static) -> Stopped {
        Stopped { position, fault: Box::new(fault) }
    }
}

fn apply<M: Model>(
    model: &mut M,
    decoder: &mut stored::Decoder,
    before: &Before<'_>,
    commit: &StoredCommit<'_>,
    event: &StoredEvent<'_>,
) -> Result<(), Fault> {
    if M::FOLDS_BYTES {
        return model.apply_bytes(before, commit, event);
    }
    let category = event.stream.split_once('-').map_or("", |(category, _)| category);
    if !M::wants(category) || !stored::peek_tag(event.body).is_none_or(M::wants_type) {
        return Ok(());
    }
    let stream = decoder.stream(event.stream)?;
    if stream.tenant().as_str() != commit.tenant {
        return Err(Fault::Tenant { tenant: stream.tenant() });
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
    model.apply(before, &recorded)
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
