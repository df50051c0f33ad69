//! Events of an order.

use super::payment::Tender;
use super::refund::{MoneyParts, RefundedLine};
use super::ticket::{FiredLine, LineUnits};
use crate::calendar::{Date, LocalDateTime, Timestamp};
use crate::check::{CheckId, LineShares};
use crate::ids::{
    ActorId, ChargeId, CustomerRef, DiscountId, GroupId, ItemId, LineId, ModifierId, OrderId, PaymentId, RefundId, Sku,
    StationId, TableId, Text, VariationId,
};
use crate::money::{Currency, Money, Ppm, QtyMilli};
use crate::prep::{Kitchen, LinePrep};
use crate::pricing::{PriceRules, TaxRate, TaxRules, TaxTotal, Totals};
use std::sync::Arc;

pub use crate::dining::DiningMode;

/// Where an order came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Pos,
    Kiosk,
    /// The chain's own web shop or app.
    Online,
    Delivery,
    Phone,
}

/// What is printed for a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Document {
    /// What is to be paid.
    Bill,
    /// What was paid.
    Receipt,
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
    pub modifier: ModifierId,
    pub name: Text,
    /// What one adds to the price of a unit.
    pub unit_price: Money,
    /// How many per unit.
    pub qty: u16,
    /// How many of them cost nothing: the group has some free.
    pub free: u16,
}

impl LineModifier {
    /// How many per unit are paid for.
    pub fn charged_qty(&self) -> u16 {
        self.qty - self.free
    }
}

/// A line of an order, with names, prices and taxes as they were when it was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id, unique in the order.
    pub line: LineId,
    pub item: ItemId,
    pub name: Text,
    pub category: Option<Text>,
    pub variation: Option<Box<(VariationId, Text)>>,
    pub qty: QtyMilli,
    /// The price of one unit before modifiers.
    pub unit_base: Money,
    pub modifiers: Vec<LineModifier>,
    /// The price of one unit with modifiers.
    pub unit: Money,
    pub taxes: Vec<TaxRate>,
    /// The stock item one unit takes.
    pub sku: Option<Sku>,
    /// The menu version it was priced from.
    pub menu_version: u32,
    pub seat: Option<u16>,
    pub course: Option<u16>,
    pub note: Option<Text>,
    /// What the guest must not be served.
    pub allergens: Option<Text>,
    /// Who prepares it; nobody has to where there is none.
    pub station: Option<StationId>,
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
    Order,
    Lines(Vec<LineId>),
    /// These lines, an amount for each: what a merge makes of a discount, so that it goes on taking off what it took off.
    Fixed(Vec<FixedPart>),
}

/// What a discount takes off one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPart {
    pub line: LineId,
    pub amount: Money,
}

/// A discount on an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// Its id, unique in the order.
    pub discount: DiscountId,
    pub scope: DiscountScope,
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
    pub name: Text,
    pub rate: Rate,
    pub phase: ChargePhase,
}

/// What is fixed when an order is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub channel: Channel,
    pub dining_mode: DiningMode,
    pub pay_mode: PayMode,
    pub table: Option<TableId>,
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
    /// Whether it is prepared on tickets.
    pub kitchen: Kitchen,
    /// Whether it is a training order: nothing of it reaches sales, stock, drawers or days.
    pub training: bool,
    /// When it is to be ready, as the guest was told.
    pub promised_at: Option<Timestamp>,
    /// By which rules its tax is computed.
    pub tax_rules: TaxRules,
    /// Whether each check owes for itself. Of an order that was opened before checks did, what one check has too much
    /// counts for the others.
    pub dues_apart: bool,
}

