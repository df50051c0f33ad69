//! The list of rejected rows beside the file: `FILE.rejected.csv` with line, column, reason and the row as it stood.
//!
//! It is there exactly when the last import of the file rejected rows: written under another name and put in place by one rename, and
//! removed by a run that rejects nothing.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::ImportError;
use crate::rows::Rejected;

/// How many rejected rows are also kept in memory, to be shown at the end.
pub const SHOWN_MAX: usize = 20;

/// What an import rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Rejects {
    /// Rows for a person to correct.
    pub count: u64,
    /// Rows that say themselves that they are no sale.
    pub parked: u64,
    /// The first of them, at most [`SHOWN_MAX`].
    pub first: Vec<Rejected>,
    /// The list, if there is one.
    pub path: Option<PathBuf>,
}

/// Writes the list. Dropped before [`RejectWriter::finish`], it leaves the list of the run before in place.
#[derive(Debug)]
pub struct RejectWriter {
    path: PathBuf,
    temporary: PathBuf,
    header: Vec<String>,
    writer: Option<csv::Writer<File>>,
    rejects: Rejects,
}

/// Where the rejected rows of `file` are written.
#[must_use]
pub fn rejects_path(file: &Path) -> PathBuf {
    with_suffix(file, ".rejected.csv")
}

impl RejectWriter {
    /// A writer for the rejects of `file`, whose columns are `header`. Touches no disk.
    #[must_use]
    pub fn new(file: &Path, header: &[String]) -> RejectWriter {
        let path = rejects_path(file);
        let temporary = with_suffix(&path, &format!(".{}.tmp", std::process::id()));
        RejectWriter { path, temporary, header: header.to_vec(), writer: None, rejects: Rejects::default() }
    }

    /// Writes one rejected row.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] if the disk refuses.
    pub fn push(&mut self, rejected: Rejected) -> Result<(), ImportError> {
        let path = self.temporary.clone();
        self.write(&rejected).map_err(|source| ImportError::Rejects { path, source })?;
        match rejected.is_parked {
            true => self.rejects.parked += 1,
            false => self.rejects.count += 1,
        }
        if self.rejects.first.len() < SHOWN_MAX {
            self.rejects.first.push(rejected);
        }
        Ok(())
    }

    /// Puts the list in place, or removes that of a run before if nothing was rejected.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] if the disk refuses.
    pub fn finish(mut self) -> Result<Rejects, ImportError> {
        let placed = match self.writer.take() {
            Some(writer) => self.place(writer).map(|()| Some(self.path.clone())),
            None => remove(&self.path).map(|()| None),
        };
        let path = placed.map_err(|source| ImportError::Rejects { path: self.path.clone(), source })?;
        Ok(Rejects { path, ..std::mem::take(&mut self.rejects) })
    }

    fn write(&mut self, rejected: &Rejected) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let file = File::create(&self.temporary)?;
                let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
                writer.write_record(
                    ["line", "column", "reason"].into_iter().chain(self.header.iter().map(String::as_str)),
                )?;
                self.writer.insert(writer)
            }
        };
        writer.write_field(rejected.line.to_string())?;
        writer.write_field(&rejected.column)?;
        writer.write_field(&rejected.reason)?;
        for field in &rejected.raw {
            writer.write_field(field)?;
        }
        writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn place(&self, writer: csv::Writer<File>) -> io::Result<()> {
        let file = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        file.sync_all()?;
        drop(file);
        fs::rename(&self.temporary, &self.path)
    }
}

impl Drop for RejectWriter {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            let _ = fs::remove_file(&self.temporary); // Nobody is left to be told.
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(line: u64, raw: &[&[u8]]) -> Rejected {
        let raw = raw.iter().map(|field| field.to_vec()).collect();
        Rejected {
            is_parked: false,
            line,
            column: "qty".to_owned(),
            reason: "`x, \"y\"` is not a quantity".to_owned(),
            raw,
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .expect("lists")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_list_is_there_exactly_when_rows_were_rejected() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("o.csv.gz");
        let header = ["a".to_owned(), "b".to_owned()];
        let writer = RejectWriter::new(&file, &header);
        assert_eq!(writer.finish().expect("nothing to do"), Rejects::default());
        assert!(names(dir.path()).is_empty());

        let mut writer = RejectWriter::new(&file, &header);
        writer.push(rejected(3, &[b"x, \"y\"", b"\xa3"])).expect("writes");
        writer.push(rejected(9, &[b"one", b"two", b"three"])).expect("writes");
        let rejects = writer.finish().expect("renames");
        assert_eq!((rejects.count, rejects.first.len()), (2, 2));
        assert_eq!(names(dir.path()), ["o.csv.gz.rejected.csv"]);
        let path = rejects.path.expect("a path");
        let reason = "\"`x, \"\"y\"\"` is not a quantity\"";
        let expected =
            format!("line,column,reason,a,b\n3,qty,{reason},\"x, \"\"y\"\"\",?\n9,qty,{reason},one,two,three\n");
        let bytes: Vec<u8> = expected.bytes().map(|byte| if byte == b'?' { 0xa3 } else { byte }).collect();
        assert_eq!(fs::read(&path).expect("reads"), bytes);

        let mut dropped = RejectWriter::new(&file, &header);
        dropped.push(rejected(4, &[])).expect("writes");
        drop(dropped);
        assert_eq!(fs::read(&path).expect("reads"), bytes, "a run that failed leaves the list of the run before");
        assert_eq!(names(dir.path()), ["o.csv.gz.rejected.csv"]);

        assert_eq!(RejectWriter::new(&file, &header).finish().expect("removes").path, None);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn memory_is_bounded_and_a_full_disk_is_an_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut writer = RejectWriter::new(&dir.path().join("o.csv"), &[]);
        for line in 0..1000 {
            writer.push(rejected(line, &[b"x"])).expect("writes");
        }
        let rejects = writer.finish().expect("renames");
        assert_eq!((rejects.count, rejects.first.len()), (1000, SHOWN_MAX));
        let mut writer = RejectWriter::new(&dir.path().join("no/such/dir.csv"), &[]);
        let error = writer.push(rejected(1, &[])).expect_err("no directory").to_string();
        assert!(error.contains("dir.csv.rejected.csv"), "{error}");
    }
}
