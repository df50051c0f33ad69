//! A random history on a disk that forgets and lies.

#![allow(dead_code, reason = "each test binary uses a part")]

use super::programme::Counts;
use super::{Excuse, Model, OPTIONS, open, segments};
use eventlog::sim::{Fault, Random, SimDisk};
use eventlog::{AppendError, LogReader, LogWriter, OpenError, ReadError};

/// How often a history is opened, worked on and lost.
const ROUNDS: u64 = 12;
/// One history in so many has a disk that lies, once.
const LYING: u64 = 4;

/// One history; its seed is all there is to it.
struct History<'a> {
    random: Random,
    disk: SimDisk,
    model: Model,
    /// When the disk lies: damages something without a word.
    lies_in: Option<u64>,
    has_lied: bool,
    /// Power was lost since the log was last looked at.
    lost_power: bool,
    counts: &'a mut Counts,
}

impl History<'_> {
    fn run(mut self) {
        for round in 0..ROUNDS {
            let Some((mut writer, _)) = self.open_despite() else {
                return self.counts.add("histories ended by damage found", 1);
            };
            arm(&self.disk, &mut self.random, 40);
            if self.lies_in == Some(round) {
                self.lie();
            }
            if self.random.one_in(6) {
                let used = segments(&self.disk).len() as u64 * OPTIONS.segment_bytes;
                self.disk.set_capacity(used + self.random.below(2 * OPTIONS.segment_bytes));
            }
            for _ in 0..self.random.below(14) {
                self.append(&mut writer);
            }
            self.disk.set_capacity(u64::MAX);
            match self.random.below(4) {
                0 => drop(writer.close()),
                1 => drop(writer),
                _ => {}
            }
            self.lose();
        }
    }

    fn append(&mut self, writer: &mut LogWriter) {
        match self.model.append(writer, &mut self.random) {
            Ok(()) => self.counts.add("batches acknowledged", 1),
            Err(AppendError::StorageFull { .. }) => {
                self.counts.add("full disks", 1);
                self.disk.set_capacity(u64::MAX);
            }
            Err(AppendError::Unavailable { .. }) => self.counts.add("segments not made", 1),
            Err(AppendError::Unknown { .. }) => self.counts.add("outcomes unknown", 1),
            Err(AppendError::Fenced) => panic!("nobody else writes"),
        }
    }

    /// Lets a bit rot now, or a write go astray soon.
    fn lie(&mut self) {
        self.has_lied = true;
        match self.random.one_in(2) {
            true => drop(self.disk.rot()),
            false => self.disk.arm(self.disk.operations() + self.random.below(20), Fault::Misdirected),
        }
        self.counts.add("lies of the disk", 1);
    }

    /// Opens the log, with faults at first, and checks what it holds. `None` when the log says that it is damaged, which only a
    /// disk that lied may bring about.
    fn open_despite(&mut self) -> Option<(LogWriter, LogReader)> {
        for _ in 0..self.random.below(3) {
            arm(&self.disk, &mut self.random, 12);
            match open(&self.disk) {
                Err(OpenError::Io { .. } | OpenError::StorageFull { .. }) => self.counts.add("openings that failed", 1),
                Err(error) => return self.refused(&error),
                // Power may be lost again right after opening. Nothing was seen, so nothing more was promised.
                Ok(opened) => drop(opened),
            }
            self.lose();
        }
        self.disk.disarm();
        let (writer, reader, recovered) = match open(&self.disk) {
            Ok(opened) => opened,
            Err(error) => return self.refused(&error),
        };
        self.counts.add("recoveries", 1);
        self.counts.add("tails cut", u64::from(recovered.truncated_bytes != 0));
        let excuse = if self.has_lied && self.lost_power { Excuse::LastBatch } else { Excuse::None };
        let promised = self.model.promised.len();
        match self.model.look(&writer, &reader, excuse) {
            Ok(()) => {}
            Err(ReadError::Corrupt(_)) if self.has_lied => return None,
            Err(error) => panic!("{error}"),
        }
        self.counts.add("last batches lost to damage and power loss", u64::from(self.model.promised.len() < promised));
        self.lost_power = false;
        Some((writer, reader))
    }

    fn refused<T>(&self, error: &OpenError) -> Option<T> {
        match error {
            OpenError::Corrupt(_) | OpenError::NotALog { .. } | OpenError::Version { .. } if self.has_lied => None,
            error => panic!("{error}"),
        }
    }

    fn lose(&mut self) {
        // A kill cannot follow a power loss.
        match self.random.one_in(3) && self.disk.has_power() {
            true => {
                self.disk.kill();
                self.counts.add("kills", 1);
            }
            false => {
                self.disk.crash();
                self.lost_power = true;
                self.counts.add("power losses", 1);
            }
        }
    }
}

fn arm(disk: &SimDisk, random: &mut Random, soon: u64) {
    let at = disk.operations() + random.below(soon);
    match random.below(8) {
        0 | 1 => disk.arm(at, Fault::PowerLoss),
        2 => disk.arm(at, Fault::Failure),
        3 => disk.arm_from(at, Fault::Failure),
        4 => disk.arm(at, Fault::Full),
        5 => disk.arm(at, Fault::Interrupted),
        6 => disk.arm(at, Fault::Short),
        _ => disk.disarm(),
    }
}

/// Runs the history of `seed`.
pub fn history(seed: u64, counts: &mut Counts) {
    let mut random = Random::new(seed);
    let disk = SimDisk::new(random.bits());
    let lies_in = random.one_in(LYING).then(|| ROUNDS / 2 + random.below(ROUNDS / 2));
    let (of_history, model) = (disk.clone(), Model::default());
    History { random, disk: of_history, model, lies_in, has_lied: false, lost_power: false, counts }.run();
    counts.add("faults", disk.faults());
}
