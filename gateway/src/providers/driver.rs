//! Asks providers what the log says they are to be asked: at least once, each time under the same key, until the
//! payment has its outcome.
//!
//! A thread of its own tails the log and keeps the outbox; tasks of their own ask. Before each request the payment's stream
//! says whether it is still to be made. A request whose answer was lost is not made again before the provider was
//! asked what it made of it. A provider that was asked and stays silent is asked what became of the payment, and its
//! answer takes the way of a webhook.

use super::step::{Next, Step, Task};
use super::{intake, step};
use crate::state::AppState;
use commands::reactor::{PaymentNotice, outbox_entries};
use domain::ids::{PaymentId, StoreId, TenantId};
use eventlog::Position;
use schemas::stored::OutboxEntry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How long the thread waits for news before it looks whether it has to end.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How many news may wait for the tasks; then reading the log waits.
const NEWS_MAX: usize = 4_096;
/// After how many events the outbox notes how far the log was read, where nothing else is to be noted.
const NOTE_EVENTS: u64 = 100_000;
/// How many requests are under way at a time, over all accounts.
const JOBS_MAX: usize = 256;
/// How long the loop rests at the most: parked messages are looked after by the clock.
const REST_MAX: Duration = Duration::from_millis(250);

type PaymentKey = (TenantId, StoreId, PaymentId);

/// The running parts.
#[derive(Debug)]
pub struct Driver {
    stop: watch::Sender<bool>,
    is_stopping: Arc<AtomicBool>,
    tasks: tokio::task::JoinHandle<()>,
    tail: JoinHandle<()>,
}

impl Driver {
    /// Starts to ask; `None` where there is no account.
    ///
    /// # Errors
    /// What the outbox, or the operating system for want of a thread, says.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start(app: &Arc<AppState>) -> Result<Option<Driver>, Box<dyn std::error::Error + Send + Sync>> {
        let Some(outbox) = &app.providers.outbox else { return Ok(None) };
        let (from, owed) = (outbox.position()?, outbox.pending()?);
        let (stop, stopped) = watch::channel(false);
        let (news, received) = mpsc::channel(NEWS_MAX);
        let (done, finished) = std::sync::mpsc::channel();
        let is_stopping = Arc::new(AtomicBool::new(false));
        let tail = LogTail {
            app: Arc::clone(app),
            news,
            finished,
            is_stopping: Arc::clone(&is_stopping),
            owed: vec![],
            done: vec![],
            noted: from,
        };
        let tail = std::thread::Builder::new().name("providers".to_owned()).spawn(move || tail.run(from))?;
        let mut scheduler = Scheduler::new(Arc::clone(app), done);
        for (at, entry) in owed {
            // It may have been asked before: then the provider knows what became of it.
            scheduler.take(at, entry, true);
        }
        let tasks = tokio::spawn(scheduler.run(received, stopped));
        Ok(Some(Driver { stop, is_stopping, tasks, tail }))
    }

    /// Asks nothing new, drops what is under way (it is asked again) and notes how far it came.
    pub async fn stop(self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
        if self.tasks.await.is_err() {
            tracing::error!("the tasks that ask providers panicked");
        }
        let joined = tokio::task::spawn_blocking(move || self.tail.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the thread that looks for what providers are owed panicked");
        }
    }
}

/// What the thread tells the tasks.
#[derive(Debug)]
enum Update {
    /// Something that concerns providers.
    PaymentNotice(PaymentNotice),
    /// Everything before this position was told.
    ReadTo(Position),
}

/// The thread that reads the log.
struct LogTail {
    app: Arc<AppState>,
    news: mpsc::Sender<Update>,
    /// Positions of duties that are done.
    finished: std::sync::mpsc::Receiver<Position>,
    is_stopping: Arc<AtomicBool>,
    /// What the outbox does not know yet.
    owed: Vec<(Position, OutboxEntry)>,
    done: Vec<Position>,
    noted: Position,
}

impl LogTail {
    fn run(mut self, from: Position) {
        let mut tail = self.app.reader.tail(from);
        let mut at = from;
        while !self.is_stopping.load(Ordering::Relaxed) {
            match tail.next(POLL_INTERVAL) {
                Ok(Some(batch)) => {
                    let mut news = vec![];
                    if let Err(error) = outbox_entries(&batch, at, |one| news.push(one)) {
                        // A newer program's event, or damage: nothing behind it can be trusted to be understood.
                        tracing::error!(error = &error as &dyn std::error::Error, "providers are asked nothing new");
                        return;
                    }
                    at = at.max(batch.next_position());
                    self.note_owed(&news);
                    self.note(at, !self.owed.is_empty());
                    let told = news.into_iter().map(Update::PaymentNotice).chain([Update::ReadTo(at)]);
                    if told.into_iter().any(|one| self.news.blocking_send(one).is_err()) {
                        break;
                    }
                }
                Ok(None) => self.note(at, true),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the log does not read; trying again");
                    std::thread::sleep(POLL_INTERVAL);
                }
            }
        }
        self.note(at, true);
    }

    fn note_owed(&mut self, news: &[PaymentNotice]) {
        self.owed.extend(news.iter().filter_map(|one| match one {
            PaymentNotice::Requested(at, entry) => Some((*at, *entry)),
            PaymentNotice::Changed { .. } => None,
        }));
    }

    /// Notes in the outbox what changed, if it is time. What it cannot be noted is noted later: it stays in the log.
    fn note(&mut self, at: Position, is_time: bool) {
        self.done.extend(self.finished.try_iter());
        let is_far = self.noted.0 + NOTE_EVENTS < at.0;
        let has_news = !self.owed.is_empty() || !self.done.is_empty();
        if !(is_far || is_time && has_news) {
            return;
        }
        let outbox = self.app.providers.outbox.as_ref().expect("there are accounts");
        match outbox.record(&self.owed, &self.done, at) {
            Ok(()) => {
                self.owed.clear();
                self.done.clear();
                self.noted = at;
            }
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the outbox is not up to date"),
        }
    }
}

