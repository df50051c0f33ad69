//! How the engine is set.

use crate::clock::Clock;
use crate::keys::Keys;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How the engine is set. Each bound says what the binary uses and what that costs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it takes the time from.
    pub clock: Clock,
    /// How many commands may wait for the engine thread; more are rejected.
    pub queue_max: usize,
    /// How many commands may wait for something to be read from the disk; more are rejected.
    pub deferred_max: usize,
    /// How long an append may take before the log counts as away: commands are rejected until it is done.
    pub append_slow: Duration,
    /// How many ids of accepted commands the dedup window holds in memory; older ones are looked up in the log.
    pub ids_max: usize,
    /// How many closed orders of each store memory holds; older ones are read from the log when a command names them.
    pub closed_orders_max: usize,
    /// How long it holds them.
    pub closed_orders_age: Duration,
    /// The snapshot file. Without one no store is evicted, and a start folds the whole log.
    pub snapshot: Option<PathBuf>,
    /// After how many events a snapshot is taken: what a start reads of the log.
    pub snapshot_events: u64,
    /// How many stores memory holds; the least recently used are evicted and loaded again when a command names them.
    pub stores_max: usize,
    /// What texts of guests are sealed with; without a file of them they end with the process.
    pub keys: Arc<Keys>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            clock: Clock::System,
            queue_max: Options::QUEUE_MAX,
            deferred_max: Options::DEFERRED_MAX,
            append_slow: Options::APPEND_SLOW,
            ids_max: Options::IDS_MAX,
            closed_orders_max: Options::CLOSED_ORDERS_MAX,
            closed_orders_age: Options::CLOSED_ORDERS_AGE,
            snapshot: None,
            snapshot_events: Options::SNAPSHOT_EVENTS,
            stores_max: Options::STORES_MAX,
            keys: Arc::default(),
        }
    }
}

impl Options {
    /// Some 10 ms of work.
    pub const QUEUE_MAX: usize = 8_192;
    /// A second of reading.
    pub const DEFERRED_MAX: usize = 8_192;
    /// A thousand times what an append takes.
    pub const APPEND_SLOW: Duration = Duration::from_secs(1);
    /// Some 80 MB.
    pub const IDS_MAX: usize = 1_800_000;
    /// Some 100 KB a store.
    pub const CLOSED_ORDERS_MAX: usize = 256;
    /// Two days.
    pub const CLOSED_ORDERS_AGE: Duration = Duration::from_secs(2 * 86_400);
    /// Some 100 ms at the next start.
    pub const SNAPSHOT_EVENTS: u64 = 200_000;
    /// Some 400 MB with all their orders.
    pub const STORES_MAX: usize = 2_500;
}
