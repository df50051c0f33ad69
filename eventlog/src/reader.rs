//! Reading what is durable: batches from a position on, one stream, one commit, or everything as it comes.

use crate::error::{Corrupt, ReadError};
use crate::location::Cursor;
use crate::lookup::{StreamRead, find_command};
use crate::shared::{Shared, entirely_before};
use crate::stored::{OwnedEvent, StoredBatch, StoredCommit};
use crate::types::{BatchId, Direction, Position, Revision};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What a [`Tail`] reads from disk at once, in bytes, when it lags.
const TAIL_BYTES: usize = 4 << 20;
/// What is read at once while looking for a commit or a batch, in bytes.
const FIND_BYTES: usize = 64 << 10;

/// Reads a log. Cheap to clone; every call may block on the disk, and sees only what is durable.
///
/// What fails fails with [`ReadError::Corrupt`], and the rest of the log still reads, or with [`ReadError::Io`], and may be repeated.
#[derive(Clone)]
pub struct LogReader {
    shared: Arc<Shared>,
}

/// A commit that was looked for, with the batch it is in.
#[derive(Clone, Debug)]
pub struct FoundCommit {
    batch: Arc<StoredBatch>,
    index: usize,
}

impl FoundCommit {
    /// Borrows from the batch.
    pub fn commit(&self) -> StoredCommit<'_> {
        self.batch.commits().nth(self.index).expect("the index was taken from this batch")
    }

    /// The batch it became durable with.
    pub fn batch(&self) -> &Arc<StoredBatch> {
        &self.batch
    }
}

impl LogReader {
    pub(crate) fn new(shared: Arc<Shared>) -> LogReader {
        LogReader { shared }
    }

    /// The position the next durable event will have: everything below it is durable, nothing at or above it is.
    pub fn durable(&self) -> Position {
        self.shared.head()
    }

    /// Waits until [`LogReader::durable`] lies beyond `head`, or `timeout` is over; answers it. Batches whose commits are all
    /// empty do not move it.
    pub fn wait_beyond(&self, head: Position, timeout: Duration) -> Position {
        self.shared.wait_beyond(head, timeout)
    }

