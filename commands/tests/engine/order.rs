//! What a caller may rely on besides the answer itself: revisions, order, a full queue, a stop.

use crate::support::*;
use commands::{CommandError, InFlight};
use domain::command::OrderCommand;
use domain::event::PayMode;
use domain::ids::Revision;
use domain::money::QtyMilli;
use domain::refused::Refused;
use eventlog::open_memory;

#[test]
fn if_match_compares_the_commands_own_stream() {
    let house = House::furnished(open_memory(), 10);
    let with = |expected: u64, command| {
        let mut envelope = envelope(fresh(), command);
        envelope.expected_revision = Some(Revision(expected));
        envelope
    };
    let absent = refusal(house.send(with(0, burgers("o1", 1))));
    assert_eq!(absent, Refused::RevisionMismatch { current: None });
    let opened = house.must(burgers("o1", 1)).receipt.revision.expect("a revision");
    let stale = refusal(house.send(with(opened.0 - 1, cancel("o1"))));
    assert_eq!(stale, Refused::RevisionMismatch { current: Some(opened) });
    let ahead = refusal(house.send(with(opened.0 + 1, cancel("o1"))));
    assert_eq!(ahead, Refused::RevisionMismatch { current: Some(opened) });
    let cancelled = house.send(with(opened.0, cancel("o1"))).expect("accepted");
    assert_eq!(cancelled.receipt.revision, Some(Revision(opened.0 + 1)));
    // Of two that saw the same revision one wins.
    let stock = house.must(receive(1)).receipt.revision.expect("a revision");
    house.send(with(stock.0, receive(1))).expect("accepted");
    let lost = refusal(house.send(with(stock.0, receive(1))));
    assert_eq!(lost, Refused::RevisionMismatch { current: Some(Revision(stock.0 + 1)) });
}

#[test]
fn what_one_caller_gives_takes_effect_in_its_order() {
    let house = House::furnished(open_memory(), 10);
    let ids: Vec<u128> = (0..500).map(|_| fresh()).collect();
    let mut order = new_order(PayMode::Later, vec![new_line("l1", "soup", 1)]);
    order.place = None;
    let opened = house.enqueue(to_order("o1", OrderCommand::Open(order)));
    let tickets: Vec<InFlight> = ids
        .iter()
        .zip(2..)
        .map(|(id, pieces)| {
            let change = OrderCommand::ChangeLineQty { line: line("l1"), qty: QtyMilli::pieces(pieces) };
            house.engine.enqueue(envelope(*id, to_order("o1", change))).expect("room")
        })
        .collect();
    house.outcome(opened).expect("accepted");
    let revisions: Vec<u64> = tickets
        .into_iter()
        .map(|ticket| house.outcome(ticket).expect("accepted").receipt.revision.expect("a revision").0)
        .collect();
    assert!(revisions.is_sorted_by(|before, after| before < after));
    let logged: Vec<u128> = commits(house.engine.reader()).iter().map(|commit| commit.command_id).collect();
    assert_eq!(logged[logged.len() - ids.len()..], ids);
}

#[test]
fn a_full_queue_turns_away_before_any_work() {
    let disk = GateDisk::new();
    let house = House::start_at(disk.open(), NOON, 4);
    house.furnish(100);
    disk.close_gate();
    let first = house.enqueue(receive(1));
    disk.await_sync();
    // The engine thread is in the sync: four more fit.
    let fitting: Vec<InFlight> = (0..4).map(|number| house.enqueue(burgers(&format!("o{number}"), 1))).collect();
    assert_eq!(house.engine.queue_depth(), 4);
    let id = fresh();
    for _ in 0..3 {
        let refused = house.engine.enqueue(envelope(id, burgers("late", 1)));
        assert!(matches!(refused, Err(CommandError::Overloaded)), "{refused:?}");
    }
    let price = house.engine.price(tenant("m1"), store("s1"), new_order(PayMode::Later, vec![]));
    assert!(matches!(wait(price), Err(CommandError::Overloaded)));
    assert_eq!(house.engine.stats().snapshot().overloaded, 4);
    // One that waits for room gets it.
    let engine = house.engine.clone();
    let patient = runtime().spawn(async move {
        let ticket = engine.enqueue_patiently(envelope(fresh(), burgers("patient", 1))).await?;
        engine.outcome(ticket).await
    });
    disk.open_gate();
    for ticket in [first].into_iter().chain(fitting) {
        house.outcome(ticket).expect("accepted");
    }
    wait(patient).expect("no panic").expect("accepted");
    assert!(commits(house.engine.reader()).iter().all(|commit| commit.command_id != id));
    house.send(envelope(id, burgers("late", 1))).expect("accepted");
}

#[test]
fn a_stop_makes_durable_what_was_accepted() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 1_000);
    let tickets: Vec<(u128, InFlight)> = (0..500)
        .map(|number| {
            let id = fresh();
            (id, house.engine.enqueue(envelope(id, burgers(&format!("o{number}"), 1))).expect("room"))
        })
        .collect();
    let House { engine, stopped, .. } = house;
    stopped.stop().expect("the log comes back").close().expect("closed");
    let log = commits(&disk.reborn().open().1);
    for (id, ticket) in tickets {
        wait(engine.outcome(ticket)).expect("accepted before the stop");
        assert_eq!(log.iter().filter(|commit| commit.command_id == id).count(), 1);
    }
    let late = wait(engine.submit(envelope(fresh(), receive(1))));
    assert!(matches!(late, Err(CommandError::Stopped)), "{late:?}");
    let late = wait(engine.price(tenant("m1"), store("s1"), new_order(PayMode::Later, vec![])));
    assert!(matches!(late, Err(CommandError::Stopped)), "{late:?}");
    assert_eq!(engine.failure().borrow().as_ref(), None);
}

#[test]
fn clients_that_race_a_stop_all_get_an_outcome() {
    for round in 0..20 {
        let house = House::furnished(open_memory(), 100_000);
        let tasks: Vec<_> = (0..4)
            .map(|client| {
                let engine = house.engine.clone();
                runtime().spawn(async move {
                    let mut accepted = vec![];
                    for number in 0.. {
                        let id = fresh();
                        match engine.submit(envelope(id, burgers(&format!("o{client}_{number}"), 1))).await {
                            Ok(_) => accepted.push(id),
                            Err(CommandError::Stopped) => return accepted,
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                    accepted
                })
            })
            .collect();
        until(|| (50 + round < house.engine.stats().snapshot().accepted).then_some(()));
        let House { engine, stopped, .. } = house;
        drop(stopped.stop());
        let mut accepted: Vec<u128> = tasks.into_iter().flat_map(|task| wait(task).expect("no panic")).collect();
        let mut logged: Vec<u128> = commits(engine.reader())
            .iter()
            .filter(|commit| commit.events.iter().any(|event| event.stream.starts_with("order-")))
            .map(|commit| commit.command_id)
            .collect();
        accepted.sort_unstable();
        logged.sort_unstable();
        assert_eq!(accepted, logged);
    }
}

#[test]
fn an_engine_nobody_holds_ends() {
    let disk = GateDisk::new();
    let house = House::furnished(disk.open(), 10);
    // A deadline lies ahead, so the clock thread is at work too.
    house.must(burgers_first("o1", 1));
    let mut failure = house.engine.failure();
    drop(house);
    // The log thread lets go of its end when it has ended, and nothing has failed.
    assert!(wait(failure.changed()).is_err());
}
