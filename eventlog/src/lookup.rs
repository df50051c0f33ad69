//! Finding things by name or id: the events of a stream, a command's commit, a batch.
//!
//! The index answers candidates by hash, segment by segment; everything found is compared with the log itself.

use crate::error::ReadError;
use crate::format::BATCH_HEADER_LEN;
use crate::index::SealedSegment;
use crate::index::segment::SegmentIndex;
use crate::location::{Run, SparseEntry};
use crate::shared::Shared;
use crate::stored::{OwnedEvent, StoredCommit};
use crate::types::{BatchId, BatchRange, Direction, Position, Revision};
use std::ops::Range;
use std::sync::Arc;

/// A segment that may have events of the stream.
enum Candidate {
    Sealed(Arc<SealedSegment>),
    /// The segment that was active when the query began. It may have been sealed since, and may have more by now.
    Active(u32, Run),
}

/// Reads one stream.
pub(crate) struct StreamRead<'a> {
    shared: &'a Shared,
    stream: &'a str,
    hash: u64,
    /// Oldest segment first.
    candidates: Vec<Candidate>,
}

impl<'a> StreamRead<'a> {
    pub fn new(shared: &'a Shared, stream: &'a str) -> Result<StreamRead<'a>, ReadError> {
        let (hash, sealed, active) = {
            let index = shared.index()?;
            let hash = index.hash_key().stream(stream);
            let active = index.active().run(hash).map(|run| Candidate::Active(index.active().summary.number, run));
            (hash, index.sealed(), active)
        };
        let sealed = sealed.iter().filter(|sealed| sealed.may_have_stream(hash)).cloned().map(Candidate::Sealed);
        Ok(StreamRead { shared, stream, hash, candidates: sealed.chain(active).collect() })
    }

    /// See [`LogReader::read_stream`](crate::LogReader::read_stream).
    pub fn read(mut self, from: Revision, direction: Direction, limit: usize) -> Result<Vec<OwnedEvent>, ReadError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (before, behind) = self.split(from)?;
        let regular = match direction {
            Direction::Forward => self.forward(before, behind, from, limit)?,
            Direction::Backward => self.backward(before, from, limit)?,
        };
        match regular {
            Some(events) => Ok(events),
            None => self.scan_all(from, direction, limit),
        }
    }

    /// Leaves only the segments that have events of this hash, as far as the binary search reads them. Answers how many of them
    /// begin at `from` or before, and how many there are.
    fn split(&mut self, from: Revision) -> Result<(usize, usize), ReadError> {
        let (mut low, mut high) = (0, self.candidates.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.run(middle)? {
                // The filter was wrong.
                None => {
                    self.candidates.remove(middle);
                    high -= 1;
                }
                Some(run) if run.first_revision <= from.0 => low = middle + 1,
                Some(_) => high = middle,
            }
        }
        Ok((low, self.candidates.len()))
    }

    /// Events from `from` on, when revisions follow without a gap and all that is read says so; `None` when not.
    fn forward(
        &self,
        before: usize,
        behind: usize,
        from: Revision,
        limit: usize,
    ) -> Result<Option<Vec<OwnedEvent>>, ReadError> {
        let (mut events, mut expected) = (Vec::new(), None);
        for nth in before.saturating_sub(1)..behind {
            let Some(run) = self.run(nth)? else { continue };
            if run.irregular || expected.is_some_and(|expected| expected != run.first_revision) {
                return Ok(None);
            }
            expected = Some(run.end());
            let skip = from.0.saturating_sub(run.first_revision);
            // Where all of them lie before `from`, the last one shows that they are the stream's.
            let wanted = match skip < run.count {
                true => skip..run.count.min(skip.saturating_add((limit - events.len()) as u64)),
                false => run.count.saturating_sub(1)..run.count,
            };
            let Some(read) = self.events(nth, &run, wanted)? else { return Ok(None) };
            events.extend(read.into_iter().filter(|event| from <= event.revision));
            if events.len() == limit {
                break;
            }
        }
        Ok(Some(events))
    }

    /// As [`StreamRead::forward`], from `from` down.
    fn backward(&self, before: usize, from: Revision, limit: usize) -> Result<Option<Vec<OwnedEvent>>, ReadError> {
        let (mut events, mut expected) = (Vec::new(), None);
        for nth in (0..before).rev() {
            let Some(run) = self.run(nth)? else { continue };
            if run.irregular || expected.is_some_and(|expected| expected != run.end()) {
                return Ok(None);
            }
            expected = Some(run.first_revision);
            // Another name's run may begin after `from`.
            let Some(up_to) = from.0.checked_sub(run.first_revision) else { return Ok(None) };
            let end = run.count.min(up_to.saturating_add(1));
            let wanted = end.saturating_sub((limit - events.len()) as u64)..end;
            let Some(read) = self.events(nth, &run, wanted)? else { return Ok(None) };
            events.extend(read.into_iter().rev());
            if events.len() == limit {
                break;
            }
        }
        Ok(Some(events))
    }

    /// Looks at every event under the stream's hash, for revisions with gaps and names that share a hash.
    fn scan_all(&self, from: Revision, direction: Direction, limit: usize) -> Result<Vec<OwnedEvent>, ReadError> {
        let mut events = Vec::new();
        for nth in 0..self.candidates.len() {
            let nth = match direction {
                Direction::Forward => nth,
                Direction::Backward => self.candidates.len() - 1 - nth,
            };
            let Some(run) = self.run(nth)? else { continue };
            let mut postings = self.postings(nth, &run, 0..run.count)?;
            if direction == Direction::Backward {
                postings.reverse();
            }
            for (position, sparse) in postings {
                if events.len() == limit {
                    return Ok(events);
                }
                let wanted = |event: &OwnedEvent| match direction {
                    Direction::Forward => from <= event.revision,
                    Direction::Backward => event.revision <= from,
                };
                events.extend(self.event(position, sparse)?.filter(wanted));
            }
        }
        Ok(events)
    }

    fn run(&self, nth: usize) -> Result<Option<Run>, ReadError> {
        match &self.candidates[nth] {
            Candidate::Sealed(sealed) => {
                self.shared.query(sealed, |sealed| sealed.run(self.shared.files_if_any(), self.hash))
            }
            Candidate::Active(_, run) => Ok(Some(*run)),
        }
    }

    fn postings(&self, nth: usize, run: &Run, wanted: Range<u64>) -> Result<Vec<(Position, SparseEntry)>, ReadError> {
        let (shared, hash) = (self.shared, self.hash);
        let query = |sealed: &Arc<SealedSegment>| {
            shared.query(sealed, |sealed| {
                // The segment was sealed, or its index rebuilt, since the run was read: read the run of its index of now.
                let run = sealed.run(shared.files_if_any(), hash)?.unwrap_or(*run);
                sealed.postings(shared.files_if_any(), hash, &run, wanted.clone())
            })
        };
        match &self.candidates[nth] {
            Candidate::Sealed(sealed) => {
                let postings =
                    |sealed: &SealedSegment| sealed.postings(shared.files_if_any(), hash, run, wanted.clone());
                shared.query(sealed, postings)
            }
            Candidate::Active(number, _) => {
                match shared.with_active(*number, |active: &SegmentIndex| active.postings(hash, wanted.clone())) {
                    Some(postings) => Ok(postings),
                    None => query(&shared.sealed()[*number as usize]),
                }
            }
        }
    }

    /// The events of a run, when they are the stream's and of the revisions they should be.
    fn events(&self, nth: usize, run: &Run, wanted: Range<u64>) -> Result<Option<Vec<OwnedEvent>>, ReadError> {
        debug_assert!(wanted.start <= wanted.end && wanted.end <= run.count, "a run is read within its bounds");
        let mut events = Vec::with_capacity((wanted.end - wanted.start) as usize);
        for (revision, (position, sparse)) in
            (run.first_revision + wanted.start..).zip(self.postings(nth, run, wanted)?)
        {
            match self.event(position, sparse)? {
                Some(event) if event.revision.0 == revision => events.push(event),
                _ => return Ok(None),
            }
        }
        Ok(Some(events))
    }

    /// The event at `position`, if it is the stream's.
    fn event(&self, position: Position, sparse: SparseEntry) -> Result<Option<OwnedEvent>, ReadError> {
        match self.shared.recent_holding(position) {
            Some(batch) => {
                let commit = batch.commit_holding(position, sparse);
                Ok(owned_event(commit, self.stream, position))
            }
            None => self.shared.files().commit(sparse, position, |commit| owned_event(commit, self.stream, position)),
        }
    }
}

