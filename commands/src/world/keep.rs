//! What leaves memory, and what a snapshot takes from it. Only what is durable leaves.

use super::{Slot, World};
use crate::fetch::Want;
use crate::snapshot::Image;
use crate::work::Line;
use domain::calendar::Timestamp;
use domain::ids::{StoreId, TenantId};
use eventlog::{LogReader, Position};
use schemas::stored::{Checkpoint, StoreNote, StoreRow};
use std::collections::VecDeque;

/// How many stores are looked at for closed orders in one turn of the engine thread.
const SWEEPS_MAX: usize = 4;

impl World {
    /// Lets go of ids that memory need not hold; everything below `durable` is durable.
    pub(crate) fn trim(&mut self, durable: Position) {
        self.ids.trim(durable);
    }

    /// Lets closed orders leave memory, of a few stores.
    pub(crate) fn sweep(&mut self, durable: Position) {
        for _ in 0..SWEEPS_MAX.min(self.sweeps.len()) {
            let Some((tenant, store)) = self.sweeps.pop_front() else { return };
            let (bounds, now) = (self.closed_orders, self.last);
            let place = self.holdings.get_mut(&tenant).and_then(|holding| holding.here_mut(store));
            let Some(place) = place else { continue };
            let before = place.store.orders_count();
            match place.sweep(bounds, now, durable) {
                true => place.is_swept = false,
                false => self.sweeps.push_back((tenant, store)),
            }
            self.orders -= before - place.store.orders_count();
        }
    }

    /// Lets closed orders leave memory, of all stores: everything is durable.
    pub(crate) fn sweep_all(&mut self) {
        while !self.sweeps.is_empty() {
            self.sweep(Position(u64::MAX));
        }
    }

    /// What is to be read next because the log holds something behind a store's row.
    pub(crate) fn next_cold(&mut self, reader: &LogReader) -> Option<(Line, Want)> {
        while let Some((tenant, store)) = self.cold.front().copied() {
            if let Some(want) = self.lack(tenant, Some(store), None, &[], reader) {
                return Some(((tenant, Some(store)), want));
            }
            self.cold.pop_front();
        }
        None
    }

    /// Leaves a store that does not read to those who ask for it.
    pub(crate) fn leave_cold(&mut self, line: &Line) {
        self.cold.retain(|(tenant, store)| (*tenant, Some(*store)) != *line);
    }

    /// How many stores there are.
    pub(crate) fn stores_count(&self) -> usize {
        self.holdings.values().map(|holding| holding.stores.len()).sum()
    }

    /// How far a snapshot taken from now on goes, and the stores it has to write.
    pub(crate) fn checkpoint(&mut self, log: u128) -> (Checkpoint, VecDeque<(TenantId, StoreId)>) {
        let mut tenants: Vec<(TenantId, u32)> = vec![];
        let mut stores = VecDeque::from(std::mem::take(&mut self.unnoted));
        for (tenant, holding) in &self.holdings {
            tenants.push((*tenant, holding.menu_version));
            for (store, slot) in &holding.stores {
                if let Slot::Here(place) = slot
                    && place.row != Some(place.next)
                {
                    stores.push_back((*tenant, *store));
                }
            }
        }
        tenants.sort_unstable();
        let (position, last, ahead) = (self.next.0, self.last, self.ids.ahead());
        (Checkpoint { log, position, last, ahead, tenants }, stores)
    }

    /// A store for the snapshot; `None` where there is none.
    pub(crate) fn image(&self, tenant: TenantId, store: StoreId) -> Option<Image> {
        let (position, note, row) = match self.holdings.get(&tenant)?.stores.get(&store)? {
            Slot::Here(place) => {
                let row = StoreRow { position: place.next.0, parts: place.store.parts() };
                (place.next, place.note(), Some(row))
            }
            // The commits it names are durable.
            Slot::Away(away) => (Position(0), StoreNote::clone(away), None),
        };
        Some(Image { tenant, store, position, note, row })
    }

    /// The snapshot has a store as it was before `position`.
    pub(crate) fn is_kept(&mut self, tenant: TenantId, store: StoreId, position: Position) {
        let place = self.holdings.get_mut(&tenant).and_then(|holding| holding.here_mut(store));
        if let Some(place) = place {
            place.row = place.row.max(Some(position));
        }
    }

    /// A snapshot was not written: notes it should have had are written with the next.
    pub(crate) fn is_unkept(&mut self, stores: impl IntoIterator<Item = (TenantId, StoreId)>) {
        self.unnoted.extend(stores);
    }

    /// Lets the stores go that were not used for longest and that the snapshot has, until `stores_max` are left.
    /// `is_needed` says which have to stay. Answers how many went.
    pub(crate) fn evict(&mut self, stores_max: usize, is_needed: impl Fn(TenantId, StoreId) -> bool) -> usize {
        let excess = self.here.saturating_sub(stores_max);
        if excess == 0 {
            return 0;
        }
        let mut clean: Vec<(Timestamp, TenantId, StoreId)> = vec![];
        for (tenant, holding) in &self.holdings {
            for (store, slot) in &holding.stores {
                if let Slot::Here(place) = slot
                    && place.is_clean()
                    && !is_needed(*tenant, *store)
                {
                    clean.push((place.used, *tenant, *store));
                }
            }
        }
        clean.sort_unstable();
        clean.truncate(excess);
        for (_, tenant, store) in &clean {
            let slot = self.holdings.get_mut(tenant).and_then(|holding| holding.stores.get_mut(store));
            if let Some(slot) = slot
                && let Slot::Here(place) = slot
            {
                self.orders -= place.store.orders_count();
                self.here -= 1;
                *slot = Slot::Away(Box::new(place.note()));
            }
        }
        clean.len()
    }
}
