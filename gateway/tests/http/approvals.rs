//! A second person, through the door.

use crate::server::{House, Reply, Server, Till, ago, key, run};
use serde_json::{Value, json};

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
        let cook = till.approved("cook", "POST", &format!("{path}/discounts"), &large).await.expect(422);
        assert_eq!(cook["approver"], "cook");
        till.approved("boss", "POST", &format!("{path}/discounts"), &large).await.expect(200);
        let cancel = json!({"reason": "Guest left"});
        let alone = till.post(&format!("{path}/cancel"), &cancel).await.expect(422);
        assert_eq!((&alone["code"], &alone["right"]), (&json!("approval_required"), &json!("cancel")));
        till.approved("boss", "POST", &format!("{path}/cancel"), &cancel).await.expect(200);

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

const STORE: &str = "/v1/stores/s1";
const EVERYTHING: [&str; 9] =
    ["discount", "comp", "void_fired", "refund", "cancel", "paid_out", "no_sale", "price_override", "tax_exempt"];

/// A store that asks for a second person for everything, and two who may approve all of it.
async fn asking(server: &Server) {
    let mut manager = server.till("manager");
    let settings = json!({"name": "Old Town", "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": "on",
        "approvals": {"needed": EVERYTHING, "discount_limit_ppm": 0}});
    manager.command("PUT", STORE, &settings).await.expect(200);
    for boss in ["boss", "chef"] {
        manager.command("PUT", &format!("/v1/staff/{boss}"), &json!({"rights": EVERYTHING})).await.expect(200);
    }
    manager.post(&format!("{STORE}/drawers/d1/open"), &json!({"float": 10_000})).await.expect(201);
}

/// What a rule asks a second person for: the right, and how it is sent.
struct Asked {
    right: &'static str,
    method: &'static str,
    path: String,
    kind: &'static str,
    names: Value,
    body: Value,
}

impl Asked {
    /// As a command of a batch.
    fn command(&self) -> Value {
        let mut command = json!({"command_id": key(), "type": self.kind, "body": self.body});
        let fields = command.as_object_mut().expect("an object");
        fields.extend(self.names.as_object().expect("an object").clone());
        command
    }

    /// As a till sends it that was away.
    fn offline(&self, seq: u64) -> Value {
        let mut command = self.command();
        let away = json!({"source": "offline", "terminal": "hall", "terminal_seq": seq, "occurred_at": ago(1)});
        command.as_object_mut().expect("an object").extend(away.as_object().expect("an object").clone());
        command
    }
}

