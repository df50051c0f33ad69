//! The open batch and the log thread: commits gather in the open batch while the one before it is written and synced.
//!
//! There is no timer: load makes batches, idleness makes single commits. An answer leaves only after the sync of what
//! it saw; a refusal too, for it may rest on a commit that is not durable yet.

use crate::stats::Stats;
use eventlog::planted::is_planted;
use eventlog::{AppendError, Batch, LogWriter, Position};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long the log thread waits before it tries a full disk again.
const FULL_RETRY: Duration = Duration::from_millis(100);
/// How often the engine thread steps back for the log thread before it takes the lock all the same.
const STEPS_BACK_MAX: u32 = 32;
/// From how many commands at hand on their commits are written together.
const GATHER_MIN: usize = 48;

/// Something that is released once what it saw is durable. Dropping it instead says that nobody knows.
pub(crate) trait Waiter: Send + 'static {
    /// Sends the answer.
    fn release(self);
}

/// Where the log stands, as the engine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It takes batches.
    Writing,
    /// It waits for space with a batch in hand; commands are turned away meanwhile.
    Full,
    /// A write failed for good: the process has to stop.
    Failed,
}

/// Why a commit is not in the open batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// See [`Health::Full`].
    Full,
    /// See [`Health::Failed`].
    Failed,
    /// It is larger than a commit may be.
    TooLarge,
}

/// Commits and the answers that wait for them.
struct Filled<W> {
    batch: Batch,
    waiters: Vec<W>,
}

impl<W> Filled<W> {
    fn new(first: Position) -> Filled<W> {
        Filled { batch: Batch::new(first), waiters: vec![] }
    }

    fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.waiters.is_empty()
    }
}

struct Open<W> {
    filled: Filled<W>,
    /// Everything below is durable.
    durable: Position,
    /// A batch that is not durable yet is on its way, or kept until there is space for it.
    is_writing: bool,
    is_idle: bool,
    /// The engine thread is about to add many commits: they are written together.
    is_gathering: bool,
    is_closed: bool,
    health: Health,
}

impl<W> Open<W> {
    /// All that the state holds is durable.
    fn is_settled(&self) -> bool {
        self.filled.batch.is_empty() && !self.is_writing
    }
}

/// What the engine thread and the log thread share.
pub(crate) struct Committer<W> {
    open: Mutex<Open<W>>,
    work: Condvar,
    space: Condvar,
    writer: Mutex<Writer<W>>,
    /// The log thread wants the lock, which the engine thread takes and leaves a million times a second: without this it
    /// would sleep through all of them, and be woken by each.
    is_wanted: AtomicBool,
    /// How many commits the last batch had.
    last_commits: AtomicU32,
    stats: Arc<Stats>,
}

struct Writer<W> {
    log: LogWriter,
    /// The buffers of the batch before: reused, so that a steady load allocates nothing.
    spare: Option<Filled<W>>,
    /// A batch there was no space for. The state runs ahead with it, so it is tried again until there is.
    kept: Option<Filled<W>>,
}

impl<W: Waiter> Committer<W> {
    pub(crate) fn new(log: LogWriter, stats: Arc<Stats>) -> Committer<W> {
        let next = log.next_position();
        let open = Open {
            filled: Filled::new(next),
            durable: next,
            is_writing: false,
            is_idle: false,
            is_gathering: false,
            is_closed: false,
            health: Health::Writing,
        };
        Committer {
            open: Mutex::new(open),
            work: Condvar::new(),
            space: Condvar::new(),
            writer: Mutex::new(Writer { log, spare: Some(Filled::new(next)), kept: None }),
            is_wanted: AtomicBool::new(false),
            last_commits: AtomicU32::new(0),
            stats,
        }
    }

