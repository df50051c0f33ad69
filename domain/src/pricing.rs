//! Pricing: what an order costs, line by line and in total (DOMAIN.md section 7).
//!
//! [`price`] is the only place where an order's totals are made; the writer, the terminal's check (rule O5) and the
//! price enquiry call the same function, so they cannot differ by a cent. It is pure, and the names of things stay
//! outside: lines, discounts and charges are named by their index in the arguments.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::money::{Money, Ppm, QtyMilli, Rounding, allocate_into, narrow, round_div};

mod tax;
mod tax_groups;
mod terms;

use terms::add;

pub use tax::{tax_exclusive, tax_inclusive};
pub use terms::{
    CHARGES_MAX, ChargeBase, ChargeKind, ChargePhase, ChargeTotals, DISCOUNTS_MAX, Discount, DiscountKind,
    DiscountPart, DiscountScope, LINES_MAX, LineInput, LineSet, LineTotals, Overflow, PriceError, PriceRules,
    PriceTerms, ServiceCharge, TAXES_MAX, TaxRate, TaxRounding, TaxRules, TaxTotal, Totals,
};

/// The price of one piece: `base + sum(modifier price * modifier quantity)`.
///
/// A modifier may lower the price; whether the result may be below zero is for [`price`] to say (it may not).
///
/// # Errors
/// [`Overflow`] if the result is further than [`Money::MAX_ABS`] from zero.
pub fn unit_price(base: Money, modifiers: impl IntoIterator<Item = (Money, u32)>) -> Result<Money, Overflow> {
    let sum = modifiers
        .into_iter()
        .try_fold(i128::from(base.0), |sum, (price, qty)| sum.checked_add(i128::from(price.0) * i128::from(qty)));
    sum.and_then(narrow).and_then(|unit| Money::parse(unit.0)).ok_or(Overflow)
}

