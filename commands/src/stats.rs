//! Counters of the write side, read by the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

/// Makes a counter a field of [`Stats`] and, with its doc, of [`StatsSnapshot`].
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters, which only grow, and what memory holds, as the engine thread saw it last.
        #[derive(Debug, Default)]
        pub struct Stats {
            $(pub(crate) $name: AtomicU64,)*
        }

        /// The counters at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct StatsSnapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Stats {
            /// Each is read by itself: together they are no moment that ever was.
            pub fn snapshot(&self) -> StatsSnapshot {
                StatsSnapshot { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Commands that took effect.
    accepted,
    /// Commands that the rules refused.
    refused,
    /// Repeats of accepted commands.
    repeated,
    /// Commands rejected because the queue was full, or too many were deferred.
    overloaded,
    /// Events made durable.
    events,
    /// Batches made durable.
    batches,
    /// Bytes made durable.
    batch_bytes,
    /// Time spent writing and syncing, in microseconds.
    append_us,
    /// Commands rejected because the disk was full.
    storage_full,
    /// Commands rejected because the log took nothing for another reason, or did not answer in time.
    log_unavailable,
    /// Reads of the disk that commands waited for.
    fetches,
    /// Snapshots taken to their end.
    snapshots,
    /// Snapshots that could not be written.
    snapshots_failed,
    /// The position of the last checkpoint: a start reads the log from there. 0 before the first.
    snapshot_position,
    /// Stores evicted.
    stores_evicted,
    /// Stores resident now.
    stores,
    /// Orders in memory now.
    orders,
    /// Ids of accepted commands in memory now.
    ids,
    /// Commands that wait now for something to be loaded.
    deferred,
}

impl Stats {
    pub(crate) fn count(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(gauge: &AtomicU64, value: u64) {
        gauge.store(value, Ordering::Relaxed);
    }
}
