//! Identifiers: short texts that name things, parsed once at the door.
//!
//! An [`Id`] is `[a-z0-9_]{1,32}`; a UUID is written as its 32 hexadecimal digits, so it is an id like any other.
//! Each kind of thing has its own type, so that an order can never be passed where a payment is meant.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A text `[a-z0-9_]{1,32}`, kept inline: copying one costs 33 bytes and no allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    // The bytes stand before the length so that the derived order is the order of the texts.
    bytes: [u8; Id::LEN_MAX],
    len: u8,
}

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadId {
    Empty,
    /// The text is longer than [`Id::LEN_MAX`] bytes.
    TooLong,
    /// The text holds something besides `a-z`, `0-9` and `_`.
    BadCharacter,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadId::Empty => "must not be empty; an id is 1 to 32 characters of a-z, 0-9 and _",
            BadId::TooLong => "is longer than 32 characters; an id is 1 to 32 characters of a-z, 0-9 and _",
            BadId::BadCharacter => "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
        })
    }
}

impl std::error::Error for BadId {}

impl Id {
    /// The longest id, in bytes: a UUID written as hexadecimal digits.
    pub const LEN_MAX: usize = 32;

    /// Parses an id.
    ///
    /// # Errors
    /// [`BadId`] says what is wrong and what would be right.
    #[inline]
    pub const fn parse(text: &str) -> Result<Id, BadId> {
        Id::leading(text.as_bytes(), text.len())
    }

    /// The id that the first `len` bytes of `source` are, for who reads ids out of longer texts: where 32 bytes stand there
    /// they are taken at once, however long the id is.
    ///
    /// # Errors
    /// As [`Id::parse`].
    ///
    /// # Panics
    /// If `source` has fewer than `len` bytes.
    #[inline]
    pub const fn leading(source: &[u8], len: usize) -> Result<Id, BadId> {
        if len == 0 {
            return Err(BadId::Empty);
        }
        if Id::LEN_MAX < len {
            return Err(BadId::TooLong);
        }
        // Eight bytes at a time, and kept in registers: ids are most of what an event holds.
        let mut bytes = [0; Id::LEN_MAX];
        let words = bytes.as_chunks_mut::<8>().0;
        let is_plain = if len <= 8
            && let Some(word) = source.first_chunk()
        {
            let (word, is_plain) = plain_word(word, len);
            words[0] = word;
            is_plain
        } else if let Some(window) = source.first_chunk::<{ Id::LEN_MAX }>() {
            let ([a, b, c, d], _) = window.as_chunks::<8>() else { unreachable!() };
            let (a, b, c, d) = (
                plain_word(a, len),
                plain_word(b, len.saturating_sub(8)),
                plain_word(c, len.saturating_sub(16)),
                plain_word(d, len.saturating_sub(24)),
            );
            words[0] = a.0;
            words[1] = b.0;
            words[2] = c.0;
            words[3] = d.0;
            a.1 & b.1 & c.1 & d.1
        } else {
            return Id::short(source, len);
        };
        match is_plain {
            true => Ok(Id { bytes, len: len as u8 }),
            false => Err(BadId::BadCharacter),
        }
    }

    const fn short(source: &[u8], len: usize) -> Result<Id, BadId> {
        let mut window = [0; Id::LEN_MAX];
        window.split_at_mut(len).0.copy_from_slice(source.split_at(len).0);
        Id::leading(&window, len)
    }

    /// A 128-bit number (a UUID) as an id: its 32 hexadecimal digits.
    pub fn from_u128(number: u128) -> Id {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut bytes = [0; Id::LEN_MAX];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let shift = 4 * (Id::LEN_MAX - 1 - index);
            *byte = DIGITS[(number >> shift) as usize & 0xf];
        }
        Id { bytes, len: Id::LEN_MAX as u8 }
    }

    /// The 128-bit number that the id's 32 hexadecimal digits are; `None` where it is another text.
    pub fn to_u128(&self) -> Option<u128> {
        let digits = self.bytes[..usize::from(self.len)].iter();
        let value = |byte: &u8| (*byte as char).to_digit(16).map(u128::from);
        match usize::from(self.len) {
            Id::LEN_MAX => digits.map(value).try_fold(0, |number, digit| Some(number << 4 | digit?)),
            _ => None,
        }
    }

    /// The text of the id.
    #[inline]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("an id is ASCII by construction")
    }
}

