//! What is kept of an order once it is settled: what refunds by line, and of what was paid too much, go by.

use super::{Order, OrderLine};
use crate::check::CheckLine;
use crate::event::{ChargePhase, Rate, ServiceCharge};
use crate::money::{Money, allocate};
use crate::pricing::{ChargeTotals, TaxRules, TaxTotal};
use crate::refund::{ClosedDetails, SaleLeft, SoldLine, SoldShare, add_taxes};

impl Order {
    /// What is kept of it; it gives away what it need not keep any more.
    pub(super) fn settled(&mut self) -> ClosedDetails {
        let checks = self.checks.as_deref().map(|checks| self.check_totals(checks)).unwrap_or_default();
        let checks = checks.into_iter().map(|(check, _)| check).collect();
        let mut charges = self.charges_of_lines();
        let shares = self.sold_shares(&mut charges);
        ClosedDetails {
            rounding: self.rules.rounding,
            overpaid: self.overpaid_checks(),
            lines: self.lines.iter().map(|line| sold_line(line, self.tax_rules)).collect(),
            charges,
            charge_taxes: self.taxes_of_charges(),
            shares,
            left: SaleLeft { amount: self.total, taxes: std::mem::take(&mut self.taxes) },
            payments: std::mem::take(&mut self.payments),
            merged_into: None,
            checks,
            prints: std::mem::take(&mut self.prints),
            returns: self.returns.take(),
        }
    }

    /// What each check has of each line, where the order was split. A check's lines have no more of the service charges than the
    /// check has, so `charges` is dealt out once more: to the checks as their charges are, and there to the lines.
    fn sold_shares(&self, charges: &mut [ChargeTotals]) -> Vec<SoldShare> {
        let Some(checks) = self.checks.as_deref() else { return vec![] };
        let dealt = self.check_totals(checks);
        let sum = |part: fn(&ChargeTotals) -> i64| charges.iter().map(part).sum::<i64>();
        let (exclusive, inclusive) = (sum(|it| it.tax_exclusive.0), sum(|it| it.tax_inclusive.0));
        let on_line = |line: &CheckLine| {
            let index = self.lines.iter().position(|held| held.line == line.line);
            index.and_then(|index| charges.get(index)).map_or(0, |it| it.amount.0 + it.tax_exclusive.0)
        };
        let following = Money(sum(|it| it.amount.0 + it.tax_exclusive.0));
        let of_checks: Vec<Money> = dealt.iter().map(|(_, check)| check.charges).collect();
        let parts = allocate(following, &sizes(&of_checks));
        let mut shares = vec![];
        for ((check, totals), part) in dealt.into_iter().zip(parts) {
            let weight = |line: &CheckLine| {
                (i128::from(on_line(line)) * i128::from(line.parts) / i128::from(line.of).max(1)).unsigned_abs() as u64
            };
            let weights: Vec<u64> = totals.lines.iter().map(weight).collect();
            let parts = if weights.is_empty() { vec![] } else { allocate(part, &weights) };
            for (line, charges) in totals.lines.into_iter().zip(parts) {
                let amount = Money(line.totals.net.0 + line.totals.tax_exclusive.0);
                shares.push(SoldShare { line: line.line, check, amount, charges });
            }
        }
        let of_line = |line: &OrderLine| {
            Money(shares.iter().filter(|share| share.line == line.line).map(|share| share.charges.0).sum())
        };
        let all: Vec<Money> = self.lines.iter().map(of_line).collect();
        if !charges.is_empty() {
            let exclusive = allocate(Money(exclusive), &sizes(&all));
            let amounts: Vec<Money> = all.iter().zip(&exclusive).map(|(all, tax)| Money(all.0 - tax.0)).collect();
            let inclusive = allocate(Money(inclusive), &sizes(&amounts));
            for (index, part) in charges.iter_mut().enumerate() {
                let (tax_exclusive, tax_inclusive) = (exclusive[index], inclusive[index]);
                *part = ChargeTotals { amount: amounts[index], tax_exclusive, tax_inclusive };
            }
        }
        shares
    }

    /// The service charges that follow lines, with what they come to: those that are a share of what lines come to.
    fn following(&self) -> impl Iterator<Item = (&ServiceCharge, &ChargeTotals)> {
        let all = self.charges.iter().zip(&self.charge_totals);
        all.filter(|(charge, _)| matches!(charge.rate, Rate::Percent(_)))
    }

    /// What the taxes on those come to: of each charge shared out to its taxes by their rates (rule M3).
    fn taxes_of_charges(&self) -> Vec<TaxTotal> {
        let mut all = vec![];
        for (charge, totals) in self.following() {
            let ChargePhase::Subtotal { taxes, .. } = &charge.phase else { continue };
            add_taxes(&mut all, taxes, self.tax_rules, totals);
        }
        all
    }

    /// Each line's part of the service charges that are a share of what lines come to; nothing where there are none. A charge
    /// of a fixed amount is for no line.
    fn charges_of_lines(&self) -> Vec<ChargeTotals> {
        if self.following().next().is_none() {
            return vec![];
        }
        let mut parts = vec![ChargeTotals::default(); self.lines.len()];
        for (charge, totals) in self.following() {
            if let ChargePhase::Subtotal { pre_discount, .. } = charge.phase {
                let base = |line: &OrderLine| if pre_discount { line.totals.gross } else { line.totals.net };
                let weights: Vec<Money> = self.lines.iter().map(base).collect();
                share_out(totals, &weights, &mut parts);
            }
        }
        // Charges on the total stand on those on the subtotal.
        let base = |(line, part): (&OrderLine, &ChargeTotals)| {
            Money(line.totals.net.0 + line.totals.tax_exclusive.0 + part.amount.0 + part.tax_exclusive.0)
        };
        let weights: Vec<Money> = self.lines.iter().zip(&parts).map(base).collect();
        for (charge, totals) in self.following() {
            if let ChargePhase::Total = charge.phase {
                share_out(totals, &weights, &mut parts);
            }
        }
        parts
    }
}

/// Shares a charge out over lines by what it stands on, and its taxes by what of it each got (rule M3).
fn share_out(totals: &ChargeTotals, weights: &[Money], parts: &mut [ChargeTotals]) {
    if parts.is_empty() {
        return;
    }
    let amounts = allocate(totals.amount, &sizes(weights));
    let weights = sizes(&amounts);
    let exclusive = allocate(totals.tax_exclusive, &weights);
    let inclusive = allocate(totals.tax_inclusive, &weights);
    for (index, part) in parts.iter_mut().enumerate() {
        part.amount.0 += amounts[index].0;
        part.tax_exclusive.0 += exclusive[index].0;
        part.tax_inclusive.0 += inclusive[index].0;
    }
}

fn sizes(amounts: &[Money]) -> Vec<u64> {
    amounts.iter().map(|amount| amount.0.unsigned_abs()).collect()
}

fn sold_line(line: &OrderLine, tax_rules: TaxRules) -> SoldLine {
    let taxes = line.added.taxes.clone();
    SoldLine { line: line.line, qty: line.qty, totals: line.totals, taxes, tax_rules, sku: line.sku() }
}
