//! Tills that were away: their queues come late, in any order and more than once, and nothing is lost.

use crate::server::{House, Reply, Till, ago, business_date, key, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const STORE: &str = "/v1/stores/s1";

/// The queue of a till: it numbers what it keeps.
struct Queue {
    terminal: &'static str,
    commands: Vec<Value>,
}

impl Queue {
    fn new(terminal: &'static str) -> Queue {
        Queue { terminal, commands: vec![] }
    }

    /// Keeps a command; `about` is what stands beside its body.
    fn keep(&mut self, kind: &str, about: Value, body: Value) -> &mut Queue {
        let seq = self.commands.len() + 1;
        let mut command = json!({
            "command_id": key(), "type": kind, "source": "offline", "terminal": self.terminal, "terminal_seq": seq,
            "occurred_at": ago(90 - seq as i64), "body": body,
        });
        let fields = command.as_object_mut().expect("an object");
        fields.extend(about.as_object().expect("an object").clone());
        self.commands.push(command);
        self
    }

    fn sell(&mut self, order: &str, lines: Value) -> &mut Queue {
        let body = json!({"order_id": order, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "first",
            "lines": lines, "place": true});
        self.keep("order.open", json!({}), body)
    }

    fn cash(&mut self, order: &str, payment: &str, amount: i64) -> &mut Queue {
        let body = json!({"payment_id": payment, "tender": "cash", "amount": amount, "drawer_id": self.terminal});
        self.keep("payment.initiate", json!({"order_id": order}), body)
    }
}

fn lines(item: &str, qty: u32) -> Value {
    json!([{"line_id": "l1", "item_id": item, "qty": qty}])
}

async fn upload(till: &mut Till, commands: &[Value]) -> Value {
    till.upload(STORE, commands).await
}

fn column<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let results = answer["results"].as_array().expect("results");
    results.iter().map(|result| result[field].as_str().unwrap_or("")).collect()
}

fn last_position(answer: &Value) -> String {
    let results = answer["results"].as_array().expect("results");
    let places = results.iter().filter_map(|result| result["position"].as_str());
    let number =
        |place: &&str| place.split(':').nth(1).and_then(|number| number.parse::<u64>().ok()).expect("a position");
    places.max_by_key(number).expect("a position").to_owned()
}

async fn read(till: &mut Till, path: &str, position: &str) -> Value {
    let joint = if path.contains('?') { '&' } else { '?' };
    till.get(&format!("{path}{joint}min_position={position}")).await.expect(200)
}

/// An evening at two tills that share the last dozens of soups, each with a drawer of its own.
fn evening() -> [Queue; 2] {
    let (mut bar, mut hall) = (Queue::new("bar"), Queue::new("hall"));
    bar.keep("drawer.open_shift", json!({"drawer_id": "bar"}), json!({"float": 10000}));
    hall.keep("drawer.open_shift", json!({"drawer_id": "hall"}), json!({"float": 20000}));
    // 60 soups are there: 45 and 40 are sold.
    bar.sell("b1", lines("soup", 45)).cash("b1", "bp1", 26_550).sell("b2", lines("water", 2));
    bar.keep("order.cancel", json!({"order_id": "b2"}), json!({"reason": "Guest left"}));
    hall.sell("h1", lines("soup", 40)).cash("h1", "hp1", 10_000).cash("h1", "hp2", 13_600);
    hall.keep("drawer.paid_out", json!({"drawer_id": "hall"}), json!({"amount": 700, "reason": "Ice"}));
    hall.keep("drawer.close_shift", json!({"drawer_id": "hall"}), json!({"counted": 42_890}));
    [bar, hall]
}

/// What an evening ends with: money by order, stock, drawers, sales.
async fn ending(till: &mut Till, position: &str) -> BTreeMap<String, Value> {
    let mut ending = BTreeMap::new();
    for id in ["b1", "b2", "h1"] {
        let order = read(till, &format!("{STORE}/orders/{id}"), position).await;
        let payments = order["payments"].as_array().expect("payments").clone();
        let of = |payment: &Value| json!([payment["payment_id"], payment["state"], payment["amount"]]);
        let payments: Vec<Value> = payments.iter().map(of).collect();
        let held = json!([
            order["state"],
            order["totals"],
            order["paid"],
            order["business_date"],
            order["display_number"],
            payments
        ]);
        ending.insert(format!("order {id}"), held);
    }
    for item in read(till, &format!("{STORE}/stock"), position).await["items"].as_array().expect("items") {
        ending.insert(format!("stock {}", item["sku"]), json!([item["on_hand"], item["reserved"], item["marked_86"]]));
    }
    for drawer in read(till, &format!("{STORE}/drawers"), position).await["items"].as_array().expect("drawers") {
        let shift = &drawer["shift"];
        let held = json!([shift["float"], shift["sales"], shift["paid_out"], shift["expected"], shift["over_short"]]);
        ending.insert(format!("drawer {}", drawer["drawer_id"]), held);
    }
    let (from, to) = (business_date(2 * 24 * 60), business_date(0));
    let sales = read(till, &format!("/v1/reports/sales?by=item&from={from}&to={to}"), position).await;
    ending.insert("sales".to_owned(), json!([sales["rows"], sales["totals"]]));
    ending
}

