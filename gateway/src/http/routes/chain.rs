//! The chain of hashes over a store's history (rule A1).

use crate::access::Capability;
use crate::http::caller::{Caller, ReadHeaders};
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{ReadParams, ask, found, fresh, reached, view};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use eventlog::Position;
use projections::{Answer, Projection};
use schemas::json::{ChainLine, wire};
use std::sync::Arc;

/// Where the chain of hashes over a store's history stands. Whoever keeps the answer can tell later that nothing up to its
/// `position` was changed, removed, put in or moved: `comanda verify --chain FILE` takes it as it is, one answer a line.
/// Without `min_position` it waits for all that is durable, unless that takes longer than two seconds.
#[utoipa::path(
    get, path = "/v1/stores/{store}/chain", tag = "feed",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = ChainLine), QueryProblems)
)]
pub async fn chain(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadChain)?;
    match params.min_position {
        Some(position) => fresh(&app, Projection::Chains, Some(&position)).await?,
        // The chains are in no hurry, and whoever asks wants to keep as much as there is. While they are folded anew, some
        // of it is better than nothing.
        None => _ = reached(&app, Projection::Chains, Position(app.reader.durable().0.saturating_sub(1))).await,
    }
    let answer = ask(&app, move |app| app.projections.chain(caller.tenant, store.0)).await?;
    let Answer { value: link, position } = found(answer, "store")?;
    let line = ChainLine::new(caller.tenant.as_str(), Some(store.0.as_str()), &link);
    view(&headers, &Answer { value: line, position })
}
