//! Refunds: what of a payment, and of its order's lines, has been given back or is asked back.
//!
//! A payment knows its refunds, an order what became of its lines and its money: each folds its own facts. Nothing is
//! kept for an order or a payment that has no refund, but for what a settled order's lines came to.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::check::CheckId;
use crate::command::{Charges, RefundLine};
use crate::event::{MoneyParts, RefundedLine};
use crate::ids::{LineId, OrderId, PaymentId, RefundId, Sku};
use crate::money::{Money, Ppm, QtyMilli, RefundedQty, Rounding, allocate, narrow, refund_step, round_div};
use crate::pricing::{ChargeTotals, LineTotals, TaxRate, TaxRules, TaxTotal};
use crate::prints::Prints;
use crate::refused::Refused;

/// The most refunds of one payment, failed ones included.
pub const REFUNDS_MAX: usize = 64;

/// How far a refund got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    Requested,
    Succeeded,
    Failed,
}

/// A refund of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id, unique in the payment.
    pub refund: RefundId,
    pub parts: MoneyParts,
    pub lines: Vec<RefundedLine>,
    /// Whether they go back on the shelf.
    pub restock: bool,
    pub state: RefundState,
}

impl Refund {
    /// Whether it takes from what is left: a failed one does not.
    pub fn counts(&self) -> bool {
        match self.state {
            RefundState::Requested | RefundState::Succeeded => true,
            RefundState::Failed => false,
        }
    }
}

/// A line of a settled order, as far as refunds read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoldLine {
    pub line: LineId,
    pub qty: QtyMilli,
    pub totals: LineTotals,
    pub taxes: Vec<TaxRate>,
    /// By which rules they were computed.
    pub tax_rules: TaxRules,
    /// The stock item one unit took.
    pub sku: Option<Sku>,
}

/// What a check had of a sold line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoldShare {
    pub line: LineId,
    pub check: CheckId,
    /// Of the line, with the tax on top.
    pub amount: Money,
    /// Of the service charges that follow it, with the tax on top of them.
    pub charges: Money,
}

/// What is kept of an order that takes no more changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedDetails {
    /// How its amounts were rounded.
    pub rounding: Rounding,
    /// What was sold; nothing where it was cancelled or merged.
    pub lines: Vec<SoldLine>,
    /// What of the sale was not given back.
    pub left: SaleLeft,
    /// Each line's part of the service charges that follow lines, in the order of the lines; nothing where none do.
    pub charges: Vec<ChargeTotals>,
    /// What the taxes on those charges come to.
    pub charge_taxes: Vec<TaxTotal>,
    /// What of the lines was on which check; nothing where it was not split.
    pub shares: Vec<SoldShare>,
    /// What was paid too much and not given back yet, by check.
    pub overpaid: Vec<(CheckId, Money)>,
    /// The payments it took something of or could not take, in the order they came.
    pub payments: Vec<PaymentId>,
    pub merged_into: Option<OrderId>,
    /// Its checks, if it was split.
    pub checks: Vec<CheckId>,
    pub prints: Prints,
    /// What did not stay with it.
    pub returns: Option<Box<Returns>>,
}

/// What of a settled sale was not given back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaleLeft {
    /// What is left of the total.
    pub amount: Money,
    /// What is left of each tax.
    pub taxes: Vec<TaxTotal>,
}

impl SaleLeft {
    /// Less what a refund took of it.
    fn give_back(&mut self, amount: Money, taxes: &[TaxTotal]) {
        // Of an order that was settled by an older rule less than its total may have been paid.
        self.amount = Money((self.amount.0 - amount.0).max(0));
        for back in taxes {
            if let Some(left) = self.taxes.iter_mut().find(|left| left.tax == back.tax) {
                left.taxable.0 -= back.taxable.0;
                left.amount.0 -= back.amount.0;
            }
        }
    }
}

/// What of an order's money and units did not stay with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// Captured money it could not take.
    pub unapplied: Vec<(PaymentId, Money)>,
    /// What was given back of what was paid towards it.
    pub refunded: Money,
    /// What of that takes back payments and not the sale, and so no longer counts as paid.
    pub reversed: Money,
    /// What was given back, or is asked back, of its lines: one sum for each.
    pub lines: Vec<ReturnedLine>,
}

