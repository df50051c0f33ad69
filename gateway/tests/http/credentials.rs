//! Credentials stand alone: shown once, bound to where they are good, and gone with whoever issued them where that is asked for.

use crate::server::{House, Server, Till, comanda, key, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";

async fn issue(by: &mut Till, body: Value) -> (String, String) {
    let issued = by.post("/v1/tokens", &body).await.expect(201);
    let text = |field: &str| issued[field].as_str().expect("a text").to_owned();
    (text("token_id"), text("token"))
}

fn with(server: &Server, token: &str) -> Till {
    Till::new(&server.url, token)
}

async fn revoke(by: &mut Till, token: &str, issued: &str) -> Vec<String> {
    let path = format!("/v1/tokens/{token}?issued={issued}");
    let gone = by.command("DELETE", &path, &Value::Null).await.expect(200);
    let events = gone["events"].as_array().expect("events").iter();
    events.map(|event| event["data"]["token_id"].as_str().unwrap_or("-").to_owned()).collect()
}

/// The issue's case: what a revoked admin issued stops with it where that is asked for, and nothing can be computed again.
#[test]
fn creds_revoking_an_admin_takes_what_was_issued_with_it() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let (leaked, leaked_text) = issue(&mut admin, json!({"role": "admin", "label": "leaks"})).await;
        let mut thief = with(&server, &leaked_text);
        let (second, second_text) = issue(&mut thief, json!({"role": "admin", "label": "its second"})).await;
        let (third, third_text) =
            issue(&mut with(&server, &second_text), json!({"role": "pos", "label": "its till"})).await;
        let path = format!("/v1/tokens/{leaked}");
        let unanswered = admin.command("DELETE", &path, &Value::Null).await.expect(422);
        assert_eq!(unanswered["code"], "issued_unanswered");
        let odd = admin.command("DELETE", &format!("{path}?issued=perhaps"), &Value::Null).await.expect(400);
        assert_eq!(odd["parameter"], "issued");
        // Kept where that is said, and taken where that is said later.
        assert_eq!(revoke(&mut admin, &leaked, "keep").await, [leaked.as_str()]);
        assert_eq!(with(&server, &third_text).get("/v1/stores").await.status, 200);
        let mut going = vec![second, third];
        going.sort_unstable();
        assert_eq!(revoke(&mut admin, &leaked, "revoke").await, going);
        for text in [leaked_text, second_text, third_text] {
            assert_eq!(with(&server, &text).get("/v1/stores").await.status, 401);
        }
    });
}

#[test]
fn creds_a_list_says_by_whom_until_when_and_where() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let body =
            json!({"role": "analyst", "label": "Reports", "stores": ["s1"], "expires_at": "2035-01-01T00:00:00Z"});
        let (id, text) = issue(&mut admin, body).await;
        with(&server, &text).get(&format!("{STORE}/orders")).await.expect(200);
        for role in ["admin", "auditor"] {
            let listed = server.till(role).get("/v1/tokens").await.expect(200);
            let of = |id: &str| {
                listed["items"].as_array().expect("tokens").iter().find(|token| token["token_id"] == id).cloned()
            };
            let token = of(&id).expect("it is listed");
            let own = server.tokens["admin"].split('_').nth(1).expect("an id");
            assert_eq!((&token["scope"], &token["stores"]), (&json!("stores"), &json!(["s1"])));
            assert_eq!((&token["issuer"], &token["expires_at"]), (&json!(own), &json!("2035-01-01T00:00:00.000000Z")));
            assert!(token["issued_at"].is_string());
            let used = token["last_used_at"].as_str().expect("it was used");
            assert!(used.ends_with(":00:00.000000Z"), "to the hour: {used}");
            let demo = of(own).expect("it is listed");
            assert_eq!(demo["scope"], "all");
            assert!(demo["expires_at"].is_string() && demo.get("issuer").is_none(), "{demo}");
            assert!(listed.to_string().find("secret").is_none());
        }
        for role in ["manager", "pos", "kitchen", "analyst"] {
            assert_eq!(server.till(role).get("/v1/tokens").await.status, 403, "{role}");
        }
        let over = json!({"role": "pos", "label": "x", "expires_at": "2020-01-01T00:00:00Z"});
        assert_eq!(admin.post("/v1/tokens", &over).await.expect(422)["code"], "expiry_out_of_range");
        let far = json!({"role": "pos", "label": "x", "expires_at": "2099-01-01T00:00:00Z"});
        assert_eq!(admin.post("/v1/tokens", &far).await.expect(422)["code"], "expiry_out_of_range");
        let nowhere = json!({"role": "pos", "label": "x", "stores": []});
        assert_eq!(admin.post("/v1/tokens", &nowhere).await.expect(400)["pointer"], "/stores");
    });
}

