//! The floor, through the door: checks that are split and paid apart, orders that are merged.

use crate::kitchen::{board, open_the_kitchen};
use crate::server::{House, Till, run};
use serde_json::{Value, json};

fn kinds(answer: &Value) -> Vec<String> {
    answer["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

async fn open(till: &mut Till, id: &str, table: &str, lines: Value) -> Value {
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
        "table": table, "guests": 6, "lines": lines, "place": true});
    till.post("/v1/stores/s1/orders", &order).await.expect(201)
}

async fn view(till: &mut Till, id: &str, position: &str) -> Value {
    till.get(&format!("/v1/stores/s1/orders/{id}?min_position={position}")).await.expect(200)
}

fn of_checks(order: &Value, field: &str) -> Vec<i64> {
    order["checks"].as_array().expect("checks").iter().map(|check| check[field].as_i64().expect("a number")).collect()
}

/// Six guests pay three ways: a card with a tip, cash with change, and what is left of a shared bottle.
#[test]
fn a_table_of_six_pays_three_ways() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let lines = json!([
            {"line_id": "l1", "item_id": "caprese", "qty": 3},
            {"line_id": "l2", "item_id": "house_wine", "qty": 1},
            {"line_id": "l3", "item_id": "water", "qty": 2},
        ]);
        let placed = open(&mut till, "o1", "t6", lines).await;
        let path = "/v1/stores/s1/orders/o1";
        let whole = view(&mut till, "o1", placed["position"].as_str().expect("a position")).await;
        let total = whole["totals"]["total"].as_i64().expect("a total");
        assert_eq!((of_checks(&whole, "check_id"), of_checks(&whole, "due")), (vec![1], vec![total]));

        // A dish for each, the water for the first, and the wine in thirds.
        let split = |to: u32, parts: u32, of: u32| {
            json!({"to_check": to, "moves": [
            {"line_id": "l1", "qty": 1}, {"line_id": "l2", "share": {"parts": parts, "of": of}, "from_check": 1}]})
        };
        let made = till.post(&format!("{path}/split"), &split(2, 1, 3)).await.expect(200);
        assert_eq!(kinds(&made), ["CheckSplit"]);
        let made = till.post(&format!("{path}/split"), &split(3, 1, 3)).await;
        made.expect(200);
        let order = view(&mut till, "o1", &made.position()).await;
        let totals = of_checks(&order, "total");
        assert_eq!((of_checks(&order, "check_id"), totals.iter().sum::<i64>()), (vec![1, 2, 3], total));
        let wine = |check: usize| {
            let lines = order["checks"][check]["lines"].as_array().expect("lines");
            lines.iter().find(|line| line["line_id"] == "l2").expect("the wine").clone()
        };
        assert_eq!((&wine(1)["parts"], &wine(1)["of"]), (&json!(1), &json!(3)));
        let shares: i64 = (0..3).map(|check| wine(check)["net"].as_i64().expect("an amount")).sum();
        assert_eq!(json!(shares), order["lines"][1]["net"]);

        // What is wrong is told at its field, or with what a till needs.
        let wrong = till.post(&format!("{path}/split"), &json!({"to_check": 0, "moves": []})).await.expect(400);
        assert_eq!(wrong["pointer"], "/to_check", "{wrong}");
        let more = json!({"to_check": 2, "moves": [{"line_id": "l3", "qty": 3}]});
        let refused = till.post(&format!("{path}/split"), &more).await.expect(422);
        assert_eq!((&refused["code"], &refused["line_id"]), (&json!("split_exceeds_line"), &json!("l3")));
        let pays = format!("{path}/payments");
        let nobodys = json!({"payment_id": "p0", "check_id": 4, "tender": "cash"});
        let refused = till.post(&pays, &nobodys).await.expect(422);
        assert_eq!((&refused["code"], &refused["check_id"]), (&json!("unknown_check"), &json!(4)));
        let shown = json!({"payment_id": "p0", "check_id": 2, "tender": "cash", "expected_total": total});
        assert_eq!(till.post(&pays, &shown).await.expect(422)["actual"], json!(totals[1]));

        // A card with a tip pays check 2.
        let card =
            json!({"payment_id": "p2", "check_id": 2, "tender": "card", "tip": 200, "expected_total": totals[1]});
        assert_eq!(till.post(&pays, &card).await.expect(201)["events"][0]["data"]["check_id"], 2);
        let captured = json!({"outcome": "captured", "amount": totals[1] + 200});
        let captured = till.post("/v1/stores/s1/payments/p2/outcome", &captured).await.expect(200);
        assert_eq!(kinds(&captured), ["PaymentCaptured", "PaymentApplied", "CheckPaid"]);

        // Cash with change pays the first check on which something is due.
        let cash = json!({"payment_id": "p1", "tender": "cash", "tendered": 5000});
        let paid = till.post(&pays, &cash).await;
        let answer = paid.expect(201);
        assert_eq!(kinds(&answer), ["PaymentInitiated", "PaymentCaptured", "PaymentApplied", "CheckPaid"]);
        assert_eq!(answer["events"][1]["data"]["change"], json!(5000 - totals[0]));
        let order = view(&mut till, "o1", &paid.position()).await;
        assert_eq!((of_checks(&order, "due"), of_checks(&order, "tips")), (vec![0, 0, totals[2]], vec![0, 200, 0]));
        let states: Vec<&str> =
            order["checks"].as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["paid", "paid", "open"]);
        assert_eq!((&order["payments"][0]["check_id"], &order["due"]), (&json!(2), &json!(totals[2])));

        // Who paid pays for nobody else; a later addition opens check 1 again.
        let moved = json!({"to_check": 3, "moves": [{"line_id": "l1", "from_check": 2}]});
        let refused = till.post(&format!("{path}/split"), &moved).await.expect(422);
        assert_eq!((&refused["code"], &refused["paid"]), (&json!("check_below_paid"), &json!(totals[1])));
        let added = till.post(&format!("{path}/lines"), &json!({"line_id": "l4", "item_id": "water"})).await;
        added.expect(200);
        let order = view(&mut till, "o1", &added.position()).await;
        let more = order["totals"]["total"].as_i64().unwrap() - total;
        assert_eq!(
            (of_checks(&order, "due"), &order["checks"][0]["state"]),
            (vec![more, 0, totals[2]], &json!("open"))
        );

        // The rest is settled check by check, and with it the order.
        till.post(&pays, &json!({"payment_id": "p4", "tender": "cash", "check_id": 1})).await.expect(201);
        let last = till.post(&pays, &json!({"payment_id": "p3", "tender": "cash", "check_id": 3})).await;
        assert_eq!(kinds(&last.expect(201)).last().map(String::as_str), Some("OrderCompleted"));
        let order = view(&mut till, "o1", &last.position()).await;
        assert_eq!(
            (&order["state"], &order["tips"], of_checks(&order, "due")),
            (&json!("completed"), &json!(200), vec![0; 3])
        );
        assert_eq!(of_checks(&order, "paid").iter().sum::<i64>(), total + more);
    });
}

