//! What each check of an order comes to.

use super::Order;
use crate::check::{Balance, CheckId, CheckTotals, Checks, Share, SharedLine, WHOLE, deal_all};
use crate::ids::LineId;
use crate::money::Money;
use crate::refused::Refused;

impl Order {
    /// What is still to be paid, over its checks: what one of them has too much leaves what others owe as it is.
    pub fn due(&self) -> Money {
        match self.checks.as_deref().filter(|_| self.dues_apart) {
            Some(_) => Money(self.balances().iter().map(|check| check.due.0).sum()),
            None => Balance::of(CheckId::FIRST, self.total, self.paid()).due,
        }
    }

    /// What was paid too much, over its checks, and is to be given back by a person.
    pub fn overpaid(&self) -> Money {
        match self.checks.as_deref().filter(|_| self.dues_apart) {
            Some(_) => Money(self.balances().iter().map(|check| check.overpaid.0).sum()),
            None => Balance::of(CheckId::FIRST, self.total, self.paid()).overpaid,
        }
    }

    /// What each check has too much, where one has.
    pub(super) fn overpaid_checks(&self) -> Vec<(CheckId, Money)> {
        let over = self.balances().into_iter().filter(|held| Money::ZERO < held.overpaid);
        over.map(|held| (held.check, held.overpaid)).collect()
    }

    /// What is to be paid or given back of each of its checks, by their numbers; those of an order that was not split are one.
    pub fn balances(&self) -> Vec<Balance> {
        let Some(checks) = self.checks.as_deref() else {
            return vec![Balance::of(CheckId::FIRST, self.total, self.paid())];
        };
        let dealt = self.check_totals(checks).into_iter();
        let mut balances: Vec<Balance> =
            dealt.map(|(check, dealt)| Balance::of(check, dealt.total, checks.paid(check))).collect();
        if !self.dues_apart {
            Balance::net(&mut balances);
        }
        balances
    }

    /// What is to be paid or given back of the named check, or of the first on which something is due.
    ///
    /// # Errors
    /// [`Refused::UnknownCheck`].
    pub fn check(&self, named: Option<CheckId>) -> Result<Balance, Refused> {
        let all = self.balances();
        let found = match named {
            Some(named) => all.iter().find(|held| held.check == named),
            None => all.iter().find(|held| Money::ZERO < held.due).or(all.first()),
        };
        found.copied().ok_or(Refused::UnknownCheck { check: named.unwrap_or(CheckId::FIRST) })
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
