//! The kitchen, through the door: courses, tickets, a void after fire with approval.

use crate::server::{House, Till, key, run};
use serde_json::{Value, json};

/// The lasagne is made at the stove, the soup there too, and nobody makes the water.
pub async fn open_the_kitchen(manager: &mut Till) {
    let settings = json!({
        "name": "Old Town", "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": "on",
        "approvals": {"needed": ["void_fired"]},
    });
    manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
    manager.command("PUT", "/v1/staff/boss", &json!({"rights": ["void_fired"]})).await.expect(200);
    let dish = |name: &str, price: u32, station: &str| json!({"name": name, "price": price, "taxes": ["food"], "sku": name, "station": station});
    for (item, price, station) in [("goulash", 1400, "stove"), ("tiramisu", 700, "pastry")] {
        let put = manager.command("PUT", &format!("/v1/menu/items/{item}"), &dish(item, price, station)).await;
        assert_eq!(put.expect(200)["events"][0]["data"]["station"], station);
        manager.post("/v1/stores/s1/stock/policy", &json!({"sku": item, "policy": "counted"})).await.expect(200);
        manager.post("/v1/stores/s1/stock/receive", &json!({"sku": item, "qty": 10})).await.expect(200);
    }
    manager.post("/v1/menu/publish", &json!({})).await.expect(200);
    // The store adopts right behind the publication; the order that finds the item proves it.
    let probe = json!({"order_id": "probe", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "first", "place": true,
        "lines": [{"line_id": "l1", "item_id": "goulash", "qty": 11}]});
    while manager.post("/v1/stores/s1/orders", &probe).await.expect(422)["code"] != "out_of_stock" {}
}

pub async fn board(client: &mut Till, station: &str, position: &str) -> Vec<Value> {
    let path = format!("/v1/stores/s1/kitchen/{station}?min_position={position}");
    client.get(&path).await.expect(200)["items"].as_array().expect("a list").clone()
}

async fn stock(client: &mut Till, sku: &str, position: &str) -> Value {
    let stock = client.get(&format!("/v1/stores/s1/stock?min_position={position}")).await.expect(200);
    let items = stock["items"].as_array().expect("a list").clone();
    items.into_iter().find(|item| item["sku"] == sku).expect("the sku")["on_hand"].clone()
}

