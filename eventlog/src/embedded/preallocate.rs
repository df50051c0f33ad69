//! Making segments: a file full of zeros, synced, with its header, under its final name.
//!
//! Whatever has a segment's name is whole: the file is made under another name and renamed when it is synced.

use crate::disk::{Disk, DiskFile, write_full};
use crate::embedded::{Options, Preparation};
use crate::files::segment_name;
use crate::format::SegmentHeader;
use crate::planted::is_planted;
use crate::shared::Shared;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, mem};

/// What is written at once, in bytes, and unless the log is in a hurry synced: so much may the log's own sync have to wait for at
/// the disk. Between two of these a helper that is no longer needed stops.
const CHUNK_BYTES: usize = 1 << 20;
/// Where segments are needed faster than this, there is no time for many small syncs of the next.
const HURRY: Duration = Duration::from_millis(500);
/// The helper brings the index up to date when it lacks this many events; readers take the last stretch themselves.
const INDEX_LAG_EVENTS: u64 = 8192;

/// A segment open for writing.
pub(super) struct Segment {
    pub file: Box<dyn DiskFile>,
    pub number: u32,
    pub id: u64,
    pub size: u64,
}

/// What it takes to make a segment.
#[derive(Clone)]
pub(super) struct Maker {
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    pub log_id: u128,
    pub options: Options,
}

impl Maker {
    /// Makes segment `number`, holding `contents` made for its random id, and zeros up to `size` bytes. `between` is called between
    /// two chunks; an error of it ends the work.
    pub fn make(
        &self,
        number: u32,
        size: u64,
        temporary: &str,
        contents: impl FnOnce(&SegmentHeader) -> Vec<u8>,
        between: impl Fn(&dyn DiskFile) -> io::Result<()>,
    ) -> io::Result<Segment> {
        let temporary = self.dir.join(temporary);
        let made = self.fill(number, size, &temporary, contents, between);
        if made.is_err() {
            // Half a segment would only keep the disk full; opening the log removes it if this fails too.
            let _ = self.disk.remove(&temporary);
        }
        made
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
        file.sync_data()?;
        self.disk.rename(temporary, &self.dir.join(segment_name(number)))?;
        if !is_planted("skip the sync of the directory") {
            self.disk.sync_dir(&self.dir)?;
        }
        Ok(Segment { file, number, id, size })
    }

    fn make_empty(
        &self,
        number: u32,
        size: u64,
        between: impl Fn(&dyn DiskFile) -> io::Result<()>,
    ) -> io::Result<Segment> {
        self.make(number, size.max(self.options.segment_bytes), "prepare.tmp", |_| Vec::new(), between)
    }
}

/// Has the next segment ready, or makes it.
pub(super) enum Preparer {
    Ahead(Helper),
    Inline { maker: Maker, ready: Option<Segment> },
}

impl Preparer {
    /// `ready` is a segment left from before that nothing was written to.
    pub fn new(maker: Maker, ready: Option<Segment>, shared: &Arc<Shared>) -> io::Result<Preparer> {
        match maker.options.preparation {
            Preparation::Ahead => Ok(Preparer::Ahead(Helper::start(maker, ready, Arc::clone(shared))?)),
            Preparation::Inline => Ok(Preparer::Inline { maker, ready }),
        }
    }

    /// Segment `number` will be needed; never blocks. Also the moment to look after the index.
    pub fn ahead(&self, number: u32, shared: &Shared) {
        match self {
            Preparer::Ahead(helper) => helper.ahead(number, INDEX_LAG_EVENTS <= shared.index_lag()),
            Preparer::Inline { .. } => {}
        }
    }

    /// Segment `number`, with at least `size` bytes, now. An error means that nothing changed.
    pub fn take(&mut self, number: u32, size: u64) -> io::Result<Segment> {
        let (maker, ready) = match self {
            Preparer::Ahead(helper) => {
                helper.await_attempt(number);
                (&helper.maker, helper.work().ready.take())
            }
            Preparer::Inline { maker, ready } => (&*maker, ready.take()),
        };
        match ready.filter(|segment| segment.number == number && size <= segment.size) {
            Some(segment) => Ok(segment),
            // None is ready, space ran out when it was tried, or an unusually long batch needs a longer one: it takes
            // the place of the one prepared.
            None => maker.make_empty(number, size, |_| Ok(())),
        }
    }
}

