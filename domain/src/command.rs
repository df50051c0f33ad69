//! Commands: requests to change something. They are parsed at the door; what is left to refuse is the trade's business.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::{Date, LocalDateTime, Timestamp};
use crate::event::{Activity, ChainHead, Entity};
use crate::ids::{
    ActorId, DeviceId, DrawerId, ItemId, OrderId, PaymentId, StoreId, TaxId, TerminalId, Text, TicketId, TokenId,
    VariationId,
};
use crate::menu::{Daypart, Item, ModifierGroup, Tax};
use crate::money::{Money, Ppm};
use crate::settings::Settings;
use crate::staff::Rights;
use crate::terminal::Offline;

mod access;
mod drawer;
mod menu;
mod order;
mod payment;
mod provider;
mod stock;
mod terminal;
mod ticket;

pub use access::{Issued, NewDevice, NewSession, NewToken, Proof};
pub use drawer::DrawerCommand;
pub use menu::{ItemChange, ModifierChange, ModifierGroupChange, StockLink, VariationChange};
pub use order::{
    Edit, Fire, LineChange, NewChargePhase, NewComp, NewDiscount, NewLine, NewModifier, NewOrder, NewPrice,
    NewServiceCharge, OrderCommand, Place,
};
pub use payment::{
    Charges, Method, NewPay, NewRefund, Outcome, PaidBy, PaymentCommand, RefundLine, RefundOf, RefundOutcome, Review,
};
pub use provider::ProviderCommand;
pub use stock::StockCommand;
pub use terminal::TerminalCommand;
pub use ticket::TicketCommand;

/// A command with its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Menu(MenuCommand),
    Access(AccessCommand),
    Store(StoreId, StoreCommand),
}

/// A command to a tenant's menu. All but publishing change the draft only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuCommand {
    /// Creates or changes an item. A link to a stock item that is not named stays as it is.
    UpsertItem(Item),
    /// The same, and cuts these links.
    UnlinkItem {
        item: Item,
        links: Vec<StockLink>,
    },
    /// Changes what is named of an item, and nothing else.
    ChangeItem(ItemChange),
    /// Takes an item off the draft.
    RetireItem(ItemId),
    /// Creates or changes a modifier group.
    UpsertModifierGroup(ModifierGroup),
    /// Changes what is named of a modifier group, and nothing else.
    ChangeModifierGroup(ModifierGroupChange),
    UpsertTax(Tax),
    UpsertDaypart(Daypart),
    /// Changes what is named of a tax, and nothing else.
    ChangeTax {
        tax: TaxId,
        name: Option<Text>,
        rate: Option<Ppm>,
    },
    /// Makes the draft the next version.
    Publish,
}

/// A command to a tenant's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessCommand {
    IssueToken(NewToken),
    RevokeToken {
        token: TokenId,
        /// What becomes of what was issued with it; that has to be said of an admin's.
        issued: Option<Issued>,
    },
    /// Lets a device in that is to be a store's terminal, until it has come or the time is up.
    AddDevice(NewDevice),
    /// The device has come, with the code it was let in with; what it goes on with.
    EnrolDevice {
        device: DeviceId,
        code_sha256: [u8; 32],
        token: TokenId,
        secret_sha256: [u8; 32],
    },
    /// Removes a device: its token stops, and its terminal has no device any more.
    RemoveDevice {
        device: DeviceId,
        /// The stores whose devices may be taken out, which the door says by who asks; all where nothing is said.
        within: Option<Vec<StoreId>>,
    },
    /// Says what a member of staff may approve.
    PutStaff {
        staff: ActorId,
        /// What they may approve; nothing for one who left.
        rights: Rights,
        /// Up to which share they give discounts alone; `None` takes the store's.
        discount_limit: Option<Ppm>,
    },
    /// Keeps what credentials did, summed up; who sends it bounds how much of it there is.
    RecordActivity(Vec<Activity>),
    /// Gives a member of staff a PIN; the sessions that were opened before end.
    SetPin {
        staff: ActorId,
        salt: [u8; 32],
        argon2id: [u8; 32],
        /// Who sets it.
        by: ActorId,
    },
    /// Deletes the keys that texts are sealed with: of a customer, by a keyed hash of the reference, or of an order.
    EraseTexts {
        customer: Option<u128>,
        store: Option<StoreId>,
        order: Option<OrderId>,
    },
    /// Takes a member of staff out, with their PIN and their sessions.
    RemoveStaff {
        staff: ActorId,
    },
    /// Somebody shows a PIN on a device, as it was compared with this.
    ShowPin {
        staff: ActorId,
        device: DeviceId,
        argon2id: [u8; 32],
        is_right: bool,
    },
    /// Signs somebody in, or counts that somebody tried.
    OpenSession(Box<NewSession>),
}

