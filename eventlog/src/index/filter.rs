//! A blocked Bloom filter: says of a hash "never seen" for certain, or "perhaps".
//!
//! All bits of one key lie in one block of 64 bytes, so a question costs one cache line. Source: Putze, Sanders, Singler,
//! "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).

/// Bytes of a block.
pub(crate) const BLOCK_LEN: usize = 64;
/// Bits of a filter for each key it was made for.
const BITS_PER_KEY: usize = 12;
/// Bits that each key sets.
const PROBES: u32 = 7;
/// Spreads a hash over the bits of its block: an odd number, 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What [`Filter::may_have`] answers wrongly with `true` for about one key in 150.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    blocks: Box<[[u8; BLOCK_LEN]]>,
}

impl Filter {
    /// How many blocks a filter of `keys` keys has.
    pub fn blocks_for(keys: usize) -> usize {
        (keys * BITS_PER_KEY).div_ceil(BLOCK_LEN * 8)
    }

    /// The filter of all `hashes`, of which there are `count`.
    pub fn new(count: usize, hashes: impl Iterator<Item = u64>) -> Filter {
        let mut blocks = vec![[0; BLOCK_LEN]; Filter::blocks_for(count)].into_boxed_slice();
        let mut added = 0;
        for hash in hashes {
            added += 1;
            let block = block_of(hash, blocks.len());
            for bit in bits_of(hash) {
                blocks[block][bit / 8] |= 1 << (bit % 8);
            }
        }
        assert_eq!(added, count, "a filter has the size of what is in it");
        Filter { blocks }
    }

    /// Takes a filter back from its bytes; a rest that is no block is left out.
    pub fn from_bytes(bytes: &[u8]) -> Filter {
        Filter { blocks: bytes.as_chunks().0.into() }
    }

    pub fn bytes(&self) -> &[u8] {
        self.blocks.as_flattened()
    }

    /// `false` is certain.
    pub fn may_have(&self, hash: u64) -> bool {
        match self.blocks.get(block_of(hash, self.blocks.len())) {
            Some(block) => bits_of(hash).all(|bit| (block[bit / 8] >> (bit % 8)) & 1 == 1),
            None => false,
        }
    }
}

/// The upper half of the hash chooses the block.
fn block_of(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

fn bits_of(hash: u64) -> impl Iterator<Item = usize> {
    let spread = hash.wrapping_mul(SPREAD);
    (0..PROBES).map(move |probe| (spread >> (9 * probe)) as usize % (BLOCK_LEN * 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::HashKey;

    #[test]
    fn a_no_is_certain_and_a_wrong_yes_is_rare() {
        let keys = HashKey::new(7);
        for count in [0, 1, 2, 50, 10_000] {
            let known = |n: u32| keys.stream(&format!("order-{n}"));
            let filter = Filter::new(count as usize, (0..count).map(known));
            assert!((0..count).all(|n| filter.may_have(known(n))));
            let wrong = (count..count + 20_000).filter(|n| filter.may_have(known(*n))).count();
            assert!(wrong < 300, "{wrong} of 20,000 with {count} keys");
            assert_eq!(Filter::from_bytes(filter.bytes()), filter);
        }
    }
}
