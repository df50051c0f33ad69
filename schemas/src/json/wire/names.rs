//! Enums by name.

use super::{WireForm, read_text};
use crate::json::request::{ChargePhase, OutcomeKind, PolicyKind, RefundOutcomeKind};
use domain::command::Source;
use domain::event::{Capture, Channel, Decision, DiningMode, PayMode, Role};
use domain::kitchen::Kitchen;
use domain::money::Rounding;
use domain::pricing::TaxRounding;
use domain::staff::Right;
use domain::store::CashShifts;
use serde::{Deserializer, Serializer};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// An enum whose values have names in JSON.
pub trait Named: Copy + 'static {
    /// The names a client may send, with what they mean.
    const CHOICES: &'static [(&'static str, Self)];

    /// The name of this value.
    fn name(self) -> &'static str;
}

/// The JSON name of an enum's value: `take_away`.
pub fn name_of<T: Named>(value: T) -> &'static str {
    value.name()
}

/// The value of that name, or a problem that lists the names there are.
fn find<T: Named>(name: &str) -> Result<T, String> {
    match T::CHOICES.iter().find(|(choice, _)| *choice == name) {
        Some((_, value)) => Ok(*value),
        None => Err(format!("is not one of {}", list::<T>())),
    }
}

fn list<T: Named>() -> String {
    T::CHOICES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

macro_rules! names {
    ($($type:ident, $what:literal { $($value:ident = $name:literal),* $(,)? } $(, never sent: { $($inner:ident = $inner_name:literal),* })?)*) => {
        $(
            impl Named for $type {
                const CHOICES: &'static [(&'static str, Self)] = &[$(($name, $type::$value)),*];

                fn name(self) -> &'static str {
                    match self {
                        $($type::$value => $name,)*
                        $($($type::$inner => $inner_name,)*)?
                    }
                }
            }

            impl WireForm for $type {
                const NAME: &'static str = stringify!($type);

                fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    read_text(from, concat!("one of these texts: ", $($name, " ",)*), find)
                }

                fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    to.serialize_str(self.name())
                }

                fn describe() -> Object {
                    ObjectBuilder::new()
                        .schema_type(SchemaType::new(Type::String))
                        .description(Some($what))
                        .enum_values(Some([$($name),*]))
                        .build()
                }
            }
        )*
    };
}

