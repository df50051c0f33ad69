//! `comanda verify`: checks everything the log of a stopped server holds, and changes nothing.

use super::{data_dir, fail};
use clap::Args;
use eventlog::{OpenError, Problem, Verified};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to check.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Each problem is one line on standard output; the last line counts what was checked. Ends with 0 when nothing is wrong, \
                  else with 1.\n\nExamples:\n  comanda verify --data ./data\n  comanda verify --data ./copy --json"
)]
pub struct VerifyArgs {
    /// The data directory; no server may be running on it [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Every line is a JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
enum VerifyError {
    #[error("there is no log in {}", dir.display())]
    NoLog { dir: PathBuf },
    #[error("the log cannot be checked")]
    Open(#[from] OpenError),
    #[error("cannot write what was found")]
    Write(#[from] io::Error),
}

/// Checks.
pub fn run(args: &VerifyArgs) -> ExitCode {
    match verify(args) {
        Ok(verified) if verified.problems == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

fn verify(args: &VerifyArgs) -> Result<Verified, VerifyError> {
    let dir = crate::app::log_dir(&data_dir(args.data.as_deref()));
    if !dir.is_dir() {
        return Err(VerifyError::NoLog { dir });
    }
    let mut out = io::stdout().lock();
    let mut written = Ok(());
    let verified = eventlog::verify_embedded(&dir, |problem| {
        let line = problem_line(&problem, args.json);
        // What cannot be told is still counted, and decides how the command ends.
        if written.is_ok() {
            written = writeln!(out, "{line}");
        }
    })?;
    if verified.segments == 0 {
        return Err(VerifyError::NoLog { dir });
    }
    written?;
    writeln!(out, "{}", summary_line(&verified, args.json))?;
    Ok(verified)
}

fn problem_line(problem: &Problem, is_json: bool) -> String {
    let Problem { file, offset, position, what, remedy } = problem;
    match is_json {
        true => {
            let (file, position) = (file.display().to_string(), format!("0:{position}"));
            json!({"file": file, "offset": offset, "position": position, "problem": what, "remedy": remedy}).to_string()
        }
        false => problem.to_string(),
    }
}

fn summary_line(verified: &Verified, is_json: bool) -> String {
    let Verified {
        segments,
        sidecars,
        batches,
        commits,
        events,
        streams,
        bytes,
        unfinished_bytes,
        is_closed,
        problems,
    } = verified;
    if is_json {
        return json!({
            "problems": problems, "segments": segments, "sidecars": sidecars, "batches": batches, "commits": commits,
            "events": events, "streams": streams, "bytes": bytes, "unfinished_bytes": unfinished_bytes, "closed": is_closed,
        })
        .to_string();
    }
    let found = match problems {
        0 => "nothing is wrong".to_owned(),
        1 => "1 problem".to_owned(),
        more => format!("{more} problems"),
    };
    let end = match (is_closed, unfinished_bytes) {
        (true, _) => "the log was closed".to_owned(),
        (false, 0) => "the log was not closed; the next start recovers it".to_owned(),
        (false, cut) => format!("the log was not closed; the next start cuts {cut} bytes that were never acknowledged"),
    };
    format!(
        "{found}: {segments} segments, {sidecars} indexes beside them, {batches} batches, {commits} commits, {events} events in \
         {streams} streams, {bytes} bytes; {end}"
    )
}
