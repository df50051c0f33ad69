//! The connections that are open, and how many of them an address, a credential and all together may have.
//!
//! A connection counts for its address until a request with a good credential came over it, and for that credential from then on.
//! The table is locked when one is opened, closed or changes sides, not for a request.

use super::proxies::{TrustedProxies, counted};
use super::stall::Activity;
use domain::ids::{TenantId, TokenId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A credential: a token's id is its tenant's.
pub type Credential = (TenantId, TokenId);

/// How many connections there may be, and how much they may have to be sent.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// In all.
    pub all: usize,
    /// Of one address, without a good credential.
    pub per_address: usize,
    /// Of one credential.
    pub per_credential: usize,
    /// How many that were told to end may still be there when a new one is taken in.
    pub ending: usize,
    /// How many bytes of answers may wait for the peer of one connection without a good credential, unless they are one answer.
    pub unsent_bytes_unknown: u64,
    /// Of one with a good credential.
    pub unsent_bytes: u64,
    /// And in all.
    pub unsent_bytes_all: u64,
    /// The proxies whose word is taken for where a request comes from.
    pub proxies: TrustedProxies,
}

/// All connections that are open.
#[derive(Debug)]
pub struct Connections {
    bounds: Bounds,
    table: Mutex<Table>,
    opened_at: Instant,
    unsent: AtomicU64,
    /// One that was told to end has.
    gone: Notify,
}

/// Why a connection is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoRoom {
    /// Nobody has to go for it.
    Full,
    /// Those that have to go for others are not gone.
    Ending,
}

/// How long one that was told to end is waited for.
const ENDING_TIMEOUT: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
struct Table {
    next_id: u64,
    open: HashMap<u64, Arc<Connection>>,
    /// Those without a good credential.
    by_address: HashMap<IpAddr, Vec<Arc<Connection>>>,
    by_credential: HashMap<Credential, usize>,
    /// How many were told to end and have not.
    ending: usize,
}

/// For whom a connection counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Address(IpAddr),
    Credential(Credential),
    /// For nobody any more: it was told to end.
    Ending,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    all: Arc<Connections>,
    id: u64,
    address: IpAddr,
    is_of_proxy: bool,
    /// Changed under the lock of the table only.
    side: Mutex<Side>,
    has_credential: AtomicBool,
    /// A device would have had to show a certificate, and nobody did.
    lacks_certificate: AtomicBool,
    /// When its newest request came, or it was opened: in milliseconds.
    used_at: AtomicU64,
    unsent: AtomicU64,
    activity: Arc<Activity>,
    end: Notify,
}

/// The place of a connection in the table, until it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Connection>);

/// Bytes of an answer that the peer has not taken, until they are dropped.
#[derive(Debug)]
pub struct Unsent {
    connection: Arc<Connection>,
    bytes: u64,
    is_within: bool,
}

impl Connections {
    /// A table without any.
    pub fn new(bounds: Bounds) -> Arc<Connections> {
        let (table, opened_at, unsent) = (Mutex::default(), Instant::now(), AtomicU64::new(0));
        Arc::new(Connections { bounds, table, opened_at, unsent, gone: Notify::new() })
    }

    /// Takes in a connection from an address. Where there is no room the one without a good credential that was idle longest has to
    /// go: of the address, or of all. `None` where there is no such one.
    pub async fn admit(self: &Arc<Connections>, address: IpAddr) -> Option<Place> {
        loop {
            match self.try_admit(address) {
                Ok(place) => return Some(place),
                Err(NoRoom::Full) => return None,
                // Those end at once; where the threads do not get to it nobody waits for them for long.
                Err(NoRoom::Ending) => tokio::time::timeout(ENDING_TIMEOUT, self.gone.notified()).await.ok()?,
            }
        }
    }

