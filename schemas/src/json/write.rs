//! JSON as bytes: what receipts and feeds are written with, thousands of times a second.
//!
//! What makes it short: names of members come with their quotes, comma and colon ready and are copied in one piece; a text
//! is looked through once and copied in one piece unless something in it must be escaped. Whatever is rare (escapes, large
//! fractions) is left to `serde_json`, so that there is one opinion on it.

use super::wire::units;
use crate::codec::catalogue::{Field, Shape};

/// Why a value is not written: what it is that has no form in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(&'static str);

/// Appends a value as JSON.
///
/// # Errors
/// [`WriteError`]; then part of the value has been appended.
pub(crate) fn write_json(value: &impl Json, out: &mut Vec<u8>) -> Result<(), WriteError> {
    let mut to = JsonWriter { out, bad: None };
    value.json(&mut to);
    to.bad.map_or(Ok(()), |what| Err(WriteError(what)))
}

/// A value with a form in JSON.
pub(crate) trait Json {
    /// Writes the form.
    fn json(&self, to: &mut JsonWriter<'_>);

    /// Whether an optional member of this value is left out.
    #[inline]
    fn is_nothing(&self) -> bool {
        false
    }

    /// Describes the form.
    ///
    /// # Panics
    /// For what is in no event.
    fn shape() -> Shape {
        unreachable!("only events are described")
    }
}

/// A value that is members of the object around it: a record, or one of several cases.
pub(crate) trait Members {
    /// Writes the members.
    fn members(&self, to: &mut JsonWriter<'_>);

    /// Describes the members.
    fn fields() -> Vec<Field>;
}

/// Where JSON is written to.
pub(crate) struct JsonWriter<'a> {
    out: &'a mut Vec<u8>,
    /// The first value that has no form.
    bad: Option<&'static str>,
}

impl JsonWriter<'_> {
    /// Notes a value that has no form: nothing of it is written, and all of it comes to nothing.
    #[cold]
    pub(crate) fn refuse(&mut self, what: &'static str) {
        self.bad.get_or_insert(what);
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        // Without a way out in the middle, so that many bytes are looked at at once.
        let is_escaped = |bad, &byte: &u8| bad | (byte < b' ') | (byte == b'"') | (byte == b'\\');
        if bytes.iter().fold(false, is_escaped) {
            return self.rare(text);
        }
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(bytes);
        self.out.push(b'"');
    }

    #[cold]
    fn rare<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(&mut *self.out, value)
            .expect("a vector takes everything, and texts and numbers are JSON");
    }

    #[inline]
    pub(crate) fn number(&mut self, number: u64) {
        const LEN_MAX: usize = "18446744073709551615".len();
        let mut buffer = [0; LEN_MAX];
        let start = put_digits(&mut buffer, LEN_MAX, number);
        self.out.extend_from_slice(&buffer[start..]);
    }

    #[inline]
    pub(crate) fn signed(&mut self, number: i64) {
        if number < 0 {
            self.out.push(b'-');
        }
        self.number(number.unsigned_abs());
    }

    /// A number of thousandths, as the shortest decimal.
    #[inline]
    pub(crate) fn thousandths(&mut self, number: i64) {
        match number % 1_000 {
            0 => self.signed(number / 1_000),
            rest => self.fraction(number, rest.unsigned_abs()),
        }
    }

    fn fraction(&mut self, number: i64, rest: u64) {
        /// Within this the nearest float to a number is written as that number.
        const EXACT_MAX: u64 = 1_000_000_000_000;
        if EXACT_MAX < number.unsigned_abs() {
            return self.rare(&units(number));
        }
        if number < 0 {
            self.out.push(b'-');
        }
        self.number(number.unsigned_abs() / 1_000);
        let digits = [rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8);
        let len = 1 + digits.iter().rposition(|digit| *digit != b'0').expect("the rest is not 0");
        self.out.push(b'.');
        self.out.extend_from_slice(&digits[..len]);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.out.extend_from_slice(if flag { b"true" } else { b"false" });
    }

    pub(crate) fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    pub(crate) fn list(&mut self, values: &[impl Json]) {
        self.out.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index != 0 {
                self.out.push(b',');
            }
            value.json(self);
        }
        self.out.push(b']');
    }

    #[inline]
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        members(self);
        self.out.push(b'}');
    }

    /// A member of the object that is open; the name is ready to stand behind another: `,"name":`.
    #[inline]
    pub(crate) fn ready<T: Json>(&mut self, name: &'static str, value: &T) {
        // No value ends in an open brace, so that the member is the first.
        let is_first = self.out.last() == Some(&b'{');
        self.out.extend_from_slice(&name.as_bytes()[is_first.into()..]);
        value.json(self);
    }

    /// A member of the object that is open; nothing in the name is to be escaped.
    pub(crate) fn member<T: Json>(&mut self, name: &'static str, value: &T) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.text(name);
        self.out.push(b':');
        value.json(self);
    }
}

/// Writes `number` before `end`; the answer is where it starts.
pub(super) fn put_digits(buffer: &mut [u8], end: usize, mut number: u64) -> usize {
    let mut start = end;
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut JsonWriter<'_>)) -> String {
        let mut out = vec![];
        write(&mut JsonWriter { out: &mut out, bad: None });
        String::from_utf8(out).unwrap()
    }

    /// Each of the first 65,536 characters and some of those beyond: alone, and where a text goes on.
    #[test]
    fn every_character_is_written_as_serde_json_writes_it() {
        for character in ('\0'..='\u{ffff}').chain(['\u{10000}', '\u{1f355}', '\u{e0001}', '\u{10ffff}']) {
            for text in [character.to_string(), format!("a\"{character}b")] {
                assert_eq!(written(|to| to.text(&text)), serde_json::to_string(&text).unwrap(), "{text:?}");
            }
        }
    }

    fn check_thousandths(number: i64) {
        let expected = match number % 1_000 {
            0 => (number / 1_000).to_string(),
            _ => serde_json::to_string(&units(number)).unwrap(),
        };
        assert_eq!(written(|to| to.thousandths(number)), expected);
    }

    #[test]
    fn small_fractions_are_written_as_serde_json_writes_them() {
        (-3_000..3_000).for_each(check_thousandths);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn texts_and_numbers_are_written_as_serde_json_writes_them(
            text in prop::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter),
            plain in "[ -~]{0,80}",
            number in any::<u64>(),
            signed in any::<i64>(),
            small in -2_000_000_000_000_i64..2_000_000_000_000,
        ) {
            for text in [text, plain] {
                prop_assert_eq!(written(|to| to.text(&text)), serde_json::to_string(&text).unwrap());
            }
            prop_assert_eq!(written(|to| to.number(number)), number.to_string());
            prop_assert_eq!(written(|to| to.signed(signed)), signed.to_string());
            [signed, small, i64::MIN, i64::MAX].into_iter().for_each(check_thousandths);
        }
    }
}
