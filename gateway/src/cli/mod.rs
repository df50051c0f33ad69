//! The command line.

pub mod backup;
mod chain;
pub mod clock;
mod common;
pub mod doors;
pub mod import;
pub mod lines;
pub mod load;
pub mod operator;
pub mod peers;
pub mod replay;
pub mod serve;
pub mod token;
pub mod verify;

use clap::{Parser, Subcommand};
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
    /// Copies what cannot be made again, also while a server runs.
    Backup(backup::BackupArgs),
    /// Makes a data directory of a backup.
    Restore(backup::RestoreArgs),
    /// Says what a running server's clock is worth, and that it is right.
    Clock(clock::ClockArgs),
    /// Turns real order files into ordinary commands.
    Import(Box<::import::ImportArgs>),
    /// Sends orders at a fixed rate, or as fast as they are taken, and measures.
    Load(Box<::load::LoadArgs>),
    /// Shows where the operator's credential is, and makes another.
    Operator(operator::OperatorArgs),
    /// Writes events as NDJSON, in the order of the log.
    Replay(replay::ReplayArgs),
    /// Issues and revokes access tokens.
    Token(token::TokenArgs),
    /// Checks everything a stopped server's log holds.
    Verify(verify::VerifyArgs),
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    crate::files::keep_to_owner();
    match Cli::parse().verb {
        None => serve::run(&serve::ServeArgs::standard()),
        Some(Verb::Serve(args)) => serve::run(&args),
        Some(Verb::Backup(args)) => backup::backup(&args),
        Some(Verb::Restore(args)) => backup::restore(&args),
        Some(Verb::Clock(args)) => clock::run(&args),
        Some(Verb::Import(args)) => import::run(&args),
        Some(Verb::Load(args)) => load::run(&args),
        Some(Verb::Operator(args)) => operator::run(&args),
        Some(Verb::Replay(args)) => replay::run(&args),
        Some(Verb::Token(args)) => token::run(&args),
        Some(Verb::Verify(args)) => verify::run(&args),
    }
}
