//! Tills as people meet them: what they sold while they were away stands, whichever part of it comes first, whatever their
//! clock says, and a tab is over when somebody says so.

use crate::server::{House, Reply, Till, ago, business_date, key, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";

/// A command that a till kept at a place of its queue.
fn kept(seq: u64, kind: &str, about: Value, body: Value) -> Value {
    let mut command = json!({
        "command_id": key(), "type": kind, "source": "offline", "terminal": "till_1", "terminal_seq": seq,
        "occurred_at": ago(60), "body": body,
    });
    command.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
    command
}

fn open(order: &str, pay_mode: &str, lines: Value) -> Value {
    json!({"order_id": order, "channel": "pos", "dining_mode": "dine_in", "pay_mode": pay_mode, "lines": lines, "place": true})
}

fn beer() -> Value {
    json!([{"line_id": "l1", "item_id": "beer", "qty": 1}])
}

fn cash(order: &str, payment: &str, amount: i64, seq: u64) -> Value {
    let body = json!({"payment_id": payment, "tender": "cash", "amount": amount});
    kept(seq, "payment.initiate", json!({"order_id": order}), body)
}

async fn upload(till: &mut Till, commands: &[&Value]) -> Value {
    let commands: Vec<Value> = commands.iter().map(|command| (*command).clone()).collect();
    till.upload(STORE, &commands).await
}

fn column<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let results = answer["results"].as_array().expect("results");
    results.iter().map(|result| result[field].as_str().unwrap_or("")).collect()
}

/// What is answered to a reader who has seen all that was accepted before: a delivery of soup comes after it.
async fn seen(till: &mut Till, path: &str) -> Reply {
    let delivery = till.post(&format!("{STORE}/stock/receive"), &json!({"sku": "soup", "qty": 1})).await;
    let joint = if path.contains('?') { '&' } else { '?' };
    till.get(&format!("{path}{joint}min_position={}", delivery.position())).await
}

async fn list(till: &mut Till, path: &str) -> Value {
    seen(till, path).await.expect(200)
}

/// What something of the store is now.
async fn now(till: &mut Till, path: &str) -> Value {
    seen(till, &format!("{STORE}/{path}")).await.expect(200)
}

/// The totals of the day that is open.
async fn x(till: &mut Till) -> Value {
    let date = business_date(0);
    list(till, &format!("{STORE}/days/{date}/x")).await["totals"].clone()
}

/// The exceptions of the store, newest first, as `kind code`.
async fn exceptions(till: &mut Till, filter: &str) -> Vec<String> {
    let found = list(till, &format!("{STORE}/exceptions?{filter}")).await;
    let told = |found: &Value| format!("{} {}", found["kind"].as_str().unwrap(), found["code"].as_str().unwrap_or("-"));
    found["items"].as_array().expect("items").iter().map(told).collect()
}

/// Puts two drinks on the menu, one of them free, and one that was sold before the menu was changed.
async fn menu(server: &crate::server::Server) {
    let mut admin = server.till("admin");
    for (item, price) in [("beer", 450), ("tap", 0), ("seasonal", 700)] {
        let body = json!({"name": item, "price": price});
        admin.command("PUT", &format!("/v1/menu/items/{item}"), &body).await.expect(200);
    }
    admin.post("/v1/menu/publish", &json!({})).await.expect(200);
    sells_from(&mut admin, "seasonal", true).await;
    admin.command("DELETE", "/v1/menu/items/seasonal", &Value::Null).await.expect(200);
    admin.post("/v1/menu/publish", &json!({})).await.expect(200);
    sells_from(&mut admin, "seasonal", false).await;
}

