//! The state the engine decides against, folded from the log and run ahead of it.

use crate::engine::Options;
use crate::envelope::Envelope;
use crate::fetch::Want;
use crate::fold::FoldError;
use crate::ids::{Ids, Known, LookedUp, TenantNumber};
use crate::load::{name_of, stream_of};
use crate::place::{ClosedOrders, Moved, Place};
use domain::calendar::{LocalDateTime, Timestamp};
use domain::command::{Command, Context, PaymentCommand, StoreCommand};
use domain::event::{Event, MenuEvent, OrderEvent, PaymentEvent, StoreEvent};
use domain::ids::{CommandId, Revision, StoreId, TenantId};
use domain::refused::Refused;
use domain::store::{Due, Entity, Ingested, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use domain::terminal::Queued;
use eventlog::{LogReader, Position};
use schemas::json::refusal_words;
use schemas::stored::StoreNote;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};

mod keep;
mod owed;
mod replay;

pub(crate) use owed::engine;
pub(crate) use replay::Decoded;

/// A store the engine knows.
#[derive(Debug)]
enum Slot {
    /// In memory.
    Here(Box<Place>),
    /// In the snapshot and the log; what memory keeps of it.
    Away(Box<StoreNote>),
}

/// A tenant with its stores.
#[derive(Debug)]
struct Holding {
    number: TenantNumber,
    /// `None` until it was read from the log, after a start from a snapshot.
    tenant: Option<Tenant>,
    /// The newest version of its menu; 0 before the first.
    menu_version: u32,
    stores: HashMap<StoreId, Slot, foldhash::fast::RandomState>,
}

impl Holding {
    fn here(&self, store: StoreId) -> Option<&Place> {
        match self.stores.get(&store)? {
            Slot::Here(place) => Some(place),
            Slot::Away(_) => None,
        }
    }

    fn here_mut(&mut self, store: StoreId) -> Option<&mut Place> {
        match self.stores.get_mut(&store)? {
            Slot::Here(place) => Some(place),
            Slot::Away(_) => None,
        }
    }
}

/// A deadline of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Timestamp,
    tenant: TenantId,
    store: StoreId,
    due: Due,
}

/// All state of one partition.
#[derive(Debug)]
pub(crate) struct World {
    holdings: HashMap<TenantId, Holding, foldhash::fast::RandomState>,
    ids: Ids,
    deadlines: BTreeSet<Deadline>,
    /// Commands the engine owes, oldest first.
    owed: VecDeque<Envelope>,
    /// The highest time stamped so far.
    pub(crate) last: Timestamp,
    /// The position after the last event.
    pub(crate) next: Position,
    closed_orders: ClosedOrders,
    /// Stores whose closed orders are about to leave memory.
    sweeps: VecDeque<(TenantId, StoreId)>,
    /// Stores to be read because of what the log holds behind their rows: nobody knows their deadlines before.
    cold: VecDeque<(TenantId, StoreId)>,
    /// Stores that are away and whose note in the snapshot is not the one in memory.
    unnoted: Vec<(TenantId, StoreId)>,
    /// How many stores are in memory.
    pub(crate) here: usize,
    /// How many orders are in memory.
    pub(crate) orders: usize,
}

impl World {
    /// Before the first event.
    pub(crate) fn new(options: &Options) -> World {
        let Options { ids_max, closed_orders_max, closed_orders_age, .. } = options;
        let age_max_us = i64::try_from(closed_orders_age.as_micros()).unwrap_or(i64::MAX);
        World {
            holdings: HashMap::default(),
            ids: Ids::new(*ids_max),
            deadlines: BTreeSet::new(),
            owed: VecDeque::new(),
            last: Timestamp::default(),
            next: Position(0),
            closed_orders: ClosedOrders { count_max: *closed_orders_max, age_max_us },
            sweeps: VecDeque::new(),
            cold: VecDeque::new(),
            unnoted: vec![],
            here: 0,
            orders: 0,
        }
    }

