//! Step 4 of pricing where tax is rounded on groups, by [`TaxRules::Second`](super::TaxRules::Second): a group is of one rate
//! and kind, and what it comes to is shared out to the lines and the taxes in it (rule M3).

use super::tax::{Shares, enter, inclusive_ppm, is_same, tax_exclusive, tax_inclusive};
use super::terms::{LineInput, PriceError, TaxRate, TaxTotal, Totals, add};
use crate::money::{Money, Ppm, Rounding, allocate};

/// Taxes all lines. Tax inside comes first, because tax on top is taken on what is left without it.
pub(super) fn tax_by_rate(totals: &mut Totals, lines: &[LineInput<'_>], rounding: Rounding) -> Result<(), PriceError> {
    let within = tax_within_groups(totals, lines, rounding)?;
    tax_on_top_groups(totals, lines, rounding)?;
    for total in &within {
        enter(&mut totals.taxes, &total.tax, total.taxable, total.amount)?;
    }
    Ok(())
}

/// Tax inside, by group: the lines of one part with the same inclusive rates. Each line is in one group.
///
/// A group's tax goes to its lines by net, so no line's tax is above its net, and to its rates by rate; what a rate got is
/// shared by the taxes that have it as their lines' tax is.
fn tax_within_groups(
    totals: &mut Totals,
    lines: &[LineInput<'_>],
    rounding: Rounding,
) -> Result<Vec<TaxTotal>, PriceError> {
    let mut book = vec![];
    let mut shares = Shares::default();
    for first in 0..lines.len() {
        let LineInput { taxes, part, .. } = lines[first];
        let is_in_group = |index: usize| lines[index].part == part && has_same_rates(lines[index].taxes, taxes);
        if !taxes.iter().any(|tax| tax.inclusive) || (0..first).any(is_in_group) {
            continue;
        }
        let group: Vec<usize> = (first..lines.len()).filter(|index| is_in_group(*index)).collect();
        let mut net = Money::ZERO;
        for index in &group {
            add(&mut net, totals.lines[*index].net)?;
        }
        let amount = tax_inclusive(net, inclusive_ppm(taxes), rounding);
        shares.add(amount, &mut totals.lines, is_in_group, |line| &mut line.tax_inclusive)?;
        let rates: Vec<u64> = inclusive(taxes).map(|tax| u64::from(tax.rate.0)).collect();
        for (place, of_rate) in allocate(amount, &rates).into_iter().enumerate() {
            let mut of_taxes: Vec<TaxTotal> = vec![];
            for index in &group {
                let line = &totals.lines[*index];
                let tax = counterpart(taxes, place, lines[*index].taxes);
                enter(&mut of_taxes, tax, Money(line.net.0 - line.tax_inclusive.0), line.tax_inclusive)?;
            }
            let weights: Vec<u64> = of_taxes.iter().map(|total| total.amount.0.unsigned_abs()).collect();
            for (total, part) in of_taxes.iter().zip(allocate(of_rate, &weights)) {
                enter(&mut book, &total.tax, total.taxable, part)?;
            }
        }
    }
    Ok(book)
}

fn inclusive(taxes: &[TaxRate]) -> impl Iterator<Item = &TaxRate> {
    taxes.iter().filter(|tax| tax.inclusive)
}

/// Whether the same inclusive rates are in both, in whatever order.
fn has_same_rates(a: &[TaxRate], b: &[TaxRate]) -> bool {
    let sorted = |taxes| {
        let mut rates: Vec<Ppm> = inclusive(taxes).map(|tax| tax.rate).collect();
        rates.sort_unstable();
        rates
    };
    std::ptr::eq(a, b) || sorted(a) == sorted(b)
}

/// The tax among `others` that stands for the inclusive tax at `place` of `taxes`: the first of its rate for the first of that
/// rate, the second for the second.
fn counterpart<'a>(taxes: &[TaxRate], place: usize, others: &'a [TaxRate]) -> &'a TaxRate {
    let wanted = inclusive(taxes).nth(place).expect("a place among them");
    let number = inclusive(taxes).take(place).filter(|tax| tax.rate == wanted.rate).count();
    let mut of_rate = inclusive(others).filter(|tax| tax.rate == wanted.rate);
    of_rate.nth(number).expect("both have the same rates")
}

/// A tax on top of a line.
struct OnTop<'a> {
    line: usize,
    tax: &'a TaxRate,
    /// How many groups have to be taxed before its group: a compound tax is taken on the taxes before it.
    rank: usize,
    base: Money,
    amount: Money,
}

/// Tax on top, by group: the taxes of one part, rate and rank, each as often as a line has one.
fn tax_on_top_groups(totals: &mut Totals, lines: &[LineInput<'_>], rounding: Rounding) -> Result<(), PriceError> {
    let mut all = on_top(lines);
    for rank in 0..=all.iter().map(|on_top| on_top.rank).max().unwrap_or(0) {
        for first in 0..all.len() {
            let key = |on_top: &OnTop<'_>| (on_top.rank, lines[on_top.line].part, on_top.tax.rate);
            let is_in_group = |on_top: &OnTop<'_>| key(on_top) == key(&all[first]);
            if all[first].rank != rank || all[..first].iter().any(is_in_group) {
                continue;
            }
            let group: Vec<usize> = (first..all.len()).filter(|index| is_in_group(&all[*index])).collect();
            let mut sum = Money::ZERO;
            for index in &group {
                let base = base_of(totals, &all, *index)?;
                add(&mut sum, base)?;
                all[*index].base = base;
            }
            let amount = tax_exclusive(sum, all[first].tax.rate, rounding).ok_or(PriceError::TotalOverflow)?;
            if amount == Money::ZERO {
                continue; // Also where all bases are zero, which `allocate` would take for equal.
            }
            let weights: Vec<u64> = group.iter().map(|index| all[*index].base.0.unsigned_abs()).collect();
            for (index, part) in group.into_iter().zip(allocate(amount, &weights)) {
                all[index].amount = part;
            }
        }
    }
    for OnTop { line, tax, base, amount, .. } in all {
        add(&mut totals.lines[line].tax_exclusive, amount)?;
        enter(&mut totals.taxes, tax, base, amount)?;
    }
    Ok(())
}

/// Every tax on top of every line, in order.
fn on_top<'a>(lines: &[LineInput<'a>]) -> Vec<OnTop<'a>> {
    let mut all = vec![];
    for (line, input) in lines.iter().enumerate() {
        // The rank that a compound tax would have here.
        let mut above = 0;
        for tax in input.taxes.iter().filter(|tax| !tax.inclusive) {
            let rank = if tax.compound { above } else { 0 };
            above = above.max(rank + 1);
            all.push(OnTop { line, tax, rank, base: Money::ZERO, amount: Money::ZERO });
        }
    }
    all
}

/// What a tax on top is taken on. Those before it, if it is compound, are of lower ranks and known.
fn base_of(totals: &Totals, all: &[OnTop<'_>], index: usize) -> Result<Money, PriceError> {
    let OnTop { line, tax, .. } = &all[index];
    let of_line = &totals.lines[*line];
    let mut base = Money(of_line.net.0 - of_line.tax_inclusive.0);
    if tax.compound {
        for before in all[..index].iter().filter(|before| before.line == *line) {
            assert!(before.rank < all[index].rank && !is_same(before.tax, tax));
            add(&mut base, before.amount)?;
        }
    }
    Ok(base)
}
