//! Commands: requests to change something. They are parsed at the door; what is left to refuse is the trade's business.

use crate::calendar::{LocalDateTime, Timestamp};
use crate::event::{CancelReason, Channel, DiningMode, DiscountScope, PayMode, Rate, Role, StockPolicy, Tender};
use crate::ids::{
    ChargeId, CustomerRef, DiscountId, GroupId, ItemId, LineId, ModifierId, OrderId, PaymentId, Sku, StoreId, TableId,
    TaxId, TerminalId, Text, TokenId, VariationId,
};
use crate::menu::{Item, ModifierGroup, Tax};
use crate::money::{Currency, Money, QtyMilli};
use crate::store::Settings;

/// A command with its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To the tenant's menu.
    Menu(MenuCommand),
    /// To the tenant's credentials.
    Access(AccessCommand),
    /// To a store.
    Store(StoreId, StoreCommand),
}

/// A command to a tenant's menu. All but publishing change the draft only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuCommand {
    /// Creates or changes an item.
    UpsertItem(Item),
    /// Takes an item off the draft.
    RetireItem(ItemId),
    /// Creates or changes a modifier group.
    UpsertModifierGroup(ModifierGroup),
    /// Creates or changes a tax.
    UpsertTax(Tax),
    /// Makes the draft the next version.
    Publish,
}

/// A command to a tenant's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessCommand {
    /// Lets a new token in.
    IssueToken {
        /// The token.
        token: TokenId,
        /// What it may do.
        role: Role,
        /// What it is for.
        label: Text,
        /// SHA-256 of its secret.
        secret_sha256: [u8; 32],
    },
    /// Stops a token.
    RevokeToken(TokenId),
}

/// A command to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreCommand {
    /// Creates the store or changes its settings.
    Put(Settings),
    /// Sells from a published version (issued by the engine after a publication).
    AdoptMenu {
        /// The version.
        version: u32,
    },
    /// Sets or ends the store's own price of an item.
    SetPrice {
        /// The item.
        item: ItemId,
        /// The variation, where the item has some.
        variation: Option<VariationId>,
        /// The price of one unit; `None` goes back to the list price.
        price: Option<Money>,
    },
    /// Starts or stops selling an item.
    SetAvailability {
        /// The item.
        item: ItemId,
        /// Whether it is sold.
        available: bool,
    },
    /// To an order.
    Order(OrderId, OrderCommand),
    /// To a payment.
    Payment(PaymentId, PaymentCommand),
    /// To the stock.
    Stock(StockCommand),
}

/// A line a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Its id, unique in the order.
    pub line: LineId,
    /// The item.
    pub item: ItemId,
    /// The variation, where the item has some.
    pub variation: Option<VariationId>,
    /// How much, more than nothing.
    pub qty: QtyMilli,
    /// The choices.
    pub modifiers: Vec<NewModifier>,
    /// The price of one unit of an open-price item.
    pub open_price: Option<Money>,
    /// The seat it is for.
    pub seat: Option<u16>,
    /// The course it belongs to.
    pub course: Option<u16>,
    /// A wish of the guest.
    pub note: Option<Text>,
}

/// A choice from a modifier group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewModifier {
    /// The group.
    pub group: GroupId,
    /// The modifier.
    pub modifier: ModifierId,
    /// How many per unit, at least one.
    pub qty: u16,
}

/// An order a client opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Where it comes from.
    pub channel: Channel,
    /// How the guest eats.
    pub dining_mode: DiningMode,
    /// When the guest pays.
    pub pay_mode: PayMode,
    /// The table.
    pub table: Option<TableId>,
    /// How many guests.
    pub guests: u16,
    /// The customer, by reference.
    pub customer_ref: Option<CustomerRef>,
    /// The currency the client thinks in; refused where it is not the store's.
    pub currency: Option<Currency>,
    /// What was called out, for orders recorded after the fact (`#` and the order's id where nobody knows); the engine
    /// counts for the others.
    pub display_number: Option<Text>,
    /// Its first lines.
    pub lines: Vec<NewLine>,
    /// Its first discounts.
    pub discounts: Vec<NewDiscount>,
    /// Its first service charges.
    pub service_charges: Vec<NewServiceCharge>,
    /// Whether it is placed in the same commit.
    pub place: Option<Place>,
}

/// Placing an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The total the guest was shown; refused where the engine's is another.
    pub expected_total: Option<Money>,
}

/// A discount a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDiscount {
    /// Its id, unique in the order.
    pub discount: DiscountId,
    /// What it applies to.
    pub scope: DiscountScope,
    /// How much.
    pub rate: Rate,
    /// Why.
    pub reason: Text,
}