/// What was given back, or is asked back, of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnedLine {
    pub line: LineId,
    pub qty: QtyMilli,
    /// The units of them with which their service charges went back.
    pub charged_qty: QtyMilli,
    pub discount: Money,
    pub net: Money,
    pub tax_exclusive: Money,
    pub tax_inclusive: Money,
    pub charges: ChargeTotals,
}

impl ReturnedLine {
    /// Nothing of a line.
    fn nothing(line: LineId) -> ReturnedLine {
        ReturnedLine {
            line,
            qty: QtyMilli::ZERO,
            charged_qty: QtyMilli::ZERO,
            discount: Money::ZERO,
            net: Money::ZERO,
            tax_exclusive: Money::ZERO,
            tax_inclusive: Money::ZERO,
            charges: ChargeTotals::default(),
        }
    }

    fn add(&mut self, line: &RefundedLine, sign: i64) {
        self.qty.0 += sign * line.qty.0;
        self.discount.0 += sign * line.discount.0;
        self.net.0 += sign * line.net.0;
        self.tax_exclusive.0 += sign * line.tax_exclusive.0;
        self.tax_inclusive.0 += sign * line.tax_inclusive.0;
        if let Some(charges) = line.charges {
            self.charged_qty.0 += sign * line.qty.0;
            self.charges.amount.0 += sign * charges.amount.0;
            self.charges.tax_exclusive.0 += sign * charges.tax_exclusive.0;
            self.charges.tax_inclusive.0 += sign * charges.tax_inclusive.0;
        }
    }
}

/// What each tax is of an amount of a million, those on top before a compound one with it.
fn shares<'a>(taxes: impl Iterator<Item = &'a TaxRate>) -> Vec<u64> {
    let one = u64::from(Ppm::ONE.0);
    let mut before = 0;
    let share = |tax: &TaxRate| {
        let base = one + if tax.compound { before } else { 0 };
        // Rates are at most ten, and taxes eight: it fits.
        let share = u64::from(tax.rate.0) * base / one;
        before += share;
        share
    };
    taxes.map(share).collect()
}

impl Returns {
    /// What the order could not take of a payment.
    pub fn unapplied_of(&self, payment: PaymentId) -> Money {
        let of = self.unapplied.iter().filter(|(of, _)| *of == payment);
        Money(of.map(|(_, unapplied)| unapplied.0).sum())
    }

    /// Counts units that are asked back.
    pub fn add_lines(&mut self, lines: &[RefundedLine]) {
        for line in lines {
            let index = self.lines.iter().position(|held| held.line == line.line).unwrap_or_else(|| {
                self.lines.push(ReturnedLine::nothing(line.line));
                self.lines.len() - 1
            });
            self.lines[index].add(line, 1);
        }
    }

    /// Counts units no more whose refund failed.
    pub fn remove_lines(&mut self, lines: &[RefundedLine]) {
        for line in lines {
            let held = self.lines.iter_mut().find(|held| held.line == line.line);
            let held = held.expect("units are asked back before their refund fails");
            held.add(line, -1);
            debug_assert!(QtyMilli::ZERO <= held.qty, "more units of {line:?} are not given back than were");
        }
        // Of units that are given back over several payments, some parts may be and others not.
        self.lines.retain(|held| *held != ReturnedLine::nothing(held.line));
    }
}

impl ClosedDetails {
    /// What a check has too much.
    pub fn overpaid_on(&self, check: CheckId) -> Money {
        Money(self.overpaid.iter().filter(|(of, _)| *of == check).map(|(_, overpaid)| overpaid.0).sum())
    }

    /// Less what a refund took: what had been paid too much first, and then of the sale.
    pub(crate) fn give_back(
        &mut self,
        applied: Money,
        (check, reversed): (Option<CheckId>, Money),
        taxes: &[TaxTotal],
    ) {
        let overpaid = self.overpaid.iter_mut().find(|(of, _)| Some(*of) == check);
        if let Some((_, overpaid)) = overpaid {
            overpaid.0 -= reversed.0;
            debug_assert!(Money::ZERO <= *overpaid, "more than check {check:?} has too much is given back of it");
        }
        self.overpaid.retain(|(_, overpaid)| Money::ZERO < *overpaid);
        self.left.give_back(Money(applied.0 - reversed.0), taxes);
    }

