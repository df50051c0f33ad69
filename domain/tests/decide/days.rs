//! Business days: what a Z report says, and where things are booked after it.

use crate::*;
use domain::calendar::Date;

pub fn march(day: u32) -> Date {
    Date::from_ymd(2026, 3, day).expect("a date")
}

pub fn close(day: u32) -> When {
    when(to_store(StoreCommand::CloseDay { date: march(day) }))
}

#[test]
fn d3_a_z_report_says_what_was_booked() {
    let quiet = "z 1 of 2026-03-02: 0 for 0, 0 + 0 + 0 + 0 in, 0 for 0 out, 0 in all";
    check(&[], close(2), Ok(&[quiet]));
    let given = [
        open(burgers()),
        place(),
        pay("p1", Some(1_000), 100, Method::Cash { tendered: None, drawer: None }),
        by_card("p2", None),
        another(),
        when(to_order("o3", OrderCommand::Cancel { reason: CancelReason::Requested(text("left")) })),
    ];
    let busy = "z 1 of 2026-03-02: 1 for 2178, 1000 + 0 + 100 + 0 in, 0 for 0 out, 2178 in all, o1 open, p2 waits";
    // The second order was placed and taken back.
    check(&given, close(2), Ok(&[busy]));
}

#[test]
fn d3_numbers_and_sums_go_on() {
    let given = vec![open(burgers()), place(), close(2), by_cash("p1", None), back("p1", "r1", 178, 0), another()];
    let second = "z 2 of 2026-03-03: 1 for 1089, 2178 + 0 + 0 + 0 in, 1 for 178 out, 3267 in all, o3 open";
    check(&given, close(3).at(86_400), Ok(&[second]));
}

/// Another order, of one burger.
fn another() -> When {
    let lines = vec![new_line("l1", "burger", 1)];
    when(to_order("o3", OrderCommand::Open(NewOrder { lines, place: Some(Place::default()), ..new_order() })))
}

#[test]
fn d4_closing_again_changes_nothing() {
    check(&[close(2)], close(2), Ok(&[]));
    check(&[close(2)], close(1), Err(Refused::DayClosed { closed: march(2) }));
    check(&[], close(3), Err(Refused::DayNotBegun { today: march(2) }));
    let later = "z 2 of 2026-03-03: 0 for 0, 0 + 0 + 0 + 0 in, 0 for 0 out, 0 in all";
    check(&[close(2)], close(3).at(86_400), Ok(&[later]));
}

#[test]
fn t2_what_comes_after_the_closing_is_booked_on_the_next_day() {
    let given = [open(burgers()), place(), by_cash("p1", None), close(2)];
    let gave = |date: &str| format!("o1 gave back r1 100 + 0 + 0 on {date}");
    let next = gave("2026-03-03");
    let out = ["p1 refund r1 100 + 0 + 0", "p1 refund r1 succeeded", next.as_str()];
    check(&given, back("p1", "r1", 100, 0), Ok(&out));
    let later = gave("2026-03-05");
    let out = ["p1 refund r1 100 + 0 + 0", "p1 refund r1 succeeded", later.as_str()];
    check(&given, back("p1", "r1", 100, 0).at(3 * 86_400), Ok(&out));
}

#[test]
fn imported_orders_reach_no_z() {
    let given = [open(burgers()).imported(), place().imported(), by_cash("p1", None).imported()];
    let quiet = "z 1 of 2026-03-02: 0 for 0, 0 + 0 + 0 + 0 in, 0 for 0 out, 0 in all";
    check(&given, close(2), Ok(&[quiet]));
}
