//! Many commands in one request: what an import and a till that was away send.
//!
//! Each command is its own affair, so that one bad line of a file, or of a till's queue, does not stop the others.

mod result;
mod upload;

pub use result::{BatchAnswer, BatchException, BatchResult, BatchStatus, CommitRange};
pub use upload::{Entry, Kept, Malformed, Upload};

use super::body::{BodyError, FieldError, parse_body};
use super::request::{
    AddLines, AdjustStock, AdjustTip, AssignServer, Cancel, ChangeLine, CloseShift, Comp, CountStock, Discount,
    FireLines, HoldLines, InitiatePayment, Mark86, MarkServed, MergeInto, MoveCash, NoSale, OpenOrder, OpenShift,
    Outcome, Place, PutItem, PutModifierGroup, PutStore, PutTax, ReceiveStock, RefundOutcome, RequestRefund,
    ServiceCharge, SetAvailability, SetPrice, SetStockPolicy, SetTable, SplitCheck, Unmark86, VoidLine, VoidPayment,
    WasteStock,
};
use super::token::CommandIdJson;
use super::wire::{self, CommandKind, Wire, name_of};
use domain::calendar::Timestamp;
use domain::command::{
    Command, DrawerCommand, MenuCommand, OrderCommand, PaymentCommand, ProviderCommand, Source, StoreCommand,
    TicketCommand,
};
use domain::ids::{
    ActorId, ChargeId, CommandId, DiscountId, GroupId, ItemId, LineId, RefundId, Revision, StoreId, TaxId, TerminalId,
    TerminalSeq,
};
use domain::terminal::QueuePlace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The most commands in one request.
pub const BATCH_COMMANDS_MAX: usize = 1_000;

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
    pub kind: wire::CommandKindJson,
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
    /// Who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<wire::ActorId>,
    /// Who approves it, where somebody has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<wire::ActorId>,
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
    pub queued: Option<QueuePlace>,
    /// Who acted.
    pub actor: Option<ActorId>,
    /// Who approves it.
    pub approver: Option<ActorId>,
    /// The revision the client thinks the named stream is at.
    pub if_match: Option<Revision>,
    /// The command.
    pub command: Command,
}

