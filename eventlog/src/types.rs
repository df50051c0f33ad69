//! Positions, revisions, ids and bounds: the values of the public interface.

use std::fmt;

/// An event's offset in the log, counted in events: 0 for the log's own genesis record, then gapless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// An event's number in its stream: 0, 1, 2, ... without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// Names a batch for ever, so that an unknown outcome can be resolved after the writer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u128);

impl BatchId {
    /// The CRC-32C of its bytes: enough to tell a batch from the one that another history has at the same position.
    pub fn fingerprint(self) -> u32 {
        crc32c::crc32c(&self.0.to_le_bytes())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Which way a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From lower to higher revisions.
    Forward,
    /// From higher to lower revisions.
    Backward,
}

/// Longest stream name, in bytes.
pub const STREAM_BYTES_MAX: usize = 160;
/// Longest tenant, in bytes.
pub const TENANT_BYTES_MAX: usize = 32;
/// Longest `meta` of a commit, in bytes.
pub const META_BYTES_MAX: usize = 4096;
/// Longest commit as stored, in bytes.
pub const COMMIT_BYTES_MAX: usize = 16 << 20;
/// The stream of the log's own first record.
pub const GENESIS_STREAM: &str = "$genesis";
/// Streams whose names begin with it are the log's own: nobody folds, shows or chains what they hold.
pub(crate) const SYSTEM_PREFIX: char = '$';

/// How much one append takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A batch of this many bytes is full; one more commit may still be added.
    pub batch_bytes: usize,
    /// Longest commit as stored, in bytes.
    pub commit_bytes: usize,
}

/// What every commit says about itself.
#[derive(Clone, Copy, Debug)]
pub struct CommitHeader<'a> {
    /// At most [`TENANT_BYTES_MAX`] bytes of ASCII.
    pub tenant: &'a str,
    /// Made by the client; the log stores it and does not compare it.
    pub command_id: u128,
    /// Tells a repeat of the same command from another command under the same id.
    pub payload_hash: u128,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// Whatever the caller wants to find again; at most [`META_BYTES_MAX`] bytes.
    pub meta: &'a [u8],
}

/// The positions of a commit: `events` of them from `first` on. A commit without events shares `first` with what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitRange {
    /// The position of its first event.
    pub first: Position,
    /// Possibly 0.
    pub events: u32,
}

/// The positions of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRange {
    /// Counts batches from 0, the one of the genesis record.
    pub number: u64,
    /// The position of its first event.
    pub first: Position,
    /// The position after its last event; equals `first` when all its commits are empty.
    pub next: Position,
    /// At least 1.
    pub commits: u32,
}

/// A batch became durable and visible to readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its number and positions.
    pub range: BatchRange,
    /// What it takes on the disk, in bytes.
    pub bytes: u64,
}

/// What opening a log found, for one line in the operator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The position the next event gets.
    pub next: Position,
    /// Batches in the log, the genesis record's included.
    pub batches: u64,
    /// Events in the log, the genesis record included.
    pub events: u64,
    /// Segment files in the log.
    pub segments: u32,
    /// Sealed segments whose stream index was missing or could not be used: each was read whole instead.
    pub indexed: u32,
    /// Bytes of a torn tail that were truncated: of a write that did not finish and was never acknowledged.
    pub truncated_bytes: u64,
    /// The log was created by this call.
    pub created: bool,
    /// The last writer closed the log; nothing had to be recovered.
    pub clean: bool,
}
