//! The state the engine decides against, folded from the log and run ahead of it.

use crate::envelope::{Envelope, derived_id};
use crate::ids::{Ids, Known, LookedUp, TenantNumber};
use domain::calendar::{LocalDateTime, Timestamp};
use domain::command::{Command, Context, OrderCommand, PaymentCommand, Source, StockCommand, StoreCommand};
use domain::event::{Event, OrderEvent, StockEvent, StoreEvent};
use domain::ids::{ActorId, CommandId, Revision, StoreId, TenantId, Text};
use domain::refused::Refused;
use domain::store::{Due, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use eventlog::planted::is_planted;
use eventlog::{GENESIS_STREAM, Position, StoredBatch};
use jiff::tz::TimeZone;
use schemas::stored;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Who acts when the engine does.
const ENGINE: &str = "engine";

/// The engine as an actor.
pub(crate) fn engine() -> ActorId {
    ActorId::parse(ENGINE).expect("it is an id")
}

/// A store with its time zone resolved.
struct Place {
    store: Store,
    zone: TimeZone,
}

/// A tenant with its stores.
struct Holding {
    number: TenantNumber,
    tenant: Tenant,
    stores: HashMap<StoreId, Place, foldhash::fast::RandomState>,
}

/// A deadline of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Timestamp,
    tenant: TenantId,
    store: StoreId,
    due: Due,
}

/// Why the log does not fold into a state.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event does not read.
    #[error(
        "the event at position {position} in {stream} does not read; it was written by a newer program or is damaged"
    )]
    Event {
        /// Where.
        position: Position,
        /// In which stream.
        stream: String,
        /// What is wrong.
        source: stored::DecodeError,
    },
    /// A stream is not one of ours.
    #[error("the stream {stream} at position {position} is not one this program writes")]
    Stream {
        /// Where.
        position: Position,
        /// Its name.
        stream: String,
    },
    /// A store's time zone is not known to this program's time zone database.
    #[error("the time zone {zone} of a store is not known; update the program")]
    Zone {
        /// Its name.
        zone: Text,
    },
}

/// All state of one partition.
pub(crate) struct World {
    holdings: HashMap<TenantId, Holding, foldhash::fast::RandomState>,
    ids: Ids,
    deadlines: BTreeSet<Deadline>,
    /// Commands the engine owes, oldest first.
    owed: VecDeque<Envelope>,
    /// The highest time stamped so far.
    pub(crate) last: Timestamp,
}

impl World {
    /// Before the first event. Memory keeps at most `ids_max` ids of accepted commands that are durable.
    pub(crate) fn new(ids_max: usize) -> World {
        World {
            holdings: HashMap::default(),
            ids: Ids::new(ids_max),
            deadlines: BTreeSet::new(),
            owed: VecDeque::new(),
            last: Timestamp::default(),
        }
    }

