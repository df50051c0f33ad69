//! The edges of the door: limits of connections, ambiguous requests, the document, the environment.

use crate::server::{House, Server, comanda, key, run};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a timeout");
    stream
}

/// The first of what comes back.
fn answer(stream: &mut TcpStream) -> String {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk).unwrap_or_default();
    String::from_utf8_lossy(&chunk[..count]).into_owned()
}

const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nHost: comanda\r\n\r\n";

#[test]
fn who_only_holds_a_place_loses_it_and_who_pauses_does_not() {
    let mut house = House::new();
    let server = house.serve();
    let mut pausing = connect(&server);
    pausing.write_all(LIVEZ).expect("it reads");
    assert!(answer(&mut pausing).starts_with("HTTP/1.1 200"));
    let mut dripping = connect(&server);
    dripping.write_all(LIVEZ).expect("it reads");
    assert!(answer(&mut dripping).starts_with("HTTP/1.1 200"));
    dripping.write_all(b"GET /li").expect("it reads");
    let started = Instant::now();
    let starts = [&b""[..], b"PRI * H", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /livez HT"];
    let silent = starts.map(|start| {
        let mut silent = connect(&server);
        silent.write_all(start).expect("it reads");
        silent
    });
    for mut silent in silent {
        let mut rest = vec![];
        // Closed by an end or by a reset, as the system sees fit.
        let _ = silent.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    let mut rest = vec![];
    let _ = dripping.read_to_end(&mut rest);
    // Five seconds, seen at the latest after twice as long; the clients would have waited longer.
    assert!(started.elapsed() < Duration::from_secs(15), "it took {:?}", started.elapsed());
    pausing.write_all(LIVEZ).expect("it is still there");
    assert!(answer(&mut pausing).starts_with("HTTP/1.1 200"), "a till that pauses keeps its connection");
}

#[test]
fn headers_that_are_too_much_are_told_so() {
    let mut house = House::new();
    let server = house.serve();
    let many: String = (0..200).map(|index| format!("X-{index}: 1\r\n")).collect();
    for (headers, status) in [
        (format!("X: {}\r\n", "a".repeat(12_000)), "200"),
        (format!("X: {}\r\n", "a".repeat(17_000)), "431"),
        (many, "431"),
        ("Content-Length: -1\r\n".to_owned(), "400"),
    ] {
        let mut stream = connect(&server);
        stream
            .write_all(format!("GET /livez HTTP/1.1\r\nHost: comanda\r\n{headers}\r\n").as_bytes())
            .expect("it reads");
        let told = answer(&mut stream);
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {told}");
    }
}

#[test]
fn what_could_mean_two_things_means_nothing() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "take_away", "pay_mode": "later"});
        let orders = "/v1/stores/s1/orders";
        let keys = [("idempotency-key", &*key()), ("idempotency-key", &*key())];
        assert_eq!(till.send("POST", orders, &keys, &order).await.expect(400)["header"], "Idempotency-Key");
        let matches = [("idempotency-key", &*key()), ("if-match", "\"0\""), ("if-match", "\"1\"")];
        assert_eq!(till.send("POST", orders, &matches, &order).await.expect(400)["header"], "If-Match");
        let other = format!("Bearer {}", server.tokens["admin"]);
        till.send("GET", "/v1/stores", &[("authorization", &other)], &Value::Null).await.expect(401);
        for (path, parameter) in [
            ("/v1/stores/s1/orders?limit=many", "limit"),
            ("/v1/stores/s1/orders?limit=1&limit=2", "limit"),
            ("/v1/stores/s1/orders?colour=red", "colour"),
            ("/v1/stores/S1/menu", "store"),
            ("/v1/stores/s1/orders/%ff", "order"),
        ] {
            let problem = till.get(path).await.expect(400);
            assert_eq!(problem["parameter"], parameter, "{path}: {problem}");
        }
    });
}

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_document_holds_together_and_describes_problems() {
    let document = serde_json::to_value(gateway::http::openapi()).expect("it is JSON");
    let mut found = vec![];
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let order = &document["paths"]["/v1/stores/{store}/orders"]["post"];
    assert!(order["responses"]["422"]["content"]["application/problem+json"].is_object(), "{order}");
    assert!(order["parameters"].to_string().contains("\"uuid\""), "{order}");
}

