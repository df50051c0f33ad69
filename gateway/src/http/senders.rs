//! What the credentials are called that events were sent with, for whoever may list them.

use super::caller::Caller;
use super::query::{WAIT_MAX, ask};
use crate::access::Capability;
use crate::state::AppState;
use domain::event::SentBy;
use domain::ids::TenantId;
use eventlog::Position;
use projections::{Projection, SenderLabels};
use schemas::json::{EventJson, Wire};
use std::collections::HashMap;
use std::sync::Arc;

/// How many are known at a time.
const KNOWN_MAX: usize = 1_024;

/// Looks up what credentials are called.
pub struct Senders {
    app: Arc<AppState>,
    tenant: TenantId,
    known: HashMap<SentBy, SenderLabels>,
}

impl Senders {
    /// For a caller who may list them all.
    pub fn of(app: &Arc<AppState>, caller: &Caller) -> Option<Senders> {
        let may_list = caller.may(Capability::ReadTokens).and_then(|()| caller.is_good_everywhere());
        may_list.ok().map(|()| Senders { app: Arc::clone(app), tenant: caller.tenant, known: HashMap::new() })
    }

    /// Says in the event what its credential is called. It stays without where the view cannot be read.
    ///
    /// # Panics
    /// On a thread that may not block.
    pub fn name(&mut self, event: &mut EventJson<'_>) {
        let Some(sent_by) = &mut event.sent_by else { return };
        let of = SentBy { token: sent_by.token_id.0, device: sent_by.device_id.map(|device| device.0) };
        let labels = match self.known.get(&of) {
            Some(labels) => labels.clone(),
            None => {
                let Some(labels) = self.look_up(of, Position(event.position.position)) else { return };
                if KNOWN_MAX <= self.known.len() {
                    self.known.clear();
                }
                self.known.insert(of, labels.clone());
                labels
            }
        };
        sent_by.token_label = labels.token.map(Wire);
        sent_by.device_label = labels.device.map(Wire);
    }

    /// The credential was issued before it was used, so a view that has come as far as the event knows it.
    fn look_up(&self, of: SentBy, used_at: Position) -> Option<SenderLabels> {
        let reached = self.app.projections.wait_for(Projection::Access, used_at, WAIT_MAX);
        tokio::runtime::Handle::current().block_on(reached).ok()?;
        ask(&self.app, |models| models.sender(self.tenant, of)).ok().map(|answer| answer.value)
    }
}
