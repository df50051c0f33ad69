//! From a request to the read models and back.

use super::caller::ReadHeaders;
use super::error::ApiError;
use super::respond::{self, X_POSITION, position_header};
use crate::state::AppState;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::calendar::Date;
use eventlog::Position;
use projections::{Answer, LIMIT_DEFAULT, LIMIT_MAX, PageRequest, Projection, QueryError};
use schemas::json::FieldError;
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
pub struct ReadParams {
    /// Waits until the view has reached this position, such as one that a command answered.
    pub min_position: Option<String>,
}

/// Waits until a view has reached the position asked for.
pub async fn fresh(app: &AppState, projection: Projection, min_position: Option<&str>) -> Result<(), ApiError> {
    let Some(text) = min_position else { return Ok(()) };
    let wanted = crate::feed::position(text);
    let wanted = wanted.map_err(|bad| ApiError::Query(FieldError::new("min_position", bad.to_string())))?;
    reached(app, projection, wanted).await
}

/// Waits until a view has reached a position.
///
/// # Errors
/// [`ApiError::Stale`] when that takes longer than [`WAIT_MAX`].
pub async fn reached(app: &AppState, projection: Projection, position: Position) -> Result<(), ApiError> {
    app.projections.wait_for(projection, position, WAIT_MAX).await.map_err(|_| ApiError::Stale)
}

/// Waits until the door knows about a change of the tokens.
///
/// # Errors
/// [`ApiError::Stale`].
pub async fn access_reached(app: &AppState, position: Position) -> Result<(), ApiError> {
    reached(app, Projection::Access, position).await
}

/// Runs a query where it may block, and says what went wrong in the door's words.
pub async fn ask<T: Send + 'static>(
    app: &Arc<AppState>,
    query: impl FnOnce(&AppState) -> Result<Answer<T>, QueryError> + Send + 'static,
) -> Result<Answer<T>, ApiError> {
    // A row that is in memory takes microseconds; a thread of the blocking pool would cost more than that.
    let answer = match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(|| query(app)),
        _ => query(app),
    };
    answer.map_err(query_error)
}

/// The answer to a query that failed.
pub fn query_error(error: QueryError) -> ApiError {
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
pub fn view<T: Serialize>(known: &ReadHeaders, answer: &Answer<T>) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))?;
    let hash = Sha256::digest(&body);
    let etag = format!("W/\"{:016x}\"", u64::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes")));
    let mut response = match known.has(&etag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => respond::json(StatusCode::OK, body.into()),
    };
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(answer.position.0));
    headers.insert(header::ETAG, HeaderValue::try_from(etag).expect("a tag of digits is a header"));
    Ok(response)
}

/// The answer where there is one.
///
/// # Errors
/// [`ApiError::NotFound`].
pub fn found<T>(answer: Answer<Option<T>>, what: &'static str) -> Result<Answer<T>, ApiError> {
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

/// Which page of a list.
///
/// # Errors
/// [`ApiError::Query`] for a limit that is out of bounds.
pub fn page_request(limit: Option<usize>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
    match limit {
        Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => {
            let problem = format!("is {limit}; it must be from 1 to {LIMIT_MAX}");
            Err(ApiError::Query(FieldError::new("limit", problem)))
        }
        limit => Ok(PageRequest { limit: limit.unwrap_or(LIMIT_DEFAULT), cursor }),
    }
}

/// A name of an enum, or what would be one.
///
/// # Errors
/// [`ApiError::Query`] names the parameter.
pub fn named<T>(text: &str, parameter: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, ApiError> {
    parse(text).ok_or_else(|| {
        ApiError::Query(FieldError::new(
            parameter,
            format!("is {text:?}, which is not one of its names; see /openapi.json"),
        ))
    })
}

/// A date, or what would be one.
///
/// # Errors
/// [`ApiError::Query`] names the parameter.
pub fn date(text: &str, parameter: &str) -> Result<Date, ApiError> {
    Date::parse(text).ok_or_else(|| {
        ApiError::Query(FieldError::new(parameter, format!("is {text:?}; it must be a date such as 2026-11-22")))
    })
}
