//! What an order comes to: as its events say once it is placed, and as it would be placed now while it is open.

use domain::money::Money;
use domain::pricing::{
    ChargeBase, ChargeKind, ChargePhase, Discount, DiscountKind, DiscountScope, LineInput, LineSet, PriceRules,
    ServiceCharge, TaxRate, Totals, price,
};
use schemas::views::{
    ChargePhaseView, FixedPartView, OrderState, OrderView, PaidState, RateView, Shown, TaxRateView, TotalsView,
};

/// Brings what follows from the rest of the row into line with it.
pub(super) fn settle(order: &mut OrderView) {
    price_if_open(order);
    let owed = match order.state {
        OrderState::Open | OrderState::Placed | OrderState::Completed => order.totals.total,
        OrderState::Cancelled | OrderState::Merged => 0,
    };
    order.due = (owed - order.paid).max(0);
    order.payment_state = match (order.state, order.paid) {
        (_, paid) if 0 < paid && order.refunded == paid => PaidState::Refunded,
        _ if 0 < order.unapplied || owed < order.paid - order.refunded => PaidState::Overpaid,
        _ if 0 < order.refunded => PaidState::PartiallyRefunded,
        (OrderState::Completed, _) => PaidState::Paid,
        (_, 0) => PaidState::NotPaid,
        (_, paid) if paid < owed => PaidState::PartiallyPaid,
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
    let charge_taxes: Vec<Vec<TaxRate>> = order.service_charges.iter().map(|charge| tax_rates(&charge.taxes)).collect();
    let lines: Vec<LineInput<'_>> = order
        .lines
        .iter()
        .zip(&taxes)
        .map(|(line, taxes)| LineInput { unit: Money(line.unit_price), qty: line.qty.0, taxes, part: line.tax_group })
        .collect();
    // What a discount takes off which line, by index, where that is fixed; nothing of lines that are gone.
    let fixed: Vec<Vec<(usize, Money)>> = order
        .discounts
        .iter()
        .map(|discount| {
            let index = |id| order.lines.iter().position(|line| line.line_id == id);
            let part = |part: &FixedPartView| Some((index(part.line_id)?, Money(part.amount)));
            discount.fixed.iter().filter_map(part).collect()
        })
        .collect();
    let discounts: Option<Vec<Discount<'_>>> = order
        .discounts
        .iter()
        .zip(&fixed)
        .map(|(discount, fixed)| {
            let scope = match &discount.line_ids {
                None => DiscountScope::Order,
                Some(ids) => {
                    let indexes = (0..order.lines.len()).filter(|at| ids.contains(&order.lines[*at].line_id));
                    DiscountScope::Lines(LineSet::of(indexes)?)
                }
            };
            let kind = match discount.rate {
                _ if !discount.fixed.is_empty() => {
                    let scope = DiscountScope::Lines(LineSet::EMPTY);
                    return Some(Discount { scope, kind: DiscountKind::Fixed(fixed) });
                }
                RateView { percent_ppm: Some(Shown(share)), .. } => DiscountKind::Percent(share),
                RateView { amount, .. } => DiscountKind::Amount(Money(amount?)),
            };
            Some(Discount { scope, kind })
        })
        .collect();
    let charges: Option<Vec<ServiceCharge<'_>>> = order
        .service_charges
        .iter()
        .zip(&charge_taxes)
        .map(|(charge, taxes)| {
            let kind = match charge.rate {
                RateView { percent_ppm: Some(Shown(share)), .. } => ChargeKind::Percent(share),
                RateView { amount, .. } => ChargeKind::Amount(Money(amount?)),
            };
            let phase = match charge.phase {
                ChargePhaseView::Subtotal => ChargePhase::Subtotal { base: ChargeBase::Net, taxes },
                ChargePhaseView::SubtotalPreDiscount => ChargePhase::Subtotal { base: ChargeBase::Gross, taxes },
                ChargePhaseView::Total => ChargePhase::Total,
            };
            Some(ServiceCharge { kind, phase })
        })
        .collect();
    let rules = PriceRules { rounding: order.rounding.0, tax_rounding: order.tax_rounding.0 };
    price(&lines, &discounts?, &charges?, rules).ok()
}

fn tax_rates(taxes: &[TaxRateView]) -> Vec<TaxRate> {
    let rate = |tax: &TaxRateView| TaxRate { tax: tax.tax_id.0, rate: tax.percent_ppm.0, inclusive: tax.inclusive };
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
