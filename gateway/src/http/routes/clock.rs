//! The clock, for whoever runs the server: what it is worth, and that it is right.

use crate::http::caller::OperatorCaller;
use crate::http::docs::{CommandProblems, QueryProblems};
use crate::http::error::ApiError;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use commands::Now;
use schemas::json::{Wire, wire};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What time it is for the server, and what its clock is worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockState {
    /// The time the server goes by.
    pub now: wire::Timestamp,
    /// What the machine's clock shows.
    pub clock: wire::Timestamp,
    /// Why the clock is in doubt, in words; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<&'static str>,
    /// The newest time in the log that was not in doubt; absent in an empty log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_stamp: Option<wire::Timestamp>,
}

fn state(app: &AppState, now: Now) -> Json<ClockState> {
    let newest_stamp = app.engine.time().newest_stamp().map(Wire);
    Json(ClockState {
        now: Wire(now.at),
        clock: Wire(now.clock),
        in_doubt: now.doubt.map(|doubt| doubt.reason()),
        newest_stamp,
    })
}

/// What the machine's clock is worth. It is in doubt where it runs more than 5 minutes ahead of the machine's steady clock, which
/// counts sleep, where it stands more than a minute behind the newest time in the log, and where it stood more than 30 days ahead of
/// that when the server started. Meanwhile tills go on, what is recorded is marked (`time_in_doubt`), and no deadline falls due.
/// That ends by itself when the clock is right again. Only the operator asks, by the credential that `comanda operator show` names.
#[utoipa::path(
    get, path = "/v1/clock", tag = "operations",
    responses((status = 200, body = ClockState), QueryProblems)
)]
pub async fn show(State(app): State<Arc<AppState>>, _: OperatorCaller) -> Result<Json<ClockState>, ApiError> {
    Ok(state(&app, app.engine.time().now()))
}

/// Says that the machine's clock is right, whatever the log says: what waited for that falls due. After a restart it is held against
/// the first command that was accepted since. Saying it again changes nothing.
#[utoipa::path(
    post, path = "/v1/clock/confirm", tag = "operations",
    responses((status = 200, body = ClockState), CommandProblems)
)]
pub async fn confirm(State(app): State<Arc<AppState>>, _: OperatorCaller) -> Result<Json<ClockState>, ApiError> {
    let before = app.engine.time().now();
    let now = app.engine.time().confirm();
    tracing::warn!(
        was = before.doubt.map_or("not in doubt", |doubt| doubt.reason()),
        from_us = before.at.0,
        to_us = now.at.0,
        "the operator confirmed the clock"
    );
    Ok(state(&app, now))
}
