//! Where stored forms are written to.

/// Appends stored forms, in one version of the event they belong to.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// The version that is written.
    pub(crate) version: u8,
    /// The version the event was born with.
    first: u8,
}

impl<'a> Writer<'a> {
    #[inline]
    pub(crate) fn new(out: &'a mut Vec<u8>, version: u8, first: u8) -> Writer<'a> {
        debug_assert!(first <= version);
        Writer { out, version, first }
    }

    /// Whether a field that came with `version` is why this version is written.
    #[inline]
    pub(crate) fn is_brought_by(&self, version: u8) -> bool {
        self.version == version && self.first < version
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Seven bits in each byte, the lowest first.
    #[inline]
    pub(crate) fn number(&mut self, mut number: u64) {
        while 0x80 <= number {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    /// As [`Writer::number`], for what does not fit there.
    pub(crate) fn wide(&mut self, mut number: u128) {
        while 0x80 <= number {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    /// A number with the sign in the lowest bit, so that small ones are short whatever their sign.
    #[inline]
    pub(crate) fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    /// Bytes behind their length.
    #[inline]
    pub(crate) fn piece(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes(bytes);
    }
}

/// CRC-32C (Castagnoli) over two parts as if they were one.
pub(crate) fn checksum(head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), body)
}
