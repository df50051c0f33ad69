//! The chain of hashes over a store's history (rule A1).

use crate::access::Capability;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{ReadParams, Reader, caught_up, found};
use axum::response::Response;
use projections::{Answer, Projection, Projections};
use schemas::json::{ChainLine, wire};

/// Where the chain of hashes over a store's history stands. Whoever keeps the answer can tell later that nothing up to its
/// `position` was changed, removed, put in or moved: `comanda verify --chain FILE` takes it as it is, one answer a line.
/// Without `min_position` it waits for all that is durable, unless that takes longer than two seconds.
#[utoipa::path(
    get, path = "/v1/stores/{store}/chain", tag = "feed",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = ChainLine), QueryProblems)
)]
pub async fn chain(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadChain)?;
    if params.min_position.is_none() {
        // The chains are in no hurry, and whoever asks wants to keep as much as there is. While they are folded anew, some
        // of it is better than nothing.
        let _ = caught_up(&reader.app, Projection::Chains).await;
    }
    let query = |models: &Projections, tenant| models.chain(tenant, store.0);
    let answer = reader.read(Projection::Chains, params.min_position, query).await?;
    let Answer { value: link, position } = found(answer, "store")?;
    let line = ChainLine::new(reader.caller.tenant.as_str(), Some(store.0.as_str()), &link);
    reader.view(&Answer { value: line, position })
}
