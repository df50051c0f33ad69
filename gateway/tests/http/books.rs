//! The books of a day: nothing that was sold or paid is left out of them, tax by rate, money by tender.

use crate::server::{House, Till, run};
use serde_json::{Value, json};

/// A store of its own that sells a burger at 19 % and tea at 7 %, both inside the price.
async fn snack_bar(manager: &mut Till) {
    for (tax, ppm) in [("vat_19", 190_000), ("vat_7", 70_000)] {
        let body = json!({"name": tax, "percent_ppm": ppm, "inclusive": true});
        manager.command("PUT", &format!("/v1/menu/taxes/{tax}"), &body).await.expect(200);
    }
    for (item, price, tax) in [("burger", 1_200, "vat_19"), ("tea", 300, "vat_7")] {
        let body = json!({"name": item, "price": price, "taxes": [tax]});
        manager.command("PUT", &format!("/v1/menu/items/{item}"), &body).await.expect(200);
    }
    manager.post("/v1/menu/publish", &json!({})).await.expect(200);
    let settings = json!({"name": "Snacks", "currency": "EUR", "time_zone": "Europe/Berlin"});
    manager.command("PUT", "/v1/stores/b1", &settings).await.expect(200);
}

async fn placed(till: &mut Till, id: &str, lines: Value) -> Value {
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
    till.post("/v1/stores/b1/orders", &order).await.expect(201)
}

fn date_of(opened: &Value) -> String {
    let event = opened["events"].as_array().unwrap().iter().find(|event| event["type"] == "OrderOpened");
    event.expect("it was opened")["data"]["business_date"].as_str().unwrap().to_owned()
}

fn rates(totals: &Value) -> Vec<[i64; 5]> {
    let fields = ["percent_ppm", "taxable", "tax", "refunded_taxable", "refunded_tax"];
    let rows = totals["taxes"].as_array().unwrap().iter();
    rows.map(|row| fields.map(|field| row[field].as_i64().unwrap_or_else(|| panic!("{field} of {row}")))).collect()
}

fn tenders(totals: &Value) -> Vec<(String, [i64; 4])> {
    let fields = ["payments", "paid", "refunds", "refunded"];
    let rows = totals["tenders"].as_array().unwrap().iter();
    rows.map(|row| (row["tender"].as_str().unwrap().to_owned(), fields.map(|field| row[field].as_i64().unwrap())))
        .collect()
}

#[test]
fn t10_tax_by_rate_sold_and_given_back() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        snack_bar(&mut manager).await;
        let lines =
            json!([{"line_id": "l1", "item_id": "burger", "qty": 2}, {"line_id": "l2", "item_id": "tea", "qty": 1}]);
        let date = date_of(&placed(&mut till, "t10", lines).await);
        let pay = json!({"payment_id": "p1", "tender": "voucher"});
        till.post("/v1/stores/b1/orders/t10/payments", &pay).await.expect(201);
        till.post("/v1/stores/b1/payments/p1/outcome", &json!({"outcome": "captured"})).await.expect(200);
        let refunds = "/v1/stores/b1/payments/p1/refunds";
        let line = json!({"refund_id": "r1", "lines": [{"line_id": "l1", "qty": 1}], "reason": "Cold"});
        till.post(refunds, &line).await.expect(201);
        let done = till.post("/v1/stores/b1/payments/p1/refunds/r1/outcome", &json!({"outcome": "succeeded"})).await;
        done.expect(200);
        let fresh = format!("min_position={}", done.position());
        let at = |what: &str| format!("/v1/stores/b1/days/{date}/{what}?{fresh}");
        // 20.17 + 3.83 sold at 19 %, 10.08 + 1.92 given back; 2.80 + 0.20 sold at 7 %.
        let right = vec![[70_000, 280, 20, 0, 0], [190_000, 2_017, 383, 1_008, 192]];
        let x = till.get(&at("x")).await.expect(200);
        assert_eq!(rates(&x["totals"]), right);
        assert_eq!(tenders(&x["totals"]), [("voucher".to_owned(), [1, 2_700, 1, 1_200])]);
        let report = manager.get(&format!("/v1/reports/sales?store=b1&by=tax&{fresh}")).await.expect(200);
        let told = json!({"taxes": report["rows"]});
        let mut by_tax = rates(&told);
        by_tax.sort_unstable();
        assert_eq!(by_tax, right);
        // What is left is 12.00 at 19 % and 3.00 at 7 %: 5.00 of it take their share of both.
        let amount = json!({"refund_id": "r2", "amount": 500, "reason": "Late"});
        till.post(refunds, &amount).await.expect(201);
        let done = till.post("/v1/stores/b1/payments/p1/refunds/r2/outcome", &json!({"outcome": "succeeded"})).await;
        done.expect(200);
        let closed = manager.post(&format!("/v1/stores/b1/days/{date}/close"), &json!({})).await;
        closed.expect(200);
        let z = till.get(&format!("/v1/stores/b1/days/{date}/z?min_position={}", closed.position())).await.expect(200);
        let right = vec![[70_000, 280, 20, 93, 7], [190_000, 2_017, 383, 1_008 + 336, 192 + 64]];
        assert_eq!(rates(&z["totals"]), right);
        // The last of the sale takes the last of its taxes.
        till.post(refunds, &json!({"refund_id": "r3", "reason": "All of it"})).await.expect(201);
        let done = till.post("/v1/stores/b1/payments/p1/refunds/r3/outcome", &json!({"outcome": "succeeded"})).await;
        done.expect(200);
        let fresh = format!("min_position={}", done.position());
        let report = manager.get(&format!("/v1/reports/sales?store=b1&by=tax&{fresh}")).await.expect(200);
        for [_, taxable, tax, back, tax_back] in rates(&json!({"taxes": report["rows"]})) {
            assert_eq!((taxable, tax), (back, tax_back));
        }
    });
}

