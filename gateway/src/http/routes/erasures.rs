//! Erasing what was written of a guest.

use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{AccessCommand, Command};
use schemas::json::request::{EraseTexts, Erasure};
use schemas::json::{FieldError, Receipt};
use std::sync::Arc;

/// Erases the sealed texts of a customer, or of an order that names none: their keys are deleted, so that notes, allergens, reasons and the
/// customer's reference read as erased everywhere, at once and for good. Amounts, lines, positions and chains stay as they are. Texts are sealed
/// where a store is set so (`seals_texts`); what was written before stays. Copies of `data/keys` that were made before have to be deleted, too.
/// The event `TextsErased` says who did it and when; of the customer it holds a keyed hash only.
#[utoipa::path(
    post, path = "/v1/erasures", tag = "tokens",
    params(CommandParams),
    request_body = EraseTexts,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn erase(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    Json(body): Json<EraseTexts>,
) -> Result<Response, ApiError> {
    let (customer, store, order) = match body.parse()? {
        Erasure::Customer(customer) => (Some(app.keys.customer_hash(caller.tenant, customer)), None, None),
        Erasure::Order(store, order) => {
            if app.keys.customer_of(caller.tenant, store, order).is_some() {
                let problem =
                    "names a customer, whose other orders are sealed with the same key; erase by customer_ref";
                return Err(FieldError::new("/order_id", problem).into());
            }
            (None, Some(store), Some(order))
        }
    };
    let command = Command::Access(AccessCommand::EraseTexts { customer, store, order });
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
