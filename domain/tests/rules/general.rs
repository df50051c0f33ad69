//! Rules of every command: purity, streams, ids, numbers and dates.

use crate::generate::{Day, ORDERS, PAYMENTS};
use crate::life::{Life, Step, base_settings};
use crate::support::*;
use crate::{holds, holds_at_each_step};
use domain::command::{Command, OrderCommand, PaymentCommand, Source, StoreCommand};
use domain::event::{Event, OrderEvent, PaymentEvent, StockEvent};
use domain::ids::Revision;
use domain::refused::Refused;
use domain::stream::Stream;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

/// Every stream the days write to.
fn streams() -> Vec<Stream> {
    let (tenant, store) = (tenant_id("acme"), store_id(STORE));
    let mut streams =
        vec![Stream::Store(tenant, store), Stream::StoreMenu(tenant, store), Stream::Stock(tenant, store)];
    streams.extend(ORDERS.map(|id| Stream::Order(tenant, store, order(id))));
    streams.extend(PAYMENTS.map(|id| Stream::Payment(tenant, store, payment(id))));
    streams
}

fn stream_of(event: &Event) -> Stream {
    Stream::of(tenant_id("acme"), Some(store_id(STORE)), event)
}

fn revisions(world: &World) -> Vec<Option<Revision>> {
    streams().iter().map(|stream| world.open().revision(stream)).collect()
}

/// All that a store answers about its streams' entities, as text.
fn dump(world: &World) -> String {
    let store = world.open();
    let orders: Vec<_> = ORDERS.iter().map(|id| store.order(order(id))).collect();
    let payments: Vec<_> = PAYMENTS.iter().map(|id| store.payment(payment(id))).collect();
    let items: Vec<_> = store.stock().items().collect();
    let reserved: Vec<_> = ORDERS.iter().map(|id| store.stock().reserved_for(order(id))).collect();
    let settings = (store.settings(), store.menu_version(), world.tenant.menu_version());
    format!("{settings:?} {orders:?} {payments:?} {items:?} {reserved:?} {:?}", revisions(world))
}

#[test]
fn e1_decide_is_pure() {
    holds("e1_decide_is_pure", 95, |day| {
        let mut life = Life::new(day);
        let mut accepted = 0;
        for op in &day.ops {
            for (command, source) in life.commands(op) {
                let context = life.context(source);
                let revisions_before = revisions(&life.world);
                let first = life.world.decide(&command, &context);
                assert_eq!(revisions(&life.world), revisions_before, "a decision changes nothing");
                // The step decides once more: a state that answers otherwise had a clock or a die in it.
                let step = life.step_at(command, context);
                assert_eq!(first, step.outcome, "{:?}", step.command);
                accepted += step.events().len();
            }
        }
        5 <= accepted
    });
}

#[test]
fn e3_revisions_have_no_gaps() {
    holds("e3_revisions_have_no_gaps", 95, |day| {
        let mut life = Life::new(day);
        let mut counts: BTreeMap<Stream, u64> = BTreeMap::new();
        for stream in streams() {
            counts.insert(stream, life.world.open().revision(&stream).map_or(0, |revision| revision.0 + 1));
        }
        life.live(day, |_, step, world| {
            for event in step.events() {
                if !matches!(event, Event::Menu(_)) {
                    *counts.get_mut(&stream_of(event)).expect("a stream of the store") += 1;
                }
            }
            for (stream, count) in &counts {
                assert_eq!(world.open().revision(stream), count.checked_sub(1).map(Revision), "{stream}");
            }
        });
        3 <= counts.values().filter(|count| 3 <= **count).count()
    });
}

