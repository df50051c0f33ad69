//! TLS: of the server, of its devices, of the command line; what happens without it; and what a hangup does.

use crate::certificates::{Authority, Pair};
use crate::server::{House, Server, comanda, key, run};
use bytes::Bytes;
use gateway::client::{Client, ClientError};
use gateway::tls::Roots;
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The names a test reaches its server by.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];
/// Longer than anything a server bounds in these tests, and than a busy machine takes for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A house whose server speaks TLS.
struct Secure {
    house: House,
    authority: Authority,
    ca: PathBuf,
}

impl Secure {
    fn new() -> Secure {
        let (house, authority) = (House::new(), Authority::new());
        let ca = authority.write(&house.path().join("ca.pem"));
        authority.vouch(&NAMES).write(&house.path().join("cert.pem"), &house.path().join("key.pem"));
        Secure { house, authority, ca }
    }

    fn file(&self, name: &str) -> String {
        self.house.path().join(name).display().to_string()
    }

    fn serve(&mut self, more: &[&str]) -> Server {
        let (cert, key) = (self.file("cert.pem"), self.file("key.pem"));
        self.house.serve_with(&[&["--tls-cert", &cert, "--tls-key", &key], more].concat())
    }

    fn client(&self, server: &Server, token: &str) -> Client {
        Client::trusting(&server.url, token, Some(&self.ca)).expect("an address")
    }

    fn replace(&self, pair: &Pair) {
        pair.write(&self.house.path().join("cert.pem"), &self.house.path().join("key.pem"));
    }

    /// How many lines of the log hold this.
    fn said(&self, what: &str) -> usize {
        self.house.log().lines().filter(|line| line.contains(what)).count()
    }
}

fn signal(pid: u32, name: &str) -> bool {
    Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().expect("kill is there").success()
}

/// Waits until it is so.
async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

