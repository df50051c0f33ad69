//! An evening over HTTP, from the first guest to the Z report of the day after: every number that is printed reconciles.

use crate::kitchen::open_the_kitchen;
use crate::server::{House, Till, run};
use serde_json::{Value, json};

const STORE: &str = "/v1/stores/s1";
const TABLE: &str = "/v1/stores/s1/orders/t6";

fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_else(|| panic!("no number {field} in {value}"))
}

fn data<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    let events = answer["events"].as_array().expect("events");
    &events.iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {answer}"))["data"]
}

/// Cash is taken in shifts, and what the kitchen has is voided by two people.
async fn open_the_house(manager: &mut Till) {
    open_the_kitchen(manager).await;
    let settings = json!({
        "name": "Old Town", "currency": "EUR", "time_zone": "Europe/Berlin", "kitchen": "on", "cash_shifts": "required",
        "approvals": {"needed": ["void_fired"]},
    });
    manager.command("PUT", STORE, &settings).await.expect(200);
    manager.post(&format!("{STORE}/drawers/d1/open"), &json!({"float": 20_000})).await.expect(201);
}

/// Seats six guests; answers the business date and the evening's, which is still the one before.
async fn seat(manager: &mut Till, till: &mut Till) -> (String, String) {
    let lines = json!([
        {"line_id": "soup", "item_id": "goulash", "qty": 6, "course": 1},
        {"line_id": "sweet", "item_id": "tiramisu", "qty": 6, "course": 2},
        {"line_id": "water", "item_id": "water", "qty": 2},
    ]);
    let order = json!({"order_id": "t6", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
        "table": "t6", "guests": 6, "lines": lines});
    let opened = till.post(&format!("{STORE}/orders"), &order).await.expect(201);
    let today = data(&opened, "OrderOpened")["business_date"].as_str().expect("a date").to_owned();
    let evening = today.parse::<jiff::civil::Date>().expect("a date").yesterday().expect("a day before").to_string();
    manager.post(&format!("{STORE}/days/{evening}/open"), &json!({})).await.expect(200);
    till.post(&format!("{TABLE}/place"), &json!({"expected_total": 13_380})).await.expect(200);
    (today, evening)
}

/// Fires a course, and has the kitchen cook and the guests eat all of it.
async fn eat(till: &mut Till, cook: &mut Till, fire: Value) {
    let fired = till.post(&format!("{TABLE}/fire"), &fire).await.expect(200);
    for event in fired["events"].as_array().expect("events").iter().filter(|event| event["type"] == "TicketCreated") {
        let ticket = event["stream"].as_str().expect("a stream").rsplit('.').next().expect("an id");
        cook.post(&format!("{STORE}/tickets/{ticket}/bump"), &json!({})).await.expect(200);
    }
    till.post(&format!("{TABLE}/serve"), &json!({})).await.expect(200);
}

/// Two goulash and two tiramisu each for checks 2 and 3; what is left, and the water, is on check 1.
async fn split_three_ways(till: &mut Till) -> Vec<i64> {
    let mut position = String::new();
    for check in [2, 3] {
        let moves = json!([{"line_id": "soup", "qty": 2}, {"line_id": "sweet", "qty": 2}]);
        let split = till.post(&format!("{TABLE}/split"), &json!({"to_check": check, "moves": moves})).await;
        split.expect(200);
        position = split.position();
    }
    let order = till.get(&format!("{TABLE}?min_position={position}")).await.expect(200);
    let totals: Vec<i64> = order["checks"].as_array().expect("checks").iter().map(|it| number(it, "total")).collect();
    assert_eq!(totals.iter().sum::<i64>(), number(&order["totals"], "total"));
    totals
}

