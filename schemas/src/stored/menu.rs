//! Stored events of `menu-<tenant>`, tags 0x01xx.

use super::envelope::{Envelope, write};
use super::parts::{Seq, Stored, named, named_opt, text_opt};
use super::{BadValue, DecodeError, tag};
use domain::event::MenuEvent;
use domain::ids::{GroupId, TaxId};
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Money, Ppm};
use serde::{Deserialize, Serialize};

/// `ItemUpserted`, version 1.
#[derive(Serialize, Deserialize)]
struct ItemUpsertedV1<'a> {
    item: &'a str,
    name: &'a str,
    category: Option<&'a str>,
    /// Nothing: the price comes with the line.
    price: Option<i64>,
    #[serde(borrow)]
    variations: Seq<'a, VariationV1<'a>, Variation>,
    groups: Seq<'a, &'a str, GroupId>,
    taxes: Seq<'a, &'a str, TaxId>,
    sku: Option<&'a str>,
}

/// `ItemUpserted`, version 2: with who prepares it. Written where somebody does; others are of version 1.
#[derive(Serialize, Deserialize)]
struct ItemUpsertedV2<'a> {
    #[serde(borrow)]
    v1: ItemUpsertedV1<'a>,
    station: &'a str,
}

/// A variation in [`ItemUpsertedV1`].
#[derive(Serialize, Deserialize)]
struct VariationV1<'a> {
    variation: &'a str,
    name: &'a str,
    price: i64,
    sku: Option<&'a str>,
}

/// `ItemRetired`, version 1.
#[derive(Serialize, Deserialize)]
struct ItemRetiredV1<'a> {
    item: &'a str,
}

/// `ModifierGroupUpserted`, version 1.
#[derive(Serialize, Deserialize)]
struct ModifierGroupUpsertedV1<'a> {
    group: &'a str,
    name: &'a str,
    min: u16,
    max: u16,
    allow_qty: bool,
    #[serde(borrow)]
    modifiers: Seq<'a, ModifierV1<'a>, Modifier>,
}

/// A modifier in [`ModifierGroupUpsertedV1`].
#[derive(Serialize, Deserialize)]
struct ModifierV1<'a> {
    modifier: &'a str,
    name: &'a str,
    price: i64,
    default: bool,
}

/// `TaxUpserted`, version 1.
#[derive(Serialize, Deserialize)]
struct TaxUpsertedV1<'a> {
    tax: &'a str,
    name: &'a str,
    rate_ppm: u32,
    inclusive: bool,
}

/// `MenuPublished`, version 1.
#[derive(Serialize, Deserialize)]
struct MenuPublishedV1 {
    version: u32,
    content_hash: u64,
}

impl<'a> Stored<'a, Item> for ItemUpsertedV1<'a> {
    fn of(item: &'a Item) -> ItemUpsertedV1<'a> {
        ItemUpsertedV1 {
            item: item.id.as_str(),
            name: item.name.as_str(),
            category: text_opt(&item.category),
            price: match item.price {
                ItemPrice::Fixed(price) => Some(price.0),
                ItemPrice::Open => None,
            },
            variations: Seq::of(&item.variations),
            groups: Seq::of(&item.groups),
            taxes: Seq::of(&item.taxes),
            sku: text_opt(&item.sku),
        }
    }

    fn back(self) -> Result<Item, BadValue> {
        Ok(Item {
            id: named(self.item)?,
            name: named(self.name)?,
            category: named_opt(self.category)?,
            price: match self.price {
                Some(price) => ItemPrice::Fixed(Money(price)),
                None => ItemPrice::Open,
            },
            variations: self.variations.back()?,
            groups: self.groups.back()?,
            taxes: self.taxes.back()?,
            sku: named_opt(self.sku)?,
            station: None,
        })
    }
}

impl<'a> Stored<'a, Variation> for VariationV1<'a> {
    fn of(variation: &'a Variation) -> VariationV1<'a> {
        VariationV1 {
            variation: variation.id.as_str(),
            name: variation.name.as_str(),
            price: variation.price.0,
            sku: text_opt(&variation.sku),
        }
    }

    fn back(self) -> Result<Variation, BadValue> {
        Ok(Variation {
            id: named(self.variation)?,
            name: named(self.name)?,
            price: Money(self.price),
            sku: named_opt(self.sku)?,
        })
    }
}

