//! Approvals: a second person says yes to one command.

use super::sessions::show_pin;
use crate::approvals::LIFE;
use crate::http::caller::{Caller, Json};
use crate::http::docs::CommandProblems;
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::command::Command;
use domain::ids::{ActorId, StoreId};
use schemas::command::{Parts, ROWS, Row, Targets};
use schemas::json::batch::BatchCommand;
use schemas::json::request::{Addressed, Approve};
use schemas::json::wire::{self, Wire};
use schemas::json::{BodyError, FieldError, parse_body};
use schemas::stored::command_digest;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;

/// The most bytes that a command to be approved may have: what the largest body of one has, and what stands around it.
const BYTES_MAX: usize = 272 << 10;

/// An approval.
#[derive(Debug, Serialize, ToSchema)]
pub struct GivenApproval {
    /// What the command is sent with: `X-Approval`, or `approval_id` in a batch.
    pub approval_id: String,
    /// Who approves.
    pub approver: wire::ActorId,
    /// For how many seconds it may be used.
    pub expires_in_s: u64,
}

/// Approves a command that is about to be sent: exactly this one, once, within two minutes, sent by somebody else. A repeat of a command
/// that was accepted needs none. The command is `{"method": .., "path": .., "body": ..}`, or as it stands in a batch; however it is approved
/// it may be sent either way. Who approves sends this with their session or token, or is at a device and gives `staff_id` and `pin`.
/// Whether they have the right is said when the command is sent. It is kept in memory: where the server was stopped they are asked again.
#[utoipa::path(
    post, path = "/v1/stores/{store}/approvals", tag = "people",
    params(("store" = String, Path, description = "The store")),
    request_body = Approve,
    responses((status = 201, body = GivenApproval), CommandProblems)
)]
pub async fn approve(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    PathParams(Wire(store)): PathParams<wire::StoreId>,
    Json(body): Json<Approve, BYTES_MAX>,
) -> Result<Response, ApiError> {
    let command = command_of(store, body.command.get())?;
    let approver = approver(&app, &caller, &body).await?;
    let id = app.approvals.give(caller.tenant, approver, command_digest(&command), Instant::now());
    let given = GivenApproval {
        approval_id: id.ok_or(ApiError::Busy)?,
        approver: Wire(approver),
        expires_in_s: LIFE.as_secs(),
    };
    Ok((StatusCode::CREATED, axum::Json(given)).into_response())
}

/// Who approves, proven.
async fn approver(app: &AppState, caller: &Caller, body: &Approve) -> Result<ActorId, ApiError> {
    match (body.pin()?, caller.grant.device, caller.grant.staff) {
        (Some((staff, pin)), Some(device), _) => {
            show_pin(app, caller, device.device, (staff, pin)).await?;
            Ok(staff)
        }
        (None, _, Some(staff)) => Ok(staff),
        (None, None, None) if caller.is_a_persons() => Ok(caller.actor),
        (Some(_), None, _) | (None, _, None) => Err(ApiError::NotAPerson),
    }
}

/// The command that is approved, which takes effect in the store.
fn command_of(store: StoreId, text: &str) -> Result<Command, ApiError> {
    let is_addressed = serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.get("path").is_some());
    let command = match is_addressed {
        true => addressed(parse_body(text.as_bytes()).map_err(under_command)?)?,
        false => {
            let command: BatchCommand = parse_body(text.as_bytes()).map_err(under_command)?;
            command.parse(store).map_err(|error| error.under("/command"))?.command
        }
    };
    match command {
        Command::Store(at, _) if at == store => Ok(command),
        Command::Store(..) => Err(FieldError::new("/command/path", format!("must be of store {store}")).into()),
        Command::Menu(_) | Command::Access(_) => Err(FieldError::new("/command", "must be to the store").into()),
    }
}

fn addressed(Addressed { method, path, body }: Addressed) -> Result<Command, ApiError> {
    let found = ROWS.iter().find_map(|row| Some((row, parameters(row, &method, &path)?)));
    let problem = "must be the method and the address of a command, such as POST /v1/stores/s1/orders/o1/cancel";
    let (row, parameters) = found.ok_or_else(|| FieldError::new("/command/path", problem))?;
    let mut targets = Targets::default();
    for (name, text) in parameters {
        targets.set(name, text).map_err(|error| FieldError::new("/command/path", error.problem))?;
    }
    let body = body.as_ref().filter(|_| row.body.is_some()).map_or("", |body| body.get());
    let make = row.make.expect("the table makes what it gives an address");
    make(&mut Parts::new(targets, body.as_bytes())).map_err(|error| match under_command(error) {
        BodyError::Field(error) => {
            FieldError::new(error.pointer.replacen("/command", "/command/body", 1), error.problem).into()
        }
        error => error.into(),
    })
}

/// What the path names, where it is the row's address.
fn parameters<'a>(row: &Row, method: &str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let http = row.http.as_ref().filter(|http| format!("{:?}", http.method) == method)?;
    let (ours, theirs) = (http.path.split('/'), path.split('/'));
    if ours.clone().count() != theirs.clone().count() {
        return None;
    }
    let mut named = vec![];
    for (ours, theirs) in ours.zip(theirs) {
        match ours.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => named.push((name, theirs)),
            None if ours == theirs => {}
            None => return None,
        }
    }
    Some(named)
}

fn under_command(error: BodyError) -> BodyError {
    match error {
        BodyError::Field(error) => BodyError::Field(error.under("/command")),
        error => error,
    }
}