fn owned_event(commit: StoredCommit<'_>, stream: &str, position: Position) -> Option<OwnedEvent> {
    let event = commit.events().find(|event| event.position == position)?;
    (event.stream == stream).then(|| OwnedEvent {
        position,
        revision: event.revision,
        body: event.body.into(),
        commit_first: commit.first,
        tenant: commit.tenant.into(),
        command_id: commit.command_id,
        recorded_at: commit.recorded_at,
        meta: commit.meta.into(),
    })
}

/// The first positions of the commits that may be a command's, newest first, handed to `found` until it answers something.
pub(crate) fn find_command<T>(
    shared: &Shared,
    tenant: &str,
    command_id: u128,
    not_before: i64,
    mut found: impl FnMut(Position) -> Result<Option<T>, ReadError>,
) -> Result<Option<T>, ReadError> {
    let (hash, mut candidates, sealed) = {
        let index = shared.index()?;
        let hash = index.hash_key().command(tenant, command_id);
        (hash, index.active().commands(hash).to_vec(), index.sealed())
    };
    let mut sealed = sealed.iter().rev().filter(|sealed| sealed.may_have_command(hash, not_before));
    loop {
        for first in candidates.into_iter().rev() {
            if let Some(answer) = found(Position(first))? {
                return Ok(Some(answer));
            }
        }
        candidates = match sealed.next() {
            Some(sealed) => shared.query(sealed, |sealed| sealed.commands(shared.files_if_any(), hash))?,
            None => return Ok(None),
        };
    }
}

/// The batch called `id`: newest first in memory, then by the index.
pub(crate) fn find_batch(shared: &Shared, id: BatchId) -> Result<Option<BatchRange>, ReadError> {
    if let Some(batch) = shared.recent_batch(|batch| batch.id() == id) {
        return Ok(Some(batch.range()));
    }
    let (hash, mut starts, mut segment, sealed) = {
        let index = shared.index()?;
        let hash = index.hash_key().batch(id);
        (hash, index.active().batches(hash), index.active().summary.number, index.sealed())
    };
    let mut sealed = sealed.iter().rev();
    loop {
        for start in starts {
            let mut cursor = start.cursor(segment);
            let batches = shared.fetch(&mut cursor, BATCH_HEADER_LEN)?;
            if let Some(batch) = batches.first().filter(|batch| batch.id() == id) {
                return Ok(Some(batch.range()));
            }
        }
        let Some(next) = sealed.next() else { return Ok(None) };
        segment = next.summary.number;
        starts = shared.query(next, |sealed| sealed.batches(shared.files_if_any(), hash))?;
    }
}
