//! The checks of an order: stored where it was split, derived from the order where it was not.

use crate::error::FoldError;
use domain::check::{self, CheckId, CheckLine, CheckTotals, LineShares, Share, SharedLine, WHOLE};
use domain::ids::LineId;
use domain::money::{Money, QtyMilli};
use domain::pricing::LineTotals;
use schemas::json::Wire;
use schemas::views::{CheckLineView, CheckState, CheckView, LineView, OrderState, OrderView};

/// Shares lines out as the event says.
pub(super) fn split(order: &mut OrderView, lines: &[LineShares]) -> Result<(), FoldError> {
    if order.checks.is_empty() {
        // What was paid before the split was paid towards check 1.
        let OrderView { paid, tips, refunded, reversed, .. } = *order;
        order.checks.push(CheckView { paid, tips, refunded, reversed, ..empty(CheckId::FIRST) });
        for line in &order.lines {
            order.checks[0].lines.push(on_check(line.line_id.0, WHOLE[0], 1));
        }
    }
    for LineShares { line, shares } in lines {
        remove_line(order, *line);
        let of = shares.iter().map(|share| share.parts).sum();
        for share in shares {
            check_mut(order, share.check)?.lines.push(on_check(*line, *share, of));
        }
    }
    Ok(())
}

/// A line is on no check any more.
pub(super) fn remove_line(order: &mut OrderView, line: LineId) {
    for check in &mut order.checks {
        check.lines.retain(|held| held.line_id.0 != line);
    }
}

/// Money was applied to a check.
pub(super) fn pay(order: &mut OrderView, check: CheckId, amount: Money, tip: Money) -> Result<(), FoldError> {
    if order.checks.is_empty() {
        return Ok(());
    }
    let check = check_mut(order, check)?;
    check.paid += amount.0;
    check.tips += tip.0;
    Ok(())
}

/// Money was given back to a check; which one is not known of what was recorded before refunds said so.
pub(super) fn give_back(
    order: &mut OrderView,
    check: Option<CheckId>,
    refunded: Money,
    reversed: Money,
) -> Result<(), FoldError> {
    if let (Some(check), false) = (check, order.checks.is_empty()) {
        let check = check_mut(order, check)?;
        check.refunded += refunded.0;
        check.reversed += reversed.0;
    }
    Ok(())
}

fn check_mut(order: &mut OrderView, check: CheckId) -> Result<&mut CheckView, FoldError> {
    let number = check.number();
    let index = match order.checks.binary_search_by_key(&number, |held| held.check_id) {
        Ok(index) => index,
        Err(index) => {
            order.checks.insert(index, empty(check));
            index
        }
    };
    Ok(&mut order.checks[index])
}

/// The order's amounts, dealt out to its checks as the writer does it; all of them on check 1 where it was not split.
pub(super) fn dealt(order: &OrderView) -> Vec<CheckView> {
    let shares: Vec<Vec<Share>> = order.lines.iter().map(|line| shares(order, line.line_id.0)).collect();
    let lines: Vec<SharedLine<'_>> =
        order.lines.iter().zip(&shares).map(|(line, shares)| shared(line, shares)).collect();
    let charges = order.totals.total - order.totals.net - order.totals.tax_exclusive;
    let paid = order.checks.iter().filter(|check| check.paid != 0).map(id);
    let dealt = check::deal_all(&lines, Money(charges), paid).into_iter();
    let view = |(check, totals): (CheckId, CheckTotals)| {
        let held = order.checks.iter().find(|held| id(held) == check);
        let (paid, tips, refunded, reversed) = match (order.checks.is_empty(), held) {
            (true, _) => (order.paid, order.tips, order.refunded, order.reversed),
            (false, held) => held.map_or((0, 0, 0, 0), |held| (held.paid, held.tips, held.refunded, held.reversed)),
        };
        let (due, overpaid) = match order.state {
            OrderState::Cancelled | OrderState::Merged => (0, (paid - refunded).max(0)),
            OrderState::Open | OrderState::Placed | OrderState::Completed => balance(totals.total.0, paid - reversed),
        };
        // Before checks owed for themselves, what one had too much counted for the others.
        let (due, overpaid) = match order.dues_apart {
            true => (due, overpaid),
            false => (due.min(order.due), overpaid.min(order.overpaid)),
        };
        CheckView {
            state: match order.state != OrderState::Open && due == 0 {
                true => CheckState::Paid,
                false => CheckState::Open,
            },
            lines: totals.lines.iter().map(line_view).collect(),
            gross: totals.gross.0,
            discount: totals.discount.0,
            net: totals.net.0,
            tax_exclusive: totals.tax_exclusive.0,
            tax_inclusive: totals.tax_inclusive.0,
            charges: totals.charges.0,
            total: totals.total.0,
            paid,
            tips,
            refunded,
            reversed,
            due,
            overpaid,
            ..empty(check)
        }
    };
    dealt.map(view).collect()
}

/// What is still to be paid, and what was paid too much.
pub(super) fn balance(owed: i64, paid: i64) -> (i64, i64) {
    ((owed - paid).max(0), (paid - owed).max(0))
}

fn line_view(line: &CheckLine) -> CheckLineView {
    CheckLineView {
        line_id: Wire(line.line),
        parts: line.parts,
        of: line.of,
        qty: Wire(line.qty),
        gross: line.totals.gross.0,
        discount: line.totals.discount.0,
        net: line.totals.net.0,
        tax_exclusive: line.totals.tax_exclusive.0,
        tax_inclusive: line.totals.tax_inclusive.0,
    }
}

fn id(check: &CheckView) -> CheckId {
    CheckId::new(check.check_id.into()).expect("it came from one")
}

/// The checks a line is on, with its parts: on check 1 if nobody put it elsewhere, as what came after the split.
fn shares(order: &OrderView, line: LineId) -> Vec<Share> {
    let on = order.checks.iter().filter_map(|check| {
        let held = check.lines.iter().find(|held| held.line_id.0 == line)?;
        Some(Share { check: id(check), parts: held.parts })
    });
    let on: Vec<Share> = on.collect();
    match on.is_empty() {
        true => WHOLE.to_vec(),
        false => on,
    }
}

fn shared<'a>(line: &LineView, shares: &'a [Share]) -> SharedLine<'a> {
    let totals = LineTotals {
        gross: Money(line.gross),
        discount: Money(line.discount),
        net: Money(line.net),
        tax_exclusive: Money(line.tax_exclusive),
        tax_inclusive: Money(line.tax_inclusive),
    };
    SharedLine { line: line.line_id.0, qty: line.qty.0, totals, shares }
}

/// A line on a check, without amounts: they are dealt out when the row is written.
fn on_check(line: LineId, share: Share, of: u32) -> CheckLineView {
    let (qty, totals) = (QtyMilli::ZERO, LineTotals::default());
    line_view(&CheckLine { line, parts: share.parts, of, qty, totals })
}

fn empty(check: CheckId) -> CheckView {
    CheckView {
        check_id: check.number(),
        state: CheckState::Open,
        lines: vec![],
        gross: 0,
        discount: 0,
        net: 0,
        tax_exclusive: 0,
        tax_inclusive: 0,
        charges: 0,
        total: 0,
        paid: 0,
        tips: 0,
        refunded: 0,
        reversed: 0,
        due: 0,
        overpaid: 0,
    }
}
