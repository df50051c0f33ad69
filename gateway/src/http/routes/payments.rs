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
use schemas::json::request::{InitiatePayment, Outcome, RefundOutcome, RequestRefund};
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

/// Gives captured money back: whole, in part, or by line. Cash is given back at once; other tenders wait for an outcome.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/refunds", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), CommandParams),
    request_body = RequestRefund,
    responses((status = 201, body = Receipt<'static>), CommandProblems)
)]
pub async fn refund(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: CommandHeaders,
    At((store, payment)): At<(wire::StoreId, wire::PaymentId)>,
    Json(body): Json<RequestRefund>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse()?));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::CREATED, &answer)
}

/// Says what became of a refund outside the drawer: succeeded or failed.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/refunds/{refund}/outcome", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), ("refund" = String, Path, description = "The refund"), CommandParams),
    request_body = RefundOutcome,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn refund_outcome(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: CommandHeaders,
    At((store, payment, refund)): At<(wire::StoreId, wire::PaymentId, wire::RefundId)>,
    Json(body): Json<RefundOutcome>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse(refund.0)?));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
