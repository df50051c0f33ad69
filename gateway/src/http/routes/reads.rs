//! Queries: what the read models say, and from which prefix of the log.

use crate::access::Capability;
use crate::http::caller::{Caller, ReadHeaders};
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{List, ReadParams, ask, date, found, fresh, named, page_request, query_error, reached, view};
use crate::http::respond::{self, X_POSITION, position_header};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::calendar::Date;
use domain::ids::{StoreId, Text};
use eventlog::Position;
use projections::{Answer, OrderFilter, PageRequest, PaymentFilter, Projection, SalesBy, SalesDate, SalesQuery};
use schemas::json::event::said_name;
use schemas::json::{FieldError, wire};
use schemas::stored::Parked;
use schemas::views::{
    MenuView, OrderState, OrderSummary, OrderView, PaymentState, PaymentView, SalesReport, Shown, StaffView, StockView,
    StoreView, TokenView, UnmatchedView,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The order with its lines, amounts and payments.
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders/{order}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), ReadParams),
    responses((status = 200, body = OrderView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn order(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams((store, order)): PathParams<(wire::StoreId, wire::OrderId)>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.order(caller.tenant, store.0, order.0)).await?;
    view(&headers, &found(answer, "order")?)
}

/// Which orders.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersParams {
    /// Only orders in this state: `open`, `placed`, `completed`, `cancelled` or `merged`.
    state: Option<String>,
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

/// A store's orders, newest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders", tag = "orders",
    params(("store" = String, Path, description = "The store"), OrdersParams),
    responses((status = 200, body = List<OrderSummary>), QueryProblems)
)]
pub async fn orders(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<OrdersParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    let filter = OrderFilter {
        state: params.state.map(|text| named(&text, "state", OrderState::parse)).transpose()?,
        table: params.table.map(|table| table.0),
        business_date: params.business_date.map(|text| date(&text, "business_date")).transpose()?,
        number: params.q,
    };
    let page = page_request(params.limit, params.cursor)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.orders(caller.tenant, store.0, &filter, &page)).await?;
    let list = List { items: answer.value.entries, cursor: answer.value.next };
    view(&headers, &Answer { value: list, position: answer.position })
}

/// A payment.
#[utoipa::path(
    get, path = "/v1/stores/{store}/payments/{payment}", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), ReadParams),
    responses((status = 200, body = PaymentView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn payment(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.payment(caller.tenant, store.0, payment.0)).await?;
    view(&headers, &found(answer, "payment")?)
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
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<PaymentsParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    if params.state.as_deref() == Some(UNMATCHED) {
        let page = page_request(params.limit, params.cursor)?;
        let value = PaymentsAnswer::Unmatched(unmatched(&app, &caller, store.0, &page)?);
        return view(&headers, &Answer { value, position: app.reader.durable() });
    }
    let filter = PaymentFilter {
        state: params.state.map(|text| named(&text, "state", PaymentState::parse)).transpose()?,
        order: params.order.map(|order| order.0),
        needs_attention: params.attention,
    };
    let page = page_request(params.limit, params.cursor)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.payments(caller.tenant, store.0, &filter, &page)).await?;
    let list = List { items: answer.value.entries, cursor: answer.value.next };
    view(&headers, &Answer { value: PaymentsAnswer::Payments(list), position: answer.position })
}

/// Payments, or with `state=unmatched` what providers said that fits none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PaymentsAnswer {
    /// Payments.
    Payments(#[schema(inline)] List<PaymentView>),
    /// Messages of providers.
    Unmatched(#[schema(inline)] List<UnmatchedView>),
}

/// The state that is none of a payment's.
const UNMATCHED: &str = "unmatched";

/// What providers said that fits no payment of a store, newest first.
///
/// # Errors
/// [`ApiError::Query`] for a cursor of another list.
fn unmatched(
    app: &AppState,
    caller: &Caller,
    store: StoreId,
    page: &PageRequest,
) -> Result<List<UnmatchedView>, ApiError> {
    let from = match page.cursor.as_deref().map(str::parse::<usize>) {
        None => 0,
        Some(Ok(from)) => from,
        Some(Err(_)) => return Err(ApiError::Query(FieldError::new("cursor", "is not one of this list"))),
    };
    let found = app.providers.unmatched(caller.tenant, store);
    let next = from.saturating_add(page.limit);
    let cursor = (next < found.len()).then(|| next.to_string());
    let shown = |parked: Parked| UnmatchedView {
        provider_account: Shown(parked.account),
        kind: Shown(Text::parse(said_name(&parked.message.said)).expect("it is a text")),
        provider_event_id: Shown(parked.message.event_id),
        provider_ref: parked.message.reference.map(Shown),
        payment_id: parked.payment.map(Shown),
        amount: parked.message.amount.map(|amount| amount.0),
        currency: parked.message.currency.map(Shown),
        received_at: Shown(parked.received_at),
    };
    Ok(List { items: found.into_iter().skip(from).take(page.limit).map(shown).collect(), cursor })
}

/// A store's menu: effective prices, variations, modifiers, taxes, and what is sold out. Ready bytes with an ETag.
#[utoipa::path(
    get, path = "/v1/stores/{store}/menu", tag = "menu",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = MenuView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn menu(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = app.projections.menu(caller.tenant, store.0).map_err(query_error)?;
    let Answer { value: menu, position } = found(answer, "menu")?;
    let mut response = match (headers.has(&menu.etag), headers.accepts_gzip) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, true) => {
            let mut response = respond::json(StatusCode::OK, menu.gzip);
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        (false, false) => respond::json(StatusCode::OK, menu.json),
    };
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(position.0));
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
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.stock(caller.tenant, store.0)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&headers, &Answer { value: list, position: answer.position })
}

