//! Row 17 of the guarantees: secrets and personal data, planted in every string that an operation takes, are in no line of the log, in
//! no counter, and in no answer that something is wrong.

use crate::document::{Document, Extent, Operation, example};
use crate::programme::{Counts, report};
use crate::server::{House, Reply, Till, key, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is in each planted text.
const MARK: &str = "7f3a9c5e";
/// A text that is well formed where people write.
const TEXT: &str = "Erika 7f3a9c5e Mustermann";
/// A text that is well formed nowhere else: no id, date, name of a choice, or token looks like it.
const ILL: &str = "\u{a1}Geheim 7f3a9c5e!";
/// A PIN.
const PIN: &str = "904173268851";
/// The same, where somebody forgot the quotes.
const PIN_AS_NUMBER: u64 = 904_173_268_851;

/// Whether a text is one that people write: of ids, dates and choices the form is known.
fn is_free(schema: &Value) -> bool {
    ["pattern", "format", "enum", "examples", "example"].iter().all(|form| schema.get(form).is_none())
}

/// What is planted in a string so that the body reads.
fn well_formed(name: &str, schema: &Value) -> String {
    match (name, is_free(schema)) {
        ("pin", _) => PIN.to_owned(),
        ("token", true) => format!("cmd_0123456789abcdef_{MARK}"),
        (_, true) => TEXT.to_owned(),
        (_, false) => example(name, schema),
    }
}

/// The bodies of an operation: each with what is planted so that it reads, as far as it can, and each string once with what does not.
fn bodies(document: &Document, schema: &Value) -> Vec<Value> {
    let optional = document.optional(schema);
    let extents = [Extent::Required, Extent::Whole].into_iter().chain(optional.iter().map(|name| Extent::With(name)));
    let (mut found, mut odd): (Vec<Value>, Vec<Value>) = (vec![], vec![]);
    for extent in extents {
        found.push(document.filled(schema, extent, &mut well_formed));
        let mut strings = 0;
        document.filled(schema, extent, &mut |name, schema| {
            strings += 1;
            example(name, schema)
        });
        // And a PIN, a number, where a text is asked for.
        for (field, value) in found.last().and_then(Value::as_object).cloned().into_iter().flatten() {
            let mut body = found.last().cloned().unwrap_or_default();
            body[field] = if value.is_string() { json!(PIN_AS_NUMBER) } else { json!(TEXT) };
            odd.push(body);
        }
        for planted in 0..strings {
            let mut at = 0;
            found.push(document.filled(schema, extent, &mut |name, schema| {
                at += 1;
                if at == planted + 1 { ILL.to_owned() } else { example(name, schema) }
            }));
        }
    }
    found.append(&mut odd);
    let mut seen = BTreeSet::new();
    found.retain(|body| seen.insert(body.to_string()));
    found
}

/// What stands for a parameter of a path.
fn named(parameter: &str) -> String {
    match parameter {
        "store" => "s1".to_owned(),
        "date" => "2026-01-02".to_owned(),
        "exception" => "0:1".to_owned(),
        "provider" => "standard".to_owned(),
        _ => "planted".to_owned(),
    }
}

/// As it stands in a query or a path.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A request: its path, headers and body.
type Request = (String, Vec<(String, String)>, Value);

/// Every request of an operation with something planted.
fn requests(document: &Document, operation: &Operation) -> Vec<Request> {
    let sample = operation.body.as_ref().map_or(Value::Null, |schema| document.sample(schema));
    let plain = operation.address(named);
    let mut found = vec![];
    for parameter in &operation.parameters {
        let name = parameter["name"].as_str().expect("a name");
        match parameter["in"].as_str() {
            Some("path") => {
                let path = operation.address(|at| if at == name { encoded(ILL) } else { named(at) });
                found.push((path, vec![], sample.clone()));
            }
            Some("query") => found.push((format!("{plain}?{name}={}", encoded(TEXT)), vec![], sample.clone())),
            Some("header") => {
                found.push((plain.clone(), vec![(name.to_lowercase(), TEXT.to_owned())], sample.clone()));
            }
            other => panic!("{name} stands in {other:?}"),
        }
    }
    found.push((plain.clone(), vec![("authorization-planted".to_owned(), TEXT.to_owned())], sample));
    for body in operation.body.iter().flat_map(|schema| bodies(document, schema)) {
        found.push((plain.clone(), vec![], body));
    }
    found
}

/// What answers show that is a secret from then on.
fn secrets_of(reply: &Reply) -> Vec<String> {
    let Ok(answer) = serde_json::from_slice::<Value>(&reply.body) else { return vec![] };
    let shown = ["token", "code", "approval_id"].iter().filter_map(|name| answer[name].as_str());
    let is_success = reply.status < 300;
    shown.filter(|_| is_success).map(|text| text.rsplit('_').next().expect("the last part").to_owned()).collect()
}

#[test]
fn what_is_planted_in_every_input_is_in_no_line_counter_or_error() {
    let mut house = House::new();
    let server = house.serve_with(&["--log", "trace", "--requests-per-address", "1000000"]);
    let (mut counts, mut wrong) = (Counts::default(), vec![]);
    let (mut secrets, mut metrics) = (vec![], String::new());
    run(async {
        let mut admin = server.till("admin");
        let document = Document::of(&mut admin).await;
        let mut device = server.device("/v1/stores/s1", "till_1").await;
        let mut operator = server.operator();
        for operation in document.operations() {
            let asked = requests(&document, &operation);
            counts.add("operations", 1);
            for (path, headers, body) in asked {
                let id = key();
                let mut headers: Vec<(&str, &str)> =
                    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                if headers.iter().all(|(name, _)| *name != "idempotency-key") {
                    headers.push(("idempotency-key", &id));
                }
                for client in [&mut admin, &mut device, &mut operator] {
                    let reply = client.send(&operation.method, &path, &headers, &body).await;
                    counts.add("requests", 1);
                    secrets.extend(secrets_of(&reply));
                    let text = String::from_utf8_lossy(&reply.body);
                    if 400 <= reply.status && (text.contains(MARK) || text.contains(PIN)) {
                        wrong.push(format!("{} {body} is answered {}: {text}", operation.name(), reply.status));
                    }
                }
            }
        }
        // A credential that is none.
        for token in [TEXT.replace(' ', "_"), format!("cmd_0123456789abcdef_{MARK}")] {
            let mut nobody = Till::new(&server.url, &token);
            let reply = nobody.get("/v1/stores").await;
            assert_eq!(reply.status, 401);
            assert!(!String::from_utf8_lossy(&reply.body).contains(MARK));
        }
        let signed_in = json!({"staff_id": "ana", "pin": PIN});
        device.send("POST", "/v1/session", &[], &signed_in).await;
        metrics = String::from_utf8_lossy(&operator.get("/metrics").await.body).into_owned();
        // What was planted did arrive: it is where it belongs.
        for path in ["/v1/tokens", "/v1/stores", "/v1/menu/items/planted"] {
            let shown = admin.get(path).await;
            assert!(shown.status == 200 && String::from_utf8_lossy(&shown.body).contains(MARK), "{path}: {shown:?}");
        }
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log().lines().last().unwrap_or_default());
    let log = house.log();
    counts.add("lines of the log", log.lines().count() as u64);
    counts.add("secrets that answers showed", secrets.len() as u64);
    for line in log.lines().chain(metrics.lines()) {
        let shown = [MARK, PIN].into_iter().chain(secrets.iter().map(String::as_str)).find(|mark| line.contains(mark));
        if let Some(shown) = shown {
            wrong.push(format!("{shown} stands in: {line}"));
        }
    }
    report(17, "planted secrets and personal data", &(0..1), wrong.len() as u64, &counts);
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
}
