//! A batch as it goes over the wire.

use super::owner::OWNER_STREAM;
use crate::batch::Batch;
use crate::format::{BATCH_HEADER_LEN, padded};
use crate::stored::{StoredBatch, StoredCommit, check_payload};
use crate::types::{BatchId, Position};
use std::sync::Arc;

/// A batch with what its header says of it, wherever it is stored: the payload is the commits and their padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Counts batches from 0, the one of the genesis record.
    pub number: u64,
    pub id: BatchId,
    pub first: Position,
    pub commits: u32,
    pub events: u32,
    /// Bytes of the commits, without the padding.
    pub payload_len: u32,
    /// Over the commits and the padding.
    pub payload_crc: u32,
    /// The `payload_crc` of the batch before.
    pub previous_crc: u32,
    pub payload: Arc<Vec<u8>>,
}

impl Message {
    /// The message of a batch that is `number` in its log, behind the one with this CRC.
    pub fn of(batch: &Batch, number: u64, previous_crc: u32) -> Message {
        let commits = &batch.bytes()[BATCH_HEADER_LEN..];
        let mut payload = Vec::with_capacity(padded(commits.len()));
        payload.extend_from_slice(commits);
        payload.resize(padded(commits.len()), 0);
        Message {
            number,
            id: batch.id(),
            first: batch.first(),
            commits: batch.commits(),
            events: batch.events(),
            payload_len: u32::try_from(commits.len()).expect("a batch is bounded by its caller asking is_full"),
            payload_crc: crc32c::crc32c(&payload),
            previous_crc,
            payload: Arc::new(payload),
        }
    }

    /// Whether it is the batch that is stored here.
    pub fn is_same_as(&self, own: &StoredBatch) -> bool {
        (self.id, self.payload_crc, self.first) == (own.id(), own.payload_crc(), own.first())
    }

    /// The batch, if it follows: its number, its position, the batch before it, and what it holds are all as they should be.
    pub fn to_batch(&self, number: u64, next: Position, previous_crc: u32) -> Result<Batch, &'static str> {
        if self.number != number {
            return Err("it has another number");
        }
        if self.first != next {
            return Err("it starts at another position");
        }
        if self.previous_crc != previous_crc {
            return Err("it follows another batch");
        }
        let len = self.payload_len as usize;
        if self.payload.len() != padded(len) || crc32c::crc32c(&self.payload) != self.payload_crc {
            return Err("its checksum does not hold");
        }
        check_payload(&self.payload[..len], self.first, self.commits, self.events).map_err(|malformed| malformed.0)?;
        Ok(Batch::received((self.id, self.first), &self.payload[..len], (self.commits, self.events)))
    }

    /// Whether it says who owns the log from now on.
    pub fn has_owner_record(&self) -> bool {
        let Ok((commit, _)) = StoredCommit::decode(&self.payload[..self.payload_len as usize], self.first) else {
            return false;
        };
        commit.events().any(|event| event.stream == OWNER_STREAM)
    }
}
