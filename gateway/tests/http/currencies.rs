//! Providers count differently: what Stripe is asked for and what it says, in currencies that it counts in its own way.

use crate::server::{House, Server, Till, run};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use bytes::Bytes;
use gateway::client::Client;
use gateway::providers::signature::sign;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SECRET: &str = "whsec_for_stripe_tests";

/// Stripe as far as it is asked here: it takes what it is asked, and keeps how it was asked.
#[derive(Default)]
struct Stripe {
    asked: Mutex<Vec<String>>,
    /// Of the payment it was asked for.
    currency: Mutex<String>,
}

impl Stripe {
    async fn start() -> (Arc<Stripe>, String) {
        let stripe = Arc::new(Stripe::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = Router::new()
            .route("/v1/payment_intents", post(intent))
            .route("/v1/payment_intents/{id}/capture", post(capture))
            .route("/v1/refunds", post(refund))
            .with_state(Arc::clone(&stripe));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (stripe, url)
    }

    fn note(&self, body: &Bytes) -> String {
        let body = String::from_utf8(body.to_vec()).expect("a form is text");
        self.asked.lock().unwrap().push(body.clone());
        body
    }

    /// Waits until it was asked something with these words.
    async fn was_asked(&self, words: &str) -> String {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(asked) = self.asked.lock().unwrap().iter().find(|asked| asked.contains(words)) {
                return asked.clone();
            }
            assert!(Instant::now() < until, "{words} is not in {:?}", self.asked.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A value of a form.
fn value<'a>(form: &'a str, name: &str) -> &'a str {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
}

async fn intent(State(stripe): State<Arc<Stripe>>, body: Bytes) -> axum::Json<Value> {
    let form = stripe.note(&body);
    let amount: i64 = value(&form, "amount").parse().expect("a number");
    *stripe.currency.lock().unwrap() = value(&form, "currency").to_owned();
    axum::Json(json!({
        "id": "pi_1", "object": "payment_intent", "amount": amount, "currency": value(&form, "currency"),
        "status": "requires_payment_method", "metadata": {"payment_id": value(&form, "metadata[payment_id]")},
    }))
}

async fn capture(State(stripe): State<Arc<Stripe>>, Path(id): Path<String>, body: Bytes) -> axum::Json<Value> {
    let form = stripe.note(&body);
    let amount: i64 = value(&form, "amount_to_capture").parse().expect("a number");
    axum::Json(json!({
        "id": id, "object": "payment_intent", "amount": amount, "amount_received": amount, "currency": *stripe.currency.lock().unwrap(),
        "status": "succeeded",
    }))
}

async fn refund(State(stripe): State<Arc<Stripe>>, body: Bytes) -> axum::Json<Value> {
    let form = stripe.note(&body);
    let amount: i64 = value(&form, "amount").parse().expect("a number");
    axum::Json(json!({
        "id": "re_1", "object": "refund", "amount": amount, "currency": *stripe.currency.lock().unwrap(), "status": "succeeded",
        "payment_intent": "pi_1",
        "metadata": {"payment_id": value(&form, "metadata[payment_id]"), "refund_id": value(&form, "metadata[refund_id]")},
    }))
}

/// A webhook as Stripe signs it.
async fn webhook(server: &Server, event: &str, kind: &str, object: Value) -> (u16, Value) {
    let body = json!({"id": event, "type": kind, "data": {"object": object}}).to_string();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let time = since.as_secs().to_string();
    let signature = sign(SECRET.as_bytes(), &[time.as_bytes(), b".", body.as_bytes()]);
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let header = format!("t={time},v1={hex}");
    let mut client = Client::new(&server.url, "none").expect("an address");
    let headers = [("stripe-signature", header.as_str())];
    let answer = client.stream("POST", "/v1/webhooks/stripe/card", &headers, body.into()).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn settings(house: &House, url: &str, store: &str) -> String {
    let path = house.path().join("providers.toml");
    let text = format!(
        "[[account]]\nid = \"card\"\nadapter = \"stripe\"\ntenant = \"demo\"\nstore = \"{store}\"\nbase_url = \"{url}\"\n\
         api_key = \"sk_test\"\nwebhook_secrets = [\"{SECRET}\"]\nquery_after_ms = 60000\n"
    );
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// A store in this currency that sells a dish at this price, and an order of it.
async fn order(manager: &mut Till, store: &str, currency: &str, price: i64) {
    let path = format!("/v1/stores/{store}");
    let put = json!({"name": "Far away", "currency": currency, "time_zone": "UTC"});
    manager.command("PUT", &path, &put).await.expect(200);
    manager.command("PUT", "/v1/menu/items/dish", &json!({"name": "Dish", "open_price": true})).await.expect(200);
    let published = manager.post("/v1/menu/publish", &json!({})).await;
    published.expect(200);
    let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "place": true,
        "lines": [{"line_id": "l1", "item_id": "dish", "price": price}]});
    while manager.post(&format!("{path}/orders"), &order).await.status == 422 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn wait_for(till: &mut Till, path: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let reply = till.get(path).await;
        if reply.status == 200 && is_it(&reply.json()) {
            return reply.json();
        }
        assert!(Instant::now() < until, "{path} stays {:?}", reply.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn t6_shillings_and_kronur_are_asked_for_as_stripe_counts_them() {
    for (store, currency, price, asked_for) in [("kampala", "UGX", 5_000, 500_000), ("akureyri", "ISK", 990, 99_000)] {
        let mut house = House::new();
        run(async {
            let (stripe, url) = Stripe::start().await;
            let file = settings(&house, &url, store);
            let server = house.serve_with(&["--providers", &file]);
            let mut till = server.till("manager");
            order(&mut till, store, currency, price).await;
            let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": "card", "capture": "manual"});
            till.post(&format!("/v1/stores/{store}/orders/o1/payments"), &pay).await.expect(201);
            let asked = stripe.was_asked("metadata[payment_id]").await;
            assert_eq!(value(&asked, "amount"), asked_for.to_string(), "{asked}");
            assert_eq!(value(&asked, "currency"), currency.to_lowercase());
            let object = json!({"id": "pi_1", "object": "payment_intent", "amount": asked_for, "amount_capturable": asked_for,
                "currency": currency.to_lowercase(), "metadata": {"payment_id": format!("demo.{store}.p1")}});
            let told = webhook(&server, "evt_1", "payment_intent.amount_capturable_updated", object).await;
            assert_eq!(told, (200, json!({"status": "recorded"})));
            let path = format!("/v1/stores/{store}/payments/p1");
            let seen = wait_for(&mut till, &path, |seen| seen["state"] == "authorised").await;
            assert_eq!(seen["authorised"], price);
            till.post(&format!("{path}/capture"), &Value::Null).await.expect(200);
            assert_eq!(stripe.was_asked("amount_to_capture").await, format!("amount_to_capture={asked_for}"));
            let object = json!({"id": "pi_1", "object": "payment_intent", "amount": asked_for, "amount_received": asked_for,
                "currency": currency.to_lowercase(), "metadata": {"payment_id": format!("demo.{store}.p1")}});
            webhook(&server, "evt_2", "payment_intent.succeeded", object).await;
            let seen = wait_for(&mut till, &path, |seen| seen["state"] == "captured").await;
            assert_eq!((&seen["amount"], &seen["flags"]), (&json!(price), &json!([])), "nothing differs: {seen}");
            let back = json!({"refund_id": "r1", "amount": 100, "reason": "Cold"});
            till.post(&format!("{path}/refunds"), &back).await.expect(201);
            let asked = stripe.was_asked("metadata[refund_id]").await;
            assert_eq!(value(&asked, "amount"), "10000");
        });
    }
}

#[test]
fn t6_dinars_are_asked_for_in_the_steps_that_stripe_takes() {
    let mut house = House::new();
    run(async {
        let (stripe, url) = Stripe::start().await;
        let file = settings(&house, &url, "kuwait");
        let server = house.serve_with(&["--providers", &file]);
        let mut till = server.till("manager");
        order(&mut till, "kuwait", "KWD", 5_124).await;
        let path = "/v1/stores/kuwait/orders/o1/payments";
        let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": "card"});
        let refused = till.post(path, &pay).await.expect(422);
        assert_eq!((&refused["code"], &refused["step"]), (&json!("amount_between_steps"), &json!(10)), "{refused}");
        let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": "card", "amount": 5_120});
        let asked = till.post(path, &pay).await.expect(201);
        assert_eq!(asked["events"][1]["data"]["amount_step"], 10, "{asked}");
        assert_eq!(value(&stripe.was_asked("metadata[payment_id]").await, "amount"), "5120");
        // The rest, less than Stripe can move, in cash.
        till.post(path, &json!({"payment_id": "p2", "tender": "cash", "amount": 4})).await.expect(201);
    });
}

#[test]
fn t6_a_currency_that_the_adapter_does_not_know_is_refused() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let put = json!({"name": "Baghdad", "currency": "IQD", "time_zone": "Asia/Baghdad"});
        server.till("manager").command("PUT", "/v1/stores/baghdad", &put).await.expect(200);
    });
    assert_eq!(server.stop(), Some(0));
    // At the start, where the store is there.
    let file = settings(&house, "http://127.0.0.1:1", "baghdad");
    let output = crate::server::comanda()
        .args(["serve", "--listen", "127.0.0.1:0", "--providers", &file, "--data"])
        .arg(house.data())
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let expected = "the currency of store baghdad is IQD, and the adapter stripe of account card does not know how its provider counts it";
    assert!(told.contains(expected), "{told}");
    assert!(output.stdout.is_empty(), "nobody is told an address");
    // And when a store is opened that has such an account already.
    let file = settings(&house, "http://127.0.0.1:1", "tripoli");
    let server = house.serve_with(&["--providers", &file]);
    run(async {
        let mut manager = server.till("manager");
        let put = |currency: &str| json!({"name": "Tripoli", "currency": currency, "time_zone": "Africa/Tripoli"});
        let refused = manager.command("PUT", "/v1/stores/tripoli", &put("LYD")).await.expect(400);
        assert_eq!(refused["pointer"], "/currency", "{refused}");
        assert!(refused["detail"].as_str().expect("a text").contains("does not know how its provider counts it"));
        manager.command("PUT", "/v1/stores/tripoli", &put("TND")).await.expect(200);
    });
    assert_eq!(server.stop(), Some(0));
}
