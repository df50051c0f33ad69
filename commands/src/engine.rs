//! The engine: one thread that decides, one that writes, one that watches the clock.

use crate::alarm::Alarm;
use crate::clock::Time;
use crate::committer::{Committer, Health};
use crate::deferred::Deferred;
use crate::envelope::{Accepted, Envelope};
use crate::error::{CommandError, Failure, StartError};
use crate::fetch::Fetcher;
use crate::message::{Quote, Reply, Request, Submission, Work};
use crate::options::Options;
use crate::recovery::recover;
use crate::repeat::rebuild;
use crate::snapshot_writer::Snapshots;
use crate::stats::Stats;
use crate::thread::{EngineThread, Scratch, reject_all};
use domain::command::NewOrder;
use domain::ids::{CommandId, StoreId, TenantId};
use domain::pricing::Totals;
use eventlog::{LogReader, LogWriter};
use schemas::stored;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot, watch};

/// The door to the write side. Cloning it gives another handle to the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    requests: mpsc::Sender<Request>,
    reader: LogReader,
    time: Arc<Time>,
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
        let (state, snapshot) = recover(&reader, &options)?;
        let stats = Arc::new(Stats::default());
        let time = Arc::new(Time::new(options.clock.clone(), state.stamped));
        let committer =
            Arc::new(Committer::new(log, options.append_slow, Arc::clone(&stats), Arc::clone(&options.keys)));
        let (requests, queue) = mpsc::channel(options.queue_max);
        // A weak reference: the engine stops when its last handle is dropped.
        let wake_up = {
            let requests = requests.downgrade();
            move || wake(&requests)
        };
        let alarm = Arc::new(Alarm::default());
        let (failed, health) = watch::channel(None);
        let (give_back, log) = std::sync::mpsc::channel();
        let writing = {
            let (committer, wake_up) = (Arc::clone(&committer), wake_up.clone());
            spawn("log", move || {
                let ended = catch_unwind(AssertUnwindSafe(|| committer.run()));
                let failure = match ended {
                    Ok(Health::Writing) => return,
                    Ok(Health::Fenced) => Failure::Fenced,
                    Ok(_) | Err(_) => Failure::Log,
                };
                if failure == Failure::Log {
                    committer.fail();
                }
                failed.send_replace(Some(failure));
                wake_up();
            })?
        };
        let mut threads = vec![];
        let (fetcher, fetching) = Fetcher::new(reader.clone(), snapshot.clone(), state.closed_orders);
        threads.push({
            let wake_up = wake_up.clone();
            spawn("fetch", move || fetching.run(wake_up))?
        });
        let snapshots = match snapshot {
            None => None,
            Some(snapshot) => {
                Stats::set(&stats.snapshot_position, snapshot.position.0);
                let (snapshots, writer) = Snapshots::new(snapshot, reader.clone(), &options);
                let wake_up = wake_up.clone();
                threads.push(spawn("snapshot", move || writer.run(wake_up))?);
                Some(snapshots)
            }
        };
        let thread = EngineThread {
            state,
            committer,
            fetcher,
            snapshots,
            reader: reader.clone(),
            deferred: Deferred::default(),
            deferred_max: options.deferred_max,
            time: Arc::clone(&time),
            stats: Arc::clone(&stats),
            alarm: Arc::clone(&alarm),
            scratch: Scratch::default(),
        };
        threads.push(spawn("engine", move || {
            if let Some(log) = run(thread, queue, writing) {
                // The receiver may be gone already; dropping the value closes it then.
                let _ = give_back.send(log);
            }
        })?);
        threads.push(spawn("clock", move || alarm.run(wake_up))?);
        let stopped = Stopped { requests: requests.clone(), threads, log };
        Ok((Engine { requests, reader, time, stats, health }, stopped))
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
        let (in_flight, request) = InFlight::new(envelope);
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
        let (in_flight, request) = InFlight::new(envelope);
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
        let (reply, priced) = oneshot::channel();
        let quote = Quote { tenant, store, order: Box::new(order), reply };
        self.send(Request::Work(Work::Quote(quote)))?;
        match priced.await {
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

    /// Becomes `Some` when the engine has ended by itself, with the reason.
    pub fn failure(&self) -> watch::Receiver<Option<Failure>> {
        self.health.clone()
    }

    /// What time it is, and whether the clock is in doubt.
    pub fn time(&self) -> &Arc<Time> {
        &self.time
    }

    /// The durable log behind it.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }
}

/// A command in flight; see [`Engine::outcome`].
#[derive(Debug)]
#[must_use = "the outcome of a command is waited for"]
pub struct InFlight {
    tenant: TenantId,
    command_id: CommandId,
    digest: u128,
    reply: oneshot::Receiver<Reply>,
}

impl InFlight {
    fn new(envelope: Envelope) -> (InFlight, Request) {
        // Hashed by the caller: it is a third of a microsecond that the engine thread need not spend.
        let digest = stored::command_digest(&envelope.command);
        let (to, reply) = oneshot::channel();
        let in_flight = InFlight { tenant: envelope.tenant, command_id: envelope.command_id, digest, reply };
        let submission = Submission { envelope: Box::new(envelope), digest, reply: Some(to) };
        (in_flight, Request::Work(Work::Command(submission)))
    }
}

/// The engine thread from start to end, however it ends.
fn run(mut thread: EngineThread, mut queue: mpsc::Receiver<Request>, writing: JoinHandle<()>) -> Option<LogWriter> {
    if catch_unwind(AssertUnwindSafe(|| thread.run(&mut queue))).is_err() {
        // What it decided last may be half a decision: nothing of the open batch is written.
        tracing::error!("the engine thread panicked; the process has to stop");
        thread.committer.fail();
    }
    reject_all(&mut queue);
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
        let _ = requests.try_send(Request::Wake);
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}
