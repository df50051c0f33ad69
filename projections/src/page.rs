//! Lists by pages, and dumps.

use crate::error::QueryError;
use crate::key::{Key, decode_cursor, encode_cursor};
use crate::rows::Definition;
use crate::view::{TableView, View};
use redb::ReadableTable;
use schemas::views::Row;

/// How many entries a page has where nobody says otherwise.
pub const LIMIT_DEFAULT: usize = 50;
/// The most entries of a page.
pub const LIMIT_MAX: usize = 500;
/// The most rows looked at for one page: a filter that matches little gets short pages, not slow ones.
const SCANNED_MAX: usize = 5_000;

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many entries at most; above [`LIMIT_MAX`] it is that, below 1 it is 1.
    pub limit: usize,
    /// The [`Page::next`] of the page before.
    pub cursor: Option<String>,
}

impl Default for PageRequest {
    fn default() -> PageRequest {
        PageRequest { limit: LIMIT_DEFAULT, cursor: None }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<String>,
}

/// A page of the rows under the prefix `list` and within `range`, last key first; `select` makes an entry of a
/// row or leaves it out.
pub(crate) fn page_descending<R: Row, T>(
    table: &TableView,
    list: &Key,
    range: &Key,
    request: &PageRequest,
    mut select: impl FnMut(&[u8], R) -> Result<Option<T>, QueryError>,
) -> Result<Page<T>, QueryError> {
    let limit = request.limit.clamp(1, LIMIT_MAX);
    let prefix = list.as_slice().len();
    let end = range.clone().end();
    let to = match &request.cursor {
        None => end,
        Some(text) => {
            let suffix = decode_cursor(text).ok_or(QueryError::BadCursor)?;
            list.clone().bytes(&suffix).min(end)
        }
    };
    let mut page = Page { entries: vec![], next: None };
    let mut scanned = 0;
    let mut last = vec![];
    table.scan_descending(range.as_slice(), to.as_slice(), |key, row| {
        if page.entries.len() == limit || scanned == SCANNED_MAX {
            page.next = Some(encode_cursor(&last));
            return Ok(false);
        }
        scanned += 1;
        last.clear();
        last.extend_from_slice(&key[prefix..]);
        page.entries.extend(select(key, row)?);
        Ok(true)
    })?;
    Ok(page)
}

/// A page of the rows under the prefix `list`, first key first; `select` makes an entry of what its key ends with, or leaves it
/// out.
pub(crate) fn page_ascending<R: Row, T>(
    table: &TableView,
    list: &Key,
    request: &PageRequest,
    mut select: impl FnMut(&[u8]) -> Result<Option<T>, QueryError>,
) -> Result<Page<T>, QueryError> {
    let limit = request.limit.clamp(1, LIMIT_MAX);
    let prefix = list.as_slice().len();
    let from = match &request.cursor {
        None => list.clone(),
        // The first key behind the last one of the page before.
        Some(text) => list.clone().bytes(&decode_cursor(text).ok_or(QueryError::BadCursor)?).bytes(&[0]),
    };
    let mut suffixes: Vec<Vec<u8>> = vec![];
    table.scan(from.as_slice(), list.clone().end().as_slice(), |key, _: R| {
        suffixes.push(key[prefix..].to_vec());
        suffixes.len() <= limit
    })?;
    let is_more = limit < suffixes.len();
    suffixes.truncate(limit);
    let next = suffixes.last().filter(|_| is_more).map(|last| encode_cursor(last));
    let mut page = Page { entries: vec![], next };
    for suffix in &suffixes {
        page.entries.extend(select(suffix)?);
    }
    Ok(page)
}

/// Every row of the tables, by table and key, as text.
pub(crate) fn dump(view: &View, tables: &[&'static str]) -> Result<Vec<String>, QueryError> {
    let mut tables = tables.to_vec();
    tables.sort_unstable();
    let mut lines = vec![];
    for table in tables {
        let reader = view.transaction.open_table(Definition::new(table))?;
        for entry in reader.iter()? {
            let (key, row) = entry?;
            lines.push(format!("{table} {} {}", encode_cursor(key.value()), encode_cursor(row.value())));
        }
    }
    Ok(lines)
}
