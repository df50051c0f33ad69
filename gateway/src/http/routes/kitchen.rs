//! The kitchen: lines that are ready.

use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, StoreCommand};
use schemas::json::request::TicketLine;
use schemas::json::{Receipt, wire};
use std::sync::Arc;

/// Says that what is left of a line on a ticket is ready.
#[utoipa::path(
    post, path = "/v1/stores/{store}/tickets/{ticket}/ready", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("ticket" = String, Path, description = "The kitchen ticket"), CommandParams),
    request_body = TicketLine,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn ready(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, ticket)): PathParams<(wire::StoreId, wire::TicketId)>,
    Json(body): Json<TicketLine>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Ticket(ticket.0, body.parse()));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
