//! What happens just inside and just outside of a bound, and where two things of a kind must not be taken for each other.

use super::floor::{check_no, merge, open_o2, pay_check, to_o2};
use super::*;
use domain::check::{CheckTotals, deal};
use domain::command::{Fire, Issued, NewComp, NewToken, TicketCommand};
use domain::kitchen::Kitchen;
use domain::store::Settings;

fn cooking() -> World {
    opened(Settings { kitchen: Kitchen::On, ..settings() })
}

fn then(given: &[When], more: &[When]) -> Vec<When> {
    [given, more].concat()
}

fn fire(what: Fire) -> When {
    to_o1(OrderCommand::FireLines(what))
}

fn bump(id: &str) -> When {
    when(to_ticket(id, TicketCommand::Bump))
}

fn serve() -> When {
    to_o1(OrderCommand::MarkServed(vec![]))
}

fn void(pieces: u32) -> When {
    let (line, qty) = (line("l1"), QtyMilli::pieces(pieces));
    to_o1(OrderCommand::VoidLine { line, qty, reason: text("dropped"), wasted: true })
}

fn evenly(checks: u64) -> When {
    to_o1(OrderCommand::SplitEvenly(check_no(checks)))
}

fn cash() -> Method {
    Method::Cash { tendered: None, drawer: None }
}

fn new_charge(id: &str, rate: Rate) -> OrderCommand {
    let (charge, name, phase) = (charge_id(id), text("service"), NewChargePhase::Total);
    OrderCommand::ApplyServiceCharge(NewServiceCharge { charge, name, rate, phase })
}

fn fee(minor: i64) -> When {
    to_o1(new_charge("c1", Rate::Amount(Money(minor))))
}

#[test]
fn k1_who_names_a_line_or_a_course_fires_no_other() {
    let pizza = NewLine { variation: Some(variation("small")), course: Some(2), ..new_line("l2", "pizza", 1) };
    let given = [open(vec![new_line("l1", "burger", 2), pizza, new_line("l3", "soda", 1)]), place()];
    let told =
        ["reserved l2 dough 1000", "committed l2 dough 1000", "o1 fire 1: l2 1000 took 1000", "t1 for oven: l2 1000"];
    check_in(cooking(), &given, fire(Fire::Lines(vec![line("l2")])), Ok(&told));
    check_in(cooking(), &given, fire(Fire::Course(2)), Ok(&told));
    check_in(cooking(), &given, fire(Fire::Course(1)), Err(Refused::NothingToFire));
}

/// One new burger, two on a ticket, two ready, two served.
fn everywhere() -> Vec<When> {
    let more = |milli| [qty("l1", milli), fire(Fire::Unheld)];
    let mut given = vec![open(burgers()), place(), fire(Fire::Unheld), bump("t1"), serve()];
    given.extend(more(4_000));
    given.push(bump("t2"));
    given.extend(more(6_000));
    given.push(qty("l1", 7_000));
    given
}

#[test]
fn s8_voids_fall_on_units_furthest_from_the_guest() {
    let told =
        ["o1 void l1 4000, 3000 fired, wasted", "t3 cancelled l1 2000", "waste of burger 3000", "o1 repriced 3266"];
    check_in(cooking(), &everywhere(), void(4), Ok(&told));
    // One is ready, two are served.
    let given = then(&everywhere(), &[void(4)]);
    check_in(cooking(), &given, serve(), Ok(&["o1 served l1 1000"]));
    let told = ["o1 void l1 2000, 2000 fired, wasted", "waste of burger 2000", "o1 repriced 1089"];
    check_in(cooking(), &given, void(2), Ok(&told));
    // One is left, and it is served.
    let given = then(&given, &[void(2)]);
    check_in(cooking(), &given, serve(), Ok(&[]));
    let told = [
        "p1 cash 1089 + 0",
        "p1 captured 1089 + 0, 0 back",
        "o1 applied p1 1089 + 0",
        "t3 bumped ",
        "o1 completed 1089",
    ];
    check_in(cooking(), &given, by_cash("p1", None), Ok(&told));
    let told = ["o1 void l1 1000, 1000 fired, wasted", "waste of burger 1000", "o1 repriced 0 void"];
    check_in(cooking(), &given, void(1), Ok(&told));
    // What is added is new.
    let told = [
        "reserved l1 burger 1000",
        "committed l1 burger 1000",
        "o1 fire 4: l1 1000 took 1000",
        "t4 for grill: l1 1000",
    ];
    check_in(cooking(), &then(&given, &[qty("l1", 2_000)]), fire(Fire::Unheld), Ok(&told));
}

