//! The codec of stored values: what of a value stands in the log, and what of it stands in JSON.
//!
//! Bytes are postcard's, without names: numbers of more than a byte are variable-length with seven bits in each byte and the
//! lowest first, signed ones zigzag; ids and texts stand behind their length, lists behind their count, and an optional
//! value behind a byte that says whether it is there. Enums are numbers written by hand, never the index of a variant.
//!
//! Leaves are in `values`. What is composed of them is declared by `record!` and `events!`, one row for each field; what no
//! row can say (sums of cases) implements the traits by hand.

#[macro_use]
mod macros;

mod catalogue;
mod dice;
mod interner;
mod reader;
#[cfg(test)]
mod tests;
mod values;
mod writer;

pub use catalogue::{EventDoc, EventType, Field, Shape};
pub use dice::Dice;
pub(crate) use interner::Interner;
pub use reader::BadValue;
pub(crate) use reader::{BadBody, Reader};
pub(crate) use values::{Code, local, rights_bits};
pub(crate) use writer::{Writer, checksum};

use crate::json::JsonWriter;

/// What a reader answers: the value, or why the bytes have not its shape. A value that only the domain refuses is noted in
/// the reader, which reads on: what is wrong with the shape is said first, whatever else is.
pub(crate) type Get<T> = Result<T, postcard::Error>;

/// A value with a stored form.
pub(crate) trait Codec: Sized {
    /// The newest version of an event that this value brings about; see [`Codec::version`].
    const NEWEST: u8 = 1;

    /// The oldest version of an event that says all of this value.
    #[inline]
    fn version(&self) -> u8 {
        1
    }

    /// Appends the stored form, in the version of the event around it.
    fn put(&self, to: &mut Writer<'_>);

    /// Reads the stored form, in the version of the event around it.
    fn get(from: &mut Reader<'_, '_>) -> Get<Self>;

    /// As [`Codec::put`], where the version of the event says that the value is there.
    fn put_bare(&self, to: &mut Writer<'_>) {
        self.put(to);
    }

    /// As [`Codec::get`], where the version of the event says that the value is there.
    fn get_bare(from: &mut Reader<'_, '_>) -> Get<Self> {
        Self::get(from)
    }

    /// As [`Codec::get`], for a text that no other event has.
    fn get_own(from: &mut Reader<'_, '_>) -> Get<Self> {
        Self::get(from)
    }

    /// Any value there is, for tests.
    ///
    /// # Panics
    /// For what is in no event.
    fn any(_: &mut Dice<'_>) -> Self {
        unreachable!("only events are made up")
    }
}

/// A value with a form in JSON.
pub(crate) trait Json {
    /// Writes the form.
    fn json(&self, to: &mut JsonWriter<'_>);

    /// Whether an optional member of this value is left out.
    #[inline]
    fn is_nothing(&self) -> bool {
        false
    }

    /// Describes the form.
    ///
    /// # Panics
    /// For what is in no event.
    fn shape() -> Shape {
        unreachable!("only events are described")
    }
}

/// A value that is members of the object around it: a record, or one of several cases.
pub(crate) trait Members {
    /// Writes the members.
    fn members(&self, to: &mut JsonWriter<'_>);

    /// Describes the members.
    fn fields() -> Vec<Field>;
}

/// [`Codec::NEWEST`] of what a field holds; the function only names the field.
pub(crate) const fn newest_of<S, T: Codec>(_: fn(&S) -> &T) -> u8 {
    T::NEWEST
}

/// [`Json::shape`] of what a field holds; the function only names the field.
pub(crate) fn shape_of<S, T: Json>(_: fn(&S) -> &T) -> Shape {
    T::shape()
}

/// [`Members::fields`] of what a field holds; the function only names the field.
pub(crate) fn fields_of<S, T: Members>(_: fn(&S) -> &T) -> Vec<Field> {
    T::fields()
}

/// The later of two versions.
#[inline]
pub(crate) const fn later(a: u8, b: u8) -> u8 {
    if a < b { b } else { a }
}

/// Whether a field is something else than it was before there was such a field.
#[inline]
pub(crate) fn differs<T: PartialEq>(field: &T, was: T) -> bool {
    *field != was
}

/// The bytes in front of a value that says its version and checksum and no more: see [`append_summed`].
const SUMMED_HEADER_LEN: usize = 5;

/// Appends `head` (1 byte), the CRC-32C over it and the body (`u32` little-endian), and the body.
pub(crate) fn append_summed<T: Codec>(head: u8, value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[head, 0, 0, 0, 0]);
    value.put(&mut Writer::new(out, value.version(), 1));
    let (header, body) = out[start..].split_at_mut(SUMMED_HEADER_LEN);
    let sum = checksum(&header[..1], body);
    header[1..].copy_from_slice(&sum.to_le_bytes());
}

/// Reads a body that must fill `bytes`.
pub(crate) fn whole<T: Codec>(bytes: &[u8], version: u8) -> Result<T, BadBody> {
    let texts = &mut Interner::default();
    let mut from = Reader::new(bytes, texts, version, 1);
    let read = T::get(&mut from);
    match read {
        Ok(value) if from.is_done() => Ok(value),
        read => Err(from.why(read.err())),
    }
}
