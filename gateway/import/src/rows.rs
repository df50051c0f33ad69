//! One row of the file into one line of an order, or into the reason why not.

use std::sync::Arc;

use crate::args::{ImportConfig, PriceIs};
use crate::error::ImportError;
use crate::fields::{NO_TEXT, bad_text, field, text};
use crate::items::Items;
use crate::modifiers::{is_none, parse_modifiers};
use crate::money::{Currency, DecimalMark, line_gross, parse_qty, unit_price};
use crate::record::Record;
use crate::source::{Columns, Source};
use crate::when::{Clock, When};

/// More modifiers on one line are no choice, and more than a command takes.
pub const LINE_MODIFIERS_MAX: usize = schemas::json::request::MODIFIERS_PER_LINE_MAX;

/// A line that comes to more is no sale: what the engine takes for an amount.
const GROSS_MINOR_MAX: i64 = domain::money::Money::MAX_ABS;

/// One row that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Row {
    /// Where it stands in the file, counted from 1.
    pub line_number: u64,
    /// What the file calls the order.
    pub order_key: String,
    /// What the file calls the item: joined columns with `_` between them.
    pub item_key: String,
    /// The item's name for people: from the items file, or the columns with a blank between them.
    pub item_name: String,
    pub category: Option<String>,
    /// The quantity in thousandths, more than 0.
    pub qty_milli: i64,
    /// The price of one in minor units, 0 or more.
    pub unit_price_minor: i64,
    /// The names of the modifiers, each as often as it was chosen.
    pub modifiers: Vec<String>,
    /// The row's time, if the file has times.
    pub when: Option<When>,
}

/// One row that was not: skipped, counted, and written down for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Whether there is nothing to correct: the row says itself that it is no sale, by an item `NONE` or `null`. It is parked.
    pub is_parked: bool,
    /// Where it stands in the file, counted from 1.
    pub line: u64,
    /// The column at fault, empty if the row as a whole is.
    pub column: String,
    /// What is wrong with it.
    pub reason: String,
    /// The fields of the row as they stand in the file.
    pub raw: Vec<Vec<u8>>,
}

/// Reads the rows of one file. The columns are looked up once.
#[derive(Debug)]
pub struct RowParser {
    order: Columns,
    item: Columns,
    qty: Option<Columns>,
    price: Option<Columns>,
    time: Option<Columns>,
    modifiers: Option<Columns>,
    category: Option<Columns>,
    currency: Currency,
    decimal: Option<DecimalMark>,
    price_is: PriceIs,
    clock: Clock,
    items: Option<Arc<Items>>,
    unit_price_minor: Option<i64>,
}

/// A column and what is wrong in it.
#[derive(Debug)]
struct Fault {
    column: String,
    reason: String,
    is_parked: bool,
}

impl RowParser {
    /// Looks up the mapped columns in the header of `source`.
    ///
    /// # Errors
    /// [`ImportError::Column`] for one that is not there.
    pub fn new(source: &Source, config: &ImportConfig, items: Option<Arc<Items>>) -> Result<RowParser, ImportError> {
        let find = |key: &str, names: &[String]| source.columns(&format!("map {key}"), names);
        let optional = |key: &str, name: &Option<String>| match name {
            Some(name) => find(key, std::slice::from_ref(name)).map(Some),
            None => Ok(None),
        };
        Ok(RowParser {
            order: find("order", &config.map.order)?,
            item: find("item", &config.map.item)?,
            qty: optional("qty", &config.map.qty)?,
            price: optional("price", &config.map.price)?,
            time: match config.map.time.as_slice() {
                [] => None,
                names => Some(find("time", names)?),
            },
            modifiers: optional("modifiers", &config.map.modifiers)?,
            category: optional("category", &config.map.category)?,
            currency: config.currency,
            decimal: config.decimal,
            price_is: config.price_is,
            clock: config.clock.clone(),
            items,
            unit_price_minor: config.unit_price_minor,
        })
    }

    /// Whether rows carry a time.
    #[must_use]
    pub fn has_times(&self) -> bool {
        self.time.is_some()
    }

    /// What the file calls the order of this row, if it says so at all; it may say so on a row that is otherwise bad.
    #[must_use]
    pub fn order_key(&self, record: &Record) -> Option<String> {
        check_shape(record).and_then(|()| self.required(record, &self.order, "the order has no number")).ok()
    }

    /// Reads one row.
    ///
    /// # Errors
    /// [`Rejected`] with the first fault, looked for in this order: the row's shape, whether anything was sold, order, item, quantity,
    /// price, time, modifiers, category.
    pub fn parse(&self, record: &Record) -> Result<Row, Rejected> {
        self.row(record).map_err(|Fault { column, reason, is_parked }| Rejected {
            is_parked,
            line: record.line,
            column,
            reason,
            raw: record.fields().map(<[u8]>::to_vec).collect(),
        })
    }

