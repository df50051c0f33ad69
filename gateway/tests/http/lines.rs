//! Lines, their taxes and their prices as people meet them, through the door. The cases are called as in the collection they
//! were taken from.

use crate::server::{House, Till, run};
use serde_json::{Value, json};

/// Puts what is given in the draft of the menu, publishes it, and waits until the store sells it.
async fn sell(manager: &mut Till, put: &[(&str, Value)]) {
    let before = manager.get("/v1/stores/s1/menu").await.expect(200)["version"].as_u64().expect("a version");
    for (path, body) in put {
        manager.command("PUT", &format!("/v1/menu/{path}"), body).await.expect(200);
    }
    manager.post("/v1/menu/publish", &json!({})).await.expect(200);
    while manager.get("/v1/stores/s1/menu").await.expect(200)["version"].as_u64().expect("a version") <= before {}
}

fn tax(ppm: u32, inclusive: bool) -> Value {
    json!({"name": "VAT", "percent_ppm": ppm, "inclusive": inclusive})
}

fn order(id: &str, mode: &str, lines: Value) -> Value {
    json!({"order_id": id, "channel": "pos", "dining_mode": mode, "pay_mode": "later", "place": true, "lines": lines})
}

/// The order after all that was sent before: a change to what it has already writes nothing and says where the log stands.
async fn view(till: &mut Till, id: &str) -> Value {
    let path = format!("/v1/stores/s1/orders/{id}");
    let guests = till.get(&path).await.json()["guests"].clone();
    let same = json!({"guests": if guests.is_null() { json!(1) } else { guests }});
    let position = till.post(&format!("{path}/guests"), &same).await.position();
    till.get(&format!("{path}?min_position={position}")).await.expect(200)
}

/// The total, the tax on top and the tax inside.
fn amounts(order: &Value) -> [i64; 3] {
    ["total", "tax_exclusive", "tax_inclusive"].map(|name| order["totals"][name].as_i64().expect("an amount"))
}

#[test]
fn t12_taxes_follow_how_the_guest_eats() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        let burger = json!({"name": "Burger", "price": 1200, "taxes": ["full"],
            "dining_mode_taxes": [{"dining_mode": "take_away", "taxes": ["less"]}]});
        let put = [("taxes/full", tax(190_000, true)), ("taxes/less", tax(70_000, true)), ("items/burger", burger)];
        sell(&mut manager, &put).await;
        let menu = till.get("/v1/stores/s1/menu").await.expect(200);
        let item = menu["items"].as_array().expect("items").iter().find(|item| item["item_id"] == "burger");
        let by_mode = json!([{"dining_mode": "take_away", "tax_ids": ["less"]}]);
        assert_eq!(item.expect("the burger")["dining_mode_taxes"], by_mode);
        for (id, mode, tax) in [("o1", "dine_in", 192), ("o2", "take_away", 79), ("o3", "delivery", 192)] {
            let lines = json!([{"line_id": "l1", "item_id": "burger"}]);
            till.post("/v1/stores/s1/orders", &order(id, mode, lines)).await.expect(201);
            assert_eq!(amounts(&view(&mut till, id).await), [1_200, 0, tax], "{mode}");
        }
        // An open order may change its mode: its taxes follow, its price does not.
        let take_away = json!({"dining_mode": "take_away"});
        let path = "/v1/stores/s1/orders/o1";
        let changed = till.post(&format!("{path}/dining-mode"), &take_away).await.expect(200);
        let changed: Vec<&str> =
            changed["events"].as_array().expect("events").iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(changed, ["DiningModeChanged", "OrderRepriced"]);
        let now = view(&mut till, "o1").await;
        assert_eq!((amounts(&now), &now["dining_mode"]), ([1_200, 0, 79], &json!("take_away")));
        assert_eq!(now["lines"][0]["taxes"][0]["tax_id"], "less");
        // What is added is taxed alike; a change to the mode it has changes nothing.
        till.post(&format!("{path}/lines"), &json!({"line_id": "l2", "item_id": "burger"})).await.expect(200);
        assert_eq!(amounts(&view(&mut till, "o1").await), [2_400, 0, 158]);
        let again = till.post(&format!("{path}/dining-mode"), &take_away).await.expect(200);
        assert_eq!(again["events"], json!([]));
        till.post(&format!("{path}/dining-mode"), &json!({"dining_mode": "dine_in"})).await.expect(200);
        assert_eq!(amounts(&view(&mut till, "o1").await), [2_400, 0, 384]);
        // An order that is settled keeps what it was sold as.
        let cash = json!({"payment_id": "p1", "tender": "cash"});
        till.post(&format!("{path}/payments"), &cash).await.expect(201);
        let late = till.post(&format!("{path}/dining-mode"), &take_away).await.expect(422);
        assert_eq!(late["code"], "order_closed");
    });
}

