//! What the engine issues by itself: commands whose deadline has passed, and what a publication calls for.

use super::{Deadline, Slot, World};
use crate::envelope::{Envelope, derived_id};
use domain::calendar::Timestamp;
use domain::command::{Command, OrderCommand, PaymentCommand, Source, StockCommand, StoreCommand};
use domain::ids::{ActorId, CommandId, StoreId, TenantId};
use domain::store::Due;
use eventlog::planted::is_planted;

/// Who acts when the engine does.
const ENGINE: &str = "engine";

/// The engine as an actor.
pub(crate) fn engine() -> ActorId {
    ActorId::parse(ENGINE).expect("it is an id")
}

impl World {
    /// When the engine has to wake up.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|deadline| deadline.at)
    }

    /// Takes the next command the engine owes: one that a publication calls for, or a deadline that has passed.
    pub(crate) fn next_owed(&mut self, now: Timestamp) -> Option<Envelope> {
        if let Some(envelope) = self.owed.pop_front() {
            return Some(envelope);
        }
        let deadline = *self.deadlines.first().filter(|deadline| deadline.at <= now)?;
        // Taken off here so that one which is refused, for whatever reason, does not come again and again.
        self.deadlines.remove(&deadline);
        Some(timed(deadline))
    }

    /// Puts back a command the log had no space for.
    pub(crate) fn owe_again(&mut self, envelope: Envelope) {
        self.owed.push_front(envelope);
    }

    /// Whether the engine owes a command whatever the time.
    pub(crate) fn is_owing(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Owes every store that sells from an older version the adoption of the newest.
    pub(crate) fn owe_adoptions(&mut self, tenant: TenantId) {
        let Some(holding) = self.holdings.get(&tenant) else { return };
        let version = holding.menu_version;
        let sold_from = |slot: &Slot| match slot {
            Slot::Here(place) => place.store.menu_version(),
            Slot::Away(note) => note.menu_version,
        };
        let behind = holding.stores.iter().filter(|(_, slot)| sold_from(slot) < version);
        let mut stores: Vec<StoreId> = behind.map(|(store, _)| *store).collect();
        stores.sort_unstable();
        self.owed.extend(stores.into_iter().map(|store| {
            let parts = ["adopt", tenant.as_str(), store.as_str(), &version.to_string()];
            owed(tenant, derived_id(&parts), Command::Store(store, StoreCommand::AdoptMenu { version }))
        }));
    }

    /// After a restart: whatever a publication still calls for.
    pub(crate) fn owe_all_adoptions(&mut self) {
        if is_planted("forget deadlines at restart") {
            self.deadlines.clear();
        }
        let mut tenants: Vec<TenantId> = self.holdings.keys().copied().collect();
        tenants.sort_unstable();
        for tenant in tenants {
            self.owe_adoptions(tenant);
        }
    }
}

fn timed(deadline: Deadline) -> Envelope {
    let Deadline { at, tenant, store, due } = deadline;
    let (kind, id, command) = match &due {
        Due::Order(order) => {
            let command = StoreCommand::Order(*order, OrderCommand::TimeOut { deadline: at });
            ("order", order.as_str(), command)
        }
        Due::Payment(payment) => {
            let command = StoreCommand::Payment(*payment, PaymentCommand::Expire { deadline: at });
            ("payment", payment.as_str(), command)
        }
        Due::Mark86(sku) => {
            let command = StoreCommand::Stock(StockCommand::EndMark86 { sku: *sku, until: at });
            ("mark86", sku.as_str(), command)
        }
    };
    let parts = ["due", tenant.as_str(), store.as_str(), kind, id, &at.0.to_string()];
    owed(tenant, derived_id(&parts), Command::Store(store, command))
}

fn owed(tenant: TenantId, command_id: CommandId, command: Command) -> Envelope {
    Envelope {
        command_id,
        tenant,
        command,
        actor: engine(),
        approver: None,
        terminal: None,
        queued: None,
        occurred_at: None,
        source: Source::Engine,
        expected_revision: None,
    }
}
