//! The tokens that let somebody in, in memory: no request waits for the disk.

use crate::error::QueryError;
use crate::key::KeyReader;
use crate::read_model::ReadModel;
use domain::calendar::Timestamp;
use domain::event::{Role, Terms};
use domain::ids::{ActorId, DeviceId, StoreId, TenantId, TerminalId, TokenId};
use schemas::json::Wire;
use schemas::views::{DeviceRow, PinRow, TokenRow};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub(super) const TOKENS: &str = "tokens";
/// (tenant, member) to what their PIN is compared with.
pub(super) const PINS: &str = "pins";
/// (tenant, device) to what it is.
pub(super) const DEVICES: &str = "devices";

/// What a token's bearer may do, for whom and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The tenant: this, and nothing in the request, says whose data it is about.
    pub tenant: TenantId,
    /// What may be done.
    pub role: Role,
    /// The token, for the audit trail.
    pub token: TokenId,
    /// The stores it may be done at, in order; all of them where nothing is said.
    pub stores: Option<Box<[StoreId]>>,
    /// The device whose token it is.
    pub device: Option<GrantedDevice>,
    /// From when on it is good no more.
    pub expires_at: Option<Timestamp>,
    /// Who signed in, where it is a session.
    pub staff: Option<ActorId>,
}

/// A device, and which terminal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct GrantedDevice {
    pub device: DeviceId,
    pub store: StoreId,
    pub terminal: TerminalId,
}

/// The tokens that let somebody in, in memory.
#[derive(Default)]
pub(crate) struct Tokens {
    /// Ids are unique in their tenant only, so one id may be several tenants' token.
    pub(super) held: RwLock<HashMap<TokenId, Vec<Credential>, foldhash::fast::RandomState>>,
    /// The devices that may come, by an id that is unique in its tenant only.
    pub(super) offers: RwLock<HashMap<DeviceId, Vec<Offer>, foldhash::fast::RandomState>>,
    /// What the PINs of staff are compared with.
    pub(super) pins: RwLock<HashMap<(TenantId, ActorId), PinHash, foldhash::fast::RandomState>>,
    /// Who signed in on each device, the newest last.
    pub(super) signed_in: RwLock<HashMap<(TenantId, DeviceId), Vec<ActorId>, foldhash::fast::RandomState>>,
    /// What each device is, for the token it gets when it comes.
    devices: RwLock<HashMap<(TenantId, DeviceId), DeviceEntry, foldhash::fast::RandomState>>,
}

/// What a PIN is compared with.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "names and types say all")]
pub struct PinHash {
    pub salt: [u8; 32],
    pub argon2id: [u8; 32],
}

/// Of how many people it is known that they signed in on a device: the newest.
const SIGNED_IN_MAX: usize = 200;

/// Notes that somebody signed in on a device.
pub(super) fn note_signed_in<T: PartialEq>(held: &mut Vec<T>, staff: T) {
    held.retain(|known| *known != staff);
    held.push(staff);
    if SIGNED_IN_MAX < held.len() {
        held.remove(0);
    }
}

/// Which terminal of which store a device is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceEntry {
    pub store: StoreId,
    pub terminal: TerminalId,
}

/// A device that may come with a code.
pub(crate) struct Offer {
    pub(super) tenant: TenantId,
    pub(super) code_sha256: [u8; 32],
    /// How often somebody came with another code.
    pub(super) tries: AtomicU32,
}

/// How often a device's code may be tried.
pub(super) const TRIES_MAX: u32 = 5;

pub(crate) struct Credential {
    pub(super) grant: Arc<Grant>,
    pub(super) secret_sha256: [u8; 32],
    pub(super) last_used: LastUsed,
    pub(super) idle: Idle,
}

/// Since when a session has had no request. It is in no log: every request would write. A start begins anew.
#[derive(Default)]
pub(crate) struct Idle(AtomicI64);

impl Idle {
    /// How exactly it is known: requests do not take the line of memory from each other.
    const STEP_US: i64 = 10 * Timestamp::SECOND_US;

