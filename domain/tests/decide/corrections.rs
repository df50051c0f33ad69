//! Corrections of what was paid: voids and refunds in any order, checks that have too much, and refunds over payments.

use crate::floor::{check_no, evenly, pay_check, split, table, two_guests};
use crate::support::*;
use crate::*;
use domain::check::MoveOf;
use domain::kitchen::Kitchen;
use domain::store::Settings;

fn void(id: &str, pieces: u32) -> When {
    let (line, qty) = (line(id), QtyMilli::pieces(pieces));
    to_o1(OrderCommand::VoidLine { line, qty, reason: text("cannot be made"), wasted: false })
}

/// What is due and what is too much on each check, after these commands.
#[track_caller]
fn balances(world: World, given: &[When], then: &[(u64, i64, i64)]) {
    let world = lived(world, given);
    let slot = world.open().order(order("o1")).expect("it is there");
    let live = slot.live().expect("it is live");
    let held: Vec<(u64, i64, i64)> =
        live.balances().iter().map(|held| (held.check.number().into(), held.due.0, held.overpaid.0)).collect();
    assert_eq!(held, then);
    let sums = held.iter().fold((0, 0), |sum, held| (sum.0 + held.1, sum.1 + held.2));
    assert_eq!((live.due().0, live.overpaid().0), sums);
}

fn lived(mut world: World, given: &[When]) -> World {
    for step in given {
        world.run(&step.command, &step.context()).unwrap_or_else(|refused| panic!("{:?}: {refused:?}", step.command));
    }
    world
}

fn cooking() -> World {
    opened(Settings { kitchen: Kitchen::On, ..settings() })
}

/// A burger and a soda, paid first and in the kitchen: 1089 and 278, rounded line by line.
fn paid_and_fired() -> Vec<When> {
    let lines = vec![new_line("l1", "burger", 1), new_line("l2", "soda", 1)];
    vec![
        to_o1(OrderCommand::Open(NewOrder { lines, pay_mode: PayMode::First, ..new_order() })),
        place(),
        by_cash("p1", None),
    ]
}

fn then(given: &[When], steps: &[When]) -> Vec<When> {
    [given, steps].concat()
}

const VOIDED: [&str; 4] =
    ["o1 void l1 1000, 1000 fired", "t1 cancelled l1 1000", "back on the shelf of burger 1000", "o1 repriced 278"];

#[test]
fn p10_a_paid_order_is_corrected_in_either_order() {
    let given = paid_and_fired();
    let voided = lived(cooking(), &given).run(&void("l1", 1).command, &void("l1", 1).context()).expect("it is taken");
    let told: Vec<String> = voided.iter().map(tell).collect();
    assert_eq!((&told[..2], &told[3][..]), (&[VOIDED[0].to_owned(), VOIDED[1].to_owned()][..], VOIDED[3]));
    // The void first: what is too much is named, and given back.
    let void_first = then(&given, &[void("l1", 1)]);
    balances(cooking(), &void_first, &[(1, 0, 1_089)]);
    balances(cooking(), &then(&void_first, &[back("p1", "r1", 1_089, 0)]), &[(1, 0, 0)]);
    // The refund first: it is due again until the void takes it off.
    let refund_first = then(&given, &[back("p1", "r1", 1_089, 0)]);
    balances(cooking(), &refund_first, &[(1, 1_089, 0)]);
    balances(cooking(), &then(&refund_first, &[void("l1", 1)]), &[(1, 0, 0)]);
}

#[test]
fn p9_an_order_that_is_overpaid_is_settled_and_keeps_it_named() {
    let given = vec![open_first(), place(), by_cash("p1", Some(2_000)), qty("l1", 1_000)];
    let world = lived(opened(settings()), &given);
    let slot = world.open().order(order("o1")).expect("it is there");
    assert_eq!(slot.overpaid(), [(check_no(1), Money(911))]);
    // An amount is first what was too much, then of the sale; units are of the sale.
    let gave = |parts: &str, reversed: &str| {
        vec![
            format!("p1 refund r1 {parts} + 0 + 0"),
            "p1 refund r1 succeeded".to_owned(),
            format!("o1 gave back r1 {parts} + 0 + 0 on 2026-03-02{reversed}"),
        ]
    };
    let strs = |told: Vec<String>| told.into_iter().collect::<Vec<_>>();
    let check_gave = |when: When, told: Vec<String>| {
        check(&given, when, Ok(&strs(told).iter().map(String::as_str).collect::<Vec<_>>()));
    };
    check_gave(back("p1", "r1", 911, 0), gave("911", ", 911 of the payment"));
    check_gave(back("p1", "r1", 1_000, 0), gave("1000", ", 911 of the payment"));
    let by_line = lines_back("p1", "r1", &[("l1", 1_000)], false);
    let told = [
        "p1 refund r1 1089 + 0 + 0, l1 1000 for 1000 + 89",
        "p1 refund r1 succeeded",
        "o1 gave back r1 1089 + 0 + 0 on 2026-03-02",
    ];
    check(&given, by_line, Ok(&told));
    let world = lived(opened(settings()), &then(&given, &[back("p1", "r1", 900, 0)]));
    assert_eq!(world.open().order(order("o1")).expect("it is there").overpaid(), [(check_no(1), Money(11))]);
}

