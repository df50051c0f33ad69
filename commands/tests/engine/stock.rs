//! Nothing is sold twice, and an order and its stock stand in one commit.

use crate::support::*;
use commands::CommandError;
use domain::event::{Event, OrderEvent, StockEvent};
use domain::money::QtyMilli;
use domain::refused::Refused;
use eventlog::open_memory;

/// `clients` tasks share `orders` orders of `qty` each while `stock` are there.
fn check_race(clients: usize, orders: usize, qty: u32, stock: u32) {
    let house = House::furnished(open_memory(), stock);
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let engine = house.engine.clone();
            runtime().spawn(async move {
                let mut sold = 0;
                for number in (client..orders).step_by(clients) {
                    match engine.submit(envelope(fresh(), burgers(&format!("o{number}"), qty))).await {
                        Ok(_) => sold += 1,
                        Err(CommandError::Refused(Refused::OutOfStock { .. })) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                sold
            })
        })
        .collect();
    let sold: usize = tasks.into_iter().map(|task| wait(task).expect("no panic")).sum();
    assert_eq!(sold, orders.min((stock / qty) as usize), "{orders} of {qty} from {stock}");
    let reserved =
        count_events(house.engine.reader(), |event| matches!(event, Event::Stock(StockEvent::StockReserved { .. })));
    assert_eq!(reserved, sold);
}

#[test]
fn exactly_what_is_there_is_sold() {
    check_race(64, 2_000, 1, 1_000);
    check_race(64, 300, 3, 100);
    check_race(64, 64, 7, 6);
    check_race(64, 100, 2, 1_000);
}

#[test]
fn an_order_and_its_stock_are_one_commit() {
    let house = House::furnished(open_memory(), 10);
    let answer = house.must(burgers("o1", 2));
    let log = commits(house.engine.reader());
    let commit = log.last().expect("a commit");
    let names: Vec<&str> = commit.events.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(names, ["order-m1.s1.o1", "order-m1.s1.o1", "order-m1.s1.o1", "stock-m1.s1"]);
    let Event::Order(_, OrderEvent::OrderOpened(_)) = &commit.events[0].event else { panic!("{commit:?}") };
    let Event::Order(_, OrderEvent::LineAdded(_)) = &commit.events[1].event else { panic!("{commit:?}") };
    let Event::Order(_, OrderEvent::OrderPlaced { .. }) = &commit.events[2].event else { panic!("{commit:?}") };
    let Event::Stock(StockEvent::StockReserved { lines, .. }) = &commit.events[3].event else { panic!("{commit:?}") };
    assert_eq!(lines.iter().map(|line| line.qty).collect::<Vec<_>>(), [QtyMilli::pieces(2)]);
    // The answer says what the log has.
    let said: Vec<(String, u64, u64, Event)> = answer
        .receipt
        .events
        .iter()
        .map(|event| (event.stream.to_string(), event.revision.0, event.position.0, event.event.clone()))
        .collect();
    let logged: Vec<(String, u64, u64, Event)> = commit
        .events
        .iter()
        .map(|event| (event.stream.clone(), event.revision, event.position, event.event.clone()))
        .collect();
    assert_eq!(said, logged);
    assert_eq!(answer.receipt.position.0, commit.first + 3);
    assert_eq!(answer.receipt.revision, Some(domain::ids::Revision(2)));
}

#[test]
fn a_refusal_writes_nothing() {
    let house = House::furnished(open_memory(), 1);
    let before = commits(house.engine.reader());
    assert!(matches!(house.refused(burgers("o1", 2)), Refused::OutOfStock { .. }));
    assert!(matches!(house.refused(cancel("o9")), Refused::UnknownOrder { .. }));
    assert_eq!(commits(house.engine.reader()), before);
    assert_eq!(house.engine.stats().snapshot().refused, 2);
}
