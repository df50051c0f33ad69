//! Chains of hashes over the histories of stores and tenants (rule A1): the head of each.

use crate::error::{FoldError, QueryError};
use crate::key::Key;
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Projector, Recorded};
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::ids::{StoreId, TenantId};
use eventlog::{StoredCommit, StoredEvent};
use redb::WriteTransaction;
use schemas::stored::chain::{Chained, Link};
use schemas::views::{ChainRow, Row};
use std::time::Duration;

/// (tenant, store), or (tenant, "") for the tenant's own, to the head of its chain.
const HEADS: &str = "heads";

/// Hashes every event, as the log has it.
pub(crate) struct ChainsProjector {
    heads: Rows<ChainRow>,
    key: Vec<u8>,
}

impl ChainsProjector {
    pub fn new() -> ChainsProjector {
        ChainsProjector { heads: Rows::new(HEADS, 16_384), key: vec![] }
    }
}

/// The event as its chain takes it; `None` for one of the log's own, which is of nobody.
pub fn chained<'a>(commit: &StoredCommit<'a>, event: &StoredEvent<'a>) -> Option<Chained<'a>> {
    (!event.is_system()).then_some(Chained {
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

impl Projector for ChainsProjector {
    const LAYOUT: u32 = 1;
    const ROWS: &'static [u8] = &[ChainRow::VERSION];
    /// Every event changes the head of its store's chain, and who asks for one says how new it has to be.
    const LINGER: Duration = Duration::from_millis(250);
    const TABLES: &'static [&'static str] = &[HEADS];
    const FOLDS_BYTES: bool = true;

    fn wants(_: &str) -> bool {
        false
    }

    fn apply_bytes(
        &mut self,
        committed: &Committed<'_>,
        commit: &StoredCommit<'_>,
        event: &StoredEvent<'_>,
    ) -> Result<(), FoldError> {
        let Some(event) = chained(commit, event) else { return Ok(()) };
        // The key of `Key::of_store`, without an allocation an event.
        self.key.clear();
        for part in [event.tenant, event.store().unwrap_or_default()] {
            self.key.extend_from_slice(part.as_bytes());
            self.key.push(0);
        }
        let head = self.heads.edit_or_default(committed, &self.key)?;
        let held = (head.count != 0).then_some(Link { count: head.count, position: head.position, hash: head.hash });
        let Link { count, position, hash } = event.link(held.as_ref());
        *head = ChainRow { count, position, hash };
        Ok(())
    }

    fn apply(&mut self, _: &Committed<'_>, _: &Recorded<'_>) -> Result<(), FoldError> {
        Err(FoldError::Impossible("the chain is of the bytes of events"))
    }

    fn is_dirty(&self) -> bool {
        self.heads.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.heads.flush(transaction)
    }
}

impl Projections {
    /// Where the chain of hashes over a store's history stands; `None` before its first event.
    pub fn chain(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<Link>>, QueryError> {
        self.read(Projection::Chains, |view| {
            let row = view.get::<ChainRow>(HEADS, &Key::of_store(tenant, store))?;
            let value = row.map(|ChainRow { count, position, hash }| Link { count, position, hash });
            Ok(view.answer(value))
        })
    }
}
