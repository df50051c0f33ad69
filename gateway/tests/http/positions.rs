//! Positions: what a client remembers is good in the history that gave it out, and refused in any other.

use crate::feeds::{SSE, open, read_to};
use crate::server::{House, Server, Till, comanda, run};
use serde_json::json;
use std::path::Path;

async fn order(till: &mut Till, id: &str) -> String {
    let lines = json!([{"line_id": "l1", "item_id": "espresso", "qty": 1}]);
    let body = json!({"order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines, "place": true});
    let receipt = till.post("/v1/stores/s1/orders", &body).await.expect(201);
    let position = receipt["position"].as_str().expect("a position").to_owned();
    assert_eq!(
        receipt["events"].as_array().and_then(|all| all.last()).map(|last| &last["position"]),
        Some(&json!(position))
    );
    position
}

async fn orders(server: &Server, prefix: &str, count: u32) -> String {
    let mut till = server.till("pos");
    let mut last = String::new();
    for n in 0..count {
        last = order(&mut till, &format!("{prefix}{n}")).await;
    }
    last
}

/// Runs the binary on directories; what it says, and whether it was content.
fn comanda_says(args: &[&str]) -> (bool, String) {
    let output = comanda().args(args).output().expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path is text")
}

#[track_caller]
fn backup(data: &Path, to: &Path) -> String {
    let (is_made, said) = comanda_says(&["backup", "--data", text(data), "--to", text(to)]);
    assert!(is_made && said.contains("nothing is wrong"), "{said}");
    said
}

#[track_caller]
fn restore(from: &Path, data: &Path) {
    let (is_back, said) = comanda_says(&["restore", "--from", text(from), "--data", text(data)]);
    assert!(is_back && said.contains("restored"), "{said}");
}

/// The number in a position: what stands between its first and second colon.
fn number(position: &str) -> u64 {
    position.split(':').nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Says that a position is not of this history, at every door that takes one, and where the history ends.
async fn is_refused(server: &Server, position: &str) {
    let mut analyst = server.till("analyst");
    for path in [
        "/v1/feed?after=",
        "/v1/feed?follow=true&after=",
        "/v1/stores/s1/menu?min_position=",
        "/v1/stores?min_position=",
    ] {
        let problem = analyst.get(&format!("{path}{position}")).await.expect(409);
        assert_eq!(problem["code"], "position_unknown", "{path}{position}: {problem}");
        let head = problem["head"].as_str().expect("it says where to go on");
        let on = analyst.get(&format!("{path}{head}").replace("follow=true&", "")).await;
        assert_eq!(on.status, 200, "{path}{head}");
    }
}

#[test]
fn c01_a_position_of_a_lost_history_is_refused() {
    let mut house = House::new();
    let (data, copy) = (house.data(), house.path().join("copies/monday"));
    let server = house.serve();
    let kept = run(orders(&server, "a", 20));
    let said = backup(&data, &copy);
    assert!(said.contains(&format!("up to position {kept}")), "{said}");
    let lost = run(orders(&server, "b", 40));
    server.kill();
    std::fs::remove_dir_all(&data).expect("goes");
    restore(&copy, &data);

    let server = house.serve();
    run(async {
        is_refused(&server, &lost).await;
        // The new history grows beyond where the lost one ended, with other events at the same places.
        let grown = orders(&server, "c", 60).await;
        assert!(number(&lost) < number(&grown));
        is_refused(&server, &lost).await;
        // What was given out before the backup was made is good, as is what older programs gave out.
        let mut analyst = server.till("analyst");
        for after in [&kept, &grown, &format!("0:{}", number(&lost))] {
            analyst.get(&format!("/v1/stores?min_position={after}")).await.expect(200);
        }
        let since = analyst.get(&format!("/v1/feed?types=OrderPlaced&after={kept}")).await;
        let lines = since.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!(lines, 60, "every order since the backup, and none twice");
    });
}

#[test]
fn positions_beyond_the_end_and_of_other_logs_are_refused() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let last = orders(&server, "a", 1).await;
        let forged =
            format!("0:{}:{:08x}", number(&last), u32::from_str_radix(&last[last.len() - 8..], 16).unwrap() ^ 1);
        let beyond = format!("0:{}", number(&last) + 1_000_000);
        for position in ["0:18446744073709551615", "7:1", "0:1,7:1", "0:1,0:1", &forged, &beyond] {
            is_refused(&server, position).await;
        }
        let mut analyst = server.till("analyst");
        for malformed in ["918", "0:1:2", "0:1,", "x", ""] {
            assert_eq!(analyst.get(&format!("/v1/feed?after={malformed}")).await.expect(400)["parameter"], "after");
        }
        let manager = &mut server.till("manager");
        let note = json!({"note": "Asked the till"});
        manager.post(&format!("/v1/stores/s1/exceptions/{beyond}/resolve"), &note).await.expect(409);
    });
}

