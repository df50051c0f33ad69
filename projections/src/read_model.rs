//! One read model: its database and checkpoint, the position that queries see, and how its worker is doing.
//!
//! Nothing but this file and the worker touches the database, and both do it within [`derived::guard`]: a query that meets damage
//! has no answer, and the worker sets the file aside and folds the log anew.

use crate::error::{FoldError, OpenError, QueryError, with_causes};
use crate::options::Options;
use crate::progress::Progress;
use crate::projection::Projection;
use crate::projector::Projector;
use crate::rows::Definition;
use crate::view::View;
use derived::{Derived, Failure};
use eventlog::{BatchId, LogReader, Position};
use redb::{Durability, ReadableDatabase};
use schemas::views::{Checkpoint, Row};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The table of the one row that is the checkpoint.
const CHECKPOINT: &str = "checkpoint";
const CHECKPOINT_KEY: &[u8] = b"checkpoint";

/// What the worker of a read model and the queries on it share.
pub(crate) struct ReadModel {
    pub projection: Projection,
    /// Where free space is measured.
    pub dir: PathBuf,
    path: PathBuf,
    cache_bytes: usize,
    pub log: BatchId,
    pub version: u32,
    pub tables: &'static [&'static str],
    /// Up to which event queries see.
    pub progress: Progress,
    held: RwLock<Held>,
    parked: Mutex<Option<Parked>>,
    /// What a query met.
    trouble: Mutex<Option<Trouble>>,
    waits_for_space: AtomicBool,
}

/// What queries read from, and from when on.
#[derive(Default)]
struct Held {
    /// `None` until it is open, and while it is made anew.
    database: Option<Arc<Derived>>,
    /// Queries have no answer below this: the model is being rebuilt.
    rebuild_until: Position,
    /// The highest position that any query may have seen.
    seen: Position,
}

/// Where and why a projection stopped. It answers from what it had, and tries again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The position of the event it could not fold, or the one after the last it had.
    pub position: Position,
    /// What was wrong, causes included.
    pub error: String,
}

/// What a query met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub why: String,
    /// The file is not to be trusted; else it is enough to open it again.
    pub is_damage: bool,
}

/// A database that an earlier run left, and how far it goes.
type Found = Option<(Derived, Position)>;

impl ReadModel {
    /// A model that is not open yet.
    pub fn new<M: Projector>(projection: Projection, dir: &Path, options: &Options, log: BatchId) -> ReadModel {
        ReadModel {
            projection,
            dir: dir.to_owned(),
            path: dir.join(format!("{}.redb", projection.as_str())),
            cache_bytes: options.cache_bytes,
            log,
            version: M::VERSION,
            tables: M::TABLES,
            progress: Progress::new(Position(0)),
            held: RwLock::default(),
            parked: Mutex::new(None),
            trouble: Mutex::new(None),
            waits_for_space: AtomicBool::new(false),
        }
    }

    /// Opens the model's database, or makes a new one where there is none that fits the log. What was found there and does not fit or
    /// does not read is out of the way by then.
    pub fn open(&self, reader: &LogReader) -> Result<Arc<Derived>, OpenError> {
        make_dir(&self.dir)?;
        let (database, applied) = match self.reopen(reader)? {
            Some(found) => found,
            None => (self.create()?, Position(0)),
        };
        let database = Arc::new(database);
        let last = last_of(reader);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.database = Some(Arc::clone(&database));
        // A model that is only behind answers from where it stands, but never from before what it answered already; one that
        // starts over has nothing to say yet.
        held.rebuild_until = if applied == Position(0) { last } else { held.seen };
        self.progress.restart(applied);
        Ok(database)
    }

