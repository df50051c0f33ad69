//! `comanda load`: orders over HTTP at a fixed rate, or as fast as they are taken, and what became of them.

use super::common::{fail, say};
use load::LoadArgs;
use std::process::ExitCode;

/// Sends the load and prints one JSON line.
pub fn run(args: &LoadArgs) -> ExitCode {
    match load::run(args) {
        Ok(report) => {
            say(&report.to_json().to_string());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}
