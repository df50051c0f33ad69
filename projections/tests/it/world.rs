//! A tenant with a store whose commands are decided by the domain and appended to a log.

use domain::calendar::{CutOff, Date, LocalDateTime, Timestamp, business_date};
use domain::check::{CheckId, CheckMove, MoveOf};
use domain::command::{
    AccessCommand, Charges, Command, Context, Fire, MenuCommand, Method, NewChargePhase, NewComp, NewDiscount, NewLine,
    NewOrder, NewRefund, NewServiceCharge, OrderCommand, Outcome, PaymentCommand, Place, RefundLine, RefundOf,
    RefundOutcome, Review, Source, StockCommand, StoreCommand, TerminalCommand, TicketCommand,
};
use domain::event::{CancelReason, Channel, Decision, DiningMode, DiscountScope, Event, PayMode, Rate, StockPolicy};
use domain::ids::{
    ActorId, ChargeId, DiscountId, ItemId, LineId, OrderId, PaymentId, RefundId, Sku, StationId, StoreId, TableId,
    TaxId, TenantId, TenderId, TerminalId, Text, TicketId, VariationId,
};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::PriceRules;
use domain::refused::Refused;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use domain::terminal::Offline;
use eventlog::{Batch, CommitHeader, LogReader, LogWriter, Position, Revision};
use projections::{Options, Projection, Projections};
use proptest::prelude::*;
use schemas::stored::{self, CommitMeta};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

pub fn id<T>(parse: impl Fn(&str) -> Result<T, domain::ids::BadId>, text: &str) -> T {
    parse(text).unwrap()
}

pub fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub fn tenant() -> TenantId {
    id(TenantId::parse, "demo")
}

pub fn store() -> StoreId {
    id(StoreId::parse, "s1")
}

pub fn order_id(number: u32) -> OrderId {
    id(OrderId::parse, &format!("o{number}"))
}

pub fn payment_id(number: u32) -> PaymentId {
    id(PaymentId::parse, &format!("p{number}"))
}

/// The last is the one the engine asks for by itself.
fn refund_id(number: u8) -> RefundId {
    id(RefundId::parse, ["r0", "r1", "r2", "unapplied"][usize::from(number)])
}

pub fn sku(name: &str) -> Sku {
    id(Sku::parse, name)
}

