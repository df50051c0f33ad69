//! The chain of hashes: shown, kept, compared; a history that was changed is found out.

use crate::server::{House, Till, comanda, run};
use domain::event::{Event, OrderEvent};
use domain::money::Money;
use domain::stream::Stream;
use eventlog::{Batch, CommitHeader, Position};
use schemas::stored;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

async fn sell(till: &mut Till, id: &str) -> String {
    let lines = json!([{"line_id": "l1", "item_id": "caprese", "qty": 1}]);
    let order = json!({"order_id": id, "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": lines, "place": true});
    till.post("/v1/stores/s1/orders", &order).await.expect(201);
    let pay = json!({"payment_id": format!("{id}p"), "tender": "cash"});
    let paid = till.post(&format!("/v1/stores/s1/orders/{id}/payments"), &pay).await;
    paid.expect(201);
    paid.position()
}

/// What a command of ours says: whether it ended well, and its lines.
fn says(args: &[&str], data: &Path) -> (bool, Vec<String>) {
    let output = comanda().args(args).arg("--data").arg(data).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text.lines().map(str::to_owned).collect())
}

/// A day of orders with a Z report in the middle, and what an auditor kept of it: every link, and the heads they asked for.
struct Audited {
    house: House,
    links: PathBuf,
    heads: PathBuf,
}

fn audited() -> Audited {
    let mut house = House::new();
    let server = house.serve();
    let (mut heads, mut kept) = (vec![], String::new());
    run(async {
        let (mut till, mut manager) = (server.till("pos"), server.till("manager"));
        let mut auditor = server.till("auditor");
        let mut position = String::new();
        for id in ["a0", "a1", "a2"] {
            position = sell(&mut till, id).await;
        }
        let asked = |position: &str| format!("/v1/stores/s1/chain?min_position={position}");
        let head = auditor.get(&asked(&position)).await;
        heads.push(head.expect(200));
        assert!(place(&position) <= place(&head.position()));
        kept.push_str(&format!("{}\n", head.json()));
        assert_eq!(auditor.get("/v1/stores/nowhere/chain").await.status, 404);
        let order = till.get(&format!("/v1/stores/s1/orders/a0?min_position={position}")).await.expect(200);
        let close = format!("/v1/stores/s1/days/{}/close", order["business_date"].as_str().unwrap());
        let closed = manager.post(&close, &json!({})).await;
        // Whoever names no position gets all that was durable.
        assert!(place(&closed.position()) <= place(&auditor.get("/v1/stores/s1/chain").await.position()));
        let z = closed.expect(200)["events"][0]["data"].clone();
        // Nothing came in between, so the report commits to what the auditor saw.
        assert_eq!((&z["last_hash"], &z["last_hash_position"]), (&heads[0]["hash"], &heads[0]["position"]));
        assert_eq!((&z["gaps_count"], &z["gaps"]), (&json!(0), &json!([])));
        let path = close.replace("/close", &format!("/z?min_position={}", closed.position()));
        let report = manager.get(&path).await.expect(200);
        assert_eq!((&report["last_hash"], &report["last_hash_position"]), (&heads[0]["hash"], &heads[0]["position"]));
        position = sell(&mut till, "a3").await;
        let head = auditor.get(&asked(&position)).await;
        heads.push(head.expect(200));
        kept.push_str(&format!("{}\n", head.json()));
    });
    assert_eq!(server.stop(), Some(0));
    let (links, kept_in) = (house.path().join("links.ndjson"), house.path().join("heads.ndjson"));
    let (is_well, lines) = says(&["replay", "--chain"], &house.data());
    assert!(is_well);
    // What the server showed is what the log comes to.
    let link = |head: &Value| {
        serde_json::to_string(&serde_json::from_value::<schemas::json::ChainLine>(head.clone()).unwrap())
    };
    assert!(heads.iter().all(|head| lines.contains(&link(head).unwrap())), "{heads:?}");
    std::fs::write(&links, lines.join("\n")).unwrap();
    std::fs::write(&kept_in, kept).unwrap();
    Audited { house, links, heads: kept_in }
}