#[test]
fn t13_a_tax_on_top_is_taken_without_the_taxes_inside() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        let compound = json!({"name": "PST", "percent_ppm": 100_000, "inclusive": false, "compound": true});
        let put = [
            ("taxes/inside", tax(120_000, true)),
            ("taxes/on_top", tax(100_000, false)),
            ("taxes/too", tax(100_000, false)),
            ("taxes/first", tax(50_000, false)),
            ("taxes/second", compound),
            ("items/mixed", json!({"name": "Mixed", "price": 11_200, "taxes": ["inside", "on_top"]})),
            ("items/small", json!({"name": "Small", "price": 105, "taxes": ["on_top"]})),
            ("items/like", json!({"name": "Like", "price": 105, "taxes": ["too"]})),
            ("items/twice", json!({"name": "Twice", "price": 10_000, "taxes": ["first", "second"]})),
        ];
        sell(&mut manager, &put).await;
        let lines = json!([{"line_id": "l1", "item_id": "mixed"}]);
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", lines)).await.expect(201);
        assert_eq!(amounts(&view(&mut till, "o1").await), [12_200, 1_000, 1_200]);
        let opened = manager.get("/v1/stores/s1/orders/o1/history").await.expect(200);
        assert_eq!(opened[0]["data"]["tax_rules"], "second");
        // 5 % of 100.00, and 10 % of 105.00.
        let lines = json!([{"line_id": "l1", "item_id": "twice"}]);
        till.post("/v1/stores/s1/orders", &order("o2", "dine_in", lines)).await.expect(201);
        let twice = view(&mut till, "o2").await;
        assert_eq!(amounts(&twice), [11_550, 1_550, 0]);
        assert_eq!(twice["totals"]["taxes"][1]["taxable"], 10_500);
        // Two taxes of one rate are one group where tax is rounded on groups: 2.10 at 10 %.
        let settings = json!({"name": "S", "currency": "EUR", "time_zone": "Europe/Berlin", "tax_rounding": "group"});
        manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
        let lines = json!([{"line_id": "l1", "item_id": "small"}, {"line_id": "l2", "item_id": "like"}]);
        till.post("/v1/stores/s1/orders", &order("o3", "dine_in", lines)).await.expect(201);
        let grouped = view(&mut till, "o3").await;
        assert_eq!(amounts(&grouped), [231, 21, 0]);
        let parts = |of: &Value, name: &str| -> i64 {
            of.as_array().expect("a list").iter().map(|part| part[name].as_i64().expect("an amount")).sum()
        };
        assert_eq!(parts(&grouped["lines"], "tax_exclusive"), 21);
        assert_eq!(parts(&grouped["totals"]["taxes"], "amount"), 21);
        let wrong = json!({"name": "T", "percent_ppm": 1, "inclusive": true, "compound": true});
        let wrong = manager.command("PUT", "/v1/menu/taxes/wrong", &wrong).await.expect(400);
        assert_eq!(wrong["pointer"], "/compound");
    });
}