    /// The database of an earlier run, if it is of this history, this version, and not ahead of the log.
    fn reopen(&self, reader: &LogReader) -> Result<Found, OpenError> {
        let mut database = match Derived::open(&self.path, self.cache_bytes) {
            Ok(None) => return Ok(None),
            Ok(Some(database)) => database,
            Err(error) if error.may_pass() => return Err(self.unusable(error)),
            Err(error) => return self.set_aside(&with_causes(&error)).map(|()| None),
        };
        let checkpoint = match self.checked(&mut database) {
            Ok(checkpoint) => checkpoint,
            Err(why) => return self.set_aside(&why).map(|()| None),
        };
        if let Some(held) = checkpoint {
            let batch = reader.batch_at(Position(held.position))?;
            if held.log == self.log.0 && held.version == self.version && batch == Some(BatchId(held.batch)) {
                return Ok(Some((database, Position(held.position))));
            }
        }
        self.set_aside("it is of another history, another version, ahead of the log, or was never made durable")?;
        drop(database);
        // It is whole, and of no use to anybody.
        let _ = derived::remove_aside(&self.path);
        Ok(None)
    }

    /// Up to where the rows go, by the database itself; why it is not to be trusted, where it is not.
    fn checked(&self, database: &mut Derived) -> Result<Option<Checkpoint>, String> {
        // Who is let in is taken from there at a start: every page is held against its checksum first.
        if self.projection == Projection::Access && !database.check().map_err(|error| with_causes(&error))? {
            return Err("pages of it are not as they were written".to_owned());
        }
        match derived::guard(|| checkpoint(database)) {
            Ok(checkpoint) => checkpoint,
            Err(panicked) => Err(panicked.to_string()),
        }
    }

    /// A new database with every table, so that queries find them.
    fn create(&self) -> Result<Derived, OpenError> {
        let database = Derived::create(&self.path, self.cache_bytes).map_err(|error| self.unusable(error))?;
        let make = || -> Result<(), redb::Error> {
            let mut transaction = database.begin_write()?;
            // Nothing is lost with it: a model without a checkpoint is made anew.
            transaction.set_durability(Durability::None)?;
            transaction.open_table(Definition::new(CHECKPOINT))?;
            for table in self.tables {
                transaction.open_table(Definition::new(table))?;
            }
            transaction.commit()?;
            Ok(())
        };
        let made = derived::guard(make).map_err(Failure::from).and_then(|made| made.map_err(Failure::from));
        made.map_err(|error| self.unusable(error))?;
        Ok(database)
    }

    fn unusable(&self, source: Failure) -> OpenError {
        OpenError::Unusable { path: self.path.clone(), source }
    }

    /// Renames the file out of the way.
    fn set_aside(&self, why: &str) -> Result<(), OpenError> {
        let aside = derived::set_aside(&self.path).map_err(|source| OpenError::Io {
            what: "rename the read model",
            path: self.path.clone(),
            source,
        })?;
        tracing::warn!(path = %self.path.display(), aside = %aside.display(), why, "read model set aside, to be rebuilt from the log");
        Ok(())
    }

    /// Closes the database: it is opened again.
    pub fn close(&self) {
        let database = self.take_database(None);
        *self.trouble() = None;
        drop(database);
    }

    /// Lets a database go that is damaged: queries have no answer until another one is where this one was.
    pub fn discard(&self, reader: &LogReader, why: &str) -> Result<(), OpenError> {
        let database = self.take_database(Some(last_of(reader)));
        *self.trouble() = None;
        // It is out of the way before it is dropped, which writes.
        let aside = self.set_aside(why);
        drop(database);
        aside
    }

