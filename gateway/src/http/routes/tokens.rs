//! Tokens, and the tenants they begin with.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, OperatorCaller};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::{PathParams, QueryParams};
use crate::http::query;
use crate::http::watched::LetIn;
use crate::state::AppState;
use crate::tokens::{self, NewToken};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use commands::Accepted;
use domain::command::{AccessCommand, Command, Issued};
use domain::event::{AccessEvent, Event, Role, Terms};
use domain::ids::TokenId;
use schemas::json::request::{ExchangeToken, IssueToken, MakeTenant};
use schemas::json::{Receipt, wire};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A token that was issued: this is the only place where it is shown, once.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedToken<'a> {
    /// Its id.
    pub token_id: String,
    /// What to send as `Authorization: Bearer ...`. Kept nowhere: the answer to a repeat under the same key has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Where there is no `token`: it was shown in the first answer under this key. If that was lost, revoke this one and issue another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_was_shown: Option<bool>,
    /// The commit; absent of the operator's session, who is in no log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt<'a>>,
}

/// Issues a token. It is random, and shown in this answer only.
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
    Json(body): Json<IssueToken>,
) -> Result<Response, ApiError> {
    let token = tokens::mint();
    let new = body.parse((token.id, token.secret_sha256), Some(caller.grant.token))?;
    let command = Command::Access(AccessCommand::IssueToken(new));
    let answer = command::run(&app, &caller, &headers, command).await?;
    shown(&app, &answer, token).await
}

/// Issues a token for the one that is sent, which was issued before tokens said how far and how long they are good: of the same role,
/// for all stores, good for 400 days. The one that was sent goes on until it is revoked, which it may do itself:
/// `DELETE /v1/tokens/{token}?issued=keep`.
#[utoipa::path(
    post, path = "/v1/tokens/exchange", tag = "tokens",
    params(CommandParams),
    request_body = ExchangeToken,
    responses((status = 201, body = IssuedToken<'static>), CommandProblems)
)]
pub async fn exchange_token(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    Json(body): Json<ExchangeToken>,
) -> Result<Response, ApiError> {
    if caller.grant.expires_at.is_some() {
        return Err(ApiError::NotExchangeable);
    }
    let token = tokens::mint();
    let terms = Terms { issuer: Some(caller.grant.token), ..Terms::default() };
    let new = domain::command::NewToken { terms: Some(terms), ..token.issued(caller.role, body.label.0) };
    let command = Command::Access(AccessCommand::IssueToken(new));
    let answer = command::run_allowed(&app, &caller, &headers, command).await?;
    shown(&app, &answer, token).await
}

/// Makes a tenant, which begins with its first admin's token. Only the operator does, whose credential is in the data directory
/// (`comanda operator show`).
#[utoipa::path(
    post, path = "/v1/tenants", tag = "operations",
    params(CommandParams),
    request_body = MakeTenant,
    responses((status = 201, body = IssuedToken<'static>), CommandProblems)
)]
pub async fn make_tenant(
    State(app): State<Arc<AppState>>,
    _: OperatorCaller,
    headers: CommandHeaders,
    Json(body): Json<MakeTenant>,
) -> Result<Response, ApiError> {
    let token = tokens::mint();
    let new = domain::command::NewToken { is_first: true, ..token.issued(Role::Admin, body.label.0) };
    let command = AccessCommand::IssueToken(new);
    let envelope = command::from_outside(headers.command_id, body.tenant.0, "operator", command);
    let answer = command::submit(&app, envelope).await?;
    let mut response = shown(&app, &answer, token).await?;
    response.extensions_mut().insert(LetIn { tenant: body.tenant.0, credential: None });
    Ok(response)
}

/// The answer with the token, unless it is a repeat: then with the one that was issued first, whose secret was shown.
pub(super) async fn shown(app: &AppState, answer: &Accepted, token: NewToken) -> Result<Response, ApiError> {
    // Answered once the door knows it, so that a token that was shown works.
    query::access_reached(app, answer.receipt.position).await?;
    let issued = answer.receipt.events.iter().find_map(|recorded| match &recorded.event {
        Event::Access(AccessEvent::TokenIssued { token, .. }) => Some(*token),
        _ => None,
    });
    let token_id = issued.unwrap_or(token.id);
    let is_new = token_id == token.id;
    let issued = IssuedToken {
        token_id: token_id.to_string(),
        token: is_new.then_some(token.text),
        secret_was_shown: (!is_new).then_some(true),
        receipt: Some(command::receipt(answer)),
    };
    let body = serde_json::to_vec(&issued).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(command::with_headers(StatusCode::CREATED, answer, body.into()))
}

/// What else is revoked.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevokeParams {
    /// What becomes of the tokens that were issued with it, and of those that were issued with them: `revoke` or `keep`. It has to be
    /// said of an admin's; of others `keep` where it is left out.
    #[param(value_type = Option<String>)]
    issued: Option<wire::Wire<Issued>>,
}

/// Stops a token; it stops working at once, and so do the sessions on its device. The commit's events name every token that went.
/// A token may stop itself, whatever its role.
#[utoipa::path(
    delete, path = "/v1/tokens/{token}", tag = "tokens",
    params(("token" = String, Path, description = "The token's id"), RevokeParams, CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn revoke_token(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(token): PathParams<String>,
    QueryParams(params): QueryParams<RevokeParams>,
) -> Result<Response, ApiError> {
    let token = TokenId::parse(&token).map_err(|_| ApiError::NotFound { what: "token" })?;
    if token != caller.grant.token {
        caller.may(Capability::ManageTokens)?;
        caller.is_good_everywhere()?;
    }
    let command = AccessCommand::RevokeToken { token, issued: params.issued.map(|issued| issued.0) };
    let answer = command::run_allowed(&app, &caller, &headers, Command::Access(command)).await?;
    // Answered once the door knows it too, so that "revoked" means that it does not work any more.
    query::access_reached(&app, answer.receipt.position).await?;
    command::respond(StatusCode::OK, &answer)
}
