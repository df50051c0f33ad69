//! People: who acts has proven who they are, and the log says with which credential.

use crate::server::{House, Till, ago, comanda, key, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";

fn order(id: &str) -> Value {
    json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later"})
}

async fn member(manager: &mut Till, staff: &str, pin: &str) {
    manager.command("PUT", &format!("/v1/staff/{staff}"), &json!({"rights": []})).await.expect(200);
    manager.command("PUT", &format!("/v1/staff/{staff}/pin"), &json!({"pin": pin})).await.expect(200);
}

async fn sign_in(on: &mut Till, staff: &str, pin: &str) -> crate::server::Reply {
    on.send("POST", "/v1/session", &[], &json!({"staff_id": staff, "pin": pin})).await
}

fn with(url: &str, session: &Value) -> Till {
    Till::new(url, session["token"].as_str().expect("a token"))
}

#[test]
fn who_signed_in_acts_and_the_log_says_with_what() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        member(&mut manager, "ana", "280641").await;
        let mut device = server.device(STORE, "till_1").await;
        let session = sign_in(&mut device, "ana", "280641").await.expect(201);
        let mut ana = with(&server.url, &session);
        ana.post(&format!("{STORE}/orders"), &order("a")).await.expect(201);
        device.post(&format!("{STORE}/orders"), &order("b")).await.expect(201);
        manager.post(&format!("{STORE}/orders"), &order("c")).await.expect(201);
        let mut auditor = server.till("auditor");
        let history = async |auditor: &mut Till, id: &str| {
            auditor.get(&format!("{STORE}/orders/{id}/history")).await.expect(200)[0].clone()
        };
        let of_ana = history(&mut auditor, "a").await;
        assert_eq!((&of_ana["actor"], &of_ana["terminal"]), (&json!("ana"), &json!("till_1")));
        assert_eq!(of_ana["sent_by"]["token_id"], session["token_id"]);
        let of_device = history(&mut auditor, "b").await;
        assert_eq!(of_device["actor"], of_device["sent_by"]["token_id"], "a device by itself");
        assert_eq!(of_device["sent_by"]["device_id"], of_ana["sent_by"]["device_id"]);
        let of_manager = history(&mut auditor, "c").await;
        let token_label = &of_manager["sent_by"]["token_label"];
        assert!(token_label.as_str().is_some_and(|label| label.contains("demo")), "{token_label}");
        assert_eq!(of_manager["sent_by"], json!({"token_id": of_manager["actor"], "token_label": token_label}));
        // Names are for who may list tokens, and stay when what they name is gone.
        let device_label = of_ana["sent_by"]["device_label"].clone();
        assert!(device_label.is_string() && of_ana["sent_by"].get("token_label").is_none(), "{of_ana}");
        assert_eq!(of_device["sent_by"]["device_label"], device_label);
        let of_analyst = history(&mut server.till("analyst"), "a").await;
        assert!(of_analyst["sent_by"]["device_id"].is_string());
        assert_eq!(of_analyst["sent_by"].get("device_label"), None);
        // The session is listed with who it is of, and is over at once when she signs out.
        let listed = server.till("admin").get("/v1/tokens").await.expect(200);
        let is_it = |token: &&Value| token["token_id"] == session["token_id"];
        let listed = listed["items"].as_array().expect("tokens").iter().find(is_it).expect("it is listed").clone();
        assert_eq!((&listed["staff_id"], &listed["role"]), (&json!("ana"), &json!("pos")));
        assert!(listed["expires_at"].is_string() && listed["device_id"] == of_ana["sent_by"]["device_id"]);
        ana.send("DELETE", "/v1/session", &[], &Value::Null).await.expect(200);
        assert_eq!(ana.get("/v1/stores").await.status, 401);
        assert_eq!(device.send("DELETE", "/v1/session", &[], &Value::Null).await.status, 404);
        let removed = of_ana["sent_by"]["device_id"].as_str().expect("an id");
        server.till("admin").command("DELETE", &format!("/v1/devices/{removed}"), &Value::Null).await.expect(200);
        assert_eq!(history(&mut auditor, "a").await["sent_by"], of_ana["sent_by"], "also when the device is gone");
        let listed = server.till("admin").get("/v1/devices").await.expect(200);
        assert!(listed["items"].as_array().expect("devices").iter().all(|device| device["device_id"] != removed));
        // The PIN, and what is made of it, is in no event and no line of the log.
        let feed = server.till("auditor").get("/v1/feed").await;
        let feed = String::from_utf8_lossy(&feed.body).into_owned();
        assert!(
            feed.contains("PinSet") && !feed.contains("280641") && !feed.contains("argon2") && !feed.contains("salt")
        );
    });
    assert!(!house.log().contains("280641"));
}

