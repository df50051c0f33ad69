//! Reading segments from disk: whole batches in order, or one event.

use crate::disk::{Disk, DiskFile, read_full};
use crate::error::{Corrupt, ReadError};
use crate::format::{
    BATCH_HEADER_LEN, BatchHeader, COMMIT_PREFIX_LEN, DATA_START, SEGMENT_HEADER_LEN, SIDECAR_PAGE_LEN, SegmentHeader,
    padded,
};
use crate::location::{Cursor, Location, SparseEntry};
use crate::stored::{Malformed, StoredBatch, StoredCommit, check_commit, commit_len};
use crate::types::Position;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a read of one event takes from the disk at once, in bytes: from one sparse entry to the next, and a usual commit.
const WINDOW_BYTES: usize = 8 << 10;
pub(crate) const REMEDY: &str = "restore the log from a copy; nothing was changed";

/// The name of segment `number`.
pub(crate) fn segment_name(number: u32) -> String {
    format!("{number:08x}.seg")
}

/// The number of the segment called `name`; `None` for other files.
pub(crate) fn segment_number(name: &str) -> Option<u32> {
    let number = u32::from_str_radix(name.strip_suffix(".seg")?, 16).ok()?;
    (segment_name(number) == name).then_some(number)
}

/// The name of the sidecar of segment `number`.
pub(crate) fn sidecar_name(number: u32) -> String {
    format!("{number:08x}.idx")
}

/// The number of the segment the sidecar called `name` belongs to; `None` for other files.
pub(crate) fn sidecar_number(name: &str) -> Option<u32> {
    let number = u32::from_str_radix(name.strip_suffix(".idx")?, 16).ok()?;
    (sidecar_name(number) == name).then_some(number)
}

/// A segment open for reading.
struct Segment {
    file: Box<dyn DiskFile>,
    id: u64,
    size: u64,
}

pub(crate) struct Files {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// How many segments are kept open for reading, and as many sidecars.
    open_max: usize,
    open: Mutex<HashMap<u32, Arc<Segment>>>,
    sidecars: Mutex<HashMap<u32, Arc<dyn DiskFile>>>,
}

impl Files {
    pub fn new(disk: Arc<dyn Disk>, dir: &Path, open_max: usize) -> Files {
        Files { disk, dir: dir.to_owned(), open_max, open: Mutex::default(), sidecars: Mutex::default() }
    }

    /// Appends page `page` of the sidecar of segment `number` to `into`, as much of it as there is.
    pub fn sidecar_page(&self, number: u32, page: u64, into: &mut Vec<u8>) -> io::Result<()> {
        let file = {
            let mut open = self.sidecars.lock().unwrap_or_else(PoisonError::into_inner);
            match open.get(&number) {
                Some(file) => Arc::clone(file),
                None => {
                    let file: Arc<dyn DiskFile> = self.disk.open(&self.dir.join(sidecar_name(number)))?.into();
                    if self.open_max <= open.len() {
                        open.clear();
                    }
                    open.insert(number, Arc::clone(&file));
                    file
                }
            }
        };
        into.reserve(SIDECAR_PAGE_LEN);
        read_full(&*file, into, SIDECAR_PAGE_LEN, page * SIDECAR_PAGE_LEN as u64).map(drop)
    }

