//! Owner records: who writes a replicated log, since when.

use crate::batch::Batch;
use crate::types::{CommitHeader, Position, Revision};

/// The stream of owner records.
pub(crate) const OWNER_STREAM: &str = "$owner";
/// The form of a record's bytes.
const FORM: u8 = 1;

/// Who takes a log over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The engine's name, at most 64 bytes.
    pub engine: String,
    /// Where others reach it, at most 128 bytes.
    pub address: String,
    /// When, in microseconds since the Unix epoch; for people, nothing decides by it.
    pub at: i64,
}

impl Owner {
    /// Who writes a log that nobody else can write.
    pub fn alone() -> Owner {
        Owner { engine: String::new(), address: String::new(), at: 0 }
    }
}

/// What stands in the log: `form u8, epoch u64, engine's length u8, engine, address`, little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnerRecord {
    /// One more than that of the owner before; the first is 1.
    pub epoch: u64,
    pub owner: Owner,
}

impl OwnerRecord {
    pub fn to_batch(&self, next: Position) -> Batch {
        let Owner { engine, address, at } = &self.owner;
        assert!(engine.len() <= 64 && address.len() <= 128, "an owner's name and address are short");
        let mut batch = Batch::new(next);
        let header = CommitHeader { tenant: "", command_id: 0, payload_hash: 0, recorded_at: *at, meta: &[] };
        let mut commit = batch.commit(&header);
        commit.event(OWNER_STREAM, Revision(self.epoch - 1), |body| {
            body.push(FORM);
            body.extend_from_slice(&self.epoch.to_le_bytes());
            body.push(engine.len() as u8);
            body.extend_from_slice(engine.as_bytes());
            body.extend_from_slice(address.as_bytes());
        });
        commit.finish();
        batch
    }
}
