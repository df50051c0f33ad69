//! Orders, stock and menus through HTTP.

use crate::server::{House, Till, key, run};
use serde_json::{Value, json};

fn order(id: &str, lines: Value) -> Value {
    json!({"order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": "first", "lines": lines, "place": true})
}

fn one(item: &str, qty: u32) -> Value {
    json!([{"line_id": "l1", "item_id": item, "qty": qty}])
}

async fn available(till: &mut Till, sku: &str, position: &str) -> Value {
    let stock = till.get(&format!("/v1/stores/s1/stock?min_position={position}")).await.expect(200);
    let items = stock["items"].as_array().expect("a list").clone();
    items.into_iter().find(|item| item["sku"] == sku).expect("the sku")["available"].clone()
}

#[test]
fn an_order_is_built_step_by_step() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let id = till.id("o");
        let path = format!("/v1/stores/s1/orders/{id}");
        let opened = till
            .post("/v1/stores/s1/orders", &json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "table": "t4", "guests": 2}))
            .await;
        assert_eq!(opened.expect(201)["events"][0]["type"], "OrderOpened");
        let lines = json!({"lines": [
            {"line_id": "l1", "item_id": "lasagne", "qty": 2},
            {"line_id": "l2", "item_id": "margherita", "variation_id": "small"},
            {"line_id": "l3", "item_id": "espresso", "qty": 3},
        ]});
        till.post(&format!("{path}/lines"), &lines).await.expect(200);
        till.command("PATCH", &format!("{path}/lines/l3"), &json!({"qty": 2})).await.expect(200);
        till.command("DELETE", &format!("{path}/lines/l2"), &Value::Null).await.expect(200);
        let discount = json!({"discount_id": "d1", "percent_ppm": 100_000, "reason": "Regular guest"});
        till.post(&format!("{path}/discounts"), &discount).await.expect(200);
        let charge = json!({"charge_id": "c1", "name": "Service", "percent_ppm": 50_000, "phase": "total"});
        till.post(&format!("{path}/service-charges"), &charge).await.expect(200);
        till.command("DELETE", &format!("{path}/service-charges/c1"), &Value::Null).await.expect(200);
        // 2 x 13.90 + 2 x 2.60 = 33.00, less 10 % = 29.70, taxes inside.
        let wrong = till.post(&format!("{path}/place"), &json!({"expected_total": 3300})).await;
        assert_eq!(wrong.expect(422)["code"], "total_mismatch");
        let placed = till.post(&format!("{path}/place"), &json!({"expected_total": 2970})).await;
        placed.expect(200);
        assert_eq!(available(&mut till, "lasagne", &placed.position()).await, 38);
        let view = till.get(&format!("{path}?min_position={}", placed.position())).await;
        let order = view.expect(200);
        assert_eq!(
            (&order["state"], &order["totals"]["total"], &order["due"]),
            (&json!("placed"), &json!(2970), &json!(2970))
        );
        let tag = view.headers["etag"].clone();
        let again = till.send("GET", &path, &[("if-none-match", &tag)], &Value::Null).await;
        assert_eq!(again.status, 304);
        let stale = till
            .send(
                "POST",
                &format!("{path}/cancel"),
                &[("idempotency-key", &key()), ("if-match", "\"1\"")],
                &json!({"reason": "Guest left"}),
            )
            .await;
        let problem = stale.expect(409);
        assert_eq!(problem["code"], "revision_mismatch");
        let cancelled = till.post(&format!("{path}/cancel"), &json!({"reason": "Guest left"})).await;
        cancelled.expect(200);
        assert_eq!(available(&mut till, "lasagne", &cancelled.position()).await, 40);
        let late = till.post(&format!("{path}/lines"), &json!({"line_id": "l9", "item_id": "water"})).await;
        assert_eq!(late.expect(422)["code"], "order_closed");
    });
}

#[test]
fn prefer_representation_gives_the_order_too() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.device("/v1/stores/s1", "t1").await;
        let id = till.id("o");
        let headers = [("idempotency-key", &*key()), ("prefer", "return=representation"), ("x-terminal", "t1")];
        let answer =
            till.send("POST", "/v1/stores/s1/orders", &headers, &order(&id, one("water", 2))).await.expect(201);
        assert_eq!(answer["order"]["totals"]["total"], 780);
        assert!(answer["order"]["display_number"].as_str().is_some_and(|number| number.starts_with("t1-")));
    });
}