    /// Closes the sidecar of segment `number`, which another file replaced.
    pub fn forget_sidecar(&self, number: u32) {
        self.sidecars.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    /// Reads batches from `cursor` on, up to but not including batch number `end`: at least one, then no more than fit in
    /// `max_bytes`. Moves `cursor` behind them.
    pub fn read(&self, cursor: &mut Cursor, end: u64, max_bytes: usize) -> Result<Vec<Arc<StoredBatch>>, ReadError> {
        assert!(cursor.number < end, "only durable batches are read");
        let mut len = max_bytes.max(WINDOW_BYTES);
        let (expected_at, mut moved_on) = (cursor.location, false);
        loop {
            let segment = self.segment(cursor.location.segment)?;
            let offset = u64::from(cursor.location.offset);
            let available = segment.size.saturating_sub(offset) as usize;
            let mut buffer = Vec::with_capacity(len.min(available));
            self.fill(&segment, &mut buffer, len.min(available), cursor.location)?;
            match header_at(&buffer, &segment, cursor.location.offset) {
                Some(header) if header.number == cursor.number => {
                    let stored = header.stored_len() as usize;
                    if buffer.len() < stored {
                        if len < stored && stored <= available {
                            len = stored;
                            continue;
                        }
                        return Err(self.corrupt(cursor.location, header.first, "a batch is cut short"));
                    }
                    return self.split(Arc::new(buffer), &segment, cursor, end);
                }
                _ if moved_on => {
                    return Err(self.corrupt(expected_at, Position(0), "a batch that was acknowledged is not there"));
                }
                // The batch did not fit in this segment, so it begins the next one.
                _ => {
                    moved_on = true;
                    let segment = cursor.location.segment + 1;
                    cursor.location = Location { segment, offset: DATA_START as u32 };
                }
            }
        }
    }

    /// Splits what was read at `cursor` into the batches that are whole.
    fn split(
        &self,
        buffer: Arc<Vec<u8>>,
        segment: &Segment,
        cursor: &mut Cursor,
        end: u64,
    ) -> Result<Vec<Arc<StoredBatch>>, ReadError> {
        let (mut batches, mut at) = (Vec::new(), 0);
        while cursor.number < end {
            let Some(header) = header_at(&buffer[at..], segment, cursor.location.offset) else { break };
            if header.number != cursor.number || buffer.len() - at < header.stored_len() as usize {
                break;
            }
            let batch = StoredBatch::check(header, cursor.location, &buffer, at)
                .map_err(|Malformed(why)| self.corrupt(cursor.location, header.first, why))?;
            at += batch.stored_len();
            *cursor = batch.next_cursor();
            batches.push(Arc::new(batch));
        }
        debug_assert!(!batches.is_empty(), "the buffer begins with a whole batch");
        Ok(batches)
    }

    /// Walks from `sparse` to the commit that holds `position` and hands it to `found`.
    pub fn commit<T>(
        &self,
        sparse: SparseEntry,
        position: Position,
        found: impl FnOnce(StoredCommit<'_>) -> T,
    ) -> Result<T, ReadError> {
        let segment = self.segment(sparse.location.segment)?;
        let mut window = Window { bytes: Vec::with_capacity(WINDOW_BYTES), start: 0 };
        let (mut location, mut next, mut end) = (sparse.location, sparse.position, sparse.commits_end);
        loop {
            let here = location;
            let corrupt = |Malformed(why)| self.corrupt(here, position, why);
            if end == 0 {
                let bytes = window.bytes(self, &segment, location, BATCH_HEADER_LEN)?;
                let header = header_at(bytes, &segment, location.offset)
                    .filter(|header| header.first == next)
                    .ok_or_else(|| corrupt(Malformed("the header of a batch is damaged")))?;
                location.offset += BATCH_HEADER_LEN as u32;
                end = location.offset + header.payload_len;
            }
            if location.offset == end {
                (location.offset, end) = (padded(end as usize) as u32, 0);
                continue;
            }
            let prefix = window.bytes(self, &segment, location, COMMIT_PREFIX_LEN)?;
            let len = commit_len(prefix)
                .filter(|len| *len <= (end - location.offset) as usize)
                .ok_or_else(|| corrupt(Malformed("a commit reaches beyond its batch")))?;
            let bytes = window.bytes(self, &segment, location, len)?;
            let (commit, _) = check_commit(bytes, next).map_err(corrupt)?;
            if position < commit.next_position() {
                return Ok(found(commit));
            }
            next = commit.next_position();
            location.offset += len as u32;
        }
    }

    fn segment(&self, number: u32) -> Result<Arc<Segment>, ReadError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.get(&number) {
            return Ok(Arc::clone(segment));
        }
        let path = self.dir.join(segment_name(number));
        let failed = |error| ReadError::Io { path: path.clone(), source: Arc::new(error) };
        let file = self.disk.open(&path).map_err(failed)?;
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_LEN);
        read_full(&*file, &mut bytes, SEGMENT_HEADER_LEN, 0).map_err(failed)?;
        let Ok(header) = SegmentHeader::decode(&bytes) else {
            let location = Location { segment: number, offset: 0 };
            return Err(self.corrupt(location, Position(0), "the header of a segment is damaged"));
        };
        if self.open_max <= open.len() {
            open.clear();
        }
        let segment = Arc::new(Segment { file, id: header.segment_id, size: header.size });
        open.insert(number, Arc::clone(&segment));
        debug_assert!(open.len() <= self.open_max.max(1), "open files are bounded");
        Ok(segment)
    }

    fn fill(&self, segment: &Segment, into: &mut Vec<u8>, len: usize, location: Location) -> Result<(), ReadError> {
        let path = || self.dir.join(segment_name(location.segment));
        let read = read_full(&*segment.file, into, len, u64::from(location.offset));
        read.map(drop).map_err(|error: io::Error| ReadError::Io { path: path(), source: Arc::new(error) })
    }

    fn corrupt(&self, location: Location, position: Position, why: &'static str) -> ReadError {
        ReadError::Corrupt(Corrupt {
            file: self.dir.join(segment_name(location.segment)),
            offset: u64::from(location.offset),
            position,
            why,
            remedy: REMEDY,
        })
    }
}

/// The batch header at the front of `bytes`, if it was written for this offset of this segment.
fn header_at(bytes: &[u8], segment: &Segment, offset: u32) -> Option<BatchHeader> {
    BatchHeader::decode(bytes).filter(|header| header.segment_id == segment.id && header.offset == u64::from(offset))
}

/// The part of a segment that a walk has in memory.
struct Window {
    bytes: Vec<u8>,
    start: u32,
}

impl Window {
    /// Exactly `len` bytes at `location`.
    fn bytes(&mut self, files: &Files, segment: &Segment, location: Location, len: usize) -> Result<&[u8], ReadError> {
        debug_assert!(0 < len, "a walk reads headers and commits, which have a length");
        let held = self.start as usize + self.bytes.len();
        if location.offset < self.start || held < location.offset as usize + len {
            self.bytes.clear();
            self.start = location.offset;
            files.fill(segment, &mut self.bytes, len.max(WINDOW_BYTES), location)?;
        }
        let at = (location.offset - self.start) as usize;
        self.bytes.get(at..at + len).ok_or_else(|| files.corrupt(location, Position(0), "a segment is cut short"))
    }
}
