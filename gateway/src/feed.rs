//! Events as JSON, chosen and in the order of the log: what the feed, the histories and `comanda replay` have in common.

use crate::position::token_in;
use domain::calendar::Timestamp;
use domain::event::Event;
use domain::ids::{CommandId, Revision, StoreId, TenantId};
use domain::stream::Stream;
use eventlog::{Position, ReadError, StoredBatch, StoredCommit, StoredEvent};
use schemas::events::category;
use schemas::json::event::Recorded;
use schemas::json::{EventJson, FieldError, WriteError};
use schemas::stored::{self, CommitMeta};
use std::collections::BTreeSet;

/// How the names of streams begin that hold what the security log says.
const SECURITY: &str = "security-";

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of this tenant only; `None` for an operator who reads the whole log.
    pub tenant: Option<TenantId>,
    /// Of these types only.
    pub types: Option<BTreeSet<String>>,
    /// Of this stream only.
    pub stream: Option<String>,
    /// Of this store only.
    pub store: Option<StoreId>,
    /// Of these stores only: those that the caller may read.
    pub within: Option<Box<[StoreId]>>,
    /// Without what the security log says, which nobody gets who does not ask for it: it is as much as anybody did.
    pub hides_security: bool,
}

impl Selection {
    /// Parses what a client asks for. `types` are names separated by commas.
    ///
    /// # Errors
    /// [`FieldError`] names the parameter that is wrong.
    pub fn parse(
        tenant: Option<TenantId>,
        types: Option<&str>,
        stream: Option<&str>,
        store: Option<StoreId>,
    ) -> Result<Selection, FieldError> {
        if let Some(name) = stream {
            match Stream::parse(name) {
                Ok(stream) if tenant.is_none_or(|tenant| tenant == stream.tenant()) => {}
                Ok(_) => return Err(FieldError::new("stream", "belongs to another tenant")),
                Err(bad) => return Err(FieldError::new("stream", bad.to_string())),
            }
        }
        let types: Option<BTreeSet<String>> =
            types.map(|types| types.split(',').map(|name| name.trim().to_owned()).collect());
        let known = |name: &String| stored::EVENT_TYPES.iter().any(|known| known.name == name);
        if !types.iter().flatten().all(known) {
            return Err(FieldError::new("types", "names an event type that there is not; see /openapi.json"));
        }
        let selection =
            Selection { tenant, types, stream: stream.map(str::to_owned), store, within: None, hides_security: false };
        Ok(Selection { hides_security: !selection.asks_for_security(), ..selection })
    }

    /// Whether it asks for what the security log says, by its stream or by the types of its events.
    fn asks_for_security(&self) -> bool {
        let is_of_security = |name: &String| {
            stored::EVENT_TYPES.iter().any(|known| known.name == name && category(known.tag) == Some("security"))
        };
        self.stream.as_deref().is_some_and(|stream| stream.starts_with(SECURITY))
            || self.types.iter().flatten().any(is_of_security)
    }

    /// The kinds of events that are wanted, as the log tells them apart; nothing where all are.
    pub fn kinds(&self) -> Option<Vec<u16>> {
        let types = self.types.as_ref()?;
        let wanted = stored::EVENT_TYPES.iter().filter(|known| types.contains(known.name));
        Some(wanted.map(|known| known.tag).collect())
    }

    fn wants_commit(&self, commit: &StoredCommit<'_>) -> bool {
        self.tenant.is_none_or(|tenant| tenant.as_str() == commit.tenant)
    }

    fn wants_event(&self, event: &StoredEvent<'_>) -> bool {
        let is_wanted =
            |types: &BTreeSet<String>| stored::type_name(event.kind()).is_some_and(|name| types.contains(name));
        let is_hidden = event.is_system() || self.hides_security && event.stream.starts_with(SECURITY);
        !is_hidden
            && self.stream.as_ref().is_none_or(|stream| stream == event.stream)
            && self.types.as_ref().is_none_or(is_wanted)
    }
}

/// Why events cannot be shown.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum FeedError {
    /// The log does not read.
    #[error("the log does not read")]
    Read(#[from] ReadError),
    /// An event does not read; it was written by a newer program or is damaged.
    #[error("the event at position {position} does not read")]
    Event { position: Position, source: Box<dyn std::error::Error + Send + Sync> },
    /// The token they were asked for with does not work any more.
    #[error("the token was revoked")]
    Revoked,
}

