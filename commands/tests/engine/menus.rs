//! A publication reaches every store, whatever comes between.

use crate::support::*;
use domain::command::{Command, MenuCommand, StoreCommand};
use domain::event::{Event, StoreMenuEvent};
use domain::refused::Refused;
use eventlog::{LogReader, open_memory};
use std::collections::BTreeMap;

/// How often each store has adopted each version.
fn adoptions(reader: &LogReader) -> BTreeMap<(String, u32), usize> {
    let mut adopted = BTreeMap::new();
    for event in commits(reader).into_iter().flat_map(|commit| commit.events) {
        if let Event::StoreMenu(StoreMenuEvent::MenuAdopted { version }) = event.event {
            *adopted.entry((event.stream, version)).or_default() += 1;
        }
    }
    adopted
}

fn is_adopted(wanted: u32) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::StoreMenu(StoreMenuEvent::MenuAdopted { version }) if *version == wanted)
}

fn publish(house: &House, price: i64) {
    house.must(Command::Menu(MenuCommand::UpsertItem(dish("burger", price, Some("burger")))));
    house.must(Command::Menu(MenuCommand::Publish));
}

#[test]
fn every_store_adopts_what_is_published() {
    const STORES: usize = 300;
    let house = House::start(open_memory());
    let tickets: Vec<_> = (1..=STORES).map(|number| house.enqueue(put(&format!("s{number}")))).collect();
    tickets.into_iter().for_each(|ticket| {
        house.outcome(ticket).expect("accepted");
    });
    // Without a menu there is nothing to adopt, and nothing to sell.
    assert_eq!(adoptions(house.engine.reader()).len(), 0);
    for version in 1..=2 {
        publish(&house, i64::from(version) * 100);
        house.await_events(STORES, is_adopted(version));
    }
    // The same again is no new version.
    house.must(Command::Menu(MenuCommand::Publish));
    // A new store sells at once.
    let answer = house.must(put("new"));
    assert_eq!(answer.receipt.events.len(), 2);
    let adopted = adoptions(house.engine.reader());
    assert_eq!(adopted.len(), 2 * STORES + 1);
    assert!(adopted.values().all(|times| *times == 1));
    // The engine's own commands go through the same log, under ids of their own.
    let again = Command::Store(store("s1"), StoreCommand::AdoptMenu { version: 3 });
    assert_eq!(house.refused(again), Refused::UnknownMenuVersion { version: 3 });
}

#[test]
fn another_tenants_publication_is_none_of_ours() {
    let house = House::furnished(open_memory(), 1);
    let mut theirs = envelope(fresh(), Command::Menu(MenuCommand::UpsertItem(dish("tea", 1, None))));
    theirs.tenant = tenant("m2");
    house.send(theirs.clone()).expect("accepted");
    theirs.command_id = domain::ids::CommandId(fresh());
    theirs.command = Command::Menu(MenuCommand::Publish);
    house.send(theirs).expect("accepted");
    house.must(receive(1));
    assert_eq!(
        adoptions(house.engine.reader()).into_iter().collect::<Vec<_>>(),
        [(("storemenu-m1.s1".to_owned(), 1), 1)]
    );
}

#[test]
fn a_restart_in_the_middle_goes_on_where_it_was() {
    const STORES: usize = 300;
    let disk = GateDisk::new();
    let house = House::start(disk.open());
    for number in 1..=STORES {
        house.must(put(&format!("s{number}")));
    }
    house.must(Command::Menu(MenuCommand::UpsertItem(dish("burger", 100, Some("burger")))));
    disk.close_gate();
    let published = house.enqueue(Command::Menu(MenuCommand::Publish));
    disk.await_sync();
    disk.allow_one();
    house.outcome(published).expect("accepted");
    disk.await_sync();
    let before = adoptions(house.engine.reader()).len();
    assert!(before < STORES, "the publication and all adoptions were one batch");
    let reborn = disk.reborn();
    disk.fail_syncs();
    drop(house.stopped.stop());
    let house = House::start(reborn.open());
    house.await_events(STORES, is_adopted(1));
    let adopted = adoptions(house.engine.reader());
    assert_eq!(adopted.len(), STORES);
    assert!(adopted.values().all(|times| *times == 1));
}
