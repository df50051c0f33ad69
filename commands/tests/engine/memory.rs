//! What left memory comes back as it was: an engine that holds next to nothing decides as one that holds everything.

use crate::support::*;
use commands::{Accepted, CommandError, Envelope, Options, Receipt};
use domain::calendar::{Date, Timestamp};
use domain::check::{CheckId, CheckMove, MoveOf};
use domain::command::{
    Command, DrawerCommand, Fire, Method, NewComp, NewRefund, OrderCommand, Outcome, PaymentCommand, RefundLine,
    RefundOf, RefundOutcome, Source, StockCommand, StoreCommand, TicketCommand,
};
use domain::event::{CancelReason, Event, OrderEvent, PayMode, PaymentEvent, StockPolicy, TerminalEvent};
use domain::ids::{DiscountId, DrawerId, RefundId, StoreId, TableId, TenderId, TerminalId, TerminalSeq, TicketId};
use domain::kitchen::Kitchen;
use domain::money::{Money, QtyMilli};
use domain::refused::Refused;
use domain::store::Settings;
use domain::terminal::{QueueEntry, Request};
use eventlog::open_memory;
use eventlog::sim::Random;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const STORES: [&str; 3] = ["s1", "s2", "s3"];
const DAY: i64 = 86_400;

/// Holds one store, no closed order for longer than its second, and four ids.
fn small(snapshot: &Path) -> Options {
    Options {
        ids_max: 4,
        closed_orders_max: 1,
        closed_orders_age: Duration::ZERO,
        snapshot: Some(snapshot.to_owned()),
        snapshot_events: 20,
        stores_max: 1,
        ..Options::default()
    }
}

fn in_store(id: &str, command: Command) -> Command {
    let Command::Store(_, command) = command else { panic!("{command:?} is not to a store") };
    Command::Store(store(id), command)
}

fn outcome(id: &str, outcome: Outcome) -> Command {
    to_store(StoreCommand::Payment(payment(id), PaymentCommand::RecordOutcome(outcome)))
}

fn card(id: &str, of: &str) -> Command {
    pay(id, of, Method::External(TenderId::parse("card").expect("an id")))
}

/// Part of what is due, in cash.
fn part(id: &str, of: &str, cents: i64) -> Command {
    let initiate = PaymentCommand::Initiate {
        check: None,
        order: order(of),
        amount: Some(Money(cents)),
        tip: Money::ZERO,
        method: Method::Cash { tendered: None, drawer: None },
        expected_total: None,
    };
    to_store(StoreCommand::Payment(payment(id), initiate))
}

fn to_drawer(command: DrawerCommand) -> Command {
    to_store(StoreCommand::Drawer(DrawerId::parse("d1").expect("an id"), command))
}

fn refund(of: &str, id: &str, what: RefundOf) -> Command {
    let refund = RefundId::parse(id).expect("an id");
    let new = NewRefund { refund, what, restock: true, reason: text("cold"), drawer: None };
    to_store(StoreCommand::Payment(payment(of), PaymentCommand::RequestRefund(new)))
}

fn units(qty: u32) -> RefundOf {
    let lines = vec![RefundLine { line: line("l1"), qty: QtyMilli::pieces(qty) }];
    RefundOf::Lines { lines, tip: Money::ZERO, charges: domain::command::Charges::Follow }
}

fn void(of: &str, qty: u32) -> Command {
    let (line, qty) = (line("l1"), QtyMilli::pieces(qty));
    to_order(of, OrderCommand::VoidLine { line, qty, reason: text("dropped"), wasted: qty == QtyMilli::ONE })
}

fn comp(of: &str) -> Command {
    let discount = DiscountId::parse("sorry").expect("an id");
    to_order(of, OrderCommand::CompLines(NewComp { discount, lines: vec![line("l1")], reason: text("late") }))
}

fn to_ticket(ticket: TicketId, command: TicketCommand) -> Command {
    to_store(StoreCommand::Ticket(ticket, command))
}

fn refund_outcome(of: &str, id: &str, outcome: RefundOutcome) -> Command {
    let refund = RefundId::parse(id).expect("an id");
    to_store(StoreCommand::Payment(payment(of), PaymentCommand::RecordRefundOutcome { refund, outcome }))
}

