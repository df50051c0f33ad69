//! Bytes in whichever encoding they came as UTF-8.
//!
//! A byte order mark says which encoding it is, and is believed before anybody else; then `--encoding`; then the NULs that plain text in
//! UTF-16 is full of. What is none of these is read as UTF-8. No other encoding is guessed at: the bytes of one are text in many.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::form::Known;

/// How many bytes of a file are looked at.
pub(crate) const HEAD_BYTES: u64 = 256;

/// A byte that no UTF-8 text has: it stands for what the file's encoding does not have, so that the row it is in is found as one in
/// UTF-8 would be.
const NO_TEXT: u8 = 0xff;

/// The byte order marks of UTF-32, which nobody writes order files in.
const UTF_32_MARKS: [&[u8]; 2] = [&[0xff, 0xfe, 0, 0], &[0, 0, 0xfe, 0xff]];

/// The encoding called `name`, as the web calls it: `utf-8`, `latin1`, `windows-1252`, `utf-16le`, ...
///
/// # Errors
/// Says what would be a name.
pub fn parse_encoding(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label_no_replacement(name.as_bytes())
        .ok_or_else(|| format!("`{name}` is not an encoding such as utf-8, windows-1252 (latin1) or utf-16le"))
}

/// The encoding of a file that begins with `head`, how that is known, and how many bytes of it are a mark and no text.
///
/// # Errors
/// Says what the file is, if it is in an encoding that is not read.
pub(crate) fn detect(
    head: &[u8],
    given: Option<&'static Encoding>,
) -> Result<(&'static Encoding, Known, usize), String> {
    if UTF_32_MARKS.iter().any(|mark| head.starts_with(mark)) {
        return Err("the file is UTF-32; save it as UTF-8".to_owned());
    }
    Ok(match (Encoding::for_bom(head), given, utf_16(head)) {
        (Some((encoding, length)), _, _) => (encoding, Known::Mark, length),
        (None, Some(encoding), _) => (encoding, Known::Given, 0),
        (None, None, Some(encoding)) => (encoding, Known::Seen, 0),
        (None, None, None) => (UTF_8, Known::Assumed, 0),
    })
}

/// Whether the bytes are plain text in UTF-16: of the two bytes of most characters the higher one is 0, and never the lower one.
fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = head.as_chunks::<2>();
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    match (zeros(0), zeros(1)) {
        (0, high) if pairs.len() < 2 * high => Some(UTF_16LE),
        (high, 0) if pairs.len() < 2 * high => Some(UTF_16BE),
        _ => None,
    }
}

/// Reads another encoding as UTF-8. What the encoding does not have is read as a byte that is no text.
pub(crate) struct Transcoded<R> {
    from: R,
    decoder: Decoder,
    /// Text that was decoded and not yet given out.
    decoded: Vec<u8>,
    given: usize,
    has_ended: bool,
}

impl<R: BufRead> Transcoded<R> {
    /// Reads `from`, behind its byte order mark.
    pub fn new(from: R, encoding: &'static Encoding) -> Transcoded<R> {
        let decoder = encoding.new_decoder_without_bom_handling();
        Transcoded { from, decoder, decoded: Vec::new(), given: 0, has_ended: false }
    }

    /// Decodes what the file has next.
    fn decode(&mut self) -> io::Result<()> {
        let bytes = self.from.fill_buf()?;
        let is_last = bytes.is_empty();
        let room = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        self.decoded.resize(room.ok_or_else(|| io::Error::other("too much text at once"))?, 0);
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.decoded, is_last);
        self.from.consume(read);
        self.decoded.truncate(written);
        self.given = 0;
        match result {
            DecoderResult::InputEmpty => self.has_ended = is_last,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => self.decoded.push(NO_TEXT),
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Transcoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() && !self.has_ended {
            self.decode()?;
        }
        let left = self.decoded.get(self.given..).unwrap_or_default();
        let count = left.len().min(into.len());
        for (to, from) in into.iter_mut().zip(left) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use encoding_rs::WINDOWS_1252;

    use super::*;

    #[test]
    fn a_mark_then_the_flag_then_the_nuls() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let wide_be = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        for (head, given, expected) in [
            (b"a,b\n".to_vec(), None, (UTF_8, Known::Assumed, 0)),
            (b"a,b\n".to_vec(), Some(WINDOWS_1252), (WINDOWS_1252, Known::Given, 0)),
            (b"\xef\xbb\xbfa,b\n".to_vec(), Some(WINDOWS_1252), (UTF_8, Known::Mark, 3)),
            (b"\xff\xfea\0".to_vec(), None, (UTF_16LE, Known::Mark, 2)),
            (b"\xfe\xff\0a".to_vec(), None, (UTF_16BE, Known::Mark, 2)),
            (wide("Größe;Preis\n"), None, (UTF_16LE, Known::Seen, 0)),
            (wide_be("Größe;Preis\n"), None, (UTF_16BE, Known::Seen, 0)),
            (wide("Größe"), Some(UTF_16LE), (UTF_16LE, Known::Given, 0)),
            (b"a,\0b\n".to_vec(), None, (UTF_8, Known::Assumed, 0)),
            (vec![], None, (UTF_8, Known::Assumed, 0)),
            (b"a".to_vec(), None, (UTF_8, Known::Assumed, 0)),
        ] {
            assert_eq!(detect(&head, given), Ok(expected), "{head:?}");
        }
        for mark in UTF_32_MARKS {
            assert!(detect(mark, None).expect_err("it is not read").contains("UTF-32"));
        }
    }

    #[test]
    fn names() {
        for (name, encoding) in [
            ("latin1", WINDOWS_1252),
            ("ISO-8859-1", WINDOWS_1252),
            ("windows-1252", WINDOWS_1252),
            ("UTF8", UTF_8),
            ("utf-16", UTF_16LE),
        ] {
            assert_eq!(parse_encoding(name), Ok(encoding), "{name}");
        }
        for name in ["", "latin", "replacement", "utf-32"] {
            assert!(parse_encoding(name).is_err(), "{name}");
        }
    }

    #[test]
    fn text_comes_out_whatever_the_buffers_are() {
        let text = "Crème brûlée; 2,50 €; 寿司 🍕\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for capacity in [1, 2, 3, 7, 64] {
            let mut read = String::new();
            let from = BufReader::with_capacity(capacity, &bytes[..]);
            Transcoded::new(from, UTF_16LE).read_to_string(&mut read).expect("it is text");
            assert_eq!(read, text, "{capacity}");
        }
        let mut read = Vec::new();
        // Half of a pair, a letter, half of a unit.
        Transcoded::new(&b"\x3d\xd8a\0\x3d"[..], UTF_16LE).read_to_end(&mut read).expect("reads");
        assert_eq!(read, [NO_TEXT, b'a', NO_TEXT]);
        let mut read = String::new();
        Transcoded::new(&b"Caf\xe9 \x80"[..], WINDOWS_1252).read_to_string(&mut read).expect("it is text");
        assert_eq!(read, "Café €");
    }
}
