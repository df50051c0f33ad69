//! Where streams, commands, batches and positions are: derived from the log, one index per segment.
//!
//! The segment that is written now is indexed in memory; of a sealed one only a filter and the first key of each page of its
//! *sidecar* stay there, and the rest is read from that file when it is asked for. What is asked of the index are candidates
//! by hash; whoever reads the log at them compares names and ids.

pub(crate) mod filter;
pub(crate) mod segment;
pub(crate) mod sidecar;

use crate::files::Files;
use crate::hash::Keys;
use crate::stored::Place;
use crate::{Position, StoredBatch};
use segment::{SegmentIndex, Summary};
use sidecar::{Sidecar, Unusable};
use std::ops::Range;
use std::sync::Arc;

/// The next batch a reader wants and where it stands, or would stand if it did not begin the next segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub number: u64,
    pub place: Place,
}

impl Cursor {
    /// Before everything.
    pub const START: Cursor =
        Cursor { number: 0, place: Place { segment: 0, offset: crate::format::DATA_START as u32 } };

    /// Behind `batch`.
    pub fn behind(batch: &StoredBatch) -> Cursor {
        let Place { segment, offset } = batch.place();
        let place = Place { segment, offset: offset + batch.stored_len() as u32 };
        Cursor { number: batch.batch_number() + 1, place }
    }
}

/// A batch of a segment: its number and its offset there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    pub number: u64,
    pub offset: u32,
}

impl Start {
    /// The batch of segment `segment`.
    pub fn cursor(self, segment: u32) -> Cursor {
        Cursor { number: self.number, place: Place { segment, offset: self.offset } }
    }
}

/// A place from which walking forward, commit by commit, finds a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waypoint {
    /// The position of the first event at or behind the place.
    pub position: Position,
    pub place: Place,
    /// Where the commits of the batch end; 0 when a batch header stands at the place.
    pub commits_end: u32,
    /// The batch the place is in.
    pub batch: Start,
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
    /// The revision behind the last of them.
    pub fn end(&self) -> u64 {
        self.first_revision.saturating_add(self.count)
    }
}

/// A segment nothing is written to any more.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub summary: Summary,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    /// Until its sidecar is on disk.
    Memory(SegmentIndex),
    Disk(Sidecar),
}

impl Sealed {
    pub fn in_memory(index: SegmentIndex) -> Sealed {
        Sealed { summary: index.summary, kept: Kept::Memory(index) }
    }

    pub fn on_disk(sidecar: Sidecar) -> Sealed {
        Sealed { summary: *sidecar.summary(), kept: Kept::Disk(sidecar) }
    }

    /// The exact index, while it is in memory.
    pub fn exact(&self) -> Option<&SegmentIndex> {
        match &self.kept {
            Kept::Memory(index) => Some(index),
            Kept::Disk(_) => None,
        }
    }

    /// What is in memory of its sidecar.
    pub fn sidecar(&self) -> Option<&Sidecar> {
        match &self.kept {
            Kept::Memory(_) => None,
            Kept::Disk(sidecar) => Some(sidecar),
        }
    }

    /// Memory only; `false` is certain.
    pub fn may_have_stream(&self, hash: u64) -> bool {
        match &self.kept {
            Kept::Memory(index) => index.has_stream(hash),
            Kept::Disk(sidecar) => sidecar.streams.may_have(hash),
        }
    }

    /// Whether anything in it was recorded at `not_before` or later.
    fn reaches(&self, not_before: i64) -> bool {
        not_before <= self.summary.recorded.1
    }

    /// Memory only; `false` is certain.
    pub fn may_have_command(&self, hash: u64, not_before: i64) -> bool {
        self.reaches(not_before)
            && match &self.kept {
                Kept::Memory(index) => index.has_command(hash),
                Kept::Disk(sidecar) => sidecar.commands.may_have(hash),
            }
    }

    /// As [`SegmentIndex::run`].
    pub fn run(&self, files: Option<&Files>, hash: u64) -> Result<Option<Run>, Unusable> {
        match &self.kept {
            Kept::Memory(index) => Ok(index.run(hash)),
            Kept::Disk(sidecar) => sidecar.run(pages(files), hash),
        }
    }

    /// As [`SegmentIndex::places`], for a run of this segment.
    pub fn places(
        &self,
        files: Option<&Files>,
        hash: u64,
        run: &Run,
        wanted: Range<u64>,
    ) -> Result<Vec<(Position, Waypoint)>, Unusable> {
        match &self.kept {
            Kept::Memory(index) => Ok(index.places(hash, wanted)),
            Kept::Disk(sidecar) => sidecar.places(pages(files), run, wanted),
        }
    }

