//! The preparation and the decision of a command. Neither changes the state, but for its clock.

use super::internal::engine_actor;
use super::{State, StoreSlot};
use crate::clock::Now;
use crate::dedup::{Dedup, IndexLookup};
use crate::deferred::Waiting;
use crate::envelope::{AggregateId, Envelope};
use crate::error::CommandError;
use crate::fetch::Missing;
use crate::load::{name_of, stream_of};
use crate::message::{Quote, Submission, Work};
use domain::calendar::Timestamp;
use domain::command::{Command, Context, Source, StoreCommand};
use domain::event::Event;
use domain::ids::Text;
use domain::pricing::Totals;
use domain::refused::Refused;
use domain::store::{Entity, Settings, Store};
use domain::stream::Stream;
use domain::tenant::Tenant;
use domain::terminal::{ClockDoubt, Kept, Offline, Queued};
use eventlog::{LogReader, Position};
use schemas::json::refusal_words;
use schemas::stored;

/// What the preparation of a command found.
pub(crate) enum Prepared {
    /// It was accepted before; its commit stands here.
    Repeat(Position),
    /// Something has to be loaded before it can be decided.
    Missing(Missing),
    Ready(Ready),
}

/// All that a decision reads besides the state.
pub(crate) struct Ready {
    pub context: Context,
    /// See [`Envelope::stream`].
    pub stream: Stream,
    /// The time is in doubt: what is committed at it is marked.
    pub in_doubt: bool,
}

/// What follows from a command.
pub(crate) struct Decision {
    pub events: Vec<Event>,
    /// The stream the commit is about.
    pub stream: Stream,
    /// Whether it is for practice.
    pub training: bool,
}

impl State {
    /// Prepares a decision: idempotency, what has to be in memory, time, `If-Match`, wall clock, in this order.
    pub(crate) fn prepare(
        &mut self,
        waiting: &Waiting,
        reader: &LogReader,
        now: &Now,
    ) -> Result<Prepared, CommandError> {
        let envelope = match &waiting.work {
            Work::Command(Submission { envelope, .. }) => envelope,
            Work::Quote(quote) => return Ok(self.prepare_quote(quote, reader, now)),
        };
        match self.look_up(envelope, waiting.looked_up, reader) {
            Dedup::Accepted(first) => return Ok(Prepared::Repeat(first)),
            Dedup::Unknown { not_before } => {
                return Ok(Prepared::Missing(Missing::Command { command: envelope.command_id, not_before }));
            }
            Dedup::New => {}
        }
        let aggregate = envelope.aggregate();
        let command = match &envelope.command {
            Command::Store(_, command) => Some(command),
            Command::Menu(_) | Command::Access(_) => None,
        };
        if let Some(missing) = self.missing(aggregate, command, &waiting.absent, reader) {
            return Ok(Prepared::Missing(missing));
        }
        let in_doubt = now.doubt.is_some();
        let now = self.goes_on_at(now);
        let doubt = |at: Timestamp| {
            let AggregateId { tenant, store } = aggregate;
            let settings = store.and_then(|store| Some(self.resident(tenant, store)?.store.settings()));
            ClockDoubt::of(at, now, settings.map_or(Settings::OFFLINE_AGE_S_DEFAULT, Settings::offline_age_s))
        };
        let sold_at = match (envelope.source, envelope.occurred_at) {
            (Source::Imported, Some(at)) if doubt(at) == Some(ClockDoubt::Ahead) => {
                return Err(CommandError::OccurredInFuture);
            }
            // A clock that cannot be right is not believed, and what happened is recorded all the same.
            (Source::Offline, Some(at)) if doubt(at).is_some() => now,
            (Source::Imported | Source::Offline, Some(at)) => at,
            (Source::Imported | Source::Offline, None) | (Source::Online | Source::Engine, _) => now,
        };
        let stream = envelope.stream();
        if let Some(expected) = envelope.expected_revision {
            let current = self.revision(&stream);
            if current != Some(expected) {
                return Err(CommandError::Refused(Refused::RevisionMismatch { current }));
            }
        }
        let context = Context {
            now,
            local: self.wall_clock(aggregate, sold_at),
            source: envelope.source,
            terminal: envelope.terminal,
            actor: envelope.actor,
            approver: envelope.approver,
            offline: Offline::default(),
        };
        Ok(Prepared::Ready(Ready { context, stream, in_doubt }))
    }

    /// Whether a no of the log's index is one: it has everything that is in memory no more.
    fn is_answered_by(&self, reader: &LogReader) -> bool {
        self.index_needed <= reader.indexed_batches()
    }

    /// Whether and where a command was accepted, as far as memory, the lookup in the log's index, or the index's filter, which
    /// is in memory, can say.
    fn look_up(&self, envelope: &Envelope, looked_up: Option<IndexLookup>, reader: &LogReader) -> Dedup {
        let number = self.tenants.get(&envelope.tenant).map(|held| held.number);
        // The last time that was stamped will do for now: an id that seems to be ahead of it only is looked up.
        match (self.dedup.look_up(number, envelope.command_id, self.now), looked_up) {
            (Dedup::Unknown { .. }, Some(looked_up)) if self.dedup.is_current(looked_up) => {
                looked_up.first.map_or(Dedup::New, Dedup::Accepted)
            }
            (Dedup::Unknown { not_before }, _)
                if self.is_answered_by(reader)
                    && !reader.may_have_command(envelope.tenant.as_str(), envelope.command_id.0, not_before) =>
            {
                Dedup::New
            }
            (dedup, _) => dedup,
        }
    }