/// Waits until the store has adopted the menu that has an item, or has it no more.
async fn sells_from(till: &mut Till, item: &str, has_it: bool) {
    for _ in 0..200 {
        let menu = list(till, &format!("{STORE}/menu")).await.to_string();
        if menu.contains(&format!("\"{item}\"")) == has_it {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the store has not adopted the menu");
}

#[test]
fn t4_what_a_till_sold_stands_whatever_the_menu_is_now() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        let lines = json!([{"line_id": "l1", "item_id": "beer", "qty": 1},
            {"line_id": "l2", "item_id": "seasonal", "qty": 1, "price": 700}]);
        let opened = kept(1, "order.open", json!({}), open("o1", "first", lines));
        let answer = upload(&mut till, &[&opened, &cash("o1", "p1", 1_150, 2)]).await;
        assert_eq!(column(&answer, "status"), ["recorded_with_exception", "accepted"], "{answer}");
        let order = now(&mut till, "orders/o1").await;
        assert_eq!((&order["totals"]["total"], &order["state"]), (&json!(1_150), &json!("completed")), "{order}");
        assert_eq!(order["lines"][1]["name"], "seasonal");
        assert_eq!(now(&mut till, "payments/p1").await["state"], "captured");
        let totals = x(&mut till).await;
        assert_eq!((&totals["sales"], &totals["cash"]), (&json!(1_150), &json!(1_150)));
        assert_eq!(exceptions(&mut till, "").await, ["rule_waived unknown_item"]);

        // Whatever else the menu has against it, line by line.
        let odd = json!([
            {"line_id": "l1", "item_id": "never_was", "qty": 2, "price": 300},
            {"line_id": "l2", "item_id": "beer", "variation_id": "half", "qty": 1, "price": 250},
            {"line_id": "l3", "item_id": "beer", "qty": 1, "modifiers": [{"group_id": "g", "modifier_id": "lime"}]},
            {"line_id": "l4", "item_id": "beer", "qty": 1, "price": 400},
            {"line_id": "l5", "item_id": "beer", "qty": 1},
        ]);
        let opened = kept(3, "order.open", json!({}), open("o2", "first", odd));
        let answer = upload(&mut till, &[&opened, &cash("o2", "p2", 2_150, 4)]).await;
        assert_eq!(column(&answer, "status"), ["recorded_with_exception", "accepted"], "{answer}");
        let told: Vec<&str> = answer["results"][0]["exceptions"]
            .as_array()
            .expect("exceptions")
            .iter()
            .map(|told| told["code"].as_str().expect("a code"))
            .collect();
        assert_eq!(told, ["unknown_item", "unknown_variation", "unknown_modifier_group", "price_not_open"]);
        let order = now(&mut till, "orders/o2").await;
        assert_eq!((&order["totals"]["total"], &order["state"]), (&json!(2_150), &json!("completed")), "{order}");
        // A till that is not away is told.
        let online = till
            .post(
                &format!("{STORE}/orders"),
                &open(
                    "o3",
                    "first",
                    json!([{"line_id": "l1",
            "item_id": "seasonal", "qty": 1}]),
                ),
            )
            .await;
        assert_eq!(online.expect(422)["code"], "unknown_item");
    });
}

#[test]
fn t5_what_waited_takes_effect_when_its_filler_comes() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        let (opened, paid) = (kept(1, "order.open", json!({}), open("o1", "first", beer())), cash("o1", "p1", 450, 2));
        let first = upload(&mut till, &[&paid]).await;
        assert_eq!(
            (column(&first, "status"), column(&first, "code")),
            (vec!["recorded_with_exception"], vec!["sequence_gap"])
        );
        seen(&mut till, &format!("{STORE}/orders/o1")).await.expect(404);
        let waits = list(&mut till, &format!("{STORE}/exceptions?kind=late_command")).await;
        let waits = &waits["items"][0];
        assert_eq!(
            (&waits["code"], &waits["amount"], &waits["waits"]),
            (&json!("unknown_order"), &json!(450), &json!(true))
        );
        let second = upload(&mut till, &[&opened]).await;
        assert_eq!(column(&second, "code"), ["sequence_gap_filled"], "{second}");
        let order = now(&mut till, "orders/o1").await;
        assert_eq!(
            (&order["payment_state"], &order["due"], &order["state"]),
            (&json!("paid"), &json!(0), &json!("completed"))
        );
        assert_eq!(x(&mut till).await["cash"], 450);
        // It is told that it waited and took effect, and nobody has to look after it any more.
        assert_eq!(exceptions(&mut till, "kind=late_command_taken").await, ["late_command_taken late_command_taken"]);
        assert_eq!(exceptions(&mut till, "kind=late_command").await, [""; 0]);
        let resolved = list(&mut till, &format!("{STORE}/exceptions?state=resolved")).await;
        assert_eq!(resolved["items"][0]["resolved"]["by"], "engine");
        for command in [&paid, &opened] {
            assert_eq!(column(&upload(&mut till, &[command]).await, "status"), ["duplicate"]);
        }
        assert_eq!(x(&mut till).await["cash"], 450);
        // Who took the money is who brought it, with what it was brought with.
        let history = list(&mut server.till("manager"), &format!("{STORE}/orders/o1/history")).await;
        let events = history.as_array().expect("events");
        let of = |kind: &str| events.iter().find(|event| event["type"] == kind).expect("it happened");
        let (opened, applied) = (of("OrderOpened"), of("PaymentApplied"));
        assert_eq!(applied["actor"], opened["actor"], "{history}");
        assert!(applied["sent_by"]["device_id"].is_string(), "{history}");
        assert_eq!(applied["sent_by"], opened["sent_by"], "{history}");
    });
}