    /// As [`SegmentIndex::commands`].
    pub fn commands(&self, files: Option<&Files>, hash: u64) -> Result<Vec<u64>, Unusable> {
        match &self.kept {
            Kept::Memory(index) => Ok(index.commands(hash).to_vec()),
            Kept::Disk(sidecar) => sidecar.commands(pages(files), hash),
        }
    }

    /// As [`SegmentIndex::batches`].
    pub fn batches(&self, files: Option<&Files>, hash: u64) -> Result<Vec<Start>, Unusable> {
        match &self.kept {
            Kept::Memory(index) => Ok(index.batches(hash)),
            Kept::Disk(sidecar) => sidecar.batches(pages(files), hash),
        }
    }

    /// As [`SegmentIndex::start_before`].
    pub fn start_before(&self, files: Option<&Files>, position: Position) -> Result<Start, Unusable> {
        match &self.kept {
            Kept::Memory(index) => Ok(index.start_before(position)),
            Kept::Disk(sidecar) => sidecar.start_before(pages(files), position),
        }
    }
}

fn pages(files: Option<&Files>) -> &Files {
    files.expect("what has sidecars has files")
}

/// The index of a log: its sealed segments, oldest first, and the one that is written.
#[derive(Debug)]
pub(crate) struct Index {
    keys: Keys,
    sealed: Arc<Vec<Arc<Sealed>>>,
    tail: SegmentIndex,
    next: Cursor,
}

impl Index {
    /// Of an empty log.
    pub fn new(keys: Keys) -> Index {
        Index { keys, sealed: Arc::default(), tail: SegmentIndex::new(0, 0, Position(0)), next: Cursor::START }
    }

    pub fn keys(&self) -> Keys {
        self.keys
    }

    /// The first batch the index does not have.
    pub fn next(&self) -> Cursor {
        self.next
    }

    /// The position after the events the index has.
    pub fn next_position(&self) -> Position {
        self.tail.summary.next
    }

    /// Takes the batch [`Index::next`] names. The first of a new segment seals the one before.
    ///
    /// # Panics
    /// If it is another one.
    pub fn add(&mut self, batch: &StoredBatch) {
        let segment = batch.place().segment;
        if segment != self.tail.summary.number {
            self.seal(SegmentIndex::new(segment, batch.batch_number(), batch.first()));
        }
        self.tail.add(batch, &self.keys);
        self.next = Cursor::behind(batch);
    }

    /// Takes a whole segment that follows what the index has, as its sidecar says.
    pub fn accept(&mut self, sealed: Arc<Sealed>) {
        let Summary { number, next, .. } = sealed.summary;
        let next_batch = sealed.summary.next_batch();
        let behind = SegmentIndex::new(number + 1, next_batch, next);
        match self.tail.summary.batches {
            // Nothing was taken from the segment itself.
            0 => self.tail = behind,
            _ => self.seal(behind),
        }
        Arc::make_mut(&mut self.sealed).push(sealed);
        let place = Place { segment: number + 1, ..Cursor::START.place };
        self.next = Cursor { number: next_batch, place };
    }

    fn seal(&mut self, next: SegmentIndex) {
        let full = std::mem::replace(&mut self.tail, next);
        Arc::make_mut(&mut self.sealed).push(Arc::new(Sealed::in_memory(full)));
    }

    /// The segment that is written.
    pub fn tail(&self) -> &SegmentIndex {
        &self.tail
    }

    /// All others, oldest first.
    pub fn sealed(&self) -> Arc<Vec<Arc<Sealed>>> {
        Arc::clone(&self.sealed)
    }

    /// Puts `now` in the place of the sealed segment of the same number.
    pub fn replace(&mut self, now: Arc<Sealed>) {
        let number = now.summary.number as usize;
        Arc::make_mut(&mut self.sealed)[number] = now;
    }

    pub fn may_have_stream(&self, stream: &str, not_before: i64) -> bool {
        let hash = self.keys.stream(stream);
        let may_have = |sealed: &Arc<Sealed>| sealed.reaches(not_before) && sealed.may_have_stream(hash);
        self.tail.has_stream(hash) || self.sealed.iter().rev().any(may_have)
    }

    pub fn may_have_command(&self, tenant: &str, command_id: u128, not_before: i64) -> bool {
        let hash = self.keys.command(tenant, command_id);
        let may_have = |sealed: &Arc<Sealed>| sealed.may_have_command(hash, not_before);
        self.tail.has_command(hash) || self.sealed.iter().rev().any(may_have)
    }

    /// The sealed segment to look for the batches before `position` in; `None` when it is the one that is written.
    pub fn sealed_before(&self, position: Position) -> Option<Arc<Sealed>> {
        if self.tail.summary.first < position {
            return None;
        }
        let behind = self.sealed.partition_point(|sealed| sealed.summary.first < position);
        self.sealed.get(behind.saturating_sub(1)).cloned()
    }
}
