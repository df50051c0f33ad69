//! From the domain's values to the catalog's rows.

use domain::event::{StockEvent, StockPolicy};
use domain::ids::{Sku, StoreId};
use domain::menu::{Item, ItemPrice, ModifierGroup, Tax};
use domain::money::QtyMilli;
use domain::store::Settings;
use schemas::views::{
    ApprovalsView, ItemRow, ItemState, ItemView, Mark86View, ModifierGroupView, ModifierOptionView, Shown,
    StockPolicyView, StockView, StoreView, TaxView, VariationView,
};

pub(super) fn store_view(store: StoreId, settings: &Settings, revision: u64) -> StoreView {
    StoreView {
        store: Shown(store),
        name: Shown(settings.name.clone()),
        currency: Shown(settings.currency),
        time_zone: Shown(settings.time_zone.clone()),
        cut_off: Shown(settings.cut_off),
        rounding: Shown(settings.rules.rounding),
        tax_rounding: Shown(settings.rules.tax_rounding),
        payment_timeout_s: settings.payment_timeout_s,
        approvals: ApprovalsView {
            needed: settings.approvals.needed.iter().map(Shown).collect(),
            discount_limit_ppm: Shown(settings.approvals.discount_limit),
            self_approval: settings.approvals.self_approval,
        },
        cash_shifts: Shown(settings.cash_shifts),
        kitchen: Shown(settings.kitchen),
        menu_version: None,
        revision,
    }
}

pub(super) fn item_row(item: &Item) -> ItemRow {
    let variations = item.variations.iter().map(|variation| VariationView {
        variation_id: Shown(variation.id),
        name: Shown(variation.name.clone()),
        price: variation.price.0,
        state: ItemState::Available,
    });
    let price = match item.price {
        ItemPrice::Fixed(price) if item.variations.is_empty() => Some(price.0),
        ItemPrice::Fixed(_) | ItemPrice::Open => None,
    };
    let view = ItemView {
        item_id: Shown(item.id),
        name: Shown(item.name.clone()),
        category: item.category.clone().map(Shown),
        state: ItemState::Available,
        price,
        open_price: item.variations.is_empty() && item.price == ItemPrice::Open,
        variations: variations.collect(),
        modifier_group_ids: item.groups.iter().copied().map(Shown).collect(),
        tax_ids: item.taxes.iter().copied().map(Shown).collect(),
        station: item.station.map(Shown),
    };
    let variation_skus = item.variations.iter().map(|variation| variation.sku.map(Shown)).collect();
    ItemRow { view, sku: item.sku.map(Shown), variation_skus }
}

pub(super) fn group_view(group: &ModifierGroup) -> ModifierGroupView {
    let modifiers = group.modifiers.iter().map(|modifier| ModifierOptionView {
        modifier_id: Shown(modifier.id),
        name: Shown(modifier.name.clone()),
        price: modifier.price.0,
        default: modifier.default,
    });
    ModifierGroupView {
        group_id: Shown(group.id),
        name: Shown(group.name.clone()),
        min: group.min,
        max: group.max,
        allow_qty: group.allow_qty,
        modifiers: modifiers.collect(),
    }
}

pub(super) fn tax_view(tax: &Tax) -> TaxView {
    TaxView {
        tax_id: Shown(tax.id),
        name: Shown(tax.name.clone()),
        percent_ppm: Shown(tax.rate),
        inclusive: tax.inclusive,
    }
}

pub(super) fn new_stock(sku: Sku, policy: StockPolicy) -> StockView {
    let mut row = StockView {
        sku: Shown(sku),
        policy: StockPolicyView::Untracked,
        auto86: false,
        on_hand: Shown(QtyMilli::ZERO),
        reserved: Shown(QtyMilli::ZERO),
        available: Shown(QtyMilli::ZERO),
        marked_86: None,
        revision: 0,
    };
    set_policy(&mut row, policy);
    row
}

fn set_policy(row: &mut StockView, policy: StockPolicy) {
    (row.policy, row.auto86) = match policy {
        StockPolicy::Untracked => (StockPolicyView::Untracked, false),
        StockPolicy::Counted { auto86 } => (StockPolicyView::Counted, auto86),
    };
}

/// Folds an event into the row of one of the stock items it is about.
pub(super) fn evolve_stock(row: &mut StockView, sku: Sku, event: &StockEvent) {
    let (on_hand, reserved) = (&mut row.on_hand.0.0, &mut row.reserved.0.0);
    match event {
        StockEvent::StockPolicySet { policy, .. } => set_policy(row, *policy),
        StockEvent::StockReceived { qty, .. } => *on_hand += qty.0,
        StockEvent::StockCounted { delta, .. } | StockEvent::StockAdjusted { delta, .. } => *on_hand += delta.0,
        StockEvent::StockWasted { qty, .. } => *on_hand -= qty.0,
        StockEvent::ItemMarked86 { until, auto, .. } => {
            row.marked_86 = Some(Mark86View { until: until.map(Shown), auto: *auto });
        }
        StockEvent::ItemUnmarked86 { .. } => row.marked_86 = None,
        StockEvent::StockReserved { lines, .. } => *reserved += sum(lines, sku),
        StockEvent::StockCommitted { lines, .. } => {
            let sum = sum(lines, sku);
            *reserved -= sum;
            *on_hand -= sum;
        }
        StockEvent::StockReleased { lines, .. } => *reserved -= sum(lines, sku),
        // As much is reserved as before, for another order.
        StockEvent::ReservationMoved { .. } => {}
        StockEvent::StockVoided { wasted: true, .. } => {}
        StockEvent::StockVoided { line, wasted: false, .. } => *on_hand += line.qty.0,
        // Says why less than nothing is available; what takes it away follows.
        StockEvent::OversellRecorded { .. } => {}
        StockEvent::StockRestocked { lines, .. } => *on_hand += sum(lines, sku),
    }
    row.available = Shown(QtyMilli(row.on_hand.0.0 - row.reserved.0.0));
}

fn sum(lines: &[domain::event::ReservedLine], sku: Sku) -> i64 {
    lines.iter().filter(|line| line.sku == sku).map(|line| line.qty.0).sum()
}

/// Whether a guest is to be told that it is sold out. The decision itself is the writer's.
pub(super) fn is_sold_out(row: &StockView) -> bool {
    let is_gone = row.policy == StockPolicyView::Counted && row.available.0 <= QtyMilli::ZERO;
    is_gone || row.marked_86.is_some()
}
