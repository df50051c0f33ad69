//! Pricing: what an order costs, line by line and in total (DOMAIN.md section 7).
//!
//! [`price`] is the only place where an order's totals are made; the writer, the terminal's check (rule O5) and the
//! price enquiry call the same function, so they cannot differ by a cent. It is pure, and the names of things stay
//! outside: lines, discounts and charges are named by their index in the arguments.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use std::fmt;

use crate::money::{Money, Ppm, QtyMilli, Rounding, allocate_into, narrow, round_div};

mod tax;

pub use tax::{TaxRate, TaxTotal, tax_exclusive, tax_inclusive};

/// The most lines an order has.
pub const LINES_MAX: usize = LineSet::CAPACITY;

/// The most discounts an order has.
pub const DISCOUNTS_MAX: usize = 64;

/// The most service charges an order has.
pub const CHARGES_MAX: usize = 16;

/// The most taxes on one line or charge.
pub const TAXES_MAX: usize = 8;

/// How a store rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriceRules {
    /// How every amount is rounded.
    pub rounding: Rounding,
    /// Where tax is rounded.
    pub tax_rounding: TaxRounding,
}

/// Where tax is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaxRounding {
    /// On each line; the order's tax is the sum.
    #[default]
    Line,
    /// On the sum of all lines taxed alike, and allocated back to them by rule M3.
    Group,
}

/// A line to be priced.
#[derive(Clone, Copy, Debug)]
pub struct LineInput<'a> {
    /// The price of one piece with its modifiers ([`unit_price`]), zero or more.
    pub unit: Money,
    /// How much of it, less what was voided: 0 (wholly voided) to [`QtyMilli::MAX`].
    pub qty: QtyMilli,
    /// The taxes on it, at most [`TAXES_MAX`], none of them twice.
    pub taxes: &'a [TaxRate],
    /// Where tax is rounded on groups, only lines of one part are grouped together: those an order received by a merge
    /// are a part of their own, so that merging moves no tax (rule O11).
    pub part: u16,
}

/// A price reduction. Comps are discounts of 100 % on their lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discount<'a> {
    pub scope: DiscountScope,
    pub kind: DiscountKind<'a>,
}

/// What a discount is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountScope {
    /// These lines. A percentage is taken off each of them, an amount once off all of them together.
    Lines(LineSet),
    /// The whole order, as one sum.
    Order,
}

/// How much a discount takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountKind<'a> {
    /// A share of what is left, at most [`Ppm::ONE`].
    Percent(Ppm),
    /// An amount of zero or more, capped at what is left.
    Amount(Money),
    /// An amount of its own for each of these lines, by index, of zero or more and capped at what is left of the line.
    Fixed(&'a [(usize, Money)]),
}

/// A service charge.
#[derive(Clone, Copy, Debug)]
pub struct ServiceCharge<'a> {
    pub kind: ChargeKind,
    /// When it is added, and with it what it is a percentage of.
    pub phase: ChargePhase<'a>,
}

/// How much a service charge adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeKind {
    /// A share of what it stands on, at most [`Ppm::ONE`].
    Percent(Ppm),
    /// An amount of zero or more.
    Amount(Money),
}

/// When a service charge is added. Charges of one phase do not stand on each other.
#[derive(Clone, Copy, Debug)]
pub enum ChargePhase<'a> {
    /// Before tax.
    Subtotal {
        /// What a percentage is a share of.
        base: ChargeBase,
        /// The charge's own taxes, computed on it alone whatever [`TaxRounding`] says; none if it is not taxable.
        taxes: &'a [TaxRate],
    },
    /// After tax, itself not taxed. A percentage is a share of nets, exclusive tax, and subtotal charges with theirs.
    Total,
}

/// What a percentage charge of the subtotal phase is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeBase {
    /// The sum of the lines after discounts.
    Net,
    /// The sum of the lines before discounts.
    Gross,
}