/// A day before the one it is, so that one after the other can be closed.
fn in_february(random: &mut Random) -> Date {
    let first = Date::from_ymd(2026, 2, 1).expect("a date");
    Date::from_days(first.days() + random.below(28) as i32).expect("a date")
}

/// A command out of everything a day brings, to old orders as to new ones; many of them are refused.
fn some_command(random: &mut Random) -> Command {
    let order = format!("o{}", random.below(20));
    let attempt = format!("p{}", random.below(40));
    let qty = 1 + random.below(2) as u32;
    let give_back = format!("r{}", random.below(3));
    let ticket = TicketId::numbered(1 + random.below(12));
    let command = match random.below(46) {
        0 | 1 => burgers(&order, qty),
        2 | 3 => burgers_first(&order, qty),
        4 => cancel(&order),
        5 | 6 => cash(&attempt, &order),
        7 | 8 => card(&attempt, &order),
        9 => outcome(&attempt, Outcome::Captured { amount: None, reference: None }),
        10 => outcome(&attempt, Outcome::Captured { amount: Some(Money(7)), reference: None }),
        11 => outcome(&attempt, Outcome::Failed { code: text("declined") }),
        12 => to_order(&order, OrderCommand::AddLines(vec![new_line("l2", "soup", qty)])),
        13 => to_order(&order, OrderCommand::ChangeLineQty { line: line("l1"), qty: QtyMilli::pieces(qty) }),
        14 | 15 => part(&attempt, &order, 600),
        16 => refund(&attempt, &give_back, RefundOf::Rest),
        17 => refund(&attempt, &give_back, units(qty)),
        18 => refund_outcome(&attempt, &give_back, RefundOutcome::Succeeded { drawer: None }),
        19 => refund_outcome(&attempt, &give_back, RefundOutcome::Failed { code: text("closed") }),
        20 => to_drawer(DrawerCommand::OpenShift { float: Money(10_000), may_add: true }),
        21 => to_drawer(DrawerCommand::PaidIn { amount: Money(100), reason: text("change") }),
        22 => to_drawer(DrawerCommand::CloseShift { counted: Money(10_000) }),
        23 => to_store(StoreCommand::OpenDay { date: in_february(random) }),
        24 | 25 => to_store(StoreCommand::CloseDay { date: in_february(random), chain: None }),
        26 => to_stock(StockCommand::Mark86 { sku: sku("burger"), until: None }),
        27 => to_order(&order, OrderCommand::HoldLines(vec![line("l1")])),
        28 | 29 => to_order(&order, OrderCommand::FireLines(Fire::Unheld)),
        30 => to_order(&order, OrderCommand::FireLines(Fire::Lines(vec![line("l1")]))),
        31 | 32 => to_order(&order, OrderCommand::MarkServed(vec![])),
        33 => void(&order, qty),
        34 => comp(&order),
        35 => to_order(&order, OrderCommand::SetTable(TableId::parse("t4").expect("an id"))),
        36 | 37 => to_ticket(ticket, TicketCommand::Bump),
        38 => to_ticket(ticket, TicketCommand::Recall),
        39 => to_ticket(ticket, TicketCommand::MarkLineReady(line("l1"))),
        40 => to_order(&order, OrderCommand::SplitEvenly(check(1 + random.below(3)))),
        41 => {
            let what = MoveOf::Share { parts: 1, of: 1 + random.below(3) as u32 };
            let moves = vec![CheckMove { line: line("l1"), what, from: None }];
            to_order(&order, OrderCommand::SplitCheck { to: check(2), moves })
        }
        42..=44 => to_order(&order, OrderCommand::MergeInto(id_of(random.below(20)))),
        _ => to_stock(StockCommand::Unmark86(sku("burger"))),
    };
    in_store(STORES[random.below(3) as usize], command)
}

fn check(number: u64) -> CheckId {
    CheckId::new(number).expect("a check")
}

fn id_of(number: u64) -> domain::ids::OrderId {
    order(&format!("o{number}"))
}

fn furnish(house: &House) {
    house.furnish(20);
    for id in &STORES[1..] {
        let kitchen = if *id == "s3" { Kitchen::On } else { Kitchen::Off };
        house.must(in_store(id, to_store(StoreCommand::Put(Settings { kitchen, ..settings() }))));
        let policy = StockPolicy::Counted { auto86: true };
        house.must(in_store(id, to_stock(StockCommand::SetPolicy { sku: sku("burger"), policy })));
        house.must(in_store(id, receive(20)));
    }
}

