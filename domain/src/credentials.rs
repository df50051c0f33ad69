//! A tenant's tokens and devices: who is let in, how far and how long, and what goes with whom.

use crate::calendar::Timestamp;
use crate::command::{Issued, NewDevice, NewSession, NewToken, Proof};
use crate::event::{AccessEvent, Role, Terms};
use crate::ids::{ActorId, DeviceId, StoreId, TerminalId, Text, TokenId};
use crate::pins::Pins;
use crate::refused::Refused;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A token that was issued.
#[derive(Clone, Debug)]
struct Token {
    role: Role,
    is_revoked: bool,
    terms: Terms,
}

impl Token {
    fn is_good(&self, now: Timestamp) -> bool {
        !self.is_revoked && self.terms.expires_at.is_none_or(|at| now < at)
    }
}

/// A device that was let in.
#[derive(Clone, Debug)]
struct Device {
    store: StoreId,
    terminal: TerminalId,
    role: Role,
    label: Text,
    code_sha256: [u8; 32],
    /// Until when it may come.
    expires_at: Timestamp,
    /// The token it got when it came.
    token: Option<TokenId>,
    issuer: Option<TokenId>,
}

/// A tenant's tokens and devices.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    tokens: BTreeMap<TokenId, Token>,
    devices: BTreeMap<DeviceId, Device>,
    /// The newest sessions on each device, or with each token, the oldest first. Of older ones nothing is kept.
    sessions: BTreeMap<On, VecDeque<TokenId>>,
    pins: Pins,
}

/// Where sessions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Device(DeviceId),
    Token(TokenId),
}

impl On {
    /// Of a session's terms.
    fn of(terms: &Terms) -> Option<On> {
        terms.device.map(On::Device).or(terms.issuer.map(On::Token))
    }
}

impl Credentials {
    /// The most sessions on a device, or with one token: another one ends the oldest.
    pub const SESSIONS_MAX: usize = 20;
    /// The most tokens of a tenant that may be good at once.
    pub const TOKENS_MAX: usize = 200_000;
    /// The most devices of a role in a store.
    pub const DEVICES_MAX: usize = 200;

    /// Whether somebody can administer the tenant.
    pub fn has_admin(&self, now: Timestamp) -> bool {
        self.good(now).any(|(_, token)| token.role == Role::Admin)
    }

    fn good(&self, now: Timestamp) -> impl Iterator<Item = (TokenId, &Token)> {
        self.tokens.iter().filter(move |(_, token)| token.is_good(now)).map(|(id, token)| (*id, token))
    }

    /// Issues a token. One whose terms name no expiry gets the standard one.
    pub(crate) fn issue(&self, new: &NewToken, now: Timestamp) -> Result<Vec<AccessEvent>, Refused> {
        if new.is_first && self.has_admin(now) {
            return Err(Refused::TenantExists);
        }
        self.check_new(new.token, now)?;
        let terms = new.terms.clone().map(|terms| expiring(terms, now)).transpose()?;
        Ok(vec![AccessEvent::TokenIssued {
            token: new.token,
            role: new.role,
            label: new.label.clone(),
            secret_sha256: new.secret_sha256,
            terms,
        }])
    }

    fn check_new(&self, token: TokenId, now: Timestamp) -> Result<(), Refused> {
        if self.tokens.contains_key(&token) {
            return Err(Refused::TokenExists { token });
        }
        match self.tokens.len() < Credentials::TOKENS_MAX || self.good(now).count() < Credentials::TOKENS_MAX {
            true => Ok(()),
            false => Err(Refused::TooMany { what: "tokens", max: Credentials::TOKENS_MAX }),
        }
    }

