//! A file system in memory that forgets what was not synced, for tests of everything above it.
//!
//! Writes reach a page cache; a sync makes them durable. When the power goes, each sector written since the last sync keeps any
//! of the contents it had since then, and names created, renamed or removed since their directory was synced survive up to
//! some moment. A failed sync leaves the cache looking clean although any part of it may be lost. Bits rot, and writes land where
//! they do not belong. Everything follows from a seed.

mod files;
mod inode;
mod random;

pub use random::Random;

use inode::{Inode, SECTOR};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One read in so many takes a part only.
const READS_SHORT: u64 = 16;
/// One read in so many is interrupted by a signal.
const READS_INTERRUPTED: u64 = 64;
/// How often a place for rot is looked for where something was written.
const ROT_TRIES: u64 = 8;

/// What goes wrong with an operation that changes the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power goes before the operation ends; a write gets anywhere, everything later fails.
    PowerLoss,
    /// The power goes before the operation has done anything.
    PowerOff,
    /// The operation fails: a write after any part of it, a sync with any part of the cache lost.
    Failure,
    /// There is no space for it.
    Full,
    /// A signal interrupts it before it has done anything.
    Interrupted,
    /// A write takes a part only and says so.
    Short,
    /// A write lands elsewhere, perhaps in another file, and says that all is well.
    Misdirected,
}

/// When a [`Fault`] strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Armed {
    At(u64, Fault),
    From(u64, Fault),
}

