//! `comanda operator`: the credential of whoever runs the server, in its data directory.

use super::common::{answer, data_dir, fail};
use crate::operator;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with the operator's credential.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  comanda operator show --data ./data\n  curl -H \"Authorization: Bearer $(cat \"$(comanda operator show --data ./data)\")\" http://127.0.0.1:8080/metrics\n  comanda operator rotate --data ./data   (also beside a running server)"
)]
pub struct OperatorArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Says which file the credential is in; its first start makes it.
    Show {
        /// The data directory [env: COMANDA_DATA] [default: ./data].
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Makes another credential; a server that runs takes it from then on, and the old one no more.
    Rotate {
        /// The data directory [env: COMANDA_DATA] [default: ./data].
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

#[derive(Debug, thiserror::Error)]
enum OperatorError {
    #[error("there is no credential in {}; the first start of a server makes it", path.display())]
    Missing { path: PathBuf },
    #[error("the credential in {} cannot be replaced", data.display())]
    Rotate { data: PathBuf, source: std::io::Error },
}

/// Does it.
pub fn run(args: &OperatorArgs) -> ExitCode {
    match path(&args.verb) {
        Ok(path) => answer(&path.display().to_string()),
        Err(error) => fail(&error),
    }
}

fn path(verb: &Verb) -> Result<PathBuf, OperatorError> {
    let (Verb::Show { data } | Verb::Rotate { data }) = verb;
    let data = data_dir(data.as_deref());
    let path = operator::path(&data);
    match verb {
        _ if !path.is_file() => Err(OperatorError::Missing { path }),
        Verb::Show { .. } => Ok(path),
        Verb::Rotate { .. } => operator::rotate(&data).map_err(|source| OperatorError::Rotate { data, source }),
    }
}
