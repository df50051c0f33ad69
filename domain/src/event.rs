//! Events: immutable facts in the past tense, each in exactly one stream.
//!
//! An event carries what a reader needs to understand it alone: names, prices and taxes as they were, not references.

use crate::calendar::{Date, LocalDateTime, Timestamp};
use crate::ids::{
    ChargeId, CustomerRef, DiscountId, GroupId, ItemId, LineId, ModifierId, OrderId, PaymentId, Sku, TableId, TenderId,
    Text, TokenId, VariationId,
};
use crate::menu::{Item, ModifierGroup, Tax};
use crate::money::{Currency, Money, Ppm, QtyMilli};
use crate::pricing::{PriceRules, TaxRate, Totals};
use crate::store::Settings;

/// A fact, with the entity it is about where its stream holds one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// In `menu-<tenant>`.
    Menu(MenuEvent),
    /// In `access-<tenant>`.
    Access(AccessEvent),
    /// In `store-<tenant>.<store>`.
    Store(StoreEvent),
    /// In `storemenu-<tenant>.<store>`.
    StoreMenu(StoreMenuEvent),
    /// In `order-<tenant>.<store>.<order>`.
    Order(OrderId, OrderEvent),
    /// In `payment-<tenant>.<store>.<payment>`.
    Payment(PaymentId, PaymentEvent),
    /// In `stock-<tenant>.<store>`.
    Stock(StockEvent),
}

/// What happened to a tenant's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuEvent {
    /// An item was created or changed, in the draft.
    ItemUpserted(Item),
    /// An item left the draft.
    ItemRetired {
        /// The item.
        item: ItemId,
    },
    /// A modifier group was created or changed, in the draft.
    ModifierGroupUpserted(ModifierGroup),
    /// A tax was created or changed, in the draft.
    TaxUpserted(Tax),
    /// The draft became a version that stores may adopt.
    MenuPublished {
        /// The version: 1, 2, 3, ...
        version: u32,
        /// [`crate::menu::Menu::content_hash`] of it.
        content_hash: u64,
    },
}

/// What a token may do. The gateway's table says which role may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, and issuing tokens.
    Admin,
    /// Runs stores: menu, stock, settings, imports.
    Manager,
    /// A till.
    Pos,
    /// A kitchen screen.
    Kitchen,
    /// Reads reports and the feed.
    Analyst,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] = [Role::Admin, Role::Manager, Role::Pos, Role::Kitchen, Role::Analyst, Role::Auditor];
}

/// What happened to a tenant's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEvent {
    /// A token was issued; its secret is stored as a hash only.
    TokenIssued {
        /// The token.
        token: TokenId,
        /// What it may do.
        role: Role,
        /// What it is for, in a person's words.
        label: Text,
        /// SHA-256 of the secret.
        secret_sha256: [u8; 32],
    },
    /// A token stopped working.
    TokenRevoked {
        /// The token.
        token: TokenId,
    },
}

/// What happened to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// The store exists.
    StoreOpened(Settings),
    /// Its settings changed.
    StoreSettingsChanged(Settings),
}

/// What a store sells and for how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreMenuEvent {
    /// The store sells from this version of the menu.
    MenuAdopted {
        /// The version.
        version: u32,
    },
    /// The store's own price for an item, or the end of one.
    StorePriceSet {
        /// The item.
        item: ItemId,
        /// The variation, where the item has some.
        variation: Option<VariationId>,
        /// The price of one unit; `None` goes back to the list price.
        price: Option<Money>,
    },
    /// The store started or stopped selling an item.
    StoreAvailabilitySet {
        /// The item.
        item: ItemId,
        /// Whether it is sold.
        available: bool,
    },
}

/// Where an order came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A till in the store.
    Pos,
    /// A kiosk.
    Kiosk,
    /// The chain's own web shop or app.
    Online,
    /// A delivery platform.
    Delivery,
    /// A telephone.
    Phone,
}

/// How the guest eats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiningMode {
    /// In the restaurant.
    DineIn,
    /// Taken away by the guest.
    TakeAway,
    /// Delivered.
    Delivery,
}

/// When the guest pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayMode {
    /// Before it is prepared: an order that stays unpaid is cancelled at its deadline.
    First,
    /// At the end (tables).
    Later,
}

/// Why an order was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// Nobody paid in time.
    PaymentTimeout,
    /// Somebody said so, in these words.
    Requested(Text),
}

/// A modifier on a line, with its name and price as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineModifier {
    /// The group it was chosen from.
    pub group: GroupId,
    /// The modifier.
    pub modifier: ModifierId,
    /// Its name.
    pub name: Text,
    /// What one adds to the price of a unit.
    pub unit_price: Money,
    /// How many per unit.
    pub qty: u16,
}

