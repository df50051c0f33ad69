//! Orders, the attempts to pay them, and the kitchen boards.

use crate::access::Capability;
use crate::http::bounds::Paged;
use crate::http::caller::Caller;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, Reader, ask, caught_up, date, found, named};
use crate::state::AppState;
use axum::response::Response;
use domain::ids::{OrderId, StoreId, Text};
use projections::{Answer, OrderFilter, PageRequest, PaymentFilter, Projection, Projections};
use schemas::json::Wire;
use schemas::json::event::said_name;
use schemas::json::{FieldError, wire};
use schemas::stored::Parked;
use schemas::views::{
    OrderState, OrderSummary, OrderView, PaidState, PaymentState, PaymentView, TicketView, UnmatchedView,
};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// The state that is none of a payment's.
const UNMATCHED: &str = "unmatched";

/// The order with its lines, amounts and payments.
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders/{order}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), ReadParams),
    responses((status = 200, body = OrderView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn order(
    reader: Reader,
    PathParams((store, order)): PathParams<(wire::StoreId, wire::OrderId)>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    reader
        .find("order", Projection::Orders, params.min_position, |models, tenant| models.order(tenant, store.0, order.0))
        .await
}

/// Which orders.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersParams {
    /// Only orders in this state: `open`, `placed`, `completed`, `cancelled` or `merged`.
    state: Option<String>,
    /// Only orders of which so much has been paid: `not_paid`, `partially_paid`, `paid`, `overpaid`, `partially_refunded` or
    /// `refunded`. Of those that are `overpaid` something is to be given back.
    payment_state: Option<String>,
    /// Only orders of this table.
    #[param(value_type = Option<String>)]
    table: Option<wire::TableId>,
    /// Only orders of this business date, such as `2026-11-22`.
    business_date: Option<String>,
    /// Only orders whose display number holds this text.
    q: Option<String>,
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many orders, at most 500; 50 where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// An order as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn order_view(
    app: &AppState,
    caller: &Caller,
    store: StoreId,
    order: OrderId,
) -> Result<serde_json::Value, ApiError> {
    caught_up(app, Projection::Orders).await?;
    let answer = found(ask(app, |models| models.order(caller.tenant, store, order))?, "order")?;
    serde_json::to_value(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))
}

/// A store's orders, newest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders", tag = "orders",
    params(("store" = String, Path, description = "The store"), OrdersParams),
    responses((status = 200, body = List<OrderSummary>), QueryProblems)
)]
pub async fn orders(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<OrdersParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let filter = OrderFilter {
        state: params.state.map(|text| named(&text, "state", OrderState::parse)).transpose()?,
        payment_state: params.payment_state.map(|text| named(&text, "payment_state", PaidState::parse)).transpose()?,
        table: params.table.map(|table| table.0),
        business_date: params.business_date.map(|text| date(&text, "business_date")).transpose()?,
        number: params.q,
    };
    let page = Paged::Orders.page(params.limit, params.cursor)?;
    reader
        .page(Projection::Orders, params.min_position, |models, tenant| models.orders(tenant, store.0, &filter, &page))
        .await
}

/// Which tickets.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BoardParams {
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many tickets, at most 500, which it is where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// The tickets on a station's board, oldest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/kitchen/{station}", tag = "kitchen",
    params(("store" = String, Path, description = "The store"), ("station" = String, Path, description = "The station"), BoardParams),
    responses((status = 200, body = List<TicketView>), QueryProblems)
)]
pub async fn board(
    reader: Reader,
    PathParams((store, station)): PathParams<(wire::StoreId, wire::StationId)>,
    QueryParams(params): QueryParams<BoardParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    let page = Paged::Board.page(params.limit, params.cursor)?;
    reader
        .page(Projection::Orders, params.min_position, |models, tenant| models.board(tenant, store.0, station.0, &page))
        .await
}

