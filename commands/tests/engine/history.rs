//! Histories of many clients on few orders, with the power going, syncs failing and kills in between. The log's order is the
//! witness: what clients were told is held against it, and against a small model that replays it.

use crate::programme::{Counts, Sizes, run};
use crate::support::*;
use crate::witness::{Refusal, Witness};
use commands::{CommandError, Engine, Options, Receipt, Stopped, is_derived};
use domain::command::{Command, Method, StockCommand};
use domain::ids::{CommandId, TenderId};
use domain::money::QtyMilli;
use eventlog::sim::{Fault, Random};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Commands of one history, over all its clients.
const COMMANDS: u64 = 5_000;
/// How often the engine is started in a history.
const LIVES: u64 = 6;
/// Orders that are worked on at a time, and for how many commands of each client.
const HOT_ORDERS: u64 = 6;
const HOT_FOR: u64 = 12;
/// How long a client waits that was told that there is no space, and how often it is looked whether there is power.
const RETRY_AFTER: Duration = Duration::from_millis(5);
const POWER_CHECK: Duration = Duration::from_millis(5);
/// So few ids stay in memory that some repeats ask the log.
const IDS_MAX: usize = 512;

/// One client: what it sent, and what it was told.
struct Client {
    random: Random,
    done: u64,
    sent: Vec<(u128, Command)>,
    /// Sent, with an outcome nobody knows.
    open: Option<(u128, Command)>,
    /// Told that nothing was written for it, and never sent otherwise.
    turned_away: Vec<u128>,
    accepted: Vec<(u128, Receipt)>,
    refused: Vec<(u128, Refusal)>,
    repeated: u64,
}

impl Client {
    fn new(seed: u64) -> Client {
        Client {
            random: Random::new(seed),
            done: 0,
            sent: vec![],
            open: None,
            turned_away: vec![],
            accepted: vec![],
            refused: vec![],
            repeated: 0,
        }
    }

    fn some_command(&mut self) -> Command {
        let random = &mut self.random;
        let round = self.done / HOT_FOR;
        let order = format!("o{round}_{}", random.below(HOT_ORDERS));
        let attempt = format!("p{round}_{}", random.below(4 * HOT_ORDERS));
        let qty = 1 + random.below(3) as u32;
        match random.below(12) {
            0..=3 => burgers(&order, qty),
            4 => burgers_first(&order, qty),
            5 => cancel(&order),
            6 | 7 => cash(&attempt, &order),
            8 => pay(&attempt, &order, Method::External(TenderId::parse("card").expect("an id"))),
            9 => receive(4 * qty),
            10 => to_stock(StockCommand::Count { sku: sku("burger"), counted: QtyMilli::pieces(qty) }),
            _ => {
                to_stock(StockCommand::Waste { sku: sku("burger"), qty: QtyMilli::pieces(qty), reason: text("burnt") })
            }
        }
    }

    /// Sends until it has done `until` commands or the engine fails; often sends again what it has sent.
    async fn live(mut self, engine: Engine, until: u64) -> Client {
        while self.done < until {
            let (id, command) = match self.open.take() {
                Some(open) => open,
                None if !self.sent.is_empty() && self.random.one_in(4) => {
                    self.sent[self.random.below(self.sent.len() as u64) as usize].clone()
                }
                None => (fresh_as(IdForm::V7(NOON)), self.some_command()),
            };
            let mut is_first = self.sent.iter().all(|(known, _)| *known != id);
            if is_first {
                self.sent.push((id, command.clone()));
            }
            // A client that loses patience does not hear the answer, and asks again.
            if self.random.one_in(8) {
                is_first = false;
                drop(engine.enqueue(envelope(id, command.clone())));
            }
            let from = engine.reader().durable().0;
            match engine.submit(envelope(id, command.clone())).await {
                Ok(answer) => {
                    let to = engine.reader().durable().0;
                    let receipt = answer.receipt;
                    assert!(receipt.position.0 < to, "{id:x} was answered before it was durable");
                    let is_behind = receipt.events.first().is_none_or(|event| from <= event.position.0);
                    assert!(answer.repeated || is_behind, "{id:x} stands before what was durable when it was sent");
                    self.repeated += u64::from(answer.repeated);
                    match self.accepted.iter().find(|(known, _)| *known == id) {
                        Some((_, first)) => assert_eq!(*first, receipt, "{id:x} had another answer before"),
                        None => self.accepted.push((id, receipt)),
                    }
                }
                Err(CommandError::Refused(refused)) => {
                    assert!(self.accepted.iter().all(|(known, _)| *known != id), "{id:x} was accepted before");
                    let to = engine.reader().durable().0;
                    self.refused.push((id, Refusal { command, refused, from, to }));
                }
                Err(error @ (CommandError::Unknown | CommandError::Stopped)) => {
                    if is_first && matches!(error, CommandError::Stopped) {
                        self.turned_away.push(id);
                    }
                    self.open = Some((id, command));
                    return self;
                }
                // A segment could not be made. Nothing was written, and soon it is tried again.
                Err(CommandError::StorageFull | CommandError::LogUnavailable) => {
                    self.open = Some((id, command));
                    tokio::time::sleep(RETRY_AFTER).await;
                    continue;
                }
                Err(other) => panic!("{other:?}"),
            }
            if self.random.one_in(16)
                && let Some((id, _)) = self.accepted.last()
            {
                let other = engine.submit(envelope(*id, receive(999))).await;
                use CommandError::{KeyReused, LogUnavailable, Stopped, StorageFull, Unknown};
                assert!(
                    matches!(other, Err(KeyReused | LogUnavailable | Unknown | Stopped | StorageFull)),
                    "{other:?}"
                );
            }
            self.done += 1;
        }
        self
    }
}

