//! The composition root: the only place that names a log backend and puts the parts together.

use crate::approvals::Approvals;
use crate::last_use::LAST_USE_FILE;
use crate::metrics::Metrics;
use crate::operator::{OPERATOR_FILE, Operator};
use crate::pins::Pins;
use crate::providers::Providers;
use crate::providers::settings::Settings;
use crate::security::SecurityLog;
use crate::state::AppState;
use commands::reactor::OutboxError;
use commands::{Engine, Keys, StartError, Stopped};
use eventlog::{Corrupt, OpenError, Recovered};
use projections::Projections;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the log's directory is called in the data directory.
const LOG_DIR: &str = "log";
/// What the read models' directory is called in the data directory. It may be deleted at any time while stopped.
const VIEWS_DIR: &str = "views";
/// What the engine's snapshot is called in the data directory. It may be deleted at any time while stopped.
const SNAPSHOT_FILE: &str = "snapshot.redb";
/// Where the keys of sealed texts are in the data directory: copied apart from the log, or not at all.
const KEYS_DIR: &str = "keys";
/// Says that there were keys.
const KEYS_MARKER: &str = "keys-made";
/// What is owed to payment providers, and what they said that fits no payment yet, is called in the data directory.
pub const PROVIDERS_FILE: &str = "providers.redb";

/// Where the log of a data directory is.
pub fn log_dir(data: &Path) -> std::path::PathBuf {
    data.join(LOG_DIR)
}

/// Whether a data directory holds nothing, or nothing but what is made there: nobody else's files.
pub fn is_ours_alone(data: &Path) -> bool {
    let ours = [LOG_DIR, VIEWS_DIR, SNAPSHOT_FILE, PROVIDERS_FILE, OPERATOR_FILE, KEYS_DIR, KEYS_MARKER];
    let aside = [VIEWS_DIR, SNAPSHOT_FILE].map(|name| derived::aside_of(Path::new(name)).into_os_string());
    let is_ours = |name: &OsString| ours.iter().any(|ours| name == ours) || aside.contains(name);
    names_in(data).unwrap_or_default().iter().all(is_ours)
}

/// What stands in a data directory that only stands beside a log, where there is no log: a directory that was not mounted, or
/// was removed, must not be taken for a first start.
fn left_of_a_log(data: &Path) -> Result<Option<PathBuf>, AppError> {
    let in_log = names_in(&log_dir(data))?;
    let ends_in = |names: &[OsString], ending: &str| {
        names.iter().find(|name| Path::new(name).extension().is_some_and(|is| is == ending)).cloned()
    };
    if ends_in(&in_log, "seg").is_some() {
        return Ok(None);
    }
    let index = ends_in(&in_log, "idx").map(|name| log_dir(data).join(name));
    let view = ends_in(&names_in(&data.join(VIEWS_DIR))?, "redb").map(|name| data.join(VIEWS_DIR).join(name));
    let file = || [SNAPSHOT_FILE, PROVIDERS_FILE].map(|name| data.join(name)).into_iter().find(|path| path.exists());
    Ok(index.or(view).or_else(file))
}

/// The names in a directory; none where there is none.
fn names_in(dir: &Path) -> Result<Vec<OsString>, AppError> {
    let failed = |source| AppError::Directory { dir: dir.to_owned(), source };
    match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(failed(error)),
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(failed)).collect(),
    }
}

