//! Refunds: what of a payment, and of its order's lines, has been given back or is asked back.
//!
//! A payment knows its refunds, an order what became of its lines and its money: each folds its own facts. Nothing is
//! kept for an order or a payment that has no refund, but for what a settled order's lines came to.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::check::CheckId;
use crate::command::RefundLine;
use crate::event::{MoneyParts, RefundedLine};
use crate::ids::{LineId, OrderId, PaymentId, RefundId, Sku};
use crate::money::{Money, Ppm, QtyMilli, RefundedQty, Rounding, allocate, narrow, refund_step, round_div};
use crate::pricing::{LineTotals, TaxRate, TaxRules, TaxTotal};
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

/// What is kept of an order that takes no more changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedDetails {
    /// How its amounts were rounded.
    pub rounding: Rounding,
    /// What was sold; nothing where it was cancelled or merged.
    pub lines: Vec<SoldLine>,
    /// What of the sale was not given back.
    pub left: SaleLeft,
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
    /// What was paid beyond the total: it goes back first, and no tax with it.
    pub overpaid: Money,
    /// What is left of the total.
    pub amount: Money,
    /// What is left of each tax.
    pub taxes: Vec<TaxTotal>,
}

impl SaleLeft {
    /// Less what a refund took of it.
    pub fn give_back(&mut self, applied: Money, taxes: &[TaxTotal]) {
        let overpaid = self.overpaid.min(applied);
        self.overpaid.0 -= overpaid.0;
        // Of an order that was settled by an older rule less than its total may have been paid.
        self.amount = Money((self.amount.0 - (applied.0 - overpaid.0)).max(0));
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
    /// What was given back, or is asked back, of its lines: one sum for each.
    pub lines: Vec<RefundedLine>,
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
            match self.lines.iter_mut().find(|held| held.line == line.line) {
                Some(held) => add(held, line, 1),
                None => self.lines.push(*line),
            }
        }
    }

    /// Counts units no more whose refund failed.
    pub fn remove_lines(&mut self, lines: &[RefundedLine]) {
        for line in lines {
            let held = self.lines.iter_mut().find(|held| held.line == line.line);
            let held = held.expect("units are asked back before their refund fails");
            add(held, line, -1);
            debug_assert!(QtyMilli::ZERO <= held.qty, "more units of {line:?} are not given back than were");
        }
        self.lines.retain(|held| QtyMilli::ZERO < held.qty);
    }
}

fn add(to: &mut RefundedLine, line: &RefundedLine, sign: i64) {
    to.qty.0 += sign * line.qty.0;
    to.discount.0 += sign * line.discount.0;
    to.net.0 += sign * line.net.0;
    to.tax_exclusive.0 += sign * line.tax_exclusive.0;
    to.tax_inclusive.0 += sign * line.tax_inclusive.0;
}

impl ClosedDetails {
    /// What units of its lines come to (rule M8): `rnd(total * (done + now) / sold)` less what was given back already.
    ///
    /// Without failed refunds that is the rule's own step; with one in between the next makes up for it, so the parts
    /// still add up to the sale.
    ///
    /// # Errors
    /// [`Refused::UnknownLine`], [`Refused::RefundExceedsSold`].
    pub fn price_refund(&self, asked: &[RefundLine]) -> Result<Vec<RefundedLine>, Refused> {
        asked.iter().map(|asked| self.price_refunded_line(asked)).collect()
    }

    /// The tax that goes back with so much of the sale. What is for units takes their lines' tax along, any other amount
    /// its share of what is left of each; nobody gets back more of a tax than is left, and with the last of the sale goes
    /// the last of its taxes.
    pub fn taxes_of(&self, applied: Money, lines: &[RefundedLine]) -> Vec<TaxTotal> {
        let SaleLeft { overpaid, amount: left, taxes } = &self.left;
        let amount = match lines {
            [] => Money((applied.0 - overpaid.0).max(0)),
            _ => applied,
        };
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
            let without = Money(line.net.0 - line.tax_inclusive.0);
            let on_top = match sold.tax_rules {
                TaxRules::First => line.net,
                TaxRules::Second => without,
            };
            for (inclusive, base, amount) in [(false, on_top, line.tax_exclusive), (true, without, line.tax_inclusive)]
            {
                let of_kind = || sold.taxes.iter().filter(|tax| tax.inclusive == inclusive);
                let mut before = 0;
                for (tax, amount) in of_kind().zip(allocate(amount, &shares(of_kind()))) {
                    let taxable = Money(base.0 + if tax.compound { before } else { 0 });
                    before += amount.0;
                    match back.iter_mut().find(|total| total.tax == *tax) {
                        Some(total) => {
                            total.taxable.0 += taxable.0;
                            total.amount.0 += amount.0;
                        }
                        None => back.push(TaxTotal { tax: *tax, taxable, amount }),
                    }
                }
            }
        }
        back
    }

    fn price_refunded_line(&self, asked: &RefundLine) -> Result<RefundedLine, Refused> {
        let RefundLine { line, qty } = *asked;
        let sold = self.lines.iter().find(|held| held.line == line).ok_or(Refused::UnknownLine { line })?;
        let nothing = RefundedLine {
            line,
            qty: QtyMilli::ZERO,
            discount: Money::ZERO,
            net: Money::ZERO,
            tax_exclusive: Money::ZERO,
            tax_inclusive: Money::ZERO,
        };
        let before = self.returns.as_deref().and_then(|returns| returns.lines.iter().find(|held| held.line == line));
        let before = before.unwrap_or(&nothing);
        let left = QtyMilli(sold.qty.0 - before.qty.0);
        if left < qty {
            return Err(Refused::RefundExceedsSold { line, left });
        }
        let upto = RefundedQty { sold: sold.qty, already: QtyMilli::ZERO, now: QtyMilli(before.qty.0 + qty.0) };
        let part = |total: Money, done: Money| {
            let all = refund_step(total, upto, self.rounding).expect("not more is given back than was sold");
            Money((all.0 - done.0).max(0))
        };
        Ok(RefundedLine {
            line,
            qty,
            discount: part(sold.totals.discount, before.discount),
            net: part(sold.totals.net, before.net),
            tax_exclusive: part(sold.totals.tax_exclusive, before.tax_exclusive),
            tax_inclusive: part(sold.totals.tax_inclusive, before.tax_inclusive),
        })
    }
}
