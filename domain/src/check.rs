//! Checks: who pays what of an order.
//!
//! Every order has check 1, and as long as it was not split everything is on it and nothing of this is kept. A split gives
//! lines to checks in parts, which stay what they are when the line's quantity or price changes. What a check comes to is
//! dealt out of the order's amounts to the minor unit, so checks add up to their order whatever is priced anew (rule O10).

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::ids::LineId;
use crate::money::{Money, QtyMilli, allocate};
use crate::pricing::LineTotals;
use std::fmt;

/// A check of an order: 1, 2, 3, ...
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(u8);

impl CheckId {
    /// The check that every order has.
    pub const FIRST: CheckId = CheckId(1);
    /// The highest number of a check, and so the most checks of an order.
    pub const MAX: u8 = 64;

    /// The check of this number; `None` unless it is 1 to [`CheckId::MAX`].
    pub const fn new(number: u64) -> Option<CheckId> {
        match 0 < number && number <= CheckId::MAX as u64 {
            true => Some(CheckId(number as u8)),
            false => None,
        }
    }

    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckId({})", self.0)
    }
}

/// The parts of a line that are on one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub check: CheckId,
    /// How many parts, of as many as the line has on all checks.
    pub parts: u32,
}

/// A line that nobody split.
pub const WHOLE: &[Share] = &[Share { check: CheckId::FIRST, parts: 1 }];

/// How a line is shared out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineShares {
    pub line: LineId,
    /// The checks it is on, ascending, with one part at least.
    pub shares: Vec<Share>,
}

/// What of a line moves to another check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveOf {
    All,
    Qty(QtyMilli),
    /// So many parts of the line in so many.
    Share {
        parts: u32,
        of: u32,
    },
}

/// A line, or a part of it, that moves to another check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckMove {
    pub line: LineId,
    pub what: MoveOf,
    /// The check it comes from; `None` is the others, lowest number first.
    pub from: Option<CheckId>,
}

/// Why a line cannot be shared out so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadMove {
    /// More would move than there is.
    Exceeds,
    /// The line would be in more than [`LineShares::PARTS_MAX`] parts.
    TooFine,
}

impl LineShares {
    /// The most parts of one line.
    pub const PARTS_MAX: u32 = 1_000_000;

    /// A line in equal parts on checks 1 to `checks`.
    pub fn even(line: LineId, checks: CheckId) -> LineShares {
        let shares = (1..=checks.0).map(|check| Share { check: CheckId(check), parts: 1 }).collect();
        LineShares { line, shares }
    }

    /// What the shares become when `moved` of a line of `qty` goes to the check `to`.
    ///
    /// # Errors
    /// [`BadMove`] says why they cannot.
    pub fn moved(shares: &[Share], qty: QtyMilli, to: CheckId, moved: &CheckMove) -> Result<LineShares, BadMove> {
        let is_source = |share: &Share| share.check != to && moved.from.is_none_or(|from| share.check == from);
        let parts = sum(shares);
        let elsewhere: u64 = shares.iter().filter(|share| is_source(share)).map(|share| u64::from(share.parts)).sum();
        // The part that moves is `numerator / denominator` of the line.
        let (numerator, denominator) = match moved.what {
            MoveOf::All => (elsewhere, parts),
            MoveOf::Qty(moving) => (moving.0.unsigned_abs(), qty.0.unsigned_abs()),
            MoveOf::Share { parts, of } => (u64::from(parts), u64::from(of)),
        };
        if denominator == 0 || numerator == 0 {
            return Err(BadMove::Exceeds);
        }
        // As many parts as it takes for the part that moves to be some of them.
        let wanted = u128::from(parts) * u128::from(numerator);
        let scale = u128::from(denominator) / gcd(wanted, u128::from(denominator));
        let moving = wanted * scale / u128::from(denominator);
        if u128::from(elsewhere) * scale < moving {
            return Err(BadMove::Exceeds);
        }
        let mut counts = [0_u128; CheckId::MAX as usize + 1];
        let mut rest = moving;
        for share in shares {
            let held = u128::from(share.parts) * scale;
            let taken = if is_source(share) { held.min(rest) } else { 0 };
            rest -= taken;
            counts[usize::from(share.check.0)] += held - taken;
        }
        counts[usize::from(to.0)] += moving;
        let common = counts.iter().fold(0, |common, count| gcd(common, *count));
        if u128::from(LineShares::PARTS_MAX) < counts.iter().sum::<u128>() / common {
            return Err(BadMove::TooFine);
        }
        let shares = (1..=CheckId::MAX).filter(|check| 0 < counts[usize::from(*check)]);
        let shares = shares.map(|check| Share {
            check: CheckId(check),
            // At most the parts of the line, which were counted above.
            parts: (counts[usize::from(check)] / common) as u32,
        });
        Ok(LineShares { line: moved.line, shares: shares.collect() })
    }
}

