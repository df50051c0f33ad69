//! Who is let in, folded in memory from the log itself: no read model that lags, waits for space, is rebuilt or has stopped lets
//! anybody in or keeps anybody out.
//!
//! What the read model holds at its checkpoint is where a start begins; what the log has behind that is folded before anybody is
//! let in, and each commit after that as it becomes durable.

use super::tokens::{DeviceEntry, PinHash, Tokens};
use crate::error::with_causes;
use crate::progress::Progress;
use domain::event::{AccessEvent, Event};
use domain::ids::TenantId;
use domain::stream::Stream;
use eventlog::{LogReader, Position, ReadError, StoredBatch, Tail};
use schemas::stored::{DecodeError, Decoder};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the thread waits for a batch before it looks whether it is to stop.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// How long it lets batches gather while nobody waits for one: under load they come by the thousand, and hardly any is about access.
const LINGER: Duration = Duration::from_millis(2);

/// Why access cannot be told: nobody is let in before the process is started again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("the log does not read")]
    Read(#[from] ReadError),
    #[error("the event at position {position} does not read")]
    Event { position: Position, source: DecodeError },
    #[error("the stream of the event at position {position} does not read")]
    Stream { position: Position },
}

/// Folds what the log says of access into the tokens in memory.
pub(crate) struct AccessFold {
    tokens: Arc<Tokens>,
    progress: Arc<Progress>,
    reader: LogReader,
    tail: Tail,
    decoder: Decoder,
    /// The last event folded.
    at: Position,
}

impl AccessFold {
    /// Behind `at`, which is what the tokens hold: folds all that is durable.
    pub fn catch_up(tokens: Arc<Tokens>, reader: LogReader, at: Position) -> Result<AccessFold, AccessError> {
        let tail = reader.tail(Position(at.0 + 1));
        let progress = Arc::new(Progress::new(at));
        let mut fold = AccessFold { tokens, progress, reader, tail, decoder: Decoder::new(), at };
        let head = fold.reader.durable();
        while fold.at.0 + 1 < head.0
            && let Some(batch) = fold.tail.next(Duration::ZERO)?
        {
            fold.batch(&batch)?;
        }
        fold.progress.publish(fold.at);
        Ok(fold)
    }

    pub fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Goes on in a thread of its own until told to stop.
    ///
    /// # Errors
    /// The operating system starts no more threads.
    pub fn start(mut self, stop: Arc<AtomicBool>) -> io::Result<JoinHandle<()>> {
        let thread = std::thread::Builder::new().name("access".to_owned());
        let run = move || {
            self.progress.set_worker(std::thread::current());
            let why = match derived::guard(|| self.follow(&stop)) {
                Ok(Ok(())) => return,
                Ok(Err(error)) => with_causes(&error),
                Err(panicked) => panicked.to_string(),
            };
            tracing::error!(why, "nobody is let in any more: start the process again");
            self.tokens.close();
        };
        thread.spawn(run)
    }

    fn follow(&mut self, stop: &AtomicBool) -> Result<(), AccessError> {
        let mut wait = SLEEP_MAX;
        while !stop.load(Ordering::Acquire) {
            match self.tail.next(wait) {
                Ok(Some(batch)) => {
                    self.batch(&batch)?;
                    wait = Duration::ZERO;
                }
                Ok(None) => {
                    self.progress.publish(self.at);
                    // There was something: more may gather, unless somebody waits for it.
                    if wait.is_zero() && !self.progress.has_waiters() {
                        std::thread::park_timeout(LINGER);
                    }
                    wait = SLEEP_MAX;
                }
                // What stands there may read again; until it does, what is behind it decides nothing.
                Err(ReadError::Io { path, source }) => {
                    tracing::error!(path = %path.display(), %source, "the log does not read; access is not up to date");
                    std::thread::park_timeout(SLEEP_MAX);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &StoredBatch) -> Result<(), AccessError> {
        for commit in batch.commits() {
            for event in commit.events() {
                if event.position <= self.at {
                    continue;
                }
                self.at = event.position;
                if !event.stream.starts_with("access-") {
                    continue;
                }
                let position = event.position;
                let stream = self.decoder.stream(event.stream).map_err(|_| AccessError::Stream { position })?;
                let decoded = self.decoder.decode(&stream, event.body);
                let decoded = decoded.map_err(|source| AccessError::Event { position, source })?;
                if let (Stream::Access(tenant), Event::Access(event)) = (stream, decoded) {
                    self.event(tenant, &event);
                }
            }
        }
        Ok(())
    }

    /// What a new event of access changes goes here, and into [`Tokens::load`].
    fn event(&self, tenant: TenantId, event: &AccessEvent) {
        match event {
            AccessEvent::TokenIssued { token, role, secret_sha256, terms, .. } => {
                self.tokens.issue(tenant, *token, *role, *secret_sha256, terms.as_ref());
            }
            AccessEvent::TokenRevoked { token } => self.tokens.revoke(tenant, *token),
            AccessEvent::DeviceAdded { device, store, terminal, code_sha256, .. } => {
                let entry = DeviceEntry { store: *store, terminal: *terminal };
                self.tokens.add_device(tenant, *device, entry);
                self.tokens.offer(tenant, *device, Some(*code_sha256));
            }
            AccessEvent::DeviceEnrolled { device, .. } => self.tokens.offer(tenant, *device, None),
            AccessEvent::DeviceRemoved { device } => {
                self.tokens.offer(tenant, *device, None);
                self.tokens.remove_device(tenant, *device);
            }
            AccessEvent::PinSet { staff, salt, argon2id, .. } => {
                self.tokens.set_pin(tenant, *staff, Some(PinHash { salt: *salt, argon2id: *argon2id }));
            }
            AccessEvent::StaffRemoved { staff } => self.tokens.set_pin(tenant, *staff, None),
            AccessEvent::StaffChanged { .. }
            | AccessEvent::SignInFailed { .. }
            | AccessEvent::PinShown { .. }
            | AccessEvent::TextsErased { .. } => {}
        }
    }
}
