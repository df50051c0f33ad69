//! What answers to commands and to queries have in common.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use schemas::json::PositionToken;

/// Where a read model has to be to show what was answered.
pub const X_POSITION: HeaderName = HeaderName::from_static("x-position");

/// How many headers an answer has in the end: room for them is made once.
const HEADERS_MAX: usize = 12;

/// An answer that is ready bytes of JSON.
pub fn json(status: StatusCode, body: Bytes) -> Response {
    ready(status, body, HeaderValue::from_static("application/json"))
}

/// An answer that is text.
pub fn text(status: StatusCode, body: Bytes) -> Response {
    ready(status, body, HeaderValue::from_static("text/plain; charset=utf-8"))
}

fn ready(status: StatusCode, body: Bytes, content_type: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS_MAX);
    headers.insert(header::CONTENT_TYPE, content_type);
    response
}

/// A position as a header.
///
/// # Panics
/// Never: a position token is ASCII.
pub fn position_header(token: PositionToken) -> HeaderValue {
    token.with_text(HeaderValue::from_str).expect("a position token is ASCII")
}