#[test]
fn t13_an_order_free_of_tax_has_a_reason_and_takes_the_right_to_it() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        let put = [
            ("taxes/full", tax(190_000, true)),
            ("taxes/sales", tax(100_000, false)),
            ("items/burger", json!({"name": "Burger", "price": 1200, "taxes": ["full"]})),
            ("items/broth", json!({"name": "Soup", "price": 500, "taxes": ["sales"]})),
        ];
        sell(&mut manager, &put).await;
        let lines = || json!([{"line_id": "l1", "item_id": "burger", "qty": 2}, {"line_id": "l2", "item_id": "broth"}]);
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", lines())).await.expect(201);
        assert_eq!(amounts(&view(&mut till, "o1").await), [2_950, 50, 383]);
        let exempt = json!({"reason": "Embassy,\ncertificate 4711"});
        let path = "/v1/stores/s1/orders/o1/tax-exempt";
        till.post(path, &exempt).await.expect(200);
        let free = view(&mut till, "o1").await;
        assert_eq!((amounts(&free), &free["tax_exempt"]), ([2_517, 0, 0], &exempt["reason"]));
        assert_eq!(free["totals"]["taxes"], json!([]));
        // The refusal names the way out, and it is one.
        assert_eq!(till.post(path, &exempt).await.expect(422)["code"], "already_tax_exempt");
        till.command("DELETE", path, &json!({})).await.expect(200);
        assert_eq!(amounts(&view(&mut till, "o1").await), [2_950, 50, 383]);
        assert_eq!(till.post(path, &json!({})).await.expect(400)["pointer"], "/reason");

        let settings = json!({"name": "S", "currency": "EUR", "time_zone": "Europe/Berlin",
            "approvals": {"needed": ["tax_exempt"]}});
        manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
        manager.command("PUT", "/v1/staff/boss", &json!({"rights": ["tax_exempt"]})).await.expect(200);
        let alone = till.post(path, &exempt).await.expect(422);
        assert_eq!((&alone["code"], &alone["right"]), (&json!("approval_required"), &json!("tax_exempt")));
        let mut opened = order("o2", "dine_in", lines());
        opened["tax_exempt"] = exempt.clone();
        assert_eq!(till.post("/v1/stores/s1/orders", &opened).await.expect(422)["right"], "tax_exempt");
        till.approved("boss", "POST", "/v1/stores/s1/orders", &opened).await.expect(201);
        assert_eq!(amounts(&view(&mut till, "o2").await), [2_517, 0, 0]);
    });
}

#[test]
fn t14_course_seat_and_note_change_while_nothing_is_fired() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till, mut cook) = (server.till("manager"), server.till("pos"), server.till("kitchen"));
        crate::kitchen::open_the_kitchen(&mut manager).await;
        let lines = json!([{"line_id": "l1", "item_id": "goulash", "course": 2, "note": "mild"}]);
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", lines)).await.expect(201);
        let path = "/v1/stores/s1/orders/o1";
        let line = format!("{path}/lines/l1");
        till.command("PATCH", &line, &json!({"course": 1})).await.expect(200);
        till.command("PATCH", &line, &json!({"note": "no onions\nno garlic", "allergens": "nuts"})).await.expect(200);
        till.post(&format!("{path}/hold"), &json!({"line_ids": ["l1"]})).await.expect(200);
        // Held units are unfired too. What is left out stays, null takes away.
        till.command("PATCH", &line, &json!({"seat": 3, "allergens": null})).await.expect(200);
        let held = view(&mut till, "o1").await["lines"][0].clone();
        let said = ["course", "seat", "note", "allergens"].map(|name| held[name].clone());
        assert_eq!(said, [json!(1), json!(3), json!("no onions\nno garlic"), json!(null)]);
        assert_eq!((&held["held"], &held["qty"]), (&json!(1), &json!(1)));
        // The course it is in now is the one it is fired with, and the ticket says the note as it is now.
        let fired = till.post(&format!("{path}/fire"), &json!({"course": 1})).await;
        fired.expect(200);
        let tickets = crate::kitchen::board(&mut cook, "stove", &fired.position()).await;
        let ticket = tickets.iter().find(|ticket| ticket["order_id"] == "o1").expect("a ticket");
        assert_eq!(ticket["lines"][0]["note"], "no onions\nno garlic");
        for change in
            [json!({"course": 2}), json!({"note": "hot"}), json!({"seat": 1}), json!({"qty": 2, "note": null})]
        {
            let late = till.command("PATCH", &line, &change).await.expect(422);
            assert_eq!((&late["code"], &late["fired"]), (&json!("line_fired"), &json!(1)), "{change}");
        }
        // More of it is still to be had, and another price.
        till.command("PATCH", &line, &json!({"qty": 2})).await.expect(200);
        assert_eq!(till.command("PATCH", &line, &json!({})).await.expect(400)["pointer"], "");
    });
}

