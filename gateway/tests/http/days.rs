//! Business days: opened, looked at, closed once, and never changed.

use crate::server::{House, Till, run};
use serde_json::{Value, json};

async fn placed(till: &mut Till, store: &str, id: &str) -> Value {
    let lines = json!([{"line_id": "l1", "item_id": "caprese", "qty": 1}]);
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
    till.post(&format!("/v1/stores/{store}/orders"), &order).await.expect(201)
}

fn event<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    let found = answer["events"].as_array().unwrap().iter().find(|event| event["type"] == kind);
    &found.unwrap_or_else(|| panic!("no {kind} in {answer}"))["data"]
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The day that is open.
async fn open_day(till: &mut Till, store: &str, position: &str) -> Value {
    till.get(&format!("/v1/stores/{store}/days?min_position={position}")).await.expect(200)["open"].clone()
}

#[test]
fn a_day_is_closed_once_and_its_report_stays() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        // The business date as the store sees it, told by an order before any day is kept.
        let before = placed(&mut till, "s1", "d0").await;
        let date = text(&event(&before, "OrderOpened")["business_date"]);
        let total = event(&before, "OrderPlaced")["totals"]["total"].as_i64().unwrap();
        let at = |what: &str| format!("/v1/stores/s1/days/{date}/{what}");
        till.post(&at("open"), &json!({})).await.expect(403);
        let opened = manager.post(&at("open"), &json!({})).await.expect(200);
        assert_eq!((&opened["stream"], &opened["events"][0]["type"]), (&json!("day-demo.s1"), &json!("DayOpened")));
        assert_eq!(manager.post(&at("open"), &json!({})).await.expect(200)["events"], json!([]));
        placed(&mut till, "s1", "d1").await;
        till.post("/v1/stores/s1/orders/d1/payments", &json!({"payment_id": "p1", "tender": "cash", "tip": 50}))
            .await
            .expect(201);
        let back = json!({"refund_id": "r1", "amount": 100, "reason": "Cold"});
        let back = till.post("/v1/stores/s1/payments/p1/refunds", &back).await.expect(201);
        assert_eq!(event(&back, "RefundRecorded")["posting_date"], json!(date));
        placed(&mut till, "s1", "d2").await;
        let card = json!({"payment_id": "p2", "tender": "card"});
        let waits = till.post("/v1/stores/s1/orders/d2/payments", &card).await;
        waits.expect(201);
        let x = till.get(&format!("{}?min_position={}", at("x"), waits.position())).await.expect(200);
        let totals = x["totals"].clone();
        let told = |field: &str| totals[field].as_i64().unwrap();
        // The order that was there before the day was opened is carried into it.
        assert_eq!((told("orders"), told("sales"), told("cash"), told("tips")), (3, 3 * total, total, 50));
        assert_eq!((told("refunds"), told("refunded"), told("refunded_cash"), told("other")), (1, 100, 100, 0));
        assert_eq!(told("gross") - told("discounts") + told("charges") + told("tax"), told("sales"));
        assert_eq!((&x["opened"], &x["next_z_number"]), (&json!(true), &json!(1)));
        till.get(&at("z")).await.expect(404);
        till.post(&at("close"), &json!({})).await.expect(403);
        let ahead = manager.post("/v1/stores/s1/days/2199-01-01/close", &json!({})).await.expect(422);
        assert_eq!((&ahead["code"], &ahead["today"]), (&json!("day_not_begun"), &json!(date)));
        let other = manager.post("/v1/stores/s1/days/2020-01-01/close", &json!({})).await.expect(422);
        assert_eq!((&other["code"], &other["open"]), (&json!("day_open"), &json!(date)));
        let closed = manager.post(&at("close"), &json!({})).await;
        let z = closed.expect(200)["events"][0]["data"].clone();
        assert_eq!((&z["totals"], &z["z_number"], &z["cumulative_total"]), (&totals, &json!(1), &json!(3 * total)));
        assert_eq!((&z["open_orders"], &z["open_orders_due"]), (&json!(["d0", "d2"]), &json!(2 * total)));
        assert_eq!((&z["payments_in_flight"], &z["open_shifts"]), (&json!(["p2"]), &json!([])));
        let again = manager.post(&at("close"), &json!({})).await.expect(200);
        assert_eq!((&again["events"], &again["stream"]), (&json!([]), &json!("day-demo.s1")));
        let earlier = manager.post("/v1/stores/s1/days/2020-01-01/close", &json!({})).await.expect(422);
        assert_eq!((&earlier["code"], &earlier["closed"]), (&json!("day_closed"), &json!(date)));
        let report = till.get(&format!("{}?min_position={}", at("z"), closed.position())).await;
        assert_eq!(report.expect(200)["totals"], totals);
        // What comes late opens the next day and is booked there; the report stays as it was, to the byte.
        let captured = json!({"outcome": "captured"});
        let late = till.post("/v1/stores/s1/payments/p2/outcome", &captured).await;
        let next = text(&event(&late.expect(200), "DayOpened")["business_date"]);
        assert!(date < next);
        let more = json!({"refund_id": "r2", "amount": 1, "reason": "Late"});
        let more = till.post("/v1/stores/s1/payments/p1/refunds", &more).await;
        assert_eq!(event(&more.expect(201), "RefundRecorded")["posting_date"], json!(next));
        let fresh = format!("min_position={}", more.position());
        assert_eq!(till.get(&format!("{}?{fresh}", at("z"))).await.body, report.body);
        till.get(&at("x")).await.expect(404);
        let x = till.get(&format!("/v1/stores/s1/days/{next}/x")).await.expect(200);
        assert_eq!((&x["totals"]["other"], &x["totals"]["refunded"]), (&json!(total), &json!(1)));
        let days = till.get("/v1/stores/s1/days").await.expect(200);
        assert_eq!((&days["open"], &days["last_closed"]), (&json!(next), &json!(date)));
        assert_eq!(days["closed"], json!([report.json()]));
        sums_to_the_same(&mut manager, &fresh, (&date, total, &next)).await;
    });
}

