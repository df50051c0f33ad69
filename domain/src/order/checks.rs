//! What each check of an order comes to.

use super::Order;
use crate::check::{CheckId, CheckTotals, Checks, Share, SharedLine, WHOLE, deal_all};
use crate::ids::LineId;
use crate::money::Money;
use crate::refused::Refused;

impl Order {
    /// The number, the total and what is still to be paid of a check: of the named one, or of the first on which something
    /// is due. What one check has too much, after a change, counts for the others.
    ///
    /// # Errors
    /// [`Refused::UnknownCheck`].
    pub fn check(&self, named: Option<CheckId>) -> Result<(CheckId, Money, Money), Refused> {
        let Some(checks) = self.checks.as_deref() else {
            return match named.unwrap_or(CheckId::FIRST) {
                CheckId::FIRST => Ok((CheckId::FIRST, self.total, self.due())),
                check => Err(Refused::UnknownCheck { check }),
            };
        };
        let due = |check: CheckId, total: Money| Money((total.0 - checks.paid(check).0).min(self.due().0));
        let dealt = self.check_totals(checks);
        let mut all = dealt.iter().map(|(check, dealt)| (*check, dealt.total, due(*check, dealt.total)));
        match named {
            Some(named) => all.find(|(check, ..)| *check == named).ok_or(Refused::UnknownCheck { check: named }),
            None => Ok(all.clone().find(|(.., due)| Money::ZERO < *due).or(all.next()).unwrap_or((
                CheckId::FIRST,
                self.total,
                self.due(),
            ))),
        }
    }

    /// What each of its checks comes to, by their numbers.
    pub fn check_totals(&self, checks: &Checks) -> Vec<(CheckId, CheckTotals)> {
        let shares = |line: LineId| checks.shares(line);
        let lines: Vec<SharedLine<'_>> = self
            .lines
            .iter()
            .map(|line| SharedLine { line: line.line, qty: line.qty, totals: line.totals, shares: shares(line.line) })
            .collect();
        let on_lines: i64 = self.lines.iter().map(|line| line.totals.net.0 + line.totals.tax_exclusive.0).sum();
        deal_all(&lines, Money(self.total.0 - on_lines), checks.paid.iter().map(|(check, _)| *check))
    }

    /// How a line is shared out over checks.
    pub fn shares(&self, line: LineId) -> &[Share] {
        self.checks.as_deref().map_or(WHOLE, |checks| checks.shares(line))
    }
}
