//! The tokens that let somebody in, in memory: no request waits for the disk.

use crate::error::QueryError;
use crate::key::KeyReader;
use crate::read_model::ReadModel;
use domain::calendar::Timestamp;
use domain::event::{Role, Terms};
use domain::ids::{DeviceId, StoreId, TenantId, TerminalId, TokenId};
use schemas::views::{DeviceRow, TokenRow};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub(super) const TOKENS: &str = "tokens";
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
    /// What each device is, for the token it gets when it comes.
    devices: RwLock<HashMap<(TenantId, DeviceId), DeviceEntry, foldhash::fast::RandomState>>,
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
        let (mut rows, mut waiting) = (vec![], vec![]);
        lane.read(|view| {
            view.table(TOKENS)?.scan::<TokenRow>(&[], &[u8::MAX], |key, row| {
                rows.push((key.to_vec(), row));
                true
            })?;
            view.table(DEVICES)?.scan::<DeviceRow>(&[], &[u8::MAX], |key, row| {
                waiting.push((key.to_vec(), row));
                true
            })
        })?;
        let tenant_of = |key: &[u8]| KeyReader(key).text().and_then(|tenant| TenantId::parse(tenant).ok());
        for (key, DeviceRow { view, code_sha256 }) in waiting {
            let Some(tenant) = tenant_of(&key) else { continue };
            self.add_device(tenant, view.device_id.0, DeviceEntry { store: view.store.0, terminal: view.terminal.0 });
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
        };
        self.set(grant, secret_sha256);
    }

    fn set(&self, grant: Grant, secret_sha256: [u8; 32]) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let same_id = held.entry(grant.token).or_default();
        same_id.retain(|held| held.grant.tenant != grant.tenant);
        same_id.push(Credential { grant: Arc::new(grant), secret_sha256, last_used: LastUsed::default() });
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
