//! Drawers and their shifts, as queries show them.

use crate::world::*;
use domain::calendar::Timestamp;
use domain::command::{Command, DrawerCommand, Method, NewRefund, PaymentCommand, RefundOf, StoreCommand};
use domain::ids::{DrawerId, RefundId};
use domain::money::Money;
use projections::{PageRequest, Projections};
use schemas::views::{DrawerView, ShiftState, ShiftView};

fn drawer(name: &str) -> DrawerId {
    id(DrawerId::parse, name)
}

fn to_drawer(name: &str, command: DrawerCommand) -> Command {
    to_store(StoreCommand::Drawer(drawer(name), command))
}

fn opens(cents: i64) -> DrawerCommand {
    DrawerCommand::OpenShift { float: Money(cents), may_add: true }
}

fn paid_in(cents: i64) -> DrawerCommand {
    DrawerCommand::PaidIn { amount: Money(cents), reason: text("change") }
}

fn paid_out(cents: i64) -> DrawerCommand {
    DrawerCommand::PaidOut { amount: Money(cents), reason: text("flowers") }
}

fn no_sale() -> DrawerCommand {
    DrawerCommand::NoSale { reason: text("a look") }
}

fn closes(cents: i64) -> DrawerCommand {
    DrawerCommand::CloseShift { counted: Money(cents) }
}

fn shown(projections: &Projections) -> Vec<DrawerView> {
    projections.drawers(tenant(), store()).unwrap().value
}

fn shifts(projections: &Projections, name: &str, limit: usize) -> Vec<Vec<ShiftView>> {
    let (mut pages, mut page) = (vec![], PageRequest { limit, cursor: None });
    loop {
        let answer = projections.shifts(tenant(), store(), drawer(name), &page).unwrap().value;
        pages.push(answer.entries);
        page.cursor = answer.next;
        if page.cursor.is_none() {
            return pages;
        }
    }
}

/// What went in and out: sales and refunds with their counts, paid in and out, openings without a sale, and what should be there.
fn sums(shift: &ShiftView) -> [i64; 8] {
    let counts = [shift.sales_count, shift.refunds_count, shift.no_sales].map(i64::from);
    let [sales, refunds, no_sales] = counts;
    [shift.sales, sales, shift.refunds, refunds, shift.paid_in, shift.paid_out, no_sales, shift.expected]
}

#[test]
fn a_shift_adds_up_what_went_in_and_out() {
    let mut world = World::furnished();
    world.must(to_drawer("front", opens(10_000)));
    for command in [paid_in(500), paid_in(70), paid_out(300), paid_out(20), no_sale(), no_sale()] {
        world.must(to_drawer("front", command));
    }
    for (number, tip) in [(1, 50), (2, 0)] {
        world.must(open(number, new_order(vec![line(0, "pizza", 1_000)], true)));
        let cash = Method::Cash { tendered: None, drawer: Some(drawer("front")) };
        world.must(pay(number, number, None, tip, cash));
    }
    for (payment, cents) in [(1, 150), (2, 4)] {
        let what = RefundOf::Amount { amount: Money(cents), tip: Money::ZERO };
        let (refund, drawer) = (id(RefundId::parse, "r1"), Some(drawer("front")));
        let new = NewRefund { refund, what, restock: false, drawer, reason: text("cold") };
        world.must(to_store(StoreCommand::Payment(payment_id(payment), PaymentCommand::RequestRefund(new))));
    }
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let [front] = &shown(&projections)[..] else { panic!("one drawer") };
    assert_eq!((front.drawer_id.0, front.store.0, front.removed_at), (drawer("front"), store(), None));
    let held = sums(&front.shift);
    assert_eq!(held, [2_350, 2, 154, 2, 570, 320, 2, 10_000 + 2_350 - 154 + 570 - 320]);
    assert_eq!((front.shift.state, front.shift.closed_at, front.shift.counted), (ShiftState::Open, None, None));
    world.must(to_drawer("front", closes(12_450)));
    let closed_at = Timestamp(world.now);
    caught_up(&projections, &world.reader);
    let shift = shown(&projections).remove(0).shift;
    assert_eq!((shift.state, shift.closed_at.map(|at| at.0)), (ShiftState::Closed, Some(closed_at)));
    assert_eq!((shift.counted, shift.over_short, sums(&shift)), (Some(12_450), Some(4), held));
    assert_eq!(shift.closed_by, Some(shift.opened_by));
    assert!(shift.opened_at.0 < closed_at);
}

#[test]
fn shifts_are_listed_newest_first_and_a_drawer_that_was_taken_out_in_no_list() {
    let mut world = World::furnished();
    for cents in [100, 200, 300] {
        world.must(to_drawer("front", opens(cents)));
        world.must(to_drawer("front", closes(cents)));
    }
    world.must(to_drawer("bar", opens(7)));
    world.must(to_drawer("bar", closes(7)));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let names = |projections: &Projections| -> Vec<String> {
        shown(projections).iter().map(|drawer| drawer.drawer_id.0.to_string()).collect()
    };
    assert_eq!(names(&projections), ["bar", "front"]);
    let floats = |pages: Vec<Vec<ShiftView>>| -> Vec<Vec<(u32, i64)>> {
        pages.iter().map(|page| page.iter().map(|shift| (shift.shift, shift.float)).collect()).collect()
    };
    assert_eq!(floats(shifts(&projections, "front", 2)), [vec![(3, 300), (2, 200)], vec![(1, 100)]]);
    assert_eq!(floats(shifts(&projections, "bar", 2)), [[(1, 7)]]);
    world.must(to_drawer("bar", DrawerCommand::Remove));
    caught_up(&projections, &world.reader);
    assert_eq!(names(&projections), ["front"]);
    // Its shifts are still told.
    assert_eq!(floats(shifts(&projections, "bar", 2)), [[(1, 7)]]);
    // What was written is what another life of the process shows.
    let before = (shown(&projections), shifts(&projections, "front", 9));
    projections.shutdown();
    drop(projections);
    let again = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    assert_eq!((shown(&again), shifts(&again, "front", 9)), before);
}