/// The taxes of a line from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTaxes {
    pub line: LineId,
    pub taxes: Vec<TaxRate>,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    OrderOpened(Opening),
    LineAdded(Arc<Line>),
    LineQtyChanged {
        line: LineId,
        qty: QtyMilli,
    },
    LineRemoved {
        line: LineId,
    },
    /// What is said of a line, all of it as it is now.
    LineDetailsChanged {
        line: LineId,
        seat: Option<u16>,
        course: Option<u16>,
        note: Option<Text>,
        allergens: Option<Text>,
    },
    /// Somebody set a price for a line, instead of the one it had.
    LinePriceOverridden {
        line: LineId,
        /// The price of one unit before modifiers that it had.
        was: Money,
        /// The price of one unit before modifiers.
        unit_base: Money,
        /// The price of one unit with modifiers.
        unit: Money,
        reason: Text,
    },
    DiscountApplied(Discount),
    DiscountRemoved {
        discount: DiscountId,
    },
    ServiceChargeApplied(ServiceCharge),
    ServiceChargeRemoved {
        charge: ChargeId,
    },
    /// The guest ordered: the sale is recognised.
    OrderPlaced {
        /// The amounts, line by line.
        totals: Totals,
        /// When an unpaid order is cancelled.
        deadline: Option<Timestamp>,
    },
    OrderRepriced {
        /// The amounts, line by line.
        totals: Totals,
        /// Whether nothing is sold any more: all units were taken off, and nothing is to be paid (rule O14).
        void: bool,
    },
    /// Units are not to be fired before somebody names their line or course.
    LinesHeld {
        /// How much of which lines, besides what is held already.
        lines: Vec<LineUnits>,
    },
    LinesFired {
        /// Which fire of the order: 1, 2, 3, ...
        fire: u32,
        lines: Vec<FiredLine>,
    },
    LinesServed {
        lines: Vec<LineUnits>,
    },
    /// Units were taken off a placed order.
    LineVoided {
        line: LineId,
        qty: QtyMilli,
        /// How much of that the kitchen had.
        fired: QtyMilli,
        reason: Text,
        /// Whether what had left the shelf was thrown away; it is back on it otherwise.
        wasted: bool,
    },
    /// Lines were given away: a discount of all that is left of them, which reports tell apart from others.
    LinesComped {
        discount: DiscountId,
        lines: Vec<LineId>,
        reason: Text,
    },
    OrderMovedToTable {
        /// Where it was, if it was at one.
        from: Option<TableId>,
        to: TableId,
    },
    /// Somebody serves it from now on.
    ServerAssigned {
        staff: ActorId,
    },
    GuestsChanged {
        guests: u16,
    },
    DiningModeChanged {
        dining_mode: DiningMode,
        /// Those whose taxes are others now.
        lines: Vec<LineTaxes>,
    },
    /// The order is free of tax: none comes on top, and what is inside the prices is taken off them.
    OrderTaxExempted {
        reason: Text,
    },
    TaxExemptionEnded,
    /// Captured money counts towards the order.
    PaymentApplied {
        payment: PaymentId,
        tender: Tender,
        /// What counts towards what is due.
        amount: Money,
        /// The tip, outside the order's total.
        tip: Money,
        /// The check it is paid towards.
        check: CheckId,
    },
    /// Lines were shared out over checks.
    CheckSplit {
        /// How, for each line that changed.
        lines: Vec<LineShares>,
    },
    /// What a check comes to has been paid. What is added to it later opens it again.
    CheckPaid {
        check: CheckId,
        total: Money,
    },
    /// The order took over all that another one had.
    LinesReceivedByMerge(Received),
    /// The order went into another one and takes no more changes.
    OrderMergedInto {
        /// The order that took it over.
        target: OrderId,
    },
    /// Captured money the order cannot take: it is to be refunded.
    PaymentNotApplicable {
        payment: PaymentId,
        tender: Tender,
        unapplied: Money,
        why: NotApplicable,
    },
    /// Money paid for the order was given back.
    RefundRecorded {
        refund: RefundId,
        payment: PaymentId,
        /// How it was paid, and given back.
        tender: Tender,
        parts: MoneyParts,
        /// The units it is for, where it is for some.
        lines: Vec<RefundedLine>,
        /// The business date it is booked on.
        posting_date: Date,
        /// What tax of a settled order goes back with it: as much of each as of its sale.
        taxes: Vec<TaxTotal>,
        /// The check it was paid towards; unknown of what was recorded before refunds said so.
        check: Option<CheckId>,
        /// What of the applied part takes back the payment and not the sale, and so no longer counts as paid: all of it before
        /// the order is settled, afterwards what its check had too much.
        reversed: Money,
    },
    /// A document was printed for a check of the order.
    DocumentPrinted {
        document: Document,
        check: CheckId,
        /// Which print of it: every one behind the first is a reprint.
        copy: u32,
    },
    /// The terminal sold it at another total while it was away; the order stands at its own.
    TotalMismatchRecorded {
        expected: Money,
        actual: Money,
    },
    OrderCancelled {
        reason: CancelReason,
    },
    OrderCompleted {
        total: Money,
    },
}

/// What an order took over from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub source: OrderId,
    pub lines: Vec<ReceivedLine>,
    /// All discounts of the order from now on, its own and those taken over. Neither takes anything off the lines of the
    /// other, so what is more than a share of single lines is fixed.
    pub discounts: Vec<ReceivedDiscount>,
    /// All its service charges from now on, as the amounts they came to.
    pub charges: Vec<ServiceCharge>,
    /// How often something of the other order was fired.
    pub fires: u32,
}

/// A line an order took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedLine {
    /// Its id in the other order.
    pub from: LineId,
    /// The line as it is now: under another id where the order had a line of that one.
    pub line: Arc<Line>,
    /// The part of the order it is taxed in, where tax is rounded on groups.
    pub part: u16,
    /// Where its units are, if it is prepared on tickets.
    pub prep: Option<LinePrep>,
}

/// A discount of an order that took over another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedDiscount {
    pub discount: Discount,
    /// Whether its lines were given away, which reports tell apart.
    pub comp: bool,
}

/// Why captured money could not be applied to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotApplicable {
    OrderCancelled,
    /// The order went into another one.
    OrderMerged,
    /// The order was fully paid already, or by part of this payment.
    NothingDue,
    /// A person decided that it goes back.
    Reviewed,
}

/// What an order that takes no more changes has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    Completed,
    Cancelled,
    Merged,
}

