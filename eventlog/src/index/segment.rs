//! The whole index of one segment in memory: of the active segment, and of sealed ones until their sidecar is on disk.
//!
//! Streams, commands and batches are found by a keyed 64-bit hash, so the index holds no names; whoever reads an event
//! compares the name. Positions become locations through a *sparse index* with an entry for every few kilobytes of log.
//!
//! Memory: 8 bytes per event, about 60 bytes per stream, 40 per commit, 16 per batch and 40 per [`WAYPOINT_BYTES`] of log.

use crate::format::{BATCH_HEADER_LEN, COMMIT_FIXED_LEN, COMMIT_PREFIX_LEN, DATA_START};
use crate::hash::HashKey;
use crate::location::{BatchStart, Location, Run, SparseEntry};
use crate::stored::StoredBatch;
use crate::types::Position;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// At most one sparse entry per this many bytes of log: what a read of one event walks over at most, plus one commit.
const SPARSE_BYTES: u32 = 4096;

/// What a segment holds, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub number: u32,
    /// The number of its first batch.
    pub first_batch: u64,
    pub batches: u64,
    /// The position of its first event, and the one after its last.
    pub first: Position,
    pub next: Position,
    pub commits: u64,
    /// The lowest and the highest `recorded_at` of its commits.
    pub recorded: (i64, i64),
    /// Where its last batch ends, padding included, in bytes.
    pub data_end: u32,
    /// The payload CRC of the batch before its first one.
    pub previous_crc: u32,
    /// The payload CRC of its last batch.
    pub last_crc: u32,
}

impl Summary {
    pub fn next_batch(&self) -> u64 {
        self.first_batch + self.batches
    }

    /// Before its first batch.
    pub fn start(&self) -> BatchStart {
        BatchStart { number: self.first_batch, offset: DATA_START as u32 }
    }
}

/// A batch, as it is found by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchEntry {
    pub hash: u64,
    pub start: BatchStart,
}

/// The positions of one stream's events in the segment, by revision.
#[derive(Debug)]
pub(super) struct Stream {
    pub first_revision: u64,
    /// Two names share the hash, or revisions have gaps: events must be read to know their revisions.
    pub irregular: bool,
    pub positions: Positions,
}

/// Positions under one hash, lowest first.
#[derive(Debug)]
pub(super) enum Positions {
    One(u64),
    Many(Vec<u64>),
}

impl Positions {
    pub fn as_slice(&self) -> &[u64] {
        match self {
            Positions::One(position) => std::slice::from_ref(position),
            Positions::Many(positions) => positions,
        }
    }

    fn push(&mut self, position: u64) {
        debug_assert!(self.as_slice().last() <= Some(&position), "postings are in the order of the log");
        match self {
            Positions::One(first) => {
                // Few streams stop at two events.
                let mut positions = Vec::with_capacity(4);
                positions.extend([*first, position]);
                *self = Positions::Many(positions);
            }
            Positions::Many(positions) => positions.push(position),
        }
    }
}

type Map<T> = HashMap<u64, T, BuildHasherDefault<Unhashed>>;

#[derive(Debug)]
pub(crate) struct SegmentIndex {
    pub summary: Summary,
    pub(super) streams: Map<Stream>,
    /// The first positions of commits, by the hash of tenant and command id.
    pub(super) commands: Map<Positions>,
    /// In the order of the log.
    pub(super) batches: Vec<BatchEntry>,
    pub(super) sparse_index: Vec<SparseEntry>,
    /// The kinds of events it has, each once; they are few.
    pub(super) kinds: Vec<u16>,
}