#[test]
fn creds_the_hour_of_the_last_use_outlives_a_stop_and_is_missed_by_nobody() {
    let mut house = House::new();
    let server = house.serve();
    let last_use = |server: &Server| {
        let pos = server.tokens["pos"].split('_').nth(1).expect("an id").to_owned();
        run(async {
            let listed = server.till("auditor").get("/v1/tokens").await.expect(200);
            let tokens = listed["items"].as_array().expect("tokens").clone();
            tokens.into_iter().find(|token| token["token_id"] == pos).expect("it is listed")["last_used_at"].clone()
        })
    };
    assert_eq!(last_use(&server), Value::Null);
    run(async { server.till("pos").get("/v1/stores").await.expect(200) });
    let used = last_use(&server);
    assert!(used.is_string());
    let file = server.data.join("views/last_use");
    assert_eq!(server.stop(), Some(0));
    let server = house.serve();
    assert_eq!(last_use(&server), used);
    assert_eq!(server.stop(), Some(0));
    std::fs::write(&file, "not what it was\n\u{0}").expect("a file");
    let server = house.serve();
    assert_eq!(last_use(&server), Value::Null);
    run(async { server.till("pos").get("/v1/stores").await.expect(200) });
}

/// A token ends by itself, and its feed with it.
#[test]
fn creds_a_token_ends_when_it_says() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2)).to_string();
        let (_, text) = issue(&mut admin, json!({"role": "analyst", "label": "brief", "expires_at": soon})).await;
        let mut brief = with(&server, &text);
        assert_eq!(brief.get("/v1/stores").await.status, 200);
        // The answer is cut short once the token is over.
        let feed = brief.try_send("GET", "/v1/feed?follow=true", &[], &Value::Null).await;
        assert!(feed.is_none(), "a feed that follows ends with its token");
        assert_eq!(with(&server, &text).get("/v1/stores").await.status, 401);
    });
}

/// A token that is good at one store, at another by every way in.
#[test]
fn creds_a_token_of_one_store_is_refused_at_others_by_every_way_in() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let mut scoped = std::collections::BTreeMap::new();
        for role in ["admin", "manager", "pos", "kitchen", "analyst", "auditor"] {
            let (_, text) = issue(&mut admin, json!({"role": role, "label": role, "stores": ["s1"]})).await;
            scoped.insert(role, with(&server, &text));
        }
        let order = json!({"order_id": "x", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later"});
        server.till("pos").post("/v1/stores/s2/orders", &order).await.expect(201);
        // Path: every address with a store in it, as the API describes them.
        let document = admin.get("/openapi.json").await.expect(200);
        let mut addresses = 0;
        for (path, methods) in document["paths"].as_object().expect("paths") {
            if !path.contains("{store}") {
                continue;
            }
            let there = path.replace("{store}", "s2");
            let there = there.replace("{date}", "2026-01-02").replace("{exception}", "0:1");
            let there: String = there
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            for method in methods.as_object().expect("methods").keys().filter(|key| *key != "parameters") {
                addresses += 1;
                for (role, till) in &mut scoped {
                    let reply = till.command(&method.to_uppercase(), &there, &json!({})).await;
                    let code = reply.json()["code"].clone();
                    assert_eq!((reply.status, code), (403, json!("out_of_scope")), "{role} {method} {there}");
                }
            }
        }
        assert!(40 < addresses, "{addresses}");
        // What takes effect in all stores.
        let manager = scoped.get_mut("manager").expect("it was issued");
        let item = json!({"name": "Pie", "price": 500});
        assert_eq!(manager.command("PUT", "/v1/menu/items/pie", &item).await.expect(403)["code"], "out_of_scope");
        let staff = json!({"rights": ["comp"]});
        assert_eq!(manager.command("PUT", "/v1/staff/ana", &staff).await.expect(403)["code"], "out_of_scope");
        let put = json!({"command_id": key(), "type": "menu.put_item", "item_id": "pie", "body": item});
        let answer = manager.upload(STORE, &[put]).await;
        assert_eq!(answer["results"][0]["code"], "out_of_scope", "a batch to its own store");
        let device = |store: &str| json!({"store": store, "terminal": "till_7", "role": "pos", "label": "x"});
        assert_eq!(manager.post("/v1/devices", &device("s2")).await.expect(403)["code"], "out_of_scope");
        manager.post("/v1/devices", &device("s1")).await.expect(201);
        admin.post("/v1/devices", &device("s2")).await.expect(201);
        let devices = manager.get("/v1/devices").await.expect(200);
        assert_eq!(devices["items"].as_array().expect("devices").len(), 2, "the demo's and its own: {devices}");
        let own_admin = scoped.get_mut("admin").expect("it was issued");
        let wider = json!({"role": "admin", "label": "wider"});
        assert_eq!(own_admin.post("/v1/tokens", &wider).await.expect(403)["code"], "out_of_scope");
        assert_eq!(own_admin.get("/v1/tokens").await.expect(403)["code"], "out_of_scope");
        // Lists, feeds, reports.
        let analyst = scoped.get_mut("analyst").expect("it was issued");
        let stores = analyst.get("/v1/stores").await.expect(200);
        let stores: Vec<&Value> =
            stores["items"].as_array().expect("stores").iter().map(|store| &store["store"]).collect();
        assert_eq!(stores, ["s1"]);
        for other in [
            "/v1/feed?store=s2",
            "/v1/feed?stream=order-demo.s2.x",
            "/v1/feed?stream=menu-demo",
            "/v1/reports/sales?store=s2",
            "/v1/reports/sales?store=s1,s2",
        ] {
            assert_eq!(analyst.get(other).await.expect(403)["code"], "out_of_scope", "{other}");
        }
        let feed = analyst.get("/v1/feed").await;
        let text = String::from_utf8_lossy(&feed.body).into_owned();
        let of_s1 = text.lines().filter(|line| line.contains("demo.s1")).count();
        assert!(of_s1 == text.lines().count() && 0 < of_s1, "{text}");
        analyst.get("/v1/reports/sales").await.expect(200);
        // At its own store it works as any.
        scoped.get_mut("pos").expect("it was issued").post(&format!("{STORE}/orders"), &order).await.expect(201);
    });
}

