//! What was measured, as JSON for programs and as a table for people.

use crate::machine::Machine;
use serde::Serialize;
use std::fmt::{self, Write};

/// What stands above a figure: the machine's own limit, measured in the same run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// What was done at the limit.
    pub what: String,
    /// How much of it per second, in the unit of the measure.
    pub per_s: f64,
    /// Our part of it.
    pub fraction: f64,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// What was measured: its group, then what tells it from others.
    pub name: String,
    /// What is counted.
    pub unit: &'static str,
    /// The median of the runs, per second.
    pub per_s: f64,
    /// Every run, in order.
    pub runs: Vec<f64>,
    /// What the work came to; the same in every run of a size.
    pub checksum: Option<u64>,
    /// The machine's limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What else belongs to it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Measure {
    /// A figure of several runs, each with its checksum.
    ///
    /// # Panics
    /// If there is no run, or two did different work.
    pub fn new(name: impl Into<String>, unit: &'static str, runs: &[(f64, u64)]) -> Measure {
        let name = name.into();
        let checksum = runs.first().expect("something was measured").1;
        assert!(runs.iter().all(|run| run.1 == checksum), "{name}: the runs differ in what they did: {runs:?}");
        let runs: Vec<f64> = runs.iter().map(|run| run.0).collect();
        Measure { name, unit, per_s: median(&runs), runs, checksum: Some(checksum), limit: None, note: String::new() }
    }

    /// A figure whose work is not the same in every run, because the clock ends it.
    pub fn unchecked(name: impl Into<String>, unit: &'static str, runs: Vec<f64>) -> Measure {
        let per_s = median(&runs);
        Measure { name: name.into(), unit, per_s, runs, checksum: None, limit: None, note: String::new() }
    }

    /// The figure below a limit that was measured in turns with it.
    #[must_use]
    pub fn of(mut self, what: impl Into<String>, runs: &[f64]) -> Measure {
        let per_s = median(runs);
        self.limit = Some(Limit { what: what.into(), per_s, fraction: self.per_s / per_s });
        self
    }

    /// The figure with a remark.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Measure {
        self.note = note.into();
        self
    }
}

/// A row of the table.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measure { name, unit, per_s, note, .. } = self;
        let (what, fraction) = match &self.limit {
            Some(limit) => (format!("{} {}", scaled(limit.per_s), limit.what), format!("{:.2}", limit.fraction)),
            None => (String::new(), String::new()),
        };
        let spread = match spread(&self.runs) {
            0.0 => String::new(),
            spread => format!("±{:.1} %", 100.0 * spread),
        };
        let (rate, each) = (scaled(*per_s), each(*per_s));
        write!(f, "| {name} | {rate} {unit} | {each} | {spread} | {what} | {fraction} | {note} |")
    }
}

/// The one in the middle.
pub fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Half of what lies between the first and the third quarter of the runs, as a part of their median.
pub fn spread(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quarter = sorted.len() / 4;
    match (sorted.get(quarter), sorted.get(sorted.len().saturating_sub(1 + quarter))) {
        (Some(low), Some(high)) => (high - low) / 2.0 / median(runs),
        _ => 0.0,
    }
}

/// All figures of one go.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured: the commit, with a plus where there were changes on top.
    pub commit: String,
    /// Where.
    pub machine: Machine,
    /// `tiny` or `large`.
    pub size: &'static str,
    /// When, in seconds since the Unix epoch.
    pub measured_at_s: u64,
    /// The figures.
    pub measures: Vec<Measure>,
}

impl Report {
    /// The table.
    pub fn table(&self) -> String {
        let mut table = format!("commit {}, {}\n\n", self.commit, self.machine);
        table.push_str(
            "| measure | per second | each | spread | limit | of it | remark |\n|---|---:|---:|---:|---|---:|---|\n",
        );
        for measure in &self.measures {
            // Writing to a string does not fail.
            let _ = writeln!(table, "{measure}");
        }
        table
    }
}

/// A rate with three digits and a letter for its size.
fn scaled(per_s: f64) -> String {
    match per_s {
        rate if 1e9 <= rate => format!("{:.2} G", rate / 1e9),
        rate if 1e6 <= rate => format!("{:.2} M", rate / 1e6),
        rate if 1e3 <= rate => format!("{:.1} k", rate / 1e3),
        rate => format!("{rate:.0}"),
    }
}

/// How long one takes.
pub fn each(per_s: f64) -> String {
    match 1e9 / per_s {
        ns if ns < 1.0 => String::new(),
        ns if ns < 100.0 => format!("{ns:.1} ns"),
        ns if ns < 1e4 => format!("{ns:.0} ns"),
        ns => format!("{:.0} µs", ns / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_the_median_of_its_runs() {
        let measure = Measure::new("a", "things", &[(3e6, 7), (1e6, 7), (2e6, 7)]).of("b", &[4e6]);
        assert!((measure.per_s - 2e6).abs() < 1.0);
        assert!(measure.limit.is_some_and(|limit| (limit.fraction - 0.5).abs() < 1e-9));
        assert!((spread(&measure.runs) - 0.5).abs() < 1e-9 && spread(&[1e6; 9]) < 1e-9);
        assert_eq!((scaled(2.5e6).as_str(), each(2e6).as_str(), scaled(12.0).as_str()), ("2.50 M", "500 ns", "12"));
    }

    #[test]
    #[should_panic(expected = "the runs differ")]
    fn runs_of_different_work_are_not_one_measure() {
        let _ = Measure::new("a", "things", &[(1.0, 1), (1.0, 2)]);
    }
}
