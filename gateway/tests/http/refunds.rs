//! Refunds: cash and card, whole and by line, before and after the order is settled.

use crate::server::{House, Till, run};
use serde_json::{Value, json};

/// An order of one caprese and two wines, 21.30 with everything.
async fn placed(till: &mut Till, id: &str) {
    let lines = json!([{"line_id": "l1", "item_id": "caprese", "qty": 1}, {"line_id": "l2", "item_id": "house_wine", "qty": 2}]);
    let body = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
    till.post("/v1/stores/s1/orders", &body).await.expect(201);
}

fn kinds(answer: &Value) -> Vec<String> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn cash_goes_back_at_once_and_by_line() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        placed(&mut till, "r1").await;
        till.post("/v1/stores/s1/orders/r1/payments", &json!({"payment_id": "p1", "tender": "cash"})).await.expect(201);
        let refunds = "/v1/stores/s1/payments/p1/refunds";
        let wine =
            json!({"refund_id": "a", "lines": [{"line_id": "l2", "qty": 1}], "restock": true, "reason": "Corked"});
        let answer = till.post(refunds, &wine).await.expect(201);
        assert_eq!(kinds(&answer)[..3], ["RefundRequested", "RefundSucceeded", "RefundRecorded"], "{answer}");
        let back = answer["events"][2]["data"]["applied"].as_i64().unwrap();
        let again = till
            .post(refunds, &json!({"refund_id": "b", "lines": [{"line_id": "l2", "qty": 1}], "reason": "Corked"}))
            .await;
        let other = again.expect(201)["events"][2]["data"]["applied"].as_i64().unwrap();
        let more = till
            .post(refunds, &json!({"refund_id": "c", "lines": [{"line_id": "l2", "qty": 1}], "reason": "Corked"}))
            .await;
        let problem = more.expect(422);
        assert_eq!((&problem["code"], &problem["left"]), (&json!("refund_exceeds_sold"), &json!(0)));
        let order = till.get(&format!("/v1/stores/s1/orders/r1?min_position={}", again.position())).await.expect(200);
        let line = &order["lines"][1];
        let came_to = line["net"].as_i64().unwrap() + line["tax_exclusive"].as_i64().unwrap();
        assert_eq!((back + other, &line["refunded_qty"]), (came_to, &json!(2)));
        assert_eq!((&order["payment_state"], &order["state"]), (&json!("partially_refunded"), &json!("completed")));
        let too_much =
            till.post(refunds, &json!({"refund_id": "c", "amount": 2130, "reason": "All of it"})).await.expect(422);
        assert_eq!(too_much["code"], "refund_exceeds_captured");
        assert_eq!(too_much["amount_left"], 2130 - came_to);
        let rest = till.post(refunds, &json!({"refund_id": "c", "reason": "The rest of it"})).await;
        rest.expect(201);
        let order = till.get(&format!("/v1/stores/s1/orders/r1?min_position={}", rest.position())).await.expect(200);
        assert_eq!(
            (&order["payment_state"], &order["refunded"], &order["due"]),
            (&json!("refunded"), &json!(2130), &json!(0))
        );
        let payment = till.get("/v1/stores/s1/payments/p1").await.expect(200);
        assert_eq!((&payment["refunded"], payment["refunds"].as_array().unwrap().len()), (&json!(2130), 3));
        let mut analyst = server.till("analyst");
        let sales =
            analyst.get(&format!("/v1/reports/sales?by=tender&min_position={}", rest.position())).await.expect(200);
        let cash = &sales["rows"][0];
        assert_eq!((&cash["paid"], &cash["refunds"], &cash["refunded"]), (&json!(2130), &json!(3), &json!(2130)));
        assert_eq!((&sales["totals"]["refunded"], &sales["totals"]["total"]), (&json!(2130), &json!(2130)));
    });
}

