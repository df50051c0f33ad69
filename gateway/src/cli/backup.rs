//! `comanda backup` and `comanda restore`: a copy of what cannot be made again, while a server runs, and back.

use super::common::{answer, data_dir, fail};
use crate::app::{PROVIDERS_FILE, log_dir};
use crate::position::token_in;
use clap::Args;
use commands::Clock;
use commands::reactor::{Outbox, OutboxError};
use eventlog::{Copied, OpenError, Position, Problem};
use schemas::json::wire::{self, Wire};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What says what a backup holds.
const MANIFEST_FILE: &str = "backup.json";
/// The version of the manifest's form.
const MANIFEST_VERSION: u32 = 1;

/// What to back up.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The log is copied whole, also while a server writes it: everything that was acknowledged when the copy began is in it. Read models and the \
                  engine's snapshot are not: they are made again from the log. The copy is checked, and what it holds is written to backup.json in it.\n\n\
                  Examples:\n  comanda backup --data ./data --to /mnt/backup/2026-11-22"
)]
pub struct BackupArgs {
    /// The data directory; a server may be running on it [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// An empty directory, or one that is not there yet.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// What to restore.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What happened after the backup is not in it. Clients that remember positions of it are told so: 409 position_unknown, with the head to go on from.\n\n\
                  Examples:\n  comanda restore --from /mnt/backup/2026-11-22 --data ./data"
)]
pub struct RestoreArgs {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The data directory: empty, or not there yet [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    /// The program that made it.
    made_by: String,
    made_at: wire::Timestamp,
    log_id: String,
    segments: u32,
    batches: u64,
    events: u64,
    /// The position of the newest event.
    head: String,
    /// Whether `providers.redb` is in it: not where there was none, nor where a running server had it locked.
    has_providers: bool,
}

#[derive(Debug, thiserror::Error)]
enum BackupError {
    #[error("there is no log in {}", dir.display())]
    NoLog { dir: PathBuf },
    #[error("{} is not empty; use an empty directory", dir.display())]
    NotEmpty { dir: PathBuf },
    #[error("the log cannot be copied")]
    Log(#[from] OpenError),
    #[error("the copy is not what it should be: {0}")]
    Problem(Problem),
    #[error("{} is not a whole backup: {why}", dir.display())]
    NotABackup { dir: PathBuf, why: String },
    #[error("{}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("what is kept for payment providers cannot be copied")]
    Providers(#[from] OutboxError),
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, BackupError> {
    result.map_err(|source| BackupError::Io { path: path.to_owned(), source })
}

/// Backs up.
pub fn backup(args: &BackupArgs) -> ExitCode {
    said(make(&data_dir(args.data.as_deref()), &args.to))
}

/// Restores.
pub fn restore(args: &RestoreArgs) -> ExitCode {
    said(bring_back(&args.from, &data_dir(args.data.as_deref())))
}

fn said(outcome: Result<String, BackupError>) -> ExitCode {
    match outcome {
        Ok(text) => answer(&text),
        Err(error) => fail(&error),
    }
}

fn make(data: &Path, to: &Path) -> Result<String, BackupError> {
    if !log_dir(data).is_dir() {
        return Err(BackupError::NoLog { dir: log_dir(data) });
    }
    is_empty(to)?;
    let copied = eventlog::copy_embedded(&log_dir(data), &log_dir(to))?;
    check(&log_dir(to), &copied)?;
    let has_providers = Outbox::copy(&data.join(PROVIDERS_FILE), &to.join(PROVIDERS_FILE))?;
    let newest = Position(copied.next.0.saturating_sub(1));
    let manifest = Manifest {
        version: MANIFEST_VERSION,
        made_by: format!("comanda {}", env!("CARGO_PKG_VERSION")),
        made_at: Wire(Clock::System.now()),
        log_id: format!("{:032x}", copied.log_id),
        segments: copied.segments,
        batches: copied.batches,
        events: copied.next.0,
        head: token_in(copied.last, newest).to_string(),
        has_providers: has_providers == Some(true),
    };
    write_manifest(to, &manifest)?;
    let note = match has_providers {
        Some(false) => {
            "\nA server runs on it, so what payment providers said that fits no payment yet is not in the copy; they are asked again."
        }
        Some(true) | None => "",
    };
    let Manifest { events, segments, head, .. } = manifest;
    Ok(format!(
        "backed up {events} events in {segments} segments, up to position {head}; the copy was checked: nothing is wrong{note}"
    ))
}

fn bring_back(from: &Path, data: &Path) -> Result<String, BackupError> {
    let not_whole = |why: String| BackupError::NotABackup { dir: from.to_owned(), why };
    let path = from.join(MANIFEST_FILE);
    let text = fs::read(&path).map_err(|error| not_whole(format!("{MANIFEST_FILE} does not read: {error}")))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| not_whole(format!("{MANIFEST_FILE} does not read: {error}")))?;
    if manifest.version != MANIFEST_VERSION {
        return Err(not_whole(format!(
            "{MANIFEST_FILE} has version {}, this program reads {MANIFEST_VERSION}",
            manifest.version
        )));
    }
    is_empty(data)?;
    let copied = copy_whole(from, data, &manifest).inspect_err(|_| {
        // What was copied so far is no log to start with.
        let _ = fs::remove_dir_all(log_dir(data));
    })?;
    if from.join(PROVIDERS_FILE).is_file() {
        Outbox::copy(&from.join(PROVIDERS_FILE), &data.join(PROVIDERS_FILE))?;
    }
    let made_at = serde_json::to_string(&manifest.made_at).expect("a time is JSON");
    Ok(format!(
        "restored {} events up to position {}, as they were at {}; everything was checked: nothing is wrong\nThe first start makes the read \
         models again. Clients that remember a later position are refused with 409 position_unknown and the head to go on from.",
        copied.next,
        manifest.head,
        made_at.trim_matches('"')
    ))
}

/// Copies the log of a backup, all of it that the manifest speaks of and nothing else.
fn copy_whole(from: &Path, data: &Path, manifest: &Manifest) -> Result<Copied, BackupError> {
    let copied = eventlog::copy_embedded(&log_dir(from), &log_dir(data))?;
    let head = token_in(copied.last, Position(copied.next.0.saturating_sub(1))).to_string();
    if (copied.batches, &head) != (manifest.batches, &manifest.head) {
        let why = format!("it goes to position {head}, and {MANIFEST_FILE} says {}", manifest.head);
        return Err(BackupError::NotABackup { dir: from.to_owned(), why });
    }
    check(&log_dir(data), &copied)?;
    Ok(copied)
}

/// Nothing is ever written over.
fn is_empty(dir: &Path) -> Result<(), BackupError> {
    match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(BackupError::Io { path: dir.to_owned(), source }),
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(BackupError::NotEmpty { dir: dir.to_owned() }),
            None => Ok(()),
        },
    }
}

/// Reads all of a copy.
fn check(dir: &Path, copied: &Copied) -> Result<(), BackupError> {
    let mut first = None;
    let verified = eventlog::verify_embedded(dir, |problem| _ = first.get_or_insert(problem))?;
    match first {
        Some(problem) => Err(BackupError::Problem(problem)),
        None => {
            assert_eq!(
                (verified.batches, verified.events),
                (copied.batches, copied.next.0),
                "what was copied is there"
            );
            Ok(())
        }
    }
}

fn write_manifest(to: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let path = to.join(MANIFEST_FILE);
    let text = serde_json::to_string_pretty(manifest).expect("texts and numbers are JSON");
    let mut file = at(&path, File::create(&path))?;
    at(&path, file.write_all(text.as_bytes()))?;
    at(&path, file.sync_all())?;
    at(to, File::open(to).and_then(|dir| dir.sync_all()))
}
