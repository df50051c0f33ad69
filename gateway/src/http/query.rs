//! From a request to the read models and back.

pub use super::block::may_block;
use super::caller::{Caller, ReadHeaders};
use super::error::ApiError;
use super::respond::{self, X_POSITION, position_header};
use crate::access::Capability;
use crate::position;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::calendar::Date;
use domain::ids::TenantId;
use eventlog::Position;
use projections::{Answer, Page, Projection, Projections, QueryError};
use schemas::json::FieldError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How long a query waits for the position it asks for.
pub const WAIT_MAX: Duration = Duration::from_secs(2);

/// The position a reader wants to see at least.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadParams {
    /// Waits until the view has reached this position, such as one that a command answered.
    pub min_position: Option<String>,
}

/// Whoever asks a read model, and what they have and take.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Reader {
    pub app: Arc<AppState>,
    pub caller: Caller,
    /// What they have and take.
    pub headers: ReadHeaders,
}

impl FromRequestParts<Arc<AppState>> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Reader, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let Ok(headers) = ReadHeaders::from_request_parts(parts, app).await;
        Ok(Reader { app: Arc::clone(app), caller, headers })
    }
}

/// Every query waits until the view has reached `min_position`.
///
/// # Errors
/// [`ApiError`]: `min_position` does not read or is not reached in time, or the query fails.
impl Reader {
    /// Demands a capability.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub fn may(&self, capability: Capability) -> Result<(), ApiError> {
        self.caller.may(capability)
    }

    /// Asks.
    pub async fn read<T>(
        &self,
        projection: Projection,
        min_position: Option<String>,
        query: impl FnOnce(&Projections, TenantId) -> Result<Answer<T>, QueryError>,
    ) -> Result<Answer<T>, ApiError> {
        if let Some(text) = min_position {
            let position = may_block(|| position::known(&self.app.reader, &text));
            let position = position.map_err(|error| ApiError::position("min_position", error))?;
            reached(&self.app, projection, position).await?;
        }
        ask(&self.app, |models| query(models, self.caller.tenant))
    }

    /// Asks, and shows the answer.
    pub async fn show<T: Serialize>(
        &self,
        projection: Projection,
        min_position: Option<String>,
        query: impl FnOnce(&Projections, TenantId) -> Result<Answer<T>, QueryError>,
    ) -> Result<Response, ApiError> {
        self.view(&self.read(projection, min_position, query).await?)
    }

    /// Asks for one thing, and shows it; where there is none there is no such `what`.
    pub async fn find<T: Serialize>(
        &self,
        what: &'static str,
        projection: Projection,
        min_position: Option<String>,
        query: impl FnOnce(&Projections, TenantId) -> Result<Answer<Option<T>>, QueryError>,
    ) -> Result<Response, ApiError> {
        self.view(&found(self.read(projection, min_position, query).await?, what)?)
    }

    /// Asks for all there are, and shows them as a list.
    pub async fn list<T: Serialize>(
        &self,
        projection: Projection,
        min_position: Option<String>,
        query: impl FnOnce(&Projections, TenantId) -> Result<Answer<Vec<T>>, QueryError>,
    ) -> Result<Response, ApiError> {
        let Answer { value: items, position } = self.read(projection, min_position, query).await?;
        self.view(&Answer { value: List { items, cursor: None }, position })
    }

    /// Asks for a page, and shows it as a list.
    pub async fn page<T: Serialize>(
        &self,
        projection: Projection,
        min_position: Option<String>,
        query: impl FnOnce(&Projections, TenantId) -> Result<Answer<Page<T>>, QueryError>,
    ) -> Result<Response, ApiError> {
        let Answer { value: page, position } = self.read(projection, min_position, query).await?;
        self.view(&Answer { value: List::from(page), position })
    }

    /// A view as JSON, with the prefix of the log it shows and a weak tag for caches: a hash of the body.
    pub fn view<T: Serialize>(&self, answer: &Answer<T>) -> Result<Response, ApiError> {
        let body = serde_json::to_vec(&answer.value).map_err(|error| ApiError::Internal(Box::new(error)))?;
        Ok(self.shown(body, answer.position, respond::json))
    }

    /// A view as text, with the same.
    pub fn text(&self, answer: &Answer<String>) -> Response {
        self.shown(answer.value.clone().into_bytes(), answer.position, respond::text)
    }

    fn shown(&self, body: Vec<u8>, position: Position, made: fn(StatusCode, Bytes) -> Response) -> Response {
        let hash = Sha256::digest(&body);
        let etag = format!("W/\"{:016x}\"", u64::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes")));
        let mut response = match self.headers.has(&etag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => made(StatusCode::OK, body.into()),
        };
        let headers = response.headers_mut();
        headers.insert(X_POSITION, position_header(position::token(&self.app.reader, position)));
        headers.insert(header::ETAG, HeaderValue::try_from(etag).expect("a tag of digits is a header"));
        response
    }
}

