//! The engine's clock: the only place where time enters the write side.

use domain::calendar::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the engine takes the time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A test's clock, in microseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The time; it may go back, the engine sees to it that its own never does.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                // A clock before 1970 or after the year 290000 is as good as none.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Clock::Manual(us) => Timestamp(us.load(Ordering::SeqCst)),
        }
    }
}