/// Prices an order by the six steps of DOMAIN.md section 7.
///
/// Discounts apply in Square's order whatever the order given: percentages off lines, percentages off the order, amounts
/// off lines, amounts off the order; those of one class in the order given, each on what the ones before left. The
/// discount is rounded and the net is the rest. Tax is on the net; service charges change no line's tax. Where the order is
/// free of tax, prices and charges are what they are without the tax inside them.
///
/// # Errors
/// [`PriceError`] names the first part that is out of bounds. Parts that were parsed at the door only ever lead to
/// [`PriceError::LineOverflow`] and [`PriceError::TotalOverflow`].
pub fn price(
    lines: &[LineInput<'_>],
    discounts: &[Discount<'_>],
    charges: &[ServiceCharge<'_>],
    terms: impl Into<PriceTerms>,
) -> Result<Totals, PriceError> {
    let terms = terms.into();
    check_bounds(lines, discounts, charges)?;
    let mut totals = price_gross(lines, terms)?;
    apply_discounts(&mut totals, discounts, terms.rules.rounding)?;
    for line in &totals.lines {
        add(&mut totals.discount, line.discount)?;
        add(&mut totals.net, line.net)?;
    }
    if !terms.is_exempt {
        tax_lines(&mut totals, lines, terms)?;
    }
    apply_charges(&mut totals, charges, terms)?;
    Ok(totals)
}

/// Step 4: all lines, and their sums.
fn tax_lines(totals: &mut Totals, lines: &[LineInput<'_>], terms: PriceTerms) -> Result<(), PriceError> {
    let rounding = terms.rules.rounding;
    match (terms.rules.tax_rounding, terms.tax_rules) {
        (TaxRounding::Line, _) => {
            for (line, input) in totals.lines.iter_mut().zip(lines) {
                (line.tax_exclusive, line.tax_inclusive) =
                    tax::tax_amount(&mut totals.taxes, input.taxes, line.net, terms)?;
            }
        }
        (TaxRounding::Group, TaxRules::First) => {
            tax::tax_exclusive_groups(totals, lines, rounding)?;
            tax::tax_inclusive_groups(totals, lines, rounding)?;
        }
        (TaxRounding::Group, TaxRules::Second) => tax_groups::tax_by_rate(totals, lines, rounding)?,
    }
    for line in &totals.lines {
        add(&mut totals.tax_exclusive, line.tax_exclusive)?;
        add(&mut totals.tax_inclusive, line.tax_inclusive)?;
    }
    Ok(())
}

/// Steps 3 and 5: the charges, and the total they complete.
fn apply_charges(totals: &mut Totals, charges: &[ServiceCharge<'_>], terms: PriceTerms) -> Result<(), PriceError> {
    let rounding = terms.rules.rounding;
    totals.charges.resize(charges.len(), ChargeTotals::default());
    for (index, charge) in charges.iter().enumerate() {
        if let ChargePhase::Subtotal { base, taxes } = charge.phase {
            let base = match base {
                ChargeBase::Net => totals.net,
                ChargeBase::Gross => totals.gross,
            };
            let amount = charge.kind.on(base, rounding)?;
            let (amount, exclusive, inclusive) = match terms.is_exempt {
                true => (tax::without_inclusive(amount, taxes, rounding), Money::ZERO, Money::ZERO),
                false => {
                    let (exclusive, inclusive) = tax::tax_amount(&mut totals.taxes, taxes, amount, terms)?;
                    (amount, exclusive, inclusive)
                }
            };
            totals.charges[index] = ChargeTotals { amount, tax_exclusive: exclusive, tax_inclusive: inclusive };
            add(&mut totals.charges_total, amount)?;
            add(&mut totals.charge_tax_exclusive, exclusive)?;
            add(&mut totals.charge_tax_inclusive, inclusive)?;
        }
    }
    for part in [totals.net, totals.tax_exclusive, totals.charges_total, totals.charge_tax_exclusive] {
        add(&mut totals.total, part)?;
    }
    let base = totals.total;
    for (index, charge) in charges.iter().enumerate() {
        if let ChargePhase::Total = charge.phase {
            let amount = charge.kind.on(base, rounding)?;
            totals.charges[index].amount = amount;
            add(&mut totals.charges_total, amount)?;
            add(&mut totals.total, amount)?;
        }
    }
    Ok(())
}

impl ChargeKind {
    fn on(self, base: Money, rounding: Rounding) -> Result<Money, PriceError> {
        match self {
            ChargeKind::Percent(rate) => rate.of(base, rounding).ok_or(PriceError::TotalOverflow),
            ChargeKind::Amount(amount) => Ok(amount),
        }
    }
}

/// Step 1: every line before discounts.
fn price_gross(lines: &[LineInput<'_>], terms: PriceTerms) -> Result<Totals, PriceError> {
    let rounding = terms.rules.rounding;
    let mut totals = Totals { lines: Vec::with_capacity(lines.len()), ..Totals::default() };
    for (index, line) in lines.iter().enumerate() {
        let product = i128::from(line.unit.0) * i128::from(line.qty.0);
        let gross = narrow(round_div(product, i128::from(QtyMilli::ONE.0), rounding))
            .filter(|gross| gross.0 <= Money::MAX_ABS)
            .ok_or(PriceError::LineOverflow(index))?;
        let gross = match terms.is_exempt {
            true => tax::without_inclusive(gross, line.taxes, rounding),
            false => gross,
        };
        add(&mut totals.gross, gross)?;
        totals.lines.push(LineTotals { gross, net: gross, ..LineTotals::default() });
    }
    Ok(totals)
}

/// Step 2: four passes, one for each class of discount in Square's order.
fn apply_discounts(totals: &mut Totals, discounts: &[Discount<'_>], rounding: Rounding) -> Result<(), PriceError> {
    if discounts.is_empty() {
        return Ok(());
    }
    totals.discounts.resize(discounts.len(), Money::ZERO);
    for class in 0..4 {
        for (index, discount) in discounts.iter().enumerate() {
            if discount.class() != class {
                continue;
            }
            match (discount.scope, discount.kind) {
                (DiscountScope::Lines(set), DiscountKind::Percent(rate)) => {
                    for line in set.iter() {
                        let amount = rate.of(totals.lines[line].net, rounding).ok_or(PriceError::TotalOverflow)?;
                        totals.deduct(index, line, amount);
                    }
                }
                (_, DiscountKind::Fixed(parts)) => {
                    for (line, amount) in parts {
                        totals.deduct(index, *line, (*amount).min(totals.lines[*line].net));
                    }
                }
                (DiscountScope::Lines(set), DiscountKind::Amount(amount)) => {
                    take_off_together(totals, index, DiscountKind::Amount(amount), rounding, |line| {
                        set.contains(line)
                    })?;
                }
                (DiscountScope::Order, kind) => take_off_together(totals, index, kind, rounding, |_| true)?,
            }
        }
    }
    Ok(())
}

/// Takes one discount off several lines as one sum, allocated by what is left of each (rule M3).
fn take_off_together(
    totals: &mut Totals,
    discount: usize,
    kind: DiscountKind<'_>,
    rounding: Rounding,
    in_scope: impl Fn(usize) -> bool,
) -> Result<(), PriceError> {
    let left = totals.lines.iter().enumerate().map(|(index, line)| match in_scope(index) {
        true => line.net.0.unsigned_abs(),
        false => 0, // A weight of zero gets nothing.
    });
    let weights: Vec<u64> = left.collect();
    // The nets add up to the gross at most, which was found to fit.
    let left = Money(weights.iter().sum::<u64>() as i64);
    let amount = match kind {
        DiscountKind::Percent(rate) => rate.of(left, rounding).ok_or(PriceError::TotalOverflow)?,
        DiscountKind::Amount(amount) => amount.min(left),
        DiscountKind::Fixed(_) => unreachable!("it is taken off line by line"),
    };
    if amount == Money::ZERO {
        return Ok(()); // Also where all weights are zero, which `allocate` would take for equal.
    }
    let mut parts = vec![Money::ZERO; weights.len()];
    allocate_into(amount, &weights, &mut parts);
    for (line, part) in parts.into_iter().enumerate() {
        totals.deduct(discount, line, part);
    }
    Ok(())
}

impl Totals {
    /// Takes `amount` off a line. It is a share of at most 100 % of what is left, so nothing falls below zero.
    fn deduct(&mut self, discount: usize, line: usize, amount: Money) {
        if amount == Money::ZERO {
            return;
        }
        let totals = &mut self.lines[line];
        assert!(Money::ZERO < amount && amount <= totals.net, "a discount of {amount} on {}", totals.net);
        totals.discount.0 += amount.0;
        totals.net.0 -= amount.0;
        self.discounts[discount].0 += amount.0;
        self.discount_parts.push(DiscountPart { discount, line, amount });
    }
}

impl Discount<'_> {
    /// The place in Square's order.
    const fn class(&self) -> u8 {
        match (self.scope, self.kind) {
            (DiscountScope::Lines(_), DiscountKind::Percent(_)) => 0,
            (DiscountScope::Order, DiscountKind::Percent(_)) => 1,
            (DiscountScope::Lines(_), DiscountKind::Amount(_)) | (_, DiscountKind::Fixed(_)) => 2,
            (DiscountScope::Order, DiscountKind::Amount(_)) => 3,
        }
    }
}

/// The fields of the inputs are public, so their bounds are checked here once more: after this nothing can overflow
/// but sums.
fn check_bounds(
    lines: &[LineInput<'_>],
    discounts: &[Discount<'_>],
    charges: &[ServiceCharge<'_>],
) -> Result<(), PriceError> {
    if LINES_MAX < lines.len() || DISCOUNTS_MAX < discounts.len() || CHARGES_MAX < charges.len() {
        return Err(PriceError::TooMany);
    }
    let is_amount = |amount: Money| 0 <= amount.0 && amount.0 <= Money::MAX_ABS;
    for (index, line) in lines.iter().enumerate() {
        if !is_amount(line.unit) {
            return Err(PriceError::LinePrice(index));
        }
        if line.qty < QtyMilli::ZERO || QtyMilli::MAX < line.qty {
            return Err(PriceError::LineQty(index));
        }
        if !tax::are_taxes(line.taxes) {
            return Err(PriceError::LineTaxes(index));
        }
    }
    for (index, discount) in discounts.iter().enumerate() {
        let in_range = match discount.kind {
            DiscountKind::Percent(rate) => rate <= Ppm::ONE,
            DiscountKind::Amount(amount) => is_amount(amount),
            DiscountKind::Fixed(parts) => parts.iter().all(|(line, amount)| *line < lines.len() && is_amount(*amount)),
        };
        let is_there = match discount.scope {
            DiscountScope::Lines(set) => set.iter().last().is_none_or(|last| last < lines.len()),
            DiscountScope::Order => true,
        };
        if !in_range || !is_there {
            return Err(PriceError::Discount(index));
        }
    }
    for (index, charge) in charges.iter().enumerate() {
        let in_range = match charge.kind {
            ChargeKind::Percent(rate) => rate <= Ppm::ONE,
            ChargeKind::Amount(amount) => is_amount(amount),
        };
        if !in_range {
            return Err(PriceError::Charge(index));
        }
        if let ChargePhase::Subtotal { taxes, .. } = charge.phase
            && !tax::are_taxes(taxes)
        {
            return Err(PriceError::ChargeTaxes(index));
        }
    }
    Ok(())
}
