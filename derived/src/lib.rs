//! Databases of what is derived from the log, within one guard.
//!
//! redb trusts its file: where that is damaged it panics as often as it says so, when it opens, reads, writes and even when it is
//! dropped. Whoever keeps such a file opens it as a [`Derived`], which is dropped within the guard, touches it within [`guard`], and
//! renames it [out of the way](set_aside) before anything else is done where it is not to be trusted.

use redb::Database;
use std::any::Any;
use std::io;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What the name of a file ends with that was set aside. One of each name is kept, for whoever wants to know what was wrong.
const ASIDE: &str = ".aside";

/// What the database said when it panicked.
#[derive(Debug, thiserror::Error)]
#[error("the database panicked: {0}")]
pub struct Panicked(pub String);

/// Why a database does not do.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say all")]
pub enum Failure {
    #[error(transparent)]
    Panicked(#[from] Panicked),
    #[error("the database failed")]
    Database(#[source] Box<redb::Error>),
}

impl Failure {
    /// Whether the file may be good, and something else is the matter that may pass: no space, no descriptor, no right to it, somebody
    /// else has it open.
    pub fn may_pass(&self) -> bool {
        match self {
            Failure::Database(error) => may_pass(error),
            Failure::Panicked(_) => false,
        }
    }
}

/// Every error of the database is one to us.
macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Failure {
            fn from(error: redb::$error) -> Failure {
                Failure::Database(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(Error, DatabaseError, StorageError, TableError, TransactionError, CommitError, SetDurabilityError);

/// As [`Failure::may_pass`].
pub fn may_pass(error: &redb::Error) -> bool {
    match error {
        // It has met an error before, and answers nothing until it is opened again.
        redb::Error::DatabaseAlreadyOpen | redb::Error::PreviousIo => true,
        redb::Error::Io(error) => {
            let is_short_of = |error: &io::Error| {
                matches!(
                    error.kind(),
                    io::ErrorKind::StorageFull
                        | io::ErrorKind::QuotaExceeded
                        | io::ErrorKind::PermissionDenied
                        | io::ErrorKind::ReadOnlyFilesystem
                        | io::ErrorKind::OutOfMemory
                        | io::ErrorKind::NotFound
                )
            };
            let lacks_descriptors = error.raw_os_error().is_some_and(|code| {
                [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
                    .map(rustix::io::Errno::raw_os_error)
                    .contains(&code)
            });
            is_short_of(error) || lacks_descriptors
        }
        _ => false,
    }
}

/// Does what touches such a database: a panic in it ends here.
///
/// # Errors
/// [`Panicked`] with what was said.
pub fn guard<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    // What the work has changed is not looked at again where it panicked: the database is opened anew, or its file set aside.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Panicked(said(panic.as_ref())))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it did not say why").to_owned()
}

/// An open database; dropping it writes, so that happens within the guard as well.
#[derive(Debug)]
pub struct Derived(Option<Database>);

impl Derived {
    /// Opens a file; `None` where there is none. `cache_bytes` is what it may keep in memory.
    ///
    /// # Errors
    /// [`Failure`]; the file is as it was, but for what redb repairs.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Option<Derived>, Failure> {
        match std::fs::symlink_metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(redb::Error::Io(error).into()),
        }
        let opened = guard(|| redb::Builder::new().set_cache_size(cache_bytes).open(path))?;
        Ok(Some(Derived(Some(opened?))))
    }

    /// Makes a file where there is none.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn create(path: &Path, cache_bytes: usize) -> Result<Derived, Failure> {
        let made = guard(|| redb::Builder::new().set_cache_size(cache_bytes).create(path))?;
        Ok(Derived(Some(made?)))
    }

    /// Whether every page is as it was written, which takes reading all of them.
    ///
    /// # Errors
    /// [`Failure`]: it is not, or does not read.
    pub fn check(&mut self) -> Result<bool, Failure> {
        let database = self.0.as_mut().expect("it is open until it is dropped");
        Ok(guard(|| database.check_integrity())??)
    }
}

impl Deref for Derived {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect("it is open until it is dropped")
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        let database = self.0.take();
        if let Err(panicked) = guard(|| drop(database)) {
            tracing::warn!(%panicked, "a database of what is derived did not close; it is looked at when it is opened again");
        }
    }
}

/// Renames what is not to be trusted out of the way, and returns where it is now. What was set aside under this name before is gone.
///
/// # Errors
/// What the file system says; it is where it was.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = aside_of(path);
    let Err(error) = std::fs::rename(path, &aside) else { return Ok(aside) };
    // A directory is not replaced by a file, nor a file by a directory.
    if remove(&aside).is_ok() && std::fs::rename(path, &aside).is_ok() {
        return Ok(aside);
    }
    Err(error)
}

