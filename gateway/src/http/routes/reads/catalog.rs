//! What stores sell.

use crate::access::Capability;
use crate::http::caller::Caller;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, Reader, ask, caught_up, found};
use crate::http::respond::{self, X_POSITION, position_header};
use crate::position;
use crate::state::AppState;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::StoreId;
use projections::{Answer, Projection, Projections};
use schemas::json::wire;
use schemas::views::{MenuView, StockView, StoreView};

/// A store's menu: effective prices, variations, modifiers, taxes, and what is sold out. Ready bytes with an ETag.
#[utoipa::path(
    get, path = "/v1/stores/{store}/menu", tag = "menu",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = MenuView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn menu(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let query = |models: &Projections, tenant| models.menu(tenant, store.0);
    let answer = reader.read(Projection::Catalog, params.min_position, query).await?;
    let Answer { value: menu, position: at } = found(answer, "menu")?;
    let mut response = match (reader.headers.has(&menu.etag), reader.headers.accepts_gzip) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, true) => {
            let mut response = respond::json(StatusCode::OK, menu.gzip);
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        (false, false) => respond::json(StatusCode::OK, menu.json),
    };
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(position::token(&reader.app.reader, at)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, authorization"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(etag) = HeaderValue::try_from(&*menu.etag) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}

/// A store's stock, by sku.
#[utoipa::path(
    get, path = "/v1/stores/{store}/stock", tag = "stock",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = List<StockView>), QueryProblems)
)]
pub async fn stock(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    reader.list(Projection::Catalog, params.min_position, |models, tenant| models.stock(tenant, store.0)).await
}

/// The tenant's stores.
#[utoipa::path(
    get, path = "/v1/stores", tag = "stores", params(ReadParams),
    responses((status = 200, body = List<StoreView>), QueryProblems)
)]
pub async fn stores(reader: Reader, QueryParams(params): QueryParams<ReadParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let mut answer =
        reader.read(Projection::Catalog, params.min_position, |models, tenant| models.stores(tenant)).await?;
    answer.value.retain(|store| reader.caller.is_good_at(store.store.0).is_ok());
    reader.view(&Answer { value: List { items: answer.value, cursor: None }, position: answer.position })
}

/// A store's settings and the menu version it sells from.
#[utoipa::path(
    get, path = "/v1/stores/{store}", tag = "stores",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = StoreView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn store(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    reader.find("store", Projection::Catalog, params.min_position, |models, tenant| models.store(tenant, store.0)).await
}

/// A store as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn store_view(app: &AppState, caller: &Caller, store: StoreId) -> Result<serde_json::Value, ApiError> {
    caught_up(app, Projection::Catalog).await?;
    let answer = found(ask(app, |models| models.store(caller.tenant, store))?, "store")?;
    serde_json::to_value(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))
}

/// The tenant's stores as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn stores_view(app: &AppState, caller: &Caller) -> Result<serde_json::Value, ApiError> {
    caught_up(app, Projection::Catalog).await?;
    let answer = ask(app, |models| models.stores(caller.tenant))?;
    serde_json::to_value(List { items: answer.value, cursor: None })
        .map_err(|error| ApiError::Internal(Box::new(error)))
}

/// A store's menu as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn menu_view(app: &AppState, caller: &Caller, store: StoreId) -> Result<serde_json::Value, ApiError> {
    caught_up(app, Projection::Catalog).await?;
    let answer = found(ask(app, |models| models.menu(caller.tenant, store))?, "menu")?;
    serde_json::from_slice(&answer.value.json).map_err(|error| ApiError::Internal(Box::new(error)))
}
