//! Payments, and the reports that follow from them.

use crate::server::{House, Till, run};
use serde_json::{Value, json};

async fn placed(till: &mut Till, id: &str, pay_mode: &str) {
    let lines = json!([{"line_id": "l1", "item_id": "caprese", "qty": 1}, {"line_id": "l2", "item_id": "house_wine", "qty": 2}]);
    let body = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": pay_mode, "lines": lines, "place": true});
    till.post("/v1/stores/s1/orders", &body).await.expect(201);
}

fn kinds(answer: &Value) -> Vec<String> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn cash_gives_change_and_settles() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        placed(&mut till, "cash1", "first").await;
        let path = "/v1/stores/s1/orders/cash1/payments";
        let little =
            till.post(path, &json!({"payment_id": "p1", "tender": "cash", "tip": 100, "tendered": 2000})).await;
        let problem = little.expect(422);
        assert_eq!((&problem["code"], &problem["needed"]), (&json!("tendered_too_little"), &json!(2230)));
        let paid = till.post(path, &json!({"payment_id": "p1", "tender": "cash", "tip": 100, "tendered": 2500})).await;
        let answer = paid.expect(201);
        assert_eq!(kinds(&answer), ["PaymentInitiated", "PaymentCaptured", "PaymentApplied", "OrderCompleted"]);
        assert_eq!(answer["events"][1]["data"]["change"], 270);
        let payment =
            till.get(&format!("/v1/stores/s1/payments/p1?min_position={}", paid.position())).await.expect(200);
        assert_eq!((&payment["state"], &payment["tip"]), (&json!("captured"), &json!(100)));
        let settled = till.post("/v1/stores/s1/orders/cash1/complete", &json!({})).await.expect(200);
        assert_eq!(settled["events"], json!([]));
    });
}

#[test]
fn an_external_tender_is_captured_fails_or_comes_late() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        placed(&mut till, "card1", "later").await;
        let pay = "/v1/stores/s1/orders/card1/payments";
        till.post(pay, &json!({"payment_id": "c1", "tender": "card", "amount": 1000})).await.expect(201);
        till.post("/v1/stores/s1/payments/c1/outcome", &json!({"outcome": "failed", "code": "declined"}))
            .await
            .expect(200);
        let late = till.post("/v1/stores/s1/payments/c1/outcome", &json!({"outcome": "captured"})).await.expect(200);
        assert_eq!(kinds(&late), ["PaymentCaptured", "PaymentFlagged", "PaymentApplied"]);
        till.post(pay, &json!({"payment_id": "c2", "tender": "card"})).await.expect(201);
        let done = till.post("/v1/stores/s1/payments/c2/outcome", &json!({"outcome": "captured"})).await.expect(200);
        assert_eq!(kinds(&done), ["PaymentCaptured", "PaymentApplied", "OrderCompleted"]);
        let ignored = till
            .post("/v1/stores/s1/payments/c2/outcome", &json!({"outcome": "failed", "code": "late"}))
            .await
            .expect(200);
        assert_eq!(kinds(&ignored), ["PaymentOutcomeIgnored"]);
        placed(&mut till, "card2", "first").await;
        till.post("/v1/stores/s1/orders/card2/payments", &json!({"payment_id": "c3", "tender": "card"}))
            .await
            .expect(201);
        till.post("/v1/stores/s1/orders/card2/cancel", &json!({"reason": "Guest left"})).await.expect(200);
        let lost = till.post("/v1/stores/s1/payments/c3/outcome", &json!({"outcome": "captured"})).await;
        let expected = ["PaymentCaptured", "PaymentNotApplicable", "PaymentFlagged", "RefundRequested"];
        assert_eq!(kinds(&lost.expect(200)), expected);
        let path = format!("/v1/stores/s1/payments?attention=true&min_position={}", lost.position());
        let attention = till.get(&path).await.expect(200);
        let ids: Vec<&str> =
            attention["items"].as_array().unwrap().iter().map(|p| p["payment_id"].as_str().unwrap()).collect();
        assert!(ids.contains(&"c3") && ids.contains(&"c1"), "{attention}");
    });
}

#[test]
fn sales_agree_whatever_they_are_split_by() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        for index in 0..3 {
            placed(&mut till, &format!("s{index}"), "later").await;
        }
        till.post("/v1/stores/s1/orders/s0/discounts", &json!({"discount_id": "d", "amount": 130, "reason": "Wait"}))
            .await
            .expect(200);
        till.post("/v1/stores/s1/orders/s1/cancel", &json!({"reason": "Guest left"})).await.expect(200);
        let paid = till.post("/v1/stores/s1/orders/s2/payments", &json!({"payment_id": "sp", "tender": "cash"})).await;
        paid.expect(201);
        let mut analyst = server.till("analyst");
        let mut totals = vec![];
        for by in ["hour", "day", "item", "category", "channel", "store"] {
            let path = format!("/v1/reports/sales?by={by}&min_position={}", paid.position());
            let report = analyst.get(&path).await.expect(200);
            let sum: i64 = report["rows"].as_array().unwrap().iter().map(|row| row["gross"].as_i64().unwrap()).sum();
            assert_eq!(sum, 4260, "{by}: {report}");
            totals.push(report["totals"].clone());
        }
        assert!(totals.windows(2).all(|pair| pair[0] == pair[1]), "{totals:?}");
        assert_eq!(
            (&totals[0]["orders"], &totals[0]["discounts"], &totals[0]["net"]),
            (&json!(2), &json!(130), &json!(4130))
        );
        let tenders = analyst.get("/v1/reports/sales?by=tender").await.expect(200);
        assert_eq!(tenders["rows"][0]["tender"], "cash");
        assert_eq!(tenders["rows"][0]["paid"], 2130);
        let taxes = analyst.get("/v1/reports/sales?by=tax").await.expect(200);
        assert_eq!(taxes["rows"].as_array().unwrap().len(), 2, "{taxes}");
        let wrong = analyst.get("/v1/reports/sales?by=mood").await.expect(400);
        assert_eq!(wrong["parameter"], "by");
    });
}