#[test]
fn a_check_is_split_evenly_and_joined_again() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        open(
            &mut till,
            "o1",
            "t3",
            json!([{"line_id": "l1", "item_id": "caprese"}, {"line_id": "l2", "item_id": "water"}]),
        )
        .await;
        let path = "/v1/stores/s1/orders/o1";
        let even = till.post(&format!("{path}/split"), &json!({"evenly": 3})).await;
        even.expect(200);
        let order = view(&mut till, "o1", &even.position()).await;
        let (totals, total) = (of_checks(&order, "total"), order["totals"]["total"].as_i64().unwrap());
        let (share, rest) = (total / 3, (total % 3) as usize);
        let expected: Vec<i64> = (0..3).map(|check| share + i64::from(check < rest)).collect();
        assert_eq!(totals, expected);
        let batch = json!({"commands": [
            {"command_id": crate::server::key(), "type": "order.split", "order_id": "o1", "body": {"evenly": 1}},
        ]});
        let answer = till.send("POST", "/v1/stores/s1/commands", &[], &batch).await.expect(200);
        let position = answer["results"][0]["position"].as_str().expect("a position").to_owned();
        let order = view(&mut till, "o1", &position).await;
        assert_eq!((of_checks(&order, "check_id"), of_checks(&order, "total")), (vec![1], vec![total]));
        let again = till.post(&format!("{path}/split"), &json!({"evenly": 1})).await.expect(200);
        assert_eq!(again["events"], json!([]));
    });
}

