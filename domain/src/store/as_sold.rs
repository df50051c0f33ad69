//! Lines as a terminal sold them that was away (rule F3): what the menu of today does not know of them is taken from the
//! version that had it, and what no version has, as the terminal names it.
//!
//! A line that the menu refuses is priced from a menu of its own, which has what the line names and asks for nothing else.
//! So there is one way to price a line, and none to refuse what was sold.

use super::Store;
use super::lines::Selling;
use crate::command::{Context, NewLine, NewModifier, OrderCommand, StoreCommand};
use crate::event::{DiningMode, Line};
use crate::ids::{GroupId, ItemId, TaxId, Text};
use crate::menu::{Item, ItemPrice, Menu, Modifier, ModifierGroup, Tax, Variation};
use crate::money::{Money, Ppm};
use crate::refused::Refused;
use crate::tenant::Tenant;
use crate::terminal::{Waived, Waiver};
use std::sync::Arc;

/// The most versions of the menu that are searched for what a line names, those next below the one it was sold from first.
const VERSIONS_MAX: usize = 100;

impl Store {
    /// Prices a line; one that the menu refuses and that was sold all the same, as it was sold.
    pub(super) fn line_sold(&self, selling: Selling<'_>, new: &NewLine, mode: DiningMode) -> Result<Line, Refused> {
        self.line(selling, new, mode).or_else(|refused| match Waiver::of(&refused) {
            Some(Waiver::Menu) if selling.context.offline.waived.has(Waiver::Menu) => {
                let (menu, version) = menu_of(selling, new);
                self.line(Selling { menu: &menu, version, ..selling }, new, mode)
            }
            Some(_) | None => Err(refused),
        })
    }

    /// What of the lines of a command was waived, line by line.
    pub(super) fn waived_of_lines(&self, tenant: &Tenant, command: &StoreCommand, context: &Context) -> Vec<Refused> {
        let lines: &[NewLine] = match command {
            StoreCommand::Order(_, OrderCommand::Open(new)) => &new.lines,
            StoreCommand::Order(_, OrderCommand::AddLines(lines)) => lines,
            _ => return vec![],
        };
        let mut told = vec![];
        for new in lines {
            let mut context = *context;
            context.offline.waived = Waived::default();
            // What is said of the whole command is not said again of each line.
            while let Err(refused) = self.selling(tenant, &context)
                && let Some(waiver) = Waiver::of(&refused)
                && !context.offline.waived.has(waiver)
            {
                context.offline.waived = context.offline.waived.with(waiver);
            }
            while let Ok(selling) = self.selling(tenant, &context)
                && let Err(refused) = self.line_sold(selling, new, DiningMode::DineIn)
                && let Some(waiver) = Waiver::of(&refused)
                && !context.offline.waived.has(waiver)
            {
                context.offline.waived = context.offline.waived.with(waiver);
                if !told.contains(&refused) {
                    told.push(refused);
                }
            }
        }
        told
    }
}

/// The menu that has these taxes too: as another version had them, or, where none did, at no rate.
pub(super) fn with_taxes(selling: Selling<'_>, taxes: &[TaxId]) -> Menu {
    let mut menu = selling.menu.clone();
    for tax in taxes.iter().filter(|tax| !selling.menu.taxes.contains_key(tax)) {
        let known = found(selling, |menu| menu.taxes.get(tax).cloned());
        let unknown = || Tax { id: *tax, name: named(tax.as_str()), rate: Ppm(0), inclusive: false, compound: false };
        menu.taxes.insert(*tax, known.map_or_else(unknown, |(known, _)| known));
    }
    menu
}