/// One way in which the power can go: what is left of the names and sectors that were not synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How many of the changes of names since their directory was synced survive.
    names: usize,
    /// Which of its contents each dirty sector keeps, 0 for the one before all of them.
    sectors: Vec<usize>,
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
    files: BTreeMap<u64, Inode>,
    next_file: u64,
    locks: HashSet<PathBuf>,
    operations: u64,
    /// How often something went wrong, lost sectors and short reads included.
    faults: u64,
    armed: Option<Armed>,
    power: bool,
    capacity: u64,
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
            files: BTreeMap::new(),
            next_file: 0,
            locks: HashSet::new(),
            operations: 0,
            faults: 0,
            armed: None,
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
            faults: 0,
            armed: None,
            power: true,
            capacity: state.capacity,
        })))
    }

    /// How many operations changed the disk so far, or tried to.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How often something went wrong so far: faults that struck, reads that were short, sectors and names that were lost.
    pub fn faults(&self) -> u64 {
        self.state().faults
    }

    /// Operation number `operation`, counted by [`SimDisk::operations`], will go wrong.
    pub fn arm(&self, operation: u64, fault: Fault) {
        self.state().armed = Some(Armed::At(operation, fault));
    }

    /// Operation number `operation` and all later ones will go wrong.
    pub fn arm_from(&self, operation: u64, fault: Fault) {
        self.state().armed = Some(Armed::From(operation, fault));
    }

    /// Nothing goes wrong from now on.
    pub fn disarm(&self) {
        self.state().armed = None;
    }

    /// Flips a bit of some file for good; `None` when there is no file with anything in it.
    pub fn rot(&self) -> Option<(PathBuf, u64)> {
        let mut state = self.state();
        let State { random, names, files, faults, .. } = &mut *state;
        let full: Vec<_> = names.iter().filter(|(_, number)| !files[*number].seen.is_empty()).collect();
        if full.is_empty() {
            return None;
        }
        let (path, number) = full[random.below(full.len() as u64) as usize];
        let file = files.get_mut(number).expect("a name has a file");
        let mut bit = random.below(8 * file.seen.len() as u64);
        // Most of a segment is zeros nobody reads; damage there shows little.
        for _ in 0..ROT_TRIES {
            if file.seen[bit as usize / 8] != 0 {
                break;
            }
            bit = random.below(8 * file.seen.len() as u64);
        }
        file.flip(bit as usize);
        *faults += 1;
        Some((path.clone(), bit))
    }

    /// Flips one bit of the file at `path` for good.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn flip(&self, path: &Path, bit: usize) {
        let mut state = self.state();
        let number = state.names[path];
        state.files.get_mut(&number).expect("a name has a file").flip(bit);
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
        state.armed = None;
    }

    /// The power goes and comes back.
    pub fn crash(&self) {
        let mut state = self.state();
        let State { random, name_history, files, faults, .. } = &mut *state;
        let names = random.below(name_history.len() as u64 + 1) as usize;
        *faults += files.values_mut().map(|file| file.lose_any(random)).sum::<u64>();
        state.restart(names);
    }

    /// The ways in which the power can go now: all of them when there are at most `max`; else those that keep nothing, everything,
    /// everything up to some sector or all but it, and each sector alone or without it.
    pub fn losses(&self, max: usize) -> Vec<Loss> {
        let state = self.state();
        let contents: Vec<usize> = state.files.values().flat_map(Inode::dirty).collect();
        let names = 0..=state.name_history.len();
        let count = contents.iter().try_fold(names.clone().count(), |count, contents| {
            count.checked_mul(contents + 1).filter(|count| *count <= max)
        });
        let sectors = match count {
            Some(_) => products(&contents),
            None => corners(&contents),
        };
        names.flat_map(|names| sectors.iter().map(move |sectors| Loss { names, sectors: sectors.clone() })).collect()
    }

    /// The power goes and comes back, in one of the ways that [`SimDisk::losses`] lists.
    pub fn crash_by(&self, loss: &Loss) {
        let mut state = self.state();
        let State { files, faults, .. } = &mut *state;
        let mut kept = loss.sectors.iter();
        let lost = files.values_mut().map(|file| file.lose(|_| *kept.next().expect("one for each sector")));
        *faults += lost.sum::<u64>();
        state.restart(loss.names);
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
        state.files.insert(number, Inode::durable(contents));
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let fault = match self.armed {
            Some(Armed::From(from, fault)) if from <= number => fault,
            Some(Armed::At(at, fault)) if at == number => fault,
            Some(Armed::From(..) | Armed::At(..)) | None => return Ok(None),
        };
        self.faults += 1;
        match fault {
            Fault::PowerLoss => self.power = false,
            Fault::PowerOff => {
                self.power = false;
                return Err(error_of(fault));
            }
            Fault::Failure | Fault::Full | Fault::Interrupted | Fault::Short | Fault::Misdirected => {}
        }
        Ok(Some(fault))
    }

    /// An operation that does all or nothing.
    fn whole_operation(&mut self) -> io::Result<()> {
        match self.operation()? {
            None | Some(Fault::Short | Fault::Misdirected) => Ok(()),
            Some(fault) => Err(error_of(fault)),
        }
    }

    /// The power comes back; what sectors hold is decided, and the first `names` changes of names survived.
    fn restart(&mut self, names: usize) {
        let State { name_history, durable_names, files, faults, .. } = self;
        *faults += u64::from(names < name_history.len());
        if names != 0 {
            durable_names.clone_from(&name_history[names - 1]);
        }
        name_history.clear();
        let names = durable_names.clone();
        files.retain(|number, _| names.values().any(|used| used == number));
        files.values_mut().for_each(Inode::forget_cache);
        self.names = names;
        self.generation += 1;
        self.locks.clear();
        self.armed = None;
        self.power = true;
    }

    /// A place a write that went astray can land at: in `file` or another one, in another sector, where there is one.
    fn astray(&mut self, file: u64, offset: u64) -> (u64, u64) {
        let used: Vec<u64> =
            self.names.values().copied().filter(|number| SECTOR <= self.files[number].seen.len()).collect();
        if used.is_empty() {
            return (file, offset);
        }
        let to = used[self.random.below(used.len() as u64) as usize];
        let sectors = (self.files[&to].seen.len() / SECTOR) as u64;
        let sector = self.random.below(sectors);
        (to, sector * SECTOR as u64 + offset % SECTOR as u64)
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
        Fault::PowerLoss | Fault::PowerOff => io::Error::other("the power is out"),
        Fault::Failure | Fault::Short | Fault::Misdirected => io::Error::other("the disk failed"),
    }
}

/// Every way to choose from 0 up to each of `bounds`.
fn products(bounds: &[usize]) -> Vec<Vec<usize>> {
    bounds.iter().fold(vec![vec![]], |chosen, bound| {
        let longer = chosen.iter().flat_map(|chosen| (0..=*bound).map(move |next| [&chosen[..], &[next]].concat()));
        longer.collect()
    })
}

/// The ways to choose that keep nothing, everything, a front, a back, one alone, and all but one.
fn corners(bounds: &[usize]) -> Vec<Vec<usize>> {
    let keeping = |keep: &dyn Fn(usize) -> bool| -> Vec<usize> {
        bounds.iter().enumerate().map(|(at, bound)| if keep(at) { *bound } else { 0 }).collect()
    };
    let mut chosen = vec![keeping(&|_| false), keeping(&|_| true), vec![1; bounds.len()]];
    for one in 0..bounds.len() {
        chosen.push(keeping(&|at| at < one));
        chosen.push(keeping(&|at| one <= at));
        chosen.push(keeping(&|at| at == one));
        chosen.push(keeping(&|at| at != one));
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}
