//! The open batch and the log thread: commits gather in the open batch while the one before it is written and synced.
//!
//! There is no timer: load makes batches, idleness makes single commits. An answer leaves only after the sync of what
//! it saw; a refusal too, for it may rest on a commit that is not durable yet.

use crate::stats::Stats;
use eventlog::{AppendError, Batch, LogWriter, Position};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long the log thread waits before it tries a full disk again.
const FULL_RETRY: Duration = Duration::from_millis(100);

/// Something that is released once what it saw is durable.
pub(crate) trait Waiter: Send + 'static {
    /// Sends the answer.
    fn release(self);
}

/// Where the log stands, as the engine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It takes batches.
    Writing,
    /// It waits for space; commands are turned away meanwhile.
    Full,
    /// A write failed for good: the process has to stop.
    Failed,
}

struct Open<W> {
    batch: Batch,
    waiters: Vec<W>,
    is_writing: bool,
    is_idle: bool,
    is_closed: bool,
    health: Health,
}

/// What the engine thread and the log thread share.
pub(crate) struct Committer<W> {
    open: Mutex<Open<W>>,
    work: Condvar,
    space: Condvar,
    writer: Mutex<Writer<W>>,
    stats: Arc<Stats>,
}

struct Writer<W> {
    log: LogWriter,
    /// The buffers of the batch before: reused, so that a steady load allocates nothing.
    spare: Option<(Batch, Vec<W>)>,
}

impl<W: Waiter> Committer<W> {
    pub(crate) fn new(log: LogWriter, stats: Arc<Stats>) -> Committer<W> {
        let next = log.next_position();
        let open = Open {
            batch: Batch::new(next),
            waiters: vec![],
            is_writing: false,
            is_idle: false,
            is_closed: false,
            health: Health::Writing,
        };
        Committer {
            open: Mutex::new(open),
            work: Condvar::new(),
            space: Condvar::new(),
            writer: Mutex::new(Writer { log, spare: Some((Batch::new(next), vec![])) }),
            stats,
        }
    }

    fn open(&self) -> MutexGuard<'_, Open<W>> {
        self.open.lock().expect("no thread panics while it holds the open batch")
    }

    /// Adds a commit to the open batch, and the answer that waits for it. Waits while the batch is full.
    ///
    /// # Errors
    /// The health of the log where it takes nothing; `encode` was not called.
    pub(crate) fn commit(&self, encode: impl FnOnce(&mut Batch) -> W) -> Result<(), Health> {
        let mut open = self.open();
        while open.batch.is_full() && open.health == Health::Writing {
            self.work.notify_one();
            open = self.space.wait(open).expect("no thread panics while it holds the open batch");
        }
        if open.health != Health::Writing {
            return Err(open.health);
        }
        let waiter = encode(&mut open.batch);
        open.waiters.push(waiter);
        Ok(())
    }

    /// Releases an answer once all that the state holds is durable: at once where it is already.
    pub(crate) fn wait(&self, waiter: W) {
        let mut open = self.open();
        match (open.batch.is_empty() && !open.is_writing, open.health) {
            (true, _) => {
                drop(open);
                waiter.release();
            }
            (false, Health::Writing | Health::Full) => open.waiters.push(waiter),
            (false, Health::Failed) => {}
        }
    }

    /// Wakes the log thread if it is idle and there is something to do.
    pub(crate) fn flush(&self) {
        let open = self.open();
        if open.is_idle && !(open.batch.is_empty() && open.waiters.is_empty()) {
            self.work.notify_one();
        }
    }

    /// Writes the open batch on the calling thread, unless the log thread is at work: for a single command on an idle
    /// engine the hand-off would cost more than the disk.
    pub(crate) fn flush_inline(&self) {
        match self.writer.try_lock() {
            Ok(mut writer) => {
                self.write(&mut writer);
            }
            Err(_) => self.flush(),
        }
    }

    /// Stops the log thread once everything is written.
    pub(crate) fn close(&self) {
        self.open().is_closed = true;
        self.work.notify_one();
    }

    /// The log thread. Returns the health it ended with.
    pub(crate) fn run(&self) -> Health {
        loop {
            let mut open = self.open();
            while open.batch.is_empty() && open.waiters.is_empty() {
                if open.is_closed || open.health == Health::Failed {
                    return open.health;
                }
                open.is_idle = true;
                open = self.work.wait(open).expect("no thread panics while it holds the open batch");
                open.is_idle = false;
            }
            drop(open);
            let mut writer = self.writer.lock().expect("no thread panics while it writes");
            if self.write(&mut writer) == Health::Failed {
                return Health::Failed;
            }
        }
    }

    /// Takes the log back from a committer nobody uses any more.
    pub(crate) fn into_log(self) -> LogWriter {
        self.writer.into_inner().expect("no thread panics while it writes").log
    }

    /// Writes one batch and releases its answers.
    fn write(&self, writer: &mut Writer<W>) -> Health {
        let (mut batch, mut waiters) = writer.spare.take().unwrap_or_else(|| (Batch::new(Position(0)), vec![]));
        {
            let mut open = self.open();
            if open.batch.is_empty() && open.waiters.is_empty() {
                writer.spare = Some((batch, waiters));
                return open.health;
            }
            batch.reuse(open.batch.next_position());
            std::mem::swap(&mut open.batch, &mut batch);
            std::mem::swap(&mut open.waiters, &mut waiters);
            open.is_writing = true;
        }
        self.space.notify_one();
        let health = if batch.is_empty() { Health::Writing } else { self.append(&mut writer.log, &mut batch) };
        {
            let mut open = self.open();
            open.is_writing = false;
            open.health = health;
        }
        self.space.notify_one();
        match health {
            Health::Writing => {
                for waiter in waiters.drain(..) {
                    waiter.release();
                }
                writer.spare = Some((batch, waiters));
            }
            // Dropped unanswered: their clients learn that the outcome is unknown.
            Health::Full | Health::Failed => drop(waiters),
        }
        health
    }

    fn append(&self, log: &mut LogWriter, batch: &mut Batch) -> Health {
        let (events, started) = (u64::from(batch.events()), Instant::now());
        loop {
            match log.append(batch) {
                Ok(appended) => {
                    Stats::count(&self.stats.batches, 1);
                    Stats::count(&self.stats.events, events);
                    Stats::count(&self.stats.batch_bytes, appended.bytes);
                    let spent_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                    Stats::count(&self.stats.append_us, spent_us);
                    return Health::Writing;
                }
                Err(error @ (AppendError::StorageFull { .. } | AppendError::Unavailable { .. })) => {
                    // Nothing was written, and the state runs ahead with this batch in it: it is kept and tried again,
                    // while new commands are turned away.
                    let mut open = self.open();
                    if open.health != Health::Full {
                        tracing::error!(%error, "the log takes nothing at the moment; commands are turned away");
                    }
                    open.health = Health::Full;
                    if open.is_closed {
                        open.health = Health::Failed;
                        return Health::Failed;
                    }
                    let waited = self.work.wait_timeout(open, FULL_RETRY);
                    drop(waited.expect("no thread panics while it holds the open batch"));
                }
                Err(error @ (AppendError::Fenced | AppendError::Unknown { .. })) => {
                    tracing::error!(%error, "the log failed; the process has to stop");
                    return Health::Failed;
                }
            }
        }
    }
}