    fn open(&self) -> MutexGuard<'_, Open<W>> {
        distrust(self.open.lock())
    }

    /// The open batch for the log thread, before the engine thread takes it again.
    fn open_first(&self) -> MutexGuard<'_, Open<W>> {
        self.is_wanted.store(true, Ordering::Release);
        let open = self.open();
        self.is_wanted.store(false, Ordering::Release);
        open
    }

    /// Lets the log thread have the lock where it wants it.
    fn step_back(&self) {
        let mut steps = 0;
        while self.is_wanted.load(Ordering::Acquire) && steps < STEPS_BACK_MAX {
            std::thread::yield_now();
            steps += 1;
        }
    }

    /// Whether single commands come one after the other: then the next is written best by the thread that decided it.
    pub(crate) fn is_quiet(&self) -> bool {
        self.last_commits.load(Ordering::Relaxed) <= 1
    }

    /// Where the log stands.
    pub(crate) fn health(&self) -> Health {
        self.open().health
    }

    /// Adds a commit to the open batch, and the answer that waits for it. Waits while the batch is full.
    ///
    /// # Errors
    /// Why it was not added. `encode` was not called, or answered `None` and left the batch as it was.
    pub(crate) fn commit(&self, encode: impl FnOnce(&mut Batch) -> Option<W>) -> Result<(), NotTaken> {
        self.step_back();
        let mut open = self.open();
        while open.filled.batch.is_full() && open.health == Health::Writing {
            open.is_gathering = false;
            self.work.notify_one();
            open = distrust(self.space.wait(open));
        }
        match open.health {
            Health::Writing => {}
            Health::Full => return Err(NotTaken::Full),
            Health::Failed => return Err(NotTaken::Failed),
        }
        let waiter = encode(&mut open.filled.batch).ok_or(NotTaken::TooLarge)?;
        open.filled.waiters.push(waiter);
        Ok(())
    }

    /// Releases an answer once all that the state holds is durable: at once where it is already.
    ///
    /// # Errors
    /// Gives the answer back where that may take until somebody frees space, or may never come.
    pub(crate) fn wait(&self, waiter: W) -> Result<(), (NotTaken, W)> {
        let mut open = self.open();
        match open.health {
            Health::Failed => return Err((NotTaken::Failed, waiter)),
            Health::Full => return Err((NotTaken::Full, waiter)),
            Health::Writing if open.is_settled() || is_planted("release a refusal early") => {
                drop(open);
                waiter.release();
            }
            Health::Writing => open.filled.waiters.push(waiter),
        }
        Ok(())
    }

    /// Releases an answer that rests on the commit at `first` only, once that is durable, however long it takes. The answer
    /// is dropped where it never is.
    pub(crate) fn wait_for(&self, first: Position, waiter: W) {
        let mut open = self.open();
        // A commit without events stands at the position of the next event, hence the strict comparison.
        match (first < open.durable || open.is_settled(), open.health) {
            (true, _) => {
                drop(open);
                waiter.release();
            }
            (false, Health::Writing | Health::Full) => open.filled.waiters.push(waiter),
            (false, Health::Failed) => {}
        }
    }

    /// Has the log thread wait for the commits of as many commands as are at hand, where these are many: then the processor
    /// is what is short, and a batch costs as much of it as several commits.
    pub(crate) fn gather(&self, commands: usize) {
        if GATHER_MIN <= commands {
            self.open().is_gathering = true;
        }
    }

    /// Wakes the log thread if it is idle and there is something to do.
    pub(crate) fn flush(&self) {
        let mut open = self.open();
        open.is_gathering = false;
        if open.is_idle && !open.filled.is_empty() {
            self.work.notify_one();
        }
    }

    /// Writes the open batch on the calling thread, unless the log thread is at work: for a single command on an idle
    /// engine the hand-off would cost more than the disk.
    pub(crate) fn flush_inline(&self) {
        let health = match self.writer.try_lock() {
            // What waits for space is the log thread's to try again, so that the engine can turn commands away.
            Ok(mut writer) if writer.kept.is_none() => self.write(&mut writer),
            Ok(_) => return,
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => return self.flush(),
        };
        if health != Health::Writing {
            // The log thread waits for work and has to see this.
            self.work.notify_one();
        }
    }

    /// Stops the log thread once everything is written.
    pub(crate) fn close(&self) {
        self.open().is_closed = true;
        self.work.notify_one();
    }

    /// The log takes nothing more. What waits is let go unanswered: its clients learn that the outcome is not known.
    pub(crate) fn fail(&self) {
        let waiters = {
            let mut open = self.open();
            open.health = Health::Failed;
            std::mem::take(&mut open.filled.waiters)
        };
        drop(waiters);
        self.work.notify_one();
        self.space.notify_one();
    }

    /// The log thread. Returns the health it ended with.
    pub(crate) fn run(&self) -> Health {
        loop {
            if let Some(ended) = self.await_work() {
                return ended;
            }
            let mut writer = self.writer.lock().expect("a thread that panicked while it wrote has failed the log");
            if self.write(&mut writer) == Health::Failed {
                return Health::Failed;
            }
        }
    }

    /// Waits until there is something to write; answers the health to end with when there is nothing any more.
    fn await_work(&self) -> Option<Health> {
        let mut open = self.open();
        loop {
            match open.health {
                Health::Failed => return Some(Health::Failed),
                Health::Full if open.is_closed => {
                    tracing::error!("stopped before there was space for the last batch; it was not written");
                    return Some(Health::Failed);
                }
                Health::Full => {
                    drop(self.work.wait_timeout(open, FULL_RETRY).unwrap_or_else(PoisonError::into_inner));
                    return None;
                }
                Health::Writing if !open.filled.is_empty() && !open.is_gathering => return None,
                Health::Writing if open.is_closed && open.filled.is_empty() => return Some(Health::Writing),
                Health::Writing => {
                    open.is_idle = true;
                    open = distrust(self.work.wait(open));
                    open.is_idle = false;
                }
            }
        }
    }

    /// Takes the log back from a committer nobody uses any more.
    pub(crate) fn into_log(self) -> LogWriter {
        self.writer.into_inner().unwrap_or_else(PoisonError::into_inner).log
    }

    /// Writes one batch and releases its answers.
    fn write(&self, writer: &mut Writer<W>) -> Health {
        let Some(mut filled) = writer.kept.take().or_else(|| self.take_open(&mut writer.spare)) else {
            return self.health();
        };
        if is_planted("answer before the sync") {
            filled.waiters.drain(..).for_each(W::release);
        }
        let health = match filled.batch.is_empty() {
            true => Health::Writing,
            false => self.append(&mut writer.log, &mut filled.batch),
        };
        match health {
            Health::Writing => {
                self.settle(filled.batch.first());
                filled.waiters.drain(..).for_each(W::release);
                writer.spare = Some(filled);
            }
            Health::Full => writer.kept = Some(filled),
            Health::Failed => {
                drop(filled.waiters);
                self.fail();
            }
        }
        health
    }

    /// Takes the open batch, leaving an empty one in its place.
    fn take_open(&self, spare: &mut Option<Filled<W>>) -> Option<Filled<W>> {
        let mut open = self.open_first();
        if open.filled.is_empty() || open.health == Health::Failed {
            return None;
        }
        let next = open.filled.batch.next_position();
        let mut filled = spare.take().unwrap_or_else(|| Filled::new(next));
        filled.batch.reuse(next);
        std::mem::swap(&mut open.filled, &mut filled);
        self.last_commits.store(filled.batch.commits(), Ordering::Relaxed);
        open.is_writing = true;
        drop(open);
        self.space.notify_one();
        Some(filled)
    }

    /// The batch on its way is durable, and with it everything below `durable`.
    fn settle(&self, durable: Position) {
        let mut open = self.open_first();
        open.durable = durable;
        open.is_writing = false;
        if open.health == Health::Full {
            tracing::info!("the log takes batches again");
            open.health = Health::Writing;
        }
    }

    fn append(&self, log: &mut LogWriter, batch: &mut Batch) -> Health {
        let (events, started) = (u64::from(batch.events()), Instant::now());
        match log.append(batch) {
            Ok(appended) => {
                Stats::count(&self.stats.batches, 1);
                Stats::count(&self.stats.events, events);
                Stats::count(&self.stats.batch_bytes, appended.bytes);
                let spent_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                Stats::count(&self.stats.append_us, spent_us);
                Health::Writing
            }
            Err(error @ (AppendError::StorageFull { .. } | AppendError::Unavailable { .. })) => {
                let mut open = self.open();
                if open.health == Health::Writing {
                    tracing::error!(%error, "the log takes nothing at the moment; commands are turned away");
                    open.health = Health::Full;
                }
                drop(open);
                // The engine thread may wait for space in a batch that is full.
                self.space.notify_one();
                Health::Full
            }
            Err(error @ (AppendError::Fenced | AppendError::Unknown { .. })) => {
                tracing::error!(%error, "the log failed; the process has to stop");
                Health::Failed
            }
        }
    }
}

/// A thread that panicked with the open batch in its hands may have left half a decision there, so it is never written.
fn distrust<W>(locked: LockResult<MutexGuard<'_, Open<W>>>) -> MutexGuard<'_, Open<W>> {
    locked.unwrap_or_else(|poisoned| {
        let mut open = poisoned.into_inner();
        open.health = Health::Failed;
        open
    })
}
