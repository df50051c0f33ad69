//! The engine: one thread that decides, one that writes, one that watches the clock.

use crate::clock::Clock;
use crate::committer::{Committer, Health, Waiter};
use crate::envelope::{Answer, CommandError, Envelope, Receipt, Recorded};
use crate::stats::Stats;
use crate::world::{self, CLOCK_SKEW_MAX_US, FoldError, World};
use domain::calendar::Timestamp;
use domain::command::{Command, Context, MenuCommand, NewOrder, Source};
use domain::event::Event;
use domain::ids::{CommandId, Revision, StoreId, TenantId, TerminalId};
use domain::pricing::Totals;
use domain::refused::Refused;
use domain::stream::Stream;
use eventlog::{Batch, CommitHeader, Direction, LogReader, LogWriter, Position, ReadError};
use schemas::stored::{self, CommitMeta};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How the engine is set.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it takes the time from.
    pub clock: Clock,
    /// How many commands may wait for the engine thread; more are turned away.
    pub queue_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { clock: Clock::System, queue_max: Options::QUEUE_MAX }
    }
}

impl Options {
    /// What the binary uses: some 10 ms of work.
    pub const QUEUE_MAX: usize = 8_192;
}

/// How many commands the engine thread takes before it looks at the log thread again.
const TAKE_MAX: usize = 256;
/// How many commands of its own the engine issues between two looks at the queue.
const OWED_MAX: usize = 64;
/// How often the clock thread looks at the machine's clock while a deadline lies ahead.
const TICK: Duration = Duration::from_millis(50);

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log does not read.
    #[error("the log does not read")]
    Read(#[from] ReadError),
    /// The log does not fold into a state.
    #[error("the log does not fold into a state")]
    Fold(#[from] FoldError),
    /// The operating system gives no thread.
    #[error("the operating system gives no thread")]
    Thread(#[from] std::io::Error),
}

/// The log failed for good: stop the process and start it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log failed for good; start the process again")]
pub struct Failure;

#[derive(Debug)]
enum Request {
    Command { envelope: Box<Envelope>, digest: u128, reply: oneshot::Sender<Reply> },
    Price { tenant: TenantId, store: StoreId, order: Box<NewOrder>, reply: oneshot::Sender<Reply> },
    Tick,
    Stop,
}

#[derive(Debug)]
enum Reply {
    Accepted(Box<Receipt>),
    Repeated { first: Position },
    Priced(Box<Totals>),
    Rejected(CommandError),
}

/// An answer that waits for the sync.
struct Pending {
    reply: Option<oneshot::Sender<Reply>>,
    answer: Option<Reply>,
}

impl Waiter for Pending {
    fn release(self) {
        if let (Some(reply), Some(answer)) = (self.reply, self.answer) {
            // A client that went away does not want its answer any more; the commit stands.
            let _ = reply.send(answer);
        }
    }
}

/// The door to the write side. Cloning it gives another handle to the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    requests: mpsc::Sender<Request>,
    reader: LogReader,
    stats: Arc<Stats>,
    health: watch::Receiver<Option<Failure>>,
}

/// The threads of an engine; joining them is how one waits for its end.
#[derive(Debug)]
pub struct Stopped {
    requests: mpsc::Sender<Request>,
    threads: Vec<JoinHandle<()>>,
    log: std::sync::mpsc::Receiver<LogWriter>,
}

impl Stopped {
    /// Takes no more commands, makes durable what was accepted, and gives the log back to be closed.
    pub fn stop(self) -> Option<LogWriter> {
        // A full queue still drains, so waiting for room is safe; a closed one has nobody left to tell.
        let _ = self.requests.blocking_send(Request::Stop);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the engine panicked");
            }
        }
        self.log.recv().ok()
    }
}

