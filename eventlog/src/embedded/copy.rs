//! A copy of a log, also of one that is being written: every batch that was acknowledged when the copy began, whole, and none but
//! those that follow each other.
//!
//! Only what a sealed segment holds stands still. A segment is sealed once the next one holds a batch, so that is looked at
//! first: what is read of a segment after that is all there will ever be in it.

use super::options::Options;
use super::preallocate::SegmentFactory;
use super::scan::{Expected, ScannedSegment, corrupt_at, read_header};
use crate::disk::{Disk, RealDisk, read_full};
use crate::error::OpenError;
use crate::files::{REMEDY, segment_name, segment_number};
use crate::format::{BATCH_HEADER_LEN, BatchHeader, DATA_START, proof};
use crate::location::Location;
use crate::types::{BatchId, Position};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a segment that is being written is read again because a batch in it was not whole yet.
const ATTEMPTS_MAX: u32 = 16;

/// What a copy of a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub struct Copied {
    /// The same in both.
    pub log_id: u128,
    pub segments: u32,
    pub batches: u64,
    /// The position after the last event.
    pub next: Position,
    /// Names the last batch.
    pub last: BatchId,
}

/// Copies the log in `from`, which may be open and written meanwhile, to the directory `to`, in which there is none.
///
/// The copy opens like the log after a kill: batches, ids and positions are the same. Its indexes are made when it is opened first.
///
/// # Errors
/// [`OpenError::Occupied`] when `to` has a log; [`OpenError::Corrupt`] when `from` lacks what was acknowledged; else as
/// [`open`](crate::open). What was copied before stays.
pub fn copy_embedded(from: &Path, to: &Path) -> Result<Copied, OpenError> {
    copy_on(Arc::new(RealDisk), from, to)
}

/// [`copy_embedded`] on another file system.
#[doc(hidden)]
pub fn copy_on(disk: Arc<dyn Disk>, from: &Path, to: &Path) -> Result<Copied, OpenError> {
    disk.create_dir(to).map_err(|source| OpenError::io("make the directory", to, source))?;
    let names = disk.list(to).map_err(|source| OpenError::io("list", to, source))?;
    if names.iter().any(|name| segment_number(name).is_some()) {
        return Err(OpenError::Occupied { dir: to.to_owned() });
    }
    let source = Source { disk: &*disk, dir: from };
    let (mut number, mut expected, mut copied) = (0, Expected::default(), None::<Copied>);
    loop {
        let is_sealed = source.has_begun(number + 1)?;
        let scanned = source.segment(number, copied.map(|copied| copied.log_id), &mut expected)?;
        if !is_sealed && source.has_begun(number + 1)? {
            // It grew, and was sealed, while it was read.
            expected = scanned.begins;
            continue;
        }
        let Some(last) = scanned.scanned.batches.last() else {
            // Nothing was written to it yet. A log begins with a batch.
            source.ends_with(number)?;
            return copied.ok_or_else(|| source.corrupt(&scanned.scanned, &expected, "the genesis record is damaged"));
        };
        let log_id = scanned.scanned.header.log_id;
        let factory =
            SegmentFactory { disk: Arc::clone(&disk), dir: to.to_owned(), log_id, options: Options::STANDARD };
        let contents = |segment: &_| scanned.scanned.contents(segment, &expected);
        factory
            .create(number, scanned.scanned.header.size, "copy.tmp", contents, |_| Ok(()))
            .map_err(|source| OpenError::io("copy a segment into", to, source))?;
        let now =
            Copied { log_id, segments: number + 1, batches: expected.batch, next: expected.next, last: last.id() };
        if !is_sealed {
            return source.ends_with(number).map(|()| now);
        }
        copied = Some(now);
        number += 1;
    }
}

struct Source<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
}

/// A segment with all its batches taken, and what stands before them.
struct Scanned {
    scanned: ScannedSegment,
    begins: Expected,
}

impl Source<'_> {
    fn path(&self, number: u32) -> PathBuf {
        self.dir.join(segment_name(number))
    }

    /// Whether a segment is there and holds a batch, or what will be one.
    fn has_begun(&self, number: u32) -> Result<bool, OpenError> {
        let failed = |source| OpenError::Io { what: "read", path: self.path(number), source };
        let file = match self.disk.open_to_read(&self.path(number)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        let header = read_header(&*file, self.dir, number, None)?;
        let mut front = Vec::with_capacity(BATCH_HEADER_LEN);
        read_full(&*file, &mut front, BATCH_HEADER_LEN, DATA_START).map_err(failed)?;
        Ok(BatchHeader::decode(&front).is_some_and(|batch| batch.segment_id == header.segment_id))
    }

    /// Reads a segment until everything in it that was acknowledged is whole, and moves `expected` behind it.
    fn segment(&self, number: u32, log_id: Option<u128>, expected: &mut Expected) -> Result<Scanned, OpenError> {
        let begins = *expected;
        let mut attempts = 0;
        loop {
            let mut scanned = ScannedSegment::read(self.disk, self.dir, number, log_id, Vec::new())?;
            *expected = begins;
            while let Ok(batch) = scanned.take(expected) {
                *expected = Expected::after(batch);
            }
            if proof(scanned.rest(), scanned.header.segment_id) <= expected.batch {
                return Ok(Scanned { scanned, begins });
            }
            // Its writer was faster than the reading of what stands before, or a batch is gone.
            attempts += 1;
            if attempts == ATTEMPTS_MAX {
                return Err(self.corrupt(&scanned, expected, "a batch that was acknowledged is not there"));
            }
        }
    }

    /// Nothing was written to what stands behind segment `number`, of which one may be prepared.
    fn ends_with(&self, number: u32) -> Result<(), OpenError> {
        let names = self.disk.list(self.dir).map_err(|source| OpenError::io("list", self.dir, source))?;
        let behind = names.iter().filter_map(|name| segment_number(name)).filter(|behind| number + 1 < *behind);
        for behind in behind.collect::<Vec<_>>() {
            if self.has_begun(behind)? && !self.has_begun(number + 1)? {
                let location = Location { segment: number + 1, offset: 0 };
                return Err(corrupt_at(self.dir, location, Position(0), "a segment file is missing", REMEDY));
            }
        }
        Ok(())
    }

    fn corrupt(&self, scanned: &ScannedSegment, expected: &Expected, why: &'static str) -> OpenError {
        corrupt_at(self.dir, scanned.location(), expected.next, why, REMEDY)
    }
}
