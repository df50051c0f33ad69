//! A stop, whatever is under way: at most five seconds from the signal to the end, exit code 0, the same for both signals under
//! every log setting; and standard output and error that take nothing.

use crate::server::{House, Server, Till, comanda, key, run};
use serde_json::json;
use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// From the signal to the end.
const STOP_MAX: Duration = Duration::from_secs(5);
/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends what a test leaves.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().expect("kill").success());
}

/// Tells a server to stop; it ends in time and well.
#[track_caller]
fn stops(server: Server, name: &str, what: &str) {
    let told = Instant::now();
    signal(name, server.pid());
    assert_eq!(server.end(), Some(0), "{what}");
    let took = told.elapsed();
    assert!(took <= STOP_MAX, "{what}: {took:?}");
}

/// A connection that has sent this and no more.
fn half_sent(url: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").expect("an address")).expect("it connects");
    stream.write_all(text.as_bytes()).expect("it takes that");
    stream
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "{what}");
        tokio::task::yield_now().await;
    }
}

async fn counted(operator: &mut Till, name: &str) -> u64 {
    let page = String::from_utf8_lossy(&operator.get("/metrics").await.body).into_owned();
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {page}"))
}

/// Feeds that are read and that are not, requests of which half was sent, a rebuild, snapshots, a provider that does not answer, and load.
#[test]
fn c03_a_stop_takes_five_seconds_at_most_whatever_is_under_way() {
    let provider = TcpListener::bind("127.0.0.1:0").expect("a port");
    let account = format!(
        "[[account]]\nid = \"slow\"\nadapter = \"standard\"\ntenant = \"demo\"\nstore = \"s1\"\nbase_url = \"http://{}\"\n\
         api_key = \"sk_test\"\nwebhook_secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n",
        provider.local_addr().expect("an address")
    );
    for (name, level) in [("TERM", "info"), ("INT", "trace"), ("TERM", "off"), ("INT", "off")] {
        let mut house = House::new();
        let settings = house.path().join("providers.toml");
        std::fs::write(&settings, &account).expect("writes");
        let more = ["--snapshot-events", "20", "--log", level, "--providers", settings.to_str().expect("text")];
        let server = house.serve_with(&more);
        // A log that is long enough for a rebuild to be under way.
        let load = |server: &Server, seconds: &str| {
            let arguments = ["load", "--url", &server.url, "--token", &server.tokens["pos"], "--store", "s1,s2"];
            let how = ["--connections", "8", "--duration", seconds, "--max"];
            comanda().args(arguments).args(how).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
        };
        load(&server, "2").wait().expect("it ends");
        server.kill();
        std::fs::remove_dir_all(house.data().join("views")).expect("goes");
        let server = house.serve_with(&more);
        let _load = Ended(load(&server, "60"));
        let feed = |token: &str| {
            let text = format!("GET /v1/feed?follow=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
            half_sent(&server.url, &text)
        };
        let mut feeds: Vec<TcpStream> = (0..6).map(|_| feed(&server.tokens["auditor"])).collect();
        feeds[0].read_exact(&mut [0; 12]).expect("it answers");
        let head = format!(
            "POST /v1/stores/s1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\
             Idempotency-Key: {}\r\nAuthorization: Bearer {}\r\n",
            key(),
            server.tokens["pos"]
        );
        let halves = [half_sent(&server.url, &head), half_sent(&server.url, &format!("{head}\r\n{{\"order_id\":"))];
        let asked = run(async {
            let mut operator = server.operator();
            until("load is taken", async || 50 < counted(&mut operator, "comanda_commands_accepted_total").await).await;
            until("a snapshot is taken", async || 0 < counted(&mut operator, "comanda_engine_snapshots_total").await)
                .await;
            let mut till = server.till("pos");
            let order = json!({"order_id": "o1", "channel": "kiosk", "dining_mode": "take_away", "pay_mode": "first",
                "place": true, "lines": [{"line_id": "l1", "item_id": "espresso"}]});
            till.post("/v1/stores/s1/orders", &order).await.expect(201);
            let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": "slow"});
            till.post("/v1/stores/s1/orders/o1/payments", &pay).await.expect(201);
            tokio::task::spawn_blocking({
                let provider = provider.try_clone().expect("a listener");
                move || provider.accept().expect("it is asked")
            })
            .await
            .expect("no panic")
        });
        stops(server, name, &format!("{name}, --log {level}"));
        drop((asked, halves, feeds));
        // Nothing is lost, and nothing was in the way of closing the log.
        let verified = comanda().args(["verify", "--data"]).arg(house.data()).output().expect("it runs");
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// A pipe that nobody reads any more.
fn broken() -> Stdio {
    let (_, writer) = std::io::pipe().expect("a pipe");
    writer.into()
}

/// A pipe that takes no byte more, with whoever could read it.
fn stuck() -> (PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // A pipe holds 64 KiB where nobody asked for more; whoever fills it waits, so that is another process.
    let filler = "head -c 65536 /dev/zero";
    let filled = Command::new("sh").args(["-c", filler]).stdout(writer.try_clone().expect("a pipe")).status();
    assert!(filled.expect("sh is there").success());
    (reader, writer.into())
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("it is there").into()
}

/// A server whose output and log lines go where they are not taken serves, decides and stops as any other.
#[test]
fn c26_where_log_lines_go_decides_nothing() {
    let mut house = House::new();
    let first = house.serve();
    let tokens = first.tokens.clone();
    first.stop();
    for (what, level, name) in
        [("stuck", "trace", "TERM"), ("full", "trace", "INT"), ("broken", "debug", "INT"), ("closed", "info", "TERM")]
    {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let address = format!("127.0.0.1:{port}");
        let url = format!("http://{address}");
        let mut command = match what {
            "closed" => {
                let mut shell = Command::new("sh");
                shell.args(["-c", "exec \"$0\" \"$@\" >&- 2>&-"]).arg(comanda().get_program());
                shell
            }
            _ => comanda(),
        };
        command.args(["serve", "--log", level, "--listen", &address, "--data"]).arg(house.data());
        let mut readers = vec![];
        match what {
            "stuck" => {
                let (out, err) = (stuck(), stuck());
                // What is said on standard output at the start is said to whoever listens there; log lines are not waited for.
                command.stdout(Stdio::null()).stderr(err.1);
                readers.extend([out.0, err.0]);
            }
            "full" => _ = command.stdout(full()).stderr(full()),
            "broken" => _ = command.stdout(broken()).stderr(broken()),
            _ => {}
        }
        let mut server = Ended(command.spawn().expect("it starts"));
        drop(command);
        run(async {
            until("it serves", async || TcpStream::connect(&address).is_ok()).await;
            let mut till = Till::new(&url, &tokens["pos"]);
            for number in 0..60 {
                let lines = json!([{"line_id": "l1", "item_id": "espresso"}]);
                let order = json!({"order_id": format!("{what}{number}"), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines});
                assert_eq!(till.post("/v1/stores/s1/orders", &order).await.status, 201, "{what}");
                assert_eq!(till.post("/v1/stores/s1/orders", &order).await.status, 422, "{what}");
            }
            assert_eq!(till.get("/v1/stores/s1/menu").await.status, 200, "{what}");
        });
        let told = Instant::now();
        signal(name, server.0.id());
        assert_eq!(server.0.wait().expect("it ends").code(), Some(0), "{what}");
        assert!(told.elapsed() <= STOP_MAX, "{what}: {:?}", told.elapsed());
        drop(readers);
    }
}

/// No verb panics or ends by a signal where nobody takes what it says; who would have been told a secret learns that it was lost.
#[test]
fn c26_every_verb_ends_well_where_nobody_listens() {
    let mut house = House::new();
    let server = house.serve();
    run(async { server.till("pos").get("/v1/stores/s1").await.expect(200) });
    let (url, admin, pos) = (server.url.clone(), server.tokens["admin"].clone(), server.tokens["pos"].clone());
    let data = house.data().to_str().expect("text").to_owned();
    let rows = house.path().join("orders.csv");
    std::fs::write(
        &rows,
        "Order Number,Order Date,Item Name,Quantity,Product Price,Total products\n1,03/08/2019 20:25,Tea,1,2.5,1\n",
    )
    .expect("writes");
    let rows = rows.to_str().expect("text").to_owned();
    let at_server: [&[&str]; 4] = [
        &[
            "load",
            "--url",
            &url,
            "--token",
            &pos,
            "--store",
            "s1",
            "--connections",
            "1",
            "--duration",
            "1",
            "--rate",
            "20",
        ],
        &["token", "issue", "--url", &url, "--token", &admin, "--role", "pos", "--label", "till"],
        &["token", "list", "--url", &url, "--token", &admin],
        &["replay", "--url", &url, "--token", &admin],
    ];
    let of_directory: [&[&str]; 11] = [
        &["--help"],
        &["--version"],
        &["serve", "--help"],
        &["no-such-verb"],
        &["verify", "--data", &data],
        &["verify", "--json", "--data", &data],
        &["replay", "--data", &data],
        &["token", "issue", "--data", &data, "--role", "pos", "--label", "till"],
        &["operator", "show", "--data", &data],
        &["operator", "rotate", "--data", &data],
        &[
            "import",
            &rows,
            "--dry-run",
            "--store",
            "s1",
            "--currency",
            "EUR",
            "--timezone",
            "Europe/Berlin",
            "--data",
            &data,
        ],
    ];
    for arguments in at_server {
        ends_well(arguments);
    }
    assert_eq!(server.stop(), Some(0));
    for arguments in of_directory {
        ends_well(arguments);
    }
    for (number, out) in ["broken", "full"].into_iter().enumerate() {
        let copy = house.path().join(format!("copy{number}"));
        let copied = silenced(&["backup", copy.to_str().expect("text"), "--data", &data], out);
        assert!(copied.status.code().is_some_and(|code| code != 101), "backup, {out}: {copied:?}");
        let restored = house.path().join(format!("restored{number}"));
        let restored = restored.to_str().expect("text");
        let restored = silenced(&["restore", copy.to_str().expect("text"), "--data", restored], out);
        assert!(restored.status.code().is_some_and(|code| code != 101), "restore, {out}: {restored:?}");
    }
    // What was said to nobody is not taken for said.
    for arguments in [of_directory[7], of_directory[9]] {
        let output = comanda().args(arguments).stdout(full()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("could not be written"), "{arguments:?}: {said}");
    }
}

/// Runs a verb whose standard output takes nothing.
fn silenced(arguments: &[&str], out: &str) -> Output {
    let stdio = || if out == "full" { full() } else { broken() };
    comanda().args(arguments).stdin(Stdio::null()).stdout(stdio()).output().expect("it runs")
}

#[track_caller]
fn ends_well(arguments: &[&str]) {
    for out in ["broken", "full"] {
        let output = silenced(arguments, out);
        let said = String::from_utf8_lossy(&output.stderr);
        let is_well = matches!(output.status.code(), Some(0..=2)) && output.status.signal().is_none();
        assert!(is_well && !said.contains("panicked"), "{arguments:?}, {out}: {:?} {said}", output.status);
        // Neither where errors are said.
        let stdio = || if out == "full" { full() } else { broken() };
        let status = comanda().args(arguments).stdin(Stdio::null()).stdout(stdio()).stderr(stdio()).status();
        let status = status.expect("it runs");
        assert!(matches!(status.code(), Some(0..=2)), "{arguments:?}, {out}: {status}");
    }
}

/// With few addresses (`ulimit -v`) there is room for what is asked for: the C library does not reserve them by the thread.
#[test]
fn c08_a_limited_address_space_is_spent_on_what_is_asked_for() {
    let mut house = House::new();
    let server = house.serve_under(&["sh", "-c", "ulimit -v 409600; exec \"$0\" \"$@\""], &[]);
    let arguments = ["load", "--url", &server.url, "--token", &server.tokens["pos"], "--store", "s1,s2", "--pay"];
    let load = comanda().args(arguments).args(["--connections", "32", "--duration", "2", "--max"]).output();
    let load = load.expect("it runs");
    assert!(load.status.success(), "{}", String::from_utf8_lossy(&load.stderr));
    let report: serde_json::Value = serde_json::from_slice(&load.stdout).expect("a report");
    assert_eq!(report["errors"], 0, "{report}");
    run(async { server.till("pos").get("/v1/stores/s1").await.expect(200) });
    stops(server, "TERM", "few addresses");
}
