//! Orders: every command in every state, and what changes of placed orders do to amounts and stock.

use crate::support::*;
use crate::*;

fn given_open() -> Vec<When> {
    vec![open(burgers())]
}

fn given_placed() -> Vec<When> {
    vec![open(burgers()), place()]
}

fn given_part_paid() -> Vec<When> {
    vec![open(burgers()), place(), by_cash("p1", Some(1_000))]
}

fn given_completed() -> Vec<When> {
    vec![open(burgers()), place(), by_cash("p1", None)]
}

fn given_cancelled() -> Vec<When> {
    vec![open(burgers()), cancel()]
}

/// One command in all states: absent, open, placed, partly paid; completed and cancelled ones refuse it.
#[track_caller]
fn check_states(command: When, then: [Result<&[&str], Refused>; 4]) {
    let unknown = Err(Refused::UnknownOrder { order: order("o1") });
    assert_eq!(then[0].clone().map(|_| ()), unknown);
    let given = [vec![], given_open(), given_placed(), given_part_paid()];
    for (given, then) in given.iter().zip(then) {
        check(given, command.clone(), then);
    }
    check(&given_completed(), command.clone(), Err(Refused::OrderClosed { state: Closed::Completed }));
    check(&given_cancelled(), command, Err(Refused::OrderClosed { state: Closed::Cancelled }));
}

fn unknown() -> Result<&'static [&'static str], Refused> {
    Err(Refused::UnknownOrder { order: order("o1") })
}

#[test]
fn o6_open() {
    check(&[], open(burgers()), Ok(&["o1 opened 1 on 2026-03-02", "o1 line l1 burger x 2000 at 1000"]));
    for given in [given_open(), given_placed(), given_part_paid(), given_completed(), given_cancelled()] {
        check(&given, open(vec![]), Err(Refused::OrderExists { order: order("o1") }));
    }
}

#[test]
fn o6_add_lines() {
    let line = "o1 line l2 slider x 1000 at 150";
    let placed = [line, "o1 repriced 2341", "reserved l2 burger 1000"];
    check_states(add(vec![new_line("l2", "slider", 1)]), [unknown(), Ok(&[line]), Ok(&placed), Ok(&placed)]);
    check(&given_placed(), add(vec![]), Ok(&[]));
}

#[test]
fn o6_change_qty() {
    let placed = ["o1 line l1 now 1000", "o1 repriced 1089", "released l1 burger 1000"];
    check_states(qty("l1", 1_000), [unknown(), Ok(&["o1 line l1 now 1000"]), Ok(&placed), Ok(&placed)]);
    check(
        &given_placed(),
        qty("l1", 10_000),
        Ok(&["o1 line l1 now 10000", "o1 repriced 10888", "reserved l1 burger 8000", "86 burger by itself"]),
    );
    check(&given_placed(), qty("l1", 2_000), Ok(&[]));
}

#[test]
fn o6_remove_line() {
    // The last line comes off like any other (rule O14), whatever was paid for it.
    let placed = ["o1 line l1 removed", "o1 repriced 0 void", "released l1 burger 2000"];
    check_states(remove("l1"), [unknown(), Ok(&["o1 line l1 removed"]), Ok(&placed), Ok(&placed)]);
    check(
        &[open([burgers(), vec![new_line("l2", "slider", 1)]].concat()), place()],
        remove("l1"),
        Ok(&["o1 line l1 removed", "o1 repriced 163", "released l1 burger 2000"]),
    );
}

#[test]
fn o6_discounts() {
    let placed = ["o1 discount d1", "o1 repriced 1960"];
    check_states(
        discount("d1", DiscountScope::Order, 100_000),
        [unknown(), Ok(&["o1 discount d1"]), Ok(&placed), Ok(&placed)],
    );
    let none = || Err(Refused::UnknownDiscount { discount: discount_id("d1") });
    let take_off = to_o1(OrderCommand::RemoveDiscount(discount_id("d1")));
    check_states(take_off.clone(), [unknown(), none(), none(), none()]);
    let given = [given_placed(), vec![discount("d1", DiscountScope::Order, 100_000)]].concat();
    check(&given, take_off, Ok(&["o1 discount d1 removed", "o1 repriced 2178"]));
}

