//! A refund over the payments of an order: each gives back at most what is left of it, and a line goes to the payers of its
//! own checks.

use super::Store;
use super::refunds::Part;
use crate::check::CheckId;
use crate::command::{Context, NewRefund, RefundOf};
use crate::event::{Event, MoneyParts, RefundedLine, Tender};
use crate::ids::{OrderId, PaymentId};
use crate::money::{Money, QtyMilli, allocate};
use crate::order::OrderSlot;
use crate::payment::{Payment, PaymentState};
use crate::pricing::ChargeTotals;
use crate::refund::SoldShare;
use crate::refused::Refused;
use crate::tenant::Tenant;

/// A payment that can give something back, and what of it goes back.
struct Source<'a> {
    id: PaymentId,
    payment: &'a Payment,
    left: MoneyParts,
    parts: MoneyParts,
    lines: Vec<RefundedLine>,
}

impl Source<'_> {
    /// Takes at most so much of what was paid towards the order; answers what it took.
    fn take_applied(&mut self, amount: Money) -> Money {
        let taken = amount.min(self.left.applied);
        self.left.applied.0 -= taken.0;
        self.parts.applied.0 += taken.0;
        taken
    }

    /// The same of what the order could not take.
    fn take_unapplied(&mut self, amount: Money) -> Money {
        let taken = amount.min(self.left.unapplied);
        self.left.unapplied.0 -= taken.0;
        self.parts.unapplied.0 += taken.0;
        taken
    }

    /// The same of the tip.
    fn take_tip(&mut self, amount: Money) -> Money {
        let taken = amount.min(self.left.tip);
        self.left.tip.0 -= taken.0;
        self.parts.tip.0 += taken.0;
        taken
    }
}

impl Store {
    /// Gives money back over the payments that are named, or over all of the order in the order they came.
    pub(super) fn refund_order(
        &self,
        tenant: &Tenant,
        (id, slot): (OrderId, &OrderSlot),
        new: &NewRefund,
        named: &[PaymentId],
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let mut sources = self.sources(id, slot, new, named, context)?;
        let left = MoneyParts {
            applied: Money(sources.iter().map(|source| source.left.applied.0).sum()),
            tip: Money(sources.iter().map(|source| source.left.tip.0).sum()),
            unapplied: Money(sources.iter().map(|source| source.left.unapplied.0).sum()),
        };
        let too_much =
            Refused::RefundExceedsCaptured { amount: Money(left.applied.0 + left.unapplied.0), tip: left.tip };
        let (rest, tip) = match &new.what {
            RefundOf::Rest => {
                sources
                    .iter_mut()
                    .for_each(|source| (source.parts, source.left) = (source.left, MoneyParts::default()));
                (Money::ZERO, Money::ZERO)
            }
            RefundOf::Amount { amount, tip } => (take_amount(slot, &mut sources, *amount, named.is_empty()), *tip),
            RefundOf::Lines { lines, tip, charges } => {
                let details = self.settled(id)?;
                let lines = details.price_refund(lines, *charges)?;
                let mut rest = Money::ZERO;
                for line in &lines {
                    let shares = details.shares_of(line.line);
                    let wanted = match named {
                        [] => Some(self.parts_of_checks(slot, line, &shares)),
                        _ => None,
                    };
                    rest.0 += take_line(&mut sources, line, &shares, wanted.as_deref())?.0;
                }
                (rest, *tip)
            }
        };
        let tip = sources.iter_mut().fold(tip, |tip, source| Money(tip.0 - source.take_tip(tip).0));
        if rest != Money::ZERO || tip != Money::ZERO {
            return Err(too_much);
        }
        sources.retain(|source| source.parts != MoneyParts::default() || !source.lines.is_empty());
        if sources.iter().all(|source| source.parts == MoneyParts::default()) {
            return Err(Refused::NothingToRefund);
        }
        let part = |source: Source<'_>| Part { payment: source.id, parts: source.parts, lines: source.lines };
        self.give_back(tenant, new, sources.into_iter().map(part).collect(), context)
    }

