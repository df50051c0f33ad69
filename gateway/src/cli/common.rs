//! What the verbs have in common.

use crate::causes::with_causes;
use clap::Args;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The data directory: the flag, else `COMANDA_DATA`, else `./data`. The variable is read here and not by clap, for which
/// one that is set conflicts with `--url` as much as the flag does.
pub fn data_dir(flag: Option<&Path>) -> PathBuf {
    match flag {
        Some(dir) => dir.to_owned(),
        None => std::env::var_os("COMANDA_DATA").map_or_else(|| PathBuf::from("./data"), PathBuf::from),
    }
}

/// Who may vouch for a server that is asked over `https://`.
#[derive(Clone, Debug, Args)]
pub struct TrustArgs {
    /// Who vouches for a server at https://, in PEM form; those whom the system trusts where it is left out.
    #[arg(long, env = "COMANDA_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Says what went wrong, with its causes, and fails.
pub fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    // Where nobody hears it the code still tells.
    let _ = writeln!(io::stderr(), "comanda: {}", with_causes(error));
    ExitCode::FAILURE
}

/// Says on standard output what came of it. What was done stays done where nobody takes that, but it does not end well then: it may
/// be a secret that is said this once.
pub fn answer(text: &str) -> ExitCode {
    let mut out = io::stdout();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&Unsaid(error)),
    }
}

/// What came of it was said to nobody.
#[derive(Debug, thiserror::Error)]
#[error("it is done, but the answer could not be written")]
struct Unsaid(#[source] io::Error);

/// Says something on standard output; whoever closed it does not want to hear it.
pub fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
