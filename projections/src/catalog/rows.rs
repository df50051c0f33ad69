//! From the domain's values to the catalog's rows.

use domain::event::{StockEvent, StockPolicy};
use domain::ids::{Sku, StoreId};
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, ModifierGroup, Tax};
use domain::money::QtyMilli;
use domain::store::Settings;
use schemas::json::Wire;
use schemas::views::{
    ApprovalsView, DaypartView, DiningModeTaxesView, ItemRow, ItemState, ItemView, Mark86View, ModifierGroupView,
    ModifierOptionView, OfflineView, StockPolicyView, StockView, StoreView, TaxView, VariationView,
};

pub(super) fn store_view(store: StoreId, settings: &Settings, revision: u64) -> StoreView {
    StoreView {
        store: Wire(store),
        name: Wire(settings.name.clone()),
        currency: Wire(settings.currency),
        time_zone: Wire(settings.time_zone.clone()),
        cut_off: Wire(settings.cut_off),
        rounding: Wire(settings.rules.rounding),
        tax_rounding: Wire(settings.rules.tax_rounding),
        payment_timeout_s: settings.payment_timeout_s,
        approvals: ApprovalsView {
            needed: settings.approvals.needed.iter().map(Wire).collect(),
            discount_limit_ppm: Wire(settings.approvals.discount_limit),
        },
        cash_shifts: Wire(settings.cash_shifts),
        kitchen: Wire(settings.kitchen),
        offline_age_s: settings.offline_age_s(),
        offline: OfflineView {
            discount_limit_ppm: Wire(settings.offline.discount()),
            amount_limit: settings.offline.amount.map(|amount| amount.0),
            facts_limit: settings.offline.facts(),
        },
        seals_texts: settings.seals_texts,
        menu_version: None,
        revision,
    }
}

pub(super) fn item_row(item: &Item) -> ItemRow {
    let variations = item.variations.iter().map(|variation| VariationView {
        variation_id: Wire(variation.id),
        name: Wire(variation.name.clone()),
        price: variation.price.0,
        state: ItemState::Available,
    });
    let price = match item.price {
        ItemPrice::Fixed(price) if item.variations.is_empty() => Some(price.0),
        ItemPrice::Fixed(_) | ItemPrice::Open => None,
    };
    let view = ItemView {
        item_id: Wire(item.id),
        name: Wire(item.name.clone()),
        category: item.category.clone().map(Wire),
        state: ItemState::Available,
        price,
        open_price: item.variations.is_empty() && item.price == ItemPrice::Open,
        variations: variations.collect(),
        modifier_group_ids: item.groups.iter().copied().map(Wire).collect(),
        tax_ids: item.taxes.iter().copied().map(Wire).collect(),
        dining_mode_taxes: item.mode_taxes.iter().map(mode_taxes_view).collect(),
        daypart_ids: item.dayparts.iter().copied().map(Wire).collect(),
        station: item.station.map(Wire),
    };
    let variation_skus = item.variations.iter().map(|variation| variation.sku.map(Wire)).collect();
    ItemRow { view, sku: item.sku.map(Wire), variation_skus }
}

fn mode_taxes_view(own: &ModeTaxes) -> DiningModeTaxesView {
    DiningModeTaxesView { dining_mode: Wire(own.dining_mode), tax_ids: own.taxes.iter().copied().map(Wire).collect() }
}

pub(super) fn daypart_view(daypart: &Daypart) -> DaypartView {
    DaypartView {
        daypart_id: Wire(daypart.id),
        name: Wire(daypart.name.clone()),
        from: Wire(daypart.from),
        to: Wire(daypart.to),
        weekdays: daypart.weekdays.iter().copied().map(Wire).collect(),
    }
}

pub(super) fn group_view(group: &ModifierGroup) -> ModifierGroupView {
    let modifiers = group.modifiers.iter().map(|modifier| ModifierOptionView {
        modifier_id: Wire(modifier.id),
        name: Wire(modifier.name.clone()),
        price: modifier.price.0,
        default: modifier.default,
    });
    ModifierGroupView {
        group_id: Wire(group.id),
        name: Wire(group.name.clone()),
        min: group.min,
        max: group.max,
        allow_qty: group.allow_qty,
        free: group.free,
        modifiers: modifiers.collect(),
    }
}

pub(super) fn tax_view(tax: &Tax) -> TaxView {
    TaxView {
        tax_id: Wire(tax.id),
        name: Wire(tax.name.clone()),
        percent_ppm: Wire(tax.rate),
        inclusive: tax.inclusive,
        compound: tax.compound,
    }
}

pub(super) fn new_stock(sku: Sku, policy: StockPolicy) -> StockView {
    let mut row = StockView {
        sku: Wire(sku),
        policy: StockPolicyView::Untracked,
        auto86: false,
        on_hand: Wire(QtyMilli::ZERO),
        reserved: Wire(QtyMilli::ZERO),
        available: Wire(QtyMilli::ZERO),
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
            row.marked_86 = Some(Mark86View { until: until.map(Wire), auto: *auto });
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
    row.available = Wire(QtyMilli(row.on_hand.0.0 - row.reserved.0.0));
}

fn sum(lines: &[domain::event::ReservedLine], sku: Sku) -> i64 {
    lines.iter().filter(|line| line.sku == sku).map(|line| line.qty.0).sum()
}

/// Whether a guest is to be told that it is sold out. The decision itself is the writer's.
pub(super) fn is_sold_out(row: &StockView) -> bool {
    let is_gone = row.policy == StockPolicyView::Counted && row.available.0 <= QtyMilli::ZERO;
    is_gone || row.marked_86.is_some()
}
