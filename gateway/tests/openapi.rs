//! What `/openapi.json` says is what clients are generated from: nothing of it goes or changes, it only grows.
//!
//! `COMANDA_BLESS=1 cargo test -p comanda --test openapi` writes the file. Look at the difference: lines that are gone or
//! changed break somebody's client.

use std::path::Path;

#[test]
fn golden_openapi() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/golden/openapi.json");
    let document = serde_json::to_string_pretty(&gateway::http::openapi()).expect("the document is JSON") + "\n";
    if std::env::var_os("COMANDA_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &document).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file reads; COMANDA_BLESS=1 writes it");
    let first = golden.lines().zip(document.lines()).enumerate().find(|(_, (golden, now))| golden != now);
    let at = first.map(|(line, (golden, now))| format!("line {}: {golden:?} became {now:?}", line + 1));
    assert!(golden == document, "schemas/golden/openapi.json is not what is served: {}", at.unwrap_or_default());
}