/// A thread that prepares the next segment and brings the index up to date.
pub(super) struct Helper {
    maker: Maker,
    common: Arc<Common>,
    thread: Option<JoinHandle<()>>,
}

struct Common {
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Default)]
struct Work {
    /// The segment to prepare.
    wanted: Option<u32>,
    /// The helper is at it.
    busy: bool,
    ready: Option<Segment>,
    /// The last number that was tried, so that a failure is not repeated behind the writer's back.
    tried: Option<u32>,
    /// When a segment was wanted last.
    asked: Option<Instant>,
    /// There is little time until the writer needs the segment, or none.
    hurried: bool,
    index: bool,
    stop: bool,
}

impl Helper {
    fn start(maker: Maker, ready: Option<Segment>, shared: Arc<Shared>) -> io::Result<Helper> {
        let tried = ready.as_ref().map(|segment| segment.number);
        let work = Work { ready, tried, ..Work::default() };
        let common = Arc::new(Common { work: Mutex::new(work), changed: Condvar::new() });
        let thread = std::thread::Builder::new().name("log-helper".to_owned()).spawn({
            let (maker, common) = (maker.clone(), Arc::clone(&common));
            move || common.run(&maker, &shared)
        })?;
        Ok(Helper { maker, common, thread: Some(thread) })
    }

    fn ahead(&self, number: u32, index: bool) {
        let mut work = self.work();
        let prepare = work.tried != Some(number);
        if prepare {
            work.tried = Some(number);
            work.wanted = Some(number);
            work.hurried = work.asked.replace(Instant::now()).is_some_and(|asked| asked.elapsed() < HURRY);
        }
        work.index |= index;
        if prepare || index {
            drop(work);
            self.common.changed.notify_all();
        }
    }

    /// Waits for the helper to finish with segment `number`, if it was asked for it.
    fn await_attempt(&self, number: u32) {
        let mut work = self.work();
        while work.tried == Some(number) && (work.busy || work.wanted.is_some()) {
            work.hurried = true;
            self.common.changed.notify_all();
            work = self.common.changed.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
        work.tried = Some(number);
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.common.lock()
    }
}

impl Common {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unless the writer is in a hurry, syncs what was written and leaves the disk to the writer for as long as that took.
    ///
    /// # Errors
    /// The disk's; nobody needs the segment any more.
    fn rest(&self, file: &dyn DiskFile, since: &Cell<Instant>) -> io::Result<()> {
        if !self.lock().hurried {
            file.sync_data()?;
        }
        let mut work = self.lock();
        if !work.stop && !work.hurried {
            let took = since.get().elapsed();
            (work, _) = self.changed.wait_timeout(work, took).unwrap_or_else(PoisonError::into_inner);
        }
        since.set(Instant::now());
        match work.stop {
            true => Err(io::Error::other("the log was closed")),
            false => Ok(()),
        }
    }

    fn run(&self, maker: &Maker, shared: &Shared) {
        let mut work = self.lock();
        while !work.stop {
            if let Some(number) = work.wanted.take() {
                work.busy = true;
                drop(work);
                // A failure is the writer's to see, when it tries again for lack of a segment.
                let since = Cell::new(Instant::now());
                let made = maker.make_empty(number, 0, |file| self.rest(file, &since));
                work = self.lock();
                work.busy = false;
                work.ready = made.ok();
                self.changed.notify_all();
            } else if mem::take(&mut work.index) {
                drop(work);
                // A failure is the next reader's to see.
                drop(shared.index());
                work = self.lock();
            } else {
                work = self.changed.wait(work).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.work().stop = true;
        self.common.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A helper that panicked has said so on standard error; the log does not need it any more.
            let _ = thread.join();
        }
    }
}
