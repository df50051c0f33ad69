//! The envelope: who can be trusted to read the body behind it.

use super::types::type_name;
use super::{BadValue, DecodeError};
use serde::{Deserialize, Serialize};

/// Tag, version, length and checksum.
const HEADER_LEN: usize = 11;
/// The part of the header that the checksum covers.
const COVERED_LEN: usize = 7;

/// Appends an envelope with `body`.
///
/// # Panics
/// If the body is 4 GiB long.
pub(super) fn write<T: Serialize>(tag: u16, version: u8, body: &T, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&tag.to_le_bytes());
    out.push(version);
    out.extend_from_slice(&[0; HEADER_LEN - 3]);
    append(body, out);
    let (header, body) = out[start..].split_at_mut(HEADER_LEN);
    let len = u32::try_from(body.len()).expect("an event is bounded by the domain, far below 4 GiB");
    header[3..COVERED_LEN].copy_from_slice(&len.to_le_bytes());
    let sum = checksum(&header[..COVERED_LEN], body);
    header[COVERED_LEN..].copy_from_slice(&sum.to_le_bytes());
}

/// Appends the postcard form of `value`.
pub(super) fn append<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    postcard::serialize_with_flavor(value, Tail(out)).expect("a vector takes everything and lists know their lengths");
}

/// CRC-32C (Castagnoli) over two parts as if they were one.
pub(super) fn checksum(head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), body)
}

/// Lets postcard append to a vector in slices; its own flavor for `Extend` goes byte by byte.
struct Tail<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Tail<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// An envelope whose checksum is right and whose type and version are known.
pub(super) struct Envelope<'a> {
    /// The type.
    pub(super) tag: u16,
    /// The type's name.
    pub(super) name: &'static str,
    /// The schema version.
    pub(super) version: u8,
    /// The fields, in postcard's form.
    pub(super) body: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Checks an envelope that must fill `bytes`.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Envelope<'a>, DecodeError> {
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
        let tag = u16::from_le_bytes([tag0, tag1]);
        let name = type_name(tag).ok_or(DecodeError::UnknownType { tag })?;
        Ok(Envelope { tag, name, version, body })
    }

    /// Reads the body as `T` and makes of it what the domain takes.
    pub(super) fn read<T: Deserialize<'a>, D>(
        &self,
        back: impl FnOnce(T) -> Result<D, BadValue>,
    ) -> Result<D, DecodeError> {
        let (name, version) = (self.name, self.version);
        let (value, rest) =
            postcard::take_from_bytes::<T>(self.body).map_err(|source| DecodeError::Body { name, version, source })?;
        if !rest.is_empty() {
            return Err(DecodeError::BodyTrailing { name, version, count: rest.len() });
        }
        back(value).map_err(|source| DecodeError::Value { name, version, source })
    }

    /// What to say of a version that no arm of a `decode` reads.
    pub(super) fn unknown_version(&self) -> DecodeError {
        DecodeError::UnknownVersion { name: self.name, version: self.version }
    }
}