#[test]
fn o6_service_charges() {
    let placed = ["o1 charge c1", "o1 repriced 2396"];
    check_states(charge("c1", NewChargePhase::Total), [unknown(), Ok(&["o1 charge c1"]), Ok(&placed), Ok(&placed)]);
    let none = || Err(Refused::UnknownServiceCharge { charge: charge_id("c1") });
    let take_off = to_o1(OrderCommand::RemoveServiceCharge(charge_id("c1")));
    check_states(take_off.clone(), [unknown(), none(), none(), none()]);
    let given = [given_placed(), vec![charge("c1", NewChargePhase::Total)]].concat();
    check(&given, take_off, Ok(&["o1 charge c1 removed", "o1 repriced 2178"]));
}

#[test]
fn o6_place() {
    let again = || Err(Refused::OrderAlreadyPlaced);
    check_states(place(), [unknown(), Ok(&["o1 placed 2178", "reserved l1 burger 2000"]), again(), again()]);
}

#[test]
fn o6_cancel() {
    let captured = Err(Refused::MoneyCaptured { captured: Money(1_000) });
    let placed = ["o1 cancelled left", "released l1 burger 2000"];
    check_states(cancel(), [unknown(), Ok(&["o1 cancelled left"]), Ok(&placed), captured]);
}

#[test]
fn o6_complete() {
    let complete = to_o1(OrderCommand::Complete);
    let due = |due| Err(Refused::PaymentDue { due: Money(due) });
    check(&[], complete.clone(), unknown());
    check(&given_open(), complete.clone(), Err(Refused::OrderNotPlaced));
    check(&given_placed(), complete.clone(), due(2_178));
    check(&given_part_paid(), complete.clone(), due(1_178));
    check(&given_completed(), complete.clone(), Ok(&[]));
    check(&given_cancelled(), complete, Err(Refused::OrderClosed { state: Closed::Cancelled }));
}

#[test]
fn o6_time_out() {
    let not_due = || Err(Refused::NotDue);
    check_states(time_out(900).at(900), [unknown(), not_due(), not_due(), not_due()]);
}

#[test]
fn s6_deadline_of_a_pay_first_order() {
    let given = [open_first(), place()];
    check(&given[..1], place(), Ok(&["o1 placed 2178 until 900", "reserved l1 burger 2000"]));
    check(&given, time_out(900).at(899), Err(Refused::NotDue));
    check(&given, time_out(901).at(901), Err(Refused::NotDue));
    check(&given, time_out(900).at(900), Ok(&["o1 timed out", "released l1 burger 2000"]));
    // All attempts end with the order, those that failed before do not end again.
    let paying = [given.to_vec(), vec![by_card("p1", None), failed("p1"), by_card("p2", Some(9)), by_card("p3", None)]];
    let ended = ["o1 timed out", "p2 expired", "p3 expired", "released l1 burger 2000"];
    check(&paying.concat(), time_out(900).at(900), Ok(&ended));
    // Part of the money stops the clock.
    let part = [given.to_vec(), vec![by_cash("p1", Some(1))]].concat();
    check(&part, time_out(900).at(900), Err(Refused::NotDue));
    // A late engine changes nothing: who pays first is served.
    let complete = ["p1 cash 2178 + 0", "p1 captured 2178 + 0, 0 back", "o1 applied p1 2178 + 0"];
    let settled = ["committed l1 burger 2000", "o1 completed 2178"];
    check(&given, by_cash("p1", None).at(2_000), Ok(&[complete.to_vec(), settled.to_vec()].concat()));
    check(&[open_first()], place().imported(), Err(Refused::NotImported { order: order("o1") }));
    check(&[open_first().imported()], place().imported(), Ok(&["o1 placed 2178", "reserved l1 burger 2000"]));
}

