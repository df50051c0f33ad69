//! Maintains sealed segments: writes their sidecars, and scrubs those that opening had no time for.
//!
//! Appends never wait for it. A sidecar that cannot be written is tried again later; until then the whole index stays in memory.

use super::options::Background;
use super::preallocate::SegmentFactory;
use super::scan::OTHER_BATCH;
use super::scrub::{CHUNK_BYTES, Checksum, find_corruption};
use crate::disk::{Disk, DiskFile, read_full, write_full};
use crate::error::{Corrupt, OpenError, ReadError};
use crate::files::{REMEDY, segment_name, sidecar_name};
use crate::format::{SEGMENT_HEADER_LEN, SegmentHeader};
use crate::index::SealedSegment;
use crate::index::segment::SegmentIndex;
use crate::index::sidecar::{Identity, Sidecar, encode};
use crate::priority::lower_thread_priority;
use crate::shared::Shared;
use crate::types::Position;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, mem};

/// The pause after each [`CHUNK_BYTES`] compared in the background: at most 50 MiB/s, so that the log hardly notices.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a sidecar that could not be written waits for the next try.
const RETRY: Duration = Duration::from_secs(60);
/// What is read of a segment at once while its sidecar is made, in bytes.
const READ_BYTES: usize = 4 << 20;

/// Runs the tasks in a thread, or in the appending thread when a segment is sealed.
pub(super) enum Maintenance {
    Thread(Worker),
    Inline(Tasks),
}

impl Maintenance {
    /// `unscrubbed` are the numbers of segments to compare with their checksums, in this order.
    pub fn start(factory: &SegmentFactory, shared: Arc<Shared>, unscrubbed: Vec<u32>) -> io::Result<Maintenance> {
        let tasks = Tasks { disk: Arc::clone(&factory.disk), dir: factory.dir.clone() };
        match factory.options.background {
            Background::Threads => Ok(Maintenance::Thread(Worker::start(tasks, shared, unscrubbed)?)),
            Background::Inline => {
                tasks.write_sidecars(&shared, || true);
                Ok(Maintenance::Inline(tasks))
            }
        }
    }

    /// A batch became durable in a new segment, so the one before is sealed. Never blocks where a thread does the work.
    pub fn segment_sealed(&self, shared: &Shared) {
        match self {
            Maintenance::Thread(worker) => worker.sealed(),
            Maintenance::Inline(tasks) => {
                tasks.write_sidecars(shared, || true);
            }
        }
    }
}

/// What there is to do for the sealed segments of one log.
pub(super) struct Tasks {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

/// Why a sidecar was not written.
enum Failed {
    Damaged(Corrupt),
    Io(io::Error),
    Stopped,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Io(error)
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Failed {
        match error {
            ReadError::Corrupt(corrupt) => Failed::Damaged(corrupt),
            ReadError::Io { source, .. } => Failed::Io(io::Error::new(source.kind(), source)),
            ReadError::Unresolved => Failed::Io(io::Error::other(error)),
        }
    }
}

impl Tasks {
    /// Writes the sidecars of all sealed segments that have none; answers whether all have one now.
    fn write_sidecars(&self, shared: &Shared, go_on: impl Fn() -> bool) -> bool {
        // The index knows that a segment is sealed once it has the first batch of the next one.
        match shared.index() {
            Ok(index) => drop(index),
            Err(error) => {
                if let ReadError::Corrupt(corrupt) = error {
                    shared.report_corruption(corrupt);
                }
                return false;
            }
        }
        let mut all = true;
        for sealed in shared.sealed().iter() {
            let Some(index) = sealed.memory_index() else { continue };
            match self.write_sidecar(shared, index, &go_on) {
                Ok(sidecar) => shared.replace(Arc::new(SealedSegment::on_disk(sidecar))),
                Err(Failed::Stopped) => return true,
                Err(Failed::Damaged(corrupt)) => shared.report_corruption(corrupt),
                Err(Failed::Io(error)) => {
                    let segment = sealed.summary.number;
                    tracing::warn!(segment, %error, "the index of a segment was not written beside it; it is tried again");
                    all = false;
                }
            }
        }
        all
    }