    /// Stops a token, and with it the sessions on its device; what was issued with it where that is asked for.
    pub(crate) fn revoke(
        &self,
        token: TokenId,
        issued: Option<Issued>,
        now: Timestamp,
    ) -> Result<Vec<AccessEvent>, Refused> {
        let held = self.tokens.get(&token).ok_or(Refused::UnknownToken { token })?;
        let takes_issued = match issued {
            Some(issued) => issued == Issued::Revoke,
            None if held.role == Role::Admin && !held.is_revoked => return Err(Refused::IssuedUnanswered { token }),
            None => false,
        };
        let going = self.with_what_follows(token, takes_issued);
        let stays = |(id, token): (TokenId, &Token)| token.role == Role::Admin && !going.contains(&id);
        if going.iter().any(|id| self.tokens[id].role == Role::Admin && self.tokens[id].is_good(now))
            && !self.good(now).any(stays)
        {
            return Err(Refused::LastToken { role: Role::Admin });
        }
        let mut events: Vec<AccessEvent> =
            going.iter().map(|token| AccessEvent::TokenRevoked { token: *token }).collect();
        if takes_issued {
            // What was let in and has not come is let in no more. The token itself may be revoked already.
            let all = self.reached_from(token, true);
            let waits = |device: &Device| device.token.is_none() && device.issuer.is_some_and(|by| all.contains(&by));
            let waiting = self.devices.iter().filter(|(_, device)| waits(device));
            events.extend(waiting.map(|(device, _)| AccessEvent::DeviceRemoved { device: *device }));
        }
        Ok(events)
    }

    /// The tokens that are stopped with this one, itself among them, as far as they are not stopped already.
    fn with_what_follows(&self, token: TokenId, takes_issued: bool) -> BTreeSet<TokenId> {
        let mut all = self.reached_from(token, takes_issued);
        all.retain(|id| !self.tokens[id].is_revoked);
        all
    }

    /// This token, those of the device it is of where it is the device's own, and what was issued with any of them.
    fn reached_from(&self, token: TokenId, takes_issued: bool) -> BTreeSet<TokenId> {
        let (mut all, mut devices) = (BTreeSet::from([token]), BTreeSet::new());
        loop {
            let before = (all.len(), devices.len());
            let is_in = |held: Option<TokenId>| held.is_some_and(|token| all.contains(&token));
            devices.extend(self.devices.iter().filter(|(_, device)| is_in(device.token)).map(|(id, _)| *id));
            let follows = |token: &Token| {
                token.terms.device.is_some_and(|device| devices.contains(&device))
                    || ((takes_issued || token.terms.staff.is_some()) && is_in(token.terms.issuer))
            };
            let next: Vec<TokenId> =
                self.tokens.iter().filter(|(_, token)| follows(token)).map(|(id, _)| *id).collect();
            all.extend(next);
            if (all.len(), devices.len()) == before {
                return all;
            }
        }
    }

    /// Signs somebody in, or notes that somebody came with another PIN.
    pub(crate) fn open_session(&self, new: &NewSession, now: Timestamp) -> Result<Vec<AccessEvent>, Refused> {
        let NewSession { token, secret_sha256, staff, role, issuer, device, .. } = *new;
        // The door let it in; it may have been stopped since.
        let opener = self.tokens.get(&issuer).filter(|opener| opener.is_good(now) && opener.terms.staff.is_none());
        let opener = opener.ok_or(Refused::SignInRefused)?;
        if device.is_some_and(|device| !self.is_enrolled(device, now)) {
            return Err(Refused::SignInRefused);
        }
        if let Proof::Pin { argon2id, is_right } = new.proof {
            let on = device.ok_or(Refused::SignInRefused)?;
            let shown = self.show_pin((staff, on), &argon2id, is_right, now)?;
            if !is_right {
                return Ok(vec![shown]);
            }
        }
        self.check_new(token, now)?;
        let ends = after(now, Terms::SESSION_US);
        let terms = Terms {
            issuer: Some(issuer),
            expires_at: Some(opener.terms.expires_at.map_or(ends, |at| at.min(ends))),
            stores: new.stores.clone(),
            device,
            staff: Some(staff),
        };
        let mut events = vec![];
        let held = On::of(&terms).and_then(|on| self.sessions.get(&on));
        if let Some(oldest) = held.filter(|held| Credentials::SESSIONS_MAX <= held.len()).and_then(VecDeque::front)
            && self.tokens.get(oldest).is_some_and(|token| !token.is_revoked)
        {
            events.push(AccessEvent::TokenRevoked { token: *oldest });
        }
        let label = Text::parse("session").expect("it is a text");
        events.push(AccessEvent::TokenIssued { token, role, label, secret_sha256, terms: Some(terms) });
        Ok(events)
    }