impl Engine {
    /// Folds the log into the state and starts the threads.
    ///
    /// # Errors
    /// [`StartError`]; nothing was written.
    pub fn start(log: LogWriter, reader: LogReader, options: Options) -> Result<(Engine, Stopped), StartError> {
        let world = fold(&reader)?;
        let stats = Arc::new(Stats::default());
        let committer = Arc::new(Committer::new(log, Arc::clone(&stats)));
        let (requests, queue) = mpsc::channel(options.queue_max);
        let alarm = Arc::new(Alarm::default());
        let (failed, health) = watch::channel(None);
        let (give_back, log) = std::sync::mpsc::channel();
        let writing = {
            let committer = Arc::clone(&committer);
            spawn("log", move || {
                if committer.run() == Health::Failed {
                    failed.send_replace(Some(Failure));
                }
            })?
        };
        let deciding = {
            let (stats, alarm) = (Arc::clone(&stats), Arc::clone(&alarm));
            spawn("engine", move || {
                let mut thread = EngineThread {
                    world,
                    committer,
                    clock: options.clock,
                    stats,
                    alarm,
                    name: String::new(),
                    meta: vec![],
                };
                thread.run(queue);
                if writing.join().is_err() {
                    tracing::error!("the log thread panicked");
                }
                if let Some(committer) = Arc::into_inner(thread.committer) {
                    // Nobody may want it any more; then it is closed by being dropped.
                    let _ = give_back.send(committer.into_log());
                }
            })?
        };
        let ticking = {
            let requests = requests.clone();
            spawn("clock", move || alarm.run(&requests))?
        };
        let stopped = Stopped { requests: requests.clone(), threads: vec![deciding, ticking], log };
        Ok((Engine { requests, reader, stats, health }, stopped))
    }

    /// Gives a command to the engine and waits for its outcome.
    ///
    /// On `Ok` the command's events are durable, and will be for ever.
    ///
    /// # Errors
    /// [`CommandError`], by what the client does next.
    pub async fn submit(&self, envelope: Envelope) -> Result<Answer, CommandError> {
        let ticket = self.enqueue(envelope)?;
        self.outcome(ticket).await
    }

    /// Gives a command to the engine; those that one caller gives take effect in their order.
    ///
    /// # Errors
    /// [`CommandError::Overloaded`] and [`CommandError::Stopped`]; nothing was written.
    pub fn enqueue(&self, envelope: Envelope) -> Result<Ticket, CommandError> {
        let (ticket, request) = ticket(envelope);
        self.requests.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Stats::count(&self.stats.overloaded, 1);
                CommandError::Overloaded
            }
            mpsc::error::TrySendError::Closed(_) => CommandError::Stopped,
        })?;
        Ok(ticket)
    }

    /// As [`Engine::enqueue`], but waits for room in the queue: for uploads that are better slow than refused.
    ///
    /// # Errors
    /// [`CommandError::Stopped`]; nothing was written.
    pub async fn enqueue_patiently(&self, envelope: Envelope) -> Result<Ticket, CommandError> {
        let (ticket, request) = ticket(envelope);
        self.requests.send(request).await.map_err(|_| CommandError::Stopped)?;
        Ok(ticket)
    }

    /// Waits for the outcome of a command.
    ///
    /// # Errors
    /// [`CommandError`], by what the client does next.
    pub async fn outcome(&self, ticket: Ticket) -> Result<Answer, CommandError> {
        match ticket.reply.await {
            Ok(Reply::Accepted(receipt)) => Ok(Answer { receipt: *receipt, repeated: false }),
            Ok(Reply::Repeated { first }) => {
                let reader = self.reader.clone();
                let repeated = tokio::task::spawn_blocking(move || {
                    rebuild(&reader, first, ticket.tenant, ticket.command_id, ticket.digest)
                });
                let receipt = repeated.await.map_err(|_| CommandError::Unknown)??;
                Ok(Answer { receipt, repeated: true })
            }
            Ok(Reply::Rejected(error)) => Err(error),
            Ok(Reply::Priced(_)) | Err(_) => Err(CommandError::Unknown),
        }
    }

    /// What an order would come to, without opening it.
    ///
    /// # Errors
    /// [`CommandError`] as opening it would be refused, but for stock.
    pub async fn price(&self, tenant: TenantId, store: StoreId, order: NewOrder) -> Result<Totals, CommandError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Price { tenant, store, order: Box::new(order), reply };
        self.requests.try_send(request).map_err(|_| CommandError::Overloaded)?;
        match answer.await {
            Ok(Reply::Priced(totals)) => Ok(*totals),
            Ok(Reply::Rejected(error)) => Err(error),
            Ok(Reply::Accepted(_) | Reply::Repeated { .. }) | Err(_) => Err(CommandError::Unknown),
        }
    }

    /// Counters for the metrics page.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// How many commands wait for the engine thread.
    pub fn queue_depth(&self) -> usize {
        self.requests.max_capacity() - self.requests.capacity()
    }

    /// Becomes `Some` when the log has failed for good.
    pub fn failure(&self) -> watch::Receiver<Option<Failure>> {
        self.health.clone()
    }

    /// The durable log behind it.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }
}

