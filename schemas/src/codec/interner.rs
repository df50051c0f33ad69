//! Texts that were read before: those of a menu stand in every order, and reading one again is finding it. Also, all those
//! that are alike take the memory of one.

use domain::ids::Text;

/// Remembers the texts that were read last.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    /// None, where nothing is remembered, or a power of two, each with the last text that belongs there.
    slots: Vec<Option<Text>>,
}

impl Interner {
    /// How many are remembered: more than most menus have.
    const SLOTS: usize = 512;

    /// One that remembers; [`Interner::default`] does not.
    pub(crate) fn shared() -> Interner {
        Interner { slots: vec![None; Interner::SLOTS] }
    }

    /// The text that these bytes are; `None` where they are none.
    #[inline]
    pub(crate) fn text(&mut self, bytes: &[u8]) -> Option<Text> {
        let mask = self.slots.len().wrapping_sub(1);
        let Some(slot) = self.slots.get_mut(slot_of(bytes) & mask) else { return parse(bytes) };
        match slot {
            Some(held) if held.as_str().as_bytes() == bytes => Some(held.clone()),
            Some(_) | None => {
                let read = parse(bytes)?;
                *slot = Some(read.clone());
                Some(read)
            }
        }
    }
}

/// Where a text belongs. Texts that meet in one slot only forget each other, so that this may be simple.
#[inline]
fn slot_of(bytes: &[u8]) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|word| u64::from_le_bytes(*word));
    let (first, last) = match (word(bytes.first_chunk()), word(bytes.last_chunk())) {
        (Some(first), Some(last)) => (first, last),
        _ => (bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(23)).wrapping_add(bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize
}

fn parse(bytes: &[u8]) -> Option<Text> {
    let text = std::str::from_utf8(bytes).ok()?;
    Text::parse_stored(text).ok().filter(|parsed| parsed.as_str().len() == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that meet in one slot, and one that is another's beginning.
    #[test]
    fn a_text_is_found_as_itself_only() {
        let mut texts = Interner { slots: vec![None] };
        for text in ["Mains", "Drinks", "Main", "Mains", "Ä", "Mains and more of them"] {
            assert_eq!(texts.text(text.as_bytes()), Some(Text::parse(text).unwrap()));
        }
        for refused in [&b""[..], b" Mains", b"Ma\x07ins", b"Ma\xffins", b"   "] {
            assert_eq!(texts.text(refused), None);
        }
        assert_eq!(texts.text(b"Mains and more of them"), Some(Text::parse("Mains and more of them").unwrap()));
    }
}
