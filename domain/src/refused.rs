//! Why a command was refused. A refusal is an answer with the facts a till needs to tell the guest, not a failure.

use crate::calendar::Date;
use crate::check::CheckId;
use crate::event::Role;
use crate::ids::{
    AccountId, ActorId, ChargeId, DiscountId, DrawerId, GroupId, Id, ItemId, LineId, ModifierId, OrderId, PaymentId,
    RefundId, Revision, Sku, TaxId, Text, TicketId, TokenId, VariationId,
};
use crate::money::{Currency, Money, QtyMilli};
use crate::staff::Right;

pub use crate::event::Closed;

/// A stock item an order asks for and cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The stock item.
    pub sku: Sku,
    /// What the order asks for, over all its lines.
    pub wanted: QtyMilli,
    /// What is available.
    pub available: QtyMilli,
    /// Whether it is marked sold out.
    pub marked_86: bool,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The tenant has no such store.
    UnknownStore,
    /// The store's currency cannot change once it has taken orders.
    CurrencyFixed {
        /// The store's currency.
        currency: Currency,
    },
    /// The named stream is at another revision than the client thinks.
    RevisionMismatch {
        /// Where it is; `None` where it does not exist yet.
        current: Option<Revision>,
    },
    /// The store has not adopted a menu yet: publish one.
    NoMenu,
    /// The menu has no such version.
    UnknownMenuVersion {
        /// The version asked for.
        version: u32,
    },
    /// The menu has no such item.
    UnknownItem {
        /// The item.
        item: ItemId,
    },
    /// The store does not sell the item at the moment.
    ItemUnavailable {
        /// The item.
        item: ItemId,
    },
    /// The item has no such variation.
    UnknownVariation {
        /// The item.
        item: ItemId,
        /// The variation.
        variation: VariationId,
    },
    /// The item has variations and the line names none.
    VariationRequired {
        /// The item.
        item: ItemId,
    },
    /// The item has no such modifier group.
    UnknownModifierGroup {
        /// The item.
        item: ItemId,
        /// The group.
        group: GroupId,
    },
    /// The group has no such modifier.
    UnknownModifier {
        /// The group.
        group: GroupId,
        /// The modifier.
        modifier: ModifierId,
    },
    /// Too few selections from a group.
    ModifierMinNotMet {
        /// The line.
        line: LineId,
        /// The group.
        group: GroupId,
        /// The fewest allowed.
        min: u16,
        /// What was selected.
        selected: u32,
    },
    /// Too many selections from a group.
    ModifierMaxExceeded {
        /// The line.
        line: LineId,
        /// The group.
        group: GroupId,
        /// The most allowed.
        max: u16,
        /// What was selected.
        selected: u32,
    },
    /// The group allows each modifier once only.
    ModifierQtyNotAllowed {
        /// The line.
        line: LineId,
        /// The modifier.
        modifier: ModifierId,
    },
    /// The item's price comes with the line, and the line has none.
    PriceRequired {
        /// The item.
        item: ItemId,
    },
    /// The item has a list price, so a line may not bring its own.
    PriceNotOpen {
        /// The item.
        item: ItemId,
    },
    /// The unit price with modifiers is below zero.
    NegativePrice {
        /// The line.
        line: LineId,
    },
    /// A reference in the draft leads nowhere, so it cannot be published.
    MenuIncomplete {
        /// The item that refers.
        item: ItemId,
        /// What kind of thing it refers to.
        kind: &'static str,
        /// The id that is not there.
        missing: Id,
    },
    /// More of something than a menu, an order or a store may hold.
    TooMany {
        /// What, in the plural.
        what: &'static str,
        /// The most there may be.
        max: usize,
    },
    /// A store's price was set for an item or variation the store does not sell at a list price.
    NoListPrice {
        /// The item.
        item: ItemId,
    },
    /// The id belongs to another order.
    OrderExists {
        /// The order.
        order: OrderId,
    },
    /// There is no such order.
    UnknownOrder {
        /// The order.
        order: OrderId,
    },
    /// The order takes no more changes.
    OrderClosed {
        /// What it has become.
        state: Closed,
    },
    /// The order went into another one and takes no more changes.
    OrderMerged {
        /// The other one.
        into: OrderId,
    },
    /// The order has to be placed first.
    OrderNotPlaced,
    /// The order has been placed already.
    OrderAlreadyPlaced,
    /// An order without lines cannot be placed, and a placed one cannot lose its last.
    OrderEmpty,
    /// The order has another line of that id.
    LineExists {
        /// The line.
        line: LineId,
    },
    /// The order has no such line.
    UnknownLine {
        /// The line.
        line: LineId,
    },
    /// The order has another discount of that id.
    DiscountExists {
        /// The discount.
        discount: DiscountId,
    },
    /// The order has no such discount.
    UnknownDiscount {
        /// The discount.
        discount: DiscountId,
    },
    /// The order has another service charge of that id.
    ServiceChargeExists {
        /// The charge.
        charge: ChargeId,
    },
    /// The order has no such service charge.
    UnknownServiceCharge {
        /// The charge.
        charge: ChargeId,
    },
    /// The store's menu has no such tax.
    UnknownTax {
        /// The tax.
        tax: TaxId,
    },
    /// The kitchen has more of the line than would stay: void it instead (rule O7).
    LineFired {
        /// The line.
        line: LineId,
        /// How much of it was fired.
        fired: QtyMilli,
    },
    /// More of the line was to be voided than there is.
    VoidExceedsLine {
        /// The line.
        line: LineId,
        /// How much there is.
        left: QtyMilli,
    },
    /// The order is not prepared on tickets: its store's kitchen was off when it was opened.
    KitchenOff,
    /// Something is still to be prepared or served.
    NotServed,
    /// There is nothing new to send to the kitchen, or all of it is held.
    NothingToFire,
    /// Nothing of the line is ready to be served.
    NothingReady {
        /// The line.
        line: LineId,
    },
    /// No open order has such a ticket.
    UnknownTicket {
        /// The ticket.
        ticket: TicketId,
    },
    /// The ticket has left the board: recall it first.
    TicketBumped {
        /// The ticket.
        ticket: TicketId,
    },
    /// Not everything the order asks for is available; nothing was reserved.
    OutOfStock {
        /// What is short.
        shortages: Vec<Shortage>,
    },
    /// The total the guest was shown is not the order's.
    TotalMismatch {
        /// What the guest was shown.
        expected: Money,
        /// What it is.
        actual: Money,
    },
    /// The order would come to less than what has been paid.
    BelowPaid {
        /// What it would come to.
        total: Money,
        /// What has been paid.
        paid: Money,
    },
    /// A check would come to less than what has been paid towards it.
    CheckBelowPaid {
        /// The check.
        check: CheckId,
        /// What it would come to.
        total: Money,
        /// What has been paid.
        paid: Money,
    },
    /// The order has no such check.
    UnknownCheck {
        /// The check.
        check: CheckId,
    },
    /// More of a line would move than the checks it comes from have.
    SplitExceedsLine {
        /// The line.
        line: LineId,
    },
    /// A line would be in too many parts.
    SplitTooFine {
        /// The line.
        line: LineId,
    },
    /// An order cannot go into itself.
    MergeIntoItself,
    /// The orders cannot become one.
    OrdersDiffer {
        /// What differs: `pay_mode`, `rounding`, `kitchen`, `source`, `training`.
        what: &'static str,
    },
    /// The order is not fully paid.
    PaymentDue {
        /// What is due.
        due: Money,
    },
    /// Money has been taken for the order: refund it first.
    MoneyCaptured {
        /// How much.
        captured: Money,
    },
    /// Amounts that do not fit into a sum of money.
    AmountTooLarge,
    /// The currency is not the store's.
    CurrencyDiffers {
        /// The store's.
        expected: Currency,
    },
    /// The id belongs to another payment.
    PaymentExists {
        /// The payment.
        payment: PaymentId,
    },
    /// There is no such payment.
    UnknownPayment {
        /// The payment.
        payment: PaymentId,
    },
    /// There is nothing to pay.
    NothingDue,
    /// More than what is due.
    PaymentExceedsDue {
        /// What is due.
        due: Money,
    },
    /// The cash handed over does not cover the payment.
    TenderedTooLittle {
        /// What it takes.
        needed: Money,
    },
    /// A cash payment has its outcome already.
    CashSettled,
    /// A provider takes the payment, and says itself what became of it.
    ProviderDecides {
        /// The account.
        account: AccountId,
    },
    /// No provider takes the payment: its outcome is recorded.
    NoProvider,
    /// The order is for practice, and no provider is asked for money for it.
    TrainingOrder {
        /// The field that asks for one.
        field: &'static str,
    },
    /// The provider has set no money aside that could be taken, changed or let go.
    PaymentNotAuthorised,
    /// The provider was asked to let go of the money.
    VoidUnderWay,
    /// The tip is more than what was set aside, and what may be taken on top, leave room for.
    TipTooHigh {
        /// The highest tip.
        max: Money,
    },
    /// Nobody has to decide about the payment, or not about that event of it.
    NothingToReview,
    /// That cannot be decided about what was flagged.
    DecisionNotPossible {
        /// The event that flagged the payment.
        flag: Revision,
    },
    /// No money of the payment was taken in, so none can be given back.
    PaymentNotCaptured,
    /// The payment has another refund of that id.
    RefundExists {
        /// The refund.
        refund: RefundId,
    },
    /// The payment has no such refund.
    UnknownRefund {
        /// The refund.
        refund: RefundId,
    },
    /// The refund would give back nothing.
    NothingToRefund,
    /// More than what is left of the payment.
    RefundExceedsCaptured {
        /// What is left without the tip.
        amount: Money,
        /// What is left of the tip.
        tip: Money,
    },
    /// More units of a line than were sold and not given back.
    RefundExceedsSold {
        /// The line.
        line: LineId,
        /// What is left.
        left: QtyMilli,
    },
    /// Lines are refunded once their order is settled.
    OrderNotCompleted,
    /// A drawer was named for what is not paid in cash.
    NotCash,
    /// The store takes cash in shifts, and not exactly one is open: open one, or name the drawer.
    ShiftRequired,
    /// The drawer has no open shift.
    ShiftNotOpen {
        /// The drawer.
        drawer: DrawerId,
    },
    /// The drawer's shift is open already.
    ShiftOpen {
        /// The drawer.
        drawer: DrawerId,
    },
    /// Another day is open: close it first.
    DayOpen {
        /// The one that is open.
        open: Date,
    },
    /// A day is closed when all cash was counted: these drawers have an open shift.
    ShiftsOpen {
        /// The drawers.
        drawers: Vec<DrawerId>,
    },
    /// The day was closed already, or a later one was.
    DayClosed {
        /// The last one that was closed.
        closed: Date,
    },
    /// The business date lies ahead.
    DayNotBegun {
        /// The business date it is now.
        today: Date,
    },
    /// The store keeps no such stock item: set its policy first.
    UnknownSku {
        /// The stock item.
        sku: Sku,
    },
    /// The stock item is not counted.
    StockUntracked {
        /// The stock item.
        sku: Sku,
    },
    /// Less is on hand than the command takes away, or nothing is there to sell again.
    OnHandTooLow {
        /// The stock item.
        sku: Sku,
        /// What is available.
        available: QtyMilli,
    },
    /// The stock item's policy cannot change while units are reserved.
    StockReserved {
        /// The stock item.
        sku: Sku,
    },
    /// The end of the mark lies in the past.
    UntilPassed,
    /// The id belongs to another token.
    TokenExists {
        /// The token.
        token: TokenId,
    },
    /// There is no such token.
    UnknownToken {
        /// The token.
        token: TokenId,
    },
    /// The last admin token cannot be revoked: issue another first.
    LastToken {
        /// Its role.
        role: Role,
    },
    /// The store lets nobody do it without somebody who has the right.
    ApprovalRequired {
        /// The right it takes.
        right: Right,
        /// Who was named and may not approve it; `None` where nobody was named.
        approver: Option<ActorId>,
    },
    /// The display number is not the terminal's own, is given out already, or is for a date too long ago to tell.
    NumberTaken {
        /// The number.
        number: Text,
    },
    /// Only a command that records the past may bring this field.
    OnlyImported {
        /// The field.
        field: &'static str,
    },
    /// Nobody can tell what was taken while the terminal was away: the payment says neither its amount nor the total that was
    /// shown, or something else was paid towards it, which the terminal may or may not have known.
    AmountUnknown,
    /// What is recorded after the fact asks no provider for money.
    OnlyOnline {
        /// The field.
        field: &'static str,
    },
    /// The deadline has moved or does not exist any more (engine's own commands only).
    NotDue,
}
