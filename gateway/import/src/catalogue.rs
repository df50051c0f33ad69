//! What the orders of a file are made of: one menu of open-price items and one group of free modifiers.
//!
//! It depends on the set of names in the file and on nothing else, and everything in it is sorted by id, so that the same file always
//! gives the same commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::{assign_ids, digest, hex};

/// The id of the one modifier group.
pub const CHOICES_ID: &str = "choices";

/// The items, categories and modifiers of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// All items, sorted by id.
    pub items: Vec<CatalogueItem>,
    /// All categories, sorted by id.
    pub categories: Vec<Named>,
    /// The modifier group [`CHOICES_ID`]; `None` where no row has modifiers.
    pub choices: Option<Choices>,
    item_ids: BTreeMap<String, Arc<str>>,
    modifier_ids: BTreeMap<String, Arc<str>>,
}

/// An id and the name for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// `[a-z0-9_]{1,32}`.
    pub id: Arc<str>,
    /// As the file writes it.
    pub name: String,
}

/// An item whose price is given with each line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogueItem {
    /// `[a-z0-9_]{1,32}`.
    pub id: Arc<str>,
    /// What the file calls it: the mapped columns joined by `_`.
    pub key: String,
    /// The name for people.
    pub name: String,
    /// The category that most of its rows name, the first by alphabet of several.
    pub category: Option<Named>,
    /// Whether some row of it carries modifiers.
    pub uses_choices: bool,
}

/// The one group of modifiers, all free, none required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// All modifiers, sorted by id.
    pub modifiers: Vec<Named>,
    /// The most selections that one row makes: what the group must allow.
    pub selections_max: u32,
}

/// What the first pass saw of one item.
#[derive(Debug, Default)]
pub(crate) struct ItemSeen {
    /// Names for people: several only if two pairs of columns join to the same key.
    pub names: BTreeSet<String>,
    /// Categories and in how many rows each was named.
    pub categories: BTreeMap<String, u64>,
    pub uses_choices: bool,
}

impl Catalogue {
    pub(crate) fn build(
        items: BTreeMap<String, ItemSeen>,
        modifiers: &BTreeSet<String>,
        selections_max: u32,
    ) -> Catalogue {
        let item_ids = assign_ids(items.keys().map(String::as_str));
        let modifier_ids = assign_ids(modifiers.iter().map(String::as_str));
        let category_names = items.values().flat_map(|item| item.categories.keys().map(String::as_str));
        let category_ids = assign_ids(category_names.collect::<BTreeSet<_>>());
        let category = |seen: &ItemSeen| {
            let most = seen.categories.iter().rev().max_by_key(|(_, rows)| **rows)?.0;
            Some(Named { id: category_ids.get(most)?.clone(), name: most.clone() })
        };
        let mut listed: Vec<CatalogueItem> = items
            .into_iter()
            .filter_map(|(key, seen)| {
                let category = category(&seen);
                let name = seen.names.into_iter().next().unwrap_or_else(|| key.clone());
                Some(CatalogueItem {
                    id: item_ids.get(&key)?.clone(),
                    key,
                    name,
                    category,
                    uses_choices: seen.uses_choices,
                })
            })
            .collect();
        listed.sort();
        let used: BTreeSet<Named> = listed.iter().filter_map(|item| item.category.clone()).collect();
        let choices = (!modifier_ids.is_empty()).then(|| Choices { modifiers: named(&modifier_ids), selections_max });
        Catalogue { items: listed, categories: used.into_iter().collect(), choices, item_ids, modifier_ids }
    }

    /// The id of the item that the file calls `key`.
    #[must_use]
    pub fn item_id(&self, key: &str) -> Option<&Arc<str>> {
        self.item_ids.get(key)
    }

    /// The id of the modifier that the file calls `name`.
    #[must_use]
    pub fn modifier_id(&self, name: &str) -> Option<&Arc<str>> {
        self.modifier_ids.get(name)
    }

    /// A hash of all of it as 64 hex digits: part of the command id under which a menu is published, so that the menu of another file
    /// is another command, not a conflict.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for item in &self.items {
            let category = item.category.as_ref().map_or(["none", "", ""], |named| ["some", &named.id, &named.name]);
            let choices = if item.uses_choices { "choices" } else { "plain" };
            parts.extend(["item", &item.id, &item.name, choices]);
            parts.extend(category);
        }
        let most = self.choices.as_ref().map_or(0, |choices| choices.selections_max).to_string();
        parts.extend(["selections_max", &most]);
        for modifier in self.choices.iter().flat_map(|choices| &choices.modifiers) {
            parts.extend(["modifier", &modifier.id, &modifier.name]);
        }
        hex(&digest(&parts))
    }
}

fn named(ids: &BTreeMap<String, Arc<str>>) -> Vec<Named> {
    let mut named: Vec<Named> = ids.iter().map(|(name, id)| Named { id: id.clone(), name: name.clone() }).collect();
    named.sort();
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(categories: &[(&str, u64)], uses_choices: bool) -> ItemSeen {
        let categories = categories.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect();
        ItemSeen { names: BTreeSet::from(["N".to_owned()]), categories, uses_choices }
    }

    fn catalogue(modifiers: &[&str]) -> Catalogue {
        let items = BTreeMap::from([
            ("Zebra".to_owned(), seen(&[("B", 2), ("A", 2), ("C", 1)], false)),
            ("apple".to_owned(), seen(&[("C", 9), ("A", 2)], true)),
            ("Tea".to_owned(), seen(&[], false)),
        ]);
        Catalogue::build(items, &modifiers.iter().map(|name| (*name).to_owned()).collect(), 4)
    }

    #[test]
    fn sorted_by_id() {
        let catalogue = catalogue(&["Rice", "Extra Cheese"]);
        let ids: Vec<&str> = catalogue.items.iter().map(|item| &*item.id).collect();
        assert_eq!(ids, ["apple", "tea", "zebra"]);
        let category = |at: usize| catalogue.items[at].category.as_ref().map(|named| named.name.as_str());
        assert_eq!([category(0), category(1), category(2)], [Some("C"), None, Some("A")]);
        assert_eq!(catalogue.categories.iter().map(|named| &*named.id).collect::<Vec<_>>(), ["a", "c"]);
        let choices = catalogue.choices.as_ref().expect("choices");
        assert_eq!(choices.modifiers.iter().map(|named| &*named.id).collect::<Vec<_>>(), ["extra_cheese", "rice"]);
        assert_eq!(choices.selections_max, 4);
        assert_eq!(catalogue.item_id("Zebra").map(|id| &**id), Some("zebra"));
        assert_eq!(catalogue.modifier_id("Rice").map(|id| &**id), Some("rice"));
        assert_eq!((catalogue.item_id("zebra"), catalogue.modifier_id("rice")), (None, None));
    }

    #[test]
    fn fingerprints() {
        assert_eq!(catalogue(&["Rice"]).fingerprint(), catalogue(&["Rice"]).fingerprint());
        assert_ne!(catalogue(&["Rice"]).fingerprint(), catalogue(&["rice"]).fingerprint());
        assert_ne!(catalogue(&["Rice"]).fingerprint(), catalogue(&[]).fingerprint());
        assert_eq!(catalogue(&[]).choices, None);
        assert_eq!(catalogue(&[]).fingerprint().len(), 64);
    }
}
