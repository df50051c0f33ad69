//! Preallocating segments: a file full of zeros, synced, with its header, under its final name.
//!
//! Whatever has a segment's name is whole: the file is made under another name and renamed when it is synced.

use super::options::{Background, Options};
use crate::disk::{Disk, DiskFile, write_full};
use crate::files::segment_name;
use crate::format::SegmentHeader;
use crate::planted::is_planted;
use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is written at once, in bytes, and synced unless the segment is urgent: so much may the log's own sync have to wait for at the
/// disk. Between two of these a worker that is no longer needed stops.
const CHUNK_BYTES: usize = 1 << 20;
/// Where segments fill faster than this, there is no time for many small syncs of the next.
const URGENT_WITHIN: Duration = Duration::from_millis(500);

/// A segment open for writing.
pub(super) struct Segment {
    pub file: Box<dyn DiskFile>,
    pub number: u32,
    pub id: u64,
    pub size: u64,
}

/// Creates segments of one log.
#[derive(Clone)]
pub(super) struct SegmentFactory {
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    pub log_id: u128,
    pub options: Options,
}

impl SegmentFactory {
    /// Makes segment `number`, holding `contents` made for its random id, and zeros up to `size` bytes. `between` is called between
    /// two chunks; an error of it ends the work.
    pub fn create(
        &self,
        number: u32,
        size: u64,
        temporary: &str,
        contents: impl FnOnce(&SegmentHeader) -> Vec<u8>,
        between: impl Fn(&dyn DiskFile) -> io::Result<()>,
    ) -> io::Result<Segment> {
        let temporary = self.dir.join(temporary);
        let created = self.fill(number, size, &temporary, contents, between);
        if created.is_err() {
            // Half a segment would only keep the disk full; opening the log removes it if this fails too.
            let _ = self.disk.remove(&temporary);
        }
        created
    }

    fn fill(
        &self,
        number: u32,
        size: u64,
        temporary: &Path,
        contents: impl FnOnce(&SegmentHeader) -> Vec<u8>,
        between: impl Fn(&dyn DiskFile) -> io::Result<()>,
    ) -> io::Result<Segment> {
        let id = self.disk.random()?;
        let header = SegmentHeader { log_id: self.log_id, segment_id: id, number, size };
        let file = self.disk.create(temporary)?;
        let mut bytes = header.encode().to_vec();
        bytes.resize(crate::format::DATA_START as usize, 0);
        bytes.extend_from_slice(&contents(&header));
        let mut at = 0;
        while at < size {
            if 0 < at {
                between(&*file)?;
            }
            bytes.resize(bytes.len().max(CHUNK_BYTES).min((size - at) as usize), 0);
            write_full(&*file, &bytes, at)?;
            at += bytes.len() as u64;
            bytes.clear();
        }
        debug_assert_eq!(at, size, "a segment has its full length before its name");
        file.sync_data()?;
        self.disk.rename(temporary, &self.dir.join(segment_name(number)))?;
        if !is_planted("skip the sync of the directory") {
            self.disk.sync_dir(&self.dir)?;
        }
        Ok(Segment { file, number, id, size })
    }

    fn create_empty(
        &self,
        number: u32,
        size: u64,
        between: impl Fn(&dyn DiskFile) -> io::Result<()>,
    ) -> io::Result<Segment> {
        self.create(number, size.max(self.options.segment_bytes), "prepare.tmp", |_| Vec::new(), between)
    }
}

/// Has the next segment ready, or creates it.
pub(super) enum Preallocator {
    Background(Worker),
    Inline { factory: SegmentFactory, ready: Option<Segment> },
}

impl Preallocator {
    /// `ready` is a segment left from before that nothing was written to.
    pub fn new(factory: SegmentFactory, ready: Option<Segment>) -> io::Result<Preallocator> {
        match factory.options.background {
            Background::Threads => Ok(Preallocator::Background(Worker::start(factory, ready)?)),
            Background::Inline => Ok(Preallocator::Inline { factory, ready }),
        }
    }

    /// Segment `number` will be needed; never blocks.
    pub fn request(&self, number: u32) {
        match self {
            Preallocator::Background(worker) => worker.request(number),
            Preallocator::Inline { .. } => {}
        }
    }

