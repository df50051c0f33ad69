//! Whoever has paid can be served: what was paid is corrected, in any order, and goes back to whom it belongs.

use crate::server::{House, Reply, Till, run};
use serde_json::{Value, json};

/// Stores with and without a kitchen that sell the dishes of the cases.
async fn stores(manager: &mut Till) {
    for (tax, ppm, inclusive) in [("vat_19", 190_000, true), ("tax_20", 200_000, false)] {
        let body = json!({"name": tax, "percent_ppm": ppm, "inclusive": inclusive});
        manager.command("PUT", &format!("/v1/menu/taxes/{tax}"), &body).await.expect(200);
    }
    for (item, price, sku, station, taxes) in [
        ("burger", 1_200, Some("burger"), Some("grill"), &["vat_19"][..]),
        ("fries", 400, None, Some("grill"), &["vat_19"]),
        ("beer", 450, None, None, &["vat_19"]),
        ("dish", 10_000, Some("dish"), None, &[]),
        ("side", 8_000, None, None, &[]),
    ] {
        let body = json!({"name": item, "price": price, "taxes": taxes, "sku": sku, "station": station});
        manager.command("PUT", &format!("/v1/menu/items/{item}"), &body).await.expect(200);
    }
    manager.post("/v1/menu/publish", &json!({})).await.expect(200);
    for (store, kitchen) in [("k1", "on"), ("c1", "off")] {
        let settings = json!({"name": store, "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": kitchen});
        manager.command("PUT", &format!("/v1/stores/{store}"), &settings).await.expect(200);
        for sku in ["burger", "dish"] {
            let policy = json!({"sku": sku, "policy": "counted"});
            manager.post(&format!("/v1/stores/{store}/stock/policy"), &policy).await.expect(200);
            let receive = json!({"sku": sku, "qty": 10});
            manager.post(&format!("/v1/stores/{store}/stock/receive"), &receive).await.expect(200);
        }
    }
}

async fn placed(till: &mut Till, store: &str, id: &str, pay_mode: &str, items: &[&str]) {
    let line = |(index, item): (usize, &&str)| json!({"line_id": format!("l{}", index + 1), "item_id": item, "qty": 1});
    let lines: Vec<Value> = items.iter().enumerate().map(line).collect();
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": pay_mode, "lines": lines, "place": true});
    till.post(&format!("/v1/stores/{store}/orders"), &order).await.expect(201);
}

async fn cash(till: &mut Till, order: &str, payment: Value) -> Reply {
    let mut payment = payment;
    payment["tender"] = json!("cash");
    till.post(&format!("{order}/payments"), &payment).await
}

/// The order as it is after an answer.
async fn order_at(till: &mut Till, order: &str, after: &Reply) -> Value {
    till.get(&format!("{order}?min_position={}", after.position())).await.expect(200)
}

fn told(order: &Value, fields: &[&str]) -> Vec<i64> {
    fields.iter().map(|field| order[field].as_i64().unwrap_or_else(|| panic!("{field} of {order}"))).collect()
}

fn checks(order: &Value, fields: &[&str]) -> Vec<Vec<i64>> {
    order["checks"].as_array().unwrap().iter().map(|check| told(check, fields)).collect()
}

async fn on_shelf(till: &mut Till, store: &str, sku: &str, after: &Reply) -> Value {
    let stock = till.get(&format!("/v1/stores/{store}/stock?min_position={}", after.position())).await.expect(200);
    let items = stock["items"].as_array().or(stock["entries"].as_array()).expect("a list").clone();
    items.into_iter().find(|item| item["sku"] == sku).expect("it is counted")["on_hand"].clone()
}

const VOID: &str = "void-line";

fn void(line: &str) -> Value {
    json!({"line_id": line, "qty": 1, "reason": "Cannot be made", "wasted": false})
}

