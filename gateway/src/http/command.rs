//! From a request to the engine and back.

use super::caller::{Caller, CommandHeaders};
use super::error::ApiError;
use super::query::{ask, found, may_block, reached};
use super::respond::{X_POSITION, json, position_header};
use crate::access::Capability;
use crate::causes::with_causes;
use crate::position::token_in;
use crate::providers::currency_of;
use crate::state::AppState;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use commands::{Accepted, CommandError, Envelope};
use domain::command::{AccessCommand, Command, DrawerCommand, Method, PaymentCommand, Source, StoreCommand};
use domain::event::ChainHead;
use domain::ids::{ActorId, CommandId, OrderId, StoreId, TenantId};
use domain::money::{Currency, Money};
use projections::Projection;
use schemas::json::{PositionToken, Receipt, ReceiptEvent, event::StreamName};
use schemas::stored::command_digest;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a command may take before its client is told to ask again.
pub const HANDLER_TIMEOUT: Duration = Duration::from_secs(5);
/// Says that an answer is the one given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Sends a command as the caller, and waits for its outcome.
///
/// # Errors
/// [`ApiError`]: the caller may not, the rules say no, or the outcome is not known.
pub async fn run(
    app: &AppState,
    caller: &Caller,
    headers: &CommandHeaders,
    command: Command,
) -> Result<Accepted, ApiError> {
    caller.may_send(&command, Source::Online)?;
    run_allowed(app, caller, headers, command).await
}

/// As [`run`], for what the caller may whatever the credential's role.
///
/// # Errors
/// As for [`run`].
pub async fn run_allowed(
    app: &AppState,
    caller: &Caller,
    headers: &CommandHeaders,
    command: Command,
) -> Result<Accepted, ApiError> {
    let terminal = caller.terminal(headers.terminal)?;
    app.providers.check(caller.tenant, &command)?;
    let approver = approver(app, caller, headers.approval.as_deref(), (headers.command_id, &command));
    let command = with_role(caller, with_step(app, caller.tenant, with_chain(app, caller.tenant, command)));
    let envelope = Envelope {
        sent_by: caller.sent_by,
        approver,
        terminal,
        expected_revision: headers.expected_revision,
        ..Envelope::new(headers.command_id, caller.tenant, caller.actor, command)
    };
    submit(app, envelope).await
}

/// Who approved a command, where this is an approval of it. One that is of another command, was used, or is over is none: a repeat of what
/// was accepted needs none, and of anything else the rules say that it lacks one.
pub fn approver(
    app: &AppState,
    caller: &Caller,
    approval: Option<&str>,
    (id, command): (CommandId, &Command),
) -> Option<ActorId> {
    app.approvals.take(caller.tenant, approval?, (id, command_digest(command)), Instant::now())
}

/// Waits for a command's outcome, for as long as a client is kept waiting.
///
/// # Errors
/// [`ApiError`]: the rules say no, or the outcome is not known.
pub async fn submit(app: &AppState, envelope: Envelope) -> Result<Accepted, ApiError> {
    match tokio::time::timeout(HANDLER_TIMEOUT, app.engine.submit(envelope)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ApiError::Command(CommandError::Unknown)),
    }
}

/// What goes with a command that no tenant's caller sends: the operator, or a device that has no credential yet.
pub fn from_outside(command_id: CommandId, tenant: TenantId, actor: &str, command: AccessCommand) -> Envelope {
    let actor = ActorId::parse(actor).expect("it is an id");
    Envelope::new(command_id, tenant, actor, Command::Access(command))
}

/// A closing takes along where the chain of the store's history stands, so that its report commits to what was before it.
/// A view that does not answer keeps nobody from closing a day.
pub fn with_chain(app: &AppState, tenant: TenantId, command: Command) -> Command {
    let Command::Store(store, StoreCommand::CloseDay { date, chain: None }) = command else { return command };
    let head = match app.projections.chain(tenant, store) {
        Ok(answer) => answer.value,
        Err(error) => {
            tracing::warn!(%error, "a day is closed without the head of its store's chain");
            None
        }
    };
    let chain = head.map(|link| ChainHead { position: link.position, hash: link.hash });
    Command::Store(store, StoreCommand::CloseDay { date, chain })
}

