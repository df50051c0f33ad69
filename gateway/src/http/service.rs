//! What every request passes: its trace id, its counters, its log line.
//!
//! These stand around axum's router, not in it: a layer of it would box a copy of the route and a future of its own for
//! every request. What address a request is counted under is found by the same rules, those of `matchit`.

use super::connections::Connection;
use super::error::ApiError;
use super::form::{Offers, check};
use super::peer::Peer;
use super::trace::{TraceId, X_TRACE_ID};
use crate::metrics::CountedRoute;
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Instant;
use tower::Service;

/// All addresses and what stands around them.
pub struct HttpService {
    app: Arc<AppState>,
    router: Router,
    addresses: matchit::Router<Address>,
    /// What is at no address.
    nowhere: Address,
}

/// What is known of an address before it is asked.
struct Address {
    counted: CountedRoute,
    offers: Offers,
}

impl HttpService {
    /// The addresses of `router`, which are written as in `paths`, with what each offers.
    ///
    /// # Panics
    /// If one of the paths is no pattern of an address, or twice there.
    pub fn new<'a>(
        app: Arc<AppState>,
        router: Router,
        paths: impl IntoIterator<Item = (&'a str, Offers)>,
    ) -> HttpService {
        let mut addresses = matchit::Router::new();
        for (path, offers) in paths {
            let address = Address { counted: CountedRoute::new(path), offers };
            addresses.insert(path, address).expect("what axum takes for an address is one");
        }
        let nowhere = Address { counted: CountedRoute::new("none"), offers: Offers::default() };
        HttpService { app, router, addresses, nowhere }
    }

    /// Names the request, has it answered, counts it, and writes its line.
    pub async fn call(&self, mut request: Request<Incoming>, connection: &Arc<Connection>) -> Response {
        let started = Instant::now();
        let peer = Peer::of(&self.app, connection, request.headers());
        let used = connection.used(started, peer.address, peer.credential());
        let certified = peer.shows_certificate();
        request.extensions_mut().insert(peer);
        let trace_id = TraceId::of(request.headers());
        let method = request.method().clone();
        let address = self.addresses.at(request.uri().path()).map_or(&self.nowhere, |found| found.value);
        let route = &address.counted;
        let (parts, body) = request.into_parts();
        let checked = used.map_err(|max| ApiError::Connections { max });
        let checked = checked.and(certified).and_then(|()| check(&parts, &address.offers));
        let mut response = match checked {
            Ok(()) => {
                let request = Request::from_parts(parts, Body::new(body));
                let Ok(response) = trace_id.over(self.router.clone().call(request)).await;
                response
            }
            Err(error) => error.into_response(),
        };
        let (took, status) = (started.elapsed(), response.status().as_u16());
        self.app.metrics.count(route, &method, status, took);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let (route, shown) = (route.name(), trace_id.as_str());
        match status {
            500.. => tracing::warn!(target: "http", %method, route, status, took_us, trace_id = shown),
            _ => tracing::debug!(target: "http", %method, route, status, took_us, trace_id = shown),
        }
        response.headers_mut().insert(X_TRACE_ID, trace_id.to_header());
        response
    }
}
