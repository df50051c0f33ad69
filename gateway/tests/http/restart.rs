//! What a restart, a kill and a deleted read model leave: everything that was acknowledged, and the same answers.

use crate::server::{House, comanda, key, run};
use serde_json::{Value, json};

fn order(id: &str) -> Value {
    let lines = json!([{"line_id": "l1", "item_id": "lasagne", "qty": 1}]);
    json!({"order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines, "place": true})
}

#[test]
fn a_repeat_gives_the_same_answer_after_a_kill() {
    let mut house = House::new();
    let mut kept = vec![];
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        for index in 0..20 {
            let (key, body) = (key(), order(&format!("kept{index}")));
            let reply = till.send("POST", "/v1/stores/s1/orders", &[("idempotency-key", &key)], &body).await;
            reply.expect(201);
            kept.push((key, body, reply.body));
        }
        let payment = json!({"payment_id": "p1", "tender": "cash", "tendered": 2000});
        let (key, path) = (key(), "/v1/stores/s1/orders/kept0/payments");
        let paid = till.send("POST", path, &[("idempotency-key", &key)], &payment).await;
        paid.expect(201);
        // Nothing is left to settle: an accepted command that changed nothing.
        let settle = "/v1/stores/s1/orders/kept0/complete";
        let settled =
            till.send("POST", settle, &[("idempotency-key", "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d99")], &json!({})).await;
        settled.expect(200);
        kept.push((key, payment, paid.body));
    });
    server.kill();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        for (index, (key, body, answer)) in kept.iter().enumerate() {
            let path = if index < 20 { "/v1/stores/s1/orders" } else { "/v1/stores/s1/orders/kept0/payments" };
            let reply = till.send("POST", path, &[("idempotency-key", key)], body).await;
            assert_eq!((reply.status, &reply.body), (201, answer), "{index}");
            assert_eq!(reply.headers["idempotency-replayed"], "true");
        }
        let (key, _, _) = &kept[0];
        let other = till.send("POST", "/v1/stores/s1/orders", &[("idempotency-key", key)], &order("other")).await;
        assert_eq!(other.expect(422)["code"], "idempotency_key_reused");
        let stock = till.get("/v1/stores/s1/stock").await.expect(200);
        let lasagne = stock["items"].as_array().unwrap().iter().find(|item| item["sku"] == "lasagne").unwrap().clone();
        assert_eq!((&lasagne["available"], &lasagne["on_hand"]), (&json!(20), &json!(39)));
    });
}

/// What the metrics page says of one series.
async fn metric(till: &mut crate::server::Till, name: &str) -> u64 {
    let page = till.get("/metrics").await.body;
    let page = String::from_utf8_lossy(&page).into_owned();
    let line = page.lines().find(|line| line.split([' ', '{']).next() == Some(name));
    let value = line.and_then(|line| line.split(' ').nth(1)).unwrap_or_else(|| panic!("no {name} in {page}"));
    value.parse().expect("a number")
}

