//! What the writer and its readers share: the durable head, the recent batches in memory, the index, the files.

use crate::files::Files;
use crate::index::segment::SegmentIndex;
use crate::index::sidecar::Unusable;
use crate::index::{Cursor, Index, Sealed};
use crate::{Corrupt, Position, ReadError, StoredBatch};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What the index takes from disk at once when it is behind, in bytes.
const INDEX_CHUNK_BYTES: usize = 4 << 20;

pub(crate) struct Shared {
    head: AtomicU64,
    recent: Mutex<Recent>,
    beyond: Condvar,
    news: watch::Sender<Position>,
    index: Mutex<Index>,
    /// Held while a segment is indexed anew, so that it is done once.
    indexing: Mutex<()>,
    damage: watch::Sender<Option<Corrupt>>,
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

/// Everything was read that is durable so far, or the batches found.
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
        let bytes = recent.iter().map(|batch| batch.held_bytes()).sum();
        let mut recent = Recent { batches: recent.into(), bytes, bytes_max, count, waiting: 0 };
        recent.evict();
        Shared {
            head: AtomicU64::new(head.0),
            recent: Mutex::new(recent),
            beyond: Condvar::new(),
            news: watch::Sender::new(head),
            index: Mutex::new(index),
            indexing: Mutex::new(()),
            damage: watch::Sender::new(None),
            files,
        }
    }

    /// The position the next durable event will have.
    pub fn head(&self) -> Position {
        Position(self.head.load(Ordering::Acquire))
    }

    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.news.subscribe()
    }

    /// Makes a durable batch visible. Answers a buffer nobody needs any more, if one came free.
    pub fn publish(&self, batch: StoredBatch) -> Option<Vec<u8>> {
        let head = batch.next_position();
        let mut recent = self.recent();
        assert_eq!(batch.batch_number(), recent.count, "batches become visible in order");
        recent.bytes += batch.held_bytes();
        recent.batches.push_back(Arc::new(batch));
        recent.count += 1;
        let free = recent.evict();
        self.head.store(head.0, Ordering::Release);
        let waiting = recent.waiting;
        drop(recent);
        if waiting != 0 {
            self.beyond.notify_all();
        }
        self.news.send_replace(head);
        free
    }

    /// How many durable events the index lacks; 0 while somebody is working on it.
    pub fn index_lag(&self) -> u64 {
        match self.index.try_lock() {
            Ok(index) => self.head().0.saturating_sub(index.next_position().0),
            Err(_) => 0,
        }
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
                Some(_) => self.beyond.wait_timeout(recent, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.beyond.wait(recent).unwrap_or_else(PoisonError::into_inner),
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
                *cursor = Cursor::behind(last);
            }
            return Ok(batches);
        }
        drop(recent);
        self.files().read(cursor, end, max_bytes)
    }

    /// A place at or before every batch that holds `position`, or is empty at it.
    pub fn locate(&self, position: Position) -> Cursor {
        let recent = self.recent();
        let before = recent.batches.partition_point(|batch| entirely_before(batch, position));
        let cursor = match recent.batches.get(before) {
            Some(batch) => Cursor { number: batch.batch_number(), place: batch.place() },
            None => recent.batches.back().map_or(Cursor::START, |last| Cursor::behind(last)),
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
                    let tail = index.tail();
                    return tail.start_before(position).cursor(tail.summary.number);
                }
            }
        };
        let start = self.ask(&sealed, |sealed| sealed.start_before(self.files.as_ref(), position));
        // Reading from the segment's beginning costs more and finds the same, or says what is wrong.
        start.unwrap_or_else(|_| sealed.summary.start()).cursor(sealed.summary.number)
    }

    /// Asks the index of a sealed segment. Where its sidecar cannot be used the segment is indexed anew.
    pub fn ask<T>(
        &self,
        sealed: &Arc<Sealed>,
        question: impl Fn(&Sealed) -> Result<T, Unusable>,
    ) -> Result<T, ReadError> {
        let why = match question(sealed) {
            Ok(answer) => return Ok(answer),
            Err(why) => why,
        };
        let _indexing = self.indexing.lock().unwrap_or_else(PoisonError::into_inner);
        let number = sealed.summary.number;
        let known = self.lock_index().sealed()[number as usize].clone();
        if known.exact().is_some() {
            return Ok(question(&known).expect("what is in memory needs no file"));
        }
        tracing::warn!(segment = number, why = why.0, "the index of a segment cannot be used; it is made again");
        let exact = Arc::new(Sealed::in_memory(self.index_anew(sealed)?));
        self.replace(Arc::clone(&exact));
        Ok(question(&exact).expect("what is in memory needs no file"))
    }

    /// The exact index of a sealed segment, from the segment itself.
    fn index_anew(&self, sealed: &Sealed) -> Result<SegmentIndex, ReadError> {
        let summary = &sealed.summary;
        let keys = self.lock_index().keys();
        let mut index = SegmentIndex::new(summary.number, summary.first_batch, summary.first);
        let mut cursor = summary.start().cursor(summary.number);
        while cursor.number < summary.next_batch() {
            for batch in self.files().read(&mut cursor, summary.next_batch(), INDEX_CHUNK_BYTES)? {
                index.add(&batch, &keys);
            }
        }
        Ok(index)
    }

    /// From now on a sealed segment is answered for by `now`.
    pub fn replace(&self, now: Arc<Sealed>) {
        self.files().forget_sidecar(now.summary.number);
        self.lock_index().replace(now);
    }

    /// Asks the index of segment `number` while it is the one that is written; `None` when it is sealed by now.
    pub fn with_tail<T>(&self, number: u32, question: impl FnOnce(&SegmentIndex) -> T) -> Option<T> {
        let index = self.lock_index();
        (index.tail().summary.number == number).then(|| question(index.tail()))
    }

    /// All sealed segments the index knows of, oldest first.
    pub fn sealed(&self) -> Arc<Vec<Arc<Sealed>>> {
        self.lock_index().sealed()
    }

    /// Tells whoever waits for it that acknowledged data is damaged. The first report stays.
    pub fn report(&self, corrupt: Corrupt) {
        self.damage.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(corrupt);
            is_first
        });
    }

    pub fn damage(&self) -> watch::Receiver<Option<Corrupt>> {
        self.damage.subscribe()
    }

    /// The recent batch that holds `position`.
    pub fn recent_holding(&self, position: Position) -> Option<Arc<StoredBatch>> {
        let recent = self.recent();
        let before = recent.batches.partition_point(|batch| batch.next_position() <= position);
        recent.batches.get(before).filter(|batch| batch.first() <= position).cloned()
    }

    /// A recent batch, looking from the newest on.
    pub fn recent_batch(&self, wanted: impl Fn(&StoredBatch) -> bool) -> Option<Arc<StoredBatch>> {
        self.recent().batches.iter().rev().find(|batch| wanted(batch)).cloned()
    }

    /// The index, with everything in it that was durable when this was called.
    pub fn index(&self) -> Result<MutexGuard<'_, Index>, ReadError> {
        let mut index = self.lock_index();
        let end = self.recent().count;
        let mut cursor = index.next();
        while cursor.number < end {
            for batch in self.fetch(&mut cursor, INDEX_CHUNK_BYTES)? {
                index.add(&batch);
            }
        }
        Ok(index)
    }

    /// [`Shared::index`] without the disk: `None` when the index lacks batches that are in memory no more.
    pub fn index_in_memory(&self) -> Option<MutexGuard<'_, Index>> {
        let mut index = self.lock_index();
        let missing: Batches = {
            let recent = self.recent();
            let oldest = recent.count - recent.batches.len() as u64;
            let known = index.next().number.checked_sub(oldest)?;
            recent.batches.range(known as usize..).cloned().collect()
        };
        for batch in missing {
            index.add(&batch);
        }
        Some(index)
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
    /// Forgets the oldest batches until the rest fits; the newest always stays. Answers a buffer that came free.
    fn evict(&mut self) -> Option<Vec<u8>> {
        let mut free = None;
        while self.bytes_max < self.bytes && 1 < self.batches.len() {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.bytes -= oldest.held_bytes();
            free = Arc::into_inner(oldest).and_then(StoredBatch::into_buffer).or(free);
        }
        free
    }
}

/// The batch neither holds `position` nor is an empty one standing at it.
pub(crate) fn entirely_before(batch: &StoredBatch, position: Position) -> bool {
    batch.first() < position && batch.next_position() <= position
}
