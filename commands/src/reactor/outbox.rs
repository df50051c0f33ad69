//! The outbox: requests to payment providers that are pending, and what providers said that fits no payment yet, in one small
//! file beside the log.
//!
//! What is pending is derived: without the file it is found again in the log. A parked message is not: the provider was told
//! that it is kept. It is gone from here once the log has it.

use domain::ids::{StoreId, TenantId};
use eventlog::Position;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageError, TableDefinition,
    TableHandle,
};
use schemas::stored::{BadParked, OutboxEntry, Parked};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

type Numbers = TableDefinition<'static, &'static str, u64>;

/// How far the log was read.
const POSITION: Numbers = TableDefinition::new("position");
const POSITION_KEY: &str = "position";
/// What is pending, by the position of the event that asked for it. The table keeps the name it had: files have it.
const PENDING: TableDefinition<'static, u64, &'static str> = TableDefinition::new("owed");
/// `<tenant> <store> <account> <event id>` to the message.
const PARKED: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("parked");
/// What the database may keep in memory, in bytes.
const CACHE_BYTES: usize = 4 << 20;

/// The most parked messages of one account: more are refused, and the provider keeps them.
pub const OUTBOX_PARKED_MAX: usize = 10_000;

/// Why the outbox cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say all")]
pub enum OutboxError {
    #[error("the file {} failed", path.display())]
    Storage { path: PathBuf, source: Box<redb::Error> },
    #[error(
        "{} is damaged and was left as it is; put a copy in its place, or move it away to find in the log what providers are to be asked (what they \
         said that fits no payment yet is lost with it)",
        path.display()
    )]
    Damaged { path: PathBuf },
    #[error("{} holds {row:?} at position {position}, which is no outbox entry", path.display())]
    OutboxEntry { path: PathBuf, position: Position, row: String },
    #[error("{} holds a message that does not read", path.display())]
    Parked { path: PathBuf, source: BadParked },
    #[error(
        "{} goes to position {position}, which the log does not have: it is of another log; put the right one in its place, or \
         remove it to find what is owed again",
        path.display()
    )]
    Ahead { path: PathBuf, position: Position },
}

/// Where a parked message stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "names and types say all")]
pub struct ParkedAt {
    pub tenant: TenantId,
    pub store: StoreId,
    key: String,
}