    fn try_admit(self: &Arc<Connections>, address: IpAddr) -> Result<Place, NoRoom> {
        let mut table = self.table();
        let is_of_proxy = self.bounds.proxies.contains(address);
        let address = counted(address);
        if self.bounds.all <= table.open.len() - table.ending {
            let idle = idle_longest(table.by_address.values().flatten()).ok_or(NoRoom::Full)?;
            table.end(&idle, &self.bounds)?;
        }
        if !is_of_proxy {
            self.make_room(&mut table, address)?;
        }
        table.next_id += 1;
        let connection = Arc::new(Connection {
            all: Arc::clone(self),
            id: table.next_id,
            address,
            is_of_proxy,
            side: Mutex::new(Side::Address(address)),
            has_credential: AtomicBool::new(false),
            lacks_certificate: AtomicBool::new(false),
            used_at: AtomicU64::new(self.since_opened(Instant::now())),
            unsent: AtomicU64::new(0),
            activity: Activity::new(),
            end: Notify::new(),
        });
        table.open.insert(connection.id, Arc::clone(&connection));
        table.by_address.entry(address).or_default().push(Arc::clone(&connection));
        Ok(Place(connection))
    }

    fn make_room(&self, table: &mut Table, address: IpAddr) -> Result<(), NoRoom> {
        match table.by_address.get(&address) {
            Some(those) if self.bounds.per_address <= those.len() => {
                let idle = idle_longest(those.iter()).ok_or(NoRoom::Full)?;
                table.end(&idle, &self.bounds)
            }
            _ => Ok(()),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.table().open.len()
    }

    fn since_opened(&self, now: Instant) -> u64 {
        u64::try_from(now.duration_since(self.opened_at).as_millis()).unwrap_or(u64::MAX)
    }

    /// Has the one end whose peer leaves the most untaken.
    fn end_greediest(&self) {
        let mut table = self.table();
        let greediest = table.open.values().max_by_key(|one| one.unsent.load(Ordering::Relaxed)).cloned();
        if let Some(greediest) = greediest {
            tracing::warn!(address = %greediest.address, "too much waits to be sent; who takes least of it is let go");
            table.end_at_once(&greediest);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that has been idle longest; where none is idle, the one with the oldest request.
fn idle_longest<'a>(those: impl Iterator<Item = &'a Arc<Connection>>) -> Option<Arc<Connection>> {
    those.min_by_key(|one| (one.activity.is_busy(), one.used_at.load(Ordering::Relaxed))).cloned()
}

impl Table {
    /// Tells a connection to end, where not too many that were told are there.
    fn end(&mut self, connection: &Arc<Connection>, bounds: &Bounds) -> Result<(), NoRoom> {
        if bounds.ending <= self.ending {
            return Err(NoRoom::Ending);
        }
        self.end_at_once(connection);
        Ok(())
    }

    fn end_at_once(&mut self, connection: &Arc<Connection>) {
        if self.leave(connection) != Side::Ending {
            self.ending += 1;
            connection.end.notify_one();
        }
    }

    /// Takes a connection out of those that it counts with; answers with which.
    fn leave(&mut self, connection: &Arc<Connection>) -> Side {
        let side = std::mem::replace(&mut *connection.side(), Side::Ending);
        match side {
            Side::Address(address) => {
                let those = self.by_address.entry(address).or_default();
                those.retain(|one| one.id != connection.id);
                if those.is_empty() {
                    self.by_address.remove(&address);
                }
            }
            Side::Credential(token) => {
                let count = self.by_credential.entry(token).or_default();
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.by_credential.remove(&token);
                }
            }
            Side::Ending => {}
        }
        side
    }
}

impl Connection {
    /// Where it comes from, as it is counted.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The proxies whose word is taken.
    pub fn proxies(&self) -> &TrustedProxies {
        &self.all.bounds.proxies
    }

    /// A device would have had to show a certificate in its handshake, and nobody did.
    pub fn is_without_certificate(&self) {
        self.lacks_certificate.store(true, Ordering::Relaxed);
    }

    /// Whether a device may not speak over it.
    pub fn lacks_certificate(&self) -> bool {
        self.lacks_certificate.load(Ordering::Relaxed)
    }

    /// What it has done so far.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// A request came over it. With a good credential it counts for that from now on.
    ///
    /// # Errors
    /// How many connections a credential may have, where it has them.
    pub fn used(self: &Arc<Connection>, now: Instant, address: IpAddr, token: Option<Credential>) -> Result<(), usize> {
        self.used_at.store(self.all.since_opened(now), Ordering::Relaxed);
        if self.has_credential.load(Ordering::Relaxed) || (token.is_none() && !self.is_of_proxy) {
            return Ok(());
        }
        let mut table = self.all.table();
        let side = *self.side();
        if side == Side::Ending || token.is_none() && side == Side::Address(address) {
            return Ok(());
        }
        match token {
            Some(token) => {
                let max = self.all.bounds.per_credential;
                if max <= table.by_credential.get(&token).copied().unwrap_or(0) {
                    return Err(max);
                }
                table.leave(self);
                *table.by_credential.entry(token).or_default() += 1;
                *self.side() = Side::Credential(token);
                self.has_credential.store(true, Ordering::Relaxed);
            }
            // Over a proxy's connection somebody else speaks now.
            None => {
                // Where nobody can be let go one more is there for a moment: this one is open already.
                let _ = self.all.make_room(&mut table, address);
                table.leave(self);
                table.by_address.entry(address).or_default().push(Arc::clone(self));
                *self.side() = Side::Address(address);
            }
        }
        Ok(())
    }

    /// Holds the bytes of an answer for as long as the peer has not taken them.
    pub fn hold(self: &Arc<Connection>, bytes: u64) -> Unsent {
        let bounds = &self.all.bounds;
        let before = self.unsent.fetch_add(bytes, Ordering::Relaxed);
        let in_all = self.all.unsent.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let max = match self.has_credential.load(Ordering::Relaxed) {
            true => bounds.unsent_bytes,
            false => bounds.unsent_bytes_unknown,
        };
        let is_within = before == 0 || before.saturating_add(bytes) <= max;
        if is_within && bounds.unsent_bytes_all < in_all {
            self.all.end_greediest();
        }
        Unsent { connection: Arc::clone(self), bytes, is_within }
    }

    /// Waits until it has to make room for another one.
    pub async fn has_to_end(&self) {
        self.end.notified().await;
    }

    fn side(&self) -> MutexGuard<'_, Side> {
        self.side.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsent {
    /// Whether it is within what one connection may have, or the only answer of it.
    pub fn is_within(&self) -> bool {
        self.is_within
    }
}

impl Place {
    /// Whose it is.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.0.all.table();
        if table.leave(&self.0) == Side::Ending {
            table.ending -= 1;
            self.0.all.gone.notify_one();
        }
        table.open.remove(&self.0.id);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.connection.unsent.fetch_sub(self.bytes, Ordering::Relaxed);
        self.connection.all.unsent.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize) -> Arc<Connections> {
        Connections::new(Bounds {
            all,
            per_address: 3,
            per_credential: 2,
            ending: 2,
            unsent_bytes_unknown: 100,
            unsent_bytes: 120,
            unsent_bytes_all: 150,
            proxies: TrustedProxies(vec!["10.0.0.1/32".parse().unwrap()]),
        })
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn token(id: &str) -> Credential {
        (TenantId::parse("m1").unwrap(), TokenId::parse(id).unwrap())
    }

    /// Whether a connection was told to end.
    fn ends(place: &Place) -> bool {
        *place.0.side() == Side::Ending
    }

    fn after(connections: &Connections, seconds: u64) -> Instant {
        connections.opened_at + Duration::from_secs(seconds)
    }

    #[test]
    fn the_one_of_an_address_that_is_idle_longest_makes_room() {
        let all = connections(10);
        let three: Vec<Place> = (0..3).map(|_| all.try_admit(address(1)).unwrap()).collect();
        for (place, at) in three.iter().zip([30, 10, 20]) {
            place.0.used(after(&all, at), address(1), None).unwrap();
        }
        let busy = three[1].0.activity.request(axum::http::Version::HTTP_11);
        let _other = all.try_admit(address(2)).unwrap();
        assert!(three.iter().all(|place| !ends(place)));
        let fourth = all.try_admit(address(1)).unwrap();
        assert_eq!(three.iter().map(ends).collect::<Vec<_>>(), [false, false, true], "the busy one stays");
        fourth.0.used(after(&all, 40), address(1), None).unwrap();
        let fifth = all.try_admit(address(1)).unwrap();
        assert_eq!(three.iter().map(ends).collect::<Vec<_>>(), [true, false, true]);
        assert!(all.try_admit(address(1)).is_err(), "two are told to end and have not");
        drop(three);
        drop(busy);
        assert!(all.try_admit(address(1)).is_ok());
        assert_eq!(all.count(), 3, "another address, and two of this one");
        drop((fourth, fifth));
        assert_eq!(all.count(), 1);
    }

    #[test]
    fn with_a_good_credential_it_counts_for_that() {
        let all = connections(4);
        let token = token("t1");
        let now = after(&all, 1);
        let places: Vec<Place> = (0..3).map(|_| all.try_admit(address(1)).unwrap()).collect();
        assert_eq!(places[0].0.used(now, address(1), Some(token)), Ok(()));
        assert_eq!(places[0].0.used(now, address(1), Some(token)), Ok(()));
        assert_eq!(places[1].0.used(now, address(1), Some(token)), Ok(()));
        assert_eq!(places[2].0.used(now, address(1), Some(token)), Err(2));
        assert_eq!(places[2].0.used(now, address(1), None), Ok(()));
        // In all: who has no credential goes first, and nobody who has one.
        let fourth = all.try_admit(address(2)).unwrap();
        fourth.0.used(after(&all, 2), address(2), None).unwrap();
        let fifth = all.try_admit(address(3)).unwrap();
        assert_eq!(places.iter().map(ends).collect::<Vec<_>>(), [false, false, true]);
        for (place, token) in [(&fourth, "t2"), (&fifth, "t3")] {
            place.0.used(now, address(9), Some(self::token(token))).unwrap();
        }
        drop(places.into_iter().nth(2));
    }

    #[test]
    fn all_with_credentials_leave_no_room() {
        let all = connections(2);
        let places: Vec<Place> = (1..3).map(|last| all.try_admit(address(last)).unwrap()).collect();
        for (place, token) in places.iter().zip(["t1", "t2"]) {
            place.0.used(after(&all, 1), address(1), Some(self::token(token))).unwrap();
        }
        assert!(all.try_admit(address(3)).is_err());
        assert!(places.iter().all(|place| !ends(place)));
        drop(places);
        assert!(all.try_admit(address(3)).is_ok());
    }

    #[test]
    fn behind_a_trusted_proxy_its_header_says_who_it_is() {
        let all = connections(10);
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let places: Vec<Place> = (0..5).map(|_| all.try_admit(proxy).unwrap()).collect();
        assert!(places.iter().all(|place| !ends(place)), "a proxy's own are not counted");
        for (place, at) in places.iter().zip([1, 2, 3, 4]) {
            place.0.used(after(&all, at), address(7), None).unwrap();
        }
        assert_eq!(places.iter().filter(|place| ends(place)).count(), 1, "three of an address");
        assert!(ends(&places[0]));
    }

    #[test]
    fn what_waits_to_be_sent_is_bounded() {
        let all = connections(10);
        let places: Vec<Place> = (1..4).map(|last| all.try_admit(address(last)).unwrap()).collect();
        let one = places[0].0.hold(90);
        assert!(!places[0].0.hold(20).is_within(), "of one connection");
        let two = places[1].0.hold(50);
        let three = places[2].0.hold(60);
        assert_eq!(places.iter().map(ends).collect::<Vec<_>>(), [true, false, false], "in all");
        drop((one, two, three));
        assert_eq!(all.unsent.load(Ordering::Relaxed), 0);
        assert!(places[1].0.hold(1_000).is_within(), "one answer is sent whatever its size");
    }
}
