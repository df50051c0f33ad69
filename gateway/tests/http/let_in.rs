//! Who is let in is what the log says, whatever the read models do.

use crate::server::{House, Till, run};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A memory file system at a directory.
struct Mounted(PathBuf);

impl Mounted {
    /// `None`, said loudly, where this process may not mount; under `CI` it has to.
    fn at(dir: &Path) -> Option<Mounted> {
        std::fs::create_dir_all(dir).expect("a directory");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=80m", "tmpfs"]).arg(dir).output();
        if matches!(&mount, Ok(output) if output.status.success()) {
            return Some(Mounted(dir.to_owned()));
        }
        assert!(std::env::var_os("CI").is_none(), "CI mounts file systems: {mount:?}");
        let _ = writeln!(std::io::stderr(), "SKIPPED: a small file system cannot be mounted by this user");
        None
    }

    /// Leaves less space than a read model wants before it writes.
    fn fill(&self) {
        let filler = std::fs::File::create(self.0.join("filler")).expect("a file");
        filler.set_len(0).expect("a length");
        let mut filler = std::io::BufWriter::new(filler);
        for _ in 0..60 {
            if filler.write_all(&[7; 1 << 20]).is_err() {
                break;
            }
        }
        let _ = filler.flush();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn issue(admin: &mut Till, label: &str) -> (String, String) {
    let issued = admin.post("/v1/tokens", &json!({"role": "pos", "label": label})).await.expect(201);
    let text = |field: &str| issued[field].as_str().unwrap_or_else(|| panic!("{issued}")).to_owned();
    (text("token_id"), text("token"))
}

/// Whether a token lets in; what a view cannot answer meanwhile is another matter.
async fn is_let_in(url: &str, token: &str) -> bool {
    match Till::new(url, token).get("/v1/stores").await.status {
        200 | 503 => true,
        401 => false,
        other => panic!("{other} is neither"),
    }
}

#[test]
fn c05_a_revoked_token_is_refused_and_a_new_one_taken_while_the_views_have_no_space() {
    let mut house = House::new();
    let Some(views) = Mounted::at(&house.data().join("views")) else { return };
    let (revoked, new) = {
        let server = house.serve();
        run(async {
            let mut admin = server.till("admin");
            let (id, revoked) = issue(&mut admin, "stolen till").await;
            assert!(is_let_in(&server.url, &revoked).await);
            views.fill();
            // An event for the views to stop at.
            let order = json!({"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
                "lines": [{"line_id": "l1", "item_id": "espresso"}]});
            server.till("pos").post("/v1/stores/s1/orders", &order).await.expect(201);
            loop {
                let readiness = admin.get("/readyz").await.json();
                let waits = |view: &Value| view["name"] == "access" && view["waits_for_space"] == true;
                if readiness["views"].as_array().expect("views").iter().any(waits) {
                    break;
                }
            }
            let taken_back = admin.command("DELETE", &format!("/v1/tokens/{id}"), &Value::Null).await;
            assert_eq!(taken_back.status, 200, "{}", String::from_utf8_lossy(&taken_back.body));
            assert!(!is_let_in(&server.url, &revoked).await, "what was answered is in force");
            let (_, new) = issue(&mut admin, "new till").await;
            assert!(is_let_in(&server.url, &new).await);
            (revoked, new)
        })
    };
    // So it is after a start, and the views have no space still.
    let server = house.serve();
    run(async {
        assert!(!is_let_in(&server.url, &revoked).await);
        assert!(is_let_in(&server.url, &new).await);
    });
    assert_eq!(server.stop(), Some(0), "{}", house.log());
}

#[test]
fn c21_nobody_is_kept_out_while_the_views_are_made_anew() {
    let mut house = House::new();
    let (revoked, kept) = {
        let server = house.serve();
        let told = run(async {
            let mut admin = server.till("admin");
            let (id, revoked) = issue(&mut admin, "stolen till").await;
            let (_, kept) = issue(&mut admin, "other till").await;
            admin.command("DELETE", &format!("/v1/tokens/{id}"), &Value::Null).await.expect(200);
            (revoked, kept)
        });
        server.kill();
        told
    };
    // The first answer of a server that has no read model at all, and one whose model of access is of somebody else.
    let views = house.data().join("views");
    let first = |house: &mut House| {
        let server = house.serve();
        run(async {
            assert_eq!((is_let_in(&server.url, &kept).await, is_let_in(&server.url, &revoked).await), (true, false));
        });
        server.kill();
    };
    std::fs::remove_dir_all(&views).expect("views");
    first(&mut house);
    std::fs::write(views.join("access.redb"), [7; 65_536]).expect("a file");
    first(&mut house);
    std::fs::copy(views.join("sales.redb"), views.join("access.redb")).expect("a file");
    first(&mut house);
}