#[test]
fn e4_events_stay_in_their_store() {
    holds_at_each_step("e4_events_stay_in_their_store", 90, |model, step, _| {
        let mut touched = BTreeSet::new();
        for event in step.events() {
            let stream = stream_of(event);
            assert_eq!(stream.tenant(), tenant_id("acme"));
            assert_eq!(
                stream.store().is_none(),
                matches!(event, Event::Menu(_) | Event::Access(_) | Event::Security(_))
            );
            assert!(stream.store().is_none_or(|store| store == store_id(STORE)));
            assert_eq!(Stream::parse(&stream.to_string()), Ok(stream));
            touched.insert(stream);
        }
        // A decision speaks of the entities its command names, and of what hangs on them.
        let of_payment = step.payment().and_then(|(payment, command)| match command {
            PaymentCommand::Initiate { order, .. } => Some(*order),
            PaymentCommand::RecordOutcome(_)
            | PaymentCommand::RequestRefund(_)
            | PaymentCommand::RecordRefundOutcome { .. }
            | PaymentCommand::Provider(_)
            | PaymentCommand::Review(_)
            | PaymentCommand::Expire { .. } => model.payments.get(&payment).map(|payment| payment.order),
        });
        let order = step.order().map(|(order, _)| order).or(of_payment);
        for event in step.events() {
            match event {
                Event::Order(of, _) => assert_eq!(Some(*of), order),
                Event::Payment(of, _) => {
                    let paid = model.payments.get(of).map(|payment| payment.order).or(order);
                    assert!(step.payment().is_none_or(|(payment, _)| payment == *of) && paid == order);
                }
                Event::Stock(
                    StockEvent::StockReserved { order: of, .. }
                    | StockEvent::StockCommitted { order: of, .. }
                    | StockEvent::StockReleased { order: of, .. }
                    | StockEvent::StockRestocked { order: of, .. },
                ) => assert_eq!(Some(*of), order),
                Event::Stock(_)
                | Event::Drawer(..)
                | Event::Day(_)
                | Event::Ticket(..)
                | Event::Terminal(..)
                | Event::Menu(_)
                | Event::Access(_)
                | Event::Security(_)
                | Event::Store(_)
                | Event::StoreMenu(_) => {}
            }
        }
        2 <= touched.len()
    });
}

/// The ids a command brings, and whether one of them was used before.
fn reuses(model: &crate::model::Model, step: &Step) -> bool {
    let reuses_order = |id, command: &OrderCommand| match command {
        OrderCommand::Open(_) => model.orders.contains_key(&id),
        OrderCommand::AddLines(lines) => {
            model.orders.get(&id).is_some_and(|order| lines.iter().any(|line| order.line_ids.contains(&line.line)))
        }
        _ => false,
    };
    match (step.order(), step.payment()) {
        (Some((id, command)), _) => reuses_order(id, command),
        (None, Some((id, PaymentCommand::Initiate { .. }))) => model.payments.contains_key(&id),
        (None, Some((id, PaymentCommand::RequestRefund(new)))) => {
            model.payments.get(&id).is_some_and(|payment| payment.refunds.contains_key(&new.refund))
        }
        (None, _) => false,
    }
}

#[test]
fn e5_ids_are_never_reused() {
    holds("e5_ids_are_never_reused", 40, |day| {
        let mut used = BTreeSet::new();
        let mut refused = false;
        Life::new(day).live(day, |model, step, _| {
            if reuses(model, step) {
                assert!(step.outcome.is_err(), "{:?}", step.command);
                refused = true;
            }
            for event in step.events() {
                let id = match event {
                    Event::Order(order, OrderEvent::OrderOpened(_)) => format!("{order}"),
                    // A removed line's id stays used: its discounts and its history are not another line's.
                    Event::Order(order, OrderEvent::LineAdded(line)) => format!("{order}/{}", line.line),
                    Event::Payment(payment, PaymentEvent::PaymentInitiated { .. }) => format!("{payment}"),
                    Event::Payment(payment, PaymentEvent::RefundRequested { refund, .. }) => {
                        format!("{payment}/{refund}")
                    }
                    _ => continue,
                };
                assert!(used.insert(id), "{event:?}");
            }
        });
        refused
    });
}

#[test]
fn o9_display_numbers_are_unique() {
    holds("o9_display_numbers_are_unique", 95, |day| {
        let mut given = BTreeMap::new();
        let mut most = 0;
        Life::new(day).live(day, |_, step, _| {
            for event in step.events() {
                if let Event::Order(order, OrderEvent::OrderOpened(opening)) = event {
                    let numbers: &mut BTreeSet<String> = given.entry(opening.business_date).or_default();
                    assert!(numbers.insert(opening.display_number.to_string()), "{order} {opening:?}");
                    most = most.max(numbers.len());
                    let terminal = step.context.terminal.map_or(String::new(), |terminal| format!("{terminal}-"));
                    let is_counted = opening.display_number.as_str().starts_with(&terminal);
                    assert!(is_counted || opening.imported, "{opening:?}");
                }
            }
        });
        2 <= most
    });
}

