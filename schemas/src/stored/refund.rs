//! What the stored events of refunds share.

use super::BadValue;
use super::parts::{Stored, named};
use domain::event::{MoneyParts, RefundedLine};
use domain::money::{Money, QtyMilli};
use serde::{Deserialize, Serialize};

/// Where refunded money comes from. Fields: paid towards the order, tip, what the order could not take.
#[derive(Serialize, Deserialize)]
pub(super) struct MoneyPartsV1 {
    applied: i64,
    tip: i64,
    unapplied: i64,
}

impl Stored<'_, MoneyParts> for MoneyPartsV1 {
    fn of(parts: &MoneyParts) -> MoneyPartsV1 {
        MoneyPartsV1 { applied: parts.applied.0, tip: parts.tip.0, unapplied: parts.unapplied.0 }
    }

    fn back(self) -> Result<MoneyParts, BadValue> {
        Ok(MoneyParts { applied: Money(self.applied), tip: Money(self.tip), unapplied: Money(self.unapplied) })
    }
}

/// Units of a line that go back, with their part of what it came to.
#[derive(Serialize, Deserialize)]
pub(super) struct RefundedLineV1<'a> {
    line: &'a str,
    qty: i64,
    discount: i64,
    net: i64,
    tax_exclusive: i64,
    tax_inclusive: i64,
}

impl<'a> Stored<'a, RefundedLine> for RefundedLineV1<'a> {
    fn of(line: &'a RefundedLine) -> RefundedLineV1<'a> {
        RefundedLineV1 {
            line: line.line.as_str(),
            qty: line.qty.0,
            discount: line.discount.0,
            net: line.net.0,
            tax_exclusive: line.tax_exclusive.0,
            tax_inclusive: line.tax_inclusive.0,
        }
    }

    fn back(self) -> Result<RefundedLine, BadValue> {
        Ok(RefundedLine {
            line: named(self.line)?,
            qty: QtyMilli(self.qty),
            discount: Money(self.discount),
            net: Money(self.net),
            tax_exclusive: Money(self.tax_exclusive),
            tax_inclusive: Money(self.tax_inclusive),
        })
    }
}
