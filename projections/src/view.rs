//! What queries read, and what they answer.

use crate::error::QueryError;
use crate::key::Key;
use crate::rows::{self, Definition, Reader};
use eventlog::Position;
use redb::ReadTransaction;
use schemas::views::Row;

/// An answer, and the position of the last event it reflects.
#[allow(missing_docs, reason = "a value is what was asked for")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    pub value: T,
    /// The prefix of the log it was made from, for `X-Position`.
    pub position: Position,
}

/// What a query reads: the model as it was at one position.
pub(crate) struct View {
    pub position: Position,
    pub transaction: ReadTransaction,
}

impl View {
    /// An answer from this view.
    pub fn answer<T>(&self, value: T) -> Answer<T> {
        Answer { value, position: self.position }
    }

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
            Some(bytes) => self.read(key, bytes.value()).map(Some),
            None => Ok(None),
        }
    }

    fn read<R: Row>(&self, key: &[u8], bytes: &[u8]) -> Result<R, QueryError> {
        rows::read(key, bytes).map_err(|source| QueryError::Row { table: self.name, source })
    }

    /// Rows from `from` up to, not including, `to`, ascending, until `visit` says no.
    pub fn scan<R: Row>(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], R) -> bool,
    ) -> Result<(), QueryError> {
        if to <= from {
            return Ok(());
        }
        for entry in self.reader.range::<&[u8]>(from..to)? {
            let (key, row) = entry?;
            if !visit(key.value(), self.read(key.value(), row.value())?) {
                break;
            }
        }
        Ok(())
    }

    /// Rows below `to` and not below `from`, descending, until `visit` says no.
    pub fn scan_descending<R: Row>(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], R) -> Result<bool, QueryError>,
    ) -> Result<(), QueryError> {
        if to <= from {
            return Ok(());
        }
        for entry in self.reader.range::<&[u8]>(from..to)?.rev() {
            let (key, row) = entry?;
            if !visit(key.value(), self.read(key.value(), row.value())?)? {
                break;
            }
        }
        Ok(())
    }
}