/// A service charge a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewServiceCharge {
    /// Its id, unique in the order.
    pub charge: ChargeId,
    /// What the receipt says.
    pub name: Text,
    /// How much.
    pub rate: Rate,
    /// When it is computed.
    pub phase: NewChargePhase,
}

/// When a service charge is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewChargePhase {
    /// Before tax, on the sum of the lines.
    Subtotal {
        /// On the sum before discounts.
        pre_discount: bool,
        /// The taxes on the charge itself, by id.
        taxes: Vec<TaxId>,
    },
    /// After tax, untaxed.
    Total,
}

/// A command to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderCommand {
    /// Opens it, and with `place` also places it, in one commit.
    Open(NewOrder),
    /// Adds lines.
    AddLines(Vec<NewLine>),
    /// Changes a line's quantity.
    ChangeLineQty {
        /// The line.
        line: LineId,
        /// The new quantity.
        qty: QtyMilli,
    },
    /// Removes a line.
    RemoveLine(LineId),
    /// Applies a discount.
    ApplyDiscount(NewDiscount),
    /// Removes a discount.
    RemoveDiscount(DiscountId),
    /// Applies a service charge.
    ApplyServiceCharge(NewServiceCharge),
    /// Removes a service charge.
    RemoveServiceCharge(ChargeId),
    /// Places it: recognises the sale and reserves the stock.
    Place(Place),
    /// Cancels it.
    Cancel {
        /// Why.
        reason: CancelReason,
    },
    /// Settles it.
    Complete,
    /// Cancels it because nobody paid in time (issued by the engine at the deadline).
    TimeOut {
        /// The deadline that passed.
        deadline: Timestamp,
    },
}

/// A command to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentCommand {
    /// Starts an attempt; cash is captured at once.
    Initiate {
        /// The order.
        order: OrderId,
        /// What is to count towards the order; `None` is all that is due.
        amount: Option<Money>,
        /// The tip on top.
        tip: Money,
        /// How it is paid.
        method: Method,
        /// The order's total the guest was shown; refused where it is another.
        expected_total: Option<Money>,
    },
    /// What became of an attempt outside the drawer.
    RecordOutcome(Outcome),
    /// Ends an attempt that stayed unanswered (issued by the engine at the deadline).
    Expire {
        /// The deadline that passed.
        deadline: Timestamp,
    },
}

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Cash.
    Cash {
        /// What the guest hands over; `None` is the exact sum.
        tendered: Option<Money>,
    },
    /// Anything else; its outcome comes later.
    External(crate::ids::TenderId),
}

impl Method {
    /// The tender without the amounts.
    pub fn tender(self) -> Tender {
        match self {
            Method::Cash { .. } => Tender::Cash,
            Method::External(tender) => Tender::External(tender),
        }
    }
}

/// What became of an attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Money moved.
    Captured {
        /// How much with the tip, where the message says so; another sum than asked for is flagged.
        amount: Option<Money>,
    },
    /// No money moved.
    Failed {
        /// The terminal's or provider's code.
        code: Text,
    },
}

/// A command to a store's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockCommand {
    /// Says how a stock item is kept.
    SetPolicy {
        /// The stock item.
        sku: Sku,
        /// How.
        policy: StockPolicy,
    },
    /// Books units that came in.
    Receive {
        /// The stock item.
        sku: Sku,
        /// How much, more than nothing.
        qty: QtyMilli,
        /// The delivery note or the like.
        reference: Option<Text>,
    },
    /// Books what somebody counted.
    Count {
        /// The stock item.
        sku: Sku,
        /// What is on the shelf, reserved units included.
        counted: QtyMilli,
    },
    /// Corrects the books.
    Adjust {
        /// The stock item.
        sku: Sku,
        /// By how much, either way.
        delta: QtyMilli,
        /// Why.
        reason: Text,
    },
    /// Books units thrown away.
    Waste {
        /// The stock item.
        sku: Sku,
        /// How much, more than nothing.
        qty: QtyMilli,
        /// Why.
        reason: Text,
    },
    /// Marks a stock item sold out.
    Mark86 {
        /// The stock item.
        sku: Sku,
        /// When the mark ends by itself.
        until: Option<Timestamp>,
    },
    /// Sells it again; refused where it was marked by itself and still nothing is available.
    Unmark86(Sku),
    /// Sells it again because the mark's time has come (issued by the engine).
    EndMark86 {
        /// The stock item.
        sku: Sku,
        /// When the mark was to end.
        until: Timestamp,
    },
}

/// How a command reached the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// As it happened.
    Online,
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
    /// When it was sold by the store's wall clock: of `now` for online commands, of the file's time for imported ones.
    pub local: LocalDateTime,
    /// How the command came.
    pub source: Source,
    /// The device it came from.
    pub terminal: Option<TerminalId>,
}