/// What an order costs. `total = net + tax_exclusive + charges_total + charge_tax_exclusive` (rule O4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// One for each line, in the same order.
    pub lines: Vec<LineTotals>,
    /// What each discount took off, in the order they were given.
    pub discounts: Vec<Money>,
    /// What each discount took off each line, in the order of application; nothing where it took nothing.
    pub discount_parts: Vec<DiscountPart>,
    /// What each tax came to, on lines and charges together.
    pub taxes: Vec<TaxTotal>,
    /// One for each service charge, in the same order.
    pub charges: Vec<ChargeTotals>,
    /// The sum of the lines before discounts.
    pub gross: Money,
    /// The sum of all discounts, at most the gross.
    pub discount: Money,
    /// The sum of the lines after discounts.
    pub net: Money,
    /// Tax on lines that comes on top of the net.
    pub tax_exclusive: Money,
    /// Tax on lines that is inside the net: information, not part of the sum.
    pub tax_inclusive: Money,
    /// The sum of the service charges, without tax on top.
    pub charges_total: Money,
    /// Tax on charges that comes on top of them.
    pub charge_tax_exclusive: Money,
    /// Tax on charges that is inside them: information, not part of the sum.
    pub charge_tax_inclusive: Money,
    /// What is to be paid, tips not included.
    pub total: Money,
}

/// What a line costs. `0 <= discount <= gross` and `net = gross - discount` (rule O4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineTotals {
    /// Price times quantity, rounded.
    pub gross: Money,
    /// The line's part of all discounts.
    pub discount: Money,
    /// What is left of the gross.
    pub net: Money,
    /// Tax on top of the net.
    pub tax_exclusive: Money,
    /// Tax inside the net.
    pub tax_inclusive: Money,
}

/// What one discount took off one line: enough to freeze an order's discount into amounts per line (rule O11) and to
/// tell comps from discounts in the sales by item (rule R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscountPart {
    pub discount: usize,
    pub line: usize,
    /// What was taken off, above zero.
    pub amount: Money,
}

/// What a service charge comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChargeTotals {
    pub amount: Money,
    /// Tax on top of it.
    pub tax_exclusive: Money,
    /// Tax inside it.
    pub tax_inclusive: Money,
}

/// Why an order cannot be priced: which of its parts is out of bounds, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceError {
    /// More than [`LINES_MAX`] lines, [`DISCOUNTS_MAX`] discounts or [`CHARGES_MAX`] charges.
    TooMany,
    /// The line's price is negative or above [`Money::MAX_ABS`].
    LinePrice(usize),
    /// The line's quantity is negative or above [`QtyMilli::MAX`].
    LineQty(usize),
    /// The line has more than [`TAXES_MAX`] taxes, one of them twice, or one above [`Ppm::TAX_MAX`].
    LineTaxes(usize),
    /// Price times quantity of the line is above [`Money::MAX_ABS`].
    LineOverflow(usize),
    /// The discount takes more than everything or less than nothing, or names a line that is not there.
    Discount(usize),
    /// The charge is negative, above 100 %, or above [`Money::MAX_ABS`].
    Charge(usize),
    /// The charge has more than [`TAXES_MAX`] taxes, one of them twice, or one above [`Ppm::TAX_MAX`].
    ChargeTaxes(usize),
    /// A sum over the order is above [`Money::MAX_ABS`].
    TotalOverflow,
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PriceError::TooMany => write!(
                f,
                "an order has at most {LINES_MAX} lines, {DISCOUNTS_MAX} discounts and {CHARGES_MAX} service charges"
            ),
            PriceError::LinePrice(line) => write!(f, "the price of line {line} is negative or too large"),
            PriceError::LineQty(line) => write!(f, "the quantity of line {line} is negative or too large"),
            PriceError::LineTaxes(line) => write!(f, "line {line} has too many taxes, one twice, or one too high"),
            PriceError::LineOverflow(line) => write!(f, "price times quantity of line {line} is too large"),
            PriceError::Discount(discount) => {
                write!(f, "discount {discount} is negative, above 100 % or on a line that is not there")
            }
            PriceError::Charge(charge) => write!(f, "service charge {charge} is negative, above 100 % or too large"),
            PriceError::ChargeTaxes(charge) => {
                write!(f, "service charge {charge} has too many taxes, one twice, or one too high")
            }
            PriceError::TotalOverflow => f.write_str("the total of the order is too large"),
        }
    }
}