/// Every order of the parts of a queue, each in an upload of its own, ends alike.
#[test]
fn t5_whichever_part_comes_first_in_any_number_of_uploads() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        let mut taken = 0;
        for (number, order) in arrivals(5).into_iter().enumerate() {
            let terminal = format!("away_{number}");
            let (id, cash_id, card_id) = (format!("o{number}"), format!("c{number}"), format!("k{number}"));
            let mut body = open(&id, "first", beer());
            body.as_object_mut().expect("an object").remove("place");
            let about = || json!({"order_id": id});
            let part = |payment: &str, tender: &str, amount: i64| json!({"payment_id": payment, "tender": tender, "amount": amount});
            let mut queue = [
                kept(1, "order.open", json!({}), body),
                kept(2, "order.place", about(), json!({})),
                kept(3, "payment.initiate", about(), part(&cash_id, "cash", 200)),
                kept(4, "payment.initiate", about(), part(&card_id, "card", 250)),
                kept(5, "payment.record_outcome", json!({"payment_id": card_id}), json!({"outcome": "captured"})),
            ];
            queue.iter_mut().for_each(|command| command["terminal"] = json!(terminal));
            for index in &order {
                upload(&mut till, &[&queue[*index]]).await;
            }
            taken += 1;
            let order_now = now(&mut till, &format!("orders/{id}")).await;
            assert_eq!(
                (&order_now["state"], &order_now["due"]),
                (&json!("completed"), &json!(0)),
                "{order:?}: {order_now}"
            );
        }
        let totals = x(&mut till).await;
        assert_eq!((&totals["cash"], &totals["other"]), (&json!(200 * taken), &json!(250 * taken)));
        assert_eq!(totals["unapplied"], 0);
        assert_eq!(exceptions(&mut till, "kind=late_command").await, [""; 0]);
    });
}

/// All orders of so many things.
fn arrivals(count: usize) -> Vec<Vec<usize>> {
    match count {
        0 => vec![vec![]],
        count => {
            let fewer = arrivals(count - 1);
            let with = |order: &Vec<usize>| {
                (0..count)
                    .map(|at| {
                        let mut order = order.clone();
                        order.insert(at, count - 1);
                        order
                    })
                    .collect::<Vec<_>>()
            };
            fewer.iter().flat_map(with).collect()
        }
    }
}

/// What a person has dealt with by hand does not take effect behind their back.
#[test]
fn t5_what_was_dealt_with_by_hand_waits_no_more() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        let (opened, paid) = (kept(1, "order.open", json!({}), open("o1", "first", beer())), cash("o1", "p1", 450, 2));
        upload(&mut till, &[&paid]).await;
        let waits = list(&mut till, &format!("{STORE}/exceptions?kind=late_command")).await;
        let position = waits["items"][0]["position"].as_str().expect("a position").to_owned();
        let path = format!("{STORE}/exceptions/{position}/resolve");
        till.post(&path, &json!({"note": "Booked as another payment"})).await.expect(200);
        upload(&mut till, &[&opened]).await;
        assert_eq!(now(&mut till, "orders/o1").await["due"], 450);
        seen(&mut till, &format!("{STORE}/payments/p1")).await.expect(404);
    });
}

