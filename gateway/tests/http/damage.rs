//! What is derived from the log is damaged, before a start and while the server runs: no start is stopped, no answer is wrong, nothing
//! else notices, and what is damaged is made again by itself.

use crate::golden::inherited;
use crate::server::{House, Server, Till, key, run};
use fastrand::Rng;
use serde_json::{Value, json};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What damage comes in.
const PAGE: u64 = 4_096;
/// How long what is made again may take.
const PATIENCE: Duration = Duration::from_secs(60);

const VIEWS: [&str; 7] = ["catalog", "orders", "sales", "access", "drawers", "terminals", "chains"];

fn view(data: &Path, name: &str) -> PathBuf {
    data.join("views").join(format!("{name}.redb"))
}

/// Overwrites pages of a file, wherever the seed says: some with zeros, some with noise, some with another page of it.
fn damage(path: &Path, pages: u64, random: &mut Rng) -> Vec<u64> {
    let file = File::options().read(true).write(true).open(path).expect("the file is there");
    let there = file.metadata().expect("it has a length").len() / PAGE;
    let hit = |random: &mut Rng| {
        let page = random.u64(0..there);
        let mut rubbish = vec![0; PAGE as usize];
        match random.u8(0..3) {
            0 => {}
            1 => random.fill(&mut rubbish),
            _ => file.read_exact_at(&mut rubbish, random.u64(0..there) * PAGE).expect("it reads"),
        }
        file.write_all_at(&rubbish, page * PAGE).expect("it takes everything");
        page
    };
    (0..pages).map(|_| hit(random)).collect()
}

/// Every address that shows something of the read models, with something there.
async fn doors(admin: &mut Till) -> Vec<String> {
    let document = admin.get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().expect("paths");
    // Whatever can wait for a view shows one.
    let waits = |operations: &Value| {
        let parameters = operations["get"]["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "min_position"))
    };
    let reads = paths.iter().filter(|(path, operations)| waits(operations) && path.starts_with("/v1/"));
    let mut doors = vec![];
    let list = admin.get("/v1/stores/k1/orders").await.expect(200);
    let order = list["items"][0]["order_id"].as_str().expect("an order").to_owned();
    let list = admin.get("/v1/stores/s1/payments").await.expect(200);
    let payment = list["items"][0]["payment_id"].as_str().expect("a payment").to_owned();
    for (path, _) in reads.filter(|(path, _)| !path.contains("/history")) {
        for store in ["s1", "k1"] {
            let filled = [
                ("{store}", store),
                ("{order}", &order),
                ("{payment}", &payment),
                ("{item}", "espresso"),
                ("{tax}", "food"),
                ("{group}", "size"),
                ("{daypart}", "lunch"),
                ("{staff}", "jo"),
                ("{date}", "2026-11-20"),
                ("{drawer}", "d1"),
                ("{station}", "stove"),
            ];
            doors.push(filled.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value)));
        }
    }
    doors.push("/v1/reports/sales?by=item&from=2026-01-01&to=2026-12-31".to_owned());
    doors.sort();
    doors.dedup();
    assert!(40 < doors.len() && doors.iter().all(|door| !door.contains('{')), "{doors:?}");
    doors
}

/// What a door shows that does not change by being asked.
fn shown(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for item in answer.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        item.as_object_mut().map(|item| item.remove("last_used_at"));
    }
    answer
}

/// Asks every door until each shows what it showed before the damage. Until then it says that its view is not there, and nothing else.
async fn all_come_back(client: &mut Till, before: &[(String, u16, Value)], what: &str) {
    let end = Instant::now() + PATIENCE;
    let mut left: Vec<_> = before.iter().collect();
    while !left.is_empty() {
        let mut still = vec![];
        for door in left {
            let (path, status, held) = door;
            let reply = client.get(path).await;
            if reply.status == 503 {
                let code = reply.json()["code"].clone();
                assert_eq!(code, "view_unavailable", "{what}: {path}");
                assert!(reply.headers.contains_key("retry-after"), "{what}: {path}");
                still.push(door);
                continue;
            }
            let shown = shown(&reply.json());
            assert_eq!((reply.status, &shown), (*status, held), "{what}: {path} answers something else than before");
        }
        left = still;
        assert!(Instant::now() < end, "{what}: not made again: {left:?}");
    }
}

/// Orders go on, whatever becomes of the views.
async fn sells(server: &Server, what: &str) {
    let order = json!({"order_id": key(), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later",
        "lines": [{"line_id": "l1", "item_id": "espresso"}]});
    let reply = server.till("pos").post("/v1/stores/s2/orders", &order).await;
    assert_eq!(reply.status, 201, "{what}: {:?}", reply.body);
}

