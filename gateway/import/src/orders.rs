//! The second pass over a file: its rows gathered into orders.
//!
//! Orders come out whole and in the order in which they first appear. An order's time is that of its first good row; where later rows
//! differ (a tab that grew over the evening) the order was opened at the first. Lines keep the order of the rows, and an item that
//! stands on two rows is two lines.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::args::ImportConfig;
use crate::catalogue::Catalogue;
use crate::error::ImportError;
use crate::order::{ImportLine, ImportOrder};
use crate::rows::{Row, RowParser};
use crate::source::Source;
use crate::survey::{Span, Survey};

/// The orders of a file, one by one. After an error there are no more.
#[derive(Debug)]
pub struct Orders<'a> {
    config: &'a ImportConfig,
    survey: &'a Survey,
    source: Source,
    parser: RowParser,
    /// Orders whose first row has come, by index.
    waiting: HashMap<u64, Waiting>,
    /// Their indexes in the order of their first rows.
    queue: VecDeque<u64>,
    ended: bool,
}

#[derive(Debug)]
struct Waiting {
    order: ImportOrder,
    missing_rows: u64,
}

impl<'a> Orders<'a> {
    pub(crate) fn new(config: &'a ImportConfig, survey: &'a Survey, source: Source, parser: RowParser) -> Orders<'a> {
        Orders { config, survey, source, parser, waiting: HashMap::new(), queue: VecDeque::new(), ended: false }
    }

    fn advance(&mut self) -> Result<Option<ImportOrder>, ImportError> {
        loop {
            if let Some(order) = self.take_whole() {
                return Ok(Some(order));
            }
            let Some(record) = self.source.next_record()? else {
                return match self.queue.is_empty() {
                    true => Ok(None),
                    false => Err(changed(self.config)),
                };
            };
            if let Ok(row) = self.parser.parse(&record) {
                self.add(row)?;
            } // What is rejected was written down in the first pass.
        }
    }

    fn take_whole(&mut self) -> Option<ImportOrder> {
        let first = self.queue.front()?;
        if self.waiting.get(first)?.missing_rows != 0 {
            return None;
        }
        let whole = self.waiting.remove(first);
        self.queue.pop_front();
        whole.map(|waiting| waiting.order)
    }

    fn add(&mut self, row: Row) -> Result<(), ImportError> {
        let Some(span) = self.survey.spans.get(row.order_key.as_str()).copied() else {
            return Err(changed(self.config));
        };
        let Some(line) = line(&self.survey.catalogue, &row) else {
            return Err(changed(self.config));
        };
        if !self.waiting.contains_key(&span.index) {
            let order = self.open(row, span)?;
            self.waiting.insert(span.index, Waiting { order, missing_rows: span.rows });
            self.queue.push_back(span.index);
        }
        let config = self.config;
        let waiting = self.waiting.get_mut(&span.index).ok_or_else(|| changed(config))?;
        waiting.missing_rows = waiting.missing_rows.checked_sub(1).ok_or_else(|| changed(config))?;
        waiting.order.lines.push(line);
        Ok(())
    }

    fn open(&self, row: Row, span: Span) -> Result<ImportOrder, ImportError> {
        let when = match row.when {
            Some(when) => when,
            None => {
                let synthetic = self.config.clock.synthetic(span.index);
                synthetic.map_err(|reason| ImportError::Flag { flag: "timezone", reason })?
            }
        };
        let rows = usize::try_from(span.rows).unwrap_or(0);
        Ok(ImportOrder { file_key: row.order_key, first_line: row.line_number, when, lines: Vec::with_capacity(rows) })
    }
}

impl Iterator for Orders<'_> {
    type Item = Result<ImportOrder, ImportError>;

    fn next(&mut self) -> Option<Result<ImportOrder, ImportError>> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn changed(config: &ImportConfig) -> ImportError {
    ImportError::Changed { path: config.file.clone() }
}

fn line(catalogue: &Catalogue, row: &Row) -> Option<ImportLine> {
    let mut modifiers: Vec<(Arc<str>, u32)> = Vec::with_capacity(row.modifiers.len());
    for name in &row.modifiers {
        let id = catalogue.modifier_id(name)?;
        match modifiers.iter_mut().find(|(known, _)| known == id) {
            Some((_, count)) => *count += 1,
            None => modifiers.push((id.clone(), 1)),
        }
    }
    Some(ImportLine {
        line_number: row.line_number,
        item_id: catalogue.item_id(&row.item_key)?.clone(),
        qty_milli: row.qty_milli,
        unit_price_minor: row.unit_price_minor,
        modifiers,
    })
}
