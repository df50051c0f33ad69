//! `comanda load`: orders over HTTP at a fixed rate, or as fast as they are taken, and what became of them.

use super::common::fail;
use load::LoadArgs;
use std::process::ExitCode;

/// Sends the load and prints one JSON line.
pub fn run(args: &LoadArgs) -> ExitCode {
    match load::run(args) {
        Ok(report) => {
            #[expect(
                clippy::print_stdout,
                reason = "the result is for whoever ran it, or a program that reads the line"
            )]
            {
                println!("{}", report.to_json());
            }
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}
