//! Events of a cash drawer.

use crate::calendar::Date;
use crate::ids::{PaymentId, RefundId, Text};
use crate::money::Money;

/// What happened to a drawer. Its shifts are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawerEvent {
    /// A shift began.
    ShiftOpened {
        /// Its number.
        shift: u32,
        /// What was in the drawer.
        float: Money,
        /// The business date it counts for.
        business_date: Date,
    },
    /// Cash was put in.
    CashPaidIn {
        /// The shift.
        shift: u32,
        /// How much.
        amount: Money,
        /// Why.
        reason: Text,
    },
    /// Cash was taken out.
    CashPaidOut {
        /// The shift.
        shift: u32,
        /// How much.
        amount: Money,
        /// Why.
        reason: Text,
    },
    /// The drawer was opened without a sale.
    NoSaleRecorded {
        /// The shift.
        shift: u32,
        /// Why.
        reason: Text,
    },
    /// A payment in cash went in.
    CashSaleRecorded {
        /// The shift.
        shift: u32,
        /// The payment.
        payment: PaymentId,
        /// How much stayed in: with the tip, without the change.
        amount: Money,
    },
    /// A refund in cash went out.
    CashRefundRecorded {
        /// The shift.
        shift: u32,
        /// The payment.
        payment: PaymentId,
        /// The refund, unique in its payment.
        refund: RefundId,
        /// How much.
        amount: Money,
    },
    /// A shift ended.
    ShiftClosed {
        /// Its number.
        shift: u32,
        /// What should be in the drawer.
        expected: Money,
        /// What is in it.
        counted: Money,
        /// Counted minus expected.
        over_short: Money,
    },
}