    fn take_database(&self, rebuild_until: Option<Position>) -> Option<Arc<Derived>> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.seen = held.seen.max(self.applied());
        held.rebuild_until = held.seen.max(rebuild_until.unwrap_or_default());
        held.database.take()
    }

    /// Answers from what there is, since there will be no more for now; never from before what was answered already.
    pub fn settle(&self) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.rebuild_until = held.seen.max(self.applied().min(held.rebuild_until));
    }

    /// The database, where it is open.
    pub fn database(&self) -> Option<Arc<Derived>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).database.clone()
    }

    pub fn applied(&self) -> Position {
        self.progress.applied()
    }

    pub fn park(&self, parked: Parked) {
        let mut held = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        // It is tried again and again, and said once.
        if held.as_ref() != Some(&parked) {
            let Parked { position, error } = &parked;
            let projection = self.projection.as_str();
            tracing::error!(projection, position = position.0, error, "projection parked; it is tried again");
        }
        *held = Some(parked);
    }

    /// What it could not do is done.
    pub fn unpark(&self) {
        if self.parked.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!(projection = self.projection.as_str(), "projection goes on");
        }
    }

    pub fn parked(&self) -> Option<Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a query met since the database was opened.
    pub fn trouble_met(&self) -> Option<Trouble> {
        self.trouble().clone()
    }

    /// Says whether the worker waits for space.
    pub fn set_free_space(&self, is_left: bool) {
        match (self.waits_for_space.swap(!is_left, Ordering::AcqRel), is_left) {
            (false, false) => {
                let projection = self.projection.as_str();
                tracing::error!(projection, "the disk is full; the read model waits and answers from what it has");
                // What is kept for nobody in particular goes first.
                let _ = derived::remove_aside(&self.path);
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
        let target = self.held.read().unwrap_or_else(PoisonError::into_inner).rebuild_until;
        Some(target).filter(|target| self.applied() < *target)
    }

    /// Whether there is an answer now, and as of when.
    pub fn answers_as_of(&self) -> Result<Position, QueryError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if held.database.is_none() {
            return Err(QueryError::Unavailable);
        }
        self.as_of(&held)
    }

    fn as_of(&self, held: &Held) -> Result<Position, QueryError> {
        let applied = self.applied();
        match applied < held.rebuild_until {
            true => Err(QueryError::Rebuilding { applied, target: held.rebuild_until }),
            false => Ok(applied),
        }
    }

    /// The model as it is now.
    fn view(&self) -> Result<View, QueryError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        // Taken first: what is read then is at least as new.
        let position = self.as_of(&held)?;
        let database = held.database.as_ref().ok_or(QueryError::Unavailable)?;
        Ok(View { position, transaction: database.begin_read()? })
    }

    /// Asks the model as it is now. Where that meets damage there is no answer, and the worker is told.
    pub fn read<T>(&self, query: impl FnOnce(&View) -> Result<T, QueryError>) -> Result<T, QueryError> {
        let trouble = match derived::guard(|| query(&self.view()?)) {
            Ok(Err(QueryError::Storage(error))) => {
                Trouble { is_damage: !derived::may_pass(&error), why: error.to_string() }
            }
            Ok(Err(error @ QueryError::Row { .. })) => Trouble { is_damage: true, why: with_causes(&error) },
            Ok(outcome) => return outcome,
            Err(panicked) => Trouble { is_damage: true, why: panicked.to_string() },
        };
        self.report(trouble);
        Err(QueryError::Unavailable)
    }

    /// Takes note of trouble; the worker looks at it.
    pub fn report(&self, trouble: Trouble) {
        let mut held = self.trouble();
        if held.is_none() {
            tracing::error!(
                projection = self.projection.as_str(),
                why = trouble.why,
                "a query met damage in the read model"
            );
            *held = Some(trouble);
        }
        drop(held);
        self.progress.wake();
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

/// Makes the directory of the read models; whatever else has its name is renamed out of the way.
fn make_dir(dir: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Io { what: "make the directory", path: dir.to_owned(), source };
    let Err(error) = std::fs::create_dir_all(dir) else { return Ok(()) };
    match std::fs::metadata(dir) {
        Ok(found) if !found.is_dir() => {
            let aside = derived::set_aside(dir).map_err(failed)?;
            tracing::warn!(path = %dir.display(), aside = %aside.display(), "it is no directory, and was set aside");
            std::fs::create_dir_all(dir).map_err(failed)
        }
        Ok(_) | Err(_) => Err(failed(error)),
    }
}

/// The last event there is.
fn last_of(reader: &LogReader) -> Position {
    Position(reader.durable().0.saturating_sub(1))
}

fn checkpoint(database: &Derived) -> Result<Option<Checkpoint>, String> {
    let held = || -> Result<Option<Vec<u8>>, redb::Error> {
        let table = match database.begin_read()?.open_table(Definition::new(CHECKPOINT)) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(table.get(CHECKPOINT_KEY)?.map(|bytes| bytes.value().to_vec()))
    };
    let held = held().map_err(|error| with_causes(&error))?;
    held.map(|bytes| Checkpoint::read(&bytes).map_err(|error| with_causes(&error))).transpose()
}
