//! Payments from outside: accounts at payment providers, what they say, and what they are asked.
//!
//! What a provider says comes in as a signed webhook ([`signature`], [`intake`]) or as the answer to a question
//! ([`driver`]), and goes the same way into the log. What it is asked is found in the log (`commands::reactor`).

pub mod breaker;
pub mod client;
pub mod driver;
pub mod intake;
mod parked;
pub mod settings;
pub mod signature;
mod step;

use breaker::Breaker;
use client::Client;
use commands::reactor::{Outbox, OutboxError};
use domain::command::{Command, Method, PaymentCommand, StoreCommand};
use domain::event::{Event, StoreEvent};
use domain::ids::{AccountId, StoreId, TenantId};
use domain::money::Currency;
use domain::stream::Stream;
use eventlog::{Direction, LogReader, Position, ReadError, Revision};
use parked::ParkedMessages;
use schemas::json::FieldError;
use schemas::stored::{self, DecodeError, Parked};
use settings::{Account, Settings};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Semaphore;

/// How many requests to one account are under way at a time.
const CALLS_MAX: usize = 32;

/// What is counted of an account.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Stats {
    /// Webhooks that were kept, now or before.
    pub webhooks: AtomicU64,
    pub repeated: AtomicU64,
    /// Of those, ones that fit no payment when they came.
    pub parked: AtomicU64,
    /// Webhooks that were not believed or did not read.
    pub rejected: AtomicU64,
    /// Requests to the provider.
    pub requests: AtomicU64,
    /// Of those, ones without an answer, or with one that says nothing.
    pub failed: AtomicU64,
    /// Of those, ones that the provider refused.
    pub refused: AtomicU64,
    /// What was asked many times without a good answer, and still is.
    pub unanswered: AtomicU64,
}

impl Stats {
    /// Counts one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// An account with what is needed to ask it.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct ProviderAccount {
    pub account: Account,
    pub stats: Stats,
    client: Client,
    breaker: Mutex<Breaker>,
    permits: Semaphore,
}

impl ProviderAccount {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the provider is left alone at the moment.
    pub fn is_breaker_open(&self) -> bool {
        self.breaker().is_open()
    }
}

/// Why the accounts cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say all")]
pub enum AccountError {
    #[error("the log does not read")]
    Read(#[from] ReadError),
    #[error("an event of {stream} does not read")]
    Event { stream: String, source: DecodeError },
    #[error("the currency of store {store} {problem}")]
    Currency { store: StoreId, problem: String },
}

/// Says that an account cannot take a currency, and what to do.
fn uncounted(account: &Account, currency: Currency) -> String {
    let (adapter, id) = (account.adapter.as_str(), account.id);
    format!(
        "is {currency}, and the adapter {adapter} of account {id} does not know how its provider counts it; take the account out of \
         the settings of payment providers, or the store to another currency"
    )
}

/// The accounts at payment providers, and what is owed to them.
#[derive(Debug, Default)]
pub struct Providers {
    by_id: BTreeMap<AccountId, ProviderAccount>,
    /// `None` where there is no account.
    outbox: Option<Outbox>,
    parked: Mutex<ParkedMessages>,
    /// How much is owed to providers.
    pub owed: AtomicU64,
    /// How far the log was read for what is owed.
    pub position: AtomicU64,
}

/// The currency of a store, as the log has it. Blocks on the disk.
///
/// # Errors
/// [`AccountError::Event`] and those of the log.
pub fn currency_of(reader: &LogReader, tenant: TenantId, store: StoreId) -> Result<Option<Currency>, AccountError> {
    let stream = Stream::Store(tenant, store);
    let mut currency = None;
    for event in &reader.read_stream(&stream.to_string(), Revision(0), Direction::Forward, usize::MAX)? {
        let fact = stored::decode(&stream, &event.body)
            .map_err(|source| AccountError::Event { stream: stream.to_string(), source })?;
        if let Event::Store(StoreEvent::StoreOpened(settings) | StoreEvent::StoreSettingsChanged(settings)) = fact {
            currency = Some(settings.currency);
        }
    }
    Ok(currency)
}

impl Providers {
    /// Opens what is kept in `path` for these accounts; nothing is made where there are none. `head` is the position after the
    /// log's last event.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn open(settings: Settings, path: &Path, head: Position) -> Result<Providers, OutboxError> {
        if settings.accounts.is_empty() {
            return Ok(Providers::default());
        }
        let outbox = Outbox::open(path, head)?;
        let now = Instant::now();
        let mut parked = ParkedMessages::default();
        outbox.parked()?.into_iter().for_each(|(at, message)| parked.put(at, message, now));
        let by_id = settings.accounts.into_iter().map(|account| {
            let client = Client::new(&account);
            let (breaker, permits) = (Mutex::default(), Semaphore::new(CALLS_MAX));
            (account.id, ProviderAccount { account, stats: Stats::default(), client, breaker, permits })
        });
        let (parked, position) = (Mutex::new(parked), outbox.position()?.0.into());
        Ok(Providers { by_id: by_id.collect(), outbox: Some(outbox), parked, owed: AtomicU64::new(0), position })
    }

