//! Messages of providers that fit no payment yet, and when each is tried again.
//!
//! What is kept for good stands in the outbox; here it is at hand: by store, by the payment it names, and by time, so that
//! neither a payment nor the clock has to walk over what does not concern it.

use commands::reactor::ParkedAt;
use domain::ids::{PaymentId, StoreId, TenantId};
use schemas::stored::Parked;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long a message waits between two tries, at the least and at the most.
pub const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How often a message that names no payment of ours is tried whenever a payment of its store changes: which payment the
/// provider's own reference means is not known here.
const EAGER_TRIES: u32 = 64;

/// A parked message, and when it is tried again.
#[derive(Debug)]
struct Waiting {
    parked: Parked,
    next: Instant,
    tries: u32,
    /// A payment it may fit changed since it was last taken to be tried.
    is_touched: bool,
}

/// Which messages a change of a payment wakes: those of its store that name it, and those that name none.
type Of = (TenantId, StoreId, Option<PaymentId>);

/// The parked messages.
#[derive(Debug, Default)]
pub struct ParkedMessages {
    waiting: BTreeMap<ParkedAt, Waiting>,
    of: BTreeMap<Of, BTreeSet<ParkedAt>>,
    due: BTreeSet<(Instant, ParkedAt)>,
}

impl ParkedMessages {
    /// Adds a message that is tried at a time, in the place of the same one from before.
    pub fn put(&mut self, at: ParkedAt, parked: Parked, next: Instant) {
        self.remove(&at);
        self.due.insert((next, at.clone()));
        self.of.entry((at.tenant, at.store, parked.payment)).or_default().insert(at.clone());
        self.waiting.insert(at, Waiting { parked, next, tries: 0, is_touched: false });
    }

    /// Takes a message out.
    pub fn remove(&mut self, at: &ParkedAt) {
        let Some(waiting) = self.waiting.remove(at) else { return };
        self.due.remove(&(waiting.next, at.clone()));
        self.forget((at.tenant, at.store, waiting.parked.payment), at);
    }

    fn forget(&mut self, of: Of, at: &ParkedAt) {
        if let Some(held) = self.of.get_mut(&of) {
            held.remove(at);
            if held.is_empty() {
                self.of.remove(&of);
            }
        }
    }

    /// Has messages tried soon that a payment may fit to which something happened.
    pub fn touch(&mut self, tenant: TenantId, store: StoreId, payment: PaymentId, now: Instant) {
        let ParkedMessages { waiting, of, due } = self;
        let named = of.get(&(tenant, store, Some(payment))).into_iter().flatten();
        for at in named.chain(of.get(&(tenant, store, None)).into_iter().flatten()) {
            let held = waiting.get_mut(at).expect("what is listed waits");
            held.is_touched = true;
            if now + RETRY_MIN < held.next {
                due.remove(&(held.next, at.clone()));
                held.next = now + RETRY_MIN;
                due.insert((held.next, at.clone()));
            }
        }
    }

    /// At most `max` messages whose time has come, the longest waiting first.
    pub fn due(&mut self, now: Instant, max: usize) -> Vec<(ParkedAt, Parked)> {
        let ParkedMessages { waiting, due, .. } = self;
        let due = due.iter().take_while(|(next, _)| *next <= now).take(max);
        let due = due.map(|(_, at)| {
            let held = waiting.get_mut(at).expect("what is due waits");
            held.is_touched = false;
            (at.clone(), held.parked.clone())
        });
        due.collect()
    }

