//! The menu's draft.

use super::fields::{at_most, each, is_false, not_negative, same, unique};
use super::order::Patch;
use crate::json::body::FieldError;
use crate::json::wire;
use domain::command::{ItemChange, MenuCommand, ModifierChange, ModifierGroupChange, StockLink, VariationChange};
use domain::ids::{DaypartId, GroupId, ItemId, TaxId};
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, Modifier, ModifierGroup, Tax, Variation};
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `PUT /v1/menu/items/{item}`: creates or changes an item, all of it at once but its links to the shelf: a `sku` that is left
/// out stays as it is, and ends with `null`. It has exactly one of a `price`, an `open_price` and `variations`. `GET` shows
/// the draft as it can be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Pizza Margherita", "category": "Pizza", "price": 1150, "modifier_groups": ["toppings"],
    "taxes": ["vat"], "sku": "dough_ball"
}))]
pub struct PutItem {
    /// What the guest reads.
    pub name: wire::Text,
    /// The heading it stands under and is reported by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<wire::Text>,
    /// The list price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<wire::Money>,
    /// Whether the price comes with the line.
    #[serde(default, skip_serializing_if = "is_false")]
    pub open_price: bool,
    /// Sizes and the like, each with its price; a line must name one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub variations: Vec<ItemVariation>,
    /// The modifier groups a guest chooses from, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub modifier_groups: Vec<wire::GroupId>,
    /// The taxes on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 8)]
    pub taxes: Vec<wire::TaxId>,
    /// The taxes on it, instead of those, where the guest eats otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 3)]
    pub dining_mode_taxes: Vec<DiningModeTaxes>,
    /// The dayparts it is sold in; always where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 24)]
    pub dayparts: Vec<wire::DaypartId>,
    /// The stock item one unit takes. Where it is left out the item keeps the one it has, where it is `null` it takes none.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Sku>)]
    pub sku: Patch<wire::Sku>,
    /// The station of the kitchen that prepares it; nobody has to where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<wire::StationId>,
    /// The item, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<wire::ItemId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

impl PutItem {
    /// The command for an item.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn command(self, id: ItemId) -> Result<MenuCommand, FieldError> {
        let of_variations = self.variations.iter().filter(|variation| variation.sku == Patch::Clear);
        let own = (self.sku == Patch::Clear).then_some(StockLink::Item);
        let links =
            own.into_iter().chain(of_variations.map(|of| StockLink::Variation(of.variation_id.0))).collect::<Vec<_>>();
        let item = self.parse(id)?;
        Ok(match links.is_empty() {
            true => MenuCommand::UpsertItem(item),
            false => MenuCommand::UnlinkItem { item, links },
        })
    }

    /// The item.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, id: ItemId) -> Result<Item, FieldError> {
        same(self.item_id, id, "/item_id")?;
        at_most(&self.variations, Item::VARIATIONS_MAX, "/variations")?;
        at_most(&self.modifier_groups, Item::GROUPS_MAX, "/modifier_groups")?;
        at_most(&self.taxes, Item::TAXES_MAX, "/taxes")?;
        unique(self.variations.iter().map(|variation| variation.variation_id.0), "/variations", "variation_id")?;
        unique(self.modifier_groups.iter().map(|group| group.0), "/modifier_groups", "")?;
        unique(self.taxes.iter().map(|tax| tax.0), "/taxes", "")?;
        at_most(&self.dayparts, Item::DAYPARTS_MAX, "/dayparts")?;
        unique(self.dayparts.iter().map(|daypart| daypart.0), "/dayparts", "")?;
        let modes = self.dining_mode_taxes.iter().map(|own| wire::name_of(own.dining_mode.0));
        unique(modes, "/dining_mode_taxes", "dining_mode")?;
        let price = match (self.price, self.open_price, self.variations.is_empty()) {
            (Some(price), false, true) => ItemPrice::Fixed(not_negative(price.0, "/price")?),
            (None, true, true) => ItemPrice::Open,
            // Every line names a variation, so this price is never asked for.
            (None, false, false) => ItemPrice::Fixed(Money::ZERO),
            (None, false, true) => {
                return Err(FieldError::new("/price", "is required, or \"open_price\": true, or variations"));
            }
            (Some(_), true, _) | (None, true, false) => {
                return Err(FieldError::new(
                    "/open_price",
                    "cannot stand beside a price or variations; give one of them",
                ));
            }
            (Some(_), false, false) => {
                return Err(FieldError::new("/price", "cannot stand beside variations: each of them has its price"));
            }
        };
        Ok(Item {
            id,
            name: self.name.0,
            category: self.category.map(|category| category.0),
            price,
            variations: each(self.variations, "/variations", ItemVariation::parse)?,
            groups: self.modifier_groups.into_iter().map(|group| group.0).collect(),
            taxes: self.taxes.into_iter().map(|tax| tax.0).collect(),
            sku: self.sku.value().map(|sku| sku.0),
            station: self.station.map(|station| station.0),
            mode_taxes: each(self.dining_mode_taxes, "/dining_mode_taxes", DiningModeTaxes::parse)?,
            dayparts: self.dayparts.into_iter().map(|daypart| daypart.0).collect(),
        })
    }
}

