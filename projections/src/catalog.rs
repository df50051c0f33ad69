//! What stores sell: settings, menus, prices, availability and stock.

mod draft;
mod menu;
pub(crate) mod menus;
mod rows;
mod tables;

pub use draft::StoreItem;

use crate::error::{FoldError, QueryError};
use crate::key::Key;
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Projector, Recorded, follows, starts};
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::event::{Event, MenuEvent, StockEvent, StoreEvent, StoreMenuEvent};
use domain::ids::{Sku, StoreId, TenantId};
use domain::stream::Stream;
use eventlog::Position;
use menus::Menus;
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::views::{MenuRow, PriceRow, Row, StockHeadRow, StockView, StoreMenuRow, StoreView};
use std::collections::BTreeSet;
use std::sync::Arc;
use tables::{DRAFTS, MENUS, PRICES, STOCK, STOCK_HEADS, STORE_MENUS, STORES, UNAVAILABLE};

/// Whose menus change with the next commit.
#[derive(Default)]
struct Changed {
    stores: BTreeSet<(TenantId, StoreId)>,
    tenants: BTreeSet<TenantId>,
}

/// Folds `store-`, `storemenu-`, `menu-` and `stock-` streams.
pub(crate) struct CatalogProjector {
    stores: Rows<StoreView>,
    store_menus: Rows<StoreMenuRow>,
    prices: Rows<PriceRow>,
    unavailable: Rows<()>,
    drafts: Rows<MenuRow>,
    menus: Rows<MenuRow>,
    stock: Rows<StockView>,
    stock_heads: Rows<StockHeadRow>,
    ready: Arc<Menus>,
    changed: Changed,
}

impl CatalogProjector {
    pub fn new(ready: Arc<Menus>) -> CatalogProjector {
        ready.forget();
        CatalogProjector {
            stores: Rows::new(STORES, 4_096),
            store_menus: Rows::new(STORE_MENUS, 4_096),
            prices: Rows::new(PRICES, 1_024),
            unavailable: Rows::new(UNAVAILABLE, 1_024),
            // A draft may be large, so few stay in memory; while one is edited it is only copied when it is published.
            drafts: Rows::new(DRAFTS, 4),
            menus: Rows::new(MENUS, 0),
            stock: Rows::new(STOCK, 65_536),
            stock_heads: Rows::new(STOCK_HEADS, 4_096),
            ready,
            changed: Changed::default(),
        }
    }

    fn apply_store(
        &mut self,
        committed: &Committed<'_>,
        store: StoreId,
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let Event::Store(event) = &recorded.event else { return Ok(()) };
        let key = Key::of_store(recorded.tenant(), store);
        match event {
            StoreEvent::StoreOpened(settings) => {
                starts(recorded.revision)?;
                let view = rows::store_view(store, settings, recorded.revision);
                self.stores.put(committed, key.as_slice(), Some(view))?;
            }
            StoreEvent::StoreSettingsChanged(settings) => {
                let row = self.stores.edit(committed, key.as_slice())?;
                let row = row.ok_or(FoldError::Impossible("settings of a store that was not opened"))?;
                follows(row.revision, recorded.revision)?;
                *row = rows::store_view(store, settings, recorded.revision);
            }
        }
        self.changed.stores.insert((recorded.tenant(), store));
        Ok(())
    }

    fn apply_store_menu(
        &mut self,
        committed: &Committed<'_>,
        store: StoreId,
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let Event::StoreMenu(event) = &recorded.event else { return Ok(()) };
        let tenant = recorded.tenant();
        let key = Key::of_store(tenant, store);
        match self.store_menus.get(committed, key.as_slice())? {
            Some(row) => follows(row.revision, recorded.revision)?,
            None => starts(recorded.revision)?,
        }
        match event {
            StoreMenuEvent::MenuAdopted { .. } => {}
            StoreMenuEvent::StorePriceSet { item, variation, price } => {
                let variation = variation.as_ref().map_or("", |variation| variation.as_str());
                let key = key.clone().text(item.as_str()).text(variation);
                let row = price.map(|price| PriceRow { price: price.0 });
                self.prices.put(committed, key.as_slice(), row)?;
            }
            StoreMenuEvent::StoreAvailabilitySet { item, available } => {
                let key = key.clone().text(item.as_str());
                self.unavailable.put(committed, key.as_slice(), (!available).then_some(()))?;
            }
        }
        let row = self.store_menus.edit_or_default(committed, key.as_slice())?;
        row.revision = recorded.revision;
        if let StoreMenuEvent::MenuAdopted { version } = event {
            row.version = *version;
        }
        self.changed.stores.insert((tenant, store));
        Ok(())
    }

