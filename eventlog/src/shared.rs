//! What the writer and its readers share: the durable head, the recent batches in memory, the index, the files.

use crate::error::{Corrupt, ReadError};
use crate::files::Files;
use crate::index::segment::SegmentIndex;
use crate::index::sidecar::Unusable;
use crate::index::{Index, SealedSegment};
use crate::location::{Cursor, Location};
use crate::stored::StoredBatch;
use crate::types::Position;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What the index reads from disk at once when it lags, in bytes.
const INDEX_CHUNK_BYTES: usize = 4 << 20;
/// How many durable events the index may lack before the writer asks for them.
const INDEX_LAG_EVENTS: u64 = 8192;

pub(crate) struct Shared {
    head: AtomicU64,
    recent: Mutex<Recent>,
    head_advanced: Condvar,
    head_watch: watch::Sender<Position>,
    index: Mutex<Index>,
    /// Everything below is in the index, and so many batches are.
    indexed: AtomicU64,
    indexed_batches: AtomicU64,
    /// Held by whoever brings the index up to date, so that it is read once.
    indexing: Mutex<()>,
    index_request: Mutex<IndexRequest>,
    index_requested: Condvar,
    /// Held while the index of a segment is rebuilt, so that it is done once.
    rebuilding: Mutex<()>,
    corruption: watch::Sender<Option<Corrupt>>,
    /// `None` for the log in memory, whose recent batches are all there are.
    files: Option<Files>,
}

/// The last durable batches, oldest first, without a gap up to the head.
struct Recent {
    batches: VecDeque<Arc<StoredBatch>>,
    bytes: usize,
    bytes_max: usize,
    /// How many batches are durable: the number the next one gets.
    count: u64,
    waiting: u32,
}

/// What the thread that indexes is asked for.
#[derive(Default)]
struct IndexRequest {
    /// There is such a thread; else whoever asks indexes.
    has_helper: bool,
    is_wanted: bool,
    is_stopping: bool,
}

/// None when everything durable was read.
pub(crate) type Batches = Vec<Arc<StoredBatch>>;

impl Shared {
    /// `recent` are the last of `count` durable batches; `bytes_max` bounds how much of them stays in memory.
    pub fn new(
        recent: Batches,
        head: Position,
        count: u64,
        bytes_max: usize,
        index: Index,
        files: Option<Files>,
    ) -> Shared {
        let bytes = recent.iter().map(|batch| batch.memory_bytes()).sum();
        debug_assert!(recent.windows(2).all(|pair| pair[0].batch_number() + 1 == pair[1].batch_number()), "no gap");
        debug_assert!(
            recent.last().is_none_or(|last| (last.batch_number() + 1, last.next_position()) == (count, head))
        );
        let mut recent = Recent { batches: recent.into(), bytes, bytes_max, count, waiting: 0 };
        recent.evict();
        let (indexed, indexed_batches) = (AtomicU64::new(index.next_position().0), AtomicU64::new(index.next().number));
        Shared {
            head: AtomicU64::new(head.0),
            recent: Mutex::new(recent),
            head_advanced: Condvar::new(),
            head_watch: watch::Sender::new(head),
            index: Mutex::new(index),
            indexed,
            indexed_batches,
            indexing: Mutex::new(()),
            index_request: Mutex::default(),
            index_requested: Condvar::new(),
            rebuilding: Mutex::new(()),
            corruption: watch::Sender::new(None),
            files,
        }
    }