/// The taxes on an item where the guest eats so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"dining_mode": "take_away", "taxes": ["vat_reduced"]}))]
pub struct DiningModeTaxes {
    /// How the guest eats.
    pub dining_mode: wire::DiningMode,
    /// The taxes; none where it is empty.
    #[schema(max_items = 8)]
    pub taxes: Vec<wire::TaxId>,
}

impl DiningModeTaxes {
    /// The taxes.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<ModeTaxes, FieldError> {
        at_most(&self.taxes, Item::TAXES_MAX, "/taxes")?;
        unique(self.taxes.iter().map(|tax| tax.0), "/taxes", "")?;
        let taxes = self.taxes.into_iter().map(|tax| tax.0).collect();
        Ok(ModeTaxes { dining_mode: self.dining_mode.0, taxes })
    }
}

/// One form an item is sold in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"variation_id": "large", "name": "Large", "price": 1450}))]
pub struct ItemVariation {
    /// Its id, unique in the item.
    pub variation_id: wire::VariationId,
    /// What the guest reads.
    pub name: wire::Text,
    /// The price of one unit.
    pub price: wire::Money,
    /// The stock item one unit takes, instead of the item's. Where it is left out the variation keeps the one it has, where it
    /// is `null` it takes the item's.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Sku>)]
    pub sku: Patch<wire::Sku>,
}

impl ItemVariation {
    /// The variation.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<Variation, FieldError> {
        Ok(Variation {
            id: self.variation_id.0,
            name: self.name.0,
            price: not_negative(self.price.0, "/price")?,
            sku: self.sku.value().map(|sku| sku.0),
        })
    }
}

/// `PUT /v1/menu/modifier-groups/{group}`: creates or changes a modifier group, all of it at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Toppings", "min": 0, "max": 3,
    "modifiers": [{"modifier_id": "olives", "name": "Olives", "price": 100}]
}))]
pub struct PutModifierGroup {
    /// What the guest reads.
    pub name: wire::Text,
    /// The fewest selections, counted with their quantities.
    #[serde(default)]
    pub min: u16,
    /// The most selections; 0 means no limit.
    #[serde(default)]
    pub max: u16,
    /// Whether one modifier may be taken more than once.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_qty: bool,
    /// How many selections cost nothing, counted with their quantities: the first that the line names, of those whose price is
    /// above 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub free: u16,
    /// What there is to choose.
    #[schema(min_items = 1, max_items = 500)]
    pub modifiers: Vec<GroupModifier>,
    /// The modifier group, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<wire::GroupId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl PutModifierGroup {
    /// The group.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, id: GroupId) -> Result<ModifierGroup, FieldError> {
        same(self.group_id, id, "/group_id")?;
        at_most(&self.modifiers, ModifierGroup::MODIFIERS_MAX, "/modifiers")?;
        if self.modifiers.is_empty() {
            return Err(FieldError::new("/modifiers", "must hold at least one modifier"));
        }
        unique(self.modifiers.iter().map(|modifier| modifier.modifier_id.0), "/modifiers", "modifier_id")?;
        if self.max != 0 && self.max < self.min {
            let problem = format!("is {}, more than max, which is {}; a max of 0 means no limit", self.min, self.max);
            return Err(FieldError::new("/min", problem));
        }
        if !self.allow_qty && self.modifiers.len() < usize::from(self.min) {
            let count = self.modifiers.len();
            return Err(FieldError::new("/min", format!("is {}, but there are only {count} to choose", self.min)));
        }
        let defaults = self.modifiers.iter().filter(|modifier| modifier.default).count();
        if self.max != 0 && usize::from(self.max) < defaults {
            let problem = format!("is {}, but {defaults} modifiers are taken by default", self.max);
            return Err(FieldError::new("/max", problem));
        }
        Ok(ModifierGroup {
            id,
            name: self.name.0,
            min: self.min,
            max: self.max,
            allow_qty: self.allow_qty,
            modifiers: self.modifiers.into_iter().map(GroupModifier::parse).collect(),
            free: self.free,
        })
    }
}

