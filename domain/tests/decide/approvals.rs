//! Who has to be asked (rule O8).

use super::*;
use domain::command::{LineChange, NewComp, NewPrice};
use domain::kitchen::Kitchen;
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;

fn put_staff(who: &str, rights: &[Right], discount_limit: Option<u32>) -> When {
    let rights = Rights::of(rights.iter().copied());
    let discount_limit = discount_limit.map(Ppm);
    when(Command::Access(AccessCommand::PutStaff { staff: actor(who), rights, discount_limit }))
}

/// A store that asks for discounts above 10 % and for cancelling.
fn asking(self_approval: bool) -> World {
    let needed = Rights::of([Right::Discount, Right::Cancel]);
    let approvals = Approvals { needed, discount_limit: Ppm(100_000), self_approval };
    opened(Settings { approvals, ..settings() })
}

fn refused(right: Right, approver: Option<&str>) -> Result<&'static [&'static str], Refused> {
    Err(Refused::ApprovalRequired { right, approver: approver.map(actor) })
}

fn amount_off(id: &str, amount: i64) -> When {
    let (discount, rate) = (discount_id(id), Rate::Amount(Money(amount)));
    let new = NewDiscount { discount, scope: DiscountScope::Order, rate, reason: text("regular") };
    to_o1(OrderCommand::ApplyDiscount(new))
}

#[test]
fn staff_changes_only_where_it_changes() {
    let given = [put_staff("boss", &[Right::Comp], None)];
    check(&[], given[0].clone(), Ok(&["boss may [Comp]"]));
    check(&given, given[0].clone(), Ok(&[]));
    check(&given, put_staff("boss", &[], None), Ok(&["boss may []"]));
    check(&given, put_staff("boss", &[Right::Comp], Some(1)), Ok(&["boss may [Comp]"]));
}

#[test]
fn nobody_is_asked_where_the_store_asks_for_nothing() {
    check(&[open(burgers())], discount("d1", DiscountScope::Order, 1_000_000), Ok(&["o1 discount d1"]));
}

#[test]
fn discounts_up_to_the_limit_take_no_approval() {
    let given = [open(burgers()), put_staff("boss", &[Right::Discount], None)];
    let ten = discount("d1", DiscountScope::Order, 100_000);
    let more = discount("d1", DiscountScope::Order, 100_001);
    check_in(asking(false), &given, ten, Ok(&["o1 discount d1"]));
    check_in(asking(false), &given, more.clone(), refused(Right::Discount, None));
    check_in(asking(false), &given, more.clone().approved_by("boss"), Ok(&["o1 discount d1"]));
    check_in(asking(false), &given, more.approved_by("cook"), refused(Right::Discount, Some("cook")));
    // An amount counts as its share of the 2000 it is taken off.
    check_in(asking(false), &given, amount_off("d1", 200), Ok(&["o1 discount d1"]));
    check_in(asking(false), &given, amount_off("d1", 201), refused(Right::Discount, None));
}

#[test]
fn a_discount_of_the_first_lines_is_asked_for_too() {
    let rate = Rate::Percent(Ppm(500_000));
    let new = NewDiscount { discount: discount_id("d1"), scope: DiscountScope::Order, rate, reason: text("half") };
    let order = NewOrder { lines: burgers(), discounts: vec![new], ..new_order() };
    check_in(asking(false), &[], to_o1(OrderCommand::Open(order.clone())), refused(Right::Discount, None));
    // What a price enquiry would come to is no discount yet.
    let world = asking(false);
    assert!(world.open().price_order(&world.tenant, &order, &at(0)).is_ok());
    let told = ["o1 opened #o1 on 2026-03-02", "o1 line l1 burger x 2000 at 1000", "o1 discount d1"];
    check_in(asking(false), &[], to_o1(OrderCommand::Open(order)).imported(), Ok(&told));
}

#[test]
fn a_member_of_staff_has_a_limit_of_their_own() {
    let given = [open(burgers()), put_staff("ana", &[], Some(500_000))];
    check_in(asking(false), &given, discount("d1", DiscountScope::Order, 500_000), Ok(&["o1 discount d1"]));
    let more = discount("d1", DiscountScope::Order, 500_001);
    check_in(asking(false), &given, more, refused(Right::Discount, None));
    let given = [open(burgers()), put_staff("ana", &[], Some(0))];
    check_in(asking(false), &given, discount("d1", DiscountScope::Order, 1), refused(Right::Discount, None));
}

#[test]
fn cancelling_what_was_placed_is_asked_for() {
    let given = [put_staff("boss", &[Right::Cancel], None), open(burgers())];
    check_in(asking(false), &given, cancel(), Ok(&["o1 cancelled left"]));
    let given = [&given[..], &[place()]].concat();
    let told = ["o1 cancelled left", "released l1 burger 2000"];
    check_in(asking(false), &given, cancel(), refused(Right::Cancel, None));
    check_in(asking(false), &given, cancel().approved_by("boss"), Ok(&told));
}

#[test]
fn nobody_approves_what_they_do_themselves() {
    let given = [put_staff("ana", &[Right::Cancel], None), open(burgers()), place()];
    let told = ["o1 cancelled left", "released l1 burger 2000"];
    check_in(asking(false), &given, cancel(), refused(Right::Cancel, None));
    check_in(asking(false), &given, cancel().approved_by("ana"), refused(Right::Cancel, Some("ana")));
    // Whatever a store's settings said before.
    check_in(asking(true), &given, cancel().approved_by("ana"), refused(Right::Cancel, Some("ana")));
    check_in(asking(true), &given, cancel(), refused(Right::Cancel, None));
    let given = [&[put_staff("boss", &[Right::Cancel], None)], &given[..]].concat();
    check_in(asking(true), &given, cancel().approved_by("boss"), Ok(&told));
}