/// A command on its way; see [`Engine::outcome`].
#[derive(Debug)]
#[must_use = "the outcome of a command is waited for"]
pub struct Ticket {
    tenant: TenantId,
    command_id: CommandId,
    digest: u128,
    reply: oneshot::Receiver<Reply>,
}

fn ticket(envelope: Envelope) -> (Ticket, Request) {
    // Hashed by the caller: it is a third of a microsecond that the engine thread need not spend.
    let digest = stored::command_digest(&envelope.command);
    let (reply, answer) = oneshot::channel();
    let ticket = Ticket { tenant: envelope.tenant, command_id: envelope.command_id, digest, reply: answer };
    (ticket, Request::Command { envelope: Box::new(envelope), digest, reply })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}

fn fold(reader: &LogReader) -> Result<World, StartError> {
    let mut world = World::default();
    let mut tail = reader.tail(Position(0));
    let started = std::time::Instant::now();
    let mut events = 0;
    // Commits without events may stand at the head itself, so the end is where the tail has nothing more.
    while let Some(batch) = tail.next(Duration::ZERO)? {
        events += world.replay(&batch)?;
    }
    world.owe_all_adoptions();
    let spent_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(events, commands = world.accepted(), deadlines = world.deadlines(), spent_ms, "log folded");
    Ok(world)
}

/// The answer to a repeat: the commit as the log has it, if it is a commit of the same command.
fn rebuild(
    reader: &LogReader,
    first: Position,
    tenant: TenantId,
    command_id: CommandId,
    digest: u128,
) -> Result<Receipt, CommandError> {
    let unknown = |error: &(dyn std::error::Error + 'static)| {
        tracing::error!(error, %first, "the commit of a repeated command does not read");
        CommandError::Unknown
    };
    let found = reader.find_commit(first, command_id.0, tenant.as_str()).map_err(|error| unknown(&error))?;
    let Some(found) = found else { return Err(CommandError::Unknown) };
    let commit = found.commit();
    if commit.payload_hash != digest {
        return Err(CommandError::KeyReused);
    }
    let main = CommitMeta::decode(commit.meta).map_err(|error| unknown(&error))?.main;
    let mut events = Vec::with_capacity(commit.events as usize);
    for event in commit.events() {
        let stream = Stream::parse(event.stream).map_err(|error| unknown(&error))?;
        let fact = stored::decode(&stream, event.body).map_err(|error| unknown(&error))?;
        let (revision, position) = (Revision(event.revision.0), event.position);
        events.push(Recorded { stream, revision, position, event: fact });
    }
    let last = events.iter().rev().find(|event| event.stream == main).map(|event| event.revision);
    let revision = match last {
        Some(revision) => Some(revision),
        None => revision_before(reader, &main, first).map_err(|error| unknown(&error))?,
    };
    Ok(Receipt { stream: main, revision, position: position_of(first, events.len()), events })
}