    /// Somebody shows a PIN on a device, the member's or another.
    pub(crate) fn show_pin(
        &self,
        (staff, device): (ActorId, DeviceId),
        argon2id: &[u8; 32],
        is_right: bool,
        now: Timestamp,
    ) -> Result<AccessEvent, Refused> {
        if !self.is_enrolled(device, now) {
            return Err(Refused::SignInRefused);
        }
        let locked_until = self.pins.check(staff, argon2id, now)?;
        Ok(match is_right {
            true => AccessEvent::PinShown { staff, device },
            false => AccessEvent::SignInFailed { staff, device, locked_until },
        })
    }

    fn is_enrolled(&self, device: DeviceId, now: Timestamp) -> bool {
        let token = self.devices.get(&device).and_then(|device| device.token);
        token.is_some_and(|token| self.tokens[&token].is_good(now))
    }

    /// Ends the sessions of a person, on whatever device.
    pub(crate) fn end_sessions(&self, staff: ActorId) -> Vec<AccessEvent> {
        let all = self.sessions.values().flatten();
        let theirs = |id: &&TokenId| {
            self.tokens.get(id).is_some_and(|token| !token.is_revoked && token.terms.staff == Some(staff))
        };
        all.filter(theirs).map(|token| AccessEvent::TokenRevoked { token: *token }).collect()
    }

    /// Whether `setter` set the PIN of `staff`, and so knows it.
    pub(crate) fn knows_pin_of(&self, setter: ActorId, staff: ActorId) -> bool {
        self.pins.set_by(staff) == Some(setter)
    }

    /// Lets a device in, unless another is that terminal. Who was let in as that terminal and has not come, or came too late,
    /// is let in no more.
    pub(crate) fn add_device(&self, new: &NewDevice, now: Timestamp) -> Result<Vec<AccessEvent>, Refused> {
        let NewDevice { device, store, terminal, role, .. } = *new;
        if self.devices.contains_key(&device) {
            return Err(Refused::DeviceExists { device });
        }
        let mut events = vec![];
        let mut count = 0;
        for (id, held) in self.devices.iter().filter(|(_, held)| held.store == store) {
            let is_there = held.token.is_some();
            if held.terminal == terminal && held.token.is_some_and(|token| self.tokens[&token].is_good(now)) {
                return Err(Refused::TerminalTaken { terminal, device: *id });
            }
            match held.terminal == terminal || (!is_there && held.expires_at <= now) {
                true => events.push(AccessEvent::DeviceRemoved { device: *id }),
                false => count += usize::from(held.role == role),
            }
        }
        if Credentials::DEVICES_MAX <= count {
            return Err(Refused::TooMany { what: "devices of this role in the store", max: Credentials::DEVICES_MAX });
        }
        events.push(AccessEvent::DeviceAdded {
            device,
            store,
            terminal,
            role,
            label: new.label.clone(),
            code_sha256: new.code_sha256,
            expires_at: after(now, Terms::ENROLMENT_US),
            issuer: new.issuer,
        });
        Ok(events)
    }

    /// A device comes with its code, once and in time.
    pub(crate) fn enrol(
        &self,
        (device, code_sha256): (DeviceId, &[u8; 32]),
        (token, secret_sha256): (TokenId, &[u8; 32]),
        now: Timestamp,
    ) -> Result<Vec<AccessEvent>, Refused> {
        let held = self.devices.get(&device).ok_or(Refused::EnrolmentOver)?;
        if held.token.is_some() || held.expires_at <= now || held.code_sha256 != *code_sha256 {
            return Err(Refused::EnrolmentOver);
        }
        self.check_new(token, now)?;
        let terms =
            Terms { issuer: held.issuer, stores: Some(vec![held.store]), device: Some(device), ..Terms::default() };
        let issued = AccessEvent::TokenIssued {
            token,
            role: held.role,
            label: held.label.clone(),
            secret_sha256: *secret_sha256,
            terms: Some(expiring(terms, now)?),
        };
        Ok(vec![issued, AccessEvent::DeviceEnrolled { device, token }])
    }

