//! What a snapshot takes from the state, and what leaves memory: ids, closed orders, idle stores. Only what is durable leaves.

use super::{State, StoreSlot};
use crate::envelope::AggregateId;
use crate::fetch::Missing;
use crate::snapshot::StoreImage;
use domain::calendar::Timestamp;
use domain::ids::{StoreId, TenantId};
use eventlog::{LogReader, Position};
use schemas::stored::{Checkpoint, StoreRow, StoreSummary};
use std::collections::VecDeque;

/// How many stores archive closed orders in one turn of the engine thread.
const ARCHIVING_MAX: usize = 4;

impl State {
    /// Forgets ids that memory need not hold; everything below `indexed` is durable, and the log's index has it. Returns whether
    /// some wait for that.
    pub(crate) fn trim_dedup(&mut self, indexed: Position) -> bool {
        self.dedup.trim(indexed)
    }

    /// Archives closed orders of a few stores; everything below `indexed` is durable, and the log's index has it. Returns whether
    /// some wait for that.
    pub(crate) fn archive(&mut self, indexed: Position) -> bool {
        for _ in 0..ARCHIVING_MAX.min(self.archiving.len()) {
            let Some((tenant, store)) = self.archiving.pop_front() else { break };
            let (bounds, now) = (self.closed_orders, self.now);
            let Some(resident) = self.resident_mut(tenant, store) else { continue };
            let before = resident.store.orders_count();
            let is_done = resident.archive(bounds, now, indexed);
            resident.is_queued = !is_done;
            self.orders_count -= before - resident.store.orders_count();
            if !is_done {
                self.archiving.push_back((tenant, store));
            }
        }
        !self.archiving.is_empty()
    }

    /// Archives closed orders of all stores: everything is durable, and [`State::index_needed`] says what the index has to have.
    pub(crate) fn archive_all(&mut self) {
        while !self.archiving.is_empty() {
            self.archive(Position(u64::MAX));
        }
    }

    /// What is to be loaded next although no command asks for it.
    pub(crate) fn next_cold(&mut self, reader: &LogReader) -> Option<(AggregateId, Missing)> {
        while let Some((tenant, store)) = self.cold.front().copied() {
            let aggregate = AggregateId { tenant, store: Some(store) };
            if let Some(missing) = self.missing(aggregate, None, &[], reader) {
                return Some((aggregate, missing));
            }
            self.cold.pop_front();
        }
        None
    }

    /// Whether no store is evicted.
    pub(crate) fn is_all_resident(&self) -> bool {
        self.stores_count() == self.resident_count
    }

    /// Has every evicted store loaded, one after the other.
    pub(crate) fn warm_up_evicted(&mut self) {
        self.cold.clear();
        for (tenant, held) in &self.tenants {
            let evicted = held.stores.iter().filter(|(_, slot)| matches!(slot, StoreSlot::Evicted(_)));
            self.cold.extend(evicted.map(|(store, _)| (*tenant, *store)));
        }
    }

    /// The snapshot has no row of any store: all are written with the next.
    pub(crate) fn forget_rows(&mut self) {
        for slot in self.tenants.values_mut().flat_map(|held| held.stores.values_mut()) {
            if let StoreSlot::Resident(resident) = slot {
                resident.snapshot_at = None;
            }
        }
        self.dirty_notes.clear();
    }

    /// Leaves a store that does not load to the commands that ask for it.
    pub(crate) fn skip_cold(&mut self, aggregate: AggregateId) {
        self.cold.retain(|(tenant, store)| (*tenant, Some(*store)) != (aggregate.tenant, aggregate.store));
    }

    /// The checkpoint of a snapshot that is taken from now on, and the stores it has to write.
    pub(crate) fn checkpoint(&mut self, log: u128) -> (Checkpoint, VecDeque<(TenantId, StoreId)>) {
        let mut tenants: Vec<(TenantId, u32)> = vec![];
        let mut stores = VecDeque::from(std::mem::take(&mut self.dirty_notes));
        for (tenant, held) in &self.tenants {
            tenants.push((*tenant, held.menu_version));
            for (store, slot) in &held.stores {
                if let StoreSlot::Resident(resident) = slot
                    && resident.snapshot_at != Some(resident.next)
                {
                    stores.push_back((*tenant, *store));
                }
            }
        }
        tenants.sort_unstable();
        let (position, last, ahead) = (self.next.0, self.last, self.dedup.ahead());
        (Checkpoint { log, position, last, stamped: self.stamped, ahead, tenants }, stores)
    }

    /// A store for the snapshot; `None` where there is none.
    pub(crate) fn image(&self, tenant: TenantId, store: StoreId) -> Option<StoreImage> {
        let (position, note, row) = match self.tenants.get(&tenant)?.stores.get(&store)? {
            StoreSlot::Resident(resident) => {
                let row = StoreRow { position: resident.next.0, parts: resident.store.parts() };
                (resident.next, resident.note(), Some(row))
            }
            // The commits it names are durable.
            StoreSlot::Evicted(note) => (Position(0), StoreSummary::clone(note), None),
        };
        Some(StoreImage { tenant, store, position, note, row })
    }

    /// The snapshot has a store's row as of `position`.
    pub(crate) fn mark_written(&mut self, tenant: TenantId, store: StoreId, position: Position) {
        if let Some(resident) = self.resident_mut(tenant, store) {
            debug_assert!(position <= resident.next, "a row is ahead of its store");
            resident.snapshot_at = resident.snapshot_at.max(Some(position));
        }
    }

    /// A snapshot was not written: the notes it should have had are written with the next.
    pub(crate) fn mark_unwritten(&mut self, stores: impl IntoIterator<Item = (TenantId, StoreId)>) {
        self.dirty_notes.extend(stores);
    }

    /// Evicts the least recently used of the stores whose rows are up to date, until `stores_max` are resident. `is_needed`
    /// says which have to stay. Returns how many were evicted.
    pub(crate) fn evict(&mut self, stores_max: usize, is_needed: impl Fn(TenantId, StoreId) -> bool) -> usize {
        let excess = self.resident_count.saturating_sub(stores_max);
        if excess == 0 {
            return 0;
        }
        let mut clean: Vec<(Timestamp, TenantId, StoreId)> = vec![];
        for (tenant, held) in &self.tenants {
            for (store, slot) in &held.stores {
                if let StoreSlot::Resident(resident) = slot
                    && resident.is_clean()
                    && !is_needed(*tenant, *store)
                {
                    clean.push((resident.last_used, *tenant, *store));
                }
            }
        }
        clean.sort_unstable();
        clean.truncate(excess);
        for (_, tenant, store) in &clean {
            let slot = self.tenants.get_mut(tenant).and_then(|held| held.stores.get_mut(store));
            if let Some(slot) = slot
                && let StoreSlot::Resident(resident) = slot
            {
                debug_assert!(resident.is_clean(), "the snapshot does not have all of a store that is evicted");
                self.orders_count -= resident.store.orders_count();
                self.resident_count -= 1;
                *slot = StoreSlot::Evicted(Box::new(resident.note()));
            }
        }
        clean.len()
    }
}
