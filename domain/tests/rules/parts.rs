//! Taking a store apart and putting it together again: what a snapshot keeps and what leaves memory may change no answer.

use crate::kitchen::{Pass, cook, cooked_days};
use crate::model::{Model, State};
use crate::prove;
use crate::support::*;
use domain::event::{Event, StoreEvent};
use domain::ids::{OrderId, TicketId};
use domain::store::{Entity, Store, StoreParts};
use domain::stream::Stream;
use std::cell::RefCell;
use std::collections::HashSet;

/// What a store is made of, in an order that can be compared.
fn parts(store: &Store) -> StoreParts {
    let mut parts = store.parts();
    parts.live.sort_unstable();
    parts.stock.items.sort_unstable_by_key(|(sku, _)| *sku);
    parts.stock.reservations.sort_unstable_by_key(|(order, _)| *order);
    parts
}

/// Everything with a stream of its own that the facts tell of, and the order it belongs to.
fn entities(model: &Model, pass: &Pass) -> Vec<(Entity, OrderId)> {
    let orders = model.orders.keys().map(|id| (Entity::Order(*id), *id));
    let payments = model.payments.iter().map(|(id, held)| (Entity::Payment(*id), held.order));
    let tickets = pass.tickets.iter().map(|(id, held)| (Entity::Ticket(*id), held.order));
    orders.chain(payments).chain(tickets).collect()
}

fn stream(entity: Entity) -> Stream {
    let (tenant, store) = (tenant_id("acme"), store_id(STORE));
    match entity {
        Entity::Order(id) => Stream::Order(tenant, store, id),
        Entity::Payment(id) => Stream::Payment(tenant, store, id),
        Entity::Ticket(id) => Stream::Ticket(tenant, store, id),
    }
}

/// A store in which nothing was folded but the facts of these.
fn folded(of: &Store, entities: &HashSet<Stream>, log: &[Event]) -> Store {
    let mut store = Store::open(&Event::Store(StoreEvent::StoreOpened(of.settings().clone())));
    let stream = |event: &Event| Stream::of(tenant_id("acme"), Some(store_id(STORE)), event);
    log.iter().filter(|event| entities.contains(&stream(event))).for_each(|event| store.evolve(event));
    store
}

#[track_caller]
fn assert_alike(one: &Store, other: &Store, entity: Entity) {
    match entity {
        Entity::Order(id) => assert_eq!(one.order(id), other.order(id)),
        Entity::Payment(id) => assert_eq!(one.payment(id), other.payment(id)),
        Entity::Ticket(_) => {}
    }
    assert_eq!(one.revision(&stream(entity)), other.revision(&stream(entity)), "{entity:?}");
}

/// A snapshot, and the facts of the orders that may still change, make the store that was; without what was archived.
#[test]
fn a_store_taken_apart_gives_the_same_answers() {
    prove("a_store_taken_apart_gives_the_same_answers", 60, cooked_days(), |input| {
        let log = RefCell::new(vec![]);
        cook(input, |model, pass, step, world| {
            log.borrow_mut().extend_from_slice(step.events());
            let (model, mut after) = (model.after(step.events()), pass.clone());
            step.events().iter().for_each(|event| after.fold(event));
            let (all, store) = (entities(&model, &after), world.open());
            for event in step.events() {
                let of = match event {
                    Event::Order(id, _) => Some(*id),
                    Event::Payment(id, _) => Some(model.payments[id].order),
                    Event::Ticket(id, _) => Some(after.tickets[id].order),
                    _ => None,
                };
                assert_eq!(store.order_of(event), of, "{event:?}");
            }
            // Taking apart at each step would take an hour: it is done where an order has closed.
            let is_closed = |id: &OrderId| model.state(*id).is_some_and(State::is_closed);
            let has_closed = |event: &Event| matches!(event, Event::Order(id, _) if is_closed(id));
            if !step.events().iter().any(has_closed) {
                return false;
            }
            let (gone, live): (Vec<_>, Vec<_>) = all.iter().partition(|(_, order)| is_closed(order));
            let mut expected: Vec<Entity> = live.iter().map(|(entity, _)| *entity).collect();
            expected.sort_unstable();
            let made_of = parts(store);
            assert_eq!(made_of.live, expected, "{step:?}");

            let mut together = Store::from_parts(made_of.clone());
            let streams: HashSet<Stream> = expected.iter().map(|entity| stream(*entity)).collect();
            let mut admitted = together.admit(folded(store, &streams, &log.borrow()));
            admitted.sort_unstable();
            let orders: Vec<OrderId> = model.orders.keys().filter(|id| !is_closed(id)).copied().collect();
            assert_eq!(admitted, orders);

            let mut archived = store.clone();
            archived.archive(&gone.iter().map(|(_, order)| *order).collect());
            for store in [&together, &archived] {
                assert_eq!(parts(store), made_of, "{step:?}");
                gone.iter().for_each(|(entity, _)| assert!(!store.holds(*entity), "{entity:?}"));
                assert!(expected.iter().all(|entity| store.holds(*entity)));
                expected.iter().for_each(|entity| assert_alike(store, world.open(), *entity));
            }
            assert!(!store.holds(Entity::Ticket(TicketId::numbered(9_999))));

            // What is asked for again comes back as it was, and what is there already stays.
            let streams: HashSet<Stream> = all.iter().map(|(entity, _)| stream(*entity)).collect();
            let admitted = archived.admit(folded(store, &streams, &log.borrow()));
            assert_eq!(admitted.len(), gone.iter().filter(|(entity, _)| matches!(entity, Entity::Order(_))).count());
            all.iter().for_each(|(entity, _)| assert_alike(&archived, store, *entity));
            !gone.is_empty() && !expected.is_empty()
        })
    });
}