/// Removes what was set aside of this name, if there is anything.
///
/// # Errors
/// What the file system says.
pub fn remove_aside(path: &Path) -> io::Result<()> {
    remove(&aside_of(path))
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Where a file goes that is set aside.
pub fn aside_of(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    aside.into()
}

/// Closes a row for its key: redb holds no page it reads against a checksum, so a row that was changed in the file would be believed.
pub fn seal(key: &[u8], row: &mut Vec<u8>) {
    let sum = sum(key, row);
    row.extend_from_slice(&sum.to_le_bytes());
}

/// The row that was closed for this key; `None` where it is not as it was. A row without a byte has nothing that could be changed.
pub fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Option<&'a [u8]> {
    if sealed.is_empty() {
        return Some(sealed);
    }
    let (row, held) = sealed.split_last_chunk()?;
    (sum(key, row) == u32::from_le_bytes(*held)).then_some(row)
}

fn sum(key: &[u8], row: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_at_the_guard() {
        assert_eq!(guard(|| 3).unwrap(), 3);
        let texts: [fn(); 3] = [|| panic!("plain"), || panic!("{}", 7), || std::panic::panic_any(5_u8)];
        for (panics, said) in texts.into_iter().zip(["plain", "7", "it did not say why"]) {
            assert_eq!(guard(panics).unwrap_err().0, said);
        }
    }

    #[test]
    fn a_row_that_was_changed_is_not_read() {
        let mut sealed = b"pizza".to_vec();
        seal(b"item", &mut sealed);
        assert_eq!(unseal(b"item", &sealed), Some(&b"pizza"[..]));
        assert_eq!(
            (unseal(b"more", &sealed), unseal(b"item", b"abc"), unseal(b"item", b"")),
            (None, None, Some(&b""[..]))
        );
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal(b"item", &changed), None, "bit {bit}");
        }
        assert_eq!(unseal(b"item", &[0; 16]), None);
    }

    #[test]
    fn a_file_is_set_aside_once_whatever_stood_there() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("orders.redb");
        assert!(Derived::open(&path, 1 << 20).unwrap().is_none());
        for round in 0..3_u8 {
            std::fs::write(&path, [round]).unwrap();
            let aside = set_aside(&path).unwrap();
            assert_eq!((std::fs::read(aside).unwrap(), path.exists()), (vec![round], false));
        }
        // A directory where the file should be, and a file where that one goes.
        std::fs::create_dir_all(path.join("within")).unwrap();
        assert!(!Derived::open(&path, 1 << 20).unwrap_err().may_pass());
        assert!(set_aside(&path).unwrap().is_dir());
        std::fs::write(&path, b"soup").unwrap();
        assert!(!Derived::open(&path, 1 << 20).unwrap_err().may_pass());
        assert!(set_aside(&path).unwrap().is_file());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        remove_aside(&path).unwrap();
        remove_aside(&path).unwrap();
        drop(Derived::create(&path, 1 << 20).unwrap());
        let mut again = Derived::open(&path, 1 << 20).unwrap().unwrap();
        assert!(again.check().unwrap());
        assert!(Derived::open(&path, 1 << 20).unwrap_err().may_pass(), "somebody has it open");
    }
}
