//! The three real data sets of the shared folder, read to the last penny.
//!
//! They are not part of the repository (two have no licence). Where they are absent these tests say so loudly and pass, except on CI.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use import::money::line_gross;
use import::{ImportArgs, ImportOrder, ImportPlan, Summary};
use serde_json::Value;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    import: ImportArgs,
}

/// The folder of the data sets, `None` where it is absent and may be.
fn data() -> Option<PathBuf> {
    let shared = std::env::var_os("COMANDA_SHARED")
        .map_or_else(|| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).to_owned(), PathBuf::from);
    let data = shared.join("data");
    if data.join("expected.json").exists() {
        return Some(data);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is absent, and CI is set", data.display());
    // Not `eprintln!`: the test harness would swallow it.
    let line = format!("\nSKIPPED: {} is absent, nothing was compared with the real data sets\n", data.display());
    std::io::stderr().write_all(line.as_bytes()).expect("a standard error");
    None
}

/// Lines, orders, units and gross of whatever a table groups by.
type Table = BTreeMap<String, [i64; 4]>;

struct Read {
    plan: ImportPlan,
    orders: Vec<ImportOrder>,
}

fn read(file: &Path, flags: &[&str]) -> Read {
    let file = file.display().to_string();
    let words = ["import", &file].into_iter().chain(flags.iter().copied());
    let config = Cli::try_parse_from(words).expect("parses").import.config().expect("a config");
    let plan = ImportPlan::open(config).expect("opens");
    let orders: Vec<ImportOrder> = plan.orders().expect("opens").map(|order| order.expect("an order")).collect();
    Read { plan, orders }
}

impl Read {
    fn totals(&self) -> Summary {
        let mut summary = Summary::default();
        self.orders.iter().for_each(|order| summary.add(order));
        assert_eq!(&summary, self.plan.totals(), "both passes agree");
        summary
    }

    /// Sums over lines by the name of the item, or what `key` makes of its id and name.
    fn by_item(&self, key: fn(&str, &str) -> String) -> Table {
        let names: BTreeMap<&Arc<str>, &str> =
            self.plan.catalogue().items.iter().map(|item| (&item.id, item.name.as_str())).collect();
        let mut table = Table::new();
        for line in self.orders.iter().flat_map(|order| &order.lines) {
            let row = table.entry(key(&line.item_id, names[&line.item_id])).or_default();
            row[0] += 1;
            row[2] += line.qty_milli / 1000;
            row[3] += line_gross(line.unit_price_minor, line.qty_milli);
        }
        table
    }

    fn by_date(&self) -> Table {
        let mut table = Table::new();
        for order in &self.orders {
            let date = order.when.business_date(self.plan.config().cut_off_minutes).to_string();
            let row = table.entry(date).or_default();
            row[1] += 1;
            for line in &order.lines {
                row[2] += line.qty_milli / 1000;
                row[3] += line_gross(line.unit_price_minor, line.qty_milli);
            }
        }
        table
    }
}

/// An `expected-*.csv`; columns that are not there are 0.
fn expected(path: &Path) -> Table {
    let mut reader = csv::Reader::from_path(path).expect("an expected table");
    let header = reader.headers().expect("a header").clone();
    let columns = ["lines", "orders", "units", "gross_minor"]
        .map(|name| header.iter().position(|column| column == name || (name == "lines" && column == "selections")));
    let row = |record: csv::StringRecord| {
        let numbers = columns.map(|column| column.map_or(0, |at| record[at].parse().expect("a number")));
        (record[0].to_owned(), numbers)
    };
    reader.records().map(|record| row(record.expect("a record"))).collect()
}

fn expected_json(data: &Path, set: &str) -> Value {
    let text = std::fs::read_to_string(data.join("expected.json")).expect("expected.json");
    serde_json::from_str::<Value>(&text).expect("JSON")[set].clone()
}

#[track_caller]
fn check_totals(read: &Read, expected: &Value) {
    let totals = read.totals();
    let got = [
        totals.lines as i64,
        totals.orders as i64,
        totals.units_milli,
        totals.gross_minor,
        totals.rejected_rows as i64,
    ];
    let number = |name: &str| expected[name].as_i64().expect(name);
    assert_eq!(got, [number("lines"), number("orders"), number("units") * 1000, number("gross_minor"), 0]);
    assert_eq!(read.plan.catalogue().items.len() as i64, number("distinct_items"));
    assert_eq!(read.plan.config().currency.code(), expected["currency"]);
    assert_eq!(read.plan.rejected().path, None);
    let mut keys: Vec<&str> = read.orders.iter().map(|order| order.file_key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), read.orders.len(), "every order comes out once");
}