/// Rule T3: by the day it was sold and by the day it was booked, the same in all.
async fn sums_to_the_same(manager: &mut Till, fresh: &str, (date, total, next): (&str, i64, &str)) {
    let report = format!("/v1/reports/sales?store=s1&{fresh}");
    let sold = manager.get(&report).await.expect(200);
    let booked = manager.get(&format!("{report}&date=posting_date")).await.expect(200);
    assert_eq!((&sold["totals"], &sold["date"]), (&booked["totals"], &json!("business_date")));
    let by_date = manager.get(&format!("{report}&date=posting_date&by=tender&from={next}&to={next}")).await.expect(200);
    assert_eq!(by_date["totals"]["paid"], json!(total));
    let by_date = manager.get(&format!("{report}&by=tender&from={date}&to={date}")).await.expect(200);
    assert_eq!(by_date["totals"]["paid"], json!(2 * total));
    manager.get(&format!("{report}&date=other")).await.expect(400);
}

#[test]
fn all_cash_is_counted_before_a_closing() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        let settings =
            json!({"name": "Four", "currency": "EUR", "time_zone": "Europe/Berlin", "cash_shifts": "required"});
        manager.command("PUT", "/v1/stores/s4", &settings).await.expect(200);
        manager.post("/v1/stores/s4/drawers/d1/open", &json!({"float": 1000})).await.expect(201);
        let date = text(&event(&placed(&mut till, "s4", "o1").await, "OrderOpened")["business_date"]);
        let close = format!("/v1/stores/s4/days/{date}/close");
        let refused = manager.post(&close, &json!({})).await.expect(422);
        assert_eq!((&refused["code"], &refused["drawers"]), (&json!("shifts_open"), &json!(["d1"])));
        till.post("/v1/stores/s4/drawers/d1/close", &json!({"counted": 1000})).await.expect(200);
        // Nobody opened the day: the first closing takes everything so far.
        let closed = manager.post(&close, &json!({})).await;
        let z = closed.expect(200)["events"][0]["data"].clone();
        assert_eq!((&z["totals"]["orders"], &z["open_orders"]), (&json!(1), &json!(["o1"])));
        assert_eq!(open_day(&mut till, "s4", &closed.position()).await, json!(null));
        let refused = manager.post(&format!("/v1/stores/s4/days/{date}/open"), &json!({})).await.expect(422);
        assert_eq!(refused["code"], "day_closed");
    });
}
