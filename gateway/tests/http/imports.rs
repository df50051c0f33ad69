//! Real order files through the command line, and their totals through the reports.

use crate::server::{House, Server, comanda, run, shared};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

/// A data set, as its preset imports it.
struct Set {
    name: &'static str,
    preset: &'static str,
    file: &'static str,
    daily: Option<&'static str>,
}

const SETS: [Set; 3] = [
    Set { name: "chipotle", preset: "chipotle", file: "chipotle/orders.tsv", daily: None },
    Set {
        name: "takeaway-london",
        preset: "takeaway",
        file: "takeaway-london/restaurant-1-orders.csv.gz",
        daily: Some("takeaway-london/expected-daily-cutoff04.csv"),
    },
    Set {
        name: "pizzaplace",
        preset: "pizzaplace",
        file: "pizzaplace/pizzaplace.csv.gz",
        daily: Some("pizzaplace/expected-daily-cutoff04.csv"),
    },
];

fn import(server: &Server, file: &Path, preset: &str) -> Output {
    comanda()
        .arg("import")
        .arg(file)
        .args(["--preset", preset, "--url", &server.url, "--token", &server.tokens["admin"], "--json"])
        .output()
        .expect("the binary runs")
}

#[track_caller]
fn summary(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(text.lines().last().unwrap_or_default()).expect("it ends with a line of JSON")
}

/// A table of numbers by the first column.
fn table(path: &Path) -> BTreeMap<String, Vec<i64>> {
    let mut reader = csv::Reader::from_path(path).expect("an expected table");
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| {
        let numbers = row.iter().skip(1).map(|number| number.parse().expect("a number")).collect();
        (row[0].to_owned(), numbers)
    })
    .collect()
}

/// The rows of a report, by a key, as the numbers of these fields.
async fn report(server: &Server, store: &str, by: &str, key: &str, fields: &[&str]) -> BTreeMap<String, Vec<i64>> {
    let mut analyst = server.till("analyst");
    let head = analyst.get("/v1/feed?types=OrderCompleted").await;
    let last = head.body.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).expect("an order").to_vec();
    let last: Value = serde_json::from_slice(&last).expect("an event");
    let position = last["position"].as_str().expect("a position");
    let path = format!("/v1/reports/sales?by={by}&store={store}&min_position={position}");
    let report = loop {
        let reply = analyst.get(&path).await;
        match reply.status {
            503 => tokio::task::yield_now().await,
            _ => break reply.expect(200),
        }
    };
    let rows = report["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let numbers = fields.iter().map(|field| row[field].as_i64().unwrap_or_else(|| panic!("{field}: {row}")));
            (row[key].as_str().expect("a key").to_owned(), numbers.collect())
        })
        .collect()
}

#[track_caller]
fn has_totals(summary: &Value, expected: &Value) {
    for field in ["lines", "orders", "units", "gross_minor"] {
        assert_eq!(summary[field], expected[field], "{field}: {summary}");
    }
    assert_eq!(summary["rejected_rows"], 0);
}

#[test]
fn the_data_sets_give_their_totals_and_again_nothing_changes() {
    let Some(shared) = shared() else { return };
    let expected = std::fs::read_to_string(shared.join("data/expected.json")).expect("the expected totals");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let mut house = House::new();
    let server = house.serve();
    run(async {
        for set in &SETS {
            let file = shared.join("data").join(set.file);
            let first = summary(&import(&server, &file, set.preset));
            has_totals(&first, &expected[set.name]);
            assert_eq!(first["duplicate_orders"], 0);
            let before = server.till("auditor").get("/v1/feed?types=OrderOpened,PaymentCaptured,OrderCompleted").await;
            let second = summary(&import(&server, &file, set.preset));
            has_totals(&second, &expected[set.name]);
            assert_eq!(second["duplicate_orders"], second["orders"]);
            let after = server.till("auditor").get("/v1/feed?types=OrderOpened,PaymentCaptured,OrderCompleted").await;
            assert!(before.body == after.body, "{} was imported twice", set.name);
            let items = report(&server, set.preset, "item", "name", &["lines", "units", "gross"]).await;
            let folder = file.parent().expect("a folder");
            let wanted = table(&folder.join("expected-items.csv"));
            let lower = |table: BTreeMap<String, Vec<i64>>| -> BTreeMap<String, Vec<i64>> {
                table.into_iter().map(|(key, row)| (key.to_lowercase().replace(' ', "_"), row)).collect()
            };
            assert_eq!(lower(items), lower(wanted), "{}", set.name);
            if let Some(daily) = set.daily {
                let days = report(&server, set.preset, "day", "business_date", &["orders", "units", "gross"]).await;
                assert_eq!(days, table(&shared.join("data").join(daily)), "{}", set.name);
            }
        }
    });
}

