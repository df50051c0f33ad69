//! The index of a sealed segment in a file beside it: `FORMAT.md` has the bytes.
//!
//! Derived data: a sidecar that is missing, stale or corrupt is rebuilt from its segment. Its front (header, first keys, filters) is
//! checked when it is opened and stays in memory; the rest is pages of a sector, each checked whenever it is read.

mod encode;
mod layout;

pub(crate) use encode::encode;
pub(crate) use layout::Identity;

use super::filter::{BLOCK_LEN, Filter};
use super::segment::Summary;
use crate::disk::{DiskFile, read_full};
use crate::files::Files;
use crate::format::{Get, SIDECAR_PAGE_LEN, crc_holds};
use crate::hash::HashKey;
use crate::location::{BatchStart, Location, Run, SparseEntry};
use crate::types::Position;
use layout::{Counts, HEADER_LEN, IRREGULAR, Layout, MAGIC, Section, VERSION, page_crc};
use std::io;
use std::ops::Range;

/// Why a sidecar cannot be used: rebuild it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable(pub String);

impl From<&'static str> for Unusable {
    fn from(why: &'static str) -> Unusable {
        Unusable(why.to_owned())
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Unusable {
        Unusable(format!("it does not read: {error}"))
    }
}

/// What stays in memory of a sidecar.
#[derive(Debug)]
pub(crate) struct Sidecar {
    summary: Summary,
    identity: Identity,
    layout: Layout,
    /// The first keys of the pages of streams, commands, batches and the sparse index.
    keys: [Box<[u64]>; 4],
    pub streams: Filter,
    pub commands: Filter,
}

