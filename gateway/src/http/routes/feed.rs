//! Events out: the ordered, resumable feed, and the history of one order.

use crate::access::Capability;
use crate::app::App;
use crate::feed::{FeedError, Selection, events, start_after};
use crate::http::caller::Caller;
use crate::http::command::{X_POSITION, position_header};
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{At, Params};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::ids::{PaymentId, TenantId};
use domain::stream::Stream;
use eventlog::{Direction, LogReader, Position, Revision};
use schemas::json::{EventJson, wire};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// How many bytes are gathered before they are sent.
const CHUNK_BYTES: usize = 64 << 10;
/// How many chunks may wait for a slow reader; then reading the log waits.
const CHUNKS_MAX: usize = 8;
/// How many feeds may run at once: each has a thread.
pub const FEEDS_MAX: usize = 64;
/// How often a feed without news looks whether its reader is still there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How many events of one stream a history shows.
const HISTORY_MAX: usize = 10_000;

/// What of the feed is wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// The position behind which to start; from the beginning where it is left out. SSE clients may send `Last-Event-ID`.
    after: Option<String>,
    /// Only these event types, separated by commas: `OrderPlaced,OrderCancelled`.
    types: Option<String>,
    /// Only this stream, such as `order-demo.s1.o1`.
    stream: Option<String>,
    /// Only this store.
    #[param(value_type = Option<String>)]
    store: Option<wire::StoreId>,
    /// Whether to go on once the end is reached. SSE always does.
    #[serde(default)]
    follow: bool,
    /// The most events to send.
    limit: Option<u64>,
}

/// The form of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Ndjson,
    Sse,
}

/// Replays the tenant's events in the order of the log: NDJSON, or server-sent events with `Accept: text/event-stream`.
#[utoipa::path(
    get, path = "/v1/feed", tag = "events", params(FeedParams),
    responses((status = 200, description = "One event a line", content_type = "application/x-ndjson", body = EventJson<'static>), QueryProblems)
)]
pub async fn feed(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<FeedParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadEvents)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let form = match text("accept").is_some_and(|accept| accept.contains("text/event-stream")) {
        true => Form::Sse,
        false => Form::Ndjson,
    };
    let from = start_after(params.after.as_deref().or(text("last-event-id"))).map_err(ApiError::Query)?;
    let store = params.store.as_ref().map(|store| store.0);
    let selection = Selection::parse(Some(caller.tenant), params.types.as_deref(), params.stream.as_deref(), store)
        .map_err(ApiError::Query)?;
    let permit = Arc::clone(&app.feeds).try_acquire_owned().map_err(|_| ApiError::Busy)?;
    let (chunks, stream) = mpsc::channel(CHUNKS_MAX);
    let reader = app.reader.clone();
    let pump = Pump {
        selection,
        form,
        follows: params.follow || form == Form::Sse,
        left: params.limit.unwrap_or(u64::MAX),
        chunks,
        buffer: Vec::with_capacity(2 * CHUNK_BYTES),
    };
    tokio::task::spawn_blocking(move || {
        pump.run(&reader, from);
        drop(permit);
    });
    let kind = match form {
        Form::Ndjson => "application/x-ndjson",
        Form::Sse => "text/event-stream",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(ReceiverStream::new(stream))).into_response())
}

/// Reads the log and sends what is wanted, at the reader's pace.
struct Pump {
    selection: Selection,
    form: Form,
    follows: bool,
    left: u64,
    chunks: mpsc::Sender<Result<Bytes, std::io::Error>>,
    buffer: Vec<u8>,
}

impl Pump {
    fn run(mut self, reader: &LogReader, from: Position) {
        if let Err(error) = self.pump(reader, from) {
            tracing::error!(error = &error as &dyn std::error::Error, "a feed ended");
            // The answer is cut short, so that nobody takes what came for all there is.
            let _ = self.chunks.blocking_send(Err(std::io::Error::other(error)));
        }
    }

