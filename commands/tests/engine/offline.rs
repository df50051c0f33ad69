//! Commands that a terminal kept: once each, in the log with their place in the queue, and remembered over a restart.

use crate::support::*;
use commands::{CommandError, Envelope};
use domain::calendar::{Date, Timestamp};
use domain::command::{Command, OrderCommand, Source, StoreCommand};
use domain::event::{Event, OrderEvent, StockEvent, TerminalEvent};
use domain::ids::{StoreId, TerminalId, TerminalSeq};
use domain::refused::Refused;
use domain::terminal::QueueEntry;
use eventlog::{Position, open_memory};
use schemas::stored::CommitMeta;
use std::time::Duration;

fn till() -> TerminalId {
    TerminalId::parse("t1").expect("an id")
}

/// A command that the till kept at a place of its queue, an hour ago.
fn kept(id: u128, seq: u64, command: Command) -> Envelope {
    Envelope {
        source: Source::Offline,
        terminal: Some(till()),
        queued: Some(QueueEntry { seq: TerminalSeq(seq), before: 0, menu_version: None }),
        occurred_at: Some(Timestamp(NOON - 3_600 * SECOND)),
        ..envelope(id, command)
    }
}

/// What an accepted command led to, without the details.
fn told(house: &House, envelope: Envelope) -> Vec<String> {
    let answer = house.send(envelope).expect("what was kept is not refused");
    let name = |event: &commands::Recorded| schemas::stored::type_name_of(&event.event).to_owned();
    answer.receipt.events.iter().map(name).collect()
}

#[test]
fn a_queue_is_remembered_over_a_restart() {
    let mut disk = GateDisk::new();
    let mut house = House::furnished(disk.open(), 3);
    let (first, second, third) = (fresh(), fresh(), fresh());
    let sold = ["OrderOpened", "LineAdded", "OrderPlaced", "StockReserved"];
    let registered = [&["TerminalRegistered", "SequenceAdvanced"][..], &sold].concat();
    assert_eq!(told(&house, kept(first, 1, burgers("o1", 2))), registered);
    let gap = ["SequenceGapFound", "OrderOpened", "LineAdded", "OrderPlaced", "OversellRecorded", "StockReserved"];
    assert_eq!(told(&house, kept(third, 3, burgers("o3", 2))), gap);
    for _ in 0..2 {
        disk = disk.reborn();
        drop(house);
        house = House::start(disk.open());
        // Sent again under the same ids nothing happens, and the answer is the first.
        let again = house.send(kept(third, 3, burgers("o3", 2))).expect("accepted before");
        assert!(again.repeated);
        assert!(
            again
                .receipt
                .events
                .iter()
                .any(|event| { matches!(event.event, Event::Stock(StockEvent::OversellRecorded { .. })) })
        );
    }
    let filled = told(&house, kept(second, 2, burgers("o2", 1)));
    assert_eq!(filled[0], "SequenceGapFilled");
    // The log says where in the queue a command stood.
    let mut tail = house.engine.reader().tail(Position(0));
    let mut seqs = vec![];
    while let Some(batch) = tail.next(Duration::ZERO).expect("the log reads") {
        for commit in batch.commits().filter(|commit| !commit.tenant.is_empty()) {
            let meta = CommitMeta::decode(commit.meta).expect("it reads");
            seqs.extend((meta.source == Source::Offline).then_some(meta.terminal_seq));
        }
    }
    assert_eq!(seqs, [1, 3, 2].map(|seq| Some(TerminalSeq(seq))));
}

#[test]
fn what_comes_too_late_is_kept_under_its_own_id() {
    let house = House::furnished(open_memory(), 3);
    house.must(burgers("o1", 1));
    house.must(cash("p1", "o1"));
    let id = fresh();
    let late = || kept(id, 1, to_order("o1", OrderCommand::AddLines(vec![new_line("l2", "soup", 1)])));
    let answer = house.send(late()).expect("kept");
    assert_eq!(answer.receipt.stream.to_string(), "terminal-m1.s1.t1");
    let last = &answer.receipt.events.last().expect("an event").event;
    let Event::Terminal(_, TerminalEvent::LateCommandRecorded { noted, digest, .. }) = last else {
        panic!("{last:?} is not what was kept")
    };
    assert_eq!(
        (noted.code.as_str(), noted.kind.as_ref().map(|kind| kind.as_str())),
        ("order_closed", Some("AddLines"))
    );
    assert_eq!(*digest, schemas::stored::command_digest(&late().command));
    let again = house.send(late()).expect("kept before");
    assert!(again.repeated && again.receipt == answer.receipt);
    // Something else under the id is still another command.
    let other = house.send(kept(id, 1, cancel("o1")));
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    // What was sent as it happened, and is sent again from the queue because nobody saw the answer, happened once.
    let online = fresh();
    house.send(envelope(online, burgers("o2", 1))).expect("accepted");
    assert!(house.send(kept(online, 2, burgers("o2", 1))).expect("accepted before").repeated);
    let nowhere =
        Command::Store(StoreId::parse("s9").expect("an id"), StoreCommand::Order(order("o9"), OrderCommand::Complete));
    let refused = house.send(kept(fresh(), 3, nowhere));
    assert!(matches!(refused, Err(CommandError::Refused(Refused::UnknownStore))), "{refused:?}");
}

#[test]
fn t1_the_tills_clock_decides_the_business_date_unless_it_is_ahead() {
    let house = House::furnished(open_memory(), 100);
    let date = |day| Date::from_ymd(2026, 3, day).expect("a date");
    let day_us = 86_400 * SECOND;
    let mut seq = 0;
    let mut opened = |occurred_at: i64| {
        seq += 1;
        let id = fresh();
        let envelope =
            Envelope { occurred_at: Some(Timestamp(occurred_at)), ..kept(id, seq, burgers(&format!("o{id:x}"), 1)) };
        let events = house.send(envelope).expect("accepted").receipt.events;
        let date = events.iter().find_map(|recorded| match &recorded.event {
            Event::Order(_, OrderEvent::OrderOpened(opening)) => Some(opening.business_date),
            _ => None,
        });
        let is_flagged = events
            .iter()
            .any(|recorded| matches!(recorded.event, Event::Terminal(_, TerminalEvent::ClockAheadFound { .. })));
        (date.expect("an order was opened"), is_flagged)
    };
    // Noon in Greenwich is seven in the morning in the store; the business day ends at four.
    assert_eq!(opened(NOON - day_us), (date(1), false));
    assert_eq!(opened(NOON - 3 * 3_600 * SECOND), (date(2), false));
    assert_eq!(opened(NOON - 3 * 3_600 * SECOND - 1), (date(1), false));
    assert_eq!(opened(NOON + 300 * SECOND), (date(2), false));
    // Clocks differ by five minutes, not by more: then the engine's counts, and what happened is recorded.
    assert_eq!(opened(NOON + 300 * SECOND + 1), (date(2), true));
    assert_eq!(opened(NOON + 30 * day_us), (date(2), true));
    assert_eq!(opened(i64::MAX), (date(2), true));
}
