//! What the file of keys is made of: records of one length, so that one is overwritten where it stands.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | 1 the key of hashes, 2 a key, 3 an order that is under a customer's key; 0 nothing: it was deleted |
//! | 1..16 | the key's id |
//! | 16..32 | whose it is, a keyed hash: a customer, or an order |
//! | 32..64 | the key |
//! | 64 | how long the customer's reference is, 0 without one |
//! | 65..97 | the customer's reference |
//! | 97..124 | zeros |
//! | 124..128 | CRC-32C of what stands before |

use domain::ids::{CustomerRef, Id};

/// The length of a record, in bytes.
pub const KEY_RECORD_LEN: usize = 128;
const SUM_AT: usize = KEY_RECORD_LEN - 4;

/// The id of a key.
pub type KeyId = [u8; 15];

/// A record of the file of keys.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say all but what is said here")]
pub enum KeyRecord {
    /// What hashes are keyed with.
    Hashes([u8; 32]),
    Key {
        id: KeyId,
        /// Whose it is.
        subject: u128,
        key: [u8; 32],
        customer: Option<CustomerRef>,
    },
    /// An order that is under a customer's key.
    Order { id: KeyId, subject: u128 },
}

impl KeyRecord {
    /// The stored form.
    pub fn encode(&self) -> [u8; KEY_RECORD_LEN] {
        let mut bytes = [0; KEY_RECORD_LEN];
        let (kind, id, subject, key, customer) = match self {
            KeyRecord::Hashes(key) => (1, &[0; 15], 0, key, None),
            KeyRecord::Key { id, subject, key, customer } => (2, id, *subject, key, customer.as_ref()),
            KeyRecord::Order { id, subject } => (3, id, *subject, &[0; 32], None),
        };
        bytes[0] = kind;
        bytes[1..16].copy_from_slice(id);
        bytes[16..32].copy_from_slice(&subject.to_le_bytes());
        bytes[32..64].copy_from_slice(key);
        if let Some(customer) = customer {
            let text = customer.as_str().as_bytes();
            bytes[64] = text.len() as u8;
            bytes[65..65 + text.len()].copy_from_slice(text);
        }
        let sum = crc32c::crc32c(&bytes[..SUM_AT]);
        bytes[SUM_AT..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a stored form; `Ok(None)` where the record was deleted.
    ///
    /// # Errors
    /// [`BadKeyRecord`]: it was not written whole, or is damaged.
    pub fn decode(bytes: &[u8; KEY_RECORD_LEN]) -> Result<Option<KeyRecord>, BadKeyRecord> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if bytes[SUM_AT..] != crc32c::crc32c(&bytes[..SUM_AT]).to_le_bytes() {
            return Err(BadKeyRecord);
        }
        let id: KeyId = bytes[1..16].try_into().map_err(|_| BadKeyRecord)?;
        let subject = u128::from_le_bytes(bytes[16..32].try_into().map_err(|_| BadKeyRecord)?);
        let key: [u8; 32] = bytes[32..64].try_into().map_err(|_| BadKeyRecord)?;
        match bytes[0] {
            1 => Ok(Some(KeyRecord::Hashes(key))),
            2 => {
                let customer = match usize::from(bytes[64]) {
                    0 => None,
                    len if len <= Id::LEN_MAX => {
                        let text = std::str::from_utf8(&bytes[65..65 + len]).map_err(|_| BadKeyRecord)?;
                        Some(CustomerRef::parse(text).map_err(|_| BadKeyRecord)?)
                    }
                    _ => return Err(BadKeyRecord),
                };
                Ok(Some(KeyRecord::Key { id, subject, key, customer }))
            }
            3 => Ok(Some(KeyRecord::Order { id, subject })),
            _ => Err(BadKeyRecord),
        }
    }
}

/// Why a record does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of the file of keys is damaged")]
pub struct BadKeyRecord;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_as_they_were_written_and_damage_is_found() {
        let customer = CustomerRef::parse("c_0123456789abcdef0123456789abcd").ok();
        let records = [
            KeyRecord::Hashes([7; 32]),
            KeyRecord::Key { id: [1; 15], subject: 1 << 100, key: [9; 32], customer },
            KeyRecord::Key { id: [2; 15], subject: 3, key: [8; 32], customer: None },
            KeyRecord::Order { id: [1; 15], subject: 77 },
        ];
        for record in records {
            let bytes = record.encode();
            assert!(KeyRecord::decode(&bytes) == Ok(Some(record)));
            for at in 0..KEY_RECORD_LEN {
                let mut damaged = bytes;
                damaged[at] ^= 1;
                assert!(KeyRecord::decode(&damaged) == Err(BadKeyRecord), "byte {at}");
            }
        }
        assert!(KeyRecord::decode(&[0; KEY_RECORD_LEN]) == Ok(None));
    }
}
