//! What the fault tests share: batches that follow from a random sequence, and a model of what the log must hold.

#![allow(dead_code, reason = "each test binary uses a part")]

pub mod damage;
pub mod history;
pub mod planting;
pub mod programme;
pub mod replicated;
pub mod script;
pub mod shop;

use eventlog::sim::{Random, SimDisk};
use eventlog::{
    AppendError, Background, Batch, BatchId, CommitHeader, LogReader, LogWriter, OpenError, Options, Position,
    ReadError, Recovered, Revision, StoredBatch, open_on,
};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub const OPTIONS: Options =
    Options { segment_bytes: 8 << 10, recent_bytes: 2 << 10, open_files: 4, background: Background::Inline };

pub fn dir() -> &'static Path {
    Path::new("/log")
}

pub fn open(disk: &SimDisk) -> Result<(LogWriter, LogReader, Recovered), OpenError> {
    open_on(Arc::new(disk.clone()), dir(), OPTIONS)
}

pub fn segments(disk: &SimDisk) -> Vec<PathBuf> {
    disk.names().into_iter().filter(|path| path.extension().is_some_and(|end| end == "seg")).collect()
}

/// A batch as the model remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub id: BatchId,
    pub next: Position,
    pub digest: u64,
}

/// What was promised, and at most one batch whose outcome nobody knows.
#[derive(Clone)]
pub struct Model {
    pub promised: Vec<Remembered>,
    pub unknown: Option<Remembered>,
    /// The longest body of an event, in bytes.
    pub body_max: u64,
    commands: u128,
}

impl Default for Model {
    fn default() -> Model {
        Model { promised: vec![], unknown: None, body_max: 20_000, commands: 0 }
    }
}

impl Model {
    fn next(&self) -> Position {
        self.promised.last().map_or(Position(1), |last| last.next)
    }

    fn revisions(&self) -> u64 {
        self.promised.len() as u64
    }

    /// Appends a random batch and remembers what became of it.
    pub fn append(&mut self, writer: &mut LogWriter, random: &mut Random) -> Result<(), AppendError> {
        let id = BatchId(u128::from(random.bits()));
        let mut batch = Batch::with_id(writer.next_position(), id);
        let mut hasher = DefaultHasher::new();
        for _ in 0..1 + random.below(3) {
            self.commands += 1;
            let meta = vec![5; random.below(20) as usize];
            let header =
                CommitHeader { tenant: "t1", command_id: self.commands, payload_hash: 1, recorded_at: 9, meta: &meta };
            (header.command_id, header.payload_hash, header.recorded_at, "t1", &meta[..]).hash(&mut hasher);
            let mut commit = batch.commit(&header);
            for n in 0..random.below(4) {
                let len = match random.below(40) {
                    0 => random.below(20_000),
                    1..8 => random.below(1500),
                    _ => random.below(100),
                };
                let body = vec![random.bits() as u8; len.min(self.body_max) as usize];
                let (stream, revision) = (format!("s{}", random.below(5)), self.revisions() * 8 + n);
                let position = commit.event(&stream, Revision(revision), |bytes| bytes.extend_from_slice(&body));
                (position.0, &stream[..], revision, &body[..]).hash(&mut hasher);
            }
            commit.finish();
        }
        let (digest, next) = (hasher.finish(), batch.next_position());
        let remembered = Remembered { id, next, digest };
        match writer.append(&mut batch) {
            Ok(appended) => {
                assert_eq!(appended.range.next, next);
                assert!(batch.is_empty());
                self.promised.push(remembered);
                Ok(())
            }
            Err(error) => {
                if let AppendError::Unknown { .. } = &error {
                    // Only the first failure leaves a question; a poisoned writer writes nothing more.
                    self.unknown.get_or_insert(remembered);
                }
                Err(error)
            }
        }
    }

    /// The log holds exactly what was promised, and perhaps the batch of unknown outcome, whole. What it holds counts as promised
    /// from now on, as readers have seen it.
    #[track_caller]
    pub fn check(&mut self, writer: &LogWriter, reader: &LogReader) {
        self.look(writer, reader, Excuse::None).expect("the log reads");
    }

    /// As [`Model::check`], where the disk may have lied: then reading may end with an error.
    #[track_caller]
    pub fn look(&mut self, writer: &LogWriter, reader: &LogReader, excuse: Excuse) -> Result<(), ReadError> {
        let batches = read_all(reader)?;
        let found: Vec<Remembered> = batches.iter().skip(1).map(|batch| remembered(batch)).collect();
        if excuse == Excuse::LastBatch && found.len() + 1 == self.promised.len() {
            (self.unknown, _) = (None, self.promised.pop());
        }
        let known = self.promised.len();
        assert!(known <= found.len(), "acknowledged batches are lost: {} of {known} there", found.len());
        assert!(found[..known] == self.promised[..], "an acknowledged batch changed");
        match (&found[known..], self.unknown.take()) {
            ([], Some(unknown)) => assert_eq!(writer.find_batch(unknown.id)?, None),
            ([], None) => {}
            ([there], Some(unknown)) => {
                assert_eq!(*there, unknown, "the batch of unknown outcome is there, but not as it was written");
                let place = writer.find_batch(unknown.id)?.expect("it is there");
                assert_eq!((place.number, place.next), (known as u64 + 1, unknown.next));
                self.promised.push(unknown);
            }
            (more, unknown) => panic!("{} batches nobody wrote, {unknown:?} unknown", more.len()),
        }
        assert_eq!(writer.next_position(), self.next());
        assert_eq!(reader.durable(), self.next());
        check_streams(reader, &batches)
    }
}

/// What may be missing although it was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excuse {
    None,
    /// The last batch: it was damaged, and the power went before its mark reached the disk. Nobody can tell that from a write that
    /// did not finish.
    LastBatch,
}

/// Each stream reads the same through the index as by going through the log.
fn check_streams(reader: &LogReader, batches: &[Arc<StoredBatch>]) -> Result<(), ReadError> {
    // In an order of its own: what is read when is part of a history.
    let mut streams: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for commit in batches.iter().flat_map(|batch| batch.commits()) {
        for event in commit.events() {
            streams.entry(event.stream).or_default().push(event.position.0);
        }
    }
    for (stream, positions) in streams {
        let events = reader.read_stream(stream, Revision(0), eventlog::Direction::Forward, usize::MAX)?;
        assert!(events.iter().map(|event| event.position.0).eq(positions), "stream {stream} reads differently");
    }
    Ok(())
}

/// Every batch of the log, in order and without a gap.
#[track_caller]
pub fn read_all(reader: &LogReader) -> Result<Vec<Arc<StoredBatch>>, ReadError> {
    let (mut tail, mut batches, mut next) = (reader.tail(Position(0)), Vec::new(), Position(0));
    while let Some(batch) = tail.next(Duration::ZERO)? {
        assert_eq!((batch.batch_number(), batch.first()), (batches.len() as u64, next), "a gap");
        next = batch.next_position();
        batches.push(batch);
    }
    assert_eq!(next, reader.durable());
    Ok(batches)
}

pub fn remembered(batch: &StoredBatch) -> Remembered {
    let mut hasher = DefaultHasher::new();
    for commit in batch.commits() {
        (commit.command_id, commit.payload_hash, commit.recorded_at, commit.tenant, commit.meta).hash(&mut hasher);
        for event in commit.events() {
            (event.position.0, event.stream, event.revision.0, event.body).hash(&mut hasher);
        }
    }
    Remembered { id: batch.id(), next: batch.next_position(), digest: hasher.finish() }
}
