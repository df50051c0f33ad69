//! Events of a cash drawer.

use crate::calendar::Date;
use crate::ids::{PaymentId, RefundId, Text};
use crate::money::Money;

/// What happened to a drawer. Its shifts are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawerEvent {
    ShiftOpened {
        shift: u32,
        float: Money,
        /// The business date it counts for.
        business_date: Date,
    },
    CashPaidIn {
        shift: u32,
        amount: Money,
        reason: Text,
    },
    CashPaidOut {
        shift: u32,
        amount: Money,
        reason: Text,
    },
    /// The drawer was opened without a sale.
    NoSaleRecorded {
        shift: u32,
        reason: Text,
    },
    /// A payment in cash went in.
    CashSaleRecorded {
        shift: u32,
        payment: PaymentId,
        /// How much stayed in: with the tip, without the change.
        amount: Money,
    },
    /// A refund in cash went out.
    CashRefundRecorded {
        shift: u32,
        payment: PaymentId,
        /// The refund, unique in its payment.
        refund: RefundId,
        amount: Money,
    },
    ShiftClosed {
        shift: u32,
        /// What should be in the drawer.
        expected: Money,
        counted: Money,
        /// Counted minus expected.
        over_short: Money,
    },
    /// It was made by mistake, or is used no more.
    DrawerRemoved,
}
