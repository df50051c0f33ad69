//! Items and orders of the file as commands of a batch. Their ids follow from tenant, store, file order and step, so that a
//! second run, or one after a kill, changes nothing that is there.

use crate::args::ImportConfig;
use crate::catalogue::CHOICES_ID;
use crate::ids::{command_id, line_id, order_id, payment_id};
use crate::money::line_gross;
use crate::order::ImportOrder;
use crate::plan::ImportPlan;
use domain::calendar::Timestamp;
use domain::command::Source;
use domain::ids::{BadId, CommandId, GroupId, Id, ItemId, OrderId, PaymentId, StoreId, TenantId, Text};
use domain::money::{Money, QtyMilli};
use domain::terminal::CLOCK_AHEAD_MAX_US;
use schemas::command::CommandKind;
use schemas::json::FieldError;
use schemas::json::batch::BatchCommand;
use schemas::json::wire::Wire;
use serde_json::{Value, json};

/// The tender that stands for money that was taken elsewhere.
const TENDER: &str = "imported";
/// The most commands that an order becomes.
pub const COMMANDS_PER_ORDER_MAX: usize = 4;

/// A name out of the file or the flags that is no id.
#[derive(Debug, thiserror::Error)]
#[error("{what} {text:?} {bad}")]
pub struct BadName {
    what: &'static str,
    text: String,
    bad: BadId,
}

/// Why an order cannot be imported, known before anything is sent.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum Unfit {
    #[error("lies in the future: {at}")]
    InTheFuture { at: jiff::Timestamp },
    #[error("comes to more than an order can")]
    TooMuch,
    #[error("{0}")]
    Command(#[from] FieldError),
    #[error(transparent)]
    Name(#[from] BadName),
}

/// Makes the commands of one import.
#[derive(Debug)]
pub struct Commands<'a> {
    plan: &'a ImportPlan,
    tenant: TenantId,
    store: StoreId,
    /// The one group of modifiers. Another set of items has another one, so that an earlier import's orders keep theirs.
    group: String,
}