/// All parts of a line.
fn sum(shares: &[Share]) -> u64 {
    shares.iter().map(|share| u64::from(share.parts)).sum()
}

fn gcd(a: u128, b: u128) -> u128 {
    match b {
        0 => a,
        b => gcd(b, a % b),
    }
}

/// What is kept of the checks of an order that was split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The lines that are not on check 1 alone.
    pub lines: Vec<LineShares>,
    /// What was paid towards each check; one that nothing was paid towards may be missing.
    pub paid: Vec<(CheckId, Money)>,
}

impl Checks {
    /// How a line is shared out.
    pub fn shares(&self, line: LineId) -> &[Share] {
        self.lines.iter().find(|held| held.line == line).map_or(WHOLE, |held| held.shares.as_slice())
    }

    /// What was paid towards a check.
    pub fn paid(&self, check: CheckId) -> Money {
        Money(self.paid.iter().filter(|(of, _)| *of == check).map(|(_, paid)| paid.0).sum())
    }

    pub(crate) fn split(&mut self, lines: &[LineShares]) {
        for split in lines {
            match self.lines.iter_mut().find(|held| held.line == split.line) {
                Some(held) => held.shares.clone_from(&split.shares),
                None => self.lines.push(split.clone()),
            }
        }
    }

    pub(crate) fn remove(&mut self, line: LineId) {
        self.lines.retain(|held| held.line != line);
    }

    pub(crate) fn pay(&mut self, check: CheckId, amount: Money) {
        match self.paid.iter_mut().find(|(of, _)| *of == check) {
            Some((_, paid)) => paid.0 += amount.0,
            None => self.paid.push((check, amount)),
        }
    }
}

/// A line to be dealt out to checks.
#[derive(Clone, Copy, Debug)]
pub struct SharedLine<'a> {
    pub line: LineId,
    /// How much of it there is.
    pub qty: QtyMilli,
    pub totals: LineTotals,
    pub shares: &'a [Share],
}

/// A line on one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckLine {
    pub line: LineId,
    pub parts: u32,
    /// How many parts it is in.
    pub of: u32,
    pub qty: QtyMilli,
    pub totals: LineTotals,
}

/// What a check comes to: `total = net + tax_exclusive + charges`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckTotals {
    pub lines: Vec<CheckLine>,
    /// The lines before discounts.
    pub gross: Money,
    /// All discounts.
    pub discount: Money,
    /// The lines after discounts.
    pub net: Money,
    /// Tax on top of them.
    pub tax_exclusive: Money,
    /// Tax inside them.
    pub tax_inclusive: Money,
    /// Its part of the service charges, with the tax on them.
    pub charges: Money,
    pub total: Money,
}

/// What each of `checks` comes to. `charges` are those of the whole order with the tax on top of them: they go with what
/// the lines come to.
///
/// Every line is dealt out in proportion to its parts, and the minor units that are left over go to the checks that came
/// off worst so far (rule M3 with a memory). So a line's shares add up to the line, a check's lines to the check, the
/// checks to the order, and an even split is [`crate::money::split_evenly`] of the order's total (rule M7).
pub fn deal(lines: &[SharedLine<'_>], charges: Money, checks: &[CheckId]) -> Vec<CheckTotals> {
    let mut dealt = vec![CheckTotals::default(); checks.len()];
    let mut dealer = Dealer { exact: vec![0; checks.len()], given: vec![0; checks.len()] };
    for line in lines {
        let parts_on =
            |check: &CheckId| line.shares.iter().find(|share| share.check == *check).map_or(0, |it| it.parts);
        let parts: Vec<u64> = checks.iter().map(|check| u64::from(parts_on(check))).collect();
        let LineTotals { discount, net, tax_exclusive, tax_inclusive, .. } = line.totals;
        let totals = dealer.deal(Money(net.0 + tax_exclusive.0), &parts);
        // No part is above its weight, so no tax is above what it is part of.
        let exclusive = allocate(tax_exclusive, &sizes(&totals));
        let nets: Vec<Money> = totals.iter().zip(&exclusive).map(|(total, tax)| Money(total.0 - tax.0)).collect();
        let inclusive = allocate(tax_inclusive, &sizes(&nets));
        let discounts = allocate(discount, &parts);
        let qty = allocate(Money(line.qty.0), &parts);
        for index in (0..checks.len()).filter(|index| 0 < parts[*index]) {
            let totals = LineTotals {
                gross: Money(nets[index].0 + discounts[index].0),
                discount: discounts[index],
                net: nets[index],
                tax_exclusive: exclusive[index],
                tax_inclusive: inclusive[index],
            };
            let (of_line, of) = (parts[index] as u32, sum(line.shares) as u32);
            let qty = QtyMilli(qty[index].0);
            dealt[index].add(CheckLine { line: line.line, parts: of_line, of, qty, totals });
        }
    }
    let mut weights: Vec<u64> = dealer.exact.iter().map(|exact| (exact >> WEIGHT_SHIFT) as u64).collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights = dealt.iter().map(|check| u64::from(!check.lines.is_empty())).collect();
    }
    // Charges of an order without lines.
    if let [first, rest @ ..] = weights.as_mut_slice()
        && *first == 0
        && rest.iter().all(|weight| *weight == 0)
    {
        *first = 1;
    }
    for (check, part) in dealt.iter_mut().zip(dealer.deal(charges, &weights)) {
        check.charges = part;
        check.total = Money(check.net.0 + check.tax_exclusive.0 + check.charges.0);
    }
    dealt
}

