//! `comanda import`: real order files as ordinary commands, into a data directory or a running server.
//!
//! The crate `import` reads the file and makes the commands. Here they are sent in batches, and counted by their results.

mod destination;

use super::common::fail;
use ::import::commands::COMMANDS_PER_ORDER_MAX;
use ::import::{BadName, Commands, ImportArgs, ImportError, ImportOrder, ImportPlan, Summary};
use destination::{Destination, DestinationError};
use domain::ids::StoreId;
use indicatif::{ProgressBar, ProgressStyle};
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
/// How many conflicts are shown in full.
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
    #[error("{count} orders were not imported as the file has them, as said above; nothing else was left out")]
    LeftOut { count: u64 },
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
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut import = Import::new(&plan)?;
    let mut destination = Destination::open(args, import.commands.tenant())?;
    let outcome = runtime.block_on(import.run(&mut destination));
    destination.close();
    outcome?;
    import.summary.rejected_rows = plan.rejected().count;
    import.summary.elapsed = started.elapsed();
    import.report(args);
    match import.left_out {
        0 => Ok(()),
        count => Err(RunError::LeftOut { count }),
    }
}

/// An import under way.
struct Import<'a> {
    plan: &'a ImportPlan,
    commands: Commands<'a>,
    store: StoreId,
    summary: Summary,
    /// Orders that are there with other contents, and orders that the rules refuse.
    left_out: u64,
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
        Ok(Import { plan, commands, store, summary: Summary::default(), left_out: 0, bar })
    }

    async fn run(&mut self, destination: &mut Destination) -> Result<(), RunError> {
        self.store(destination).await?;
        self.menu(destination).await?;
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
        self.send(destination, pending).await?;
        self.bar.finish_and_clear();
        Ok(())
    }

    /// Creates the store, or makes sure that the one that is there counts its days the way the import does.
    async fn store(&self, destination: &mut Destination) -> Result<(), RunError> {
        if let Some(view) = destination.store(self.store).await? {
            for (field, ours) in self.commands.store_settings() {
                let theirs = view[field].as_str().unwrap_or_default().to_owned();
                if theirs != ours {
                    return Err(RunError::OtherStore { store: self.store, field, theirs, ours });
                }
            }
            return Ok(());
        }
        self.send_all(destination, vec![self.commands.put_store()]).await
    }

    /// Publishes the items of the file at open prices, beside whatever the tenant sells.
    async fn menu(&self, destination: &mut Destination) -> Result<(), RunError> {
        let catalogue = self.plan.catalogue();
        for listed in destination.list_prices(self.store).await? {
            if catalogue.items.iter().any(|item| *item.id == *listed) {
                return Err(RunError::ListPrice { item: listed });
            }
        }
        self.send_all(destination, self.commands.menu()?).await?;
        let group_of = |uses_choices: bool| uses_choices.then_some(self.commands.group());
        let wanted: Vec<_> = catalogue.items.iter().map(|item| (&*item.id, group_of(item.uses_choices))).collect();
        destination.wait_for_items(self.store, &wanted).await?;
        Ok(())
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
        if let Some(result) = results.iter().find(is_reused) {
            self.leave_out(order, "conflict", "was imported with other contents", result);
        } else if let Some(result) = results.iter().find(|result| result.status == BatchStatus::Rejected) {
            // Whoever may not import at all is told once; a rule that one order breaks stops no other order.
            if result.code.as_deref() == Some("forbidden") {
                return Err(refused(&format!("order {:?} (line {})", order.file_key, order.first_line), result));
            }
            self.leave_out(order, "refused", "cannot be imported as it is", result);
        } else {
            self.summary.add(order);
            if results.iter().all(|result| result.status == BatchStatus::Duplicate) {
                self.summary.duplicate_orders += 1;
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, order: &ImportOrder, what: &str, why: &str, result: &BatchResult) {
        self.left_out += 1;
        if self.left_out <= SHOWN_MAX as u64 {
            let (key, line) = (&order.file_key, order.first_line);
            let detail = result.detail.as_deref().unwrap_or_default();
            self.tell(&format!("{what}: order {key:?} (line {line}) {why}: {detail}"));
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

    #[expect(clippy::print_stdout, reason = "the totals are what the command answers")]
    fn report(&self, args: &ImportArgs) {
        let rejects = self.plan.rejected();
        if let Some(path) = &rejects.path {
            self.tell(&format!("{} rows were rejected; see {}", rejects.count, path.display()));
        }
        let summary = &self.summary;
        if !args.json {
            println!(
                "{} orders with {} lines imported into store {} ({} of them were there already)",
                summary.orders, summary.lines, self.store, summary.duplicate_orders
            );
        }
        println!("{summary}");
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
