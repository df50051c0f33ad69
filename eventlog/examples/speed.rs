//! Measures the log against this machine's own limits: `cargo run --release -p comanda-eventlog --example speed [events] [dir]`.
//!
//! Prints one JSON object per line. The figures depend on the disk, so the raw `pwrite` and `fdatasync` loop of the same
//! batch sizes stands beside each.

#![allow(clippy::print_stdout, clippy::float_arithmetic, reason = "a program that prints rates")]

use eventlog::{Batch, CommitHeader, Direction, LogWriter, Options, Position, Revision, open_embedded};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BODY_BYTES: usize = 256;
const EVENTS_PER_STREAM: u64 = 6;
/// Appends in a row before it is the bare file's turn.
const TURN: u64 = 50;
const RAW_BYTES: usize = 64 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let events: u64 = arguments.next().map_or(Ok(2_000_000), |events| events.parse())?;
    let base = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(base)?;
    for in_flight in [1, 16, 256, 1024] {
        let count = if in_flight == 1 { 20_000 } else { 3000 };
        append(&dir.path().join(format!("append-{in_flight}")), in_flight, count)?;
    }
    let log = dir.path().join("replay");
    fill(&log, events)?;
    reopen(&log, events)?;
    Ok(())
}

/// Appends batches of `in_flight` commits of one event, and in turns with that writes the same lengths to a bare file, so
/// that whatever else the machine does slows both alike.
fn append(dir: &Path, in_flight: u64, count: u64) -> Result<(), Box<dyn std::error::Error>> {
    let (mut writer, _reader, _) = open_embedded(dir, Options::STANDARD)?;
    let mut batch = Batch::new(writer.next_position());
    let mut raw = Raw::new(&dir.join("raw"))?;
    let (mut ours, mut bare, mut encode) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut bytes = 0;
    for _ in 0..count / TURN {
        let start = Instant::now();
        for _ in 0..TURN {
            let before = Instant::now();
            for _ in 0..in_flight {
                add(&mut batch);
            }
            encode += before.elapsed();
            bytes = batch.len_bytes();
            writer.append(&mut batch)?;
        }
        ours += start.elapsed();
        let start = Instant::now();
        for _ in 0..TURN {
            raw.append(bytes)?;
        }
        bare += start.elapsed();
    }
    writer.close()?;
    let commits = (count / TURN * TURN * in_flight) as f64;
    println!(
        r#"{{"bench":"append","in_flight":{in_flight},"commits_per_s":{:.0},"raw_per_s":{:.0},"of_raw":{:.2},"encode_ns":{:.0},"batch_bytes":{bytes}}}"#,
        commits / ours.as_secs_f64(),
        commits / bare.as_secs_f64(),
        bare.as_secs_f64() / ours.as_secs_f64(),
        encode.as_nanos() as f64 / commits,
    );
    Ok(())
}

/// One commit of one event; streams have [`EVENTS_PER_STREAM`] events each.
fn add(batch: &mut Batch) {
    let position = batch.next_position().0;
    let header = CommitHeader {
        tenant: "m1",
        command_id: u128::from(position),
        payload_hash: 7,
        recorded_at: 1,
        meta: &[0; 16],
    };
    let mut commit = batch.commit(&header);
    let mut stream = *b"order-m1.s1.0000000000000000";
    let mut number = position / EVENTS_PER_STREAM;
    for digit in stream[12..].iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number % 16) as usize];
        number /= 16;
    }
    let stream = str::from_utf8(&stream).unwrap_or("order");
    commit.event(stream, Revision(position % EVENTS_PER_STREAM), |body| body.extend_from_slice(&[7; BODY_BYTES]));
    commit.finish();
}

/// The same writes and syncs into zeros written before, without anything around them.
struct Raw {
    file: std::fs::File,
    batch: Vec<u8>,
    at: usize,
}

impl Raw {
    fn new(path: &Path) -> std::io::Result<Raw> {
        let file = std::fs::File::create(path)?;
        file.write_all_at(&vec![0; RAW_BYTES], 0)?;
        file.sync_all()?;
        Ok(Raw { file, batch: vec![7; RAW_BYTES], at: 4096 })
    }

    fn append(&mut self, bytes: usize) -> std::io::Result<()> {
        if RAW_BYTES < self.at + bytes {
            self.at = 4096;
        }
        self.file.write_all_at(&self.batch[..bytes], self.at as u64)?;
        self.at += bytes;
        self.file.sync_data()
    }
}

fn fill(dir: &Path, events: u64) -> Result<(), Box<dyn std::error::Error>> {
    let (mut writer, _reader, _) = open_embedded(dir, Options::STANDARD)?;
    let mut batch = Batch::new(writer.next_position());
    while writer.next_position().0 < events {
        for _ in 0..1024 {
            add(&mut batch);
        }
        writer.append(&mut batch)?;
    }
    writer.close()?;
    Ok(())
}

/// Opening, replay, and reads of single streams of a log that is in the page cache.
fn reopen(dir: &Path, events: u64) -> Result<(), Box<dyn std::error::Error>> {
    let before = resident_bytes();
    let start = Instant::now();
    let (writer, reader, recovered) = open_embedded(dir, Options::STANDARD)?;
    let open = start.elapsed();
    assert!(events <= recovered.events);
    drop_quietly(writer);
    let index_bytes = resident_bytes().saturating_sub(before).saturating_sub(64 << 20);
    let start = Instant::now();
    let (mut tail, mut sum, mut count) = (reader.tail(Position(0)), 0_u64, 0_u64);
    while let Some(batch) = tail.next(Duration::ZERO)? {
        for commit in batch.commits() {
            for event in commit.events() {
                sum = sum.wrapping_add(event.revision.0 + event.body.len() as u64);
                count += 1;
            }
        }
    }
    let replay = start.elapsed();
    let reads = 10_000;
    let start = Instant::now();
    for n in 0..reads {
        let number = (n * 7919) % (events / EVENTS_PER_STREAM);
        let stream = format!("order-m1.s1.{number:016x}");
        let events = reader.read_stream(&stream, Revision(0), Direction::Forward, 10)?;
        assert!(!events.is_empty());
    }
    let stream = start.elapsed();
    println!(
        r#"{{"bench":"reopen","events":{count},"open_ms":{},"replay_events_per_s":{:.0},"read_stream_us":{:.1},"index_bytes_per_event":{:.1},"checksum":{sum}}}"#,
        open.as_millis(),
        count as f64 / replay.as_secs_f64(),
        stream.as_secs_f64() * 1e6 / reads as f64,
        index_bytes as f64 / count as f64,
    );
    Ok(())
}

fn drop_quietly(writer: LogWriter) {
    drop(writer);
}

/// What this process holds in memory, in bytes; 0 where the system does not say.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
