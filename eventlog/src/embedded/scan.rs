//! Reading a segment whole: batch after batch from its beginning, then what follows them.

use super::options::Options;
use crate::disk::{Disk, DiskFile, read_full};
use crate::error::{Corrupt, OpenError};
use crate::files::{REMEDY, segment_name};
use crate::format::{
    ALIGN, BATCH_HEADER_LEN, BatchHeader, DATA_START, MARK_LEN, Mark, NotASegment, SEGMENT_HEADER_LEN, SegmentHeader,
    VERSION, clean_mark, mark_offset,
};
use crate::location::Location;
use crate::planted::is_planted;
use crate::stored::{Malformed, StoredBatch, check_commit, commit_len};
use crate::types::Position;
use std::path::Path;
use std::sync::Arc;
use std::{io, mem};

/// What the next batch of a log must say about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub batch: u64,
    pub next: Position,
    pub previous_crc: u32,
}

impl Expected {
    /// What must follow `batch`.
    pub fn after(batch: &StoredBatch) -> Expected {
        Expected { batch: batch.batch_number() + 1, next: batch.next_position(), previous_crc: batch.payload_crc() }
    }

    /// The batch is the one expected.
    pub fn fits(&self, header: &BatchHeader) -> bool {
        (header.number, header.first, header.previous_crc) == (self.batch, self.next, self.previous_crc)
    }
}

/// Why the next batch is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is not there, or not whole.
    Missing(&'static str),
    /// A valid one with this number is there instead.
    Other(u64),
}

impl Broken {
    pub fn why(self) -> &'static str {
        match self {
            Broken::Missing(why) => why,
            Broken::Other(_) => OTHER_BATCH,
        }
    }
}

pub(super) const OTHER_BATCH: &str = "a batch stands where another one belongs";

/// A segment in memory.
pub(super) struct ScannedSegment {
    pub header: SegmentHeader,
    pub bytes: Arc<Vec<u8>>,
    pub batches: Vec<StoredBatch>,
    /// Where the batches taken so far end.
    pub end: usize,
}

impl ScannedSegment {
    /// Reads segment `number` of the log `log_id`, which only its first segment can say, into the buffer `spare`.
    pub fn read(
        disk: &dyn Disk,
        dir: &Path,
        number: u32,
        log_id: Option<u128>,
        mut spare: Vec<u8>,
    ) -> Result<ScannedSegment, OpenError> {
        let path = dir.join(segment_name(number));
        let failed = |source| OpenError::Io { what: "read", path: path.clone(), source };
        let file = disk.open_to_read(&path).map_err(failed)?;
        let header = read_header(&*file, dir, number, log_id)?;
        let len = file.size().map_err(failed)?.min(header.size).min(Options::SEGMENT_BYTES_MAX) as usize;
        spare.clear();
        read_full(&*file, &mut spare, len, 0).map_err(failed)?;
        Ok(ScannedSegment { header, bytes: Arc::new(spare), batches: Vec::new(), end: DATA_START as usize })
    }

    /// Takes the next batch if it is the one expected.
    pub fn take(&mut self, expected: &Expected) -> Result<&StoredBatch, Broken> {
        let header = self.next_header().map_err(Broken::Missing)?;
        if !expected.fits(&header) {
            return Err(Broken::Other(header.number));
        }
        let checked = StoredBatch::check(header, self.location(), &self.bytes, self.end);
        let batch = checked.map_err(|Malformed(why)| Broken::Missing(why))?;
        if is_planted("drop the last batch at recovery") && !self.goes_on_behind(&batch) {
            return Err(Broken::Missing("the bug is planted"));
        }
        self.end += batch.stored_len();
        debug_assert!(
            self.end.is_multiple_of(ALIGN) && self.end <= self.bytes.len(),
            "batches are aligned and in the file"
        );
        self.batches.push(batch);
        Ok(self.batches.last().expect("one was just put there"))
    }

    /// The batches that were taken, as they stand in the file.
    pub fn data(&self) -> &[u8] {
        &self.bytes[DATA_START as usize..self.end]
    }

    /// Whether another batch follows `batch`, which is the next one.
    fn goes_on_behind(&self, batch: &StoredBatch) -> bool {
        BatchHeader::decode(self.rest().get(batch.stored_len()..).unwrap_or_default()).is_some()
    }

