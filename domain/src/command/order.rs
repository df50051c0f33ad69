//! Commands to an order.

use crate::calendar::Timestamp;
use crate::check::{CheckId, CheckMove};
use crate::event::{CancelReason, Channel, DiningMode, DiscountScope, PayMode, Rate};
use crate::ids::{
    ActorId, ChargeId, CustomerRef, DiscountId, GroupId, ItemId, LineId, ModifierId, OrderId, TableId, TaxId, Text,
    VariationId,
};
use crate::money::{Currency, Money, QtyMilli};

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
    /// Whether it is for practice.
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

/// Lines to be given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewComp {
    /// The id of the discount that it is, unique in the order.
    pub discount: DiscountId,
    /// The lines.
    pub lines: Vec<LineId>,
    /// Why.
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
    /// Gives lines away.
    CompLines(NewComp),
    /// Moves it to a table.
    SetTable(TableId),
    /// Says who serves it.
    AssignServer(ActorId),
    /// Places it: recognises the sale and reserves the stock.
    Place(Place),
    /// Keeps the new units of lines from the kitchen until somebody names the lines or their course.
    HoldLines(Vec<LineId>),
    /// Sends lines to the kitchen.
    FireLines(Fire),
    /// Says that what is ready of lines reached the guest; of all lines where none is named.
    MarkServed(Vec<LineId>),
    /// Takes units off a placed order.
    VoidLine {
        /// The line.
        line: LineId,
        /// How much of it.
        qty: QtyMilli,
        /// Why.
        reason: Text,
        /// Whether what has left the shelf is thrown away; it goes back otherwise.
        wasted: bool,
    },
    /// Cancels it.
    Cancel {
        /// Why.
        reason: CancelReason,
    },
    /// Settles it.
    Complete,
    /// Moves lines, or parts of them, to a check, which is made where it is not there.
    SplitCheck {
        /// The check.
        to: CheckId,
        /// What moves.
        moves: Vec<CheckMove>,
    },
    /// Shares every line equally over checks 1 to this one.
    SplitEvenly(CheckId),
    /// Moves all it has into another order.
    MergeInto(OrderId),
    /// Cancels it because nobody paid in time (issued by the engine at the deadline).
    TimeOut {
        /// The deadline that passed.
        deadline: Timestamp,
    },
}