/// One command for each rule, to what it makes for that.
async fn every_rule(till: &mut Till) -> Vec<Asked> {
    let (order, paid, unfired) = (till.id("o"), till.id("o"), till.id("o"));
    let lines =
        json!([{"line_id": "l1", "item_id": "water", "qty": 2}, {"line_id": "l2", "item_id": "water", "qty": 1}]);
    for (id, mode) in [(&order, "later"), (&paid, "first"), (&unfired, "later")] {
        let open = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": mode, "lines": lines, "place": true});
        till.post(&format!("{STORE}/orders"), &open).await.expect(201);
    }
    till.post(&format!("{STORE}/orders/{order}/fire"), &json!({"line_ids": ["l1"]})).await.expect(200);
    let payment = till.id("p");
    let pay = json!({"payment_id": payment, "tender": "cash", "drawer_id": "d1"});
    till.post(&format!("{STORE}/orders/{paid}/payments"), &pay).await.expect(201);
    let of_order = |right, what: &str, kind, body| Asked {
        right,
        method: "POST",
        path: format!("{STORE}/orders/{order}/{what}"),
        kind,
        names: json!({"order_id": order}),
        body,
    };
    let at_drawer = |right, what: &str, kind, body| Asked {
        right,
        method: "POST",
        path: format!("{STORE}/drawers/d1/{what}"),
        kind,
        names: json!({"drawer_id": "d1"}),
        body,
    };
    let discount = json!({"discount_id": "d1", "percent_ppm": 1, "reason": "x"});
    let comp = json!({"discount_id": "c1", "line_ids": ["l2"], "reason": "x"});
    let void = json!({"line_id": "l1", "qty": 1, "reason": "x", "wasted": true});
    let price = json!({"price_override": {"price": 1, "reason": "x"}});
    vec![
        Asked {
            right: "price_override",
            method: "PATCH",
            path: format!("{STORE}/orders/{order}/lines/l2"),
            kind: "order.change_line",
            names: json!({"order_id": order, "line_id": "l2"}),
            body: price,
        },
        of_order("discount", "discounts", "order.apply_discount", discount),
        of_order("comp", "comps", "order.comp", comp),
        of_order("void_fired", "void-line", "order.void_line", void),
        of_order("tax_exempt", "tax-exempt", "order.exempt_from_tax", json!({"reason": "x"})),
        at_drawer("paid_out", "paid-out", "drawer.paid_out", json!({"amount": 1, "reason": "x"})),
        at_drawer("no_sale", "no-sale", "drawer.no_sale", json!({"reason": "x"})),
        Asked {
            right: "refund",
            method: "POST",
            path: format!("{STORE}/payments/{payment}/refunds"),
            kind: "payment.request_refund",
            names: json!({"payment_id": payment}),
            body: json!({"refund_id": till.id("r"), "amount": 1, "reason": "x"}),
        },
        Asked {
            right: "cancel",
            method: "POST",
            path: format!("{STORE}/orders/{unfired}/cancel"),
            kind: "order.cancel",
            names: json!({"order_id": unfired}),
            body: json!({"reason": "x"}),
        },
    ]
}

#[track_caller]
fn lacks_approval(asked: &Asked, way: &str, answer: &Value) {
    assert_eq!(answer["code"], "approval_required", "{} by {way}: {answer}", asked.right);
}

/// `approvals` a, b, c: by path and in a batch, alone, with somebody named, with somebody else's approval, and with the right one.
#[test]
fn approvals_abc_every_rule_asks_online_by_path_batch_and_session() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server).await;
        let mut till = server.till("pos");
        let batches = format!("{STORE}/commands");
        for way in ["path", "batch", "session"] {
            // Who is signed in asks as anybody else, though she may approve what others do.
            let mut sender = if way == "session" { till.session(STORE, "boss").await } else { server.till("pos") };
            let by = if way == "session" { "chef" } else { "boss" };
            for asked in every_rule(&mut till).await {
                let named = [("idempotency-key", &*key()), ("x-approver", by)];
                if way == "batch" {
                    let mut send = async |more: Value| -> Value {
                        let mut command = asked.command();
                        command
                            .as_object_mut()
                            .expect("an object")
                            .extend(more.as_object().expect("an object").clone());
                        let batch = json!({"commands": [command]});
                        sender.send("POST", &batches, &[], &batch).await.expect(200)["results"][0].clone()
                    };
                    lacks_approval(&asked, way, &send(json!({})).await);
                    for nobody in ["nobody", by] {
                        assert_eq!(send(json!({"approver": nobody})).await["code"], "approver_unproven");
                    }
                    lacks_approval(&asked, way, &send(json!({"approval_id": "0".repeat(32)})).await);
                    let approval = till.approval(STORE, by, &asked.command()).await;
                    let done = send(json!({"approval_id": approval})).await;
                    assert_eq!(done["status"], "accepted", "{}: {done}", asked.right);
                    continue;
                }
                let alone = sender.command(asked.method, &asked.path, &asked.body).await.expect(422);
                lacks_approval(&asked, way, &alone);
                assert_eq!(
                    sender.send(asked.method, &asked.path, &named, &asked.body).await.expect(422)["code"],
                    "approver_unproven"
                );
                if way == "session" {
                    let own = sender.approved("boss", asked.method, &asked.path, &asked.body).await.expect(422);
                    lacks_approval(&asked, "her own approval", &own);
                }
                let done = till_as(&mut sender, &till, by, &asked).await;
                assert!(matches!(done.status, 200 | 201), "{}: {:?}", asked.right, done.body);
            }
        }
    });
}

