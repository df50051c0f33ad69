//! Making an empty log.

use super::options::Options;
use super::preallocate::SegmentFactory;
use super::scrub::Tuning;
use super::writer::{AppendState, EmbeddedWriter};
use crate::batch::{Batch, HeaderFields};
use crate::disk::{Disk, Lock};
use crate::error::OpenError;
use crate::files::Files;
use crate::format::{DATA_START, SegmentHeader, clean_mark};
use crate::index::Index;
use crate::location::Location;
use crate::shared::Shared;
use crate::stored::StoredBatch;
use crate::types::{Position, Recovered};
use std::path::Path;
use std::sync::Arc;
use std::{io, mem};

/// Makes an empty log, called `log_id` if it is a copy of another: its first segment appears under its name with the genesis record in it.
pub(super) fn create(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    tuning: Tuning,
    log_id: Option<u128>,
    lock: Box<dyn Lock>,
) -> Result<(EmbeddedWriter, Recovered), OpenError> {
    let failed = |source: io::Error| OpenError::io("create a log in", dir, source);
    let random = || disk.random().map(u128::from);
    let fresh = || random().and_then(|low| Ok(random()? << 64 | low)).map_err(failed);
    let log_id = log_id.map_or_else(fresh, Ok)?;
    let factory = SegmentFactory { disk: Arc::clone(&disk), dir: dir.to_owned(), log_id, options };
    let mut genesis = Batch::genesis(log_id);
    let mut sealed = None;
    let contents = |segment: &SegmentHeader| {
        let header = genesis.write_header(HeaderFields {
            segment_id: segment.segment_id,
            offset: DATA_START,
            number: 0,
            durable: (0, Position(0)),
            previous_crc: 0,
        });
        sealed = Some(header);
        let mut bytes = genesis.bytes_mut().clone();
        let data_end = DATA_START + bytes.len() as u64;
        bytes.extend_from_slice(&clean_mark(segment.segment_id, data_end, 1, header.next_position()));
        bytes
    };
    let active = factory.create(0, options.segment_bytes, "create.tmp", contents, |_| Ok(())).map_err(failed)?;
    let header = sealed.expect("the segment was made with its contents");
    let location = Location { segment: 0, offset: DATA_START as u32 };
    let batch = StoredBatch::owned(header, location, mem::take(genesis.bytes_mut()));
    let mut index = Index::new(tuning.hash_key(log_id));
    index.add(&batch);
    let at = DATA_START + header.stored_len();
    let next = header.next_position();
    let files = Files::new(Arc::clone(&disk), dir, options.open_files);
    let shared = Arc::new(Shared::new(vec![Arc::new(batch)], next, 1, options.recent_bytes, index, Some(files)));
    let recovered = Recovered {
        next,
        batches: 1,
        events: 1,
        segments: 1,
        indexed: 0,
        truncated_bytes: 0,
        created: true,
        clean: true,
    };
    let state = AppendState { active, at, batches: 1, next, previous_crc: header.payload_crc };
    let log = EmbeddedWriter::start(shared, factory, None, Vec::new(), state, lock).map_err(failed)?;
    Ok((log, recovered))
}