/// What waits outlives the engine.
#[test]
fn t5_what_waits_outlives_a_kill() {
    let mut house = House::new();
    let server = house.serve();
    let (opened, paid) = (kept(1, "order.open", json!({}), open("o1", "first", beer())), cash("o1", "p1", 450, 2));
    run(async {
        menu(&server).await;
        upload(&mut server.till("manager"), &[&paid]).await;
    });
    server.kill();
    let server = house.serve();
    run(async {
        let mut till = server.till("manager");
        upload(&mut till, &[&opened]).await;
        assert_eq!(now(&mut till, "orders/o1").await["state"], "completed");
    });
}

#[test]
fn t7_a_tab_stays_open_until_somebody_says_that_it_is_over() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        let free = json!([{"line_id": "l1", "item_id": "tap", "qty": 1}]);
        let at = |order: &str, what: &str| format!("{STORE}/orders/{order}/{what}");
        let mut seen = 0;
        // However it comes to nothing, there is nothing to pay, and the guests go on.
        let ways: [(&str, &str, Value); 5] = [
            ("free", "", Value::Null),
            ("comped", "comps", json!({"discount_id": "d1", "line_ids": ["l1"], "reason": "Waited"})),
            ("given", "discounts", json!({"discount_id": "d1", "percent_ppm": 1_000_000, "reason": "Birthday"})),
            ("voided", "void-line", json!({"line_id": "l1", "qty": 1, "reason": "Spilled", "wasted": true})),
            ("removed", "lines/l1", Value::Null),
        ];
        for (order, what, body) in &ways {
            let mut new = open(order, "later", if what.is_empty() { free.clone() } else { beer() });
            new["table"] = json!(format!("t_{order}"));
            till.post(&format!("{STORE}/orders"), &new).await.expect(201);
            match (*what, body) {
                ("", _) => {}
                ("lines/l1", _) => _ = till.command("DELETE", &at(order, what), &Value::Null).await.expect(200),
                (what, body) => _ = till.post(&at(order, what), body).await.expect(200),
            }
            let view = now(&mut till, &format!("orders/{order}")).await;
            assert_eq!((&view["state"], &view["due"]), (&json!("placed"), &json!(0)), "{order}: {view}");
            seen += 1;
        }
        assert_eq!(x(&mut till).await["orders"], seen - 2, "what was taken off altogether is no sale");
        // One more round, and it is a sale like any other; then it is paid.
        let round = json!({"lines": [{"line_id": "l2", "item_id": "beer", "qty": 1}]});
        for (order, ..) in &ways {
            till.post(&at(order, "lines"), &round).await.expect(200);
        }
        let pay = |order: &str| json!({"payment_id": format!("p_{order}"), "tender": "cash"});
        for (order, ..) in ways.iter().filter(|(order, ..)| *order != "given") {
            till.post(&at(order, "payments"), &pay(order)).await.expect(201);
            assert_eq!(now(&mut till, &format!("orders/{order}")).await["state"], "completed", "{order}");
        }
        assert_eq!(x(&mut till).await["orders"], seen);
        // Or it is over without a payment, because somebody says so.
        for (order, how) in [("again_1", "complete"), ("again_2", "cancel")] {
            till.post(&format!("{STORE}/orders"), &open(order, "later", free.clone())).await.expect(201);
            till.post(&at(order, how), &if how == "cancel" { json!({"reason": "Left"}) } else { json!({}) })
                .await
                .expect(200);
            let state = if how == "cancel" { "cancelled" } else { "completed" };
            assert_eq!(now(&mut till, &format!("orders/{order}")).await["state"], state);
        }
        let due = till.post(&format!("{STORE}/orders"), &open("again_3", "later", beer())).await;
        due.expect(201);
        assert_eq!(till.post(&at("again_3", "complete"), &json!({})).await.expect(422)["code"], "payment_due");
    });
}

