//! The menu: what a tenant sells, in published versions.
//!
//! A tenant edits a draft and publishes it; a store sells from the version it has adopted. Prices are in minor units of
//! the currency of the store that sells, so one menu serves stores that share a currency; others override prices.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::{LocalDateTime, TimeOfDay, Weekday};
use crate::dining::DiningMode;
use crate::ids::{DaypartId, GroupId, Id, ItemId, ModifierId, Sku, StationId, TaxId, Text, VariationId};
use crate::money::{Money, Ppm};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an item costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemPrice {
    /// The list price of one unit.
    Fixed(Money),
    /// The price comes with the line (market price, imported sales).
    Open,
}

/// Something on the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    pub name: Text,
    /// The heading it stands under and is reported by.
    pub category: Option<Text>,
    /// The price where the item has no variations.
    pub price: ItemPrice,
    /// Sizes and the like; where there are some, a line must name one.
    pub variations: Vec<Variation>,
    /// The modifier groups a guest chooses from, in order.
    pub groups: Vec<GroupId>,
    pub taxes: Vec<TaxId>,
    /// The stock item one unit takes; `None` where the item is not stocked.
    pub sku: Option<Sku>,
    /// Who prepares it; nobody has to where there is none.
    pub station: Option<StationId>,
    /// The taxes in ways of eating in which they are others, each at most once.
    pub mode_taxes: Vec<ModeTaxes>,
    /// When it is sold; always where there are none.
    pub dayparts: Vec<DaypartId>,
}

/// The taxes of an item in one way of eating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeTaxes {
    pub dining_mode: DiningMode,
    pub taxes: Vec<TaxId>,
}

impl Item {
    /// The most variations an item may have.
    pub const VARIATIONS_MAX: usize = 50;
    /// The most modifier groups an item may have.
    pub const GROUPS_MAX: usize = 50;
    /// The most taxes an item may carry.
    pub const TAXES_MAX: usize = 8;
    /// The most dayparts an item may be sold in.
    pub const DAYPARTS_MAX: usize = 24;

    /// Its taxes where the guest eats so.
    pub fn taxes_in(&self, mode: DiningMode) -> &[TaxId] {
        let own = self.mode_taxes.iter().find(|own| own.dining_mode == mode);
        own.map_or(&self.taxes, |own| &own.taxes)
    }

    /// All taxes it may carry.
    fn all_taxes(&self) -> impl Iterator<Item = &TaxId> {
        self.taxes.iter().chain(self.mode_taxes.iter().flat_map(|own| &own.taxes))
    }
}

/// One form an item is sold in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variation {
    /// Its id, unique in the item.
    pub id: VariationId,
    pub name: Text,
    pub price: Money,
    /// The stock item one unit takes; `None` takes the item's.
    pub sku: Option<Sku>,
}

/// Modifiers a guest chooses from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifierGroup {
    pub id: GroupId,
    pub name: Text,
    /// The fewest selections, counted with their quantities.
    pub min: u16,
    /// The most selections; 0 means no limit.
    pub max: u16,
    /// Whether one modifier may be taken more than once.
    pub allow_qty: bool,
    pub modifiers: Vec<Modifier>,
    /// How many selections cost nothing, counted with their quantities: the first of those that have a price above zero.
    pub free: u16,
}

impl ModifierGroup {
    /// The most modifiers a group may hold.
    pub const MODIFIERS_MAX: usize = 500;
}

/// One choice of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    /// Its id, unique in the group.
    pub id: ModifierId,
    pub name: Text,
    /// What one adds to the price of a unit; may be negative.
    pub price: Money,
    /// Whether it is taken where the guest chooses nothing from its group.
    pub default: bool,
}

/// A tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    pub id: TaxId,
    pub name: Text,
    pub rate: Ppm,
    /// Whether list prices contain it.
    pub inclusive: bool,
    /// Whether it is also taken on the taxes on top that stand before it on the line; only of one on top.
    pub compound: bool,
}

/// A part of the day in which some items are sold (breakfast).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daypart {
    pub id: DaypartId,
    pub name: Text,
    /// When it begins, by the store's clock.
    pub from: TimeOfDay,
    /// When it is over: where that is not after the beginning, on the next day.
    pub to: TimeOfDay,
    /// The days of the week on which it begins, from Monday; none are all.
    pub weekdays: Vec<Weekday>,
}

impl Daypart {
    /// Whether the store's clock is in it.
    pub fn holds(&self, local: LocalDateTime) -> bool {
        let (from, to) = (u32::from(self.from.minute()), u32::from(self.to.minute()));
        let (now, today) = (local.minute_of_day(), local.date().weekday());
        let begins_on = |day| self.weekdays.is_empty() || self.weekdays.contains(&day);
        let (is_since_today, is_since_yesterday) = match from < to {
            true => (from <= now && now < to, false),
            false => (from <= now, now < to),
        };
        is_since_today && begins_on(today) || is_since_yesterday && begins_on(today.before())
    }
}

