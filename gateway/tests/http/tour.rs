//! The README's tour, as it is written there.

use crate::certificates::Authority;
use crate::server::{House, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

#[test]
fn the_readme_holds_word_for_word() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).expect("there is a README");
    let mut script = "set -euo pipefail\n".to_owned();
    let blocks = readme.split("```sh tour\n").skip(1);
    for (index, block) in blocks.enumerate() {
        script.push_str(&format!("echo '== {index}'\n{}", block.split("```").next().unwrap_or_default()));
    }
    // Once as it is started without a word, and once with a certificate, as it is everywhere else.
    tour(&readme, &script, &[], None);
    let (files, authority) = (tempfile::TempDir::new().expect("a directory"), Authority::new());
    let file = |name: &str| files.path().join(name);
    authority.vouch(&["127.0.0.1"]).write(&file("cert.pem"), &file("key.pem"));
    let ca = authority.write(&file("ca.pem"));
    let (cert, key) = (file("cert.pem").display().to_string(), file("key.pem").display().to_string());
    tour(&readme, &script, &["--tls-cert", &cert, "--tls-key", &key], Some(&ca));
}

/// The whole of it, with a server of these arguments; over TLS, these vouch for it.
fn tour(readme: &str, script: &str, arguments: &[&str], ca: Option<&Path>) {
    let mut house = House::new();
    let server = house.serve_with(arguments);
    assert_eq!(server.url.starts_with("https://"), ca.is_some());
    let output = Command::new("bash")
        .args(["-c", script])
        .env("URL", &server.url)
        .env("TOKEN", &server.tokens["admin"])
        .envs(ca.map(|ca| ("CURL_CA_BUNDLE", ca)))
        .current_dir(house.path())
        .output()
        .expect("bash is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&output.stderr), house.log());
    let blocks: Vec<&str> = said.split("== ").skip(1).collect();
    assert_eq!(blocks.len(), 11, "{said}");
    assert!(blocks[1].contains("\"type\":\"OrderPlaced\""), "{}", blocks[1]);
    assert!(blocks[2].contains("\"change\":390"), "{}", blocks[2]);
    let order: Value = serde_json::from_str(blocks[3].lines().nth(1).expect("the order")).expect("JSON");
    assert_eq!(order["state"], "completed");
    assert_eq!(order["totals"]["total"], 2610);
    assert_eq!(order["payment_state"], "paid");
    assert!(blocks[4].contains("\"item_id\":\"tiramisu\""), "{}", blocks[4]);
    assert!(blocks[5].contains("\"type\":\"OrderPlaced\""), "{}", blocks[5]);
    assert!(blocks[6].contains("speaks as till_2"), "{}", blocks[6]);
    let people = ["\"actor\":\"ben\"", "\"approver\":\"ana\"", "\"sent_by\":{\"token_id\":", "then 401"];
    assert!(people.iter().all(|said| blocks[7].contains(said)), "{}", blocks[7]);
    assert!(blocks[8].contains("\"kind\":\"oversell\"") && blocks[8].contains("\"last_seq\":2"), "{}", blocks[8]);
    assert!(blocks[9].contains("\"hash\":\""), "{}", blocks[9]);
    assert!(blocks[10].contains("\"items\":["), "{}", blocks[10]);
    assert_eq!(server.stop(), Some(0));
    // What an auditor does with the stopped server's data.
    let said = at_the_command_line(readme, "audit", &house);
    assert_eq!(said.matches("hashes of chains are what they were").count(), 2, "{said}");
    // And what an operator does.
    let said = at_the_command_line(readme, "backup", &house);
    assert!(said.contains("backed up ") && said.contains("restored "), "{said}");
}

/// Runs the README's block of this name where the data directory is; what it said.
fn at_the_command_line(readme: &str, name: &str, house: &House) -> String {
    let block =
        readme.split(&format!("```sh {name}\n")).nth(1).and_then(|block| block.split("```").next()).expect("a block");
    let binary = crate::server::comanda();
    let bin = std::path::Path::new(binary.get_program()).parent().expect("the binary is in a directory");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("there is a path"));
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail\n{block}")])
        .env("PATH", path)
        .current_dir(house.path())
        .output()
        .expect("bash is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.into_owned()
}

#[test]
fn without_a_verb_it_serves_and_stops_when_told() {
    let mut house = House::new();
    let server = house.serve();
    run(async {
        let mut till = server.till("pos");
        assert_eq!(till.get("/livez").await.status, 200);
        let document = till.get("/openapi.json").await.expect(200);
        assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
        assert!(till.get("/metrics").await.body.starts_with(b"#"));
        // Views may need a moment to catch up with the demo's set-up.
        let position = till.get("/v1/stores/s1/menu").await.position();
        assert_eq!(till.get(&format!("/v1/stores/s1?min_position={position}")).await.status, 200);
        assert_eq!(till.get("/readyz").await.expect(200)["status"], "ready");
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}