/// What is owed, and when it is looked after next.
struct Scheduler {
    app: Arc<AppState>,
    tasks: HashMap<Position, Task>,
    of_payment: HashMap<PaymentKey, Vec<Position>>,
    schedule: BTreeSet<(Instant, Position)>,
    jobs: JoinSet<(Position, Step)>,
    done: std::sync::mpsc::Sender<Position>,
}

impl Scheduler {
    fn new(app: Arc<AppState>, done: std::sync::mpsc::Sender<Position>) -> Scheduler {
        let (tasks, of_payment) = (HashMap::new(), HashMap::new());
        Scheduler { app, tasks, of_payment, schedule: BTreeSet::new(), jobs: JoinSet::new(), done }
    }

    async fn run(mut self, mut news: mpsc::Receiver<Update>, mut stop: watch::Receiver<bool>) {
        let mut retry_at = Some(Instant::now());
        loop {
            self.start_due();
            let rest = self.schedule.first().map_or(REST_MAX, |(at, _)| at.saturating_duration_since(Instant::now()));
            let rest = if self.jobs.len() < JOBS_MAX { rest.min(REST_MAX) } else { REST_MAX };
            tokio::select! {
                one = news.recv() => match one {
                    Some(one) => {
                        self.apply(one);
                        // What waits behind it is heard before anything is asked.
                        while let Ok(one) = news.try_recv() {
                            self.apply(one);
                        }
                    }
                    // The log has ended or does not read; what is owed already is still asked.
                    None => tokio::time::sleep(rest).await,
                },
                Some(ended) = self.jobs.join_next() => match ended {
                    Ok((at, step)) => self.end(at, step),
                    Err(error) => tracing::error!(%error, "a request to a provider panicked"),
                },
                () = tokio::time::sleep(rest) => {}
                // The sender says one thing only, and says it once.
                _ = stop.changed() => break,
            }
            if self.app.providers.parked_count() == 0 {
                retry_at = Some(Instant::now());
            } else if retry_at.is_none_or(|at| at <= Instant::now()) {
                retry_at = intake::retry(&self.app, self.app.certain_now()).await;
                retry_at = retry_at.map(|at| at.min(Instant::now() + REST_MAX));
            }
        }
        self.jobs.shutdown().await;
    }

    fn apply(&mut self, one: Update) {
        match one {
            Update::ReadTo(at) => self.app.providers.position.store(at.0, Ordering::Relaxed),
            Update::PaymentNotice(one) => self.apply_news(one),
        }
    }

    fn apply_news(&mut self, one: PaymentNotice) {
        match one {
            PaymentNotice::Requested(at, entry) => self.take(at, entry, false),
            PaymentNotice::Changed { tenant, store, payment } => {
                let touched = self.of_payment.get(&(tenant, store, payment)).cloned().unwrap_or_default();
                for at in touched {
                    if let Some(task) = self.tasks.get_mut(&at) {
                        task.is_touched = true;
                        self.plan(at, Instant::now());
                    }
                }
                intake::touch(&self.app.providers, &one);
            }
        }
    }

    fn take(&mut self, at: Position, entry: OutboxEntry, was_asked: bool) {
        if self.tasks.contains_key(&at) {
            return;
        }
        self.tasks.insert(at, Task::new(entry, was_asked));
        self.of_payment.entry((entry.tenant, entry.store, entry.payment)).or_default().push(at);
        self.app.providers.owed.store(self.tasks.len() as u64, Ordering::Relaxed);
        self.plan(at, Instant::now());
    }

    /// Looks after a task at a time, or earlier where that was planned. One that is being looked after comes back by itself.
    fn plan(&mut self, at: Position, when: Instant) {
        let Some(task) = self.tasks.get_mut(&at) else { return };
        if task.is_running || task.next.is_some_and(|next| next <= when) {
            return;
        }
        if let Some(next) = task.next.replace(when) {
            self.schedule.remove(&(next, at));
        }
        self.schedule.insert((when, at));
    }

    fn start_due(&mut self) {
        let now = Instant::now();
        while self.jobs.len() < JOBS_MAX
            && let Some((when, at)) = self.schedule.first().copied()
            && when <= now
        {
            self.schedule.remove(&(when, at));
            let Some(task) = self.tasks.get_mut(&at) else { continue };
            (task.next, task.is_running) = (None, true);
            let (app, snapshot) = (Arc::clone(&self.app), task.clone());
            task.is_touched = false;
            self.jobs.spawn(async move { (at, step::run(&app, at, snapshot).await) });
        }
    }

    fn end(&mut self, at: Position, step: Step) {
        let Some(task) = self.tasks.get_mut(&at) else { return };
        let (next, was_touched) = (step.next, task.is_touched);
        *task = Task { is_running: false, is_touched: was_touched, next: None, ..step.task };
        match next {
            Next::Done => {
                let entry = task.entry;
                self.tasks.remove(&at);
                let key = (entry.tenant, entry.store, entry.payment);
                if let Some(held) = self.of_payment.get_mut(&key) {
                    held.retain(|held| *held != at);
                    if held.is_empty() {
                        self.of_payment.remove(&key);
                    }
                }
                self.app.providers.owed.store(self.tasks.len() as u64, Ordering::Relaxed);
                // The thread that listens ends after this.
                let _ = self.done.send(at);
            }
            Next::At(_) if was_touched => self.plan(at, Instant::now()),
            Next::At(when) => self.plan(at, when),
        }
    }
}
