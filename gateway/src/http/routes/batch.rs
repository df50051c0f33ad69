//! Many commands in one request: what a till that was away and an import send.

use crate::access;
use crate::app::App;
use crate::http::caller::{Caller, Json};
use crate::http::docs::CommandProblems;
use crate::http::error::{ApiError, command_problem};
use crate::http::path::At;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::{CommandError, Envelope};
use domain::event::Role;
use domain::ids::{CommandId, StoreId};
use schemas::json::batch::{Batch, BatchAnswer, BatchResult, CommitPlace, ParsedCommand};
use schemas::json::{FieldError, PositionToken, wire};
use std::sync::Arc;

/// The most bytes a batch may have.
pub const BATCH_BYTES_MAX: usize = 4 << 20;

/// Sends commands in order; each is decided by itself.
#[utoipa::path(
    post, path = "/v1/stores/{store}/commands", tag = "commands",
    params(("store" = String, Path, description = "The store")),
    request_body = Batch,
    responses((status = 200, body = BatchAnswer), CommandProblems)
)]
pub async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    At(store): At<wire::StoreId>,
    Json(batch): Json<Batch, BATCH_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let results = run(&app, &caller, store.0, batch).await?;
    Ok(axum::Json(BatchAnswer { results }).into_response())
}

/// A command of a batch that is under way, or what is known of it already.
enum Sent {
    Waiting(commands::Ticket),
    Known(BatchResult),
}

/// Sends the commands of a batch: all are queued in order before the first is waited for, so that they share syncs.
///
/// # Errors
/// [`ApiError`] where the whole batch is refused.
pub async fn run(app: &App, caller: &Caller, store: StoreId, batch: Batch) -> Result<Vec<BatchResult>, ApiError> {
    let mut sent = Vec::with_capacity(batch.commands.len());
    for (id, parsed) in batch.parse(store)? {
        sent.push((id, send(app, caller, id, parsed).await));
    }
    let mut results = Vec::with_capacity(sent.len());
    for (id, sent) in sent {
        results.push(match sent {
            Sent::Known(result) => result,
            Sent::Waiting(ticket) => match app.engine.outcome(ticket).await {
                Ok(answer) => {
                    let receipt = &answer.receipt;
                    let position = PositionToken::new(receipt.position.0);
                    let at = CommitPlace { stream: &receipt.stream, revision: receipt.revision, position };
                    match answer.repeated {
                        false => BatchResult::accepted(id, &at),
                        true => BatchResult::duplicate(id, &at),
                    }
                }
                Err(error) => rejected(id, &error),
            },
        });
    }
    Ok(results)
}

async fn send(app: &App, caller: &Caller, id: CommandId, parsed: Result<ParsedCommand, FieldError>) -> Sent {
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Sent::Known(BatchResult::malformed(id, &error)),
    };
    if let Err(error) = caller.may(access::needed(&parsed.command, parsed.source)) {
        let problem = error.problem();
        return Sent::Known(BatchResult::rejected(id, problem.code, problem.detail));
    }
    if commands::is_derived(id) {
        let problem = "is of a UUID version that only the engine uses; send one of version 4 or 7";
        return Sent::Known(BatchResult::malformed(id, &FieldError::new("/command_id", problem)));
    }
    if let Err(error) = app.providers.check(caller.tenant, &parsed.command) {
        return Sent::Known(BatchResult::malformed(id, &error.under("/body")));
    }
    // Only who runs stores may speak for somebody else.
    let may_name = matches!(caller.role, Role::Admin | Role::Manager);
    let envelope = Envelope {
        command_id: id,
        tenant: caller.tenant,
        command: parsed.command,
        actor: parsed.actor.filter(|_| may_name).unwrap_or(caller.actor),
        approver: parsed.approver,
        terminal: parsed.terminal,
        occurred_at: parsed.occurred_at,
        source: parsed.source,
        expected_revision: parsed.if_match,
    };
    match app.engine.enqueue_patiently(envelope).await {
        Ok(ticket) => Sent::Waiting(ticket),
        Err(error) => Sent::Known(rejected(id, &error)),
    }
}

fn rejected(id: CommandId, error: &CommandError) -> BatchResult {
    let problem = command_problem(error);
    BatchResult::rejected(id, problem.code, problem.detail)
}
