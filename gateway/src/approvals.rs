//! Approvals: somebody was asked about one command, and said yes. They are few, short-lived and in memory: after a stop who approved is
//! asked again.

use domain::ids::{ActorId, CommandId, TenantId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an approval may be used.
pub const LIFE: Duration = Duration::from_secs(120);
/// How many of one person may wait to be used.
const WAITING_MAX: usize = 100;
/// How many of all may.
const ALL_MAX: usize = 100_000;

#[derive(Debug)]
struct Approval {
    tenant: TenantId,
    /// Of the command that was approved: what it says, and so to which store.
    digest: u128,
    approver: ActorId,
    ends: Instant,
    /// The command it was used for first, and is good for alone from then on: that takes effect once, so the approval does.
    used_by: Option<CommandId>,
}

/// The approvals that may be used.
#[derive(Debug, Default)]
pub struct Approvals(Mutex<HashMap<u128, Approval>>);

impl Approvals {
    /// Keeps one; its id, or nothing where too many wait.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    pub fn give(&self, tenant: TenantId, approver: ActorId, digest: u128, now: Instant) -> Option<String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the operating system has random numbers");
        let id = u128::from_be_bytes(random);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, approval| now < approval.ends);
        let theirs = held.values().filter(|approval| (approval.tenant, approval.approver) == (tenant, approver));
        if WAITING_MAX <= theirs.count() || ALL_MAX <= held.len() {
            return None;
        }
        held.insert(id, Approval { tenant, digest, approver, ends: now + LIFE, used_by: None });
        Some(format!("{id:032x}"))
    }

    /// Who approved this command, where this is the approval of it and was used for no other.
    pub fn take(
        &self,
        tenant: TenantId,
        id: &str,
        (command, digest): (CommandId, u128),
        now: Instant,
    ) -> Option<ActorId> {
        let id = u128::from_str_radix(id, 16).ok()?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let approval = held.get_mut(&id)?;
        let is_it = (approval.tenant, approval.digest) == (tenant, digest) && now < approval.ends;
        let is_free = approval.used_by.is_none_or(|used_by| used_by == command);
        (is_it && is_free).then(|| {
            approval.used_by = Some(command);
            approval.approver
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_of_one_command_once_and_for_two_minutes() {
        let (approvals, now) = (Approvals::default(), Instant::now());
        let (tenant, other) = (TenantId::parse("demo").unwrap(), TenantId::parse("acme").unwrap());
        let ana = ActorId::parse("ana").unwrap();
        let id = approvals.give(tenant, ana, 7, now).expect("there is room");
        let take = |tenant, command, digest, at| approvals.take(tenant, &id, (CommandId(command), digest), at);
        assert_eq!(take(other, 1, 7, now), None);
        assert_eq!(take(tenant, 1, 8, now), None);
        assert_eq!(take(tenant, 1, 7, now + LIFE), None);
        assert_eq!(take(tenant, 1, 7, now), Some(ana));
        assert_eq!(take(tenant, 1, 7, now), Some(ana), "a repeat whose answer was lost");
        assert_eq!(take(tenant, 2, 7, now), None);
        assert_eq!(approvals.take(tenant, "nonsense", (CommandId(1), 7), now), None);
    }

    #[test]
    fn nobody_fills_the_memory() {
        let (approvals, now) = (Approvals::default(), Instant::now());
        let tenant = TenantId::parse("demo").unwrap();
        let (ana, bob) = (ActorId::parse("ana").unwrap(), ActorId::parse("bob").unwrap());
        for _ in 0..WAITING_MAX {
            approvals.give(tenant, ana, 7, now).expect("there is room");
        }
        assert_eq!(approvals.give(tenant, ana, 7, now), None);
        assert!(approvals.give(tenant, bob, 7, now).is_some() && approvals.give(tenant, ana, 7, now + LIFE).is_some());
    }
}
