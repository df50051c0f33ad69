//! Cash drawers: a shift from its float to its count.

use crate::server::{House, Till, ago, key, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s4";

async fn in_shifts(till: &mut Till) {
    let settings = json!({"name": "Four", "currency": "EUR", "time_zone": "Europe/Berlin", "cash_shifts": "required"});
    till.command("PUT", STORE, &settings).await.expect(200);
}

async fn placed(till: &mut Till, id: &str) {
    let lines = json!([{"line_id": "l1", "item_id": "caprese", "qty": 1}]);
    let body = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
    till.post(&format!("{STORE}/orders"), &body).await.expect(201);
}

fn kinds(answer: &Value) -> Vec<String> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_shift_counts_what_goes_through_the_drawer() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut manager = server.till("manager");
        in_shifts(&mut manager).await;
        let mut till = server.till("pos");
        placed(&mut till, "o1").await;
        let pay = format!("{STORE}/orders/o1/payments");
        let cash = json!({"payment_id": "p1", "tender": "cash", "tip": 50, "tendered": 5000});
        assert_eq!(till.post(&pay, &cash).await.expect(422)["code"], "shift_required");
        let at = |what: &str| format!("{STORE}/drawers/d1/{what}");
        let early = till.post(&at("close"), &json!({"counted": 0})).await.expect(422);
        assert_eq!((&early["code"], &early["drawer_id"]), (&json!("shift_not_open"), &json!("d1")));
        // A till opens no drawer that nobody has made.
        let made_up = till.post(&at("open"), &json!({"float": 20000})).await.expect(422);
        assert_eq!((&made_up["code"], &made_up["drawer_id"]), (&json!("unknown_drawer"), &json!("d1")));
        let opened = manager.post(&at("open"), &json!({"float": 20000})).await.expect(201);
        assert_eq!((&opened["stream"], kinds(&opened)), (&json!("drawer-demo.s4.d1"), vec!["ShiftOpened".to_owned()]));
        let twice = till.post(&at("open"), &json!({"float": 20000})).await.expect(422);
        assert_eq!(twice["code"], "shift_open");
        let paid = till.post(&pay, &cash).await.expect(201);
        assert_eq!(kinds(&paid)[..3], ["PaymentInitiated", "PaymentCaptured", "CashSaleRecorded"]);
        let taken = paid["events"][2]["data"]["amount"].as_i64().unwrap();
        till.post(&at("paid-in"), &json!({"amount": 300, "reason": "Coins"})).await.expect(200);
        till.post(&at("paid-out"), &json!({"amount": 1200, "reason": "Ice"})).await.expect(200);
        till.post(&at("no-sale"), &json!({"reason": "Change"})).await.expect(200);
        let refund = json!({"refund_id": "r1", "amount": 100, "reason": "Cold"});
        let back = till.post(&format!("{STORE}/payments/p1/refunds"), &refund).await.expect(201);
        assert_eq!(kinds(&back).last().map(String::as_str), Some("CashRefundRecorded"));
        let expected = 20_000 + taken + 300 - 1_200 - 100;
        let closed = till.post(&at("close"), &json!({"counted": expected - 10})).await;
        let data = closed.expect(200)["events"][0]["data"].clone();
        assert_eq!((&data["expected"], &data["over_short"]), (&json!(expected), &json!(-10)));
        let drawers = till.get(&format!("{STORE}/drawers?min_position={}", closed.position())).await.expect(200);
        let shift = &drawers["items"][0]["shift"];
        assert_eq!(
            (&shift["state"], &shift["sales"], &shift["refunds"]),
            (&json!("closed"), &json!(taken), &json!(100))
        );
        assert_eq!((&shift["no_sales"], &shift["over_short"]), (&json!(1), &json!(-10)));
        let next = till.post(&at("open"), &json!({"float": 0})).await;
        next.expect(201);
        let shifts = till.get(&format!("{STORE}/drawers/d1/shifts?min_position={}", next.position())).await.expect(200);
        let numbers: Vec<_> = shifts["items"].as_array().unwrap().iter().map(|shift| shift["shift"].clone()).collect();
        assert_eq!(numbers, [json!(2), json!(1)]);
    });
}

