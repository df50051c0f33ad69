//! Who has to be asked (rule O8).

use super::*;
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
fn approving_oneself_is_for_the_policy_to_allow() {
    let given = [put_staff("ana", &[Right::Cancel], None), open(burgers()), place()];
    let told = ["o1 cancelled left", "released l1 burger 2000"];
    check_in(asking(false), &given, cancel(), refused(Right::Cancel, None));
    check_in(asking(false), &given, cancel().approved_by("ana"), refused(Right::Cancel, Some("ana")));
    check_in(asking(true), &given, cancel().approved_by("ana"), Ok(&told));
    check_in(asking(true), &given, cancel(), Ok(&told));
    check_in(asking(true), &given, cancel().approved_by("cook"), refused(Right::Cancel, Some("cook")));
    check_in(asking(true), &given[1..], cancel(), refused(Right::Cancel, None));
}
