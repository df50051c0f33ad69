//! The checks of an order: kept where it was split, made up where it was not.

use crate::fault::Fault;
use domain::check::{self, CheckId, LineShares, Share, SharedLine, WHOLE};
use domain::ids::LineId;
use domain::money::Money;
use domain::pricing::LineTotals;
use schemas::views::{CheckLineView, CheckState, CheckView, LineView, OrderState, OrderView, Shown};

/// Shares lines out as the event says.
pub(super) fn split(order: &mut OrderView, lines: &[LineShares]) -> Result<(), Fault> {
    if order.checks.is_empty() {
        // What was paid before the split was paid towards check 1.
        order.checks.push(CheckView { paid: order.paid, tips: order.tips, ..empty(CheckId::FIRST) });
        for line in &order.lines {
            order.checks[0].lines.push(on_check(line.line_id.0, WHOLE[0], 1));
        }
    }
    for LineShares { line, shares } in lines {
        forget(order, *line);
        let of = shares.iter().map(|share| share.parts).sum();
        for share in shares {
            check_mut(order, share.check)?.lines.push(on_check(*line, *share, of));
        }
    }
    Ok(())
}

/// A line is on no check any more.
pub(super) fn forget(order: &mut OrderView, line: LineId) {
    for check in &mut order.checks {
        check.lines.retain(|held| held.line_id.0 != line);
    }
}

/// Money was applied to a check.
pub(super) fn pay(order: &mut OrderView, check: CheckId, amount: Money, tip: Money) -> Result<(), Fault> {
    if order.checks.is_empty() {
        return Ok(());
    }
    let check = check_mut(order, check)?;
    check.paid += amount.0;
    check.tips += tip.0;
    Ok(())
}

fn check_mut(order: &mut OrderView, check: CheckId) -> Result<&mut CheckView, Fault> {
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

/// Deals the order's amounts out to its checks, as the writer does it.
pub(super) fn settle(order: &mut OrderView) {
    if order.checks.is_empty() {
        return;
    }
    let shares: Vec<Vec<Share>> = order.lines.iter().map(|line| shares(order, line.line_id.0)).collect();
    for (line, shares) in order.lines.iter().zip(&shares) {
        // Lines that came after the split are on check 1.
        if shares.as_slice() == WHOLE && order.checks.iter().all(|check| check.check_id != CheckId::FIRST.number()) {
            let of_line = on_check(line.line_id.0, WHOLE[0], 1);
            order.checks.insert(0, CheckView { lines: vec![of_line], ..empty(CheckId::FIRST) });
        }
    }
    let is_on = |check: &CheckView| {
        shares.iter().flatten().any(|share| share.check.number() == check.check_id) || check.paid != 0
    };
    order.checks.retain(is_on);
    if order.checks.is_empty() {
        order.checks.push(empty(CheckId::FIRST));
    }
    let ids: Vec<CheckId> =
        order.checks.iter().map(|check| CheckId::new(check.check_id.into()).expect("it came from one")).collect();
    let lines: Vec<SharedLine<'_>> =
        order.lines.iter().zip(&shares).map(|(line, shares)| shared(line, shares)).collect();
    let charges = order.totals.total - order.totals.net - order.totals.tax_exclusive;
    let dealt = check::deal(&lines, Money(charges), &ids);
    let due = order.due;
    let is_placed = order.state != OrderState::Open;
    for (view, totals) in order.checks.iter_mut().zip(dealt) {
        let of_line = |line: check::CheckLine| CheckLineView {
            line_id: Shown(line.line),
            parts: line.parts,
            of: line.of,
            qty: Shown(line.qty),
            gross: line.totals.gross.0,
            discount: line.totals.discount.0,
            net: line.totals.net.0,
            tax_exclusive: line.totals.tax_exclusive.0,
            tax_inclusive: line.totals.tax_inclusive.0,
        };
        view.lines = totals.lines.into_iter().map(of_line).collect();
        (view.gross, view.discount, view.net) = (totals.gross.0, totals.discount.0, totals.net.0);
        (view.tax_exclusive, view.tax_inclusive) = (totals.tax_exclusive.0, totals.tax_inclusive.0);
        (view.charges, view.total) = (totals.charges.0, totals.total.0);
        // What one check has too much counts for the others.
        view.due = (view.total - view.paid).clamp(0, due);
        view.state = state(is_placed, view.due);
    }
}

/// The one check of an order that was not split.
pub(super) fn whole(order: &OrderView) -> CheckView {
    let totals = &order.totals;
    let lines = order.lines.iter().map(|line| CheckLineView {
        line_id: line.line_id,
        parts: 1,
        of: 1,
        qty: line.qty,
        gross: line.gross,
        discount: line.discount,
        net: line.net,
        tax_exclusive: line.tax_exclusive,
        tax_inclusive: line.tax_inclusive,
    });
    CheckView {
        state: state(order.state != OrderState::Open, order.due),
        lines: lines.collect(),
        gross: totals.gross,
        discount: totals.discount,
        net: totals.net,
        tax_exclusive: totals.tax_exclusive,
        tax_inclusive: totals.tax_inclusive,
        charges: totals.charges + totals.charge_tax,
        total: totals.total,
        paid: order.paid,
        tips: order.tips,
        due: order.due,
        ..empty(CheckId::FIRST)
    }
}

fn state(is_placed: bool, due: i64) -> CheckState {
    match is_placed && due == 0 {
        true => CheckState::Paid,
        false => CheckState::Open,
    }
}

fn shares(order: &OrderView, line: LineId) -> Vec<Share> {
    let on = order.checks.iter().filter_map(|check| {
        let held = check.lines.iter().find(|held| held.line_id.0 == line)?;
        let check = CheckId::new(check.check_id.into()).expect("it came from one");
        Some(Share { check, parts: held.parts })
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

fn on_check(line: LineId, share: Share, of: u32) -> CheckLineView {
    CheckLineView {
        line_id: Shown(line),
        parts: share.parts,
        of,
        qty: Shown::default(),
        gross: 0,
        discount: 0,
        net: 0,
        tax_exclusive: 0,
        tax_inclusive: 0,
    }
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
        due: 0,
    }
}
