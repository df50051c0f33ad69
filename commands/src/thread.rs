//! The engine thread: takes commands in order and decides them against the state, which runs ahead of the disk.
//!
//! A command goes through `process`: one preparation ([`State::prepare`]), one decision ([`State::decide`]), one commit. The
//! log thread makes it durable and releases its reply.

use crate::alarm::Alarm;
use crate::clock::Time;
use crate::committer::{CommitError, Committer, Health};
use crate::deferred::{Deferred, Waiting};
use crate::envelope::{AggregateId, Receipt, Recorded};
use crate::error::CommandError;
use crate::fetch::Fetcher;
use crate::message::{PendingReply, Quote, Reply, Request, Submission, Work};
use crate::snapshot_writer::Snapshots;
use crate::state::State;
use crate::state::decision::{Decision, Prepared, Ready};
use crate::stats::Stats;
use domain::command::{Command, MenuCommand};
use domain::event::{Event, StockEvent};
use domain::ids::Revision;
use domain::stream::Stream;
use eventlog::planted::is_planted;
use eventlog::{Batch, CommitHeader, LogReader, Position};
use schemas::stored::{self, CommitMeta};
use std::sync::Arc;
use tokio::sync::mpsc;

mod loads;
mod snapshots;

/// How many requests the engine thread takes before it looks at the log thread again.
const TAKE_MAX: usize = 256;
/// How many internal commands the engine issues between two looks at the queue.
const INTERNAL_MAX: usize = 64;

pub(crate) struct EngineThread {
    pub state: State,
    pub committer: Arc<Committer>,
    pub fetcher: Fetcher,
    /// `None` where no snapshots are taken: then no store is evicted.
    pub snapshots: Option<Snapshots>,
    pub reader: LogReader,
    pub deferred: Deferred,
    pub deferred_max: usize,
    pub time: Arc<Time>,
    pub stats: Arc<Stats>,
    pub alarm: Arc<Alarm>,
    pub scratch: Scratch,
}

/// Buffers that commits use one after the other, so that a commit allocates neither.
#[derive(Default)]
pub(crate) struct Scratch {
    stream_name: String,
    meta: Vec<u8>,
}

impl EngineThread {
    /// Runs until it is told to stop, everybody has gone, or the log has failed.
    pub(crate) fn run(&mut self, queue: &mut mpsc::Receiver<Request>) {
        let mut taken = Vec::with_capacity(TAKE_MAX);
        let mut is_stopping = false;
        let mut is_more = self.issue_internal();
        is_more |= self.maintain();
        self.committer.flush();
        while !is_stopping && !self.committer.health().is_ended() {
            let count = match is_more {
                false => queue.blocking_recv_many(&mut taken, TAKE_MAX),
                // There is work besides the queue: it looks there without waiting.
                true => take_ready(queue, &mut taken),
            };
            if count == 0 && !is_more {
                if self.deferred.is_empty() {
                    break;
                }
                // Everybody has gone, and what waits is decided all the same.
                self.await_fetched();
            }
            debug_assert!(taken.len() == count && count <= TAKE_MAX, "{count} requests in one turn");
            self.committer.look_at_append();
            self.committer.gather(taken.len());
            for request in taken.drain(..) {
                match request {
                    Request::Work(work) => _ = self.process(work.into()),
                    Request::Wake => {}
                    Request::Stop => is_stopping = true,
                }
            }
            self.resume_fetched();
            is_more = self.issue_internal();
            is_more |= self.maintain();
            match count == 1 && queue.is_empty() && self.committer.is_quiet() {
                true => self.committer.flush_inline(),
                false => self.committer.flush(),
            }
        }
        self.finish_deferred();
    }

