//! Practice: orders that are priced, placed and paid like any other, and reach no book.

use crate::server::{House, Till, ago, key, run};
use crate::simulator::Simulator;
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";

fn order(id: &str, training: bool) -> Value {
    let lines = json!([{"line_id": "l1", "item_id": "soup", "qty": 2}]);
    let mut order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
        "lines": lines, "place": true});
    if training {
        order["training"] = json!(true);
    }
    order
}

fn kinds(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// Everything that counts: stock, drawers, days, sales, and what waits for a person.
async fn books(manager: &mut Till, position: &str) -> Vec<Value> {
    let mut books = vec![];
    for path in [
        format!("{STORE}/stock"),
        format!("{STORE}/drawers"),
        format!("{STORE}/days"),
        "/v1/reports/sales?by=item".to_owned(),
        "/v1/reports/sales?by=tender".to_owned(),
        "/v1/reports/sales?by=tender&date=posting_date".to_owned(),
        format!("{STORE}/exceptions"),
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        books.push(manager.get(&format!("{path}{joint}min_position={position}")).await.expect(200));
    }
    books
}

/// The NDJSON lines of the feed.
async fn feed(till: &mut Till, query: &str) -> Vec<Value> {
    let feed = till.get(&format!("/v1/feed?{query}")).await;
    assert_eq!(feed.status, 200);
    String::from_utf8(feed.body.to_vec()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a3_practice_reaches_no_book() {
    let mut house = House::new();
    run(async {
        let provider = Simulator::start(1).await;
        let path = house.path().join("providers.toml");
        std::fs::write(&path, provider.settings("acme", "s1", 60_000)).expect("a file");
        let server = house.serve_with(&["--providers", path.to_str().expect("UTF-8")]);
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        server.may(&["pos"], &["training"]).await;
        server.device_may(STORE, "till_2", &["training"]).await;
        let real = till.post(&format!("{STORE}/orders"), &order("real", false)).await;
        let date = real.expect(201)["events"][0]["data"]["business_date"].as_str().unwrap().to_owned();
        manager.post(&format!("{STORE}/days/{date}/open"), &json!({})).await.expect(200);
        manager.post(&format!("{STORE}/drawers/d1/open"), &json!({"float": 5000})).await.expect(201);
        let paid = json!({"payment_id": "realp", "tender": "cash", "drawer_id": "d1"});
        let paid = till.post(&format!("{STORE}/orders/real/payments"), &paid).await;
        paid.expect(201);
        let before = books(&mut manager, &paid.position()).await;

        // Sold, paid in cash into a drawer, and given back with its goods.
        let opened = till.post(&format!("{STORE}/orders"), &order("t1", true)).await.expect(201);
        assert_eq!(kinds(&opened), ["OrderOpened", "LineAdded", "OrderPlaced"]);
        let opening = &opened["events"][0]["data"];
        assert_eq!((&opening["training"], &opening["display_number"]), (&json!(true), &json!("T-1")));
        let pay = json!({"payment_id": "tp1", "tender": "cash", "tendered": 5000, "tip": 10, "drawer_id": "d1"});
        let answer = till.post(&format!("{STORE}/orders/t1/payments"), &pay).await.expect(201);
        assert_eq!(kinds(&answer), ["PaymentInitiated", "PaymentCaptured", "PaymentApplied", "OrderCompleted"]);
        let back = json!({"refund_id": "r1", "lines": [{"line_id": "l1", "qty": 1}], "restock": true, "reason": "Try"});
        let answer = till.post(&format!("{STORE}/payments/tp1/refunds"), &back).await.expect(201);
        assert_eq!(kinds(&answer), ["RefundRequested", "RefundSucceeded", "RefundRecorded"]);
        // Nobody is asked for money, and nothing of it goes into a real order.
        till.post(&format!("{STORE}/orders"), &order("t2", true)).await.expect(201);
        let card = json!({"payment_id": "tp2", "tender": "card", "provider_account": "acme"});
        let refused = till.post(&format!("{STORE}/orders/t2/payments"), &card).await.expect(422);
        assert_eq!((&refused["code"], &refused["field"]), (&json!("training_order"), &json!("provider_account")));
        till.post(&format!("{STORE}/orders"), &order("open", false)).await.expect(201);
        let merge =
            till.post(&format!("{STORE}/orders/t2/merge"), &json!({"target_order_id": "open"})).await.expect(422);
        assert_eq!((&merge["code"], &merge["what"]), (&json!("orders_differ"), &json!("training")));
        till.post(&format!("{STORE}/orders/open/cancel"), &json!({"reason": "Test"})).await.expect(200);

        // Late, from a till that was away: more than there is, at another total than it comes to.
        let queue = json!({"commands": [
            {"command_id": key(), "type": "order.open", "source": "offline", "terminal": "till_2", "terminal_seq": 1,
             "occurred_at": ago(90), "body": {"order_id": "t3", "channel": "pos", "dining_mode": "dine_in",
             "pay_mode": "later", "lines": [{"line_id": "l1", "item_id": "soup", "qty": 500}], "place": true,
             "expected_total": 1, "training": true}},
            {"command_id": key(), "type": "payment.initiate", "source": "offline", "terminal": "till_2",
             "terminal_seq": 2, "occurred_at": ago(89), "order_id": "t3",
             "body": {"payment_id": "tp3", "tender": "cash", "amount": 100}}]});
        let late = till.upload(STORE, queue["commands"].as_array().expect("commands")).await;
        let told: Vec<&Value> = late["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
        assert_eq!(told, [&json!("recorded_with_exception"), &json!("accepted")], "{late}");
        let position = late["results"][1]["position"].as_str().unwrap().to_owned();

        let after = books(&mut manager, &position).await;
        for (after, before) in after.iter().zip(&before) {
            assert_eq!(without_revisions(after), without_revisions(before));
        }
        let shown = till.get(&format!("{STORE}/orders/t3?min_position={position}")).await.expect(200);
        assert_eq!((&shown["training"], &shown["display_number"]), (&json!(true), &json!("T-till_2-1")));
        in_every_list(&mut manager, &position).await;

        // The Z report knows nothing of it either.
        let closed = manager.post(&format!("{STORE}/days/{date}/close"), &json!({})).await.expect(200);
        let z = &closed["events"][0]["data"];
        assert_eq!((&z["open_orders"], &z["payments_in_flight"]), (&json!([]), &json!([])));
        assert_eq!(z["totals"]["cash"], json!(1180));
        assert!(provider.book().is_empty(), "a provider was asked");
    });
}

/// The stock's own revision counts what a real order reserved and gave back in between.
fn without_revisions(view: &Value) -> Value {
    let mut view = view.clone();
    for item in view["items"].as_array_mut().into_iter().flatten() {
        item.as_object_mut().expect("an item").remove("revision");
    }
    view
}

/// Lists, payments, histories and the feed say that it is practice, and of nothing else.
async fn in_every_list(manager: &mut Till, position: &str) {
    let is_practice = |id: &Value| id.as_str().is_some_and(|id| id.starts_with('t'));
    let orders = manager.get(&format!("{STORE}/orders?min_position={position}")).await.expect(200);
    let payments = manager.get(&format!("{STORE}/payments?min_position={position}")).await.expect(200);
    for (list, id, count) in [(&orders, "order_id", 5), (&payments, "payment_id", 3)] {
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), count, "{list}");
        assert!(items.iter().all(|item| item["training"] == json!(is_practice(&item[id]))), "{list}");
    }
    let history = manager.get(&format!("{STORE}/orders/t1/history")).await.expect(200);
    let told = history.as_array().unwrap();
    assert!(4 < told.len() && told.iter().all(|event| event["training"] == true), "{history}");
    let events = feed(manager, "types=OrderPlaced,OrderCancelled,PaymentApplied,PaymentCaptured,RefundRecorded").await;
    assert!(9 < events.len());
    for event in events {
        let id = if event["order_id"].is_null() { &event["payment_id"] } else { &event["order_id"] };
        assert_eq!(event.get("training").is_some(), is_practice(id), "{event}");
    }
}
