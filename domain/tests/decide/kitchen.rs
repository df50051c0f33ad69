//! The kitchen: fire, hold, tickets, serve, void.

use super::*;
use domain::command::{Fire, NewComp, TicketCommand};
use domain::ids::TableId;
use domain::kitchen::Kitchen;
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;

pub fn cooking() -> World {
    opened(Settings { kitchen: Kitchen::On, ..settings() })
}

fn fire(what: Fire) -> When {
    to_o1(OrderCommand::FireLines(what))
}

fn fire_new() -> When {
    fire(Fire::Unheld)
}

fn hold(lines: &[&str]) -> When {
    to_o1(OrderCommand::HoldLines(lines.iter().map(|id| line(id)).collect()))
}

fn serve(lines: &[&str]) -> When {
    to_o1(OrderCommand::MarkServed(lines.iter().map(|id| line(id)).collect()))
}

fn void(id: &str, pieces: u32, wasted: bool) -> When {
    let (line, qty) = (line(id), QtyMilli::pieces(pieces));
    to_o1(OrderCommand::VoidLine { line, qty, reason: text("dropped"), wasted })
}

fn at_ticket(id: &str, command: TicketCommand) -> When {
    when(to_ticket(id, command))
}

fn bump(id: &str) -> When {
    at_ticket(id, TicketCommand::Bump)
}

/// Two burgers for the grill, a pizza for the oven as the second course, and a soda nobody prepares.
fn dinner() -> Vec<NewLine> {
    let pizza = NewLine { variation: Some(variation("small")), course: Some(2), ..new_line("l2", "pizza", 1) };
    vec![new_line("l1", "burger", 2), pizza, new_line("l3", "soda", 1)]
}

const FIRED: [&str; 4] = [
    "reserved l1 burger 2000",
    "committed l1 burger 2000",
    "o1 fire 1: l1 2000 took 2000, l3 1000 took 0",
    "t1 for grill: l1 2000",
];

/// A dinner of which everything but the pizza was fired.
fn fired_dinner() -> Vec<When> {
    vec![open(dinner()), place(), hold(&["l2"]), fire_new()]
}

fn bumped_dinner() -> Vec<When> {
    then(fired_dinner(), &[bump("t1")])
}

fn then(given: Vec<When>, more: &[When]) -> Vec<When> {
    [given, more.to_vec()].concat()
}

#[test]
fn what_is_paid_later_takes_its_stock_when_it_is_fired() {
    check_in(cooking(), &[open(dinner())], place(), Ok(&["o1 placed 3361"]));
    check_in(cooking(), &[open(dinner()), place(), hold(&["l2"])], fire_new(), Ok(&FIRED));
    let told =
        ["reserved l2 dough 1000", "committed l2 dough 1000", "o1 fire 2: l2 1000 took 1000", "t2 for oven: l2 1000"];
    check_in(cooking(), &fired_dinner(), fire(Fire::Course(2)), Ok(&told));
    check_in(cooking(), &fired_dinner(), fire(Fire::Lines(vec![line("l2")])), Ok(&told));
    check_in(cooking(), &fired_dinner(), fire_new(), Err(Refused::NothingToFire));
    check_in(
        cooking(),
        &fired_dinner(),
        fire(Fire::Lines(vec![line("l9")])),
        Err(Refused::UnknownLine { line: line("l9") }),
    );
    check_in(cooking(), &[open(dinner())], fire_new(), Err(Refused::OrderNotPlaced));
    check(&[open(dinner()), place()], fire_new(), Err(Refused::KitchenOff));
}

#[test]
fn what_is_sold_out_is_not_fired() {
    let given = [open(dinner()), place(), mark("burger", None)];
    let shortage =
        Shortage { sku: sku("burger"), wanted: QtyMilli::pieces(2), available: QtyMilli::pieces(10), marked_86: true };
    check_in(cooking(), &given, fire_new(), Err(Refused::OutOfStock { shortages: vec![shortage] }));
}

