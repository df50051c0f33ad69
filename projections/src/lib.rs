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
mod fault;
mod key;
mod lane;
mod model;
mod orders;
mod page;
mod rows;
mod sales;
mod space;
mod terminals;
mod worker;

pub use access::Grant;
pub use catalog::MenuBytes;
pub use chains::chained;
pub use fault::{OpenError, QueryError, Stale};
pub use lane::Parked;
pub use orders::{OrderFilter, PaymentFilter};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, Page, PageRequest};
pub use sales::{SalesBy, SalesDate, SalesQuery};
pub use space::{FREE_BYTES_MIN, Space};
pub use terminals::ExceptionFilter;

use crate::access::{AccessModel, Tokens};
use crate::catalog::{CatalogModel, Menus};
use crate::chains::ChainsModel;
use crate::drawers::DrawersModel;
use crate::lane::Lane;
use crate::model::Model;
use crate::orders::OrdersModel;
use crate::sales::SalesModel;
use crate::terminals::TerminalsModel;
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

/// A read model with a worker of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    /// What stores sell: settings, menus, prices, availability, stock. One model, because a menu shows all of it.
    Catalog,
    /// Orders and the attempts to pay them. One model, because an order shows its payments.
    Orders,
    /// The sales cubes.
    Sales,
    /// Tokens.
    Access,
    /// Cash drawers and their shifts.
    Drawers,
    /// Terminals that were away, and the exceptions a person has to look at.
    Terminals,
    /// The chains of hashes over histories.
    Chains,
}

impl Projection {
    /// Every projection.
    pub const ALL: [Projection; 7] = [
        Projection::Catalog,
        Projection::Orders,
        Projection::Sales,
        Projection::Access,
        Projection::Drawers,
        Projection::Terminals,
        Projection::Chains,
    ];

    /// Its name, in metrics and file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Projection::Catalog => "catalog",
            Projection::Orders => "orders",
            Projection::Sales => "sales",
            Projection::Access => "access",
            Projection::Drawers => "drawers",
            Projection::Terminals => "terminals",
            Projection::Chains => "chains",
        }
    }
}

/// How the read models are kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often what was folded is made durable. A crash loses that much work, which the log repeats; nothing else.
    pub sync_interval: Duration,
    /// What each model's database may keep in memory, in bytes.
    pub cache_bytes: usize,
    /// Where free space is read off: with less than [`FREE_BYTES_MIN`] left, workers wait and queries go on.
    pub space: Space,
    /// What ready menus may take in memory, in bytes.
    pub menu_cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            sync_interval: Duration::from_millis(200),
            cache_bytes: 64 << 20,
            space: Space::Disk,
            menu_cache_bytes: 64 << 20,
        }
    }
}

/// An answer, and the position of the last event it reflects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// The prefix of the log it was made from, for `X-Position`.
    pub position: Position,
}

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
    catalog: Arc<Lane>,
    orders: Arc<Lane>,
    sales: Arc<Lane>,
    access: Arc<Lane>,
    drawers: Arc<Lane>,
    terminals: Arc<Lane>,
    chains: Arc<Lane>,
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
        let lane = |projection, open: OpenLane| open(projection, dir, options, log, durable).map(Arc::new);
        let catalog = lane(Projection::Catalog, Lane::open::<CatalogModel>)?;
        let orders = lane(Projection::Orders, Lane::open::<OrdersModel>)?;
        let sales = lane(Projection::Sales, Lane::open::<SalesModel>)?;
        let access = lane(Projection::Access, Lane::open::<AccessModel>)?;
        let drawers = lane(Projection::Drawers, Lane::open::<DrawersModel>)?;
        let terminals = lane(Projection::Terminals, Lane::open::<TerminalsModel>)?;
        let chains = lane(Projection::Chains, Lane::open::<ChainsModel>)?;
        tokens.load(&access)?;
        let start = Start { reader: &reader, stop: &stop, options };
        let threads = vec![
            start.worker(&catalog, CatalogModel::new(Arc::clone(&menus))),
            start.worker(&orders, OrdersModel::new()),
            start.worker(&sales, SalesModel::new()),
            start.worker(&access, AccessModel::new(Arc::clone(&tokens))),
            start.worker(&drawers, DrawersModel::new()),
            start.worker(&terminals, TerminalsModel::new()),
            start.worker(&chains, ChainsModel::new()),
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

    fn lane(&self, projection: Projection) -> &Arc<Lane> {
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
            Projection::Catalog => CatalogModel::TABLES,
            Projection::Orders => OrdersModel::TABLES,
            Projection::Sales => SalesModel::TABLES,
            Projection::Access => AccessModel::TABLES,
            Projection::Drawers => DrawersModel::TABLES,
            Projection::Terminals => TerminalsModel::TABLES,
            Projection::Chains => ChainsModel::TABLES,
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

type OpenLane = fn(Projection, &Path, &Options, eventlog::BatchId, Position) -> Result<Lane, OpenError>;

/// What starting a worker takes.
struct Start<'a> {
    reader: &'a LogReader,
    stop: &'a Arc<AtomicBool>,
    options: &'a Options,
}

impl Start<'_> {
    fn worker<M: Model>(&self, lane: &Arc<Lane>, model: M) -> JoinHandle<()> {
        let worker = Worker::new(Arc::clone(lane), model, self.reader.clone(), Arc::clone(self.stop), self.options);
        let name = format!("proj-{}", lane.projection.as_str());
        std::thread::Builder::new().name(name).spawn(move || worker.run()).expect("a projection has its own thread")
    }
}
