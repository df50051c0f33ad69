//! What refunds are made of.

use crate::ids::LineId;
use crate::money::{Money, QtyMilli};
use crate::pricing::ChargeTotals;

/// Money of one payment by what became of it when it was captured: a refund says which of the three it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyParts {
    /// What was paid towards the order.
    pub applied: Money,
    pub tip: Money,
    /// What the order could not take.
    pub unapplied: Money,
}

impl MoneyParts {
    /// All three together. Captured money fits into a sum of money, and so do its parts.
    pub fn sum(self) -> Money {
        Money(self.applied.0 + self.tip.0 + self.unapplied.0)
    }
}

/// Units of a line that are given back, with their part of what the line came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundedLine {
    pub line: LineId,
    pub qty: QtyMilli,
    /// Their part of the line's discounts.
    pub discount: Money,
    /// Their part of the line after discounts.
    pub net: Money,
    /// Their part of the tax on top.
    pub tax_exclusive: Money,
    /// Their part of the tax inside.
    pub tax_inclusive: Money,
    /// Their part of the service charges that are a share of what lines come to; nothing where there are none, or they stay
    /// charged.
    pub charges: Option<ChargeTotals>,
}

impl RefundedLine {
    /// What the guest gets back for them.
    pub fn amount(&self) -> Money {
        let charges = self.charges.unwrap_or_default();
        Money(self.net.0 + self.tax_exclusive.0 + charges.amount.0 + charges.tax_exclusive.0)
    }
}