impl std::error::Error for PriceError {}

/// An amount that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the amount is too large")
    }
}

impl std::error::Error for Overflow {}

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
/// discount is rounded and the net is the rest. Tax is on the net; service charges change no line's tax.
///
/// # Errors
/// [`PriceError`] names the first part that is out of bounds. Parts that were parsed at the door only ever lead to
/// [`PriceError::LineOverflow`] and [`PriceError::TotalOverflow`].
pub fn price(
    lines: &[LineInput<'_>],
    discounts: &[Discount<'_>],
    charges: &[ServiceCharge<'_>],
    rules: PriceRules,
) -> Result<Totals, PriceError> {
    check_bounds(lines, discounts, charges)?;
    let mut totals = price_gross(lines, rules.rounding)?;
    apply_discounts(&mut totals, discounts, rules.rounding)?;
    for line in &totals.lines {
        add(&mut totals.discount, line.discount)?;
        add(&mut totals.net, line.net)?;
    }
    tax::tax_lines(&mut totals, lines, rules)?;
    apply_charges(&mut totals, charges, rules.rounding)?;
    Ok(totals)
}

/// Steps 3 and 5: the charges, and the total they complete.
fn apply_charges(totals: &mut Totals, charges: &[ServiceCharge<'_>], rounding: Rounding) -> Result<(), PriceError> {
    totals.charges.resize(charges.len(), ChargeTotals::default());
    for (index, charge) in charges.iter().enumerate() {
        if let ChargePhase::Subtotal { base, taxes } = charge.phase {
            let base = match base {
                ChargeBase::Net => totals.net,
                ChargeBase::Gross => totals.gross,
            };
            let amount = charge.kind.on(base, rounding)?;
            let (exclusive, inclusive) = tax::tax_amount(&mut totals.taxes, taxes, amount, rounding)?;
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
fn price_gross(lines: &[LineInput<'_>], rounding: Rounding) -> Result<Totals, PriceError> {
    let mut totals = Totals { lines: Vec::with_capacity(lines.len()), ..Totals::default() };
    for (index, line) in lines.iter().enumerate() {
        let product = i128::from(line.unit.0) * i128::from(line.qty.0);
        let gross = narrow(round_div(product, i128::from(QtyMilli::ONE.0), rounding))
            .filter(|gross| gross.0 <= Money::MAX_ABS)
            .ok_or(PriceError::LineOverflow(index))?;
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

/// Adds to a sum over the order, which may not go beyond the bound.
fn add(sum: &mut Money, amount: Money) -> Result<(), PriceError> {
    let next = sum.checked_add(amount).and_then(|next| Money::parse(next.0));
    *sum = next.ok_or(PriceError::TotalOverflow)?;
    Ok(())
}

/// A set of lines by index: no line is in it twice, and copying it allocates nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LineSet {
    words: [u64; LineSet::CAPACITY / 64],
}

impl LineSet {
    /// Indexes below this can be in a set.
    pub const CAPACITY: usize = 256;

    /// No line.
    pub const EMPTY: LineSet = LineSet { words: [0; LineSet::CAPACITY / 64] };

    /// The lines of these indexes; `None` if one is [`LineSet::CAPACITY`] or more.
    pub fn of(indexes: impl IntoIterator<Item = usize>) -> Option<LineSet> {
        let mut set = LineSet::EMPTY;
        for index in indexes {
            *set.words.get_mut(index / 64)? |= 1 << (index % 64);
        }
        Some(set)
    }

    /// Whether the line of this index is in the set.
    pub fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The indexes, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        self.words.into_iter().enumerate().flat_map(|(at, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                (word != 0).then(|| {
                    word &= word - 1;
                    at * 64 + bit
                })
            })
        })
    }
}
