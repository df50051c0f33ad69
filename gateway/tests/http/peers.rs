//! What a peer can hold, and what others feel of it: connections, answers that are not taken, bodies that do not come, control frames,
//! file descriptors. Row 15 of the guarantees, at the size of a test.

use crate::server::{House, Server, comanda, run};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Longer than anything a server bounds in these tests, and than a busy machine takes for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    stream
}

fn send(stream: &mut TcpStream, bytes: &[u8]) {
    // Who was let go meanwhile finds it out when it reads.
    let _ = stream.write_all(bytes);
}

/// What comes until the server closes the connection. It fails where it does not.
#[track_caller]
fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut chunk) = (vec![], [0; 4096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it holds the connection: {all:?}"),
            // A reset is an end as well.
            Err(_) => return all,
        }
    }
}

fn read_out(stream: &mut TcpStream) {
    until_closed(stream);
}

/// Whether the server still has the connection: nothing but silence.
fn is_held(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a socket can");
    let mut byte = [0];
    let held = matches!(stream.peek(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock);
    stream.set_nonblocking(false).expect("a socket can");
    held
}

/// The first of what comes back.
fn answer(stream: &mut TcpStream) -> String {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk).unwrap_or_default();
    String::from_utf8_lossy(&chunk[..count]).into_owned()
}

fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: comanda\r\n{token}\r\n").into_bytes()
}

/// HTTP/2, by hand: what no client library would do.
mod h2 {
    pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    pub const GOAWAY: u8 = 7;

    pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("a frame is short").to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    /// A request whose body, if it has one, is to come.
    pub fn get(stream: u32, path: &str) -> Vec<u8> {
        let path_len = u8::try_from(path.len()).expect("a path is short");
        let block = [b"\x82\x86\x04", &[path_len][..], path.as_bytes(), b"\x41\x01x"].concat();
        frame(1, 5, stream, &block)
    }

    /// The settings of who takes no answer.
    pub fn no_window() -> Vec<u8> {
        frame(4, 0, 0, &[0, 4, 0, 0, 0, 0])
    }

    /// Kinds and payloads of the frames in these bytes.
    pub fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
        let mut frames = vec![];
        while let Some((header, rest)) = bytes.split_first_chunk::<9>() {
            let length = usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2]);
            let Some((payload, rest)) = rest.split_at_checked(length) else { break };
            frames.push((header[3], payload));
            bytes = rest;
        }
        frames
    }
}

/// What the kernel counts of the server's memory, in KiB: `VmRSS` or `VmHWM`.
pub fn memory_kib(server: &Server, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("the kernel counts it");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
}

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("the process is there").count()
}

/// What another client gets meanwhile: an order on the connection that it has, and one on a new one.
struct Others {
    kept: crate::server::Till,
}

impl Others {
    fn new(server: &Server) -> Others {
        Others { kept: server.till("pos") }
    }

    /// Sends so many orders each way; how long the slowest took.
    async fn served(&mut self, server: &Server, orders: usize) -> Duration {
        let mut slowest = Duration::ZERO;
        for _ in 0..orders {
            for is_new in [false, true] {
                let mut new = server.till("pos");
                let till = if is_new { &mut new } else { &mut self.kept };
                let body = json!({
                    "order_id": till.id("p"), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later",
                    "lines": [{"line_id": "l", "item_id": "water"}], "place": true
                });
                let started = Instant::now();
                till.post("/v1/stores/s1/orders", &body).await.expect(201);
                slowest = slowest.max(started.elapsed());
            }
        }
        slowest
    }
}

/// How much more memory an attack may take, in KiB: more than it does in a build for tests (some 15 KiB for a request of HTTP/2 under
/// way), far less than would be a hole.
const MEMORY_KIB: u64 = 128 << 10;

