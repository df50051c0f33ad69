//! The ready menus in memory, thrown away by events.

use bytes::Bytes;
use domain::ids::{StoreId, TenantId};
use eventlog::Position;
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// A menu as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuBytes {
    /// The menu version the store has adopted.
    pub version: u32,
    /// A weak entity tag over the content, with its quotes: `W/"..."`.
    pub etag: Arc<str>,
    /// The body.
    pub json: Bytes,
    /// The body, compressed by gzip.
    pub gzip: Bytes,
}

/// The ready menus, and when each last changed.
///
/// An entry's key holds the position of the change it was made after, so an entry that a change overtook while it was
/// being made is never asked for again.
pub(crate) struct Menus {
    pub(super) ready: moka::sync::Cache<(TenantId, StoreId, Position), MenuBytes, RandomState>,
    changes: RwLock<Changes>,
}

#[derive(Default)]
struct Changes {
    stores: HashMap<(TenantId, StoreId), Position, RandomState>,
    tenants: HashMap<TenantId, Position, RandomState>,
}

impl Menus {
    pub fn new(bytes_max: u64) -> Menus {
        let weigh = |_: &(TenantId, StoreId, Position), menu: &MenuBytes| {
            u32::try_from(menu.json.len() + menu.gzip.len() + 256).unwrap_or(u32::MAX)
        };
        let ready = moka::sync::Cache::builder()
            .max_capacity(bytes_max)
            .weigher(weigh)
            // A menu that is out of date may have been asked for often; it must not keep the new one out.
            .eviction_policy(moka::policy::EvictionPolicy::lru())
            .build_with_hasher(RandomState::default());
        Menus { ready, changes: RwLock::default() }
    }

    /// Menus that were made before `position` are out of date for these stores, and for all stores of these tenants.
    pub fn changed(&self, position: Position, stores: BTreeSet<(TenantId, StoreId)>, tenants: BTreeSet<TenantId>) {
        if stores.is_empty() && tenants.is_empty() {
            return;
        }
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        for (tenant, store) in stores {
            let of_store = changes.stores.insert((tenant, store), position);
            let last = of_store.max(changes.tenants.get(&tenant).copied()).unwrap_or_default();
            self.ready.invalidate(&(tenant, store, last));
        }
        changes.tenants.extend(tenants.into_iter().map(|tenant| (tenant, position)));
    }

    /// Nothing is known of any menu: the model they are made from is opened, or folded anew.
    pub fn forget(&self) {
        *self.changes.write().unwrap_or_else(PoisonError::into_inner) = Changes::default();
        self.ready.invalidate_all();
    }

    pub fn changed_at(&self, tenant: TenantId, store: StoreId) -> Position {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let of_store = changes.stores.get(&(tenant, store)).copied();
        of_store.max(changes.tenants.get(&tenant).copied()).unwrap_or_default()
    }
}