    /// Segment `number`, with at least `size` bytes, now. An error means that nothing changed.
    pub fn take(&mut self, number: u32, size: u64) -> io::Result<Segment> {
        let (factory, ready) = match self {
            Preallocator::Background(worker) => {
                worker.await_attempt(number);
                (&worker.factory, worker.work().ready.take())
            }
            Preallocator::Inline { factory, ready } => (&*factory, ready.take()),
        };
        match ready.filter(|segment| segment.number == number && size <= segment.size) {
            Some(segment) => Ok(segment),
            // None is ready, space ran out when it was tried, or an unusually long batch needs a longer one, which
            // replaces the one preallocated.
            None => factory.create_empty(number, size, |_| Ok(())),
        }
    }
}

/// A thread that preallocates the next segment.
pub(super) struct Worker {
    factory: SegmentFactory,
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

struct Control {
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Default)]
struct Work {
    /// The segment to preallocate.
    wanted: Option<u32>,
    /// The worker is creating a segment.
    busy: bool,
    ready: Option<Segment>,
    /// The last number that was tried, so that a failure is repeated by the writer only, who sees it.
    tried: Option<u32>,
    /// When a segment was wanted last.
    asked: Option<Instant>,
    /// There is little time until the writer needs the segment, or none.
    is_urgent: bool,
    stop: bool,
}

impl Worker {
    fn start(factory: SegmentFactory, ready: Option<Segment>) -> io::Result<Worker> {
        let tried = ready.as_ref().map(|segment| segment.number);
        let work = Work { ready, tried, ..Work::default() };
        let control = Arc::new(Control { work: Mutex::new(work), changed: Condvar::new() });
        let thread = std::thread::Builder::new().name("log-helper".to_owned()).spawn({
            let (factory, control) = (factory.clone(), Arc::clone(&control));
            move || control.run(&factory)
        })?;
        Ok(Worker { factory, control, thread: Some(thread) })
    }

    fn request(&self, number: u32) {
        let mut work = self.work();
        let prepare = work.tried != Some(number);
        if prepare {
            work.tried = Some(number);
            work.wanted = Some(number);
            work.is_urgent = work.asked.replace(Instant::now()).is_some_and(|asked| asked.elapsed() < URGENT_WITHIN);
        }
        if prepare {
            drop(work);
            self.control.changed.notify_all();
        }
    }

    /// Waits for the worker to finish with segment `number`, if it was asked for it.
    fn await_attempt(&self, number: u32) {
        let mut work = self.work();
        while work.tried == Some(number) && (work.busy || work.wanted.is_some()) {
            work.is_urgent = true;
            self.control.changed.notify_all();
            work = self.control.changed.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
        work.tried = Some(number);
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.control.lock()
    }
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unless the segment is urgent, syncs what was written and leaves the disk to the writer for as long as that took.
    ///
    /// # Errors
    /// The disk's; nobody needs the segment any more.
    fn throttle(&self, file: &dyn DiskFile, since: &Cell<Instant>) -> io::Result<()> {
        if !self.lock().is_urgent {
            file.sync_data()?;
        }
        let mut work = self.lock();
        if !work.stop && !work.is_urgent {
            let took = since.get().elapsed();
            (work, _) = self.changed.wait_timeout(work, took).unwrap_or_else(PoisonError::into_inner);
        }
        since.set(Instant::now());
        match work.stop {
            true => Err(io::Error::other("the log was closed")),
            false => Ok(()),
        }
    }

    fn run(&self, factory: &SegmentFactory) {
        let mut work = self.lock();
        while !work.stop {
            if let Some(number) = work.wanted.take() {
                work.busy = true;
                drop(work);
                // A failure is the writer's to see, when it tries again for lack of a segment.
                let since = Cell::new(Instant::now());
                let created = factory.create_empty(number, 0, |file| self.throttle(file, &since));
                work = self.lock();
                work.busy = false;
                work.ready = created.ok();
                self.changed.notify_all();
            } else {
                work = self.changed.wait(work).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.work().stop = true;
        self.control.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A worker that panicked has said so on standard error; the log does not need it any more.
            let _ = thread.join();
        }
    }
}
