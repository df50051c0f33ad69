//! Stock: its commands, and the mark "86", which sets and clears itself and is set and cleared by hand.

use crate::support::*;
use crate::*;

const AUTO: StockPolicy = StockPolicy::Counted { auto86: true };
const COUNTED: StockPolicy = StockPolicy::Counted { auto86: false };

fn adjust(id: &str, milli: i64) -> When {
    stock(StockCommand::Adjust { sku: sku(id), delta: QtyMilli(milli), reason: text("spilt") })
}

fn end_mark(id: &str, until: i64) -> When {
    stock(StockCommand::EndMark86 { sku: sku(id), until: at(until).now }).at(until)
}

/// All ten burgers are set aside for an order.
fn sold_out() -> Vec<When> {
    vec![open(vec![new_line("l1", "burger", 10)]), place()]
}

fn too_low(available: i64) -> Result<&'static [&'static str], Refused> {
    Err(Refused::OnHandTooLow { sku: sku("burger"), available: QtyMilli(available) })
}

#[test]
fn s1_facts_of_the_shelf() {
    check(&[], receive("burger", 5), Ok(&["received burger 5000"]));
    check(&[], count("burger", 7), Ok(&["counted burger 7000 by -3000"]));
    check(&[], adjust("burger", -2_000), Ok(&["adjusted burger by -2000"]));
    check(&[], waste("burger", 4), Ok(&["wasted burger 4000"]));
    for command in [receive("soda", 1), count("soda", 1), adjust("soda", 1), waste("soda", 1)] {
        check(&[], command, Err(Refused::StockUntracked { sku: sku("soda") }));
    }
    for command in [receive("beer", 1), mark("beer", None), unmark("beer"), end_mark("beer", 0)] {
        check(&[], command, Err(Refused::UnknownSku { sku: sku("beer") }));
    }
}

#[test]
fn s2_what_is_promised_stays_on_the_shelf() {
    let given = [open(vec![new_line("l1", "burger", 8)]), place()];
    check(&given, waste("burger", 2), Ok(&["wasted burger 2000", "86 burger by itself"]));
    check(&given, waste("burger", 3), too_low(2_000));
    check(&given, count("burger", 8), Ok(&["counted burger 8000 by -2000", "86 burger by itself"]));
    check(&given, count("burger", 7), too_low(2_000));
    check(&given, adjust("burger", -2_001), too_low(2_000));
    check(&given, adjust("burger", i64::MIN), too_low(2_000));
    check(&given, adjust("burger", i64::MAX), Err(Refused::AmountTooLarge));
    let far = stock(StockCommand::Waste { sku: sku("burger"), qty: QtyMilli(i64::MIN), reason: text("typo") });
    check(&given, far, Err(Refused::AmountTooLarge));
    check(&given, policy("burger", StockPolicy::Untracked), Err(Refused::StockReserved { sku: sku("burger") }));
}

#[test]
fn s7_auto86_sets_at_nothing_and_clears_with_goods() {
    let placed = ["o1 placed 10888", "reserved l1 burger 10000", "86 burger by itself"];
    check(&sold_out()[..1], place(), Ok(&placed));
    check(&sold_out(), cancel(), Ok(&["o1 cancelled left", "released l1 burger 10000", "un86 burger"]));
    check(&sold_out(), receive("burger", 1), Ok(&["received burger 1000", "un86 burger"]));
    check(&sold_out(), count("burger", 10), Ok(&["counted burger 10000 by 0"]));
    check(&sold_out(), count("burger", 11), Ok(&["counted burger 11000 by 1000", "un86 burger"]));
    let given = [sold_out(), vec![by_cash("p1", None)]].concat();
    check(&given, count("burger", 0), Ok(&["counted burger 0 by 0"]));
    // By hand it would come back at once, so it is refused.
    check(&sold_out(), unmark("burger"), too_low(0));
    // A policy that does not mark takes its own marks along.
    check(&sold_out(), policy("burger", COUNTED), Ok(&["tracked burger false", "un86 burger"]));
    check(&[], policy("beer", AUTO), Ok(&["tracked beer true", "86 beer by itself"]));
    check(&[], policy("burger", AUTO), Ok(&[]));
}

