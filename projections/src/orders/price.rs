//! What an order comes to: as its events say once it is placed, and as it would be placed now while it is open.

use super::checks;
use domain::event::{ChargePhase, DiscountScope, FixedPart, Rate};
use domain::money::Money;
use domain::pricing::{LineInput, PriceRules, PriceTerms, TaxRate, Totals};
use domain::quote::quote;
use schemas::views::{
    ChargePhaseView, DiscountView, FixedPartView, OrderState, OrderView, PaidState, RateView, ServiceChargeView,
    TaxRateView, TotalsView,
};

/// Derives what follows from the rest of the row: totals while it is open, its checks where it was split, what is due, and how far
/// it is paid.
pub(super) fn derive(order: &mut OrderView) {
    price_if_open(order);
    let paid = order.paid - order.reversed;
    (order.due, order.overpaid) = match order.state {
        OrderState::Open | OrderState::Placed | OrderState::Completed => checks::balance(order.totals.total, paid),
        OrderState::Cancelled | OrderState::Merged => (0, (order.paid - order.refunded).max(0)),
    };
    if !order.checks.is_empty() {
        order.checks = checks::dealt(order);
        if order.dues_apart {
            // What one check has too much leaves what others owe as it is.
            let sums = order.checks.iter().map(|check| (check.due, check.overpaid));
            (order.due, order.overpaid) = sums.fold((0, 0), |sum, check| (sum.0 + check.0, sum.1 + check.1));
        }
    }
    order.payment_state = match (order.state, paid) {
        _ if 0 < order.paid && order.refunded == order.paid => PaidState::Refunded,
        _ if 0 < order.unapplied || 0 < order.overpaid => PaidState::Overpaid,
        _ if order.reversed < order.refunded => PaidState::PartiallyRefunded,
        (OrderState::Completed, _) => PaidState::Paid,
        (_, 0) => PaidState::NotPaid,
        _ if 0 < order.due => PaidState::PartiallyPaid,
        (_, _) => PaidState::Paid,
    };
}

/// An open order's events say no amounts, so they are made here, as the writer would make them.
pub(super) fn price_if_open(order: &mut OrderView) {
    if order.state == OrderState::Open
        && let Some(totals) = price_open(order)
    {
        set_line_totals(order, &totals);
        order.totals = TotalsView::from(&totals);
    }
}

/// `None` only where the writer would have refused what is in the order.
fn price_open(order: &OrderView) -> Option<Totals> {
    let taxes: Vec<Vec<TaxRate>> = order.lines.iter().map(|line| tax_rates(&line.taxes)).collect();
    let lines: Vec<LineInput<'_>> = order
        .lines
        .iter()
        .zip(&taxes)
        .map(|(line, taxes)| LineInput { unit: Money(line.unit_price), qty: line.qty.0, taxes, part: line.tax_group })
        .collect();
    let index_of = |line| order.lines.iter().position(|held| held.line_id.0 == line);
    let scopes: Vec<DiscountScope> = order.discounts.iter().map(scope).collect();
    let phases: Vec<ChargePhase> = order.service_charges.iter().map(phase).collect();
    let discounts: Option<Vec<_>> =
        order.discounts.iter().zip(&scopes).map(|(discount, scope)| Some((scope, rate(&discount.rate)?))).collect();
    let charges: Option<Vec<_>> =
        order.service_charges.iter().zip(&phases).map(|(charge, phase)| Some((phase, rate(&charge.rate)?))).collect();
    let rules = PriceRules { rounding: order.rounding.0, tax_rounding: order.tax_rounding.0 };
    let terms = PriceTerms { rules, tax_rules: order.tax_rules.0, is_exempt: order.tax_exempt.is_some() };
    quote(&lines, index_of, &discounts?, &charges?, terms).ok()
}

fn scope(discount: &DiscountView) -> DiscountScope {
    let part = |part: &FixedPartView| FixedPart { line: part.line_id.0, amount: Money(part.amount) };
    match &discount.line_ids {
        _ if !discount.fixed.is_empty() => DiscountScope::Fixed(discount.fixed.iter().map(part).collect()),
        Some(lines) => DiscountScope::Lines(lines.iter().map(|line| line.0).collect()),
        None => DiscountScope::Order,
    }
}

fn rate(rate: &RateView) -> Option<Rate> {
    match (rate.percent_ppm, rate.amount) {
        (Some(share), _) => Some(Rate::Percent(share.0)),
        (None, amount) => amount.map(|amount| Rate::Amount(Money(amount))),
    }
}

fn phase(charge: &ServiceChargeView) -> ChargePhase {
    let taxes = || tax_rates(&charge.taxes);
    match charge.phase {
        ChargePhaseView::Subtotal => ChargePhase::Subtotal { pre_discount: false, taxes: taxes() },
        ChargePhaseView::SubtotalPreDiscount => ChargePhase::Subtotal { pre_discount: true, taxes: taxes() },
        ChargePhaseView::Total => ChargePhase::Total,
    }
}

fn tax_rates(taxes: &[TaxRateView]) -> Vec<TaxRate> {
    let rate = |tax: &TaxRateView| TaxRate {
        tax: tax.tax_id.0,
        rate: tax.percent_ppm.0,
        inclusive: tax.inclusive,
        compound: tax.compound,
    };
    taxes.iter().map(rate).collect()
}

/// Writes what each line, discount and charge came to. There are as many of each in both.
pub(super) fn set_line_totals(order: &mut OrderView, totals: &Totals) {
    for (line, amounts) in order.lines.iter_mut().zip(&totals.lines) {
        line.gross = amounts.gross.0;
        line.discount = amounts.discount.0;
        line.net = amounts.net.0;
        line.tax_exclusive = amounts.tax_exclusive.0;
        line.tax_inclusive = amounts.tax_inclusive.0;
    }
    for (discount, taken) in order.discounts.iter_mut().zip(&totals.discounts) {
        discount.taken = taken.0;
    }
    for (charge, amounts) in order.service_charges.iter_mut().zip(&totals.charges) {
        charge.charged = amounts.amount.0;
        charge.tax_exclusive = amounts.tax_exclusive.0;
        charge.tax_inclusive = amounts.tax_inclusive.0;
    }
}
