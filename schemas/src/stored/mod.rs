//! Stored events: the bytes the log keeps for ever.
//!
//! The stored form is not the domain form: `domain` may be renamed and reshaped freely, a row of a table
//! ([`crate::events`]) is frozen the day it is released. What is stored besides is a field that a later version brings;
//! `decode` reads every version ever written, and `schemas/golden/` proves it.
//!
//! # Envelope
//!
//! | bytes | what |
//! |---|---|
//! | 0..2 | type tag, `u16` little-endian, from [`EVENT_TYPES`] |
//! | 2 | schema version of the type, from 1 |
//! | 3..7 | length of the body, `u32` little-endian |
//! | 7..11 | CRC-32C over bytes 0..7 and the body, `u32` little-endian |
//! | 11.. | body: postcard, the fields in the order of the table |
//!
//! In bodies ids and texts are strings, instants are `i64` microseconds, dates are `i32` days, amounts and quantities are
//! `i64`, and enums are numbers written by hand, never the index of a variant.
//!
//! The entity an event is about (the order, the payment) is not in the event: its stream names it.

pub mod any;
pub mod chain;

mod decoder;
pub(crate) mod digest;
mod duty;
mod meta;
mod parked;
mod snapshot;

pub use crate::codec::BadValue;
pub use crate::events::{EVENT_TYPES, EventType, encode, event_tag, tag, type_name, type_name_of};
pub use decoder::Decoder;
pub use digest::{command_digest, command_name};
pub use duty::{Duty, Errand};
pub use meta::{BadMeta, CommitMeta};
pub use parked::{BadParked, Parked};
pub use snapshot::{BadSnapshot, Checkpoint, SNAPSHOT_FORM, StoreNote, StoreRow};

use crate::codec::{BadBody, Interner, checksum};
use crate::events;
use crate::events::envelope::{COVERED_LEN, HEADER_LEN};
use domain::event::Event;
use domain::stream::Stream;

/// Why bytes are not an event of a stream. Each is damage or a newer program's work: nothing here is worth a retry.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the envelope does.
    #[error("the event is cut short: {len} bytes of {needed}")]
    Short {
        /// How many bytes there are.
        len: usize,
        /// How many there should be.
        needed: usize,
    },
    /// There are bytes behind the envelope.
    #[error("{count} bytes follow the event")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// The bytes are not the ones that were written.
    #[error("the event's checksum is {computed:08x}, not {stored:08x}: the bytes are damaged")]
    Checksum {
        /// What the envelope says.
        stored: u32,
        /// What the bytes say.
        computed: u32,
    },
    /// No such type; a newer program may have written it.
    #[error("no event type has the tag {tag:#06x}")]
    UnknownType {
        /// The tag.
        tag: u16,
    },
    /// No such version of the type; a newer program may have written it.
    #[error("{name} has no schema version {version} here")]
    UnknownVersion {
        /// The type.
        name: &'static str,
        /// The version.
        version: u8,
    },
    /// The event does not belong into the stream it was read from.
    #[error("{name} does not belong into a stream of category {category:?}")]
    WrongStream {
        /// The type.
        name: &'static str,
        /// The stream's category.
        category: &'static str,
    },
    /// The body is not one of the type and version, though its checksum is right.
    #[error("the body of {name} version {version} does not read")]
    Body {
        /// The type.
        name: &'static str,
        /// The version.
        version: u8,
        /// What postcard says.
        source: postcard::Error,
    },
    /// The body goes on behind its last field.
    #[error("{count} bytes follow the last field of {name} version {version}")]
    BodyTrailing {
        /// The type.
        name: &'static str,
        /// The version.
        version: u8,
        /// How many.
        count: usize,
    },
    /// A field holds what the domain does not take.
    #[error("{name} version {version} holds a bad value")]
    Value {
        /// The type.
        name: &'static str,
        /// The version.
        version: u8,
        /// The value.
        source: BadValue,
    },
}

/// The type tag at the start of an envelope, before anything is checked; `None` where there is none.
pub fn peek_tag(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk::<2>().map(|tag| u16::from_le_bytes(*tag))
}

/// Reads one envelope, which must fill `bytes`, as an event of `stream`.
///
/// # Errors
/// [`DecodeError`] says what is wrong; damage is reported before anything the bytes say is believed.
pub fn decode(stream: &Stream, bytes: &[u8]) -> Result<Event, DecodeError> {
    decode_with(&mut Interner::default(), stream, bytes)
}

#[inline]
fn decode_with(texts: &mut Interner, stream: &Stream, bytes: &[u8]) -> Result<Event, DecodeError> {
    let (form, body) = opened(bytes)?;
    events::read(form, body, stream, texts, |bad| match bad {
        Some(bad) => DecodeError::of_body(form, bad),
        None => DecodeError::of_form(form, stream),
    })
}

/// The type's tag, the version and the body of an envelope that must fill `bytes`.
#[inline]
fn opened(bytes: &[u8]) -> Result<((u16, u8), &[u8]), DecodeError> {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(DecodeError::Short { len: bytes.len(), needed: HEADER_LEN });
    };
    let [tag0, tag1, version, len0, len1, len2, len3, sum0, sum1, sum2, sum3] = *header;
    let len = u32::from_le_bytes([len0, len1, len2, len3]) as usize;
    if body.len() < len {
        return Err(DecodeError::Short { len: bytes.len(), needed: HEADER_LEN.saturating_add(len) });
    }
    if len < body.len() {
        return Err(DecodeError::Trailing { count: body.len() - len });
    }
    let stored = u32::from_le_bytes([sum0, sum1, sum2, sum3]);
    let computed = checksum(&header[..COVERED_LEN], body);
    if stored != computed {
        return Err(DecodeError::Checksum { stored, computed });
    }
    Ok(((u16::from_le_bytes([tag0, tag1]), version), body))
}

impl DecodeError {
    /// What is wrong with a body.
    #[cold]
    fn of_body((tag, version): (u16, u8), bad: BadBody) -> DecodeError {
        let name = type_name(tag).expect("a type that is read has a name");
        match bad {
            BadBody::Shape(source) => DecodeError::Body { name, version, source },
            BadBody::Trailing(count) => DecodeError::BodyTrailing { name, version, count },
            BadBody::Value(source) => DecodeError::Value { name, version, source },
        }
    }

    /// What is wrong with a type or version that the stream does not know.
    #[cold]
    fn of_form((tag, version): (u16, u8), stream: &Stream) -> DecodeError {
        match type_name(tag) {
            None => DecodeError::UnknownType { tag },
            Some(name) if events::category(tag) == Some(stream.category()) => {
                DecodeError::UnknownVersion { name, version }
            }
            Some(name) => DecodeError::WrongStream { name, category: stream.category() },
        }
    }
}