#[test]
fn what_is_paid_first_is_fired_when_it_is_paid() {
    let first = |lines| to_o1(OrderCommand::Open(NewOrder { lines, pay_mode: PayMode::First, ..new_order() }));
    let given = [first(burgers()), place()];
    let due = Refused::PaymentDue { due: Money(2_178) };
    check_in(cooking(), &given, fire_new(), Err(due));
    let told = [
        "p1 cash 2178 + 0",
        "p1 captured 2178 + 0, 0 back",
        "o1 applied p1 2178 + 0",
        "committed l1 burger 2000",
        "o1 fire 1: l1 2000 took 2000",
        "t1 for grill: l1 2000",
    ];
    check_in(cooking(), &given, by_cash("p1", None), Ok(&told));
    // What is held waits, and its stock with it.
    let held = then(given.to_vec(), &[hold(&["l1"]), by_cash("p1", None)]);
    let told = ["committed l1 burger 2000", "o1 fire 1: l1 2000 took 2000", "t1 for grill: l1 2000"];
    check_in(cooking(), &held, fire(Fire::Lines(vec![line("l1")])), Ok(&told));
}

#[test]
fn an_order_is_done_when_it_is_paid_and_served() {
    let given = then(vec![open(burgers()), place(), fire_new()], &[by_cash("p1", None)]);
    check_in(cooking(), &given, to_o1(OrderCommand::Complete), Err(Refused::NotServed));
    check_in(cooking(), &given, serve(&["l1"]), Err(Refused::NothingReady { line: line("l1") }));
    check_in(cooking(), &given, serve(&[]), Ok(&[]));
    let given = then(given, &[at_ticket("t1", TicketCommand::MarkLineReady(line("l1")))]);
    let told = ["o1 served l1 2000", "t1 bumped ", "o1 completed 2178"];
    check_in(cooking(), &given, serve(&["l1"]), Ok(&told));
    let given = vec![open(burgers()), place(), fire_new(), bump("t1"), serve(&[])];
    let told = ["p1 cash 2178 + 0", "p1 captured 2178 + 0, 0 back", "o1 applied p1 2178 + 0", "o1 completed 2178"];
    check_in(cooking(), &given, by_cash("p1", None), Ok(&told));
    // Nothing happens to the tickets of a settled order any more.
    let given = then(given, &[by_cash("p1", None)]);
    check_in(cooking(), &given, bump("t1"), Err(Refused::OrderClosed { state: Closed::Completed }));
}

#[test]
fn tickets_are_started_ready_bumped_and_recalled() {
    let given = fired_dinner();
    check_in(cooking(), &given, at_ticket("t1", TicketCommand::Start), Ok(&["t1 started"]));
    check_in(
        cooking(),
        &then(given.clone(), &[at_ticket("t1", TicketCommand::Start)]),
        at_ticket("t1", TicketCommand::Start),
        Ok(&[]),
    );
    let ready = at_ticket("t1", TicketCommand::MarkLineReady(line("l1")));
    check_in(cooking(), &given, ready.clone(), Ok(&["t1 ready l1 2000"]));
    check_in(cooking(), &then(given.clone(), std::slice::from_ref(&ready)), ready.clone(), Ok(&[]));
    check_in(
        cooking(),
        &given,
        at_ticket("t1", TicketCommand::MarkLineReady(line("l3"))),
        Err(Refused::UnknownLine { line: line("l3") }),
    );
    check_in(cooking(), &given, bump("t1"), Ok(&["t1 bumped l1 2000"]));
    check_in(cooking(), &given, at_ticket("t1", TicketCommand::Recall), Ok(&[]));
    let bumped = then(given.clone(), &[bump("t1")]);
    check_in(cooking(), &bumped, bump("t1"), Ok(&[]));
    check_in(
        cooking(),
        &bumped,
        at_ticket("t1", TicketCommand::Start),
        Err(Refused::TicketBumped { ticket: ticket("t1") }),
    );
    check_in(cooking(), &bumped, at_ticket("t1", TicketCommand::Recall), Ok(&["t1 recalled l1 2000"]));
    // What the guest has stays served.
    check_in(
        cooking(),
        &then(bumped, &[serve(&["l1"])]),
        at_ticket("t1", TicketCommand::Recall),
        Ok(&["t1 recalled "]),
    );
    // A line that was voided and removed is still on its ticket, and comes back no more.
    let gone = then(bumped_dinner(), &[void("l1", 2, true), remove("l1")]);
    check_in(cooking(), &gone, at_ticket("t1", TicketCommand::Recall), Ok(&["t1 recalled "]));
    check_in(cooking(), &given, bump("t9"), Err(Refused::UnknownTicket { ticket: ticket("t9") }));
}

