//! A log that an earlier release wrote: today's binary folds it to the same orders, reports and chains, and knows its commands.

use crate::server::{House, Till, comanda, run};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// The account that the log's payments went through.
const ACCOUNT: &str = r#"
[[account]]
id = "acme"
adapter = "standard"
tenant = "demo"
store = "s1"
base_url = "http://127.0.0.1:1"
api_key = "key"
webhook_secrets = ["whsec_Z29sZGVuLXByb3ZpZGVyLXNlY3JldA=="]
"#;

fn unpacked(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let packed = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = vec![];
    GzDecoder::new(packed).read_to_end(&mut bytes).expect("it is whole");
    bytes
}

fn text(name: &str) -> String {
    String::from_utf8(unpacked(name)).expect("it is text")
}

/// A house with that log, its tokens, and nothing else.
pub fn inherited() -> (House, Value) {
    let said: Value = serde_json::from_slice(&unpacked("answers.json.gz")).expect("JSON");
    let tokens: HashMap<String, String> = serde_json::from_value(said["tokens"].clone()).expect("tokens");
    let house = House::with_tokens(tokens);
    let log = house.data().join("log");
    std::fs::create_dir_all(&log).expect("a directory");
    std::fs::write(log.join("00000000.seg"), unpacked("log.gz")).expect("a segment");
    (house, said)
}

fn printed(house: &House, arguments: &[&str]) -> String {
    let output = comanda().args(arguments).arg("--data").arg(house.data()).output().expect("the binary runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

/// A position as it was written before it named its history: `0:918` for `0:918:5f3a09c1`; other texts as they are.
fn short(text: &str) -> &str {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.rsplit_once(':') {
        Some((position, history)) if history.len() == 8 && position.strip_prefix("0:").is_some_and(is_number) => {
            position
        }
        _ => text,
    }
}

#[track_caller]
fn same_lines(now: &str, then: &str) {
    for (index, (now, then)) in now.lines().zip(then.lines()).enumerate() {
        let now: Vec<&str> = now.split('"').map(short).collect();
        assert_eq!(now.join("\""), then, "line {}", index + 1);
    }
    assert!(then.lines().count() <= now.lines().count(), "lines are gone");
}

/// What differs between an answer then and now. A newer release may say more, and says nothing else of what it said.
fn difference(at: &str, then: &Value, now: &Value) -> Option<String> {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => then.iter().find_map(|(key, value)| {
            let at = format!("{at}/{key}");
            match now.get(key) {
                Some(now) => difference(&at, value, now),
                // It decides nothing any more, so it is not shown.
                None if at.ends_with("/approvals/self_approval") => None,
                None => Some(format!("{at} is gone; it was {value}")),
            }
        }),
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            let pairs = then.iter().zip(now).enumerate();
            pairs.into_iter().find_map(|(index, (then, now))| difference(&format!("{at}/{index}"), then, now))
        }
        (Value::String(then), Value::String(now)) if then == short(now) => None,
        _ if then == now => None,
        _ => Some(format!("{at} was {then} and is {now}")),
    }
}

#[test]
fn a_log_of_an_earlier_release_reads_as_it_did() {
    let (house, _) = inherited();
    let verified = printed(&house, &["verify"]);
    let counted = "527 events in 97 streams";
    assert!(verified.starts_with("nothing is wrong") && verified.contains(counted), "{verified}");
    assert!(verified.contains("2 hashes of chains are what they were"), "{verified}");
    let (replayed, chained) = (text("replay.ndjson.gz"), text("chain.ndjson.gz"));
    same_lines(&printed(&house, &["replay"]), &replayed);
    same_lines(&printed(&house, &["replay", "--chain"]), &chained);
    let kept = house.path().join("chain.ndjson");
    std::fs::write(&kept, chained).expect("a file");
    printed(&house, &["verify", "--chain", kept.to_str().expect("UTF-8")]);
}

