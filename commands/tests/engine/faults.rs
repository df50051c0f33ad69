//! What the disk does to the engine: nobody is answered too early, nobody is left waiting.

use crate::support::*;
use commands::{CommandError, InFlight};
use domain::command::{OrderCommand, StoreCommand};
use domain::event::{CancelReason, Event, OrderEvent, PayMode};
use domain::refused::Refused;
use domain::store::Settings;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Whether an outcome is there without waiting for it.
fn is_answered<F: Future>(outcome: &mut Pin<&mut F>) -> bool {
    matches!(outcome.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

/// A house whose log thread hangs in the sync of a batch with `commands` in it; the engine thread is free.
fn with_batch_in_flight(
    disk: &GateDisk,
    stock: u32,
    commands: Vec<domain::command::Command>,
) -> (House, Vec<InFlight>) {
    hang(House::furnished(disk.open(), stock), disk, commands)
}

fn hang(house: House, disk: &GateDisk, commands: Vec<domain::command::Command>) -> (House, Vec<InFlight>) {
    disk.close_gate();
    // A single command is written by the engine thread itself; those that come meanwhile are a batch for the log thread.
    let first = house.enqueue(receive(1));
    disk.await_sync();
    let mut sent: Vec<InFlight> = commands.into_iter().map(|command| house.enqueue(command)).collect();
    // So that they are never a single command.
    sent.push(house.enqueue(cancel("none")));
    disk.allow_one();
    house.outcome(first).expect("accepted");
    disk.await_sync();
    (house, sent)
}

/// Waits until the engine thread has decided so many refusals.
fn await_refusals(house: &House, count: u64) {
    until(|| (count <= house.engine.stats().snapshot().refused).then_some(()));
}

#[test]
fn a_refusal_waits_for_what_it_saw() {
    let disk = GateDisk::new();
    let (house, sent) = with_batch_in_flight(&disk, 1, vec![burgers("o1", 2)]);
    let refused_before = house.engine.stats().snapshot().refused;
    let mut early = pin!(house.engine.outcome(house.enqueue(burgers("o2", 1))));
    await_refusals(&house, refused_before + 1);
    // One more, and the first has certainly been dealt with.
    let mut later = pin!(house.engine.outcome(house.enqueue(cancel("o9"))));
    await_refusals(&house, refused_before + 2);
    assert!(!is_answered(&mut early), "a refusal rests on a commit that is not durable");
    assert!(!is_answered(&mut later), "a refusal rests on a commit that is not durable");
    disk.open_gate();
    assert!(matches!(refusal(wait(early)), Refused::OutOfStock { .. }));
    assert!(matches!(refusal(wait(later)), Refused::UnknownOrder { .. }));
    for in_flight in sent.into_iter().take(1) {
        house.outcome(in_flight).expect("accepted");
    }
}

#[test]
fn a_repeat_waits_for_the_batch_the_first_is_in() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    let durable = fresh();
    house.send(envelope(durable, burgers("o0", 1))).expect("accepted");
    disk.close_gate();
    let first = house.enqueue(receive(1));
    disk.await_sync();
    let id = fresh();
    let waiting: Vec<InFlight> =
        (0..2).map(|_| house.engine.enqueue(envelope(id, burgers("o1", 1))).expect("room")).collect();
    disk.allow_one();
    house.outcome(first).expect("accepted");
    disk.await_sync();
    // What is durable already is repeated meanwhile, and by then the engine thread has been past the other repeat.
    assert!(house.send(envelope(durable, burgers("o0", 1))).expect("accepted").repeated);
    let _runtime = runtime().enter();
    let mut waiting: Vec<_> = waiting.into_iter().map(|in_flight| Box::pin(house.engine.outcome(in_flight))).collect();
    assert!(waiting.iter_mut().all(|outcome| !is_answered(&mut outcome.as_mut())), "nothing is durable yet");
    disk.open_gate();
    let answers: Vec<_> = waiting.into_iter().map(|outcome| wait(outcome).expect("accepted")).collect();
    assert_eq!(answers[0].receipt, answers[1].receipt);
    assert_eq!(answers.iter().map(|answer| answer.repeated).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_price_waits_for_what_it_saw() {
    let disk = GateDisk::new();
    let (house, _tickets) = with_batch_in_flight(&disk, 1, vec![burgers("o1", 1)]);
    let order = new_order(PayMode::Later, vec![new_line("l1", "soup", 1)]);
    let mut price = pin!(house.engine.price(tenant("m1"), store("s1"), order));
    assert!(!is_answered(&mut price));
    let before = house.engine.stats().snapshot().refused;
    let _refused = house.enqueue(cancel("o9"));
    await_refusals(&house, before + 1);
    assert!(!is_answered(&mut price), "a price rests on state that is not durable");
    disk.open_gate();
    assert_eq!(wait(price).expect("a price").total.0, 1_000);
}

#[test]
fn a_log_that_does_not_answer_is_away_until_it_does() {
    let disk = GateDisk::new();
    let house = House::start_impatient(disk.open());
    house.furnish(10);
    let (house, sent) = hang(house, &disk, vec![burgers("o1", 1)]);
    // The batch under way has not answered: what comes now is not taken, and not left waiting for it either.
    let away = |outcome: Result<_, CommandError>| assert!(matches!(outcome, Err(CommandError::LogUnavailable)));
    away(house.ask(receive(1)).map(|_| ()));
    away(house.ask(cancel("o9")).map(|_| ()));
    let order = new_order(PayMode::Later, vec![new_line("l1", "soup", 1)]);
    away(wait(house.engine.price(tenant("m1"), store("s1"), order)).map(|_| ()));
    assert_eq!(house.engine.stats().snapshot().log_unavailable, 3);
    disk.open_gate();
    // What was in hand is durable, and the log takes commands again.
    let mut sent = sent.into_iter();
    house.outcome(sent.next().expect("an order")).expect("accepted");
    assert!(matches!(refusal(house.outcome(sent.next().expect("a refusal"))), Refused::UnknownOrder { .. }));
    until(|| house.ask(receive(1)).ok());
    assert_eq!(house.engine.failure().borrow().as_ref(), None);
}

/// What waits at a failure learns that the outcome is unknown; what comes later, that nothing was written.
fn check_failed(house: House, disk: &GateDisk, waiting: Vec<InFlight>) {
    for in_flight in waiting {
        let outcome = house.outcome(in_flight);
        assert!(matches!(outcome, Err(CommandError::Unknown)), "{outcome:?}");
    }
    let mut failure = house.engine.failure();
    wait(failure.wait_for(Option::is_some)).expect("somebody says so");
    for command in [receive(1), cancel("o9")] {
        let outcome = house.ask(command);
        assert!(matches!(outcome, Err(CommandError::Stopped)), "{outcome:?}");
    }
    let acknowledged = commits(house.engine.reader());
    drop(house.stopped.stop());
    let house = House::start(disk.reborn().open());
    let found = commits(house.engine.reader());
    assert_eq!(found[..acknowledged.len()], acknowledged);
}

#[test]
fn a_failed_sync_on_the_log_thread_answers_nobody() {
    let disk = GateDisk::new();
    let (house, mut waiting) = with_batch_in_flight(&disk, 1, vec![burgers("o1", 2)]);
    // A commit and a refusal behind the batch that fails.
    let before = house.engine.stats().snapshot().refused;
    waiting.push(house.enqueue(receive(1)));
    waiting.push(house.enqueue(burgers("o2", 7)));
    await_refusals(&house, before + 1);
    disk.fail_syncs();
    check_failed(house, &disk, waiting);
}

#[test]
fn a_failed_sync_on_the_engine_thread_answers_nobody() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 1);
    disk.close_gate();
    let waiting = house.enqueue(burgers("o1", 1));
    disk.await_sync();
    disk.fail_syncs();
    check_failed(house, &disk, vec![waiting]);
}

#[test]
fn a_panic_on_the_log_thread_is_a_failure() {
    let disk = GateDisk::new();
    let (house, waiting) = with_batch_in_flight(&disk, 1, vec![burgers("o1", 2)]);
    disk.panic_in_syncs();
    check_failed(house, &disk, waiting);
}

#[test]
fn a_panic_in_the_engine_threads_own_sync_is_a_failure() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 1);
    disk.close_gate();
    let waiting = house.enqueue(burgers("o1", 1));
    disk.await_sync();
    disk.panic_in_syncs();
    check_failed(house, &disk, vec![waiting]);
}

