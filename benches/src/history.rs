//! A long history: what a start, one stream and memory cost when ten million events lie behind.

use crate::engine::Running;
use crate::fixture::{self, Guests};
use crate::plan::{BenchError, Size};
use crate::report::Measure;
use crate::server::{Server, Until};
use domain::ids::{OrderId, StoreId};
use domain::stream::Stream;
use eventlog::{Direction, Options, Revision, open_embedded};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many guests' commands are made at a time: more would be memory that is not the engine's.
const GUESTS_AT_ONCE: u64 = 20_000;
/// How many commands are under way while the history is made.
const IN_FLIGHT: usize = 1024;
/// How many streams are read.
const STREAMS_MAX: usize = 1_000;
/// How long one waits for a server's first order.
const START_MAX: Duration = Duration::from_secs(300);
/// A chain, and how many of its stores sell.
const CHAIN: (u64, u64) = (40_000, 2_000);

/// Measures opening, one stream, and the time from a start after `kill -9` to the first order.
///
/// # Errors
/// The log's, the engine's and the server's.
pub fn measure(size: Size, dir: &Path, comanda: Option<&Path>) -> Result<Vec<Measure>, BenchError> {
    let running = Running::start(dir)?;
    running.submit(fixture::opening_envelopes(), 64)?;
    let (mut guests, mut sample) = (Guests::new(), vec![]);
    let mut left = size.pick(40, 10_000_000 / Guests::EVENTS);
    while 0 < left {
        let count = left.min(GUESTS_AT_ONCE);
        let (commands, store, order) = guests.take(count);
        running.submit(commands, IN_FLIGHT)?;
        sample.push((store, order));
        left -= count;
    }
    running.stop()?.close()?;
    let (mut opened, mut events) = (vec![], 0);
    for _ in 0..size.runs() {
        let start = Instant::now();
        let (log, _, recovered) = open_embedded(&dir.join("log"), Options::STANDARD)?;
        opened.push(1.0 / start.elapsed().as_secs_f64());
        events = recovered.events;
        log.close()?;
    }
    let mut measures = vec![
        Measure::unchecked("history/open", "openings", opened).note(format!("{events} events, closed before")),
        streams(size, dir, &sample)?,
    ];
    if let Some(comanda) = comanda {
        measures.push(restart(size, dir, comanda, events)?);
    }
    Ok(measures)
}

/// Reads the streams of single orders, warm.
fn streams(size: Size, dir: &Path, sample: &[(StoreId, OrderId)]) -> Result<Measure, BenchError> {
    let (log, reader, recovered) = open_embedded(&dir.join("log"), Options::STANDARD)?;
    let tenant = fixture::tenant_id();
    let names: Vec<String> = sample
        .iter()
        .cycle()
        .take(size.pick(sample.len(), STREAMS_MAX))
        .map(|(store, order)| Stream::Order(tenant, *store, *order).to_string())
        .collect();
    let mut runs = vec![];
    // The first pass warms.
    for _ in 0..=size.runs() {
        let (start, mut found) = (Instant::now(), 0_u64);
        for name in &names {
            found += reader.read_stream(name, Revision(0), Direction::Forward, 100)?.len() as u64;
        }
        runs.push((names.len() as f64 / start.elapsed().as_secs_f64(), found));
    }
    log.close()?;
    let each = runs[0].1 / names.len() as u64;
    let note = format!("one stream of {each} events out of {}, warm", recovered.events);
    Ok(Measure::new("history/stream", "streams", &runs[1..]).note(note))
}

/// From the start of a process to its first order, after the one before was killed.
fn restart(size: Size, dir: &Path, comanda: &Path, events: u64) -> Result<Measure, BenchError> {
    let token = issue(comanda, dir)?;
    let mut runs = vec![];
    let mut resident = 0;
    // The first start has to fold everything into read models nobody made before; what counts is every one after a kill.
    for run in 0..=size.runs() {
        let start = Instant::now();
        let server = serve(comanda, dir)?;
        first_order(&server, &token, run)?;
        let elapsed = start.elapsed();
        resident = server.resident_bytes()?;
        match run {
            0 => server.await_ready()?,
            _ => runs.push(1.0 / elapsed.as_secs_f64()),
        }
    }
    let note =
        format!("from `kill -9` to the first order, {events} events behind; then {} MB resident", resident >> 20);
    Ok(Measure::unchecked("history/restart", "starts", runs).note(note))
}

