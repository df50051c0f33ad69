//! Reading many events: what the ones before it taught is not worked out again.

use super::{DecodeError, decode_with};
use crate::codec::Interner;
use domain::event::Event;
use domain::stream::{BadStream, Stream};

/// Reads events one after the other, as [`super::decode`] does. Those of one stream mostly stand together, and the same
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
    /// As [`super::decode`].
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
