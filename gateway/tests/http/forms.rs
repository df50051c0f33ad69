//! The forms of requests, as RFC 9110 and RFC 9112 have them: what does not keep to them is told so, and nothing is done.

use crate::server::{House, Server, key};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What comes back until the server closes: status, headers in lower case, body.
fn ask(server: &Server, request: &str) -> (String, String, String) {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a timeout");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut bytes = vec![];
    // Closed by an end or by a reset, where a body was not read.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    (status.to_owned(), headers.to_lowercase(), body.to_owned())
}

#[track_caller]
fn check(server: &Server, request: &str, status: &str, told: &str) {
    let (found, headers, body) = ask(server, request);
    assert!(
        found.contains(&format!(" {status} ")) || found.ends_with(&format!(" {status}")),
        "{request}\n{found}\n{body}"
    );
    assert!(headers.contains(told) || body.contains(told), "{request}\n{headers}\n{body}");
}

#[test]
fn c13_host_expect_coding_and_methods_are_as_the_rfcs_say() {
    let mut house = House::new();
    let server = house.serve();
    let get = |rest: &str| format!("GET /livez {rest}Connection: close\r\n\r\n");
    check(&server, &get("HTTP/1.1\r\nHost: comanda\r\n"), "200", "");
    check(&server, &get("HTTP/1.1\r\nHost: [::1]:8080\r\n"), "200", "");
    check(&server, &get("HTTP/1.1\r\nHost:\r\n"), "200", "");
    check(&server, &get("HTTP/1.0\r\n"), "200", "");
    check(&server, &get("HTTP/1.1\r\n"), "400", "The header Host is missing");
    check(&server, &get("HTTP/1.1\r\nHost: a\r\nHost: a\r\n"), "400", "The header Host is there twice");
    for bad in ["a b", "a/b", "you@comanda", "http://comanda"] {
        check(&server, &get(&format!("HTTP/1.1\r\nHost: {bad}\r\n")), "400", "The header Host must be");
    }
    check(&server, &get("HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n"), "417", "expectation_failed");
    check(&server, &get("HTTP/1.0\r\nExpect: tea\r\n"), "200", "");
    // Methods.
    let by = |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check(&server, &by("BREW", "/livez"), "501", "method_unknown");
    check(&server, &by("CONNECT", "a:80"), "501", "method_unknown");
    check(&server, &by("TRACE", "/livez"), "501", "method_unknown");
    check(&server, &by("get", "/livez"), "501", "method_unknown");
    check(&server, &by("DELETE", "/livez"), "405", "allow: get,head");
    check(&server, &by("GET", "/v1/menu/publish"), "405", "allow: post");
    check(&server, &by("OPTIONS", "/livez"), "204", "allow: get,head");
    check(&server, &by("OPTIONS", "/v1/menu/publish"), "204", "allow: post");
    let (status, headers, body) = ask(&server, &by("HEAD", "/livez"));
    assert!(
        status.contains("200") && headers.contains("content-length: 2") && body.is_empty(),
        "{status} {headers} {body}"
    );
}

#[test]
fn c13_a_body_is_wanted_before_it_is_sent() {
    let mut house = House::new();
    let server = house.serve();
    let token = server.tokens["pos"].clone();
    let body = r#"{"order_id":"h1","channel":"pos","dining_mode":"dine_in","pay_mode":"later","lines":[{"line_id":"l1","item_id":"espresso","qty":1}]}"#;
    let post = |rest: &str, token: &str, body: &str| {
        format!(
            "POST /v1/stores/s1/orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Idempotency-Key: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{rest}\r\n{body}",
            key(),
            body.len(),
        )
    };
    // `100 Continue`, then the answer.
    let (first, _, rest) = ask(&server, &post("Expect: 100-Continue\r\n", &token, body));
    assert!(first.contains(" 100 ") && rest.starts_with("HTTP/1.1 201"), "{first} {rest}");
    // Nobody asks for the body of who may not send it, nor for one that is too large.
    let refused = post("Expect: 100-continue\r\n", "nobody", body);
    let (head, _) = refused.split_once("\r\n\r\n").expect("a body");
    check(&server, &format!("{head}\r\n\r\n"), "401", "unauthenticated");
    check(&server, &post("Expect: tea\r\n", &token, body), "417", "expectation_failed");
    for coding in ["gzip", "br", "gzip, identity"] {
        check(
            &server,
            &post(&format!("Content-Encoding: {coding}\r\n"), &token, body),
            "415",
            "accept-encoding: identity",
        );
    }
    check(&server, &post("Content-Encoding: identity\r\n", &token, &body.replace("h1", "h2")), "201", "");
}

#[test]
fn an_answer_that_nobody_accepts_is_not_made() {
    let mut house = House::new();
    let server = house.serve();
    let token = server.tokens["admin"].clone();
    let operator = server.operator_token();
    let ask_for = |path: &str, accept: &str| {
        let token = if path == "/metrics" { &operator } else { &token };
        format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n\r\n"
        )
    };
    let feed = "/v1/feed?limit=1";
    for (path, accept, status, told) in [
        ("/v1/stores", "application/json", "200", "application/json"),
        ("/v1/stores", "*/*", "200", "application/json"),
        ("/v1/stores", "text/html, application/*;q=0.5", "200", "application/json"),
        ("/v1/stores", "text/html", "406", "It comes as application/json."),
        ("/v1/stores", "application/json;q=0", "406", "not_acceptable"),
        ("/openapi.json", "text/html", "406", "not_acceptable"),
        ("/livez", "application/json", "406", "It comes as text/plain."),
        (
            "/metrics",
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "200",
            "application/openmetrics-text",
        ),
        ("/metrics", "application/json", "406", "application/openmetrics-text"),
        (feed, "application/json", "406", "It comes as application/x-ndjson or text/event-stream."),
        (feed, "application/x-ndjson, text/event-stream;q=0.5", "200", "application/x-ndjson"),
        ("/v1/stores/s1/days/2026-11-30/x", "image/png", "406", "It comes as application/json or text/plain."),
    ] {
        check(&server, &ask_for(path, accept), status, told);
    }
    // A command is not taken either.
    let command = format!(
        "PUT /v1/stores/s9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {}\r\n\
         Accept: text/html\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        key()
    );
    check(&server, &command, "406", "not_acceptable");
}