/// Where a stream was before `position`: a commit that changed nothing left it there.
fn revision_before(reader: &LogReader, stream: &Stream, position: Position) -> Result<Option<Revision>, ReadError> {
    const PAGE: usize = 64;
    let name = stream.to_string();
    let mut from = eventlog::Revision(u64::MAX);
    loop {
        let page = reader.read_stream(&name, from, Direction::Backward, PAGE)?;
        if let Some(event) = page.iter().find(|event| event.position < position) {
            return Ok(Some(Revision(event.revision.0)));
        }
        match page.last() {
            Some(oldest) if 0 < oldest.revision.0 => from = eventlog::Revision(oldest.revision.0 - 1),
            Some(_) | None => return Ok(None),
        }
    }
}

/// What a reader has to have reached: the commit's last event, or what stood before a commit without events.
fn position_of(first: Position, events: usize) -> Position {
    Position((first.0 + events as u64).saturating_sub(1))
}

/// Wakes the engine thread when a deadline has passed.
#[derive(Debug, Default)]
struct Alarm {
    state: Mutex<AlarmState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct AlarmState {
    is_set: bool,
    is_stopped: bool,
}

impl Alarm {
    /// Says whether a deadline lies ahead.
    fn set(&self, is_set: bool, is_stopped: bool) {
        let mut state = self.state.lock().expect("no thread panics while it holds the alarm");
        if state.is_set != is_set || state.is_stopped != is_stopped {
            *state = AlarmState { is_set, is_stopped };
            self.changed.notify_one();
        }
    }

    fn run(&self, requests: &mpsc::Sender<Request>) {
        let mut state = self.state.lock().expect("no thread panics while it holds the alarm");
        while !state.is_stopped {
            state = match state.is_set {
                false => self.changed.wait(state).expect("no thread panics while it holds the alarm"),
                true => {
                    drop(state);
                    // A full queue means that the engine thread is awake and looks at its deadlines by itself.
                    let _ = requests.try_send(Request::Tick);
                    let state = self.state.lock().expect("no thread panics while it holds the alarm");
                    let waited = self.changed.wait_timeout(state, TICK);
                    waited.expect("no thread panics while it holds the alarm").0
                }
            };
        }
    }
}

struct EngineThread {
    world: World,
    committer: Arc<Committer<Pending>>,
    clock: Clock,
    stats: Arc<Stats>,
    alarm: Arc<Alarm>,
    name: String,
    meta: Vec<u8>,
}

impl EngineThread {
    fn run(&mut self, mut queue: mpsc::Receiver<Request>) {
        let mut taken = Vec::with_capacity(TAKE_MAX);
        let mut is_stopping = false;
        let mut is_more = self.settle_owed();
        self.committer.flush();
        while !is_stopping {
            let count = match is_more {
                false => queue.blocking_recv_many(&mut taken, TAKE_MAX),
                // Commands of the engine's own are waiting: it looks at the queue without waiting there.
                true => take_ready(&mut queue, &mut taken),
            };
            if count == 0 && !is_more {
                break;
            }
            for request in taken.drain(..) {
                match request {
                    Request::Command { envelope, digest, reply } => self.take(*envelope, digest, Some(reply)),
                    Request::Price { tenant, store, order, reply } => self.price(tenant, store, &order, reply),
                    Request::Tick => {}
                    Request::Stop => is_stopping = true,
                }
            }
            if is_stopping {
                turn_away(&mut queue);
            }
            is_more = self.settle_owed();
            match count == 1 && queue.is_empty() {
                true => self.committer.flush_inline(),
                false => self.committer.flush(),
            }
        }
        self.alarm.set(false, true);
        self.committer.close();
    }

