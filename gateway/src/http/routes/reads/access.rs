//! Tokens and staff.

use crate::access::Capability;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::QueryParams;
use crate::http::query::{List, ReadParams, Reader};
use axum::response::Response;
use projections::Projection;
use schemas::views::{StaffView, TokenView};

/// The tenant's tokens, without their secrets.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", params(ReadParams),
    responses((status = 200, body = List<TokenView>), QueryProblems)
)]
pub async fn tokens(reader: Reader, QueryParams(params): QueryParams<ReadParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ManageTokens)?;
    reader.list(Projection::Access, params.min_position, |models, tenant| models.tokens(tenant)).await
}

/// The tenant's staff: what each member may approve.
#[utoipa::path(
    get, path = "/v1/staff", tag = "staff", params(ReadParams),
    responses((status = 200, body = List<StaffView>), QueryProblems)
)]
pub async fn staff(reader: Reader, QueryParams(params): QueryParams<ReadParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ManageStaff)?;
    reader.list(Projection::Access, params.min_position, |models, tenant| models.staff(tenant)).await
}