#[test]
fn p9_money_given_back_before_settlement_is_due_again() {
    let given = vec![open(burgers()), place(), by_cash("p1", Some(800))];
    let void_payment = PaymentCommand::Provider(domain::command::ProviderCommand::Void { reason: text("wrong table") });
    let given = then(&given, &[when(to_payment("p1", void_payment))]);
    balances(opened(settings()), &given, &[(1, 2_178, 0)]);
    // It was paid once, so nobody cancels it behind the guest's back.
    let first = vec![open_first(), place(), by_cash("p1", Some(800)), back("p1", "r1", 800, 0)];
    check(&first, time_out(900).at(900), Err(Refused::NotDue));
    check(&first, cancel(), Ok(&["o1 cancelled left", "released l1 burger 2000"]));
    // Or it goes into another order: nothing of it is paid.
    let placed = NewOrder { lines: burgers(), place: Some(Place::default()), ..new_order() };
    let o2 = when(to_order("o2", OrderCommand::Open(placed)));
    let world =
        lived(opened(settings()), &then(&given, &[o2, when(to_order("o1", OrderCommand::MergeInto(order("o2"))))]));
    assert_eq!(world.open().order(order("o2")).expect("it is there").live().expect("it is live").due(), Money(4_356));
}

#[test]
fn what_an_overpaid_order_pays_for_goes_to_the_kitchen() {
    let placed = NewOrder {
        lines: vec![new_line("l1", "burger", 1)],
        pay_mode: PayMode::First,
        place: Some(Place::default()),
        ..new_order()
    };
    let given = then(&paid_and_fired(), &[void("l1", 1), when(to_order("o2", OrderCommand::Open(placed)))]);
    let merge = when(to_order("o2", OrderCommand::MergeInto(order("o1"))));
    let merged = lived(cooking(), &given).run(&merge.command, &merge.context()).expect("it is taken");
    let told: Vec<String> = merged.iter().map(tell).collect();
    let expected = [
        "o1 received from o2: l1 x 1000 as l1_2",
        "o1 repriced 1367",
        "moved l1_2 burger 1000 from o2 to o1",
        "o2 merged into o1",
        "committed l1_2 burger 1000",
        "o1 fire 2: l1_2 1000 took 1000",
        "t2 for grill: l1_2 1000",
    ];
    assert_eq!(told, expected);
}

#[test]
fn p9_dues_of_checks_are_their_own() {
    // 1004, 1004 and 1003; without the sodas each comes to 726.
    let given = then(&table(), &[evenly(3), pay_check("p1", 1, Some(1_000), crate::floor::cash()), void("l2", 3)]);
    balances(opened(settings()), &given, &[(1, 0, 274), (2, 726, 0), (3, 726, 0)]);
    // What was given back of one check is due on that one.
    let given = then(&given, &[back("p1", "r1", 300, 0)]);
    balances(opened(settings()), &given, &[(1, 26, 0), (2, 726, 0), (3, 726, 0)]);
    // What is too much on a check pays for lines that come to it.
    let given = then(&given[..given.len() - 1], &[split(1, &[("l1", MoveOf::Share { parts: 1, of: 3 })])]);
    balances(opened(settings()), &given, &[(1, 452, 0), (2, 0, 0), (3, 726, 0)]);
}