    /// Whether and where a command was accepted. `looked_up` is what the log said about it, if it was asked.
    pub(crate) fn known(&self, tenant: TenantId, command: CommandId, looked_up: Option<LookedUp>) -> Known {
        let number = self.holdings.get(&tenant).map(|holding| holding.number);
        // The last time that was stamped will do for now: an id that seems to be ahead of it only asks.
        match (self.ids.look(number, command, self.last), looked_up) {
            (Known::Ask { .. }, Some(looked_up)) if self.ids.is_fresh(looked_up) => {
                looked_up.first.map_or(Known::Never, Known::At)
            }
            (known, _) => known,
        }
    }

    /// Remembers an accepted command.
    pub(crate) fn note(&mut self, tenant: TenantId, command: CommandId, first: Position, recorded_at: Timestamp) {
        let number = self.holding(tenant).number;
        self.ids.note(number, command, first, recorded_at);
    }

    /// How many ids of accepted commands are in memory.
    pub(crate) fn ids(&self) -> usize {
        self.ids.len()
    }

    /// How many deadlines lie ahead.
    pub(crate) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    fn holding(&mut self, tenant: TenantId) -> &mut Holding {
        self.holding_or(tenant, || Some(Tenant::default()))
    }

    fn holding_or(&mut self, tenant: TenantId, new: impl FnOnce() -> Option<Tenant>) -> &mut Holding {
        let count = self.holdings.len();
        self.holdings.entry(tenant).or_insert_with(|| Holding {
            number: TenantNumber(u32::try_from(count).expect("tenants are fewer than 4 billion")),
            tenant: new(),
            menu_version: 0,
            stores: HashMap::default(),
        })
    }

    /// What has to be read before a decision: about the tenant, about a store, about what a command to it names. What was
    /// asked for and not found is named in `absent`.
    pub(crate) fn lack(
        &self,
        tenant_id: TenantId,
        store: Option<StoreId>,
        command: Option<&StoreCommand>,
        absent: &[Entity],
        reader: &LogReader,
    ) -> Option<Want> {
        let holding = self.holdings.get(&tenant_id)?;
        if holding.tenant.is_none() {
            return Some(Want::Tenant);
        }
        let store_id = store?;
        let place = match holding.stores.get(&store_id)? {
            Slot::Away(note) => return Some(Want::Store { note: note.clone(), now: self.last }),
            Slot::Here(place) if place.is_whole => return None,
            Slot::Here(place) => place,
        };
        let is_lacking = |entity: &Entity| {
            !place.store.holds(*entity)
                && !absent.contains(entity)
                && reader.may_have_stream(
                    &stream_of(tenant_id, store_id, *entity).to_string(),
                    name_of(*entity).map_or(i64::MIN, |name| self.ids.not_before(name)),
                )
        };
        let entities: Vec<Entity> = command?.entities().into_iter().flatten().filter(is_lacking).collect();
        let settings = || Box::new(place.store.settings().clone());
        (!entities.is_empty()).then(|| Want::Entities { settings: settings(), entities })
    }

    /// Takes in a tenant that was read.
    pub(crate) fn take_tenant(&mut self, tenant: TenantId, read: Tenant) {
        let holding = self.holding_or(tenant, || None);
        // Read twice at once, and used meanwhile: what was used is newer.
        holding.tenant.get_or_insert(read);
    }

    /// Takes in a store that was read.
    pub(crate) fn take_store(&mut self, tenant: TenantId, store: StoreId, place: Box<Place>) {
        let deadline = |(at, due): &(Timestamp, Due)| Deadline { at: *at, tenant, store, due: *due };
        let holding = self.holding_or(tenant, || None);
        let Some(slot @ Slot::Away(_)) = holding.stores.get_mut(&store) else { return };
        let (now_due, count) = (place.deadlines.clone(), place.store.orders_count());
        let Slot::Away(note) = std::mem::replace(slot, Slot::Here(place)) else { return };
        for before in &note.deadlines {
            self.deadlines.remove(&deadline(before));
        }
        self.deadlines.extend(now_due.iter().map(deadline));
        self.here += 1;
        self.orders += count;
    }

    /// Takes in archived orders of a store that were read.
    pub(crate) fn take_entities(&mut self, tenant: TenantId, store: StoreId, folded: Store) {
        let now = self.last;
        let place = self.holdings.get_mut(&tenant).and_then(|holding| holding.here_mut(store));
        let Some(place) = place else { return };
        let before = place.store.orders_count();
        place.admit(folded, now);
        self.orders += place.store.orders_count() - before;
    }