#[test]
fn an_evening_reconciles() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let (mut manager, mut till, mut cook) = (server.till("manager"), server.till("pos"), server.till("kitchen"));
        open_the_house(&mut manager).await;
        let (today, evening) = seat(&mut manager, &mut till).await;

        // Two courses; one goulash is dropped on the way and voided with approval.
        till.post(&format!("{TABLE}/hold"), &json!({"line_ids": ["sweet"]})).await.expect(200);
        till.post(&format!("{TABLE}/fire"), &json!({})).await.expect(200);
        let void = json!({"line_id": "soup", "qty": 1, "reason": "Dropped", "wasted": true});
        assert_eq!(till.post(&format!("{TABLE}/void-line"), &void).await.expect(422)["code"], "approval_required");
        let voided = till.approved("boss", "POST", &format!("{TABLE}/void-line"), &void).await.expect(200);
        assert_eq!(number(&data(&voided, "OrderRepriced")["totals"], "total"), 11_980);
        cook.post(&format!("{STORE}/tickets/t1/bump"), &json!({})).await.expect(200);
        till.post(&format!("{TABLE}/serve"), &json!({})).await.expect(200);
        eat(&mut till, &mut cook, json!({"course": 2})).await;

        // Three checks: cash with change, a card with a tip, another card.
        let checks = split_three_ways(&mut till).await;
        assert_eq!(checks, [3_580, 4_200, 4_200]);
        let pays = format!("{TABLE}/payments");
        let cash = json!({"payment_id": "p1", "check_id": 1, "tender": "cash", "tendered": 5_000});
        let cash = till.post(&pays, &cash).await.expect(201);
        assert_eq!(number(data(&cash, "PaymentCaptured"), "change"), 1_420);
        let mut last = json!(null);
        for (check, tip) in [(2, 420), (3, 0)] {
            let id = format!("p{check}");
            let card = json!({"payment_id": id, "check_id": check, "tender": "card", "tip": tip});
            till.post(&pays, &card).await.expect(201);
            let outcome = json!({"outcome": "captured", "amount": 4_200 + tip});
            last = till.post(&format!("{STORE}/payments/{id}/outcome"), &outcome).await.expect(200);
            assert_eq!(number(data(&last, "CheckPaid"), "total"), 4_200);
        }
        assert_eq!(number(data(&last, "OrderCompleted"), "total"), 11_980);

        // The drawer is counted to the cent, and the evening closed.
        let shift = till.post(&format!("{STORE}/drawers/d1/close"), &json!({"counted": 23_580})).await.expect(200);
        let counted = data(&shift, "ShiftClosed");
        assert_eq!((number(counted, "expected"), number(counted, "over_short")), (23_580, 0));
        let closed = manager.post(&format!("{STORE}/days/{evening}/close"), &json!({})).await;
        let z = data(&closed.expect(200), "DayClosed").clone();
        assert_eq!(
            (number(&z, "z_number"), number(&z, "cumulative_total"), &z["open_orders"]),
            (1, 11_980, &json!([]))
        );
        let totals = &z["totals"];
        assert_eq!((number(totals, "orders"), number(totals, "sales"), number(totals, "tips")), (1, 11_980, 420));
        assert_eq!((number(totals, "cash"), number(totals, "other"), number(totals, "unapplied")), (3_580, 8_400, 0));
        assert_eq!(number(totals, "gross") - number(totals, "discounts") + number(totals, "tax"), 11_980);
        reports_agree(&mut manager, &closed.position(), &evening).await;

        // The next day a guest gets a tiramisu back in cash, and the drawer is short by a coin.
        till.post(&format!("{STORE}/drawers/d1/open"), &json!({"float": 20_000})).await.expect(201);
        let back = json!({"refund_id": "r1", "lines": [{"line_id": "sweet", "qty": 1}], "reason": "Salty"});
        let back = till.post(&format!("{STORE}/payments/p1/refunds"), &back).await.expect(201);
        assert_eq!(data(&back, "DayOpened")["business_date"], json!(today));
        let recorded = data(&back, "RefundRecorded");
        assert_eq!((number(recorded, "applied"), &recorded["posting_date"]), (700, &json!(today)));
        let shift = till.post(&format!("{STORE}/drawers/d1/close"), &json!({"counted": 19_290})).await.expect(200);
        let counted = data(&shift, "ShiftClosed");
        assert_eq!((number(counted, "expected"), number(counted, "over_short")), (19_300, -10));
        let closed = manager.post(&format!("{STORE}/days/{today}/close"), &json!({})).await;
        let next = data(&closed.expect(200), "DayClosed").clone();
        assert_eq!((number(&next, "z_number"), number(&next, "cumulative_total")), (2, 11_980));
        let totals = &next["totals"];
        assert_eq!(
            (number(totals, "sales"), number(totals, "refunded"), number(totals, "refunded_cash")),
            (0, 700, 700)
        );
        // The report of the evening is what it was.
        let report =
            till.get(&format!("{STORE}/days/{evening}/z?min_position={}", closed.position())).await.expect(200);
        assert_eq!((&report["totals"], number(&report, "z_number")), (&z["totals"], 1));
        let order = till.get(&format!("{TABLE}?min_position={}", closed.position())).await.expect(200);
        assert_eq!(
            (&order["state"], number(&order, "paid"), number(&order, "refunded")),
            (&json!("completed"), 11_980, 700)
        );
        assert_eq!((number(&order, "tips"), &order["payment_state"]), (420, &json!("partially_refunded")));
    });
}

/// Rule R4: the same sales from every side, and what was paid for them.
async fn reports_agree(manager: &mut Till, position: &str, evening: &str) {
    let report =
        format!("/v1/reports/sales?store=s1&date=posting_date&from={evening}&to={evening}&min_position={position}");
    let mut sides = vec![];
    for by in ["hour", "day", "item", "channel"] {
        let side = manager.get(&format!("{report}&by={by}")).await.expect(200);
        let rows: i64 = side["rows"].as_array().expect("rows").iter().map(|row| number(row, "net")).sum();
        assert_eq!(rows, number(&side["totals"], "net"), "{by}: {side}");
        sides.push(side["totals"].clone());
    }
    assert!(sides.windows(2).all(|pair| pair[0] == pair[1]), "{sides:?}");
    let totals = &sides[0];
    let less = number(totals, "discounts") + number(totals, "comps");
    assert_eq!(number(totals, "gross") - less, number(totals, "net"));
    let more = number(totals, "tax_exclusive") + number(totals, "charges") + number(totals, "charge_tax");
    assert_eq!((number(totals, "net") + more, number(totals, "total")), (11_980, 11_980));
    let tenders = manager.get(&format!("{report}&by=tender")).await.expect(200);
    let paid: Vec<(&Value, i64, i64)> = tenders["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["tender"], number(row, "paid"), number(row, "tips")))
        .collect();
    assert_eq!(paid, [(&json!("card"), 8_400, 420), (&json!("cash"), 3_580, 0)]);
}
