//! Devices: let in by a manager, with a code that is good once.

use super::tokens::shown;
use crate::access::Capability;
use crate::http::caller::{Caller, CommandHeaders, Json};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::peer::Peer;
use crate::http::query;
use crate::http::watched::LetIn;
use crate::state::AppState;
use crate::tokens;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use commands::CommandError;
use domain::command::{AccessCommand, Command};
use domain::event::{AccessEvent, Event};
use domain::refused::Refused;
use schemas::json::Receipt;
use schemas::json::request::{AddDevice, EnrolDevice};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A device that was let in: this is the only place where its code is shown, once.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddedDevice<'a> {
    /// Its id.
    pub device_id: String,
    /// What it comes with, to `POST /v1/devices/enrol`: good once, for ten minutes and five tries. Kept nowhere: the answer to a
    /// repeat under the same key has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where there is no `code`: it was shown in the first answer under this key. If that was lost, let the terminal in again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_was_shown: Option<bool>,
    /// The commit.
    pub receipt: Receipt<'a>,
}

/// Lets a device in as a terminal of a store. Letting the same terminal in again takes the place of one that has not come yet. One that
/// has come is removed first. At most 200 of a role in a store.
#[utoipa::path(
    post, path = "/v1/devices", tag = "devices",
    params(CommandParams),
    request_body = AddDevice,
    responses((status = 201, body = AddedDevice<'static>), CommandProblems)
)]
pub async fn add_device(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: CommandHeaders,
    Json(body): Json<AddDevice>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ManageDevices)?;
    let code = tokens::mint_code();
    let new = body.parse((code.device, code.code_sha256), Some(caller.grant.token))?;
    caller.is_good_at(new.store)?;
    let command = Command::Access(AccessCommand::AddDevice(new));
    let answer = command::run_allowed(&app, &caller, &headers, command).await?;
    // Answered once the door knows it, so that a code that was shown works.
    query::access_reached(&app, answer.receipt.position).await?;
    let added = answer.receipt.events.iter().find_map(|recorded| match &recorded.event {
        Event::Access(AccessEvent::DeviceAdded { device, .. }) => Some(*device),
        _ => None,
    });
    let device = added.unwrap_or(code.device);
    let is_new = device == code.device;
    let added = AddedDevice {
        device_id: device.to_string(),
        code: is_new.then_some(code.text),
        code_was_shown: (!is_new).then_some(true),
        receipt: command::receipt(&answer),
    };
    let body = serde_json::to_vec(&added).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(command::with_headers(StatusCode::CREATED, &answer, body.into()))
}

/// A device comes with its code and gets its own token, for its store and as its terminal only. It needs no token for that, and no key:
/// the code is good once. Where the answer is lost a manager lets the device in again.
#[utoipa::path(
    post, path = "/v1/devices/enrol", tag = "devices", security(()),
    request_body = EnrolDevice,
    responses((status = 201, body = super::tokens::IssuedToken<'static>), CommandProblems)
)]
pub async fn enrol_device(
    State(app): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
    // Nobody is known yet, so little is read.
    Json(body): Json<EnrolDevice, { 4 << 10 }>,
) -> Result<Response, ApiError> {
    // A token that it could not use would be no help, and the code is good once.
    if peer.lacks_certificate {
        return Err(ApiError::CertificateNeeded);
    }
    let over = || ApiError::Command(CommandError::Refused(Refused::EnrolmentOver));
    let (device, code_sha256) = tokens::parse_code(&body.code).ok_or_else(over)?;
    let tenant = app.projections.try_code(device, &code_sha256).ok_or_else(over)?;
    let token = tokens::mint();
    let command =
        AccessCommand::EnrolDevice { device, code_sha256, token: token.id, secret_sha256: token.secret_sha256 };
    let id = commands::derived_id(&["enrol", tenant.as_str(), device.as_str(), token.id.as_str()]);
    let answer = command::submit(&app, command::from_outside(id, tenant, "enrolment", command)).await?;
    let came = LetIn { tenant, credential: Some(token.id) };
    let mut response = shown(&app, &answer, token).await?;
    response.extensions_mut().insert(came);
    Ok(response)
}
