//! The floor: checks that are split and paid, orders that are merged.

use super::*;
use domain::check::{CheckId, CheckMove, MoveOf};
use domain::command::{Fire, TicketCommand};
use domain::kitchen::Kitchen;
use domain::store::Settings;

pub fn check_no(number: u64) -> CheckId {
    CheckId::new(number).expect("a check")
}

pub fn split(to: u64, moves: &[(&str, MoveOf)]) -> When {
    let moves = moves.iter().map(|(id, what)| CheckMove { line: line(id), what: *what, from: None });
    to_o1(OrderCommand::SplitCheck { to: check_no(to), moves: moves.collect() })
}

pub fn evenly(checks: u64) -> When {
    to_o1(OrderCommand::SplitEvenly(check_no(checks)))
}

fn pieces(count: u32) -> MoveOf {
    MoveOf::Qty(QtyMilli::pieces(count))
}

fn share(parts: u32, of: u32) -> MoveOf {
    MoveOf::Share { parts, of }
}

pub fn pay_check(id: &str, check: u64, amount: Option<i64>, method: Method) -> When {
    let (order, tip, expected_total) = (order("o1"), Money::ZERO, None);
    let (amount, check) = (amount.map(Money), Some(check_no(check)));
    when(to_payment(id, PaymentCommand::Initiate { order, check, amount, tip, method, expected_total }))
}

pub fn cash() -> Method {
    Method::Cash { tendered: None, drawer: None }
}

pub fn merge(source: &str, target: &str) -> When {
    when(to_order(source, OrderCommand::MergeInto(order(target))))
}

pub fn to_o2(command: OrderCommand) -> When {
    when(to_order("o2", command))
}

/// Another order, placed.
pub fn open_o2(lines: Vec<NewLine>) -> When {
    to_o2(OrderCommand::Open(NewOrder { lines, place: Some(Place::default()), ..new_order() }))
}

/// Two burgers and three sodas: 2178 + 833 = 3011, of which a third is 1004, 1004 and 1003.
pub fn table() -> Vec<When> {
    vec![open(vec![new_line("l1", "burger", 2), new_line("l2", "soda", 3)]), place()]
}

#[test]
fn split_by_quantity_and_share() {
    check(&table(), split(2, &[("l1", pieces(1))]), Ok(&["o1 split l1 1:1 2:1"]));
    check(&table(), split(2, &[("l1", MoveOf::All), ("l2", share(1, 3))]), Ok(&["o1 split l1 2:1, l2 1:2 2:1"]));
    // From the others, lowest number first; what moves is a part of the whole line.
    let thirds = [&table()[..], &[split(2, &[("l2", share(1, 3))]), split(3, &[("l2", share(1, 3))])]].concat();
    check(&thirds, split(2, &[("l2", share(1, 2))]), Ok(&["o1 split l2 2:5 3:1"]));
    check(&thirds, split(1, &[("l2", MoveOf::All)]), Ok(&["o1 split l2 1:1"]));
    // What is there already stays there, and no fact says so.
    check(&thirds, split(1, &[("l1", MoveOf::All)]), Ok(&[]));
    check(&table(), evenly(1), Ok(&[]));
    check(&table(), evenly(3), Ok(&["o1 split l1 1:1 2:1 3:1, l2 1:1 2:1 3:1"]));
    // An order may be split before it is placed.
    check(&table()[..1], evenly(2), Ok(&["o1 split l1 1:1 2:1, l2 1:1 2:1"]));
    let from = |from: u64, what| {
        let moves = vec![CheckMove { line: line("l2"), what, from: Some(check_no(from)) }];
        to_o1(OrderCommand::SplitCheck { to: check_no(4), moves })
    };
    check(&thirds, from(3, MoveOf::All), Ok(&["o1 split l2 1:1 2:1 4:1"]));
    check(&thirds, from(3, share(1, 2)), Err(Refused::SplitExceedsLine { line: line("l2") }));
    check(&thirds, from(5, MoveOf::All), Err(Refused::SplitExceedsLine { line: line("l2") }));
}