    /// Removes a device, with its token and the sessions on it.
    pub(crate) fn remove_device(
        &self,
        device: DeviceId,
        within: Option<&[StoreId]>,
    ) -> Result<Vec<AccessEvent>, Refused> {
        let is_in = |held: &&Device| within.is_none_or(|stores| stores.contains(&held.store));
        let held = self.devices.get(&device).filter(is_in).ok_or(Refused::UnknownDevice { device })?;
        let tokens = held.token.map(|token| self.with_what_follows(token, false)).unwrap_or_default();
        let revoked = tokens.into_iter().map(|token| AccessEvent::TokenRevoked { token });
        Ok(revoked.chain([AccessEvent::DeviceRemoved { device }]).collect())
    }

    /// Folds an event. A removed device is forgotten: no decision needs it, and it does not count against the bounds.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub(crate) fn evolve(&mut self, event: &AccessEvent) {
        match event {
            AccessEvent::TokenIssued { token, role, terms, .. } => {
                let terms = terms.clone().unwrap_or_default();
                if let (Some(staff), Some(on)) = (terms.staff, On::of(&terms)) {
                    self.pins.signed_in(staff);
                    let held = self.sessions.entry(on).or_default();
                    held.push_back(*token);
                    if Credentials::SESSIONS_MAX < held.len() {
                        held.pop_front().and_then(|oldest| self.tokens.remove(&oldest));
                    }
                }
                self.tokens.insert(*token, Token { role: *role, is_revoked: false, terms });
            }
            AccessEvent::TokenRevoked { token } => match self.tokens.get_mut(token) {
                Some(token) => token.is_revoked = true,
                None => panic!("{event:?} for a token that was not issued"),
            },
            AccessEvent::DeviceAdded { device, store, terminal, role, label, code_sha256, expires_at, issuer } => {
                let held = Device {
                    store: *store,
                    terminal: *terminal,
                    role: *role,
                    label: label.clone(),
                    code_sha256: *code_sha256,
                    expires_at: *expires_at,
                    token: None,
                    issuer: *issuer,
                };
                self.devices.insert(*device, held);
            }
            AccessEvent::DeviceEnrolled { device, token } => match self.devices.get_mut(device) {
                Some(device) => device.token = Some(*token),
                None => panic!("{event:?} for a device that was not let in"),
            },
            AccessEvent::DeviceRemoved { device } => {
                self.devices.remove(device);
                for session in self.sessions.remove(&On::Device(*device)).into_iter().flatten() {
                    self.tokens.remove(&session);
                }
            }
            AccessEvent::PinSet { staff, argon2id, by, .. } => self.pins.set(*staff, *argon2id, *by),
            AccessEvent::SignInFailed { staff, locked_until, .. } => self.pins.failed(*staff, *locked_until),
            AccessEvent::PinShown { staff, .. } => self.pins.signed_in(*staff),
            AccessEvent::StaffRemoved { staff } => self.pins.remove(*staff),
            AccessEvent::StaffChanged { .. } | AccessEvent::TextsErased { .. } => {}
        }
    }
}

/// With an end, which lies ahead and not too far.
fn expiring(terms: Terms, now: Timestamp) -> Result<Terms, Refused> {
    let expires_at = terms.expires_at.unwrap_or(after(now, Terms::LIFE_US));
    match now < expires_at && expires_at <= after(now, Terms::LIFE_US_MAX) {
        true => Ok(Terms { expires_at: Some(expires_at), ..terms }),
        false => Err(Refused::ExpiryOutOfRange),
    }
}

fn after(now: Timestamp, us: i64) -> Timestamp {
    Timestamp(now.0.saturating_add(us))
}