#[test]
fn o7_what_is_fired_is_only_voided() {
    let given = fired_dinner();
    let fired = Refused::LineFired { line: line("l1"), fired: QtyMilli::pieces(2) };
    check_in(cooking(), &given, qty("l1", 1_000), Err(fired.clone()));
    check_in(cooking(), &given, remove("l1"), Err(fired.clone()));
    check_in(cooking(), &given, cancel(), Err(fired));
    check_in(cooking(), &given, remove("l2"), Ok(&["o1 line l2 removed", "o1 repriced 2456"]));
    check_in(cooking(), &given, qty("l1", 3_000), Ok(&["o1 line l1 now 3000", "o1 repriced 4449"]));
}

#[test]
fn s8_voids_fall_on_new_units_first() {
    let given = then(fired_dinner(), &[qty("l1", 3_000)]);
    check_in(cooking(), &given, void("l1", 1, true), Ok(&["o1 void l1 1000, 0 fired, wasted", "o1 repriced 3361"]));
    let told =
        ["o1 void l1 2000, 1000 fired, wasted", "t1 cancelled l1 1000", "waste of burger 1000", "o1 repriced 2272"];
    check_in(cooking(), &given, void("l1", 2, true), Ok(&told));
    let told = ["o1 void l1 2000, 1000 fired", "t1 cancelled l1 1000", "back burger 1000", "o1 repriced 2272"];
    check_in(cooking(), &given, void("l1", 2, false), Ok(&told));
    let left = Refused::VoidExceedsLine { line: line("l1"), left: QtyMilli::pieces(3) };
    check_in(cooking(), &given, void("l1", 4, false), Err(left));
    // What is ready is on its ticket as ready, whoever voids it.
    let given = then(fired_dinner(), &[bump("t1")]);
    let told = ["o1 void l1 1000, 1000 fired, wasted", "waste of burger 1000", "o1 repriced 2272"];
    check_in(cooking(), &given, void("l1", 1, true), Ok(&told));
}

#[test]
fn voids_without_a_kitchen_give_back_what_was_reserved() {
    check(&[open(burgers())], void("l1", 1, false), Err(Refused::OrderNotPlaced));
    let told = ["o1 void l1 1000, 0 fired", "o1 repriced 1089", "released l1 burger 1000"];
    check(&[open(burgers()), place()], void("l1", 1, false), Ok(&told));
    // Nothing is left to pay for, so nothing is left to do, unless the guests may go on.
    let told = ["o1 void l1 2000, 0 fired", "o1 repriced 0 void", "released l1 burger 2000"];
    check(&[open(burgers()), place()], void("l1", 2, false), Ok(&told));
    let told = [&told[..], &["o1 completed 0"]].concat();
    check(&[open_first(), place()], void("l1", 2, false), Ok(&told));
}

#[test]
fn voiding_what_is_fired_is_asked_for() {
    let approvals = Approvals { needed: Rights::of([Right::VoidFired]), ..Approvals::default() };
    let world = || opened(Settings { kitchen: Kitchen::On, approvals, ..settings() });
    let refused = Refused::ApprovalRequired { right: Right::VoidFired, approver: None };
    check_in(world(), &fired_dinner(), void("l1", 1, true), Err(refused));
    check_in(
        world(),
        &fired_dinner(),
        void("l2", 1, true),
        Ok(&["o1 void l2 1000, 0 fired, wasted", "o1 repriced 2456"]),
    );
}

#[test]
fn held_units_go_with_their_line() {
    let given = [open(burgers()), place(), hold(&["l1"])];
    check_in(cooking(), &given, hold(&["l1"]), Ok(&[]));
    check_in(cooking(), &given, fire_new(), Err(Refused::NothingToFire));
    let more = then(given.to_vec(), &[qty("l1", 3_000)]);
    let told = [
        "reserved l1 burger 1000",
        "committed l1 burger 1000",
        "o1 fire 1: l1 1000 took 1000",
        "t1 for grill: l1 1000",
    ];
    check_in(cooking(), &more, fire_new(), Ok(&told));
    check(&[open(burgers())], hold(&["l1"]), Err(Refused::KitchenOff));
}

fn comp(id: &str, lines: &[&str]) -> When {
    let lines = lines.iter().map(|id| line(id)).collect();
    to_o1(OrderCommand::CompLines(NewComp { discount: discount_id(id), lines, reason: text("waited") }))
}

