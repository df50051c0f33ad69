//! Opening the read models: the only place that knows every projector.

use crate::access::AccessProjector;
use crate::access::fold::AccessFold;
use crate::access::tokens::Tokens;
use crate::catalog::CatalogProjector;
use crate::catalog::menus::Menus;
use crate::chains::ChainsProjector;
use crate::drawers::DrawersProjector;
use crate::error::OpenError;
use crate::options::Options;
use crate::orders::OrdersProjector;
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::Projector;
use crate::read_model::ReadModel;
use crate::sales::SalesProjector;
use crate::terminals::TerminalsProjector;
use crate::worker::Worker;
use eventlog::{BatchId, LogReader, Position};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

impl Projections {
    /// Opens the read models in `dir`, making or rebuilding what is missing or does not fit, and starts their workers.
    ///
    /// # Errors
    /// [`OpenError`]: the directory cannot be used, or the log not read.
    ///
    /// # Panics
    /// If the operating system starts no more threads.
    pub fn open(dir: &Path, reader: LogReader, options: &Options) -> Result<Projections, OpenError> {
        std::fs::create_dir_all(dir).map_err(|source| OpenError::Io {
            what: "make the directory",
            path: dir.to_owned(),
            source,
        })?;
        let genesis = reader.read(Position(0), 1)?;
        let log = genesis.first().expect("a log starts with its genesis record").id();
        let menus = Arc::new(Menus::new(options.menu_cache_bytes));
        let tokens = Arc::new(Tokens::default());
        let stop = Arc::new(AtomicBool::new(false));
        let opening = Opening { dir, options, log, reader: &reader, stop: &stop };
        let open = |projection| match projection {
            Projection::Catalog => opening.model(projection, CatalogProjector::new(Arc::clone(&menus))),
            Projection::Orders => opening.model(projection, OrdersProjector::new()),
            Projection::Sales => opening.model(projection, SalesProjector::new()),
            Projection::Access => opening.model(projection, AccessProjector::new()),
            Projection::Drawers => opening.model(projection, DrawersProjector::new()),
            Projection::Terminals => opening.model(projection, TerminalsProjector::new()),
            Projection::Chains => opening.model(projection, ChainsProjector::new()),
        };
        let opened = Projection::ALL.into_iter().map(open).collect::<Result<(Vec<_>, Vec<_>), OpenError>>();
        let (models, starts) = opened?;
        let of_access = &models[Projection::Access as usize];
        tokens.load(of_access)?;
        let fold = AccessFold::catch_up(Arc::clone(&tokens), reader.clone(), of_access.applied());
        let fold = fold.map_err(|error| OpenError::Access(Box::new(error)))?;
        let access = Arc::clone(fold.progress());
        // Only now: an error before leaves no worker behind.
        let mut threads: Vec<JoinHandle<()>> = starts.into_iter().map(|start| start()).collect();
        threads.push(fold.start(Arc::clone(&stop)));
        Ok(Projections { reader, models, menus, tokens, access, stop, threads: Mutex::new(threads) })
    }
}

/// Starts the worker of a model that is open.
type Start = Box<dyn FnOnce() -> JoinHandle<()>>;

/// What opening a model takes.
struct Opening<'a> {
    dir: &'a Path,
    options: &'a Options,
    log: BatchId,
    reader: &'a LogReader,
    stop: &'a Arc<AtomicBool>,
}

impl Opening<'_> {
    fn model<M: Projector>(&self, projection: Projection, fold: M) -> Result<(Arc<ReadModel>, Start), OpenError> {
        let model = ReadModel::open::<M>(projection, self.dir, self.options, self.log, self.reader)?;
        let model = Arc::new(model);
        let worker = Worker::new(Arc::clone(&model), fold, self.reader.clone(), Arc::clone(self.stop), self.options);
        let thread = std::thread::Builder::new().name(format!("proj-{}", projection.as_str()));
        let start = || thread.spawn(|| worker.run()).expect("a projection has its own thread");
        Ok((model, Box::new(start)))
    }
}
