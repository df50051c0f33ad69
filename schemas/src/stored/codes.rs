//! The numbers the log stores for the domain's enums: written by hand, never reused, never the index of a variant.

use super::parts::BadValue;
use domain::command::Source;
use domain::event::{
    Capture, Channel, Decision, DiningMode, IgnoredMessage, IgnoredOutcome, IgnoredRefund, NotApplicable, PayMode,
    ReleaseReason, Role, VoidReason,
};
use domain::kitchen::Kitchen;
use domain::money::Rounding;
use domain::pricing::TaxRounding;
use domain::staff::{Right, Rights};
use domain::store::CashShifts;

/// An enum without payload, with the numbers it is stored as.
pub(super) trait Code: Sized {
    /// What it is called where a number is refused.
    const KIND: &'static str;
    /// The number.
    fn code(&self) -> u8;
    /// The value of a number.
    fn of_code(code: u8) -> Option<Self>;
}

/// Reads a number as a value of the enum.
pub(super) fn code<T: Code>(code: u8) -> Result<T, BadValue> {
    T::of_code(code).ok_or(BadValue::Code { kind: T::KIND, code })
}

/// Both directions from one line per variant, so that they cannot disagree.
macro_rules! codes {
    ($($kind:ident { $($variant:ident = $code:literal),* $(,)? })*) => {$(
        impl Code for $kind {
            const KIND: &'static str = stringify!($kind);

            #[inline]
            fn code(&self) -> u8 {
                match self {
                    $($kind::$variant => $code,)*
                }
            }

            #[inline]
            fn of_code(code: u8) -> Option<$kind> {
                match code {
                    $($code => Some($kind::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

codes! {
    Role { Admin = 1, Manager = 2, Pos = 3, Kitchen = 4, Analyst = 5, Auditor = 6 }
    Channel { Pos = 1, Kiosk = 2, Online = 3, Delivery = 4, Phone = 5 }
    DiningMode { DineIn = 1, TakeAway = 2, Delivery = 3 }
    PayMode { First = 1, Later = 2 }
    NotApplicable { OrderCancelled = 1, NothingDue = 2, OrderMerged = 3, Reviewed = 4 }
    Decision { Accept = 1, Refund = 2, Dismiss = 3 }
    IgnoredOutcome { Failed = 1, Captured = 2 }
    IgnoredRefund { Failed = 1, Succeeded = 2 }
    Capture { AtOnce = 1, Later = 2 }
    IgnoredMessage { Known = 1, Outranked = 2, UnderReview = 3, UnknownRefund = 4, NotUnderstood = 5 }
    VoidReason { Requested = 1, OrderClosed = 2, LateAuthorisation = 3, Expired = 4 }
    ReleaseReason { OrderCancelled = 1, PaymentTimeout = 2, LineChanged = 3 }
    Source { Online = 1, Imported = 2, Engine = 3, Offline = 4 }
    CashShifts { Off = 1, Required = 2 }
    Kitchen { Off = 1, On = 2 }
    Rounding { HalfEven = 1, HalfUp = 2, HalfDown = 3, Up = 4, Down = 5 }
    TaxRounding { Line = 1, Group = 2 }
    Right { Discount = 1, Cancel = 2, VoidFired = 3, Comp = 4, Refund = 5, PaidOut = 6, NoSale = 7 }
}

/// A set of rights as bits: the bit of a right is its code.
pub(super) fn rights_bits(rights: Rights) -> u32 {
    rights.iter().fold(0, |bits, right| bits | 1 << right.code())
}

/// Reads a set of rights.
pub(super) fn rights(bits: u32) -> Result<Rights, BadValue> {
    let rights = Rights::of(Right::ALL.into_iter().filter(|right| bits & 1 << right.code() != 0));
    match rights_bits(rights) == bits {
        true => Ok(rights),
        false => Err(BadValue::Range { kind: "set of rights" }),
    }
}