#[test]
fn p6_what_nobody_owes_goes_back_while_the_kitchen_keeps_the_order_open() {
    let paid = [
        open(burgers()),
        place(),
        fire(Fire::Unheld),
        pay("p1", None, 0, card()),
        pay("p2", None, 200, card()),
        captured("p1", None),
    ];
    let in_vain = [
        "p2 captured 2178 + 200",
        "o1 not applicable p2 2378 NothingDue",
        "p2 flagged NotApplicable",
        "p2 refund unapplied 0 + 0 + 2378",
    ];
    check_in(cooking(), &paid, captured("p2", None), Ok(&in_vain));
}

#[test]
fn s6_an_unpaid_order_has_its_deadline_where_the_kitchen_is_on() {
    let given = [open_first(), place()];
    // An attempt has no more time than its order.
    check_in(cooking(), &given, by_card("p1", None).at(100), Ok(&["p1 card 2178 + 0 until 900"]));
    check_in(cooking(), &given, time_out(900).at(900), Ok(&["o1 timed out", "released l1 burger 2000"]));
    check_in(cooking(), &given, time_out(900).at(899), Err(Refused::NotDue));
}

#[test]
fn o10_charges_of_nothing_are_on_the_first_check() {
    let charges = |dealt: Vec<CheckTotals>| -> Vec<(Money, Money)> {
        dealt.iter().map(|check| (check.charges, check.total)).collect()
    };
    let (fee, none) = ((Money(500), Money(500)), (Money::ZERO, Money::ZERO));
    assert_eq!(charges(deal(&[], fee.0, &[check_no(1)])), [fee]);
    assert_eq!(charges(deal(&[], fee.0, &[check_no(1), check_no(2)])), [fee, none]);
}

#[test]
fn o10_lines_for_nothing_share_a_charge() {
    let given = [open(vec![new_line("l1", "water", 2)]), fee(501), place(), evenly(2)];
    let told = ["p1 cash 250 + 0", "p1 captured 250 + 0, 0 back", "o1 applied p1 250 + 0", "o1 check 2 paid 250"];
    check(&given, pay_check("p1", 2, None, cash()), Ok(&told));
}

/// An order of so many lines, discounts and charges, placed.
fn order_of(id: &str, lines: usize, discounts: usize, charges: usize) -> Vec<When> {
    let of = |command| when(to_order(id, command));
    let lines = (0..lines).map(|index| new_line(&format!("l{index}"), "soda", 1)).collect();
    let mut given = vec![of(OrderCommand::Open(NewOrder { lines, place: Some(Place::default()), ..new_order() }))];
    given.extend((0..discounts).map(|index| {
        let (discount, rate) = (discount_id(&format!("d{index}")), Rate::Percent(Ppm(10_000)));
        let new = NewDiscount { discount, scope: DiscountScope::Order, rate, reason: text("regular") };
        of(OrderCommand::ApplyDiscount(new))
    }));
    given.extend((0..charges).map(|index| of(new_charge(&format!("c{index}"), Rate::Percent(Ppm(10_000))))));
    given
}

#[test]
fn o11_what_is_merged_has_room() {
    let bounds = [("lines", LINES_MAX), ("discounts", DISCOUNTS_MAX), ("service charges", CHARGES_MAX)];
    for (index, (what, max)) in bounds.into_iter().enumerate() {
        let order = |id: &str, count: usize| match index {
            0 => order_of(id, count, 0, 0),
            1 => order_of(id, 1, count, 0),
            _ => order_of(id, 1, 0, count),
        };
        let merged = |counts: [usize; 2]| {
            let mut world = opened(settings());
            for step in then(&order("o1", counts[0]), &order("o2", counts[1])) {
                world.run(&step.command, &step.context()).expect("an order in bounds");
            }
            let merge = merge("o1", "o2");
            world.run(&merge.command, &merge.context()).map(|_| ())
        };
        let too_many = Err(Refused::TooMany { what, max });
        assert_eq!(merged([1, max]), too_many);
        assert_eq!(merged([max, 1]), too_many);
        assert_eq!(merged([1, max - 1]), Ok(()), "{what}");
        assert_eq!(merged([max / 2, max / 2]), Ok(()), "{what}");
    }
}

/// What a command to the target makes of its total, once `source` went into it.
#[track_caller]
fn check_merged(source: &[When], target: &[When], when: OrderCommand, then_what: &[&str]) {
    let merged = [source, target, &[merge("o1", "o2")]].concat();
    check(&merged, to_o2(when), Ok(then_what));
}

