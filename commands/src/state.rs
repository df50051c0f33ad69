//! The state the engine decides against: every tenant and store it knows, folded from the log and run ahead of it.

use crate::clock::Now;
use crate::dedup::{DedupWindow, TenantNumber};
use crate::envelope::{AggregateId, Envelope};
use crate::error::FoldError;
use crate::keys::{Keys, Subject};
use crate::load::name_of;
use crate::options::Options;
use crate::resident::{ClosedOrders, DeadlineChange, ResidentStore};
use domain::calendar::{LocalDateTime, Timestamp};
use domain::event::{AccessEvent, Event, MenuEvent, OrderEvent, PaymentEvent, StoreEvent};
use domain::ids::{CommandId, Revision, StoreId, TenantId};
use domain::store::{Due, Entity, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use domain::terminal::WaitingId;
use eventlog::Position;
use schemas::stored::StoreSummary;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

mod again;
pub(crate) mod decision;
mod evict;
mod internal;
pub(crate) mod recover;
mod seal;

/// A store the engine knows.
#[derive(Debug)]
enum StoreSlot {
    Resident(Box<ResidentStore>),
    /// In the snapshot and the log; what memory keeps of it.
    Evicted(Box<StoreSummary>),
}

#[derive(Debug)]
struct TenantState {
    number: TenantNumber,
    /// `None` until it was loaded from the log, after a start from a snapshot.
    tenant: Option<Tenant>,
    /// The newest version of its menu; 0 before the first. Known of every tenant, loaded or not.
    menu_version: u32,
    stores: HashMap<StoreId, StoreSlot, foldhash::fast::RandomState>,
}

impl TenantState {
    fn resident(&self, store: StoreId) -> Option<&ResidentStore> {
        match self.stores.get(&store)? {
            StoreSlot::Resident(resident) => Some(resident),
            StoreSlot::Evicted(_) => None,
        }
    }

    fn resident_mut(&mut self, store: StoreId) -> Option<&mut ResidentStore> {
        match self.stores.get_mut(&store)? {
            StoreSlot::Resident(resident) => Some(resident),
            StoreSlot::Evicted(_) => None,
        }
    }
}

/// A deadline of one store. Those of all stores are in one order, by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Timestamp,
    tenant: TenantId,
    store: StoreId,
    due: Due,
}

/// All state of one partition.
#[derive(Debug)]
pub(crate) struct State {
    tenants: HashMap<TenantId, TenantState, foldhash::fast::RandomState>,
    dedup: DedupWindow,
    /// Of all stores, resident or evicted.
    deadlines: BTreeSet<Deadline>,
    /// Most deadlines of a log have long passed when it is replayed, so they are scheduled once all of it is folded.
    is_replaying: bool,
    /// Commands the engine is to issue itself, oldest first.
    internal: VecDeque<Envelope>,
    /// What waited in each store and is to be tried again, in the order of the terminals' queues.
    again: BTreeMap<(TenantId, StoreId), BTreeSet<WaitingId>>,
    /// The time of the last decision.
    pub(crate) now: Timestamp,
    /// The highest time there has been, which a time behind it does not take back: what ids were held against.
    last: Timestamp,
    /// The newest stamp in the log that was not in doubt.
    pub(crate) stamped: Option<Timestamp>,
    /// The position after the last event.
    pub(crate) next: Position,
    /// How many batches the log's index has to have before a no of it is one: what was let go of before the engine started stands in
    /// them. Later only what is indexed is let go of.
    pub(crate) index_needed: u64,
    pub(crate) closed_orders: ClosedOrders,
    /// Stores whose closed orders are about to be archived.
    archiving: VecDeque<(TenantId, StoreId)>,
    /// Evicted stores that the log holds commits of behind their rows: their deadlines are not known before they are loaded.
    cold: VecDeque<(TenantId, StoreId)>,
    /// Evicted stores whose note in the snapshot is not the one in memory.
    dirty_notes: Vec<(TenantId, StoreId)>,
    /// What texts are sealed with.
    keys: Arc<Keys>,
    resident_count: usize,
    /// Of the resident stores.
    orders_count: usize,
}

