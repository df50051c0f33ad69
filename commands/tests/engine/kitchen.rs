//! The kitchen over restarts: tickets come back with their orders, from the snapshot and from the archive.

use crate::support::*;
use commands::Options;
use domain::command::TicketCommand;
use domain::command::{Command, Fire, NewRefund, OrderCommand, PaymentCommand, RefundLine, RefundOf, StoreCommand};
use domain::event::{Event, OrderEvent, StockEvent, TicketEvent};
use domain::ids::{RefundId, Revision, TicketId};
use domain::kitchen::Kitchen;
use domain::money::{Money, QtyMilli};
use domain::refused::Refused;
use domain::store::Settings;
use std::path::Path;
use std::time::Duration;

const DAY: i64 = 86_400;

fn small(snapshot: &Path) -> Options {
    Options {
        closed_orders_max: 1,
        closed_orders_age: Duration::ZERO,
        snapshot: Some(snapshot.to_owned()),
        snapshot_events: 10,
        ..Options::default()
    }
}

fn at_ticket(number: u64, command: TicketCommand) -> Command {
    to_store(StoreCommand::Ticket(TicketId::numbered(number), command))
}

fn void(of: &str) -> Command {
    let qty = QtyMilli::ONE;
    to_order(of, OrderCommand::VoidLine { line: line("l1"), qty, reason: text("dropped"), wasted: true })
}

fn fire(of: &str) -> Command {
    to_order(of, OrderCommand::FireLines(Fire::Unheld))
}

fn serve(of: &str) -> Command {
    to_order(of, OrderCommand::MarkServed(vec![]))
}

fn cooking(house: &House) {
    house.furnish(100);
    house.must(to_store(StoreCommand::Put(Settings { kitchen: Kitchen::On, ..settings() })));
}

/// What a command led to, without what is only about amounts.
fn told(house: &House, command: Command) -> Vec<Event> {
    house.must(command).receipt.events.into_iter().map(|event| event.event).collect()
}

#[test]
fn a_restart_from_a_snapshot_keeps_what_the_kitchen_has() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(&path));
    cooking(&house);
    house.must(burgers("o1", 3));
    house.must(fire("o1"));
    house.must(at_ticket(1, TicketCommand::Start));
    house.must(void("o1"));
    house.must(burgers("o2", 1));
    house.must(to_order("o2", OrderCommand::HoldLines(vec![line("l1")])));
    until(|| (0 < house.engine.stats().snapshot().snapshots).then_some(()));
    drop(house.stop());

    let house = House::start_with(disk.reborn().open(), NOON + DAY * SECOND, small(&path));
    // Two of three are left to be made, on a ticket that somebody began with: three events so far.
    let Event::Ticket(_, TicketEvent::TicketBumped { lines }) = &told(&house, at_ticket(1, TicketCommand::Bump))[0]
    else {
        panic!("the ticket is bumped");
    };
    assert_eq!(lines[0].qty, QtyMilli::pieces(2));
    let recalled = house.must(at_ticket(1, TicketCommand::Recall)).receipt;
    assert_eq!(recalled.revision, Some(Revision(4)));
    house.must(at_ticket(1, TicketCommand::Bump));
    // What is held is still held, and tickets are numbered on.
    assert!(matches!(house.refused(fire("o2")), Refused::NothingToFire));
    let fired = told(&house, to_order("o2", OrderCommand::FireLines(Fire::Lines(vec![line("l1")]))));
    let number = fired.iter().find_map(|event| match event {
        Event::Ticket(ticket, TicketEvent::TicketCreated { .. }) => Some(*ticket),
        _ => None,
    });
    assert_eq!(number, Some(TicketId::numbered(2)));
    house.must(serve("o1"));
    let paid = told(&house, cash("p1", "o1"));
    assert!(
        matches!(paid.last(), Some(Event::Order(_, OrderEvent::OrderCompleted { total: Money(2_000) }))),
        "{paid:?}"
    );
    drop(house.stop());
}

#[test]
fn a_closed_order_is_read_again_with_what_was_voided_of_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("snapshot.redb");
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, small(&path));
    cooking(&house);
    house.must(burgers("old", 3));
    house.must(fire("old"));
    house.must(void("old"));
    house.must(at_ticket(1, TicketCommand::Bump));
    house.must(serve("old"));
    house.must(cash("p_old", "old"));
    house.set_clock(30 * DAY);
    // Other orders come and go, until it leaves memory.
    for number in 0..80 {
        house.must(burgers(&format!("o{number}"), 1));
        house.must(to_order(&format!("o{number}"), OrderCommand::Cancel { reason: requested() }));
        house.set_clock(30 * DAY + number);
    }
    until(|| (house.engine.stats().snapshot().orders < 10).then_some(()));
    let check = |house: &House| {
        for command in [TicketCommand::Recall, TicketCommand::Bump, TicketCommand::Start] {
            assert!(matches!(house.refused(at_ticket(1, command)), Refused::OrderClosed { .. }), "{command:?}");
        }
        assert!(matches!(house.refused(at_ticket(9, TicketCommand::Bump)), Refused::UnknownTicket { .. }));
        assert!(matches!(house.refused(void("old")), Refused::OrderClosed { .. }));
        assert!(matches!(house.refused(fire("old")), Refused::OrderClosed { .. }));
        // Two were sold, so no three of them are given back.
        assert!(matches!(house.refused(refund("r1", 3)), Refused::RefundExceedsSold { .. }));
    };
    check(&house);
    drop(house.stop());
    let house = House::start_with(disk.reborn().open(), NOON + 60 * DAY * SECOND, small(&path));
    // What the log holds behind the snapshot may be read already: a few of the other orders.
    assert!(house.engine.stats().snapshot().orders < 10);
    check(&house);
    let back = told(&house, refund("r1", 1));
    assert!(back.iter().any(|event| matches!(event, Event::Stock(StockEvent::StockRestocked { .. }))), "{back:?}");
    assert!(matches!(house.refused(refund("r2", 2)), Refused::RefundExceedsSold { .. }));
    drop(house.stop());
}

fn requested() -> domain::event::CancelReason {
    domain::event::CancelReason::Requested(text("left"))
}

fn refund(id: &str, pieces: u32) -> Command {
    let lines = vec![RefundLine { line: line("l1"), qty: QtyMilli::pieces(pieces) }];
    let what = RefundOf::Lines { lines, tip: Money::ZERO, charges: domain::command::Charges::Follow };
    let refund = RefundId::parse(id).expect("an id");
    let new = NewRefund { refund, what, restock: true, reason: text("cold"), drawer: None };
    to_store(StoreCommand::Payment(payment("p_old"), PaymentCommand::RequestRefund(new)))
}