    /// What each check gives of units of a line, so that in the end each has given what it had of the line.
    fn parts_of_checks(&self, slot: &OrderSlot, line: &RefundedLine, shares: &[SoldShare]) -> Vec<Money> {
        let charged = |line: &RefundedLine| {
            let charges = line.charges.unwrap_or_default();
            Money(charges.amount.0 + charges.tax_exclusive.0)
        };
        let given = |check: CheckId, part: &dyn Fn(&RefundedLine) -> Money| {
            let payments = slot.payments().iter().map(|payment| &self.payments[payment]);
            let refunds = payments.filter(|payment| payment.check == check).flat_map(Payment::refunds);
            let lines = refunds.filter(|refund| refund.counts()).flat_map(|refund| &refund.lines);
            Money(lines.filter(|held| held.line == line.line).map(|held| part(held).0).sum())
        };
        let sold = |line: &RefundedLine| Money(line.net.0 + line.tax_exclusive.0);
        let parts = |now: Money, weight: fn(&SoldShare) -> Money, part: &dyn Fn(&RefundedLine) -> Money| {
            let weights: Vec<Money> = shares.iter().map(weight).collect();
            let done: Vec<Money> = shares.iter().map(|share| given(share.check, part)).collect();
            next_parts(now, &weights, &done)
        };
        let amounts = parts(sold(line), |share| share.amount, &sold);
        let charges = parts(charged(line), |share| share.charges, &charged);
        amounts.into_iter().zip(charges).map(|(amount, charges)| Money(amount.0 + charges.0)).collect()
    }

    /// The payments that may give something back.
    fn sources(
        &self,
        id: OrderId,
        slot: &OrderSlot,
        new: &NewRefund,
        named: &[PaymentId],
        context: &Context,
    ) -> Result<Vec<Source<'_>>, Refused> {
        let all = slot.payments();
        if let Some(stranger) = named.iter().find(|payment| !all.contains(payment)) {
            return Err(match self.payments.get(stranger) {
                // It has taken nothing in that could be given back.
                Some(payment) if payment.order == id => Refused::PaymentNotCaptured,
                Some(_) | None => Refused::UnknownPayment { payment: *stranger },
            });
        }
        // The id stands for this refund in whichever payment it is, so none may have it.
        if all.iter().any(|payment| self.payments[payment].refund(new.refund).is_some()) {
            return Err(Refused::RefundExists { refund: new.refund });
        }
        let payments = if named.is_empty() { all } else { named };
        let mut sources = Vec::with_capacity(payments.len());
        for payment in payments {
            if self.payments[payment].state != PaymentState::Captured {
                continue;
            }
            let id = *payment;
            let payment = self.takes_refund(id, new.refund)?;
            self.is_told_in_time(id, context)?;
            let left = self.left(id, payment);
            sources.push(Source { id, payment, left, parts: MoneyParts::default(), lines: vec![] });
        }
        Ok(sources)
    }
}