    fn row(&self, record: &Record) -> Result<Row, Fault> {
        check_shape(record)?;
        self.check_sold(record)?;
        let order_key = self.required(record, &self.order, "the order has no number")?;
        let item_key = self.required(record, &self.item, "the item has no name")?;
        let facts = self.items.as_ref().and_then(|items| items.get(&item_key));
        let qty_milli = match &self.qty {
            Some(columns) => {
                parse_qty(&read(record, columns, " ")?, self.decimal).map_err(|reason| fault(columns, reason))?
            }
            None => 1000,
        };
        let listed = facts.and_then(|facts| facts.price_minor).or(self.unit_price_minor);
        let unit_price_minor = self.unit_price(record, qty_milli, listed)?;
        if GROSS_MINOR_MAX < line_gross(unit_price_minor, qty_milli) {
            let columns = self.price.as_ref().unwrap_or(&self.item);
            return Err(fault(columns, "the line comes to more than an order can".to_owned()));
        }
        let when = match &self.time {
            Some(columns) => {
                Some(self.clock.parse(&read(record, columns, " ")?).map_err(|reason| fault(columns, reason))?)
            }
            None => None,
        };
        let category = match &self.category {
            Some(columns) => Some(read(record, columns, " ")?).filter(|text| !is_none(text)),
            None => None,
        };
        Ok(Row {
            line_number: record.line,
            order_key,
            item_name: match facts.and_then(|facts| facts.name.clone()) {
                Some(name) => name,
                None => read(record, &self.item, " ")?,
            },
            item_key,
            category: category.or_else(|| facts.and_then(|facts| facts.category.clone())),
            qty_milli,
            unit_price_minor,
            modifiers: self.modifiers(record)?,
            when,
        })
    }

    fn required(&self, record: &Record, columns: &Columns, reason: &str) -> Result<String, Fault> {
        for index in &columns.indexes {
            let part = field(record, *index).map_err(|reason| fault(columns, reason))?;
            if is_none(&part) {
                let shown = if part.is_empty() { "it is empty".to_owned() } else { format!("it says `{part}`") };
                return Err(fault(columns, format!("{reason}: {shown}")));
            }
        }
        read(record, columns, "_")
    }

    /// A literal `NONE` or `null` for the item is an answer, and there is nothing to correct: nothing was sold.
    fn check_sold(&self, record: &Record) -> Result<(), Fault> {
        let parts = self.item.indexes.iter().filter_map(|index| field(record, *index).ok());
        match parts.into_iter().find(|part| is_none(part) && !part.is_empty()) {
            Some(part) => {
                let reason = format!("the item has no name: it says `{part}`; nothing was sold, so the row is parked");
                Err(Fault { is_parked: true, ..fault(&self.item, reason) })
            }
            None => Ok(()),
        }
    }

    /// The price of one: from the row, else from the items file, else from `--unit-price`.
    fn unit_price(&self, record: &Record, qty_milli: i64, listed: Option<i64>) -> Result<i64, Fault> {
        let Some(columns) = &self.price else {
            return listed.ok_or_else(|| fault(&self.item, "the items file has no price for it".to_owned()));
        };
        let text = read(record, columns, " ")?;
        if let (true, Some(listed)) = (is_none(&text), listed) {
            return Ok(listed);
        }
        let price = self.currency.parse(&text, self.decimal).map_err(|reason| fault(columns, reason))?;
        match self.price_is {
            PriceIs::Unit => Ok(price),
            PriceIs::Line => unit_price(price, qty_milli).ok_or_else(|| {
                fault(columns, format!("the line's price `{text}` does not divide by its quantity without a rest"))
            }),
        }
    }

    fn modifiers(&self, record: &Record) -> Result<Vec<String>, Fault> {
        let Some(columns) = &self.modifiers else {
            return Ok(Vec::new());
        };
        let [index] = columns.indexes.as_slice() else {
            return Ok(Vec::new());
        };
        let text = std::str::from_utf8(record.field(*index)).map_err(|_| fault(columns, NO_TEXT.to_owned()))?;
        let names = parse_modifiers(text).map_err(|reason| fault(columns, reason))?;
        if LINE_MODIFIERS_MAX < names.len() {
            return Err(fault(columns, format!("{} modifiers, at most {LINE_MODIFIERS_MAX} are allowed", names.len())));
        }
        match names.iter().find_map(|name| bad_text(name)) {
            Some(reason) => Err(fault(columns, reason)),
            None => Ok(names),
        }
    }
}

fn check_shape(record: &Record) -> Result<(), Fault> {
    match &record.fault {
        Some(reason) => Err(Fault { column: String::new(), reason: reason.clone(), is_parked: false }),
        None => Ok(()),
    }
}

fn fault(columns: &Columns, reason: String) -> Fault {
    Fault { column: columns.label.clone(), reason, is_parked: false }
}

fn read(record: &Record, columns: &Columns, joint: &str) -> Result<String, Fault> {
    text(record, columns, joint).map_err(|reason| fault(columns, reason))
}