    /// The header after the batches, if it belongs there.
    pub fn next_header(&self) -> Result<BatchHeader, &'static str> {
        let header = BatchHeader::decode(self.rest()).ok_or("the header of a batch is damaged")?;
        let is_stale = header.segment_id != self.header.segment_id && !is_planted("take a frame of an earlier life");
        match is_stale || header.offset != self.end as u64 {
            true => Err("a batch of another place stands here"),
            false => Ok(header),
        }
    }

    /// The buffer, when nobody holds one of the batches.
    pub fn into_buffer(self) -> Vec<u8> {
        drop(self.batches);
        Arc::into_inner(self.bytes).unwrap_or_default()
    }

    /// What follows the batches.
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.end..).unwrap_or_default()
    }

    pub fn location(&self) -> Location {
        Location { segment: self.header.number, offset: self.end as u32 }
    }

    pub fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.header.size
    }

    /// Bytes after the batches up to the last one that is not zero.
    pub fn used(&self) -> u64 {
        self.rest().iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
    }

    /// The mark right after the batches, written when they were all there were.
    fn mark(&self, batches: u64) -> Option<Mark> {
        let mark = Mark::decode(self.rest().get(self.gap()..)?)?;
        let ours = mark.segment_id == self.header.segment_id
            && mark.data_end == self.end as u64
            && mark.durable_batches == batches;
        ours.then_some(mark)
    }

    /// That mark, with nothing but zeros around it.
    fn mark_alone(&self, batches: u64) -> Option<Mark> {
        let (rest, gap) = (self.rest(), self.gap());
        let mark = self.mark(batches)?;
        let alone = rest[..gap].iter().chain(&rest[gap + MARK_LEN..]).all(|byte| *byte == 0);
        alone.then_some(mark)
    }

    /// Bytes between the batches and their mark.
    fn gap(&self) -> usize {
        (mark_offset(self.end as u64) - self.end as u64) as usize
    }

    pub fn clean_mark(&self, batches: u64) -> bool {
        self.is_whole() && self.mark_alone(batches).is_some_and(|mark| mark.clean)
    }

    /// The torn tail: what an unfinished write left after the batches, in bytes.
    pub fn torn_bytes(&self, batches: u64) -> u64 {
        match self.mark_alone(batches) {
            Some(_) => 0,
            None => self.used(),
        }
    }

    /// Whether an acknowledged batch may have stood in the part that is missing of a file shorter than its header says.
    ///
    /// What is left of such a file is taken to be as it was written. So no batch was acknowledged after those here when their
    /// mark still stands, for the next batch would have overwritten it; or when what is left is not how a batch begins.
    pub fn may_miss_a_batch(&self, expected: &Expected) -> bool {
        !self.is_whole() && self.mark(expected.batch).is_none() && self.may_begin_a_batch(expected)
    }

    /// What follows the batches, up to the end of the file, is how the expected batch may begin.
    fn may_begin_a_batch(&self, expected: &Expected) -> bool {
        let rest = self.rest();
        if rest.len() < BATCH_HEADER_LEN {
            let front =
                BatchHeader::front(self.header.segment_id, self.end as u64, expected.batch, expected.previous_crc);
            let len = rest.len().min(front.len());
            return rest[..len] == front[..len];
        }
        let Ok(header) = self.next_header() else { return false };
        if !expected.fits(&header) || header.stored_len() <= rest.len() as u64 {
            return false;
        }
        let (mut commits, mut first) = (&rest[BATCH_HEADER_LEN..], header.first);
        while let Some(len) = commit_len(commits).filter(|len| *len <= commits.len()) {
            let Ok((commit, _)) = check_commit(commits, first) else { return false };
            first = commit.next_position();
            commits = &commits[len..];
        }
        true
    }

    /// What is whole of the segment, for a new file under another id: its batches and a mark that says everything was synced.
    pub fn contents(&self, segment: &SegmentHeader, expected: &Expected) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.end);
        for batch in &self.batches {
            let header = BatchHeader::decode(batch.bytes()).expect("decoded when it was scanned");
            bytes.extend_from_slice(&BatchHeader { segment_id: segment.segment_id, ..header }.encode());
            bytes.extend_from_slice(&batch.bytes()[BATCH_HEADER_LEN..]);
        }
        let data_end = DATA_START + bytes.len() as u64;
        debug_assert_eq!(data_end, self.end as u64, "the copy has every batch");
        bytes.extend_from_slice(&clean_mark(segment.segment_id, data_end, expected.batch, expected.next));
        bytes
    }

    /// Takes what the batches are kept in memory as.
    pub fn take_batches(&mut self) -> Vec<Arc<StoredBatch>> {
        mem::take(&mut self.batches).into_iter().map(Arc::new).collect()
    }
}

/// Reads and checks the header of segment `number`.
pub(super) fn read_header(
    file: &dyn DiskFile,
    dir: &Path,
    number: u32,
    log_id: Option<u128>,
) -> Result<SegmentHeader, OpenError> {
    let path = || dir.join(segment_name(number));
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER_LEN);
    let read = read_full(file, &mut bytes, SEGMENT_HEADER_LEN, 0);
    read.map_err(|source: io::Error| OpenError::Io { what: "read", path: path(), source })?;
    let damaged = |why| Err(corrupt_at(dir, Location { segment: number, offset: 0 }, Position(0), why, REMEDY));
    match SegmentHeader::decode(&bytes) {
        Err(NotASegment::Version(found)) => Err(OpenError::Version { file: path(), found, expected: VERSION }),
        Err(NotASegment::Magic) if number == 0 => Err(OpenError::NotALog { file: path() }),
        Err(_) => damaged("the header of a segment is damaged"),
        Ok(header) if !(DATA_START..=Options::SEGMENT_BYTES_MAX).contains(&header.size) => {
            damaged("a segment has an impossible length")
        }
        Ok(header) if header.number != number || log_id.is_some_and(|log_id| header.log_id != log_id) => {
            damaged("a segment of another log or number")
        }
        Ok(header) => Ok(header),
    }
}

pub(super) fn corrupt_at(
    dir: &Path,
    location: Location,
    position: Position,
    why: &'static str,
    remedy: &'static str,
) -> OpenError {
    OpenError::Corrupt(Corrupt {
        file: dir.join(segment_name(location.segment)),
        offset: u64::from(location.offset),
        position,
        why,
        remedy,
    })
}