/// Lets somebody hold connections, and looks what others feel and what it costs; then whether all of it is let go.
#[track_caller]
fn attack(name: &str, settings: &[&str], count: usize, ends: fn(&mut TcpStream), of: impl Fn(&Server, &mut TcpStream)) {
    let mut house = House::new();
    let server = house.serve_with(settings);
    let (before, base) = run(async {
        let mut others = Others::new(&server);
        let before = others.served(&server, 5).await;
        (before, memory_kib(&server, "VmRSS"))
    });
    let mut others = Others::new(&server);
    let mut held: Vec<TcpStream> = (0..count)
        .map(|_| {
            let mut stream = connect(&server);
            of(&server, &mut stream);
            stream
        })
        .collect();
    let during = run(others.served(&server, 5));
    held.iter_mut().for_each(ends);
    let high = memory_kib(&server, "VmHWM");
    run(Others::new(&server).served(&server, 1));
    let told = format!(
        "{name}: {count} connections; an order took others at most {during:?}, {before:?} without; {base} KiB before, {high} KiB at most"
    );
    // Shown by `--nocapture`; the bounds below are generous, because the machine may be busy.
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(during < Duration::from_secs(5), "{told}");
    assert!(high < base + MEMORY_KIB, "{told}");
    assert_eq!(server.stop(), Some(0), "{told}");
}

/// Bounds that a test can wait for.
const SHORT: [&str; 4] = ["--idle-s", "2", "--progress-s", "2"];

#[test]
fn hold_silent_loris_and_idle() {
    attack("silent", &SHORT, 200, read_out, |_, _| {});
    attack("loris", &SHORT, 200, read_out, |_, stream| send(stream, b"GET /livez HTTP/1.1\r\nHost: x\r\nX-a: b\r\n"));
    attack("idle1", &SHORT, 200, read_out, |_, stream| send(stream, &get("/livez", None)));
}

#[test]
fn hold_h2hold_ends_with_a_goaway() {
    let hold = [h2::PREFACE, &h2::frame(4, 0, 0, b""), &h2::get(1, "/livez")].concat();
    attack("h2hold", &SHORT, 200, read_out, |_, stream| send(stream, &hold));
    let mut house = House::new();
    let server = house.serve_with(&SHORT);
    let mut stream = connect(&server);
    send(&mut stream, &hold);
    let all = until_closed(&mut stream);
    assert!(h2::frames(&all).iter().any(|(kind, _)| *kind == h2::GOAWAY), "{all:?}");
}

#[test]
fn hold_h2window_and_answers_that_nobody_takes() {
    for path in ["/metrics", "/openapi.json", "/livez"] {
        let requests: Vec<u8> = (0..100).flat_map(|index| h2::get(2 * index + 1, path)).collect();
        let hold = [h2::PREFACE, &h2::no_window(), &requests].concat();
        attack(&format!("h2window {path}"), &SHORT, 60, read_out, |_, stream| send(stream, &hold));
    }
    let many = get("/openapi.json", None).repeat(20);
    attack("unread", &SHORT, 60, until_slow_end, |_, stream| send(stream, &many));
}

/// One answer that is not taken ends the connection, however lively the rest of it is.
#[test]
fn hold_h2window_of_one_stream_beside_a_busy_one() {
    let mut house = House::new();
    let server = house.serve_with(&SHORT);
    let mut stream = connect(&server);
    // The window of the whole connection is what the first answer uses up; ten bytes a stream.
    let settings = h2::frame(4, 0, 0, &[0, 4, 0, 0, 0, 10]);
    send(&mut stream, &[h2::PREFACE, &settings, &h2::get(1, "/openapi.json")].concat());
    let started = Instant::now();
    let mut next = 3;
    while is_alive(&mut stream) {
        assert!(started.elapsed() < PATIENCE, "it is still there");
        send(&mut stream, &h2::get(next, "/livez"));
        next += 2;
        std::thread::yield_now();
    }
}