#[test]
fn the_environment_does_not_get_in_the_way() {
    let mut house = House::new();
    let server = house.serve();
    let (url, token) = (&server.url, &server.tokens["admin"]);
    for args in [
        &["replay", "--url", url, "--token", token, "--limit", "1"][..],
        &["token", "issue", "--role", "pos", "--label", "till 9", "--url", url, "--token", token],
    ] {
        let output = comanda().args(args).env("COMANDA_DATA", "/nowhere").output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for (value, has_demo) in [("1", false), ("true", false), ("0", true), ("", true)] {
        let dir = house.path().join(format!("demo_{value}"));
        let mut child = comanda()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&dir)
            .env("COMANDA_NO_DEMO", value)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut told = vec![0; 4096];
        let count = child.stdout.as_mut().expect("it is piped").read(&mut told).expect("it tells");
        // It is told in one piece, so one read has all of it.
        let told = String::from_utf8_lossy(&told[..count]).into_owned();
        child.kill().expect("it is running");
        child.wait().expect("it ends");
        assert!(told.contains("serves on http://"), "COMANDA_NO_DEMO={value:?}: {told}");
        assert_eq!(told.contains("demo tenant"), has_demo, "COMANDA_NO_DEMO={value:?}: {told}");
    }
}

#[test]
fn a_server_nobody_reads_serves() {
    let mut house = House::new();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut child = comanda()
        .args(["serve", "--listen", &free.to_string(), "--data"])
        .arg(house.path().join("unread"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    // Requests are answered once the demo is set up and announced to nobody; a server that minds has ended by then.
    let mut answer = String::new();
    while answer.is_empty() {
        assert!(child.try_wait().expect("it can be asked").is_none(), "it has ended");
        if let Ok(mut stream) = TcpStream::connect(free) {
            let request = b"GET /livez HTTP/1.1\r\nHost: comanda\r\nConnection: close\r\n\r\n";
            // A server that ends in between is found by the question above.
            let _ = stream.write_all(request).and_then(|()| stream.read_to_string(&mut answer));
        }
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    child.kill().expect("it is running");
    child.wait().expect("it ends");
    drop(house.serve());
}

/// What operators are promised of every request, wherever it ends: its id, its line, its count.
#[test]
fn every_request_is_named_logged_and_counted() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut house = House::new();
    let server = house.serve_with(&["--log", "info,http=debug"]);
    let mut till = server.till("pos");
    let requests = [
        ("GET", "/v1/stores/s1/menu", "/v1/stores/{store}/menu", 200),
        ("GET", "/v1/stores/nowhere/menu", "/v1/stores/{store}/menu", 404),
        ("POST", "/v1/stores/s1/menu", "/v1/stores/{store}/menu", 405),
        ("GET", "/v1/nothing", "none", 404),
        ("GET", "/openapi.json", "/openapi.json", 200),
    ];
    run(async {
        for (method, path, _, status) in requests {
            for _ in 0..2 {
                let reply = till.send(method, path, &[("traceparent", PARENT)], &Value::Null).await;
                assert_eq!((reply.status, reply.headers["x-trace-id"].as_str()), (status, ID), "{method} {path}");
            }
        }
        let page = till.get("/metrics").await;
        let page = String::from_utf8_lossy(&page.body).into_owned();
        for (method, path, route, status) in requests {
            let series = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
            let line = format!("comanda_http_requests_total{series} 2\n");
            assert!(page.contains(&line), "{path}: {line} is not in {page}");
        }
        let took = "comanda_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/stores/{store}/menu\"} 4\n";
        assert!(page.contains(took), "{took} is not in {page}");
    });
    let log = house.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for (method, path, route, status) in requests {
        let is_its = |line: &&Value| {
            line["target"] == "http"
                && line["method"] == method
                && line["route"] == route
                && line["status"] == status
                && line["trace_id"] == ID
        };
        assert_eq!(lines.iter().filter(is_its).count(), 2, "{method} {path} in {log}");
    }
}
