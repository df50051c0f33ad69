//! What an import comes to, and the one line of JSON it ends with.

use std::fmt;
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
    /// Rows that were skipped.
    pub rejected_rows: u64,
    /// Orders that were there already, unchanged.
    pub duplicate_orders: u64,
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

/// One line of JSON. Units are whole where they are whole (`3`), else decimal (`2.125`).
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { lines, orders, gross_minor, rejected_rows, duplicate_orders, .. } = self;
        let units = milli(i128::from(self.units_milli));
        let seconds = milli(i128::try_from(self.elapsed.as_millis()).unwrap_or(i128::MAX));
        write!(f, "{{\"lines\":{lines},\"orders\":{orders},\"units\":{units},\"gross_minor\":{gross_minor},")?;
        write!(f, "\"rejected_rows\":{rejected_rows},\"duplicate_orders\":{duplicate_orders},\"seconds\":{seconds}}}")
    }
}

/// Thousandths as a decimal number without trailing zeros.
fn milli(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / 1000, value.unsigned_abs() % 1000);
    match rest {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{}", format!("{rest:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json() {
        for (units_milli, millis, units, seconds) in [
            (4_972_000, 1234, "4972", "1.234"),
            (1500, 1000, "1.5", "1"),
            (1, 50, "0.001", "0.05"),
            (0, 0, "0", "0"),
            (-2125, 7, "-2.125", "0.007"),
        ] {
            let summary = Summary {
                lines: 4622,
                orders: 1834,
                units_milli,
                gross_minor: 3_450_016,
                rejected_rows: 2,
                duplicate_orders: 3,
                elapsed: Duration::from_millis(millis),
            };
            let expected = format!(
                "{{\"lines\":4622,\"orders\":1834,\"units\":{units},\"gross_minor\":3450016,\
                 \"rejected_rows\":2,\"duplicate_orders\":3,\"seconds\":{seconds}}}"
            );
            assert_eq!(summary.to_string(), expected);
            let parsed: serde_json::Value = serde_json::from_str(&expected).expect("JSON");
            assert_eq!(parsed["lines"], 4622);
        }
    }
}
