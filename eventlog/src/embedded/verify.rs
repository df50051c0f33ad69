//! Checks everything a log holds, offline, and changes nothing: goes on after corruption, so that all of it is named.

use super::recovery::{LOCK_NAME, REMEDY_SHORT, REMEDY_SIDECAR};
use super::scan::{Broken, Expected, OTHER_BATCH, ScannedSegment};
use crate::disk::{Disk, RealDisk, read_full};
use crate::error::OpenError;
use crate::files::{REMEDY, segment_name, segment_number, sidecar_name, sidecar_number};
use crate::format::{ALIGN, BatchHeader, DATA_START, proof};
use crate::hash::HashKey;
use crate::index::segment::SegmentIndex;
use crate::index::sidecar::{Identity, Sidecar, Unusable, encode};
use crate::location::Location;
use crate::stored::StoredBatch;
use crate::types::Position;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const REMEDY_DERIVED: &str = "remove it; the next start makes it again";

/// One thing that is wrong with a log: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
#[error("{} at byte {offset} (position {position}): {what}; {remedy}", file.display())]
pub struct Problem {
    /// A segment, or the index beside it.
    pub file: PathBuf,
    /// In bytes.
    pub offset: u64,
    /// The first position that is concerned.
    pub position: Position,
    pub what: String,
    /// What the operator can do.
    pub remedy: &'static str,
}

/// What a log holds, counted while it was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names and types of its fields say all")]
pub struct Verified {
    pub segments: u64,
    pub sidecars: u64,
    /// Only what is whole counts: batches, commits, events and streams.
    pub batches: u64,
    pub commits: u64,
    pub events: u64,
    pub streams: u64,
    /// Bytes of the batches that are whole.
    pub bytes: u64,
    /// The torn tail: bytes of a write that did not finish and was never acknowledged; the next start truncates them.
    pub unfinished_bytes: u64,
    /// The last writer closed the log.
    pub is_closed: bool,
    pub problems: u64,
}

/// Checks the log in `dir`, which nobody may have open, and hands each problem to `on_problem`. Changes nothing.
///
/// Every segment is read whole: each batch must follow the one before and hold its checksums, revisions must follow without a gap in
/// each stream, and each sidecar must be the one of its segment.
///
/// # Errors
/// [`OpenError::Locked`] when a process has the log open; [`OpenError::NotALog`] and [`OpenError::Version`] when there is none of
/// this version; [`OpenError::Io`]. Damage is no error.
pub fn verify_embedded(dir: &Path, on_problem: impl FnMut(Problem)) -> Result<Verified, OpenError> {
    verify_on(Arc::new(RealDisk), dir, on_problem)
}

/// [`verify_embedded`], which also hands each batch that is whole to `visit`, in the order of the log.
///
/// # Errors
/// As [`verify_embedded`].
pub fn verify_embedded_with(
    dir: &Path,
    on_problem: impl FnMut(Problem),
    visit: impl FnMut(&StoredBatch),
) -> Result<Verified, OpenError> {
    verify_all(Arc::new(RealDisk), dir, on_problem, visit)
}

/// [`verify_embedded`] on another file system.
#[doc(hidden)]
pub fn verify_on(disk: Arc<dyn Disk>, dir: &Path, on_problem: impl FnMut(Problem)) -> Result<Verified, OpenError> {
    verify_all(disk, dir, on_problem, |_| {})
}

fn verify_all(
    disk: Arc<dyn Disk>,
    dir: &Path,
    on_problem: impl FnMut(Problem),
    visit: impl FnMut(&StoredBatch),
) -> Result<Verified, OpenError> {
    let failed = |what, path: PathBuf| move |source| OpenError::Io { what, path, source };
    let names = disk.list(dir).map_err(failed("list", dir.to_owned()))?;
    // Whoever has it open has made this file; where there is none, none is made.
    let _lock = match names.iter().any(|name| name == LOCK_NAME) {
        true => {
            let lock = disk.lock(&dir.join(LOCK_NAME)).map_err(failed("lock", dir.join(LOCK_NAME)))?;
            Some(lock.ok_or_else(|| OpenError::Locked { dir: dir.to_owned() })?)
        }
        false => None,
    };
    let segments: BTreeSet<u32> = names.iter().filter_map(|name| segment_number(name)).collect();
    let sidecars: BTreeSet<u32> = names.iter().filter_map(|name| sidecar_number(name)).collect();
    let mut verify = Verify {
        disk: &*disk,
        dir,
        on_problem,
        visit,
        verified: Verified::default(),
        log_id: None,
        expected: Expected::default(),
        is_lost: false,
        pending: None,
        proven: None,
        revisions: HashMap::new(),
    };
    let last = segments.last().copied();
    for number in 0..last.map_or(0, |last| last + 1) {
        match segments.contains(&number) {
            true => verify.segment(number, Some(number) == last, sidecars.contains(&number))?,
            false => {
                verify.problem(segment_name(number), 0, "a segment file is missing".to_owned(), REMEDY);
                verify.is_lost = true;
            }
        }
    }
    verify.end();
    verify.verified.streams = verify.revisions.len() as u64;
    Ok(verify.verified)
}

