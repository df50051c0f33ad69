//! Recovery: check what is there, refuse corruption, truncate the torn tail that was never acknowledged, sync, then expose.
//!
//! A sealed segment is known by its sidecar; the others are read whole. Nothing is changed before everything was checked. Each
//! change is one rename or one removal, so a crash at any point of opening leaves a log that opens to the same contents.

use super::create::create;
use super::options::Options;
use super::preallocate::{Segment, SegmentFactory};
use super::scan::{Broken, Expected, OTHER_BATCH, ScannedSegment, corrupt_at, read_header};
use super::scrub::{self, Tuning};
use super::writer::{AppendState, EmbeddedWriter};
use crate::disk::{Disk, read_full, write_full};
use crate::error::{Corrupt, OpenError, is_storage_full};
use crate::files::{Files, REMEDY, segment_name, segment_number, sidecar_name, sidecar_number};
use crate::format::{BatchHeader, DATA_START, SEGMENT_HEADER_LEN, SegmentHeader, proof};
use crate::index::sidecar::{Sidecar, Unusable};
use crate::index::{Index, SealedSegment};
use crate::location::Location;
use crate::planted::is_planted;
use crate::shared::Shared;
use crate::types::{Position, Recovered};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// How many zeros are written at once where a segment is written again.
const REWRITE_BYTES: usize = 1 << 20;
pub(super) const LOCK_NAME: &str = "lock";
pub(super) const REMEDY_SHORT: &str = "restore the log from a copy; nothing was changed. If it is certain that nothing acknowledged \
                            stood in the missing part, lengthen the file with zeros to the size in its header";
pub(super) const REMEDY_SIDECAR: &str = "restore the log from a copy; nothing was changed. If this is an older copy of the log, remove \
                              the .idx files, which are of a newer one";

/// Opens or creates the log in `dir`; one that is created is called `log_id`, or by a random id.
pub(crate) fn open(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    tuning: Tuning,
    log_id: Option<u128>,
) -> Result<(EmbeddedWriter, Recovered), OpenError> {
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
        return create(disk, dir, options, tuning, log_id, lock);
    }
    let scan = Scan::run(&*disk, dir, &names, &numbers, tuning)?;
    let unscrubbed = scan.scrub_sealed(&*disk)?;
    remove_temporary(&*disk, dir, &names)?;
    let (log, recovered) = scan.finish(Arc::clone(&disk), options, unscrubbed, lock)?;
    Ok((log, recovered))
}

/// What was found in the segments so far.
struct Scan {
    dir: PathBuf,
    tuning: Tuning,
    log_id: Option<u128>,
    index: Index,
    sidecars: BTreeSet<u32>,
    /// The last segment that holds batches, when it was read whole.
    last: Option<ScannedSegment>,
    expected: Expected,
    /// The most batches a sidecar gives proof of, and the segment the last of them is in: a sidecar is written once the segment after
    /// its own holds a batch.
    proven: (u64, u32),
    /// Sealed segments whose sidecar could not be used.
    indexed: u32,
    truncated_bytes: u64,
    /// The first location where the next batch was expected and something else was found.
    broken: Option<(Location, &'static str)>,
    /// The buffer of the segment before the last: taking a fresh one for each segment costs more than reading it.
    spare: Vec<u8>,
    /// Segments after the last one with batches, and whether nothing was ever written to them.
    trailing: Vec<(u32, bool)>,
}

impl Scan {
    fn run(
        disk: &dyn Disk,
        dir: &Path,
        names: &[String],
        numbers: &BTreeSet<u32>,
        tuning: Tuning,
    ) -> Result<Scan, OpenError> {
        let mut scan = Scan {
            dir: dir.to_owned(),
            tuning,
            log_id: None,
            index: Index::new(tuning.hash_key(0)),
            sidecars: names.iter().filter_map(|name| sidecar_number(name)).collect(),
            last: None,
            expected: Expected::default(),
            proven: (0, 0),
            indexed: 0,
            truncated_bytes: 0,
            broken: None,
            spare: Vec::new(),
            trailing: Vec::new(),
        };
        let count = numbers.last().map_or(0, |last| last + 1);
        for number in 0..count {
            if !numbers.contains(&number) {
                let location = Location { segment: number, offset: 0 };
                return Err(scan.corrupt(location, "a segment file is missing", REMEDY));
            }
            if !scan.accept_sidecar(disk, number, number + 1 == count)? {
                scan.segment(disk, number)?;
            }
        }
        scan.check_end()?;
        Ok(scan)
    }