/// A third of what happens in stores was kept by tills that were away, with gaps in their queues.
fn perhaps_kept(id: u128, command: &Command) -> Envelope {
    let number = (id >> 64) as u64;
    let online = envelope(id, command.clone());
    let is_of_the_floor = matches!(
        command,
        Command::Store(
            _,
            StoreCommand::Order(..) | StoreCommand::Payment(..) | StoreCommand::Stock(_) | StoreCommand::Drawer(..)
        )
    );
    if !number.is_multiple_of(3) || !is_of_the_floor {
        return online;
    }
    let terminal = TerminalId::parse(["t1", "t2"][number as usize / 3 % 2]).expect("an id");
    let seq = TerminalSeq(number / 6 % 80 + 1);
    Envelope {
        source: Source::Offline,
        terminal: Some(terminal),
        queued: Some(QueueEntry { seq, before: 0, menu_version: None }),
        occurred_at: Some(Timestamp(NOON - (number % 7) as i64 * 3_600 * SECOND)),
        ..online
    }
}

/// What a client learns but for where it stands in the log: other stores' commands may come between.
fn said(house: &House, id: u128, command: &Command) -> String {
    match house.send(perhaps_kept(id, command)) {
        Ok(Accepted { receipt: Receipt { stream, revision, events, .. }, repeated }) => {
            let events: Vec<_> =
                events.iter().map(|event| format!("{} {:?} {:?}", event.stream, event.revision, event.event)).collect();
            format!("{stream} {revision:?} {repeated} {events:?}")
        }
        Err(error) => format!("{error:?}"),
    }
}

/// Every stream with its events.
fn streams(house: &House) -> BTreeMap<String, Vec<Event>> {
    let mut streams: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in commits(house.engine.reader()).into_iter().flat_map(|commit| commit.events) {
        streams.entry(event.stream).or_default().push(event.event);
    }
    streams
}

/// Has every store looked at, so that its deadlines are known.
fn look_at_all(house: &House) {
    for id in STORES {
        let order = new_order(PayMode::Later, vec![new_line("l1", "soup", 1)]);
        wait(house.engine.price(tenant("m1"), store(id), order)).expect("a price");
    }
}

#[test]
fn an_engine_that_holds_next_to_nothing_decides_as_one_that_holds_everything() {
    for seed in 1..=6 {
        say_seed(seed);
        let mut random = Random::new(seed);
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("snapshot.redb");
        let large = House::start(GateDisk::new().open());
        let mut disk = GateDisk::new();
        let mut house = House::start_with(disk.open(), NOON, small(&path));
        furnish(&large);
        furnish(&house);
        let mut sent: Vec<(u128, Command)> = vec![];
        let mut now = 0;
        let (mut fetches, mut evicted, mut snapshots) = (0, 0, 0);
        for step in 0..250 {
            now += 2;
            if random.one_in(25) {
                // The snapshot thread has the lowest priority: on a busy machine it gets no turn that is not waited for.
                let waiting = Instant::now();
                while house.engine.stats().snapshot().snapshots == 0 && waiting.elapsed() < Duration::from_millis(300) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let stats = house.engine.stats().snapshot();
                fetches += stats.fetches;
                evicted += stats.stores_evicted;
                snapshots += stats.snapshots;
                drop(house.stop());
                disk = disk.reborn();
                house = House::start_with(disk.open(), NOON + now * SECOND, small(&path));
            }
            if random.one_in(40) {
                // Deadlines pass, once all of them are known.
                look_at_all(&house);
                now += TIMEOUT_S;
                for house in [&large, &house] {
                    house.set_clock(now);
                    look_at_all(house);
                }
                until(|| (streams(&large) == streams(&house)).then_some(()));
            }
            large.set_clock(now);
            house.set_clock(now);
            let (id, command) = match !sent.is_empty() && random.one_in(5) {
                true => sent[random.below(sent.len() as u64) as usize].clone(),
                false => (fresh(), some_command(&mut random)),
            };
            let (here, there) = (said(&large, id, &command), said(&house, id, &command));
            assert_eq!(here, there, "seed {seed}, step {step}, {command:?}");
            sent.push((id, command));
        }
        until(|| (streams(&large) == streams(&house)).then_some(()));
        assert!(20 < fetches && 5 < evicted && 0 < snapshots, "{fetches} {evicted} {snapshots}");
        let held = house.engine.stats().snapshot();
        assert!(held.ids <= 16 && held.orders < 40, "{held:?}");
        drop(house.stop());
    }
}

