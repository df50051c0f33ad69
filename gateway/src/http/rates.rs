//! How many requests there may be in a second: of an address without a good token, of a token, of a tenant. Each has a bucket, which
//! fills at that rate and holds a few seconds of it; a request that finds none of it empty takes from each.
//!
//! What the kitchen works from and what payment providers send has buckets of its own, of the same size: a flood of anything else
//! does not shed it.

use super::error::ApiError;
use super::peer::Peer;
use domain::ids::{TenantId, TokenId};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many seconds of its rate a bucket holds.
const BURST_S: u32 = 5;
/// How often buckets that are full again are forgotten.
pub const FORGET_EVERY: Duration = Duration::from_secs(10);
/// How many addresses have a bucket each; those beyond share one.
const ADDRESSES_MAX: usize = 100_000;

/// Requests in a second.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "names say all")]
pub struct RateLimits {
    pub per_address: NonZeroU32,
    pub per_token: NonZeroU32,
    pub per_tenant: NonZeroU32,
}

/// Who is shed when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Class {
    /// First.
    #[default]
    Ordinary,
    /// Last: the kitchen, and payment providers.
    Last,
}

impl Class {
    /// Of the requests to this address, as it is written in the OpenAPI document.
    pub fn at(path: &str) -> Class {
        let is_last = path.starts_with("/v1/webhooks/")
            || path.starts_with("/v1/stores/{store}/kitchen/")
            || path.starts_with("/v1/stores/{store}/tickets/");
        if is_last { Class::Last } else { Class::Ordinary }
    }
}

type Buckets<K> = RateLimiter<K, DashMapStateStore<K>, MonotonicClock, NoOpMiddleware<Instant>>;

/// The buckets of a listener.
#[derive(Debug)]
pub struct Rates {
    addresses: Buckets<(IpAddr, Class)>,
    tokens: Buckets<(TenantId, TokenId, Class)>,
    tenants: Buckets<(TenantId, Class)>,
}

impl Rates {
    /// All of them full.
    pub fn new(limits: &RateLimits) -> Rates {
        Rates {
            addresses: buckets(limits.per_address),
            tokens: buckets(limits.per_token),
            tenants: buckets(limits.per_tenant),
        }
    }

    /// Takes from the buckets of whoever sends a request.
    ///
    /// # Errors
    /// [`ApiError::TooManyRequests`].
    pub fn take(&self, peer: &Peer, class: Class) -> Result<(), ApiError> {
        let Some(grant) = &peer.grant else {
            let is_crowded = ADDRESSES_MAX <= self.addresses.len();
            let address = if is_crowded { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { peer.address };
            return take(&self.addresses, &(address, class), "address");
        };
        take(&self.tokens, &(grant.tenant, grant.token, class), "token")?;
        take(&self.tenants, &(grant.tenant, class), "tenant")
    }

    /// Forgets the buckets that are full again.
    fn forget(&self) {
        self.addresses.retain_recent();
        self.tokens.retain_recent();
        self.tenants.retain_recent();
    }
}

/// Forgets full buckets now and then, for as long as they are used.
pub async fn forget_now_and_then(rates: Arc<Rates>) {
    let rates = Arc::downgrade(&rates);
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        let Some(rates) = rates.upgrade() else { return };
        rates.forget();
    }
}

fn buckets<K: Hash + Eq + Clone>(a_second: NonZeroU32) -> Buckets<K> {
    let burst = a_second.saturating_mul(NonZeroU32::new(BURST_S).expect("it is not zero"));
    RateLimiter::new(Quota::per_second(a_second).allow_burst(burst), DashMapStateStore::default(), MonotonicClock)
}

fn take<K: Hash + Eq + Clone>(buckets: &Buckets<K>, key: &K, whose: &'static str) -> Result<(), ApiError> {
    buckets.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(MonotonicClock.now());
        ApiError::TooManyRequests { whose, retry_after_s: wait.as_secs() + 1 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_address: u32) -> RateLimits {
        let number = |number| NonZeroU32::new(number).expect("it is not zero");
        RateLimits { per_address: number(per_address), per_token: number(1), per_tenant: number(1) }
    }

    #[test]
    fn addresses_do_not_take_from_each_other_and_the_last_from_nobody() {
        let rates = Rates::new(&limits(2));
        let peer = |last| Peer { address: IpAddr::from([10, 0, 0, last]), grant: None, lacks_certificate: false };
        let taken = |peer: &Peer, class| (0..100).take_while(|_| rates.take(peer, class).is_ok()).count();
        // Some of it may have come back meanwhile.
        assert!((10..15).contains(&taken(&peer(1), Class::Ordinary)));
        assert!((10..15).contains(&taken(&peer(2), Class::Ordinary)));
        assert!((10..15).contains(&taken(&peer(1), Class::Last)));
        assert!(matches!(
            rates.take(&peer(1), Class::Ordinary),
            Ok(()) | Err(ApiError::TooManyRequests { whose: "address", retry_after_s: 1 })
        ));
    }

    #[test]
    fn many_addresses_share_one_bucket() {
        let rates = Rates::new(&limits(1));
        for number in 0..ADDRESSES_MAX as u32 {
            let address = IpAddr::from(number.to_be_bytes());
            assert!(rates.take(&Peer { address, grant: None, lacks_certificate: false }, Class::Ordinary).is_ok());
        }
        let beyond = (0..1_000).filter(|number| {
            let address = IpAddr::from([200, 0, (number >> 8) as u8, *number as u8]);
            rates.take(&Peer { address, grant: None, lacks_certificate: false }, Class::Ordinary).is_ok()
        });
        assert!(beyond.count() < 20);
        assert!(rates.addresses.len() <= ADDRESSES_MAX + 1);
    }

    #[test]
    fn the_kitchen_and_providers_are_shed_last() {
        for (path, class) in [
            ("/v1/webhooks/{provider}/{account}", Class::Last),
            ("/v1/stores/{store}/kitchen/{station}", Class::Last),
            ("/v1/stores/{store}/tickets/{ticket}/bump", Class::Last),
            ("/v1/stores/{store}/orders", Class::Ordinary),
        ] {
            assert_eq!(Class::at(path), class, "{path}");
        }
    }
}
