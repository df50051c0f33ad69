//! A command of a batch, and what it is parsed into.

use crate::command::{CommandKind, CommandKindJson, Parts, ROWS, Targets};
use crate::json::body::{BodyError, FieldError, parse_body};
use crate::json::token::CommandIdJson;
use crate::json::wire::{self, Wire, name_of};
use domain::calendar::Timestamp;
use domain::command::{Command, PaymentCommand, Source, StoreCommand};
use domain::ids::{ActorId, CommandId, Revision, StoreId, TerminalId, TerminalSeq};
use domain::terminal::{QueueEntry, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The most commands in one request.
pub const BATCH_COMMANDS_MAX: usize = domain::store::OfflineBounds::FACTS_MAX as usize;

/// `POST /v1/stores/{store}/commands`: many commands, decided one after the other, each by itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The commands.
    #[schema(max_items = 1_000)]
    pub commands: Vec<BatchCommand>,
}

/// One command of a batch: what the HTTP request says with its path, its headers and its body.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "command_id": "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90", "type": "order.cancel", "order_id": "o1",
    "body": {"reason": "Guest left"}
}))]
pub struct BatchCommand {
    /// Its id, made and kept by the client; resent as it was, it takes effect once.
    pub command_id: CommandIdJson,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: CommandKindJson,
    /// How it reaches the engine; `online` where nobody says.
    #[serde(default = "online")]
    pub source: wire::Source,
    /// When it happened, by the client's clock; offline commands say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<wire::Timestamp>,
    /// The device it comes from; offline commands name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<wire::TerminalId>,
    /// Its place in the device's queue of offline commands: 1, 2, 3, ... without gaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub terminal_seq: Option<u64>,
    /// The menu version the device sold from, for offline commands; the one the store sells from where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu_version: Option<u32>,
    /// Who acted, where that is not who sends it: of what a device kept while it was away, somebody who signed in on it. Of another the
    /// device itself is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<wire::ActorId>,
    /// Who approved it while the device was away, as it says: kept as a claim, about which somebody decides. Of what is sent online nobody
    /// is named; see `approval_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<wire::ActorId>,
    /// The approval of somebody who was asked, from `POST /v1/stores/{store}/approvals`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub approval_id: Option<String>,
    /// The revision the client thinks the order, payment, stock, store or menu is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<u64>,
    /// The order, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<wire::OrderId>,
    /// The line, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_id: Option<wire::LineId>,
    /// The discount, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_id: Option<wire::DiscountId>,
    /// The service charge, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<wire::ChargeId>,
    /// The payment, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<wire::PaymentId>,
    /// The refund, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<wire::RefundId>,
    /// The cash drawer, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_id: Option<wire::DrawerId>,
    /// The business date, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_date: Option<wire::Date>,
    /// The kitchen ticket, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<wire::TicketId>,
    /// The item, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<wire::ItemId>,
    /// The modifier group, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<wire::GroupId>,
    /// The tax, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<wire::TaxId>,
    /// The daypart, where the command is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daypart_id: Option<wire::DaypartId>,
    /// The body of the HTTP request that does the same; may be left out where that needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Box<RawValue>>,
}

fn online() -> wire::Source {
    Wire(Source::Online)
}

/// A command with what came along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedCommand {
    /// Its id.
    pub command_id: CommandId,
    /// How it came.
    pub source: Source,
    /// When it happened, by the client's clock.
    pub occurred_at: Option<Timestamp>,
    /// The device it came from.
    pub terminal: Option<TerminalId>,
    /// Its place in the device's queue, where it was kept there.
    pub queued: Option<QueueEntry>,
    /// Who acted.
    pub actor: Option<ActorId>,
    /// Who approves it.
    pub approver: Option<ActorId>,
    /// The approval of somebody who was asked.
    pub approval: Option<String>,
    /// The revision the client thinks the named stream is at.
    pub if_match: Option<Revision>,
    /// A command of a device's queue as it came, unless it is too long to be kept.
    pub request: Option<Request>,
    /// The command.
    pub command: Command,
}

impl BatchCommand {
    /// A command without targets and without a body: set what it is about, then [`with_body`](BatchCommand::with_body).
    pub fn new(command_id: CommandId, kind: CommandKind) -> BatchCommand {
        BatchCommand {
            command_id: CommandIdJson(command_id),
            kind: Wire(kind),
            source: online(),
            occurred_at: None,
            terminal: None,
            terminal_seq: None,
            menu_version: None,
            actor: None,
            approver: None,
            approval_id: None,
            if_match: None,
            order_id: None,
            line_id: None,
            discount_id: None,
            charge_id: None,
            payment_id: None,
            refund_id: None,
            drawer_id: None,
            business_date: None,
            ticket_id: None,
            item_id: None,
            group_id: None,
            tax_id: None,
            daypart_id: None,
            body: None,
        }
    }

    /// The command with this body.
    ///
    /// # Panics
    /// If the body cannot be written, which bodies of [`request`](crate::json::request) always can.
    #[must_use]
    pub fn with_body(mut self, body: &impl Serialize) -> BatchCommand {
        self.body = Some(serde_json::value::to_raw_value(body).expect("a request's body can be written as JSON"));
        self
    }

