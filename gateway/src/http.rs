//! HTTP: addresses, who may call them, what they answer.

pub mod answer;
pub mod block;
pub mod bounds;
pub mod caller;
pub mod command;
pub mod connections;
pub mod docs;
pub mod error;
pub mod exposition;
pub mod form;
pub mod frames;
pub mod negotiation;
pub mod page;
pub mod path;
pub mod peer;
pub mod proxies;
pub mod query;
pub mod rates;
pub mod respond;
pub mod routes;
pub mod senders;
pub mod server;
pub mod service;
pub mod stall;
pub mod tls;
pub mod trace;
pub mod unsealed;
pub mod watched;

use crate::state::AppState;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use error::ApiError;
use form::Offers;
use rates::Rates;
use routes::{
    approvals, batch, clock, commands, devices, erasures, feed, kitchen, ops, orders, reads, security, sessions,
    terminals, tokens, webhooks,
};
use service::HttpService;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the OpenAPI document says about itself.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "comanda",
        description = "An event-sourced order engine for restaurant chains. Amounts are integers in the currency's minor units; \
            quantities are numbers of units, exact to thousandths; times are RFC 3339 in UTC. Every command takes an \
            `Idempotency-Key` and may be repeated under it for ever. Problems are RFC 9457 with a stable `code`."
    ),
    security(("token" = [])),
    // Answers that only derive `IntoResponses` do not bring their schemas along.
    components(schemas(schemas::json::Problem)),
    modifiers(&BearerToken, &Events)
)]
struct Document;

struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The data of every type of event, and the values in it that no address has to describe.
struct Events;

impl utoipa::Modify for Events {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, schema) in schemas::events::event_schemas() {
            components.schemas.entry(name).or_insert(schema);
        }
    }
}

/// Which addresses a listener has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// All of them: there is no other listener.
    Only,
    /// All but those of [`Door::Operations`].
    Public,
    /// Those for whoever runs the server, who may see how much all tenants do.
    Operations,
}

/// Every address with its document.
fn documented() -> OpenApiRouter<Arc<AppState>> {
    public().routes(routes!(ops::metrics))
}

/// Those that the public has, whatever else listens.
fn public() -> OpenApiRouter<Arc<AppState>> {
    commands::with_commands(OpenApiRouter::with_openapi(Document::openapi()))
        .routes(routes!(reads::orders::orders))
        .routes(routes!(orders::price))
        .routes(routes!(reads::orders::order))
        .routes(routes!(feed::history))
        .routes(routes!(reads::orders::board))
        .routes(routes!(kitchen::ready))
        .routes(routes!(webhooks::receive))
        .routes(routes!(reads::drawers::list))
        .routes(routes!(reads::drawers::shifts))
        .routes(routes!(reads::sales::days))
        .routes(routes!(reads::sales::x))
        .routes(routes!(reads::sales::z))
        .routes(routes!(reads::orders::payment))
        .routes(routes!(reads::orders::payments))
        .routes(routes!(reads::catalog::menu))
        .routes(routes!(reads::puts::item))
        .routes(routes!(reads::puts::modifier_group))
        .routes(routes!(reads::puts::tax))
        .routes(routes!(reads::puts::daypart))
        .routes(routes!(reads::puts::price))
        .routes(routes!(reads::puts::availability))
        .routes(routes!(reads::puts::member))
        .routes(routes!(reads::catalog::stock))
        .routes(routes!(reads::catalog::store))
        .routes(routes!(reads::catalog::stores))
        .routes(routes!(batch::post))
        .routes(routes!(reads::terminals::list))
        .routes(routes!(reads::chains::chain))
        .routes(routes!(reads::terminals::exceptions))
        .routes(routes!(terminals::resolve))
        .routes(routes!(reads::sales::sales))
        .routes(routes!(feed::feed))
        .routes(routes!(tokens::issue_token, reads::access::tokens))
        .routes(routes!(erasures::erase))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(tokens::exchange_token))
        .routes(routes!(tokens::make_tenant))
        .routes(routes!(clock::show))
        .routes(routes!(clock::confirm))
        .routes(routes!(devices::add_device, reads::access::devices))
        .routes(routes!(devices::enrol_device))
        .routes(routes!(sessions::sign_in, sessions::sign_out))
        .routes(routes!(sessions::set_pin))
        .routes(routes!(approvals::approve))
        .routes(routes!(reads::access::staff))
        .routes(routes!(security::list))
        .routes(routes!(ops::livez))
        .routes(routes!(ops::readyz))
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

/// Where it is asked how the server is doing.
const LIVEZ: &str = "/livez";
const READYZ: &str = "/readyz";
const METRICS: &str = "/metrics";
/// Where the OpenAPI document is.
const OPENAPI: &str = "/openapi.json";
/// Where it is to be read by people.
const DOCS: &str = "/docs";

/// The addresses of a listener.
///
/// # Panics
/// Never: the OpenAPI document is JSON, and each of its paths is an address.
pub fn service(app: Arc<AppState>, door: Door, rates: Option<Arc<Rates>>) -> HttpService {
    let document = openapi();
    if door == Door::Operations {
        let router = axum::Router::new()
            .route(LIVEZ, get(ops::livez))
            .route(READYZ, get(ops::readyz_in_detail))
            .route(METRICS, get(ops::metrics));
        let paths = [LIVEZ, READYZ, METRICS].map(|path| (path, offers(&document, path)));
        return HttpService::new(Arc::clone(&app), with_fallbacks(router).with_state(app), rates, paths);
    }
    let (router, described) = if door == Door::Only { documented() } else { public() }.split_for_parts();
    let bytes: bytes::Bytes = serde_json::to_vec(&document).expect("the OpenAPI document is JSON").into();
    let json = HeaderValue::from_static("application/json");
    let openapi = move || {
        let answer = ([(header::CONTENT_TYPE, json.clone())], bytes.clone());
        async move { answer }
    };
    let page = page::page(&serde_json::to_value(&document).expect("the OpenAPI document is JSON"));
    let page = (bytes::Bytes::from(page), HeaderValue::from_static("text/html; charset=utf-8"));
    let docs = move || {
        let (body, kind) = page.clone();
        let headers =
            [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY))];
        async move { (headers, body) }
    };
    let router = router.route(OPENAPI, get(openapi)).route(DOCS, get(docs));
    let router = with_fallbacks(router).with_state(Arc::clone(&app));
    let described = described.paths.paths.iter().map(|(path, item)| (path.as_str(), Offers::of(item)));
    HttpService::new(app, router, rates, described.chain([(OPENAPI, Offers::json()), (DOCS, Offers::html())]))
}

fn with_fallbacks(router: axum::Router<Arc<AppState>>) -> axum::Router<Arc<AppState>> {
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

/// What the address of this path offers, as its document says.
fn offers(document: &utoipa::openapi::OpenApi, path: &str) -> Offers {
    document.paths.paths.get(path).map(Offers::of).unwrap_or_default()
}

async fn not_found() -> Response {
    ApiError::NotFound { what: "address; see /openapi.json" }.into_response()
}

/// `OPTIONS` asks which methods there are. The router says so in `Allow`.
async fn method_not_allowed(method: Method) -> Response {
    match method == Method::OPTIONS {
        true => StatusCode::NO_CONTENT.into_response(),
        false => ApiError::MethodNotAllowed.into_response(),
    }
}