#[test]
fn d3_opening_the_first_day_loses_nothing() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        snack_bar(&mut manager).await;
        let date = date_of(&placed(&mut till, "o1", json!([{"line_id": "l1", "item_id": "tea", "qty": 1}])).await);
        let paid = till.post("/v1/stores/b1/orders/o1/payments", &json!({"payment_id": "p1", "tender": "cash"})).await;
        paid.expect(201);
        let x = |position: &String| format!("/v1/stores/b1/days/{date}/x?min_position={position}");
        let before = till.get(&x(&paid.position())).await.expect(200)["totals"].clone();
        assert_eq!((&before["sales"], &before["cash"]), (&json!(300), &json!(300)));
        let opened = manager.post(&format!("/v1/stores/b1/days/{date}/open"), &json!({})).await;
        // The fact says what it carries.
        assert_eq!(opened.expect(200)["events"][0]["data"]["carried"], before);
        assert_eq!(till.get(&x(&opened.position())).await.expect(200)["totals"], before);
        let closed = manager.post(&format!("/v1/stores/b1/days/{date}/close"), &json!({})).await;
        let z = closed.expect(200)["events"][0]["data"].clone();
        assert_eq!((&z["totals"], &z["cumulative_total"]), (&before, &json!(300)));
    });
}

#[test]
fn prints_are_facts_and_a_report_is_printable() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        snack_bar(&mut manager).await;
        let lines =
            json!([{"line_id": "l1", "item_id": "burger", "qty": 2}, {"line_id": "l2", "item_id": "tea", "qty": 1}]);
        let date = date_of(&placed(&mut till, "o1", lines).await);
        let print = "/v1/stores/b1/orders/o1/print";
        let bill = till.post(print, &json!({"document": "bill"})).await.expect(200);
        let told = (&bill["events"][0]["type"], &bill["events"][0]["data"]);
        assert_eq!(told, (&json!("DocumentPrinted"), &json!({"document": "bill", "check_id": 1, "copy": 1})));
        let early = till.post(print, &json!({"document": "receipt"})).await.expect(422);
        assert_eq!((&early["code"], &early["due"]), (&json!("payment_due"), &json!(2_700)));
        let other = till.post(print, &json!({"document": "bill", "check_id": 2})).await.expect(422);
        assert_eq!(other["code"], "unknown_check");
        till.post(print, &json!({"document": "bill"})).await.expect(200);
        till.post("/v1/stores/b1/orders/o1/payments", &json!({"payment_id": "p1", "tender": "cash"})).await.expect(201);
        for copy in [1, 2] {
            let receipt = till.post(print, &json!({"document": "receipt"})).await.expect(200);
            assert_eq!(receipt["events"][0]["data"]["copy"], copy);
        }
        let line = json!({"refund_id": "r1", "lines": [{"line_id": "l1", "qty": 1}], "reason": "Cold"});
        let back = till.post("/v1/stores/b1/payments/p1/refunds", &line).await;
        back.expect(201);
        let order = till.get(&format!("/v1/stores/b1/orders/o1?min_position={}", back.position())).await.expect(200);
        let prints = json!([
            {"document": "bill", "check_id": 1, "copies": 2}, {"document": "receipt", "check_id": 1, "copies": 2}
        ]);
        assert_eq!(order["prints"], prints);
        let closed = manager.post(&format!("/v1/stores/b1/days/{date}/close"), &json!({})).await;
        let totals = closed.expect(200)["events"][0]["data"]["totals"].clone();
        let count = |what: &str| totals[what].as_i64();
        assert_eq!([count("bills"), count("receipts"), count("reprints")], [Some(1), Some(1), Some(2)]);
        let z = format!("/v1/stores/b1/days/{date}/z?min_position={}", closed.position());
        let paper = till.send("GET", &z, &[("accept", "text/plain, application/json;q=0.5")], &Value::Null).await;
        assert_eq!((paper.status, paper.headers["content-type"].as_str()), (200, "text/plain; charset=utf-8"));
        let text = String::from_utf8(paper.body.to_vec()).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 42), "{text}");
        let row = |what: &str, value: &str| {
            let line = format!("{what}{value:>0$}", 42 - what.len());
            assert!(text.lines().any(|held| held == line), "{line:?} is not in\n{text}");
        };
        row("Business date", &date);
        row("Total", "27.00");
        row("  tax", "3.83");
        row("  tax given back", "-1.92");
        row("  paid (1)", "27.00");
        row("  given back (1)", "-12.00");
        row("Reprints", "2");
        // Who does not ask for text gets what there was, and an X report is printable as well.
        assert_eq!(till.send("GET", &z, &[("accept", "*/*")], &Value::Null).await.json()["z_number"], 1);
        let x = "/v1/stores/b1/days/2199-01-01/x";
        let paper = till.send("GET", x, &[("accept", "text/plain")], &Value::Null).await;
        assert!(String::from_utf8(paper.body.to_vec()).unwrap().contains("X REPORT"));
    });
}