impl Sidecar {
    /// Reads and checks the front of the sidecar in `file`.
    pub fn read(file: &dyn DiskFile) -> Result<Sidecar, Unusable> {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        read_full(file, &mut bytes, HEADER_LEN, 0)?;
        if bytes.len() < HEADER_LEN {
            return Err("it is cut short".into());
        }
        let mut get = Get { bytes: &bytes, at: 0 };
        if get.u64() != MAGIC || get.u32() != VERSION {
            return Err("it is not a sidecar of this version".into());
        }
        if !crc_holds(&bytes) {
            return Err("the checksum of its header does not hold".into());
        }
        let number = get.u32();
        let (log_id, segment_id, segment_len) = (get.u128(), get.u64(), get.u64());
        let (data_end, first_batch, batches) = (get.u64(), get.u64(), get.u64());
        let (first, next, commits) = (Position(get.u64()), Position(get.u64()), get.u64());
        let recorded = (get.u64() as i64, get.u64() as i64);
        let (segment_crc, previous_crc, last_crc) = (get.u32(), get.u32(), get.u32());
        let counts = Counts {
            streams: get.u32(),
            positions: get.u32(),
            commands: get.u32(),
            batches: get.u32(),
            sparse_index: get.u32(),
            stream_blocks: get.u32(),
            command_blocks: get.u32(),
        };
        let front_crc = get.u32();
        let layout = counts.layout();
        let data_end = u32::try_from(data_end).map_err(|_| Unusable::from("it is of an impossible segment"))?;
        // No position of its own may run over.
        let is_possible = next.0.checked_sub(first.0) == Some(u64::from(counts.positions))
            && batches == u64::from(counts.batches)
            && [first.0, first_batch].iter().all(|number| *number < u64::MAX / 2);
        if !is_possible {
            return Err("it is of an impossible segment".into());
        }
        if file.size()? != layout.file_len {
            return Err("it is not as long as its header says".into());
        }
        let mut front = Vec::with_capacity(layout.front_len);
        read_full(file, &mut front, layout.front_len, SIDECAR_PAGE_LEN as u64)?;
        if front.len() != layout.front_len || crc32c::crc32c(&front) != front_crc {
            return Err("the checksum of its filters does not hold".into());
        }
        let mut rest = &front[..];
        let keys = [layout.streams, layout.commands, layout.batches, layout.sparse_index].map(|section| {
            let (keys, behind) = rest.split_at(section.pages() as usize * 8);
            rest = behind;
            keys.as_chunks().0.iter().map(|key| u64::from_le_bytes(*key)).collect()
        });
        let (streams, commands) = rest.split_at(counts.stream_blocks as usize * BLOCK_LEN);
        let summary =
            Summary { number, first_batch, batches, first, next, commits, recorded, data_end, previous_crc, last_crc };
        Ok(Sidecar {
            summary,
            identity: Identity { log_id, segment_id, segment_len, segment_crc },
            layout,
            keys,
            streams: Filter::from_bytes(streams),
            commands: Filter::from_bytes(commands),
        })
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the segment may have events of a kind; `false` is certain.
    pub fn may_have_kind(&self, kind: u16) -> bool {
        self.streams.may_have(HashKey::new(self.identity.log_id).kind(kind))
    }

    pub fn run(&self, files: &Files, hash: u64) -> Result<Option<Run>, Unusable> {
        let mut run = None;
        self.find(files, &self.layout.streams, &self.keys[0], hash, |mut get| {
            let (first_revision, start, count) = (get.u64(), get.u32(), get.u32());
            let irregular = count & IRREGULAR != 0;
            run = Some(Run { first_revision, count: u64::from(count & !IRREGULAR), irregular, start: Some(start) });
        })?;
        Ok(run)
    }

    pub fn postings(
        &self,
        files: &Files,
        run: &Run,
        wanted: Range<u64>,
    ) -> Result<Vec<(Position, SparseEntry)>, Unusable> {
        // The run is of an index in memory that this sidecar replaced: read the run again.
        let start = u64::from(run.start.ok_or(Unusable::from("it was replaced"))?);
        let wanted = start + wanted.start..start + wanted.end;
        let mut postings = Vec::with_capacity((wanted.end - wanted.start) as usize);
        let (mut page, mut sparse_index) = (Page::default(), Page::default());
        for nth in wanted {
            let mut get = page.entry(self, files, &self.layout.positions, nth)?;
            let position = Position(self.summary.first.0 + u64::from(get.u32()));
            let behind = self.sparse_until(files, &mut sparse_index, |key| key <= position.0)?;
            let before = behind.checked_sub(1).ok_or(Unusable::from("it has no way to a position"))?;
            postings.push((position, self.sparse_entry(files, &mut sparse_index, before)?));
        }
        Ok(postings)
    }

    pub fn commands(&self, files: &Files, hash: u64) -> Result<Vec<u64>, Unusable> {
        let mut positions = Vec::new();
        self.find(files, &self.layout.commands, &self.keys[1], hash, |mut get| {
            positions.push(self.summary.first.0 + u64::from(get.u32()));
        })?;
        Ok(positions)
    }

    pub fn batches(&self, files: &Files, hash: u64) -> Result<Vec<BatchStart>, Unusable> {
        let mut starts = Vec::new();
        self.find(files, &self.layout.batches, &self.keys[2], hash, |mut get| {
            let (offset, nth) = (get.u32(), get.u32());
            starts.push(BatchStart { number: self.summary.first_batch + u64::from(nth), offset });
        })?;
        Ok(starts)
    }

    pub fn start_before(&self, files: &Files, position: Position) -> Result<BatchStart, Unusable> {
        let mut page = Page::default();
        let behind = self.sparse_until(files, &mut page, |key| key < position.0)?;
        match behind.checked_sub(1) {
            Some(before) => Ok(self.sparse_entry(files, &mut page, before)?.batch),
            None => Ok(self.summary.start()),
        }
    }

    /// Hands what follows `hash` in each entry that begins with it to `found`.
    fn find(
        &self,
        files: &Files,
        section: &Section,
        keys: &[u64],
        hash: u64,
        mut found: impl FnMut(Get<'_>),
    ) -> Result<(), Unusable> {
        // The last page that begins below the hash, and all that begin with it.
        let first = keys.partition_point(|key| *key < hash).saturating_sub(1);
        let end = keys.partition_point(|key| *key <= hash);
        let mut page = Page::default();
        for nth in first as u64..end as u64 {
            let bytes = page.load(self, files, section.first_page + nth)?;
            let entries = section.per_page().min(section.entries - nth * section.per_page()) as usize;
            let key = |at: usize| Get { bytes, at: at * section.entry_len }.u64();
            let mut at = partition(entries, |at| key(at) < hash);
            while at < entries && key(at) == hash {
                found(Get { bytes, at: at * section.entry_len + 8 });
                at += 1;
            }
        }
        Ok(())
    }

    /// How many sparse entries come before the first whose position `before` denies.
    fn sparse_until(&self, files: &Files, page: &mut Page, before: impl Fn(u64) -> bool) -> Result<u64, Unusable> {
        let (section, first) = (&self.layout.sparse_index, self.summary.first.0);
        let pages = self.keys[3].partition_point(|key| before(first + key)) as u64;
        let Some(last) = pages.checked_sub(1) else { return Ok(0) };
        let entries = section.per_page().min(section.entries - last * section.per_page()) as usize;
        let bytes = page.load(self, files, section.first_page + last)?;
        let key = |at: usize| first + u64::from(Get { bytes, at: at * section.entry_len }.u32());
        Ok(last * section.per_page() + partition(entries, |at| before(key(at))) as u64)
    }

    fn sparse_entry(&self, files: &Files, page: &mut Page, nth: u64) -> Result<SparseEntry, Unusable> {
        let mut get = page.entry(self, files, &self.layout.sparse_index, nth)?;
        let (position, offset, commits_end, batch, number) = (get.u32(), get.u32(), get.u32(), get.u32(), get.u32());
        Ok(SparseEntry {
            position: Position(self.summary.first.0 + u64::from(position)),
            location: Location { segment: self.summary.number, offset },
            commits_end,
            batch: BatchStart { number: self.summary.first_batch + u64::from(number), offset: batch },
        })
    }
}

/// How many of `entries` in a row, from the first on, `before` holds for.
fn partition(entries: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = low + (high - low) / 2;
        match before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

/// The page read last.
#[derive(Default)]
struct Page {
    number: u64,
    bytes: Vec<u8>,
}

impl Page {
    /// Reads page `number` and checks its CRC.
    fn load(&mut self, sidecar: &Sidecar, files: &Files, number: u64) -> Result<&[u8], Unusable> {
        debug_assert_ne!(number, 0, "the header's page has no entries");
        if self.number != number {
            self.number = 0;
            self.bytes.clear();
            files.sidecar_page(sidecar.summary.number, number, &mut self.bytes)?;
            let Some((content, crc)) =
                self.bytes.split_last_chunk::<4>().filter(|_| self.bytes.len() == SIDECAR_PAGE_LEN)
            else {
                return Err("it is cut short".into());
            };
            if page_crc(sidecar.identity.segment_id, number, content) != u32::from_le_bytes(*crc) {
                return Err("the checksum of a page does not hold".into());
            }
            self.number = number;
        }
        Ok(&self.bytes)
    }

    fn entry(&mut self, sidecar: &Sidecar, files: &Files, section: &Section, nth: u64) -> Result<Get<'_>, Unusable> {
        if section.entries <= nth {
            return Err("it points behind its own end".into());
        }
        let bytes = self.load(sidecar, files, section.first_page + nth / section.per_page())?;
        Ok(Get { bytes, at: (nth % section.per_page()) as usize * section.entry_len })
    }
}