#[test]
fn a_split_that_leaves_nothing_due_settles_the_order() {
    let first = |lines| to_o1(OrderCommand::Open(NewOrder { lines, pay_mode: PayMode::First, ..new_order() }));
    let table = [first(vec![new_line("l1", "burger", 2), new_line("l2", "soda", 3)]), place()];
    let given =
        then(&table, &[evenly(3), pay_check("p1", 1, None, crate::floor::cash()), void("l2", 3), qty("l1", 500)]);
    balances(opened(settings()), &given, &[(1, 0, 822), (2, 181, 0), (3, 181, 0)]);
    let world = lived(opened(settings()), &then(&given, &[split(1, &[("l1", MoveOf::All), ("l2", MoveOf::All)])]));
    let slot = world.open().order(order("o1")).expect("it is there");
    assert!(slot.live().is_err());
    assert_eq!(slot.overpaid(), [(check_no(1), Money(460))]);
}

fn over(payments: &[&str], what: RefundOf, restock: bool) -> When {
    let refund = NewRefund { refund: refund_id("r1"), what, restock, drawer: None, reason: text("cold") };
    let payments = payments.iter().map(|id| payment(id)).collect();
    to_o1(OrderCommand::Refund { refund, payments })
}

fn of_line(id: &str, milli: i64) -> RefundOf {
    let lines = vec![RefundLine { line: line(id), qty: QtyMilli(milli) }];
    RefundOf::Lines { lines, tip: Money::ZERO, charges: Charges::Follow }
}

/// Two burgers for 2178, of which 500 came in cash behind a card.
fn paid_in_two() -> Vec<When> {
    vec![open(burgers()), place(), by_card("p1", Some(1_678)), captured("p1", None), by_cash("p2", None)]
}

#[test]
fn a_line_goes_back_over_several_payments() {
    // Its units and the shelf go with the cash, which is given back at once.
    let told = [
        "p1 refund r1 1678 + 0 + 0, l1 0 for 1541 + 137",
        "p2 refund r1 500 + 0 + 0, l1 2000 for 459 + 41",
        "p2 refund r1 succeeded",
        "o1 gave back r1 500 + 0 + 0 on 2026-03-02",
        "restocked l1 burger 2000 by r1",
    ];
    check(&paid_in_two(), over(&[], of_line("l1", 2_000), true), Ok(&told));
    // As the payments are named, each at most what is left of it.
    let told = [
        "p2 refund r1 500 + 0 + 0, l1 1000 for 459 + 41",
        "p2 refund r1 succeeded",
        "o1 gave back r1 500 + 0 + 0 on 2026-03-02",
        "p1 refund r1 589 + 0 + 0, l1 0 for 541 + 48",
    ];
    check(&paid_in_two(), over(&["p2", "p1"], of_line("l1", 1_000), false), Ok(&told));
    let too_much = || Err(Refused::RefundExceedsCaptured { amount: Money(500), tip: Money::ZERO });
    check(&paid_in_two(), over(&["p2"], of_line("l1", 1_000), false), too_much());
    check(
        &paid_in_two(),
        over(&["p9"], of_line("l1", 1_000), false),
        Err(Refused::UnknownPayment { payment: payment("p9") }),
    );
    let amount = |amount| RefundOf::Amount { amount: Money(amount), tip: Money::ZERO };
    let rest = [
        "p1 refund r1 1678 + 0 + 0",
        "p2 refund r1 500 + 0 + 0",
        "p2 refund r1 succeeded",
        "o1 gave back r1 500 + 0 + 0 on 2026-03-02",
    ];
    check(&paid_in_two(), over(&[], RefundOf::Rest, false), Ok(&rest));
    check(&paid_in_two(), over(&[], amount(2_178), false), Ok(&rest));
    check(
        &paid_in_two(),
        over(&[], amount(2_179), false),
        Err(Refused::RefundExceedsCaptured { amount: Money(2_178), tip: Money::ZERO }),
    );
    check(&paid_in_two(), over(&[], amount(0), false), Err(Refused::NothingToRefund));
    let again = then(&paid_in_two(), &[over(&[], amount(1), false)]);
    check(&again, over(&[], amount(1), false), Err(Refused::RefundExists { refund: refund_id("r1") }));
    check(&paid_in_two()[..4], over(&[], of_line("l1", 1_000), false), Err(Refused::OrderNotCompleted));
    check(&[], over(&[], RefundOf::Rest, false), Err(Refused::UnknownOrder { order: order("o1") }));
    check(&paid_in_two()[..2], over(&[], RefundOf::Rest, false), Err(Refused::NothingToRefund));
}