#[test]
fn an_evening_ends_the_same_whichever_till_comes_first() {
    let [bar, hall] = evening();
    let mut endings = vec![];
    for first_is_bar in [true, false] {
        let mut house = House::new();
        let server = house.serve();
        run(async {
            let mut till = server.till("pos");
            let mut admin = server.till("admin");
            server.make_drawers(STORE, &["bar", "hall"]).await;
            let queues = if first_is_bar { [&bar, &hall] } else { [&hall, &bar] };
            for queue in queues {
                // Upside down: the queue's order is what counts, not the request's.
                let backwards: Vec<Value> = queue.commands.iter().rev().cloned().collect();
                let answer = upload(&mut till, &backwards).await;
                let status = column(&answer, "status");
                assert!(
                    status.iter().all(|status| ["accepted", "recorded_with_exception"].contains(status)),
                    "{answer}"
                );
            }
            // The same upload again changes nothing, whatever else came in between.
            let before = upload(&mut till, &bar.commands).await;
            assert!(column(&before, "status").iter().all(|status| *status == "duplicate"), "{before}");
            let again = upload(&mut till, &hall.commands).await;
            assert!(column(&again, "status").iter().all(|status| *status == "duplicate"), "{again}");
            let results = [before, again].map(|answer| answer["results"].as_array().expect("results").clone());
            let position = last_position(&json!({"results": results.concat()}));
            endings.push(ending(&mut admin, &position).await);
            let oversold = read(&mut till, &format!("{STORE}/exceptions?kind=oversell"), &position).await;
            let oversold = oversold["items"].as_array().expect("items").clone();
            assert_eq!(oversold.len(), 1, "{oversold:?}");
            let late = if first_is_bar { ("hall", "h1") } else { ("bar", "b1") };
            assert_eq!(
                (oversold[0]["terminal"].as_str(), oversold[0]["order_id"].as_str()),
                (Some(late.0), Some(late.1))
            );
            assert_eq!((&oversold[0]["sku"], &oversold[0]["qty"]), (&json!("soup"), &json!(25)));
        });
    }
    let ending = &endings[0];
    assert_eq!(ending.keys().collect::<Vec<_>>(), endings[1].keys().collect::<Vec<_>>());
    for (what, held) in ending {
        assert_eq!(*held, endings[1][what], "{what}");
    }
    assert_eq!(ending["stock \"soup\""][0], -25, "85 of 60 soups were sold and paid");
    // 20,000 and 23,600 in cash, less 700 for ice, and a coin is missing.
    assert_eq!(ending["drawer \"hall\""], json!([20_000, 23_600, 700, 42_900, -10]));
    assert_eq!(ending["order b1"][3], business_date(89));
    assert_eq!(ending["order b2"][0], "cancelled");
    assert_eq!(ending["order h1"][0], "completed");
}

/// The exceptions of a store, newest first, as `kind terminal_seq code`.
async fn exceptions(till: &mut Till, position: &str) -> Vec<String> {
    let list = read(till, &format!("{STORE}/exceptions"), position).await;
    let told = |found: &Value| {
        let text = |field: &str| found[field].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("kind"), found["terminal_seq"], text("code"))
    };
    list["items"].as_array().expect("items").iter().map(told).collect()
}

