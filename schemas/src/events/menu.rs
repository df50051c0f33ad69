//! Events of `menu-<tenant>`, tags 0x01xx.

use crate::codec::{Codec, Dice, Field, Get, Reader, Writer};
use crate::json::write::{Json, JsonWriter, Members};
use domain::event::MenuEvent;
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, Modifier, ModifierGroup, Tax, Variation};
use domain::money::Money;

events! { MenuEvent {
    0x0101 ItemUpserted(Item);
    0x0102 ItemRetired { item: "item_id" };
    0x0103 ModifierGroupUpserted(ModifierGroup);
    0x0104 TaxUpserted(Tax);
    0x0105 MenuPublished { version: "version", content_hash: "content_hash" };
    0x0106 DaypartUpserted(Daypart);
} }

record! {
    Item {
        id: "item_id", name: "name" clear, category?: "category" clear,
        // Where there are variations every line names one, so the item's own price means nothing.
        price: - unless variations,
        variations?: "variations", groups: "modifier_groups", taxes: "taxes", sku?: "sku",
        station?: "station" since 2 bare,
        mode_taxes?: "dining_mode_taxes" since 3, dayparts?: "dayparts" since 3,
    }
    ModeTaxes { dining_mode: "dining_mode", taxes: "taxes" }
    Variation { id: "variation_id", name: "name" clear, price: "price", sku?: "sku" }
    ModifierGroup {
        id: "group_id", name: "name" clear, min: "min", max: "max", allow_qty: "allow_qty", modifiers: "modifiers",
        free?: "free" since 2,
    }
    Modifier { id: "modifier_id", name: "name" clear, price: "price", default: "default" }
    Tax { id: "tax_id", name: "name" clear, rate: "percent_ppm", inclusive: "inclusive", compound?: "compound" since 2 }
    Daypart { id: "daypart_id", name: "name" clear, from: "from", to: "to", weekdays: "weekdays" }
}

/// Nothing: the price comes with the line.
impl Codec for ItemPrice {
    fn put(&self, to: &mut Writer<'_>) {
        match self {
            ItemPrice::Fixed(price) => Some(*price),
            ItemPrice::Open => None,
        }
        .put(to);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<ItemPrice> {
        Ok(Option::get(from)?.map_or(ItemPrice::Open, ItemPrice::Fixed))
    }

    fn any(dice: &mut Dice<'_>) -> ItemPrice {
        Option::any(dice).map_or(ItemPrice::Open, ItemPrice::Fixed)
    }
}

impl Members for ItemPrice {
    fn members(&self, to: &mut JsonWriter<'_>) {
        match self {
            ItemPrice::Fixed(price) => to.member("price", price),
            ItemPrice::Open => to.member("open_price", &true),
        }
    }

    fn fields() -> Vec<Field> {
        vec![Field::optional("price", Money::shape()), Field::optional("open_price", bool::shape())]
    }
}
