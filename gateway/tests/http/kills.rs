//! `kill -9` under load, again and again on one data directory: the clients' own list of acknowledged orders against the log.

use crate::programme::{Counts, Sizes, report};
use crate::server::{House, Server, comanda};
use eventlog::sim::Random;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How often the server is killed.
const KILLS: Sizes = Sizes { small: 2, change: 100, gate: 500 };
/// Clients, each with one order under way, and how many orders a second they have.
const CLIENTS: usize = 32;
const ORDERS_PER_S: u32 = 600;
/// How long the load goes on at the most; it is killed when the last kill is checked.
const LOAD_S: &str = "86400";
/// A server lives this long, and up to twice as long, in milliseconds.
const LIFE_MS: u64 = 250;
/// Promise G10: ready within two seconds, and one more for each GB of log.
const READY_S: u64 = 2;
const LOG_BYTES_PER_S: u64 = 1_000_000_000;
/// The clients and whatever else runs take their part of the machine, so how often a restart took longer than promised is counted;
/// this much longer is a failure.
const SLACK: u32 = 15;

/// The clients, in a process of their own, with the list of what they were acknowledged.
struct Load {
    child: Child,
    acks: PathBuf,
    /// How much of the list was read.
    read: usize,
}

impl Load {
    fn start(server: &Server, house: &House) -> Load {
        let acks = house.path().join("acks");
        let (clients, rate) = (CLIENTS.to_string(), ORDERS_PER_S.to_string());
        let child = comanda()
            .args(["load", "--url", &server.url, "--token", &server.tokens["pos"], "--stores", "s1,s2"])
            .args(["--connections", &clients, "--rate", &rate, "--duration", LOAD_S, "--acks"])
            .arg(&acks)
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut load = Load { child, acks, read: 0 };
        // Before they have seen the menu the clients end with the server.
        while std::fs::metadata(&load.acks).map_or(0, |acks| acks.len()) == 0 {
            let ended = load.child.try_wait().expect("it is there");
            assert_eq!(ended, None, "the clients are at work");
            std::thread::yield_now();
        }
        load
    }

    /// The ids of orders acknowledged since this was asked last. What comes later is for the next time.
    fn acknowledged(&mut self) -> Vec<u128> {
        let text = std::fs::read_to_string(&self.acks).unwrap_or_default();
        let new = &text[self.read..];
        let whole = new.rfind('\n').map_or(0, |end| end + 1);
        self.read += whole;
        new[..whole].lines().map(|line| u128::from_str_radix(line, 16).expect("an id")).collect()
    }
}

impl Load {
    /// Ends the clients; what they were acknowledged last.
    fn end(mut self) -> Vec<u128> {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it ends");
        self.acknowledged()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // One that has ended already is none to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the log says of an order: how often it was opened, and how often placed.
type Orders = HashMap<u128, (u32, u32)>;

/// Reads what the log has behind `after` into `orders`; answers the position it came to.
fn read_log(server: &Server, after: Option<String>, orders: &mut Orders) -> Option<String> {
    let mut replay = comanda();
    replay.args(["replay", "--url", &server.url, "--token", &server.tokens["admin"]]);
    replay.args(["--types", "OrderOpened,OrderPlaced"]);
    if let Some(after) = &after {
        replay.args(["--after", after]);
    }
    let output = replay.stderr(Stdio::inherit()).output().expect("the binary starts");
    assert!(output.status.success(), "the log reads");
    let text = String::from_utf8(output.stdout).expect("events are text");
    let mut last = after;
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).expect("an event");
        let text = |name: &str| event[name].as_str().unwrap_or_else(|| panic!("{name}: {event}")).to_owned();
        let stream = text("stream");
        let order = u128::from_str_radix(stream.rsplit('.').next().unwrap_or_default(), 16).expect("an order's stream");
        assert_eq!(
            text("command_id").replace('-', ""),
            format!("{order:032x}"),
            "the load sends an order under its id"
        );
        let (opened, placed) = orders.entry(order).or_default();
        match &*text("type") {
            "OrderOpened" => *opened += 1,
            "OrderPlaced" => *placed += 1,
            other => panic!("{other} was not asked for"),
        }
        last = Some(text("position"));
    }
    last
}

fn log_bytes(data: &Path) -> u64 {
    let files = std::fs::read_dir(gateway::app::log_dir(data)).expect("there is a log");
    files.map(|file| file.expect("an entry").metadata().expect("a file").len()).sum()
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_kills_under_load() {
    let seeds = KILLS.seeds();
    let mut house = House::new();
    let mut server = house.serve();
    // The next servers have the address of the first, so that the clients find them.
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut load = Load::start(&server, &house);
    let (mut orders, mut acknowledged, mut at) = (Orders::new(), vec![], None);
    let (mut counts, mut slowest) = (Counts::default(), Duration::ZERO);
    for seed in seeds.clone() {
        let life_ms = LIFE_MS + Random::new(seed).below(LIFE_MS);
        // The moment of the kill is what is tried out, so it comes by the clock.
        std::thread::sleep(Duration::from_millis(life_ms));
        server.kill();
        let new = load.acknowledged();
        counts.add("kills", 1);
        counts.add("acknowledged orders", new.len() as u64);
        let started = Instant::now();
        server = house.serve_on(&address);
        let ready = started.elapsed();
        slowest = slowest.max(ready);
        let allowed = Duration::from_secs(READY_S + log_bytes(&server.data) / LOG_BYTES_PER_S);
        assert!(ready < SLACK * allowed, "kill {seed}: ready after {ready:?}");
        counts.add("restarts slower than promised", u64::from(allowed < ready));
        at = read_log(&server, at, &mut orders);
        acknowledged.extend(new);
        let lost: Vec<_> = acknowledged.iter().filter(|order| orders.get(order) != Some(&(1, 1))).collect();
        assert!(lost.is_empty(), "kill {seed}: acknowledged, and not in the log once: {lost:x?}");
        let doubled = orders.iter().find(|(_, times)| **times != (1, 1));
        assert!(doubled.is_none(), "kill {seed}: {doubled:x?} is in the log otherwise than whole and once");
    }
    // Each client tries an order again until it is answered, so each can have one at most that it knows nothing of.
    acknowledged.extend(load.end());
    acknowledged.iter().for_each(|order| _ = orders.remove(order));
    assert!(orders.len() <= CLIENTS, "{} orders in the log that nobody was answered", orders.len());
    assert!(seeds.clone().count() * 20 < acknowledged.len(), "too little load: {}", acknowledged.len());
    counts.add("ms until ready at most", slowest.as_millis() as u64);
    report(5, "kill -9 under load", &seeds, 0, &counts);
}