#[test]
fn t16_another_price_has_a_reason_and_takes_the_right_to_it() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        sell(&mut manager, &[("items/burger", json!({"name": "Burger", "price": 1200}))]).await;
        let own = json!({"price": 900, "reason": "As the poster says"});
        let lines = json!([{"line_id": "l1", "item_id": "burger", "qty": 2, "price_override": own}]);
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", lines)).await.expect(201);
        let line = view(&mut till, "o1").await["lines"][0].clone();
        assert_eq!((&line["unit_price"], &line["gross"]), (&json!(900), &json!(1_800)));
        assert_eq!(line["price_override"], json!({"was": 1200, "price": 900, "reason": "As the poster says"}));
        let path = "/v1/stores/s1/orders/o1/lines/l1";
        till.command("PATCH", path, &json!({"price_override": {"price": 1000, "reason": "Misread"}})).await.expect(200);
        let now = view(&mut till, "o1").await;
        assert_eq!((amounts(&now)[0], &now["lines"][0]["price_override"]["was"]), (2_000, &json!(1200)));
        let below = json!({"price_override": {"price": -1, "reason": "r"}});
        let below = till.command("PATCH", path, &below).await.expect(400);
        assert_eq!(below["pointer"], "/price_override/price");

        let settings = json!({"name": "S", "currency": "EUR", "time_zone": "Europe/Berlin",
            "approvals": {"needed": ["price_override"]}});
        manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
        manager.command("PUT", "/v1/staff/boss", &json!({"rights": ["price_override"]})).await.expect(200);
        let cheaper = json!({"price_override": own});
        let alone = till.command("PATCH", path, &cheaper).await.expect(422);
        assert_eq!((&alone["code"], &alone["right"]), (&json!("approval_required"), &json!("price_override")));
        let with = json!({"line_id": "l2", "item_id": "burger", "price_override": own});
        let alone = till.post("/v1/stores/s1/orders/o1/lines", &with).await.expect(422);
        assert_eq!(alone["code"], "approval_required");
        till.approved("boss", "PATCH", path, &cheaper).await.expect(200);
        assert_eq!(amounts(&view(&mut till, "o1").await)[0], 1_800);
        // Who approved it stands in its history.
        let history = manager.get("/v1/stores/s1/orders/o1/history").await.expect(200);
        let last = history.as_array().expect("a list").iter().rfind(|event| event["type"] == "LinePriceOverridden");
        assert_eq!(last.expect("the price")["approver"], "boss");
    });
}

#[test]
fn t16_an_order_is_promised_for_a_time() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till, mut cook) = (server.till("manager"), server.till("pos"), server.till("kitchen"));
        crate::kitchen::open_the_kitchen(&mut manager).await;
        let mut promised = order("o1", "take_away", json!([{"line_id": "l1", "item_id": "goulash"}]));
        promised["promised_at"] = json!("2026-11-22T18:30:00+01:00");
        till.post("/v1/stores/s1/orders", &promised).await.expect(201);
        assert_eq!(view(&mut till, "o1").await["promised_at"], "2026-11-22T17:30:00.000000Z");
        let fired = till.post("/v1/stores/s1/orders/o1/fire", &json!({})).await;
        let tickets = crate::kitchen::board(&mut cook, "stove", &fired.position()).await;
        let ticket = tickets.iter().find(|ticket| ticket["order_id"] == "o1").expect("a ticket");
        assert_eq!(ticket["promised_at"], "2026-11-22T17:30:00.000000Z");
        promised["promised_at"] = json!("18:30");
        promised["order_id"] = json!("o2");
        let wrong = till.post("/v1/stores/s1/orders", &promised).await.expect(400);
        assert_eq!(wrong["pointer"], "/promised_at");
    });
}