/// A shift that is opened takes along whether who opens it may make the drawer: names that others make up would use up the room.
/// A device that is taken out is one of the caller's stores.
pub fn with_role(caller: &Caller, mut command: Command) -> Command {
    match &mut command {
        Command::Store(_, StoreCommand::Drawer(_, DrawerCommand::OpenShift { may_add, .. })) => {
            *may_add = caller.may(Capability::ManageStores).is_ok();
        }
        Command::Access(AccessCommand::RemoveDevice { within, .. }) => *within = caller.stores().map(<[_]>::to_vec),
        Command::Menu(_) | Command::Access(_) | Command::Store(..) => {}
    }
    command
}

/// Where a reader has to be to see a commit.
pub fn token(receipt: &commands::Receipt) -> PositionToken {
    match receipt.batch {
        Some(batch) => token_in(batch, receipt.position),
        None => PositionToken::new(receipt.position.0),
    }
}

/// A payment through a provider takes along in which steps that moves its store's currency, where they are more than the minor unit.
/// Where the log does not read nobody is kept from paying: what the provider cannot be asked for fails when it is asked.
pub fn with_step(app: &AppState, tenant: TenantId, mut command: Command) -> Command {
    if let Command::Store(store, StoreCommand::Payment(_, PaymentCommand::Initiate { method, .. })) = &mut command
        && let Method::Provider { account, step, .. } = method
        && let Some(provider) = app.providers.account(*account)
        && let Some(currency) = store_currency(app, tenant, *store)
        && let Some(unit) = provider.account.adapter.unit(currency)
    {
        *step = Some(unit.step(currency)).filter(|step| 1 < *step).map(Money);
    }
    command
}

/// A store's currency, as the log has it: a view may be behind a store that was opened just now.
fn store_currency(app: &AppState, tenant: TenantId, store: StoreId) -> Option<Currency> {
    may_block(|| currency_of(&app.reader, tenant, store)).unwrap_or_else(|error| {
        tracing::error!(error = with_causes(&error), %store, "the store's currency does not read");
        None
    })
}

/// The answer's body: the commit.
pub fn receipt(answer: &Accepted) -> Receipt<'_> {
    let receipt = &answer.receipt;
    let events = receipt.events.iter().map(|event| {
        let position = PositionToken { position: event.position.0, ..token(receipt) };
        ReceiptEvent::new(&event.stream, event.revision, position, &event.event)
    });
    Receipt {
        stream: StreamName(&receipt.stream),
        revision: receipt.revision,
        position: token(receipt),
        events: events.collect(),
    }
}

/// The answer to a command: its commit, the same on every repeat.
///
/// # Errors
/// [`ApiError::Internal`] if the commit cannot be written as JSON.
pub fn respond(status: StatusCode, answer: &Accepted) -> Result<Response, ApiError> {
    let mut body = Vec::with_capacity(256 + 512 * answer.receipt.events.len());
    receipt(answer).write(&mut body).map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(with_headers(status, answer, body.into()))
}

/// The headers every answer to a command has.
pub fn with_headers(status: StatusCode, answer: &Accepted, body: Bytes) -> Response {
    let mut response = json(status, body);
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(token(&answer.receipt)));
    if answer.repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The answer to a command with the order as it is now beside it; without it where the view does not catch up in time:
/// the command has taken effect, and a preference is no reason to say anything else.
///
/// # Errors
/// [`ApiError::Internal`] as for every query.
pub async fn respond_with_order(
    app: &Arc<AppState>,
    caller: &Caller,
    (store, order): (StoreId, OrderId),
    status: StatusCode,
    committed: &Accepted,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant;
    let read = async {
        reached(app, Projection::Orders, committed.receipt.position).await?;
        found(ask(app, |models| models.order(tenant, store, order))?, "order")
    };
    let order = match read.await {
        Ok(answer) => answer.value,
        Err(ApiError::Stale | ApiError::ViewUnavailable { .. }) => return respond(status, committed),
        Err(error) => return Err(error),
    };
    // The order is one more member of the commit.
    let mut body = vec![];
    receipt(committed).write(&mut body).map_err(|error| ApiError::Internal(Box::new(error)))?;
    body.pop();
    body.extend_from_slice(br#","order":"#);
    serde_json::to_writer(&mut body, &order).map_err(|error| ApiError::Internal(Box::new(error)))?;
    body.push(b'}');
    Ok(with_headers(status, committed, body.into()))
}
