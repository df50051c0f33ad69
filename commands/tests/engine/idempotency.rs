//! One command, one effect, whatever is repeated when.

use crate::support::*;
use commands::{Accepted, CommandError};
use domain::command::{Command, MenuCommand};
use domain::refused::Refused;
use eventlog::open_memory;

/// The repeat has the first's answer and the log has one commit of it.
#[track_caller]
fn check_same(house: &House, id: u128, first: &Accepted, again: Result<Accepted, CommandError>) {
    let again = again.expect("accepted");
    assert!(again.repeated);
    assert_eq!(again.receipt, first.receipt);
    let written = commits(house.engine.reader()).iter().filter(|commit| commit.command_id == id).count();
    assert_eq!(written, 1);
}

#[test]
fn a_repeat_has_the_same_answer_and_no_effect() {
    let house = House::furnished(open_memory(), 10);
    let (id, command) = (fresh(), burgers("o1", 2));
    let first = house.send(envelope(id, command.clone())).expect("accepted");
    assert!(!first.repeated);
    check_same(&house, id, &first, house.send(envelope(id, command.clone())));
    house.must(burgers("o2", 3));
    check_same(&house, id, &first, house.send(envelope(id, command.clone())));
    // What the client thinks the revision is does not belong to the command: a repeat brings the old one.
    let mut stale = envelope(id, command);
    stale.expected_revision = Some(domain::ids::Revision(77));
    check_same(&house, id, &first, house.send(stale));
    assert_eq!(house.engine.stats().snapshot().repeated, 3);
}

#[test]
fn a_hundred_at_once_have_one_effect_and_one_answer() {
    let house = House::furnished(open_memory(), 10);
    let id = fresh();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let engine = house.engine.clone();
            runtime().spawn(async move { engine.submit(envelope(id, burgers("o1", 2))).await })
        })
        .collect();
    let answers: Vec<Accepted> =
        tasks.into_iter().map(|task| wait(task).expect("no panic").expect("accepted")).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| answer.receipt == answers[0].receipt));
    assert_eq!(commits(house.engine.reader()).iter().filter(|commit| commit.command_id == id).count(), 1);
}

#[test]
fn a_repeat_waits_for_the_first() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    disk.close_gate();
    let id = fresh();
    let first = house.engine.enqueue(envelope(id, burgers("o1", 1))).expect("room");
    disk.await_sync();
    let again = house.engine.enqueue(envelope(id, burgers("o1", 1))).expect("room");
    disk.open_gate();
    let first = house.outcome(first).expect("accepted");
    check_same(&house, id, &first, house.outcome(again));
}

#[test]
fn a_repeat_after_a_restart_has_the_same_answer() {
    let dir = tempfile::tempdir().expect("a directory");
    let house = House::furnished(open_real(dir.path()), 10);
    let (id, command) = (fresh(), burgers("o1", 2));
    let first = house.send(envelope(id, command.clone())).expect("accepted");
    house.must(burgers("o2", 1));
    drop(house.stop());
    let house = House::start(open_real(dir.path()));
    check_same(&house, id, &first, house.send(envelope(id, command)));
    drop(house.stop());
}

#[test]
fn another_payload_under_the_same_key_is_told_apart() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    let id = fresh();
    house.send(envelope(id, burgers("o1", 2))).expect("accepted");
    let reused = house.send(envelope(id, burgers("o1", 3)));
    assert!(matches!(reused, Err(CommandError::KeyReused)), "{reused:?}");
    drop(house.stop());
    let house = House::start(disk.reborn().open());
    let reused = house.send(envelope(id, cancel("o1")));
    assert!(matches!(reused, Err(CommandError::KeyReused)), "{reused:?}");
}

#[test]
fn another_tenants_key_is_another_key() {
    let house = House::furnished(open_memory(), 10);
    let id = fresh();
    let publish = || envelope(id, Command::Menu(MenuCommand::UpsertItem(dish("tea", 300, None))));
    let mine = house.send(publish()).expect("accepted");
    let mut theirs = publish();
    theirs.tenant = tenant("m2");
    let theirs = house.send(theirs).expect("accepted");
    assert!(!theirs.repeated);
    assert_ne!(mine.receipt.stream, theirs.receipt.stream);
    assert_eq!(theirs.receipt.revision, Some(domain::ids::Revision(0)));
}

#[test]
fn a_refused_command_is_decided_again_under_its_key() {
    let house = House::furnished(open_memory(), 1);
    let id = fresh();
    let refused = refusal(house.send(envelope(id, burgers("o1", 2))));
    assert!(matches!(refused, Refused::OutOfStock { .. }));
    house.must(receive(1));
    let answer = house.send(envelope(id, burgers("o1", 2))).expect("accepted");
    assert!(!answer.repeated);
    // Nothing was written under the key, so another payload was free to use it before; now it is not.
    let reused = house.send(envelope(id, burgers("o1", 1)));
    assert!(matches!(reused, Err(CommandError::KeyReused)), "{reused:?}");
}

#[test]
fn a_command_that_changed_nothing_is_repeated_too() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    // Marking twice changes nothing the second time; what comes later moves the stream on.
    let mark = || to_stock(domain::command::StockCommand::Mark86 { sku: sku("burger"), until: None });
    let marked = house.must(mark());
    let id = fresh();
    let first = house.send(envelope(id, mark())).expect("accepted");
    assert_eq!(first.receipt.events, []);
    assert_eq!(first.receipt.revision, marked.receipt.revision);
    assert_eq!(first.receipt.position, marked.receipt.position);
    check_same(&house, id, &first, house.send(envelope(id, mark())));
    for _ in 0..100 {
        house.must(receive(1));
    }
    check_same(&house, id, &first, house.send(envelope(id, mark())));
    drop(house.stop());
    let house = House::start(disk.reborn().open());
    check_same(&house, id, &first, house.send(envelope(id, mark())));
}
