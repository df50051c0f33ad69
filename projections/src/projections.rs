//! The read models of one log, and how they are doing. Each query on one of them stands in the model's own file.

use crate::access::tokens::Tokens;
use crate::catalog::menus::Menus;
use crate::error::{QueryError, Stale};
use crate::page;
use crate::progress::Progress;
use crate::projection::Projection;
use crate::read_model::{Parked, ReadModel};
use crate::view::View;
use eventlog::{LogReader, Position};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a projection is doing, for readiness and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Which one.
    pub projection: Projection,
    /// The position of the last event it has folded.
    pub position: Position,
    /// How many durable events it has not folded yet.
    pub lag: u64,
    /// What it has to reach before it answers, while it is being rebuilt.
    pub rebuilding_until: Option<Position>,
    /// It waits for space on the disk, and goes on by itself once there is. It answers from what it has.
    pub waits_for_space: bool,
    /// Why it stopped, if it did: an alarm. It goes on answering from what it had, and tries again by itself.
    pub parked: Option<Parked>,
}

/// The read models of one log.
pub struct Projections {
    pub(crate) reader: LogReader,
    /// In the order of [`Projection::ALL`].
    pub(crate) models: Vec<Arc<ReadModel>>,
    pub(crate) menus: Arc<Menus>,
    pub(crate) tokens: Arc<Tokens>,
    /// How far they are folded.
    pub(crate) access: Arc<Progress>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Projections {
    /// Makes everything folded so far durable and stops the workers. Queries go on answering from what there is.
    pub fn shutdown(&self) {
        self.stop.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A worker that panicked has parked its projection and said so.
            let _ = thread.join();
        }
    }

    pub(crate) fn model(&self, projection: Projection) -> &ReadModel {
        &self.models[projection as usize]
    }

    /// Asks the projection's model as it is now.
    pub(crate) fn read<T>(
        &self,
        projection: Projection,
        query: impl FnOnce(&View) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        self.model(projection).read(query)
    }

    /// Everything a projection keeps but its checkpoint, one line per row, sorted: two models are the same if their
    /// dumps are.
    ///
    /// # Errors
    /// [`QueryError`] as for every query.
    pub fn dump(&self, projection: Projection) -> Result<Vec<String>, QueryError> {
        self.read(projection, |view| page::dump(view, self.model(projection).tables))
    }

    /// The position of the last event the projection has folded: queries see it.
    pub fn position(&self, projection: Projection) -> Position {
        self.model(projection).applied()
    }

    /// Waits until the projection has folded the event at `position`.
    ///
    /// # Errors
    /// [`Stale`] when it has not within `timeout`.
    pub async fn wait_for(&self, projection: Projection, position: Position, timeout: Duration) -> Result<(), Stale> {
        self.model(projection).progress.wait_for(position, timeout).await
    }

    /// Whether the projection's queries have an answer now.
    pub fn answers(&self, projection: Projection) -> bool {
        self.model(projection).answers_as_of().is_ok()
    }

    /// How all projections are doing.
    pub fn status(&self) -> Vec<Status> {
        let last = self.reader.durable().0.saturating_sub(1);
        let status = |projection: Projection| {
            let model = self.model(projection);
            let position = model.applied();
            Status {
                projection,
                position,
                lag: last.saturating_sub(position.0),
                rebuilding_until: model.rebuilding(),
                waits_for_space: model.waits_for_space(),
                parked: model.parked(),
            }
        };
        Projection::ALL.into_iter().map(status).collect()
    }
}

impl Drop for Projections {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl std::fmt::Debug for Projections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projections").field("status", &self.status()).finish_non_exhaustive()
    }
}
