//! Opening the read models: the only place that knows every projector.

use crate::access::AccessProjector;
use crate::access::fold::AccessFold;
use crate::access::tokens::Tokens;
use crate::catalog::CatalogProjector;
use crate::catalog::menus::Menus;
use crate::chains::ChainsProjector;
use crate::drawers::DrawersProjector;
use crate::error::{OpenError, with_causes};
use crate::options::Options;
use crate::orders::OrdersProjector;
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::Projector;
use crate::read_model::{Parked, ReadModel};
use crate::sales::SalesProjector;
use crate::terminals::TerminalsProjector;
use crate::worker::Worker;
use eventlog::{BatchId, LogReader, Position};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

impl Projections {
    /// Opens the read models in `dir`, making or rebuilding what is missing or does not fit, and starts their workers. One that cannot
    /// be opened now is opened as soon as it can be, and nothing else waits for it.
    ///
    /// # Errors
    /// [`OpenError`]: the log cannot be read, or what it says of who is let in not.
    pub fn open(dir: &Path, reader: LogReader, options: &Options) -> Result<Projections, OpenError> {
        let genesis = reader.read(Position(0), 1)?;
        let log = genesis.first().expect("a log starts with its genesis record").id();
        let menus = Arc::new(Menus::new(options.menu_cache_bytes));
        let stop = Arc::new(AtomicBool::new(false));
        let opening = Opening { dir, options, log, reader: &reader, stop: &stop };
        let open = |projection| match projection {
            Projection::Catalog => {
                let menus = Arc::clone(&menus);
                opening.model(projection, move || CatalogProjector::new(Arc::clone(&menus)))
            }
            Projection::Orders => opening.model(projection, OrdersProjector::new),
            Projection::Sales => opening.model(projection, SalesProjector::new),
            Projection::Access => opening.model(projection, AccessProjector::new),
            Projection::Drawers => opening.model(projection, DrawersProjector::new),
            Projection::Terminals => opening.model(projection, TerminalsProjector::new),
            Projection::Chains => opening.model(projection, ChainsProjector::new),
        };
        let (models, starts): (Vec<_>, Vec<_>) = Projection::ALL.into_iter().map(open).unzip();
        let fold = let_in(&models[Projection::Access as usize], &reader)?;
        let (access, tokens) = (Arc::clone(fold.progress()), Arc::clone(fold.tokens()));
        // Only now: an error before leaves no worker behind.
        let mut threads = vec![fold.start(Arc::clone(&stop)).map_err(OpenError::Thread)?];
        threads.extend(starts.into_iter().filter_map(|start| start()));
        Ok(Projections { reader, models, menus, tokens, access, stop, threads: Mutex::new(threads) })
    }
}

/// Who is let in: what the read model holds, where that reads, and what the log says behind it.
fn let_in(model: &ReadModel, reader: &LogReader) -> Result<AccessFold, OpenError> {
    let tokens = Arc::new(Tokens::default());
    let (tokens, at) = match tokens.load(model) {
        Ok(()) => (tokens, model.applied()),
        // Whoever the log lets in is let in without it.
        Err(_) => (Arc::new(Tokens::default()), Position(0)),
    };
    AccessFold::catch_up(tokens, reader.clone(), at).map_err(|error| OpenError::Access(Box::new(error)))
}

/// Starts the worker of a model.
type Start = Box<dyn FnOnce() -> Option<JoinHandle<()>>>;

/// What opening a model takes.
struct Opening<'a> {
    dir: &'a Path,
    options: &'a Options,
    log: BatchId,
    reader: &'a LogReader,
    stop: &'a Arc<AtomicBool>,
}

impl Opening<'_> {
    fn model<M: Projector>(
        &self,
        projection: Projection,
        projector: impl Fn() -> M + Send + 'static,
    ) -> (Arc<ReadModel>, Start) {
        let model = Arc::new(ReadModel::new::<M>(projection, self.dir, self.options, self.log));
        let park = |model: &ReadModel, error: &dyn std::error::Error| {
            model.park(Parked { position: Position(model.applied().0 + 1), error: with_causes(error) });
        };
        if let Err(error) = model.open(self.reader) {
            park(&model, &error);
        }
        let (reader, stop) = (self.reader.clone(), Arc::clone(self.stop));
        let worker = Worker::new(Arc::clone(&model), Box::new(projector), reader, stop, self.options);
        let thread = std::thread::Builder::new().name(format!("proj-{}", projection.as_str()));
        let parked = Arc::clone(&model);
        let start = move || match thread.spawn(|| worker.run()) {
            Ok(thread) => Some(thread),
            Err(error) => {
                park(&parked, &error);
                None
            }
        };
        (model, Box::new(start))
    }
}