#[test]
fn a_panic_in_the_middle_of_a_decision_is_a_failure_and_is_not_written() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 1);
    // The door looks time zones up; that one comes through all the same is a bug to survive.
    let settings = Settings { time_zone: text("Mars/Olympus"), ..settings() };
    let poison = house.enqueue(to_store(StoreCommand::Put(settings)));
    check_failed(house, &disk, vec![poison]);
}

#[test]
fn unknown_becomes_definite_under_the_same_key() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    disk.close_gate();
    let id = fresh();
    let in_flight = house.engine.enqueue(envelope(id, burgers("o1", 2))).expect("room");
    disk.await_sync();
    disk.fail_syncs();
    assert!(matches!(house.outcome(in_flight), Err(CommandError::Unknown)));
    drop(house.stopped.stop());
    let house = House::start(disk.reborn().open());
    house.send(envelope(id, burgers("o1", 2))).expect("accepted, now or before");
    assert_eq!(commits(house.engine.reader()).iter().filter(|commit| commit.command_id == id).count(), 1);
}

/// A house on a disk without space, the batch in hand with the commands in flight, and what was turned away.
fn full_house(disk: &GateDisk) -> (House, Vec<(u128, InFlight)>, Vec<u128>) {
    let house = House::furnished(disk.open(), 100_000);
    house.must(burgers_first("due", 1));
    disk.sim.set_capacity(0);
    let (mut kept, mut away) = (vec![], vec![]);
    // What still fits in the segment is taken; then a batch is kept, and from there on commands are turned away.
    for number in 0..10_000 {
        let (id, command) = (fresh(), burgers(&format!("o{number}"), 1));
        let before = house.engine.stats().snapshot();
        let in_flight = house.engine.enqueue(envelope(id, command)).expect("room");
        until(|| {
            let now = house.engine.stats().snapshot();
            (before.accepted + before.storage_full < now.accepted + now.storage_full).then_some(())
        });
        match before.storage_full < house.engine.stats().snapshot().storage_full {
            true => {
                assert!(matches!(house.outcome(in_flight), Err(CommandError::StorageFull)));
                away.push(id);
                if away.len() == 3 {
                    return (house, kept, away);
                }
            }
            false => kept.push((id, in_flight)),
        }
    }
    panic!("the disk never filled up");
}