    /// Folds what the log holds.
    pub(crate) fn replay(&mut self, batch: &StoredBatch) -> Result<u64, FoldError> {
        let mut events = 0;
        for commit in batch.commits() {
            self.last = self.last.max(Timestamp(commit.recorded_at));
            if let Ok(tenant) = TenantId::parse(commit.tenant)
                && !is_planted("forget ids at restart")
            {
                self.note(tenant, CommandId(commit.command_id), commit.first, Timestamp(commit.recorded_at));
            }
            for event in commit.events() {
                if event.stream == GENESIS_STREAM {
                    continue;
                }
                let stream = Stream::parse(event.stream)
                    .map_err(|_| FoldError::Stream { position: event.position, stream: event.stream.to_owned() })?;
                let fact = stored::decode(&stream, event.body).map_err(|source| FoldError::Event {
                    position: event.position,
                    stream: event.stream.to_owned(),
                    source,
                })?;
                self.apply(stream.tenant(), stream.store(), &fact)?;
                events += 1;
            }
        }
        Ok(events)
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

    /// Lets go of what memory need not hold; everything below `durable` is durable.
    pub(crate) fn trim(&mut self, durable: Position) {
        self.ids.trim(durable);
    }

    /// How many ids of accepted commands are in memory.
    pub(crate) fn ids(&self) -> usize {
        self.ids.len()
    }

    fn holding(&mut self, tenant: TenantId) -> &mut Holding {
        let count = self.holdings.len();
        self.holdings.entry(tenant).or_insert_with(|| Holding {
            number: TenantNumber(u32::try_from(count).expect("tenants are fewer than 4 billion")),
            tenant: Tenant::default(),
            stores: HashMap::default(),
        })
    }

    /// How many deadlines lie ahead.
    pub(crate) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// Decides; nothing changes.
    pub(crate) fn decide(&self, envelope: &Envelope, context: &Context) -> Result<Vec<Event>, Refused> {
        let holding = self.holdings.get(&envelope.tenant);
        let none = Tenant::default();
        let tenant = holding.map_or(&none, |holding| &holding.tenant);
        match &envelope.command {
            Command::Menu(command) => tenant.decide_menu(command),
            Command::Access(command) => tenant.decide_access(command),
            Command::Store(store, command) => {
                let place = holding.and_then(|holding| holding.stores.get(store));
                Store::decide(place.map(|place| &place.store), tenant, command, context)
            }
        }
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
        let place = holding.stores.get(&store).ok_or(Refused::UnknownStore)?;
        place.store.price_order(&holding.tenant, order, context)
    }

    /// The wall clock of the command's store at `at`; UTC where there is none.
    pub(crate) fn local(&self, tenant: TenantId, store: Option<StoreId>, at: Timestamp) -> LocalDateTime {
        let place = store.and_then(|store| self.holdings.get(&tenant)?.stores.get(&store));
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
            Some(store) => holding.stores.get(&store)?.store.revision(stream),
            None => match stream {
                Stream::Access(_) => holding.tenant.access_revision(),
                _ => holding.tenant.menu_revision(),
            },
        }
    }

    /// Folds one fact, and keeps the deadlines and the owed commands in step.
    pub(crate) fn apply(&mut self, tenant: TenantId, store: Option<StoreId>, event: &Event) -> Result<(), FoldError> {
        let holding = self.holding(tenant);
        match (event, store) {
            (Event::Menu(event), _) => holding.tenant.evolve_menu(event),
            (Event::Access(event), _) => holding.tenant.evolve_access(event),
            (Event::Store(StoreEvent::StoreOpened(settings)), Some(id)) => {
                let zone = zone(&settings.time_zone)?;
                holding.stores.insert(id, Place { store: Store::open(event), zone });
            }
            (_, Some(id)) => {
                let place = holding.stores.get_mut(&id).expect("a store's first fact opens it");
                if let Event::Store(StoreEvent::StoreSettingsChanged(settings)) = event {
                    place.zone = zone(&settings.time_zone)?;
                }
                let due = due_of(event);
                let before = due.and_then(|due| place.store.due_at(due));
                place.store.evolve(event);
                let after = due.and_then(|due| place.store.due_at(due));
                if let Some(due) = due
                    && before != after
                {
                    let deadline = |at| Deadline { at, tenant, store: id, due };
                    if let Some(at) = before {
                        self.deadlines.remove(&deadline(at));
                    }
                    if let Some(at) = after {
                        self.deadlines.insert(deadline(at));
                    }
                }
            }
            (_, None) => panic!("{event:?} without a store"),
        }
        Ok(())
    }