/// A house with something in every view, and what each door shows of it.
fn furnished() -> (House, Vec<(String, u16, Value)>) {
    let (mut house, _) = inherited();
    let server = house.serve();
    let before = run(async {
        let mut admin = server.till("admin");
        let mut before = vec![];
        let newest = admin.get("/v1/stores").await.position();
        for path in doors(&mut admin).await {
            let at = if path.contains('?') { '&' } else { '?' };
            let wait = format!("{path}{at}min_position={newest}");
            let mut reply = admin.get(&wait).await;
            while reply.status == 503 {
                reply = admin.get(&wait).await;
            }
            before.push((path, reply.status, shown(&reply.json())));
        }
        before
    });
    assert!(25 < before.iter().filter(|(_, status, _)| *status == 200).count(), "most doors have something to show");
    assert_eq!(server.stop(), Some(0));
    (house, before)
}

/// As many rounds as CI has time for, or as `COMANDA_CASES` says.
fn rounds(usual: u64) -> u64 {
    std::env::var("COMANDA_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

#[test]
fn c09_a_damaged_view_stops_no_start_and_shows_nothing_wrong() {
    let (mut house, before) = furnished();
    let saved = house.path().join("saved");
    copy(&house.data().join("views"), &saved);
    for seed in 0..rounds(14) {
        let mut random = Rng::with_seed(seed);
        let name = VIEWS[seed as usize % VIEWS.len()];
        copy(&saved, &house.data().join("views"));
        let pages = [1, 3, 30][random.usize(0..3)];
        let hit = damage(&view(&house.data(), name), pages, &mut random);
        let what = format!("seed {seed}, {name}, pages {hit:?}");
        let server = house.serve();
        run(async {
            all_come_back(&mut server.till("admin"), &before_but_s2(&before), &what).await;
            sells(&server, &what).await;
        });
        assert_eq!(server.stop(), Some(0), "{what}");
    }
}

#[test]
fn c09_a_view_that_is_damaged_while_the_server_runs_is_made_again() {
    let (mut house, before) = furnished();
    for seed in 0..rounds(14) {
        let mut random = Rng::with_seed(1_000 + seed);
        let name = VIEWS[seed as usize % VIEWS.len()];
        let server = house.serve();
        let file = view(&house.data(), name);
        let pages = if seed % 2 == 0 { 4 } else { std::fs::metadata(&file).expect("it is there").len() / PAGE };
        let hit = damage(&file, pages, &mut random);
        let what = format!("seed {}, {name}, {} pages: {:?}", 1_000 + seed, hit.len(), &hit[..4]);
        run(async {
            let mut others = server.till("pos");
            sells(&server, &what).await;
            // Who is let in is not asked of any view.
            assert_eq!(others.get("/v1/stores/s1/orders/none/history").await.status, 403, "{what}");
            all_come_back(&mut server.till("admin"), &before_but_s2(&before), &what).await;
            sells(&server, &what).await;
        });
        assert_eq!(server.stop(), Some(0), "{what}");
    }
}

/// The doors that selling in another store does not change.
fn before_but_s2(before: &[(String, u16, Value)]) -> Vec<(String, u16, Value)> {
    let is_of_all = |path: &str| path.starts_with("/v1/reports") || path == "/v1/stores";
    before.iter().filter(|(path, ..)| !is_of_all(path)).cloned().collect()
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("reads") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("it is copied");
    }
}

/// Whatever stands where the directory of the views should be, or keeps it from being used, the rest serves.
#[test]
fn c09_nothing_about_the_directory_of_the_views_stops_a_start() {
    let (mut house, before) = furnished();
    let views = house.data().join("views");
    std::fs::remove_dir_all(&views).expect("goes");
    for what in ["missing", "a file", "a directory in the place of each file", "files of nothing"] {
        match what {
            "a file" => std::fs::write(&views, b"views").expect("writes"),
            "a directory in the place of each file" => {
                VIEWS.iter().for_each(|name| std::fs::create_dir_all(view(&house.data(), name)).expect("a directory"));
            }
            "files of nothing" => {
                std::fs::create_dir_all(&views).expect("a directory");
                VIEWS.iter().for_each(|name| std::fs::write(view(&house.data(), name), b"").expect("writes"));
            }
            _ => {}
        }
        let server = house.serve();
        run(async {
            all_come_back(&mut server.till("admin"), &before_but_s2(&before), what).await;
            sells(&server, what).await;
        });
        assert_eq!(server.stop(), Some(0), "{what}");
        let _ = std::fs::remove_file(&views);
        let _ = std::fs::remove_dir_all(&views);
    }
}

/// A directory that takes no file: no view is there, tills sell, and once it does the views are made by themselves.
#[test]
fn c09_a_directory_of_views_that_cannot_be_written_keeps_no_till_waiting() {
    let (mut house, before) = furnished();
    let views = house.data().join("views");
    let _ = std::fs::remove_dir_all(&views);
    // A link to where no directory can be made takes the right to write from root as well.
    std::os::unix::fs::symlink("/proc/none/views", &views).expect("a link");
    let server = house.serve();
    run(async {
        sells(&server, "it cannot be written").await;
        let mut admin = server.till("admin");
        for (path, ..) in &before {
            let reply = admin.get(path).await;
            assert_eq!((reply.status, reply.json()["code"].as_str()), (503, Some("view_unavailable")), "{path}");
        }
        assert_eq!(admin.get("/v1/feed?limit=1").await.status, 200);
        assert_eq!(admin.get("/readyz").await.status, 503, "menus are needed");
        assert_eq!(admin.get("/livez").await.status, 200);
        std::fs::remove_file(&views).expect("goes");
        all_come_back(&mut admin, &before_but_s2(&before), "it can be written again").await;
    });
    assert_eq!(server.stop(), Some(0));
}

async fn metric(operator: &mut Till, name: &str) -> u64 {
    let page = String::from_utf8_lossy(&operator.get("/metrics").await.body).into_owned();
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {page}"))
}

/// Sells in both stores until a snapshot was taken since the start.
async fn snapshot_taken(server: &Server, what: &str) {
    let (mut till, mut operator) = (server.till("pos"), server.operator());
    let end = Instant::now() + PATIENCE;
    while metric(&mut operator, "comanda_engine_snapshots_total").await == 0 {
        for store in ["s1", "s2"] {
            let lines = json!([{"line_id": "l1", "item_id": "espresso"}]);
            let order = json!({"order_id": key(), "channel": "pos", "dining_mode": "take_away", "pay_mode": "later", "lines": lines});
            till.post(&format!("/v1/stores/{store}/orders"), &order).await.expect(201);
        }
        assert!(Instant::now() < end, "{what}: no snapshot was taken");
    }
}

/// A store whose row in the snapshot is damaged sells on, as it was, and another snapshot is taken.
#[test]
fn c09_a_damaged_snapshot_keeps_no_store_from_selling() {
    let little = ["--stores-in-memory", "1", "--closed-orders-in-memory", "0", "--snapshot-events", "30"];
    let mut house = House::new();
    let open = |round: u64| {
        json!({"order_id": format!("t{round}"), "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
            "lines": [{"line_id": "l1", "item_id": "espresso"}], "place": true})
    };
    let both = ["/v1/stores/s1/orders", "/v1/stores/s2/orders"];
    for seed in 0..rounds(8) {
        let mut random = Rng::with_seed(seed);
        let what = format!("seed {seed}");
        let server = house.serve_with(&little);
        run(async {
            for orders in both {
                server.till("pos").post(orders, &open(seed)).await.expect(201);
            }
            snapshot_taken(&server, &what).await;
        });
        assert_eq!(server.stop(), Some(0), "{what}");
        let file = house.data().join("snapshot.redb");
        let pages = std::fs::metadata(&file).expect("it is there").len() / PAGE;
        // All of it but its first page, or some of it; before the start, or behind it, when it is trusted already.
        let all = |file: &Path| {
            let file = File::options().write(true).open(file).expect("it is there");
            (1..pages).for_each(|page| {
                file.write_all_at(&vec![0xa5; PAGE as usize], page * PAGE).expect("it takes everything")
            });
        };
        if seed % 2 == 0 {
            damage(&file, [1, 5, pages][random.usize(0..3)], &mut random);
        }
        let server = house.serve_with(&little);
        if seed % 2 == 1 {
            all(&file);
        }
        run(async {
            let mut till = server.till("pos");
            for orders in both {
                let twice = till.post(orders, &open(seed)).await;
                assert_eq!(twice.expect(422)["code"], "order_exists", "{what}");
                let path = format!("{orders}/t{seed}/payments");
                let pay = json!({"payment_id": format!("p{seed}"), "tender": "cash"});
                assert_eq!(till.post(&path, &pay).await.status, 201, "{what}: {orders}");
            }
            snapshot_taken(&server, &what).await;
        });
        assert_eq!(server.stop(), Some(0), "{what}");
        if seed % 2 == 1 {
            assert!(house.data().join("snapshot.redb.aside").exists(), "{what}: {}", house.log());
        }
        // The new one is good.
        let server = house.serve_with(&little);
        run(async {
            assert!(0 < metric(&mut server.operator(), "comanda_engine_snapshot_position").await, "{what}");
            for orders in both {
                let again = server.till("pos").post(orders, &open(seed)).await;
                assert_eq!(again.expect(422)["code"], "order_exists", "{what}");
            }
        });
        assert_eq!(server.stop(), Some(0), "{what}");
    }
}
