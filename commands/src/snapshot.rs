//! The snapshot file: one row per store, each as it was at a position of its own, and how far all of them go together.
//!
//! It is derived from the log and may be deleted while the engine is stopped: then the whole log is folded. A file that
//! is damaged, of another log, of another form or ahead of the log is set aside, reported and made anew; the database is touched within
//! [`derived::guard`] alone, and every value is closed for its key, so that one that was changed in the file is not believed.

use derived::{Derived, Failure};
use domain::ids::{StoreId, TenantId};
use eventlog::{BatchId, LogReader, Position, ReadError};
use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use schemas::stored::{BadSnapshot, Checkpoint, StoreRow, StoreSummary};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

const CHECKPOINT: Table = TableDefinition::new("checkpoint");
const CHECKPOINT_KEY: &[u8] = b"checkpoint";
/// The newest event that any row has seen (8 bytes), and the id of the batch that holds it (16 bytes), little-endian: another history
/// has another batch there.
const NEWEST_KEY: &[u8] = b"newest";
const NEWEST_LEN: usize = 8 + 16;
/// The form of the file: since 1 every value is closed for its key.
const FORM_KEY: &[u8] = b"form";
const FORM: &[u8] = &[1];
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
    Database(#[source] Failure),
    #[error(transparent)]
    Row(#[from] BadSnapshot),
    #[error("a value of the snapshot is not as it was written")]
    Changed,
    #[error("the rows of the snapshot do not fit together")]
    Mixed,
    #[error("the snapshot is damaged and was set aside; another is taken once every store is in memory")]
    Lost,
    #[error("the log does not read")]
    Log(#[from] ReadError),
}

/// Every error of the database is one to us.
macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for SnapshotError {
            fn from(error: redb::$error) -> SnapshotError {
                SnapshotError::Database(Failure::from(error))
            }
        }
    )*};
}

from_redb!(StorageError, TableError, TransactionError, CommitError);

impl SnapshotError {
    /// Whether the file may be good, as [`Failure::may_pass`].
    fn may_pass(&self) -> bool {
        match self {
            SnapshotError::Database(failure) => failure.may_pass(),
            SnapshotError::Io { .. } | SnapshotError::Log(_) | SnapshotError::Lost => true,
            SnapshotError::Row(_) | SnapshotError::Changed | SnapshotError::Mixed => false,
        }
    }
}

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
    /// As [`Handle::Lost`], to be asked often.
    is_lost: AtomicBool,
    /// Names the log it is of.
    pub log: u128,
    /// How far it went when it was opened.
    pub position: Position,
}

#[derive(Debug)]
enum Handle {
    Open(Arc<Derived>),
    /// The next write makes the file: all there is is in memory.
    New,
    /// A database that could not write has to be opened again. Never a new file: it would lack the stores that are not in memory.
    Failed,
    /// A row was damaged, and the file is aside: there is none before all there is is in memory.
    Lost,
}