#[test]
fn checks_are_paid_apart() {
    let thirds = [&table()[..], &[evenly(3)]].concat();
    check(
        &thirds,
        pay_check("p1", 2, None, cash()),
        Ok(&["p1 cash 1004 + 0", "p1 captured 1004 + 0, 0 back", "o1 applied p1 1004 + 0", "o1 check 2 paid 1004"]),
    );
    // Without a check it is the first on which something is due.
    let one = [&thirds[..], &[pay_check("p1", 1, None, cash())]].concat();
    check(
        &one,
        by_cash("p2", Some(1_000)),
        Ok(&["p2 cash 1000 + 0", "p2 captured 1000 + 0, 0 back", "o1 applied p2 1000 + 0"]),
    );
    check(&one, pay_check("p2", 1, None, cash()), Err(Refused::NothingDue));
    check(&one, pay_check("p2", 2, Some(1_005), cash()), Err(Refused::PaymentExceedsDue { due: Money(1_004) }));
    check(&one, pay_check("p2", 4, None, cash()), Err(Refused::UnknownCheck { check: check_no(4) }));
    let two = [&one[..], &[pay_check("p2", 2, None, cash())]].concat();
    check(
        &two,
        pay_check("p3", 3, None, cash()),
        Ok(&[
            "p3 cash 1003 + 0",
            "p3 captured 1003 + 0, 0 back",
            "o1 applied p3 1003 + 0",
            "o1 check 3 paid 1003",
            "committed l1 burger 2000",
            "o1 completed 3011",
        ]),
    );
    // What is added later is on check 1, which is open again with the rest due.
    let more = [&two[..], &[add(vec![new_line("l3", "soda", 1)])]].concat();
    check(&more, pay_check("p3", 1, Some(279), cash()), Err(Refused::PaymentExceedsDue { due: Money(278) }));
    check(
        &more,
        by_cash("p3", None),
        Ok(&["p3 cash 278 + 0", "p3 captured 278 + 0, 0 back", "o1 applied p3 278 + 0", "o1 check 1 paid 1282"]),
    );
}

#[test]
fn the_total_shown_is_the_checks() {
    let thirds = [&table()[..], &[evenly(3)]].concat();
    let expecting = |check: Option<u64>, total| {
        let (order, amount, tip) = (order("o1"), None, Money::ZERO);
        let (check, expected_total) = (check.map(check_no), Some(Money(total)));
        when(to_payment("p1", PaymentCommand::Initiate { order, check, amount, tip, method: card(), expected_total }))
    };
    let differs = Refused::TotalMismatch { expected: Money(3_011), actual: Money(1_004) };
    check(&thirds, expecting(Some(2), 3_011), Err(differs));
    check(&thirds, expecting(Some(2), 1_004), Ok(&["p1 card 1004 + 0 until 900"]));
    check(&table(), expecting(Some(1), 3_011), Ok(&["p1 card 3011 + 0 until 900"]));
}

#[test]
fn a_guest_who_paid_pays_for_nobody_else() {
    let paid = [&table()[..], &[evenly(3), pay_check("p1", 2, None, cash())]].concat();
    let below = |total| Err(Refused::CheckBelowPaid { check: check_no(2), total: Money(total), paid: Money(1_004) });
    check(&paid, split(1, &[("l1", MoveOf::All)]), below(278));
    check(&paid, evenly(4), below(753));
    // More may come to a check that is paid: it is open again.
    check(&paid, split(2, &[("l1", MoveOf::All)]), Ok(&["o1 split l1 2:1"]));
    // What was paid before the split was paid towards check 1.
    let before = [&table()[..], &[by_cash("p1", Some(2_000))]].concat();
    let below = Refused::CheckBelowPaid { check: check_no(1), total: Money(1_004), paid: Money(2_000) };
    check(&before, evenly(3), Err(below));
}

