//! Tokens: who is let in as what. Staff: who may approve what.

pub(crate) mod fold;
pub(crate) mod tokens;

use crate::error::{FoldError, QueryError, Stale};
use crate::key::Key;
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Projector, Recorded};
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::calendar::Timestamp;
use domain::event::{AccessEvent, Event, SentBy, Terms};
use domain::ids::{ActorId, DeviceId, TenantId, Text, TokenId};
use eventlog::Position;
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::views::{DeviceRow, DeviceView, PinRow, Row, StaffView, TokenRow, TokenScope, TokenView};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokens::{DEVICES, Grant, PINS, PinHash, TOKENS, TRIES_MAX, note_signed_in};

/// (tenant, member) to what the member may approve.
const STAFF: &str = "staff";
const CACHED_MAX: usize = 1_024;

/// Folds `access-` streams.
pub(crate) struct AccessProjector {
    rows: Rows<TokenRow>,
    staff: Rows<StaffView>,
    pins: Rows<PinRow>,
    devices: Rows<DeviceRow>,
}

impl AccessProjector {
    pub fn new() -> AccessProjector {
        AccessProjector {
            rows: Rows::new(TOKENS, CACHED_MAX),
            staff: Rows::new(STAFF, CACHED_MAX),
            pins: Rows::new(PINS, CACHED_MAX),
            devices: Rows::new(DEVICES, CACHED_MAX),
        }
    }
}

fn device_key(tenant: TenantId, device: DeviceId) -> Key {
    Key::of(tenant).text(device.as_str())
}

impl AccessProjector {
    fn fold_device(
        &mut self,
        committed: &Committed<'_>,
        recorded: &Recorded<'_>,
        event: &AccessEvent,
        device: DeviceId,
    ) -> Result<(), FoldError> {
        let key = device_key(recorded.tenant(), device);
        let row = match event {
            AccessEvent::DeviceAdded { store, terminal, role, label, code_sha256, expires_at, issuer, .. } => {
                let view = DeviceView {
                    device_id: Wire(device),
                    store: Wire(*store),
                    terminal: Wire(*terminal),
                    role: Wire(*role),
                    label: Wire(label.clone()),
                    added_at: Wire(recorded.recorded_at),
                    code_expires_at: Wire(*expires_at),
                    enrolled_at: None,
                    token_id: None,
                    issuer: issuer.map(Wire),
                    removed_at: None,
                };
                Some(DeviceRow { view, code_sha256: *code_sha256, signed_in: vec![] })
            }
            AccessEvent::DeviceEnrolled { token, .. } => {
                let row = self.devices.edit(committed, key.as_slice())?;
                let row = row.ok_or(FoldError::Impossible("a device came that was not let in"))?;
                row.view.enrolled_at = Some(Wire(recorded.recorded_at));
                row.view.token_id = Some(Wire(*token));
                return Ok(());
            }
            AccessEvent::DeviceRemoved { .. } => {
                // It stays for what it sent, which names it.
                let row = self.devices.edit(committed, key.as_slice())?;
                let row = row.ok_or(FoldError::Impossible("a device was removed that was not let in"))?;
                row.view.removed_at = Some(Wire(recorded.recorded_at));
                return Ok(());
            }
            AccessEvent::TokenIssued { .. }
            | AccessEvent::TokenRevoked { .. }
            | AccessEvent::StaffChanged { .. }
            | AccessEvent::PinSet { .. }
            | AccessEvent::SignInFailed { .. }
            | AccessEvent::PinShown { .. }
            | AccessEvent::TextsErased { .. }
            | AccessEvent::StaffRemoved { .. } => {
                unreachable!("only what is said of devices comes here")
            }
        };
        self.devices.put(committed, key.as_slice(), row)
    }
}

