//! Opening a log: read and check everything, refuse damage, cut what was never acknowledged, sync, then expose.
//!
//! Nothing is changed before everything was checked. Each change is one rename or one removal, so a crash at any point of
//! opening leaves a log that opens to the same contents.

use super::prepare::{Maker, Preparer, Segment};
use super::{EmbeddedLog, Options, is_full, mark_bytes};
use crate::batch::{Batch, Sealing};
use crate::disk::{Disk, DiskFile, Lock, read_full};
use crate::files::{Files, REMEDY, segment_name, segment_number};
use crate::format::{
    BATCH_HEADER_LEN, BatchHeader, DATA_START, MARK_LEN, Mark, NotASegment, SEGMENT_HEADER_LEN, SegmentHeader, VERSION,
    mark_offset, proof,
};
use crate::index::Index;
use crate::planted::is_planted;
use crate::shared::Shared;
use crate::stored::{Malformed, Place};
use crate::{Corrupt, OpenError, Position, Recovered, StoredBatch};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, mem};

const LOCK_NAME: &str = "lock";
const REMEDY_SHORT: &str = "restore the log from a copy; nothing was changed. If it is certain that nothing acknowledged \
                            stood in the missing part, lengthen the file with zeros to the size in its header";

/// Opens or creates the log in `dir`.
pub(super) fn open(disk: Arc<dyn Disk>, dir: &Path, options: Options) -> Result<(EmbeddedLog, Recovered), OpenError> {
    let io = |what, path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { what, path, source }
    };
    disk.create_dir(dir).map_err(io("make the directory", dir))?;
    let lock_path = dir.join(LOCK_NAME);
    let lock = disk.lock(&lock_path).map_err(io("lock", &lock_path))?;
    let lock = lock.ok_or_else(|| OpenError::Locked { dir: dir.to_owned() })?;
    let names = disk.list(dir).map_err(io("list", dir))?;
    let numbers: BTreeSet<u32> = names.iter().filter_map(|name| segment_number(name)).collect();
    if numbers.is_empty() {
        remove_temporary(&*disk, dir, &names)?;
        return create(disk, dir, options, lock);
    }
    let scan = Scan::run(&*disk, dir, &numbers)?;
    remove_temporary(&*disk, dir, &names)?;
    scan.finish(disk, dir, options, lock)
}

/// What reading all segments found so far.
struct Scan {
    dir: PathBuf,
    log_id: u128,
    index: Index,
    segments: u32,
    /// The last segment that holds batches: its header, its contents, its batches, and where they end.
    last: Option<Scanned>,
    batches: u64,
    next: Position,
    previous_crc: u32,
    cut_bytes: u64,
    /// The first place where the next batch was expected and something else stands.
    broken: Option<(Place, &'static str)>,
    /// The buffer of the segment before the last: taking a fresh one for each segment costs more than reading it.
    spare: Vec<u8>,
    /// Segments behind the last one with batches, and which of them nothing was ever written to.
    behind: Vec<(u32, bool)>,
}

struct Scanned {
    header: SegmentHeader,
    bytes: Arc<Vec<u8>>,
    batches: Vec<StoredBatch>,
    end: usize,
}

impl Scan {
    fn run(disk: &dyn Disk, dir: &Path, numbers: &BTreeSet<u32>) -> Result<Scan, OpenError> {
        let mut scan = Scan {
            dir: dir.to_owned(),
            log_id: 0,
            index: Index::new(),
            segments: 0,
            last: None,
            batches: 0,
            next: Position(0),
            previous_crc: 0,
            cut_bytes: 0,
            broken: None,
            spare: Vec::new(),
            behind: Vec::new(),
        };
        let count = numbers.last().map_or(0, |last| last + 1);
        for number in 0..count {
            if !numbers.contains(&number) {
                return Err(scan.corrupt(Place { segment: number, offset: 0 }, "a segment file is missing", REMEDY));
            }
            scan.segment(disk, number)?;
        }
        scan.check_end()?;
        Ok(scan)
    }

