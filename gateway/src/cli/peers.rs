//! What others may take of the server: settings of `comanda serve`.

use crate::descriptors::{self, Descriptors, TooFew};
use crate::http::Door;
use crate::http::connections::Bounds;
use crate::http::proxies::TrustedProxies;
use crate::http::rates::RateLimits;
use crate::http::server::Limits;
use crate::http::stall::Patience;
use clap::Args;
use ipnet::IpNet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// How many bytes of answers may wait for one connection's peer: without a good token, with one, and in all.
const UNSENT_BYTES_UNKNOWN_MAX: u64 = 1 << 20;
const UNSENT_BYTES_MAX: u64 = 4 << 20;
const UNSENT_BYTES_ALL_MAX: u64 = 256 << 20;
/// How many connections there may be at the door for operations, whatever happens at the other one.
const OPS_CONNECTIONS_MAX: usize = 16;
/// How many requests there may be in a second where nobody says.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(1_000).expect("it is not zero");
const PER_TOKEN: NonZeroU32 = NonZeroU32::new(250_000).expect("it is not zero");
const PER_TENANT: NonZeroU32 = NonZeroU32::new(500_000).expect("it is not zero");
/// How many connections that were told to end may still be there.
const ENDING_MAX: usize = 64;

/// What a peer may take. What is beyond is refused, not kept waiting.
#[derive(Clone, Debug, Args)]
pub struct PeerArgs {
    /// How many connections there may be in all; fewer where the system gives fewer file descriptors.
    #[arg(long, env = "COMANDA_CONNECTIONS", default_value_t = 4_096, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// How many connections one address may have over which no request with a good token came (of IPv6: a network of 64 bits);
    /// one more closes the one that has been idle longest.
    #[arg(long, env = "COMANDA_CONNECTIONS_PER_ADDRESS", default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: u32,
    /// How many connections one token may have.
    #[arg(long, env = "COMANDA_CONNECTIONS_PER_TOKEN", default_value_t = 1_024, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_token: u32,
    /// How many requests one address may send in a second without a good token; five seconds of it at once. Beyond: 429.
    #[arg(long, env = "COMANDA_REQUESTS_PER_ADDRESS", default_value_t = PER_ADDRESS, value_name = "N")]
    pub requests_per_address: NonZeroU32,
    /// How many requests may come with one token in a second. What a till needs is a few; the default is out of the way of imports.
    #[arg(long, env = "COMANDA_REQUESTS_PER_TOKEN", default_value_t = PER_TOKEN, value_name = "N")]
    pub requests_per_token: NonZeroU32,
    /// How many requests may come for one tenant in a second.
    #[arg(long, env = "COMANDA_REQUESTS_PER_TENANT", default_value_t = PER_TENANT, value_name = "N")]
    pub requests_per_tenant: NonZeroU32,
    /// Proxies whose `X-Forwarded-For` says where a request comes from: addresses or networks, with commas between.
    #[arg(long, env = "COMANDA_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// After how many seconds without a request a connection is closed.
    #[arg(long, env = "COMANDA_IDLE_S", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..))]
    pub idle_s: u16,
    /// After how many seconds in which its peer takes nothing of an answer a connection is closed.
    #[arg(long, env = "COMANDA_PROGRESS_S", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..))]
    pub progress_s: u16,
}

/// A network, or an address alone.
fn network(text: &str) -> Result<IpNet, String> {
    let (text, wrong) = (text.trim(), "is neither an address nor a network such as 10.0.0.0/8");
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| wrong.to_owned())
}

impl PeerArgs {
    /// Shares out the descriptors of this process, of which so many were open before, and says how in one line.
    ///
    /// # Errors
    /// [`TooFew`].
    pub fn descriptors(&self, inherited: u64) -> Result<Descriptors, TooFew> {
        let (limit, before) = descriptors::raise();
        let wanted = usize::try_from(self.connections).unwrap_or(usize::MAX);
        let shared = Descriptors::share(limit, inherited, wanted, ENDING_MAX)?;
        let Descriptors { segments, connections, ending, .. } = shared;
        let kept = limit - (connections + ending) as u64;
        match connections < wanted {
            true => tracing::warn!(
                limit,
                before,
                inherited,
                kept,
                segments,
                connections,
                wanted,
                "file descriptors: fewer connections than asked for, so that the log has what it needs"
            ),
            false => {
                tracing::info!(limit, before, inherited, kept, segments, connections, "file descriptors are shared out")
            }
        }
        Ok(shared)
    }

    /// How many connections there may be at the door for operations.
    pub fn ops_bounds(&self, descriptors: &Descriptors) -> Bounds {
        let all = OPS_CONNECTIONS_MAX.min(descriptors.connections / 2);
        Bounds { all, per_address: all, per_credential: all, ..self.bounds(descriptors, Door::Only) }
    }

    /// How many connections there may be at this door; beside one for operations some are left to that.
    pub fn bounds(&self, descriptors: &Descriptors, door: Door) -> Bounds {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Bounds {
            all: match door {
                Door::Public => descriptors.connections - self.ops_bounds(descriptors).all,
                Door::Only | Door::Operations => descriptors.connections,
            },
            per_address: count(self.connections_per_address),
            per_credential: count(self.connections_per_token),
            ending: descriptors.ending,
            unsent_bytes_unknown: UNSENT_BYTES_UNKNOWN_MAX,
            unsent_bytes: UNSENT_BYTES_MAX,
            unsent_bytes_all: UNSENT_BYTES_ALL_MAX,
            proxies: TrustedProxies(self.trusted_proxies.clone()),
        }
    }

    /// How many requests there may be.
    pub fn rates(&self) -> RateLimits {
        RateLimits {
            per_address: self.requests_per_address,
            per_token: self.requests_per_token,
            per_tenant: self.requests_per_tenant,
        }
    }

    /// What each of them may cost.
    pub fn limits(&self) -> Limits {
        let seconds = |seconds: u16| Duration::from_secs(u64::from(seconds));
        let (idle, progress) = (seconds(self.idle_s), seconds(self.progress_s));
        Limits { patience: Patience { idle, progress, ..Limits::STANDARD.patience }, ..Limits::STANDARD }
    }
}