impl Snapshot {
    /// Opens the file, where there is one that fits the log. One that is not to be trusted is out of the way then.
    pub(crate) fn open(
        path: &Path,
        log: u128,
        reader: &LogReader,
    ) -> Result<(Snapshot, Option<Contents>), SnapshotError> {
        let fresh = || Snapshot::of(path, Handle::New, log, Position(0));
        let database = match Derived::open(path, CACHE_BYTES) {
            Ok(None) => return Ok((fresh(), None)),
            Ok(Some(database)) => database,
            Err(failure) => {
                let error: &dyn std::error::Error = &failure;
                tracing::warn!(path = %path.display(), error, "the snapshot does not open; the whole log is folded");
                return Ok((fresh(), None));
            }
        };
        let why = match guarded(|| contents(&database)) {
            Ok(Some(contents)) if fits(&contents, log, reader)? => {
                let position = Position(contents.checkpoint.position);
                return Ok((Snapshot::of(path, Handle::Open(Arc::new(database)), log, position), Some(contents)));
            }
            Ok(Some(_)) => "it is of another history or ahead of the log".to_owned(),
            Ok(None) => "it was never finished, or is of an earlier program".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(path = %path.display(), why, "the snapshot is not used; the whole log is folded");
        // Before the database is dropped, which writes. Where that fails the first write tries again.
        set_aside(path);
        Ok((fresh(), None))
    }

    fn of(path: &Path, handle: Handle, log: u128, position: Position) -> Snapshot {
        Snapshot { path: path.to_owned(), database: Mutex::new(handle), is_lost: AtomicBool::new(false), log, position }
    }

    pub(crate) fn row(&self, tenant: TenantId, store: StoreId) -> Result<StoreRow, SnapshotError> {
        let database = self.database()?;
        let key = key(tenant, store);
        let read = || {
            let table = database.begin_read()?.open_table(STORES)?;
            let held = table.get(key.as_bytes())?.ok_or(SnapshotError::Mixed)?;
            let bytes = derived::unseal(key.as_bytes(), held.value()).ok_or(SnapshotError::Changed)?;
            Ok(StoreRow::decode(bytes)?)
        };
        guarded(read).inspect_err(|error| {
            if !error.may_pass() {
                self.lose(error);
            }
        })
    }

    /// Takes note that the file is not to be trusted, and sets it aside. What it had is folded from the log.
    pub(crate) fn lose(&self, error: &SnapshotError) {
        let mut handle = self.lock();
        if matches!(*handle, Handle::Lost) {
            return;
        }
        tracing::error!(%error, path = %self.path.display(), "the snapshot is damaged; what it had is folded from the log");
        set_aside(&self.path);
        *handle = Handle::Lost;
        self.is_lost.store(true, Ordering::Release);
    }

    /// Whether it is [`Handle::Lost`].
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// All there is is in memory: the next write makes a file.
    pub(crate) fn renew(&self) {
        *self.lock() = Handle::New;
        self.is_lost.store(false, Ordering::Release);
    }

    /// Writes rows, and with the last of them how far all go together. They are there whole or not at all.
    /// `newest` is the newest event in them, and the batch that holds it.
    pub(crate) fn write(
        &self,
        rows: &[Row],
        checkpoint: Option<&Checkpoint>,
        newest: (Position, BatchId),
    ) -> Result<(), SnapshotError> {
        let database = self.database_to_write()?;
        guarded(|| write(&database, rows, checkpoint, newest)).inspect_err(|error| {
            if !error.may_pass() {
                return self.lose(error);
            }
            let mut handle = self.lock();
            if let Handle::Open(_) = *handle {
                *handle = Handle::Failed;
            }
        })
    }

    fn database(&self) -> Result<Arc<Derived>, SnapshotError> {
        let mut handle = self.lock();
        let database = match &*handle {
            Handle::Open(database) => return Ok(Arc::clone(database)),
            Handle::New => return Err(SnapshotError::Mixed),
            Handle::Lost => return Err(SnapshotError::Lost),
            Handle::Failed => Derived::open(&self.path, CACHE_BYTES).map_err(SnapshotError::Database)?,
        };
        // Somebody removed it: there is nothing to trust.
        let database = Arc::new(database.ok_or(SnapshotError::Mixed)?);
        *handle = Handle::Open(Arc::clone(&database));
        Ok(database)
    }

    fn database_to_write(&self) -> Result<Arc<Derived>, SnapshotError> {
        let mut handle = self.lock();
        if !matches!(*handle, Handle::New) {
            drop(handle);
            return self.database().inspect_err(|error| {
                if !error.may_pass() {
                    self.lose(error);
                }
            });
        }
        if self.path.symlink_metadata().is_ok() {
            derived::set_aside(&self.path).map_err(|source| SnapshotError::Io {
                what: "rename the snapshot",
                path: self.path.clone(),
                source,
            })?;
        }
        let database = Derived::create(&self.path, CACHE_BYTES).map_err(SnapshotError::Database)?;
        let database = Arc::new(database);
        *handle = Handle::Open(Arc::clone(&database));
        Ok(database)
    }

    fn lock(&self) -> MutexGuard<'_, Handle> {
        // Whoever panicked has not left half a handle.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what touches the database.
fn guarded<T>(work: impl FnOnce() -> Result<T, SnapshotError>) -> Result<T, SnapshotError> {
    derived::guard(work).unwrap_or_else(|panicked| Err(SnapshotError::Database(panicked.into())))
}

fn set_aside(path: &Path) {
    match derived::set_aside(path) {
        Ok(aside) => tracing::warn!(path = %path.display(), aside = %aside.display(), "the snapshot was set aside"),
        Err(error) => tracing::warn!(path = %path.display(), %error, "the snapshot could not be set aside"),
    }
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

fn contents(database: &Derived) -> Result<Option<Contents>, SnapshotError> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(CHECKPOINT) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if table.get(FORM_KEY)?.is_none_or(|form| form.value() != FORM) {
        return Ok(None);
    }
    let held = |key: &[u8]| -> Result<Option<Vec<u8>>, SnapshotError> {
        let Some(sealed) = table.get(key)? else { return Ok(None) };
        Ok(Some(derived::unseal(key, sealed.value()).ok_or(SnapshotError::Changed)?.to_vec()))
    };
    let Some(checkpoint) = held(CHECKPOINT_KEY)? else { return Ok(None) };
    let checkpoint = Checkpoint::decode(&checkpoint)?;
    let mut notes = vec![];
    for entry in transaction.open_table(NOTES)?.iter()? {
        let (name, note) = entry?;
        let (tenant, store) = parse_key(name.value()).ok_or(SnapshotError::Mixed)?;
        let note = derived::unseal(name.value(), note.value()).ok_or(SnapshotError::Changed)?.to_vec();
        notes.push((tenant, store, StoreSummary::decode(&note)?));
    }
    let newest = held(NEWEST_KEY)?.and_then(|held| parse_newest(&held)).ok_or(SnapshotError::Mixed)?;
    Ok(Some(Contents { checkpoint, notes, newest }))
}

fn parse_newest(bytes: &[u8]) -> Option<(Position, BatchId)> {
    let bytes: &[u8; NEWEST_LEN] = bytes.try_into().ok()?;
    let (position, batch) = (bytes.first_chunk()?, bytes.last_chunk()?);
    Some((Position(u64::from_le_bytes(*position)), BatchId(u128::from_le_bytes(*batch))))
}

fn write(
    database: &Derived,
    rows: &[Row],
    checkpoint: Option<&Checkpoint>,
    (newest, batch): (Position, BatchId),
) -> Result<(), SnapshotError> {
    let transaction = database.begin_write()?;
    {
        let (mut notes, mut stores) = (transaction.open_table(NOTES)?, transaction.open_table(STORES)?);
        for row in rows {
            let key = key(row.tenant, row.store);
            notes.insert(key.as_bytes(), sealed(key.as_bytes(), row.note.clone()).as_slice())?;
            if let Some(bytes) = &row.row {
                stores.insert(key.as_bytes(), sealed(key.as_bytes(), bytes.clone()).as_slice())?;
            }
        }
        let mut table = transaction.open_table(CHECKPOINT)?;
        table.insert(FORM_KEY, FORM)?;
        if let Some(checkpoint) = checkpoint {
            let mut bytes = vec![];
            checkpoint.encode(&mut bytes);
            table.insert(CHECKPOINT_KEY, sealed(CHECKPOINT_KEY, bytes).as_slice())?;
        }
        let held = table.get(NEWEST_KEY)?.map(|held| held.value().to_vec());
        let held =
            held.map(|held| derived::unseal(NEWEST_KEY, &held).and_then(parse_newest).ok_or(SnapshotError::Changed));
        if held.transpose()?.is_none_or(|(held, _)| held <= newest) {
            let bytes = [&newest.0.to_le_bytes()[..], &batch.0.to_le_bytes()].concat();
            table.insert(NEWEST_KEY, sealed(NEWEST_KEY, bytes).as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn sealed(key: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
    derived::seal(key, &mut bytes);
    bytes
}

/// Ids have no dot.
fn key(tenant: TenantId, store: StoreId) -> String {
    format!("{tenant}.{store}")
}

fn parse_key(key: &[u8]) -> Option<(TenantId, StoreId)> {
    let (tenant, store) = std::str::from_utf8(key).ok()?.split_once('.')?;
    Some((TenantId::parse(tenant).ok()?, StoreId::parse(store).ok()?))
}
