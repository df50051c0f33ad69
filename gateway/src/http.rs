//! The HTTP door: addresses, who may call them, what they answer.

pub mod caller;
pub mod command;
pub mod docs;
pub mod door;
pub mod error;
pub mod exposition;
pub mod path;
pub mod pulse;
pub mod query;
pub mod respond;
pub mod routes;
pub mod server;
pub mod trace;

use crate::state::AppState;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use door::Door;
use error::ApiError;
use routes::{
    admin, batch, chain, days, drawers, feed, floor, kitchen, ops, orders, payments, reads, stock, terminals, webhooks,
};
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
    modifiers(&BearerToken)
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

/// Every address with its document.
fn documented() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(orders::open, reads::orders))
        .routes(routes!(orders::price))
        .routes(routes!(reads::order))
        .routes(routes!(feed::history))
        .routes(routes!(orders::add_lines))
        .routes(routes!(orders::change_line, orders::remove_line))
        .routes(routes!(orders::apply_discount))
        .routes(routes!(orders::comp))
        .routes(routes!(orders::remove_discount))
        .routes(routes!(orders::apply_charge))
        .routes(routes!(orders::remove_charge))
        .routes(routes!(orders::place))
        .routes(routes!(orders::set_table))
        .routes(routes!(orders::assign_server))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::complete))
        .routes(routes!(floor::split))
        .routes(routes!(floor::merge))
        .routes(routes!(kitchen::hold))
        .routes(routes!(kitchen::fire))
        .routes(routes!(kitchen::serve))
        .routes(routes!(kitchen::void_line))
        .routes(routes!(kitchen::board))
        .routes(routes!(kitchen::start))
        .routes(routes!(kitchen::ready))
        .routes(routes!(kitchen::bump))
        .routes(routes!(kitchen::recall))
        .routes(routes!(payments::initiate))
        .routes(routes!(payments::outcome))
        .routes(routes!(payments::refund))
        .routes(routes!(payments::refund_outcome))
        .routes(routes!(payments::capture))
        .routes(routes!(payments::void))
        .routes(routes!(payments::tip))
        .routes(routes!(payments::review))
        .routes(routes!(webhooks::receive))
        .routes(routes!(drawers::list))
        .routes(routes!(drawers::shifts))
        .routes(routes!(drawers::open))
        .routes(routes!(drawers::paid_in))
        .routes(routes!(drawers::paid_out))
        .routes(routes!(drawers::no_sale))
        .routes(routes!(drawers::close))
        .routes(routes!(days::days))
        .routes(routes!(days::open))
        .routes(routes!(days::x))
        .routes(routes!(days::close))
        .routes(routes!(days::z))
        .routes(routes!(reads::payment))
        .routes(routes!(reads::payments))
        .routes(routes!(reads::menu))
        .routes(routes!(admin::put_item, admin::retire_item))
        .routes(routes!(admin::put_group))
        .routes(routes!(admin::put_tax))
        .routes(routes!(admin::publish))
        .routes(routes!(admin::set_price))
        .routes(routes!(admin::set_availability))
        .routes(routes!(reads::stock))
        .routes(routes!(stock::policy))
        .routes(routes!(stock::receive))
        .routes(routes!(stock::count))
        .routes(routes!(stock::adjust))
        .routes(routes!(stock::waste))
        .routes(routes!(stock::mark_86))
        .routes(routes!(stock::unmark_86))
        .routes(routes!(admin::put_store, reads::store))
        .routes(routes!(reads::stores))
        .routes(routes!(batch::post))
        .routes(routes!(terminals::list))
        .routes(routes!(chain::chain))
        .routes(routes!(terminals::exceptions))
        .routes(routes!(terminals::resolve))
        .routes(routes!(reads::sales))
        .routes(routes!(feed::feed))
        .routes(routes!(admin::issue_token, reads::tokens))
        .routes(routes!(admin::revoke_token))
        .routes(routes!(admin::put_staff))
        .routes(routes!(reads::staff))
        .routes(routes!(ops::livez))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics))
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

/// Where the OpenAPI document is.
const OPENAPI: &str = "/openapi.json";

/// All addresses.
///
/// # Panics
/// Never: the OpenAPI document is JSON, and each of its paths is an address.
pub fn door(app: Arc<AppState>) -> Door {
    let (router, document) = documented().split_for_parts();
    let bytes: bytes::Bytes = serde_json::to_vec(&document).expect("the OpenAPI document is JSON").into();
    let json = HeaderValue::from_static("application/json");
    let openapi = move || {
        let answer = ([(header::CONTENT_TYPE, json.clone())], bytes.clone());
        async move { answer }
    };
    let router = router
        .route(OPENAPI, axum::routing::get(openapi))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(&app));
    Door::new(app, router, document.paths.paths.keys().map(String::as_str).chain([OPENAPI]))
}

async fn not_found() -> Response {
    ApiError::NotFound { what: "address; see /openapi.json" }.into_response()
}

async fn method_not_allowed() -> Response {
    ApiError::MethodNotAllowed.into_response()
}
