//! Many commands in one request: what a till that was away and an import send.

use crate::access::Capability;
use crate::http::caller::{Caller, Json};
use crate::http::command::{approver, token, with_chain, with_role, with_step};
use crate::http::docs::CommandProblems;
use crate::http::error::{ApiError, command_problem};
use crate::http::path::PathParams;
use crate::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::{CommandError, Envelope, InFlight};
use domain::calendar::Timestamp;
use domain::command::Source;
use domain::ids::{ActorId, CommandId, StoreId, TerminalId, TerminalSeq};
use schemas::json::batch::{
    Batch, BatchAnswer, BatchResult, CommitRange, Entry, Kept, Malformed, ParsedCommand, Upload,
};
use schemas::json::{FieldError, wire};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most bytes a batch may have.
pub const BATCH_BYTES_MAX: usize = 4 << 20;

/// Sends commands in order; each is decided by itself.
///
/// A till that was away sends its queue here, with `"source": "offline"`: its commands take effect in the order of their
/// `terminal_seq` wherever they stand in the request. What they describe has happened, so it is recorded, with exceptions
/// where something about it is not as it should be: no price, no item, no modifier and no stock stands against it, and a line that
/// no version of the menu knows stands as the till names it. What cannot be recorded yet, because something before it is missing
/// (a payment whose order has not come), waits and takes effect when that comes, in whatever upload; what cannot be recorded any
/// more is kept for a person. A till's time is believed as far as its clock can be right: not more than 5 minutes ahead, and not
/// further back than the store's `offline_age_s`. What is outside of it is recorded as of now, with the till's time told.
///
/// Only a device that is enrolled sends a queue, and only its own: where a command of the request is offline or names a terminal and
/// the credential is no device's (403 `not_a_device`) or another terminal's (403 `other_terminal`), the whole request is refused and
/// nothing of it is recorded; the till keeps its queue and sends it with the right credential.
#[utoipa::path(
    post, path = "/v1/stores/{store}/commands", tag = "commands",
    params(("store" = String, Path, description = "The store")),
    request_body = Batch,
    responses((status = 200, body = BatchAnswer), CommandProblems)
)]
pub async fn post(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    PathParams(store): PathParams<wire::StoreId>,
    Json(upload): Json<Upload, BATCH_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let results = run_entries(&app, &caller, store.0, upload.parse(store.0)?).await?;
    Ok(axum::Json(BatchAnswer { results }).into_response())
}

/// Sends the commands of a batch: all are queued in order before the first is waited for, so that they share syncs.
///
/// # Errors
/// [`ApiError`] where the whole batch is refused.
pub async fn run(app: &AppState, caller: &Caller, store: StoreId, batch: Batch) -> Result<Vec<BatchResult>, ApiError> {
    run_entries(app, caller, store, batch.parse(store)?).await
}

/// A command of a batch that is under way, or what is known of it already.
enum Sent {
    /// It is being decided. What would be kept of it if it were turned away, and when it says that it happened.
    Waiting(InFlight, Option<Kept>, Option<Timestamp>),
    /// It was turned away, and that is being kept.
    Keeping(InFlight, BatchResult),
    Known(BatchResult),
}

/// Demands that all of an upload comes from the device that it says it comes from.
fn check_terminals(caller: &Caller, entries: &[Entry]) -> Result<(), ApiError> {
    for entry in entries {
        let terminal = match &entry.parsed {
            Ok(parsed) => parsed.terminal,
            Err(Malformed { kept, .. }) => kept.as_ref().map(|kept| kept.terminal),
        };
        caller.terminal(terminal)?;
    }
    Ok(())
}

async fn run_entries(
    app: &AppState,
    caller: &Caller,
    store: StoreId,
    entries: Vec<Entry>,
) -> Result<Vec<BatchResult>, ApiError> {
    check_terminals(caller, &entries)?;
    let door = Sender { app, caller, store };
    let order = in_queue_order(&entries);
    let mut before = 0;
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    let mut sent = Vec::with_capacity(entries.len());
    for index in order {
        let mut entry = entries[index].take().expect("every command is sent once");
        if let Ok(ParsedCommand { queued: Some(place), .. }) = &mut entry.parsed {
            place.before = before;
            before += 1;
        }
        sent.push((index, entry.command_id, door.send(entry).await));
    }
    let mut results: Vec<Option<BatchResult>> = entries.iter().map(|_| None).collect();
    for (index, id, sent) in sent {
        results[index] = Some(door.result(id, sent).await);
    }
    Ok(results.into_iter().map(|result| result.expect("every command has a result")).collect())
}