    /// An account.
    pub fn account(&self, id: AccountId) -> Option<&ProviderAccount> {
        self.by_id.get(&id)
    }

    /// Every account.
    pub fn accounts(&self) -> impl Iterator<Item = &ProviderAccount> {
        self.by_id.values()
    }

    /// The accounts of a store.
    fn of(&self, tenant: TenantId, store: StoreId) -> impl Iterator<Item = &Account> {
        let accounts = self.by_id.values().map(|provider| &provider.account);
        accounts.filter(move |account| account.tenant == tenant && account.store == store)
    }

    /// Whether a command names an account that its store has not, or gives a store a currency that an account of it does not count:
    /// the log keeps it for ever, so it is looked at first.
    ///
    /// # Errors
    /// [`FieldError`] names the field and what would be right.
    pub fn check(&self, tenant: TenantId, command: &Command) -> Result<(), FieldError> {
        let Command::Store(store, command) = command else { return Ok(()) };
        match command {
            StoreCommand::Payment(_, PaymentCommand::Initiate { method: Method::Provider { account, .. }, .. }) => {
                self.check_account(tenant, *store, *account)
            }
            StoreCommand::Put(settings) => {
                let counts = |account: &Account| account.adapter.unit(settings.currency).is_some();
                match self.of(tenant, *store).find(|account| !counts(account)) {
                    Some(account) => Err(FieldError::new("/currency", uncounted(account, settings.currency))),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn check_account(&self, tenant: TenantId, store: StoreId, account: AccountId) -> Result<(), FieldError> {
        let there: Vec<AccountId> = self.of(tenant, store).map(|account| account.id).collect();
        if there.contains(&account) {
            return Ok(());
        }
        let there: Vec<&str> = there.iter().map(AccountId::as_str).collect();
        let problem = match there.is_empty() {
            true => format!("is {account}, and the store has no account at a payment provider; leave it out"),
            false => format!("is {account}, which is no account of the store; it has {}", there.join(", ")),
        };
        Err(FieldError::new("/provider_account", problem))
    }

    /// Whether every account counts the currency of its store, as far as stores are there: amounts are not guessed at. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// [`AccountError`] names the account.
    pub fn check_stores(&self, reader: &LogReader) -> Result<(), AccountError> {
        for ProviderAccount { account, .. } in self.by_id.values() {
            let currency = currency_of(reader, account.tenant, account.store)?;
            if let Some(currency) = currency.filter(|currency| account.adapter.unit(*currency).is_none()) {
                let problem = uncounted(account, currency);
                return Err(AccountError::Currency { store: account.store, problem });
            }
        }
        Ok(())
    }

    fn parked(&self) -> MutexGuard<'_, ParkedMessages> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much is owed to providers.
    pub fn owed_count(&self) -> u64 {
        self.owed.load(Ordering::Relaxed)
    }

    /// How many messages fit no payment yet.
    pub fn parked_count(&self) -> usize {
        self.parked().len()
    }

    /// The messages of a store that fit no payment yet, newest first.
    pub fn unmatched(&self, tenant: TenantId, store: StoreId) -> Vec<Parked> {
        let mut found: Vec<Parked> = self.parked().of_store(tenant, store).cloned().collect();
        found.sort_by_key(|parked| std::cmp::Reverse(parked.received_at));
        found
    }
}

#[cfg(test)]
pub mod testing {
    //! An account to test with.

    use super::settings::{Account, Settings};
    use schemas::provider::Adapter;

    /// An account with two keys, as a file would name it.
    pub fn account(adapter: Adapter) -> Account {
        let dir = tempfile::TempDir::new().expect("a directory");
        let path = dir.path().join("providers.toml");
        let text = format!(
            "[[account]]\nid = \"acme\"\nadapter = \"{}\"\ntenant = \"demo\"\nstore = \"s1\"\nbase_url = \"http://127.0.0.1:1\"\n\
             api_key = \"key\"\nwebhook_secrets = [\"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\", \"whsec_ZmVkY2JhOTg3NjU0MzIxMA==\"]\n",
            adapter.as_str()
        );
        std::fs::write(&path, text).expect("a file");
        Settings::read(&path).expect("a good file").accounts.remove(0)
    }
}
