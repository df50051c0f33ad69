//! The only file that touches the real file system, behind a trait so that tests can tear a write or fail a sync.

use rustix::buffer::spare_capacity;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

/// What the log needs from a file system. Nothing is durable before the matching sync returned.
pub trait Disk: Send + Sync {
    /// Makes the directory and its parents, and makes them durable.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// The names of the files in `dir`.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes an empty file, replacing one that is there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file for reading only.
    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path)
    }
    /// Renames a file, replacing one that is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes what was created, renamed and removed in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the lock file at `path` until the answer is dropped; `None` when another holds it.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;
    /// 64 bits nobody can guess.
    fn random(&self) -> io::Result<u64>;
}

/// An open file. Reads and writes may do less than asked.
pub trait DiskFile: Send + Sync {
    /// Appends up to `len` bytes found at `offset` to `into`; 0 at the end of the file.
    fn read_at(&self, into: &mut Vec<u8>, len: usize, offset: u64) -> io::Result<usize>;
    /// Writes the front of `bytes` at `offset` and says how many bytes it took.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Makes what was written, and the file's length, durable.
    fn sync_data(&self) -> io::Result<()>;
    /// The length of the file, in bytes.
    fn size(&self) -> io::Result<u64>;
}

/// A held lock; dropping it lets go.
pub trait Lock: Send {}

/// Appends exactly `len` bytes found at `offset` to `into`, or as many as the file has.
pub(crate) fn read_full(file: &dyn DiskFile, into: &mut Vec<u8>, len: usize, offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < len {
        match file.read_at(into, len - done, offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all of `bytes` at `offset`, going on after short and interrupted writes.
pub(crate) fn write_full(file: &dyn DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                bytes = &bytes[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The file system of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        // An empty parent is how a relative path says "here".
        let parent = match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if parent != Path::new(".") {
            self.create_dir(parent)?;
        }
        match std::fs::create_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.sync_dir(parent),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        std::fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(OpenOptions::new().read(true).write(true).open(path)?)))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(File::open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = match opened {
            // Whoever may only read takes the lock as well, if somebody made the file.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied) =>
            {
                File::open(path).map_err(|_| error)?
            }
            opened => opened?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(RealLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn random(&self) -> io::Result<u64> {
        getrandom::u64().map_err(io::Error::other)
    }
}

struct RealFile(File);

/// The operating system lets go of the lock when the file is closed, also when the process is killed.
struct RealLock {
    _file: File,
}

impl Lock for RealLock {}

impl DiskFile for RealFile {
    fn read_at(&self, into: &mut Vec<u8>, len: usize, offset: u64) -> io::Result<usize> {
        into.reserve(len);
        let end = into.len() + len;
        let count = rustix::io::pread(&self.0, spare_capacity(into), offset)?;
        // The spare capacity may have been more than was asked for.
        into.truncate(end);
        Ok(count.min(len))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}
