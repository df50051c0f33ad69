//! Queries of what is put: the draft of the menu, and what a store says of an item on its own.

use super::tables::{DRAFTS, MENUS, PRICES, STORE_MENUS, UNAVAILABLE};
use crate::error::QueryError;
use crate::key::{Key, KeyReader};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::view::Answer;
use domain::ids::{ItemId, StoreId, TenantId, VariationId};
use domain::money::Money;
use schemas::json::Wire;
use schemas::json::request::{SetAvailability, SetPrice};
use schemas::views::{ItemRow, MenuRow, PriceRow, StoreMenuRow};
use std::collections::BTreeMap;

/// What a store says of an item on its menu.
#[derive(Debug)]
pub struct StoreItem {
    /// The item as the menu lists it.
    pub listed: ItemRow,
    /// The store's own prices, by variation; empty where there is none.
    prices: BTreeMap<String, i64>,
    is_available: bool,
    /// The revision of the store's menu stream.
    revision: u64,
}

impl StoreItem {
    /// The store's own price, as it is put: none where the list price holds.
    pub fn price(&self, variation: Option<VariationId>) -> SetPrice {
        let of = variation.as_ref().map_or("", |variation| variation.as_str());
        SetPrice {
            price: self.prices.get(of).map(|price| Wire(Money(*price))),
            variation_id: variation.map(Wire),
            item_id: Some(self.listed.view.item_id),
            revision: Some(self.revision),
        }
    }

    /// Whether the store sells it, as it is put.
    pub fn availability(&self) -> SetAvailability {
        let (item_id, revision) = (Some(self.listed.view.item_id), Some(self.revision));
        SetAvailability { available: self.is_available, item_id, revision }
    }
}

impl Projections {
    /// The draft of a tenant's menu.
    pub fn draft(&self, tenant: TenantId) -> Result<Answer<MenuRow>, QueryError> {
        self.read(Projection::Catalog, |view| {
            let draft = view.get::<MenuRow>(DRAFTS, &Key::of(tenant))?.unwrap_or_default();
            Ok(view.answer(draft))
        })
    }

    /// What a store says of an item; `None` where the menu that it sells from has none such.
    pub fn store_item(
        &self,
        tenant: TenantId,
        store: StoreId,
        item: ItemId,
    ) -> Result<Answer<Option<StoreItem>>, QueryError> {
        self.read(Projection::Catalog, |view| {
            let key = Key::of_store(tenant, store);
            let Some(adopted) = view.get::<StoreMenuRow>(STORE_MENUS, &key)? else { return Ok(view.answer(None)) };
            let menu = view.get::<MenuRow>(MENUS, &Key::of(tenant).u32(adopted.version))?.unwrap_or_default();
            let Some(listed) = menu.items.get(&Wire(item)).cloned() else { return Ok(view.answer(None)) };
            let of_item = key.text(item.as_str());
            let prices = view.all::<PriceRow>(PRICES, &of_item)?.into_iter();
            let prices = prices.map(|(key, row)| (KeyReader(&key).text().unwrap_or_default().to_owned(), row.price));
            let (prices, revision) = (prices.collect(), adopted.revision);
            let is_available = view.get::<()>(UNAVAILABLE, &of_item)?.is_none();
            Ok(view.answer(Some(StoreItem { listed, prices, is_available, revision })))
        })
    }
}
