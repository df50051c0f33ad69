//! A1: the head of a store's chain is what the chain of its log comes to.

use crate::world::*;
use domain::ids::{StoreId, TenantId};
use eventlog::{LogReader, Position};
use projections::chained;
use proptest::prelude::*;
use schemas::stored::chain::Link;
use std::time::Duration;

/// The chain of a store, computed from the log.
fn chain(reader: &LogReader, store: Option<&str>) -> Option<Link> {
    let mut head: Option<Link> = None;
    let mut tail = reader.tail(Position(0));
    while let Some(batch) = tail.next(Duration::ZERO).unwrap() {
        for commit in batch.commits() {
            for event in commit.events().filter_map(|event| chained(&commit, &event)) {
                if event.store() == store {
                    head = Some(event.link(head.as_ref()));
                }
            }
        }
    }
    head
}

proptest! {
    #![proptest_config(cases())]

    /// However often the models are stopped in between.
    #[test]
    fn a1_the_head_is_that_of_the_log(parts in prop::collection::vec(steps(20), 1..4)) {
        let mut world = World::furnished();
        let dir = tempfile::tempdir().unwrap();
        for steps in &parts {
            for step in steps {
                world.step(step);
            }
            let projections = projected(dir.path(), &world.reader, Duration::ZERO);
            let head = projections.chain(tenant(), store()).unwrap();
            prop_assert_eq!(head.value, chain(&world.reader, Some(store().as_str())));
            prop_assert_eq!(head.position, world.last());
            projections.shutdown();
        }
    }
}

#[test]
fn a1_each_store_has_a_chain_and_the_tenant_another() {
    let world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let count = |head: Option<Link>| head.map_or(0, |head| head.count);
    let (of_store, of_tenant) = (count(chain(&world.reader, Some("s1"))), count(chain(&world.reader, None)));
    assert_eq!((of_store + of_tenant) as usize, world.appended.len());
    assert_eq!(count(projections.chain(tenant(), store()).unwrap().value), of_store);
    let other = StoreId::parse("s9").unwrap();
    assert_eq!(projections.chain(tenant(), other).unwrap().value, None);
    let stranger = TenantId::parse("nobody").unwrap();
    assert_eq!(projections.chain(stranger, store()).unwrap().value, None);
}
