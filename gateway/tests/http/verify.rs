//! Damage to the log: what `comanda verify` says of it, and what a server does about it.

use crate::server::{House, Server, comanda, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Where the first batch of a segment stands, and what is longest behind its data that is not.
const DATA_START: usize = 4096;
const SECTOR: usize = 512;

fn order(id: &str) -> Value {
    let lines = json!([{"line_id": "l1", "item_id": "lasagne", "qty": 1}]);
    json!({"order_id": id, "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines, "place": true})
}

fn take_orders(server: &Server, count: u32) {
    run(async {
        let mut till = server.till("pos");
        for n in 0..count {
            till.post("/v1/stores/s1/orders", &order(&format!("v{n}"))).await.expect(201);
        }
    });
}

/// An order that was acknowledged can be cancelled: the engine has it.
async fn cancel(server: &Server, id: &str) {
    let path = format!("/v1/stores/s1/orders/{id}/cancel");
    server.till("pos").post(&path, &json!({"reason": "Wrong table"})).await.expect(200);
}

/// Orders from another process, for so many seconds or until the server is gone.
fn load(server: &Server, seconds: &str) -> std::process::Child {
    comanda()
        .args(["load", "--url", &server.url, "--token", &server.tokens["pos"], "--stores", "s1,s2"])
        .args(["--connections", "16", "--rate", "1500", "--duration", seconds])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

/// What `comanda verify` answers: whether all is well, and its lines.
fn verify(data: &Path, args: &[&str]) -> (bool, Vec<String>) {
    let output = comanda().args(["verify", "--data"]).arg(data).args(args).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text.lines().map(str::to_owned).collect())
}

fn verify_json(data: &Path) -> (bool, Vec<Value>) {
    let (is_well, lines) = verify(data, &["--json"]);
    (is_well, lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect())
}

/// Starts a server that does not come up; what it says.
fn refused(data: &Path) -> String {
    let output = comanda().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).output().expect("it runs");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn files(data: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join("log")).expect("there is a log");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|is| is == ending));
    files.sort();
    files
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("reads");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("writes");
}

/// Where the batches of a segment end, found by walking their headers.
fn data_end(segment: &[u8]) -> usize {
    let mut at = DATA_START;
    while segment[at..].starts_with(b"CMDBATCH") {
        let payload = u32::from_le_bytes(segment[at + 88..at + 92].try_into().expect("four bytes")) as usize;
        at += 104 + payload.next_multiple_of(8);
    }
    at
}

#[test]
fn a_whole_log_is_well_and_one_in_use_is_left_alone() {
    let mut house = House::new();
    let (is_well, lines) = verify(&house.data(), &[]);
    assert!(!is_well && lines[0].contains("there is no log in"), "{lines:?}");
    let server = house.serve();
    take_orders(&server, 3);
    let (is_well, lines) = verify(&house.data(), &[]);
    assert!(!is_well && lines[0].contains("in use by another process"), "{lines:?}");
    assert_eq!(server.stop(), Some(0));
    let (is_well, lines) = verify_json(&house.data());
    assert!(is_well && lines.len() == 1, "{lines:?}");
    let summary = &lines[0];
    assert_eq!((&summary["problems"], &summary["closed"], &summary["segments"]), (&json!(0), &json!(true), &json!(1)));
    assert!(3 < summary["events"].as_u64().unwrap() && 3 < summary["streams"].as_u64().unwrap(), "{summary}");
    let server = house.serve();
    run(async { server.till("pos").post("/v1/stores/s1/orders", &order("late")).await.expect(201) });
    server.kill();
    let (is_well, lines) = verify(&house.data(), &[]);
    assert!(is_well && lines.len() == 1, "{lines:?}");
    assert!(lines[0].starts_with("nothing is wrong: 1 segments") && lines[0].contains("was not closed"), "{lines:?}");
}

