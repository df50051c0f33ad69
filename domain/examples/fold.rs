//! Decides a few commands and folds what follows: `cargo run -p comanda-domain --example fold`.
//!
//! `decide` reads the state and says which events follow, or why none do; `evolve` folds one event into the state. The events
//! are all there is to keep: whoever folds them again has the same order.

#![allow(clippy::print_stdout, reason = "an example is read by people")]

use domain::calendar::{CutOff, Timestamp};
use domain::command::{
    Context, MenuCommand, Method, NewLine, NewOrder, OrderCommand, PaymentCommand, Place, Source, StoreCommand,
};
use domain::event::{Channel, DiningMode, Event, PayMode};
use domain::ids::{ActorId, Id, ItemId, LineId, OrderId, PaymentId, Text};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice};
use domain::money::{Currency, Money, QtyMilli};
use domain::pricing::PriceRules;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings, Store};
use domain::tenant::Tenant;
use domain::terminal::Offline;

fn main() {
    let tenant = tenant_with_a_menu();
    let (order, payment) = (OrderId(id("o1")), PaymentId(id("p1")));
    let line = NewLine::plain(LineId(id("l1")), ItemId(id("burger")), QtyMilli::pieces(2));
    let commands = [
        StoreCommand::Put(settings()),
        StoreCommand::Order(order, OrderCommand::Open(new_order(vec![line]))),
        StoreCommand::Payment(payment, in_cash(order)),
        // Refused: it was paid in full.
        StoreCommand::Payment(PaymentId(id("p2")), in_cash(order)),
    ];

    let mut store: Option<Store> = None;
    let mut history: Vec<Event> = vec![];
    for (second, command) in (0..).zip(&commands) {
        match Store::decide(store.as_ref(), &tenant, command, &context(second)) {
            Ok(events) => {
                for event in events {
                    println!("{event:?}\n");
                    evolve(&mut store, &event);
                    history.push(event);
                }
            }
            Err(refused) => println!("refused: {refused:?}\n"),
        }
    }

    let mut again: Option<Store> = None;
    history.iter().for_each(|event| evolve(&mut again, event));
    let orders = [&store, &again].map(|store| store.as_ref().and_then(|store| store.order(order)));
    assert_eq!(orders[0], orders[1], "the fold of the same events is the same order");
    println!("{} events fold into {:#?}", history.len(), orders[0]);
}

fn evolve(store: &mut Option<Store>, event: &Event) {
    match store {
        None => *store = Some(Store::open(event)),
        Some(store) => store.evolve(event),
    }
}

/// The context is all that a decision knows of the world: nothing in `domain` reads a clock.
fn context(second: i64) -> Context {
    let now = Timestamp(1_772_452_800_000_000 + second * Timestamp::SECOND_US);
    Context {
        now,
        local: now.at_offset(0).expect("a date"),
        source: Source::Online,
        terminal: None,
        actor: ActorId(id("till")),
        approver: None,
        offline: Offline::default(),
    }
}

fn tenant_with_a_menu() -> Tenant {
    let mut tenant = Tenant::default();
    let burger = Item {
        id: ItemId(id("burger")),
        name: text("Burger"),
        category: None,
        price: ItemPrice::Fixed(Money(1_250)),
        variations: vec![],
        groups: vec![],
        taxes: vec![],
        sku: None,
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    };
    for command in [MenuCommand::UpsertItem(burger), MenuCommand::Publish] {
        for event in tenant.decide_menu(&command).expect("accepted") {
            let Event::Menu(event) = event else { unreachable!("a command to a menu") };
            tenant.evolve_menu(&event);
        }
    }
    tenant
}

fn settings() -> Settings {
    Settings {
        name: text("Corner"),
        currency: Currency::new("USD", 2).expect("a currency"),
        time_zone: text("America/New_York"),
        cut_off: CutOff::parse("04:00").expect("a cut-off"),
        rules: PriceRules::default(),
        payment_timeout_s: Settings::PAYMENT_TIMEOUT_S_DEFAULT,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    }
}

fn new_order(lines: Vec<NewLine>) -> NewOrder {
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
        place: Some(Place { expected_total: None }),
        pay: None,
        training: false,
    }
}

fn in_cash(order: OrderId) -> PaymentCommand {
    PaymentCommand::Initiate {
        check: None,
        order,
        amount: None,
        tip: Money::ZERO,
        method: Method::Cash { tendered: None, drawer: None },
        expected_total: None,
    }
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn id(text: &str) -> Id {
    Id::parse(text).expect("an id")
}