/// Every way to take something off an order: `l1` is two burgers of 1000.
fn ways() -> Vec<(&'static str, OrderCommand)> {
    let (line, qty, reason) = (line("l1"), QtyMilli(1_000), || text("because"));
    let change = |qty, price: Option<i64>| {
        let (seat, course, note, allergens) = Default::default();
        let price_override = price.map(|price| NewPrice { price: Money(price), reason: reason() });
        OrderCommand::ChangeLine(LineChange { line, qty, seat, course, note, allergens, price_override })
    };
    let discount =
        |rate| NewDiscount { discount: discount_id("d1"), scope: DiscountScope::Order, rate, reason: text("because") };
    vec![
        ("void", OrderCommand::VoidLine { line, qty, reason: reason(), wasted: false }),
        ("quantity", OrderCommand::ChangeLineQty { line, qty }),
        ("quantity of a change", change(Some(qty), None)),
        ("all of it", OrderCommand::RemoveLine(line)),
        ("price", change(None, Some(999))),
        ("discount", OrderCommand::ApplyDiscount(discount(Rate::Percent(Ppm(100_001))))),
        ("amount", OrderCommand::ApplyDiscount(discount(Rate::Amount(Money(201))))),
        ("comp", OrderCommand::CompLines(NewComp { discount: discount_id("d1"), lines: vec![line], reason: reason() })),
        ("service charge", OrderCommand::RemoveServiceCharge(ChargeId::parse("s1").expect("an id"))),
    ]
}

/// T8 of the trade's cases: a store that asks for a second person to cancel asks for one to empty an order, with a kitchen and
/// without one, and before it is placed for neither.
#[test]
fn o7_t8_taking_off_what_was_placed_asks_for_what_cancelling_asks_for() {
    let approvals =
        Approvals { needed: Rights::of([Right::Cancel]), discount_limit: Ppm(100_000), ..Approvals::default() };
    let charge = NewServiceCharge {
        charge: ChargeId::parse("s1").expect("an id"),
        name: text("service"),
        rate: Rate::Amount(Money(100)),
        phase: NewChargePhase::Total,
    };
    let charged = to_o1(OrderCommand::ApplyServiceCharge(charge));
    let opened_with = |kitchen, is_placed: bool| {
        let mut world = opened(Settings { approvals, kitchen, ..settings() });
        let mut given = vec![put_staff("boss", &[Right::Cancel], None), put_staff("chef", &[Right::Comp], None)];
        given.extend([open(burgers()), charged.clone()]);
        given.extend(is_placed.then(place));
        for step in given {
            world.run(&step.command, &at(0)).expect("given");
        }
        world
    };
    for kitchen in [Kitchen::Off, Kitchen::On] {
        let (placed, open) = (opened_with(kitchen, true), opened_with(kitchen, false));
        for (way, command) in ways() {
            let command = to_o1(command).command;
            let decide = |world: &World, approver: Option<&str>| {
                let context = Context { approver: approver.map(actor), ..at(0) };
                world.decide(&command, &context)
            };
            for approver in [None, Some("chef"), Some("ana")] {
                let refused = Refused::ApprovalRequired { right: Right::Cancel, approver: approver.map(actor) };
                assert_eq!(decide(&placed, approver), Err(refused), "{way}");
            }
            assert!(decide(&placed, Some("boss")).is_ok_and(|events| !events.is_empty()), "{way}");
            // Nobody has ordered it yet; what was not ordered cannot be voided.
            assert!(decide(&open, None).is_ok() || way == "void", "{way}");
        }
    }
}

/// What adds to a placed order, or takes nothing off it, asks nobody; and small discounts are small together only.
#[test]
fn o7_what_takes_nothing_off_asks_nobody() {
    let approvals =
        Approvals { needed: Rights::of([Right::Cancel]), discount_limit: Ppm(100_000), ..Approvals::default() };
    let mut world = opened(Settings { approvals, ..settings() });
    let more = OrderCommand::ChangeLineQty { line: line("l1"), qty: QtyMilli(3_000) };
    let five = |id| discount(id, DiscountScope::Order, 50_000);
    let off = OrderCommand::RemoveDiscount(discount_id("d1"));
    for step in [open(burgers()), place(), to_o1(more), five("d1"), five("d2"), to_o1(off), five("d3")] {
        world.run(&step.command, &at(0)).expect("nobody is asked");
    }
    let refused = Refused::ApprovalRequired { right: Right::Cancel, approver: None };
    assert_eq!(world.decide(&five("d4").command, &at(0)), Err(refused), "fifteen in all");
}

/// A share of an order whose lines were all taken off is one of what is added later: it is judged by itself.
#[test]
fn o7_a_share_of_an_empty_order_is_a_share_of_what_comes() {
    let approvals =
        Approvals { needed: Rights::of([Right::Cancel]), discount_limit: Ppm(100_000), ..Approvals::default() };
    let mut world = opened(Settings { approvals, ..settings() });
    let emptied = to_o1(OrderCommand::RemoveLine(line("l1"))).approved_by("boss");
    let mut given = vec![put_staff("boss", &[Right::Cancel], None), open(burgers()), place(), emptied];
    given.push(discount("d1", DiscountScope::Order, 60_000));
    for step in given {
        world.run(&step.command, &step.context()).expect("given");
    }
    let refused = Refused::ApprovalRequired { right: Right::Cancel, approver: None };
    assert_eq!(world.decide(&discount("d2", DiscountScope::Order, 60_000).command, &at(0)), Err(refused));
    assert!(world.decide(&discount("d2", DiscountScope::Order, 40_000).command, &at(0)).is_ok());
}
