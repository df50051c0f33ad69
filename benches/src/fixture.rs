//! A store with a menu and more stock than any bench sells, and orders for it that follow from a seed.

use commands::Envelope;
use domain::calendar::{CutOff, Timestamp};
use domain::command::{
    Command, Context, MenuCommand, Method, NewLine, NewModifier, NewOrder, OrderCommand, PaymentCommand, Place, Source,
    StockCommand, StoreCommand,
};
use domain::event::{Channel, DiningMode, Event, PayMode, StockPolicy};
use domain::ids::{
    ActorId, CommandId, GroupId, Id, ItemId, LineId, ModifierId, OrderId, PaymentId, Sku, StoreId, TaxId, TenantId,
    TerminalId, Text,
};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::PriceRules;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings, Store};
use domain::tenant::Tenant;
use domain::terminal::Offline;

/// The seed of everything.
pub const SEED: u64 = 0x00c0_4a2d_a000_0001;
/// Monday, 2026-03-02, noon in UTC: no clock decides what a bench computes.
pub const NOON: Timestamp = Timestamp(1_772_452_800_000_000);
/// How many stores share the orders of a bench that goes through the engine.
pub const STORES: u64 = 4;
/// How many items are on the menu.
const ITEMS: u64 = 20;
/// Lines of an order.
const LINES: u64 = 3;

/// Numbers that look random and follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An id as clients make them: a UUID of version 7 with a time of its own.
    pub fn uuid_v7(&mut self, number: u64) -> u128 {
        let noise = u128::from(self.next()) << 64 | u128::from(self.next());
        let unix_ms = NOON.0 as u128 / 1_000 + u128::from(number);
        unix_ms << 80 | noise & !(0xffff_ffff_ffff << 80) & !(0xf << 76) & !(0b11 << 62) | 7 << 76 | 0b10 << 62
    }
}

macro_rules! short {
    ($($name:ident: $id:ident;)*) => {$(
        fn $name(text: &str) -> $id {
            $id::parse(text).expect("a fixture's ids are ids")
        }
    )*};
}

short! {
    group: GroupId;
    modifier: ModifierId;
    tax: TaxId;
    line: LineId;
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a fixture's texts are texts")
}

/// The merchant.
pub fn tenant_id() -> TenantId {
    TenantId::parse("bench").expect("it is an id")
}

/// One of the stores.
pub fn store_id(number: u64) -> StoreId {
    StoreId::parse(&format!("s{}", 1 + number % STORES)).expect("it is an id")
}

fn item(number: u64) -> ItemId {
    ItemId::parse(&format!("item_{number:02}")).expect("it is an id")
}

fn sku(number: u64) -> Sku {
    Sku::parse(&format!("item_{number:02}")).expect("it is an id")
}

fn menu() -> Vec<MenuCommand> {
    let a_tax = |id, ppm, inclusive| Tax { id: tax(id), name: text(id), rate: Ppm(ppm), inclusive, compound: false };
    let extra = |id, price| Modifier { id: modifier(id), name: text(id), price: Money(price), default: false };
    let extras = ModifierGroup {
        id: group("extras"),
        name: text("Extras"),
        min: 0,
        max: 3,
        allow_qty: false,
        modifiers: vec![extra("cheese", 95), extra("bacon", 150), extra("chili", 0)],
        free: 0,
    };
    let mut commands = vec![
        MenuCommand::UpsertTax(a_tax("vat", 100_000, true)),
        MenuCommand::UpsertTax(a_tax("sales", 88_750, false)),
        MenuCommand::UpsertModifierGroup(extras),
    ];
    commands.extend((0..ITEMS).map(|number| {
        MenuCommand::UpsertItem(Item {
            id: item(number),
            name: text(&format!("Item number {number}")),
            category: Some(text(if number % 2 == 0 { "Mains" } else { "Drinks" })),
            price: ItemPrice::Fixed(Money(295 + 105 * number as i64)),
            variations: vec![],
            groups: vec![group("extras")],
            taxes: vec![tax(if number % 2 == 0 { "vat" } else { "sales" })],
            sku: Some(sku(number)),
            station: None,
            mode_taxes: vec![],
            dayparts: vec![],
        })
    }));
    commands.push(MenuCommand::Publish);
    commands
}