#[test]
fn o11_discounts_and_charges_keep_apart() {
    let off = |order: &str, id: &str, ppm: u32| {
        let (discount, rate) = (discount_id(id), Rate::Percent(Ppm(ppm)));
        let new = NewDiscount { discount, scope: DiscountScope::Order, rate, reason: text("regular") };
        when(to_order(order, OrderCommand::ApplyDiscount(new)))
    };
    let on = |order: &str, id: &str, minor: i64| when(to_order(order, new_charge(id, Rate::Amount(Money(minor)))));
    let gone = |id: &str| OrderCommand::RemoveDiscount(discount_id(id));
    let waived = |id: &str| OrderCommand::RemoveServiceCharge(charge_id(id));
    // 2178 less 10 % are 1960; 1089 less 20 % are 871.
    let source = [open(burgers()), off("o1", "d1", 100_000), place()];
    let target = [open_o2(vec![new_line("l1", "burger", 1)]), off("o2", "d1", 200_000)];
    check_merged(&source, &target, gone("d1"), &["o2 discount d1 removed", "o2 repriced 3049"]);
    check_merged(&source, &target, gone("d1_2"), &["o2 discount d1_2 removed", "o2 repriced 3049"]);
    // An id the source has given out itself is not given out again. Of 2000 it had taken 200, and 180 of the rest.
    let source = [open(burgers()), off("o1", "d1", 100_000), off("o1", "d1_2", 100_000), place()];
    check_merged(&source, &target, gone("d1_3"), &["o2 discount d1_3 removed", "o2 repriced 2853"]);
    // The same of charges.
    let source = [open(burgers()), on("o1", "c1", 10), on("o1", "c1_2", 20), place()];
    let target = [open_o2(vec![new_line("l1", "burger", 1)]), on("o2", "c1", 40)];
    check_merged(&source, &target, waived("c1"), &["o2 charge c1 removed", "o2 repriced 3297"]);
    check_merged(&source, &target, waived("c1_2"), &["o2 charge c1_2 removed", "o2 repriced 3317"]);
    check_merged(&source, &target, waived("c1_3"), &["o2 charge c1_3 removed", "o2 repriced 3327"]);
}

#[test]
fn o11_a_comp_stays_a_comp_of_its_own() {
    let comp = |order: &str| {
        let comp = NewComp { discount: discount_id("c1"), lines: vec![line("l2")], reason: text("waited") };
        when(to_order(order, OrderCommand::CompLines(comp)))
    };
    let lines = || vec![new_line("l1", "burger", 1), new_line("l2", "soda", 1)];
    let source = [open(lines()), place(), comp("o1")];
    let target = [open_o2(lines()), comp("o2")];
    let removed = |id: &str| OrderCommand::RemoveDiscount(discount_id(id));
    check_merged(&source, &target, removed("c1"), &["o2 discount c1 removed", "o2 repriced 2456"]);
    check_merged(&source, &target, removed("c1_2"), &["o2 discount c1_2 removed", "o2 repriced 2456"]);
}

#[test]
fn p3_what_is_left_of_a_payment_that_was_applied_in_part() {
    // Of 2178 by card 1000 came too late, and the tip is the staff's.
    let given =
        [open(burgers()), place(), pay("p1", None, 300, card()), by_cash("p2", Some(1_000)), captured("p1", None)];
    let exceeds = Refused::RefundExceedsCaptured { amount: Money(1_178), tip: Money(300) };
    check(&given, back("p1", "r1", 1_179, 0), Err(exceeds.clone()));
    check(&given, back("p1", "r1", 1, 301), Err(exceeds));
    check(&given, refund("p1", "r1", RefundOf::Rest, false), Ok(&["p1 refund r1 1178 + 300 + 0"]));
}

#[test]
fn p3_an_order_that_closes_remembers_what_it_could_not_take() {
    let unapplied_failed = refund_outcome("p1", "unapplied", false);
    // Half of what was paid was not due any more; the rest went back before the order was cancelled.
    let cancelled = [
        open(burgers()),
        place(),
        by_card("p1", None),
        qty("l1", 1_000),
        captured("p1", None),
        back("p1", "r1", 1_089, 0),
        refund_outcome("p1", "r1", true),
        cancel(),
        unapplied_failed.clone(),
    ];
    check_in(cooking(), &cancelled[..5], back("p1", "r1", 1_089, 0), Ok(&["p1 refund r1 1089 + 0 + 0"]));
    check_in(cooking(), &cancelled, back("p1", "r2", 1_089, 0), Ok(&["p1 refund r2 0 + 0 + 1089"]));
    // Nothing was due on an order that went into another.
    let comp = NewComp { discount: discount_id("c1"), lines: vec![line("l1")], reason: text("waited") };
    let merged = [
        open(burgers()),
        place(),
        by_card("p1", None),
        to_o1(OrderCommand::CompLines(comp)),
        captured("p1", None),
        open_o2(vec![new_line("l1", "burger", 1)]),
        merge("o1", "o2"),
        unapplied_failed,
    ];
    check_in(cooking(), &merged, back("p1", "r2", 2_178, 0), Ok(&["p1 refund r2 0 + 0 + 2178"]));
}

