//! Places an order through the engine: `cargo run -p comanda-commands --example place_order`.
//!
//! The log is in memory. With `eventlog::open_embedded` in place of `open_memory` it is on the disk, and a second run would
//! begin where the first ended: the same command ids would be repeats.

#![allow(clippy::print_stdout, reason = "an example is read by people")]

use commands::{Accepted, CommandError, Engine, Envelope, Options};
use domain::calendar::CutOff;
use domain::command::{Command, MenuCommand, NewLine, NewOrder, OrderCommand, Place, StoreCommand};
use domain::event::{Channel, DiningMode, PayMode};
use domain::ids::{ActorId, CommandId, Id, ItemId, LineId, OrderId, StoreId, TenantId, Text};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice};
use domain::money::{Currency, Money, QtyMilli};
use domain::pricing::PriceRules;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let (log, reader) = eventlog::open_memory();
    let (engine, stopped) = Engine::start(log, reader, Options::default())?;
    // Only the outcome is waited for asynchronously; the engine has threads of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    runtime.block_on(run(&engine))?;
    drop(runtime);
    stopped.stop().ok_or("the engine failed")?.close()?;
    Ok(())
}

async fn run(engine: &Engine) -> Result<(), CommandError> {
    let store = StoreId(id("corner"));
    for (number, command) in (0..).zip([
        Command::Menu(MenuCommand::UpsertItem(burger())),
        Command::Menu(MenuCommand::Publish),
        Command::Store(store, StoreCommand::Put(settings())),
    ]) {
        engine.submit(envelope(number, command)).await?;
    }

    let order = OrderId(id("o1"));
    let place = || Command::Store(store, StoreCommand::Order(order, OrderCommand::Open(two_burgers())));
    let accepted = engine.submit(envelope(10, place())).await?;
    print(&accepted);
    // On `Ok` the events are durable, and whoever sends the command again under its id gets the same receipt.
    let repeat = engine.submit(envelope(10, place())).await?;
    assert_eq!((repeat.receipt, repeat.repeated), (accepted.receipt, true));
    // Under another id it is another command, which the rules refuse.
    if let Err(error) = engine.submit(envelope(11, place())).await {
        println!("{error}");
    }
    Ok(())
}

fn print(Accepted { receipt, .. }: &Accepted) {
    println!("{} is at revision {:?}, visible from position {}", receipt.stream, receipt.revision, receipt.position);
    for recorded in &receipt.events {
        println!("{}: {} {:?}\n  {:?}", recorded.position, recorded.stream, recorded.revision, recorded.event);
    }
}

/// A client makes the id of a command before it sends it, a UUID of version 7 for preference.
fn envelope(number: u128, command: Command) -> Envelope {
    Envelope::new(CommandId(number), TenantId(id("m1")), ActorId(id("till")), command)
}

fn burger() -> Item {
    Item {
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
    }
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

fn two_burgers() -> NewOrder {
    let line = NewLine::plain(LineId(id("l1")), ItemId(id("burger")), QtyMilli::pieces(2));
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
        lines: vec![line],
        discounts: vec![],
        service_charges: vec![],
        place: Some(Place { expected_total: None }),
        pay: None,
        training: false,
    }
}

fn id(text: &str) -> Id {
    Id::parse(text).expect("an id")
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}