#[test]
fn a_payment_on_its_way_pays_for_its_check_only() {
    let given =
        [&table()[..], &[evenly(3), pay_check("p1", 2, None, card()), split(1, &[("l1", MoveOf::All)])]].concat();
    // Check 2 comes to 278 by now, and what it cannot take goes back.
    check(
        &given,
        captured("p1", None),
        Ok(&[
            "p1 captured 1004 + 0",
            "o1 applied p1 278 + 0",
            "o1 check 2 paid 278",
            "o1 not applicable p1 726 NothingDue",
            "p1 flagged NotApplicable",
            "p1 refund unapplied 0 + 0 + 726",
        ]),
    );
    // Two cards for one check: the second pays for no other guest.
    let given = [
        &table()[..],
        &[evenly(3), pay_check("p1", 2, None, card()), pay_check("p2", 2, None, card()), captured("p1", None)],
    ]
    .concat();
    let in_vain = [
        "p2 captured 1004 + 0",
        "o1 not applicable p2 1004 NothingDue",
        "p2 flagged NotApplicable",
        "p2 refund unapplied 0 + 0 + 1004",
    ];
    check(&given, captured("p2", None), Ok(&in_vain));
    // Nor for what is not on its check any more.
    let gone = split(1, &[("l1", MoveOf::All), ("l2", MoveOf::All)]);
    let given = [&table()[..], &[evenly(3), pay_check("p2", 2, None, card()), gone]].concat();
    check(&given, captured("p2", None), Ok(&in_vain));
}

#[test]
fn p9_what_a_check_has_too_much_leaves_what_others_owe() {
    let void = OrderCommand::VoidLine { line: line("l2"), qty: QtyMilli::ONE, reason: text("cold"), wasted: true };
    // Each comes to 911 by now, of which check 2 has paid 1004.
    let given =
        [&table()[..], &[evenly(3), pay_check("p1", 2, None, cash()), to_o1(void), pay_check("p2", 1, None, cash())]]
            .concat();
    check(&given, pay_check("p3", 3, Some(912), cash()), Err(Refused::PaymentExceedsDue { due: Money(911) }));
    check(
        &given,
        pay_check("p3", 3, None, cash()),
        Ok(&[
            "p3 cash 911 + 0",
            "p3 captured 911 + 0, 0 back",
            "o1 applied p3 911 + 0",
            "o1 check 3 paid 911",
            "committed l1 burger 2000",
            "o1 completed 2733",
        ]),
    );
}

/// Two burgers of one guest and three sodas of another, each paid: 2178 and 833.
pub fn two_guests() -> Vec<When> {
    let split = split(2, &[("l2", MoveOf::All)]);
    [&table()[..], &[split, pay_check("p1", 1, None, cash()), pay_check("p2", 2, None, cash())]].concat()
}

/// Two tables with the same line id, a discount on one and a charge on the other.
fn two_tables() -> Vec<When> {
    vec![
        open(burgers()),
        discount("d1", DiscountScope::Order, 100_000),
        place(),
        open_o2(vec![new_line("l1", "burger", 1), new_line("l2", "soda", 1)]),
        to_o2(OrderCommand::ApplyServiceCharge(NewServiceCharge {
            charge: charge_id("c1"),
            name: text("service"),
            rate: Rate::Percent(Ppm(100_000)),
            phase: NewChargePhase::Total,
        })),
    ]
}

