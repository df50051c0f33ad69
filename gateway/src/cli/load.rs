//! `comanda load`: orders over HTTP at a fixed rate, or as fast as they are taken, and what became of them.

use super::common::{answer, fail};
use load::LoadArgs;
use std::process::ExitCode;

/// Sends the load and prints one JSON line.
pub fn run(args: &LoadArgs) -> ExitCode {
    match load::run(args) {
        Ok(report) => answer(&report.to_json().to_string()),
        Err(error) => fail(&error),
    }
}
