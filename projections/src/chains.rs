//! Chains of hashes over the histories of stores and tenants (rule A1): where each stands.

use crate::Answer;
use crate::fault::{Fault, QueryError};
use crate::key::Key;
use crate::model::{Model, Recorded};
use crate::rows::{Before, Rows, View};
use domain::ids::{StoreId, TenantId};
use eventlog::{GENESIS_STREAM, StoredCommit, StoredEvent};
use redb::WriteTransaction;
use schemas::stored::chain::{Chained, Link};
use schemas::views::ChainRow;
use std::time::Duration;

/// (tenant, store), or (tenant, "") for the tenant's own, to the head of its chain.
const HEADS: &str = "heads";

/// Hashes every event, as the log has it.
pub(crate) struct ChainsModel {
    heads: Rows<ChainRow>,
    key: Vec<u8>,
}

impl ChainsModel {
    pub fn new() -> ChainsModel {
        ChainsModel { heads: Rows::new(HEADS, 16_384), key: vec![] }
    }
}

/// The event as its chain takes it; `None` for the one that begins the log, which is of nobody.
pub fn chained<'a>(commit: &StoredCommit<'a>, event: &StoredEvent<'a>) -> Option<Chained<'a>> {
    (event.stream != GENESIS_STREAM).then_some(Chained {
        tenant: commit.tenant,
        position: event.position.0,
        stream: event.stream,
        revision: event.revision.0,
        recorded_at: commit.recorded_at,
        command_id: commit.command_id,
        payload_hash: commit.payload_hash,
        meta: commit.meta,
        body: event.body,
    })
}

impl Model for ChainsModel {
    const VERSION: u32 = 1;
    /// Every event changes the head of its store's chain, and who asks for one says how new it has to be.
    const REST: Duration = Duration::from_millis(250);
    const TABLES: &'static [&'static str] = &[HEADS];
    const FOLDS_BYTES: bool = true;

    fn wants(_: &str) -> bool {
        false
    }

    fn apply_bytes(
        &mut self,
        before: &Before<'_>,
        commit: &StoredCommit<'_>,
        event: &StoredEvent<'_>,
    ) -> Result<(), Fault> {
        let Some(event) = chained(commit, event) else { return Ok(()) };
        // The key of `Key::of_store`, without an allocation an event.
        self.key.clear();
        for part in [event.tenant, event.store().unwrap_or_default()] {
            self.key.extend_from_slice(part.as_bytes());
            self.key.push(0);
        }
        let head = self.heads.edit_or_default(before, &self.key)?;
        let held = (head.count != 0).then_some(Link { count: head.count, position: head.position, hash: head.hash });
        let Link { count, position, hash } = event.link(held.as_ref());
        *head = ChainRow { count, position, hash };
        Ok(())
    }

    fn apply(&mut self, _: &Before<'_>, _: &Recorded<'_>) -> Result<(), Fault> {
        Err(Fault::Impossible("the chain is of the bytes of events"))
    }

    fn is_touched(&self) -> bool {
        self.heads.is_touched()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        self.heads.flush(transaction)
    }
}

/// Where a store's chain stands; `None` before its first event.
pub(crate) fn head(view: &View, tenant: TenantId, store: StoreId) -> Result<Answer<Option<Link>>, QueryError> {
    let row = view.get::<ChainRow>(HEADS, &Key::of_store(tenant, store))?;
    let value = row.map(|ChainRow { count, position, hash }| Link { count, position, hash });
    Ok(Answer { value, position: view.position })
}
