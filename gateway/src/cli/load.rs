//! `comanda load`: orders over HTTP at a fixed rate, or as fast as they are taken, and what became of them.
//!
//! With `--rate` arrivals follow a schedule that the server cannot slow down: an order that has to wait for a free
//! connection is measured from the moment it was due, not from the moment it was sent. With `--max` every connection
//! sends its next order when the one before is answered. Nothing that was refused is sent again, not even after a
//! `Retry-After`: a refusal is a result, and guests who come later are other guests. Only an order without an answer
//! (the connection broke, or nothing came for ten seconds) is sent again, under the same key.

mod client;
mod drive;
mod menu;
mod order;
mod report;

use clap::{ArgGroup, Args};
use client::{Client, ExchangeError, Target};
use domain::ids::{BadId, ItemId, StoreId};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to send, how fast, and for how long.
#[derive(Clone, Debug, Args)]
#[command(
    group(ArgGroup::new("speed").required(true).args(["rate", "max"])),
    after_help = "Examples:\n  \
        comanda load --token $TOKEN --rate 2000 --connections 64 --duration 30 --warmup 5\n  \
        comanda load --url http://127.0.0.1:8080 --token $TOKEN --stores s1,s2 --max --connections 256 --duration 10\n\n\
        The last line on standard output is one JSON object. Rates count accepted, and so durable, orders only."
)]
pub struct LoadArgs {
    /// Where the server is.
    #[arg(long, env = "COMANDA_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub url: Target,
    /// The token to order with.
    #[arg(long, env = "COMANDA_TOKEN", hide_env_values = true, default_value = "", value_name = "TOKEN")]
    pub token: String,
    /// The stores to order from, in turns.
    #[arg(long, visible_alias = "stores", value_delimiter = ',', default_value = "s1", value_name = "ID", value_parser = store_id)]
    pub store: Vec<StoreId>,
    /// Orders per second, whether or not the server keeps up.
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub rate: Option<u32>,
    /// Every connection sends its next order as soon as the one before is answered.
    #[arg(long)]
    pub max: bool,
    /// How many connections, each with one order under way.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20_000))]
    pub connections: u16,
    /// How many seconds are measured.
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    pub duration: Duration,
    /// How many seconds to send before that without measuring.
    #[arg(long, default_value = "0", value_name = "S", value_parser = seconds)]
    pub warmup: Duration,
    /// The items to order; else those of the menu that can be sold and are not counted, as far as their names say.
    #[arg(long, value_delimiter = ',', value_name = "ID", value_parser = item_id)]
    pub items: Vec<ItemId>,
    /// Pays every accepted order in cash, on the same connection and outside the order's latency.
    #[arg(long)]
    pub pay: bool,
    /// What is ordered follows from this number; the ids of orders are new in every run.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Threads of the load generator; one sends tens of thousands of orders per second.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: u16,
    /// Appends the id of every acknowledged order to this file, one per line.
    #[arg(long, value_name = "FILE", hide = true)]
    pub acks: Option<PathBuf>,
    /// Reads this path instead of ordering: what a server can do at best, seen through the same generator.
    #[arg(long, value_name = "PATH", hide = true)]
    pub get: Option<String>,
}

fn store_id(text: &str) -> Result<StoreId, BadId> {
    StoreId::parse(text)
}

fn item_id(text: &str) -> Result<ItemId, BadId> {
    ItemId::parse(text)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "must be a number of seconds, such as 10 or 0.5".to_owned())?;
    let duration = Duration::try_from_secs_f64(number).map_err(|error| error.to_string())?;
    match duration <= DURATION_MAX {
        true => Ok(duration),
        false => Err(format!("is longer than {} s", DURATION_MAX.as_secs())),
    }
}

/// A run is measured in memory, so it ends some day.
const DURATION_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("no thread to send with")]
    Runtime(#[source] std::io::Error),
    #[error("{url} does not answer; is the server running?")]
    Unreachable { url: Target, source: ExchangeError },
    #[error("{path} answers {status}: {body}")]
    Status { path: String, status: u16, body: String },
    #[error("the menu of {store} does not read")]
    Menu { store: StoreId, source: serde_json::Error },
    #[error("store {store} does not sell {item} at a fixed price at the moment")]
    Item { store: StoreId, item: ItemId },
    #[error("store {store} has nothing to order: no item with a fixed price that can be sold now")]
    NothingToOrder { store: StoreId },
    #[error("cannot append to {}", path.display())]
    Acks { path: PathBuf, source: std::io::Error },
    #[error("no random numbers for the ids of orders")]
    Random(#[from] getrandom::Error),
    #[error("a thread of the load generator panicked")]
    Panicked,
}

/// Sends the load and prints one JSON line.
pub fn run(args: LoadArgs) -> ExitCode {
    match load(&args) {
        Ok(report) => {
            #[expect(
                clippy::print_stdout,
                reason = "the result is for whoever ran it, or a program that reads the line"
            )]
            {
                println!("{}", report.to_json());
            }
            ExitCode::SUCCESS
        }
        Err(error) => super::common::fail(&error),
    }
}

fn load(args: &LoadArgs) -> Result<report::Report, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Runtime)?;
    let orders = runtime.block_on(prepare(args))?;
    drive::run(args, orders)
}

/// Reads the menus and writes down what will be sent.
async fn prepare(args: &LoadArgs) -> Result<order::Prepared, LoadError> {
    let mut client = Client::new(args.url.clone());
    if let Some(path) = &args.get {
        return Ok(order::Prepared::get(&args.url, &args.token, path));
    }
    let mut menus = Vec::with_capacity(args.store.len());
    for store in &args.store {
        menus.push((*store, menu::read(&mut client, &args.token, *store, &args.items).await?));
    }
    Ok(order::Prepared::orders(&args.url, &args.token, &menus, args.seed))
}