#[test]
fn an_old_order_is_found_behind_a_snapshot() {
    let little = ["--stores-in-memory", "1", "--closed-orders-in-memory", "0", "--ids-in-memory", "8"];
    let arguments = [&little[..], &["--snapshot-events", "50"]].concat();
    let mut house = House::new();
    let server = house.serve_with(&arguments);
    let (first_key, paid_key) = (key(), key());
    let payment = json!({"payment_id": "p0", "tender": "cash"});
    let (opened, paid) = run(async {
        let mut till = server.till("pos");
        let orders = "/v1/stores/s1/orders";
        let opened = till.send("POST", orders, &[("idempotency-key", &first_key)], &order("old")).await;
        opened.expect(201);
        let path = "/v1/stores/s1/orders/old/payments";
        let paid = till.send("POST", path, &[("idempotency-key", &paid_key)], &payment).await;
        paid.expect(201);
        // Until a snapshot was taken, and a lot of closed orders has left memory.
        let mut number = 0;
        while number < 100 || metric(&mut till, "comanda_engine_snapshots_total").await == 0 {
            let order = json!({"order_id": format!("n{number}"), "channel": "pos", "dining_mode": "take_away",
                "pay_mode": "later", "lines": [{"line_id": "l1", "item_id": "espresso", "qty": 1}], "place": true});
            till.post(orders, &order).await.expect(201);
            let path = format!("/v1/stores/s1/orders/n{number}/payments");
            till.post(&path, &json!({"payment_id": format!("n{number}"), "tender": "cash"})).await.expect(201);
            number += 1;
        }
        (opened.body, paid.body)
    });
    server.kill();
    assert!(house.data().join("snapshot.redb").exists());
    let server = house.serve_with(&arguments);
    run(async {
        let mut till = server.till("manager");
        assert!(0 < metric(&mut till, "comanda_engine_snapshot_position").await);
        let again = till.send("POST", "/v1/stores/s1/orders", &[("idempotency-key", &first_key)], &order("old")).await;
        assert_eq!((again.status, &again.body), (201, &opened));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        let path = "/v1/stores/s1/orders/old/payments";
        let again = till.send("POST", path, &[("idempotency-key", &paid_key)], &payment).await;
        assert_eq!((again.status, &again.body), (201, &paid));
        let other = till.send("POST", path, &[("idempotency-key", &first_key)], &payment).await;
        assert_eq!(other.expect(422)["code"], "idempotency_key_reused");
        let twice = till.post("/v1/stores/s1/orders", &order("old")).await;
        assert_eq!(twice.expect(422)["code"], "order_exists");
        let refund = json!({"refund_id": "r1", "reason": "Cold"});
        till.post("/v1/stores/s1/payments/p0/refunds", &refund).await.expect(201);
        let more = json!({"refund_id": "r2", "reason": "Cold"});
        assert_eq!(
            till.post("/v1/stores/s1/payments/p0/refunds", &more).await.expect(422)["code"],
            "nothing_to_refund"
        );
        assert!(0 < metric(&mut till, "comanda_engine_fetches_total").await);
    });
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn deleted_views_come_back_the_same() {
    let mut house = House::new();
    let server = house.serve();
    let paths = [
        "/v1/stores/s1/orders",
        "/v1/stores/s1/stock",
        "/v1/stores/s1/menu",
        "/v1/stores/s1/payments",
        "/v1/stores",
        "/v1/reports/sales?by=item",
        "/v1/reports/sales?by=hour",
        "/v1/reports/sales?by=tender",
        "/v1/reports/sales?date=posting_date",
        "/v1/stores/s1/days",
        "/v1/tokens",
    ];
    let read = async |server: &crate::server::Server| {
        let mut admin = server.till("admin");
        let feed = admin.get("/v1/feed").await;
        let last = feed.body.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap().to_vec();
        let last: Value = serde_json::from_slice(&last).unwrap();
        let mut bodies = vec![];
        for path in paths {
            let mark = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{mark}min_position={}", last["position"].as_str().unwrap());
            let mut reply = admin.get(&path).await;
            while reply.status == 503 {
                reply = admin.get(&path).await;
            }
            // The hour of a token's last use is not in the log, so it may be lost.
            let mut body = reply.expect(200);
            for entry in body["items"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                entry.remove("last_used_at");
            }
            bodies.push(body);
        }
        bodies
    };
    let before = run(async {
        let mut till = server.till("pos");
        let mut date = String::new();
        for index in 0..5 {
            let opened = till.post("/v1/stores/s1/orders", &order(&format!("v{index}"))).await.expect(201);
            opened["events"][0]["data"]["business_date"].as_str().unwrap().clone_into(&mut date);
        }
        till.post("/v1/stores/s1/orders/v1/payments", &json!({"payment_id": "p", "tender": "cash"})).await.expect(201);
        let close = format!("/v1/stores/s1/days/{date}/close");
        server.till("manager").post(&close, &json!({})).await.expect(200);
        till.post("/v1/stores/s1/orders/v2/cancel", &json!({"reason": "Wrong table"})).await.expect(200);
        read(&server).await
    });
    assert_eq!(server.stop(), Some(0));
    std::fs::remove_dir_all(house.data().join("views")).expect("the views are there");
    let server = house.serve();
    let after = run(read(&server));
    for (path, (before, after)) in paths.iter().zip(before.iter().zip(&after)) {
        assert_eq!(before, after, "{path}");
    }
}

#[test]
fn a_second_server_on_the_directory_is_refused() {
    let mut house = House::new();
    let server = house.serve();
    let output =
        comanda().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&server.data).output().expect("it runs");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("in use by another process"), "{told}");
    let busy = server.url.trim_start_matches("http://").to_owned();
    let elsewhere = house.path().join("elsewhere");
    let output = comanda().args(["serve", "--listen", &busy, "--data"]).arg(elsewhere).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("cannot listen on"), "{told}");
}

#[test]
fn replay_reads_a_stopped_servers_log_and_a_running_servers_feed() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        till.post("/v1/stores/s1/orders", &order("r1")).await.expect(201);
    });
    let (url, token, data) = (server.url.clone(), server.tokens["analyst"].clone(), server.data.clone());
    let live = comanda().args(["replay", "--url", &url, "--token", &token]).output().expect("it runs");
    assert!(live.status.success(), "{}", String::from_utf8_lossy(&live.stderr));
    assert_eq!(server.stop(), Some(0));
    let offline = comanda().args(["replay", "--data"]).arg(&data).output().expect("it runs");
    assert!(offline.status.success(), "{}", String::from_utf8_lossy(&offline.stderr));
    assert!(live.stdout == offline.stdout, "the feed and the log say the same");
    let placed = comanda().args(["replay", "--types", "OrderPlaced", "--data"]).arg(&data).output().expect("it runs");
    let lines: Vec<Value> = placed
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("an event"))
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["type"], &lines[0]["order_id"]), (&json!("OrderPlaced"), &json!("r1")));
    let nowhere = comanda().args(["replay", "--data"]).arg(house.path().join("nowhere")).output().expect("it runs");
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("there is no log in"));
}
