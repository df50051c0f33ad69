//! Tokens, devices and staff. A list of who is let in is never an older one than what is durable.

use crate::access::Capability;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::QueryParams;
use crate::http::query::{List, ReadParams, Reader, caught_up};
use axum::response::Response;
use projections::{Answer, Projection};
use schemas::json::wire::Wire;
use schemas::views::{DeviceView, StaffView, TokenView};

/// The tenant's tokens, without their secrets: by whom each was issued, where and how long it is good, and when it was used last.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", params(ReadParams),
    responses((status = 200, body = List<TokenView>), QueryProblems)
)]
pub async fn tokens(reader: Reader, QueryParams(params): QueryParams<ReadParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ReadTokens)?;
    reader.caller.is_good_everywhere()?;
    caught_up(&reader.app, Projection::Access).await?;
    let mut answer =
        reader.read(Projection::Access, params.min_position, |models, tenant| models.tokens(tenant)).await?;
    for token in &mut answer.value {
        token.last_used_at = reader.app.projections.last_used(reader.caller.tenant, token.token_id.0).map(Wire);
    }
    reader.view(&Answer { value: List { items: answer.value, cursor: None }, position: answer.position })
}

/// The tenant's devices, those that have come and those that are let in.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", params(ReadParams),
    responses((status = 200, body = List<DeviceView>), QueryProblems)
)]
pub async fn devices(reader: Reader, QueryParams(params): QueryParams<ReadParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ManageDevices)?;
    caught_up(&reader.app, Projection::Access).await?;
    let mut answer =
        reader.read(Projection::Access, params.min_position, |models, tenant| models.devices(tenant)).await?;
    answer.value.retain(|device| reader.caller.is_good_at(device.store.0).is_ok());
    reader.view(&Answer { value: List { items: answer.value, cursor: None }, position: answer.position })
}

/// The tenant's staff: what each member may approve.
#[utoipa::path(
    get, path = "/v1/staff", tag = "staff", params(ReadParams),
    responses((status = 200, body = List<StaffView>), QueryProblems)
)]
pub async fn staff(reader: Reader, QueryParams(params): QueryParams<ReadParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ManageStaff)?;
    caught_up(&reader.app, Projection::Access).await?;
    reader.list(Projection::Access, params.min_position, |models, tenant| models.staff(tenant)).await
}
