//! A batch as stored: checked once on the way in, then read without allocation.

use crate::format::{
    BATCH_HEADER_LEN, BatchHeader, COMMIT_FIXED_LEN, COMMIT_PREFIX_LEN, EVENT_FIXED_LEN, Get, KIND_COMMIT,
};
use crate::location::{Cursor, Location, SparseEntry};
use crate::types::{BatchId, BatchRange, Position, Revision, SYSTEM_PREFIX};
use std::{fmt, ops::Range, sync::Arc};

/// One durable batch: its commits in order, with their events.
pub struct StoredBatch {
    header: BatchHeader,
    location: Location,
    bytes: Bytes,
}

/// A batch that was appended by this process owns its buffer; batches read from disk share the one they were read into.
enum Bytes {
    Owned(Vec<u8>),
    Shared(Arc<Vec<u8>>, Range<usize>),
}

/// One commit of a [`StoredBatch`].
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub struct StoredCommit<'a> {
    pub tenant: &'a str,
    /// Made by the client.
    pub command_id: u128,
    /// Tells a repeat from another command under the same id.
    pub payload_hash: u128,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
    pub meta: &'a [u8],
    /// The position of its first event; a commit without events shares it with what follows.
    pub first: Position,
    pub events: u32,
    event_bytes: &'a [u8],
}

/// One event of a [`StoredCommit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub struct StoredEvent<'a> {
    pub position: Position,
    pub stream: &'a str,
    pub revision: Revision,
    pub body: &'a [u8],
}

/// One event with what its commit says, apart from its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub struct OwnedEvent {
    pub position: Position,
    pub revision: Revision,
    pub body: Box<[u8]>,
    /// The position of its commit's first event.
    pub commit_first: Position,
    pub tenant: Box<str>,
    pub command_id: u128,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
    pub meta: Box<[u8]>,
}

/// Bytes that do not have the shape of commits and events, said by what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub &'static str);

/// Checks that a batch that starts at `first` holds as many whole commits and events as it says.
pub(crate) fn check_payload(payload: &[u8], first: Position, commits: u32, events: u32) -> Result<(), Malformed> {
    let (mut rest, mut first, mut seen) = (payload, first, (0u32, 0u64));
    while !rest.is_empty() {
        let (commit, after) = StoredCommit::decode(rest, first)?;
        commit.check_shape()?;
        seen = (seen.0 + 1, seen.1 + u64::from(commit.events));
        first = commit.next_position();
        rest = after;
    }
    match seen == (commits, u64::from(events)) {
        true => Ok(()),
        false => Err(Malformed("a batch does not hold the commits and events its header says")),
    }
}

impl StoredBatch {
    /// Takes the bytes this process has just encoded and synced.
    pub(crate) fn owned(header: BatchHeader, location: Location, bytes: Vec<u8>) -> StoredBatch {
        debug_assert_eq!(bytes.len() as u64, header.stored_len(), "a header says how long its batch is");
        let batch = StoredBatch { header, location, bytes: Bytes::Owned(bytes) };
        debug_assert_eq!(batch.check_shape(), Ok(()), "what was written can be read");
        batch
    }

    /// Takes the batch at `at` of a buffer read from disk, after checking its CRC and its shape.
    pub(crate) fn check(
        header: BatchHeader,
        location: Location,
        buffer: &Arc<Vec<u8>>,
        at: usize,
    ) -> Result<StoredBatch, Malformed> {
        let range = at..at + header.stored_len() as usize;
        let padded = buffer.get(at + BATCH_HEADER_LEN..range.end).ok_or(Malformed("a batch is cut short"))?;
        if crc32c::crc32c(padded) != header.payload_crc {
            return Err(Malformed("the checksum of a batch does not hold"));
        }
        let batch = StoredBatch { header, location, bytes: Bytes::Shared(Arc::clone(buffer), range) };
        batch.check_shape()?;
        Ok(batch)
    }

    fn check_shape(&self) -> Result<(), Malformed> {
        check_payload(self.payload(), self.header.first, self.header.commits, self.header.events)
    }

    /// Resolves an unknown outcome.
    pub fn id(&self) -> BatchId {
        self.header.id
    }

    /// The position of its first event.
    pub fn first(&self) -> Position {
        self.header.first
    }

    /// The position after its last event; equals [`StoredBatch::first`] when all its commits are empty.
    pub fn next_position(&self) -> Position {
        self.header.next_position()
    }

    /// Counts batches from 0, the one of the genesis record.
    pub fn batch_number(&self) -> u64 {
        self.header.number
    }

    /// How many events it has, possibly none.
    pub fn events(&self) -> u32 {
        self.header.events
    }

