//! Chains of hashes over histories; a head is shown as a [`crate::json::ChainLine`].

use serde::{Deserialize, Serialize};

rows! { ChainRow = 1 }

/// The head of a chain.
#[allow(missing_docs, reason = "fields without a line are called as in the view")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRow {
    /// How many events it has.
    pub count: u64,
    pub position: u64,
    pub hash: [u8; 32],
}
