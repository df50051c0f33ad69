//! Messy order files through the command line: each is read as it was meant, or nothing is made for it, and the summary says how.

use crate::server::{House, Server, comanda, key, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const MAP: &str = "order=id,item=name,qty=count,price=price,time=at";

/// What an import came to.
struct Outcome {
    code: Option<i32>,
    /// The line of JSON; null where the run did not come to an end.
    summary: Value,
    told: String,
}

/// A house, its server, and files to import into stores of their own.
struct Desk {
    house: House,
    server: Server,
}

impl Desk {
    fn new() -> Desk {
        let mut house = House::new();
        let server = house.serve();
        Desk { house, server }
    }

    fn file(&self, store: &str) -> PathBuf {
        self.house.path().join(format!("{store}.csv"))
    }

    /// Imports `bytes` into `store`, in EUR and Berlin's time.
    fn import(&self, store: &str, bytes: impl AsRef<[u8]>, flags: &[&str]) -> Outcome {
        self.import_mapped(store, MAP, bytes, flags)
    }

    fn import_mapped(&self, store: &str, map: &str, bytes: impl AsRef<[u8]>, flags: &[&str]) -> Outcome {
        let file = self.file(store);
        std::fs::write(&file, bytes).expect("a file");
        let output = comanda()
            .arg("import")
            .arg(&file)
            .args(["--store", store, "--currency", "EUR", "--timezone", "Europe/Berlin", "--map", map, "--json"])
            .args(["--url", &self.server.url, "--token", &self.server.tokens["admin"]])
            .args(flags)
            .output()
            .expect("the binary runs");
        let said = String::from_utf8(output.stdout).expect("it is text");
        Outcome {
            code: output.status.code(),
            summary: said.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).expect("JSON")),
            told: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Units and gross by name of item, as the report writes them.
    fn sold(&self, store: &str) -> BTreeMap<String, (String, i64)> {
        let row = |row: &Value| {
            let name = row["name"].as_str().expect("a name").to_owned();
            (name, (row["units"].to_string(), row["gross"].as_i64().expect("a number")))
        };
        self.rows(store, "item").iter().map(row).collect()
    }

    /// The business dates on which something was sold.
    fn days(&self, store: &str) -> Vec<String> {
        let rows = self.rows(store, "day");
        rows.iter().map(|row| row["business_date"].as_str().expect("a date").to_owned()).collect()
    }

    fn rows(&self, store: &str, by: &str) -> Vec<Value> {
        run(async {
            let mut analyst = self.server.till("analyst");
            let feed = analyst.get("/v1/feed?types=OrderCompleted").await;
            let last =
                feed.body.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).expect("an order").to_vec();
            let last: Value = serde_json::from_slice(&last).expect("an event");
            let position = last["position"].as_str().expect("a position");
            let path = format!("/v1/reports/sales?by={by}&store={store}&min_position={position}");
            analyst.get(&path).await.expect(200)["rows"].as_array().expect("rows").clone()
        })
    }

    /// Everything that the log has.
    fn log(&self) -> String {
        let feed = run(async { self.server.till("auditor").get("/v1/feed").await });
        String::from_utf8(feed.body.to_vec()).expect("text")
    }

    /// The same, once the orders of a store can be read as of its end.
    fn seen_log(&self, store: &str) -> String {
        let log = self.log();
        let last: Value = log.lines().last().map(|line| serde_json::from_str(line).expect("JSON")).expect("an event");
        let position = last["position"].as_str().expect("a position");
        let path = format!("/v1/stores/{store}/orders?min_position={position}");
        run(async { self.server.till("manager").get(&path).await.expect(200) });
        log
    }

    fn rejected(&self, store: &str) -> String {
        std::fs::read_to_string(self.file(store).with_extension("csv.rejected.csv")).unwrap_or_default()
    }
}

impl Outcome {
    #[track_caller]
    fn comes_to(&self, orders: u64, gross: i64) -> &Outcome {
        assert_eq!(self.code, Some(0), "{}{}", self.summary, self.told);
        assert_eq!((&self.summary["orders"], &self.summary["gross_minor"]), (&json!(orders), &json!(gross)));
        self
    }

    #[track_caller]
    fn says(&self, field: &str, value: &str) -> &Outcome {
        assert_eq!(self.summary[field], value, "{field}: {}", self.summary);
        self
    }

    #[track_caller]
    fn counts(&self, field: &str, count: u64) -> &Outcome {
        assert_eq!(self.summary[field], count, "{field}: {}", self.summary);
        self
    }
}

fn sold(items: &[(&str, &str, i64)]) -> BTreeMap<String, (String, i64)> {
    items.iter().map(|(name, units, gross)| ((*name).to_owned(), ((*units).to_owned(), *gross))).collect()
}

