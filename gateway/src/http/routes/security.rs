//! What credentials did and were refused.

use crate::access::Capability;
use crate::http::bounds::Paged;
use crate::http::caller::Caller;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::QueryParams;
use crate::http::query::{List, may_block};
use crate::http::respond;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::calendar::Timestamp;
use domain::ids::{self, CommandId};
use domain::stream::Stream;
use eventlog::{Direction, OwnedEvent, Revision};
use schemas::json::event::Recorded;
use schemas::json::{EventJson, FieldError};
use schemas::stored::{self, CommitMeta};
use serde::Deserialize;
use std::error::Error;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which part of the security log.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SecurityParams {
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many entries, at most 500; 50 where it is left out.
    limit: Option<usize>,
}

/// What the tenant's credentials did and were refused, newest first: sign-ins, refusals (401, 403, 429), what was issued, revoked, approved and
/// configured, and what auditors and analysts read of histories, feeds and reports, with how often and how many bytes.
///
/// Each entry is summed up by credential, operation and minute (`--security-sum-s`); beyond 64 sums in that time what comes beside is summed up
/// over all credentials (`operation` is `*`, without `token_id`), so that nobody can fill the log. Without a credential that works no tenant is
/// known, and the server's own log has the line alone. Takes `read_security`, for all stores.
#[utoipa::path(
    get, path = "/v1/security", tag = "events", params(SecurityParams),
    responses((status = 200, body = List<EventJson<'static>>), QueryProblems)
)]
pub async fn list(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    QueryParams(params): QueryParams<SecurityParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadSecurity)?;
    caller.is_good_everywhere()?;
    let limit = Paged::Security.limit(params.limit)?;
    let from = match params.cursor.as_deref().map(str::parse) {
        None => Revision(u64::MAX),
        Some(Ok(revision)) => Revision(revision),
        Some(Err(_)) => {
            let problem = "is not one that a page gave; send it as it came".to_owned();
            return Err(ApiError::Query(FieldError::new("cursor", problem)));
        }
    };
    let stream = Stream::Security(caller.tenant);
    // One more says that there is another page, and where it begins.
    let read = may_block(|| app.reader.read_stream(&stream.to_string(), from, Direction::Backward, limit + 1));
    let mut events = read.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let next = (limit < events.len()).then(|| events.pop()).flatten();
    let body = page(&app, &stream, &events, next.as_ref()).map_err(ApiError::Internal)?;
    Ok(respond::json(StatusCode::OK, body.into()))
}

fn page(
    app: &AppState,
    stream: &Stream,
    events: &[OwnedEvent],
    next: Option<&OwnedEvent>,
) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let mut body = b"{\"items\":[".to_vec();
    for event in events {
        if !body.ends_with(b"[") {
            body.push(b',');
        }
        let (meta, fact) = (CommitMeta::decode(&event.meta)?, stored::decode(stream, &event.body)?);
        EventJson::new(&Recorded {
            position: crate::position::token(&app.reader, event.position),
            stream,
            revision: ids::Revision(event.revision.0),
            recorded_at: Timestamp(event.recorded_at),
            occurred_at: meta.occurred_at,
            actor: Some(meta.actor),
            approver: meta.approver,
            terminal: meta.terminal,
            terminal_seq: meta.terminal_seq,
            command_id: CommandId(event.command_id),
            event_index: u32::try_from(event.position.0 - event.commit_first.0)?,
            source: meta.source,
            training: meta.training,
            time_in_doubt: meta.time_in_doubt,
            sent_by: meta.sent_by,
            event: &fact,
        })
        .write(&mut body)?;
    }
    body.push(b']');
    if let Some(next) = next {
        body.extend_from_slice(format!(",\"cursor\":\"{}\"", next.revision.0).as_bytes());
    }
    body.push(b'}');
    Ok(body)
}
