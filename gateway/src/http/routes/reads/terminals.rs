//! Terminals that were away, and the exceptions a person has to look at.

use crate::access::Capability;
use crate::http::bounds::Paged;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, Reader};
use axum::response::Response;
use projections::{ExceptionFilter, Projection};
use schemas::json::wire;
use schemas::views::{ExceptionKind, ExceptionState, ExceptionView, TerminalView};
use serde::Deserialize;
use utoipa::IntoParams;

/// A store's terminals that sent what they had kept while they were away: how far each has come, and what is missing.
#[utoipa::path(
    get, path = "/v1/stores/{store}/terminals", tag = "terminals",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = List<TerminalView>), QueryProblems)
)]
pub async fn list(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    reader.list(Projection::Terminals, params.min_position, |models, tenant| models.terminals(tenant, store.0)).await
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
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ExceptionParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let page = Paged::Exceptions.page(params.limit, params.cursor)?;
    let (state, terminal) = (params.state.unwrap_or(ExceptionState::Open), params.terminal.map(|terminal| terminal.0));
    let filter = ExceptionFilter { state, kind: params.kind, terminal };
    reader
        .page(Projection::Terminals, params.min_position, |models, tenant| {
            models.exceptions(tenant, store.0, &filter, &page)
        })
        .await
}
