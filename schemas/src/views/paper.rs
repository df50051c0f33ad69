//! Reports as a till prints them: text of 42 columns, the width of a roll of 80 mm.

use super::day::{DayTotalsView, XReport, ZReport};
use crate::json::wire::{Form, Timestamp, WireForm};
use domain::money::Currency;
use std::fmt::Display;

/// How many characters a line has, at most.
const COLUMNS: usize = 42;

/// A roll of paper.
struct Paper {
    text: String,
    /// The exponent of the currency: how many digits stand behind the point.
    exponent: u32,
}

impl ZReport {
    /// The report as it is printed. Nothing is sold before there is a currency, so without one all amounts are zero.
    pub fn to_text(&self, currency: Option<Currency>) -> String {
        let mut paper = Paper::new("Z REPORT", currency);
        paper.row("Store", self.store.0);
        paper.row("Business date", self.business_date.0);
        paper.row("Number", self.z_number);
        paper.row("Closed", time(self.closed_at));
        paper.row("By", self.closed_by.0);
        paper.currency(currency);
        paper.totals(&self.totals);
        paper.heading("LEFT OPEN");
        paper.row("Unpaid orders", self.open_orders_count);
        paper.amount("Still to be paid", self.open_orders_due);
        paper.row("Payments without an outcome", self.payments_in_flight_count);
        self.open_shifts.iter().for_each(|drawer| paper.row("Shift not closed", drawer.0));
        paper.row("Gaps in queues of terminals", self.gaps_count);
        paper.heading("ALL CLOSED DAYS");
        paper.amount("Total", self.cumulative_total);
        if let (Some(position), Some(hash)) = (&self.last_hash_position, &self.last_hash) {
            paper.row("History up to", position);
            paper.words(hash);
        }
        paper.text
    }
}

impl XReport {
    /// The report as it is printed; see [`ZReport::to_text`].
    pub fn to_text(&self, currency: Option<Currency>) -> String {
        let mut paper = Paper::new("X REPORT", currency);
        paper.row("Store", self.store.0);
        paper.row("Business date", self.business_date.0);
        paper.row("Next Z number", self.next_z_number);
        paper.currency(currency);
        paper.totals(&self.totals);
        paper.heading("ALL CLOSED DAYS");
        paper.amount("Total", self.cumulative_total);
        paper.text
    }
}

impl Paper {
    fn new(title: &str, currency: Option<Currency>) -> Paper {
        let exponent = currency.map_or(0, |currency| u32::from(currency.exponent()));
        let mut paper = Paper { text: String::new(), exponent };
        paper.line(&format!("{title:^COLUMNS$}"));
        paper.rule();
        paper
    }

    fn totals(&mut self, totals: &DayTotalsView) {
        self.heading("SALES");
        self.row("Orders", totals.orders);
        self.amount("Lines at list price", totals.gross);
        self.minus("Discounts", totals.discounts);
        self.amount("Service charges", totals.charges);
        self.amount("Tax on top", totals.tax);
        self.amount("Total", totals.sales);
        self.amount("Tax inside", totals.tax_inclusive);
        self.heading("TAX");
        for tax in &totals.taxes {
            let rate = tax.percent_ppm.map_or("Other rates".to_owned(), |rate| percent(rate.0.0));
            self.words(&format!("{rate} {}", if tax.inclusive { "inside" } else { "on top" }));
            self.amount("  sold, without tax", tax.taxable);
            self.amount("  tax", tax.tax);
            if (tax.refunded_taxable, tax.refunded_tax) != (0, 0) {
                self.minus("  given back, without tax", tax.refunded_taxable);
                self.minus("  tax given back", tax.refunded_tax);
            }
        }
        self.heading("MONEY");
        for tender in &totals.tenders {
            let name = tender.tender.map_or("Other tenders".to_owned(), |tender| tender.0.to_string());
            self.words(&name);
            self.amount(&format!("  paid ({})", tender.payments), tender.paid);
            for (what, amount) in [("  tips", tender.tips), ("  not taken by orders", tender.unapplied)] {
                if amount != 0 {
                    self.amount(what, amount);
                }
            }
            if tender.refunds != 0 {
                let parts = [tender.refunded, tender.refunded_tips, tender.refunded_unapplied];
                let back = parts.into_iter().fold(0, i64::saturating_add);
                self.minus(&format!("  given back ({})", tender.refunds), back);
            }
        }
        self.amount("Cash", totals.cash);
        self.amount("Other tenders", totals.other);
        self.amount("Tips", totals.tips);
        self.amount("Not taken by orders", totals.unapplied);
        self.minus(&format!("Given back ({})", totals.refunds), totals.refunded);
        self.minus("  of it in cash", totals.refunded_cash);
        self.heading("PRINTED");
        self.row("Bills", totals.bills.unwrap_or(0));
        self.row("Receipts", totals.receipts.unwrap_or(0));
        self.row("Reprints", totals.reprints.unwrap_or(0));
        if let Some(count) = totals.beyond_bounds {
            self.heading("TO DECIDE");
            self.row("Offline beyond bounds", count);
        }
    }

