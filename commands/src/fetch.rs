//! The fetch thread: reads from the disk what a decision needs and memory does not hold. The engine thread never does.

use crate::ids::LookedUp;
use crate::load::{self, LoadError, StoreLoader};
use crate::place::Place;
use crate::snapshot::Snapshot;
use crate::work::Line;
use domain::calendar::Timestamp;
use domain::ids::{CommandId, StoreId};
use domain::store::{Entity, Settings, Store};
use domain::tenant::Tenant;
use eventlog::{LogReader, Position};
use schemas::stored::StoreNote;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

/// Something to read for a line.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub line: Line,
    pub want: Want,
}

/// What is to be read.
#[derive(Debug)]
pub(crate) enum Want {
    /// Whether a command was accepted.
    Command {
        /// Its id.
        command: CommandId,
        /// It was not before this, in microseconds since the epoch.
        not_before: i64,
    },
    /// A tenant.
    Tenant,
    /// A store: its row and the commits behind it.
    Store {
        /// What memory keeps of it.
        note: Box<StoreNote>,
        /// When it is used.
        now: Timestamp,
    },
    /// Archived orders of a store, and what belongs to them.
    Entities {
        /// The store's.
        settings: Box<Settings>,
        /// Which.
        entities: Vec<Entity>,
    },
}

/// What was read for a line.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub line: Line,
    pub found: Result<Found, FetchError>,
}

/// What was read.
#[derive(Debug)]
pub(crate) enum Found {
    Command(LookedUp),
    Tenant(Box<Tenant>),
    Store(Box<Place>),
    Entities {
        /// Which were asked for; what was never there is not among those that were read.
        asked: Vec<Entity>,
        folded: Box<Store>,
    },
}

/// Why nothing was read: the commands that wait for it have no outcome until it can be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the fetch thread panicked")]
    Panicked,
}

/// The engine thread's end of the fetch thread.
#[derive(Debug)]
pub(crate) struct Fetcher {
    wants: mpsc::Sender<Fetch>,
    fetched: mpsc::Receiver<Fetched>,
}

impl Fetcher {
    /// Both ends.
    pub(crate) fn new(reader: LogReader, snapshot: Option<Arc<Snapshot>>) -> (Fetcher, FetchThread) {
        let (wants, wanted) = mpsc::channel();
        let (found, fetched) = mpsc::channel();
        (Fetcher { wants, fetched }, FetchThread { wanted, found, reader, snapshot })
    }

    /// Lets something be read.
    pub(crate) fn ask(&self, fetch: Fetch) {
        self.wants.send(fetch).expect("the fetch thread ends after the engine thread");
    }

    /// What was read meanwhile.
    pub(crate) fn ready(&self) -> Option<Fetched> {
        self.fetched.try_recv().ok()
    }

    /// Waits for what is being read.
    pub(crate) fn await_next(&self) -> Fetched {
        self.fetched.recv().expect("the fetch thread ends after the engine thread")
    }
}

/// The fetch thread's end.
#[derive(Debug)]
pub(crate) struct FetchThread {
    wanted: mpsc::Receiver<Fetch>,
    found: mpsc::Sender<Fetched>,
    reader: LogReader,
    snapshot: Option<Arc<Snapshot>>,
}

impl FetchThread {
    /// Reads until the engine thread has gone; `wake` lets it look at what was read.
    pub(crate) fn run(&self, wake: impl Fn()) {
        while let Ok(Fetch { line, want }) = self.wanted.recv() {
            let found = catch_unwind(AssertUnwindSafe(|| self.read(&line, want))).unwrap_or(Err(FetchError::Panicked));
            if self.found.send(Fetched { line, found }).is_err() {
                return;
            }
            wake();
        }
    }

    fn read(&self, (tenant, store): &Line, want: Want) -> Result<Found, FetchError> {
        let loader = |store: &Option<StoreId>| StoreLoader {
            reader: &self.reader,
            tenant: *tenant,
            store: store.expect("a store's line names it"),
        };
        match want {
            Want::Command { command, not_before } => {
                // Taken first: what is durable by now is seen.
                let as_of = self.reader.durable();
                let found = self.reader.find_command(tenant.as_str(), command.0, not_before);
                Ok(Found::Command(LookedUp { as_of, first: found.map_err(LoadError::Read)? }))
            }
            Want::Tenant => Ok(Found::Tenant(Box::new(load::tenant(&self.reader, *tenant)?))),
            Want::Store { note, now } => {
                let place = loader(store).place(&note, self.snapshot.as_deref(), now)?;
                Ok(Found::Store(Box::new(place)))
            }
            Want::Entities { settings, entities } => {
                // Nothing of them is on its way to the disk: that would have kept them in memory.
                let folded = loader(store).entities(&settings, &entities, Position(u64::MAX))?;
                Ok(Found::Entities { asked: entities, folded: Box::new(folded) })
            }
        }
    }
}