/// A house with a closed order that has left memory: `old`, paid by `p_cash`, with a card that failed and one that expired.
fn with_archived_order(path: &Path) -> (GateDisk, House, Vec<(u128, Command, Accepted)>) {
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(path));
    house.furnish(100);
    let mut sent = vec![];
    let mut send = |command: Command| {
        let id = fresh_as(IdForm::V7(NOON));
        let answer = house.send(envelope(id, command.clone())).expect("accepted");
        sent.push((id, command, answer));
    };
    send(burgers("old", 2));
    send(card("p_failed", "old"));
    send(outcome("p_failed", Outcome::Failed { code: text("declined") }));
    send(card("p_late", "old"));
    send(cash("p_cash", "old"));
    (disk, house, sent)
}

#[track_caller]
fn check_old_order(house: &House, sent: &[(u128, Command, Accepted)]) {
    for (id, command, first) in sent {
        let again = house.send(envelope(*id, command.clone())).expect("accepted before");
        assert!(again.repeated);
        assert_eq!(again.receipt, first.receipt);
        let reused = house.send(envelope(*id, receive(999)));
        assert!(matches!(reused, Err(CommandError::KeyReused)), "{reused:?}");
    }
    assert!(matches!(house.refused(burgers("old", 1)), Refused::OrderExists { .. }));
    assert!(matches!(house.refused(card("p_failed", "old")), Refused::PaymentExists { .. }));
    assert!(matches!(house.refused(cancel("old")), Refused::OrderClosed { .. }));
    assert!(matches!(house.refused(cash("p_more", "old")), Refused::OrderClosed { .. }));
    assert!(matches!(house.refused(cancel("never")), Refused::UnknownOrder { .. }));
    assert!(matches!(
        house.refused(outcome("never", Outcome::Captured { amount: None, reference: None })),
        Refused::UnknownPayment { .. }
    ));
    let currency = domain::money::Currency::new("EUR", 2).expect("a currency");
    let abroad = to_store(StoreCommand::Put(Settings { currency, ..settings() }));
    assert!(matches!(house.refused(abroad), Refused::CurrencyFixed { .. }));
}

/// Money that arrives for an order of last month is recorded, flagged, and counted once.
#[track_caller]
fn check_late_money(house: &House, attempt: &str) {
    let answer = house.must(outcome(attempt, Outcome::Captured { amount: None, reference: None }));
    let kinds: Vec<&Event> = answer.receipt.events.iter().map(|event| &event.event).collect();
    assert!(matches!(kinds[0], Event::Payment(_, PaymentEvent::PaymentCaptured { .. })), "{kinds:?}");
    let unapplied = kinds.iter().any(|event| matches!(event, Event::Order(_, OrderEvent::PaymentNotApplicable { .. })));
    assert!(unapplied, "{kinds:?}");
    let again = house.must(outcome(attempt, Outcome::Captured { amount: None, reference: None }));
    assert!(matches!(again.receipt.events[0].event, Event::Payment(_, PaymentEvent::PaymentOutcomeIgnored { .. })));
}

#[test]
fn an_order_of_last_month_is_found_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let (disk, house, sent) = with_archived_order(&path);
    house.set_clock(30 * DAY);
    for number in 0..40 {
        house.must(burgers(&format!("o{number}"), 1));
        house.must(cash(&format!("p{number}"), &format!("o{number}")));
        house.set_clock(30 * DAY + number);
    }
    until(|| (house.engine.stats().snapshot().orders < 10).then_some(()));
    check_old_order(&house, &sent);
    check_late_money(&house, "p_failed");
    drop(house.stop());
    let house = House::start_with(disk.reborn().open(), NOON + 60 * DAY * SECOND, small(&path));
    assert_eq!(house.engine.stats().snapshot().orders, 0);
    check_old_order(&house, &sent);
    check_late_money(&house, "p_late");
    let captured = |event: &Event| matches!(event, Event::Payment(_, PaymentEvent::PaymentCaptured { .. }));
    assert_eq!(count_events(house.engine.reader(), captured), 43);
    drop(house.stop());
}

