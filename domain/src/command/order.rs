//! Commands to an order.

use super::payment::{NewPay, NewRefund};
use crate::calendar::Timestamp;
use crate::check::{CheckId, CheckMove};
use crate::event::{CancelReason, Channel, DiningMode, DiscountScope, Document, PayMode, Rate};
use crate::ids::{
    ActorId, ChargeId, CustomerRef, DiscountId, GroupId, ItemId, LineId, ModifierId, OrderId, PaymentId, TableId,
    TaxId, Text, VariationId,
};
use crate::money::{Currency, Money, QtyMilli};

/// A line a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Its id, unique in the order.
    pub line: LineId,
    pub item: ItemId,
    /// The variation, where the item has some.
    pub variation: Option<VariationId>,
    /// How much, more than nothing.
    pub qty: QtyMilli,
    pub modifiers: Vec<NewModifier>,
    /// The price of one unit of an open-price item.
    pub open_price: Option<Money>,
    /// A price of its own instead of the list's.
    pub price_override: Option<NewPrice>,
    pub seat: Option<u16>,
    pub course: Option<u16>,
    pub note: Option<Text>,
    /// What the guest must not be served.
    pub allergens: Option<Text>,
}

impl NewLine {
    /// So much of an item as the menu has it, with nothing said about it.
    pub fn plain(line: LineId, item: ItemId, qty: QtyMilli) -> NewLine {
        NewLine {
            line,
            item,
            variation: None,
            qty,
            modifiers: vec![],
            open_price: None,
            price_override: None,
            seat: None,
            course: None,
            note: None,
            allergens: None,
        }
    }
}

/// A price that somebody sets for a line, instead of the menu's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPrice {
    /// Of one unit before modifiers, zero or more.
    pub price: Money,
    pub reason: Text,
}

/// What becomes of something that a line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is not said any more.
    Clear,
    Set(T),
}

impl<T> Edit<T> {
    /// What is said then.
    pub fn of(self, held: Option<T>) -> Option<T> {
        match self {
            Edit::Keep => held,
            Edit::Clear => None,
            Edit::Set(value) => Some(value),
        }
    }
}

/// A change to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    pub line: LineId,
    pub qty: Option<QtyMilli>,
    pub seat: Edit<u16>,
    pub course: Edit<u16>,
    pub note: Edit<Text>,
    pub allergens: Edit<Text>,
    pub price_override: Option<NewPrice>,
}

/// A choice from a modifier group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewModifier {
    pub group: GroupId,
    pub modifier: ModifierId,
    /// How many per unit, at least one.
    pub qty: u16,
}

/// An order a client opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub channel: Channel,
    pub dining_mode: DiningMode,
    pub pay_mode: PayMode,
    pub table: Option<TableId>,
    pub guests: u16,
    /// The customer, by reference.
    pub customer_ref: Option<CustomerRef>,
    /// When it is to be ready, as the guest was told.
    pub promised_at: Option<Timestamp>,
    /// Why it is free of tax, where it is.
    pub tax_exempt: Option<Text>,
    /// The currency the client thinks in; refused where it is not the store's.
    pub currency: Option<Currency>,
    /// What was called out, for orders recorded after the fact (`#` and the order's id where nobody knows); the engine
    /// counts for the others.
    pub display_number: Option<Text>,
    pub lines: Vec<NewLine>,
    /// Its first discounts.
    pub discounts: Vec<NewDiscount>,
    pub service_charges: Vec<NewServiceCharge>,
    /// Whether it is placed in the same commit.
    pub place: Option<Place>,
    /// What is paid in the same commit, where it is placed in it.
    pub pay: Option<NewPay>,
    pub training: bool,
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
    pub scope: DiscountScope,
    pub rate: Rate,
    pub reason: Text,
}

/// A service charge a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewServiceCharge {
    /// Its id, unique in the order.
    pub charge: ChargeId,
    pub name: Text,
    pub rate: Rate,
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

/// Lines to be given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewComp {
    /// The id of the discount that it is, unique in the order.
    pub discount: DiscountId,
    pub lines: Vec<LineId>,
    pub reason: Text,
}

/// What goes to the kitchen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fire {
    /// Everything new that is not held.
    Unheld,
    /// These lines, held or not.
    Lines(Vec<LineId>),
    /// The lines of this course, held or not.
    Course(u16),
}

/// A command to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderCommand {
    /// Opens it, and with `place` also places it, in one commit.
    Open(NewOrder),
    AddLines(Vec<NewLine>),
    ChangeLineQty {
        line: LineId,
        qty: QtyMilli,
    },
    /// Changes what is said of a line, its quantity or its price.
    ChangeLine(LineChange),
    RemoveLine(LineId),
    ApplyDiscount(NewDiscount),
    RemoveDiscount(DiscountId),
    ApplyServiceCharge(NewServiceCharge),
    RemoveServiceCharge(ChargeId),
    CompLines(NewComp),
    SetTable(TableId),
    AssignServer(ActorId),
    SetGuests(u16),
    /// A document is printed for a check of the order, or printed again.
    Print {
        document: Document,
        check: Option<CheckId>,
    },
    /// Says how the guest eats from now on: taxes follow, prices do not (rule O15).
    SetDiningMode(DiningMode),
    /// Makes it free of tax.
    ExemptFromTax {
        reason: Text,
    },
    /// Taxes it like any other again.
    EndTaxExemption,
    /// Places it: recognises the sale and reserves the stock.
    Place(Place),
    /// Keeps the new units of lines from the kitchen until somebody names the lines or their course.
    HoldLines(Vec<LineId>),
    FireLines(Fire),
    /// Says that what is ready of lines reached the guest; of all lines where none is named.
    MarkServed(Vec<LineId>),
    /// Takes units off a placed order.
    VoidLine {
        line: LineId,
        qty: QtyMilli,
        reason: Text,
        /// Whether what has left the shelf is thrown away; it goes back otherwise.
        wasted: bool,
    },
    Cancel {
        reason: CancelReason,
    },
    /// Settles it.
    Complete,
    /// Moves lines, or parts of them, to a check, which is made where it is not there.
    SplitCheck {
        to: CheckId,
        moves: Vec<CheckMove>,
    },
    /// Shares every line equally over checks 1 to this one.
    SplitEvenly(CheckId),
    /// Moves all it has into another order.
    MergeInto(OrderId),
    /// Gives money back over its payments.
    Refund {
        refund: NewRefund,
        /// The payments it comes from, in this order; all of the order in the order they came where none is named.
        payments: Vec<PaymentId>,
    },
    /// Cancels it because nobody paid in time (issued by the engine at the deadline).
    TimeOut {
        /// The deadline that passed.
        deadline: Timestamp,
    },
}