impl ParkedAt {
    /// Where the messages of a store begin.
    pub fn first_of(tenant: TenantId, store: StoreId) -> ParkedAt {
        ParkedAt { tenant, store, key: String::new() }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    path: PathBuf,
    database: Database,
}

impl Outbox {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`OutboxError::Storage`]; [`OutboxError::Ahead`] where it has read beyond `head`, the position after the log's last event.
    pub fn open(path: &Path, head: Position) -> Result<Outbox, OutboxError> {
        let is_new = !path.exists();
        if !is_new && std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
            // The database would take it for a new one.
            return Err(OutboxError::Damaged { path: path.to_owned() });
        }
        if is_new && Position(1) < head {
            tracing::warn!(path = %path.display(), "it is not there; what providers are to be asked is found again in the log");
        }
        // A file that is damaged where redb trusts it makes it panic.
        let made = catch_unwind(AssertUnwindSafe(|| Database::builder().set_cache_size(CACHE_BYTES).create(path)));
        let database = match made {
            Ok(Ok(database)) => database,
            Ok(Err(error @ (DatabaseError::DatabaseAlreadyOpen | DatabaseError::UpgradeRequired(_)))) => {
                return Err(storage(path, error.into()));
            }
            Ok(Err(DatabaseError::Storage(StorageError::Io(error)))) if error.kind() != io::ErrorKind::InvalidData => {
                return Err(storage(path, redb::Error::Io(error)));
            }
            Ok(Err(_)) | Err(_) => return Err(OutboxError::Damaged { path: path.to_owned() }),
        };
        let outbox = Outbox { path: path.to_owned(), database };
        // One that is whole is only read: a start on a full disk takes what it finds.
        if is_new || !outbox.has_tables()? {
            outbox.try_write(|write| {
                write.open_table(POSITION)?;
                write.open_table(PENDING)?;
                write.open_table(PARKED)?;
                Ok(())
            })?;
        }
        let position = outbox.position()?;
        match position <= head {
            true => Ok(outbox),
            false => Err(OutboxError::Ahead { path: outbox.path, position }),
        }
    }

    /// Copies the file to `to`: `None` where there is none, `false` where somebody has it open, and nothing is copied.
    ///
    /// # Errors
    /// [`OutboxError::Storage`].
    pub fn copy(path: &Path, to: &Path) -> Result<Option<bool>, OutboxError> {
        if !path.is_file() {
            return Ok(None);
        }
        // Opening it locks the file, so nothing writes it while it is copied.
        let held = match Database::builder().set_cache_size(CACHE_BYTES).open(path) {
            Ok(held) => held,
            Err(redb::DatabaseError::DatabaseAlreadyOpen) => return Ok(Some(false)),
            Err(error) => return Err(storage(path, error.into())),
        };
        let copied = std::fs::copy(path, to).and_then(|_| std::fs::File::open(to)?.sync_all());
        drop(held);
        copied.map(|()| Some(true)).map_err(|error| storage(path, redb::Error::Io(error)))
    }

    fn has_tables(&self) -> Result<bool, OutboxError> {
        self.try_read(|read| {
            let names: Vec<String> = read.list_tables()?.map(|table| table.name().to_owned()).collect();
            let all = [POSITION.name(), PENDING.name(), PARKED.name()];
            Ok(all.iter().all(|table| names.iter().any(|name| name == table)))
        })
    }

    /// Works on the database. Damage that it does not notice itself makes it panic: that is told as what it is, and the file stays.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, OutboxError> {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => done.map_err(|error| storage(&self.path, error)),
            Err(_) => Err(OutboxError::Damaged { path: self.path.clone() }),
        }
    }

    fn try_write<T>(
        &self,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, OutboxError> {
        self.guarded(|| {
            let write = self.database.begin_write()?;
            let value = change(&write)?;
            write.commit()?;
            Ok(value)
        })
    }

    fn try_read<T>(
        &self,
        look: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, OutboxError> {
        self.guarded(|| look(&self.database.begin_read()?))
    }

    /// The first position that was not read yet.
    ///
    /// # Errors
    /// [`OutboxError::Storage`].
    pub fn position(&self) -> Result<Position, OutboxError> {
        let held = self.try_read(|read| Ok(read.open_table(POSITION)?.get(POSITION_KEY)?.map(|held| held.value())))?;
        Ok(Position(held.unwrap_or(0)))
    }

    /// What is pending, oldest first.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn pending(&self) -> Result<Vec<(Position, OutboxEntry)>, OutboxError> {
        let rows = self.try_read(|read| {
            let table = read.open_table(PENDING)?;
            let rows = table.iter()?.map(|row| row.map(|(at, entry)| (Position(at.value()), entry.value().to_owned())));
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })?;
        let read = |(position, row): (Position, String)| match OutboxEntry::parse(&row) {
            Some(entry) => Ok((position, entry)),
            None => Err(OutboxError::OutboxEntry { path: self.path.clone(), position, row }),
        };
        rows.into_iter().map(read).collect()
    }

    /// Records what is pending besides, what is done, and how far the log was read: all of it, durably, or nothing.
    ///
    /// # Errors
    /// [`OutboxError::Storage`]; nothing was recorded.
    pub fn record(
        &self,
        pending: &[(Position, OutboxEntry)],
        done: &[Position],
        position: Position,
    ) -> Result<(), OutboxError> {
        self.try_write(|write| {
            write.open_table(POSITION)?.insert(POSITION_KEY, position.0)?;
            let mut table = write.open_table(PENDING)?;
            for (at, entry) in pending {
                table.insert(at.0, entry.to_string().as_str())?;
            }
            for at in done {
                table.remove(at.0)?;
            }
            Ok(())
        })
    }

    /// Keeps a message that fits no payment yet, durably; the same one is kept once. `false` where the account has
    /// [`OUTBOX_PARKED_MAX`] already.
    ///
    /// # Errors
    /// [`OutboxError::Storage`]; it was not kept.
    pub fn park(&self, tenant: TenantId, store: StoreId, parked: &Parked) -> Result<Option<ParkedAt>, OutboxError> {
        let prefix = format!("{tenant} {store} {} ", parked.account);
        let key = format!("{prefix}{}", parked.message.event_id);
        let bytes = parked.encode();
        let has_room = self.try_write(|write| {
            let mut table = write.open_table(PARKED)?;
            let is_known = table.get(key.as_str())?.is_some();
            // Counting is exact only where it matters.
            let is_crowded = (OUTBOX_PARKED_MAX as u64) <= table.len()?;
            if !is_known && is_crowded {
                // No id is longer than a text, and every text sorts before the last character there is.
                let end = format!("{prefix}{}", char::MAX);
                if OUTBOX_PARKED_MAX <= table.range(prefix.as_str()..end.as_str())?.count() {
                    return Ok(false);
                }
            }
            table.insert(key.as_str(), bytes.as_slice())?;
            Ok(true)
        })?;
        Ok(has_room.then_some(ParkedAt { tenant, store, key }))
    }

    /// Lets messages go that the log has.
    ///
    /// # Errors
    /// [`OutboxError::Storage`]; they are still there.
    pub fn unpark(&self, gone: &[ParkedAt]) -> Result<(), OutboxError> {
        self.try_write(|write| {
            let mut table = write.open_table(PARKED)?;
            for at in gone {
                table.remove(at.key.as_str())?;
            }
            Ok(())
        })
    }

    /// All of all tenants.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn parked(&self) -> Result<Vec<(ParkedAt, Parked)>, OutboxError> {
        let rows = self.try_read(|read| {
            let table = read.open_table(PARKED)?;
            let rows =
                table.iter()?.map(|row| row.map(|(key, bytes)| (key.value().to_owned(), bytes.value().to_vec())));
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })?;
        let read = |(key, bytes): (String, Vec<u8>)| {
            let bad = |source| OutboxError::Parked { path: self.path.clone(), source };
            let parked = Parked::decode(&bytes).map_err(bad)?;
            let mut parts = key.split(' ');
            let tenant = parts.next().and_then(|tenant| TenantId::parse(tenant).ok());
            let store = parts.next().and_then(|store| StoreId::parse(store).ok());
            match (tenant, store) {
                (Some(tenant), Some(store)) => Ok((ParkedAt { tenant, store, key }, parked)),
                _ => Err(bad(BadParked::Damaged)),
            }
        };
        rows.into_iter().map(read).collect()
    }
}

fn storage(path: &Path, source: redb::Error) -> OutboxError {
    OutboxError::Storage { path: path.to_owned(), source: Box::new(source) }
}