/// What an event of an order means beyond the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEffect<'a> {
    /// The sale is recognised: its totals are booked, and its deadline begins.
    Placed(&'a Totals),
    /// A recognised sale comes to something else; to nothing that is sold, where it is void.
    Repriced {
        totals: &'a Totals,
        void: bool,
    },
    /// Units went to the kitchen, or came from another order: the deadline may end, no money moves.
    Advanced,
    /// Captured money counts towards the order.
    Paid {
        payment: PaymentId,
        tender: Tender,
        amount: Money,
        tip: Money,
    },
    Unapplied {
        payment: PaymentId,
        tender: Tender,
        amount: Money,
    },
    Refunded {
        payment: PaymentId,
        tender: Tender,
        parts: MoneyParts,
        /// The business date it is booked on.
        posting_date: Date,
        /// What tax goes back with it.
        taxes: &'a [TaxTotal],
    },
    Printed {
        document: Document,
        copy: u32,
    },
    /// No event but of refunds, late payments and prints follows.
    Closed(Closed),
    None,
}

impl OrderEvent {
    /// What it means beyond the order.
    pub fn effect(&self) -> OrderEffect<'_> {
        match self {
            OrderEvent::OrderPlaced { totals, .. } => OrderEffect::Placed(totals),
            OrderEvent::OrderRepriced { totals, void } => OrderEffect::Repriced { totals, void: *void },
            OrderEvent::LinesFired { .. } | OrderEvent::LinesReceivedByMerge(_) => OrderEffect::Advanced,
            OrderEvent::PaymentApplied { payment, tender, amount, tip, .. } => {
                OrderEffect::Paid { payment: *payment, tender: *tender, amount: *amount, tip: *tip }
            }
            OrderEvent::PaymentNotApplicable { payment, tender, unapplied, .. } => {
                OrderEffect::Unapplied { payment: *payment, tender: *tender, amount: *unapplied }
            }
            OrderEvent::RefundRecorded { payment, tender, parts, posting_date, taxes, .. } => {
                let (payment, tender, parts, posting_date) = (*payment, *tender, *parts, *posting_date);
                OrderEffect::Refunded { payment, tender, parts, posting_date, taxes }
            }
            OrderEvent::DocumentPrinted { document, copy, .. } => {
                OrderEffect::Printed { document: *document, copy: *copy }
            }
            OrderEvent::OrderCompleted { .. } => OrderEffect::Closed(Closed::Completed),
            OrderEvent::OrderCancelled { .. } => OrderEffect::Closed(Closed::Cancelled),
            OrderEvent::OrderMergedInto { .. } => OrderEffect::Closed(Closed::Merged),
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::LineDetailsChanged { .. }
            | OrderEvent::LinePriceOverridden { .. }
            | OrderEvent::LinesHeld { .. }
            | OrderEvent::LinesServed { .. }
            | OrderEvent::LineVoided { .. }
            | OrderEvent::LinesComped { .. }
            | OrderEvent::OrderMovedToTable { .. }
            | OrderEvent::ServerAssigned { .. }
            | OrderEvent::GuestsChanged { .. }
            | OrderEvent::DiningModeChanged { .. }
            | OrderEvent::OrderTaxExempted { .. }
            | OrderEvent::TaxExemptionEnded
            | OrderEvent::CheckSplit { .. }
            | OrderEvent::CheckPaid { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::TotalMismatchRecorded { .. } => OrderEffect::None,
        }
    }
}

impl OrderEffect<'_> {
    /// Whether it is booked on a business day. An order that was not placed is no sale, so nothing ends with it.
    pub fn is_booked(self, was_placed: bool) -> bool {
        match self {
            OrderEffect::Closed(Closed::Cancelled | Closed::Merged) => was_placed,
            OrderEffect::Closed(Closed::Completed) | OrderEffect::Advanced | OrderEffect::None => false,
            OrderEffect::Placed(_)
            | OrderEffect::Repriced { .. }
            | OrderEffect::Paid { .. }
            | OrderEffect::Unapplied { .. }
            | OrderEffect::Refunded { .. }
            | OrderEffect::Printed { .. } => true,
        }
    }

    /// Whether the order's deadline may begin or end with it.
    pub fn moves_deadline(self) -> bool {
        match self {
            OrderEffect::Placed(_) | OrderEffect::Advanced | OrderEffect::Paid { .. } | OrderEffect::Closed(_) => true,
            OrderEffect::Repriced { .. }
            | OrderEffect::Unapplied { .. }
            | OrderEffect::Refunded { .. }
            | OrderEffect::Printed { .. }
            | OrderEffect::None => false,
        }
    }

    /// The payment whose money it is about.
    pub fn payment(self) -> Option<PaymentId> {
        match self {
            OrderEffect::Paid { payment, .. }
            | OrderEffect::Unapplied { payment, .. }
            | OrderEffect::Refunded { payment, .. } => Some(payment),
            OrderEffect::Placed(_)
            | OrderEffect::Repriced { .. }
            | OrderEffect::Advanced
            | OrderEffect::Printed { .. }
            | OrderEffect::Closed(_)
            | OrderEffect::None => None,
        }
    }
}
