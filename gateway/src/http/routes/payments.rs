//! Payments: start an attempt, say what became of it.

use crate::app::App;
use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::At;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, PaymentCommand, StoreCommand};
use schemas::json::request::{InitiatePayment, Outcome};
use schemas::json::{Receipt, wire};
use std::sync::Arc;

/// Starts a payment; cash is captured at once, with its change in the answer.
#[utoipa::path(
    post, path = "/v1/stores/{store}/orders/{order}/payments", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), CommandParams),
    request_body = InitiatePayment,
    responses((status = 201, body = Receipt<'static>), CommandProblems)
)]
pub async fn initiate(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: CommandHeaders,
    At((store, order)): At<(wire::StoreId, wire::OrderId)>,
    Json(body): Json<InitiatePayment>,
) -> Result<Response, ApiError> {
    let (payment, command) = body.parse(Some(order.0))?;
    let command = Command::Store(store.0, StoreCommand::Payment(payment, command));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::CREATED, &answer)
}

/// Says what became of a payment outside the drawer: captured or failed.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/outcome", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), CommandParams),
    request_body = Outcome,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn outcome(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: CommandHeaders,
    At((store, payment)): At<(wire::StoreId, wire::PaymentId)>,
    Json(body): Json<Outcome>,
) -> Result<Response, ApiError> {
    let command = PaymentCommand::RecordOutcome(body.parse()?);
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, command));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