fn issue(comanda: &Path, dir: &Path) -> Result<String, BenchError> {
    let mut command = Command::new(comanda);
    command.args(["token", "issue", "--role", "pos", "--label", "bench", "--tenant", fixture::tenant_id().as_str()]);
    let output = command.arg("--data").arg(dir).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let words = text.split_whitespace().find(|word| word.starts_with("cmd_"));
    Ok(words.ok_or_else(|| format!("no token in {text:?}"))?.to_owned())
}

fn serve(comanda: &Path, dir: &Path) -> Result<Server, BenchError> {
    let args = ["serve", "--no-demo", "--listen", "127.0.0.1:0", "--log", "error", "--data"];
    Server::start(Command::new(comanda).args(args).arg(dir), Until::Address)
}

/// Orders until one is taken.
fn first_order(server: &Server, token: &str, run: usize) -> Result<(), BenchError> {
    let body = format!(
        r#"{{"order_id":"first{run}","channel":"pos","dining_mode":"take_away","pay_mode":"later","guests":1,"lines":[{{"line_id":"l1","item_id":"item_01","qty":1}}],"place":true}}"#
    );
    let path = format!("/v1/stores/{}/orders", fixture::store_id(0));
    let key = format!("0190d5a4-c1b8-4c3e-9d2a-{run:012x}");
    let start = Instant::now();
    loop {
        match server.post(&path, token, &key, &body) {
            Ok(200 | 201) => return Ok(()),
            Ok(503) | Err(_) if start.elapsed() < START_MAX => {}
            Ok(status) => return Err(format!("the first order was answered with {status}").into()),
            Err(error) => return Err(error),
        }
    }
}

/// Memory with very many stores of which some sell.
///
/// # Errors
/// The log's, the engine's and the server's.
pub fn chain(size: Size, dir: &Path, comanda: &Path) -> Result<Vec<Measure>, BenchError> {
    let (stores, active) = (size.pick(40, CHAIN.0), size.pick(4, CHAIN.1));
    let running = Running::start(dir)?;
    running.submit(fixture::opening_envelopes(), 64)?;
    running.submit(fixture::chain_envelopes(stores), IN_FLIGHT)?;
    running.stop()?.close()?;
    let token = issue(comanda, dir)?;
    let server = serve(comanda, dir)?;
    first_order(&server, &token, 0)?;
    let idle = server.resident_bytes()?;
    let names: Vec<String> = (0..active).map(|number| fixture::chain_store_id(number).to_string()).collect();
    let mut command = Command::new(comanda);
    command.args(["load", "--url", &server.url, "--token", &token, "--pay", "--items", "item_00"]);
    command.args(["--stores", &names.join(","), "--connections", "64", "--rate", size.pick("100", "2000")]);
    let output = command.args(["--duration", size.pick("0.5", "30")]).stderr(Stdio::inherit()).output()?;
    let report = String::from_utf8(output.stdout)?;
    let report: serde_json::Value = serde_json::from_str(report.lines().last().unwrap_or_default())?;
    let accepted = report["accepted"].as_f64().ok_or_else(|| format!("no count in {report}"))?;
    let loaded = server.resident_bytes()?;
    let note = format!(
        "{stores} stores of which {active} sold: {} MB resident before, {} MB after {accepted} paid orders",
        idle >> 20,
        loaded >> 20
    );
    let rate = report["accepted_per_s"].as_f64().unwrap_or(accepted);
    Ok(vec![Measure::unchecked("chain/orders", "orders", vec![rate]).note(note)])
}