#[test]
fn t1_a_paid_order_is_corrected_in_either_order() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        let back = json!({"refund_id": "r1", "amount": 1_200, "reason": "Cannot be made"});
        let mut position = String::new();
        for (id, payment, refund_first) in [("a", "pa", false), ("b", "pb", true)] {
            placed(&mut till, "k1", id, "first", &["burger", "fries"]).await;
            let order = format!("/v1/stores/k1/orders/{id}");
            let paid = cash(&mut till, &order, json!({"payment_id": payment, "tendered": 1_600})).await;
            paid.expect(201);
            assert_eq!(order_at(&mut till, &order, &paid).await["prep_state"], "in_kitchen");
            let refunds = format!("/v1/stores/k1/payments/{payment}/refunds");
            if refund_first {
                let given = till.post(&refunds, &back).await;
                given.expect(201);
                let held = order_at(&mut till, &order, &given).await;
                assert_eq!(told(&held, &["due", "overpaid", "reversed"]), [1_200, 0, 1_200]);
            }
            let voided = till.post(&format!("{order}/{VOID}"), &void("l1")).await;
            let events = voided.expect(200);
            let kinds: Vec<&Value> = events["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
            // The kitchen and the shelf are told in the same commit.
            for kind in ["LineVoided", "TicketLinesCancelled", "StockVoided", "OrderRepriced"] {
                assert!(kinds.contains(&&json!(kind)), "{kind} is not in {events}");
            }
            if !refund_first {
                let held = order_at(&mut till, &order, &voided).await;
                assert_eq!(told(&held, &["due", "overpaid"]), [0, 1_200]);
                assert_eq!((&held["payment_state"], &held["state"]), (&json!("overpaid"), &json!("placed")));
                let list = format!("/v1/stores/k1/orders?payment_state=overpaid&min_position={}", voided.position());
                let listed = till.get(&list).await.expect(200);
                assert!(listed.to_string().contains(r#""overpaid":1200"#), "{listed}");
                let given = till.post(&refunds, &back).await;
                given.expect(201);
                position = given.position();
            } else {
                position = voided.position();
            }
            let again = till.post(&format!("{order}/{VOID}"), &void("l1")).await.expect(422);
            assert_eq!(again["code"], "void_exceeds_line");
            let last = till.post(&refunds, &json!({"refund_id": "r2", "amount": 401, "reason": "Too much"})).await;
            assert_eq!(last.expect(422)["code"], "refund_exceeds_captured");
            let held = till.get(&format!("{order}?min_position={position}")).await.expect(200);
            assert_eq!(told(&held, &["due", "overpaid", "paid", "refunded"]), [0, 0, 1_600, 1_200]);
            assert_eq!((&held["totals"]["total"], &held["payment_state"]), (&json!(400), &json!("paid")));
            assert_eq!(on_shelf(&mut till, "k1", "burger", &voided).await, json!(10));
        }
        let date = till.get("/v1/stores/k1/orders/a").await.expect(200)["business_date"].clone();
        let x = format!("/v1/stores/k1/days/{}/x?min_position={position}", date.as_str().unwrap());
        let x = till.get(&x).await.expect(200);
        assert_eq!(told(&x["totals"], &["sales", "cash", "refunded"]), [800, 3_200, 2_400]);
        // The sale was made smaller; what went back of the payment is no tax that goes back.
        assert_eq!(told(&x["totals"]["taxes"][0], &["tax", "refunded_tax"]), [128, 0]);
    });
}

