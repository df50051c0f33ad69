//! Events of `storemenu-<tenant>.<store>`, tags 0x04xx.

use domain::event::StoreMenuEvent;

events! { StoreMenuEvent {
    0x0401 MenuAdopted { version: "version" };
    // `null` says something here: the list price holds again.
    0x0402 StorePriceSet { item: "item_id", variation?: "variation_id", price: "price" };
    0x0403 StoreAvailabilitySet { item: "item_id", available: "available" };
} }
