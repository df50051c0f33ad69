//! Commands of terminals that had no place when they came (rule F3): once what they waited for has come, they are tried
//! again, those of a terminal in the order of its queue.

use super::State;
use crate::envelope::{AggregateId, Envelope, Recorded, derived_id};
use domain::command::Source;
use domain::event::Request;
use domain::ids::{StoreId, TenantId};
use domain::terminal::WaitingId;
use schemas::json::batch::read_request;

impl State {
    /// Notes what is to be tried again after a commit of this command.
    pub(crate) fn note_waiting(&mut self, envelope: &Envelope, store: StoreId, recorded: &[Recorded]) {
        let after = envelope.terminal.zip(envelope.queued.map(|entry| entry.seq));
        let tenant = envelope.tenant;
        let Some(resident) = self.resident(tenant, store) else { return };
        let next = resident.store.to_try_again(recorded.iter().map(|recorded| &recorded.event), after);
        if !next.is_empty() {
            self.again.entry((tenant, store)).or_default().extend(next);
        }
    }

    /// Notes all that waits in a store that was loaded: the engine may have ended before it tried.
    pub(super) fn note_all_waiting(&mut self, tenant: TenantId, store: StoreId) {
        let Some(resident) = self.resident(tenant, store) else { return };
        let all: Vec<WaitingId> = resident.store.waiting().keys().copied().collect();
        if !all.is_empty() {
            self.again.entry((tenant, store)).or_default().extend(all);
        }
    }

    /// The stores in which something is to be tried again.
    pub(crate) fn stores_to_try(&self) -> Vec<AggregateId> {
        self.again.keys().map(|(tenant, store)| AggregateId { tenant: *tenant, store: Some(*store) }).collect()
    }

    /// Takes the next command of a store that is to be tried again.
    pub(crate) fn next_again(&mut self, tenant: TenantId, store: StoreId) -> Option<Envelope> {
        loop {
            let ids = self.again.get_mut(&(tenant, store))?;
            let Some(id) = ids.pop_first() else {
                self.again.remove(&(tenant, store));
                return None;
            };
            if let Some(envelope) = self.again(tenant, store, id) {
                return Some(envelope);
            }
        }
    }

    /// The command that tries a waiting one again; `None` where it waits no more.
    fn again(&self, tenant: TenantId, store: StoreId, id: WaitingId) -> Option<Envelope> {
        let kept = &self.resident(tenant, store)?.store.waiting().get(&id)?.kept;
        let request = match kept.request.ciphertext() {
            None => kept.request.clone(),
            Some(ciphertext) => {
                let opened = self.keys.open_text(tenant, ciphertext).and_then(|text| Request::new(&text));
                let Some(opened) = opened else {
                    tracing::warn!(command = ?id.command, "a command that waits was erased: it is not tried again");
                    return None;
                };
                opened
            }
        };
        let parsed = match read_request(&request, store) {
            Ok(parsed) => parsed,
            Err(error) => {
                tracing::error!(%error, command = ?id.command, "a command that waits does not read any more");
                return None;
            }
        };
        let named = format!("{:032x}", id.command.0);
        Some(Envelope {
            command_id: derived_id(&["again", tenant.as_str(), store.as_str(), &named]),
            tenant,
            command: parsed.command,
            actor: kept.actor,
            sent_by: kept.sent_by,
            approver: kept.approver,
            terminal: parsed.terminal,
            queued: parsed.queued,
            occurred_at: parsed.occurred_at,
            source: Source::Offline,
            expected_revision: None,
            request: None,
            again: Some(id.command),
        })
    }
}
