//! Business days: opening, the X report, closing, the Z report.

use super::orders::NoFields;
use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, ReadHeaders};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems, QueryProblems};
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{ReadParams, ask, found, fresh, page_request, view};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, StoreCommand};
use projections::Projection;
use schemas::json::{Receipt, wire};
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

/// Opens a business day: what is booked from here on counts for it until it is closed. A store that has opened or closed
/// a day once need not open the others: each opens by itself with the first thing that is booked. Opening the one that is
/// open changes nothing.
#[utoipa::path(
    post, path = "/v1/stores/{store}/days/{date}/open", tag = "days",
    params(("store" = String, Path, description = "The store"), ("date" = String, Path, description = "The business date, such as 2026-11-22"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn open(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, date)): DayPath,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::OpenDay { date: date.0 });
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Closes a business day: the Z report is in the answer. Closing the last one again changes nothing. Orders that are not
/// paid and payments without an outcome stay as they are and are listed; in a store that takes cash in shifts all of them
/// have to be closed first.
#[utoipa::path(
    post, path = "/v1/stores/{store}/days/{date}/close", tag = "days",
    params(("store" = String, Path, description = "The store"), ("date" = String, Path, description = "The business date, such as 2026-11-22"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn close(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, date)): DayPath,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::CloseDay { date: date.0, chain: None });
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
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