const ROWS: &str = "id,name,count,price,at\n1,Crème brûlée,2,8.50,2026-03-01T12:00\n2,Tea,1,3.20,2026-03-01T12:05\n";

#[test]
fn messy_semicolons_are_recognised_and_decimal_commas_named() {
    let desk = Desk::new();
    let text = "id;name;count;price;at\n1;Fish;1,5;1.008,50 €;2026-03-01T12:00\n2;Tea;1;3,20;2026-03-01T12:05\n";
    // What could be either is not guessed at, and the row says which flag tells.
    let unsaid = desk.import("unsaid", text, &[]);
    assert_eq!(unsaid.code, Some(1));
    unsaid.counts("rejected_rows", 2).says("delimiter", "semicolon");
    let rejected = desk.rejected("unsaid");
    assert_eq!(rejected.matches("--decimal comma").count(), 2, "{rejected}");
    let said = desk.import("said", text, &["--decimal", "comma"]);
    said.comes_to(2, 151_275 + 320).says("delimiter", "semicolon").says("decimal", "comma").says("date_format", "iso");
    assert_eq!(desk.sold("said"), sold(&[("Fish", "1.5", 151_275), ("Tea", "1", 320)]));
}

#[test]
fn messy_sep_lines_of_spreadsheets_are_believed() {
    let desk = Desk::new();
    let text = format!("sep=|\r\n{}", ROWS.replace(',', "|").replace('\n', "\r\n"));
    desk.import("sep", text, &[]).comes_to(2, 2_020).says("delimiter", "pipe").says("encoding", "UTF-8");
}

#[test]
fn messy_latin_1_is_named() {
    let desk = Desk::new();
    let latin: Vec<u8> = ROWS.chars().map(|character| u8::try_from(character).expect("Latin-1")).collect();
    let unsaid = desk.import("unsaid", &latin, &[]);
    unsaid.comes_to(1, 320).counts("rejected_rows", 1).says("encoding", "UTF-8");
    assert!(desk.rejected("unsaid").is_empty(), "it is no UTF-8 either");
    let bytes = std::fs::read(desk.file("unsaid").with_extension("csv.rejected.csv")).expect("a list");
    let rejected = String::from_utf8_lossy(&bytes).into_owned();
    assert!(rejected.contains("is not UTF-8") && rejected.contains("--encoding"), "{rejected}");
    let said = desk.import("said", &latin, &["--encoding", "latin1"]);
    said.comes_to(2, 2_020).counts("rejected_rows", 0).says("encoding", "windows-1252");
    assert_eq!(desk.sold("said"), sold(&[("Crème brûlée", "2", 1_700), ("Tea", "1", 320)]));
    // Where the header itself does not read nothing does.
    let header =
        desk.import_mapped("header", "order=n\u{b0},item=name,price=price", b"n\xb0,name,price\n1,Tea,1\n", &[]);
    assert_eq!((header.code, &header.summary), (Some(1), &Value::Null));
    assert!(header.told.contains("--encoding"), "{}", header.told);
}

#[test]
fn messy_utf_16_is_recognised_with_a_mark_and_without() {
    let desk = Desk::new();
    let text = ROWS.replace(',', "\t");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (store, bytes, encoding) in [
        ("marked", [&b"\xff\xfe"[..], &little].concat(), "UTF-16LE"),
        ("unmarked", little.clone(), "UTF-16LE"),
        ("big", [&b"\xfe\xff"[..], &big].concat(), "UTF-16BE"),
    ] {
        desk.import(store, bytes, &[]).comes_to(2, 2_020).says("encoding", encoding).says("delimiter", "tab");
        assert_eq!(desk.sold(store), sold(&[("Crème brûlée", "2", 1_700), ("Tea", "1", 320)]), "{store}");
    }
    // Another form of the same file is the same import.
    desk.import("marked", ROWS, &[]).comes_to(2, 2_020).counts("duplicate_orders", 2);
}

#[test]
fn messy_byte_order_marks_are_no_part_of_a_column() {
    let desk = Desk::new();
    let marked = format!("\u{feff}{}", ROWS.replace('\n', "\r\n"));
    let marked = desk.import("mark", marked, &["--encoding", "latin1"]);
    marked.comes_to(2, 2_020).says("encoding", "UTF-8");
}

