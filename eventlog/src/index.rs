//! Where the events of a stream are: derived from the log, kept in memory, rebuilt when the log is opened.
//!
//! A stream is found by a 64-bit hash of its name under a secret seed, so the index holds no names; whoever reads an
//! event compares the name. Positions become places through *waypoints*, one for every few kilobytes of log.
//!
//! Memory: 8 bytes per event, about 50 bytes per stream, and 24 bytes per [`WAYPOINT_BYTES`] of log; measured at 19 to 25
//! bytes per event where streams have six events of 256 bytes.

use crate::format::{BATCH_HEADER_LEN, COMMIT_FIXED_LEN, COMMIT_PREFIX_LEN, DATA_START};
use crate::stored::Place;
use crate::{Position, StoredBatch};
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// At most one waypoint per this many bytes of log: what a read of one event walks over at most, plus one commit.
const WAYPOINT_BYTES: u32 = 4096;
/// At most one batch start per this many bytes of log.
const START_BYTES: u32 = 64 << 10;

/// The next batch a reader wants and where it stands, or would stand if it did not begin the next segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub number: u64,
    pub place: Place,
}

impl Cursor {
    /// Before everything.
    pub const START: Cursor = Cursor { number: 0, place: Place { segment: 0, offset: DATA_START as u32 } };

    /// Behind `batch`.
    pub fn behind(batch: &StoredBatch) -> Cursor {
        let Place { segment, offset } = batch.place();
        let place = Place { segment, offset: offset + batch.stored_len() as u32 };
        Cursor { number: batch.batch_number() + 1, place }
    }
}

/// A place from which walking forward, commit by commit, finds a position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waypoint {
    /// The position of the first event at or behind the place.
    pub position: Position,
    pub place: Place,
    /// Where the commits of the batch end; 0 when a batch header stands at the place.
    pub commits_end: u32,
}

#[derive(Debug)]
struct Start {
    first: Position,
    cursor: Cursor,
}

/// Positions under one hash, lowest first: a stream's events by revision, or a command's commit.
#[derive(Debug)]
enum Positions {
    One(u64),
    Many(Vec<u64>),
}

impl Positions {
    fn as_slice(&self) -> &[u64] {
        match self {
            Positions::One(position) => std::slice::from_ref(position),
            Positions::Many(positions) => positions,
        }
    }

