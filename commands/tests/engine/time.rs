//! Deadlines and the engine's clock.

use crate::support::*;
use commands::{CommandError, Doubt, Options};
use domain::calendar::{Date, Timestamp};
use domain::command::{Method, Outcome, PaymentCommand, Source, StockCommand, StoreCommand};
use domain::event::{CancelReason, Event, OrderEvent, PaymentEvent, StockEvent};
use domain::ids::TenderId;
use domain::refused::Refused;
use eventlog::open_memory;
use std::sync::atomic::Ordering;

fn is_timed_out(event: &Event) -> bool {
    matches!(event, Event::Order(_, OrderEvent::OrderCancelled { reason: CancelReason::PaymentTimeout }))
}

fn is_expired(event: &Event) -> bool {
    matches!(event, Event::Payment(_, PaymentEvent::PaymentExpired))
}

/// Gives the engine occasion to do again what it has done.
fn let_it_look_around(house: &House) {
    for _ in 0..3 {
        house.must(receive(1));
    }
}

#[test]
fn an_unpaid_order_is_cancelled_and_its_stock_released_in_one_commit() {
    let house = House::furnished(open_memory(), 2);
    house.must(burgers_first("o1", 2));
    house.must(pay("p1", "o1", Method::External(TenderId::parse("card").expect("an id"))));
    house.set_clock(TIMEOUT_S - 1);
    assert!(matches!(house.refused(burgers("o2", 1)), Refused::OutOfStock { .. }));
    house.set_clock(TIMEOUT_S);
    house.await_events(1, is_timed_out);
    house.must(burgers("o2", 2));
    house.set_clock(10 * TIMEOUT_S);
    let_it_look_around(&house);
    let log = commits(house.engine.reader());
    let timed_out: Vec<_> = log.iter().filter(|commit| commit.events.iter().any(|e| is_timed_out(&e.event))).collect();
    let [commit] = timed_out[..] else { panic!("cancelled once, not {} times", timed_out.len()) };
    let streams: Vec<&str> = commit.events.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(streams, ["order-m1.s1.o1", "payment-m1.s1.p1", "stock-m1.s1"]);
    assert!(matches!(commit.events[2].event, Event::Stock(StockEvent::StockReleased { .. })));
    assert_eq!(count_events(house.engine.reader(), is_expired), 1);
}

#[test]
fn an_order_that_is_paid_in_time_is_left_alone() {
    let house = House::furnished(open_memory(), 2);
    house.must(burgers_first("paid", 1));
    house.must(cash("p1", "paid"));
    house.must(burgers_first("cancelled", 1));
    house.must(cancel("cancelled"));
    let before = house.engine.stats().snapshot();
    house.set_clock(10 * TIMEOUT_S);
    let_it_look_around(&house);
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 0);
    // The deadlines are gone, not only refused when they come.
    assert_eq!(house.engine.stats().snapshot().refused, before.refused);
}

#[test]
fn a_deadline_survives_restarts_and_passes_once() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 2);
    house.must(burgers_first("o1", 2));
    drop(house.stop());
    // Once before it, once after it, both by a clean stop and by a kill.
    let disk = disk.reborn();
    let house = House::start_at(disk.open(), NOON + (TIMEOUT_S - 1) * SECOND, Options::QUEUE_MAX);
    let_it_look_around(&house);
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 0);
    let disk = disk.reborn();
    drop(house);
    let house = House::start_at(disk.open(), NOON + 2 * TIMEOUT_S * SECOND, Options::QUEUE_MAX);
    house.await_events(1, is_timed_out);
    let disk = disk.reborn();
    drop(house);
    let house = House::start_at(disk.open(), NOON + 3 * TIMEOUT_S * SECOND, Options::QUEUE_MAX);
    let_it_look_around(&house);
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 1);
}

#[test]
fn a_thousand_deadlines_pass_at_once() {
    let house = House::furnished(open_memory(), 1_000);
    let tickets: Vec<_> = (0..1_000).map(|number| house.enqueue(burgers_first(&format!("o{number}"), 1))).collect();
    tickets.into_iter().for_each(|ticket| {
        house.outcome(ticket).expect("accepted");
    });
    house.set_clock(TIMEOUT_S);
    // Those who come meanwhile are served.
    let_it_look_around(&house);
    house.await_events(1_000, is_timed_out);
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 1_000);
    house.must(burgers("all", 1_000));
}