/// One history. Threads run as they will, so a seed says what is sent and what fails, not in which order it comes.
pub fn history(seed: u64, counts: &mut Counts) {
    let mut random = Random::new(seed);
    let clients = 16 + random.below(49);
    let (mut disk, options) = (GateDisk::seeded(seed), Options { ids_max: IDS_MAX, ..Options::default() });
    let house = House::start_with(disk.open(), NOON, options.clone());
    house.furnish(40);
    let furnished = commits(house.engine.reader()).len();
    drop(house.stop());
    let mut people: Vec<Client> = (0..clients).map(|number| Client::new(seed << 16 | number)).collect();
    for life in 1..=LIVES {
        disk = disk.reborn();
        let house = House::start_with(disk.open(), NOON, options.clone());
        let there: BTreeSet<u128> = commits(house.engine.reader()).iter().map(|commit| commit.command_id).collect();
        for client in &mut people {
            let written = client.turned_away.drain(..).find(|id| there.contains(id));
            assert_eq!(written, None, "told that nothing was written");
        }
        let at = disk.sim.operations() + random.below(2 * COMMANDS / clients / LIVES * 4);
        match random.below(3) {
            _ if life == LIVES => {}
            0 => disk.sim.arm(at, Fault::PowerLoss),
            1 => disk.sim.arm(at, Fault::Failure),
            _ => {}
        }
        let until = COMMANDS * life / LIVES / clients + 1;
        people = live(house, &disk, people, until, counts);
        // A kill cannot follow a power loss.
        if !disk.sim.has_power() || random.one_in(2) {
            disk.sim.crash();
            counts.add("power losses", 1);
        } else {
            counts.add("kills", 1);
        }
    }
    counts.add("commands", people.iter().map(|client| client.done).sum());
    counts.add("repeats", people.iter().map(|client| client.repeated).sum());
    check(&commits(&disk.reborn().open().1), furnished, &people, counts);
}

/// Lets all clients send until they are done, or the engine ends.
fn live(house: House, disk: &GateDisk, people: Vec<Client>, until: u64, counts: &mut Counts) -> Vec<Client> {
    let House { engine, stopped, .. } = house;
    let (mut stopped, mut tasks, mut done) = (Some(stopped), JoinSet::new(), vec![]);
    for client in people {
        tasks.spawn_on(client.live(engine.clone(), until), runtime().handle());
    }
    loop {
        match wait(async { timeout(POWER_CHECK, tasks.join_next()).await }) {
            Ok(Some(client)) => done.push(client.expect("no panic")),
            Ok(None) => break,
            // Without power the process is gone: here it has to be told, for it may wait for a segment that cannot be made.
            Err(_) if !disk.sim.has_power() => _ = stopped.take().map(Stopped::stop),
            Err(_) => {}
        }
    }
    counts.add("failures of the log", u64::from(engine.failure().borrow().is_some()));
    drop(engine);
    drop(stopped.map(Stopped::stop));
    done
}

/// Holds what clients were told against the log.
fn check(log: &[Logged], furnished: usize, people: &[Client], counts: &mut Counts) {
    let mut witness = Witness::new();
    log.iter().for_each(|commit| witness.commit(commit));
    witness.settle();
    assert!(!witness.completed.is_empty() && 100 < log.len(), "the history is worth looking at");
    let own: BTreeMap<u128, &Logged> = log[furnished..]
        .iter()
        .filter(|commit| !is_derived(CommandId(commit.command_id)))
        .map(|commit| (commit.command_id, commit))
        .collect();
    let accepted: BTreeMap<u128, &Receipt> =
        people.iter().flat_map(|client| &client.accepted).map(|(id, receipt)| (*id, receipt)).collect();
    let of_log: Vec<u128> = own.keys().copied().collect();
    let of_clients: Vec<u128> = accepted.keys().copied().collect();
    assert_eq!(of_log, of_clients, "what was acknowledged is in the log, and nothing else");
    for (id, receipt) in &accepted {
        let said = receipt.events.iter().map(|event| (event.position.0, event.revision.0, &event.event));
        let logged = own[id].events.iter().map(|event| (event.position, event.revision, &event.event));
        assert!(said.eq(logged), "{id:x} was answered with something else than its commit");
    }
    for (id, refusal) in people.iter().flat_map(|client| &client.refused) {
        match witness.judge(refusal) {
            Some(is_right) => {
                assert!(is_right, "{id:x}: {:?} was never so from {} to {}", refusal.refused, refusal.from, refusal.to);
                counts.add("refusals judged", 1);
            }
            None => counts.add("refusals not judged", 1),
        }
    }
    counts.add("commits", log.len() as u64);
}

#[test]
fn random_histories_hold_together() {
    let sizes = Sizes { small: 4, change: 50, gate: 100 };
    let counts = run(6, "histories of 16 to 64 clients on few hot orders, with failures inside", sizes, history);
    assert!(counts.of("refusals judged") != 0 && counts.of("repeats") != 0, "{counts:?}");
}
