//! The snapshot file: one row per store, each as it was at a position of its own, and how far all of them go together.
//!
//! It is derived from the log and may be deleted while the engine is stopped: then the whole log is folded. A file that
//! is damaged, of another log, of another form or ahead of the log is reported and made anew.

use domain::ids::{StoreId, TenantId};
use eventlog::{BatchId, LogReader, Position, ReadError};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use schemas::stored::{BadSnapshot, Checkpoint, StoreRow, StoreSummary};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

const CHECKPOINT: Table = TableDefinition::new("checkpoint");
const CHECKPOINT_KEY: &[u8] = b"checkpoint";
/// The newest event that any row has seen (8 bytes), and the id of the batch that holds it (16 bytes), little-endian: another history
/// has another batch there.
const NEWEST_KEY: &[u8] = b"newest";
const NEWEST_LEN: usize = 8 + 16;
/// What memory keeps of an evicted store, of every store.
const NOTES: Table = TableDefinition::new("notes");
/// See [`StoreRow`].
const STORES: Table = TableDefinition::new("stores");
/// What the database may keep in memory, in bytes: rows are read once and then kept as stores.
const CACHE_BYTES: usize = 8 << 20;

/// Why the snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say all")]
pub enum SnapshotError {
    #[error("cannot {what} {}", path.display())]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the snapshot's database failed")]
    Storage(#[source] Box<redb::Error>),
    #[error(transparent)]
    Row(#[from] BadSnapshot),
    #[error("the rows of the snapshot do not fit together")]
    Mixed,
    #[error("the log does not read")]
    Log(#[from] ReadError),
}

/// Every error of the database is one to us.
macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for SnapshotError {
            fn from(error: redb::$error) -> SnapshotError {
                SnapshotError::Storage(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(DatabaseError, StorageError, TableError, TransactionError, CommitError);

/// What a snapshot says about the whole log below its checkpoint.
#[derive(Debug)]
pub(crate) struct Contents {
    pub checkpoint: Checkpoint,
    pub notes: Vec<(TenantId, StoreId, StoreSummary)>,
    /// The newest event in any of it, and the batch that holds it.
    pub newest: (Position, BatchId),
}

/// A store to be written, in its stored form.
#[derive(Debug)]
pub(crate) struct Row {
    pub tenant: TenantId,
    pub store: StoreId,
    /// The position after the last event in it.
    pub position: Position,
    /// The stored form of its [`StoreSummary`].
    pub note: Vec<u8>,
    /// The stored form of its [`StoreRow`]; `None` where only the note changes.
    pub row: Option<Vec<u8>>,
}

/// A store as it is at a moment, not yet in its stored form: encoding takes longer than the engine thread may stand still.
#[derive(Debug)]
pub(crate) struct StoreImage {
    pub tenant: TenantId,
    pub store: StoreId,
    /// The position after the last event in it.
    pub position: Position,
    pub note: StoreSummary,
    /// `None` where only the note changes.
    pub row: Option<StoreRow>,
}

impl StoreImage {
    pub(crate) fn encode(self) -> Row {
        let StoreImage { tenant, store, position, note, row } = self;
        let mut bytes = vec![];
        note.encode(&mut bytes);
        let row = row.map(|row| {
            let mut bytes = vec![];
            row.encode(&mut bytes);
            bytes
        });
        Row { tenant, store, position, note: bytes, row }
    }
}

/// The snapshot file; `SNAPSHOTS.md` says what it holds and when.
#[derive(Debug)]
pub(crate) struct Snapshot {
    path: PathBuf,
    database: Mutex<Handle>,
    /// Names the log it is of.
    pub log: u128,
    /// How far it went when it was opened.
    pub position: Position,
}

#[derive(Debug)]
enum Handle {
    Open(Arc<Database>),
    /// A database that could not write has to be opened again.
    Failed,
    /// A row is damaged: nothing is written any more, so that no later start trusts what is left.
    Damaged,
}

impl Snapshot {
    /// Opens the file, or makes a new one where there is none that fits the log. `durable` is where the log ends.
    pub(crate) fn open(
        path: &Path,
        log: u128,
        reader: &LogReader,
    ) -> Result<(Snapshot, Option<Contents>), SnapshotError> {
        if path.exists() {
            // A file that is damaged where redb trusts it makes it panic; the log is folded all the same.
            let found = catch_unwind(AssertUnwindSafe(|| {
                let database = builder().open(path)?;
                let contents = contents(&database)?;
                Ok::<_, SnapshotError>((database, contents))
            }));
            let why = match found {
                Ok(Ok((database, Some(contents)))) if fits(&contents, log, reader)? => {
                    let position = Position(contents.checkpoint.position);
                    return Ok((Snapshot::of(path, database, log, position), Some(contents)));
                }
                Ok(Ok((_, Some(_)))) => "it is of another history or ahead of the log".to_owned(),
                Ok(Ok((_, None))) => "it was never finished".to_owned(),
                Ok(Err(error)) => format!("{error}"),
                Err(_) => "it is damaged".to_owned(),
            };
            tracing::warn!(path = %path.display(), why, "snapshot discarded; the whole log is folded");
            remove(path)?;
        }
        let database = builder().create(path)?;
        Ok((Snapshot::of(path, database, log, Position(0)), None))
    }

    fn of(path: &Path, database: Database, log: u128, position: Position) -> Snapshot {
        let database = Mutex::new(Handle::Open(Arc::new(database)));
        Snapshot { path: path.to_owned(), database, log, position }
    }

    pub(crate) fn row(&self, tenant: TenantId, store: StoreId) -> Result<StoreRow, SnapshotError> {
        let database = self.database()?;
        let read = catch_unwind(AssertUnwindSafe(|| {
            let table = database.begin_read()?.open_table(STORES)?;
            let held = table.get(key(tenant, store).as_bytes())?.ok_or(SnapshotError::Mixed)?;
            Ok(StoreRow::decode(held.value())?)
        }));
        read.unwrap_or(Err(SnapshotError::Mixed)).inspect_err(|error| {
            // The next start must not trust it.
            tracing::error!(%error, path = %self.path.display(), "the snapshot is damaged; start again to fold the whole log");
            *self.lock() = Handle::Damaged;
            // Where it cannot be removed the next start finds the damage again.
            let _ = remove(&self.path);
        })
    }

    /// Writes rows, and with the last of them how far all go together. They are there whole or not at all.
    /// `newest` is the newest event in them, and the batch that holds it.
    pub(crate) fn write(
        &self,
        rows: &[Row],
        checkpoint: Option<&Checkpoint>,
        newest: (Position, BatchId),
    ) -> Result<(), SnapshotError> {
        let database = self.database()?;
        let written = catch_unwind(AssertUnwindSafe(|| write(&database, rows, checkpoint, newest)));
        written.unwrap_or(Err(SnapshotError::Mixed)).inspect_err(|_| {
            let mut handle = self.lock();
            if let Handle::Open(_) = *handle {
                *handle = Handle::Failed;
            }
        })
    }

    fn database(&self) -> Result<Arc<Database>, SnapshotError> {
        let mut handle = self.lock();
        match &*handle {
            Handle::Open(database) => Ok(Arc::clone(database)),
            Handle::Damaged => Err(SnapshotError::Mixed),
            Handle::Failed => {
                // Never a new file: it would lack the stores that are not in memory.
                let database = Arc::new(builder().open(&self.path)?);
                *handle = Handle::Open(Arc::clone(&database));
                Ok(database)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Handle> {
        // Whoever panicked has not left half a handle.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn builder() -> redb::Builder {
    let mut builder = redb::Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn remove(path: &Path) -> Result<(), SnapshotError> {
    std::fs::remove_file(path).map_err(|source| SnapshotError::Io {
        what: "remove the snapshot",
        path: path.to_owned(),
        source,
    })
}

fn fits(contents: &Contents, log: u128, reader: &LogReader) -> Result<bool, SnapshotError> {
    let Contents { checkpoint, notes, newest: (newest, batch) } = contents;
    let durable = reader.durable();
    let is_within = |(_, _, note): &(TenantId, StoreId, StoreSummary)| {
        note.position.is_none_or(|position| position <= durable.0) && note.tail.iter().all(|first| *first < durable.0)
    };
    let is_within = checkpoint.log == log && checkpoint.position <= durable.0 && notes.iter().all(is_within);
    Ok(is_within && reader.batch_at(*newest)? == Some(*batch))
}

fn contents(database: &Database) -> Result<Option<Contents>, SnapshotError> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(CHECKPOINT) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(held) = table.get(CHECKPOINT_KEY)? else { return Ok(None) };
    let checkpoint = Checkpoint::decode(held.value())?;
    let mut notes = vec![];
    for entry in transaction.open_table(NOTES)?.iter()? {
        let (name, note) = entry?;
        let (tenant, store) = parse_key(name.value()).ok_or(SnapshotError::Mixed)?;
        notes.push((tenant, store, StoreSummary::decode(note.value())?));
    }
    let newest = match table.get(NEWEST_KEY)? {
        Some(held) => parse_newest(held.value()).ok_or(SnapshotError::Mixed)?,
        // Of a program that did not tell histories apart.
        None => return Ok(None),
    };
    Ok(Some(Contents { checkpoint, notes, newest }))
}

fn parse_newest(bytes: &[u8]) -> Option<(Position, BatchId)> {
    let bytes: &[u8; NEWEST_LEN] = bytes.try_into().ok()?;
    let (position, batch) = (bytes.first_chunk()?, bytes.last_chunk()?);
    Some((Position(u64::from_le_bytes(*position)), BatchId(u128::from_le_bytes(*batch))))
}

fn write(
    database: &Database,
    rows: &[Row],
    checkpoint: Option<&Checkpoint>,
    (newest, batch): (Position, BatchId),
) -> Result<(), SnapshotError> {
    let transaction = database.begin_write()?;
    {
        let (mut notes, mut stores) = (transaction.open_table(NOTES)?, transaction.open_table(STORES)?);
        for row in rows {
            let key = key(row.tenant, row.store);
            notes.insert(key.as_bytes(), row.note.as_slice())?;
            if let Some(bytes) = &row.row {
                stores.insert(key.as_bytes(), bytes.as_slice())?;
            }
        }
        let mut table = transaction.open_table(CHECKPOINT)?;
        if let Some(checkpoint) = checkpoint {
            let mut bytes = vec![];
            checkpoint.encode(&mut bytes);
            table.insert(CHECKPOINT_KEY, bytes.as_slice())?;
        }
        let held = table.get(NEWEST_KEY)?.and_then(|held| parse_newest(held.value()));
        if held.is_none_or(|(held, _)| held <= newest) {
            let bytes = [&newest.0.to_le_bytes()[..], &batch.0.to_le_bytes()].concat();
            table.insert(NEWEST_KEY, bytes.as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Ids have no dot.
fn key(tenant: TenantId, store: StoreId) -> String {
    format!("{tenant}.{store}")
}

fn parse_key(key: &[u8]) -> Option<(TenantId, StoreId)> {
    let (tenant, store) = std::str::from_utf8(key).ok()?.split_once('.')?;
    Some((TenantId::parse(tenant).ok()?, StoreId::parse(store).ok()?))
}
