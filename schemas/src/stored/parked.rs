//! A provider's message that fits no payment yet, as it waits beside the log.
//!
//! The form is version (1 byte), CRC-32C over version and body (`u32` little-endian), body (postcard).

use crate::codec::{self, BadBody, BadValue, checksum};
use domain::calendar::Timestamp;
use domain::event::ProviderMessage;
use domain::ids::{AccountId, PaymentId};

const VERSION: u8 = 1;
/// Version and checksum.
const HEADER_LEN: usize = 5;

/// A provider's message that waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The account it is of.
    pub account: AccountId,
    /// Our payment, where the message names one.
    pub payment: Option<PaymentId>,
    /// When it came.
    pub received_at: Timestamp,
    /// The message.
    pub message: ProviderMessage,
}

/// Why bytes are not a parked message. Each is damage or a newer program's work.
#[derive(Debug, thiserror::Error)]
pub enum BadParked {
    /// The bytes are cut short or not the ones that were written.
    #[error("the bytes of a parked message are damaged")]
    Damaged,
    /// No such version; a newer program may have written it.
    #[error("a parked message has no version {version} here")]
    UnknownVersion {
        /// The version.
        version: u8,
    },
    /// The body is not one of the version, though its checksum is right.
    #[error("a parked message does not read")]
    Body(#[source] postcard::Error),
    /// A field holds what the domain does not take.
    #[error("a parked message holds a bad value")]
    Value(#[from] BadValue),
}

stored! {
    Parked { account, payment, received_at, message }
}

impl Parked {
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![];
        codec::append_summed(VERSION, self, &mut out);
        out
    }

    /// Reads a stored form, which must fill `bytes`.
    ///
    /// # Errors
    /// [`BadParked`] says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Parked, BadParked> {
        let (header, body) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(BadParked::Damaged)?;
        let [version, sum @ ..] = *header;
        if checksum(&[version], body) != u32::from_le_bytes(sum) {
            return Err(BadParked::Damaged);
        }
        if version != VERSION {
            return Err(BadParked::UnknownVersion { version });
        }
        codec::whole(body, version).map_err(|bad| match bad {
            BadBody::Shape(source) => BadParked::Body(source),
            BadBody::Trailing(_) => BadParked::Damaged,
            BadBody::Value(bad) => BadParked::Value(bad),
        })
    }
}