/// Sends it with an approval that somebody gives at the till's house.
async fn till_as(sender: &mut Till, house: &Till, by: &str, asked: &Asked) -> Reply {
    let command = json!({"method": asked.method, "path": asked.path, "body": asked.body});
    let approval = house.approval(STORE, by, &command).await;
    let headers = [("idempotency-key", &*key()), ("x-approval", &*approval)];
    sender.send(asked.method, &asked.path, &headers, &asked.body).await
}

/// What a till did while it was away happened: it is kept, and somebody decides about it, whoever is said to have approved it.
#[test]
fn every_rule_stands_as_an_exception_offline_and_an_approval_given_there_as_a_claim() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server).await;
        let mut till = server.till("pos");
        let mut seq = 0;
        for (approver, code) in [(None, "approval_required"), (Some("boss"), "approval_claimed")] {
            for asked in every_rule(&mut till).await {
                seq += 1;
                let mut command = asked.offline(seq);
                if let Some(approver) = approver {
                    command["approver"] = json!(approver);
                }
                let answer = till.upload(STORE, &[command]).await;
                let result = &answer["results"][0];
                assert_eq!(result["status"], "recorded_with_exception", "{}: {result}", asked.right);
                assert_eq!(result["code"], code, "{}: {result}", asked.right);
            }
        }
    });
}

/// An import records what was, and changes only what an import has opened: it is no way around a rule.
#[test]
fn no_rule_is_evaded_by_calling_it_an_import() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server).await;
        let mut till = server.till("pos");
        for role in ["pos", "manager", "admin"] {
            for asked in every_rule(&mut till).await {
                let mut command = asked.command();
                command.as_object_mut().expect("an object").extend(
                    json!({"source": "imported", "occurred_at": ago(1)}).as_object().expect("an object").clone(),
                );
                let batch = json!({"commands": [command]});
                let answer =
                    server.till(role).send("POST", &format!("{STORE}/commands"), &[], &batch).await.expect(200);
                let result = &answer["results"][0];
                assert_eq!(result["status"], "rejected", "{} by {role}: {result}", asked.right);
            }
        }
    });
}

#[test]
fn an_approval_is_good_once_and_for_exactly_one_command() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server).await;
        let mut till = server.till("pos");
        let path = {
            let order = till.id("o");
            let open = json!({"order_id": order, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "place": true,
                "lines": [{"line_id": "l1", "item_id": "water", "qty": 2}]});
            till.post(&format!("{STORE}/orders"), &open).await.expect(201);
            format!("{STORE}/orders/{order}/discounts")
        };
        let discount = |id: &str, ppm: u32| json!({"discount_id": id, "percent_ppm": ppm, "reason": "x"});
        let of = |body: &Value| json!({"method": "POST", "path": path, "body": body});
        let small = discount("d1", 10);
        let approval = till.approval(STORE, "boss", &of(&small)).await;
        let sent_under = key();
        let with = [("idempotency-key", &*sent_under), ("x-approval", &*approval)];
        // Of another command it is none.
        let other = [("idempotency-key", &*key()), ("x-approval", &*approval)];
        assert_eq!(
            till.send("POST", &path, &other, &discount("d1", 11)).await.expect(422)["code"],
            "approval_required"
        );
        let first = till.send("POST", &path, &with, &small).await;
        first.expect(200);
        // A repeat needs none, and takes effect once.
        for headers in [&with[..], &with[..1]] {
            let again = till.send("POST", &path, headers, &small).await;
            assert_eq!((again.status, &again.body), (200, &first.body));
        }
        // Used, it is none: the discount is taken off and given again.
        till.approved("boss", "DELETE", &format!("{path}/d1"), &Value::Null).await;
        let again = [("idempotency-key", &*key()), ("x-approval", &*approval)];
        assert_eq!(till.send("POST", &path, &again, &small).await.status, 422);
        // A device by itself is nobody, nor is who may not take orders at all.
        let mut device = server.device(STORE, "hall").await;
        let asks = format!("{STORE}/approvals");
        let body = json!({"command": of(&discount("d2", 5))});
        assert_eq!(device.send("POST", &asks, &[], &body).await.expect(403)["code"], "not_a_person");
        // With a PIN at the device it is the member who approves.
        let mut at_device = body.clone();
        (at_device["staff_id"], at_device["pin"]) = (json!("boss"), json!("000000"));
        assert_eq!(device.send("POST", &asks, &[], &at_device).await.expect(403)["code"], "sign_in_refused");
        at_device["pin"] = json!("280641");
        let given = device.send("POST", &asks, &[], &at_device).await.expect(201);
        assert_eq!((&given["approver"], &given["expires_in_s"]), (&json!("boss"), &json!(120)));
        let id = given["approval_id"].as_str().expect("an id");
        device
            .send("POST", &path, &[("idempotency-key", &*key()), ("x-approval", id)], &discount("d2", 5))
            .await
            .expect(200);
        // What it takes is said by field.
        for (command, pointer) in [
            (json!({"method": "POST", "path": "/v1/nowhere", "body": {}}), "/command/path"),
            (json!({"method": "POST", "path": path.replace("/s1/", "/s2/"), "body": small}), "/command/path"),
            (json!({"method": "POST", "path": path, "body": {"discount_id": 7}}), "/command/body/discount_id"),
            (json!({"command_id": key(), "type": "order.cancel", "body": {"reason": "x"}}), "/command/order_id"),
        ] {
            let body = json!({"command": command});
            let bad = server.till("manager").send("POST", &asks, &[], &body).await.expect(400);
            assert_eq!(bad["pointer"], pointer, "{bad}");
        }
    });
}

