//! What a person decides about what was flagged, through the door.

use crate::server::{House, Till, ago, key, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";

async fn read(till: &mut Till, path: &str, position: &str) -> Value {
    let joint = if path.contains('?') { '&' } else { '?' };
    till.get(&format!("{STORE}/{path}{joint}min_position={position}")).await.expect(200)
}

fn ids<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list["items"].as_array().expect("items").iter().map(|item| item[field].as_str().expect("an id")).collect()
}

fn types(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().expect("events").iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

/// A placed order of two waters, 780, and a card payment of it that the terminal says took another amount.
async fn flagged(till: &mut Till, number: u32, amount: i64) -> String {
    let lines = json!([{"line_id": "l1", "item_id": "water", "qty": 2}]);
    let order = json!({"order_id": format!("o{number}"), "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
        "lines": lines, "place": true});
    till.post(&format!("{STORE}/orders"), &order).await.expect(201);
    let pay = json!({"payment_id": format!("p{number}"), "tender": "card"});
    till.post(&format!("{STORE}/orders/o{number}/payments"), &pay).await.expect(201);
    let outcome = json!({"outcome": "captured", "amount": amount});
    let told = till.post(&format!("{STORE}/payments/p{number}/outcome"), &outcome).await;
    let position = told.position();
    assert_eq!(types(&told.expect(200)), ["PaymentFlagged"]);
    position
}

#[test]
fn a2_a_flagged_payment_is_settled_by_a_person() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        flagged(&mut till, 1, 900).await;
        flagged(&mut till, 2, 700).await;
        let position = flagged(&mut till, 3, 78).await;
        let list = read(&mut till, "payments?state=needs_review", &position).await;
        assert_eq!(ids(&list, "payment_id"), ["p3", "p2", "p1"]);
        let flag = &list["items"][2]["flags"][0];
        assert_eq!(
            (&flag["why"], &flag["requested"], &flag["captured"]),
            (&json!("amount_differs"), &json!(780), &json!(900))
        );
        assert_eq!((&flag["revision"], &flag["reviewed"]), (&json!(1), &Value::Null));

        let review = |number: u32| format!("{STORE}/payments/p{number}/review");
        let accept = json!({"decision": "accept", "reason": "Tip at the terminal", "tip": 120});
        let forbidden = till.post(&review(1), &accept).await.expect(403);
        assert_eq!(forbidden["code"], "forbidden");
        let odd = manager.post(&review(1), &json!({"decision": "perhaps", "reason": "r"})).await.expect(400);
        assert_eq!(odd["pointer"], "/decision");
        let odd = manager.post(&review(1), &json!({"decision": "refund", "tip": 1, "reason": "r"})).await.expect(400);
        assert_eq!(odd["pointer"], "/tip");
        let other = json!({"decision": "accept", "reason": "r", "flag": 0});
        assert_eq!(manager.post(&review(1), &other).await.expect(422)["code"], "nothing_to_review");

        // Accepted with a tip: the order is paid. The same key again gives the same answer.
        let key = key();
        let headers = [("idempotency-key", key.as_str())];
        let accepted = manager.send("POST", &review(1), &headers, &accept).await.expect(200);
        assert_eq!(types(&accepted)[..3], ["PaymentReviewed", "PaymentCaptured", "PaymentApplied"]);
        assert_eq!(
            accepted["events"][0]["data"],
            json!({"flag": 1, "decision": "accept", "reason": "Tip at the terminal"})
        );
        assert_eq!(manager.send("POST", &review(1), &headers, &accept).await.expect(200), accepted);
        // Given back, all of it; and never taken at all.
        let refund =
            manager.post(&review(2), &json!({"decision": "refund", "reason": "Wrong guest"})).await.expect(200);
        assert_eq!(types(&refund), ["PaymentReviewed", "PaymentCaptured", "PaymentNotApplicable", "RefundRequested"]);
        let dismissed = manager.post(&review(3), &json!({"decision": "dismiss", "reason": "A test slip"})).await;
        let position = dismissed.position();
        assert_eq!(types(&dismissed.expect(200)), ["PaymentReviewed"]);
        let again = manager.post(&review(3), &json!({"decision": "accept", "reason": "r"})).await.expect(422);
        assert_eq!(again["code"], "nothing_to_review");

        let paid = read(&mut till, "payments/p1", &position).await;
        assert_eq!((&paid["state"], &paid["amount"], &paid["tip"]), (&json!("captured"), &json!(780), &json!(120)));
        let reviewed = &paid["flags"][0]["reviewed"];
        assert_eq!((&reviewed["decision"], &reviewed["reason"]), (&json!("accept"), &json!("Tip at the terminal")));
        assert!(reviewed["by"].is_string() && reviewed["at"].is_string());
        let order = read(&mut till, "orders/o1", &position).await;
        assert_eq!((&order["state"], &order["paid"], &order["tips"]), (&json!("completed"), &json!(780), &json!(120)));
        let back = read(&mut till, "payments/p2", &position).await;
        let refund = &back["refunds"][0];
        assert_eq!((&refund["state"], &refund["unapplied"]), (&json!("requested"), &json!(700)));
        assert_eq!(read(&mut till, "payments/p3", &position).await["state"], "failed");
        for number in [2, 3] {
            let order = read(&mut till, &format!("orders/o{number}"), &position).await;
            assert_eq!((&order["state"], &order["due"]), (&json!("placed"), &json!(780)), "o{number}");
        }
        let list = read(&mut till, "payments?state=needs_review", &position).await;
        assert_eq!(list["items"], json!([]));
    });
}

