//! Ids in paths and values in queries, parsed once.

use super::error::ApiError;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use schemas::json::FieldError;
use serde::de::DeserializeOwned;

/// The ids of the path.
#[derive(Clone, Copy, Debug)]
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathParams<T>, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(PathParams(ids)),
            Err(error) => Err(ApiError::Query(path_error(&error.body_text()))),
        }
    }
}

/// The parameters of the query.
#[derive(Clone, Debug)]
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<QueryParams<T>, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(QueryParams(params)),
            Err(error) => Err(ApiError::Query(query_error(&error.body_text()))),
        }
    }
}

/// Finds the id at fault in axum's words: ``Invalid URL: Cannot parse `store` with value `x`: why``.
fn path_error(text: &str) -> FieldError {
    let name = text.split('`').nth(1).unwrap_or("of the path");
    let why = text.rsplit_once("`: ").map_or_else(|| format!("does not read: {text}"), |(_, why)| why.to_owned());
    FieldError::new(name, why)
}

/// Finds the parameter at fault in axum's words: `Failed to deserialize query string: limit: why`.
fn query_error(text: &str) -> FieldError {
    let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match text.split_once(": ").filter(|(name, _)| is_name(name)) {
        Some((name, why)) => FieldError::new(name, format!("does not read: {why}")),
        None => FieldError::new(text.split('`').nth(1).unwrap_or("of the query"), format!("does not read: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_at_fault_is_named() {
        for (text, name) in [
            ("Failed to deserialize query string: limit: invalid digit found in string", "limit"),
            ("Failed to deserialize query string: duplicate field `limit`", "limit"),
            ("Failed to deserialize query string: foo: unknown field `foo`, expected `state`", "foo"),
            ("something else", "of the query"),
        ] {
            assert_eq!(query_error(text).pointer, name, "{text}");
        }
        let id = path_error("Invalid URL: Cannot parse `store` with value `A: b`: \"A: b\" holds a character besides");
        assert_eq!((id.pointer.as_str(), id.problem.as_str()), ("store", "\"A: b\" holds a character besides"));
        assert_eq!(path_error("Invalid URL: Invalid UTF-8 in `store`").pointer, "store");
    }
}