#[test]
fn an_import_killed_half_way_goes_on_to_the_same_totals() {
    let Some(shared) = shared() else { return };
    let expected = std::fs::read_to_string(shared.join("data/expected.json")).expect("the expected totals");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let file = shared.join("data/takeaway-london/restaurant-1-orders.csv.gz");
    let mut house = House::new();
    let server = house.serve();
    let (url, admin) = (server.url.clone(), server.tokens["admin"].clone());
    let mut importing = comanda()
        .arg("import")
        .arg(&file)
        .args(["--preset", "takeaway", "--url", &url, "--token", &admin, "--json"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    // The server is killed once it has taken a good part of the orders.
    run(async {
        let mut till = server.till("analyst");
        loop {
            let page = till.get("/metrics").await;
            let text = String::from_utf8_lossy(&page.body).into_owned();
            let accepted = text.lines().find_map(|line| line.strip_prefix("comanda_commands_accepted_total "));
            if accepted.is_some_and(|count| 12_000 < count.parse::<u64>().unwrap_or(0)) {
                break;
            }
        }
    });
    server.kill();
    importing.kill().expect("it was running or has just failed");
    importing.wait().expect("it ends");
    let server = house.serve();
    let again = summary(&import(&server, &file, "takeaway"));
    has_totals(&again, &expected["takeaway-london"]);
    let duplicates = again["duplicate_orders"].as_u64().expect("a count");
    assert!(0 < duplicates && duplicates < again["orders"].as_u64().expect("a count"), "{again}");
    run(async {
        let days = report(&server, "takeaway", "day", "business_date", &["orders", "units", "gross"]).await;
        let daily = shared.join("data/takeaway-london/expected-daily-cutoff04.csv");
        assert_eq!(days, table(&daily));
    });
}

#[test]
fn bad_rows_are_set_aside_and_changed_ones_are_conflicts() {
    let mut house = House::new();
    let server = house.serve();
    let file = house.path().join("orders.csv");
    let import = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        comanda()
            .arg("import")
            .arg(&file)
            .args(["--store", "harbour", "--currency", "EUR", "--timezone", "Europe/Berlin", "--map"])
            .args([
                "order=id,item=name,qty=count,price=price,time=at",
                "--url",
                &server.url,
                "--token",
                &server.tokens["admin"],
                "--json",
            ])
            .output()
            .expect("the binary runs")
    };
    let header = "id,name,count,price,at\n";
    let good = "1,Fish,2,8.50,2026-03-01T12:00\n1,Chips,1,3.20,2026-03-01T12:00\n2,Fish,1,8.50,2026-03-01T12:05\n";
    let bad = "3,Fish,-1,8.50,2026-03-01T12:10\n4,,1,1.00,2026-03-01T12:10\n5,Fish,1,8.505,2026-03-01T12:10\n";
    let first = summary(&import(&format!("{header}{good}{bad}")));
    assert_eq!(
        (&first["orders"], &first["gross_minor"], &first["rejected_rows"]),
        (&2.into(), &2870.into(), &3.into())
    );
    let rejected =
        std::fs::read_to_string(house.path().join("orders.csv.rejected.csv")).expect("a list of rejected rows");
    assert_eq!(rejected.lines().count(), 4, "{rejected}");
    assert!(rejected.contains("count") && rejected.contains("price"), "{rejected}");
    let changed = import(&format!("{header}{}", good.replace("3.20", "3.40")));
    assert!(!changed.status.success());
    let told = String::from_utf8_lossy(&changed.stderr);
    assert!(told.contains("conflict: order \"1\""), "{told}");
    run(async {
        let items = report(&server, "harbour", "item", "name", &["lines", "units", "gross"]).await;
        assert_eq!(
            items,
            BTreeMap::from([("Chips".to_owned(), vec![1, 1, 320]), ("Fish".to_owned(), vec![2, 3, 2550])])
        );
    });
}

#[test]
fn an_import_does_not_touch_list_prices() {
    let mut house = House::new();
    let server = house.serve();
    let file = house.path().join("orders.csv");
    std::fs::write(&file, "id,name,price\n1,Gelato,2.00\n").expect("a file");
    let output = comanda()
        .arg("import")
        .arg(&file)
        .args([
            "--store",
            "harbour",
            "--currency",
            "EUR",
            "--timezone",
            "Europe/Berlin",
            "--map",
            "order=id,item=name,price=price",
        ])
        .args(["--url", &server.url, "--token", &server.tokens["admin"]])
        .output()
        .expect("the binary runs");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("gelato is on the menu at a list price"), "{told}");
}