/// Reads what there is for up to a tenth of a second; whether the connection is still there.
fn is_alive(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a timeout");
    let mut chunk = [0; 4096];
    match stream.read(&mut chunk) {
        Ok(0) => false,
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

#[test]
fn stuck_feeds_are_let_go_and_a_stop_waits_for_none() {
    let mut house = House::new();
    let server = house.serve_with(&SHORT);
    run(async {
        // Enough that a feed does not fit into the sockets' buffers.
        let mut admin = server.till("admin");
        let label = "x".repeat(100);
        for _ in 0..3 {
            Others::new(&server).served(&server, 20).await;
        }
        admin.post("/v1/tokens", &json!({"role": "analyst", "label": label})).await.expect(201);
    });
    let analyst = server.tokens["analyst"].clone();
    let mut feeds: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = connect(&server);
            send(&mut stream, &get("/v1/feed", Some(&analyst)).repeat(200));
            stream
        })
        .collect();
    feeds.iter_mut().for_each(until_slow_end);
    let mut following = connect(&server);
    send(&mut following, &get("/v1/feed?follow=true", Some(&analyst)));
    assert!(answer(&mut following).starts_with("HTTP/1.1 200"));
    let started = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(15), "a stop took {:?}", started.elapsed());
}

/// A client whose system takes few bytes for it.
fn connect_narrow(server: &Server) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
    let address: std::net::SocketAddr = server.url.trim_start_matches("http://").parse().expect("it is an address");
    let narrow = socket(AddressFamily::INET, SocketType::STREAM, None).expect("there are sockets");
    sockopt::set_socket_recv_buffer_size(&narrow, 4096).expect("a socket takes a size");
    connect(&narrow, &address).expect("it listens");
    TcpStream::from(narrow)
}

/// What such a feed has to say fits into the system's buffers, so that writing it never waits.
#[test]
fn c03_slow_readers_of_few_events_are_let_go_and_others_get_their_feeds() {
    let mut house = House::new();
    let server = house.serve_with(&SHORT);
    run(Others::new(&server).served(&server, 20));
    let analyst = server.tokens["analyst"].clone();
    let mut stalled: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = connect_narrow(&server);
            send(&mut stream, &get("/v1/feed?follow=true", Some(&analyst)));
            stream
        })
        .collect();
    stalled.iter_mut().for_each(until_slow_end);
    run(async {
        let mut auditor = server.till("auditor");
        let started = Instant::now();
        while auditor.get("/v1/feed?limit=1").await.status != 200 {
            assert!(started.elapsed() < PATIENCE, "the places of those that were let go are not free");
        }
    });
    assert_eq!(server.stop(), Some(0));
}

/// Does not read for as long as the server holds the connection, which a write finds out.
fn until_slow_end(stream: &mut TcpStream) {
    let started = Instant::now();
    // A write to a connection that was reset fails; until then it is the server that is waited for.
    while stream.write_all(b"\r\n").is_ok() {
        assert!(started.elapsed() < PATIENCE, "a reader that does not read is held");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn hold_slowbody_and_hooktrickle_nobody_unknown_has_a_body_read() {
    let mut house = House::new();
    let server = house.serve();
    let document = serde_json::to_value(gateway::http::openapi()).expect("it is JSON");
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("it has paths") {
        for (method, operation) in methods.as_object().expect("they have methods") {
            // A code that lets a device in stands in the body: little is read of it.
            if operation.get("requestBody").is_none() || path == "/v1/devices/enrol" {
                continue;
            }
            let path = path.replace("{provider}", "standard").replace("{account}", "acme_card");
            let path = path.replace("{date}", "2026-12-01").replace(['{', '}'], "");
            let mut stream = connect(&server);
            let head = format!(
                "{} {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n\
                 Idempotency-Key: {}\r\nContent-Length: 60000\r\n\r\n",
                method.to_uppercase(),
                crate::server::key()
            );
            send(&mut stream, head.as_bytes());
            let told = answer(&mut stream);
            assert!(told.starts_with("HTTP/1.1 4"), "{method} {path}: {told}");
            asked += 1;
        }
    }
    assert!(50 < asked, "{asked} addresses take a body");
}

#[test]
fn hold_more_connections_than_an_address_may_have() {
    let mut house = House::new();
    let server = house.serve_with(&["--connections-per-address", "5", "--connections-per-token", "3"]);
    let token = server.tokens["pos"].clone();
    let open = |token: Option<&str>| {
        let mut stream = connect(&server);
        send(&mut stream, &get("/v1/stores", token));
        let told = answer(&mut stream);
        (stream, told)
    };
    let tills: Vec<(TcpStream, String)> = (0..3).map(|_| open(Some(&token))).collect();
    assert!(tills.iter().all(|(_, told)| told.starts_with("HTTP/1.1 200")));
    let (_, told) = open(Some(&token));
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("too_many_connections"), "{told}");
    assert!(told.to_ascii_lowercase().contains("connection: close"), "{told}");
    let mut strangers: Vec<TcpStream> = (0..5).map(|_| open(None).0).collect();
    let newest = open(None).0;
    // The one that was idle longest made room.
    until_closed(&mut strangers[0]);
    assert!(strangers[1..].iter().all(is_held) && is_held(&newest));
    assert!(tills.iter().all(|(stream, _)| is_held(stream)), "who has a token keeps the place");
}

#[test]
fn hold_more_connections_than_there_may_be() {
    let mut house = House::new();
    let server = house.serve_with(&["--connections", "4"]);
    let token = server.tokens["pos"].clone();
    let tills: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = connect(&server);
            send(&mut stream, &get("/v1/stores", Some(&token)));
            assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
            stream
        })
        .collect();
    // Refused at once, not kept waiting until somebody goes.
    let refused = until_closed(&mut connect(&server));
    assert!(refused.starts_with(b"HTTP/1.1 503"), "{}", String::from_utf8_lossy(&refused));
    assert!(tills.iter().all(is_held));
}