/// A line of an order, with names, prices and taxes as they were when it was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id, unique in the order.
    pub line: LineId,
    /// The item.
    pub item: ItemId,
    /// The item's name.
    pub name: Text,
    /// The item's category.
    pub category: Option<Text>,
    /// The variation and its name.
    pub variation: Option<(VariationId, Text)>,
    /// How much.
    pub qty: QtyMilli,
    /// The price of one unit before modifiers.
    pub unit_base: Money,
    /// The modifiers.
    pub modifiers: Vec<LineModifier>,
    /// The price of one unit with modifiers.
    pub unit: Money,
    /// The taxes on it.
    pub taxes: Vec<TaxRate>,
    /// The stock item one unit takes.
    pub sku: Option<Sku>,
    /// The menu version it was priced from.
    pub menu_version: u32,
    /// The seat it is for.
    pub seat: Option<u16>,
    /// The course it belongs to.
    pub course: Option<u16>,
    /// A wish of the guest.
    pub note: Option<Text>,
}

/// How much a discount or a charge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// A share.
    Percent(Ppm),
    /// A fixed amount.
    Amount(Money),
}

/// What a discount applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscountScope {
    /// The whole order.
    Order,
    /// These lines.
    Lines(Vec<LineId>),
}

/// A discount on an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// Its id, unique in the order.
    pub discount: DiscountId,
    /// What it applies to.
    pub scope: DiscountScope,
    /// How much.
    pub rate: Rate,
    /// Why, in a person's words.
    pub reason: Text,
}

/// When a service charge is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargePhase {
    /// Before tax, on the sum of the lines.
    Subtotal {
        /// On the sum before discounts.
        pre_discount: bool,
        /// The taxes on the charge itself.
        taxes: Vec<TaxRate>,
    },
    /// After tax, untaxed.
    Total,
}

/// A service charge on an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCharge {
    /// Its id, unique in the order.
    pub charge: ChargeId,
    /// What the receipt says.
    pub name: Text,
    /// How much.
    pub rate: Rate,
    /// When it is computed.
    pub phase: ChargePhase,
}

/// What is fixed when an order is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Where it came from.
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
    /// The currency of everything in the order.
    pub currency: Currency,
    /// What is called out: unique in the store and business date.
    pub display_number: Text,
    /// The business date it counts for.
    pub business_date: Date,
    /// The store's wall clock when it was opened.
    pub opened_local: LocalDateTime,
    /// The IANA name of the store's time zone.
    pub time_zone: Text,
    /// How its amounts are rounded.
    pub rules: PriceRules,
    /// Whether it was recorded after the fact from a file.
    pub imported: bool,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// The order exists.
    OrderOpened(Opening),
    /// A line was added.
    LineAdded(Line),
    /// A line's quantity changed.
    LineQtyChanged {
        /// The line.
        line: LineId,
        /// The new quantity.
        qty: QtyMilli,
    },
    /// A line was removed.
    LineRemoved {
        /// The line.
        line: LineId,
    },
    /// A discount was applied.
    DiscountApplied(Discount),
    /// A discount was removed.
    DiscountRemoved {
        /// The discount.
        discount: DiscountId,
    },
    /// A service charge was applied.
    ServiceChargeApplied(ServiceCharge),
    /// A service charge was removed.
    ServiceChargeRemoved {
        /// The charge.
        charge: ChargeId,
    },
    /// The guest ordered: the sale is recognised.
    OrderPlaced {
        /// The amounts, line by line.
        totals: Totals,
        /// When an unpaid order is cancelled.
        deadline: Option<Timestamp>,
    },
    /// A placed order's amounts changed.
    OrderRepriced {
        /// The amounts, line by line.
        totals: Totals,
    },
    /// Captured money counts towards the order.
    PaymentApplied {
        /// The payment.
        payment: PaymentId,
        /// How it was paid.
        tender: Tender,
        /// What counts towards what is due.
        amount: Money,
        /// The tip, outside the order's total.
        tip: Money,
    },
    /// Captured money the order cannot take: it is to be refunded.
    PaymentNotApplicable {
        /// The payment.
        payment: PaymentId,
        /// How it was paid.
        tender: Tender,
        /// What could not be applied.
        unapplied: Money,
        /// Why not.
        why: NotApplicable,
    },
    /// The order was cancelled.
    OrderCancelled {
        /// Why.
        reason: CancelReason,
    },
    /// The order is settled.
    OrderCompleted {
        /// What it came to.
        total: Money,
    },
}

