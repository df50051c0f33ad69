//! The kitchen: what goes to it, what is on its boards, what comes back.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, ReadHeaders};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems, QueryProblems};
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, ask, fresh, view};
use crate::http::routes::orders::{NoFields, OrderPath, to_order};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, StoreCommand, TicketCommand};
use domain::ids::{StoreId, TicketId};
use projections::{Answer, Projection};
use schemas::json::request::{FireLines, HoldLines, MarkServed, TicketLine, VoidLine};
use schemas::json::{Receipt, wire};
use schemas::views::TicketView;
use std::sync::Arc;

/// Keeps the new units of lines from the kitchen until somebody names the lines or their course.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/hold", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = HoldLines,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn hold(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<HoldLines>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Sends lines to the kitchen, on one ticket for each station; their stock leaves the shelf.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/fire", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = FireLines,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn fire(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<FireLines>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Says that what is ready reached the guest; a paid order of which everything was served is settled.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/serve", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = MarkServed,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn serve(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<MarkServed>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Takes units off a placed order: new ones first, then what the kitchen has, which may take an approval.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/void-line", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = VoidLine,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn void_line(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<VoidLine>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

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

async fn to_ticket(
    app: &AppState,
    caller: Caller,
    headers: CommandHeaders,
    (store, ticket): (StoreId, TicketId),
    command: TicketCommand,
) -> Result<Response, ApiError> {
    let command = Command::Store(store, StoreCommand::Ticket(ticket, command));
    let answer = command::run(app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

type TicketPath = PathParams<(wire::StoreId, wire::TicketId)>;

/// Says that somebody began with a ticket.
#[utoipa::path(
    post, path = "/v1/stores/{store}/tickets/{ticket}/start", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("ticket" = String, Path, description = "The kitchen ticket"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn start(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, ticket)): TicketPath,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    to_ticket(&app, caller, headers, (store.0, ticket.0), TicketCommand::Start).await
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
    PathParams((store, ticket)): TicketPath,
    Json(body): Json<TicketLine>,
) -> Result<Response, ApiError> {
    to_ticket(&app, caller, headers, (store.0, ticket.0), body.parse()).await
}

/// Takes a ticket off the board; what is left of it is ready.
#[utoipa::path(
    post, path = "/v1/stores/{store}/tickets/{ticket}/bump", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("ticket" = String, Path, description = "The kitchen ticket"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn bump(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, ticket)): TicketPath,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    to_ticket(&app, caller, headers, (store.0, ticket.0), TicketCommand::Bump).await
}

/// Brings a ticket back to the board; what was not served yet is prepared again.
#[utoipa::path(
    post, path = "/v1/stores/{store}/tickets/{ticket}/recall", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("ticket" = String, Path, description = "The kitchen ticket"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn recall(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, ticket)): TicketPath,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    to_ticket(&app, caller, headers, (store.0, ticket.0), TicketCommand::Recall).await
}