names! {
    Channel, "Where an order comes from." {
        Pos = "pos", Kiosk = "kiosk", Online = "online", Delivery = "delivery", Phone = "phone",
    }
    DiningMode, "How the guest eats." { DineIn = "dine_in", TakeAway = "take_away", Delivery = "delivery" }
    PayMode, "When the guest pays: `first` cancels the order at its deadline if nobody pays." {
        First = "first", Later = "later",
    }
    Role, "What a token may do." {
        Admin = "admin", Manager = "manager", Pos = "pos", Kitchen = "kitchen", Analyst = "analyst",
        Auditor = "auditor",
    }
    Kitchen, "Whether orders are prepared on tickets: where they are, one is done when it is paid and served." {
        Off = "off", On = "on",
    }
    Right, "Something a person may be asked to approve." {
        Discount = "discount", Cancel = "cancel", VoidFired = "void_fired", Comp = "comp", Refund = "refund",
        PaidOut = "paid_out", NoSale = "no_sale",
    }
    Rounding, "How amounts are rounded; all modes mirror at zero." {
        HalfEven = "half_even", HalfUp = "half_up", HalfDown = "half_down", Up = "up", Down = "down",
    }
    TaxRounding, "Where tax is rounded: on each line, or on the sum of all lines taxed alike." {
        Line = "line", Group = "group",
    }
    CashShifts, "Whether a store takes cash, and gives it back, within an open shift only." {
        Off = "off", Required = "required",
    }
    Source, "How a command reached the engine: as it happened, kept by a terminal that was away, or recorded after the fact." {
        Online = "online", Offline = "offline", Imported = "imported",
    }, never sent: { Engine = "engine" }
    ChargePhase, "When a service charge is computed: `subtotal` before tax, `total` after tax and untaxed." {
        Subtotal = "subtotal", Total = "total",
    }
    OutcomeKind, "What became of an attempt to pay: `captured` if money moved." {
        Captured = "captured", Failed = "failed",
    }
    Decision, "What a person decides about a flagged payment: `accept` what moved, `refund` it, or `dismiss` the flag." {
        Accept = "accept", Refund = "refund", Dismiss = "dismiss",
    }
    RefundOutcomeKind, "What became of a refund: `succeeded` if the money was given back." {
        Succeeded = "succeeded", Failed = "failed",
    }
    Capture, "When a provider takes the money: `automatic` at once, `manual` when it is asked to." {
        AtOnce = "automatic", Later = "manual",
    }
    PolicyKind, "How a stock item is kept: what is `untracked` is never refused and never reserved." {
        Untracked = "untracked", Counted = "counted",
    }
    CommandKind, "What a command of a batch is." {
        PutItem = "menu.put_item",
        RetireItem = "menu.retire_item",
        PutModifierGroup = "menu.put_modifier_group",
        PutTax = "menu.put_tax",
        PublishMenu = "menu.publish",
        PutStore = "store.put",
        SetPrice = "store.set_price",
        SetAvailability = "store.set_availability",
        OpenOrder = "order.open",
        AddLines = "order.add_lines",
        ChangeLine = "order.change_line",
        RemoveLine = "order.remove_line",
        ApplyDiscount = "order.apply_discount",
        RemoveDiscount = "order.remove_discount",
        ApplyServiceCharge = "order.apply_service_charge",
        RemoveServiceCharge = "order.remove_service_charge",
        PlaceOrder = "order.place",
        CancelOrder = "order.cancel",
        CompleteOrder = "order.complete",
        HoldLines = "order.hold",
        FireLines = "order.fire",
        SplitCheck = "order.split",
        MergeInto = "order.merge",
        MarkServed = "order.serve",
        VoidLine = "order.void_line",
        CompLines = "order.comp",
        SetTable = "order.set_table",
        AssignServer = "order.assign_server",
        StartTicket = "ticket.start",
        MarkLineReady = "ticket.ready",
        BumpTicket = "ticket.bump",
        RecallTicket = "ticket.recall",
        InitiatePayment = "payment.initiate",
        RecordOutcome = "payment.record_outcome",
        RequestRefund = "payment.request_refund",
        RecordRefundOutcome = "payment.record_refund_outcome",
        CapturePayment = "payment.capture",
        VoidPayment = "payment.void",
        AdjustTip = "payment.adjust_tip",
        SetStockPolicy = "stock.set_policy",
        ReceiveStock = "stock.receive",
        CountStock = "stock.count",
        AdjustStock = "stock.adjust",
        WasteStock = "stock.waste",
        Mark86 = "stock.mark_86",
        Unmark86 = "stock.unmark_86",
        OpenShift = "drawer.open_shift",
        PaidIn = "drawer.paid_in",
        PaidOut = "drawer.paid_out",
        NoSale = "drawer.no_sale",
        CloseShift = "drawer.close_shift",
        OpenDay = "day.open",
        CloseDay = "day.close",
    }
}

