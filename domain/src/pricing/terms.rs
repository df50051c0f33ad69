//! What pricing takes and gives: lines, discounts, charges and taxes by index, the totals, and the bounds of them all.

use crate::ids::TaxId;
use crate::money::{Money, Ppm, QtyMilli, Rounding};
use std::fmt;

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

/// By which rules tax is computed. An order keeps those it was opened under, whatever became of the rules since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxRules {
    /// A tax on top is taken on the net with the taxes inside it, each by itself; a group of lines is those with one tax.
    First,
    /// A tax on top is taken on the net without the taxes inside it, a compound one also on those on top before it; a group is
    /// of one rate and kind (inside or on top), whatever the taxes are called.
    Second,
}

impl TaxRules {
    /// Those of orders that are opened now.
    pub const NEWEST: TaxRules = TaxRules::Second;
}

/// What the amounts of an order are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceTerms {
    pub rules: PriceRules,
    pub tax_rules: TaxRules,
    /// Whether it is free of tax: none comes on top, and what is inside the prices is taken off them.
    pub is_exempt: bool,
}

/// An order that is opened now and taxed like any other.
impl From<PriceRules> for PriceTerms {
    fn from(rules: PriceRules) -> PriceTerms {
        PriceTerms { rules, tax_rules: TaxRules::NEWEST, is_exempt: false }
    }
}

/// A line to be priced.
#[derive(Clone, Copy, Debug)]
pub struct LineInput<'a> {
    /// The price of one piece with its modifiers (`unit_price`), zero or more.
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
    /// Price times quantity, rounded; of an order free of tax, without the tax inside it.
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

/// A tax as it was when a line was added: later changes of the menu do not reach it (rule O1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxRate {
    pub tax: TaxId,
    /// How high, at most [`Ppm::TAX_MAX`].
    pub rate: Ppm,
    /// Whether it is inside the price or comes on top of it.
    pub inclusive: bool,
    /// Whether one on top is also taken on those on top that stand before it.
    pub compound: bool,
}

/// What one tax came to over the order. If a tax was changed while the order was open, each rate has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxTotal {
    pub tax: TaxRate,
    /// What it is a percentage of: nets and charges, less the inclusive tax in them ([`TaxRules::First`]: only if this is an
    /// inclusive one), with the taxes before it if it is a compound one.
    pub taxable: Money,
    /// The tax. Over all inclusive taxes and over all others these add up to the lines' and charges' tax.
    pub amount: Money,
}

/// Adds to a sum over the order, which may not go beyond the bound.
pub(super) fn add(sum: &mut Money, amount: Money) -> Result<(), PriceError> {
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
