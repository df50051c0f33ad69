//! What becomes of a line: how its guest eats, what is said of it, what somebody sets for its price, when it is sold.

use super::*;
use crate::kitchen::cooking;
use domain::calendar::{TimeOfDay, Weekday};
use domain::command::{Edit, Fire, LineChange, NewPay, NewPrice, PaidBy};
use domain::event::DiningMode;
use domain::ids::DaypartId;
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, ModifierGroup, Tax};
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;

fn menu(command: MenuCommand) -> When {
    when(Command::Menu(command))
}

/// The draft becomes the version that the store sells from.
fn publish() -> [When; 2] {
    [menu(MenuCommand::Publish), when(to_store(StoreCommand::AdoptMenu { version: 2 }))]
}

fn change(id: &str, with: impl FnOnce(&mut LineChange)) -> When {
    let (seat, course, note, allergens) = Default::default();
    let mut change = LineChange { line: line(id), qty: None, seat, course, note, allergens, price_override: None };
    with(&mut change);
    to_o1(OrderCommand::ChangeLine(change))
}

fn price(minor: i64) -> NewPrice {
    NewPrice { price: Money(minor), reason: text("poster") }
}

fn eat(mode: DiningMode) -> When {
    to_o1(OrderCommand::SetDiningMode(mode))
}

pub fn exempt() -> When {
    to_o1(OrderCommand::ExemptFromTax { reason: text("embassy") })
}

fn exempt_no_more() -> When {
    to_o1(OrderCommand::EndTaxExemption)
}

fn tax_of(id: &str, ppm: u32, inclusive: bool) -> When {
    menu(MenuCommand::UpsertTax(Tax { id: tax(id), name: text(id), rate: Ppm(ppm), inclusive, compound: false }))
}

fn dish(taxes: &[&str], away: &[&str]) -> When {
    let own = |mode| ModeTaxes { dining_mode: mode, taxes: away.iter().map(|id| tax(id)).collect() };
    let item = an_item("dish", ItemPrice::Fixed(Money(1_200)), &[], taxes, None);
    menu(MenuCommand::UpsertItem(Item { mode_taxes: vec![own(DiningMode::TakeAway)], ..item }))
}

/// A dish of 12.00 with 19 % inside where it is eaten here, 7 % where it is taken away.
fn dish_by_mode() -> Vec<When> {
    let mut given = vec![tax_of("full", 190_000, true), tax_of("less", 70_000, true), dish(&["full"], &["less"])];
    given.extend(publish());
    given
}

/// Noon UTC is seven in the morning in the store.
pub fn soda_in_the_evening() -> Vec<When> {
    let evening = DaypartId::parse("evening").expect("an id");
    let soda = items().into_iter().find(|item| item.id.as_str() == "soda").expect("it is there");
    let (from, to) = (TimeOfDay::parse("17:00").expect("a time"), TimeOfDay::parse("02:00").expect("a time"));
    let daypart = Daypart { id: evening, name: text("Evening"), from, to, weekdays: vec![Weekday::Sunday] };
    let mut given = vec![
        menu(MenuCommand::UpsertDaypart(daypart)),
        menu(MenuCommand::UpsertItem(Item { dayparts: vec![evening], ..soda })),
    ];
    given.extend(publish());
    given
}

#[test]
fn o15_taxes_follow_how_the_guest_eats() {
    let placed = [dish_by_mode(), vec![open(vec![new_line("l1", "dish", 1)]), place()]].concat();
    let away = ["o1 eats TakeAway, l1 taxed less", "o1 repriced 1200"];
    check(&placed, eat(DiningMode::TakeAway), Ok(&away));
    // A way without taxes of its own has the item's.
    check(&placed, eat(DiningMode::Delivery), Ok(&["o1 eats Delivery", "o1 repriced 1200"]));
    check(&placed, eat(DiningMode::DineIn), Ok(&[]));
    let gone = [placed.clone(), vec![eat(DiningMode::TakeAway)]].concat();
    check(&gone, eat(DiningMode::DineIn), Ok(&["o1 eats DineIn, l1 taxed full", "o1 repriced 1200"]));
    // What is added later is taxed as the guest eats by then.
    let added = [gone, vec![add(vec![new_line("l2", "dish", 1)]), cancel()]].concat();
    check(&added, eat(DiningMode::DineIn), Err(Refused::OrderClosed { state: domain::refused::Closed::Cancelled }));
    check(&dish_by_mode()[..1], eat(DiningMode::DineIn), Err(Refused::UnknownOrder { order: order("o1") }));
}

#[test]
fn o15_on_top_the_total_follows_too() {
    let mut given = vec![tax_of("full", 100_000, false), dish(&["full"], &[])];
    given.extend(publish());
    given.extend([open(vec![new_line("l1", "dish", 1)]), place()]);
    check(&given, eat(DiningMode::TakeAway), Ok(&["o1 eats TakeAway, l1 taxed ", "o1 repriced 1200"]));
}

