//! What changes about a menu's draft when not all of it is said anew.

use super::order::Edit;
use crate::ids::{GroupId, ItemId, ModifierId, Sku, StationId, Text, VariationId};
use crate::menu::{Item, ItemPrice, ModifierGroup};
use crate::money::Money;
use crate::refused::Refused;

/// A link of an item to the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockLink {
    /// Its own, which those of its variations have that name none.
    Item,
    Variation(VariationId),
}

/// What changes about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemChange {
    pub item: ItemId,
    pub name: Option<Text>,
    pub category: Edit<Text>,
    pub price: Option<Money>,
    pub sku: Edit<Sku>,
    pub station: Edit<StationId>,
    /// Those of its variations about which something changes.
    pub variations: Vec<VariationChange>,
}

/// What changes about a variation of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariationChange {
    pub variation: VariationId,
    pub name: Option<Text>,
    pub price: Option<Money>,
    pub sku: Edit<Sku>,
}

/// What changes about a modifier group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifierGroupChange {
    pub group: GroupId,
    pub name: Option<Text>,
    /// Those of its modifiers about which something changes.
    pub modifiers: Vec<ModifierChange>,
}

/// What changes about a modifier of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifierChange {
    pub modifier: ModifierId,
    pub name: Option<Text>,
    pub price: Option<Money>,
}

impl ItemChange {
    /// No change of this item, to say what changes besides.
    pub fn of(item: ItemId) -> ItemChange {
        let (category, sku, station) = (Edit::Keep, Edit::Keep, Edit::Keep);
        ItemChange { item, name: None, category, price: None, sku, station, variations: vec![] }
    }

    /// The item with what changes.
    ///
    /// # Errors
    /// [`Refused`]: what is to change is not there.
    pub fn apply(&self, held: &Item) -> Result<Item, Refused> {
        let mut item = held.clone();
        let ItemChange { item: id, name, category, price, sku, station, variations } = self;
        set(&mut item.name, name);
        item.category = category.clone().of(item.category);
        match (price, item.price) {
            (Some(_), _) if !item.variations.is_empty() => return Err(Refused::VariationRequired { item: *id }),
            (Some(_), ItemPrice::Open) => return Err(Refused::NoListPrice { item: *id }),
            (Some(price), ItemPrice::Fixed(_)) => item.price = ItemPrice::Fixed(*price),
            (None, _) => {}
        }
        item.sku = sku.clone().of(item.sku);
        item.station = station.clone().of(item.station);
        for change in variations {
            let held = item.variations.iter_mut().find(|held| held.id == change.variation);
            let held = held.ok_or(Refused::UnknownVariation { item: *id, variation: change.variation })?;
            set(&mut held.name, &change.name);
            set(&mut held.price, &change.price);
            held.sku = change.sku.clone().of(held.sku);
        }
        Ok(item)
    }
}

impl ModifierGroupChange {
    /// The group with what changes.
    ///
    /// # Errors
    /// [`Refused::UnknownModifier`].
    pub fn apply(&self, held: &ModifierGroup) -> Result<ModifierGroup, Refused> {
        let mut group = held.clone();
        set(&mut group.name, &self.name);
        for change in &self.modifiers {
            let held = group.modifiers.iter_mut().find(|held| held.id == change.modifier);
            let held = held.ok_or(Refused::UnknownModifier { group: self.group, modifier: change.modifier })?;
            set(&mut held.name, &change.name);
            set(&mut held.price, &change.price);
        }
        Ok(group)
    }
}

/// Sets what is named.
fn set<T: Clone>(held: &mut T, change: &Option<T>) {
    if let Some(change) = change {
        *held = change.clone();
    }
}
