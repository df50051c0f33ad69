//! Stock: what comes in, what is counted, what is sold out.

use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, StockCommand, StoreCommand};
use domain::ids::StoreId;
use schemas::json::request::{AdjustStock, CountStock, Mark86, ReceiveStock, SetStockPolicy, Unmark86, WasteStock};
use schemas::json::{Receipt, wire};
use std::sync::Arc;

async fn to_stock(
    app: &AppState,
    caller: Caller,
    headers: CommandHeaders,
    store: StoreId,
    command: StockCommand,
) -> Result<Response, ApiError> {
    let command = Command::Store(store, StoreCommand::Stock(command));
    let answer = command::run(app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Says whether a stock item is counted.
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/policy", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = SetStockPolicy,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn policy(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<SetStockPolicy>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()?).await
}

/// Books units that came in.
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/receive", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = ReceiveStock,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn receive(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<ReceiveStock>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()?).await
}

/// Books what somebody counted on the shelf.
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/count", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = CountStock,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn count(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<CountStock>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()?).await
}

/// Corrects the books.
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/adjust", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = AdjustStock,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn adjust(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<AdjustStock>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()?).await
}

/// Books units thrown away.
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/waste", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = WasteStock,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn waste(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<WasteStock>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()?).await
}

/// Marks a stock item sold out ("86").
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/86", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = Mark86,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn mark_86(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<Mark86>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()).await
}

/// Sells a stock item again.
#[utoipa::path(
    post, path = "/v1/stores/{store}/stock/un86", tag = "stock",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = Unmark86,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn unmark_86(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<Unmark86>,
) -> Result<Response, ApiError> {
    to_stock(&app, caller, headers, store.0, body.parse()).await
}