/// A log of before tokens had an end: its tokens work, are shown as what they are, and are exchanged.
#[test]
fn creds_a_token_of_before_is_exchanged() {
    let (mut house, _) = crate::golden::inherited();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let own = server.tokens["admin"].split('_').nth(1).expect("an id").to_owned();
        let listed = admin.get("/v1/tokens").await.expect(200);
        let of = |listed: &Value, id: &str| {
            listed["items"]
                .as_array()
                .expect("tokens")
                .iter()
                .find(|token| token["token_id"] == id)
                .cloned()
                .expect("it is listed")
        };
        let before = of(&listed, &own);
        assert_eq!((&before["scope"], before.get("expires_at")), (&json!("unscoped"), None));
        let new = admin.post("/v1/tokens/exchange", &json!({"label": "mine"})).await.expect(201);
        let (id, text) = (new["token_id"].as_str().expect("an id"), new["token"].as_str().expect("a token"));
        let mut exchanged = with(&server, text);
        let listed = exchanged.get("/v1/tokens").await.expect(200);
        let after = of(&listed, id);
        assert_eq!((&after["scope"], &after["role"], &after["issuer"]), (&json!("all"), &json!("admin"), &json!(own)));
        assert!(after["expires_at"].is_string());
        let again = exchanged.post("/v1/tokens/exchange", &json!({"label": "mine"})).await.expect(422);
        assert_eq!(again["code"], "not_exchangeable");
        // It stops itself.
        assert_eq!(revoke(&mut admin, &own, "keep").await, [own.as_str()]);
        assert_eq!(admin.get("/v1/tokens").await.status, 401);
        exchanged.get("/v1/tokens").await.expect(200);
    });
}