#[test]
fn an_order_of_last_month_is_refunded_and_never_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let mut house = House::start_with(disk.open(), NOON, small(&path));
    house.furnish(100);
    // Three burgers, paid in two parts that each could pay one back.
    house.must(burgers("old", 3));
    house.must(part("p1", "old", 1_500));
    house.must(part("p2", "old", 1_500));
    let restart = |house: House, month: i64| {
        drop(house.stop());
        House::start_with(disk.reborn().open(), NOON + month * 30 * DAY * SECOND, small(&path))
    };
    house = restart(house, 1);
    house.must(refund("p1", "r1", units(1)));
    house = restart(house, 2);
    house.must(refund("p2", "r1", units(1)));
    house = restart(house, 3);
    // One is left, and neither payment has enough of it left; half of it fits.
    assert!(matches!(house.refused(refund("p2", "r2", units(2))), Refused::RefundExceedsSold { .. }));
    assert!(matches!(house.refused(refund("p2", "r2", units(1))), Refused::RefundExceedsCaptured { .. }));
    house.must(refund("p2", "r2", RefundOf::Rest));
    house = restart(house, 4);
    assert!(matches!(house.refused(refund("p2", "r3", RefundOf::Rest)), Refused::NothingToRefund));
    assert!(matches!(house.refused(refund("p2", "r2", RefundOf::Rest)), Refused::RefundExists { .. }));
    house.must(refund("p1", "r2", RefundOf::Rest));
    let given_back = |event: &Event| matches!(event, Event::Order(_, OrderEvent::RefundRecorded { .. }));
    assert_eq!(count_events(house.engine.reader(), given_back), 4);
    drop(house.stop());
}

fn is_timed_out(event: &Event) -> bool {
    matches!(event, Event::Order(_, OrderEvent::OrderCancelled { reason: CancelReason::PaymentTimeout }))
}

/// Rule F3: what a terminal sent before its filler waits with its store, in the snapshot too.
#[test]
fn what_waits_comes_back_with_its_store() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(&path));
    furnish(&house);
    let request = r#"{"command_id":"0190d5a4c1b87c3e9d2a6f4e8b1c7d90","type":"payment.initiate","source":"offline",
        "terminal":"t1","terminal_seq":2,"occurred_at":"2026-03-02T12:00:00Z","order_id":"waited",
        "body":{"payment_id":"p1","tender":"cash","amount":100}}"#;
    let kept = |seq: u64, command: Command| Envelope {
        source: Source::Offline,
        terminal: Some(TerminalId::parse("t1").expect("an id")),
        queued: Some(QueueEntry { seq: TerminalSeq(seq), before: 0, menu_version: None }),
        occurred_at: Some(Timestamp(NOON)),
        request: Request::new(request).filter(|_| seq == 2),
        ..envelope(fresh(), in_store("s1", command))
    };
    let paid = PaymentCommand::Initiate {
        order: order("waited"),
        check: None,
        amount: Some(Money(100)),
        tip: Money::ZERO,
        method: Method::Cash { tendered: None, drawer: None },
        expected_total: None,
    };
    house.send(kept(2, to_store(StoreCommand::Payment(payment("p1"), paid)))).expect("it is kept");
    // Its store leaves, and comes back after a restart from the snapshot.
    let mut seconds = 0;
    until(|| {
        seconds += 2;
        house.must(in_store("s2", receive(1)));
        house.set_clock(seconds);
        (house.engine.stats().snapshot().stores == 1).then_some(())
    });
    drop(house.stop());
    let house = House::start_with(disk.reborn().open(), NOON + (seconds + 2) * SECOND, small(&path));
    house.send(kept(1, burgers("waited", 1))).expect("it is the filler");
    house.await_events(1, |event| matches!(event, Event::Order(_, OrderEvent::PaymentApplied { .. })));
    house.await_events(1, |event| matches!(event, Event::Terminal(_, TerminalEvent::LateCommandTaken(_))));
    drop(house.stop());
}