/// What a command of a batch is. The engine's own commands are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommandKind {
    /// `menu.put_item`: `item_id`, body [`PutItem`](crate::json::request::PutItem).
    PutItem,
    /// `menu.retire_item`: `item_id`.
    RetireItem,
    /// `menu.put_modifier_group`: `group_id`, body [`PutModifierGroup`](crate::json::request::PutModifierGroup).
    PutModifierGroup,
    /// `menu.put_tax`: `tax_id`, body [`PutTax`](crate::json::request::PutTax).
    PutTax,
    /// `menu.publish`.
    PublishMenu,
    /// `store.put`: body [`PutStore`](crate::json::request::PutStore).
    PutStore,
    /// `store.set_price`: `item_id`, body [`SetPrice`](crate::json::request::SetPrice).
    SetPrice,
    /// `store.set_availability`: `item_id`, body [`SetAvailability`](crate::json::request::SetAvailability).
    SetAvailability,
    /// `order.open`: body [`OpenOrder`](crate::json::request::OpenOrder).
    OpenOrder,
    /// `order.add_lines`: `order_id`, body [`AddLines`](crate::json::request::AddLines).
    AddLines,
    /// `order.change_line`: `order_id`, `line_id`, body [`ChangeLine`](crate::json::request::ChangeLine).
    ChangeLine,
    /// `order.remove_line`: `order_id`, `line_id`.
    RemoveLine,
    /// `order.apply_discount`: `order_id`, body [`Discount`](crate::json::request::Discount).
    ApplyDiscount,
    /// `order.remove_discount`: `order_id`, `discount_id`.
    RemoveDiscount,
    /// `order.apply_service_charge`: `order_id`, body [`ServiceCharge`](crate::json::request::ServiceCharge).
    ApplyServiceCharge,
    /// `order.remove_service_charge`: `order_id`, `charge_id`.
    RemoveServiceCharge,
    /// `order.place`: `order_id`, body [`Place`](crate::json::request::Place).
    PlaceOrder,
    /// `order.cancel`: `order_id`, body [`Cancel`](crate::json::request::Cancel).
    CancelOrder,
    /// `order.complete`: `order_id`.
    CompleteOrder,
    /// `order.hold`: `order_id`, body [`HoldLines`](crate::json::request::HoldLines).
    HoldLines,
    /// `order.fire`: `order_id`, body [`FireLines`](crate::json::request::FireLines).
    FireLines,
    /// `order.split`: `order_id`, body [`SplitCheck`](crate::json::request::SplitCheck).
    SplitCheck,
    /// `order.merge`: `order_id`, body [`MergeInto`](crate::json::request::MergeInto).
    MergeInto,
    /// `order.serve`: `order_id`, body [`MarkServed`](crate::json::request::MarkServed).
    MarkServed,
    /// `order.void_line`: `order_id`, body [`VoidLine`](crate::json::request::VoidLine).
    VoidLine,
    /// `order.comp`: `order_id`, body [`Comp`](crate::json::request::Comp).
    CompLines,
    /// `order.set_table`: `order_id`, body [`SetTable`](crate::json::request::SetTable).
    SetTable,
    /// `order.assign_server`: `order_id`, body [`AssignServer`](crate::json::request::AssignServer).
    AssignServer,
    /// `ticket.start`: `ticket_id`.
    StartTicket,
    /// `ticket.ready`: `ticket_id`, `line_id`.
    MarkLineReady,
    /// `ticket.bump`: `ticket_id`.
    BumpTicket,
    /// `ticket.recall`: `ticket_id`.
    RecallTicket,
    /// `payment.initiate`: `order_id` here or in the body, body [`InitiatePayment`](crate::json::request::InitiatePayment).
    InitiatePayment,
    /// `payment.record_outcome`: `payment_id`, body [`Outcome`](crate::json::request::Outcome).
    RecordOutcome,
    /// `payment.request_refund`: `payment_id`, body [`RequestRefund`](crate::json::request::RequestRefund).
    RequestRefund,
    /// `payment.record_refund_outcome`: `payment_id`, `refund_id`, body
    /// [`RefundOutcome`](crate::json::request::RefundOutcome).
    RecordRefundOutcome,
    /// `payment.capture`: `payment_id`.
    CapturePayment,
    /// `payment.void`: `payment_id`, body [`VoidPayment`](crate::json::request::VoidPayment).
    VoidPayment,
    /// `payment.adjust_tip`: `payment_id`, body [`AdjustTip`](crate::json::request::AdjustTip).
    AdjustTip,
    /// `stock.set_policy`: body [`SetStockPolicy`](crate::json::request::SetStockPolicy).
    SetStockPolicy,
    /// `stock.receive`: body [`ReceiveStock`](crate::json::request::ReceiveStock).
    ReceiveStock,
    /// `stock.count`: body [`CountStock`](crate::json::request::CountStock).
    CountStock,
    /// `stock.adjust`: body [`AdjustStock`](crate::json::request::AdjustStock).
    AdjustStock,
    /// `stock.waste`: body [`WasteStock`](crate::json::request::WasteStock).
    WasteStock,
    /// `stock.mark_86`: body [`Mark86`](crate::json::request::Mark86).
    Mark86,
    /// `stock.unmark_86`: body [`Unmark86`](crate::json::request::Unmark86).
    Unmark86,
    /// `drawer.open_shift`: `drawer_id`, body [`OpenShift`](crate::json::request::OpenShift).
    OpenShift,
    /// `drawer.paid_in`: `drawer_id`, body [`MoveCash`](crate::json::request::MoveCash).
    PaidIn,
    /// `drawer.paid_out`: `drawer_id`, body [`MoveCash`](crate::json::request::MoveCash).
    PaidOut,
    /// `drawer.no_sale`: `drawer_id`, body [`NoSale`](crate::json::request::NoSale).
    NoSale,
    /// `drawer.close_shift`: `drawer_id`, body [`CloseShift`](crate::json::request::CloseShift).
    CloseShift,
    /// `day.open`: `business_date`.
    OpenDay,
    /// `day.close`: `business_date`.
    CloseDay,
}