    /// Its number and positions.
    pub fn range(&self) -> BatchRange {
        BatchRange {
            number: self.header.number,
            first: self.first(),
            next: self.next_position(),
            commits: self.header.commits,
        }
    }

    /// The commits in order.
    pub fn commits(&self) -> impl Iterator<Item = StoredCommit<'_>> {
        Commits { rest: self.payload(), first: self.header.first }
    }

    /// What it takes on the disk, header and padding included, in bytes.
    pub fn stored_len(&self) -> usize {
        self.header.stored_len() as usize
    }

    /// What keeping the batch in memory takes, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let bytes = match &self.bytes {
            Bytes::Owned(bytes) => bytes.capacity(),
            Bytes::Shared(_, range) => range.len(),
        };
        bytes + size_of::<StoredBatch>()
    }

    /// The commit that holds `position`, which this batch has, walking from `sparse` when it lies in this batch.
    pub(crate) fn commit_holding(&self, position: Position, sparse: SparseEntry) -> StoredCommit<'_> {
        debug_assert!((self.first()..self.next_position()).contains(&position), "the batch holds the position");
        let payload = self.payload();
        let start = Location { offset: self.location.offset + BATCH_HEADER_LEN as u32, ..self.location };
        let inside = sparse.commits_end != 0 && start <= sparse.location && sparse.location.segment == start.segment;
        let mut commits = match inside {
            true => {
                let at = (sparse.location.offset - start.offset) as usize;
                Commits { rest: &payload[at..], first: sparse.position }
            }
            false => Commits { rest: payload, first: self.header.first },
        };
        commits.find(|commit| position < commit.next_position()).expect("the batch holds the position")
    }

    pub(crate) fn previous_crc(&self) -> u32 {
        self.header.previous_crc
    }

    pub(crate) fn payload_crc(&self) -> u32 {
        self.header.payload_crc
    }

    pub(crate) fn location(&self) -> Location {
        self.location
    }

    /// Where the next batch is, if it is in the same segment.
    pub(crate) fn next_cursor(&self) -> Cursor {
        let Location { segment, offset } = self.location;
        debug_assert!(offset.checked_add(self.stored_len() as u32).is_some(), "offsets in a segment have four bytes");
        let location = Location { segment, offset: offset + self.stored_len() as u32 };
        Cursor { number: self.batch_number() + 1, location }
    }

    /// Header, commits and padding.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes,
            Bytes::Shared(buffer, range) => &buffer[range.clone()],
        }
    }

    /// The buffer, when nobody else holds it.
    pub(crate) fn into_buffer(self) -> Option<Vec<u8>> {
        match self.bytes {
            Bytes::Owned(bytes) => Some(bytes),
            Bytes::Shared(..) => None,
        }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes()[BATCH_HEADER_LEN..BATCH_HEADER_LEN + self.header.payload_len as usize]
    }
}

impl fmt::Debug for StoredBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredBatch").field("header", &self.header).field("place", &self.location).finish()
    }
}

/// Walks commits whose shape was checked.
struct Commits<'a> {
    rest: &'a [u8],
    first: Position,
}

impl<'a> Iterator for Commits<'a> {
    type Item = StoredCommit<'a>;

    #[inline]
    fn next(&mut self) -> Option<StoredCommit<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (commit, rest) = StoredCommit::decode(self.rest, self.first).expect("checked when the batch was read");
        self.rest = rest;
        self.first = commit.next_position();
        Some(commit)
    }
}

impl<'a> StoredCommit<'a> {
    /// The commit at the front of `bytes`, and what follows it. Events are not looked at.
    #[inline]
    pub(crate) fn decode(bytes: &'a [u8], first: Position) -> Result<(StoredCommit<'a>, &'a [u8]), Malformed> {
        let (content, _, rest) = split_commit(bytes)?;
        let Some((fixed, behind)) = content.split_at_checked(COMMIT_FIXED_LEN) else {
            return Err(Malformed("a commit is shorter than its fixed fields"));
        };
        let mut get = Get { bytes: fixed, at: 0 };
        let (command_id, payload_hash, recorded_at) = (get.u128(), get.u128(), get.u64() as i64);
        let (events, meta_len, tenant_len, kind) = (get.u32(), get.u16(), get.u8(), get.u8());
        if kind != KIND_COMMIT {
            return Err(Malformed("a record is of a kind this version does not know"));
        }
        let Some((tenant, behind)) = behind.split_at_checked(usize::from(tenant_len)) else {
            return Err(Malformed("a tenant reaches beyond its commit"));
        };
        let Some((meta, event_bytes)) = behind.split_at_checked(usize::from(meta_len)) else {
            return Err(Malformed("the meta of a commit reaches beyond it"));
        };
        let tenant = str::from_utf8(tenant).map_err(|_| Malformed("a tenant is not UTF-8"))?;
        let commit = StoredCommit { tenant, command_id, payload_hash, recorded_at, meta, first, events, event_bytes };
        Ok((commit, rest))
    }

