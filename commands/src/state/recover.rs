//! What the state takes from the snapshot and the log when the engine starts.

use super::{Deadline, State, StoreSlot};
use crate::error::{FoldError, LoadError};
use crate::load::{StoreLoader, decode_next, not_ours};
use crate::snapshot::Contents;
use domain::calendar::Timestamp;
use domain::event::{Event, MenuEvent, StoreMenuEvent};
use domain::ids::{CommandId, StoreId, TenantId};
use domain::stream::Stream;
use eventlog::planted::is_planted;
use eventlog::{LogReader, Position, Revision, StoredBatch, StoredCommit, StoredEvent};
use schemas::stored::{CommitMeta, Decoder, StoreSummary};
use std::sync::Arc;

/// A batch of the log, and what its events say, in their order.
pub(crate) struct DecodedBatch {
    batch: Arc<StoredBatch>,
    facts: Vec<(Stream, Event)>,
}

impl DecodedBatch {
    pub(crate) fn new(batch: Arc<StoredBatch>, decoder: &mut Decoder) -> Result<DecodedBatch, FoldError> {
        let mut facts = Vec::with_capacity(batch.events() as usize);
        for event in batch.commits().flat_map(|commit| commit.events()).filter(is_fact) {
            facts.push(decode_next(decoder, &event)?);
        }
        Ok(DecodedBatch { batch, facts })
    }

    pub(crate) fn events(&self) -> u32 {
        self.batch.events()
    }

    /// The position after its last event.
    pub(crate) fn next_position(&self) -> Position {
        self.batch.next_position()
    }
}

/// Whether an event is one of the state's: the log's own are not.
fn is_fact(event: &StoredEvent<'_>) -> bool {
    !event.is_system()
}

impl State {
    /// Folds a batch of the log. The deadlines are left to [`State::schedule_all`]: nothing falls due before all of the log is
    /// folded.
    pub(crate) fn replay(&mut self, decoded: DecodedBatch, reader: &LogReader) -> Result<(), LoadError> {
        self.is_replaying = true;
        let DecodedBatch { batch, facts } = decoded;
        let mut facts = facts.into_iter();
        for commit in batch.commits() {
            self.record_commit(&commit);
            for event in commit.events().filter(is_fact) {
                let (stream, fact) = facts.next().expect("every fact of the batch was decoded");
                if let Some(store) = stream.store() {
                    self.admit_for(stream.tenant(), store, &fact, &event, reader)?;
                }
                self.apply(&stream, &fact, event.position)?;
            }
        }
        self.next = batch.next_position();
        Ok(())
    }

    /// After [`State::replay`]: schedules the deadlines that are left. Every store is resident then.
    pub(crate) fn schedule_all(&mut self) {
        self.is_replaying = false;
        for (tenant, held) in &self.tenants {
            for (store, slot) in &held.stores {
                let StoreSlot::Resident(resident) = slot else { continue };
                let deadline = |&(at, due)| Deadline { at, tenant: *tenant, store: *store, due };
                self.deadlines.extend(resident.deadlines.iter().map(deadline));
            }
        }
    }

    /// Loads the archived orders that an event is about.
    fn admit_for(
        &mut self,
        tenant: TenantId,
        store: StoreId,
        fact: &Event,
        event: &StoredEvent<'_>,
        reader: &LogReader,
    ) -> Result<(), LoadError> {
        let now = self.now;
        let resident = self.resident_mut(tenant, store).filter(|resident| !resident.has_all_orders);
        let Some(resident) = resident else { return Ok(()) };
        let before = resident.store.orders_count();
        StoreLoader { reader, tenant, store }.admit_for(resident, fact, event, now)?;
        self.orders_count += resident.store.orders_count() - before;
        Ok(())
    }