#[test]
fn a_comp_is_a_discount_of_all_that_is_left() {
    let given = [open_first(), place(), discount("d1", DiscountScope::Order, 100_000)];
    let told_in_all = ["o1 comp c1 of l1", "o1 repriced 0", "committed l1 burger 2000", "o1 completed 0"];
    check(&given, comp("c1", &["l1"]), Ok(&told_in_all));
    check(&given, comp("d1", &["l1"]), Err(Refused::DiscountExists { discount: discount_id("d1") }));
    check(&given, comp("c1", &["l9"]), Err(Refused::UnknownLine { line: line("l9") }));
    // An order that is not placed says no amounts.
    check(&[open(burgers())], comp("c1", &["l1"]), Ok(&["o1 comp c1 of l1"]));
    // Where the kitchen still has to bring it, it stays open.
    let told = ["o1 comp c1 of l1, l2, l3", "o1 repriced 0"];
    check_in(cooking(), &fired_dinner(), comp("c1", &["l1", "l2", "l3"]), Ok(&told));
    let given = then(fired_dinner(), &[comp("c1", &["l2"])]);
    let back = to_o1(OrderCommand::RemoveDiscount(discount_id("c1")));
    check_in(cooking(), &given, back, Ok(&["o1 discount c1 removed", "o1 repriced 3361"]));
    // What was paid is too much then, until somebody gives it back.
    let given = [open_first(), place(), by_cash("p1", Some(2_000))];
    check(&given, comp("c1", &["l1"]), Ok(&told_in_all));
}

#[test]
fn o8_a_comp_is_asked_for() {
    let approvals = Approvals { needed: Rights::of([Right::Comp]), ..Approvals::default() };
    let boss =
        AccessCommand::PutStaff { staff: actor("boss"), rights: Rights::of([Right::Comp]), discount_limit: None };
    let given = [when(Command::Access(boss)), open(burgers())];
    let world = || opened(Settings { approvals, ..settings() });
    let refused =
        |approver: Option<&str>| Err(Refused::ApprovalRequired { right: Right::Comp, approver: approver.map(actor) });
    check_in(world(), &given, comp("c1", &["l1"]), refused(None));
    check_in(world(), &given, comp("c1", &["l1"]).approved_by("cook"), refused(Some("cook")));
    let told = ["o1 comp c1 of l1"];
    check_in(world(), &given, comp("c1", &["l1"]).approved_by("boss"), Ok(&told));
}

#[test]
fn o8_a_void_after_fire_is_approved_by_another() {
    let approvals = Approvals { needed: Rights::of([Right::VoidFired]), ..Approvals::default() };
    let rights = Rights::of([Right::VoidFired]);
    let boss = AccessCommand::PutStaff { staff: actor("boss"), rights, discount_limit: None };
    let given = then(vec![when(Command::Access(boss))], &fired_dinner());
    let world = || opened(Settings { kitchen: Kitchen::On, approvals, ..settings() });
    let told =
        ["o1 void l1 1000, 1000 fired, wasted", "t1 cancelled l1 1000", "waste of burger 1000", "o1 repriced 2272"];
    check_in(world(), &given, void("l1", 1, true).approved_by("boss"), Ok(&told));
    let refused = Refused::ApprovalRequired { right: Right::VoidFired, approver: Some(actor("cook")) };
    check_in(world(), &given, void("l1", 1, true).approved_by("cook"), Err(refused));
}

#[test]
fn orders_are_moved_and_served_by_somebody() {
    let table = |id: &str| to_o1(OrderCommand::SetTable(TableId::parse(id).expect("an id")));
    let server = |id: &str| to_o1(OrderCommand::AssignServer(actor(id)));
    let given = [open(burgers())];
    check(&given, table("t4"), Ok(&["o1 moved to t4"]));
    let moved = then(given.to_vec(), &[table("t4")]);
    check(&moved, table("t4"), Ok(&[]));
    check(&moved, table("t7"), Ok(&["o1 moved from t4 to t7"]));
    check(&given, server("ben"), Ok(&["o1 served by ben"]));
    check(&then(given.to_vec(), &[server("ben")]), server("ben"), Ok(&[]));
    let guests = |count| to_o1(OrderCommand::SetGuests(count));
    check(&given, guests(9), Ok(&["o1 9 guests"]));
    check(&then(given.to_vec(), &[guests(9)]), guests(9), Ok(&[]));
    let done = [open(burgers()), place(), by_cash("p1", None)];
    let closed = Refused::OrderClosed { state: Closed::Completed };
    check(&done, table("t4"), Err(closed.clone()));
    check(&done, server("ben"), Err(closed));
}