struct Verify<'a, F, S> {
    disk: &'a dyn Disk,
    dir: &'a Path,
    on_problem: F,
    visit: S,
    verified: Verified,
    log_id: Option<u128>,
    expected: Expected,
    /// Batches are lost, so the next one that is whole says itself where it stands.
    is_lost: bool,
    /// Where the next batch was expected and is not, and why not: the end of the log, or corruption if a later one turns up.
    pending: Option<(Location, &'static str)>,
    /// Batches that were acknowledged, as somebody says, and where the last of them should be.
    proven: Option<(u64, u32)>,
    /// The next revision of each stream, by two hashes of its name.
    revisions: HashMap<(u64, u64), u64>,
}

impl<F: FnMut(Problem), S: FnMut(&StoredBatch)> Verify<'_, F, S> {
    fn problem(&mut self, file: String, offset: u64, what: String, remedy: &'static str) {
        self.problem_at(file, offset, self.expected.next, what, remedy);
    }

    fn problem_at(&mut self, file: String, offset: u64, position: Position, what: String, remedy: &'static str) {
        self.verified.problems += 1;
        (self.on_problem)(Problem { file: self.dir.join(file), offset, position, what, remedy });
    }

    /// Acknowledged data is missing at `location`.
    fn lost(&mut self, location: Location, why: &str, remedy: &'static str) {
        self.problem(segment_name(location.segment), u64::from(location.offset), why.to_owned(), remedy);
        self.is_lost = true;
        self.pending = None;
    }

    fn segment(&mut self, number: u32, is_last: bool, has_sidecar: bool) -> Result<(), OpenError> {
        self.verified.segments += 1;
        let mut scanned = match ScannedSegment::read(self.disk, self.dir, number, self.log_id, Vec::new()) {
            Ok(scanned) => scanned,
            Err(OpenError::Corrupt(corrupt)) => {
                self.lost(Location { segment: number, offset: 0 }, corrupt.why, REMEDY);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.log_id.get_or_insert(scanned.header.log_id);
        let hash_key = HashKey::new(scanned.header.log_id);
        let (begins, problems) = (self.expected, self.verified.problems);
        let mut index = SegmentIndex::new(number, begins.batch, begins.next);
        let is_whole = self.batches(&mut scanned, &mut index, &hash_key) && problems == self.verified.problems;
        if has_sidecar {
            self.verified.sidecars += 1;
            let batches = !scanned.batches.is_empty();
            if let Err(Unusable(why)) = self.sidecar(&scanned, (is_whole && batches).then_some(&index), is_last) {
                let position = begins.next;
                self.problem_at(sidecar_name(number), 0, position, why, REMEDY_DERIVED);
            }
        }
        let proven = proof(scanned.rest(), scanned.header.segment_id);
        if self.expected.batch < proven && !self.is_lost {
            let here = (scanned.location(), "a batch that was acknowledged is not there");
            let (location, why) = self.pending.unwrap_or(here);
            self.lost(location, why, REMEDY);
        } else if is_last && scanned.may_miss_a_batch(&self.expected) {
            self.lost(scanned.location(), "a segment file is shorter than its header says", REMEDY_SHORT);
        }
        self.verified.is_closed = match scanned.batches.is_empty() {
            false => scanned.clean_mark(self.expected.batch),
            true => self.verified.is_closed && scanned.used() == 0,
        };
        // After the batches of a sealed segment comes what its writer left there; only at the end of the log it is truncated.
        self.verified.unfinished_bytes = match scanned.batches.is_empty() {
            false => scanned.torn_bytes(self.expected.batch),
            true => self.verified.unfinished_bytes + scanned.used(),
        };
        Ok(())
    }

    /// Goes through the batches of a segment; answers whether all of them follow those before.
    fn batches(&mut self, scanned: &mut ScannedSegment, index: &mut SegmentIndex, hash_key: &HashKey) -> bool {
        let mut is_whole = !self.is_lost;
        loop {
            let header = scanned.next_header();
            if let Ok(header) = header
                && !self.expected.fits(&header)
            {
                is_whole = false;
                if !self.is_lost {
                    let here = (scanned.location(), OTHER_BATCH);
                    // A later batch than the one expected says that the corruption is where that one belongs.
                    let (location, why) = self.pending.filter(|_| self.expected.batch < header.number).unwrap_or(here);
                    self.lost(location, why, REMEDY);
                }
            }
            if let (Ok(header), true) = (header, self.is_lost) {
                let BatchHeader { number: batch, first: next, previous_crc, .. } = header;
                self.expected = Expected { batch, next, previous_crc };
                self.revisions.clear();
            }
            let location = scanned.location();
            match scanned.take(&self.expected) {
                Ok(batch) => {
                    (self.is_lost, self.pending) = (false, None);
                    if is_whole {
                        index.add(batch, hash_key);
                    }
                    self.batch(batch, location, hash_key);
                }
                Err(Broken::Other(_)) => unreachable!("what does not fit was made the expected one"),
                Err(Broken::Missing(why)) => match next_whole(scanned, self.expected.batch) {
                    Some(at) => {
                        self.lost(location, why, REMEDY);
                        is_whole = false;
                        scanned.end = at;
                    }
                    None => {
                        if !scanned.batches.is_empty() || self.pending.is_none() {
                            self.pending = Some((location, why));
                        }
                        return is_whole;
                    }
                },
            }
        }
    }

    /// Counts a batch and compares the revisions of its events with those before.
    fn batch(&mut self, batch: &StoredBatch, location: Location, hash_key: &HashKey) {
        self.verified.batches += 1;
        self.verified.bytes += batch.stored_len() as u64;
        self.verified.events += u64::from(batch.events());
        let others = HashKey::new(!self.log_id.unwrap_or_default());
        let mut gaps = Vec::new();
        for commit in batch.commits() {
            self.verified.commits += 1;
            for event in commit.events() {
                let stream = (hash_key.stream(event.stream), others.stream(event.stream));
                let known = self.revisions.insert(stream, event.revision.0.saturating_add(1));
                // Behind lost batches a stream goes on where it may.
                let is_first_of_all = self.verified.problems == 0;
                let expected = known.or(is_first_of_all.then_some(0));
                if let Some(expected) = expected.filter(|expected| *expected != event.revision.0) {
                    let what =
                        format!("stream {} goes on at revision {}, not {expected}", event.stream, event.revision);
                    gaps.push((event.position, what));
                }
            }
        }
        for (position, what) in gaps {
            self.problem_at(segment_name(location.segment), u64::from(location.offset), position, what, REMEDY);
        }
        (self.visit)(batch);
        self.expected = Expected::after(batch);
    }

    /// Compares a sidecar with the one its segment has.
    fn sidecar(
        &mut self,
        scanned: &ScannedSegment,
        index: Option<&SegmentIndex>,
        is_last: bool,
    ) -> Result<(), Unusable> {
        let header = &scanned.header;
        let file = self.disk.open_to_read(&self.dir.join(sidecar_name(header.number)))?;
        let sidecar = Sidecar::read(&*file)?;
        let identity = sidecar.identity();
        if (identity.log_id, identity.segment_id) != (header.log_id, header.segment_id) {
            return Err("it is of another segment".into());
        }
        let batches = sidecar.summary().next_batch() + 1;
        if self.proven.is_none_or(|(proven, _)| proven < batches) {
            self.proven = Some((batches, header.number + 1));
        }
        // Where the segment is damaged, lacks batches, or goes on, there is nothing to compare with.
        let is_short = self.expected.batch < sidecar.summary().next_batch();
        let Some(index) = index.filter(|_| !is_last && !is_short) else { return Ok(()) };
        let batches = &scanned.bytes[DATA_START as usize..scanned.end];
        let identity = Identity {
            log_id: header.log_id,
            segment_id: header.segment_id,
            segment_len: header.size,
            segment_crc: crc32c::crc32c(batches),
        };
        let made = encode(index, &identity);
        let mut bytes = Vec::new();
        read_full(&*file, &mut bytes, made.len() + 1, 0)?;
        match bytes.iter().zip(&made).position(|(is, should)| is != should) {
            None if bytes.len() == made.len() => Ok(()),
            None => Err("it is not as long as it should be".into()),
            Some(at) => Err(Unusable(format!("it is not the index of its segment: byte {at} differs"))),
        }
    }

    /// What a sidecar proves is there.
    fn end(&mut self) {
        if let Some((batches, segment)) = self.proven
            && self.expected.batch < batches
            && !self.is_lost
        {
            let missing = (Location { segment, offset: DATA_START as u32 }, "the batches of a segment are missing");
            let (location, why) = self.pending.filter(|(location, _)| location.segment == segment).unwrap_or(missing);
            self.lost(location, why, REMEDY_SIDECAR);
        }
        if self.verified.segments != 0 && self.verified.batches == 0 && self.verified.problems == 0 {
            self.lost(Location { segment: 0, offset: DATA_START as u32 }, "the genesis record is damaged", REMEDY);
        }
    }
}

/// The offset of a later batch of the segment that is whole.
fn next_whole(scanned: &ScannedSegment, expected: u64) -> Option<usize> {
    let bytes = &scanned.bytes;
    (scanned.end + ALIGN..bytes.len()).step_by(ALIGN).find(|at| {
        let header = BatchHeader::decode(&bytes[*at..]).filter(|header| {
            header.segment_id == scanned.header.segment_id && header.offset == *at as u64 && expected < header.number
        });
        let location = Location { segment: scanned.header.number, offset: *at as u32 };
        header.is_some_and(|header| StoredBatch::check(header, location, bytes, *at).is_ok())
    })
}