#[test]
fn m8_a_part_that_failed_goes_back_again() {
    let given = then(&paid_in_two(), &[over(&["p1"], of_line("l1", 1_000), false), refund_outcome("p1", "r1", false)]);
    let told = ["p1 refund r2 1089 + 0 + 0, l1 1000 for 1000 + 89"];
    check(&given, lines_back("p1", "r2", &[("l1", 1_000)], false), Ok(&told));
    // Units went with the cash; what the card did not give back goes back by amount.
    let given = then(&paid_in_two(), &[over(&[], of_line("l1", 2_000), false), refund_outcome("p1", "r1", false)]);
    let left = Refused::RefundExceedsSold { line: line("l1"), left: QtyMilli::ZERO };
    check(&given, lines_back("p1", "r2", &[("l1", 1_000)], false), Err(left));
    check(&given, back("p1", "r2", 1_678, 0), Ok(&["p1 refund r2 1678 + 0 + 0"]));
}

#[test]
fn a_line_goes_to_the_payers_of_its_check() {
    let told = [
        "p2 refund r1 278 + 0 + 0, l2 1000 for 255 + 23",
        "p2 refund r1 succeeded",
        "o1 gave back r1 278 + 0 + 0 on 2026-03-02",
    ];
    check(&two_guests(), over(&[], of_line("l2", 1_000), false), Ok(&told));
    let elsewhere = || Err(Refused::LineOnOtherCheck { line: line("l2"), check: check_no(1) });
    check(&two_guests(), over(&["p1"], of_line("l2", 1_000), false), elsewhere());
    // A line that several share goes to all of them, in the parts they had.
    let thirds = [1, 2, 3].map(|check| pay_check(&format!("p{check}"), check, None, crate::floor::cash()));
    let given = then(&table(), &[&[evenly(3)][..], &thirds].concat());
    let events = lived(opened(settings()), &given)
        .run(&over(&[], of_line("l1", 2_000), true).command, &at(0))
        .expect("it is taken");
    let back: Vec<String> = events.iter().map(tell).filter(|told| told.contains(" refund r1 7")).collect();
    assert_eq!(
        back,
        [
            "p1 refund r1 726 + 0 + 0, l1 2000 for 666 + 60",
            "p2 refund r1 726 + 0 + 0, l1 0 for 667 + 59",
            "p3 refund r1 726 + 0 + 0, l1 0 for 667 + 59",
        ]
    );
}

/// A line of 10000 and one of 8000 with 10 % service, taxed like they are: 8.875 % on top.
fn served() -> Vec<When> {
    let phase = NewChargePhase::Subtotal { pre_discount: false, taxes: vec![tax("sales")] };
    vec![
        open(vec![new_line("l1", "burger", 5), new_line("l2", "burger", 4)]),
        charge("c1", phase),
        place(),
        by_cash("p1", None),
    ]
}

#[test]
fn m8_service_charges_follow_their_lines() {
    // 5000 with 500 of service, and 8.875 % of each: 443.75 and 44.375, to the even 444 and 44.
    let told = |amount: i64| {
        vec![
            format!("p1 refund r1 {amount} + 0 + 0, l1 5000 for 5000 + 444"),
            "p1 refund r1 succeeded".to_owned(),
            format!("o1 gave back r1 {amount} + 0 + 0 on 2026-03-02"),
        ]
    };
    let all = |charges: Charges, line_id: &str, pieces: u32| {
        let lines = vec![RefundLine { line: line(line_id), qty: QtyMilli::pieces(pieces) }];
        over(&[], RefundOf::Lines { lines, tip: Money::ZERO, charges }, false)
    };
    let check_told = |when: When, told: Vec<String>| {
        check(&served(), when, Ok(&told.iter().map(String::as_str).collect::<Vec<_>>()));
    };
    check_told(all(Charges::Follow, "l1", 5), told(5_988));
    check_told(all(Charges::Keep, "l1", 5), told(5_444));
    // All lines one by one are all that was paid.
    let mut world = lived(opened(settings()), &served());
    let total: i64 = 9_000 + 900 + 799 + 80;
    for (number, (id, pieces)) in [("l1", 3), ("l2", 1), ("l1", 2), ("l2", 3)].into_iter().enumerate() {
        let lines = vec![RefundLine { line: line(id), qty: QtyMilli::pieces(pieces) }];
        let what = RefundOf::Lines { lines, tip: Money::ZERO, charges: Charges::Follow };
        let command = refund("p1", &format!("r{number}"), what, false).command;
        world.run(&command, &at(0)).expect("it is taken");
    }
    let returns = world.open().order(order("o1")).expect("it is there").returns().expect("it has some");
    assert_eq!((returns.refunded.0, returns.reversed.0), (total, 0));
}