    fn currency(&mut self, currency: Option<Currency>) {
        if let Some(currency) = currency {
            self.row("Currency", currency.code());
        }
    }

    fn amount(&mut self, what: &str, minor: i64) {
        self.row(what, decimal(minor, self.exponent));
    }

    /// What is taken off.
    fn minus(&mut self, what: &str, minor: i64) {
        self.amount(what, minor.saturating_neg());
    }

    /// What on the left, how much on the right; on two lines where one is too short for both.
    fn row(&mut self, what: &str, value: impl Display) {
        let value = value.to_string();
        let (left, right) = (what.chars().count(), value.chars().count());
        match left + right < COLUMNS {
            true => self.line(&format!("{what}{value:>0$}", COLUMNS - left)),
            false => {
                self.words(what);
                self.words(&format!("{value:>COLUMNS$}"));
            }
        }
    }

    /// Text on as many lines as it takes.
    fn words(&mut self, words: &str) {
        let chars: Vec<char> = words.chars().collect();
        for line in chars.chunks(COLUMNS) {
            self.line(&line.iter().collect::<String>());
        }
    }

    fn heading(&mut self, heading: &str) {
        self.rule();
        self.line(heading);
    }

    fn rule(&mut self) {
        self.line(&"-".repeat(COLUMNS));
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// A time as in JSON.
fn time(at: Timestamp) -> String {
    at.0.form(|form| match form {
        Form::Text(text) => text.to_owned(),
        Form::Number(_) | Form::Thousandths(_) | Form::None(_) => "unknown".to_owned(),
    })
}

/// Minor units with the point where the currency has it.
fn decimal(minor: i64, exponent: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (minor, unit) = (minor.unsigned_abs(), 10_u64.pow(exponent));
    match exponent {
        0 => format!("{sign}{minor}"),
        exponent => format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = exponent as usize),
    }
}

/// Millionths as a percentage without needless zeros: 72,500 is 7.25 %.
fn percent(ppm: u32) -> String {
    let digits = decimal(ppm.into(), 4);
    format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Paper, decimal, percent};

    #[test]
    fn amounts_have_their_point() {
        let told = [(0, 2), (5, 2), (-1_999, 2), (1_999, 0), (-7, 3)].map(|(minor, exponent)| decimal(minor, exponent));
        assert_eq!(told, ["0.00", "0.05", "-19.99", "1999", "-0.007"]);
        assert_eq!(decimal(i64::MIN, 2), "-92233720368547758.08");
        assert_eq!([190_000, 72_500, 88_750, 0].map(percent), ["19 %", "7.25 %", "8.875 %", "0 %"]);
    }

    #[test]
    fn what_and_how_much_are_apart_or_on_lines_of_their_own() {
        for (name, lines) in [(COLUMNS - 5, 1), (COLUMNS - 4, 2)] {
            let mut paper = Paper::new("Z REPORT", None);
            let before = paper.text.lines().count();
            let name = "n".repeat(name);
            paper.row(&name, "1.00");
            let row: Vec<&str> = paper.text.lines().skip(before).collect();
            assert_eq!(row.len(), lines, "{row:?}");
            assert!(row[0].starts_with(&name) && row.last().is_some_and(|line| line.ends_with(" 1.00")), "{row:?}");
        }
    }

    #[test]
    fn no_line_is_longer_than_the_paper() {
        let mut paper = Paper::new("Z REPORT", None);
        paper.row("Cash", "1.00");
        paper.row(&"n".repeat(COLUMNS), "-92233720368547758.08");
        paper.words(&"f".repeat(64));
        let widths: Vec<usize> = paper.text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [25, COLUMNS, COLUMNS, COLUMNS, COLUMNS, COLUMNS, 22]);
    }
}