    /// What of a refund towards a check takes back the payment, and the tax that goes back with the rest, which is of the sale. What
    /// the check has too much goes back first, but units are of the sale.
    pub fn split_refund(&self, (check, applied): (CheckId, Money), lines: &[RefundedLine]) -> (Money, Vec<TaxTotal>) {
        let reversed = match lines {
            [] => applied.min(self.overpaid_on(check)),
            _ => Money::ZERO,
        };
        (reversed, self.taxes_of(Money(applied.0 - reversed.0), lines))
    }

    /// What each check that a sold line is on has of it; all of it is on check 1 where the order was not split.
    pub fn shares_of(&self, line: LineId) -> Vec<SoldShare> {
        let on: Vec<SoldShare> = self.shares.iter().filter(|share| share.line == line).copied().collect();
        match on.is_empty() {
            true => vec![SoldShare { line, check: CheckId::FIRST, amount: Money(1), charges: Money(1) }],
            false => on,
        }
    }

    /// What units of its lines come to (rule M8): `rnd(total * (done + now) / sold)` less what was given back already.
    ///
    /// Without failed refunds that is the rule's own step; with one in between the next makes up for it, so the parts
    /// still add up to the sale.
    ///
    /// # Errors
    /// [`Refused::UnknownLine`], [`Refused::RefundExceedsSold`].
    pub fn price_refund(&self, asked: &[RefundLine], charges: Charges) -> Result<Vec<RefundedLine>, Refused> {
        asked.iter().map(|asked| self.price_refunded_line(asked, charges)).collect()
    }

    /// The tax that goes back with so much of the sale. What is for units takes their lines' tax along, any other amount
    /// its share of what is left of each; nobody gets back more of a tax than is left, and with the last of the sale goes
    /// the last of its taxes.
    fn taxes_of(&self, amount: Money, lines: &[RefundedLine]) -> Vec<TaxTotal> {
        let SaleLeft { amount: left, taxes } = &self.left;
        let mut back = match lines {
            _ if *left <= amount => taxes.clone(),
            [] => {
                let of = |part: Money| {
                    let product = i128::from(part.0) * i128::from(amount.0);
                    let share = narrow(round_div(product, i128::from(left.0), self.rounding));
                    share.expect("a share is not above what it is of")
                };
                let share = |total: &TaxTotal| TaxTotal {
                    tax: total.tax,
                    taxable: of(total.taxable),
                    amount: of(total.amount),
                };
                taxes.iter().map(share).collect()
            }
            lines => self.taxes_of_lines(lines),
        };
        for total in &mut back {
            let left = taxes.iter().find(|left| left.tax == total.tax);
            let (taxable, amount) = left.map_or((Money::ZERO, Money::ZERO), |left| (left.taxable, left.amount));
            (total.taxable, total.amount) = (total.taxable.min(taxable), total.amount.min(amount));
        }
        back.retain(|total| (total.taxable, total.amount) != (Money::ZERO, Money::ZERO));
        back
    }

    /// The tax in what is given back of lines: each line's is shared out to its taxes by what each is of the amount without
    /// tax (rule M3).
    fn taxes_of_lines(&self, lines: &[RefundedLine]) -> Vec<TaxTotal> {
        let mut back: Vec<TaxTotal> = vec![];
        for line in lines {
            let Some(sold) = self.lines.iter().find(|sold| sold.line == line.line) else { continue };
            let RefundedLine { net: amount, tax_exclusive, tax_inclusive, .. } = *line;
            let totals = ChargeTotals { amount, tax_exclusive, tax_inclusive };
            add_taxes(&mut back, &sold.taxes, sold.tax_rules, &totals);
            self.taxes_of_charges(line.charges.unwrap_or_default(), &mut back);
        }
        back
    }

