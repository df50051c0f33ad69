//! Business days: the X report and the Z report.

use crate::access::Capability;
use crate::http::caller::{Caller, ReadHeaders};
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{ReadParams, ask, found, fresh, page_request, view};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use projections::Projection;
use schemas::json::wire;
use schemas::views::{DaysView, XReport, ZReport};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

type DayPath = PathParams<(wire::StoreId, wire::Date)>;

/// Which Z reports.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysParams {
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many Z reports, at most 500; 50 where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// A store's business days: which one is open, and the Z reports, the latest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/days", tag = "days",
    params(("store" = String, Path, description = "The store"), DaysParams),
    responses((status = 200, body = DaysView), QueryProblems)
)]
pub async fn days(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<DaysParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadDays)?;
    let page = page_request(params.limit, params.cursor)?;
    fresh(&app, Projection::Sales, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.days(caller.tenant, store.0, &page)).await?;
    view(&headers, &answer)
}

/// What was booked on the open day, so far: the X report. It changes nothing.
#[utoipa::path(
    get, path = "/v1/stores/{store}/days/{date}/x", tag = "days",
    params(("store" = String, Path, description = "The store"), ("date" = String, Path, description = "A business date that is not closed"), ReadParams),
    responses((status = 200, body = XReport), QueryProblems)
)]
pub async fn x(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams((store, date)): DayPath,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadDays)?;
    fresh(&app, Projection::Sales, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.x_report(caller.tenant, store.0, date.0)).await?;
    view(&headers, &found(answer, "open day")?)
}

/// The Z report of a closed day. It never changes.
#[utoipa::path(
    get, path = "/v1/stores/{store}/days/{date}/z", tag = "days",
    params(("store" = String, Path, description = "The store"), ("date" = String, Path, description = "The business date, such as 2026-11-22"), ReadParams),
    responses((status = 200, body = ZReport), QueryProblems)
)]
pub async fn z(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams((store, date)): DayPath,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadDays)?;
    fresh(&app, Projection::Sales, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.z_report(caller.tenant, store.0, date.0)).await?;
    view(&headers, &found(answer, "closed day")?)
}
