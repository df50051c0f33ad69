//! Events of a store and of what it sells.

use crate::ids::{ItemId, VariationId};
use crate::money::Money;
use crate::settings::Settings;

/// What happened to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    StoreOpened(Settings),
    StoreSettingsChanged(Settings),
}

/// What a store sells and for how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreMenuEvent {
    /// The store sells from this version of the menu.
    MenuAdopted { version: u32 },
    /// The store's own price for an item, or the end of one.
    StorePriceSet {
        item: ItemId,
        /// The variation, where the item has some.
        variation: Option<VariationId>,
        /// The price of one unit; `None` goes back to the list price.
        price: Option<Money>,
    },
    /// The store started or stopped selling an item.
    StoreAvailabilitySet { item: ItemId, available: bool },
}
