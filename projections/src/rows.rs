//! Rows in tables: how a projection changes them, and how queries read them.

use crate::fault::{Fault, QueryError};
use crate::key::Key;
use eventlog::Position;
use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition, WriteTransaction};
use schemas::views::Row;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;
pub(crate) type Reader = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// What the database holds while a transaction is being made ready. It is opened only if a row is not in memory.
pub(crate) struct Before<'a> {
    database: &'a Database,
    transaction: OnceCell<ReadTransaction>,
}

impl<'a> Before<'a> {
    pub fn new(database: &'a Database) -> Before<'a> {
        Before { database, transaction: OnceCell::new() }
    }

    fn open(&self, table: Definition) -> Result<Reader, Fault> {
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

/// The rows of one table that are in memory: those touched since the last commit, and some more as they are stored.
///
/// A row that five events change is read once and written once.
pub(crate) struct Rows<R> {
    name: &'static str,
    definition: Definition,
    kept_max: usize,
    kept: HashMap<Box<[u8]>, Slot<R>, foldhash::fast::RandomState>,
    touched: Vec<Box<[u8]>>,
    reader: Option<Reader>,
    buffer: Vec<u8>,
}

struct Slot<R> {
    row: Option<R>,
    is_stored: bool,
    is_touched: bool,
}

impl<R: Row> Rows<R> {
    /// `kept_max` bounds the rows that stay in memory after a commit.
    pub fn new(name: &'static str, kept_max: usize) -> Rows<R> {
        Rows {
            name,
            definition: TableDefinition::new(name),
            kept_max,
            kept: HashMap::default(),
            touched: vec![],
            reader: None,
            buffer: vec![],
        }
    }

    pub fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    pub fn get(&mut self, before: &Before<'_>, key: &[u8]) -> Result<Option<&R>, Fault> {
        Ok(self.slot(before, key)?.row.as_ref())
    }

    /// A row to change.
    pub fn edit(&mut self, before: &Before<'_>, key: &[u8]) -> Result<Option<&mut R>, Fault> {
        if self.slot(before, key)?.row.is_none() {
            return Ok(None);
        }
        self.touch(key);
        Ok(self.kept.get_mut(key).and_then(|slot| slot.row.as_mut()))
    }

    /// A row to change, which starts out empty.
    pub fn edit_or_default(&mut self, before: &Before<'_>, key: &[u8]) -> Result<&mut R, Fault>
    where
        R: Default,
    {
        self.slot(before, key)?;
        self.touch(key);
        let slot = self.kept.get_mut(key).expect("it was loaded just now");
        Ok(slot.row.get_or_insert_default())
    }

    /// A row that is known to be new.
    pub fn put_new(&mut self, key: Box<[u8]>, row: R) {
        match self.kept.entry(key.clone()) {
            Entry::Occupied(mut occupied) => occupied.get_mut().row = Some(row),
            Entry::Vacant(vacant) => {
                vacant.insert(Slot { row: Some(row), is_stored: false, is_touched: false });
            }
        }
        self.touch(&key);
    }

    /// Sets or removes a row.
    pub fn put(&mut self, before: &Before<'_>, key: &[u8], row: Option<R>) -> Result<(), Fault> {
        self.slot(before, key)?;
        self.touch(key);
        self.kept.get_mut(key).expect("it was loaded just now").row = row;
        Ok(())
    }

    fn touch(&mut self, key: &[u8]) {
        let slot = self.kept.get_mut(key).expect("only what is in memory is touched");
        if !slot.is_touched {
            slot.is_touched = true;
            self.touched.push(key.into());
        }
    }

    fn slot(&mut self, before: &Before<'_>, key: &[u8]) -> Result<&mut Slot<R>, Fault> {
        if !self.kept.contains_key(key) {
            let reader = match &self.reader {
                Some(reader) => reader,
                None => self.reader.insert(before.open(self.definition)?),
            };
            let row = match reader.get(key)? {
                Some(bytes) => Some(R::read(bytes.value()).map_err(|source| Fault::Row { table: self.name, source })?),
                None => None,
            };
            let is_stored = row.is_some();
            self.kept.insert(key.into(), Slot { row, is_stored, is_touched: false });
        }
        Ok(self.kept.get_mut(key).expect("it was loaded just now"))
    }

    /// Calls `see` for every touched row, with whether the database holds one under the key already.
    pub fn for_touched(&mut self, mut see: impl FnMut(&[u8], &mut R, bool) -> Result<(), Fault>) -> Result<(), Fault> {
        for key in &self.touched {
            let slot = self.kept.get_mut(key).expect("what is touched is in memory");
            if let Some(row) = &mut slot.row {
                see(key, row, slot.is_stored)?;
            }
        }
        Ok(())
    }

    /// Writes what was touched.
    pub fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        self.flush_unless(transaction, |_| false)
    }

    /// Writes what was touched; rows that are `empty` go.
    pub fn flush_unless(&mut self, transaction: &WriteTransaction, empty: impl Fn(&R) -> bool) -> Result<(), Fault> {
        // What was read belongs to the state before this commit.
        self.reader = None;
        if self.touched.is_empty() {
            return Ok(());
        }
        // Neighbours are written one after the other.
        self.touched.sort_unstable();
        let mut table = transaction.open_table(self.definition)?;
        for key in self.touched.drain(..) {
            let slot = self.kept.get_mut(&key).expect("what is touched is in memory");
            slot.is_touched = false;
            if slot.row.as_ref().is_some_and(&empty) {
                slot.row = None;
            }
            match &slot.row {
                Some(row) => {
                    self.buffer.clear();
                    row.write(&mut self.buffer);
                    table.insert(&*key, self.buffer.as_slice())?;
                }
                None if slot.is_stored => {
                    table.remove(&*key)?;
                }
                None => {}
            }
            slot.is_stored = slot.row.is_some();
        }
        if self.kept_max < self.kept.len() {
            self.kept.clear();
        }
        Ok(())
    }
}

/// What a query reads: the model as it was at one position.
pub(crate) struct View {
    pub position: Position,
    pub transaction: ReadTransaction,
}

impl View {
    pub fn table(&self, name: &'static str) -> Result<TableView, QueryError> {
        let reader = self.transaction.open_table(Definition::new(name))?;
        Ok(TableView { name, reader })
    }

    pub fn get<R: Row>(&self, name: &'static str, key: &Key) -> Result<Option<R>, QueryError> {
        self.table(name)?.get(key.as_slice())
    }

    /// Every row under a prefix, by key.
    pub fn all<R: Row>(&self, name: &'static str, prefix: &Key) -> Result<Vec<(Vec<u8>, R)>, QueryError> {
        let table = self.table(name)?;
        let mut rows = vec![];
        table.scan(prefix.as_slice(), prefix.clone().end().as_slice(), |key, row| {
            rows.push((key[prefix.as_slice().len()..].to_vec(), row));
            true
        })?;
        Ok(rows)
    }
}

/// One table of a [`View`].
pub(crate) struct TableView {
    name: &'static str,
    reader: Reader,
}

impl TableView {
    pub fn get<R: Row>(&self, key: &[u8]) -> Result<Option<R>, QueryError> {
        match self.reader.get(key)? {
            Some(bytes) => self.read(bytes.value()).map(Some),
            None => Ok(None),
        }
    }

    fn read<R: Row>(&self, bytes: &[u8]) -> Result<R, QueryError> {
        R::read(bytes).map_err(|source| QueryError::Row { table: self.name, source })
    }

    /// Rows from `from` up to, not including, `to`, ascending, as long as `see` says so.
    pub fn scan<R: Row>(
        &self,
        from: &[u8],
        to: &[u8],
        mut see: impl FnMut(&[u8], R) -> bool,
    ) -> Result<(), QueryError> {
        if to <= from {
            return Ok(());
        }
        for entry in self.reader.range::<&[u8]>(from..to)? {
            let (key, row) = entry?;
            if !see(key.value(), self.read(row.value())?) {
                break;
            }
        }
        Ok(())
    }

    /// Rows below `to` and not below `from`, descending, as long as `see` says so.
    pub fn scan_back<R: Row>(
        &self,
        from: &[u8],
        to: &[u8],
        mut see: impl FnMut(&[u8], R) -> Result<bool, QueryError>,
    ) -> Result<(), QueryError> {
        if to <= from {
            return Ok(());
        }
        for entry in self.reader.range::<&[u8]>(from..to)?.rev() {
            let (key, row) = entry?;
            if !see(key.value(), self.read(row.value())?)? {
                break;
            }
        }
        Ok(())
    }
}
