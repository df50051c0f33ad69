//! The security log: a line each, sums in the tenant's stream, and who may read them.

use crate::server::{House, Server, Till, key, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The lines of the log that are of security.
fn lines(house: &House) -> Vec<Value> {
    let lines = house.log().lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect::<Vec<_>>();
    lines.into_iter().filter(|line| line["target"] == "security").collect()
}

fn id_of(token: &str) -> String {
    token.split('_').nth(1).expect("an id").to_owned()
}

/// All of the security log, newest first, in pages of this size.
async fn all(client: &mut Till, limit: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        let page = client.get(&format!("/v1/security?limit={limit}{cursor}")).await.expect(200);
        let items = page["items"].as_array().expect("items").clone();
        assert!(items.len() <= limit, "{page}");
        found.extend(items);
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// Waits until the log has sums of this act by this credential that come to so many.
async fn until_recorded(client: &mut Till, act: &str, credential: Option<&str>, count: u64) -> Vec<Value> {
    loop {
        let found = all(client, 500).await;
        let those = found
            .iter()
            .filter(|entry| entry["data"]["act"] == act && entry["data"]["token_id"].as_str() == credential);
        let those: Vec<Value> = those.cloned().collect();
        if count <= those.iter().map(|entry| entry["data"]["count"].as_u64().expect("a count")).sum() {
            return those;
        }
    }
}

fn serve(house: &mut House) -> Server {
    house.serve_with(&["--security-sum-s", "1"])
}

#[test]
fn c11_9_what_credentials_do_and_are_refused_is_a_line_and_a_sum() {
    let mut house = House::new();
    let server = serve(&mut house);
    let (admin_id, kitchen_id) = (id_of(&server.tokens["admin"]), id_of(&server.tokens["kitchen"]));
    run(async {
        let (mut admin, mut auditor) = (server.till("admin"), server.till("auditor"));
        let (mut kitchen, mut nobody) = (server.till("kitchen"), Till::new(&server.url, "cmd_0000_wrong"));
        let issued = admin.post("/v1/tokens", &json!({"role": "pos", "label": "x"})).await.expect(201);
        let issued_id = issued["token_id"].as_str().expect("an id").to_owned();
        admin.command("DELETE", &format!("/v1/tokens/{issued_id}"), &Value::Null).await.expect(200);
        admin.command("PUT", "/v1/staff/ana", &json!({"rights": ["comp"]})).await.expect(200);
        let till = admin.device("/v1/stores/s1", "till_44").await;
        drop(till);
        for _ in 0..3 {
            kitchen.get("/v1/feed").await.expect(403);
        }
        nobody.get("/v1/stores").await.expect(401);
        // In the stream of the tenant, by credential and operation.
        let refused = until_recorded(&mut auditor, "refused", Some(&kitchen_id), 3).await;
        let data = &refused[0]["data"];
        assert_eq!((&data["operation"], &data["code"]), (&json!("GET /v1/feed"), &json!("forbidden")));
        assert_eq!(refused[0]["stream"], "security-demo");
        for (act, operation) in [("revoked", "DELETE /v1/tokens/{token}"), ("configured", "PUT /v1/staff/{staff}")] {
            let found = until_recorded(&mut auditor, act, Some(&admin_id), 1).await;
            assert_eq!(found[0]["data"]["operation"], operation);
        }
        let found = until_recorded(&mut auditor, "issued", Some(&admin_id), 2).await;
        let operations: BTreeSet<&str> = found.iter().filter_map(|entry| entry["data"]["operation"].as_str()).collect();
        assert_eq!(operations, BTreeSet::from(["POST /v1/devices", "POST /v1/tokens"]));
        // A device that came has its own credential from then on.
        let all = all(&mut auditor, 500).await;
        let came = all.iter().find(|entry| entry["data"]["act"] == "signed_in").expect("a device came");
        assert_eq!(came["data"]["operation"], "POST /v1/devices/enrol");
        assert!(came["data"]["token_id"].is_string(), "{came}");
        // Nobody is of no tenant: the line alone.
        assert!(!all.iter().any(|entry| entry["data"]["code"] == "unauthenticated"), "{all:?}");
    });
    let lines = lines(&house);
    let one = |act: &str, operation: &str| {
        let found: Vec<&Value> =
            lines.iter().filter(|line| line["act"] == act && line["operation"] == operation).collect();
        assert!(!found.is_empty(), "{act} {operation}: {lines:?}");
        (found.len(), found[0].clone())
    };
    let (count, line) = one("refused", "GET /v1/feed");
    assert_eq!(count, 3);
    let expected =
        json!({"tenant": "demo", "token_id": kitchen_id, "role": "kitchen", "status": 403, "code": "forbidden"});
    for (name, value) in expected.as_object().expect("members") {
        assert_eq!(&line[name], value, "{line}");
    }
    assert!(line["address"] == "127.0.0.1" && line["trace_id"].as_str().is_some_and(|id| id.len() == 32), "{line}");
    let (_, line) = one("refused", "GET /v1/stores");
    assert!(line["tenant"].is_null() && line["code"] == "unauthenticated" && line["status"] == 401, "{line}");
    one("issued", "POST /v1/tokens");
    one("revoked", "DELETE /v1/tokens/{token}");
    one("configured", "PUT /v1/staff/{staff}");
    let (_, line) = one("signed_in", "POST /v1/devices/enrol");
    assert_eq!(line["tenant"], "demo");
    // No secret is in any of them.
    let log = house.log();
    for token in server.tokens.values() {
        let secret = token.rsplit('_').next().expect("a secret");
        assert!(!log.contains(secret), "a secret is in the log");
    }
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}

#[test]
fn c11_9_nobody_fills_the_log() {
    let mut house = House::new();
    let server = house.serve_with(&["--security-sum-s", "3600"]);
    let kitchen_id = id_of(&server.tokens["kitchen"]);
    run(async {
        let mut kitchen = server.till("kitchen");
        // More kinds than are kept apart, and one of them very often.
        let routes =
            ["feed", "tokens", "devices", "staff", "security", "reports/sales", "stores/s1/chain", "stores/s1/days"];
        for _ in 0..100 {
            for route in routes {
                kitchen.get(&format!("/v1/{route}")).await;
            }
        }
        for _ in 0..3 {
            let devices = ["a", "b"];
            for device in devices {
                kitchen.command("DELETE", &format!("/v1/devices/{device}"), &Value::Null).await.expect(403);
            }
        }
    });
    // A stop records what was counted.
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    let before = lines(&house);
    let of_feed = |line: &&Value| line["operation"] == "GET /v1/feed";
    let written = before.iter().filter(of_feed).filter(|line| line["left_out"].is_null()).count();
    let left_out: u64 = before.iter().filter(of_feed).filter_map(|line| line["left_out"].as_u64()).sum();
    assert_eq!((written, left_out), (10, 90), "{before:?}");
    let server = serve(&mut house);
    run(async {
        let mut auditor = server.till("auditor");
        let entries = until_recorded(&mut auditor, "refused", Some(&kitchen_id), 100).await;
        let feed: Vec<&Value> = entries.iter().filter(|entry| entry["data"]["operation"] == "GET /v1/feed").collect();
        assert_eq!((feed.len(), &feed[0]["data"]["count"]), (1, &json!(100)), "one event for a hundred refusals");
        assert!(entries.len() <= gateway::security::RECORDED_MAX, "{}", entries.len());
        let devices = entries.iter().find(|entry| entry["data"]["operation"] == "DELETE /v1/devices/{device}");
        assert_eq!(devices.expect("it is there")["data"]["count"], 6, "whatever the device");
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}

#[test]
fn c11_9_what_auditors_and_analysts_read_is_recorded_with_how_much() {
    let mut house = House::new();
    let server = serve(&mut house);
    run(async {
        let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "lines": [{"line_id": "l1", "item_id": "espresso"}]});
        let opened = server.till("pos").post("/v1/stores/s1/orders", &order).await;
        opened.expect(201);
        let mut auditor = server.till("auditor");
        for role in ["analyst", "auditor"] {
            let mut reader = server.till(role);
            let id = id_of(&server.tokens[role]);
            let mut read = 0;
            for path in
                ["/v1/feed", "/v1/stores/s1/orders/o1/history", "/v1/reports/sales?by=item", "/v1/stores/s1/days"]
            {
                let joint = if path.contains('?') { '&' } else { '?' };
                let path = match path {
                    "/v1/feed" => path.to_owned(),
                    path => format!("{path}{joint}min_position={}", opened.position()),
                };
                let reply = reader.get(&path).await;
                assert_eq!(reply.status, 200, "{path}");
                read += reply.body.len() as u64;
            }
            // Not what a till reads all day.
            reader.get("/v1/stores/s1/menu").await;
            loop {
                let found = until_recorded(&mut auditor, "read", Some(&id), 4).await;
                let of = |entry: &&Value| entry["data"]["operation"] != "GET /v1/security";
                let bytes: u64 = found.iter().filter(of).filter_map(|entry| entry["data"]["bytes"].as_u64()).sum();
                assert!(bytes <= read, "{found:?}");
                assert!(!found.iter().any(|entry| entry["data"]["operation"] == "GET /v1/stores/{store}/menu"));
                if bytes == read {
                    break;
                }
            }
        }
        // Who runs stores is not looked at when they read.
        server.till("manager").get("/v1/feed").await;
        let manager_id = id_of(&server.tokens["manager"]);
        server.till("manager").get("/v1/security").await.expect(403);
        until_recorded(&mut auditor, "refused", Some(&manager_id), 1).await;
        let all = all(&mut auditor, 500).await;
        let of_manager = |entry: &&Value| entry["data"]["token_id"] == *manager_id && entry["data"]["act"] == "read";
        assert_eq!(all.iter().filter(of_manager).count(), 0, "{all:?}");
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}

#[test]
fn c11_9_the_security_log_is_for_admins_and_auditors_in_pages_and_in_the_feed_for_who_asks() {
    let mut house = House::new();
    let server = serve(&mut house);
    run(async {
        let (mut admin, mut auditor) = (server.till("admin"), server.till("auditor"));
        for number in 0..5 {
            admin.post("/v1/tokens", &json!({"role": "pos", "label": format!("t{number}")})).await.expect(201);
            until_recorded(&mut admin, "issued", Some(&id_of(&server.tokens["admin"])), number + 1).await;
        }
        for role in ["manager", "pos", "kitchen", "analyst"] {
            let mut till = server.till(role);
            assert_eq!(till.get("/v1/security").await.expect(403)["capability"], "read_security");
            for query in ["stream=security-demo", "types=ActivityRecorded", "types=OrderOpened,ActivityRecorded"] {
                till.get(&format!("/v1/feed?{query}")).await.expect(403);
            }
        }
        // Page by page is what it is at once: what came since is in front.
        let (by_one, at_once) = (all(&mut auditor, 2).await, all(&mut admin, 500).await);
        let positions =
            |entries: &[Value]| entries.iter().map(|entry| entry["position"].to_string()).collect::<Vec<_>>();
        assert!(positions(&at_once).ends_with(&positions(&by_one)), "{by_one:?} {at_once:?}");
        assert!(5 <= by_one.len(), "{by_one:?}");
        assert_eq!(admin.get("/v1/security?limit=0").await.expect(400)["parameter"], "limit");
        assert_eq!(admin.get("/v1/security?limit=501").await.expect(400)["parameter"], "limit");
        assert_eq!(admin.get("/v1/security?cursor=x").await.expect(400)["parameter"], "cursor");
        // The feed has it for who asks, and otherwise nothing of it.
        let feed = async |till: &mut Till, query: &str| {
            let reply = till.get(&format!("/v1/feed{query}")).await;
            assert_eq!(reply.status, 200);
            String::from_utf8_lossy(&reply.body).into_owned()
        };
        for query in ["?stream=security-demo", "?types=ActivityRecorded"] {
            let asked = feed(&mut auditor, query).await;
            assert!(asked.lines().count() != 0, "{query}");
            assert!(asked.lines().all(|line| line.contains("\"ActivityRecorded\"")), "{asked}");
        }
        for role in ["admin", "manager", "analyst", "auditor"] {
            let plain = feed(&mut server.till(role), "").await;
            assert!(plain.contains("StoreOpened") && !plain.contains("ActivityRecorded"), "{role}");
        }
        // Of the own tenant only.
        let body = json!({"tenant": "other", "label": "first"});
        let made =
            server.operator().send("POST", "/v1/tenants", &[("idempotency-key", &key())], &body).await.expect(201);
        let mut other = Till::new(&server.url, made["token"].as_str().expect("a token"));
        let theirs = until_recorded(&mut other, "issued", None, 1).await;
        assert!(theirs.iter().all(|entry| entry["stream"] == "security-other"), "{theirs:?}");
        other.get("/v1/feed?stream=security-demo").await.expect(400);
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}
