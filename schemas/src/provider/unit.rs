//! How providers count money: the unit in which an adapter's API writes the amounts of a currency. Each adapter has a table of them.

use super::message::{BadMessage, bad, currency, money};
use domain::money::{Currency, Money};

/// What the numbers of an adapter's API count for a currency: `10^-decimals` of it, in whole multiples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountUnit {
    /// How many digits behind the decimal point the number has.
    pub(super) decimals: u32,
    /// What the number has to be a multiple of.
    pub(super) multiple_of: i64,
}

/// How an adapter's provider counts a currency; `None` where the adapter does not know.
pub(super) type UnitOf = fn(Currency) -> Option<AmountUnit>;

/// Why a provider cannot be asked for an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncountable {
    /// The adapter does not know how the provider counts the currency, and does not guess.
    #[error("the adapter does not know how the provider counts {currency}")]
    Currency {
        /// The currency.
        currency: Currency,
    },
    /// The provider takes whole multiples of something larger than the currency's minor unit.
    #[error("the provider counts {currency} in steps of {step}, and {amount} is between two of them")]
    Amount {
        /// The currency.
        currency: Currency,
        /// The amount, in its minor unit.
        amount: Money,
        /// The smallest amount, in its minor unit, whose multiples the provider takes.
        step: i64,
    },
}

impl Uncountable {
    /// The code that a payment or a refund fails with.
    pub const fn code(&self) -> &'static str {
        match self {
            Uncountable::Currency { .. } => "currency_not_counted",
            Uncountable::Amount { .. } => "amount_not_counted",
        }
    }
}

impl AmountUnit {
    /// An amount as the provider's number; `None` where it is no whole multiple of what the provider counts.
    pub fn number(self, amount: Money, currency: Currency) -> Option<i64> {
        let scaled = i128::from(amount.0) * 10_i128.pow(self.decimals);
        let ours = 10_i128.pow(u32::from(currency.exponent()));
        match scaled % (ours * i128::from(self.multiple_of)) {
            0 => i64::try_from(scaled / ours).ok(),
            _ => None,
        }
    }

    /// The provider's number as an amount; `None` where it is no whole number of the currency's minor unit.
    pub fn amount(self, number: i64, currency: Currency) -> Option<i64> {
        let scaled = i128::from(number) * 10_i128.pow(u32::from(currency.exponent()));
        let theirs = 10_i128.pow(self.decimals);
        match scaled % theirs {
            0 => i64::try_from(scaled / theirs).ok(),
            _ => None,
        }
    }

    /// The smallest amount, in the currency's minor unit, whose multiples the provider takes.
    ///
    /// # Panics
    /// If a table has a row that a thousand minor units are no multiple of; a test looks at each.
    pub fn step(self, currency: Currency) -> i64 {
        let steps = (0..=3).map(|digits| 10_i64.pow(digits));
        let whole = steps.into_iter().find(|step| self.number(Money(*step), currency).is_some());
        whole.expect("what a provider counts is at most a thousand minor units")
    }
}

/// An amount as the provider's number.
pub(super) fn number(unit_of: UnitOf, amount: Money, currency: Currency) -> Result<i64, Uncountable> {
    let unit = unit_of(currency).ok_or(Uncountable::Currency { currency })?;
    let between = || Uncountable::Amount { currency, amount, step: unit.step(currency) };
    unit.number(amount, currency).ok_or_else(between)
}

/// What a provider says was paid: its number, and the code of its currency. The number of a currency that the adapter does not know is
/// kept as it is: it is not the currency that was asked for, so a person looks at it (rule P7).
pub(super) fn paid(
    unit_of: UnitOf,
    number: Option<i64>,
    code: Option<String>,
) -> Result<(Option<Money>, Option<Currency>), BadMessage> {
    let currency = currency(code)?;
    let counted = currency.and_then(|currency| Some((unit_of(currency)?, currency)));
    let amount = match (number, counted) {
        (Some(number), Some((unit, currency))) => match unit.amount(number, currency) {
            Some(amount) => Some(amount),
            None => return Err(bad("the amount", "is no whole number of the currency's minor units")),
        },
        (number, _) => number,
    };
    Ok((money(amount)?, currency))
}