#[test]
fn s8_of_what_is_paid_first_only_new_units_are_given_back() {
    let given = [open_first(), place(), by_cash("p1", None), qty("l1", 4_000)];
    let told = ["o1 line l1 now 3000", "o1 repriced 3266", "released l1 burger 1000"];
    check_in(cooking(), &given, qty("l1", 3_000), Ok(&told));
    let told = ["o1 line l1 now 5000", "o1 repriced 5444", "reserved l1 burger 1000"];
    check_in(cooking(), &given, qty("l1", 5_000), Ok(&told));
}

/// Three burgers and two sodas, paid by card: 3000 and 266 in tax, 510 and 45.
fn two_lines() -> Vec<When> {
    let lines = vec![new_line("l1", "burger", 3), new_line("l2", "soda", 2)];
    vec![open(lines), place(), by_card("p1", None), captured("p1", None)]
}

#[test]
fn p3_a_refund_that_had_failed_counts_as_long_as_its_units_are_there() {
    let ask = |id: &str, of: &str, milli: i64| lines_back("p1", id, &[(of, milli)], false);
    let doubted: Result<&[&str], Refused> = Ok(&["p1 refund r1 ignored Succeeded", "p1 flagged RefundInDoubt"]);
    let recorded: Result<&[&str], Refused> =
        Ok(&["p1 refund r1 succeeded", "o1 gave back r1 2177 + 0 + 0 on 2026-03-02"]);
    let failed = then(&two_lines(), &[ask("r1", "l1", 2_000), refund_outcome("p1", "r1", false)]);
    let late = refund_outcome("p1", "r1", true);
    check(&failed, late.clone(), recorded.clone());
    // Units of another line are not its units.
    check(&then(&failed, &[ask("r2", "l2", 2_000)]), late.clone(), recorded.clone());
    check(&then(&failed, &[ask("r2", "l1", 1_000)]), late.clone(), recorded);
    // There is money for it, and the units are gone.
    check(&then(&failed, &[ask("r2", "l1", 1_001)]), late, doubted);
    let all = then(&two_lines(), &[ask("r1", "l1", 3_000), refund_outcome("p1", "r1", false)]);
    let recorded = ["p1 refund r1 succeeded", "o1 gave back r1 3266 + 0 + 0 on 2026-03-02"];
    check(&all, refund_outcome("p1", "r1", true), Ok(&recorded));
    // What counts again is taken again.
    let revived = then(&all, &[refund_outcome("p1", "r1", true)]);
    let left = Refused::RefundExceedsSold { line: line("l1"), left: QtyMilli::ZERO };
    check(&revived, ask("r2", "l1", 1), Err(left));
}

#[test]
fn somebody_administers_a_tenant_or_nobody_does() {
    let mut world = World::default();
    let mut run = |command| world.run(&Command::Access(command), &at(0)).map(|_| world.tenant.has_admin(Timestamp(0)));
    let issue = |id: &str, role| {
        AccessCommand::IssueToken(NewToken {
            token: TokenId::parse(id).expect("an id"),
            role,
            label: text("till"),
            secret_sha256: [0; 32],
            terms: None,
            is_first: false,
        })
    };
    let revoke =
        |id: &str| AccessCommand::RevokeToken { token: TokenId::parse(id).expect("an id"), issued: Some(Issued::Keep) };
    assert!(!World::default().tenant.has_admin(Timestamp(0)));
    assert_eq!(run(issue("k1", Role::Manager)), Ok(false));
    assert_eq!(run(issue("k2", Role::Admin)), Ok(true));
    assert_eq!(run(issue("k3", Role::Admin)), Ok(true));
    assert_eq!(run(revoke("k1")), Ok(true));
    assert_eq!(run(revoke("k2")), Ok(true));
    assert_eq!(run(revoke("k3")), Err(Refused::LastToken { role: Role::Admin }));
}