#[test]
fn a_table_eats_two_courses() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        open_the_kitchen(&mut manager).await;
        let (mut till, mut cook) = (server.till("pos"), server.till("kitchen"));
        let lines = json!([
            {"line_id": "l1", "item_id": "goulash", "qty": 2, "course": 1, "note": "not too hot"},
            {"line_id": "l2", "item_id": "tiramisu", "qty": 2, "course": 2},
            {"line_id": "l3", "item_id": "water"},
        ]);
        let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "table": "t4", "guests": 2, "lines": lines, "place": true});
        till.post("/v1/stores/s1/orders", &order).await.expect(201);
        let path = "/v1/stores/s1/orders/o1";
        till.post(&format!("{path}/hold"), &json!({"line_ids": ["l2"]})).await.expect(200);
        let fired = till.post(&format!("{path}/fire"), &json!({})).await;
        fired.expect(200);
        assert_eq!(stock(&mut till, "goulash", &fired.position()).await, 8);
        assert_eq!(stock(&mut till, "tiramisu", &fired.position()).await, 60);
        let tickets = board(&mut cook, "stove", &fired.position()).await;
        assert_eq!(tickets.len(), 1);
        let ticket = &tickets[0];
        assert_eq!((&ticket["state"], &ticket["table"], &ticket["fire"]), (&json!("new"), &json!("t4"), &json!(1)));
        let line = &ticket["lines"][0];
        assert_eq!(
            (&line["name"], &line["open"], &line["note"]),
            (&json!("goulash"), &json!(2), &json!("not too hot"))
        );
        assert_eq!(board(&mut cook, "pastry", &fired.position()).await, Vec::<Value>::new());

        // What the kitchen has is voided, by two people, and what was cooked is waste.
        let fewer = till.command("PATCH", &format!("{path}/lines/l1"), &json!({"qty": 1})).await.expect(422);
        assert_eq!((&fewer["code"], &fewer["fired"]), (&json!("line_fired"), &json!(2)));
        let void = json!({"line_id": "l1", "qty": 1, "reason": "Dropped", "wasted": true});
        let alone = till.post(&format!("{path}/void-line"), &void).await.expect(422);
        assert_eq!((&alone["code"], &alone["right"]), (&json!("approval_required"), &json!("void_fired")));
        let voided = till.approved("boss", "POST", &format!("{path}/void-line"), &void).await;
        voided.expect(200);
        assert_eq!(stock(&mut till, "goulash", &voided.position()).await, 8);
        let tickets = board(&mut cook, "stove", &voided.position()).await;
        assert_eq!((&tickets[0]["lines"][0]["open"], &tickets[0]["lines"][0]["cancelled"]), (&json!(1), &json!(1)));

        let id = tickets[0]["ticket_id"].as_str().expect("an id");
        let at_ticket = |what: &str| format!("/v1/stores/s1/tickets/{id}/{what}");
        cook.post(&at_ticket("start"), &json!({})).await.expect(200);
        cook.post(&at_ticket("ready"), &json!({"line_id": "l1"})).await.expect(200);
        let bumped = cook.post(&at_ticket("bump"), &json!({})).await;
        bumped.expect(200);
        assert_eq!(board(&mut cook, "stove", &bumped.position()).await, Vec::<Value>::new());
        let recalled = cook.post(&at_ticket("recall"), &json!({})).await;
        recalled.expect(200);
        assert_eq!(board(&mut cook, "stove", &recalled.position()).await[0]["state"], "started");
        let bumped = cook.post(&at_ticket("bump"), &json!({})).await;
        let view = till.get(&format!("{path}?min_position={}", bumped.position())).await.expect(200);
        assert_eq!((&view["prep_state"], &view["ticket_ids"]), (&json!("ready"), &json!([id])));
        let line = &view["lines"][0];
        assert_eq!((&line["qty"], &line["voided"], &line["ready"]), (&json!(1), &json!(1), &json!(1)));
        assert_eq!(cook.post(&format!("{path}/serve"), &json!({})).await.status, 403);
        till.post(&format!("{path}/serve"), &json!({})).await.expect(200);

        // 14.00 + 2 x 7.00 + 3.90, paid before the second course: the order waits for it.
        let cash = json!({"payment_id": "p1", "tender": "cash", "expected_total": 3190});
        till.post(&format!("{path}/payments"), &cash).await.expect(201);
        assert_eq!(till.post(&format!("{path}/complete"), &json!({})).await.expect(422)["code"], "not_served");
        let second = till.post(&format!("{path}/fire"), &json!({"course": 2})).await.expect(200);
        let created = second["events"].as_array().expect("events");
        let created = created.iter().find(|event| event["type"] == "TicketCreated").expect("a ticket");
        assert_eq!(created["data"]["station"], "pastry");
        let name = created["stream"].as_str().expect("a stream").rsplit('.').next().expect("an id").to_owned();
        cook.post(&format!("/v1/stores/s1/tickets/{name}/bump"), &json!({})).await.expect(200);
        let done = till.post(&format!("{path}/serve"), &json!({"line_ids": ["l2"]})).await;
        done.expect(200);
        let view = till.get(&format!("{path}?min_position={}", done.position())).await.expect(200);
        assert_eq!((&view["state"], &view["prep_state"]), (&json!("completed"), &json!("served")));
        let late = cook.post(&at_ticket("recall"), &json!({})).await.expect(422);
        assert_eq!(late["code"], "order_closed");
        let never = cook.post("/v1/stores/s1/tickets/t99/bump", &json!({})).await.expect(404);
        assert_eq!(never["code"], "unknown_ticket");
        let history = server.till("auditor").get(&format!("{path}/history")).await.expect(200);
        let told =
            |kind: &str| history.as_array().expect("a list").iter().filter(|event| event["type"] == kind).count();
        assert_eq!(
            (told("TicketCreated"), told("TicketBumped"), told("LineVoided"), told("StockVoided")),
            (2, 3, 1, 1)
        );
    });
}

