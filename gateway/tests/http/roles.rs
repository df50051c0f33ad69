//! What a tenant sees of another, and what a token shows of itself. Who may do what is in `matrix.rs`.

use crate::server::{House, comanda, key, run};
use serde_json::{Value, json};

#[test]
fn tenants_never_meet() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let lines = json!([{"line_id": "l1", "item_id": "water"}]);
        let order = json!({"order_id": "mine", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
        till.post("/v1/stores/s1/orders", &order).await.expect(201);
    });
    let data = server.data.clone();
    assert_eq!(server.stop(), Some(0));
    let issued = comanda()
        .args(["token", "issue", "--tenant", "acme", "--role", "admin", "--label", "first", "--data"])
        .arg(&data)
        .output()
        .expect("it runs");
    assert!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));
    let mut server = house.serve();
    server.tokens.insert("acme".to_owned(), String::from_utf8_lossy(&issued.stdout).trim().to_owned());
    run(async {
        let mut other = server.till("acme");
        for path in
            ["/v1/stores/s1/orders/mine", "/v1/stores/s1/orders/mine/history", "/v1/stores/s1", "/v1/stores/s1/menu"]
        {
            assert_eq!(other.get(path).await.status, 404, "{path}");
        }
        for path in ["/v1/stores", "/v1/stores/s1/orders", "/v1/stores/s1/stock"] {
            assert_eq!(other.get(path).await.expect(200)["items"], json!([]), "{path}");
        }
        assert_eq!(other.get("/v1/feed?stream=order-demo.s1.mine").await.status, 400);
        let feed = other.get("/v1/feed").await;
        let events = feed.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(events, 1, "its own token and nothing else");
        let settings = json!({"name": "Ours", "currency": "USD", "time_zone": "America/New_York"});
        other.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
        let theirs = server.till("auditor").get("/v1/stores/s1").await.expect(200);
        assert_eq!(theirs["currency"], "EUR");
    });
}

#[test]
fn creds_a_token_is_shown_once_and_stops_when_revoked() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let (key, body) = (key(), json!({"role": "pos", "label": "till 3"}));
        let first = admin.send("POST", "/v1/tokens", &[("idempotency-key", &key)], &body).await.expect(201);
        let again = admin.send("POST", "/v1/tokens", &[("idempotency-key", &key)], &body).await.expect(201);
        assert_eq!((&again["token_id"], &again["receipt"]), (&first["token_id"], &first["receipt"]));
        assert_eq!((&again["secret_was_shown"], again.get("token")), (&json!(true), None));
        let token = first["token"].as_str().expect("a token");
        let mut till = gateway::client::Client::new(&server.url, token).expect("a URL");
        let known = till.call("GET", "/v1/stores/s1/menu", &[], "".into()).await;
        known.expect("it works");
        let path = format!("/v1/tokens/{}", first["token_id"].as_str().expect("an id"));
        admin.command("DELETE", &path, &Value::Null).await.expect(200);
        let gone = till.call("GET", "/v1/stores/s1/menu", &[], "".into()).await.expect_err("it was revoked");
        assert!(gone.to_string().contains("401"));
        let feed = server.till("auditor").get("/v1/feed").await;
        let secret = token.rsplit('_').next().expect("a secret");
        assert!(!String::from_utf8_lossy(&feed.body).contains(secret));
        let own = server.tokens["admin"].split('_').nth(1).expect("an id").to_owned();
        let revoke = format!("/v1/tokens/{own}");
        assert_eq!(admin.command("DELETE", &revoke, &Value::Null).await.expect(422)["code"], "issued_unanswered");
        let last = admin.command("DELETE", &format!("{revoke}?issued=keep"), &Value::Null).await;
        assert_eq!(last.expect(422)["code"], "last_token");
    });
    assert!(!house.log().contains("cmd_"), "no token in the log lines");
}