/// Two tables become one while the kitchen cooks for both.
#[test]
fn two_tables_with_fired_courses_become_one() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        open_the_kitchen(&mut manager).await;
        let (mut till, mut cook) = (server.till("pos"), server.till("kitchen"));
        let lines = json!([
            {"line_id": "l1", "item_id": "goulash", "qty": 2, "course": 1},
            {"line_id": "l2", "item_id": "tiramisu", "course": 2},
        ]);
        open(&mut till, "o1", "t4", lines).await;
        open(&mut till, "o2", "t5", json!([{"line_id": "l1", "item_id": "goulash"}])).await;
        let (source, target) = ("/v1/stores/s1/orders/o1", "/v1/stores/s1/orders/o2");
        let off = json!({"discount_id": "d1", "percent_ppm": 100_000, "reason": "Regulars"});
        till.post(&format!("{source}/discounts"), &off).await.expect(200);
        till.post(&format!("{source}/hold"), &json!({"line_ids": ["l2"]})).await.expect(200);
        till.post(&format!("{source}/fire"), &json!({})).await.expect(200);
        let fired = till.post(&format!("{target}/fire"), &json!({})).await;
        fired.expect(200);
        let (a, b) = (view(&mut till, "o1", &fired.position()).await, view(&mut till, "o2", &fired.position()).await);
        let stock = till.get(&format!("/v1/stores/s1/stock?min_position={}", fired.position())).await.expect(200);

        let itself = till.post(&format!("{source}/merge"), &json!({"target_order_id": "o1"})).await.expect(422);
        assert_eq!(itself["code"], "merge_into_itself");
        let missing = till.post(&format!("{source}/merge"), &json!({})).await.expect(400);
        assert_eq!(missing["pointer"], "/target_order_id", "{missing}");
        let merge = json!({"target_order_id": "o2"});
        let merged = till.post(&format!("{source}/merge"), &merge).await;
        let answer = merged.expect(200);
        assert_eq!(answer["stream"], "order-demo.s1.o1");
        let again = till.post(&format!("{source}/merge"), &merge).await.expect(200);
        assert_eq!(again["events"], json!([]));

        // Nothing changed but where it is.
        let order = view(&mut till, "o2", &merged.position()).await;
        for field in ["gross", "discount", "net", "tax_exclusive", "tax_inclusive", "total"] {
            let sum = a["totals"][field].as_i64().unwrap() + b["totals"][field].as_i64().unwrap();
            assert_eq!(order["totals"][field], json!(sum), "{field}");
        }
        let ids: Vec<&str> =
            order["lines"].as_array().unwrap().iter().map(|line| line["line_id"].as_str().unwrap()).collect();
        assert_eq!((ids, &order["lines"][1]["name"]), (vec!["l1", "l1_2", "l2"], &json!("goulash")));
        assert_eq!((&order["lines"][1]["fired"], &order["lines"][2]["held"]), (&json!(2), &json!(1)));
        assert_eq!((&order["merged_from"], &order["ticket_ids"]), (&json!(["o1"]), &json!(["t1", "t2"])));
        let fresh = format!("min_position={}", merged.position());
        assert_eq!(till.get(&format!("/v1/stores/s1/stock?{fresh}")).await.expect(200)["items"], stock["items"]);
        let gone = view(&mut till, "o1", &merged.position()).await;
        assert_eq!(
            (&gone["state"], &gone["merged_into"], &gone["ticket_ids"]),
            (&json!("merged"), &json!("o2"), &json!([]))
        );
        let list = till.get(&format!("/v1/stores/s1/orders?state=merged&{fresh}")).await.expect(200);
        assert_eq!((&list["items"][0]["order_id"], &list["items"][0]["merged_into"]), (&json!("o1"), &json!("o2")));
        let placed = till.get("/v1/stores/s1/orders?state=placed").await.expect(200);
        assert_eq!(placed["items"].as_array().unwrap().len(), 1);
        let refused = till.post(&format!("{source}/fire"), &json!({})).await.expect(422);
        assert_eq!((&refused["code"], &refused["merged_into"]), (&json!("order_merged"), &json!("o2")));

        // The tickets are called out for the other table, and cooked once.
        let tickets = board(&mut cook, "stove", &merged.position()).await;
        let told: Vec<(&Value, &Value, &Value)> = tickets
            .iter()
            .map(|ticket| (&ticket["order_id"], &ticket["table"], &ticket["lines"][0]["line_id"]))
            .collect();
        let (o2, t5) = (json!("o2"), json!("t5"));
        assert_eq!(told, [(&o2, &t5, &json!("l1_2")), (&o2, &t5, &json!("l1"))]);
        let nothing = till.post(&format!("{target}/fire"), &json!({})).await.expect(422);
        assert_eq!(nothing["code"], "nothing_to_fire");
        for ticket in ["t1", "t2"] {
            cook.post(&format!("/v1/stores/s1/tickets/{ticket}/bump"), &json!({})).await.expect(200);
        }
        let second = till.post(&format!("{target}/fire"), &json!({"course": 2})).await.expect(200);
        assert!(kinds(&second).contains(&"TicketCreated".to_owned()));
        cook.post("/v1/stores/s1/tickets/t3/bump", &json!({})).await.expect(200);
        till.post(&format!("{target}/serve"), &json!({})).await.expect(200);
        let total = &order["totals"]["total"];
        let paid = till
            .post(
                &format!("{target}/payments"),
                &json!({"payment_id": "p1", "tender": "cash", "expected_total": total}),
            )
            .await;
        assert_eq!(kinds(&paid.expect(201)).last().map(String::as_str), Some("OrderCompleted"));

        // The sale counts once, and the history tells where it came from.
        let sales = server
            .till("analyst")
            .get(&format!("/v1/reports/sales?store=s1&min_position={}", paid.position()))
            .await
            .expect(200);
        assert_eq!((&sales["totals"]["orders"], &sales["totals"]["total"]), (&json!(1), total), "{sales}");
        let history = server.till("auditor").get(&format!("{target}/history")).await.expect(200);
        let told = |kind: &str| history.as_array().unwrap().iter().filter(|event| event["type"] == kind).count();
        assert_eq!((told("LinesReceivedByMerge"), told("OrderMergedInto"), told("TicketMoved")), (1, 1, 1));
    });
}

