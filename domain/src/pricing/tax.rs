//! Step 4 of pricing: tax on lines, on each by itself or on groups of them, and on charges.

use super::terms::{
    LineInput, LineTotals, PriceError, PriceTerms, TAXES_MAX, TaxRate, TaxRules, TaxTotal, Totals, add,
};
use crate::money::{Money, Ppm, Rounding, allocate, allocate_into, round_div};

/// Tax that comes on top of `net`: `rnd(net * rate)`. `None` if it does not fit.
pub fn tax_exclusive(net: Money, rate: Ppm, rounding: Rounding) -> Option<Money> {
    rate.of(net, rounding)
}

/// All inclusive tax inside `net`, `rate_sum_ppm` being the sum of their rates in millionths:
/// `net - rnd(net / (1 + rates))`, so that what is left and the tax add up to the price on the menu.
pub fn tax_inclusive(net: Money, rate_sum_ppm: u64, rounding: Rounding) -> Money {
    let one = i128::from(Ppm::ONE.0);
    let without = round_div(i128::from(net.0) * one, one + i128::from(rate_sum_ppm), rounding);
    // What is left lies between zero and the net, and so does the tax: it fits.
    Money((i128::from(net.0) - without) as i64)
}

/// What is left of an amount without the inclusive taxes in it.
pub(super) fn without_inclusive(amount: Money, taxes: &[TaxRate], rounding: Rounding) -> Money {
    Money(amount.0 - tax_inclusive(amount, inclusive_ppm(taxes), rounding).0)
}

/// The sum of the inclusive rates, in millionths.
pub(super) fn inclusive_ppm(taxes: &[TaxRate]) -> u64 {
    taxes.iter().filter(|tax| tax.inclusive).map(|tax| u64::from(tax.rate.0)).sum()
}

/// Whether these may be the taxes of one line or charge.
pub(super) fn are_taxes(taxes: &[TaxRate]) -> bool {
    let alone = |index: usize| taxes[..index].iter().all(|other| !is_same(other, &taxes[index]));
    taxes.len() <= TAXES_MAX && taxes.iter().all(|tax| tax.rate <= Ppm::TAX_MAX) && (0..taxes.len()).all(alone)
}

/// Taxes one amount by itself and books each tax; returns the exclusive and the inclusive tax.
pub(super) fn tax_amount(
    book: &mut Vec<TaxTotal>,
    taxes: &[TaxRate],
    net: Money,
    terms: PriceTerms,
) -> Result<(Money, Money), PriceError> {
    let rounding = terms.rules.rounding;
    let mut exclusive = Money::ZERO;
    for tax in taxes.iter().filter(|tax| !tax.inclusive) {
        let mut base = match terms.tax_rules {
            TaxRules::First => net,
            TaxRules::Second => without_inclusive(net, taxes, rounding),
        };
        if tax.compound && terms.tax_rules == TaxRules::Second {
            add(&mut base, exclusive)?;
        }
        let amount = tax_exclusive(base, tax.rate, rounding).ok_or(PriceError::TotalOverflow)?;
        add(&mut exclusive, amount)?;
        enter(book, tax, base, amount)?;
    }
    let inclusive = tax_within(book, taxes, net, rounding)?;
    Ok((exclusive, inclusive))
}

/// All inclusive tax within `net`, booked to the single taxes by their rates (rule M3).
fn tax_within(
    book: &mut Vec<TaxTotal>,
    taxes: &[TaxRate],
    net: Money,
    rounding: Rounding,
) -> Result<Money, PriceError> {
    let mut inclusive = taxes.iter().filter(|tax| tax.inclusive);
    let (Some(first), second) = (inclusive.next(), inclusive.next()) else { return Ok(Money::ZERO) };
    let rates = || taxes.iter().filter(|tax| tax.inclusive).map(|tax| u64::from(tax.rate.0));
    let amount = tax_inclusive(net, inclusive_ppm(taxes), rounding);
    let taxable = Money(net.0 - amount.0); // The tax is between zero and the net.
    if second.is_none() {
        enter(book, first, taxable, amount)?;
        return Ok(amount);
    }
    let parts = allocate(amount, &rates().collect::<Vec<u64>>());
    for (tax, part) in taxes.iter().filter(|tax| tax.inclusive).zip(parts) {
        enter(book, tax, taxable, part)?;
    }
    Ok(amount)
}

