//! Cash drawers and their shifts.

use crate::access::Capability;
use crate::http::caller::{Caller, ReadHeaders};
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, ask, fresh, page_request, view};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use projections::{Answer, Projection};
use schemas::json::wire;
use schemas::views::{DrawerView, ShiftView};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

type DrawerPath = PathParams<(wire::StoreId, wire::DrawerId)>;

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
