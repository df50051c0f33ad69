//! Links of chains of hashes, one a line: what `comanda replay --chain` writes and an auditor keeps.

use super::token::PositionToken;
use crate::stored::chain::{ChainOf, Kept, Link};
use domain::ids::{StoreId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link of the chain of hashes over a history: whoever keeps it can tell later that nothing up to there was changed
/// (`comanda verify --chain`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"tenant": "demo", "store": "s1", "count": 412, "position": "0:918",
    "hash": "6c1f0e5d7f0c2a9b8d3e4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8"}))]
#[serde(deny_unknown_fields)]
pub struct ChainLine {
    /// The merchant.
    pub tenant: String,
    /// The store; absent for the merchant's own history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Its number in the chain, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Its place in the log.
    pub position: PositionToken,
    /// SHA-256 over it and everything before it, in hexadecimal.
    pub hash: String,
}

impl ChainLine {
    /// A link as it is kept.
    pub fn new(tenant: &str, store: Option<&str>, link: &Link) -> ChainLine {
        ChainLine {
            tenant: tenant.to_owned(),
            store: store.map(str::to_owned),
            count: Some(link.count),
            position: PositionToken::new(link.position),
            hash: hex(&link.hash),
        }
    }

    /// The link, as somebody kept it.
    ///
    /// # Errors
    /// What is wrong, in words for a person.
    pub fn parse(self, by: String) -> Result<(ChainOf, Kept), String> {
        TenantId::parse(&self.tenant).map_err(|bad| format!("its tenant {bad}"))?;
        if let Some(store) = &self.store {
            StoreId::parse(store).map_err(|bad| format!("its store {bad}"))?;
        }
        if self.position.partition != 0 {
            return Err("its position is of another log".to_owned());
        }
        let hash = unhex(&self.hash).ok_or("its hash is not one of 64 hexadecimal digits")?;
        let kept = Kept { position: self.position.position, hash, count: self.count, by };
        Ok(((self.tenant, self.store), kept))
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("a nibble is a digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    let bytes: Vec<u8> = digits?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    (text.len() == 64).then(|| bytes.try_into().ok()).flatten()
}
