//! Sessions: who acts proves it, and the PINs they prove it with.

use super::tokens::{IssuedToken, shown};
use crate::access::Capability;
use crate::http::block::may_block;
use crate::http::caller::{AnyCaller, Caller, CommandHeaders, Json, OperatorCaller, is_a_persons};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::http::query;
use crate::http::respond;
use crate::pins::Busy;
use crate::state::AppState;
use crate::tokens;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use commands::{Accepted, CommandError, Envelope};
use domain::command::{AccessCommand, Command, Issued, NewSession, Proof};
use domain::event::{AccessEvent, Event};
use domain::ids::{ActorId, CommandId, DeviceId};
use domain::refused::Refused;
use projections::{Grant, GrantedDevice};
use schemas::json::Receipt;
use schemas::json::request::{Credentials, SetPin, SignIn};
use schemas::json::wire::{self, Wire};
use std::sync::Arc;

impl From<Busy> for ApiError {
    fn from(_: Busy) -> ApiError {
        ApiError::Busy
    }
}

/// Signs somebody in. The answer has the session's token: what is sent with it is done by who signed in. It ends a quarter of an hour after
/// its last request (anew where the server was stopped), and twelve hours after it began; with the token or the device that it was opened with; with the member's PIN, when that
/// is set anew; and by `DELETE /v1/session`. A device, and a token, has twenty at most: another one ends the oldest.
///
/// On a device (its token in `Authorization`) a member of staff signs in with `staff_id` and `pin` and does what the device may, and who has
/// a token of their own signs in with that and does what it may, at the device's store. Without a device, who has a token of a manager, an
/// admin, an analyst or an auditor sends `{}`; that session is no terminal. The operator does likewise; that session is in no log, so a stop
/// of the server ends it, and so does another credential of the operator's.
///
/// After five PINs that are not the member's, theirs is locked for a minute, and after each further one for twice as long, up to a day
/// (`pin_locked`), whatever the server is restarted for.
#[utoipa::path(
    post, path = "/v1/session", tag = "people",
    request_body = SignIn,
    responses((status = 201, body = super::tokens::IssuedToken<'static>), CommandProblems)
)]
pub async fn sign_in(
    State(app): State<Arc<AppState>>,
    caller: AnyCaller,
    Json(body): Json<SignIn, { 4 << 10 }>,
) -> Result<Response, ApiError> {
    let caller = match caller {
        AnyCaller::Tenants(caller) => caller,
        AnyCaller::Operator(operator) => return operators(&app, operator, body),
    };
    if caller.grant.staff.is_some() {
        return Err(refused());
    }
    let device = caller.grant.device;
    let session = match (body.parse()?, device) {
        (Credentials::Pin(staff, pin), Some(device)) => with_pin(&app, &caller, device, (staff, pin)).await?,
        (Credentials::Token(token), Some(device)) => with_token(&app, &caller, device, &token)?,
        (Credentials::Own, None) if caller.is_a_persons() => of_grant(&caller.grant),
        (_, None) | (Credentials::Own, Some(_)) => return Err(ApiError::NotAPerson),
    };
    let token = tokens::mint();
    let id = commands::derived_id(&["session", caller.tenant.as_str(), token.id.as_str()]);
    let new = NewSession { token: token.id, secret_sha256: token.secret_sha256, ..session };
    let answer = submit(&app, &caller, id, AccessCommand::OpenSession(Box::new(new))).await?;
    let (id, secret_sha256) = (token.id, token.secret_sha256);
    let response = shown(&app, &answer, token).await?;
    // From here on it is idle.
    app.projections.authenticate(id, &secret_sha256, app.certain_now());
    Ok(response)
}

fn operators(app: &AppState, operator: OperatorCaller, body: SignIn) -> Result<Response, ApiError> {
    let Credentials::Own = body.parse()? else { return Err(ApiError::NotAPerson) };
    let opened = may_block(|| app.operator.open_session(&operator.secret_sha256, app.certain_now()));
    let token = opened.ok_or_else(refused)?;
    let session =
        IssuedToken { token_id: token.id.to_string(), token: Some(token.text), secret_was_shown: None, receipt: None };
    let body = serde_json::to_vec(&session).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(respond::json(StatusCode::CREATED, body.into()))
}

/// The session of who has this token; which it is itself is yet to be made.
fn of_grant(grant: &Grant) -> NewSession {
    NewSession {
        token: grant.token,
        secret_sha256: [0; 32],
        staff: ActorId(grant.token.0),
        role: grant.role,
        stores: grant.stores.as_deref().map(<[_]>::to_vec),
        device: None,
        issuer: grant.token,
        proof: Proof::Token,
    }
}

async fn with_pin(
    app: &AppState,
    caller: &Caller,
    device: GrantedDevice,
    (staff, pin): (ActorId, String),
) -> Result<NewSession, ApiError> {
    let held = app.projections.pin_of(caller.tenant, staff);
    let is_right = app.pins.is(pin, held).await?;
    let argon2id = held.ok_or_else(refused)?.argon2id;
    let proof = Proof::Pin { argon2id, is_right };
    Ok(NewSession { staff, device: Some(device.device), proof, ..of_grant(&caller.grant) })
}

