//! Nothing is cut in silence: whatever an answer does not hold is on the pages behind it.

use crate::golden::inherited;
use crate::server::{House, Till, key, run};
use gateway::http::bounds::{Bound, Paged};
use serde_json::{Value, json};

/// The entries of an answer: a list's items, the closed days, or the events of a history.
fn entries(answer: &Value) -> Vec<Value> {
    answer.get("items").or(answer.get("closed")).unwrap_or(answer).as_array().expect("a list").clone()
}

/// Everything at an address, in pages of `limit`, or as many as there are where nobody says; and how many pages it took.
async fn read_through(client: &mut Till, path: &str, limit: Option<usize>) -> (Vec<Value>, usize) {
    let joint = if path.contains('?') { '&' } else { '?' };
    let asked = limit.map_or(path.to_owned(), |limit| format!("{path}{joint}limit={limit}"));
    let (mut all, mut pages, mut next) = (vec![], 0, Some(asked.clone()));
    while let Some(address) = next {
        let reply = client.get(&address).await;
        let answer = reply.expect(200);
        all.extend(entries(&answer));
        pages += 1;
        let joint = if asked.contains('?') { '&' } else { '?' };
        let by_cursor =
            answer.get("cursor").and_then(Value::as_str).map(|cursor| format!("{asked}{joint}cursor={cursor}"));
        let by_link = reply.headers.get("link").map(|link| {
            let (address, relation) = link.split_once("; ").expect("an address and a relation");
            assert_eq!(relation, "rel=\"next\"");
            address.trim_matches(['<', '>']).to_owned()
        });
        next = by_cursor.or(by_link);
    }
    (all, pages)
}

#[test]
fn every_bound_hands_out_the_rest() {
    let (mut house, _) = inherited();
    let server = house.serve_with(&["--security-sum-s", "1"]);
    run(async {
        let mut admin = server.till("admin");
        admin.post("/v1/tokens", &json!({"role": "pos", "label": "x"})).await.expect(201);
        admin.command("PUT", "/v1/staff/ana", &json!({"rights": ["comp"]})).await.expect(200);
        let security = async |admin: &mut Till| entries(&admin.get("/v1/security").await.expect(200)).len();
        while security(&mut admin).await < 2 {}
        // A second shift; whether the first is closed is the log's business.
        let _ = admin.post("/v1/stores/k1/drawers/d1/close", &json!({"counted": 0})).await;
        let opened = admin.post("/v1/stores/k1/drawers/d1/open", &json!({"float": 0})).await;
        opened.expect(201);
        for view in ["orders", "drawers", "days", "exceptions"] {
            let path = format!("/v1/stores/k1/{view}?min_position={}", opened.position());
            while admin.get(&path).await.status == 503 {}
        }
        // Where there is most of each: found by asking every store, drawer, station and order of the log.
        for paged in Paged::ALL {
            let Bound { path, default, max } = paged.bound();
            let mut most = (vec![], String::new());
            for path in places(&mut admin, path).await {
                let reply = admin.get(&path).await;
                let found = if reply.status == 200 { entries(&reply.json()) } else { vec![] };
                if most.0.len() < found.len() {
                    most = (found, path);
                }
            }
            let (whole, address) = most;
            // The log has one closed day.
            let least = if paged == Paged::Days { 1 } else { 2 };
            assert!(least <= whole.len(), "{path}: the log has too little of it");
            assert!(whole.len() <= default, "{path}: more than a page, and nobody asked for one");
            for limit in [1, 2, whole.len(), max] {
                let (all, pages) = read_through(&mut admin, &address, Some(limit)).await;
                assert_eq!(all, whole, "{address} by {limit}");
                // A page of a history ends with a whole commit, so there may be fewer.
                assert!(pages <= whole.len().div_ceil(limit).max(1) + 1, "{address} by {limit}: {pages} pages");
                assert!(1 < pages || whole.len() <= limit || paged == Paged::History, "{address} by {limit}: one page");
            }
            for wrong in [0, max + 1] {
                let joint = if address.contains('?') { '&' } else { '?' };
                let refused = admin.get(&format!("{address}{joint}limit={wrong}")).await.expect(400);
                let told = format!("The parameter limit is {wrong}; it must be from 1 to {max}.");
                assert_eq!(refused["detail"], told, "{address}");
            }
        }
    });
}

/// Every place of this form that the log may have something at.
async fn places(admin: &mut Till, form: &str) -> Vec<String> {
    let mut places = vec![];
    for store in ["s1", "s2", "k1", "w1", "harbour"] {
        let path = form.replace("{store}", store);
        if path.contains("{order}") {
            let (orders, _) = read_through(admin, &format!("/v1/stores/{store}/orders"), None).await;
            places
                .extend(orders.iter().map(|order| path.replace("{order}", order["order_id"].as_str().expect("an id"))));
        } else if path.contains("{drawer}") {
            let drawers = entries(&admin.get(&format!("/v1/stores/{store}/drawers")).await.expect(200));
            places.extend(
                drawers.iter().map(|drawer| path.replace("{drawer}", drawer["drawer_id"].as_str().expect("an id"))),
            );
        } else if path.contains("{station}") {
            places.extend(["stove", "pastry", "grill", "bar"].map(|station| path.replace("{station}", station)));
        } else if path.ends_with("/exceptions") {
            places.push(format!("{path}?state=all"));
        } else {
            places.push(path);
        }
    }
    places
}

#[test]
fn c12_a_history_of_more_than_ten_thousand_events_is_whole() {
    const CHANGES: usize = 10_050;
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let order = json!({"order_id": "big", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "lines": [{"line_id": "l1", "item_id": "espresso"}]});
        till.post("/v1/stores/s1/orders", &order).await.expect(201);
        for first in (0..CHANGES).step_by(500) {
            let change = |index: usize| json!({"command_id": key(), "type": "order.set_table", "order_id": "big", "body": {"table": format!("t{}", index % 7)}});
            let commands: Vec<Value> = (first..CHANGES.min(first + 500)).map(change).collect();
            let answer = till.post("/v1/stores/s1/commands", &json!({"commands": commands})).await.expect(200);
            let refused =
                answer["results"].as_array().expect("results").iter().find(|result| result["status"] != "accepted");
            assert_eq!(refused, None);
        }
        till.post("/v1/stores/s1/orders/big/place", &json!({})).await.expect(200);
        let mut auditor = server.till("auditor");
        let path = "/v1/stores/s1/orders/big/history";
        let (events, pages) = read_through(&mut auditor, path, None).await;
        assert_eq!(pages, 2);
        let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!((count("OrderMovedToTable"), count("OrderPlaced")), (CHANGES, 1));
        let mut revisions = events
            .iter()
            .filter(|event| event["stream"] == "order-demo.s1.big")
            .map(|event| event["revision"].as_u64());
        assert!(
            (0..).zip(&mut revisions).all(|(expected, revision)| revision == Some(expected)),
            "no revision is left out"
        );
        // From the middle of a commit on comes its rest.
        let second = events[1]["position"].as_str().expect("a position");
        let rest = auditor.get(&format!("{path}?after={second}&limit=1")).await.expect(200);
        assert_eq!(rest[0]["position"], events[2]["position"]);
    });
}