/// The first `len` of eight bytes, all of them where `len` is more, with zeros behind, and whether they are all of an id's.
#[inline(always)]
const fn plain_word(bytes: &[u8; 8], len: usize) -> ([u8; 8], bool) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = ONES << 7;
    let inside = if len < 8 { !(u64::MAX << (8 * len)) } else { u64::MAX };
    let word = u64::from_le_bytes(*bytes) & inside;
    // The top bit of each byte says whether it is at least so much; none carries over, because ASCII has no top bits.
    let ascii = word & !TOPS;
    let letter = (ascii + (0x80 - b'a' as u64) * ONES) & !(ascii + (0x7f - b'z' as u64) * ONES);
    let digit = (ascii + (0x80 - b'0' as u64) * ONES) & !(ascii + (0x7f - b'9' as u64) * ONES);
    let underscore = !((ascii ^ (b'_' as u64 * ONES)) + 0x7f * ONES);
    let plain = (letter | digit | underscore) & !word;
    (word.to_le_bytes(), (plain | !inside) & TOPS == TOPS)
}

impl Hash for Id {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // No id holds a zero, so the bytes alone tell ids apart.
        state.write(&self.bytes);
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Id);

        impl $name {
            /// Parses the text of the id.
            ///
            /// # Errors
            /// [`BadId`] says what is wrong and what would be right.
            #[inline]
            pub const fn parse(text: &str) -> Result<Self, BadId> {
                match Id::parse(text) {
                    Ok(id) => Ok($name(id)),
                    Err(bad) => Err(bad),
                }
            }

            /// The text of the id.
            #[inline]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
    )*};
}

ids! {
    /// A merchant (brand).
    TenantId;
    /// One restaurant of a tenant.
    StoreId;
    TerminalId;
    /// Who acted: a member of staff, a device or an integration, by reference and never by name.
    ActorId;
    /// An order, named by the client.
    OrderId;
    /// A line of an order, unique in its order.
    LineId;
    ItemId;
    /// A variation of an item (small, large).
    VariationId;
    GroupId;
    /// A part of the day (breakfast).
    DaypartId;
    /// A modifier, unique in its group.
    ModifierId;
    TaxId;
    /// A discount on an order, unique in its order.
    DiscountId;
    /// A service charge on an order, unique in its order.
    ChargeId;
    PaymentId;
    /// A refund of a payment, unique in its payment.
    RefundId;
    /// A cash drawer of a store.
    DrawerId;
    /// A stock item of a store.
    Sku;
    TableId;
    /// A kind of tender outside the cash drawer: `card`, `voucher`, `imported`.
    TenderId;
    /// An account at a payment provider, as the server's settings name it.
    AccountId;
    TokenId;
    /// A till or a screen that speaks for itself, named by the server.
    DeviceId;
    /// A station of a kitchen: `grill`, `bar`.
    StationId;
    /// A kitchen ticket, numbered by the engine.
    TicketId;
    /// A customer, by reference: never a name, a number or an address.
    CustomerRef;
}

impl TicketId {
    /// The n-th ticket of a store.
    pub fn numbered(number: u64) -> TicketId {
        TicketId::parse(&format!("t{number}")).expect("a letter and a number make an id")
    }

    /// Which ticket of its store it is; 0 where nobody numbered it.
    pub fn number(self) -> u64 {
        self.as_str().get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}

/// A command's id: a UUID made and kept by the client before it sends the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u128);

/// The place of a command in the queue of its terminal: 1, 2, 3, ... without gaps, counted by the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminalSeq(pub u64);

impl TerminalSeq {
    /// The highest: every JSON reader takes it for a whole number.
    pub const MAX: TerminalSeq = TerminalSeq((1 << 53) - 1);

    /// Parses a number.
    pub const fn parse(number: u64) -> Option<TerminalSeq> {
        match 0 < number && number <= TerminalSeq::MAX.0 {
            true => Some(TerminalSeq(number)),
            false => None,
        }
    }
}

/// An event's place in its stream: 0, 1, 2, ... without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// A text a person wrote: a name, a reason, a note. 1 to 200 characters of which one can be seen, without control characters
/// but the line breaks of a note; cheap to copy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadText {
    /// Nothing but white space.
    Empty,
    /// Nothing that can be seen.
    Invisible,
    /// More than [`Text::CHARS_MAX`] characters.
    TooLong,
    /// It holds a control character, or, where it is no note, a line break.
    Control,
}