/// What a table has not ordered yet goes along to the other one: it is reserved there, and sold once.
#[test]
fn an_order_that_was_not_placed_goes_into_another_one() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let draft = |id: &str| {
            json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
                "lines": [{"line_id": "l1", "item_id": "tiramisu", "qty": 2}]})
        };
        for id in ["a1", "a2", "a3"] {
            till.post("/v1/stores/s1/orders", &draft(id)).await.expect(201);
        }
        let off = json!({"discount_id": "d1", "percent_ppm": 100_000, "reason": "Regulars"});
        let one = till.post("/v1/stores/s1/orders/a1/discounts", &off).await;
        one.expect(200);
        let totals = |order: &Value| order["totals"]["total"].as_i64().unwrap();
        let (a, b) = (view(&mut till, "a1", &one.position()).await, view(&mut till, "a2", &one.position()).await);
        // Two that nobody ordered are one that nobody ordered, and shows what both would come to.
        let into = |target: &str| json!({"target_order_id": target});
        let merged = till.post("/v1/stores/s1/orders/a1/merge", &into("a2")).await;
        assert_eq!(kinds(&merged.expect(200)).last().map(String::as_str), Some("OrderMergedInto"));
        let both = view(&mut till, "a2", &merged.position()).await;
        assert_eq!((&both["state"], totals(&both)), (&json!("open"), totals(&a) + totals(&b)));
        assert_eq!(both["discounts"][0]["fixed"][0]["line_id"], "l1_2", "{both}");
        assert_eq!((&both["lines"][0]["tax_group"], &both["lines"][1]["tax_group"]), (&json!(0), &json!(1)));
        // What is sold does not become what nobody has ordered.
        open(&mut till, "a4", "t5", json!([{"line_id": "l1", "item_id": "water"}])).await;
        let refused = till.post("/v1/stores/s1/orders/a4/merge", &into("a2")).await.expect(422);
        assert_eq!(refused["code"], "order_not_placed");
        let merged = till.post("/v1/stores/s1/orders/a2/merge", &into("a4")).await;
        let told = kinds(&merged.expect(200));
        assert!(told.contains(&"StockReserved".to_owned()) && told.contains(&"OrderRepriced".to_owned()), "{told:?}");
        let order = view(&mut till, "a4", &merged.position()).await;
        assert_eq!((&order["state"], &order["merged_from"]), (&json!("placed"), &json!(["a2"])));
        let total = totals(&order);
        let cash = json!({"payment_id": "ap", "tender": "cash", "expected_total": total});
        let paid = till.post("/v1/stores/s1/orders/a4/payments", &cash).await;
        assert_eq!(kinds(&paid.expect(201)).last().map(String::as_str), Some("OrderCompleted"));
        let report = format!("/v1/reports/sales?store=s1&min_position={}", paid.position());
        let sales = server.till("analyst").get(&report).await.expect(200);
        assert_eq!((&sales["totals"]["orders"], &sales["totals"]["total"]), (&json!(1), &json!(total)), "{sales}");
        let gone = view(&mut till, "a2", &paid.position()).await;
        assert_eq!((&gone["state"], &gone["merged_into"]), (&json!("merged"), &json!("a4")));
    });
}