impl SegmentIndex {
    /// The index of segment `number` before its first batch, which follows `before`.
    pub fn new(number: u32, first_batch: u64, first: Position) -> SegmentIndex {
        SegmentIndex {
            summary: Summary {
                number,
                first_batch,
                batches: 0,
                first,
                next: first,
                commits: 0,
                recorded: (i64::MAX, i64::MIN),
                data_end: DATA_START as u32,
                previous_crc: 0,
                last_crc: 0,
            },
            streams: Map::default(),
            commands: Map::default(),
            batches: Vec::new(),
            sparse_index: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Takes the segment's next batch.
    ///
    /// # Panics
    /// If it is another one.
    pub fn add(&mut self, batch: &StoredBatch, hash_key: &HashKey) {
        assert_eq!(batch.batch_number(), self.summary.next_batch(), "the index takes batches in order");
        let location = batch.location();
        assert_eq!(location.segment, self.summary.number, "the index of a segment takes its batches only");
        debug_assert_eq!(batch.first(), self.summary.next, "positions are gapless");
        let is_behind = self.summary.batches == 0 || self.summary.data_end <= location.offset;
        debug_assert!(is_behind, "batches do not overlap");
        let start = BatchStart { number: batch.batch_number(), offset: location.offset };
        self.batches.push(BatchEntry { hash: hash_key.batch(batch.id()), start });
        self.push_sparse(SparseEntry { position: batch.first(), location, commits_end: 0, batch: start });
        let payload_start = location.offset + BATCH_HEADER_LEN as u32;
        let commits_end = payload_start + batch.payload().len() as u32;
        let mut offset = payload_start;
        for commit in batch.commits() {
            let here = Location { segment: location.segment, offset };
            self.push_sparse(SparseEntry { position: commit.first, location: here, commits_end, batch: start });
            push_position(&mut self.commands, hash_key.command(commit.tenant, commit.command_id), commit.first.0);
            let (oldest, newest) = self.summary.recorded;
            self.summary.recorded = (oldest.min(commit.recorded_at), newest.max(commit.recorded_at));
            self.summary.commits += 1;
            for event in commit.events() {
                self.event(hash_key.stream(event.stream), event.revision.0, event.position.0);
                let kind = event.kind();
                if !self.kinds.contains(&kind) {
                    self.kinds.push(kind);
                }
            }
            offset += (COMMIT_PREFIX_LEN + COMMIT_FIXED_LEN + commit.tenant.len() + commit.meta.len()) as u32;
            offset += commit.event_bytes_len() as u32;
        }
        debug_assert_eq!(offset, commits_end, "the commits fill the payload");
        if self.summary.batches == 0 {
            self.summary.previous_crc = batch.previous_crc();
        }
        self.summary.batches += 1;
        self.summary.next = batch.next_position();
        self.summary.data_end = location.offset + batch.stored_len() as u32;
        self.summary.last_crc = batch.payload_crc();
    }

    fn push_sparse(&mut self, sparse: SparseEntry) {
        let grows = |last: &SparseEntry| last.location < sparse.location && last.position <= sparse.position;
        debug_assert!(self.sparse_index.last().is_none_or(grows), "the sparse index is in the order of the log");
        let far = |last: &SparseEntry| last.location.offset + SPARSE_BYTES <= sparse.location.offset;
        if self.sparse_index.last().is_none_or(far) {
            self.sparse_index.push(sparse);
        }
    }

    fn event(&mut self, hash: u64, revision: u64, position: u64) {
        match self.streams.entry(hash) {
            Entry::Vacant(entry) => {
                let positions = Positions::One(position);
                entry.insert(Stream { first_revision: revision, irregular: false, positions });
            }
            Entry::Occupied(mut entry) => {
                let stream = entry.get_mut();
                let expected = stream.first_revision.wrapping_add(stream.positions.as_slice().len() as u64);
                stream.irregular |= revision != expected;
                stream.positions.push(position);
            }
        }
    }

    pub fn has_stream(&self, hash: u64) -> bool {
        self.streams.contains_key(&hash)
    }

    pub fn has_kind(&self, kind: u16) -> bool {
        self.kinds.contains(&kind)
    }

    pub fn has_command(&self, hash: u64) -> bool {
        self.commands.contains_key(&hash)
    }

    /// What the segment has of a stream.
    pub fn run(&self, hash: u64) -> Option<Run> {
        let stream = self.streams.get(&hash)?;
        Some(Run {
            first_revision: stream.first_revision,
            irregular: stream.irregular,
            count: stream.positions.as_slice().len() as u64,
            start: None,
        })
    }

    /// The events of a stream this segment has, counted from its first one here, each with where to start walking to it.
    pub fn postings(&self, hash: u64, wanted: Range<u64>) -> Vec<(Position, SparseEntry)> {
        let positions = self.streams.get(&hash).map_or(&[][..], |stream| stream.positions.as_slice());
        let wanted = &positions[wanted.start as usize..wanted.end as usize];
        wanted.iter().map(|position| (Position(*position), self.sparse_before(Position(*position)))).collect()
    }

    /// The first positions of the commits that may be a command's, oldest first.
    pub fn commands(&self, hash: u64) -> &[u64] {
        self.commands.get(&hash).map_or(&[], Positions::as_slice)
    }

    /// The batches that may be the one with this hash.
    pub fn batches(&self, hash: u64) -> Vec<BatchStart> {
        self.batches.iter().filter(|entry| entry.hash == hash).map(|entry| entry.start).collect()
    }

    /// Where to start walking to the event at `position`, which the segment must have.
    fn sparse_before(&self, position: Position) -> SparseEntry {
        let behind = self.sparse_index.partition_point(|sparse| sparse.position <= position);
        self.sparse_index[behind.checked_sub(1).expect("the first waypoint stands at the first position")]
    }

    /// A batch before every batch of the segment that holds `position` or is empty at it; or its first one.
    pub fn start_before(&self, position: Position) -> BatchStart {
        let behind = self.sparse_index.partition_point(|sparse| sparse.position < position);
        behind.checked_sub(1).map_or(self.summary.start(), |index| self.sparse_index[index].batch)
    }
}

/// Appends to the postings of `hash`.
fn push_position(map: &mut Map<Positions>, hash: u64, position: u64) {
    match map.entry(hash) {
        Entry::Vacant(entry) => {
            entry.insert(Positions::One(position));
        }
        Entry::Occupied(mut entry) => entry.get_mut().push(position),
    }
}

/// Hands through keys that are hashes already.
#[derive(Default)]
pub(super) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are 64-bit hashes")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