/// Exclusive tax by group, as [`TaxRules::First`] has it: the lines of one part that have the same tax at the same rate.
pub(super) fn tax_exclusive_groups(
    totals: &mut Totals,
    lines: &[LineInput<'_>],
    rounding: Rounding,
) -> Result<(), PriceError> {
    // Lines are taxed before charges, so at first the book is empty.
    assert!(totals.taxes.is_empty());
    let mut shares = Shares::default();
    for first in 0..lines.len() {
        let part = lines[first].part;
        if lines[..first].iter().any(|line| line.part == part) {
            continue;
        }
        let mut groups = vec![];
        for (line, input) in totals.lines.iter().zip(lines).filter(|(_, input)| input.part == part) {
            for tax in input.taxes.iter().filter(|tax| !tax.inclusive) {
                enter(&mut groups, tax, line.net, Money::ZERO)?;
            }
        }
        for group in &mut groups {
            let amount = tax_exclusive(group.taxable, group.tax.rate, rounding).ok_or(PriceError::TotalOverflow)?;
            add(&mut group.amount, amount)?;
            let has_tax = |index: usize| {
                lines[index].part == part && lines[index].taxes.iter().any(|tax| is_same(tax, &group.tax))
            };
            shares.add(amount, &mut totals.lines, has_tax, |line| &mut line.tax_exclusive)?;
        }
        match totals.taxes.is_empty() {
            true => totals.taxes = groups,
            false => {
                for group in &groups {
                    enter(&mut totals.taxes, &group.tax, group.taxable, group.amount)?;
                }
            }
        }
    }
    Ok(())
}

/// Inclusive tax by group, as [`TaxRules::First`] has it: the lines of one part that have the same inclusive taxes. Each line is in one group.
///
/// A group's tax is shared out twice, to its taxes by rate and to its lines by net: both sums are the group's tax, and
/// no line's tax is above its net, which could not be had if each tax went to the lines by itself.
pub(super) fn tax_inclusive_groups(
    totals: &mut Totals,
    lines: &[LineInput<'_>],
    rounding: Rounding,
) -> Result<(), PriceError> {
    let mut shares = Shares::default();
    for first in 0..lines.len() {
        let LineInput { taxes, part, .. } = lines[first];
        let is_in_group = |index: usize| lines[index].part == part && is_same_inclusive(lines[index].taxes, taxes);
        if !taxes.iter().any(|tax| tax.inclusive) || (0..first).any(is_in_group) {
            continue;
        }
        let mut net = Money::ZERO;
        for index in (first..lines.len()).filter(|index| is_in_group(*index)) {
            add(&mut net, totals.lines[index].net)?;
        }
        let amount = tax_within(&mut totals.taxes, taxes, net, rounding)?;
        shares.add(amount, &mut totals.lines, is_in_group, |line| &mut line.tax_inclusive)?;
    }
    Ok(())
}

/// The space that allocating takes, kept from one group to the next.
#[derive(Default)]
pub(super) struct Shares {
    weights: Vec<u64>,
    parts: Vec<Money>,
}

impl Shares {
    /// Adds a group's tax to its lines, in proportion to their nets (rule M3).
    pub(super) fn add(
        &mut self,
        amount: Money,
        lines: &mut [LineTotals],
        is_in_group: impl Fn(usize) -> bool,
        field: fn(&mut LineTotals) -> &mut Money,
    ) -> Result<(), PriceError> {
        // Where all nets are zero there is no tax, so `allocate_into` never has to take the weights for equal.
        if amount == Money::ZERO {
            return Ok(());
        }
        self.weights.clear();
        self.weights.extend(lines.iter().enumerate().map(|(index, line)| match is_in_group(index) {
            true => line.net.0.unsigned_abs(),
            false => 0, // A weight of zero gets nothing.
        }));
        self.parts.resize(lines.len(), Money::ZERO);
        allocate_into(amount, &self.weights, &mut self.parts);
        for (line, part) in lines.iter_mut().zip(&self.parts) {
            add(field(line), *part)?;
        }
        Ok(())
    }
}

/// Adds to what is booked for a tax.
pub(super) fn enter(book: &mut Vec<TaxTotal>, tax: &TaxRate, taxable: Money, amount: Money) -> Result<(), PriceError> {
    let index = book.iter().position(|total| is_same(&total.tax, tax)).unwrap_or_else(|| {
        book.push(TaxTotal { tax: *tax, taxable: Money::ZERO, amount: Money::ZERO });
        book.len() - 1
    });
    add(&mut book[index].taxable, taxable)?;
    add(&mut book[index].amount, amount)
}

/// Equality that looks at the rate first, because ids are long and rates mostly differ.
pub(super) fn is_same(a: &TaxRate, b: &TaxRate) -> bool {
    a.rate == b.rate && a.inclusive == b.inclusive && a.tax == b.tax && a.compound == b.compound
}

/// Whether the same inclusive taxes are in both, in whatever order. Neither has one twice.
fn is_same_inclusive(a: &[TaxRate], b: &[TaxRate]) -> bool {
    let count = |taxes: &[TaxRate]| taxes.iter().filter(|tax| tax.inclusive).count();
    let in_b = |tax: &TaxRate| b.iter().any(|other| is_same(tax, other));
    count(a) == count(b) && a.iter().filter(|tax| tax.inclusive).all(in_b)
}
