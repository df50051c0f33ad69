//! Feeds and histories: where they start, when they end, what they may not miss.

use crate::server::{House, Reply, Server, key, run};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Asks for a feed and leaves the connection open.
pub fn open(server: &Server, token: &str, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket takes a timeout");
    let request = format!("GET {path} HTTP/1.1\r\nHost: comanda\r\nAuthorization: Bearer {token}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    stream
}

/// What comes until a text has come.
#[track_caller]
pub fn read_to(stream: &mut TcpStream, text: &str) -> String {
    let mut read = String::new();
    let mut chunk = [0; 4096];
    while !read.contains(text) {
        let count = stream.read(&mut chunk).unwrap_or_else(|error| panic!("{error} behind {read}"));
        assert!(0 < count, "it ends without {text:?}: {read}");
        read.push_str(&String::from_utf8_lossy(&chunk[..count]));
    }
    read
}

pub const SSE: &str = "Accept: text/event-stream\r\n";

#[test]
fn a_feed_goes_on_where_its_reader_was() {
    let mut house = House::new();
    let server = house.serve();
    let token = server.tokens["analyst"].clone();
    let again = format!("{SSE}Last-Event-ID: 0:9\r\n");
    let events = read_to(&mut open(&server, &token, "/v1/feed?after=0:3&limit=2", &again), "\nevent: ");
    assert!(events.contains("id: 0:10:"), "the last event counts more than the address: {events}");
    let events = read_to(&mut open(&server, &token, "/v1/feed?after=0:3&limit=2", SSE), "\nevent: ");
    assert!(events.contains("id: 0:4:"), "{events}");
    let wrong = read_to(&mut open(&server, &token, "/v1/feed", &format!("{SSE}Last-Event-ID: x\r\n")), "Last-Event-ID");
    assert!(wrong.starts_with("HTTP/1.1 400"), "{wrong}");
}

#[test]
fn feeds_that_follow_do_not_hold_up_a_stop() {
    let mut house = House::new();
    let server = house.serve();
    let token = server.tokens["analyst"].clone();
    let mut feeds = vec![];
    for (path, headers) in
        [("/v1/feed", SSE), ("/v1/feed?follow=true", ""), ("/v1/feed?follow=true&types=OrderPlaced", "")]
    {
        let mut feed = open(&server, &token, path, headers);
        read_to(&mut feed, "\r\n\r\n");
        feeds.push(feed);
    }
    let told = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(5), "it took {:?}", told.elapsed());
    assert!(!house.log().contains("requests were still open"), "{}", house.log());
}

#[test]
fn a_revoked_token_takes_its_feeds_with_it() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let issued = admin.post("/v1/tokens", &json!({"role": "analyst", "label": "notebook"})).await.expect(201);
        let mut feed = open(&server, issued["token"].as_str().expect("a token"), "/v1/feed?follow=true", "");
        read_to(&mut feed, "TokenIssued");
        let path = format!("/v1/tokens/{}", issued["token_id"].as_str().expect("an id"));
        admin.command("DELETE", &path, &Value::Null).await.expect(200);
        let mut rest = vec![];
        feed.read_to_end(&mut rest).expect("it ends");
        assert!(!rest.ends_with(b"0\r\n\r\n"), "it is cut short, not ended");
    });
}

#[test]
fn a_token_has_its_share_of_feeds_and_leaves_others_theirs() {
    let mut house = House::new();
    let server = house.serve();
    let analyst = server.tokens["analyst"].clone();
    let mut following = vec![];
    for _ in 0..16 {
        let mut feed = open(&server, &analyst, "/v1/feed?follow=true", "");
        read_to(&mut feed, "TokenIssued");
        following.push(feed);
    }
    run(async {
        let mut same = server.till("analyst");
        let told = same.get("/v1/feed?limit=1").await.expect(503);
        assert_eq!((&told["code"], &told["of"], &told["max"]), (&json!("too_many_feeds"), &json!("token"), &json!(16)));
        assert_eq!(server.till("auditor").get("/v1/feed?limit=1").await.status, 200);
        drop(following);
        while same.get("/v1/feed?limit=1").await.status != 200 {
            tokio::task::yield_now().await;
        }
    });
}