#[test]
fn what_waits_for_its_store_is_decided_before_the_engine_stops() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let house = House::start_with(GateDisk::new().open(), NOON, small(&path));
    furnish(&house);
    let mut seconds = 0;
    until(|| {
        seconds += 2;
        house.set_clock(seconds);
        house.must(in_store("s3", receive(1)));
        (house.engine.stats().snapshot().stores == 1).then_some(())
    });
    // Both stores have left: their commands wait until they are loaded, and the engine is told to stop meanwhile.
    let waiting: Vec<_> = (0..20).map(|number| house.enqueue(in_store(STORES[number % 2], receive(1)))).collect();
    let House { engine, stopped, .. } = house;
    drop(stopped.stop().expect("the log comes back"));
    for ticket in waiting {
        wait(engine.outcome(ticket)).expect("it was taken before the end");
    }
}

#[test]
fn deadlines_of_stores_that_are_away_pass_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(&path));
    furnish(&house);
    for id in STORES {
        house.must(in_store(id, burgers_first("due", 1)));
    }
    // All stores but one leave.
    for number in 0..60 {
        house.must(receive(1));
        house.set_clock(2 * number);
    }
    until(|| (house.engine.stats().snapshot().stores == 1).then_some(()));
    house.set_clock(TIMEOUT_S);
    house.await_events(3, is_timed_out);
    for id in STORES {
        house.must(in_store(id, burgers_first("due_later", 1)));
    }
    drop(house.stop());
    // Nobody has asked for anything yet when the next pass.
    let disk = disk.reborn();
    let house = House::start_with(disk.open(), NOON + 3 * TIMEOUT_S * SECOND, small(&path));
    house.await_events(6, is_timed_out);
    drop(house.stop());
    let house = House::start_with(disk.reborn().open(), NOON + 9 * TIMEOUT_S * SECOND, small(&path));
    look_at_all(&house);
    for id in STORES {
        house.must(in_store(id, receive(1)));
    }
    assert_eq!(count_events(house.engine.reader(), is_timed_out), 6);
    drop(house.stop());
}

#[test]
fn a_publication_reaches_stores_that_are_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let house = House::start_with(GateDisk::new().open(), NOON, small(&path));
    house.furnish(10);
    let stores: Vec<StoreId> = (0..200).map(|number| store(&format!("x{number}"))).collect();
    for id in &stores {
        house.must(Command::Store(*id, StoreCommand::Put(settings())));
    }
    until(|| {
        house.set_clock(house.engine.stats().snapshot().accepted as i64 * 2);
        house.must(receive(1));
        (house.engine.stats().snapshot().stores < 10).then_some(())
    });
    house.must(Command::Menu(domain::command::MenuCommand::UpsertItem(dish("tea", 100, None))));
    house.must(Command::Menu(domain::command::MenuCommand::Publish));
    let adopted =
        |event: &Event| matches!(event, Event::StoreMenu(domain::event::StoreMenuEvent::MenuAdopted { version: 2 }));
    house.await_events(201, adopted);
    assert_eq!(count_events(house.engine.reader(), adopted), 201);
    drop(house.stop());
}

#[test]
fn a_publication_behind_the_snapshot_reaches_stores_that_are_away() {
    const COUNT: usize = 300;
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(&path));
    for number in 0..COUNT {
        house.must(put(&format!("x{number}")));
    }
    let mut seconds = 0;
    until(|| {
        seconds += 2;
        house.set_clock(seconds);
        house.must(put("x0"));
        (house.engine.stats().snapshot().stores < 10).then_some(())
    });
    drop(house.stop());
    // No snapshot is taken any more; the engine dies with the publication in the log, and few of its adoptions.
    let rare = Options { snapshot_events: u64::MAX, stores_max: 2 * COUNT, ..small(&path) };
    let (disk, later) = (disk.reborn(), NOON + (seconds + 2) * SECOND);
    let house = House::start_with(disk.open(), later, rare.clone());
    house.must(Command::Menu(domain::command::MenuCommand::UpsertItem(dish("tea", 100, None))));
    disk.close_gate();
    let published = house.enqueue(Command::Menu(domain::command::MenuCommand::Publish));
    disk.await_sync();
    disk.allow_one();
    house.outcome(published).expect("accepted");
    disk.await_sync();
    let adopted =
        |event: &Event| matches!(event, Event::StoreMenu(domain::event::StoreMenuEvent::MenuAdopted { version: 1 }));
    assert!(count_events(house.engine.reader(), adopted) < COUNT, "all adoptions were in the batch of the publication");
    let reborn = disk.reborn();
    disk.fail_syncs();
    drop(house.stopped.stop());
    let house = House::start_with(reborn.open(), later + SECOND, rare);
    house.await_events(COUNT, adopted);
    assert_eq!(count_events(house.engine.reader(), adopted), COUNT, "each store once");
    drop(house.stop());
}

