//! Queries: what the read models say, and from which prefix of the log.

use super::webhooks::{PaymentsAnswer, UNMATCHED, unmatched};
use crate::access::Capability;
use crate::app::App;
use crate::http::caller::{Caller, Known};
use crate::http::command::{self, X_POSITION, position_header};
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{At, Params};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use commands::Answer as Committed;
use domain::calendar::Date;
use domain::ids::{OrderId, StoreId};
use domain::stream::Stream;
use eventlog::Position;
use projections::{
    Answer, LIMIT_DEFAULT, LIMIT_MAX, OrderFilter, PageRequest, PaymentFilter, Projection, QueryError, SalesBy,
    SalesDate, SalesQuery,
};
use schemas::json::event::Receipt;
use schemas::json::{FieldError, wire};
use schemas::views::{
    MenuView, OrderState, OrderSummary, OrderView, PaymentState, PaymentView, SalesReport, StaffView, StockView,
    StoreView, TokenView,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How long a query waits for the position it asks for.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// The position a reader wants to see at least.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Fresh {
    /// Waits until the view has reached this position, such as one that a command answered.
    pub(super) min_position: Option<String>,
}

/// Waits until a view has reached the position asked for.
pub(super) async fn fresh(app: &App, projection: Projection, min_position: Option<&str>) -> Result<(), ApiError> {
    let Some(text) = min_position else { return Ok(()) };
    let wanted = crate::feed::position(text);
    let wanted = wanted.map_err(|bad| ApiError::Query(FieldError::new("min_position", bad.to_string())))?;
    reached(app, projection, wanted).await
}

pub(super) async fn reached(app: &App, projection: Projection, position: Position) -> Result<(), ApiError> {
    app.projections.wait_for(projection, position, WAIT_MAX).await.map_err(|_| ApiError::Stale)
}

/// Waits until the door knows about a change of the tokens.
///
/// # Errors
/// [`ApiError::Stale`].
pub async fn access_reached(app: &App, position: Position) -> Result<(), ApiError> {
    reached(app, Projection::Access, position).await
}

/// Runs a query where it may block, and says what went wrong in the door's words.
pub(super) async fn ask<T: Send + 'static>(
    app: &Arc<App>,
    query: impl FnOnce(&App) -> Result<Answer<T>, QueryError> + Send + 'static,
) -> Result<Answer<T>, ApiError> {
    // A row that is in memory takes microseconds; a thread of the blocking pool would cost more than that.
    let answer = match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(|| query(app)),
        _ => query(app),
    };
    answer.map_err(query_error)
}

fn query_error(error: QueryError) -> ApiError {
    match error {
        QueryError::Rebuilding { .. } => ApiError::ViewUnavailable { view: "you asked for" },
        QueryError::BadCursor => {
            ApiError::Query(FieldError::new("cursor", "is not one that this list gave; leave it out to start over"))
        }
        QueryError::BadRange { .. } | QueryError::MixedCurrencies { .. } => {
            ApiError::Query(FieldError::new("of the query", error.to_string()))
        }
        error => ApiError::Internal(Box::new(error)),
    }
}

/// A view as JSON, with the prefix of the log it shows and a weak tag for caches: a hash of the body.
pub(super) fn view<T: Serialize>(known: &Known, answer: &Answer<T>) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))?;
    let hash = Sha256::digest(&body);
    let etag = format!("W/\"{:016x}\"", u64::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes")));
    let mut response = match known.has(&etag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => command::json(StatusCode::OK, body.into()),
    };
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(answer.position.0));
    headers.insert(header::ETAG, HeaderValue::try_from(etag).expect("a tag of digits is a header"));
    Ok(response)
}

