//! For whoever runs it: is it alive, is it ready, how is it doing.

use crate::http::caller::OperatorCaller;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::exposition;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use projections::Projection;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether the process runs.
#[utoipa::path(get, path = "/livez", tag = "operations", security(()), responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "ok"
}

/// Whether requests are answered well.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`, or `not_ready`.
    pub status: &'static str,
    /// Why the server's clock is in doubt, in words; absent while it is not. Commands are taken all the same, and no deadline falls due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<&'static str>,
    /// For the operator: whether the log takes commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<bool>,
    /// For the operator: the views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views: Option<Vec<ViewReadiness>>,
}

/// How a view is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViewReadiness {
    /// Which.
    pub name: &'static str,
    /// How many events it is behind.
    pub lag_events: u64,
    /// Why it has stopped, where it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked: Option<String>,
    /// It waits for space on the disk, and goes on by itself once there is.
    pub waits_for_space: bool,
}

/// Whether the log takes commands and the catalogue is there. How far each view is, which tells how much all tenants do, is said beside
/// it to the operator's credential, and to everybody where `--ops-listen` is.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness))
)]
pub async fn readyz(State(app): State<Arc<AppState>>, operator: Result<OperatorCaller, ApiError>) -> Response {
    readiness(&app, operator.is_ok())
}

/// As [`readyz`], where only those ask who run it.
pub async fn readyz_in_detail(State(app): State<Arc<AppState>>) -> Response {
    readiness(&app, true)
}

fn readiness(app: &AppState, is_detailed: bool) -> Response {
    let log = app.engine.failure().borrow().is_none();
    let status = app.projections.status();
    // What requests need: who is let in is folded beside the views, and a lag counts all that was sold, which keeps no till waiting.
    let mut needed = status.iter().filter(|view| view.projection == Projection::Catalog);
    let is_ready = log && needed.all(|view| view.parked.is_none() && view.rebuilding_until.is_none());
    let views = status.into_iter().map(|view| ViewReadiness {
        name: view.projection.as_str(),
        lag_events: view.lag,
        waits_for_space: view.waits_for_space,
        parked: view.parked.map(|parked| format!("at position {}: {}", parked.position, parked.error)),
    });
    let (code, status) = match is_ready {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let clock = app.engine.time().now().doubt.map(|doubt| doubt.reason());
    let detail = is_detailed.then(|| (log, views.collect())).unzip();
    (code, Json(Readiness { status, clock, log: detail.0, views: detail.1 })).into_response()
}

/// Counters for Prometheus, for the operator: they tell how much all tenants do. Where there is `--ops-listen` they are there and nowhere
/// else. Its credential is in the file that
/// `comanda operator show` names, for `credentials_file` in Prometheus' own settings.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "application/openmetrics-text"), QueryProblems)
)]
pub async fn metrics(State(app): State<Arc<AppState>>, _: OperatorCaller) -> Result<Response, ApiError> {
    let page = exposition::page(&app).map_err(|error| ApiError::Internal(Box::new(error)))?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], page).into_response())
}
