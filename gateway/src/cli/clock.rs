//! `comanda clock`: what a running server's clock is worth, and that it is right.

use super::common::{TrustArgs, data_dir, fail, say};
use crate::client::{Client, ClientError};
use crate::operator;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with the clock.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  comanda clock show --data ./data\n  comanda clock confirm --data ./data --url https://comanda.example.com --ca ca.pem"
)]
pub struct ClockArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Says what time it is for the server, and whether its clock is in doubt.
    Show(Server),
    /// Says that the machine's clock is right: deadlines that waited fall due.
    Confirm(Server),
}

#[derive(Clone, Debug, Args)]
struct Server {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Its data directory, where the operator's credential is [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Debug, thiserror::Error)]
enum ClockError {
    #[error("the operator's credential in {} does not read; the first start of a server makes it", path.display())]
    Credential { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("no thread to work with")]
    Runtime(#[from] std::io::Error),
}

/// Does it.
pub fn run(args: &ClockArgs) -> ExitCode {
    let outcome = match &args.verb {
        Verb::Show(server) => call(server, "GET", "/v1/clock"),
        Verb::Confirm(server) => call(server, "POST", "/v1/clock/confirm"),
    };
    match outcome {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn call(server: &Server, method: &str, path: &str) -> Result<String, ClockError> {
    let file = operator::path(&data_dir(server.data.as_deref()));
    let token = std::fs::read_to_string(&file).map_err(|source| ClockError::Credential { path: file, source })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut client = Client::trusting(&server.url, token.trim(), server.trust.ca.as_deref())?;
    let answer = runtime.block_on(client.call(method, path, &[], Vec::new().into()))?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
