//! The receipt of a repeated command, rebuilt from the log: the same for ever, and nothing of it is kept in memory.

use crate::envelope::{Receipt, Recorded};
use crate::error::CommandError;
use domain::ids::{CommandId, Revision, TenantId};
use domain::stream::Stream;
use eventlog::{Direction, LogReader, Position, ReadError};
use schemas::stored::{self, CommitMeta};

/// The receipt of the commit at `first`, if that is a commit of the same command.
pub(crate) fn rebuild(
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
    let CommitMeta { main, occurred_at, .. } = CommitMeta::decode(commit.meta).map_err(|error| unknown(&error))?;
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
    let (position, batch) = Receipt::place(first, events.len(), (found.batch().id(), found.batch().first()));
    Ok(Receipt { stream: main, revision, position, batch, occurred_at, events })
}

/// Where a stream was before `position`: a commit that changed nothing left it there.
fn revision_before(reader: &LogReader, stream: &Stream, position: Position) -> Result<Option<Revision>, ReadError> {
    let name = stream.to_string();
    // Positions grow along a stream and revisions have no gap, so the first event at or behind `position` is found by
    // halves: a store's stock has millions.
    let (mut low, mut high) = (0, reader.stream_head(&name)?.map_or(0, |head| head.0 + 1));
    while low < high {
        let middle = low + (high - low) / 2;
        let events = reader.read_stream(&name, eventlog::Revision(middle), Direction::Forward, 1)?;
        match events.first().is_some_and(|event| event.position < position) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low.checked_sub(1).map(Revision))
}