#[test]
fn merging_changes_no_total() {
    // 1960, and 1367 with a charge of 137.
    check(
        &two_tables(),
        merge("o1", "o2"),
        Ok(&[
            "o2 received from o1: l1 x 2000 as l1_2",
            "o2 repriced 3464",
            "moved l1_2 burger 2000 from o1 to o2",
            "o1 merged into o2",
        ]),
    );
    let merged = [&two_tables()[..], &[merge("o1", "o2")]].concat();
    // Again it changes nothing; anywhere else it is refused.
    check(&merged, merge("o1", "o2"), Ok(&[]));
    let gone = || Err(Refused::OrderMerged { into: order("o2") });
    check(&merged, merge("o1", "o3"), gone());
    check(&merged, merge("o2", "o1"), gone());
    check(&merged, add(burgers()), gone());
    check(&merged, by_cash("p1", None), gone());
    check(&merged, to_o1(OrderCommand::Complete), gone());
    // The discount goes on taking off what it took off, and nothing of what comes later.
    let voided = to_o2(OrderCommand::RemoveLine(line("l1_2")));
    check(&merged, voided, Ok(&["o2 line l1_2 removed", "o2 repriced 1504", "released l1_2 burger 2000"]));
}

#[test]
fn an_order_that_was_not_placed_arrives_as_an_addition() {
    let draft = |id: &str, lines: Vec<NewLine>| {
        when(to_order(id, OrderCommand::Open(NewOrder { lines, pay_mode: PayMode::Later, ..new_order() })))
    };
    // A placed order takes it as it takes lines: priced, and reserved.
    let given = [draft("o1", burgers()), discount("d1", DiscountScope::Order, 100_000), open_o2(burgers())];
    let merged = [
        "o2 received from o1: l1 x 2000 as l1_2",
        "o2 repriced 4138",
        "reserved l1_2 burger 2000",
        "o1 merged into o2",
    ];
    check(&given, merge("o1", "o2"), Ok(&merged));
    // What is not there is refused, and nothing is merged.
    let many = [draft("o1", vec![new_line("l1", "burger", 9)]), open_o2(burgers())];
    let short =
        Shortage { sku: sku("burger"), wanted: QtyMilli::pieces(9), available: QtyMilli::pieces(8), marked_86: false };
    check(&many, merge("o1", "o2"), Err(Refused::OutOfStock { shortages: vec![short] }));
    // It books nothing where it came from, and what it brings is booked with the other order.
    let closed = [&given[..], &[crate::days::close(2)]].concat();
    check(&closed, merge("o1", "o2"), Ok(&[&["opened 2026-03-03"][..], &merged].concat()));
    // Two that were not placed are one that was not placed, and comes to the same.
    let drafts = [draft("o1", burgers()), discount("d1", DiscountScope::Order, 100_000), draft("o2", burgers())];
    let one = ["o2 received from o1: l1 x 2000 as l1_2", "o1 merged into o2"];
    check(&drafts, merge("o1", "o2"), Ok(&one));
    let closed = [&drafts[..], &[crate::days::close(2)]].concat();
    check(&closed, merge("o1", "o2"), Ok(&one));
    let merged = [&drafts[..], &[merge("o1", "o2")]].concat();
    check(
        &merged,
        to_o2(OrderCommand::Place(Place { expected_total: Some(Money(4_138)) })),
        Ok(&["o2 placed 4138", "reserved l1 burger 2000, l1_2 burger 2000"]),
    );
    check(&merged, place(), Err(Refused::OrderMerged { into: order("o2") }));
    // What is sold does not become what nobody has ordered.
    let placed = [open(burgers()), place(), draft("o2", burgers())];
    check(&placed, merge("o1", "o2"), Err(Refused::OrderNotPlaced));
}

