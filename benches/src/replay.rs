//! Reading a log of orders from its beginning: read and checked, decoded, and folded as the engine does at its start.

use crate::engine::{self, Running};
use crate::fixture;
use crate::plan::{BenchError, Size};
use crate::report::Measure;
use commands::Engine;
use eventlog::{LogReader, Options, Position, open_embedded};
use schemas::stored::{self, Decoder};
use std::path::Path;
use std::time::{Duration, Instant};

/// Measures the three on one log.
///
/// # Errors
/// The log's and the engine's.
pub fn measure(size: Size, dir: &Path) -> Result<Vec<Measure>, BenchError> {
    let running = Running::start(dir)?;
    running.submit(fixture::opening_envelopes(), 64)?;
    running.submit(fixture::order_envelopes(size.pick(64, 200_000)), 1024)?;
    running.stop()?.close()?;
    let (mut opened, mut read, mut decoded, mut folded) = (vec![], vec![], vec![], vec![]);
    let (mut events, mut bytes) = (0, 0);
    for _ in 0..size.runs() {
        let start = Instant::now();
        let (log, reader, recovered) = open_embedded(&dir.join("log"), Options::STANDARD)?;
        let elapsed = start.elapsed();
        events = recovered.events;
        let rate = |elapsed: Duration| events as f64 / elapsed.as_secs_f64();
        opened.push((rate(elapsed), events));
        let start = Instant::now();
        let sum = read_all(&reader, &mut bytes)?;
        read.push((rate(start.elapsed()), sum));
        let start = Instant::now();
        let sum = decode_all(&reader)?;
        decoded.push((rate(start.elapsed()), sum));
        let start = Instant::now();
        let (engine, stopped) = Engine::start(log, reader, engine::options())?;
        folded.push((rate(start.elapsed()), engine.reader().durable().0));
        drop(engine);
        stopped.stop().ok_or("the engine did not give the log back")?.close()?;
    }
    let note = format!("{events} events in {bytes} bytes of bodies, in the page cache");
    Ok(vec![
        Measure::new("replay/open", "events", &opened).note("opening a log that was closed"),
        Measure::new("replay/read", "events", &read).note(note),
        Measure::new("replay/decode", "events", &decoded).note("read, checked and decoded, one core"),
        Measure::new("replay/fold", "events", &folded)
            .note("the engine's whole start: decoded by a thread that goes ahead, and folded"),
    ])
}

fn read_all(reader: &LogReader, bytes: &mut usize) -> Result<u64, BenchError> {
    let (mut tail, mut checksum) = (reader.tail(Position(0)), 0_u64);
    *bytes = 0;
    while let Some(batch) = tail.next(Duration::ZERO)? {
        for event in batch.commits().flat_map(|commit| commit.events()) {
            *bytes += event.body.len();
            checksum = checksum.rotate_left(5) ^ event.revision.0 ^ event.body.len() as u64;
        }
    }
    Ok(checksum)
}

fn decode_all(reader: &LogReader) -> Result<u64, BenchError> {
    let (mut tail, mut checksum) = (reader.tail(Position(0)), 0_u64);
    let mut decoder = Decoder::new();
    while let Some(batch) = tail.next(Duration::ZERO)? {
        for event in batch.commits().flat_map(|commit| commit.events()) {
            if event.is_system() {
                continue;
            }
            let stream = decoder.stream(event.stream).map_err(|error| format!("{}: {error}", event.stream))?;
            let fact = decoder.decode(&stream, event.body)?;
            checksum = checksum.rotate_left(5) ^ event.revision.0 ^ u64::from(stored::event_tag(&fact));
        }
    }
    Ok(checksum)
}
