//! Chains of hashes over histories; a head is shown as a [`crate::json::ChainLine`].

use serde::{Deserialize, Serialize};

/// The head of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRow {
    /// How many events it has.
    pub count: u64,
    /// The place of the last one.
    pub position: u64,
    /// Its hash.
    pub hash: [u8; 32],
}
