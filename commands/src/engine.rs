//! The engine: one thread that decides, one that writes, one that watches the clock.

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::committer::{Committer, Health, Waiter};
use crate::envelope::{Accepted, CommandError, Envelope, Receipt};
use crate::fetch::Fetcher;
use crate::fold::{self, FoldError};
use crate::repeat::rebuild;
use crate::snapshot::SnapshotError;
use crate::stats::Stats;
use crate::thread::{EngineThread, Keeper, Parts, turn_away};
use crate::work::Work;
use domain::command::NewOrder;
use domain::ids::{CommandId, StoreId, TenantId};
use domain::pricing::Totals;
use eventlog::{LogReader, LogWriter, Position, ReadError};
use schemas::stored;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
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
    /// How many commands may wait for something to be read from the disk; more are turned away.
    pub deferred_max: usize,
    /// How many ids of accepted commands memory holds; older ones are looked up in the log.
    pub ids_max: usize,
    /// How many closed orders of each store memory holds; older ones are read from the log when somebody asks for them.
    pub closed_orders_max: usize,
    /// How long it holds them.
    pub closed_orders_age: Duration,
    /// The file snapshots are kept in. Without one every store stays in memory, and a start folds the whole log.
    pub snapshot: Option<PathBuf>,
    /// After how many events a snapshot is taken: what a start reads of the log.
    pub snapshot_events: u64,
    /// How many stores memory holds; those used least recently are read again when somebody asks for them.
    pub stores_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            clock: Clock::System,
            queue_max: Options::QUEUE_MAX,
            deferred_max: Options::DEFERRED_MAX,
            ids_max: Options::IDS_MAX,
            closed_orders_max: Options::CLOSED_ORDERS_MAX,
            closed_orders_age: Options::CLOSED_ORDERS_AGE,
            snapshot: None,
            snapshot_events: Options::SNAPSHOT_EVENTS,
            stores_max: Options::STORES_MAX,
        }
    }
}

