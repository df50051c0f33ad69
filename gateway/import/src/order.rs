//! An order of the file.

use crate::when::When;
use std::sync::Arc;

/// One order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOrder {
    /// What the file calls it: what all its ids are made from.
    pub file_key: String,
    /// The line of its first good row.
    pub first_line: u64,
    /// When it was made.
    pub when: When,
    /// Its lines, at least one.
    pub lines: Vec<ImportLine>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportLine {
    /// Where its row stands in the file.
    pub line_number: u64,
    /// An id of [`Catalogue::items`](crate::Catalogue::items).
    pub item_id: Arc<str>,
    /// In thousandths, more than 0.
    pub qty_milli: i64,
    /// The price of one in minor units, 0 or more.
    pub unit_price_minor: i64,
    /// Ids of the modifiers and how often each was chosen, in the order of the row.
    pub modifiers: Vec<(Arc<str>, u32)>,
}
