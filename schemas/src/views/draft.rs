//! The draft of a menu, and what a store makes of its menu, as they are put: what `GET` shows can be put back.

use super::menu::{DaypartView, DiningModeTaxesView, ItemRow, MenuRow, ModifierGroupView, TaxView};
use crate::json::request::{
    DiningModeTaxes, GroupModifier, ItemVariation, Patch, PutDaypart, PutItem, PutModifierGroup, PutTax,
};
use crate::json::wire::{DaypartId, GroupId, ItemId, TaxId, Wire};
use domain::money::Money;

impl MenuRow {
    /// An item, as it is put; links to the shelf are shown also where there is none.
    pub fn item(&self, item: ItemId) -> Option<PutItem> {
        let ItemRow { view, sku, variation_skus } = self.items.get(&item)?;
        let variations = view.variations.iter().zip(variation_skus).map(|(variation, sku)| ItemVariation {
            variation_id: variation.variation_id,
            name: variation.name.clone(),
            price: Wire(Money(variation.price)),
            sku: Patch::to_be(*sku),
        });
        Some(PutItem {
            name: view.name.clone(),
            category: view.category.clone(),
            price: view.price.map(|price| Wire(Money(price))),
            open_price: view.open_price,
            variations: variations.collect(),
            modifier_groups: view.modifier_group_ids.clone(),
            taxes: view.tax_ids.clone(),
            sku: Patch::to_be(*sku),
            station: view.station,
            dining_mode_taxes: view.dining_mode_taxes.iter().map(mode_taxes).collect(),
            dayparts: view.daypart_ids.clone(),
            item_id: Some(view.item_id),
            revision: Some(self.revision),
        })
    }

    /// A modifier group, as it is put.
    pub fn modifier_group(&self, group: GroupId) -> Option<PutModifierGroup> {
        let ModifierGroupView { group_id, name, min, max, allow_qty, modifiers, free } =
            self.groups.get(&group)?.clone();
        let modifiers = modifiers.into_iter().map(|modifier| GroupModifier {
            modifier_id: modifier.modifier_id,
            name: modifier.name,
            price: Wire(Money(modifier.price)),
            default: modifier.default,
        });
        Some(PutModifierGroup {
            name,
            min,
            max,
            allow_qty,
            free,
            modifiers: modifiers.collect(),
            group_id: Some(group_id),
            revision: Some(self.revision),
        })
    }

    /// A tax, as it is put.
    pub fn tax(&self, tax: TaxId) -> Option<PutTax> {
        let TaxView { tax_id, name, percent_ppm, inclusive, compound } = self.taxes.get(&tax)?.clone();
        let (tax_id, revision) = (Some(tax_id), Some(self.revision));
        Some(PutTax { name, percent_ppm, inclusive, compound, tax_id, revision })
    }

    /// A daypart, as it is put.
    pub fn daypart(&self, daypart: DaypartId) -> Option<PutDaypart> {
        let DaypartView { daypart_id, name, from, to, weekdays } = self.dayparts.get(&daypart)?.clone();
        let (daypart_id, revision) = (Some(daypart_id), Some(self.revision));
        Some(PutDaypart { name, from, to, weekdays, daypart_id, revision })
    }
}

fn mode_taxes(own: &DiningModeTaxesView) -> DiningModeTaxes {
    DiningModeTaxes { dining_mode: own.dining_mode, taxes: own.tax_ids.clone() }
}
