//! `comanda import`: real order files as ordinary commands, into a data directory or a running server.
//!
//! The crate `import` reads the file and makes the commands. Here they are sent in batches, and counted by their results.

mod destination;

use super::common::{fail, say};
use ::import::commands::COMMANDS_PER_ORDER_MAX;
use ::import::when::shown_time;
use ::import::{BadName, Commands, ImportArgs, ImportError, ImportOrder, ImportPlan, ReadAs, Summary, SummaryLine};
use commands::Clock;
use destination::{Destination, DestinationError, Wanted};
use domain::ids::StoreId;
use domain::menu::Menu;
use indicatif::{ProgressBar, ProgressStyle};
use schemas::json::FieldError;
use schemas::json::batch::{BATCH_COMMANDS_MAX, Batch, BatchCommand, BatchResult, BatchStatus};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// How many orders go into one batch: their commands are the most it may hold.
const ORDERS_PER_BATCH: usize = BATCH_COMMANDS_MAX / COMMANDS_PER_ORDER_MAX;
/// How many bytes of commands go into one batch: with the largest order behind them they stay below the most it may have.
const BYTES_PER_BATCH: usize = 1 << 20;
/// What a command takes beside its body: ids, times, names.
const ENVELOPE_BYTES: usize = 400;
/// How many menu commands go into one batch.
const MENU_PER_BATCH: usize = 500;
/// How many orders that were left out are shown in full.
const SHOWN_MAX: usize = 20;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("no thread to work with")]
    Runtime(#[from] std::io::Error),
    #[error(transparent)]
    Name(#[from] BadName),
    #[error("the store {store} exists with {field} {theirs}, and the import says {ours}; import into another store")]
    OtherStore { store: StoreId, field: &'static str, theirs: String, ours: String },
    #[error("the item {item} is on the menu at a list price; import into another tenant, where it cannot hurt a till")]
    ListPrice { item: String },
    #[error("a command of the file was refused: {what}: {code}: {detail}")]
    Refused { what: String, code: String, detail: String },
    #[error("the file has {count} different items, a menu at most {}; is this the right column?", Menu::ITEMS_MAX)]
    TooManyItems { count: usize },
    #[error("a command of the file would be refused: {what}")]
    Command { what: &'static str, source: FieldError },
    #[error("{count} orders were not imported as the file has them, as said above; nothing else was left out")]
    LeftOut { count: u64 },
    #[error(
        "nothing was imported, and nothing was made for it: {rejected} rows were rejected, {parked} were parked and {refused} orders refused"
    )]
    Nothing { rejected: u64, parked: u64, refused: u64 },
}

/// Imports.
pub fn run(args: &ImportArgs) -> ExitCode {
    match import(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn import(args: &ImportArgs) -> Result<(), RunError> {
    let started = Instant::now();
    let plan = ImportPlan::open(args.config()?)?;
    let mut import = Import::new(&plan)?;
    let outcome = import.carry_out(args);
    import.bar.finish_and_clear();
    // What stopped it is told alone: half a sum is no sum.
    if matches!(outcome, Ok(()) | Err(RunError::Nothing { .. } | RunError::LeftOut { .. })) {
        import.summary.rejected_rows = plan.rejected().count;
        import.summary.parked_rows = plan.rejected().parked;
        import.summary.elapsed = started.elapsed();
        import.report(args);
    }
    outcome
}

/// An import under way.
struct Import<'a> {
    plan: &'a ImportPlan,
    commands: Commands<'a>,
    store: StoreId,
    summary: Summary,
    /// How many orders that were left out were told of.
    told: usize,
    bar: ProgressBar,
}

/// The orders of one batch and the commands they became.
#[derive(Default)]
struct Pending {
    orders: Vec<(ImportOrder, usize)>,
    commands: Vec<BatchCommand>,
    bytes: usize,
}

impl<'a> Import<'a> {
    fn new(plan: &'a ImportPlan) -> Result<Import<'a>, RunError> {
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::new(plan.totals().orders),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} orders, {per_sec}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let commands = Commands::new(plan)?;
        let store = commands.store();
        Ok(Import { plan, commands, store, summary: Summary::default(), told: 0, bar })
    }

    /// Imports, or says what an import would do.
    fn carry_out(&mut self, args: &ImportArgs) -> Result<(), RunError> {
        self.check_file(args.dry_run)?;
        if self.plan.totals().orders == 0 {
            return Ok(());
        }
        // A data directory is not opened to look at it: that would write there.
        if args.dry_run && args.url.is_none() {
            return self.left_out();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut destination = Destination::open(args, self.commands.tenant())?;
        let outcome = runtime.block_on(async {
            let is_there = self.look(&mut destination).await?;
            match args.dry_run {
                true => Ok(()),
                false => self.run(&mut destination, is_there).await,
            }
        });
        destination.close();
        outcome?;
        self.left_out()
    }

    /// Looks at everything that is to be sent before the first of it is: a file of which nothing can be imported leaves no store and
    /// no items behind. A dry run looks at every order, an import at no more than it takes to know that there is one.
    fn check_file(&mut self, is_dry_run: bool) -> Result<(), RunError> {
        let now = Clock::System.now();
        let mut is_one_good = false;
        for order in self.plan.orders()? {
            let order = order?;
            match self.commands.check(&order, now) {
                Ok(()) => {
                    is_one_good = true;
                    self.summary.add(&order);
                }
                Err(unfit) => self.refuse(&order, &unfit.to_string()),
            }
            if is_one_good && !is_dry_run {
                break;
            }
        }
        let rejects = self.plan.rejected();
        if !is_one_good && 0 < rejects.count + rejects.parked + self.summary.refused_orders {
            return Err(RunError::Nothing {
                rejected: rejects.count,
                parked: rejects.parked,
                refused: self.summary.refused_orders,
            });
        }
        let count = self.plan.catalogue().items.len();
        if Menu::ITEMS_MAX < count {
            return Err(RunError::TooManyItems { count });
        }
        for command in self.commands.menu()? {
            let what = schemas::json::wire::name_of(command.kind.0);
            command.parse(self.store).map_err(|source| RunError::Command { what, source })?;
        }
        if !is_dry_run {
            (self.summary, self.told) = (Summary::default(), 0);
        }
        Ok(())
    }

    /// Whether the store is there. One that is counts its days the way the import does, and no item of the file has a list price.
    async fn look(&self, destination: &mut Destination) -> Result<bool, RunError> {
        let view = destination.store(self.store).await?;
        for (field, ours) in self.commands.store_settings() {
            let theirs = view.as_ref().map(|view| view[field].as_str().unwrap_or_default());
            if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
                let theirs = theirs.to_owned();
                return Err(RunError::OtherStore { store: self.store, field, theirs, ours });
            }
        }
        self.no_list_prices(destination, view.is_some()).await?;
        Ok(view.is_some())
    }

    async fn no_list_prices(&self, destination: &mut Destination, is_there: bool) -> Result<(), RunError> {
        for listed in destination.list_prices(self.store, is_there).await? {
            if self.plan.catalogue().items.iter().any(|item| *item.id == *listed) {
                return Err(RunError::ListPrice { item: listed });
            }
        }
        Ok(())
    }

    fn left_out(&self) -> Result<(), RunError> {
        match self.summary.conflict_orders + self.summary.refused_orders {
            0 => Ok(()),
            count => Err(RunError::LeftOut { count }),
        }
    }

    async fn run(&mut self, destination: &mut Destination, is_there: bool) -> Result<(), RunError> {
        if !is_there {
            self.send_all(destination, vec![self.commands.put_store()]).await?;
        }
        let is_old = is_there
            && !destination.sells(self.store, &self.wanted()).await?
            && self.has_all_orders(destination).await?;
        if !is_old {
            self.menu(destination).await?;
        }
        let mut pending = Pending::default();
        for order in self.plan.orders()? {
            let order = order?;
            let commands = self.commands.order(&order)?;
            pending.bytes += commands.iter().map(size).sum::<usize>();
            pending.orders.push((order, commands.len()));
            pending.commands.extend(commands);
            if ORDERS_PER_BATCH <= pending.orders.len() || BYTES_PER_BATCH <= pending.bytes {
                self.send(destination, std::mem::take(&mut pending)).await?;
            }
        }
        self.send(destination, pending).await
    }

    /// Publishes the items of the file at open prices, beside whatever the tenant sells.
    async fn menu(&self, destination: &mut Destination) -> Result<(), RunError> {
        self.no_list_prices(destination, true).await?;
        self.send_all(destination, self.commands.menu()?).await?;
        Ok(destination.wait_for_items(self.store, &self.wanted()).await?)
    }

    fn wanted(&self) -> Vec<Wanted<'_>> {
        let group_of = |uses_choices: bool| uses_choices.then_some(self.commands.group());
        self.plan.catalogue().items.iter().map(|item| (&*item.id, group_of(item.uses_choices))).collect()
    }

    /// Whether every order of the file is there, whatever it holds: then its new items have nobody who would have sold them.
    async fn has_all_orders(&self, destination: &mut Destination) -> Result<bool, RunError> {
        for order in self.plan.orders()? {
            if !destination.has_order(self.store, self.commands.order_id(&order?)?).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn send(&mut self, destination: &mut Destination, pending: Pending) -> Result<(), RunError> {
        if pending.commands.is_empty() {
            return Ok(());
        }
        let results = destination.send(self.store, Batch { commands: pending.commands }).await?;
        let mut at = 0;
        for (order, count) in pending.orders {
            let own = &results[at..at + count];
            at += count;
            self.count(&order, own)?;
        }
        Ok(())
    }

    /// Counts an order by what became of its commands.
    fn count(&mut self, order: &ImportOrder, results: &[BatchResult]) -> Result<(), RunError> {
        self.bar.inc(1);
        let is_reused = |result: &&BatchResult| result.code.as_deref() == Some("idempotency_key_reused");
        // What a file without times gives its orders follows from their places, which may move.
        let other_time =
            results.iter().filter(|_| self.plan.has_times()).find_map(|result| result.recorded_occurred_at);
        if let Some(result) = results.iter().find(is_reused) {
            let detail = result.detail.as_deref().unwrap_or_default();
            self.conflict(order, &format!("was imported with other contents: {detail}"));
        } else if let Some(at) = other_time {
            let (at, says) = (shown_time(at.0), order.when.at);
            self.conflict(order, &format!("was imported with another time: {at}; the file says {says}"));
        } else if let Some(result) = results.iter().find(|result| result.status == BatchStatus::Rejected) {
            // Whoever may not import at all is told once; a rule that one order breaks stops no other order.
            if result.code.as_deref() == Some("forbidden") {
                return Err(refused(&format!("order {:?} (line {})", order.file_key, order.first_line), result));
            }
            self.refuse(order, result.detail.as_deref().unwrap_or_default());
        } else {
            self.summary.add(order);
            if results.iter().all(|result| result.status == BatchStatus::Duplicate) {
                self.summary.duplicate_orders += 1;
            }
        }
        Ok(())
    }

    fn conflict(&mut self, order: &ImportOrder, why: &str) {
        self.summary.conflict_orders += 1;
        self.leave_out("conflict", order, why);
    }

    fn refuse(&mut self, order: &ImportOrder, why: &str) {
        self.summary.refused_orders += 1;
        self.leave_out("refused", order, &format!("cannot be imported as it is: {why}"));
    }

    fn leave_out(&mut self, what: &str, order: &ImportOrder, why: &str) {
        self.told += 1;
        if self.told <= SHOWN_MAX {
            self.tell(&format!("{what}: order {:?} (line {}) {why}", order.file_key, order.first_line));
        }
    }

    async fn send_all(&self, destination: &mut Destination, commands: Vec<BatchCommand>) -> Result<(), RunError> {
        for chunk in commands.chunks(MENU_PER_BATCH) {
            let results = destination.send(self.store, Batch { commands: chunk.to_vec() }).await?;
            if let Some((command, result)) =
                chunk.iter().zip(&results).find(|(_, result)| result.status == BatchStatus::Rejected)
            {
                return Err(refused(schemas::json::wire::name_of(command.kind.0), result));
            }
        }
        Ok(())
    }

    fn tell(&self, line: &str) {
        self.bar.suspend(|| {
            // Nobody to tell is no reason to stop.
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    fn report(&self, args: &ImportArgs) {
        let rejects = self.plan.rejected();
        if let Some(path) = &rejects.path {
            let (rejected, parked) = (rejects.count, rejects.parked);
            self.tell(&format!("{rejected} rows were rejected and {parked} parked; see {}", path.display()));
        }
        let summary = &self.summary;
        if !args.json {
            say(&ReadAs(self.plan).to_string());
            let (orders, lines, store) = (summary.orders, summary.lines, self.store);
            say(&match args.dry_run {
                true => {
                    format!("{orders} orders with {lines} lines would be imported into store {store}; nothing was sent")
                }
                false => format!(
                    "{orders} orders with {lines} lines imported into store {store} ({} of them were there already)",
                    summary.duplicate_orders
                ),
            });
        }
        say(&SummaryLine { summary, plan: self.plan, is_dry_run: args.dry_run }.to_string());
    }
}

fn refused(what: &str, result: &BatchResult) -> RunError {
    RunError::Refused {
        what: what.to_owned(),
        code: result.code.as_deref().unwrap_or_default().to_owned(),
        detail: result.detail.clone().unwrap_or_default(),
    }
}

/// About how many bytes of a batch's body a command takes.
fn size(command: &BatchCommand) -> usize {
    ENVELOPE_BYTES + command.body.as_ref().map_or(0, |body| body.get().len())
}
