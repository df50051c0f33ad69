//! Reading events, one or many: of many, what the ones before it taught is not worked out again.

use crate::codec::{BadBody, BadValue, Interner, checksum};
use crate::events;
use crate::events::envelope::{COVERED_LEN, HEADER_LEN};
use crate::events::type_name;
use domain::event::Event;
use domain::stream::{BadStream, Stream};

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

/// Reads events one after the other, as [`decode`] does. Those of one stream mostly stand together, and the same
/// names stand in many.
#[derive(Debug)]
pub struct Decoder {
    texts: Interner,
    /// The name of the last stream, and what it says.
    last: Option<(String, Stream)>,
}

impl Decoder {
    /// Nothing was read yet.
    pub fn new() -> Decoder {
        Decoder { texts: Interner::shared(), last: None }
    }

    /// Reads the name of a stream, as [`Stream::parse`] does.
    ///
    /// # Errors
    /// As [`Stream::parse`].
    #[inline]
    pub fn stream(&mut self, name: &str) -> Result<Stream, BadStream> {
        match &self.last {
            Some((last, stream)) if last == name => Ok(*stream),
            Some(_) | None => self.other_stream(name),
        }
    }

    fn other_stream(&mut self, name: &str) -> Result<Stream, BadStream> {
        let stream = Stream::parse(name)?;
        let (last, held) = self.last.get_or_insert_with(|| (String::with_capacity(Stream::NAME_LEN_MAX), stream));
        last.clear();
        last.push_str(name);
        *held = stream;
        Ok(stream)
    }

    /// Reads one envelope, which must fill `bytes`, as an event of `stream`.
    ///
    /// # Errors
    /// As [`decode`].
    #[inline]
    pub fn decode(&mut self, stream: &Stream, bytes: &[u8]) -> Result<Event, DecodeError> {
        decode_with(&mut self.texts, stream, bytes)
    }
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}