    /// Has a message wait that fitted nothing.
    pub fn put_off(&mut self, at: &ParkedAt, now: Instant) {
        let Some(held) = self.waiting.get_mut(at) else { return };
        held.tries += 1;
        let wait = match held.is_touched {
            true => RETRY_MIN,
            false => (RETRY_MIN * (1 << held.tries.min(8))).min(RETRY_MAX),
        };
        self.due.remove(&(held.next, at.clone()));
        held.next = now + wait;
        self.due.insert((held.next, at.clone()));
        if held.tries == EAGER_TRIES && held.parked.payment.is_none() {
            self.forget((at.tenant, at.store, None), at);
        }
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        self.due.first().map(|(next, _)| *next)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Those of a store.
    pub fn of_store(&self, tenant: TenantId, store: StoreId) -> impl Iterator<Item = &Parked> {
        let from = self.waiting.range(ParkedAt::first_of(tenant, store)..);
        from.take_while(move |(at, _)| at.tenant == tenant && at.store == store).map(|(_, held)| &held.parked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commands::reactor::Outbox;
    use domain::calendar::Timestamp;
    use domain::event::{ProviderMessage, ProviderSaid};
    use domain::ids::{AccountId, Text};
    use eventlog::Position;

    fn store(store: &str) -> (TenantId, StoreId) {
        (TenantId::parse("demo").unwrap(), StoreId::parse(store).unwrap())
    }

    fn payment(payment: &str) -> PaymentId {
        PaymentId::parse(payment).unwrap()
    }

    fn parked(event: &str, payment: Option<PaymentId>) -> Parked {
        let (event_id, said) = (Text::parse(event).unwrap(), ProviderSaid::Captured);
        let (reference, amount, currency, body_sha256) = (None, None, None, [0; 32]);
        let message = ProviderMessage { event_id, reference, said, amount, currency, body_sha256 };
        Parked { account: AccountId::parse("card").unwrap(), payment, received_at: Timestamp(0), message }
    }

    #[test]
    fn what_concerns_a_payment_is_woken_and_nothing_else() {
        let dir = tempfile::TempDir::new().unwrap();
        let outbox = Outbox::open(&dir.path().join("providers.redb"), Position(0)).unwrap();
        let (mut parked_messages, start) = (ParkedMessages::default(), Instant::now());
        let late = start + Duration::from_secs(50);
        for (of, event, named) in
            [("s1", "e1", Some("p1")), ("s1", "e2", Some("p2")), ("s1", "e3", None), ("s2", "e4", Some("p1"))]
        {
            let ((tenant, of), parked) = (store(of), parked(event, named.map(payment)));
            parked_messages.put(outbox.park(tenant, of, &parked).unwrap().unwrap(), parked, late);
        }
        let events = |due: Vec<(ParkedAt, Parked)>| -> Vec<String> {
            let mut events: Vec<_> = due.into_iter().map(|(_, parked)| parked.message.event_id.to_string()).collect();
            events.sort();
            events
        };
        let (tenant, s1) = store("s1");
        assert_eq!(
            (parked_messages.len(), parked_messages.of_store(tenant, s1).count(), parked_messages.next()),
            (4, 3, Some(late))
        );
        parked_messages.touch(tenant, s1, payment("p1"), start);
        assert_eq!(events(parked_messages.due(start, 9)), [""; 0]);
        let due = parked_messages.due(start + RETRY_MIN, 9);
        let (first, _) = due.iter().find(|(_, parked)| parked.payment.is_some()).cloned().unwrap();
        let (nameless, _) = due.iter().find(|(_, parked)| parked.payment.is_none()).cloned().unwrap();
        assert_eq!(events(due), ["e1", "e3"]);
        // What changes while it is tried is tried again soon.
        parked_messages.touch(tenant, s1, payment("p1"), start + RETRY_MIN);
        parked_messages.put_off(&first, start + RETRY_MIN);
        assert_eq!(events(parked_messages.due(start + 2 * RETRY_MIN, 9)), ["e1", "e3"]);
        // Who names nothing is looked at less and less, and in the end by the clock only.
        for _ in 0..EAGER_TRIES {
            parked_messages.put_off(&nameless, start);
        }
        parked_messages.remove(&first);
        parked_messages.touch(tenant, s1, payment("p1"), start);
        assert_eq!((parked_messages.len(), parked_messages.next()), (3, Some(late)), "{parked_messages:?}");
        assert_eq!(events(parked_messages.due(start + Duration::from_secs(100), 9)), ["e2", "e3", "e4"]);
    }
}
