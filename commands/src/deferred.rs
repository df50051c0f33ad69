//! Work that waits for a load, in one queue per aggregate: whatever comes to an aggregate that is being loaded waits behind
//! it, so that commands of one aggregate keep their order. Other aggregates go on.

use crate::dedup::IndexLookup;
use crate::envelope::AggregateId;
use crate::message::Work;
use domain::store::Entity;
use std::collections::{HashMap, VecDeque};

/// Work with what was looked up for it so far.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub work: Work,
    /// What the log's index said about the command's id.
    pub looked_up: Option<IndexLookup>,
    /// What the command names that was looked for and is nowhere.
    pub absent: Vec<Entity>,
    /// It is next in the queue of its aggregate, so it waits behind nothing.
    pub is_next: bool,
}

impl From<Work> for Waiting {
    fn from(work: Work) -> Waiting {
        Waiting { work, looked_up: None, absent: vec![], is_next: false }
    }
}

/// The aggregates for which something is being loaded, each with the work that waits for it.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    queues: HashMap<AggregateId, VecDeque<Waiting>, foldhash::fast::RandomState>,
    count: usize,
    internal_count: usize,
}

impl Deferred {
    /// Nothing is being loaded.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// How much work waits.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How much of it is internal commands.
    pub(crate) fn internal_count(&self) -> usize {
        self.internal_count
    }

    pub(crate) fn is_loading(&self, aggregate: &AggregateId) -> bool {
        self.queues.contains_key(aggregate)
    }

    /// Work that has its turn goes back to where it was, other work to the end.
    pub(crate) fn push(&mut self, aggregate: AggregateId, waiting: Waiting) {
        self.count += 1;
        self.internal_count += usize::from(waiting.work.is_internal());
        let queue = self.queues.entry(aggregate).or_default();
        match waiting.is_next {
            true => queue.push_front(waiting),
            false => queue.push_back(waiting),
        }
    }

    /// The work that something was loaded for.
    pub(crate) fn next_mut(&mut self, aggregate: &AggregateId) -> Option<&mut Waiting> {
        self.queues.get_mut(aggregate)?.front_mut()
    }

    /// Takes the next work of an aggregate; what comes meanwhile still waits behind.
    pub(crate) fn take_next(&mut self, aggregate: &AggregateId) -> Option<Waiting> {
        let mut waiting = self.queues.get_mut(aggregate)?.pop_front()?;
        self.count -= 1;
        self.internal_count -= usize::from(waiting.work.is_internal());
        waiting.is_next = true;
        Some(waiting)
    }

    /// Lets later work wait for something no work waits for yet.
    pub(crate) fn begin(&mut self, aggregate: AggregateId) {
        self.queues.entry(aggregate).or_default();
    }

    /// Nothing is being loaded for an aggregate any more.
    pub(crate) fn end(&mut self, aggregate: &AggregateId) {
        let left = self.queues.remove(aggregate);
        assert!(left.is_none_or(|left| left.is_empty()), "work was left waiting for a load that is over");
    }

    /// Takes all work out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Work> + use<> {
        (self.count, self.internal_count) = (0, 0);
        std::mem::take(&mut self.queues).into_values().flatten().map(|waiting| waiting.work)
    }
}