#[test]
fn messy_dates_of_spreadsheets_are_named() {
    let desk = Desk::new();
    // 2026-03-01 12:00 and 2026-03-02 03:00, which is still the evening before.
    let text = "id;name;count;price;at\n1;Fish;2;8,50;46082,5\n2;Tea;1;3,20;46083,125\n";
    let unsaid = desk.import("unsaid", text, &["--decimal", "comma"]);
    assert_eq!(unsaid.code, Some(1));
    assert!(desk.rejected("unsaid").contains("--date-format excel"), "{}", desk.rejected("unsaid"));
    let said = desk.import("said", text, &["--decimal", "comma", "--date-format", "excel"]);
    said.comes_to(2, 2_020).says("date_format", "excel");
    assert_eq!(desk.days("said"), ["2026-03-01"]);
    let german = "id;name;count;price;at\n1;Fish;2;8,50;01.03.2026 12:00\n";
    let said = desk.import("german", german, &["--decimal", "comma", "--date-format", "%d.%m.%Y %H:%M"]);
    said.comes_to(1, 1_700).says("date_format", "%d.%m.%Y %H:%M");
    assert_eq!(desk.days("german"), ["2026-03-01"]);
}

#[test]
fn messy_rows_of_no_item_are_parked_and_counted_apart() {
    let desk = Desk::new();
    let more =
        "3,NONE,1,1.00,2026-03-01T12:00\n3,null,-1,1.00,2026-03-01T12:00\n4,,1,1.00,2026-03-01T12:00\n4,Tea,x,1.00,\n";
    let outcome = desk.import("none", format!("{ROWS}{more}"), &[]);
    outcome.comes_to(2, 2_020).counts("parked_rows", 2).counts("rejected_rows", 2);
    assert!(outcome.told.contains("2 rows were rejected and 2 parked"), "{}", outcome.told);
    let list = desk.rejected("none");
    assert!(list.contains("it says `NONE`; nothing was sold, so the row is parked"), "{list}");
    assert!(list.contains("it says `null`; nothing was sold, so the row is parked"), "{list}");
    assert_eq!(desk.sold("none").len(), 2, "there is no item NONE");
}

#[test]
fn messy_files_without_one_good_row_fail_and_leave_nothing() {
    let desk = Desk::new();
    let before = desk.log();
    let rejected = "id,name,count,price,at\n1,Fish,2,x,2026-03-01T12:00\n2,NONE,1,3.20,2026-03-01T12:05\n";
    let future = "id,name,count,price,at\n1,Fish,2,8.50,9999-01-01T12:00\n2,Tea,1,3.20,9998-01-01T12:00\n";
    let listed = "id,name,count,price,at\n1,Gelato,2,8.50,2026-03-01T12:00\n";
    let modifiers: Vec<String> =
        (0..501).map(|number| format!("1,Pie,1,1.00,2026-03-01T12:00,Extra {number}")).collect();
    let modifiers = format!("id,name,count,price,at,extra\n{}\n", modifiers.join("\n"));
    for (store, map, text, told) in [
        ("rejected", MAP.to_owned(), rejected, "1 rows were rejected, 1 were parked"),
        ("future", MAP.to_owned(), future, "2 orders refused"),
        ("listed", MAP.to_owned(), listed, "gelato is on the menu at a list price"),
        ("modifiers", format!("{MAP},modifiers=extra"), &modifiers, "refused"),
    ] {
        let outcome = desk.import_mapped(store, &map, text, &[]);
        assert_eq!(outcome.code, Some(1), "{store}: {}", outcome.summary);
        assert!(outcome.told.contains(told), "{store}: {}", outcome.told);
        let there = run(async { desk.server.till("manager").get(&format!("/v1/stores/{store}")).await.status });
        assert_eq!(there, 404, "{store} was left behind");
    }
    // Nor is a data directory made for one.
    let file = desk.house.path().join("nothing.csv");
    std::fs::write(&file, rejected).expect("a file");
    let data = desk.house.path().join("new");
    let output = comanda()
        .arg("import")
        .arg(&file)
        .args(["--store", "s9", "--currency", "EUR", "--timezone", "Europe/Berlin", "--map", MAP, "--data"])
        .arg(&data)
        .output()
        .expect("the binary runs");
    assert_eq!((output.status.code(), data.exists()), (Some(1), false));
    // A file without rows is no error: a day on which nothing was sold.
    let empty = desk.import("empty", "id,name,count,price,at\n", &[]);
    empty.comes_to(0, 0);
    assert!(desk.log() == before, "nothing was written");
}

