//! What happened to a menu, to credentials, and to a store's settings.

use super::{Part, name_of, object};
use crate::json::wire::Wire;
use domain::event::{AccessEvent, MenuEvent, StoreEvent, StoreMenuEvent};
use domain::ids::{GroupId, TaxId, Text};
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Variation};
use domain::staff::{Approvals, Rights};
use domain::store::Settings;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub(super) fn menu<S: Serializer>(event: &MenuEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        MenuEvent::ItemUpserted(item) => item_upserted(item, to),
        MenuEvent::ItemRetired { item } => object!(to; "item_id": item.as_str()),
        MenuEvent::ModifierGroupUpserted(group) => group_upserted(group, to),
        MenuEvent::TaxUpserted(tax) => object!(to;
            "tax_id": tax.id.as_str(),
            "name": tax.name.as_str(),
            "percent_ppm": tax.rate.0,
            "inclusive": tax.inclusive
        ),
        // A number of 64 bits does not survive JavaScript, so the hash is a text.
        MenuEvent::MenuPublished { version, content_hash } => {
            object!(to; "version": version, "content_hash": format!("{content_hash:016x}"))
        }
    }
}

fn item_upserted<S: Serializer>(item: &Item, to: S) -> Result<S::Ok, S::Error> {
    let (price, open_price) = match item.price {
        // Every line names a variation, so the item's own price means nothing.
        _ if !item.variations.is_empty() => (None, None),
        ItemPrice::Fixed(price) => (Some(price.0), None),
        ItemPrice::Open => (None, Some(true)),
    };
    let variations = if item.variations.is_empty() { None } else { Some(Part(item.variations.as_slice())) };
    object!(to;
        "item_id": item.id.as_str(),
        "name": item.name.as_str(),
        "category" ?: item.category.as_ref().map(Text::as_str),
        "price" ?: price,
        "open_price" ?: open_price,
        "variations" ?: variations,
        "modifier_groups": Part(item.groups.as_slice()),
        "taxes": Part(item.taxes.as_slice()),
        "sku" ?: item.sku.map(Wire),
        "station" ?: item.station.map(Wire)
    )
}

impl Serialize for Part<'_, Variation> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "variation_id": self.0.id.as_str(),
            "name": self.0.name.as_str(),
            "price": self.0.price.0,
            "sku" ?: self.0.sku.map(Wire)
        )
    }
}

impl Serialize for Part<'_, GroupId> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl Serialize for Part<'_, TaxId> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

fn group_upserted<S: Serializer>(group: &ModifierGroup, to: S) -> Result<S::Ok, S::Error> {
    object!(to;
        "group_id": group.id.as_str(),
        "name": group.name.as_str(),
        "min": group.min,
        "max": group.max,
        "allow_qty": group.allow_qty,
        "modifiers": Part(group.modifiers.as_slice())
    )
}

impl Serialize for Part<'_, Modifier> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "modifier_id": self.0.id.as_str(),
            "name": self.0.name.as_str(),
            "price": self.0.price.0,
            "default": self.0.default
        )
    }
}

pub(super) fn access<S: Serializer>(event: &AccessEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        // The hash of the secret stays inside: who reads the feed has no use for it.
        AccessEvent::TokenIssued { token, role, label, secret_sha256: _ } => {
            object!(to; "token_id": token.as_str(), "role": name_of(*role), "label": label.as_str())
        }
        AccessEvent::TokenRevoked { token } => object!(to; "token_id": token.as_str()),
        AccessEvent::StaffChanged { staff, rights, discount_limit } => object!(to;
            "staff_id": staff.as_str(),
            "rights": Part(rights),
            "discount_limit_ppm" ?: discount_limit.map(|limit| limit.0)
        ),
    }
}

impl Serialize for Part<'_, Rights> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(name_of))
    }
}

impl Serialize for Part<'_, Approvals> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "needed": Part(&self.0.needed),
            "discount_limit_ppm": self.0.discount_limit.0,
            "self_approval": self.0.self_approval
        )
    }
}

pub(super) fn store<S: Serializer>(event: &StoreEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        StoreEvent::StoreOpened(settings) | StoreEvent::StoreSettingsChanged(settings) => {
            let Settings {
                name,
                currency,
                time_zone,
                cut_off,
                rules,
                payment_timeout_s,
                approvals,
                cash_shifts,
                kitchen,
            } = settings;
            object!(to;
                "name": name.as_str(),
                "currency": currency.code(),
                "time_zone": time_zone.as_str(),
                "cut_off": Wire(*cut_off),
                "rounding": name_of(rules.rounding),
                "tax_rounding": name_of(rules.tax_rounding),
                "payment_timeout_s": payment_timeout_s,
                "approvals": Part(approvals),
                "cash_shifts": name_of(*cash_shifts),
                "kitchen": name_of(*kitchen)
            )
        }
    }
}

pub(super) fn store_menu<S: Serializer>(event: &StoreMenuEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        StoreMenuEvent::MenuAdopted { version } => object!(to; "version": version),
        StoreMenuEvent::StorePriceSet { item, variation, price } => object!(to;
            "item_id": item.as_str(),
            "variation_id" ?: variation.map(Wire),
            // `null` says something here: the list price holds again.
            "price": price.map(Wire)
        ),
        StoreMenuEvent::StoreAvailabilitySet { item, available } => {
            object!(to; "item_id": item.as_str(), "available": available)
        }
    }
}