/// One choice of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupModifier {
    /// Its id, unique in the group.
    pub modifier_id: wire::ModifierId,
    /// What the guest reads.
    pub name: wire::Text,
    /// What one adds to the price of a unit; may be negative, and is 0 where nobody says.
    #[serde(default)]
    pub price: wire::Money,
    /// Whether it is taken where the guest chooses nothing from its group.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
}

impl GroupModifier {
    /// The modifier; nothing in it can be wrong any more.
    pub fn parse(self) -> Modifier {
        Modifier { id: self.modifier_id.0, name: self.name.0, price: self.price.0, default: self.default }
    }
}

/// `PUT /v1/menu/taxes/{tax}`: creates or changes a tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "VAT 10 %", "percent_ppm": 100_000, "inclusive": true}))]
pub struct PutTax {
    /// What the receipt says.
    pub name: wire::Text,
    /// The rate.
    pub percent_ppm: wire::Ppm,
    /// Whether list prices contain it.
    pub inclusive: bool,
    /// Whether it is also taken on the taxes on top that stand before it on the item; only of one that prices do not contain.
    #[serde(default, skip_serializing_if = "is_false")]
    pub compound: bool,
    /// The tax, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<wire::TaxId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

impl PutTax {
    /// The tax.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, id: TaxId) -> Result<Tax, FieldError> {
        same(self.tax_id, id, "/tax_id")?;
        match self.inclusive && self.compound {
            true => Err(FieldError::new("/compound", "is for a tax on top; leave it out, or say \"inclusive\": false")),
            false => Ok(Tax {
                id,
                name: self.name.0,
                rate: self.percent_ppm.0,
                inclusive: self.inclusive,
                compound: self.compound,
            }),
        }
    }
}

/// `PATCH /v1/menu/items/{item}`: changes what it names, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"price": 1200}))]
pub struct ChangeItem {
    /// What the guest reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<wire::Text>,
    /// The heading it stands under and is reported by; none where it is `null`.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Text>)]
    pub category: Patch<wire::Text>,
    /// The list price of one unit, of an item that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<wire::Money>,
    /// The stock item one unit takes; none where it is `null`.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Sku>)]
    pub sku: Patch<wire::Sku>,
    /// The station of the kitchen that prepares it; none where it is `null`.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::StationId>)]
    pub station: Patch<wire::StationId>,
    /// Those of its variations about which something changes; the others stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub variations: Vec<ChangeVariation>,
}

impl ChangeItem {
    /// What changes about an item.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, item: ItemId) -> Result<ItemChange, FieldError> {
        at_most(&self.variations, Item::VARIATIONS_MAX, "/variations")?;
        unique(self.variations.iter().map(|variation| variation.variation_id.0), "/variations", "variation_id")?;
        let change = ItemChange {
            name: self.name.map(|name| name.0),
            category: self.category.edit(|category| category.0),
            price: self.price.map(|price| not_negative(price.0, "/price")).transpose()?,
            sku: self.sku.edit(|sku| sku.0),
            station: self.station.edit(|station| station.0),
            variations: each(self.variations, "/variations", ChangeVariation::parse)?,
            ..ItemChange::of(item)
        };
        match change == ItemChange::of(item) {
            true => Err(nothing("name, category, price, sku, station or variations")),
            false => Ok(change),
        }
    }
}

/// What changes about a variation of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeVariation {
    /// Which.
    pub variation_id: wire::VariationId,
    /// What the guest reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<wire::Text>,
    /// The price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<wire::Money>,
    /// The stock item one unit takes; the item's where it is `null`.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Sku>)]
    pub sku: Patch<wire::Sku>,
}

