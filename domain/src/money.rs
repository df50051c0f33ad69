//! Money: exact amounts, rates and quantities, and the four operations every total is made of.
//!
//! Rounding ([`round_div`], rule M2), sharing a total out ([`allocate`], rule M3), splitting a bill ([`split_evenly`],
//! rule M7) and refunding in steps ([`refund_step`], rule M8). Amounts are integers of the currency's minor unit and
//! intermediates are 128 bits wide; nothing here is a float, and what does not fit is an answer, never a wrap (M1).

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use std::fmt;

/// An amount in the currency's minor unit (cents). The currency itself is the order's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// The largest amount, either side of zero, that is taken in at the door or comes out of pricing: 10^15 minor
    /// units. Thousands of such amounts still add up in 64 bits.
    pub const MAX_ABS: i64 = 1_000_000_000_000_000;

    /// Takes an amount in; `None` if it is further than [`Money::MAX_ABS`] from zero.
    pub const fn parse(minor: i64) -> Option<Money> {
        match -Money::MAX_ABS <= minor && minor <= Money::MAX_ABS {
            true => Some(Money(minor)),
            false => None,
        }
    }

    /// The sum; `None` if it does not fit in 64 bits.
    pub const fn checked_add(self, other: Money) -> Option<Money> {
        wrap(self.0.checked_add(other.0))
    }

    /// The difference; `None` if it does not fit in 64 bits.
    pub const fn checked_sub(self, other: Money) -> Option<Money> {
        wrap(self.0.checked_sub(other.0))
    }

    /// The amount `times` times over; `None` if it does not fit in 64 bits.
    pub const fn checked_mul(self, times: i64) -> Option<Money> {
        wrap(self.0.checked_mul(times))
    }

    /// The sum of many amounts; `None` if it, or a sum on the way there, does not fit in 64 bits.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Money>) -> Option<Money> {
        amounts.into_iter().try_fold(Money::ZERO, Money::checked_add)
    }
}

/// `Option::map` is not `const` yet.
const fn wrap(minor: Option<i64>) -> Option<Money> {
    match minor {
        Some(minor) => Some(Money(minor)),
        None => None,
    }
}

/// Writes the minor units as an integer: who writes a decimal point needs the [`Currency`] too.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An ISO 4217 currency and how many decimal places its minor unit has (JPY 0, USD 2, KWD 3).
///
/// The table of exponents is not here: who reads a currency at the door looks it up and names both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// The most decimal places a currency has in ISO 4217 (CLF, UYW).
    pub const EXPONENT_MAX: u8 = 4;

    /// Takes a currency in; `None` unless `code` is three capital letters and `exponent` at most
    /// [`Currency::EXPONENT_MAX`].
    pub const fn new(code: &str, exponent: u8) -> Option<Currency> {
        match *code.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z', c @ b'A'..=b'Z'] if exponent <= Currency::EXPONENT_MAX => {
                Some(Currency { code: [a, b, c], exponent })
            }
            _ => None,
        }
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).expect("a currency's code is ASCII by construction")
    }

    /// How many decimal places the minor unit has.
    pub const fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({}, {})", self.code(), self.exponent)
    }
}

/// A rate in millionths: 7.25 % is 72,500.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(pub u32);

impl Ppm {
    /// The whole: 100 %, the most a discount takes or a percent charge adds.
    pub const ONE: Ppm = Ppm(1_000_000);

    /// The highest tax, 1,000 %: some duties are above the price itself, and a slip of the finger is above this.
    pub const TAX_MAX: Ppm = Ppm(10_000_000);

    /// Takes in the rate of a discount or a charge; `None` above [`Ppm::ONE`].
    pub const fn parse_share(ppm: u32) -> Option<Ppm> {
        match ppm <= Ppm::ONE.0 {
            true => Some(Ppm(ppm)),
            false => None,
        }
    }

    /// Takes in the rate of a tax; `None` above [`Ppm::TAX_MAX`].
    pub const fn parse_tax(ppm: u32) -> Option<Ppm> {
        match ppm <= Ppm::TAX_MAX.0 {
            true => Some(Ppm(ppm)),
            false => None,
        }
    }

