//! Business days: what a Z report says, and where things are booked before and after it.

use crate::*;
use domain::calendar::Date;
use domain::check::CheckId;
use domain::event::Document;
use domain::store::{CashShifts, Settings};

/// Nothing was booked.
const NOTHING: &str = "0 for 0 - 0 + 0 + 0 = 0, 0 + 0 + 0 + 0 in, 0 for 0 (0) out";
/// The next day, in seconds.
const DAY: i64 = 86_400;

pub fn march(day: u32) -> Date {
    Date::from_ymd(2026, 3, day).expect("a date")
}

pub fn begin(day: u32) -> When {
    when(to_store(StoreCommand::OpenDay { date: march(day) }))
}

pub fn close(day: u32) -> When {
    when(to_store(StoreCommand::CloseDay { date: march(day), chain: None }))
}

/// Another order, of one burger.
fn another(id: &str) -> When {
    let lines = vec![new_line("l1", "burger", 1)];
    when(to_order(id, OrderCommand::Open(NewOrder { lines, place: Some(Place::default()), ..new_order() })))
}

fn in_cash(id: &str, share: Option<i64>, tip: i64) -> When {
    pay(id, share, tip, Method::Cash { tendered: None, drawer: None })
}

#[test]
fn d3_a_z_report_says_what_was_booked() {
    let quiet = format!("z 1 of 2026-03-02: {NOTHING}, 0 in all");
    check(&[], close(2), Ok(&[&quiet]));
    check(&[begin(2)], close(2), Ok(&[&quiet]));
    let given = [
        begin(2),
        open(burgers()),
        place(),
        in_cash("p1", Some(1_000), 100),
        by_card("p2", None),
        another("o3"),
        when(to_order("o3", OrderCommand::Cancel { reason: CancelReason::Requested(text("left")) })),
    ];
    // The second order was placed and taken back.
    let busy = "z 1 of 2026-03-02: 1 for 2000 - 0 + 0 + 178 = 2178, 1000 + 0 + 100 + 0 in, 0 for 0 (0) out, \
                2178 in all, o1 open for 1178, p2 waits";
    check(&given, close(2), Ok(&[busy]));
}

#[test]
fn d3_numbers_and_sums_go_on() {
    let given = vec![
        begin(2),
        open(burgers()),
        place(),
        close(2),
        by_cash("p1", None),
        back("p1", "r1", 178, 0),
        another("o3"),
    ];
    let second = "z 2 of 2026-03-03: 1 for 1000 - 0 + 0 + 89 = 1089, 2178 + 0 + 0 + 0 in, 1 for 178 (178) out, \
                  3267 in all, o3 open for 1089";
    check(&given, close(3).at(DAY), Ok(&[second]));
}

#[test]
fn a_first_closing_without_an_opening_takes_everything_so_far() {
    let given = [open(burgers()), place(), by_cash("p1", None)];
    let sold = "1 for 2000 - 0 + 0 + 178 = 2178, 2178 + 0 + 0 + 0 in, 0 for 0 (0) out, 2178 in all";
    check(&given, close(2), Ok(&[&format!("z 1 of 2026-03-02: {sold}")]));
    // An opening carries it into the first day as well.
    check(&given, begin(2), Ok(&["opened 2026-03-02 with 2178"]));
    let given = [&given[..], &[begin(2)]].concat();
    check(&given, close(2), Ok(&[&format!("z 1 of 2026-03-02: {sold}")]));
}

#[test]
fn d4_closing_again_changes_nothing() {
    check(&[close(2)], close(2), Ok(&[]));
    check(&[close(2)], close(1), Err(Refused::DayClosed { closed: march(2) }));
    check(&[], close(3), Err(Refused::DayNotBegun { today: march(2) }));
    check(&[begin(1)], close(2), Err(Refused::DayOpen { open: march(1) }));
    check(&[close(2)], close(3).at(DAY), Ok(&[&format!("z 2 of 2026-03-03: {NOTHING}, 0 in all")]));
}

#[test]
fn a_day_is_opened_once() {
    check(&[], begin(2), Ok(&["opened 2026-03-02"]));
    check(&[begin(2)], begin(2), Ok(&[]));
    check(&[begin(2)], begin(3).at(DAY), Err(Refused::DayOpen { open: march(2) }));
    check(&[close(2)], begin(2), Err(Refused::DayClosed { closed: march(2) }));
    check(&[], begin(3), Err(Refused::DayNotBegun { today: march(2) }));
    check(&[close(2)], begin(3).at(DAY), Ok(&["opened 2026-03-03"]));
}

#[test]
pub fn d1_all_cash_is_counted_before_a_closing() {
    let in_shifts = || opened(Settings { cash_shifts: CashShifts::Required, ..settings() });
    let shift = || crate::drawers::shift("d1", 0);
    let refused = Refused::ShiftsOpen { drawers: vec![drawer("d1")] };
    check_in(in_shifts(), &[begin(2), shift()], close(2), Err(refused));
    let quiet = format!("z 1 of 2026-03-02: {NOTHING}, 0 in all");
    check_in(in_shifts(), &[begin(2), shift(), crate::drawers::close("d1", 0)], close(2), Ok(&[&quiet]));
    // Where nobody asks for shifts, one that is open is named.
    check(&[begin(2), shift()], close(2), Ok(&[&format!("{quiet}, d1 not counted")]));
}