/// A command to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreCommand {
    /// Creates the store or changes its settings.
    Put(Settings),
    /// Sells from a published version (issued by the engine after a publication).
    AdoptMenu {
        version: u32,
    },
    /// Sets or ends the store's own price of an item.
    SetPrice {
        item: ItemId,
        /// The variation, where the item has some.
        variation: Option<VariationId>,
        /// The price of one unit; `None` goes back to the list price.
        price: Option<Money>,
    },
    /// Starts or stops selling an item.
    SetAvailability {
        item: ItemId,
        available: bool,
    },
    Order(OrderId, OrderCommand),
    Payment(PaymentId, PaymentCommand),
    Stock(StockCommand),
    Drawer(DrawerId, DrawerCommand),
    OpenDay {
        date: Date,
    },
    CloseDay {
        date: Date,
        /// Where the chain of the store's history stands, as far as the door knows: it is no part of what is asked, and a
        /// repeat may bring another.
        chain: Option<ChainHead>,
    },
    Ticket(TicketId, TicketCommand),
    /// To what is known of a terminal.
    Terminal(TerminalId, TerminalCommand),
}

impl StoreCommand {
    /// The order and the payment it names.
    pub fn names(&self) -> (Option<OrderId>, Option<PaymentId>) {
        match self {
            StoreCommand::Order(order, OrderCommand::Open(NewOrder { pay: Some(pay), .. })) => {
                (Some(*order), Some(pay.payment))
            }
            StoreCommand::Order(order, _) => (Some(*order), None),
            StoreCommand::Payment(payment, PaymentCommand::Initiate { order, .. }) => (Some(*order), Some(*payment)),
            StoreCommand::Payment(payment, _) => (None, Some(*payment)),
            StoreCommand::Put(_)
            | StoreCommand::AdoptMenu { .. }
            | StoreCommand::SetPrice { .. }
            | StoreCommand::SetAvailability { .. }
            | StoreCommand::Stock(_)
            | StoreCommand::Drawer(..)
            | StoreCommand::OpenDay { .. }
            | StoreCommand::CloseDay { .. }
            | StoreCommand::Ticket(..)
            | StoreCommand::Terminal(..) => (None, None),
        }
    }

    /// The entities that have to be in memory to decide it.
    pub fn entities(&self) -> [Option<Entity>; 2] {
        match self {
            // One that is to go into itself is refused, and read once.
            StoreCommand::Order(order, OrderCommand::MergeInto(target)) => {
                [Some(Entity::Order(*order)), Some(Entity::Order(*target)).filter(|_| target != order)]
            }
            StoreCommand::Ticket(ticket, _) => [Some(Entity::Ticket(*ticket)), None],
            command => {
                let (order, payment) = command.names();
                [payment.map(Entity::Payment), order.map(Entity::Order)]
            }
        }
    }
}

/// How a command reached the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// As it happened.
    Online,
    /// Kept by a terminal that was away and sent later: what it describes has happened, so it is not refused for what has
    /// changed since.
    Offline,
    /// Recorded after the fact from a file: times and numbers are the file's.
    Imported,
    /// Issued by the engine itself: a deadline, a publication.
    Engine,
}

/// What a decision may know besides the state: stamped by the engine when it takes the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The engine's time; never goes back.
    pub now: Timestamp,
    /// When it was sold by the store's wall clock: of `now` for online commands, of the terminal's or the file's time for
    /// offline and imported ones.
    pub local: LocalDateTime,
    pub source: Source,
    pub terminal: Option<TerminalId>,
    pub actor: ActorId,
    /// Who approves, where somebody has to.
    pub approver: Option<ActorId>,
    /// What an offline command is decided by besides; nothing for others.
    pub offline: Offline,
}

impl Context {
    /// Whether what the command describes has happened already, so that it is recorded and not refused.
    pub fn is_offline(&self) -> bool {
        self.source == Source::Offline
    }
}
