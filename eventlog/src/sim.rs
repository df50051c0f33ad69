//! A file system in memory that forgets what was not synced, for tests of everything above it.
//!
//! Writes reach a page cache; a sync makes them durable. When the power goes, each sector written since the last sync keeps any
//! of the contents it had since then, and names created, renamed or removed since their directory was synced survive up to
//! some moment. A failed sync leaves the cache looking clean although any part of it may be lost. Everything follows from a seed.

use crate::disk::{Disk, DiskFile, Lock};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;

/// Random numbers that follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// What goes wrong with an operation that changes the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power goes before the operation ends; a write gets anywhere, everything later fails.
    PowerLoss,
    /// The operation fails: a write after any part of it, a sync with any part of the cache lost.
    Failure,
    /// As `Failure`, and every later operation fails too.
    FailureFromHereOn,
    /// There is no space for it.
    Full,
    /// A signal interrupts it before it has done anything.
    Interrupted,
    /// A write takes a part only and says so.
    Short,
}

/// See the module. Clones are the same disk.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

struct State {
    random: Random,
    /// Handles opened before the last crash are dead.
    generation: u64,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    /// All names after each change since the directory was synced.
    name_history: Vec<BTreeMap<PathBuf, u64>>,
    files: HashMap<u64, Inode>,
    next_file: u64,
    locks: HashSet<PathBuf>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    power: bool,
    capacity: u64,
}

#[derive(Clone, Default)]
struct Inode {
    /// What a reader sees.
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// What sectors held since the last sync, by number, oldest first.
    dirty: BTreeMap<usize, Vec<Vec<u8>>>,
}

impl SimDisk {
    /// An empty disk without bound.
    pub fn new(seed: u64) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(State {
            random: Random::new(seed),
            generation: 0,
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            name_history: Vec::new(),
            files: HashMap::new(),
            next_file: 0,
            locks: HashSet::new(),
            operations: 0,
            fault: None,
            power: true,
            capacity: u64::MAX,
        })))
    }

    /// A disk of its own with the same contents, its randomness going on from `seed`.
    pub fn copy(&self, seed: u64) -> SimDisk {
        let state = self.state();
        SimDisk(Arc::new(Mutex::new(State {
            random: Random::new(seed),
            generation: state.generation + 1,
            names: state.names.clone(),
            durable_names: state.durable_names.clone(),
            name_history: state.name_history.clone(),
            files: state.files.clone(),
            next_file: state.next_file,
            locks: HashSet::new(),
            operations: 0,
            fault: None,
            power: true,
            capacity: state.capacity,
        })))
    }

    /// How many operations changed the disk so far, or tried to.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Operation number `operation`, counted by [`SimDisk::operations`], will go wrong.
    pub fn arm(&self, operation: u64, fault: Fault) {
        self.state().fault = Some((operation, fault));
    }

    /// Nothing goes wrong from now on.
    pub fn disarm(&self) {
        self.state().fault = None;
    }

    /// The disk holds this many bytes; `u64::MAX` for no bound.
    pub fn set_capacity(&self, bytes: u64) {
        self.state().capacity = bytes;
    }

    /// The process dies; the page cache stays.
    pub fn kill(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.locks.clear();
        state.fault = None;
    }

    /// The power goes and comes back.
    pub fn crash(&self) {
        let mut state = self.state();
        let State { random, name_history, durable_names, files, .. } = &mut *state;
        let survived = random.below(name_history.len() as u64 + 1) as usize;
        if survived != 0 {
            durable_names.clone_from(&name_history[survived - 1]);
        }
        let mut numbers: Vec<u64> = files.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            if let Some(file) = files.get_mut(&number) {
                file.lose(random);
                file.seen.clone_from(&file.durable);
            }
        }
        name_history.clear();
        let names = durable_names.clone();
        files.retain(|number, _| names.values().any(|used| used == number));
        state.names = names;
        state.generation += 1;
        state.locks.clear();
        state.fault = None;
        state.power = true;
    }

    /// The power is not out.
    pub fn has_power(&self) -> bool {
        self.state().power
    }

    /// What the file at `path` holds.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn contents(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.files[&state.names[path]].seen.clone()
    }

    /// Lets the file at `path` hold `contents`, durably and behind everybody's back.
    pub fn put(&self, path: &Path, contents: Vec<u8>) {
        let mut state = self.state();
        let number = state.number(path);
        state.names.insert(path.to_owned(), number);
        state.durable_names.insert(path.to_owned(), number);
        state.files.insert(number, Inode { seen: contents.clone(), durable: contents, dirty: BTreeMap::new() });
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, file: u64, generation: u64) -> Box<dyn DiskFile> {
        Box::new(SimFile { disk: self.clone(), file, generation })
    }
}

impl State {
    /// The number of the file at `path`, or a fresh one.
    fn number(&mut self, path: &Path) -> u64 {
        match self.names.get(path) {
            Some(number) => *number,
            None => {
                self.next_file += 1;
                self.next_file
            }
        }
    }

    /// Counts an operation and says what goes wrong with it.
    fn operation(&mut self) -> io::Result<Option<Fault>> {
        if !self.power {
            return Err(io::Error::other("the power is out"));
        }
        let number = self.operations;
        self.operations += 1;
        let fault = match self.fault {
            Some((from, Fault::FailureFromHereOn)) if from <= number => Some(Fault::Failure),
            Some((at, fault)) if at == number => Some(fault),
            _ => None,
        };
        if fault == Some(Fault::PowerLoss) {
            self.power = false;
        }
        Ok(fault)
    }