impl State {
    /// Before the first event.
    pub(crate) fn new(options: &Options) -> State {
        let Options { ids_max, closed_orders_max, closed_orders_age, .. } = options;
        let age_max_us = i64::try_from(closed_orders_age.as_micros()).unwrap_or(i64::MAX);
        State {
            tenants: HashMap::default(),
            dedup: DedupWindow::new(*ids_max),
            deadlines: BTreeSet::new(),
            is_replaying: false,
            internal: VecDeque::new(),
            again: BTreeMap::new(),
            now: Timestamp::default(),
            last: Timestamp::default(),
            stamped: None,
            next: Position(0),
            index_needed: 0,
            closed_orders: ClosedOrders { count_max: *closed_orders_max, age_max_us },
            archiving: VecDeque::new(),
            cold: VecDeque::new(),
            dirty_notes: vec![],
            keys: Arc::clone(&options.keys),
            resident_count: 0,
            orders_count: 0,
        }
    }

    /// How many stores are resident.
    pub(crate) fn resident_count(&self) -> usize {
        self.resident_count
    }

    /// How many stores there are, resident or evicted.
    pub(crate) fn stores_count(&self) -> usize {
        self.tenants.values().map(|tenant| tenant.stores.len()).sum()
    }

    /// How many orders are in memory.
    pub(crate) fn orders_count(&self) -> usize {
        self.orders_count
    }

    /// How many ids of accepted commands are in memory.
    pub(crate) fn ids_count(&self) -> usize {
        self.dedup.len()
    }

    pub(crate) fn deadlines_count(&self) -> usize {
        self.deadlines.len()
    }

    fn tenant(&mut self, tenant: TenantId) -> &mut TenantState {
        self.tenant_or(tenant, || Some(Tenant::default()))
    }

    fn tenant_or(&mut self, tenant: TenantId, new: impl FnOnce() -> Option<Tenant>) -> &mut TenantState {
        let count = self.tenants.len();
        self.tenants.entry(tenant).or_insert_with(|| TenantState {
            number: TenantNumber(u32::try_from(count).expect("tenants are fewer than 4 billion")),
            tenant: new(),
            menu_version: 0,
            stores: HashMap::default(),
        })
    }

    /// The time is this now, also where it stands behind the one before.
    pub(crate) fn goes_on_at(&mut self, now: &Now) -> Timestamp {
        self.now = now.at;
        self.last = self.last.max(now.at);
        now.at
    }

    fn resident(&self, tenant: TenantId, store: StoreId) -> Option<&ResidentStore> {
        self.tenants.get(&tenant)?.resident(store)
    }

    fn resident_mut(&mut self, tenant: TenantId, store: StoreId) -> Option<&mut ResidentStore> {
        self.tenants.get_mut(&tenant)?.resident_mut(store)
    }

    /// The wall clock of a resident store at `at`; UTC where there is none.
    fn wall_clock(&self, aggregate: AggregateId, at: Timestamp) -> LocalDateTime {
        let resident = aggregate.store.and_then(|store| self.resident(aggregate.tenant, store));
        let offset_s = match (resident, jiff::Timestamp::from_microsecond(at.0)) {
            (Some(resident), Ok(instant)) => resident.zone.to_offset(instant).seconds(),
            (None, _) | (_, Err(_)) => 0,
        };
        at.at_offset(offset_s).unwrap_or_else(|| Timestamp(0).at_offset(0).expect("the epoch is a date"))
    }

    /// The revision of a stream, `None` before its first event.
    pub(crate) fn revision(&self, stream: &Stream) -> Option<Revision> {
        let tenant = self.tenants.get(&stream.tenant())?;
        match stream.store() {
            Some(store) => tenant.resident(store)?.store.revision(stream),
            None => match stream {
                Stream::Access(_) => tenant.tenant.as_ref()?.access_revision(),
                Stream::Security(_) => tenant.tenant.as_ref()?.security_revision(),
                _ => tenant.tenant.as_ref()?.menu_revision(),
            },
        }
    }

    /// Records an accepted command in the dedup window.
    pub(crate) fn record(&mut self, tenant: TenantId, command: CommandId, first: Position, recorded_at: Timestamp) {
        let number = self.tenant(tenant).number;
        self.dedup.record(number, command, first, recorded_at);
    }

