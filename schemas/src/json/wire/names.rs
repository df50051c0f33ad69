//! Enums by name.

use super::choices::{ChargePhase, OutcomeKind, PolicyKind, RefundOutcomeKind};
use super::form::{Form, WireForm, read_text};
use domain::calendar::Weekday;
use domain::command::{Charges, Issued, Source};
use domain::event::{Capture, Channel, Decision, DiningMode, Document, PayMode, Role};
use domain::kitchen::Kitchen;
use domain::money::Rounding;
use domain::pricing::{TaxRounding, TaxRules};
use domain::staff::Right;
use domain::store::CashShifts;
use serde::Deserializer;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// An enum whose values have names in JSON.
pub trait Named: Copy + 'static {
    /// What its form is called in the OpenAPI description.
    const KIND: &'static str;
    /// What it says, for the OpenAPI description.
    const DESCRIPTION: &'static str;
    /// What is said to be expected where no text stands.
    const EXPECTED: &'static str;
    /// The names a client may send, with what they mean.
    const CHOICES: &'static [(&'static str, Self)];

    /// The name of this value.
    fn name(self) -> &'static str;
}

/// The JSON name of an enum's value: `take_away`.
pub fn name_of<T: Named>(value: T) -> &'static str {
    value.name()
}

fn choices<T: Named>() -> impl Iterator<Item = &'static str> {
    T::CHOICES.iter().map(|(name, _)| *name)
}

impl<T: Named> WireForm for T {
    const NAME: &'static str = T::KIND;

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, T::EXPECTED, |text| match T::CHOICES.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => Ok(*value),
            None => Err(format!("is not one of {}", choices::<T>().collect::<Vec<_>>().join(", "))),
        })
    }

    fn form<R>(&self, say: impl FnOnce(Form<'_>) -> R) -> R {
        say(Form::Text(self.name()))
    }

    fn describe() -> Object {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some(T::DESCRIPTION))
            .enum_values(Some(choices::<T>()))
            .build()
    }
}

/// Says the names of enums: `Role, "What a token may do." { Admin = "admin" }`. Names behind `never sent` are written only.
macro_rules! names {
    ($($kind:ident, $what:literal { $($value:ident = $name:literal),* $(,)? } $(, never sent: { $($inner:ident = $inner_name:literal),* })?)*) => {
        $(
            impl $crate::json::wire::names::Named for $kind {
                const KIND: &'static str = stringify!($kind);
                const DESCRIPTION: &'static str = $what;
                const EXPECTED: &'static str = concat!("one of these texts: ", $($name, " ",)*);
                const CHOICES: &'static [(&'static str, Self)] = &[$(($name, $kind::$value)),*];

                fn name(self) -> &'static str {
                    match self {
                        $($kind::$value => $name,)*
                        $($($kind::$inner => $inner_name,)*)?
                    }
                }
            }
        )*
    };
}

/// As [`names!`], for what events have too: `Role, "What a token may do." { Admin = 1 "admin" }` with the numbers in the log.
macro_rules! coded_names {
    ($($kind:ident, $what:literal { $($value:ident = $code:literal $name:literal),* $(,)? } $(, never sent: { $($inner:ident = $inner_code:literal $inner_name:literal),* })?)*) => {
        names! { $($kind, $what { $($value = $name),* } $(, never sent: { $($inner = $inner_name),* })?)* }
        codes! { $($kind { $($value = $code,)* $($($inner = $inner_code),*)? })* }
    };
}

coded_names! {
    Channel, "Where an order comes from." {
        Pos = 1 "pos", Kiosk = 2 "kiosk", Online = 3 "online", Delivery = 4 "delivery", Phone = 5 "phone",
    }
    Document, "What is printed for a guest: a `bill` says what is to be paid, a `receipt` what was paid." { Bill = 1 "bill", Receipt = 2 "receipt" }
    DiningMode, "How the guest eats." { DineIn = 1 "dine_in", TakeAway = 2 "take_away", Delivery = 3 "delivery" }
    PayMode, "When the guest pays: `first` cancels the order at its deadline if nobody pays." {
        First = 1 "first", Later = 2 "later",
    }
    Role, "What a token may do." {
        Admin = 1 "admin", Manager = 2 "manager", Pos = 3 "pos", Kitchen = 4 "kitchen", Analyst = 5 "analyst",
        Auditor = 6 "auditor",
    }
    Kitchen, "Whether orders are prepared on tickets: where they are, one is done when it is paid and served." {
        Off = 1 "off", On = 2 "on",
    }
    Right, "Something a person may be asked to approve." {
        Discount = 1 "discount", Cancel = 2 "cancel", VoidFired = 3 "void_fired", Comp = 4 "comp", Refund = 5 "refund",
        PaidOut = 6 "paid_out", NoSale = 7 "no_sale", PriceOverride = 8 "price_override", TaxExempt = 9 "tax_exempt",
        Training = 10 "training",
    }
    Rounding, "How amounts are rounded; all modes mirror at zero." {
        HalfEven = 1 "half_even", HalfUp = 2 "half_up", HalfDown = 3 "half_down", Up = 4 "up", Down = 5 "down",
    }
    TaxRounding, "Where tax is rounded: on each line, or on the sum of all lines taxed alike." {
        Line = 1 "line", Group = 2 "group",
    }
    TaxRules, "By which rules tax is computed, as they were when the order was opened: by the `second` a tax on top is taken on the amount without the taxes inside it, and tax that is rounded on groups is summed by rate." {
        First = 1 "first", Second = 2 "second",
    }
    Weekday, "A day of the week." {
        Monday = 1 "monday", Tuesday = 2 "tuesday", Wednesday = 3 "wednesday", Thursday = 4 "thursday", Friday = 5 "friday",
        Saturday = 6 "saturday", Sunday = 7 "sunday",
    }
    CashShifts, "Whether a store takes cash, and gives it back, within an open shift only." {
        Off = 1 "off", Required = 2 "required",
    }
    Source, "How a command reached the engine: as it happened, kept by a terminal that was away, or recorded after the fact." {
        Online = 1 "online", Offline = 4 "offline", Imported = 2 "imported",
    }, never sent: { Engine = 3 "engine" }
    Decision, "What a person decides about a flagged payment: `accept` what moved, `refund` it, or `dismiss` the flag." {
        Accept = 1 "accept", Refund = 2 "refund", Dismiss = 3 "dismiss",
    }
    Capture, "When a provider takes the money: `automatic` at once, `manual` when it is asked to." {
        AtOnce = 1 "automatic", Later = 2 "manual",
    }
}

names! {
    ChargePhase, "When a service charge is computed: `subtotal` before tax, `total` after tax and untaxed." {
        Subtotal = "subtotal", Total = "total",
    }
    OutcomeKind, "What became of an attempt to pay: `captured` if money moved." {
        Captured = "captured", Failed = "failed",
    }
    RefundOutcomeKind, "What became of a refund: `succeeded` if the money was given back." {
        Succeeded = "succeeded", Failed = "failed",
    }
    Charges, "What becomes of percent service charges on lines that are given back: they `follow` their lines, or you `keep` them." {
        Follow = "follow", Keep = "keep",
    }
    Issued, "What becomes of what was issued with a token that is revoked: you `revoke` it too, or `keep` it." {
        Revoke = "revoke", Keep = "keep",
    }
    PolicyKind, "How a stock item is kept: what is `untracked` is never refused and never reserved." {
        Untracked = "untracked", Counted = "counted",
    }
}

pub(crate) use names;