#[test]
fn a_payment_that_stays_unanswered_expires_and_may_still_be_captured() {
    let house = House::furnished(open_memory(), 2);
    house.must(burgers("o1", 1));
    house.must(pay("p1", "o1", Method::External(TenderId::parse("card").expect("an id"))));
    house.set_clock(TIMEOUT_S);
    house.await_events(1, is_expired);
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 0);
    let captured = PaymentCommand::RecordOutcome(Outcome::Captured { amount: None, reference: None });
    house.must(to_store(StoreCommand::Payment(payment("p1"), captured)));
    house.set_clock(10 * TIMEOUT_S);
    let_it_look_around(&house);
    assert_eq!(count_events(house.engine.reader(), is_expired), 1);
}

#[test]
fn a_mark_ends_when_its_time_has_come() {
    let house = House::furnished(open_memory(), 2);
    let until = |seconds: i64| Some(Timestamp(NOON + seconds * SECOND));
    let mark = |until| to_stock(StockCommand::Mark86 { sku: sku("burger"), until });
    house.must(mark(until(60)));
    // A later mark takes the place of the earlier one, and its end too.
    house.must(mark(until(120)));
    house.set_clock(61);
    let_it_look_around(&house);
    assert!(matches!(house.refused(burgers("o1", 1)), Refused::OutOfStock { .. }));
    let is_unmarked = |event: &Event| matches!(event, Event::Stock(StockEvent::ItemUnmarked86 { .. }));
    assert_eq!(count_events(house.engine.reader(), is_unmarked), 0);
    house.set_clock(120);
    house.await_events(1, is_unmarked);
    house.must(burgers("o1", 1));
    assert_eq!(house.refused(mark(until(120))), Refused::UntilPassed);
}

/// The last commits' seconds after noon, and whether they are marked, oldest first.
fn stamps(house: &House, count: usize) -> Vec<(i64, bool)> {
    let commits = commits(house.engine.reader());
    let newest = commits[commits.len() - count..].iter();
    newest.map(|commit| ((commit.recorded_at - NOON) / SECOND, commit.time_in_doubt)).collect()
}

const DAY_S: i64 = 86_400;

#[test]
fn g15_a_clock_that_jumps_ahead_cancels_nothing_and_stays_in_no_stamp() {
    let house = House::furnished(open_memory(), 10);
    house.must(burgers_first("o1", 1));
    house.set_clock(10);
    house.must(receive(1));
    house.jump(400 * DAY_S);
    let_it_look_around(&house);
    assert_eq!(house.engine.time().now().doubt, Some(Doubt::Ahead));
    house.must(burgers_first("o2", 1));
    house.set_clock(20);
    house.must(receive(1));
    assert_eq!(stamps(&house, 6), [(10, false), (10, true), (10, true), (10, true), (10, true), (20, false)]);
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 0);
    // What was ordered meanwhile has the time that everything has.
    house.set_clock(TIMEOUT_S + 9);
    house.await_events(1, is_timed_out);
    house.set_clock(TIMEOUT_S + 10);
    house.await_events(2, is_timed_out);
}

#[test]
fn g15_a_clock_that_is_set_back_is_gone_by_once_it_is_right_or_confirmed() {
    let house = House::furnished(open_memory(), 10);
    house.set_clock(3_600);
    house.must(receive(1));
    // A minute is what clocks are set by.
    house.jump(3_600 - 60);
    house.must(receive(1));
    house.jump(0);
    house.must(receive(1));
    assert_eq!(house.engine.time().now().doubt, Some(Doubt::Behind));
    house.steady.fetch_add(5 * SECOND, Ordering::SeqCst);
    house.must(receive(1));
    house.jump(3_600);
    house.must(receive(1));
    let expected = [(3_600, false), (3_540, false), (3_540, true), (3_545, true), (3_600, false)];
    assert_eq!(stamps(&house, 5), expected, "a stamp may stand behind the one before");
    house.jump(0);
    house.must(receive(1));
    assert_eq!(house.engine.time().confirm().doubt, None);
    house.must(receive(1));
    assert_eq!(stamps(&house, 2), [(3_545, true), (0, false)], "from the lowest it was sure of within the hour");
}