#[test]
fn a_full_disk_turns_commands_away_and_keeps_its_promises() {
    let disk = GateDisk::new();
    let (house, kept, away) = full_house(&disk);
    // A refusal may rest on what is kept, so it is no answer either.
    let refused = house.ask(cancel("o99999"));
    assert!(matches!(refused, Err(CommandError::StorageFull)), "{refused:?}");
    // What is durable already is repeated as ever.
    let durable = commits(house.engine.reader());
    let order = new_order(PayMode::Later, vec![new_line("l1", "soup", 1)]);
    assert!(matches!(wait(house.engine.price(tenant("m1"), store("s1"), order)), Err(CommandError::StorageFull)));
    let (last, _) = kept.last().expect("one is kept");
    assert!(durable.iter().all(|commit| commit.command_id != *last), "the last batch is not durable");
    disk.sim.set_capacity(u64::MAX);
    for (id, in_flight) in kept {
        let answer = house.outcome(in_flight).expect("accepted");
        let logged = commits(house.engine.reader()).into_iter().filter(|commit| commit.command_id == id).count();
        assert_eq!(logged, 1);
        assert!(!answer.repeated);
    }
    let log = commits(house.engine.reader());
    assert!(log.iter().all(|commit| !away.contains(&commit.command_id)), "it was turned away");
    assert_eq!(house.engine.failure().borrow().as_ref(), None);
    house.must(burgers("after", 1));
    drop(house.stop());
    assert_eq!(commits(&disk.reborn().open().1).len(), log.len() + 1);
}

#[test]
fn a_deadline_that_passes_while_the_disk_is_full_is_kept() {
    let disk = GateDisk::new();
    let (house, _kept, _) = full_house(&disk);
    house.set_clock(TIMEOUT_S);
    // By the second answer the engine has been past its deadlines once.
    for _ in 0..2 {
        assert!(matches!(house.ask(receive(1)), Err(CommandError::StorageFull)));
    }
    disk.sim.set_capacity(u64::MAX);
    let is_cancelled = |event: &Event| {
        matches!(event, Event::Order(_, OrderEvent::OrderCancelled { reason: CancelReason::PaymentTimeout }))
    };
    house.await_events(1, is_cancelled);
    assert!(matches!(house.refused(to_order("due", OrderCommand::Complete)), Refused::OrderClosed { .. }));
    assert_eq!(count_events(house.engine.reader(), is_cancelled), 1);
}

#[test]
fn a_full_disk_does_not_keep_the_engine_from_stopping() {
    let disk = GateDisk::new();
    let (house, mut kept, _) = full_house(&disk);
    let durable = commits(house.engine.reader()).len();
    let House { engine, stopped, .. } = house;
    drop(stopped.stop());
    let (_, last) = kept.pop().expect("one is kept");
    assert!(matches!(wait(engine.outcome(last)), Err(CommandError::Unknown)));
    assert!(engine.failure().borrow().is_some());
    let disk = disk.reborn();
    disk.sim.set_capacity(u64::MAX);
    assert_eq!(commits(&disk.open().1).len(), durable);
}
