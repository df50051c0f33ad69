//! Positions as clients hold them: made from the log, and held against it when they come back.
//!
//! A token names a place in one history. A log that was restored from a backup, or replaced, goes on in another one: what
//! its clients remember of the lost part would lead them past events they have never seen, so it is refused.

use crate::causes::with_causes;
use eventlog::{BatchId, LogReader, Position, ReadError};
use schemas::json::{BadPosition, PositionToken};

/// Why a token leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum PositionError {
    /// It is no token of ours; reads on after its name.
    #[error(transparent)]
    Malformed(#[from] BadPosition),
    /// It is of another history, or beyond the end of this one.
    #[error("is not in this history, which ends at {head}: the log was restored or replaced since, or is another one")]
    Unknown {
        /// Where this history ends.
        head: PositionToken,
    },
    /// The log does not read.
    #[error("cannot be looked up")]
    Read(#[from] ReadError),
}

/// The token of an event in a batch.
pub fn token_in(batch: BatchId, position: Position) -> PositionToken {
    PositionToken::of(position.0, batch.fingerprint())
}

/// The token of a durable event. Where the log does not read it says less, and is accepted for it.
pub fn token(reader: &LogReader, position: Position) -> PositionToken {
    match reader.batch_at(position) {
        Ok(Some(batch)) => token_in(batch, position),
        Ok(None) => PositionToken::new(position.0),
        Err(error) => {
            tracing::error!(error = with_causes(&error), %position, "the batch at a position does not read");
            PositionToken::new(position.0)
        }
    }
}

/// The token of the newest durable event.
pub fn head(reader: &LogReader) -> PositionToken {
    token(reader, newest(reader))
}

/// The newest durable event; the log begins with one.
pub fn newest(reader: &LogReader) -> Position {
    Position(reader.durable().0.saturating_sub(1))
}

/// The event that a client names: a token, or several of different logs with commas between, of which one is this log's.
///
/// # Errors
/// [`PositionError`] as its variants say.
pub fn known(reader: &LogReader, text: &str) -> Result<Position, PositionError> {
    let unknown = || PositionError::Unknown { head: head(reader) };
    let mut found = None;
    for token in text.split(',').map(PositionToken::parse) {
        let PositionToken { partition, position, fingerprint } = token?;
        if partition != 0 || found.replace((Position(position), fingerprint)).is_some() {
            return Err(unknown());
        }
    }
    let (position, fingerprint) = found.ok_or(BadPosition)?;
    if newest(reader) < position {
        return Err(unknown());
    }
    match fingerprint {
        Some(fingerprint) if reader.batch_at(position)?.map(BatchId::fingerprint) != Some(fingerprint) => {
            Err(unknown())
        }
        Some(_) | None => Ok(position),
    }
}

/// The event behind which a client wants to start, as the first position it wants.
///
/// # Errors
/// As for [`known`].
pub fn start_after(reader: &LogReader, token: Option<&str>) -> Result<Position, PositionError> {
    token.map_or(Ok(Position(0)), |text| known(reader, text).map(|last| Position(last.0 + 1)))
}
