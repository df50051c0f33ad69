//! What stored forms are read from, and what to say when the domain refuses a value.

use super::interner::Interner;
use domain::ids::{BadId, BadText, Id, Text};
use domain::stream::BadStream;
use postcard::Error;

/// A stored value that the domain does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// An id.
    #[error("a {kind} {source}")]
    Id {
        /// Which kind of id.
        kind: &'static str,
        /// What is wrong with it.
        source: BadId,
    },
    /// A text.
    #[error("a text {source}")]
    Text {
        /// What is wrong with it.
        source: BadText,
    },
    /// A text with white space around it: reading would change it.
    #[error("a text has white space around it")]
    TextPadded,
    /// A number that stands for no value of an enum.
    #[error("{code} stands for no {kind}")]
    Code {
        /// Which enum.
        kind: &'static str,
        /// The number.
        code: u8,
    },
    /// A value out of its range, or fields that do not go together.
    #[error("a {kind} is out of range or contradicts itself")]
    Range {
        /// What it was to be.
        kind: &'static str,
    },
    /// The name of a stream.
    #[error("{source}")]
    Stream {
        /// What is wrong with it.
        source: BadStream,
    },
}

/// Why bytes are not a value.
pub(crate) enum BadBody {
    /// They have not the shape.
    Shape(Error),
    /// So many bytes follow.
    Trailing(usize),
    /// The domain refuses the first such value in them.
    Value(BadValue),
}

/// The most values room is made for on the word of a count alone.
const RESERVED_MAX: usize = 64;

/// Reads stored forms, in one version of the event they belong to.
pub(crate) struct Reader<'a, 't> {
    bytes: &'a [u8],
    texts: &'t mut Interner,
    /// The version that is read.
    pub(crate) version: u8,
    /// The version the event was born with.
    first: u8,
    /// The first value that the domain refuses.
    refused: Option<BadValue>,
}

impl<'a, 't> Reader<'a, 't> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], texts: &'t mut Interner, version: u8, first: u8) -> Reader<'a, 't> {
        Reader { bytes, texts, version, first, refused: None }
    }

    /// Whether nothing is left and the domain took all of it.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.bytes.is_empty() && self.refused.is_none()
    }

    /// What is wrong: the shape, or else what was read or follows.
    #[cold]
    pub(crate) fn why(&self, shape: Option<Error>) -> BadBody {
        match (shape, self.bytes.len(), self.refused) {
            (Some(error), _, _) => BadBody::Shape(error),
            (None, 0, Some(bad)) => BadBody::Value(bad),
            (None, count, _) => BadBody::Trailing(count),
        }
    }

    /// Whether a field that came with `version` is why this version was written.
    #[inline]
    pub(crate) fn is_brought_by(&self, version: u8) -> bool {
        self.version == version && self.first < version
    }

    /// Notes that the domain refuses a value, and goes on with another in its place.
    #[cold]
    pub(crate) fn refuse<T>(&mut self, bad: BadValue, instead: T) -> T {
        self.refused.get_or_insert(bad);
        instead
    }

    /// Reads what a later version brought: if the domain refuses that and something before it, that is what is said.
    #[inline]
    pub(crate) fn newer<T>(&mut self, read: fn(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let Some(before) = self.refused.take() else { return read(self) };
        let value = read(self);
        self.refused = self.refused.or(Some(before));
        value
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let (first, rest) = self.bytes.split_first().ok_or(Error::DeserializeUnexpectedEnd)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// A number of `BITS` bits, seven in each byte and the lowest first.
    #[inline]
    pub(crate) fn number<const BITS: u32>(&mut self) -> Result<u64, Error> {
        const { assert!(14 <= BITS, "two bytes always fit") };
        // Most numbers are amounts of one or two bytes.
        match *self.bytes {
            [first, ref rest @ ..] if first < 0x80 => {
                self.bytes = rest;
                Ok(first.into())
            }
            [first, second, ref rest @ ..] if second < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(first & 0x7f) | u64::from(second) << 7)
            }
            _ => {
                let first = self.byte()?;
                self.long_number::<BITS>(first)
            }
        }
    }

    fn long_number<const BITS: u32>(&mut self, first: u8) -> Result<u64, Error> {
        let mut number = u64::from(first & 0x7f);
        let mut shift = 7;
        while shift < BITS {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return fits(byte, BITS, shift).then_some(number).ok_or(Error::DeserializeBadVarint);
            }
            shift += 7;
        }
        Err(Error::DeserializeBadVarint)
    }

    /// A number of 128 bits.
    pub(crate) fn wide(&mut self) -> Result<u128, Error> {
        let (mut number, mut shift) = (0, 0);
        while shift < u128::BITS {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return fits(byte, u128::BITS, shift).then_some(number).ok_or(Error::DeserializeBadVarint);
            }
            shift += 7;
        }
        Err(Error::DeserializeBadVarint)
    }

    #[inline]
    pub(crate) fn signed<const BITS: u32>(&mut self) -> Result<i64, Error> {
        self.number::<BITS>().map(|number| (number >> 1) as i64 ^ -((number & 1) as i64))
    }

    #[inline]
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::DeserializeBadBool),
        }
    }

    /// A flag that has one more value: whether it is up, and whether it is the other value.
    #[inline]
    pub(crate) fn flag_or(&mut self, other: u8) -> Result<(bool, bool), Error> {
        match self.byte()? {
            0 => Ok((false, false)),
            1 => Ok((true, false)),
            byte if byte == other => Ok((false, true)),
            _ => Err(Error::DeserializeBadBool),
        }
    }

    /// Whether an optional value follows.
    #[inline]
    pub(crate) fn is_some(&mut self) -> Result<bool, Error> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::DeserializeBadOption),
        }
    }

    /// So many values that `read` reads.
    #[inline]
    pub(crate) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let count = self.number::<64>()?;
        let mut values = Vec::with_capacity(RESERVED_MAX.min(count as usize));
        for _ in 0..count {
            values.push(read(self)?);
        }
        Ok(values)
    }

    /// Bytes behind their length.
    #[inline]
    pub(crate) fn piece(&mut self) -> Result<&'a [u8], Error> {
        let len = self.number::<64>()?;
        self.take(len as usize)
    }

    /// So many bytes.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (piece, rest) = self.bytes.split_at_checked(len).ok_or(Error::DeserializeUnexpectedEnd)?;
        self.bytes = rest;
        Ok(piece)
    }

    #[inline]
    pub(crate) fn str(&mut self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.piece()?).map_err(|_| Error::DeserializeBadUtf8)
    }

    #[inline]
    pub(crate) fn id(&mut self, kind: &'static str) -> Result<Id, Error> {
        // Ids are most of what an event holds. Their lengths are one byte, and 32 bytes are looked at at once.
        if let Some((len, rest)) = self.bytes.split_first()
            && let Some(after) = rest.get(usize::from(*len)..)
            && let Ok(id) = Id::leading(rest, usize::from(*len))
        {
            self.bytes = after;
            return Ok(id);
        }
        self.unusual_id(kind)
    }

    #[cold]
    fn unusual_id(&mut self, kind: &'static str) -> Result<Id, Error> {
        const INSTEAD: Id = match Id::parse("_") {
            Ok(id) => id,
            Err(_) => unreachable!(),
        };
        let text = self.str()?;
        Ok(Id::parse(text).unwrap_or_else(|source| self.refuse(BadValue::Id { kind, source }, INSTEAD)))
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<Text, Error> {
        let piece = self.piece()?;
        match self.texts.text(piece) {
            Some(text) => Ok(text),
            None => self.no_text(piece),
        }
    }

    /// A text of one event alone, which is not looked for among those that were read before.
    #[inline]
    pub(crate) fn own_text(&mut self) -> Result<Text, Error> {
        let piece = self.piece()?;
        match Interner::default().text(piece) {
            Some(text) => Ok(text),
            None => self.no_text(piece),
        }
    }

    #[cold]
    fn no_text(&mut self, piece: &[u8]) -> Result<Text, Error> {
        let text = std::str::from_utf8(piece).map_err(|_| Error::DeserializeBadUtf8)?;
        let bad = Text::parse_stored(text).err().map_or(BadValue::TextPadded, |source| BadValue::Text { source });
        Ok(self.refuse(bad, Text::parse("-").expect("a text")))
    }
}

