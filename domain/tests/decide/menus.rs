//! The draft of the menu: what is not named stays, and what is named changes alone.

use crate::refusals::menu;
use crate::*;
use domain::command::{Edit, ItemChange, ModifierChange, ModifierGroupChange, StockLink, VariationChange};
use domain::menu::{Item, ItemPrice, ModifierGroup, Tax};

/// What one command makes of the draft.
#[track_caller]
fn made(command: MenuCommand) -> Result<MenuEvent, Refused> {
    let asked = menu(command.clone());
    let mut events = opened(settings()).decide(&asked.command, &asked.context())?;
    match events.pop() {
        Some(Event::Menu(event)) if events.is_empty() => Ok(event),
        other => panic!("{command:?} led to {other:?} and {events:?}"),
    }
}

#[track_caller]
fn item_of(command: MenuCommand) -> Item {
    match made(command) {
        Ok(MenuEvent::ItemUpserted(item)) => item,
        other => panic!("{other:?} is no item"),
    }
}

fn held(id: &str) -> Item {
    items().into_iter().find(|held| held.id == item(id)).expect("it is on the menu")
}

fn nothing(id: &str) -> ItemChange {
    ItemChange::of(item(id))
}

fn about(id: &str) -> VariationChange {
    VariationChange { variation: variation(id), name: None, price: None, sku: Edit::Keep }
}

#[test]
fn a_link_to_stock_is_not_cut_by_omission() {
    // A new price, put without the sku.
    let dearer = Item { price: ItemPrice::Fixed(Money(1_100)), sku: None, ..held("burger") };
    assert_eq!(item_of(MenuCommand::UpsertItem(dearer.clone())), Item { sku: Some(sku("burger")), ..dearer.clone() });
    let unlinked = MenuCommand::UnlinkItem { item: dearer.clone(), links: vec![StockLink::Item] };
    assert_eq!(item_of(unlinked), dearer);
    let mut pizza = held("pizza");
    (pizza.sku, pizza.name) = (None, text("Pizza"));
    pizza.variations.iter_mut().for_each(|held| held.sku = None);
    let kept = item_of(MenuCommand::UpsertItem(pizza.clone()));
    assert_eq!((kept.sku, kept.variations), (Some(sku("dough")), held("pizza").variations));
    let links = vec![StockLink::Variation(variation("large"))];
    let cut = item_of(MenuCommand::UnlinkItem { item: pizza, links });
    assert_eq!((cut.sku, cut.variations[1].sku), (Some(sku("dough")), None));
    // An item that is new has the links it names.
    let tea = Item { id: item("tea"), sku: None, ..held("burger") };
    assert_eq!(item_of(MenuCommand::UpsertItem(tea.clone())), tea);
}

#[test]
fn what_is_named_changes_alone() {
    let price = |id: &str, price| MenuCommand::ChangeItem(ItemChange { price: Some(Money(price)), ..nothing(id) });
    assert_eq!(item_of(price("burger", 1_100)), Item { price: ItemPrice::Fixed(Money(1_100)), ..held("burger") });
    let change = ItemChange { sku: Edit::Clear, category: Edit::Set(text("Grill")), ..nothing("burger") };
    let right = Item { sku: None, category: Some(text("Grill")), ..held("burger") };
    assert_eq!(item_of(MenuCommand::ChangeItem(change)), right);
    let larger = VariationChange { price: Some(Money(1_500)), ..about("large") };
    let mut right = held("pizza");
    right.variations[1].price = Money(1_500);
    let change = ItemChange { variations: vec![larger], ..nothing("pizza") };
    assert_eq!(item_of(MenuCommand::ChangeItem(change)), right);
    check(&[], menu(MenuCommand::ChangeItem(nothing("burger"))), Ok(&[]));
    assert_eq!(made(price("pizza", 1)), Err(Refused::VariationRequired { item: item("pizza") }));
    assert_eq!(made(price("special", 1)), Err(Refused::NoListPrice { item: item("special") }));
    assert_eq!(made(price("tea", 1)), Err(Refused::NotInDraft { kind: "item", id: item("tea").0 }));
    let huge = ItemChange { variations: vec![about("huge")], ..nothing("pizza") };
    let unknown = Refused::UnknownVariation { item: item("pizza"), variation: variation("huge") };
    assert_eq!(made(MenuCommand::ChangeItem(huge)), Err(unknown));
}

#[test]
fn groups_and_taxes_change_alone() {
    let sauce = groups().into_iter().find(|held| held.id == group("sauce")).expect("a group");
    let dearer = |name| ModifierChange { modifier: modifier(name), name: None, price: Some(Money(50)) };
    let change =
        |name| ModifierGroupChange { group: group("sauce"), name: Some(text("Sauces")), modifiers: vec![dearer(name)] };
    let mut right = ModifierGroup { name: text("Sauces"), ..sauce };
    right.modifiers[1].price = Money(50);
    assert_eq!(made(MenuCommand::ChangeModifierGroup(change("mayo"))), Ok(MenuEvent::ModifierGroupUpserted(right)));
    let unknown = Refused::UnknownModifier { group: group("sauce"), modifier: modifier("salsa") };
    assert_eq!(made(MenuCommand::ChangeModifierGroup(change("salsa"))), Err(unknown));
    let held = taxes().swap_remove(0);
    let change = MenuCommand::ChangeTax { tax: held.id, name: None, rate: Some(Ppm(1)) };
    assert_eq!(made(change), Ok(MenuEvent::TaxUpserted(Tax { rate: Ppm(1), ..held })));
    let other = MenuCommand::ChangeTax { tax: tax("other"), name: None, rate: None };
    assert_eq!(made(other), Err(Refused::NotInDraft { kind: "tax", id: tax("other").0 }));
}