#[test]
fn an_earlier_log_folds_to_the_same_orders_reports_and_chains() {
    let (mut house, said) = inherited();
    let server = house.serve();
    run(async {
        let mut admin = server.till("admin");
        // The read models may still be catching up; whoever asks for a position waits for it.
        let last = text("replay.ndjson.gz").lines().last().map(serde_json::from_str::<Value>).expect("an event");
        let last = last.expect("JSON")["position"].as_str().expect("a position").to_owned();
        let differences = answers(&mut admin, &said, &last).await;
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    // The log is what it was, with at most something behind it.
    same_lines(&printed(&house, &["replay"]), &text("replay.ndjson.gz"));
}

async fn answers(admin: &mut Till, said: &Value, last: &str) -> Vec<String> {
    let answers = said["answers"].as_object().expect("answers");
    assert!(100 < answers.len());
    let mut differences = vec![];
    for (path, then) in answers {
        let joint = if path.contains('?') { '&' } else { '?' };
        let reply = loop {
            let reply = admin.get(&format!("{path}{joint}min_position={last}")).await;
            match reply.status {
                503 => tokio::task::yield_now().await,
                _ => break reply,
            }
        };
        match reply.status {
            200 => differences.extend(difference(path, then, &reply.json())),
            status => differences.push(format!("{path} answers {status}")),
        }
    }
    differences
}

#[test]
fn commands_of_an_earlier_release_are_known() {
    let (mut house, said) = inherited();
    // Two of them name it. It is owed nothing any more, so nobody has to answer there.
    let settings = house.path().join("providers.toml");
    std::fs::write(&settings, ACCOUNT).expect("a file");
    let server = house.serve_with(&["--providers", settings.to_str().expect("UTF-8")]);
    run(async {
        let commands = said["commands"].as_array().expect("commands");
        assert!(150 < commands.len());
        for command in commands {
            let told = |field: &str| command[field].as_str().unwrap_or_else(|| panic!("no {field} in {command}"));
            // Whoever approved it has done so: a repeat needs no approval.
            let headers = [("idempotency-key", told("key"))];
            let mut client = server.till(told("role"));
            let reply = client.send(told("method"), told("path"), &headers, &command["body"]).await;
            assert_eq!(u64::from(reply.status), command["status"], "{command}: {:?}", reply.body);
            assert_eq!(reply.headers.get("idempotency-replayed").map(String::as_str), Some("true"), "{command}");
            let now = reply.json();
            let differences = ["revision", "position"].map(|field| difference(field, &command[field], &now[field]));
            assert_eq!(differences, [None, None], "{command}");
        }
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}

/// The engine folds it as the read models do: what is due can be paid, and the orders are done with it.
#[test]
fn an_earlier_log_goes_on() {
    let (mut house, said) = inherited();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        let orders = said["answers"].as_object().expect("answers").iter();
        let is_due = |order: &Value| order["state"] == "placed" && order["due"].as_i64().is_some_and(|due| 0 < due);
        let due = orders.filter(|(path, order)| path.starts_with("/v1/stores/s1/orders/") && is_due(order));
        let mut paid = 0;
        for (path, order) in due {
            let (mut taken, mut position) = (0, String::new());
            for attempt in 0..order["checks"].as_array().expect("checks").len() {
                let cash = json!({"payment_id": format!("{}_{attempt}", path.rsplit('/').next().expect("an id")), "tender": "cash"});
                let reply = till.post(&format!("{path}/payments"), &cash).await;
                if reply.status != 201 {
                    break;
                }
                position = reply.position();
                taken += reply.json()["events"][0]["data"]["amount"].as_i64().expect("an amount");
            }
            assert_eq!(taken, order["due"], "{path}");
            let now = till.get(&format!("{path}?min_position={position}")).await.expect(200);
            assert_eq!((&now["state"], &now["due"]), (&json!("completed"), &json!(0)), "{now}");
            paid += 1;
        }
        assert!(8 < paid, "{paid} orders were due");
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}
