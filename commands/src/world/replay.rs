//! What the state takes from the log and the snapshot when the engine starts.

use super::{Slot, World};
use crate::fold::FoldError;
use crate::load::{LoadError, StoreLoader, decode_next, not_ours};
use crate::snapshot::Contents;
use domain::calendar::Timestamp;
use domain::event::{Event, MenuEvent, StoreMenuEvent};
use domain::ids::{CommandId, StoreId, TenantId};
use domain::stream::Stream;
use eventlog::planted::is_planted;
use eventlog::{GENESIS_STREAM, LogReader, Position, Revision, StoredBatch, StoredCommit, StoredEvent};
use schemas::stored::{Decoder, StoreNote};
use std::sync::Arc;

/// A batch of the log, and what its events say, in their order.
pub(crate) struct Decoded {
    batch: Arc<StoredBatch>,
    facts: Vec<(Stream, Event)>,
}

impl Decoded {
    /// Reads a batch.
    pub(crate) fn of(batch: Arc<StoredBatch>, decoder: &mut Decoder) -> Result<Decoded, FoldError> {
        let mut facts = Vec::with_capacity(batch.events() as usize);
        for event in batch.commits().flat_map(|commit| commit.events()).filter(is_fact) {
            facts.push(decode_next(decoder, &event)?);
        }
        Ok(Decoded { batch, facts })
    }

    /// How many events it has.
    pub(crate) fn events(&self) -> u32 {
        self.batch.events()
    }

    /// The position after its last event.
    pub(crate) fn next_position(&self) -> Position {
        self.batch.next_position()
    }
}

/// Whether an event is one of the state's: the log's own first record is not.
fn is_fact(event: &StoredEvent<'_>) -> bool {
    event.stream != GENESIS_STREAM
}

impl World {
    /// Folds a batch of the log. The deadlines are left to [`World::schedule_all`]: most of those in a log have long passed,
    /// and nothing falls due before all of it is folded.
    pub(crate) fn replay(&mut self, decoded: Decoded, reader: &LogReader) -> Result<(), LoadError> {
        let Decoded { batch, facts } = decoded;
        let mut facts = facts.into_iter();
        for commit in batch.commits() {
            self.remember_commit(&commit);
            for event in commit.events().filter(is_fact) {
                let (stream, fact) = facts.next().expect("every fact of the batch was decoded");
                if let Some(store) = stream.store() {
                    self.admit_for(stream.tenant(), store, &fact, &event, reader)?;
                }
                self.fold(stream.tenant(), stream.store(), &fact, event.position)?;
            }
        }
        self.next = batch.next_position();
        Ok(())
    }

    /// After [`World::replay`]: knows of every store when the engine has to come back to it.
    pub(crate) fn schedule_all(&mut self) {
        let stores = self
            .holdings
            .iter()
            .flat_map(|(tenant, holding)| holding.stores.iter().map(move |(store, slot)| (*tenant, *store, slot)));
        let deadlines = stores.flat_map(|(tenant, store, slot)| {
            let (here, away) = match slot {
                Slot::Here(place) => (Some(&place.deadlines), None),
                Slot::Away(note) => (None, Some(&note.deadlines)),
            };
            let all = here.into_iter().flatten().chain(away.into_iter().flatten());
            all.map(move |(at, due)| super::Deadline { at: *at, tenant, store, due: *due })
        });
        self.deadlines = deadlines.collect();
    }

    /// Reads the orders that left memory and that a fact is about.
    fn admit_for(
        &mut self,
        tenant: TenantId,
        store: StoreId,
        fact: &Event,
        event: &StoredEvent<'_>,
        reader: &LogReader,
    ) -> Result<(), LoadError> {
        let now = self.last;
        let place = self.holdings.get_mut(&tenant).and_then(|holding| holding.here_mut(store));
        let Some(place) = place.filter(|place| !place.is_whole) else { return Ok(()) };
        let before = place.store.orders_count();
        StoreLoader { reader, tenant, store }.admit_for(place, fact, event, now)?;
        self.orders += place.store.orders_count() - before;
        Ok(())
    }

