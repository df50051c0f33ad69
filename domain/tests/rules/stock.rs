//! Rules of stock.

use crate::life::{Life, Step, sku_ids};
use crate::model::{Model, Shelf, State};
use crate::support::*;
use crate::{holds, holds_at_each_step, prove};
use domain::calendar::Timestamp;
use domain::command::{NewOrder, OrderCommand, PaymentCommand, Place, StockCommand};
use domain::event::{Event, OrderEvent, PayMode, PaymentEvent, ReleaseReason, StockEvent, StockPolicy};
use domain::ids::{LineId, OrderId, Sku};
use domain::money::QtyMilli;
use domain::refused::Refused;
use std::collections::{BTreeMap, BTreeSet};

fn is_from_stock(step: &Step) -> bool {
    step.events().iter().any(|event| matches!(event, Event::Stock(_)))
}

#[test]
fn s1_on_hand_is_the_sum_of_its_facts() {
    holds_at_each_step("s1_on_hand_is_the_sum_of_its_facts", 95, |model, step, world| {
        if step.events().is_empty() {
            return false;
        }
        let after = model.after(step.events());
        for id in sku_ids() {
            let Some(item) = world.open().stock().item(id) else { continue };
            let shelf = after.shelf(id);
            assert_eq!(i128::from(item.on_hand.0), shelf.on_hand(), "{id}");
            assert_eq!(i128::from(item.reserved.0), shelf.held(), "{id}");
            assert_eq!(i128::from(item.available().0), shelf.available(), "{id}");
        }
        is_from_stock(step)
    });
}

#[test]
fn s2_available_is_never_negative() {
    holds("s2_available_is_never_negative", 35, |day| {
        let mut was_short = false;
        Life::new(day).live(day, |model, step, _| {
            let mut after = model.clone();
            for event in step.events() {
                after.fold(event);
                // After every single fact, not only after the commit.
                assert!(after.shelves.values().all(|shelf| 0 <= shelf.available() && 0 <= shelf.held()), "{event:?}");
            }
            was_short |= step
                .is_refused_as(|refused| matches!(refused, Refused::OutOfStock { .. } | Refused::OnHandTooLow { .. }));
        });
        was_short
    });
}

#[test]
fn s3_exactly_as_many_as_fit() {
    let inputs = (0..40_u32, 1..6_u32, 1..20_u32);
    prove("s3_exactly_as_many_as_fit", 45, inputs, |&(have, want, orders)| {
        let mut world = opened(settings());
        let counted = QtyMilli::pieces(have);
        world.run(&to_stock(StockCommand::Count { sku: sku("burger"), counted }), &at(0)).expect("a count");
        let mut placed = 0;
        for index in 0..orders {
            let lines = vec![new_line("l1", "burger", want)];
            let new = NewOrder { lines, place: Some(Place::default()), ..new_order() };
            match world.run(&to_order(&format!("o{index}"), OrderCommand::Open(new)), &at(1)) {
                Ok(_) => placed += 1,
                Err(refused) => assert!(matches!(refused, Refused::OutOfStock { .. }), "{refused:?}"),
            }
        }
        assert_eq!(placed, orders.min(have / want));
        placed < orders
    });
}

/// What an order that is placed now has to reserve: all of its lines whose item is counted.
fn demand(after: &Model, before: &Model, order: OrderId) -> BTreeMap<(LineId, Sku), i128> {
    let lines = after.orders[&order].lines.values();
    lines
        .filter_map(|line| line.sku.map(|sku| ((line.line, sku), i128::from(line.qty.0))))
        .filter(|((_, sku), _)| before.shelf(*sku).is_counted())
        .collect()
}

#[test]
fn s4_all_or_nothing() {
    holds_at_each_step("s4_all_or_nothing", 90, |model, step, _| {
        if let Err(Refused::OutOfStock { shortages }) = &step.outcome {
            assert!(!shortages.is_empty());
            for short in shortages {
                let shelf = model.shelf(short.sku);
                assert!(short.marked_86 || (shelf.is_counted() && shelf.available() < i128::from(short.wanted.0)));
            }
            return true;
        }
        let Some(order) = step.events().iter().find_map(|event| match event {
            Event::Order(order, OrderEvent::OrderPlaced { .. }) => Some(*order),
            _ => None,
        }) else {
            return false;
        };
        let mut reserved: BTreeMap<(LineId, Sku), i128> = BTreeMap::new();
        for event in step.events() {
            if let Event::Stock(StockEvent::StockReserved { order: of, lines }) = event {
                assert_eq!(*of, order);
                for line in lines {
                    *reserved.entry((line.line, line.sku)).or_default() += i128::from(line.qty.0);
                }
            }
        }
        assert_eq!(reserved, demand(&model.after(step.events()), model, order));
        !reserved.is_empty()
    });
}