    /// Reads one segment and takes the batches that follow those before.
    fn segment(&mut self, disk: &dyn Disk, number: u32) -> Result<(), OpenError> {
        let path = self.dir.join(segment_name(number));
        let failed = |source| OpenError::Io { what: "read", path: path.clone(), source };
        let file = disk.open(&path).map_err(failed)?;
        let len = file.size().map_err(failed)?;
        let header = self.segment_header(&*file, number).map_err(|error| match error {
            Ok(damage) => damage,
            Err(source) => failed(source),
        })?;
        let len = len.min(header.size).min(Options::SEGMENT_BYTES_MAX) as usize;
        let mut bytes = mem::take(&mut self.spare);
        read_full(&*file, &mut bytes, len, 0).map_err(failed)?;
        let mut scanned = Scanned { header, bytes: Arc::new(bytes), batches: Vec::new(), end: DATA_START as usize };
        if self.behind.is_empty() {
            let broken = self.take_batches(&mut scanned)?;
            if !scanned.batches.is_empty() || number == 0 {
                self.broken = Some((Place { segment: number, offset: scanned.end as u32 }, broken));
                for batch in &scanned.batches {
                    self.index.add(batch);
                }
                self.spare = self.last.replace(scanned).map_or_else(Vec::new, Scanned::into_buffer);
                return Ok(());
            }
            if BatchHeader::decode(scanned.rest()).is_some() {
                self.broken = Some((Place { segment: number, offset: scanned.end as u32 }, broken));
            }
        }
        self.check_behind(&scanned)?;
        self.cut_bytes += scanned.used();
        self.behind.push((number, scanned.used() == 0 && scanned.is_whole()));
        Ok(())
    }

    /// Takes batch after batch as long as each is the one expected; answers what is wrong with the next one.
    fn take_batches(&mut self, scanned: &mut Scanned) -> Result<&'static str, OpenError> {
        loop {
            let place = Place { segment: scanned.header.number, offset: scanned.end as u32 };
            let Some(header) = BatchHeader::decode(scanned.rest()) else {
                return Ok("the header of a batch is damaged");
            };
            let is_stale =
                header.segment_id != scanned.header.segment_id && !is_planted("take a frame of an earlier life");
            if is_stale || header.offset != scanned.end as u64 {
                return Ok("a batch of another place stands here");
            }
            let expected = (self.batches, self.next, self.previous_crc);
            if (header.number, header.first, header.previous_crc) != expected {
                // Every batch was synced before the next one was written, so this cannot be a torn write. A later batch than
                // the one expected says that the damage is where the expected one should have stood.
                let here = (place, "a batch stands where another one belongs");
                let (place, why) = self.broken.filter(|_| self.batches < header.number).unwrap_or(here);
                return Err(self.corrupt(place, why, REMEDY));
            }
            match StoredBatch::check(header, place, &scanned.bytes, scanned.end) {
                Err(Malformed(why)) => return Ok(why),
                Ok(batch) if is_planted("drop the last batch at recovery") && !scanned.goes_on_behind(&batch) => {
                    return Ok("the bug is planted");
                }
                Ok(batch) => {
                    self.batches += 1;
                    self.next = batch.next_position();
                    self.previous_crc = batch.payload_crc();
                    scanned.end += batch.stored_len();
                    scanned.batches.push(batch);
                }
            }
        }
    }