#[test]
fn the_operator_signs_in_with_their_credential_and_out() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut operator = server.operator();
        let with_pin = json!({"staff_id": "ana", "pin": "280641"});
        assert_eq!(operator.send("POST", "/v1/session", &[], &with_pin).await.expect(403)["code"], "not_a_person");
        assert_eq!(operator.send("DELETE", "/v1/session", &[], &Value::Null).await.status, 404, "it is no session");
        let session = operator.send("POST", "/v1/session", &[], &json!({})).await.expect(201);
        assert_eq!((&session["token_id"], session.get("receipt")), (&json!("operator"), None));
        let mut signed_in = with(&server.url, &session);
        assert_eq!(signed_in.get("/v1/clock").await.status, 200);
        assert_eq!(signed_in.get("/metrics").await.status, 200);
        assert_eq!(signed_in.get("/v1/stores").await.expect(403)["code"], "forbidden", "no tenant's data");
        let another = signed_in.send("POST", "/v1/session", &[], &json!({})).await;
        assert_eq!(another.expect(403)["code"], "sign_in_refused", "a session opens none");
        assert_eq!(signed_in.send("DELETE", "/v1/session", &[], &Value::Null).await.status, 204);
        assert_eq!(signed_in.get("/v1/clock").await.status, 401);
        // It ends with the credential.
        let session = operator.send("POST", "/v1/session", &[], &json!({})).await.expect(201);
        let mut signed_in = with(&server.url, &session);
        assert_eq!(signed_in.get("/v1/clock").await.status, 200);
        let rotated = comanda().args(["operator", "rotate", "--data"]).arg(&server.data).output().expect("it runs");
        assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
        assert_eq!(signed_in.get("/v1/clock").await.status, 401);
        assert_eq!(server.operator().get("/v1/clock").await.status, 200);
    });
}

#[test]
fn a_pin_is_locked_after_five_tries_and_a_kill_does_not_open_it() {
    let mut house = House::new();
    let server = house.serve();
    let mut device = run(async {
        member(&mut server.till("manager"), "ana", "280641").await;
        let mut device = server.device(STORE, "till_1").await;
        assert_eq!(sign_in(&mut device, "nobody", "280641").await.expect(403)["code"], "sign_in_refused");
        for _ in 0..5 {
            assert_eq!(sign_in(&mut device, "ana", "111111").await.expect(403)["code"], "sign_in_refused");
        }
        let locked = sign_in(&mut device, "ana", "280641").await.expect(403);
        assert!(locked["code"] == "pin_locked" && locked["locked_until"].is_string(), "{locked}");
        for (bad, pointer) in [
            (json!({"staff_id": "ana", "pin": "12a4"}), "/pin"),
            (json!({"staff_id": "ana"}), "/pin"),
            (json!({"pin": "1234"}), "/staff_id"),
            (json!({"staff_id": "ana", "pin": "1234", "token": "x"}), "/token"),
        ] {
            let answer = device.send("POST", "/v1/session", &[], &bad).await;
            assert_eq!(answer.expect(400)["pointer"], pointer);
            assert!(!String::from_utf8_lossy(&answer.body).contains("12a4"));
        }
        device
    });
    let tokens = server.tokens.clone();
    let address = server.url.strip_prefix("http://").expect("a URL").to_owned();
    server.kill();
    let server = house.serve_on(&address);
    run(async {
        assert_eq!(sign_in(&mut device, "ana", "280641").await.expect(403)["code"], "pin_locked");
        // Who manages staff gives her another, and she is in.
        let mut manager = Till::new(&server.url, &tokens["manager"]);
        manager.command("PUT", "/v1/staff/ana/pin", &json!({"pin": "1234"})).await.expect(200);
        sign_in(&mut device, "ana", "1234").await.expect(201);
    });
}