    fn record_commit(&mut self, commit: &StoredCommit<'_>) {
        // What the log itself records is stamped by whoever made the log.
        let Ok(tenant) = TenantId::parse(commit.tenant) else { return };
        self.now = Timestamp(commit.recorded_at);
        self.last = self.last.max(self.now);
        if !CommitMeta::peek_time_in_doubt(commit.meta) {
            self.stamped = Some(self.now);
        }
        if !is_planted("forget ids at restart") {
            self.record(tenant, CommandId(commit.command_id), commit.first, Timestamp(commit.recorded_at));
        }
    }

    /// Takes over a snapshot's checkpoint and notes; returns the position of the first event it may not have.
    pub(crate) fn restore(&mut self, contents: Contents) -> Position {
        let Contents { checkpoint, notes, newest: _ } = contents;
        let position = Position(checkpoint.position);
        (self.now, self.last, self.stamped) = (checkpoint.last, checkpoint.last, checkpoint.stamped);
        self.next = position;
        self.dedup.forget_before(position, checkpoint.last, checkpoint.ahead);
        for (tenant, version) in checkpoint.tenants {
            self.tenant_or(tenant, || None).menu_version = version;
        }
        for (tenant, store, note) in notes {
            let deadline = |(at, due)| Deadline { at, tenant, store, due };
            self.deadlines.extend(note.deadlines.iter().copied().map(deadline));
            if !note.tail.is_empty() {
                self.cold.push_back((tenant, store));
            }
            self.tenant_or(tenant, || None).stores.insert(store, StoreSlot::Evicted(Box::new(note)));
        }
        position
    }

    /// Notes which stores a batch behind the checkpoint changes: it is folded when they are loaded.
    pub(crate) fn index_batch(&mut self, batch: &StoredBatch, decoder: &mut Decoder) -> Result<(), FoldError> {
        for commit in batch.commits() {
            // A tenant that the snapshot does not know is read from the log like the others.
            if let Ok(tenant) = TenantId::parse(commit.tenant) {
                self.tenant_or(tenant, || None);
            }
            self.record_commit(&commit);
            for event in commit.events().filter(is_fact) {
                let stream = decoder.stream(event.stream).map_err(|_| not_ours(&event))?;
                if event.revision == Revision(0)
                    && let Some(entity) = stream.entity()
                {
                    self.record_name(entity);
                }
                if let Some(store) = stream.store() {
                    self.index_commit(stream.tenant(), store, &commit, &event);
                }
                // What is sold from which version is known of every store.
                if let Stream::Menu(_) | Stream::StoreMenu(..) = stream {
                    self.record_menu_version(&stream, &decode_next(decoder, &event)?.1);
                }
            }
        }
        self.next = self.next.max(batch.next_position());
        Ok(())
    }

    fn index_commit(&mut self, tenant: TenantId, store: StoreId, commit: &StoredCommit<'_>, event: &StoredEvent<'_>) {
        let held = self.tenant_or(tenant, || None);
        let slot = held.stores.entry(store).or_insert_with(|| StoreSlot::Evicted(Box::<StoreSummary>::default()));
        let StoreSlot::Evicted(note) = slot else { return };
        let is_new = note.position.is_none_or(|position| position <= event.position.0)
            && note.tail.last().is_none_or(|last| *last < commit.first.0);
        if is_new {
            note.tail.push(commit.first.0);
            if note.tail.len() == 1 {
                self.cold.push_back((tenant, store));
            }
            if self.dirty_notes.last() != Some(&(tenant, store)) {
                self.dirty_notes.push((tenant, store));
            }
        }
    }

    fn record_menu_version(&mut self, stream: &Stream, fact: &Event) {
        let Some(held) = self.tenants.get_mut(&stream.tenant()) else { return };
        match (fact, stream.store().and_then(|store| held.stores.get_mut(&store))) {
            (Event::Menu(MenuEvent::MenuPublished { version, .. }), _) => {
                held.menu_version = held.menu_version.max(*version);
            }
            (Event::StoreMenu(StoreMenuEvent::MenuAdopted { version }), Some(StoreSlot::Evicted(note))) => {
                note.menu_version = note.menu_version.max(*version);
            }
            _ => {}
        }
    }
}