/// Why the parts did not come up.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum AppError {
    /// There was a log, and it is not there.
    #[error(
        "there is no log in {}, but {} of an earlier one: mount it or put it back, restore a backup into an empty directory, or use another directory; \
         nothing was changed. To begin anew here, remove what is left first",
        dir.display(), found.display()
    )]
    LogMissing {
        /// Where it should be.
        dir: PathBuf,
        /// What says that there was one.
        found: PathBuf,
    },
    /// The log does not open.
    #[error("the log does not open")]
    Log(#[from] OpenError),
    /// The engine does not start.
    #[error("the engine does not start")]
    Engine(#[from] StartError),
    /// Who is let in cannot be told from the log. A read model that does not open is no reason.
    #[error("it cannot be told who is let in")]
    Views(#[from] projections::OpenError),
    /// What is kept for payment providers does not open.
    #[error("what is kept for payment providers does not open")]
    Providers(#[from] OutboxError),
    /// The data directory cannot be used.
    #[error("cannot make or read the directory {}", dir.display())]
    Directory {
        dir: std::path::PathBuf,
        /// What the file system answered.
        source: std::io::Error,
    },
}

/// The running parts, to be stopped in order.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Running {
    pub app: Arc<AppState>,
    /// What opening the log found.
    pub recovered: Recovered,
    /// Where it is kept when tokens were last used.
    pub last_use: PathBuf,
    engine: Stopped,
}

impl Running {
    /// As [`Running::start_with`], with the engine's own defaults.
    ///
    /// # Errors
    /// [`AppError`]; nothing acknowledged is lost.
    pub fn start(data: &Path) -> Result<Running, AppError> {
        Running::start_with(data, eventlog::Options::STANDARD, commands::Options::default(), Settings::default())
    }

    /// Opens the embedded log in `data` and starts the engine, from its snapshot there, and the read models.
    ///
    /// # Errors
    /// [`AppError`]; nothing acknowledged is lost.
    pub fn start_with(
        data: &Path,
        log_options: eventlog::Options,
        options: commands::Options,
        providers: Settings,
    ) -> Result<Running, AppError> {
        let (log_dir, views_dir) = (log_dir(data), data.join(VIEWS_DIR));
        if let Some(found) = left_of_a_log(data)? {
            return Err(AppError::LogMissing { dir: log_dir, found });
        }
        std::fs::create_dir_all(&log_dir).map_err(|source| AppError::Directory { dir: log_dir.clone(), source })?;
        let operator = Operator::of(data).map_err(|source| AppError::Directory { dir: data.to_owned(), source })?;
        let (log, reader, recovered) = eventlog::open_embedded(&log_dir, log_options)?;
        let keys = Keys::open(&data.join(KEYS_DIR), &data.join(KEYS_MARKER));
        let keys = Arc::new(keys.map_err(|source| AppError::Directory { dir: data.join(KEYS_DIR), source })?);
        let snapshot = Some(data.join(SNAPSHOT_FILE));
        let options = commands::Options { snapshot, keys: Arc::clone(&keys), ..options };
        let (engine, stopped) = Engine::start(log, reader.clone(), options)?;
        let projections = Projections::open(&views_dir, reader.clone(), &projections::Options::default())?;
        let last_use = views_dir.join(LAST_USE_FILE);
        crate::last_use::load(&last_use, &projections);
        let providers = Providers::open(providers, &data.join(PROVIDERS_FILE), reader.durable())?;
        let time = Arc::clone(engine.time());
        let app = AppState {
            engine,
            reader,
            projections,
            metrics: Metrics::default(),
            feeds: Arc::default(),
            providers,
            operator,
            security: Arc::new(SecurityLog::new(time)),
            keys,
            pins: Pins::default(),
            approvals: Approvals::default(),
        };
        Ok(Running { app: Arc::new(app), recovered, last_use, engine: stopped })
    }

    /// Waits until damage is found in the log while it is open: then the process has to stop with this report.
    pub async fn damaged(&self) -> Corrupt {
        let mut damage = self.app.reader.corruption();
        let found = damage.wait_for(Option::is_some).await.map(|found| found.clone());
        match found {
            Ok(Some(corrupt)) => corrupt,
            // The log is closed, so nobody looks for damage any more.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// What [`Running::damaged`] waits for, if it was found.
    pub fn damage(&self) -> Option<Corrupt> {
        self.app.reader.corruption().borrow().clone()
    }

    /// Takes no more commands, makes durable what was accepted, and closes the read models and the log.
    pub fn stop(self) {
        let log = self.engine.stop();
        crate::last_use::save(&self.last_use, &self.app.projections);
        self.app.projections.shutdown();
        match log.map(eventlog::LogWriter::close) {
            Some(Ok(())) => tracing::info!("the log is closed"),
            Some(Err(error)) => tracing::error!(%error, "the log was not closed cleanly; the next start recovers it"),
            None => tracing::error!("the log was not given back; the next start recovers it"),
        }
    }
}
