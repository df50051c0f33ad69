//! R1, R2, R3, and what happens to a model that is lost, foreign, ahead or poisoned.

use crate::world::*;
use domain::command::{Command, Fire, OrderCommand, Outcome, StoreCommand};
use domain::event::{Decision, Event};
use domain::money::Money;
use eventlog::{Position, open_memory};
use projections::{Options, PageRequest, PaymentFilter, Projection, Projections, QueryError, Stale};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The dumps of models that were built from zero.
fn rebuilt(world: &World) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    dumps(&projected(dir.path(), &world.reader, NEVER))
}

proptest! {
    #![proptest_config(cases())]

    /// R1, R2, row 8: whatever is killed or shut down when, the models are what a rebuild makes of the log.
    #[test]
    fn r1_r2_any_history_of_kills_gives_the_rebuilt_state(
        parts in prop::collection::vec((steps(25), 0u8..3), 1..5),
    ) {
        let mut world = World::furnished();
        let root = tempfile::tempdir().unwrap();
        let mut dir = root.path().join("0");
        for (number, (steps, ending)) in parts.into_iter().enumerate() {
            // Every commit durable, or none before the shutdown.
            let sync_interval = if ending == 0 { Duration::ZERO } else { NEVER };
            let projections = projected(&dir, &world.reader, sync_interval);
            for step in &steps {
                world.step(step);
            }
            caught_up(&projections, &world.reader);
            let next = root.path().join(format!("{}", number + 1));
            match ending {
                // Killed: what a copy of the files holds is what a kill leaves behind.
                0 | 1 => copy(&dir, &next),
                _ => {
                    projections.shutdown();
                    drop(projections);
                    copy(&dir, &next);
                }
            }
            dir = next;
        }
        let projections = projected(&dir, &world.reader, NEVER);
        prop_assert_eq!(dumps(&projections), rebuilt(&world));
    }

    /// R3: any interleaving that keeps the order within each stream gives the same state. A day has what was booked between
    /// its opening and its closing, so where a store keeps days, they and its orders stay in the order of the log.
    #[test]
    fn r3_the_order_between_streams_does_not_matter(steps in steps(60), keeps_days in any::<bool>(), seed in any::<u64>()) {
        let mut world = World::furnished();
        let is_of_days = |step: &&Step| matches!(step, Step::OpenDay { .. } | Step::CloseDay { .. });
        for step in steps.iter().filter(|step| keeps_days || !is_of_days(step)) {
            world.step(step);
        }
        let mut streams: BTreeMap<String, Vec<Appended>> = BTreeMap::new();
        for event in &world.appended {
            let category = event.stream.split('-').next().expect("a stream has a category");
            let queue = match category {
                "order" | "day" if keeps_days => "booked",
                _ => &event.stream,
            };
            streams.entry(queue.to_owned()).or_default().push(event.clone());
        }
        let mut queues: Vec<_> = streams.into_values().map(Vec::into_iter).collect();
        let (mut writer, reader) = open_memory();
        let mut random = seed;
        let mut number = 0;
        while !queues.is_empty() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % queues.len();
            match queues[at].next() {
                Some(event) => {
                    number += 1;
                    append(&mut writer, number, &[event]);
                }
                None => drop(queues.swap_remove(at)),
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let shuffled = projected(dir.path(), &reader, NEVER);
        // A chain of hashes is of the order of the log, which is what it keeps.
        let orderless = |mut dumps: Vec<Vec<String>>| {
            dumps.remove(Projection::ALL.iter().position(|held| *held == Projection::Chains).unwrap());
            dumps
        };
        prop_assert_eq!(orderless(dumps(&shuffled)), orderless(rebuilt(&world)));
    }
}

/// R1 where it is easily missed: what is listed under something that changes was stored before it did.
#[test]
fn r1_what_moves_is_listed_where_it_is_now() {
    let mut world = World::furnished();
    world.step(&Step::Kitchen { on: true });
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, Duration::ZERO);
    for number in 1..=3 {
        world.must(open(number, new_order(vec![line(0, "pizza", 1_000)], true)));
        world.must(order(number, OrderCommand::FireLines(Fire::Unheld)));
    }
    world.must(pay(9, 3, Some(100), 0, card()));
    world.must(outcome(9, Outcome::Captured { amount: Some(Money(1)), reference: None }));
    caught_up(&projections, &world.reader);
    // The ticket goes on to a second order in one go, and to a third.
    world.must(order(1, OrderCommand::MergeInto(order_id(2))));
    world.step(&Step::Review { payment: 9, decision: Decision::Dismiss });
    caught_up(&projections, &world.reader);
    world.must(order(2, OrderCommand::MergeInto(order_id(3))));
    caught_up(&projections, &world.reader);
    assert_eq!(dumps(&projections), rebuilt(&world));
    let merged = projections.order(tenant(), store(), order_id(1)).unwrap().value.unwrap();
    let into = projections.order(tenant(), store(), order_id(3)).unwrap().value.unwrap();
    assert_eq!((merged.ticket_ids.len(), into.ticket_ids.len()), (0, 3));
    let attention = PaymentFilter { needs_attention: true, ..PaymentFilter::default() };
    let page = PageRequest { limit: 10, cursor: None };
    let listed = projections.payments(tenant(), store(), &attention, &page).unwrap().value;
    assert!(listed.entries.is_empty(), "{listed:?}");
}

