//! The PINs of a tenant's staff: how often somebody came with another one, and until when nobody may try.

use crate::calendar::Timestamp;
use crate::ids::ActorId;
use crate::refused::Refused;
use std::collections::BTreeMap;

/// How often somebody may come with another PIN before the member's is locked.
const TRIES: u32 = 5;
/// How long the first lock lasts; each further try that fails doubles it.
const LOCK_US: i64 = 60 * Timestamp::SECOND_US;
/// How long a lock lasts at most.
const LOCK_US_MAX: i64 = 86_400 * Timestamp::SECOND_US;

#[derive(Clone, Debug)]
struct Pin {
    argon2id: [u8; 32],
    set_by: ActorId,
    /// How often somebody came with another one since the member signed in.
    failed: u32,
    locked_until: Option<Timestamp>,
}

/// The PINs, by member.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins(BTreeMap<ActorId, Pin>);

impl Pins {
    /// Whether a PIN of a member may be tried that was compared with `argon2id`; until when none may be tried if it is another.
    ///
    /// # Errors
    /// [`Refused::SignInRefused`] where the member has none, or a new one by now, [`Refused::PinLocked`].
    pub fn check(&self, staff: ActorId, argon2id: &[u8; 32], now: Timestamp) -> Result<Option<Timestamp>, Refused> {
        let pin = self.0.get(&staff).filter(|pin| pin.argon2id == *argon2id).ok_or(Refused::SignInRefused)?;
        match pin.locked_until.filter(|until| now < *until) {
            Some(until) => Err(Refused::PinLocked { staff, until }),
            None => Ok(lock_us(pin.failed + 1).map(|us| Timestamp(now.0.saturating_add(us)))),
        }
    }

    pub fn set_by(&self, staff: ActorId) -> Option<ActorId> {
        self.0.get(&staff).map(|pin| pin.set_by)
    }

    pub fn set(&mut self, staff: ActorId, argon2id: [u8; 32], set_by: ActorId) {
        self.0.insert(staff, Pin { argon2id, set_by, failed: 0, locked_until: None });
    }

    pub fn failed(&mut self, staff: ActorId, locked_until: Option<Timestamp>) {
        if let Some(pin) = self.0.get_mut(&staff) {
            pin.failed = pin.failed.saturating_add(1);
            pin.locked_until = locked_until;
        }
    }

    pub fn signed_in(&mut self, staff: ActorId) {
        if let Some(pin) = self.0.get_mut(&staff) {
            (pin.failed, pin.locked_until) = (0, None);
        }
    }

    pub fn remove(&mut self, staff: ActorId) {
        self.0.remove(&staff);
    }
}

/// How long a PIN is locked that somebody missed so often.
fn lock_us(failed: u32) -> Option<i64> {
    let beyond = failed.checked_sub(TRIES)?;
    Some(LOCK_US.checked_shl(beyond.min(20)).map_or(LOCK_US_MAX, |us| us.min(LOCK_US_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_grow_to_a_day() {
        let minutes = |failed| lock_us(failed).map(|us| us / LOCK_US);
        let all: Vec<_> = [1, 4, 5, 6, 7, 15, 16, 60, u32::MAX].into_iter().map(minutes).collect();
        let day = Some(1_440);
        assert_eq!(all, [None, None, Some(1), Some(2), Some(4), Some(1_024), day, day, day]);
    }
}
