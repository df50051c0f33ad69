//! From a request to the engine and back.

use super::caller::{Caller, CommandHeaders};
use super::error::ApiError;
use crate::access;
use crate::app::App;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use commands::{Answer, CommandError, Envelope};
use domain::command::{Command, Source, StoreCommand};
use domain::event::ChainHead;
use domain::ids::TenantId;
use schemas::json::{PositionToken, Receipt, ReceiptEvent, event::StreamName, write_json};
use std::time::Duration;

/// How long a command may take before its client is told to ask again.
pub const HANDLER_TIMEOUT: Duration = Duration::from_secs(5);
/// Where a read model has to be to show what was answered.
pub const X_POSITION: HeaderName = HeaderName::from_static("x-position");
/// Says that an answer is the one given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Sends a command as the caller, and waits for its outcome.
///
/// # Errors
/// [`ApiError`]: the caller may not, the rules say no, or the outcome is not known.
pub async fn run(app: &App, caller: &Caller, headers: &CommandHeaders, command: Command) -> Result<Answer, ApiError> {
    caller.may(access::needed(&command, Source::Online))?;
    app.providers.check(caller.tenant, &command)?;
    let command = with_chain(app, caller.tenant, command);
    let envelope = Envelope {
        command_id: headers.command_id,
        tenant: caller.tenant,
        command,
        actor: caller.actor,
        approver: headers.approver,
        terminal: headers.terminal,
        queued: None,
        occurred_at: None,
        source: Source::Online,
        expected_revision: headers.expected_revision,
    };
    match tokio::time::timeout(HANDLER_TIMEOUT, app.engine.submit(envelope)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ApiError::Command(CommandError::Unknown)),
    }
}

/// A closing takes along where the chain of the store's history stands, so that its report commits to what was before it.
/// A view that does not answer keeps nobody from closing a day.
pub fn with_chain(app: &App, tenant: TenantId, command: Command) -> Command {
    let Command::Store(store, StoreCommand::CloseDay { date, chain: None }) = command else { return command };
    let head = match app.projections.chain(tenant, store) {
        Ok(answer) => answer.value,
        Err(error) => {
            tracing::warn!(%error, "a day is closed without the head of its store's chain");
            None
        }
    };
    let chain = head.map(|link| ChainHead { position: link.position, hash: link.hash });
    Command::Store(store, StoreCommand::CloseDay { date, chain })
}

/// The answer's body: the commit.
pub fn receipt(answer: &Answer) -> Receipt<'_> {
    let receipt = &answer.receipt;
    let events = receipt.events.iter().map(|event| {
        ReceiptEvent::new(&event.stream, event.revision, PositionToken::new(event.position.0), &event.event)
    });
    Receipt {
        stream: StreamName(&receipt.stream),
        revision: receipt.revision.map(|revision| revision.0),
        position: PositionToken::new(receipt.position.0),
        events: events.collect(),
    }
}

/// The answer to a command: its commit, the same on every repeat.
///
/// # Errors
/// [`ApiError::Internal`] if the commit cannot be written as JSON.
pub fn respond(status: StatusCode, answer: &Answer) -> Result<Response, ApiError> {
    let mut body = Vec::with_capacity(256 + 512 * answer.receipt.events.len());
    write_json(&receipt(answer), &mut body).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(with_headers(status, answer, body.into()))
}

/// The headers every answer to a command has.
pub fn with_headers(status: StatusCode, answer: &Answer, body: Bytes) -> Response {
    let mut response = json(status, body);
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(answer.receipt.position.0));
    if answer.repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// How many headers an answer has in the end: room for them is made once.
const HEADERS_MAX: usize = 12;

/// An answer that is ready bytes.
pub fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS_MAX);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A position as a header.
///
/// # Panics
/// Never: a position token is ASCII.
pub fn position_header(position: u64) -> HeaderValue {
    PositionToken::new(position).with_text(HeaderValue::from_str).expect("a position token is ASCII")
}