    /// The outer error is damage, the inner one the disk's.
    fn segment_header(
        &mut self,
        file: &dyn DiskFile,
        number: u32,
    ) -> Result<SegmentHeader, Result<OpenError, io::Error>> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_LEN);
        read_full(file, &mut bytes, SEGMENT_HEADER_LEN, 0).map_err(Err)?;
        let path = || self.dir.join(segment_name(number));
        let place = Place { segment: number, offset: 0 };
        match SegmentHeader::decode(&bytes) {
            Err(NotASegment::Version(found)) => Err(Ok(OpenError::Version { file: path(), found, expected: VERSION })),
            Err(NotASegment::Magic) if number == 0 => Err(Ok(OpenError::NotALog { file: path() })),
            Err(_) => Err(Ok(self.corrupt(place, "the header of a segment is damaged", REMEDY))),
            Ok(header) if !(DATA_START..=Options::SEGMENT_BYTES_MAX).contains(&header.size) => {
                Err(Ok(self.corrupt(place, "a segment has an impossible length", REMEDY)))
            }
            Ok(header) if number == 0 => {
                self.log_id = header.log_id;
                Ok(header)
            }
            Ok(header) if header.number != number || header.log_id != self.log_id => {
                Err(Ok(self.corrupt(place, "a segment of another log or number", REMEDY)))
            }
            Ok(header) => Ok(header),
        }
    }

    /// Refuses when there is proof that a batch which is not there was acknowledged.
    fn check_end(&self) -> Result<(), OpenError> {
        let Some(last) = &self.last else {
            return Err(self.corrupt(Place { segment: 0, offset: 0 }, "the first segment is missing", REMEDY));
        };
        self.check_behind(last)?;
        match self.batches {
            0 => Err(self.corrupt(last.place(), "the genesis record is damaged", REMEDY)),
            _ => Ok(()),
        }
    }

    fn check_behind(&self, scanned: &Scanned) -> Result<(), OpenError> {
        let proven = proof(scanned.rest(), scanned.header.segment_id);
        let (place, why) = self.broken.unwrap_or((scanned.place(), "the header of a batch is damaged"));
        if self.batches < proven && !is_planted("cut what was acknowledged") {
            return Err(self.corrupt(place, why, REMEDY));
        }
        // Segments get their full length before their name, so no crash makes one short. Only the mark right behind the
        // last batch says that nothing acknowledged stood in the missing part.
        if !scanned.is_whole() && scanned.mark_alone(self.batches).is_none() {
            return Err(self.corrupt(scanned.place(), "a segment file is shorter than its header says", REMEDY_SHORT));
        }
        Ok(())
    }

    fn corrupt(&self, place: Place, why: &'static str, remedy: &'static str) -> OpenError {
        OpenError::Corrupt(Corrupt {
            file: self.dir.join(segment_name(place.segment)),
            offset: u64::from(place.offset),
            position: self.next,
            why,
            remedy,
        })
    }

    /// Makes the log as found durable and hands it out.
    fn finish(
        mut self,
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: Options,
        lock: Box<dyn Lock>,
    ) -> Result<(EmbeddedLog, Recovered), OpenError> {
        let mut last = self.last.take().expect("check_end saw it");
        let clean = last.clean_mark(self.batches);
        let number = last.header.number;
        self.cut_bytes += if clean { 0 } else { last.cut_bytes(self.batches) };
        self.segments = number + 1;
        let maker = Maker { disk: Arc::clone(&disk), dir: dir.to_owned(), log_id: self.log_id, options };
        let failed = |source: io::Error| failed_at("recover", dir, source);
        let pristine = self.behind.iter().all(|(_, pristine)| *pristine);
        let active = match clean && pristine {
            true => last.reopen(&*disk, dir).map_err(failed)?,
            false => self.copy(&maker, &mut last).map_err(failed)?,
        };
        let ready = self.clear_behind(&*disk, dir, clean && pristine, options).map_err(failed)?;
        let recovered = Recovered {
            next: self.next,
            batches: self.batches,
            events: self.next.0,
            segments: self.segments,
            cut_bytes: self.cut_bytes,
            created: false,
            clean: clean && pristine,
        };
        let recent = last.batches.into_iter().map(Arc::new).collect();
        let files = Files::new(disk, dir);
        let shared = Shared::new(recent, self.next, self.batches, options.recent_bytes, self.index, Some(files));
        let shared = Arc::new(shared);
        let log = EmbeddedLog {
            preparer: Preparer::new(maker, ready, &shared).map_err(failed)?,
            shared,
            active,
            at: last.end as u64,
            batches: self.batches,
            next: Position(self.next.0 - u64::from(is_planted("use a position again"))),
            previous_crc: self.previous_crc,
            poisoned: None,
            _lock: lock,
        };
        Ok((log, recovered))
    }

    /// Writes what is whole of the last segment into a new file with a new id: what the old one holds may be in the page
    /// cache only, and leftovers behind the end must never be taken for data.
    fn copy(&self, maker: &Maker, last: &mut Scanned) -> io::Result<Segment> {
        let size = last.header.size.max(maker.options.segment_bytes);
        maker.make(last.header.number, size, "recover.tmp", |header| self.contents(header, last), || true)
    }

    fn contents(&self, segment: &SegmentHeader, last: &Scanned) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(last.end);
        for batch in &last.batches {
            let header = BatchHeader::decode(batch.bytes()).expect("decoded when it was scanned");
            bytes.extend_from_slice(&BatchHeader { segment_id: segment.segment_id, ..header }.encode());
            bytes.extend_from_slice(&batch.bytes()[BATCH_HEADER_LEN..]);
        }
        let data_end = DATA_START + bytes.len() as u64;
        bytes.extend_from_slice(&clean_mark(segment.segment_id, data_end, self.batches, self.next));
        bytes
    }

    /// Removes the segments behind the last one with batches, but for one that can serve as the next.
    fn clear_behind(&self, disk: &dyn Disk, dir: &Path, keep: bool, options: Options) -> io::Result<Option<Segment>> {
        let mut ready = None;
        let mut removed = false;
        for (number, _) in &self.behind {
            let path = dir.join(segment_name(*number));
            let next = *number == self.segments;
            if keep && next {
                let file = disk.open(&path)?;
                let mut bytes = Vec::with_capacity(SEGMENT_HEADER_LEN);
                read_full(&*file, &mut bytes, SEGMENT_HEADER_LEN, 0)?;
                match SegmentHeader::decode(&bytes) {
                    Ok(header) if header.size == options.segment_bytes => {
                        ready = Some(Segment { file, number: *number, id: header.segment_id, size: header.size });
                        continue;
                    }
                    _ => {}
                }
            }
            disk.remove(&path)?;
            removed = true;
        }
        if removed {
            disk.sync_dir(dir)?;
        }
        Ok(ready)
    }
}

