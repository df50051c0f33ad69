//! Keys: bytes whose order is the order queries want. Every key starts with its tenant.
//!
//! A text is followed by a zero byte, which no id and no printable text holds, so `s1` never runs into `s10`. Numbers
//! are big-endian with the sign turned over.

use domain::calendar::Date;
use domain::ids::{StoreId, TenantId};

/// A key in the making.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub fn of(tenant: TenantId) -> Key {
        Key(Vec::with_capacity(128)).text(tenant.as_str())
    }

    pub fn of_store(tenant: TenantId, store: StoreId) -> Key {
        Key::of(tenant).text(store.as_str())
    }

    /// A key from a part of another that is known to be whole.
    pub fn from_bytes(bytes: &[u8]) -> Key {
        let mut key = Vec::with_capacity(128);
        key.extend_from_slice(bytes);
        Key(key)
    }

    pub fn text(mut self, text: &str) -> Key {
        self.0.extend_from_slice(text.as_bytes());
        self.byte(0)
    }

    pub fn byte(mut self, byte: u8) -> Key {
        self.0.push(byte);
        self
    }

    pub fn u32(mut self, number: u32) -> Key {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub fn i32(self, number: i32) -> Key {
        self.u32(number.cast_unsigned() ^ (1 << 31))
    }

    pub fn i64(mut self, number: i64) -> Key {
        self.0.extend_from_slice(&(number.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        self
    }

    pub fn date(self, date: Date) -> Key {
        self.i32(date.days())
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Key {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub fn into_boxed(self) -> Box<[u8]> {
        self.0.into_boxed_slice()
    }

    /// The first key that does not start with this one.
    pub fn end(mut self) -> Key {
        while let Some(last) = self.0.pop() {
            if last < u8::MAX {
                self.0.push(last + 1);
                return self;
            }
        }
        unreachable!("a key starts with a tenant, which is ASCII")
    }
}

/// A key that is taken apart from the front. Every part is `None` where the key is not what it should be.
pub(crate) struct KeyReader<'a>(pub &'a [u8]);

impl<'a> KeyReader<'a> {
    pub fn text(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        std::str::from_utf8(text).ok()
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    pub fn date(&mut self) -> Option<Date> {
        Date::from_days((self.u32()? ^ (1 << 31)).cast_signed())
    }
}

/// A page cursor: the part of a key behind the prefix of its index, as hexadecimal digits.
pub(crate) fn encode_cursor(suffix: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = suffix.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// The part of a key that is in a page cursor; `None` if the text was never one.
pub(crate) fn decode_cursor(text: &str) -> Option<Vec<u8>> {
    const LEN_MAX: usize = 512;
    let digits = text.as_bytes();
    if LEN_MAX < digits.len() || digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    digits.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_what_they_hold() {
        let tenant = TenantId::parse("t").unwrap();
        let key = |store: &str, number: i32| Key::of_store(tenant, StoreId::parse(store).unwrap()).i32(number);
        let sorted = [key("s1", -5), key("s1", -1), key("s1", 0), key("s1", 7), key("s10", -9), key("s2", 0)];
        assert!(sorted.is_sorted());
        let prefix = Key::of_store(tenant, StoreId::parse("s1").unwrap());
        assert!(sorted[3] < prefix.clone().end() && prefix.end() < sorted[4]);
        let mut parts = KeyReader(sorted[1].as_slice());
        assert_eq!((parts.text(), parts.text()), (Some("t"), Some("s1")));
        assert_eq!(parts.u32().map(|number| (number ^ (1 << 31)).cast_signed()), Some(-1));
        assert_eq!(parts.byte(), None);
    }

    #[test]
    fn cursors_read_back_and_nothing_else_does() {
        for suffix in [&b"\x00\xff"[..], b"a", b"0190abcd\0"] {
            assert_eq!(decode_cursor(&encode_cursor(suffix)).as_deref(), Some(suffix));
        }
        for bad in ["", "0", "0g", "AB", " 1", "é"] {
            assert_eq!(decode_cursor(bad), None, "{bad}");
        }
        // Every byte, and as many as a cursor may have.
        let every: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(decode_cursor(&encode_cursor(&every)).as_deref(), Some(&every[..]));
        assert_eq!(decode_cursor(&encode_cursor(&[7; 257])), None);
    }
}
