//! Tokens.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, bearer};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::http::query;
use crate::state::AppState;
use crate::tokens;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::command::{AccessCommand, Command};
use schemas::json::Receipt;
use schemas::json::request::IssueToken;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A token that was issued: this is the only place where it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedToken<'a> {
    /// Its id.
    pub token_id: String,
    /// What to send as `Authorization: Bearer ...`. Kept nowhere; a repeat under the same key shows it again.
    pub token: String,
    /// The commit.
    pub receipt: Receipt<'a>,
}

/// Issues a token.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "tokens",
    params(CommandParams),
    request_body = IssueToken,
    responses((status = 201, body = IssuedToken<'static>), CommandProblems)
)]
pub async fn issue_token(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    request: HeaderMap,
    Json(body): Json<IssueToken>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ManageTokens)?;
    let (role, label) = body.parse();
    let own = bearer(&request).ok_or(ApiError::Unauthenticated)?;
    let token = tokens::derive(own, headers.command_id.0);
    let command = AccessCommand::IssueToken { token: token.id, role, label, secret_sha256: token.secret_sha256 };
    let answer = command::run(&app, &caller, &headers, Command::Access(command)).await?;
    // Answered once the door knows it, so that a token that was shown works.
    query::access_reached(&app, answer.receipt.position).await?;
    let issued = IssuedToken { token_id: token.id.to_string(), token: token.text, receipt: command::receipt(&answer) };
    let body = serde_json::to_vec(&issued).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(command::with_headers(StatusCode::CREATED, &answer, body.into()))
}

/// Stops a token; it stops working at once.
#[utoipa::path(
    delete, path = "/v1/tokens/{token}", tag = "tokens",
    params(("token" = String, Path, description = "The token's id"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn revoke_token(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(token): PathParams<String>,
) -> Result<Response, ApiError> {
    let token = domain::ids::TokenId::parse(&token).map_err(|_| ApiError::NotFound { what: "token" })?;
    let answer = command::run(&app, &caller, &headers, Command::Access(AccessCommand::RevokeToken(token))).await?;
    // Answered once the door knows it too, so that "revoked" means that it does not work any more.
    query::access_reached(&app, answer.receipt.position).await?;
    command::respond(StatusCode::OK, &answer)
}