/// `approvals` i: who set a PIN knows it, so it proves nothing against them; and nobody says what they may approve themselves.
#[test]
fn approvals_i_nobody_approves_for_themselves_in_another_name() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server).await;
        let mut manager = server.till("manager");
        let own = server.tokens["manager"].split('_').nth(1).expect("an id").to_owned();
        let rights = json!({"rights": EVERYTHING, "discount_limit_ppm": 1_000_000});
        let refused = manager.command("PUT", &format!("/v1/staff/{own}"), &rights).await.expect(403);
        assert_eq!(refused["code"], "own_rights");
        manager.command("PUT", "/v1/staff/ghost", &rights).await.expect(200);
        manager.command("PUT", "/v1/staff/ghost/pin", &json!({"pin": "1111"})).await.expect(200);
        let mut device = server.device(STORE, "hall").await;
        let no_sale = json!({"reason": "x"});
        let path = format!("{STORE}/drawers/d1/no-sale");
        let body =
            json!({"command": {"method": "POST", "path": path, "body": no_sale}, "staff_id": "ghost", "pin": "1111"});
        let approval = device.send("POST", &format!("{STORE}/approvals"), &[], &body).await.expect(201);
        let id = approval["approval_id"].as_str().expect("an id").to_owned();
        let headers = |key| [("idempotency-key", key), ("x-approval", id.as_str())];
        let by_her = manager.send("POST", &path, &headers(key().as_str()), &no_sale).await.expect(422);
        assert_eq!(by_her["code"], "approval_required");
        // Once the member has set their own, it is theirs.
        let ghost =
            device.send("POST", "/v1/session", &[], &json!({"staff_id": "ghost", "pin": "1111"})).await.expect(201);
        let mut ghost = Till::new(&server.url, ghost["token"].as_str().expect("a token"));
        ghost.command("PUT", "/v1/staff/ghost/pin", &json!({"pin": "2222"})).await.expect(200);
        let body =
            json!({"command": {"method": "POST", "path": path, "body": no_sale}, "staff_id": "ghost", "pin": "2222"});
        let approval = device.send("POST", &format!("{STORE}/approvals"), &[], &body).await.expect(201);
        let id = approval["approval_id"].as_str().expect("an id").to_owned();
        manager.send("POST", &path, &[("idempotency-key", &*key()), ("x-approval", &*id)], &no_sale).await.expect(200);
    });
}