#[test]
fn a_session_ends_with_the_pin_the_member_the_device_and_the_token_it_was_opened_with() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut admin) = (server.till("manager"), server.till("admin"));
        member(&mut manager, "ana", "1234").await;
        let mut device = server.device(STORE, "till_1").await;
        let mut ana = with(&server.url, &sign_in(&mut device, "ana", "1234").await.expect(201));
        manager.command("PUT", "/v1/staff/ana/pin", &json!({"pin": "4321"})).await.expect(200);
        assert_eq!(ana.get("/v1/stores").await.status, 401, "another PIN");
        let mut ana = with(&server.url, &sign_in(&mut device, "ana", "4321").await.expect(201));
        manager.command("DELETE", "/v1/staff/ana", &Value::Null).await.expect(200);
        assert_eq!(ana.get("/v1/stores").await.status, 401, "she left");
        assert_eq!(sign_in(&mut device, "ana", "4321").await.status, 403);
        assert_eq!(manager.command("DELETE", "/v1/staff/ana", &Value::Null).await.expect(404)["code"], "unknown_staff");
        assert_eq!(manager.command("PUT", "/v1/staff/ana/pin", &json!({"pin": "4321"})).await.status, 404);
        // An analyst at the device, by her own token.
        let body = json!({"role": "manager", "label": "Second manager"});
        let second = admin.post("/v1/tokens", &body).await.expect(201);
        let own = json!({"token": second["token"]});
        let at_device = device.send("POST", "/v1/session", &[], &own).await.expect(201);
        let mut at_device = with(&server.url, &at_device);
        at_device.post(&format!("{STORE}/orders"), &order("a")).await.expect(201);
        let history = at_device.get(&format!("{STORE}/orders/a/history")).await.expect(200);
        assert_eq!((&history[0]["actor"], &history[0]["terminal"]), (&second["token_id"], &json!("till_1")));
        assert_eq!(at_device.post("/v1/stores/s2/orders", &order("b")).await.expect(403)["code"], "out_of_scope");
        let mut away = with(
            &server.url,
            &with(&server.url, &second).send("POST", "/v1/session", &[], &json!({})).await.expect(201),
        );
        let as_till = [("idempotency-key", &*key()), ("x-terminal", "till_1")];
        let refused = away.send("POST", &format!("{STORE}/orders"), &as_till, &order("c")).await.expect(403);
        assert_eq!(refused["code"], "not_a_device");
        // A session opens none, and a token that nobody holds opens none.
        assert_eq!(away.send("POST", "/v1/session", &[], &json!({})).await.status, 403);
        assert_eq!(
            server.till("pos").send("POST", "/v1/session", &[], &json!({})).await.expect(403)["code"],
            "not_a_person"
        );
        assert_eq!(device.send("POST", "/v1/session", &[], &json!({})).await.expect(403)["code"], "not_a_person");
        let path = format!("/v1/tokens/{}", second["token_id"].as_str().expect("an id"));
        admin.command("DELETE", &path, &Value::Null).await.expect(200);
        for session in [&mut at_device, &mut away] {
            assert_eq!(session.get("/v1/stores").await.status, 401, "the token it was opened with");
        }
        // With the device go the sessions on it; a twenty-first ends the oldest.
        member(&mut manager, "bob", "1234").await;
        let mut oldest = with(&server.url, &sign_in(&mut device, "bob", "1234").await.expect(201));
        let mut newest = None;
        for _ in 0..20 {
            newest = Some(with(&server.url, &sign_in(&mut device, "bob", "1234").await.expect(201)));
        }
        let mut newest = newest.expect("the last one");
        assert_eq!((oldest.get("/v1/stores").await.status, newest.get("/v1/stores").await.status), (401, 200));
        let devices = manager.get("/v1/devices").await.expect(200);
        let is_it = |device: &&Value| device["terminal"] == "till_1" && device["store"] == "s1";
        let held = devices["items"].as_array().expect("devices").iter().find(is_it).expect("it is there").clone();
        let path = format!("/v1/devices/{}", held["device_id"].as_str().expect("an id"));
        manager.command("DELETE", &path, &Value::Null).await.expect(200);
        assert_eq!(newest.get("/v1/stores").await.status, 401, "the device");
    });
}

/// `approvals` i: nobody is named who did nothing.
#[test]
fn approvals_i_a_batch_takes_no_actor_that_is_not_proven() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut auditor) = (server.till("manager"), server.till("auditor"));
        member(&mut manager, "ana", "1234").await;
        let pos = server.tokens["pos"].split('_').nth(1).expect("an id").to_owned();
        for role in ["admin", "manager", "pos"] {
            let batch =
                json!({"commands": [{"command_id": key(), "type": "order.open", "actor": pos, "body": order(role)}]});
            let answer = server.till(role).send("POST", &format!("{STORE}/commands"), &[], &batch).await.expect(200);
            let result = &answer["results"][0];
            match role {
                // That is who sends it.
                "pos" => assert_eq!(result["status"], "accepted"),
                _ => assert_eq!(result["code"], "actor_unproven", "{result}"),
            }
        }
        // What a device kept was done by who had signed in on it; of anybody else the device is recorded, and nothing is lost.
        let mut device = server.device(STORE, "till_1").await;
        sign_in(&mut device, "ana", "1234").await.expect(201);
        let kept = |seq: u64, actor: &str| {
            json!({"command_id": key(), "type": "order.open", "source": "offline", "terminal": "till_1", "terminal_seq": seq,
                "occurred_at": ago(1), "actor": actor, "body": order(&format!("off_{actor}"))})
        };
        let batch = json!({"commands": [kept(1, "ana"), kept(2, "boss")]});
        let answer = device.send("POST", &format!("{STORE}/commands"), &[], &batch).await.expect(200);
        for result in answer["results"].as_array().expect("results") {
            assert_eq!(result["status"], "accepted", "{result}");
        }
        let history = auditor.get(&format!("{STORE}/orders/off_ana/history")).await.expect(200);
        assert_eq!(history[0]["actor"], "ana");
        let history = auditor.get(&format!("{STORE}/orders/off_boss/history")).await.expect(200);
        assert_eq!(history[0]["actor"], history[0]["sent_by"]["token_id"]);
    });
}