#[test]
fn t1_a_refunded_order_is_cancelled_or_paid_anew() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        for id in ["a", "b"] {
            placed(&mut till, "k1", id, "first", &["burger"]).await;
            let order = format!("/v1/stores/k1/orders/{id}");
            let captured = json!({"payment_id": format!("p{id}"), "tender": "card"});
            till.post(&format!("{order}/payments"), &captured).await.expect(201);
            let outcome = format!("/v1/stores/k1/payments/p{id}/outcome");
            till.post(&outcome, &json!({"outcome": "captured"})).await.expect(200);
            let cancel = json!({"reason": "Nothing works"});
            let taken = till.post(&format!("{order}/cancel"), &cancel).await.expect(422);
            assert_eq!((&taken["code"], &taken["captured"]), (&json!("money_captured"), &json!(1_200)));
            let all = json!({"refund_id": "all", "reason": "Nothing works"});
            till.post(&format!("{order}/refunds"), &all).await.expect(201);
            // It was asked back, and nobody can ask for more: so nothing else is said than to wait.
            let waits = till.post(&format!("{order}/cancel"), &cancel).await.expect(422);
            assert_eq!(waits["code"], "refund_under_way");
            let done = format!("/v1/stores/k1/payments/p{id}/refunds/all/outcome");
            let done = till.post(&done, &json!({"outcome": "succeeded"})).await;
            done.expect(200);
            let held = order_at(&mut till, &order, &done).await;
            assert_eq!(told(&held, &["due", "overpaid", "refunded"]), [1_200, 0, 1_200]);
            if id == "a" {
                let fired = till.post(&format!("{order}/cancel"), &cancel).await.expect(422);
                assert_eq!(fired["code"], "line_fired");
                till.post(&format!("{order}/{VOID}"), &void("l1")).await.expect(200);
            } else {
                let anew = cash(&mut till, &order, json!({"payment_id": "anew"})).await;
                anew.expect(201);
                let held = order_at(&mut till, &order, &anew).await;
                assert_eq!(told(&held, &["due", "overpaid"]), [0, 0]);
                assert_eq!(held["payment_state"], "paid");
            }
        }
    });
}

#[test]
fn t2_money_given_back_before_settlement_is_due_again() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        placed(&mut till, "c1", "o", "later", &["dish"]).await;
        let order = "/v1/stores/c1/orders/o";
        cash(&mut till, order, json!({"payment_id": "p1", "amount": 4_000})).await.expect(201);
        let voided = till.post("/v1/stores/c1/payments/p1/void", &json!({"reason": "Wrong table"})).await;
        voided.expect(200);
        let held = order_at(&mut till, order, &voided).await;
        assert_eq!(told(&held, &["due", "overpaid", "paid", "reversed"]), [10_000, 0, 4_000, 4_000]);
        let rest = cash(&mut till, order, json!({"payment_id": "p2", "amount": 6_000})).await;
        rest.expect(201);
        let held = order_at(&mut till, order, &rest).await;
        assert_eq!((&held["state"], &held["due"]), (&json!("placed"), &json!(4_000)));
        let last = cash(&mut till, order, json!({"payment_id": "p3"})).await;
        last.expect(201);
        let held = order_at(&mut till, order, &last).await;
        assert_eq!((&held["state"], &held["payment_state"]), (&json!("completed"), &json!("paid")));
        // Once it is settled a refund reopens nothing.
        let back = till.post("/v1/stores/c1/payments/p3/refunds", &json!({"refund_id": "r1", "reason": "Cold"})).await;
        back.expect(201);
        let held = order_at(&mut till, order, &back).await;
        assert_eq!(told(&held, &["due", "overpaid", "refunded", "reversed"]), [0, 0, 8_000, 4_000]);
        assert_eq!((&held["state"], &held["payment_state"]), (&json!("completed"), &json!("partially_refunded")));
    });
}

