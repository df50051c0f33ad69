//! State that is read again from the disk: a tenant, a store, an archived order. Each is the fold of its own streams.

use crate::fold::FoldError;
use crate::place::Place;
use crate::snapshot::{Snapshot, SnapshotError};
use domain::calendar::Timestamp;
use domain::command::{OrderCommand, PaymentCommand, StoreCommand};
use domain::event::{Event, OrderEvent, PaymentEvent, StoreEvent, TicketEvent};
use domain::ids::{StoreId, TenantId};
use domain::store::{Entity, Settings, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use eventlog::{Direction, LogReader, Position, ReadError, Revision, StoredEvent};
use schemas::stored::{self, Decoder, StoreNote, StoreRow};

/// Why state was not read again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the log does not read")]
    Read(#[from] ReadError),
    #[error("what the log holds does not fold")]
    Fold(#[from] FoldError),
    #[error("the snapshot does not read")]
    Snapshot(#[from] SnapshotError),
    #[error("the log has no commit at position {position} any more")]
    Missing { position: Position },
}

/// The entities a command is about, as far as they have to be in memory for its decision.
pub(crate) fn entities_of(command: &StoreCommand) -> [Option<Entity>; 2] {
    match command {
        StoreCommand::Order(order, OrderCommand::MergeInto(target)) => {
            // One that is to go into itself is refused, and read once.
            [Some(Entity::Order(*order)), Some(Entity::Order(*target)).filter(|_| target != order)]
        }
        StoreCommand::Order(order, _) => [Some(Entity::Order(*order)), None],
        StoreCommand::Payment(payment, command) => match command {
            PaymentCommand::Initiate { order, .. } => [Some(Entity::Payment(*payment)), Some(Entity::Order(*order))],
            PaymentCommand::Provider(_)
            | PaymentCommand::Review(_)
            | PaymentCommand::RecordOutcome(_)
            | PaymentCommand::RequestRefund(_)
            | PaymentCommand::RecordRefundOutcome { .. }
            | PaymentCommand::Expire { .. } => [Some(Entity::Payment(*payment)), None],
        },
        StoreCommand::Ticket(ticket, _) => [Some(Entity::Ticket(*ticket)), None],
        StoreCommand::Put(_)
        | StoreCommand::AdoptMenu { .. }
        | StoreCommand::SetPrice { .. }
        | StoreCommand::SetAvailability { .. }
        | StoreCommand::Stock(_)
        | StoreCommand::Drawer(..)
        | StoreCommand::OpenDay { .. }
        | StoreCommand::CloseDay { .. }
        | StoreCommand::Terminal(..) => [None, None],
    }
}

/// The entity a stream is the history of.
pub(crate) fn entity_at(stream: &Stream) -> Option<Entity> {
    match stream {
        Stream::Order(_, _, order) => Some(Entity::Order(*order)),
        Stream::Payment(_, _, payment) => Some(Entity::Payment(*payment)),
        Stream::Ticket(_, _, ticket) => Some(Entity::Ticket(*ticket)),
        Stream::Menu(_)
        | Stream::Access(_)
        | Stream::Store(..)
        | Stream::StoreMenu(..)
        | Stream::Stock(..)
        | Stream::Drawer(..)
        | Stream::Day(..)
        | Stream::Terminal(..) => None,
    }
}

/// The number that an entity's name is, where it is a UUID.
pub(crate) fn name_of(entity: Entity) -> Option<u128> {
    match entity {
        Entity::Order(order) => order.0.to_u128(),
        Entity::Payment(payment) => payment.0.to_u128(),
        Entity::Ticket(ticket) => ticket.0.to_u128(),
    }
}

/// The entity an event is a fact of, where it has a stream of its own.
fn entity_of(event: &Event) -> Option<Entity> {
    match event {
        Event::Order(order, _) => Some(Entity::Order(*order)),
        Event::Payment(payment, _) => Some(Entity::Payment(*payment)),
        Event::Ticket(ticket, _) => Some(Entity::Ticket(*ticket)),
        Event::Drawer(..)
        | Event::Day(_)
        | Event::Terminal(..)
        | Event::Stock(_)
        | Event::Menu(_)
        | Event::Access(_)
        | Event::Store(_)
        | Event::StoreMenu(_) => None,
    }
}

/// What an event names that its entity is folded together with: a payment and a ticket know their order, and an order what
/// became of the payments it took or could not take. It does not know its tickets: those of an order that may still change are
/// named by the store's row, and of one that takes no more changes they say nothing that is still asked for.
fn companion(event: &Event) -> Option<Entity> {
    match event {
        Event::Payment(_, PaymentEvent::PaymentInitiated { order, .. }) => Some(Entity::Order(*order)),
        Event::Ticket(_, TicketEvent::TicketCreated { order, .. } | TicketEvent::TicketMoved { order, .. }) => {
            Some(Entity::Order(*order))
        }
        Event::Order(_, event) => match event {
            OrderEvent::PaymentApplied { payment, .. }
            | OrderEvent::PaymentNotApplicable { payment, .. }
            | OrderEvent::RefundRecorded { payment, .. } => Some(Entity::Payment(*payment)),
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::LinesHeld { .. }
            | OrderEvent::LinesFired { .. }
            | OrderEvent::LinesServed { .. }
            | OrderEvent::LineVoided { .. }
            | OrderEvent::LinesComped { .. }
            | OrderEvent::OrderMovedToTable { .. }
            | OrderEvent::ServerAssigned { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::OrderPlaced { .. }
            | OrderEvent::OrderRepriced { .. }
            | OrderEvent::CheckSplit { .. }
            | OrderEvent::CheckPaid { .. }
            | OrderEvent::LinesReceivedByMerge(_)
            | OrderEvent::OrderMergedInto { .. }
            | OrderEvent::TotalMismatchRecorded { .. }
            | OrderEvent::OrderCancelled { .. }
            | OrderEvent::OrderCompleted { .. } => None,
        },
        Event::Payment(..)
        | Event::Ticket(..)
        | Event::Drawer(..)
        | Event::Day(_)
        | Event::Terminal(..)
        | Event::Stock(_)
        | Event::Menu(_)
        | Event::Access(_)
        | Event::Store(_)
        | Event::StoreMenu(_) => None,
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
pub(crate) fn tenant(reader: &LogReader, tenant: TenantId) -> Result<Tenant, LoadError> {
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
    Ok(folded)
}

/// Reads what belongs to one store.
pub(crate) struct StoreLoader<'a> {
    pub reader: &'a LogReader,
    pub tenant: TenantId,
    pub store: StoreId,
}

impl StoreLoader<'_> {
    /// Folds entities, and what they are folded together with, from what their streams hold below `below`: a store with nothing
    /// else in it. What was never there is not in it.
    pub(crate) fn entities(
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
                if let Some(named) = companion(&event)
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

    /// A store as its row and the commits behind it make it.
    pub(crate) fn place(
        &self,
        note: &StoreNote,
        snapshot: Option<&Snapshot>,
        now: Timestamp,
    ) -> Result<Place, LoadError> {
        let mut place = match (note.position, snapshot) {
            (Some(position), Some(snapshot)) => {
                let StoreRow { position: held, parts } = snapshot.row(self.tenant, self.store)?;
                if held != position {
                    return Err(LoadError::Snapshot(SnapshotError::Mixed));
                }
                let (live, settings) = (parts.live.clone(), parts.settings.clone());
                let mut store = Store::from_parts(parts);
                let admitted = store.admit(self.entities(&settings, &live, Position(position))?);
                Some(Place::read(store, note, &admitted, now)?)
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
                    self.fold(&mut place, &fact, &event, now)?;
                }
            }
        }
        place.ok_or(LoadError::Snapshot(SnapshotError::Mixed))
    }

    /// Folds a fact of the log into a store; archived orders it is about are read first.
    pub(crate) fn fold(
        &self,
        place: &mut Option<Place>,
        fact: &Event,
        event: &StoredEvent<'_>,
        now: Timestamp,
    ) -> Result<(), LoadError> {
        match place {
            None => *place = Some(Place::open(fact, event.position, now)?),
            Some(place) => {
                self.admit_for(place, fact, event, now)?;
                place.apply(fact, event.position, now)?;
            }
        }
        Ok(())
    }

    /// Reads the archived orders that a fact of the log is about.
    pub(crate) fn admit_for(
        &self,
        place: &mut Place,
        fact: &Event,
        event: &StoredEvent<'_>,
        now: Timestamp,
    ) -> Result<(), LoadError> {
        // The first event of a stream finds nothing there.
        let itself = entity_of(fact).filter(|_| event.revision != Revision(0));
        let wanted: Vec<Entity> =
            [itself, companion(fact)].into_iter().flatten().filter(|entity| !place.store.holds(*entity)).collect();
        if !wanted.is_empty() {
            let folded = self.entities(place.store.settings(), &wanted, event.position)?;
            place.admit(folded, now);
        }
        Ok(())
    }
}
