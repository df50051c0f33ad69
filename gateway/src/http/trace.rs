//! Around every request: its trace id, its counters, its log line.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

/// The header with the trace id, in and out.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Names the request, counts it, and writes its line.
pub async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let trace_id = trace_id(request.headers());
    let method = request.method().clone();
    let route: Arc<str> = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().into(),
        None => "none".into(),
    };
    let span = tracing::error_span!("request", trace_id = trace_id.to_str().unwrap_or_default());
    let mut response = tracing::Instrument::instrument(next.run(request), span).await;
    let (took, status) = (started.elapsed(), response.status().as_u16());
    app.metrics.count(method.as_str(), &route, status, took);
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let shown = trace_id.to_str().unwrap_or_default();
    match status {
        500.. => tracing::warn!(target: "http", %method, route = &*route, status, took_us, trace_id = shown),
        _ => tracing::debug!(target: "http", %method, route = &*route, status, took_us, trace_id = shown),
    }
    response.headers_mut().insert(X_TRACE_ID, trace_id);
    response
}

/// The client's trace id where it sends one (W3C Trace Context, or `X-Trace-ID`), or a new one: 32 hexadecimal digits.
fn trace_id(headers: &HeaderMap) -> HeaderValue {
    let parent = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()?.split('-').nth(1));
    let given = parent.or_else(|| headers.get(X_TRACE_ID)?.to_str().ok());
    let is_id = |text: &&str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let text = match given.filter(is_id) {
        Some(text) => text.to_ascii_lowercase(),
        None => format!("{:032x}", fresh()),
    };
    HeaderValue::try_from(text).expect("hexadecimal digits make a header")
}

/// A number nobody else has: a random start for each thread, and steps of an odd constant (Knuth's multiplier) from it.
fn fresh() -> u128 {
    thread_local! {
        static NEXT: Cell<u128> = Cell::new({
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).expect("the operating system has random numbers");
            u128::from_le_bytes(bytes)
        });
    }
    NEXT.with(|next| {
        let number = next.get().wrapping_add(0x2d99_787d_9265_63c9_2545_f491_4f6c_dd1d);
        next.set(number);
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_taken_over_or_made() {
        let id = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            trace_id(&headers).to_str().unwrap().to_owned()
        };
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(id("traceparent", parent), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(id("x-trace-id", "4BF92F3577B34DA6A3CE929D0E0E4736"), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(id("x-trace-id", "<script>").len(), 32);
        assert_ne!(trace_id(&HeaderMap::new()), trace_id(&HeaderMap::new()));
    }
}