    /// [`LogReader::durable`] as a value to await changes of.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.shared.subscribe()
    }

    /// Corruption of acknowledged data found while the log is open: sealed segments are scrubbed in the background, too. Once there
    /// is some the process has to stop with that report; opening the log again finds the same.
    pub fn corruption(&self) -> watch::Receiver<Option<Corrupt>> {
        self.shared.corruption()
    }

    /// The durable batches in order, starting with the one that holds `from`, or with the first empty one standing at `from`:
    /// at least one when there is one, then no more than fit in `max_bytes`. An empty answer means the end.
    ///
    /// Going on from the last batch's `next_position` never misses a batch, but brings batches without events at that
    /// position again; [`LogReader::tail`] brings each batch once.
    pub fn read(&self, from: Position, max_bytes: usize) -> Result<Vec<Arc<StoredBatch>>, ReadError> {
        let mut cursor = self.shared.locate(from);
        loop {
            let mut batches = self.shared.fetch(&mut cursor, max_bytes)?;
            let end = batches.is_empty();
            batches.retain(|batch| !entirely_before(batch, from));
            if end || !batches.is_empty() {
                return Ok(batches);
            }
        }
    }

    /// Up to `limit` events of one stream from revision `from` on, in the direction asked for. An unknown stream and a
    /// revision out of range have no events; `Revision(u64::MAX)` backward starts at the newest.
    pub fn read_stream(
        &self,
        stream: &str,
        from: Revision,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<OwnedEvent>, ReadError> {
        StreamRead::new(&self.shared, stream)?.read(from, direction, limit)
    }

    /// The revision of the stream's newest durable event; `None` when it has none.
    pub fn stream_head(&self, stream: &str) -> Result<Option<Revision>, ReadError> {
        let newest = self.read_stream(stream, Revision(u64::MAX), Direction::Backward, 1)?;
        Ok(newest.first().map(|event| event.revision))
    }

    /// The commit of `tenant` and `command_id` whose first position is `first`. Commits without events share that position
    /// with the commit after them, so all at that position are compared.
    pub fn find_commit(
        &self,
        first: Position,
        command_id: u128,
        tenant: &str,
    ) -> Result<Option<FoundCommit>, ReadError> {
        // With an index that lags, locating would start far before the position.
        drop(self.shared.index()?);
        // The batch before may end with commits without events, which stand at `first` too.
        let mut cursor = self.shared.locate(Position(first.0.saturating_sub(1)));
        loop {
            let batches = self.shared.fetch(&mut cursor, FIND_BYTES)?;
            if batches.is_empty() {
                return Ok(None);
            }
            for batch in batches {
                if first < batch.first() {
                    return Ok(None);
                }
                let found = batch.commits().position(|commit| {
                    commit.first == first && commit.command_id == command_id && commit.tenant == tenant
                });
                if let Some(index) = found {
                    return Ok(Some(FoundCommit { batch, index }));
                }
            }
        }
    }

    /// Whether a commit of `tenant` and `command_id`, recorded at `not_before` or later, may be among what is indexed. `false` is
    /// certain; `true` asks for [`LogReader::find_command`]. `not_before` is in microseconds since the Unix epoch, as the commit's
    /// `recorded_at`: parts of the log that are all older are not looked at; `i64::MIN` looks at everything.
    ///
    /// Looks into memory only: never waits for the disk. Of what is not below [`LogReader::indexed`] it says nothing: that is the
    /// caller's to know.
    pub fn may_have_command(&self, tenant: &str, command_id: u128, not_before: i64) -> bool {
        self.shared.index_as_it_is().may_have_command(tenant, command_id, not_before)
    }

    /// Everything durable below is in the index.
    pub fn indexed(&self) -> Position {
        self.shared.indexed()
    }

    /// How many batches are durable, those without events too.
    pub fn durable_batches(&self) -> u64 {
        self.shared.durable_batches()
    }

    /// How many of them are in the index.
    pub fn indexed_batches(&self) -> u64 {
        self.shared.indexed_batches()
    }

    /// Asks for everything durable to be indexed soon: by the log's own thread where it has one, else here and now.
    pub fn want_index(&self) {
        self.shared.want_index();
    }

    /// The first position of the durable commit of `tenant` and `command_id` that was recorded at `not_before` or later; of the
    /// newest, should there be several. Tenant, id and time are compared with the commit itself.
    pub fn find_command(&self, tenant: &str, command_id: u128, not_before: i64) -> Result<Option<Position>, ReadError> {
        find_command(&self.shared, tenant, command_id, not_before, |first| {
            let found = self.find_commit(first, command_id, tenant)?;
            let is_it = |found: &FoundCommit| not_before <= found.commit().recorded_at;
            Ok(found.filter(is_it).map(|_| first))
        })
    }

    /// Whether a stream of this name may have indexed events that were recorded at `not_before` or later. `false` is certain;
    /// `true` asks for [`LogReader::read_stream`]. Looks into memory only, and at what is below [`LogReader::indexed`] only, as
    /// [`LogReader::may_have_command`] does.
    pub fn may_have_stream(&self, stream: &str, not_before: i64) -> bool {
        self.shared.index_as_it_is().may_have_stream(stream, not_before)
    }

    /// The id of the batch that holds the event at `position`, which no other history has there; `None` when nothing durable stands there.
    /// Waits for the disk only where the batch is in memory no more.
    pub fn batch_at(&self, position: Position) -> Result<Option<BatchId>, ReadError> {
        match self.shared.recent_holding(position) {
            Some(batch) => Ok(Some(batch.id())),
            None => Ok(self.commit_holding(position)?.map(|found| found.batch().id())),
        }
    }

    /// The whole commit that holds the event at `position`; `None` when nothing durable stands there.
    pub fn commit_holding(&self, position: Position) -> Result<Option<FoundCommit>, ReadError> {
        if self.durable() <= position {
            return Ok(None);
        }
        // With an index that lags, locating would start far before the position.
        drop(self.shared.index()?);
        let mut cursor = self.shared.locate(position);
        loop {
            let batches = self.shared.fetch(&mut cursor, FIND_BYTES)?;
            if batches.is_empty() {
                return Ok(None);
            }
            if let Some(batch) = batches.into_iter().find(|batch| position < batch.next_position()) {
                let index = batch.commits().position(|commit| position < commit.next_position());
                return Ok(index.map(|index| FoundCommit { batch, index }));
            }
        }
    }

    /// Reads from `from` on, each batch once, and then follows: starts like [`LogReader::read`].
    pub fn tail(&self, from: Position) -> Tail {
        Tail { shared: Arc::clone(&self.shared), from, kinds: None, cursor: None, ready: VecDeque::new() }
    }
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogReader").field("durable", &self.durable()).finish_non_exhaustive()
    }
}

/// Everything from a position on, each batch once and in order, then what comes; see [`LogReader::tail`].
pub struct Tail {
    shared: Arc<Shared>,
    from: Position,
    /// What is wanted at all.
    kinds: Option<Box<[u16]>>,
    /// The next batch to fetch; `None` before the first.
    cursor: Option<Cursor>,
    ready: VecDeque<Arc<StoredBatch>>,
}

impl Tail {
    /// Leaves out segments of the log that have no event of these kinds; batches of the others come whole.
    #[must_use]
    pub fn of_kinds(self, kinds: impl IntoIterator<Item = u16>) -> Tail {
        Tail { kinds: Some(kinds.into_iter().collect()), ..self }
    }

    /// The next batch, waiting up to `timeout` for one to become durable; `None` when none did.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] and [`ReadError::Io`]; the same call may be repeated.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Arc<StoredBatch>>, ReadError> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            let mut cursor = self.cursor();
            let batches = self.shared.fetch(&mut cursor, TAIL_BYTES)?;
            self.cursor = Some(cursor);
            if !batches.is_empty() {
                self.ready.extend(batches.into_iter().filter(|batch| !entirely_before(batch, self.from)));
                continue;
            }
            let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            self.shared.wait_for_batch(cursor.number, left);
        }
    }

    fn cursor(&self) -> Cursor {
        let cursor = self.cursor.unwrap_or_else(|| self.shared.locate(self.from));
        match &self.kinds {
            Some(kinds) => self.shared.behind_segments_without(cursor, kinds),
            None => cursor,
        }
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail").field("from", &self.from).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
