//! Cash drawers: shifts, cash in, cash out.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, ReadHeaders};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems, QueryProblems};
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, ask, fresh, page_request, view};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, DrawerCommand, StoreCommand};
use domain::ids::{DrawerId, StoreId};
use projections::{Answer, Projection};
use schemas::json::request::{CloseShift, MoveCash, NoSale, OpenShift};
use schemas::json::{Receipt, wire};
use schemas::views::{DrawerView, ShiftView};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

type DrawerPath = PathParams<(wire::StoreId, wire::DrawerId)>;

async fn to_drawer(
    app: &AppState,
    caller: Caller,
    headers: CommandHeaders,
    (store, drawer): (StoreId, DrawerId),
    status: StatusCode,
    command: DrawerCommand,
) -> Result<Response, ApiError> {
    let command = Command::Store(store, StoreCommand::Drawer(drawer, command));
    let answer = command::run(app, &caller, &headers, command).await?;
    command::respond(status, &answer)
}

/// Begins a shift with what is in the drawer.
#[utoipa::path(
    post, path = "/v1/stores/{store}/drawers/{drawer}/open", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ("drawer" = String, Path, description = "The drawer"), CommandParams),
    request_body = OpenShift,
    responses((status = 201, body = Receipt<'static>), CommandProblems)
)]
pub async fn open(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, drawer)): DrawerPath,
    Json(body): Json<OpenShift>,
) -> Result<Response, ApiError> {
    to_drawer(&app, caller, headers, (store.0, drawer.0), StatusCode::CREATED, body.parse()?).await
}

/// Puts cash in.
#[utoipa::path(
    post, path = "/v1/stores/{store}/drawers/{drawer}/paid-in", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ("drawer" = String, Path, description = "The drawer"), CommandParams),
    request_body = MoveCash,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn paid_in(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, drawer)): DrawerPath,
    Json(body): Json<MoveCash>,
) -> Result<Response, ApiError> {
    to_drawer(&app, caller, headers, (store.0, drawer.0), StatusCode::OK, body.parse_in()?).await
}

/// Takes cash out; a store may ask for an approval.
#[utoipa::path(
    post, path = "/v1/stores/{store}/drawers/{drawer}/paid-out", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ("drawer" = String, Path, description = "The drawer"), CommandParams),
    request_body = MoveCash,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn paid_out(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, drawer)): DrawerPath,
    Json(body): Json<MoveCash>,
) -> Result<Response, ApiError> {
    to_drawer(&app, caller, headers, (store.0, drawer.0), StatusCode::OK, body.parse_out()?).await
}

/// Records that the drawer was opened without a sale; a store may ask for an approval.
#[utoipa::path(
    post, path = "/v1/stores/{store}/drawers/{drawer}/no-sale", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ("drawer" = String, Path, description = "The drawer"), CommandParams),
    request_body = NoSale,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn no_sale(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, drawer)): DrawerPath,
    Json(body): Json<NoSale>,
) -> Result<Response, ApiError> {
    to_drawer(&app, caller, headers, (store.0, drawer.0), StatusCode::OK, body.parse()).await
}

/// Ends the shift with what was counted; the answer says what should have been there.
#[utoipa::path(
    post, path = "/v1/stores/{store}/drawers/{drawer}/close", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ("drawer" = String, Path, description = "The drawer"), CommandParams),
    request_body = CloseShift,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn close(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, drawer)): DrawerPath,
    Json(body): Json<CloseShift>,
) -> Result<Response, ApiError> {
    to_drawer(&app, caller, headers, (store.0, drawer.0), StatusCode::OK, body.parse()?).await
}

/// A store's cash drawers, by id, each with its latest shift.
#[utoipa::path(
    get, path = "/v1/stores/{store}/drawers", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = List<DrawerView>), QueryProblems)
)]
pub async fn list(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Drawers, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.drawers(caller.tenant, store.0)).await?;
    view(&headers, &Answer { value: List { items: answer.value, cursor: None }, position: answer.position })
}

/// Which shifts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShiftsParams {
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many shifts, at most 500; 50 where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// The shifts of a cash drawer, newest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/drawers/{drawer}/shifts", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ("drawer" = String, Path, description = "The drawer"), ShiftsParams),
    responses((status = 200, body = List<ShiftView>), QueryProblems)
)]
pub async fn shifts(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams((store, drawer)): DrawerPath,
    QueryParams(params): QueryParams<ShiftsParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    let page = page_request(params.limit, params.cursor)?;
    fresh(&app, Projection::Drawers, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.shifts(caller.tenant, store.0, drawer.0, &page)).await?;
    let list = List { items: answer.value.entries, cursor: answer.value.next };
    view(&headers, &Answer { value: list, position: answer.position })
}