    fn push(&mut self, position: u64) {
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

/// What the index knows about a stream's name.
pub(crate) enum Found<'a> {
    /// Revision `n` is at index `n`, unless the name is another's with the same hash.
    Regular(&'a [u64]),
    /// Two names share the hash, or revisions have gaps: events must be read to know their revisions.
    Irregular(&'a [u64]),
}

#[derive(Debug)]
pub(crate) struct Index {
    next: Cursor,
    /// The position after the events the index has.
    next_position: Position,
    hasher: foldhash::quality::RandomState,
    streams: HashMap<u64, Positions, BuildHasherDefault<Unhashed>>,
    irregular: HashSet<u64>,
    /// The first positions of commits, by a hash of tenant and command id.
    commands: HashMap<u64, Positions, BuildHasherDefault<Unhashed>>,
    waypoints: Vec<Waypoint>,
    starts: Vec<Start>,
}

impl Index {
    pub fn new() -> Index {
        Index {
            next: Cursor::START,
            next_position: Position(0),
            hasher: foldhash::quality::RandomState::default(),
            streams: HashMap::default(),
            irregular: HashSet::new(),
            commands: HashMap::default(),
            waypoints: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// The first batch the index does not have.
    pub fn next(&self) -> Cursor {
        self.next
    }

    /// The position after the events the index has.
    pub fn next_position(&self) -> Position {
        self.next_position
    }

    /// Takes the batch [`Index::next`] names.
    ///
    /// # Panics
    /// If it is another one.
    pub fn add(&mut self, batch: &StoredBatch) {
        assert_eq!(batch.batch_number(), self.next.number, "the index takes batches in order");
        let place = batch.place();
        if self.starts.last().is_none_or(|last| far(last.cursor.place, place, START_BYTES)) {
            self.starts.push(Start { first: batch.first(), cursor: Cursor { number: batch.batch_number(), place } });
        }
        self.waypoint(Waypoint { position: batch.first(), place, commits_end: 0 });
        let payload_start = place.offset + BATCH_HEADER_LEN as u32;
        let commits_end = payload_start + batch.payload().len() as u32;
        let mut offset = payload_start;
        for commit in batch.commits() {
            let here = Place { segment: place.segment, offset };
            self.waypoint(Waypoint { position: commit.first, place: here, commits_end });
            let hash = self.hasher.hash_one((commit.tenant, commit.command_id));
            note(&mut self.commands, hash, commit.first.0);
            for event in commit.events() {
                self.event(event.stream, event.revision.0, event.position.0);
            }
            offset += (COMMIT_PREFIX_LEN + COMMIT_FIXED_LEN + commit.tenant.len() + commit.meta.len()) as u32;
            offset += commit.event_bytes_len() as u32;
        }
        self.next = Cursor::behind(batch);
        self.next_position = batch.next_position();
    }

    fn waypoint(&mut self, waypoint: Waypoint) {
        if self.waypoints.last().is_none_or(|last| far(last.place, waypoint.place, WAYPOINT_BYTES)) {
            self.waypoints.push(waypoint);
        }
    }

    fn event(&mut self, stream: &str, revision: u64, position: u64) {
        let hash = self.hasher.hash_one(stream);
        if revision != note(&mut self.streams, hash, position) {
            self.irregular.insert(hash);
        }
    }

    /// Whether a stream of this name may have events; `false` is certain.
    pub fn may_have_stream(&self, stream: &str) -> bool {
        self.streams.contains_key(&self.hasher.hash_one(stream))
    }

    /// The first positions of commits that may be those of this command, oldest first.
    pub fn command(&self, tenant: &str, command_id: u128) -> &[u64] {
        let found = self.commands.get(&self.hasher.hash_one((tenant, command_id)));
        found.map_or(&[], Positions::as_slice)
    }

    pub fn stream(&self, stream: &str) -> Option<Found<'_>> {
        let hash = self.hasher.hash_one(stream);
        let positions = self.streams.get(&hash)?.as_slice();
        Some(match self.irregular.contains(&hash) {
            true => Found::Irregular(positions),
            false => Found::Regular(positions),
        })
    }

    /// Where to start walking to the event at `position`, which the index must have.
    pub fn waypoint_to(&self, position: Position) -> Waypoint {
        let behind = self.waypoints.partition_point(|waypoint| waypoint.position <= position);
        self.waypoints[behind.checked_sub(1).expect("the first waypoint has position 0")]
    }

    /// A batch before every batch that holds `position` or is empty at it.
    pub fn start_before(&self, position: Position) -> Cursor {
        let behind = self.starts.partition_point(|start| start.first < position);
        behind.checked_sub(1).map_or(Cursor::START, |index| self.starts[index].cursor)
    }
}

/// Adds a position behind those of `hash`; answers how many there were.
fn note(map: &mut HashMap<u64, Positions, BuildHasherDefault<Unhashed>>, hash: u64, position: u64) -> u64 {
    match map.entry(hash) {
        Entry::Vacant(entry) => {
            entry.insert(Positions::One(position));
            0
        }
        Entry::Occupied(mut entry) => {
            let known = entry.get().as_slice().len() as u64;
            entry.get_mut().push(position);
            known
        }
    }
}

fn far(last: Place, place: Place, bytes: u32) -> bool {
    last.segment != place.segment || last.offset + bytes <= place.offset
}

/// Hands through keys that are hashes already.
#[derive(Default)]
struct Unhashed(u64);

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