    /// An operation that does all or nothing.
    fn whole_operation(&mut self) -> io::Result<()> {
        match self.operation()? {
            None | Some(Fault::Short) => Ok(()),
            Some(fault) => Err(error_of(fault)),
        }
    }

    fn names_changed(&mut self) {
        self.name_history.push(self.names.clone());
    }

    fn used(&self) -> u64 {
        self.names.values().map(|number| self.files[number].seen.len() as u64).sum()
    }
}

fn error_of(fault: Fault) -> io::Error {
    match fault {
        Fault::Full => io::ErrorKind::StorageFull.into(),
        Fault::Interrupted => io::ErrorKind::Interrupted.into(),
        _ => io::Error::other("the disk failed"),
    }
}

impl Inode {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            let content = self.seen[sector * SECTOR..((sector + 1) * SECTOR).min(self.seen.len())].to_vec();
            self.dirty.entry(sector).or_default().push(content);
        }
    }

    /// Each dirty sector keeps one of the contents it had; then nothing is dirty.
    fn lose(&mut self, random: &mut Random) {
        for (sector, contents) in std::mem::take(&mut self.dirty) {
            let kept = random.below(contents.len() as u64 + 1) as usize;
            if kept != 0 {
                let (start, content) = (sector * SECTOR, &contents[kept - 1]);
                let end = start + content.len();
                if self.durable.len() < end {
                    self.durable.resize(end, 0);
                }
                self.durable[start..end].copy_from_slice(content);
            }
        }
    }

    fn sync(&mut self) {
        for sector in std::mem::take(&mut self.dirty).into_keys() {
            let (start, end) = (sector * SECTOR, ((sector + 1) * SECTOR).min(self.seen.len()));
            if self.durable.len() < end {
                self.durable.resize(end, 0);
            }
            self.durable[start..end].copy_from_slice(&self.seen[start..end]);
        }
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.whole_operation()?;
        state.next_file += 1;
        let number = state.next_file;
        state.files.insert(number, Inode::default());
        state.names.insert(path.to_owned(), number);
        state.names_changed();
        Ok(self.handle(number, state.generation))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let state = self.state();
        let number = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.handle(number, state.generation))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole_operation()?;
        let number = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), number);
        state.names_changed();
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole_operation()?;
        state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        state.names_changed();
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole_operation()?;
        state.durable_names = state.names.clone();
        state.name_history.clear();
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.state();
        let free = state.locks.insert(path.to_owned());
        let lock = SimLock { disk: self.clone(), path: path.to_owned(), generation: state.generation };
        Ok(free.then(|| Box::new(lock) as Box<dyn Lock>))
    }

    fn random(&self) -> io::Result<u64> {
        Ok(self.state().random.bits())
    }
}

struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    generation: u64,
}

impl Lock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.generation == self.generation {
            state.locks.remove(&self.path);
        }
    }
}

struct SimFile {
    disk: SimDisk,
    file: u64,
    generation: u64,
}

impl SimFile {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        match state.generation == self.generation {
            true => Ok(state),
            false => Err(io::Error::other("the file was opened before the crash")),
        }
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, into: &mut Vec<u8>, len: usize, offset: u64) -> io::Result<usize> {
        let mut state = self.state()?;
        let State { random, files, power, .. } = &mut *state;
        if !*power {
            return Err(io::Error::other("the power is out"));
        }
        let seen = files.get(&self.file).map_or(&[][..], |file| &file.seen);
        let available = seen.get(offset as usize..).unwrap_or_default();
        // Reading little by little is rare, and allowed.
        let len = if random.one_in(16) { len.div_ceil(2) } else { len }.min(available.len());
        into.extend_from_slice(&available[..len]);
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.state()?;
        let fault = state.operation()?;
        let whole = bytes.len() as u64;
        let size = state.files[&self.file].seen.len() as u64;
        let free = state.capacity.saturating_sub(state.used());
        let room = size + free;
        let part = match fault {
            None => whole,
            Some(Fault::Interrupted | Fault::Full) => 0,
            Some(Fault::Short) => 1 + state.random.below(whole),
            Some(_) => state.random.below(whole + 1),
        };
        let part = part.min(room.saturating_sub(offset));
        if let Some(file) = state.files.get_mut(&self.file) {
            file.write(&bytes[..part as usize], offset as usize);
        }
        match fault {
            Some(Fault::Short) | None if part != 0 => Ok(part as usize),
            Some(Fault::Short) | None => Err(io::ErrorKind::StorageFull.into()),
            Some(fault) => Err(error_of(fault)),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        let fault = state.operation()?;
        let State { random, files, .. } = &mut *state;
        let Some(file) = files.get_mut(&self.file) else { return Ok(()) };
        match fault {
            None | Some(Fault::Short) => {
                file.sync();
                Ok(())
            }
            // The power goes while the sync is under way: what survives is decided by the crash.
            Some(Fault::PowerLoss) => Err(error_of(Fault::PowerLoss)),
            Some(fault) => {
                file.lose(random);
                Err(error_of(fault))
            }
        }
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.state()?.files[&self.file].seen.len() as u64)
    }
}
