//! A remote in memory that fails as real ones do, by a seed, for tests of everything above it.
//!
//! Requests and answers get lost, a request arrives after its sender is gone, reads are behind, nobody leads for a while, and,
//! when told to, the remote forgets its end or has another one.

use super::message::Message;
use super::sent::{Away, Sent};
use crate::batch::Batch;
use crate::sim::Random;
use crate::types::BatchId;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often something goes wrong: once in so many, never for 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// A request is lost.
    pub requests_lost: u64,
    /// A request arrives later than its sender waits.
    pub requests_late: u64,
    /// An answer is lost.
    pub answers_lost: u64,
    /// Nobody leads for some requests.
    pub leaderless: u64,
    /// A read is behind.
    pub reads_behind: u64,
}

/// See the module. Clones are the same remote.
#[derive(Clone)]
pub struct SimRemote(Arc<Mutex<State>>);

struct State {
    random: Random,
    trouble: Trouble,
    stored: Vec<Message>,
    /// Sent, and on its way still.
    late: Vec<Message>,
    /// How many requests find nobody who leads.
    leaderless: u64,
    message_max: usize,
    counts: Happened,
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "names say all")]
pub struct Happened {
    pub stored: u64,
    pub lost: u64,
    pub late: u64,
    pub late_stored: u64,
    pub answers_lost: u64,
    pub not_sent: u64,
    pub conflicts: u64,
    pub behind: u64,
}

impl SimRemote {
    /// A new log without trouble, whose messages have at most `message_max` bytes.
    pub fn new(seed: u64, message_max: usize) -> SimRemote {
        let mut random = Random::new(seed);
        let log_id = u128::from(random.bits()) << 64 | u128::from(random.bits());
        SimRemote(Arc::new(Mutex::new(State {
            random,
            trouble: Trouble::default(),
            stored: vec![Message::of(&Batch::genesis(log_id), 0, 0)],
            late: vec![],
            leaderless: 0,
            message_max,
            counts: Happened::default(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so much goes wrong.
    pub fn trouble(&self, trouble: Trouble) {
        self.state().trouble = trouble;
    }

    /// What happened so far.
    pub fn counts(&self) -> Happened {
        self.state().counts
    }

    /// Loses its last batches, as a power failure does to servers that acknowledged before they synced.
    pub fn forget(&self, batches: usize) {
        let mut state = self.state();
        let left = state.stored.len().saturating_sub(batches).max(1);
        state.stored.truncate(left);
        state.late.clear();
    }

    /// Every batch there is: its id, and whether it is an owner record.
    pub fn batches(&self) -> Vec<(BatchId, bool)> {
        self.state().stored.iter().map(|message| (message.id, message.has_owner_record())).collect()
    }

    pub(super) fn message_max(&self) -> usize {
        self.state().message_max
    }

    pub(super) fn publish(&self, message: &Message) -> Sent {
        let mut state = self.state();
        assert!(message.payload.len() <= state.message_max, "a message is as short as the remote takes");
        state.deliver_late();
        if state.is_leaderless() {
            state.counts.not_sent += 1;
            return Sent::Unsent(Away("nobody leads"));
        }
        let Trouble { requests_lost, requests_late, answers_lost, .. } = state.trouble;
        if state.happens(requests_lost) {
            state.counts.lost += 1;
            return Sent::Unknown;
        }
        if state.happens(requests_late) {
            state.counts.late += 1;
            state.late.push(message.clone());
            return Sent::Unknown;
        }
        let sent = state.store(message);
        if state.happens(answers_lost) {
            state.counts.answers_lost += 1;
            return Sent::Unknown;
        }
        sent
    }

    pub(super) fn read(&self, number: u64) -> Result<Option<Message>, Away> {
        let mut state = self.state();
        state.deliver_late();
        if state.is_leaderless() {
            return Err(Away("nobody leads"));
        }
        let behind = state.trouble.reads_behind;
        // What was stored last is not applied everywhere yet.
        if state.stored.len() as u64 <= number + 2 && state.happens(behind) {
            state.counts.behind += 1;
            return Ok(None);
        }
        Ok(usize::try_from(number).ok().and_then(|index| state.stored.get(index)).cloned())
    }
}

impl State {
    fn happens(&mut self, one_in: u64) -> bool {
        one_in != 0 && self.random.one_in(one_in)
    }

    fn is_leaderless(&mut self) -> bool {
        if self.leaderless == 0 && self.happens(self.trouble.leaderless) {
            self.leaderless = 1 + self.random.below(4);
        }
        self.leaderless = self.leaderless.saturating_sub(1);
        0 < self.leaderless
    }

    fn deliver_late(&mut self) {
        while !self.late.is_empty() && self.random.one_in(3) {
            let index = self.random.below(self.late.len() as u64) as usize;
            let message = self.late.swap_remove(index);
            if self.store(&message) == Sent::Stored {
                self.counts.late_stored += 1;
            }
        }
    }

    /// As a server does: the only condition is how many there are.
    fn store(&mut self, message: &Message) -> Sent {
        let batches = self.stored.len() as u64;
        if batches != message.number {
            self.counts.conflicts += 1;
            return Sent::Conflict { batches };
        }
        self.stored.push(message.clone());
        self.counts.stored += 1;
        Sent::Stored
    }
}

impl fmt::Debug for SimRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimRemote").field("batches", &self.state().stored.len()).finish_non_exhaustive()
    }
}
