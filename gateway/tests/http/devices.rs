//! Devices: let in by a manager, enrolled once, and from then on the only ones that speak as their terminals.

use crate::server::{House, Till, ago, key, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";

fn new(terminal: &str, role: &str) -> Value {
    json!({"store": "s1", "terminal": terminal, "role": role, "label": format!("{role} {terminal}")})
}

fn order(id: &str) -> Value {
    json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later"})
}

async fn enrol(by: &mut Till, code: &str) -> crate::server::Reply {
    by.send("POST", "/v1/devices/enrol", &[], &json!({"code": code})).await
}

#[test]
fn a_code_is_good_once_and_for_five_tries() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        let mut nobody = Till::new(&server.url, "cmd_0000_nobody");
        let key = key();
        let added = manager.send("POST", "/v1/devices", &[("idempotency-key", &key)], &new("till_1", "pos")).await;
        let added = added.expect(201);
        let again = manager.send("POST", "/v1/devices", &[("idempotency-key", &key)], &new("till_1", "pos")).await;
        let again = again.expect(201);
        assert_eq!((&again["device_id"], again.get("code")), (&added["device_id"], None));
        assert_eq!(again["code_was_shown"], true);
        let code = added["code"].as_str().expect("a code").to_owned();
        assert_eq!(code.len(), 24, "{code}");
        // However it is typed; once.
        let typed = code.replace('-', "").to_uppercase();
        let enrolled = enrol(&mut nobody, &typed).await.expect(201);
        let token = enrolled["token"].as_str().expect("a token").to_owned();
        assert_eq!(enrol(&mut nobody, &code).await.expect(422)["code"], "enrolment_over");
        let mut till = Till::new(&server.url, &token);
        till.post(&format!("{STORE}/orders"), &order("o1")).await.expect(201);
        // Four that are wrong, and the right one; five that are wrong, and the right one is no good any more.
        for (terminal, wrong, status) in [("till_2", 4, 201), ("till_3", 5, 422)] {
            let added = manager.post("/v1/devices", &new(terminal, "pos")).await.expect(201);
            let code = added["code"].as_str().expect("a code").to_owned();
            let last = if code.ends_with('a') { "b" } else { "a" };
            let typo = format!("{}{last}", &code[..code.len() - 1]);
            for _ in 0..wrong {
                assert_eq!(enrol(&mut nobody, &typo).await.expect(422)["code"], "enrolment_over");
            }
            assert_eq!(enrol(&mut nobody, &code).await.status, status, "{terminal}");
        }
        // Letting it in again takes the place of the code that was tried.
        let added = manager.post("/v1/devices", &new("till_3", "pos")).await.expect(201);
        enrol(&mut nobody, added["code"].as_str().expect("a code")).await.expect(201);
        for nonsense in ["", "k7qf", "k7qf-93xm-2hda-pw4t-r6vn", "\u{1f336}"] {
            assert_eq!(enrol(&mut nobody, nonsense).await.expect(422)["code"], "enrolment_over", "{nonsense}");
        }
        assert_eq!(manager.post("/v1/devices", &new("till_9", "admin")).await.expect(400)["pointer"], "/role");
        // The log has hashes only.
        let feed = server.till("auditor").get("/v1/feed").await;
        let feed = String::from_utf8_lossy(&feed.body).into_owned();
        assert!(feed.contains("DeviceEnrolled") && !feed.contains(&code) && !feed.contains("sha256"));
    });
    assert!(!house.log().contains("cmd_"), "no secret in the log lines");
}

