//! The kitchen: what is on its boards, and lines that are ready.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, ReadHeaders};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems, QueryProblems};
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, ask, fresh, view};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, StoreCommand};
use projections::{Answer, Projection};
use schemas::json::request::TicketLine;
use schemas::json::{Receipt, wire};
use schemas::views::TicketView;
use std::sync::Arc;

/// The tickets on a station's board, oldest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/kitchen/{station}", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("station" = String, Path, description = "The station"), ReadParams),
    responses((status = 200, body = List<TicketView>), QueryProblems)
)]
pub async fn board(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams((store, station)): PathParams<(wire::StoreId, wire::StationId)>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.board(caller.tenant, store.0, station.0)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&headers, &Answer { value: list, position: answer.position })
}

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
