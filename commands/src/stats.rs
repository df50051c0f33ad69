//! Counters of the write side, read by the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters; every one only grows.
#[derive(Debug, Default)]
pub struct Stats {
    pub(crate) accepted: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) overloaded: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) batch_bytes: AtomicU64,
    pub(crate) append_us: AtomicU64,
    pub(crate) storage_full: AtomicU64,
    pub(crate) fetches: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsSnapshot {
    /// Commands that took effect.
    pub accepted: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// Repeats of accepted commands.
    pub repeated: u64,
    /// Commands turned away because the queue was full.
    pub overloaded: u64,
    /// Events made durable.
    pub events: u64,
    /// Batches made durable.
    pub batches: u64,
    /// Bytes made durable.
    pub batch_bytes: u64,
    /// Time spent writing and syncing, in microseconds.
    pub append_us: u64,
    /// Commands turned away because the disk was full.
    pub storage_full: u64,
    /// Reads of the disk that commands waited for.
    pub fetches: u64,
}

impl Stats {
    pub(crate) fn count(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    /// The counters now.
    pub fn snapshot(&self) -> StatsSnapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StatsSnapshot {
            accepted: read(&self.accepted),
            refused: read(&self.refused),
            repeated: read(&self.repeated),
            overloaded: read(&self.overloaded),
            events: read(&self.events),
            batches: read(&self.batches),
            batch_bytes: read(&self.batch_bytes),
            append_us: read(&self.append_us),
            storage_full: read(&self.storage_full),
            fetches: read(&self.fetches),
        }
    }
}
