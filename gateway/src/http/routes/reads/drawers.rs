//! Cash drawers and their shifts.

use crate::access::Capability;
use crate::http::bounds::Paged;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, Reader};
use axum::response::Response;
use projections::Projection;
use schemas::json::wire;
use schemas::views::{DrawerView, ShiftView};
use serde::Deserialize;
use utoipa::IntoParams;

/// A store's cash drawers, by id, each with its latest shift.
#[utoipa::path(
    get, path = "/v1/stores/{store}/drawers", tag = "drawers",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = List<DrawerView>), QueryProblems)
)]
pub async fn list(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    reader.list(Projection::Drawers, params.min_position, |models, tenant| models.drawers(tenant, store.0)).await
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
    reader: Reader,
    PathParams((store, drawer)): PathParams<(wire::StoreId, wire::DrawerId)>,
    QueryParams(params): QueryParams<ShiftsParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let page = Paged::Shifts.page(params.limit, params.cursor)?;
    reader
        .page(Projection::Drawers, params.min_position, |models, tenant| {
            models.shifts(tenant, store.0, drawer.0, &page)
        })
        .await
}