    /// Decides, and says whether it is for practice; nothing changes.
    pub(crate) fn decide(&self, envelope: &Envelope, context: &Context) -> Result<(Vec<Event>, bool), Refused> {
        let holding = self.holdings.get(&envelope.tenant);
        let none = Tenant::default();
        let tenant = holding.and_then(|holding| holding.tenant.as_ref()).unwrap_or(&none);
        match &envelope.command {
            Command::Menu(command) => Ok((tenant.decide_menu(command)?, false)),
            Command::Access(command) => Ok((tenant.decide_access(command)?, false)),
            Command::Store(id, command) => {
                let store = holding.and_then(|holding| holding.here(*id)).map(|place| &place.store);
                let events = Store::decide(store, tenant, command, context)?;
                Ok((events, store.is_some_and(|store| store.trains(command))))
            }
        }
    }

    /// Decides a command that a terminal kept while it was away, and says whether it is for practice; nothing changes.
    pub(crate) fn ingest(
        &self,
        envelope: &Envelope,
        context: &Context,
        queued: &Queued,
    ) -> Result<(Ingested, bool), Refused> {
        let Command::Store(store, command) = &envelope.command else { return Err(Refused::UnknownStore) };
        let holding = self.holdings.get(&envelope.tenant).ok_or(Refused::UnknownStore)?;
        let none = Tenant::default();
        let tenant = holding.tenant.as_ref().unwrap_or(&none);
        let store = holding.here(*store).map(|place| &place.store);
        let ingested = Store::ingest(store, tenant, command, context, queued, refusal_words)?;
        Ok((ingested, store.is_some_and(|store| store.trains(command))))
    }

    /// What an order would come to.
    pub(crate) fn price(
        &self,
        tenant: TenantId,
        store: StoreId,
        order: &domain::command::NewOrder,
        context: &Context,
    ) -> Result<domain::pricing::Totals, Refused> {
        let holding = self.holdings.get(&tenant).ok_or(Refused::UnknownStore)?;
        let place = holding.here(store).ok_or(Refused::UnknownStore)?;
        let tenant = holding.tenant.as_ref().ok_or(Refused::UnknownStore)?;
        place.store.price_order(tenant, order, context)
    }

    /// The wall clock of the command's store at `at`; UTC where there is none.
    pub(crate) fn local(&self, tenant: TenantId, store: Option<StoreId>, at: Timestamp) -> LocalDateTime {
        let place = store.and_then(|store| self.holdings.get(&tenant)?.here(store));
        let offset_s = match (place, jiff::Timestamp::from_microsecond(at.0)) {
            (Some(place), Ok(instant)) => place.zone.to_offset(instant).seconds(),
            (None, _) | (_, Err(_)) => 0,
        };
        at.at_offset(offset_s).unwrap_or_else(|| Timestamp(0).at_offset(0).expect("the epoch is a date"))
    }

    /// The revision of a stream, `None` before its first event.
    pub(crate) fn revision(&self, stream: &Stream) -> Option<Revision> {
        let holding = self.holdings.get(&stream.tenant())?;
        match stream.store() {
            Some(store) => holding.here(store)?.store.revision(stream),
            None => match stream {
                Stream::Access(_) => holding.tenant.as_ref()?.access_revision(),
                _ => holding.tenant.as_ref()?.menu_revision(),
            },
        }
    }

    /// Folds the fact at `position`, and keeps the deadlines and the owed commands in step.
    ///
    /// # Panics
    /// If the tenant or the store is not in memory.
    pub(crate) fn apply(
        &mut self,
        tenant: TenantId,
        store: Option<StoreId>,
        event: &Event,
        position: Position,
    ) -> Result<(), FoldError> {
        if let (Some(moved), Some(store)) = (self.fold(tenant, store, event, position)?, store) {
            self.move_deadline(tenant, store, moved);
        }
        Ok(())
    }