    fn pump(&mut self, reader: &LogReader, from: Position) -> Result<(), FeedError> {
        let mut tail = reader.tail(from);
        let end = reader.durable();
        while 0 < self.left {
            let wait = if self.buffer.is_empty() && self.follows { HEARTBEAT } else { Duration::ZERO };
            match tail.next(wait)? {
                Some(batch) if !self.follows && end <= batch.first() => break,
                Some(batch) => {
                    for commit in batch.commits() {
                        let Pump { selection, form, buffer, left, .. } = self;
                        events(&commit, selection, from, |event| {
                            write(*form, buffer, event)?;
                            *left -= 1;
                            Ok(0 < *left)
                        })?;
                        if self.left == 0 {
                            break;
                        }
                    }
                    if CHUNK_BYTES <= self.buffer.len() && !self.send() {
                        return Ok(());
                    }
                }
                None if self.buffer.is_empty() && !self.follows => break,
                None => {
                    if self.buffer.is_empty() {
                        // Nothing in either form; it finds out whether anybody listens.
                        self.buffer.extend_from_slice(if self.form == Form::Sse { b":\n\n" } else { b"\n" });
                    }
                    if !self.send() {
                        return Ok(());
                    }
                }
            }
        }
        self.send();
        Ok(())
    }

    /// Hands the buffer over; `false` where nobody listens any more.
    fn send(&mut self) -> bool {
        if self.buffer.is_empty() {
            return true;
        }
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(2 * CHUNK_BYTES));
        self.chunks.blocking_send(Ok(chunk.into())).is_ok()
    }
}

fn write(form: Form, buffer: &mut Vec<u8>, event: &EventJson<'_>) -> Result<(), serde_json::Error> {
    if form == Form::Sse {
        buffer.extend_from_slice(format!("id: {}\nevent: {}\ndata: ", event.position, event.kind).as_bytes());
    }
    serde_json::to_writer(&mut *buffer, event)?;
    buffer.extend_from_slice(if form == Form::Sse { b"\n\n" } else { b"\n" });
    Ok(())
}

/// Every event of an order, its payments and its stock, in the order of the log: who, when, why.
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders/{order}/history", tag = "events",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order")),
    responses((status = 200, body = Vec<EventJson<'static>>), QueryProblems)
)]
pub async fn history(
    State(app): State<Arc<App>>,
    caller: Caller,
    At((store, order)): At<(wire::StoreId, wire::OrderId)>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadEvents)?;
    let mut streams = vec![Stream::Order(caller.tenant, store.0, order.0)];
    let payments: Vec<PaymentId> = super::reads::payments_of(&app, &caller, store.0, order.0)?;
    streams.extend(payments.into_iter().map(|payment| Stream::Payment(caller.tenant, store.0, payment)));
    let reader = app.reader.clone();
    let read = tokio::task::spawn_blocking(move || read_history(&reader, caller.tenant, &streams));
    let (body, head) = match read.await {
        Ok(Ok(Some(history))) => history,
        Ok(Ok(None)) => return Err(ApiError::NotFound { what: "order" }),
        Ok(Err(error)) => return Err(ApiError::Internal(Box::new(error))),
        Err(error) => return Err(ApiError::Internal(Box::new(error))),
    };
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut response = (json, body).into_response();
    response.headers_mut().insert(X_POSITION, position_header(head.0.saturating_sub(1)));
    Ok(response)
}

/// All events of the commits that touched these streams: a commit about an order holds its stock events too.
fn read_history(
    reader: &LogReader,
    tenant: TenantId,
    streams: &[Stream],
) -> Result<Option<(Vec<u8>, Position)>, FeedError> {
    let head = reader.durable();
    let mut commits: BTreeSet<(Position, u128)> = BTreeSet::new();
    for stream in streams {
        for event in reader.read_stream(&stream.to_string(), Revision(0), Direction::Forward, HISTORY_MAX)? {
            commits.insert((event.commit_first, event.command_id));
        }
    }
    if commits.is_empty() {
        return Ok(None);
    }
    let mut body = vec![b'['];
    let all = Selection::default();
    for (first, command_id) in commits {
        let Some(found) = reader.find_commit(first, command_id, tenant.as_str())? else { continue };
        events(&found.commit(), &all, Position(0), |event| {
            if body.len() != 1 {
                body.push(b',');
            }
            serde_json::to_writer(&mut body, event).map(|()| true)
        })?;
    }
    body.push(b']');
    Ok(Some((body, head)))
}
