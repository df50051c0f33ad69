//! The exceptions a person has dealt with.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::http::query::{ask, may_block};
use crate::position;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, StoreCommand};
use domain::terminal::Terminal;
use schemas::json::request::ResolveException;
use schemas::json::{PositionToken, Receipt, wire};
use std::sync::Arc;

/// Says that a person has dealt with an exception, and what was done. Whoever looks again may say more: the latest is shown.
///
/// It moves no amount and no closed day; what has to be set right is set right by commands of its own. A command that waits for
/// others does so no more.
#[utoipa::path(
    post, path = "/v1/stores/{store}/exceptions/{exception}/resolve", tag = "terminals",
    params(("store" = String, Path, description = "The store"), ("exception" = String, Path, description = "The exception, by its `position`"), CommandParams),
    request_body = ResolveException,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn resolve(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, exception)): PathParams<(wire::StoreId, PositionToken)>,
    Json(body): Json<ResolveException>,
) -> Result<Response, ApiError> {
    caller.may(Capability::Review)?;
    let known = may_block(|| position::known(&app.reader, &exception.to_string()));
    let position = known.map_err(|error| ApiError::position("exception", error))?.0;
    let answer = ask(&app, |models| models.exception(caller.tenant, store.0, position))?;
    let found = answer.value.ok_or(ApiError::NotFound { what: "exception" })?;
    // One of no terminal is dealt with where those are kept.
    let terminal = found.terminal.map_or(Terminal::nobody(), |terminal| terminal.0);
    let waiting = found.command_id.filter(|_| found.waits.is_some()).map(|command| command.0);
    let command = Command::Store(store.0, StoreCommand::Terminal(terminal, body.parse(position, waiting)));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