    /// Folds the event at `position`, and keeps the deadlines in step.
    ///
    /// # Panics
    /// If the tenant is not loaded, or the store not resident.
    pub(crate) fn apply(&mut self, stream: &Stream, event: &Event, position: Position) -> Result<(), FoldError> {
        debug_assert!(self.next <= position, "event {position} of a state that has all before {}", self.next);
        let (now, bounds) = (self.now, self.closed_orders);
        self.next = Position(position.0 + 1);
        let tenant_id = stream.tenant();
        let tenant = self.tenant(tenant_id);
        let loaded = "nothing is decided for a tenant that was not loaded";
        match (event, stream.store()) {
            (Event::Menu(event), _) => {
                tenant.tenant.as_mut().expect(loaded).evolve_menu(event);
                if let MenuEvent::MenuPublished { version, .. } = event {
                    tenant.menu_version = *version;
                }
            }
            (Event::Access(event), _) => tenant.tenant.as_mut().expect(loaded).evolve_access(event),
            (Event::Security(event), _) => tenant.tenant.as_mut().expect(loaded).evolve_security(event),
            (Event::Store(StoreEvent::StoreOpened(_)), Some(store)) => {
                let resident = Box::new(ResidentStore::open(event, position, now)?);
                let Entry::Vacant(vacant) = tenant.stores.entry(store) else {
                    panic!("{event:?} for a store that is open")
                };
                vacant.insert(StoreSlot::Resident(resident));
                self.resident_count += 1;
            }
            (_, Some(store)) => {
                let resident = tenant.resident_mut(store).expect("nothing is decided for a store that is not resident");
                let moved = resident.apply(event, position, now)?;
                if !resident.is_queued && resident.is_over_bounds(bounds, now) {
                    resident.is_queued = true;
                    self.archiving.push_back((tenant_id, store));
                }
                match event {
                    Event::Order(order, OrderEvent::OrderOpened(_)) => {
                        self.orders_count += 1;
                        self.record_name(Entity::Order(*order));
                    }
                    Event::Payment(payment, PaymentEvent::PaymentInitiated { .. }) => {
                        self.record_name(Entity::Payment(*payment));
                    }
                    _ => {}
                }
                if let Some(DeadlineChange { due, from, to }) = moved
                    && !self.is_replaying
                {
                    let deadline = |at| Deadline { at, tenant: tenant_id, store, due };
                    if let Some(at) = from {
                        self.deadlines.remove(&deadline(at));
                    }
                    if let Some(at) = to {
                        self.deadlines.insert(deadline(at));
                    }
                }
            }
            (_, None) => panic!("{event:?} without a store"),
        }
        Ok(())
    }

    /// Deletes the keys that a decision says are deleted.
    pub(crate) fn erase_keys(&self, tenant: TenantId, event: &Event) {
        let Event::Access(AccessEvent::TextsErased { customer, store, order }) = event else { return };
        if let Some(customer) = customer {
            self.keys.erase(Subject::Customer(*customer));
        }
        if let (Some(store), Some(order)) = (store, order) {
            self.keys.erase(Subject::Order(tenant, *store, *order));
        }
    }

    /// Remembers that something of a name began just now: names of later things are told from it by their time.
    fn record_name(&mut self, entity: Entity) {
        if let Some(name) = name_of(entity) {
            self.dedup.record_name(name, self.now);
        }
    }

    /// Takes in a tenant that was loaded.
    pub(crate) fn admit_tenant(&mut self, tenant: TenantId, loaded: Tenant) {
        let held = self.tenant_or(tenant, || None);
        // Loaded twice at once, and used meanwhile: what was used is newer.
        held.tenant.get_or_insert(loaded);
    }

    /// Takes in a store that was loaded.
    pub(crate) fn admit_store(&mut self, tenant: TenantId, store: StoreId, resident: Box<ResidentStore>) {
        let deadline = |(at, due): &(Timestamp, Due)| Deadline { at: *at, tenant, store, due: *due };
        let held = self.tenant_or(tenant, || None);
        let Some(slot @ StoreSlot::Evicted(_)) = held.stores.get_mut(&store) else { return };
        let (deadlines, count) = (resident.deadlines.clone(), resident.store.orders_count());
        let StoreSlot::Evicted(note) = std::mem::replace(slot, StoreSlot::Resident(resident)) else { return };
        for before in &note.deadlines {
            self.deadlines.remove(&deadline(before));
        }
        self.deadlines.extend(deadlines.iter().map(deadline));
        self.resident_count += 1;
        self.orders_count += count;
        self.note_all_waiting(tenant, store);
    }

    /// Takes in archived orders of a store that were loaded.
    pub(crate) fn admit_orders(&mut self, tenant: TenantId, store: StoreId, folded: Store) {
        let now = self.now;
        let Some(resident) = self.resident_mut(tenant, store) else { return };
        let before = resident.store.orders_count();
        resident.admit(folded, now);
        self.orders_count += resident.store.orders_count() - before;
    }
}