impl<'a> Commands<'a> {
    /// Checks the names of tenant and store.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn new(plan: &'a ImportPlan) -> Result<Commands<'a>, BadName> {
        let config = plan.config();
        let fingerprint: String = plan.catalogue().fingerprint().chars().take(16).collect();
        Ok(Commands {
            plan,
            tenant: TenantId(parse("the tenant", &config.tenant)?),
            store: StoreId(parse("the store", &config.store)?),
            group: format!("{CHOICES_ID}_{fingerprint}"),
        })
    }

    /// Whose orders they are.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Where they go.
    pub fn store(&self) -> StoreId {
        self.store
    }

    /// The group that the choices of items are in.
    pub fn group(&self) -> &str {
        &self.group
    }

    fn id(&self, file_key: &str, step: &str) -> CommandId {
        CommandId(command_id(self.tenant.as_str(), self.store.as_str(), file_key, step))
    }

    /// What a store has to be like to count its days the way the import does.
    pub fn store_settings(&self) -> [(&'static str, String); 3] {
        let ImportConfig { currency, clock, cut_off_minutes, .. } = self.plan.config();
        let zone = clock.zone.iana_name().unwrap_or("UTC").to_owned();
        let cut_off = format!("{:02}:{:02}", cut_off_minutes / 60, cut_off_minutes % 60);
        [("currency", currency.code().to_owned()), ("time_zone", zone), ("cut_off", cut_off)]
    }

    /// Creates the store.
    pub fn put_store(&self) -> BatchCommand {
        let mut body = json!({"name": self.store.as_str()});
        for (field, value) in self.store_settings() {
            body[field] = value.into();
        }
        BatchCommand::new(self.id("", "store"), CommandKind::PutStore).with_body(&body)
    }

    /// Publishes the items of the file at open prices, beside whatever the tenant sells.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn menu(&self) -> Result<Vec<BatchCommand>, BadName> {
        let catalogue = self.plan.catalogue();
        let fingerprint = catalogue.fingerprint();
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
            command.group_id = Some(Wire(GroupId(parse("the modifier group", &self.group)?)));
            commands.push(command);
        }
        for item in &catalogue.items {
            let mut body = json!({"name": item.name, "open_price": true});
            if let Some(category) = &item.category {
                body["category"] = category.name.clone().into();
            }
            if item.uses_choices {
                body["modifier_groups"] = json!([self.group]);
            }
            let id = step(&format!("item:{}", item.id));
            let mut command = BatchCommand::new(id, CommandKind::PutItem).with_body(&body);
            command.item_id = Some(Wire(ItemId(parse("the item", &item.id)?)));
            commands.push(command);
        }
        commands.push(BatchCommand::new(step("publish"), CommandKind::PublishMenu));
        Ok(commands)
    }

    /// Whether the order can be imported at `now`, as far as the order alone says. What it cannot say is the engine's to refuse.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn check(&self, order: &ImportOrder, now: Timestamp) -> Result<(), Unfit> {
        let at = Timestamp(order.when.unix_us());
        if now.0.saturating_add(CLOCK_AHEAD_MAX_US) < at.0 {
            return Err(Unfit::InTheFuture { at: order.when.at });
        }
        let grosses = order.lines.iter().map(|line| i128::from(line_gross(line.unit_price_minor, line.qty_milli)));
        if i128::from(Money::MAX_ABS) < grosses.sum() {
            return Err(Unfit::TooMuch);
        }
        for command in self.order(order)? {
            command.parse(self.store)?;
        }
        Ok(())
    }

    /// What the order is called in the store.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn order_id(&self, order: &ImportOrder) -> Result<OrderId, BadName> {
        let id = order_id(self.tenant.as_str(), self.store.as_str(), &order.file_key);
        Ok(OrderId(parse("the order", &id)?))
    }

    /// Opens and places the order with its lines, and settles it with money that was taken elsewhere.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn order(&self, order: &ImportOrder) -> Result<Vec<BatchCommand>, BadName> {
        let (tenant, store, key) = (self.tenant.as_str(), self.store.as_str(), order.file_key.as_str());
        let id = self.order_id(order)?;
        let lines: Vec<Value> = order
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                let modifiers: Vec<Value> = line
                    .modifiers
                    .iter()
                    .map(|(modifier, qty)| json!({"group_id": self.group, "modifier_id": **modifier, "qty": qty}))
                    .collect();
                let mut body = json!({
                    "line_id": line_id(index + 1),
                    "item_id": *line.item_id,
                    "qty": Wire(QtyMilli(line.qty_milli)),
                    "price": line.unit_price_minor,
                });
                if !modifiers.is_empty() {
                    body["modifiers"] = modifiers.into();
                }
                body
            })
            .collect();
        let body = json!({
            "order_id": id.as_str(), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later",
            "display_number": shown(key), "lines": lines, "place": true,
        });
        let mut commands = vec![BatchCommand::new(self.id(key, "open"), CommandKind::OpenOrder).with_body(&body)];
        // What comes to nothing, be it by rounding, is settled once it is placed.
        if order.lines.iter().any(|line| line_gross(line.unit_price_minor, line.qty_milli) != 0) {
            let payment = payment_id(tenant, store, key);
            let body = json!({"payment_id": payment, "tender": TENDER});
            let mut initiate = BatchCommand::new(self.id(key, "pay"), CommandKind::InitiatePayment).with_body(&body);
            initiate.order_id = Some(Wire(id));
            commands.push(initiate);
            let captured = json!({"outcome": "captured"});
            let mut outcome =
                BatchCommand::new(self.id(key, "captured"), CommandKind::RecordOutcome).with_body(&captured);
            outcome.payment_id = Some(Wire(PaymentId(parse("the payment", &payment)?)));
            commands.push(outcome);
        }
        let mut complete = BatchCommand::new(self.id(key, "complete"), CommandKind::CompleteOrder);
        complete.order_id = Some(Wire(id));
        commands.push(complete);
        debug_assert!(commands.len() <= COMMANDS_PER_ORDER_MAX);
        for command in &mut commands {
            command.source = Wire(Source::Imported);
            command.occurred_at = Some(Wire(Timestamp(order.when.unix_us())));
        }
        Ok(commands)
    }
}

fn parse(what: &'static str, text: &str) -> Result<Id, BadName> {
    Id::parse(text).map_err(|bad| BadName { what, text: text.to_owned(), bad })
}

/// The file's own number of the order, as far as it fits on a receipt.
fn shown(file_key: &str) -> String {
    file_key.chars().filter(|character| !character.is_control()).take(Text::CHARS_MAX).collect()
}
