//! The stored form of an order's amounts, shared by `OrderPlaced` and `OrderRepriced`.

use super::BadValue;
use super::parts::{Seq, Stored, TaxRateV1};
use domain::money::Money;
use domain::pricing::{ChargeTotals, DiscountPart, LineTotals, TaxTotal, Totals};
use serde::{Deserialize, Serialize};

/// An order's amounts, version 1: the lists first, then the sums.
#[derive(Serialize, Deserialize)]
pub(super) struct TotalsV1<'a> {
    #[serde(borrow)]
    lines: Seq<'a, LineTotalsV1, LineTotals>,
    discounts: Seq<'a, i64, Money>,
    discount_parts: Seq<'a, DiscountPartV1, DiscountPart>,
    taxes: Seq<'a, TaxTotalV1<'a>, TaxTotal>,
    charges: Seq<'a, ChargeTotalsV1, ChargeTotals>,
    gross: i64,
    discount: i64,
    net: i64,
    tax_exclusive: i64,
    tax_inclusive: i64,
    charges_total: i64,
    charge_tax_exclusive: i64,
    charge_tax_inclusive: i64,
    total: i64,
}

/// A line's amounts in [`TotalsV1`].
#[derive(Serialize, Deserialize)]
struct LineTotalsV1 {
    gross: i64,
    discount: i64,
    net: i64,
    tax_exclusive: i64,
    tax_inclusive: i64,
}

/// What a discount took off a line in [`TotalsV1`], both by index.
#[derive(Serialize, Deserialize)]
struct DiscountPartV1 {
    discount: u16,
    line: u16,
    amount: i64,
}

/// What a tax came to in [`TotalsV1`].
#[derive(Serialize, Deserialize)]
struct TaxTotalV1<'a> {
    #[serde(borrow)]
    tax: TaxRateV1<'a>,
    taxable: i64,
    amount: i64,
}

/// What a service charge came to in [`TotalsV1`].
#[derive(Serialize, Deserialize)]
struct ChargeTotalsV1 {
    amount: i64,
    tax_exclusive: i64,
    tax_inclusive: i64,
}

impl<'a> Stored<'a, Totals> for TotalsV1<'a> {
    fn of(totals: &'a Totals) -> TotalsV1<'a> {
        TotalsV1 {
            lines: Seq::of(&totals.lines),
            discounts: Seq::of(&totals.discounts),
            discount_parts: Seq::of(&totals.discount_parts),
            taxes: Seq::of(&totals.taxes),
            charges: Seq::of(&totals.charges),
            gross: totals.gross.0,
            discount: totals.discount.0,
            net: totals.net.0,
            tax_exclusive: totals.tax_exclusive.0,
            tax_inclusive: totals.tax_inclusive.0,
            charges_total: totals.charges_total.0,
            charge_tax_exclusive: totals.charge_tax_exclusive.0,
            charge_tax_inclusive: totals.charge_tax_inclusive.0,
            total: totals.total.0,
        }
    }

    fn back(self) -> Result<Totals, BadValue> {
        Ok(Totals {
            lines: self.lines.back()?,
            discounts: self.discounts.back()?,
            discount_parts: self.discount_parts.back()?,
            taxes: self.taxes.back()?,
            charges: self.charges.back()?,
            gross: Money(self.gross),
            discount: Money(self.discount),
            net: Money(self.net),
            tax_exclusive: Money(self.tax_exclusive),
            tax_inclusive: Money(self.tax_inclusive),
            charges_total: Money(self.charges_total),
            charge_tax_exclusive: Money(self.charge_tax_exclusive),
            charge_tax_inclusive: Money(self.charge_tax_inclusive),
            total: Money(self.total),
        })
    }
}

impl Stored<'_, LineTotals> for LineTotalsV1 {
    fn of(line: &LineTotals) -> LineTotalsV1 {
        LineTotalsV1 {
            gross: line.gross.0,
            discount: line.discount.0,
            net: line.net.0,
            tax_exclusive: line.tax_exclusive.0,
            tax_inclusive: line.tax_inclusive.0,
        }
    }

    fn back(self) -> Result<LineTotals, BadValue> {
        Ok(LineTotals {
            gross: Money(self.gross),
            discount: Money(self.discount),
            net: Money(self.net),
            tax_exclusive: Money(self.tax_exclusive),
            tax_inclusive: Money(self.tax_inclusive),
        })
    }
}

impl Stored<'_, DiscountPart> for DiscountPartV1 {
    fn of(part: &DiscountPart) -> DiscountPartV1 {
        let index = |index: usize| u16::try_from(index).expect("an order's lines and discounts are a few hundred");
        DiscountPartV1 { discount: index(part.discount), line: index(part.line), amount: part.amount.0 }
    }

    fn back(self) -> Result<DiscountPart, BadValue> {
        Ok(DiscountPart { discount: self.discount.into(), line: self.line.into(), amount: Money(self.amount) })
    }
}

impl<'a> Stored<'a, TaxTotal> for TaxTotalV1<'a> {
    fn of(tax: &'a TaxTotal) -> TaxTotalV1<'a> {
        TaxTotalV1 { tax: TaxRateV1::of(&tax.tax), taxable: tax.taxable.0, amount: tax.amount.0 }
    }

    fn back(self) -> Result<TaxTotal, BadValue> {
        Ok(TaxTotal { tax: self.tax.back()?, taxable: Money(self.taxable), amount: Money(self.amount) })
    }
}

impl Stored<'_, ChargeTotals> for ChargeTotalsV1 {
    fn of(charge: &ChargeTotals) -> ChargeTotalsV1 {
        ChargeTotalsV1 {
            amount: charge.amount.0,
            tax_exclusive: charge.tax_exclusive.0,
            tax_inclusive: charge.tax_inclusive.0,
        }
    }

    fn back(self) -> Result<ChargeTotals, BadValue> {
        Ok(ChargeTotals {
            amount: Money(self.amount),
            tax_exclusive: Money(self.tax_exclusive),
            tax_inclusive: Money(self.tax_inclusive),
        })
    }
}
