//! A full disk: the models wait, answer from what they have, and go on by themselves.

use crate::world::*;
use eventlog::Position;
use projections::{FREE_BYTES_MIN, FreeSpace, Options, Projection, Projections, Stale};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[test]
fn a_full_disk_stops_no_query_and_nothing_is_lost() {
    let mut world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(FREE_BYTES_MIN));
    let open = |reader: &eventlog::LogReader| {
        let options = Options { free_space: FreeSpace::Manual(Arc::clone(&free)), ..options(NEVER) };
        Projections::open(dir.path(), reader.clone(), &options).unwrap()
    };
    let projections = open(&world.reader);
    caught_up(&projections, &world.reader);
    let before = dumps(&projections);
    assert!(projections.status().iter().all(|status| !status.waits_for_space));

    // One byte too few.
    free.store(FREE_BYTES_MIN - 1, Ordering::Release);
    for _ in 0..1_000 {
        if projections.status().iter().all(|status| status.waits_for_space) {
            break;
        }
        // A worker scanned again when somebody asks for more than it has.
        let next = Position(world.reader.durable().0);
        for projection in Projection::ALL {
            let asked = block_on(projections.wait_for(projection, next, Duration::from_millis(10)));
            assert!(matches!(asked, Err(Stale { .. })));
        }
    }
    assert!(projections.status().iter().all(|status| status.waits_for_space), "{:?}", projections.status());
    world.step(&Step::Receive { sku: true, pieces: 3 });
    assert_eq!(dumps(&projections), before, "queries answer from what there is");
    assert!(projections.status().iter().all(|status| status.parked.is_none()));

    // There is space again: the same models go on.
    free.store(FREE_BYTES_MIN, Ordering::Release);
    caught_up(&projections, &world.reader);
    assert!(projections.status().iter().all(|status| !status.waits_for_space && status.lag == 0));
    let after = dumps(&projections);
    assert_ne!(after, before);

    // Stopped while the disk is full: what was not durable is folded again.
    world.step(&Step::Receive { sku: true, pieces: 4 });
    caught_up(&projections, &world.reader);
    let last = dumps(&projections);
    free.store(0, Ordering::Release);
    drop(projections);
    free.store(u64::MAX, Ordering::Release);
    let projections = open(&world.reader);
    caught_up(&projections, &world.reader);
    assert_eq!(dumps(&projections), last);
}
