//! No refusal names a way out that is refused as well: each row of the table that names one is walked.

use crate::server::{House, Reply, Till, comanda, run};
use schemas::json::WAYS_OUT;
use schemas::json::wire::name_of;
use serde_json::{Value, json};

/// A request: method, path, body.
type Ask = (&'static str, &'static str, Value);

/// What leads to a refusal, what is refused, and the way out, which begins with the command that the refusal names.
struct Walk {
    code: &'static str,
    named: &'static str,
    before: Vec<Ask>,
    refused: Ask,
    way: Vec<Ask>,
    /// Whether the way leads to what was refused; otherwise it is taken instead of it.
    leads_back: bool,
}

fn post(path: &'static str, body: Value) -> Ask {
    ("POST", path, body)
}

fn put(path: &'static str, body: Value) -> Ask {
    ("PUT", path, body)
}

fn store(kitchen: &str, shifts: &str) -> Value {
    json!({"name": "Ways", "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": kitchen, "cash_shifts": shifts})
}

/// An order of a dish for 1000 and a beer for 450.
fn order(id: &str, pay_mode: &str, items: &[&str], place: bool) -> Value {
    let line = |(index, item): (usize, &&str)| json!({"line_id": format!("l{}", index + 1), "item_id": item, "qty": 1});
    let lines: Vec<Value> = items.iter().enumerate().map(line).collect();
    json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": pay_mode, "lines": lines, "place": place})
}

fn cash(id: &str, amount: Option<i64>) -> Value {
    json!({"payment_id": id, "tender": "cash", "amount": amount})
}

fn back(id: &str, amount: i64) -> Value {
    json!({"refund_id": id, "amount": amount, "reason": "Way out"})
}

fn of_line(id: &str, line: &str) -> Value {
    json!({"refund_id": id, "lines": [{"line_id": line, "qty": 1}], "reason": "Way out"})
}

fn why() -> Value {
    json!({"reason": "Way out"})
}

fn walk(code: &'static str, named: &'static str, before: Vec<Ask>, refused: Ask, way: Vec<Ask>) -> Walk {
    Walk { code, named, before, refused, way, leads_back: true }
}

fn instead(code: &'static str, named: &'static str, before: Vec<Ask>, refused: Ask, way: Vec<Ask>) -> Walk {
    Walk { code, named, before, refused, way, leads_back: false }
}

