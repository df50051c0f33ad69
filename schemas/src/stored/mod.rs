//! Stored events: the bytes the log keeps for ever.
//!
//! The stored form is not the domain form: `domain` may be renamed and reshaped freely, a row of a table
//! ([`crate::events`]) is frozen the day it is released. What is stored besides is a field that a later version brings;
//! `decode` reads every version ever written, and `schemas/golden/` proves it.
//!
//! # Envelope
//!
//! | bytes | what |
//! |---|---|
//! | 0..2 | type tag, `u16` little-endian, from [`EVENT_TYPES`] |
//! | 2 | schema version of the type, from 1 |
//! | 3..7 | length of the body, `u32` little-endian |
//! | 7..11 | CRC-32C over bytes 0..7 and the body, `u32` little-endian |
//! | 11.. | body: postcard, the fields in the order of the table |
//!
//! In bodies ids and texts are strings, instants are `i64` microseconds, dates are `i32` days, amounts and quantities are
//! `i64`, and enums are numbers written by hand, never the index of a variant.
//!
//! The entity an event is about (the order, the payment) is not in the event: its stream names it.

pub mod any;
pub mod chain;

mod decoder;
pub(crate) mod digest;
mod key_record;
mod meta;
mod outbox;
mod parked;
mod snapshot;

pub use crate::codec::BadValue;
pub use crate::events::{EVENT_TYPES, EventType, encode, event_tag, tag, type_name, type_name_of};
pub use decoder::{DecodeError, Decoder, decode, peek_tag};
pub use digest::{command_digest, command_name};
pub use key_record::{BadKeyRecord, KEY_RECORD_LEN, KeyId, KeyRecord};
pub use meta::{BadMeta, CommitMeta};
pub use outbox::{OutboxAction, OutboxEntry};
pub use parked::{BadParked, Parked};
pub use snapshot::{BadSnapshot, Checkpoint, SNAPSHOT_FORM, StoreRow, StoreSummary};