    /// Prepares a quote, which is no command: it has no id, and whatever the price depends on is its store's.
    fn prepare_quote(&mut self, quote: &Quote, reader: &LogReader, now: &Now) -> Prepared {
        let aggregate = AggregateId { tenant: quote.tenant, store: Some(quote.store) };
        if let Some(missing) = self.missing(aggregate, None, &[], reader) {
            return Prepared::Missing(missing);
        }
        let in_doubt = now.doubt.is_some();
        let now = self.goes_on_at(now);
        let context = Context {
            now,
            local: self.wall_clock(aggregate, now),
            source: Source::Online,
            terminal: None,
            actor: engine_actor(),
            approver: None,
            offline: Offline::default(),
        };
        Prepared::Ready(Ready { context, stream: Stream::Store(quote.tenant, quote.store), in_doubt })
    }

    /// What has to be loaded before a decision: the tenant, the store, what a command to it names. What was looked for and
    /// not found is named in `absent`.
    pub(super) fn missing(
        &self,
        AggregateId { tenant: tenant_id, store }: AggregateId,
        command: Option<&StoreCommand>,
        absent: &[Entity],
        reader: &LogReader,
    ) -> Option<Missing> {
        let tenant = self.tenants.get(&tenant_id)?;
        if tenant.tenant.is_none() {
            return Some(Missing::Tenant);
        }
        let store_id = store?;
        let resident = match tenant.stores.get(&store_id)? {
            StoreSlot::Evicted(note) => return Some(Missing::Store { note: note.clone(), now: self.now }),
            StoreSlot::Resident(resident) if resident.has_all_orders => return None,
            StoreSlot::Resident(resident) => resident,
        };
        let is_missing = |entity: &Entity| {
            !resident.store.holds(*entity)
                && !absent.contains(entity)
                && (!self.is_answered_by(reader)
                    || reader.may_have_stream(
                        &stream_of(tenant_id, store_id, *entity).to_string(),
                        name_of(*entity).map_or(i64::MIN, |name| self.dedup.not_before(name)),
                    ))
        };
        let entities: Vec<Entity> = command?.entities().into_iter().flatten().filter(is_missing).collect();
        let settings = || Box::new(resident.store.settings().clone());
        (!entities.is_empty()).then(|| Missing::Entities { settings: settings(), entities })
    }

    /// Decides a command; nothing changes.
    pub(crate) fn decide(&self, submission: &Submission, ready: &Ready) -> Result<Decision, Refused> {
        let Submission { envelope, digest, .. } = submission;
        let (context, stream) = (&ready.context, ready.stream);
        let held = self.tenants.get(&envelope.tenant);
        let none = Tenant::default();
        let tenant = held.and_then(|held| held.tenant.as_ref()).unwrap_or(&none);
        let queued = queued(envelope, *digest);
        let (id, command) = match (&envelope.command, &queued) {
            (Command::Store(id, command), _) => (*id, command),
            (Command::Menu(command), None) => {
                return Ok(Decision { events: tenant.decide_menu(command)?, stream, training: false });
            }
            (Command::Access(command), None) => {
                return Ok(Decision { events: tenant.decide_access(command, context.now)?, stream, training: false });
            }
            (Command::Menu(_) | Command::Access(_), Some(_)) => return Err(Refused::UnknownStore),
        };
        let store = held.and_then(|held| held.resident(id)).map(|resident| &resident.store);
        let (events, stream) = match queued {
            None => (Store::decide(store, tenant, command, context)?, stream),
            Some(queued) => {
                let ingested = Store::ingest(store, tenant, command, context, &queued, refusal_words)?;
                match ingested.is_late {
                    // What the state had no place for is a fact of the terminal's alone.
                    true => (ingested.events, Stream::Terminal(envelope.tenant, id, queued.terminal)),
                    false => (ingested.events, stream),
                }
            }
        };
        Ok(Decision { events, stream, training: store.is_some_and(|store| store.is_training_command(command)) })
    }

    /// What an order would come to.
    pub(crate) fn price(&self, quote: &Quote, context: &Context) -> Result<Totals, Refused> {
        let held = self.tenants.get(&quote.tenant).ok_or(Refused::UnknownStore)?;
        let resident = held.resident(quote.store).ok_or(Refused::UnknownStore)?;
        let tenant = held.tenant.as_ref().ok_or(Refused::UnknownStore)?;
        resident.store.price_order(tenant, &quote.order, context)
    }
}

/// What a terminal says of a command it kept; `None` for any other.
fn queued(envelope: &Envelope, digest: u128) -> Option<Queued> {
    let (entry, terminal, occurred_at) = (envelope.queued?, envelope.terminal?, envelope.occurred_at?);
    let kind = Text::parse(stored::command_name(&envelope.command)).expect("a command's name is a text");
    let Envelope { command_id, actor, approver, sent_by, again, .. } = *envelope;
    let command = again.unwrap_or(command_id);
    let kept = envelope.request.clone().map(|request| Kept { request, actor, approver, sent_by });
    Some(Queued { terminal, entry, command, kind, digest, occurred_at, kept, is_again: again.is_some() })
}