    /// Issues the commands the engine owes; answers whether there are more.
    fn settle_owed(&mut self) -> bool {
        let now = self.now();
        let mut issued = 0;
        while issued < OWED_MAX
            && let Some(envelope) = self.world.next_owed(now)
        {
            issued += 1;
            let digest = stored::command_digest(&envelope.command);
            self.take(envelope, digest, None);
        }
        let is_more = issued == OWED_MAX;
        self.alarm.set(is_more || self.world.next_deadline().is_some(), false);
        is_more
    }

    fn now(&mut self) -> Timestamp {
        self.world.last = self.world.last.max(self.clock.now());
        self.world.last
    }

    fn take(&mut self, envelope: Envelope, digest: u128, reply: Option<oneshot::Sender<Reply>>) {
        if let Some(first) = self.world.commit_of(envelope.tenant, envelope.command_id) {
            Stats::count(&self.stats.repeated, 1);
            return self.committer.wait(Pending { reply, answer: Some(Reply::Repeated { first }) });
        }
        let rejected = match self.decide(&envelope) {
            Ok((events, now)) => match self.commit(&envelope, digest, events, now, reply) {
                Ok(()) => return Stats::count(&self.stats.accepted, 1),
                Err((error, reply)) => (error, reply),
            },
            Err(error) => (error, reply),
        };
        let (error, reply) = rejected;
        match &error {
            CommandError::Refused(_) | CommandError::OccurredInFuture => Stats::count(&self.stats.refused, 1),
            _ => Stats::count(&self.stats.storage_full, 1),
        }
        if envelope.source == Source::Engine {
            tracing::debug!(?error, command = ?envelope.command, "a command of the engine's own was refused");
        }
        self.committer.wait(Pending { reply, answer: Some(Reply::Rejected(error)) });
    }

    fn decide(&mut self, envelope: &Envelope) -> Result<(Vec<Event>, Timestamp), CommandError> {
        let now = self.now();
        let store = match &envelope.command {
            Command::Store(store, _) => Some(*store),
            Command::Menu(_) | Command::Access(_) => None,
        };
        let sold_at = match (envelope.source, envelope.occurred_at) {
            (Source::Imported, Some(at)) if now.0.saturating_add(CLOCK_SKEW_MAX_US) < at.0 => {
                return Err(CommandError::OccurredInFuture);
            }
            (Source::Imported, Some(at)) => at,
            (Source::Imported, None) | (Source::Online | Source::Engine, _) => now,
        };
        if let Some(expected) = envelope.expected_revision {
            let current = self.world.revision(&world::main_stream(envelope.tenant, &envelope.command));
            if current != Some(expected) {
                return Err(CommandError::Refused(Refused::RevisionMismatch { current }));
            }
        }
        let local = self.world.local(envelope.tenant, store, sold_at);
        let context = Context { now, local, source: envelope.source, terminal: envelope.terminal };
        let events = self.world.decide(envelope, &context).map_err(CommandError::Refused)?;
        Ok((events, now))
    }

