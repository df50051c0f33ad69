//! The query of a menu as ready bytes, which are made on demand.

use super::menus::MenuBytes;
use super::rows::is_sold_out;
use super::tables::{MENUS, PRICES, STOCK, STORE_MENUS, STORES, UNAVAILABLE};
use crate::error::QueryError;
use crate::key::{Key, KeyReader};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::read_model::ReadModel;
use crate::view::{Answer, View};
use domain::ids::{StoreId, TenantId};
use flate2::Compression;
use flate2::write::GzEncoder;
use schemas::json::Wire;
use schemas::views::{ItemRow, ItemState, ItemView, MenuRow, MenuView, PriceRow, StockView, StoreMenuRow, StoreView};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

/// Why no bytes came of it.
enum NoMenu {
    /// No such store, or it has adopted no menu.
    Missing,
    Failed(QueryError),
}

impl Projections {
    /// A store's menu as ready bytes; `None` while the store does not exist or has adopted none.
    pub fn menu(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<MenuBytes>>, QueryError> {
        let model = self.model(Projection::Catalog);
        let position = model.answers_as_of()?;
        // Read after the position: changes up to it are known.
        let key = (tenant, store, self.menus.changed_at(tenant, store));
        // Many who ask at once for a menu that has just changed wait for one of them to make it.
        let made = self.menus.ready.try_get_with(key, || make(model, tenant, store));
        match made {
            Ok(menu) => Ok(Answer { value: Some(menu), position }),
            Err(none) => match Arc::into_inner(none) {
                Some(NoMenu::Failed(error)) => Err(error),
                // Another caller got the error itself; ours is found by looking again.
                Some(NoMenu::Missing) | None => match make(model, tenant, store) {
                    Ok(menu) => Ok(Answer { value: Some(menu), position }),
                    Err(NoMenu::Missing) => Ok(Answer { value: None, position }),
                    Err(NoMenu::Failed(error)) => Err(error),
                },
            },
        }
    }
}

fn make(model: &ReadModel, tenant: TenantId, store: StoreId) -> Result<MenuBytes, NoMenu> {
    let menu = model.read(|view| menu(view, tenant, store)).map_err(NoMenu::Failed)?.ok_or(NoMenu::Missing)?;
    let json = menu.to_json();
    let mut gzip = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::fast());
    let gzip = gzip.write_all(&json).and_then(|()| gzip.finish()).expect("a vector takes everything");
    let mut etag = String::from("W/\"");
    for byte in &Sha256::digest(&json)[..16] {
        write!(etag, "{byte:02x}").expect("a string takes everything");
    }
    etag.push('"');
    Ok(MenuBytes { version: menu.version, etag: etag.into(), json: json.into(), gzip: gzip.into() })
}

/// A store's menu as it sells now.
fn menu(view: &View, tenant: TenantId, store: StoreId) -> Result<Option<MenuView>, QueryError> {
    let key = Key::of_store(tenant, store);
    let Some(held) = view.get::<StoreView>(STORES, &key)? else { return Ok(None) };
    let Some(adopted) = view.get::<StoreMenuRow>(STORE_MENUS, &key)? else { return Ok(None) };
    let Some(menu) = view.get::<MenuRow>(MENUS, &Key::of(tenant).u32(adopted.version))? else { return Ok(None) };
    let overrides = Overrides::read(view, &key)?;
    Ok(Some(MenuView {
        store: Wire(store),
        version: adopted.version,
        currency: held.currency,
        items: menu.items.into_values().map(|item| overrides.item(item)).collect(),
        modifier_groups: menu.groups.into_values().collect(),
        taxes: menu.taxes.into_values().collect(),
        dayparts: menu.dayparts.into_values().collect(),
        revision: adopted.revision,
    }))
}

/// What a store makes of its tenant's menu.
struct Overrides {
    /// By item and variation, the latter empty where there is none.
    prices: HashMap<(String, String), i64>,
    unavailable: HashSet<String>,
    sold_out: HashSet<String>,
}

impl Overrides {
    fn read(view: &View, store: &Key) -> Result<Overrides, QueryError> {
        let text = |parts: &mut KeyReader<'_>| parts.text().unwrap_or_default().to_owned();
        let prices = view.all::<PriceRow>(PRICES, store)?.into_iter().map(|(key, row)| {
            let mut parts = KeyReader(&key);
            ((text(&mut parts), text(&mut parts)), row.price)
        });
        let unavailable = view.all::<()>(UNAVAILABLE, store)?.into_iter().map(|(key, ())| text(&mut KeyReader(&key)));
        let stock = view.all::<StockView>(STOCK, store)?.into_iter();
        let sold_out = stock.filter(|(_, row)| is_sold_out(row)).map(|(_, row)| row.sku.0.as_str().to_owned());
        Ok(Overrides { prices: prices.collect(), unavailable: unavailable.collect(), sold_out: sold_out.collect() })
    }

    fn price(&self, item: &str, variation: &str) -> Option<i64> {
        self.prices.get(&(item.to_owned(), variation.to_owned())).copied()
    }

    fn item(&self, item: ItemRow) -> ItemView {
        let ItemRow { mut view, sku, variation_skus } = item;
        let id = view.item_id.0;
        let is_sold_out =
            |sku: Option<Wire<domain::ids::Sku>>| sku.is_some_and(|sku| self.sold_out.contains(sku.0.as_str()));
        if let Some(price) = &mut view.price {
            *price = self.price(id.as_str(), "").unwrap_or(*price);
        }
        for (variation, its_sku) in view.variations.iter_mut().zip(variation_skus) {
            let price = self.price(id.as_str(), variation.variation_id.0.as_str());
            variation.price = price.unwrap_or(variation.price);
            if is_sold_out(its_sku.or(sku)) {
                variation.state = ItemState::SoldOut;
            }
        }
        let is_gone = match view.variations.is_empty() {
            true => is_sold_out(sku),
            false => view.variations.iter().all(|variation| variation.state == ItemState::SoldOut),
        };
        if is_gone {
            view.state = ItemState::SoldOut;
        }
        if self.unavailable.contains(id.as_str()) {
            view.state = ItemState::Unavailable;
            for variation in &mut view.variations {
                variation.state = ItemState::Unavailable;
            }
        }
        view
    }
}