async fn status(client: &mut Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let key = key();
    let answer = client.stream(method, path, &[("idempotency-key", &key)], body).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn socket(server: &Server) -> TcpStream {
    let address = server.url.split_once("://").expect("a scheme").1;
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    stream
}

#[test]
fn c11_7_a_server_speaks_tls_and_the_command_line_does() {
    let mut secure = Secure::new();
    let server = secure.serve(&[]);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let admin = server.tokens["admin"].clone();
    run(async {
        let mut client = secure.client(&server, &admin);
        assert_eq!(status(&mut client, "GET", "/v1/stores", &Value::Null).await.0, 200);
        // HTTP/2, as far as who asks speaks it.
        let mut config = Roots::file(&secure.ca).expect("an authority").client_config();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let address = server.url.trim_start_matches("https://");
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        assert_eq!(stream.expect("a handshake").get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        // Somebody nobody vouches for is not believed, and not asked again and again.
        let other = Authority::new().write(&secure.house.path().join("other.pem"));
        let mut client = Client::trusting(&server.url, &admin, Some(&other)).expect("an address");
        let refused = client.call("GET", "/v1/stores", &[], Bytes::new()).await.expect_err("nobody vouches");
        assert!(matches!(refused, ClientError::NotBelieved { .. }), "{refused:?}");
    });
    let ca = secure.ca.display().to_string();
    let ask = |arguments: &[&str]| {
        let output = comanda().args(arguments).args(["--url", &server.url, "--token", &admin]).output();
        let output = output.expect("the binary starts");
        (output.status.success(), format!("{output:?}"))
    };
    for verb in
        [&["token", "issue", "--role", "pos", "--label", "x"][..], &["token", "list"], &["replay", "--limit", "1"]]
    {
        let (is_good, said) = ask(&[verb, &["--ca", &ca]].concat());
        assert!(is_good, "{verb:?}: {said}");
        let (is_good, said) = ask(verb);
        // Without a word nobody but the system's authorities vouches, and no such answer is taken.
        assert!(!is_good && (said.contains("not believed") || said.contains("vouch")), "{verb:?}: {said}");
    }
    let orders = secure.house.path().join("orders.csv");
    std::fs::write(&orders, "order,item,count,price,date\nx1,tea,1,2.50,2026-01-05 12:00\n").expect("a file");
    let map = "order=order,item=item,qty=count,price=price,time=date";
    let file = orders.display().to_string();
    let import =
        ["import", &file, "--store", "imported", "--currency", "EUR", "--timezone", "Europe/Berlin", "--map", map];
    let (is_good, said) = ask(&[&import[..], &["--ca", &ca]].concat());
    assert!(is_good, "{said}");
    // The load generator says that it does not.
    let said = ask(&["load", "--max", "--duration", "1"]).1;
    assert!(said.contains("plain HTTP only"), "{said}");
    assert_eq!(server.stop(), Some(0), "{}", secure.house.log());
}

#[test]
fn c11_7_who_speaks_no_tls_is_told_and_who_says_nothing_is_let_go() {
    let mut secure = Secure::new();
    let server = secure.serve(&["--connections-per-address", "3"]);
    for request in ["GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = socket(&server);
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer, and a close");
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
    }
    // What has had no handshake counts for its address: the one that was there first goes for the fourth.
    let mut silent: Vec<TcpStream> = (0..4).map(|_| socket(&server)).collect();
    assert_eq!(silent[0].read(&mut [0]).expect("a close"), 0);
    // And the others do not stay: the time of a handshake is bounded. One of them has begun it.
    silent[1].write_all(&[0x16, 3, 1]).expect("it is sent");
    for stream in &mut silent[1..] {
        let mut rest = vec![];
        // Whether it is reset or ended is the same to it.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < 64, "nothing but an alert: {rest:?}");
    }
    assert_eq!(server.stop(), Some(0), "{}", secure.house.log());
}

#[test]
fn c11_7_a_new_certificate_is_taken_under_load_and_a_bad_one_is_not() {
    let mut secure = Secure::new();
    let server = secure.serve(&[]);
    let admin = server.tokens["admin"].clone();
    let (is_over, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    let old_ca = secure.house.path().join("old.pem");
    secure.authority.write(&old_ca);
    // Both certificates are good for these: a request that fails was dropped.
    let both = secure.house.path().join("both.pem");
    let next = Authority::new();
    let new_ca = next.write(&secure.house.path().join("new.pem"));
    let pem = |path: &Path| std::fs::read_to_string(path).expect("a file");
    std::fs::write(&both, pem(&old_ca) + &pem(&new_ca)).expect("a file");
    run(async {
        let feed = "/v1/feed?follow=true";
        let mut watcher = secure.client(&server, &admin);
        let mut follows = watcher.stream("GET", feed, &[], Bytes::new()).await.expect("a feed").into_body();
        let asks = async |is_kept: bool| {
            let mut client = Client::trusting(&server.url, &admin, Some(&both)).expect("an address");
            while !is_over.load(Ordering::Relaxed) {
                if !is_kept {
                    client = Client::trusting(&server.url, &admin, Some(&both)).expect("an address");
                }
                assert_eq!(status(&mut client, "GET", "/v1/stores", &Value::Null).await.0, 200);
                answers.fetch_add(1, Ordering::Relaxed);
            }
        };
        let more = |count: u64| {
            let wanted = answers.load(Ordering::Relaxed) + count;
            let answers = &answers;
            async move { until(|| wanted <= answers.load(Ordering::Relaxed)).await }
        };
        let changes = async {
            more(20).await;
            // Bad ones first: no PEM, no key of it, nothing at all.
            let stays = "the certificate stays the one of before";
            for (bad, text) in [("cert.pem", "nothing"), ("key.pem", next.vouch(&NAMES).key.as_str()), ("cert.pem", "")]
            {
                let path = secure.house.path().join(bad);
                let good = pem(&path);
                std::fs::write(&path, text).expect("a file");
                let before = secure.said(stays);
                assert!(signal(server.pid(), "HUP"));
                until(|| before < secure.said(stays)).await;
                std::fs::write(&path, good).expect("a file");
                assert_eq!(status(&mut secure.client(&server, &admin), "GET", "/livez", &Value::Null).await.0, 200);
            }
            secure.replace(&next.vouch(&NAMES));
            assert!(signal(server.pid(), "HUP"));
            until(|| secure.said("new connections have the certificate") == 1).await;
            more(20).await;
            let believes = async |ca: &Path| {
                let mut client = Client::trusting(&server.url, &admin, Some(ca)).expect("an address");
                client.stream("GET", "/livez", &[], Bytes::new()).await.is_ok()
            };
            assert!(believes(&new_ca).await && !believes(&old_ca).await, "new connections have the new one");
            // The feed that was open is, and goes on.
            let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
                "lines": [{"line_id": "l1", "item_id": "espresso"}]});
            let mut client = Client::trusting(&server.url, &admin, Some(&new_ca)).expect("an address");
            assert_eq!(status(&mut client, "POST", "/v1/stores/s1/orders", &order).await.0, 201);
            let mut seen = vec![];
            while !seen.windows(11).any(|bytes| bytes == b"OrderOpened") {
                let frame = http_body_util::BodyExt::frame(&mut follows).await.expect("it goes on").expect("it reads");
                seen.extend(frame.into_data().unwrap_or_default());
            }
            is_over.store(true, Ordering::Relaxed);
        };
        tokio::join!(asks(true), asks(false), asks(false), changes);
    });
    assert_eq!(server.stop(), Some(0), "{}", secure.house.log());
}

/// What a server answers who shows this certificate, or none.
async fn shown(
    secure: &Secure,
    server: &Server,
    pair: Option<&Pair>,
    request: (&str, &str, &str, Value),
) -> Option<(u16, Value)> {
    let roots = Roots::file(&secure.ca).expect("an authority").0;
    let config = rustls::ClientConfig::builder_with_provider(gateway::tls::cryptography())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match pair {
        None => config.with_no_client_auth(),
        Some(pair) => {
            let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("a certificate");
            let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
            config.with_client_auth_cert(vec![certificate], key).expect("a pair")
        }
    };
    let connector =
        hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
    let client: Http<_, http_body_util::Full<Bytes>> = Http::builder(TokioExecutor::new()).build(connector);
    let (method, path, token, body) = request;
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let request = hyper::Request::builder()
        .method(method)
        .uri(format!("{}{path}", server.url))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key())
        .body(body.into())
        .expect("a request");
    let answer = client.request(request).await.ok()?;
    let status = answer.status().as_u16();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.ok()?.to_bytes();
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

#[test]
fn c11_7_a_device_shows_its_certificate_where_devices_have_one() {
    let mut secure = Secure::new();
    let devices = Authority::new();
    devices.write(&secure.house.path().join("devices.pem"));
    let (till, stranger) = (devices.vouch(&["till-9"]), Authority::new().vouch(&["till-9"]));
    let ca = secure.file("devices.pem");
    let server = secure.serve(&["--tls-client-ca", &ca]);
    let admin = server.tokens["admin"].clone();
    run(async {
        let ask = |pair, request| shown(&secure, &server, pair, request);
        // People, providers and the command line have none to show.
        assert_eq!(ask(None, ("GET", "/v1/stores", &admin, Value::Null)).await.expect("an answer").0, 200);
        let device = json!({"store": "s1", "terminal": "till_9", "role": "pos", "label": "Till 9"});
        let added = ask(None, ("POST", "/v1/devices", &admin, device)).await.expect("an answer");
        assert_eq!(added.0, 201, "{added:?}");
        let enrol = json!({"code": added.1["code"]});
        let refused = ask(None, ("POST", "/v1/devices/enrol", "", enrol.clone())).await.expect("an answer");
        assert_eq!((refused.0, &refused.1["code"]), (403, &json!("certificate_needed")));
        // Which has cost the code nothing.
        let enrolled = ask(Some(&till), ("POST", "/v1/devices/enrol", "", enrol)).await.expect("an answer");
        assert_eq!(enrolled.0, 201, "{enrolled:?}");
        let token = enrolled.1["token"].as_str().expect("a token").to_owned();
        for (method, path) in [("GET", "/v1/stores"), ("GET", "/v1/stores/s1/menu"), ("POST", "/v1/stores/s1/commands")]
        {
            let refused = ask(None, (method, path, &token, Value::Null)).await.expect("an answer");
            assert_eq!((refused.0, &refused.1["code"]), (403, &json!("certificate_needed")), "{path}");
        }
        assert_eq!(ask(Some(&till), ("GET", "/v1/stores", &token, Value::Null)).await.expect("an answer").0, 200);
        assert!(
            ask(Some(&stranger), ("GET", "/v1/stores", &token, Value::Null)).await.is_none(),
            "nobody vouches for it"
        );
        assert!(ask(Some(&stranger), ("GET", "/livez", "", Value::Null)).await.is_none(), "nobody vouches for it");
    });
    assert_eq!(server.stop(), Some(0), "{}", secure.house.log());
}

#[test]
fn c11_7_without_tls_it_listens_on_this_machine_only_unless_it_says_so() {
    let mut house = House::new();
    for address in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        let output = comanda().args(["serve", "--listen", address, "--data"]).arg(house.data()).output();
        let output = output.expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{address}: {said}");
        assert!(said.contains("--tls-cert") && said.contains("--insecure"), "{said}");
    }
    assert!(!house.data().exists(), "nothing was made");
    let server = house.serve_with_listen(&["--listen", "0.0.0.0:0", "--insecure"]);
    let warned =
        house.log().lines().any(|line| line.contains("\"WARN\"") && line.contains("insecure: no TLS is spoken"));
    assert!(warned, "{}", house.log());
    assert_eq!(server.stop(), Some(0));
    let mut secure = Secure::new();
    let (cert, key) = (secure.file("cert.pem"), secure.file("key.pem"));
    let server = secure.house.serve_with_listen(&["--listen", "0.0.0.0:0", "--tls-cert", &cert, "--tls-key", &key]);
    assert!(!secure.house.log().contains("insecure"), "{}", secure.house.log());
    assert_eq!(server.stop(), Some(0));
    // A certificate that does not do stops a start before anything is made.
    let fresh = House::new();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", &key, "--tls-key", &key, "--data"];
    let output = comanda().args(arguments).arg(fresh.data()).output().expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("holds none") && !fresh.data().exists(), "{said}");
}