    /// Encodes a decision into the open batch and folds it into the state.
    fn commit(
        &mut self,
        envelope: &Envelope,
        digest: u128,
        events: Vec<Event>,
        now: Timestamp,
        reply: Option<oneshot::Sender<Reply>>,
    ) -> Result<(), (CommandError, Option<oneshot::Sender<Reply>>)> {
        let main = world::main_stream(envelope.tenant, &envelope.command);
        let store = main.store();
        self.meta.clear();
        let meta = CommitMeta {
            actor: envelope.actor,
            approver: envelope.approver,
            terminal: envelope.terminal,
            source: envelope.source,
            occurred_at: envelope.occurred_at,
            main,
            correlation: world::correlation(&envelope.command),
        };
        meta.encode(&mut self.meta);
        let recorded = self.record(envelope.tenant, store, events);
        let header = CommitHeader {
            tenant: envelope.tenant.as_str(),
            command_id: envelope.command_id.0,
            payload_hash: digest,
            recorded_at: now.0,
            meta: &self.meta,
        };
        let is_publication = matches!(&envelope.command, Command::Menu(MenuCommand::Publish));
        let was_at = self.world.revision(&main);
        let (world, name, tenant) = (&mut self.world, &mut self.name, envelope.tenant);
        let mut reply = Some(reply);
        let committed = self.committer.commit(|batch| {
            let (first, recorded) = encode(batch, &header, recorded, name);
            world.note(tenant, envelope.command_id, first);
            for event in &recorded {
                // Settings are checked when they come in, so that what the engine decides always folds.
                world.apply(tenant, store, &event.event).expect("a decision folds into the state it was made on");
            }
            let last = recorded.iter().rev().find(|event| event.stream == main).map(|event| event.revision);
            let position = position_of(first, recorded.len());
            let receipt = Receipt { stream: main, revision: last.or(was_at), position, events: recorded };
            Pending { reply: reply.take().flatten(), answer: Some(Reply::Accepted(Box::new(receipt))) }
        });
        match committed {
            Ok(()) => {
                if is_publication {
                    self.world.owe_adoptions(tenant);
                }
                Ok(())
            }
            Err(Health::Full) => Err((CommandError::StorageFull, reply.flatten())),
            Err(Health::Failed | Health::Writing) => Err((CommandError::Stopped, reply.flatten())),
        }
    }

    /// Gives each event its stream and revision.
    fn record(&self, tenant: TenantId, store: Option<StoreId>, events: Vec<Event>) -> Vec<Recorded> {
        let mut recorded: Vec<Recorded> = Vec::with_capacity(events.len());
        for event in events {
            let stream = Stream::of(tenant, store, &event);
            let before = recorded.iter().rev().find(|earlier| earlier.stream == stream).map(|earlier| earlier.revision);
            let revision = match before.or_else(|| self.world.revision(&stream)) {
                Some(Revision(last)) => Revision(last + 1),
                None => Revision(0),
            };
            recorded.push(Recorded { stream, revision, position: Position(0), event });
        }
        recorded
    }

    fn price(&mut self, tenant: TenantId, store: StoreId, order: &NewOrder, reply: oneshot::Sender<Reply>) {
        let now = self.now();
        let local = self.world.local(tenant, Some(store), now);
        let terminal: Option<TerminalId> = None;
        let context = Context { now, local, source: Source::Online, terminal };
        let answer = match self.world.price(tenant, store, order, &context) {
            Ok(totals) => Reply::Priced(Box::new(totals)),
            Err(refused) => Reply::Rejected(CommandError::Refused(refused)),
        };
        self.committer.wait(Pending { reply: Some(reply), answer: Some(answer) });
    }
}

/// Takes what waits in the queue, without waiting for more.
fn take_ready(queue: &mut mpsc::Receiver<Request>, taken: &mut Vec<Request>) -> usize {
    while taken.len() < TAKE_MAX
        && let Ok(request) = queue.try_recv()
    {
        taken.push(request);
    }
    taken.len()
}

/// Closes the queue and tells everybody in it that the engine stops.
fn turn_away(queue: &mut mpsc::Receiver<Request>) {
    queue.close();
    while let Ok(request) = queue.try_recv() {
        if let Request::Command { reply, .. } | Request::Price { reply, .. } = request {
            // A client that went away need not be told.
            let _ = reply.send(Reply::Rejected(CommandError::Stopped));
        }
    }
}

/// Writes a commit into the open batch; answers where it stands.
fn encode(
    batch: &mut Batch,
    header: &CommitHeader<'_>,
    mut recorded: Vec<Recorded>,
    name: &mut String,
) -> (Position, Vec<Recorded>) {
    let mut commit = batch.commit(header);
    for event in &mut recorded {
        name.clear();
        event.stream.write_name(name);
        let revision = eventlog::Revision(event.revision.0);
        event.position = commit.event(name, revision, |body| stored::encode(&event.event, body));
    }
    (commit.finish().first, recorded)
}
