//! Filling a batch: commits are encoded once, straight into the bytes that reach the disk.

use crate::format::{
    ALIGN, BATCH_HEADER_LEN, BatchHeader, COMMIT_FIXED_LEN, COMMIT_PREFIX_LEN, EVENT_FIXED_LEN, KIND_COMMIT, VERSION,
    padded,
};
use crate::types::{
    BatchId, COMMIT_BYTES_MAX, CommitHeader, CommitRange, GENESIS_STREAM, Limits, META_BYTES_MAX, Position, Revision,
    STREAM_BYTES_MAX, TENANT_BYTES_MAX,
};

const _: () =
    assert!(Batch::BYTES_MAX + COMMIT_BYTES_MAX <= u32::MAX as usize, "the length of a payload has four bytes");

/// Commits that will become durable together.
///
/// The buffer is handed back empty by [`LogWriter::append`](crate::LogWriter::append), so a caller that keeps two of them allocates
/// nothing in the long run.
#[derive(Debug)]
pub struct Batch {
    id: BatchId,
    first: Position,
    /// The front is left free for the batch's header.
    bytes: Vec<u8>,
    commits: u32,
    events: u32,
}

impl Batch {
    /// A batch of this many bytes is full. One more commit may still be added, so that no commit is too large.
    pub const BYTES_MAX: usize = 4 << 20;
    /// A batch of this many events is full.
    pub const EVENTS_MAX: u32 = 1 << 16;
    /// A batch of this many commits is full.
    pub const COMMITS_MAX: u32 = 1 << 16;

    /// An empty batch whose first event gets position `first`.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    pub fn new(first: Position) -> Batch {
        Batch::with_id(first, BatchId::random())
    }

    /// An empty batch under an id of the caller's making, which must never have been used in this log.
    pub fn with_id(first: Position, id: BatchId) -> Batch {
        Batch { id, first, bytes: vec![0; BATCH_HEADER_LEN], commits: 0, events: 0 }
    }

    /// Makes this an empty batch with a new id, keeping its buffer.
    pub fn reuse(&mut self, first: Position) {
        // The upper half stays the random number this batch started with, so ids of different writers never meet.
        self.id = BatchId(self.id.0.wrapping_add(1));
        self.first = first;
        self.bytes.resize(BATCH_HEADER_LEN, 0);
        self.commits = 0;
        self.events = 0;
    }

    /// Starts a commit. It counts only once [`CommitWriter::finish`] is called; dropping the writer takes it back.
    ///
    /// # Panics
    /// If the tenant or `meta` is longer than its bound, or the tenant is not ASCII.
    pub fn commit(&mut self, header: &CommitHeader<'_>) -> CommitWriter<'_> {
        let CommitHeader { tenant, command_id, payload_hash, recorded_at, meta } = header;
        assert!(tenant.len() <= TENANT_BYTES_MAX && tenant.is_ascii(), "a tenant is at most 32 bytes of ASCII");
        assert!(meta.len() <= META_BYTES_MAX, "the meta of a commit is at most 4096 bytes");
        debug_assert!(BATCH_HEADER_LEN <= self.bytes.len(), "the header's space is at the front");
        let start = self.bytes.len();
        let mut fixed = [0; COMMIT_PREFIX_LEN + COMMIT_FIXED_LEN];
        // Length, CRC and the number of events are known when the commit is finished.
        fixed[8..24].copy_from_slice(&command_id.to_le_bytes());
        fixed[24..40].copy_from_slice(&payload_hash.to_le_bytes());
        fixed[40..48].copy_from_slice(&recorded_at.to_le_bytes());
        fixed[52..54].copy_from_slice(&(meta.len() as u16).to_le_bytes());
        fixed[54] = tenant.len() as u8;
        fixed[55] = KIND_COMMIT;
        self.bytes.extend_from_slice(&fixed);
        self.bytes.extend_from_slice(tenant.as_bytes());
        self.bytes.extend_from_slice(meta);
        CommitWriter { batch: self, start, events: 0, finished: false }
    }

    /// Resolves an unknown outcome, see [`LogWriter::find_batch`](crate::LogWriter::find_batch).
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// The position of the batch's first event.
    pub fn first(&self) -> Position {
        self.first
    }

    /// The position the next event of this batch gets.
    pub fn next_position(&self) -> Position {
        Position(self.first.0 + u64::from(self.events))
    }

    /// No commit was finished yet.
    pub fn is_empty(&self) -> bool {
        self.commits == 0
    }

    /// Ask before adding a commit to a batch for a log of these limits; append first when it says yes.
    pub fn is_full(&self, limits: &Limits) -> bool {
        limits.batch_bytes <= self.bytes.len() || Batch::EVENTS_MAX <= self.events || Batch::COMMITS_MAX <= self.commits
    }

    /// What the batch takes so far, its header included, in bytes.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Only those that were finished.
    pub fn commits(&self) -> u32 {
        self.commits
    }

    /// Only those of finished commits.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// What came from another log of the same history, as it was there: commits without padding.
    pub(crate) fn received((id, first): (BatchId, Position), payload: &[u8], (commits, events): (u32, u32)) -> Batch {
        let mut batch = Batch { commits, events, ..Batch::with_id(first, id) };
        batch.bytes.extend_from_slice(payload);
        batch
    }

    /// What [`Batch::len_bytes`] counts.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes to store, header space first. The writer pads and heads them.
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

/// What the writer knows and the batch does not, for the batch's header.
pub(crate) struct HeaderFields {
    pub segment_id: u64,
    pub offset: u64,
    pub number: u64,
    /// How many batches are known to be durable here, and the position behind them.
    pub durable: (u64, Position),
    pub previous_crc: u32,
}

impl Batch {
    /// Pads the commits and writes the header before them: the bytes are ready to be stored.
    pub(crate) fn write_header(&mut self, fields: HeaderFields) -> BatchHeader {
        // Twice, here and where it is read: what a header says is what recovery believes.
        assert!(0 < self.commits, "a batch that is stored has a commit");
        debug_assert!(fields.offset.is_multiple_of(ALIGN as u64), "batches are aligned");
        let (durable_batches, durable_upto) = fields.durable;
        debug_assert!(
            durable_batches <= fields.number && durable_upto <= self.first,
            "what is durable was appended before"
        );
        let payload_len = self.len_bytes() - BATCH_HEADER_LEN;
        let (id, first, commits, events) = (self.id(), self.first(), self.commits(), self.events());
        let bytes = &mut self.bytes;
        bytes.resize(BATCH_HEADER_LEN + padded(payload_len), 0);
        let header = BatchHeader {
            segment_id: fields.segment_id,
            offset: fields.offset,
            number: fields.number,
            id,
            first,
            durable_batches,
            durable_upto,
            commits,
            events,
            payload_len: u32::try_from(payload_len).expect("a batch is bounded by its caller asking is_full"),
            payload_crc: crc32c::crc32c(&bytes[BATCH_HEADER_LEN..]),
            previous_crc: fields.previous_crc,
        };
        bytes[..BATCH_HEADER_LEN].copy_from_slice(&header.encode());
        debug_assert_eq!(BatchHeader::decode(bytes), Some(header), "what is written is what will be read");
        debug_assert_eq!(bytes.len() as u64, header.stored_len(), "a header says how long its batch is");
        header
    }

    /// The batch of the log's own first record, called like the log.
    pub(crate) fn genesis(log_id: u128) -> Batch {
        let mut batch = Batch::with_id(Position(0), BatchId(log_id));
        let header = CommitHeader { tenant: "", command_id: 0, payload_hash: 0, recorded_at: 0, meta: &[] };
        let mut commit = batch.commit(&header);
        commit.event(GENESIS_STREAM, Revision(0), |body| {
            body.extend_from_slice(&log_id.to_le_bytes());
            body.extend_from_slice(&VERSION.to_le_bytes());
        });
        commit.finish();
        batch
    }
}

/// Adds events to one commit; see [`Batch::commit`].
#[derive(Debug)]
#[must_use = "a commit counts only once it is finished"]
pub struct CommitWriter<'a> {
    batch: &'a mut Batch,
    start: usize,
    events: u32,
    finished: bool,
}

