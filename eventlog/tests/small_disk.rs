//! A real file system of 2 MiB, filled up and freed again, where the system lets this process mount one.

mod common;

use common::programme::{Counts, Sizes, run};
use common::{Model, read_all};
use eventlog::sim::Random;
use eventlog::{AppendError, Background, LogReader, LogWriter, Options, open_embedded};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// A memory file system on a directory of its own.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`, said loudly, where this process may not mount.
    fn mount() -> Option<SmallDisk> {
        let dir = tempfile::tempdir().expect("a directory");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(dir.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(SmallDisk { dir }),
            Ok(_) | Err(_) => {
                let _ = writeln!(std::io::stderr(), "SKIPPED: a small file system cannot be mounted by this user");
                None
            }
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// A file that takes space from the log.
    fn ballast(&self) -> PathBuf {
        self.dir.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.dir.path()).status();
    }
}

#[test]
fn a_real_disk_that_is_full_stops_writes_and_takes_them_again_once_there_is_space() {
    let sizes = Sizes { small: 4, change: 60, gate: 400 };
    // One after the other: a child process that has not become `mount` yet holds what its parent has locked.
    let alone = Mutex::new(());
    run(4, "a real file system filled up", sizes, |seed, counts| {
        let _alone = alone.lock();
        if let Some(disk) = SmallDisk::mount() {
            fill(&disk, seed, counts);
        }
    });
}

fn fill(disk: &SmallDisk, seed: u64, counts: &mut Counts) {
    let background = if seed.is_multiple_of(2) { Background::Inline } else { Background::Threads };
    let options = Options { segment_bytes: 64 << 10, recent_bytes: 8 << 10, open_files: 4, background };
    let (mut model, mut random) = (Model::default(), Random::new(seed));
    for _ in 0..3 {
        std::fs::write(disk.ballast(), vec![1; 200 << 10]).expect("there is space for it");
        let (mut writer, reader) = open(disk, options);
        model.check(&writer, &reader);
        let held = fill_up(&mut model, &mut writer, &mut random);
        // Reads go on, and a second try writes no more than the first.
        assert_eq!(read_all(&reader).expect("reads").len() as u64, held + 1);
        assert!(matches!(append(&mut model, &mut writer, &mut random), Err(AppendError::StorageFull { .. }) | Ok(())));
        std::fs::remove_file(disk.ballast()).expect("it is there");
        for _ in 0..3 {
            append(&mut model, &mut writer, &mut random).expect("there is space again");
        }
        model.check(&writer, &reader);
        fill_up(&mut model, &mut writer, &mut random);
        drop(writer);
        counts.add("fillings", 2);

        // Opening needs no space, whatever was closed or not.
        let (writer, reader) = open(disk, options);
        model.check(&writer, &reader);
        drop((writer, reader));
        make_smaller(&disk.log(), &mut model);
    }
}

fn open(disk: &SmallDisk, options: Options) -> (LogWriter, LogReader) {
    let (writer, reader, _) = open_embedded(&disk.log(), options).unwrap_or_else(|error| panic!("{error}"));
    (writer, reader)
}

fn append(model: &mut Model, writer: &mut LogWriter, random: &mut Random) -> Result<(), AppendError> {
    model.body_max = 4_000;
    model.append(writer, random)
}

/// Appends until there is no space; answers how many batches there are.
fn fill_up(model: &mut Model, writer: &mut LogWriter, random: &mut Random) -> u64 {
    let refused = loop {
        match append(model, writer, random) {
            Ok(()) => {}
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, AppendError::StorageFull { .. }), "{refused}");
    model.promised.len() as u64
}

/// Starts over with an empty log: a log is never made shorter.
fn make_smaller(log: &Path, model: &mut Model) {
    std::fs::remove_dir_all(log).expect("it is there");
    *model = Model::default();
}