#[test]
fn a_gap_blocks_nothing_and_its_filler_is_flagged() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let mut queue = Queue::new("bar");
        queue.sell("g1", lines("water", 1)).sell("g2", lines("water", 1)).sell("g3", lines("water", 1));
        queue.keep("order.complete", json!({"order_id": "g9"}), json!({}));
        let [first, second, third, late] = &queue.commands[..] else { panic!("four commands") };
        let answer = upload(&mut till, &[first.clone(), third.clone()]).await;
        assert_eq!(column(&answer, "status"), ["accepted", "recorded_with_exception"], "{answer}");
        assert_eq!(answer["results"][1]["exceptions"][0]["data"], json!({"first": 2, "last": 2}));
        let terminals = read(&mut till, &format!("{STORE}/terminals"), &last_position(&answer)).await;
        let bar = &terminals["items"][0];
        assert_eq!((&bar["last_seq"], &bar["gaps"]), (&json!(3), &json!([{"first": 2, "last": 2}])));
        let filled = upload(&mut till, &[second.clone(), late.clone()]).await;
        assert_eq!(column(&filled, "status"), ["recorded_with_exception", "recorded_with_exception"]);
        assert_eq!(column(&filled, "code"), ["sequence_gap_filled", "unknown_order"]);
        let position = last_position(&filled);
        let terminals = read(&mut till, &format!("{STORE}/terminals"), &position).await;
        let bar = &terminals["items"][0];
        assert_eq!((&bar["last_seq"], &bar["gaps"], &bar["exceptions"]), (&json!(4), &json!([]), &json!(3)));
        let told = exceptions(&mut till, &position).await;
        assert_eq!(told, ["late_command 4 unknown_order", "sequence_gap_filled 2 -", "sequence_gap 2 -"]);
        let of_hall = read(&mut till, &format!("{STORE}/exceptions?terminal=hall"), &position).await;
        assert_eq!(of_hall["items"], json!([]));
        // The late one was accepted as what it is: again it is a duplicate.
        let again = upload(&mut till, std::slice::from_ref(late)).await;
        assert_eq!((column(&again, "status"), column(&again, "code")), (vec!["duplicate"], vec!["unknown_order"]));
        assert_eq!(again["results"][0]["stream"], "terminal-demo.s1.bar");
    });
}

#[test]
fn what_cannot_be_taken_is_kept_and_stops_nothing() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let mut queue = Queue::new("bar");
        queue.sell("k1", lines("water", 1));
        queue.keep("order.eat", json!({"order_id": "k1"}), json!({}));
        queue.keep("stock.receive", json!({}), json!({"sku": "soup", "qty": 5}));
        queue.keep("order.cancel", json!({"order_id": "k1"}), json!({"reason": "Changed mind"}));
        let mut reused = queue.commands[0].clone();
        reused["terminal_seq"] = json!(5);
        reused["body"]["order_id"] = json!("k2");
        queue.commands.push(reused);
        let answer = upload(&mut till, &queue.commands).await;
        let status = ["accepted", "rejected", "rejected", "accepted", "rejected"];
        assert_eq!(column(&answer, "status"), status, "{answer}");
        assert_eq!(column(&answer, "code"), ["", "malformed", "forbidden", "", "idempotency_key_reused"]);
        assert_eq!(answer["results"][1]["pointer"], "/commands/1/type");
        let position = last_position(&answer);
        let mut manager = server.till("manager");
        let told = exceptions(&mut manager, &position).await;
        let kept = told.iter().filter(|told| told.starts_with("rejected_command"));
        let expected = ["rejected_command 3 forbidden", "rejected_command 2 malformed"];
        assert_eq!(kept.clone().skip(usize::from(told.len() == 3)).collect::<Vec<_>>(), expected, "{told:?}");
        // Turned away again, and kept once: what came after the last read has been folded by then.
        let again = upload(&mut till, &queue.commands).await;
        assert_eq!(column(&again, "status"), ["duplicate", "rejected", "rejected", "duplicate", "rejected"]);
        let last = till
            .post(
                &format!("{STORE}/orders"),
                &json!({"order_id": "k9", "channel": "pos",
            "dining_mode": "dine_in", "pay_mode": "later"}),
            )
            .await;
        let told = exceptions(&mut manager, &last.position()).await;
        assert_eq!(told[0], "rejected_command 5 idempotency_key_reused");
        assert_eq!(told.len(), 3, "{told:?}");
        // Corrected under the same id it is taken, and no gap is left.
        queue.commands[1]["type"] = json!("order.complete");
        let corrected = upload(&mut till, &queue.commands[1..2]).await;
        assert_eq!(column(&corrected, "code"), ["order_closed"]);
        let terminals = read(&mut till, &format!("{STORE}/terminals"), &last_position(&corrected)).await;
        assert_eq!(terminals["items"][0]["gaps"], json!([]));
    });
}

