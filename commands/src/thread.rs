//! The engine thread: takes commands in order and decides them against the state, which runs ahead of the disk.

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::committer::{Committer, Health, NotTaken};
use crate::engine::{Options, Pending, Reply, Request};
use crate::envelope::{CommandError, Envelope, Receipt, Recorded};
use crate::fetch::Fetcher;
use crate::ids::CLOCK_SKEW_MAX_US;
use crate::repeat::position_of;
use crate::stats::Stats;
use crate::work::{Parked, Work};
use crate::world::{self, World};
use domain::calendar::Timestamp;
use domain::command::{Command, Context, MenuCommand, NewOrder, Source};
use domain::event::{Event, StockEvent};
use domain::ids::{Revision, StoreId, TenantId, Text};
use domain::refused::Refused;
use domain::stream::Stream;
use domain::terminal::{Offline, Queued};
use eventlog::planted::is_planted;
use eventlog::{Batch, COMMIT_BYTES_MAX, CommitHeader, LogReader, Position};
use schemas::stored::{self, CommitMeta};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

mod keep;
mod park;

pub(crate) use keep::Keeper;

/// How many commands the engine thread takes before it looks at the log thread again.
const TAKE_MAX: usize = 256;
/// How many commands of its own the engine issues between two looks at the queue.
const OWED_MAX: usize = 64;

/// What the engine thread is put together from.
pub(crate) struct Parts {
    pub world: World,
    pub committer: Arc<Committer<Pending>>,
    pub fetcher: Fetcher,
    pub keeper: Option<Keeper>,
    pub reader: LogReader,
    pub stats: Arc<Stats>,
    pub alarm: Arc<Alarm>,
}

pub(crate) struct EngineThread {
    world: World,
    pub committer: Arc<Committer<Pending>>,
    fetcher: Fetcher,
    /// `None` where no snapshots are taken: then every store stays in memory.
    keeper: Option<Keeper>,
    reader: LogReader,
    parked: Parked,
    deferred_max: usize,
    clock: Clock,
    stats: Arc<Stats>,
    pub alarm: Arc<Alarm>,
    name: String,
    meta: Vec<u8>,
}

/// A decision on its way into the open batch.
struct Decision {
    events: Vec<Event>,
    now: Timestamp,
    /// The stream the commit is about.
    main: Stream,
    /// Whether it is for practice.
    training: bool,
}

impl EngineThread {
    pub(crate) fn new(parts: Parts, options: &Options) -> EngineThread {
        let Parts { world, committer, fetcher, keeper, reader, stats, alarm } = parts;
        EngineThread {
            world,
            committer,
            fetcher,
            keeper,
            reader,
            parked: Parked::default(),
            deferred_max: options.deferred_max,
            clock: options.clock.clone(),
            stats,
            alarm,
            name: String::new(),
            meta: vec![],
        }
    }

    /// Runs until it is told to stop, everybody has gone, or the log has failed.
    pub(crate) fn run(&mut self, queue: &mut mpsc::Receiver<Request>) {
        let mut taken = Vec::with_capacity(TAKE_MAX);
        let mut is_stopping = false;
        let mut is_more = self.settle_owed();
        is_more |= self.tidy();
        self.committer.flush();
        while !is_stopping && self.committer.health() != Health::Failed {
            let count = match is_more {
                false => queue.blocking_recv_many(&mut taken, TAKE_MAX),
                // Commands of the engine's own are waiting: it looks at the queue without waiting there.
                true => take_ready(queue, &mut taken),
            };
            if count == 0 && !is_more {
                if self.parked.is_empty() {
                    break;
                }
                // Everybody has gone, and what waits is decided all the same.
                self.await_fetched();
            }
            self.committer.gather(taken.len());
            for request in taken.drain(..) {
                match request {
                    Request::Work(work) => _ = self.take(work),
                    Request::Tick => {}
                    Request::Stop => is_stopping = true,
                }
            }
            self.take_up_fetched();
            is_more = self.settle_owed();
            is_more |= self.tidy();
            match count == 1 && queue.is_empty() && self.committer.is_quiet() {
                true => self.committer.flush_inline(),
                false => self.committer.flush(),
            }
        }
        self.finish_parked();
    }

    /// Lets go of what memory need not hold, and takes snapshots; answers whether there is more to do now.
    fn tidy(&mut self) -> bool {
        let durable = self.reader.durable();
        self.world.trim(durable);
        self.world.sweep(durable);
        self.warm_up();
        Stats::set(&self.stats.stores, self.world.here as u64);
        Stats::set(&self.stats.orders, self.world.orders as u64);
        Stats::set(&self.stats.ids, self.world.ids() as u64);
        Stats::set(&self.stats.deferred, self.parked.count() as u64);
        self.keep()
    }