#[test]
fn o12_one_currency() {
    holds("o12_one_currency", 75, |day| {
        let mut tested = false;
        // A store may change its currency as long as it has taken no order and no cash.
        let (mut currency, mut has_begun) = (usd(), false);
        Life::new(day).live(day, |model, step, world| {
            match &step.command {
                Command::Store(_, StoreCommand::Put(settings)) if settings.currency != currency => {
                    if has_begun {
                        assert_eq!(step.outcome, Err(Refused::CurrencyFixed { currency }));
                        tested = true;
                    } else {
                        assert!(step.outcome.is_ok(), "{:?}", step.outcome);
                        currency = settings.currency;
                    }
                }
                Command::Store(_, StoreCommand::Order(id, OrderCommand::Open(new)))
                    if new.currency != Some(currency) && !model.orders.contains_key(id) =>
                {
                    assert_eq!(step.outcome, Err(Refused::CurrencyDiffers { expected: currency }));
                    tested = true;
                }
                _ => {}
            }
            for event in step.events() {
                match event {
                    Event::Order(_, OrderEvent::OrderOpened(opening)) => {
                        assert_eq!(opening.currency, currency);
                        has_begun = true;
                    }
                    Event::Payment(_, PaymentEvent::PaymentInitiated { currency: paid_in, .. }) => {
                        assert_eq!(*paid_in, currency);
                        tested = true;
                    }
                    Event::Drawer(..) => has_begun = true,
                    _ => {}
                }
            }
            assert_eq!(world.open().settings().currency, currency);
        });
        tested
    });
}

#[test]
fn t1_business_date() {
    holds("t1_business_date", 55, |day| {
        let cut_off = i64::from(base_settings(day.base).cut_off.minute());
        let mut dates = BTreeSet::new();
        let mut was_before_the_cut_off = false;
        Life::new(day).live(day, |_, step, _| {
            for event in step.events() {
                if let Event::Order(_, OrderEvent::OrderOpened(opening)) = event {
                    let local = step.context.local;
                    let minute = i64::from(local.date().days()) * 1_440 + i64::from(local.minute_of_day());
                    let expected = (minute - cut_off).div_euclid(1_440);
                    assert_eq!(i64::from(opening.business_date.days()), expected, "{opening:?}");
                    assert_eq!(opening.opened_local, local);
                    assert_eq!(opening.imported, step.context.source == Source::Imported);
                    was_before_the_cut_off |= opening.business_date != local.date();
                    dates.insert(opening.business_date);
                }
            }
        });
        was_before_the_cut_off || 2 <= dates.len()
    });
}

#[test]
fn evolve_accepts_whatever_decide_allows() {
    holds("evolve_accepts_whatever_decide_allows", 95, |day| {
        let (mut orders, mut payments, mut stock) = (vec![], vec![], vec![]);
        // `Life` folds every decision; a pair the fold does not know panics.
        Life::new(day).live(day, |_, step, _| {
            for event in step.events() {
                match event {
                    Event::Order(_, event) => note(&mut orders, discriminant(event)),
                    Event::Payment(_, event) => note(&mut payments, discriminant(event)),
                    Event::Stock(event) => note(&mut stock, discriminant(event)),
                    Event::Drawer(..)
                    | Event::Day(_)
                    | Event::Ticket(..)
                    | Event::Menu(_)
                    | Event::Access(_)
                    | Event::Security(_)
                    | Event::Store(_)
                    | Event::StoreMenu(_)
                    | Event::Terminal(..) => {}
                }
            }
        });
        5 <= orders.len() + payments.len() + stock.len()
    });
}

fn note<T: PartialEq>(seen: &mut Vec<T>, kind: T) {
    if !seen.contains(&kind) {
        seen.push(kind);
    }
}

#[test]
fn a_rebuilt_store_gives_the_same_answers() {
    holds("a_rebuilt_store_gives_the_same_answers", 95, |day: &Day| {
        let mut life = Life::new(day);
        let mut rebuilt = life.world.clone();
        let half = day.ops.len() / 2;
        let mut events = vec![];
        for op in &day.ops[..half] {
            for (command, source) in life.commands(op) {
                events.extend(life.step(command, source).outcome.unwrap_or_default());
            }
        }
        events.iter().for_each(|event| rebuilt.evolve(event));
        assert_eq!(dump(&rebuilt), dump(&life.world));
        let mut accepted = 0;
        for op in &day.ops[half..] {
            for (command, source) in life.commands(op) {
                let step = life.step(command, source);
                assert_eq!(rebuilt.run(&step.command, &step.context), step.outcome, "{:?}", step.command);
                accepted += step.events().len();
            }
        }
        assert_eq!(dump(&rebuilt), dump(&life.world));
        !events.is_empty() && 0 < accepted
    });
}