impl fmt::Display for BadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadText::Empty => "must not be empty",
            BadText::Invisible => "holds nothing that can be seen",
            BadText::TooLong => "is longer than 200 characters",
            BadText::Control => "holds a control character",
        })
    }
}

impl std::error::Error for BadText {}

impl Text {
    /// The longest text, in characters.
    pub const CHARS_MAX: usize = 200;

    /// Parses a text of one line; white space around it is dropped.
    ///
    /// # Errors
    /// [`BadText`] says what is wrong.
    pub fn parse(text: &str) -> Result<Text, BadText> {
        match Text::parse_note(text) {
            Ok(Text(lines)) if lines.contains('\n') => Err(BadText::Control),
            parsed => parsed,
        }
    }

    /// Parses a text that may have several lines; white space around it is dropped, and lines end with a line feed alone.
    ///
    /// # Errors
    /// [`BadText`] says what is wrong.
    pub fn parse_note(text: &str) -> Result<Text, BadText> {
        let parsed = match text.contains('\r') {
            true => Text::parse_stored(&text.replace("\r\n", "\n").replace('\r', "\n")),
            false => Text::parse_stored(text),
        }?;
        if parsed.ciphertext().is_some() {
            return Err(BadText::Control);
        }
        match parsed.as_str().chars().all(is_invisible) {
            true => Err(BadText::Invisible),
            false => Ok(parsed),
        }
    }

    /// What a sealed text begins with: no person can write it.
    pub const SEALED: char = '\u{1}';
    /// The longest sealed text, in bytes: 200 characters of four bytes, what they are sealed with, and all of it in base64.
    pub const SEALED_BYTES_MAX: usize = 1_200;

    /// A text in its sealed form, which is its ciphertext in letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`BadText`] says what is wrong.
    pub fn sealed(ciphertext: &str) -> Result<Text, BadText> {
        Text::parse_sealed(&format!("{}{ciphertext}", Text::SEALED))
    }

    /// The ciphertext, where it is sealed.
    pub fn ciphertext(&self) -> Option<&str> {
        self.0.strip_prefix(Text::SEALED)
    }