    /// Whether a request comes in time; then it counts.
    pub fn is_awake(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        let idle = now.0.saturating_sub(last);
        if last != 0 && Terms::IDLE_US <= idle {
            return false;
        }
        if Idle::STEP_US <= idle {
            self.0.store(now.0, Ordering::Relaxed);
        }
        true
    }
}

/// The hour something was last used in. It is in no log: losing it is harmless, and every request would write.
#[derive(Default)]
pub(crate) struct LastUsed(AtomicU32);

impl LastUsed {
    const HOUR_US: i64 = 3_600 * Timestamp::SECOND_US;

    /// Writes once an hour, so that requests do not take the line of memory from each other.
    pub fn note(&self, now: Timestamp) {
        let hour = u32::try_from(now.0 / LastUsed::HOUR_US).unwrap_or_default();
        if self.0.load(Ordering::Relaxed) != hour {
            self.0.store(hour, Ordering::Relaxed);
        }
    }

    pub fn get(&self) -> Option<Timestamp> {
        let hour = self.0.load(Ordering::Relaxed);
        (hour != 0).then(|| Timestamp(i64::from(hour) * LastUsed::HOUR_US))
    }
}

impl Tokens {
    /// Takes in what the read model holds at its checkpoint. Where that does not read nothing was taken in.
    pub fn load(&self, lane: &ReadModel) -> Result<(), QueryError> {
        let (mut rows, mut waiting, mut pins) = (vec![], vec![], vec![]);
        lane.read(|view| {
            view.table(TOKENS)?.scan::<TokenRow>(&[], &[u8::MAX], |key, row| {
                rows.push((key.to_vec(), row));
                true
            })?;
            view.table(PINS)?.scan::<PinRow>(&[], &[u8::MAX], |key, row| {
                pins.push((key.to_vec(), row));
                true
            })?;
            view.table(DEVICES)?.scan::<DeviceRow>(&[], &[u8::MAX], |key, row| {
                waiting.push((key.to_vec(), row));
                true
            })
        })?;
        let tenant_of = |key: &[u8]| KeyReader(key).text().and_then(|tenant| TenantId::parse(tenant).ok());
        for (key, PinRow { salt, argon2id }) in pins {
            let mut parts = KeyReader(&key);
            let tenant = parts.text().and_then(|tenant| TenantId::parse(tenant).ok());
            let staff = parts.text().and_then(|staff| ActorId::parse(staff).ok());
            if let (Some(tenant), Some(staff)) = (tenant, staff) {
                self.set_pin(tenant, staff, Some(PinHash { salt, argon2id }));
            }
        }
        for (key, DeviceRow { view, code_sha256, signed_in }) in waiting {
            let Some(tenant) = tenant_of(&key).filter(|_| view.removed_at.is_none()) else { continue };
            self.add_device(tenant, view.device_id.0, DeviceEntry { store: view.store.0, terminal: view.terminal.0 });
            for Wire(staff) in signed_in {
                self.signed_in(tenant, view.device_id.0, staff);
            }
            if view.enrolled_at.is_none() {
                self.offer(tenant, view.device_id.0, Some(code_sha256));
            }
        }
        for (key, TokenRow { view, secret_sha256, terminal }) in rows {
            let Some(tenant) = tenant_of(&key).filter(|_| view.revoked_at.is_none()) else { continue };
            let device = view.device_id.zip(terminal).map(|(device, (store, terminal))| GrantedDevice {
                device: device.0,
                store: store.0,
                terminal: terminal.0,
            });
            let grant = Grant {
                tenant,
                role: view.role.0,
                token: view.token_id.0,
                stores: view.stores.map(|stores| stores.iter().map(|store| store.0).collect()),
                device,
                expires_at: view.expires_at.map(|at| at.0),
                staff: view.staff_id.map(|staff| staff.0),
            };
            self.set(grant, secret_sha256);
        }
        Ok(())
    }

