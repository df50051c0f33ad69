//! What the machine can do at best: sync, copy, checksum.

use crate::plan::{BenchError, Size};
use crate::report::Measure;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How much is copied and checked at a time: more than any cache of one core.
const BLOCK_BYTES: usize = 64 << 20;
/// Where the log's data begins, and with it what is written here.
const DATA_START: usize = 4096;

/// A bare file that is written and synced as the log writes and syncs, with nothing around it: into space that was
/// written before, so that no sync has to move the file's size.
pub struct Bare {
    file: File,
    bytes: Vec<u8>,
    at: usize,
}

impl Bare {
    /// A file full of zeros.
    ///
    /// # Errors
    /// The system's.
    pub fn new(path: &Path) -> std::io::Result<Bare> {
        let file = File::create(path)?;
        file.write_all_at(&vec![0; BLOCK_BYTES], 0)?;
        file.sync_all()?;
        Ok(Bare { file, bytes: vec![7; BLOCK_BYTES], at: DATA_START })
    }

    /// One write and one sync behind the last.
    ///
    /// # Errors
    /// The system's.
    pub fn append(&mut self, len: usize) -> std::io::Result<()> {
        if BLOCK_BYTES < self.at + len {
            self.at = DATA_START;
        }
        self.file.write_all_at(&self.bytes[..len], self.at as u64)?;
        self.at += len;
        self.file.sync_data()
    }

    /// How long so many of them take.
    ///
    /// # Errors
    /// The system's.
    pub fn time(&mut self, len: usize, count: u64) -> std::io::Result<Duration> {
        let start = Instant::now();
        for _ in 0..count {
            self.append(len)?;
        }
        Ok(start.elapsed())
    }
}

/// Measures the machine.
///
/// # Errors
/// The disk's.
pub fn measure(size: Size, dir: &Path) -> Result<Vec<Measure>, BenchError> {
    let mut measures = vec![];
    let mut bare = Bare::new(&dir.join("bare"))?;
    for len in [512, 4 << 10, 64 << 10, 512 << 10] {
        let count = size.pick(5, if len < 64 << 10 { 5_000 } else { 500 });
        let mut runs = vec![];
        for _ in 0..size.runs() {
            runs.push(count as f64 / bare.time(len, count)?.as_secs_f64());
        }
        let name = format!("limits/sync/{len}");
        let moved = crate::report::median(&runs) * len as f64 / 1e6;
        measures.push(Measure::unchecked(name, "syncs", runs).note(format!("{moved:.0} MB/s")));
    }
    let passes = size.pick(1, 10);
    let (from, mut to) = (vec![7_u8; BLOCK_BYTES], vec![0_u8; BLOCK_BYTES]);
    let mut copied = vec![];
    let mut checked = vec![];
    for _ in 0..size.runs() {
        let start = Instant::now();
        for _ in 0..passes {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
        copied.push((passes * BLOCK_BYTES) as f64 / start.elapsed().as_secs_f64());
        let (start, mut sum) = (Instant::now(), 0_u32);
        for _ in 0..passes {
            sum = sum.rotate_left(1) ^ crc32c::crc32c(black_box(&to));
        }
        checked.push(((passes * BLOCK_BYTES) as f64 / start.elapsed().as_secs_f64(), u64::from(sum)));
    }
    measures.push(Measure::unchecked("limits/memcpy", "bytes", copied));
    measures.push(Measure::new("limits/crc32c", "bytes", &checked));
    Ok(measures)
}