#[test]
fn t16_an_item_is_sold_in_its_dayparts() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        // Two that are never both over: between them they are the day, and the second one is no part of it.
        let put = [
            ("dayparts/always", json!({"name": "All day", "from": "00:00", "to": "00:00"})),
            ("items/egg", json!({"name": "Egg", "price": 300, "dayparts": ["always"]})),
        ];
        sell(&mut manager, &put).await;
        let menu = till.get("/v1/stores/s1/menu").await.expect(200);
        assert_eq!(
            menu["dayparts"][0],
            json!({"daypart_id": "always", "name": "All day", "from": "00:00", "to": "00:00", "weekdays": []})
        );
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", json!([{"line_id": "l1", "item_id": "egg"}])))
            .await
            .expect(201);
        // A minute that is over, or comes tomorrow at the earliest, whenever this runs.
        let hour = menu_hour();
        let (from, to) = (format!("{:02}:00", (hour + 11) % 24), format!("{:02}:00", (hour + 13) % 24));
        let put = [
            ("dayparts/never_now", json!({"name": "Not now", "from": from, "to": to})),
            ("items/egg", json!({"name": "Egg", "price": 300, "dayparts": ["never_now"]})),
        ];
        sell(&mut manager, &put).await;
        let unsold = till
            .post("/v1/stores/s1/orders", &order("o2", "dine_in", json!([{"line_id": "l1", "item_id": "egg"}])))
            .await
            .expect(422);
        assert_eq!((&unsold["code"], &unsold["item_id"]), (&json!("outside_daypart"), &json!("egg")));
        manager
            .command("PUT", "/v1/menu/items/egg", &json!({"name": "Egg", "price": 300, "dayparts": ["lunch"]}))
            .await
            .expect(200);
        let dangling = manager.post("/v1/menu/publish", &json!({})).await.expect(422);
        assert_eq!((&dangling["code"], &dangling["missing_kind"]), (&json!("menu_incomplete"), &json!("daypart")));
        let wrong = json!({"name": "L", "from": "24:00", "to": "12:00"});
        assert_eq!(manager.command("PUT", "/v1/menu/dayparts/lunch", &wrong).await.expect(400)["pointer"], "/from");
    });
}

/// The hour in the demo's stores, give or take one.
fn menu_hour() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    now / 3_600 % 24 + 1
}

#[test]
fn t16_the_first_of_a_group_are_free() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        let toppings = json!({"name": "Toppings", "allow_qty": true, "free": 2, "modifiers": [
            {"modifier_id": "cheese", "name": "Cheese", "price": 100}, {"modifier_id": "bacon", "name": "Bacon", "price": 150}]});
        let burger = json!({"name": "Burger", "price": 1200, "modifier_groups": ["free_two"]});
        sell(&mut manager, &[("modifier-groups/free_two", toppings), ("items/burger", burger)]).await;
        let choose = |id: &str, qty: u16| json!({"group_id": "free_two", "modifier_id": id, "qty": qty});
        let lines = json!([
            {"line_id": "l1", "item_id": "burger", "modifiers": [choose("bacon", 1), choose("cheese", 1)]},
            {"line_id": "l2", "item_id": "burger", "modifiers": [choose("bacon", 1), choose("cheese", 3)]},
        ]);
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", lines)).await.expect(201);
        let lines = view(&mut till, "o1").await["lines"].clone();
        assert_eq!((&lines[0]["unit_price"], &lines[1]["unit_price"]), (&json!(1_200), &json!(1_400)));
        assert_eq!((&lines[1]["modifiers"][0]["free"], &lines[1]["modifiers"][1]["free"]), (&json!(1), &json!(1)));
        let menu = till.get("/v1/stores/s1/menu").await.expect(200);
        let group =
            menu["modifier_groups"].as_array().expect("groups").iter().find(|group| group["group_id"] == "free_two");
        assert_eq!(group.expect("the group")["free"], 2);
    });
}