    fn write_sidecar(
        &self,
        shared: &Shared,
        index: &SegmentIndex,
        go_on: &impl Fn() -> bool,
    ) -> Result<Sidecar, Failed> {
        let number = index.summary.number;
        let file = self.disk.open_to_read(&self.dir.join(segment_name(number)))?;
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_LEN);
        read_full(&*file, &mut bytes, SEGMENT_HEADER_LEN, 0)?;
        let Ok(header) = SegmentHeader::decode(&bytes) else {
            return Err(Failed::Damaged(self.corrupt(
                number,
                0,
                index.summary.first,
                "the header of a segment is damaged",
            )));
        };
        let identity = Identity {
            log_id: header.log_id,
            segment_id: header.segment_id,
            segment_len: header.size,
            segment_crc: self.checksum(shared, index, go_on)?,
        };
        let temporary = self.dir.join(format!("{}.tmp", sidecar_name(number)));
        let written = self.write(&temporary, &encode(index, &identity), number);
        if written.is_err() {
            // Half a sidecar would only keep the disk full; opening the log removes it if this fails too.
            let _ = self.disk.remove(&temporary);
        }
        let file = written?;
        Sidecar::read(&*file).map_err(|unusable| Failed::Io(io::Error::other(unusable.0)))
    }

    /// The checksum of a segment's batches, each of which is checked on the way: corruption must not become what the checksum expects.
    fn checksum(&self, shared: &Shared, index: &SegmentIndex, go_on: &impl Fn() -> bool) -> Result<u32, Failed> {
        let summary = &index.summary;
        let (mut cursor, end) = (summary.start().cursor(summary.number), summary.next_batch());
        let (mut crc, mut previous_crc, mut next) = (0, summary.previous_crc, summary.first);
        while cursor.number < end {
            if !go_on() {
                return Err(Failed::Stopped);
            }
            let read = shared.files().read(&mut cursor, end, READ_BYTES).map_err(|error| match error {
                // Where no header can be read the position follows from the batch before.
                ReadError::Corrupt(corrupt) if corrupt.position == Position(0) => {
                    ReadError::Corrupt(Corrupt { position: next, ..corrupt })
                }
                error => error,
            });
            for batch in read? {
                if batch.previous_crc() != previous_crc || batch.location().segment != summary.number {
                    let offset = u64::from(batch.location().offset);
                    return Err(Failed::Damaged(self.corrupt(summary.number, offset, batch.first(), OTHER_BATCH)));
                }
                crc = crc32c::crc32c_append(crc, batch.bytes());
                (previous_crc, next) = (batch.payload_crc(), batch.next_position());
            }
        }
        Ok(crc)
    }

    fn write(&self, temporary: &Path, bytes: &[u8], number: u32) -> io::Result<Box<dyn DiskFile>> {
        let file = self.disk.create(temporary)?;
        write_full(&*file, bytes, 0)?;
        file.sync_data()?;
        self.disk.rename(temporary, &self.dir.join(sidecar_name(number)))?;
        self.disk.sync_dir(&self.dir)?;
        Ok(file)
    }

    fn corrupt(&self, number: u32, offset: u64, position: Position, why: &'static str) -> Corrupt {
        Corrupt { file: self.dir.join(segment_name(number)), offset, position, why, remedy: REMEDY }
    }

