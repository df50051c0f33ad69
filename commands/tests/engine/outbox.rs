//! What is owed to payment providers: kept beside the log, and found in it again.

use crate::support::*;
use commands::reactor::{Outbox, OutboxError, OutboxStatus, PaymentNotice, outbox_entries, outbox_status};
use domain::calendar::Timestamp;
use domain::command::{Method, PaymentCommand, ProviderCommand, StoreCommand};
use domain::event::{Capture, ProviderMessage, ProviderSaid};
use domain::ids::{AccountId, PaymentId, StoreId, TenantId, TenderId, Text};
use eventlog::Position;
use eventlog::open_memory;
use schemas::provider::Ask;
use schemas::stored::{OutboxAction, OutboxEntry, Parked};
use tempfile::TempDir;

fn entry(payment: &str, what: OutboxAction) -> OutboxEntry {
    let (tenant, store) = (TenantId::parse("acme").unwrap(), StoreId::parse("s1").unwrap());
    OutboxEntry { tenant, store, payment: PaymentId::parse(payment).unwrap(), what }
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn message(event: &str, said: ProviderSaid) -> ProviderMessage {
    let (event_id, reference) = (text(event), Some(text("pay_1")));
    ProviderMessage { event_id, reference, said, amount: None, currency: None, body_sha256: [7; 32] }
}

#[test]
fn what_is_owed_survives_and_what_is_done_does_not() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("providers.redb");
    let (one, two) = (entry("p1", OutboxAction::Authorise), entry("p2", OutboxAction::Void));
    {
        let outbox = Outbox::open(&path, Position(100)).unwrap();
        assert_eq!((outbox.position().unwrap(), outbox.pending().unwrap()), (Position(0), vec![]));
        outbox.record(&[(Position(7), one), (Position(9), two)], &[], Position(10)).unwrap();
    }
    {
        let outbox = Outbox::open(&path, Position(10)).unwrap();
        assert_eq!(outbox.pending().unwrap(), [(Position(7), one), (Position(9), two)]);
        outbox.record(&[], &[Position(7)], Position(20)).unwrap();
        assert_eq!((outbox.position().unwrap(), outbox.pending().unwrap()), (Position(20), vec![(Position(9), two)]));
    }
    // The file of another log, or of a later copy of this one, is refused.
    assert!(matches!(Outbox::open(&path, Position(19)), Err(OutboxError::Ahead { position: Position(20), .. })));
}

/// The file is never taken for a new one, and what is wrong with it says whether it may pass.
#[test]
fn a_file_that_cannot_be_read_is_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let opened = |name: &str| Outbox::open(&path(name), Position(1)).map(drop);
    for (name, bytes) in [("empty", &b""[..]), ("text", b"no database"), ("long", &[7; 64 << 10])] {
        std::fs::write(path(name), bytes).unwrap();
        assert!(matches!(opened(name), Err(OutboxError::Damaged { path: told }) if told == path(name)), "{name}");
        assert_eq!(std::fs::read(path(name)).unwrap(), bytes, "{name}");
    }
    // Somebody has it open, or it is none: the file itself is as good as it was.
    let held = Outbox::open(&path("held"), Position(1)).unwrap();
    assert!(matches!(opened("held"), Err(OutboxError::Storage { .. })), "{:?}", opened("held"));
    drop(held);
    opened("held").unwrap();
    std::fs::create_dir(path("directory")).unwrap();
    assert!(matches!(opened("directory"), Err(OutboxError::Storage { .. })), "{:?}", opened("directory"));
    assert!(matches!(opened("missing/file"), Err(OutboxError::Storage { .. })));
}

#[test]
fn a_message_is_parked_once_and_let_go() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("providers.redb");
    let (tenant, store) = (TenantId::parse("acme").unwrap(), StoreId::parse("s1").unwrap());
    let parked = |event: &str| Parked {
        account: AccountId::parse("card").unwrap(),
        payment: None,
        received_at: Timestamp(5),
        message: message(event, ProviderSaid::Captured),
    };
    let outbox = Outbox::open(&path, Position(0)).unwrap();
    let at = outbox.park(tenant, store, &parked("e1")).unwrap().expect("there is room");
    assert_eq!(outbox.park(tenant, store, &parked("e1")).unwrap(), Some(at.clone()));
    outbox.park(tenant, store, &parked("e2")).unwrap().expect("there is room");
    drop(outbox);
    let outbox = Outbox::open(&path, Position(0)).unwrap();
    let events = |outbox: &Outbox| -> Vec<String> {
        outbox.parked().unwrap().into_iter().map(|(_, parked)| parked.message.event_id.to_string()).collect()
    };
    assert_eq!(events(&outbox), ["e1", "e2"]);
    outbox.unpark(&[at]).unwrap();
    assert_eq!(events(&outbox), ["e2"]);
}