/// Waits until a view has reached a position.
///
/// # Errors
/// [`ApiError::Stale`] when that takes longer than `WAIT_MAX`; [`ApiError::ViewUnavailable`] where the view answers nothing by then.
pub async fn reached(app: &AppState, projection: Projection, position: Position) -> Result<(), ApiError> {
    app.projections.wait_for(projection, position, WAIT_MAX).await.map_err(|_| {
        match app.projections.answers(projection) {
            true => ApiError::Stale,
            false => ApiError::ViewUnavailable { view: projection.as_str() },
        }
    })
}

/// Waits until a view has reached all that is durable.
///
/// # Errors
/// As for [`reached`].
pub async fn caught_up(app: &AppState, projection: Projection) -> Result<(), ApiError> {
    reached(app, projection, position::newest(&app.reader)).await
}

/// Waits until a change of who is let in is in force; no read model has to be there for that.
///
/// # Errors
/// As for [`reached`].
pub async fn access_reached(app: &AppState, position: Position) -> Result<(), ApiError> {
    app.projections.wait_for_access(position, WAIT_MAX).await.map_err(|_| ApiError::Stale)
}

/// Runs a query where it may block.
///
/// # Errors
/// [`ApiError`]: the read model is being rebuilt or does not open, or the cursor or the range is wrong.
pub fn ask<T>(
    app: &AppState,
    query: impl FnOnce(&Projections) -> Result<Answer<T>, QueryError>,
) -> Result<Answer<T>, ApiError> {
    may_block(|| query(&app.projections)).map_err(query_error)
}

fn query_error(error: QueryError) -> ApiError {
    match error {
        QueryError::Rebuilding { .. } | QueryError::Unavailable | QueryError::Storage(_) | QueryError::Row { .. } => {
            ApiError::ViewUnavailable { view: "you asked for" }
        }
        QueryError::BadCursor => {
            ApiError::Query(FieldError::new("cursor", "is not one that this list gave; leave it out to start over"))
        }
        QueryError::BadRange { .. } | QueryError::MixedCurrencies { .. } => {
            ApiError::Query(FieldError::new("of the query", error.to_string()))
        }
    }
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

impl<T> From<Page<T>> for List<T> {
    fn from(page: Page<T>) -> List<T> {
        List { items: page.entries, cursor: page.next }
    }
}

/// A name of an enum, or what would be one.
///
/// # Errors
/// [`ApiError::Query`] names the parameter.
pub fn named<T>(text: &str, parameter: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, ApiError> {
    parse(text).ok_or_else(|| ApiError::Query(FieldError::new(parameter, "is not one of its names; see /openapi.json")))
}

/// A date, or what would be one.
///
/// # Errors
/// [`ApiError::Query`] names the parameter.
pub fn date(text: &str, parameter: &str) -> Result<Date, ApiError> {
    Date::parse(text).ok_or_else(|| ApiError::Query(FieldError::new(parameter, "must be a date such as 2026-11-22")))
}
