//! The bare server to compare with: the same HTTP library and nothing behind it.
//!
//! It answers the paths the load generator uses, so that both servers are measured with the same client.

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
const MENU: &str = r#"{"store":"s1","version":1,"currency":"EUR","revision":0,"taxes":[],"modifier_groups":[],"items":[
{"item_id":"espresso","name":"Espresso","state":"available","price":260,"open_price":false,"variations":[],"modifier_group_ids":[],"tax_ids":[]},
{"item_id":"water","name":"Water","state":"available","price":390,"open_price":false,"variations":[],"modifier_group_ids":[],"tax_ids":[]}]}"#;

/// What the path of a hello is.
pub const HELLO: &str = "/hello";
/// The path of an answer that is as long as it was told to be.
pub const SIZED: &str = "/sized";

/// Serves until the process ends, `sized_bytes` under `/sized`; says where through `announce`.
///
/// # Errors
/// The system's.
pub fn serve(listen: SocketAddr, sized_bytes: usize, announce: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let sized = Bytes::from(vec![b' '; sized_bytes]);
    let router = Router::new()
        .route(HELLO, get(|| async { "hello" }))
        .route(SIZED, get(move || async move { (JSON, sized) }))
        .route("/v1/stores/{store}/menu", get(|| async { (JSON, MENU) }))
        .route("/v1/stores/{store}/stock", get(|| async { (JSON, r#"{"items":[]}"#) }))
        // The body is read, so that what it takes to receive it is in the figure.
        .route("/v1/stores/{store}/orders", post(|body: Bytes| async move { taken(&body).into_response() }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        announce(listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            // A connection that keeps its delay is slow, not wrong.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await
    })
}

fn taken(body: &Bytes) -> impl IntoResponse + use<> {
    match body.is_empty() {
        true => (StatusCode::BAD_REQUEST, JSON, r#"{"code":"malformed"}"#),
        false => (StatusCode::CREATED, JSON, r#"{"ok":true}"#),
    }
}