#[test]
fn a_changed_byte_is_named_and_a_cut_behind_the_data_is_not_missed() {
    let mut house = House::new();
    let server = house.serve_in_segments(1);
    take_orders(&server, 10);
    server.kill();
    let path = files(&house.data(), "seg").remove(0);
    let whole = std::fs::read(&path).expect("reads");
    let end = data_end(&whole);
    // In the second batch: its position is 1, its place behind the genesis record's.
    change(&path, |bytes| bytes[DATA_START + 208 + 150] ^= 1);
    let (is_well, lines) = verify_json(&house.data());
    assert!(!is_well && lines.len() == 2, "{lines:?}");
    let problem = &lines[0];
    assert_eq!((&problem["file"], &problem["offset"]), (&json!(path.display().to_string()), &json!(DATA_START + 208)));
    assert_eq!((&problem["position"], &lines[1]["problems"]), (&json!("0:1"), &json!(1)));
    let told = refused(&house.data());
    let place = format!("{} at byte {} (position 1)", path.display(), DATA_START + 208);
    assert!(told.contains(&place) && told.contains("restore the log from a copy"), "{told}");
    // Cut into the last batch it is refused, too; anywhere behind it, it starts with everything that was acknowledged.
    for len in [end - 1, end - 150] {
        std::fs::write(&path, &whole[..len]).expect("writes");
        assert!(!verify(&house.data(), &[]).0);
        assert!(refused(&house.data()).contains("shorter than its header says"));
    }
    for len in [end + 8, end.next_multiple_of(SECTOR) + 70, whole.len() - 1] {
        std::fs::write(&path, &whole[..len]).expect("writes");
        assert!(verify(&house.data(), &[]).0, "cut to {len}");
        let server = house.serve_in_segments(1);
        run(cancel(&server, "v9"));
        server.kill();
        for path in files(&house.data(), "seg") {
            std::fs::remove_file(path).expect("removes");
        }
    }
}

#[test]
fn damage_that_comes_up_while_serving_stops_the_server_with_the_report() {
    let mut house = House::new();
    let server = house.serve_in_segments(1);
    take_orders(&server, 5);
    // Under the running server: when the segment is full it is read again, to write its index beside it.
    let path = files(&house.data(), "seg").remove(0);
    let file = std::fs::File::options().read(true).write(true).open(&path).expect("opens");
    let at = DATA_START as u64 + 208 + 150;
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut byte, at).expect("reads");
    std::os::unix::fs::FileExt::write_all_at(&file, &[byte[0] ^ 1], at).expect("writes");
    let mut load = load(&server, "120");
    assert_eq!(server.end(), Some(1), "{}", house.log());
    // With no server to talk to it has nothing to do.
    let _ = load.kill();
    load.wait().expect("it ends");
    let place = format!("comanda: the log is damaged: {} at byte {} (position 1)", path.display(), DATA_START + 208);
    assert!(house.log().contains(&place), "{}", house.log());
    assert!(refused(&house.data()).contains("the log is damaged"));
}

#[test]
fn indexes_beside_sealed_segments_are_checked_and_made_again() {
    let mut house = House::new();
    let server = house.serve_in_segments(1);
    assert!(load(&server, "3").wait().expect("it ends").success());
    take_orders(&server, 1);
    assert_eq!(server.stop(), Some(0));
    let (is_well, lines) = verify_json(&house.data());
    assert!(is_well, "{lines:?}");
    let (segments, sidecars) = (files(&house.data(), "seg"), files(&house.data(), "idx"));
    assert!(1 < segments.len() && !sidecars.is_empty(), "{segments:?} {sidecars:?}");
    assert_eq!(lines[0]["sidecars"], json!(sidecars.len()));
    let whole = std::fs::read(&sidecars[0]).expect("reads");
    change(&sidecars[0], |bytes| {
        let last = bytes.len() - 40;
        bytes[last] ^= 1;
    });
    let (is_well, lines) = verify(&house.data(), &[]);
    assert!(!is_well && lines.len() == 2, "{lines:?}");
    assert!(
        lines[0].contains("00000000.idx") && lines[0].contains("remove it; the next start makes it again"),
        "{lines:?}"
    );
    std::fs::remove_file(&sidecars[0]).expect("removes");
    let server = house.serve_in_segments(1);
    run(cancel(&server, "v0"));
    // A started server writes it again in the background.
    let patience = Instant::now() + Duration::from_secs(60);
    while std::fs::read(&sidecars[0]).ok().as_ref() != Some(&whole) {
        assert!(Instant::now() < patience, "it was not made again");
        run(async { server.till("pos").get("/livez").await.expect(200) });
    }
    assert_eq!(server.stop(), Some(0));
    assert!(verify(&house.data(), &[]).0);
}
