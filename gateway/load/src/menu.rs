//! What a store sells, read once, and the lines that may be ordered from it.

use crate::client::{Answer, Client};
use crate::error::LoadError;
use domain::ids::{ItemId, StoreId};
use schemas::views::{ItemState, ItemView, MenuView, ModifierGroupView};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// The fields of a line, all but its id and quantity.
pub type Choice = Map<String, Value>;

/// Reads a store's menu; answers every line that may be ordered, in the order of the menu.
///
/// # Errors
/// [`LoadError`]: the store does not answer or has nothing to sell.
pub async fn read(
    client: &mut Client,
    token: &str,
    store: StoreId,
    wanted: &[ItemId],
) -> Result<Vec<Choice>, LoadError> {
    let path = format!("/v1/stores/{store}/menu");
    let answer = get(client, token, &path).await?;
    let menu: MenuView =
        serde_json::from_slice(client.body(answer)).map_err(|source| LoadError::Menu { store, source })?;
    // Somebody who may not see the stock may still order; then counted items are not known and not left out.
    let counted = match get(client, token, &format!("/v1/stores/{store}/stock")).await {
        Ok(answer) => counted(&serde_json::from_slice(client.body(answer)).unwrap_or_default()),
        Err(_) => BTreeSet::new(),
    };
    choices(&menu, store, wanted, &counted)
}

async fn get(client: &mut Client, token: &str, path: &str) -> Result<Answer, LoadError> {
    let url = client.target().clone();
    let request = format!("{}\r\n", url.head("GET", path, token));
    let answer = client.exchange(request.as_bytes(), Instant::now()).await;
    let answer = answer.map_err(|source| LoadError::Unreachable { url, source })?;
    match answer.status {
        200 => Ok(answer),
        status => {
            let body = String::from_utf8_lossy(client.body(answer)).into_owned();
            Err(LoadError::Status { path: path.to_owned(), status, body })
        }
    }
}

/// The names of counted stock items, wherever they stand in the answer.
fn counted(stock: &Value) -> BTreeSet<String> {
    match stock {
        Value::Array(items) => items.iter().flat_map(counted).collect(),
        Value::Object(fields) => match (fields.get("sku"), fields.get("policy")) {
            (Some(Value::String(sku)), Some(Value::String(policy))) if policy != "untracked" => [sku.clone()].into(),
            _ => fields.values().flat_map(counted).collect(),
        },
        _ => BTreeSet::new(),
    }
}

/// Menus do not say which stock an item takes, so an item with the name of a counted stock item is left out while
/// there are others: a run should not measure how fast a store says that it is sold out.
fn choices(
    menu: &MenuView,
    store: StoreId,
    wanted: &[ItemId],
    counted: &BTreeSet<String>,
) -> Result<Vec<Choice>, LoadError> {
    let groups: BTreeMap<_, _> = menu.modifier_groups.iter().map(|group| (group.group_id, group)).collect();
    let of = |item: &ItemView| -> Vec<Choice> {
        let groups: Option<Vec<_>> = item.modifier_group_ids.iter().map(|id| groups.get(id).copied()).collect();
        groups.map(|groups| lines(item, &groups)).unwrap_or_default()
    };
    if !wanted.is_empty() {
        let mut all = vec![];
        for id in wanted {
            let item = menu.items.iter().find(|item| item.item_id.0 == *id);
            let lines = item.map(of).unwrap_or_default();
            if lines.is_empty() {
                return Err(LoadError::Item { store, item: *id });
            }
            all.extend(lines);
        }
        return Ok(all);
    }
    let (counted, free): (Vec<_>, Vec<_>) =
        menu.items.iter().partition(|item| counted.contains(item.item_id.0.as_str()));
    let free: Vec<Choice> = free.into_iter().flat_map(of).collect();
    let choices = if free.is_empty() { counted.into_iter().flat_map(of).collect() } else { free };
    match choices.is_empty() {
        true => Err(LoadError::NothingToOrder { store }),
        false => Ok(choices),
    }
}

