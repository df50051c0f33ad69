//! The menu, the stores and the tokens.

use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json, bearer};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::http::query;
use crate::http::routes::orders::NoFields;
use crate::state::AppState;
use crate::tokens;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::command::{AccessCommand, Command, MenuCommand, StoreCommand};
use schemas::json::request::{
    IssueToken, PutItem, PutModifierGroup, PutStaff, PutStore, PutTax, SetAvailability, SetPrice,
};
use schemas::json::{Receipt, wire};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

async fn send(app: &AppState, caller: Caller, headers: CommandHeaders, command: Command) -> Result<Response, ApiError> {
    let answer = command::run(app, &caller, &headers, command).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Creates or changes an item in the draft of the menu.
#[utoipa::path(
    put, path = "/v1/menu/items/{item}", tag = "menu",
    params(("item" = String, Path, description = "The item"), CommandParams),
    request_body = PutItem,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn put_item(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(item): PathParams<wire::ItemId>,
    Json(body): Json<PutItem>,
) -> Result<Response, ApiError> {
    let command = Command::Menu(MenuCommand::UpsertItem(body.parse(item.0)?));
    send(&app, caller, headers, command).await
}

/// Takes an item off the draft of the menu.
#[utoipa::path(
    delete, path = "/v1/menu/items/{item}", tag = "menu",
    params(("item" = String, Path, description = "The item"), CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn retire_item(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(item): PathParams<wire::ItemId>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Menu(MenuCommand::RetireItem(item.0))).await
}

/// Creates or changes a modifier group in the draft of the menu.
#[utoipa::path(
    put, path = "/v1/menu/modifier-groups/{group}", tag = "menu",
    params(("group" = String, Path, description = "The modifier group"), CommandParams),
    request_body = PutModifierGroup,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn put_group(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(group): PathParams<wire::GroupId>,
    Json(body): Json<PutModifierGroup, { 256 << 10 }>,
) -> Result<Response, ApiError> {
    let command = Command::Menu(MenuCommand::UpsertModifierGroup(body.parse(group.0)?));
    send(&app, caller, headers, command).await
}

/// Creates or changes a tax in the draft of the menu.
#[utoipa::path(
    put, path = "/v1/menu/taxes/{tax}", tag = "menu",
    params(("tax" = String, Path, description = "The tax"), CommandParams),
    request_body = PutTax,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn put_tax(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(tax): PathParams<wire::TaxId>,
    Json(body): Json<PutTax>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Menu(MenuCommand::UpsertTax(body.parse(tax.0)))).await
}

/// Makes the draft the next version of the menu; every store adopts it.
#[utoipa::path(
    post, path = "/v1/menu/publish", tag = "menu",
    params(CommandParams),
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn publish(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    Json(NoFields {}): Json<NoFields>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Menu(MenuCommand::Publish)).await
}

/// Creates a store or changes its settings.
#[utoipa::path(
    put, path = "/v1/stores/{store}", tag = "stores",
    params(("store" = String, Path, description = "The store"), CommandParams),
    request_body = PutStore,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn put_store(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(store): PathParams<wire::StoreId>,
    Json(body): Json<PutStore>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Store(store.0, StoreCommand::Put(body.parse()?))).await
}

/// Sets a store's own price of an item, or ends it with `"price": null`.
#[utoipa::path(
    put, path = "/v1/stores/{store}/prices/{item}", tag = "menu",
    params(("store" = String, Path, description = "The store"), ("item" = String, Path, description = "The item"), CommandParams),
    request_body = SetPrice,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn set_price(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, item)): PathParams<(wire::StoreId, wire::ItemId)>,
    Json(body): Json<SetPrice>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Store(store.0, body.parse(item.0)?)).await
}

/// Starts or stops selling an item in a store.
#[utoipa::path(
    put, path = "/v1/stores/{store}/availability/{item}", tag = "menu",
    params(("store" = String, Path, description = "The store"), ("item" = String, Path, description = "The item"), CommandParams),
    request_body = SetAvailability,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn set_availability(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams((store, item)): PathParams<(wire::StoreId, wire::ItemId)>,
    Json(body): Json<SetAvailability>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Store(store.0, body.parse(item.0))).await
}

/// Says what a member of staff may approve. A token acts as the member whose id it has.
#[utoipa::path(
    put, path = "/v1/staff/{staff}", tag = "staff",
    params(("staff" = String, Path, description = "The member of staff"), CommandParams),
    request_body = PutStaff,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn put_staff(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(staff): PathParams<wire::ActorId>,
    Json(body): Json<PutStaff>,
) -> Result<Response, ApiError> {
    send(&app, caller, headers, Command::Access(body.parse(staff.0)?)).await
}

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
