//! The first pass over a file: which items, categories and modifiers there are, and how many rows each order has.
//!
//! Rows of one order need not stand together (in the London takeaway's file they do not), so an order is known to be whole only when
//! its last row has come. The survey counts the rows beforehand; the second pass then gives each order out as soon as it is whole.
//! Kept in memory: one small entry per order and the names, never the rows.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::args::ImportConfig;
use crate::catalogue::{Catalogue, ItemSeen};
use crate::error::ImportError;
use crate::rejects::{RejectWriter, Rejects};
use crate::rows::{Row, RowParser};
use crate::source::Source;
use crate::summary::Summary;

/// How many rows the second pass keeps waiting for the rest of their orders: about 300 MB.
pub const WAITING_ROWS_MAX: u64 = 1_000_000;

/// More different names are a wrong column.
pub const NAMES_MAX: usize = 100_000;

/// What the first pass found.
#[derive(Debug)]
pub(crate) struct Survey {
    pub catalogue: Catalogue,
    pub spans: HashMap<Box<str>, Span>,
    pub totals: Summary,
    pub rejects: Rejects,
    /// Whether some row shows a time of day.
    pub has_clocks: bool,
}

/// Where the rows of one order are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Which order of the file it is, counted from 0 over all that are named, be it on rejected rows only: correcting a rejected row
    /// must not move the synthetic times of the orders behind it.
    pub index: u64,
    /// Good rows.
    pub rows: u64,
    /// The first and the last good row, counted over the good rows.
    pub first: u64,
    pub last: u64,
}

#[derive(Default)]
struct Seen {
    items: BTreeMap<String, ItemSeen>,
    modifiers: BTreeSet<String>,
    selections_max: u32,
    spans: HashMap<Box<str>, Span>,
    totals: Summary,
    has_clocks: bool,
}

impl Survey {
    /// Reads the whole file once and writes the list of rejected rows.
    pub fn run(config: &ImportConfig, source: &mut Source, parser: &RowParser) -> Result<Survey, ImportError> {
        let mut seen = Seen::default();
        let mut rejects = RejectWriter::new(&config.file, source.header());
        while let Some(record) = source.next_record()? {
            match parser.parse(&record) {
                Ok(row) => seen.add(row)?,
                Err(rejected) => {
                    if let Some(key) = parser.order_key(&record) {
                        seen.span(&key);
                    }
                    rejects.push(rejected)?;
                }
            }
        }
        let rows = waiting_rows(seen.spans.values().filter(|span| 0 < span.rows).copied().collect());
        if WAITING_ROWS_MAX < rows {
            return Err(ImportError::Scattered { rows, max: WAITING_ROWS_MAX });
        }
        let rejects = rejects.finish()?;
        let orders = seen.spans.values().filter(|span| 0 < span.rows).count() as u64;
        let totals = Summary { orders, rejected_rows: rejects.count, parked_rows: rejects.parked, ..seen.totals };
        let catalogue = Catalogue::build(seen.items, &seen.modifiers, seen.selections_max);
        Ok(Survey { catalogue, spans: seen.spans, totals, rejects, has_clocks: seen.has_clocks })
    }
}

impl Seen {
    fn add(&mut self, row: Row) -> Result<(), ImportError> {
        let number = self.totals.lines;
        let span = self.span(&row.order_key);
        if span.rows == 0 {
            span.first = number;
        }
        span.rows += 1;
        span.last = number;
        self.has_clocks |= row.when.is_some_and(|when| when.shows_time_of_day());
        self.totals.add_line(row.qty_milli, row.unit_price_minor);
        self.selections_max = self.selections_max.max(u32::try_from(row.modifiers.len()).unwrap_or(u32::MAX));
        let item = self.items.entry(row.item_key).or_default();
        item.uses_choices |= !row.modifiers.is_empty();
        if !item.names.contains(&row.item_name) {
            item.names.insert(row.item_name);
        }
        if let Some(category) = row.category {
            *item.categories.entry(category).or_default() += 1;
        }
        self.modifiers.extend(row.modifiers);
        match NAMES_MAX < self.items.len().max(self.modifiers.len()) {
            true => {
                let reason = format!("more than {NAMES_MAX} different items or modifiers; is this the right column?");
                Err(ImportError::Flag { flag: "map", reason })
            }
            false => Ok(()),
        }
    }

    fn span(&mut self, key: &str) -> &mut Span {
        let index = self.spans.len() as u64;
        match self.spans.entry(Box::from(key)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Span { index, rows: 0, first: 0, last: 0 }),
        }
    }
}

/// The most rows that wait at one time when orders are given out whole and in the order of their first rows: an upper bound, as it
/// counts all rows of an order from its first one on.
fn waiting_rows(mut spans: Vec<Span>) -> u64 {
    spans.sort_unstable_by_key(|span| span.first);
    let mut leaves: Vec<u64> = Vec::with_capacity(spans.len());
    for span in &spans {
        let before = leaves.last().copied().unwrap_or(0);
        leaves.push(before.max(span.last));
    }
    let (mut waiting, mut most, mut left) = (0, 0, 0);
    for span in &spans {
        while leaves.get(left).is_some_and(|row| *row < span.first) {
            waiting -= spans.get(left).map_or(0, |gone| gone.rows);
            left += 1;
        }
        waiting += span.rows;
        most = most.max(waiting);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting() {
        for (rows, expected) in [
            ("", 0),
            ("a", 1),
            ("aaabbc", 3),
            ("abab", 4),
            ("abbbba", 6),
            ("abbbbacc", 6),
            ("abcdefa", 7),
            ("aabbccaabb", 10),
            ("aabbcc", 2),
        ] {
            let mut spans: BTreeMap<char, Span> = BTreeMap::new();
            for (at, key) in rows.chars().enumerate().map(|(at, key)| (at as u64, key)) {
                let span = spans.entry(key).or_insert(Span { index: 0, rows: 0, first: at, last: at });
                span.rows += 1;
                span.last = at;
            }
            assert_eq!(waiting_rows(spans.into_values().collect()), expected, "{rows}");
        }
    }
}
