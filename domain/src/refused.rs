//! Why a command was refused. A refusal is an answer with the facts a till needs to tell the guest, not a failure.

use crate::calendar::{Date, Timestamp};
use crate::check::CheckId;
use crate::event::Role;
use crate::ids::{
    AccountId, ActorId, ChargeId, DeviceId, DiscountId, DrawerId, GroupId, Id, ItemId, LineId, ModifierId, OrderId,
    PaymentId, RefundId, Revision, Sku, TaxId, TerminalId, Text, TicketId, TokenId, VariationId,
};
use crate::money::{Currency, Money, QtyMilli};
use crate::staff::Right;

pub use crate::event::Closed;

/// A stock item an order asks for and cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say all but what is said here")]
pub struct Shortage {
    pub sku: Sku,
    /// What the order asks for, over all its lines.
    pub wanted: QtyMilli,
    pub available: QtyMilli,
    pub marked_86: bool,
}

/// Why a command was refused: the table of refusals gives each its code, its sentence and its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say all but what is said here")]
pub enum Refused {
    UnknownStore,
    CurrencyFixed { currency: Currency },
    // The named stream is not where the client thinks; `current` is `None` where it does not exist yet.
    RevisionMismatch { current: Option<Revision> },
    NoMenu,
    UnknownMenuVersion { version: u32 },
    UnknownItem { item: ItemId },
    ItemUnavailable { item: ItemId },
    // The item is sold in dayparts, and the store's clock is in none of them.
    OutsideDaypart { item: ItemId },
    UnknownVariation { item: ItemId, variation: VariationId },
    VariationRequired { item: ItemId },
    UnknownModifierGroup { item: ItemId, group: GroupId },
    // What is to change is not in the draft of the menu.
    NotInDraft { kind: &'static str, id: Id },
    UnknownModifier { group: GroupId, modifier: ModifierId },
    ModifierMinNotMet { line: LineId, group: GroupId, min: u16, selected: u32 },
    ModifierMaxExceeded { line: LineId, group: GroupId, max: u16, selected: u32 },
    ModifierQtyNotAllowed { line: LineId, modifier: ModifierId },
    // The item's price comes with the line, and the line has none.
    PriceRequired { item: ItemId },
    PriceNotOpen { item: ItemId },
    NegativePrice { line: LineId },
    // `kind` is what the missing id is of: `tax`, `group`, ...
    MenuIncomplete { item: ItemId, kind: &'static str, missing: Id },
    // `what` is in the plural.
    TooMany { what: &'static str, max: usize },
    // A store's price was set for an item or variation the store does not sell at a list price.
    NoListPrice { item: ItemId },
    // The id belongs to another order.
    OrderExists { order: OrderId },
    UnknownOrder { order: OrderId },
    OrderClosed { state: Closed },
    // The order went into another one and takes no more changes.
    OrderMerged { into: OrderId },
    OrderNotPlaced,
    OrderAlreadyPlaced,
    OrderEmpty,
    // The order has another line of that id.
    LineExists { line: LineId },
    UnknownLine { line: LineId },
    DiscountExists { discount: DiscountId },
    UnknownDiscount { discount: DiscountId },
    ServiceChargeExists { charge: ChargeId },
    UnknownServiceCharge { charge: ChargeId },
    UnknownTax { tax: TaxId },
    AlreadyTaxExempt,
    // The kitchen has more of the line than would stay: void it instead (rule O7).
    LineFired { line: LineId, fired: QtyMilli },
    VoidExceedsLine { line: LineId, left: QtyMilli },
    // The order is not prepared on tickets: its store's kitchen was off when it was opened.
    KitchenOff,
    NotServed,
    NothingToFire,
    NothingReady { line: LineId },
    // No open order has such a ticket.
    UnknownTicket { ticket: TicketId },
    TicketBumped { ticket: TicketId },
    OutOfStock { shortages: Vec<Shortage> },
    // `expected` is what the guest was shown.
    TotalMismatch { expected: Money, actual: Money },
    // A check would come to less than what has been paid towards it.
    CheckBelowPaid { check: CheckId, total: Money, paid: Money },
    UnknownCheck { check: CheckId },
    SplitExceedsLine { line: LineId },
    SplitTooFine { line: LineId },
    MergeIntoItself,
    // `what` is `pay_mode`, `rounding`, `tax_rules`, `tax_exempt`, `kitchen`, `source` or `training`.
    OrdersDiffer { what: &'static str },
    PaymentDue { due: Money },
    MoneyCaptured { captured: Money },
    // All of it was asked back, and has not come back yet.
    RefundUnderWay { captured: Money },
    AmountTooLarge,
    // `expected` is the store's.
    CurrencyDiffers { expected: Currency },
    PaymentExists { payment: PaymentId },
    UnknownPayment { payment: PaymentId },
    NothingDue,
    PaymentExceedsDue { due: Money },
    TenderedTooLittle { needed: Money },
    CashSettled,
    // A provider takes the payment, and says itself what became of it.
    ProviderDecides { account: AccountId },
    NoProvider,
    TrainingOrder { field: &'static str },
    // The provider has set no money aside that could be taken, changed or let go.
    PaymentNotAuthorised,
    VoidUnderWay,
    // The tip is more than what was set aside, and what may be taken on top, leave room for.
    TipTooHigh { max: Money },
    // The provider moves whole multiples of `step`; `sum` is between two of them.
    BetweenSteps { sum: Money, step: Money },
    NothingToReview,
    // That cannot be decided about what the event `flag` flagged.
    DecisionNotPossible { flag: Revision },
    PaymentNotCaptured,
    RefundExists { refund: RefundId },
    UnknownRefund { refund: RefundId },
    NothingToRefund,
    // `amount` is what is left without the tip, `tip` what is left of it.
    RefundExceedsCaptured { amount: Money, tip: Money },
    RefundExceedsSold { line: LineId, left: QtyMilli },
    // `check` is what the payment is for.
    LineOnOtherCheck { line: LineId, check: CheckId },
    OrderNotCompleted,
    NotCash,
    ShiftRequired,
    ShiftNotOpen { drawer: DrawerId },
    ShiftOpen { drawer: DrawerId },
    DayOpen { open: Date },
    // A day is closed when all cash was counted: these drawers have an open shift.
    ShiftsOpen { drawers: Vec<DrawerId> },
    // `closed` is the last one that was.
    DayClosed { closed: Date },
    DayNotBegun { today: Date },
    UnknownSku { sku: Sku },
    StockUntracked { sku: Sku },
    // Less is on hand than the command takes away, or nothing is there to sell again.
    OnHandTooLow { sku: Sku, available: QtyMilli },
    StockReserved { sku: Sku },
    UntilPassed,
    TokenExists { token: TokenId },
    UnknownToken { token: TokenId },
    LastToken { role: Role },
    // An admin's token is revoked, and nobody says what becomes of what was issued with it.
    IssuedUnanswered { token: TokenId },
    // A token's end lies in the past, or too far ahead.
    ExpiryOutOfRange,
    // Its first token was issued, and somebody administers it.
    TenantExists,
    DeviceExists { device: DeviceId },
    UnknownDevice { device: DeviceId },
    // `device` is enrolled as that terminal of the store.
    TerminalTaken { terminal: TerminalId, device: DeviceId },
    // The code is not one that was given out, its time is up, or a device has come with it.
    EnrolmentOver,
    UnknownStaff { staff: ActorId },
    // Nobody of that name has that PIN.
    SignInRefused,
    // Too many came with another PIN than the member's.
    PinLocked { staff: ActorId, until: Timestamp },
    // `approver` is who was named and may not approve it; `None` where nobody was named.
    ApprovalRequired { right: Right, approver: Option<ActorId> },
    // While the terminal was away somebody is said to have approved it; nobody has seen that.
    ApprovalClaimed { right: Right, approver: ActorId },
    // Who acts may not open orders for practice.
    TrainingNotAllowed,
    // What is recorded of the past changes only what was recorded so.
    NotImported { order: OrderId },
    // A terminal that was away went beyond a bound of the store's; recorded all the same, so this only says which.
    BeyondBounds { bound: &'static str, limit: i64 },
    // Nobody who runs the store has opened a shift of it, or it was taken out.
    UnknownDrawer { drawer: DrawerId },
    // The display number is not the terminal's own, is given out already, or is for a date too long ago to tell.
    NumberTaken { number: Text },
    // Only a command that records the past may bring this field.
    OnlyImported { field: &'static str },
    // Nobody can tell what was taken while the terminal was away: the payment says neither its amount nor the total that was
    // shown, or something else was paid towards it, which the terminal may or may not have known.
    AmountUnknown,
    // What is recorded after the fact asks no provider for money.
    OnlyOnline { field: &'static str },
    // The deadline has moved or does not exist any more (engine's own commands only).
    NotDue,
}
