//! What every request passes: its trace id, its counters, its log line.
//!
//! These stand around axum's router, not in it: a layer of it would box a copy of the route and a future of its own for
//! every request. What address a request is counted under is found by the same rules, those of `matchit`.

use super::connections::Connection;
use super::error::ApiError;
use super::form::{Offers, check};
use super::peer::Peer;
use super::rates::{Class, Rates};
use super::trace::{TraceId, X_TRACE_ID};
use super::unsealed::Reading;
use super::watched::{LetIn, ProblemCode, Watched};
use crate::metrics::CountedRoute;
use crate::security::{Deed, Meter, Who};
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use domain::event::Act;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Instant;
use tower::Service;

/// All addresses and what stands around them.
pub struct HttpService {
    app: Arc<AppState>,
    router: Router,
    /// How many requests there may be; nothing where only those ask who run the server.
    rates: Option<Arc<Rates>>,
    addresses: matchit::Router<Address>,
    /// What is at no address.
    nowhere: Address,
}

/// What is known of an address before it is asked.
struct Address {
    counted: CountedRoute,
    offers: Offers,
    watched: Watched,
    class: Class,
}

impl HttpService {
    /// The addresses of `router`, which are written as in `paths`, with what each offers.
    ///
    /// # Panics
    /// If one of the paths is no pattern of an address, or twice there.
    pub fn new<'a>(
        app: Arc<AppState>,
        router: Router,
        rates: Option<Arc<Rates>>,
        paths: impl IntoIterator<Item = (&'a str, Offers)>,
    ) -> HttpService {
        let mut addresses = matchit::Router::new();
        for (path, offers) in paths {
            let address = Address {
                counted: CountedRoute::new(path),
                offers,
                watched: Watched::at(path),
                class: Class::at(path),
            };
            addresses.insert(path, address).expect("what axum takes for an address is one");
        }
        let (offers, watched, class) = (Offers::default(), Watched::default(), Class::default());
        let nowhere = Address { counted: CountedRoute::new("none"), offers, watched, class };
        HttpService { app, router, rates, addresses, nowhere }
    }

    /// Names the request, has it answered, counts it, and writes its line.
    pub async fn call(&self, mut request: Request<Incoming>, connection: &Arc<Connection>) -> Response {
        let started = Instant::now();
        let peer = Peer::of(&self.app, connection, request.headers());
        let used = connection.used(started, peer.address, peer.credential());
        let certified = peer.shows_certificate();
        let (from, grant) = (peer.address, peer.grant.clone());
        let address = self.addresses.at(request.uri().path()).map_or(&self.nowhere, |found| found.value);
        let taken = self.rates.as_ref().map_or(Ok(()), |rates| rates.take(&peer, address.class));
        request.extensions_mut().insert(peer);
        let trace_id = TraceId::of(request.headers());
        let method = request.method().clone();
        let route = &address.counted;
        let (parts, body) = request.into_parts();
        let checked = used.map_err(|max| ApiError::Connections { max });
        let checked = checked.and(taken).and(certified).and_then(|()| check(&parts, &address.offers));
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
        self.watch(address, &method, Who::at(from, grant.as_deref()), &mut response, trace_id);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let (route, shown) = (route.name(), trace_id.as_str());
        match status {
            500.. => tracing::warn!(target: "http", %method, route, status, took_us, trace_id = shown),
            _ => tracing::debug!(target: "http", %method, route, status, took_us, trace_id = shown),
        }
        if let Some(grant) = &grant {
            response = Reading::of(&self.app.keys, grant).open(response).await;
        }
        response.headers_mut().insert(X_TRACE_ID, trace_id.to_header());
        response
    }

    /// Notes what the security log wants to know: the one place where refusals and acts, whoever says them, become answers.
    fn watch(&self, address: &Address, method: &Method, mut who: Who, response: &mut Response, trace_id: TraceId) {
        let Some((act, method)) = address.watched.act(method, response.status(), who.role) else { return };
        if let Some(LetIn { tenant, credential }) = response.extensions_mut().remove() {
            (who.tenant, who.credential) = (Some(tenant), credential);
        }
        let code: Option<ProblemCode> = response.extensions_mut().remove();
        let (route, status) = (address.counted.name(), response.status().as_u16());
        let deed = Deed { act, method, route, status, code: code.as_ref().map(|code| &*code.0) };
        self.app.security.note(&who, &deed, trace_id);
        if act == Act::Read {
            response.extensions_mut().insert(Meter::new(&self.app.security, who, method, route));
        }
    }
}