    /// Lets go of what memory need not hold, and takes snapshots; returns whether there is more to do now.
    fn maintain(&mut self) -> bool {
        // What leaves memory has to be found again: in the index, which this thread never brings up to date itself.
        let (durable, indexed) = (self.reader.durable(), self.reader.indexed());
        let is_waiting = self.state.trim_dedup(durable.min(indexed)) | self.state.archive(durable.min(indexed));
        if is_waiting && indexed < durable {
            self.reader.want_index();
        }
        self.warm_up();
        Stats::set(&self.stats.stores, self.state.resident_count() as u64);
        Stats::set(&self.stats.orders, self.state.orders_count() as u64);
        Stats::set(&self.stats.ids, self.state.ids_count() as u64);
        Stats::set(&self.stats.deferred, self.deferred.count() as u64);
        self.snapshot()
    }

    /// Issues the internal commands that are due; returns whether there are more that can be issued now.
    fn issue_internal(&mut self) -> bool {
        for aggregate in self.state.stores_to_try() {
            // Where something is being loaded, what waits for that goes on with it.
            if !self.deferred.is_loading(&aggregate) {
                self.try_again(aggregate);
            }
        }
        let now = self.time.now();
        self.state.goes_on_at(&now);
        // While the clock is in doubt no deadline has passed.
        let now = now.sure();
        let mut issued = 0;
        let mut is_writable = true;
        while issued < INTERNAL_MAX
            && is_writable
            // Those that are deferred leave room for clients' commands.
            && self.deferred.internal_count() < INTERNAL_MAX
            && let Some(envelope) = self.state.next_internal(now)
        {
            issued += 1;
            let digest = stored::command_digest(&envelope.command);
            let submission = Submission { envelope: Box::new(envelope), digest, reply: None };
            self.process(Work::Command(submission).into());
            // One that the log had no space for is queued again; the others wait for the alarm with it.
            is_writable = self.committer.health() == Health::Writing;
        }
        self.alarm.set(self.state.has_internal() || self.state.next_deadline().is_some());
        issued == INTERNAL_MAX && is_writable
    }

    /// Takes work from admission to its reply, and what waited for it behind it; returns `false` where something has to be
    /// loaded first.
    fn process(&mut self, waiting: Waiting) -> bool {
        let aggregate = waiting.work.aggregate();
        self.process_one(waiting) && self.try_again(aggregate)
    }

    /// Tries the commands again that waited for what a store's last commits brought, before any other work of the store;
    /// returns `false` where something has to be loaded first.
    fn try_again(&mut self, AggregateId { tenant, store }: AggregateId) -> bool {
        let Some(store) = store else { return true };
        while let Some(envelope) = self.state.next_again(tenant, store) {
            let digest = stored::command_digest(&envelope.command);
            let work = Work::Command(Submission { envelope: Box::new(envelope), digest, reply: None });
            // It has its turn now, whatever else waits.
            if !self.process_one(Waiting { is_next: true, ..work.into() }) {
                return false;
            }
        }
        true
    }

    fn process_one(&mut self, waiting: Waiting) -> bool {
        if !waiting.is_next && !self.deferred.is_empty() && self.deferred.is_loading(&waiting.work.aggregate()) {
            return self.defer(waiting, None);
        }
        let prepared = match self.state.prepare(&waiting, &self.reader, &self.time.now()) {
            Ok(Prepared::Ready(ready)) => Ok(ready),
            Ok(Prepared::Missing(missing)) => return self.defer(waiting, Some(missing)),
            Ok(Prepared::Repeat(first)) => {
                self.repeat(first, waiting.work);
                return true;
            }
            Err(error) => Err(error),
        };
        match waiting.work {
            Work::Command(mut submission) => {
                let committed = prepared.and_then(|ready| {
                    let decision = self.state.decide(&submission, &ready).map_err(CommandError::Refused)?;
                    self.commit(&mut submission, &ready, decision)
                });
                match committed {
                    Ok(()) => Stats::count(&self.stats.accepted, 1),
                    Err(error) => self.reject(submission, error),
                }
            }
            Work::Quote(quote) => self.quote(quote, prepared),
        }
        true
    }

