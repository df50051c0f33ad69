//! The machine's clock, set wrong and right while the server runs: libfaketime stands in for whoever sets it.

use crate::server::{House, Reply, Server, Till, comanda, run};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;

/// A clock that a test sets, beside a steady one that it does not.
struct FakeClock {
    library: PathBuf,
    file: PathBuf,
}

impl FakeClock {
    /// `None`, said loudly, where libfaketime is absent. Absent under `CI` it is a failure.
    fn new(house: &House) -> Option<FakeClock> {
        let places =
            ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"];
        // The one for programs with several threads: the other now and then reads the machine's time instead.
        let mut found = places.iter().map(|place| PathBuf::from(place).join("faketime/libfaketimeMT.so.1"));
        let Some(library) = found.find(|path| path.is_file()) else {
            assert!(std::env::var_os("CI").is_none(), "libfaketime is absent: install the package of that name");
            let _ = writeln!(std::io::stderr(), "SKIPPED: libfaketime is absent: install the package of that name");
            return None;
        };
        let clock = FakeClock { library, file: house.path().join("clock") };
        clock.set("+0");
        Some(clock)
    }

    /// Sets it, as libfaketime has it: `+400d`, `-1h`, `@2039-01-01 00:00:00`.
    fn set(&self, to: &str) {
        // In one go, so that nobody reads half of it.
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{to}\n")).expect("the clock is set");
        std::fs::rename(&new, &self.file).expect("the clock is set");
    }

    fn serve(&self, house: &mut House) -> Server {
        let preload = format!("LD_PRELOAD={}", self.library.display());
        let file = format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display());
        let rest = ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"];
        house.serve_under(&[&["env", &preload, &file], &rest[..]].concat(), &[])
    }
}

/// Places an order and answers its first event as the feed has it.
async fn ordered(server: &Server, till: &mut Till, pay_mode: &str) -> Value {
    let id = till.id("o");
    let body = json!({
        "order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": pay_mode, "place": true,
        "lines": [{"line_id": "l1", "item_id": "water"}]
    });
    till.post("/v1/stores/s1/orders", &body).await.expect(201);
    let feed = server.till("auditor").get(&format!("/v1/feed?stream=order-demo.s1.{id}")).await;
    assert_eq!(feed.status, 200);
    let first = feed.body.split(|byte| *byte == b'\n').next().expect("there is one");
    serde_json::from_slice(first).expect("an event")
}

fn is_marked(event: &Value) -> bool {
    event["time_in_doubt"] == json!(true)
}

/// How far an event's time is from now, in whole minutes.
fn minutes_off(event: &Value) -> i64 {
    let at: jiff::Timestamp = event["recorded_at"].as_str().expect("a time").parse().expect("a time");
    (jiff::Timestamp::now().as_second() - at.as_second()).abs() / 60
}

async fn ready(server: &Server) -> Reply {
    server.till("pos").get("/readyz").await
}

/// How many orders the server itself has cancelled.
async fn cancelled(server: &Server) -> usize {
    let feed = server.till("auditor").get("/v1/feed?types=OrderCancelled").await;
    feed.body.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"position\"")).count()
}

#[test]
fn c02_a_clock_that_jumps_ahead_is_named_cancels_nothing_and_stays_in_no_time() {
    let mut house = House::new();
    let Some(clock) = FakeClock::new(&house) else { return };
    let server = clock.serve(&mut house);
    run(async {
        let mut till = server.till("pos");
        let before = ordered(&server, &mut till, "first").await;
        assert!(!is_marked(&before) && minutes_off(&before) == 0, "{before}");
        assert_eq!(ready(&server).await.expect(200)["clock"], Value::Null);
        clock.set("+400d");
        for _ in 0..3 {
            let during = ordered(&server, &mut till, "first").await;
            assert!(is_marked(&during) && minutes_off(&during) == 0, "{during}");
        }
        let told = ready(&server).await.expect(200)["clock"].clone();
        assert!(told.as_str().is_some_and(|told| told.contains("ahead")), "{told}");
        let metrics = String::from_utf8(till.get("/metrics").await.body.to_vec()).expect("text");
        assert!(metrics.contains("\ncomanda_clock_in_doubt 1\n"), "{metrics}");
        clock.set("+0");
        let after = ordered(&server, &mut till, "first").await;
        assert!(!is_marked(&after) && minutes_off(&after) == 0, "{after}");
        assert_eq!(ready(&server).await.expect(200)["clock"], Value::Null);
        assert_eq!(cancelled(&server).await, 0);
    });
    assert_eq!(server.stop(), Some(0));
    let server = clock.serve(&mut house);
    run(async {
        let again = ordered(&server, &mut server.till("pos"), "later").await;
        assert!(!is_marked(&again) && minutes_off(&again) == 0, "{again}");
        assert_eq!(cancelled(&server).await, 0);
    });
}