#[test]
fn behind_a_trusted_proxy_the_header_says_who_it_is() {
    let mut house = House::new();
    let server = house.serve_with(&["--connections-per-address", "2", "--trusted-proxies", "127.0.0.0/8,192.0.2.1"]);
    let open = |address: &str| {
        let mut stream = connect(&server);
        let request = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.1, {address}\r\n\r\n");
        send(&mut stream, request.as_bytes());
        assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
        stream
    };
    let (mut first, second) = (open("198.51.100.1"), open("198.51.100.1"));
    let others: Vec<TcpStream> = (2..8).map(|last| open(&format!("198.51.100.{last}"))).collect();
    assert!(is_held(&first) && is_held(&second) && others.iter().all(is_held));
    let third = open("198.51.100.1");
    until_closed(&mut first);
    assert!(is_held(&second) && is_held(&third) && others.iter().all(is_held));
}

#[test]
fn floods_of_control_frames_end_with_enhance_your_calm() {
    let mut house = House::new();
    let server = house.serve();
    let mut others = Others::new(&server);
    run(others.served(&server, 1));
    let ping = h2::frame(6, 0, 0, &[0; 8]);
    for (name, frame) in [
        ("PING", ping.clone()),
        ("SETTINGS", h2::frame(4, 0, 0, b"")),
        ("WINDOW_UPDATE", h2::frame(8, 0, 0, &[0, 0, 0, 1])),
        ("PRIORITY", h2::frame(2, 0, 1, &[0, 0, 0, 3, 1])),
        ("of a kind that there is not", h2::frame(0xb0, 0, 0, b"x")),
    ] {
        let mut stream = connect(&server);
        send(&mut stream, &[h2::PREFACE, &h2::frame(4, 0, 0, b""), &h2::get(1, "/livez")].concat());
        send(&mut stream, &frame.repeat(1_000));
        let all = until_closed(&mut stream);
        let last = h2::frames(&all).into_iter().rev().find(|(kind, _)| *kind == h2::GOAWAY);
        let reason = last.and_then(|(_, payload)| payload.get(4..8)).map(<[u8]>::to_vec);
        assert_eq!(reason, Some(vec![0, 0, 0, 0xb]), "{name}");
    }
    // As many as a client that looks whether its server lives may send.
    let mut stream = connect(&server);
    send(&mut stream, &[h2::PREFACE, &h2::frame(4, 0, 0, b""), &ping.repeat(50), &h2::get(1, "/livez")].concat());
    let mut all = vec![];
    while !h2::frames(&all).iter().any(|(kind, payload)| *kind == 0 && payload.starts_with(b"ok")) {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).expect("it answers");
        assert_ne!(count, 0, "it is not let go");
        all.extend_from_slice(&chunk[..count]);
    }
    run(others.served(&server, 1));
}

