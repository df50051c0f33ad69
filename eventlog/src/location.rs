//! Where data is in the files of a log: plain values, shared by what reads and what indexes.

use crate::format::DATA_START;
use crate::types::Position;

/// A segment, by its number, and a byte offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub segment: u32,
    pub offset: u32,
}

/// The next batch a reader wants and its location, which is the start of the next segment when it did not fit in this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub number: u64,
    pub location: Location,
}

impl Cursor {
    /// The genesis batch.
    pub const START: Cursor = Cursor { number: 0, location: Location { segment: 0, offset: DATA_START as u32 } };
}

/// A batch of a segment: its number and its offset there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchStart {
    pub number: u64,
    pub offset: u32,
}

impl BatchStart {
    /// The batch of segment `segment`.
    pub fn cursor(self, segment: u32) -> Cursor {
        Cursor { number: self.number, location: Location { segment, offset: self.offset } }
    }
}

/// An entry of the sparse index: a location from which walking forward, commit by commit, finds a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SparseEntry {
    /// The position of the first event at or after the location.
    pub position: Position,
    pub location: Location,
    /// Where the commits of the batch end; 0 when the location is that of a batch header.
    pub commits_end: u32,
    /// The batch that contains the location.
    pub batch: BatchStart,
}

/// The events under one hash of a stream's name in one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Of the first of them.
    pub first_revision: u64,
    pub count: u64,
    /// Two names share the hash, or revisions have gaps: events must be read to know their revisions.
    pub irregular: bool,
    /// Where their positions begin in the sidecar it was read from; `None` when it comes from memory.
    pub start: Option<u32>,
}

impl Run {
    /// The revision after the last of them.
    pub fn end(&self) -> u64 {
        self.first_revision.saturating_add(self.count)
    }
}
