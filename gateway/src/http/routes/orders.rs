//! What an order would come to.

use crate::access::Capability;
use crate::http::caller::{Caller, Json};
use crate::http::command::HANDLER_TIMEOUT;
use crate::http::docs::CommandProblems;
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use schemas::json::request::OpenOrder;
use schemas::json::wire;
use schemas::views::TotalsView;
use std::sync::Arc;

/// Says what an order would come to, and stores nothing.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/price", tag = "orders",
    params(("store" = String, Path, description = "The store")),
    request_body = OpenOrder,
    responses((status = 200, body = TotalsView), CommandProblems)
)]
pub async fn price(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<OpenOrder, { 256 << 10 }>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    let (_, new) = body.parse()?;
    let priced = app.engine.price(caller.tenant, store.0, new);
    match tokio::time::timeout(HANDLER_TIMEOUT, priced).await {
        Ok(totals) => Ok(axum::Json(TotalsView::from(&totals?)).into_response()),
        Err(_) => Err(ApiError::Command(CommandError::Unknown)),
    }
}
