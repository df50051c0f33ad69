//! Texts of guests: sealed in everything that is kept, read by who may, and erased for good by deleting a key.

use crate::server::{House, Server, Till, ago, comanda, key, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

const STORE: &str = "/v1/stores/s1";
/// What is written of guests; each input has its own number behind it.
const PLANTED: &str = "Quillfeather";
/// The same as a customer's reference.
const CUSTOMER: &str = "quillfeather_81";

fn planted(number: usize) -> String {
    format!("Mrs {PLANTED} \"{number}\"\nä")
}

/// The store seals texts from now on.
async fn seal(server: &Server) {
    let mut admin = server.till("admin");
    let mut settings = admin.get(STORE).await.expect(200);
    assert_eq!(settings["seals_texts"], false);
    settings["seals_texts"] = json!(true);
    for shown in ["store", "menu_version", "revision"] {
        settings.as_object_mut().expect("an object").remove(shown);
    }
    let put = admin.command("PUT", STORE, &settings).await;
    put.expect(200);
    let shown = admin.get(&format!("{STORE}?min_position={}", put.position())).await.expect(200);
    assert_eq!(shown["seals_texts"], true);
}

/// Writes something in every input that is sealed: of an order with a customer, and of one without. Where they end.
async fn plant(server: &Server, customer: Option<&str>, order: &str) -> String {
    let mut admin = server.till("admin");
    let path = format!("{STORE}/orders/{order}");
    let lines = json!([
        {"line_id": "l1", "item_id": "lasagne", "qty": 3, "note": planted(1), "allergens": format!("{PLANTED} 2")},
        {"line_id": "l2", "item_id": "lasagne", "qty": 1},
    ]);
    let mut open = json!({"order_id": order, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines,
        "tax_exempt": {"reason": planted(3)},
        "discounts": [{"discount_id": "d1", "percent_ppm": 10_000, "reason": planted(4)}],
        "service_charges": [{"charge_id": "c1", "name": format!("{PLANTED} 5"), "amount": 100, "phase": "subtotal"}]});
    if let Some(customer) = customer {
        open["customer_ref"] = json!(customer);
    }
    admin.post(&format!("{STORE}/orders"), &open).await.expect(201);
    let change = json!({"note": planted(6), "allergens": format!("{PLANTED} 7"), "course": 2});
    admin.command("PATCH", &format!("{path}/lines/l2"), &change).await.expect(200);
    let price = json!({"price_override": {"price": 100, "reason": planted(8)}});
    let priced = admin.command("PATCH", &format!("{path}/lines/l2"), &price).await;
    priced.expect(200);
    admin
        .post(&format!("{path}/comps"), &json!({"discount_id": "d2", "line_ids": ["l2"], "reason": planted(9)}))
        .await
        .expect(200);
    admin.post(&format!("{path}/place"), &json!({})).await.expect(200);
    let void = json!({"line_id": "l1", "qty": 1, "reason": planted(10), "wasted": true});
    admin.post(&format!("{path}/void-line"), &void).await.expect(200);
    let pay = json!({"payment_id": format!("{order}p"), "tender": "card_terminal", "amount": 100});
    admin.post(&format!("{path}/payments"), &pay).await.expect(201);
    let outcome = json!({"outcome": "captured", "amount": 100});
    admin.post(&format!("{STORE}/payments/{order}p/outcome"), &outcome).await.expect(200);
    let refund = json!({"refund_id": "r1", "amount": 50, "reason": planted(11)});
    let refunded = admin.post(&format!("{STORE}/payments/{order}p/refunds"), &refund).await;
    refunded.expect(201);
    refunded.position()
}

/// What somebody reads of an order: it, its history, and the whole feed.
async fn reads(till: &mut Till, order: &str, position: &str) -> [String; 3] {
    let path = format!("{STORE}/orders/{order}");
    let shown = till.get(&format!("{path}?min_position={position}")).await.expect(200).to_string();
    let history = till.get(&format!("{path}/history")).await;
    let history = if history.status == 403 { String::new() } else { history.expect(200).to_string() };
    let feed = till.get("/v1/feed?follow=false").await;
    let feed = if feed.status == 403 { String::new() } else { String::from_utf8(feed.body.to_vec()).expect("text") };
    [shown, history, feed]
}

fn count(text: &str, word: &str) -> usize {
    text.matches(word).count()
}

/// The files below a directory that have one of these words in them.
fn files_with(dir: &Path, words: &[&str]) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, words));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            if words.iter().any(|word| bytes.windows(word.len()).any(|window| window == word.as_bytes())) {
                found.push(path);
            }
        }
    }
    found
}