#[test]
fn c11_7_a_hangup_never_ends_the_process() {
    let house = House::new();
    let log = house.path().join("stderr");
    let mut child = comanda()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(house.data())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).expect("a log"))
        .spawn()
        .expect("the binary starts");
    let pid = child.id();
    // From its first line on: while it opens the log, serves, and stops.
    while house.log().is_empty() {
        assert!(child.try_wait().expect("it is ours").is_none(), "it ended");
    }
    let mut out = std::io::BufReader::new(child.stdout.take().expect("its output is piped"));
    let is_serving = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_serving.load(Ordering::Relaxed) {
                assert!(signal(pid, "HUP"), "it has ended: {}", house.log());
            }
        });
        let mut line = String::new();
        std::io::BufRead::read_line(&mut out, &mut line).expect("its output is text");
        is_serving.store(true, Ordering::Relaxed);
        assert!(line.contains("http://"), "{line} {}", house.log());
    });
    assert!(signal(pid, "TERM"));
    let code = loop {
        match child.try_wait().expect("it is ours") {
            Some(status) => break status.code(),
            // The last ones may find nobody.
            None => drop(signal(pid, "HUP")),
        }
    };
    assert_eq!(code, Some(0), "{}", house.log());
    assert!(house.log().contains("the log is closed"), "{}", house.log());
}
