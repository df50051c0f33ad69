//! The start: the state is read from the snapshot and the log behind it, or folded from the whole log.

use crate::engine::{Options, StartError};
use crate::load::LoadError;
use crate::snapshot::Snapshot;
use crate::world::{Decoded, World};
use domain::ids::Text;
use eventlog::{LogReader, Position};
use schemas::stored::{self, Decoder};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How many events are decoded together: enough that handing them over costs nothing, and little enough for the cache.
const PORTION_EVENTS: u32 = 512;
/// How many portions may wait for being folded.
const AHEAD: usize = 4;

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
    let events = match restored {
        None => replay(&mut world, reader)?,
        Some(_) => remember(&mut world, reader, from)?,
    };
    world.owe_all_adoptions();
    let spent_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (ids, stores, deadlines) = (world.ids(), world.stores_count(), world.deadlines());
    tracing::info!(from = from.0, events, ids, stores, deadlines, spent_ms, "log folded");
    Ok((world, snapshot))
}

/// Folds the whole log, decoded by a thread of its own that stays a little ahead: nothing else is done at the start, and
/// decoding is half of it.
fn replay(world: &mut World, reader: &LogReader) -> Result<u64, StartError> {
    let (decoded, ready) = mpsc::sync_channel(AHEAD);
    std::thread::scope(|scope| {
        let ahead = reader.clone();
        let decoding = move || decode_ahead(&ahead, &decoded);
        let decoding = thread::Builder::new().name("decode".to_owned()).spawn_scoped(scope, decoding);
        decoding.map_err(StartError::Thread)?;
        let mut events = 0;
        for portion in ready {
            for decoded in portion? {
                let next = decoded.next_position();
                events += u64::from(decoded.events());
                world.replay(decoded, reader)?;
                world.trim(next);
                world.sweep_all();
            }
        }
        world.schedule_all();
        Ok(events)
    })
}

/// What is decoded together, so that it is worth handing over.
type Portion = Result<Vec<Decoded>, LoadError>;

/// Decodes the whole log in portions, until there is no more of it or nobody takes them.
fn decode_ahead(reader: &LogReader, portions: &mpsc::SyncSender<Portion>) {
    let mut decoder = Decoder::new();
    let mut tail = reader.tail(Position(0));
    let (mut portion, mut events) = (vec![], 0);
    let failed = loop {
        // Commits without events may stand at the head itself, so the end is where the tail has nothing more.
        let decoded = match tail.next(Duration::ZERO) {
            Ok(Some(batch)) => Decoded::of(batch, &mut decoder).map_err(LoadError::Fold),
            Ok(None) => break None,
            Err(error) => Err(LoadError::Read(error)),
        };
        match decoded {
            Ok(decoded) => {
                events += decoded.events();
                portion.push(decoded);
            }
            Err(error) => break Some(error),
        }
        if PORTION_EVENTS <= events {
            events = 0;
            if portions.send(Ok(std::mem::take(&mut portion))).is_err() {
                return;
            }
        }
    };
    // Whoever folds may have failed meanwhile and take nothing more.
    let _ = portions.send(Ok(portion));
    if let Some(error) = failed {
        let _ = portions.send(Err(error));
    }
}

/// Notes what the log holds behind the snapshot.
fn remember(world: &mut World, reader: &LogReader, from: Position) -> Result<u64, StartError> {
    let mut events = 0;
    let mut decoder = Decoder::new();
    let mut tail = reader.tail(from);
    while let Some(batch) = tail.next(Duration::ZERO)? {
        events += u64::from(batch.events());
        world.remember(&batch, &mut decoder)?;
        world.trim(batch.next_position());
        world.sweep_all();
    }
    Ok(events)
}
