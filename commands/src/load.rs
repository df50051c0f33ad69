//! State that is loaded from the disk: a tenant, an evicted store, an archived order. Each is the fold of its own streams.

use crate::error::{FoldError, LoadError};
use crate::resident::{ClosedOrders, ResidentStore};
use crate::snapshot::{Snapshot, SnapshotError};
use domain::calendar::Timestamp;
use domain::event::{Event, StoreEvent};
use domain::ids::{StoreId, TenantId};
use domain::store::{Entity, Settings, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use eventlog::{Direction, LogReader, Position, Revision, StoredEvent};
use schemas::stored::{self, Decoder, StoreRow, StoreSummary};
use std::time::Duration;

/// The number of an entity's name, where that is a UUID.
pub(crate) fn name_of(entity: Entity) -> Option<u128> {
    match entity {
        Entity::Order(order) => order.0.to_u128(),
        Entity::Payment(payment) => payment.0.to_u128(),
        Entity::Ticket(ticket) => ticket.0.to_u128(),
    }
}

/// The stream of an entity.
pub(crate) fn stream_of(tenant: TenantId, store: StoreId, entity: Entity) -> Stream {
    match entity {
        Entity::Order(order) => Stream::Order(tenant, store, order),
        Entity::Payment(payment) => Stream::Payment(tenant, store, payment),
        Entity::Ticket(ticket) => Stream::Ticket(tenant, store, ticket),
    }
}

/// Reads an event of the log.
pub(crate) fn decode(event: &StoredEvent<'_>) -> Result<(Stream, Event), FoldError> {
    let stream = Stream::parse(event.stream).map_err(|_| not_ours(event))?;
    let fact = stored::decode(&stream, event.body);
    Ok((stream, fact.map_err(|source| unreadable(&stream, event.position, source))?))
}

/// Reads the next of many events of the log.
#[inline]
pub(crate) fn decode_next(decoder: &mut Decoder, event: &StoredEvent<'_>) -> Result<(Stream, Event), FoldError> {
    let stream = decoder.stream(event.stream).map_err(|_| not_ours(event))?;
    let fact = decoder.decode(&stream, event.body);
    Ok((stream, fact.map_err(|source| unreadable(&stream, event.position, source))?))
}

pub(crate) fn not_ours(event: &StoredEvent<'_>) -> FoldError {
    FoldError::Stream { position: event.position, stream: event.stream.to_owned() }
}

fn unreadable(stream: &Stream, position: Position, source: stored::DecodeError) -> FoldError {
    FoldError::Event { position, stream: stream.to_string(), source }
}

/// Every durable event of a stream.
fn events_of(reader: &LogReader, stream: &Stream) -> Result<Vec<(Position, Event)>, LoadError> {
    let events = reader.read_stream(&stream.to_string(), Revision(0), Direction::Forward, usize::MAX)?;
    let decoded = events.iter().map(|event| {
        let fact = stored::decode(stream, &event.body);
        Ok((event.position, fact.map_err(|source| unreadable(stream, event.position, source))?))
    });
    decoded.collect()
}

/// Folds a tenant from its own streams.
pub(crate) fn load_tenant(reader: &LogReader, tenant: TenantId) -> Result<Tenant, LoadError> {
    let mut folded = Tenant::default();
    for stream in [Stream::Menu(tenant), Stream::Access(tenant)] {
        for (_, event) in events_of(reader, &stream)? {
            match &event {
                Event::Menu(event) => folded.evolve_menu(event),
                Event::Access(event) => folded.evolve_access(event),
                other => unreachable!("{other:?} in {stream}"),
            }
        }
    }
    // Nothing is decided on it, so its end is all that is read.
    if let Some(head) = reader.stream_head(&Stream::Security(tenant).to_string())? {
        folded.security_is_at(domain::ids::Revision(head.0));
    }
    Ok(folded)
}

/// Loads what belongs to one store.
pub(crate) struct StoreLoader<'a> {
    pub reader: &'a LogReader,
    pub tenant: TenantId,
    pub store: StoreId,
}

