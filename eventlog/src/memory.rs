//! The log in memory: the same contract without a disk, for tests and demonstrations. It never forgets a batch.

use crate::batch::{Batch, Sealing};
use crate::hash::Keys;
use crate::index::Index;
use crate::shared::Shared;
use crate::stored::Place;
use crate::{Appended, Position, StoredBatch};
use std::sync::Arc;

/// The index counts offsets in 32 bits, so a log in memory has segments, too; this is where the next one starts, in bytes.
const SEGMENT_BYTES: u64 = 1 << 30;

/// The writer of a log in memory.
pub(crate) struct MemoryLog {
    pub shared: Arc<Shared>,
    segment: u32,
    /// Where the next batch would go in it.
    at: u64,
    batches: u64,
    next: Position,
    previous_crc: u32,
}

impl MemoryLog {
    pub fn new() -> MemoryLog {
        let log_id = Batch::new(Position(0)).id().0;
        let index = Index::new(Keys::new(log_id));
        let shared = Arc::new(Shared::new(Vec::new(), Position(0), 0, usize::MAX, index, None));
        let mut log = MemoryLog { shared, segment: 0, at: 0, batches: 0, next: Position(0), previous_crc: 0 };
        log.append(&mut Batch::genesis(log_id));
        log
    }

    pub fn next_position(&self) -> Position {
        self.next
    }

    pub fn append(&mut self, batch: &mut Batch) -> Appended {
        if SEGMENT_BYTES <= self.at {
            self.segment += 1;
            self.at = 0;
        }
        let place = Place { segment: self.segment, offset: self.at as u32 };
        let header = batch.seal(Sealing {
            segment_id: 0,
            offset: self.at,
            number: self.batches,
            durable_upto: self.next,
            previous_crc: self.previous_crc,
        });
        self.at += header.stored_len();
        self.batches += 1;
        self.next = header.next_position();
        self.previous_crc = header.payload_crc;
        let stored = StoredBatch::owned(header, place, batch.bytes_mut().clone());
        let appended = Appended { place: stored.batch_place(), bytes: header.stored_len() };
        self.shared.publish(stored);
        batch.reuse(self.next);
        appended
    }
}
