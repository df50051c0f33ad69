//! What became of the orders.

use crate::args::LoadArgs;
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest latency that is told apart, in microseconds: 10 minutes.
const LATENCY_US_MAX: u64 = 600_000_000;

/// Counts of one thread.
#[derive(Debug)]
pub struct Tally {
    accepted: u64,
    refused: BTreeMap<String, u64>,
    paid: u64,
    payments_refused: BTreeMap<String, u64>,
    /// Orders that never got an answer.
    pub errors: u64,
    /// Times an order was sent again.
    pub retries: u64,
    latency_us: Histogram<u64>,
}

impl Tally {
    /// Nothing yet.
    ///
    /// # Panics
    /// Never: the bounds of the histogram are good.
    pub fn new() -> Tally {
        let latency_us = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are in order");
        Tally {
            accepted: 0,
            refused: BTreeMap::new(),
            paid: 0,
            payments_refused: BTreeMap::new(),
            errors: 0,
            retries: 0,
            latency_us,
        }
    }

    /// An order was accepted while it counts.
    pub fn accepted(&mut self) {
        self.accepted += 1;
    }

    /// An accepted order that was due while it counts was answered after this long.
    pub fn latency(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_us.saturating_record(us);
    }

    /// An order was refused.
    pub fn refused(&mut self, status: u16, body: &[u8]) {
        *self.refused.entry(code(status, body)).or_default() += 1;
    }

    /// An order was paid.
    pub fn paid(&mut self) {
        self.paid += 1;
    }

    /// A payment was refused.
    pub fn payment_refused(&mut self, status: u16, body: &[u8]) {
        *self.payments_refused.entry(code(status, body)).or_default() += 1;
    }

    fn add(&mut self, other: Tally) {
        self.accepted += other.accepted;
        self.paid += other.paid;
        self.errors += other.errors;
        self.retries += other.retries;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        for (code, count) in other.payments_refused {
            *self.payments_refused.entry(code).or_default() += count;
        }
        self.latency_us.add(&other.latency_us).expect("histograms of the same bounds add up");
    }
}

/// The code of a problem, or the status where the body has none.
fn code(status: u16, body: &[u8]) -> String {
    let problem: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    match problem.as_ref().and_then(|problem| problem.get("code")?.as_str()) {
        Some(code) => code.to_owned(),
        None => format!("http_{status}"),
    }
}

/// The results of a run.
#[derive(Debug)]
pub struct Report {
    tally: Tally,
    /// How long was measured.
    pub duration: Duration,
    /// How many connections there were.
    pub connections: u16,
    /// What was to be sent per second; `None` for as much as is taken.
    pub target_rate: Option<u32>,
    /// Orders that were due in time and were not sent, because no connection was free.
    pub unsent: u64,
    /// Whether orders were paid too.
    pub is_paying: bool,
}

impl Report {
    pub(crate) fn new(tallies: impl IntoIterator<Item = Tally>, args: &LoadArgs, unsent: u64) -> Report {
        let mut all = Tally::new();
        for tally in tallies {
            all.add(tally);
        }
        Report {
            tally: all,
            duration: args.duration,
            connections: args.connections,
            target_rate: args.rate,
            unsent,
            is_paying: args.pay,
        }
    }

    /// One line of JSON.
    ///
    /// # Panics
    /// Never: counts and names are JSON.
    pub fn to_json(&self) -> String {
        let seconds = self.duration.as_secs_f64();
        let tally = &self.tally;
        let at = |quantile: f64| tally.latency_us.value_at_quantile(quantile);
        let line = Line {
            accepted: tally.accepted,
            accepted_per_s: per_s(tally.accepted, seconds),
            refused: &tally.refused,
            errors: tally.errors,
            retries: tally.retries,
            unsent: self.unsent,
            p50_us: at(0.5),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: tally.latency_us.max(),
            seconds,
            connections: self.connections,
            target_rate: self.target_rate,
            paid: self.is_paying.then_some(tally.paid),
            payments_refused: self.is_paying.then_some(&tally.payments_refused),
        };
        serde_json::to_string(&line).expect("counts and names are JSON")
    }
}

/// The result as it is printed, what matters most first.
#[derive(Debug, Serialize)]
struct Line<'a> {
    accepted: u64,
    accepted_per_s: f64,
    refused: &'a BTreeMap<String, u64>,
    errors: u64,
    retries: u64,
    unsent: u64,
    p50_us: u64,
    p99_us: u64,
    p999_us: u64,
    max_us: u64,
    seconds: f64,
    connections: u16,
    target_rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payments_refused: Option<&'a BTreeMap<String, u64>>,
}

#[expect(clippy::float_arithmetic, reason = "a rate for people, not money")]
fn per_s(count: u64, seconds: f64) -> f64 {
    match 0.0 < seconds {
        true => (count as f64 / seconds * 10.0).round() / 10.0,
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_by_code() {
        let mut tally = Tally::new();
        tally.refused(422, br#"{"status":422,"code":"out_of_stock"}"#);
        tally.refused(422, br#"{"status":422,"code":"out_of_stock"}"#);
        tally.refused(502, b"<html>");
        let expected = [("http_502".to_owned(), 1), ("out_of_stock".to_owned(), 2)];
        assert_eq!(tally.refused.into_iter().collect::<Vec<_>>(), expected);
        assert!((per_s(15, 2.0) - 7.5).abs() < f64::EPSILON);
    }

    #[test]
    fn what_all_connections_saw_is_one_line() {
        let tallies = [(3, 1_000), (2, 5_000)].map(|(count, us)| {
            let mut tally = Tally::new();
            for _ in 0..count {
                tally.accepted();
                tally.paid();
                tally.latency(Duration::from_micros(us));
            }
            tally.refused(409, b"");
            tally.payment_refused(422, br#"{"code":"not_placed"}"#);
            (tally.errors, tally.retries) = (1, count);
            tally
        });
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            load: LoadArgs,
        }
        let told = |flags: &str, tallies: [Tally; 2]| -> Value {
            let words = format!("load {flags} --duration 2 --connections 7");
            let Cli { load } = clap::Parser::try_parse_from(words.split(' ')).unwrap();
            serde_json::from_str(&Report::new(tallies, &load, 4).to_json()).unwrap()
        };
        let line = told("--rate 9 --pay", tallies);
        for (field, value) in [
            ("accepted", 5.into()),
            ("accepted_per_s", serde_json::json!(2.5)),
            ("refused", serde_json::json!({"http_409": 2})),
            ("errors", 2.into()),
            ("retries", 5.into()),
            ("unsent", 4.into()),
            ("connections", 7.into()),
            ("target_rate", 9.into()),
            ("paid", 5.into()),
            ("payments_refused", serde_json::json!({"not_placed": 2})),
        ] {
            assert_eq!(line[field], value, "{field}: {line}");
        }
        // Latencies have three digits.
        let near = |field: &str, us: u64| line[field].as_u64().is_some_and(|told| told.abs_diff(us) <= us / 500);
        assert!(near("p50_us", 1_000) && near("p99_us", 5_000) && near("max_us", 5_000), "{line}");
        let line = told("--max", [Tally::new(), Tally::new()]);
        assert_eq!((&line["accepted"], &line["target_rate"], line.get("paid")), (&0.into(), &Value::Null, None));
    }
}
