//! Who may do what, through the door; and that tenants never meet.

use crate::server::{House, comanda, key, run};
use serde_json::{Value, json};

/// An operation, and which roles may do it: admin, manager, pos, kitchen, analyst, auditor.
type Operation = (&'static str, &'static str, &'static str, [bool; 6]);

const ROLES: [&str; 6] = ["admin", "manager", "pos", "kitchen", "analyst", "auditor"];
const STAFF: [bool; 6] = [true, true, true, false, false, false];
const BOSSES: [bool; 6] = [true, true, false, false, false, false];
const ADMIN: [bool; 6] = [true, false, false, false, false, false];
const KITCHEN: [bool; 6] = [true, true, true, true, false, false];
const READERS: [bool; 6] = [true, true, false, false, true, true];
const DAYS: [bool; 6] = [true, true, true, false, true, true];
const ALL: [bool; 6] = [true; 6];
const NOBODY: [bool; 6] = [false; 6];

const OPERATIONS: [Operation; 70] = [
    ("GET", "/v1/clock", "", NOBODY),
    ("POST", "/v1/clock/confirm", "", NOBODY),
    (
        "POST",
        "/v1/stores/s1/orders",
        r#"{"order_id":"x","channel":"pos","dining_mode":"dine_in","pay_mode":"later"}"#,
        STAFF,
    ),
    ("POST", "/v1/stores/s1/orders/x/lines", r#"{"line_id":"l","item_id":"water"}"#, STAFF),
    ("PATCH", "/v1/stores/s1/orders/x/lines/l", r#"{"qty":2}"#, STAFF),
    ("DELETE", "/v1/stores/s1/orders/x/lines/l", "", STAFF),
    ("POST", "/v1/stores/s1/orders/x/discounts", r#"{"discount_id":"d","amount":1,"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/orders/x/place", "{}", STAFF),
    ("POST", "/v1/stores/s1/orders/x/complete", "{}", STAFF),
    ("POST", "/v1/stores/s1/orders/x/payments", r#"{"payment_id":"p","tender":"cash"}"#, STAFF),
    ("POST", "/v1/stores/s1/payments/p/outcome", r#"{"outcome":"captured"}"#, STAFF),
    ("POST", "/v1/stores/s1/payments/p/refunds", r#"{"refund_id":"r","reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/payments/p/refunds/r/outcome", r#"{"outcome":"succeeded"}"#, STAFF),
    ("POST", "/v1/stores/s1/payments/p/review", r#"{"decision":"dismiss","reason":"r"}"#, BOSSES),
    ("POST", "/v1/stores/s1/exceptions/0:1/resolve", r#"{"note":"n"}"#, BOSSES),
    ("GET", "/v1/stores/s1/exceptions", "", ALL),
    ("POST", "/v1/stores/s1/drawers/d/open", r#"{"float":1}"#, STAFF),
    ("POST", "/v1/stores/s1/drawers/d/paid-in", r#"{"amount":1,"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/drawers/d/paid-out", r#"{"amount":1,"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/drawers/d/no-sale", r#"{"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/drawers/d/close", r#"{"counted":1}"#, STAFF),
    ("GET", "/v1/stores/s1/drawers", "", ALL),
    ("GET", "/v1/stores/s1/days", "", DAYS),
    ("GET", "/v1/stores/s1/chain", "", [true, true, false, false, false, true]),
    ("POST", "/v1/stores/s1/days/2026-01-02/open", "{}", BOSSES),
    ("POST", "/v1/stores/s1/days/2026-01-02/close", "{}", BOSSES),
    ("GET", "/v1/stores/s1/days/2026-01-02/x", "", DAYS),
    ("GET", "/v1/stores/s1/days/2026-01-02/z", "", DAYS),
    ("GET", "/v1/stores/s1/drawers/d/shifts", "", ALL),
    ("POST", "/v1/stores/s1/orders/x/hold", r#"{"line_ids":["l"]}"#, STAFF),
    ("POST", "/v1/stores/s1/orders/x/fire", "{}", STAFF),
    ("POST", "/v1/stores/s1/orders/x/serve", "{}", STAFF),
    ("POST", "/v1/stores/s1/orders/x/void-line", r#"{"line_id":"l","qty":1,"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/orders/x/comps", r#"{"discount_id":"c","line_ids":["l"],"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/orders/x/table", r#"{"table":"t7"}"#, STAFF),
    ("POST", "/v1/stores/s1/orders/x/server", r#"{"staff":"ana"}"#, STAFF),
    ("POST", "/v1/stores/s1/tickets/t1/start", "{}", KITCHEN),
    ("POST", "/v1/stores/s1/tickets/t1/ready", r#"{"line_id":"l"}"#, KITCHEN),
    ("POST", "/v1/stores/s1/tickets/t1/bump", "{}", KITCHEN),
    ("POST", "/v1/stores/s1/tickets/t1/recall", "{}", KITCHEN),
    ("GET", "/v1/stores/s1/kitchen/grill", "", ALL),
    ("POST", "/v1/stores/s1/orders/x/cancel", r#"{"reason":"r"}"#, STAFF),
    ("POST", "/v1/stores/s1/stock/86", r#"{"sku":"soup"}"#, KITCHEN),
    ("POST", "/v1/stores/s1/stock/un86", r#"{"sku":"soup"}"#, KITCHEN),
    ("POST", "/v1/stores/s1/stock/receive", r#"{"sku":"soup","qty":1}"#, BOSSES),
    ("POST", "/v1/stores/s1/stock/count", r#"{"sku":"soup","counted":60}"#, BOSSES),
    ("POST", "/v1/stores/s1/stock/policy", r#"{"sku":"soup","policy":"counted"}"#, BOSSES),
    ("PUT", "/v1/menu/items/pie", r#"{"name":"Pie","price":500}"#, BOSSES),
    ("PUT", "/v1/menu/taxes/food", r#"{"name":"VAT 7 %","percent_ppm":70000,"inclusive":true}"#, BOSSES),
    ("POST", "/v1/menu/publish", "{}", BOSSES),
    ("PUT", "/v1/stores/s1/prices/water", r#"{"price":400}"#, BOSSES),
    ("PUT", "/v1/stores/s1/availability/water", r#"{"available":true}"#, BOSSES),
    ("PUT", "/v1/stores/s3", r#"{"name":"Three","currency":"EUR","time_zone":"Europe/Berlin"}"#, BOSSES),
    ("POST", "/v1/tokens", r#"{"role":"pos","label":"till"}"#, ADMIN),
    ("GET", "/v1/tokens", "", [true, false, false, false, false, true]),
    ("POST", "/v1/devices", r#"{"store":"s1","terminal":"till_9","role":"pos","label":"till"}"#, BOSSES),
    ("GET", "/v1/devices", "", BOSSES),
    ("DELETE", "/v1/devices/nothere", "", BOSSES),
    ("DELETE", "/v1/stores/s1/drawers/nothere", "", BOSSES),
    ("PUT", "/v1/staff/ana", r#"{"rights":["comp"]}"#, BOSSES),
    ("GET", "/v1/staff", "", BOSSES),
    ("GET", "/v1/stores/s1/menu", "", ALL),
    ("GET", "/v1/stores/s1/orders", "", ALL),
    ("GET", "/v1/stores/s1/stock", "", ALL),
    ("GET", "/v1/stores/s1/payments", "", ALL),
    ("GET", "/v1/stores", "", ALL),
    ("GET", "/v1/reports/sales", "", READERS),
    ("GET", "/v1/feed?limit=1", "", READERS),
    ("GET", "/v1/stores/s1/orders/x/history", "", READERS),
    (
        "POST",
        "/v1/stores/s1/orders/price",
        r#"{"order_id":"y","channel":"pos","dining_mode":"dine_in","pay_mode":"later"}"#,
        ALL,
    ),
];

fn body_of(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).expect("a body") }
}

#[test]
fn every_operation_is_for_its_roles_only() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        for (role, index) in ROLES.iter().zip(0..) {
            let mut client = server.till(role);
            for (method, path, text, allowed) in OPERATIONS {
                let reply = client.command(method, path, &body_of(text)).await;
                let is_forbidden = reply.status == 403;
                assert_eq!(is_forbidden, !allowed[index], "{role} {method} {path}: {}", reply.status);
                assert!(reply.status < 500 && reply.status != 401, "{role} {method} {path}: {:?}", reply.body);
            }
        }
        let mut nobody = gateway::client::Client::new(&server.url, "cmd_0000_wrong").expect("a URL");
        for (method, path, text, _) in OPERATIONS {
            let key = key();
            let sent = nobody.call(method, path, &[("idempotency-key", &key)], text.into()).await;
            let told = sent.expect_err("nobody may do anything").to_string();
            assert!(told.contains("401"), "{method} {path}: {told}");
        }
    });
}

/// What a token that is good at s1 alone is let do of an operation to s1, beside what its role is: lists show what is its own.
fn is_within(method: &str, path: &str) -> bool {
    let lists = ["/v1/stores", "/v1/reports/sales", "/v1/feed?limit=1", "/v1/staff", "/v1/devices"];
    path.starts_with("/v1/stores/s1")
        || (method == "GET" && lists.contains(&path))
        || (method == "POST" && path == "/v1/devices")
        || path.starts_with("/v1/devices/")
}

/// The same operations by tokens that are good at their store, and at another one: the matrix with a third side.
#[test]
fn every_operation_is_for_its_roles_and_stores_only() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        let mut cells = 0;
        for (role, index) in ROLES.iter().zip(0..) {
            for (store, is_own) in [("s1", true), ("s2", false)] {
                let body = json!({"role": role, "label": format!("{role} of {store}"), "stores": [store]});
                let issued = admin.post("/v1/tokens", &body).await.expect(201);
                let mut client = crate::server::Till::new(&server.url, issued["token"].as_str().expect("a token"));
                for (method, path, text, allowed) in OPERATIONS {
                    let reply = client.command(method, path, &body_of(text)).await;
                    let is_list = !path.starts_with("/v1/stores/") && method == "GET";
                    let removes = path.starts_with("/v1/devices/");
                    let may = allowed[index] && is_within(method, path) && (is_own || is_list || removes);
                    assert_eq!(reply.status != 403, may, "{role} of {store} {method} {path}: {}", reply.status);
                    assert!(
                        reply.status < 500 && reply.status != 401,
                        "{role} of {store} {method} {path}: {:?}",
                        reply.body
                    );
                    cells += 1;
                }
            }
        }
        assert_eq!(cells, 2 * ROLES.len() * OPERATIONS.len());
    });
}

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
