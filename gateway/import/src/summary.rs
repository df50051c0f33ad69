//! What an import comes to.

use std::time::Duration;

use crate::money::line_gross;
use crate::order::ImportOrder;

/// Totals of an import. Orders that were there already count too: the totals are those of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Summary {
    pub lines: u64,
    pub orders: u64,
    /// Units sold, in thousandths.
    pub units_milli: i64,
    /// What was charged, in minor units.
    pub gross_minor: i64,
    /// Rows that were skipped because something is wrong with them.
    pub rejected_rows: u64,
    /// Rows that were skipped because they say that nothing was sold: their item is `NONE` or `null`.
    pub parked_rows: u64,
    /// Orders that were there already, unchanged.
    pub duplicate_orders: u64,
    /// Orders that are there with other contents or at another time. They stay as they are.
    pub conflict_orders: u64,
    /// Orders that the rules refuse.
    pub refused_orders: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Summary {
    /// Counts one order with its lines.
    pub fn add(&mut self, order: &ImportOrder) {
        self.orders += 1;
        for line in &order.lines {
            self.add_line(line.qty_milli, line.unit_price_minor);
        }
    }

    pub(crate) fn add_line(&mut self, qty_milli: i64, unit_price_minor: i64) {
        self.lines += 1;
        self.units_milli = self.units_milli.saturating_add(qty_milli);
        self.gross_minor = self.gross_minor.saturating_add(line_gross(unit_price_minor, qty_milli));
    }
}