    fn parse_sealed(text: &str) -> Result<Text, BadText> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        match text.strip_prefix(Text::SEALED) {
            Some("") => Err(BadText::Empty),
            Some(_) if Text::SEALED_BYTES_MAX < text.len() => Err(BadText::TooLong),
            Some(ciphertext) if ciphertext.bytes().all(is_letter) => Ok(Text(text.into())),
            Some(_) | None => Err(BadText::Control),
        }
    }

    /// Parses a text that was taken once, maybe when less was asked of texts, or is stored in its sealed form.
    ///
    /// # Errors
    /// [`BadText`] says what is wrong.
    pub fn parse_stored(text: &str) -> Result<Text, BadText> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadText::Empty);
        }
        let is_plain = text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte));
        if is_plain && text.len() <= Text::CHARS_MAX {
            // Most texts: one pass, many bytes at a time.
            return Ok(Text(text.into()));
        }
        if text.starts_with(Text::SEALED) {
            return Text::parse_sealed(text);
        }
        if Text::CHARS_MAX < text.chars().count() {
            return Err(BadText::TooLong);
        }
        if text.chars().any(|character| character.is_control() && character != '\n') {
            return Err(BadText::Control);
        }
        Ok(Text(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character shows nothing: white space, and what Unicode calls ignorable by default or leaves blank.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        assert_eq!(Id::parse("store_1").unwrap().as_str(), "store_1");
        assert_eq!(Id::parse(""), Err(BadId::Empty));
        assert_eq!(Id::parse(&"a".repeat(33)), Err(BadId::TooLong));
        for bad in ["A", "a-b", "a.b", "é", " a"] {
            assert_eq!(Id::parse(bad), Err(BadId::BadCharacter), "{bad}");
        }
        assert_eq!(Id::from_u128(0x0190_abcd).as_str(), "0000000000000000000000000190abcd");
        assert_eq!(Id::from_u128(u128::MAX - 7).to_u128(), Some(u128::MAX - 7));
        assert_eq!(Id::parse("0190abcd").unwrap().to_u128(), None);
        assert_eq!(Id::parse(&"g".repeat(32)).unwrap().to_u128(), None);
        assert!(Id::parse("a").unwrap() < Id::parse("ab").unwrap());
        assert!(Id::parse("ab").unwrap() < Id::parse("b").unwrap());
    }

    /// Every byte in every place of ids of every length, with anything behind them, against the definition.
    #[test]
    fn an_id_out_of_a_longer_text_is_what_it_is_alone() {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        for len in 0..=Id::LEN_MAX + 1 {
            for (at, behind) in (0..len.max(1)).flat_map(|at| [(at, b'!'), (at, 0xff)]) {
                for byte in 0..=u8::MAX {
                    let mut text = [b'x'; 2 * Id::LEN_MAX];
                    text[at] = byte;
                    text[len..].fill(behind);
                    let then = match len {
                        0 => Err(BadId::Empty),
                        33 => Err(BadId::TooLong),
                        _ if !is_plain(byte) => Err(BadId::BadCharacter),
                        _ => Ok(String::from_utf8(text[..len].to_vec()).unwrap()),
                    };
                    // With room for every way of reading it, for the one of eight bytes, and for none.
                    for room in [2 * Id::LEN_MAX, len.max(8), len] {
                        let read = Id::leading(&text[..room], len);
                        assert_eq!(read.map(|id| id.as_str().to_owned()), then, "{byte:#x} at {at} of {len} in {room}");
                        assert!(read.is_err() || read == Id::parse(then.as_deref().unwrap()));
                    }
                }
            }
        }
    }

    #[test]
    fn places_of_a_queue_are_counted_from_one() {
        assert_eq!(TerminalSeq::parse(0), None);
        assert_eq!(TerminalSeq::parse(1), Some(TerminalSeq(1)));
        let max = (1 << 53) - 1;
        assert_eq!(TerminalSeq::parse(max), Some(TerminalSeq::MAX));
        assert_eq!(TerminalSeq::parse(max + 1), None);
    }

    #[test]
    fn tickets_are_numbered() {
        assert_eq!(TicketId::numbered(17).as_str(), "t17");
        assert_eq!(TicketId::numbered(17).number(), 17);
        assert_eq!(TicketId::parse("grill").unwrap().number(), 0);
    }

    #[test]
    fn a_text_is_bounded_and_printable() {
        assert_eq!(Text::parse(&"a".repeat(200)).unwrap().as_str().len(), 200);
        assert_eq!(Text::parse(&"é".repeat(200)).unwrap().as_str().len(), 400);
        assert_eq!(Text::parse(&"a".repeat(201)), Err(BadText::TooLong));
        assert_eq!(Text::parse(&"é".repeat(110)).unwrap().as_str().len(), 220);
        assert_eq!(Text::parse("  Extra hot ").unwrap().as_str(), "Extra hot");
        assert_eq!(Text::parse(" "), Err(BadText::Empty));
        assert_eq!(Text::parse(&"é".repeat(201)), Err(BadText::TooLong));
        assert_eq!(Text::parse("a\u{7}b"), Err(BadText::Control));
        assert_eq!(Text::parse("no onions\nno garlic"), Err(BadText::Control));
        // A family, and a flag, are held together by what cannot be seen.
        assert!(Text::parse("👨\u{200d}👩\u{200d}👧").is_ok());
        for nothing in ["\u{200b}", " \u{feff}\u{2060} ", "\u{3164}\u{ad}"] {
            assert_eq!(Text::parse(nothing), Err(BadText::Invisible));
            assert_eq!(Text::parse_note(nothing), Err(BadText::Invisible));
            assert!(Text::parse_stored(nothing).is_ok(), "it was taken once");
        }
    }

    #[test]
    fn a_note_has_lines() {
        assert_eq!(Text::parse_note("no onions\r\nno garlic\n").unwrap().as_str(), "no onions\nno garlic");
        assert_eq!(Text::parse_note("a\rb").unwrap().as_str(), "a\nb");
        assert_eq!(Text::parse_note("\n"), Err(BadText::Empty));
        assert_eq!(Text::parse_note("a\tb"), Err(BadText::Control));
        assert_eq!(Text::parse_note(&"a\n".repeat(101)), Err(BadText::TooLong));
        assert_eq!(Text::parse_stored("a\nb").unwrap().as_str(), "a\nb");
    }
}