impl Projector for AccessProjector {
    const LAYOUT: u32 = 4;
    const ROWS: &'static [u8] = &[TokenRow::VERSION, StaffView::VERSION, DeviceRow::VERSION, PinRow::VERSION];
    const TABLES: &'static [&'static str] = &[TOKENS, STAFF, DEVICES, PINS];

    fn wants(category: &str) -> bool {
        category == "access"
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        let Event::Access(event) = &recorded.event else { return Ok(()) };
        let tenant = recorded.tenant();
        let key = |token: &TokenId| Key::of(tenant).text(token.as_str());
        match event {
            AccessEvent::TokenIssued { token, role, label, secret_sha256, terms } => {
                let scope = match terms {
                    None => TokenScope::Unscoped,
                    Some(Terms { stores: None, .. }) => TokenScope::All,
                    Some(Terms { stores: Some(_), .. }) => TokenScope::Stores,
                };
                let terms = terms.clone().unwrap_or_default();
                let view = TokenView {
                    token_id: Wire(*token),
                    role: Wire(*role),
                    label: Wire(label.clone()),
                    issued_at: Wire(recorded.recorded_at),
                    revoked_at: None,
                    scope,
                    stores: terms.stores.map(|stores| stores.into_iter().map(Wire).collect()),
                    issuer: terms.issuer.map(Wire),
                    device_id: terms.device.map(Wire),
                    staff_id: terms.staff.map(Wire),
                    expires_at: terms.expires_at.map(Wire),
                    last_used_at: None,
                };
                let device = match terms.device {
                    None => None,
                    Some(device) => self.devices.get(committed, device_key(tenant, device).as_slice())?,
                };
                let terminal = device.map(|device| (device.view.store, device.view.terminal));
                if let (Some(staff), Some(device)) = (terms.staff, terms.device)
                    && let Some(row) = self.devices.edit(committed, device_key(tenant, device).as_slice())?
                {
                    note_signed_in(&mut row.signed_in, Wire(staff));
                }
                let row = TokenRow { view, secret_sha256: *secret_sha256, terminal };
                self.rows.put(committed, key(token).as_slice(), Some(row))
            }
            AccessEvent::TokenRevoked { token } => {
                let row = self.rows.edit(committed, key(token).as_slice())?;
                let row = row.ok_or(FoldError::Impossible("a token was revoked that was not issued"))?;
                if row.view.staff_id.is_some() {
                    // A session that ended is in the log, and nothing else comes of it.
                    return self.rows.put(committed, key(token).as_slice(), None);
                }
                row.view.revoked_at = Some(Wire(recorded.recorded_at));
                Ok(())
            }
            AccessEvent::StaffChanged { staff, rights, discount_limit } => {
                let view = StaffView {
                    staff_id: Wire(*staff),
                    rights: rights.iter().map(Wire).collect(),
                    discount_limit_ppm: discount_limit.map(Wire),
                    changed_at: Wire(recorded.recorded_at),
                };
                let key = Key::of(tenant).text(staff.as_str());
                self.staff.put(committed, key.as_slice(), Some(view))
            }
            AccessEvent::PinSet { staff, salt, argon2id, .. } => {
                let row = PinRow { salt: *salt, argon2id: *argon2id };
                self.pins.put(committed, Key::of(tenant).text(staff.as_str()).as_slice(), Some(row))
            }
            AccessEvent::SignInFailed { .. } | AccessEvent::PinShown { .. } | AccessEvent::TextsErased { .. } => Ok(()),
            AccessEvent::StaffRemoved { staff } => {
                let key = Key::of(tenant).text(staff.as_str());
                self.pins.put(committed, key.as_slice(), None)?;
                self.staff.put(committed, key.as_slice(), None)
            }
            AccessEvent::DeviceAdded { device, .. }
            | AccessEvent::DeviceEnrolled { device, .. }
            | AccessEvent::DeviceRemoved { device } => self.fold_device(committed, recorded, event, *device),
        }
    }

    fn is_dirty(&self) -> bool {
        self.rows.is_dirty() || self.staff.is_dirty() || self.pins.is_dirty() || self.devices.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.rows.flush(transaction)?;
        self.staff.flush(transaction)?;
        self.pins.flush(transaction)?;
        self.devices.flush(transaction)
    }
}

/// What a credential and its device are called.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "names say all")]
pub struct SenderLabels {
    pub token: Option<Text>,
    pub device: Option<Text>,
}

impl Projections {
    /// A tenant's tokens, by id, without their hashes.
    pub fn tokens(&self, tenant: TenantId) -> Result<Answer<Vec<TokenView>>, QueryError> {
        self.read(Projection::Access, |view| {
            let rows = view.all::<TokenRow>(TOKENS, &Key::of(tenant))?;
            let value = rows.into_iter().map(|(_, row)| row.view).collect();
            Ok(view.answer(value))
        })
    }

    /// A tenant's devices, by id.
    pub fn devices(&self, tenant: TenantId) -> Result<Answer<Vec<DeviceView>>, QueryError> {
        self.read(Projection::Access, |view| {
            let rows = view.all::<DeviceRow>(DEVICES, &Key::of(tenant))?;
            let devices = rows.into_iter().map(|(_, row)| row.view);
            let value = devices.filter(|device| device.removed_at.is_none()).collect();
            Ok(view.answer(value))
        })
    }