/// A menu that sells this line, and the version that its item is from.
fn menu_of(selling: Selling<'_>, new: &NewLine) -> (Menu, u32) {
    let with_variation = |menu: &Menu| {
        let item = menu.items.get(&new.item)?;
        let has_it = match new.variation {
            Some(wanted) => item.variations.iter().any(|variation| variation.id == wanted),
            None => item.variations.is_empty(),
        };
        has_it.then(|| (Arc::clone(item), menu.taxes.clone()))
    };
    let found_item = found(selling, with_variation)
        .or_else(|| found(selling, |menu| Some((Arc::clone(menu.items.get(&new.item)?), menu.taxes.clone()))));
    let ((item, taxes), version) = match found_item {
        Some(((item, taxes), version)) => ((Arc::unwrap_or_clone(item), taxes), version),
        None => ((nameless(new.item), selling.menu.taxes.clone()), selling.version),
    };
    let mut item = Item { price: price_of(&item, new), ..item };
    match new.variation {
        None => item.variations.clear(),
        Some(wanted) => match item.variations.iter_mut().find(|variation| variation.id == wanted) {
            Some(held) => held.price = new.open_price.unwrap_or(held.price),
            None => {
                let price = new.open_price.unwrap_or(match item.price {
                    ItemPrice::Fixed(price) => price,
                    ItemPrice::Open => Money::ZERO,
                });
                let variation = Variation { id: wanted, name: named(wanted.as_str()), price, sku: None };
                item.variations.push(variation);
            }
        },
    }
    let mut menu = Menu { taxes, dayparts: selling.menu.dayparts.clone(), ..Menu::default() };
    for chosen in &new.modifiers {
        if !item.groups.contains(&chosen.group) {
            item.groups.push(chosen.group);
        }
    }
    for id in &item.groups {
        let known = found(selling, |menu| menu.groups.get(id).cloned());
        let mut group = match known {
            Some((group, _)) => Arc::unwrap_or_clone(group),
            None => nameless_group(*id),
        };
        (group.min, group.max, group.allow_qty) = (0, 0, true);
        for chosen in new.modifiers.iter().filter(|chosen| chosen.group == *id) {
            if group.modifiers.iter().all(|held| held.id != chosen.modifier) {
                group.modifiers.push(modifier_of(selling, chosen));
            }
        }
        menu.groups.insert(*id, Arc::new(group));
    }
    menu.items.insert(item.id, Arc::new(item));
    (menu, version)
}

/// The price that the terminal names, else the list price, else none.
fn price_of(item: &Item, new: &NewLine) -> ItemPrice {
    match (new.open_price, item.price) {
        (Some(_), _) => ItemPrice::Open,
        (None, ItemPrice::Fixed(price)) => ItemPrice::Fixed(price),
        (None, ItemPrice::Open) => ItemPrice::Fixed(Money::ZERO),
    }
}

fn modifier_of(selling: Selling<'_>, chosen: &NewModifier) -> Modifier {
    let in_group = |menu: &Menu| {
        let group = menu.groups.get(&chosen.group)?;
        group.modifiers.iter().find(|held| held.id == chosen.modifier).cloned()
    };
    let unknown = || {
        let name = named(chosen.modifier.as_str());
        Modifier { id: chosen.modifier, name, price: Money::ZERO, default: false }
    };
    found(selling, in_group).map_or_else(unknown, |(known, _)| known)
}

/// What the version that was sold from has, or else the next one before it, or the first one after it.
fn found<T>(selling: Selling<'_>, of: impl Fn(&Menu) -> Option<T>) -> Option<(T, u32)> {
    selling.tenant.menus_near(selling.version).take(VERSIONS_MAX).find_map(|(version, menu)| Some((of(menu)?, version)))
}

fn nameless(item: ItemId) -> Item {
    Item {
        id: item,
        name: named(item.as_str()),
        category: None,
        price: ItemPrice::Open,
        variations: vec![],
        groups: vec![],
        taxes: vec![],
        sku: None,
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

fn nameless_group(id: GroupId) -> ModifierGroup {
    ModifierGroup { id, name: named(id.as_str()), min: 0, max: 0, allow_qty: true, free: 0, modifiers: vec![] }
}

fn named(id: &str) -> Text {
    Text::parse(id).expect("an id makes a text")
}