impl CommitWriter<'_> {
    /// Adds an event; `write` appends its body to the bytes it is given. Returns the position the event will have.
    ///
    /// # Panics
    /// If the stream's name is empty or longer than its bound, or `write` shortens the bytes.
    #[inline]
    pub fn event(&mut self, stream: &str, revision: Revision, write: impl FnOnce(&mut Vec<u8>)) -> Position {
        assert!((1..=STREAM_BYTES_MAX).contains(&stream.len()), "a stream's name has 1 to 160 bytes");
        let bytes = &mut self.batch.bytes;
        let mut fixed = [0; EVENT_FIXED_LEN];
        fixed[4..12].copy_from_slice(&revision.0.to_le_bytes());
        fixed[12] = stream.len() as u8;
        let start = bytes.len();
        bytes.extend_from_slice(&fixed);
        bytes.extend_from_slice(stream.as_bytes());
        let body = bytes.len();
        write(bytes);
        assert!(body <= bytes.len(), "the body of an event is appended, nothing is taken away");
        let body_len = (bytes.len() - body) as u32;
        bytes[start..start + 4].copy_from_slice(&body_len.to_le_bytes());
        self.events += 1;
        Position(self.batch.first.0 + u64::from(self.batch.events) + u64::from(self.events) - 1)
    }

    /// What the commit takes so far, in bytes. Drop the writer of a commit above [`COMMIT_BYTES_MAX`] and refuse the command.
    pub fn len_bytes(&self) -> usize {
        self.batch.bytes.len() - self.start
    }

    /// The position the next event of this commit gets.
    pub fn next_position(&self) -> Position {
        Position(self.batch.first.0 + u64::from(self.batch.events) + u64::from(self.events))
    }

    /// Makes the commit part of the batch.
    ///
    /// # Panics
    /// If the commit is longer than [`COMMIT_BYTES_MAX`].
    pub fn finish(mut self) -> CommitRange {
        let len = self.len_bytes();
        assert!(len <= COMMIT_BYTES_MAX, "a commit takes at most 16 MiB");
        let commit = &mut self.batch.bytes[self.start..];
        commit[..4].copy_from_slice(&((len - COMMIT_PREFIX_LEN) as u32).to_le_bytes());
        commit[48..52].copy_from_slice(&self.events.to_le_bytes());
        let crc = crc32c::crc32c(&commit[COMMIT_PREFIX_LEN..]);
        commit[4..8].copy_from_slice(&crc.to_le_bytes());
        let range = CommitRange { first: self.batch.next_position(), events: self.events };
        self.batch.commits += 1;
        self.batch.events += self.events;
        debug_assert_eq!(
            self.batch.next_position().0,
            range.first.0 + u64::from(range.events),
            "positions are gapless"
        );
        self.finished = true;
        range
    }
}

impl Drop for CommitWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.batch.bytes.truncate(self.start);
        }
    }
}

impl BatchId {
    /// A fresh id: 64 random bits above a counter that starts at 0.
    fn random() -> BatchId {
        let random = getrandom::u64().expect("the operating system has random numbers");
        BatchId(u128::from(random) << 64)
    }
}
