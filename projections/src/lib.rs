//! The read side: workers that fold the log into read models, and the queries on them.
//!
//! Each [`Projection`] has a thread, a database and a position of its own: a poison event parks one, and the others go
//! on. State and position are committed together, so each event changes each model exactly once; a model that is
//! missing, damaged, of another version or of another log is deleted and rebuilt from the log.
//!
//! Every query takes its tenant from the caller and says in [`Answer::position`] which prefix of the log it answers from.
//! Queries read local memory and files and may block for a moment: run them where blocking is allowed.

mod access;
mod catalog;
mod chains;
mod drawers;
mod error;
mod free_space;
mod key;
mod options;
mod orders;
mod page;
mod projection;
mod projector;
mod read_model;
mod rows;
mod sales;
mod terminals;
mod view;
mod worker;

pub use access::Grant;
pub use catalog::MenuBytes;
pub use chains::chained;
pub use error::{OpenError, QueryError, Stale};
pub use free_space::{FREE_BYTES_MIN, FreeSpace};
pub use options::Options;
pub use orders::{OrderFilter, PaymentFilter};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, Page, PageRequest};
pub use projection::Projection;
pub use read_model::Parked;
pub use sales::{SalesBy, SalesDate, SalesQuery};
pub use terminals::ExceptionFilter;
pub use view::Answer;

use crate::access::{AccessProjector, Tokens};
use crate::catalog::{CatalogProjector, Menus};
use crate::chains::ChainsProjector;
use crate::drawers::DrawersProjector;
use crate::orders::OrdersProjector;
use crate::projector::Projector;
use crate::read_model::ReadModel;
use crate::sales::SalesProjector;
use crate::terminals::TerminalsProjector;
use crate::worker::Worker;
use domain::calendar::Date;
use domain::ids::{
    AccountId, DrawerId, OrderId, PaymentId, Sku, StationId, StoreId, TenantId, TerminalId, Text, TokenId,
};
use eventlog::{LogReader, Position};
use schemas::stored::chain::Link;
use schemas::views::{
    DaysView, DrawerView, ExceptionView, OrderSummary, OrderView, PaymentView, SalesReport, ShiftView, StaffView,
    StockView, StoreView, TerminalView, TicketView, TokenView, XReport, ZReport,
};
use std::path::Path;
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
    /// Why it stopped, if it did: an alarm. It goes on answering from what it had.
    pub parked: Option<Parked>,
}

/// The read models of one log.
pub struct Projections {
    reader: LogReader,
    catalog: Arc<ReadModel>,
    orders: Arc<ReadModel>,
    sales: Arc<ReadModel>,
    access: Arc<ReadModel>,
    drawers: Arc<ReadModel>,
    terminals: Arc<ReadModel>,
    chains: Arc<ReadModel>,
    menus: Arc<Menus>,
    tokens: Arc<Tokens>,
    stop: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

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
        let durable = reader.durable();
        let genesis = reader.read(Position(0), 1)?;
        let log = genesis.first().expect("a log starts with its genesis record").id();
        let menus = Arc::new(Menus::new(options.menu_cache_bytes));
        let tokens = Arc::new(Tokens::default());
        let stop = Arc::new(AtomicBool::new(false));
        let lane = |projection, open: OpenReadModel| open(projection, dir, options, log, durable).map(Arc::new);
        let catalog = lane(Projection::Catalog, ReadModel::open::<CatalogProjector>)?;
        let orders = lane(Projection::Orders, ReadModel::open::<OrdersProjector>)?;
        let sales = lane(Projection::Sales, ReadModel::open::<SalesProjector>)?;
        let access = lane(Projection::Access, ReadModel::open::<AccessProjector>)?;
        let drawers = lane(Projection::Drawers, ReadModel::open::<DrawersProjector>)?;
        let terminals = lane(Projection::Terminals, ReadModel::open::<TerminalsProjector>)?;
        let chains = lane(Projection::Chains, ReadModel::open::<ChainsProjector>)?;
        tokens.load(&access)?;
        let start = Start { reader: &reader, stop: &stop, options };
        let threads = vec![
            start.worker(&catalog, CatalogProjector::new(Arc::clone(&menus))),
            start.worker(&orders, OrdersProjector::new()),
            start.worker(&sales, SalesProjector::new()),
            start.worker(&access, AccessProjector::new(Arc::clone(&tokens))),
            start.worker(&drawers, DrawersProjector::new()),
            start.worker(&terminals, TerminalsProjector::new()),
            start.worker(&chains, ChainsProjector::new()),
        ];
        let threads = Mutex::new(threads);
        Ok(Projections {
            reader,
            catalog,
            orders,
            sales,
            access,
            drawers,
            terminals,
            chains,
            menus,
            tokens,
            stop,
            threads,
        })
    }

    /// Makes everything folded so far durable and stops the workers. Queries go on answering from what there is.
    pub fn shutdown(&self) {
        self.stop.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A worker that panicked has parked its projection and said so.
            let _ = thread.join();
        }
    }

    fn lane(&self, projection: Projection) -> &Arc<ReadModel> {
        match projection {
            Projection::Catalog => &self.catalog,
            Projection::Orders => &self.orders,
            Projection::Sales => &self.sales,
            Projection::Access => &self.access,
            Projection::Drawers => &self.drawers,
            Projection::Terminals => &self.terminals,
            Projection::Chains => &self.chains,
        }
    }

    /// The position of the last event the projection has folded: queries see it.
    pub fn position(&self, projection: Projection) -> Position {
        self.lane(projection).applied()
    }

    /// Waits until the projection has folded the event at `position`.
    ///
    /// # Errors
    /// [`Stale`] when it has not within `timeout`.
    pub async fn wait_for(&self, projection: Projection, position: Position, timeout: Duration) -> Result<(), Stale> {
        self.lane(projection).wait_for(position, timeout).await
    }

    /// How all projections are doing.
    pub fn status(&self) -> Vec<Status> {
        let last = self.reader.durable().0.saturating_sub(1);
        let status = |projection: Projection| {
            let lane = self.lane(projection);
            let position = lane.applied();
            Status {
                projection,
                position,
                lag: last.saturating_sub(position.0),
                rebuilding_until: lane.rebuilding(),
                waits_for_space: lane.waits_for_space(),
                parked: lane.parked().cloned(),
            }
        };
        Projection::ALL.into_iter().map(status).collect()
    }

    /// Everything a projection keeps but its checkpoint, one line per row, sorted: two models are the same if their
    /// dumps are.
    ///
    /// # Errors
    /// [`QueryError`] as for every query.
    pub fn dump(&self, projection: Projection) -> Result<Vec<String>, QueryError> {
        let tables = match projection {
            Projection::Catalog => CatalogProjector::TABLES,
            Projection::Orders => OrdersProjector::TABLES,
            Projection::Sales => SalesProjector::TABLES,
            Projection::Access => AccessProjector::TABLES,
            Projection::Drawers => DrawersProjector::TABLES,
            Projection::Terminals => TerminalsProjector::TABLES,
            Projection::Chains => ChainsProjector::TABLES,
        };
        page::dump(&self.lane(projection).view()?, tables)
    }
}

