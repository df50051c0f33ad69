//! Payments: start an attempt, say what became of it.

use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::command::{Command, PaymentCommand, ProviderCommand, StoreCommand};
use schemas::json::request::{
    AdjustTip, InitiatePayment, Outcome, RefundOutcome, RequestRefund, ReviewPayment, VoidPayment,
};
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
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, order)): PathParams<(wire::StoreId, wire::OrderId)>,
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
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
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
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
    Json(body): Json<RequestRefund>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse()?));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::CREATED, &answer)
}

/// Says what became of a refund that was asked for: succeeded or failed. Cash that its order could not take is handed back by it.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/refunds/{refund}/outcome", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), ("refund" = String, Path, description = "The refund"), CommandParams),
    request_body = RefundOutcome,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn refund_outcome(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment, refund)): PathParams<(wire::StoreId, wire::PaymentId, wire::RefundId)>,
    Json(body): Json<RefundOutcome>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse(refund.0)?));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Asks the provider for the money that it has set aside, with the tip as it is now.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/capture", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn capture(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
) -> Result<Response, ApiError> {
    let command = PaymentCommand::Provider(ProviderCommand::Capture);
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, command));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Has the provider let go of what it has set aside; of captured money it gives all back.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/void", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), CommandParams),
    request_body = VoidPayment,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn void(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
    Json(body): Json<VoidPayment>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse()));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Changes the tip of an authorised payment, before the provider is asked for the money.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/tip", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), CommandParams),
    request_body = AdjustTip,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn tip(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
    Json(body): Json<AdjustTip>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse()?));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Decides about a flag on a payment. Nothing that happened is changed: the answer's `PaymentReviewed` names the flag, and what
/// follows comes behind it.
///
/// Where another amount moved, or the provider names another payment of its own, `accept` counts what moved towards the order (what
/// is more than is due goes back) and `refund` gives all of it back, or lets go of what was only set aside. `dismiss` ends the attempt:
/// nothing moved, or it was settled where the money is. What is in another currency can only be dismissed. Where a refund is in doubt,
/// `accept` says that the money went back and books it, `dismiss` that it did not. What the engine has dealt with itself
/// (`late_capture`, `not_applicable`) is dismissed once somebody has seen it.
#[utoipa::path(
    post, path = "/v1/stores/{store}/payments/{payment}/review", tag = "payments",
    params(("store" = String, Path, description = "The store"), ("payment" = String, Path, description = "The payment"), CommandParams),
    request_body = ReviewPayment,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn review(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, payment)): PathParams<(wire::StoreId, wire::PaymentId)>,
    Json(body): Json<ReviewPayment>,
) -> Result<Response, ApiError> {
    let command = Command::Store(store.0, StoreCommand::Payment(payment.0, body.parse()?));
    let answer = command::run(&app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}