    /// This share of `amount`; `None` if it does not fit in 64 bits.
    pub fn of(self, amount: Money, rounding: Rounding) -> Option<Money> {
        narrow(round_div(i128::from(amount.0) * i128::from(self.0), i128::from(Ppm::ONE.0), rounding))
    }
}

/// A quantity in thousandths: one piece is 1,000, three hundred grams of a kilogram are 300.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QtyMilli(pub i64);

impl QtyMilli {
    /// None.
    pub const ZERO: QtyMilli = QtyMilli(0);

    /// One piece.
    pub const ONE: QtyMilli = QtyMilli(1_000);

    /// The largest quantity: a million pieces.
    pub const MAX: QtyMilli = QtyMilli(1_000_000_000);

    /// Takes in a line's quantity; `None` unless it is above zero and at most [`QtyMilli::MAX`].
    pub const fn parse(milli: i64) -> Option<QtyMilli> {
        match 0 < milli && milli <= QtyMilli::MAX.0 {
            true => Some(QtyMilli(milli)),
            false => None,
        }
    }

    /// So many whole pieces.
    pub const fn pieces(count: u32) -> QtyMilli {
        QtyMilli(count as i64 * QtyMilli::ONE.0)
    }

    /// The sum; `None` if it does not fit in 64 bits.
    pub const fn checked_add(self, other: QtyMilli) -> Option<QtyMilli> {
        match self.0.checked_add(other.0) {
            Some(milli) => Some(QtyMilli(milli)),
            None => None,
        }
    }

    /// The difference; `None` if it does not fit in 64 bits.
    pub const fn checked_sub(self, other: QtyMilli) -> Option<QtyMilli> {
        match self.0.checked_sub(other.0) {
            Some(milli) => Some(QtyMilli(milli)),
            None => None,
        }
    }
}

/// Writes the thousandths as an integer.
impl fmt::Display for QtyMilli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What becomes of the part below a minor unit (rule M2). All modes mirror at zero, so a refund mirrors its sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rounding {
    /// To the nearest, a half to the even neighbour: halves do not drift over a day's sales.
    #[default]
    HalfEven,
    /// To the nearest, a half away from zero.
    HalfUp,
    /// To the nearest, a half towards zero.
    HalfDown,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

/// `numerator / denominator`, rounded (rule M2): `round_div(-n, d, mode) == -round_div(n, d, mode)`.
///
/// # Panics
/// If `denominator` is not above zero.
pub fn round_div(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    assert!(0 < denominator, "a denominator must be above zero, not {denominator}");
    let divisor = denominator.unsigned_abs();
    let (quotient, rest) = div_rem(numerator.unsigned_abs(), divisor);
    // The other side of the half, `divisor - rest`, is compared with because `2 * rest` might not fit.
    let away_from_zero = match rounding {
        Rounding::HalfEven => divisor - rest < rest || (divisor - rest == rest && quotient % 2 == 1),
        Rounding::HalfUp => divisor - rest <= rest,
        Rounding::HalfDown => divisor - rest < rest,
        Rounding::Up => 0 < rest,
        Rounding::Down => false,
    };
    // Nothing wraps: a rest means a divisor of 2 or more, and the magnitude 2^127 comes from `i128::MIN` only.
    let magnitude = quotient + u128::from(away_from_zero);
    match numerator < 0 {
        true => 0_i128.wrapping_sub_unsigned(magnitude),
        false => 0_i128.wrapping_add_unsigned(magnitude),
    }
}

/// Shares `total` out by `weights` (rule M3): each part is rounded towards zero, and the units left over go one each to
/// the largest remainders, ties to the earlier index.
///
/// The parts add up to `total` exactly, each has its sign, and `allocate(-t, w)` mirrors `allocate(t, w)`. A weight of
/// zero gets nothing, unless all weights are zero: then they count as equal. No part is larger than its weight if the
/// total is not larger than the sum of the weights.
///
/// # Panics
/// If there are no weights but there is something to share.
pub fn allocate(total: Money, weights: &[u64]) -> Vec<Money> {
    let mut parts = vec![Money::ZERO; weights.len()];
    allocate_into(total, weights, &mut parts);
    parts
}

/// [`allocate`] into a slice that is there already; what stood in `parts` is overwritten.
///
/// # Panics
/// If `parts` is not as long as `weights`, or if both are empty but there is something to share.
pub fn allocate_into(total: Money, weights: &[u64], parts: &mut [Money]) {
    assert_eq!(weights.len(), parts.len(), "one part for each weight");
    assert!(!weights.is_empty() || total == Money::ZERO, "nobody to share {total} with");
    parts.fill(Money::ZERO);
    let size = total.0.unsigned_abs();
    if size == 0 {
        return;
    }
    let (sum, equal) = match weights.iter().map(|weight| u128::from(*weight)).sum() {
        0 => (weights.len() as u128, true),
        sum => (sum, false),
    };
    let mut left = size;
    let mut remainders = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let weight = if equal { 1 } else { *weight };
        let (share, remainder) = div_rem(u128::from(size) * u128::from(weight), sum);
        // A share is at most `size`, because a weight is at most the sum of the weights.
        let share = share as u64;
        left -= share;
        parts[index] = signed(share, total);
        remainders.push((remainder, index));
    }
    if left == 0 {
        return;
    }
    remainders.sort_unstable_by(|(remainder_a, a), (remainder_b, b)| remainder_b.cmp(remainder_a).then(a.cmp(b)));
    // Each remainder is below the sum of the weights, so fewer units are left than there are remainders above zero.
    for (_, index) in &remainders[..left as usize] {
        parts[*index].0 += total.0.signum();
    }
}

