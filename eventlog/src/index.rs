//! The index of streams, commands, batches and positions: derived from the log, one index per segment.
//!
//! The active segment is indexed in memory; of a sealed one only the filters and the first key of each page of its *sidecar* stay
//! there, and other pages are read from that file by the query that needs them. A query answers candidates by hash; whoever
//! reads the log at them compares names and ids.

pub(crate) mod filter;
pub(crate) mod segment;
pub(crate) mod sidecar;

use crate::files::Files;
use crate::hash::HashKey;
use crate::location::{BatchStart, Cursor, Location, Run, SparseEntry};
use crate::stored::StoredBatch;
use crate::types::Position;
use segment::{SegmentIndex, Summary};
use sidecar::{Sidecar, Unusable};
use std::ops::Range;
use std::sync::Arc;

/// An immutable segment: a later one has a batch.
#[derive(Debug)]
pub(crate) struct SealedSegment {
    pub summary: Summary,
    index: SealedIndex,
}

#[derive(Debug)]
enum SealedIndex {
    /// Until its sidecar is on disk.
    Memory(SegmentIndex),
    Disk(Sidecar),
}

impl SealedSegment {
    pub fn in_memory(index: SegmentIndex) -> SealedSegment {
        SealedSegment { summary: index.summary, index: SealedIndex::Memory(index) }
    }

    pub fn on_disk(sidecar: Sidecar) -> SealedSegment {
        SealedSegment { summary: *sidecar.summary(), index: SealedIndex::Disk(sidecar) }
    }

    /// The whole index, while it is in memory.
    pub fn memory_index(&self) -> Option<&SegmentIndex> {
        match &self.index {
            SealedIndex::Memory(index) => Some(index),
            SealedIndex::Disk(_) => None,
        }
    }

    /// The sidecar, once it is on disk.
    pub fn sidecar(&self) -> Option<&Sidecar> {
        match &self.index {
            SealedIndex::Memory(_) => None,
            SealedIndex::Disk(sidecar) => Some(sidecar),
        }
    }

    /// Memory only; `false` is certain.
    pub fn may_have_stream(&self, hash: u64) -> bool {
        match &self.index {
            SealedIndex::Memory(index) => index.has_stream(hash),
            SealedIndex::Disk(sidecar) => sidecar.streams.may_have(hash),
        }
    }

    /// Memory only; `false` is certain.
    pub fn may_have_kind(&self, kind: u16) -> bool {
        match &self.index {
            SealedIndex::Memory(index) => index.has_kind(kind),
            SealedIndex::Disk(sidecar) => sidecar.may_have_kind(kind),
        }
    }

    /// Whether anything in it was recorded at `not_before` or later.
    fn reaches(&self, not_before: i64) -> bool {
        not_before <= self.summary.recorded.1
    }

    /// Memory only; `false` is certain.
    pub fn may_have_command(&self, hash: u64, not_before: i64) -> bool {
        self.reaches(not_before)
            && match &self.index {
                SealedIndex::Memory(index) => index.has_command(hash),
                SealedIndex::Disk(sidecar) => sidecar.commands.may_have(hash),
            }
    }

    pub fn run(&self, files: Option<&Files>, hash: u64) -> Result<Option<Run>, Unusable> {
        match &self.index {
            SealedIndex::Memory(index) => Ok(index.run(hash)),
            SealedIndex::Disk(sidecar) => sidecar.run(pages(files), hash),
        }
    }

    /// As [`SegmentIndex::postings`], for a run of this segment.
    pub fn postings(
        &self,
        files: Option<&Files>,
        hash: u64,
        run: &Run,
        wanted: Range<u64>,
    ) -> Result<Vec<(Position, SparseEntry)>, Unusable> {
        match &self.index {
            SealedIndex::Memory(index) => Ok(index.postings(hash, wanted)),
            SealedIndex::Disk(sidecar) => sidecar.postings(pages(files), run, wanted),
        }
    }

    pub fn commands(&self, files: Option<&Files>, hash: u64) -> Result<Vec<u64>, Unusable> {
        match &self.index {
            SealedIndex::Memory(index) => Ok(index.commands(hash).to_vec()),
            SealedIndex::Disk(sidecar) => sidecar.commands(pages(files), hash),
        }
    }

    pub fn batches(&self, files: Option<&Files>, hash: u64) -> Result<Vec<BatchStart>, Unusable> {
        match &self.index {
            SealedIndex::Memory(index) => Ok(index.batches(hash)),
            SealedIndex::Disk(sidecar) => sidecar.batches(pages(files), hash),
        }
    }