#[test]
fn t17_a_note_has_lines_and_a_name_is_seen() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        sell(&mut manager, &[("items/broth", json!({"name": "Soup", "price": 500}))]).await;
        let lines = json!([{"line_id": "l1", "item_id": "broth", "note": "no onions\nno garlic"},
            {"line_id": "l2", "item_id": "broth", "note": " one\r\ntwo "}]);
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", lines)).await.expect(201);
        let lines = view(&mut till, "o1").await["lines"].clone();
        assert_eq!((&lines[0]["note"], &lines[1]["note"]), (&json!("no onions\nno garlic"), &json!("one\ntwo")));
        let off = json!({"discount_id": "d1", "amount": 1, "reason": "Waited\nfor long"});
        till.post("/v1/stores/s1/orders/o1/discounts", &off).await.expect(200);
        for name in ["\u{200b}", "\u{feff}\u{2060}", " \u{3164} "] {
            let put = json!({"name": name, "price": 1});
            let refused = manager.command("PUT", "/v1/menu/items/ghost", &put).await.expect(400);
            assert_eq!(refused["pointer"], "/name", "{refused}");
            let noted = json!({"line_id": "l9", "item_id": "broth", "note": name});
            let refused = till.post("/v1/stores/s1/orders/o1/lines", &noted).await.expect(400);
            assert_eq!(refused["pointer"], "/note");
        }
        // A name is one line, and no text has other control characters.
        let put = json!({"name": "Soup\nof the day", "price": 1});
        assert_eq!(manager.command("PUT", "/v1/menu/items/ghost", &put).await.expect(400)["pointer"], "/name");
        let noted = json!({"line_id": "l9", "item_id": "broth", "note": "a\u{7}b"});
        assert_eq!(till.post("/v1/stores/s1/orders/o1/lines", &noted).await.expect(400)["pointer"], "/note");
        // Such a note survives a restart of what is read: the row is read as it was taken.
        let family = json!({"name": "👨\u{200d}👩\u{200d}👧 platter", "price": 1});
        manager.command("PUT", "/v1/menu/items/family", &family).await.expect(200);
    });
}