    /// The tax in what is given back of service charges: as much of each as of the charges.
    fn taxes_of_charges(&self, charges: ChargeTotals, back: &mut Vec<TaxTotal>) {
        let all: i64 = self.charges.iter().map(|charges| charges.amount.0).sum();
        for (inclusive, amount) in [(false, charges.tax_exclusive), (true, charges.tax_inclusive)] {
            let of_kind = || self.charge_taxes.iter().filter(|total| total.tax.inclusive == inclusive);
            let weights: Vec<u64> = of_kind().map(|total| total.amount.0.unsigned_abs()).collect();
            if weights.is_empty() {
                continue;
            }
            for (total, amount) in of_kind().zip(allocate(amount, &weights)) {
                let product = i128::from(total.taxable.0) * i128::from(charges.amount.0);
                let taxable = narrow(round_div(product, i128::from(all).max(1), self.rounding));
                let taxable = taxable.expect("a share is not above what it is of");
                add_tax(back, TaxTotal { tax: total.tax, taxable, amount });
            }
        }
    }

    fn price_refunded_line(&self, asked: &RefundLine, charges: Charges) -> Result<RefundedLine, Refused> {
        let RefundLine { line, qty } = *asked;
        let index = self.lines.iter().position(|held| held.line == line).ok_or(Refused::UnknownLine { line })?;
        let sold = &self.lines[index];
        let before = self.returns.as_deref().and_then(|returns| returns.lines.iter().find(|held| held.line == line));
        let before = before.copied().unwrap_or(ReturnedLine::nothing(line));
        let left = QtyMilli(sold.qty.0 - before.qty.0);
        if left < qty {
            return Err(Refused::RefundExceedsSold { line, left });
        }
        let upto = |total: Money, before_qty: QtyMilli, done: Money| {
            let upto = RefundedQty { sold: sold.qty, already: QtyMilli::ZERO, now: QtyMilli(before_qty.0 + qty.0) };
            let all = refund_step(total, upto, self.rounding).expect("not more is given back than was sold");
            Money((all.0 - done.0).max(0))
        };
        let part = |total: Money, done: Money| upto(total, before.qty, done);
        // Units whose charges stayed are no part of what charges have to add up to.
        let charge = |total: Money, done: Money| upto(total, before.charged_qty, done);
        let charged = match charges {
            Charges::Follow => self.charges.get(index),
            Charges::Keep => None,
        };
        Ok(RefundedLine {
            line,
            qty,
            discount: part(sold.totals.discount, before.discount),
            net: part(sold.totals.net, before.net),
            tax_exclusive: part(sold.totals.tax_exclusive, before.tax_exclusive),
            tax_inclusive: part(sold.totals.tax_inclusive, before.tax_inclusive),
            charges: charged.map(|charged| ChargeTotals {
                amount: charge(charged.amount, before.charges.amount),
                tax_exclusive: charge(charged.tax_exclusive, before.charges.tax_exclusive),
                tax_inclusive: charge(charged.tax_inclusive, before.charges.tax_inclusive),
            }),
        })
    }
}

/// Adds what the taxes on an amount come to: shared out to them by their rates (rule M3).
pub(crate) fn add_taxes(totals: &mut Vec<TaxTotal>, taxes: &[TaxRate], rules: TaxRules, taxed: &ChargeTotals) {
    let without = Money(taxed.amount.0 - taxed.tax_inclusive.0);
    let on_top = match rules {
        TaxRules::First => taxed.amount,
        TaxRules::Second => without,
    };
    for (inclusive, base, amount) in [(false, on_top, taxed.tax_exclusive), (true, without, taxed.tax_inclusive)] {
        let of_kind = || taxes.iter().filter(|tax| tax.inclusive == inclusive);
        let shares = shares(of_kind());
        if shares.is_empty() {
            continue;
        }
        let mut before = 0;
        for (tax, amount) in of_kind().zip(allocate(amount, &shares)) {
            let taxable = Money(base.0 + if tax.compound { before } else { 0 });
            before += amount.0;
            add_tax(totals, TaxTotal { tax: *tax, taxable, amount });
        }
    }
}

/// Adds to what a tax comes to.
fn add_tax(totals: &mut Vec<TaxTotal>, more: TaxTotal) {
    match totals.iter_mut().find(|total| total.tax == more.tax) {
        Some(total) => {
            total.taxable.0 += more.taxable.0;
            total.amount.0 += more.amount.0;
        }
        None => totals.push(more),
    }
}
