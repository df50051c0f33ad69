//! Raw commits into the embedded log by one caller, next to the same bytes into a bare file.

use crate::limits::Bare;
use crate::plan::{BenchError, Size, run_dir};
use crate::report::Measure;
use eventlog::{Batch, CommitHeader, Direction, LogReader, LogWriter, Options, Revision, open_embedded};
use std::path::Path;
use std::time::{Duration, Instant};

const BODY: [u8; 256] = [7; 256];
const EVENTS_PER_STREAM: u64 = 6;
/// Batches in a row before it is the bare file's turn: whatever else the machine does slows both alike.
const TURN: u64 = 50;

/// How the events of a batch come.
#[derive(Clone, Copy, Debug)]
struct Shape {
    name: &'static str,
    /// Commits that become durable together.
    in_flight: u64,
    events_per_commit: u64,
    /// Batches of a large run.
    batches: u64,
}

const SHAPES: [Shape; 7] = [
    Shape { name: "append/1", in_flight: 1, events_per_commit: 1, batches: 10_000 },
    Shape { name: "append/16", in_flight: 16, events_per_commit: 1, batches: 5_000 },
    Shape { name: "append/256", in_flight: 256, events_per_commit: 1, batches: 2_000 },
    Shape { name: "append/1024", in_flight: 1024, events_per_commit: 1, batches: 1_000 },
    Shape { name: "append/1x100", in_flight: 1, events_per_commit: 100, batches: 3_000 },
    Shape { name: "append/16x100", in_flight: 16, events_per_commit: 100, batches: 1_000 },
    Shape { name: "append/64x100", in_flight: 64, events_per_commit: 100, batches: 300 },
];

/// Measures all shapes; the unit is events, which are commits where each has one.
///
/// # Errors
/// The log's.
pub fn measure(size: Size, dir: &Path) -> Result<Vec<Measure>, BenchError> {
    let mut measures = vec![];
    for shape in SHAPES {
        let batches = size.pick(3, shape.batches);
        let (mut ours, mut bare, mut batch_bytes) = (vec![], vec![], 0);
        for run in 0..size.runs() {
            let dir = run_dir(dir, "append", run)?;
            let timed = append(&dir, shape, batches)?;
            std::fs::remove_dir_all(dir)?;
            let events = (batches * shape.in_flight * shape.events_per_commit) as f64;
            ours.push((events / timed.ours.as_secs_f64(), timed.checksum));
            bare.push(events / timed.bare.as_secs_f64());
            batch_bytes = timed.batch_bytes;
        }
        let note = format!("{batch_bytes} bytes per batch, one thread");
        measures.push(Measure::new(shape.name, "events", &ours).of("write + sync", &bare).note(note));
    }
    Ok(measures)
}

struct Timed {
    ours: Duration,
    bare: Duration,
    batch_bytes: usize,
    checksum: u64,
}

fn append(dir: &Path, shape: Shape, batches: u64) -> Result<Timed, BenchError> {
    let (mut writer, reader, _) = open_embedded(&dir.join("log"), Options::STANDARD)?;
    let mut batch = Batch::new(writer.next_position());
    let mut file = Bare::new(&dir.join("bare"))?;
    let (mut ours, mut bare, mut batch_bytes) = (Duration::ZERO, Duration::ZERO, 0);
    let mut left = batches;
    while 0 < left {
        let turn = TURN.min(left);
        left -= turn;
        let start = Instant::now();
        for _ in 0..turn {
            for _ in 0..shape.in_flight {
                add(&mut batch, shape.events_per_commit);
            }
            batch_bytes = batch.len_bytes();
            writer.append(&mut batch)?;
        }
        ours += start.elapsed();
        bare += file.time(batch_bytes, turn)?;
    }
    let checksum = checksum(&writer, &reader)?;
    writer.close()?;
    Ok(Timed { ours, bare, batch_bytes, checksum })
}

/// One commit. Every stream has a few events, as an order has.
fn add(batch: &mut Batch, events: u64) {
    let first = batch.next_position().0;
    let header = CommitHeader {
        tenant: "bench",
        command_id: u128::from(first),
        payload_hash: 7,
        recorded_at: 1,
        meta: &[0; 64],
    };
    let mut commit = batch.commit(&header);
    let mut stream = *b"order-bench.s1.0000000000000000";
    let digits = stream.len() - 16;
    for position in first..first + events {
        let mut number = position / EVENTS_PER_STREAM;
        for digit in stream[digits..].iter_mut().rev() {
            *digit = b"0123456789abcdef"[(number % 16) as usize];
            number /= 16;
        }
        let name = str::from_utf8(&stream).expect("digits are text");
        commit.event(name, Revision(position % EVENTS_PER_STREAM), |body| body.extend_from_slice(&BODY));
    }
    commit.finish();
}

/// Where the log ends, and what is in its last stream.
fn checksum(writer: &LogWriter, reader: &LogReader) -> Result<u64, BenchError> {
    let next = writer.next_position();
    let number = (next.0 - 1) / EVENTS_PER_STREAM;
    let last = reader.read_stream(&format!("order-bench.s1.{number:016x}"), Revision(0), Direction::Forward, 10)?;
    let bytes: usize = last.iter().map(|event| event.body.len()).sum();
    assert_eq!(reader.durable(), next, "all that was appended is durable");
    Ok(next.0 << 16 | bytes as u64)
}