/// The commands in the order they are sent in: as they stand, but those of each terminal in the order of its queue.
fn in_queue_order(entries: &[Entry]) -> Vec<usize> {
    let place = |entry: &Entry| -> Option<(TerminalId, TerminalSeq)> {
        match &entry.parsed {
            Ok(parsed) => Some((parsed.terminal?, parsed.queued?.seq)),
            Err(Malformed { kept, .. }) => kept.as_ref().and_then(|kept| Some((kept.terminal, kept.seq?))),
        }
    };
    let mut queues: BTreeMap<TerminalId, Vec<(TerminalSeq, usize)>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some((terminal, seq)) = place(entry) {
            queues.entry(terminal).or_default().push((seq, index));
        }
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    for queue in queues.values_mut() {
        let places: Vec<usize> = queue.iter().map(|(_, index)| *index).collect();
        queue.sort_unstable();
        for (place, (_, index)) in places.into_iter().zip(queue) {
            order[place] = *index;
        }
    }
    order
}

/// What every command of one batch shares.
struct Sender<'a> {
    app: &'a AppState,
    caller: &'a Caller,
    store: StoreId,
}

impl Sender<'_> {
    async fn send(&self, Entry { command_id, parsed }: Entry) -> Sent {
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(Malformed { error, kept }) => {
                return self.turn_away(kept, BatchResult::malformed(command_id, &error)).await;
            }
        };
        let id = parsed.command_id;
        let kept = Kept::of(&parsed);
        if let Err(error) = self.caller.may_send(&parsed.command, parsed.source) {
            let problem = error.problem();
            return self.turn_away(kept, BatchResult::rejected(id, problem.code, problem.detail)).await;
        }
        if commands::is_derived(id) {
            let problem = "is of a UUID version that only the engine uses; send one of version 4 or 7";
            let result = BatchResult::malformed(id, &FieldError::new("/command_id", problem));
            return self.turn_away(kept, result).await;
        }
        if let Err(error) = self.app.providers.check(self.caller.tenant, &parsed.command) {
            return self.turn_away(kept, BatchResult::malformed(id, &error.under("/body"))).await;
        }
        let (actor, approver) = match self.people(&parsed) {
            Ok(people) => people,
            Err(error) => {
                let problem = error.problem();
                return Sent::Known(BatchResult::rejected(Some(id), problem.code, problem.detail));
            }
        };
        let occurred_at = parsed.occurred_at;
        let envelope = self.envelope(parsed, (actor, approver));
        match self.app.engine.enqueue_patiently(envelope).await {
            Ok(in_flight) => Sent::Waiting(in_flight, kept, occurred_at),
            Err(error) => Sent::Known(rejected(Some(id), &error)),
        }
    }

    /// Who acts, and who approved it. Nobody is believed who is only named; what a device kept is recorded all the same, of the device
    /// where its person has never signed in there, and what was approved there is a claim.
    fn people(&self, parsed: &ParsedCommand) -> Result<(ActorId, Option<ActorId>), ApiError> {
        let (tenant, own) = (self.caller.tenant, self.caller.actor);
        if let (Some(_), Some(device)) = (parsed.queued, self.caller.grant.device) {
            let signed_in = |actor: &ActorId| self.app.projections.has_signed_in(tenant, device.device, *actor);
            return Ok((parsed.actor.filter(signed_in).unwrap_or(own), parsed.approver));
        }
        if parsed.actor.is_some_and(|actor| actor != own) {
            return Err(ApiError::ActorUnproven { own });
        }
        if parsed.approver.is_some() {
            return Err(ApiError::ApproverUnproven);
        }
        let approval = parsed.approval.as_deref();
        Ok((own, approver(self.app, self.caller, approval, (parsed.command_id, &parsed.command))))
    }

    fn envelope(&self, parsed: ParsedCommand, (actor, approver): (ActorId, Option<ActorId>)) -> Envelope {
        let tenant = self.caller.tenant;
        Envelope {
            command_id: parsed.command_id,
            tenant,
            command: with_role(self.caller, with_step(self.app, tenant, with_chain(self.app, tenant, parsed.command))),
            actor,
            sent_by: self.caller.sent_by,
            approver,
            terminal: parsed.terminal.or(self.caller.grant.device.map(|device| device.terminal)),
            queued: parsed.queued,
            occurred_at: parsed.occurred_at,
            source: parsed.source,
            expected_revision: parsed.if_match,
            request: parsed.request,
            again: None,
        }
    }

    /// Keeps what a till sent and was turned away (rule F3), where the caller is one that a till could be.
    async fn turn_away(&self, kept: Option<Kept>, result: BatchResult) -> Sent {
        let Some(kept) = kept.filter(|_| self.caller.may(Capability::TakeOrders).is_ok()) else {
            return Sent::Known(result);
        };
        let terminal = kept.terminal;
        let code = result.code.as_deref().unwrap_or_default();
        // Sent again as it was it is turned away again, and kept once.
        let named = kept.command_id.map_or(String::new(), |id| format!("{:032x}", id.0));
        let seq = kept.seq.map_or(0, |seq| seq.0).to_string();
        let digest = format!("{:032x}", kept.digest);
        let parts = [
            "rejected",
            self.caller.tenant.as_str(),
            self.store.as_str(),
            terminal.as_str(),
            &seq,
            &named,
            code,
            &digest,
        ];
        let envelope = Envelope {
            command_id: commands::derived_id(&parts),
            tenant: self.caller.tenant,
            command: kept.command(self.store, code, result.detail.as_deref().unwrap_or_default()),
            actor: self.caller.actor,
            sent_by: self.caller.sent_by,
            approver: None,
            terminal: Some(terminal),
            queued: None,
            occurred_at: None,
            source: Source::Offline,
            expected_revision: None,
            request: None,
            again: None,
        };
        match self.app.engine.enqueue_patiently(envelope).await {
            Ok(in_flight) => Sent::Keeping(in_flight, result),
            Err(error) => Sent::Known(rejected(result.command_id.map(|id| id.0), &error)),
        }
    }

    async fn result(&self, id: Option<CommandId>, sent: Sent) -> BatchResult {
        match sent {
            Sent::Known(result) => result,
            Sent::Keeping(in_flight, result) => self.kept(id, in_flight, result).await,
            Sent::Waiting(in_flight, kept, occurred_at) => match self.app.engine.outcome(in_flight).await {
                Ok(answer) => {
                    let receipt = &answer.receipt;
                    let position = token(receipt);
                    let at = CommitRange { stream: &receipt.stream, revision: receipt.revision, position };
                    let id = id.expect("a command that was read has an id");
                    let result = match answer.repeated {
                        false => BatchResult::accepted(id, &at),
                        true => BatchResult::duplicate(id, &at).with_time(occurred_at, receipt.occurred_at),
                    };
                    result.with_facts(receipt.events.iter().map(|recorded| &recorded.event))
                }
                Err(error @ CommandError::KeyReused) => match self.turn_away(kept, rejected(id, &error)).await {
                    Sent::Keeping(in_flight, result) => self.kept(id, in_flight, result).await,
                    Sent::Known(result) => result,
                    Sent::Waiting(..) => unreachable!("what is turned away is not decided"),
                },
                Err(error) => rejected(id, &error),
            },
        }
    }

    /// The answer to what was turned away, once that is kept.
    async fn kept(&self, id: Option<CommandId>, in_flight: InFlight, result: BatchResult) -> BatchResult {
        match self.app.engine.outcome(in_flight).await {
            // A store that does not exist keeps nothing.
            Ok(_) | Err(CommandError::Refused(_)) => result,
            Err(error) => rejected(id, &error),
        }
    }
}

fn rejected(id: Option<CommandId>, error: &CommandError) -> BatchResult {
    let problem = command_problem(error);
    BatchResult::rejected(id, problem.code, problem.detail)
}