impl StoreLoader<'_> {
    /// Folds entities, and what they are folded together with, from their streams up to `below`: a store with nothing else in
    /// it. What was never there is not in it.
    pub(crate) fn load_entities(
        &self,
        settings: &Settings,
        entities: &[Entity],
        below: Position,
    ) -> Result<Store, LoadError> {
        let mut wanted = entities.to_vec();
        let mut events: Vec<(Position, Event)> = vec![];
        let mut index = 0;
        while let Some(entity) = wanted.get(index).copied() {
            let held = events_of(self.reader, &stream_of(self.tenant, self.store, entity))?;
            let held = held.into_iter().filter(|(position, _)| *position < below);
            for (position, event) in held {
                if let Some(named) = event.companion()
                    && !wanted.contains(&named)
                {
                    wanted.push(named);
                }
                events.push((position, event));
            }
            index += 1;
        }
        events.sort_unstable_by_key(|(position, _)| *position);
        let mut folded = Store::open(&Event::Store(StoreEvent::StoreOpened(settings.clone())));
        events.iter().for_each(|(_, event)| folded.evolve(event));
        Ok(folded)
    }

    /// Loads an evicted store: its row in the snapshot, the orders that names, and the commits behind it. Where the row does not read
    /// the log is read from its beginning: nothing that is derived keeps a store from selling.
    pub(crate) fn load_store(
        &self,
        note: &StoreSummary,
        snapshot: Option<&Snapshot>,
        closed: ClosedOrders,
        now: Timestamp,
    ) -> Result<ResidentStore, LoadError> {
        match self.load_from_snapshot(note, snapshot, now) {
            Err(LoadError::Snapshot(error)) => {
                if let (SnapshotError::Mixed, Some(snapshot)) = (&error, snapshot) {
                    snapshot.lose(&error);
                }
                let (tenant, store) = (self.tenant, self.store);
                tracing::warn!(%error, %tenant, %store, "a store is folded from the log");
                self.load_from_log(closed, now)
            }
            loaded => loaded,
        }
    }

    /// Folds a store from the whole log. An evicted store has nothing on its way there.
    fn load_from_log(&self, closed: ClosedOrders, now: Timestamp) -> Result<ResidentStore, LoadError> {
        let mut resident = None;
        let mut decoder = Decoder::new();
        let indexed = self.reader.indexed();
        let mut tail = self.reader.tail(Position(0));
        while let Some(batch) = tail.next(Duration::ZERO)? {
            for event in batch.commits().flat_map(|commit| commit.events()).filter(|event| !event.is_system()) {
                let stream = decoder.stream(event.stream).map_err(|_| not_ours(&event))?;
                if (stream.tenant(), stream.store()) == (self.tenant, Some(self.store)) {
                    let (_, fact) = decode_next(&mut decoder, &event)?;
                    self.fold(&mut resident, &fact, &event, now)?;
                }
            }
            // What is closed leaves memory as it would have, once the index has it.
            if let Some(resident) = &mut resident
                && resident.is_over_bounds(closed, now)
                && resident.next <= indexed
            {
                let is_done = resident.archive(closed, now, indexed) || resident.archive(closed, now, indexed);
                debug_assert!(is_done, "it is chosen, then archived");
            }
        }
        resident.ok_or(LoadError::Snapshot(SnapshotError::Mixed))
    }

    fn load_from_snapshot(
        &self,
        note: &StoreSummary,
        snapshot: Option<&Snapshot>,
        now: Timestamp,
    ) -> Result<ResidentStore, LoadError> {
        let mut resident = match (note.position, snapshot) {
            (Some(position), Some(snapshot)) => {
                let StoreRow { position: held, parts } = snapshot.row(self.tenant, self.store)?;
                if held != position {
                    return Err(LoadError::Snapshot(SnapshotError::Mixed));
                }
                let (live, settings) = (parts.live.clone(), parts.settings.clone());
                let mut store = Store::from_parts(parts);
                let admitted = store.admit(self.load_entities(&settings, &live, Position(position))?);
                Some(ResidentStore::from_snapshot(store, note, &admitted, now)?)
            }
            (None, _) | (_, None) => None,
        };
        let mut decoder = Decoder::new();
        for first in &note.tail {
            let first = Position(*first);
            let found = self.reader.commit_holding(first)?.ok_or(LoadError::Missing { position: first })?;
            for event in found.commit().events() {
                if note.position.is_some_and(|position| event.position.0 < position) {
                    continue;
                }
                let (stream, fact) = decode_next(&mut decoder, &event)?;
                if (stream.tenant(), stream.store()) == (self.tenant, Some(self.store)) {
                    self.fold(&mut resident, &fact, &event, now)?;
                }
            }
        }
        resident.ok_or(LoadError::Snapshot(SnapshotError::Mixed))
    }

    /// Folds an event of the log into a store; archived orders it is about are loaded first.
    fn fold(
        &self,
        resident: &mut Option<ResidentStore>,
        fact: &Event,
        event: &StoredEvent<'_>,
        now: Timestamp,
    ) -> Result<(), LoadError> {
        match resident {
            None => *resident = Some(ResidentStore::open(fact, event.position, now)?),
            Some(resident) => {
                self.admit_for(resident, fact, event, now)?;
                resident.apply(fact, event.position, now)?;
            }
        }
        Ok(())
    }

    /// Loads the archived orders that an event of the log is about.
    pub(crate) fn admit_for(
        &self,
        resident: &mut ResidentStore,
        fact: &Event,
        event: &StoredEvent<'_>,
        now: Timestamp,
    ) -> Result<(), LoadError> {
        // The first event of a stream finds nothing there.
        let itself = fact.entity().filter(|_| event.revision != Revision(0));
        let wanted: Vec<Entity> =
            [itself, fact.companion()].into_iter().flatten().filter(|entity| !resident.store.holds(*entity)).collect();
        if !wanted.is_empty() {
            let folded = self.load_entities(resident.store.settings(), &wanted, event.position)?;
            resident.admit(folded, now);
        }
        Ok(())
    }
}