#[test]
fn t3_an_overpaid_check_says_so() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        placed(&mut till, "c1", "o", "later", &["dish", "side"]).await;
        let order = "/v1/stores/c1/orders/o";
        till.post(&format!("{order}/split"), &json!({"evenly": 3})).await.expect(200);
        cash(&mut till, order, json!({"payment_id": "p1", "check_id": 1})).await.expect(201);
        let voided = till.post(&format!("{order}/{VOID}"), &void("l2")).await;
        voided.expect(200);
        let held = order_at(&mut till, order, &voided).await;
        let fields = ["total", "paid", "due", "overpaid"];
        assert_eq!(
            checks(&held, &fields),
            [vec![3_334, 6_000, 0, 2_666], vec![3_333, 0, 3_333, 0], vec![3_333, 0, 3_333, 0]]
        );
        assert_eq!(told(&held, &["due", "overpaid"]), [6_666, 2_666]);
        // A check is owed its own due, whatever another has too much.
        let more =
            cash(&mut till, order, json!({"payment_id": "p2", "check_id": 2, "amount": 3_334})).await.expect(422);
        assert_eq!((&more["code"], &more["due"]), (&json!("payment_exceeds_due"), &json!(3_333)));
        cash(&mut till, order, json!({"payment_id": "p2", "check_id": 2})).await.expect(201);
        let last = cash(&mut till, order, json!({"payment_id": "p3", "check_id": 3})).await;
        last.expect(201);
        // It is settled, and what check 1 has too much stays named until a person gives it back.
        let held = order_at(&mut till, order, &last).await;
        assert_eq!((&held["state"], &held["payment_state"]), (&json!("completed"), &json!("overpaid")));
        assert_eq!(told(&held, &["due", "overpaid"]), [0, 2_666]);
        let back = json!({"refund_id": "r1", "amount": 2_666, "reason": "Paid too much"});
        let back = till.post(&format!("{order}/refunds"), &back).await;
        let given = back.expect(201);
        assert_eq!(given["events"][2]["data"]["payment_id"], "p1", "it is check 1 that has too much: {given}");
        let held = order_at(&mut till, order, &back).await;
        assert_eq!((told(&held, &["due", "overpaid"]), &held["payment_state"]), (vec![0, 0], &json!("paid")));
        assert_eq!(checks(&held, &["due", "overpaid", "refunded"]), [[0, 0, 2_666], [0, 0, 0], [0, 0, 0]]);
    });
}

#[test]
fn t9_a_line_goes_back_over_several_payments() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        placed(&mut till, "c1", "o", "first", &["dish", "beer"]).await;
        let order = "/v1/stores/c1/orders/o";
        cash(&mut till, order, json!({"payment_id": "p1", "amount": 5_000})).await.expect(201);
        till.post(&format!("{order}/payments"), &json!({"payment_id": "p2", "tender": "card"})).await.expect(201);
        till.post("/v1/stores/c1/payments/p2/outcome", &json!({"outcome": "captured"})).await.expect(200);
        let lines = json!([{"line_id": "l1", "qty": 1}]);
        for payment in ["p1", "p2"] {
            let alone = json!({"refund_id": "r0", "lines": lines, "reason": "Cold"});
            let refused = till.post(&format!("/v1/stores/c1/payments/{payment}/refunds"), &alone).await.expect(422);
            assert_eq!(refused["code"], "refund_exceeds_captured");
        }
        let over = json!({"refund_id": "r1", "lines": lines, "restock": true, "reason": "Cold"});
        let asked = till.post(&format!("{order}/refunds"), &over).await;
        asked.expect(201);
        let done = json!({"outcome": "succeeded"});
        let done = till.post("/v1/stores/c1/payments/p2/refunds/r1/outcome", &done).await;
        done.expect(200);
        let held = order_at(&mut till, order, &done).await;
        assert_eq!((&held["lines"][0]["refunded_qty"], &held["refunded"]), (&json!(1), &json!(10_000)));
        assert_eq!(held["payment_state"], "partially_refunded");
        // The portion is on the shelf once.
        assert_eq!(on_shelf(&mut till, "c1", "dish", &done).await, json!(10));
        let mut back = vec![];
        for payment in ["p1", "p2"] {
            let held = till.get(&format!("/v1/stores/c1/payments/{payment}")).await.expect(200);
            back.push(held["refunded"].as_i64().unwrap());
            assert!(held["refunded"].as_i64() <= held["amount"].as_i64());
        }
        assert_eq!(back, [5_000, 5_000]);
        // As the payments are named; and all that is left.
        let beer =
            json!({"refund_id": "r2", "lines": [{"line_id": "l2", "qty": 1}], "payment_ids": ["p2"], "reason": "Flat"});
        till.post(&format!("{order}/refunds"), &beer).await.expect(201);
        let nothing = till.post(&format!("{order}/refunds"), &json!({"refund_id": "r3", "reason": "All"})).await;
        assert_eq!(nothing.expect(422)["code"], "nothing_to_refund");
    });
}

