//! Taking something off what was placed asks for what cancelling asks for, by every way in (T8 of the trade's cases).

use crate::server::{House, Server, Till, ago, key, run};
use serde_json::{Value, json};

const ORDERS: &str = "/v1/stores/s1/orders";

/// A way to take something off an order that has a line `l1` of two and a service charge `c1`.
struct Way {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    kind: &'static str,
    /// What a batch names beside the order.
    names: Value,
    body: Value,
}

fn ways() -> Vec<Way> {
    let way = |name, (method, path, kind), names, body| Way { name, method, path, kind, names, body };
    let line = || json!({"line_id": "l1"});
    let patch = ("PATCH", "/lines/l1", "order.change_line");
    vec![
        way(
            "void",
            ("POST", "/void-line", "order.void_line"),
            json!({}),
            json!({"line_id": "l1", "qty": 1, "reason": "Changed their mind", "wasted": false}),
        ),
        way("quantity", patch, line(), json!({"qty": 1})),
        way("removed", ("DELETE", "/lines/l1", "order.remove_line"), line(), Value::Null),
        way("price", patch, line(), json!({"price_override": {"price": 1, "reason": "Friend"}})),
        way(
            "discount",
            ("POST", "/discounts", "order.apply_discount"),
            json!({}),
            json!({"discount_id": "d1", "percent_ppm": 1_000_000, "reason": "Friend"}),
        ),
        way(
            "amount",
            ("POST", "/discounts", "order.apply_discount"),
            json!({}),
            json!({"discount_id": "d1", "amount": 700, "reason": "Friend"}),
        ),
        way(
            "comp",
            ("POST", "/comps", "order.comp"),
            json!({}),
            json!({"discount_id": "d1", "line_ids": ["l1"], "reason": "Friend"}),
        ),
        way(
            "service charge",
            ("DELETE", "/service-charges/c1", "order.remove_service_charge"),
            json!({"charge_id": "c1"}),
            Value::Null,
        ),
    ]
}

impl Way {
    /// The command of a batch to this order.
    fn to(&self, order: &str) -> Value {
        let mut command = json!({"command_id": key(), "type": self.kind, "order_id": order});
        let fields = command.as_object_mut().expect("an object");
        fields.extend(self.names.as_object().expect("an object").clone());
        if !self.body.is_null() {
            fields.insert("body".to_owned(), self.body.clone());
        }
        command
    }
}

/// A store that asks for a second person to cancel, and for nothing else.
async fn asking(server: &Server, kitchen: &str) {
    let settings = json!({"name": "Old Town", "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": kitchen,
        "approvals": {"needed": ["cancel"], "discount_limit_ppm": 100_000}});
    let mut manager = server.till("manager");
    manager.command("PUT", "/v1/stores/s1", &settings).await.expect(200);
    manager.command("PUT", "/v1/staff/boss", &json!({"rights": ["cancel"]})).await.expect(200);
}

/// The id of a new order, and where the log stood then.
async fn opened(till: &mut Till, place: bool) -> (String, String) {
    let id = till.id("t8");
    let charge = json!({"charge_id": "c1", "name": "Service", "amount": 100, "phase": "total"});
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "place": place,
        "lines": [{"line_id": "l1", "item_id": "water", "qty": 2}], "service_charges": [charge]});
    let reply = till.post(ORDERS, &order).await;
    reply.expect(201);
    (id, reply.position())
}

async fn place(till: &mut Till) -> String {
    opened(till, true).await.0
}

#[track_caller]
fn asked(name: &str, answer: &Value) {
    assert_eq!(
        (&answer["code"], &answer["right"]),
        (&json!("approval_required"), &json!("cancel")),
        "{name}: {answer}"
    );
}

#[test]
fn t8_every_path_asks_for_what_cancelling_asks_for() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        for kitchen in ["off", "on"] {
            asking(&server, kitchen).await;
            for way in ways() {
                let (order, position) = opened(&mut till, true).await;
                let path = format!("{ORDERS}/{order}{}", way.path);
                asked(way.name, &till.command(way.method, &path, &way.body).await.expect(422));
                let view = till.get(&format!("{ORDERS}/{order}?min_position={position}")).await.expect(200);
                assert_eq!(view["totals"]["total"], 880, "{}: nothing was taken off", way.name);
                till.approved("boss", way.method, &path, &way.body).await.expect(200);
                // What nobody has ordered yet is nobody's loss; it cannot be voided, only removed.
                let (order, _) = opened(&mut till, false).await;
                let path = format!("{ORDERS}/{order}{}", way.path);
                let alone = till.command(way.method, &path, &way.body).await;
                assert_eq!(alone.status, if way.name == "void" { 422 } else { 200 }, "{}", way.name);
            }
        }
    });
}

#[test]
fn t8_every_command_of_a_batch_asks_for_what_cancelling_asks_for() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server, "off").await;
        let mut till = server.till("pos");
        for way in ways() {
            let order = place(&mut till).await;
            let batch = json!({"commands": [way.to(&order)]});
            let answer = till.send("POST", "/v1/stores/s1/commands", &[], &batch).await.expect(200);
            let result = &answer["results"][0];
            assert_eq!(result["status"], "rejected", "{}: {result}", way.name);
            assert_eq!(result["code"], "approval_required", "{}: {result}", way.name);
        }
    });
}

/// What was taken off while the till was away happened: it is kept, and stands as an exception that somebody has to decide.
#[test]
fn t8_what_an_offline_till_took_off_stands_as_an_exception() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server, "off").await;
        let mut till = server.till("pos");
        for (seq, way) in (1..).zip(ways()) {
            let order = place(&mut till).await;
            let mut command = way.to(&order);
            let away = json!({"source": "offline", "terminal": "hall", "terminal_seq": seq,
                "occurred_at": ago(60)});
            command.as_object_mut().expect("an object").extend(away.as_object().expect("an object").clone());
            let answer = till.upload("/v1/stores/s1", &[command]).await;
            let result = &answer["results"][0];
            assert_eq!(result["status"], "recorded_with_exception", "{}: {result}", way.name);
            assert_eq!(result["code"], "approval_required", "{}: {result}", way.name);
        }
    });
}

/// What adds, and discounts that are small together, ask nobody.
#[test]
fn t8_small_discounts_are_small_together_only() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        asking(&server, "off").await;
        let mut till = server.till("pos");
        let order = place(&mut till).await;
        let path = format!("{ORDERS}/{order}");
        till.command("PATCH", &format!("{path}/lines/l1"), &json!({"qty": 3})).await.expect(200);
        for (id, status) in [("d1", 200), ("d2", 200), ("d3", 422)] {
            let five = json!({"discount_id": id, "percent_ppm": 50_000, "reason": "Regular guest"});
            let answer = till.post(&format!("{path}/discounts"), &five).await.expect(status);
            if status == 422 {
                asked(id, &answer);
            }
        }
        till.command("DELETE", &format!("{path}/discounts/d1"), &Value::Null).await.expect(200);
    });
}
