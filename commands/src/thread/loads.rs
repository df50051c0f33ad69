//! Work that waits for something to be loaded, and what is loaded although no work asks for it.

use super::EngineThread;
use crate::committer::Health;
use crate::deferred::Waiting;
use crate::envelope::AggregateId;
use crate::error::CommandError;
use crate::fetch::{Fetched, Loaded, Missing};
use crate::stats::Stats;

impl EngineThread {
    /// Lets work wait behind the load of its aggregate, or for one that is begun now; returns `false`. Work beyond
    /// the bound is rejected, but for internal commands and those whose turn it was already.
    pub(super) fn defer(&mut self, waiting: Waiting, missing: Option<Missing>) -> bool {
        let is_bounded = !waiting.is_next && !waiting.work.is_internal();
        if is_bounded && self.deferred_max <= self.deferred.count() {
            Stats::count(&self.stats.overloaded, 1);
            waiting.work.reject(CommandError::Overloaded);
            return false;
        }
        let aggregate = waiting.work.aggregate();
        self.deferred.push(aggregate, waiting);
        let clients = self.deferred.count() - self.deferred.internal_count();
        debug_assert!(clients <= self.deferred_max, "{clients} commands of clients are deferred");
        if let Some(missing) = missing {
            Stats::count(&self.stats.fetches, 1);
            self.fetcher.fetch(aggregate, missing);
        }
        false
    }

    /// Resumes the work that waited for what was loaded meanwhile.
    pub(super) fn resume_fetched(&mut self) {
        while !self.deferred.is_empty()
            && let Some(fetched) = self.fetcher.ready()
        {
            self.resume(fetched);
        }
    }

    /// Blocks until something is loaded, and resumes the work that waited for it.
    pub(super) fn await_fetched(&mut self) {
        let fetched = self.fetcher.wait();
        self.resume(fetched);
    }

    fn resume(&mut self, Fetched { aggregate, outcome }: Fetched) {
        match outcome {
            Ok(loaded) => self.admit(aggregate, loaded),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what a command needs does not load");
                self.state.skip_cold(aggregate);
                if let Some(next) = self.deferred.take_next(&aggregate) {
                    next.work.reject(CommandError::Unknown);
                }
            }
        }
        while let Some(next) = self.deferred.take_next(&aggregate) {
            if !self.process(next) {
                // It is next in the queue again, and something else is being loaded for it.
                return;
            }
        }
        self.deferred.end(&aggregate);
    }

    /// Takes in what was loaded.
    fn admit(&mut self, aggregate: AggregateId, loaded: Loaded) {
        let AggregateId { tenant, store } = aggregate;
        match (loaded, store) {
            (Loaded::Command(looked_up), _) => {
                let next = self.deferred.next_mut(&aggregate).expect("a command waits for its lookup");
                next.looked_up = Some(looked_up);
            }
            (Loaded::Tenant(loaded), _) => self.state.admit_tenant(tenant, *loaded),
            (Loaded::Store(resident), Some(store)) => self.state.admit_store(tenant, store, resident),
            (Loaded::Entities { wanted, folded }, Some(store)) => {
                self.state.admit_orders(tenant, store, *folded);
                let next = self.deferred.next_mut(&aggregate).expect("a command waits for what it names");
                next.absent = wanted;
            }
            (Loaded::Store(_) | Loaded::Entities { .. }, None) => {
                unreachable!("only a store's aggregate asks for them")
            }
        }
    }

    /// Begins to load a cold store where nothing else is being loaded.
    pub(super) fn warm_up(&mut self) {
        if self.deferred.is_empty()
            && let Some((aggregate, missing)) = self.state.next_cold(&self.reader)
        {
            self.deferred.begin(aggregate);
            self.fetcher.fetch(aggregate, missing);
        }
    }

    /// At the end: decides what waits, as long as the log takes it.
    pub(super) fn finish_deferred(&mut self) {
        while !self.deferred.is_empty() && self.committer.health() != Health::Failed {
            self.await_fetched();
            self.committer.flush();
        }
        self.deferred.drain().for_each(|work| work.reject(CommandError::Stopped));
    }
}