impl<'a> Stored<'a, ModifierGroup> for ModifierGroupUpsertedV1<'a> {
    fn of(group: &'a ModifierGroup) -> ModifierGroupUpsertedV1<'a> {
        ModifierGroupUpsertedV1 {
            group: group.id.as_str(),
            name: group.name.as_str(),
            min: group.min,
            max: group.max,
            allow_qty: group.allow_qty,
            modifiers: Seq::of(&group.modifiers),
        }
    }

    fn back(self) -> Result<ModifierGroup, BadValue> {
        Ok(ModifierGroup {
            id: named(self.group)?,
            name: named(self.name)?,
            min: self.min,
            max: self.max,
            allow_qty: self.allow_qty,
            modifiers: self.modifiers.back()?,
        })
    }
}

impl<'a> Stored<'a, Modifier> for ModifierV1<'a> {
    fn of(modifier: &'a Modifier) -> ModifierV1<'a> {
        ModifierV1 {
            modifier: modifier.id.as_str(),
            name: modifier.name.as_str(),
            price: modifier.price.0,
            default: modifier.default,
        }
    }

    fn back(self) -> Result<Modifier, BadValue> {
        Ok(Modifier {
            id: named(self.modifier)?,
            name: named(self.name)?,
            price: Money(self.price),
            default: self.default,
        })
    }
}

impl<'a> Stored<'a, Tax> for TaxUpsertedV1<'a> {
    fn of(tax: &'a Tax) -> TaxUpsertedV1<'a> {
        TaxUpsertedV1 { tax: tax.id.as_str(), name: tax.name.as_str(), rate_ppm: tax.rate.0, inclusive: tax.inclusive }
    }

    fn back(self) -> Result<Tax, BadValue> {
        Ok(Tax { id: named(self.tax)?, name: named(self.name)?, rate: Ppm(self.rate_ppm), inclusive: self.inclusive })
    }
}

pub(super) fn encode(event: &MenuEvent, out: &mut Vec<u8>) {
    match event {
        MenuEvent::ItemUpserted(item) => match &item.station {
            None => write(tag::ITEM_UPSERTED, 1, &ItemUpsertedV1::of(item), out),
            Some(station) => {
                let body = ItemUpsertedV2 { v1: ItemUpsertedV1::of(item), station: station.as_str() };
                write(tag::ITEM_UPSERTED, 2, &body, out);
            }
        },
        MenuEvent::ItemRetired { item } => write(tag::ITEM_RETIRED, 1, &ItemRetiredV1 { item: item.as_str() }, out),
        MenuEvent::ModifierGroupUpserted(group) => {
            write(tag::MODIFIER_GROUP_UPSERTED, 1, &ModifierGroupUpsertedV1::of(group), out);
        }
        MenuEvent::TaxUpserted(tax) => write(tag::TAX_UPSERTED, 1, &TaxUpsertedV1::of(tax), out),
        MenuEvent::MenuPublished { version, content_hash } => {
            let body = MenuPublishedV1 { version: *version, content_hash: *content_hash };
            write(tag::MENU_PUBLISHED, 1, &body, out);
        }
    }
}

pub(super) fn decode(envelope: &Envelope<'_>) -> Result<MenuEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::ITEM_UPSERTED, 2) => envelope.read(|body: ItemUpsertedV2<'_>| {
            let station = Some(named(body.station)?);
            Ok(MenuEvent::ItemUpserted(Item { station, ..body.v1.back()? }))
        }),
        (tag::ITEM_UPSERTED, 1) => envelope.read(|body: ItemUpsertedV1<'_>| body.back().map(MenuEvent::ItemUpserted)),
        (tag::ITEM_RETIRED, 1) => {
            envelope.read(|body: ItemRetiredV1<'_>| Ok(MenuEvent::ItemRetired { item: named(body.item)? }))
        }
        (tag::MODIFIER_GROUP_UPSERTED, 1) => {
            envelope.read(|body: ModifierGroupUpsertedV1<'_>| body.back().map(MenuEvent::ModifierGroupUpserted))
        }
        (tag::TAX_UPSERTED, 1) => envelope.read(|body: TaxUpsertedV1<'_>| body.back().map(MenuEvent::TaxUpserted)),
        (tag::MENU_PUBLISHED, 1) => envelope.read(|body: MenuPublishedV1| {
            Ok(MenuEvent::MenuPublished { version: body.version, content_hash: body.content_hash })
        }),
        _ => Err(envelope.unknown_version()),
    }
}
