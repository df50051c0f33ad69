//! Group commit: commits gather in the open batch while the one before it is written and synced by the log thread.
//!
//! There is no timer: load makes batches, idleness makes single commits. A reply leaves only after the sync of what it saw;
//! a refusal too, for it may rest on a commit that is not durable yet.

use crate::error::CommandError;
use crate::keys::Keys;
use crate::message::PendingReply;
use crate::stats::Stats;
use domain::refused::Refused;
use eventlog::planted::is_planted;
use eventlog::{AppendError, Batch, Limits, LogWriter, Position};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long the log thread waits before it tries a batch again that the log did not take.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// How often the engine thread yields to the log thread before it takes the lock all the same.
const YIELDS_MAX: u32 = 32;
/// From how many commands at hand on their commits are written together.
const GATHER_MIN: usize = 48;

/// Where the log stands, as the engine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It takes batches.
    Writing,
    /// It waits for space with a batch in hand; commands are rejected meanwhile.
    Full,
    /// It waits for a file descriptor; commands are rejected meanwhile.
    OutOfFiles,
    /// It takes nothing for another reason, or has not answered for long; commands are rejected meanwhile.
    Away,
    /// A write failed for good: the process has to stop.
    Failed,
    /// Another writer took the log over: this engine ends, the process goes on.
    Fenced,
}

impl Health {
    /// No batch will be written any more.
    pub(crate) fn is_ended(self) -> bool {
        matches!(self, Health::Failed | Health::Fenced)
    }

    /// Why a commit is not taken now.
    fn refuses(self) -> Option<CommitError> {
        match self {
            Health::Writing => None,
            Health::Full => Some(CommitError::Full),
            Health::OutOfFiles => Some(CommitError::OutOfFiles),
            Health::Away => Some(CommitError::Away),
            Health::Failed | Health::Fenced => Some(CommitError::Ended),
        }
    }
}

/// Why a commit is not in the open batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// See [`Health::Full`].
    Full,
    /// See [`Health::OutOfFiles`].
    OutOfFiles,
    /// See [`Health::Away`].
    Away,
    /// See [`Health::is_ended`].
    Ended,
    /// It is larger than a commit may be, in bytes.
    TooLarge { max: usize },
}

impl From<CommitError> for CommandError {
    fn from(error: CommitError) -> CommandError {
        match error {
            CommitError::Full => CommandError::StorageFull,
            CommitError::OutOfFiles => CommandError::OutOfFiles,
            CommitError::Away => CommandError::LogUnavailable,
            CommitError::Ended => CommandError::Stopped,
            CommitError::TooLarge { max } => CommandError::Refused(Refused::TooMany { what: "bytes of events", max }),
        }
    }
}

/// Commits that are made durable together, and the replies that wait for it.
struct Group {
    batch: Batch,
    replies: Vec<PendingReply>,
}

impl Group {
    fn new(first: Position) -> Group {
        Group { batch: Batch::new(first), replies: vec![] }
    }

    fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.replies.is_empty()
    }
}

struct Open {
    group: Group,
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

impl Open {
    /// All that the state holds is durable.
    fn is_settled(&self) -> bool {
        self.group.batch.is_empty() && !self.is_writing
    }

    /// Takes what there is to write, leaving an empty group, with the buffers of `spare`, in its place.
    fn take(&mut self, spare: &mut Option<Group>) -> Option<Group> {
        if self.group.is_empty() || self.health.is_ended() {
            return None;
        }
        assert!(!self.is_writing, "one batch is written at a time");
        let next = self.group.batch.next_position();
        let mut group = spare.take().unwrap_or_else(|| Group::new(next));
        group.batch.reuse(next);
        std::mem::swap(&mut self.group, &mut group);
        self.is_writing = true;
        Some(group)
    }

    /// The log takes nothing for now, for this reason.
    fn turn(&mut self, health: Health, why: &dyn std::fmt::Display) {
        debug_assert!(matches!(health, Health::Full | Health::OutOfFiles | Health::Away), "{health:?} does not pass");
        if self.health != health && !self.health.is_ended() {
            tracing::error!(%why, "the log takes nothing at the moment; commands are rejected");
            self.health = health;
        }
    }