#[test]
fn a_counter_cooks_what_is_paid() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        open_the_kitchen(&mut manager).await;
        let (mut till, mut cook) = (server.till("pos"), server.till("kitchen"));
        let order = json!({"order_id": "o1", "channel": "kiosk", "dining_mode": "take_away", "pay_mode": "first", "place": true,
            "lines": [{"line_id": "l1", "item_id": "goulash"}]});
        let placed = till.post("/v1/stores/s1/orders", &order).await;
        placed.expect(201);
        assert_eq!(board(&mut cook, "stove", &placed.position()).await, Vec::<Value>::new());
        let early = till.post("/v1/stores/s1/orders/o1/fire", &json!({})).await.expect(422);
        assert_eq!(early["code"], "payment_due");
        let card = json!({"payment_id": "p1", "tender": "card"});
        till.post("/v1/stores/s1/orders/o1/payments", &card).await.expect(201);
        let paid = till.post("/v1/stores/s1/payments/p1/outcome", &json!({"outcome": "captured"})).await;
        paid.expect(200);
        assert_eq!(stock(&mut till, "goulash", &paid.position()).await, 9);
        let tickets = board(&mut cook, "stove", &paid.position()).await;
        let batch = json!({"commands": [
            {"command_id": key(), "type": "ticket.bump", "ticket_id": tickets[0]["ticket_id"]},
            {"command_id": key(), "type": "order.serve", "order_id": "o1"},
        ]});
        let answer = till.send("POST", "/v1/stores/s1/commands", &[], &batch).await.expect(200);
        let last = &answer["results"][1];
        assert_eq!(last["status"], "accepted", "{answer}");
        let position = last["position"].as_str().expect("a position");
        let view = till.get(&format!("/v1/stores/s1/orders/o1?min_position={position}")).await.expect(200);
        assert_eq!((&view["state"], &view["prep_state"]), (&json!("completed"), &json!("served")));
    });
}

