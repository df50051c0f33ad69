//! Orders over HTTP: the shipped binary as server and as load generator, next to a bare server under the same load.

use crate::hello::{HELLO, SIZED};
use crate::plan::{BenchError, Size};
use crate::report::{Measure, median};
use crate::server::{Server, Until};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// How many connections.
const CONNECTIONS: &str = "256";
/// How many connections read menus.
const READERS: &str = "500";
/// The menu that is read: that of the demo.
const MENU: &str = "/v1/stores/s1/menu";
/// How many stores the orders go to: a store of a chain has hundreds of open orders, not a hundred thousand.
const STORES: usize = 64;
/// What is ordered. The first of them are counted in stock, so that orders reserve.
const ITEMS: &str = "soup,lasagne,seabass,tiramisu,spaghetti,gelato,espresso,house_wine";
const COUNTED: [&str; 4] = ["soup", "lasagne", "seabass", "tiramisu"];
/// More than any bench sells.
const STOCK: u32 = 900_000;
/// The part of the highest rate at which latencies are looked at.
const LOADED: f64 = 0.8;

/// Measures in turns, so that whatever else the machine does slows all alike.
///
/// # Errors
/// A server did not start or the load generator failed.
pub fn measure(size: Size, dir: &Path, comanda: &Path, benches: &Path) -> Result<Vec<Measure>, BenchError> {
    let serve = |number: usize| {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"];
        let data = dir.join(format!("data{number}"));
        Server::start(Command::new(comanda).args(serve).arg(data), Until::Token)
    };
    let seconds = size.pick("0.2", "5");
    let (mut hello, mut sized, mut menu, mut post, mut place) = (vec![], vec![], vec![], vec![], vec![]);
    let mut refused = Value::Null;
    let mut menu_bytes = String::new();
    for run in 0..size.runs() {
        // Nobody completes these orders: a server of its own for each run keeps the open ones of a store to thousands.
        let engine = serve(run)?;
        let stores = open_stores(&engine)?;
        menu_bytes = engine.get(MENU, &engine.token)?.len().to_string();
        let bare = ["hello", "--listen", "127.0.0.1:0", "--sized", &menu_bytes];
        let bare = Server::start(Command::new(benches).args(bare), Until::Address)?;
        let max = ["--max", "--duration", seconds, "--warmup", size.pick("0", "1")];
        hello.push(rate(&load(comanda, &bare, &[&max[..], &["--get", HELLO]].concat())?)?);
        for (server, path, rates) in [(&bare, SIZED, &mut sized), (&engine, MENU, &mut menu)] {
            let read = ["--get", path, "--connections", READERS];
            rates.push(rate(&load(comanda, server, &[&max[..], &read].concat())?)?);
        }
        post.push(rate(&load(comanda, &bare, &max)?)?);
        let orders = ["--stores", &stores, "--items", ITEMS];
        let report = load(comanda, &engine, &[&max[..], &orders].concat())?;
        refused = report["refused"].clone();
        place.push(rate(&report)?);
    }
    let engine = serve(size.runs())?;
    let orders = ["--stores", &open_stores(&engine)?, "--items", ITEMS];
    let target = format!("{:.0}", median(&place) * LOADED);
    let loaded = ["--rate", &target, "--duration", size.pick("0.2", "20"), "--warmup", size.pick("0", "2")];
    let report = load(comanda, &engine, &[&loaded[..], &orders].concat())?;
    let note = format!("{CONNECTIONS} connections, {STORES} stores, half of the items counted; refused: {refused}");
    let at = |name: &str| report[name].as_f64().unwrap_or(f64::NAN) / 1e3;
    let (p50, p99, p999) = (at("p50_us"), at("p99_us"), at("p999_us"));
    let kept = rate(&report)?;
    let latency =
        format!("at a fixed {target}/s ({kept:.0}/s kept): p50 {p50:.1} ms, p99 {p99:.1} ms, p99.9 {p999:.1} ms");
    let place = Measure::unchecked("http/place", "orders", place);
    Ok(vec![
        Measure::unchecked("http/hello", "requests", hello.clone()).note("bare axum, GET"),
        Measure::unchecked("http/menu", "requests", menu)
            .of("bare axum GET of as many bytes", &sized)
            .note(format!("{READERS} connections, a cached menu of {menu_bytes} bytes")),
        Measure::unchecked("http/hello_post", "requests", post.clone()).note("bare axum, POST of an order's body"),
        place.clone().of("bare axum GET", &hello).note(note),
        Measure { name: "http/place_of_post".to_owned(), ..place }.of("bare axum POST", &post).note(latency),
    ])
}

/// Opens the stores and fills their shelves; answers their names.
fn open_stores(server: &Server) -> Result<String, BenchError> {
    let mut key = 0;
    let mut send = |method: &str, path: &str, body: Value| -> Result<(), BenchError> {
        key += 1;
        let id = format!("00000000-0000-4000-8000-{key:012}");
        match server.command(method, path, &server.admin, &id, &body.to_string())? {
            200 | 201 => Ok(()),
            status => Err(format!("{method} {path} answers {status}").into()),
        }
    };
    let names: Vec<String> = (1..=STORES).map(|number| format!("b{number}")).collect();
    for name in &names {
        let path = format!("/v1/stores/{name}");
        send("PUT", &path, json!({"name": name, "currency": "EUR", "time_zone": "Europe/Berlin"}))?;
        for sku in COUNTED {
            send("POST", &format!("{path}/stock/policy"), json!({"sku": sku, "policy": "counted", "auto86": true}))?;
            send("POST", &format!("{path}/stock/receive"), json!({"sku": sku, "qty": STOCK}))?;
        }
    }
    // A new store adopts its menu by itself, a moment later.
    for name in &names {
        server.await_in_body(&format!("/v1/stores/{name}/menu"), &server.admin, "\"soup\"")?;
    }
    Ok(names.join(","))
}

/// Runs the load generator and reads its last line.
fn load(comanda: &Path, server: &Server, args: &[&str]) -> Result<Value, BenchError> {
    let mut command = Command::new(comanda);
    command.args(["load", "--url", &server.url]).args(args);
    if !args.contains(&"--connections") {
        command.args(["--connections", CONNECTIONS]);
    }
    if !server.token.is_empty() {
        command.args(["--token", &server.token]);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().ok_or("the load generator said nothing")?;
    Ok(serde_json::from_str(line)?)
}

fn rate(report: &Value) -> Result<f64, BenchError> {
    report["accepted_per_s"].as_f64().ok_or_else(|| format!("no rate in {report}").into())
}
