//! After a restart the engine decides as if it had never stopped.

use crate::support::*;
use commands::{Accepted, Receipt};
use domain::command::{Command, MenuCommand, Method, StockCommand};
use domain::ids::TenderId;
use domain::refused::Refused;
use eventlog::sim::Random;
use std::fs;
use std::path::Path;

/// A command out of everything a day brings; many of them are refused.
fn some_command(random: &mut Random) -> Command {
    let order = format!("o{}", random.below(12));
    let attempt = format!("p{}", random.below(24));
    let qty = 1 + random.below(3) as u32;
    match random.below(11) {
        0 | 1 => burgers(&order, qty),
        2 | 3 => burgers_first(&order, qty),
        4 => cancel(&order),
        5 => cash(&attempt, &order),
        6 => pay(&attempt, &order, Method::External(TenderId::parse("card").expect("an id"))),
        7 => receive(qty),
        8 => to_stock(StockCommand::Mark86 { sku: sku("burger"), until: None }),
        9 => to_stock(StockCommand::Unmark86(sku("burger"))),
        _ => Command::Menu(MenuCommand::UpsertItem(dish("burger", 100 * i64::from(qty), Some("burger")))),
    }
}

/// Everything a client learns, the message of an error included.
fn said(house: &House, id: u128, command: Command) -> String {
    match house.send(envelope(id, command)) {
        // Two logs have batches of different names.
        Ok(Accepted { receipt, repeated }) => format!("{:?} {repeated}", Receipt { batch: None, ..receipt }),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn a_restarted_engine_decides_as_one_that_never_stopped() {
    for seed in 1..=8 {
        say_seed(seed);
        let mut random = Random::new(seed);
        let (steady, restarted) = (GateDisk::new(), GateDisk::new());
        let steady = House::furnished(steady.open(), 10);
        let mut disk = restarted;
        let mut house = House::furnished(disk.open(), 10);
        let mut sent: Vec<(u128, Command)> = vec![];
        for step in 0..120 {
            if random.one_in(20) {
                // A kill finds what was answered on the disk, for nothing else was answered.
                let next = disk.reborn();
                drop(house);
                disk = next;
                house = House::start(disk.open());
            }
            let (id, command) = match !sent.is_empty() && random.one_in(5) {
                true => sent[random.below(sent.len() as u64) as usize].clone(),
                false => (fresh(), some_command(&mut random)),
            };
            let (here, there) = (said(&steady, id, command.clone()), said(&house, id, command.clone()));
            assert_eq!(here, there, "seed {seed}, step {step}, {command:?}");
            sent.push((id, command));
        }
        // The ids the furnishing used differ; what follows from them does not.
        let events = |house: &House| -> Vec<LoggedEvent> {
            commits(house.engine.reader()).into_iter().flat_map(|commit| commit.events).collect()
        };
        assert_eq!(events(&steady), events(&house));
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[test]
fn what_was_answered_is_in_a_copy_taken_while_the_engine_runs() {
    let dir = tempfile::tempdir().expect("a directory");
    let house = House::furnished(open_real(dir.path()), 50);
    let sold: Vec<u128> = (0..50)
        .map(|number| {
            let id = fresh();
            house.send(envelope(id, burgers(&format!("o{number}"), 1))).expect("accepted");
            id
        })
        .collect();
    let killed = tempfile::tempdir().expect("a directory");
    copy(dir.path(), killed.path());
    let again = House::start(open_real(killed.path()));
    let logged: Vec<u128> = commits(again.engine.reader()).iter().map(|commit| commit.command_id).collect();
    assert!(sold.iter().all(|id| logged.contains(id)));
    assert!(matches!(again.refused(burgers("more", 1)), Refused::OutOfStock { .. }));
    drop(again.stop());
    drop(house.stop());
}