#[test]
fn t7_a_voided_order_counts_as_no_sale() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        for (order, pay_mode) in [("first", "first"), ("later", "later")] {
            till.post(&format!("{STORE}/orders"), &open(order, pay_mode, beer())).await.expect(201);
            let void = json!({"line_id": "l1", "qty": 1, "reason": "Mistake", "wasted": false});
            till.post(&format!("{STORE}/orders/{order}/void-line"), &void).await.expect(200);
        }
        till.post(&format!("{STORE}/orders/later/complete"), &json!({})).await.expect(200);
        for order in ["first", "later"] {
            assert_eq!(now(&mut till, &format!("orders/{order}")).await["state"], "completed");
        }
        let totals = x(&mut till).await;
        assert_eq!((&totals["orders"], &totals["sales"]), (&json!(0), &json!(0)));
        let (date, path) = (business_date(0), "/v1/reports/sales?store=s1&by=day");
        let sales = list(&mut till, &format!("{path}&from={date}&to={date}")).await;
        assert_eq!(sales["totals"]["orders"], 0, "{sales}");
    });
}

#[test]
fn t11_a_clock_that_cannot_be_right_is_flagged_and_booked_on_the_open_day() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        menu(&server).await;
        let mut till = server.till("manager");
        let mut seq = 0;
        let (never, soon) = ("1970-01-01T00:03:00.000000Z", "2126-01-01T00:00:00.000000Z");
        for (order, at, code) in [("o1", never, "occurred_long_ago"), ("o2", soon, "occurred_in_future")] {
            let mut commands = [
                kept(seq + 1, "order.open", json!({}), open(order, "first", beer())),
                cash(order, &format!("p_{order}"), 450, seq + 2),
            ];
            commands.iter_mut().for_each(|command| command["occurred_at"] = json!(at));
            let answer = upload(&mut till, &[&commands[0], &commands[1]]).await;
            assert_eq!(column(&answer, "status"), ["recorded_with_exception"; 2], "{answer}");
            assert_eq!(column(&answer, "code"), [code; 2]);
            seq += 2;
            let order = now(&mut till, &format!("orders/{order}")).await;
            assert_eq!((&order["business_date"], &order["state"]), (&json!(business_date(0)), &json!("completed")));
        }
        assert_eq!(x(&mut till).await["cash"], 900);
        let told = list(&mut till, &format!("{STORE}/exceptions?kind=clock_behind")).await;
        assert_eq!(told["items"][0]["occurred_at"], never, "{told}");
        // The day is closed; what a person says of the clock moves nothing.
        let date = business_date(0);
        let z = till.post(&format!("{STORE}/days/{date}/close"), &json!({})).await.expect(200);
        let position = told["items"][0]["position"].as_str().expect("a position");
        let note = json!({"note": "It was this evening"});
        till.post(&format!("{STORE}/exceptions/{position}/resolve"), &note).await.expect(200);
        let after = list(&mut till, &format!("{STORE}/days/{date}/z")).await;
        assert_eq!(after["totals"]["cash"], 900, "{z}");
        // How long a till may have been away is the store's to say, and a file's time is taken however old it is.
        let mut admin = server.till("admin");
        let mut settings = list(&mut admin, STORE).await;
        assert_eq!(settings["offline_age_s"], 259_200);
        settings["offline_age_s"] = json!(60);
        for shown in ["store", "menu_version", "revision"] {
            settings.as_object_mut().expect("an object").remove(shown);
        }
        let bad = admin.command("PUT", STORE, &settings).await.expect(400);
        assert_eq!(bad["pointer"], "/offline_age_s");
        settings["offline_age_s"] = json!(3_600);
        admin.command("PUT", STORE, &settings).await.expect(200);
        let mut early = kept(seq + 1, "order.open", json!({}), open("o3", "later", beer()));
        early["occurred_at"] = json!(ago(61));
        assert_eq!(column(&upload(&mut till, &[&early]).await, "code"), ["occurred_long_ago"]);
        let imported = json!({"command_id": key(), "type": "order.open", "source": "imported",
            "occurred_at": "1970-06-01T12:00:00Z", "body": open("o4", "later", beer())});
        assert_eq!(column(&upload(&mut admin, &[&imported]).await, "status"), ["accepted"]);
        assert_eq!(now(&mut admin, "orders/o4").await["business_date"], "1970-06-01");
    });
}
