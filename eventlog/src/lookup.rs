//! Finding things by name or id: the events of a stream, a command's commit, a batch.
//!
//! The index answers candidates by hash, segment by segment; everything found is compared with the log itself.

use crate::format::BATCH_HEADER_LEN;
use crate::index::segment::SegmentIndex;
use crate::index::{Run, Sealed, Waypoint};
use crate::shared::Shared;
use crate::{BatchId, BatchPlace, Direction, OwnedEvent, Position, ReadError, Revision, StoredCommit};
use std::ops::Range;
use std::sync::Arc;

/// A segment that may have events of the stream.
enum Candidate {
    Sealed(Arc<Sealed>),
    /// The segment that was written when the question was asked. It may have been sealed since, and may have more by now.
    Tail(u32, Run),
}

/// Reads one stream.
pub(crate) struct StreamRead<'a> {
    shared: &'a Shared,
    stream: &'a str,
    hash: u64,
    /// Oldest first.
    candidates: Vec<Candidate>,
}

impl<'a> StreamRead<'a> {
    pub fn new(shared: &'a Shared, stream: &'a str) -> Result<StreamRead<'a>, ReadError> {
        let (hash, sealed, tail) = {
            let index = shared.index()?;
            let hash = index.keys().stream(stream);
            let tail = index.tail().run(hash).map(|run| Candidate::Tail(index.tail().summary.number, run));
            (hash, index.sealed(), tail)
        };
        let sealed = sealed.iter().filter(|sealed| sealed.may_have_stream(hash)).cloned().map(Candidate::Sealed);
        Ok(StreamRead { shared, stream, hash, candidates: sealed.chain(tail).collect() })
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
            None => self.everything(from, direction, limit),
        }
    }

    /// Leaves only the segments that have events of this hash, as far as it looks at them: the first of the answered numbers of
    /// them begin at `from` or before, those behind later.
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
            // Another name's run may begin behind `from`.
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
    fn everything(&self, from: Revision, direction: Direction, limit: usize) -> Result<Vec<OwnedEvent>, ReadError> {
        let mut events = Vec::new();
        for nth in 0..self.candidates.len() {
            let nth = match direction {
                Direction::Forward => nth,
                Direction::Backward => self.candidates.len() - 1 - nth,
            };
            let Some(run) = self.run(nth)? else { continue };
            let mut places = self.places(nth, &run, 0..run.count)?;
            if direction == Direction::Backward {
                places.reverse();
            }
            for (position, waypoint) in places {
                if events.len() == limit {
                    return Ok(events);
                }
                let wanted = |event: &OwnedEvent| match direction {
                    Direction::Forward => from <= event.revision,
                    Direction::Backward => event.revision <= from,
                };
                events.extend(self.event(position, waypoint)?.filter(wanted));
            }
        }
        Ok(events)
    }

    fn run(&self, nth: usize) -> Result<Option<Run>, ReadError> {
        match &self.candidates[nth] {
            Candidate::Sealed(sealed) => {
                self.shared.ask(sealed, |sealed| sealed.run(self.shared.files_if_any(), self.hash))
            }
            Candidate::Tail(_, run) => Ok(Some(*run)),
        }
    }

    fn places(&self, nth: usize, run: &Run, wanted: Range<u64>) -> Result<Vec<(Position, Waypoint)>, ReadError> {
        let (shared, hash) = (self.shared, self.hash);
        let ask = |sealed: &Arc<Sealed>| {
            shared.ask(sealed, |sealed| {
                // The run of a segment that was sealed, or indexed anew, since it was asked for says where its positions are now.
                let run = sealed.run(shared.files_if_any(), hash)?.unwrap_or(*run);
                sealed.places(shared.files_if_any(), hash, &run, wanted.clone())
            })
        };
        match &self.candidates[nth] {
            Candidate::Sealed(sealed) => {
                let places = |sealed: &Sealed| sealed.places(shared.files_if_any(), hash, run, wanted.clone());
                shared.ask(sealed, places)
            }
            Candidate::Tail(number, _) => {
                match shared.with_tail(*number, |tail: &SegmentIndex| tail.places(hash, wanted.clone())) {
                    Some(places) => Ok(places),
                    None => ask(&shared.sealed()[*number as usize]),
                }
            }
        }
    }

    /// The events of a run, when they are the stream's and of the revisions they should be.
    fn events(&self, nth: usize, run: &Run, wanted: Range<u64>) -> Result<Option<Vec<OwnedEvent>>, ReadError> {
        let mut events = Vec::with_capacity((wanted.end - wanted.start) as usize);
        for (revision, (position, waypoint)) in
            (run.first_revision + wanted.start..).zip(self.places(nth, run, wanted)?)
        {
            match self.event(position, waypoint)? {
                Some(event) if event.revision.0 == revision => events.push(event),
                _ => return Ok(None),
            }
        }
        Ok(Some(events))
    }

    /// The event at `position`, if it is the stream's.
    fn event(&self, position: Position, waypoint: Waypoint) -> Result<Option<OwnedEvent>, ReadError> {
        match self.shared.recent_holding(position) {
            Some(batch) => {
                let commit = batch.commit_holding(position, waypoint);
                Ok(own(commit, self.stream, position))
            }
            None => self.shared.files().commit(waypoint, position, |commit| own(commit, self.stream, position)),
        }
    }
}

fn own(commit: StoredCommit<'_>, stream: &str, position: Position) -> Option<OwnedEvent> {
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
        let hash = index.keys().command(tenant, command_id);
        (hash, index.tail().commands(hash).to_vec(), index.sealed())
    };
    let mut sealed = sealed.iter().rev().filter(|sealed| sealed.may_have_command(hash, not_before));
    loop {
        for first in candidates.into_iter().rev() {
            if let Some(answer) = found(Position(first))? {
                return Ok(Some(answer));
            }
        }
        candidates = match sealed.next() {
            Some(sealed) => shared.ask(sealed, |sealed| sealed.commands(shared.files_if_any(), hash))?,
            None => return Ok(None),
        };
    }
}

/// The batch called `id`: newest first in memory, then by the index.
pub(crate) fn find_batch(shared: &Shared, id: BatchId) -> Result<Option<BatchPlace>, ReadError> {
    if let Some(batch) = shared.recent_batch(|batch| batch.id() == id) {
        return Ok(Some(batch.batch_place()));
    }
    let (hash, mut starts, mut segment, sealed) = {
        let index = shared.index()?;
        let hash = index.keys().batch(id);
        (hash, index.tail().batches(hash), index.tail().summary.number, index.sealed())
    };
    let mut sealed = sealed.iter().rev();
    loop {
        for start in starts {
            let mut cursor = start.cursor(segment);
            let batches = shared.fetch(&mut cursor, BATCH_HEADER_LEN)?;
            if let Some(batch) = batches.first().filter(|batch| batch.id() == id) {
                return Ok(Some(batch.batch_place()));
            }
        }
        let Some(next) = sealed.next() else { return Ok(None) };
        segment = next.summary.number;
        starts = shared.ask(next, |sealed| sealed.batches(shared.files_if_any(), hash))?;
    }
}
