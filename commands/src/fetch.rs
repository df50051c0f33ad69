//! The fetch thread: loads from the disk what a decision needs and memory does not hold. The engine thread never reads.

use crate::dedup::IndexLookup;
use crate::envelope::AggregateId;
use crate::error::LoadError;
use crate::load::{StoreLoader, load_tenant};
use crate::resident::{ClosedOrders, ResidentStore};
use crate::snapshot::Snapshot;
use domain::calendar::Timestamp;
use domain::ids::{CommandId, StoreId};
use domain::store::{Entity, Settings, Store};
use domain::tenant::Tenant;
use eventlog::{LogReader, Position};
use schemas::stored::StoreSummary;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

/// What a decision needs and memory does not hold.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Whether a command was accepted.
    Command {
        command: CommandId,
        /// If it was, then at this time or later, in microseconds since the epoch.
        not_before: i64,
    },
    Tenant,
    /// An evicted store.
    Store {
        note: Box<StoreSummary>,
        now: Timestamp,
    },
    /// Archived orders of a resident store, and what belongs to them.
    Entities {
        settings: Box<Settings>,
        entities: Vec<Entity>,
    },
}

/// What was loaded.
#[derive(Debug)]
pub(crate) enum Loaded {
    Command(IndexLookup),
    Tenant(Box<Tenant>),
    Store(Box<ResidentStore>),
    Entities {
        /// Which were looked for; what never was is not among those that were loaded.
        wanted: Vec<Entity>,
        folded: Box<Store>,
    },
}

/// Why nothing was loaded: the commands that wait for it have no outcome until it can be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the fetch thread panicked")]
    Panicked,
}

/// The outcome of a load.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub aggregate: AggregateId,
    pub outcome: Result<Loaded, FetchError>,
}

/// The engine thread's end of the fetch thread.
#[derive(Debug)]
pub(crate) struct Fetcher {
    wanted: mpsc::Sender<(AggregateId, Missing)>,
    fetched: mpsc::Receiver<Fetched>,
}

impl Fetcher {
    pub(crate) fn new(
        reader: LogReader,
        snapshot: Option<Arc<Snapshot>>,
        closed_orders: ClosedOrders,
    ) -> (Fetcher, FetchThread) {
        let (to, wanted) = mpsc::channel();
        let (done, fetched) = mpsc::channel();
        (Fetcher { wanted: to, fetched }, FetchThread { wanted, done, reader, snapshot, closed_orders })
    }

    pub(crate) fn fetch(&self, aggregate: AggregateId, missing: Missing) {
        self.wanted.send((aggregate, missing)).expect("the fetch thread ends after the engine thread");
    }

    pub(crate) fn ready(&self) -> Option<Fetched> {
        self.fetched.try_recv().ok()
    }

    /// Blocks until something is loaded.
    pub(crate) fn wait(&self) -> Fetched {
        self.fetched.recv().expect("the fetch thread ends after the engine thread")
    }
}

#[derive(Debug)]
pub(crate) struct FetchThread {
    wanted: mpsc::Receiver<(AggregateId, Missing)>,
    done: mpsc::Sender<Fetched>,
    reader: LogReader,
    snapshot: Option<Arc<Snapshot>>,
    /// How many closed orders a store that is loaded may bring along.
    closed_orders: ClosedOrders,
}

impl FetchThread {
    /// Loads until the engine thread has gone; `wake` lets it look at what was loaded.
    pub(crate) fn run(&self, wake: impl Fn()) {
        while let Ok((aggregate, missing)) = self.wanted.recv() {
            let outcome = catch_unwind(AssertUnwindSafe(|| self.load(aggregate, missing)));
            let outcome = outcome.unwrap_or(Err(FetchError::Panicked));
            if self.done.send(Fetched { aggregate, outcome }).is_err() {
                return;
            }
            wake();
        }
    }

    fn load(&self, AggregateId { tenant, store }: AggregateId, missing: Missing) -> Result<Loaded, FetchError> {
        let loader = |store: Option<StoreId>| StoreLoader {
            reader: &self.reader,
            tenant,
            store: store.expect("a store's aggregate names it"),
        };
        match missing {
            Missing::Command { command, not_before } => {
                // Taken first: what is durable by now is seen.
                let as_of = self.reader.durable();
                let found = self.reader.find_command(tenant.as_str(), command.0, not_before);
                Ok(Loaded::Command(IndexLookup { as_of, first: found.map_err(LoadError::Read)? }))
            }
            Missing::Tenant => Ok(Loaded::Tenant(Box::new(load_tenant(&self.reader, tenant)?))),
            Missing::Store { note, now } => {
                let (snapshot, closed) = (self.snapshot.as_deref(), self.closed_orders);
                Ok(Loaded::Store(Box::new(loader(store).load_store(&note, snapshot, closed, now)?)))
            }
            Missing::Entities { settings, entities } => {
                // Nothing of them is on its way to the disk: that would have kept them in memory.
                let folded = loader(store).load_entities(&settings, &entities, Position(u64::MAX))?;
                Ok(Loaded::Entities { wanted: entities, folded: Box::new(folded) })
            }
        }
    }
}