#[test]
fn s7_a_mark_by_hand_ends_by_hand_or_in_time() {
    check(&[], mark("burger", None), Ok(&["86 burger"]));
    check(&[mark("burger", None)], mark("burger", None), Ok(&[]));
    check(&[mark("burger", None)], mark("burger", Some(60)), Ok(&["86 burger until 60"]));
    check(&[mark("burger", None)], unmark("burger"), Ok(&["un86 burger"]));
    check(&[], unmark("burger"), Ok(&[]));
    check(&[mark("burger", None)], receive("burger", 5), Ok(&["received burger 5000"]));
    check(&[mark("burger", None)], policy("burger", COUNTED), Ok(&["tracked burger false"]));
    check(&[mark("burger", Some(60))], end_mark("burger", 60), Ok(&["un86 burger"]));
    check(&[mark("burger", Some(60))], end_mark("burger", 60).at(59), Err(Refused::NotDue));
    check(&[mark("burger", Some(60))], end_mark("burger", 61), Err(Refused::NotDue));
    check(&[mark("burger", None)], end_mark("burger", 60), Err(Refused::NotDue));
    check(&[], mark("burger", Some(0)), Err(Refused::UntilPassed));
    // Where nothing is left when it ends, the item marks itself from there on.
    let gone = [mark("burger", Some(60)), waste("burger", 10)];
    check(&gone, end_mark("burger", 60), Ok(&["un86 burger", "86 burger by itself"]));
    check(&gone, unmark("burger"), Ok(&["un86 burger", "86 burger by itself"]));
}

#[test]
fn s7_86_refuses_whatever_the_quantity() {
    let refused = |id: &str, wanted, available| {
        let short =
            Shortage { sku: sku(id), wanted: QtyMilli(wanted), available: QtyMilli(available), marked_86: true };
        Err(Refused::OutOfStock { shortages: vec![short] })
    };
    let given = |id: &str| vec![open(vec![new_line("l1", id, 1)]), mark(id, Some(60))];
    check(&given("burger"), place(), refused("burger", 1_000, 10_000));
    // A mark counts where nothing is counted, too.
    check(&given("soda"), place(), refused("soda", 1_000, 0));
    // It ends with its time, though the engine be late.
    check(&given("burger"), place().at(60), Ok(&["o1 placed 1089", "reserved l1 burger 1000"]));
    // What is reserved already stays so.
    let given = [open(burgers()), place(), mark("burger", None)];
    check(&given, qty("l1", 3_000), refused("burger", 1_000, 8_000));
    check(&given, qty("l1", 1_000), Ok(&["o1 line l1 now 1000", "o1 repriced 1089", "released l1 burger 1000"]));
    check(&given, discount("d1", DiscountScope::Order, 100_000), Ok(&["o1 discount d1", "o1 repriced 1960"]));
}

#[test]
fn s4_an_order_gets_all_or_nothing() {
    let small = |id, pieces| NewLine { variation: Some(variation("small")), ..new_line(id, "pizza", pieces) };
    let lines = vec![new_line("l1", "burger", 9), new_line("l2", "slider", 2), small("l3", 7)];
    let short = |id: &str, wanted, available| Shortage {
        sku: sku(id),
        wanted: QtyMilli(wanted),
        available: QtyMilli(available),
        marked_86: false,
    };
    let shortages = vec![short("burger", 11_000, 10_000), short("dough", 7_000, 6_000)];
    check(&[open(lines)], place(), Err(Refused::OutOfStock { shortages }));
    let lines = vec![new_line("l1", "burger", 8), new_line("l2", "slider", 2), small("l3", 6)];
    check(
        &[open(lines)],
        place(),
        Ok(&["o1 placed 14467", "reserved l1 burger 8000, l2 burger 2000, l3 dough 6000", "86 burger by itself"]),
    );
}
