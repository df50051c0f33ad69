//! A provider's message that fits no payment yet, as it waits beside the log.
//!
//! The form is version (1 byte), CRC-32C over version and body (`u32` little-endian), body (postcard).

use super::BadValue;
use super::envelope::{append, checksum};
use super::parts::{Stored, named, named_opt, text_opt};
use super::provider::ProviderEventReceivedV1;
use domain::calendar::Timestamp;
use domain::event::ProviderMessage;
use domain::ids::{AccountId, PaymentId};
use serde::{Deserialize, Serialize};

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

#[derive(Serialize, Deserialize)]
struct ParkedV1<'a> {
    account: &'a str,
    payment: Option<&'a str>,
    received_at_us: i64,
    #[serde(borrow)]
    message: ProviderEventReceivedV1<'a>,
}

impl Parked {
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, 0, 0, 0, 0];
        let body = ParkedV1 {
            account: self.account.as_str(),
            payment: text_opt(&self.payment),
            received_at_us: self.received_at.0,
            message: ProviderEventReceivedV1::of(&self.message),
        };
        append(&body, &mut out);
        let (header, body) = out.split_at_mut(HEADER_LEN);
        let sum = checksum(&header[..1], body);
        header[1..].copy_from_slice(&sum.to_le_bytes());
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
        match postcard::take_from_bytes::<ParkedV1<'_>>(body).map_err(BadParked::Body)? {
            (body, []) => Ok(Parked {
                account: named(body.account)?,
                payment: named_opt(body.payment)?,
                received_at: Timestamp(body.received_at_us),
                message: body.message.back()?,
            }),
            _ => Err(BadParked::Damaged),
        }
    }
}
