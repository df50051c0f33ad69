//! One store to test with: short names for ids, a menu with everything on it, and a world that decides and folds.

use domain::calendar::{CutOff, Timestamp};
use domain::command::{
    AccessCommand, Command, Context, MenuCommand, NewLine, NewModifier, NewOrder, OrderCommand, PaymentCommand, Source,
    StockCommand, StoreCommand, TicketCommand,
};
use domain::event::{Channel, DiningMode, Event, PayMode, StockPolicy};
use domain::ids::{
    AccountId, ActorId, CommandId, DrawerId, GroupId, ItemId, LineId, ModifierId, OrderId, PaymentId, Revision, Sku,
    StationId, StoreId, TaxId, TenantId, TerminalId, Text, TicketId, VariationId,
};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::PriceRules;
use domain::refused::Refused;
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, Ingested, Settings, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use domain::terminal::{ClockDoubt, Kept, Offline, QueueEntry, Queued, Request};

pub const STORE: &str = "s1";
/// 2026-03-02T12:00:00 UTC, a Monday.
pub const NOON: Timestamp = Timestamp(1_772_452_800_000_000);

macro_rules! short {
    ($($name:ident: $id:ident;)*) => {$(
        pub fn $name(text: &str) -> $id {
            $id::parse(text).expect("a good id")
        }
    )*};
}

short! {
    account: AccountId;
    actor: ActorId;
    tenant_id: TenantId;
    store_id: StoreId;
    station: StationId;
    ticket: TicketId;
    terminal: TerminalId;
    order: OrderId;
    line: LineId;
    item: ItemId;
    variation: VariationId;
    group: GroupId;
    modifier: ModifierId;
    tax: TaxId;
    payment: PaymentId;
    sku: Sku;
    drawer: DrawerId;
}

pub fn text(text: &str) -> Text {
    Text::parse(text).expect("a good text")
}

pub fn usd() -> Currency {
    Currency::new("USD", 2).expect("a currency")
}

