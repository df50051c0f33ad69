//! A store in memory, with what the engine keeps about it.

use crate::fold::FoldError;
use domain::calendar::Timestamp;
use domain::event::{Event, StoreEvent};
use domain::ids::{OrderId, Text};
use domain::store::{Due, Store};
use eventlog::Position;
use jiff::tz::TimeZone;
use schemas::stored::StoreNote;
use std::collections::{BTreeSet, HashSet, VecDeque};

/// A store in memory.
#[derive(Debug)]
pub(crate) struct Place {
    pub store: Store,
    /// Its time zone, resolved.
    pub zone: TimeZone,
    /// When the engine has to come back to it, and to what.
    pub deadlines: BTreeSet<(Timestamp, Due)>,
    /// The position after its last event.
    pub next: Position,
    /// The position up to which its row in the snapshot goes, where it has one.
    pub row: Option<Position>,
    /// When an event last changed it, or it was read.
    pub used: Timestamp,
    /// Every order it ever had is in memory.
    pub is_whole: bool,
    /// Orders in memory that take no more changes, by when they closed or were read.
    closed: VecDeque<(Timestamp, OrderId)>,
    leaving: Option<Leaving>,
    /// It is in line for [`Place::sweep`].
    pub is_swept: bool,
}

/// Orders that leave memory once everything that is known of them is durable.
#[derive(Debug)]
struct Leaving {
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

/// How many closed orders more than its bound a store gathers before they leave together.
const CLOSED_SLACK: usize = 64;

/// A deadline that an event moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub due: Due,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl Place {
    /// Starts from a store's first fact, at `position`.
    pub(crate) fn open(event: &Event, position: Position, now: Timestamp) -> Result<Place, FoldError> {
        let mut place = Place::of(Store::open(event), now)?;
        place.next = Position(position.0 + 1);
        place.is_whole = true;
        Ok(place)
    }

    /// A store that was read from the snapshot, with these orders. Closed ones among them, which came along with a ticket
    /// that they gave away, leave memory like any other.
    pub(crate) fn read(store: Store, note: &StoreNote, orders: &[OrderId], now: Timestamp) -> Result<Place, FoldError> {
        let is_closed = |order: &&OrderId| store.order(**order).is_some_and(|slot| slot.live().is_err());
        let closed = orders.iter().filter(is_closed).map(|order| (now, *order)).collect();
        let mut place = Place::of(store, now)?;
        place.closed = closed;
        place.deadlines = note.deadlines.iter().copied().collect();
        place.row = note.position.map(Position);
        place.next = Position(note.position.unwrap_or(0));
        Ok(place)
    }

    fn of(store: Store, now: Timestamp) -> Result<Place, FoldError> {
        Ok(Place {
            zone: zone(&store.settings().time_zone)?,
            store,
            deadlines: BTreeSet::new(),
            next: Position(0),
            row: None,
            used: now,
            is_whole: false,
            closed: VecDeque::new(),
            leaving: None,
            is_swept: false,
        })
    }

    /// Folds a fact at `position`; answers which deadline it moved.
    pub(crate) fn apply(
        &mut self,
        event: &Event,
        position: Position,
        now: Timestamp,
    ) -> Result<Option<Moved>, FoldError> {
        if let Event::Store(StoreEvent::StoreSettingsChanged(settings)) = event {
            self.zone = zone(&settings.time_zone)?;
        }
        let due = event.due();
        let from = due.and_then(|due| self.store.due_at(due));
        self.store.evolve(event);
        self.next = Position(position.0 + 1);
        self.used = now;
        if let Some(order) = event.closes() {
            self.closed.push_back((now, order));
        }
        if let Some(leaving) = &mut self.leaving
            && let Some(order) = self.store.order_of(event)
            && leaving.orders.remove(&order)
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
        Ok(Some(Moved { due, from, to }))
    }

    /// Takes in archived orders that were read again, with what belongs to them.
    pub(crate) fn admit(&mut self, folded: Store, now: Timestamp) {
        let orders = self.store.admit(folded);
        self.closed.extend(orders.into_iter().map(|order| (now, order)));
    }

    /// Whether closed orders should leave memory.
    pub(crate) fn is_crowded(&self, bounds: ClosedOrders, now: Timestamp) -> bool {
        bounds.count_max.saturating_add(CLOSED_SLACK) < self.closed.len()
            || self.closed.front().is_some_and(|(since, _)| since.0.saturating_add(bounds.age_max_us) < now.0)
    }

    /// Chooses closed orders to leave, or lets those that were chosen go once everything below `durable` is durable;
    /// answers whether it is done.
    pub(crate) fn sweep(&mut self, bounds: ClosedOrders, now: Timestamp, durable: Position) -> bool {
        match self.leaving.take() {
            Some(leaving) if leaving.at <= durable => {
                self.is_whole &= leaving.orders.is_empty();
                self.store.archive(&leaving.orders);
                true
            }
            Some(leaving) => {
                self.leaving = Some(leaving);
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
                self.leaving = Some(Leaving { at: self.next, orders });
                false
            }
        }
    }

    /// Its row in the snapshot has all of it.
    pub(crate) fn is_clean(&self) -> bool {
        self.row == Some(self.next) && self.leaving.is_none()
    }

    /// What memory keeps when the store leaves it, and the snapshot with its row.
    pub(crate) fn note(&self) -> StoreNote {
        StoreNote {
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
