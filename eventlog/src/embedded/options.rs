//! How an embedded log is run.

use crate::format::DATA_START;

/// How an embedded log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Length of a segment file, in bytes, from 8 KiB to [`Options::SEGMENT_BYTES_MAX`]. A batch that does not fit gets a longer segment of its own.
    pub segment_bytes: u64,
    /// How much of the last durable batches stays in memory for readers, in bytes.
    pub recent_bytes: usize,
    /// How many segments are kept open for reading, and as many sidecars; at least one.
    pub open_files: usize,
    /// Who preallocates segments and maintains the sealed ones.
    pub background: Background,
}

/// Who does what appends need not wait for: preallocating segments, writing sidecars, scrubbing sealed segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Threads of the log: the next segment is preallocated, the index kept near the head, the sidecar of a sealed segment
    /// written, and what opening had no time to scrub is scrubbed.
    Threads,
    /// The opening and appending thread, when it is needed: slower, but operations on the disk come in the same order every
    /// time. Opening scrubs everything.
    Inline,
}

const _: () = assert!(Options::SEGMENT_BYTES_MAX <= u32::MAX as u64, "offsets in a segment have four bytes");

impl Options {
    /// Longest segment, in bytes.
    pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
    /// Shortest segment, in bytes.
    pub const SEGMENT_BYTES_MIN: u64 = 2 * DATA_START;
    /// What the binary uses: segments of 64 MiB, 64 MiB of recent batches in memory, 128 segments open.
    pub const STANDARD: Options =
        Options { segment_bytes: 64 << 20, recent_bytes: 64 << 20, open_files: 128, background: Background::Threads };
}