    /// Encodes a decision into the open batch and folds it into the state, or neither.
    fn commit(
        &mut self,
        Submission { envelope, digest, reply }: &mut Submission,
        Ready { context, in_doubt, .. }: &Ready,
        Decision { mut events, stream, training }: Decision,
    ) -> Result<(), CommandError> {
        let Scratch { stream_name, meta: encoded } = &mut self.scratch;
        encoded.clear();
        let meta = CommitMeta {
            actor: envelope.actor,
            approver: envelope.approver,
            terminal: envelope.terminal,
            terminal_seq: envelope.queued.map(|place| place.seq),
            source: envelope.source,
            occurred_at: envelope.occurred_at,
            main: stream,
            correlation: envelope.correlation(),
            training,
            time_in_doubt: *in_doubt,
            sent_by: envelope.sent_by,
        };
        meta.encode(encoded);
        let (tenant, command_id, now) = (envelope.tenant, envelope.command_id, context.now);
        let header = CommitHeader {
            tenant: tenant.as_str(),
            command_id: command_id.0,
            payload_hash: *digest,
            recorded_at: now.0,
            meta: encoded,
        };
        self.state.seal(envelope, &mut events);
        let state = &mut self.state;
        let before = state.revision(&stream);
        let bytes_max = self.committer.limits().commit_bytes;
        self.committer.commit(|batch| {
            let (first, recorded) = encode(batch, &header, stream, events, state, stream_name, bytes_max)?;
            state.record(tenant, command_id, first, now);
            for Recorded { stream, revision, position, event } in &recorded {
                let is_left_out = matches!(event, Event::Stock(StockEvent::StockReserved { .. }));
                if is_planted("apply a commit without its stock event") && is_left_out {
                    continue;
                }
                state.erase_keys(tenant, event);
                // Settings are checked when they come in, so that what the engine decides always folds.
                state.apply(stream, event, *position).expect("a decision folds into the state it was made on");
                let is_in_step = state.revision(stream) == Some(*revision);
                debug_assert!(
                    is_in_step || is_planted("apply a commit without its stock event"),
                    "{stream}: {event:?}"
                );
            }
            if let Some(store) = envelope.aggregate().store {
                state.note_waiting(envelope, store, &recorded);
            }
            let last = recorded.iter().rev().find(|event| event.stream == stream).map(|event| event.revision);
            let (position, batch) = Receipt::place(first, recorded.len(), (batch.id(), batch.first()));
            let (revision, occurred_at) = (last.or(before), envelope.occurred_at);
            let receipt = Receipt { stream, revision, position, batch, occurred_at, events: recorded };
            Some(PendingReply { to: reply.take(), reply: Reply::Accepted(Box::new(receipt)) })
        })?;
        if !*in_doubt {
            self.state.stamped = Some(now);
            self.time.stamped(now);
        }
        // Only now: an adoption is queued for a publication that stands.
        if let Command::Menu(MenuCommand::Publish) = &envelope.command {
            self.state.queue_adoptions(tenant);
        }
        Ok(())
    }

    /// A command that was accepted before: its reply shares the fate of the first, however long that takes.
    fn repeat(&mut self, first: Position, work: Work) {
        // An internal command has no client that waits for a reply.
        if let Work::Command(Submission { reply: Some(to), .. }) = work {
            Stats::count(&self.stats.repeated, 1);
            self.committer.release_at(first, PendingReply { to: Some(to), reply: Reply::Repeated { first } });
        }
    }

