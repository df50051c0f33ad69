//! How the read models are kept.

use crate::free_space::FreeSpace;
use std::time::Duration;

/// How the read models are kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often a checkpoint is made durable. A crash loses that much work, which the log repeats; nothing else.
    pub sync_interval: Duration,
    /// What each model's database may keep in memory, in bytes.
    pub cache_bytes: usize,
    /// Where free space is measured: with less than [`FREE_BYTES_MIN`](crate::FREE_BYTES_MIN) left, workers wait and queries
    /// go on.
    pub free_space: FreeSpace,
    /// What ready menus may take in memory, in bytes.
    pub menu_cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            sync_interval: Duration::from_millis(200),
            cache_bytes: 64 << 20,
            free_space: FreeSpace::Disk,
            menu_cache_bytes: 64 << 20,
        }
    }
}
