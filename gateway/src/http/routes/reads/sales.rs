//! Sales, and the business days they are booked on.

use crate::access::Capability;
use crate::http::bounds::Paged;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query::{ReadParams, Reader, ask, date, found, named};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::calendar::Date;
use domain::ids::StoreId;
use domain::money::Currency;
use projections::{Answer, Projection, Projections, SalesBy, SalesDate, SalesQuery};
use schemas::json::{FieldError, wire};
use schemas::views::{DaysView, SalesReport, XReport, ZReport};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

type DayPath = PathParams<(wire::StoreId, wire::Date)>;

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
pub async fn sales(reader: Reader, QueryParams(params): QueryParams<SalesParams>) -> Result<Response, ApiError> {
    reader.may(Capability::ReadReports)?;
    let store =
        |id: &str| StoreId::parse(id.trim()).map_err(|bad| ApiError::Query(FieldError::new("store", bad.to_string())));
    let asked: Option<Vec<StoreId>> = params.store.map(|stores| stores.split(',').map(store).collect()).transpose()?;
    for store in asked.iter().flatten() {
        reader.caller.is_good_at(*store)?;
    }
    let query = SalesQuery {
        stores: asked.or_else(|| reader.caller.stores().map(<[StoreId]>::to_vec)),
        from: params.from.map(|text| date(&text, "from")).transpose()?.unwrap_or(Date::MIN),
        to: params.to.map(|text| date(&text, "to")).transpose()?.unwrap_or(Date::MAX),
        date: named(params.date.as_deref().unwrap_or("business_date"), "date", SalesDate::parse)?,
        by: named(params.by.as_deref().unwrap_or("day"), "by", SalesBy::parse)?,
    };
    reader.show(Projection::Sales, params.min_position, |models, tenant| models.sales(tenant, &query)).await
}

/// Which Z reports.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysParams {
    /// The next page of a list, as the page before gave it.
    cursor: Option<String>,
    /// How many Z reports, at most 500; 50 where it is left out.
    limit: Option<usize>,
    /// Waits until the view has reached this position.
    min_position: Option<String>,
}

/// A store's business days: which one is open, and the Z reports, the latest first.
#[utoipa::path(
    get, path = "/v1/stores/{store}/days", tag = "days",
    params(("store" = String, Path, description = "The store"), DaysParams),
    responses((status = 200, body = DaysView), QueryProblems)
)]
pub async fn days(
    reader: Reader,
    PathParams(store): PathParams<wire::StoreId>,
    QueryParams(params): QueryParams<DaysParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadDays)?;
    let page = Paged::Days.page(params.limit, params.cursor)?;
    reader.show(Projection::Sales, params.min_position, |models, tenant| models.days(tenant, store.0, &page)).await
}

/// What was booked on the open day, so far: the X report. It changes nothing. With `Accept: text/plain` it is text of 42 columns, as a till prints it.
#[utoipa::path(
    get, path = "/v1/stores/{store}/days/{date}/x", tag = "days",
    params(("store" = String, Path, description = "The store"), ("date" = String, Path, description = "A business date that is not closed"), ReadParams),
    responses((status = 200, content((XReport = "application/json"), (String = "text/plain"))), QueryProblems)
)]
pub async fn x(
    reader: Reader,
    PathParams((store, date)): DayPath,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadDays)?;
    let query = |models: &Projections, tenant| models.x_report(tenant, store.0, date.0);
    let answer = found(reader.read(Projection::Sales, params.min_position, query).await?, "open day")?;
    printable(&reader, store.0, &answer, XReport::to_text)
}

/// The Z report of a closed day. It never changes. With `Accept: text/plain` it is text of 42 columns, as a till prints it.
#[utoipa::path(
    get, path = "/v1/stores/{store}/days/{date}/z", tag = "days",
    params(("store" = String, Path, description = "The store"), ("date" = String, Path, description = "The business date, such as 2026-11-22"), ReadParams),
    responses((status = 200, content((ZReport = "application/json"), (String = "text/plain"))), QueryProblems)
)]
pub async fn z(
    reader: Reader,
    PathParams((store, date)): DayPath,
    QueryParams(params): QueryParams<ReadParams>,
) -> Result<Response, ApiError> {
    reader.may(Capability::ReadDays)?;
    let query = |models: &Projections, tenant| models.z_report(tenant, store.0, date.0);
    let answer = found(reader.read(Projection::Sales, params.min_position, query).await?, "closed day")?;
    printable(&reader, store.0, &answer, ZReport::to_text)
}

/// A report as JSON or, for who would rather have it so, as text for paper.
fn printable<T: Serialize>(
    reader: &Reader,
    store: StoreId,
    answer: &Answer<T>,
    to_text: impl FnOnce(&T, Option<Currency>) -> String,
) -> Result<Response, ApiError> {
    let mut response = match reader.headers.prefers_text {
        false => reader.view(answer)?,
        true => {
            let currency = ask(&reader.app, |models| models.store_currency(reader.caller.tenant, store))?;
            reader.text(&Answer { value: to_text(&answer.value, currency.value), position: answer.position })
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    Ok(response)
}