    /// A command that was not committed.
    fn reject(&mut self, Submission { envelope, reply, .. }: Submission, error: CommandError) {
        use CommandError::{LogUnavailable, OutOfFiles, Stopped, StorageFull};
        let is_unwritable = matches!(error, StorageFull | OutOfFiles | LogUnavailable | Stopped);
        if !is_unwritable {
            Stats::count(&self.stats.refused, 1);
        }
        match reply {
            Some(to) => self.release(PendingReply { to: Some(to), reply: Reply::Rejected(error) }),
            // The alarm brings it back until there is space.
            None if is_unwritable => self.state.requeue_internal(*envelope),
            None => tracing::debug!(?error, command = ?envelope.command, "an internal command was refused"),
        }
    }

    fn quote(&mut self, quote: Quote, prepared: Result<Ready, CommandError>) {
        let priced = prepared.and_then(|ready| self.state.price(&quote, &ready.context).map_err(CommandError::Refused));
        let reply = match priced {
            Ok(totals) => Reply::Priced(Box::new(totals)),
            Err(error) => Reply::Rejected(error),
        };
        self.release(PendingReply { to: Some(quote.reply), reply });
    }

    /// Releases a reply that wrote nothing once all it may rest on is durable.
    fn release(&self, pending: PendingReply) {
        let unreleased = match &pending.reply {
            // These rest on nothing but the log's health.
            Reply::Rejected(CommandError::StorageFull) => Err((CommitError::Full, pending)),
            Reply::Rejected(CommandError::OutOfFiles) => Err((CommitError::OutOfFiles, pending)),
            Reply::Rejected(CommandError::LogUnavailable) => Err((CommitError::Away, pending)),
            Reply::Rejected(CommandError::Stopped) => Err((CommitError::Ended, pending)),
            Reply::Rejected(_) | Reply::Accepted(_) | Reply::Repeated { .. } | Reply::Priced(_) => {
                self.committer.release_after_all(pending)
            }
        };
        if let Err((error, pending)) = unreleased {
            match error {
                CommitError::Full => Stats::count(&self.stats.storage_full, 1),
                CommitError::OutOfFiles | CommitError::Away => Stats::count(&self.stats.log_unavailable, 1),
                CommitError::Ended | CommitError::TooLarge { .. } => {}
            }
            pending.reject(error.into());
        }
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
pub(crate) fn reject_all(queue: &mut mpsc::Receiver<Request>) {
    queue.close();
    // Waits for those who have reserved room in the queue already and are about to use it.
    while let Some(request) = queue.blocking_recv() {
        if let Request::Work(work) = request {
            work.reject(CommandError::Stopped);
        }
    }
}

/// Writes a commit into the open batch, each event with its stream and revision; returns where it stands, or `None` where it
/// is larger than a commit may be.
fn encode(
    batch: &mut Batch,
    header: &CommitHeader<'_>,
    main: Stream,
    events: Vec<Event>,
    state: &State,
    stream_name: &mut String,
    bytes_max: usize,
) -> Option<(Position, Vec<Recorded>)> {
    let mut commit = batch.commit(header);
    let mut recorded: Vec<Recorded> = Vec::with_capacity(events.len());
    for event in events {
        let stream = Stream::of(main.tenant(), main.store(), &event);
        // Most events of a commit are of one stream.
        if recorded.last().map(|last| last.stream) != Some(stream) {
            stream_name.clear();
            stream.write_name(stream_name);
        }
        let before = recorded.iter().rev().find(|earlier| earlier.stream == stream).map(|earlier| earlier.revision);
        let revision = match before.or_else(|| state.revision(&stream)) {
            Some(Revision(last)) => Revision(last + 1),
            None => Revision(0),
        };
        let position = commit.event(stream_name, eventlog::Revision(revision.0), |body| stored::encode(&event, body));
        recorded.push(Recorded { stream, revision, position, event });
    }
    if bytes_max < commit.len_bytes() {
        return None;
    }
    let first = commit.finish().first;
    let is_gapless = (first.0..).zip(&recorded).all(|(position, event)| event.position.0 == position);
    debug_assert!(is_gapless && state.next <= first, "positions of a commit follow the log's head");
    Some((first, recorded))
}