/// A body for commands that take none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoBody {}

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
            body: None,
        }
    }

    /// The command with this body.
    ///
    /// # Panics
    /// If the body cannot be written, which bodies of [`request`](super::request) always can.
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
        let command = self.command(store)?;
        self.nothing_left()?;
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
            if_match: self.if_match.map(Revision),
            command,
        })
    }

    /// The place in the device's queue, which offline commands have and others do not.
    fn queued(&self) -> Result<Option<QueuePlace>, FieldError> {
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
            (Source::Offline, Some(seq)) => Ok(Some(QueuePlace { seq, menu_version: self.menu_version })),
            (Source::Online | Source::Imported | Source::Engine, Some(_)) => {
                Err(FieldError::new("/terminal_seq", "is for offline commands; leave it out"))
            }
            (Source::Online | Source::Imported | Source::Engine, None) if self.menu_version.is_some() => {
                Err(FieldError::new("/menu_version", "is for offline commands; leave it out"))
            }
            (Source::Online | Source::Imported | Source::Engine, None) => Ok(None),
        }
    }

    fn command(&mut self, store: StoreId) -> Result<Command, FieldError> {
        use CommandKind as K;
        let menu = Command::Menu;
        let to_store = |command| Command::Store(store, command);
        Ok(match self.kind.0 {
            K::PutItem => menu(MenuCommand::UpsertItem(self.about(Self::item, PutItem::parse)?)),
            K::RetireItem => menu(MenuCommand::RetireItem(self.bare(Self::item)?)),
            K::PutModifierGroup => {
                menu(MenuCommand::UpsertModifierGroup(self.about(Self::group, PutModifierGroup::parse)?))
            }
            K::PutTax => menu(MenuCommand::UpsertTax(self.about(Self::tax, |body: PutTax, tax| Ok(body.parse(tax)))?)),
            K::PublishMenu => self.bare(|_| Ok(menu(MenuCommand::Publish)))?,
            K::PutStore => to_store(StoreCommand::Put(self.parsed(PutStore::parse)?)),
            K::SetPrice => to_store(self.about(Self::item, SetPrice::parse)?),
            K::SetAvailability => to_store(self.about(Self::item, |body: SetAvailability, item| Ok(body.parse(item)))?),
            K::OpenOrder => {
                let (order, new) = self.parsed(OpenOrder::parse)?;
                to_store(StoreCommand::Order(order, OrderCommand::Open(new)))
            }
            K::AddLines => to_store(self.order(|this| this.parsed(AddLines::parse))?),
            K::ChangeLine => to_store(self.order(|this| this.about(Self::line, ChangeLine::parse))?),
            K::RemoveLine => to_store(self.order(|this| this.bare(Self::line).map(OrderCommand::RemoveLine))?),
            K::ApplyDiscount => {
                to_store(self.order(|this| this.parsed(Discount::parse).map(OrderCommand::ApplyDiscount))?)
            }
            K::RemoveDiscount => {
                to_store(self.order(|this| this.bare(Self::discount).map(OrderCommand::RemoveDiscount))?)
            }
            K::ApplyServiceCharge => {
                to_store(self.order(|this| this.parsed(ServiceCharge::parse).map(OrderCommand::ApplyServiceCharge))?)
            }
            K::RemoveServiceCharge => {
                to_store(self.order(|this| this.bare(Self::charge).map(OrderCommand::RemoveServiceCharge))?)
            }
            K::PlaceOrder => {
                to_store(self.order(|this| this.parsed(|body: Place| Ok(OrderCommand::Place(body.parse()))))?)
            }
            K::CancelOrder => to_store(self.order(|this| this.parsed(|body: Cancel| Ok(body.parse())))?),
            K::CompleteOrder => to_store(self.order(|this| this.bare(|_| Ok(OrderCommand::Complete)))?),
            K::HoldLines => to_store(self.order(|this| this.parsed(HoldLines::parse))?),
            K::FireLines => to_store(self.order(|this| this.parsed(FireLines::parse))?),
            K::SplitCheck => to_store(self.order(|this| this.parsed(SplitCheck::parse))?),
            K::MergeInto => to_store(self.order(|this| this.parsed(|body: MergeInto| Ok(body.parse())))?),
            K::MarkServed => to_store(self.order(|this| this.parsed(MarkServed::parse))?),
            K::VoidLine => to_store(self.order(|this| this.parsed(VoidLine::parse))?),
            K::CompLines => to_store(self.order(|this| this.parsed(Comp::parse))?),
            K::SetTable => to_store(self.order(|this| this.parsed(|body: SetTable| Ok(body.parse())))?),
            K::AssignServer => to_store(self.order(|this| this.parsed(|body: AssignServer| Ok(body.parse())))?),
            K::StartTicket => to_store(self.ticket(|_| Ok(TicketCommand::Start))?),
            K::MarkLineReady => to_store(self.ticket(|this| Ok(TicketCommand::MarkLineReady(this.line()?)))?),
            K::BumpTicket => to_store(self.ticket(|_| Ok(TicketCommand::Bump))?),
            K::RecallTicket => to_store(self.ticket(|_| Ok(TicketCommand::Recall))?),
            K::InitiatePayment => {
                let order = self.order_id.take().map(|order| order.0);
                let (payment, command) = self.parsed(|body: InitiatePayment| body.parse(order))?;
                to_store(StoreCommand::Payment(payment, command))
            }
            K::RecordOutcome => {
                let payment = need(self.payment_id.take(), "payment_id", self.kind.0)?;
                to_store(StoreCommand::Payment(payment, PaymentCommand::RecordOutcome(self.parsed(Outcome::parse)?)))
            }
            K::RequestRefund => {
                let payment = need(self.payment_id.take(), "payment_id", self.kind.0)?;
                to_store(StoreCommand::Payment(payment, self.parsed(RequestRefund::parse)?))
            }
            K::RecordRefundOutcome => {
                let payment = need(self.payment_id.take(), "payment_id", self.kind.0)?;
                to_store(StoreCommand::Payment(payment, self.about(Self::refund, RefundOutcome::parse)?))
            }
            K::CapturePayment => {
                let payment = need(self.payment_id.take(), "payment_id", self.kind.0)?;
                let command = self.bare(|_| Ok(PaymentCommand::Provider(ProviderCommand::Capture)))?;
                to_store(StoreCommand::Payment(payment, command))
            }
            K::VoidPayment => {
                let payment = need(self.payment_id.take(), "payment_id", self.kind.0)?;
                to_store(StoreCommand::Payment(payment, self.parsed(|body: VoidPayment| Ok(body.parse()))?))
            }
            K::AdjustTip => {
                let payment = need(self.payment_id.take(), "payment_id", self.kind.0)?;
                to_store(StoreCommand::Payment(payment, self.parsed(AdjustTip::parse)?))
            }
            K::SetStockPolicy => to_store(StoreCommand::Stock(self.parsed(SetStockPolicy::parse)?)),
            K::ReceiveStock => to_store(StoreCommand::Stock(self.parsed(ReceiveStock::parse)?)),
            K::CountStock => to_store(StoreCommand::Stock(self.parsed(CountStock::parse)?)),
            K::AdjustStock => to_store(StoreCommand::Stock(self.parsed(AdjustStock::parse)?)),
            K::WasteStock => to_store(StoreCommand::Stock(self.parsed(WasteStock::parse)?)),
            K::Mark86 => to_store(StoreCommand::Stock(self.parsed(|body: Mark86| Ok(body.parse()))?)),
            K::OpenShift => to_store(self.drawer(|this| this.parsed(OpenShift::parse))?),
            K::PaidIn => to_store(self.drawer(|this| this.parsed(MoveCash::parse_in))?),
            K::PaidOut => to_store(self.drawer(|this| this.parsed(MoveCash::parse_out))?),
            K::NoSale => to_store(self.drawer(|this| this.parsed(|body: NoSale| Ok(body.parse())))?),
            K::CloseShift => to_store(self.drawer(|this| this.parsed(CloseShift::parse))?),
            K::OpenDay => to_store(StoreCommand::OpenDay { date: self.business_date()? }),
            K::CloseDay => to_store(StoreCommand::CloseDay { date: self.business_date()?, chain: None }),
            K::Unmark86 => to_store(StoreCommand::Stock(self.parsed(|body: Unmark86| Ok(body.parse()))?)),
        })
    }

    /// The order the command is about, and what is to be done with it.
    fn order(
        &mut self,
        command: impl FnOnce(&mut Self) -> Result<OrderCommand, FieldError>,
    ) -> Result<StoreCommand, FieldError> {
        let order = need(self.order_id.take(), "order_id", self.kind.0)?;
        Ok(StoreCommand::Order(order, command(self)?))
    }

    /// The drawer the command is about, and what is to be done with it.
    fn drawer(
        &mut self,
        command: impl FnOnce(&mut Self) -> Result<DrawerCommand, FieldError>,
    ) -> Result<StoreCommand, FieldError> {
        let drawer = need(self.drawer_id.take(), "drawer_id", self.kind.0)?;
        Ok(StoreCommand::Drawer(drawer, command(self)?))
    }

    /// The business date of a command that says no more.
    fn business_date(&mut self) -> Result<domain::calendar::Date, FieldError> {
        self.bare(|this| need(this.business_date.take(), "business_date", this.kind.0))
    }

    /// The ticket the command is about, and what is to be done with it.
    fn ticket(
        &mut self,
        command: impl FnOnce(&mut Self) -> Result<TicketCommand, FieldError>,
    ) -> Result<StoreCommand, FieldError> {
        let ticket = need(self.ticket_id.take(), "ticket_id", self.kind.0)?;
        Ok(StoreCommand::Ticket(ticket, self.bare(command)?))
    }

    fn line(&mut self) -> Result<LineId, FieldError> {
        need(self.line_id.take(), "line_id", self.kind.0)
    }

    fn discount(&mut self) -> Result<DiscountId, FieldError> {
        need(self.discount_id.take(), "discount_id", self.kind.0)
    }

    fn charge(&mut self) -> Result<ChargeId, FieldError> {
        need(self.charge_id.take(), "charge_id", self.kind.0)
    }

    fn refund(&mut self) -> Result<RefundId, FieldError> {
        need(self.refund_id.take(), "refund_id", self.kind.0)
    }

    fn item(&mut self) -> Result<ItemId, FieldError> {
        need(self.item_id.take(), "item_id", self.kind.0)
    }

    fn group(&mut self) -> Result<GroupId, FieldError> {
        need(self.group_id.take(), "group_id", self.kind.0)
    }

    fn tax(&mut self) -> Result<TaxId, FieldError> {
        need(self.tax_id.take(), "tax_id", self.kind.0)
    }

    /// Reads the body and parses it.
    fn parsed<T: DeserializeOwned, U>(
        &mut self,
        parse: impl FnOnce(T) -> Result<U, FieldError>,
    ) -> Result<U, FieldError> {
        let body = self.body.take();
        let bytes = body.as_ref().map_or("", |body| body.get()).as_bytes();
        let body = parse_body(bytes).map_err(|error| match error {
            BodyError::Field(error) => error,
            // The request was JSON, so its parts are; this is for the next reader's peace.
            BodyError::Syntax { problem, .. } => FieldError::new("", problem),
        });
        body.and_then(parse).map_err(|error| error.under("/body"))
    }

    /// Reads the body and parses it for what it is about.
    fn about<T: DeserializeOwned, I, U>(
        &mut self,
        id: impl FnOnce(&mut Self) -> Result<I, FieldError>,
        parse: impl FnOnce(T, I) -> Result<U, FieldError>,
    ) -> Result<U, FieldError> {
        let id = id(self)?;
        self.parsed(|body| parse(body, id))
    }

    /// A command that has no body.
    fn bare<U>(&mut self, command: impl FnOnce(&mut Self) -> Result<U, FieldError>) -> Result<U, FieldError> {
        self.parsed(|NoBody {}| Ok(()))?;
        command(self)
    }

    /// A target the command is not about is a mistake, and perhaps one of the type.
    fn nothing_left(&self) -> Result<(), FieldError> {
        let left = [
            ("order_id", self.order_id.is_some()),
            ("line_id", self.line_id.is_some()),
            ("discount_id", self.discount_id.is_some()),
            ("charge_id", self.charge_id.is_some()),
            ("payment_id", self.payment_id.is_some()),
            ("refund_id", self.refund_id.is_some()),
            ("drawer_id", self.drawer_id.is_some()),
            ("business_date", self.business_date.is_some()),
            ("ticket_id", self.ticket_id.is_some()),
            ("item_id", self.item_id.is_some()),
            ("group_id", self.group_id.is_some()),
            ("tax_id", self.tax_id.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some((field, _)) => {
                let kind = name_of(self.kind.0);
                Err(FieldError::new(format!("/{field}"), format!("is not for {kind} beside its body; leave it out")))
            }
            None => Ok(()),
        }
    }
}

/// Whether a device can have kept a command while it was away: what is set up is not done on the floor.
/// Whether it is a payment that does not say in any way how much was taken.
fn says_no_amount(command: &Command) -> bool {
    let Command::Store(_, StoreCommand::Payment(_, command)) = command else { return false };
    matches!(command, PaymentCommand::Initiate { amount: None, expected_total: None, .. })
}

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

/// A target the command cannot do without.
fn need<T>(target: Option<Wire<T>>, field: &str, kind: CommandKind) -> Result<T, FieldError> {
    match target {
        Some(Wire(target)) => Ok(target),
        None => Err(FieldError::new(format!("/{field}"), format!("is required for {}", name_of(kind)))),
    }
}
