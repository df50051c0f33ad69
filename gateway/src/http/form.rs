//! What every request has to be before anybody looks at what it asks for: its host, what it expects, how its body is coded,
//! what it accepts.

use super::error::ApiError;
use super::negotiation::best;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Version, header};
use utoipa::openapi::path::{Operation, PathItem};

/// The methods that some address takes, or that have a meaning here.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// The media types of an address's good answers, by method, as the OpenAPI document has them.
#[derive(Debug, Default)]
pub struct Offers(Vec<(Method, Vec<String>)>);

impl Offers {
    /// What an address offers by its document.
    pub fn of(item: &PathItem) -> Offers {
        let operations = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        let offered =
            operations.into_iter().filter_map(|(method, operation)| Some((method, media_types(operation.as_ref()?))));
        Offers(offered.collect())
    }

    /// JSON to who reads.
    pub fn json() -> Offers {
        Offers(vec![(Method::GET, vec!["application/json".to_owned()])])
    }

    /// A page to who reads.
    pub fn html() -> Offers {
        Offers(vec![(Method::GET, vec!["text/html".to_owned()])])
    }

    /// What is answered to this method; nothing where that is not documented, or has no body.
    fn to(&self, method: &Method) -> &[String] {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|(offered, _)| offered == method).map_or(&[], |(_, media_types)| media_types)
    }
}

fn media_types(operation: &Operation) -> Vec<String> {
    let good = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
    let mut media_types: Vec<String> = good
        .filter_map(|(_, response)| match response {
            utoipa::openapi::RefOr::T(response) => Some(response.content.keys().cloned()),
            utoipa::openapi::RefOr::Ref(_) => None,
        })
        .flatten()
        .collect();
    media_types.dedup();
    media_types
}

/// Checks the form of a request for an address that offers this.
///
/// # Errors
/// [`ApiError`]; nothing of the body was read.
pub fn check(parts: &Parts, offers: &Offers) -> Result<(), ApiError> {
    check_host(parts)?;
    if !METHODS.contains(&parts.method) {
        return Err(ApiError::MethodUnknown);
    }
    check_expect(parts)?;
    check_coding(&parts.headers)?;
    check_accept(&parts.headers, offers.to(&parts.method))
}

/// RFC 9112, section 3.2: one `Host`, which is an authority. HTTP/1.0 knows none, and HTTP/2 has `:authority`, from which it
/// may not differ.
fn check_host(parts: &Parts) -> Result<(), ApiError> {
    let bad = |problem: &str| Err(ApiError::Header { name: "Host", problem: problem.to_owned() });
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let authority = parts.uri.authority();
    match (hosts.next(), hosts.next()) {
        (None, _) if parts.version < Version::HTTP_11 || authority.is_some() && Version::HTTP_2 <= parts.version => {
            Ok(())
        }
        (None, _) => bad("is missing; HTTP/1.1 asks for one"),
        (Some(_), Some(_)) => bad("is there twice; send it once"),
        (Some(host), None) => {
            let host = host.to_str().unwrap_or(" ");
            // A client whose target has no authority sends it empty.
            if !host.is_empty() && (host.contains('@') || host.parse::<axum::http::uri::Authority>().is_err()) {
                return bad("must be a name or an address, with a port if it is not the scheme's own");
            }
            match authority {
                Some(authority)
                    if Version::HTTP_2 <= parts.version && !authority.as_str().eq_ignore_ascii_case(host) =>
                {
                    bad("must be what :authority is")
                }
                Some(_) | None => Ok(()),
            }
        }
    }
}

/// RFC 9110, section 10.1.1. What is expected of HTTP/1.0 is to be ignored. `100 Continue` is sent once the body is wanted.
fn check_expect(parts: &Parts) -> Result<(), ApiError> {
    let is_known = |value: &axum::http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    let expected = parts.headers.get_all(header::EXPECT).iter();
    match parts.version < Version::HTTP_11 || expected.into_iter().all(is_known) {
        true => Ok(()),
        false => Err(ApiError::ExpectationFailed),
    }
}

/// RFC 9110, section 12.5.3: bodies are taken as they are.
fn check_coding(headers: &HeaderMap) -> Result<(), ApiError> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let is_plain =
        |value: &axum::http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity") || value.is_empty();
    match codings.into_iter().all(is_plain) {
        true => Ok(()),
        false => Err(ApiError::ContentCoding),
    }
}

fn check_accept(headers: &HeaderMap, offered: &[String]) -> Result<(), ApiError> {
    // What nearly everybody sends, or does not send, costs nothing.
    let is_open = match headers.get(header::ACCEPT) {
        None => true,
        Some(accept) => accept == "*/*" || offered.first().is_some_and(|first| accept == first.as_str()),
    };
    if is_open || offered.is_empty() {
        return Ok(());
    }
    let types: Vec<&str> = offered.iter().map(String::as_str).collect();
    match best(headers.get_all(header::ACCEPT), &types) {
        Some(_) => Ok(()),
        None => Err(ApiError::NotAcceptable { offered: offered.to_vec() }),
    }
}