    /// When the engine has to wake up.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|deadline| deadline.at)
    }

    /// Takes the next command the engine owes: one that a publication calls for, or a deadline that has passed.
    pub(crate) fn next_owed(&mut self, now: Timestamp) -> Option<Envelope> {
        if let Some(envelope) = self.owed.pop_front() {
            return Some(envelope);
        }
        let deadline = *self.deadlines.first().filter(|deadline| deadline.at <= now)?;
        // Taken off here so that one which is refused, for whatever reason, does not come again and again.
        self.deadlines.remove(&deadline);
        Some(timed(deadline))
    }

    /// Puts back a command the log had no space for.
    pub(crate) fn owe_again(&mut self, envelope: Envelope) {
        self.owed.push_front(envelope);
    }

    /// Whether the engine owes a command whatever the time.
    pub(crate) fn is_owing(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Owes every store that sells from an older version the adoption of the newest.
    pub(crate) fn owe_adoptions(&mut self, tenant: TenantId) {
        let Some(holding) = self.holdings.get(&tenant) else { return };
        let version = holding.tenant.menu_version();
        let mut stores: Vec<StoreId> = holding
            .stores
            .iter()
            .filter(|(_, place)| place.store.menu_version() < version)
            .map(|(store, _)| *store)
            .collect();
        stores.sort_unstable();
        self.owed.extend(stores.into_iter().map(|store| {
            let parts = ["adopt", tenant.as_str(), store.as_str(), &version.to_string()];
            owed(tenant, derived_id(&parts), Command::Store(store, StoreCommand::AdoptMenu { version }))
        }));
    }

    /// After a restart: whatever a publication still calls for.
    pub(crate) fn owe_all_adoptions(&mut self) {
        if is_planted("forget deadlines at restart") {
            self.deadlines.clear();
        }
        let mut tenants: Vec<TenantId> = self.holdings.keys().copied().collect();
        tenants.sort_unstable();
        for tenant in tenants {
            self.owe_adoptions(tenant);
        }
    }
}

/// The entity whose deadline an event may move. Looking a deadline up costs more than most events, so those that never
/// move one are named here.
fn due_of(event: &Event) -> Option<Due> {
    match event {
        Event::Order(order, event) => match event {
            OrderEvent::OrderPlaced { .. }
            | OrderEvent::PaymentApplied { .. }
            | OrderEvent::OrderCancelled { .. }
            | OrderEvent::OrderCompleted { .. } => Some(Due::Order(*order)),
            OrderEvent::OrderOpened(_)
            | OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::OrderRepriced { .. }
            | OrderEvent::PaymentNotApplicable { .. }
            | OrderEvent::RefundRecorded { .. } => None,
        },
        Event::Payment(payment, _) => Some(Due::Payment(*payment)),
        Event::Stock(StockEvent::ItemMarked86 { sku, .. } | StockEvent::ItemUnmarked86 { sku }) => {
            Some(Due::Mark86(*sku))
        }
        Event::Drawer(..)
        | Event::Day(_)
        | Event::Stock(_)
        | Event::Menu(_)
        | Event::Access(_)
        | Event::Store(_)
        | Event::StoreMenu(_) => None,
    }
}

fn timed(deadline: Deadline) -> Envelope {
    let Deadline { at, tenant, store, due } = deadline;
    let (kind, id, command) = match &due {
        Due::Order(order) => {
            let command = StoreCommand::Order(*order, OrderCommand::TimeOut { deadline: at });
            ("order", order.as_str(), command)
        }
        Due::Payment(payment) => {
            let command = StoreCommand::Payment(*payment, PaymentCommand::Expire { deadline: at });
            ("payment", payment.as_str(), command)
        }
        Due::Mark86(sku) => {
            let command = StoreCommand::Stock(StockCommand::EndMark86 { sku: *sku, until: at });
            ("mark86", sku.as_str(), command)
        }
    };
    let parts = ["due", tenant.as_str(), store.as_str(), kind, id, &at.0.to_string()];
    owed(tenant, derived_id(&parts), Command::Store(store, command))
}

fn owed(tenant: TenantId, command_id: CommandId, command: Command) -> Envelope {
    Envelope {
        command_id,
        tenant,
        command,
        actor: engine(),
        approver: None,
        terminal: None,
        occurred_at: None,
        source: Source::Engine,
        expected_revision: None,
    }
}

fn zone(name: &Text) -> Result<TimeZone, FoldError> {
    TimeZone::get(name.as_str()).map_err(|_| FoldError::Zone { zone: name.clone() })
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
            StoreCommand::CloseDay { .. } => Stream::Day(tenant, *store),
            StoreCommand::Drawer(drawer, _) => Stream::Drawer(tenant, *store, *drawer),
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