    /// The group that was taken is durable, and with it everything below `durable`.
    fn settle(&mut self, durable: Position) {
        debug_assert!(self.durable <= durable, "what is durable stays so");
        self.durable = durable;
        self.is_writing = false;
        if self.health != Health::Writing {
            tracing::info!("the log takes batches again");
            self.health = Health::Writing;
        }
    }
}

/// What the engine thread and the log thread share.
pub(crate) struct Committer {
    open: Mutex<Open>,
    work: Condvar,
    space: Condvar,
    writer: Mutex<Writer>,
    /// The log thread wants the lock, which the engine thread takes and leaves a million times a second: without this it
    /// would sleep through all of them, and be woken by each.
    is_wanted: AtomicBool,
    /// How many commits the last batch had.
    last_commits: AtomicU32,
    /// Since when the log has been at work on one batch, in milliseconds after `epoch` and never 0; 0 while it is not.
    appending_since: AtomicU64,
    epoch: Instant,
    /// How long that may take before the log is away.
    append_slow: Duration,
    limits: Limits,
    /// Whether appending waits for nothing but this machine.
    is_local: bool,
    stats: Arc<Stats>,
    keys: Arc<Keys>,
}

struct Writer {
    log: LogWriter,
    /// The buffers of the group before: reused, so that a steady load allocates nothing.
    spare: Option<Group>,
    /// A group there was no space for. The state runs ahead with it, so it is tried again until there is.
    retry: Option<Group>,
}

impl Committer {
    pub(crate) fn new(log: LogWriter, append_slow: Duration, stats: Arc<Stats>, keys: Arc<Keys>) -> Committer {
        let (limits, is_local) = (log.limits(), log.is_local());
        let next = log.next_position();
        let open = Open {
            group: Group::new(next),
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
            writer: Mutex::new(Writer { log, spare: Some(Group::new(next)), retry: None }),
            is_wanted: AtomicBool::new(false),
            last_commits: AtomicU32::new(0),
            appending_since: AtomicU64::new(0),
            epoch: Instant::now(),
            append_slow,
            limits,
            is_local,
            stats,
            keys,
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        fail_if_poisoned(self.open.lock())
    }

    /// The open batch for the log thread, before the engine thread takes it again.
    fn open_first(&self) -> MutexGuard<'_, Open> {
        self.is_wanted.store(true, Ordering::Release);
        let open = self.open();
        self.is_wanted.store(false, Ordering::Release);
        open
    }

    /// How much the log takes.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether single commands come one after the other, and the log is here: then the next is written best by the thread
    /// that decided it.
    pub(crate) fn is_quiet(&self) -> bool {
        self.is_local && self.last_commits.load(Ordering::Relaxed) <= 1
    }

    /// Says that the log is away if it has been at work on one batch for too long. Asked once for many commands: it reads a
    /// clock.
    pub(crate) fn look_at_append(&self) {
        if self.until_slow().is_some_and(|left| left.is_zero()) {
            let mut open = self.open();
            // It may have answered meanwhile.
            if open.is_writing {
                open.turn(Health::Away, &"it has not answered for long");
            }
        }
    }

    /// How long the append under way may still take; `None` without one.
    fn until_slow(&self) -> Option<Duration> {
        let since = match self.appending_since.load(Ordering::Acquire) {
            0 => return None,
            since => Duration::from_millis(since),
        };
        Some(self.append_slow.saturating_sub(self.epoch.elapsed().saturating_sub(since)))
    }

    /// Where the log stands.
    pub(crate) fn health(&self) -> Health {
        self.open().health
    }