impl ChangeVariation {
    fn parse(self) -> Result<VariationChange, FieldError> {
        Ok(VariationChange {
            variation: self.variation_id.0,
            name: self.name.map(|name| name.0),
            price: self.price.map(|price| not_negative(price.0, "/price")).transpose()?,
            sku: self.sku.edit(|sku| sku.0),
        })
    }
}

/// `PATCH /v1/menu/modifier-groups/{group}`: changes what it names, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"modifiers": [{"modifier_id": "olives", "price": 120}]}))]
pub struct ChangeModifierGroup {
    /// What the guest reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<wire::Text>,
    /// Those of its modifiers about which something changes; the others stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub modifiers: Vec<ChangeModifier>,
}

impl ChangeModifierGroup {
    /// What changes about a group.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, group: GroupId) -> Result<ModifierGroupChange, FieldError> {
        at_most(&self.modifiers, ModifierGroup::MODIFIERS_MAX, "/modifiers")?;
        unique(self.modifiers.iter().map(|modifier| modifier.modifier_id.0), "/modifiers", "modifier_id")?;
        if self.name.is_none() && self.modifiers.is_empty() {
            return Err(nothing("name or modifiers"));
        }
        let modifiers = self.modifiers.into_iter().map(ChangeModifier::parse).collect();
        Ok(ModifierGroupChange { group, name: self.name.map(|name| name.0), modifiers })
    }
}

/// What changes about a modifier of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeModifier {
    /// Which.
    pub modifier_id: wire::ModifierId,
    /// What the guest reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<wire::Text>,
    /// What one adds to the price of a unit; may be negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<wire::Money>,
}

impl ChangeModifier {
    fn parse(self) -> ModifierChange {
        ModifierChange {
            modifier: self.modifier_id.0,
            name: self.name.map(|name| name.0),
            price: self.price.map(|price| price.0),
        }
    }
}

/// `PATCH /v1/menu/taxes/{tax}`: changes what it names, and nothing else. Orders keep the rates they were opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"percent_ppm": 70_000}))]
pub struct ChangeTax {
    /// What the receipt says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<wire::Text>,
    /// The rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_ppm: Option<wire::Ppm>,
}

impl ChangeTax {
    /// The command for a tax.
    ///
    /// # Errors
    /// [`FieldError`]: nothing is to change.
    pub fn parse(self, tax: TaxId) -> Result<MenuCommand, FieldError> {
        let (name, rate) = (self.name.map(|name| name.0), self.percent_ppm.map(|rate| rate.0));
        match (&name, rate) {
            (None, None) => Err(nothing("name or percent_ppm")),
            (Some(_), _) | (None, Some(_)) => Ok(MenuCommand::ChangeTax { tax, name, rate }),
        }
    }
}

/// A change that changes nothing is one that somebody forgot.
fn nothing(fields: &str) -> FieldError {
    FieldError::new("", format!("must change something: {fields}"))
}

/// `PUT /v1/menu/dayparts/{daypart}`: creates or changes a part of the day in which some items are sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Breakfast", "from": "06:30", "to": "11:00", "weekdays": ["saturday", "sunday"]}))]
pub struct PutDaypart {
    /// What it is called.
    pub name: wire::Text,
    /// When it begins, by the store's clock.
    pub from: wire::TimeOfDay,
    /// When it is over: where that is not after the beginning, on the next day.
    pub to: wire::TimeOfDay,
    /// The days of the week on which it begins; every day where it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 7)]
    pub weekdays: Vec<wire::Weekday>,
    /// The daypart, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daypart_id: Option<wire::DaypartId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it: `If-Match` says which revision is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

impl PutDaypart {
    /// The daypart.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, id: DaypartId) -> Result<Daypart, FieldError> {
        same(self.daypart_id, id, "/daypart_id")?;
        unique(self.weekdays.iter().map(|day| wire::name_of(day.0)), "/weekdays", "")?;
        let mut weekdays: Vec<_> = self.weekdays.into_iter().map(|day| day.0).collect();
        weekdays.sort_unstable();
        Ok(Daypart { id, name: self.name.0, from: self.from.0, to: self.to.0, weekdays })
    }
}
