//! One attempt at what a provider is owed: is it still to be asked, what was made of it, ask it, keep the answer.

use super::{ProviderAccount, Stats, intake};
use crate::causes::with_causes;
use crate::state::AppState;
use commands::reactor::{OutboxStatus, outbox_status};
use domain::event::{ProviderMessage, ProviderSaid};
use domain::ids::Text;
use eventlog::Position;
use schemas::provider::{Ask, Named, PaymentRef, Told};
use schemas::stored::{OutboxAction, OutboxEntry};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After how many tries without a good answer, rests of the breaker not counted, a person should look: some half an hour.
const TRIES_MAX: u32 = 40;
/// How long the first wait between two tries is; each next is twice as long.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// The longest wait between two tries.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// The longest wait between two questions what became of a payment.
const QUERY_MAX: Duration = Duration::from_secs(600);
/// How long something waits whose account is busy.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// How long something waits whose account left the settings, or whose stream does not read.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(60);

/// Something that a provider is owed.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub entry: OutboxEntry,
    /// It may have been asked without an answer: then it is looked for before it is asked again.
    pub was_asked: bool,
    /// The provider took it: what is left is to wait, and to ask what became of it.
    pub was_taken: bool,
    pub tries: u32,
    pub queries: u32,
    /// When the provider is asked what became of it.
    pub query_at: Option<Instant>,
    /// When it is looked after next.
    pub next: Option<Instant>,
    pub is_running: bool,
    /// Something happened to its payment meanwhile.
    pub is_touched: bool,
}

impl Task {
    pub fn new(entry: OutboxEntry, was_asked: bool) -> Task {
        Task {
            entry,
            was_asked,
            was_taken: false,
            tries: 0,
            queries: 0,
            query_at: None,
            next: None,
            is_running: false,
            is_touched: false,
        }
    }
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Done,
    At(Instant),
}

/// A task after an attempt.
#[derive(Debug)]
pub(super) struct Step {
    pub task: Task,
    pub next: Next,
}

/// What a provider made of a request.
enum CallOutcome {
    /// It says something of the payment.
    Told(Vec<Told>),
    Refused {
        status: u16,
        code: Text,
    },
    Unknown,
    /// It was not asked: it is left alone for so long.
    NotAsked(Duration),
}

struct Attempt<'a> {
    app: &'a Arc<AppState>,
    provider: &'a ProviderAccount,
    at: Position,
    task: Task,
}

/// Looks after a task once.
pub(super) async fn run(app: &Arc<AppState>, at: Position, task: Task) -> Step {
    let again = |task, wait| Step { task, next: Next::At(Instant::now() + wait) };
    let (account, reference, ask, is_over) = match stands(app, &task.entry).await {
        Some(OutboxStatus::Settled) => return Step { task, next: Next::Done },
        Some(OutboxStatus::Open { account, reference, ask, is_over }) => (account, reference, ask, is_over),
        None => return again(task, UNAVAILABLE_PAUSE),
    };
    let Some(provider) = app.providers.account(account) else { return again(task, UNAVAILABLE_PAUSE) };
    let attempt = Attempt { app, provider, at, task };
    if let Some(query_at) = attempt.task.query_at.filter(|at| attempt.task.was_taken && Instant::now() < *at) {
        return Step { task: attempt.task, next: Next::At(query_at) };
    }
    let Some(ask) = ask else { return again(attempt.task, provider.account.query_after) };
    let Ok(_permit) = provider.permits.try_acquire() else { return again(attempt.task, BUSY_PAUSE) };
    attempt.settle(reference, *ask, is_over).await
}

async fn stands(app: &Arc<AppState>, entry: &OutboxEntry) -> Option<OutboxStatus> {
    let (reader, entry) = (app.reader.clone(), *entry);
    match tokio::task::spawn_blocking(move || outbox_status(&reader, &entry)).await {
        Ok(Ok(standing)) => Some(standing),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, %entry, "a payment does not read");
            None
        }
        Err(_) => None,
    }
}

