//! Orders through the engine: idempotency, decision, state, encoding, group commit, answer.

use crate::fixture;
use crate::limits::Bare;
use crate::plan::{BenchError, Size, run_dir};
use crate::report::Measure;
use commands::{Clock, Engine, Envelope, Stopped};
use eventlog::{LogWriter, Options, Position, open_embedded};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

/// How many orders are under way, and how many there are in a large run.
const SHAPES: [(usize, u64); 4] = [(1, 5_000), (16, 30_000), (256, 150_000), (1024, 200_000)];
/// More than any bench has under way.
const QUEUE_MAX: usize = 8_192;

/// Measures each number of orders under way.
///
/// # Errors
/// The log's and the engine's.
pub fn measure(size: Size, dir: &Path) -> Result<Vec<Measure>, BenchError> {
    let mut measures = vec![];
    for (in_flight, large) in SHAPES {
        let count = size.pick(64, large);
        let (mut ours, mut bare, mut notes) = (vec![], vec![], vec![]);
        for run in 0..size.runs() {
            let dir = run_dir(dir, "engine", run)?;
            let timed = run_orders(&dir, in_flight, count)?;
            ours.push((count as f64 / timed.elapsed.as_secs_f64(), timed.checksum));
            // The bare file gets the same bytes in as many syncs.
            let len = (timed.batch_bytes / timed.batches) as usize;
            let batches = timed.batches.min(2_000);
            let elapsed = Bare::new(&dir.join("bare"))?.time(len, batches)?;
            let orders = count as f64 / timed.batches as f64 * batches as f64;
            bare.push(orders / elapsed.as_secs_f64());
            notes.push((count / timed.batches, len, timed.append));
            std::fs::remove_dir_all(dir)?;
        }
        let (orders, len, append) = notes[notes.len() / 2];
        let append_us = append.as_micros();
        let note = format!("{orders} orders and {len} bytes per batch, {append_us} µs to append one");
        measures
            .push(Measure::new(format!("engine/{in_flight}"), "orders", &ours).of("write + sync", &bare).note(note));
    }
    Ok(measures)
}

struct Timed {
    elapsed: Duration,
    batches: u64,
    batch_bytes: u64,
    /// What one append took.
    append: Duration,
    checksum: u64,
}

fn run_orders(dir: &Path, in_flight: usize, count: u64) -> Result<Timed, BenchError> {
    let running = Running::start(dir)?;
    running.submit(fixture::opening_envelopes(), 64)?;
    let orders = fixture::order_envelopes(count);
    let before = running.engine.stats().snapshot();
    let start = Instant::now();
    let checksum = running.submit(orders, in_flight)?;
    let elapsed = start.elapsed();
    let after = running.engine.stats().snapshot();
    running.stop()?.close()?;
    let batches = after.batches - before.batches;
    let append = Duration::from_micros((after.append_us - before.append_us) / batches);
    Ok(Timed { elapsed, batches, batch_bytes: after.batch_bytes - before.batch_bytes, append, checksum })
}

/// A clock that stands still, so that no deadline falls due while orders of long ago are measured.
pub fn options() -> commands::Options {
    let clock = Clock::Manual(Arc::new(AtomicI64::new(fixture::NOON.0)));
    commands::Options { clock, queue_max: QUEUE_MAX, ..commands::Options::default() }
}

/// An engine on an embedded log, with a clock that stands still.
pub struct Running {
    /// The door.
    pub engine: Engine,
    stopped: Stopped,
}

impl Running {
    /// Opens the log in `dir` and folds it.
    ///
    /// # Errors
    /// The log's and the engine's.
    pub fn start(dir: &Path) -> Result<Running, BenchError> {
        let (log, reader, _) = open_embedded(&dir.join("log"), Options::STANDARD)?;
        let (engine, stopped) = Engine::start(log, reader, options())?;
        Ok(Running { engine, stopped })
    }

    /// Sends commands from one thread, the next as soon as fewer than `in_flight` are under way. Answers a checksum of
    /// the answers.
    ///
    /// # Errors
    /// The first command that is not accepted.
    pub fn submit(&self, commands: Vec<Envelope>, in_flight: usize) -> Result<u64, BenchError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let (mut under_way, mut checksum) = (VecDeque::with_capacity(in_flight), 0_u64);
            let mut settle = |position: Position, events: usize| {
                checksum = checksum.rotate_left(5) ^ position.0 ^ (events as u64) << 32;
            };
            for command in commands {
                if in_flight <= under_way.len()
                    && let Some(oldest) = under_way.pop_front()
                {
                    let answer = self.engine.outcome(oldest).await?;
                    settle(answer.receipt.position, answer.receipt.events.len());
                }
                under_way.push_back(self.engine.enqueue(command)?);
            }
            for ticket in under_way {
                let answer = self.engine.outcome(ticket).await?;
                settle(answer.receipt.position, answer.receipt.events.len());
            }
            Ok(checksum)
        })
    }

    /// Stops the engine and gives the log back.
    ///
    /// # Errors
    /// The log was not given back.
    pub fn stop(self) -> Result<LogWriter, BenchError> {
        drop(self.engine);
        self.stopped.stop().ok_or_else(|| "the engine did not give the log back".into())
    }
}