impl Options {
    /// What the binary uses: some 10 ms of work.
    pub const QUEUE_MAX: usize = 8_192;
    /// What the binary uses: a second of reading.
    pub const DEFERRED_MAX: usize = 8_192;
    /// What the binary uses: some 80 MB.
    pub const IDS_MAX: usize = 1_800_000;
    /// What the binary uses: some 100 KB a store.
    pub const CLOSED_ORDERS_MAX: usize = 256;
    /// What the binary uses: two days.
    pub const CLOSED_ORDERS_AGE: Duration = Duration::from_secs(2 * 86_400);
    /// What the binary uses: some 100 ms at the next start.
    pub const SNAPSHOT_EVENTS: u64 = 200_000;
    /// What the binary uses: some 400 MB with all their orders.
    pub const STORES_MAX: usize = 2_500;
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log does not read.
    #[error("the log does not read")]
    Read(#[from] ReadError),
    /// The log does not fold into a state.
    #[error("the log does not fold into a state")]
    Fold(#[from] FoldError),
    /// The snapshot does not read.
    #[error("the snapshot does not read; delete it to fold the whole log")]
    Snapshot(#[source] SnapshotError),
    /// The operating system gives no thread.
    #[error("the operating system gives no thread")]
    Thread(#[from] std::io::Error),
}

/// The log failed for good: stop the process and start it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log failed for good; start the process again")]
pub struct Failure;

#[derive(Debug)]
pub(crate) enum Request {
    Work(Work),
    Tick,
    Stop,
}

#[derive(Debug)]
pub(crate) enum Reply {
    Accepted(Box<Receipt>),
    Repeated { first: Position },
    Priced(Box<Totals>),
    Rejected(CommandError),
}

/// An answer that waits for the sync.
pub(crate) struct Pending {
    /// `None` for what the engine asks itself.
    pub reply: Option<oneshot::Sender<Reply>>,
    pub answer: Reply,
}

impl Pending {
    /// Answers that nothing was written, whatever else there was to say.
    pub(crate) fn turn_away(self, error: CommandError) {
        Pending { answer: Reply::Rejected(error), ..self }.release();
    }
}

impl Waiter for Pending {
    fn release(self) {
        if let Some(reply) = self.reply {
            // A client that went away does not want its answer any more; the commit stands.
            let _ = reply.send(self.answer);
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
///
/// An engine ends by itself once this and every [`Engine`] handle are dropped.
#[derive(Debug)]
pub struct Stopped {
    requests: mpsc::Sender<Request>,
    threads: Vec<JoinHandle<()>>,
    log: std::sync::mpsc::Receiver<LogWriter>,
}

impl Stopped {
    /// Takes no more commands, makes durable what was accepted, and gives the log back to be closed.
    ///
    /// Where the disk is full what was accepted last cannot be made durable: its clients learn that the outcome is not
    /// known, as after a failure.
    ///
    /// # Panics
    /// On a thread that runs asynchronous tasks: it blocks.
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
        let (world, snapshot) = fold::start(&reader, &options)?;
        let stats = Arc::new(Stats::default());
        let committer = Arc::new(Committer::new(log, Arc::clone(&stats)));
        let (requests, queue) = mpsc::channel(options.queue_max);
        let alarm = Arc::new(Alarm::default());
        let (failed, health) = watch::channel(None);
        let (give_back, log) = std::sync::mpsc::channel();
        let writing = {
            let (committer, requests) = (Arc::clone(&committer), requests.downgrade());
            spawn("log", move || {
                let ended = catch_unwind(AssertUnwindSafe(|| committer.run()));
                if !matches!(ended, Ok(Health::Writing)) {
                    committer.fail();
                    failed.send_replace(Some(Failure));
                    wake(&requests);
                }
            })?
        };
        let mut threads = vec![];
        let (fetcher, fetching) = Fetcher::new(reader.clone(), snapshot.clone());
        threads.push({
            let requests = requests.downgrade();
            spawn("fetch", move || fetching.run(|| wake(&requests)))?
        });
        let keeper = match snapshot {
            None => None,
            Some(snapshot) => {
                Stats::set(&stats.snapshot_position, snapshot.position.0);
                let (keeper, keeping) = Keeper::new(snapshot, reader.clone(), &options);
                let requests = requests.downgrade();
                threads.push(spawn("snapshot", move || keeping.run(|| wake(&requests)))?);
                Some(keeper)
            }
        };
        let deciding = {
            let parts = Parts {
                world,
                committer,
                fetcher,
                keeper,
                reader: reader.clone(),
                stats: Arc::clone(&stats),
                alarm: Arc::clone(&alarm),
            };
            let thread = EngineThread::new(parts, &options);
            spawn("engine", move || {
                if let Some(log) = decide(thread, queue, writing) {
                    // Nobody may want it any more; then it is closed by being dropped.
                    let _ = give_back.send(log);
                }
            })?
        };
        let ticking = {
            // Weak, so that an engine everybody has let go of ends.
            let requests = requests.downgrade();
            spawn("clock", move || alarm.run(|| wake(&requests)))?
        };
        threads.extend([deciding, ticking]);
        let stopped = Stopped { requests: requests.clone(), threads, log };
        Ok((Engine { requests, reader, stats, health }, stopped))
    }

    /// Gives a command to the engine and waits for its outcome.
    ///
    /// On `Ok` the command's events are durable, and will be for ever.
    ///
    /// # Errors
    /// [`CommandError`], by what the client does next.
    pub async fn submit(&self, envelope: Envelope) -> Result<Accepted, CommandError> {
        let in_flight = self.enqueue(envelope)?;
        self.outcome(in_flight).await
    }

    /// Gives a command to the engine; those that one caller gives take effect in their order.
    ///
    /// # Errors
    /// [`CommandError::Overloaded`] and [`CommandError::Stopped`]; nothing was written.
    pub fn enqueue(&self, envelope: Envelope) -> Result<InFlight, CommandError> {
        let (in_flight, request) = in_flight(envelope);
        self.send(request)?;
        Ok(in_flight)
    }

    fn send(&self, request: Request) -> Result<(), CommandError> {
        self.requests.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Stats::count(&self.stats.overloaded, 1);
                CommandError::Overloaded
            }
            mpsc::error::TrySendError::Closed(_) => CommandError::Stopped,
        })
    }

    /// As [`Engine::enqueue`], but waits for room in the queue: for uploads that are better slow than refused.
    ///
    /// # Errors
    /// [`CommandError::Stopped`]; nothing was written.
    pub async fn enqueue_patiently(&self, envelope: Envelope) -> Result<InFlight, CommandError> {
        let (in_flight, request) = in_flight(envelope);
        self.requests.send(request).await.map_err(|_| CommandError::Stopped)?;
        Ok(in_flight)
    }

    /// Waits for the outcome of a command.
    ///
    /// # Errors
    /// [`CommandError`], by what the client does next.
    pub async fn outcome(&self, in_flight: InFlight) -> Result<Accepted, CommandError> {
        match in_flight.reply.await {
            Ok(Reply::Accepted(receipt)) => Ok(Accepted { receipt: *receipt, repeated: false }),
            Ok(Reply::Repeated { first }) => {
                let reader = self.reader.clone();
                let repeated = tokio::task::spawn_blocking(move || {
                    rebuild(&reader, first, in_flight.tenant, in_flight.command_id, in_flight.digest)
                });
                let receipt = repeated.await.map_err(|_| CommandError::Unknown)??;
                Ok(Accepted { receipt, repeated: true })
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
        let request = Request::Work(Work::Price { tenant, store, order: Box::new(order), reply });
        self.send(request)?;
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
pub struct InFlight {
    tenant: TenantId,
    command_id: CommandId,
    digest: u128,
    reply: oneshot::Receiver<Reply>,
}

fn in_flight(envelope: Envelope) -> (InFlight, Request) {
    // Hashed by the caller: it is a third of a microsecond that the engine thread need not spend.
    let digest = stored::command_digest(&envelope.command);
    let (reply, answer) = oneshot::channel();
    let in_flight = InFlight { tenant: envelope.tenant, command_id: envelope.command_id, digest, reply: answer };
    (in_flight, Request::Work(Work::Command { envelope: Box::new(envelope), digest, reply }))
}

/// The engine thread from start to end, however it ends.
fn decide(mut thread: EngineThread, mut queue: mpsc::Receiver<Request>, writing: JoinHandle<()>) -> Option<LogWriter> {
    if catch_unwind(AssertUnwindSafe(|| thread.run(&mut queue))).is_err() {
        // What it decided last may be half a decision: nothing of the open batch is written.
        tracing::error!("the engine thread panicked; the process has to stop");
        thread.committer.fail();
    }
    turn_away(&mut queue);
    thread.alarm.stop();
    thread.committer.close();
    if writing.join().is_err() {
        tracing::error!("the log thread panicked");
    }
    Arc::into_inner(thread.committer).map(Committer::into_log)
}

/// Lets the engine thread look around. When its queue is full it is awake.
fn wake(requests: &mpsc::WeakSender<Request>) {
    if let Some(requests) = requests.upgrade() {
        let _ = requests.try_send(Request::Tick);
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}