pub(super) fn found<T>(answer: Answer<Option<T>>, what: &'static str) -> Result<Answer<T>, ApiError> {
    match answer.value {
        Some(value) => Ok(Answer { value, position: answer.position }),
        None => Err(ApiError::NotFound { what }),
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Hand it back as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

pub(super) fn page_request(limit: Option<usize>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
    match limit {
        Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => {
            let problem = format!("is {limit}; it must be from 1 to {LIMIT_MAX}");
            Err(ApiError::Query(FieldError::new("limit", problem)))
        }
        limit => Ok(PageRequest { limit: limit.unwrap_or(LIMIT_DEFAULT), cursor }),
    }
}

/// The order with its lines, amounts and payments.
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders/{order}", tag = "orders",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), Fresh),
    responses((status = 200, body = OrderView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn order(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At((store, order)): At<(wire::StoreId, wire::OrderId)>,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.order(caller.tenant, store.0, order.0)).await?;
    view(&known, &found(answer, "order")?)
}

/// The answer to a command with the order as it is now beside it; without it where the view does not catch up in time:
/// the command has taken effect, and a preference is no reason to say anything else.
///
/// # Errors
/// [`ApiError::Internal`] as for every query.
pub async fn respond_with_order(
    app: &Arc<App>,
    caller: &Caller,
    (store, order): (StoreId, OrderId),
    status: StatusCode,
    committed: &Committed,
) -> Result<Response, ApiError> {
    /// The commit and the order.
    #[derive(Serialize)]
    struct Represented<'a> {
        #[serde(flatten)]
        receipt: Receipt<'a>,
        order: OrderView,
    }
    let tenant = caller.tenant;
    let read = async {
        reached(app, Projection::Orders, committed.receipt.position).await?;
        found(ask(app, move |app| app.projections.order(tenant, store, order)).await?, "order")
    };
    let order = match read.await {
        Ok(answer) => answer.value,
        Err(ApiError::Stale | ApiError::ViewUnavailable { .. }) => return command::respond(status, committed),
        Err(error) => return Err(error),
    };
    let body = serde_json::to_vec(&Represented { receipt: command::receipt(committed), order })
        .map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(command::with_headers(status, committed, body.into()))
}

/// The streams of the attempts to pay an order and of its kitchen tickets before the end of the log, and that end: an
/// attempt that failed has left nothing in the order's own stream, so only a view that is up to date knows them all.
///
/// # Errors
/// [`ApiError`] as for every query; an order that is not there yet has none.
pub async fn hanging_on(
    app: &Arc<App>,
    caller: &Caller,
    store: StoreId,
    order: OrderId,
) -> Result<(Vec<Stream>, Position), ApiError> {
    let (head, tenant) = (app.reader.durable(), caller.tenant);
    reached(app, Projection::Orders, Position(head.0.saturating_sub(1))).await?;
    let answer = ask(app, move |app| app.projections.order(tenant, store, order)).await?;
    let Some(order) = answer.value else { return Ok((vec![], head)) };
    let payments = order.payments.iter().map(|payment| Stream::Payment(tenant, store, payment.payment_id.0));
    let tickets = order.ticket_ids.iter().map(|ticket| Stream::Ticket(tenant, store, ticket.0));
    // What an order took over happened before to the one it took it from.
    let sources = order.merged_from.iter().map(|source| Stream::Order(tenant, store, source.0));
    Ok((payments.chain(tickets).chain(sources).collect(), head))
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
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At(store): At<wire::StoreId>,
    Params(params): Params<OrdersParams>,
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
    view(&known, &Answer { value: list, position: answer.position })
}

/// A name of an enum, or what would be one.
fn named<T>(text: &str, parameter: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, ApiError> {
    parse(text).ok_or_else(|| {
        ApiError::Query(FieldError::new(
            parameter,
            format!("is {text:?}, which is not one of its names; see /openapi.json"),
        ))
    })
}

fn date(text: &str, parameter: &str) -> Result<Date, ApiError> {
    Date::parse(text).ok_or_else(|| {
        ApiError::Query(FieldError::new(parameter, format!("is {text:?}; it must be a date such as 2026-11-22")))
    })
}

/// A payment.
#[utoipa::path(
    get, path = "/v1/stores/{store}/payments/{payment}", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), Fresh),
    responses((status = 200, body = PaymentView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn payment(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At((store, payment)): At<(wire::StoreId, wire::PaymentId)>,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Orders, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.payment(caller.tenant, store.0, payment.0)).await?;
    view(&known, &found(answer, "payment")?)
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
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At(store): At<wire::StoreId>,
    Params(params): Params<PaymentsParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    if params.state.as_deref() == Some(UNMATCHED) {
        let page = page_request(params.limit, params.cursor)?;
        let value = PaymentsAnswer::Unmatched(unmatched(&app, &caller, store.0, &page)?);
        return view(&known, &Answer { value, position: app.reader.durable() });
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
    view(&known, &Answer { value: PaymentsAnswer::Payments(list), position: answer.position })
}

/// A store's menu: effective prices, variations, modifiers, taxes, and what is sold out. Ready bytes with an ETag.
#[utoipa::path(
    get, path = "/v1/stores/{store}/menu", tag = "menu",
    params(("store" = String, Path, description = "The store"), Fresh),
    responses((status = 200, body = MenuView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn menu(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At(store): At<wire::StoreId>,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = app.projections.menu(caller.tenant, store.0).map_err(query_error)?;
    let Answer { value: menu, position } = found(answer, "menu")?;
    let mut response = match (known.has(&menu.etag), known.accepts_gzip) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, true) => {
            let mut response = command::json(StatusCode::OK, menu.gzip);
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        (false, false) => command::json(StatusCode::OK, menu.json),
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
    params(("store" = String, Path, description = "The store"), Fresh),
    responses((status = 200, body = List<StockView>), QueryProblems)
)]
pub async fn stock(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At(store): At<wire::StoreId>,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.stock(caller.tenant, store.0)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&known, &Answer { value: list, position: answer.position })
}

/// The tenant's stores.
#[utoipa::path(
    get, path = "/v1/stores", tag = "stores", params(Fresh),
    responses((status = 200, body = List<StoreView>), QueryProblems)
)]
pub async fn stores(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.stores(caller.tenant)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&known, &Answer { value: list, position: answer.position })
}

