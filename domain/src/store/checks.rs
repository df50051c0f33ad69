//! Decisions about checks. A split moves no money: it says who pays what.

use super::orders::Draft;
use crate::check::{BadMove, CheckId, CheckMove, LineShares, MoveOf};
use crate::event::OrderEvent;
use crate::ids::LineId;
use crate::money::Money;
use crate::refused::Refused;

impl Draft<'_> {
    /// Moves lines, or parts of them, to a check.
    pub(super) fn split(&mut self, to: CheckId, moves: &[CheckMove]) -> Result<(), Refused> {
        let mut split: Vec<LineShares> = Vec::with_capacity(moves.len());
        for moved in moves {
            let CheckMove { line, what, .. } = *moved;
            let qty = self.order.line(line)?.qty;
            let before = split.iter().position(|held| held.line == line);
            let shares = before.map_or_else(|| self.order.shares(line), |index| &split[index].shares);
            let is_there = shares.iter().all(|share| share.check == to);
            if is_there && what == MoveOf::All {
                continue;
            }
            let shares = LineShares::moved(shares, qty, to, moved).map_err(|bad| match bad {
                BadMove::Exceeds => Refused::SplitExceedsLine { line },
                BadMove::TooFine => Refused::SplitTooFine { line },
            })?;
            match before {
                Some(index) => split[index] = shares,
                None => split.push(shares),
            }
        }
        self.share_out(split)
    }

    /// Shares every line equally over checks 1 to `checks`.
    pub(super) fn split_evenly(&mut self, checks: CheckId) -> Result<(), Refused> {
        let lines: Vec<LineId> = self.order.lines.iter().map(|line| line.line).collect();
        match lines.is_empty() {
            true => Err(Refused::OrderEmpty),
            false => self.share_out(lines.into_iter().map(|line| LineShares::even(line, checks)).collect()),
        }
    }

    /// No check may come to less than what has been paid towards it: the guest who paid would have paid for others.
    fn share_out(&mut self, mut split: Vec<LineShares>) -> Result<(), Refused> {
        split.retain(|line| self.order.shares(line.line) != line.shares);
        if split.is_empty() {
            return Ok(());
        }
        let over_before = self.over();
        self.push(OrderEvent::CheckSplit { lines: split });
        for (check, total, paid) in self.over() {
            let before = over_before.iter().find(|(held, ..)| *held == check);
            let over_before = before.map_or(0, |(_, total, paid)| paid.0 - total.0);
            if over_before < paid.0 - total.0 {
                return Err(Refused::CheckBelowPaid { check, total, paid });
            }
        }
        Ok(())
    }

    /// The checks towards which more has been paid than they come to.
    fn over(&self) -> Vec<(CheckId, Money, Money)> {
        let Some(checks) = self.order.checks.as_deref() else {
            let (total, paid) = (self.order.total, self.order.paid());
            return if total < paid { vec![(CheckId::FIRST, total, paid)] } else { vec![] };
        };
        let dealt = self.order.check_totals(checks).into_iter();
        let dealt = dealt.map(|(check, dealt)| (check, dealt.total, checks.paid(check)));
        dealt.filter(|(_, total, paid)| total < paid).collect()
    }
}