#[test]
fn s5_reservations_balance() {
    holds("s5_reservations_balance", 55, |day| {
        let mut closed = 0;
        let mut life = Life::new(day);
        life.live(day, |model, step, world| {
            let after = model.after(step.events());
            for ((id, ..), held) in &after.reservations {
                assert!(0 <= held.held(), "{id} {held:?}");
                if after.orders[id].state.is_closed() {
                    assert_eq!(held.held(), 0, "{id} {held:?}");
                }
            }
            for (id, order) in &after.orders {
                let held: i128 = world.open().stock().reserved_for(*id).iter().map(|held| i128::from(held.qty.0)).sum();
                assert_eq!(held, after.held_for(*id));
                // A line never holds more than it is, and holds all of it unless it was placed uncounted.
                let held = |line: LineId| -> i128 {
                    after.reservations_of(*id).filter(|(of, _)| *of == line).map(|(_, held)| held.held()).sum()
                };
                for line in order.lines.values().filter(|_| !order.state.is_closed()) {
                    assert!(held(line.line) <= i128::from(line.qty.0), "{id} {line:?}");
                }
                assert!(order.state != State::Open || after.held_for(*id) == 0);
            }
            closed += step.events().iter().filter(is_given_up).count();
        });
        let fell_short = life.model.reservations.values().any(|held| 0 < held.committed && 0 < held.released);
        0 < closed || fell_short
    });
}

fn is_given_up(event: &&Event) -> bool {
    matches!(event, Event::Stock(StockEvent::StockCommitted { .. } | StockEvent::StockReleased { .. }))
}

#[test]
fn s6_deadline_releases_once() {
    holds("s6_deadline_releases_once", 13, |day| {
        let mut timed_out = BTreeSet::new();
        let mut released = false;
        Life::new(day).live(day, |model, step, _| {
            for event in step.events() {
                match event {
                    Event::Stock(StockEvent::StockCommitted { order, .. }) => assert!(!timed_out.contains(order)),
                    Event::Stock(StockEvent::StockReleased { order, why, .. }) => {
                        assert!(!timed_out.contains(order));
                        released |= *why == ReleaseReason::PaymentTimeout;
                    }
                    _ => {}
                }
            }
            let Some((id, OrderCommand::TimeOut { deadline })) = step.order() else { return };
            let Some(order) = model.orders.get(&id) else { return };
            let is_due = order.state == State::Placed
                && order.pay_mode == PayMode::First
                && order.applied == 0
                && order.deadline == Some(*deadline)
                && *deadline <= step.context.now;
            assert_eq!(step.outcome.is_ok(), is_due, "{:?}", step.outcome);
            if is_due {
                let after = model.after(step.events());
                assert_eq!((after.state(id), after.held_for(id)), (Some(State::Cancelled), 0));
                let attempts = model.payments.iter().filter(|(_, payment)| payment.order == id);
                let waiting = attempts.filter(|(_, payment)| payment.rank == crate::model::Rank::Initiated);
                for (payment, _) in waiting {
                    let expired = Event::Payment(*payment, PaymentEvent::PaymentExpired);
                    assert!(step.events().contains(&expired));
                }
                assert!(timed_out.insert(id));
            }
        });
        released
    });
}

/// What a command asks for on top of what its order asked for before, from sold-out items.
fn asks_for_marked(model: &Model, after: &Model, order: OrderId, now: Timestamp) -> bool {
    let asked = |model: &Model, line: LineId| {
        let order = model.orders.get(&order).filter(|order| order.state == State::Placed);
        order.and_then(|order| order.lines.get(&line)).map_or(0, |line| line.qty.0)
    };
    let lines = after.orders[&order].lines.values();
    lines
        .filter(|line| asked(model, line.line) < line.qty.0)
        .any(|line| line.sku.is_some_and(|sku| model.shelf(sku).is_marked(now)))
}

fn check_mark(before: &Shelf, after: &Shelf, step: &Step, id: Sku) {
    let marks_itself = after.policy == Some(StockPolicy::Counted { auto86: true });
    if marks_itself && after.available() <= 0 {
        assert!(after.mark.is_some(), "{id} has nothing and is not marked: {:?}", step.command);
    }
    if let Some((until, true)) = after.mark {
        assert!(until.is_none() && marks_itself && after.available() == 0, "{id} {after:?}");
    }
    if let (Some((_, false)), None | Some((_, true))) = (before.mark, after.mark) {
        let by_hand = match &step.command {
            domain::command::Command::Store(_, domain::command::StoreCommand::Stock(command)) => {
                matches!(command, StockCommand::Unmark86(_) | StockCommand::EndMark86 { .. })
            }
            _ => false,
        };
        assert!(by_hand, "{id} was marked by hand: {:?}", step.command);
    }
}

#[test]
fn s7_86_refuses() {
    holds_at_each_step("s7_86_refuses", 6, |model, step, _| {
        let after = model.after(step.events());
        for id in sku_ids() {
            check_mark(&model.shelf(id), &after.shelf(id), step, id);
        }
        if step.payment().is_some_and(|(_, command)| !matches!(command, PaymentCommand::Initiate { .. })) {
            return false;
        }
        let now = step.context.now;
        for event in step.events() {
            if let Event::Order(order, OrderEvent::OrderPlaced { .. } | OrderEvent::OrderRepriced { .. }) = event {
                assert!(!asks_for_marked(model, &after, *order, now), "{:?}", step.command);
            }
        }
        match &step.outcome {
            Err(Refused::OutOfStock { shortages }) => {
                for short in shortages {
                    assert_eq!(short.marked_86, model.shelf(short.sku).is_marked(now));
                }
                shortages.iter().any(|short| short.marked_86)
            }
            _ => false,
        }
    });
}