/// `total` in as many parts as there are guests, the odd units to the first ones (rule M7). Split unevenly with
/// [`allocate`].
///
/// # Panics
/// If `parts` is zero but there is something to share.
pub fn split_evenly(total: Money, parts: u16) -> Vec<Money> {
    allocate(total, &vec![1; usize::from(parts)])
}

/// How much of a line is refunded by one refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundedQty {
    pub sold: QtyMilli,
    /// What earlier refunds gave back.
    pub already: QtyMilli,
    pub now: QtyMilli,
}

/// The part of `total` that one of several partial refunds gives back (rule M8):
/// `rnd(total * (already + now) / sold) - rnd(total * already / sold)`.
///
/// The steps telescope, so whatever their sizes they add up to exactly `total`; net, tax and discount parts are each
/// refunded by the same call. `None` if nothing was sold, a quantity is negative or above [`QtyMilli::MAX`], or more
/// would be given back than was sold.
pub fn refund_step(total: Money, qty: RefundedQty, rounding: Rounding) -> Option<Money> {
    let RefundedQty { sold: QtyMilli(sold), already: QtyMilli(already), now: QtyMilli(now) } = qty;
    let in_range = 0 < sold && sold <= QtyMilli::MAX.0 && 0 <= already && 0 <= now && already <= sold;
    if !in_range || sold - already < now {
        return None;
    }
    let upto = |done: i64| round_div(i128::from(total.0) * i128::from(done), i128::from(sold), rounding);
    narrow(upto(already + now) - upto(already))
}

/// Back from the width of intermediates; `None` if the amount does not fit in 64 bits.
pub(crate) fn narrow(minor: i128) -> Option<Money> {
    i64::try_from(minor).ok().map(Money)
}

/// `size` with the sign of `like`. Never wraps, because `size` is at most the size of `like`.
fn signed(size: u64, like: Money) -> Money {
    match like.0 < 0 {
        true => Money(0_i64.wrapping_sub_unsigned(size)),
        false => Money(0_i64.wrapping_add_unsigned(size)),
    }
}

/// Divides in 64 bits where both sides fit, which in a restaurant is always: a 128-bit division costs ten times more.
fn div_rem(dividend: u128, divisor: u128) -> (u128, u128) {
    match (u64::try_from(dividend), u64::try_from(divisor)) {
        (Ok(dividend), Ok(divisor)) => (u128::from(dividend / divisor), u128::from(dividend % divisor)),
        _ => (dividend / divisor, dividend % divisor),
    }
}