#[test]
fn o7_what_is_said_of_a_line_changes_while_it_is_unfired() {
    let note = |words: &str| text(words);
    let wish = change("l1", |change| (change.note, change.seat) = (Edit::Set(note("well done")), Edit::Set(3)));
    let told = [r#"o1 line l1 seat Some(3) course None note Some("well done") allergens None"#];
    // Without a kitchen, and with one while the units are new or held.
    check(&[open(burgers()), place()], wish.clone(), Ok(&told));
    check_in(cooking(), &[open(burgers()), place()], wish.clone(), Ok(&told));
    let held = [open(burgers()), place(), to_o1(OrderCommand::HoldLines(vec![line("l1")]))];
    check_in(cooking(), &held, wish.clone(), Ok(&told));
    let again = [&held[..], std::slice::from_ref(&wish)].concat();
    check_in(cooking(), &again, wish.clone(), Ok(&[]));
    let cleared = change("l1", |change| (change.note, change.course) = (Edit::Clear, Edit::Set(2)));
    let told = [r#"o1 line l1 seat Some(3) course Some(2) note None allergens None"#];
    check_in(cooking(), &again, cleared, Ok(&told));
    // What the kitchen has stays as it was told.
    let fired = [open(burgers()), place(), to_o1(OrderCommand::FireLines(Fire::Unheld))];
    let refused = Refused::LineFired { line: line("l1"), fired: QtyMilli::pieces(2) };
    check_in(cooking(), &fired, wish, Err(refused));
    // A course that changed is fired by its new number.
    let moved = change("l1", |change| change.course = Edit::Set(2));
    let given = [&held[..], &[moved]].concat();
    let fired = [
        "reserved l1 burger 2000",
        "committed l1 burger 2000",
        "o1 fire 1: l1 2000 took 2000",
        "t1 for grill: l1 2000",
    ];
    check_in(cooking(), &given, to_o1(OrderCommand::FireLines(Fire::Course(2))), Ok(&fired));
    check(&[open(burgers())], change("l9", |_| ()), Err(Refused::UnknownLine { line: line("l9") }));
}

#[test]
fn o8_another_price_is_asked_for() {
    let needed = Rights::of([Right::PriceOverride, Right::TaxExempt]);
    let asking = || opened(Settings { approvals: Approvals { needed, ..Approvals::default() }, ..settings() });
    let boss =
        when(Command::Access(AccessCommand::PutStaff { staff: actor("boss"), rights: needed, discount_limit: None }));
    let refused = |right| Err(Refused::ApprovalRequired { right, approver: None });
    let cheaper = change("l1", |change| change.price_override = Some(price(900)));
    let told = ["o1 line l1 at 900 instead of 1000", "o1 repriced 1960"];
    check(&[open(burgers()), place()], cheaper.clone(), Ok(&told));
    let given = [boss.clone(), open(burgers()), place()];
    check_in(asking(), &given, cheaper.clone(), refused(Right::PriceOverride));
    check_in(asking(), &given, cheaper.approved_by("boss"), Ok(&told));
    // So it is with a line that comes with it.
    let with = |id: &str| NewLine { price_override: Some(price(900)), ..new_line(id, "burger", 1) };
    check_in(asking(), &given, add(vec![with("l2")]), refused(Right::PriceOverride));
    check_in(asking(), std::slice::from_ref(&boss), open(vec![with("l1")]), refused(Right::PriceOverride));
    let told = ["o1 opened 1 on 2026-03-02", "o1 line l1 burger x 1000 at 1000", "o1 line l1 at 900 instead of 1000"];
    check_in(asking(), &[boss], open(vec![with("l1")]).approved_by("boss"), Ok(&told));
    check_in(asking(), &given, exempt(), refused(Right::TaxExempt));
    let free = NewOrder { lines: burgers(), tax_exempt: Some(text("embassy")), ..new_order() };
    check_in(asking(), &[], to_o1(OrderCommand::Open(free)), refused(Right::TaxExempt));
}

#[test]
fn a_price_of_its_own_takes_modifiers_on_top() {
    let bacon = NewLine { modifiers: vec![choice("toppings", "bacon", 1)], ..new_line("l1", "slider", 1) };
    let own = change("l1", |change| change.price_override = Some(price(100)));
    check(&[open(vec![bacon.clone()])], own, Ok(&["o1 line l1 at 250 instead of 150"]));
    let free = change("l1", |change| change.price_override = Some(price(0)));
    check(&[open(vec![bacon])], free, Ok(&["o1 line l1 at 150 instead of 150"]));
}

#[test]
fn an_order_free_of_tax_costs_no_tax() {
    let combo = NewLine { modifiers: vec![choice("sides", "fries", 2)], ..new_line("l1", "combo", 1) };
    let placed = [open(vec![combo, new_line("l2", "burger", 1)]), place()];
    // 1595 with 10 % inside is 1450 without, and 8.875 % on top of that 129; 1000 and 89.
    check(&placed[..1], place(), Ok(&["o1 placed 2813", "reserved l2 burger 1000"]));
    check(&placed, exempt(), Ok(&["o1 free of tax: embassy", "o1 repriced 2450"]));
    let free = [&placed[..], &[exempt()]].concat();
    check(&free, exempt_no_more(), Ok(&["o1 taxed again", "o1 repriced 2813"]));
    check(&placed, exempt_no_more(), Ok(&[]));
    // What is free of tax does not become one with what is not.
    let other =
        when(to_order("o2", OrderCommand::Open(NewOrder { lines: vec![new_line("l1", "soda", 1)], ..new_order() })));
    let merge = to_o1(OrderCommand::MergeInto(order("o2")));
    check(&[open(burgers()), exempt(), other], merge, Err(Refused::OrdersDiffer { what: "tax_exempt" }));
}

fn paying(amount: Option<i64>, by: PaidBy) -> NewOrder {
    let payment = payment("p1");
    let pay = Some(NewPay { payment, amount: amount.map(Money), tip: Money(100), by });
    NewOrder { lines: burgers(), pay_mode: PayMode::First, place: Some(Place::default()), pay, ..new_order() }
}

fn in_cash(tendered: i64) -> PaidBy {
    PaidBy::Cash { tendered: Some(Money(tendered)), drawer: None }
}

fn by_terminal() -> PaidBy {
    PaidBy::External { tender: TenderId::parse("card").expect("an id"), reference: Some(text("A 4711")) }
}

#[test]
fn an_order_is_opened_placed_paid_and_done_in_one_commit() {
    let pay = |amount, by| to_o1(OrderCommand::Open(paying(amount, by)));
    let opened = ["o1 opened 1 on 2026-03-02", "o1 line l1 burger x 2000 at 1000"];
    let placed = ["o1 placed 2178 until 900", "reserved l1 burger 2000"];
    let done = ["committed l1 burger 2000", "o1 completed 2178"];
    let cash = ["p1 cash 2178 + 100", "p1 captured 2178 + 100, 222 back", "o1 applied p1 2178 + 100"];
    check(&[], pay(None, in_cash(2_500)), Ok(&[&opened[..], &placed, &cash, &done].concat()));
    let card = ["p1 card 2178 + 100", "p1 called A 4711", "p1 captured 2178 + 100", "o1 applied p1 2178 + 100"];
    check(&[], pay(Some(2_178), by_terminal()), Ok(&[&opened[..], &placed, &card, &done].concat()));
    // A part of it leaves the rest due.
    let part = ["p1 card 1000 + 100", "p1 called A 4711", "p1 captured 1000 + 100", "o1 applied p1 1000 + 100"];
    check(&[], pay(Some(1_000), by_terminal()), Ok(&[&opened[..], &placed, &part].concat()));
    // What has to be prepared goes to the kitchen with it.
    let fired = ["committed l1 burger 2000", "o1 fire 1: l1 2000 took 2000", "t1 for grill: l1 2000"];
    check_in(cooking(), &[], pay(None, in_cash(2_500)), Ok(&[&opened[..], &placed, &cash, &fired].concat()));
    // All of it or nothing.
    let little = Refused::TenderedTooLittle { needed: Money(2_278) };
    check(&[], pay(None, in_cash(2_000)), Err(little));
    check(&[], pay(Some(2_179), by_terminal()), Err(Refused::PaymentExceedsDue { due: Money(2_178) }));
    let given = [open_first(), place(), by_card("p1", None)];
    let again = when(to_order("o2", OrderCommand::Open(paying(None, by_terminal()))));
    check(&given, again, Err(Refused::PaymentExists { payment: payment("p1") }));
    let free = NewOrder { lines: vec![new_line("l1", "water", 1)], ..paying(None, in_cash(0)) };
    check(&[], to_o1(OrderCommand::Open(free)), Err(Refused::NothingDue));
    check_in(opened_in_shifts(), &[], pay(None, in_cash(2_500)), Err(Refused::ShiftRequired));
    // What is for practice goes into no drawer.
    let practice = NewOrder { training: true, ..paying(None, in_cash(2_500)) };
    let told = ["o1 opened T-1 on 2026-03-02", "o1 line l1 burger x 2000 at 1000", "o1 placed 2178 until 900"];
    let told = [&told[..], &cash, &["o1 completed 2178"]].concat();
    check_in(opened_in_shifts(), &[], to_o1(OrderCommand::Open(practice)), Ok(&told));
}

fn opened_in_shifts() -> World {
    opened(Settings { cash_shifts: domain::store::CashShifts::Required, ..settings() })
}

#[test]
fn a_card_terminals_reference_is_kept() {
    let said = |amount: Option<i64>| {
        let outcome = Outcome::Captured { amount: amount.map(Money), reference: Some(text("A 4711")) };
        when(to_payment("p1", PaymentCommand::RecordOutcome(outcome)))
    };
    let given = [open(burgers()), place(), by_card("p1", Some(1_000))];
    let told = ["p1 called A 4711", "p1 captured 1000 + 0", "o1 applied p1 1000 + 0"];
    check(&given, said(None), Ok(&told));
    // So it is where another amount moved, or it was recorded before.
    let flagged = ["p1 called A 4711", "p1 flagged 900 for 1000"];
    check(&given, said(Some(900)), Ok(&flagged));
    let twice = [&given[..], &[said(None)]].concat();
    check(&twice, said(None), Ok(&["p1 called A 4711", "p1 ignored Captured"]));
}

#[test]
fn an_item_is_sold_in_its_dayparts() {
    let evening = soda_in_the_evening();
    let soda = || open(vec![new_line("l1", "soda", 1)]);
    let unsold = Refused::OutsideDaypart { item: item("soda") };
    // It is Monday. The evening of Sunday lasts until two.
    let hour = |hour: i64| (hour - 7) * 3_600;
    for (hour_of_day, is_sold) in [(0, true), (1, true), (2, false), (7, false), (17, false), (23, false)] {
        let then: Result<&[&str], Refused> = match is_sold {
            true => Ok(&["o1 opened 1 on 2026-03-01", "o1 line l1 soda x 1000 at 255"]),
            false => Err(unsold.clone()),
        };
        check(&evening, soda().at(hour(hour_of_day)), then);
    }
    let told = ["o1 opened #o1 on 2026-03-02", "o1 line l1 soda x 1000 at 255"];
    check(&evening, soda().imported(), Ok(&told));
}

#[test]
fn the_first_selections_of_a_group_are_free() {
    let toppings = groups().into_iter().find(|group| group.id.as_str() == "toppings").expect("it is there");
    let mut given = vec![menu(MenuCommand::UpsertModifierGroup(ModifierGroup { free: 2, ..toppings }))];
    given.extend(publish());
    let burger = |choices: &[(&str, u16)]| {
        let modifiers = choices.iter().map(|(what, qty)| choice("toppings", what, *qty)).collect();
        open(vec![NewLine { modifiers, ..new_line("l1", "burger", 1) }])
    };
    for (choices, at) in [
        (&[][..], 1_000),
        (&[("bacon", 1)], 1_000),
        (&[("bacon", 1), ("cheese", 2)], 1_095),
        (&[("cheese", 2), ("bacon", 1)], 1_150),
        (&[("bacon", 3)], 1_150),
        // What lowers the price does so, and uses none of them up.
        (&[("plain", 1), ("cheese", 2)], 800),
    ] {
        let line = format!("o1 line l1 burger x 1000 at {at}");
        check(&given, burger(choices), Ok(&["o1 opened 1 on 2026-03-02", &line]));
    }
}

/// The rules of tax are frozen with the order: one that was opened before there were others goes on by its own, and becomes one
/// with its like only.
#[test]
fn o1_an_order_keeps_the_tax_rules_it_was_opened_under() {
    let combo = || NewLine { modifiers: vec![choice("sides", "fries", 2)], ..new_line("l1", "combo", 1) };
    let mut world = opened(settings());
    let now = open(vec![combo()]);
    let opened = world.decide(&now.command, &now.context()).expect("an order");
    for mut event in opened {
        if let Event::Order(_, OrderEvent::OrderOpened(opening)) = &mut event {
            assert_eq!(opening.tax_rules, domain::pricing::TaxRules::Second);
            opening.tax_rules = domain::pricing::TaxRules::First;
        }
        world.evolve(&event);
    }
    // 8.875 % of 1595 is 142; of the 1450 without the 10 % inside it, 129.
    check_in(world.clone(), &[], place(), Ok(&["o1 placed 1737"]));
    let other = when(to_order("o2", OrderCommand::Open(NewOrder { lines: vec![combo()], ..new_order() })));
    let place_o2 = when(to_order("o2", OrderCommand::Place(Place::default())));
    check_in(world.clone(), std::slice::from_ref(&other), place_o2, Ok(&["o2 placed 1724"]));
    let merge = to_o1(OrderCommand::MergeInto(order("o2")));
    check_in(world, &[other], merge, Err(Refused::OrdersDiffer { what: "tax_rules" }));
}