fn says(args: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } = comanda().args(args).output().expect("it runs");
    (status.success(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn c11_10_texts_of_guests_are_sealed_masked_and_erased_and_everything_else_holds() {
    let mut house = House::new();
    let server = house.serve();
    let erase = json!({"customer_ref": CUSTOMER});
    let erase_key = key();
    let (chain, position) = run(async {
        seal(&server).await;
        plant(&server, Some(CUSTOMER), "w1").await;
        let position = plant(&server, None, "w2").await;
        let mut admin = server.till("admin");
        for role in ["auditor", "manager"] {
            let [shown, history, feed] = reads(&mut server.till(role), "w1", &position).await;
            for number in [1, 4, 6, 8, 9, 11] {
                let said = serde_json::to_string(&planted(number)).expect("JSON");
                assert!(history.contains(&said) && feed.contains(&said), "{role}: {said} in {history}");
            }
            assert!(shown.contains(CUSTOMER) && shown.contains(&format!("{PLANTED} 2")), "{shown}");
            assert!(![shown, history, feed].iter().any(|text| text.contains("\\u0001") || text.contains("sealed_")));
        }
        let [shown, history, feed] = reads(&mut server.till("analyst"), "w1", &position).await;
        for text in [&shown, &history, &feed] {
            let (names, references) = (count(text, PLANTED), count(text, CUSTOMER));
            assert_eq!((names, references, count(text, "\\u0001")), (0, 0, 0), "{text}");
            assert!(text.contains("[masked]") && text.contains("sealed_"), "{text}");
        }
        // A till and a kitchen screen work with notes.
        assert!(reads(&mut server.till("kitchen"), "w1", &position).await[0].contains(PLANTED));

        // An order of a customer is erased with the customer, by nobody but an admin.
        let order = json!({"store": "s1", "order_id": "w1"});
        assert_eq!(admin.post("/v1/erasures", &order).await.expect(400)["pointer"], "/order_id");
        admin.post("/v1/erasures", &json!({"store": "s1"})).await.expect(400);
        for role in ["manager", "pos", "auditor", "analyst"] {
            assert_eq!(server.till(role).post("/v1/erasures", &erase).await.expect(403)["capability"], "erase_texts");
        }
        for reserved in ["erased", "sealed_x"] {
            let open = json!({"order_id": "w9", "channel": "pos", "dining_mode": "take_away", "pay_mode": "later",
                "customer_ref": reserved, "lines": []});
            assert_eq!(admin.post(&format!("{STORE}/orders"), &open).await.expect(400)["pointer"], "/customer_ref");
        }
        let chain = admin.get(&format!("{STORE}/chain?min_position={position}")).await.expect(200);
        let first = admin.send("POST", "/v1/erasures", &[("idempotency-key", &erase_key)], &erase).await.expect(200);
        let again = admin.send("POST", "/v1/erasures", &[("idempotency-key", &erase_key)], &erase).await.expect(200);
        assert_eq!(first, again);
        assert_eq!(admin.get(&format!("{STORE}/chain")).await.expect(200), chain, "nothing of the store changed");
        let [shown, history, feed] = reads(&mut server.till("auditor"), "w1", &position).await;
        assert_eq!((count(&shown, PLANTED), count(&history, PLANTED), count(&shown, CUSTOMER)), (0, 0, 0), "{history}");
        assert!(shown.contains("[erased]") && shown.contains("\"customer_ref\":\"erased\""), "{shown}");
        assert!(history.contains("[erased]") && feed.contains("\"TextsErased\"") && !feed.contains(CUSTOMER));
        // The other order has a key of its own, until that is deleted, too.
        let [other, ..] = reads(&mut server.till("auditor"), "w2", &position).await;
        assert!(other.contains(PLANTED), "{other}");
        let order = json!({"store": "s1", "order_id": "w2"});
        admin.post("/v1/erasures", &order).await.expect(200);
        for text in reads(&mut server.till("auditor"), "w2", &position).await {
            assert_eq!((count(&text, PLANTED), count(&text, CUSTOMER)), (0, 0), "{text}");
        }
        // Who comes back has a new key, and money goes on.
        plant(&server, Some(CUSTOMER), "w3").await;
        admin.post("/v1/erasures", &erase).await.expect(200);
        (chain, position)
    });
    assert_eq!(server.stop(), Some(0));
    assert_eq!(files_with(&house.data(), &[PLANTED, CUSTOMER]), Vec::<PathBuf>::new());
    let (is_well, said) = says(&["verify", "--data", text(&house.data())]);
    assert!(is_well, "{said}");
    let server = house.serve();
    run(async {
        for text in reads(&mut server.till("auditor"), "w1", &position).await {
            assert!(text.contains("[erased]") && !text.contains(PLANTED), "{text}");
        }
        let mut admin = server.till("admin");
        let again = admin.send("POST", "/v1/erasures", &[("idempotency-key", &erase_key)], &erase).await;
        again.expect(200);
        let now = admin.get(&format!("{STORE}/chain")).await.expect(200);
        assert!(chain["count"].as_u64() <= now["count"].as_u64(), "{chain} {now}");
    });
    assert_eq!(server.stop(), Some(0));
}

/// What a till sends late waits sealed, takes effect, and keys are apart: in no backup, and a start without them says so.
#[test]
fn c11_10_keys_are_in_no_backup_and_a_start_without_them_says_so() {
    let mut house = House::new();
    let server = house.serve();
    let position = run(async {
        seal(&server).await;
        plant(&server, Some(CUSTOMER), "w1").await;
        let mut till = server.till("pos");
        let late = |seq: u64, kind: &str, about: Value, body: Value| {
            let mut command = json!({"command_id": key(), "type": kind, "source": "offline", "terminal": "till_9",
                "terminal_seq": seq, "occurred_at": ago(30 - seq as i64), "body": body});
            command.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
            command
        };
        let note = format!("{PLANTED} late");
        let lines = json!({"lines": [{"line_id": "l9", "item_id": "lasagne", "qty": 1, "note": note}]});
        let waits = late(1, "order.add_lines", json!({"order_id": "w5"}), lines);
        till.upload(STORE, &[waits]).await;
        let [_, _, feed] = reads(&mut server.till("auditor"), "w1", &position_of(&server).await).await;
        assert!(feed.contains("LateCommandRecorded") && feed.contains(&note), "{feed}");
        assert_eq!(files_with(&house.data(), &[&note]), Vec::<PathBuf>::new(), "it waits sealed");
        let open =
            json!({"order_id": "w5", "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": []});
        // Somebody else opens the order: what waits for it is decided again.
        let opened = server.till("admin").post(&format!("{STORE}/orders"), &open).await;
        opened.expect(201);
        let position = position_of(&server).await;
        let [shown, ..] = reads(&mut server.till("auditor"), "w5", &position).await;
        assert!(shown.contains(&note), "it has taken effect: {shown}");
        position
    });
    let copy = house.path().join("copy");
    let (is_made, said) = says(&["backup", "--data", text(&house.data()), "--to", text(&copy)]);
    assert!(is_made, "{said}");
    assert_eq!(files_with(&copy, &[PLANTED, CUSTOMER]), Vec::<PathBuf>::new());
    assert_eq!(server.stop(), Some(0));
    let keys = house.data().join("keys");
    assert_eq!(
        files_with(&house.data(), &[PLANTED, CUSTOMER]),
        [keys.join("keys")],
        "the reference stands with its key"
    );
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!((mode(&keys), mode(&keys.join("keys"))), (0o700, 0o600));
    std::fs::rename(&keys, house.path().join("kept")).expect("it can be moved");
    let server = house.serve();
    run(async {
        let [shown, ..] = reads(&mut server.till("auditor"), "w1", &position).await;
        assert!(
            shown.contains("[erased]") && !shown.contains(PLANTED) && shown.contains("\"customer_ref\":\"erased\""),
            "{shown}"
        );
    });
    assert_eq!(server.stop(), Some(0));
    assert!(house.log().contains("the keys of sealed texts are not there"), "{}", house.log());
    std::fs::remove_dir_all(&keys)
        .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
        .expect("no keys");
    std::fs::rename(house.path().join("kept"), &keys).expect("it can be moved");
    let server = house.serve();
    run(async {
        let [shown, ..] = reads(&mut server.till("auditor"), "w1", &position).await;
        assert!(shown.contains(PLANTED) && shown.contains(CUSTOMER), "{shown}");
    });
    assert_eq!(server.stop(), Some(0));
}

/// Where the store is now.
async fn position_of(server: &Server) -> String {
    let path = format!("/v1/staff/{}", &key().replace('-', "")[..20]);
    let put = server.till("admin").command("PUT", &path, &json!({"rights": []})).await;
    put.expect(200);
    put.position()
}