#[test]
fn creds_the_operator_makes_tenants_and_reads_none() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut operator = server.operator();
        let new = json!({"tenant": "acme", "label": "First admin"});
        for role in ["admin", "auditor"] {
            assert_eq!(server.till(role).post("/v1/tenants", &new).await.expect(403)["code"], "forbidden");
        }
        let key = key();
        let made = operator.send("POST", "/v1/tenants", &[("idempotency-key", &key)], &new).await.expect(201);
        let again = operator.send("POST", "/v1/tenants", &[("idempotency-key", &key)], &new).await.expect(201);
        assert_eq!((&again["token_id"], again.get("token")), (&made["token_id"], None));
        let there = operator.post("/v1/tenants", &new).await.expect(422);
        assert_eq!(there["code"], "tenant_exists");
        let taken = json!({"tenant": "demo", "label": "Mine too"});
        assert_eq!(operator.post("/v1/tenants", &taken).await.expect(422)["code"], "tenant_exists");
        let mut acme = with(&server, made["token"].as_str().expect("a token"));
        assert_eq!(acme.get("/v1/stores").await.expect(200)["items"], json!([]));
        // The pages of operations are the operator's.
        for role in ["admin", "auditor"] {
            let till = &mut with(&server, &server.tokens[role]);
            assert_eq!(till.get("/metrics").await.expect(403)["capability"], "operate");
        }
        assert_eq!(with(&server, "cmd_0000_nobody").get("/metrics").await.status, 401);
        assert!(operator.get("/metrics").await.body.starts_with(b"#"));
        let document = operator.get("/openapi.json").await.expect(200);
        for path in document["paths"].as_object().expect("paths").keys().filter(|path| path.starts_with("/v1/")) {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "s1" } else { part });
            let reply = operator.get(&parts.collect::<Vec<_>>().join("/")).await;
            // The clock is the machine's and no tenant's.
            let is_the_operators = path == "/v1/clock";
            assert!(matches!(reply.status, 403 | 405) != is_the_operators, "{path}: {}", reply.status);
        }
    });
    let data = server.data.clone();
    let operate = |verb: &str| comanda().args(["operator", verb, "--data"]).arg(&data).output().expect("it runs");
    let shown = operate("show");
    let path = String::from_utf8_lossy(&shown.stdout).trim().to_owned();
    assert_eq!(path, data.join("operator.token").display().to_string());
    let before = std::fs::read_to_string(&path).expect("it is there");
    assert!(operate("rotate").status.success());
    run(async {
        // Beside a running server, at once.
        let body = json!({"tenant": "later", "label": "x"});
        assert_eq!(with(&server, before.trim()).post("/v1/tenants", &body).await.status, 401);
        server.operator().post("/v1/tenants", &body).await.expect(201);
    });
    assert!(!house.log().contains(before.trim()), "no secret in the log lines");
}

/// Offline is a property of a device, and what it does alone is bounded (`approvals` d, e, f, g): kept, and to be decided.
#[test]
fn approvals_d_what_a_device_does_beyond_the_bounds_is_to_be_decided() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        let mut settings = manager.get(STORE).await.expect(200);
        assert_eq!(settings["offline"], json!({"discount_limit_ppm": 200_000, "facts_limit": 500}));
        for (bad, pointer) in [
            (json!({"facts_limit": 0}), "/offline/facts_limit"),
            (json!({"discount_limit_ppm": 1_000_001}), "/offline/discount_limit_ppm"),
            (json!({"amount_limit": -1}), "/offline/amount_limit"),
        ] {
            settings["offline"] = bad;
            assert_eq!(manager.command("PUT", STORE, &settings).await.expect(400)["pointer"], pointer);
        }
        settings["offline"] = json!({"discount_limit_ppm": 200_000, "amount_limit": 10_000, "facts_limit": 3});
        assert_eq!(server.till("pos").command("PUT", STORE, &settings).await.status, 403);
        manager.command("PUT", STORE, &settings).await.expect(200);
        let mut seq = 0;
        let mut kept = |kind: &str, about: Value, body: Value| {
            seq += 1;
            let mut command = json!({
                "command_id": key(), "type": kind, "source": "offline", "terminal": "bar", "terminal_seq": seq,
                "occurred_at": crate::server::ago(5), "body": body,
            });
            command.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
            command
        };
        let sale = |order: &str, qty: u32| {
            json!({"order_id": order, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "place": true,
                "lines": [{"line_id": "l1", "item_id": "risotto", "qty": qty}]})
        };
        let discount = |ppm: u32| json!({"discount_id": "d1", "percent_ppm": ppm, "reason": "x"});
        let mut bar = server.device(STORE, "bar").await;
        let within = [
            kept("order.open", json!({}), sale("a", 1)),
            kept("order.apply_discount", json!({"order_id": "a"}), discount(200_000)),
        ];
        let codes = |answer: &Value| -> Vec<String> {
            let results = answer["results"].as_array().expect("results").iter();
            results.map(|result| result["code"].as_str().unwrap_or("-").to_owned()).collect()
        };
        assert_eq!(codes(&bar.upload(STORE, &within).await), ["-", "-"]);
        let beyond = [
            kept("order.open", json!({}), sale("b", 1)),
            kept("order.apply_discount", json!({"order_id": "b"}), discount(1_000_000)),
            kept("order.open", json!({}), sale("c", 10)),
            kept("order.open", json!({}), sale("d", 1)),
        ];
        let answer = bar.upload(STORE, &beyond).await;
        assert_eq!(codes(&answer), ["-", "beyond_bounds", "beyond_bounds", "beyond_bounds"], "{answer}");
        let position = answer["results"][3]["position"].as_str().expect("a position");
        let path = format!("{STORE}/exceptions?kind=beyond_bounds&min_position={position}");
        let open = manager.get(&path).await.expect(200);
        let bounds: Vec<&str> = open["items"]
            .as_array()
            .expect("exceptions")
            .iter()
            .map(|found| {
                let detail = found["detail"].as_str().expect("a sentence");
                ["facts_in_an_upload", "amount", "discount_ppm"]
                    .into_iter()
                    .find(|bound| detail.contains(bound))
                    .expect("a bound")
            })
            .collect();
        assert_eq!(bounds, ["facts_in_an_upload", "amount", "discount_ppm"], "the newest first");
        // Shown on X and Z.
        let date = crate::server::business_date(5);
        let x = manager.get(&format!("{STORE}/days/{date}/x?min_position={position}")).await;
        let closed = manager.post(&format!("{STORE}/days/{date}/close"), &json!({})).await;
        let position = closed.position();
        closed.expect(200);
        let z = manager.get(&format!("{STORE}/days/{date}/z?min_position={position}")).await.expect(200);
        assert_eq!(z["totals"]["beyond_bounds"], 3, "{z}");
        if x.status == 200 {
            assert_eq!(x.json()["totals"]["beyond_bounds"], 3);
        }
        let headers = [("accept", "text/plain")];
        let paper = manager.send("GET", &format!("{STORE}/days/{date}/z"), &headers, &Value::Null).await;
        assert!(String::from_utf8_lossy(&paper.body).contains("Offline beyond bounds"));
    });
}