fn settings() -> Settings {
    Settings {
        name: text("Corner"),
        currency: Currency::new("EUR", 2).expect("a currency"),
        time_zone: text("Europe/Berlin"),
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

/// Publishes the menu, opens the stores and fills their shelves to the brim.
fn opening() -> Vec<Command> {
    let mut commands: Vec<Command> = menu().into_iter().map(Command::Menu).collect();
    for store in (0..STORES).map(store_id) {
        commands.push(Command::Store(store, StoreCommand::Put(settings())));
        for sku in (0..ITEMS).map(sku) {
            let stock = [
                StockCommand::SetPolicy { sku, policy: StockPolicy::Counted { auto86: true } },
                StockCommand::Receive { sku, qty: QtyMilli::MAX, reference: None },
            ];
            commands.extend(stock.map(|command| Command::Store(store, StoreCommand::Stock(command))));
        }
    }
    commands
}

/// What the engine would say about the moment of every order.
pub fn context() -> Context {
    let actor = ActorId::parse("ana").expect("it is an id");
    let local = NOON.at_offset(3_600).expect("within the calendar");
    Context {
        now: NOON,
        local,
        source: Source::Online,
        terminal: Some(till()),
        actor,
        approver: None,
        offline: Offline::default(),
    }
}

fn till() -> TerminalId {
    TerminalId::parse("till_1").expect("it is an id")
}

/// A merchant and its first store, ready to sell.
pub fn opened() -> (Tenant, Store) {
    let (mut tenant, mut store) = (Tenant::default(), None);
    for command in opening() {
        let events = match &command {
            Command::Menu(command) => tenant.decide_menu(command),
            Command::Store(id, command) if *id == store_id(0) => {
                Store::decide(store.as_ref(), &tenant, command, &context())
            }
            Command::Store(..) | Command::Access(_) => continue,
        };
        for event in events.expect("a fixture's commands are accepted") {
            match (&event, &mut store) {
                (Event::Menu(event), _) => tenant.evolve_menu(event),
                (event, None) => store = Some(Store::open(event)),
                (event, Some(store)) => store.evolve(event),
            }
        }
    }
    (tenant, store.expect("the opening opens the store"))
}

/// An order of three lines that is placed at once, and its id.
pub fn order(number: u64, random: &mut Random) -> (OrderId, NewOrder) {
    let lines = (0..LINES).map(|index| {
        // Steps that are coprime with the menu, so that the lines of an order are of different items.
        let what = item((random.below(ITEMS) + 7 * index) % ITEMS);
        let modifiers = match random.below(2) {
            0 => vec![],
            _ => vec![NewModifier { group: group("extras"), modifier: modifier("cheese"), qty: 1 }],
        };
        let id = line(["l1", "l2", "l3"][index as usize % 3]);
        NewLine { modifiers, ..NewLine::plain(id, what, QtyMilli::pieces(1 + random.below(2) as u32)) }
    });
    let new = NewOrder {
        channel: Channel::Pos,
        dining_mode: DiningMode::TakeAway,
        pay_mode: PayMode::First,
        table: None,
        guests: 1,
        customer_ref: None,
        promised_at: None,
        tax_exempt: None,
        currency: None,
        display_number: None,
        lines: lines.collect(),
        discounts: vec![],
        service_charges: vec![],
        place: Some(Place::default()),
        pay: None,
        training: false,
    };
    (OrderId(Id::from_u128(random.uuid_v7(number))), new)
}

/// Orders as commands to one store.
pub fn orders(count: u64) -> Vec<StoreCommand> {
    let mut random = Random(SEED);
    (0..count)
        .map(|number| {
            let (id, order) = order(number, &mut random);
            StoreCommand::Order(id, OrderCommand::Open(order))
        })
        .collect()
}

fn envelope(command_id: u128, command: Command) -> Envelope {
    let actor = ActorId::parse("till").expect("it is an id");
    Envelope { terminal: Some(till()), ..Envelope::new(CommandId(command_id), tenant_id(), actor, command) }
}

/// What makes the engine ready for [`order_envelopes`].
pub fn opening_envelopes() -> Vec<Envelope> {
    (1..).zip(opening()).map(|(number, command)| envelope(number, command)).collect()
}

/// Orders for the engine, to the stores in turns.
pub fn order_envelopes(count: u64) -> Vec<Envelope> {
    let mut random = Random(SEED ^ 1);
    (0..count)
        .map(|number| {
            let (id, order) = order(number, &mut random);
            let command = Command::Store(store_id(number), StoreCommand::Order(id, OrderCommand::Open(order)));
            envelope(random.uuid_v7(number), command)
        })
        .collect()
}

/// Guests who order and pay in cash, one after the other; what they order follows from the seed.
#[derive(Debug)]
pub struct Guests {
    random: Random,
    number: u64,
}

impl Guests {
    /// How many events one guest leaves: six for the order, five for the payment.
    pub const EVENTS: u64 = 11;

    /// The first guest is the next.
    pub fn new() -> Guests {
        Guests { random: Random(SEED ^ 2), number: 0 }
    }

    /// The commands of the next guests, and the last one's order.
    pub fn take(&mut self, count: u64) -> (Vec<Envelope>, StoreId, OrderId) {
        let mut commands = Vec::with_capacity(2 * count as usize);
        let mut last = (store_id(0), OrderId(Id::from_u128(0)));
        for number in self.number..self.number + count {
            let (id, new) = order(number, &mut self.random);
            let store = store_id(number);
            let place = StoreCommand::Order(id, OrderCommand::Open(new));
            let pay = PaymentCommand::Initiate {
                check: None,
                order: id,
                amount: None,
                tip: Money::ZERO,
                method: Method::Cash { tendered: None, drawer: None },
                expected_total: None,
            };
            let pay = StoreCommand::Payment(PaymentId(id.0), pay);
            for command in [place, pay] {
                commands.push(envelope(self.random.uuid_v7(number), Command::Store(store, command)));
            }
            last = (store, id);
        }
        self.number += count;
        (commands, last.0, last.1)
    }
}

/// Opens many more stores, each with one counted item.
pub fn chain_envelopes(stores: u64) -> Vec<Envelope> {
    let mut random = Random(SEED ^ 3);
    let commands = (0..stores).flat_map(|number| {
        let store = chain_store_id(number);
        let stock = |command| Command::Store(store, StoreCommand::Stock(command));
        let sku = sku(0);
        [
            Command::Store(store, StoreCommand::Put(settings())),
            stock(StockCommand::SetPolicy { sku, policy: StockPolicy::Counted { auto86: true } }),
            stock(StockCommand::Receive { sku, qty: QtyMilli::pieces(1_000_000), reference: None }),
        ]
    });
    commands.map(|command| envelope(random.uuid_v7(0), command)).collect()
}

/// One of a chain's many stores.
pub fn chain_store_id(number: u64) -> StoreId {
    StoreId::parse(&format!("c{number}")).expect("it is an id")
}