/// The ways to order an item: each variation that can be sold, plain and with one modifier of each group that is
/// asked for nothing. None where it cannot be sold now or its price comes with the line.
fn lines(item: &ItemView, groups: &[&ModifierGroupView]) -> Vec<Choice> {
    if item.state != ItemState::Available || item.open_price {
        return vec![];
    }
    let Some(needed) = groups.iter().map(|group| least(group)).collect::<Option<Vec<_>>>() else { return vec![] };
    let needed = needed.concat();
    let extras = groups.iter().filter(|group| group.min == 0).filter_map(|group| {
        let modifier = group.modifiers.first()?;
        Some(json!({"group_id": group.group_id, "modifier_id": modifier.modifier_id}))
    });
    let mut modifiers = vec![needed.clone()];
    modifiers.extend(extras.map(|extra| needed.iter().cloned().chain([extra]).collect()));
    let variations: Vec<_> = match item.variations.is_empty() {
        true => vec![None],
        false => {
            let on_sale = item.variations.iter().filter(|variation| variation.state == ItemState::Available);
            on_sale.map(|variation| Some(variation.variation_id)).collect()
        }
    };
    let mut lines = vec![];
    for variation in variations {
        for modifiers in &modifiers {
            let mut line = Map::new();
            line.insert("item_id".to_owned(), json!(item.item_id));
            if let Some(variation) = variation {
                line.insert("variation_id".to_owned(), json!(variation));
            }
            if !modifiers.is_empty() {
                line.insert("modifiers".to_owned(), json!(modifiers));
            }
            lines.push(line);
        }
    }
    lines
}

/// The fewest modifiers a group asks for; `None` where it asks for more than it has.
fn least(group: &ModifierGroupView) -> Option<Vec<Value>> {
    let min = usize::from(group.min);
    let modifier = |index: usize, qty: u16| {
        let id = group.modifiers.get(index)?.modifier_id;
        Some(json!({"group_id": group.group_id, "modifier_id": id, "qty": qty}))
    };
    match (min, group.allow_qty) {
        (0, _) => Some(vec![]),
        (_, true) => Some(vec![modifier(0, group.min)?]),
        (_, false) => (0..min).map(|index| modifier(index, 1)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu() -> MenuView {
        let body = json!({
            "store": "s1", "version": 1, "currency": "EUR", "taxes": [], "dayparts": [], "revision": 0,
            "modifier_groups": [
                {"group_id": "side", "name": "Side", "min": 1, "max": 1, "allow_qty": false, "free": 0, "modifiers": [
                    {"modifier_id": "salad", "name": "Salad", "price": 0, "default": false}]},
                {"group_id": "extras", "name": "Extras", "min": 0, "max": 3, "allow_qty": false, "free": 0, "modifiers": [
                    {"modifier_id": "chili", "name": "Chili", "price": 0, "default": false}]}],
            "items": [
                item("fish", "available", &["side", "extras"]), item("soup", "available", &[]),
                item("gone", "sold_out", &[]), item("odd", "available", &["nowhere"])]
        });
        serde_json::from_value(body).expect("a menu")
    }

    fn item(id: &str, state: &str, groups: &[&str]) -> Value {
        json!({"item_id": id, "name": id, "state": state, "price": 100, "open_price": false, "variations": [],
            "modifier_group_ids": groups, "tax_ids": [], "dining_mode_taxes": [], "daypart_ids": []})
    }

    fn names(choices: &[Choice]) -> Vec<&str> {
        choices.iter().filter_map(|line| line["item_id"].as_str()).collect()
    }

    #[test]
    fn what_can_be_sold_and_is_not_counted_is_ordered() {
        let store = StoreId::parse("s1").unwrap();
        let stock = json!({"items": [{"sku": "soup", "policy": "counted"}, {"sku": "fish", "policy": "untracked"}]});
        let some = choices(&menu(), store, &[], &counted(&stock)).unwrap();
        assert_eq!(names(&some), ["fish", "fish"]);
        assert_eq!(some[0]["modifiers"], json!([{"group_id": "side", "modifier_id": "salad", "qty": 1}]));
        assert_eq!(some[1]["modifiers"].as_array().map(Vec::len), Some(2));
        let soup = [ItemId::parse("soup").unwrap()];
        assert_eq!(names(&choices(&menu(), store, &soup, &counted(&stock)).unwrap()), ["soup"]);
        let gone = [ItemId::parse("gone").unwrap()];
        assert!(matches!(choices(&menu(), store, &gone, &BTreeSet::new()), Err(LoadError::Item { .. })));
    }
}
