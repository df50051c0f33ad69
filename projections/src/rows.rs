//! Rows in tables: how a projection changes them.

use crate::error::FoldError;
use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition, WriteTransaction};
use schemas::views::{BadRow, Row};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;
pub(crate) type Reader = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A row as it is stored under a key.
pub(crate) fn write<R: Row>(key: &[u8], row: &R, bytes: &mut Vec<u8>) {
    bytes.clear();
    row.write(bytes);
    derived::seal(key, bytes);
}

/// The row that is stored under a key.
pub(crate) fn read<R: Row>(key: &[u8], bytes: &[u8]) -> Result<R, BadRow> {
    R::read(derived::unseal(key, bytes).ok_or(BadRow::Changed)?)
}

/// The last commit, read while the next transaction is being made ready. It is opened only for a row that is not in memory.
pub(crate) struct Committed<'a> {
    database: &'a Database,
    transaction: OnceCell<ReadTransaction>,
}

impl<'a> Committed<'a> {
    pub fn new(database: &'a Database) -> Committed<'a> {
        Committed { database, transaction: OnceCell::new() }
    }

    fn open(&self, table: Definition) -> Result<Reader, FoldError> {
        let transaction = match self.transaction.get() {
            Some(transaction) => transaction,
            None => {
                let transaction = self.database.begin_read()?;
                self.transaction.get_or_init(|| transaction)
            }
        };
        Ok(transaction.open_table(table)?)
    }
}

/// The rows of one table that are in memory: the dirty ones, which the next commit writes, and a cache of others as
/// they are stored.
///
/// A row that five events change is read once and written once.
pub(crate) struct Rows<R> {
    name: &'static str,
    definition: Definition,
    cached_max: usize,
    cached: HashMap<Box<[u8]>, Slot<R>, foldhash::fast::RandomState>,
    dirty: Vec<Box<[u8]>>,
    reader: Option<Reader>,
    buffer: Vec<u8>,
}

struct Slot<R> {
    row: Option<R>,
    is_stored: bool,
    is_dirty: bool,
}

impl<R: Row> Rows<R> {
    /// `cached_max` bounds the rows that stay in memory after a commit.
    pub fn new(name: &'static str, cached_max: usize) -> Rows<R> {
        Rows {
            name,
            definition: TableDefinition::new(name),
            cached_max,
            cached: HashMap::default(),
            dirty: vec![],
            reader: None,
            buffer: vec![],
        }
    }

    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    pub fn get(&mut self, committed: &Committed<'_>, key: &[u8]) -> Result<Option<&R>, FoldError> {
        Ok(self.slot(committed, key)?.row.as_ref())
    }

    /// A row to change.
    pub fn edit(&mut self, committed: &Committed<'_>, key: &[u8]) -> Result<Option<&mut R>, FoldError> {
        if self.slot(committed, key)?.row.is_none() {
            return Ok(None);
        }
        self.mark_dirty(key);
        Ok(self.cached.get_mut(key).and_then(|slot| slot.row.as_mut()))
    }

    /// A row to change, which starts out empty.
    pub fn edit_or_default(&mut self, committed: &Committed<'_>, key: &[u8]) -> Result<&mut R, FoldError>
    where
        R: Default,
    {
        self.slot(committed, key)?;
        self.mark_dirty(key);
        let slot = self.cached.get_mut(key).expect("it was loaded just now");
        Ok(slot.row.get_or_insert_default())
    }

    /// A row that is known to be new.
    pub fn put_new(&mut self, key: Box<[u8]>, row: R) {
        match self.cached.entry(key.clone()) {
            Entry::Occupied(mut occupied) => occupied.get_mut().row = Some(row),
            Entry::Vacant(vacant) => {
                vacant.insert(Slot { row: Some(row), is_stored: false, is_dirty: false });
            }
        }
        self.mark_dirty(&key);
    }

    /// Sets or removes a row.
    pub fn put(&mut self, committed: &Committed<'_>, key: &[u8], row: Option<R>) -> Result<(), FoldError> {
        self.slot(committed, key)?;
        self.mark_dirty(key);
        self.cached.get_mut(key).expect("it was loaded just now").row = row;
        Ok(())
    }

    fn mark_dirty(&mut self, key: &[u8]) {
        let slot = self.cached.get_mut(key).expect("only what is in memory is dirty");
        if !slot.is_dirty {
            slot.is_dirty = true;
            self.dirty.push(key.into());
        }
    }

    fn slot(&mut self, committed: &Committed<'_>, key: &[u8]) -> Result<&mut Slot<R>, FoldError> {
        if !self.cached.contains_key(key) {
            let reader = match &self.reader {
                Some(reader) => reader,
                None => self.reader.insert(committed.open(self.definition)?),
            };
            let row = match reader.get(key)? {
                Some(bytes) => {
                    let row = read(key, bytes.value());
                    Some(row.map_err(|source| FoldError::Row { table: self.name, source })?)
                }
                None => None,
            };
            let is_stored = row.is_some();
            self.cached.insert(key.into(), Slot { row, is_stored, is_dirty: false });
        }
        Ok(self.cached.get_mut(key).expect("it was loaded just now"))
    }

    /// Calls `visit` for every dirty row, with whether the database holds one under the key already.
    pub fn for_each_dirty(
        &mut self,
        mut visit: impl FnMut(&[u8], &mut R, bool) -> Result<(), FoldError>,
    ) -> Result<(), FoldError> {
        for key in &self.dirty {
            let slot = self.cached.get_mut(key).expect("what is dirty is in memory");
            if let Some(row) = &mut slot.row {
                visit(key, row, slot.is_stored)?;
            }
        }
        Ok(())
    }

    /// Writes dirty rows.
    pub fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.flush_unless(transaction, |_| false)
    }

    /// Writes dirty rows; those that are `empty` are removed.
    pub fn flush_unless(
        &mut self,
        transaction: &WriteTransaction,
        empty: impl Fn(&R) -> bool,
    ) -> Result<(), FoldError> {
        // It reads the commit before this one.
        self.reader = None;
        if self.dirty.is_empty() {
            return Ok(());
        }
        // Neighbours are written one after the other.
        self.dirty.sort_unstable();
        let mut table = transaction.open_table(self.definition)?;
        for key in self.dirty.drain(..) {
            let slot = self.cached.get_mut(&key).expect("what is dirty is in memory");
            slot.is_dirty = false;
            if slot.row.as_ref().is_some_and(&empty) {
                slot.row = None;
            }
            match &slot.row {
                Some(row) => {
                    write(&key, row, &mut self.buffer);
                    table.insert(&*key, self.buffer.as_slice())?;
                }
                None if slot.is_stored => {
                    table.remove(&*key)?;
                }
                None => {}
            }
            slot.is_stored = slot.row.is_some();
        }
        if self.cached_max < self.cached.len() {
            self.cached.clear();
        }
        Ok(())
    }
}