#[test]
fn many_clients_meet_stores_that_come_and_go() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let house = House::start_with(GateDisk::new().open(), NOON, small(&path));
    house.furnish(0);
    let stores: Vec<String> = (0..12).map(|number| format!("x{number}")).collect();
    for id in &stores {
        house.must(put(id));
        let policy = StockPolicy::Counted { auto86: false };
        house.must(in_store(id, to_stock(StockCommand::SetPolicy { sku: sku("burger"), policy })));
        house.must(in_store(id, receive(30)));
    }
    let tasks: Vec<_> = (0..16_u64)
        .map(|client| {
            let (engine, stores, clock) = (house.engine.clone(), stores.clone(), house.clock.clone());
            runtime().spawn(async move {
                let mut random = Random::new(client);
                let mut sold = 0;
                for number in 0..60 {
                    clock.fetch_add(SECOND, std::sync::atomic::Ordering::SeqCst);
                    let place = &stores[random.below(stores.len() as u64) as usize];
                    let order = format!("o{client}_{number}");
                    let open = in_store(place, burgers(&order, 1));
                    if engine.submit(envelope(fresh_as(IdForm::V4), open)).await.is_ok() {
                        sold += 1;
                        let paid = in_store(place, cash(&format!("p{client}_{number}"), &order));
                        engine.submit(envelope(fresh_as(IdForm::V4), paid)).await.expect("its order is there");
                    }
                }
                sold
            })
        })
        .collect();
    let sold: u32 = tasks.into_iter().map(|task| wait(task).expect("no panic")).sum();
    // Nothing is sold twice, and nothing is left unsold while somebody asks.
    assert_eq!(sold, 12 * 30);
    let completed = |event: &Event| matches!(event, Event::Order(_, OrderEvent::OrderCompleted { .. }));
    assert_eq!(count_events(house.engine.reader(), completed), 12 * 30);
    // Where the processors are short, snapshots may have come behind all of it.
    until(|| {
        house.must(in_store("x0", receive(1)));
        (10 < house.engine.stats().snapshot().stores_evicted).then_some(())
    });
    drop(house.stop());
}

#[test]
fn an_engine_stopped_at_any_point_of_a_snapshot_goes_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let mut disk = GateDisk::new();
    // More stores than are written together.
    let options = || Options { snapshot_events: 1, stores_max: 50, ..small(&path) };
    let house = House::start_with(disk.open(), NOON, options());
    house.furnish(1_000);
    let names: Vec<String> = (0..600).map(|number| format!("x{number}")).collect();
    names.iter().for_each(|id| _ = house.must(put(id)));
    drop(house.stop());
    let mut random = Random::new(11);
    for round in 0..12 {
        disk = disk.reborn();
        let house = House::start_with(disk.open(), NOON + round * DAY * SECOND, options());
        for number in 0..random.below(60) {
            let id = &names[random.below(600) as usize];
            let order = format!("o{round}_{number}");
            let soup = new_order(PayMode::Later, vec![new_line("l1", "soup", 1)]);
            house.must(in_store(id, to_order(&order, OrderCommand::Open(soup))));
            house.must(in_store(id, cash(&order, &order)));
        }
        drop(house.stop());
    }
    let expected = commits(&disk.reborn().open().1);
    let house = House::start_with(disk.reborn().open(), NOON + 99 * DAY * SECOND, options());
    for commit in &expected {
        for event in &commit.events {
            if let Event::Order(order, OrderEvent::OrderOpened(_)) = &event.event {
                let place = event.stream.split('.').nth(1).expect("a store");
                let refused = house.refused(in_store(place, cancel(order.as_str())));
                assert!(matches!(refused, Refused::OrderClosed { .. }), "{order}: {refused:?}");
            }
        }
    }
    drop(house.stop());
}

