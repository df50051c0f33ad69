//! Payments: every outcome in every state, and money that comes when nothing is due.

use crate::support::*;
use crate::*;

/// A placed order of 2178 and an attempt to pay it all by card.
fn given_initiated() -> Vec<When> {
    vec![open(burgers()), place(), by_card("p1", None)]
}

fn then(step: When) -> Vec<When> {
    [given_initiated(), vec![step]].concat()
}

const CAPTURED: &str = "p1 captured 2178 + 0";
const SETTLED: [&str; 3] = ["o1 applied p1 2178 + 0", "committed l1 burger 2000", "o1 completed 2178"];

/// One command in all states: absent, initiated, failed, expired, captured, to be reviewed.
#[track_caller]
fn check_states(command: When, then_what: [Result<&[&str], Refused>; 6]) {
    let given = [
        vec![open(burgers()), place()],
        given_initiated(),
        then(failed("p1")),
        then(expire("p1", 900)),
        then(captured("p1", None)),
        then(captured("p1", Some(9))),
    ];
    for (given, then) in given.iter().zip(then_what) {
        check(given, command.clone(), then);
    }
}

fn unknown() -> Result<&'static [&'static str], Refused> {
    Err(Refused::UnknownPayment { payment: payment("p1") })
}

#[test]
fn p5_captured() {
    let in_time = [vec![CAPTURED], SETTLED.to_vec()].concat();
    let late = [vec![CAPTURED, "p1 flagged LateCapture"], SETTLED.to_vec()].concat();
    let ignored: [&str; 1] = ["p1 ignored Captured"];
    for amount in [None, Some(2_178)] {
        check_states(
            captured("p1", amount),
            [unknown(), Ok(&in_time), Ok(&late), Ok(&late), Ok(&ignored), Ok(&ignored)],
        );
    }
}

#[test]
fn p7_captured_another_amount() {
    let flagged: [&str; 1] = ["p1 flagged 9 for 2178"];
    let ignored: [&str; 1] = ["p1 ignored Captured"];
    check_states(
        captured("p1", Some(9)),
        [unknown(), Ok(&flagged), Ok(&flagged), Ok(&flagged), Ok(&ignored), Ok(&ignored)],
    );
}

#[test]
fn p5_failed() {
    let ignored: [&str; 1] = ["p1 ignored Failed"];
    check_states(failed("p1"), [unknown(), Ok(&["p1 failed declined"]), Ok(&[]), Ok(&[]), Ok(&ignored), Ok(&ignored)]);
}

#[test]
fn p5_expired() {
    let not_due = || Err(Refused::NotDue);
    check_states(expire("p1", 900), [unknown(), Ok(&["p1 expired"]), not_due(), not_due(), not_due(), not_due()]);
    check(&given_initiated(), expire("p1", 900).at(899), not_due());
    check(&given_initiated(), expire("p1", 901), not_due());
}

#[test]
fn e5_initiated_again() {
    let exists = || Err(Refused::PaymentExists { payment: payment("p1") });
    let first: [&str; 1] = ["p1 card 2178 + 0 until 900"];
    check_states(by_card("p1", None), [Ok(&first), exists(), exists(), exists(), exists(), exists()]);
}

#[test]
fn initiate_asks_for_a_placed_order() {
    let closed = |state| Err(Refused::OrderClosed { state });
    check(&[], by_card("p1", None), Err(Refused::UnknownOrder { order: order("o1") }));
    check(&[open(burgers())], by_card("p1", None), Err(Refused::OrderNotPlaced));
    check(&[open(burgers()), cancel()], by_card("p1", None), closed(Closed::Cancelled));
    let paid = [open(burgers()), place(), by_cash("p2", None)];
    check(&paid, by_card("p1", None), closed(Closed::Completed));
    // The total of an order that is not placed is nobody's business yet.
    let expecting = PaymentCommand::Initiate {
        check: None,
        order: order("o1"),
        amount: None,
        tip: Money::ZERO,
        method: card(),
        expected_total: Some(Money(2_177)),
    };
    let expecting = when(to_payment("p1", expecting));
    check(&[open(burgers())], expecting.clone(), Err(Refused::OrderNotPlaced));
    let mismatch = Refused::TotalMismatch { expected: Money(2_177), actual: Money(2_178) };
    check(&[open(burgers()), place()], expecting, Err(mismatch));
}