#[test]
fn a_kill_without_a_durable_commit_loses_a_tail_that_is_read_again() {
    let mut world = World::furnished();
    let root = tempfile::tempdir().unwrap();
    let (first, killed) = (root.path().join("a"), root.path().join("b"));
    projected(&first, &world.reader, NEVER).shutdown();
    let projections = projected(&first, &world.reader, NEVER);
    let durable = world.last();
    for number in 0..50 {
        world.must(open(number, new_order(vec![line(0, "pizza", 1_000)], true)));
    }
    caught_up(&projections, &world.reader);
    copy(&first, &killed);
    // What the kill left stands at the last shutdown: nothing of the fifty orders is in it.
    let memory = open_memory();
    drop(memory);
    let reopened = Projections::open(&killed, world.reader.clone(), &options(NEVER)).unwrap();
    assert!(durable < world.last());
    caught_up(&reopened, &world.reader);
    assert_eq!(dumps(&reopened), dumps(&projections));
    assert_eq!(dumps(&reopened), rebuilt(&world));
}

#[test]
fn a_deleted_directory_comes_back_identical() {
    let mut world = World::furnished();
    for number in 0..20 {
        world.must(open(number, new_order(vec![line(0, "pizza", 1_000), line(1, "beer", 2_000)], true)));
        world.must(pay(number, number, None, 50, cash()));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models");
    let before = dumps(&projected(&path, &world.reader, NEVER));
    assert!(before.iter().map(Vec::len).sum::<usize>() > 100);
    std::fs::remove_dir_all(&path).unwrap();
    assert_eq!(dumps(&projected(&path, &world.reader, NEVER)), before);
    // One file alone, or one that is not a database.
    std::fs::remove_file(path.join("sales.redb")).unwrap();
    std::fs::write(path.join("orders.redb"), b"not a database at all").unwrap();
    assert_eq!(dumps(&projected(&path, &world.reader, NEVER)), before);
}

#[test]
fn a_model_of_another_log_or_ahead_of_it_is_discarded() {
    let mut long = World::furnished();
    long.must(open(1, new_order(vec![line(0, "pizza", 1_000)], true)));
    let short = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    projected(dir.path(), &long.reader, NEVER).shutdown();
    let other = projected(dir.path(), &short.reader, NEVER);
    assert_eq!(dumps(&other), rebuilt(&short));
}

#[test]
fn a_log_restored_from_a_copy_takes_the_models_back() {
    let root = tempfile::tempdir().unwrap();
    let (log, saved, models) = (root.path().join("log"), root.path().join("saved"), root.path().join("models"));
    let settings = eventlog::Options { segment_bytes: 1 << 20, ..eventlog::Options::STANDARD };
    let open_log = |dir: &Path| {
        let (writer, reader, _) = eventlog::open_embedded(dir, settings).unwrap();
        (writer, reader)
    };
    let mut world = World::on(open_log(&log));
    world.furnish();
    let World { writer, .. } = world;
    writer.close().unwrap();
    copy(&log, &saved);
    let (mut writer, reader) = open_log(&log);
    let extra = Appended {
        tenant: "demo".into(),
        stream: "other-demo".into(),
        revision: 0,
        recorded_at: 0,
        meta: vec![],
        body: vec![],
        event: None,
    };
    append(&mut writer, 99, &[extra]);
    projected(&models, &reader, NEVER).shutdown();
    drop((writer, reader));
    let (_writer, reader) = open_log(&saved);
    let projections = projected(&models, &reader, NEVER);
    assert_eq!(projections.position(Projection::Sales), Position(reader.durable().0 - 1));
    assert!(projections.store(tenant(), store()).unwrap().value.is_some());
}

#[test]
fn a_poison_event_parks_one_projection_and_no_other() {
    let mut world = World::furnished();
    world.must(open(1, new_order(vec![line(0, "pizza", 1_000)], true)));
    let before = world.last();
    let mut poison = world.appended.last().unwrap().clone();
    poison.stream = "stock-demo.s1".into();
    poison.revision = 999;
    poison.body = vec![1, 2, 3];
    append(&mut world.writer, 1_000, &[poison]);
    let at = world.last();
    world.must(open(2, new_order(vec![line(0, "salad", 1_000)], true)));
    let dir = tempfile::tempdir().unwrap();
    let projections = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    for projection in [Projection::Orders, Projection::Sales, Projection::Access] {
        block_on(projections.wait_for(projection, world.last(), Duration::from_secs(30))).unwrap();
    }
    block_on(projections.wait_for(Projection::Catalog, before, Duration::from_secs(30))).unwrap();
    let waited = block_on(projections.wait_for(Projection::Catalog, at, Duration::from_millis(1)));
    assert_eq!(waited, Err(Stale { wanted: at, applied: before }));
    projections.shutdown();
    let status = projections.status();
    for status in &status {
        match &status.parked {
            Some(parked) => {
                assert_eq!((status.projection, parked.position), (Projection::Catalog, at));
                assert!(parked.error.contains("cut short"), "{}", parked.error);
                assert_eq!(status.lag, world.last().0 - before.0);
            }
            None => assert_eq!(status.lag, 0, "{status:?}"),
        }
    }
    assert_eq!(status.iter().filter(|status| status.parked.is_some()).count(), 1);
    // A restart tries again, from the same place.
    drop(projections);
    let again = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    assert_eq!(again.position(Projection::Catalog), before);
}

#[test]
fn an_event_out_of_turn_is_poison() {
    let mut world = World::furnished();
    world.must(open(1, new_order(vec![line(0, "pizza", 1_000)], true)));
    let again = world.appended.iter().rev().find(|event| event.stream.starts_with("order-")).unwrap().clone();
    append(&mut world.writer, 1_000, &[again]);
    let dir = tempfile::tempdir().unwrap();
    let projections = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    let good = Position(world.last().0 - 1);
    for projection in [Projection::Orders, Projection::Sales] {
        block_on(projections.wait_for(projection, good, Duration::from_secs(30))).unwrap();
    }
    // It may be the model that is wrong: it is folded anew before the event is to blame.
    let parked = || projections.status().iter().filter(|status| status.parked.is_some()).count();
    until("both are parked", || parked() == 2);
    for projection in [Projection::Orders, Projection::Sales] {
        assert_eq!(projections.position(projection), good);
        projections.dump(projection).unwrap();
    }
}

#[test]
fn foreign_streams_are_passed_over() {
    let mut world = World::furnished();
    let mut foreign = world.appended.last().unwrap().clone();
    foreign.stream = "Loyalty Points".into();
    foreign.body = vec![9; 9];
    append(&mut world.writer, 1_000, &[foreign]);
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    assert!(projections.status().iter().all(|status| status.parked.is_none() && status.lag == 0));
}

#[test]
fn files_that_somebody_has_open_are_waited_for_and_an_empty_log_answers() {
    let world = World::on(open_memory());
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let second = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    assert!(matches!(second.stores(tenant()), Err(QueryError::Unavailable)));
    assert!(second.status().iter().all(|status| status.parked.is_some()), "{second:?}");
    assert_eq!(projections.stores(tenant()).unwrap().value, vec![]);
    assert_eq!(projections.status()[0].rebuilding_until, None);
    drop(projections);
    until("the second has them", || second.status().iter().all(|status| status.parked.is_none()));
    assert_eq!(second.stores(tenant()).unwrap().value, vec![]);
    assert_eq!(names(dir.path()).len(), Projection::ALL.len(), "nothing was set aside");
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits for what a worker does by itself.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

/// Whatever stands where the directory or a file of it should be, the log is folded and the models answer.
#[test]
fn what_stands_in_the_way_is_set_aside() {
    let mut world = World::furnished();
    world.must(open(1, new_order(vec![line(0, "pizza", 1_000)], true)));
    let before = rebuilt(&world);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("views");
    std::fs::write(&dir, b"a file").unwrap();
    assert_eq!(dumps(&projected(&dir, &world.reader, NEVER)), before);
    assert_eq!(std::fs::read(root.path().join("views.aside")).unwrap(), b"a file");
    for (round, projection) in Projection::ALL.into_iter().enumerate() {
        let path = dir.join(format!("{}.redb", projection.as_str()));
        std::fs::remove_file(&path).unwrap();
        match round % 2 {
            0 => std::fs::create_dir_all(path.join("inside")).unwrap(),
            _ => std::fs::write(&path, b"").unwrap(),
        }
        assert_eq!(dumps(&projected(&dir, &world.reader, NEVER)), before, "{projection:?}");
        assert!(dir.join(format!("{}.redb.aside", projection.as_str())).exists(), "{projection:?}: {:?}", names(&dir));
    }
}

#[test]
fn a_store_is_shown_with_its_settings() {
    let mut world = World::furnished();
    let event = world.must(Command::Store(store(), StoreCommand::Put(settings("Uptown"))));
    assert!(matches!(event[0], Event::Store(_)));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let answer = projections.store(tenant(), store()).unwrap();
    let view = answer.value.clone().unwrap();
    assert_eq!((view.name.0.as_str(), view.menu_version, view.revision), ("Uptown", Some(1), 1));
    assert_eq!(answer.position, world.last());
    assert_eq!(projections.stores(tenant()).unwrap().value, vec![view]);
    let other = id(domain::ids::TenantId::parse, "other");
    assert_eq!(projections.stores(other).unwrap().value, vec![]);
    assert_eq!(projections.store(other, store()).unwrap().value, None);
    assert!(!matches!(projections.stock(other, store()), Err(QueryError::Rebuilding { .. })));
}

/// Damage in the file of a model that is open: no answer is wrong, the model is folded anew by itself, and nothing else notices.
#[test]
fn what_is_damaged_while_it_runs_is_folded_anew() {
    let mut world = World::furnished();
    for number in 1..400 {
        world.must(open(number, new_order(vec![line(0, "pizza", 1_000)], true)));
    }
    let before = rebuilt(&world);
    let root = tempfile::tempdir().unwrap();
    for (round, projection) in Projection::ALL.into_iter().enumerate() {
        let dir = root.path().join(round.to_string());
        projected(&dir, &world.reader, NEVER).shutdown();
        // Nothing is in memory but what is asked for.
        let options = Options { cache_bytes: 0, ..options(NEVER) };
        let projections = Projections::open(&dir, world.reader.clone(), &options).unwrap();
        assert_eq!(dumps(&projections), before);
        let path = dir.join(format!("{}.redb", projection.as_str()));
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let pages = file.metadata().unwrap().len() / 4_096;
        let rubbish = vec![if round % 2 == 0 { 0_u8 } else { 0xa5 }; 4_096];
        for page in 1..pages {
            std::os::unix::fs::FileExt::write_all_at(&file, &rubbish, page * 4_096).unwrap();
        }
        until("somebody notices", || matches!(projections.dump(projection), Err(QueryError::Unavailable)));
        for (other, held) in Projection::ALL.into_iter().zip(&before).filter(|(other, _)| *other != projection) {
            assert_eq!(&projections.dump(other).unwrap(), held, "{other:?} beside {projection:?}");
        }
        until("it is folded anew", || projections.dump(projection).is_ok_and(|dump| dump == before[round]));
        assert!(path.with_extension("redb.aside").exists(), "{:?}", names(&dir));
        world_goes_on(&projections, &world);
    }
}

/// The models stand where the log does.
#[track_caller]
fn world_goes_on(projections: &Projections, world: &World) {
    caught_up(projections, &world.reader);
    assert!(projections.status().iter().all(|status| status.parked.is_none() && status.rebuilding_until.is_none()));
}