    /// Takes a sealed segment by its sidecar, when it has one that fits.
    fn accept_sidecar(&mut self, disk: &dyn Disk, number: u32, is_last: bool) -> Result<bool, OpenError> {
        let path = self.dir.join(segment_name(number));
        let file = disk.open_to_read(&path).map_err(|source| OpenError::Io { what: "read", path, source })?;
        let header = read_header(&*file, &self.dir, number, self.log_id).map_err(|error| self.at_next(error))?;
        if self.log_id.is_none() {
            self.log_id = Some(header.log_id);
            self.index = Index::new(self.tuning.hash_key(header.log_id));
        }
        if !self.trailing.is_empty() || !self.sidecars.contains(&number) {
            return Ok(false);
        }
        let len = file.size().unwrap_or_default();
        match self.sidecar(disk, &header, len) {
            Ok(sidecar) => {
                let sealed = SealedSegment::on_disk(sidecar);
                let summary = sealed.summary;
                self.proven = (summary.next_batch() + 1, number + 1);
                if is_last {
                    // The segment after it is missing; reading this one says where the log ends.
                    return Ok(false);
                }
                self.expected =
                    Expected { batch: summary.next_batch(), next: summary.next, previous_crc: summary.last_crc };
                self.broken = None;
                self.indexed += u32::from(self.last.take().is_some());
                self.index.attach(Arc::new(sealed));
                Ok(true)
            }
            Err(Unusable(why)) => {
                let file = self.dir.join(sidecar_name(number));
                tracing::warn!(file = %file.display(), why, "a sidecar cannot be used; it is made again");
                Ok(false)
            }
        }
    }

    /// The sidecar of a segment, if it is of this segment and continues what was found so far.
    fn sidecar(&self, disk: &dyn Disk, header: &SegmentHeader, len: u64) -> Result<Sidecar, Unusable> {
        let file = disk.open_to_read(&self.dir.join(sidecar_name(header.number)))?;
        let sidecar = Sidecar::read(&*file)?;
        let (summary, identity) = (sidecar.summary(), sidecar.identity());
        let is_ours = (identity.log_id, identity.segment_id) == (header.log_id, header.segment_id)
            && (summary.number, identity.segment_len) == (header.number, header.size);
        if !is_ours {
            return Err("it is of another segment".into());
        }
        let begins = Expected { batch: summary.first_batch, next: summary.first, previous_crc: summary.previous_crc };
        match begins == self.expected && u64::from(summary.data_end) <= len {
            true => Ok(sidecar),
            false => Err("it does not fit its segment".into()),
        }
    }

    /// Reads one segment and takes the batches that follow those before.
    fn segment(&mut self, disk: &dyn Disk, number: u32) -> Result<(), OpenError> {
        let spare = std::mem::take(&mut self.spare);
        let scanned = ScannedSegment::read(disk, &self.dir, number, self.log_id, spare);
        let mut scanned = scanned.map_err(|error| self.at_next(error))?;
        if self.trailing.is_empty() {
            let broken = self.take_batches(&mut scanned)?;
            if !scanned.batches.is_empty() || number == 0 {
                self.broken = Some((scanned.location(), broken));
                for batch in &scanned.batches {
                    self.index.add(batch);
                }
                if let Some(sealed) = self.last.replace(scanned) {
                    self.indexed += 1;
                    self.spare = sealed.into_buffer();
                }
                return Ok(());
            }
            if BatchHeader::decode(scanned.rest()).is_some() {
                self.broken = Some((scanned.location(), broken));
            }
        }
        self.check_trailing(&scanned)?;
        self.truncated_bytes += scanned.used();
        self.trailing.push((number, scanned.used() == 0 && scanned.is_whole()));
        Ok(())
    }

    /// Takes batch after batch as long as each is the one expected; answers what is wrong with the next one.
    fn take_batches(&mut self, scanned: &mut ScannedSegment) -> Result<&'static str, OpenError> {
        loop {
            match scanned.take(&self.expected) {
                Ok(batch) => self.expected = Expected::after(batch),
                Err(Broken::Missing(why)) => return Ok(why),
                Err(Broken::Other(number)) => {
                    // Every batch was synced before the next one was written, so this cannot be a torn write. A later batch
                    // than the one expected says that the corruption is where the expected one belongs.
                    let here = (scanned.location(), OTHER_BATCH);
                    let (location, why) = self.broken.filter(|_| self.expected.batch < number).unwrap_or(here);
                    return Err(self.corrupt(location, why, REMEDY));
                }
            }
        }
    }