#[test]
fn only_a_device_leaves_traces() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut queue = Queue::new("bar");
        queue.sell("x1", lines("water", 1));
        let batch = json!({"commands": queue.commands});
        let path = format!("{STORE}/commands");
        for role in ["analyst", "pos", "admin"] {
            assert_eq!(server.till(role).send("POST", &path, &[], &batch).await.expect(403)["code"], "not_a_device");
        }
        let mut till = server.till("pos");
        assert_eq!(till.get(&format!("{STORE}/terminals")).await.expect(200)["items"], json!([]));
        let mut lost = till.device("/v1/stores/nowhere", "bar").await;
        let nowhere: Reply = lost.send("POST", "/v1/stores/nowhere/commands", &[], &batch).await;
        assert_eq!(column(&nowhere.expect(200), "code"), ["unknown_store"]);
        assert_eq!(lost.send("POST", &path, &[], &batch).await.expect(403)["code"], "out_of_scope");
        let bad = till.get(&format!("{STORE}/exceptions?kind=odd")).await;
        assert_eq!(bad.status, 400);
    });
}

#[test]
fn prices_totals_and_clocks_are_told_apart() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let mut queue = Queue::new("bar");
        let cheap = json!([{"line_id": "l1", "item_id": "water", "price": 300}]);
        let body = json!({"order_id": "p1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "display_number": "bar-7", "lines": cheap, "place": true, "expected_total": 390});
        queue.keep("order.open", json!({"menu_version": 1}), body);
        queue.sell("p2", lines("water", 1));
        queue.commands[1]["occurred_at"] = json!("2126-11-21T19:00:00Z");
        let answer = upload(&mut till, &queue.commands).await;
        assert_eq!(column(&answer, "status"), ["recorded_with_exception"; 2], "{answer}");
        let codes = |index: usize| -> Vec<String> {
            let found = answer["results"][index]["exceptions"].as_array().expect("exceptions");
            found.iter().map(|found| found["code"].as_str().expect("a code").to_owned()).collect()
        };
        assert_eq!(codes(0), ["price_not_open", "total_mismatch"], "{answer}");
        assert_eq!(codes(1), ["occurred_in_future"]);
        let position = last_position(&answer);
        let order = read(&mut till, &format!("{STORE}/orders/p1"), &position).await;
        assert_eq!((&order["display_number"], &order["business_date"]), (&json!("bar-7"), &json!(business_date(89))));
        assert_eq!(order["totals"]["total"], 300);
        let mut auditor = server.till("auditor");
        let history = auditor.get(&format!("{STORE}/orders/p1/history?min_position={position}")).await.expect(200);
        let first = &history[0];
        assert_eq!((&first["source"], &first["terminal_seq"]), (&json!("offline"), &json!(1)), "{history}");
    });
}

/// Cash that does not say how much it was is never booked as the rest of what somebody else took.
#[test]
fn cash_says_how_much_it_was() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let mut queue = Queue::new("bar");
        queue.sell("c1", lines("water", 2));
        let answer = upload(&mut till, &queue.commands).await;
        let path = format!("{STORE}/orders/c1?min_position={}", last_position(&answer));
        let total = till.get(&path).await.expect(200)["totals"]["total"].as_i64().unwrap();
        let part = json!({"payment_id": "c1a", "tender": "cash", "amount": 100});
        till.post(&format!("{STORE}/orders/c1/payments"), &part).await.expect(201);
        let about = || json!({"order_id": "c1"});
        queue.keep("payment.initiate", about(), json!({"payment_id": "c1b", "tender": "cash", "tendered": 9000}));
        let shown = json!({"payment_id": "c1c", "tender": "cash", "expected_total": total});
        queue.keep("payment.initiate", about(), shown);
        queue.cash("c1", "c1d", total);
        let answer = upload(&mut till, &queue.commands[1..]).await;
        let status = ["rejected", "recorded_with_exception", "accepted"];
        assert_eq!(column(&answer, "status")[0], status[0], "{answer}");
        assert_eq!(answer["results"][0]["pointer"], "/commands/0/body/amount");
        assert_eq!(column(&answer, "status")[1], status[1], "{answer}");
        assert!(answer["results"][1].to_string().contains("amount_unknown"), "{answer}");
        let position = last_position(&answer);
        let order = read(&mut till, &format!("{STORE}/orders/c1"), &position).await;
        assert_eq!((&order["state"], &order["unapplied"]), (&json!("completed"), &json!(100)), "{order}");
    });
}