#[test]
fn an_order_is_opened_priced_and_placed_in_one_commit() {
    let new = NewOrder { lines: burgers(), place: Some(Place { expected_total: Some(Money(2_178)) }), ..new_order() };
    let opened = ["o1 opened 1 on 2026-03-02", "o1 line l1 burger x 2000 at 1000"];
    let placed = ["o1 placed 2178", "reserved l1 burger 2000"];
    check(&[], to_o1(OrderCommand::Open(new.clone())), Ok(&[opened, placed].concat()));
    let new = NewOrder { place: Some(Place { expected_total: Some(Money(2_177)) }), ..new };
    let mismatch = Refused::TotalMismatch { expected: Money(2_177), actual: Money(2_178) };
    check(&[], to_o1(OrderCommand::Open(new)), Err(mismatch));
}

#[test]
fn an_order_of_nothing_that_is_paid_first_is_settled_when_it_is_placed() {
    let open = |lines| to_o1(OrderCommand::Open(NewOrder { lines, pay_mode: PayMode::First, ..new_order() }));
    check(&[open(vec![new_line("l1", "water", 3)])], place(), Ok(&["o1 placed 0 until 900", "o1 completed 0"]));
    check(
        &[open_first(), discount("d1", DiscountScope::Order, 1_000_000)],
        place(),
        Ok(&["o1 placed 0 until 900", "reserved l1 burger 2000", "committed l1 burger 2000", "o1 completed 0"]),
    );
    check(
        &[open_first(), place()],
        discount("d1", DiscountScope::Order, 1_000_000),
        Ok(&["o1 discount d1", "o1 repriced 0", "committed l1 burger 2000", "o1 completed 0"]),
    );
}

#[test]
fn o14_a_tab_ends_when_somebody_says_so() {
    let complete = || to_o1(OrderCommand::Complete);
    let free = [open(vec![new_line("l1", "water", 3)]), place()];
    check(&free[..1], place(), Ok(&["o1 placed 0"]));
    check(&free, complete(), Ok(&["o1 completed 0"]));
    check(&free, cancel(), Ok(&["o1 cancelled left"]));
    let settled = ["committed l1 burger 2000", "o1 completed 0"];
    let nothing = discount("d1", DiscountScope::Order, 1_000_000);
    check(&given_placed(), nothing.clone(), Ok(&["o1 discount d1", "o1 repriced 0"]));
    check(&[given_placed(), vec![nothing]].concat(), complete(), Ok(&settled));
    // Part of it was paid, and the rest is taken off: that was no payment.
    let given = [given_placed(), vec![by_cash("p1", Some(1_089))]].concat();
    let less = ["o1 line l1 now 1000", "o1 repriced 1089", "released l1 burger 1000"];
    check(&given, qty("l1", 1_000), Ok(&less));
    let settled = ["committed l1 burger 1000", "o1 completed 1089"];
    check(&[given, vec![qty("l1", 1_000)]].concat(), complete(), Ok(&settled));
    // What is on it again is no void order any more.
    let void = [given_placed(), vec![remove("l1")]].concat();
    check(&void, add(vec![new_line("l2", "soda", 1)]), Ok(&["o1 line l2 soda x 1000 at 255", "o1 repriced 278"]));
}

#[test]
fn a_change_that_leaves_nothing_due_settles_an_order_that_is_paid_first() {
    let given = [open_first(), place(), by_cash("p1", Some(1_089))];
    let released = ["o1 line l1 now 1000", "o1 repriced 1089", "released l1 burger 1000"];
    let settled = ["committed l1 burger 1000", "o1 completed 1089"];
    check(&given, qty("l1", 1_000), Ok(&[released.to_vec(), settled.to_vec()].concat()));
    // So does one that leaves less than was paid: what is too much is given back by somebody.
    let below = [
        "o1 line l1 now 500",
        "o1 repriced 544",
        "released l1 burger 1500",
        "committed l1 burger 500",
        "o1 completed 544",
    ];
    check(&given, qty("l1", 500), Ok(&below));
}

