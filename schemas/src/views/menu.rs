//! Menus: a tenant's versions, and what one store makes of the one it has adopted.

use super::form::{choice, view};
use crate::json::wire::{
    Currency, DaypartId, DiningMode, GroupId, ItemId, ModifierId, Ppm, Sku, StationId, StoreId, TaxId, Text, TimeOfDay,
    VariationId, Weekday,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

rows! { PriceRow = 1, MenuRow = 3 }

choice! {
    /// Whether something can be sold now.
    pub enum ItemState {
        /// It can.
        Available = "available",
        /// The store does not sell it at the moment.
        Unavailable = "unavailable",
        /// Its stock is used up or marked sold out.
        SoldOut = "sold_out",
    }
}

view! {
    /// The menu of a store as it sells now.
    pub struct MenuView {
        /// The store.
        pub store: StoreId,
        /// The version it sells from.
        pub version: u32,
        /// The currency of its prices.
        pub currency: Currency,
        /// The items, by id.
        pub items: Vec<ItemView>,
        /// The modifier groups, by id.
        pub modifier_groups: Vec<ModifierGroupView>,
        /// The taxes, by id.
        pub taxes: Vec<TaxView>,
        /// The dayparts, by id.
        pub dayparts: Vec<DaypartView>,
        /// The revision of the store's menu stream, for `If-Match`.
        pub revision: u64,
    }
}

impl MenuView {
    /// The body, ready to be sent.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a vector takes everything and every value has a JSON form")
    }
}

view! {
    /// Something on the menu.
    pub struct ItemView {
        /// Its id.
        pub item_id: ItemId,
        /// What the guest reads.
        pub name: Text,
        /// The heading it stands under.
        pub category: Option<Text>,
        /// Whether it can be sold now; where it has variations, whether any can.
        pub state: ItemState,
        /// What one unit costs in this store; absent where a variation or the line says so.
        pub price: Option<i64>,
        /// Whether the price comes with the line.
        pub open_price: bool,
        /// Sizes and the like; where there are some, a line must name one.
        pub variations: Vec<VariationView>,
        /// The modifier groups a guest chooses from, in order.
        pub modifier_group_ids: Vec<GroupId>,
        /// The taxes on it.
        pub tax_ids: Vec<TaxId>,
        /// The taxes on it, instead of those, where the guest eats otherwise.
        pub dining_mode_taxes: Vec<DiningModeTaxesView>,
        /// The dayparts it is sold in; always where there are none.
        pub daypart_ids: Vec<DaypartId>,
        /// The station of the kitchen that prepares it.
        pub station: Option<StationId>,
    }
}

view! {
    /// The taxes on an item where the guest eats so.
    pub struct DiningModeTaxesView {
        /// How the guest eats.
        pub dining_mode: DiningMode,
        /// The taxes.
        pub tax_ids: Vec<TaxId>,
    }
}

view! {
    /// One form an item is sold in.
    pub struct VariationView {
        /// Its id, unique in the item.
        pub variation_id: VariationId,
        /// What the guest reads.
        pub name: Text,
        /// What one unit costs in this store.
        pub price: i64,
        /// Whether it can be sold now.
        pub state: ItemState,
    }
}

view! {
    /// Modifiers a guest chooses from.
    pub struct ModifierGroupView {
        /// Its id.
        pub group_id: GroupId,
        /// What the guest reads.
        pub name: Text,
        /// The fewest selections, counted with their quantities.
        pub min: u16,
        /// The most selections; 0 means no limit.
        pub max: u16,
        /// Whether one modifier may be taken more than once.
        pub allow_qty: bool,
        /// How many selections cost nothing: the first of those whose price is above 0.
        pub free: u16,
        /// What there is to choose.
        pub modifiers: Vec<ModifierOptionView>,
    }
}

view! {
    /// One choice of a group.
    pub struct ModifierOptionView {
        /// Its id, unique in the group.
        pub modifier_id: ModifierId,
        /// What the guest reads.
        pub name: Text,
        /// What one adds to the price of a unit; may be negative.
        pub price: i64,
        /// Whether it is taken where the guest chooses nothing from its group.
        pub default: bool,
    }
}

view! {
    /// A tax.
    pub struct TaxView {
        /// Its id.
        pub tax_id: TaxId,
        /// What the receipt says.
        pub name: Text,
        /// The rate.
        pub percent_ppm: Ppm,
        /// Whether list prices contain it.
        pub inclusive: bool,
        /// Whether it is also taken on the taxes on top that stand before it on the item.
        pub compound: bool,
    }
}

view! {
    /// A part of the day in which some items are sold.
    pub struct DaypartView {
        /// Its id.
        pub daypart_id: DaypartId,
        /// What it is called.
        pub name: Text,
        /// When it begins, by the store's clock.
        pub from: TimeOfDay,
        /// When it is over: where that is not after the beginning, on the next day.
        pub to: TimeOfDay,
        /// The days of the week on which it begins; every day where there are none.
        pub weekdays: Vec<Weekday>,
    }
}

/// A menu: a tenant's draft, or a published version.
#[allow(missing_docs, reason = "fields without a line are called as in the view")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuRow {
    pub items: BTreeMap<ItemId, ItemRow>,
    pub groups: BTreeMap<GroupId, ModifierGroupView>,
    pub taxes: BTreeMap<TaxId, TaxView>,
    pub dayparts: BTreeMap<DaypartId, DaypartView>,
    /// The revision of the menu's stream, for `If-Match`.
    pub revision: u64,
}

/// Something on a menu, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRow {
    /// As a store without prices of its own shows it while everything can be sold.
    pub view: ItemView,
    /// The stock item one unit takes.
    pub sku: Option<Sku>,
    /// The stock items of its variations, in their order; `None` takes the item's.
    pub variation_skus: Vec<Option<Sku>>,
}

view! {
    /// A store's own price.
    pub struct PriceRow {
        /// What one unit costs.
        pub price: i64,
    }
}
