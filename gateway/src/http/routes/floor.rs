//! The floor: checks that are split, orders that are merged.

use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::http::routes::orders::{OrderPath, to_order};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schemas::json::Receipt;
use schemas::json::request::{MergeInto, SplitCheck};
use std::sync::Arc;

/// Moves lines, or parts of them, to a check, or shares all of them equally. Checks add up to their order to the minor unit.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/split", tag = "floor",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = SplitCheck,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn split(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<SplitCheck>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Moves all an unpaid order has into another one, with what the kitchen has of it; what the two come to stays the same. One that was
/// not placed yet may go into a placed one, which takes its lines as it takes additions; not the other way around.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/merge", tag = "floor",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order that goes into another one"), CommandParams),
    request_body = MergeInto,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn merge(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<MergeInto>,
) -> Result<Response, ApiError> {
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, body.parse()).await
}