/// How many cases a property is tried on.
pub fn cases() -> ProptestConfig {
    let cases = std::env::var("COMANDA_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// One event as it was appended, to be appended elsewhere in another order.
#[derive(Clone)]
pub struct Appended {
    pub tenant: String,
    pub stream: String,
    pub revision: u64,
    pub recorded_at: i64,
    pub meta: Vec<u8>,
    pub body: Vec<u8>,
    pub event: Option<Event>,
}

/// Everything the engine is to the log, without the engine.
pub struct World {
    pub writer: LogWriter,
    pub reader: LogReader,
    pub tenant: TenantId,
    pub state: Tenant,
    pub stores: BTreeMap<StoreId, Store>,
    /// The store that commands to the first one go to.
    pub here: StoreId,
    pub now: i64,
    pub local: LocalDateTime,
    pub source: Source,
    /// The terminal that commits name, in the log alone: decisions are made without one.
    pub terminal: Option<TerminalId>,
    pub appended: Vec<Appended>,
    revisions: HashMap<String, u64>,
    commands: u128,
}

impl World {
    pub fn on((writer, reader): (LogWriter, LogReader)) -> World {
        World {
            writer,
            reader,
            tenant: tenant(),
            state: Tenant::default(),
            stores: BTreeMap::new(),
            here: store(),
            now: 1_700_000_000_000_000,
            local: wall(2026, 11, 22, 12),
            source: Source::Online,
            terminal: None,
            appended: vec![],
            revisions: HashMap::new(),
            commands: 0,
        }
    }

    /// A store with a menu of four items, two of them stocked.
    pub fn furnished() -> World {
        let mut world = World::on(eventlog::open_memory());
        world.furnish();
        world
    }

    pub fn furnish(&mut self) {
        self.must(menu(MenuCommand::UpsertTax(tax("vat", 70_000, true))));
        self.must(menu(MenuCommand::UpsertTax(tax("city", 30_000, false))));
        let pizza = item("pizza", "Pizza", Some("Mains"), 1_150, &["vat"], Some("dough"));
        self.must(menu(MenuCommand::UpsertItem(made_at("oven", pizza))));
        let salad = item("salad", "Salad", Some("Sides"), 635, &["vat", "city"], None);
        self.must(menu(MenuCommand::UpsertItem(made_at("pantry", salad))));
        self.must(menu(MenuCommand::UpsertItem(item("water", "Water", None, 199, &[], Some("water")))));
        self.must(menu(MenuCommand::UpsertItem(sized("beer", "Beer", &[("small", 350), ("large", 520)]))));
        self.must(menu(MenuCommand::Publish));
        self.open_store(store());
    }

    /// Another store that sells from the menu; commands go to it from now on.
    pub fn open_store(&mut self, here: StoreId) {
        self.here = here;
        self.must(to_store(StoreCommand::Put(settings("Downtown"))));
        for name in ["dough", "water"] {
            let policy = StockPolicy::Counted { auto86: name == "dough" };
            self.must(stock(StockCommand::SetPolicy { sku: sku(name), policy }));
            let received = StockCommand::Receive { sku: sku(name), qty: QtyMilli::pieces(1_000), reference: None };
            self.must(stock(received));
        }
    }

    pub fn must(&mut self, command: Command) -> Vec<Event> {
        match self.run(command.clone()) {
            Ok(events) => events,
            Err(refused) => panic!("{command:?} was refused: {refused:?}"),
        }
    }

    pub fn run(&mut self, command: Command) -> Result<Vec<Event>, Refused> {
        let command = match command {
            Command::Store(id, command) if id == store() => Command::Store(self.here, command),
            command => command,
        };
        let context = Context {
            now: Timestamp(self.now),
            local: self.local,
            source: self.source,
            terminal: None,
            actor: ActorId::parse("ana").expect("an id"),
            approver: None,
            offline: Offline::default(),
        };
        let (store, events) = match &command {
            Command::Menu(command) => (None, self.state.decide_menu(command)?),
            Command::Access(command) => (None, self.state.decide_access(command, context.now)?),
            Command::Store(id, command) => {
                (Some(*id), Store::decide(self.stores.get(id), &self.state, command, &context)?)
            }
        };
        let trains = match &command {
            Command::Store(id, command) => self.stores.get(id).is_some_and(|store| store.is_training_command(command)),
            Command::Menu(_) | Command::Access(_) => false,
        };
        for event in &events {
            self.evolve(store, event);
        }
        self.append(store, &events, trains);
        Ok(events)
    }

    fn evolve(&mut self, store: Option<StoreId>, event: &Event) {
        match (event, store) {
            (Event::Menu(event), _) => self.state.evolve_menu(event),
            (Event::Access(event), _) => self.state.evolve_access(event),
            (Event::Security(event), _) => self.state.evolve_security(event),
            (event, Some(id)) => match self.stores.get_mut(&id) {
                Some(store) => store.evolve(event),
                None => {
                    self.stores.insert(id, Store::open(event));
                }
            },
            (event, None) => panic!("{event:?} without a store"),
        }
    }

    /// Facts that no command of this world leads to, as a commit of the store.
    pub fn record(&mut self, events: &[Event]) -> Position {
        self.append(Some(self.here), events, false);
        self.last()
    }

    /// One commit in one batch.
    fn append(&mut self, store: Option<StoreId>, events: &[Event], training: bool) {
        self.now += 1_000_000;
        self.commands += 1;
        let Some(first) = events.first() else { return };
        let meta = CommitMeta {
            actor: id(ActorId::parse, "ana"),
            approver: None,
            terminal: self.terminal,
            terminal_seq: None,
            source: self.source,
            occurred_at: None,
            main: Stream::of(self.tenant, store, first),
            correlation: None,
            training,
            time_in_doubt: false,
            sent_by: None,
        };
        let mut meta_bytes = vec![];
        meta.encode(&mut meta_bytes);
        let mut commit = vec![];
        for event in events {
            let stream = Stream::of(self.tenant, store, event).to_string();
            let next = self.revisions.entry(stream.clone()).or_default();
            let mut body = vec![];
            stored::encode(event, &mut body);
            commit.push(Appended {
                tenant: self.tenant.to_string(),
                stream,
                revision: *next,
                recorded_at: self.now,
                meta: meta_bytes.clone(),
                body,
                event: Some(event.clone()),
            });
            *next += 1;
        }
        append(&mut self.writer, self.commands, &commit);
        self.appended.extend(commit);
    }

    /// The position of the newest event.
    pub fn last(&self) -> Position {
        Position(self.reader.durable().0 - 1)
    }
}

/// Appends events as one commit in one batch.
pub fn append(writer: &mut LogWriter, command_id: u128, events: &[Appended]) {
    let mut batch = Batch::new(writer.next_position());
    let first = &events[0];
    let header = CommitHeader {
        tenant: &first.tenant,
        command_id,
        payload_hash: 0,
        recorded_at: first.recorded_at,
        meta: &first.meta,
    };
    let mut commit = batch.commit(&header);
    for event in events {
        commit.event(&event.stream, Revision(event.revision), |bytes| bytes.extend_from_slice(&event.body));
    }
    commit.finish();
    writer.append(&mut batch).unwrap();
}

pub fn wall(year: i32, month: u32, day: u32, hour: u32) -> LocalDateTime {
    LocalDateTime::new(Date::from_ymd(year, month, day).unwrap(), hour, 30, 0).unwrap()
}

pub fn settings(name: &str) -> Settings {
    Settings {
        name: text(name),
        currency: Currency::new("EUR", 2).unwrap(),
        time_zone: text("Europe/Berlin"),
        cut_off: CutOff::parse("04:00").unwrap(),
        rules: PriceRules::default(),
        payment_timeout_s: 900,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    }
}

pub fn tax(name: &str, ppm: u32, inclusive: bool) -> Tax {
    Tax { id: id(TaxId::parse, name), name: text(name), rate: Ppm(ppm), inclusive, compound: false }
}

pub fn item(
    name: &str,
    label: &str,
    category: Option<&str>,
    price: i64,
    taxes: &[&str],
    sku_name: Option<&str>,
) -> Item {
    Item {
        id: id(ItemId::parse, name),
        name: text(label),
        category: category.map(text),
        price: ItemPrice::Fixed(Money(price)),
        variations: vec![],
        groups: vec![],
        taxes: taxes.iter().map(|tax| id(TaxId::parse, tax)).collect(),
        sku: sku_name.map(sku),
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

fn made_at(station: &str, item: Item) -> Item {
    Item { station: Some(id(StationId::parse, station)), ..item }
}

fn sized(name: &str, label: &str, sizes: &[(&str, i64)]) -> Item {
    let variations = sizes.iter().map(|(size, price)| Variation {
        id: id(VariationId::parse, size),
        name: text(size),
        price: Money(*price),
        sku: None,
    });
    Item { variations: variations.collect(), ..item(name, label, Some("Drinks"), 0, &["vat"], None) }
}

pub fn menu(command: MenuCommand) -> Command {
    Command::Menu(command)
}

pub fn access(command: AccessCommand) -> Command {
    Command::Access(command)
}

pub fn to_store(command: StoreCommand) -> Command {
    Command::Store(store(), command)
}

pub fn stock(command: StockCommand) -> Command {
    to_store(StoreCommand::Stock(command))
}

pub fn order(number: u32, command: OrderCommand) -> Command {
    to_store(StoreCommand::Order(order_id(number), command))
}

pub fn line(number: u32, item_name: &str, milli: i64) -> NewLine {
    let (line, item) = (id(LineId::parse, &format!("l{number}")), id(ItemId::parse, item_name));
    let variation =
        (item_name == "beer").then(|| id(VariationId::parse, if number.is_multiple_of(2) { "small" } else { "large" }));
    NewLine { variation, ..NewLine::plain(line, item, QtyMilli(milli)) }
}

pub fn new_order(lines: Vec<NewLine>, place: bool) -> NewOrder {
    NewOrder {
        channel: Channel::Pos,
        dining_mode: DiningMode::DineIn,
        pay_mode: PayMode::Later,
        table: None,
        guests: 2,
        customer_ref: None,
        promised_at: None,
        tax_exempt: None,
        currency: None,
        display_number: None,
        lines,
        discounts: vec![],
        service_charges: vec![],
        place: place.then_some(Place { expected_total: None }),
        pay: None,
        training: false,
    }
}

pub fn open(number: u32, new: NewOrder) -> Command {
    order(number, OrderCommand::Open(new))
}

pub fn cancel(number: u32) -> Command {
    order(number, OrderCommand::Cancel { reason: CancelReason::Requested(text("changed their mind")) })
}

pub fn pay(number: u32, order_number: u32, amount: Option<i64>, tip: i64, method: Method) -> Command {
    let initiate = PaymentCommand::Initiate {
        check: None,
        order: order_id(order_number),
        amount: amount.map(Money),
        tip: Money(tip),
        method,
        expected_total: None,
    };
    to_store(StoreCommand::Payment(payment_id(number), initiate))
}

pub fn cash() -> Method {
    Method::Cash { tendered: None, drawer: None }
}

pub fn card() -> Method {
    Method::External(id(TenderId::parse, "card"))
}

pub fn outcome(number: u32, outcome: Outcome) -> Command {
    to_store(StoreCommand::Payment(payment_id(number), PaymentCommand::RecordOutcome(outcome)))
}

/// Read models that make everything durable at once, or, with a long interval, only when they are shut down.
pub fn options(sync_interval: Duration) -> Options {
    Options { sync_interval, ..Options::default() }
}

pub const NEVER: Duration = Duration::from_secs(3_600);

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Opens the read models and waits until they have folded the whole log.
pub fn projected(dir: &Path, reader: &LogReader, sync_interval: Duration) -> Projections {
    let projections = Projections::open(dir, reader.clone(), &options(sync_interval)).unwrap();
    caught_up(&projections, reader);
    projections
}

pub fn caught_up(projections: &Projections, reader: &LogReader) {
    let last = Position(reader.durable().0 - 1);
    for projection in Projection::ALL {
        if let Err(stale) = block_on(projections.wait_for(projection, last, Duration::from_secs(30))) {
            panic!("{projection:?}: {stale}: {:?}", projections.status());
        }
    }
}

pub fn dumps(projections: &Projections) -> Vec<Vec<String>> {
    Projection::ALL.into_iter().map(|projection| projections.dump(projection).unwrap()).collect()
}

/// A step of a busy day; what the domain refuses does not happen.
#[derive(Clone, Debug)]
pub enum Step {
    Open { order: u32, items: Vec<(u8, i64)>, place: bool, channel: u8, table: Option<u8>, first: bool },
    AddLine { order: u32, line: u32, item: u8, milli: i64 },
    ChangeQty { order: u32, line: u32, milli: i64 },
    RemoveLine { order: u32, line: u32 },
    Discount { order: u32, discount: u8, percent: bool, amount: u32 },
    RemoveDiscount { order: u32, discount: u8 },
    Charge { order: u32, charge: u8, ppm: u32, taxed: bool },
    Place { order: u32 },
    Cancel { order: u32 },
    PayCash { payment: u32, order: u32, part: Option<u16>, tip: u8 },
    PayCard { payment: u32, order: u32, part: Option<u16>, tip: u8 },
    Captured { payment: u32, other_amount: bool },
    Failed { payment: u32 },
    Refund { payment: u32, refund: u8, amount: u16, line: Option<u32>, tip: u8, restock: bool },
    Refunded { payment: u32, refund: u8, succeeded: bool },
    Receive { sku: bool, pieces: u8 },
    Mark { sku: bool },
    Unmark { sku: bool },
    Hour { hour: u8, day: u8 },
    OpenDay { back: i32 },
    CloseDay { back: i32 },
    Kitchen { on: bool },
    Hold { order: u32, line: u32 },
    Fire { order: u32, line: Option<u32> },
    Serve { order: u32 },
    Void { order: u32, line: u32, milli: i64, wasted: bool },
    Ticket { ticket: u64, what: u8 },
    Comp { order: u32, discount: u8, line: u32 },
    Table { order: u32, table: u8 },
    Split { order: u32, to: u64, line: u32, parts: u32, of: u32 },
    Evenly { order: u32, checks: u64 },
    Merge { order: u32, into: u32 },
    Review { payment: u32, decision: Decision },
    Resolve { position: u64 },
}

const ITEMS: [&str; 4] = ["pizza", "salad", "water", "beer"];

pub fn steps(len: usize) -> impl Strategy<Value = Vec<Step>> {
    let order = || 0u32..12;
    let payment = || 0u32..24;
    let line = || 0u32..4;
    let milli = || prop_oneof![3 => (1i64..4).prop_map(|pieces| pieces * 1_000), 1 => 1i64..3_000];
    let step = prop_oneof![
        6 => (order(), prop::collection::vec((0u8..4, milli()), 1..4), any::<bool>(), 0u8..5, prop::option::of(0u8..3), any::<bool>())
            .prop_map(|(order, items, place, channel, table, first)| Step::Open { order, items, place, channel, table, first }),
        2 => (order(), line(), 0u8..4, milli()).prop_map(|(order, line, item, milli)| Step::AddLine { order, line, item, milli }),
        2 => (order(), line(), milli()).prop_map(|(order, line, milli)| Step::ChangeQty { order, line, milli }),
        1 => (order(), line()).prop_map(|(order, line)| Step::RemoveLine { order, line }),
        2 => (order(), 0u8..3, any::<bool>(), 1u32..900)
            .prop_map(|(order, discount, percent, amount)| Step::Discount { order, discount, percent, amount }),
        1 => (order(), 0u8..3).prop_map(|(order, discount)| Step::RemoveDiscount { order, discount }),
        2 => (order(), 0u8..2, 1u32..200_000, any::<bool>())
            .prop_map(|(order, charge, ppm, taxed)| Step::Charge { order, charge, ppm, taxed }),
        3 => order().prop_map(|order| Step::Place { order }),
        1 => order().prop_map(|order| Step::Cancel { order }),
        3 => (payment(), order(), prop::option::of(1u16..900), any::<u8>())
            .prop_map(|(payment, order, part, tip)| Step::PayCash { payment, order, part, tip }),
        3 => (payment(), order(), prop::option::of(1u16..900), any::<u8>())
            .prop_map(|(payment, order, part, tip)| Step::PayCard { payment, order, part, tip }),
        4 => (payment(), prop::bool::weighted(0.2)).prop_map(|(payment, other_amount)| Step::Captured { payment, other_amount }),
        1 => payment().prop_map(|payment| Step::Failed { payment }),
        3 => (payment(), 0u8..3, 0u16..900, prop::option::of(line()), prop_oneof![2 => Just(0), 1 => 0u8..50], any::<bool>())
            .prop_map(|(payment, refund, amount, line, tip, restock)| Step::Refund { payment, refund, amount, line, tip, restock }),
        3 => (payment(), 0u8..4, prop::bool::weighted(0.7))
            .prop_map(|(payment, refund, succeeded)| Step::Refunded { payment, refund, succeeded }),
        1 => (any::<bool>(), 1u8..50).prop_map(|(sku, pieces)| Step::Receive { sku, pieces }),
        1 => any::<bool>().prop_map(|sku| Step::Mark { sku }),
        1 => any::<bool>().prop_map(|sku| Step::Unmark { sku }),
        2 => (0u8..24, 20u8..24).prop_map(|(hour, day)| Step::Hour { hour, day }),
        1 => (0i32..2).prop_map(|back| Step::OpenDay { back }),
        1 => (0i32..2).prop_map(|back| Step::CloseDay { back }),
        1 => prop::bool::weighted(0.7).prop_map(|on| Step::Kitchen { on }),
        1 => (order(), line()).prop_map(|(order, line)| Step::Hold { order, line }),
        4 => (order(), prop::option::weighted(0.3, line())).prop_map(|(order, line)| Step::Fire { order, line }),
        2 => order().prop_map(|order| Step::Serve { order }),
        2 => (order(), line(), milli(), any::<bool>())
            .prop_map(|(order, line, milli, wasted)| Step::Void { order, line, milli, wasted }),
        5 => (1u64..12, 0u8..6).prop_map(|(ticket, what)| Step::Ticket { ticket, what }),
        1 => (order(), 0u8..3, line()).prop_map(|(order, discount, line)| Step::Comp { order, discount, line }),
        1 => (order(), 0u8..3).prop_map(|(order, table)| Step::Table { order, table }),
        2 => (order(), 1u64..4, line(), 1u32..4, 1u32..4)
            .prop_map(|(order, to, line, parts, of)| Step::Split { order, to, line, parts: parts.min(of), of }),
        1 => (order(), 1u64..4).prop_map(|(order, checks)| Step::Evenly { order, checks }),
        3 => (order(), order()).prop_map(|(order, into)| Step::Merge { order, into }),
        2 => (payment(), prop_oneof![Just(Decision::Accept), Just(Decision::Refund), Just(Decision::Dismiss)])
            .prop_map(|(payment, decision)| Step::Review { payment, decision }),
        1 => (0u64..90).prop_map(|position| Step::Resolve { position }),
    ];
    prop::collection::vec(step, 1..len)
}

impl World {
    /// The business date so many days back.
    pub fn date(&self, back: i32) -> Date {
        let today = business_date(self.local, self.stores[&self.here].settings().cut_off);
        Date::from_days(today.days() - back).expect("a date")
    }

    /// Does the step if the domain allows it.
    pub fn step(&mut self, step: &Step) {
        if let Some(command) = self.command_of(step) {
            // What is refused did not happen.
            let _ = self.run(command);
        }
    }

    /// Does the step as one of practice, if it is about an order and the domain allows it; answers what happened. It takes
    /// no time, so that what else happens has the same times without it.
    pub fn practise(&mut self, step: &Step) -> Vec<Event> {
        let command = match step {
            Step::Hour { .. } => None,
            step => self.command_of(step).and_then(for_practice),
        };
        let now = self.now;
        let events = command.and_then(|command| self.run(command).ok()).unwrap_or_default();
        self.now = now;
        events
    }

    /// The command that a step is; `None` for one of time, which passes.
    fn command_of(&mut self, step: &Step) -> Option<Command> {
        let sku_of = |dough: bool| sku(if dough { "dough" } else { "water" });
        let command = match step {
            Step::Open { order, items, place, channel, table, first } => {
                let lines =
                    items.iter().zip(0..).map(|((item, milli), at)| line(at, ITEMS[usize::from(*item)], *milli));
                let channels = [Channel::Pos, Channel::Kiosk, Channel::Online, Channel::Delivery, Channel::Phone];
                let new = NewOrder {
                    channel: channels[usize::from(*channel)],
                    table: table.map(|table| id(TableId::parse, &format!("t{table}"))),
                    pay_mode: if *first { PayMode::First } else { PayMode::Later },
                    ..new_order(lines.collect(), *place)
                };
                open(*order, new)
            }
            Step::AddLine { order: number, line: at, item, milli } => {
                order(*number, OrderCommand::AddLines(vec![line(*at, ITEMS[usize::from(*item)], *milli)]))
            }
            Step::ChangeQty { order: number, line, milli } => {
                let line = id(LineId::parse, &format!("l{line}"));
                order(*number, OrderCommand::ChangeLineQty { line, qty: QtyMilli(*milli) })
            }
            Step::RemoveLine { order: number, line } => {
                order(*number, OrderCommand::RemoveLine(id(LineId::parse, &format!("l{line}"))))
            }
            Step::Discount { order: number, discount, percent, amount } => {
                order(*number, OrderCommand::ApplyDiscount(new_discount(*discount, *percent, *amount)))
            }
            Step::RemoveDiscount { order: number, discount } => {
                order(*number, OrderCommand::RemoveDiscount(id(DiscountId::parse, &format!("d{discount}"))))
            }
            Step::Charge { order: number, charge, ppm, taxed } => {
                order(*number, OrderCommand::ApplyServiceCharge(new_charge(*charge, *ppm, *taxed)))
            }
            Step::Place { order: number } => order(*number, OrderCommand::Place(Place { expected_total: None })),
            Step::Cancel { order } => cancel(*order),
            Step::PayCash { payment, order, part, tip } => {
                pay(*payment, *order, part.map(i64::from), i64::from(*tip), cash())
            }
            Step::PayCard { payment, order, part, tip } => {
                pay(*payment, *order, part.map(i64::from), i64::from(*tip), card())
            }
            Step::Captured { payment, other_amount } => {
                outcome(*payment, Outcome::Captured { amount: other_amount.then_some(Money(1)), reference: None })
            }
            Step::Failed { payment } => outcome(*payment, Outcome::Failed { code: text("declined") }),
            Step::Refund { payment, refund, amount, line, tip, restock } => {
                let tip = Money(i64::from(*tip));
                let what = match line {
                    Some(line) => {
                        let line = id(LineId::parse, &format!("l{line}"));
                        RefundOf::Lines {
                            lines: vec![RefundLine { line, qty: QtyMilli::ONE }],
                            tip,
                            charges: Charges::Follow,
                        }
                    }
                    None => RefundOf::Amount { amount: Money(i64::from(*amount)), tip },
                };
                let (refund, reason) = (refund_id(*refund), text("cold"));
                let new = NewRefund { refund, what, restock: *restock && line.is_some(), drawer: None, reason };
                to_store(StoreCommand::Payment(payment_id(*payment), PaymentCommand::RequestRefund(new)))
            }
            Step::Refunded { payment, refund, succeeded } => {
                let outcome = match succeeded {
                    true => RefundOutcome::Succeeded { drawer: None },
                    false => RefundOutcome::Failed { code: text("closed") },
                };
                let command = PaymentCommand::RecordRefundOutcome { refund: refund_id(*refund), outcome };
                to_store(StoreCommand::Payment(payment_id(*payment), command))
            }
            Step::Receive { sku, pieces } => {
                let qty = QtyMilli::pieces(u32::from(*pieces));
                stock(StockCommand::Receive { sku: sku_of(*sku), qty, reference: None })
            }
            Step::Mark { sku } => stock(StockCommand::Mark86 { sku: sku_of(*sku), until: None }),
            Step::Unmark { sku } => stock(StockCommand::Unmark86(sku_of(*sku))),
            Step::Hour { hour, day } => {
                self.local = wall(2026, 11, u32::from(*day), u32::from(*hour));
                return None;
            }
            Step::OpenDay { back } => to_store(StoreCommand::OpenDay { date: self.date(*back) }),
            Step::CloseDay { back } => to_store(StoreCommand::CloseDay { date: self.date(*back), chain: None }),
            Step::Kitchen { on } => {
                let kitchen = if *on { Kitchen::On } else { Kitchen::Off };
                to_store(StoreCommand::Put(Settings { kitchen, ..settings("Mitte") }))
            }
            Step::Hold { order: number, line } => order(*number, OrderCommand::HoldLines(vec![line_id(*line)])),
            Step::Fire { order: number, line } => {
                let what = line.map_or(Fire::Unheld, |line| Fire::Lines(vec![line_id(line)]));
                order(*number, OrderCommand::FireLines(what))
            }
            Step::Serve { order: number } => order(*number, OrderCommand::MarkServed(vec![])),
            Step::Void { order: number, line, milli, wasted } => {
                let (line, qty) = (line_id(*line), QtyMilli(*milli));
                order(*number, OrderCommand::VoidLine { line, qty, reason: text("dropped"), wasted: *wasted })
            }
            Step::Ticket { ticket, what } => {
                let command = match what {
                    0 => TicketCommand::Start,
                    1 => TicketCommand::MarkLineReady(line_id(0)),
                    2 => TicketCommand::Recall,
                    _ => TicketCommand::Bump,
                };
                to_store(StoreCommand::Ticket(TicketId::numbered(*ticket), command))
            }
            Step::Comp { order: number, discount, line } => {
                let discount = id(DiscountId::parse, &format!("d{discount}"));
                let comp = NewComp { discount, lines: vec![line_id(*line)], reason: text("late") };
                order(*number, OrderCommand::CompLines(comp))
            }
            Step::Table { order: number, table } => {
                order(*number, OrderCommand::SetTable(id(TableId::parse, &format!("t{table}"))))
            }
            Step::Split { order: number, to, line, parts, of } => {
                let what = MoveOf::Share { parts: *parts, of: *of };
                let moves = vec![CheckMove { line: line_id(*line), what, from: None }];
                order(*number, OrderCommand::SplitCheck { to: check(*to), moves })
            }
            Step::Evenly { order: number, checks } => order(*number, OrderCommand::SplitEvenly(check(*checks))),
            Step::Review { payment, decision } => {
                let (flag, decision, tip, reason) = (None, *decision, None, text("looked"));
                let command = PaymentCommand::Review(Review { flag, decision, tip, reason });
                to_store(StoreCommand::Payment(payment_id(*payment), command))
            }
            Step::Resolve { position } => {
                let command =
                    TerminalCommand::Resolve { position: *position, note: text("bought more"), command: None };
                to_store(StoreCommand::Terminal(id(TerminalId::parse, "till"), command))
            }
            Step::Merge { order: number, into } => order(*number, OrderCommand::MergeInto(order_id(*into))),
        };
        Some(command)
    }
}

/// The command as one for practice, on an order of its own; `None` for what is about none.
fn for_practice(command: Command) -> Option<Command> {
    let its_order = |order: OrderId| id(OrderId::parse, &format!("practice_{order}"));
    let Command::Store(store, command) = command else { return None };
    let command = match command {
        StoreCommand::Order(order, OrderCommand::Open(new)) => {
            StoreCommand::Order(its_order(order), OrderCommand::Open(NewOrder { training: true, ..new }))
        }
        StoreCommand::Order(order, OrderCommand::MergeInto(into)) => {
            StoreCommand::Order(its_order(order), OrderCommand::MergeInto(its_order(into)))
        }
        StoreCommand::Order(order, command) => StoreCommand::Order(its_order(order), command),
        StoreCommand::Payment(payment, mut command) => {
            if let PaymentCommand::Initiate { order, .. } = &mut command {
                *order = its_order(*order);
            }
            StoreCommand::Payment(id(PaymentId::parse, &format!("practice_{payment}")), command)
        }
        _ => return None,
    };
    Some(Command::Store(store, command))
}

fn check(number: u64) -> CheckId {
    CheckId::new(number).expect("a check")
}

fn line_id(number: u32) -> LineId {
    id(LineId::parse, &format!("l{number}"))
}

fn new_discount(discount: u8, percent: bool, amount: u32) -> NewDiscount {
    let rate = match percent {
        true => Rate::Percent(Ppm(amount * 1_000)),
        false => Rate::Amount(Money(i64::from(amount))),
    };
    let scope = match discount {
        0 => DiscountScope::Lines(vec![id(LineId::parse, "l0")]),
        _ => DiscountScope::Order,
    };
    NewDiscount { discount: id(DiscountId::parse, &format!("d{discount}")), scope, rate, reason: text("regular") }
}

fn new_charge(charge: u8, ppm: u32, taxed: bool) -> NewServiceCharge {
    let phase = match taxed {
        true => NewChargePhase::Subtotal { pre_discount: charge == 0, taxes: vec![id(TaxId::parse, "city")] },
        false => NewChargePhase::Total,
    };
    let charge = id(ChargeId::parse, &format!("c{charge}"));
    NewServiceCharge { charge, name: text("Service"), rate: Rate::Percent(Ppm(ppm)), phase }
}
