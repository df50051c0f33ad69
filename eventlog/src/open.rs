//! Opening a log, whatever it is kept in.

use crate::disk::{Disk, RealDisk};
use crate::embedded::{self, Options, Tuning};
use crate::error::OpenError;
use crate::memory::MemoryWriter;
use crate::reader::LogReader;
use crate::types::Recovered;
use crate::writer::LogWriter;
use std::path::Path;
use std::sync::Arc;

/// Opens an empty log in memory.
pub fn open_memory() -> (LogWriter, LogReader) {
    let log = MemoryWriter::new();
    let reader = LogReader::new(Arc::clone(&log.shared));
    (LogWriter::memory(log), reader)
}

/// Opens the log in `dir`, creating it when there is none, recovering it when its last writer was killed.
///
/// Everything acknowledged is there; what was written but never acknowledged is there whole or not at all.
///
/// # Errors
/// [`OpenError`], by what to do next. Nothing acknowledged is ever dropped to make opening succeed.
///
/// # Panics
/// If `options.segment_bytes` is out of its range.
pub fn open_embedded(dir: &Path, options: Options) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    open_on(Arc::new(RealDisk), dir, options)
}

/// [`open_embedded`] on another file system.
#[doc(hidden)]
pub fn open_on(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    let range = Options::SEGMENT_BYTES_MIN..=Options::SEGMENT_BYTES_MAX;
    assert!(range.contains(&options.segment_bytes), "a segment has 8 KiB to 1 GiB");
    open_with(disk, dir, options, Tuning::of(&options))
}

/// [`open_on`] with another care.
pub(crate) fn open_with(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    tuning: Tuning,
) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    let (log, recovered) = embedded::open(disk, dir, options, tuning)?;
    let reader = LogReader::new(log.shared());
    Ok((LogWriter::embedded(log), reader, recovered))
}
