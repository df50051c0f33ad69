//! Refunds: whole, in part, by line; of settled, open and cancelled orders; and every outcome in every state.

use crate::support::*;
use crate::*;

/// Three burgers at 1000 with 8.875 % on top: 3266.25, to the even 3266.
fn three() -> Vec<When> {
    vec![open(vec![new_line("l1", "burger", 3)]), place()]
}

fn then(given: Vec<When>, steps: &[When]) -> Vec<When> {
    [given, steps.to_vec()].concat()
}

/// Paid by card, with a tip.
fn paid_by_card() -> Vec<When> {
    then(three(), &[pay("p1", None, 300, card()), captured("p1", None)])
}

fn exceeds(amount: i64, tip: i64) -> Result<&'static [&'static str], Refused> {
    Err(Refused::RefundExceedsCaptured { amount: Money(amount), tip: Money(tip) })
}

#[test]
fn cash_goes_back_at_once() {
    let given = then(three(), &[by_cash("p1", None)]);
    let whole = refund("p1", "r1", RefundOf::Rest, false);
    check(
        &given,
        whole.at(86_400),
        Ok(&["p1 refund r1 3266 + 0 + 0", "p1 refund r1 succeeded", "o1 gave back r1 3266 + 0 + 0 on 2026-03-03"]),
    );
    let part = ["p1 refund r1 66 + 0 + 0", "p1 refund r1 succeeded", "o1 gave back r1 66 + 0 + 0 on 2026-03-02"];
    check(&given, back("p1", "r1", 66, 0), Ok(&part));
    let given = then(given, &[back("p1", "r1", 66, 0)]);
    check(&given, back("p1", "r2", 3_201, 0), exceeds(3_200, 0));
    check(&given, refund_outcome("p1", "r1", true), Ok(&[]));
    let given = then(given, &[back("p1", "r2", 3_200, 0)]);
    check(&given, refund("p1", "r3", RefundOf::Rest, false), Err(Refused::NothingToRefund));
}

#[test]
fn p3_other_tenders_wait_for_an_outcome() {
    let given = paid_by_card();
    check(&given, refund("p1", "r1", RefundOf::Rest, false), Ok(&["p1 refund r1 3266 + 300 + 0"]));
    check(&given, back("p1", "r1", 100, 301), exceeds(3_266, 300));
    check(&given, back("p1", "r1", 3_267, 0), exceeds(3_266, 300));
    // What is asked back is not there any more; what failed is there again.
    let asked = then(given, &[back("p1", "r1", 3_000, 300)]);
    check(&asked, back("p1", "r2", 267, 0), exceeds(266, 0));
    let recorded = ["p1 refund r1 succeeded", "o1 gave back r1 3000 + 300 + 0 on 2026-03-02"];
    check(&asked, refund_outcome("p1", "r1", true), Ok(&recorded));
    check(&asked, refund_outcome("p1", "r1", false), Ok(&["p1 refund r1 failed closed account"]));
    let failed = then(asked, &[refund_outcome("p1", "r1", false)]);
    check(&failed, back("p1", "r2", 3_266, 300), Ok(&["p1 refund r2 3266 + 300 + 0"]));
    check(&failed, refund_outcome("p1", "r1", false), Ok(&[]));
}

#[test]
fn an_outcome_after_the_outcome() {
    let asked = then(paid_by_card(), &[back("p1", "r1", 3_000, 300)]);
    let succeeded = then(asked.clone(), &[refund_outcome("p1", "r1", true)]);
    check(&succeeded, refund_outcome("p1", "r1", true), Ok(&[]));
    check(&succeeded, refund_outcome("p1", "r1", false), Ok(&["p1 refund r1 ignored Failed"]));
    // Money that moved is a fact, as long as there was as much.
    let failed = then(asked, &[refund_outcome("p1", "r1", false)]);
    let recorded = ["p1 refund r1 succeeded", "o1 gave back r1 3000 + 300 + 0 on 2026-03-02"];
    check(&failed, refund_outcome("p1", "r1", true), Ok(&recorded));
    let again = then(failed, &[back("p1", "r2", 267, 0)]);
    let doubted = ["p1 refund r1 ignored Succeeded", "p1 flagged RefundInDoubt"];
    check(&again, refund_outcome("p1", "r1", true), Ok(&doubted));
}