/// Few events among many are found by the log's index, many are read: what comes is the same, wherever it starts.
#[test]
fn a_feed_of_one_stream_gives_what_the_whole_feed_has_of_it() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        for index in 0..30 {
            let lines = json!([{"line_id": "l1", "item_id": "water", "qty": 1}]);
            let body = json!({"order_id": format!("f{index}"), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines});
            admin.post("/v1/stores/s1/orders", &body).await.expect(201);
        }
        for (index, name) in [(3, "first"), (29, "last")] {
            let path = format!("/v1/stores/s1/orders/f{index}/lines");
            let body = json!({"line_id": name, "item_id": "water"});
            admin.post(&path, &body).await.expect(200);
        }
        let all = lines_of(&admin.get("/v1/feed").await);
        let mut streams: Vec<&str> = all.iter().filter_map(|event| event["stream"].as_str()).collect();
        streams.sort_unstable();
        streams.dedup();
        assert!(30 < streams.len(), "{streams:?}");
        let position = |event: &Value| event["position"].as_str().expect("a position").to_owned();
        for stream in streams {
            let of: Vec<&Value> = all.iter().filter(|event| event["stream"] == stream).collect();
            let got = lines_of(&admin.get(&format!("/v1/feed?stream={stream}")).await);
            assert_eq!(got.iter().collect::<Vec<_>>(), of, "{stream}");
            let got = lines_of(&admin.get(&format!("/v1/feed?stream={stream}&limit=1")).await);
            assert_eq!(got.iter().collect::<Vec<_>>(), of[..1], "{stream}");
            let after = position(of[0]);
            let got = lines_of(&admin.get(&format!("/v1/feed?stream={stream}&after={after}")).await);
            assert_eq!(got.iter().collect::<Vec<_>>(), of[1..], "{stream} after {after}");
        }
        let none = admin.get("/v1/feed?stream=order-demo.s1.unknown").await.body;
        assert_eq!(none, "".as_bytes());
        // What comes later follows what was looked up, once.
        let token = server.tokens["analyst"].clone();
        let mut feed = open(&server, &token, "/v1/feed?stream=order-demo.s1.f3&follow=true", "");
        let before = read_to(&mut feed, "\"caught_up\":true");
        assert_eq!(before.matches("OrderOpened").count(), 1, "{before}");
        admin.post("/v1/stores/s1/orders/f3/lines", &json!({"line_id": "news", "item_id": "water"})).await.expect(200);
        let news = read_to(&mut feed, "\"news\"");
        assert!(!news.contains("OrderOpened"), "{news}");
    });
}

fn lines_of(reply: &Reply) -> Vec<Value> {
    String::from_utf8_lossy(&reply.body).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Its thread and its place are free again long before the connection is let go for taking nothing.
#[test]
fn a_revocation_is_noticed_by_a_feed_whose_reader_takes_nothing() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut admin, mut till) = (server.till("admin"), server.till("pos"));
        for _ in 0..50 {
            let lines: Vec<Value> = (0..50)
                .map(|n| json!({"line_id": format!("l{n}"), "item_id": "water", "note": "n".repeat(140)}))
                .collect();
            let body = json!({"order_id": till.id("o"), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines});
            till.post("/v1/stores/s1/orders", &body).await.expect(201);
        }
        let issued = admin.post("/v1/tokens", &json!({"role": "analyst", "label": "notebook"})).await.expect(201);
        let token = issued["token"].as_str().expect("a token");
        let address = server.url.trim_start_matches("http://");
        let mut stuck = TcpStream::connect(address).expect("it listens");
        // More than all the buffers between hold.
        let ask =
            format!("GET /v1/feed HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n").repeat(60);
        stuck.write_all(ask.as_bytes()).expect("it is sent");
        let mut first = [0; 12];
        stuck.read_exact(&mut first).expect("it answers");
        let path = format!("/v1/tokens/{}", issued["token_id"].as_str().expect("an id"));
        admin.command("DELETE", &path, &Value::Null).await.expect(200);
        let revoked = Instant::now();
        while !house.log().contains("a feed ended: its token was revoked") {
            assert!(revoked.elapsed() < Duration::from_secs(20), "{}", house.log());
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_history_has_what_was_answered_before() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let lines = json!([{"line_id": "l1", "item_id": "water", "qty": 1}]);
        for index in 0..20 {
            let (order, payment) = (format!("h{index}"), format!("p{index}"));
            let body = json!({"order_id": order, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines, "place": true});
            admin.post("/v1/stores/s1/orders", &body).await.expect(201);
            let path = format!("/v1/stores/s1/orders/{order}");
            let card = json!({"payment_id": payment, "tender": "card"});
            admin.post(&format!("{path}/payments"), &card).await.expect(201);
            let outcome = format!("/v1/stores/s1/payments/{payment}/outcome");
            let failed = admin.post(&outcome, &json!({"outcome": "failed", "code": "declined"})).await;
            failed.expect(200);
            let history = admin.get(&format!("{path}/history")).await;
            let events = history.expect(200);
            let types: Vec<&str> =
                events.as_array().expect("a list").iter().filter_map(|event| event["type"].as_str()).collect();
            assert!(types.contains(&"PaymentFailed"), "{types:?}");
        }
    });
}

#[test]
fn a_preference_never_hides_that_a_command_took_effect() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let body = json!({"order_id": "w1", "channel": "pos", "dining_mode": "take_away", "pay_mode": "later"});
        let headers =
            [("idempotency-key", &*key()), ("prefer", "wait=1"), ("prefer", "respond-async, return=representation")];
        let answer = till.send("POST", "/v1/stores/s1/orders", &headers, &body).await.expect(201);
        assert_eq!(answer["order"]["order_id"], "w1");
    });
}