/// Queries.
impl Projections {
    /// A store.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn store(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<StoreView>>, QueryError> {
        catalog::store(&self.catalog.view()?, tenant, store)
    }

    /// A tenant's stores, by id.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn stores(&self, tenant: TenantId) -> Result<Answer<Vec<StoreView>>, QueryError> {
        catalog::stores(&self.catalog.view()?, tenant)
    }

    /// A store's menu as ready bytes; `None` while the store does not exist or has adopted none.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn menu(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<MenuBytes>>, QueryError> {
        self.menus.get(&self.catalog, tenant, store)
    }

    /// A store's stock, by sku.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn stock(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Vec<StockView>>, QueryError> {
        catalog::stock(&self.catalog.view()?, tenant, store)
    }

    /// A stock item.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn stock_item(
        &self,
        tenant: TenantId,
        store: StoreId,
        sku: Sku,
    ) -> Result<Answer<Option<StockView>>, QueryError> {
        catalog::stock_item(&self.catalog.view()?, tenant, store, sku)
    }

    /// An order with its payments.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn order(
        &self,
        tenant: TenantId,
        store: StoreId,
        order: OrderId,
    ) -> Result<Answer<Option<OrderView>>, QueryError> {
        orders::order(&self.orders.view()?, tenant, store, order)
    }

    /// A store's orders, newest business date and opening first. A page may be short or empty and still have a cursor:
    /// go on until there is none.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn orders(
        &self,
        tenant: TenantId,
        store: StoreId,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Answer<Page<OrderSummary>>, QueryError> {
        orders::orders(&self.orders.view()?, tenant, store, filter, page)
    }

    /// The tickets on a station's board, oldest first, at most 500.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn board(
        &self,
        tenant: TenantId,
        store: StoreId,
        station: StationId,
    ) -> Result<Answer<Vec<TicketView>>, QueryError> {
        orders::board(&self.orders.view()?, tenant, store, station)
    }

    /// A payment.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn payment(
        &self,
        tenant: TenantId,
        store: StoreId,
        payment: PaymentId,
    ) -> Result<Answer<Option<PaymentView>>, QueryError> {
        orders::payment(&self.orders.view()?, tenant, store, payment)
    }

    /// The payment of a store that an account at a provider knows by `reference`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn payment_by_ref(
        &self,
        tenant: TenantId,
        store: StoreId,
        account: AccountId,
        reference: &Text,
    ) -> Result<Answer<Option<PaymentId>>, QueryError> {
        orders::payment_by_ref(&self.orders.view()?, tenant, store, account, reference)
    }

    /// A store's payments, newest first; pages as for [`Projections::orders`].
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn payments(
        &self,
        tenant: TenantId,
        store: StoreId,
        filter: &PaymentFilter,
        page: &PageRequest,
    ) -> Result<Answer<Page<PaymentView>>, QueryError> {
        orders::payments(&self.orders.view()?, tenant, store, filter, page)
    }

    /// A store's cash drawers, by id, each with its latest shift.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn drawers(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Vec<DrawerView>>, QueryError> {
        drawers::drawers(&self.drawers.view()?, tenant, store)
    }

    /// The shifts of a cash drawer, newest first.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn shifts(
        &self,
        tenant: TenantId,
        store: StoreId,
        drawer: DrawerId,
        page: &PageRequest,
    ) -> Result<Answer<Page<ShiftView>>, QueryError> {
        drawers::shifts(&self.drawers.view()?, tenant, (store, drawer), page)
    }

    /// Where the chain of hashes over a store's history stands; `None` before its first event.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn chain(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<Link>>, QueryError> {
        chains::head(&self.chains.view()?, tenant, store)
    }

    /// A store's terminals that sent what they had kept while they were away, by id.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn terminals(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Vec<TerminalView>>, QueryError> {
        terminals::terminals(&self.terminals.view()?, tenant, store)
    }

    /// A store's exceptions, newest first; pages as for [`Projections::orders`].
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn exceptions(
        &self,
        tenant: TenantId,
        store: StoreId,
        filter: &ExceptionFilter,
        page: &PageRequest,
    ) -> Result<Answer<Page<ExceptionView>>, QueryError> {
        terminals::exceptions(&self.terminals.view()?, tenant, store, filter, page)
    }

    /// The terminal of the exception at a position of the log, and [`Terminal::nobody`](domain::terminal::Terminal::nobody) for
    /// one of no terminal.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn exception_of(
        &self,
        tenant: TenantId,
        store: StoreId,
        position: u64,
    ) -> Result<Answer<Option<TerminalId>>, QueryError> {
        terminals::exception_of(&self.terminals.view()?, tenant, store, position)
    }

    /// Sales over some dates.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadRange`] and [`QueryError::MixedCurrencies`].
    pub fn sales(&self, tenant: TenantId, query: &SalesQuery) -> Result<Answer<SalesReport>, QueryError> {
        sales::report(&self.sales.view()?, tenant, query)
    }

    /// What was booked in a store on the open day; `None` for another date, and for one that is closed.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn x_report(
        &self,
        tenant: TenantId,
        store: StoreId,
        date: Date,
    ) -> Result<Answer<Option<XReport>>, QueryError> {
        sales::x_report(&self.sales.view()?, tenant, store, date)
    }

    /// A store's business days: where they stand, and its Z reports, the latest first.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn days(&self, tenant: TenantId, store: StoreId, page: &PageRequest) -> Result<Answer<DaysView>, QueryError> {
        sales::days(&self.sales.view()?, tenant, store, page)
    }

    /// The Z report of a business date; `None` where it was not closed.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn z_report(
        &self,
        tenant: TenantId,
        store: StoreId,
        date: Date,
    ) -> Result<Answer<Option<ZReport>>, QueryError> {
        sales::z_report(&self.sales.view()?, tenant, store, date)
    }

    /// A tenant's tokens, by id, without their hashes.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn tokens(&self, tenant: TenantId) -> Result<Answer<Vec<TokenView>>, QueryError> {
        access::tokens(&self.access.view()?, tenant)
    }

    /// A tenant's staff, by id.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn staff(&self, tenant: TenantId) -> Result<Answer<Vec<StaffView>>, QueryError> {
        access::staff(&self.access.view()?, tenant)
    }

    /// Whom a token lets in: the one that has this id and this hash of its secret and was not revoked. Never blocks on
    /// the disk; the comparison takes the same time whatever differs.
    pub fn authenticate(&self, token: TokenId, secret_sha256: &[u8; 32]) -> Option<Grant> {
        self.tokens.authenticate(token, secret_sha256)
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

type OpenReadModel = fn(Projection, &Path, &Options, eventlog::BatchId, Position) -> Result<ReadModel, OpenError>;

/// What starting a worker takes.
struct Start<'a> {
    reader: &'a LogReader,
    stop: &'a Arc<AtomicBool>,
    options: &'a Options,
}

impl Start<'_> {
    fn worker<M: Projector>(&self, lane: &Arc<ReadModel>, model: M) -> JoinHandle<()> {
        let worker = Worker::new(Arc::clone(lane), model, self.reader.clone(), Arc::clone(self.stop), self.options);
        let name = format!("proj-{}", lane.projection.as_str());
        std::thread::Builder::new().name(name).spawn(move || worker.run()).expect("a projection has its own thread")
    }
}
