//! What is told at the end: what the import came to, and how the file was read.

use std::fmt;

use serde_json::Value;

use crate::money::DecimalMark;
use crate::plan::ImportPlan;
use crate::summary::Summary;

/// The line of JSON that an import ends with. Units are whole where they are whole (`3`), else decimal (`2.125`).
#[derive(Debug, Clone, Copy)]
pub struct SummaryLine<'a> {
    /// What it came to.
    pub summary: &'a Summary,
    /// What was read.
    pub plan: &'a ImportPlan,
    /// Whether nothing was sent: then the numbers are those of what would have been.
    pub is_dry_run: bool,
}

impl fmt::Display for SummaryLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SummaryLine { summary, plan, is_dry_run } = self;
        let Summary { lines, orders, gross_minor, rejected_rows, parked_rows, .. } = summary;
        let Summary { duplicate_orders, conflict_orders, refused_orders, .. } = summary;
        let units = milli(i128::from(summary.units_milli));
        let seconds = milli(i128::try_from(summary.elapsed.as_millis()).unwrap_or(i128::MAX));
        write!(f, "{{\"dry_run\":{is_dry_run},\"lines\":{lines},\"orders\":{orders},\"units\":{units},")?;
        write!(f, "\"gross_minor\":{gross_minor},\"rejected_rows\":{rejected_rows},\"parked_rows\":{parked_rows},")?;
        write!(f, "\"duplicate_orders\":{duplicate_orders},\"conflict_orders\":{conflict_orders},")?;
        write!(f, "\"refused_orders\":{refused_orders},")?;
        let (form, config) = (plan.form(), plan.config());
        let text = |text: &str| Value::String(text.to_owned());
        write!(f, "\"encoding\":{},\"delimiter\":{},", text(form.encoding.name()), text(form.delimiter.name()))?;
        write!(f, "\"decimal\":{},", text(config.decimal.unwrap_or(DecimalMark::Point).name()))?;
        let date_format = plan.has_times().then(|| text(&config.clock.format.to_string()));
        write!(f, "\"date_format\":{},\"seconds\":{seconds}}}", date_format.unwrap_or_default())
    }
}

/// How the file was read, in words: `read as UTF-16LE (recognised), columns separated by semicolon (recognised), ...`.
#[derive(Debug, Clone, Copy)]
pub struct ReadAs<'a>(pub &'a ImportPlan);

impl fmt::Display for ReadAs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.0.config();
        let decimal = match config.decimal {
            Some(mark) => format!("decimal {} (as told)", mark.name()),
            None => "decimal point (assumed)".to_owned(),
        };
        let times = match self.0.has_times() {
            true => format!("times of the form {}", config.clock.format),
            false => "no times".to_owned(),
        };
        write!(f, "read as {}, {decimal}, {times}", self.0.form())
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
    fn thousandths() {
        for (value, text) in
            [(4_972_000, "4972"), (1500, "1.5"), (1, "0.001"), (50, "0.05"), (0, "0"), (-2125, "-2.125")]
        {
            assert_eq!(milli(value), text);
        }
    }
}