#[test]
fn a_card_waits_for_its_outcome() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        placed(&mut till, "r2").await;
        till.post("/v1/stores/s1/orders/r2/payments", &json!({"payment_id": "p2", "tender": "card", "tip": 100}))
            .await
            .expect(201);
        let refunds = "/v1/stores/s1/payments/p2/refunds";
        let early = till.post(refunds, &json!({"refund_id": "a", "reason": "Left"})).await.expect(422);
        assert_eq!(early["code"], "payment_not_captured");
        till.post("/v1/stores/s1/payments/p2/outcome", &json!({"outcome": "captured"})).await.expect(200);
        let asked = till.post(refunds, &json!({"refund_id": "a", "amount": 1000, "tip": 100, "reason": "Slow"})).await;
        assert_eq!(kinds(&asked.expect(201)), ["RefundRequested"]);
        let outcome = "/v1/stores/s1/payments/p2/refunds/a/outcome";
        let failed = till.post(outcome, &json!({"outcome": "failed", "code": "closed"})).await.expect(200);
        assert_eq!(kinds(&failed), ["RefundFailed"]);
        let unknown = till.post("/v1/stores/s1/payments/p2/refunds/z/outcome", &json!({"outcome": "succeeded"})).await;
        assert_eq!(unknown.expect(404)["code"], "unknown_refund");
        till.post(refunds, &json!({"refund_id": "b", "amount": 1000, "tip": 100, "reason": "Slow"})).await.expect(201);
        let done = till.post("/v1/stores/s1/payments/p2/refunds/b/outcome", &json!({"outcome": "succeeded"})).await;
        assert_eq!(kinds(&done.expect(200)), ["RefundSucceeded", "RefundRecorded"]);
        let path = format!("/v1/stores/s1/payments/p2?min_position={}", done.position());
        let payment = till.get(&path).await.expect(200);
        let states: Vec<&str> =
            payment["refunds"].as_array().unwrap().iter().map(|refund| refund["state"].as_str().unwrap()).collect();
        assert_eq!((states, &payment["refunded"]), (vec!["failed", "succeeded"], &json!(1100)));
    });
}

#[test]
fn paid_orders_are_refunded_before_they_are_cancelled() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        placed(&mut till, "r3").await;
        let pay = "/v1/stores/s1/orders/r3/payments";
        till.post(pay, &json!({"payment_id": "p3", "tender": "cash", "amount": 1000})).await.expect(201);
        till.post(pay, &json!({"payment_id": "p4", "tender": "card"})).await.expect(201);
        let cancel = "/v1/stores/s1/orders/r3/cancel";
        let problem = till.post(cancel, &json!({"reason": "Left"})).await.expect(422);
        assert_eq!((&problem["code"], &problem["captured"]), (&json!("money_captured"), &json!(1000)));
        let refunds = "/v1/stores/s1/payments/p3/refunds";
        let by_line = json!({"refund_id": "a", "lines": [{"line_id": "l1", "qty": 1}], "reason": "Left"});
        assert_eq!(till.post(refunds, &by_line).await.expect(422)["code"], "order_not_completed");
        till.post(refunds, &json!({"refund_id": "a", "reason": "Left"})).await.expect(201);
        till.post(cancel, &json!({"reason": "Left"})).await.expect(200);
        // The card is captured all the same: the engine asks for its money back by itself.
        let late = till.post("/v1/stores/s1/payments/p4/outcome", &json!({"outcome": "captured"})).await;
        let events = kinds(&late.expect(200));
        assert_eq!(events, ["PaymentCaptured", "PaymentNotApplicable", "PaymentFlagged", "RefundRequested"]);
        let path = "/v1/stores/s1/payments/p4/refunds/unapplied/outcome";
        let done = till.post(path, &json!({"outcome": "succeeded"})).await;
        done.expect(200);
        let order = till.get(&format!("/v1/stores/s1/orders/r3?min_position={}", done.position())).await.expect(200);
        assert_eq!((&order["unapplied"], &order["payment_state"]), (&json!(0), &json!("refunded")));
    });
}