    pub fn offer(&self, tenant: TenantId, device: DeviceId, code_sha256: Option<[u8; 32]>) {
        let mut offers = self.offers.write().unwrap_or_else(PoisonError::into_inner);
        let same_id = offers.entry(device).or_default();
        same_id.retain(|offer| offer.tenant != tenant);
        same_id.extend(code_sha256.map(|code_sha256| Offer { tenant, code_sha256, tries: AtomicU32::new(0) }));
        if same_id.is_empty() {
            offers.remove(&device);
        }
    }

    pub fn set_pin(&self, tenant: TenantId, staff: ActorId, pin: Option<PinHash>) {
        let mut pins = self.pins.write().unwrap_or_else(PoisonError::into_inner);
        match pin {
            Some(pin) => pins.insert((tenant, staff), pin),
            None => pins.remove(&(tenant, staff)),
        };
    }

    fn signed_in(&self, tenant: TenantId, device: DeviceId, staff: ActorId) {
        let mut signed_in = self.signed_in.write().unwrap_or_else(PoisonError::into_inner);
        note_signed_in(signed_in.entry((tenant, device)).or_default(), staff);
    }

    pub fn remove_device(&self, tenant: TenantId, device: DeviceId) {
        self.signed_in.write().unwrap_or_else(PoisonError::into_inner).remove(&(tenant, device));
    }

    pub fn add_device(&self, tenant: TenantId, device: DeviceId, entry: DeviceEntry) {
        self.devices.write().unwrap_or_else(PoisonError::into_inner).insert((tenant, device), entry);
    }

    pub fn issue(&self, tenant: TenantId, token: TokenId, role: Role, secret_sha256: [u8; 32], terms: Option<&Terms>) {
        let device = terms.and_then(|terms| terms.device).and_then(|device| {
            let devices = self.devices.read().unwrap_or_else(PoisonError::into_inner);
            let DeviceEntry { store, terminal } = *devices.get(&(tenant, device))?;
            Some(GrantedDevice { device, store, terminal })
        });
        let grant = Grant {
            tenant,
            role,
            token,
            stores: terms.and_then(|terms| terms.stores.as_deref()).map(Box::from),
            device,
            expires_at: terms.and_then(|terms| terms.expires_at),
            staff: terms.and_then(|terms| terms.staff),
        };
        if let (Some(staff), Some(device)) = (grant.staff, &grant.device) {
            self.signed_in(tenant, device.device, staff);
        }
        self.set(grant, secret_sha256);
    }

    fn set(&self, grant: Grant, secret_sha256: [u8; 32]) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let same_id = held.entry(grant.token).or_default();
        same_id.retain(|held| held.grant.tenant != grant.tenant);
        same_id.push(Credential {
            grant: Arc::new(grant),
            secret_sha256,
            last_used: LastUsed::default(),
            idle: Idle::default(),
        });
    }

    pub fn revoke(&self, tenant: TenantId, token: TokenId) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(same_id) = held.get_mut(&token) {
            same_id.retain(|held| held.grant.tenant != tenant);
            if same_id.is_empty() {
                held.remove(&token);
            }
        }
    }

    /// Lets nobody in any more: what the log says of access does not read.
    pub fn close(&self) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.offers.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_sleeps_after_a_quarter_of_an_hour_and_does_not_wake() {
        let (idle, at) = (Idle::default(), |seconds: i64| Timestamp((1_000_000 + seconds) * Timestamp::SECOND_US));
        assert!(idle.is_awake(at(0)), "the first request begins it");
        // A clock that goes back ends nothing.
        for seconds in [5, 899, 1_700, 1_690, 2_590] {
            assert!(idle.is_awake(at(seconds)), "{seconds}");
        }
        assert!(!idle.is_awake(at(2_590 + 900)) && !idle.is_awake(at(2_590 + 901)));
    }

    #[test]
    fn of_two_hundred_people_it_is_known_that_they_signed_in() {
        let mut held = vec![];
        for person in (0..300).chain([299, 250]) {
            note_signed_in(&mut held, person);
        }
        assert_eq!((held.len(), held[0], held[SIGNED_IN_MAX - 1]), (SIGNED_IN_MAX, 100, 250));
    }
}
