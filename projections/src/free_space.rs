//! Free space on the disk the read models are on.
//!
//! A database that has met a full disk answers nothing until it is opened again, while a worker that stops short of it
//! loses nothing: what it has not folded is in the log.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a worker leaves free, in bytes: more than all workers write in one transaction each.
pub const FREE_BYTES_MIN: u64 = 32 << 20;

/// Where free space is measured.
#[derive(Clone, Debug, Default)]
pub enum FreeSpace {
    /// The file system.
    #[default]
    Disk,
    /// Bytes that a test sets.
    Manual(Arc<AtomicU64>),
}

impl FreeSpace {
    /// Whether there is room for a transaction in `dir`. Where the file system does not say, there is: the database finds
    /// out.
    pub(crate) fn is_left(&self, dir: &Path) -> bool {
        let free = match self {
            FreeSpace::Disk => match rustix::fs::statvfs(dir) {
                Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
                Err(_) => return true,
            },
            FreeSpace::Manual(bytes) => bytes.load(Ordering::Acquire),
        };
        FREE_BYTES_MIN <= free
    }
}
