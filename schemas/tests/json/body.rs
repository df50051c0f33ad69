//! Bodies that are not JSON, and bodies of no bytes.

use schemas::json::request::{Line, Place};
use schemas::json::{BodyError, FieldError, parse_body};

#[test]
fn no_bytes_are_an_empty_object() {
    assert_eq!(parse_body::<Place>(b""), Ok(Place::default()));
    let missing = FieldError::new("/line_id", "is required");
    assert_eq!(parse_body::<Line>(b""), Err(BodyError::Field(missing)));
}

#[test]
fn what_is_not_json_is_told_by_line_and_column() {
    let table: &[(&[u8], &str)] = &[
        (b"{", "the body is not JSON: EOF while parsing an object at line 1, column 1"),
        (
            b"{\"line_id\": \"l1\", \"item_id\": \"a\"} {}",
            "the body is not JSON: trailing characters at line 1, column 35",
        ),
        (b"{\n \"line_id\": \"l1\",}", "the body is not JSON: trailing comma at line 2, column 18"),
        (b"{\"line_id\": \"\xff\"}", "the body is not JSON: invalid unicode code point at line 1, column 14"),
        (b"{'line_id': 1}", "the body is not JSON: key must be a string at line 1, column 2"),
    ];
    for (body, problem) in table {
        let error = parse_body::<Line>(body).unwrap_err();
        assert_eq!(error.to_string(), *problem, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn only_objects_are_bodies() {
    for (body, problem) in [
        ("[]", "the body: is a list; expected an object"),
        (" [\"l1\", \"cola\"]", "the body: is a list; expected an object"),
        ("null", "the body: is of the wrong type: null, expected an object"),
        ("\"l1\"", "the body: is of the wrong type: string, expected an object"),
    ] {
        assert_eq!(parse_body::<Line>(body.as_bytes()).unwrap_err().to_string(), problem, "{body}");
    }
}

#[test]
fn what_a_client_wrote_is_not_repeated() {
    let error = parse_body::<Line>(br#"{"line_id": "road map"}"#).unwrap_err().to_string();
    assert_eq!(error, "/line_id: holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those");
}
