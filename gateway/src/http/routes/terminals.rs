//! Terminals that were away, and the exceptions a person has to look at.

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
use domain::command::{Command, StoreCommand};
use projections::{Answer, ExceptionFilter, Projection};
use schemas::json::request::ResolveException;
use schemas::json::{PositionToken, Receipt, wire};
use schemas::views::{ExceptionKind, ExceptionState, ExceptionView, TerminalView};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// A store's terminals that sent what they had kept while they were away: how far each has come, and what is missing.
#[utoipa::path(
    get, path = "/v1/stores/{store}/terminals", tag = "terminals",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = List<TerminalView>), QueryProblems)
)]
pub async fn list(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Terminals, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.terminals(caller.tenant, store.0)).await?;
    view(&headers, &Answer { value: List { items: answer.value, cursor: None }, position: answer.position })
}

/// Which exceptions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExceptionParams {
    /// `open`, `resolved` or `all`; those that nobody has dealt with where it is left out.
    #[param(inline)]
    state: Option<ExceptionState>,
    /// Of this kind only.
    kind: Option<ExceptionKind>,
    /// Of this terminal only.
    #[param(value_type = Option<String>)]
    terminal: Option<wire::TerminalId>,
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many exceptions, at most 500; 50 where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// What was recorded in a store and a person has to look at, newest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/exceptions", tag = "terminals",
    params(("store" = String, Path, description = "The store"), ExceptionParams),
    responses((status = 200, body = List<ExceptionView>), QueryProblems)
)]
pub async fn exceptions(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ExceptionParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    let page = page_request(params.limit, params.cursor)?;
    let (state, terminal) = (params.state.unwrap_or(ExceptionState::Open), params.terminal.map(|terminal| terminal.0));
    let filter = ExceptionFilter { state, kind: params.kind, terminal };
    fresh(&app, Projection::Terminals, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.exceptions(caller.tenant, store.0, &filter, &page)).await?;
    let list = List { items: answer.value.entries, cursor: answer.value.next };
    view(&headers, &Answer { value: list, position: answer.position })
}

/// Says that a person has dealt with an exception, and what was done. Whoever looks again may say more: the latest is shown.
#[utoipa::path(
    post, path = "/v1/stores/{store}/exceptions/{exception}/resolve", tag = "terminals",
    params(("store" = String, Path, description = "The store"), ("exception" = String, Path, description = "The exception, by its `position`"), CommandParams),
    request_body = ResolveException,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn resolve(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, exception)): PathParams<(wire::StoreId, PositionToken)>,
    Json(body): Json<ResolveException>,
) -> Result<Response, ApiError> {
    caller.may(Capability::Review)?;
    let position = exception.position;
    let answer = ask(&app, move |app| app.projections.exception_of(caller.tenant, store.0, position)).await?;
    let terminal = answer.value.ok_or(ApiError::NotFound { what: "exception" })?;
    let command = Command::Store(store.0, StoreCommand::Terminal(terminal, body.parse(position)));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