fn with_token(app: &AppState, caller: &Caller, device: GrantedDevice, token: &str) -> Result<NewSession, ApiError> {
    let (id, secret_sha256) = tokens::parse(token).ok_or_else(refused)?;
    let grant = app.projections.authenticate(id, &secret_sha256, app.certain_now()).ok_or_else(refused)?;
    let is_good = grant.tenant == caller.tenant
        && grant.device.is_none()
        && grant.staff.is_none()
        && is_a_persons(grant.role)
        && grant.stores.as_ref().is_none_or(|stores| stores.contains(&device.store));
    match is_good {
        true => Ok(NewSession { stores: Some(vec![device.store]), device: Some(device.device), ..of_grant(&grant) }),
        false => Err(refused()),
    }
}

fn refused() -> ApiError {
    ApiError::Command(CommandError::Refused(Refused::SignInRefused))
}

/// Proves by a PIN on a device who approves, and has that recorded.
///
/// # Errors
/// [`ApiError`]: nobody has that PIN, or it is locked.
pub async fn show_pin(
    app: &AppState,
    caller: &Caller,
    device: DeviceId,
    (staff, pin): (ActorId, String),
) -> Result<(), ApiError> {
    let held = app.projections.pin_of(caller.tenant, staff);
    let is_right = app.pins.is(pin, held).await?;
    let argon2id = held.ok_or_else(refused)?.argon2id;
    let id = commands::derived_id(&["pin", caller.tenant.as_str(), tokens::mint().id.as_str()]);
    submit(app, caller, id, AccessCommand::ShowPin { staff, device, argon2id, is_right }).await?;
    Ok(())
}

/// What proves who somebody is. A PIN that is not the member's is recorded, and refused all the same.
async fn submit(app: &AppState, caller: &Caller, id: CommandId, command: AccessCommand) -> Result<Accepted, ApiError> {
    let envelope = Envelope::new(id, caller.tenant, caller.actor, Command::Access(command));
    let answer = command::submit(app, Envelope { sent_by: caller.sent_by, ..envelope }).await?;
    let has_failed =
        |recorded: &commands::Recorded| matches!(recorded.event, Event::Access(AccessEvent::SignInFailed { .. }));
    match answer.receipt.events.iter().any(has_failed) {
        true => Err(refused()),
        false => Ok(answer),
    }
}

/// Signs out: the session that is sent ends at once. Of the operator's there is no commit to answer with (204).
#[utoipa::path(
    delete, path = "/v1/session", tag = "people",
    responses(
        (status = 200, body = Receipt<'static>),
        (status = 204, description = "The operator's session ended."),
        CommandProblems
    )
)]
pub async fn sign_out(State(app): State<Arc<AppState>>, caller: AnyCaller) -> Result<Response, ApiError> {
    let caller = match caller {
        AnyCaller::Tenants(caller) => caller,
        AnyCaller::Operator(operator) => {
            return match app.operator.end_session(&operator.secret_sha256) {
                true => Ok(StatusCode::NO_CONTENT.into_response()),
                false => Err(ApiError::NotFound { what: "session" }),
            };
        }
    };
    if caller.grant.staff.is_none() {
        return Err(ApiError::NotFound { what: "session" });
    }
    let token = caller.grant.token;
    let id = commands::derived_id(&["sign-out", caller.tenant.as_str(), token.as_str()]);
    let command = AccessCommand::RevokeToken { token, issued: Some(Issued::Keep) };
    let answer = submit(&app, &caller, id, command).await?;
    query::access_reached(&app, answer.receipt.position).await?;
    command::respond(StatusCode::OK, &answer)
}

/// Sets the PIN of a member of staff, in the place of another; their sessions end, and a lock. Who manages staff does, or the member with
/// their own session. Who set a PIN knows it, so nothing that they do is approved with it: members set their own once they have signed in.
/// It is kept nowhere but as what Argon2id makes of it, so take a fresh `Idempotency-Key` for each.
#[utoipa::path(
    put, path = "/v1/staff/{staff}/pin", tag = "people",
    params(("staff" = String, Path, description = "The member of staff"), CommandParams),
    request_body = SetPin,
    responses((status = 200, body = Receipt<'static>), CommandProblems)
)]
pub async fn set_pin(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    PathParams(Wire(staff)): PathParams<wire::ActorId>,
    Json(body): Json<SetPin, { 4 << 10 }>,
) -> Result<Response, ApiError> {
    if caller.grant.staff != Some(staff) {
        caller.may(Capability::ManageStaff)?;
        caller.is_good_everywhere()?;
    }
    let made = app.pins.hash(body.parse()?).await?;
    let command = AccessCommand::SetPin { staff, salt: made.salt, argon2id: made.argon2id, by: caller.actor };
    let answer = command::run_allowed(&app, &caller, &headers, Command::Access(command)).await?;
    query::access_reached(&app, answer.receipt.position).await?;
    command::respond(StatusCode::OK, &answer)
}
