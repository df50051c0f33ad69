//! Payments that a provider takes: everything through the door, against a provider that repeats, delays, contradicts and
//! loses what it says, and through `kill -9`.

use crate::server::{House, Server, Till, key, run};
use crate::simulator::{Held, Simulator};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ACCOUNT: &str = "sim";
/// How many payments; `COMANDA_PAYMENTS` asks for another number, `COMANDA_PAYMENT_KILLS` for another number of kills.
const PAYMENTS: usize = 300;
const KILLS: usize = 1;
/// Tills that send them.
const TILLS: usize = 16;
/// How long the rest may take to settle once all are sent.
const SETTLE: Duration = Duration::from_secs(120);

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |number| number.parse().expect("a number"))
}

fn say(line: &str) {
    // Past the capture of the test runner: it is what the run is for.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A server that knows the simulator as its account.
async fn served(house: &mut House, simulator: &Arc<Simulator>, query_after_ms: u64) -> Server {
    let path = house.path().join("providers.toml");
    std::fs::write(&path, simulator.settings(ACCOUNT, "s1", query_after_ms)).expect("a file");
    let server = house.serve_with(&["--providers", path.to_str().expect("UTF-8")]);
    simulator.talk_to(&server.url, &[ACCOUNT]);
    server
}

/// A command, again and again under its key, until somebody answers who has an answer.
async fn insist(till: &mut Till, path: &str, body: &Value) -> (u16, Value) {
    let key = key();
    loop {
        let headers = [("idempotency-key", key.as_str())];
        if let Some(reply) = till.try_send("POST", path, &headers, body).await
            && reply.status != 503
        {
            return (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn look(till: &mut Till, path: &str) -> Value {
    loop {
        if let Some(reply) = till.try_send("GET", path, &[], &Value::Null).await
            && reply.status != 503
        {
            return serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until `is_it` says so of what is read there.
async fn wait_for(till: &mut Till, path: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + SETTLE;
    loop {
        let seen = look(till, path).await;
        if is_it(&seen) {
            return seen;
        }
        assert!(Instant::now() < until, "{path} stays {seen}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn order(id: &str, qty: usize) -> Value {
    json!({
        "order_id": id, "channel": "kiosk", "dining_mode": "take_away", "pay_mode": "first", "place": true,
        "lines": [{"line_id": "l1", "item_id": "espresso", "qty": qty}],
    })
}

/// One guest: an order, a payment through the provider, and for some a tip before the money is asked for.
async fn guest(till: &mut Till, number: usize) {
    let (order_id, payment) = (format!("o{number}"), format!("p{number}"));
    let (status, placed) = insist(till, "/v1/stores/s1/orders", &order(&order_id, 1 + number % 7)).await;
    assert_eq!(status, 201, "{placed}");
    let is_manual = number.is_multiple_of(3);
    let capture = if is_manual { "manual" } else { "automatic" };
    let body =
        json!({"payment_id": payment, "tender": "card", "provider_account": ACCOUNT, "capture": capture, "tip": 7});
    let (status, answer) = insist(till, &format!("/v1/stores/s1/orders/{order_id}/payments"), &body).await;
    // After a kill the order's time may be over.
    if status != 201 {
        assert_eq!((status, &answer["code"]), (422, &json!("order_closed")), "{answer}");
        return;
    }
    if !is_manual {
        return;
    }
    let path = format!("/v1/stores/s1/payments/{payment}");
    let seen = wait_for(till, &path, |seen| seen["state"].is_string() && seen["state"] != "initiated").await;
    if seen["state"] != "authorised" {
        return;
    }
    if number.is_multiple_of(2) {
        let (status, answer) = insist(till, &format!("{path}/tip"), &json!({"tip": 50})).await;
        assert!(status == 200 || answer["code"].is_string(), "{answer}");
    }
    // Where the order's time was over first it is refused.
    let (status, answer) = insist(till, &format!("{path}/capture"), &Value::Null).await;
    assert!(status == 200 || answer["code"].is_string(), "{answer}");
}

/// Every payment of the store, by id.
async fn all_payments(till: &mut Till) -> BTreeMap<String, Value> {
    let (mut all, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = look(till, &format!("/v1/stores/s1/payments?limit=500{cursor}")).await;
        for payment in page["items"].as_array().expect("a list") {
            all.insert(payment["payment_id"].as_str().expect("an id").to_owned(), payment.clone());
        }
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn metric(till: &mut Till, name: &str) -> u64 {
    let page = till.try_send("GET", "/metrics", &[], &Value::Null).await.expect("metrics");
    let text = String::from_utf8(page.body.to_vec()).expect("text");
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} is not in {text}"));
    line.rsplit(' ').next().expect("a value").parse().expect("a number")
}

fn sum(payment: &Value, fields: &[&str]) -> i64 {
    fields.iter().map(|field| payment[field].as_i64().unwrap_or_default()).sum()
}

/// No order takes anything but the leftovers of money once it is closed.
fn nobody_is_revived(feed: &str) -> (usize, usize) {
    let mut closed: HashMap<String, String> = HashMap::new();
    for line in feed.lines().filter(|line| !line.is_empty()) {
        let event: Value = serde_json::from_str(line).expect("an event");
        let (stream, kind) = (event["stream"].as_str().expect("a stream"), event["type"].as_str().expect("a type"));
        if let Some(state) = closed.get(stream) {
            assert!(matches!(kind, "PaymentNotApplicable" | "RefundRecorded"), "{kind} after {state}: {event}");
        }
        if let "OrderCancelled" | "OrderCompleted" = kind {
            closed.insert(stream.to_owned(), kind.to_owned());
        }
    }
    let cancelled = closed.values().filter(|kind| *kind == "OrderCancelled").count();
    (closed.len() - cancelled, cancelled)
}

/// Tills that send `payments` guests between them; the number of the next one.
fn open_tills(server: &Server, payments: usize) -> (Vec<tokio::task::JoinHandle<()>>, Arc<AtomicUsize>) {
    let next = Arc::new(AtomicUsize::new(0));
    let till = |_| {
        let (next, url, token) = (Arc::clone(&next), server.url.clone(), server.tokens["pos"].clone());
        tokio::spawn(async move {
            let mut till = Till::new(&url, &token);
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if payments <= number {
                    return;
                }
                guest(&mut till, number).await;
            }
        })
    };
    ((0..TILLS).map(till).collect(), next)
}

/// Orders that are paid first wait for two seconds only.
async fn hurry(server: &Server) {
    let mut manager = server.till("manager");
    let store = look(&mut manager, "/v1/stores/s1").await;
    let put = json!({
        "name": "Sim", "currency": store["currency"], "time_zone": store["time_zone"], "cut_off": store["cut_off"],
        "payment_timeout_s": 2,
    });
    manager.command("PUT", "/v1/stores/s1", &put).await.expect(200);
}

/// Waits until every payment has its outcome, every refund too, and nobody owes or says anything any more.
async fn settled(till: &mut Till, simulator: &Simulator, house: &House) -> BTreeMap<String, Value> {
    let is_open = |payment: &Value| {
        let refunds = payment["refunds"].as_array().into_iter().flatten();
        matches!(payment["state"].as_str(), Some("initiated" | "authorised"))
            || refunds.into_iter().any(|refund| refund["state"] == "requested")
    };
    let until = Instant::now() + SETTLE;
    loop {
        let all = all_payments(till).await;
        let open: Vec<&Value> = all.values().filter(|payment| is_open(payment)).collect();
        let owed = metric(till, "comanda_provider_owed").await;
        if open.is_empty() && owed == 0 && simulator.under_way.load(Ordering::SeqCst) == 0 {
            return all;
        }
        assert!(
            Instant::now() < until,
            "{owed} owed, {} open, such as {:?}\n{}",
            open.len(),
            open.first(),
            house.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What was captured and what was given back, by the provider's book and by ours, payment by payment.
fn compare(book: &HashMap<String, Held>, ours: &BTreeMap<String, Value>) -> [(i64, i64); 2] {
    let captured = |payment: &Value| match payment["state"] == "captured" {
        true => sum(payment, &["amount", "tip"]),
        false => 0,
    };
    let mut theirs = (0, 0);
    for held in book.values() {
        let payment = &ours[held.reference.strip_prefix("demo.s1.").expect("a payment of the store")];
        assert_eq!(captured(payment), held.captured, "{held:?} {payment}");
        assert_eq!(sum(payment, &["refunded"]), held.refunded(), "{held:?} {payment}");
        theirs = (theirs.0 + held.captured, theirs.1 + held.refunded());
    }
    let references: BTreeSet<&str> = book.values().map(|held| held.reference.as_str()).collect();
    assert_eq!(references.len(), book.len(), "the provider was asked for a payment twice");
    let of_ours = ours.values().fold((0, 0), |all, one| (all.0 + captured(one), all.1 + sum(one, &["refunded"])));
    [theirs, of_ours]
}

/// Neither a read model that is rebuilt nor an outbox that is found again in the log asks for anything twice.
async fn nothing_is_asked_twice(house: &mut House, simulator: &Simulator, settled: &BTreeMap<String, Value>) {
    let asked = simulator.counts.requests.load(Ordering::Relaxed);
    std::fs::remove_dir_all(house.data().join("views")).expect("there are views");
    std::fs::remove_file(house.data().join("providers.redb")).expect("there is an outbox");
    let settings = house.path().join("providers.toml");
    let server = house.serve_with(&["--providers", settings.to_str().expect("UTF-8")]);
    let mut till = server.till("admin");
    assert_eq!(all_payments(&mut till).await.len(), settled.len());
    let (head, until) = (metric(&mut till, "comanda_log_head_position").await, Instant::now() + SETTLE);
    while metric(&mut till, "comanda_provider_position").await < head
        || metric(&mut till, "comanda_provider_owed").await != 0
    {
        assert!(Instant::now() < until, "something stays owed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What was to be let go of and had failed there is looked at once more; nothing is asked for.
    let is_looked_at = |payment: &&Value| {
        payment["void_requested"] == true && matches!(payment["state"].as_str(), Some("expired" | "failed"))
    };
    let looked = simulator.counts.requests.load(Ordering::Relaxed) - asked;
    assert!(looked as usize <= settled.values().filter(is_looked_at).count(), "{looked} requests");
}

#[test]
fn every_payment_settles_and_the_books_agree() {
    let (payments, kills) = (number("COMANDA_PAYMENTS", PAYMENTS), number("COMANDA_PAYMENT_KILLS", KILLS));
    let seed = number("COMANDA_SEED", 1) as u64;
    let mut house = House::new();
    run(async {
        let simulator = Simulator::start(seed).await;
        let mut server = served(&mut house, &simulator, 400).await;
        hurry(&server).await;
        let address = server.url.trim_start_matches("http://").to_owned();
        let settings = house.path().join("providers.toml");
        let started = Instant::now();
        let (tills, next) = open_tills(&server, payments);
        for kill in 1..=kills {
            while next.load(Ordering::SeqCst) < payments * kill / (kills + 1) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            server.kill();
            let arguments = ["--listen", &address, "--providers", settings.to_str().expect("UTF-8")];
            server = house.serve_with_listen(&arguments);
        }
        for till in tills {
            till.await.expect("no till panics");
        }
        let mut till = server.till("admin");
        let all = settled(&mut till, &simulator, &house).await;
        let took = started.elapsed();
        let feed = till.get("/v1/feed").await;
        let (completed, cancelled) = nobody_is_revived(std::str::from_utf8(&feed.body).expect("text"));
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        all.values().for_each(|payment| *states.entry(payment["state"].as_str().expect("a state")).or_default() += 1);
        let [theirs, ours] = compare(&simulator.book(), &all);
        say(&format!(
            "provider: seed {seed}, {} payments {states:?}, {completed} orders completed, {cancelled} cancelled, {kills} kills; \
             captured {} - refunded {} = {} here, {} in the provider's book; {}; {took:.1?}",
            all.len(),
            ours.0,
            ours.1,
            ours.0 - ours.1,
            theirs.0 - theirs.1,
            simulator.counts,
        ));
        assert_eq!(ours, theirs);
        assert!(0 < states["captured"] && !states.contains_key("needs_review"), "{states:?}");
        assert_eq!(server.stop(), Some(0));
        nothing_is_asked_twice(&mut house, &simulator, &all).await;
    });
}

#[test]
fn a_till_authorises_tips_captures_and_gives_back() {
    let mut house = House::new();
    run(async {
        // A seed by which this guest is in time and pays.
        let simulator = Simulator::start(11).await;
        let server = served(&mut house, &simulator, 200).await;
        let mut till = server.till("pos");
        till.post("/v1/stores/s1/orders", &order("o1", 2)).await.expect(201);
        let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": ACCOUNT, "capture": "manual"});
        let other = json!({"payment_id": "p1", "tender": "card", "provider_account": "paypal"});
        let unknown = till.post("/v1/stores/s1/orders/o1/payments", &other).await.expect(400);
        assert_eq!(unknown["pointer"], "/provider_account", "{unknown}");
        let asked = till.post("/v1/stores/s1/orders/o1/payments", &pay).await.expect(201);
        assert_eq!(asked["events"][1]["type"], "AuthorisationRequested");
        let by_hand = till.post("/v1/stores/s1/payments/p1/outcome", &json!({"outcome": "captured"})).await.expect(422);
        assert_eq!(by_hand["code"], "provider_decides");
        let path = "/v1/stores/s1/payments/p1";
        let seen = wait_for(&mut till, path, |seen| seen["state"].is_string() && seen["state"] != "initiated").await;
        assert_eq!(seen["state"], "authorised", "{seen}");
        assert_eq!((&seen["provider_account"], &seen["authorised"]), (&json!(ACCOUNT), &json!(520)));
        let high = till.post(&format!("{path}/tip"), &json!({"tip": 300})).await.expect(422);
        assert_eq!((&high["code"], &high["max"]), (&json!("tip_too_high"), &json!(260)));
        till.post(&format!("{path}/tip"), &json!({"tip": 80})).await.expect(200);
        till.post(&format!("{path}/capture"), &Value::Null).await.expect(200);
        let seen = wait_for(&mut till, path, |seen| seen["state"] == "captured").await;
        assert_eq!(sum(&seen, &["amount", "tip"]), 600);
        wait_for(&mut till, "/v1/stores/s1/orders/o1", |order| order["state"] == "completed").await;
        till.post(&format!("{path}/void"), &json!({"reason": "Wrong table"})).await.expect(200);
        let seen = wait_for(&mut till, path, |seen| seen["refunded"] == 600).await;
        assert_eq!(seen["refunds"][0]["refund_id"], "void");
        let held = simulator.book().values().next().expect("a payment").clone();
        assert_eq!((held.captured, held.refunded()), (600, 600));
        // An order that is cancelled lets go of what was set aside for it.
        till.post("/v1/stores/s1/orders", &order("o2", 1)).await.expect(201);
        let pay = json!({"payment_id": "p2", "tender": "card", "provider_account": ACCOUNT, "capture": "manual"});
        till.post("/v1/stores/s1/orders/o2/payments", &pay).await.expect(201);
        till.post("/v1/stores/s1/orders/o2/cancel", &json!({"reason": "Guest left"})).await.expect(200);
        wait_for(&mut till, "/v1/stores/s1/payments/p2", |seen| {
            matches!(seen["state"].as_str(), Some("voided" | "failed"))
        })
        .await;
    });
}

#[test]
fn webhooks_are_believed_when_signed_and_count_once() {
    let mut house = House::new();
    run(async {
        let simulator = Simulator::start(3).await;
        // The provider is never asked for the payment below, and never in time.
        simulator.is_down.store(true, Ordering::SeqCst);
        let server = served(&mut house, &simulator, 60_000).await;
        let mut till = server.till("pos");
        let captured = |id: &str, amount: i64| {
            let data = json!({"payment_id": "pay_1", "reference": format!("demo.s1.{id}"), "amount": amount, "currency": "EUR"});
            json!({"type": "payment.captured", "data": data}).to_string()
        };
        let send = |event: &'static str, body: String| {
            let simulator = Arc::clone(&simulator);
            async move { simulator.send(event, &body, None).await.expect("an answer") }
        };
        let forged =
            simulator.send("e0", &captured("p1", 260), Some(b"another secret of mine")).await.expect("an answer");
        assert_eq!((forged.0, &forged.1["code"]), (400, &json!("signature_invalid")));
        let unread = send("e0", "{}".to_owned()).await;
        assert_eq!((unread.0, &unread.1["code"]), (400, &json!("malformed")));
        let nothing = send("e0", json!({"type": "payout.paid", "data": {}}).to_string()).await;
        assert_eq!(nothing, (200, json!({"status": "ignored"})));
        // Nobody learns which accounts there are.
        for path in ["/v1/webhooks/standard/nobody", "/v1/webhooks/stripe/sim"] {
            assert_eq!(till.post(path, &json!({})).await.expect(400)["code"], "signature_invalid");
        }
        let large = send("e0", "x".repeat((64 << 10) + 1)).await;
        assert_eq!(large.0, 413);
        // It fits no payment yet: it is kept until there is one.
        assert_eq!(send("e1", captured("p1", 260)).await, (200, json!({"status": "parked"})));
        assert_eq!(send("e1", captured("p1", 260)).await, (200, json!({"status": "parked"})));
        let list = till.get("/v1/stores/s1/payments?state=unmatched").await.expect(200);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
        assert_eq!((&list["items"][0]["payment_id"], &list["items"][0]["kind"]), (&json!("p1"), &json!("captured")));
        // Through a restart, too.
        let url = server.url.clone();
        server.kill();
        let settings = house.path().join("providers.toml");
        let listen = url.trim_start_matches("http://").to_owned();
        let server = house.serve_with_listen(&["--listen", &listen, "--providers", settings.to_str().expect("UTF-8")]);
        let mut till = server.till("pos");
        let list = till.get("/v1/stores/s1/payments?state=unmatched").await.expect(200);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
        till.post("/v1/stores/s1/orders", &order("o1", 1)).await.expect(201);
        let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": ACCOUNT});
        till.post("/v1/stores/s1/orders/o1/payments", &pay).await.expect(201);
        wait_for(&mut till, "/v1/stores/s1/payments/p1", |seen| seen["state"] == "captured").await;
        wait_for(&mut till, "/v1/stores/s1/payments?state=unmatched", |list| list["items"] == json!([])).await;
        // What is another store's, or another tenant's, is not kept here: both share the merchant account.
        for reference in ["demo.s2.p1", "acme.s1.p1"] {
            let data = json!({"payment_id": "pay_9", "reference": reference, "amount": 260, "currency": "EUR"});
            let body = json!({"type": "payment.captured", "data": data}).to_string();
            assert_eq!(send("e9", body).await, (200, json!({"status": "ignored"})), "{reference}");
        }
        // Repeats, in the same words and in others, and what comes too late change nothing.
        assert_eq!(send("e1", captured("p1", 260)).await, (200, json!({"status": "repeated"})));
        assert_eq!(send("e1", captured("p1", 999)).await, (200, json!({"status": "repeated"})));
        let data = json!({"payment_id": "pay_1", "reference": "demo.s1.p1", "code": "no_funds"});
        let failed = json!({"type": "payment.failed", "data": data}).to_string();
        assert_eq!(send("e2", failed).await, (200, json!({"status": "recorded"})));
        // One that names no payment of ours is known by the provider's id.
        let disputed = json!({"type": "payment.disputed", "data": {"payment_id": "pay_1"}}).to_string();
        assert_eq!(send("e3", disputed).await, (200, json!({"status": "recorded"})));
        let seen = wait_for(&mut till, "/v1/stores/s1/payments/p1", |seen| seen["disputed"] == true).await;
        assert_eq!((&seen["state"], &seen["provider_ref"]), (&json!("captured"), &json!("pay_1")));
        // Another amount than asked for is for a person.
        till.post("/v1/stores/s1/orders", &order("o2", 1)).await.expect(201);
        let pay = json!({"payment_id": "p2", "tender": "card", "provider_account": ACCOUNT});
        till.post("/v1/stores/s1/orders/o2/payments", &pay).await.expect(201);
        let data = json!({"payment_id": "pay_2", "reference": "demo.s1.p2", "amount": 1, "currency": "EUR"});
        let body = json!({"type": "payment.captured", "data": data}).to_string();
        assert_eq!(send("e4", body).await.0, 200);
        let list = "/v1/stores/s1/payments?state=needs_review";
        let seen = wait_for(&mut till, list, |list| list["items"][0]["payment_id"] == "p2").await;
        assert_eq!(seen["items"][0]["flags"][0]["why"], "amount_differs");
        let order = till.get("/v1/stores/s1/orders/o2").await.expect(200);
        assert_eq!((&order["state"], &order["paid"]), (&json!("placed"), &json!(0)));
        assert!(0 < metric(&mut till, "comanda_provider_requests_failed_total").await);
        let log = house.log();
        assert!(
            !log.contains(crate::simulator::API_KEY) && !log.contains(crate::simulator::SECRET),
            "a secret is logged"
        );
    });
}

/// Two stores, one merchant account, one payment id.
#[test]
fn stores_that_share_a_merchant_account_do_not_meet() {
    const OTHER: &str = "other";
    let mut house = House::new();
    run(async {
        let simulator = Simulator::start(4).await;
        let path = house.path().join("providers.toml");
        let settings = [simulator.settings(ACCOUNT, "s1", 200), simulator.settings(OTHER, "s2", 200)].concat();
        std::fs::write(&path, settings).expect("a file");
        let server = house.serve_with(&["--providers", path.to_str().expect("UTF-8")]);
        simulator.talk_to(&server.url, &[ACCOUNT, OTHER]);
        let mut till = server.till("pos");
        let stores = [("s1", ACCOUNT, 2), ("s2", OTHER, 3)];
        for (store, account, qty) in stores {
            till.post(&format!("/v1/stores/{store}/orders"), &order("o1", qty)).await.expect(201);
            let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": account});
            till.post(&format!("/v1/stores/{store}/orders/o1/payments"), &pay).await.expect(201);
        }
        let (mut references, mut all) = (BTreeSet::new(), 0);
        for (store, account, _) in stores {
            let path = format!("/v1/stores/{store}/payments/p1");
            let seen =
                wait_for(&mut till, &path, |seen| seen["state"] == "captured" || seen["state"] == "failed").await;
            let held = simulator.book().values().find(|held| held.reference == format!("demo.{store}.p1")).cloned();
            let held = held.expect("the provider was asked for it");
            let captured = if seen["state"] == "captured" { sum(&seen, &["amount"]) } else { 0 };
            assert_eq!((captured, &seen["provider_ref"]), (held.captured, &json!(held.id)), "{account}: {seen}");
            let body = json!({"reason": "Wrong table"});
            till.post(&format!("{path}/void"), &body).await.expect(200);
            wait_for(&mut till, &path, |seen| sum(seen, &["refunded"]) == captured).await;
            references.insert(held.id);
            all += captured;
        }
        assert!(0 < all, "somebody pays by this seed");
        assert_eq!((references.len(), simulator.book().len()), (2, 2));
        while simulator.under_way.load(Ordering::SeqCst) != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for (store, ..) in stores {
            let list = till.get(&format!("/v1/stores/{store}/payments?state=unmatched")).await.expect(200);
            assert_eq!(list["items"], json!([]), "{store}");
        }
    });
}

/// A provider is asked by TLS, and by nobody who cannot say who is at the other end.
#[test]
fn a_provider_is_who_its_certificate_says() {
    const STRANGER: &str = "stranger";
    let mut house = House::new();
    run(async {
        let simulator = Simulator::start_tls(11).await;
        let path = house.path().join("providers.toml");
        std::fs::write(house.path().join("authority.pem"), crate::simulator::AUTHORITY).expect("a file");
        // Nobody on this machine vouches for the second account's provider, which is the same one.
        let known = simulator.settings(ACCOUNT, "s1", 200).replace("api_key", "ca_file = \"authority.pem\"\napi_key");
        let other = "ca_file = \"other.pem\"\napi_key";
        let stranger = simulator.settings(STRANGER, "s2", 200).replace("api_key", other);
        std::fs::write(house.path().join("other.pem"), include_str!("certificates/other.pem")).expect("a file");
        std::fs::write(&path, [known, stranger].concat()).expect("a file");
        let server = house.serve_with(&["--providers", path.to_str().expect("UTF-8")]);
        simulator.talk_to(&server.url, &[ACCOUNT]);
        let mut till = server.till("pos");
        for (store, account) in [("s1", ACCOUNT), ("s2", STRANGER)] {
            till.post(&format!("/v1/stores/{store}/orders"), &order("o1", 2)).await.expect(201);
            let pay = json!({"payment_id": "p1", "tender": "card", "provider_account": account});
            till.post(&format!("/v1/stores/{store}/orders/o1/payments"), &pay).await.expect(201);
        }
        let seen = wait_for(&mut till, "/v1/stores/s1/payments/p1", |seen| seen["state"] == "captured").await;
        assert!(seen["provider_ref"].is_string(), "{seen}");
        let until = Instant::now() + SETTLE;
        while metric(&mut till, "comanda_provider_breaker_open{account=\"stranger\"}").await == 0 {
            assert!(Instant::now() < until, "the stranger is asked");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let seen = till.get("/v1/stores/s2/payments/p1").await.expect(200);
        assert_eq!(seen["state"], "initiated");
        assert_eq!(simulator.book().len(), 1, "nothing was asked of who may be anybody");
        assert!(house.log().contains("UnknownIssuer"), "{}", house.log());
    });
}

#[test]
fn a_provider_that_is_away_is_left_alone_and_asked_again() {
    let mut house = House::new();
    run(async {
        let simulator = Simulator::start(11).await;
        simulator.is_down.store(true, Ordering::SeqCst);
        let server = served(&mut house, &simulator, 200).await;
        let mut till = server.till("pos");
        for number in 0..8 {
            till.post("/v1/stores/s1/orders", &order(&format!("o{number}"), 1)).await.expect(201);
            let pay = json!({"payment_id": format!("p{number}"), "tender": "card", "provider_account": ACCOUNT});
            till.post(&format!("/v1/stores/s1/orders/o{number}/payments"), &pay).await.expect(201);
        }
        let until = Instant::now() + SETTLE;
        while metric(&mut till, "comanda_provider_breaker_open").await == 0 {
            assert!(Instant::now() < until, "the breaker stays closed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        simulator.is_down.store(false, Ordering::SeqCst);
        for number in 0..8 {
            let path = format!("/v1/stores/s1/payments/p{number}");
            wait_for(&mut till, &path, |seen| seen["state"] == "captured" || seen["state"] == "failed").await;
        }
        while metric(&mut till, "comanda_provider_owed").await != 0 {
            assert!(Instant::now() < until, "something stays owed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(simulator.book().len(), 8, "each was asked for once");
        assert_eq!(metric(&mut till, "comanda_provider_breaker_open").await, 0);
    });
}

#[test]
fn a_bad_file_of_providers_stops_the_start() {
    let house = House::new();
    let path = house.path().join("providers.toml");
    for (adapter, base_url, told) in [
        ("paypal", "http://127.0.0.1", "account a: adapter is not one that there is; take one of standard, stripe"),
        // What is asked there moves money, with a key that everybody on the way would read.
        ("standard", "http://x", "account a: base_url must start with https://"),
    ] {
        let text = format!(
            "[[account]]\nid = \"a\"\nadapter = \"{adapter}\"\ntenant = \"demo\"\nstore = \"s1\"\nbase_url = \"{base_url}\"\n"
        );
        std::fs::write(&path, text).unwrap();
        let output = crate::server::comanda()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(house.data())
            .arg("--providers")
            .arg(&path)
            .output()
            .expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains(told), "{said}");
    }
}