impl Attempt<'_> {
    async fn settle(mut self, reference: Option<Text>, ask: Ask, is_over: bool) -> Step {
        // An attempt that is over may have ended at the provider, too: then there is nothing to let go of.
        let may_be_known = self.task.was_asked || self.task.was_taken || is_over;
        if may_be_known || matches!(ask, Ask::Find { .. }) {
            match self.query(reference).await {
                CallOutcome::Told(told) => {
                    if let Some(step) = self.keep_answers(&told, is_over).await {
                        return step;
                    }
                    // It knows the payment, so it was asked.
                    self.task.was_taken |= self.task.entry.what == OutboxAction::Authorise && !told.is_empty();
                }
                // What it does not find it was never asked.
                CallOutcome::Refused { status: 404 | 410, .. } => {}
                // It does not say: another key, or somebody in between.
                CallOutcome::Refused { .. } | CallOutcome::Unknown => return self.failed(),
                CallOutcome::NotAsked(wait) => return self.again(wait),
            }
            if self.task.was_taken || matches!(ask, Ask::Find { .. }) {
                return self.wait_for_outcome();
            }
            self.task.was_asked = false;
        }
        match self.call(&ask, &self.key()).await {
            CallOutcome::Told(told) => {
                self.task.was_taken = true;
                match self.keep_answers(&told, is_over).await {
                    Some(step) => step,
                    None => self.wait_for_outcome(),
                }
            }
            CallOutcome::Refused { code, .. } => self.refused(code).await,
            CallOutcome::Unknown => {
                self.task.was_asked = true;
                self.failed()
            }
            CallOutcome::NotAsked(wait) => self.again(wait),
        }
    }

    /// Asks what became of the payment.
    async fn query(&self, reference: Option<Text>) -> CallOutcome {
        let ask = match (reference, self.task.entry.what) {
            (None, _) => Ask::Find { of: self.of() },
            (Some(reference), OutboxAction::Refund(_)) => Ask::Refunds { reference },
            (Some(reference), OutboxAction::Authorise | OutboxAction::Capture | OutboxAction::Void) => {
                Ask::Payment { reference }
            }
        };
        self.call(&ask, "").await
    }

    /// Keeps what the provider told; the step to take where that settles it.
    async fn keep_answers(&mut self, told: &[Told], is_over: bool) -> Option<Step> {
        let entry = self.task.entry;
        for one in told {
            match intake::record(self.app, self.provider, one).await {
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, %entry, "an answer was not kept");
                    return Some(self.failed());
                }
            }
        }
        let is_final = |told: &Told| {
            matches!(told.message.said, ProviderSaid::Failed { .. } | ProviderSaid::Voided | ProviderSaid::Captured)
        };
        // There is nothing to let go of that has failed, or that was never there once the attempt is over.
        let is_let_go = entry.what == OutboxAction::Void && (told.iter().any(is_final) || told.is_empty() && is_over);
        match is_let_go || matches!(stands(self.app, &entry).await, Some(OutboxStatus::Settled)) {
            true => Some(self.end()),
            false => None,
        }
    }

    /// What the provider does not do it says at once.
    async fn refused(mut self, code: Text) -> Step {
        Stats::count(&self.provider.stats.refused);
        let entry = self.task.entry;
        tracing::info!(%entry, %code, "a provider refused");
        let (said, what) = match entry.what {
            OutboxAction::Authorise => (ProviderSaid::Failed { code }, "authorise".to_owned()),
            OutboxAction::Refund(refund) => (ProviderSaid::RefundFailed { refund, code }, format!("refund:{refund}")),
            // The payment has become something else meanwhile: it says what, the next time it is asked.
            OutboxAction::Capture | OutboxAction::Void => {
                self.task.was_asked = true;
                return self.failed();
            }
        };
        let event_id = Text::parse(&format!("refused:{}:{what}", entry.payment)).expect("ids make a text");
        let (reference, amount, currency, body_sha256) = (None, None, None, [0; 32]);
        let message = ProviderMessage { event_id, reference, said, amount, currency, body_sha256 };
        let told = Told { named: Named::Payment(self.of()), message };
        match intake::record(self.app, self.provider, &told).await {
            Ok(_) => self.end(),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, %entry, "a refusal was not kept");
                self.failed()
            }
        }
    }

    async fn call(&self, ask: &Ask, key: &str) -> CallOutcome {
        let ProviderAccount { account, stats, client, .. } = self.provider;
        if let Err(wait) = self.provider.breaker().pass(Instant::now()) {
            return CallOutcome::NotAsked(wait);
        }
        let request = match account.adapter.request(ask) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(account = %account.id, %error, "a provider cannot be asked for an amount");
                let code = Text::parse(error.code()).expect("a code is a text");
                return CallOutcome::Refused { status: 422, code };
            }
        };
        Stats::count(&stats.requests);
        let called = client.call(&request, key).await;
        let mut breaker = self.provider.breaker();
        match called {
            Ok((200..=299, body)) => {
                breaker.succeeded();
                drop(breaker);
                match account.adapter.answer(&body) {
                    Ok(told) => CallOutcome::Told(self.ours(told)),
                    Err(error) => {
                        tracing::warn!(account = %account.id, %error, "a provider's answer does not read");
                        Stats::count(&stats.failed);
                        CallOutcome::Unknown
                    }
                }
            }
            // It is too busy, or is at it already under the same key.
            Ok((409 | 425 | 429 | 500.., _)) => {
                breaker.failed(Instant::now());
                Stats::count(&stats.failed);
                CallOutcome::Unknown
            }
            Ok((status, body)) => {
                breaker.succeeded();
                CallOutcome::Refused { status, code: account.adapter.refusal(status, &body) }
            }
            Err(error) => {
                breaker.failed(Instant::now());
                Stats::count(&stats.failed);
                // The breaker bounds how often; a certificate that nobody vouches for is for a person.
                tracing::warn!(account = %account.id, error = with_causes(&error), "a request failed");
                CallOutcome::Unknown
            }
        }
    }

    fn of(&self) -> PaymentRef {
        let OutboxEntry { tenant, store, payment, .. } = self.task.entry;
        PaymentRef { tenant, store, payment }
    }

    /// What of an answer is about the payment: an answer about another one is no answer.
    fn ours(&self, told: Vec<Told>) -> Vec<Told> {
        let of = Named::Payment(self.of());
        let is_ours = |told: &Told| !matches!(told.named, Named::Payment(_)) || told.named == of;
        let ours = told.into_iter().filter(is_ours).map(|told| match told.named {
            Named::Nothing => Told { named: of, ..told },
            Named::Payment(_) | Named::Other => told,
        });
        ours.collect()
    }

    /// The key under which the provider does it once: the same on every try, in every life of the process.
    fn key(&self) -> String {
        let of = self.of();
        match self.task.entry.what {
            OutboxAction::Refund(refund) => format!("{of}.refund.{refund}"),
            OutboxAction::Authorise | OutboxAction::Capture | OutboxAction::Void => format!("{of}.{}", self.at),
        }
    }

    fn end(&self) -> Step {
        Step { task: self.task.clone(), next: Next::Done }
    }

    fn again(&self, wait: Duration) -> Step {
        Step { task: self.task.clone(), next: Next::At(Instant::now() + wait) }
    }

    /// The provider has it, and says what becomes of it; where it stays silent it is asked.
    fn wait_for_outcome(mut self) -> Step {
        let wait = self.provider.account.query_after.saturating_mul(1 << self.task.queries.min(16));
        let wait = wait.min(QUERY_MAX.max(self.provider.account.query_after));
        self.task.queries += 1;
        self.task.query_at = Some(Instant::now() + wait);
        self.again(wait)
    }

    fn failed(&mut self) -> Step {
        self.task.tries += 1;
        if self.task.tries == TRIES_MAX {
            Stats::count(&self.provider.stats.unanswered);
            tracing::error!(entry = %self.task.entry, "a provider was asked many times and gave no good answer");
        }
        if TRIES_MAX <= self.task.tries {
            return self.again(QUERY_MAX);
        }
        self.again((RETRY_MIN * (1 << self.task.tries.min(12))).min(RETRY_MAX))
    }
}
