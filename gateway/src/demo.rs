//! The demo tenant: what a newcomer finds on the first start. Two stores, a believable menu, some stock, its tokens.

use crate::tokens::{self, NewCode, NewToken};
use commands::{CommandError, Engine, Envelope, derived_id};
use domain::calendar::CutOff;
use domain::command::{AccessCommand, Command, MenuCommand, NewDevice, StockCommand, StoreCommand};
use domain::event::{Role, StockPolicy};
use domain::ids::{ActorId, GroupId, ItemId, ModifierId, Sku, StoreId, TaxId, TenantId, TerminalId, Text, VariationId};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::PriceRules;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings};

/// The demo tenant's id.
pub const TENANT: &str = "demo";

/// The demo's stores: id, name, time zone.
const STORES: [(&str, &str, &str); 2] =
    [("s1", "Trattoria Comanda, Mitte", "Europe/Berlin"), ("s2", "Trattoria Comanda, Altona", "Europe/Berlin")];

/// An item with one price: id, name, category, price, modifier groups, tax, sku.
type Priced =
    (&'static str, &'static str, &'static str, i64, &'static [&'static str], &'static str, Option<&'static str>);

/// Items with one price.
const ITEMS: [Priced; 12] = [
    ("bruschetta", "Bruschetta", "Starters", 690, &[], "food", None),
    ("soup", "Soup of the day", "Starters", 590, &["bread"], "food", Some("soup")),
    ("caprese", "Caprese", "Starters", 890, &[], "food", None),
    ("spaghetti", "Spaghetti al pomodoro", "Mains", 1_150, &["extras"], "food", None),
    ("lasagne", "Lasagne", "Mains", 1_390, &[], "food", Some("lasagne")),
    ("risotto", "Risotto ai funghi", "Mains", 1_490, &["extras"], "food", None),
    ("seabass", "Sea bass from the grill", "Mains", 2_290, &["side"], "food", Some("seabass")),
    ("tiramisu", "Tiramisu", "Desserts", 650, &[], "food", Some("tiramisu")),
    ("gelato", "Gelato, three scoops", "Desserts", 590, &["flavours"], "food", None),
    ("espresso", "Espresso", "Drinks", 260, &[], "drinks", None),
    ("water", "Mineral water", "Drinks", 390, &[], "drinks", None),
    ("house_wine", "House wine, glass", "Drinks", 620, &[], "drinks", None),
];

/// Items with variations: id, name, category, variations with prices, modifier groups, tax.
type WithVariations = (&'static str, &'static str, &'static str, [(&'static str, &'static str, i64); 2]);
const PIZZAS: [WithVariations; 3] = [
    ("margherita", "Pizza Margherita", "Pizza", [("small", "Small", 890), ("large", "Large", 1_190)]),
    ("diavola", "Pizza Diavola", "Pizza", [("small", "Small", 1_090), ("large", "Large", 1_390)]),
    ("funghi", "Pizza Funghi", "Pizza", [("small", "Small", 990), ("large", "Large", 1_290)]),
];

/// Modifier groups: id, name, min, max, modifiers (id, name, price, default).
type Group = (&'static str, &'static str, u16, u16, &'static [(&'static str, &'static str, i64, bool)]);
const GROUPS: [Group; 5] = [
    (
        "extras",
        "Extras",
        0,
        3,
        &[("parmesan", "Parmesan", 100, false), ("chili", "Chili", 0, false), ("truffle", "Truffle", 450, false)],
    ),
    (
        "toppings",
        "Toppings",
        0,
        5,
        &[("olives", "Olives", 120, false), ("ham", "Ham", 180, false), ("rocket", "Rocket", 150, false)],
    ),
    (
        "side",
        "Side",
        1,
        1,
        &[("potatoes", "Potatoes", 0, true), ("salad", "Salad", 0, false), ("spinach", "Spinach", 80, false)],
    ),
    ("bread", "Bread", 0, 1, &[("white", "White bread", 0, true), ("no_bread", "No bread", 0, false)]),
    (
        "flavours",
        "Flavours",
        0,
        3,
        &[("vanilla", "Vanilla", 0, false), ("pistachio", "Pistachio", 50, false), ("lemon", "Lemon", 0, false)],
    ),
];

/// The demo's tills, enrolled: store and terminal.
const TILLS: [(&str, &str); 2] = [("s1", "demo_till"), ("s2", "demo_till")];

/// What is counted, and how many portions each store starts with.
const STOCK: [(&str, i64); 4] = [("soup", 60), ("lasagne", 40), ("seabass", 25), ("tiramisu", 50)];

/// A token of the demo, to be shown once.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct DemoToken {
    /// What it may do, or which till it is.
    pub name: String,
    pub text: String,
}

/// Sets the demo up through ordinary commands.
///
/// # Errors
/// [`CommandError`] where the engine does not take one.
///
/// # Panics
/// If the demo's own data does not parse, which a test rules out.
pub async fn set_up(engine: &Engine) -> Result<Vec<DemoToken>, CommandError> {
    let mut issued = vec![];
    let mut all = vec![];
    for (role, name) in [
        (Role::Admin, "admin"),
        (Role::Manager, "manager"),
        (Role::Pos, "pos"),
        (Role::Kitchen, "kitchen"),
        (Role::Analyst, "analyst"),
        (Role::Auditor, "auditor"),
    ] {
        let token = tokens::mint();
        let label = text(&format!("demo {name}"));
        let command = AccessCommand::IssueToken(token.issued(role, label));
        all.push((format!("token {}", token.id), Command::Access(command)));
        issued.push(DemoToken { name: name.to_owned(), text: token.text });
    }
    all.extend(menu());
    for (store, name, zone) in STORES {
        all.extend(self::store(store, name, zone));
    }
    for (store, terminal) in TILLS {
        let (code, token) = (tokens::mint_code(), tokens::mint());
        all.extend(till(store, terminal, &code, &token));
        issued.push(DemoToken { name: format!("{store}/{terminal}"), text: token.text });
    }
    let mut tickets = Vec::with_capacity(all.len());
    for (step, command) in all {
        let envelope = Envelope::new(
            derived_id(&["demo", &step]),
            tenant(),
            ActorId::parse("setup").expect("it is an id"),
            command,
        );
        tickets.push(engine.enqueue_patiently(envelope).await?);
    }
    for ticket in tickets {
        engine.outcome(ticket).await?;
    }
    Ok(issued)
}

/// A till that was let in and has come.
fn till(store: &str, terminal: &str, code: &NewCode, token: &NewToken) -> [(String, Command); 2] {
    let new = NewDevice {
        device: code.device,
        store: StoreId::parse(store).expect("it is an id"),
        terminal: TerminalId::parse(terminal).expect("it is an id"),
        role: Role::Pos,
        label: text(&format!("demo {terminal} of {store}")),
        code_sha256: code.code_sha256,
        issuer: None,
    };
    let (device, code_sha256) = (code.device, code.code_sha256);
    let comes = AccessCommand::EnrolDevice { device, code_sha256, token: token.id, secret_sha256: token.secret_sha256 };
    [
        (format!("device {device}"), Command::Access(AccessCommand::AddDevice(new))),
        (format!("enrol {device}"), Command::Access(comes)),
    ]
}

/// The demo tenant.
///
/// # Panics
/// Never: its id is one.
pub fn tenant() -> TenantId {
    TenantId::parse(TENANT).expect("it is an id")
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("the demo's texts are texts")
}

fn menu() -> Vec<(String, Command)> {
    let mut commands = vec![];
    for (id, name, ppm) in [("food", "VAT 7 %", 70_000), ("drinks", "VAT 19 %", 190_000)] {
        let tax = Tax {
            id: TaxId::parse(id).expect("it is an id"),
            name: text(name),
            rate: Ppm::parse_tax(ppm).expect("it is a rate"),
            inclusive: true,
            compound: false,
        };
        commands.push(MenuCommand::UpsertTax(tax));
    }
    for (id, name, min, max, modifiers) in GROUPS {
        let modifiers = modifiers.iter().map(|(id, name, price, default)| Modifier {
            id: ModifierId::parse(id).expect("it is an id"),
            name: text(name),
            price: Money(*price),
            default: *default,
        });
        let (id, name) = (GroupId::parse(id).expect("it is an id"), text(name));
        let group = ModifierGroup { id, name, min, max, allow_qty: false, modifiers: modifiers.collect(), free: 0 };
        commands.push(MenuCommand::UpsertModifierGroup(group));
    }
    for (id, name, category, price, groups, tax, sku) in ITEMS {
        let price = ItemPrice::Fixed(Money(price));
        commands.push(MenuCommand::UpsertItem(item((id, name, category), price, vec![], groups, tax, sku)));
    }
    for (id, name, category, sizes) in PIZZAS {
        let sizes = sizes.map(|(id, name, price)| Variation {
            id: VariationId::parse(id).expect("it is an id"),
            name: text(name),
            price: Money(price),
            sku: None,
        });
        let price = ItemPrice::Fixed(sizes[0].price);
        let pizza = item((id, name, category), price, sizes.to_vec(), &["toppings"], "food", None);
        commands.push(MenuCommand::UpsertItem(pizza));
    }
    commands.push(MenuCommand::Publish);
    commands.into_iter().enumerate().map(|(step, command)| (format!("menu {step}"), Command::Menu(command))).collect()
}

fn item(
    (id, name, category): (&str, &str, &str),
    price: ItemPrice,
    variations: Vec<Variation>,
    groups: &[&str],
    tax: &str,
    sku: Option<&str>,
) -> Item {
    Item {
        id: ItemId::parse(id).expect("it is an id"),
        name: text(name),
        category: Some(text(category)),
        price,
        variations,
        groups: groups.iter().map(|group| GroupId::parse(group).expect("it is an id")).collect(),
        taxes: vec![TaxId::parse(tax).expect("it is an id")],
        sku: sku.map(|sku| Sku::parse(sku).expect("it is an id")),
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

fn store(id: &str, name: &str, zone: &str) -> Vec<(String, Command)> {
    let store = StoreId::parse(id).expect("it is an id");
    let settings = Settings {
        name: text(name),
        currency: Currency::new("EUR", 2).expect("it is a currency"),
        time_zone: text(zone),
        cut_off: CutOff::parse("04:00").expect("it is a time of day"),
        rules: PriceRules::default(),
        payment_timeout_s: Settings::PAYMENT_TIMEOUT_S_DEFAULT,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    };
    let mut commands = vec![(format!("store {id}"), Command::Store(store, StoreCommand::Put(settings)))];
    for (name, portions) in STOCK {
        let sku = Sku::parse(name).expect("it is an id");
        let policy = StockPolicy::Counted { auto86: true };
        let qty = QtyMilli(portions * QtyMilli::ONE.0);
        for (step, command) in [
            ("policy", StockCommand::SetPolicy { sku, policy }),
            ("receive", StockCommand::Receive { sku, qty, reference: Some(text("opening stock")) }),
        ] {
            let command = Command::Store(store, StoreCommand::Stock(command));
            commands.push((format!("stock {id} {name} {step}"), command));
        }
    }
    commands
}