/// Imports rows of `id,name,qty,price,time,choices` into a store of their own.
fn import_rows(house: &House, server: &Server, store: &str, rows: &str) -> Output {
    import_rows_with(house, server, store, rows, &[])
}

fn import_rows_with(house: &House, server: &Server, store: &str, rows: &str, flags: &[&str]) -> Output {
    let file = house.path().join(format!("{store}.csv"));
    std::fs::write(&file, format!("id,name,qty,price,time,choices\n{rows}")).expect("a file");
    comanda()
        .arg("import")
        .arg(&file)
        .args(["--store", store, "--currency", "EUR", "--timezone", "Europe/Berlin", "--json"])
        .args(flags)
        .args(["--map", "order=id,item=name,qty=qty,price=price,time=time,modifiers=choices", "--url", &server.url])
        .env("COMANDA_TOKEN", &server.tokens["admin"])
        .output()
        .expect("the binary runs")
}

#[test]
fn an_order_that_the_rules_refuse_stops_no_other() {
    let mut house = House::new();
    let server = house.serve();
    let rows =
        "1,Fish,0.001,0.01,2026-03-01T12:00,\n2,Fish,1,2.00,9999-01-01T12:00,\n3,Fish,1,2.00,2026-03-01T12:00,\n";
    let output = import_rows(&house, &server, "rules", rows);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("refused: order \"2\" (line 3)"), "{told}");
    let last = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary: Value = serde_json::from_str(last.lines().last().expect("a summary")).expect("a line of JSON");
    assert_eq!((&summary["orders"], &summary["gross_minor"]), (&2.into(), &200.into()), "{summary}");
    let rows =
        "1,Fish,100000,1000000000.00,2026-03-01T12:00,\n2,Fish,1,2.00,0001-01-01T00:00,\n3,Fish,1,2.00,2026-03-01,\n";
    let bounds = self::summary(&import_rows(&house, &server, "bounds", rows));
    assert_eq!((&bounds["orders"], &bounds["rejected_rows"]), (&1.into(), &2.into()), "{bounds}");
}

/// A file is looked at before anything is sent: an import as far as its first good order, a dry run to its end.
#[test]
fn a_first_order_that_is_refused_stops_no_other_and_a_dry_run_counts_them_all() {
    let mut house = House::new();
    let server = house.serve();
    let rows = "1,Fish,1,2.00,9999-01-01T12:00,\n2,Fish,1,2.00,2026-03-01T12:00,\n3,Fish,2,2.00,2026-03-01T12:01,\n";
    let counted = |flags: &[&str]| -> [Value; 2] {
        let output = import_rows_with(&house, &server, "rules", rows, flags);
        let last = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("order \"1\" (line 2)"), "{told}");
        let summary: Value = serde_json::from_str(last.lines().last().expect("a summary")).expect("a line of JSON");
        ["orders", "gross_minor"].map(|field| summary[field].clone())
    };
    assert_eq!(counted(&["--dry-run"]), [2, 600].map(Value::from));
    assert_eq!(counted(&[]), [2, 600].map(Value::from));
}

#[test]
fn batches_stay_below_the_doors_bound() {
    let mut house = House::new();
    let server = house.serve();
    let names: Vec<String> = (0..60).map(|index| format!("A choice with quite a long name {index:02}")).collect();
    let mut rows = String::new();
    for order in 0..250 {
        for line in 0..20 {
            let choices: Vec<&str> = (0..12).map(|step| names[(order + line + step * 5) % 60].as_str()).collect();
            rows.push_str(&format!("{order},Pie,1,1.00,2026-03-01T12:00,\"[{}]\"\n", choices.join(", ")));
        }
    }
    let summary = summary(&import_rows(&house, &server, "large", &rows));
    assert_eq!((&summary["orders"], &summary["lines"]), (&250.into(), &5000.into()), "{summary}");
    // The same item with other choices: the store has to adopt them before the first order.
    let other =
        self::summary(&import_rows(&house, &server, "large", "other,Pie,1,1.00,2026-03-01T12:00,[Something else]\n"));
    assert_eq!(other["orders"], 1, "{other}");
}
