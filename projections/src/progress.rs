//! How far a fold of the log has come, and who waits for it.

use crate::error::Stale;
use eventlog::Position;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;
use tokio::sync::watch;

/// The position of the last event that a fold shows, and the thread that folds.
pub(crate) struct Progress {
    applied: watch::Sender<Position>,
    /// How many wait for a later position.
    waiters: AtomicUsize,
    /// The thread that folds, which lingers while nobody waits.
    worker: OnceLock<Thread>,
}

/// Somebody who waits, counted as long as it lives: a future that is dropped waits no more.
struct Waiter<'a>(&'a Progress);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::Release);
    }
}

impl Progress {
    pub fn new(applied: Position) -> Progress {
        Progress { applied: watch::Sender::new(applied), waiters: AtomicUsize::new(0), worker: OnceLock::new() }
    }

    pub fn applied(&self) -> Position {
        *self.applied.borrow()
    }

    /// Tells everybody that everything up to `position` is shown from now on.
    pub fn publish(&self, position: Position) {
        // Whoever was answered from a position is never answered from an older one.
        assert!(self.applied() <= position, "applied goes back from {} to {position}", self.applied());
        self.applied.send_replace(position);
    }

    /// The fold starts over from there: whoever waits goes on waiting.
    pub fn restart(&self, position: Position) {
        self.applied.send_replace(position);
    }

    /// Has whoever folds look whether there is something to do.
    pub fn wake(&self) {
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }

    /// Which thread folds, so that whoever waits can wake it.
    pub fn set_worker(&self, worker: Thread) {
        assert!(self.worker.set(worker).is_ok(), "one thread folds");
    }

    /// Whether anybody waits for a later position.
    pub fn has_waiters(&self) -> bool {
        self.waiters.load(Ordering::Acquire) != 0
    }

    pub async fn wait_for(&self, wanted: Position, timeout: Duration) -> Result<(), Stale> {
        let mut applied = self.applied.subscribe();
        self.waiters.fetch_add(1, Ordering::AcqRel);
        let _waiter = Waiter(self);
        self.wake();
        let reached = tokio::time::timeout(timeout, applied.wait_for(|applied| wanted <= *applied)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stale { wanted, applied: self.applied() }),
        }
    }
}