/// Walks among orders, payments and the kitchen.
fn of_orders() -> Vec<Walk> {
    let at = "/v1/stores/wk/orders";
    let void = |line: &str| json!({"line_id": line, "qty": 1, "reason": "Way out", "wasted": true});
    vec![
        walk(
            "order_empty",
            "order.add_lines",
            vec![post(at, order("a", "later", &[], false))],
            post("/v1/stores/wk/orders/a/place", json!({})),
            vec![post("/v1/stores/wk/orders/a/lines", json!({"line_id": "l1", "item_id": "w_dish"}))],
        ),
        walk(
            "already_tax_exempt",
            "order.end_tax_exemption",
            vec![
                post(at, order("b", "later", &["w_dish"], true)),
                post("/v1/stores/wk/orders/b/tax-exempt", json!({"reason": "Embassy"})),
            ],
            post("/v1/stores/wk/orders/b/tax-exempt", json!({"reason": "Charity"})),
            vec![("DELETE", "/v1/stores/wk/orders/b/tax-exempt", Value::Null)],
        ),
        // Paid and in the kitchen: what is fired is voided, and then its money is no reason against cancelling either.
        instead(
            "line_fired",
            "order.void_line",
            vec![
                post(at, order("c", "first", &["w_dish", "w_beer"], true)),
                post("/v1/stores/wk/orders/c/payments", cash("pc", None)),
            ],
            ("DELETE", "/v1/stores/wk/orders/c/lines/l1", Value::Null),
            vec![
                post("/v1/stores/wk/orders/c/void-line", void("l1")),
                post("/v1/stores/wk/payments/pc/refunds", back("r1", 1_000)),
            ],
        ),
        walk(
            "ticket_bumped",
            "ticket.recall",
            vec![
                post(at, order("d", "later", &["w_dish"], true)),
                post("/v1/stores/wk/orders/d/fire", json!({})),
                post("/v1/stores/wk/tickets/t2/bump", json!({})),
            ],
            post("/v1/stores/wk/tickets/t2/start", json!({})),
            vec![post("/v1/stores/wk/tickets/t2/recall", json!({}))],
        ),
        walk(
            "check_below_paid",
            "payment.request_refund",
            vec![
                post(at, order("e", "later", &["w_dish", "w_beer"], true)),
                post("/v1/stores/wk/orders/e/payments", cash("pe", Some(1_200))),
            ],
            post("/v1/stores/wk/orders/e/split", json!({"to_check": 2, "moves": [{"line_id": "l2"}]})),
            vec![post("/v1/stores/wk/payments/pe/refunds", back("r1", 200))],
        ),
        // The payment itself sends it to the kitchen.
        instead(
            "payment_due",
            "payment.initiate",
            vec![post(at, order("f", "first", &["w_dish"], true))],
            post("/v1/stores/wk/orders/f/fire", json!({"line_ids": ["l1"]})),
            vec![post("/v1/stores/wk/orders/f/payments", cash("pf", None))],
        ),
        walk(
            "money_captured",
            "order.refund",
            vec![
                post(at, order("g", "later", &["w_dish"], true)),
                post("/v1/stores/wk/orders/g/payments", cash("pg", Some(400))),
            ],
            post("/v1/stores/wk/orders/g/cancel", why()),
            vec![post("/v1/stores/wk/orders/g/refunds", json!({"refund_id": "r1", "reason": "Way out"}))],
        ),
        instead(
            "line_on_other_check",
            "order.refund",
            vec![
                post("/v1/stores/wo/orders", order("h", "later", &["w_dish", "w_beer"], true)),
                post("/v1/stores/wo/orders/h/split", json!({"to_check": 2, "moves": [{"line_id": "l2"}]})),
                post("/v1/stores/wo/orders/h/payments", cash("ph1", None)),
                post("/v1/stores/wo/orders/h/payments", cash("ph2", None)),
            ],
            post("/v1/stores/wo/payments/ph1/refunds", of_line("r1", "l2")),
            vec![post("/v1/stores/wo/orders/h/refunds", of_line("r1", "l2"))],
        ),
        // Both ways that it names, in either order.
        instead(
            "order_not_completed",
            "payment.request_refund",
            vec![
                post(at, order("i", "first", &["w_dish", "w_beer"], true)),
                post("/v1/stores/wk/orders/i/payments", cash("pi", None)),
            ],
            post("/v1/stores/wk/payments/pi/refunds", of_line("r1", "l2")),
            vec![
                post("/v1/stores/wk/payments/pi/refunds", back("r1", 450)),
                post("/v1/stores/wk/orders/i/void-line", void("l2")),
                post("/v1/stores/wk/orders/i/void-line", void("l1")),
                post("/v1/stores/wk/payments/pi/refunds", back("r2", 1_000)),
            ],
        ),
        instead(
            "no_provider",
            "payment.record_outcome",
            vec![
                post(at, order("j", "later", &["w_dish"], true)),
                post("/v1/stores/wk/orders/j/payments", json!({"payment_id": "pj", "tender": "card"})),
            ],
            post("/v1/stores/wk/payments/pj/capture", Value::Null),
            vec![post("/v1/stores/wk/payments/pj/outcome", json!({"outcome": "captured"}))],
        ),
    ]
}

/// Walks among stores, drawers, days and the shelf.
fn of_stores() -> Vec<Walk> {
    let open = |float: i64| json!({"float": float});
    let close = |counted: i64| json!({"counted": counted});
    vec![
        walk(
            "unknown_store",
            "store.put",
            vec![],
            post("/v1/stores/nowhere/orders", order("a", "later", &["w_dish"], true)),
            vec![put("/v1/stores/nowhere", store("off", "off"))],
        ),
        walk(
            "shift_required",
            "drawer.open_shift",
            vec![post("/v1/stores/ws/orders", order("a", "later", &["w_dish"], true))],
            post("/v1/stores/ws/orders/a/payments", cash("sa", None)),
            vec![post("/v1/stores/ws/drawers/d1/open", open(0))],
        ),
        walk(
            "shift_not_open",
            "drawer.open_shift",
            vec![],
            post("/v1/stores/ws/drawers/d2/paid-in", json!({"amount": 100, "reason": "Change"})),
            vec![post("/v1/stores/ws/drawers/d2/open", open(0))],
        ),
        walk(
            "shift_open",
            "drawer.close_shift",
            vec![post("/v1/stores/ws/drawers/d3/open", open(0))],
            post("/v1/stores/ws/drawers/d3/open", open(0)),
            vec![post("/v1/stores/ws/drawers/d3/close", close(0))],
        ),
        walk(
            "unknown_sku",
            "stock.set_policy",
            vec![],
            post("/v1/stores/wo/stock/receive", json!({"sku": "corn", "qty": 1})),
            vec![post("/v1/stores/wo/stock/policy", json!({"sku": "corn", "policy": "counted"}))],
        ),
        walk(
            "stock_untracked",
            "stock.set_policy",
            vec![post("/v1/stores/wo/stock/policy", json!({"sku": "salt", "policy": "untracked"}))],
            post("/v1/stores/wo/stock/receive", json!({"sku": "salt", "qty": 1})),
            vec![post("/v1/stores/wo/stock/policy", json!({"sku": "salt", "policy": "counted"}))],
        ),
    ]
}