/// Starts a command without the descriptors that whoever runs the tests left open.
const NOTHING_INHERITED: [&str; 4] = [
    "bash",
    "-c",
    "for fd in /dev/fd/*; do fd=${fd##*/}; [ $fd -le 2 ] || eval \"exec $fd>&-\"; done; exec \"$@\"",
    "bash",
];

/// A server that may have only so many descriptors, both softly and hardly.
fn serve_with_descriptors(house: &mut House, limit: u32) -> Server {
    let limit = format!("--nofile={limit}:{limit}");
    house.serve_under(&[&NOTHING_INHERITED[..], &["prlimit", &limit]].concat(), &["--segment-mib", "1"])
}

#[test]
fn c11_fdexhaust_connections_never_take_what_the_log_needs() {
    let mut house = House::new();
    let server = serve_with_descriptors(&mut house, 64);
    hold_to_descriptors(&mut house, server, 64);
}

#[test]
fn c11_what_was_open_before_the_start_is_counted() {
    let open = "for fd in {40..79}; do eval \"exec $fd</dev/null\"; done; exec \"$@\"";
    let mut house = House::new();
    let starter = [&NOTHING_INHERITED[..], &["bash", "-c", open, "bash", "prlimit", "--nofile=104:104"]].concat();
    let server = house.serve_under(&starter, &["--segment-mib", "1"]);
    hold_to_descriptors(&mut house, server, 104);
    assert!(house.log().contains("\"inherited\":40"), "{}", house.log());
}

/// Takes all the connections that a server with few descriptors has, and looks whether its log goes on.
fn hold_to_descriptors(house: &mut House, server: Server, limit: usize) {
    let mut others = Others::new(&server);
    run(others.served(&server, 2));
    let mut held = vec![];
    for _ in 0..200 {
        let mut stream = connect(&server);
        send(&mut stream, &[h2::PREFACE, &h2::frame(4, 0, 0, b""), &h2::get(1, "/livez")].concat());
        held.push(stream);
        assert!(descriptors(server.pid()) <= limit);
    }
    // The log goes on to new segments: notes fill one soon.
    run(async {
        let mut till = server.till("pos");
        let lines: Vec<Value> = (0..150)
            .map(|index| json!({"line_id": format!("l{index}"), "item_id": "water", "note": "n".repeat(140)}))
            .collect();
        for _ in 0..150 {
            let body = json!({
                "order_id": till.id("p"), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines
            });
            till.post("/v1/stores/s1/orders", &body).await.expect(201);
        }
        others.served(&server, 2).await;
    });
    let segments = std::fs::read_dir(server.data.join("log")).expect("there is a log");
    let segments =
        segments.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension() == Some("seg".as_ref())));
    assert!(2 < segments.count(), "the log went on to new segments");
    assert_eq!(server.stop(), Some(0));
    let log = house.log();
    assert_eq!(log.matches("fewer connections than asked for").count(), 1, "{log}");
    assert!(!log.contains("Too many open files"), "{log}");
}

#[test]
fn c11_too_few_descriptors_are_said_before_anything_is_made() {
    let house = House::new();
    let output = std::process::Command::new("prlimit")
        .arg("--nofile=40:40")
        .arg(comanda().get_program())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(house.data())
        .stdout(Stdio::null())
        .output()
        .expect("prlimit is there");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(told.contains("lets this process open 40 files") && told.contains("ulimit -n"), "{told}");
    assert!(!house.data().exists(), "nothing is made");
}

#[test]
fn c11_the_soft_limit_is_raised() {
    let mut house = House::new();
    let server = house.serve_under(&["prlimit", "--nofile=64:2048"], &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).expect("the process is there");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("it is listed");
    assert_eq!(line.split_whitespace().nth(3), Some("2048"), "{line}");
    assert_eq!(server.stop(), Some(0));
    assert!(house.log().contains("fewer connections than asked for"), "{}", house.log());
}