/// A menu: the draft, or a published version of it. Cloning shares the items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// The items by id.
    pub items: BTreeMap<ItemId, Arc<Item>>,
    /// The modifier groups by id.
    pub groups: BTreeMap<GroupId, Arc<ModifierGroup>>,
    /// The taxes by id.
    pub taxes: BTreeMap<TaxId, Tax>,
    /// The dayparts by id.
    pub dayparts: BTreeMap<DaypartId, Daypart>,
}

/// A reference in a menu that leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DanglingReference {
    pub item: ItemId,
    /// What it refers to, by kind: `modifier group`, `tax` or `daypart`.
    pub kind: &'static str,
    /// The id that is not there.
    pub missing: Id,
}

impl Menu {
    /// The most items of a menu.
    pub const ITEMS_MAX: usize = 10_000;
    /// The most modifier groups of a menu.
    pub const GROUPS_MAX: usize = 2_000;
    /// The most taxes of a menu.
    pub const TAXES_MAX: usize = 100;
    /// The most dayparts of a menu.
    pub const DAYPARTS_MAX: usize = 24;

    /// Checks that every reference leads somewhere.
    ///
    /// # Errors
    /// The first [`DanglingReference`], in the order of the items.
    pub fn check(&self) -> Result<(), DanglingReference> {
        for item in self.items.values() {
            let dangling = |kind, missing| DanglingReference { item: item.id, kind, missing };
            if let Some(group) = item.groups.iter().find(|group| !self.groups.contains_key(group)) {
                return Err(dangling("modifier group", group.0));
            }
            if let Some(tax) = item.all_taxes().find(|tax| !self.taxes.contains_key(tax)) {
                return Err(dangling("tax", tax.0));
            }
            if let Some(daypart) = item.dayparts.iter().find(|daypart| !self.dayparts.contains_key(daypart)) {
                return Err(dangling("daypart", daypart.0));
            }
        }
        Ok(())
    }

    /// A number that changes when the content does: FNV-1a (Fowler, Noll, Vo), 64 bits, over every field in order.
    pub fn content_hash(&self) -> u64 {
        let mut hash = Fnv::default();
        for item in self.items.values() {
            hash.item(item);
        }
        for group in self.groups.values() {
            hash.group(group);
        }
        for tax in self.taxes.values() {
            hash.text("tax").text(tax.id.as_str()).text(tax.name.as_str());
            hash.number(i64::from(tax.rate.0)).number(i64::from(tax.inclusive));
            if tax.compound {
                hash.text("compound");
            }
        }
        for daypart in self.dayparts.values() {
            hash.text("daypart").text(daypart.id.as_str()).text(daypart.name.as_str());
            hash.number(daypart.from.minute().into()).number(daypart.to.minute().into());
            hash.number(daypart.weekdays.iter().fold(0, |days, day| days | 1 << *day as i64));
        }
        hash.0
    }
}

/// FNV-1a with the 64-bit offset basis and prime of the authors' specification (draft-eastlake-fnv).
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Fnv {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self
    }

    /// A text with its length, so that neighbours cannot run together.
    fn text(&mut self, text: &str) -> &mut Fnv {
        self.number(text.len() as i64).bytes(text.as_bytes())
    }

    fn number(&mut self, number: i64) -> &mut Fnv {
        self.bytes(&number.to_le_bytes())
    }

    fn sku(&mut self, sku: Option<Sku>) -> &mut Fnv {
        self.text(sku.as_ref().map_or("", Sku::as_str))
    }

    fn item(&mut self, item: &Item) {
        self.text("item").text(item.id.as_str()).text(item.name.as_str());
        self.text(item.category.as_ref().map_or("", Text::as_str)).sku(item.sku);
        match item.price {
            ItemPrice::Fixed(price) => self.number(1).number(price.0),
            ItemPrice::Open => self.number(0),
        };
        self.number(item.variations.len() as i64);
        for variation in &item.variations {
            self.text(variation.id.as_str()).text(variation.name.as_str()).number(variation.price.0).sku(variation.sku);
        }
        self.number(item.groups.len() as i64);
        for group in &item.groups {
            self.text(group.as_str());
        }
        self.number(item.taxes.len() as i64);
        for tax in &item.taxes {
            self.text(tax.as_str());
        }
        // Hashes of menus without stations stay as they were before there were any.
        if let Some(station) = item.station {
            self.text("station").text(station.as_str());
        }
        // So it is with all that came later.
        for own in &item.mode_taxes {
            self.text("mode_taxes").number(own.dining_mode as i64).number(own.taxes.len() as i64);
            for tax in &own.taxes {
                self.text(tax.as_str());
            }
        }
        for daypart in &item.dayparts {
            self.text("in_daypart").text(daypart.as_str());
        }
    }

    fn group(&mut self, group: &ModifierGroup) {
        self.text("group").text(group.id.as_str()).text(group.name.as_str());
        self.number(group.min.into()).number(group.max.into()).number(group.allow_qty.into());
        self.number(group.modifiers.len() as i64);
        for modifier in &group.modifiers {
            self.text(modifier.id.as_str()).text(modifier.name.as_str());
            self.number(modifier.price.0).number(modifier.default.into());
        }
        if group.free != 0 {
            self.text("free").number(group.free.into());
        }
    }
}