#[test]
fn chipotle() {
    let Some(data) = data() else { return };
    let read = read(&data.join("chipotle/orders.tsv"), &["--preset", "chipotle"]);
    let json = expected_json(&data, "chipotle");
    check_totals(&read, &json);
    assert_eq!(read.by_item(|_, name| name.to_owned()), expected(&data.join("chipotle/expected-items.csv")));

    let choices = read.plan.catalogue().choices.as_ref().expect("modifiers");
    let names: BTreeMap<&Arc<str>, &str> =
        choices.modifiers.iter().map(|named| (&named.id, named.name.as_str())).collect();
    let mut table = Table::new();
    let lines = || read.orders.iter().flat_map(|order| &order.lines);
    for (id, count) in lines().flat_map(|line| &line.modifiers) {
        table.entry(names[id].to_owned()).or_default()[0] += i64::from(*count);
    }
    assert_eq!(table, expected(&data.join("chipotle/expected-modifiers.csv")));
    assert_eq!(names.len() as i64, json["distinct_modifiers"].as_i64().expect("a number"));
    assert_eq!(table.values().map(|row| row[0]).sum::<i64>(), json["modifier_selections"].as_i64().expect("a number"));
    let without = lines().filter(|line| line.modifiers.is_empty()).count();
    assert_eq!(without as u64, json["lines_without_modifiers"].as_u64().expect("a number"));

    let naive = self::read(&data.join("chipotle/orders.tsv"), &["--preset", "chipotle", "--price-is", "unit"]);
    assert_eq!(Some(naive.totals().gross_minor), json["naive_qty_times_price_minor_WRONG"].as_i64());
}

#[test]
fn takeaway_london() {
    let Some(data) = data() else { return };
    let folder = data.join("takeaway-london");
    let read = read(&folder.join("restaurant-1-orders.csv.gz"), &["--preset", "takeaway"]);
    let json = expected_json(&data, "takeaway-london");
    check_totals(&read, &json);
    assert_eq!(read.by_item(|_, name| name.to_owned()), expected(&folder.join("expected-items.csv")));
    assert_eq!(read.by_date(), expected(&folder.join("expected-daily-cutoff04.csv")));
    check_hours(&read, &json);
}

#[test]
fn takeaway_london_with_prices_of_the_list() {
    let Some(data) = data() else { return };
    let folder = data.join("takeaway-london");
    let list = folder.join("restaurant-1-products-price.csv").display().to_string();
    let flags = ["--preset", "takeaway", "--items", &list, "--items-map", "id=Item Name,price=Product Price"];
    let map = ["--map", "order=Order Number,item=Item Name,qty=Quantity,time=Order Date"];
    let read = read(&folder.join("restaurant-1-orders.csv.gz"), &[&flags[..], &map[..]].concat());
    let json = expected_json(&data, "takeaway-london");
    assert_eq!((read.plan.rejected().count, json["sold_items_not_in_price_list"].as_u64()), (0, Some(0)));
    let (rows, listed) = (expected(&folder.join("expected-items.csv")), read.by_item(|_, name| name.to_owned()));
    let differ = rows.iter().filter(|(name, row)| listed.get(*name) != Some(row)).count();
    assert_eq!(differ as u64, json["sold_items_price_differs_from_list"].as_u64().expect("a number"));
}

#[test]
fn pizzaplace() {
    let Some(data) = data() else { return };
    let folder = data.join("pizzaplace");
    let read = read(&folder.join("pizzaplace.csv.gz"), &["--preset", "pizzaplace"]);
    let json = expected_json(&data, "pizzaplace");
    check_totals(&read, &json);
    assert_eq!(read.by_item(|id, _| id.to_owned()), expected(&folder.join("expected-items.csv")));
    assert_eq!(read.by_date(), expected(&folder.join("expected-daily-cutoff04.csv")));
    check_hours(&read, &json);

    let category = |id: &Arc<str>| {
        let item = read.plan.catalogue().items.iter().find(|item| item.id == *id).expect("an item");
        item.category.as_ref().expect("a category").name.clone()
    };
    let mut by_type: BTreeMap<String, i64> = BTreeMap::new();
    for (id, row) in read.by_item(|id, _| id.to_owned()) {
        *by_type.entry(category(&Arc::from(id))).or_default() += row[3];
    }
    let expected: BTreeMap<String, i64> = serde_json::from_value(json["gross_by_type"].clone()).expect("a table");
    assert_eq!(by_type, expected);
}

/// The other form of the same shop: quantities in the rows, prices in an items file.
#[test]
fn pizzaplace_in_several_files() {
    let Some(data) = data() else { return };
    let folder = data.join("pizzaplace");
    let list = folder.join("pizzas.csv").display().to_string();
    let map = "order=order_id,item=pizza_id,qty=quantity";
    let items_map = "id=pizza_id,price=price,category=size";
    let flags = ["--preset", "pizzaplace", "--map", map, "--items", &list, "--items-map", items_map];
    let read = read(&folder.join("order_details.csv"), &flags);
    let json = expected_json(&data, "pizzaplace")["four_table"].clone();
    let totals = read.totals();
    let got = [totals.lines as i64, totals.orders as i64, totals.units_milli / 1000, totals.gross_minor];
    assert_eq!(got, ["order_details", "orders", "units", "gross_minor"].map(|name| json[name].as_i64().expect(name)));
    assert_eq!(totals.rejected_rows, 0);
}

#[track_caller]
fn check_hours(read: &Read, json: &Value) {
    let mut hours: BTreeMap<String, u64> = BTreeMap::new();
    for order in &read.orders {
        *hours.entry(format!("{:02}", order.when.local.hour())).or_default() += 1;
    }
    let expected: BTreeMap<String, u64> = serde_json::from_value(json["orders_by_hour"].clone()).expect("a table");
    assert_eq!(hours, expected);
}