/// Takes an amount, first of what the order could not take, then of what a check has too much, then of what was paid towards
/// it; in the order of the payments where somebody says so. Answers what nobody had.
fn take_amount(slot: &OrderSlot, sources: &mut [Source<'_>], amount: Money, is_open: bool) -> Money {
    let mut rest = amount;
    if is_open {
        for source in sources.iter_mut() {
            rest.0 -= source.take_unapplied(rest).0;
        }
        for (check, mut overpaid) in slot.overpaid() {
            for source in sources.iter_mut().filter(|source| source.payment.check == check) {
                let taken = source.take_applied(rest.min(overpaid));
                rest.0 -= taken.0;
                overpaid.0 -= taken.0;
            }
        }
    }
    for source in sources {
        rest.0 -= source.take_unapplied(rest).0;
        rest.0 -= source.take_applied(rest).0;
    }
    rest
}

/// Takes what units of a line came to from the payments of its checks: of each check what is `wanted` of it, as long as its
/// payers have so much left; as the payments are named where nothing is said of that. Answers what nobody had.
///
/// # Errors
/// [`Refused::LineOnOtherCheck`] where payments are named and none of them is for a check of the line.
fn take_line(
    sources: &mut [Source<'_>],
    line: &RefundedLine,
    shares: &[SoldShare],
    wanted: Option<&[Money]>,
) -> Result<Money, Refused> {
    let is_payer = |source: &Source<'_>| shares.iter().any(|share| share.check == source.payment.check);
    if let (None, Some(first)) = (wanted, sources.first())
        && !sources.iter().any(is_payer)
    {
        return Err(Refused::LineOnOtherCheck { line: line.line, check: first.payment.check });
    }
    let mut taken = vec![Money::ZERO; sources.len()];
    let mut take = |wanted: Money, is_asked: &dyn Fn(&Source<'_>) -> bool| {
        let mut rest = wanted;
        for (source, taken) in sources.iter_mut().zip(&mut taken) {
            if is_asked(source) {
                let part = source.take_applied(rest);
                rest.0 -= part.0;
                taken.0 += part.0;
            }
        }
        rest
    };
    let mut rest = line.amount();
    for (share, part) in shares.iter().zip(wanted.unwrap_or_default()) {
        rest.0 -= part.0 - take(*part, &|source| source.payment.check == share.check).0;
    }
    // What the payers of one check do not have any more, those of the others give.
    let rest = take(rest, &is_payer);
    if rest == Money::ZERO {
        share_line(sources, line, &taken, is_payer);
    }
    Ok(rest)
}

/// What of an amount each share gives, when they have given so much: at any time all of them together have given what their
/// weights make of all that was given, so that in the end each has given its own.
fn next_parts(now: Money, weights: &[Money], done: &[Money]) -> Vec<Money> {
    let before: i64 = done.iter().map(|done| done.0).sum();
    let weights: Vec<u64> = weights.iter().map(|weight| weight.0.unsigned_abs()).collect();
    let mut rest = now.0;
    let upto = allocate(Money(before + now.0), &weights);
    let part = |(upto, done): (Money, &Money)| {
        // Somebody may have named other payers before.
        let part = (upto.0 - done.0).clamp(0, rest);
        rest -= part;
        Money(part)
    };
    upto.into_iter().zip(done).map(part).collect()
}

/// Shares a line out over the payments that took these amounts of it. Its units go with one of them, which had best be cash: that
/// is given back at once, and the others wait for an outcome. Amounts add up to the line's, part by part.
fn share_line(
    sources: &mut [Source<'_>],
    line: &RefundedLine,
    taken: &[Money],
    is_payer: impl Fn(&Source<'_>) -> bool,
) {
    // What cost nothing goes back with any payment, best with one of its checks.
    let is_free = line.amount() == Money::ZERO;
    let is_near = is_free && sources.iter().any(&is_payer);
    let takes_part = |index: &usize| match is_free {
        true => !is_near || is_payer(&sources[*index]),
        false => Money::ZERO < taken[*index],
    };
    let all: Vec<usize> = (0..sources.len()).filter(takes_part).collect();
    let is_cash = |index: &&usize| sources[**index].payment.tender == Tender::Cash;
    let Some(carrier) = all.iter().find(is_cash).or(all.first()).copied() else { return };
    let all = if is_free { vec![carrier] } else { all };
    let sizes = |amounts: &[Money]| amounts.iter().map(|amount| amount.0.unsigned_abs()).collect::<Vec<u64>>();
    let mut rest: Vec<Money> = all.iter().map(|index| taken[*index]).collect();
    let discount = allocate(line.discount, &sizes(&rest));
    // Each part is dealt out of what the parts before it left, so that none is above what its payment took.
    let mut deal = |amount: Money| {
        let parts = allocate(amount, &sizes(&rest));
        rest.iter_mut().zip(&parts).for_each(|(rest, part)| rest.0 -= part.0);
        parts
    };
    let charges = line.charges.unwrap_or_default();
    let tax_exclusive = deal(line.tax_exclusive);
    let charge_tax_exclusive = deal(charges.tax_exclusive);
    let charge_amount = deal(charges.amount);
    let net = rest;
    let tax_inclusive = allocate(line.tax_inclusive, &sizes(&net));
    let charge_tax_inclusive = allocate(charges.tax_inclusive, &sizes(&charge_amount));
    for (place, index) in all.into_iter().enumerate() {
        sources[index].lines.push(RefundedLine {
            line: line.line,
            qty: if index == carrier { line.qty } else { QtyMilli::ZERO },
            discount: discount[place],
            net: net[place],
            tax_exclusive: tax_exclusive[place],
            tax_inclusive: tax_inclusive[place],
            charges: line.charges.map(|_| ChargeTotals {
                amount: charge_amount[place],
                tax_exclusive: charge_tax_exclusive[place],
                tax_inclusive: charge_tax_inclusive[place],
            }),
        });
    }
}
