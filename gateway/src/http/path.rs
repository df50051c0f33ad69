//! Ids in paths and values in queries, parsed once.

use super::error::ApiError;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use schemas::json::{FieldError, parse_query};
use serde::de::DeserializeOwned;

/// The ids of the path.
#[derive(Clone, Copy, Debug)]
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathParams<T>, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(PathParams(ids)),
            Err(rejection) => Err(ApiError::Query(path_error(rejection))),
        }
    }
}

/// The parameters of the query.
#[derive(Clone, Debug)]
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<QueryParams<T>, ApiError> {
        parse_query(parts.uri.query().unwrap_or_default()).map(QueryParams).map_err(ApiError::Query)
    }
}

/// Which id is at fault.
fn path_error(rejection: PathRejection) -> FieldError {
    match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
            ErrorKind::DeserializeError { key, message, .. } => FieldError::new(key, message),
            ErrorKind::InvalidUtf8InPathParam { key } => {
                let problem = format!("does not read: Invalid URL: Invalid UTF-8 in `{key}`");
                FieldError::new(key, problem)
            }
            other => FieldError::new("of the path", format!("does not read: Invalid URL: {other}")),
        },
        other => FieldError::new("of the path", format!("does not read: {}", other.body_text())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what does not read is of interest")]
    struct Query {
        limit: Option<usize>,
        state: Option<String>,
    }

    /// The parameter at fault and what is wrong, as the problem tells them.
    fn fault<T: FromRequestParts<(), Rejection = ApiError>>(uri: &str) -> (String, String) {
        let (mut parts, ()) = axum::http::Request::get(uri).body(()).unwrap().into_parts();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        match runtime.block_on(T::from_request_parts(&mut parts, &())) {
            Err(ApiError::Query(error)) => (error.pointer, error.problem),
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("{uri} reads"),
        }
    }

    #[test]
    fn the_parameter_at_fault_is_named() {
        for (query, name, problem) in [
            ("limit=x", "limit", "does not read: invalid digit found in string"),
            ("limit=1&limit=2", "limit", "does not read: duplicate field `limit`"),
            ("foo=1", "foo", "does not read: unknown field `foo`, expected `limit` or `state`"),
        ] {
            assert_eq!(fault::<QueryParams<Query>>(&format!("/?{query}")), (name.to_owned(), problem.to_owned()));
        }
    }

    #[tokio::test]
    async fn the_id_at_fault_is_named() {
        async fn handler(ids: Result<PathParams<(String, schemas::json::wire::StoreId)>, ApiError>) -> String {
            match ids {
                Err(ApiError::Query(error)) => format!("{} {}", error.pointer, error.problem),
                other => panic!("{other:?}"),
            }
        }
        for (path, expected) in [
            ("/a/A:%20b", "store holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those"),
            ("/%ff/b", "other does not read: Invalid URL: Invalid UTF-8 in `other`"),
        ] {
            let router = axum::Router::new().route("/{other}/{store}", axum::routing::get(handler));
            let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
            let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
            let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
            assert_eq!(String::from_utf8_lossy(&body), expected);
        }
    }
}
