//! The hash the index is kept under: SipHash-2-4 with the log's id as key.
//!
//! Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). Hashes stand in sidecar files, so this never
//! changes; and whoever does not know the log's id cannot choose ids that collide. A hash only ever finds candidates: what is
//! found is compared with the log itself.

use crate::types::BatchId;

/// Hashes names and ids of one log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashKey {
    key: (u64, u64),
    /// All ones; tests take fewer, so that names collide.
    mask: u64,
}

impl HashKey {
    /// The hash of the log `log_id`.
    pub fn new(log_id: u128) -> HashKey {
        HashKey { key: (log_id as u64, (log_id >> 64) as u64), mask: u64::MAX }
    }

    #[cfg(test)]
    pub fn weak(log_id: u128, mask: u64) -> HashKey {
        HashKey { mask, ..HashKey::new(log_id) }
    }

    pub fn stream(&self, name: &str) -> u64 {
        self.hash(&[name.as_bytes()])
    }

    pub fn command(&self, tenant: &str, command_id: u128) -> u64 {
        self.hash(&[&command_id.to_le_bytes(), tenant.as_bytes()])
    }

    pub fn batch(&self, id: BatchId) -> u64 {
        self.hash(&[&id.0.to_le_bytes()])
    }

    /// Of a kind of event, among the hashes of streams' names in a segment's filter.
    pub fn kind(&self, kind: u16) -> u64 {
        self.hash(&[b"evt-kind", &kind.to_le_bytes()])
    }

    fn hash(&self, parts: &[&[u8]]) -> u64 {
        siphash(self.key, parts) & self.mask
    }
}

/// SipHash-2-4 of the parts one behind the other. All parts but the last are multiples of 8 bytes long.
fn siphash(key: (u64, u64), parts: &[&[u8]]) -> u64 {
    let mut state = Sip {
        v0: key.0 ^ 0x736f_6d65_7073_6575,
        v1: key.1 ^ 0x646f_7261_6e64_6f6d,
        v2: key.0 ^ 0x6c79_6765_6e65_7261,
        v3: key.1 ^ 0x7465_6462_7974_6573,
    };
    let whole = parts.iter().rev().skip(1).all(|part| part.len().is_multiple_of(8));
    debug_assert!(whole, "only the last part may end within a word");
    let (mut len, mut last) = (0, 0);
    for part in parts {
        let (words, rest) = part.as_chunks::<8>();
        for word in words {
            state.word(u64::from_le_bytes(*word));
        }
        last = rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        len += part.len() as u64;
    }
    state.word(last | (len << 56));
    state.v2 ^= 0xff;
    for _ in 0..4 {
        state.round();
    }
    state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

struct Sip {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl Sip {
    #[inline]
    fn word(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.round();
        self.v0 ^= word;
    }

    #[inline]
    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the paper's appendix and of its reference implementation: key 00 01 .. 0f, message 00 01 ...
    #[test]
    fn the_hash_is_the_published_one() {
        let key = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let message: Vec<u8> = (0..15).collect();
        assert_eq!(siphash(key, &[&message]), 0xa129_ca61_49be_45e5);
        assert_eq!(siphash(key, &[&message[..8], &message[8..]]), 0xa129_ca61_49be_45e5);
        assert_eq!(siphash(key, &[&[]]), 0x726f_db47_dd0e_0e31);
    }
}