    fn apply_menu(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        let Event::Menu(event) = &recorded.event else { return Ok(()) };
        let tenant = recorded.tenant();
        let draft = self.drafts.edit_or_default(committed, Key::of(tenant).as_slice())?;
        draft.revision = recorded.revision;
        match event {
            MenuEvent::ItemUpserted(item) => {
                draft.items.insert(Wire(item.id), rows::item_row(item));
            }
            MenuEvent::ItemRetired { item } => {
                draft.items.remove(&Wire(*item));
            }
            MenuEvent::ModifierGroupUpserted(group) => {
                draft.groups.insert(Wire(group.id), rows::group_view(group));
            }
            MenuEvent::TaxUpserted(tax) => {
                draft.taxes.insert(Wire(tax.id), rows::tax_view(tax));
            }
            MenuEvent::DaypartUpserted(daypart) => {
                draft.dayparts.insert(Wire(daypart.id), rows::daypart_view(daypart));
            }
            MenuEvent::MenuPublished { version, .. } => {
                let published = draft.clone();
                let key = Key::of(tenant).u32(*version);
                self.menus.put(committed, key.as_slice(), Some(published))?;
                self.changed.tenants.insert(tenant);
            }
        }
        Ok(())
    }

    fn apply_stock(
        &mut self,
        committed: &Committed<'_>,
        store: StoreId,
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let Event::Stock(event) = &recorded.event else { return Ok(()) };
        let tenant = recorded.tenant();
        let key = Key::of_store(tenant, store);
        match self.stock_heads.get(committed, key.as_slice())? {
            Some(head) => follows(head.revision, recorded.revision)?,
            None => starts(recorded.revision)?,
        }
        let skus = event.skus();
        for sku in &skus {
            let is_new = matches!(event, StockEvent::StockPolicySet { .. });
            let is_there = self.stock.get(committed, key.clone().text(sku.as_str()).as_slice())?.is_some();
            if !is_there && !is_new {
                return Err(FoldError::Impossible("stock of an item that has no policy"));
            }
        }
        let mut menu_changes = false;
        for sku in skus {
            let key = key.clone().text(sku.as_str());
            if let StockEvent::StockPolicySet { policy, .. } = event
                && self.stock.get(committed, key.as_slice())?.is_none()
            {
                self.stock.put(committed, key.as_slice(), Some(rows::new_stock(sku, *policy)))?;
            }
            let row = self.stock.edit(committed, key.as_slice())?.expect("it was looked for above");
            let was_sold_out = rows::is_sold_out(row);
            rows::evolve_stock(row, sku, event);
            menu_changes |= was_sold_out != rows::is_sold_out(row);
        }
        self.stock_heads.put(committed, key.as_slice(), Some(StockHeadRow { revision: recorded.revision }))?;
        if menu_changes {
            self.changed.stores.insert((tenant, store));
        }
        Ok(())
    }
}