    /// Refuses when there is proof that a batch which is not there was acknowledged.
    fn check_end(&self) -> Result<(), OpenError> {
        if let Some(last) = &self.last {
            self.check_trailing(last)?;
        }
        let (batches, segment) = self.proven;
        if self.expected.batch < batches {
            let missing = (Location { segment, offset: DATA_START as u32 }, "the batches of a segment are missing");
            let (location, why) = self.broken.filter(|(location, _)| location.segment == segment).unwrap_or(missing);
            return Err(self.corrupt(location, why, REMEDY_SIDECAR));
        }
        match &self.last {
            Some(last) if self.expected.batch == 0 => {
                Err(self.corrupt(last.location(), "the genesis record is damaged", REMEDY))
            }
            Some(_) => Ok(()),
            None => Err(self.corrupt(Location { segment: 0, offset: 0 }, "the first segment is missing", REMEDY)),
        }
    }

    fn check_trailing(&self, scanned: &ScannedSegment) -> Result<(), OpenError> {
        let proven = proof(scanned.rest(), scanned.header.segment_id);
        let (location, why) = self.broken.unwrap_or((scanned.location(), "the header of a batch is damaged"));
        if self.expected.batch < proven && !is_planted("cut what was acknowledged") {
            return Err(self.corrupt(location, why, REMEDY));
        }
        // Segments get their full length before their name, so no crash makes one short.
        match scanned.may_miss_a_batch(&self.expected) {
            true => {
                Err(self.corrupt(scanned.location(), "a segment file is shorter than its header says", REMEDY_SHORT))
            }
            false => Ok(()),
        }
    }

    /// Compares the newest sealed segments with their checksums; answers the numbers of those there was no time for, newest first.
    fn scrub_sealed(&self, disk: &dyn Disk) -> Result<Vec<u32>, OpenError> {
        let started = Instant::now();
        let has_time = || self.tuning.scrub_budget.is_none_or(|scrub_budget| started.elapsed() < scrub_budget);
        let sealed = self.index.sealed();
        let mut unscrubbed = Vec::new();
        for sealed in sealed.iter().rev() {
            let Some(sidecar) = sealed.sidecar() else { continue };
            if !scrub::segment(disk, &self.dir, sidecar, has_time)? {
                unscrubbed.push(sealed.summary.number);
            }
        }
        Ok(unscrubbed)
    }

    fn corrupt(&self, location: Location, why: &'static str, remedy: &'static str) -> OpenError {
        corrupt_at(&self.dir, location, self.expected.next, why, remedy)
    }

    /// Damage found before anything is known of positions is where the next one was expected.
    fn at_next(&self, error: OpenError) -> OpenError {
        match error {
            OpenError::Corrupt(corrupt) => OpenError::Corrupt(Corrupt { position: self.expected.next, ..corrupt }),
            error => error,
        }
    }

    /// Makes the log as found durable and hands it out.
    fn finish(
        mut self,
        disk: Arc<dyn Disk>,
        options: Options,
        unscrubbed: Vec<u32>,
        lock: Box<dyn crate::disk::Lock>,
    ) -> Result<(EmbeddedWriter, Recovered), OpenError> {
        let dir = self.dir.clone();
        let expected = self.expected;
        let mut last = self.last.take().expect("check_end saw it");
        // What was read, by whichever way, is what the index has: readers find every event that recovery counted.
        assert_eq!(self.index.next().number, expected.batch, "the index has every batch");
        assert_eq!(self.index.next_position(), expected.next, "the index has every event");
        let clean = last.clean_mark(expected.batch);
        let number = last.header.number;
        self.truncated_bytes += if clean { 0 } else { last.torn_bytes(expected.batch) };
        let factory = SegmentFactory { disk: Arc::clone(&disk), dir: dir.clone(), log_id: last.header.log_id, options };
        let failed = |source: io::Error| OpenError::io("recover", &dir, source);
        let unused = self.trailing.iter().all(|(_, unused)| *unused);
        let keep = clean && unused;
        let made = match keep {
            true => reopen(&last, &*disk, &dir),
            false => copy(&factory, &last, &expected),
        };
        let (active, ready) = match made {
            // What was never used gives room for a copy; where that is not enough it is done without: whoever wants to read may.
            Err(error) if is_storage_full(&error) => {
                let ready = self.remove_trailing(&*disk, number + 1, keep, options).map_err(failed)?;
                let again = copy(&factory, &last, &expected).or_else(|error| match is_storage_full(&error) {
                    true => rewrite(&last, &*disk, &dir),
                    false => Err(error),
                });
                (again.map_err(failed)?, ready)
            }
            made => {
                let active = made.map_err(failed)?;
                (active, self.remove_trailing(&*disk, number + 1, keep, options).map_err(failed)?)
            }
        };
        let recovered = Recovered {
            next: expected.next,
            batches: expected.batch,
            events: expected.next.0,
            segments: number + 1,
            indexed: self.indexed,
            truncated_bytes: self.truncated_bytes,
            created: false,
            clean: clean && unused,
        };
        let recent = last.take_batches();
        let files = Files::new(Arc::clone(&disk), &dir, options.open_files);
        let shared = Shared::new(recent, expected.next, expected.batch, options.recent_bytes, self.index, Some(files));
        let shared = Arc::new(shared);
        let state = AppendState {
            active,
            at: last.end as u64,
            batches: expected.batch,
            next: Position(expected.next.0 - u64::from(is_planted("use a position again"))),
            previous_crc: expected.previous_crc,
        };
        let log = EmbeddedWriter::start(shared, factory, ready, unscrubbed, state, lock).map_err(failed)?;
        Ok((log, recovered))
    }