#[test]
fn g15_a_start_far_ahead_of_the_log_waits_with_deadlines_until_it_is_confirmed() {
    for confirms in [true, false] {
        let disk = GateDisk::new();
        let house = House::furnished(disk.open(), 10);
        house.must(burgers_first("o1", 1));
        drop(house.stop());
        let disk = disk.reborn();
        let ahead = NOON + 31 * DAY_S * SECOND;
        let house = House::start_at(disk.open(), ahead, Options::QUEUE_MAX);
        let_it_look_around(&house);
        assert_eq!(house.engine.time().now().doubt, Some(Doubt::Away));
        assert_eq!(stamps(&house, 1), [(31 * DAY_S, true)]);
        assert_eq!(count_events(house.engine.reader(), is_timed_out), 0);
        match confirms {
            true => _ = house.engine.time().confirm(),
            false => house.jump(TIMEOUT_S),
        }
        house.await_events(1, is_timed_out);
        house.must(receive(1));
        assert!(!stamps(&house, 1)[0].1);
        // What is marked says nothing about the next start.
        drop(house.stop());
        let disk = disk.reborn();
        let now = NOON + TIMEOUT_S * SECOND;
        let house = House::start_at(disk.open(), now, Options::QUEUE_MAX);
        house.must(receive(1));
        assert_eq!(house.engine.time().now().doubt, confirms.then_some(Doubt::Behind));
    }
}

/// Ids that were taken at times that were ahead are known again when the clock is back, and so after a start.
#[test]
fn g15_a_repeat_is_one_whatever_the_clock_did_meanwhile() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    let mut ids = vec![];
    for seconds in [0, 400 * DAY_S, 0, -400 * DAY_S, 30] {
        house.jump(seconds);
        for form in [IdForm::V7(house.clock.load(Ordering::SeqCst)), IdForm::V7(NOON), IdForm::V4] {
            let id = fresh_as(form);
            assert!(!house.send(envelope(id, receive(1))).expect("accepted").repeated);
            ids.push(id);
        }
    }
    let all_are_known = |house: &House| {
        for id in &ids {
            assert!(house.send(envelope(*id, receive(1))).expect("accepted").repeated);
        }
    };
    all_are_known(&house);
    drop(house.stop());
    for seconds in [60, -400 * DAY_S, 400 * DAY_S] {
        let disk = disk.reborn();
        let house = House::start_at(disk.open(), NOON + seconds * SECOND, Options::QUEUE_MAX);
        all_are_known(&house);
    }
}

/// The business date of an order that a file says was sold at `occurred_at`, the clock standing at noon.
fn business_date(house: &House, source: Source, occurred_at: i64) -> Result<Date, CommandError> {
    let id = fresh();
    let mut envelope = envelope(id, burgers(&format!("o{id:x}"), 1));
    envelope.source = source;
    envelope.occurred_at = Some(Timestamp(occurred_at));
    let answer = house.send(envelope)?;
    let Event::Order(_, OrderEvent::OrderOpened(opening)) = &answer.receipt.events[0].event else {
        panic!("{answer:?} does not begin with an order");
    };
    Ok(opening.business_date)
}

#[test]
fn a_files_time_decides_the_business_date_of_what_it_records() {
    let house = House::furnished(open_memory(), 100);
    let date = |day| Date::from_ymd(2026, 3, day).expect("a date");
    let day_us = 86_400 * SECOND;
    // Noon in Greenwich is seven in the morning in the store; the business day ends at four.
    assert_eq!(business_date(&house, Source::Imported, NOON - day_us).expect("accepted"), date(1));
    assert_eq!(business_date(&house, Source::Imported, NOON - 3 * 3_600 * SECOND).expect("accepted"), date(2));
    assert_eq!(business_date(&house, Source::Imported, NOON - 3 * 3_600 * SECOND - 1).expect("accepted"), date(1));
    // A till's clock decides nothing.
    assert_eq!(business_date(&house, Source::Online, NOON - day_us).expect("accepted"), date(2));
    assert_eq!(business_date(&house, Source::Online, NOON + day_us).expect("accepted"), date(2));
    // Clocks differ by five minutes, not by more.
    assert_eq!(business_date(&house, Source::Imported, NOON + 300 * SECOND).expect("accepted"), date(2));
    let before = commits(house.engine.reader()).len();
    let future = business_date(&house, Source::Imported, NOON + 300 * SECOND + 1);
    assert!(matches!(future, Err(CommandError::OccurredInFuture)), "{future:?}");
    let future = business_date(&house, Source::Imported, i64::MAX);
    assert!(matches!(future, Err(CommandError::OccurredInFuture)), "{future:?}");
    assert_eq!(commits(house.engine.reader()).len(), before);
}
