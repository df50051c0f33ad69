//! Recovery at start: the state is taken from the snapshot and the log behind it, or folded from the whole log.

use crate::error::{LoadError, StartError};
use crate::options::Options;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::state::recover::DecodedBatch;
use eventlog::{LogReader, Position};
use schemas::stored::Decoder;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How many events are decoded together: enough that handing them over costs nothing, and little enough for the cache.
const PORTION_EVENTS: u32 = 512;
/// How many portions may wait for being folded.
const PORTIONS_MAX: usize = 4;

/// The state the engine starts with, and the file it keeps snapshots in.
pub(crate) fn recover(reader: &LogReader, options: &Options) -> Result<(State, Option<Arc<Snapshot>>), StartError> {
    let started = Instant::now();
    let (snapshot, contents) = match &options.snapshot {
        None => (None, None),
        Some(path) => {
            let genesis = reader.read(Position(0), 1)?;
            let log = genesis.first().expect("a log starts with its genesis record").id().0;
            let (snapshot, contents) = Snapshot::open(path, log, reader).map_err(LoadError::from)?;
            (Some(Arc::new(snapshot)), contents)
        }
    };
    let mut state = State::new(options);
    let restored = contents.map(|contents| state.restore(contents));
    // A commit without events that stands at the checkpoint may belong to the batch before it.
    let from = restored.map_or(Position(0), |checkpoint| Position(checkpoint.0.saturating_sub(1)));
    let events = match restored {
        None => replay(&mut state, reader)?,
        Some(_) => index_tail(&mut state, reader, from)?,
    };
    state.index_needed = reader.durable_batches();
    reader.want_index();
    state.queue_all_adoptions();
    let spent_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (ids, stores, deadlines) = (state.ids_count(), state.stores_count(), state.deadlines_count());
    tracing::info!(from = from.0, events, ids, stores, deadlines, spent_ms, "log folded");
    Ok((state, snapshot))
}

/// Folds the whole log, decoded by a thread of its own that stays a little ahead: nothing else is done at the start, and
/// decoding is half of it.
fn replay(state: &mut State, reader: &LogReader) -> Result<u64, StartError> {
    let (decoded, ready) = mpsc::sync_channel(PORTIONS_MAX);
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
                state.replay(decoded, reader)?;
                state.trim_dedup(next);
                state.archive_all();
            }
        }
        state.schedule_all();
        Ok(events)
    })
}

/// What is decoded together, so that it is worth handing over.
type Portion = Result<Vec<DecodedBatch>, LoadError>;

/// Decodes the whole log in portions, until there is no more of it or nobody takes them.
fn decode_ahead(reader: &LogReader, portions: &mpsc::SyncSender<Portion>) {
    let mut decoder = Decoder::new();
    let mut tail = reader.tail(Position(0));
    let (mut portion, mut events) = (vec![], 0);
    let failed = loop {
        // Commits without events may stand at the head itself, so the end is where the tail has nothing more.
        let decoded = match tail.next(Duration::ZERO) {
            Ok(Some(batch)) => DecodedBatch::new(batch, &mut decoder).map_err(LoadError::Fold),
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

/// Notes which stores the log changes behind the checkpoint, without folding it.
fn index_tail(state: &mut State, reader: &LogReader, from: Position) -> Result<u64, StartError> {
    let mut events = 0;
    let mut decoder = Decoder::new();
    let mut tail = reader.tail(from);
    while let Some(batch) = tail.next(Duration::ZERO)? {
        events += u64::from(batch.events());
        state.index_batch(&batch, &mut decoder)?;
        state.trim_dedup(batch.next_position());
        state.archive_all();
    }
    Ok(events)
}