/// A store's settings and the menu version it sells from.
#[utoipa::path(
    get, path = "/v1/stores/{store}", tag = "stores",
    params(("store" = String, Path, description = "The store"), Fresh),
    responses((status = 200, body = StoreView), (status = 304, description = "Not changed"), QueryProblems)
)]
pub async fn store(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    At(store): At<wire::StoreId>,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadStores)?;
    fresh(&app, Projection::Catalog, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.store(caller.tenant, store.0)).await?;
    view(&known, &found(answer, "store")?)
}

/// A store as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn store_view(app: &Arc<App>, caller: &Caller, store: StoreId) -> Result<serde_json::Value, ApiError> {
    let (head, tenant) = (app.reader.durable(), caller.tenant);
    reached(app, Projection::Catalog, Position(head.0.saturating_sub(1))).await?;
    let answer = found(ask(app, move |app| app.projections.store(tenant, store)).await?, "store")?;
    serde_json::to_value(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))
}

/// A store's menu as JSON, as of everything that is durable.
///
/// # Errors
/// [`ApiError`] as for every query.
pub async fn menu_view(app: &Arc<App>, caller: &Caller, store: StoreId) -> Result<serde_json::Value, ApiError> {
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
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    Params(params): Params<SalesParams>,
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
    view(&known, &answer)
}

/// The tenant's tokens, without their secrets.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", params(Fresh),
    responses((status = 200, body = List<TokenView>), QueryProblems)
)]
pub async fn tokens(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ManageTokens)?;
    fresh(&app, Projection::Access, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.tokens(caller.tenant)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&known, &Answer { value: list, position: answer.position })
}

/// The tenant's staff: what each member may approve.
#[utoipa::path(
    get, path = "/v1/staff", tag = "staff", params(Fresh),
    responses((status = 200, body = List<StaffView>), QueryProblems)
)]
pub async fn staff(
    State(app): State<Arc<App>>,
    caller: Caller,
    known: Known,
    Params(params): Params<Fresh>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ManageStaff)?;
    fresh(&app, Projection::Access, params.min_position.as_deref()).await?;
    let answer = ask(&app, move |app| app.projections.staff(caller.tenant)).await?;
    let list = List { items: answer.value, cursor: None };
    view(&known, &Answer { value: list, position: answer.position })
}