    /// Folds the fact at `position`; answers which deadline it moved.
    fn fold(
        &mut self,
        tenant: TenantId,
        store: Option<StoreId>,
        event: &Event,
        position: Position,
    ) -> Result<Option<Moved>, FoldError> {
        let (now, bounds) = (self.last, self.closed_orders);
        self.next = Position(position.0 + 1);
        let holding = self.holding(tenant);
        let read = "nothing is decided for a tenant that was not read";
        match (event, store) {
            (Event::Menu(event), _) => {
                holding.tenant.as_mut().expect(read).evolve_menu(event);
                if let MenuEvent::MenuPublished { version, .. } = event {
                    holding.menu_version = *version;
                }
            }
            (Event::Access(event), _) => holding.tenant.as_mut().expect(read).evolve_access(event),
            (Event::Store(StoreEvent::StoreOpened(_)), Some(id)) => {
                let place = Box::new(Place::open(event, position, now)?);
                let Entry::Vacant(vacant) = holding.stores.entry(id) else {
                    panic!("{event:?} for a store that is open")
                };
                vacant.insert(Slot::Here(place));
                self.here += 1;
            }
            (_, Some(id)) => {
                let place = holding.here_mut(id).expect("nothing is decided for a store that is not in memory");
                let moved = place.apply(event, position, now)?;
                if !place.is_swept && place.is_crowded(bounds, now) {
                    place.is_swept = true;
                    self.sweeps.push_back((tenant, id));
                }
                if let Event::Order(order, OrderEvent::OrderOpened(_)) = event {
                    self.orders += 1;
                    self.note_named(Entity::Order(*order));
                }
                if let Event::Payment(payment, PaymentEvent::PaymentInitiated { .. }) = event {
                    self.note_named(Entity::Payment(*payment));
                }
                return Ok(moved);
            }
            (_, None) => panic!("{event:?} without a store"),
        }
        Ok(None)
    }

    /// Remembers that something began just now.
    fn note_named(&mut self, entity: Entity) {
        if let Some(name) = name_of(entity) {
            self.ids.note_named(name, self.last);
        }
    }

    fn move_deadline(&mut self, tenant: TenantId, store: StoreId, Moved { due, from, to }: Moved) {
        let deadline = |at| Deadline { at, tenant, store, due };
        if let Some(at) = from {
            self.deadlines.remove(&deadline(at));
        }
        if let Some(at) = to {
            self.deadlines.insert(deadline(at));
        }
    }
}

/// The stream a command is about: whose revision `If-Match` compares and whose commit is the answer.
pub(crate) fn main_stream(tenant: TenantId, command: &Command) -> Stream {
    match command {
        Command::Menu(_) => Stream::Menu(tenant),
        Command::Access(_) => Stream::Access(tenant),
        Command::Store(store, command) => match command {
            StoreCommand::Put(_) => Stream::Store(tenant, *store),
            StoreCommand::AdoptMenu { .. } | StoreCommand::SetPrice { .. } | StoreCommand::SetAvailability { .. } => {
                Stream::StoreMenu(tenant, *store)
            }
            StoreCommand::Order(order, _) => Stream::Order(tenant, *store, *order),
            StoreCommand::Payment(payment, _) => Stream::Payment(tenant, *store, *payment),
            StoreCommand::Stock(_) => Stream::Stock(tenant, *store),
            StoreCommand::OpenDay { .. } | StoreCommand::CloseDay { .. } => Stream::Day(tenant, *store),
            StoreCommand::Drawer(drawer, _) => Stream::Drawer(tenant, *store, *drawer),
            StoreCommand::Ticket(ticket, _) => Stream::Ticket(tenant, *store, *ticket),
            StoreCommand::Terminal(terminal, _) => Stream::Terminal(tenant, *store, *terminal),
        },
    }
}

/// The order all events of a command belong to.
pub(crate) fn correlation(command: &Command) -> Option<domain::ids::OrderId> {
    match command {
        Command::Store(_, StoreCommand::Order(order, _)) => Some(*order),
        Command::Store(_, StoreCommand::Payment(_, PaymentCommand::Initiate { order, .. })) => Some(*order),
        Command::Store(..) | Command::Menu(_) | Command::Access(_) => None,
    }
}