#[test]
fn c02_a_clock_that_is_set_back_is_right_once_the_operator_says_so() {
    let mut house = House::new();
    let Some(clock) = FakeClock::new(&house) else { return };
    clock.set("+20d");
    let server = clock.serve(&mut house);
    run(async { assert!(!is_marked(&ordered(&server, &mut server.till("pos"), "first").await)) });
    assert_eq!(server.stop(), Some(0));
    clock.set("+0");
    let server = clock.serve(&mut house);
    let show = |verb: &str| {
        let output = comanda().args(["clock", verb, "--url", &server.url, "--data"]).arg(&server.data).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    run(async {
        let mut till = server.till("pos");
        assert!(is_marked(&ordered(&server, &mut till, "later").await));
        let told = show("show")["in_doubt"].clone();
        assert!(told.as_str().is_some_and(|told| told.contains("behind")), "{told}");
        assert_eq!(till.get("/v1/clock").await.status, 403, "it is the operator's");
        assert_eq!(till.send("POST", "/v1/clock/confirm", &[], &Value::Null).await.status, 403);
        assert_eq!(show("confirm").get("in_doubt"), None);
        let after = ordered(&server, &mut till, "later").await;
        assert!(!is_marked(&after) && minutes_off(&after) == 0, "{after}");
    });
    assert_eq!(server.stop(), Some(0));
    let server = clock.serve(&mut house);
    run(async { assert!(!is_marked(&ordered(&server, &mut server.till("pos"), "later").await)) });
    assert!(house.log().contains("the operator confirmed the clock"));
}

#[test]
fn c02_a_start_long_after_the_last_time_waits_with_deadlines() {
    let mut house = House::new();
    let Some(clock) = FakeClock::new(&house) else { return };
    let server = clock.serve(&mut house);
    run(async { ordered(&server, &mut server.till("pos"), "first").await });
    assert_eq!(server.stop(), Some(0));
    clock.set("+31d");
    let server = clock.serve(&mut house);
    run(async {
        let mut till = server.till("pos");
        for _ in 0..3 {
            assert!(is_marked(&ordered(&server, &mut till, "later").await));
        }
        assert!(ready(&server).await.expect(200)["clock"].as_str().is_some_and(|told| told.contains("30 days")));
        assert_eq!(cancelled(&server).await, 0, "its payment may have been on its way");
        clock.set("+1d");
        // Now it is a day late, which a night is.
        let mut auditor = server.till("auditor");
        let mut follow = auditor.get("/v1/feed?types=OrderCancelled").await;
        let mut tries = 0..2_000;
        while !String::from_utf8_lossy(&follow.body).contains("OrderCancelled") {
            let told = ready(&server).await.expect(200)["clock"].clone();
            assert!(tries.next().is_some(), "nothing falls due, and the clock is {told}");
            ordered(&server, &mut till, "later").await;
            follow = auditor.get("/v1/feed?types=OrderCancelled").await;
        }
    });
}

#[test]
fn c02_a_token_that_has_ended_does_not_come_back_with_a_wrong_clock() {
    let mut house = House::new();
    let Some(clock) = FakeClock::new(&house) else { return };
    let server = clock.serve(&mut house);
    let expires_at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let body = json!({"role": "analyst", "label": "for an hour", "expires_at": expires_at.to_string()});
    let token = run(async { server.till("admin").post("/v1/tokens", &body).await.expect(201) });
    let token = token["token"].as_str().expect("it is shown").to_owned();
    let status = |server: &Server| run(async { Till::new(&server.url, &token).get("/v1/stores").await.status });
    assert_eq!(status(&server), 200);
    clock.set("+2h");
    assert_eq!(status(&server), 200, "the clock is in doubt, and an hour has not passed for certain");
    assert_eq!(server.stop(), Some(0));
    let server = clock.serve(&mut house);
    assert_eq!(status(&server), 401, "two hours may have passed while it was down");
    run(async { assert!(!is_marked(&ordered(&server, &mut server.till("pos"), "later").await)) });
    clock.set("+0");
    run(async { assert!(is_marked(&ordered(&server, &mut server.till("pos"), "later").await)) });
    assert_eq!(status(&server), 401, "what was certain once stays so");
    assert_eq!(server.stop(), Some(0));
    let server = clock.serve(&mut house);
    assert_eq!(status(&server), 401, "after a start as well");
}

#[test]
fn c02_orders_are_taken_whatever_year_it_is() {
    for at in ["-1h", "@2039-01-01 00:00:00", "@2107-01-01 00:00:00", "@1970-01-01 00:00:10"] {
        let mut house = House::new();
        let Some(clock) = FakeClock::new(&house) else { return };
        clock.set(at);
        let server = clock.serve(&mut house);
        run(async {
            let mut till = server.till("pos");
            for _ in 0..2 {
                assert!(!is_marked(&ordered(&server, &mut till, "later").await), "{at}");
            }
        });
        assert_eq!(server.stop(), Some(0), "{at}");
    }
}
