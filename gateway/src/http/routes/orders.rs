//! Orders: open, change, place, settle.

use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command::{self, HANDLER_TIMEOUT};
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use domain::command::{Command, OrderCommand, StoreCommand};
use domain::ids::{OrderId, StoreId};
use schemas::json::request::{
    AddLines, AssignServer, Cancel, ChangeLine, Comp, Discount, OpenOrder, Place, ServiceCharge, SetTable,
};
use schemas::json::{Receipt, wire};
use schemas::views::TotalsView;
use serde::Deserialize;
use std::sync::Arc;

/// Sends a command to an order; with `Prefer: return=representation` the answer also holds the order as it is now.
pub(super) async fn to_order(
    app: &Arc<AppState>,
    caller: Caller,
    headers: CommandHeaders,
    (store, order): (StoreId, OrderId),
    status: StatusCode,
    command: OrderCommand,
) -> Result<Response, ApiError> {
    let command = Command::Store(store, StoreCommand::Order(order, command));
    let answer = command::run(app, &caller, &headers, command).await?;
    match headers.wants_representation {
        false => command::respond(status, &answer),
        true => command::respond_with_order(app, &caller, (store, order), status, &answer).await,
    }
}

pub(super) type OrderPath = PathParams<(wire::StoreId, wire::OrderId)>;

/// Opens an order; with `lines` and `"place": true` it is opened, priced, reserved and placed in one commit.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders", tag = "orders",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = OpenOrder,
    responses((status = 201, body = Receipt<'static>), CommandProblems)
)]
pub async fn open(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<OpenOrder, { 256 << 10 }>,
) -> Result<Response, ApiError> {
    let (order, new) = body.parse()?;
    to_order(&app, caller, headers, (store.0, order), StatusCode::CREATED, OrderCommand::Open(new)).await
}

/// Says what an order would come to, and stores nothing.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/price", tag = "orders",
    params(("store" = String, Path, description = "The store")),
    request_body = OpenOrder,
    responses((status = 200, body = TotalsView), CommandProblems)
)]
pub async fn price(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<OpenOrder, { 256 << 10 }>,
) -> Result<Response, ApiError> {
    caller.may(crate::access::Capability::ReadStores)?;
    let (_, new) = body.parse()?;
    let priced = app.engine.price(caller.tenant, store.0, new);
    match tokio::time::timeout(HANDLER_TIMEOUT, priced).await {
        Ok(totals) => Ok(axum::Json(TotalsView::from(&totals?)).into_response()),
        Err(_) => Err(ApiError::Command(CommandError::Unknown)),
    }
}

/// Adds a line, or several under `lines`.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/lines", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = AddLines,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn add_lines(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<AddLines, { 256 << 10 }>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Changes a line's quantity.
#[utoipa::path(
    patch, path = "/v1/stores/{store}/orders/{order}/lines/{line}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), ("line" = String, Path, description = "The line"), CommandParams),
    request_body = ChangeLine,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn change_line(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order, line)): PathParams<(wire::StoreId, wire::OrderId, wire::LineId)>,
    Json(body): Json<ChangeLine>,
) -> Result<Response, ApiError> {
    let command = body.parse(line.0)?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Removes a line.
#[utoipa::path(
    delete, path = "/v1/stores/{store}/orders/{order}/lines/{line}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), ("line" = String, Path, description = "The line"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn remove_line(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order, line)): PathParams<(wire::StoreId, wire::OrderId, wire::LineId)>,
) -> Result<Response, ApiError> {
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, OrderCommand::RemoveLine(line.0)).await
}

/// Applies a discount.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/discounts", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = Discount,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn apply_discount(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<Discount>,
) -> Result<Response, ApiError> {
    let command = OrderCommand::ApplyDiscount(body.parse()?);
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Gives lines away: a discount of all that is left of them, told apart in the sales; it may take an approval.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/comps", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = Comp,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn comp(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<Comp>,
) -> Result<Response, ApiError> {
    let command = body.parse()?;
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Removes a discount or a comp.
#[utoipa::path(
    delete, path = "/v1/stores/{store}/orders/{order}/discounts/{discount}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), ("discount" = String, Path, description = "The discount"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn remove_discount(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order, discount)): PathParams<(wire::StoreId, wire::OrderId, wire::DiscountId)>,
) -> Result<Response, ApiError> {
    let command = OrderCommand::RemoveDiscount(discount.0);
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Applies a service charge.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/service-charges", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = ServiceCharge,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn apply_charge(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<ServiceCharge>,
) -> Result<Response, ApiError> {
    let command = OrderCommand::ApplyServiceCharge(body.parse()?);
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Removes a service charge.
#[utoipa::path(
    delete, path = "/v1/stores/{store}/orders/{order}/service-charges/{charge}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), ("charge" = String, Path, description = "The service charge"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn remove_charge(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order, charge)): PathParams<(wire::StoreId, wire::OrderId, wire::ChargeId)>,
) -> Result<Response, ApiError> {
    let command = OrderCommand::RemoveServiceCharge(charge.0);
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Places an order: recognises the sale and reserves its stock, all of it or nothing.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/place", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = Place,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn place(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<Place>,
) -> Result<Response, ApiError> {
    let command = OrderCommand::Place(body.parse());
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Moves an order to a table; its kitchen tickets go with it.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/table", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = SetTable,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn set_table(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<SetTable>,
) -> Result<Response, ApiError> {
    let command = body.parse();
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Says who serves an order from now on.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/server", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = AssignServer,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn assign_server(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<AssignServer>,
) -> Result<Response, ApiError> {
    let command = body.parse();
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, command).await
}

/// Cancels an order and gives its stock back.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/cancel", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = Cancel,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn cancel(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(body): Json<Cancel>,
) -> Result<Response, ApiError> {
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, body.parse()).await
}

/// A body without fields.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// Settles an order with nothing due; settling a settled one changes nothing.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/complete", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn complete(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): OrderPath,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    to_order(&app, caller, headers, (store.0, order.0), StatusCode::OK, OrderCommand::Complete).await
}