#[test]
fn counter_service_is_one_request() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        sell(&mut manager, &[("items/broth", json!({"name": "Soup", "price": 500, "sku": null}))]).await;
        let with = |id: &str, pay: Value| {
            let mut order = order(id, "take_away", json!([{"line_id": "l1", "item_id": "broth", "qty": 2}]));
            (order["pay_mode"], order["pay"]) = (json!("first"), pay);
            order
        };
        let key = crate::server::key();
        let cash = with("o1", json!({"payment_id": "p1", "tender": "cash", "tendered": 2000, "tip": 50}));
        let headers = [("idempotency-key", &*key)];
        let sold = till.send("POST", "/v1/stores/s1/orders", &headers, &cash).await;
        let answer = sold.expect(201);
        let done: Vec<&str> =
            answer["events"].as_array().expect("events").iter().map(|event| event["type"].as_str().unwrap()).collect();
        let expected = [
            "OrderOpened",
            "LineAdded",
            "OrderPlaced",
            "PaymentInitiated",
            "PaymentCaptured",
            "PaymentApplied",
            "OrderCompleted",
        ];
        assert_eq!(done, expected);
        // A repeat gives the same answer and takes nothing.
        assert_eq!(till.send("POST", "/v1/stores/s1/orders", &headers, &cash).await.json(), answer);
        let path = "/v1/stores/s1/orders/o1";
        let seen = till.get(&format!("{path}?min_position={}", sold.position())).await.expect(200);
        assert_eq!(
            (&seen["state"], &seen["due"], &seen["paid"], &seen["tips"]),
            (&json!("completed"), &json!(0), &json!(1_000), &json!(50))
        );
        let paid = till.get(&format!("/v1/stores/s1/payments/p1?min_position={}", sold.position())).await.expect(200);
        assert_eq!((&paid["state"], &paid["change"]), (&json!("captured"), &json!(950)));

        let card = json!({"payment_id": "p2", "tender": "card", "reference": "A 4711"});
        let sold = till.post("/v1/stores/s1/orders", &with("o2", card)).await;
        sold.expect(201);
        let paid = till.get(&format!("/v1/stores/s1/payments/p2?min_position={}", sold.position())).await.expect(200);
        assert_eq!((&paid["state"], &paid["reference"]), (&json!("captured"), &json!("A 4711")));

        // All of it or nothing.
        let little = with("o3", json!({"payment_id": "p3", "tender": "cash", "tendered": 900}));
        let refused = till.post("/v1/stores/s1/orders", &little).await.expect(422);
        assert_eq!((&refused["code"], &refused["needed"]), (&json!("tendered_too_little"), &json!(1_000)));
        assert_eq!(till.get("/v1/stores/s1/orders/o3").await.status, 404);
        let taken = with("o3", json!({"payment_id": "p1", "tender": "cash"}));
        assert_eq!(till.post("/v1/stores/s1/orders", &taken).await.expect(422)["code"], "payment_exists");
        for (pay, pointer) in [
            (json!({"payment_id": "p3", "tender": "cash", "reference": "A"}), "/pay/reference"),
            (json!({"payment_id": "p3", "tender": "card", "tendered": 1}), "/pay/tendered"),
            (json!({"payment_id": "p3", "tender": "cash", "amount": 0}), "/pay/amount"),
            (json!({"payment_id": "p3", "tender": "card", "provider_account": "acme"}), "/pay/provider_account"),
        ] {
            assert_eq!(till.post("/v1/stores/s1/orders", &with("o3", pay)).await.expect(400)["pointer"], pointer);
        }
        let mut open = with("o3", json!({"payment_id": "p3", "tender": "cash"}));
        open["place"] = json!(false);
        assert_eq!(till.post("/v1/stores/s1/orders", &open).await.expect(400)["pointer"], "/pay");

        // What a till sold so while it was away is recorded so, whatever it comes to by now.
        let mut away = with("o4", json!({"payment_id": "p4", "tender": "cash"}));
        away["expected_total"] = json!(1_100);
        let kept = json!({"command_id": crate::server::key(), "type": "order.open", "source": "offline", "terminal": "till_1",
            "terminal_seq": 1, "occurred_at": "2026-11-21T19:00:00Z", "body": away});
        let answer = till.upload("/v1/stores/s1", &[kept]).await;
        let result = &answer["results"][0];
        assert_eq!(result["status"], "recorded_with_exception");
        let position = result["position"].as_str().expect("a position");
        let paid = till.get(&format!("/v1/stores/s1/payments/p4?min_position={position}")).await.expect(200);
        assert_eq!((&paid["state"], &paid["amount"]), (&json!("captured"), &json!(1_100)));
        let seen = till.get(&format!("/v1/stores/s1/orders/o4?min_position={position}")).await.expect(200);
        assert_eq!(
            (&seen["state"], &seen["paid"], &seen["unapplied"]),
            (&json!("completed"), &json!(1_000), &json!(100))
        );
    });
}

#[test]
fn a_card_terminals_reference_is_kept_with_its_payment() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till) = (server.till("manager"), server.till("pos"));
        sell(&mut manager, &[("items/broth", json!({"name": "Soup", "price": 500}))]).await;
        till.post("/v1/stores/s1/orders", &order("o1", "dine_in", json!([{"line_id": "l1", "item_id": "broth"}])))
            .await
            .expect(201);
        till.post("/v1/stores/s1/orders/o1/payments", &json!({"payment_id": "p1", "tender": "card"})).await.expect(201);
        let failed = json!({"outcome": "failed", "code": "51", "reference": "A 4711"});
        assert_eq!(till.post("/v1/stores/s1/payments/p1/outcome", &failed).await.expect(400)["pointer"], "/reference");
        let captured = json!({"outcome": "captured", "reference": "A 4711"});
        let outcome = till.post("/v1/stores/s1/payments/p1/outcome", &captured).await;
        outcome.expect(200);
        let paid =
            till.get(&format!("/v1/stores/s1/payments/p1?min_position={}", outcome.position())).await.expect(200);
        assert_eq!((&paid["state"], &paid["reference"]), (&json!("captured"), &json!("A 4711")));
    });
}