impl Projector for CatalogProjector {
    const LAYOUT: u32 = 4;
    const ROWS: &'static [u8] = &[
        StoreView::VERSION,
        StoreMenuRow::VERSION,
        PriceRow::VERSION,
        MenuRow::VERSION,
        StockView::VERSION,
        StockHeadRow::VERSION,
    ];
    const TABLES: &'static [&'static str] =
        &[STORES, STORE_MENUS, PRICES, UNAVAILABLE, DRAFTS, MENUS, STOCK, STOCK_HEADS];

    fn wants(category: &str) -> bool {
        matches!(category, "store" | "storemenu" | "menu" | "stock")
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        match recorded.stream {
            Stream::Store(_, store) => self.apply_store(committed, store, recorded),
            Stream::StoreMenu(_, store) => self.apply_store_menu(committed, store, recorded),
            Stream::Menu(_) => self.apply_menu(committed, recorded),
            Stream::Stock(_, store) => self.apply_stock(committed, store, recorded),
            Stream::Access(_)
            | Stream::Security(_)
            | Stream::Order(..)
            | Stream::Payment(..)
            | Stream::Drawer(..)
            | Stream::Day(..)
            | Stream::Ticket(..)
            | Stream::Terminal(..) => Ok(()),
        }
    }

    fn is_dirty(&self) -> bool {
        self.stores.is_dirty() || self.store_menus.is_dirty() || self.drafts.is_dirty() || self.stock_heads.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.stores.flush(transaction)?;
        self.store_menus.flush(transaction)?;
        self.prices.flush(transaction)?;
        self.unavailable.flush(transaction)?;
        self.drafts.flush(transaction)?;
        self.menus.flush(transaction)?;
        self.stock.flush(transaction)?;
        self.stock_heads.flush(transaction)
    }

    fn on_commit(&mut self, position: Position) {
        let changed = std::mem::take(&mut self.changed);
        self.ready.changed(position, changed.stores, changed.tenants);
    }
}

impl Projections {
    /// A store.
    pub fn store(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Option<StoreView>>, QueryError> {
        self.read(Projection::Catalog, |view| {
            let key = Key::of_store(tenant, store);
            let value = match view.get::<StoreView>(STORES, &key)? {
                Some(found) => Some(with_menu(found, view.get(STORE_MENUS, &key)?)),
                None => None,
            };
            Ok(view.answer(value))
        })
    }

    /// A tenant's stores, by id.
    pub fn stores(&self, tenant: TenantId) -> Result<Answer<Vec<StoreView>>, QueryError> {
        self.read(Projection::Catalog, |view| {
            let prefix = Key::of(tenant);
            let menus = view.table(STORE_MENUS)?;
            let found = view.all::<StoreView>(STORES, &prefix)?;
            let value = found
                .into_iter()
                .map(|(suffix, row)| Ok(with_menu(row, menus.get(prefix.clone().bytes(&suffix).as_slice())?)))
                .collect::<Result<_, QueryError>>()?;
            Ok(view.answer(value))
        })
    }

    /// A store's stock, by sku.
    pub fn stock(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Vec<StockView>>, QueryError> {
        self.read(Projection::Catalog, |view| {
            let prefix = Key::of_store(tenant, store);
            let head = view.get::<StockHeadRow>(STOCK_HEADS, &prefix)?;
            let revision = head.map_or(0, |head| head.revision);
            let rows = view.all::<StockView>(STOCK, &prefix)?;
            let value = rows.into_iter().map(|(_, row)| StockView { revision, ..row }).collect();
            Ok(view.answer(value))
        })
    }

    /// A stock item.
    pub fn stock_item(
        &self,
        tenant: TenantId,
        store: StoreId,
        sku: Sku,
    ) -> Result<Answer<Option<StockView>>, QueryError> {
        self.read(Projection::Catalog, |view| {
            let prefix = Key::of_store(tenant, store);
            let head = view.get::<StockHeadRow>(STOCK_HEADS, &prefix)?;
            let row = view.get::<StockView>(STOCK, &prefix.text(sku.as_str()))?;
            let value = row.zip(head).map(|(row, head)| StockView { revision: head.revision, ..row });
            Ok(view.answer(value))
        })
    }
}

fn with_menu(store: StoreView, menu: Option<StoreMenuRow>) -> StoreView {
    let menu_version = menu.map(|menu| menu.version).filter(|version| 0 < *version);
    StoreView { menu_version, ..store }
}
