//! How many feeds may run at once, each of which has a thread: in all, and of those a share for each token and each tenant. The last
//! few places are for tenants that have none, so that no tenant's analysts keep another's auditor waiting.

use domain::ids::{TenantId, TokenId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// In all.
pub const FEEDS_MAX: usize = 64;
/// Of one token.
pub const PER_TOKEN_MAX: usize = 16;
/// Of one tenant.
pub const PER_TENANT_MAX: usize = 32;
/// So many of all are for tenants that have none.
const KEPT_BACK: usize = 8;

/// How many feeds read the log at the same time; the others wait for news, for their readers, or for their turn. So few that tills
/// keep their processors however many analysts read whole histories.
const READING_MAX: usize = 2;

/// The places of a server.
#[derive(Debug)]
pub struct Feeds {
    turns: Semaphore,
    taken: Mutex<Taken>,
    is_closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    tokens: HashMap<(TenantId, TokenId), usize>,
    tenants: HashMap<TenantId, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace {
    /// Whose share is used up: a token's, a tenant's, or the server's.
    pub of: &'static str,
    /// How many that is.
    pub max: usize,
}

impl Default for Feeds {
    fn default() -> Feeds {
        Feeds { turns: Semaphore::new(READING_MAX), taken: Mutex::default(), is_closed: AtomicBool::new(false) }
    }
}

impl Feeds {
    /// Waits for a turn to read, first come, first served; it ends when it is dropped.
    ///
    /// # Panics
    /// On a thread that answers requests, and on one that is outside of the runtime.
    pub fn turn(&self) -> SemaphorePermit<'_> {
        let turn = tokio::runtime::Handle::current().block_on(self.turns.acquire());
        turn.expect("turns are never closed")
    }

    /// Takes a place, which is free again when it is dropped.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn take(self: &Arc<Feeds>, tenant: TenantId, token: TokenId) -> Result<Place, NoPlace> {
        let mut taken = self.taken();
        let of = |count: Option<&usize>| count.copied().unwrap_or(0);
        let (by_token, by_tenant) = (of(taken.tokens.get(&(tenant, token))), of(taken.tenants.get(&tenant)));
        let max = if by_tenant == 0 { FEEDS_MAX } else { FEEDS_MAX - KEPT_BACK };
        let used_up =
            [(by_token, PER_TOKEN_MAX, "token"), (by_tenant, PER_TENANT_MAX, "tenant"), (taken.all, max, "server")];
        if let Some((_, max, of)) = used_up.into_iter().find(|(count, max, _)| max <= count) {
            return Err(NoPlace { of, max });
        }
        taken.all += 1;
        taken.tokens.insert((tenant, token), by_token + 1);
        taken.tenants.insert(tenant, by_tenant + 1);
        Ok(Place { feeds: Arc::clone(self), tenant, token })
    }

    /// The server stops: feeds that follow end.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    /// Whether it does.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Counts are changed together, and nothing between panics.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A feed's place.
#[derive(Debug)]
pub struct Place {
    feeds: Arc<Feeds>,
    tenant: TenantId,
    token: TokenId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.feeds.taken();
        taken.all -= 1;
        give_back(&mut taken.tokens, &(self.tenant, self.token));
        give_back(&mut taken.tenants, &self.tenant);
    }
}

fn give_back<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    match counts.get_mut(key) {
        Some(1) | None => _ = counts.remove(key),
        Some(count) => *count -= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(text: &str) -> TenantId {
        TenantId::parse(text).expect("an id")
    }

    fn token(number: usize) -> TokenId {
        TokenId::parse(&format!("{number:016x}")).expect("an id")
    }

    #[test]
    fn a_token_and_a_tenant_have_their_share_and_the_last_places_are_for_who_has_none() {
        let feeds = Arc::new(Feeds::default());
        let mut places = vec![];
        let mut take_all = |text: &str, number: usize| {
            let before = places.len();
            let refused = loop {
                match feeds.take(tenant(text), token(number)) {
                    Ok(place) => places.push(place),
                    Err(refused) => break refused,
                }
            };
            (places.len() - before, refused.of)
        };
        assert_eq!(take_all("a", 1), (16, "token"));
        assert_eq!(take_all("a", 2), (16, "token"));
        assert_eq!(take_all("a", 3), (0, "tenant"));
        assert_eq!(take_all("b", 1), (16, "token"));
        assert_eq!(take_all("b", 2), (8, "server"));
        for name in ["c", "d", "e", "f", "g", "h", "i", "j"] {
            assert_eq!(take_all(name, 1), (1, "server"), "{name}");
        }
        assert_eq!(take_all("k", 1), (0, "server"));
        places.truncate(16);
        let taken = feeds.taken();
        assert_eq!((taken.all, taken.tokens.len(), taken.tenants.len()), (16, 1, 1));
        drop(taken);
        drop(places);
        let taken = feeds.taken();
        assert_eq!((taken.all, taken.tokens.len(), taken.tenants.len()), (0, 0, 0));
    }
}
