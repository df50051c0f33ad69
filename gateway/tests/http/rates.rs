//! How many requests somebody may send in a second, and whom that leaves alone.

use crate::server::{House, Reply, Till, run};

/// Asks until there were too many; how many answers came before, and that one.
async fn until_refused(client: &mut Till, path: &str) -> (usize, Reply) {
    for answers in 0..10_000 {
        let reply = client.get(path).await;
        if reply.status == 429 {
            return (answers, reply);
        }
    }
    panic!("{path} is answered without end");
}

#[track_caller]
fn is_refused(reply: &Reply, whose: &str) {
    let told = reply.expect(429);
    assert_eq!((told["code"].as_str(), told["of"].as_str()), (Some("too_many_requests"), Some(whose)), "{told}");
    let wait: u64 = reply.headers["retry-after"].parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
}

#[test]
fn a_token_an_address_and_a_tenant_have_their_share_and_others_keep_theirs() {
    let mut house = House::new();
    let limits = ["--requests-per-address", "2", "--requests-per-token", "20", "--requests-per-tenant", "60"];
    let server = house.serve_with(&limits);
    run(async {
        let (mut till, mut other) = (server.till("pos"), server.till("manager"));
        let (answered, refused) = until_refused(&mut till, "/v1/stores").await;
        assert!(100 <= answered, "five seconds of it at once: {answered}");
        is_refused(&refused, "token");
        // The kitchen's board and its tickets have a share of their own, with the same token too.
        assert_eq!(till.get("/v1/stores/s1/kitchen/grill").await.status, 200);
        assert_eq!(other.get("/v1/stores").await.status, 200);
        // Who has no good token takes from the address alone.
        let mut nobody = Till::new(&server.url, "cmd_0123456789abcdef_wrong");
        let (answered, refused) = until_refused(&mut nobody, "/v1/stores").await;
        assert!(10 <= answered, "{answered}");
        is_refused(&refused, "address");
        assert_eq!(nobody.send("POST", "/v1/webhooks/standard/nothere", &[], &serde_json::json!({})).await.status, 400);
        assert_eq!(other.get("/v1/stores").await.status, 200);
        // All tokens of a tenant together: what is left of its 300.
        let mut tokens: Vec<Till> = ["manager", "kitchen", "analyst", "auditor"].map(|role| server.till(role)).into();
        let mut whose = None;
        while whose.is_none() {
            for token in &mut tokens {
                let reply = token.get("/v1/stores").await;
                if reply.status == 429 {
                    whose = reply.json()["of"].as_str().map(str::to_owned);
                }
            }
        }
        assert_eq!(whose.as_deref(), Some("tenant"));
    });
    let log = house.log();
    assert!(log.contains("\"status\":429") || log.contains("429"), "the security log says so");
}