    /// Issues the commands the engine owes; answers whether there are more that can be issued now.
    fn settle_owed(&mut self) -> bool {
        let now = self.now();
        let mut issued = 0;
        let mut is_taken = true;
        while issued < OWED_MAX
            && is_taken
            // Those that wait for the disk leave room for clients' commands.
            && self.parked.own() < OWED_MAX
            && let Some(envelope) = self.world.next_owed(now)
        {
            issued += 1;
            is_taken = self.take(Work::Own(Box::new(envelope)));
        }
        let is_more = issued == OWED_MAX && is_taken;
        self.alarm.set(self.world.is_owing() || self.world.next_deadline().is_some());
        is_more
    }

    /// Takes a command of the engine's own; answers whether the log takes commands.
    fn issue(&mut self, envelope: Envelope) -> bool {
        let digest = stored::command_digest(&envelope.command);
        let outcome = match self.decide(&envelope, digest) {
            Ok(decision) => self.commit(&envelope, digest, decision, None).map_err(|(error, _)| error),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => Stats::count(&self.stats.accepted, 1),
            Err(CommandError::StorageFull | CommandError::Stopped) => {
                // It is still owed: the alarm brings it back until there is space.
                self.world.owe_again(envelope);
                return false;
            }
            Err(error) => {
                Stats::count(&self.stats.refused, 1);
                tracing::debug!(?error, command = ?envelope.command, "a command of the engine's own was refused");
            }
        }
        true
    }

    fn now(&mut self) -> Timestamp {
        self.world.last = self.world.last.max(self.clock.now());
        self.world.last
    }

    /// Decides a client's command that was never accepted.
    fn decide_for(&mut self, envelope: &Envelope, digest: u128, reply: oneshot::Sender<Reply>) {
        let (error, reply) = match self.decide(envelope, digest) {
            Ok(decision) => match self.commit(envelope, digest, decision, Some(reply)) {
                Ok(()) => return Stats::count(&self.stats.accepted, 1),
                Err(refused) => refused,
            },
            Err(error) => (error, Some(reply)),
        };
        if let CommandError::Refused(_) | CommandError::OccurredInFuture = error {
            Stats::count(&self.stats.refused, 1);
        }
        self.answer(Pending { reply, answer: Reply::Rejected(error) });
    }

    /// Sends an answer that wrote nothing once all it may rest on is durable.
    fn answer(&self, pending: Pending) {
        let said = match &pending.answer {
            // These rest on nothing but the log's health.
            Reply::Rejected(CommandError::StorageFull) => Err((NotTaken::Full, pending)),
            Reply::Rejected(CommandError::Stopped) => Err((NotTaken::Failed, pending)),
            Reply::Rejected(_) | Reply::Accepted(_) | Reply::Repeated { .. } | Reply::Priced(_) => {
                self.committer.wait(pending)
            }
        };
        match said {
            Ok(()) => {}
            Err((NotTaken::Full, pending)) => {
                Stats::count(&self.stats.storage_full, 1);
                pending.turn_away(CommandError::StorageFull);
            }
            Err((NotTaken::Failed | NotTaken::TooLarge, pending)) => pending.turn_away(CommandError::Stopped),
        }
    }

    fn decide(&mut self, envelope: &Envelope, digest: u128) -> Result<Decision, CommandError> {
        let now = self.now();
        let store = match &envelope.command {
            Command::Store(store, _) => Some(*store),
            Command::Menu(_) | Command::Access(_) => None,
        };
        let sold_at = match (envelope.source, envelope.occurred_at) {
            (Source::Imported, Some(at)) if now.0.saturating_add(CLOCK_SKEW_MAX_US) < at.0 => {
                return Err(CommandError::OccurredInFuture);
            }
            // A clock that is ahead is not believed, and what happened is recorded all the same.
            (Source::Offline, Some(at)) if now.0.saturating_add(CLOCK_SKEW_MAX_US) < at.0 => now,
            (Source::Imported | Source::Offline, Some(at)) => at,
            (Source::Imported | Source::Offline, None) | (Source::Online | Source::Engine, _) => now,
        };
        let main = world::main_stream(envelope.tenant, &envelope.command);
        if let Some(expected) = envelope.expected_revision {
            let current = self.world.revision(&main);
            if current != Some(expected) {
                return Err(CommandError::Refused(Refused::RevisionMismatch { current }));
            }
        }
        let local = self.world.local(envelope.tenant, store, sold_at);
        let context = Context {
            now,
            local,
            source: envelope.source,
            terminal: envelope.terminal,
            actor: envelope.actor,
            approver: envelope.approver,
            offline: Offline::default(),
        };
        match queued(envelope, digest) {
            None => {
                let (events, training) = self.world.decide(envelope, &context).map_err(CommandError::Refused)?;
                Ok(Decision { events, now, main, training })
            }
            Some(queued) => {
                let (decided, training) =
                    self.world.ingest(envelope, &context, &queued).map_err(CommandError::Refused)?;
                // What the state had no place for is a fact of the terminal's alone.
                let main = match (decided.is_late, store) {
                    (true, Some(store)) => Stream::Terminal(envelope.tenant, store, queued.terminal),
                    (true, None) | (false, _) => main,
                };
                Ok(Decision { events: decided.events, now, main, training })
            }
        }
    }

