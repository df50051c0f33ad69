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

pub(crate) mod catalogue;
mod dice;
mod form;
mod interner;
mod reader;
#[cfg(test)]
mod tests;
mod values;
mod writer;

pub use catalogue::{EventDoc, EventType, Field, Shape};
pub use dice::Dice;
pub use form::Personal;
pub(crate) use form::{Codec, Get, Sealed, differs, fields_of, is_text, later, newest_of, shape_of};
pub(crate) use interner::Interner;
pub use reader::BadValue;
pub(crate) use reader::{BadBody, Reader};
pub(crate) use values::{Code, local, rights_bits};
pub(crate) use writer::{Writer, checksum};

/// The bytes in front of a value that says its version and checksum and no more: see [`append_summed`].
const SUMMED_HEADER_LEN: usize = 5;

/// Appends `head` (1 byte), the CRC-32C over it and the body (`u32` little-endian), and the body.
pub(crate) fn append_summed<T: Codec>(head: u8, value: &T, out: &mut Vec<u8>) {
    append(head, value, value.version(), out);
}

/// The version of what has no versions: everything is in it, whenever it came.
const NEWEST: u8 = u8::MAX;

/// As [`append_summed`], for what is only ever read by the program that wrote it; see [`whole_newest`].
pub(crate) fn append_newest<T: Codec>(head: u8, value: &T, out: &mut Vec<u8>) {
    append(head, value, NEWEST, out);
}

fn append<T: Codec>(head: u8, value: &T, version: u8, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[head, 0, 0, 0, 0]);
    value.put(&mut Writer::new(out, version, 1));
    let (header, body) = out[start..].split_at_mut(SUMMED_HEADER_LEN);
    let sum = checksum(&header[..1], body);
    header[1..].copy_from_slice(&sum.to_le_bytes());
}

/// Reads a body that was written by [`append_newest`] and must fill `bytes`.
pub(crate) fn whole_newest<T: Codec>(bytes: &[u8]) -> Result<T, BadBody> {
    whole(bytes, NEWEST)
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