impl Scanned {
    /// Whether another batch stands behind `batch`, which is the next one.
    fn goes_on_behind(&self, batch: &StoredBatch) -> bool {
        BatchHeader::decode(self.rest().get(batch.stored_len()..).unwrap_or_default()).is_some()
    }

    /// The buffer, empty, when nobody holds one of the batches.
    fn into_buffer(self) -> Vec<u8> {
        drop(self.batches);
        let mut buffer = Arc::into_inner(self.bytes).unwrap_or_default();
        buffer.clear();
        buffer
    }

    /// Everything behind the batches.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.end..).unwrap_or_default()
    }

    fn place(&self) -> Place {
        Place { segment: self.header.number, offset: self.end as u32 }
    }

    fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.header.size
    }

    /// Bytes behind the batches up to the last one that is not zero.
    fn used(&self) -> u64 {
        self.rest().iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
    }

    /// The mark where it belongs, with nothing before or behind it.
    fn mark_alone(&self, batches: u64) -> Option<Mark> {
        let rest = self.rest();
        let gap = (mark_offset(self.end as u64) - self.end as u64) as usize;
        let mark = Mark::decode(rest.get(gap..)?)?;
        let alone = rest[..gap].iter().chain(&rest[gap + MARK_LEN..]).all(|byte| *byte == 0);
        let ours = mark.segment_id == self.header.segment_id
            && mark.data_end == self.end as u64
            && mark.durable_batches == batches;
        (alone && ours).then_some(mark)
    }

    fn clean_mark(&self, batches: u64) -> bool {
        self.is_whole() && self.mark_alone(batches).is_some_and(|mark| mark.clean)
    }

    /// What an unfinished write left behind the batches, in bytes.
    fn cut_bytes(&self, batches: u64) -> u64 {
        match self.mark_alone(batches) {
            Some(_) => 0,
            None => self.used(),
        }
    }

    /// Goes on in the file as it is. Its name and contents may still be in the page cache only: a process may have been
    /// killed between the rename and the sync of the directory.
    fn reopen(&self, disk: &dyn Disk, dir: &Path) -> io::Result<Segment> {
        let SegmentHeader { number, segment_id, size, .. } = self.header;
        let file = disk.open(&dir.join(segment_name(number)))?;
        if !is_planted("expose what was recovered before it is synced") {
            file.sync_data()?;
            disk.sync_dir(dir)?;
        }
        Ok(Segment { file, number, id: segment_id, size })
    }
}

/// Makes an empty log: its first segment appears under its name with the genesis record in it.
fn create(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
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
    let active = maker.make(0, options.segment_bytes, "create.tmp", contents, || true).map_err(failed)?;
    let header = sealed.expect("the segment was made with its contents");
    let place = Place { segment: 0, offset: DATA_START as u32 };
    let batch = StoredBatch::owned(header, place, mem::take(genesis.bytes_mut()));
    let mut index = Index::new();
    index.add(&batch);
    let at = DATA_START + header.stored_len();
    let next = header.next_position();
    let files = Files::new(disk, dir);
    let shared = Arc::new(Shared::new(vec![Arc::new(batch)], next, 1, options.recent_bytes, index, Some(files)));
    let recovered = Recovered { next, batches: 1, events: 1, segments: 1, cut_bytes: 0, created: true, clean: true };
    let log = EmbeddedLog {
        preparer: Preparer::new(maker, None, &shared).map_err(failed)?,
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

/// From a batch's end on: zeros, then a mark that says everything was synced.
fn clean_mark(segment_id: u64, data_end: u64, durable_batches: u64, durable_upto: Position) -> Vec<u8> {
    let offset = mark_offset(data_end);
    let mark = Mark { clean: true, segment_id, offset, durable_batches, durable_upto, data_end };
    let (bytes, len) = mark_bytes(&mark);
    bytes[..len].to_vec()
}

/// Removes what was being made when a process was killed.
fn remove_temporary(disk: &dyn Disk, dir: &Path, names: &[String]) -> Result<(), OpenError> {
    for name in names.iter().filter(|name| name.ends_with(".tmp")) {
        let path = dir.join(name);
        disk.remove(&path).map_err(|source| OpenError::Io { what: "remove", path, source })?;
    }
    Ok(())
}

fn failed_at(what: &'static str, dir: &Path, source: io::Error) -> OpenError {
    match is_full(&source) {
        true => OpenError::StorageFull { dir: dir.to_owned(), source },
        false => OpenError::Io { what, path: dir.to_owned(), source },
    }
}
