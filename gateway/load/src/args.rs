//! The arguments of `comanda load`.

use crate::client::Target;
use clap::{ArgGroup, Args};
use domain::ids::{BadId, ItemId, StoreId};
use std::path::PathBuf;
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
    /// Where the server is. The load generator has a client of its own, which speaks plain HTTP only: `http://`.
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