#[test]
fn merging_takes_tickets_along() {
    let cooking = || opened(Settings { kitchen: Kitchen::On, ..settings() });
    let given = [
        open(burgers()),
        place(),
        to_o1(OrderCommand::FireLines(Fire::Unheld)),
        open_o2(burgers()),
        to_o2(OrderCommand::FireLines(Fire::Unheld)),
    ];
    check_in(
        cooking(),
        &given,
        merge("o1", "o2"),
        Ok(&[
            "o2 received from o1: l1 x 2000 as l1_2",
            "o2 repriced 4356",
            "t1 for o2, l1 is l1_2",
            "o1 merged into o2",
        ]),
    );
    let merged = [&given[..], &[merge("o1", "o2")]].concat();
    check_in(cooking(), &merged, to_o2(OrderCommand::FireLines(Fire::Unheld)), Err(Refused::NothingToFire));
    let bump = |id| when(to_ticket(id, TicketCommand::Bump));
    check_in(cooking(), &merged, bump("t1"), Ok(&["t1 bumped l1_2 2000"]));
    // Both are served, and paid: the order is done.
    let served = [&merged[..], &[bump("t1"), bump("t2")]].concat();
    check_in(cooking(), &served, to_o2(OrderCommand::MarkServed(vec![])), Ok(&["o2 served l1 2000, l1_2 2000"]));
    let void = OrderCommand::VoidLine { line: line("l1_2"), qty: QtyMilli::ONE, reason: text("dropped"), wasted: true };
    check_in(
        cooking(),
        &merged,
        to_o2(void),
        Ok(&[
            "o2 void l1_2 1000, 1000 fired, wasted",
            "t1 cancelled l1_2 1000",
            "waste of burger 1000",
            "o2 repriced 3267",
        ]),
    );
}

#[test]
fn merging_takes_no_ticket_for_another_line() {
    let cooking = || opened(Settings { kitchen: Kitchen::On, ..settings() });
    let two = vec![new_line("l1", "burger", 2), new_line("l3", "burger", 1)];
    let void =
        OrderCommand::VoidLine { line: line("l1"), qty: QtyMilli::pieces(2), reason: text("dropped"), wasted: true };
    // What was on ticket t1 as l1 is gone; the other order has an l1 of its own, which nobody fired.
    let given = [
        open(two),
        place(),
        to_o1(OrderCommand::FireLines(Fire::Unheld)),
        to_o1(void),
        to_o1(OrderCommand::RemoveLine(line("l1"))),
        open_o2(burgers()),
    ];
    check_in(
        cooking(),
        &given,
        merge("o1", "o2"),
        Ok(&["o2 received from o1: l3 x 1000 as l3", "o2 repriced 3267", "t1 for o2, l1 is l1_2", "o1 merged into o2"]),
    );
    let merged = [&given[..], &[merge("o1", "o2")]].concat();
    check_in(
        cooking(),
        &merged,
        to_o2(OrderCommand::FireLines(Fire::Unheld)),
        Ok(&[
            "reserved l1 burger 2000",
            "committed l1 burger 2000",
            "o2 fire 2: l1 2000 took 2000",
            "t2 for grill: l1 2000",
        ]),
    );
    // The id of what is gone is given to no other line.
    let taken = to_o2(OrderCommand::AddLines(vec![new_line("l1_2", "burger", 1)]));
    check_in(cooking(), &merged, taken, Err(Refused::LineExists { line: line("l1_2") }));
}

#[test]
fn money_that_comes_after_a_merge_goes_back() {
    let given = [open(burgers()), place(), open_o2(burgers()), by_card("p1", None)];
    check(
        &given,
        merge("o1", "o2"),
        Ok(&[
            "o2 received from o1: l1 x 2000 as l1_2",
            "o2 repriced 4356",
            "moved l1_2 burger 2000 from o1 to o2",
            "p1 expired",
            "o1 merged into o2",
        ]),
    );
    let merged = [&given[..], &[merge("o1", "o2")]].concat();
    check(
        &merged,
        captured("p1", None),
        Ok(&[
            "p1 captured 2178 + 0",
            "p1 flagged LateCapture",
            "o1 not applicable p1 2178 OrderMerged",
            "p1 flagged NotApplicable",
            "p1 refund unapplied 0 + 0 + 2178",
        ]),
    );
}
