//! Opening a log, whatever it is kept in.

use crate::disk::{Disk, RealDisk};
use crate::embedded::{self, Options, Tuning};
use crate::error::OpenError;
use crate::memory::MemoryWriter;
use crate::reader::LogReader;
use crate::replicated::remote::Remote;
use crate::replicated::simulated::SimRemote;
use crate::replicated::{Replicated, Tries};
use crate::types::Recovered;
use crate::writer::{Follower, LogWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a log is kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Nothing durable, for tests and demonstrations: every opening begins an empty log.
    Memory,
    /// Files on this machine.
    #[allow(missing_docs, reason = "the names and types of its fields say all")]
    Embedded { dir: PathBuf, options: Options },
}

/// A simulated remote answers at once, so that it may be asked at once again.
const SIMULATED: Tries = Tries { pause: Duration::ZERO, lost_after: 64 };

/// Opens a log to read it, and to write it after [`Follower::take_over`]; creates it when there is none, recovers it when its last
/// writer was killed.
///
/// Everything acknowledged is there; what was written but never acknowledged is there whole or not at all.
///
/// # Errors
/// [`OpenError`], by what to do next. Nothing acknowledged is ever dropped to make opening succeed.
///
/// # Panics
/// If `options.segment_bytes` is out of its range.
pub fn open(storage: &Storage) -> Result<(Follower, Recovered), OpenError> {
    match storage {
        Storage::Memory => {
            let (log, recovered) = MemoryWriter::new();
            Ok((Follower::memory(log), recovered))
        }
        Storage::Embedded { dir, options } => follow_on(Arc::new(RealDisk), dir, *options, Tuning::of(options)),
    }
}

/// Opens an empty log in memory and takes it over.
pub fn open_memory() -> (LogWriter, LogReader) {
    let (log, _) = MemoryWriter::new();
    let follower = Follower::memory(log);
    let reader = follower.reader();
    (follower.take_over_alone(), reader)
}

/// [`open`]s the log in `dir` and takes it over.
///
/// # Errors
/// As [`open`].
///
/// # Panics
/// As [`open`].
pub fn open_embedded(dir: &Path, options: Options) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    open_on(Arc::new(RealDisk), dir, options)
}

/// Opens a log whose remote is simulated, with a copy in `dir`.
#[doc(hidden)]
pub fn open_simulated(
    remote: &SimRemote,
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
) -> Result<(Follower, Recovered), OpenError> {
    let (log, recovered) = Replicated::open(Remote::Simulated(remote.clone()), disk, dir, options, SIMULATED)?;
    Ok((Follower::replicated(log), recovered))
}

/// [`open_embedded`] on another file system.
#[doc(hidden)]
pub fn open_on(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    open_with(disk, dir, options, Tuning::of(&options))
}

/// [`open_on`] with what tests set otherwise.
pub(crate) fn open_with(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    tuning: Tuning,
) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    let (follower, recovered) = follow_on(disk, dir, options, tuning)?;
    let reader = follower.reader();
    Ok((follower.take_over_alone(), reader, recovered))
}

fn follow_on(
    disk: Arc<dyn Disk>,
    dir: &Path,
    options: Options,
    tuning: Tuning,
) -> Result<(Follower, Recovered), OpenError> {
    let range = Options::SEGMENT_BYTES_MIN..=Options::SEGMENT_BYTES_MAX;
    assert!(range.contains(&options.segment_bytes), "a segment has 8 KiB to 1 GiB");
    let (log, recovered) = embedded::open(disk, dir, options, tuning, None)?;
    Ok((Follower::embedded(log), recovered))
}
