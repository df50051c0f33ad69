//! Internal commands, which the engine issues itself: for deadlines that have passed, and to adopt a published menu.

use super::{Deadline, State, StoreSlot};
use crate::envelope::{Envelope, derived_id};
use domain::calendar::Timestamp;
use domain::command::{Command, OrderCommand, PaymentCommand, Source, StockCommand, StoreCommand};
use domain::ids::{ActorId, CommandId, StoreId, TenantId};
use domain::store::Due;
use eventlog::planted::is_planted;

/// Who acts when the engine does.
const ENGINE: &str = "engine";

/// The engine as an actor.
pub(super) fn engine_actor() -> ActorId {
    ActorId::parse(ENGINE).expect("it is an id")
}

impl State {
    /// When the engine has to wake up.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|deadline| deadline.at)
    }

    /// Takes the next internal command: one that is queued, or that of a deadline that has passed; without a time none has.
    pub(crate) fn next_internal(&mut self, now: Option<Timestamp>) -> Option<Envelope> {
        if let Some(envelope) = self.internal.pop_front() {
            return Some(envelope);
        }
        let deadline = *self.deadlines.first().filter(|deadline| now.is_some_and(|now| deadline.at <= now))?;
        // Taken off here so that one which is refused, for whatever reason, does not come again and again.
        self.deadlines.remove(&deadline);
        Some(due(deadline))
    }

    /// Puts back a command the log had no space for.
    pub(crate) fn requeue_internal(&mut self, envelope: Envelope) {
        self.internal.push_front(envelope);
    }

    /// Whether an internal command is queued, whatever the time.
    pub(crate) fn has_internal(&self) -> bool {
        !self.internal.is_empty()
    }

    /// Queues for every store that sells from an older version the adoption of the newest.
    pub(crate) fn queue_adoptions(&mut self, tenant: TenantId) {
        let Some(held) = self.tenants.get(&tenant) else { return };
        let version = held.menu_version;
        let sold_from = |slot: &StoreSlot| match slot {
            StoreSlot::Resident(resident) => resident.store.menu_version(),
            StoreSlot::Evicted(note) => note.menu_version,
        };
        let behind = held.stores.iter().filter(|(_, slot)| sold_from(slot) < version);
        let mut stores: Vec<StoreId> = behind.map(|(store, _)| *store).collect();
        stores.sort_unstable();
        self.internal.extend(stores.into_iter().map(|store| {
            let parts = ["adopt", tenant.as_str(), store.as_str(), &version.to_string()];
            internal(tenant, derived_id(&parts), Command::Store(store, StoreCommand::AdoptMenu { version }))
        }));
    }

    /// After a start: the adoptions that were not durable when the engine ended, and what waited then.
    pub(crate) fn queue_all_adoptions(&mut self) {
        if is_planted("forget deadlines at restart") {
            self.deadlines.clear();
        }
        let mut tenants: Vec<TenantId> = self.tenants.keys().copied().collect();
        tenants.sort_unstable();
        for tenant in tenants {
            self.queue_adoptions(tenant);
            let held = self.tenants.get(&tenant).map(|held| held.stores.keys().copied().collect::<Vec<_>>());
            held.into_iter().flatten().for_each(|store| self.note_all_waiting(tenant, store));
        }
    }
}

fn due(Deadline { at, tenant, store, due }: Deadline) -> Envelope {
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
    internal(tenant, derived_id(&parts), Command::Store(store, command))
}

fn internal(tenant: TenantId, command_id: CommandId, command: Command) -> Envelope {
    Envelope { source: Source::Engine, ..Envelope::new(command_id, tenant, engine_actor(), command) }
}