/// Writes a log like the one in `from`, whole and with every checksum right, in which one order came to another total.
/// Answers where.
fn forge(from: &Path, to: &Path) -> u64 {
    std::fs::create_dir_all(to).unwrap();
    let (log, reader, _) = eventlog::open_embedded(&from.join("log"), eventlog::Options::STANDARD).unwrap();
    drop(log);
    let (mut forged, _, _) = eventlog::open_embedded(&to.join("log"), eventlog::Options::STANDARD).unwrap();
    let mut place = 0;
    let mut tail = reader.tail(Position(0));
    while let Some(batch) = tail.next(Duration::ZERO).unwrap() {
        for commit in batch.commits() {
            if commit.events().any(|event| event.is_system()) {
                continue;
            }
            let mut written = Batch::new(forged.next_position());
            let (tenant, command_id, payload_hash) = (commit.tenant, commit.command_id, commit.payload_hash);
            let (recorded_at, meta) = (commit.recorded_at, commit.meta);
            let mut commit_to = written.commit(&CommitHeader { tenant, command_id, payload_hash, recorded_at, meta });
            for event in commit.events() {
                let stream = Stream::parse(event.stream).unwrap();
                let mut fact = stored::decode(&stream, event.body).unwrap();
                if let Event::Order(order, OrderEvent::OrderCompleted { total }) = &mut fact
                    && order.as_str() == "a1"
                {
                    (*total, place) = (Money(1), event.position.0);
                }
                commit_to.event(event.stream, event.revision, |bytes| stored::encode(&fact, bytes));
            }
            commit_to.finish();
            forged.append(&mut written).unwrap();
        }
    }
    place
}

/// The number in a position such as `0:97` or `0:97:5f3a09c1`.
fn place(position: &str) -> u64 {
    position.split(':').nth(1).and_then(|place| place.parse().ok()).expect("a position")
}

#[test]
fn a1_a_history_is_compared_with_what_was_kept() {
    let Audited { house, links, heads } = audited();
    let (links, heads) = (links.to_str().unwrap(), heads.to_str().unwrap());
    for (file, count) in [(links, None), (heads, Some(3))] {
        let (is_well, lines) = says(&["verify", "--chain", file], &house.data());
        let last = lines.last().unwrap();
        assert!(is_well && last.starts_with("nothing is wrong") && last.contains("hashes of chains"), "{lines:?}");
        // The two heads and the one in the Z report.
        assert!(count.is_none_or(|count| last.contains(&format!("; {count} hashes"))), "{last}");
    }
    let forged = house.path().join("forged");
    let place = forge(&house.data(), &forged);
    // Every checksum is right, and only who kept something can tell. The Z report did.
    for (args, exact) in
        [(vec!["verify"], false), (vec!["verify", "--chain", heads], false), (vec!["verify", "--chain", links], true)]
    {
        let (is_well, lines) = says(&[&args[..], &["--json"]].concat(), &forged);
        let problem: Value = serde_json::from_str(&lines[0]).unwrap();
        assert!(!is_well && lines.len() == 2, "{lines:?}");
        assert_eq!(
            (&problem["tenant"], &problem["store"], &problem["exact"]),
            (&json!("demo"), &json!("s1"), &json!(exact))
        );
        let named: u64 = problem["position"].as_str().unwrap()[2..].parse().unwrap();
        assert!(if exact { named == place } else { place < named }, "{place} in {problem}");
        let summary: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(summary["problems"], json!(1));
    }
    let (_, lines) = says(&["verify", "--chain", links], &forged);
    let said = format!("the history of store s1 of demo is not what it was from position 0:{place} on, as line ");
    assert!(lines[0].starts_with(&said), "{lines:?}");
}

#[test]
fn a_file_that_is_no_chain_is_told_so() {
    let Audited { house, links, .. } = audited();
    let text = std::fs::read_to_string(&links).unwrap();
    // What somebody cut off is missed.
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let more = json!({"tenant": "demo", "store": "s1", "position": "0:99999", "hash": last["hash"]});
    std::fs::write(&links, format!("{text}\n{more}\n")).unwrap();
    let (is_well, lines) = says(&["verify", "--chain", links.to_str().unwrap()], &house.data());
    assert!(!is_well && lines[0].contains("up to position 0:99999"), "{lines:?}");
    std::fs::write(&links, format!("{text}\nnonsense\n")).unwrap();
    let (is_well, lines) = says(&["verify", "--chain", links.to_str().unwrap()], &house.data());
    let at = format!("line {} of", text.lines().count() + 1);
    assert!(!is_well && lines.concat().contains(&at), "{lines:?}");
    let (is_well, lines) = says(&["replay", "--chain", "--store", "s1", "--after", "0:40"], &house.data());
    assert!(is_well && lines.iter().all(|line| line.contains("\"store\":\"s1\"")), "{lines:?}");
    let positions = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["position"].clone());
    let positions: Vec<u64> = positions.map(|at| at.as_str().unwrap()[2..].parse().unwrap()).collect();
    assert!(!positions.is_empty() && positions.iter().all(|at| 40 < *at), "{positions:?}");
}
