//! What an order would come to with the lines, discounts and service charges its events say.
//!
//! Pricing itself names things by index ([`crate::pricing`]); here ids become indexes. The writer and the read side both ask
//! this, so what an open order is shown to come to is what it comes to when it is placed.

use crate::event::{ChargePhase, DiscountScope, Rate};
use crate::ids::LineId;
use crate::money::Money;
use crate::pricing::{self, ChargeBase, ChargeKind, DiscountKind, LineInput, LineSet, PriceError, PriceTerms, Totals};

/// Prices an order. `index_of` is the index in `lines` of the line of an id: a discount of lines that are gone applies to
/// those that are left.
///
/// # Errors
/// [`PriceError`] as [`pricing::price`] says.
///
/// # Panics
/// If a line's index is [`LineSet::CAPACITY`] or more.
pub fn quote(
    lines: &[LineInput<'_>],
    index_of: impl Fn(LineId) -> Option<usize>,
    discounts: &[(&DiscountScope, Rate)],
    charges: &[(&ChargePhase, Rate)],
    terms: PriceTerms,
) -> Result<Totals, PriceError> {
    // What a discount takes off which line, where that is fixed.
    let fixed = |scope: &DiscountScope| match scope {
        DiscountScope::Fixed(parts) => {
            parts.iter().filter_map(|part| Some((index_of(part.line)?, part.amount))).collect()
        }
        DiscountScope::Order | DiscountScope::Lines(_) => vec![],
    };
    let fixed: Vec<Vec<(usize, Money)>> = discounts.iter().map(|(scope, _)| fixed(scope)).collect();
    let discount = |((scope, rate), fixed): (&(&DiscountScope, Rate), _)| {
        let kind = match rate {
            Rate::Percent(share) => DiscountKind::Percent(*share),
            Rate::Amount(amount) => DiscountKind::Amount(*amount),
        };
        match scope {
            DiscountScope::Order => pricing::Discount { scope: pricing::DiscountScope::Order, kind },
            DiscountScope::Lines(lines) => {
                let set = LineSet::of(lines.iter().filter_map(|line| index_of(*line)));
                let set = set.expect("an order has fewer lines than a set holds");
                pricing::Discount { scope: pricing::DiscountScope::Lines(set), kind }
            }
            // The lines stand with their amounts.
            DiscountScope::Fixed(_) => {
                let scope = pricing::DiscountScope::Lines(LineSet::EMPTY);
                pricing::Discount { scope, kind: DiscountKind::Fixed(fixed) }
            }
        }
    };
    let fixed = fixed.iter().map(Vec::as_slice);
    let discounts: Vec<pricing::Discount<'_>> = discounts.iter().zip(fixed).map(discount).collect();
    let charges: Vec<pricing::ServiceCharge<'_>> = charges.iter().map(|(phase, rate)| charge(phase, *rate)).collect();
    pricing::price(lines, &discounts, &charges, terms)
}

fn charge(phase: &ChargePhase, rate: Rate) -> pricing::ServiceCharge<'_> {
    let kind = match rate {
        Rate::Percent(share) => ChargeKind::Percent(share),
        Rate::Amount(amount) => ChargeKind::Amount(amount),
    };
    let phase = match phase {
        ChargePhase::Subtotal { pre_discount, taxes } => {
            let base = if *pre_discount { ChargeBase::Gross } else { ChargeBase::Net };
            pricing::ChargePhase::Subtotal { base, taxes }
        }
        ChargePhase::Total => pricing::ChargePhase::Total,
    };
    pricing::ServiceCharge { kind, phase }
}
