//! `comanda import`: real order files as ordinary commands, into a data directory or a running server.
//!
//! The file is read twice (see [`crate::import`]). What comes out is sent as batches of commands whose ids are derived from
//! tenant, store, file order and step, so that a second run, or one after a kill, changes nothing that is there.

mod door;

use super::common::fail;
use crate::import::catalogue::CHOICES_ID;
use crate::import::money::line_gross;
use crate::import::{
    ImportArgs, ImportConfig, ImportError, ImportOrder, ImportPlan, Summary, command_id, line_id, order_id, payment_id,
};
use domain::calendar::Timestamp;
use domain::ids::{BadId, CommandId, Id, ItemId, OrderId, PaymentId, StoreId, TenantId};
use door::{Door, DoorError};
use indicatif::{ProgressBar, ProgressStyle};
use schemas::command::CommandKind;
use schemas::json::batch::{Batch, BatchCommand, BatchResult, BatchStatus};
use schemas::json::wire::Wire;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// How many orders go into one batch: their commands, at most four each, are the most a batch may hold.
const ORDERS_PER_BATCH: usize = 250;
/// How many bytes of commands go into one batch: with the largest order behind them they stay below the door's bound.
const BYTES_PER_BATCH: usize = 1 << 20;
/// What a command takes beside its body: ids, times, names.
const ENVELOPE_BYTES: usize = 400;
/// How many menu commands go into one batch.
const MENU_PER_BATCH: usize = 500;
/// How many conflicts are shown in full.
const SHOWN_MAX: usize = 20;
/// The tender that stands for money that was taken elsewhere.
const TENDER: &str = "imported";

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Door(#[from] DoorError),
    #[error("no thread to work with")]
    Runtime(#[from] std::io::Error),
    #[error("{what} {text:?} {bad}")]
    Id { what: &'static str, text: String, bad: BadId },
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
    let mut door = Door::open(args, import.tenant)?;
    let outcome = runtime.block_on(import.run(&mut door));
    door.close();
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
    tenant: TenantId,
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
        let config = plan.config();
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::new(plan.totals().orders),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} orders, {per_sec}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Ok(Import {
            plan,
            tenant: TenantId(parse("the tenant", &config.tenant)?),
            store: StoreId(parse("the store", &config.store)?),
            summary: Summary::default(),
            left_out: 0,
            bar,
        })
    }

    fn config(&self) -> &'a ImportConfig {
        self.plan.config()
    }

    fn id(&self, file_key: &str, step: &str) -> CommandId {
        CommandId(command_id(self.tenant.as_str(), self.store.as_str(), file_key, step))
    }

    async fn run(&mut self, door: &mut Door) -> Result<(), RunError> {
        self.store(door).await?;
        self.menu(door).await?;
        let mut pending = Pending::default();
        for order in self.plan.orders()? {
            let order = order?;
            let commands = self.order_commands(&order)?;
            pending.bytes += commands.iter().map(size).sum::<usize>();
            pending.orders.push((order, commands.len()));
            pending.commands.extend(commands);
            if ORDERS_PER_BATCH <= pending.orders.len() || BYTES_PER_BATCH <= pending.bytes {
                self.send(door, std::mem::take(&mut pending)).await?;
            }
        }
        self.send(door, pending).await?;
        self.bar.finish_and_clear();
        Ok(())
    }

    /// Creates the store, or makes sure that the one that is there counts its days the way the import does.
    async fn store(&self, door: &mut Door) -> Result<(), RunError> {
        let config = self.config();
        let zone = config.clock.zone.iana_name().unwrap_or("UTC").to_owned();
        let cut_off = format!("{:02}:{:02}", config.cut_off_minutes / 60, config.cut_off_minutes % 60);
        let ours = [("currency", config.currency.code().to_owned()), ("time_zone", zone), ("cut_off", cut_off)];
        if let Some(view) = door.store(self.store).await? {
            for (field, ours) in ours {
                let theirs = view[field].as_str().unwrap_or_default().to_owned();
                if theirs != ours {
                    return Err(RunError::OtherStore { store: self.store, field, theirs, ours });
                }
            }
            return Ok(());
        }
        let mut body = json!({"name": self.store.as_str()});
        for (field, value) in ours {
            body[field] = value.into();
        }
        let command = BatchCommand::new(self.id("", "store"), CommandKind::PutStore).with_body(&body);
        self.send_all(door, vec![command]).await
    }

    /// Publishes the items of the file at open prices, beside whatever the tenant sells.
    async fn menu(&self, door: &mut Door) -> Result<(), RunError> {
        let catalogue = self.plan.catalogue();
        let fingerprint = catalogue.fingerprint();
        let group = format!("{CHOICES_ID}_{}", fingerprint.chars().take(16).collect::<String>());
        for listed in door.list_prices(self.store).await? {
            if catalogue.items.iter().any(|item| *item.id == *listed) {
                return Err(RunError::ListPrice { item: listed });
            }
        }
        let step = |what: &str| self.id("", &format!("{what}:{fingerprint}"));
        let mut commands = vec![];
        if let Some(choices) = &catalogue.choices {
            let modifiers: Vec<Value> = choices
                .modifiers
                .iter()
                .map(|modifier| json!({"modifier_id": *modifier.id, "name": modifier.name, "price": 0}))
                .collect();
            let body = json!({"name": "Choices", "min": 0, "max": 0, "allow_qty": true, "modifiers": modifiers});
            let mut command = BatchCommand::new(step("choices"), CommandKind::PutModifierGroup).with_body(&body);
            command.group_id = Some(Wire(domain::ids::GroupId(parse("the modifier group", &group)?)));
            commands.push(command);
        }
        for item in &catalogue.items {
            let mut body = json!({"name": item.name, "open_price": true});
            if let Some(category) = &item.category {
                body["category"] = category.name.clone().into();
            }
            if item.uses_choices {
                body["modifier_groups"] = json!([group]);
            }
            let id = step(&format!("item:{}", item.id));
            let mut command = BatchCommand::new(id, CommandKind::PutItem).with_body(&body);
            command.item_id = Some(Wire(ItemId(parse("the item", &item.id)?)));
            commands.push(command);
        }
        commands.push(BatchCommand::new(step("publish"), CommandKind::PublishMenu));
        self.send_all(door, commands).await?;
        let group_of = |uses_choices: bool| uses_choices.then_some(group.as_str());
        let wanted: Vec<_> = catalogue.items.iter().map(|item| (&*item.id, group_of(item.uses_choices))).collect();
        door.wait_for_items(self.store, &wanted).await?;
        Ok(())
    }

    /// Opens and places the order with its lines, and settles it with money that was taken elsewhere.
    fn order_commands(&self, order: &ImportOrder) -> Result<Vec<BatchCommand>, RunError> {
        let (tenant, store, key) = (self.tenant.as_str(), self.store.as_str(), order.file_key.as_str());
        let group =
            format!("{CHOICES_ID}_{}", self.plan.catalogue().fingerprint().chars().take(16).collect::<String>());
        let id = order_id(tenant, store, key);
        let order_ref = OrderId(parse("the order", &id)?);
        let lines: Vec<Value> = order
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                let modifiers: Vec<Value> = line
                    .modifiers
                    .iter()
                    .map(|(modifier, qty)| json!({"group_id": group, "modifier_id": **modifier, "qty": qty}))
                    .collect();
                let mut body = json!({
                    "line_id": line_id(index + 1),
                    "item_id": *line.item_id,
                    "qty": Wire(domain::money::QtyMilli(line.qty_milli)),
                    "price": line.unit_price_minor,
                });
                if !modifiers.is_empty() {
                    body["modifiers"] = modifiers.into();
                }
                body
            })
            .collect();
        let body = json!({
            "order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later",
            "display_number": shown(key), "lines": lines, "place": true,
        });
        let mut commands = vec![BatchCommand::new(self.id(key, "open"), CommandKind::OpenOrder).with_body(&body)];
        // What comes to nothing, be it by rounding, is settled once it is placed.
        if order.lines.iter().any(|line| line_gross(line.unit_price_minor, line.qty_milli) != 0) {
            let payment = payment_id(tenant, store, key);
            let body = json!({"payment_id": payment, "tender": TENDER});
            let mut initiate = BatchCommand::new(self.id(key, "pay"), CommandKind::InitiatePayment).with_body(&body);
            initiate.order_id = Some(Wire(order_ref));
            commands.push(initiate);
            let captured = json!({"outcome": "captured"});
            let mut outcome =
                BatchCommand::new(self.id(key, "captured"), CommandKind::RecordOutcome).with_body(&captured);
            outcome.payment_id = Some(Wire(PaymentId(parse("the payment", &payment)?)));
            commands.push(outcome);
        }
        let mut complete = BatchCommand::new(self.id(key, "complete"), CommandKind::CompleteOrder);
        complete.order_id = Some(Wire(order_ref));
        commands.push(complete);
        for command in &mut commands {
            command.source = Wire(domain::command::Source::Imported);
            command.occurred_at = Some(Wire(Timestamp(order.when.unix_us())));
        }
        Ok(commands)
    }

    async fn send(&mut self, door: &mut Door, pending: Pending) -> Result<(), RunError> {
        if pending.commands.is_empty() {
            return Ok(());
        }
        let results = door.send(self.store, Batch { commands: pending.commands }).await?;
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

    async fn send_all(&self, door: &mut Door, commands: Vec<BatchCommand>) -> Result<(), RunError> {
        for chunk in commands.chunks(MENU_PER_BATCH) {
            let results = door.send(self.store, Batch { commands: chunk.to_vec() }).await?;
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

fn parse(what: &'static str, text: &str) -> Result<Id, RunError> {
    Id::parse(text).map_err(|bad| RunError::Id { what, text: text.to_owned(), bad })
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

/// The file's own number of the order, as far as it fits on a receipt.
fn shown(file_key: &str) -> String {
    file_key.chars().filter(|character| !character.is_control()).take(domain::ids::Text::CHARS_MAX).collect()
}