#[test]
fn p2_cash() {
    let placed = [open(burgers()), place()];
    let cash = |tendered: Option<i64>| {
        pay("p1", Some(1_000), 100, Method::Cash { tendered: tendered.map(Money), drawer: None })
    };
    let paid = |captured| ["p1 cash 1000 + 100", captured, "o1 applied p1 1000 + 100"];
    check(&placed, cash(None), Ok(&paid("p1 captured 1000 + 100, 0 back")));
    check(&placed, cash(Some(1_100)), Ok(&paid("p1 captured 1000 + 100, 0 back")));
    check(&placed, cash(Some(2_000)), Ok(&paid("p1 captured 1000 + 100, 900 back")));
    check(&placed, cash(Some(1_099)), Err(Refused::TenderedTooLittle { needed: Money(1_100) }));
    let given = [placed.to_vec(), vec![cash(None)]].concat();
    check(&given, captured("p1", None), Err(Refused::CashSettled));
    check(&given, failed("p1"), Err(Refused::CashSettled));
    let rest = ["p2 cash 1178 + 0", "p2 captured 1178 + 0, 0 back", "o1 applied p2 1178 + 0"];
    let settled = ["committed l1 burger 2000", "o1 completed 2178"];
    check(&given, by_cash("p2", None), Ok(&[rest.to_vec(), settled.to_vec()].concat()));
}

#[test]
fn p6_money_for_a_closed_order_is_to_be_refunded() {
    let tipped = [open_first(), place(), pay("p1", None, 200, card())];
    let back = "p1 refund unapplied 0 + 0 + 2378";
    let in_vain = |why| ["p1 captured 2178 + 200", why, "p1 flagged NotApplicable", back];
    let given = [tipped.to_vec(), vec![cancel()]].concat();
    check(&given, captured("p1", None), Ok(&in_vain("o1 not applicable p1 2378 OrderCancelled")));
    let given = [tipped.to_vec(), vec![by_cash("p2", None)]].concat();
    check(&given, captured("p1", None), Ok(&in_vain("o1 not applicable p1 2378 NothingDue")));
    // Late for the attempt and for the order: flagged for both.
    let given = [tipped.to_vec(), vec![time_out(900).at(900)]].concat();
    let late = [
        "p1 captured 2178 + 200",
        "p1 flagged LateCapture",
        "o1 not applicable p1 2378 OrderCancelled",
        "p1 flagged NotApplicable",
        back,
    ];
    check(&given, captured("p1", None).at(901), Ok(&late));
}

#[test]
fn p8_more_than_is_due_is_split() {
    let given = [given_initiated(), vec![qty("l1", 1_000)]].concat();
    let split = [
        CAPTURED,
        "o1 applied p1 1089 + 0",
        "o1 not applicable p1 1089 NothingDue",
        "p1 flagged NotApplicable",
        "p1 refund unapplied 0 + 0 + 1089",
        "committed l1 burger 1000",
        "o1 completed 1089",
    ];
    check(&given, captured("p1", None), Ok(&split));
}

#[test]
fn an_attempt_ends_with_its_order_or_after_the_timeout() {
    let first = [open_first(), place()];
    check(&first, by_card("p1", None).at(100), Ok(&["p1 card 2178 + 0 until 900"]));
    let part = [first.to_vec(), vec![by_cash("p2", Some(178))]].concat();
    check(&part, by_card("p1", None).at(100), Ok(&["p1 card 2000 + 0 until 1000"]));
    let past = [open_first().imported(), place().imported()];
    check(&past, by_card("p1", None).imported(), Ok(&["p1 card 2178 + 0"]));
}

#[test]
fn attempts_of_an_order_are_bounded() {
    let mut given = vec![open(burgers()), place()];
    given.extend((0..Order::ATTEMPTS_MAX).map(|index| by_card(&format!("a{index}"), Some(1))));
    let too_many = Refused::TooMany { what: "unanswered payments of an order", max: Order::ATTEMPTS_MAX };
    check(&given, by_card("p1", None), Err(too_many));
    given.push(failed("a0"));
    check(&given, by_card("p1", None), Ok(&["p1 card 2178 + 0 until 900"]));
}