async fn ask(till: &mut Till, (method, path, body): &Ask) -> Reply {
    till.command(method, path, body).await
}

/// Walks one; says the code and the command that it took.
async fn take(till: &mut Till, walk: &Walk) {
    for step in &walk.before {
        let reply = ask(till, step).await;
        assert!(reply.status < 300, "before {}: {step:?}: {:?}", walk.code, reply.body);
    }
    let refused = ask(till, &walk.refused).await;
    assert_eq!(refused.json()["code"], walk.code, "{:?}", refused.body);
    for step in &walk.way {
        let reply = ask(till, step).await;
        assert!(reply.status < 300, "the way out of {}: {step:?}: {:?}", walk.code, reply.body);
    }
    if walk.leads_back {
        let again = ask(till, &walk.refused).await;
        assert!(again.status < 300, "{} again: {:?}", walk.code, again.body);
    }
}

#[test]
fn p10_no_refusal_names_a_way_that_is_refused() {
    let mut house = House::new();
    let server = house.serve();
    let data = server.data.clone();
    assert_eq!(server.stop(), Some(0));
    let issued = comanda()
        .args(["token", "issue", "--tenant", "ways", "--role", "admin", "--label", "first", "--data"])
        .arg(&data)
        .output()
        .expect("it runs");
    assert!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));
    let mut server = house.serve();
    server.tokens.insert("ways".to_owned(), String::from_utf8_lossy(&issued.stdout).trim().to_owned());
    run(async {
        let mut till = server.till("ways");
        // A merchant who has published nothing yet.
        for (id, kitchen, shifts) in [("wk", "on", "off"), ("wo", "off", "off"), ("ws", "off", "required")] {
            till.command("PUT", &format!("/v1/stores/{id}"), &store(kitchen, shifts)).await.expect(200);
        }
        for (item, price, station) in [("w_dish", 1_000, Some("grill")), ("w_beer", 450, None)] {
            let body = json!({"name": item, "price": price, "station": station});
            till.command("PUT", &format!("/v1/menu/items/{item}"), &body).await.expect(200);
        }
        let first = walk(
            "no_menu",
            "menu.publish",
            vec![],
            post("/v1/stores/wk/orders", order("first", "later", &["w_dish"], true)),
            vec![post("/v1/menu/publish", json!({}))],
        );
        take(&mut till, &first).await;
        let mut walked: Vec<(&str, &str)> = vec![(first.code, first.named)];
        for walk in of_orders().iter().chain(&of_stores()) {
            take(&mut till, walk).await;
            walked.push((walk.code, walk.named));
        }
        walked.extend(days(&mut till).await);
        walked.sort_unstable();
        let mut rows: Vec<(&str, &str)> =
            WAYS_OUT.iter().filter_map(|(code, way)| Some((*code, name_of((*way)?)))).collect();
        rows.sort_unstable();
        assert_eq!(walked, rows, "every row that names a way out is walked, by the command that it names");
    });
}

/// The walks among business days, whose paths have dates in them.
async fn days(till: &mut Till) -> [(&'static str, &'static str); 2] {
    let opened = till.post("/v1/stores/ws/orders", &order("day", "later", &["w_beer"], true)).await.expect(201);
    let event = opened["events"].as_array().unwrap().iter().find(|event| event["type"] == "OrderOpened");
    let today = event.expect("it was opened")["data"]["business_date"].as_str().unwrap().to_owned();
    let at = |date: &str, what: &str| format!("/v1/stores/ws/days/{date}/{what}");
    till.post(&at("2020-01-01", "open"), &json!({})).await.expect(200);
    let other = till.post(&at(&today, "open"), &json!({})).await;
    assert_eq!(other.expect(422)["code"], "day_open");
    // Closing it is the way out, and names one of its own: cash is counted first.
    let counted = till.post(&at("2020-01-01", "close"), &json!({})).await.expect(422);
    assert_eq!(counted["code"], "shifts_open");
    for (drawer, cash) in [("d1", 1_000), ("d2", 100), ("d3", 0)] {
        let close = format!("/v1/stores/ws/drawers/{drawer}/close");
        till.post(&close, &json!({"counted": cash})).await.expect(200);
    }
    till.post(&at("2020-01-01", "close"), &json!({})).await.expect(200);
    till.post(&at(&today, "open"), &json!({})).await.expect(200);
    [("day_open", "day.close"), ("shifts_open", "drawer.close_shift")]
}