    /// Goes on comparing a segment; `None` when it is done with.
    fn continue_scrub(&self, shared: &Shared, mut scrub: Scrub) -> Option<Scrub> {
        let Scrub { sealed, file, checksum, buffer } = &mut scrub;
        let sidecar = sealed.sidecar()?;
        let crc = match checksum.step(&**file, buffer) {
            Ok(None) => return Some(scrub),
            Ok(Some(crc)) => crc,
            Err(error) => {
                tracing::warn!(segment = sealed.summary.number, %error, "a segment cannot be checked");
                return None;
            }
        };
        if crc != sidecar.identity().segment_crc {
            match find_corruption(&*self.disk, &self.dir, sidecar) {
                Err(OpenError::Corrupt(corrupt)) => shared.report_corruption(corrupt),
                Err(error) => tracing::warn!(%error, "a segment that differs from its checksum cannot be searched"),
                Ok(()) => {}
            }
        }
        None
    }

    fn start_scrub(&self, shared: &Shared, number: u32) -> Option<Scrub> {
        let sealed = Arc::clone(shared.sealed().get(number as usize)?);
        let file = self.disk.open_to_read(&self.dir.join(segment_name(number)));
        let opened = file.inspect_err(|error| tracing::warn!(segment = number, %error, "a segment cannot be checked"));
        let checksum = Checksum::new(sealed.summary.data_end);
        Some(Scrub { sealed, file: opened.ok()?, checksum, buffer: Vec::with_capacity(CHUNK_BYTES) })
    }
}

/// A segment that is compared with its checksum.
struct Scrub {
    sealed: Arc<SealedSegment>,
    file: Box<dyn DiskFile>,
    checksum: Checksum,
    buffer: Vec<u8>,
}

/// A thread that runs the tasks.
pub(super) struct Worker {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

struct Control {
    work: Mutex<Work>,
    changed: Condvar,
}

struct Work {
    /// There may be a segment without a sidecar.
    sealed: bool,
    stop: bool,
}

impl Worker {
    fn start(tasks: Tasks, shared: Arc<Shared>, unscrubbed: Vec<u32>) -> io::Result<Worker> {
        let work = Work { sealed: true, stop: false };
        let control = Arc::new(Control { work: Mutex::new(work), changed: Condvar::new() });
        let thread = std::thread::Builder::new().name("log-keeper".to_owned()).spawn({
            let control = Arc::clone(&control);
            move || control.run(&tasks, &shared, unscrubbed.into())
        })?;
        Ok(Worker { control, thread: Some(thread) })
    }

    fn sealed(&self) {
        self.control.lock().sealed = true;
        self.control.changed.notify_all();
    }
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, tasks: &Tasks, shared: &Shared, mut unscrubbed: VecDeque<u32>) {
        lower_thread_priority();
        let mut scrub = None;
        let mut all_written = true;
        loop {
            let sealed = {
                let mut work = self.lock();
                if work.stop {
                    return;
                }
                mem::take(&mut work.sealed)
            };
            if sealed {
                all_written = tasks.write_sidecars(shared, || !self.lock().stop);
            }
            scrub = scrub.or_else(|| tasks.start_scrub(shared, unscrubbed.pop_front()?));
            let pause = match scrub.take() {
                Some(segment) => {
                    scrub = tasks.continue_scrub(shared, segment);
                    Some(PAUSE)
                }
                None if !unscrubbed.is_empty() => Some(Duration::ZERO),
                None if !all_written => Some(RETRY),
                None => None,
            };
            self.wait(pause);
        }
    }

    /// Waits until there is something to do, at most for `pause`. A pause that is over is a reason to write what was not written.
    fn wait(&self, pause: Option<Duration>) {
        let work = self.lock();
        let idle = |work: &mut Work| !work.sealed && !work.stop;
        match pause {
            None => drop(self.changed.wait_while(work, idle)),
            Some(pause) => {
                let (mut work, waited) =
                    self.changed.wait_timeout_while(work, pause, idle).unwrap_or_else(PoisonError::into_inner);
                work.sealed |= waited.timed_out() && pause == RETRY;
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.control.lock().stop = true;
        self.control.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A worker that panicked has said so on standard error; the log does not need it any more.
            let _ = thread.join();
        }
    }
}