/// The tenant's stores.
#[utoipa::path(
    get, path = "/v1/stores", tag = "stores", params(ReadParams),
    responses((status = 200, body = List<StoreView>), QueryProblems)
)]
pub async fn stores(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.stores(caller.tenant)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&headers, &Answer { value: list, position: answer.position })
}

/// A store's settings and the menu version it sells from.
#[utoipa::path(
    get, path = "/v1/stores/{store}", tag = "stores",
    params(("store" = String, Path, description = "The store"), ReadParams),
    responses((status = 200, body = StoreView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn store(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.store(caller.tenant, store.0)).await?;
    view(&headers, &found(answer, "store")?)
}

/// A store as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn store_view(app: &Arc<AppState>, caller: &Caller, store: StoreId) -> Result<serde_json::Value, ApiError> {
    let (head, tenant) = (app.reader.durable(), caller.tenant);
    reached(app, Projection::Catalog, Position(head.0.saturating_sub(1))).await?;
    let answer = found(ask(app, move |app| app.projections.store(tenant, store)).await?, "store")?;
    serde_json::to_value(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))
}

/// A store's menu as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn menu_view(app: &Arc<AppState>, caller: &Caller, store: StoreId) -> Result<serde_json::Value, ApiError> {
    let head = app.reader.durable();
    reached(app, Projection::Catalog, Position(head.0.saturating_sub(1))).await?;
    let answer = found(app.projections.menu(caller.tenant, store).map_err(query_error)?, "menu")?;
    serde_json::from_slice(&answer.value.json).map_err(|error| ApiError::Internal(Box::new(error)))
}

/// Which sales, by what.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SalesParams {
    /// Only these stores, separated by commas; all where it is left out.
    store: Option<String>,
    /// Which date counts: `business_date`, when it was sold, or `posting_date`, when it was booked. Both come to the same in
    /// all. The business date where it is left out.
    date: Option<String>,
    /// The first date, such as `2026-11-01`.
    from: Option<String>,
    /// The last date.
    to: Option<String>,
    /// One row for each `hour`, `day`, `item`, `category`, `tender`, `tax`, `channel` or `store`.
    by: Option<String>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// Sales: gross, discounts, net, tax, units, orders, with totals that agree whatever they are split by.
#[utoipa::path(
    get, path = "/v1/reports/sales", tag = "reports", params(SalesParams),
    responses((status = 200, body = SalesReport), QueryProblems)
)]
pub async fn sales(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    QueryParams(params): QueryParams<SalesParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadReports)?;
    let store = |id: &str| {
        StoreId::parse(id.trim()).map_err(|bad| ApiError::Query(FieldError::new("store", format!("{id:?} {bad}"))))
    };
    let query = SalesQuery {
        stores: params.store.map(|stores| stores.split(',').map(store).collect()).transpose()?,
        from: params.from.map(|text| date(&text, "from")).transpose()?.unwrap_or(Date::MIN),
        to: params.to.map(|text| date(&text, "to")).transpose()?.unwrap_or(Date::MAX),
        date: named(params.date.as_deref().unwrap_or("business_date"), "date", SalesDate::parse)?,
        by: named(params.by.as_deref().unwrap_or("day"), "by", SalesBy::parse)?,
    };
    fresh(&app, Projection::Sales, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.sales(caller.tenant, &query)).await?;
    view(&headers, &answer)
}

/// The tenant's tokens, without their secrets.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", params(ReadParams),
    responses((status = 200, body = List<TokenView>), QueryProblems)
)]
pub async fn tokens(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ManageTokens)?;
    fresh(&app, Projection::Access, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.tokens(caller.tenant)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&headers, &Answer { value: list, position: answer.position })
}

/// The tenant's staff: what each member may approve.
#[utoipa::path(
    get, path = "/v1/staff", tag = "staff", params(ReadParams),
    responses((status = 200, body = List<StaffView>), QueryProblems)
)]
pub async fn staff(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: ReadHeaders,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ManageStaff)?;
    fresh(&app, Projection::Access, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.staff(caller.tenant)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&headers, &Answer { value: list, position: answer.position })
}