    pub fn start_before(&self, files: Option<&Files>, position: Position) -> Result<BatchStart, Unusable> {
        match &self.index {
            SealedIndex::Memory(index) => Ok(index.start_before(position)),
            SealedIndex::Disk(sidecar) => sidecar.start_before(pages(files), position),
        }
    }
}

fn pages(files: Option<&Files>) -> &Files {
    files.expect("what has sidecars has files")
}

/// The index of a log: its sealed segments, oldest first, and the active one.
#[derive(Debug)]
pub(crate) struct Index {
    hash_key: HashKey,
    sealed: Arc<Vec<Arc<SealedSegment>>>,
    active: SegmentIndex,
    next: Cursor,
}

impl Index {
    /// Of an empty log.
    pub fn new(hash_key: HashKey) -> Index {
        Index { hash_key, sealed: Arc::default(), active: SegmentIndex::new(0, 0, Position(0)), next: Cursor::START }
    }

    pub fn hash_key(&self) -> HashKey {
        self.hash_key
    }

    /// The first batch the index does not have.
    pub fn next(&self) -> Cursor {
        self.next
    }

    /// The position after the events the index has.
    pub fn next_position(&self) -> Position {
        self.active.summary.next
    }

    /// Takes the batch [`Index::next`] names. The first of a new segment seals the one before.
    ///
    /// # Panics
    /// If it is another one.
    pub fn add(&mut self, batch: &StoredBatch) {
        let segment = batch.location().segment;
        if segment != self.active.summary.number {
            assert_eq!(segment, self.active.summary.number + 1, "segments follow each other without a gap");
            self.seal(SegmentIndex::new(segment, batch.batch_number(), batch.first()));
        }
        self.active.add(batch, &self.hash_key);
        self.next = batch.next_cursor();
        debug_assert_eq!(self.next.number, self.active.summary.next_batch(), "the cursor follows the index");
    }

    /// Takes a whole segment that follows what the index has, as its sidecar says.
    pub fn attach(&mut self, sealed: Arc<SealedSegment>) {
        let Summary { number, next, .. } = sealed.summary;
        let next_batch = sealed.summary.next_batch();
        let behind = SegmentIndex::new(number + 1, next_batch, next);
        match self.active.summary.batches {
            // Nothing was taken from the segment itself.
            0 => self.active = behind,
            _ => self.seal(behind),
        }
        assert_eq!(number as usize, self.sealed.len(), "a sealed segment is found by its number");
        Arc::make_mut(&mut self.sealed).push(sealed);
        let location = Location { segment: number + 1, ..Cursor::START.location };
        self.next = Cursor { number: next_batch, location };
    }

    fn seal(&mut self, next: SegmentIndex) {
        let full = std::mem::replace(&mut self.active, next);
        assert_eq!(full.summary.number as usize, self.sealed.len(), "a sealed segment is found by its number");
        Arc::make_mut(&mut self.sealed).push(Arc::new(SealedSegment::in_memory(full)));
    }

    /// The index of the active segment.
    pub fn active(&self) -> &SegmentIndex {
        &self.active
    }

    /// Oldest first.
    pub fn sealed(&self) -> Arc<Vec<Arc<SealedSegment>>> {
        Arc::clone(&self.sealed)
    }

    /// Replaces the sealed segment of the same number.
    pub fn replace(&mut self, now: Arc<SealedSegment>) {
        let number = now.summary.number as usize;
        debug_assert_eq!(self.sealed[number].summary.first, now.summary.first, "another index of the same segment");
        Arc::make_mut(&mut self.sealed)[number] = now;
    }

    pub fn may_have_stream(&self, stream: &str, not_before: i64) -> bool {
        let hash = self.hash_key.stream(stream);
        let may_have = |sealed: &Arc<SealedSegment>| sealed.reaches(not_before) && sealed.may_have_stream(hash);
        self.active.has_stream(hash) || self.sealed.iter().rev().any(may_have)
    }

    pub fn may_have_command(&self, tenant: &str, command_id: u128, not_before: i64) -> bool {
        let hash = self.hash_key.command(tenant, command_id);
        let may_have = |sealed: &Arc<SealedSegment>| sealed.may_have_command(hash, not_before);
        self.active.has_command(hash) || self.sealed.iter().rev().any(may_have)
    }

    /// The sealed segment to look for the batches before `position` in; `None` when it is the active one.
    pub fn sealed_before(&self, position: Position) -> Option<Arc<SealedSegment>> {
        if self.active.summary.first < position {
            return None;
        }
        let behind = self.sealed.partition_point(|sealed| sealed.summary.first < position);
        self.sealed.get(behind.saturating_sub(1)).cloned()
    }
}