/// Why captured money could not be applied to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotApplicable {
    /// The order was cancelled.
    OrderCancelled,
    /// The order was fully paid already, or by part of this payment.
    NothingDue,
}

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tender {
    /// Cash in the drawer: captured at once.
    Cash,
    /// Anything else, by its name: a terminal, a voucher, an import.
    External(TenderId),
}

impl Tender {
    /// The tender's name: `cash`, or the external one's.
    pub fn as_str(&self) -> &str {
        match self {
            Tender::Cash => "cash",
            Tender::External(tender) => tender.as_str(),
        }
    }
}

/// What happened to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    /// An attempt to pay started.
    PaymentInitiated {
        /// The order it is for.
        order: OrderId,
        /// How.
        tender: Tender,
        /// What is to count towards the order.
        amount: Money,
        /// The tip on top.
        tip: Money,
        /// The currency.
        currency: Currency,
        /// When the attempt ends unanswered.
        deadline: Option<Timestamp>,
    },
    /// Money moved.
    PaymentCaptured {
        /// What counts towards the order.
        amount: Money,
        /// The tip.
        tip: Money,
        /// Cash handed over.
        tendered: Option<Money>,
        /// Cash given back.
        change: Option<Money>,
    },
    /// The attempt failed.
    PaymentFailed {
        /// The terminal's or provider's code.
        code: Text,
    },
    /// The attempt ended unanswered.
    PaymentExpired,
    /// A person has to look at it.
    PaymentFlagged {
        /// Why.
        why: Flag,
    },
    /// A message that came too late to change anything was kept.
    PaymentOutcomeIgnored {
        /// What the message said.
        outcome: IgnoredOutcome,
    },
}

/// Why a payment needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Money moved after the attempt had failed or expired.
    LateCapture,
    /// Money moved for an order that could not take all of it.
    NotApplicable,
    /// Another amount moved than was asked for; it does not count as paid.
    AmountDiffers {
        /// What was asked for, with the tip.
        requested: Money,
        /// What moved.
        captured: Money,
    },
}

/// A message about a payment that changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredOutcome {
    /// A failure after the capture.
    Failed,
    /// A capture after the capture.
    Captured,
}

/// How a stock item is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockPolicy {
    /// Not counted: never refused, never reserved.
    Untracked,
    /// Counted.
    Counted {
        /// Whether it is marked sold out by itself when nothing is available.
        auto86: bool,
    },
}

/// Units reserved for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservedLine {
    /// The line.
    pub line: LineId,
    /// The stock item.
    pub sku: Sku,
    /// How much.
    pub qty: QtyMilli,
}

/// Why a reservation was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseReason {
    /// The order was cancelled.
    OrderCancelled,
    /// The order was not paid in time.
    PaymentTimeout,
    /// The line was removed or reduced.
    LineChanged,
}

/// What happened to a store's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockEvent {
    /// How a stock item is kept.
    StockPolicySet {
        /// The stock item.
        sku: Sku,
        /// How.
        policy: StockPolicy,
    },
    /// Units came in.
    StockReceived {
        /// The stock item.
        sku: Sku,
        /// How much.
        qty: QtyMilli,
        /// The delivery note or the like.
        reference: Option<Text>,
    },
    /// Somebody counted.
    StockCounted {
        /// The stock item.
        sku: Sku,
        /// What is on the shelf.
        counted: QtyMilli,
        /// Counted minus what the books said.
        delta: QtyMilli,
    },
    /// The books were corrected.
    StockAdjusted {
        /// The stock item.
        sku: Sku,
        /// By how much, either way.
        delta: QtyMilli,
        /// Why.
        reason: Text,
    },
    /// Units were thrown away.
    StockWasted {
        /// The stock item.
        sku: Sku,
        /// How much.
        qty: QtyMilli,
        /// Why.
        reason: Text,
    },
    /// The stock item is sold out ("86").
    ItemMarked86 {
        /// The stock item.
        sku: Sku,
        /// When the mark ends by itself.
        until: Option<Timestamp>,
        /// Whether it was marked because nothing was available.
        auto: bool,
    },
    /// The stock item is sold again.
    ItemUnmarked86 {
        /// The stock item.
        sku: Sku,
    },
    /// Units were set aside for an order.
    StockReserved {
        /// The order.
        order: OrderId,
        /// What for.
        lines: Vec<ReservedLine>,
    },
    /// Everything reserved for an order left the shelf.
    StockCommitted {
        /// The order.
        order: OrderId,
        /// What left.
        lines: Vec<ReservedLine>,
    },
    /// Units reserved for an order are available again.
    StockReleased {
        /// The order.
        order: OrderId,
        /// What came back.
        lines: Vec<ReservedLine>,
        /// Why.
        why: ReleaseReason,
    },
}
