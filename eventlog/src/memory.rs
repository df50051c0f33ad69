//! The log in memory: the same contract without a disk, for tests and demonstrations. It never forgets a batch.

use crate::batch::{Batch, Sealing};
use crate::index::Index;
use crate::shared::Shared;
use crate::stored::Place;
use crate::{Appended, Position, StoredBatch};
use std::sync::Arc;

/// The writer of a log in memory.
pub(crate) struct MemoryLog {
    pub shared: Arc<Shared>,
    batches: u64,
    next: Position,
    previous_crc: u32,
}

impl MemoryLog {
    pub fn new() -> MemoryLog {
        let shared = Shared::new(Vec::new(), Position(0), 0, usize::MAX, Index::new(), None);
        let mut log = MemoryLog { shared: Arc::new(shared), batches: 0, next: Position(0), previous_crc: 0 };
        log.append(&mut Batch::genesis(Batch::new(Position(0)).id().0));
        log
    }

    pub fn next_position(&self) -> Position {
        self.next
    }

    pub fn append(&mut self, batch: &mut Batch) -> Appended {
        // Every batch gets a segment of its own, so places never run out of their 32 bits.
        let place = Place { segment: u32::try_from(self.batches).expect("a log in memory is small"), offset: 0 };
        let header = batch.seal(Sealing {
            segment_id: 0,
            offset: 0,
            number: self.batches,
            durable_upto: self.next,
            previous_crc: self.previous_crc,
        });
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
