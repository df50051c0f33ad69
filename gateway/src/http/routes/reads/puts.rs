//! What is put, as it can be put back: nothing that a `PUT` takes is left out, so that nothing is cut by omission.

use crate::access::Capability;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{ReadParams, Reader, found};
use axum::response::Response;
use domain::ids::VariationId;
use projections::{Answer, Projection, StoreItem};
use schemas::json::FieldError;
use schemas::json::request::{PutDaypart, PutItem, PutModifierGroup, PutTax, SetAvailability, SetPrice};
use schemas::json::wire::{self, Wire};
use schemas::views::{MenuRow, StaffView};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// Something of the draft of the menu.
async fn of_draft<T: Serialize>(
    reader: &Reader,
    params: ReadParams,
    what: &'static str,
    pick: impl FnOnce(&MenuRow) -> Option<T>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let query = |models: &projections::Projections, tenant| {
        let Answer { value, position } = models.draft(tenant)?;
        Ok(Answer { value: pick(&value), position })
    };
    reader.find(what, Projection::Catalog, params.min_position, query).await
}

/// An item of the draft of the menu, as it can be put back.
#[utoipa::path(
    get, path = "/v1/menu/items/{item}", tag = "menu",
    params(("item" = String, Path, description = "The item"), ReadParams),
    responses((status = 200, body = PutItem), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn item(
    reader: Reader,
    PathParams(item): PathParams<wire::ItemId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    of_draft(&reader, params, "item in the draft of the menu", |draft| draft.item(item)).await
}

/// A modifier group of the draft of the menu, as it can be put back.
#[utoipa::path(
    get, path = "/v1/menu/modifier-groups/{group}", tag = "menu",
    params(("group" = String, Path, description = "The modifier group"), ReadParams),
    responses((status = 200, body = PutModifierGroup), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn modifier_group(
    reader: Reader,
    PathParams(group): PathParams<wire::GroupId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    let pick = |draft: &MenuRow| draft.modifier_group(group);
    of_draft(&reader, params, "modifier group in the draft of the menu", pick).await
}

/// A tax of the draft of the menu, as it can be put back.
#[utoipa::path(
    get, path = "/v1/menu/taxes/{tax}", tag = "menu",
    params(("tax" = String, Path, description = "The tax"), ReadParams),
    responses((status = 200, body = PutTax), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn tax(
    reader: Reader,
    PathParams(tax): PathParams<wire::TaxId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    of_draft(&reader, params, "tax in the draft of the menu", |draft| draft.tax(tax)).await
}

/// A daypart of the draft of the menu, as it can be put back.
#[utoipa::path(
    get, path = "/v1/menu/dayparts/{daypart}", tag = "menu",
    params(("daypart" = String, Path, description = "The daypart"), ReadParams),
    responses((status = 200, body = PutDaypart), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn daypart(
    reader: Reader,
    PathParams(daypart): PathParams<wire::DaypartId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    of_draft(&reader, params, "daypart in the draft of the menu", |draft| draft.daypart(daypart)).await
}

/// A store and an item.
type ItemPath = PathParams<(wire::StoreId, wire::ItemId)>;

/// Which price of an item.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PriceParams {
    /// The variation, where the item has some.
    variation_id: Option<String>,
    /// Waits until the view has reached this position, such as one that a command answered.
    min_position: Option<String>,
}

/// A store's own price of an item, as it can be put back: `null` where the list price holds.
#[utoipa::path(
    get, path = "/v1/stores/{store}/prices/{item}", tag = "menu",
    params(("store" = String, Path, description = "The store"), ("item" = String, Path, description = "The item"), PriceParams),
    responses((status = 200, body = SetPrice), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn price(
    reader: Reader,
    PathParams((store, item)): ItemPath,
    QueryParams(params): QueryParams<PriceParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let query = |models: &projections::Projections, tenant| models.store_item(tenant, store.0, item.0);
    let answer =
        found(reader.read(Projection::Catalog, params.min_position, query).await?, "item on the store's menu")?;
    let variation = variation(&answer.value, params.variation_id.as_deref())?;
    reader.view(&Answer { value: answer.value.price(variation), position: answer.position })
}

/// The variation that is meant: one of those the item has, and where it has some, one.
fn variation(held: &StoreItem, named: Option<&str>) -> Result<Option<VariationId>, ApiError> {
    let known: Vec<&str> = held.listed.view.variations.iter().map(|known| known.variation_id.0.as_str()).collect();
    let problem = match named {
        None if known.is_empty() => return Ok(None),
        Some(named) if known.contains(&named) => return Ok(VariationId::parse(named).ok()),
        None => format!("is required: the item has the variations {}", known.join(", ")),
        Some(_) if known.is_empty() => "is for an item with variations, and this one has none; leave it out".to_owned(),
        Some(_) => format!("must be one of the item's variations: {}", known.join(", ")),
    };
    Err(ApiError::Query(FieldError::new("variation_id", problem)))
}

/// Whether a store sells an item, as it can be put back.
#[utoipa::path(
    get, path = "/v1/stores/{store}/availability/{item}", tag = "menu",
    params(("store" = String, Path, description = "The store"), ("item" = String, Path, description = "The item"), ReadParams),
    responses((status = 200, body = SetAvailability), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn availability(
    reader: Reader,
    PathParams((store, item)): ItemPath,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let query = |models: &projections::Projections, tenant| {
        let Answer { value, position } = models.store_item(tenant, store.0, item.0)?;
        Ok(Answer { value: value.map(|held| held.availability()), position })
    };
    reader.find("item on the store's menu", Projection::Catalog, params.min_position, query).await
}

/// A member of staff, as it can be put back.
#[utoipa::path(
    get, path = "/v1/staff/{staff}", tag = "staff",
    params(("staff" = String, Path, description = "The member of staff"), ReadParams),
    responses((status = 200, body = StaffView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn member(
    reader: Reader,
    PathParams(Wire(staff)): PathParams<wire::ActorId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ManageStaff)?;
    let query = |models: &projections::Projections, tenant| models.staff_member(tenant, staff);
    reader.find("member of staff", Projection::Access, params.min_position, query).await
}