#[test]
fn messy_changed_times_are_conflicts() {
    let desk = Desk::new();
    desk.import("harbour", ROWS, &[]).comes_to(2, 2_020);
    let changed = desk.import("harbour", ROWS.replace("12:05", "13:05"), &[]);
    assert_eq!(changed.code, Some(1));
    changed.counts("orders", 1).counts("duplicate_orders", 1).counts("conflict_orders", 1).counts("refused_orders", 0);
    let told = "conflict: order \"2\" (line 3) was imported with another time: 2026-03-01T11:05:00Z; the file says 2026-03-01T12:05:00Z";
    assert!(changed.told.contains(told), "{}", changed.told);
    // No item is left behind by one that is in conflict as a whole.
    let before = desk.seen_log("harbour");
    let other = desk.import("harbour", ROWS.replace("Tea", "Juice").replace("12:00", "10:00"), &[]);
    assert_eq!(other.code, Some(1), "{}", other.told);
    assert!(desk.log() == before, "an item is left behind");
    other.counts("conflict_orders", 2).counts("orders", 0);
    desk.import("harbour", ROWS, &[]).comes_to(2, 2_020).counts("duplicate_orders", 2);
    // A file that says no times has none that could have changed, wherever its orders stand.
    let map = "order=id,item=name,qty=count,price=price";
    desk.import_mapped("timeless", map, "id,name,count,price\n1,Tea,1,1.00\n", &[]).comes_to(1, 100);
    let later = desk.import_mapped("timeless", map, "id,name,count,price\n2,Tea,1,1.00\n1,Tea,1,1.00\n", &[]);
    later.comes_to(2, 200).counts("duplicate_orders", 1).counts("conflict_orders", 0);
}

/// Whoever sends commands again is told that their time is not taken, at the door of batches too.
#[test]
fn a_repeat_with_another_time_is_told_the_recorded_one() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let (id, path) = (key(), "/v1/stores/s1/commands");
        let batch = |at: &str| {
            json!({"commands": [{"command_id": id, "type": "order.open", "source": "imported", "occurred_at": at,
            "body": {"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "place": true,
                "lines": [{"line_id": "l1", "item_id": "water"}]}}]})
        };
        let sent = admin.send("POST", path, &[], &batch("2026-03-01T12:00:00Z")).await.expect(200);
        assert_eq!(sent["results"][0]["status"], "accepted", "{sent}");
        let same = admin.send("POST", path, &[], &batch("2026-03-01T12:00:00Z")).await.expect(200);
        let result = &same["results"][0];
        assert_eq!((&result["status"], &result["recorded_occurred_at"]), (&json!("duplicate"), &Value::Null));
        let other = admin.send("POST", path, &[], &batch("2026-03-01T13:00:00Z")).await.expect(200);
        let result = &other["results"][0];
        let told = (&result["status"], &result["recorded_occurred_at"]);
        assert_eq!(told, (&json!("duplicate"), &json!("2026-03-01T12:00:00.000000Z")));
    });
}

#[test]
fn messy_files_are_tried_dry() {
    let desk = Desk::new();
    let before = desk.log();
    let text = format!("{ROWS}3,Tea,x,1.00,2026-03-01T12:00\n4,Tea,1,1.00,9999-01-01T12:00\n");
    let dry = desk.import("dry", &text, &["--dry-run"]);
    assert_eq!(dry.code, Some(1), "an order would be refused: {}", dry.told);
    dry.counts("orders", 2).counts("rejected_rows", 1).counts("refused_orders", 1).says("delimiter", "comma");
    assert_eq!((&dry.summary["dry_run"], &dry.summary["gross_minor"]), (&json!(true), &json!(2_020)));
    assert!(desk.rejected("dry").contains("is not a quantity"), "{}", desk.rejected("dry"));
    let dry = desk.import("dry", ROWS, &["--dry-run"]);
    dry.comes_to(2, 2_020);
    // What would stop an import stops it dry: the item is at a list price, the store has another zone.
    let listed = desk.import("dry", "id,name,count,price,at\n1,Gelato,1,1.00,2026-03-01T12:00\n", &["--dry-run"]);
    assert!(listed.code == Some(1) && listed.told.contains("gelato"), "{}", listed.told);
    let other = desk.import("s1", ROWS, &["--dry-run", "--cut-off", "06:00"]);
    assert!(other.code == Some(1) && other.told.contains("cut_off"), "{}", other.told);
    assert!(desk.log() == before, "nothing was sent");
    // Without a server no directory is made either.
    let data = desk.house.path().join("new");
    let output = comanda()
        .arg("import")
        .arg(desk.file("dry"))
        .args([
            "--store",
            "s9",
            "--currency",
            "EUR",
            "--timezone",
            "Europe/Berlin",
            "--map",
            MAP,
            "--dry-run",
            "--data",
        ])
        .arg(&data)
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !data.exists() && said.contains("read as UTF-8 (assumed), columns separated by comma (recognised)"),
        "{said}"
    );
    // And then in earnest.
    let wet = desk.import("dry", ROWS, &[]);
    wet.comes_to(2, 2_020);
    assert_eq!(wet.summary["dry_run"], false);
}
