//! A second person, through the door.

use crate::server::{House, Till, key, run};
use serde_json::{Value, json};

async fn approved(till: &mut Till, path: &str, by: &str, body: &Value) -> Value {
    let headers = [("idempotency-key", &*key()), ("x-approver", by)];
    till.send("POST", path, &headers, body).await.expect(200)
}

#[test]
fn discounts_and_cancelling_take_a_second_person() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        let settings = json!({
            "name": "Old Town", "currency": "EUR", "time_zone": "Europe/Berlin",
            "approvals": {"needed": ["discount", "cancel"], "discount_limit_ppm": 100_000},
        });
        manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
        manager.command("PUT", "/v1/staff/boss", &json!({"rights": ["discount", "cancel"]})).await.expect(200);
        let put = manager.command("PUT", "/v1/staff/cook", &json!({"rights": ["comp"]})).await;
        assert_eq!(put.expect(200)["events"][0]["type"], "StaffChanged");
        let staff = manager.get(&format!("/v1/staff?min_position={}", put.position())).await.expect(200);
        assert_eq!(staff["items"][0]["rights"], json!(["discount", "cancel"]));
        let store = manager.get(&format!("/v1/stores/s1?min_position={}", put.position())).await.expect(200);
        assert_eq!(store["approvals"]["needed"], json!(["discount", "cancel"]));

        let mut till = server.till("pos");
        let lines = json!([{"line_id": "l1", "item_id": "water", "qty": 2}]);
        let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "lines": lines, "place": true});
        till.post("/v1/stores/s1/orders", &order).await.expect(201);
        let path = "/v1/stores/s1/orders/o1";
        let small = json!({"discount_id": "d1", "percent_ppm": 100_000, "reason": "Regular guest"});
        till.post(&format!("{path}/discounts"), &small).await.expect(200);
        let large = json!({"discount_id": "d2", "percent_ppm": 500_000, "reason": "Cold food"});
        let refused = till.post(&format!("{path}/discounts"), &large).await.expect(422);
        assert_eq!((&refused["code"], &refused["right"]), (&json!("approval_required"), &json!("discount")));
        let headers = [("idempotency-key", &*key()), ("x-approver", "cook")];
        let cook = till.send("POST", &format!("{path}/discounts"), &headers, &large).await.expect(422);
        assert_eq!(cook["approver"], "cook");
        approved(&mut till, &format!("{path}/discounts"), "boss", &large).await;
        let cancel = json!({"reason": "Guest left"});
        let alone = till.post(&format!("{path}/cancel"), &cancel).await.expect(422);
        assert_eq!((&alone["code"], &alone["right"]), (&json!("approval_required"), &json!("cancel")));
        approved(&mut till, &format!("{path}/cancel"), "boss", &cancel).await;
        let bad = [("idempotency-key", &*key()), ("x-approver", "The Boss")];
        let bad = till.send("POST", &format!("{path}/cancel"), &bad, &cancel).await.expect(400);
        assert_eq!(bad["header"], "X-Approver");

        let history = server.till("auditor").get(&format!("{path}/history")).await.expect(200);
        let by: Vec<&Value> = history
            .as_array()
            .expect("a list")
            .iter()
            .filter(|event| event["type"] == "OrderCancelled" || event["type"] == "DiscountApplied")
            .map(|event| &event["approver"])
            .collect();
        assert_eq!(by, [&Value::Null, &json!("boss"), &json!("boss")], "who approved stands in the history");
    });
}