    /// The position the next durable event will have.
    pub fn head(&self) -> Position {
        Position(self.head.load(Ordering::Acquire))
    }

    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.head_watch.subscribe()
    }

    /// Makes a durable batch visible. Answers a buffer nobody needs any more, if one came free.
    pub fn publish(&self, batch: StoredBatch) -> Option<Vec<u8>> {
        let head = batch.next_position();
        let mut recent = self.recent();
        assert_eq!(batch.batch_number(), recent.count, "batches become visible in order");
        debug_assert_eq!(batch.first(), self.head(), "positions are gapless");
        recent.bytes += batch.memory_bytes();
        recent.batches.push_back(Arc::new(batch));
        recent.count += 1;
        let free = recent.evict();
        self.head.store(head.0, Ordering::Release);
        let waiting = recent.waiting;
        drop(recent);
        if waiting != 0 {
            self.head_advanced.notify_all();
        }
        self.head_watch.send_replace(head);
        free
    }

    /// Everything below is in the index.
    pub fn indexed(&self) -> Position {
        Position(self.indexed.load(Ordering::Acquire))
    }

    /// How many batches are in the index.
    pub fn indexed_batches(&self) -> u64 {
        self.indexed_batches.load(Ordering::Acquire)
    }

    /// How many batches are durable.
    pub fn durable_batches(&self) -> u64 {
        self.recent().count
    }

    /// Asks for everything durable to be indexed, soon and by another thread where the log has one for it.
    pub fn want_index(&self) {
        let mut request = self.index_request();
        match request.has_helper {
            true => {
                if !std::mem::replace(&mut request.is_wanted, true) {
                    self.index_requested.notify_all();
                }
            }
            false => {
                drop(request);
                // A failure is the next reader's to see.
                drop(self.index());
            }
        }
    }

    /// Asks for it where the index lacks much.
    pub fn want_index_if_it_lags(&self) {
        if INDEX_LAG_EVENTS <= self.head().0.saturating_sub(self.indexed().0) {
            self.want_index();
        }
    }

    /// From now on another thread indexes, which is in [`Shared::index_as_wanted`].
    pub fn has_index_helper(&self) {
        self.index_request().has_helper = true;
    }

    /// Indexes whenever it is asked for, until [`Shared::stop_indexing`].
    pub fn index_as_wanted(&self) {
        let mut request = self.index_request();
        while !request.is_stopping {
            if std::mem::take(&mut request.is_wanted) {
                drop(request);
                // A failure is the next reader's to see.
                drop(self.index());
                request = self.index_request();
            } else {
                request = self.index_requested.wait(request).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Ends [`Shared::index_as_wanted`].
    pub fn stop_indexing(&self) {
        let mut request = self.index_request();
        (request.is_stopping, request.has_helper) = (true, false);
        self.index_requested.notify_all();
    }

    fn index_request(&self) -> MutexGuard<'_, IndexRequest> {
        self.index_request.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the head lies beyond `head` or the time is up; answers the head.
    pub fn wait_beyond(&self, head: Position, timeout: Duration) -> Position {
        self.wait(timeout, |_| head < self.head());
        self.head()
    }

    /// Waits until there are more than `count` batches or the time is up.
    pub fn wait_for_batch(&self, count: u64, timeout: Duration) {
        self.wait(timeout, |recent| count < recent.count);
    }

    fn wait(&self, timeout: Duration, mut done: impl FnMut(&Recent) -> bool) {
        // A timeout beyond what the clock can say is a wait without end.
        let deadline = Instant::now().checked_add(timeout);
        let mut recent = self.recent();
        recent.waiting += 1;
        while !done(&recent) {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                break;
            }
            recent = match deadline {
                Some(_) => self.head_advanced.wait_timeout(recent, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.head_advanced.wait(recent).unwrap_or_else(PoisonError::into_inner),
            };
        }
        recent.waiting -= 1;
    }

    /// The durable batches from `cursor` on: none when there are none, else at least one, then no more than fit in `max_bytes`.
    /// Moves `cursor` behind them.
    pub fn fetch(&self, cursor: &mut Cursor, max_bytes: usize) -> Result<Batches, ReadError> {
        let recent = self.recent();
        if recent.count <= cursor.number {
            return Ok(Vec::new());
        }
        let end = recent.count;
        let oldest = end - recent.batches.len() as u64;
        if oldest <= cursor.number {
            let mut bytes = 0;
            let wanted = recent.batches.range((cursor.number - oldest) as usize..);
            let taken = wanted.take_while(|batch| {
                let first = bytes == 0;
                bytes += batch.stored_len();
                first || bytes <= max_bytes
            });
            let batches: Batches = taken.cloned().collect();
            if let Some(last) = batches.last() {
                *cursor = last.next_cursor();
            }
            return Ok(batches);
        }
        drop(recent);
        self.files().read(cursor, end, max_bytes)
    }

    /// At or before every batch that holds `position`, or is empty at it.
    pub fn locate(&self, position: Position) -> Cursor {
        let recent = self.recent();
        let before = recent.batches.partition_point(|batch| entirely_before(batch, position));
        let cursor = match recent.batches.get(before) {
            Some(batch) => Cursor { number: batch.batch_number(), location: batch.location() },
            None => recent.batches.back().map_or(Cursor::START, |last| last.next_cursor()),
        };
        // When even the oldest in memory is not before the position, older ones may be wanted too.
        if before != 0 || cursor.number == 0 {
            return cursor;
        }
        drop(recent);
        let sealed = {
            let index = self.lock_index();
            match index.sealed_before(position) {
                Some(sealed) => sealed,
                None => {
                    let active = index.active();
                    return active.start_before(position).cursor(active.summary.number);
                }
            }
        };
        let start = self.query(&sealed, |sealed| sealed.start_before(self.files.as_ref(), position));
        // Reading from the segment's beginning costs more and finds the same, or says what is wrong.
        start.unwrap_or_else(|_| sealed.summary.start()).cursor(sealed.summary.number)
    }

    /// Queries the index of a sealed segment. Where its sidecar cannot be used the index is rebuilt.
    pub fn query<T>(
        &self,
        sealed: &Arc<SealedSegment>,
        question: impl Fn(&SealedSegment) -> Result<T, Unusable>,
    ) -> Result<T, ReadError> {
        let why = match question(sealed) {
            Ok(answer) => return Ok(answer),
            Err(why) => why,
        };
        let _rebuilding = self.rebuilding.lock().unwrap_or_else(PoisonError::into_inner);
        let number = sealed.summary.number;
        let known = self.lock_index().sealed()[number as usize].clone();
        if known.memory_index().is_some() {
            return Ok(question(&known).expect("what is in memory needs no file"));
        }
        tracing::warn!(segment = number, why = why.0, "the index of a segment cannot be used; it is made again");
        let exact = Arc::new(SealedSegment::in_memory(self.rebuild_index(sealed)?));
        self.replace(Arc::clone(&exact));
        Ok(question(&exact).expect("what is in memory needs no file"))
    }

    /// Reads the whole segment.
    fn rebuild_index(&self, sealed: &SealedSegment) -> Result<SegmentIndex, ReadError> {
        let summary = &sealed.summary;
        let hash_key = self.lock_index().hash_key();
        let mut index = SegmentIndex::new(summary.number, summary.first_batch, summary.first);
        let mut cursor = summary.start().cursor(summary.number);
        while cursor.number < summary.next_batch() {
            for batch in self.files().read(&mut cursor, summary.next_batch(), INDEX_CHUNK_BYTES)? {
                index.add(&batch, &hash_key);
            }
        }
        Ok(index)
    }

    /// From now on `now` answers queries of its segment.
    pub fn replace(&self, now: Arc<SealedSegment>) {
        self.files().forget_sidecar(now.summary.number);
        self.lock_index().replace(now);
    }

    /// Queries the index of segment `number` while it is active; `None` when it is sealed by now.
    pub fn with_active<T>(&self, number: u32, question: impl FnOnce(&SegmentIndex) -> T) -> Option<T> {
        let index = self.lock_index();
        (index.active().summary.number == number).then(|| question(index.active()))
    }

    /// All sealed segments the index knows of, oldest first.
    /// Behind the sealed segments from the cursor's on that have no events of these kinds: memory only.
    pub fn behind_segments_without(&self, mut cursor: Cursor, kinds: &[u16]) -> Cursor {
        let sealed = self.sealed();
        while let Some(segment) = sealed.get(cursor.location.segment as usize) {
            if kinds.iter().any(|kind| segment.may_have_kind(*kind)) {
                break;
            }
            let next = Location { segment: segment.summary.number + 1, offset: Cursor::START.location.offset };
            cursor = Cursor { number: segment.summary.next_batch(), location: next };
        }
        cursor
    }

    pub fn sealed(&self) -> Arc<Vec<Arc<SealedSegment>>> {
        self.lock_index().sealed()
    }

    /// Tells whoever waits for it that acknowledged data is corrupt. The first report stays.
    pub fn report_corruption(&self, corrupt: Corrupt) {
        self.corruption.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(corrupt);
            is_first
        });
    }

    pub fn corruption(&self) -> watch::Receiver<Option<Corrupt>> {
        self.corruption.subscribe()
    }

    /// The recent batch that holds `position`.
    pub fn recent_holding(&self, position: Position) -> Option<Arc<StoredBatch>> {
        let recent = self.recent();
        let before = recent.batches.partition_point(|batch| batch.next_position() <= position);
        recent.batches.get(before).filter(|batch| batch.first() <= position).cloned()
    }

    /// The newest recent batch that is wanted.
    pub fn recent_batch(&self, wanted: impl Fn(&StoredBatch) -> bool) -> Option<Arc<StoredBatch>> {
        self.recent().batches.iter().rev().find(|batch| wanted(batch)).cloned()
    }

    /// The index of everything durable: brings it up to date first.
    pub fn index(&self) -> Result<MutexGuard<'_, Index>, ReadError> {
        let end = self.recent().count;
        let index = self.lock_index();
        if end <= index.next().number {
            return Ok(index);
        }
        drop(index);
        let _indexing = self.indexing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cursor = self.lock_index().next();
        while cursor.number < end {
            for batch in self.fetch(&mut cursor, INDEX_CHUNK_BYTES)? {
                // Whoever asks it something meanwhile waits for one batch at most.
                let mut index = self.lock_index();
                index.add(&batch);
                self.indexed.store(index.next_position().0, Ordering::Release);
                self.indexed_batches.store(index.next().number, Ordering::Release);
            }
        }
        Ok(self.lock_index())
    }

    /// The index as it is, which may lack what is not below [`Shared::indexed`].
    pub fn index_as_it_is(&self) -> MutexGuard<'_, Index> {
        self.lock_index()
    }

    /// The files; `None` for the log in memory.
    pub fn files_if_any(&self) -> Option<&Files> {
        self.files.as_ref()
    }

    pub fn files(&self) -> &Files {
        self.files.as_ref().expect("a log in memory never forgets a batch")
    }

    fn lock_index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    /// Evicts the oldest batches until the rest fits; the newest always stays. Answers a buffer that came free.
    fn evict(&mut self) -> Option<Vec<u8>> {
        let mut free = None;
        while self.bytes_max < self.bytes && 1 < self.batches.len() {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.bytes -= oldest.memory_bytes();
            free = Arc::into_inner(oldest).and_then(StoredBatch::into_buffer).or(free);
        }
        debug_assert!(self.bytes <= self.bytes_max || self.batches.len() <= 1, "recent batches are bounded");
        free
    }
}

/// The batch neither holds `position` nor is an empty one standing at it.
pub(crate) fn entirely_before(batch: &StoredBatch, position: Position) -> bool {
    batch.first() < position && batch.next_position() <= position
}