/// A UUIDv7 says which part of the log need not be asked; one that was made ahead of its time says nothing.
#[test]
fn an_archived_order_is_found_whatever_its_id_says_of_the_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(&path));
    house.furnish(1_000);
    let forms = [IdForm::V7(NOON), IdForm::V7(NOON - 30 * DAY * SECOND), IdForm::V7(NOON + DAY * SECOND), IdForm::V4];
    let ids: Vec<String> = (0..200).map(|nth| format!("{:032x}", fresh_as(forms[nth % forms.len()]))).collect();
    for id in &ids {
        house.must(burgers(id, 1));
        house.must(cash(id, id));
    }
    drop(house.stop());
    let disk = disk.reborn();
    for days in [2, 3] {
        let house = House::start_with(disk.open(), NOON + days * DAY * SECOND, small(&path));
        for id in &ids {
            assert!(matches!(house.refused(burgers(id, 1)), Refused::OrderExists { .. }), "{id}");
            assert!(matches!(house.refused(cash(id, "never")), Refused::PaymentExists { .. }), "{id}");
        }
        // Whoever is new is told so without the disk: neither this time nor that of its making has an order in the log.
        let before = house.engine.stats().snapshot().fetches;
        for _ in 0..20 {
            house.must(burgers(&format!("{:032x}", fresh_as(IdForm::V7(NOON + days * DAY * SECOND))), 1));
        }
        assert!(house.engine.stats().snapshot().fetches <= before + 1);
        drop(house.stop());
    }
}

#[test]
fn a_snapshot_that_does_not_fit_is_made_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let (disk, house, sent) = with_archived_order(&path);
    let early = GateDisk { sim: disk.sim.copy(5), ..GateDisk::new() };
    for number in 0..60 {
        house.must(receive(1));
        house.set_clock(number);
    }
    until(|| {
        house.must(receive(1));
        (2 < house.engine.stats().snapshot().snapshots).then_some(())
    });
    drop(house.stop());
    let good = std::fs::read(&path).expect("a file");
    let mut zeroed = good.clone();
    let middle = zeroed.len() / 2;
    zeroed[..middle].fill(0);
    for (what, bytes) in [("cut", good[..good.len() / 3].to_vec()), ("zeroed", zeroed), ("other", b"soup".to_vec())] {
        std::fs::write(&path, bytes).expect("a file");
        let disk = GateDisk { sim: disk.sim.copy(3), ..GateDisk::new() };
        let house = House::start_with(disk.open(), NOON + 40 * DAY * SECOND, small(&path));
        check_old_order(&house, &sent);
        drop(house.stop());
        assert!(path.exists(), "{what}");
    }
    // One that is ahead of the log.
    std::fs::write(&path, &good).expect("a file");
    let house = House::start_with(early.open(), NOON + 40 * DAY * SECOND, small(&path));
    check_old_order(&house, &sent);
    drop(house.stop());
    // One that belongs to another log.
    std::fs::write(&path, &good).expect("a file");
    let house = House::start_with(open_memory(), NOON, small(&path));
    house.furnish(1);
    drop(house.stop());
}

#[test]
fn an_engine_without_room_for_a_snapshot_starts_all_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("missing").join("snapshot.redb");
    let (disk, house, sent) = with_archived_order(&path);
    drop(house.stop());
    let house = House::start_with(disk.reborn().open(), NOON + DAY * SECOND, small(&path));
    check_old_order(&house, &sent);
    assert_eq!(house.engine.stats().snapshot().snapshots, 0);
    drop(house.stop());
}

#[test]
fn a_restart_reads_the_log_behind_the_snapshot_only() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, Options { stores_max: 9, ..small(&path) });
    furnish(&house);
    until(|| {
        house.must(receive(1));
        (2 < house.engine.stats().snapshot().snapshots).then_some(())
    });
    drop(house.stop());
    // The last snapshot may have all of the log; what is received now comes behind it in any case.
    let none = Options { snapshot_events: u64::MAX, stores_max: 9, ..small(&path) };
    let disk = disk.reborn();
    let house = House::start_with(disk.open(), NOON + SECOND, none);
    house.must(receive(1));
    drop(house.stop());
    let house = House::start_with(disk.reborn().open(), NOON + DAY * SECOND, small(&path));
    // The store the log goes on with is read, and no other.
    until(|| (house.engine.stats().snapshot().stores == 1).then_some(()));
    house.must(receive(1));
    let held = house.engine.stats().snapshot();
    assert!(held.stores == 1 && held.fetches <= 2, "{held:?}");
    look_at_all(&house);
    drop(house.stop());
}