#[test]
fn m8_lines_add_up_to_the_sale() {
    // 3000 and 266 in tax: thirds of 1000, and of 88.67, 88.67 and 88.66.
    let given = then(three(), &[by_cash("p1", None)]);
    let gave = |id: &str, net_and_tax: &str, amount: i64| {
        vec![
            format!("p1 refund {id} {amount} + 0 + 0, l1 1000 for {net_and_tax}"),
            format!("p1 refund {id} succeeded"),
            format!("o1 gave back {id} {amount} + 0 + 0 on 2026-03-02"),
        ]
    };
    let one = |id: &str| lines_back("p1", id, &[("l1", 1_000)], false);
    let mut given = given;
    for (id, net_and_tax, amount) in
        [("r1", "1000 + 89", 1_089), ("r2", "1000 + 88", 1_088), ("r3", "1000 + 89", 1_089)]
    {
        let lines = gave(id, net_and_tax, amount);
        check(&given, one(id), Ok(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        given.push(one(id));
    }
    let sold_out = Refused::RefundExceedsSold { line: line("l1"), left: QtyMilli::ZERO };
    check(&given, one("r4"), Err(sold_out));
    check(&given, lines_back("p1", "r4", &[("l9", 1_000)], false), Err(Refused::UnknownLine { line: line("l9") }));
}

#[test]
fn m8_a_failed_refund_costs_no_cent() {
    let ask = |id: &str| lines_back("p1", id, &[("l1", 1_000)], false);
    let mut given = then(paid_by_card(), &[ask("r1"), ask("r2"), refund_outcome("p1", "r1", false)]);
    check(&given, ask("r3"), Ok(&["p1 refund r3 1089 + 0 + 0, l1 1000 for 1000 + 89"]));
    given.push(ask("r3"));
    check(&given, ask("r4"), Ok(&["p1 refund r4 1089 + 0 + 0, l1 1000 for 1000 + 89"]));
    given.push(ask("r4"));
    check(
        &given,
        refund_outcome("p1", "r1", true),
        Ok(&["p1 refund r1 ignored Succeeded", "p1 flagged RefundInDoubt"]),
    );
}

#[test]
fn s8_restock_when_asked() {
    let all = vec![open(vec![new_line("l1", "burger", 10), new_line("l2", "soda", 1)]), place(), by_cash("p1", None)];
    let gave = |amount: &str, lines: &str| {
        [
            format!("p1 refund r1 {amount} + 0 + 0{lines}"),
            "p1 refund r1 succeeded".to_owned(),
            format!("o1 gave back r1 {amount} + 0 + 0 on 2026-03-02"),
        ]
    };
    let gave = gave("2178", ", l1 2000 for 2000 + 178");
    let gave: Vec<&str> = gave.iter().map(String::as_str).collect();
    check(&all, lines_back("p1", "r1", &[("l1", 2_000)], false), Ok(&gave));
    // Where nothing was left the item is sold again; what is not counted goes on no shelf.
    let back = [gave, vec!["restocked l1 burger 2000 by r1", "un86 burger"]].concat();
    check(&all, lines_back("p1", "r1", &[("l1", 2_000)], true), Ok(&back));
    let soda = lines_back("p1", "r1", &[("l2", 1_000)], true);
    let gave = [
        "p1 refund r1 278 + 0 + 0, l2 1000 for 255 + 23",
        "p1 refund r1 succeeded",
        "o1 gave back r1 278 + 0 + 0 on 2026-03-02",
    ];
    check(&all, soda, Ok(&gave));
    // By card the shelf waits for the money.
    let given = then(paid_by_card(), &[lines_back("p1", "r1", &[("l1", 1_000)], true)]);
    let recorded =
        ["p1 refund r1 succeeded", "o1 gave back r1 1089 + 0 + 0 on 2026-03-02", "restocked l1 burger 1000 by r1"];
    check(&given, refund_outcome("p1", "r1", true), Ok(&recorded));
}

#[test]
fn o13_refund_first_then_cancel() {
    let given = then(three(), &[by_cash("p1", Some(1_000)), back("p1", "r1", 999, 0)]);
    check(&given, cancel(), Err(Refused::MoneyCaptured { captured: Money(1) }));
    let given = then(given, &[back("p1", "r2", 1, 0)]);
    check(&given, cancel(), Ok(&["o1 cancelled left", "released l1 burger 3000"]));
    // What was given back before the order is settled is due again, and all of it settles the order.
    let all = ["p2 cash 3266 + 0", "p2 captured 3266 + 0, 0 back", "o1 applied p2 3266 + 0"];
    let settled = ["committed l1 burger 3000", "o1 completed 3266"];
    check(&given, by_cash("p2", None), Ok(&[all.to_vec(), settled.to_vec()].concat()));
    // What is refunded while the order is open stays refunded when it is settled.
    let given = then(given, &[by_cash("p2", None)]);
    check(&given, refund("p1", "r3", RefundOf::Rest, false), Err(Refused::NothingToRefund));
    check(&given, back("p2", "r1", 3_267, 0), exceeds(3_266, 0));
}

#[test]
fn p6_what_an_order_cannot_take_goes_back_first() {
    let given = vec![open_first(), place(), pay("p1", None, 200, card()), cancel(), captured("p1", None)];
    // The engine asked for all of it already.
    check(&given, refund("p1", "r1", RefundOf::Rest, false), Err(Refused::NothingToRefund));
    let recorded = ["p1 refund unapplied succeeded", "o1 gave back unapplied 0 + 0 + 2378 on 2026-03-02"];
    check(&given, refund_outcome("p1", "unapplied", true), Ok(&recorded));
    let failed = then(given, &[refund_outcome("p1", "unapplied", false)]);
    check(&failed, back("p1", "r1", 2_000, 0), Ok(&["p1 refund r1 0 + 0 + 2000"]));
    check(&failed, back("p1", "r1", 2_000, 1), exceeds(2_378, 0));
    check(
        &failed,
        lines_back("p1", "r1", &[("l1", 1_000)], false),
        Err(Refused::OrderClosed { state: Closed::Cancelled }),
    );
    // Part was applied, part was not: an amount takes what was not first.
    let given = vec![open(burgers()), place(), by_card("p1", None), qty("l1", 1_000), captured("p1", None)];
    let given = then(given, &[refund_outcome("p1", "unapplied", false)]);
    check(&given, back("p1", "r1", 1_090, 0), Ok(&["p1 refund r1 1 + 0 + 1089"]));
}

#[test]
fn refunds_of_a_payment_are_bounded() {
    let mut given = then(three(), &[by_cash("p1", None)]);
    given.extend((0..domain::refund::REFUNDS_MAX).map(|index| back("p1", &format!("r{index}"), 1, 0)));
    let too_many = Refused::TooMany { what: "refunds of a payment", max: domain::refund::REFUNDS_MAX };
    check(&given, back("p1", "more", 1, 0), Err(too_many));
}

#[test]
fn o8_refunds_take_an_approval_where_the_store_asks_for_it() {
    use domain::staff::{Approvals, Right, Rights};
    let needed = Rights::of([Right::Refund]);
    let asking =
        || opened(domain::store::Settings { approvals: Approvals { needed, ..Approvals::default() }, ..settings() });
    let staff = AccessCommand::PutStaff { staff: actor("boss"), rights: needed, discount_limit: None };
    let given = then(three(), &[by_cash("p1", None), when(Command::Access(staff))]);
    let refused = Refused::ApprovalRequired { right: Right::Refund, approver: None };
    check_in(asking(), &given, back("p1", "r1", 66, 0), Err(refused));
    let part = ["p1 refund r1 66 + 0 + 0", "p1 refund r1 succeeded", "o1 gave back r1 66 + 0 + 0 on 2026-03-02"];
    check_in(asking(), &given, back("p1", "r1", 66, 0).approved_by("boss"), Ok(&part));
    // What nobody can give back nobody is asked for, and the engine asks nobody.
    check_in(asking(), &given, back("p1", "r1", 9_999, 0), exceeds(3_266, 0));
    let late = vec![open_first(), place(), pay("p1", None, 200, card()), cancel()];
    let in_vain = [
        "p1 captured 2178 + 200",
        "o1 not applicable p1 2378 OrderCancelled",
        "p1 flagged NotApplicable",
        "p1 refund unapplied 0 + 0 + 2378",
    ];
    check_in(asking(), &late, captured("p1", None), Ok(&in_vain));
}