#[test]
fn t2_an_order_that_was_never_placed_opens_no_day() {
    let given = [open(burgers()), close(2)];
    check(&given, cancel(), Ok(&["o1 cancelled left"]));
    let placed = [open(burgers()), place(), close(2)];
    check(&placed, cancel(), Ok(&["opened 2026-03-03", "o1 cancelled left", "released l1 burger 2000"]));
}

#[test]
fn t2_what_comes_after_the_closing_opens_the_next_day() {
    let given = [begin(2), open(burgers()), place(), by_cash("p1", None)];
    let out = |date: &str| {
        let gave = format!("o1 gave back r1 100 + 0 + 0 on {date}");
        ["p1 refund r1 100 + 0 + 0".to_owned(), "p1 refund r1 succeeded".to_owned(), gave]
    };
    let told = |lines: &[String], then: When, given: &[When]| {
        check(given, then, Ok(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
    };
    let opens = |date: &str| [&[format!("opened {date}")][..], &out(date)[..]].concat();
    // The day that is open takes whatever comes, late as it may be.
    told(&out("2026-03-02"), back("p1", "r1", 100, 0).at(3 * DAY), &given);
    let closed = [&given[..], &[close(2)]].concat();
    told(&opens("2026-03-03"), back("p1", "r1", 100, 0), &closed);
    told(&opens("2026-03-05"), back("p1", "r1", 100, 0).at(3 * DAY), &closed);
    let opened = [&closed[..], &[begin(3).at(DAY)]].concat();
    told(&out("2026-03-03"), back("p1", "r1", 100, 0).at(3 * DAY), &opened);
}

#[test]
fn what_is_not_booked_opens_no_day() {
    let given = [begin(2), close(2)];
    let Ok(events) = ({
        let mut world = opened(settings());
        given.iter().for_each(|step| _ = world.run(&step.command, &step.context()).expect("it is taken"));
        let draft = open(burgers());
        world.decide(&draft.command, &draft.context())
    }) else {
        panic!("an order opens")
    };
    assert!(events.iter().all(|event| !matches!(event, Event::Day(_))));
}

#[test]
fn imported_orders_reach_no_z() {
    let given = [begin(2), open(burgers()).imported(), place().imported(), by_cash("p1", None).imported()];
    check(&given, close(2), Ok(&[&format!("z 1 of 2026-03-02: {NOTHING}, 0 in all")]));
}

/// What the door knows of the history goes into the report as it is.
#[test]
fn a1_a_z_report_commits_to_the_history_before_it() {
    let chain = Some(domain::event::ChainHead { position: 918, hash: [0xab; 32] });
    let close = when(to_store(StoreCommand::CloseDay { date: march(2), chain }));
    check(&[], close, Ok(&[&format!("z 1 of 2026-03-02: {NOTHING}, 0 in all, behind 918 ab")]));
}

fn print(document: Document, check: Option<u8>) -> When {
    let check = check.map(|number| CheckId::new(number.into()).expect("a check"));
    when(to_order("o1", OrderCommand::Print { document, check }))
}

#[test]
fn a_print_is_a_fact_and_a_reprint_another() {
    use Document::{Bill, Receipt};
    let placed = [open(burgers()), place()];
    check(&placed[..1], print(Bill, None), Err(Refused::OrderNotPlaced));
    check(&placed, print(Bill, None), Ok(&["o1 Bill 1 of check 1"]));
    check(&placed, print(Bill, Some(2)), Err(Refused::UnknownCheck { check: CheckId::new(2).expect("a check") }));
    check(&placed, print(Receipt, None), Err(Refused::PaymentDue { due: Money(2_178) }));
    let paid = [&placed[..], &[print(Bill, None), by_cash("p1", None)]].concat();
    check(&paid, print(Receipt, None), Ok(&["o1 Receipt 1 of check 1"]));
    check(&paid, print(Bill, Some(1)), Ok(&["o1 Bill 2 of check 1"]));
    check(&paid, print(Bill, Some(2)), Err(Refused::UnknownCheck { check: CheckId::new(2).expect("a check") }));
    let receipt = [&paid[..], &[print(Receipt, None)]].concat();
    check(&receipt, print(Receipt, None), Ok(&["o1 Receipt 2 of check 1"]));
    // What is printed after a closing is counted on the next day.
    let closed = [&receipt[..], &[close(2)]].concat();
    check(&closed, print(Receipt, None), Ok(&["opened 2026-03-03", "o1 Receipt 2 of check 1"]));
    let cancelled = [&placed[..], &[cancel()]].concat();
    check(&cancelled, print(Bill, None), Err(Refused::OrderClosed { state: Closed::Cancelled }));
}
