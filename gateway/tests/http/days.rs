//! Business days: an X report, a closing, a Z report that stays.

use crate::server::{House, run};
use serde_json::json;

#[test]
fn a_day_is_closed_once_and_stays_closed() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let mut manager = server.till("manager");
        let order = |id: &str| {
            let lines = json!([{"line_id": "l1", "item_id": "caprese", "qty": 1}]);
            json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true})
        };
        let opened = till.post("/v1/stores/s1/orders", &order("d1")).await;
        let opened = opened.expect(201);
        let total = opened["events"].as_array().unwrap().iter().find(|event| event["type"] == "OrderPlaced").unwrap()
            ["data"]["totals"]["total"]
            .as_i64()
            .unwrap();
        let date = opened["events"][0]["data"]["business_date"].as_str().unwrap().to_owned();
        till.post("/v1/stores/s1/orders/d1/payments", &json!({"payment_id": "p1", "tender": "cash", "tip": 50}))
            .await
            .expect(201);
        let back = till
            .post("/v1/stores/s1/payments/p1/refunds", &json!({"refund_id": "r1", "amount": 100, "reason": "Cold"}))
            .await;
        assert_eq!(back.expect(201)["events"][2]["data"]["posting_date"], json!(date));
        let unpaid = till.post("/v1/stores/s1/orders", &order("d2")).await;
        unpaid.expect(201);
        let at = |what: &str| format!("/v1/stores/s1/days/{date}/{what}");
        let x = till.get(&format!("{}?min_position={}", at("x"), unpaid.position())).await.expect(200);
        let totals = json!({"orders": 2, "sales": 2 * total, "cash": total, "other": 0, "tips": 50, "unapplied": 0, "refunds": 1, "refunded": 100});
        assert_eq!((&x["totals"], &x["next_z_number"]), (&totals, &json!(1)));
        till.get(&at("z")).await.expect(404);
        till.post(&at("close"), &json!({})).await.expect(403);
        let ahead = manager.post("/v1/stores/s1/days/2199-01-01/close", &json!({})).await.expect(422);
        assert_eq!((&ahead["code"], &ahead["today"]), (&json!("day_not_begun"), &json!(date)));
        let closed = manager.post(&at("close"), &json!({})).await;
        let z = closed.expect(200)["events"][0]["data"].clone();
        assert_eq!((&z["totals"], &z["z_number"], &z["cumulative_total"]), (&totals, &json!(1), &json!(2 * total)));
        assert_eq!(z["open_orders"], json!(["d2"]));
        let again = manager.post(&at("close"), &json!({})).await.expect(200);
        assert_eq!((&again["events"], &again["stream"]), (&json!([]), &json!("day-demo.s1")));
        let earlier = manager.post("/v1/stores/s1/days/2020-01-01/close", &json!({})).await.expect(422);
        assert_eq!((&earlier["code"], &earlier["closed"]), (&json!("day_closed"), &json!(date)));
        // What comes after the closing is booked on the next day, and the report stays as it was.
        let late = till
            .post("/v1/stores/s1/payments/p1/refunds", &json!({"refund_id": "r2", "amount": 1, "reason": "Late"}))
            .await;
        assert!(date.as_str() < late.expect(201)["events"][2]["data"]["posting_date"].as_str().unwrap());
        let report = till.get(&format!("{}?min_position={}", at("z"), late.position())).await.expect(200);
        assert_eq!((&report["totals"], &report["open_orders"]), (&totals, &json!(["d2"])));
        till.get(&at("x")).await.expect(404);
    });
}
