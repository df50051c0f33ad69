//! The envelope: who can be trusted to read the body behind it.

use crate::codec::checksum;

/// Tag, version, length and checksum.
pub(crate) const HEADER_LEN: usize = 11;
/// The part of the header that the checksum covers.
pub(crate) const COVERED_LEN: usize = 7;

/// Appends the header of an envelope whose body follows; the answer is where it starts.
#[inline]
pub(crate) fn begin(tag: u16, version: u8, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&tag.to_le_bytes());
    out.push(version);
    out.extend_from_slice(&[0; HEADER_LEN - 3]);
    start
}

/// Completes the header now that all of the body is there.
///
/// # Panics
/// If the body is 4 GiB long.
#[inline]
pub(crate) fn end(start: usize, out: &mut [u8]) {
    let (header, body) = out[start..].split_at_mut(HEADER_LEN);
    let len = u32::try_from(body.len()).expect("an event is bounded by the domain, far below 4 GiB");
    header[3..COVERED_LEN].copy_from_slice(&len.to_le_bytes());
    let sum = checksum(&header[..COVERED_LEN], body);
    header[COVERED_LEN..].copy_from_slice(&sum.to_le_bytes());
}
