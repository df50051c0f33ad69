//! A resident store: one that is in memory, with what the engine keeps about it.

use crate::error::FoldError;
use domain::calendar::Timestamp;
use domain::event::{Event, StoreEvent};
use domain::ids::{OrderId, Text};
use domain::store::{Due, Store};
use eventlog::Position;
use jiff::tz::TimeZone;
use schemas::stored::StoreSummary;
use std::collections::{BTreeSet, HashSet, VecDeque};

/// A store in memory.
#[derive(Debug)]
pub(crate) struct ResidentStore {
    pub store: Store,
    /// Resolved once: looking a time zone up by its name costs more than most decisions.
    pub zone: TimeZone,
    pub deadlines: BTreeSet<(Timestamp, Due)>,
    /// The position after its last event.
    pub next: Position,
    /// The position its row in the snapshot stands at, where it has one.
    pub snapshot_at: Option<Position>,
    /// When an event last changed it, or it was loaded: the least recently used is evicted first.
    pub last_used: Timestamp,
    /// Every order it ever had is in memory, so that nothing has to be looked for elsewhere.
    pub has_all_orders: bool,
    /// Orders in memory that take no more changes, by when they closed or were loaded.
    closed: VecDeque<(Timestamp, OrderId)>,
    archiving: Option<Archiving>,
    /// It is queued for [`ResidentStore::archive`].
    pub is_queued: bool,
}

/// Closed orders that leave memory once everything that is known of them is durable.
#[derive(Debug)]
struct Archiving {
    /// The position after the store's last event when they were chosen.
    at: Position,
    orders: HashSet<OrderId>,
}

/// How many closed orders of a store memory holds, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosedOrders {
    pub count_max: usize,
    pub age_max_us: i64,
}

/// How many closed orders beyond its bound a store gathers before they leave together.
const CLOSED_SLACK: usize = 64;

/// A deadline that an event set, moved or cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeadlineChange {
    pub due: Due,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl ResidentStore {
    /// Starts from a store's first event, at `position`.
    pub(crate) fn open(event: &Event, position: Position, now: Timestamp) -> Result<ResidentStore, FoldError> {
        let mut resident = ResidentStore::new(Store::open(event), now)?;
        resident.next = Position(position.0 + 1);
        resident.has_all_orders = true;
        Ok(resident)
    }

    /// A store that was loaded from the snapshot, with these orders. Closed ones among them, which came along with a ticket
    /// that they gave away, are archived like any other.
    pub(crate) fn from_snapshot(
        store: Store,
        note: &StoreSummary,
        orders: &[OrderId],
        now: Timestamp,
    ) -> Result<ResidentStore, FoldError> {
        let is_closed = |order: &&OrderId| store.order(**order).is_some_and(|slot| slot.live().is_err());
        let closed = orders.iter().filter(is_closed).map(|order| (now, *order)).collect();
        let mut resident = ResidentStore::new(store, now)?;
        resident.closed = closed;
        resident.deadlines = note.deadlines.iter().copied().collect();
        resident.snapshot_at = note.position.map(Position);
        resident.next = Position(note.position.unwrap_or(0));
        Ok(resident)
    }

    fn new(store: Store, now: Timestamp) -> Result<ResidentStore, FoldError> {
        Ok(ResidentStore {
            zone: zone(&store.settings().time_zone)?,
            store,
            deadlines: BTreeSet::new(),
            next: Position(0),
            snapshot_at: None,
            last_used: now,
            has_all_orders: false,
            closed: VecDeque::new(),
            archiving: None,
            is_queued: false,
        })
    }

    /// Folds an event at `position`; returns the deadline it changed.
    pub(crate) fn apply(
        &mut self,
        event: &Event,
        position: Position,
        now: Timestamp,
    ) -> Result<Option<DeadlineChange>, FoldError> {
        debug_assert!(self.next <= position, "event {position} of a store that has all before {}", self.next);
        if let Event::Store(StoreEvent::StoreSettingsChanged(settings)) = event {
            self.zone = zone(&settings.time_zone)?;
        }
        let due = event.due();
        let from = due.and_then(|due| self.store.due_at(due));
        self.store.evolve(event);
        self.next = Position(position.0 + 1);
        self.last_used = now;
        if let Some(order) = event.closes() {
            self.closed.push_back((now, order));
        }
        // An order that changes while it waits to be archived stays: what changed it is not durable yet.
        if let Some(archiving) = &mut self.archiving
            && let Some(order) = self.store.order_of(event)
            && archiving.orders.remove(&order)
        {
            self.closed.push_back((now, order));
        }
        let Some(due) = due else { return Ok(None) };
        let to = self.store.due_at(due);
        if from == to {
            return Ok(None);
        }
        if let Some(from) = from {
            self.deadlines.remove(&(from, due));
        }
        if let Some(to) = to {
            self.deadlines.insert((to, due));
        }
        Ok(Some(DeadlineChange { due, from, to }))
    }

    /// Takes in archived orders that were loaded again, with what belongs to them.
    pub(crate) fn admit(&mut self, folded: Store, now: Timestamp) {
        let orders = self.store.admit(folded);
        self.closed.extend(orders.into_iter().map(|order| (now, order)));
    }

    /// Whether it has more closed orders than it may, or older ones.
    pub(crate) fn is_over_bounds(&self, bounds: ClosedOrders, now: Timestamp) -> bool {
        bounds.count_max.saturating_add(CLOSED_SLACK) < self.closed.len()
            || self.closed.front().is_some_and(|(since, _)| since.0.saturating_add(bounds.age_max_us) < now.0)
    }

    /// Chooses closed orders to archive, or archives those that were chosen once everything below `indexed` is durable and indexed;
    /// returns whether it is done.
    pub(crate) fn archive(&mut self, bounds: ClosedOrders, now: Timestamp, indexed: Position) -> bool {
        match self.archiving.take() {
            Some(archiving) if archiving.at <= indexed => {
                self.has_all_orders &= archiving.orders.is_empty();
                self.store.archive(&archiving.orders);
                true
            }
            Some(archiving) => {
                self.archiving = Some(archiving);
                false
            }
            None => {
                let is_old = |since: Timestamp| since.0.saturating_add(bounds.age_max_us) < now.0;
                let mut orders = HashSet::new();
                while let Some((since, order)) = self.closed.front().copied()
                    && (bounds.count_max < self.closed.len() || is_old(since))
                {
                    self.closed.pop_front();
                    orders.insert(order);
                }
                self.archiving = Some(Archiving { at: self.next, orders });
                false
            }
        }
    }

    /// Whether it can be evicted: its row in the snapshot has all of it.
    pub(crate) fn is_clean(&self) -> bool {
        self.snapshot_at == Some(self.next) && self.archiving.is_none()
    }

    /// What memory keeps of the store once it is evicted, and the snapshot beside its row.
    pub(crate) fn note(&self) -> StoreSummary {
        StoreSummary {
            position: Some(self.next.0),
            tail: vec![],
            menu_version: self.store.menu_version(),
            deadlines: self.deadlines.iter().copied().collect(),
        }
    }
}

fn zone(name: &Text) -> Result<TimeZone, FoldError> {
    TimeZone::get(name.as_str()).map_err(|_| FoldError::Zone { zone: name.clone() })
}
