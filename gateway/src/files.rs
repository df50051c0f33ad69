//! Who may read what the server keeps: its owner, and nobody else.

use rustix::fs::Mode;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What others than the owner may do with a file.
const OTHERS: u32 = 0o077;
/// How deep a data directory goes.
const DEPTH_MAX: u32 = 4;

/// Has all files that this process makes from now on be its owner's alone (0600), and all directories (0700): the log, read models,
/// snapshots, keys, backups, whichever library makes them.
pub fn keep_to_owner() {
    rustix::process::umask(Mode::from_raw_mode(OTHERS));
}

/// What others may read, or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wider {
    /// How many files and directories.
    pub count: usize,
    /// One of them, with its mode.
    pub example: Option<(PathBuf, u32)>,
}

impl Wider {
    /// What is wider of these files and directories, with all that is in them. What is not there is nobody's.
    ///
    /// # Errors
    /// What the file system answered.
    pub fn of<'a>(paths: impl IntoIterator<Item = &'a Path>) -> io::Result<Wider> {
        let mut wider = Wider::default();
        for path in paths {
            wider.look(path, DEPTH_MAX)?;
        }
        Ok(wider)
    }

    fn look(&mut self, path: &Path, depth: u32) -> io::Result<()> {
        let found: Metadata = match path.symlink_metadata() {
            // Segments come and go while a server runs.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        // What a link may be read by says what it leads to.
        if found.is_symlink() {
            return Ok(());
        }
        if found.mode() & OTHERS != 0 {
            self.count += 1;
            self.example.get_or_insert_with(|| (path.to_owned(), found.mode() & 0o7777));
        }
        if found.is_dir() && 0 < depth {
            for entry in path.read_dir()? {
                self.look(&entry?.path(), depth - 1)?;
            }
        }
        Ok(())
    }
}

/// Says in one line where others may read what the server keeps; it goes on all the same.
pub fn say_wider<'a>(paths: impl IntoIterator<Item = &'a Path>) {
    match Wider::of(paths) {
        Ok(Wider { count, example: Some((path, mode)) }) => tracing::warn!(
            count,
            path = %path.display(),
            mode = format!("{mode:04o}"),
            "others than their owner may get at files of the server; take that from them: chmod -R go-rwx"
        ),
        Ok(Wider { example: None, .. }) => {}
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "who may read the server's files is not known");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_wider_is_counted_whatever_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let (inner, file) = (dir.path().join("log"), dir.path().join("log").join("1.seg"));
        fs::create_dir(&inner).unwrap();
        fs::write(&file, "").unwrap();
        for (path, mode) in [(dir.path(), 0o700), (&*inner, 0o700), (&*file, 0o600)] {
            set(path, mode);
        }
        let gone = dir.path().join("gone");
        let wider = || Wider::of([dir.path(), &gone]).unwrap();
        assert_eq!(wider(), Wider::default());
        set(&file, 0o640);
        assert_eq!(wider(), Wider { count: 1, example: Some((file.clone(), 0o640)) });
        set(&inner, 0o755);
        assert_eq!(wider(), Wider { count: 2, example: Some((inner.clone(), 0o755)) });
    }
}
