//! Which column means what: the values of `--map` and `--items-map`.
//!
//! `order=COL,item=COL+COL,...`: keys and columns separated by commas, columns joined by `+`. A `\` before one of `, + = \` takes it as
//! part of the column's name.

use std::str::FromStr;

/// The columns of an order file. A list of columns is joined: items and orders with `_`, times with a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct ColumnMap {
    /// What names the order.
    pub order: Vec<String>,
    /// What names the item.
    pub item: Vec<String>,
    /// The quantity; 1 where there is none.
    pub qty: Option<String>,
    /// The price, of a unit or a line as `--price-is` says.
    pub price: Option<String>,
    /// The time of the order, local to the store.
    pub time: Vec<String>,
    pub modifiers: Option<String>,
    /// The category of the item.
    pub category: Option<String>,
}

/// The columns of an items file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct ItemsMap {
    /// What the order file calls the item.
    pub id: Vec<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// The price of one.
    pub price: Option<String>,
    pub category: Option<String>,
}

impl FromStr for ColumnMap {
    type Err = String;

    fn from_str(text: &str) -> Result<ColumnMap, String> {
        let mut pairs = Pairs::parse(text, &["order", "item", "qty", "price", "time", "modifiers", "category"])?;
        Ok(ColumnMap {
            order: pairs.required("order")?,
            item: pairs.required("item")?,
            qty: pairs.single("qty")?,
            price: pairs.single("price")?,
            time: pairs.joined("time").unwrap_or_default(),
            modifiers: pairs.single("modifiers")?,
            category: pairs.single("category")?,
        })
    }
}

impl FromStr for ItemsMap {
    type Err = String;

    fn from_str(text: &str) -> Result<ItemsMap, String> {
        let mut pairs = Pairs::parse(text, &["id", "name", "price", "category"])?;
        Ok(ItemsMap {
            id: pairs.required("id")?,
            name: pairs.single("name")?,
            price: pairs.single("price")?,
            category: pairs.single("category")?,
        })
    }
}

struct Pairs(Vec<(&'static str, Vec<String>)>);

impl Pairs {
    fn parse(text: &str, keys: &[&'static str]) -> Result<Pairs, String> {
        let mut pairs: Vec<(&'static str, Vec<String>)> = Vec::new();
        for part in split(text, ',') {
            let mut sides = split(&part, '=').into_iter();
            let (Some(key), Some(columns), None) = (sides.next(), sides.next(), sides.next()) else {
                return Err(format!("`{part}` is not of the form key=COLUMN"));
            };
            let Some(known) = keys.iter().find(|known| **known == key.trim()) else {
                return Err(format!("`{}` is not one of the keys {}", key.trim(), keys.join(", ")));
            };
            if pairs.iter().any(|(given, _)| given == known) {
                return Err(format!("`{known}` is given twice"));
            }
            let columns: Vec<String> = split(&columns, '+').iter().map(|column| unescape(column.trim())).collect();
            if columns.iter().any(String::is_empty) {
                return Err(format!("`{known}` names an empty column"));
            }
            pairs.push((*known, columns));
        }
        Ok(Pairs(pairs))
    }

    fn joined(&mut self, key: &str) -> Option<Vec<String>> {
        let index = self.0.iter().position(|(given, _)| *given == key)?;
        Some(self.0.swap_remove(index).1)
    }

    fn required(&mut self, key: &str) -> Result<Vec<String>, String> {
        self.joined(key).ok_or_else(|| format!("`{key}=COLUMN` is missing"))
    }

    fn single(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.joined(key) {
            None => Ok(None),
            Some(mut columns) if columns.len() == 1 => Ok(columns.pop()),
            Some(_) => Err(format!("`{key}` takes one column")),
        }
    }
}

/// Splits at `separator` where no `\` stands before it; keeps the backslashes.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in text.chars() {
        match parts.last_mut() {
            Some(last) if escaped || character != separator => last.push(character),
            _ => parts.push(String::new()),
        }
        escaped = character == '\\' && !escaped;
    }
    parts
}

fn unescape(text: &str) -> String {
    let mut escaped = false;
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        escaped = character == '\\' && !escaped;
        if !escaped {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn maps() {
        let map: ColumnMap = "order=id,item=name+size,price=price,time=date+time,category=type".parse().expect("a map");
        let expected = ColumnMap {
            order: strings(&["id"]),
            item: strings(&["name", "size"]),
            qty: None,
            price: Some("price".to_owned()),
            time: strings(&["date", "time"]),
            modifiers: None,
            category: Some("type".to_owned()),
        };
        assert_eq!(map, expected);
        let map: ColumnMap = r" order = Order Number , item=a\,b+c\+d,qty=e\=f,modifiers=g\\".parse().expect("a map");
        assert_eq!(map.order, ["Order Number"]);
        assert_eq!(map.item, ["a,b", "c+d"]);
        assert_eq!((map.qty.as_deref(), map.modifiers.as_deref()), (Some("e=f"), Some(r"g\")));
        assert!(map.time.is_empty());
        let items: ItemsMap = "id=pizza_id,price=price".parse().expect("a map");
        assert_eq!((items.id, items.price, items.name), (strings(&["pizza_id"]), Some("price".to_owned()), None));
    }

    #[test]
    fn no_maps() {
        for (text, part) in [
            ("", "not of the form"),
            ("order=a", "`item=COLUMN` is missing"),
            ("item=a", "`order=COLUMN` is missing"),
            ("order=a,item=b,", "not of the form"),
            ("order=a,item", "not of the form"),
            ("order=a,item=b=c", "not of the form"),
            ("order=a,item=b,size=c", "`size` is not one of the keys order, item"),
            ("order=a,item=b,item=c", "`item` is given twice"),
            ("order=a,item=", "`item` names an empty column"),
            ("order=a,item=b+", "`item` names an empty column"),
            ("order=a,item=b,qty=c+d", "`qty` takes one column"),
        ] {
            let reason = text.parse::<ColumnMap>().expect_err(text);
            assert!(reason.contains(part), "{text}: {reason}");
        }
        for (text, part) in [
            ("name=a", "`id=COLUMN` is missing"),
            ("id=a,order=b", "`order` is not one"),
            ("id=a,name=b+c", "one column"),
        ] {
            let reason = text.parse::<ItemsMap>().expect_err(text);
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }
}