/// Wherever it is damaged while it is closed, it is told at the latest when that is met, and never by a panic.
#[test]
fn damage_in_the_file_is_told_whenever_it_is_met() {
    let dir = TempDir::new().unwrap();
    let (whole, path) = (dir.path().join("whole.redb"), dir.path().join("providers.redb"));
    let (tenant, store) = (TenantId::parse("acme").unwrap(), StoreId::parse("s1").unwrap());
    let parked = |number: u32| Parked {
        account: AccountId::parse("card").unwrap(),
        payment: None,
        received_at: Timestamp(5),
        message: message(&format!("e{number}"), ProviderSaid::Captured),
    };
    let outbox = Outbox::open(&whole, Position(0)).unwrap();
    (0..200).for_each(|number| drop(outbox.park(tenant, store, &parked(number)).unwrap().expect("there is room")));
    drop(outbox);
    let bytes = std::fs::read(&whole).unwrap();
    let mut told = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 256) {
        let mut damaged = bytes.clone();
        damaged[at..(at + 64).min(bytes.len())].fill(0xff);
        std::fs::write(&path, damaged).unwrap();
        let used = Outbox::open(&path, Position(0)).and_then(|outbox| {
            let held = outbox.parked()?;
            outbox.pending()?;
            outbox.park(tenant, store, &parked(1_000))?;
            Ok(held.len())
        });
        match used {
            Ok(held) => assert_eq!(held, 200, "damage at {at} is not noticed"),
            Err(error) => {
                assert!(error.to_string().contains("providers.redb"), "{error}");
                told += 1;
            }
        }
    }
    assert!(0 < told, "something of the file is used");
}

/// What the log says is owed, in its order.
fn owed(house: &House) -> Vec<(Position, OutboxEntry)> {
    let mut owed = vec![];
    for batch in house.engine.reader().read(Position(0), usize::MAX).expect("the log reads") {
        let noted = outbox_entries(&batch, Position(0), |news| match news {
            PaymentNotice::Requested(at, entry) => owed.push((at, entry)),
            PaymentNotice::Changed { .. } => {}
        });
        noted.expect("its events read");
    }
    owed
}

#[test]
fn the_log_says_what_is_owed_and_the_payment_whether_it_still_is() {
    let house = House::furnished(open_memory(), 9);
    let (account, tender) = (AccountId::parse("card").unwrap(), TenderId::parse("card").unwrap());
    let through = Method::Provider { tender, account, capture: Capture::Later, step: None };
    house.must(burgers("o1", 1));
    house.must(pay("p1", "o1", through));
    let to_provider =
        |command| to_store(StoreCommand::Payment(PaymentId::parse("p1").unwrap(), PaymentCommand::Provider(command)));
    let says = |event: &str, said| to_provider(ProviderCommand::Record { account, message: message(event, said) });
    let stands = |index: usize| outbox_status(house.engine.reader(), &owed(&house)[index].1).expect("the log reads");
    let ask = |standing| match standing {
        OutboxStatus::Open { ask, .. } => ask.map(|ask| *ask),
        OutboxStatus::Settled => None,
    };
    assert!(matches!(ask(stands(0)), Some(Ask::Authorise { capture: Capture::Later, .. })));
    house.must(says("e1", ProviderSaid::Authorised));
    assert_eq!(stands(0), OutboxStatus::Settled, "it is authorised");
    house.must(to_provider(ProviderCommand::Capture));
    let Some(Ask::Capture { reference, amount, .. }) = ask(stands(1)) else { panic!("{:?}", stands(1)) };
    assert_eq!(reference, text("pay_1"));
    house.must(to_provider(ProviderCommand::Void { reason: text("left") }));
    assert_eq!(stands(1), OutboxStatus::Settled, "it is let go of instead");
    assert!(matches!(ask(stands(2)), Some(Ask::Void { .. })));
    // The provider was faster.
    house.must(says("e2", ProviderSaid::Captured));
    assert_eq!(stands(2), OutboxStatus::Settled);
    house.must(to_provider(ProviderCommand::Void { reason: text("left") }));
    let Some(Ask::Refund { amount: back, .. }) = ask(stands(3)) else { panic!("{:?}", stands(3)) };
    assert_eq!(back, amount, "all of it");
    let refund = domain::ids::RefundId::parse("void").unwrap();
    house.must(says("e3", ProviderSaid::RefundSucceeded { refund }));
    assert!((0..4).all(|index| stands(index) == OutboxStatus::Settled));
    let what: Vec<OutboxAction> = owed(&house).into_iter().map(|(_, entry)| entry.what).collect();
    assert_eq!(
        what,
        [OutboxAction::Authorise, OutboxAction::Capture, OutboxAction::Void, OutboxAction::Refund(refund)]
    );
}