/// A reader of few events is told how far it has come, and goes on from there.
#[test]
fn c10_a_feed_that_follows_says_that_it_has_caught_up_and_where() {
    let mut house = House::new();
    let server = house.serve();
    let last = run(orders(&server, "a", 3));
    let token = &server.tokens["analyst"];
    let said = format!("{{\"type\":\"Heartbeat\",\"position\":\"{last}\",\"caught_up\":true}}\n");
    read_to(&mut open(&server, token, "/v1/feed?follow=true&types=RefundRequested", ""), &said);
    let event = format!("id: {last}\nevent: heartbeat\ndata: {said}\n");
    read_to(&mut open(&server, token, "/v1/feed?types=RefundRequested", SSE), &event);
    // Told once, and then only when nothing came for a while: the next order is the next line.
    let mut feed = open(&server, token, &format!("/v1/feed?follow=true&types=OrderPlaced&after={last}"), "");
    read_to(&mut feed, &said);
    run(orders(&server, "b", 1));
    assert!(!read_to(&mut feed, "OrderPlaced").contains("Heartbeat"));
}

#[test]
fn nothing_is_restored_over_something_or_from_what_is_not_whole() {
    let mut house = House::new();
    let (data, copy) = (house.data(), house.path().join("copy"));
    let server = house.serve();
    run(orders(&server, "a", 3));
    backup(&data, &copy);
    let refused = |args: &[&str], why: &str| {
        let (is_done, said) = comanda_says(args);
        assert!(!is_done && said.contains(why), "{args:?}: {said}");
    };
    let (data, copy_text) = (text(&data).to_owned(), text(&copy).to_owned());
    refused(&["restore", "--from", &copy_text, "--data", &data], "is not empty");
    refused(&["backup", "--data", &data, "--to", &copy_text], "is not empty");
    refused(&["backup", "--data", &copy_text.replace("copy", "nothing"), "--to", "elsewhere"], "there is no log in");
    let fresh = text(&house.path().join("fresh")).to_owned();
    refused(&["restore", "--from", &data, "--data", &fresh], "backup.json does not read");
    // A log that is not the one the manifest speaks of, and one with a changed byte.
    run(orders(&server, "b", 1));
    let other = house.path().join("other");
    backup(&house.data(), &other);
    std::fs::copy(copy.join("backup.json"), other.join("backup.json")).expect("copies");
    refused(&["restore", "--from", text(&other), "--data", &fresh], "is not a whole backup");
    let segment = copy.join("log/00000000.seg");
    let mut bytes = std::fs::read(&segment).expect("reads");
    bytes[4096 + 208 + 150] ^= 1;
    std::fs::write(&segment, bytes).expect("writes");
    refused(&["restore", "--from", &copy_text, "--data", &fresh], "the log is damaged");
    assert!(!Path::new(&fresh).join("log").exists(), "nothing half is left to be started on");
}

/// Two histories share a beginning; the log of the longer one is put under what was derived from the other.
#[test]
fn a_history_that_replaces_another_makes_the_derived_files_anew() {
    let mut house = House::new();
    let (data, copy, branch) = (house.data(), house.path().join("copy"), house.path().join("branch"));
    let server = house.serve();
    run(orders(&server, "a", 3));
    backup(&data, &copy);
    run(orders(&server, "b", 3));
    server.stop();
    restore(&copy, &branch);
    std::fs::rename(&data, house.path().join("first")).expect("moves");
    std::fs::rename(&branch, &data).expect("moves");
    let server = house.serve();
    run(orders(&server, "c", 9));
    server.stop();
    for derived in ["views", "snapshot.redb"] {
        let (is, was) = (data.join(derived), house.path().join("first").join(derived));
        match is.is_dir() {
            true => std::fs::remove_dir_all(&is).expect("goes"),
            false => _ = std::fs::remove_file(&is),
        }
        if was.exists() {
            std::fs::rename(was, is).expect("moves");
        }
    }
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let position = order(&mut till, "d").await;
        for (id, status) in [("a2", 200), ("b0", 404), ("b2", 404), ("c0", 200), ("c8", 200), ("d", 200)] {
            let answer = till.get(&format!("/v1/stores/s1/orders/{id}?min_position={position}")).await;
            assert_eq!(answer.status, status, "{id}");
        }
    });
    assert!(house.log().contains("read model set aside"), "{}", house.log());
}
