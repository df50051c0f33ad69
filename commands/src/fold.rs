//! The start: the state is read from the snapshot and the log behind it, or folded from the whole log.

use crate::engine::{Options, StartError};
use crate::load::LoadError;
use crate::snapshot::Snapshot;
use crate::world::World;
use domain::ids::Text;
use eventlog::{LogReader, Position};
use schemas::stored::{self, Decoder};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why the log does not fold into a state.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event does not read.
    #[error(
        "the event at position {position} in {stream} does not read; it was written by a newer program or is damaged"
    )]
    Event {
        /// Where.
        position: Position,
        /// In which stream.
        stream: String,
        /// What is wrong.
        source: stored::DecodeError,
    },
    /// A stream is not one of ours.
    #[error("the stream {stream} at position {position} is not one this program writes")]
    Stream {
        /// Where.
        position: Position,
        /// Its name.
        stream: String,
    },
    /// A store's time zone is not known to this program's time zone database.
    #[error("the time zone {zone} of a store is not known; update the program")]
    Zone {
        /// Its name.
        zone: Text,
    },
}

impl From<LoadError> for StartError {
    fn from(error: LoadError) -> StartError {
        match error {
            LoadError::Read(error) => StartError::Read(error),
            LoadError::Fold(error) => StartError::Fold(error),
            LoadError::Snapshot(error) => StartError::Snapshot(error),
            LoadError::Missing { position } => unreachable!("the log lost what stood at {position} while it was read"),
        }
    }
}

/// The state the engine starts with, and the file it keeps snapshots in.
pub(crate) fn start(reader: &LogReader, options: &Options) -> Result<(World, Option<Arc<Snapshot>>), StartError> {
    let started = Instant::now();
    let (snapshot, contents) = match &options.snapshot {
        None => (None, None),
        Some(path) => {
            let genesis = reader.read(Position(0), 1)?;
            let log = genesis.first().expect("a log starts with its genesis record").id().0;
            match Snapshot::open(path, log, reader.durable()) {
                Ok((snapshot, contents)) => (Some(Arc::new(snapshot)), contents),
                // It is derived: a disk that is full now does not keep anybody from reading.
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "no snapshots are taken; every store stays in memory until the next start");
                    (None, None)
                }
            }
        }
    };
    let mut world = World::new(options);
    let restored = contents.map(|contents| world.restore(contents));
    // A commit without events that stands at the checkpoint may belong to the batch before it.
    let from = restored.map_or(Position(0), |checkpoint| Position(checkpoint.0.saturating_sub(1)));
    let mut events = 0;
    let mut decoder = Decoder::new();
    let mut tail = reader.tail(from);
    // Commits without events may stand at the head itself, so the end is where the tail has nothing more.
    while let Some(batch) = tail.next(Duration::ZERO)? {
        events += u64::from(batch.events());
        match restored {
            None => world.replay(&batch, reader, &mut decoder)?,
            Some(_) => world.remember(&batch, &mut decoder)?,
        }
        world.trim(batch.next_position());
        world.sweep_all();
    }
    world.owe_all_adoptions();
    let spent_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (ids, stores, deadlines) = (world.ids(), world.stores_count(), world.deadlines());
    tracing::info!(from = from.0, events, ids, stores, deadlines, spent_ms, "log folded");
    Ok((world, snapshot))
}
