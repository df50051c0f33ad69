//! The items file: names, categories and prices that the order file leaves out.

use std::collections::HashMap;
use std::path::Path;

use crate::error::ImportError;
use crate::fields::text;
use crate::form::FormFlags;
use crate::map::ItemsMap;
use crate::modifiers::is_none;
use crate::money::{Currency, DecimalMark};
use crate::record::Record;
use crate::source::{Columns, Source};

/// A menu with more items is a wrong file.
pub const ITEMS_MAX: usize = 100_000;

/// What an items file says, by the key under which orders name the item.
#[derive(Debug, Default)]
pub struct Items {
    by_key: HashMap<String, ItemFacts>,
}

/// What an items file says about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct ItemFacts {
    /// Its name for people.
    pub name: Option<String>,
    /// The price of one in minor units.
    pub price_minor: Option<i64>,
    pub category: Option<String>,
}

struct ItemColumns {
    id: Columns,
    name: Option<Columns>,
    price: Option<Columns>,
    category: Option<Columns>,
}

impl Items {
    /// What the file says about `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&ItemFacts> {
        self.by_key.get(key)
    }

    /// Reads a whole items file. It is taken as a whole or not at all: a menu with a hole would misprice orders.
    ///
    /// # Errors
    /// - [`ImportError::Items`]: line, column and reason of the first bad row.
    /// - Whatever [`Source::open`], [`Source::columns`] and [`Source::next_record`] return.
    pub fn read(
        path: &Path,
        map: &ItemsMap,
        currency: Currency,
        mark: Option<DecimalMark>,
        flags: FormFlags,
    ) -> Result<Items, ImportError> {
        let mut source = Source::open(path, flags)?;
        let find = |key: &str, name: &Option<String>| match name {
            Some(name) => source.columns(&format!("items-map {key}"), std::slice::from_ref(name)).map(Some),
            None => Ok(None),
        };
        let columns = ItemColumns {
            id: source.columns("items-map id", &map.id)?,
            name: find("name", &map.name)?,
            price: find("price", &map.price)?,
            category: find("category", &map.category)?,
        };
        let mut items = Items::default();
        while let Some(record) = source.next_record()? {
            let line = record.line;
            let failed = |(column, reason)| ImportError::Items { path: path.to_owned(), line, column, reason };
            let (key, facts) = item(&record, &columns, currency, mark).map_err(failed)?;
            if items.by_key.len() == ITEMS_MAX {
                return Err(failed((columns.id.label.clone(), format!("more than {ITEMS_MAX} items"))));
            }
            if items.by_key.insert(key.clone(), facts).is_some() {
                return Err(failed((columns.id.label.clone(), format!("`{key}` is there twice"))));
            }
        }
        Ok(items)
    }
}

fn item(
    record: &Record,
    columns: &ItemColumns,
    currency: Currency,
    mark: Option<DecimalMark>,
) -> Result<(String, ItemFacts), (String, String)> {
    let read =
        |columns: &Columns, joint| text(record, columns, joint).map_err(|reason| (columns.label.clone(), reason));
    let optional = |columns: &Option<Columns>| match columns {
        Some(columns) => read(columns, " ").map(|text| Some(text).filter(|text| !is_none(text))),
        None => Ok(None),
    };
    if let Some(fault) = &record.fault {
        return Err((columns.id.label.clone(), fault.clone()));
    }
    let key = read(&columns.id, "_")?;
    if is_none(&key) {
        return Err((columns.id.label.clone(), "the item has no id".to_owned()));
    }
    let price_minor = match (optional(&columns.price)?, &columns.price) {
        (Some(text), Some(columns)) => {
            Some(currency.parse(&text, mark).map_err(|reason| (columns.label.clone(), reason))?)
        }
        _ => None,
    };
    Ok((key, ItemFacts { name: optional(&columns.name)?, price_minor, category: optional(&columns.category)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, map: &str) -> Result<Items, String> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("items.csv");
        std::fs::write(&path, text).expect("writes");
        let currency = Currency::from_code("USD").expect("a currency");
        let flags = FormFlags { encoding: None, delimiter: None };
        Items::read(&path, &map.parse().expect("a map"), currency, None, flags).map_err(|error| error.to_string())
    }

    #[test]
    fn items() {
        let items =
            read("\u{feff}a,b,c,d\r\nx,Name X,1.50,Cat\r\ny,,,\r\n", "id=a,name=b,price=c,category=d").expect("reads");
        let x = ItemFacts { name: Some("Name X".to_owned()), price_minor: Some(150), category: Some("Cat".to_owned()) };
        assert_eq!(items.get("x"), Some(&x));
        assert_eq!(items.get("y"), Some(&ItemFacts { name: None, price_minor: None, category: None }));
        assert_eq!(items.get("z"), None);
        let items = read("n,s,p\nbbq,L,2\n", "id=n+s,price=p").expect("reads");
        assert_eq!(items.get("bbq_L").and_then(|facts| facts.price_minor), Some(200));
    }

    #[test]
    fn bad_items() {
        for (text, part) in [
            ("a,p\nx,1\ny,free\n", "line 3, column `p`: `free` is not a price"),
            ("a,p\nx,1.005\n", "line 2, column `p`: `1.005` has more digits"),
            ("a,p\nx,1\nx,2\n", "line 3, column `a`: `x` is there twice"),
            ("a,p\n,1\n", "line 2, column `a`: the item has no id"),
            ("a,q\nx,1\n", "--items-map price"),
        ] {
            let error = read(text, "id=a,price=p").map(|_| ()).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
