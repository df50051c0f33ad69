//! One file of the simulated disk: what a reader sees, what is durable, and what lies between.

use super::random::Random;
use std::collections::BTreeMap;

/// What a disk writes whole, in bytes.
pub(super) const SECTOR: usize = 512;

#[derive(Clone, Default)]
pub(super) struct Inode {
    /// What a reader sees: the page cache.
    pub seen: Vec<u8>,
    durable: Vec<u8>,
    /// What sectors held since the last sync, by number, oldest first.
    dirty: BTreeMap<usize, Vec<Vec<u8>>>,
    /// `seen` and `durable` are the same but for the dirty sectors.
    is_true: bool,
}

impl Inode {
    /// An empty file.
    pub fn new() -> Inode {
        Inode { is_true: true, ..Inode::default() }
    }

    /// A file whose contents are durable.
    pub fn durable(contents: Vec<u8>) -> Inode {
        Inode { seen: contents.clone(), durable: contents, dirty: BTreeMap::new(), is_true: true }
    }

    pub fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            let content = self.seen[sector * SECTOR..((sector + 1) * SECTOR).min(self.seen.len())].to_vec();
            self.dirty.entry(sector).or_default().push(content);
        }
    }

    /// How many contents each dirty sector had since the last sync.
    pub fn dirty(&self) -> impl Iterator<Item = usize> {
        self.dirty.values().map(Vec::len)
    }

    /// Each dirty sector keeps one of the contents it had, 0 for the one before all of them; then nothing is dirty. Answers how many
    /// sectors lost something.
    pub fn lose(&mut self, mut kept: impl FnMut(usize) -> usize) -> u64 {
        let mut lost = 0;
        for (sector, contents) in std::mem::take(&mut self.dirty) {
            let kept = kept(contents.len());
            if kept < contents.len() {
                self.is_true = false;
                lost += 1;
            }
            if kept != 0 {
                self.keep(sector, &contents[kept - 1]);
            }
        }
        lost
    }

    /// [`Inode::lose`] by chance.
    pub fn lose_any(&mut self, random: &mut Random) -> u64 {
        self.lose(|contents| random.below(contents as u64 + 1) as usize)
    }

    /// After the power came back, readers see what is durable.
    pub fn forget_cache(&mut self) {
        assert!(self.dirty.is_empty(), "what was not synced is decided before");
        if !self.is_true {
            self.seen.clone_from(&self.durable);
            self.is_true = true;
        }
    }

    pub fn sync(&mut self) {
        for (sector, contents) in std::mem::take(&mut self.dirty) {
            if let Some(last) = contents.last() {
                self.keep(sector, last);
            }
        }
    }

    /// Flips a bit at rest, which no reading again puts right.
    pub fn flip(&mut self, bit: usize) {
        for bytes in [&mut self.seen, &mut self.durable] {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    fn keep(&mut self, sector: usize, content: &[u8]) {
        let (start, end) = (sector * SECTOR, sector * SECTOR + content.len());
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(content);
    }
}
