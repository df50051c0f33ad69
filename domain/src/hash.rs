//! A fast hash for maps keyed by ids.
//!
//! Clients make most ids, so each map has a secret seed: nobody can choose ids that collide. The state of the art for
//! short keys is to multiply to twice the width and fold the halves (wyhash, foldhash). The order of a map so hashed means
//! nothing, and no decision may depend on it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A map keyed by ids.
pub(crate) type IdMap<K, V> = std::collections::HashMap<K, V, IdHash>;

/// Odd, half of its bits set: a digit string of pi, as in Blowfish's tables.
const MULTIPLIER: u64 = 0x2437_0f0a_85a3_08d3;

/// Makes hashers with one secret seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdHash {
    seed: u64,
}

impl Default for IdHash {
    fn default() -> IdHash {
        IdHash { seed: RandomState::new().hash_one(MULTIPLIER) }
    }
}

impl BuildHasher for IdHash {
    type Hasher = Folding;

    #[inline]
    fn build_hasher(&self) -> Folding {
        Folding { state: self.seed }
    }
}

/// Folds eight bytes at a time into 64 bits.
#[derive(Debug)]
pub(crate) struct Folding {
    state: u64,
}

impl Folding {
    #[inline]
    fn fold(&mut self, word: u64) {
        self.state = folded(self.state ^ word, self.state.rotate_left(32) ^ MULTIPLIER);
    }
}

#[inline]
fn folded(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

impl Hasher for Folding {
    #[inline]
    fn finish(&self) -> u64 {
        // Once more: the last word of similar ids differs in a few bits only, which one product does not spread over all.
        folded(self.state, MULTIPLIER)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.fold(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Id, OrderId};
    use std::collections::HashSet;

    /// How many of 4,096 similar ids share their low 16 bits with another: as many as chance would have it.
    #[test]
    fn similar_ids_spread() {
        for _ in 0..100 {
            let hash = IdHash::default();
            let ids = (0..4_096_u128).map(|number| OrderId(Id::from_u128(number)));
            let low: HashSet<u64> = ids.map(|id| hash.hash_one(id) & 0xffff).collect();
            // 4,096 balls take 3,971 of 65,536 bins on average, give or take 11.
            assert!((3_850..=4_090).contains(&low.len()), "{} with {hash:?}", low.len());
        }
    }

    #[test]
    fn seeds_differ_and_one_seed_is_one_hash() {
        let (one, other) = (IdHash::default(), IdHash::default());
        let id = OrderId::parse("o1").unwrap();
        assert_eq!(one.hash_one(id), one.hash_one(id));
        assert_ne!(one.hash_one(id), other.hash_one(id));
        assert_ne!(one.hash_one(id), one.hash_one(OrderId::parse("o2").unwrap()));
    }
}