/// Cash that a till took while it was away, for an order that was cancelled meanwhile, leaves the shift it is handed back from.
#[test]
fn cash_that_came_too_late_leaves_the_drawer_it_is_handed_back_from() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        in_shifts(&mut server.till("manager")).await;
        let mut till = server.till("pos");
        placed(&mut till, "o1").await;
        let at = |drawer: &str, what: &str| format!("{STORE}/drawers/{drawer}/{what}");
        let mut manager = server.till("manager");
        manager.post(&at("d1", "open"), &json!({"float": 20000})).await.expect(201);
        till.post(&format!("{STORE}/orders/o1/cancel"), &json!({"reason": "Left"})).await.expect(200);
        let kept = |seq: u32, kind: &str, about: Value, body: Value| {
            let mut command = json!({"command_id": key(), "type": kind, "source": "offline", "terminal": "bar",
                "terminal_seq": seq, "occurred_at": ago(90), "body": body});
            command.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
            command
        };
        let cash = json!({"payment_id": "p1", "tender": "cash", "amount": 1500, "drawer_id": "d1"});
        let pay = kept(1, "payment.initiate", json!({"order_id": "o1"}), cash);
        let answer = till.upload(STORE, &[pay]).await;
        assert_eq!(answer["results"][0]["status"], "accepted", "{answer}");
        // It is asked back; which of two drawers it comes out of has to be said.
        manager.post(&at("d2", "open"), &json!({"float": 0})).await.expect(201);
        let path = format!("{STORE}/payments/p1/refunds/unapplied/outcome");
        let unsaid = till.post(&path, &json!({"outcome": "succeeded"})).await.expect(422);
        assert_eq!(unsaid["code"], "shift_required");
        let odd = till.post(&path, &json!({"outcome": "succeeded", "drawer_id": "D 1"})).await.expect(400);
        assert_eq!(odd["pointer"], "/drawer_id");
        let about = json!({"payment_id": "p1", "refund_id": "unapplied"});
        let body = json!({"outcome": "succeeded", "drawer_id": "d1"});
        let answer = till.upload(STORE, &[kept(2, "payment.record_refund_outcome", about, body.clone())]).await;
        assert_eq!(answer["results"][0]["status"], "accepted", "{answer}");
        // Said once more, at the other door, it changes nothing.
        let again = till.post(&path, &body).await.expect(200);
        assert_eq!(again["events"], json!([]));
        let closed = till.post(&at("d1", "close"), &json!({"counted": 20000})).await.expect(200);
        let data = &closed["events"][0]["data"];
        assert_eq!((&data["expected"], &data["over_short"]), (&json!(20000), &json!(0)));
    });
}

/// `persist_dos`: a till's names use up no drawers, and a manager takes out what was made by mistake.
#[test]
fn persist_dos_drawers_are_made_and_taken_out_by_managers() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        in_shifts(&mut manager).await;
        for number in 0..20 {
            let path = format!("{STORE}/drawers/made_up_{number}/open");
            assert_eq!(till.post(&path, &json!({"float": 0})).await.expect(422)["code"], "unknown_drawer");
        }
        let open = json!({"command_id": key(), "type": "drawer.open_shift", "drawer_id": "late", "body": {"float": 0},
            "source": "offline", "terminal": "bar", "terminal_seq": 1, "occurred_at": ago(5)});
        let late = till.upload(STORE, &[open]).await;
        assert_eq!(late["results"][0]["code"], "unknown_drawer", "kept for a person: {late}");
        server.make_drawers(STORE, &["oops", "front"]).await;
        let path = format!("{STORE}/drawers/oops");
        assert_eq!(till.command("DELETE", &path, &Value::Null).await.status, 403);
        let gone = manager.command("DELETE", &path, &Value::Null).await;
        let list = manager.get(&format!("{STORE}/drawers?min_position={}", gone.position())).await.expect(200);
        gone.expect(200);
        let ids: Vec<&Value> =
            list["items"].as_array().expect("drawers").iter().map(|drawer| &drawer["drawer_id"]).collect();
        assert_eq!(ids, ["front"]);
        assert_eq!(
            till.post(&format!("{path}/open"), &json!({"float": 0})).await.expect(422)["code"],
            "unknown_drawer"
        );
        till.post(&format!("{STORE}/drawers/front/open"), &json!({"float": 0})).await.expect(201);
    });
}
