//! What is made of a PIN, which takes long and much memory on purpose: so few at once that the server has its threads and its memory for
//! everything else, however many sign in.

use argon2::{Algorithm, Argon2, Params, Version};
use projections::PinHash;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// KiB of memory, passes and lanes: what OWASP names as the least for Argon2id.
const PARAMS: (u32, u32, u32) = (19 * 1024, 2, 1);
/// How many PINs are worked on at once.
const AT_ONCE: usize = 2;
/// How long somebody waits for their turn.
const WAIT_MAX: Duration = Duration::from_secs(3);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many sign in at once")]
pub struct Busy;

/// Works on PINs.
#[derive(Debug)]
pub struct Pins {
    turns: Semaphore,
    /// How long somebody waits for theirs.
    wait: Duration,
}

impl Default for Pins {
    fn default() -> Pins {
        Pins { turns: Semaphore::new(AT_ONCE), wait: WAIT_MAX }
    }
}

impl Pins {
    /// What is to be kept of a new PIN.
    ///
    /// # Errors
    /// [`Busy`].
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    pub async fn hash(&self, pin: String) -> Result<PinHash, Busy> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).expect("the operating system has random numbers");
        let argon2id = self.work(pin, salt).await?;
        Ok(PinHash { salt, argon2id })
    }

    /// Whether it is the PIN. Where there is none to compare with it takes as long, and is not.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn is(&self, pin: String, held: Option<PinHash>) -> Result<bool, Busy> {
        let made = self.work(pin, held.map_or([0; 32], |held| held.salt)).await?;
        Ok(held.is_some_and(|held| bool::from(held.argon2id.ct_eq(&made))))
    }

    async fn work(&self, pin: String, salt: [u8; 32]) -> Result<[u8; 32], Busy> {
        let turn = tokio::time::timeout(self.wait, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Busy) };
        tokio::task::spawn_blocking(move || argon2id(&pin, &salt)).await.map_err(|_| Busy)
    }
}

fn argon2id(pin: &str, salt: &[u8; 32]) -> [u8; 32] {
    let (memory, passes, lanes) = PARAMS;
    let params = Params::new(memory, passes, lanes, Some(32)).expect("they are within the algorithm's bounds");
    let mut out = [0; 32];
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hasher.hash_password_into(pin.as_bytes(), salt, &mut out).expect("lengths are within the algorithm's bounds");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pin_is_told_from_others_and_from_none() {
        let pins = Pins::default();
        let held = pins.hash("280641".to_owned()).await.expect("a turn");
        assert!(pins.is("280641".to_owned(), Some(held)).await.expect("a turn"));
        assert!(!pins.is("280642".to_owned(), Some(held)).await.expect("a turn"));
        assert!(!pins.is("280641".to_owned(), None).await.expect("a turn"));
        assert_ne!(pins.hash("280641".to_owned()).await.expect("a turn").argon2id, held.argon2id, "salted");
    }

    #[tokio::test]
    async fn who_comes_while_others_are_worked_on_waits_and_then_is_told() {
        let pins = Pins { wait: Duration::ZERO, ..Pins::default() };
        let _all = pins.turns.acquire_many(AT_ONCE as u32).await.expect("turns");
        assert!(pins.is("280641".to_owned(), None).await.is_err());
    }
}