/// Whether the last byte of a number holds no more than is left of its bits.
#[inline]
const fn fits(last: u8, bits: u32, shift: u32) -> bool {
    shift + 7 <= bits || last >> (bits - shift) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    /// Reads with `read` what postcard reads as a `T`: the same value or the same error, and as many bytes.
    fn same<T: DeserializeOwned + PartialEq + Debug>(
        bytes: &[u8],
        read: impl Fn(&mut Reader<'_, '_>) -> Result<T, Error>,
    ) -> Result<(), TestCaseError> {
        let mut texts = Interner::default();
        let mut from = Reader::new(bytes, &mut texts, 1, 1);
        let read = read(&mut from).map(|value| (value, from.bytes));
        prop_assert_eq!(read, postcard::take_from_bytes::<T>(bytes));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Overlong numbers and numbers beyond their bits among them.
        #[test]
        fn bytes_read_as_postcard_reads_them(
            bytes in prop::collection::vec(prop_oneof![0_u8..4, 0x7d_u8..0x84, 0xf0_u8..=0xff, any::<u8>()], 0..24),
        ) {
            same(&bytes, |from| from.number::<16>().map(|number| number as u16))?;
            same(&bytes, |from| from.number::<32>().map(|number| number as u32))?;
            same(&bytes, |from| from.number::<64>())?;
            same(&bytes, |from| from.wide())?;
            same(&bytes, |from| from.signed::<32>().map(|number| number as i32))?;
            same(&bytes, |from| from.signed::<64>())?;
            same(&bytes, |from| from.byte())?;
            same(&bytes, |from| from.flag())?;
            same(&bytes, |from| from.str().map(str::to_owned))?;
            same(&bytes, |from| from.list(|from| from.number::<16>().map(|number| number as u16)))?;
            same(&bytes, |from| from.is_some()?.then(|| from.byte()).transpose())?;
        }
    }
}