/// What each check of an order comes to, by number: of every check that something is on, and of those in `paid`. An order
/// without either has check 1. `charges` are as for [`deal`].
pub fn deal_all(
    lines: &[SharedLine<'_>],
    charges: Money,
    paid: impl IntoIterator<Item = CheckId>,
) -> Vec<(CheckId, CheckTotals)> {
    let on_lines = lines.iter().flat_map(|line| line.shares).map(|share| share.check);
    let mut checks: Vec<CheckId> = on_lines.chain(paid).collect();
    checks.sort_unstable();
    checks.dedup();
    if checks.is_empty() {
        checks.push(CheckId::FIRST);
    }
    let dealt = deal(lines, charges, &checks);
    checks.into_iter().zip(dealt).collect()
}

impl CheckTotals {
    fn add(&mut self, line: CheckLine) {
        self.gross.0 += line.totals.gross.0;
        self.discount.0 += line.totals.discount.0;
        self.net.0 += line.totals.net.0;
        self.tax_exclusive.0 += line.totals.tax_exclusive.0;
        self.tax_inclusive.0 += line.totals.tax_inclusive.0;
        self.lines.push(line);
    }
}

/// What a check comes to, and what is to be paid or given back: one of the two is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub check: CheckId,
    pub total: Money,
    /// What is still to be paid.
    pub due: Money,
    /// What was paid too much.
    pub overpaid: Money,
}

impl Balance {
    pub(crate) fn of(check: CheckId, total: Money, paid: Money) -> Balance {
        let (due, overpaid) = (Money((total.0 - paid.0).max(0)), Money((paid.0 - total.0).max(0)));
        Balance { check, total, due, overpaid }
    }

    /// What one check has too much counts for the others, as it did before checks owed for themselves: nobody owes more than the
    /// order does, and nothing is overpaid while something is due.
    pub(crate) fn net(balances: &mut [Balance]) {
        let sum = |part: fn(&Balance) -> Money| balances.iter().map(|held| part(held).0).sum::<i64>();
        let (due, overpaid) = (sum(|held| held.due), sum(|held| held.overpaid));
        let (due, overpaid) = ((due - overpaid).max(0), (overpaid - due).max(0));
        for held in balances {
            held.due.0 = held.due.0.min(due);
            held.overpaid.0 = held.overpaid.0.min(overpaid);
        }
    }
}

fn sizes(amounts: &[Money]) -> Vec<u64> {
    amounts.iter().map(|amount| amount.0.unsigned_abs()).collect()
}

/// Fractions of a minor unit are kept in 2^-32.
const POINT: u32 = 32;
/// What of them is left off where they are weights, so that products fit.
const WEIGHT_SHIFT: u32 = 24;

/// Remembers what each check should have got and what it got.
struct Dealer {
    /// In 2^-32 of a minor unit.
    exact: Vec<u128>,
    given: Vec<u128>,
}

impl Dealer {
    /// Deals an amount of zero or more out by weights.
    fn deal(&mut self, total: Money, weights: &[u64]) -> Vec<Money> {
        let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        let size = u128::from(total.0.unsigned_abs());
        if size == 0 {
            return vec![Money::ZERO; weights.len()];
        }
        assert!(0 < sum, "nobody to deal {total} to");
        let mut left = size;
        let mut candidates = Vec::with_capacity(weights.len());
        let mut parts = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let product = size * u128::from(*weight);
            let (whole, rest) = (product / sum, product % sum);
            self.exact[index] += (whole << POINT) + (rest << POINT) / sum;
            self.given[index] += whole;
            left -= whole;
            parts.push(whole);
            if 0 < rest {
                candidates.push(index);
            }
        }
        let owed = |index: &usize| self.exact[*index] as i128 - (self.given[*index] << POINT) as i128;
        // A stable sort: ties go to the earlier check.
        candidates.sort_by_key(|index| std::cmp::Reverse(owed(index)));
        for index in candidates.into_iter().take(left as usize) {
            self.given[index] += 1;
            parts[index] += 1;
        }
        // No part is larger than the amount it is a part of.
        parts.into_iter().map(|part| Money(part as i64)).collect()
    }
}
