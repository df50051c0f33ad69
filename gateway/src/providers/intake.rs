//! What a provider says, on its way into the log: by webhook, or as the answer to a question.
//!
//! The command's id follows from the account and the provider's id of the message, so a message counts once for ever
//! (rule P4): the engine forgets no id. What fits no payment is parked beside the log, durably, before it is
//! acknowledged, and tried again when its payment appears.

use super::parked::RETRY_MIN;
use super::{ProviderAccount, Providers, Stats};
use crate::state::AppState;
use commands::reactor::{OutboxError, PaymentNotice};
use commands::{CommandError, Envelope, derived_id};
use domain::calendar::Timestamp;
use domain::command::{Command, PaymentCommand, ProviderCommand, StoreCommand};
use domain::ids::{ActorId, PaymentId};
use domain::refused::Refused;
use schemas::json::WebhookStatus;
use schemas::provider::{Named, PaymentRef, Told};
use schemas::stored::Parked;
use std::sync::Arc;
use std::time::Instant;

/// How many parked messages are tried at a time.
const RETRIES_MAX: usize = 256;
/// How long a message waits for its payment before nobody looks for it any more.
const PARKED_AGE_MAX_US: i64 = 30 * 86_400 * Timestamp::SECOND_US;

/// Why a message was not kept. The provider has to send it again.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The engine does not take it.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It fits no payment, and there is no room for more that do not.
    #[error("too many messages of the account wait for their payments")]
    Full,
    /// It could not be parked.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The read model cannot say which payment it is.
    #[error("the read model of payments does not answer")]
    View(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps what a provider says: in the log, or parked. On `Ok` it is durable. What is about a payment of another store, or of
/// another tenant, is theirs to keep: a merchant account tells it to all who share it.
///
/// # Errors
/// [`IntakeError`]; it was not kept.
pub async fn keep(
    app: &Arc<AppState>,
    provider: &ProviderAccount,
    told: Told,
    now: Timestamp,
) -> Result<WebhookStatus, IntakeError> {
    let Ok(payment) = named(provider, &told) else {
        tracing::debug!(account = %provider.account.id, event = %told.message.event_id, "a message is another store's");
        return Ok(WebhookStatus::Ignored);
    };
    if let Some(status) = record(app, provider, &told).await? {
        return Ok(status);
    }
    let parked = Parked { account: provider.account.id, payment, received_at: now, message: told.message };
    let (tenant, store) = (provider.account.tenant, provider.account.store);
    let parking = Arc::clone(app);
    let parked_at = tokio::task::spawn_blocking(move || {
        let outbox = parking.providers.outbox.as_ref().expect("an account has an outbox");
        outbox.park(tenant, store, &parked).map(|at| at.map(|at| (at, parked)))
    });
    let parked_at = parked_at.await.map_err(|_| IntakeError::Command(CommandError::Unknown))??;
    let (at, parked) = parked_at.ok_or(IntakeError::Full)?;
    Stats::count(&provider.stats.parked);
    app.providers.parked().put(at, parked, Instant::now() + RETRY_MIN);
    Ok(WebhookStatus::Parked)
}

/// A payment of another store, or of another tenant.
struct Foreign;

/// The payment of the account's store that a message names, if it names one.
fn named(provider: &ProviderAccount, told: &Told) -> Result<Option<PaymentId>, Foreign> {
    match told.named {
        Named::Nothing | Named::Other => Ok(None),
        Named::Payment(of) if of.tenant == provider.account.tenant && of.store == provider.account.store => {
            Ok(Some(of.payment))
        }
        Named::Payment(_) => Err(Foreign),
    }
}

/// Gives a message to the payment it names or is known by; `None` where there is no such payment.
///
/// # Errors
/// [`IntakeError`]; it is not in the log.
pub async fn record(
    app: &Arc<AppState>,
    provider: &ProviderAccount,
    told: &Told,
) -> Result<Option<WebhookStatus>, IntakeError> {
    let Ok(named) = named(provider, told) else { return Ok(None) };
    if let Some(payment) = named
        && let Some(status) = submit(app, provider, payment, told).await?
    {
        return Ok(Some(status));
    }
    match by_reference(app, provider, told).await? {
        Some(payment) if Some(payment) != named => submit(app, provider, payment, told).await,
        Some(_) | None => Ok(None),
    }
}

async fn by_reference(
    app: &Arc<AppState>,
    provider: &ProviderAccount,
    told: &Told,
) -> Result<Option<PaymentId>, IntakeError> {
    let Some(reference) = told.message.reference.clone() else { return Ok(None) };
    let (tenant, store, account) = (provider.account.tenant, provider.account.store, provider.account.id);
    let asking = Arc::clone(app);
    let found =
        tokio::task::spawn_blocking(move || asking.projections.payment_by_ref(tenant, store, account, &reference));
    let found = found.await.map_err(|_| IntakeError::Command(CommandError::Unknown))?;
    found.map(|answer| answer.value).map_err(|error| IntakeError::View(Box::new(error)))
}

async fn submit(
    app: &Arc<AppState>,
    provider: &ProviderAccount,
    payment: PaymentId,
    told: &Told,
) -> Result<Option<WebhookStatus>, IntakeError> {
    let (tenant, store, account) = (provider.account.tenant, provider.account.store, provider.account.id);
    let parts = ["provider", tenant.as_str(), account.as_str(), told.message.event_id.as_str()];
    let command = ProviderCommand::Record { account, message: told.message.clone() };
    let command = StoreCommand::Payment(payment, PaymentCommand::Provider(command));
    let envelope = Envelope::new(derived_id(&parts), tenant, ActorId(account.0), Command::Store(store, command));
    // Money waits for room in the queue where others are turned away.
    let ticket = app.engine.enqueue_patiently(envelope).await?;
    match app.engine.outcome(ticket).await {
        Ok(answer) if answer.repeated => Ok(Some(WebhookStatus::Repeated)),
        Ok(_) => Ok(Some(WebhookStatus::Recorded)),
        Err(CommandError::KeyReused) => {
            // Delivered again with other words around it: it counts once all the same.
            tracing::info!(%account, event = %told.message.event_id, "a provider repeated a message in other words");
            Ok(Some(WebhookStatus::Repeated))
        }
        Err(CommandError::Refused(Refused::UnknownPayment { .. } | Refused::UnknownStore)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Has parked messages tried at once that a payment may fit to which something happened.
pub(super) fn touch(providers: &Providers, news: &PaymentNotice) {
    let PaymentNotice::Changed { tenant, store, payment } = news else { return };
    providers.parked().touch(*tenant, *store, *payment, Instant::now());
}

/// Tries what is parked and due; answers when the next is.
pub(super) async fn retry(app: &Arc<AppState>, now: Timestamp) -> Option<Instant> {
    let due = app.providers.parked().due(Instant::now(), RETRIES_MAX);
    let mut gone = vec![];
    for (at, parked) in due {
        let (tenant, store) = (at.tenant, at.store);
        let of = |payment| Named::Payment(PaymentRef { tenant, store, payment });
        let told = Told { named: parked.payment.map_or(Named::Nothing, of), message: parked.message.clone() };
        let outcome = match app.providers.account(parked.account) {
            Some(provider) => record(app, provider, &told).await,
            // Its account left the settings; it may come back.
            None => Ok(None),
        };
        match outcome {
            Ok(Some(_)) => gone.push(at),
            Ok(None) if parked.received_at.0.saturating_add(PARKED_AGE_MAX_US) < now.0 => {
                tracing::warn!(account = %parked.account, event = %parked.message.event_id, "no payment came for a message");
                gone.push(at);
            }
            outcome => {
                if let Err(error) = outcome {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a parked message has to wait");
                }
                app.providers.parked().put_off(&at, Instant::now());
            }
        }
    }
    if !gone.is_empty() {
        let letting = Arc::clone(app);
        let let_go = tokio::task::spawn_blocking(move || {
            let outbox = letting.providers.outbox.as_ref().expect("an account has an outbox");
            outbox.unpark(&gone).map(|()| gone)
        });
        match let_go.await {
            Ok(Ok(gone)) => {
                let mut parked = app.providers.parked();
                gone.iter().for_each(|at| parked.remove(at));
            }
            Ok(Err(error)) => tracing::error!(error = &error as &dyn std::error::Error, "messages stay parked"),
            Err(_) => tracing::error!("messages stay parked"),
        }
    }
    app.providers.parked().next()
}