#[test]
fn prices_are_told_without_an_order() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let totals = till.post("/v1/stores/s1/orders/price", &order("x", one("house_wine", 2))).await.expect(200);
        assert_eq!((&totals["total"], &totals["tax_inclusive"]), (&json!(1240), &json!(198)));
        let list = till.get("/v1/stores/s1/orders").await.expect(200);
        assert_eq!(list["items"], json!([]));
    });
}

#[test]
fn bad_input_names_its_field() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let orders = "/v1/stores/s1/orders";
        let no_key = till.send("POST", orders, &[], &order("o1", one("water", 1))).await;
        assert_eq!(no_key.expect(400)["header"], "Idempotency-Key");
        for (body, pointer) in [
            (order("o 1", one("water", 1)), "/order_id"),
            (order("o1", json!([{"line_id": "l1", "item_id": "Water"}])), "/lines/0/item_id"),
            (order("o1", json!([{"line_id": "l1", "item_id": "water", "qty": 0}])), "/lines/0/qty"),
            (order("o1", json!([{"line_id": "l1", "item_id": "water", "colour": "red"}])), "/lines/0/colour"),
        ] {
            let problem = till.post(orders, &body).await.expect(400);
            assert_eq!((&problem["code"], &problem["pointer"]), (&json!("malformed"), &json!(pointer)), "{problem}");
        }
        let unknown = till.post(orders, &order("o1", one("caviar", 1))).await.expect(422);
        assert_eq!((&unknown["code"], &unknown["item_id"]), (&json!("unknown_item"), &json!("caviar")), "{unknown}");
        let elsewhere = till.post("/v1/stores/nowhere/orders", &order("o1", one("water", 1))).await;
        assert_eq!(elsewhere.expect(404)["code"], "unknown_store");
        assert_eq!(till.get("/v1/nothing").await.expect(404)["code"], "not_found");
        assert_eq!(till.send("PUT", orders, &[], &Value::Null).await.expect(405)["code"], "method_not_allowed");
        let big = json!({"reason": "x".repeat(70_000)});
        assert_eq!(till.post("/v1/stores/s1/orders/o1/cancel", &big).await.expect(413)["code"], "too_large");
        let short = till.post(orders, &order("o1", one("seabass", 26))).await.expect(422);
        assert_eq!(short["code"], "out_of_stock");
        assert_eq!(short["shortages"][0]["sku"], "seabass");
        assert_eq!(till.get("/v1/stores/s1/stock?min_position=soon").await.expect(400)["parameter"], "min_position");
    });
}

#[test]
fn sixty_four_tills_race_for_a_thousand_portions() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        let item = json!({"name": "Special of the day", "price": 900, "taxes": ["food"], "sku": "special"});
        manager.command("PUT", "/v1/menu/items/special", &item).await.expect(200);
        manager.post("/v1/stores/s1/stock/policy", &json!({"sku": "special", "policy": "counted"})).await.expect(200);
        manager.post("/v1/stores/s1/stock/receive", &json!({"sku": "special", "qty": 1000})).await.expect(200);
        manager.post("/v1/menu/publish", &json!({})).await.expect(200);
        // The store adopts right behind the publication; the order that finds the item proves it.
        let probe = json!([{"line_id": "l1", "item_id": "special", "qty": 1001}]);
        while manager.post("/v1/stores/s1/orders", &order("probe", probe.clone())).await.expect(422)["code"]
            != "out_of_stock"
        {}
        let mut racing = tokio::task::JoinSet::new();
        for till in 0..64 {
            let mut client = server.till("pos");
            racing.spawn(async move {
                let (mut sold, mut refused) = (0, 0);
                for round in 0..20 {
                    let reply = client
                        .post("/v1/stores/s1/orders", &order(&format!("race_{till}_{round}"), one("special", 1)))
                        .await;
                    match reply.status {
                        201 => sold += 1,
                        422 => {
                            assert_eq!(reply.json()["code"], "out_of_stock");
                            refused += 1;
                        }
                        status => panic!("{status}: {:?}", reply.body),
                    }
                }
                (sold, refused)
            });
        }
        let outcomes = racing.join_all().await;
        let sold: u32 = outcomes.iter().map(|(sold, _)| sold).sum();
        let refused: u32 = outcomes.iter().map(|(_, refused)| refused).sum();
        assert_eq!((sold, refused), (1000, 280));
        let price = manager.post("/v1/stores/s1/stock/86", &json!({"sku": "soup"})).await;
        let stock = manager.get(&format!("/v1/stores/s1/stock?min_position={}", price.position())).await.expect(200);
        let special = stock["items"].as_array().unwrap().iter().find(|item| item["sku"] == "special").unwrap().clone();
        assert_eq!(
            (&special["available"], &special["reserved"], &special["on_hand"]),
            (&json!(0), &json!(1000), &json!(1000))
        );
    });
}

