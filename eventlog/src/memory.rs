//! The log in memory: the same contract without a disk, for tests and demonstrations. It never forgets a batch.

use crate::batch::{Batch, HeaderFields};
use crate::hash::HashKey;
use crate::index::Index;
use crate::location::Location;
use crate::shared::Shared;
use crate::stored::StoredBatch;
use crate::types::{Appended, Position, Recovered};
use std::sync::Arc;

/// The index counts offsets in 32 bits, so a log in memory has segments, too; this is where the next one starts, in bytes.
const SEGMENT_BYTES: u64 = 1 << 30;

/// The writer of a log in memory.
pub(crate) struct MemoryWriter {
    shared: Arc<Shared>,
    segment: u32,
    /// Where the next batch would go in it.
    at: u64,
    batches: u64,
    next: Position,
    previous_crc: u32,
}

impl MemoryWriter {
    /// An empty log, and what opening it found: its genesis record.
    pub fn new() -> (MemoryWriter, Recovered) {
        let log_id = Batch::new(Position(0)).id().0;
        let index = Index::new(HashKey::new(log_id));
        let shared = Arc::new(Shared::new(Vec::new(), Position(0), 0, usize::MAX, index, None));
        let mut log = MemoryWriter { shared, segment: 0, at: 0, batches: 0, next: Position(0), previous_crc: 0 };
        let genesis = log.append(&mut Batch::genesis(log_id)).range;
        let recovered = Recovered {
            next: genesis.next,
            batches: 1,
            events: 1,
            segments: 1,
            indexed: 0,
            truncated_bytes: 0,
            created: true,
            clean: true,
        };
        (log, recovered)
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub fn next_position(&self) -> Position {
        self.next
    }

    pub fn append(&mut self, batch: &mut Batch) -> Appended {
        if SEGMENT_BYTES <= self.at {
            self.segment += 1;
            self.at = 0;
        }
        let location = Location { segment: self.segment, offset: self.at as u32 };
        debug_assert_eq!(self.next, self.shared.head(), "everything that was appended is visible");
        let header = batch.write_header(HeaderFields {
            segment_id: 0,
            offset: self.at,
            number: self.batches,
            durable: (self.batches, self.next),
            previous_crc: self.previous_crc,
        });
        self.at += header.stored_len();
        self.batches += 1;
        self.next = header.next_position();
        self.previous_crc = header.payload_crc;
        let stored = StoredBatch::owned(header, location, batch.bytes_mut().clone());
        let appended = Appended { range: stored.range(), bytes: header.stored_len() };
        self.shared.publish(stored);
        self.shared.want_index_if_it_lags();
        batch.reuse(self.next);
        appended
    }
}
