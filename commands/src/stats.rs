//! Counters of the write side, read by the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters, which only grow, and what memory holds, as the engine thread saw it last.
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
    pub(crate) snapshots: AtomicU64,
    pub(crate) snapshots_failed: AtomicU64,
    pub(crate) snapshot_position: AtomicU64,
    pub(crate) stores_evicted: AtomicU64,
    pub(crate) stores: AtomicU64,
    pub(crate) orders: AtomicU64,
    pub(crate) ids: AtomicU64,
    pub(crate) deferred: AtomicU64,
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
    /// Snapshots taken.
    pub snapshots: u64,
    /// Snapshots that could not be written.
    pub snapshots_failed: u64,
    /// The position the last snapshot goes to: a start reads the log from there. 0 before the first.
    pub snapshot_position: u64,
    /// Stores that left memory.
    pub stores_evicted: u64,
    /// Stores in memory now.
    pub stores: u64,
    /// Orders in memory now.
    pub orders: u64,
    /// Ids of accepted commands in memory now.
    pub ids: u64,
    /// Commands that wait now for something to be read.
    pub deferred: u64,
}

impl Stats {
    pub(crate) fn count(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(gauge: &AtomicU64, value: u64) {
        gauge.store(value, Ordering::Relaxed);
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
            snapshots: read(&self.snapshots),
            snapshots_failed: read(&self.snapshots_failed),
            snapshot_position: read(&self.snapshot_position),
            stores_evicted: read(&self.stores_evicted),
            stores: read(&self.stores),
            orders: read(&self.orders),
            ids: read(&self.ids),
            deferred: read(&self.deferred),
        }
    }
}