#[test]
fn menus_follow_publications_prices_and_stock() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        let menu = manager.get("/v1/stores/s1/menu").await;
        let tag = menu.headers["etag"].clone();
        let known = manager.send("GET", "/v1/stores/s1/menu", &[("if-none-match", &tag)], &Value::Null).await;
        assert_eq!((known.status, known.body.len()), (304, 0));
        let zipped = manager.send("GET", "/v1/stores/s1/menu", &[("accept-encoding", "gzip")], &Value::Null).await;
        assert_eq!(zipped.headers["content-encoding"], "gzip");
        assert!(zipped.body.len() < menu.body.len());
        let changed = manager.command("PUT", "/v1/stores/s1/prices/water", &json!({"price": 450})).await;
        changed.expect(200);
        let fresh = manager.get(&format!("/v1/stores/s1/menu?min_position={}", changed.position())).await;
        assert_ne!(fresh.headers["etag"], tag);
        let price = |menu: &Value, id: &str| {
            menu["items"].as_array().unwrap().iter().find(|item| item["item_id"] == id).unwrap()["price"].clone()
        };
        assert_eq!(price(&fresh.json(), "water"), 450);
        let other = manager.get("/v1/stores/s2/menu").await.json();
        assert_eq!(price(&other, "water"), 390);
        let gone = manager.command("PUT", "/v1/stores/s1/availability/water", &json!({"available": false})).await;
        gone.expect(200);
        let refused = manager.post("/v1/stores/s1/orders", &order("o1", one("water", 1))).await.expect(422);
        assert_eq!(refused["code"], "item_unavailable");
    });
}

#[test]
fn lists_have_pages() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let mut position = String::new();
        for index in 0..7 {
            let reply = till.post("/v1/stores/s1/orders", &order(&format!("page{index}"), one("espresso", 1))).await;
            reply.expect(201);
            position = reply.position();
        }
        let mut seen = vec![];
        let mut path = format!("/v1/stores/s1/orders?limit=3&min_position={position}");
        loop {
            let page = till.get(&path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["order_id"].as_str().unwrap().to_owned()));
            match page["cursor"].as_str() {
                Some(cursor) => path = format!("/v1/stores/s1/orders?limit=3&cursor={cursor}"),
                None => break,
            }
        }
        let expected: Vec<String> = (0..7).rev().map(|index| format!("page{index}")).collect();
        assert_eq!(seen, expected);
        let none = till.get("/v1/stores/s1/orders?state=cancelled").await.expect(200);
        assert_eq!(none["items"], json!([]));
        assert_eq!(till.get("/v1/stores/s1/orders?cursor=zzz").await.expect(400)["parameter"], "cursor");
        assert_eq!(till.get("/v1/stores/s1/orders?limit=0").await.expect(400)["parameter"], "limit");
    });
}

#[test]
fn batches_answer_command_by_command() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let (open, bad, cancel) = (key(), key(), key());
        let batch = json!({"commands": [
            {"command_id": open, "type": "order.open", "body": order("b1", one("water", 1))},
            {"command_id": bad, "type": "order.open", "body": order("b2", one("caviar", 1))},
            {"command_id": cancel, "type": "order.cancel", "order_id": "b1", "body": {"reason": "Changed mind"}},
            {"command_id": key(), "type": "menu.publish"},
        ]});
        let status = |reply: &Value| -> Vec<String> {
            let results = reply["results"].as_array().unwrap();
            results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
        };
        let first = till.send("POST", "/v1/stores/s1/commands", &[], &batch).await.expect(200);
        assert_eq!(status(&first), ["accepted", "rejected", "accepted", "rejected"], "{first}");
        assert_eq!(first["results"][1]["code"], "unknown_item");
        assert_eq!(first["results"][3]["code"], "forbidden");
        let again = till.send("POST", "/v1/stores/s1/commands", &[], &batch).await.expect(200);
        assert_eq!(status(&again), ["duplicate", "rejected", "duplicate", "rejected"]);
        assert_eq!(again["results"][0]["position"], first["results"][0]["position"]);
    });
}