/// `approvals` h: a till does not speak as another till, online or late.
#[test]
fn approvals_h_only_the_device_speaks_as_its_terminal() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut one, mut two) = (server.device(STORE, "till_1").await, server.device(STORE, "till_2").await);
        let key_1 = key();
        let as_1 = [("idempotency-key", key_1.as_str()), ("x-terminal", "till_1")];
        let path = format!("{STORE}/orders");
        for role in ["admin", "manager", "pos", "kitchen"] {
            let refused = server.till(role).send("POST", &path, &as_1, &order("x")).await.expect(403);
            assert_eq!(refused["code"], if role == "kitchen" { "forbidden" } else { "not_a_device" }, "{role}");
        }
        assert_eq!(two.send("POST", &path, &as_1, &order("x")).await.expect(403)["code"], "other_terminal");
        one.send("POST", &path, &as_1, &order("a")).await.expect(201);
        // What it does not say is so all the same.
        two.post(&path, &order("b")).await.expect(201);
        let history = server.till("auditor").get(&format!("{path}/b/history")).await.expect(200);
        assert_eq!(history[0]["terminal"], "till_2");
        // Nor what it sends late, in part or in whole.
        let kept = |terminal: &str, seq: u64, id: &str| {
            json!({"command_id": key(), "type": "order.open", "source": "offline", "terminal": terminal,
                "terminal_seq": seq, "occurred_at": ago(5), "body": order(id)})
        };
        let mixed = json!({"commands": [kept("till_2", 1, "c"), kept("till_1", 1_000_000_000, "d")]});
        let refused = two.post(&format!("{STORE}/commands"), &mixed).await.expect(403);
        assert_eq!(refused["code"], "other_terminal");
        let online = json!({"commands": [{"command_id": key(), "type": "order.open", "terminal": "till_1", "body": order("e")}]});
        for till in [&mut two, &mut server.till("manager")] {
            till.post(&format!("{STORE}/commands"), &online).await.expect(403);
        }
        for id in ["c", "d", "e", "x"] {
            assert_eq!(one.get(&format!("{path}/{id}")).await.status, 404, "nothing was recorded of {id}");
        }
        assert_eq!(one.get(&format!("{STORE}/terminals")).await.expect(200)["items"], json!([]));
        // It is good at its own store only.
        assert_eq!(one.post("/v1/stores/s2/orders", &order("f")).await.expect(403)["code"], "out_of_scope");
    });
}

#[test]
fn a_device_that_is_taken_out_speaks_no_more_and_its_terminal_is_free() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        let mut till = server.device(STORE, "till_1").await;
        let listed = manager.get("/v1/devices").await.expect(200);
        let of = |listed: &Value, terminal: &str| {
            let all = listed["items"].as_array().expect("devices").clone();
            all.into_iter().find(|device| device["terminal"] == terminal && device["store"] == "s1")
        };
        let held = of(&listed, "till_1").expect("it is listed");
        assert!(held["enrolled_at"].is_string() && held["token_id"].is_string(), "{held}");
        assert_eq!(manager.post("/v1/devices", &new("till_1", "pos")).await.expect(422)["code"], "terminal_taken");
        let path = format!("/v1/devices/{}", held["device_id"].as_str().expect("an id"));
        assert_eq!(till.command("DELETE", &path, &Value::Null).await.status, 403);
        manager.command("DELETE", &path, &Value::Null).await.expect(200);
        assert_eq!(till.get("/v1/stores").await.status, 401, "at once");
        assert_eq!(of(&manager.get("/v1/devices").await.expect(200), "till_1"), None);
        assert_eq!(manager.command("DELETE", &path, &Value::Null).await.expect(404)["code"], "unknown_device");
        // The next one goes on with the terminal's queue.
        let added = manager.post("/v1/devices", &new("till_1", "pos")).await.expect(201);
        enrol(&mut till, added["code"].as_str().expect("a code")).await.expect(201);
    });
    // A kill forgets nobody, and lets nobody in.
    let tokens = server.tokens.clone();
    server.kill();
    let server = house.serve();
    run(async {
        let mut manager = Till::new(&server.url, &tokens["manager"]);
        let position = manager.get("/v1/devices").await;
        let items = position.expect(200)["items"].as_array().expect("devices").len();
        assert_eq!(items, 3, "the demo's two and the new one");
    });
}