    /// Encodes a decision into the open batch and folds it into the state.
    fn commit(
        &mut self,
        envelope: &Envelope,
        digest: u128,
        Decision { events, now, main, training }: Decision,
        reply: Option<oneshot::Sender<Reply>>,
    ) -> Result<(), (CommandError, Option<oneshot::Sender<Reply>>)> {
        let store = main.store();
        self.meta.clear();
        let meta = CommitMeta {
            actor: envelope.actor,
            approver: envelope.approver,
            terminal: envelope.terminal,
            terminal_seq: envelope.queued.map(|place| place.seq),
            source: envelope.source,
            occurred_at: envelope.occurred_at,
            main,
            correlation: world::correlation(&envelope.command),
            training,
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
        let mut reply = reply;
        let committed = self.committer.commit(|batch| {
            let (first, recorded) = encode(batch, &header, recorded, name)?;
            world.note(tenant, envelope.command_id, first, now);
            let is_left_out = |event: &Event| matches!(event, Event::Stock(StockEvent::StockReserved { .. }));
            for event in &recorded {
                if is_planted("apply a commit without its stock event") && is_left_out(&event.event) {
                    continue;
                }
                // Settings are checked when they come in, so that what the engine decides always folds.
                world
                    .apply(tenant, store, &event.event, event.position)
                    .expect("a decision folds into the state it was made on");
            }
            let last = recorded.iter().rev().find(|event| event.stream == main).map(|event| event.revision);
            let position = position_of(first, recorded.len());
            let receipt = Receipt { stream: main, revision: last.or(was_at), position, events: recorded };
            Some(Pending { reply: reply.take(), answer: Reply::Accepted(Box::new(receipt)) })
        });
        match committed {
            Ok(()) => {
                if is_publication {
                    self.world.owe_adoptions(tenant);
                }
                Ok(())
            }
            Err(NotTaken::Full) => Err((CommandError::StorageFull, reply)),
            Err(NotTaken::Failed) => Err((CommandError::Stopped, reply)),
            Err(NotTaken::TooLarge) => {
                let refused = Refused::TooMany { what: "bytes of events", max: COMMIT_BYTES_MAX };
                Err((CommandError::Refused(refused), reply))
            }
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
        let context = Context {
            now,
            local,
            source: Source::Online,
            terminal: None,
            actor: world::engine(),
            approver: None,
            offline: Offline::default(),
        };
        let answer = match self.world.price(tenant, store, order, &context) {
            Ok(totals) => Reply::Priced(Box::new(totals)),
            Err(refused) => Reply::Rejected(CommandError::Refused(refused)),
        };
        self.answer(Pending { reply: Some(reply), answer });
    }
}

/// What a terminal says of a command it kept; `None` for any other.
fn queued(envelope: &Envelope, digest: u128) -> Option<Queued> {
    let (place, terminal, occurred_at) = (envelope.queued?, envelope.terminal?, envelope.occurred_at?);
    let kind = Text::parse(stored::command_name(&envelope.command)).expect("a command's name is a text");
    Some(Queued { terminal, place, command: envelope.command_id, kind, digest, occurred_at })
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
pub(crate) fn turn_away(queue: &mut mpsc::Receiver<Request>) {
    queue.close();
    // Waits for those who have a place in the queue already and are about to put something there.
    while let Some(request) = queue.blocking_recv() {
        if let Request::Work(work) = request {
            work.turn_away(CommandError::Stopped);
        }
    }
}

/// Writes a commit into the open batch; answers where it stands, or `None` where it is larger than a commit may be.
fn encode(
    batch: &mut Batch,
    header: &CommitHeader<'_>,
    mut recorded: Vec<Recorded>,
    name: &mut String,
) -> Option<(Position, Vec<Recorded>)> {
    let mut commit = batch.commit(header);
    let mut named = None;
    for event in &mut recorded {
        // Most events of a commit are of one stream.
        if named != Some(event.stream) {
            name.clear();
            event.stream.write_name(name);
            named = Some(event.stream);
        }
        let revision = eventlog::Revision(event.revision.0);
        event.position = commit.event(name, revision, |body| stored::encode(&event.event, body));
    }
    if COMMIT_BYTES_MAX < commit.len_bytes() {
        return None;
    }
    Some((commit.finish().first, recorded))
}