fn kept(terminal: &str, seq: u64, kind: &str, about: Value, body: Value) -> Value {
    let mut command = json!({
        "command_id": key(), "type": kind, "source": "offline", "terminal": terminal, "terminal_seq": seq,
        "occurred_at": ago(90), "body": body,
    });
    command.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
    command
}

#[test]
fn a2_an_exception_is_dealt_with_by_a_person() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        // 60 soups are there.
        let body = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "place": true,
            "lines": [{"line_id": "l1", "item_id": "soup", "qty": 70}]});
        let commands = [
            kept("bar", 1, "order.open", json!({}), body),
            kept("bar", 2, "order.complete", json!({"order_id": "nobody"}), json!({})),
        ];
        let answer = till.upload(STORE, &commands).await;
        let position = answer["results"][1]["position"].as_str().expect("a position").to_owned();
        let list = read(&mut till, "exceptions", &position).await;
        assert_eq!(ids(&list, "kind"), ["late_command", "oversell"]);
        let oversell = list["items"][1]["position"].as_str().expect("a position").to_owned();
        let resolve = |exception: &str| format!("{STORE}/exceptions/{exception}/resolve");
        let note = json!({"note": "Cooked ten more"});
        till.post(&resolve(&oversell), &note).await.expect(403);
        manager.post(&resolve("0:1"), &note).await.expect(404);
        manager.post(&resolve("soup"), &note).await.expect(400);
        manager.post(&resolve(&oversell), &json!({"note": " "})).await.expect(400);
        let resolved = manager.post(&resolve(&oversell), &note).await;
        let position = resolved.position();
        let resolved = resolved.expect(200);
        assert_eq!(resolved["events"][0]["type"], "ExceptionResolved");
        assert_eq!(resolved["stream"], "terminal-demo.s1.bar");
        assert_eq!(resolved["events"][0]["data"], json!({"exception": oversell, "note": "Cooked ten more"}));
        for (state, then) in [
            ("?state=open", vec!["late_command"]),
            ("", vec!["late_command"]),
            ("?state=resolved", vec!["oversell"]),
            ("?state=all", vec!["late_command", "oversell"]),
        ] {
            let list = read(&mut till, &format!("exceptions{state}"), &position).await;
            assert_eq!(ids(&list, "kind"), then, "{state}");
        }
        let list = read(&mut till, "exceptions?state=resolved", &position).await;
        let resolution = &list["items"][0]["resolved"];
        assert_eq!(resolution["note"], "Cooked ten more");
        assert!(resolution["by"].is_string() && resolution["at"].is_string());
        assert_eq!(till.get(&format!("{STORE}/exceptions?state=gone")).await.status, 400);
    });
}

/// Terminals are made by managers: nobody else takes a place among them, whatever they send (`persist_dos`).
#[test]
fn persist_dos_made_up_terminals_take_no_place() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let commands: Vec<Value> =
            (0..20).map(|number| kept(&format!("fake_{number}"), 1, "order.eat", json!({}), json!({}))).collect();
        let batch = json!({"commands": commands});
        for role in ["admin", "pos", "kitchen"] {
            let refused = server.till(role).post(&format!("{STORE}/commands"), &batch).await.expect(403);
            assert_eq!(refused["code"], "not_a_device", "{role}");
        }
        let mut bar = server.device(STORE, "bar").await;
        let other = bar.post(&format!("{STORE}/commands"), &batch).await.expect(403);
        assert_eq!((&other["code"], &other["terminal"]), (&json!("other_terminal"), &json!("bar")));
        let body = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later"});
        let answer = bar.upload(STORE, &[kept("bar", 1, "order.open", json!({}), body)]).await;
        let position = answer["results"][0]["position"].as_str().expect("a position").to_owned();
        assert_eq!(ids(&read(&mut bar, "terminals", &position).await, "terminal_id"), ["bar"]);
        assert_eq!(read(&mut bar, "exceptions", &position).await["items"], json!([]), "nothing was recorded");
    });
}
