//! What is the owner's alone, what is for whoever runs the server, and what the public cannot tell apart.

use crate::server::{House, Reply, Till, comanda, run};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// All that is in a directory, with it, and the mode of each.
fn modes(dir: &Path) -> Vec<(PathBuf, bool, u32)> {
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let mut found = vec![(dir.to_owned(), true, mode(dir))];
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(modes(&path)),
            false => found.push((path.clone(), false, mode(&path))),
        }
    }
    found
}

#[track_caller]
fn are_the_owners(dir: &Path, at_least: &[&str]) {
    let found = modes(dir);
    for (path, is_dir, mode) in &found {
        assert_eq!(*mode, if *is_dir { 0o700 } else { 0o600 }, "{}", path.display());
    }
    for name in at_least {
        assert!(found.iter().any(|(path, ..)| path.ends_with(name)), "{name} is not there: {found:?}");
    }
}

#[test]
fn c11_8_files_are_their_owners_alone_and_a_start_says_where_they_are_not() {
    let mut house = House::new();
    let providers = house.path().join("providers.toml");
    let text = "[[account]]\nid = \"acme\"\nadapter = \"standard\"\ntenant = \"demo\"\nstore = \"s1\"\nbase_url = \"http://127.0.0.1:1\"\n\
                api_key = \"key\"\nwebhook_secrets = [\"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\"]\n";
    fs::write(&providers, text).expect("a file");
    fs::set_permissions(&providers, Permissions::from_mode(0o600)).expect("it is ours");
    let file = providers.display().to_string();
    let arguments = ["--providers", &file, "--snapshot-events", "10"];
    let wider = "others than their owner may get at files";
    let server = house.serve_with(&arguments);
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    are_the_owners(
        &house.data(),
        &["log", "views", "operator.token", "providers.redb", "snapshot.redb", "views/orders.redb"],
    );
    let by_hand = |arguments: &[&str]| {
        let output = comanda().args(arguments).current_dir(house.path()).output().expect("the binary starts");
        assert!(output.status.success(), "{output:?}");
    };
    by_hand(&["token", "issue", "--role", "pos", "--label", "x", "--data", "data"]);
    by_hand(&["backup", "--data", "data", "--to", "copies/monday"]);
    by_hand(&["restore", "--from", "copies/monday", "--data", "restored"]);
    by_hand(&["operator", "rotate", "--data", "data"]);
    for (dir, name) in [("data", "operator.token"), ("copies", "backup.json"), ("restored", "log")] {
        are_the_owners(&house.path().join(dir), &[name]);
    }
    let server = house.serve_with(&arguments);
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    assert!(!house.log().contains(wider), "{}", house.log());
    // What an earlier release made, or somebody's chmod: it is said, once, and no reason not to serve.
    for (path, mode) in [("", 0o755), ("log", 0o750), ("providers.redb", 0o644)] {
        fs::set_permissions(house.data().join(path), Permissions::from_mode(mode)).expect("it is ours");
    }
    fs::set_permissions(&providers, Permissions::from_mode(0o644)).expect("it is ours");
    let server = house.serve_with(&arguments);
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    let log = house.log();
    let said: Vec<Value> =
        log.lines().filter(|line| line.contains(wider)).map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(said.len(), 1, "{log}");
    assert_eq!((&said[0]["count"], &said[0]["level"], &said[0]["mode"]), (&json!(4), &json!("WARN"), &json!("0755")));
}