#[test]
fn t9_a_line_goes_to_a_payer_of_its_check() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        placed(&mut till, "c1", "o", "later", &["dish", "side"]).await;
        let order = "/v1/stores/c1/orders/o";
        let split = json!({"to_check": 2, "moves": [{"line_id": "l2"}]});
        till.post(&format!("{order}/split"), &split).await.expect(200);
        cash(&mut till, order, json!({"payment_id": "p1", "check_id": 1})).await.expect(201);
        cash(&mut till, order, json!({"payment_id": "p2", "check_id": 2})).await.expect(201);
        let side = json!({"refund_id": "r1", "lines": [{"line_id": "l2", "qty": 1}], "reason": "Cold"});
        let other = till.post("/v1/stores/c1/payments/p1/refunds", &side).await.expect(422);
        assert_eq!((&other["code"], &other["line_id"]), (&json!("line_on_other_check"), &json!("l2")));
        let back = till.post(&format!("{order}/refunds"), &side).await;
        back.expect(201);
        let held = order_at(&mut till, order, &back).await;
        assert_eq!(checks(&held, &["refunded", "due", "overpaid"]), [[0, 0, 0], [8_000, 0, 0]]);
        // An amount for one guest takes nothing of another's line.
        let dish =
            json!({"refund_id": "r2", "lines": [{"line_id": "l1", "qty": 1}], "payment_ids": ["p2"], "reason": "Cold"});
        assert_eq!(till.post(&format!("{order}/refunds"), &dish).await.expect(422)["code"], "line_on_other_check");
    });
}

#[test]
fn t15_service_charges_follow_their_lines() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        stores(&mut manager).await;
        let mut position = String::new();
        for (id, charges, right) in [("a", None, 11_200), ("b", Some("keep"), 10_000)] {
            placed(&mut till, "c1", id, "later", &["dish", "side"]).await;
            let order = format!("/v1/stores/c1/orders/{id}");
            let service = json!({"charge_id": "c", "name": "Service", "percent_ppm": 100_000, "phase": "subtotal", "taxes": ["tax_20"]});
            till.post(&format!("{order}/service-charges"), &service).await.expect(200);
            let paid = cash(&mut till, &order, json!({"payment_id": format!("p{id}")})).await;
            paid.expect(201);
            assert_eq!(order_at(&mut till, &order, &paid).await["totals"]["total"], 20_160);
            let mut line = json!({"refund_id": "r1", "lines": [{"line_id": "l1", "qty": 1}], "reason": "Cold"});
            if let Some(charges) = charges {
                line["charges"] = json!(charges);
            }
            let back = till.post(&format!("/v1/stores/c1/payments/p{id}/refunds"), &line).await;
            back.expect(201);
            assert_eq!(order_at(&mut till, &order, &back).await["refunded"], right);
            let side = json!({"refund_id": "r2", "lines": [{"line_id": "l2", "qty": 1}], "reason": "Cold"});
            let back = till.post(&format!("{order}/refunds"), &side).await;
            back.expect(201);
            position = back.position();
            let held = order_at(&mut till, &order, &back).await;
            let then = match charges {
                None => (json!("refunded"), json!(20_160)),
                Some(_) => (json!("partially_refunded"), json!(18_960)),
            };
            assert_eq!((&held["payment_state"], &held["refunded"]), (&then.0, &then.1));
        }
        // The tax on the charges goes back with them: 3.60 and 1.60 of twice 3.60.
        let date = till.get("/v1/stores/c1/orders/a").await.expect(200)["business_date"].clone();
        let x = format!("/v1/stores/c1/days/{}/x?min_position={position}", date.as_str().unwrap());
        let x = till.get(&x).await.expect(200);
        assert_eq!(told(&x["totals"]["taxes"][0], &["tax", "refunded_tax"]), [720, 520]);
        let other = json!({"refund_id": "r3", "amount": 1, "charges": "keep", "reason": "Cold"});
        let refused = till.post("/v1/stores/c1/payments/pb/refunds", &other).await.expect(400);
        assert_eq!(refused["pointer"], "/charges");
    });
}
