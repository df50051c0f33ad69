//! What feeds that read much, or take nothing, cost others: memory and time, against the same server without them.

use crate::feeds::open;
use crate::peers::memory_kib;
use crate::server::{House, Till, run};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What a feed may hold: eight chunks that wait, the one that is made, what its connection has taken of them and what was read ahead
/// of the log, with room for what the allocator keeps.
const READER_KIB: u64 = 2 << 10;

/// The scans take seconds; this only ends a run where nothing is scanned.
const SCANS_MAX: Duration = Duration::from_secs(60);
/// So many rounds of orders without growth say that stalled readers hold what they hold.
const STILL_ROUNDS: usize = 10;
/// What a round of orders may add to the server's memory by itself.
const ORDERS_KIB: u64 = 512;

/// Sends so many orders of so many lines; the median of how long one took.
async fn served(till: &mut Till, orders: usize, lines: usize) -> Duration {
    let mut took = vec![];
    for _ in 0..orders {
        let lines: Vec<Value> = (0..lines)
            .map(|n| json!({"line_id": format!("l{n}"), "item_id": "water", "note": "n".repeat(140)}))
            .collect();
        let body = json!({"order_id": till.id("o"), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines});
        let started = Instant::now();
        till.post("/v1/stores/s1/orders", &body).await.expect(201);
        took.push(started.elapsed());
    }
    took.sort_unstable();
    took[took.len() / 2]
}

/// Generous, because the machine may be busy: what it finds is a till that waits for a reader.
#[track_caller]
fn is_little(told: &str, before: Duration, during: Duration) {
    assert!(during < before * 20 + Duration::from_millis(500), "{told}");
}

#[test]
fn c03_a_reader_that_takes_nothing_holds_little_memory_and_no_turn() {
    const READERS: u64 = 32;
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        // More than the buffers of a feed and of its connection hold.
        served(&mut till, 300, 60).await;
        let before = served(&mut till, 40, 1).await;
        let base = memory_kib(&server, "VmRSS");
        let mut stalled = vec![];
        for reader in 0..READERS {
            let token = &server.tokens[if reader % 2 == 0 { "analyst" } else { "auditor" }];
            let mut feed = open(&server, token, "/v1/feed", "");
            let mut begun = [0; 12];
            feed.read_exact(&mut begun).expect("it answers");
            assert_eq!(&begun, b"HTTP/1.1 200");
            stalled.push(feed);
        }
        // Their queues fill at low priority: measured is what they hold once it grows no more.
        let (mut held, mut during, mut still) = (base, Duration::ZERO, 0);
        while still < STILL_ROUNDS {
            during = during.max(served(&mut till, 40, 1).await);
            let now = memory_kib(&server, "VmRSS");
            still = if now < held + ORDERS_KIB { still + 1 } else { 0 };
            held = held.max(now);
            assert!((held - base) / READERS < READER_KIB, "{READERS} stalled readers: {} KiB", held - base);
        }
        let each = (held - base) / READERS;
        // They are under way all of them: none has ended because everything found room.
        let told = server.till("admin").get("/v1/feed?limit=1").await.expect(503);
        assert_eq!(told["of"], "tenant");
        let told = format!("{READERS} stalled readers: {each} KiB each; an order took {during:?}, {before:?} without");
        let _ = writeln!(std::io::stderr(), "{told}");
        // Less than half of the chunks that may wait would mean that they were not full yet, and nothing was measured.
        assert!((4 * 64..READER_KIB).contains(&each), "{told}");
        is_little(&told, before, during);
        drop(stalled);
    });
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn c10_readers_that_find_nothing_keep_no_till_waiting() {
    const READERS: usize = 16;
    const ROUNDS: usize = 5;
    let mut house = House::new();
    let server = house.serve();
    let mut till = server.till("pos");
    let before = run(async {
        served(&mut till, 100, 60).await;
        served(&mut till, 40, 1).await
    });
    let base = memory_kib(&server, "VmRSS");
    let (has_ended, scans) = (AtomicBool::new(false), AtomicUsize::new(0));
    let during = std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let begun = Instant::now();
                while !has_ended.load(Ordering::Relaxed) && begun.elapsed() < SCANS_MAX {
                    let token = &server.tokens["auditor"];
                    let mut feed = open(&server, token, "/v1/feed?types=TokenRevoked", "Connection: close\r\n");
                    let mut read = String::new();
                    feed.read_to_string(&mut read).expect("it ends");
                    scans.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // They go on until they are told to end; each has scanned several times by then.
        let (mut during, begun) = (vec![], Instant::now());
        let is_enough = |rounds: usize| ROUNDS <= rounds && 3 * READERS <= scans.load(Ordering::Relaxed);
        while !is_enough(during.len()) && begun.elapsed() < SCANS_MAX {
            let is_scanning = READERS <= scans.load(Ordering::Relaxed);
            let took = run(served(&mut till, 10, 1));
            if is_scanning {
                during.push(took);
            }
        }
        has_ended.store(true, Ordering::Relaxed);
        during.sort_unstable();
        during
    });
    let (rounds, during) = (during.len(), during.get(during.len() / 2).copied());
    let during = during.expect("orders were taken while all of them scanned");
    let (scans, more) = (scans.into_inner(), memory_kib(&server, "VmHWM").saturating_sub(base));
    let told = format!(
        "{READERS} readers, {scans} scans, {rounds} rounds of orders: {more} KiB more; an order took {during:?}, {before:?} without"
    );
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(more < 64 << 10, "{told}");
    is_little(&told, before, during);
    assert_eq!(server.stop(), Some(0));
}