/// Import is an admin's right, and touches nothing that others opened.
#[test]
fn approvals_an_import_changes_only_what_an_import_opened() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let order = |id: &str| {
            json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "place": true,
                "lines": [{"line_id": "l1", "item_id": "risotto", "qty": 1}]})
        };
        server.till("pos").post(&format!("{STORE}/orders"), &order("sold")).await.expect(201);
        let imported = |kind: &str, id: Option<&str>, body: Value| {
            let mut command = json!({"command_id": key(), "type": kind, "source": "imported",
                "occurred_at": "2026-03-01T12:00:00Z", "body": body});
            if let Some(id) = id {
                command["order_id"] = json!(id);
            }
            command
        };
        let discount = json!({"discount_id": "d1", "percent_ppm": 1_000_000, "reason": "x"});
        let mut admin = server.till("admin");
        let changed = admin.upload(STORE, &[imported("order.apply_discount", Some("sold"), discount.clone())]).await;
        assert_eq!(changed["results"][0]["code"], "not_imported");
        let pay = json!({"payment_id": "p1", "tender": "cash", "amount": 1});
        let paid = admin.upload(STORE, &[imported("payment.initiate", Some("sold"), pay)]).await;
        assert_eq!(paid["results"][0]["code"], "not_imported");
        let own =
            [imported("order.open", None, order("past")), imported("order.apply_discount", Some("past"), discount)];
        let own = admin.upload(STORE, &own).await;
        assert!(
            own["results"].as_array().expect("results").iter().all(|result| result["status"] == "accepted"),
            "{own}"
        );
        for role in ["manager", "pos"] {
            let refused = server.till(role).upload(STORE, &[imported("order.open", None, order("other"))]).await;
            assert_eq!(
                (&refused["results"][0]["code"], &refused["results"][0]["status"]),
                (&json!("forbidden"), &json!("rejected")),
                "{role}"
            );
        }
    });
}

/// Practice counts nowhere, so it takes a right to say that an order is practice (`persist_dos`).
#[test]
fn persist_dos_practice_takes_a_right() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let order = json!({"order_id": "practice", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "training": true});
        for role in ["admin", "manager", "pos"] {
            let refused = server.till(role).post(&format!("{STORE}/orders"), &order).await.expect(422);
            assert_eq!(refused["code"], "training_not_allowed", "{role}");
        }
        server.may(&["pos"], &["training"]).await;
        server.till("pos").post(&format!("{STORE}/orders"), &order).await.expect(201);
    });
}