    /// Removes the segments after the last one with batches, but for one that can serve as the next; and the sidecars of those
    /// that are not sealed.
    fn remove_trailing(&self, disk: &dyn Disk, next: u32, keep: bool, options: Options) -> io::Result<Option<Segment>> {
        let mut ready = None;
        let mut removed = false;
        for (number, _) in &self.trailing {
            let path = self.dir.join(segment_name(*number));
            if keep && *number == next {
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
        for number in self.sidecars.iter().filter(|number| next <= **number + 1) {
            disk.remove(&self.dir.join(sidecar_name(*number)))?;
            removed = true;
        }
        if removed {
            disk.sync_dir(&self.dir)?;
        }
        Ok(ready)
    }
}

/// Appends to the file as it is. Its name and contents may still be in the page cache only: a process may have been killed
/// between the rename and the sync of the directory.
fn reopen(last: &ScannedSegment, disk: &dyn Disk, dir: &Path) -> io::Result<Segment> {
    let SegmentHeader { number, segment_id, size, .. } = last.header;
    let file = disk.open(&dir.join(segment_name(number)))?;
    if !is_planted("expose what was recovered before it is synced") {
        file.sync_data()?;
        disk.sync_dir(dir)?;
    }
    Ok(Segment { file, number, id: segment_id, size })
}

/// Writes what is whole of the last segment into a new file with a new id: what the old one holds may be in the page cache
/// only, and stale bytes after the end must never be taken for data.
fn copy(factory: &SegmentFactory, last: &ScannedSegment, expected: &Expected) -> io::Result<Segment> {
    let size = last.header.size.max(factory.options.segment_bytes);
    let contents = |header: &SegmentHeader| last.contents(header, expected);
    factory.create(last.header.number, size, "recover.tmp", contents, |_| Ok(()))
}

/// Where the disk has no room for a copy: writes what is whole of the last segment once more where it stands, which takes no room,
/// and zeros behind it. Nothing changes but what was never acknowledged, and until that is synced nothing is exposed: a crash before
/// finds the same bytes, or fewer of those behind the end.
fn rewrite(last: &ScannedSegment, disk: &dyn Disk, dir: &Path) -> io::Result<Segment> {
    let SegmentHeader { number, segment_id, size, .. } = last.header;
    let file = disk.open(&dir.join(segment_name(number)))?;
    write_full(&*file, last.data(), DATA_START)?;
    let zeros = vec![0; REWRITE_BYTES];
    let mut at = last.end as u64;
    while at < size {
        let len = REWRITE_BYTES.min((size - at) as usize);
        write_full(&*file, &zeros[..len], at)?;
        at += len as u64;
    }
    file.sync_data()?;
    disk.sync_dir(dir)?;
    tracing::warn!(segment = number, "no space for a copy of the last segment; it was written again where it stands");
    Ok(Segment { file, number, id: segment_id, size })
}

/// Removes what was being made when a process was killed.
fn remove_temporary(disk: &dyn Disk, dir: &Path, names: &[String]) -> Result<(), OpenError> {
    for name in names.iter().filter(|name| name.ends_with(".tmp")) {
        let path = dir.join(name);
        disk.remove(&path).map_err(|source| OpenError::Io { what: "remove", path, source })?;
    }
    Ok(())
}
