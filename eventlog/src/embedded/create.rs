//! Making an empty log.

use super::check::Care;
use super::keeper::Keeper;
use super::prepare::{Maker, Preparer};
use super::recovery::failed_at;
use super::{EmbeddedLog, Options, clean_mark};
use crate::batch::{Batch, Sealing};
use crate::disk::{Disk, Lock};
use crate::files::Files;
use crate::format::{DATA_START, SegmentHeader};
use crate::index::Index;
use crate::shared::Shared;
use crate::stored::Place;
use crate::{OpenError, Position, Recovered, StoredBatch};
use std::path::Path;
use std::sync::Arc;
use std::{io, mem};

/// Makes an empty log: its first segment appears under its name with the genesis record in it.
pub(super) fn create(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    care: Care,
    lock: Box<dyn Lock>,
) -> Result<(EmbeddedLog, Recovered), OpenError> {
    let failed = |source: io::Error| failed_at("create a log in", dir, source);
    let random = || disk.random().map(u128::from);
    let log_id = random().and_then(|low| Ok(random()? << 64 | low)).map_err(failed)?;
    let maker = Maker { disk: Arc::clone(&disk), dir: dir.to_owned(), log_id, options };
    let mut genesis = Batch::genesis(log_id);
    let mut sealed = None;
    let contents = |segment: &SegmentHeader| {
        let header = genesis.seal(Sealing {
            segment_id: segment.segment_id,
            offset: DATA_START,
            number: 0,
            durable_upto: Position(0),
            previous_crc: 0,
        });
        sealed = Some(header);
        let mut bytes = genesis.bytes_mut().clone();
        let data_end = DATA_START + bytes.len() as u64;
        bytes.extend_from_slice(&clean_mark(segment.segment_id, data_end, 1, header.next_position()));
        bytes
    };
    let active = maker.make(0, options.segment_bytes, "create.tmp", contents, |_| Ok(())).map_err(failed)?;
    let header = sealed.expect("the segment was made with its contents");
    let place = Place { segment: 0, offset: DATA_START as u32 };
    let batch = StoredBatch::owned(header, place, mem::take(genesis.bytes_mut()));
    let mut index = Index::new(care.keys(log_id));
    index.add(&batch);
    let at = DATA_START + header.stored_len();
    let next = header.next_position();
    let files = Files::new(Arc::clone(&disk), dir);
    let shared = Arc::new(Shared::new(vec![Arc::new(batch)], next, 1, options.recent_bytes, index, Some(files)));
    let recovered =
        Recovered { next, batches: 1, events: 1, segments: 1, indexed: 0, cut_bytes: 0, created: true, clean: true };
    let keeper = Keeper::start(disk, dir, options, Arc::clone(&shared), Vec::new()).map_err(failed)?;
    let log = EmbeddedLog {
        preparer: Preparer::new(maker, None, &shared).map_err(failed)?,
        keeper,
        shared,
        active,
        at,
        batches: 1,
        next,
        previous_crc: header.payload_crc,
        poisoned: None,
        _lock: lock,
    };
    Ok((log, recovered))
}
