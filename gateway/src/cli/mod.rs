//! The command line.

mod chain;
pub mod import;
pub mod load;
pub mod replay;
pub mod serve;
pub mod token;
pub mod verify;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// An event-sourced order engine for restaurant chains.
#[derive(Debug, Parser)]
#[command(name = "comanda", version, about, after_help = "Without a verb: comanda serve")]
pub struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serves HTTP on an embedded log (what happens without a verb).
    Serve(serve::ServeArgs),
    /// Turns real order files into ordinary commands.
    Import(Box<crate::import::ImportArgs>),
    /// Sends orders at a fixed rate, or as fast as they are taken, and measures.
    Load(load::LoadArgs),
    /// Writes events as NDJSON, in the order of the log.
    Replay(replay::ReplayArgs),
    /// Issues and revokes access tokens.
    Token(token::TokenArgs),
    /// Checks everything a stopped server's log holds.
    Verify(verify::VerifyArgs),
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    match Cli::parse().verb {
        None => serve::run(&serve::ServeArgs::standard()),
        Some(Verb::Serve(args)) => serve::run(&args),
        Some(Verb::Import(args)) => import::run(&args),
        Some(Verb::Load(args)) => load::run(args),
        Some(Verb::Replay(args)) => replay::run(&args),
        Some(Verb::Token(args)) => token::run(&args),
        Some(Verb::Verify(args)) => verify::run(&args),
    }
}

/// The data directory: the flag, else `COMANDA_DATA`, else `./data`. The variable is read here and not by clap, for which
/// one that is set conflicts with `--url` as much as the flag does.
pub fn data_dir(flag: Option<&Path>) -> PathBuf {
    match flag {
        Some(dir) => dir.to_owned(),
        None => std::env::var_os("COMANDA_DATA").map_or_else(|| PathBuf::from("./data"), PathBuf::from),
    }
}

/// Says what went wrong, with its causes, and fails.
pub fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    #[expect(clippy::print_stderr, reason = "this is where a person at the command line is told")]
    {
        eprintln!("comanda: {}", chain(error));
    }
    ExitCode::FAILURE
}

/// An error with its causes, in one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let more = source.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = source.source();
    }
    text
}