#[test]
fn c11_8_what_tells_how_much_all_do_is_at_a_door_of_its_own() {
    let mut house = House::new();
    let names = |body: &Value| body.as_object().expect("an object").keys().cloned().collect::<Vec<String>>();
    // Without such a door it is the operator's.
    let server = house.serve();
    run(async {
        for token in ["nobody", &server.tokens["admin"], &server.tokens["auditor"]] {
            let mut till = Till::new(&server.url, token);
            assert_eq!(names(&till.get("/readyz").await.expect(200)), ["status"]);
            assert_ne!(till.get("/metrics").await.status, 200);
        }
        let mut operator = server.operator();
        assert_eq!(names(&operator.get("/readyz").await.expect(200)), ["log", "status", "views"]);
        assert_eq!(operator.get("/metrics").await.status, 200);
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    // With one it is there and nowhere else.
    let server = house.serve_with(&["--ops-listen", "127.0.0.1:0"]);
    let ops = house.ops_url();
    run(async {
        let mut operator = server.operator();
        assert_eq!(operator.get("/metrics").await.status, 404);
        let mut public = Till::new(&server.url, "nobody");
        assert_eq!(names(&public.get("/readyz").await.expect(200)), ["status"]);
        for path in ["/livez", "/openapi.json"] {
            assert_eq!(public.get(path).await.status, 200, "{path}");
        }
        // The document as a page: every address of it, no script, and nothing from elsewhere.
        let document = public.get("/openapi.json").await.expect(200);
        let docs = public.get("/docs").await;
        let page = String::from_utf8_lossy(&docs.body).into_owned();
        assert!(docs.status == 200 && docs.headers["content-type"].starts_with("text/html"), "{:?}", docs.headers);
        for path in document["paths"].as_object().expect("paths").keys() {
            assert!(page.contains(&format!(" {path}</code>")), "{path}");
        }
        assert!(!page.contains("<script") && !page.contains("://"), "it asks nobody");
        let mut inside = Till::new(&ops, "nobody");
        assert_eq!(names(&inside.get("/readyz").await.expect(200)), ["log", "status", "views"]);
        assert_eq!(inside.get("/livez").await.status, 200);
        // Counters take the operator's credential at every door.
        assert_eq!(inside.get("/metrics").await.status, 401);
        assert_eq!(Till::new(&ops, &server.tokens["admin"]).get("/metrics").await.status, 403);
        let page = Till::new(&ops, &server.operator_token()).get("/metrics").await;
        assert!(page.status == 200 && page.body.starts_with(b"#"), "{page:?}");
        assert_eq!(Till::new(&ops, &server.tokens["admin"]).get("/v1/stores").await.status, 404);
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
    // The rule about TLS holds for that door too.
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "0.0.0.0:0", "--data"];
    let said = comanda().args(arguments).arg(house.data()).output().expect("the binary starts");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("--insecure"), "{said}");
}

/// What somebody without a key can see of an answer.
fn seen(reply: &Reply) -> (u16, String, Vec<String>) {
    let mut headers: Vec<String> = reply.headers.keys().cloned().collect();
    headers.sort();
    (reply.status, String::from_utf8_lossy(&reply.body).into_owned(), headers)
}

#[test]
fn c11_8_nobody_learns_which_accounts_take_webhooks() {
    let mut house = House::new();
    let providers = house.path().join("providers.toml");
    let account = |id: &str, adapter: &str| {
        format!(
            "[[account]]\nid = \"{id}\"\nadapter = \"{adapter}\"\ntenant = \"demo\"\nstore = \"s1\"\nbase_url = \"http://127.0.0.1:1\"\n\
             api_key = \"key\"\nwebhook_secrets = [\"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\"]\n"
        )
    };
    fs::write(&providers, account("acme", "standard") + &account("acme_us", "stripe")).expect("a file");
    let server = house.serve_with(&["--providers", &providers.display().to_string()]);
    let now = jiff::Timestamp::now().as_second();
    let (fresh, stale) = (now.to_string(), (now - 1_000).to_string());
    let signed = format!("v1,{}", "A".repeat(43) + "=");
    let stripe = format!("t={now},v1={}", "0".repeat(64));
    let late = format!("t={stale},v1={}", "0".repeat(64));
    let large = json!({"data": "x".repeat(70 << 10)});
    let small = json!({"type": "payment.captured"});
    run(async {
        for (headers, body) in [
            (vec![], &small),
            (vec![("webhook-id", "m1"), ("webhook-timestamp", &*fresh), ("webhook-signature", &*signed)], &small),
            (vec![("webhook-id", "m1"), ("webhook-timestamp", &*fresh), ("webhook-signature", &*signed)], &large),
            (vec![("webhook-id", "m1"), ("webhook-timestamp", &*stale), ("webhook-signature", &*signed)], &small),
            (vec![("webhook-id", "m1"), ("webhook-timestamp", "noon"), ("webhook-signature", &*signed)], &small),
            (vec![("webhook-id", "m1"), ("webhook-timestamp", &*fresh), ("webhook-signature", "v2,x")], &small),
            (vec![("stripe-signature", &*stripe)], &small),
            (vec![("stripe-signature", &*stripe)], &large),
            (vec![("stripe-signature", &*late)], &small),
            (vec![("stripe-signature", "nothing")], &small),
        ] {
            for adapter in ["standard", "stripe"] {
                let mut first = None;
                // There, there with the other adapter, not there.
                for account in ["acme", "acme_us", "acme_uk"] {
                    let path = format!("/v1/webhooks/{adapter}/{account}");
                    // Each on a connection of its own: one whose body is not read ends behind the answer.
                    let reply = Till::new(&server.url, "nobody").send("POST", &path, &headers, body).await;
                    assert!([400, 413].contains(&reply.status), "{reply:?}");
                    let shown = seen(&reply);
                    assert_eq!(first.get_or_insert(shown.clone()), &shown, "{path} {headers:?}");
                }
            }
        }
        // Which adapters there are stands in the documentation.
        let mut till = Till::new(&server.url, "nobody");
        assert_eq!(till.send("POST", "/v1/webhooks/paypal/acme", &[], &small).await.status, 404);
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}