#[test]
fn a_discount_of_a_removed_line_applies_to_those_left() {
    let lines = [burgers(), vec![new_line("l2", "slider", 1)]].concat();
    let both = DiscountScope::Lines(vec![line("l1"), line("l2")]);
    let given = [open(lines.clone()), discount("d1", both, 500_000), place()];
    check(&given, remove("l1"), Ok(&["o1 line l1 removed", "o1 repriced 82", "released l1 burger 2000"]));
    // Where none is left it takes nothing off, and the id of the line it was for is not given to another.
    let first = DiscountScope::Lines(vec![line("l1")]);
    let given = [open(lines), discount("d1", first, 500_000), place()];
    check(&given, remove("l1"), Ok(&["o1 line l1 removed", "o1 repriced 163", "released l1 burger 2000"]));
    let given = [given.to_vec(), vec![remove("l1")]].concat();
    check(&given, add(burgers()), Err(Refused::LineExists { line: line("l1") }));
}

#[test]
fn a_placed_order_reserves_only_what_a_change_asks_for() {
    // Soda was not counted when it was ordered. That it is counted now, and gone, is no matter for a discount.
    let lines = [burgers(), vec![new_line("l2", "soda", 2)]].concat();
    let auto = StockPolicy::Counted { auto86: true };
    let given = [open(lines), place(), policy("soda", auto)];
    let discounted = ["o1 discount d1", "o1 repriced 2460"];
    check(&given, discount("d1", DiscountScope::Order, 100_000), Ok(&discounted));
    check(&given, qty("l2", 1_000), Ok(&["o1 line l2 now 1000", "o1 repriced 2456"]));
    check(&given, remove("l2"), Ok(&["o1 line l2 removed", "o1 repriced 2178"]));
    let short = |wanted, available| Shortage { sku: sku("soda"), wanted: QtyMilli(wanted), available, marked_86: true };
    let refused = Refused::OutOfStock { shortages: vec![short(1_000, QtyMilli::ZERO)] };
    check(&given, qty("l2", 3_000), Err(refused));
    let given = [given.to_vec(), vec![receive("soda", 5)]].concat();
    check(&given, qty("l2", 3_000), Ok(&["o1 line l2 now 3000", "o1 repriced 3011", "reserved l2 soda 1000"]));
    // Nor is a mark on something that is not counted.
    let given = [open(vec![new_line("l2", "soda", 2)]), place(), mark("soda", None)];
    check(&given, qty("l2", 1_000), Ok(&["o1 line l2 now 1000", "o1 repriced 278"]));
}

#[test]
fn o9_display_numbers_count_by_terminal_and_date() {
    let mut world = opened(settings());
    let number = |world: &mut World, id: &str, from: Option<&str>, seconds: i64| {
        let context = Context { terminal: from.map(terminal), ..at(seconds) };
        let events = world.run(&to_order(id, OrderCommand::Open(new_order())), &context).expect("an order");
        tell(&events[0])
    };
    assert_eq!(number(&mut world, "o1", None, 0), "o1 opened 1 on 2026-03-02");
    assert_eq!(number(&mut world, "o2", Some("t1"), 0), "o2 opened t1-1 on 2026-03-02");
    assert_eq!(number(&mut world, "o3", None, 0), "o3 opened 2 on 2026-03-02");
    assert_eq!(number(&mut world, "o4", Some("t1"), 75_599), "o4 opened t1-2 on 2026-03-02");
    assert_eq!(number(&mut world, "o5", Some("t1"), 75_600), "o5 opened t1-1 on 2026-03-03");
    // What was recorded after the fact takes no number from those who count.
    let imported =
        When { command: to_order("o6", OrderCommand::Open(new_order())), ..when(place().command).imported() };
    check_in(world.clone(), &[], imported.clone(), Ok(&["o6 opened #o6 on 2026-03-02"]));
    let new = NewOrder { display_number: Some(text("A 17")), ..new_order() };
    let named = When { command: to_order("o6", OrderCommand::Open(new)), ..imported };
    check_in(world, &[], named, Ok(&["o6 opened A 17 on 2026-03-02"]));
}

