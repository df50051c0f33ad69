//! One read model: its database and checkpoint, the position that queries see, and whether its worker was parked.

use crate::error::{FoldError, OpenError, QueryError};
use crate::options::Options;
use crate::progress::Progress;
use crate::projection::Projection;
use crate::projector::Projector;
use crate::rows::Definition;
use crate::view::View;
use eventlog::{BatchId, LogReader, Position};
use redb::{Database, DatabaseError, Durability, ReadableDatabase};
use schemas::views::{Checkpoint, Row};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The table of the one row that is the checkpoint.
const CHECKPOINT: &str = "checkpoint";
const CHECKPOINT_KEY: &[u8] = b"checkpoint";

/// What the worker of a read model and the queries on it share.
pub(crate) struct ReadModel {
    pub projection: Projection,
    pub database: Database,
    /// Where free space is measured.
    pub dir: PathBuf,
    pub log: BatchId,
    pub version: u32,
    pub tables: &'static [&'static str],
    /// Up to which event queries see.
    pub progress: Progress,
    /// Queries have no answer below this: the model is being rebuilt.
    rebuild_until: Position,
    parked: OnceLock<Parked>,
    waits_for_space: AtomicBool,
}

/// Where and why a projection stopped. It answers from what it had; a restart tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The position of the event it could not fold, or the one after the last it had.
    pub position: Position,
    /// What was wrong, causes included.
    pub error: String,
}

impl ReadModel {
    /// Opens the model's database, or makes a new one where there is none that fits the log.
    pub fn open<M: Projector>(
        projection: Projection,
        dir: &Path,
        options: &Options,
        log: BatchId,
        reader: &LogReader,
    ) -> Result<ReadModel, OpenError> {
        let path = dir.join(format!("{}.redb", projection.as_str()));
        let found = reopen::<M>(&path, options, log, reader)?;
        let (database, applied) = match found {
            Some((database, applied)) => (database, applied),
            None => (create::<M>(&path, options)?, Position(0)),
        };
        let last = Position(reader.durable().0.saturating_sub(1));
        Ok(ReadModel {
            projection,
            database,
            dir: dir.to_owned(),
            log,
            version: M::VERSION,
            tables: M::TABLES,
            progress: Progress::new(applied),
            // A model that is only behind answers from where it stands; one that starts over has nothing to say yet.
            rebuild_until: if applied == Position(0) { last } else { Position(0) },
            parked: OnceLock::new(),
            waits_for_space: AtomicBool::new(false),
        })
    }

    pub fn applied(&self) -> Position {
        self.progress.applied()
    }

    pub fn park(&self, parked: Parked) {
        tracing::error!(
            projection = self.projection.as_str(),
            position = parked.position.0,
            error = parked.error,
            "projection parked"
        );
        // The first reason is the one to look at.
        let _ = self.parked.set(parked);
    }

    pub fn parked(&self) -> Option<&Parked> {
        self.parked.get()
    }

    /// Says whether the worker waits for space.
    pub fn set_free_space(&self, is_left: bool) {
        match (self.waits_for_space.swap(!is_left, Ordering::AcqRel), is_left) {
            (false, false) => {
                let projection = self.projection.as_str();
                tracing::error!(projection, "the disk is full; the read model waits and answers from what it has");
            }
            (true, true) => tracing::info!(projection = self.projection.as_str(), "the read model goes on"),
            (false, true) | (true, false) => {}
        }
    }

    pub fn waits_for_space(&self) -> bool {
        self.waits_for_space.load(Ordering::Acquire)
    }

    /// What the model has to reach before it answers, while it has not.
    pub fn rebuilding(&self) -> Option<Position> {
        Some(self.rebuild_until).filter(|target| self.applied() < *target)
    }

    /// The model as it is now.
    pub fn view(&self) -> Result<View, QueryError> {
        // Taken first: what is read then is at least as new.
        let position = self.applied();
        if position < self.rebuild_until {
            return Err(QueryError::Rebuilding { applied: position, target: self.rebuild_until });
        }
        Ok(View { position, transaction: self.database.begin_read()? })
    }

    /// Writes the checkpoint into the transaction that brings the model there.
    pub fn write_checkpoint(
        &self,
        transaction: &redb::WriteTransaction,
        position: Position,
        batch: BatchId,
    ) -> Result<(), FoldError> {
        let checkpoint = Checkpoint { log: self.log.0, version: self.version, position: position.0, batch: batch.0 };
        let mut bytes = vec![];
        checkpoint.write(&mut bytes);
        transaction.open_table(Definition::new(CHECKPOINT))?.insert(CHECKPOINT_KEY, bytes.as_slice())?;
        Ok(())
    }
}

/// The database of an earlier run, if it is of this history, this version, and not ahead of the log.
fn reopen<M: Projector>(
    path: &Path,
    options: &Options,
    log: BatchId,
    reader: &LogReader,
) -> Result<Option<(Database, Position)>, OpenError> {
    if !path.exists() {
        return Ok(None);
    }
    let mut builder = redb::Builder::new();
    builder.set_cache_size(options.cache_bytes);
    // A file that is damaged where redb trusts it makes it panic; the model is rebuilt all the same.
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let database = builder.open(path)?;
        let checkpoint = checkpoint(&database);
        Ok((database, checkpoint))
    }));
    let why = match opened {
        Ok(Ok((database, Some(held)))) => {
            let batch = reader.batch_at(Position(held.position))?;
            if held.log == log.0 && held.version == M::VERSION && batch == Some(BatchId(held.batch)) {
                return Ok(Some((database, Position(held.position))));
            }
            "it is of another history, another version, or ahead of the log"
        }
        Ok(Ok((_, None))) => "it has no checkpoint",
        Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => return Err(OpenError::Locked { path: path.to_owned() }),
        Ok(Err(_)) | Err(_) => "it does not read",
    };
    tracing::warn!(path = %path.display(), why, "read model discarded, to be rebuilt from the log");
    std::fs::remove_file(path).map_err(|source| OpenError::Io {
        what: "remove the read model",
        path: path.to_owned(),
        source,
    })?;
    Ok(None)
}

fn checkpoint(database: &Database) -> Option<Checkpoint> {
    let transaction = database.begin_read().ok()?;
    let table = transaction.open_table(Definition::new(CHECKPOINT)).ok()?;
    let bytes = table.get(CHECKPOINT_KEY).ok()??;
    Checkpoint::read(bytes.value()).ok()
}

/// A new database with every table, so that queries find them.
fn create<M: Projector>(path: &Path, options: &Options) -> Result<Database, OpenError> {
    let storage = |error: redb::Error| OpenError::Storage { path: PathBuf::from(path), source: Box::new(error) };
    let mut builder = redb::Builder::new();
    builder.set_cache_size(options.cache_bytes);
    let database = builder.create(path).map_err(|error| storage(error.into()))?;
    let make = || -> Result<(), redb::Error> {
        let mut transaction = database.begin_write()?;
        // Nothing is lost with it: a model without a checkpoint is made anew.
        transaction.set_durability(Durability::None)?;
        transaction.open_table(Definition::new(CHECKPOINT))?;
        for table in M::TABLES {
            transaction.open_table(Definition::new(table))?;
        }
        transaction.commit()?;
        Ok(())
    };
    make().map_err(storage)?;
    Ok(database)
}
