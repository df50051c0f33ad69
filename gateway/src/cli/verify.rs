//! `comanda verify`: checks everything the log of a stopped server holds, and changes nothing.

use super::chain::{ChainFileError, each, kept_by_a_day, read_kept};
use super::common::{data_dir, fail};
use clap::Args;
use eventlog::{OpenError, Problem, StoredBatch, Verified};
use schemas::stored::chain::{Broken, ChainCheck, ChainOf, Kept};
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to check.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Each problem is one line on standard output; the last line counts what was checked. Ends with 0 when nothing is wrong, \
                  else with 1.\n\nExamples:\n  comanda verify --data ./data\n  comanda verify --data ./copy --json\n  comanda verify --data ./data --chain chain.ndjson"
)]
pub struct VerifyArgs {
    /// The data directory; no server may be running on it [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Compares the history with the links of its chains of hashes in this file: lines of `comanda replay --chain`, or answers of
    /// `GET /v1/stores/{store}/chain`, that somebody kept.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
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
    #[error(transparent)]
    Chain(#[from] ChainFileError),
    #[error("cannot write what was found")]
    Write(#[from] io::Error),
}

/// Checks.
pub fn run(args: &VerifyArgs) -> ExitCode {
    match verify(args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

/// How many problems there are.
fn verify(args: &VerifyArgs) -> Result<u64, VerifyError> {
    let mut kept = args.chain.as_deref().map(read_kept).transpose()?.unwrap_or_default();
    let dir = crate::app::log_dir(&data_dir(args.data.as_deref()));
    if !dir.is_dir() {
        return Err(VerifyError::NoLog { dir });
    }
    let mut out = io::stdout().lock();
    let mut written = Ok(());
    let say = |problem: Problem| {
        let line = problem_line(&problem, args.json);
        // What cannot be told is still counted, and decides how the command ends.
        if written.is_ok() {
            written = writeln!(out, "{line}");
        }
    };
    let by_days = |batch: &StoredBatch| each(batch, |event| kept.extend(kept_by_a_day(event)));
    let mut verified = eventlog::verify_embedded_with(&dir, say, by_days)?;
    if verified.segments == 0 {
        return Err(VerifyError::NoLog { dir });
    }
    written?;
    // Where something is missing, no chain can be what it was, and that is said already.
    let compared = match verified.problems == 0 && !kept.is_empty() {
        true => {
            let (broken, compared) = compare(&dir, kept)?;
            verified.problems += broken.len() as u64;
            for broken in &broken {
                writeln!(out, "{}", broken_line(broken, args.json))?;
            }
            compared
        }
        false => 0,
    };
    writeln!(out, "{}", summary_line(&verified, compared, args.json))?;
    Ok(verified.problems)
}

/// Goes through the log again, because a link is known by somebody who stands behind it, and compares every link that is known.
fn compare(dir: &Path, kept: Vec<(ChainOf, Kept)>) -> Result<(Vec<Broken>, u64), VerifyError> {
    let mut check = ChainCheck::new(kept);
    let mut found = vec![];
    eventlog::verify_embedded_with(dir, |_| {}, |batch| each(batch, |event| found.extend(check.see(event))))?;
    found.extend(check.end());
    found.sort_by_key(|broken| broken.position);
    Ok((found, check.compared))
}

const REMEDY_CHANGED: &str = "somebody changed the history; compare it with a backup of before";

fn broken_line(broken: &Broken, is_json: bool) -> String {
    let Broken { of: (tenant, store), after, position, by, is_exact } = broken;
    let whose = match store {
        Some(store) => format!("store {store} of {tenant}"),
        None => format!("tenant {tenant}"),
    };
    let behind = after.map_or("from the beginning".to_owned(), |after| format!("behind position 0:{after}"));
    let what = match is_exact {
        true => format!("the history of {whose} is not what it was from position 0:{position} on, as {by} says"),
        false => {
            format!(
                "the history of {whose} is not what it was somewhere {behind} and up to position 0:{position}, as {by} says"
            )
        }
    };
    match is_json {
        true => json!({"tenant": tenant, "store": store, "after": after.map(|after| format!("0:{after}")), "position": format!("0:{position}"),
            "exact": is_exact, "problem": what, "remedy": REMEDY_CHANGED})
        .to_string(),
        false => format!("{what}; {REMEDY_CHANGED}"),
    }
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

fn summary_line(verified: &Verified, compared: u64, is_json: bool) -> String {
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
            "hashes": compared,
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
    let hashes = match compared {
        0 => String::new(),
        count => format!("; {count} hashes of chains are what they were"),
    };
    format!(
        "{found}: {segments} segments, {sidecars} indexes beside them, {batches} batches, {commits} commits, {events} events in \
         {streams} streams, {bytes} bytes; {end}{hashes}"
    )
}