    fn remember_commit(&mut self, commit: &StoredCommit<'_>) {
        self.last = self.last.max(Timestamp(commit.recorded_at));
        if let Ok(tenant) = TenantId::parse(commit.tenant)
            && !is_planted("forget ids at restart")
        {
            self.note(tenant, CommandId(commit.command_id), commit.first, Timestamp(commit.recorded_at));
        }
    }

    /// Takes over what a snapshot says; answers the position of the first event it may lack.
    pub(crate) fn restore(&mut self, contents: Contents) -> Position {
        let Contents { checkpoint, notes } = contents;
        let position = Position(checkpoint.position);
        self.last = checkpoint.last;
        self.next = position;
        self.ids.forget_before(position, checkpoint.last, checkpoint.ahead);
        for (tenant, version) in checkpoint.tenants {
            self.holding_or(tenant, || None).menu_version = version;
        }
        for (tenant, store, note) in notes {
            let deadline = |(at, due)| super::Deadline { at, tenant, store, due };
            self.deadlines.extend(note.deadlines.iter().copied().map(deadline));
            if !note.tail.is_empty() {
                self.cold.push_back((tenant, store));
            }
            self.holding_or(tenant, || None).stores.insert(store, Slot::Away(Box::new(note)));
        }
        position
    }

    /// Notes what a batch behind the snapshot touches: it is folded when somebody asks for it.
    pub(crate) fn remember(&mut self, batch: &StoredBatch, decoder: &mut Decoder) -> Result<(), FoldError> {
        for commit in batch.commits() {
            // A tenant that the snapshot does not know is read from the log like the others.
            if let Ok(tenant) = TenantId::parse(commit.tenant) {
                self.holding_or(tenant, || None);
            }
            self.remember_commit(&commit);
            for event in commit.events().filter(is_fact) {
                let stream = decoder.stream(event.stream).map_err(|_| not_ours(&event))?;
                if event.revision == Revision(0)
                    && let Some(entity) = stream.entity()
                {
                    self.note_named(entity);
                }
                if let Some(store) = stream.store() {
                    self.remember_store(stream.tenant(), store, &commit, &event);
                }
                // What is sold from which version is known of every store.
                if let Stream::Menu(_) | Stream::StoreMenu(..) = stream {
                    self.remember_version(&stream, &decode_next(decoder, &event)?.1);
                }
            }
        }
        self.next = self.next.max(batch.next_position());
        Ok(())
    }

    fn remember_store(&mut self, tenant: TenantId, store: StoreId, commit: &StoredCommit<'_>, event: &StoredEvent<'_>) {
        let holding = self.holding_or(tenant, || None);
        let slot = holding.stores.entry(store).or_insert_with(|| Slot::Away(Box::<StoreNote>::default()));
        let Slot::Away(note) = slot else { return };
        let is_new = note.position.is_none_or(|position| position <= event.position.0)
            && note.tail.last().is_none_or(|last| *last < commit.first.0);
        if is_new {
            note.tail.push(commit.first.0);
            if note.tail.len() == 1 {
                self.cold.push_back((tenant, store));
            }
            if self.unnoted.last() != Some(&(tenant, store)) {
                self.unnoted.push((tenant, store));
            }
        }
    }

    fn remember_version(&mut self, stream: &Stream, fact: &Event) {
        let Some(holding) = self.holdings.get_mut(&stream.tenant()) else { return };
        match (fact, stream.store().and_then(|store| holding.stores.get_mut(&store))) {
            (Event::Menu(MenuEvent::MenuPublished { version, .. }), _) => {
                holding.menu_version = holding.menu_version.max(*version);
            }
            (Event::StoreMenu(StoreMenuEvent::MenuAdopted { version }), Some(Slot::Away(note))) => {
                note.menu_version = note.menu_version.max(*version);
            }
            _ => {}
        }
    }
}
