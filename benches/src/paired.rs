//! Two builds of this program in turns: what a change costs, on a machine that does other things too.
//!
//! Each round runs one and then the other, in the next round the other way round, and compares what was measured within the
//! round. The median of these changes is the figure; how far they lie apart says what it is worth.

use crate::plan::BenchError;
use crate::report::{each, median, spread};
use serde_json::Value;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A measure of both builds.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The measure's name.
    pub name: String,
    /// Medians, per second.
    pub before_per_s: f64,
    /// See `before_per_s`.
    pub after_per_s: f64,
    /// The time of one afterwards as a part of the time before, one for each round.
    pub changes: Vec<f64>,
    /// Both did the same work, as their checksums say.
    pub is_same_work: bool,
}

impl Pair {
    /// What stands above the rows.
    pub const HEAD: &str =
        "| measure | before | after | time afterwards | spread | remark |\n|---|---:|---:|---:|---:|---|";
}

/// A row of the table.
impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pair { name, before_per_s, after_per_s, changes, is_same_work } = self;
        let (change, spread) = (100.0 * (median(changes) - 1.0), 100.0 * spread(changes));
        let remark = if *is_same_work { "" } else { "the checksums differ: other work" };
        let (before, after) = (each(*before_per_s), each(*after_per_s));
        write!(f, "| {name} | {before} | {after} | {change:+.1} % | ±{spread:.1} % | {remark} |")
    }
}

/// Measures the groups called `only` with both programs, `rounds` times in turns, and hands out each pair as soon as its group is
/// done.
///
/// # Errors
/// A program that fails, or says nothing that can be read.
pub fn paired(
    before: &Path,
    after: &Path,
    dir: &Path,
    only: &[String],
    rounds: usize,
    mut done: impl FnMut(&Pair),
) -> Result<(), BenchError> {
    let out = tempfile::tempdir_in(dir)?;
    for group in only {
        let (mut of_before, mut of_after) = (vec![], vec![]);
        for round in 0..rounds {
            let mut first = || run(before, group, dir, out.path()).map(|measured| of_before.push(measured));
            let mut second = || run(after, group, dir, out.path()).map(|measured| of_after.push(measured));
            // The second of two runs finds the disk and the processor as the first left them.
            match round % 2 {
                0 => first().and_then(|()| second())?,
                _ => second().and_then(|()| first())?,
            }
        }
        for pair in pairs(&of_before, &of_after) {
            done(&pair);
        }
    }
    Ok(())
}

/// Name, rate and checksum of each measure of one run.
type Measured = Vec<(String, f64, Option<u64>)>;

fn run(program: &Path, group: &str, dir: &Path, out: &Path) -> Result<Measured, BenchError> {
    let out = out.join("measured.json");
    let status = Command::new(program)
        .args(["once", "--only", group, "--dir"])
        .arg(dir)
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("{} once --only {group}: {status}", program.display()).into());
    }
    let report: Value = serde_json::from_slice(&std::fs::read(out)?)?;
    let measures = report["measures"].as_array().ok_or("a report without measures")?;
    let measured = measures.iter().map(|measure| {
        let name = measure["name"].as_str()?.to_owned();
        Some((name, measure["per_s"].as_f64()?, measure["checksum"].as_u64()))
    });
    measured.collect::<Option<_>>().ok_or_else(|| "a measure without a name or figure".into())
}

/// What both programs measured, by name.
fn pairs(before: &[Measured], after: &[Measured]) -> Vec<Pair> {
    let Some(names) = after.first() else { return vec![] };
    let pair = |(name, _, checksum): &(String, f64, Option<u64>)| {
        let of = |runs: &[Measured]| -> Option<Vec<(f64, Option<u64>)>> {
            let rate = |run: &Measured| run.iter().find(|it| it.0 == *name).map(|it| (it.1, it.2));
            runs.iter().map(rate).collect()
        };
        let (before, after) = (of(before)?, of(after)?);
        let rates = |runs: &[(f64, Option<u64>)]| runs.iter().map(|run| run.0).collect::<Vec<_>>();
        let is_same_work = before.iter().all(|run| run.1 == *checksum);
        let changes = before.iter().zip(&after).map(|(before, after)| before.0 / after.0).collect();
        let (before_per_s, after_per_s) = (median(&rates(&before)), median(&rates(&after)));
        Some(Pair { name: name.clone(), before_per_s, after_per_s, changes, is_same_work })
    };
    names.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_measured_is_compared_within_each_round() {
        let run = |rate: f64, sum: u64| vec![("a".to_owned(), rate, Some(sum)), (format!("only {sum}"), 1.0, None)];
        let found = pairs(&[run(1e6, 7), run(2e6, 7), run(4e6, 7)], &[run(2e6, 8), run(4e6, 8), run(2e6, 8)]);
        let expected = Pair {
            name: "a".to_owned(),
            before_per_s: 2e6,
            after_per_s: 2e6,
            changes: vec![0.5, 0.5, 2.0],
            is_same_work: false,
        };
        assert_eq!(found, [expected]);
        let row = "| a | 500 ns | 500 ns | -50.0 % | ±150.0 % | the checksums differ: other work |";
        assert_eq!(found[0].to_string(), row);
    }
}