    /// Parses the command. Menu commands go to the tenant's menu, all others to `store`.
    ///
    /// # Errors
    /// [`FieldError`] names the field, seen from this command.
    pub fn parse(mut self, store: StoreId) -> Result<ParsedCommand, FieldError> {
        let queued = self.queued()?;
        let request = queued.and_then(|_| Request::new(&serde_json::to_string(&self).ok()?));
        let command = self.command(store)?;
        if queued.is_some() && !happens_in_a_store(&command) {
            return Err(FieldError::new("/source", format!("must be online for {}", name_of(self.kind.0))));
        }
        if queued.is_some() && says_no_amount(&command) {
            let problem = "is required of a payment that was made offline: what was taken; or name expected_total";
            return Err(FieldError::new("/body/amount", problem));
        }
        Ok(ParsedCommand {
            command_id: self.command_id.0,
            source: self.source.0,
            occurred_at: self.occurred_at.map(|time| time.0),
            terminal: self.terminal.map(|terminal| terminal.0),
            queued,
            actor: self.actor.map(|actor| actor.0),
            approver: self.approver.map(|approver| approver.0),
            approval: self.approval_id,
            if_match: self.if_match.map(Revision),
            request,
            command,
        })
    }

    /// The place in the device's queue, which offline commands have and others do not.
    fn queued(&self) -> Result<Option<QueueEntry>, FieldError> {
        let seq = self.terminal_seq.map(|number| {
            let problem = format!("must be 1 to {}", TerminalSeq::MAX.0);
            TerminalSeq::parse(number).ok_or_else(|| FieldError::new("/terminal_seq", problem))
        });
        let seq = seq.transpose()?;
        let needed = |field: &str| Err(FieldError::new(field, "is required for offline commands"));
        match (self.source.0, seq) {
            (Source::Offline, None) => needed("/terminal_seq"),
            (Source::Offline, Some(_)) if self.terminal.is_none() => needed("/terminal"),
            (Source::Offline, Some(_)) if self.occurred_at.is_none() => needed("/occurred_at"),
            (Source::Offline, Some(_)) if self.if_match.is_some() => {
                Err(FieldError::new("/if_match", "is not for offline commands: what has happened depends on nothing"))
            }
            (Source::Offline, Some(seq)) => Ok(Some(QueueEntry { seq, before: 0, menu_version: self.menu_version })),
            (Source::Online | Source::Imported | Source::Engine, Some(_)) => {
                Err(FieldError::new("/terminal_seq", "is for offline commands; leave it out"))
            }
            (Source::Online | Source::Imported | Source::Engine, None) if self.menu_version.is_some() => {
                Err(FieldError::new("/menu_version", "is for offline commands; leave it out"))
            }
            (Source::Online | Source::Imported | Source::Engine, None) => Ok(None),
        }
    }

    /// What it is about, taken out of it.
    fn targets(&mut self, store: StoreId) -> Targets {
        Targets {
            store: Some(Wire(store)),
            order: self.order_id.take(),
            line: self.line_id.take(),
            discount: self.discount_id.take(),
            charge: self.charge_id.take(),
            payment: self.payment_id.take(),
            refund: self.refund_id.take(),
            drawer: self.drawer_id.take(),
            date: self.business_date.take(),
            ticket: self.ticket_id.take(),
            item: self.item_id.take(),
            group: self.group_id.take(),
            tax: self.tax_id.take(),
            daypart: self.daypart_id.take(),
            staff: None,
            device: None,
        }
    }

    fn command(&mut self, store: StoreId) -> Result<Command, FieldError> {
        let kind = name_of(self.kind.0);
        let row = ROWS.iter().find(|row| row.batch == Some(kind));
        let make = row.and_then(|row| row.make).expect("the table makes what it names");
        let body = self.body.take();
        let body = body.as_ref().map_or("", |body| body.get()).as_bytes();
        let mut parts = Parts::of_batch(kind, self.targets(store), body);
        let command = make(&mut parts).map_err(|error| match error {
            BodyError::Field(error) => error,
            // The request was JSON, so its parts are; this is for the next reader's peace.
            BodyError::Syntax { problem, .. } => FieldError::new("/body", problem),
        })?;
        parts.nothing_left()?;
        Ok(command)
    }
}

/// Reads a command of a device's queue that was kept as it came.
///
/// # Errors
/// [`FieldError`]: it was not kept by [`BatchCommand::parse`].
pub fn read_request(request: &Request, store: StoreId) -> Result<ParsedCommand, FieldError> {
    let command = parse_body::<BatchCommand>(request.as_str().as_bytes()).map_err(|error| match error {
        BodyError::Field(error) => error,
        BodyError::Syntax { problem, .. } => FieldError::new("", problem),
    })?;
    command.parse(store)
}

/// Whether it is a payment that does not say in any way how much was taken.
fn says_no_amount(command: &Command) -> bool {
    let Command::Store(_, StoreCommand::Payment(_, command)) = command else { return false };
    matches!(command, PaymentCommand::Initiate { amount: None, expected_total: None, .. })
}

/// Whether a device can have kept a command while it was away: what is set up is not done on the floor.
fn happens_in_a_store(command: &Command) -> bool {
    match command {
        Command::Menu(_) | Command::Access(_) => false,
        Command::Store(_, command) => match command {
            StoreCommand::Order(..)
            | StoreCommand::Payment(..)
            | StoreCommand::Stock(_)
            | StoreCommand::Drawer(..)
            | StoreCommand::Ticket(..) => true,
            StoreCommand::Put(_)
            | StoreCommand::AdoptMenu { .. }
            | StoreCommand::SetPrice { .. }
            | StoreCommand::SetAvailability { .. }
            | StoreCommand::OpenDay { .. }
            | StoreCommand::CloseDay { .. }
            | StoreCommand::Terminal(..) => false,
        },
    }
}