    /// What a credential and the device it is of are called, as far as it is known: also where they are not good any more.
    pub fn sender(&self, tenant: TenantId, sent_by: SentBy) -> Result<Answer<SenderLabels>, QueryError> {
        self.read(Projection::Access, |view| {
            let token = view.get::<TokenRow>(TOKENS, &Key::of(tenant).text(sent_by.token.as_str()))?;
            let device = match sent_by.device {
                Some(device) => view.get::<DeviceRow>(DEVICES, &device_key(tenant, device))?,
                None => None,
            };
            let token = token.filter(|token| token.view.staff_id.is_none());
            Ok(view.answer(SenderLabels {
                token: token.map(|token| token.view.label.0),
                device: device.map(|device| device.view.label.0),
            }))
        })
    }

    /// A tenant's staff, by id.
    pub fn staff(&self, tenant: TenantId) -> Result<Answer<Vec<StaffView>>, QueryError> {
        self.read(Projection::Access, |view| {
            let rows = view.all::<StaffView>(STAFF, &Key::of(tenant))?;
            let value = rows.into_iter().map(|(_, row)| row).collect();
            Ok(view.answer(value))
        })
    }

    /// A member of a tenant's staff.
    pub fn staff_member(&self, tenant: TenantId, staff: ActorId) -> Result<Answer<Option<StaffView>>, QueryError> {
        self.read(Projection::Access, |view| {
            let row = view.get::<StaffView>(STAFF, &Key::of(tenant).text(staff.as_str()))?;
            Ok(view.answer(row))
        })
    }

    /// Whom a token lets in: the one that has this id and this hash of its secret, was not revoked and has not expired by
    /// `now`. Never blocks on the disk; the comparison takes the same time whatever differs.
    pub fn authenticate(&self, token: TokenId, secret_sha256: &[u8; 32], now: Timestamp) -> Option<Arc<Grant>> {
        let held = self.tokens.held.read().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(&token)?.iter().find(|held| bool::from(held.secret_sha256.ct_eq(secret_sha256)))?;
        if found.grant.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        if found.grant.staff.is_some() && !found.idle.is_awake(now) {
            return None;
        }
        found.last_used.note(now);
        Some(Arc::clone(&found.grant))
    }

    /// What a member's PIN is compared with; nothing where they have none.
    pub fn pin_of(&self, tenant: TenantId, staff: ActorId) -> Option<PinHash> {
        self.tokens.pins.read().unwrap_or_else(PoisonError::into_inner).get(&(tenant, staff)).copied()
    }

    /// Whether somebody has signed in on a device.
    pub fn has_signed_in(&self, tenant: TenantId, device: DeviceId, staff: ActorId) -> bool {
        let signed_in = self.tokens.signed_in.read().unwrap_or_else(PoisonError::into_inner);
        signed_in.get(&(tenant, device)).is_some_and(|held| held.contains(&staff))
    }

    /// Waits until the event at `position` decides who is let in.
    ///
    /// # Errors
    /// [`Stale`] when it does not within `timeout`.
    pub async fn wait_for_access(&self, position: Position, timeout: Duration) -> Result<(), Stale> {
        self.access.wait_for(position, timeout).await
    }

    /// The hour a tenant's token was last used in, as far as this process knows.
    pub fn last_used(&self, tenant: TenantId, token: TokenId) -> Option<Timestamp> {
        let held = self.tokens.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(&token)?.iter().find(|held| held.grant.tenant == tenant)?.last_used.get()
    }

    /// The hours that the tokens of all tenants were last used in.
    pub fn last_uses(&self) -> Vec<(TenantId, TokenId, Timestamp)> {
        let held = self.tokens.held.read().unwrap_or_else(PoisonError::into_inner);
        let uses = held.values().flatten();
        uses.filter_map(|held| Some((held.grant.tenant, held.grant.token, held.last_used.get()?))).collect()
    }

    /// Notes when a token was used, where nothing newer is known.
    pub fn note_use(&self, tenant: TenantId, token: TokenId, at: Timestamp) {
        let held = self.tokens.held.read().unwrap_or_else(PoisonError::into_inner);
        let same_id = held.get(&token).into_iter().flatten();
        for held in same_id.filter(|held| held.grant.tenant == tenant && held.last_used.get() < Some(at)) {
            held.last_used.note(at);
        }
    }

    /// The tenant whose device may come with this code. Another code is a try; after five the device comes with none.
    pub fn try_code(&self, device: DeviceId, code_sha256: &[u8; 32]) -> Option<TenantId> {
        let offers = self.tokens.offers.read().unwrap_or_else(PoisonError::into_inner);
        let offers = offers.get(&device)?.iter();
        let mut open = offers.filter(|offer| offer.tries.load(Ordering::Relaxed) < TRIES_MAX);
        open.find_map(|offer| match bool::from(offer.code_sha256.ct_eq(code_sha256)) {
            true => Some(offer.tenant),
            false => {
                offer.tries.fetch_add(1, Ordering::Relaxed);
                None
            }
        })
    }
}