pub fn settings() -> Settings {
    Settings {
        name: text("Corner"),
        currency: usd(),
        time_zone: text("America/New_York"),
        cut_off: CutOff::parse("04:00").expect("a cut-off"),
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

/// A tenant and perhaps a store of it, as one writer holds them.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub tenant: Tenant,
    pub store: Option<Store>,
}

impl World {
    pub fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Refused> {
        match command {
            Command::Menu(command) => self.tenant.decide_menu(command),
            Command::Access(command) => self.tenant.decide_access(command, context.now),
            Command::Store(_, command) => Store::decide(self.store.as_ref(), &self.tenant, command, context),
        }
    }

    /// Decides a command that a terminal kept. A refusal is told by its name and what it holds.
    pub fn ingest(&self, command: &Command, context: &Context, queued: &Queued) -> Result<Ingested, Refused> {
        let Command::Store(_, command) = command else { panic!("{command:?} is not of the floor") };
        let words = |refused: &Refused| {
            let all: String = format!("{refused:?}").chars().take(Text::CHARS_MAX).collect();
            (text(&all), text(&all))
        };
        Store::ingest(self.store.as_ref(), &self.tenant, command, context, queued, words)
    }

    /// Folds a fact, which is one more revision of its stream and of no other (rule E3).
    pub fn evolve(&mut self, event: &Event) {
        let stream = Stream::of(tenant_id("acme"), Some(store_id(STORE)), event);
        let next = self.revision(&stream).map_or(0, |revision| revision.0 + 1);
        match (event, &mut self.store) {
            (Event::Menu(event), _) => self.tenant.evolve_menu(event),
            (Event::Access(event), _) => self.tenant.evolve_access(event),
            (Event::Security(event), _) => self.tenant.evolve_security(event),
            (event, None) => self.store = Some(Store::open(event)),
            (event, Some(store)) => store.evolve(event),
        }
        assert_eq!(self.revision(&stream), Some(Revision(next)), "{stream} after {event:?}");
    }

    fn revision(&self, stream: &Stream) -> Option<Revision> {
        match stream {
            Stream::Menu(_) => self.tenant.menu_revision(),
            Stream::Access(_) => self.tenant.access_revision(),
            Stream::Security(_) => self.tenant.security_revision(),
            stream => self.store.as_ref()?.revision(stream),
        }
    }

    /// Decides and folds what was decided: whatever `decide` allows, `evolve` accepts.
    pub fn run(&mut self, command: &Command, context: &Context) -> Result<Vec<Event>, Refused> {
        let events = self.decide(command, context)?;
        for event in &events {
            self.evolve(event);
        }
        Ok(events)
    }

    pub fn open(&self) -> &Store {
        self.store.as_ref().expect("the store is open")
    }
}

/// A moment so many seconds after noon, in a store five hours west of Greenwich.
pub fn at(seconds: i64) -> Context {
    context(Timestamp(NOON.0 + seconds * Timestamp::SECOND_US), Source::Online)
}

pub fn context(now: Timestamp, source: Source) -> Context {
    let local = now.at_offset(-5 * 3_600).expect("within the calendar");
    Context { now, local, source, terminal: None, actor: actor("ana"), approver: None, offline: Offline::default() }
}

/// What a terminal says of a command it kept.
pub fn queued(terminal: TerminalId, entry: QueueEntry, number: u64, occurred_at: Timestamp) -> Queued {
    let (command, digest) = (CommandId(number.into()), u128::from(number) << 64);
    let request = Request::new(&number.to_string()).expect("it is short");
    let kept = Some(Kept { request, actor: actor("ana"), approver: None, sent_by: None });
    Queued { terminal, entry, command, kind: text("kept"), digest, occurred_at, kept, is_again: false }
}

/// The moment at which what a terminal kept arrives; it happened when the terminal says, unless its clock is ahead.
pub fn away(queued: &Queued, now: Timestamp) -> Context {
    let happened = match ClockDoubt::of(queued.occurred_at, now, Settings::OFFLINE_AGE_S_DEFAULT) {
        Some(_) => now,
        None => queued.occurred_at,
    };
    let local = happened.at_offset(-5 * 3_600).expect("within the calendar");
    Context { local, terminal: Some(queued.terminal), ..context(now, Source::Offline) }
}

pub fn to_store(command: StoreCommand) -> Command {
    Command::Store(store_id(STORE), command)
}

pub fn to_order(id: &str, command: OrderCommand) -> Command {
    to_store(StoreCommand::Order(order(id), command))
}

pub fn to_payment(id: &str, command: PaymentCommand) -> Command {
    to_store(StoreCommand::Payment(payment(id), command))
}

pub fn to_ticket(id: &str, command: TicketCommand) -> Command {
    to_store(StoreCommand::Ticket(ticket(id), command))
}

pub fn to_stock(command: StockCommand) -> Command {
    to_store(StoreCommand::Stock(command))
}

pub fn new_order() -> NewOrder {
    NewOrder {
        channel: Channel::Pos,
        dining_mode: DiningMode::DineIn,
        pay_mode: PayMode::Later,
        table: None,
        guests: 1,
        customer_ref: None,
        promised_at: None,
        tax_exempt: None,
        currency: None,
        display_number: None,
        lines: vec![],
        discounts: vec![],
        service_charges: vec![],
        place: None,
        pay: None,
        training: false,
    }
}

/// So many pieces of an item, with nothing chosen.
pub fn new_line(id: &str, what: &str, pieces: u32) -> NewLine {
    NewLine::plain(line(id), item(what), QtyMilli::pieces(pieces))
}

pub fn choice(of: &str, what: &str, qty: u16) -> NewModifier {
    NewModifier { group: group(of), modifier: modifier(what), qty }
}

fn a_modifier(id: &str, price: i64, default: bool) -> Modifier {
    Modifier { id: modifier(id), name: text(id), price: Money(price), default }
}

pub fn an_item(id: &str, price: ItemPrice, groups: &[&str], taxes: &[&str], stock: Option<&str>) -> Item {
    Item {
        id: item(id),
        name: text(id),
        category: None,
        price,
        variations: vec![],
        groups: groups.iter().map(|id| group(id)).collect(),
        taxes: taxes.iter().map(|id| tax(id)).collect(),
        sku: stock.map(sku),
        // Only dishes are prepared.
        station: match id {
            "burger" | "slider" => Some(station("grill")),
            "pizza" => Some(station("oven")),
            _ => None,
        },
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

/// The items of the menu, in the order generators count them.
pub const ITEMS: [&str; 7] = ["burger", "pizza", "soda", "special", "water", "combo", "slider"];

pub fn items() -> Vec<Item> {
    use ItemPrice::{Fixed, Open};
    let variation = |id, price, stock: Option<&str>| Variation {
        id: variation(id),
        name: text(id),
        price: Money(price),
        sku: stock.map(sku),
    };
    let mut pizza = an_item("pizza", Fixed(Money::ZERO), &["toppings"], &["vat"], Some("dough"));
    pizza.variations = vec![variation("small", 905, None), variation("large", 1_400, Some("dough_large"))];
    vec![
        an_item("burger", Fixed(Money(1_000)), &["sauce", "toppings"], &["sales"], Some("burger")),
        pizza,
        an_item("soda", Fixed(Money(255)), &[], &["sales"], Some("soda")),
        an_item("special", Open, &[], &[], None),
        an_item("water", Fixed(Money::ZERO), &[], &[], Some("water")),
        an_item("combo", Fixed(Money(1_195)), &["sides"], &["vat", "sales"], None),
        an_item("slider", Fixed(Money(150)), &["toppings"], &["sales"], Some("burger")),
    ]
}

pub fn groups() -> Vec<ModifierGroup> {
    let a_group = |id, min, max, allow_qty, modifiers| ModifierGroup {
        id: group(id),
        name: text(id),
        min,
        max,
        allow_qty,
        modifiers,
        free: 0,
    };
    vec![
        a_group(
            "sauce",
            1,
            1,
            false,
            vec![a_modifier("ketchup", 0, true), a_modifier("mayo", 45, false), a_modifier("dry", -30, false)],
        ),
        a_group(
            "toppings",
            0,
            3,
            true,
            vec![a_modifier("cheese", 95, false), a_modifier("bacon", 150, false), a_modifier("plain", -200, false)],
        ),
        a_group("sides", 2, 0, true, vec![a_modifier("fries", 200, false), a_modifier("salad", 250, false)]),
    ]
}

pub fn taxes() -> Vec<Tax> {
    let a_tax = |id, rate, inclusive| Tax { id: tax(id), name: text(id), rate: Ppm(rate), inclusive, compound: false };
    vec![a_tax("vat", 100_000, true), a_tax("sales", 88_750, false)]
}

/// The stock items of the menu, in the order generators count them.
pub const SKUS: [&str; 5] = ["burger", "dough", "dough_large", "soda", "water"];

/// Commands that publish the menu, open the store and fill its shelves: 10 burgers, 6 doughs, 4 large ones, soda that
/// is not counted, and water nobody said anything about.
pub fn opening(settings: Settings) -> Vec<Command> {
    let counted = |auto86| StockPolicy::Counted { auto86 };
    let policy = |id, policy| to_stock(StockCommand::SetPolicy { sku: sku(id), policy });
    let receive =
        |id, pieces| to_stock(StockCommand::Receive { sku: sku(id), qty: QtyMilli::pieces(pieces), reference: None });
    let mut commands: Vec<Command> = vec![];
    commands.extend(taxes().into_iter().map(|tax| Command::Menu(MenuCommand::UpsertTax(tax))));
    commands.extend(groups().into_iter().map(|group| Command::Menu(MenuCommand::UpsertModifierGroup(group))));
    commands.extend(items().into_iter().map(|item| Command::Menu(MenuCommand::UpsertItem(item))));
    commands.push(Command::Menu(MenuCommand::Publish));
    // Who acts may practise.
    let (staff, rights) = (actor("ana"), Rights::of([Right::Training]));
    commands.push(Command::Access(AccessCommand::PutStaff { staff, rights, discount_limit: None }));
    commands.push(to_store(StoreCommand::Put(settings)));
    commands.extend([policy("burger", counted(true)), receive("burger", 10)]);
    commands.extend([policy("dough", counted(false)), receive("dough", 6)]);
    commands.extend([policy("dough_large", counted(true)), receive("dough_large", 4)]);
    commands.push(policy("soda", StockPolicy::Untracked));
    commands
}

/// The world after [`opening`].
pub fn opened(settings: Settings) -> World {
    let mut world = World::default();
    for command in opening(settings) {
        let events = world.run(&command, &at(-3_600)).expect("opening a store");
        assert!(!events.is_empty(), "{command:?}");
    }
    world
}