/// Gives the wanted events of a commit of `batch` from `from` on to `write`, until it says that it has enough.
///
/// # Errors
/// [`FeedError::Event`] at the first event that does not read or cannot be written.
pub fn events(
    batch: &StoredBatch,
    commit: &StoredCommit<'_>,
    selection: &Selection,
    from: Position,
    mut write: impl FnMut(&mut EventJson<'_>) -> Result<bool, WriteError>,
) -> Result<(), FeedError> {
    if !selection.wants_commit(commit) {
        return Ok(());
    }
    let mut known = None;
    for (index, event) in (0..).zip(commit.events()) {
        if event.position < from || !selection.wants_event(&event) {
            continue;
        }
        let unreadable = |source| FeedError::Event { position: event.position, source };
        let stream = Stream::parse(event.stream).map_err(|error| unreadable(Box::new(error)))?;
        if selection.store.is_some_and(|store| stream.store() != Some(store)) {
            continue;
        }
        let is_hidden = |within: &[StoreId]| stream.store().is_none_or(|store| !within.contains(&store));
        if selection.within.as_deref().is_some_and(is_hidden) {
            continue;
        }
        let meta = match known {
            Some(meta) => meta,
            None => *known.insert(CommitMeta::decode(commit.meta).map_err(|error| unreadable(Box::new(error)))?),
        };
        let fact = stored::decode(&stream, event.body).map_err(|error| unreadable(Box::new(error)))?;
        let mut json = event_json(batch, commit, &meta, &event, index, &stream, &fact);
        if !write(&mut json).map_err(|error| unreadable(Box::new(error)))? {
            return Ok(());
        }
    }
    Ok(())
}

fn event_json<'a>(
    batch: &StoredBatch,
    commit: &StoredCommit<'_>,
    meta: &CommitMeta,
    event: &StoredEvent<'_>,
    index: u32,
    stream: &'a Stream,
    fact: &'a Event,
) -> EventJson<'a> {
    EventJson::new(&Recorded {
        position: token_in(batch.id(), event.position),
        stream,
        revision: Revision(event.revision.0),
        recorded_at: Timestamp(commit.recorded_at),
        occurred_at: meta.occurred_at,
        actor: Some(meta.actor),
        approver: meta.approver,
        terminal: meta.terminal,
        terminal_seq: meta.terminal_seq,
        command_id: CommandId(commit.command_id),
        event_index: index,
        source: meta.source,
        training: meta.training,
        time_in_doubt: meta.time_in_doubt,
        sent_by: meta.sent_by,
        event: fact,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_asks_for_is_there_and_its_own() {
        let ours = TenantId::parse("m1").expect("an id");
        let parse = |tenant, types, stream| match Selection::parse(tenant, types, stream, None) {
            Ok(selection) => Ok(selection.hides_security),
            Err(FieldError { pointer, problem }) => Err((pointer, problem)),
        };
        for (types, stream, hides_security) in [
            (None, None, true),
            (Some("OrderPlaced"), None, true),
            (Some("OrderPlaced, OrderCompleted"), Some("order-m1.s1.o1"), true),
            (Some("OrderPlaced,ActivityRecorded"), None, false),
            (None, Some("security-m1"), false),
        ] {
            assert_eq!(parse(Some(ours), types, stream), Ok(hides_security), "{types:?} {stream:?}");
        }
        for (types, stream, pointer, problem) in [
            (Some("OrderPlaced,NoSuch"), None, "types", "names an event type that there is not; see /openapi.json"),
            (Some(""), None, "types", "names an event type that there is not; see /openapi.json"),
            (None, Some("order-m2.s1.o1"), "stream", "belongs to another tenant"),
        ] {
            let told = parse(Some(ours), types, stream).expect_err(problem);
            assert!(told.0.ends_with(pointer) && told.1 == problem, "{told:?}");
        }
        assert!(parse(Some(ours), None, Some("no stream")).is_err());
        // An operator reads the streams of all.
        assert_eq!(parse(None, None, Some("order-m2.s1.o1")), Ok(true));
    }
}
