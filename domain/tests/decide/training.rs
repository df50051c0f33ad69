//! Orders for practice (rule A3): priced and paid like any other, and in no book.

use crate::days::{begin, close};
use crate::*;
use domain::event::Capture;
use domain::kitchen::Kitchen;
use domain::store::{CashShifts, Settings};

/// Nothing was booked.
const NOTHING: &str = "0 for 0 - 0 + 0 + 0 = 0, 0 + 0 + 0 + 0 in, 0 for 0 (0) out, 0 in all";

fn practise(id: &str, lines: Vec<NewLine>) -> When {
    let new = NewOrder { lines, training: true, place: Some(Place::default()), ..new_order() };
    when(to_order(id, OrderCommand::Open(new)))
}

fn by_provider() -> When {
    let (tender, account) = (TenderId::parse("card").expect("an id"), account("acme"));
    pay("p1", None, 0, Method::Provider { tender, account, capture: Capture::AtOnce, step: None })
}

pub fn asks_a_provider() -> (Vec<When>, When, Refused) {
    (vec![practise("o1", burgers())], by_provider(), Refused::TrainingOrder { field: "provider_account" })
}

#[test]
fn a3_practice_is_placed_and_paid_and_takes_nothing() {
    // Ten burgers are there, and the item is marked sold out: nobody asks.
    let given = [mark("burger", None)];
    let many = vec![new_line("l1", "burger", 11)];
    let opened = ["o1 opened T-1 on 2026-03-02", "o1 line l1 burger x 11000 at 1000", "o1 placed 11976"];
    check(&given, practise("o1", many), Ok(&opened));
    let paid = ["p1 cash 2178 + 0", "p1 captured 2178 + 0, 0 back", "o1 applied p1 2178 + 0", "o1 completed 2178"];
    check(&[practise("o1", burgers())], by_cash("p1", None), Ok(&paid));
    let given = [practise("o1", burgers()), by_cash("p1", None)];
    // Units that are given back were on no shelf.
    let back = lines_back("p1", "r1", &[("l1", 1_000)], true);
    let told = ["p1 refund r1 1089 + 0 + 0, l1 1000 for 1000 + 89", "p1 refund r1 succeeded"];
    check(&given, back, Ok(&[&told[..], &["o1 gave back r1 1089 + 0 + 0 on 2026-03-02"]].concat()));
}

#[test]
fn a3_practice_is_numbered_apart() {
    let real = |id: &str| when(to_order(id, OrderCommand::Open(new_order())));
    let given = [practise("o1", burgers()), practise("o2", burgers()), real("o3")];
    check(&given, real("o4"), Ok(&["o4 opened 2 on 2026-03-02"]));
    check(&given, practise("o4", vec![]), Err(Refused::OrderEmpty));
    let new = NewOrder { training: true, ..new_order() };
    check(&given, when(to_order("o4", OrderCommand::Open(new))), Ok(&["o4 opened T-3 on 2026-03-02"]));
}

#[test]
fn a3_practice_goes_to_no_kitchen_and_into_no_drawer() {
    let busy = || Settings { kitchen: Kitchen::On, cash_shifts: CashShifts::Required, ..settings() };
    let given = [practise("o1", burgers())];
    let fire = to_o1(OrderCommand::FireLines(domain::command::Fire::Unheld));
    check_in(opened(busy()), &given, fire, Err(Refused::KitchenOff));
    // No shift is open, and none is asked for; one that is named stays as it is.
    let paid = ["p1 cash 2178 + 0", "p1 captured 2178 + 0, 0 back", "o1 applied p1 2178 + 0", "o1 completed 2178"];
    check_in(opened(busy()), &given, by_cash("p1", None), Ok(&paid));
    let named = pay("p1", None, 0, Method::Cash { tendered: None, drawer: Some(drawer("d1")) });
    check_in(opened(busy()), &[given[0].clone(), crate::drawers::shift("d1", 0)], named, Ok(&paid));
    let given = [given[0].clone(), by_cash("p1", None), crate::drawers::shift("d1", 0)];
    let back = ["p1 refund r1 100 + 0 + 0", "p1 refund r1 succeeded", "o1 gave back r1 100 + 0 + 0 on 2026-03-02"];
    check_in(opened(busy()), &given, crate::back("p1", "r1", 100, 0), Ok(&back));
}

#[test]
fn a3_practice_is_in_no_day() {
    let given = [begin(2), practise("o1", burgers()), practise("o2", burgers()), by_card("p1", None)];
    check(&given, close(2), Ok(&[&format!("z 1 of 2026-03-02: {NOTHING}")]));
    // Nor does it open the next one.
    let closed = [&given[..], &[close(2)]].concat();
    let paid = ["p1 captured 2178 + 0", "o1 applied p1 2178 + 0", "o1 completed 2178"];
    check(&closed, captured("p1", None), Ok(&paid));
    let opened = ["o3 opened T-3 on 2026-03-02", "o3 line l1 burger x 2000 at 1000", "o3 placed 2178"];
    check(&closed, practise("o3", burgers()), Ok(&opened));
}

#[test]
fn a3_practice_stays_apart() {
    let given = [practise("o1", burgers()), open_as("o2")];
    let merge = |id: &str, into: &str| when(to_order(id, OrderCommand::MergeInto(order(into))));
    check(&given, merge("o1", "o2"), Err(Refused::OrdersDiffer { what: "training" }));
    check(&given, merge("o2", "o1"), Err(Refused::OrdersDiffer { what: "training" }));
    let both = [practise("o1", burgers()), practise("o2", burgers())];
    let received = ["o2 received from o1: l1 x 2000 as l1_2", "o2 repriced 4356", "o1 merged into o2"];
    check(&both, merge("o1", "o2"), Ok(&received));
    let (given, when, refused) = asks_a_provider();
    check(&given, when, Err(refused));
}

fn open_as(id: &str) -> When {
    let new = NewOrder { lines: burgers(), place: Some(Place::default()), ..new_order() };
    when(to_order(id, OrderCommand::Open(new)))
}
