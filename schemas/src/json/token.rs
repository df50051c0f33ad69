//! Positions and command ids, as texts.

use super::write::{Json, JsonWriter, put_digits};
use domain::ids::CommandId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A place in a log and in its history, as clients hold it: opaque to them and never compared by them, `"0:918:5f3a09c1"` to us.
///
/// The last part is the fingerprint of the batch at that place: a log that was restored to an earlier state, or replaced, has another
/// batch there and knows by the token alone that it never gave it out. Tokens without it, `"0:918"`, were given out before
/// there was one, and say less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PositionToken {
    /// The log: 0 as long as there is one.
    pub partition: u32,
    /// The place in it: events are counted from 0.
    pub position: u64,
    /// Tells the batch that holds the event from any other history's.
    pub fingerprint: Option<u32>,
}

/// A text that is no position of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a position; hand back one that was handed out, such as 0:918:5f3a09c1")]
pub struct BadPosition;

impl PositionToken {
    /// A place in the first log, whatever its history.
    pub const fn new(position: u64) -> PositionToken {
        PositionToken { partition: 0, position, fingerprint: None }
    }

    /// A place in the first log, in the batch of this fingerprint.
    pub const fn of(position: u64, fingerprint: u32) -> PositionToken {
        PositionToken { partition: 0, position, fingerprint: Some(fingerprint) }
    }

    /// Parses a token.
    ///
    /// # Errors
    /// [`BadPosition`] if the text was not written by us.
    pub fn parse(text: &str) -> Result<PositionToken, BadPosition> {
        let (partition, place) = text.split_once(':').ok_or(BadPosition)?;
        let (position, fingerprint) = match place.split_once(':') {
            Some((position, digits)) => (position, Some(u32::from_str_radix(digits, 16).map_err(|_| BadPosition)?)),
            None => (place, None),
        };
        let token = PositionToken {
            partition: partition.parse().map_err(|_| BadPosition)?,
            position: position.parse().map_err(|_| BadPosition)?,
            fingerprint,
        };
        // Only the one way we write it, so that tokens may be compared as texts.
        if token.to_string() == text { Ok(token) } else { Err(BadPosition) }
    }
}

impl From<u64> for PositionToken {
    fn from(position: u64) -> PositionToken {
        PositionToken::new(position)
    }
}

impl FromStr for PositionToken {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<PositionToken, BadPosition> {
        PositionToken::parse(text)
    }
}

impl fmt::Display for PositionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl PositionToken {
    /// Has the token's text read, without a formatter and without an allocation: every event that leaves has a position.
    pub fn with_text<T>(self, read: impl FnOnce(&str) -> T) -> T {
        let (mut buffer, mut end) = ([0; TOKEN_LEN_MAX], TOKEN_LEN_MAX);
        if let Some(fingerprint) = self.fingerprint {
            for digit in 0..FINGERPRINT_LEN {
                end -= 1;
                buffer[end] = b"0123456789abcdef"[(fingerprint >> (4 * digit) & 0xf) as usize];
            }
            end -= 1;
            buffer[end] = b':';
        }
        let start = put_digits(&mut buffer, end, self.position) - 1;
        buffer[start] = b':';
        let start = put_digits(&mut buffer, start, self.partition.into());
        read(std::str::from_utf8(&buffer[start..]).expect("digits and a colon are ASCII"))
    }
}

impl Serialize for PositionToken {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| to.serialize_str(text))
    }
}

impl Json for PositionToken {
    fn json(&self, to: &mut JsonWriter<'_>) {
        self.with_text(|text| to.text(text));
    }
}

/// The hexadecimal digits of a fingerprint.
const FINGERPRINT_LEN: usize = 8;
/// The bytes of the longest token: the digits of a `u32`, a colon, the digits of a `u64`, a colon, a fingerprint.
const TOKEN_LEN_MAX: usize = 10 + 1 + 20 + 1 + FINGERPRINT_LEN;

impl<'de> Deserialize<'de> for PositionToken {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::wire::read_text(from, "a position such as 0:918:5f3a09c1", PositionToken::parse)
    }
}

impl PartialSchema for PositionToken {
    fn schema() -> RefOr<Schema> {
        let what = "A place in the log: opaque, to be handed back as it is.";
        RefOr::T(Schema::Object(super::wire::text_schema(what, "", "0:918:5f3a09c1")))
    }
}

impl ToSchema for PositionToken {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Position")
    }
}

/// A command's id in JSON: a UUID with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandIdJson(pub CommandId);

/// A text that is no command id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCommandId {
    /// It is not a UUID.
    #[error("is not a UUID; a command id is one, such as 0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90")]
    NotUuid,
    /// It is the UUID of zeros only.
    #[error("is the nil UUID; make a fresh UUID for every command")]
    Nil,
}

/// Parses a command's id: a UUID with or without hyphens, with braces, or as a URN; in either case.
///
/// # Errors
/// [`BadCommandId`] says what is wrong; it reads on after the text.
pub fn parse_command_id(text: &str) -> Result<CommandId, BadCommandId> {
    match uuid::Uuid::try_parse(text.trim()) {
        Ok(uuid) if uuid.is_nil() => Err(BadCommandId::Nil),
        Ok(uuid) => Ok(CommandId(uuid.as_u128())),
        Err(_) => Err(BadCommandId::NotUuid),
    }
}

impl CommandIdJson {
    fn with_text<T>(self, read: impl FnOnce(&str) -> T) -> T {
        read(uuid::Uuid::from_u128(self.0.0).hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
    }
}

impl Serialize for CommandIdJson {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| to.serialize_str(text))
    }
}

impl Json for CommandIdJson {
    fn json(&self, to: &mut JsonWriter<'_>) {
        self.with_text(|text| to.text(text));
    }
}

impl<'de> Deserialize<'de> for CommandIdJson {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::wire::read_text(from, "a UUID", parse_command_id).map(CommandIdJson)
    }
}

impl PartialSchema for CommandIdJson {
    fn schema() -> RefOr<Schema> {
        let what = "A UUID made and kept by the client before it sends the command; version 7 is best.";
        RefOr::T(Schema::Object(super::wire::text_schema(what, "", "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90")))
    }
}

impl ToSchema for CommandIdJson {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CommandId")
    }
}