    /// Adds a commit to the open batch, and the reply that waits for it. Waits while the batch is full.
    ///
    /// # Errors
    /// Why it was not added. `encode` was not called, or returned `None` and left the batch as it was.
    pub(crate) fn commit(&self, encode: impl FnOnce(&mut Batch) -> Option<PendingReply>) -> Result<(), CommitError> {
        let mut yields = 0;
        while self.is_wanted.load(Ordering::Acquire) && yields < YIELDS_MAX {
            std::thread::yield_now();
            yields += 1;
        }
        let mut open = self.open();
        while open.group.batch.is_full(&self.limits) && open.health == Health::Writing {
            open.is_gathering = false;
            self.work.notify_one();
            let left = self.until_slow().unwrap_or(self.append_slow);
            if open.is_writing && left.is_zero() {
                open.turn(Health::Away, &"it has not answered for long");
                break;
            }
            open = match self.space.wait_timeout(open, left) {
                Ok((open, _)) => open,
                Err(poisoned) => failed(poisoned.into_inner().0),
            };
        }
        if let Some(error) = open.health.refuses() {
            return Err(error);
        }
        let max = self.limits.commit_bytes;
        let reply = encode(&mut open.group.batch).ok_or(CommitError::TooLarge { max })?;
        open.group.replies.push(reply);
        Ok(())
    }

    /// Releases a reply once all that the state holds is durable: at once where it is already.
    ///
    /// # Errors
    /// Gives the reply back where that may take until somebody frees space, or may never come.
    pub(crate) fn release_after_all(&self, reply: PendingReply) -> Result<(), (CommitError, PendingReply)> {
        let mut open = self.open();
        if let Some(error) = open.health.refuses() {
            return Err((error, reply));
        }
        if open.is_settled() || is_planted("release a refusal early") {
            drop(open);
            reply.release();
        } else {
            open.group.replies.push(reply);
        }
        Ok(())
    }