/// A table is moved, gets a server, and a dish for nothing; the sales tell that from a discount.
#[test]
fn a_guest_who_waited_is_not_charged() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        open_the_kitchen(&mut manager).await;
        let settings = json!({
            "name": "Old Town", "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": "on",
            "approvals": {"needed": ["comp"]},
        });
        manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
        manager.command("PUT", "/v1/staff/boss", &json!({"rights": ["comp"]})).await.expect(200);
        let (mut till, mut cook) = (server.till("pos"), server.till("kitchen"));
        let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "table": "t4", "place": true, "lines": [
                {"line_id": "l1", "item_id": "goulash"}, {"line_id": "l2", "item_id": "tiramisu"}]});
        till.post("/v1/stores/s1/orders", &order).await.expect(201);
        let path = "/v1/stores/s1/orders/o1";
        till.post(&format!("{path}/fire"), &json!({})).await.expect(200);

        let moved = till.post(&format!("{path}/table"), &json!({"table": "t7"})).await;
        let data = &moved.expect(200)["events"][0]["data"];
        assert_eq!((&data["from"], &data["to"]), (&json!("t4"), &json!("t7")));
        let nowhere = till.post(&format!("{path}/table"), &json!({"table": "a table"})).await;
        assert_eq!(nowhere.expect(400)["pointer"], "/table");
        assert_eq!(board(&mut cook, "stove", &moved.position()).await[0]["table"], "t7");
        for (table, count) in [("t4", 0), ("t7", 1)] {
            let list = format!("/v1/stores/s1/orders?state=placed&table={table}&min_position={}", moved.position());
            let list = till.get(&list).await.expect(200);
            assert_eq!(list["items"].as_array().expect("a list").len(), count, "{table}");
        }
        let served = till.post(&format!("{path}/server"), &json!({"staff": "ana"})).await;
        assert_eq!(served.expect(200)["events"][0]["type"], "ServerAssigned");
        let joined = till.post(&format!("{path}/guests"), &json!({"guests": 3})).await;
        assert_eq!(joined.expect(200)["events"][0]["data"], json!({"guests": 3}));
        let view = till.get(&format!("{path}?min_position={}", joined.position())).await.expect(200);
        assert_eq!(view["guests"], 3);

        let comp = json!({"discount_id": "sorry", "line_ids": ["l2"], "reason": "Waited for an hour"});
        let alone = till.post(&format!("{path}/comps"), &comp).await.expect(422);
        assert_eq!((&alone["code"], &alone["right"]), (&json!("approval_required"), &json!("comp")));
        assert_eq!(cook.post(&format!("{path}/comps"), &comp).await.status, 403);
        let nothing = json!({"discount_id": "sorry", "line_ids": [], "reason": "Waited"});
        assert_eq!(till.post(&format!("{path}/comps"), &nothing).await.status, 400);
        let comped = till.approved("boss", "POST", &format!("{path}/comps"), &comp).await;
        assert_eq!(comped.expect(200)["events"][0]["type"], "LinesComped");
        let view = till.get(&format!("{path}?min_position={}", comped.position())).await.expect(200);
        assert_eq!((&view["server"], &view["table"], &view["due"]), (&json!("ana"), &json!("t7"), &json!(1400)));
        let discount = &view["discounts"][0];
        assert_eq!((&discount["comp"], &discount["taken"]), (&json!(true), &json!(700)));
        let sales = "/v1/reports/sales?store=s1&by=item";
        let report = manager.get(&format!("{sales}&min_position={}", comped.position())).await.expect(200);
        let totals = &report["totals"];
        assert_eq!((&totals["gross"], &totals["discounts"], &totals["comps"]), (&json!(2100), &json!(0), &json!(700)));
        assert_eq!((&totals["net"], &report["rows"][1]["comps"]), (&json!(1400), &json!(700)));
    });
}

/// What a guest must not be served goes with the line wherever it is read, also into another order.
#[test]
fn allergens_reach_the_cook() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        open_the_kitchen(&mut manager).await;
        let (mut till, mut cook) = (server.till("pos"), server.till("kitchen"));
        for (order, line) in [("o1", json!({"allergens": "sesame"})), ("o2", json!({}))] {
            let mut line = line;
            line["line_id"] = json!("l1");
            line["item_id"] = json!("goulash");
            let order = json!({"order_id": order, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
                "table": "t4", "guests": 1, "lines": [line], "place": true});
            till.post("/v1/stores/s1/orders", &order).await.expect(201);
        }
        let merged = till.post("/v1/stores/s1/orders/o1/merge", &json!({"target_order_id": "o2"})).await;
        merged.expect(200);
        let fired = till.post("/v1/stores/s1/orders/o2/fire", &json!({})).await;
        fired.expect(200);
        let tickets = board(&mut cook, "stove", &fired.position()).await;
        let on_tickets = tickets.iter().flat_map(|ticket| ticket["lines"].as_array().expect("lines"));
        assert_eq!(on_tickets.filter(|line| line["allergens"] == "sesame").count(), 1, "{tickets:?}");
        let view = till.get(&format!("/v1/stores/s1/orders/o2?min_position={}", fired.position())).await.expect(200);
        let of_order: Vec<_> =
            view["lines"].as_array().expect("lines").iter().map(|line| line["allergens"].clone()).collect();
        assert_eq!(of_order, [Value::Null, json!("sesame")]);
        let feed = manager.get("/v1/feed?types=LineAdded,LinesReceivedByMerge").await;
        let feed = String::from_utf8(feed.body.to_vec()).expect("UTF-8");
        assert_eq!(feed.matches(r#""allergens":"sesame""#).count(), 2, "{feed}");
    });
    server.stop();
}
