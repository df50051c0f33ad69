//! The simulated disk behind the trait the log knows: names, locks, open files.

use super::{Fault, Inode, READS_INTERRUPTED, READS_SHORT, SimDisk, State, error_of};
use crate::disk::{Disk, DiskFile, Lock};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;

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
        state.files.insert(number, Inode::new());
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
        if !state.locks.insert(path.to_owned()) {
            return Ok(None);
        }
        let generation = state.generation;
        Ok(Some(Box::new(SimLock { disk: self.clone(), path: path.to_owned(), generation })))
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

impl SimDisk {
    fn handle(&self, file: u64, generation: u64) -> Box<dyn DiskFile> {
        Box::new(SimFile { disk: self.clone(), file, generation })
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
        let State { random, files, power, faults, .. } = &mut *state;
        if !*power {
            return Err(io::Error::other("the power is out"));
        }
        let seen = files.get(&self.file).map_or(&[][..], |file| &file.seen);
        let available = seen.get(offset as usize..).unwrap_or_default();
        let (is_short, is_interrupted) = (random.one_in(READS_SHORT), random.one_in(READS_INTERRUPTED));
        *faults += u64::from(is_short) + u64::from(is_interrupted);
        if is_interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = if is_short { len.div_ceil(2) } else { len }.min(available.len());
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
            None | Some(Fault::Misdirected) => whole,
            Some(Fault::Interrupted | Fault::Full | Fault::PowerOff) => 0,
            Some(Fault::Short) => 1 + state.random.below(whole),
            Some(Fault::PowerLoss | Fault::Failure) => state.random.below(whole + 1),
        };
        let part = part.min(room.saturating_sub(offset));
        let (to, at) = match fault {
            Some(Fault::Misdirected) => state.astray(self.file, offset),
            _ => (self.file, offset),
        };
        if let Some(file) = state.files.get_mut(&to) {
            // What goes astray makes no file longer.
            let landed = if fault == Some(Fault::Misdirected) { part.min(file.seen.len() as u64 - at) } else { part };
            file.write(&bytes[..landed as usize], at as usize);
        }
        match fault {
            Some(Fault::Short | Fault::Misdirected) | None if part != 0 => Ok(part as usize),
            Some(Fault::Short | Fault::Misdirected) | None => Err(io::ErrorKind::StorageFull.into()),
            Some(fault) => Err(error_of(fault)),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        let fault = state.operation()?;
        let State { random, files, faults, .. } = &mut *state;
        let Some(file) = files.get_mut(&self.file) else { return Ok(()) };
        match fault {
            None | Some(Fault::Short | Fault::Misdirected) => {
                file.sync();
                Ok(())
            }
            // The power goes while the sync is under way: what survives is decided by the crash.
            Some(fault @ (Fault::PowerLoss | Fault::PowerOff)) => Err(error_of(fault)),
            Some(fault @ (Fault::Failure | Fault::Full | Fault::Interrupted)) => {
                *faults += file.lose_any(random);
                Err(error_of(fault))
            }
        }
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.state()?.files[&self.file].seen.len() as u64)
    }
}
