//! What operators meet: a log that is not there, files that are not what they were, a log shipper that dies.

use crate::server::{House, comanda, run};
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Every file below a directory, with what is in it.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = vec![];
    for entry in std::fs::read_dir(dir).expect("reads").map(|entry| entry.expect("an entry").path()) {
        match entry.is_dir() {
            true => found.extend(contents(&entry)),
            false => found.push((entry.clone(), std::fs::read(&entry).expect("reads"))),
        }
    }
    found.sort();
    found
}

/// Starts a server that does not come up; what it says.
fn refused(data: &Path, more: &[&str]) -> String {
    let output =
        comanda().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "no tokens are made");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The disk with the log is not mounted, or somebody removed it: that is no first start.
#[test]
fn c06_a_log_that_is_not_there_is_refused_before_anything_is_touched() {
    let mut house = House::new();
    let data = house.data();
    house.serve().stop();
    let log = house.path().join("log");
    std::fs::rename(data.join("log"), &log).expect("moves");
    std::fs::write(data.join("providers.redb"), b"kept").expect("writes");
    let left = ["views", "snapshot.redb", "providers.redb"];
    for kept in left {
        // Each of them alone says that there was a log.
        for other in left.iter().filter(|other| **other != kept) {
            let _ = std::fs::rename(data.join(other), house.path().join(other));
        }
        for log_dir in ["", "an empty one"] {
            if data.join(kept).exists() {
                if !log_dir.is_empty() {
                    std::fs::create_dir(data.join("log")).expect("a directory");
                }
                let before = contents(&data);
                let said = refused(&data, &[]);
                assert!(said.contains("there is no log in") && said.contains(kept), "{kept}, {log_dir}: {said}");
                assert!(said.contains("restore a backup"), "it says what to do: {said}");
                assert_eq!(before, contents(&data), "nothing was made or removed");
                assert!(data.join("log").exists() != log_dir.is_empty());
                let _ = std::fs::remove_dir(data.join("log"));
            }
        }
        for other in left {
            let _ = std::fs::rename(house.path().join(other), data.join(other));
        }
    }
    std::fs::remove_file(data.join("providers.redb")).expect("goes");
    std::fs::rename(&log, data.join("log")).expect("moves");
    let server = house.serve();
    run(async { server.till("pos").get("/v1/stores/s1").await.expect(200) });
}

#[test]
fn a_directory_with_somebody_elses_files_gets_no_demo() {
    let house = House::new();
    std::fs::create_dir_all(house.data()).expect("a directory");
    std::fs::write(house.data().join("thesis.txt"), b"draft").expect("writes");
    let mut server = start(&house, "info");
    address(&mut server);
    assert!(terminate(&server).success());
    let output = server.wait_with_output().expect("it ends");
    let (said, logged) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !said.contains("cmd_"), "{said}");
    assert!(logged.contains("no demo tenant is set up"), "{logged}");
}

fn start(house: &House, level: &str) -> Child {
    let mut command = comanda();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", level, "--data"]).arg(house.data());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// The address that a server says it serves on.
fn address(server: &mut Child) -> String {
    let (mut said, mut byte) = (vec![], [0]);
    while byte != *b"\n" {
        server.stdout.as_mut().expect("a pipe").read_exact(&mut byte).expect("it says where it serves");
        said.push(byte[0]);
    }
    let said = String::from_utf8(said).expect("text");
    said.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned()
}

fn terminate(server: &Child) -> ExitStatus {
    Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("kill is there")
}

/// A file that is kept for providers and does not read is never replaced: it may hold what nothing else does.
#[test]
fn what_is_kept_for_providers_is_never_replaced_in_silence() {
    let mut house = House::new();
    let settings = house.path().join("providers.toml");
    let account = "[[account]]
id = \"acme_card\"
adapter = \"standard\"
tenant = \"demo\"
store = \"s1\"
base_url = \"http://127.0.0.1:9\"
api_key = \"sk_test\"
webhook_secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]
";
    std::fs::write(&settings, account).expect("writes");
    let settings = settings.to_str().expect("text").to_owned();
    house.serve_with(&["--providers", &settings]).stop();
    let kept = house.data().join("providers.redb");
    let good = std::fs::read(&kept).expect("reads");
    let mut torn = good.clone();
    let middle = torn.len() / 2;
    torn[..middle].fill(0xa5);
    for (what, bytes) in
        [("empty", vec![]), ("soup", b"soup".to_vec()), ("torn", torn), ("cut", good[..good.len() / 3].to_vec())]
    {
        std::fs::write(&kept, &bytes).expect("writes");
        let said = refused(&house.data(), &["--providers", &settings]);
        assert!(said.contains("providers.redb is damaged and was left as it is"), "{what}: {said}");
        assert_eq!(std::fs::read(&kept).expect("reads"), bytes, "{what}");
    }
    std::fs::remove_file(&kept).expect("goes");
    house.serve_with(&["--providers", &settings]).stop();
    assert!(house.log().contains("is found again in the log"), "{}", house.log());
}

/// Nothing that serves, decides or stops depends on a log line, at any level.
#[test]
fn c26c_a_log_shipper_that_dies_takes_nothing_along() {
    for level in ["info", "trace", "off"] {
        let mut house = House::new();
        let first = house.serve();
        let token = first.tokens["pos"].clone();
        first.stop();
        let mut server = start(&house, level);
        drop(server.stderr.take());
        let url = address(&mut server);
        run(async {
            let mut till = crate::server::Till::new(&url, &token);
            for (id, status) in [("e1", 201), ("e1", 422), ("e2", 201)] {
                let lines = json!([{"line_id": "l1", "item_id": "espresso", "qty": 1}]);
                let body = json!({"order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines, "place": true});
                assert_eq!(till.post("/v1/stores/s1/orders", &body).await.status, status, "{level}");
            }
            assert_eq!(till.get("/v1/stores/s1/menu?min_position=0:999999").await.status, 409);
        });
        assert!(terminate(&server).success());
        assert_eq!(server.wait().expect("it ends").code(), Some(0), "{level}");
    }
}