#[test]
fn o3_defaults_are_explicit() {
    let added = |new: NewLine| -> Vec<String> {
        let world = opened(settings());
        let events = world.decide(&open(vec![new]).command, &at(0)).expect("an order");
        let Event::Order(_, OrderEvent::LineAdded(line)) = &events[1] else { panic!("{events:?}") };
        line.modifiers
            .iter()
            .map(|chosen| format!("{} {} {}", chosen.modifier, chosen.qty, chosen.unit_price))
            .collect()
    };
    assert_eq!(added(new_line("l1", "burger", 1)), ["ketchup 1 0"]);
    let chosen = NewLine {
        modifiers: vec![choice("toppings", "bacon", 2), choice("sauce", "dry", 1)],
        ..new_line("l1", "burger", 1)
    };
    assert_eq!(added(chosen), ["dry 1 -30", "bacon 2 150"]);
}

#[test]
fn amounts_at_the_bounds_are_refused_not_wrapped() {
    let special = |id, price, milli| NewLine {
        qty: QtyMilli(milli),
        open_price: Some(Money(price)),
        ..new_line(id, "special", 1)
    };
    let max = special("l1", Money::MAX_ABS, 1_000);
    check(&[open(vec![max.clone()])], place(), Ok(&["o1 placed 1000000000000000"]));
    check(&[], open(vec![max.clone(), special("l2", 1, 1_000)]), Err(Refused::AmountTooLarge));
    check(&[open(vec![max.clone()])], qty("l1", 1_001), Err(Refused::AmountTooLarge));
    check(&[open(vec![max]), place()], charge("c1", NewChargePhase::Total), Err(Refused::AmountTooLarge));
    check(&[], open(vec![special("l1", Money::MAX_ABS, QtyMilli::MAX.0)]), Err(Refused::AmountTooLarge));
    let cheap = NewLine { modifiers: vec![choice("toppings", "plain", 3)], ..new_line("l1", "slider", 1) };
    check(&[], open(vec![cheap]), Err(Refused::NegativePrice { line: line("l1") }));
}

#[test]
fn store_prices_and_availability() {
    let set = |price: Option<i64>| {
        when(to_store(StoreCommand::SetPrice { item: item("burger"), variation: None, price: price.map(Money) }))
    };
    let sells = |available| when(to_store(StoreCommand::SetAvailability { item: item("burger"), available }));
    let opened = "o1 opened 1 on 2026-03-02";
    check(&[], set(Some(900)), Ok(&["price burger 900"]));
    check(&[set(Some(900))], set(Some(900)), Ok(&[]));
    check(&[set(Some(900))], open(burgers()), Ok(&[opened, "o1 line l1 burger x 2000 at 900"]));
    check(&[set(Some(900)), set(None)], open(burgers()), Ok(&[opened, "o1 line l1 burger x 2000 at 1000"]));
    check(&[sells(false)], sells(false), Ok(&[]));
    check(&[sells(false)], sells(true), Ok(&["sells burger true"]));
    check(&[], when(to_store(StoreCommand::Put(settings()))), Ok(&[]));
    check(&[], when(to_store(StoreCommand::AdoptMenu { version: 1 })), Ok(&[]));
    check_in(World::default(), &[], when(to_store(StoreCommand::Put(settings()))), Ok(&["opened Corner"]));
}

#[test]
fn deadlines_are_told_to_the_engine() {
    let mut world = opened(settings());
    for step in [open_first(), place(), by_card("p1", None), mark("soda", Some(60))] {
        world.run(&step.command, &step.context()).expect("a step");
    }
    let store = world.open();
    assert_eq!(store.due_at(Due::Order(order("o1"))), Some(at(900).now));
    assert_eq!(store.due_at(Due::Payment(payment("p1"))), Some(at(900).now));
    assert_eq!(store.due_at(Due::Mark86(sku("soda"))), Some(at(60).now));
    assert_eq!(store.due_at(Due::Order(order("o2"))), None);
}