    /// Releases a reply that rests on the commit at `first` only, once that is durable, however long it takes. The reply is
    /// dropped where it never is.
    pub(crate) fn release_at(&self, first: Position, reply: PendingReply) {
        let mut open = self.open();
        // A commit without events stands at the position of the next event, hence the strict comparison.
        match (first < open.durable || open.is_settled(), open.health) {
            (true, _) => {
                drop(open);
                reply.release();
            }
            (false, Health::Writing | Health::Full | Health::OutOfFiles | Health::Away) => {
                open.group.replies.push(reply)
            }
            (false, Health::Failed | Health::Fenced) => {}
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
        if open.is_idle && !open.group.is_empty() {
            self.work.notify_one();
        }
    }

    /// Writes the open batch on the calling thread, unless the log thread is at work: for a single command on an idle
    /// engine the hand-off would cost more than the disk.
    pub(crate) fn flush_inline(&self) {
        let health = match self.writer.try_lock() {
            // What waits for space is the log thread's to try again, so that the engine thread can reject commands.
            Ok(mut writer) if writer.retry.is_none() => self.write(&mut writer),
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

    /// The log failed.
    pub(crate) fn fail(&self) {
        self.end(Health::Failed);
    }

    /// The log takes nothing more. The replies that wait are dropped: their clients learn that the outcome is not known.
    fn end(&self, how: Health) {
        debug_assert!(how.is_ended(), "{how:?} is no end");
        let replies = {
            let mut open = self.open();
            open.health = how;
            std::mem::take(&mut open.group.replies)
        };
        // Not under the lock: dropping them wakes their clients.
        drop(replies);
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
            let health = self.write(&mut writer);
            if health.is_ended() {
                return health;
            }
        }
    }

    /// Waits until there is something to write; returns the health to end with when there is nothing any more.
    fn await_work(&self) -> Option<Health> {
        let mut open = self.open();
        loop {
            match open.health {
                Health::Failed | Health::Fenced => return Some(open.health),
                Health::Full | Health::OutOfFiles | Health::Away if open.is_closed => {
                    tracing::error!("stopped before the log took the last batch; it was not written");
                    return Some(Health::Failed);
                }
                Health::Full | Health::OutOfFiles | Health::Away => {
                    drop(self.work.wait_timeout(open, RETRY_PAUSE).unwrap_or_else(PoisonError::into_inner));
                    return None;
                }
                Health::Writing if !open.group.is_empty() && !open.is_gathering => return None,
                Health::Writing if open.is_closed && open.group.is_empty() => return Some(Health::Writing),
                Health::Writing => {
                    open.is_idle = true;
                    open = fail_if_poisoned(self.work.wait(open));
                    open.is_idle = false;
                }
            }
        }
    }

    /// Takes the log back from a committer nobody uses any more.
    pub(crate) fn into_log(self) -> LogWriter {
        self.writer.into_inner().unwrap_or_else(PoisonError::into_inner).log
    }

    /// Writes one group, syncs, and releases its replies.
    fn write(&self, Writer { log, spare, retry }: &mut Writer) -> Health {
        let mut group = match retry.take() {
            Some(group) => group,
            None => {
                let mut open = self.open_first();
                let Some(group) = open.take(spare) else { return open.health };
                drop(open);
                self.last_commits.store(group.batch.commits(), Ordering::Relaxed);
                // The engine thread may wait for space in a batch that is full.
                self.space.notify_one();
                group
            }
        };
        if is_planted("answer before the sync") {
            group.replies.drain(..).for_each(PendingReply::release);
        }
        let (events, first, started) = (u64::from(group.batch.events()), group.batch.first(), Instant::now());
        // A group of replies alone has nothing to write: what they wait for was the one before.
        let appended = match group.batch.is_empty() {
            true => Ok(None),
            false => {
                let since = u64::try_from((started - self.epoch).as_millis()).unwrap_or(u64::MAX);
                self.appending_since.store(since.max(1), Ordering::Release);
                // Nobody may be told of a text whose key is not durable, nor that a key was deleted while it is there.
                let appended = match self.keys.make_durable() {
                    Ok(()) => log.append(&mut group.batch).map(Some),
                    Err(source) => Err(AppendError::Unavailable { source: Arc::new(source) }),
                };
                self.appending_since.store(0, Ordering::Release);
                appended
            }
        };
        match appended {
            Ok(appended) => {
                if let Some(appended) = appended {
                    Stats::count(&self.stats.batches, 1);
                    Stats::count(&self.stats.events, events);
                    Stats::count(&self.stats.batch_bytes, appended.bytes);
                    let spent_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                    Stats::count(&self.stats.append_us, spent_us);
                }
                let durable = group.batch.first();
                debug_assert_eq!(durable.0, first.0 + events, "the log gives positions without a gap");
                self.open_first().settle(durable);
                group.replies.drain(..).for_each(PendingReply::release);
                *spare = Some(group);
                Health::Writing
            }
            Err(error @ (AppendError::StorageFull { .. } | AppendError::Unavailable { .. })) => {
                let health = match &error {
                    AppendError::StorageFull { .. } => Health::Full,
                    AppendError::Unavailable { source } if eventlog::lacks_descriptors(source) => Health::OutOfFiles,
                    _ => Health::Away,
                };
                self.open().turn(health, &error);
                self.space.notify_one();
                *retry = Some(group);
                health
            }
            Err(AppendError::Fenced) => {
                tracing::error!("another writer took the log over; this engine ends");
                drop(group.replies);
                self.end(Health::Fenced);
                Health::Fenced
            }
            Err(error @ AppendError::Unknown { .. }) => {
                tracing::error!(%error, "the log failed; the process has to stop");
                drop(group.replies);
                self.fail();
                Health::Failed
            }
        }
    }
}

/// A thread that panicked with the open batch in its hands may have left half a decision there, so it is never written.
fn fail_if_poisoned(locked: LockResult<MutexGuard<'_, Open>>) -> MutexGuard<'_, Open> {
    locked.unwrap_or_else(|poisoned| failed(poisoned.into_inner()))
}

fn failed(mut open: MutexGuard<'_, Open>) -> MutexGuard<'_, Open> {
    open.health = Health::Failed;
    open
}