    fn check_shape(&self) -> Result<(), Malformed> {
        let mut rest = self.event_bytes;
        for index in 0..self.events {
            (_, rest) = StoredEvent::decode(rest, Position(self.first.0.saturating_add(u64::from(index))))?;
        }
        match rest.is_empty() {
            true => Ok(()),
            false => Err(Malformed("bytes are left behind the last event of a commit")),
        }
    }

    /// The events in order.
    pub fn events(&self) -> impl Iterator<Item = StoredEvent<'a>> + use<'a> {
        let mut rest = self.event_bytes;
        (self.first.0..self.next_position().0).map(move |position| {
            let (event, after) =
                StoredEvent::decode(rest, Position(position)).expect("checked when the batch was read");
            rest = after;
            event
        })
    }

    /// What its events take as stored, in bytes.
    pub(crate) fn event_bytes_len(&self) -> usize {
        self.event_bytes.len()
    }

    /// The position after its last event.
    pub fn next_position(&self) -> Position {
        Position(self.first.0.saturating_add(u64::from(self.events)))
    }
}

impl fmt::Debug for StoredCommit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCommit")
            .field("first", &self.first)
            .field("events", &self.events)
            .field("tenant", &self.tenant)
            .field("command_id", &self.command_id)
            .finish_non_exhaustive()
    }
}

impl<'a> StoredEvent<'a> {
    /// What kind of event it is to whoever writes them: the first two bytes of its body, little-endian; 0 where it is shorter.
    pub fn kind(&self) -> u16 {
        self.body.first_chunk().map_or(0, |kind| u16::from_le_bytes(*kind))
    }

    /// Whether it is the log's own, such as its first record: in a stream whose name begins with `$`. Nobody folds, shows or
    /// chains those.
    pub fn is_system(&self) -> bool {
        self.stream.starts_with(SYSTEM_PREFIX)
    }

    #[inline]
    fn decode(bytes: &'a [u8], position: Position) -> Result<(StoredEvent<'a>, &'a [u8]), Malformed> {
        let Some((fixed, behind)) = bytes.split_at_checked(EVENT_FIXED_LEN) else {
            return Err(Malformed("an event is cut short"));
        };
        let mut get = Get { bytes: fixed, at: 0 };
        let (body_len, revision, stream_len) = (get.u32(), Revision(get.u64()), get.u8());
        let Some((stream, behind)) = behind.split_at_checked(usize::from(stream_len)) else {
            return Err(Malformed("the stream of an event reaches beyond its commit"));
        };
        let Some((body, rest)) = behind.split_at_checked(body_len as usize) else {
            return Err(Malformed("the body of an event reaches beyond its commit"));
        };
        let stream = str::from_utf8(stream).map_err(|_| Malformed("the name of a stream is not UTF-8"))?;
        Ok((StoredEvent { position, stream, revision, body }, rest))
    }
}

/// Splits the commit at the front of `bytes` into its content, its CRC32C, and what follows.
#[inline]
fn split_commit(bytes: &[u8]) -> Result<(&[u8], u32, &[u8]), Malformed> {
    let Some((prefix, behind)) = bytes.split_at_checked(COMMIT_PREFIX_LEN) else {
        return Err(Malformed("a commit is cut short"));
    };
    let mut get = Get { bytes: prefix, at: 0 };
    let (len, crc) = (get.u32(), get.u32());
    match behind.split_at_checked(len as usize) {
        Some((content, rest)) => Ok((content, crc, rest)),
        None => Err(Malformed("a commit reaches beyond its batch")),
    }
}

/// How many bytes the commit whose prefix is at the front of `bytes` takes, when the prefix is there.
pub(crate) fn commit_len(bytes: &[u8]) -> Option<usize> {
    let len = u32::from_le_bytes(*bytes.first_chunk::<4>()?);
    Some(COMMIT_PREFIX_LEN + len as usize)
}

/// The commit at the front of `bytes`, checked by its own CRC32C: for reading one event without its batch.
pub(crate) fn check_commit(bytes: &[u8], first: Position) -> Result<(StoredCommit<'_>, &[u8]), Malformed> {
    let (content, crc, _) = split_commit(bytes)?;
    if crc32c::crc32c(content) != crc {
        return Err(Malformed("the checksum of a commit does not hold"));
    }
    let (commit, rest) = StoredCommit::decode(bytes, first)?;
    commit.check_shape()?;
    Ok((commit, rest))
}