/// A payment.
#[utoipa::path(
    get, path = "/v1/stores/{store}/payments/{payment}", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), ReadParams),
    responses((status = 200, body = PaymentView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn payment(
    reader: Reader,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    reader
        .find("payment", Projection::Orders, params.min_position, |models, tenant| {
            models.payment(tenant, store.0, payment.0)
        })
        .await
}

/// Which payments.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentsParams {
    /// Only payments in this state: `initiated`, `authorised`, `captured`, `failed`, `expired`, `voided` or `needs_review`.
    /// `unmatched` lists providers' messages that fit no payment instead.
    state: Option<String>,
    /// Only payments for this order.
    #[param(value_type = Option<String>)]
    order: Option<wire::OrderId>,
    /// Only payments that a person has to look at.
    #[serde(default)]
    attention: bool,
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many payments, at most 500; 50 where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// A store's payments, newest first; with `state=unmatched` what providers said that fits none of them.
#[utoipa::path(
    get, path = "/v1/stores/{store}/payments", tag = "payments",
    params(("store" = String, Path, description = "The store"), PaymentsParams),
    responses((status = 200, body = PaymentsAnswer), QueryProblems)
)]
pub async fn payments(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<PaymentsParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadStores)?;
    if params.state.as_deref() == Some(UNMATCHED) {
        let page = Paged::Payments.page(params.limit, params.cursor)?;
        let value = PaymentsAnswer::Unmatched(unmatched(&reader, store.0, &page)?);
        return reader.view(&Answer { value, position: reader.app.reader.durable() });
    }
    let filter = PaymentFilter {
        state: params.state.map(|text| named(&text, "state", PaymentState::parse)).transpose()?,
        order: params.order.map(|order| order.0),
        needs_attention: params.attention,
    };
    let page = Paged::Payments.page(params.limit, params.cursor)?;
    let query = |models: &Projections, tenant| models.payments(tenant, store.0, &filter, &page);
    let answer = reader.read(Projection::Orders, params.min_position, query).await?;
    reader.view(&Answer { value: PaymentsAnswer::Payments(List::from(answer.value)), position: answer.position })
}

/// Payments, or with `state=unmatched` what providers said that fits none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PaymentsAnswer {
    /// Payments.
    Payments(List<PaymentView>),
    /// Messages of providers.
    Unmatched(List<UnmatchedView>),
}

/// Either of them: an empty list is both, which the derived `oneOf` would forbid.
impl PartialSchema for PaymentsAnswer {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .description(Some("Payments, or with `state=unmatched` what providers said that fits none."))
            .item(List::<PaymentView>::schema())
            .item(List::<UnmatchedView>::schema())
            .into()
    }
}

impl ToSchema for PaymentsAnswer {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        List::<PaymentView>::schemas(schemas);
        List::<UnmatchedView>::schemas(schemas);
        for (name, schema) in
            [(PaymentView::name(), PaymentView::schema()), (UnmatchedView::name(), UnmatchedView::schema())]
        {
            schemas.push((name.into_owned(), schema));
        }
    }
}

/// What providers said that fits no payment of a store, newest first.
///
/// # Errors
/// [`ApiError::Query`] for a cursor of another list.
fn unmatched(reader: &Reader, store: StoreId, page: &PageRequest) -> Result<List<UnmatchedView>, ApiError> {
    let from = match page.cursor.as_deref().map(str::parse::<usize>) {
        None => 0,
        Some(Ok(from)) => from,
        Some(Err(_)) => return Err(ApiError::Query(FieldError::new("cursor", "is not one of this list"))),
    };
    let found = reader.app.providers.unmatched(reader.caller.tenant, store);
    let next = from.saturating_add(page.limit);
    let cursor = (next < found.len()).then(|| next.to_string());
    let shown = |parked: Parked| UnmatchedView {
        provider_account: Wire(parked.account),
        kind: Wire(Text::parse(said_name(&parked.message.said)).expect("it is a text")),
        provider_event_id: Wire(parked.message.event_id),
        provider_ref: parked.message.reference.map(Wire),
        payment_id: parked.payment.map(Wire),
        amount: parked.message.amount.map(|amount| amount.0),
        currency: parked.message.currency.map(Wire),
        received_at: Wire(parked.received_at),
    };
    Ok(List { items: found.into_iter().skip(from).take(page.limit).map(shown).collect(), cursor })
}
